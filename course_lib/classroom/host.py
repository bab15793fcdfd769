"""Where an answer lives: it keeps the learner's objects and answers a judge's questions about them.

In a learner's kernel the host lives in the same process as the judge. It may as well live in another one: everything
that it takes and gives is of the kinds in `wire`.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import json
import numbers
import random
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.classroom import errors
from course_lib.classroom.wire import NUMERIC, Callback, Generator, Handle, ModelSpec, Tensor

_BAR = re.compile(r"\d+%\|")  # how a progress bar looks


class JudgeSpoke(ValueError):
    """A function of the judge refuses what an answer gave it; the check ends when the answer does."""


class Host:
    """The learner's objects, and the answers to questions about them.

    Args:
        answers: the learner's functions or classes; their handles are the keys 0, 1, …
        seed: seeds the random numbers of the answers.
        call_back: calls a judge's function by its key: ``call_back(key, arguments) -> (value, refusal or None)``.
    """

    def __init__(self, answers, seed: int, call_back: Callable[[int, tuple], tuple[Any, str | None]]):
        self._objects: dict[int, Any] = {}
        self._keys: dict[int, int] = {}
        self._generators: dict[int, np.random.Generator] = {}
        self._call_back = call_back
        self._warned: set[str] = set()
        self._lent: list = []  # what watched functions of the judge returned, as the answer has it
        self.handles = [self._handle(answer) for answer in answers]
        kept = random_state()
        seed_everything(seed)
        self._random = random_state(kept)

    # ----- one question

    def answer(self, question: str, arguments: list, options: dict) -> dict:
        """Answer a question: ``{"value", "raised", "after", "printed"}``.

        ``after`` holds the arrays that were given, then those that watched functions of the judge returned, as they are
        now: an answer may have changed them.
        """
        self._lent.clear()
        given = self._received((arguments, options))
        printed = io.StringIO()
        reply: dict = {"value": None, "raised": None}
        # The answer's random numbers are one stream, whatever the judge draws in between in the same process.
        judges_random = random_state(self._random)
        try:
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("always")
                warnings.showwarning = self._print_warning
                reply["value"] = self._told(getattr(self, f"_{question}")(*given[0], **given[1]))
        except (Exception, SystemExit) as error:  # exit() in an answer must not end the kernel
            reply["raised"] = errors.raised(error)
        finally:
            self._random = random_state(judges_random)
        reply["after"] = arrays_in((given, self._lent))
        reply["printed"] = _as_shown(printed.getvalue())
        return reply

    def _print_warning(self, message, category, filename, lineno, file=None, line=None) -> None:
        told = f"{category.__name__}: {message}"
        if (told, lineno) not in self._warned:
            self._warned.add((told, lineno))
            print(told)

    # ----- values that come and go

    def _received(self, value):
        match value:
            case np.ndarray():
                return value.copy()
            case list():
                return [self._received(item) for item in value]
            case tuple():
                return tuple(self._received(item) for item in value)
            case dict():
                return {key: self._received(item) for key, item in value.items()}
            case Handle():
                return self._objects[value.key]
            case Tensor():
                from keras import ops

                return ops.convert_to_tensor(value.array, value.dtype)
            case Generator():
                return self._generators.setdefault(value.key, np.random.default_rng(value.seed))
            case ModelSpec():
                return _built(value)
            case Callback():
                return self._proxy(value)
        return value

    def _proxy(self, callback: Callback) -> Callable:
        def given_function(*arguments):
            value, refusal = self._call_back(callback.key, self._told(arguments))
            if refusal is not None:
                raise JudgeSpoke(refusal)
            received = self._received(value)
            if callback.changed:
                self._lent.append(received)
            return received

        return given_function

    def _told(self, value):
        """A value as the judge gets it: plain, or a handle."""
        kind = type(value)
        if value is None or kind in (bool, int, float, complex, str):
            return value
        if isinstance(value, np.generic) and value.dtype.kind in NUMERIC:
            return value
        if isinstance(value, np.ndarray):
            return np.array(value, copy=True, subok=False) if value.dtype.kind in NUMERIC else self._handle(value)
        if isinstance(value, range):
            return list(value)
        with contextlib.suppress(RecursionError):  # a list may hold itself
            if isinstance(value, tuple):
                return tuple(self._told(item) for item in value)
            if isinstance(value, list):
                return [self._told(item) for item in value]
            if kind is dict and all(isinstance(key, str) for key in value):
                return {key: self._told(item) for key, item in value.items()}
        if isinstance(value, numbers.Real):  # fractions, and other kinds of numbers
            return float(value)
        keras = _loaded_keras()
        if keras is not None and keras.ops.is_tensor(value):
            array = np.array(keras.ops.convert_to_numpy(value))
            if array.dtype.kind not in NUMERIC:  # bfloat16
                array = array.astype(np.float32)
            return Tensor(array, keras.backend.standardize_dtype(value.dtype))
        if not inspect.isclass(value) and hasattr(value, "__array__") and not hasattr(value, "weights"):
            with contextlib.suppress(Exception):
                array = np.array(value)
                if array.dtype.kind in NUMERIC:
                    return array
        return self._handle(value)

    def _handle(self, value) -> Handle:
        key = self._keys.get(id(value))
        if key is None:
            key = self._keys[id(value)] = len(self._keys)
            self._objects[key] = value
        shape = getattr(value, "shape", None)
        shape = shape if isinstance(shape, tuple) and all(isinstance(n, int) for n in shape) else None
        return Handle(key, _kind(value), type(value).__name__, shape)

    # ----- the questions

    def _call(self, target, arguments, options):
        return target(*arguments, **options)

    def _send(self, target, method, arguments):
        return getattr(target, method)(*arguments)

    def _lend(self, model):
        return model

    def _release(self, target):
        for key, value in list(self._objects.items()):
            if value is target:
                del self._objects[key], self._keys[id(value)]

    def _describe(self, target):
        described = {
            "type": type(target).__name__,
            "bases": [f"{kind.__module__}.{kind.__qualname__}" for kind in inspect.getmro(type(target))],
            "own_methods": [
                name
                for kind in inspect.getmro(type(target))
                if kind.__module__.split(".")[0] not in ("keras", "builtins", "tensorflow", "torch", "flax")
                for name in vars(kind)
            ],
            "attributes": sorted(vars(target)) if hasattr(target, "__dict__") else [],
        }
        if hasattr(target, "weights"):
            described |= self._description_of_model(target)
        return described

    def _description_of_model(self, model) -> dict:
        functional = getattr(model, "_functional", None) or model  # a Sequential model knows its inputs only there

        def shapes(tensors):
            return None if tensors is None else [tuple(t.shape) for t in _flat(tensors)]

        inputs, outputs = (_quietly(lambda name=name: getattr(functional, name)) for name in ("inputs", "outputs"))
        trainable = {id(w) for w in model.trainable_weights}
        return {
            "built": bool(model.built),
            "compiled": bool(getattr(model, "compiled", False)),
            "inputs": shapes(inputs),
            "outputs": shapes(outputs),
            "weights": [
                {
                    "key": self._handle(w).key,
                    "name": w.path,
                    "shape": tuple(int(n) for n in w.shape),
                    "trainable": id(w) in trainable,
                }
                for w in model.weights
            ],
            "layers": [
                {"type": type(layer).__name__, "name": layer.name, "config": _plain_config(layer)}
                for layer in getattr(model, "layers", [])
            ],
        }

    def _predict(self, model, inputs, training, method):
        from keras import ops

        if method == "predict":
            return model.predict(inputs, verbose=0)
        if isinstance(inputs, list | tuple):
            given = type(inputs)(ops.convert_to_tensor(x) for x in inputs)
        else:
            given = ops.convert_to_tensor(inputs)
        return model(given) if training is None else model(given, training=training)

    def _weights(self, model):
        return [np.array(w) for w in model.get_weights()]

    def _set_weights(self, model, weights, trainable):
        from keras import ops

        variables = model.trainable_weights if trainable else model.weights
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(ops.cast(value, variable.dtype))

    def _train_step(self, model, x, y, optimizer, rate, loss, loss_weights, steps, eager):
        import keras

        eager = keras.backend.backend() != "jax" if eager is None else eager
        options = {"run_eagerly": True} if eager else {"jit_compile": False}
        kinds = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
        model.compile(kinds[optimizer](rate), loss=loss, loss_weights=loss_weights, **options)
        return [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(steps)]

    def _gradient(self, target, arguments, wrt, factors):
        """Gradient of the sum of ``factors`` times the result: what one SGD step of size 1 takes away.

        The learning machinery of Keras is the same on every backend; a gradient tape is not.
        """
        import keras
        from keras import ops

        start = np.asarray(ops.convert_to_numpy(arguments[wrt]), np.float32)

        class Weight(keras.Model):
            def __init__(self):
                super().__init__()
                self.value = self.add_weight(shape=start.shape, initializer="zeros", name="value")
                self.built = True

            def call(self, inputs):
                # A tensor, as in a training step, and not the variable; whatever precision the answer computes in.
                given = list(arguments)
                given[wrt] = ops.convert_to_tensor(self.value) + 0.0
                result = ops.cast(target(*given), "float32")
                # 0 times the weight: where the answer lets no gradient through, it is 0 and no optimizer's error.
                nothing = 0.0 * (ops.sum(inputs) + ops.sum(self.value))
                return ops.sum(result if factors is None else result * factors) + nothing

            def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
                return y_pred

        model = Weight()
        model.value.assign(start)
        model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
        model.train_on_batch(np.zeros((1, 1), np.float32))
        moved = ops.convert_to_numpy(model.value + 0.0)  # NumPy warns about a variable itself
        return start - moved.astype(np.float64)

    def _in_model(self, target, shapes, constants):
        """A model whose inputs have no batch size, and whose one layer calls the function."""
        import keras

        class Calls(keras.layers.Layer):
            def call(self, *inputs):
                return target(*inputs, *constants)

        inputs = [keras.Input(shape) for shape in shapes]
        return keras.Model(inputs, Calls()(*inputs))

    def _in_steps(self, target, arguments):
        """The function's own steps, with an addition of 0 after each: no step sees how its input was made."""
        import keras

        def apart(tensor):
            return tensor + 0.0 if "float" in str(tensor.dtype) else tensor

        def call(step, *given, **options):
            return keras.tree.map_structure(apart, step(*given, **options))

        tensors = [a for a in arguments if keras.ops.is_tensor(a)]
        inputs = [
            keras.Input(batch_shape=tuple(t.shape), dtype=keras.backend.standardize_dtype(t.dtype)) for t in tensors
        ]
        symbols = iter(inputs)
        result = target(*(next(symbols) if keras.ops.is_tensor(a) else a for a in arguments))
        whole = keras.Model(inputs, result)
        return keras.models.clone_model(whole, clone_function=lambda step: step, call_function=call)(tensors)

    def _call_each(self, target, calls):
        return [target(*arguments) for arguments in calls]


def _as_shown(printed: str) -> str:
    """What a terminal would show: a line that is drawn over itself shows its last form, and a progress bar is no message."""
    lines = printed.split("\n")
    kept = [line.rsplit("\r", 1)[-1] for line in lines if not ("\r" in line and _BAR.search(line.rsplit("\r", 1)[-1]))]
    return "\n".join(kept)


def _kind(value) -> str:
    if inspect.isclass(value):
        return "class"
    keras = _loaded_keras()
    if keras is not None:
        for kind, base in (
            ("model", keras.Model),
            ("layer", keras.layers.Layer),
            ("dataset", keras.utils.PyDataset),
        ):
            if isinstance(value, base):
                return kind
    return "array" if isinstance(value, np.ndarray) else "function" if callable(value) else "object"


def _flat(tensors) -> list:
    return [t for part in tensors for t in _flat(part)] if isinstance(tensors, list | tuple) else [tensors]


def _quietly(read: Callable):
    try:
        return read()
    except (AttributeError, ValueError, RuntimeError):
        return None


def _plain_config(layer) -> dict:
    config = _quietly(layer.get_config) if hasattr(layer, "get_config") else None
    try:
        return json.loads(json.dumps(config, default=str)) or {}
    except (TypeError, ValueError):
        return {}


def _built(spec: ModelSpec):
    import keras

    model = keras.saving.deserialize_keras_object(json.loads(spec.config))
    model.set_weights(spec.weights)
    return model


def arrays_in(value) -> list[np.ndarray]:
    """The arrays in a structure of lists, tuples and dictionaries, in order."""
    if isinstance(value, np.ndarray):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [array for item in items for array in arrays_in(item)]


def random_state(new: tuple | None = None) -> tuple:
    """The state of Python's and NumPy's random numbers; afterwards they go on from the state ``new``, if given."""
    old = random.getstate(), np.random.get_state()
    if new is not None:
        random.setstate(new[0])
        np.random.set_state(new[1])
    return old


def seed_everything(seed: int) -> None:
    """Seed NumPy and Python, and Keras if it is loaded (its state belongs to the thread that runs the answer)."""
    seed %= 2**31
    random.seed(seed)
    np.random.seed(seed)
    keras = _loaded_keras()
    if keras is not None:
        keras.utils.set_random_seed(seed)


def _loaded_keras():
    """Keras if anybody has loaded it: before, no tensor and no model can exist."""
    # Not sys.modules["keras"]: an earlier answer may have been stopped while it was still importing Keras.
    return importlib.import_module("keras") if "keras" in sys.modules else None
