"""A run over a class: whoever is killed, nothing is lost and nothing is graded twice; how far it is; how much memory it takes."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from made_classes import (
    ANSWERS,
    EXERCISE,
    dying,
    failing,
    grade_class,
    grade_in_the_sandbox,
    judged,
    judges,
    kept,
    marks,
    notebook,
    noting,
    processes,
    small_class,
    submission,
)

from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS
from course_lib.grading import progress, running
from course_lib.grading.gradebook import FIRST, GradeBook
from course_lib.grading.judging import Graded, Mark
from course_lib.grading.running import Cluster, NoJudges, NoSandbox, Pool, Settings, Told, run
from course_lib.grading.submissions import Submission

pytest_plugins = ("made_books",)
SETTINGS = Settings(7)


@pytest.fixture
def log(tmp_path) -> str:
    return str(tmp_path / "judged.txt")


def graded(url: str, students: int, pool, **options) -> Told:
    with GradeBook(url) as book:
        return run(small_class(students), book, SETTINGS, pool, **options)


def undisturbed(students: int, settings: Settings = SETTINGS) -> list[tuple]:
    """What a grade book holds after a run in which nothing went wrong, as `kept` gives it."""
    rows = []
    for one in small_class(students):
        (mark,) = marks(one, 0, settings).marks
        rows.append((one.student, 0, one.sha256, FIRST, *vars(mark).values()))
    return sorted(rows)


# ----- processes of this machine


def test_a_run_grades_each_submission_once_and_a_second_one_none(url, log):
    pool = Pool(2, functools.partial(noting, log=log))
    assert graded(url, 12, pool).graded == 12
    told = graded(url, 12, pool)
    assert (told.graded, told.known, told.looked_at) == (0, 12, 12)
    assert sorted(judged(log)) == [one.student for one in small_class(12)]
    assert kept(url) == undisturbed(12)


def test_what_belongs_to_no_lesson_or_to_another_is_counted_and_told(url):
    odd = Submission("mary", "Mary", "homework.ipynb", b"{}")
    other = Submission("john", "John", "01_anatomy.ipynb", notebook("", "psnr"))
    twice = submission(file="a copy.ipynb")
    seen = []
    with GradeBook(url) as book:
        found = [odd, submission(), other, twice]
        told = run(
            found, book, Settings(7, lessons=(0,)), Pool(1, marks), progress=lambda told: seen.append(told.looked_at)
        )
    assert (told.graded, told.known, told.skipped) == (1, 1, 2)
    assert told.problems == ["mary, homework.ipynb: belongs to no lesson of the course."]
    assert sorted(seen) == [1, 2, 3, 4]


def test_a_judging_process_that_is_killed_costs_nothing(url, log):
    told = graded(url, 9, Pool(2, functools.partial(dying, log=log, at="student 004", times=1)))
    assert (told.graded, told.faults) == (9, [])
    assert sorted(judged(log)) == sorted([*(one.student for one in small_class(9)), "student 004"])
    assert kept(url) == undisturbed(9)


def test_a_submission_that_no_process_outlives_is_told_and_its_neighbours_are_not_blamed(url, log):
    told = graded(url, 9, Pool(2, functools.partial(dying, log=log, at="student 004", times=99)))
    assert told.graded == 9
    ((student, exercise, fault),) = told.faults
    assert (student, exercise) == ("student 004", EXERCISE)
    assert fault == "The process that judged it ended (signal 9). It was tried 2 times."
    assert judged(log).count("student 004") == 2 and len(judged(log)) == 10
    others = [row for row in undisturbed(9) if row[0] != "student 004"]
    assert [row for row in kept(url) if row[0] != "student 004"] == others
    (row,) = [row for row in kept(url) if row[0] == "student 004"]
    assert row[5] == ERROR


@pytest.mark.parametrize("times, faults", [(1, 0), (99, 1)])
def test_a_fault_of_a_judge_does_not_end_the_run(url, log, times, faults):
    told = graded(url, 5, Pool(1, functools.partial(failing, log=log, at="student 002", times=times)))
    assert (told.graded, len(told.faults)) == (5, faults)
    assert all("ZeroDivisionError: a fault of ours" in fault for *_, fault in told.faults)
    assert judged(log).count("student 002") == 2


def _without_memory(*_) -> Graded:
    raise MemoryError("no room for a process")


def test_a_machine_on_which_nothing_can_be_judged_is_not_blamed_on_the_class(url):
    graded(url, 2, Pool(1, marks))
    with pytest.raises(NoJudges, match=r"3 submissions in a row .* MemoryError: no room for a process.* goes on"):
        graded(url, 9, Pool(1, _without_memory))
    assert kept(url) == undisturbed(2)
    assert graded(url, 9, Pool(1, marks)).graded == 7


def test_a_process_makes_room_for_a_fresh_one(url, log, monkeypatch):
    monkeypatch.setattr(running, "TASKS", 2)
    assert graded(url, 5, Pool(1, functools.partial(noting, log=log))).graded == 5
    one, two, three, four, five = judges(log)
    assert one == two != three == four != five
    assert not any(psutil.pid_exists(process) for process in judges(log))


def _telling_its_patience(*_) -> Graded:
    return Graded([Mark(EXERCISE, PASS, None, os.environ["COURSE_PATIENCE"], 1, 0.1)])


@pytest.mark.parametrize("wanted, times", [(None, "3"), ("8", "8")])
def test_answers_judged_side_by_side_get_a_multiple_of_their_time(url, monkeypatch, wanted, times):
    monkeypatch.delenv("COURSE_PATIENCE", raising=False)
    if wanted:
        monkeypatch.setenv("COURSE_PATIENCE", wanted)
    graded(url, 1, Pool(1, _telling_its_patience))
    assert kept(url)[0][7] == times


def _without_a_sandbox(*_) -> Graded:
    raise NoSandbox("bwrap is not installed.")


def _ending_at_once(*_) -> None:
    os._exit(3)


def test_without_a_sandbox_the_run_stops_and_nothing_is_written(url):
    with pytest.raises(NoSandbox, match="bwrap is not installed"):
        graded(url, 3, Pool(1, _without_a_sandbox))
    assert kept(url) == []


def test_processes_that_do_not_start_are_told(url, monkeypatch):
    monkeypatch.setattr(running, "_judge_what_comes", _ending_at_once)
    with pytest.raises(
        NoJudges, match=r"ended before it could begin \(status 3\)\. Is there memory enough\?.* goes on"
    ):
        graded(url, 3, Pool(1, marks))
    assert kept(url) == []


# ----- the grader itself


def test_a_grader_killed_at_ten_random_moments_ends_with_the_same_marks(url, tmp_path):
    moments, students, kills = random.Random(15), 160, 0
    workers: set[int] = set()
    GradeBook(url).close()
    while kills < 10:
        log, (ours, theirs) = tmp_path / f"judged {kills}.txt", processes().Pipe(duplex=False)
        before = {row[0] for row in kept(url)}
        grader = processes().Process(target=grade_class, args=(url, students, str(log), 0.01, 1, theirs))
        grader.start()
        theirs.close()
        assert ours.recv() >= 1  # it has written something; then it is killed wherever it is
        grader.join(moments.uniform(0, 0.08))
        assert grader.exitcode is None, "the class is too small for ten moments"
        grader.kill()
        grader.join()
        kills += 1
        assert not before & set(judged(log)), "graded before, and judged again"
        workers |= set(judges(log))
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in workers if psutil.pid_exists(pid)], timeout=30)
    assert not alive, "processes that judge outlive their grader"
    before = {row[0] for row in kept(url)}
    assert 10 <= len(before) < students
    log = tmp_path / "judged at last.txt"
    grade_class(url, students, str(log), 0.0, 2)
    assert set(judged(log)) == {one.student for one in small_class(students)} - before
    assert kept(url) == undisturbed(students)


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.sandbox)], indirect=True)
def test_two_graders_at_once_write_each_submission_once(url, tmp_path):
    logs = [str(tmp_path / f"judged {number}.txt") for number in range(2)]
    graders = [processes().Process(target=grade_class, args=(url, 25, log, 0.01)) for log in logs]
    for grader in graders:
        grader.start()
    for grader in graders:
        grader.join()
        assert grader.exitcode == 0
    assert {*judged(logs[0]), *judged(logs[1])} == {one.student for one in small_class(25)}
    assert kept(url) == undisturbed(25)


def test_grading_again_goes_on_where_it_was_killed(url, log):
    def told_twice(told: Told) -> None:
        if told.graded == 3:
            raise KeyboardInterrupt

    pool = Pool(1, functools.partial(noting, log=log))
    with GradeBook(url) as book:
        run(small_class(6), book, SETTINGS, Pool(1, marks))
        name, seed = book.begin(again=True)
        with pytest.raises(KeyboardInterrupt):
            run(small_class(6), book, Settings(seed), pool, name=name, progress=told_twice)
        assert (name, seed) == book.begin(again=True)
        told = run(small_class(6), book, Settings(seed), pool, name=name)
        assert (told.graded, told.known) == (3, 3)
        assert len(list(book.entries())) == 12
    assert len(judged(log)) <= 7  # one may have been under way


FULL = """
import os
from made_classes import kept, marks, small_class
from course_lib.grading import running
from course_lib.grading.gradebook import GradeBook, GradeBookError

URL, BALLAST = "sqlite:////full/gradebook.db", "/full/ballast"

def long_marks(one, lesson, settings):
    graded = marks(one, lesson, settings)
    graded.problems = ["x" * 5000]
    return graded

def whole_run():
    with GradeBook(URL) as book:
        return running.run(small_class(40), book, running.Settings(7), running.Pool(1, long_marks))

if __name__ == "__main__":
    GradeBook(URL).close()
    with open(BALLAST, "wb") as file:
        file.write(bytes(3_300_000))
    try:
        whole_run()
    except GradeBookError as error:
        print(error)
    before = len(kept(URL))
    os.remove(BALLAST)
    told = whole_run()
    print(before, told.known, told.graded, len(kept(URL)))
"""


@pytest.mark.sandbox
def test_a_full_disk_stops_the_run_and_it_goes_on_when_there_is_room(tmp_path):
    script = tmp_path / "full.py"
    script.write_text(FULL, encoding="utf-8")
    command = ["bwrap", "--dev-bind", "/", "/", "--size", "4000000", "--tmpfs", "/full", sys.executable, str(script)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, numbers = done.stdout.splitlines()
    assert "Make room on its disk. What was graded before is kept; the same command goes on from there." in said
    before, known, more, in_all = map(int, numbers.split())
    assert 0 < before == known and known + more == in_all == 40


# ----- a cluster


@contextlib.contextmanager
def started(*arguments: str):
    """A program of Dask in a process of its own, and what it says, line by line."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", *arguments]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def _scheduler():
    return started(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"
    )


def _address(scheduler: subprocess.Popen) -> str:
    for line in scheduler.stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            return found[1]
    raise AssertionError("the scheduler ended")


def _worker(address: str, tmp_path: Path):
    quiet = ("--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory", str(tmp_path))
    return started("distributed.cli.dask_worker", address, *quiet)


@pytest.mark.sandbox
def test_a_worker_of_a_cluster_killed_half_way_costs_nothing(url, log, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", 0.5)
    with _scheduler() as scheduler:
        address = _address(scheduler)
        with contextlib.closing(Cluster(address, functools.partial(noting, log=log, seconds=0.05))) as cluster:
            with pytest.raises(
                NoJudges, match=f"{address} has no workers. Start some: `dask worker {address} --nthreads 1`"
            ):
                graded(url, 3, cluster)
            monkeypatch.setattr(running, "PATIENCE", 60)
            with _worker(address, tmp_path) as one, _worker(address, tmp_path) as two:
                killed = []

                def kill_one(told: Told) -> None:
                    if {one.pid, two.pid} == set(judges(log)) and not killed:  # both are at work
                        killed.append(told.graded)
                        one.kill()

                told = graded(url, 60, cluster, progress=kill_one)
                assert one.wait() == -signal.SIGKILL and killed[0] < 60
                assert (told.graded, told.faults) == (60, [])
                assert kept(url) == undisturbed(60)
                assert graded(url, 60, cluster).known == 60

                def end_the_scheduler(told: Told) -> None:
                    scheduler.kill()

                with pytest.raises(NoJudges, match=r"is gone .* What was graded before is kept"):
                    graded(url, 80, cluster, progress=end_the_scheduler)
    assert [row for row in kept(url) if row in undisturbed(60)] == undisturbed(60)


def test_a_scheduler_that_is_not_there_is_told(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(running, "CALL", 1)
    with pytest.raises(
        NoJudges, match=r"No Dask scheduler answers at tcp://127.0.0.1:1 .* Start one with `dask scheduler`"
    ):
        Cluster("tcp://127.0.0.1:1")
    with pytest.raises(NoJudges, match="No Dask scheduler answers at nonsense"):
        Cluster("nonsense://here")


def test_a_cluster_needs_a_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoJudges, match=r"pip install 'bottleneck-course\[cluster\]'"):
        Cluster("tcp://127.0.0.1:1")


# ----- in the sandbox itself


@pytest.mark.sandbox
def test_in_the_sandbox_a_killed_grader_leaves_nobody_and_marks_and_memory_stay_the_same(url, tmp_path):
    """A class of sixty: killed after the first, graded to the end, and some of it once more in another grade book."""
    ours, theirs = processes().Pipe(duplex=False)
    grader = processes().Process(target=grade_in_the_sandbox, args=(url, 60, theirs))
    grader.start()
    theirs.close()
    assert ours.recv() == 1
    family = psutil.Process(grader.pid).children(recursive=True)
    assert any("bwrap" in process.name() for process in family)
    grader.kill()
    grader.join()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive

    mib, memory = 1 << 20, {}

    def look(told: Told) -> None:
        workers = [p for p in psutil.Process().children() if "multiprocessing.spawn" in " ".join(p.cmdline())]
        if workers:  # none is left when the last one is written
            memory[told.looked_at] = [p.memory_info().rss for p in (psutil.Process(), *workers)]

    pool = Pool(1)
    before = len(kept(url))
    told = graded(url, 60, pool, progress=look)
    assert (told.graded, told.known, told.faults) == (60 - before, before, [])
    rows = {row[0]: row[4:] for row in kept(url)}
    statuses = {one: [rows[s.student][1] for s in small_class(60)[number::4]] for number, one in enumerate(ANSWERS)}
    expected = {"right": PASS, "wrong": FAIL, "broken": ERROR, "blank": NOT_ATTEMPTED}
    assert statuses == {one: [status] * 15 for one, status in expected.items()}
    grown = [(late - early) / mib for early, late in zip(memory[15], memory[59], strict=True)]
    print(f"grader {memory[59][0] / mib:.0f} MiB, judge {memory[59][1] / mib:.0f} MiB; grown by {grown} MiB")
    assert max(grown) < 15

    again = f"sqlite:///{tmp_path / 'again.db'}"
    assert graded(again, 8, pool).graded == 8
    for row in kept(again):
        assert row[4:9] == rows[row[0]][:5]  # all but the seconds


# ----- how far it is


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream, steps: list[tuple[float, Told]], total: int = 60, workers: int = 1) -> str:
    now = 0.0
    with progress.Progress(total, stream, lambda: now, workers=workers) as bar:
        for now, told in steps:  # noqa: B007  (the clock reads it)
            bar(told)
    return stream.getvalue()


STEPS = [(float(n + 5), Told(graded=n)) for n in range(1, 61)]  # a second each, after five to load Keras


def test_a_terminal_gets_a_bar_with_the_rest_time(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = shown(Screen(), STEPS)
    lines = text.split("\r")
    assert re.fullmatch(r"\[#{13}-{27}\] 20 of 60 submissions, about 40 s to go *", lines[20])
    assert re.fullmatch(r"\[#{40}\] 60 of 60 submissions *\n", lines[-1])
    assert text.count("\n") == 1 and len(lines) == 61
    assert max(map(len, lines)) < 100


def test_a_narrow_terminal_gets_no_bar(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert shown(Screen(), STEPS).split("\r")[20].strip() == "20 of 60 submissions, about 40 s to go"


def test_without_a_terminal_there_is_a_line_now_and_then():
    lines = shown(io.StringIO(), STEPS).splitlines()
    assert lines == [
        "25 of 60 submissions, about 35 s to go",
        "55 of 60 submissions, about 5 s to go",
        "60 of 60 submissions",
    ]


def test_what_was_graded_before_does_not_make_the_rest_seem_quick():
    steps = [(0.1, Told(known=40)), (35.0, Told(graded=1, known=40)), (65.0, Told(graded=2, known=40))]
    assert shown(io.StringIO(), steps).splitlines()[-1] == "42 of 60 submissions, about 9 min to go"


def test_the_rest_time_is_told_when_each_worker_has_graded_two_and_does_not_count_what_keras_took_to_load():
    """Two workers, ten seconds a submission; the first ones came after 40 seconds."""
    times = [(40.0 + 10 * (n // 2) + n % 2, Told(graded=n + 1)) for n in range(70)]
    lines = shown(Screen(), times, total=70, workers=2).split("\r")[1:]
    told = [line.partition("submissions")[2].strip() for line in lines]
    assert told[:3] == ["", "", ""] and told[5] == ", about 5 min to go"
    few = shown(Screen(), times[:11], total=11, workers=16)
    assert few.count("of 11 submissions") == 11 and "to go" not in few
    many = shown(Screen(), [(float(n), Told(graded=n)) for n in range(1, 60)], total=1000).split("\r")[1:]
    assert ["to go" in line for line in many].index(True) == 49  # at one in twenty


def test_more_submissions_than_were_counted_are_no_error():
    """A zip within counts as one."""
    assert (
        shown(io.StringIO(), [(1.0, Told(graded=n)) for n in (1, 2, 3)], total=1).splitlines()[-1]
        == "3 of 3 submissions"
    )


@pytest.mark.parametrize(
    "seconds, words", [(0, "0 s"), (59.4, "59 s"), (59.7, "1 min"), (3599, "1 h 0 min"), (7500, "2 h 5 min")]
)
def test_durations(seconds, words):
    assert progress.duration(seconds) == words
