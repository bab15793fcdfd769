"""The page of our numbers beside the published ones: a table a lesson."""

from __future__ import annotations

import itertools

from authoring.web.collect.places import escaped, link, page_of
from authoring.web.collect.published import lesson_title, named, numbers

PAGE = "our-numbers.md"
INTRODUCTION = """\
What the notebooks of the course print, beside what others have published. Every number of ours is taken from the stored output of the section that is linked. A published number comes with its source. No two of these experiments are the same, so read the last column before you compare.
"""


def text() -> str:
    """The page. A published number that the lesson itself names stands in its words; the others have their source alone."""
    lines = ["# Our numbers beside the published ones", "", INTRODUCTION.strip()]
    for _, group in itertools.groupby(numbers(), key=lambda pair: pair.place.lesson.number):
        group = list(group)
        lines += ["", f"## {escaped(lesson_title(group[0].place))}", ""]
        lines += ["| What is measured | Ours | Published | Why they differ |", "|---|---|---|---|"]
        for pair in group:
            place = pair.place
            where = link(escaped(named(place)), page_of(place.lesson, place.kind), place.section, of=PAGE)
            published = f"{escaped(pair.published)}: {pair.by}"
            lines.append(
                f"| {escaped(pair.measure)} | {escaped(pair.ours)} ({where}) | {published} | {escaped(pair.remark)} |"
            )
    return "\n".join(lines) + "\n"
