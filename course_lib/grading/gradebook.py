"""The grade book: who handed in what, and what came of it. SQLite by default, PostgreSQL by URL.

A submission is written in one transaction, so a run that is killed leaves no half. Nothing is ever overwritten: grading
again adds a grading beside the old one, and which counts is decided when points are counted.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from course_lib.grading.judging import Graded, Mark
from course_lib.grading.submissions import Student, Submission

FORMAT = 1  # of the tables below
DEFAULT = "sqlite:///gradebook.db"
FIRST = "first"  # the name of the run that grades what was not graded yet
WAIT = 60  # seconds for another grader who writes

_tables = sql.MetaData()
_about = sql.Table("about", _tables, sql.Column("format", sql.Integer, nullable=False))
_students = sql.Table(
    "students",
    _tables,
    sql.Column("key", sql.Text, primary_key=True),
    sql.Column("name", sql.Text, nullable=False),
    sql.Column("email", sql.Text, nullable=False, default=""),
    sql.Column("canvas", sql.Text, nullable=False, default=""),
    sql.Column("enrolled", sql.Boolean, nullable=False, default=False),  # whether the roster has them
)
_submissions = sql.Table(
    "submissions",
    _tables,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("student", sql.ForeignKey("students.key"), nullable=False, index=True),
    sql.Column("lesson", sql.Integer, nullable=False),
    sql.Column("file", sql.Text, nullable=False),
    sql.Column("sha256", sql.String(64), nullable=False),
    sql.Column("handed_in", sql.DateTime(timezone=True)),
    sql.Column("late", sql.Boolean),
    sql.UniqueConstraint("student", "lesson", "sha256"),
)
_gradings = sql.Table(
    "gradings",
    _tables,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("submission", sql.ForeignKey("submissions.id"), nullable=False, index=True),
    sql.Column("run", sql.String(64), nullable=False),
    sql.Column("graded_at", sql.DateTime(timezone=True), nullable=False),
    sql.Column("course", sql.String(40), nullable=False),
    sql.Column("problems", sql.JSON, nullable=False),
    sql.UniqueConstraint("submission", "run"),
)
_outcomes = sql.Table(
    "outcomes",
    _tables,
    sql.Column("grading", sql.ForeignKey("gradings.id"), primary_key=True),
    sql.Column("exercise", sql.String(80), primary_key=True),
    sql.Column("status", sql.String(20), nullable=False),
    sql.Column("misconception", sql.String(120)),
    sql.Column("message", sql.Text, nullable=False),
    sql.Column("seed", sql.String(50), nullable=False),  # 128 bits: too long for a number of any database
    sql.Column("seconds", sql.Float, nullable=False),
    sql.Column("fault", sql.Text, nullable=False, default=""),
)


class GradeBookError(RuntimeError):
    """The grade book could not be opened, read or written; the message says why and that nothing was lost."""


@dataclass(frozen=True)
class Entry:
    """One outcome in the grade book, with whose it is.

    Attributes:
        student: the student's key.
        lesson: number of the lesson.
        file: the notebook's name.
        sha256: of its content.
        handed_in: when, if that is known.
        late: whether the platform said that it was late.
        run: in which run it was graded.
        mark: what came of it.
    """

    student: str
    lesson: int
    file: str
    sha256: str
    handed_in: datetime.datetime | None
    late: bool | None
    run: str
    mark: Mark


class GradeBook:
    """A grade book. Use as a context manager.

    Args:
        url: such as ``sqlite:///gradebook.db`` or ``postgresql+psycopg://user@host/name``.

    Raises:
        GradeBookError: if it cannot be opened, or belongs to another version of the course.
    """

    def __init__(self, url: str = DEFAULT):
        try:
            self._url = sql.make_url(url)
            self._kind = self._url.get_backend_name()
            if self._kind not in ("sqlite", "postgresql"):
                raise GradeBookError(f"The grade book is kept in SQLite or PostgreSQL; the URL names {self._kind}.")
            options = {"connect_args": {"timeout": WAIT}} if self._kind == "sqlite" else {"pool_pre_ping": True}
            self._engine = sql.create_engine(self._url, **options)
        except (SQLAlchemyError, ImportError) as error:
            raise GradeBookError(
                f"{url!r} names no grade book that can be opened: {error}. Expected something like {DEFAULT}, or "
                "postgresql+psycopg://user@host/name with the package psycopg installed."
            ) from None
        if self._kind == "sqlite":
            sql.event.listen(self._engine, "connect", _be_patient)
        with self._told("opened"):
            _tables.create_all(self._engine)
            with self._engine.begin() as connection:
                formats = connection.execute(sql.select(_about.c.format)).scalars().all()
                if not formats:
                    connection.execute(_about.insert().values(format=FORMAT))
                elif set(formats) != {FORMAT}:
                    raise GradeBookError(
                        f"The grade book has format {formats[0]}, and this version of the course writes format {FORMAT}. "
                        "Keep it, and give the run a new one with --gradebook."
                    )

    def enrol(self, students: Iterable[Student]) -> None:
        """Take over the roster: names and addresses of students; whoever is known already keeps what was handed in."""
        with self._told("written"), self._engine.begin() as connection:
            for student in students:
                known = {"name": student.name, "email": student.email, "canvas": student.canvas, "enrolled": True}
                insert = self._insert(_students).values(key=student.key, **known)
                connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=known))

    def graded(self, run: str = FIRST) -> set[tuple[str, int, str]]:
        """Which submissions a run has graded: student, lesson and SHA-256. For the first run, those of any run."""
        which = sql.select(_submissions.c.student, _submissions.c.lesson, _submissions.c.sha256).join(_gradings)
        if run != FIRST:
            which = which.where(_gradings.c.run == run)
        with self._told("read"), self._engine.connect() as connection:
            return {tuple(row) for row in connection.execute(which)}

    def record(self, submission: Submission, lesson: int, graded: Graded, *, run: str = FIRST, course: str) -> bool:
        """Write the marks of one submission, all or none.

        Returns:
            Whether they were written; not, if another grader had done so in the same run.
        """
        with self._told("written"):
            try:
                with self._engine.begin() as connection:
                    connection.execute(
                        self._insert(_students)
                        .values(key=submission.student, name=submission.name)
                        .on_conflict_do_nothing()
                    )
                    own = {"student": submission.student, "lesson": lesson, "sha256": submission.sha256}
                    connection.execute(
                        self._insert(_submissions)
                        .values(file=submission.file, handed_in=submission.when, late=submission.late, **own)
                        .on_conflict_do_nothing()
                    )
                    number = connection.execute(sql.select(_submissions.c.id).filter_by(**own)).scalar_one()
                    now = datetime.datetime.now(datetime.UTC)
                    grading = connection.execute(
                        _gradings.insert().values(
                            submission=number, run=run, graded_at=now, course=course, problems=graded.problems
                        )
                    ).inserted_primary_key[0]
                    rows = [
                        {**vars(mark), "seed": str(mark.seed), "message": _storable(mark.message), "grading": grading}
                        for mark in graded.marks
                    ]
                    if rows:
                        connection.execute(_outcomes.insert(), rows)
            except IntegrityError:
                return False
        return True

    def students(self) -> list[tuple[Student, bool]]:
        """Everybody, in the order of their names, and whether the roster has them."""
        with self._told("read"), self._engine.connect() as connection:
            rows = connection.execute(sql.select(_students).order_by(_students.c.name, _students.c.key)).mappings()
            return [
                (Student(row["key"], row["name"], row["email"], row["canvas"]), bool(row["enrolled"])) for row in rows
            ]

    def entries(self) -> Iterator[Entry]:
        """Every outcome, oldest grading first."""
        what = (
            sql.select(_submissions, _gradings.c.run, _outcomes)
            .join(_gradings, _gradings.c.submission == _submissions.c.id)
            .join(_outcomes, _outcomes.c.grading == _gradings.c.id)
            .order_by(_gradings.c.graded_at, _gradings.c.id)
        )
        with self._told("read"), self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=1000).execute(what).mappings():
                mark = Mark(
                    row["exercise"],
                    row["status"],
                    row["misconception"],
                    row["message"],
                    int(row["seed"]),
                    row["seconds"],
                    row["fault"],
                )
                about = (row[name] for name in ("student", "lesson", "file", "sha256", "handed_in", "late", "run"))
                yield Entry(*about, mark)

    def problems(self) -> list[tuple[str, str, str]]:
        """What there was to say of notebooks: student, file, sentence."""
        what = (
            sql.select(_submissions.c.student, _submissions.c.file, _gradings.c.problems)
            .join(_gradings)
            .order_by(_gradings.c.id)
        )
        with self._told("read"), self._engine.connect() as connection:
            return [(student, file, said) for student, file, all_said in connection.execute(what) for said in all_said]

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def __enter__(self) -> GradeBook:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _insert(self, table: sql.Table):
        return {"sqlite": sqlite, "postgresql": postgresql}[self._kind].insert(table)

    @contextlib.contextmanager
    def _told(self, done: str):
        try:
            yield
        except (OperationalError, SQLAlchemyError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            place = self._url.render_as_string(hide_password=True)
            raise GradeBookError(
                f"The grade book {place} could not be {done}: {reason}. What was graded before is kept; "
                "the same command goes on from there."
            ) from error


def _be_patient(connection, _) -> None:
    """SQLite: readers and one writer at a time side by side, and a wait for the other instead of an error."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute(f"PRAGMA busy_timeout={1000 * WAIT}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _storable(text: str) -> str:
    """PostgreSQL stores no zero bytes, and no database half a surrogate pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def file_of(url: str) -> Path | None:
    """The file of an SQLite grade book, or None."""
    try:
        parsed = sql.make_url(url)
    except SQLAlchemyError:
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
