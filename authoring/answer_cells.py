"""Answers of the bank as the text of a notebook's cell: what a student would have handed in."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import sys
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
    place = Path(inspect.getsourcefile(answer.answers[0]))
    if place.parent != lesson.folder:
        raise SourceError(f"{answer}: its source is not a file of {lesson.slug}.")
    text = place.read_text(encoding="utf-8")
    if len(names) > 1 and (maker := _maker(answer, text)) is not None:
        return f"{_code([maker], text)}\n\n{', '.join(names)} = {maker.name}()"
    own = [_statement_of(function, text, answer) for function in answer.answers]
    found = [statement.name for statement in own]
    code = _code(own, text)
    return code if found == list(names) else f"{code}\n\n{', '.join(names)} = {', '.join(found)}"


def _maker(answer: RightAnswer | WrongAnswer, text: str) -> ast.FunctionDef | None:
    """The function without arguments that makes the answers of an exercise of several functions, if they have one."""
    module = sys.modules[answer.answers[0].__module__]
    looked_for = [_fingerprint(function) for function in answer.answers]
    for statement in _statements(text):
        if not isinstance(statement, ast.FunctionDef) or ast.unparse(statement.args):
            continue
        told = {  # what the bank's own decorator is told, and the name of a further right answer
            value.value
            for decorator in statement.decorator_list
            if isinstance(decorator, ast.Call)
            for value in [*decorator.args, *(keyword.value for keyword in decorator.keywords)]
            if isinstance(value, ast.Constant)
        } | {statement.name.partition("__")[0]}
        if answer.exercise in told and statement.name != answer.exercise:
            made = getattr(module, statement.name)()
            if [_fingerprint(function) for function in made] == looked_for:
                return statement
    return None


def _fingerprint(function):
    """What two functions that were made in the same way have in common."""
    closure = getattr(function, "__closure__", None) or ()
    return getattr(function, "__code__", function), [
        _fingerprint(cell.cell_contents) for cell in closure if callable(cell.cell_contents)
    ]


def _statement_of(function, text: str, answer) -> ast.FunctionDef | ast.ClassDef:
    line = function.__code__.co_firstlineno if inspect.isfunction(function) else _line_of_class(function)
    own = next((s for s in _statements(text) if _first_line(s) <= line <= s.end_lineno), None)
    if not isinstance(own, ast.FunctionDef | ast.ClassDef):
        raise SourceError(f"{answer}: no function or class stands in line {line} of its file.")
    return own


def _line_of_class(kind: type) -> int:
    """A line of a class, from its methods: by its name alone inspect finds another one where several have the same."""
    lines = [
        method.__code__.co_firstlineno
        for method in vars(kind).values()
        if inspect.isfunction(method) and method.__qualname__.startswith(f"{kind.__qualname__}.")
    ]
    return min(lines) if lines else inspect.getsourcelines(kind)[1]


def _code(own: list[ast.stmt], text: str) -> str:
    """The statements with those that they need, in the order of the file."""
    statements, bank = _statements(text), _into_the_bank(text)
    pieces = [*_needed(own, statements, bank), *own]
    pieces = {piece.lineno: piece for piece in pieces}
    return "\n\n".join(_source(text, pieces[line], bank) for line in sorted(pieces))


@functools.cache
def _into_the_bank(text: str) -> frozenset[str]:
    """Names of the decorators that put an answer into the bank: the bank's own, and those of the file that call it."""
    calling = (
        s.name
        for s in _statements(text)
        if isinstance(s, ast.FunctionDef)
        and any(isinstance(node, ast.Name) and node.id == "wrong" for line in s.body for node in ast.walk(line))
    )
    return frozenset({"wrong", *calling})


@functools.cache
def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _first_line(statement: ast.stmt) -> int:
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])


def _source(text: str, statement: ast.stmt, bank: frozenset[str]) -> str:
    """The statement without its decorators of ours."""
    lines = text.splitlines()[statement.lineno - 1 : statement.end_lineno]
    kept = [d for d in getattr(statement, "decorator_list", []) if not _puts_into_the_bank(d, bank)]
    return "\n".join([*(f"@{ast.unparse(d)}" for d in kept), *lines])


def _puts_into_the_bank(decorator: ast.expr, bank: frozenset[str]) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", None) in bank


def _defines(statement: ast.stmt, bank: frozenset[str]) -> set[str]:
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            # What is put into the bank is called by nobody; several have one name.
            return set() if any(_puts_into_the_bank(d, bank) for d in statement.decorator_list) else {statement.name}
        case ast.Import() | ast.ImportFrom():
            return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
        case ast.Assign() | ast.AnnAssign():
            return {
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    return set()


def _needed(own: list[ast.stmt], statements: list[ast.stmt], bank: frozenset[str]) -> list[ast.stmt]:
    """The statements of the file that define what these use, and what those use."""
    found, names = [], set().union(*(_names(statement, bank) for statement in own))
    while names:
        name = names.pop()
        for statement in statements:
            if statement not in own and statement not in found and name in _defines(statement, bank):
                found.append(statement)
                names |= _names(statement, bank)
    return found


def _names(statement: ast.stmt, bank: frozenset[str]) -> set[str]:
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used - set(dir(builtins)) - bank
