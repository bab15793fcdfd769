"""Reading a handed-in notebook, whatever was done to it: as many of its code cells as there are, and what is wrong with the rest."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

MOST = 64 << 20  # bytes of a notebook that are looked at
MOST_CELLS = 2000
MOST_CODE = 1 << 20  # characters of code

_CELLS = re.compile(r'"cells"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Attributes:
        source: its code.
        exercise: the name that its metadata gives, if any.
        role: what the course put it there for, as its metadata says: ``"answer"``, ``"check"``, …; None for a cell of one's own.
    """

    source: str
    exercise: str | None = None
    role: str | None = None


@dataclass
class HandedIn:
    """What could be read of a notebook.

    Attributes:
        cells: its code cells, in order.
        problems: what could not be read, or is unusual; each a sentence for the student.
    """

    cells: list[Cell] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exercises(self) -> list[str]:
        """The exercises that the cells' metadata names, each once, in order."""
        return list(dict.fromkeys(cell.exercise for cell in self.cells if cell.exercise))


def read(data: bytes) -> HandedIn:
    """The code cells of a notebook's bytes; never raises, whatever they are."""
    found = HandedIn()
    if len(data) > MOST:
        found.problems.append(f"The file has {len(data) >> 20} MB; only the first {MOST >> 20} were read.")
        data = data[:MOST]
    text = _text(data, found.problems)
    try:
        raw = _raw_cells(json.loads(text))
    except (ValueError, RecursionError) as error:
        raw = _salvaged(text)
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        kept = f"{len(raw)} cells before the damage were read" if raw else "no cell could be read"
        found.problems.append(f"The file is no whole notebook{where}: {kept}.")
    else:
        if raw is None:
            found.problems.append("The file is JSON, and no notebook.")
            raw = []
        else:
            _look_at_kernel(json.loads(text), found.problems)
    for number, cell in enumerate(raw[:MOST_CELLS], start=1):
        _take(cell, number, found)
    if len(raw) > MOST_CELLS:
        found.problems.append(f"Of {len(raw)} cells the first {MOST_CELLS} were read.")
    return found


def _text(data: bytes, problems: list[str]) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        problems.append("The file is not in UTF-8; it was read as Windows-1252.")
        return data.decode("cp1252", errors="replace")


def _raw_cells(document) -> list | None:
    """The list of cells of a notebook of version 4, or of 3 with its worksheets; None if it is none."""
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("cells"), list):
        return document["cells"]
    sheets = document.get("worksheets")
    if isinstance(sheets, list):
        return [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    return None


def _salvaged(text: str) -> list:
    """The cells before the place where a file is damaged or cut off."""
    found, start = [], _CELLS.search(text)
    if start is None:
        return found
    decoder, place = json.JSONDecoder(), start.end()
    while len(found) < MOST_CELLS:
        place = _BETWEEN.match(text, place).end()
        try:
            cell, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return found
        found.append(cell)
    return found


def _look_at_kernel(document: dict, problems: list[str]) -> None:
    metadata = document.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    if isinstance(language, str) and language.lower() != "python":
        problems.append(f"Its kernel speaks {language[:40]}, and not Python.")


def _take(cell, number: int, found: HandedIn) -> None:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        found.problems.append(f"Cell {number} is none.")
        return
    if cell["cell_type"] != "code":
        return
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        found.problems.append(f"Cell {number} holds no text.")
        return
    if sum(len(taken.source) for taken in found.cells) + len(source) > MOST_CODE:
        found.problems.append(
            f"Cell {number} was left out: the notebook's code is longer than {MOST_CODE:,} characters."
        )
        return
    metadata = cell.get("metadata")
    course = metadata.get("course") if isinstance(metadata, dict) else None
    name, role = (course.get("exercise"), course.get("role")) if isinstance(course, dict) else (None, None)
    name = name if isinstance(name, str) and name.isidentifier() else None
    found.cells.append(Cell(source, name, role if isinstance(role, str) else None))
