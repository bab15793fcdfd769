"""A run over a class: every submission that is not graded yet, by as many processes as wanted, into the grade book.

The unit is a submission. Processes of this machine, or a Dask cluster, are handed the same function; only this process writes.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import course_lib
from course_lib.classroom.exercise import ERROR, UnknownExercise, exercises, find_exercise
from course_lib.grading import notebooks
from course_lib.grading.gradebook import FIRST, GradeBook
from course_lib.grading.judging import Graded, Mark, grade, seed_for
from course_lib.grading.sandbox import NoSandbox, Sandbox
from course_lib.grading.submissions import Submission

AHEAD = 4  # submissions for each process that wait in memory
TASKS = 200  # that a process judges before a fresh one takes its place: memory stays flat
ATTEMPTS = 2  # for a submission during which the judge's process ended


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
        problems: sentences for the instructor.
        faults: student, exercise and what went wrong on our side.
    """

    graded: int = 0
    known: int = 0
    problems: list[str] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)


# ----- in a process that judges

_sandboxes: dict[str, Sandbox] = {}  # of this process, by their runner; they end with it


def judge_submission(submission: Submission, lesson: int, settings: Settings) -> Graded:
    """Judge one submission. What a pool's process is handed; it keeps its sandbox for the next one.

    Raises:
        NoSandbox: if there is none; then nothing is judged.
    """
    if settings.runner not in _sandboxes:
        _sandboxes[settings.runner] = Sandbox(settings.runner)
    wanted = [e for e in exercises() if e.lesson == lesson and e.name not in settings.without]
    handed_in = notebooks.read(submission.data)
    sandbox = _sandboxes[settings.runner]
    return grade(handed_in, wanted, sandbox, seed=settings.seed, submission=submission.sha256)


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
    pool: Pool,
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
    """
    told, done = Told(), book.graded(name)

    def to_do() -> Iterator[tuple[Submission, int]]:
        for submission in found:
            lesson = lesson_of(submission)
            if lesson is None:
                told.problems.append(f"{submission.student}, {submission.file}: belongs to no lesson of the course.")
            elif settings.lessons and lesson not in settings.lessons:
                continue
            elif (submission.student, lesson, submission.sha256) in done:
                told.known += 1
                progress(told)
            else:
                done.add((submission.student, lesson, submission.sha256))
                yield submission, lesson

    for (submission, lesson), graded in pool.map(to_do(), settings):
        if book.record(submission, lesson, graded, run=name, course=course_lib.__version__):
            told.graded += 1
        else:
            told.known += 1
        told.faults += [(submission.student, mark.exercise, mark.fault) for mark in graded.marks if mark.fault]
        progress(told)
    return told


class Pool:
    """Processes of this machine.

    Args:
        workers: how many.
    """

    def __init__(self, workers: int | None = None):
        self.workers = workers or os.cpu_count() or 1

    def map(self, work: Iterable[tuple[Submission, int]], settings: Settings):
        """Pairs of a piece of work and what came of it, in the order in which they are ready."""
        waiting, again = iter(work), []
        attempts: dict[str, int] = {}
        while True:
            lost = None
            with self._processes() as processes:
                pending: dict[concurrent.futures.Future, tuple[Submission, int]] = {}
                try:
                    while True:
                        room = AHEAD * self.workers - len(pending)
                        for piece in itertools.islice(itertools.chain(_emptied(again), waiting), room):
                            pending[processes.submit(judge_submission, *piece, settings)] = piece
                        if not pending:
                            return
                        ready, _ = concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
                        for future in ready:
                            piece = pending[future]
                            graded = future.result()
                            del pending[future]
                            yield piece, graded
                except concurrent.futures.process.BrokenProcessPool:
                    lost = list(pending.values())
            # A process ended. Whoever it was judging is tried once more, alone, so that the others are not blamed.
            for piece in lost:
                key = piece[0].sha256
                attempts[key] = attempts.get(key, 0) + 1
                if attempts[key] < ATTEMPTS or (len(lost) > 1 and attempts[key] < 2 * ATTEMPTS):
                    again.append(piece)
                else:
                    yield piece, _given_up(piece, settings)

    def _processes(self) -> concurrent.futures.ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return concurrent.futures.ProcessPoolExecutor(self.workers, context, max_tasks_per_child=TASKS)


class Cluster:
    """The workers of a Dask scheduler, on as many machines as there are; each needs the course and a sandbox.

    Args:
        address: of the scheduler, such as ``tcp://host:8786``.

    Raises:
        RuntimeError: if Dask is not installed, or nobody answers there.
    """

    def __init__(self, address: str):
        try:
            from distributed import Client
        except ImportError:
            raise RuntimeError("--scheduler needs Dask: pip install 'bottleneck-course[cluster]'.") from None
        try:
            self._client = Client(address, timeout="10s", set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise RuntimeError(f"No Dask scheduler answers at {address}: {error}") from None

    def map(self, work: Iterable[tuple[Submission, int]], settings: Settings):
        """Pairs of a piece of work and what came of it, in the order in which they are ready."""
        from distributed import KilledWorker, as_completed

        waiting, pending = iter(work), {}
        most = AHEAD * max(1, sum(self._client.nthreads().values()))

        def submit(count: int) -> list:
            added = []
            for piece in itertools.islice(waiting, count):
                # A worker that is lost gives its piece to another one; nothing is cached between runs.
                future = self._client.submit(judge_submission, *piece, settings, pure=False, retries=ATTEMPTS)
                pending[future.key] = piece
                added.append(future)
            return added

        ready = as_completed(submit(most))
        for future in ready:
            piece = pending.pop(future.key)
            try:
                graded = future.result()
            except KilledWorker:
                graded = _given_up(piece, settings)
            future.release()
            for more in submit(1):
                ready.add(more)
            yield piece, graded

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._client.close()


def _emptied(pieces: list) -> Iterator:
    while pieces:
        yield pieces.pop(0)


def _given_up(piece: tuple[Submission, int], settings: Settings) -> Graded:
    """Marks that say to the instructor that no process outlived this submission."""
    submission, lesson = piece
    fault = f"The process that judged it ended {ATTEMPTS} times."
    told = "This exercise could not be judged; your instructor is told."
    wanted = [e for e in exercises() if e.lesson == lesson and e.name not in settings.without]
    seeds = [seed_for(settings.seed, submission.sha256, exercise.name) for exercise in wanted]
    return Graded(
        [Mark(e.name, ERROR, None, told, seed, 0.0, fault) for e, seed in zip(wanted, seeds, strict=True)], []
    )


__all__ = ["Cluster", "NoSandbox", "Pool", "Settings", "Told", "judge_submission", "lesson_of", "run"]
