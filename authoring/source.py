"""Reading a lesson's source: py:percent text with our header fields, cell tags and solution markers."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source"

BEGIN, END, STUB = "# SOLUTION BEGIN", "# SOLUTION END", "# STUB:"
TASK_HEADING = re.compile(
    r"^## (?P<names>\w+(?:, \w+)*): (?P<title>.+?) (?P<stars>★{1,3}) · (?P<minutes>\d+) minutes · (?P<kind>core|optional|capstone)$"
)
ROLES = ("task", "answer", "check", "explanation", "success")


class SourceError(ValueError):
    """A lesson's source breaks the format described in CONTRIBUTING.md."""


@dataclass(frozen=True)
class Task:
    """The heading of an exercise; its kind is ``"core"``, ``"optional"`` or ``"capstone"``."""

    names: tuple[str, ...]
    title: str
    stars: int
    minutes: int
    kind: str

    @property
    def core(self) -> bool:
        """Whether it belongs to the core of its lesson."""
        return self.kind == "core"


@dataclass(frozen=True)
class Lesson:
    """One folder under ``source/``."""

    folder: Path

    @property
    def slug(self) -> str:
        """Name of the folder and of the notebooks made from it, such as ``02_undercomplete``."""
        return self.folder.name

    @property
    def number(self) -> int:
        """Number of the lesson."""
        return int(self.slug[:2])

    @property
    def has_deeper(self) -> bool:
        """Whether the lesson has a second notebook, for the second reading."""
        return (self.folder / "deeper.py").is_file()

    @property
    def keeps_budgets(self) -> bool:
        """Whether the lesson keeps the budgets of a first reading: it has a second notebook, or its header says ``budgets: true``."""
        return self.has_deeper or bool(read(self.folder / "lesson.py").metadata["course"].get("budgets"))

    @property
    def has_exercises(self) -> bool:
        """Whether the lesson has an exercise set."""
        return (self.folder / "exercises.py").is_file()


def lessons(which: str | None = None, source: Path = SOURCE) -> list[Lesson]:
    """The lessons in order; only the one whose folder name starts with ``which``, if given.

    Raises:
        SourceError: if there is none such.
    """
    found = [Lesson(p.parent) for p in sorted(source.glob("[0-9][0-9]_*/lesson.py"))]
    if which:
        chosen = [lesson for lesson in found if lesson.slug == which or lesson.slug.startswith(f"{which}_")]
        if not chosen:
            raise SourceError(f"No lesson {which!r}. There are: {', '.join(lesson.slug for lesson in found)}.")
        return chosen
    return found


def read(path: Path) -> nbformat.NotebookNode:
    """Read a py:percent file as a notebook whose metadata hold our header under ``course``."""
    notebook = jupytext.read(path, fmt="py:percent")
    header = notebook.metadata.get("course")
    if not isinstance(header, dict):
        raise SourceError(f"{path}: the header lacks `jupyter: course:` with title and lesson (see CONTRIBUTING.md).")
    for field in ("title", "lesson"):
        if field not in header:
            raise SourceError(f"{path}: the header lacks `{field}` under `jupyter: course:`.")
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        unknown = [t for t in tags if t in ("tasks", "solution", "answers", "checks", "stub")]
        if unknown:
            raise SourceError(f"{path}: unknown tag {unknown[0]!r}; the roles are {', '.join(ROLES)}.")
    return notebook


def role(cell) -> str | None:
    """The part that a cell plays in an exercise, from its tags; None for ordinary cells."""
    found = [t for t in cell.metadata.get("tags", []) if t in ROLES]
    if len(found) > 1:
        raise SourceError(f"A cell has one role; this one has {found}:\n{cell.source[:200]}")
    return found[0] if found else None


def task_of(cell) -> Task:
    """Parse the heading of a task cell.

    Raises:
        SourceError: if it does not have the form of an exercise heading.
    """
    first = cell.source.splitlines()[0] if cell.source else ""
    match = TASK_HEADING.match(first)
    if not match:
        raise SourceError(
            "A task cell starts with `## name: title ★ · 8 minutes · core` (★ to ★★★; core, optional or capstone); "
            f"this one starts with {first!r}."
        )
    return Task(
        tuple(match["names"].split(", ")),
        match["title"],
        len(match["stars"]),
        int(match["minutes"]),
        match["kind"],
    )


@dataclass(frozen=True)
class _Mark:
    line: int  # 0-based
    kind: str


def _marks(code: str) -> list[_Mark]:
    """The marker comments of a cell. Reads tokens, so that a marker inside a string is only text."""
    marks = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, IndentationError, SyntaxError) as error:
        raise SourceError(f"An answer cell is not valid Python ({error}):\n{code[:200]}") from error
    for token in tokens:
        if token.type != tokenize.COMMENT:
            continue
        text = token.string.strip()
        alone = token.line[: token.start[1]].strip() == ""
        kind = {BEGIN: "begin", END: "end"}.get(text) or ("stub" if text.startswith(STUB) else None)
        if kind is None:
            if re.match(r"#\s*(solution\s*(begin|end)|stub)\b", text, re.IGNORECASE):
                raise SourceError(
                    f"Looks like a marker but is none: {text!r}. Write exactly {BEGIN!r}, {END!r} or {STUB!r}."
                )
            continue
        if not alone:
            raise SourceError(f"A marker stands on a line of its own: {token.line.strip()!r}.")
        marks.append(_Mark(token.start[0] - 1, kind))
    return marks


def split_answer(code: str) -> tuple[str, str, list[str]]:
    """Split an answer cell into the stub that learners get and the solution.

    Returns:
        ``(stub, solution, solution_lines)``: both as code; the lines that only the solution holds.

    Raises:
        SourceError: for a nested or missing marker, a cell without solution or stub, or a stub that is the solution.
    """
    lines = code.splitlines()
    kinds = {mark.line: mark.kind for mark in _marks(code)}
    stub, solution, secret = [], [], []
    inside, seen, stubs = False, 0, 0
    for number, line in enumerate(lines):
        kind = kinds.get(number)
        if kind == "begin":
            if inside:
                raise SourceError(f"{BEGIN!r} inside a solution that has not ended (line {number + 1}).")
            inside, seen = True, seen + 1
        elif kind == "end":
            if not inside:
                raise SourceError(f"{END!r} without {BEGIN!r} (line {number + 1}).")
            inside = False
        elif kind == "stub":
            if inside:
                raise SourceError(f"{STUB!r} inside a solution (line {number + 1}): it belongs after {END!r}.")
            indent = line[: len(line) - len(line.lstrip())]
            text = line.strip()[len(STUB) :]
            text = text[1:] if text.startswith(" ") else text
            stub.append((indent + text).rstrip())
            stubs += 1
        elif inside:
            solution.append(line)
            if line.strip():
                secret.append(line)
        else:
            stub.append(line)
            solution.append(line)
    if inside:
        raise SourceError(f"{BEGIN!r} without {END!r}.")
    if not seen:
        raise SourceError(f"An answer cell holds no {BEGIN!r}:\n{code[:200]}")
    if not stubs:
        raise SourceError(f"An answer cell holds no {STUB!r} line:\n{code[:200]}")
    stub_code, solution_code = "\n".join(stub), "\n".join(solution)
    if significant_tokens(stub_code) == significant_tokens(solution_code):
        raise SourceError(f"The stub of this cell already is the solution:\n{stub_code[:200]}")
    for part, what in ((stub_code, "stub"), (solution_code, "solution")):
        try:
            compile(part, f"<{what}>", "exec")
        except SyntaxError as error:
            raise SourceError(f"The {what} of an answer cell is not valid Python ({error}):\n{part}") from error
    return stub_code, solution_code, secret


def significant_tokens(code: str) -> list[str]:
    """The tokens of a piece of Python without comments and layout; of text that is no Python, its words and signs."""
    skip = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    try:
        return [t.string for t in tokenize.generate_tokens(io.StringIO(code).readline) if t.type not in skip]
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return re.findall(r"\w+|[^\w\s]", code)
