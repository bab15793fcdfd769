"""A class made of the course's bank: notebooks whose right verdicts are known, for measuring with."""

from __future__ import annotations

import ast
import copy
import functools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from authoring import bank, source
from authoring.answer_cells import cell_of
from course_lib.classroom.exercise import FAIL, NOT_ATTEMPTED, PASS, exercises

ROOT = Path(__file__).resolve().parent.parent
RIGHT, WRONG = 0.65, 0.28  # shares of the answers; the rest is not attempted

Verdict = tuple[str, str | None]


@dataclass(frozen=True)
class Answer:
    """One answer as the code of a cell, and the verdict that it must get."""

    code: str
    verdict: Verdict


@functools.cache
def answers(slug: str) -> dict[str, dict[str, list[Answer]]]:
    """For each exercise of a lesson the answers that there are: ``"right"``, ``"wrong"`` and ``"stub"``."""
    (lesson,) = source.lessons(slug)
    found: dict[str, dict[str, list[Answer]]] = {}
    for kind, folder, verdict in (("right", "solutions", PASS), ("stub", "exercises", NOT_ATTEMPTED)):
        for cell in _notebook(folder, slug)["cells"]:
            course = cell["metadata"].get("course", {})
            if course.get("role") == "answer":
                own = found.setdefault(course["exercise"], {"right": [], "wrong": [], "stub": []})
                own[kind].append(Answer("".join(cell["source"]), (verdict, None)))
    for answer in bank.right_answers(lesson):
        if answer.what != "solution":
            found[answer.exercise]["right"].append(Answer(cell_of(lesson, answer), (PASS, None)))
    for answer in bank.wrong_answers(lesson):
        found[answer.exercise]["wrong"].append(Answer(cell_of(lesson, answer), (FAIL, answer.misconception)))
    return found


@functools.cache
def _notebook(folder: str, slug: str) -> dict:
    return json.loads((ROOT / folder / f"{slug}.ipynb").read_text(encoding="utf-8"))


def slugs() -> list[str]:
    """The lessons that have exercises."""
    return [lesson.slug for lesson in source.lessons() if lesson.has_exercises]


def choose(slug: str, random_choice: random.Random) -> dict[str, Answer]:
    """One student's answers to a lesson's exercises.

    Two answers that define one name in two ways cannot stand in one notebook: the later exercise gets another answer.
    """
    chosen: dict[str, Answer] = {}
    taken: dict[str, str] = {}
    for exercise, have in answers(slug).items():
        draw = random_choice.random()
        kind = "right" if draw < RIGHT else "wrong" if draw < RIGHT + WRONG else "stub"
        pick = random_choice.choice(have[kind])
        for answer in (pick, *have["right"], *have["stub"]):
            own = _defined(answer.code)
            if all(taken.get(name, code) == code for name, code in own.items()):
                break
        else:
            raise ValueError(f"{exercise}: each of its answers defines a name that another answer of {slug} defines.")
        taken |= own
        chosen[exercise] = answer
    return chosen


@functools.cache
def _defined(code: str) -> dict[str, str]:
    """What a cell defines at its top level, with the code of each."""
    found = {}
    for node in ast.parse(code).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                found[node.name] = ast.unparse(node)
            case ast.Assign():
                found |= {
                    name.id: ast.unparse(node)
                    for name in ast.walk(node)
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
                }
            case ast.Import() | ast.ImportFrom():
                found |= {alias.asname or alias.name: ast.unparse(node) for alias in node.names}
    return found


def filled(notebook: dict, chosen: dict[str, Answer]) -> str:
    """A notebook of exercises with answers in their cells, as the text of its file."""
    copied = copy.deepcopy(notebook)
    for cell in copied["cells"]:
        course = cell["metadata"].get("course", {})
        if course.get("role") == "answer":
            cell["source"] = chosen[course["exercise"]].code.splitlines(keepends=True)
    return json.dumps(copied)


def write(
    folder: Path,
    students: int,
    lessons: list[str],
    seed: int,
    of: Callable[[str], dict] = functools.partial(_notebook, "exercises"),
) -> dict[tuple[str, str], Verdict]:
    """Write a class's notebooks: a folder for each student, in it one for each lesson.

    Args:
        folder: where to.
        students: how many.
        lessons: slugs.
        seed: of the choice.
        of: gives the notebook of a lesson that is filled in.

    Returns:
        The right verdict on each answer, by student and exercise.
    """
    draw, right = random.Random(seed), {}
    for number in range(students):
        student = f"student-{number:03d}"
        for slug in lessons:
            chosen = choose(slug, draw)
            place = folder / student / slug
            place.mkdir(parents=True)
            (place / f"{slug}.ipynb").write_text(filled(of(slug), chosen), encoding="utf-8")
            right |= {(student, name): answer.verdict for name, answer in chosen.items()}
    assert {name for _, name in right} <= {exercise.name for exercise in exercises()}
    return right
