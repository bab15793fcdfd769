"""Every exercise against its stub, its solution, its variant and its bank of wrong answers."""

from __future__ import annotations

import functools
import types

import pytest

from authoring import bank
from authoring.derive import tasks
from authoring.source import lessons
from course_lib.classroom import exercise as framework
from course_lib.classroom.exercise import FAIL, NOT_ATTEMPTED, PASS
from course_lib.classroom.run import run_check

LESSONS = [lesson for lesson in lessons() if lesson.has_exercises]
CASES = [
    pytest.param(lesson, task.names, id=f"{lesson.slug}-{task.names[0]}")
    for lesson in LESSONS
    for task in tasks(lesson)
]
# Capstones train for seconds: on other backends they run every week.
BACKEND_CASES = [
    pytest.param(*case.values, id=case.id, marks=pytest.mark.weekly)
    if framework.find_exercise(case.values[1][0]).capstone
    else case
    for case in CASES
]
solutions, stubs = functools.cache(bank.solutions), functools.cache(bank.stubs)
right_answers, wrong_answers = functools.cache(bank.right_answers), functools.cache(bank.wrong_answers)
RAW = (
    "{{",
    "function_node",
    "[Op:",
    "\x1b",
    "Exception encountered",
    "JudgeSpoke",
)  # how backends decorate their errors


# An answer on a seed is judged once, whichever tests want to know: answers and seed decide the outcome.
@functools.cache
def judged(*answers, name: str, seed: int):
    return run_check(*answers, name=name, seed=seed)


def how_many_seeds(exercise, asked: int | None = None, *, wrong: bool = False, weekly: bool = False) -> int:
    """On how many seeds an exercise is judged; this is the one place that says so.

    | exercise          | on a push               | every week (SEEDS=20 WEEKLY=1) |
    | most              | 4                       | 20                             |
    | slow (its judge)  | 2                       | 5                              |
    | trains a network  | 2; its wrong answers 1  | 2                              |
    | capstone          | 1                       | 4                              |

    Of right answers the solution and the variant; further ones get one seed on a push. Of a capstone on a push the solution
    alone, and one wrong answer in turn (see ``due``).
    """
    if exercise.capstone:
        return min(asked or 4, 4) if weekly else 1
    asked = asked or 4
    if exercise.trains:
        return 1 if wrong and asked < 20 else min(asked, 2)
    return min(asked, max(2, asked // 4)) if exercise.slow else asked


def due(answers: list, exercise, config) -> list:
    """Which of an exercise's right answers, or of its wrong ones, a run judges.

    All; of a capstone they train for seconds each. So without ``WEEKLY=1`` it is the solution, and that wrong answer whose
    number is the ``turn`` (the day of the year, or ``TURN=N``) modulo how many there are, counted from 0 as they stand in
    ``wrong_answers.py``.
    """
    if not exercise.capstone or config.getoption("--weekly"):
        return answers
    if isinstance(answers[0], bank.WrongAnswer):
        return [answers[config.getoption("--turn") % len(answers)]]
    return [answer for answer in answers if answer.what == "solution"]


def seeds_of(config):
    asked, weekly = (config.getoption(name) for name in ("--seeds", "--weekly"))

    def of(name: str, **which) -> range:
        return range(how_many_seeds(framework.find_exercise(name), asked, weekly=weekly, **which))

    return of


@pytest.fixture
def seeds(request):
    return seeds_of(request.config)


def pick(namespace: dict, names: tuple[str, ...]):
    """The answers of an exercise; later code may not have renamed or replaced them."""
    return [namespace[name] for name in names]


@pytest.mark.parametrize("lesson, names", CASES)
def test_stub_is_not_attempted(lesson, names):
    outcome = run_check(*pick(stubs(lesson), names), seed=0)
    assert outcome.status == NOT_ATTEMPTED, outcome


@pytest.mark.parametrize("lesson, names", CASES)
def test_right_answers_pass_on_every_seed(lesson, names, seeds, request):
    right = [answer for answer in right_answers(lesson) if answer.exercise == names[0]]
    assert len(right) >= 2, "a solution and a variant"
    for answer in due(right, framework.find_exercise(names[0]), request.config):
        further = answer.what not in ("solution", "variant")
        for seed in seeds(names[0])[: 1 if further and not request.config.getoption("--seeds") else None]:
            outcome = judged(*answer.answers, name=names[0], seed=seed)
            assert outcome.status == PASS, (answer.what, seed, outcome)
            assert "your" in outcome.message or not framework.find_exercise(names[0]).capstone, (
                "a capstone that passes tells its numbers"
            )


@pytest.mark.parametrize("lesson, names", CASES)
def test_every_wrong_answer_gets_the_message_of_its_own_misconception(lesson, names, seeds, record_property, request):
    bad = []
    secret = {line.strip() for line in solution_lines(lesson) if len(line.strip()) > 20}
    answers = [w for w in wrong_answers(lesson) if w.exercise == names[0]]
    answers = due(answers, framework.find_exercise(names[0]), request.config)
    for wrong in answers:
        for seed in seeds(names[0], wrong=True):
            outcome = judged(*wrong.answers, name=names[0], seed=seed)
            told = "?" in outcome.message and not [text for text in (*secret, *RAW) if text in outcome.message]
            if (outcome.status, outcome.misconception) != (FAIL, wrong.misconception) or not told:
                bad.append((wrong.misconception, seed, outcome.status, outcome.misconception, outcome.message))
                break
    record_property("killed", (lesson.slug, len(answers) - len(bad), len(answers)))
    if framework.find_exercise(names[0]).capstone:
        record_property("turn", request.config.getoption("--turn"))
    assert answers and not bad


@functools.cache
def solution_lines(lesson) -> list[str]:
    from authoring.source import read, role, split_answer

    return [
        line
        for cell in read(lesson.folder / "exercises.py").cells
        if role(cell) == "answer"
        for line in split_answer(cell.source)[2]
    ]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_judges_and_exercises_agree_on_names_and_order(lesson):
    judged = [e for e in framework.exercises() if e.lesson == lesson.number]
    assert [e.names for e in judged] == [t.names for t in tasks(lesson)]
    assert [e.position for e in judged] == list(range(1, len(judged) + 1))


@pytest.mark.parametrize(
    "asked, weekly, kind, right, wrong",
    [
        *[(None, False, "quick", 4, 4), (None, False, "slow", 2, 2), (None, False, "trains", 2, 1)],
        *[(20, True, "quick", 20, 20), (20, True, "slow", 5, 5), (20, True, "trains", 2, 2), (1, False, "slow", 1, 1)],
        *[(None, False, "capstone", 1, 1), (20, False, "capstone", 1, 1), (None, True, "capstone", 4, 4)],
        *[(20, True, "capstone", 4, 4), (2, True, "capstone", 2, 2)],
    ],
)
def test_seeds_on_a_push_and_every_week(asked, weekly, kind, right, wrong):
    exercise = types.SimpleNamespace(
        trains=kind in ("trains", "capstone"), slow=kind == "slow", capstone=kind == "capstone"
    )
    assert how_many_seeds(exercise, asked, weekly=weekly) == right
    assert how_many_seeds(exercise, asked, wrong=True, weekly=weekly) == wrong


def test_exercise_names_are_unique_in_the_course():
    names = [name for lesson in LESSONS for task in tasks(lesson) for name in task.names]
    assert len(names) == len(set(names))


@pytest.mark.backends
@pytest.mark.parametrize("lesson, names", BACKEND_CASES)
def test_solution_and_one_wrong_answer_on_this_backend(lesson, names):
    outcome = judged(*pick(solutions(lesson), names), name=names[0], seed=1)
    assert outcome.status == PASS, outcome
    wrong = next(w for w in wrong_answers(lesson) if w.exercise == names[0])
    outcome = judged(*wrong.answers, name=names[0], seed=0)
    assert (outcome.status, outcome.misconception) == (FAIL, wrong.misconception), outcome


@pytest.mark.parametrize("lesson, names", CASES)
@pytest.mark.parametrize("returned", ["text", {}, None, 1j, ...], ids=["text", "dict", "None", "complex", "ellipsis"])
def test_nonsense_is_a_failure_or_an_error_never_a_crash_or_a_pass(lesson, names, returned):
    def nonsense(*args, **kwargs):
        return returned

    outcome = run_check(*[nonsense for _ in names], name=names[0], seed=0)
    assert outcome.status in (FAIL, framework.ERROR, NOT_ATTEMPTED), outcome
    assert outcome.message
