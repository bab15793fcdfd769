"""Outcomes and hints as cards in a notebook, and as plain text elsewhere."""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from typing import ClassVar

from course_lib import runtime
from course_lib.classroom import places, records
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, Exercise, Outcome

# Dark enough on white, and light enough on JupyterLab's dark theme, for the 3 px bar; the words carry the meaning.
_LOOK = {PASS: ("✔", "#009E73"), FAIL: ("✘", "#D55E00"), NOT_ATTEMPTED: ("○", "#888888"), ERROR: ("!", "#CC3311")}
_HINT = ("?", "#0072B2")
FAILURES_BEFORE_SOLUTION = 2


class Card:
    """Something that shows itself as HTML in a notebook and as text elsewhere."""

    def __init__(
        self,
        sign: str,
        colour: str,
        heading: str,
        paragraphs: list[str],
        links: list[tuple[str, str]] = (),
        output: str = "",
    ):
        self.sign, self.colour, self.heading, self.output = sign, colour, heading, output
        self.paragraphs = [p for p in paragraphs if p]
        self.links = list(links)

    def __str__(self) -> str:
        lines = [f"{self.sign} {self.heading}"]
        lines += ["  " + line for p in self.paragraphs for line in p.splitlines()]
        if self.output:
            lines += ["  While it ran, your code printed:", *("  " + line for line in self.output.splitlines())]
        lines += [f"  {text}: {target}" for text, target in self.links]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = "".join(
            f"<div style='margin-top:4px;white-space:pre-wrap'>{html.escape(p)}</div>" for p in self.paragraphs
        )
        if self.output:
            body += (
                "<div style='margin-top:4px'>While it ran, your code printed:</div>"
                f"<pre style='margin:0;background:none;color:inherit'>{html.escape(self.output)}</pre>"
            )
        body += "".join(
            f"<div style='margin-top:4px'><a href='{html.escape(target, quote=True)}'>{html.escape(text)}</a></div>"
            for text, target in self.links
        )
        return (
            f"<div role='status' class='bottleneck-card' style='border-left:4px solid {self.colour};padding:6px 12px;"
            f"margin:4px 0;max-width:46em'><b>{self.sign} {html.escape(self.heading)}</b>{body}</div>"
        )


def show(card: Card) -> None:
    """Display a card in a notebook, print it elsewhere."""
    if runtime.shell() is None:
        print(card)
    else:
        from IPython.display import display

        display(card)


def outcome_card(exercise: Exercise, outcome: Outcome, failures: int) -> Card:
    """The card that `check` shows."""
    sign, colour = _LOOK[outcome.status]
    paragraphs = [outcome.message]
    printed = outcome.printed.strip("\n").splitlines()
    output = "\n".join(printed[:10] + ([f"… {len(printed) - 10} more lines"] if len(printed) > 10 else []))
    if outcome.status in (FAIL, ERROR):
        if failures >= FAILURES_BEFORE_SOLUTION:
            paragraphs.append(f"hint({exercise.name}) now also shows the way to the solution.")
        else:
            paragraphs.append(f"Stuck? hint({exercise.name})")
    return Card(sign, colour, f"{outcome.status} · {exercise.label}", paragraphs, output=output)


def hint_card(exercise: Exercise, given: int, entry: dict) -> Card:
    """The card that `hint` shows: a question, from the second time on the section too, then the solution.

    Args:
        exercise: the exercise.
        given: which hint it is, from 1.
        entry: what is noted of the exercise; the question follows its last failed check.
    """
    sign, colour = _HINT
    special = exercise.hint_after(entry.get("last_misconception"))
    paragraphs, links = [special.ask if special else exercise.hint], []
    solved = entry.get("last") == PASS
    if solved:
        paragraphs.insert(0, "Your last check passed. For the next time:")
    elif special is None and entry.get("last") in (FAIL, ERROR) and entry.get("last_message"):
        paragraphs.insert(0, f"Your last check stopped here: {entry['last_message']}")
    failures = entry.get("failures", 0)
    if given >= 2:
        section = (special.section if special else "") or exercise.section
        links.append((f"Reread the section “{section}”", _section_link(exercise, section)))
    if failures >= FAILURES_BEFORE_SOLUTION:
        links.append((f"The solution of {exercise.name}, explained", _solution_link(exercise)))
    elif solved:
        pass
    elif given >= 2:
        paragraphs.append("After two failed checks this hint links to the solution.")
    else:
        paragraphs.append(f"Not enough? hint({exercise.name}) again.")
    return Card(sign, colour, f"HINT · {exercise.label}", paragraphs, links)


def _relative(path: Path) -> str:
    try:
        return Path(os.path.relpath(path, Path.cwd())).as_posix()
    except (OSError, ValueError):  # the current folder is gone, or lies on another drive
        return path.as_posix()


def _lesson_file(exercise: Exercise, folder: str, section: str = "") -> Path | None:
    """The notebook of an exercise's lesson; of its two for reading the one that has the section, else the first."""
    found = sorted((records.course_root() / folder).glob(f"{exercise.lesson:02d}_*.ipynb"))
    heading = json.dumps(f"# {section}", ensure_ascii=False)[1:-1]  # as a notebook writes it
    having = [path for path in found if section and len(found) > 1 and heading in path.read_text(encoding="utf-8")]
    return next(iter([*having, *found]), None)


def _section_link(exercise: Exercise, section: str) -> str:
    lesson = _lesson_file(exercise, "notebooks", section)
    if lesson is None:
        return f"lesson {exercise.lesson:02d}"
    work = runtime.work_folder()
    here = (work / "notebooks" / lesson.name) if work else lesson
    return f"{_relative(here)}#{section.replace(' ', '-')}"


def _solution_link(exercise: Exercise) -> str:
    """Where the solution of this one exercise can be read.

    In a work folder it is cut out of the solutions notebook into ``solutions/NAME.ipynb``, so that nobody sees the
    neighbouring solutions by accident and JupyterLab, whose root is the work folder, can open it. Where that cannot be,
    the link leads to the whole notebook.
    """
    solutions = _lesson_file(exercise, "solutions")
    if solutions is None:
        return f"solutions of lesson {exercise.lesson:02d}"
    work = runtime.work_folder()
    if work is None:
        return f"{_relative(solutions)}#{exercise.name}"

    import nbformat

    notebook = nbformat.read(solutions, as_version=4)
    notebook.cells = [c for c in notebook.cells if c.metadata.get("course", {}).get("exercise") in (exercise.name, "*")]
    target = work / "solutions" / f"{exercise.name}.ipynb"
    try:
        if not target.exists():  # it may hold the learner's notes by now
            target.parent.mkdir(exist_ok=True)
            records.write_atomically(target, nbformat.writes(notebook) + "\n")
            records.trust(target)
    except OSError as error:
        print(f"The solution could not be put into {target.parent} ({places.why(error, target)}); it is linked whole.")
        return f"{_relative(solutions)}#{exercise.name}"
    return _relative(target)


class Progress:
    """The table of exercises with what has been solved; shows itself in a notebook, prints itself elsewhere."""

    _WORDS: ClassVar = {"solved": "✔ solved", "failed": "✘ tried", "open": "· open"}

    def __init__(self, rows: list[tuple[int, str, str, str, str, int]]):
        self.rows = rows  # lesson, number, name, title, state, checks

    def solved(self) -> int:
        """Number of exercises solved."""
        return sum(row[4] == "solved" for row in self.rows)

    def __str__(self) -> str:
        lines = [f"{self.solved()} of {len(self.rows)} exercises solved"]
        for _, number, name, title, state, checks in self.rows:
            lines.append(f"  {number:5} {self._WORDS[state]:10} {name:26} {title} ({checks} checks)")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{number}</td><td>{self._WORDS[state]}</td><td style='text-align:left'><code>{html.escape(name)}"
            f"</code></td><td style='text-align:left'>{html.escape(title)}</td><td>{checks}</td></tr>"
            for _, number, name, title, state, checks in self.rows
        )
        return (
            f"<table class='bottleneck-progress'><caption>{self.solved()} of {len(self.rows)} exercises solved</caption>"
            "<thead><tr><th>No.</th><th>State</th><th>Exercise</th><th>Title</th><th>Checks</th></tr></thead>"
            f"<tbody>{cells}</tbody></table>"
        )
