"""The way from a judge to an answer: within this process, or to another one over a pipe. Both ends speak `wire`."""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from course_lib.classroom import wire
from course_lib.classroom.host import Host
from course_lib.classroom.wire import Handle

_PIECE = 1 << 20  # bytes read at a time: memory is taken for what came, not for what was announced

CallBack = Callable[[int, tuple], tuple[Any, str | None]]


class LocalDoor:
    """To answers in this process.

    Args:
        answers: the learner's functions or classes.
    """

    def __init__(self, *answers):
        self._answers = answers

    def open(self, seed: int, call_back: CallBack) -> list[Handle]:
        """Begin a check; returns the handles of the answers."""
        self._host = Host(self._answers, seed, call_back)
        return self._host.handles

    def ask(self, question: str, arguments: list, options: dict) -> dict:
        """Put one question; returns the host's reply."""
        return self._host.answer(question, arguments, options)

    def close(self) -> None:
        """Nothing is left behind."""


class ProcessDoor:
    """To answers in a process of their own, which serves one check after another.

    Args:
        source: ``"module:function"`` in the other process, which returns the answers for the arguments of :meth:`choose`.
    """

    def __init__(self, source: str):
        self._source = source
        self._process: subprocess.Popen | None = None

    def choose(self, *which) -> ProcessDoor:
        """Which answers the next check is about: plain values for the source. They are loaded before any clock starts."""
        if self._process is None:
            command = [sys.executable, "-m", "course_lib.classroom.answer_process", self._source]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._exchange(["choose", *which])
        return self

    def open(self, seed: int, call_back: CallBack) -> list[Handle]:
        """Begin a check; returns the handles of the answers."""
        self._call_back = call_back
        return self._exchange(["open", seed])

    def ask(self, question: str, arguments: list, options: dict) -> dict:
        """Put one question; returns the host's reply."""
        return self._exchange(["ask", question, arguments, options])

    def close(self) -> None:
        """End the other process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            self._process = None

    def _exchange(self, message):
        send(self._process.stdin, message)
        while True:
            kind, *rest = receive(self._process.stdout)
            if kind == "reply":
                return rest[0]
            send(self._process.stdin, list(self._call_back(*rest)))

    def __enter__(self) -> ProcessDoor:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def send(stream, message, until: float | None = None) -> None:
    """Write one message to an unbuffered pipe.

    Args:
        stream: the pipe; where it does not block, this waits until ``until`` and no longer.
        message: what :func:`wire.encode` can write.
        until: when to give up, by ``time.monotonic()``; None for never.

    Raises:
        OSError: if the other end is gone.
        TimeoutError: if the time is up.
    """
    data = wire.encode(message)
    left = memoryview(len(data).to_bytes(8, "big") + data)
    while left:
        _wait([], [stream], until)
        left = left[stream.write(left[:_PIECE]) or 0 :]


def receive(stream, most: int | None = None, until: float | None = None):
    """Read one message from an unbuffered pipe.

    Args:
        stream: the pipe.
        most: bytes that the message may have; None for as many as there are.
        until: when to give up, by ``time.monotonic()``; None for never.

    Raises:
        EOFError: if the other end is gone.
        wire.Malformed: if it is no message, or one that is too long.
        TimeoutError: if the time is up.
    """
    size = int.from_bytes(_read(stream, 8, until), "big")
    if most is not None and size > most:
        raise wire.Malformed(f"a message of {size} bytes, where {most} are allowed")
    return wire.decode(_read(stream, size, until))


def _read(stream, size: int, until: float | None) -> bytes:
    parts = []
    while size:
        _wait([stream], [], until)
        part = stream.read(min(size, _PIECE))
        if part is None:  # a pipe that does not block had nothing after all
            continue
        if not part:
            raise EOFError("the other end of the pipe is gone")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _wait(readers: list, writers: list, until: float | None) -> None:
    """Wait until a pipe can be used. The time is looked at each time: whoever sends byte after byte gains none."""
    while True:
        if until is not None and time.monotonic() > until:
            raise TimeoutError("no answer in time")
        # Short waits, so that a time limit can stop whoever waits here.
        if any(select.select(readers, writers, [], 0.1)):
            return
