"""How an answer is checked: judges, probes and outcomes.

A judge is a function that receives the learner's answer and a :class:`Probe`. It calls the answer through the probe
with inputs of its own and states what must hold. The first thing that does not hold ends the check with a message
that names the likely misconception.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import inspect
import io
import linecache
import os
import pkgutil
import random
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_lib import records
from course_lib.checks.time_limit import TimeLimit, run_with_time_limit

PASS, FAIL, NOT_ATTEMPTED, ERROR = "PASS", "FAIL", "NOT ATTEMPTED", "ERROR"

_HERE = Path(__file__).resolve().parent.parent
_LIBRARIES = tuple({sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")})


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    Attributes:
        status: ``PASS``, ``FAIL``, ``NOT ATTEMPTED`` or ``ERROR``.
        misconception: short name of the likely misconception; None unless the status is ``FAIL``.
        message: what to tell the learner.
        exercise: name of the exercise.
        printed: what the answer printed while it was checked; never judged.
    """

    status: str
    misconception: str | None
    message: str
    exercise: str
    printed: str = ""


@dataclass(frozen=True)
class Exercise:
    """One exercise as the framework knows it: its judge and what surrounds it."""

    name: str
    names: tuple[str, ...]
    title: str
    lesson: int
    position: int
    section: str
    question: str
    judge: Callable = field(repr=False)
    uses_keras: bool
    trains: bool
    time_limit: float

    @property
    def number(self) -> str:
        """The number shown to learners, such as ``5.2``; it may change when lessons are reordered."""
        return f"{self.lesson}.{self.position}"


class CheckFailed(AssertionError):
    """A check failed where nobody is there to read the card: in a test run or a build."""


class UnknownExercise(LookupError):
    """`check` or `hint` was given something that is no exercise."""


class _Failed(Exception):
    def __init__(self, misconception: str, message: str):
        super().__init__(message)
        self.misconception = misconception


class _AnswerRaised(Exception):
    """Carries an exception out of the learner's own code, to tell it from a fault in a judge."""


_registry: dict[str, Exercise] = {}


def judge(
    *names: str,
    title: str,
    section: str,
    question: str,
    uses_keras: bool = False,
    trains: bool = False,
    time_limit: float | None = None,
) -> Callable:
    """Register a judge for the exercise named ``names[0]``.

    Args:
        names: the function or class that the learner writes; several for an exercise of several functions.
        title: a few words that say what it is.
        section: heading of the lesson's section to reread.
        question: the first hint, a question.
        uses_keras: whether the judge needs Keras, which is then loaded before the clock starts.
        trains: whether the answer trains a network, which implies ``uses_keras`` and gets it a longer time limit.
        time_limit: seconds; by default 10, 30 with Keras (some backends compile each operation when it is first met), and 120
            for an answer that trains.

    Raises:
        ValueError: if the name is taken.
    """
    if not names:
        raise ValueError("judge() expects the name of at least one function.")

    def register(function: Callable) -> Callable:
        lesson = int(function.__module__.rsplit("_", 1)[-1]) if function.__module__[-2:].isdigit() else 0
        for name in names:
            taken = _registry.get(name)
            if taken is not None and taken.judge.__module__ != function.__module__:
                raise ValueError(f"The exercise name {name!r} is taken by {taken.judge.__module__}.")
        position = 1 + len({e.name for e in _registry.values() if e.lesson == lesson and e.name != names[0]})
        exercise = Exercise(
            name=names[0],
            names=names,
            title=title,
            lesson=lesson,
            position=position,
            section=section,
            question=question,
            judge=function,
            uses_keras=uses_keras or trains,
            trains=trains,
            time_limit=time_limit or (120.0 if trains else 30.0 if uses_keras else 10.0),
        )
        for name in names:
            _registry[name] = exercise
        return function

    return register


@functools.cache
def _load_judges() -> None:
    import course_lib.checks as package

    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        if module.startswith("lesson_"):
            importlib.import_module(f"course_lib.checks.{module}")


def exercises() -> list[Exercise]:
    """All exercises of the course, in order."""
    _load_judges()
    unique = {e.name: e for e in _registry.values()}
    return sorted(unique.values(), key=lambda e: (e.lesson, e.position))


def find_exercise(name: str) -> Exercise:
    """The exercise that asks for the function or class ``name``.

    Raises:
        UnknownExercise: with the nearest names.
    """
    _load_judges()
    if name in _registry:
        return _registry[name]
    near = difflib.get_close_matches(name, _registry, n=3, cutoff=0.4) or sorted(_registry)
    raise UnknownExercise(
        f"No exercise asks for {name!r}. The nearest names: {', '.join(near)}. "
        "Give the exercise's name for a function that is called otherwise: check(my_function, name='…')."
    )


def _name_of(answer, name: str | None) -> str:
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


def _unwrapped(answer):
    """The function or class at the core of partials, decorators, bound methods and instances."""
    for _ in range(20):
        if isinstance(answer, functools.partial):
            answer = answer.func
        elif inspect.ismethod(answer):
            answer = answer.__func__
        elif hasattr(answer, "__wrapped__"):
            answer = answer.__wrapped__
        else:
            break
    return answer if inspect.isroutine(answer) or inspect.isclass(answer) else type(answer)


def _comes_from_course_lib(answer) -> bool:
    core = _unwrapped(answer)
    module = getattr(core, "__module__", None) or ""
    if module == "course_lib" or module.startswith("course_lib."):
        return True
    code = getattr(core, "__code__", None)
    return code is not None and Path(code.co_filename).resolve().is_relative_to(_HERE)


class Probe:
    """What a judge sees of an answer, and how it states what must hold.

    Attributes:
        seed: the seed of this run of the check.
        rng: a NumPy generator made from it, for the judge's inputs.
    """

    def __init__(self, seed: int):
        self.seed = seed
        self.rng = np.random.default_rng(seed)

    def call(self, answer: Callable, *args, **kwargs):
        """Call the learner's answer. Arrays are handed over as copies, and must come back unchanged."""
        given = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        try:
            result = answer(*given, **kwargs)
        except (_Failed, TimeLimit):
            raise
        except (Exception, SystemExit) as error:  # exit() in an answer must not end the kernel
            raise _AnswerRaised from error
        if result is None:
            self.fail("returned-nothing", "Your function returned None. Does it end with a return statement?")
        for before, after in zip(args, given, strict=True):
            if isinstance(before, np.ndarray) and not np.array_equal(before, after, equal_nan=before.dtype.kind == "f"):
                self.fail(
                    "changes-its-input",
                    "Your function changed the array it was given. Who else might still need the original? "
                    "(Operations such as x -= 1 or x[...] = … work in place.)",
                )
        return result

    def attempt(self, answer: Callable, *args, **kwargs) -> tuple[object, Exception | None]:
        """Call the answer where an exception would be a misconception: its result and None, or None and the exception."""
        try:
            return self.call(answer, *args, **kwargs), None
        except _AnswerRaised as raised:
            error = raised.__cause__
            if not isinstance(error, Exception) or isinstance(error, NotImplementedError):
                raise
            return None, error

    def fail(self, misconception: str, message: str) -> None:
        """End the check: the answer is wrong in the way that ``misconception`` names."""
        raise _Failed(misconception, message)

    def require(self, condition, misconception: str, message: str) -> None:
        """State that a condition holds."""
        if not condition:
            self.fail(misconception, message)

    def array(self, got, what: str = "your function") -> np.ndarray:
        """The answer's result as a NumPy array, whatever backend it comes from; a FAIL if it is no array of numbers."""
        if isinstance(got, np.ndarray):
            array = got
        elif isinstance(got, bool | int | float | complex | np.generic | list | tuple):
            try:
                array = np.asarray(got)
            except ValueError:
                array = np.asarray(None)
        else:
            keras = sys.modules.get("keras")  # a tensor cannot exist before Keras is loaded
            if keras is None or not keras.ops.is_tensor(got):
                self.fail("wrong-type", f"An array was expected from {what}; it returned {_described(got)}.")
            array = keras.ops.convert_to_numpy(got)
        if array.dtype.kind == "c":
            self.fail(
                "complex-numbers",
                f"Real numbers were expected from {what}; yours are complex ({array.dtype}). "
                "Which step makes complex numbers of real ones?",
            )
        if array.dtype.kind not in "biuf":
            self.fail("wrong-type", f"An array of numbers was expected from {what}; it returned {_described(got)}.")
        return array

    def number(self, got, what: str = "your function", question: str = "") -> float:
        """The answer's result as a float; a FAIL if it is not one real number."""
        array = self.array(got, what)
        if array.ndim != 0:
            self.fail(
                "wrong-shape", _join(f"One number was expected from {what}; the shape was {array.shape}.", question)
            )
        return float(array)

    def require_shape(self, got, shape: tuple[int, ...], question: str = "", misconception: str = "wrong-shape"):
        """State the shape of a result; returns it as a NumPy array."""
        array = self.array(got)
        if array.shape != tuple(shape):
            self.fail(misconception, _join(f"Shape {tuple(shape)} was expected; yours is {array.shape}.", question))
        return array

    def require_close(
        self, got, expected, misconception: str, question: str, *, rtol: float = 1e-4, atol: float = 1e-6
    ) -> None:
        """State that two arrays agree within ``atol + rtol * |expected|`` everywhere; shapes must be equal."""
        ours = self.array(got)
        true = self.array(expected, "the course")
        if ours.shape != true.shape:
            self.fail("wrong-shape", _join(f"Shape {true.shape} was expected; yours is {ours.shape}.", question))
        ours, true = ours.astype(np.float64), true.astype(np.float64)
        if not np.isfinite(ours).all() and np.isfinite(true).all():
            self.fail(misconception, _join("A finite result was expected; yours contains NaN or infinity.", question))
        wrong = ~np.isclose(ours, true, rtol=rtol, atol=atol)
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            where = f" at index {at[0] if len(at) == 1 else at}" if at else ""
            self.fail(misconception, _join(f"Expected {true[at]:.6g}{where}; yours is {ours[at]:.6g}.", question))

    def settle(
        self, got, true, mistakes, misconception: str, question: str, *, rtol: float = 1e-4, atol: float = 1e-6
    ) -> None:
        """Accept ``got`` if it equals ``true``; otherwise fail with the first mistake whose result it equals.

        Args:
            got: the answer's result.
            true: what it should be.
            mistakes: triples (result of the mistake, misconception, question); a result may have any shape.
            misconception: what it is called if no mistake explains it.
            question: what to ask then.
            rtol: relative tolerance.
            atol: absolute tolerance.
        """
        ours, true = self.array(got).astype(np.float64), np.asarray(true, np.float64)

        def equals(value) -> bool:
            value = np.asarray(value, np.float64)
            return ours.shape == value.shape and np.allclose(ours, value, rtol=rtol, atol=atol)

        if equals(true):
            return
        for value, name, asked in mistakes:
            if equals(value) and not np.array_equal(value, true):
                measured = f"Expected {true:.5g}; yours is {ours:.5g}. " if ours.ndim == true.ndim == 0 else ""
                self.fail(name, measured + asked)
        self.require_close(ours, true, misconception, question, rtol=rtol, atol=atol)


def _join(measured: str, question: str) -> str:
    return f"{measured} {question}".strip()


def _described(value) -> str:
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    return f"an object of type {kind}" + (f" and shape {tuple(shape)}" if isinstance(shape, tuple) else "")


def run_check(*answers, name: str | None = None, seed: int | None = None) -> Outcome:
    """Check an answer and return the outcome; nothing is shown or recorded.

    Args:
        answers: the learner's function or class; several for an exercise of several functions, in its order.
        name: the exercise's name, for lambdas, partials and instances.
        seed: seed of the judge's inputs; drawn anew when None.

    Returns:
        The outcome. A fault in the answer never raises.

    Raises:
        UnknownExercise: if no exercise has that name.
    """
    if not answers:
        raise TypeError("check() expects the function or class that you wrote, as in check(mse_per_image).")
    exercise = find_exercise(_name_of(answers[0], name))
    if len(answers) != len(exercise.names):
        wanted = ", ".join(exercise.names)
        raise TypeError(f"This exercise is checked by check({wanted}); received {len(answers)} object(s).")
    for answer in answers:
        if not callable(answer):
            return Outcome(
                FAIL,
                "wrong-type",
                f"A function was expected; you gave {_described(answer)}. Is {exercise.name} the function itself, "
                "or the result of calling it?",
                exercise.name,
            )
        if _comes_from_course_lib(answer):
            return Outcome(
                FAIL,
                "imported-answer",
                f"This {exercise.name} was imported from course_lib. Can you write it yourself?",
                exercise.name,
            )

    if exercise.uses_keras:
        importlib.import_module("keras")
    probe = Probe(int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed)
    printed = io.StringIO()

    def work() -> None:
        _seed_everything(probe.seed)
        exercise.judge(*answers, probe)

    states = np.random.get_state(), random.getstate()
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")
            warnings.showwarning = _print_warning
            # The first call may import TensorFlow, whatever the backend. That is not on the learner's clock.
            run_with_time_limit(lambda: _seed_everything(probe.seed), 120)
            run_with_time_limit(work, exercise.time_limit)
    except _Failed as failed:
        outcome = FAIL, failed.misconception, str(failed)
    except TimeLimit as limit:
        outcome = ERROR, None, _time_message(exercise, limit, answers)
    except _AnswerRaised as raised:
        outcome = _judged_exception(raised.__cause__)
    else:
        outcome = PASS, None, f"{exercise.title}: right."
    finally:
        # The judge's seeds are its own: the learner's random numbers go on as if nothing had been checked.
        np.random.set_state(states[0])
        random.setstate(states[1])
    return Outcome(*outcome, exercise.name, printed.getvalue())


def _print_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"{category.__name__}: {message}")


def _seed_everything(seed: int) -> None:
    """Seed NumPy and Python, and Keras if it is loaded (its state belongs to the thread that runs the judge)."""
    seed %= 2**31
    random.seed(seed)
    np.random.seed(seed)
    if "keras" in sys.modules:
        # Not sys.modules["keras"]: an earlier answer may have been stopped while it was still importing Keras.
        importlib.import_module("keras").utils.set_random_seed(seed)


def _own_frame(error: BaseException) -> traceback.FrameSummary | None:
    """The innermost line of the learner's own code in a traceback."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_own(frame.filename):
            return frame
    return None


def _is_own(filename: str) -> bool:
    # IPython compiles cells under a temporary path or a <name>: both count as the learner's.
    if filename.startswith("<"):
        return filename.startswith(("<ipython", "<string", "<stdin", "<answer"))
    # Compiled libraries name their sources relative to where they were built: such a file is nobody's here.
    if filename.endswith((".pyx", ".pxd", ".pxi")) or not (os.path.isabs(filename) or os.path.exists(filename)):
        return False
    path = str(Path(filename).resolve())
    return not Path(path).is_relative_to(_HERE) and not path.startswith(_LIBRARIES)


def _judged_exception(error: BaseException) -> tuple[str, str | None, str]:
    frames = traceback.extract_tb(error.__traceback__)
    if type(error) is NotImplementedError and frames and _is_own(frames[-1].filename):
        return NOT_ATTEMPTED, None, "Nothing to check yet: replace the line that raises NotImplementedError."
    frame = _own_frame(error)
    text = "".join(traceback.format_exception_only(error)).strip()
    if frame is None:
        if isinstance(error, TypeError) and "argument" in str(error):
            return ERROR, None, f"Your function could not be called as the task says. {text}"
        return ERROR, None, f"Your answer raised {text}"
    line = frame.line or linecache.getline(frame.filename, frame.lineno or 0).strip()
    return ERROR, None, f"Your code raised {text}\nin line {frame.lineno}, in {frame.name}: {line}"


def _time_message(exercise: Exercise, limit: TimeLimit, answers) -> str:
    own = next((f for f in reversed(limit.stack) if _is_own(f.filename)), None)
    where = f"\nIt was in line {own.lineno}, in {own.name}: {own.line}" if own else ""
    message = f"Your code was still running after {exercise.time_limit:g} seconds and was stopped.{where}"
    if not limit.stopped:
        message += "\nIt could not be stopped and still runs: restart the kernel (Kernel menu) before you go on."
    return message


def check(*answers, name: str | None = None) -> None:
    """Check an answer, show the outcome as a card, and record it.

    Args:
        answers: the function or class that the exercise asks for; two for an exercise of two functions.
        name: the exercise's name, for lambdas, partials and instances.

    Raises:
        UnknownExercise: if no exercise has that name; the message lists the nearest ones.
        CheckFailed: headless only (``COURSE_HEADLESS=1``): a wrong answer in a notebook must make a test run red.
    """
    from course_lib.checks import cards

    outcome = run_check(*answers, name=name)
    exercise = find_exercise(outcome.exercise)
    entry = records.record_check(outcome.exercise, outcome.status, outcome.misconception)
    card = cards.outcome_card(exercise, outcome, entry.get("failures", 0))
    cards.show(card)
    if outcome.status in (FAIL, ERROR) and os.environ.get("COURSE_HEADLESS") == "1":
        raise CheckFailed(str(card))


_hints_given: dict[str, int] = {}


def hint(answer, name: str | None = None) -> None:
    """Show the next hint for an exercise: a question, then where to reread; after two failed checks, its solution.

    Args:
        answer: the function or class of the exercise, or its name as text.
        name: the exercise's name, for lambdas, partials and instances.
    """
    from course_lib.checks import cards

    exercise = find_exercise(answer if isinstance(answer, str) and name is None else _name_of(answer, name))
    given = _hints_given[exercise.name] = _hints_given.get(exercise.name, 0) + 1
    cards.show(cards.hint_card(exercise, given, records.failures(exercise.name)))
