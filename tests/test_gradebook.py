"""The grade book, on SQLite and on a PostgreSQL server: all or nothing, nothing twice, and a clear line for each fault."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sql
from made_classes import EXERCISE, LESSON, marks, processes, small_class, submission

from course_lib.classroom.exercise import FAIL, PASS
from course_lib.grading import gradebook, running
from course_lib.grading.gradebook import FIRST, GradeBook, GradeBookError
from course_lib.grading.judging import Graded, Mark
from course_lib.grading.points import Rules, count
from course_lib.grading.submissions import Student

pytest_plugins = ("made_books",)
both = pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.sandbox)], indirect=True)
SETTINGS = running.Settings(7)
GOES_ON = "What was graded before is kept; the same command goes on from there."


def mark(status: str = PASS, **about) -> Mark:
    return Mark(
        **{"exercise": EXERCISE, "misconception": None, "message": "", "seed": 1, "seconds": 0.5, **about},
        status=status,
    )


def write(book: GradeBook, one, graded: Graded | None = None, run: str = FIRST) -> bool:
    return book.record(one, LESSON, graded or marks(one, LESSON, SETTINGS), run=run, course="1.2.3")


@contextlib.contextmanager
def told():
    """The one line that an instructor gets."""
    said = []
    with pytest.raises(GradeBookError) as raised:
        yield said
    said.append(str(raised.value))
    assert "\n" not in said[0]


# ----- what is written is read


@both
def test_what_is_recorded_is_read_back(url):
    zone = datetime.timezone(datetime.timedelta(hours=-7))
    when = datetime.datetime(2026, 10, 30, 23, 59, tzinfo=zone)
    one = submission("ada", when=when, late=True)
    given = mark(FAIL, misconception="off-by-one", message="Which number?", seed=2**128 - 1, seconds=1.25, fault="none")
    with GradeBook(url) as book:
        assert write(book, one, Graded([given], ["Cell 3 raised NameError."]))
    with GradeBook(url) as book:
        (entry,) = book.entries()
        assert entry.mark == given
        assert (entry.student, entry.lesson, entry.file, entry.sha256) == ("ada", LESSON, one.file, one.sha256)
        assert (entry.handed_in, entry.handed_in.utcoffset()) == (when, datetime.timedelta(0))
        assert (entry.late, entry.run) == (True, FIRST)
        assert book.problems() == [("ada", one.file, "Cell 3 raised NameError.")]
        assert book.graded() == {gradebook.identity(one, LESSON)}


@both
def test_text_of_any_origin_is_kept(url):
    odd = [submission(f"{sign}\udc80\0é") for sign in "ab"]  # two names that are no UTF-8, and not the same
    with GradeBook(url) as book:
        for one in odd:
            assert write(book, one, Graded([mark(message="\0\ud800 🎈" * 1000, fault="\ud800\0")], ["\ud800 \0"]))
        keys = [student.key for student, _ in book.students()]
        assert len(set(keys)) == 2
        assert book.graded() == {gradebook.identity(one, LESSON) for one in odd}
        for text in (*keys, *(e.mark.message for e in book.entries()), *(said for *_, said in book.problems())):
            text.encode()
            assert "\0" not in text


@both
def test_the_roster_comes_before_or_after_a_hand_in(url):
    with GradeBook(url) as book:
        book.enrol([Student("grace", "Grace")])
        for student in ("ada", "grace"):
            write(book, submission(student))
        assert book.enrol([Student("ada", "Ada L.", "ada@example.org", "17"), Student("mary", "Mary")]) == [
            Student("grace", "Grace")
        ]
        assert book.students() == [
            (Student("ada", "Ada L.", "ada@example.org", "17"), True),
            (Student("grace", "Grace"), False),
            (Student("mary", "Mary"), True),
        ]
        assert len(list(book.entries())) == 2


@both
@pytest.mark.parametrize("order", [(PASS, FAIL), (FAIL, PASS)])
def test_grading_again_keeps_the_better_mark(url, order):
    one = submission()
    with GradeBook(url) as book:
        for run, status in zip((FIRST, "again"), order, strict=True):
            assert write(book, one, Graded([mark(status)]), run)
        entries = list(book.entries())
        assert [entry.mark.status for entry in entries] == list(order)  # nothing is overwritten
        assert count(entries, Rules())["ada"][EXERCISE].entry.mark.status == PASS


@both
def test_a_run_that_was_not_finished_goes_on_with_its_seed(url):
    with GradeBook(url) as book:
        name, seed = book.begin()
        assert name == FIRST and seed > 2**64
        assert book.begin() == (FIRST, seed)
        assert book.begin(5) == (FIRST, 5)  # who gives a seed gets it
        again = book.begin(again=True)
        assert again == book.begin(again=True) and again[0] != FIRST
        book.finish(again[0])
        assert book.begin(again=True)[0] != again[0]
        assert book.begin() == (FIRST, seed)
        book.finish(FIRST)
        assert book.begin()[1] != seed


# ----- all or nothing, and nothing twice


@both
def test_a_submission_is_written_once_in_a_run(url):
    one = submission()
    with GradeBook(url) as book:
        assert write(book, one)
        assert not write(book, one, Graded([mark(FAIL), mark(FAIL, exercise="another")], ["Told twice."]))
        assert len(list(book.entries())) == 1 and book.problems() == []


@both
def test_what_cannot_be_written_whole_is_told_and_leaves_nothing(url):
    with GradeBook(url) as book:
        with told() as said:
            write(book, submission(), Graded([mark(), mark()]))  # two marks for one exercise
        assert "could not be written" in said[0] and GOES_ON in said[0]
        assert book.students() == [] and book.graded() == set()
        assert write(book, submission())


def _record_and_die(url: str, student: str, statement: int) -> None:
    """Record a submission, and be killed at the so-manieth statement of it; numbers after the last mean the commit."""
    with GradeBook(url) as book:
        met = iter(range(statement))

        def die_in_time(*_) -> None:
            if next(met, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sql.event.listen(sql.Engine, "before_cursor_execute", die_in_time)
        sql.event.listen(sql.Engine, "commit", die_in_time)
        write(book, submission(student))


@both
def test_a_grader_killed_at_any_statement_leaves_no_half(url):
    GradeBook(url).close()
    for statement in range(20):
        student = f"student {statement}"
        process = processes().Process(target=_record_and_die, args=(url, student, statement))
        process.start()
        process.join()
        with GradeBook(url) as book:
            whole = {s.key for s, _ in book.students()}
            assert {key for key, *_ in book.graded()} == {entry.student for entry in book.entries()} == whole
            if process.exitcode == 0:
                assert whole == {student}
                break
            assert process.exitcode == -signal.SIGKILL and whole == set()
    assert statement >= 5  # students, submissions, their number, grading, outcomes, commit


def _record_all(url: str, start, written) -> None:
    start.wait()
    with GradeBook(url) as book:
        seed = book.begin()[1]
        written.send((seed, [write(book, one) for one in small_class(15)]))


@both
def test_graders_that_begin_at_the_same_moment_write_each_submission_once(url):
    context, many = processes(), 4
    start, pipes, graders = context.Barrier(many), [], []
    for _ in range(many):
        ours, theirs = context.Pipe(duplex=False)
        graders.append(context.Process(target=_record_all, args=(url, start, theirs)))
        graders[-1].start()
        theirs.close()
        pipes.append(ours)
    seeds, written = zip(*(pipe.recv() for pipe in pipes), strict=True)
    assert len(set(seeds)) == 1
    for grader in graders:
        grader.join()
        assert grader.exitcode == 0
    assert [sum(column) for column in zip(*written, strict=True)] == [1] * 15
    with GradeBook(url) as book:
        assert sorted(entry.student for entry in book.entries()) == [one.student for one in small_class(15)]


# ----- faults


def _hold(url: str, said, release) -> None:
    """Another program that has the grade book for itself."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(sql.make_url(url).database, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
    else:
        import psycopg

        connection = psycopg.connect(url)
        connection.execute("LOCK TABLE students, submissions, gradings, outcomes")
    said.send("held")
    release.wait()
    connection.close()


@both
def test_a_grade_book_that_another_holds_is_waited_for_and_told(url, monkeypatch):
    monkeypatch.setattr(gradebook, "WAIT", 0.3)
    context = processes()
    with GradeBook(url) as book:
        write(book, submission("grace"))
        release, (ours, theirs) = context.Event(), context.Pipe(duplex=False)
        other = context.Process(target=_hold, args=(url, theirs, release))
        other.start()
        assert ours.recv() == "held"
        with told() as said:
            write(book, submission())
        release.set()
        other.join()
        assert "Another program holds it: wait for that one or end it." in said[0] and GOES_ON in said[0]
        assert write(book, submission())
        assert len(list(book.entries())) == 2


def test_a_full_disk_is_told_and_nothing_is_lost(url):
    """SQLite's own error; test_running fills a real disk."""
    with GradeBook(url) as book:
        for one in small_class(3):
            write(book, one)

    def no_more_pages(connection, _) -> None:
        connection.execute(f"PRAGMA max_page_count={connection.execute('PRAGMA page_count').fetchone()[0]}")

    sql.event.listen(sql.Engine, "connect", no_more_pages)
    try:
        with GradeBook(url) as book, told() as said:
            for one in small_class(60):
                write(book, one, Graded([mark(message="long " * 500)]))
    finally:
        sql.event.remove(sql.Engine, "connect", no_more_pages)
    assert "disk is full. Make room on its disk." in said[0] and GOES_ON in said[0]
    with GradeBook(url) as book:
        left = [one for one in small_class(60) if gradebook.identity(one, LESSON) not in book.graded()]
        assert 0 < len(left) <= 57
        assert all(write(book, one) for one in left)
        assert len(list(book.entries())) == 60


def test_a_grade_book_opened_for_reading_is_told(url, tmp_path):
    with GradeBook(url) as book:
        write(book, submission())
    with GradeBook(f"sqlite:///file:{tmp_path / 'gradebook.db'}?mode=ro&uri=true") as book:
        assert len(list(book.entries())) == 1
        with told() as said:
            write(book, submission("grace"))
    assert "Get the right to write to it and to its folder, or work on a copy." in said[0]


@pytest.mark.sandbox
def test_a_grade_book_on_a_read_only_disk_is_told(url, tmp_path):
    with GradeBook(url) as book:
        write(book, submission())
    before = (tmp_path / "gradebook.db").read_bytes()
    code = (
        "from course_lib.grading.gradebook import GradeBook, GradeBookError, DEFAULT\n"
        "try:\n    GradeBook(DEFAULT)\nexcept GradeBookError as error:\n    print(error)\n"
    )
    command = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(tmp_path), str(tmp_path), "--chdir", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*command, sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    (said,) = done.stdout.splitlines()
    assert "Get the right to write to it and to its folder, or work on a copy." in said
    assert (tmp_path / "gradebook.db").read_bytes() == before


@both
def test_a_grade_book_of_a_newer_course_is_left_as_it_is(url):
    with GradeBook(url) as book:
        write(book, submission())
    engine = sql.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sql.text("UPDATE about SET format = 99"))
        connection.execute(sql.text("DROP TABLE runs"))
    with told() as said:
        GradeBook(url)
    assert "has format 99, and this version of the course writes format 1" in said[0]
    assert "use the version of the course that made it, or give the run a new one" in said[0]
    assert "runs" not in sql.inspect(engine).get_table_names()
    engine.dispose()


@both
def test_a_database_of_somebody_else_is_left_as_it_is(url):
    engine = sql.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sql.text("CREATE TABLE students (anything INTEGER)"))
    with told() as said:
        GradeBook(url)
    assert "not a grade book of this course: it holds the tables students" in said[0]
    assert sql.inspect(engine).get_table_names() == ["students"]
    engine.dispose()


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path):
    place = tmp_path / "gradebook.db"
    place.write_text("student,points\n" * 100)
    with told() as said:
        GradeBook(f"sqlite:///{place}")
    assert "file is not a database. Keep that file, and give the run another grade book" in said[0]
    assert place.read_text() == "student,points\n" * 100


@pytest.mark.parametrize(
    "wrong, words",
    [
        ("gradebook.db", "is no URL of a grade book. Expected something like sqlite:///gradebook.db"),
        ("gradebook.db", "Did you mean sqlite:///gradebook.db?"),
        ("", "is no URL of a grade book"),
        ("mysql://ada:secret@host/class", "kept in SQLite or PostgreSQL; the URL names mysql"),
        ("postgresql://ada:secret@host:port/class", "is no URL of a grade book"),
        ("sqlite://", "keeps the grade book in memory, where it is lost with the run"),
        (
            "sqlite:////no/such/folder/gradebook.db",
            "unable to open database file. Make the folder in which it is to lie",
        ),
    ],
)
def test_a_wrong_url_is_told(wrong, words):
    with told() as said:
        GradeBook(wrong)
    assert words in said[0] and "secret" not in said[0]


def test_a_server_that_is_not_there_is_told():
    pytest.importorskip("psycopg")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        with told() as said:
            GradeBook(f"postgresql://ada:secret@127.0.0.1:{nobody.getsockname()[1]}/class")
    assert "Start the PostgreSQL server, or mend host and port in the URL." in said[0]
    assert "secret" not in said[0] and GOES_ON in said[0]


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.setattr(gradebook, "REACH", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent, told() as said:
        GradeBook(f"postgresql://ada@127.0.0.1:{silent.getsockname()[1]}/class")
    assert "Start the PostgreSQL server, or mend host and port in the URL." in said[0]


@pytest.mark.sandbox
def test_a_database_that_the_server_does_not_have_is_told(server):
    with told() as said:
        GradeBook(server.url("nowhere"))
    assert "Make the database on the server (createdb), or mend the URL." in said[0]


@pytest.mark.sandbox
def test_a_server_that_ends_half_way_takes_nothing_with_it(server):
    with GradeBook(server.new()) as book:
        write(book, submission())
        server.stop()
        try:
            with told() as said:
                write(book, submission("grace"))
        finally:
            server.start()
        assert "Start the PostgreSQL server" in said[0] and GOES_ON in said[0]
        assert write(book, submission("grace"))  # as soon as it is back
        assert [entry.student for entry in book.entries()] == ["ada", "grace"]


def test_the_grade_book_needs_a_package_for_postgresql(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with told() as said:
        GradeBook("postgresql://ada:secret@host/class")
    assert re.search(r"needs the package psycopg .*pip install 'bottleneck-course\[postgres\]'", said[0])
    assert "secret" not in said[0]


def test_the_file_of_a_url():
    assert gradebook.file_of("sqlite:///a/b.db") == Path("a/b.db")
    assert gradebook.file_of("postgresql://host/name") is None
    assert gradebook.file_of("nonsense") is None
