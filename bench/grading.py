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

from bench import pretend_class
from bench.table import show
from course_lib.classroom.exercise import PASS
from course_lib.grading import nbgrader_source
from course_lib.grading.gradebook import GradeBook
from course_lib.grading.points import KINDS, Rules

TIMES = 10  # how many times as many submissions a minute as nbgrader
CLASS, MINUTES = 300, 60  # a class of so many, all lessons, within so many minutes on two cores
GROWTH = 1.2  # most that memory may grow from the second quarter of a run to the last
RACES = "01_anatomy", "05_variational"  # a light lesson, and one with Keras
SEED = 20261130
EVERY = 3.0  # seconds between two looks at the memory
MIB = 1 << 20


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
        answers: how many were judged.
        seconds: on the clock.
        wrong: student, exercise, verdict and right verdict of each that differs.
        memory: MiB of grader and sandboxes at each look: what processes have for themselves, and their share of the rest.
        by_exercise: seconds that its answers took together, the longest first.
    """

    students: int
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
    root = str(pretend_class.ROOT)
    environment = os.environ | {"PYTHONPATH": root, "PATH": os.pathsep.join(filter(None, (path, os.environ["PATH"])))}
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return time.monotonic() - began


def race(slug: str, submissions: int, nbgrader: str, workers: int) -> Raced:
    """Release a lesson through nbgrader, fill in answers, and let both grade the very same files."""
    beside = str(Path(nbgrader).parent)
    with tempfile.TemporaryDirectory(prefix="race-") as place:
        course = Path(place) / "course"
        every = Rules(points=dict.fromkeys(KINDS, 1.0))  # those without points, too: all checks are run by both
        nbgrader_source.make(course, [int(slug[:2])], every)
        _run([nbgrader, "-m", "nbgrader", "generate_assignment", slug], course, beside)
        released = json.loads((course / "release" / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))
        right = pretend_class.write(course / "submitted", submissions, [slug], SEED, lambda _: released)
        theirs = _run([nbgrader, "-m", "nbgrader", "autograde", slug], course, beside)
        ours = _run(_ours(course / "submitted", Path(place) / "ours.db", workers), Path(place))
        graded, times = _graded(Path(place) / "ours.db")
        passed = {key: verdict[0] == PASS for key, verdict in graded.items()}
        scores = _scores(nbgrader, course)
        agree = passed == scores == {key: verdict[0] == PASS for key, verdict in right.items()}
        span = (times[-1] - times[0]).total_seconds()
        return Raced(slug, submissions, theirs, ours, (submissions - 1) / span if span else 0.0, agree)


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


def _graded(place: Path) -> tuple[dict[tuple[str, str], pretend_class.Verdict], list[datetime.datetime]]:
    """The verdicts of a grade book by student and exercise, and when each notebook was written, in order."""
    with GradeBook(f"sqlite:///{place}") as book:
        verdicts = {(e.student, e.mark.exercise): (e.mark.status, e.mark.misconception) for e in book.entries()}
    with contextlib.closing(sqlite3.connect(place)) as connection:
        times = [row[0] for row in connection.execute("SELECT graded_at FROM gradings ORDER BY graded_at")]
    return verdicts, [datetime.datetime.fromisoformat(time) for time in times]


def whole_class(students: int, lessons: Sequence[str], workers: int) -> Whole:
    """Grade a class with the command that an instructor types, looking at its memory from outside."""
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        submitted, book, said = Path(place) / "submitted", Path(place) / "ours.db", Path(place) / "said.txt"
        right = pretend_class.write(submitted, students, list(lessons), SEED)
        began, memory = time.monotonic(), []
        with said.open("w") as output:
            environment = os.environ | {"PYTHONPATH": str(pretend_class.ROOT)}
            command = _ours(submitted, book, workers)
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
        graded, _ = _graded(book)
        wrong = [
            (*key, graded.get(key, ("MISSING", None)), verdict)
            for key, verdict in right.items()
            if graded.get(key) != verdict
        ]
        return Whole(students, len(right), seconds, wrong, memory, _by_exercise(book))


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
                own = process.memory_full_info().pss
                if process.pid in inside:
                    sandboxes += own
                else:
                    grader += own
    return grader / MIB, sandboxes / MIB


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
    show(f"A class of {whole.students}: {whole.answers:,} answers, {workers} workers", ["", "", "bar", ""], rows)
    for student, exercise, got, wanted in whole.wrong[:20]:
        print(f"  {student}, {exercise}: {got}, and right is {wanted}")
    busy = sum(seconds for _, seconds, _ in whole.by_exercise)
    longest = [[name, f"{s:.0f}", f"{s / n:.2f}", f"{s / busy:.0%}"] for name, s, n in whole.by_exercise[:12]]
    longest.append(["all", f"{busy:.0f}", "", f"{busy / (workers * whole.seconds):.0%} of the workers' time"])
    show("Where the time goes: running cells, then asking and judging", ["exercise", "s", "s each", "share"], longest)
    return minutes <= most and flat and not whole.wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the status is 1 if a bar is not met."""
    parser = argparse.ArgumentParser(prog="python -m bench grading", description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30, help="of the class; 0 for none (default: %(default)s)")
    parser.add_argument("--lessons", help="such as 01,05; all if not given")
    parser.add_argument("--race", type=int, default=12, help="notebooks of a race; 0 for none (default: %(default)s)")
    parser.add_argument(
        "--nbgrader", default=sys.executable, help="a Python that has nbgrader and the course's packages"
    )
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args(argv)
    met = True
    if arguments.race:
        if subprocess.run([arguments.nbgrader, "-c", "import nbgrader"], capture_output=True).returncode:
            print(
                f"{arguments.nbgrader} has no nbgrader, so there is no race. Name a Python that has it with --nbgrader."
            )
            met = False
        else:
            races = [race(slug, arguments.race, arguments.nbgrader, arguments.workers) for slug in RACES]
            met = report_races(races, arguments.workers)
    if arguments.students:
        wanted = arguments.lessons.split(",") if arguments.lessons else []
        lessons = [slug for slug in pretend_class.slugs() if not wanted or slug[:2] in wanted]
        met &= report_class(whole_class(arguments.students, lessons, arguments.workers), arguments.workers)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
