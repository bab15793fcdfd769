"""Hostile submissions: none gains a point, reads, reaches or ends anything, and an honest one beside them gets its mark."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from made_hostile import ATTACKS, HONEST, Attack

from course_lib.classroom import exercise as framework
from course_lib.classroom.exercise import PASS
from course_lib.grading.judging import Mark, grade
from course_lib.grading.notebooks import Cell, HandedIn
from course_lib.grading.sandbox import NoSandbox, Sandbox, working_runner

pytestmark = pytest.mark.sandbox
NAME = "to_unit_range"
SECONDS = 5.0  # for an answer: many of these never end


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(working_runner(), keras=False) as running:
        yield running


@pytest.fixture(scope="module")
def bystander(sandbox):
    """A room of somebody else, in which a submission waits while the attacks run."""
    from course_lib.grading.room import Room

    room = Room(sandbox)
    room.run_cell("answer = 'untouched'")
    yield room
    room.close()


def judged(sandbox: Sandbox, code: str) -> Mark:
    exercise = dataclasses.replace(framework.find_exercise(NAME), time_limit=SECONDS)
    handed_in = HandedIn([Cell(code, NAME, "answer")])
    (mark,) = grade(handed_in, [exercise], sandbox, seed=7, submission=hashlib.sha256(code.encode()).hexdigest()).marks
    return mark


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name.replace(" ", "-"))
def test_an_attack_gains_nothing(attack: Attack, sandbox, bystander):
    mark = judged(sandbox, attack.code)
    assert mark.status != PASS, mark
    assert attack.says in mark.message, mark
    assert not mark.fault, mark
    assert bystander.run_cell("print(answer)")["printed"] == "untouched\n"


def test_an_honest_answer_passes_among_them(sandbox):
    assert judged(sandbox, HONEST).status == PASS


def test_what_an_attack_leaves_is_met_by_nobody(sandbox):
    judged(sandbox, "import os, time\nopen('/scratch/left', 'w').write('x')\ndef to_unit_range(x):\n    return x\n")
    looking = "import os\ndef to_unit_range(x):\n    raise RuntimeError(os.listdir('/scratch'))\n"
    assert "RuntimeError: []" in judged(sandbox, looking).message


def test_without_a_sandbox_nothing_is_graded(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoSandbox, match="bwrap is not installed"):
        working_runner()
