"""One submission from its cells to its marks: its code in a room, the judges here."""

from __future__ import annotations

import ast
import difflib
import time
import zlib
from dataclasses import dataclass, field

import numpy as np

from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, Exercise, Outcome
from course_lib.classroom.run import UNTOUCHED, judge_behind, message_of
from course_lib.classroom.wire import Malformed, Raised
from course_lib.grading.notebooks import Cell, HandedIn, statements
from course_lib.grading.room import Room, RoomEnded
from course_lib.grading.sandbox import NoSandbox, Sandbox

MOST_ROOMS = 8  # for the cells of one notebook: each that ends the process costs one
NOTEBOOK_SECONDS = 300.0  # for all cells of a notebook …
ALL_SECONDS = 600.0  # … and for all times that they run, as each room that a check ends is laid anew
MOST_PROBLEMS = 100  # that a student is told about one notebook …
MOST_NAME = 80  # … and characters of a name in them
MOST_MESSAGE = 4_000  # characters of what a student is told about one exercise
# A cell that the course put there to show what a right answer is good for trains for seconds, and no answer stands in it. One that
# was written into all the same is run.
SHOWN = "success"
# What a cell lacked that ended like this may stand further down, where the student had run it first.
RUN_AGAIN = "NameError"


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

    @property
    def lost(self) -> bool:
        """Whether nothing was asked because there was no such function: its cell is gone, and not as it was handed out."""
        return self.status == NOT_ATTEMPTED and self.message != UNTOUCHED


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
    table = _Table(handed_in, sandbox, {name for exercise in exercises for name in exercise.names})
    try:
        marks = []
        for exercise in exercises:
            own, began = seed_for(seed, submission, exercise.name), time.monotonic()
            outcome, fault = table.judge(exercise, own)
            spent = round(time.monotonic() - began, 3)
            told = outcome.message[:MOST_MESSAGE]
            marks.append(Mark(exercise.name, outcome.status, outcome.misconception, told, own, spent, fault))
        return Graded(marks, [*handed_in.problems[:MOST_PROBLEMS], *table.problems])
    finally:
        table.clear()


class _Table:
    """A notebook and the room in which it lies; a room that ended is replaced, without the cell that ended it."""

    def __init__(self, handed_in: HandedIn, sandbox: Sandbox, names: set[str]):
        self._cells, self._sandbox, self._whole = handed_in.cells, sandbox, handed_in.whole
        self._defined = [_defined(cell.source) for cell in self._cells]
        self._runs = [_is_run(cell, bound, names) for cell, bound in zip(self._cells, self._defined, strict=True)]
        self._left_out: dict[int, str] = {}  # numbers of cells that ended a room, and how
        self._unreached: range = range(0)  # numbers of those for which there was no time
        self._seconds = ALL_SECONDS  # that are left for running cells
        self._room: Room | None = None
        self._raised: dict[int, Raised] = {}
        self._ran: list[int] = []  # numbers of cells, in the order in which they ran
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
                self._say_which_counts(name)
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
        began = time.monotonic()
        until = began + min(NOTEBOOK_SECONDS, self._seconds)
        while self._room is None:
            room = Room(self._sandbox)
            self._raised.clear()
            self._ran.clear()
            try:
                self._run_all(room, until)
                self._room = room
            except RoomEnded as ended:
                room.close()
                self._left_out[self._ran[-1]] = str(ended)
                self._say(f"{self._called(self._ran[-1])} was left out. {ended}")
        self._seconds -= time.monotonic() - began
        for number, raised in self._raised.items():
            if not raised.unfilled:
                self._say(f"{self._called(number)} raised {raised}"[:300])
        return self._room

    def _run_all(self, room: Room, until: float) -> None:
        self._unreached = range(0)
        for number in range(1, len(self._cells) + 1):
            if number in self._left_out or not self._runs[number - 1]:
                continue
            if len(self._left_out) >= MOST_ROOMS or time.monotonic() > until:
                self._say(f"{self._called(number)} and those after it were left out: the notebook had taken too long.")
                self._unreached = range(number, len(self._cells) + 1)
                return
            self._run_cell(room, number)
        for number in [n for n, raised in self._raised.items() if raised.is_a(RUN_AGAIN)]:
            if time.monotonic() < until:
                self._run_cell(room, number)
                if number not in self._raised:
                    self._say(f"{self._called(number)} needs what stands below it: it was run again after the others.")

    def _run_cell(self, room: Room, number: int) -> None:
        self._ran.append(number)
        self._raised.pop(number, None)
        said = room.run_cell(self._cells[number - 1].source)
        if said["raised"] is not None:
            self._raised[number] = said["raised"]
        for note in said["notes"]:
            self._say(f"{self._called(number)}: {note[:200]}.")

    def _called(self, number: int) -> str:
        """What a student can find it by: markdown cells have no number in Jupyter, and code cells none that stays."""
        cell = self._cells[number - 1]
        of = self._defined[number - 1][:1] or ([cell.exercise] if cell.exercise else [])
        return f"Code cell {number}{f' ({of[0][:MOST_NAME]})' if of else ''}"

    def _say_which_counts(self, name: str) -> None:
        where = list(dict.fromkeys(number for number in self._ran if name in self._defined[number - 1]))
        if len(where) > 1:
            several, last = ", ".join(map(str, where)), where[-1]
            known = "" if last in self._raised else f", that of code cell {last}"
            self._say(f"{name} is defined in code cells {several}: the one that ran last counts{known}.")

    def _missing(self, exercise: Exercise, name: str) -> Outcome:
        """Why there is no such function: its cell raised, ended the process, was renamed or is gone."""
        for number, cell in enumerate(self._cells, start=1):
            if not _defines(cell.source, name):
                continue
            if number in self._left_out:
                return Outcome(ERROR, None, f"The cell of {name} was left out. {self._left_out[number]}", exercise.name)
            if number in self._raised:
                return Outcome(*message_of(self._raised[number]), exercise.name)
            if number in self._unreached:
                told = f"The cell of {name} was not reached: what stands above it had taken too long."
                return Outcome(ERROR, None, told, exercise.name)
        own = [n for n, cell in enumerate(self._cells, start=1) if cell.exercise == exercise.name]
        others = [other for number in own for other in self._defined[number - 1]]
        everywhere = [other for bound in self._defined for other in bound]
        others = others or difflib.get_close_matches(name, everywhere, n=1, cutoff=0.8)
        if others:
            told = f"There is no {name}; its cell defines {', '.join(others)[:200]}. What does the task call it?"
            return Outcome(ERROR, None, told, exercise.name)
        broken = next((self._raised[number] for number in own if number in self._raised), None)
        if broken is not None:
            return Outcome(*message_of(broken), exercise.name)
        where = "in the notebook" if self._whole else "in what could be read of the notebook"
        told = f"There is no {name} {where}: its cell is gone, or its function has another name."
        return Outcome(NOT_ATTEMPTED, None, told, exercise.name)

    def _say(self, problem: str) -> None:
        if len(self.problems) < MOST_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)


def _is_run(cell: Cell, bound: list[str], names: set[str]) -> bool:
    """Whether a cell can matter to an answer; the course's own cells that ask for a check do nothing here, and cost nothing."""
    return cell.role != SHOWN or not names.isdisjoint(bound)


def _defined(source: str) -> list[str]:
    """What a cell binds at its top level: functions and classes, and names that are assigned to; none if it cannot be read."""
    found = []
    for statement in statements(source):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.append(statement.name)
            case ast.Assign(targets=targets):
                nodes = [node for target in targets for node in ast.walk(target)]
                found += [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                found.append(name)
    return list(dict.fromkeys(found))


def _defines(source: str, name: str) -> bool:
    return name in _defined(source) or f"def {name}(" in source or f"class {name}" in source
