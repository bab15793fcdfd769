"""The judge's end of a room: a door like those of :mod:`course_lib.classroom.door`, to code that may be hostile."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from course_lib.classroom import wire
from course_lib.classroom.door import CallBack, receive, send
from course_lib.classroom.wire import Handle, Malformed, Raised
from course_lib.grading.sandbox import Sandbox

MOST = 64 << 20  # bytes of one message from a room
CELL_SECONDS = 60.0  # for one cell of a notebook


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
        self._stream = self._connection.makefile("rwb", buffering=0)
        self._call_back: CallBack | None = None
        self.closed = False

    def run_cell(self, source: str, seconds: float = CELL_SECONDS) -> dict:
        """Run one cell; ``{"raised": Raised or None, "printed": text, "notes": list of text}``.

        Raises:
            RoomEnded: if the room is gone, or the time is up; it is closed then.
        """
        reply = self._exchange(["cell", source], time.monotonic() + seconds)
        self._require(
            _is_dict(reply, raised=(Raised, type(None)), printed=str, notes=list)
            and all(type(note) is str for note in reply["notes"])
        )
        return reply

    def choose(self, names: list[str]) -> list[dict]:
        """Choose what the next check is about; for each name whether it is there, callable, from the course."""
        reply = self._exchange(["choose", names], time.monotonic() + CELL_SECONDS)
        self._require(
            type(reply) is list
            and len(reply) == len(names)
            and all(_is_dict(one, there=bool, callable=bool, described=str, from_course=bool) for one in reply)
        )
        return reply

    # ----- a door

    def open(self, seed: int, call_back: CallBack) -> list[Handle]:
        """Begin a check; returns the handles of the answers."""
        self._call_back = call_back
        handles = self._exchange(["open", seed])
        self._require(type(handles) is list and all(type(handle) is Handle for handle in handles))
        return handles

    def ask(self, question: str, arguments: list, options: dict) -> dict:
        """Put one question; returns the reply."""
        reply = self._exchange(["ask", question, arguments, options])
        self._require(
            _is_dict(reply, value=None, raised=(Raised, type(None)), after=list, printed=str)
            and all(type(array) is np.ndarray for array in reply["after"])
        )
        return reply

    def close(self) -> None:
        """End the room and everything in it."""
        self.closed = True
        self._stream.close()
        self._connection.close()

    # ----- messages

    def _exchange(self, message: list, until: float | None = None) -> Any:
        try:
            send(self._stream, message)
            while True:
                said = receive(self._stream, MOST, until)
                self._require(type(said) is list and len(said) > 0 and type(said[0]) is str)
                kind, *rest = said
                if kind == "reply" and len(rest) == 1:
                    return rest[0]
                if kind == "ended":
                    raise RoomEnded("It took more memory than a submission may have.")
                self._require(
                    kind == "callback" and len(rest) == 2 and self._call_back is not None and type(rest[0]) is int
                )
                try:
                    value = self._call_back(*rest)
                except (KeyError, IndexError):
                    raise Malformed("a call of a function that the judge does not have") from None
                send(self._stream, list(value))
        except TimeoutError:
            self.close()
            raise RoomEnded(f"It was still running after {CELL_SECONDS:g} seconds and was stopped.") from None
        except (EOFError, OSError, ValueError) as error:
            self.close()
            if isinstance(error, wire.Malformed):
                raise RoomEnded("Its process sent what no answer sends.") from error
            raise RoomEnded("Its process ended before it had answered.") from error

    @staticmethod
    def _require(holds: bool) -> None:
        if not holds:
            raise Malformed("a reply of another shape")


def _is_dict(reply, /, **kinds) -> bool:
    return (
        type(reply) is dict
        and reply.keys() == kinds.keys()
        and all(kind is None or isinstance(reply[name], kind) for name, kind in kinds.items())
    )
