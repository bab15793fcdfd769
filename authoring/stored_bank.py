"""The bank as data in the package: what an invented class and a hand-out are made of where only the wheel is.

The file lies among the judges, so the sandbox that hides them hides it, too.
"""

from __future__ import annotations

import ast
import gzip
import json
from pathlib import Path

import nbformat

from authoring import bank
from authoring.answer_cells import cell_of
from authoring.derive import derive, tasks
from authoring.source import ROOT, Lesson, SourceError, lessons

PLACE = ROOT / "course_lib" / "classroom" / "judges" / "bank.json.gz"


def of_lesson(lesson: Lesson) -> dict:
    """What is stored of a lesson.

    Returns:
        ``slug``; ``notebook``, the exercises as learners get them; and ``answers``, for each exercise a list of answers, each
        with ``what`` (``"solution"``, ``"variant"`` or another right one, None if wrong), ``misconception`` (None if right),
        ``code`` of its cell, ``uses``, functions of other exercises that it calls, and ``defines``, whatever else than its
        own functions it leaves in the notebook.

    Raises:
        SourceError: if a solution is not one cell.
    """
    made = derive(lesson)
    groups = [task.names for task in tasks(lesson)]
    names = {name for group in groups for name in group}
    solved: dict[str, list[str]] = {}
    for cell in made["solutions"].cells:
        if cell.metadata.course.get("role") == "answer":
            solved.setdefault(cell.metadata.course.exercise, []).append(cell.source)
    answers: dict[str, list[dict]] = {group[0]: [] for group in groups}
    own = {group[0]: set(group) for group in groups}
    for answer in [*bank.right_answers(lesson), *bank.wrong_answers(lesson)]:
        what, misconception = getattr(answer, "what", None), getattr(answer, "misconception", None)
        if what == "solution":
            if len(solved[answer.exercise]) != 1:
                raise SourceError(f"{lesson.slug}: the answer of {answer.exercise} stands in more than one cell.")
            code = solved[answer.exercise][0]
        else:
            code = cell_of(lesson, answer)
        tree = ast.parse(code)
        defined = {name for statement in tree.body for name in _defined(statement)}
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        others = names - own[answer.exercise]
        answers[answer.exercise].append(
            {
                "what": what,
                "misconception": misconception,
                "code": code,
                "uses": sorted(used & others - defined),
                "defines": sorted(defined - own[answer.exercise]),
            }
        )
    notebook = json.loads(nbformat.writes(made["exercises"]))
    return {"slug": lesson.slug, "notebook": notebook, "answers": answers}


def _defined(statement: ast.stmt) -> set[str]:
    """The names that a statement defines, but for what it imports: imports of one name mean one thing all over a lesson."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return set()
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def stored(place: Path = PLACE) -> dict:
    """What lies in the package: for each lesson's number as text what :func:`of_lesson` says; empty if there is nothing.

    Raises:
        SourceError: if the file is damaged.
    """
    try:
        return json.loads(gzip.decompress(place.read_bytes()))["lessons"]
    except FileNotFoundError:
        return {}
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise SourceError(f"{place} is damaged ({error}); delete it, then `python -m authoring build`.") from None


def stale(which: str | None = None, place: Path = PLACE) -> list[str]:
    """Sentences on lessons whose stored bank is not that of their source; compared is what the file says, not its bytes."""
    have, every = stored(place), {str(lesson.number): lesson for lesson in lessons() if lesson.has_exercises}
    mend = "run `python -m authoring build`"
    problems = [
        f"bank.json.gz holds lesson {key}, which has no exercises: {mend}" for key in sorted({*have} - {*every})
    ]
    for lesson in lessons(which):
        if lesson.has_exercises and have.get(str(lesson.number)) != of_lesson(lesson):
            problems.append(f"{lesson.slug}: bank.json.gz holds other answers or another notebook: {mend}")
    return problems


def refresh(which: str | None = None, place: Path = PLACE) -> str:
    """Renew what is stored of one lesson, or of all; says what was done. An equal file is left as it is."""
    before = stored(place)
    fresh = {str(lesson.number): of_lesson(lesson) for lesson in lessons(which) if lesson.has_exercises}
    after = fresh if which is None else before | fresh
    if after == before:
        return "up to date"
    said = {"format": 1, "lessons": dict(sorted(after.items(), key=lambda item: int(item[0])))}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)
    place.write_bytes(data)
    return f"written, {sum(map(_count, after.values())):,} answers in {len(data) / 1000:.0f} KB"


def _count(lesson: dict) -> int:
    return sum(map(len, lesson["answers"].values()))
