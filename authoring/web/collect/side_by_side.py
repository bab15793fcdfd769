"""The page of our numbers beside the published ones: one table of all, then each with its setting and what differs."""

from __future__ import annotations

import itertools

from authoring.web.collect.places import anchor, escaped, link, page_of
from authoring.web.collect.published import Pair, lesson_title, named, numbers, see, without_numbers

PAGE = "our-numbers.md"
INTRODUCTION = """\
What the notebooks of the course print, beside what others have published. Our numbers are taken from the stored outputs, none is typed. **No two of these experiments are the same**: below the table stands, for each published number, how it was measured, where we read it, and what differs here. Read that before you compare.
"""


def text() -> str:
    """The page."""
    lines = ["# Our numbers beside the published ones", "", INTRODUCTION.strip(), ""]
    lines += ["| What is measured | Ours | Published |", "|---|---|---|"]
    for pair in numbers():
        what = f"[{pair.place.lesson.number:02d}: {escaped(pair.measure)}](#{anchor(pair.measure)})"
        lines.append(f"| {what} | {escaped(pair.ours)} | {escaped(pair.published)} |")
    for _, group in itertools.groupby(numbers(), key=lambda pair: pair.place.lesson.number):
        group = list(group)
        lines += ["", f"## {escaped(lesson_title(group[0].place))}"]
        for pair in group:
            lines += ["", *_entry(pair)]
    if missing := without_numbers():
        lines += ["", "## Without a published number", ""]
        lines += [f"* Lesson {lesson.number:02d}: {escaped(reason)}" for lesson, reason in missing]
    return "\n".join(lines) + "\n"


def _entry(pair: Pair) -> list[str]:
    place = pair.place
    where = link(escaped(named(place)), page_of(place.lesson, place.kind), place.section, of=PAGE)
    return [
        f"### {escaped(pair.measure)}",
        "",
        f"* **Ours:** {escaped(pair.ours)} ({where}).",
        f"* **Published:** {escaped(pair.published)}. {_closed(pair.by)}",
        f"* **Measured there:** {escaped(pair.setting)}",
        f"* **Read in** {_closed(pair.read)}{see(pair.url)}",
        f"* **Different here:** {escaped(pair.remark)}",
    ]


def _closed(words: str) -> str:
    return words if words.endswith(".") else f"{words}."
