"""Every judge once more with the answer in a process of its own: the same status, misconception and message, to the letter.

On a push the solution and one wrong answer of each exercise; with 20 seeds or more (every week) every right and every wrong one.
Of capstones the solution and one wrong answer, every week.
"""

from __future__ import annotations

import functools

import pytest

from authoring import bank
from authoring.derive import tasks
from authoring.source import lessons
from course_lib.classroom.door import LocalDoor, ProcessDoor
from course_lib.classroom.exercise import find_exercise
from course_lib.classroom.run import judge_behind

CASES = [
    pytest.param(
        lesson,
        task.names,
        id=f"{lesson.slug}-{task.names[0]}",
        marks=[pytest.mark.weekly] if find_exercise(task.names[0]).capstone else [],
    )
    for lesson in lessons()
    if lesson.has_exercises
    for task in tasks(lesson)
]
right_answers, wrong_answers = (functools.cache(f) for f in (bank.right_answers, bank.wrong_answers))


@pytest.fixture(scope="session")
def other_process():
    with ProcessDoor("authoring.bank:answers_of") as door:
        yield door


@pytest.mark.parametrize("lesson, names", CASES)
def test_an_answer_in_another_process_gets_the_same_outcome(lesson, names, other_process, request):
    exercise = find_exercise(names[0])
    right, wrong = (
        [(kind, number) for number, answer in enumerate(answers(lesson)) if answer.exercise == names[0]]
        for kind, answers in (("right", right_answers), ("wrong", wrong_answers))
    )
    every = (request.config.getoption("--seeds") or 0) >= 20 and not exercise.capstone
    chosen = right + wrong if every else [right[0], wrong[5 * exercise.position % len(wrong)]]
    different = []
    for kind, number in [("stub", names[0]), *chosen]:
        # The same loading on both sides: answers that share a module must meet it fresh, or as worn, alike.
        here = judge_behind(LocalDoor(*bank.answers_of(lesson.slug, kind, number)), exercise, seed=2)
        there = judge_behind(other_process.choose(lesson.slug, kind, number), exercise, seed=2)
        # What an answer printed may hold times, as Keras prints them: it is shown, and no part of the verdict.
        if (here.status, here.misconception, here.message) != (there.status, there.misconception, there.message):
            different.append((kind, number, here, there))
    assert not different
