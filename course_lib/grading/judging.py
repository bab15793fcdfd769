"""One submission from its cells to its marks: its code in a room, the judges here."""

from __future__ import annotations

import ast
import time
import zlib
from dataclasses import dataclass, field

import numpy as np

from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, Exercise, Outcome
from course_lib.classroom.run import judge_behind, message_of
from course_lib.classroom.wire import Malformed, Raised
from course_lib.grading.notebooks import HandedIn
from course_lib.grading.room import Room, RoomEnded
from course_lib.grading.sandbox import NoSandbox, Sandbox

MOST_ROOMS = 8  # for the cells of one notebook: each that ends the process costs one
NOTEBOOK_SECONDS = 300.0  # for all cells of a notebook
# Cells that the course put there to ask for a check and to show what a right answer is good for: no answer stands in them, and
# some train for seconds. One that was written into all the same is run.
SKIPPED = "check", "success"


@dataclass(frozen=True)
class Mark:
    """What came of one exercise.

    Attributes:
        exercise: its name.
        status: PASS, FAIL, ERROR or NOT_ATTEMPTED, as a learner's own check says it.
        misconception: the name of what went wrong, if the judge knows one.
        message: what the student is told.
        seed: of the judge's inputs; with it the same answer gets the same mark.
        seconds: how long it took, on the clock.
        fault: what went wrong on our side; empty but for a mark that an instructor should look at.
    """

    exercise: str
    status: str
    misconception: str | None
    message: str
    seed: int
    seconds: float
    fault: str = ""


@dataclass
class Graded:
    """The marks of a submission, and what else there is to say to the student."""

    marks: list[Mark]
    problems: list[str] = field(default_factory=list)


def seed_for(seed: int, submission: str, exercise: str) -> int:
    """The seed of one exercise of one submission: nobody meets the inputs of another.

    Args:
        seed: of the run.
        submission: SHA-256 of the notebook, in hexadecimal.
        exercise: its name.
    """
    words = np.random.SeedSequence([seed, int(submission, 16), zlib.crc32(exercise.encode())]).generate_state(4)
    return int.from_bytes(words.tobytes(), "little")


def grade(handed_in: HandedIn, exercises: list[Exercise], sandbox: Sandbox, *, seed: int, submission: str) -> Graded:
    """Run a notebook's cells in a room and judge the exercises.

    Args:
        handed_in: the notebook.
        exercises: which exercises are judged, in order.
        sandbox: where its code runs.
        seed: of the run; see :func:`seed_for`.
        submission: SHA-256 of the notebook, in hexadecimal.

    Returns:
        A mark for each exercise, whatever the notebook does.
    """
    table = _Table(handed_in, sandbox)
    try:
        marks = []
        for exercise in exercises:
            own, began = seed_for(seed, submission, exercise.name), time.monotonic()
            outcome, fault = table.judge(exercise, own)
            spent = round(time.monotonic() - began, 3)
            marks.append(Mark(exercise.name, outcome.status, outcome.misconception, outcome.message, own, spent, fault))
        return Graded(marks, [*handed_in.problems, *table.problems])
    finally:
        table.clear()


class _Table:
    """A notebook and the room in which it lies; a room that ended is replaced, without the cell that ended it."""

    def __init__(self, handed_in: HandedIn, sandbox: Sandbox):
        self._cells, self._sandbox = handed_in.cells, sandbox
        self._left_out: dict[int, str] = {}  # numbers of cells that ended a room, and how
        self._room: Room | None = None
        self._raised: dict[int, Raised] = {}
        self.problems: list[str] = []

    def judge(self, exercise: Exercise, seed: int) -> tuple[Outcome, str]:
        """The outcome of one exercise, and what went wrong on our side."""
        try:
            room = self._laid()
            found = room.choose(list(exercise.names))
            for name, what in zip(exercise.names, found, strict=True):
                if not what["there"]:
                    return self._missing(exercise, name), ""
                if not what["callable"]:
                    told = exercise.question("not-a-function", found=what["described"], name=exercise.name)
                    return Outcome(FAIL, "wrong-type", told, exercise.name), ""
                if what["from_course"]:
                    told = exercise.question("imported-answer", name=exercise.name)
                    return Outcome(FAIL, "imported-answer", told, exercise.name), ""
            outcome = judge_behind(room, exercise, seed)
            if room.closed:
                self.clear()
            return outcome, ""
        except RoomEnded as ended:
            self.clear()
            return Outcome(ERROR, None, f"Your code could not be asked to the end. {ended}", exercise.name), ""
        except Malformed:
            self.clear()
            return Outcome(ERROR, None, "Your code's process sent what no answer sends.", exercise.name), ""
        except NoSandbox:
            raise
        except Exception as error:  # a judge that fails must not end the run
            self.clear()
            told = "This exercise could not be judged; your instructor is told."
            return Outcome(ERROR, None, told, exercise.name), f"{type(error).__name__}: {error}"[:500]

    def clear(self) -> None:
        """End the room."""
        if self._room is not None:
            self._room.close()
            self._room = None

    def _laid(self) -> Room:
        """The room with every cell run that can be."""
        until = time.monotonic() + NOTEBOOK_SECONDS
        while self._room is None:
            room, number = Room(self._sandbox), 0
            self._raised.clear()
            try:
                for number, cell in enumerate(self._cells, start=1):
                    if number in self._left_out or (cell.role in SKIPPED and not _defined(cell.source)):
                        continue
                    if len(self._left_out) >= MOST_ROOMS or time.monotonic() > until:
                        self._say(f"Cell {number} and those after it were left out: the notebook had taken too long.")
                        break
                    said = room.run_cell(cell.source)
                    if said["raised"] is not None:
                        self._raised[number] = said["raised"]
                        if not said["raised"].unfilled:
                            self._say(f"Cell {number} raised {said['raised']}"[:300])
                    for note in said["notes"]:
                        self._say(f"Cell {number}: {note[:200]}.")
                self._room = room
            except RoomEnded as ended:
                room.close()
                self._left_out[number] = str(ended)
                self._say(f"Cell {number} was left out. {ended}")
        return self._room

    def _missing(self, exercise: Exercise, name: str) -> Outcome:
        """Why there is no such function: its cell raised, ended the process, was renamed or is gone."""
        for number, cell in enumerate(self._cells, start=1):
            if not _defines(cell.source, name):
                continue
            if number in self._left_out:
                return Outcome(ERROR, None, f"The cell of {name} was left out. {self._left_out[number]}", exercise.name)
            if number in self._raised:
                told = message_of(self._raised[number])
                return Outcome(told[0], told[1], told[2], exercise.name)
        own = [cell.source for cell in self._cells if cell.exercise == exercise.name]
        others = [other for source in own for other in _defined(source)]
        if others:
            told = f"There is no {name}; its cell defines {', '.join(others)[:200]}. What does the task call it?"
            return Outcome(ERROR, None, told, exercise.name)
        broken = next(
            (
                self._raised[n]
                for n, c in enumerate(self._cells, 1)
                if c.exercise == exercise.name and n in self._raised
            ),
            None,
        )
        if broken is not None:
            return Outcome(*message_of(broken), exercise.name)
        return Outcome(NOT_ATTEMPTED, None, f"There is no {name} in the notebook.", exercise.name)

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _defined(source: str) -> list[str]:
    """Names of the functions and classes that a cell defines at its top level; none if it cannot be read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]


def _defines(source: str, name: str) -> bool:
    return name in _defined(source) or f"def {name}(" in source or f"class {name}" in source
