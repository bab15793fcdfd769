"""Grading a class: ours against `nbgrader autograde` on the same files, then a whole class over all lessons.

``python -m bench grading --students 30`` is the small one, ``--students 300`` the class that the course promises. The race
wants nbgrader; as it adds itself to JupyterLab, keep it in an environment of its own and name its Python with ``--nbgrader``.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.table import show
from course_lib.classroom.exercise import PASS
from course_lib.grading import demo, handout, nbgrader_source, stored
from course_lib.grading.gradebook import GradeBook
from course_lib.grading.points import KINDS, Rules

TIMES = 10  # how many times as many submissions a minute as nbgrader
CLASS, MINUTES = 300, 60  # a class of so many, all lessons, within so many minutes on two cores
GROWTH = 1.2  # most that memory may grow from the second quarter of a run to the last
RACES = 1, 5  # a light lesson, and one with Keras
SEED = 20261130
EVERY = 3.0  # seconds between two looks at the memory
MIB = 1 << 20
ROOT = Path(__file__).resolve().parent.parent
OVERLAY = ROOT / "build" / "nbgrader" / "bin" / "python"  # where `make test-nbgrader` installs it

Verdict = tuple[str, str]  # status and misconception
Key = tuple[str, str, str]  # student, file, exercise


@dataclass(frozen=True)
class Raced:
    """One lesson's notebooks graded by both.

    Attributes:
        slug: which lesson.
        submissions: how many notebooks.
        nbgrader: seconds that nbgrader took, its start included.
        ours: seconds that we took, our start included.
        steady: notebooks a second between the first and the last one graded, without our start.
        agree: whether both give every answer the same points.
    """

    slug: str
    submissions: int
    nbgrader: float
    ours: float
    steady: float
    agree: bool


@dataclass(frozen=True)
class Whole:
    """A class graded over all lessons.

    Attributes:
        notebooks: how many were graded.
        answers: how many were judged.
        seconds: on the clock.
        wrong: student, exercise, verdict and right verdict of each that differs.
        memory: MiB of grader and sandboxes at each look: what processes have for themselves, and their share of the rest.
        by_exercise: seconds that its answers took together, the longest first.
    """

    students: int
    notebooks: int
    answers: int
    seconds: float
    wrong: list[tuple]
    memory: list[tuple[float, float]]
    by_exercise: list[tuple[str, float, int]]


def _ours(submitted: Path, book: Path, workers: int) -> list[str]:
    command = [sys.executable, "-m", "course_lib", "grade", str(submitted), "--gradebook", f"sqlite:///{book}"]
    return [*command, "--workers", str(workers), "--seed", str(SEED)]


def _run(command: list[str], folder: Path, path: str | None = None) -> float:
    """Seconds of a command.

    Raises:
        RuntimeError: with what it said, if it fails.
    """
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": os.pathsep.join(filter(None, (path, os.environ["PATH"]))),
    }
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return time.monotonic() - began


def race(lesson: int, submissions: int, nbgrader: str, workers: int) -> Raced:
    """Release a lesson through nbgrader, fill in answers, and let both grade the very same files."""
    slug, beside = stored.lessons()[lesson].slug, str(Path(nbgrader).parent)
    with tempfile.TemporaryDirectory(prefix="race-") as place:
        course, book = Path(place) / "course", Path(place) / "ours.db"
        every = Rules(points=dict.fromkeys(KINDS, 1.0))  # those without points, too: all checks are run by both
        nbgrader_source.make(course, [lesson], every)
        _run([nbgrader, "-m", "nbgrader", "generate_assignment", slug], course, beside)
        right = hand_in(course, lesson, submissions)
        theirs = _run([nbgrader, "-m", "nbgrader", "autograde", slug], course, beside)
        ours = _run(_ours(course / "submitted", book, workers), Path(place))
        verdicts, times = _graded(book)
        passed = {(student, name): verdict[0] == PASS for (student, _, name), verdict in verdicts.items()}
        agree = passed == right == _scores(nbgrader, course)
        span = (times[-1] - times[0]).total_seconds()
        return Raced(slug, submissions, theirs, ours, (submissions - 1) / span if span else 0.0, agree)


def hand_in(course: Path, lesson: int, submissions: int) -> dict[tuple[str, str], bool]:
    """Fill in what nbgrader released with the answers of an invented class; by student and exercise, whether each is right."""
    slug = stored.lessons()[lesson].slug
    released = json.loads((course / "release" / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        invented = Path(place) / "class"
        expected = demo.make(invented, students=submissions + submissions // 5 + 5, seed=SEED, lessons=[lesson])
        right: dict[tuple[str, str], bool] = {}
        for student in sorted({row.student for row in expected}):
            try:
                answered = json.loads(
                    (invented / "submissions" / student / f"{slug}.ipynb").read_text(encoding="utf-8")
                )
            except ValueError:  # the one that is cut off: nbgrader would not read it
                continue
            codes = {name: cell["source"] for name, cell in _answers(answered)}
            for name, cell in _answers(released):
                cell["source"] = codes[name]
            file = course / "submitted" / student / slug / f"{slug}.ipynb"
            file.parent.mkdir(parents=True)
            file.write_text(stored.text_of(released), encoding="utf-8")
            own = [row for row in expected if row.student == student and row.file == file.name]
            right |= {(student, row.exercise): row.status == PASS for row in own}
            if len({key[0] for key in right}) == submissions:
                return right
    raise RuntimeError(f"The invented class has handed in fewer than {submissions} notebooks of lesson {lesson}.")


def _answers(notebook: dict) -> list[tuple[str, dict]]:
    courses = [(cell, cell["metadata"].get("course", {})) for cell in notebook["cells"]]
    return [(course["exercise"], cell) for cell, course in courses if course.get("role") == "answer"]


_SCORES = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps([
        [submission.student.id, grade.name, grade.auto_score]
        for assignment in book.assignments for submission in assignment.submissions
        for notebook in submission.notebooks for grade in notebook.grades if grade.max_score
    ]))
"""


def _scores(nbgrader: str, course: Path) -> dict[tuple[str, str], bool]:
    said = subprocess.run([nbgrader, "-c", _SCORES], cwd=course, check=True, capture_output=True, text=True).stdout
    return {(student, exercise): score > 0 for student, exercise, score in json.loads(said.splitlines()[-1])}


def _graded(place: Path) -> tuple[dict[Key, Verdict], list[datetime.datetime]]:
    """The verdicts of a grade book, and when each notebook was written, in order."""
    with GradeBook(f"sqlite:///{place}") as book:
        marks = [((entry.student, entry.file, entry.mark.exercise), entry.mark) for entry in book.entries()]
    with contextlib.closing(sqlite3.connect(place)) as connection:
        times = [row[0] for row in connection.execute("SELECT graded_at FROM gradings ORDER BY graded_at")]
    verdicts = {key: (mark.status, mark.misconception or "") for key, mark in marks}
    return verdicts, [datetime.datetime.fromisoformat(time) for time in times]


def whole_class(students: int, lessons: list[int], workers: int) -> Whole:
    """Grade an invented class with the command that an instructor types, looking at its memory from outside."""
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        invented, book, said = Path(place) / "class", Path(place) / "ours.db", Path(place) / "said.txt"
        expected = demo.make(invented, students=students, seed=SEED, lessons=lessons)
        right = {(row.student, row.file, row.exercise): (row.status, row.misconception) for row in expected}
        began, memory = time.monotonic(), []
        with said.open("w") as output:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            command = _ours(invented / "submissions", book, workers)
            process = subprocess.Popen(command, cwd=place, env=environment, stdout=output, stderr=output)
            try:
                while process.poll() is None:
                    memory.append(_memory(process.pid))
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(EVERY)
            finally:
                process.kill()
                process.wait()
        seconds = time.monotonic() - began
        if process.returncode:
            raise RuntimeError(f"The grader failed:\n{said.read_text()[-3000:]}")
        graded, times = _graded(book)
        wrong = [
            (*key, graded.get(key, ("not graded", "")), verdict)
            for key, verdict in right.items()
            if graded.get(key) != verdict
        ]
        return Whole(students, len(times), len(right), seconds, wrong, memory, _by_exercise(book))


def _by_exercise(place: Path) -> list[tuple[str, float, int]]:
    spent = defaultdict(list)
    with GradeBook(f"sqlite:///{place}") as book:
        for entry in book.entries():
            spent[entry.mark.exercise].append(entry.mark.seconds)
    return sorted(((name, sum(own), len(own)) for name, own in spent.items()), key=lambda row: -row[1])


def _memory(pid: int) -> tuple[float, float]:
    """MiB of the grader's processes, and of the sandboxes': pages that are shared count once, as parts."""
    grader = sandboxes = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        inside = {
            child.pid
            for process in root.children(recursive=True)
            if _name(process) == "bwrap"
            for child in [process, *process.children(recursive=True)]
        }
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                own = _proportional(process.pid)
                if process.pid in inside:
                    sandboxes += own
                else:
                    grader += own
    return grader / MIB, sandboxes / MIB


def _proportional(pid: int) -> int:
    """Bytes that a process has for itself, and its part of those that it shares; 0 if it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def quarters(memory: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The most of each quarter of a run, of grader and sandboxes."""
    step = max(1, len(memory) // 4)
    parts = [memory[i * step : (i + 1) * step if i < 3 else None] or memory[-1:] for i in range(4)]
    return [(max(own for own, _ in part), max(other for _, other in part)) for part in parts]


def report_races(races: Sequence[Raced], workers: int) -> bool:
    """Print how many notebooks a minute; True if ours are enough times as many and both agree."""
    rows, met = [], True
    for raced in races:
        times = raced.nbgrader / raced.ours
        met &= times >= TIMES and raced.agree
        said = "ok" if times >= TIMES else "TOO SLOW"
        rows += [
            [
                f"{raced.slug}: nbgrader autograde",
                raced.submissions,
                f"{raced.nbgrader:.1f}",
                _a_minute(raced, raced.nbgrader),
                "1.0",
                "",
            ],
            [
                f"{raced.slug}: grade, {workers} workers",
                raced.submissions,
                f"{raced.ours:.1f}",
                _a_minute(raced, raced.ours),
                f"{times:.1f}",
                said,
            ],
            [
                f"{raced.slug}: once it has started",
                "",
                "",
                f"{60 * raced.steady:.0f}",
                f"{raced.steady * raced.nbgrader / raced.submissions:.1f}",
                "same points" if raced.agree else "OTHER POINTS",
            ],
        ]
    columns = ["the same files, one after the other", "notebooks", "seconds", "a minute", "times", f"{TIMES} times"]
    show("Notebooks a minute, start included", columns, rows)
    return met


def _a_minute(raced: Raced, seconds: float) -> str:
    return f"{60 * raced.submissions / seconds:.1f}"


def report_class(whole: Whole, workers: int) -> bool:
    """Print what a class costs; True if it is quick enough, memory stays flat, and every verdict is right."""
    minutes = whole.seconds / 60
    most = MINUTES * whole.students / CLASS
    parts = quarters(whole.memory)
    flat = all(parts[3][i] <= GROWTH * parts[1][i] for i in (0, 1))
    rows = [
        ["minutes", f"{minutes:.1f}", f"{most:.1f}", "ok" if minutes <= most else "TOO SLOW"],
        [f"minutes for {CLASS} at this pace", f"{minutes * CLASS / whole.students:.1f}", f"{MINUTES}", ""],
        ["verdicts that differ", str(len(whole.wrong)), "0", "ok" if not whole.wrong else "WRONG"],
        *(
            [f"MiB in quarter {n}: grader + sandboxes", f"{own:.0f} + {other:.0f}", "", ""]
            for n, (own, other) in enumerate(parts, start=1)
        ),
        [
            "growth from quarter 2 to 4",
            f"{max(parts[3][i] / max(1, parts[1][i]) for i in (0, 1)):.2f}",
            f"{GROWTH}",
            "ok" if flat else "GROWS",
        ],
    ]
    show(
        f"A class of {whole.students}: {whole.notebooks:,} notebooks, {whole.answers:,} answers, {workers} workers",
        ["", "", "bar", ""],
        rows,
    )
    for student, file, exercise, got, wanted in whole.wrong[:20]:
        print(f"  {student}, {file}, {exercise}: {got}, and right is {wanted}")
    busy = sum(seconds for _, seconds, _ in whole.by_exercise)
    longest = [[name, f"{s:.0f}", f"{s / n:.2f}", f"{s / busy:.0%}"] for name, s, n in whole.by_exercise[:12]]
    longest.append(["all", f"{busy:.0f}", "", f"{busy / (workers * whole.seconds):.0%} of the workers' time"])
    show("Where the time goes: running cells, then asking and judging", ["exercise", "s", "s each", "share"], longest)
    return minutes <= most and flat and not whole.wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the status is 1 if a bar is not met."""
    parser = argparse.ArgumentParser(prog="python -m bench grading", description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30, help="of the class; 0 for none (default: %(default)s)")
    parser.add_argument("--lessons", default="", help="such as 01,05; all if not given")
    parser.add_argument("--race", type=int, default=12, help="notebooks of a race; 0 for none (default: %(default)s)")
    parser.add_argument(
        "--nbgrader",
        help="a Python that has nbgrader and the course's packages (default: that of `make test-nbgrader`)",
    )
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args(argv)
    met = True
    if arguments.race:
        nbgrader = arguments.nbgrader or (str(OVERLAY) if OVERLAY.exists() else sys.executable)
        if subprocess.run([nbgrader, "-c", "import nbgrader"], capture_output=True).returncode:
            print(f"{nbgrader} has no nbgrader, so there is no race. Name a Python that has it with --nbgrader.")
            met = False
        else:
            races = [race(lesson, arguments.race, nbgrader, arguments.workers) for lesson in RACES]
            met = report_races(races, arguments.workers)
    if arguments.students:
        lessons = handout.lessons_of([int(part) for part in arguments.lessons.split(",") if part])
        met &= report_class(whole_class(arguments.students, lessons, arguments.workers), arguments.workers)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
