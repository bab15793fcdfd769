"""The page of famous bugs: published slips that the lessons reproduce, what each costs as measured, and what catches it."""

from __future__ import annotations

import itertools
import re

from authoring.web.collect.places import escaped, heading_of_exercise, link, page_of
from authoring.web.collect.published import Slip, lesson_title, misconceptions, named, see, slips

PAGE = "famous-bugs.md"
INTRODUCTION = """\
Tutorials, guides and published programs make mistakes, and some are copied for years. The course reproduces those below, measures what each one costs, and has a check or a test that catches it. The numbers are those that the notebooks print, or a small experiment that is named. None of these mistakes is shameful: nearly all of them give pictures that look fine.
"""


def text() -> str:
    """The page: a table of all slips, then each with its place, its cost, the section that reproduces it and what catches it."""
    found = slips()
    lines = ["# Famous bugs", "", INTRODUCTION.strip(), ""]
    lines += ["| Lesson | What goes wrong | What it costs |", "|---:|---|---|"]
    for slip in found:
        cost = slip.cost or "Not measured: the check shows it."
        lines.append(f"| {slip.place.lesson.number:02d} | [{escaped(slip.title)}](#{slip.name}) | {escaped(cost)} |")
    for _, group in itertools.groupby(found, key=lambda slip: slip.place.lesson.number):
        group = list(group)
        lines += ["", f"## {escaped(lesson_title(group[0].place))}"]
        for slip in group:
            lines += ["", *_entry(slip)]
    return "\n".join(lines) + "\n"


def _entry(slip: Slip) -> list[str]:
    place = slip.place
    lines = [f"({slip.name})=", f"### {escaped(slip.title)}", "", slip.slip, ""]
    where = slip.named[0].upper() + slip.named[1:] if not slip.named.startswith("keras.io") else slip.named
    lines.append(f"* **Where:** {where}{'' if where.endswith('.') else '.'}{see(slip.url)}")
    if slip.source:
        stop = "" if slip.source.endswith((".", '."')) else "."
        lines.append(f"* **Source:** {slip.source}{stop}")
    if slip.cost:
        by = f" Measured by `{slip.measured}` in `authoring/web/costs.py`." if slip.measured else ""
        lines.append(f"* **What it costs:** {escaped(slip.cost)}{by}")
    if place.kind in ("exercises", "solutions"):
        lines.append(f"* **Try it:** {_exercise(slip, place.section)}.")
    else:
        where = link(escaped(named(place)), page_of(place.lesson, place.kind), place.section, of=PAGE)
        lines.append(f"* **Reproduced in** {where}.")
    lines.append(f"* **What catches it:** {_caught(slip)}")
    if slip.printed:
        lines += ["", "The notebook prints:", "", "```text", *slip.printed, "```"]
    return lines


def _exercise(slip: Slip, name: str) -> str:
    lesson = slip.place.lesson
    return f"exercise {link(f'`{name}`', page_of(lesson, 'exercises'), heading_of_exercise(lesson, name), of=PAGE)}"


def _caught(slip: Slip) -> str:
    """One sentence for each thing that catches a slip."""
    said = []
    for exercise, pairs in itertools.groupby(slip.exercises, key=lambda pair: pair[0]):
        names = [misconception for _, misconception in pairs]
        known = " and ".join(f"`{name}`" for name in names)
        sentence = f"the check of {_exercise(slip, exercise)} knows it as {known}"
        question = misconceptions(slip.place.lesson)[exercise][names[0]]
        if "{" not in question:
            sentence += f", and asks: “{escaped(question)}”"
        said.append(sentence)
    if slip.claimed:
        said.append("a claim of the notebook holds it fast, and stops the tests if it is no longer so")
    elif slip.compared:
        said.append("the tests run the cell anew and compare what it prints")
    said += [f"the test `{test}`" for test in slip.tests]
    sentences = [sentence[0].upper() + sentence[1:] for sentence in said]
    closed = [s if re.search(r"[.?!]”?$", s) else f"{s}." for s in sentences]
    return " ".join([*closed, *([slip.unguarded] if slip.unguarded else [])])
