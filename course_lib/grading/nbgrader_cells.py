"""What the check cells of exercises call that were released through nbgrader: a check that also decides about points.

nbgrader gives a cell its points unless it raises; ``check`` never raises for a learner. nbgrader runs answer and judge in one
process, so whoever wants to cheat there can: `python -m course_lib grade` is the judge to trust.
"""

from __future__ import annotations

import os

from course_lib.classroom import cards, records
from course_lib.classroom.exercise import PASS, find_exercise
from course_lib.classroom.run import run_check

AUTOGRADING = "autograde"  # what nbgrader's variable says while it grades, and not while a learner validates


class NoPoints(AssertionError):
    """The answer is not right yet; the message is the outcome's."""


def check_for_points(*answers, name: str | None = None) -> None:
    """Check an answer, show the card, and raise unless it is right.

    Args:
        answers: the function or class that the exercise asks for; two for an exercise of two functions.
        name: the exercise's name, for lambdas, partials and instances.

    Raises:
        NoPoints: if the check did not pass.
        UnknownExercise: if no exercise has that name.
    """
    outcome = run_check(*answers, name=name)
    exercise = find_exercise(outcome.exercise)
    # While nbgrader grades, the answers are those of others: they do not belong into the records of who grades.
    grading = os.environ.get("NBGRADER_EXECUTION") == AUTOGRADING
    entry = {} if grading else records.record_check(outcome)
    cards.show(cards.outcome_card(exercise, outcome, entry.get("failures", 0)))
    if outcome.status != PASS:
        raise NoPoints(f"{exercise.name}: {outcome.message}")
