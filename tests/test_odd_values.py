"""Right answers whose values are exchanged on the way: for nothing, for infinities, for what is none. None passes, and no judge breaks.

What a judge cannot stand would tell the instructor that an exercise could not be judged, and not the student what is wrong.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from authoring import bank
from authoring.source import lessons
from course_lib.classroom.door import LocalDoor
from course_lib.classroom.exercise import ERROR, FAIL, exercises, find_exercise
from course_lib.classroom.run import judge_behind
from course_lib.classroom.wire import Handle, Malformed, Tensor

ODD = {
    "nan": lambda array: np.full(array.shape, np.nan),
    "infinite": lambda array: np.full(array.shape, -np.inf),
    "huge": lambda array: np.full(array.shape, 1e308),
    "complex": lambda array: array + 1j * np.nan,
    "no rows": lambda array: np.zeros((0, *array.shape[1:])),
    "empty and long": lambda array: np.zeros((0, 10**9)),
    "one axis more": lambda array: array[None],
    "a handle": lambda array: Handle(10**6, "function", "ndarray", array.shape),
    "a number of digits": lambda array: 10**3000,
    "no list": lambda array: [],
}
# Where a judge once broke: which reply is exchanged, and for what.
BROKEN = [
    ("add_noise", "no list", 4),
    ("FreshNoise", "nan", 2),
    ("remix_code", "no list", 2),
    ("whiten", "huge", None),
    ("whiten", "no list", 5),
]


class Exchanging(LocalDoor):
    """A door behind which values are exchanged: all of them, or those of one reply.

    Args:
        answers: right ones.
        odd: what becomes of an array.
        which: number of the reply; all if not given.
    """

    def __init__(self, answers, odd, which: int | None = None):
        super().__init__(*answers)
        self._odd, self._which, self._number = odd, which, 0

    def ask(self, question: str, arguments: list, options: dict) -> dict:
        """The host's reply, with its value exchanged."""
        reply = super().ask(question, arguments, options)
        if question in ("call", "send", "call_each", "predict") and reply["raised"] is None:
            self._number += 1
            if self._which in (None, self._number):
                reply["value"] = self._exchanged(reply["value"])
        return reply

    def _exchanged(self, value):
        if isinstance(value, list | tuple):
            return type(value)(self._exchanged(item) for item in value)
        if isinstance(value, Tensor):
            value = value.array
        is_number = isinstance(value, bool | int | float | complex | np.generic | np.ndarray)
        return self._odd(np.asarray(value)) if is_number else value


right_answers = functools.cache(bank.right_answers)


def solution(name: str):
    lesson = next(lesson for lesson in lessons() if lesson.number == find_exercise(name).lesson)
    return next(right.answers for right in right_answers(lesson) if right.exercise == name)


@pytest.mark.parametrize("name", [exercise.name for exercise in exercises() if not exercise.uses_keras])
def test_no_odd_value_passes_and_none_breaks_a_judge(name):
    for odd in list(ODD.values())[find_exercise(name).position % 3 :: 3]:  # by turns, as each costs a check
        outcome = judge_behind(Exchanging(solution(name), odd), find_exercise(name), seed=3)
        assert outcome.status in (FAIL, ERROR)


@pytest.mark.parametrize("name, odd, which", BROKEN)
def test_no_reply_of_another_kind_breaks_a_judge(name, odd, which):
    outcome = judge_behind(Exchanging(solution(name), ODD[odd], which), find_exercise(name), seed=3)
    assert outcome.status == FAIL


def test_a_gradient_of_another_shape_is_none():
    class Shorter(LocalDoor):
        def ask(self, question: str, arguments: list, options: dict) -> dict:
            reply = super().ask(question, arguments, options)
            return {**reply, "value": reply["value"][:1]} if question == "gradient" else reply

    with pytest.raises(Malformed, match="gradient of shape"):
        judge_behind(Shorter(*solution("l1_penalty")), find_exercise("l1_penalty"), seed=3)
