"""Numbers in prose that come from elsewhere: README's table of lessons, the learners' overview, and what instructors may expect.

Each stands between two comments and is written from the lessons' headers, or from what the committed notebooks print.
A test compares; nobody copies a number by hand.

README.md has ``<!-- lessons -->`` and ``<!-- /lessons -->``. An instructor.md has a list of the lines that it shows:

    <!-- numbers
    Test pictures:
    - The deep autoencoder beats PCA-32
    -->
    (written from here …)
    <!-- /numbers -->

A line with a hyphen is how one printed line starts, of a claim without its tick, with # for any number: ``- PCA-32 #``.
Other lines are words to keep.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from authoring.derive import KERNELSPEC, READ, kinds_of, path_of, tasks
from authoring.source import ROOT, SOURCE, Lesson, SourceError, lessons, read

OVERVIEW = Path("overview.ipynb")
TABLE = re.compile(r"(<!-- lessons -->\n).*?(<!-- /lessons -->)", re.DOTALL)
LINES = re.compile(r"(<!-- numbers\n(?P<wanted>.*?)-->\n).*?(<!-- /numbers -->)", re.DOTALL)

NUMBER = r"[-+−±]?[\d.,]*\d%?"


def numbers(which: str | None = None, *, source: Path = SOURCE, root: Path = ROOT) -> int:
    """Write the numbers of README and of the instructors' notes; returns 0.

    Args:
        which: number or folder name of one lesson; None for all.
        source: where the lessons' source lies.
        root: where README.md and the notebooks lie.

    Raises:
        SourceError: if the comments are missing, or a line of the list is not what one printed line starts with.
    """
    for path, text in written(which, source=source, root=root).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(root)}: numbers written")
    return 0


def written(which: str | None = None, *, source: Path = SOURCE, root: Path = ROOT) -> dict[Path, str]:
    """What README.md and each instructor.md should say; arguments and errors as in ``numbers``."""
    readme = root / "README.md"
    texts = {readme: _replaced(TABLE, readme, lambda _: lesson_table(lessons(None, source)))}
    texts[root / OVERVIEW] = overview(lessons(None, source))
    for lesson in lessons(which, source):
        path = lesson.folder / "instructor.md"
        read_ones = [path_of(lesson, kind, root) for kind in kinds_of(lesson) if kind in READ]
        printed = [line for notebook in read_ones for line in printed_lines(notebook)]
        texts[path] = _replaced(LINES, path, lambda found, p=printed, at=path: _chosen(found["wanted"], p, at))
    return texts


def lesson_table(of: list[Lesson]) -> str:
    """README's table, from the headers: title, summary, minutes with the core exercises, and compute in seconds."""
    rows = ["| Lesson | What you do | Minutes | Compute |", "|---|---|---:|---:|"]
    for lesson in of:
        header = read(lesson.folder / "lesson.py").metadata["course"]
        for field in ("summary", "compute"):
            if not header.get(field):
                raise SourceError(f"{lesson.slug}/lesson.py: the header lacks `{field}`, which README's table shows.")
        minutes = int(header["minutes"]) + sum(task.minutes for task in tasks(lesson) if task.core)
        link = f"[{header['title']}](notebooks/{lesson.slug}.ipynb)"
        rows.append(f"| {lesson.number:02d} {link} | {header['summary']} | {minutes} | {header['compute']} s |")
    return "\n".join(rows) + "\n"


def overview(of: list[Lesson]) -> str:
    """The notebook that learners find beside their copies: every lesson with its exercises, and how far they are."""
    rows = ["| | lesson | minutes | exercises | minutes | second reading |", "|---|---|---:|---|---:|---|"]
    for lesson in of:
        header, todo = read(lesson.folder / "lesson.py").metadata["course"], tasks(lesson)
        counted = f"{len(todo)} exercise{'s' if len(todo) > 1 else ''}"
        practice = f"[{counted}](exercises/{lesson.slug}.ipynb)" if todo else ""
        time = str(sum(task.minutes for task in todo)) if todo else ""
        again = f"[deeper](notebooks/{lesson.slug}_deeper.ipynb)" if lesson.has_deeper else ""
        lesson_link = f"[{header['title']}](notebooks/{lesson.slug}.ipynb)"
        rows.append(f"| {lesson.number:02d} | {lesson_link} | {header['minutes']} | {practice} | {time} | {again} |")
    intro = "# Overview\n\nEach lesson, its exercises, then the next lesson. The last cell shows how far you are: run it with Shift+Enter.\n\n"
    notebook = new_notebook(
        cells=[
            new_markdown_cell(intro + "\n".join(rows), id="overview"),
            new_code_cell("from course_lib import progress\n\nprogress()", id="progress"),
        ],
        metadata={"kernelspec": dict(KERNELSPEC), "language_info": {"name": "python"}},
    )
    return nbformat.writes(notebook) + "\n"


def printed_lines(notebook: Path) -> list[str]:
    """All lines that the stored outputs of a notebook print, in order."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n".join(o.text for c in cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream")
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _chosen(wanted: str, printed: list[str], path: Path) -> str:
    """The block that the list asks for: printed lines fenced as they are, words between them."""
    starts = {line: " ".join(line.removeprefix("✔ ").split()) for line in printed}
    made: list[str] = []
    fenced = False
    for line in filter(None, map(str.strip, wanted.splitlines())):
        if not line.startswith("- "):
            made += ["```", "", line] if fenced else ["", line]
            fenced = False
            continue
        pattern = re.compile(re.escape(" ".join(line[2:].split())).replace(r"\#", NUMBER))
        found = [full for full, start in starts.items() if pattern.match(start)]
        if len(found) != 1:
            raise SourceError(
                f"{path}: {len(found)} printed lines of the notebook start with {line[2:]!r}; the list of numbers needs one."
            )
        made += found if fenced else ["", "```text", *found]
        fenced = True
    made += ["```"] if fenced else []
    return "\n".join(made) + "\n\n"


def _replaced(pattern: re.Pattern, path: Path, made) -> str:
    text = path.read_text(encoding="utf-8")
    if not pattern.search(text):
        raise SourceError(
            f"{path}: the comments are missing between which `make numbers` writes (see CONTRIBUTING.md)."
        )
    return pattern.sub(lambda found: found[1] + made(found) + found[found.re.groups], text)
