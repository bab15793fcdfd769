"""The grade book: who handed in what, and what came of it. SQLite by default, PostgreSQL by URL.

A submission is written in one transaction, so a run that is killed leaves no half. Nothing is ever overwritten: grading
again adds a grading beside the old one, and which counts is decided when points are counted. Several graders may write at
once: of two that judged the same submission in the same run, the later one finds it written.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from course_lib.grading.judging import Graded, Mark
from course_lib.grading.submissions import Student, Submission

FORMAT = 1  # of the tables below
DEFAULT = "sqlite:///gradebook.db"
FIRST = "first"  # the name of the run that grades what was not graded yet
WAIT = 60  # seconds for another grader who writes
REACH = 10  # seconds for a server to answer
LOCK = 0x626F74746C65  # the number of PostgreSQL's lock while tables are made and runs begun


def storable(text: str) -> str:
    """A text as it can be kept: PostgreSQL stores no zero bytes, and no database half a surrogate pair.

    File names that are no UTF-8 hold such halves; two that differ stay different.
    """
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "backslashreplace").decode()


class _Text(sql.TypeDecorator):
    """Text of whatever origin."""

    impl, cache_ok = sql.Text, True

    def process_bind_param(self, value, dialect):
        return None if value is None else storable(value)


class _Moment(sql.TypeDecorator):
    """A time in UTC, with its zone even where the database keeps none."""

    impl, cache_ok = sql.DateTime(timezone=True), True

    def process_bind_param(self, value, dialect):
        return None if value is None else _in_utc(value)

    def process_result_value(self, value, dialect):
        return None if value is None else _in_utc(value)


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)


_tables = sql.MetaData()
_about = sql.Table("about", _tables, sql.Column("format", sql.Integer, nullable=False))
_students = sql.Table(
    "students",
    _tables,
    sql.Column("key", _Text, primary_key=True),
    sql.Column("name", _Text, nullable=False),
    sql.Column("email", _Text, nullable=False, default=""),
    sql.Column("canvas", _Text, nullable=False, default=""),
    sql.Column("enrolled", sql.Boolean, nullable=False, default=False),  # whether the roster has them
)
_submissions = sql.Table(
    "submissions",
    _tables,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("student", sql.ForeignKey("students.key"), nullable=False, index=True),
    sql.Column("lesson", sql.Integer, nullable=False),
    sql.Column("file", _Text, nullable=False),
    sql.Column("sha256", sql.String(64), nullable=False),
    sql.Column("handed_in", _Moment),
    sql.Column("late", sql.Boolean),
    sql.UniqueConstraint("student", "lesson", "sha256"),
)
_runs = sql.Table(
    "runs",
    _tables,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("name", sql.String(64), nullable=False, index=True),
    sql.Column("seed", sql.String(50), nullable=False),  # 128 bits: too long for a number of any database
    sql.Column("began", _Moment, nullable=False),
    sql.Column("finished", _Moment),
)
_gradings = sql.Table(
    "gradings",
    _tables,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("submission", sql.ForeignKey("submissions.id"), nullable=False, index=True),
    sql.Column("run", sql.String(64), nullable=False),
    sql.Column("graded_at", _Moment, nullable=False),
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
    sql.Column("message", _Text, nullable=False),
    sql.Column("seed", sql.String(50), nullable=False),
    sql.Column("seconds", sql.Float, nullable=False),
    sql.Column("fault", _Text, nullable=False, default=""),
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
        handed_in: when, in UTC, if that is known.
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
        self._url = _parsed(url)
        self._kind = self._url.get_backend_name()
        wait = {"timeout": WAIT} if self._kind == "sqlite" else {"connect_timeout": REACH}
        try:
            self._engine = sql.create_engine(self._url, connect_args=wait, pool_pre_ping=self._kind == "postgresql")
        except ImportError as error:
            raise GradeBookError(
                f"The grade book {self._shown} needs the package psycopg ({error}): "
                "python -m pip install 'bottleneck-course[postgres]'."
            ) from None
        sql.event.listen(self._engine, "connect", _be_patient if self._kind == "sqlite" else _wait_for_locks)
        with self._told("opened"), self._engine.connect() as connection:
            if not self._is_ours(connection):
                self._make(connection)

    def _is_ours(self, connection: sql.Connection) -> bool:
        """Whether there is a grade book, of this format. None is made of a database that somebody else uses.

        Raises:
            GradeBookError: if it is one of another format, or somebody else's.
        """
        there = set(sql.inspect(connection).get_table_names())
        if "about" not in there:
            # A server's database may be shared, a file is not: nbgrader's, too, is called gradebook.db.
            if there if self._kind == "sqlite" else there & set(_tables.tables):
                raise GradeBookError(
                    f"{self._shown} is a database, and not a grade book of this course: it holds the tables "
                    f"{', '.join(sorted(there)[:5])}. It was left as it is; give the run another one with --gradebook."
                )
            return False
        formats = connection.execute(sql.select(_about.c.format)).scalars().all()
        if formats != [FORMAT]:
            found = formats[0] if formats else "none"
            raise GradeBookError(
                f"The grade book {self._shown} has format {found}, and this version of the course writes format {FORMAT}. "
                "It was left as it is: use the version of the course that made it, or give the run a new one with --gradebook."
            )
        return True

    def _make(self, connection: sql.Connection) -> None:
        """Make the tables, all or none; of two graders that come at once, one makes them."""
        connection.rollback()
        self._shut_others_out(connection)
        if not self._is_ours(connection):
            _tables.create_all(connection)
            connection.execute(_about.insert().values(format=FORMAT))
        connection.commit()

    def _shut_others_out(self, connection: sql.Connection) -> None:
        """Begin what no other grader may do at the same time; it ends with the transaction."""
        if self._kind == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(LOCK)))

    @property
    def _shown(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def begin(self, seed: int | None = None, *, again: bool = False) -> tuple[str, int]:
        """Begin a run, or go on with the one that was not finished.

        Args:
            seed: of the run; None for that of the unfinished one, or else a new one of 128 bits.
            again: whether everything is graded again; else what is not graded yet.

        Returns:
            The run's name, and its seed.
        """
        kind = _runs.c.name != FIRST if again else _runs.c.name == FIRST
        which = sql.select(_runs.c.name, _runs.c.seed).where(kind, _runs.c.finished.is_(None)).order_by(_runs.c.id)
        with self._told("written"), self._engine.begin() as connection:
            self._shut_others_out(connection)
            unfinished = connection.execute(which).first()
            if unfinished is not None:
                return unfinished.name, int(unfinished.seed) if seed is None else seed
            now = datetime.datetime.now(datetime.UTC)
            name = f"again {now:%Y-%m-%d %H:%M:%S.%f}" if again else FIRST
            seed = secrets.randbits(128) if seed is None else seed
            connection.execute(_runs.insert().values(name=name, seed=str(seed), began=now))
        return name, seed

    def finish(self, run: str) -> None:
        """Note that a run came to its end; the next one is a new one."""
        own = (_runs.c.name == run) & _runs.c.finished.is_(None)
        with self._told("written"), self._engine.begin() as connection:
            connection.execute(_runs.update().where(own).values(finished=datetime.datetime.now(datetime.UTC)))

    def enrol(self, students: Iterable[Student]) -> list[Student]:
        """Take over a roster, which is the class from now on; whoever is no longer on it keeps what was handed in.

        Returns:
            Those who were on the one before, and are not on this one.
        """
        students = list(students)
        before = [student for student, enrolled in self.students() if enrolled]
        with self._told("written"), self._engine.begin() as connection:
            self._shut_others_out(connection)
            connection.execute(_students.update().values(enrolled=False))
            for student in students:
                known = {"name": student.name, "email": student.email, "canvas": student.canvas, "enrolled": True}
                insert = self._insert(_students).values(key=student.key, **known)
                connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=known))
        stay = {storable(student.key) for student in students}
        return [student for student in before if student.key not in stay]

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
        student, lesson, sha256 = identity(submission, lesson)
        own = {"student": student, "lesson": lesson, "sha256": sha256}
        about = {"file": submission.file, "handed_in": submission.when, "late": submission.late}
        now = datetime.datetime.now(datetime.UTC)
        with self._told("written"), self._engine.begin() as connection:

            def put(table: sql.Table, **values) -> sql.CursorResult:
                return connection.execute(self._insert(table).values(**values).on_conflict_do_nothing())

            put(_students, key=student, name=submission.name)
            put(_submissions, **about, **own)
            values = {
                "submission": connection.execute(sql.select(_submissions.c.id).filter_by(**own)).scalar_one(),
                "run": run,
                "graded_at": now,
                "course": course,
                "problems": [storable(problem) for problem in graded.problems],
            }
            # Only what another grader has written counts as written; whatever else is wrong must be told.
            adding = self._insert(_gradings).values(**values)
            adding = adding.on_conflict_do_nothing(index_elements=["submission", "run"]).returning(_gradings.c.id)
            grading = connection.execute(adding).scalar_one_or_none()
            if grading is None:
                return False
            rows = [{**vars(mark), "seed": str(mark.seed), "grading": grading} for mark in graded.marks]
            if rows:
                connection.execute(_outcomes.insert(), rows)
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

    def _is_there(self) -> bool:
        """Whether the file exists; SQLite then cannot open it because it may not write beside it."""
        return self._kind == "sqlite" and Path(self._url.database).exists()

    @contextlib.contextmanager
    def _told(self, done: str):
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")
            known = f"read-only, {reason}" if "unable to open" in reason and self._is_there() else reason
            todo = next((f" {advice}" for words, advice in _ADVICE if re.search(words, known, re.IGNORECASE)), "")
            raise GradeBookError(
                f"The grade book {self._shown} could not be {done}: {reason}.{todo} What was graded before is kept; "
                "the same command goes on from there."
            ) from error


# What SQLite and PostgreSQL say, and what to do about it.
_ADVICE = (
    ("database is locked|lock timeout", "Another program holds it: wait for that one or end it."),
    ("is full|no space left", "Make room on its disk."),
    ("readonly|read-only|permission denied", "Get the right to write to it and to its folder, or work on a copy."),
    ("unable to open", "Make the folder in which it is to lie, with the right to write there."),
    ("not a database|malformed", "Keep that file, and give the run another grade book with --gradebook."),
    ("does not exist", "Make the database on the server (createdb), or mend the URL."),
    ("password|authentication|no pg_hba", "Mend the user or the password in the URL."),
    (
        "refused|timeout expired|could not translate|not resolve|name or service|no such file|unreachable|closed",
        "Start the PostgreSQL server, or mend host and port in the URL.",
    ),
)


def identity(submission: Submission, lesson: int) -> tuple[str, int, str]:
    """What a submission is known by: student, lesson and SHA-256, as :meth:`GradeBook.graded` gives them."""
    return storable(submission.student), lesson, submission.sha256


def _parsed(url: str) -> sql.URL:
    """A URL that can be opened.

    Raises:
        GradeBookError: if it is none, names another kind of database, or one that is gone with the run.
    """
    expected = f"Expected something like {DEFAULT}, or postgresql://user@host/name."
    shown = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)  # a password is nothing for a screen
    try:
        parsed = sql.make_url(url)
    except (SQLAlchemyError, ValueError):
        meant = f" Did you mean sqlite:///{url}?" if "://" not in url else ""
        raise GradeBookError(f"{shown!r} is no URL of a grade book. {expected}{meant}") from None
    kind = parsed.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise GradeBookError(f"The grade book is kept in SQLite or PostgreSQL; the URL names {kind}. {expected}")
    if parsed.database in (None, "", ":memory:"):
        raise GradeBookError(f"{shown!r} keeps the grade book in memory, where it is lost with the run. {expected}")
    return parsed.set(drivername="sqlite")


def _be_patient(connection, _) -> None:
    """SQLite: readers and one writer at a time side by side, and a wait for the other instead of an error."""
    cursor, until = connection.cursor(), time.monotonic() + WAIT
    cursor.execute(f"PRAGMA busy_timeout={round(1000 * WAIT)}")
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:  # SQLite itself waits for nobody while it changes the mode
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _wait_for_locks(connection, _) -> None:
    """PostgreSQL: no longer for another grader than with SQLite."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {round(1000 * WAIT)}")
    connection.commit()


def file_of(url: str) -> Path | None:
    """The file of an SQLite grade book, or None."""
    try:
        parsed = sql.make_url(url)
    except SQLAlchemyError:
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
