"""The marks of our grade book in one of nbgrader, through nbgrader's own API.

What is written: an assignment for each lesson, a cell with points for each exercise, students, submissions, scores, and the
check's words as comments. Writing again changes what is new and doubles nothing; what a person gave by hand is never touched.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from course_lib.classroom.exercise import Exercise
from course_lib.grading.gradebook import GradeBook
from course_lib.grading.insight import Row, look
from course_lib.grading.nbgrader_source import answer_cell, assignments, grade_cell
from course_lib.grading.points import Counted, Rules
from course_lib.grading.submissions import Student

OURS, THEIRS = "gradings", "submitted_assignment"  # a table that only our grade book has, and one of nbgrader's


class NbgraderError(RuntimeError):
    """nbgrader's grade book could not be written; the message says why and what to do."""


@dataclass
class Written:
    """What stands in nbgrader's grade book now.

    Attributes:
        assignments: their names.
        students: how many students.
        submissions: how many submissions of theirs.
        scores: how many scores of exercises.
        left_out: exercises whose cell the assignment does not have, as it was released without them.
    """

    assignments: list[str] = field(default_factory=list)
    students: int = 0
    submissions: int = 0
    scores: int = 0
    left_out: list[str] = field(default_factory=list)


def write(book: GradeBook, rules: Rules, place: str) -> Written:
    """Write the marks that count into nbgrader's grade book.

    Args:
        book: ours.
        rules: what outcomes are worth.
        place: nbgrader's grade book: a file, or a database's URL. A file that is not there is made.

    Raises:
        NbgraderError: if nbgrader is not installed, the place holds something else, points differ from those that nbgrader
            released, or the database refuses. What was written before stays, and the same call goes on from there.
        HandoutError: if the exercises are not beside the course.
    """
    try:
        from nbgrader.api import Gradebook, InvalidEntry
    except ImportError as error:
        raise NbgraderError(
            f"This needs nbgrader ({error}): python -m pip install 'bottleneck-course[nbgrader]', in an environment of its "
            "own, as nbgrader adds its buttons to every JupyterLab of its environment."
        ) from None
    url = place if "://" in place else f"sqlite:///{place}"
    _require_nbgrader(url)
    insight, names = look(book.students(), book.entries(), rules), assignments()
    try:
        with _programs_found(), Gradebook(url) as theirs:
            target = _Target(theirs, rules)
            for lesson in insight.lessons:
                target.prepare(
                    names[lesson], lesson, [i.exercise for i in insight.items if i.exercise.lesson == lesson]
                )
            for row in insight.rows:
                target.student(row.student)
                for lesson in insight.lessons:
                    if lesson not in row.missing:
                        target.submission(names[lesson], row)
            return target.written
    except (SQLAlchemyError, InvalidEntry) as error:
        raise NbgraderError(
            f"nbgrader's grade book {place} could not be written: {str(getattr(error, 'orig', None) or error).splitlines()[0]}. "
            "Was it made by an older nbgrader? Then run `nbgrader db upgrade` beside it. The same command goes on from here."
        ) from error


@contextlib.contextmanager
def _programs_found() -> Iterator[None]:
    """For a new grade book nbgrader calls `alembic` by its name: it lies beside this Python, which may not be on the path."""
    before = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def _require_nbgrader(url: str) -> None:
    """Refuse a database that holds something else; one that is empty or not there becomes a grade book."""
    try:
        parsed = sql.make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).exists():
            if not Path(parsed.database).resolve().parent.is_dir():
                raise NbgraderError(f"There is no folder {Path(parsed.database).parent} for nbgrader's grade book.")
            return
        engine = sql.create_engine(parsed)
        try:
            tables = set(sql.inspect(engine).get_table_names())
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise NbgraderError(f"{url} is no grade book that can be opened: {error}") from None
    if OURS in tables:
        raise NbgraderError(
            f"{url} is the course's own grade book. Give nbgrader's, or another name for a new one; nothing was changed."
        )
    if tables and THEIRS not in tables:
        raise NbgraderError(f"{url} holds other tables than nbgrader's ({', '.join(sorted(tables)[:3])}, …).")


class _Target:
    """nbgrader's grade book while it is being written.

    Args:
        book: nbgrader's, open.
        rules: what outcomes are worth.
    """

    def __init__(self, book: Any, rules: Rules):
        self._book, self._rules = book, rules
        self._exercises: dict[str, list[Exercise]] = {}  # that the assignment has cells for
        self.written = Written()

    def prepare(self, name: str, lesson: int, exercises: list[Exercise]) -> None:
        """The assignment with its one notebook and its cells; as nbgrader released them, if it has."""
        due = self._rules.due.get(lesson)
        self._book.update_or_create_assignment(
            name, **({} if due is None else {"duedate": due.astimezone(datetime.UTC)})
        )
        notebook = self._book.update_or_create_notebook(name, name)
        cells = {cell.name: cell.max_score for cell in notebook.grade_cells}
        comments = {cell.name for cell in notebook.solution_cells}
        if notebook.source_cells:  # released by nbgrader: what students were told they can get stays
            self._require_same_points(name, exercises, cells)
            here = [e for e in exercises if grade_cell(e.name) in cells]
            self.written.left_out += [e.name for e in exercises if e not in here]
        else:
            here = exercises
            for exercise in exercises:
                told = {"max_score": self._rules.worth(exercise), "cell_type": "code"}
                self._book.update_or_create_grade_cell(grade_cell(exercise.name), name, name, **told)
                if answer_cell(exercise.name) not in comments:
                    self._book.add_solution_cell(answer_cell(exercise.name), name, name)
        self._exercises[name] = here
        self.written.assignments.append(name)

    def _require_same_points(self, name: str, exercises: list[Exercise], cells: dict[str, float]) -> None:
        for exercise in exercises:
            released, worth = cells.get(grade_cell(exercise.name)), self._rules.worth(exercise)
            if released is not None and released != worth:
                raise NbgraderError(
                    f"{exercise.name} is worth {worth:g} points here, and {released:g} in nbgrader's assignment {name}. Set it "
                    f"below [exercises] in grading.toml and give that file with --grading, or release {name} again from a new "
                    "`class new --nbgrader`. No mark of this assignment was written."
                )

    def student(self, student: Student) -> None:
        """Add a student; of one who is there, fill what is blank."""
        from nbgrader.api import MissingEntry

        try:
            known = self._book.find_student(student.key)
        except MissingEntry:
            known = self._book.add_student(student.key)
        first, _, last = student.name.rpartition(" ") if student.name != student.key else ("", "", "")
        about = {"first_name": first, "last_name": last, "email": student.email, "lms_user_id": student.canvas}
        fresh = {what: value for what, value in about.items() if value and not getattr(known, what)}
        if fresh:
            self._book.update_or_create_student(student.key, **fresh)
        self.written.students += 1

    def submission(self, name: str, row: Row) -> None:
        """The scores and comments of one student's notebook."""
        key = row.student.key
        own = {e.name: row.outcomes[e.name] for e in self._exercises[name] if e.name in row.outcomes}
        submission = self._book.update_or_create_submission(name, key)
        handed_in = [_utc(counted.entry.handed_in) for counted in own.values() if counted.entry.handed_in is not None]
        if handed_in and (submission.timestamp is None or submission.timestamp < max(handed_in)):
            submission = self._book.update_or_create_submission(name, key, timestamp=max(handed_in))
        (notebook,) = (notebook for notebook in submission.notebooks if notebook.name == name)
        grades = {grade.name: grade for grade in notebook.grades}
        comments = {comment.name: comment for comment in notebook.comments}
        for exercise, counted in own.items():
            _score(grades.get(grade_cell(exercise)) or self._blank_grade(exercise, notebook), counted)
            comment = comments.get(answer_cell(exercise)) or self._blank_comment(exercise, notebook)
            if comment is not None:
                comment.auto_comment = _words(counted)
            self.written.scores += 1
        self._book.db.commit()
        self.written.submissions += 1

    # A submission has a grade and a comment for each cell that there was when it was made; for a later cell they are missing.

    def _blank_grade(self, exercise: str, notebook: Any) -> Any:
        from nbgrader.api import Grade

        grade = Grade(
            cell=self._book.find_grade_cell(grade_cell(exercise), notebook.name, notebook.name), notebook=notebook
        )
        self._book.db.add(grade)
        return grade

    def _blank_comment(self, exercise: str, notebook: Any) -> Any:
        from nbgrader.api import Comment, MissingEntry

        try:
            cell = self._book.find_solution_cell(answer_cell(exercise), notebook.name, notebook.name)
        except MissingEntry:  # released without it
            return None
        comment = Comment(cell=cell, notebook=notebook)
        self._book.db.add(comment)
        return comment


def _score(grade: Any, counted: Counted) -> None:
    """As nbgrader's own autograder does: a score given by hand stays, and is to be looked at once more."""
    if grade.auto_score != counted.points or grade.auto_score is None:
        grade.auto_score = counted.points
        grade.needs_manual_grade = grade.manual_score is not None


def _words(counted: Counted) -> str:
    mark = counted.entry.mark
    late = " Handed in late." if counted.late else ""
    named = f" ({mark.misconception})" if mark.misconception else ""
    return f"{mark.status}{named}: {mark.message}{late}"


def _utc(when: datetime.datetime) -> datetime.datetime:
    """As nbgrader keeps times: in UTC, without saying so. Ours come without a zone from SQLite, and are in UTC."""
    return when if when.tzinfo is None else when.astimezone(datetime.UTC).replace(tzinfo=None)
