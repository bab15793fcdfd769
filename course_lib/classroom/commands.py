"""``check``, ``hint`` and ``progress``: what a learner calls in a notebook."""

from __future__ import annotations

from course_lib import runtime
from course_lib.classroom import cards, records
from course_lib.classroom.exercise import ERROR, FAIL, exercises, find_exercise
from course_lib.classroom.run import name_of, run_check


class CheckFailed(AssertionError):
    """A check failed where nobody is there to read the card: in a test run or a build."""


def check(*answers, name: str | None = None) -> None:
    """Check an answer, show the outcome as a card, and record it.

    Args:
        answers: the function or class that the exercise asks for; two for an exercise of two functions.
        name: the exercise's name, for lambdas, partials and instances.

    Raises:
        UnknownExercise: if no exercise has that name; the message lists the nearest ones.
        CheckFailed: headless only (``COURSE_HEADLESS=1``): a wrong answer in a notebook must make a test run red.
    """
    outcome = run_check(*answers, name=name)
    exercise = find_exercise(outcome.exercise)
    entry = records.record_check(outcome)
    card = cards.outcome_card(exercise, outcome, entry.get("failures", 0))
    cards.show(card)
    if outcome.status in (FAIL, ERROR) and runtime.headless():
        raise CheckFailed(str(card))


_hints_given: dict[str, int] = {}


def hint(answer, name: str | None = None) -> None:
    """Show the next hint for an exercise: a question, then where to reread; after two failed checks, its solution.

    The question follows the property that failed last; without a failure it is the exercise's general one.

    Args:
        answer: the function or class of the exercise, or its name as text.
        name: the exercise's name, for lambdas, partials and instances.
    """
    exercise = find_exercise(answer if isinstance(answer, str) and name is None else name_of(answer, name))
    given = _hints_given[exercise.name] = _hints_given.get(exercise.name, 0) + 1
    cards.show(cards.hint_card(exercise, given, records.entry(exercise.name)))


def progress(lesson: int | None = None) -> cards.Progress:
    """The exercises of the course, or of one lesson, and which of them are solved.

    Args:
        lesson: number of a lesson; None for all.

    Raises:
        ValueError: if no lesson of that number has exercises.
    """
    lessons = sorted({e.lesson for e in exercises()})
    if lesson is not None and lesson not in lessons:
        raise ValueError(f"progress() expects one of the lessons {lessons}, or nothing for all; received {lesson!r}.")
    noted = records.read()["exercises"]
    rows = []
    for e in exercises():
        if lesson is not None and e.lesson != lesson:
            continue
        entry = noted.get(e.name, {})
        state = "solved" if entry.get("solved") else "failed" if entry.get("failures") else "open"
        title = f"{e.title} · capstone" if e.capstone else e.title
        rows.append((e.lesson, e.number, e.name, title, state, entry.get("checks", 0)))
    return cards.Progress(rows)
