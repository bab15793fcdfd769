"""Judges in the old form, until all are rewritten: they get the answer itself."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from course_lib.classroom import errors, exercise
from course_lib.classroom.exercise import Exercise
from course_lib.classroom.probe import AnswerRaised
from course_lib.classroom.probe import Failed as _Failed
from course_lib.classroom.time_limit import TimeLimit


class _AnswerRaised(Exception):
    pass


def judge(*names, title, section, question, uses_keras=False, trains=False, time_limit=None):
    def register(function):
        lesson = int(function.__module__.rsplit("_", 1)[-1])
        registry = exercise._registry
        position = 1 + len({e.name for e in registry.values() if e.lesson == lesson and e.name != names[0]})

        def judged(*arguments):
            probe = arguments[-1]
            try:
                function(*probe._door._answers, Probe(probe.seed))
            except _AnswerRaised as error:
                raise AnswerRaised(errors.raised(error.__cause__)) from None

        made = Exercise(
            name=names[0],
            names=names,
            lesson=lesson,
            position=position,
            title=title,
            section=section,
            hint=question,
            hints=(),
            questions={},
            judge=judged,
            ops=False,
            uses_keras=uses_keras or trains,
            trains=trains,
            slow=False,
            time_limit=time_limit or (120.0 if trains else 30.0 if uses_keras else 10.0),
        )
        registry.update(dict.fromkeys(names, made))
        return function

    return register


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
