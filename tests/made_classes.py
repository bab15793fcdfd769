"""A small class of submissions for tests, and judges that stand in for the sandbox where it is not the point.

A judge is handed to processes of their own, so it stands here and not within a test.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import time
from pathlib import Path

from course_lib.classroom.exercise import FAIL, PASS
from course_lib.grading import gradebook, running
from course_lib.grading.judging import Graded, Mark, seed_for
from course_lib.grading.submissions import Submission

LESSON, EXERCISE = 0, "to_unit_range"  # the lightest of the course: one exercise, without Keras
ANSWERS = {
    "right": "def to_unit_range(x):\n    return x / 255\n",
    "wrong": "def to_unit_range(x):\n    return x / 256\n",
    "broken": "def to_unit_range(x):\n    return y\n",
    "blank": 'def to_unit_range(x):\n    raise NotImplementedError("to_unit_range: write your answer here")\n',
}


def notebook(code: str, exercise: str = EXERCISE) -> bytes:
    """A notebook with one cell, the answer to an exercise."""
    about = {"course": {"exercise": exercise, "role": "answer"}}
    cell = {"cell_type": "code", "metadata": about, "source": code, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def submission(student: str = "ada", answer: str = "right", **about) -> Submission:
    """What one student hands in; no two students hand in the same bytes."""
    about = {"name": student.title(), "file": "00_start_here.ipynb", **about}
    return Submission(student, data=notebook(f"# {student!a}\n{ANSWERS[answer]}"), **about)


def small_class(students: int) -> list[Submission]:
    """Submissions of so many students, whose answers differ."""
    kinds = list(ANSWERS)
    return [submission(f"student {n:03}", kinds[n % len(kinds)]) for n in range(students)]


def write_class(folder: Path, students: int) -> Path:
    """The same as folders on the disk."""
    for one in small_class(students):
        (folder / one.student).mkdir(parents=True)
        (folder / one.student / one.file).write_bytes(one.data)
    return folder


# ----- judges


def marks(one: Submission, lesson: int, settings: running.Settings) -> Graded:
    """Marks that follow from the submission and the seed, at once."""
    seed = seed_for(settings.seed, one.sha256, EXERCISE)
    status, misconception = (PASS, None) if seed % 3 else (FAIL, "off-by-one")
    return Graded([Mark(EXERCISE, status, misconception, f"said of {one.student}", seed, 0.001)], [])


def noting(one: Submission, lesson: int, settings: running.Settings, *, log: str, seconds: float = 0.0) -> Graded:
    """The same after so many seconds of work; who judged what is noted in a file."""
    with open(log, "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {one.student}\n")
    time.sleep(seconds)  # what judging takes
    return marks(one, lesson, settings)


def dying(one: Submission, lesson: int, settings: running.Settings, *, log: str, at: str, times: int) -> Graded:
    """The same, but the process ends at one student, so many times."""
    noting(one, lesson, settings, log=log)
    if one.student == at and judged(log).count(at) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return marks(one, lesson, settings)


def failing(one: Submission, lesson: int, settings: running.Settings, *, log: str, at: str, times: int) -> Graded:
    """The same, but the judge has a fault."""
    noting(one, lesson, settings, log=log)
    if one.student == at and judged(log).count(at) <= times:
        raise ZeroDivisionError("a fault of ours")
    return marks(one, lesson, settings)


def judged(log: str | Path) -> list[str]:
    """The students whose submissions were judged, in order."""
    path = Path(log)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.partition(" ")[2] for line in lines]


def judges(log: str | Path) -> list[int]:
    """The processes that judged, in order."""
    return [int(line.partition(" ")[0]) for line in Path(log).read_text(encoding="utf-8").splitlines()]


# ----- a grader in a process of its own


def grade_class(url: str, students: int, log: str, seconds: float, workers: int = 1, said=None) -> None:
    """Grade a class; each submission that is written is told through ``said``."""

    def tell(told: running.Told) -> None:
        if said is not None and told.graded:
            said.send(told.graded)

    pool = running.Pool(workers, functools.partial(noting, log=log, seconds=seconds))
    with gradebook.GradeBook(url) as book:
        name, seed = book.begin(7)
        running.run(small_class(students), book, running.Settings(seed), pool, name=name, progress=tell)
        book.finish(name)


def kept(url: str) -> list[tuple]:
    """What a grade book holds, without what differs between two runs."""
    with gradebook.GradeBook(url) as book:
        return sorted((e.student, e.lesson, e.sha256, e.run, *vars(e.mark).values()) for e in book.entries())
