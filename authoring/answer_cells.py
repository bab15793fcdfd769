"""Answers of the bank as the text of a notebook's cell: what a student would have handed in."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
from pathlib import Path

from authoring.bank import RightAnswer, WrongAnswer
from authoring.source import Lesson, SourceError
from course_lib.classroom.exercise import find_exercise


def cell_of(lesson: Lesson, answer: RightAnswer | WrongAnswer) -> str:
    """The code of a cell that defines the answer under the names that its exercise asks for.

    Args:
        lesson: whose bank the answer is from.
        answer: a variant or a wrong answer; solutions have their cells already.

    Raises:
        SourceError: if its source stands in no single statement of the lesson's files.
    """
    names = find_exercise(answer.exercise).names
    function = answer.answers[0]
    place = Path(inspect.getsourcefile(function))
    if place.parent != lesson.folder:
        raise SourceError(f"{answer}: its source is not a file of {lesson.slug}.")
    line = function.__code__.co_firstlineno if inspect.isfunction(function) else inspect.getsourcelines(function)[1]
    text = place.read_text(encoding="utf-8")
    statements = _statements(text)
    own = next(
        (s for s in statements if s.lineno <= line <= s.end_lineno or _first_line(s) <= line <= s.end_lineno), None
    )
    if not isinstance(own, ast.FunctionDef | ast.ClassDef):
        raise SourceError(f"{answer}: no function or class stands in line {line} of {place}.")
    pieces = [*_needed(own, statements), own]
    code = "\n\n".join(_source(text, piece) for piece in sorted(pieces, key=lambda piece: piece.lineno))
    if len(names) > 1:
        return f"{code}\n\n{', '.join(names)} = {own.name}()"
    return code if own.name == names[0] else f"{code}\n\n{names[0]} = {own.name}"


@functools.cache
def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _first_line(statement: ast.stmt) -> int:
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])


def _source(text: str, statement: ast.stmt) -> str:
    """The statement without its decorators of ours."""
    lines = text.splitlines()[statement.lineno - 1 : statement.end_lineno]
    kept = [d for d in getattr(statement, "decorator_list", []) if not _puts_into_the_bank(d)]
    return "\n".join([*(f"@{ast.unparse(d)}" for d in kept), *lines])


def _puts_into_the_bank(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", None) == "wrong"


def _defines(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            # What is put into the bank is called by nobody; several have one name.
            return set() if any(map(_puts_into_the_bank, statement.decorator_list)) else {statement.name}
        case ast.Import() | ast.ImportFrom():
            return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
        case ast.Assign() | ast.AnnAssign():
            return {
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    return set()


def _needed(own: ast.stmt, statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of the file that define what it uses, and what those use."""
    found, names = [], _names(own)
    while names:
        name = names.pop()
        for statement in statements:
            if statement is not own and statement not in found and name in _defines(statement):
                found.append(statement)
                names |= _names(statement)
    return found


def _names(statement: ast.stmt) -> set[str]:
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used - set(dir(builtins)) - {"wrong"}
