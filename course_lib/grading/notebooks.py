"""Reading a handed-in notebook, whatever was done to it: as many of its code cells as there are, and what is wrong with the rest."""

from __future__ import annotations

import ast
import itertools
import json
import re
from dataclasses import dataclass, field

MOST = 16 << 20  # bytes of a notebook that are looked at, when its outputs have been taken out
LARGEST = 256 << 20  # bytes of a file, outputs included
MOST_TOKENS = 5_000_000  # strings and brackets of the outputs of one cell
MOST_CELLS = 2000
MOST_DOCUMENTS = 100  # one after the other in a file
MOST_CODE = 1 << 18  # characters of code: an f-string of a million takes Python 3.11 five minutes to read

WITH_A_BODY = {"time", "timeit", "capture", "prun"}  # magics of a cell whose body is Python that counts

_CELLS = re.compile(r'"cells"\s*:\s*\[')
_OUTPUTS = re.compile(rb'"outputs"\s*:\s*\[')
_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]]', re.DOTALL)
_BETWEEN = re.compile(r"[\s,]*")
_NEXT_CELL = re.compile(r'\{\s*"(?:cell_type|id|attachments|execution_count|metadata)"\s*:')
# A string is stepped over as a whole, so that a comma in it is only text.
_STRING_OR_LAST_COMMA = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")|,(?=\s*[\]}])')
_OF_PERCENT_FORMAT = re.compile(r"^# (?:%%|In\[[\d ]*\]:).*$", re.MULTILINE)
_MARKDOWN = re.compile(r"^# %%.*\[(?:markdown|md|raw)\]")
_OF_A_CELL = re.compile(r"\s*%%(\w*)")
# Within one line, and never back: a million empty lines or spaces must not cost hours.
_OF_SHELL = re.compile(r"^([^\S\n]*+)(?:[%!?].*|.*\?[^\S\n]*)$", re.MULTILINE)


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
        whole: whether every cell could be read.
    """

    cells: list[Cell] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    whole: bool = True

    @property
    def exercises(self) -> list[str]:
        """The exercises that the cells' metadata names, each once, in order."""
        return list(dict.fromkeys(cell.exercise for cell in self.cells if cell.exercise))


def read(data: bytes) -> HandedIn:
    """The code cells of a notebook's bytes, or of a Python file's; never raises, whatever they are."""
    found = HandedIn()
    if len(data) > MOST:
        data = without_outputs(data)
    if len(data) > MOST:
        found.problems.append(f"The file has more than {MOST >> 20} MB without its outputs; the rest was not read.")
        data, found.whole = data[:MOST], False
    text = _text(data, found.problems)
    raw = _cells_of(text, found)
    for number, cell in enumerate(raw[:MOST_CELLS], start=1):
        _take(cell, number, found)
    if len(raw) > MOST_CELLS:
        found.problems.append(f"Of {len(raw)} cells the first {MOST_CELLS} were read.")
        found.whole = False
    return found


def without_outputs(data: bytes) -> bytes:
    """A notebook's bytes without what its cells had put out, which nobody reads here; works on a damaged one, too.

    It builds nothing of what it steps over, so that no file takes more memory than its size.
    """
    kept, place = [], 0
    while (found := _OUTPUTS.search(data, place)) is not None:
        kept.append(data[place : found.end()])
        place = _end_of_list(data, found.end())
    return b"".join([*kept, data[place:]])


def _end_of_list(data: bytes, place: int) -> int:
    depth = 1
    for token in itertools.islice(_STRING_OR_BRACKET.finditer(data, place), MOST_TOKENS):
        depth += {b"[": 1, b"]": -1}.get(token[0], 0)
        if depth == 0:
            return token.start()
    return len(data)


def statements(source: str) -> list[ast.stmt]:
    """The statements of a cell, its magics left aside; none if it is no Python."""
    magic = _OF_A_CELL.match(source)
    if magic is not None and magic[1] not in WITH_A_BODY:
        return []
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        return ast.parse(_OF_SHELL.sub(r"\1pass", source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


# ----- text


def _text(data: bytes, problems: list[str]) -> str:
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        problems.append(f"The file is in {encoding[:6].upper()}, and not in UTF-8 as notebooks are.")
        return data.decode(encoding, errors="replace")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end >= len(data) - 4:  # cut in the middle of a letter
            return data.decode(encoding, errors="ignore")
        problems.append("The file is not in UTF-8; it was read as Windows-1252.")
        return data.decode("cp1252", errors="replace")


def _first_sides(text: str) -> str:
    """A text with git's conflict marks resolved: of each conflict what stands above the line of ``=``."""
    kept, inside, first = [], False, True
    for line in text.splitlines(keepends=True):
        if line.startswith("<<<<<<<"):
            inside, first = True, True
        elif inside and line.startswith(("=======", "|||||||")):
            first = False
        elif inside and line.startswith(">>>>>>>"):
            inside, first = False, True
        elif first:
            kept.append(line)
    return "".join(kept)


def _without_last_commas(text: str) -> str:
    return _STRING_OR_LAST_COMMA.sub(lambda match: match[1] or "", text)


# ----- cells


def _cells_of(text: str, found: HandedIn) -> list:
    """The cells in a text, as JSON has them, with what there is to say about it."""
    if not text.strip():
        found.problems.append("The file is empty.")
        found.whole = False
        return []
    problem = None
    for mended, how in _ways(text):
        try:
            documents = _documents(mended)
        except (ValueError, RecursionError) as error:
            problem = problem or error
            continue
        if how:
            found.problems.append(how)
        return _of_documents(documents, found)
    if (cells := _of_python(text)) is not None:
        found.problems.append("The file is a Python file, and no notebook; it was read as one.")
        return cells
    raw, found.whole = _salvaged(text), False
    where = f" (line {problem.lineno})" if isinstance(problem, json.JSONDecodeError) else ""
    kept = f"{len(raw)} whole cells were read, and the rest is lost" if raw else "no cell could be read"
    found.problems.append(f"The file is damaged{where}: {kept}.")
    return raw


def _ways(text: str):
    """The text, then as it reads with what often goes wrong mended, each with a sentence that says so."""
    yield text, ""
    commas = "The file has commas too many; it was read without them."
    if re.search(r"^<<<<<<<", text, re.MULTILINE):
        text = _first_sides(text)
        git = "The file holds conflict marks of git; of each conflict the first side was read."
        yield text, git
        commas = f"{git} {commas}"
    if (mended := _without_last_commas(text)) != text:
        yield mended, commas


def _documents(text: str) -> list:
    """What stands in a text of JSON: one value, or several one after the other."""
    decoder, place, found = json.JSONDecoder(), 0, []
    while place < len(text):
        place = _BETWEEN.match(text, place).end() if found else len(text) - len(text.lstrip())
        if place < len(text):
            if len(found) == MOST_DOCUMENTS:
                raise ValueError("values without end")
            value, place = decoder.raw_decode(text, place)
            found.append(value)
    return found


def _of_documents(documents: list, found: HandedIn) -> list:
    notebooks = [cells for document in documents if (cells := _cells_of_document(document)) is not None]
    if not notebooks:
        found.problems.append("The file is JSON, and no notebook: it has no cells.")
        found.whole = False
        return []
    if len(notebooks) > 1:
        found.problems.append(f"The file holds {len(notebooks)} notebooks; they were read one after the other.")
    for document in documents:
        if isinstance(document, dict):
            _look_at_metadata(document, found.problems)
    return [cell for cells in notebooks for cell in cells]


def _cells_of_document(document) -> list | None:
    """The list of cells of a notebook of version 4 or later, or of 3 with its worksheets; None if it is none."""
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
    """The whole cells of a file that is damaged or cut off."""
    found, start = [], _CELLS.search(text)
    decoder, place = json.JSONDecoder(), start.end() if start else 0
    patience = 4 * len(text)  # characters that may be read in vain: a file can be made so that each beginning leads far
    while len(found) < MOST_CELLS and patience > 0:
        begins = _NEXT_CELL.search(text, place)
        if begins is None:
            break
        try:
            cell, place = decoder.raw_decode(text, begins.start())
        except (ValueError, RecursionError) as error:
            place = begins.end()
            patience -= max(0, getattr(error, "pos", place) - begins.start()) + 1000
            continue
        if isinstance(cell, dict) and "cell_type" in cell:  # and not a part of a damaged one
            found.append(cell)
    return found


def _of_python(text: str) -> list | None:
    """The cells of a Python file, parted at the lines by which Jupyter and Jupytext mark them; None if it is no Python."""
    kinds = ast.FunctionDef, ast.ClassDef, ast.Assign, ast.Import, ast.ImportFrom
    if len(text) > MOST_CODE or not any(isinstance(statement, kinds) for statement in statements(text)):
        return None
    marks = [mark.start() for mark in _OF_PERCENT_FORMAT.finditer(text)]
    pieces = [text[a:b] for a, b in zip([0, *marks], [*marks, len(text)], strict=True)]
    return [{"cell_type": "code", "source": piece} for piece in pieces if piece.strip() and not _MARKDOWN.match(piece)]


def _look_at_metadata(document: dict, problems: list[str]) -> None:
    version = document.get("nbformat")
    if type(version) is int and version > 4:
        problems.append(f"The notebook has format {version}, and was read as one of format 4.")
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    spoken = kernel.get("language") if isinstance(kernel, dict) else None
    spoken = spoken or (language.get("name") if isinstance(language, dict) else None)
    if isinstance(spoken, str) and "python" not in spoken.lower():
        problems.append(f"The notebook is set to {spoken[:40]}, and not to Python; its cells were run as Python.")


def _take(cell, number: int, found: HandedIn) -> None:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        found.problems.append(f"What stands in the place of cell {number} is no cell.")
        found.whole = False
        return
    if cell["cell_type"] != "code":
        return
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        found.problems.append(f"Cell {number} holds no text.")
        found.whole = False
        return
    source = source.encode("utf-8", "replace").decode()  # JSON can hold halves of letters, and nothing else can
    if sum(len(taken.source) for taken in found.cells) + len(source) > MOST_CODE:
        found.problems.append(
            f"Cell {number} was left out: the notebook's code is longer than {MOST_CODE:,} characters."
        )
        found.whole = False
        return
    metadata = cell.get("metadata")
    course = metadata.get("course") if isinstance(metadata, dict) else None
    name, role = (course.get("exercise"), course.get("role")) if isinstance(course, dict) else (None, None)
    name = name if isinstance(name, str) and name.isidentifier() else None
    found.cells.append(Cell(source, name, role if isinstance(role, str) else None))
