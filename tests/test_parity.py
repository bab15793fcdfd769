"""The same answer gets the same verdict from a learner's own check and from grading: status and misconception.

Answers of the bank, the variants and the solutions are put into the cells of a hand-out, which goes the whole way: the bytes of
a notebook, a room of the sandbox, a judge outside. Beside it the check of the same answer in this process, with the same inputs.

| exercise         | on a push                                                     | every week (WEEKLY=1) |
| does not train   | one answer of each, number ``TURN`` modulo how many there are | all                   |
| trains a network | one answer of all of them, in turn                            | all                   |

By default ``TURN`` is the day of the year. Of the solutions notebooks, as they are handed out, one a day is graded whole, too.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json

import pytest

from authoring import bank
from authoring.answer_cells import cell_of
from authoring.derive import derive, tasks
from authoring.source import lessons
from course_lib.classroom import exercise as framework
from course_lib.classroom.exercise import FAIL, PASS
from course_lib.classroom.run import run_check
from course_lib.grading import notebooks
from course_lib.grading.judging import Graded, grade
from course_lib.grading.sandbox import Sandbox, working_runner

pytestmark = pytest.mark.sandbox
LESSONS = [lesson for lesson in lessons() if lesson.has_exercises]
CASES = [
    pytest.param(lesson, task.names[0], id=f"{lesson.slug}-{task.names[0]}")
    for lesson in LESSONS
    for task in tasks(lesson)
]
TRAINING = [case.values[1] for case in CASES if framework.find_exercise(case.values[1]).trains]
derived = functools.cache(derive)
right_answers, wrong_answers = functools.cache(bank.right_answers), functools.cache(bank.wrong_answers)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(working_runner()) as running:
        yield running


def is_due(name: str, config) -> bool:
    """Whether a run compares answers to an exercise; the table above says so. The bank itself is loaded later."""
    turn = config.getoption("--turn")
    return config.getoption("--weekly") or name not in TRAINING or name == TRAINING[turn % len(TRAINING)]


def due(lesson, name: str, config) -> list[bank.WrongAnswer | bank.RightAnswer]:
    """Which answers to an exercise a run compares."""
    answers = [a for a in (*wrong_answers(lesson), *right_answers(lesson)) if a.exercise == name]
    turn = config.getoption("--turn") // (len(TRAINING) if name in TRAINING else 1)
    return answers if config.getoption("--weekly") else [answers[turn % len(answers)]]


def handed_in(lesson, answer) -> bytes:
    """The hand-out of a lesson with an answer in its cell; a solution as it is handed out, among the others that it may use."""
    made = derived(lesson)
    if isinstance(answer, bank.RightAnswer) and answer.what == "solution":
        return json.dumps(made["solutions"]).encode()
    notebook = copy.deepcopy(made["exercises"])
    first, *others = answer_cells(notebook, answer.exercise)
    first.source = cell_of(lesson, answer)
    for cell in others:
        cell.source = ""
    return json.dumps(notebook).encode()


def answer_cells(notebook, exercise: str) -> list:
    return [cell for cell in notebook.cells if cell.metadata["course"] == {"exercise": exercise, "role": "answer"}]


def graded(data: bytes, exercises: list, sandbox: Sandbox, config) -> Graded:
    submission = hashlib.sha256(data).hexdigest()
    seed = config.getoption("--turn")
    return grade(notebooks.read(data), exercises, sandbox, seed=seed, submission=submission)


def verdict(outcome) -> tuple[str, str | None]:
    return outcome.status, outcome.misconception


def in_process(answer, seed: int) -> tuple[str, str | None]:
    return verdict(run_check(*answer.answers, name=answer.exercise, seed=seed))


def told_by_the_bank(answer) -> tuple[str, str | None]:
    return (FAIL, answer.misconception) if isinstance(answer, bank.WrongAnswer) else (PASS, None)


def pytest_generate_tests(metafunc):
    """Only what is due: a test that has nothing to compare would say nothing."""
    config = metafunc.config
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("lesson, name", [case for case in CASES if is_due(case.values[1], config)])
    elif "lesson" in metafunc.fixturenames:
        turn = config.getoption("--turn") % len(LESSONS)
        chosen = LESSONS if config.getoption("--weekly") or config.getoption("--lesson") else LESSONS[turn : turn + 1]
        metafunc.parametrize("lesson", chosen, ids=lambda lesson: lesson.slug)


def test_grading_says_of_an_answer_what_its_own_check_says(lesson, name, sandbox, request, record_property):
    exercise = framework.find_exercise(name)
    answers = due(lesson, name, request.config)
    differ = []
    for answer in answers:
        (mark,) = graded(handed_in(lesson, answer), [exercise], sandbox, request.config).marks
        # That the check of a network's answer says what the bank says is proven by tests/test_exercises.py, and costs a training:
        # here it is asked only where the two differ, to tell on which side the fault is.
        same = exercise.trains and verdict(mark) == told_by_the_bank(answer)
        if mark.fault or not (same or verdict(mark) == in_process(answer, mark.seed)):
            differ.append((answer, mark, in_process(answer, mark.seed)))
    record_property("agree", f"{len(answers) - len(differ)} of {len(answers)}")
    assert answers and not differ


def test_a_notebook_of_solutions_gets_every_point(lesson, sandbox, request):
    exercises = [e for e in framework.exercises() if e.lesson == lesson.number]
    found = graded(json.dumps(derived(lesson)["solutions"]).encode(), exercises, sandbox, request.config)
    assert [(mark.exercise, mark.status) for mark in found.marks] == [(e.name, PASS) for e in exercises], found
    assert not found.problems
