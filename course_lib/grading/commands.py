"""``class``, ``grade`` and ``report`` of ``python -m course_lib``: what an instructor types."""

from __future__ import annotations

import argparse
import datetime
import secrets
import sys
import time
from pathlib import Path

from course_lib.grading import gradebook, handout, points, report, running, sandbox, submissions

EXTRA = "python -m pip install 'bottleneck-course[classroom]'"


def add_to(commands: argparse._SubParsersAction) -> None:
    """The parsers of the commands."""
    school = commands.add_parser(
        "class", help="for instructors: make a hand-out, or invent a class to try grading with"
    )
    which = school.add_subparsers(dest="what", required=True)
    new = which.add_parser("new", help="a hand-out: exercises and grading.toml, no solutions")
    new.add_argument("folder", type=Path)
    new.add_argument("--lessons", type=_numbers, default=[], help="such as 02,05; all if not given")
    new.add_argument("--wheel", type=Path, help="the course as a file (make wheel), to be put beside")
    grade = commands.add_parser("grade", help="for instructors: judge submissions in a sandbox, into a grade book")
    grade.add_argument(
        "submissions", type=Path, help="folder or zip: one folder a student, or as Canvas and Moodle deliver"
    )
    grade.add_argument("--roster", type=Path, help="CSV with the columns id, name, email")
    grade.add_argument("--gradebook", default=gradebook.DEFAULT, help="SQLite or PostgreSQL (default: %(default)s)")
    grade.add_argument("--lessons", type=_numbers, default=[], help="such as 02,05; all if not given")
    grade.add_argument("--without", type=lambda text: text.split(","), default=[], help="exercises that are not judged")
    grade.add_argument("--workers", type=int, help="processes of this machine (default: its cores)")
    grade.add_argument("--scheduler", help="a Dask scheduler in their place, such as tcp://host:8786")
    grade.add_argument("--sandbox", choices=sorted(sandbox.RUNNERS), help="default: the first that works")
    grade.add_argument("--regrade", action="store_true", help="judge again what was graded; the better mark counts")
    grade.add_argument("--seed", type=int, help="of the inputs; drawn anew if not given, and told")
    told = commands.add_parser(
        "report", help="for instructors: the class at a glance, feedback, tables for Canvas and Moodle"
    )
    told.add_argument("--gradebook", default=gradebook.DEFAULT, help="default: %(default)s")
    told.add_argument("--grading", type=Path, help="the grading.toml of the hand-out")
    told.add_argument("--out", type=Path, default=Path("report"), help="folder (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Run one of the commands; returns the exit status."""
    try:
        return {"class": _class, "grade": _grade, "report": _report}[arguments.command](arguments)
    except (
        gradebook.GradeBookError,
        handout.HandoutError,
        points.GradingRuleError,
        sandbox.NoSandbox,
        submissions.NothingHandedIn,
    ) as error:
        print(error, file=sys.stderr)
        return 1


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers of lessons such as 02,05; received {text!r}") from None


def _class(arguments: argparse.Namespace) -> int:
    for path in handout.make(arguments.folder, arguments.lessons, arguments.wheel):
        print(path)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    rules = points.read_rules(arguments.grading)
    place = gradebook.file_of(arguments.gradebook)
    if place is not None and not place.is_file():
        print(f"There is no grade book {place}. `python -m course_lib grade` makes one.", file=sys.stderr)
        return 1
    with gradebook.GradeBook(arguments.gradebook) as book:
        report.write(book, rules, arguments.out)
    print(f"Open {arguments.out / 'report.html'}. For each student: {arguments.out / 'feedback'}/.")
    print(f"To upload: {arguments.out / 'canvas.csv'}, {arguments.out / 'moodle.csv'}.")
    return 0


def _grade(arguments: argparse.Namespace) -> int:
    students = []
    if arguments.roster:
        try:
            students = submissions.read_roster(arguments.roster)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    runner = sandbox.working_runner(arguments.sandbox)
    seed = secrets.randbits(128) if arguments.seed is None else arguments.seed
    settings = running.Settings(seed, runner, tuple(arguments.lessons), tuple(arguments.without))
    name = f"again {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S}" if arguments.regrade else gradebook.FIRST
    problems: list[str] = []
    with gradebook.GradeBook(arguments.gradebook) as book:
        book.enrol(students)
        pool = running.Cluster(arguments.scheduler) if arguments.scheduler else running.Pool(arguments.workers)
        found = list(submissions.names(arguments.submissions))
        progress = _Progress(len(found))
        done = running.run(
            submissions.submissions(arguments.submissions, problems), book, settings, pool, name=name, progress=progress
        )
        progress.end()
    for problem in [*problems, *done.problems]:
        print(problem)
    for student, exercise, fault in done.faults:
        print(f"{student}, {exercise}: could not be judged. {fault}")
    again = f", {done.known} were graded before" if done.known else ""
    print(f"Graded {done.graded} submissions{again}. The seed of this run is {seed}.")
    print(
        "Look at the class: python -m course_lib report"
        + (f" --gradebook {arguments.gradebook}" if arguments.gradebook != gradebook.DEFAULT else "")
    )
    return 0


class _Progress:
    """One line that tells how far a run is and how long it will take; on a file, a line now and then.

    Args:
        total: how many submissions there are.
    """

    def __init__(self, total: int):
        self._total, self._began, self._last = total, time.monotonic(), 0.0
        self._live = sys.stderr.isatty()

    def __call__(self, told: running.Told) -> None:
        done, now = told.graded + told.known, time.monotonic()
        if now - self._last < (0.2 if self._live else 30) and done < self._total:
            return
        self._last = now
        rest = ""
        if told.graded:
            each = (now - self._began) / told.graded
            rest = f", about {_duration(each * max(0, self._total - done))} to go"
        print(
            f"{done} of {self._total} submissions{rest}   ",
            end="\r" if self._live else "\n",
            file=sys.stderr,
            flush=True,
        )

    def end(self) -> None:
        """Leave the line."""
        if self._live:
            print(file=sys.stderr)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"
