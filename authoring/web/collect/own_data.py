"""The page *On your own data*: the loaders, from README, and the cards of the lessons that run on a reader's own files."""

from __future__ import annotations

import re

from authoring.derive import path_of
from authoring.source import ROOT, SourceError, lessons
from authoring.web.collect.places import called, cells_of, link, page_of
from authoring.web.collect.reference import entry_of

PAGE = "own-data.md"
HEADING = "On your own data"
FROM = 6  # the first lesson that loads data of a reader's own


def text() -> str:
    """The page.

    Raises:
        SourceError: if README or a lesson from 06 on has no such section, or README names a loader that the library lacks.
    """
    lines = [f"# {HEADING}", "", _linked(_section_of_readme())]
    for lesson in lessons():
        if lesson.number < FROM:
            continue
        card = _card(lesson)
        lines += ["", f"## Lesson {called(lesson)}", "", card, ""]
        lines.append(
            f"In full: {link(f'the section of lesson {lesson.number:02d}', page_of(lesson), HEADING, of=PAGE)}."
        )
    return "\n".join(lines) + "\n"


def _section_of_readme() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## Your own data\n+(.*?)(?=^## )", readme, flags=re.MULTILINE | re.DOTALL)
    if not found:
        raise SourceError("README.md has no section `Your own data`.")
    return found[1].strip()


def _linked(table: str) -> str:
    """README's text, with the lessons of its table, and each loader's entry in the reference, as links."""
    known = {f"{lesson.number:02d}": lesson for lesson in lessons()}

    def row(found: re.Match) -> str:
        line = found[0]
        loader = re.search(r"`datasets\.(\w+)\(", line)
        if not loader:
            return line
        head, numbers = line.rstrip(" |").rsplit("|", 1)
        numbers = re.sub(r"\d\d", lambda n: link(n[0], page_of(known[n[0]]), of=PAGE), numbers)
        page = entry_of(f"datasets.{loader[1]}")
        head = re.sub(r"`datasets\.[^`]+`", lambda call: link(call[0], page, loader[1], of=PAGE), head)
        return f"{head}|{numbers} |"

    return re.sub(r"^\|.*\|$", row, table, flags=re.MULTILINE)


def _card(lesson) -> str:
    """What stands under the heading in a lesson, up to the next one."""
    wanted: list[str] = []
    for cell in cells_of(path_of(lesson, "notebooks")):
        if cell.cell_type != "markdown":
            continue
        inside = False
        for line in cell.source.splitlines():
            if re.match(r"#{1,6} ", line):
                inside = line.lstrip("# ").strip() == HEADING
            elif inside:
                wanted.append(line)
    card = "\n".join(wanted).strip()
    if not card:
        raise SourceError(f"{lesson.slug}: no section {HEADING!r}, which the site collects.")
    return _with_a_head(re.sub(r"\]\((?!https?:|#)([^)]+)\)", r"](notebooks/\1)", card))


def _with_a_head(card: str) -> str:
    """The card with words in a table's head that is empty: a screen reader announces a column by them."""
    return re.sub(r"^\|(\s*\|)+\n(\|[-|: ]+\|)$", r"| Question | Answer |\n\2", card, count=1, flags=re.MULTILINE)
