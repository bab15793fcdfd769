"""What may pass between a judge and an answer, and how it is written down.

Plain values (numbers, text, arrays of numbers, lists, tuples, dictionaries) pass as they are. Everything else stays
where it was made and is known on the other side by a :class:`Handle`. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

NUMERIC = "biufc"  # kinds of NumPy arrays that pass
# What a message may hold: without such bounds a few bytes could cost whoever reads them minutes, or all memory.
MOST_PARTS = 2_000_000  # values, beside the numbers of arrays
MOST_NUMBERS = 16_000_000  # of all arrays together: each may be a byte here, and eight where a judge computes with it
MOST_AXES = 64  # NumPy's own bound
MOST_NAME = 200  # characters of the name of a class
_LARGEST_KEY = (
    2**61 - 1
)  # of a dictionary; beyond it whole numbers can be chosen that Python's hash does not tell apart

KINDS = "function", "class", "model", "layer", "dataset", "array", "object"


@dataclass(frozen=True)
class Handle:
    """Something that lives where the answer lives.

    Attributes:
        key: what it is called there; two handles of one object are equal.
        kind: one of ``KINDS``; ``"array"`` is one that is not of numbers.
        type: name of its class.
        shape: its shape, if it has one.
    """

    key: int
    kind: str = field(compare=False)
    type: str = field(compare=False)
    shape: tuple[int, ...] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Tensor:
    """A tensor of the backend, on the judge's side an array.

    Attributes:
        array: its values.
        dtype: its dtype, as Keras names it.
    """

    array: np.ndarray
    dtype: str = "float32"


@dataclass(frozen=True)
class Generator:
    """A NumPy generator on the answer's side; given twice, it goes on where it was.

    Attributes:
        key: what it is called.
        seed: its seed.
    """

    key: int
    seed: int


@dataclass(frozen=True)
class ModelSpec:
    """A Keras model as its configuration and weights.

    Attributes:
        config: what ``keras.saving.serialize_keras_object`` makes of it.
        weights: its weights, in order.
    """

    config: str
    weights: list[np.ndarray]


@dataclass(frozen=True)
class Raised:
    """An exception in an answer, told from outside.

    Attributes:
        type: name of its class.
        bases: names of the classes it derives from, itself first.
        text: its first line that says something, without the backend's own decoration.
        where: the learner's own line: number, function and code; None if the traceback has none.
        unfilled: whether it is a stub's NotImplementedError.
    """

    type: str
    bases: tuple[str, ...]
    text: str
    where: tuple[int, str, str] | None = None
    unfilled: bool = False

    def is_a(self, *names: str) -> bool:
        """Whether it is an exception of one of these classes."""
        return bool(set(names) & set(self.bases))

    def __str__(self) -> str:
        return f"{self.type}: {self.text}" if self.text else self.type


@dataclass(frozen=True)
class Callback:
    """A function of the judge that an answer may call; the calls are recorded on the judge's side.

    Attributes:
        function: what answers; tensors reach it as arrays.
        calls: the positional arguments of each call.
        key: what it is called on the answer's side.
        changed: the misconception of an answer that changes an array the function returned; empty: nobody looks.
    """

    function: Callable = field(compare=False)
    calls: list[tuple] = field(default_factory=list, compare=False)
    key: int = 0
    changed: str = ""


class NotPlain(TypeError):
    """A value that cannot pass."""


# Half a character, and the character that ends a text elsewhere: files and databases refuse them.
_UNWRITABLE = re.compile("[\ud800-\udfff\0]")
_TAG = "§"  # a dictionary with this key is one of ours; an answer's own dictionary is written as pairs


def encode(value) -> bytes:
    """A message as bytes: its structure as JSON, then the bytes of its arrays.

    Raises:
        NotPlain: if it holds something that is none of the kinds above.
    """
    buffers: list[bytes] = []
    text = json.dumps(_flat(value, buffers)).encode()
    return b"".join([len(text).to_bytes(8, "big"), text, *buffers])


def _flat(value, buffers: list[bytes]):
    def tagged(tag: str, *parts):
        return {_TAG: tag, "v": [_flat(part, buffers) for part in parts]}

    match value:
        case None | bool() | str():
            return value
        case np.generic() if value.dtype.kind in NUMERIC:
            return tagged("scalar", np.asarray(value))
        case int() | float() if type(value) in (int, float):
            return value if isinstance(value, float) or abs(value) < 2**63 else tagged("int", str(value))
        case complex():
            return tagged("complex", value.real, value.imag)
        case np.ndarray() if value.dtype.kind in NUMERIC:
            data = np.ascontiguousarray(value).tobytes()
            buffers.append(data)
            return {_TAG: "array", "dtype": value.dtype.str, "shape": list(value.shape)}
        case list():
            return [_flat(item, buffers) for item in value]
        case tuple():
            return tagged("tuple", *value)
        case dict():
            return tagged("dict", *(list(pair) for pair in value.items()))
        case Handle():
            return tagged("handle", value.key, value.kind, value.type, value.shape)
        case Tensor():
            return tagged("tensor", value.array, value.dtype)
        case Generator():
            return {_TAG: "generator", "v": [value.key, value.seed]}  # JSON's integers are as long as a seed
        case ModelSpec():
            return tagged("model", value.config, value.weights)
        case Raised():
            return tagged("raised", value.type, value.bases, value.text, value.where, value.unfilled)
        case Callback():
            return tagged("callback", value.key, value.changed)
    raise NotPlain(f"a value of type {type(value).__name__} cannot pass between a judge and an answer")


def _of(*kinds, make: Callable) -> Callable:
    """A maker whose parts must be exactly of these kinds: what is compared, hashed or shown later is what it says."""

    def checked(*parts):
        if len(parts) != len(kinds) or not all(
            any(type(part) is kind for kind in (kind if isinstance(kind, tuple) else (kind,)))
            for part, kind in zip(parts, kinds, strict=True)
        ):
            raise Malformed(f"parts of kinds {', '.join(type(part).__name__ for part in parts)}")
        return make(*parts)

    return checked


def _texts(items: Iterable) -> bool:
    return all(type(item) is str for item in items)


def _is_shape(shape) -> bool:
    return len(shape) <= MOST_AXES and all(type(n) is int and 0 <= n < 2**63 for n in shape)


def _dict(*pairs) -> dict:
    for key, _ in pairs:
        if type(key) not in (str, int, float, bool, _NONE) or (type(key) is int and abs(key) >= _LARGEST_KEY):
            raise Malformed("a dictionary with keys that are no names and no numbers")
    return {key: value for key, value in pairs}


def _tensor(array, dtype) -> Tensor:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", dtype):
        raise Malformed("a tensor whose dtype is none")
    return Tensor(array, dtype)


def _handle(key, kind, name, shape) -> Handle:
    if (shape is not None and not _is_shape(shape)) or kind not in KINDS or abs(key) >= _LARGEST_KEY:
        raise Malformed("a handle that is none")
    return Handle(key, kind, name[:MOST_NAME], shape)


def _raised(name, bases, text, where, unfilled) -> Raised:
    if not _texts(bases) or (where is not None and [type(part) for part in where] != [int, str, str]):
        raise Malformed("an exception that is none")
    return Raised(name, bases, text, where, unfilled)


_NONE = type(None)
_MADE: dict[str, Callable] = {
    "scalar": _of(np.ndarray, make=lambda array: array.reshape(())[()]),
    "int": _of(str, make=int),
    "complex": _of((int, float), (int, float), make=complex),
    "tuple": lambda *items: tuple(items),
    "dict": _dict,
    "handle": _of(int, str, str, (tuple, _NONE), make=_handle),
    "tensor": _of(np.ndarray, str, make=_tensor),
    "generator": _of(int, int, make=Generator),
    "model": _of(str, list, make=ModelSpec),
    "raised": _of(str, tuple, str, (tuple, _NONE), bool, make=_raised),
    "callback": _of(int, str, make=lambda key, changed: Callback(lambda *_: None, key=key, changed=changed)),
}


class Malformed(ValueError):
    """Bytes that :func:`encode` did not write: the other end is broken, or hostile."""


def decode(message: bytes):
    """The message that :func:`encode` wrote.

    Whoever wrote the bytes, what comes out is made of plain Python values, of base arrays of numbers that own their
    memory, and of the kinds above: nothing is looked up by name, called or unpickled. Text can be written down anywhere.

    Raises:
        Malformed: if it is none.
    """
    end = 8 + int.from_bytes(message[:8], "big")
    place = end
    numbers = 0
    text = message[8:end]
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_PARTS:
        raise Malformed("a message of too many parts")

    def made(part):
        nonlocal place, numbers
        if isinstance(part, list):
            return [made(item) for item in part]
        if isinstance(part, str):
            return _UNWRITABLE.sub("\ufffd", part)
        if not isinstance(part, dict):
            return part
        if part[_TAG] == "array":
            shape = tuple(part["shape"])
            if type(part["dtype"]) is not str or not _is_shape(shape):
                raise Malformed("an array without a dtype or a shape")
            dtype = np.dtype(part["dtype"])
            if dtype.kind not in NUMERIC or dtype.hasobject:
                raise Malformed(f"an array of dtype {str(dtype)[:80]}")
            numbers += math.prod(shape)
            size = dtype.itemsize * math.prod(shape)
            start, place = place, place + size
            if place > len(message) or numbers > MOST_NUMBERS:
                raise Malformed("an array that is longer than its message, or too long")
            array = np.frombuffer(message[start:place], dtype).reshape(shape)
            # A boolean's byte may be 0 or 1 and nothing else.
            return array.view(np.uint8).astype(bool) if dtype.kind == "b" else array.copy()
        return _MADE[part[_TAG]](*[made(item) for item in part["v"]])

    try:
        return made(json.loads(text))
    except Malformed:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise Malformed(f"{type(error).__name__}: {error}"[:200]) from None
