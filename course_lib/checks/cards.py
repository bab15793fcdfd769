"""Outcomes and hints as cards in a notebook, and as plain text elsewhere."""

from __future__ import annotations

import html
import os
from pathlib import Path

from course_lib import records
from course_lib.checks.framework import ERROR, FAIL, NOT_ATTEMPTED, PASS, Exercise, Outcome

# Dark enough on white, and light enough on JupyterLab's dark theme, for the 3 px bar; the words carry the meaning.
_LOOK = {PASS: ("✔", "#009E73"), FAIL: ("✘", "#D55E00"), NOT_ATTEMPTED: ("○", "#888888"), ERROR: ("!", "#CC3311")}
_HINT = ("?", "#0072B2")
FAILURES_BEFORE_SOLUTION = 2


class Card:
    """Something that shows itself as HTML in a notebook and as text elsewhere."""

    def __init__(self, sign: str, colour: str, heading: str, paragraphs: list[str], links: list[tuple[str, str]] = ()):
        self.sign, self.colour, self.heading = sign, colour, heading
        self.paragraphs = [p for p in paragraphs if p]
        self.links = list(links)

    def __str__(self) -> str:
        lines = [f"{self.sign} {self.heading}"]
        lines += ["  " + line for p in self.paragraphs for line in p.splitlines()]
        lines += [f"  {text}: {target}" for text, target in self.links]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = "".join(
            f"<div style='margin-top:4px;white-space:pre-wrap'>{html.escape(p)}</div>" for p in self.paragraphs
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
    try:
        from IPython import get_ipython
    except ImportError:
        print(card)
        return
    if get_ipython() is None:
        print(card)
    else:
        from IPython.display import display

        display(card)


def outcome_card(exercise: Exercise, outcome: Outcome, failures: int) -> Card:
    """The card that `check` shows."""
    sign, colour = _LOOK[outcome.status]
    paragraphs = [outcome.message]
    if outcome.printed.strip():
        printed = outcome.printed.strip().splitlines()
        shown = printed[:10] + ([f"… {len(printed) - 10} more lines"] if len(printed) > 10 else [])
        paragraphs.append("While it ran, your code printed:\n" + "\n".join(shown))
    if outcome.status in (FAIL, ERROR):
        if failures >= FAILURES_BEFORE_SOLUTION:
            paragraphs.append(f"hint({exercise.name}) now also shows the way to the solution.")
        else:
            paragraphs.append(f"Stuck? hint({exercise.name})")
    return Card(sign, colour, f"{outcome.status} · {exercise.number} {exercise.name}", paragraphs)


def hint_card(exercise: Exercise, given: int, failures: int) -> Card:
    """The card that `hint` shows: the question, from the second time on the section too, then the solution."""
    sign, colour = _HINT
    paragraphs, links = [exercise.question], []
    if given >= 2:
        links.append((f"Reread the section “{exercise.section}”", _section_link(exercise)))
    if failures >= FAILURES_BEFORE_SOLUTION:
        links.append((f"The solution of {exercise.name}, explained", _solution_link(exercise)))
    elif given >= 2:
        paragraphs.append("After two failed checks this hint links to the solution.")
    else:
        paragraphs.append(f"Not enough? hint({exercise.name}) again.")
    return Card(sign, colour, f"HINT · {exercise.number} {exercise.name}", paragraphs, links)


def _relative(path: Path) -> str:
    return Path(os.path.relpath(path, Path.cwd())).as_posix()


def _lesson_file(exercise: Exercise, folder: str) -> Path | None:
    return next(iter((records.course_root() / folder).glob(f"{exercise.lesson:02d}_*.ipynb")), None)


def _section_link(exercise: Exercise) -> str:
    lesson = _lesson_file(exercise, "notebooks")
    if lesson is None:
        return f"lesson {exercise.lesson:02d}"
    work = records.work_folder()
    here = (work / "notebooks" / lesson.name) if work else lesson
    return f"{_relative(here)}#{exercise.section.replace(' ', '-')}"


def _solution_link(exercise: Exercise) -> str:
    """Where the solution of this one exercise can be read.

    In a work folder it is cut out of the solutions notebook into ``solutions/NAME.ipynb``, so that nobody sees the
    neighbouring solutions by accident and JupyterLab, whose root is the work folder, can open it.
    """
    solutions = _lesson_file(exercise, "solutions")
    if solutions is None:
        return f"solutions of lesson {exercise.lesson:02d}"
    work = records.work_folder()
    if work is None:
        return f"{_relative(solutions)}#{exercise.name}"

    import nbformat

    notebook = nbformat.read(solutions, as_version=4)
    notebook.cells = [c for c in notebook.cells if c.metadata.get("course", {}).get("exercise") in (exercise.name, "*")]
    target = work / "solutions" / f"{exercise.name}.ipynb"
    if not target.exists():  # it may hold the learner's notes by now
        target.parent.mkdir(exist_ok=True)
        records.write_atomically(target, nbformat.writes(notebook) + "\n")
        records.trust(target)
    return _relative(target)
