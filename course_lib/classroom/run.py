"""Running a check: from the learner's function to an outcome, with a time limit."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings

import numpy as np

from course_lib import runtime
from course_lib.classroom import errors
from course_lib.classroom.door import LocalDoor
from course_lib.classroom.exercise import (
    ERROR,
    FAIL,
    NOT_ATTEMPTED,
    PASS,
    Exercise,
    Outcome,
    UnknownExercise,
    find_exercise,
)
from course_lib.classroom.host import random_state, seed_everything
from course_lib.classroom.probe import AnswerRaised, Failed, Probe, described
from course_lib.classroom.time_limit import TimeLimit, patience, run_with_time_limit
from course_lib.classroom.wire import Raised

UNTOUCHED = "Nothing to check yet: replace the line that raises NotImplementedError."
_TIMES = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}


def run_check(*answers, name: str | None = None, seed: int | None = None) -> Outcome:
    """Check an answer and return the outcome; nothing is shown or recorded.

    Args:
        answers: the learner's function or class; several for an exercise of several functions, in its order.
        name: the exercise's name, for lambdas, partials and instances.
        seed: seed of the judge's inputs; when None drawn anew, or 0 in a test run.

    Returns:
        The outcome. A fault in the answer never raises.

    Raises:
        UnknownExercise: if no exercise has that name.
    """
    if not answers:
        raise TypeError("check() expects the function or class that you wrote, as in check(mse_per_image).")
    exercise = find_exercise(name_of(answers[0], name))
    if len(answers) != len(exercise.names):
        wanted = ", ".join(exercise.names)
        raise TypeError(f"This exercise is checked by check({wanted}); received {len(answers)} object(s).")
    for answer in answers:
        if not callable(answer):
            message = exercise.question("not-a-function", found=described(answer), name=exercise.name)
            return Outcome(FAIL, "wrong-type", message, exercise.name)
        if errors.comes_from_course(answer):
            return Outcome(
                FAIL, "imported-answer", exercise.question("imported-answer", name=exercise.name), exercise.name
            )
    return judge_behind(LocalDoor(*answers), exercise, seed)


def _draw_seed() -> int:
    """A seed that nobody has seen; for a test run always the same, so that it says the same of the same notebook.

    That right answers pass on other seeds is for ``tests/test_exercises.py``, which judges them on many.
    """
    return 0 if runtime.headless() else int(np.random.SeedSequence().entropy)  # 128 bits: nobody tries them all


def judge_behind(door, exercise: Exercise, seed: int | None = None) -> Outcome:
    """Judge the answers that live behind a door.

    Args:
        door: the way to the answers, of as many functions as the exercise has names.
        exercise: which exercise they answer.
        seed: of the judge's inputs and the answers' random numbers; when None drawn anew, or 0 in a test run.
    """
    if exercise.uses_keras:
        importlib.import_module("keras")
    seed = _draw_seed() if seed is None else seed
    probes: list[Probe] = []
    times = patience()
    limit = exercise.time_limit * times
    told: list[str] = []  # what a judge has to say of a right answer: a capstone's tells its numbers

    def work() -> None:
        seed_everything(seed)
        probes.append(Probe(exercise, door, seed))
        told.append(exercise.judge(*probes[0].answers, probes[0]) or "")

    learners_random = random_state()
    try:
        # What a judge itself prints, or NumPy has to say about its arithmetic, is not for the learner.
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            # The first call may import TensorFlow, whatever the backend. That is not on the learner's clock.
            run_with_time_limit(lambda: seed_everything(seed), 120)
            run_with_time_limit(work, limit)
    except Failed as failed:
        outcome = FAIL, failed.misconception, str(failed)
    except TimeLimit as stopped:
        outcome = ERROR, None, _time_message(exercise.time_limit, times, stopped)
        door.close()
    except AnswerRaised as error:
        outcome = message_of(error.raised)
    else:
        outcome = PASS, None, "\n".join(filter(None, [f"{exercise.title}: right.", *told]))
    finally:
        # The judge's seeds are its own: the learner's random numbers go on as if nothing had been checked.
        random_state(learners_random)
    return Outcome(*outcome, exercise.name, probes[0].printed if probes else "")


def name_of(answer, name: str | None) -> str:
    """The name of the exercise that an object answers.

    Raises:
        TypeError: if ``name`` is no text.
        UnknownExercise: if the object has no name of its own.
    """
    if name is not None:
        if not isinstance(name, str):
            raise TypeError(f"check(answer, name=…) expects the exercise's name as text; received {name!r}.")
        return name
    if isinstance(answer, str):
        raise UnknownExercise(
            f"check() expects the function itself, not its name in quotes: write check({answer}) instead of check({answer!r})."
        )
    found = getattr(answer, "__name__", None)
    if found is None or found == "<lambda>":
        raise UnknownExercise(
            f"check() cannot tell which exercise {answer!r} belongs to: "
            "give the exercise's name, as in check(answer, name='mse_per_image')."
        )
    return found


def message_of(raised: Raised) -> tuple[str, str | None, str]:
    """Status, misconception and message of an exception in an answer."""
    if raised.unfilled:
        return NOT_ATTEMPTED, None, UNTOUCHED
    if raised.is_a("ImportError"):
        where = f"\nin line {raised.where[0]}, in {raised.where[1]}: {raised.where[2]}" if raised.where else ""
        return ERROR, None, f"Your code needs a package that is not installed here: {raised.text}{where}"
    if raised.where is None:
        if raised.is_a("TypeError") and "argument" in raised.text:
            return ERROR, None, f"Your function could not be called as the task says. {raised}"
        return ERROR, None, f"Your answer raised {raised}"
    number, function, line = raised.where
    return ERROR, None, f"Your code raised {raised}\nin line {number}, in {function}: {line}"


def _time_message(seconds: float, times: float, limit: TimeLimit) -> str:
    """What is said of an answer that took too long: where it got other seconds than a learner's check gives, both."""
    own = errors.own_frame(limit.stack)
    where = f"\nIt was in line {own.lineno}, in {own.name}: {own.line}" if own else ""
    given = (
        "" if times == 1 else f", {_TIMES.get(times, f'{times:g} times')} the {seconds:g} that your own check gives,"
    )
    message = f"Your code was still running after {seconds * times:g} seconds{given} and was stopped.{where}"
    if not limit.stopped:
        message += "\nIt could not be stopped and still runs: restart the kernel (Kernel menu) before you go on."
    return message
