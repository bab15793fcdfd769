"""The only door between a judge and an answer: questions about the answer, and statements of what must hold.

The answer lives behind a `door`, perhaps in another process. A judge holds :class:`~course_lib.classroom.wire.Handle` objects of
what lives there and sees plain values. The first statement that does not hold ends the check with the question that the
exercise's words have for its misconception.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from course_lib.classroom.exercise import Exercise
from course_lib.classroom.host import arrays_in
from course_lib.classroom.wire import Callback, Generator, Handle, Malformed, ModelSpec, Raised, Tensor

# How TensorFlow, PyTorch and JAX refuse a symbolic tensor of Keras; NumPy, loops and len() refuse it in other words.
_SYMBOLIC_TO_BACKEND = re.compile(
    r"input to a TensorFlow function|must be Tensor|abstract array|valid JAX type|__jax_array__"
)


def _unrelated(*seeds: int) -> int:
    """A seed from which nobody can tell those that it was made of: an answer sees it, and must not know the judge's inputs."""
    words = np.random.SeedSequence(seeds).generate_state(4, np.uint32)
    return int.from_bytes(words.tobytes(), "little")


class Failed(Exception):
    """Ends a check: something does not hold."""

    def __init__(self, misconception: str, message: str):
        super().__init__(message)
        self.misconception = misconception


class AnswerRaised(Exception):
    """Ends a check: the learner's own code raised, which is no misconception that the judge knows."""

    def __init__(self, raised: Raised):
        super().__init__(str(raised))
        self.raised = raised


class Probe:
    """What a judge sees of an answer, and how it states what must hold.

    Args:
        exercise: the exercise, with its words.
        door: the way to the answer.
        seed: of the judge's inputs and of the answer's random numbers.

    Attributes:
        seed: the seed of this run of the check.
        rng: a NumPy generator made from it, for the judge's inputs.
        answers: handles of the learner's functions or classes.
        printed: what the answer has printed so far.
    """

    def __init__(self, exercise: Exercise, door, seed: int):
        self.exercise, self.seed = exercise, seed
        self.rng = np.random.default_rng(seed)
        self.printed = ""
        self._door = door
        self._callbacks: dict[int, Callback] = {}
        self._generators = 0
        self._refused: Failed | None = None
        self._returned: list[tuple[str, Any]] = []  # by watched functions of the judge, during one question
        self.answers = door.open(_unrelated(seed, 0), self._call_back)

    # ----- questions

    def _ask(self, question: str, *arguments, **options):
        arguments = [self._handed_over(a) for a in arguments]
        options = {name: self._handed_over(value) for name, value in options.items()}
        self._refused = None
        self._returned.clear()
        reply = self._door.ask(question, arguments, options)
        self.printed += reply["printed"]
        if self._refused is not None:  # said by a function of the judge while the answer ran
            raise self._refused
        if reply["raised"] is not None:
            raise AnswerRaised(reply["raised"])
        lent = [("changes-its-input", array) for array in arrays_in((arguments, options))]
        lent += [(name, array) for name, value in self._returned for array in arrays_in(value)]
        for (misconception, before), after in zip(lent, reply["after"], strict=True):
            if not np.array_equal(before, after, equal_nan=before.dtype.kind == "f"):
                self.fail(misconception)
        return reply["value"]

    def _handed_over(self, value):
        """Arguments as they travel: for an `ops` exercise arrays of floats become float32 tensors."""
        if isinstance(value, np.ndarray) and self.exercise.ops and value.dtype.kind == "f":
            return Tensor(value.astype(np.float32))
        if isinstance(value, list | tuple):
            return type(value)(self._handed_over(item) for item in value)
        if isinstance(value, dict):
            return {key: self._handed_over(item) for key, item in value.items()}
        return value

    def _call_back(self, key: int, arguments) -> tuple[Any, str | None]:
        callback = self._callbacks[key]
        given = tuple(a.array if isinstance(a, Tensor) else a for a in arguments)
        callback.calls.append(given)
        try:
            value = callback.function(*given)
            if callback.changed:
                # A copy: in the same process the function may keep its array, and the answer must not reach it.
                self._returned.append((callback.changed, copy.deepcopy(value)))
            return value, None
        except Failed as failed:
            self._refused = failed
            return None, str(failed)
        except (ValueError, TypeError) as error:
            return None, str(error)

    def call(self, target: Handle, *arguments, **options):
        """Call a function or a class of the answer. Arrays are handed over as copies, and must come back unchanged."""
        value = self._ask("call", target, list(arguments), options)
        if value is None:
            self.fail("returned-nothing")
        return value

    def send(self, target: Handle, method: str, *arguments):
        """Call a method of something of the answer's, such as ``__len__``; what it returns may be nothing."""
        return self._ask("send", target, method, list(arguments))

    def gradient(self, target: Handle, *arguments, wrt: int = 0, factors: np.ndarray | None = None):
        """Gradient of the sum of ``factors`` times the result with respect to one argument: an array of its shape.

        It may be a function or a model of the answer's, or a :meth:`callback`; where the gradient stops it is zero.
        """
        got = self._ask("gradient", target, list(arguments), wrt, factors)
        if got.shape != np.shape(arguments[wrt]):  # no host says so
            raise Malformed(f"a gradient of shape {got.shape}")
        return got

    def predict(self, model: Handle, x, *, training: bool | None = False, method: str = "call"):
        """What a model gives for a batch (an array, or a list of arrays), as Keras returns it.

        Args:
            model: a model or layer.
            x: its inputs; arrays of floats are handed over as float32.
            training: passed on; None leaves it out.
            method: ``"call"``, or ``"predict"`` for the model's own ``predict``.
        """
        parts = (
            [np.asarray(part, np.float32) for part in x] if isinstance(x, list | tuple) else np.asarray(x, np.float32)
        )
        return self._ask("predict", model, parts, training, method)

    def weights(self, model: Handle) -> list[np.ndarray]:
        """The weights of a model, in order."""
        return self._ask("weights", model)

    def set_weights(self, model: Handle, weights: Sequence[np.ndarray], *, trainable: bool = False) -> None:
        """Give a model new weights: all of them, or its trainable ones."""
        self._ask("set_weights", model, [np.asarray(w, np.float32) for w in weights], trainable)

    def train_step(
        self,
        model: Handle,
        x,
        y,
        *,
        optimizer: str = "sgd",
        rate: float = 0.1,
        loss="mse",
        loss_weights=None,
        steps: int = 1,
        eager: bool | None = None,
    ) -> list[float]:
        """Compile a model and train it on one batch for some steps; returns the loss of each."""
        x, y = (
            [np.asarray(p, np.float32) for p in v] if isinstance(v, list) else np.asarray(v, np.float32) for v in (x, y)
        )
        return self._ask("train_step", model, x, y, optimizer, rate, loss, loss_weights, steps, eager)

    def describe(self, target: Handle) -> SimpleNamespace:
        """What something of the answer's is made of.

        ``type``, ``bases``, ``own_methods``, ``attributes``; for models and layers also ``built``, ``compiled``, ``inputs`` and
        ``outputs`` (shapes, or None), ``weights`` (each with ``key``, ``name``, ``shape``, ``trainable``; weights with one key are
        one and the same) and ``layers`` (each with ``type``, ``name``, ``config``).
        """
        described = self._ask("describe", target)
        for part in ("weights", "layers"):
            if part in described:
                described[part] = [SimpleNamespace(**item) for item in described[part]]
        return SimpleNamespace(**described)

    def in_model(self, target: Handle, shapes: Sequence[tuple[int, ...]], *constants) -> Handle:
        """A model whose inputs have these shapes and no batch size, and which calls the function on them."""
        return self._ask("in_model", target, [tuple(shape) for shape in shapes], list(constants))

    def lend(self, model) -> Handle:
        """A copy of one of the judge's own Keras models, where the answer lives."""
        import keras

        config = json.dumps(keras.saving.serialize_keras_object(model))
        return self._ask("lend", ModelSpec(config, [np.array(w) for w in model.get_weights()]))

    def release(self, target: Handle) -> None:
        """Forget something that lives where the answer lives."""
        self._ask("release", target)

    def in_steps(self, target: Handle, *arguments):
        """What a function of tensors gives when Keras runs its steps one by one, with an addition of 0 after each.

        No step then sees how its input was made: TensorFlow's ``binary_crossentropy``, for one, remembers the logits of
        a sigmoid. Raises what the answer raises for symbolic tensors of a fixed shape; use :meth:`attempt`.
        """
        return self._ask("in_steps", target, list(arguments))

    def generator(self, seed: int) -> Generator:
        """A NumPy generator for the answer; given twice, it goes on where it was.

        Equal seeds give equal numbers within a check, and say nothing about the judge's own.
        """
        self._generators += 1
        return Generator(self._generators, _unrelated(self.seed, 1, int(seed)))

    def callback(self, function: Callable, *, changed: str = "") -> Callback:
        """A function of the judge that the answer may call. It may end the check; its ``calls`` are recorded.

        Args:
            function: answers with plain values; tensors reach it as arrays.
            changed: the misconception of an answer that changes an array the function returned; empty: nobody looks.
        """
        key = len(self._callbacks)
        self._callbacks[key] = Callback(function, key=key, changed=changed)
        return self._callbacks[key]

    def attempt(self, question: Callable | Handle, *arguments, **options) -> tuple[Any, Raised | None]:
        """Ask where an exception would be a misconception: the value and None, or None and the exception.

        Args:
            question: one of the probe's own, such as ``probe.predict``; or something of the answer's, to be called.
            arguments: of the question, or of the call.
            options: the same.
        """
        try:
            ask = self.call if isinstance(question, Handle) else question
            return (
                ask(question, *arguments, **options) if isinstance(question, Handle) else ask(*arguments, **options)
            ), None
        except AnswerRaised as error:
            # A stub, or a package that is not installed, is no misconception.
            if error.raised.unfilled or error.raised.is_a("ImportError", "SystemExit"):
                raise
            return None, error.raised

    def call_each(self, target: Handle, calls: Iterable[tuple]) -> list:
        """Call a function of the answer for each tuple of arguments: hundreds of random draws at the cost of one question."""
        values = self._ask("call_each", target, [tuple(arguments) for arguments in calls])
        if any(value is None for value in values):
            self.fail("returned-nothing")
        return values

    # ----- statements

    def fail(self, misconception: str, measured: str = "", **fields) -> None:
        """End the check: the answer is wrong in the way that ``misconception`` names.

        Args:
            misconception: its name; ``"name/case"`` asks another question about ``"name"``.
            measured: what was measured, as a sentence before the question.
            fields: the numbers that the question has places for.
        """
        question = self.exercise.question(misconception, **fields)
        raise Failed(misconception.partition("/")[0], f"{measured} {question}".strip())

    def require(self, condition, misconception: str, measured: str = "", **fields) -> None:
        """State that a condition holds."""
        if not condition:
            self.fail(misconception, measured, **fields)

    def array(self, got, what: str = "your function") -> np.ndarray:
        """A result as a NumPy array, whatever backend it comes from; a FAIL if it is no array of numbers."""
        if isinstance(got, Tensor):
            array = got.array
        elif isinstance(got, Handle | dict | str) or got is None:
            self.fail("wrong-type", what=what, found=described(got))
        else:
            try:
                array = np.asarray([self.array(g, what) for g in got] if isinstance(got, list | tuple) else got)
            except ValueError:  # rows of different lengths
                self.fail("wrong-type", what=what, found=f"{described(got)} whose parts differ in shape")
        if array.dtype.kind == "c":
            self.fail("complex-numbers", what=what, dtype=array.dtype)
        if array.dtype.kind not in "biuf":
            self.fail("wrong-type", what=what, found=described(got))
        return array

    def float64(self, got, what: str = "your function") -> np.ndarray:
        """The same as :meth:`array`, in float64."""
        return self.array(got, what).astype(np.float64)

    def number(self, got, what: str = "your function", misconception: str = "wrong-shape", **fields) -> float:
        """A result as a float; a FAIL if it is not one real number."""
        array = self.array(got, what)
        if array.ndim != 0:
            self.fail(misconception, f"One number was expected from {what}; the shape was {array.shape}.", **fields)
        return float(array)

    def shape(
        self,
        got,
        wanted: tuple[int, ...],
        mistakes: Mapping[tuple[int, ...], str] | None = None,
        *,
        otherwise: str = "wrong-shape",
        **fields,
    ) -> np.ndarray:
        """State the shape of a result; returns it as an array.

        Args:
            got: the result.
            wanted: its shape.
            mistakes: the misconceptions that other shapes show.
            otherwise: the misconception that any further shape shows.
            fields: numbers for the question; it may name ``{shape}`` and ``{wanted}`` too.
        """
        array = self.array(got)
        if array.shape != tuple(wanted):
            name = (mistakes or {}).get(array.shape, otherwise)
            measured = f"Shape {tuple(wanted)} was expected; yours is {array.shape}."
            self.fail(name, measured, **{"shape": array.shape, "wanted": tuple(wanted), **fields})
        return array

    def finite(self, got, misconception: str = "not-finite", **fields) -> np.ndarray:
        """State that a result holds neither NaN nor infinity; returns it as an array."""
        array = self.array(got)
        self.require(np.isfinite(array).all(), misconception, **fields)
        return array

    def close(self, got, true, misconception: str, *, rtol: float = 1e-4, atol: float = 1e-6, **fields) -> None:
        """State that two arrays agree within ``atol + rtol * |true|`` everywhere; shapes must be equal."""
        ours, true = self.float64(got), np.asarray(true, np.float64)
        if ours.shape != true.shape:
            self.fail(misconception, f"Shape {true.shape} was expected; yours is {ours.shape}.", **fields)
        wrong = ~np.isclose(ours, true, rtol=rtol, atol=atol, equal_nan=True)
        if wrong.any():
            self.fail(misconception, _difference(ours, true, wrong), **fields)

    def settle(
        self,
        got,
        true,
        otherwise: str,
        mistakes: Mapping[str, Any],
        *,
        rtol: float = 1e-4,
        atol: float = 1e-6,
        **fields,
    ) -> None:
        """Accept ``got`` if it equals ``true``; otherwise fail with the first mistake whose result it equals.

        Args:
            got: the answer's result.
            true: what it should be.
            otherwise: the misconception where no mistake explains the result.
            mistakes: what each misconception gives: one array, or a list of arrays; of any shape.
            rtol: relative tolerance.
            atol: absolute tolerance.
            fields: numbers for the questions.
        """
        self.settle_all([(got, true, mistakes, fields)], otherwise, rtol=rtol, atol=atol)

    def settle_all(self, cases: Iterable[tuple], otherwise: str, *, rtol: float = 1e-4, atol: float = 1e-6) -> None:
        """The same for several inputs: a mistake is named only if it explains the result on **every** one.

        Args:
            cases: ``(got, true, mistakes)`` or ``(got, true, mistakes, fields)`` for each input, best made by a generator.
            otherwise: the misconception where no mistake explains all results.
            rtol: relative tolerance.
            atol: absolute tolerance.
        """
        suspects: dict[str, None] | None = None
        first: tuple | None = None
        cases = iter(cases)
        while True:
            try:
                got, true, mistakes, *rest = next(cases)
            except StopIteration:
                break
            except (AnswerRaised, Failed):
                if first is None:
                    raise
                break  # a later input breaks the answer altogether: what the earlier ones showed stands
            ours, true = self.float64(got), np.asarray(true, np.float64)
            fields = rest[0] if rest else {}

            def equals(value, ours=ours) -> bool:
                value = np.asarray(value, np.float64)
                return ours.shape == value.shape and np.allclose(ours, value, rtol=rtol, atol=atol, equal_nan=True)

            right = equals(true)
            if right and first is None and suspects is None and not mistakes:
                continue
            explained = {name for name, values in mistakes.items() if any(equals(v) for v in _several(values))}
            suspects = {n: None for n in (mistakes if suspects is None else suspects) if n in explained}
            if not right and first is None:
                first = ours, true, fields
        if first is None:
            return
        ours, true, fields = first
        if ours.shape != true.shape:
            measured = f"Shape {true.shape} was expected; yours is {ours.shape}."
        else:
            measured = _difference(ours, true, ~np.isclose(ours, true, rtol=rtol, atol=atol, equal_nan=True))
        names = list(suspects or ())
        if names:
            self.fail(names[0], measured if ours.ndim == true.ndim == 0 else "", **fields)
        self.fail(otherwise, measured, **fields)

    def repeatable(self, target: Handle, *arguments, otherwise: str, **fields):
        """State that two calls with the same arguments give the same; returns what the first gave."""
        first, second = self.call(target, *arguments), self.call(target, *arguments)
        same = np.array_equal(self.float64(first), self.float64(second), equal_nan=True)
        self.require(same, otherwise, **fields)
        return first

    def batch_of_one(
        self, target: Handle, arguments: Sequence, true, *, rtol: float = 1e-3, atol: float = 1e-3, **fields
    ) -> None:
        """State that a batch of one gives the first row of ``true``, with its first axis.

        Args:
            target: the function.
            arguments: of a whole batch; arrays of its length are cut to their first row.
            true: the result for the whole batch.
            rtol: relative tolerance.
            atol: absolute tolerance.
            fields: numbers for the question.
        """
        true = np.asarray(true, np.float64)
        alone = [a[:1] if isinstance(a, np.ndarray) and len(a) == len(true) else a for a in arguments]
        got, error = self.attempt(target, *alone)
        if error is not None:
            self.fail("batch-of-one", f"A batch of one raises {error}.", **fields)
        array = self.float64(got)
        if array.shape != true[:1].shape:
            measured = f"A batch of one gives shape {array.shape}; {true[:1].shape} was expected."
            self.fail("batch-of-one", measured, **fields)
        if not np.allclose(array, true[:1], rtol=rtol, atol=atol):
            self.fail("batch-of-one/value", **fields)

    def gradients(
        self, target: Handle, arguments: Sequence, true: Sequence, *, rtol: float = 1e-3, atol: float = 1e-3, **fields
    ) -> None:
        """State the gradients of the summed result, one for each argument; None leaves an argument out."""
        for wrt, wanted in enumerate(true):
            if wanted is None:
                continue
            got, error = self.attempt(self.gradient, target, *arguments, wrt=wrt)
            if error is not None:
                self.fail("no-gradient", f"The values are right, and the gradient is missing ({error}).", **fields)
            if not (np.isfinite(got).all() and np.allclose(got, wanted, rtol=rtol, atol=atol)):
                what = "wrong" if np.any(got) else "missing"
                self.fail("no-gradient", f"The values are right, and the gradient is {what}.", **fields)

    def keras_only(self, target: Handle, *arguments, **fields) -> np.ndarray | None:
        """State that a function of tensors calls no function of the backend itself; call it with these arguments before.

        Returns what :meth:`in_steps` gives, or None where the function cannot be run so, which is no misconception
        (a loop over the rows, say).
        """
        got, error = self.attempt(self.in_steps, target, *arguments)
        if error is not None:
            self.require(not _SYMBOLIC_TO_BACKEND.search(error.text), "not-keras-ops", **fields)
            return None
        return None if isinstance(got, Handle) else self.array(got)


def float32(*arrays) -> list[np.ndarray]:
    """Arrays in float64 whose numbers a float32 holds exactly: what the answer gets is what the judge computes with."""
    return [np.asarray(a, np.float32).astype(np.float64) for a in arrays]


def described(value) -> str:
    """What kind of object a value is, for a message."""
    kind = value.type if isinstance(value, Handle) else "tensor" if isinstance(value, Tensor) else type(value).__name__
    shape = getattr(value, "shape", None)
    return f"an object of type {kind}" + (f" and shape {tuple(shape)}" if isinstance(shape, tuple) else "")


def kind(value) -> str:
    """What a value is: a handle's kind, ``"tensor"``, or the name of its type."""
    return value.kind if isinstance(value, Handle) else "tensor" if isinstance(value, Tensor) else type(value).__name__


def _several(values) -> list:
    return values if isinstance(values, list) else [values]


def _difference(ours: np.ndarray, true: np.ndarray, wrong: np.ndarray) -> str:
    if not np.isfinite(ours).all() and np.isfinite(true).all():
        return "A finite result was expected; yours contains NaN or infinity."
    at = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.any() else ()
    where = f" at index {at[0] if len(at) == 1 else at}" if at else ""
    return f"Expected {true[at]:.6g}{where}; yours is {ours[at]:.6g}."
