"""Building the derived files: only what changed is executed again."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError

from authoring import stored_bank
from authoring.derive import EXECUTED, code_hash, derive, differences, folder, kinds_of, path_of
from authoring.execute import execute
from authoring.lint import lint_lesson
from authoring.source import ROOT, SOURCE, Lesson, lessons, significant_tokens


def build(which: str | None = None, *, force: bool = False, source: Path = SOURCE, root: Path = ROOT) -> int:
    """Rebuild notebooks, exercises and solutions.

    Args:
        which: number or folder name of one lesson; None for all.
        force: execute again although no code changed (after a change of ``course_lib``).
        source: where the lessons' source lies.
        root: where the derived folders lie.

    Returns:
        0, or 1 if a lesson breaks the rules or a notebook does not run.
    """
    failed = 0
    for lesson in lessons(which, source):
        if _broken(lesson, built=False):
            return 1
        for kind, made in derive(lesson).items():
            path = path_of(lesson, kind, root)
            try:
                print(f"{path.relative_to(root)}: {_refresh(kind, made, path, force)}", flush=True)
            except CellExecutionError as error:
                print(f"{path.relative_to(root)}: does not run\n{error}")
                return 1
        failed |= _broken(lesson, built=True)
    for path in strangers(which, source, root):
        path.unlink()
        print(f"{path.relative_to(root)}: removed, it has no source")
    if (source, root) == (SOURCE, ROOT):
        print(f"{stored_bank.PLACE.relative_to(ROOT)}: {stored_bank.refresh(which)}")
    return failed


def _broken(lesson: Lesson, *, built: bool) -> bool:
    """Whether a lesson breaks the rules; which ones is printed. What depends on its figures can be told when it is built."""
    problems = lint_lesson(lesson, built=built)
    if problems:
        print(f"{lesson.slug} breaks the rules of CONTRIBUTING.md:")
        print("\n".join(f"  {p}" for p in problems))
    return bool(problems)


def strangers(which: str | None, source: Path, root: Path) -> list[Path]:
    """Derived files that no lesson accounts for."""
    if which:
        return []
    known = {path_of(lesson, kind, root) for lesson in lessons(None, source) for kind in kinds_of(lesson)}
    return [
        path
        for kind in ("notebooks", "exercises", "solutions")
        for path in sorted(folder(kind, root).glob("*.ipynb"))
        if path not in known
    ]


def _refresh(kind: str, made: nbformat.NotebookNode, path: Path, force: bool) -> str:
    stored = None
    if path.is_file():
        try:
            stored = nbformat.read(path, as_version=4)
        except Exception as error:  # a half-written or merge-broken file is simply made anew
            print(f"{path.name}: unreadable ({error}), making it anew")
    if stored is not None and not force and not differences(kind, made, stored):
        return "up to date"
    if kind not in EXECUTED:
        _write(made, path)
        return "written"
    digest = code_hash(made)
    made.metadata["course"]["code_hash"] = digest
    # The stored outputs were made by the stored code, and that does what the new code does.
    if stored is not None and not force and stored.metadata.get("course", {}).get("code_hash") == code_hash(stored):
        old = [c for c in stored.cells if c.cell_type == "code"]
        new = [c for c in made.cells if c.cell_type == "code"]
        if (
            len(old) == len(new)
            and all(c.execution_count or not c.source.strip() for c in old)
            and all(_runs_alike(a.source, b.source) for a, b in zip(old, new, strict=True))
        ):
            for a, b in zip(old, new, strict=True):
                b.outputs, b.execution_count = a.outputs, a.execution_count
            _write(made, path)
            return "text renewed, outputs kept"
    path.parent.mkdir(parents=True, exist_ok=True)
    run = execute(made, path.parent)
    _write(made, path)
    return f"executed in {run.seconds:.0f} s"


def _runs_alike(old: str, new: str) -> bool:
    """Whether two cells differ in comments and empty lines at most."""
    if old == new:
        return True
    try:
        same = ast.dump(ast.parse(old)) == ast.dump(ast.parse(new))
    except SyntaxError:  # a line of IPython's own
        return False
    # The tree does not know a semicolon at the end, with which a notebook shows nothing.
    return same and significant_tokens(old) == significant_tokens(new)


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
