"""What an exercise is: its names, its words, its judge, and what a check of it can say.

A judge is a function ``judge(answer, …, probe)``. It gets handles of the learner's functions and puts questions to them
through the probe; what it returns, if anything, is shown with a pass. Its words (title, section, hints, and one question for each misconception) stand beside it, in
``judges/questions/lesson_NN.toml``.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CAPSTONE_LIMIT = 30.0  # seconds that a capstone gets
PASS, FAIL, NOT_ATTEMPTED, ERROR = "PASS", "FAIL", "NOT ATTEMPTED", "ERROR"
QUESTIONS = Path(__file__).resolve().parent / "judges" / "questions"


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    Attributes:
        status: ``PASS``, ``FAIL``, ``NOT ATTEMPTED`` or ``ERROR``.
        misconception: short name of the likely misconception; None unless the status is ``FAIL``.
        message: what to tell the learner.
        exercise: name of the exercise.
        printed: what the answer printed while it was checked; never judged.
    """

    status: str
    misconception: str | None
    message: str
    exercise: str
    printed: str = ""


@dataclass(frozen=True)
class Hint:
    """A first hint for those whose check stopped at one of some misconceptions.

    Attributes:
        after: names of the misconceptions.
        ask: the question.
        section: heading of the section to reread; empty for the exercise's own.
    """

    after: tuple[str, ...]
    ask: str
    section: str = ""


@dataclass(frozen=True)
class Exercise:
    """One exercise: its judge, its words, and what surrounds them.

    Attributes:
        name: of the function or class, and of the exercise.
        names: of all functions, where it asks for several.
        lesson: number of the lesson.
        position: its place in the lesson, from 1.
        title: a few words that say what it is.
        section: heading of the lesson's section to reread.
        hint: the first hint, a question.
        hints: other first hints, for those who failed in a known way.
        questions: what to ask about each misconception, with format fields; ``"name/case"`` is another wording of ``"name"``.
        judge: the function that judges.
        ops: whether arrays reach the answer as float32 tensors of the backend.
        uses_keras: whether the answer or the judge needs Keras, which is then loaded before the clock starts.
        trains: whether the answer trains a network.
        slow: whether a check takes a good part of a second: the tests give it fewer seeds.
        time_limit: seconds after which an answer is stopped.
        optional: whether a learner may leave it out; neither the core nor the capstone.
        capstone: whether it is its lesson's capstone: the answer builds, trains and applies a model on data it has not seen.
    """

    name: str
    names: tuple[str, ...]
    lesson: int
    position: int
    title: str
    section: str
    hint: str
    hints: tuple[Hint, ...]
    questions: Mapping[str, str] = field(repr=False)
    judge: Callable = field(repr=False)
    ops: bool
    uses_keras: bool
    trains: bool
    slow: bool
    time_limit: float
    optional: bool = False
    capstone: bool = False

    @property
    def kind(self) -> str:
        """``"core"``, ``"optional"`` or ``"capstone"``, as its heading says."""
        return "capstone" if self.capstone else "optional" if self.optional else "core"

    @property
    def label(self) -> str:
        """Number and name as cards show them, such as ``5.2 kl_divergence``; of a capstone also that it is one."""
        return f"{self.number} {self.name}{' · capstone' if self.capstone else ''}"

    @property
    def number(self) -> str:
        """The number shown to learners, such as ``5.2``; it may change when lessons are reordered."""
        return f"{self.lesson}.{self.position}"

    def question(self, misconception: str, **fields) -> str:
        """The question for a misconception, with its numbers filled in.

        Raises:
            KeyError: if the words of this exercise lack the misconception, or the judge a number: a fault of the course.
        """
        try:
            text = self.questions.get(misconception) or _words("common")["questions"][misconception]
            return text.format(**fields)
        except KeyError as error:
            raise KeyError(
                f"{self.name}: no question or no number {error} for the misconception {misconception!r}"
            ) from None

    def hint_after(self, misconception: str | None) -> Hint | None:
        """The first hint for somebody whose last check ended with this misconception; None if there is no special one."""
        hints = (*self.hints, *_hints(_words("common")))
        return next((hint for hint in hints if misconception in hint.after), None)


def _hints(words: Mapping) -> tuple[Hint, ...]:
    return tuple(Hint(tuple(h["after"]), h["ask"], h.get("section", "")) for h in words.get("hints", ()))


class UnknownExercise(LookupError):
    """`check` or `hint` was given something that is no exercise."""


_registry: dict[str, Exercise] = {}


@functools.cache
def _words(name: str) -> dict:
    return tomllib.loads((QUESTIONS / f"{name}.toml").read_text(encoding="utf-8"))


def judges_of(lesson: int) -> Callable:
    """The decorator for the judges of a lesson.

    ``judge = judges_of(5)`` stands at the top of their module, ``@judge("kl_divergence", ops=True)`` before each of them.
    """
    words = _words(f"lesson_{lesson:02d}")

    def judge(
        *names: str,
        ops: bool = False,
        uses_keras: bool = False,
        trains: bool = False,
        slow: bool = False,
        optional: bool = False,
        time_limit: float | None = None,
        capstone: bool = False,
    ) -> Callable:
        """Register a judge for the exercise named ``names[0]``.

        Args:
            names: the function or class that the learner writes; several for an exercise of several functions.
            ops: the answer takes and returns tensors of the backend: arrays are handed over as float32 tensors.
            uses_keras: whether the judge or the answer needs Keras; implied by ``ops`` and ``trains``.
            trains: whether the answer trains a network.
            slow: whether one check takes a good part of a second.
            optional: whether a learner may leave it out, as its heading says.
            time_limit: seconds; by default 10, 30 with Keras (some backends compile each operation when it is first
                met), and 120 for an answer that trains.
            capstone: whether it is the lesson's capstone, as its heading says; implies ``trains``, with a limit of 30 s.

        Raises:
            ValueError: if the name is taken, or has no words; or for a capstone with a limit of its own.
        """
        if not names or names[0] not in words:
            raise ValueError(f"judge() expects a name that lesson_{lesson:02d}.toml has words for; received {names}.")
        if capstone and (slow or time_limit is not None):
            raise ValueError(
                f"{names[0]}: every capstone has {CAPSTONE_LIMIT:g} s and its own seeds: no time_limit, no slow."
            )
        own = words[names[0]]
        trains = trains or capstone
        keras = uses_keras or ops or trains
        usual = CAPSTONE_LIMIT if capstone else 120.0 if trains else 30.0 if keras else 10.0

        def register(function: Callable) -> Callable:
            for name in names:
                taken = _registry.get(name)
                if taken is not None and taken.lesson != lesson:
                    raise ValueError(f"The exercise name {name!r} is taken by lesson {taken.lesson:02d}.")
            earlier = _registry.get(names[0])  # a module that is loaded again keeps its numbers
            exercise = Exercise(
                name=names[0],
                names=names,
                lesson=lesson,
                position=earlier.position
                if earlier
                else 1 + len({e.name for e in _registry.values() if e.lesson == lesson}),
                title=own["title"],
                section=own["section"],
                hint=own["hint"],
                hints=_hints(own),
                questions=own["questions"],
                judge=function,
                ops=ops,
                uses_keras=keras,
                trains=trains,
                slow=slow,
                time_limit=time_limit or usual,
                optional=optional,
                capstone=capstone,
            )
            _registry.update(dict.fromkeys(names, exercise))
            return function

        return register

    return judge


@functools.cache
def _load_judges() -> None:
    judges = importlib.import_module(f"{__package__}.judges")  # they import this module, so it cannot name them above
    for module in sorted(m.name for m in pkgutil.iter_modules(judges.__path__)):
        if module.startswith("lesson_"):
            importlib.import_module(f"{judges.__name__}.{module}")


def exercises() -> list[Exercise]:
    """All exercises of the course, in order."""
    _load_judges()
    unique = {e.name: e for e in _registry.values()}
    return sorted(unique.values(), key=lambda e: (e.lesson, e.position))


def find_exercise(name: str) -> Exercise:
    """The exercise that asks for the function or class ``name``.

    Raises:
        UnknownExercise: with the nearest names.
    """
    _load_judges()
    if name in _registry:
        return _registry[name]
    near: Sequence[str] = difflib.get_close_matches(name, _registry, n=3, cutoff=0)
    raise UnknownExercise(
        f"No exercise asks for {name!r}. The nearest names: {', '.join(near)}. "
        "Give the exercise's name for a function that is called otherwise: check(my_function, name='…')."
    )
