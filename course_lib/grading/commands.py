"""``class``, ``grade`` and ``report`` of ``python -m course_lib``: what an instructor types."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from pathlib import Path

from course_lib.classroom.exercise import UnknownExercise, find_exercise
from course_lib.grading import (
    demo,
    gradebook,
    handout,
    nbgrader_export,
    nbgrader_source,
    points,
    report,
    running,
    sandbox,
    similarity,
    stored,
    submissions,
)
from course_lib.grading.progress import Progress

REFUSED = 2  # exit status of a command that could not do what was asked, as argparse has it


class CommandError(ValueError):
    """Something on the command line cannot be meant; the message says what and what was expected."""


ERRORS = (
    CommandError,
    gradebook.GradeBookError,
    handout.HandoutError,
    nbgrader_export.NbgraderError,
    points.GradingRuleError,
    report.ReportError,
    running.NoJudges,
    sandbox.NoSandbox,
    stored.BankError,
    submissions.NothingHandedIn,
)


def add_to(commands: argparse._SubParsersAction) -> None:
    """The parsers of the commands."""
    school = commands.add_parser(
        "class", help="for instructors: make a hand-out, or invent a class to try grading with"
    )
    which = school.add_subparsers(dest="what", required=True)
    new = which.add_parser("new", help="a hand-out: exercises and grading.toml, no solutions")
    new.add_argument("folder", type=Path, help="a new folder")
    new.add_argument("--lessons", type=_numbers, default=[], help="such as 02,05; all if not given")
    new.add_argument("--wheel", type=Path, help="the course as a file (make wheel), to be put beside")
    new.add_argument("--nbgrader", action="store_true", help="a course of nbgrader instead, with solutions")
    invented = which.add_parser("demo", help="an invented class whose right verdicts are known")
    invented.add_argument("folder", type=Path, help="a new folder")
    invented.add_argument("--students", type=int, default=30, help="how many (default: %(default)s)")
    invented.add_argument("--seed", type=int, default=0, help="another one makes another class (default: %(default)s)")
    usual = ",".join(f"{number:02d}" for number in demo.LESSONS)
    invented.add_argument("--lessons", type=_numbers, default=[], help=f"such as 02,05 (default: {usual})")
    similar = which.add_parser("similar", help="the answers as folders that JPlag compares")
    similar.add_argument("submissions", type=Path, help="as for grade")
    similar.add_argument("folder", type=Path, help="a new folder")
    similar.add_argument("--roster", type=Path, help="as for grade: folders are then called by its column id")
    grade = commands.add_parser("grade", help="for instructors: judge submissions in a sandbox, into a grade book")
    grade.add_argument(
        "submissions", type=Path, help="folder or zip: one folder a student, or as Canvas and Moodle deliver"
    )
    grade.add_argument(
        "--roster", type=Path, help="CSV with the columns id, name, email, and for Canvas's files canvas_id"
    )
    grade.add_argument("--gradebook", default=gradebook.DEFAULT, help="SQLite or PostgreSQL (default: %(default)s)")
    grade.add_argument("--lessons", type=_numbers, default=[], help="such as 02,05; all if not given")
    grade.add_argument("--without", type=_exercises, default=[], help="exercises that are not judged, with commas")
    grade.add_argument("--workers", type=_positive, help="processes of this machine (default: its cores)")
    grade.add_argument("--scheduler", help="a Dask scheduler in their place, such as tcp://host:8786")
    grade.add_argument("--sandbox", choices=sorted(sandbox.RUNNERS), help="default: the first that works")
    grade.add_argument("--regrade", action="store_true", help="judge again what was graded; the better mark counts")
    grade.add_argument("--seed", type=_natural, help="of the inputs; drawn anew if not given, and told")
    told = commands.add_parser(
        "report", help="for instructors: the class at a glance, feedback, tables for Canvas and Moodle"
    )
    told.add_argument("--gradebook", default=gradebook.DEFAULT, help="default: %(default)s")
    told.add_argument("--grading", type=Path, help="the grading.toml of the hand-out")
    told.add_argument("--nbgrader", metavar="GRADEBOOK", help="also write the marks into nbgrader's grade book")
    told.add_argument("--out", type=Path, default=Path("report"), help="folder (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Run one of the commands; returns the exit status: 2 if it could not be done, and why is printed."""
    try:
        return {"class": _class, "grade": _grade, "report": _report}[arguments.command](arguments)
    except ERRORS as error:
        print(error, file=sys.stderr)
        return REFUSED


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"expected numbers of lessons such as 02,05; received {text!r}")
    return [int(part) for part in parts]


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"expected 0 or a positive number; received {text!r}")
    return int(text)


def _positive(text: str) -> int:
    if _natural(text) == 0:
        raise argparse.ArgumentTypeError("expected at least 1")
    return int(text)


def _exercises(text: str) -> list[str]:
    try:
        return [find_exercise(part.strip()).name for part in text.split(",") if part.strip()]
    except UnknownExercise as error:
        raise argparse.ArgumentTypeError(str(error).split(" Give ")[0]) from None


def _class(arguments: argparse.Namespace) -> int:
    folder = arguments.folder
    if arguments.what == "new" and arguments.nbgrader:
        if arguments.wheel:
            raise CommandError(
                "--wheel belongs to a hand-out, and --nbgrader makes a course of nbgrader: give one of the two."
            )
        for path in nbgrader_source.make(folder, arguments.lessons):
            print(path)
    elif arguments.what == "new":
        for path in handout.make(folder, arguments.lessons, arguments.wheel):
            print(path)
        print(f"Give out the folder {folder}, but for grading.toml, which is yours: it says what passes are worth.")
        if not arguments.wheel:
            print(
                "Students need the course's folder, in which they run `make lab`: tell them where to get it. Or put the course beside "
                "as one file: `make wheel` makes it, and --wheel FILE takes it."
            )
    elif arguments.what == "demo":
        made = demo.make(folder, students=arguments.students, seed=arguments.seed, lessons=arguments.lessons)
        hand_ins = len({(row.student, row.lesson, row.file) for row in made})
        print(
            f"{folder}: an invented class of {arguments.students}, {hand_ins} notebooks, {len(made):,} answers. What each must get: expected.csv."
        )
        book = f"sqlite:///{(folder / 'gradebook.db').as_posix()}"
        print("Grade it, and look at it:")
        _tell("grade", folder / "submissions", "--roster", folder / "roster.csv", "--gradebook", book)
        _tell("report", "--gradebook", book, "--grading", folder / "grading.toml", "--out", folder / "report")
    else:
        problems: list[str] = []
        roster = _roster(arguments.roster)
        came = submissions.submissions(arguments.submissions, problems, roster)
        students, files = similarity.write(came, folder)
        for problem in problems:
            print(problem)
        print(f"Answers of {students} students in {files} files. With JPlag (https://github.com/jplag/JPlag):")
        print(f"  java -jar jplag.jar -l python3 -bc {folder / 'base'} {folder / 'students'}")
    return 0


def _tell(*words: object) -> None:
    """Print a command line of ours, to be copied."""
    print(f"  python -m course_lib {shlex.join(map(str, words))}")


def _report(arguments: argparse.Namespace) -> int:
    rules = points.read_rules(arguments.grading)
    place = gradebook.file_of(arguments.gradebook)
    if place is not None and not place.is_file():
        raise gradebook.GradeBookError(f"There is no grade book {place}. `python -m course_lib grade` makes one.")
    with gradebook.GradeBook(arguments.gradebook) as book:
        report.write(book, rules, arguments.out)
        if arguments.nbgrader:
            told = nbgrader_export.write(book, rules, arguments.nbgrader)
            print(f"{arguments.nbgrader}: {told.scores} scores of {told.students} students for nbgrader.")
            if told.left_out:
                print(f"Not in nbgrader's assignments, so left out: {', '.join(told.left_out)}.")
    print(f"Open {arguments.out / 'report.html'}. For each student: {arguments.out / 'feedback'}/.")
    print(f"To upload: {arguments.out / 'canvas.csv'}, {arguments.out / 'moodle.csv'}.")
    return 0


def _grade(arguments: argparse.Namespace) -> int:
    students = _roster(arguments.roster)
    lessons = handout.lessons_of(arguments.lessons) if arguments.lessons else []
    found = _how_many(arguments.submissions)
    runner = sandbox.working_runner(arguments.sandbox)
    problems: list[str] = []
    pool = _pool(arguments)
    with gradebook.GradeBook(arguments.gradebook) as book, contextlib.closing(pool):
        for student in book.enrol(students) if arguments.roster else ():
            print(
                f"{student.key} ({student.name}) was on the roster before and no longer is: left out of reports, and kept."
            )
        name, seed = book.begin(arguments.seed, again=arguments.regrade)  # goes on with one that was not finished
        settings = running.Settings(seed, runner, tuple(lessons), tuple(arguments.without))
        came = submissions.submissions(arguments.submissions, problems, students)
        try:
            with Progress(found, workers=pool.workers) as progress:
                done = running.run(came, book, settings, pool, name=name, progress=progress)
        except KeyboardInterrupt:
            print(f"Stopped. {running.GOES_ON}", file=sys.stderr)
            raise
        book.finish(name)
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


def _roster(place: Path | None) -> list[submissions.Student]:
    """The students of a roster, none without one; prints which of its columns are not read."""
    if place is None:
        return []
    notes: list[str] = []
    try:
        students = submissions.read_roster(place, notes)
    except ValueError as error:
        raise CommandError(str(error)) from None
    for note in notes:
        print(note)
    return students


def _how_many(place: Path) -> int:
    """How many notebooks lie there; also says early that there is nothing, before a sandbox is started."""
    if not place.exists():
        raise submissions.NothingHandedIn(f"{place}: no such folder or zip file. Name the place of the submissions.")
    return len(list(submissions.names(place)))


def _pool(arguments: argparse.Namespace) -> running.Pool | running.Cluster:
    return running.Cluster(arguments.scheduler) if arguments.scheduler else running.Pool(arguments.workers)
