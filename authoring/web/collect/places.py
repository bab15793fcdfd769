"""Where things are on the site: pages by their paths below its source, headings by their anchors, links between them.

The notebooks keep the folders that they have in the repository (``notebooks/05_variational.ipynb``), so that links inside of them
hold on the site as well.
"""

from __future__ import annotations

import functools
import posixpath
import re
from pathlib import Path

import nbformat

from authoring.derive import path_of
from authoring.source import ROOT, Lesson, SourceError, read

_HEADING = re.compile(r"(#{1,6}) +(.*?)\s*$")


def page_of(lesson: Lesson, kind: str = "notebooks") -> str:
    """The page of a lesson: ``"notebooks"``, ``"deeper"``, ``"exercises"`` or ``"solutions"``."""
    return path_of(lesson, kind).relative_to(ROOT).as_posix()


@functools.cache
def title_of(lesson: Lesson, kind: str = "notebooks") -> str:
    """The title of a lesson, or of its second notebook, without its number."""
    header = read(lesson.folder / ("deeper.py" if kind == "deeper" else "lesson.py")).metadata["course"]
    return header["title"]


def called(lesson: Lesson, kind: str = "notebooks") -> str:
    """How a page names a notebook of a lesson: ``05 Variational autoencoders``, with ``deeper`` behind it for the second one."""
    return f"{lesson.number:02d} {title_of(lesson)}{', deeper' if kind == 'deeper' else ''}"


def in_short(lesson: Lesson, kind: str = "notebooks") -> str:
    """A notebook of a lesson within a sentence: ``lesson 05``, with ``deeper`` behind it for the second one."""
    return f"lesson {lesson.number:02d}{' deeper' if kind == 'deeper' else ''}"


def anchor(heading: str) -> str:
    """The anchor that Sphinx's Markdown gives a heading: small letters, hyphens for spaces, no other signs."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace(" ", "-"))


def link(text: str, page: str, heading: str | None = None, *, of: str) -> str:
    """A Markdown link from the page ``of`` to another page, or to one of its headings."""
    target = posixpath.relpath(page, posixpath.dirname(of) or ".")
    return f"[{text}]({target}{'#' + anchor(heading) if heading else ''})"


@functools.cache
def cells_of(path: Path) -> tuple[nbformat.NotebookNode, ...]:
    """The cells of a committed notebook."""
    return tuple(nbformat.read(path, as_version=4).cells)


def headings(cells) -> list[str]:
    """The texts of the headings of a notebook, in order, none from within a block of code."""
    found = []
    for cell in cells:
        if cell.cell_type != "markdown":
            continue
        fenced = False
        for line in cell.source.splitlines():
            fenced ^= line.lstrip().startswith("```")
            if not fenced and (match := _HEADING.match(line)):
                found.append(match[2])
    return found


@functools.cache
def heading_of_exercise(lesson: Lesson, name: str) -> str:
    """The heading under which an exercise stands on the page of the lesson's exercises, which shows stars and minutes below it.

    Raises:
        SourceError: if the lesson has no exercise of that name.
    """
    for heading in headings(cells_of(path_of(lesson, "exercises"))):
        match = re.match(r"\d+\.\d+ ([\w, ]+):", heading)
        if match and name in match[1].split(", "):
            return re.sub(r" ★+ · \d+ minutes · \w+$", "", heading)
    raise SourceError(f"{lesson.slug} has no exercise {name!r}.")


def escaped(text: str) -> str:
    """Plain text as Markdown that shows it as it is, also in a cell of a table."""
    return re.sub(r"([\\`*_{}\[\]<>|$#~])", r"\\\1", text)


def front(*, orphan: bool = False, search: bool = True) -> str:
    """The head of a page that no table of contents names, or that the search leaves out; empty for an ordinary page."""
    fields = [name for name, wanted in (("orphan: true", orphan), ("nosearch: true", not search)) if wanted]
    return "\n".join(["---", *fields, "---", "", ""]) if fields else ""
