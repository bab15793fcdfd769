"""What an instructor types: `class new`, `class demo`, `class similar`, `grade`, `report`, and what is said where it cannot be done."""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from authoring import stored_bank
from authoring.source import lessons
from course_lib.__main__ import INTERRUPTED, main
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS
from course_lib.grading import commands, demo, handout, points, running, stored
from course_lib.grading.gradebook import GradeBook
from course_lib.grading.notebooks import read
from course_lib.grading.submissions import Submission, read_roster

ROOT = Path(__file__).resolve().parent.parent


# ----- the bank in the package


def test_the_stored_bank_is_that_of_the_source(request):
    """One lesson a day, in turn, by its text; `python -m authoring lint` compares all."""
    have = [lesson for lesson in lessons() if lesson.has_exercises]
    chosen = have if request.config.getoption("--weekly") else [have[request.config.getoption("--turn") % len(have)]]
    for lesson in chosen:
        assert stored_bank.stale(lesson.slug[:2]) == []
    assert set(stored_bank.stored()) == {str(lesson.number) for lesson in have}


def test_another_bank_is_called_stale_and_renewed_in_place(tmp_path):
    place = tmp_path / "bank.json.gz"
    said = json.loads(gzip.decompress(stored_bank.PLACE.read_bytes()))
    said["lessons"]["0"]["answers"]["to_unit_range"][0]["code"] += "\n"
    place.write_bytes(gzip.compress(json.dumps(said).encode()))
    assert ["00_start_here" in problem for problem in stored_bank.stale("00", place)] == [True]
    assert "written" in stored_bank.refresh("00", place)
    assert stored_bank.stale("00", place) == [] and stored_bank.refresh("00", place) == "up to date"
    first = place.read_bytes()
    place.write_bytes(gzip.compress(json.dumps(said).encode()))
    stored_bank.refresh("00", place)
    assert place.read_bytes() == first, "the same bank has the same bytes"


def test_the_wheel_holds_the_bank_and_the_pages():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    taken = {path for pattern in package["course_lib"] for path in (ROOT / "course_lib").glob(pattern)}
    pages = {path for path in (ROOT / "course_lib" / "grading" / "pages").iterdir() if path.is_file()}
    assert pages and taken >= {stored.PLACE, *pages}


def test_a_damaged_bank_says_what_to_do(tmp_path, monkeypatch, capsys):
    (tmp_path / "bank.json.gz").write_bytes(stored.PLACE.read_bytes()[:1000])
    monkeypatch.setattr(stored, "PLACE", tmp_path / "bank.json.gz")
    stored.lessons.cache_clear()
    try:
        assert main(["class", "new", str(tmp_path / "out")]) == 2
    finally:
        stored.lessons.cache_clear()
    assert "authoring build" in capsys.readouterr().err


# ----- class new


def code_of(notebook: dict) -> str:
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def test_a_handout_has_exercises_rules_and_no_solutions(tmp_path):
    wheel = tmp_path / "bottleneck_course-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"x")
    assert main(["class", "new", str(tmp_path / "out"), "--lessons", "02,05", "--wheel", str(wheel)]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"02_undercomplete.ipynb", "05_variational.ipynb", "README.md", "grading.toml", wheel.name}
    assert wheel.name in (tmp_path / "out" / "README.md").read_text("utf-8")
    assert points.read_rules(tmp_path / "out" / "grading.toml") == points.Rules(lessons=(2, 5))
    for number in (2, 5):
        lesson = stored.lessons()[number]
        text = code_of(json.loads((tmp_path / "out" / f"{lesson.slug}.ipynb").read_text("utf-8")))
        handed_in = read((tmp_path / "out" / f"{lesson.slug}.ipynb").read_bytes())
        assert handed_in.problems == [] and handed_in.exercises[: len(lesson.answers)] == list(lesson.answers)
        for answers in lesson.answers.values():
            assert not [a for a in answers if a.what == "solution" and a.code in text]
        assert "../" not in text and "solutions/" not in text


def test_a_handout_of_all_lessons_names_what_it_wrote(tmp_path, capsys):
    assert main(["class", "new", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert all(f"{lesson.slug}.ipynb" in printed for lesson in stored.lessons().values())


def test_a_student_installs_what_there_is_and_reads_the_lesson_where_it_lies(tmp_path, capsys):
    """The course is on no package index: it comes as its folder, or as the file beside."""
    wheel = tmp_path / "bottleneck_course-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"x")
    for name, options in {"folder": [], "file": ["--wheel", str(wheel)]}.items():
        assert main(["class", "new", str(tmp_path / name), "--lessons", "02", *options]) == 0
        told = capsys.readouterr().out.splitlines()[-1]
        text = (tmp_path / name / "README.md").read_text("utf-8")
        commands_of = re.findall(r"^   ```\n   (.*)\n   ```", text, re.MULTILINE)
        assert commands_of == (["make lab"] if name == "folder" else [f"python -m pip install {wheel.name}"])
        assert ("`make lab`" in told and "--wheel FILE" in told) == (name == "folder")
        (lesson,) = re.findall(r"course's folder: `(notebooks/\w+\.ipynb)`\.", text)
        assert (ROOT / lesson).is_file() and "work/notebooks/" in text


# ----- class similar


def test_folders_for_jplag_bear_the_ids_of_the_roster(tmp_path, capsys):
    lesson = stored.lessons()[2]
    notebook = json.loads(stored.text_of(lesson.notebook))
    notebook["cells"].append({"cell_type": "code", "source": "mine = 1", "metadata": {}, "outputs": []})
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"chenanna_4711_5_{lesson.slug}.ipynb").write_text(json.dumps(notebook), "utf-8")
    (tmp_path / "students.csv").write_text("id,nmae,canvas_id\ns1,Anna Chen,4711\n", "utf-8")
    roster = ["--roster", str(tmp_path / "students.csv")]
    for name, options, student in (("by_canvas", [], "4711"), ("by_roster", roster, "s1")):
        assert main(["class", "similar", str(tmp_path / "in"), str(tmp_path / name), *options]) == 0
        assert [path.name for path in (tmp_path / name / "students").iterdir()] == [student]
        said = "students.csv: the columns id, canvas_id are read; not read: nmae."
        assert (said in capsys.readouterr().out) == bool(options)


# ----- class demo


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    place = tmp_path_factory.mktemp("demo") / "class"
    return place, demo.make(place, students=30, seed=0)


def test_an_invented_class_has_everything_that_a_real_one_has(school):
    place, expected = school
    roster = read_roster(place / "roster.csv")
    assert len(roster) == 30 and len({s.name for s in roster}) == 30
    assert {row.status for row in expected} == {PASS, FAIL, ERROR, NOT_ATTEMPTED}
    assert {row.lesson for row in expected} == set(demo.LESSONS)
    assert any(row.late for row in expected) and not all(row.late for row in expected)
    by_file = {}
    for row in expected:
        by_file.setdefault((row.student, row.file), []).append(row)
    files = {(p.parent.name, p.name): p for p in (place / "submissions").rglob("*.ipynb")}
    assert files.keys() == by_file.keys()
    assert "s001" not in {student for student, _ in files}, "one hands in nothing"
    assert any(all(row.status == NOT_ATTEMPTED for row in rows) for rows in by_file.values()), "an empty one"
    damaged = [key for key, path in files.items() if read(path.read_bytes()).problems]
    assert len(damaged) == 1 and PASS in {row.status for row in by_file[damaged[0]]}
    assert any(file.endswith("-3.ipynb") for _, file in files), "somebody hands in three times"
    assert demo.read_expected(place / "expected.csv") == expected


def test_misconceptions_cluster(school):
    """Of each exercise's wrong answers the favourite one has more than its share."""
    _, expected = school
    wrong = [(row.exercise, row.misconception) for row in expected if row.misconception]
    exercises = {exercise for exercise, _ in wrong}
    favourites = sum(max(wrong.count(one) for one in set(wrong) if one[0] == exercise) for exercise in exercises)
    assert favourites > 0.35 * len(wrong)


def test_the_same_seed_makes_the_same_class_and_another_one_another(tmp_path):
    def files(name: str, seed: int) -> dict:
        demo.make(tmp_path / name, students=6, seed=seed, lessons=[0, 1])
        return {
            path.relative_to(tmp_path / name).as_posix(): (path.read_bytes(), path.stat().st_mtime)
            for path in (tmp_path / name).rglob("*")
            if path.is_file() and path.name not in ("expected.csv", "roster.csv", "grading.toml")
        }

    first = files("a", 5)
    assert files("b", 5) == first != files("c", 6)


def test_a_further_lesson_changes_nothing_that_was_there(tmp_path):
    one = demo.make(tmp_path / "a", students=8, seed=3, lessons=[2, 3])
    two = demo.make(tmp_path / "b", students=8, seed=3, lessons=[2, 3, 4])
    assert [row for row in two if row.lesson in (2, 3)] == one


def test_every_lesson_can_be_invented_and_each_file_is_one_of_its_own(tmp_path):
    demo.make(tmp_path / "a", students=8, seed=1, lessons=list(stored.lessons()))
    hashes = [Submission("", "", "", p.read_bytes()).sha256 for p in (tmp_path / "a").rglob("*.ipynb")]
    assert len(set(hashes)) == len(hashes) > 60


def test_answers_that_would_disturb_each_other_do_not_meet(tmp_path):
    """What an answer calls is the course's own solution, and what else it defines is defined once."""
    demo.make(tmp_path / "a", students=40, seed=4, lessons=[6])
    lesson = stored.lessons()[6]
    known = {a.code: a for answers in lesson.answers.values() for a in answers}
    seen = 0
    for path in (tmp_path / "a").rglob("*.ipynb"):
        given = [known[c.source] for c in read(path.read_bytes()).cells if c.role == "answer" and c.source in known]
        solved = {a.exercise for a in given if a.what == "solution"}
        defined = [name for a in given for name in a.defines]
        assert len(defined) == len(set(defined)) and not set(defined) & lesson.answers.keys()
        assert all(a.uses <= solved for a in given)
        seen += sum(bool(a.uses) for a in given)
    assert seen, "no answer of these uses another"


# ----- what cannot be done


NOTHING = "no-such-place"


@pytest.mark.parametrize(
    "typed, said",
    [
        ("class", "required"),
        ("class new", "required"),
        ("class new full", "is not empty"),
        ("class new out --lessons 99", "no lesson 99"),
        ("class new out --lessons two", "expected numbers of lessons such as 02,05"),
        ("class new out --lessons ,", "expected numbers of lessons such as 02,05"),
        (f"class new out --wheel {NOTHING}", "is no wheel"),
        ("class new full/file/below", "cannot be made"),
        ("class demo full", "is not empty"),
        ("class demo out --students 2", "5 to 40,000 students"),
        ("class demo out --students many", "invalid int"),
        ("class demo out --seed -1", "A seed is 0 or a positive number"),
        ("class demo out --lessons 77", "no lesson 77"),
        ("class new full --nbgrader", "not empty"),
        ("class new out --nbgrader --wheel full/file", "give one of the two"),
        (f"class similar {NOTHING} out", "no such folder or zip"),
        ("class similar full out", "holds no notebook"),
        ("class similar full full", "is not empty"),
        (f"grade {NOTHING}", "no such folder or zip"),
        (f"grade full --roster {NOTHING}", "could not be read"),
        (f"class similar full out --roster {NOTHING}", "could not be read"),
        ("grade full --roster full/file", "a column named id"),
        ("grade full --lessons 99", "no lesson 99"),
        ("grade full --without no_such_thing", "No exercise asks for 'no_such_thing'"),
        ("grade full --workers 0", "at least 1"),
        ("grade full --seed -3", "positive number"),
        ("grade full --sandbox trust", "invalid choice"),
        ("grade full --gradebok x", "unrecognized arguments"),
        ("report", "There is no grade book gradebook.db"),
        ("report --gradebook mysql://host/name", "SQLite or PostgreSQL"),
        (f"report --grading {NOTHING}", "could not be read"),
        ("report --grading full/rules.toml", "there is no key point; did you mean points? (the keys are"),
        ("report --gradebook sqlite:///full/book.db --out full/file", "cannot be written"),
    ],
)
def test_what_cannot_be_done_has_a_sentence_and_status_2(typed, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "full" / "rules.toml").write_text("point = 1\n", encoding="utf-8")
    with GradeBook("sqlite:///full/book.db"):
        pass
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    try:
        status = main(shlex.split(typed))
    except SystemExit as ended:  # argparse's own
        status = ended.code
    printed = capsys.readouterr()
    assert status == 2, printed
    assert said in printed.err and "Traceback" not in printed.err, printed
    assert before.items() <= {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}.items()


# ----- from the first command to the report


@pytest.mark.sandbox
def test_a_run_that_is_stopped_says_that_it_can_go_on(tmp_path, monkeypatch, capsys):
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "01.ipynb").write_text('{"cells": []}')

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands.running, "run", stop)
    status = main(["grade", str(tmp_path / "in"), "--gradebook", f"sqlite:///{tmp_path / 'book.db'}"])
    assert status == INTERRUPTED
    assert capsys.readouterr().err.splitlines()[-1] == f"Stopped. {running.GOES_ON}"


def test_readme_prints_commands_that_there_are():
    """Each command line of README for instructors is understood as it stands."""
    text = (ROOT / "README.md").read_text("utf-8")
    lines = re.findall(r"^\S*python -m course_lib ((?:class|grade|report) [^#\n]*)", text, re.MULTILINE)
    parser = argparse.ArgumentParser()
    commands.add_to(parser.add_subparsers(dest="command", required=True))
    asked = [parser.parse_args(shlex.split(line)) for line in lines]
    assert {a.command for a in asked} == {"class", "grade", "report"}
    assert {a.what for a in asked if a.command == "class"} == {"new", "demo", "similar"}


@pytest.mark.parametrize("page", ["README.md", "site/instructors/grading.md"])
def test_an_environment_is_made_before_it_is_asked_to_install(page):
    """A fresh clone has none; the line is the one that make knows."""
    text = (ROOT / page).read_text("utf-8")
    assert 0 < text.index("make .venv/.installed") < text.index("pip install -c constraints.txt -e '.[classroom]'")
    assert "$(VENV)/.installed:" in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.sandbox
def test_an_invented_class_gets_its_right_verdicts_and_a_report(tmp_path, capsys):
    """As README prints it, in the real sandbox; two lessons are enough here, and the bench grades all."""
    place = tmp_path / "a class"
    assert main(["class", "demo", str(place), "--students", "6", "--seed", "1", "--lessons", "00,01"]) == 0
    printed = capsys.readouterr().out
    lines = [shlex.split(line)[3:] for line in printed.splitlines() if line.startswith("  python -m course_lib")]
    assert [line[0] for line in lines] == ["grade", "report"]
    for line in lines:
        assert main(line) == 0, capsys.readouterr().err
    with GradeBook(f"sqlite:///{place / 'gradebook.db'}") as book:
        got = {
            (e.student, e.file, e.mark.exercise): (e.mark.status, e.mark.misconception or "") for e in book.entries()
        }
    wanted = {
        (e.student, e.file, e.exercise): (e.status, e.misconception) for e in demo.read_expected(place / "expected.csv")
    }
    assert got == wanted
    assert (place / "report" / "report.html").is_file()


def test_lessons_are_taken_once_and_in_order():
    assert handout.lessons_of([5, 2, 5]) == [2, 5]
    assert handout.lessons_of([]) == sorted(stored.lessons())
