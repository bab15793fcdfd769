"""Docstrings of the library as Markdown.

They are written in Google's style with reStructuredText's marks: sections such as ``Args:``, double backticks, ``:func:`` roles, blocks
of doctest and an occasional simple table. Parsers of that style that are ready to be had take the words before the first colon of a
``Returns:`` for a type; here they are mostly a shape.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

TITLES = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Shapes": "Shapes",
    "Returns": "Returns",
    "Yields": "Yields",
    "Raises": "Raises",
}
NAMED = {"Args", "Attributes", "Raises", "Shapes"}  # sections whose items are a name, a colon and words
_SECTION = re.compile(rf"^({'|'.join(TITLES)}):$")
_ITEM = re.compile(r"^(\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*)(?: \(([^()]*)\))?: +(.*)", re.DOTALL)
_ADDRESS = re.compile(r"https?://[^\s)]+")


@dataclass(frozen=True)
class Section:
    """A part of a docstring: its title ("" for the text), and its blocks of lines; for named items, pairs of name and words."""

    title: str
    text: str
    items: tuple[tuple[str, str], ...] = ()


def sections(docstring: str) -> list[Section]:
    """The parts of a docstring in order; text between and after sections is a part of its own."""
    found: list[Section] = []
    lines = inspect.cleandoc(docstring).splitlines()
    at = 0
    while at < len(lines):
        title = _SECTION.match(lines[at])
        begin = at + 1 if title else at
        end = begin
        while end < len(lines) and (
            (not lines[end].strip() or lines[end].startswith(" ")) if title else not _SECTION.match(lines[end])
        ):
            end += 1
        body = inspect.cleandoc("\n" + "\n".join(lines[begin:end])).strip("\n")
        if body.strip():
            name = title[1] if title else ""
            found.append(Section(name, body, tuple(_items(body)) if name in NAMED else ()))
        at = max(end, at + 1)
    return found


def _items(body: str) -> list[tuple[str, str]]:
    """The items of a section: each starts at the margin; further lines are indented."""
    found: list[tuple[str, str]] = []
    for block in re.split(r"\n(?=\S)", body):
        match = _ITEM.match(block)
        if match:
            found.append((match[1], inspect.cleandoc("\n" + match[3]) if "\n" not in match[3] else _dedented(match[3])))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{block.strip()}")
        else:
            found.append(("", _dedented(block)))
    return found


def _dedented(text: str) -> str:
    first, _, rest = text.partition("\n")
    return f"{first.strip()}\n{inspect.cleandoc(chr(10) + rest)}" if rest else first.strip()


def markdown(text: str) -> str:
    """Prose of a docstring as Markdown: paragraphs, lists, doctests, indented blocks and simple tables."""
    made = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").splitlines()
        if not lines:
            continue
        if lines[0].lstrip().startswith(">>>"):
            made.append(_fenced(lines, "pycon"))
        elif all(line.startswith("    ") for line in lines):
            made.append(_fenced(lines, "text"))
        elif re.fullmatch(r"=+( +=+)+", lines[0].strip()):
            made.append(_table(lines))
        else:
            made.append("\n".join(map(inline, lines)))
    return "\n\n".join(made)


def inline(line: str) -> str:
    """A line of prose with Markdown's marks for code, and without meaning for what is meant literally."""
    parts = re.split(r"(``.+?``|:\w+:`[^`]+`|`[^`]+`)", line)
    for number, part in enumerate(parts):
        if number % 2:
            word = part.split(":", 2)[2] if part.startswith(":") else part
            parts[number] = f"`{word.strip('`')}`"
        else:
            part = re.sub(r"(?<=\w)\*(?=\w)", r"\\*", part)  # a product, no emphasis
            part = re.sub(r"([<$|])", r"\\\1", part)
            parts[number] = _ADDRESS.sub(lambda found: f"<{found[0]}>", part)
    return "".join(parts)


def _fenced(lines: list[str], language: str) -> str:
    body = inspect.cleandoc("\n" + "\n".join(lines))
    return f"```{language}\n{body}\n```"


def _table(lines: list[str]) -> str:
    """A simple table of reStructuredText, without a head, as Markdown."""
    starts = [match.start() for match in re.finditer(r"=+", lines[0])]
    rows = []
    for line in lines[1:]:
        if line.startswith("="):
            continue
        cells = [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
        rows.append(f"| {' | '.join(inline(cell) for cell in cells)} |")
    columns = len(starts)
    return "\n".join(["| Where | What |" if columns == 2 else "| " * columns + "|", "|---" * columns + "|", *rows])
