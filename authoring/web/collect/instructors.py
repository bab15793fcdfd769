"""The pages for instructors: an overview with times and plans, and the notes of each lesson.

The notes hold answers. They stand in no table of contents and in no search index: only the overview leads to them, and says so.
"""

from __future__ import annotations

import re

from authoring.derive import kinds_of, tasks
from authoring.source import Lesson, SourceError, lessons, read
from authoring.web.collect.places import called, escaped, front, link, page_of

PAGE = "instructors.md"
FOLDER = "instructors"
INTRODUCTION = """\
How to [grade a class](instructors/grading.md): hand out, collect, grade in a sandbox, and see what to teach tomorrow.

Times, plans and notes for those who teach with the course. **The notes hold answers**: to the questions for the room, and to what learners get wrong. So they are in no menu and in no search; this page alone leads to them.

* **Before the first hour:** `make test` executes every notebook, exercise and claim on a machine of the room; [Run it elsewhere](elsewhere.md) has the ways without one.
* **For the class:** learners need `make lab` alone. It copies the notebooks and exercises into a folder of their own.
* **Data:** each set has [a card and a licence](data.md). That of lesson 10 forbids commercial use without permission.
* **Proof:** [our numbers beside the published ones](our-numbers.md), [famous bugs and what they cost](famous-bugs.md). [How to cite the course](cite.md).
"""
MINUTES = "Reading the lesson; its core exercises, the optional ones and the capstone; reading the second notebook."
PLAN = re.compile(r"^\*\*(Plan for \d+ minutes\.)\*\* *(.*?)(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
RUN_IN = re.compile(r"^\*\*(?P<words>[^*\n]+)\*\*(?P<space> *)", re.MULTILINE)
SHORT = re.compile(r"^\*\*(Short of time\.)\*\* *(.*?)(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


def pages() -> dict[str, str]:
    """All pages for instructors, by their paths."""
    found = {PAGE: overview()}
    for lesson in lessons():
        found[_page(lesson)] = notes(lesson)
        if (lesson.folder / "README.md").is_file():
            found[_more(lesson)] = front(orphan=True, search=False) + _notes(lesson, "README.md")
    return found


def _page(lesson: Lesson) -> str:
    return f"{FOLDER}/{lesson.slug}.md"


def _more(lesson: Lesson) -> str:
    return f"{FOLDER}/{lesson.slug}_more.md"


def overview() -> str:
    """The page *For instructors*: a table of times, then the plan of each lesson."""
    lines = ["# For instructors", "", INTRODUCTION.strip(), "", "## Minutes", "", MINUTES, ""]
    lines += [
        "| Lesson | Reading | Core | Optional | Capstone | Deeper |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for lesson in lessons():
        kinds = {
            kind: sum(t.minutes for t in tasks(lesson) if t.kind == kind) for kind in ("core", "optional", "capstone")
        }
        reading = read(lesson.folder / "lesson.py").metadata["course"]["minutes"]
        deeper = read(lesson.folder / "deeper.py").metadata["course"]["minutes"] if lesson.has_deeper else 0
        numbers = [reading, *kinds.values(), deeper]
        row = " | ".join(str(number or "–") for number in numbers)
        lines.append(f"| {link(escaped(called(lesson)), page_of(lesson), of=PAGE)} | {row} |")
    lines += ["", "## Plans"]
    for lesson in lessons():
        text = _source(lesson, "instructor.md")
        lines += ["", f"### Lesson {called(lesson)}", ""]
        for pattern in (PLAN, SHORT):
            found = pattern.search(text)
            if not found:
                raise SourceError(f"{lesson.slug}/instructor.md has no paragraph {pattern.pattern[5:18]!r}.")
            lines += [f"**{found[1]}** {' '.join(found[2].split())}", ""]
        lines.append(f"{'; '.join(_links(lesson, PAGE, notes=True))}.")
    return "\n".join(lines) + "\n"


def notes(lesson: Lesson) -> str:
    """The notes of a lesson, with links to its notebooks."""
    page = _page(lesson)
    title, _, rest = _notes(lesson, "instructor.md").partition("\n")
    more = [link("More on this lesson", _more(lesson), of=page)] if (lesson.folder / "README.md").is_file() else []
    back = link("For instructors", PAGE, of=page)
    links = "; ".join([back, *_links(lesson, page, notes=False), *more])
    return f"{front(orphan=True, search=False)}{title}\n\nThis page holds answers. {links}.\n{with_headings(rest)}"


def with_headings(text: str) -> str:
    """Notes whose paragraphs that begin in bold stand below headings: on a page one goes from heading to heading."""

    def heading(found: re.Match) -> str:
        words = found["words"]
        # "**Time.** 46 minutes" stands for itself below its heading; "**The capstone**, `compressor`, is" is a sentence.
        return f"## {words.removesuffix('.')}\n\n" + ("" if words.endswith(".") else f"{words}{found['space']}")

    return RUN_IN.sub(heading, text)


def _links(lesson: Lesson, of: str, *, notes: bool) -> list[str]:
    names = {
        "notebooks": "lesson",
        "deeper": "second notebook",
        "exercises": "exercises",
    }  # those lead to the solutions
    number = f"{lesson.number:02d}"  # in each of them: a list of links read aloud knows no rows
    first = [link(f"notes on {number}", _page(lesson), of=of)] if notes else []
    return first + [
        link(f"{names[kind]} {number}", page_of(lesson, kind), of=of) for kind in kinds_of(lesson) if kind in names
    ]


def _source(lesson: Lesson, name: str) -> str:
    path = lesson.folder / name
    if not path.is_file():
        raise SourceError(f"{lesson.slug} has no {name}.")
    return path.read_text(encoding="utf-8")


def _notes(lesson: Lesson, name: str) -> str:
    """A file of a lesson's folder as a page: without the comments that authors need."""
    text = re.sub(r"<!--.*?-->\n*", "", _source(lesson, name), flags=re.DOTALL)
    if not text.startswith("# "):
        raise SourceError(f"{lesson.slug}/{name} does not begin with its title.")
    return text.rstrip() + "\n"
