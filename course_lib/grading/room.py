"""The judge's end of a room: a door like those of :mod:`course_lib.classroom.door`, to code that may be hostile."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course_lib.classroom.door import CallBack, receive, send
from course_lib.classroom.host import arrays_in
from course_lib.classroom.wire import Callback, Handle, Malformed, Raised
from course_lib.grading import signs
from course_lib.grading.sandbox import Sandbox

MOST = 64 << 20  # bytes of one message from a room
CELL_SECONDS = 60.0  # for one cell of a notebook
MOST_CALLS = 20_000  # of a judge's functions during one question,
MOST_GIVEN = 256 << 20  # and bytes of arrays in them, which the judge keeps
MOST_TEXT = 20_000  # characters that are kept of what is printed
MOST_WORDS = 600  # characters of what an exception says
MOST_NOTES = 20

TOO_MUCH = {
    "memory": "It took more memory than a submission may have.",
    "processes": "It started more threads than a submission may have.",
}


class RoomEnded(Exception):
    """The room is no more, or said what no honest one says. The message is for the learner."""


class Room:
    """One submission's process. Whatever it says is decoded without trust and checked for its shape.

    Args:
        sandbox: where it is made.

    Attributes:
        closed: whether it has ended.
    """

    def __init__(self, sandbox: Sandbox):
        self._connection = sandbox.connect()
        self._connection.setblocking(False)  # a room that does not read must not hold up who writes
        self._stream = self._connection.makefile("rwb", buffering=0)
        self._call_back: CallBack | None = None
        self._watched: set[int] = set()  # functions of the judge whose arrays come back with the reply
        self._lent = 0  # how many arrays these returned during one question
        self.closed = False

    def run_cell(self, source: str, seconds: float = CELL_SECONDS) -> dict:
        """Run one cell; ``{"raised": Raised or None, "printed": text, "notes": list of text}``.

        Raises:
            RoomEnded: if the room is gone, or the time is up; it is closed then.
        """
        self._call_back = None
        reply = self._exchange(["cell", source], _is_told, seconds)
        notes = [_clean(note, MOST_WORDS) for note in reply["notes"][:MOST_NOTES]]
        return {"raised": _clean_raised(reply["raised"]), "printed": _clean(reply["printed"]), "notes": notes}

    def choose(self, names: list[str]) -> list[dict]:
        """Choose what the next check is about; for each name whether it is there, callable, from the course."""

        def fits(reply) -> bool:
            return _is_list(
                reply, lambda one: _is_dict(one, there=bool, callable=bool, described=str, from_course=bool)
            ) and len(reply) == len(names)

        self._call_back = None
        reply = self._exchange(["choose", names], fits, CELL_SECONDS)
        return [{**one, "described": _clean(one["described"], MOST_WORDS)} for one in reply]

    # ----- a door

    def open(self, seed: int, call_back: CallBack) -> list[Handle]:
        """Begin a check; returns the handles of the answers."""
        self._call_back = call_back
        self._watched.clear()
        return self._exchange(["open", seed], lambda reply: _is_list(reply, _is(Handle)))

    def ask(self, question: str, arguments: list, options: dict) -> dict:
        """Put one question; returns the reply."""
        given = len(arrays_in((arguments, options)))
        self._watched |= {callback.key for callback in _callbacks((arguments, options)) if callback.changed}
        self._lent = 0

        def fits(reply) -> bool:
            return (
                _is_dict(reply, value=None, raised=(Raised, type(None)), after=list, printed=str)
                and all(type(array) is np.ndarray for array in reply["after"])
                and (reply["raised"] is not None or len(reply["after"]) == given + self._lent)
                and (reply["raised"] is not None or _VALUES.get(question, _anything)(reply["value"]))
            )

        reply = self._exchange(["ask", question, arguments, options], fits)
        return {**reply, "raised": _clean_raised(reply["raised"]), "printed": _clean(reply["printed"])}

    def close(self) -> None:
        """End the room and everything in it."""
        self.closed = True
        self._stream.close()
        self._connection.close()

    # ----- messages

    def _exchange(self, message: list, fits: Callable[[Any], bool], seconds: float | None = None) -> Any:
        """Send a message and return the reply to it; every way in which that fails ends the room."""
        until = None if seconds is None else time.monotonic() + seconds
        try:
            reply = self._reply_to(message, until)
            if not fits(reply):
                raise Malformed("a reply of another shape")
            return reply
        except RoomEnded:
            self.close()
            raise
        except TimeoutError:
            self.close()
            raise RoomEnded(f"It was still running after {seconds:g} seconds and was stopped.") from None
        except Malformed as error:
            self.close()
            raise RoomEnded("Its process sent what no answer sends.") from error
        except (EOFError, OSError, ValueError) as error:
            self.close()
            raise RoomEnded("Its process ended before it had answered.") from error

    def _reply_to(self, message: list, until: float | None) -> Any:
        calls = given = 0
        early = bool(select.select([self._stream], [], [], 0)[0])
        if not early:
            send(self._stream, message, until)
        while True:
            kind, *rest = self._said(until)
            if kind == "ended" and len(rest) == 1 and type(rest[0]) is str and rest[0] in TOO_MUCH:
                raise RoomEnded(TOO_MUCH[rest[0]])
            if early:
                raise Malformed("something before it was asked")
            if kind == "reply" and len(rest) == 1:
                return rest[0]
            if kind != "callback" or len(rest) != 2 or type(rest[0]) is not int or type(rest[1]) is not tuple:
                raise Malformed(f"a message of kind {kind[:20]!r}")
            calls, given = calls + 1, given + sum(array.nbytes for array in arrays_in(rest[1]))
            if self._call_back is None or calls > MOST_CALLS or given > MOST_GIVEN:
                raise Malformed("calls that nobody asked for")
            send(self._stream, list(self._answered(*rest)), until)

    def _said(self, until: float | None) -> list:
        said = receive(self._stream, MOST, until)
        if type(said) is not list or not said or type(said[0]) is not str:
            raise Malformed("a message of no kind")
        return said

    def _answered(self, key: int, arguments: tuple) -> tuple[Any, str | None]:
        """What a function of the judge returns, or why it refuses; nothing that an answer gives it can end the judge."""
        try:
            value, refusal = self._call_back(key, arguments)
            if key in self._watched and refusal is None:
                self._lent += len(arrays_in(value))
            return value, refusal
        except Exception as error:
            return None, f"{type(error).__name__}: {error}"[:MOST_WORDS]


def _callbacks(value) -> list[Callback]:
    if isinstance(value, Callback):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [callback for item in items for callback in _callbacks(item)]


# ----- what a reply must look like


def _anything(value) -> bool:
    return True


def _is(*kinds) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _is_list(value, fits: Callable[[Any], bool]) -> bool:
    return type(value) is list and all(fits(item) for item in value)


def _is_dict(reply, /, **kinds) -> bool:
    return (
        type(reply) is dict
        and reply.keys() == kinds.keys()
        and all(kind is None or isinstance(reply[name], kind) for name, kind in kinds.items())
    )


def _is_told(reply) -> bool:
    return _is_dict(reply, raised=(Raised, type(None)), printed=str, notes=list) and _is_list(reply["notes"], _is(str))


_SHAPES = (type(None), list)
_OF_ALL = {"type": str, "bases": list, "own_methods": list, "attributes": list}
_OF_MODELS = {"built": bool, "compiled": bool, "inputs": _SHAPES, "outputs": _SHAPES, "weights": list, "layers": list}


def _is_partial_shape(value) -> bool:
    return type(value) is tuple and all(type(n) in (int, type(None)) for n in value)


def _is_description(value) -> bool:
    if type(value) is not dict or not _is_dict(value, **_OF_ALL, **(_OF_MODELS if len(value) > len(_OF_ALL) else {})):
        return False
    texts = [*value["bases"], *value["own_methods"], *value["attributes"]]
    return (
        all(type(text) is str for text in texts)
        and all(_is_list(value.get(part) or [], _is_partial_shape) for part in ("inputs", "outputs"))
        and all(_is_dict(w, key=int, name=str, shape=tuple, trainable=bool) for w in value.get("weights", ()))
        and all(_is_dict(layer, type=str, name=str, config=dict) for layer in value.get("layers", ()))
    )


# What the questions whose values are no answer's own may return.
_VALUES: dict[str, Callable[[Any], bool]] = {
    "describe": _is_description,
    "weights": lambda value: _is_list(value, _is(np.ndarray)),
    "train_step": lambda value: _is_list(value, _is(float)),
    "gradient": _is(np.ndarray),
    "call_each": lambda value: type(value) is list,
    "lend": _is(Handle),
    "in_model": _is(Handle),
    "release": _is(type(None)),
    "set_weights": _is(type(None)),
}


def _clean(text: str, most: int = MOST_TEXT) -> str:
    return signs.without(text[:most])


def _clean_raised(raised: Raised | None) -> Raised | None:
    """An exception as it may stand in a report: no word of it is longer than an honest one's."""
    if raised is None:
        return None
    where = raised.where
    if where is not None:
        where = (min(abs(where[0]), 10**7), _clean(where[1], 100), _clean(where[2], MOST_WORDS))
    bases = tuple(_clean(name, 100) for name in raised.bases[:50])
    return replace(
        raised, type=_clean(raised.type, 100), bases=bases, text=_clean(raised.text, MOST_WORDS), where=where
    )
