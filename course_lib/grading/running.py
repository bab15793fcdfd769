"""A run over a class: every submission that is not graded yet, by as many processes as wanted, into the grade book.

The unit is a submission. Processes of this machine, or a Dask cluster, are handed the same function; only this process writes.
A process that ends takes nothing with it but its one submission, and that one is judged again.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from multiprocessing import connection

import course_lib
from course_lib.classroom.exercise import ERROR, UnknownExercise, exercises, find_exercise
from course_lib.grading import notebooks
from course_lib.grading.gradebook import FIRST, GradeBook, identity
from course_lib.grading.judging import Graded, Mark, grade, seed_for
from course_lib.grading.sandbox import NoSandbox, Sandbox
from course_lib.grading.submissions import Submission

AHEAD = 4  # submissions for each worker of a cluster that wait there
TASKS = 200  # that a process judges before a fresh one takes its place: memory stays flat
ATTEMPTS = 2  # for a submission during which the judge's process ended
LEAVE = 5.0  # seconds that a process gets to close its sandbox
CALL = 10.0  # seconds for a cluster's scheduler to answer
PATIENCE = 60.0  # seconds for a worker to appear on a cluster
TIMES = "3"  # a learner's limit, unless COURSE_PATIENCE says another: a right answer must not fail for what is judged beside it
MOST_IN_VAIN = 3  # submissions in a row of which nothing could be judged, before the run stops
GOES_ON = "What was graded before is kept; the same command goes on from there."


class NoJudges(RuntimeError):
    """Nothing can be judged: processes do not start, a cluster is gone, each submission fails. What was graded is kept."""


@dataclass(frozen=True)
class Settings:
    """How submissions are judged.

    Attributes:
        seed: of the run.
        runner: of the sandbox.
        lessons: numbers of the lessons that count; empty for all.
        without: names of exercises that are not judged.
    """

    seed: int
    runner: str = "bwrap"
    lessons: tuple[int, ...] = ()
    without: tuple[str, ...] = ()


@dataclass
class Told:
    """What came of a run.

    Attributes:
        graded: how many submissions were graded.
        known: how many had been graded before.
        skipped: how many belong to no lesson, or to one that does not count.
        problems: sentences for the instructor.
        faults: student, exercise and what went wrong on our side.
    """

    graded: int = 0
    known: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def looked_at(self) -> int:
        """How many submissions were come to."""
        return self.graded + self.known + self.skipped


Work = tuple[Submission, int]  # a submission and its lesson
Judge = Callable[[Submission, int, Settings], Graded]

# ----- in a process that judges

_sandboxes: dict[str, Sandbox] = {}  # of this process, by their runner; they end with it
_one_at_a_time = threading.Lock()  # a judge's random numbers are its process's


def judge_submission(submission: Submission, lesson: int, settings: Settings) -> Graded:
    """Judge one submission. What processes and clusters are handed; a process keeps its sandbox for the next one.

    Raises:
        NoSandbox: if there is none; then nothing is judged.
    """
    wanted = _wanted(lesson, settings)
    handed_in = notebooks.read(submission.data)
    with _one_at_a_time:
        if settings.runner not in _sandboxes:
            _sandboxes[settings.runner] = Sandbox(settings.runner)
        sandbox = _sandboxes[settings.runner]
        return grade(handed_in, wanted, sandbox, seed=settings.seed, submission=submission.sha256)


@atexit.register
def _close_sandboxes() -> None:
    while _sandboxes:
        _sandboxes.popitem()[1].close()


def _wanted(lesson: int, settings: Settings) -> list:
    return [e for e in exercises() if e.lesson == lesson and e.name not in settings.without]


def _judge_what_comes(pipe: connection.Connection, judge: Judge) -> None:
    """Be a process of a pool: say that it is ready, then judge until nobody asks any more."""

    def leave(*_) -> None:
        _close_sandboxes()
        os._exit(1)

    def leave_with_parent() -> None:
        connection.wait([multiprocessing.parent_process().sentinel])
        leave()

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that writes, which ends this one
    signal.signal(signal.SIGTERM, leave)
    threading.Thread(target=leave_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            pipe.send(_answer(judge, *pipe.recv()))
    _close_sandboxes()


def _judge_elsewhere(judge: Judge, version: str, *piece) -> Graded | Exception | str:
    """What a worker of a cluster is handed."""
    if version != course_lib.__version__:
        versions = f"version {course_lib.__version__} of the course, and the grader {version}"
        return NoJudges(f"{socket.gethostname()} has {versions}. Install the same one on both.")
    answer = _answer(judge, *piece)
    return NoSandbox(f"{socket.gethostname()}: {answer}") if isinstance(answer, NoSandbox) else answer


def _answer(judge: Judge, submission: Submission, lesson: int, settings: Settings) -> Graded | NoSandbox | str:
    """The marks; or that there is no sandbox; or the sentence with which the judge failed, which must not end the run."""
    os.environ.setdefault("COURSE_PATIENCE", TIMES)  # this process is ours, on a cluster too
    try:
        return judge(submission, lesson, settings)
    except NoSandbox as error:
        return error
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]


def lesson_of(submission: Submission) -> int | None:
    """The lesson of a submission: that of the exercises which its cells name, or else that in its file's name."""
    for name in notebooks.read(submission.data).exercises:
        with contextlib.suppress(UnknownExercise):
            return find_exercise(name).lesson
    known = {exercise.lesson for exercise in exercises()}
    return submission.lesson if submission.lesson in known else None


# ----- in the process that writes


def run(
    found: Iterable[Submission],
    book: GradeBook,
    settings: Settings,
    pool: Pool | Cluster,
    *,
    name: str = FIRST,
    progress: Callable[[Told], None] = lambda told: None,
) -> Told:
    """Grade every submission that the run of this name has not graded, and write each as soon as it is judged.

    Args:
        found: the submissions.
        book: where marks go.
        settings: how they are judged.
        pool: who judges.
        name: of the run; another than the first one grades again what was graded before.
        progress: called after each submission.

    Raises:
        GradeBookError: if the grade book cannot be read or written.
        NoSandbox: if there is no sandbox to judge in.
        NoJudges: if nobody is there who judges, or nothing can be judged. After each of these, the same run goes on where it stopped.
    """
    told, done = Told(), book.graded(name)

    def to_do() -> Iterator[tuple[Submission, int]]:
        for submission in found:
            lesson = lesson_of(submission)
            if lesson is None:
                told.problems.append(f"{submission.student}, {submission.file}: belongs to no lesson of the course.")
                told.skipped += 1
            elif settings.lessons and lesson not in settings.lessons:
                told.skipped += 1
            elif identity(submission, lesson) in done:
                told.known += 1
            else:
                done.add(identity(submission, lesson))
                yield submission, lesson
                continue
            progress(told)

    held: list[tuple[Work, Graded]] = []

    def write() -> None:
        while held:
            (submission, lesson), graded = held[0]
            if book.record(submission, lesson, graded, run=name, course=course_lib.__version__):
                told.graded += 1
                told.faults += [(submission.student, mark.exercise, mark.fault) for mark in graded.marks if mark.fault]
            else:
                told.known += 1  # another grader was faster
            held.pop(0)
            progress(told)

    with contextlib.closing(pool.map(to_do(), settings)) as judged:
        for work, graded in judged:
            held.append((work, graded))
            if not _in_vain(graded):
                write()
            elif len(held) >= MOST_IN_VAIN:  # not these submissions, this machine
                mark = graded.marks[-1]
                raise NoJudges(
                    f"{len(held)} submissions in a row could not be judged, {mark.exercise} because of this: {mark.fault} "
                    f"Mend that, or leave the exercise out with --without {mark.exercise}. Of these nothing was written. {GOES_ON}"
                )
        write()
    return told


def _in_vain(graded: Graded) -> bool:
    """Whether nothing could be judged, for a reason that is not the student's."""
    return bool(graded.marks) and all(mark.fault for mark in graded.marks)


@dataclass
class _Piece:
    """A piece of work, and how often it was tried."""

    work: Work
    attempts: int = 0

    def settled(self, answer: Graded | Exception | str, settings: Settings) -> Graded | None:
        """What came of it; None if it is to be tried once more.

        Raises:
            NoSandbox, NoJudges: if that was the answer.
        """
        if isinstance(answer, Exception):
            raise answer
        self.attempts += 1
        if isinstance(answer, str):
            return _given_up(self.work, answer, settings) if self.attempts >= ATTEMPTS else None
        return answer


class Pool:
    """Processes of this machine, each with one submission at a time.

    Args:
        workers: how many; as many as the machine has cores if not given.
        judge: what they are handed.
    """

    def __init__(self, workers: int | None = None, judge: Judge = judge_submission):
        self.workers, self._judge = workers or os.cpu_count() or 1, judge

    def map(self, work: Iterable[Work], settings: Settings) -> Iterator[tuple[Work, Graded]]:
        """Pairs of a piece of work and what came of it, in the order in which they are ready.

        Raises:
            NoSandbox: if a process has none.
            NoJudges: if a process does not start.
        """
        coming, lost, judged = map(_Piece, work), [], []
        crew: dict[connection.Connection, _Process] = {}

        def draw() -> _Piece | None:
            return lost.pop(0) if lost else next(coming, None)

        try:
            while True:
                for process in [one for one in crew.values() if one.piece is None]:
                    piece = draw() if process.judged < TASKS else None
                    if piece is None:
                        crew.pop(process.pipe).end()
                    else:
                        process.hand(piece, settings)
                while len(crew) < self.workers and (piece := draw()) is not None:
                    process = _Process(self._judge)
                    crew[process.pipe] = process
                    process.hand(piece, settings)
                while judged:  # everybody has work by now
                    yield judged.pop(0)
                if not crew:
                    return
                for pipe in connection.wait(list(crew)):
                    piece, answer = crew[pipe].told()
                    if piece is None:
                        continue
                    if not crew[pipe].alive:
                        crew.pop(pipe)
                    graded = piece.settled(answer, settings)
                    if graded is None:
                        lost.append(piece)
                    else:
                        judged.append((piece.work, graded))
        finally:
            for process in crew.values():
                process.leave()
            for process in crew.values():
                process.end()

    def close(self) -> None:
        """Nothing is left to close: processes end with the run."""


class _Process:
    """A process that judges.

    Attributes:
        pipe: where it tells what came of its piece.
        piece: what it judges.
        judged: how many it has judged.
        alive: whether it can be given another one.
    """

    def __init__(self, judge: Judge):
        context = multiprocessing.get_context("spawn")  # threads and a database's connection are not to be forked
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_judge_what_comes, args=(theirs, judge), daemon=True)
        self._process.start()
        theirs.close()
        self.piece: _Piece | None = None
        self.judged, self.alive, self._ready, self._settings = 0, True, False, None

    def hand(self, piece: _Piece, settings: Settings) -> None:
        """Give it a piece; as soon as it is ready, if it is not yet."""
        self.piece, self._settings = piece, settings
        if self._ready:
            with contextlib.suppress(OSError):  # if it ended a moment ago, told() will say so
                self.pipe.send((*piece.work, settings))

    def told(self) -> tuple[_Piece | None, Graded | NoSandbox | str]:
        """Its piece and what came of it; no piece if it has only become ready.

        Raises:
            NoJudges: if it ended before.
        """
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            how = self.end()
            if not self._ready:
                raise NoJudges(
                    f"A process that judges ended before it could begin ({how}). Is there memory enough? Take fewer --workers. "
                    f"{GOES_ON}"
                ) from None
            answer = f"The process that judged it ended ({how})."
        else:
            if not self._ready:
                self._ready = True
                self.hand(self.piece, self._settings)
                return None, ""
        piece, self.piece = self.piece, None
        self.judged += 1
        return piece, answer

    def leave(self) -> None:
        """Ask it to end, now if it judges, and do not wait."""
        self.pipe.close()
        if self.piece is not None:
            self._process.terminate()

    def end(self) -> str:
        """End it; returns how it ended."""
        self.leave()
        self._process.join(LEAVE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        code, self.alive = self._process.exitcode, False
        return f"signal {-code}" if code < 0 else f"status {code}"


class Cluster:
    """The workers of a Dask scheduler, on as many machines as there are; each needs the course and a sandbox.

    A worker judges one submission at a time in each of its processes, however many threads it has. One that is lost gives its
    submissions to the others.

    Args:
        address: of the scheduler, such as ``tcp://host:8786``.
        judge: what the workers are handed.

    Raises:
        NoJudges: if Dask is not installed, or nobody answers there.
    """

    def __init__(self, address: str, judge: Judge = judge_submission):
        self._address, self._judge, self.workers = address, judge, 1
        try:
            from distributed import Client
        except ImportError:
            raise NoJudges("--scheduler needs Dask: python -m pip install 'bottleneck-course[cluster]'.") from None
        try:
            self._client = Client(address, timeout=CALL, set_as_default=False)
            self.workers = max(1, len(self._client.nthreads()))  # at the moment: more may come, and some may go
        except (OSError, ValueError) as error:
            raise NoJudges(
                f"No Dask scheduler answers at {address} ({str(error).strip() or type(error).__name__}). Start one with "
                "`dask scheduler`, and give the address that it prints."
            ) from None

    def map(self, work: Iterable[Work], settings: Settings) -> Iterator[tuple[Work, Graded]]:
        """Pairs of a piece of work and what came of it, in the order in which they are ready.

        Raises:
            NoSandbox: if a worker has none.
            NoJudges: if the scheduler is gone, there are no workers, or one has another version of the course.
        """
        import distributed

        coming, lost, pending = map(_Piece, work), [], {}
        try:
            while True:
                room = max(0, AHEAD * max(1, len(self._client.nthreads())) - len(pending))
                for piece in itertools.islice(itertools.chain(_emptied(lost), coming), room):
                    # Nothing is cached: a submission that is judged again is judged.
                    arguments = (self._judge, course_lib.__version__, *piece.work, settings)
                    pending[self._client.submit(_judge_elsewhere, *arguments, pure=False)] = piece
                if not pending:
                    return
                try:
                    with self._client.as_current():
                        distributed.wait(list(pending), timeout=PATIENCE, return_when="FIRST_COMPLETED")
                except TimeoutError:
                    if not self._client.nthreads():
                        raise NoJudges(
                            f"The Dask scheduler at {self._address} has no workers. Start some: "
                            f"`dask worker {self._address} --nthreads 1`. {GOES_ON}"
                        ) from None
                for future in [future for future in pending if future.done()]:
                    piece = pending.pop(future)
                    try:
                        answer = future.result()
                    except distributed.KilledWorker:
                        piece.attempts, answer = ATTEMPTS, "The workers that judged it ended."
                    graded = piece.settled(answer, settings)
                    future.release()
                    if graded is None:
                        lost.append(piece)
                    else:
                        yield piece.work, graded
        except (CancelledError, OSError) as error:
            raise NoJudges(
                f"The Dask scheduler at {self._address} is gone ({type(error).__name__}). {GOES_ON}"
            ) from None
        finally:
            with contextlib.suppress(CancelledError, OSError):
                self._client.cancel(list(pending))

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._client.close()


def _emptied(pieces: list) -> Iterator:
    while pieces:
        yield pieces.pop(0)


def _given_up(piece: Work, reason: str, settings: Settings) -> Graded:
    """Marks that say to the instructor that this submission could not be judged."""
    submission, lesson = piece
    told = "This exercise could not be judged; your instructor is told."
    fault = f"{reason} It was tried {ATTEMPTS} times."
    wanted = _wanted(lesson, settings)
    seeds = [seed_for(settings.seed, submission.sha256, exercise.name) for exercise in wanted]
    return Graded(
        [Mark(e.name, ERROR, None, told, seed, 0.0, fault) for e, seed in zip(wanted, seeds, strict=True)], []
    )


__all__ = ["Cluster", "NoJudges", "NoSandbox", "Pool", "Settings", "Told", "judge_submission", "lesson_of", "run"]
