"""The bank of wrong answers, variants and solutions: what the checks are tested against."""

from __future__ import annotations

import functools
import importlib.util
import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from authoring.source import Lesson, SourceError, read, role, split_answer


@dataclass(frozen=True)
class WrongAnswer:
    """An answer that embodies one misconception."""

    exercise: str
    misconception: str
    answers: tuple[Callable, ...]


@dataclass(frozen=True)
class RightAnswer:
    """An answer that must pass: the solution, the variant, or another that somebody handed in and that is right."""

    exercise: str
    what: str
    answers: tuple[Callable, ...]


_collecting: list[WrongAnswer] = []


def wrong(misconception: str, exercise: str | None = None) -> Callable:
    """Put a function into the bank as a wrong answer.

    Args:
        misconception: the name that the check must give it.
        exercise: for an exercise of several functions, its name; the decorated function then takes nothing and
            returns the tuple of answers.
    """

    def collect(function: Callable) -> Callable:
        answers = function() if exercise else (function,)
        _collecting.append(WrongAnswer(exercise or function.__name__, misconception, tuple(answers)))
        return function

    return collect


def _load(path: Path) -> dict:
    name = f"_bank_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return vars(module)


def wrong_answers(lesson: Lesson) -> list[WrongAnswer]:
    """All wrong answers of a lesson."""
    path = lesson.folder / "wrong_answers.py"
    if not path.is_file():
        raise SourceError(f"{lesson.slug} has exercises but no wrong_answers.py.")
    _collecting.clear()
    _load(path)
    return list(_collecting)


def variants(lesson: Lesson) -> dict:
    """The independently written right answers of a lesson, by name."""
    path = lesson.folder / "variants.py"
    if not path.is_file():
        raise SourceError(f"{lesson.slug} has exercises but no variants.py.")
    return _load(path)


def _run_cells(lesson: Lesson, *, solved: bool) -> dict:
    namespace: dict = {"__name__": "answers"}
    for number, cell in enumerate(read(lesson.folder / "exercises.py").cells):
        if cell.cell_type != "code" or role(cell) not in (None, "answer"):
            continue
        code = cell.source
        if role(cell) == "answer":
            stub, solution, _ = split_answer(code)
            code = solution if solved else stub
        filename = f"<answer {lesson.slug} {number}>"
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        exec(compile(code, filename, "exec"), namespace)
    return namespace


def solutions(lesson: Lesson) -> dict:
    """The solutions of a lesson, by name, run from the very cells that make the solutions notebook."""
    return _run_cells(lesson, solved=True)


def stubs(lesson: Lesson) -> dict:
    """The stubs of a lesson, by name, as learners get them."""
    return _run_cells(lesson, solved=False)


def right_answers(lesson: Lesson) -> list[RightAnswer]:
    """All right answers of a lesson.

    Besides the variant of each exercise, ``variants.py`` may hold others under ``NAME__what``; for an exercise of several functions
    such a function takes nothing and returns the tuple of answers.
    """
    from authoring.derive import tasks

    solved, others = solutions(lesson), variants(lesson)
    found = []
    for task in tasks(lesson):
        name = task.names[0]
        for what, namespace in (("solution", solved), ("variant", others)):
            found.append(RightAnswer(name, what, tuple(namespace[n] for n in task.names)))
        for key, answer in others.items():
            exercise, _, what = key.partition("__")
            if exercise == name and what:
                found.append(RightAnswer(name, what, answer() if len(task.names) > 1 else (answer,)))
    return found


@functools.cache
def _bank_of(slug: str) -> dict:
    from authoring.source import lessons

    (lesson,) = lessons(slug)
    return {"stub": stubs(lesson), "right": right_answers(lesson), "wrong": wrong_answers(lesson)}


def answers_of(slug: str, kind: str, number: int | str) -> list[Callable]:
    """The answers to one exercise, found by plain values, so that another process can be asked for them.

    Args:
        slug: the lesson's folder, such as ``05_variational``.
        kind: ``"right"`` or ``"wrong"``; ``"stub"`` for what learners get.
        number: which of the lesson's right or wrong answers, in their order; for stubs the name of the exercise.
    """
    from course_lib.classroom.exercise import find_exercise

    bank = _bank_of(slug)[kind]
    return [bank[name] for name in find_exercise(number).names] if kind == "stub" else list(bank[number].answers)
