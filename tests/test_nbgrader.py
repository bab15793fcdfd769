"""Marks in a real grade book of nbgrader, and exercises that nbgrader itself releases and grades.

nbgrader adds its buttons and servers to every JupyterLab of its environment, so it has one of its own; these tests run there:
``make test-nbgrader``.
"""

from __future__ import annotations

import datetime
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import grading as bench
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, exercises
from course_lib.grading import gradebook, nbgrader_export, nbgrader_source, stored
from course_lib.grading.judging import Graded, Mark
from course_lib.grading.points import Rules
from course_lib.grading.submissions import Student, Submission

ROOT = Path(__file__).resolve().parent.parent
LESSON = 1
NAME = stored.lessons()[LESSON].slug
EXERCISES = [exercise for exercise in exercises() if exercise.lesson == LESSON]
FIRST, SECOND, *_ = [exercise.name for exercise in EXERCISES if exercise.kind == "core"]
NOON = datetime.datetime(2026, 10, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def api():
    if importlib.util.find_spec("nbgrader") is None:
        pytest.skip("nbgrader is not installed in this environment: make test-nbgrader")
    return importlib.import_module("nbgrader.api")


@pytest.fixture(scope="module")
def blank(api, tmp_path_factory):
    """A grade book of nbgrader with nothing in it: to make one costs seconds, to copy it none."""
    place = tmp_path_factory.mktemp("blank") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:  # nbgrader calls alembic by its name
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        api.Gradebook(f"sqlite:///{place}").close()
    return place


@pytest.fixture
def book(tmp_path):
    """Three students: Ada has all but one right, Bob the first alone and late, Cleo has handed in nothing."""
    with gradebook.GradeBook(f"sqlite:///{tmp_path / 'ours.db'}") as book:
        book.enrol(
            [Student("a1", "Ada Lovelace", "ada@example.org", "77"), Student("b2", "Bob"), Student("c3", "Cleo M")]
        )
        hand_in(book, "a1", {SECOND: (FAIL, "wrong-formula", "Which axis?")}, b"ada")
        others = {e.name: (NOT_ATTEMPTED, None, "Nothing yet.") for e in EXERCISES if e.name != FIRST}
        hand_in(book, "b2", others, b"bob", late=True)
        yield book


def hand_in(book, student: str, unlike: dict, data: bytes, *, when=NOON, late=False) -> None:
    """Record a submission in which every exercise passes but those that are named."""
    told = {exercise.name: (PASS, None, "Right.") for exercise in EXERCISES} | unlike
    marks = [Mark(name, status, wrong, said, 1, 0.1) for name, (status, wrong, said) in told.items()]
    submission = Submission(student, student, f"{NAME}.ipynb", data, when, late)
    assert book.record(submission, LESSON, Graded(marks), course="1")


def contents(api, place: Path) -> dict:
    """Everything that a grade book of nbgrader holds, as its API tells it."""
    with api.Gradebook(f"sqlite:///{place}") as theirs:
        return {
            "students": [student.to_dict() for student in theirs.students],
            "cells": [
                (cell.name, cell.max_score) for a in theirs.assignments for n in a.notebooks for cell in n.grade_cells
            ],
            "scores": {
                (s.student.id, grade.name): (grade.score, grade.needs_manual_grade)
                for a in theirs.assignments
                for s in a.submissions
                for n in s.notebooks
                for grade in n.grades
            },
            "comments": {
                (s.student.id, comment.name): comment.comment
                for a in theirs.assignments
                for s in a.submissions
                for n in s.notebooks
                for comment in n.comments
            },
            "times": {s.student.id: s.timestamp for a in theirs.assignments for s in a.submissions},
        }


def test_marks_are_read_back_through_nbgraders_api(api, book, tmp_path):
    rules = Rules(exercises={FIRST: 4.0})
    written = nbgrader_export.write(book, rules, str(tmp_path / "theirs.db"))
    assert (written.assignments, written.students, written.submissions) == ([NAME], 3, 2)
    found = contents(api, tmp_path / "theirs.db")
    assert dict(found["cells"]) == {e.name: rules.worth(e) for e in EXERCISES}
    assert {s["id"]: (s["first_name"], s["last_name"], s["email"], s["lms_user_id"]) for s in found["students"]} == {
        "a1": ("Ada", "Lovelace", "ada@example.org", "77"),
        "b2": (None, "Bob", None, None),
        "c3": ("Cleo", "M", None, None),
    }
    assert found["scores"]["a1", FIRST] == (4.0, False) and found["scores"]["a1", SECOND] == (0.0, False)
    assert found["scores"]["b2", FIRST] == (2.0, False), "late: half of its points"
    assert {student for student, _ in found["scores"]} == {"a1", "b2"}, "who handed in nothing has no submission"
    assert found["comments"]["a1", f"{SECOND}_answer"] == "FAIL (wrong-formula): Which axis?"
    assert found["comments"]["b2", f"{FIRST}_answer"] == "PASS: Right. Handed in late."
    assert found["times"]["a1"] == NOON.replace(tzinfo=None)


def test_writing_twice_doubles_nothing_and_a_new_hand_in_is_taken_over(api, blank, book, tmp_path):
    place = shutil.copyfile(blank, tmp_path / "theirs.db")
    nbgrader_export.write(book, Rules(), str(place))
    before = contents(api, place)
    nbgrader_export.write(book, Rules(), f"sqlite:///{place}")
    assert contents(api, place) == before
    later = NOON + datetime.timedelta(hours=2)
    hand_in(book, "a1", {}, b"again", when=later)
    nbgrader_export.write(book, Rules(exercises={FIRST: 3.0}), str(place))
    after = contents(api, place)
    assert after["scores"]["a1", SECOND] == (1.0, False) and after["scores"]["a1", FIRST] == (3.0, False)
    assert after["times"] == before["times"] | {"a1": later.replace(tzinfo=None)}
    assert len(after["scores"]) == len(before["scores"]) and len(after["students"]) == 3


def test_what_was_given_by_hand_stays(api, blank, book, tmp_path):
    place = shutil.copyfile(blank, tmp_path / "theirs.db")
    nbgrader_export.write(book, Rules(), str(place))
    with api.Gradebook(f"sqlite:///{place}") as theirs:
        theirs.find_grade(SECOND, NAME, NAME, "a1").manual_score = 0.5
        theirs.find_comment(f"{SECOND}_answer", NAME, NAME, "a1").manual_comment = "Nearly."
        theirs.update_or_create_student("b2", last_name="Robertson")
        theirs.db.commit()
    hand_in(book, "a1", {}, b"again", when=NOON + datetime.timedelta(hours=2))
    nbgrader_export.write(book, Rules(), str(place))
    found = contents(api, place)
    assert found["scores"]["a1", SECOND] == (0.5, True), "as in nbgrader: the score stays, and is to be looked at again"
    assert found["comments"]["a1", f"{SECOND}_answer"] == "Nearly."
    assert {s["id"]: s["last_name"] for s in found["students"]}["b2"] == "Robertson"


@pytest.mark.parametrize(
    "place, says",
    [("ours.db", "the course's own"), ("no/folder.db", "There is no folder"), ("other.db", "other tables")],
)
def test_a_place_that_is_no_grade_book_of_nbgrader_is_left_alone(place, says, api, book, tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    before = {path: path.read_bytes() for path in tmp_path.glob("o*.db")}
    with pytest.raises(nbgrader_export.NbgraderError, match=says):
        nbgrader_export.write(book, Rules(), str(tmp_path / place))
    assert {path: path.read_bytes() for path in tmp_path.glob("o*.db")} == before


def test_without_nbgrader_it_says_what_to_install(book, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(nbgrader_export.NbgraderError, match=r"bottleneck-course\[nbgrader\]"):
        nbgrader_export.write(book, Rules(), str(tmp_path / "theirs.db"))


@pytest.mark.parametrize("lesson", stored.lessons().values(), ids=lambda lesson: lesson.slug)
def test_cutting_out_the_solutions_leaves_what_learners_get(lesson):
    source = nbgrader_source.source(lesson, Rules())
    stubs = {c["metadata"]["course"]["exercise"]: c for c in lesson.notebook["cells"] if role(c) == "answer"}
    ids = [c["metadata"]["nbgrader"]["grade_id"] for c in source["cells"] if "nbgrader" in c["metadata"]]
    own = [exercise for exercise in exercises() if exercise.lesson == lesson.number]
    assert sorted(ids) == sorted([e.name for e in own] + [f"{e.name}_answer" for e in own])
    for cell in source["cells"]:
        if role(cell) == "answer":
            lines, inside = [], False
            for line in "".join(cell["source"]).split("\n"):
                inside = inside or nbgrader_source.BEGIN in line
                if not inside:
                    lines.append(line)
                elif nbgrader_source.END in line:
                    inside = False
            stub = "".join(stubs[cell["metadata"]["course"]["exercise"]]["source"]).split("\n")
            assert lines == [line for line in stub if "raise NotImplementedError(" not in line]


def test_a_solution_that_changes_more_than_the_stub_is_refused():
    with pytest.raises(ValueError, match="differ beside the answer"):
        nbgrader_source.with_marks("def f(x):\n    raise NotImplementedError('f')", "def f(y):\n    return y")


def role(cell: dict) -> str | None:
    return cell["metadata"].get("course", {}).get("role")


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run nbgrader as a person would, in a course's folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": path, "COURSE_HOME": str(folder)}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nbgrader_releases_and_grades_our_exercises_and_takes_our_marks(api, book, tmp_path):
    course = tmp_path / "course"
    nbgrader_source.make(course, [LESSON])
    nbgrader(course, "generate_assignment", NAME)
    released = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    text = json.dumps(released)
    for answers in stored.lessons()[LESSON].answers.values():
        (solution,) = (answer for answer in answers if answer.what == "solution")
        last = solution.code.strip().splitlines()[-1].strip()
        assert json.dumps(last)[1:-1] not in text
    # Ada hands in a right answer to the first exercise, and leaves the second one as it is.
    (right,) = (a for a in stored.lessons()[LESSON].answers[FIRST] if a.what == "solution")
    for cell in released["cells"]:
        if role(cell) == "answer" and cell["metadata"]["course"]["exercise"] == FIRST:
            cell["source"] = right.code
    place = course / "submitted" / "a1" / NAME
    place.mkdir(parents=True)
    (place / f"{NAME}.ipynb").write_text(json.dumps(released), encoding="utf-8")
    nbgrader(course, "autograde", NAME, "--create")
    graded = contents(api, course / "gradebook.db")["scores"]
    assert graded["a1", FIRST] == (1.0, False) and graded["a1", SECOND] == (0.0, False)

    written = nbgrader_export.write(book, Rules(), str(course / "gradebook.db"))
    assert not written.left_out
    found = contents(api, course / "gradebook.db")
    cells = [name for name, _ in found["cells"]]
    assert sorted(cells) == sorted(e.name for e in EXERCISES), "the cells that nbgrader released, and no second ones"
    assert found["scores"]["b2", FIRST] == (0.5, False)
    with pytest.raises(nbgrader_export.NbgraderError, match=f"{FIRST} is worth 9 points here, and 1 in nbgrader's"):
        nbgrader_export.write(book, Rules(exercises={FIRST: 9.0}), str(course / "gradebook.db"))


@pytest.mark.parametrize("status", [FAIL, ERROR, NOT_ATTEMPTED])
def test_the_cell_of_a_check_raises_unless_it_passes(status, monkeypatch, tmp_path):
    from course_lib.classroom.exercise import Outcome
    from course_lib.grading import nbgrader_cells

    noted, shown = [], []
    monkeypatch.setattr(nbgrader_cells.records, "record_check", lambda outcome: noted.append(outcome) or {})
    monkeypatch.setattr(nbgrader_cells.cards, "show", shown.append)
    outcome = Outcome(status, "wrong-type" if status == FAIL else None, "Which axis?", FIRST)
    monkeypatch.setattr(nbgrader_cells, "run_check", lambda *_, **__: outcome)
    with pytest.raises(nbgrader_cells.NoPoints, match="Which axis"):
        nbgrader_cells.check_for_points(print)
    assert len(noted) == len(shown) == 1
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setattr(nbgrader_cells, "run_check", lambda *_, **__: Outcome(PASS, None, "Right.", FIRST))
    nbgrader_cells.check_for_points(print)
    assert len(noted) == 1 and len(shown) == 2, "who grades keeps records of nobody else's answers"


FLAT = [(100.0, 900.0)] * 8
WHOLE = {
    "students": 30,
    "notebooks": 60,
    "answers": 400,
    "seconds": 60.0,
    "wrong": [],
    "memory": FLAT,
    "by_exercise": [(FIRST, 9.0, 60)],
}


@pytest.mark.parametrize(
    "unlike, says",
    [
        ({}, "ok"),
        ({"seconds": 3600.0}, "TOO SLOW"),
        ({"memory": [*FLAT[:6], (100.0, 1200.0), (100.0, 900.0)]}, "GROWS"),
        ({"wrong": [("s1", "file", FIRST, (FAIL, "x"), (PASS, ""))]}, "WRONG"),
    ],
)
def test_the_bench_fails_when_a_class_takes_too_long_grows_or_gets_other_verdicts(unlike, says, capsys):
    assert bench.report_class(bench.Whole(**WHOLE | unlike), workers=2) is (not unlike)
    assert says in capsys.readouterr().out


@pytest.mark.parametrize("ours, agree, met", [(8.0, True, True), (12.0, True, False), (8.0, False, False)])
def test_the_bench_fails_when_a_race_is_not_won_or_points_differ(ours, agree, met, capsys):
    raced = bench.Raced(NAME, submissions=10, nbgrader=100.0, ours=ours, steady=2.0, agree=agree)
    assert bench.report_races([raced], workers=2) is met
    text = capsys.readouterr().out
    assert ("OTHER POINTS" in text) is not agree and f"{100 / ours:.1f}" in text


def test_a_check_that_gives_points_takes_a_function_of_another_name(monkeypatch):
    from course_lib.grading import nbgrader_cells

    (right,) = (a for a in stored.lessons()[LESSON].answers[FIRST] if a.what == "solution")
    space: dict = {}
    exec(f"import numpy as np\n{right.code.replace(f'def {FIRST}(', 'def mine(')}\n{FIRST} = mine", space)
    shown = []
    monkeypatch.setattr(nbgrader_cells.cards, "show", shown.append)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    exec(nbgrader_source.check_cell((FIRST,)), space)
    assert len(shown) == 1 and "PASS" in str(shown[0])


def test_the_notebooks_of_a_race_are_those_that_nbgrader_released(tmp_path):
    released = nbgrader_source.source(stored.lessons()[LESSON], Rules())
    place = tmp_path / "release" / NAME / f"{NAME}.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(released), encoding="utf-8")
    right = bench.hand_in(tmp_path, LESSON, 3)
    files = sorted((tmp_path / "submitted").rglob("*.ipynb"))
    assert len(files) == 3 and len(right) == 3 * len(EXERCISES) and set(right.values()) == {True, False}
    for file in files:
        given = json.loads(file.read_text(encoding="utf-8"))
        assert [c["metadata"] for c in given["cells"]] == [c["metadata"] for c in released["cells"]]
