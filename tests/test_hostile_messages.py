"""What a room may say, without a room: an end of a socket that says anything, and the judge's end, which outlives it."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time

import numpy as np
import pytest

from course_lib.classroom import wire
from course_lib.classroom.wire import Callback, Handle, Malformed, Raised
from course_lib.grading.room import MOST_CALLS, MOST_GIVEN, MOST_WORDS, Room, RoomEnded


def frame(message) -> bytes:
    data = wire.encode(message)
    return len(data).to_bytes(8, "big") + data


def raw(text: str) -> bytes:
    return len(text.encode()).to_bytes(8, "big") + text.encode()


class Pretended:
    """A sandbox whose rooms say what a test wants: ``says(end)`` talks at the room's end."""

    def __init__(self, says):
        self._says = says

    def connect(self) -> socket.socket:
        ours, its = socket.socketpair()

        def talk() -> None:
            with its:
                try:
                    self._says(its)
                except OSError:  # the judge's end was closed
                    pass

        threading.Thread(target=talk, daemon=True).start()
        return ours


def question(end: socket.socket) -> None:
    """Read the next message of the judge, whatever it is."""
    size = int.from_bytes(end.recv(8, socket.MSG_WAITALL), "big")
    while size:
        size -= len(end.recv(min(size, 1 << 20)))


def drain(end: socket.socket) -> None:
    """Read whatever comes, so that the judge can go on writing."""
    with contextlib.suppress(OSError):
        while end.recv(1 << 20):
            pass


def reply(**parts) -> bytes:
    return frame(["reply", {"value": None, "raised": None, "after": [], "printed": "", **parts}])


def saying(*said: bytes) -> Room:
    """A room that says one thing after each question, and then waits."""

    def says(end):
        for one in said:
            question(end)
            end.sendall(one)
        end.recv(1)

    return Room(Pretended(says))


def ended(room: Room, question: str = "call", *arguments, **options) -> str:
    with pytest.raises(RoomEnded) as caught:
        room.ask(question, list(arguments), options)
    assert room.closed
    return str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        frame(["outcome", "PASS"]), frame("PASS"), frame([]), frame([1]), frame(["reply"]), frame(["ended", "well"]),
        frame(["reply", True]), frame(["reply", {"status": "PASS"}]), reply(printed=1), reply(raised="E"),
        reply(after=[1]), reply(after=[np.zeros(1)]), frame(["callback", 0, ()]), frame(["callback", "0", ()]),
        (2**62).to_bytes(8, "big"), raw("x" * 100), bytes(200),
    ],
    ids=range(17),
)  # fmt: skip
def test_what_no_room_says_ends_it(said):
    assert ended(saying(said)) == "Its process sent what no answer sends."


@pytest.mark.parametrize(
    "asked, value",
    [
        ("describe", 1), ("describe", {"type": 1, "bases": [], "own_methods": [], "attributes": []}),
        ("describe", {"type": "T", "bases": [1], "own_methods": [], "attributes": []}), ("describe", {"type": "T"}),
        ("weights", [1.0]), ("weights", np.zeros(1)), ("train_step", ["0.1"]), ("gradient", None), ("gradient", 1.0),
        ("call_each", 1), ("lend", 1), ("in_model", "model"), ("release", 1), ("set_weights", [1]),
    ],
)  # fmt: skip
def test_a_value_that_its_question_cannot_have_ends_the_room(asked, value):
    assert "sent what no answer sends" in ended(saying(reply(value=value)), asked)


def test_the_warden_tells_why_it_ended_a_room():
    assert "more memory" in ended(saying(frame(["ended", "memory"])))
    assert "more threads" in ended(saying(frame(["ended", "processes"])))


def test_a_reply_before_its_question_is_none():
    def says(end):
        end.sendall(reply())
        end.recv(1)

    room = Room(Pretended(says))
    assert select.select([room._connection], [], [], 30)[0]
    assert "sent what no answer sends" in ended(room)


def test_a_second_reply_is_no_answer_to_the_next_question():
    room = saying(reply(value=1) + reply(value=2))
    assert room.ask("call", [], {})["value"] == 1
    assert "sent what no answer sends" in ended(room)


def test_neither_byte_after_byte_nor_call_after_call_gains_time():
    stop = threading.Event()

    def drips(end):
        question(end)
        end.sendall((1000).to_bytes(8, "big"))
        while not stop.wait(0.02):
            end.sendall(b"x")

    with pytest.raises(RoomEnded, match=r"still running after 0\.5 seconds"):
        Room(Pretended(drips)).run_cell("1", seconds=0.5)
    stop.set()


def test_a_room_that_does_not_read_holds_nobody_up():
    room = Room(Pretended(lambda end: threading.Event().wait(30)))
    with pytest.raises(RoomEnded, match=r"still running after 0\.5 seconds"):
        room.run_cell("x" * 10**7, seconds=0.5)


@pytest.mark.parametrize(
    "argument, most", [(1, MOST_CALLS), (np.zeros(10**6), MOST_GIVEN // (8 * 10**6))], ids=["calls", "arrays"]
)
def test_calls_of_the_judges_functions_are_bounded(argument, most):
    calls = []

    def says(end):
        question(end)
        threading.Thread(target=drain, args=(end,), daemon=True).start()
        while True:
            end.sendall(frame(["callback", 0, (argument,)]))

    room = Room(Pretended(says))
    room._call_back = lambda key, arguments: (calls.append(key), None)
    assert "sent what no answer sends" in ended(room)
    assert len(calls) == most


def test_a_call_that_fails_in_the_judge_is_refused_and_ends_nothing():
    answered = []

    def says(end):
        question(end)
        end.sendall(reply())
        question(end)
        end.sendall(frame(["callback", 7, (1,)]))
        size = int.from_bytes(end.recv(8, socket.MSG_WAITALL), "big")
        answered.append(wire.decode(end.recv(size, socket.MSG_WAITALL)))
        end.sendall(reply(value=3))
        end.recv(1)

    room = Room(Pretended(says))
    room.ask("call", [], {})
    room._call_back = lambda key, arguments: {}[key]
    assert room.ask("call", [], {})["value"] == 3
    assert answered == [[None, "KeyError: 7"]]


def test_arrays_that_a_function_of_the_judge_lent_must_come_back():
    watched = Callback(lambda: None, key=0, changed="odd")
    lent = np.zeros(2)

    def room(after: list) -> Room:
        made = saying(frame(["callback", 0, ()]), reply(after=after))
        made._call_back = lambda key, arguments: (lent, None)
        return made

    assert len(room([lent]).ask("call", [watched], {})["after"]) == 1
    assert "sent what no answer sends" in ended(room([]), "call", watched)


def test_what_an_exception_says_fits_into_a_report():
    long = Raised("E" * 10**5, ("E" * 10**4,) * 10**3, "\x1b[2J" + "x" * 10**5, (10**300, "f" * 10**5, "l" * 10**5))
    told = saying(reply(raised=long, printed="p" * 10**6)).ask("call", [], {})
    assert len(str(told["raised"])) < MOST_WORDS + 200 and "\x1b" not in str(told["raised"])
    assert len(repr(told)) < 60_000


@pytest.mark.parametrize("sign", ["\x1b", "\x9b", "\u2028", "\u202e", "\u2066"])
def test_nothing_that_is_said_moves_a_cursor_or_turns_the_line_around(sign):
    said = f"a{sign}b\n"
    told = saying(reply(raised=Raised(said, (said,), said, (1, said, said)), printed=said)).ask("call", [], {})
    assert sign not in str(told) and told["printed"] == "a\ufffdb\n"


# ----- the bytes themselves


@pytest.mark.parametrize("number", [0, 2**60, 2**62, 10**30])
def test_keys_that_share_a_hash_are_refused(number):
    pairs = [[number + n * (2**61 - 1), 0] for n in range(2, 4)]
    with pytest.raises(Malformed):
        wire.decode(_message({"§": "dict", "v": pairs}))


def test_small_numbers_are_no_more_than_large_ones():
    """Sixty million bytes as numbers of eight bytes, a few times over, would be the memory of whoever judges."""
    some = {"§": "array", "dtype": "|u1", "shape": [wire.MOST_NUMBERS // 2 + 1]}
    with pytest.raises(Malformed, match="too long"):
        wire.decode(_message([some, some]) + bytes(2 * some["shape"][0]))


def test_a_boolean_is_0_or_1():
    decoded = wire.decode(_message({"§": "array", "dtype": "|b1", "shape": [3]}) + b"\x00\x02\xff")
    assert decoded.dtype == bool and decoded.tobytes() == b"\x00\x01\x01"


def _message(structure) -> bytes:
    text = json.dumps(structure).encode()
    return len(text).to_bytes(8, "big") + text


@pytest.mark.parametrize(
    "structure",
    [
        {"§": "array", "dtype": "<f8", "shape": [9**18] * 10**5},
        {"§": "array", "dtype": "<f8", "shape": [0] * 65},
        {"§": "array", "dtype": "<f8", "shape": [True]},
        {"§": "array", "dtype": None, "shape": []},
        {"§": "array", "dtype": ["f8"], "shape": [0]},
        {"§": "array", "dtype": "f8,f8", "shape": [0]},
        {"§": "array", "dtype": "(2,)f8", "shape": [0]},
        {"§": "array", "dtype": "<f8", "shape": [1]},
        {"§": "handle", "v": [1, "PASS", "T", None]},
        {"§": "handle", "v": [2**61, "object", "T", None]},
        {"§": "tensor", "v": [{"§": "array", "dtype": "<f8", "shape": [0]}, "x" * 99]},
        {"§": "dict", "v": [[{"§": "tuple", "v": []}, 1]]},
        {"§": "raised", "v": ["E", {"§": "tuple", "v": [1]}, "", None, False]},
        {"§": "callback", "v": [1]},
        {"§": "complex", "v": ["1", 2]},
        {"§": ["array"]},
        {"$": "array"},
        [[]] * 2_000_001,
    ],
    ids=range(18),
)
def test_a_structure_that_is_none_is_refused_at_once(structure):
    began = time.process_time()
    with pytest.raises(Malformed):
        wire.decode(_message(structure))
    assert time.process_time() - began < 2.0


def test_text_can_be_written_down_anywhere():
    (said,) = wire.decode(_message(["a\ud800b\0c"]))
    assert said == "a�b�c" and said.encode()
    assert wire.decode(_message(["ö 😀"])) == ["ö 😀"]


def test_names_are_cut():
    handle = wire.decode(_message({"§": "handle", "v": [1, "object", "T" * 10**6, None]}))
    assert type(handle) is Handle and len(handle.type) == wire.MOST_NAME
