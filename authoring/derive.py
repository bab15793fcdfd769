"""Deriving notebooks from source: what learners and instructors open."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import tomllib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from authoring.source import ROOT, Lesson, SourceError, Task, lessons, read, role, split_answer, task_of
from course_lib.classroom.exercise import UnknownExercise, find_exercise

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
FOLDED = "hide-input"  # the tag of a cell that only serves: its code is folded, its output seen
WORK_OF_YOURS = "**When it passes**, run the next cells: your function once more, and what it can do, to look at."
OVERVIEW = "overview.ipynb"  # beside the folders
WAY = "way"  # the role of a cell that only leads to other notebooks; nobody reads it, so it is not counted
COMPARED = "nbval-check-output"  # nbval's tag of a cell whose output is the same everywhere: the tests compare it
KINDS = ("notebooks", "deeper", "exercises", "solutions")
READ = ("notebooks", "deeper")  # what is read, as exercises are done
EXECUTED = (*READ, "solutions")


def folder(kind: str, root: Path = ROOT) -> Path:
    """Where the derived files of a kind lie: notebooks (also those that go deeper), exercises or solutions."""
    return root / ("notebooks" if kind == "deeper" else kind)


def path_of(lesson: Lesson, kind: str, root: Path = ROOT) -> Path:
    """The derived file of a lesson, such as ``notebooks/05_variational_deeper.ipynb``."""
    return folder(kind, root) / f"{lesson.slug}{'_deeper' if kind == 'deeper' else ''}.ipynb"


def kinds_of(lesson: Lesson) -> list[str]:
    """The kinds of notebooks that a lesson has."""
    has = {"notebooks": True, "deeper": lesson.has_deeper}
    return [kind for kind in KINDS if has.get(kind, lesson.has_exercises)]


def derive(lesson: Lesson) -> dict[str, nbformat.NotebookNode]:
    """All notebooks of a lesson, without outputs: ``{"notebooks": …, "deeper": …, "exercises": …, "solutions": …}``."""
    made = {"notebooks": _lesson_notebook(lesson)}
    if lesson.has_deeper:
        made["deeper"] = _deeper_notebook(lesson)
    if lesson.has_exercises:
        made["exercises"], made["solutions"] = _exercise_notebooks(lesson)
    return made


def tasks(lesson: Lesson) -> list[Task]:
    """The exercises of a lesson in order."""
    if not lesson.has_exercises:
        return []
    return [task_of(c) for c in read(lesson.folder / "exercises.py").cells if role(c) == "task"]


def front_matter(lesson: Lesson) -> str:
    """The first cell of a lesson, written from its header."""
    header = read(lesson.folder / "lesson.py").metadata["course"]
    todo = tasks(lesson)
    minutes = int(header["minutes"])
    lines = [f"# {lesson.number:02d} · {header['title']}", ""]
    if todo:
        core = [t.minutes for t in todo if t.core]
        which = "its exercise" if len(todo) == 1 else f"its {len(core)} core exercises"
        extra = [
            (sum(t.minutes for t in todo if t.kind == kind), what)
            for kind, what in (("optional", "the optional ones"), ("capstone", "the capstone"))
        ]
        extra = [f"{time} {'' if i else 'more '}for {what}" for i, (time, what) in enumerate(e for e in extra if e[0])]
        more = f" ({', '.join(extra)})" if extra else ""
        lines.append(
            f"**About {minutes + sum(core)} minutes**: {minutes} for this lesson, {sum(core)} for {which}{more}."
        )
    else:
        lines.append(f"**About {minutes} minutes.**")
    if header.get("prerequisites"):
        lines += ["", f"**You need:** {'; '.join(header['prerequisites'])}."]
    if header.get("data"):
        lines += ["", f"**Data:** {', '.join(f'`{name}`' for name in header['data'])}, all on your disk already."]
    lines += ["", "After this lesson you can", ""]
    lines += [f"* {objective}" for objective in header["objectives"]]
    if todo:
        lines += ["", f"Exercises: [{lesson.slug}](../exercises/{lesson.slug}.ipynb)"]
    if lesson.has_deeper:
        title = read(lesson.folder / "deeper.py").metadata["course"]["title"]
        lines += ["", f"For a second reading: [{title}]({lesson.slug}_deeper.ipynb)"]
    return "\n".join([*lines, *elsewhere()])


def elsewhere() -> list[str]:
    """The lines by which a notebook says what to install where the course is not."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return [
        "",
        "<details><summary>Opened outside the course's folder (Colab, Kaggle, a Jupyter of your own)?</summary>",
        "",
        f"Install the course there first, data included: `%pip install bottleneck_course-{version}-py3-none-any.whl`, with the file "
        "or its address in front. Both are on the page *Run it elsewhere* of the course's web version; `make wheel` makes the file. Then restart the kernel.",
        "",
        "</details>",
    ]


def deeper_front_matter(lesson: Lesson) -> str:
    """The first cell of the notebook for the second reading, written from its header and the lesson's."""
    header = read(lesson.folder / "deeper.py").metadata["course"]
    title = read(lesson.folder / "lesson.py").metadata["course"]["title"]
    lines = [
        f"# {lesson.number:02d} · {header['title']}",
        "",
        f"**About {int(header['minutes'])} minutes**, for a second reading. No lesson and no core exercise needs it.",
        "",
        f"**You need:** [{lesson.number:02d} · {title}]({lesson.slug}.ipynb).",
    ]
    if header.get("objectives"):
        lines += ["", "In here", "", *(f"* {objective}" for objective in header["objectives"])]
    return "\n".join([*lines, *elsewhere()])


def _lesson_notebook(lesson: Lesson) -> nbformat.NotebookNode:
    notebook = read(lesson.folder / "lesson.py")
    for field in ("minutes", "objectives"):
        if not notebook.metadata["course"].get(field):
            raise SourceError(f"{lesson.slug}/lesson.py: the header lacks `{field}`.")
    cells = [new_markdown_cell(front_matter(lesson)), *map(_plain, notebook.cells), _way(lesson, "notebooks")]
    return _finished(cells, notebook.metadata["course"])


def _deeper_notebook(lesson: Lesson) -> nbformat.NotebookNode:
    notebook = read(lesson.folder / "deeper.py")
    if not notebook.metadata["course"].get("minutes"):
        raise SourceError(f"{lesson.slug}/deeper.py: the header lacks `minutes`.")
    cells = [new_markdown_cell(deeper_front_matter(lesson)), *map(_plain, notebook.cells), _way(lesson, "deeper")]
    return _finished(cells, notebook.metadata["course"])


def _exercise_notebooks(lesson: Lesson) -> tuple[nbformat.NotebookNode, nbformat.NotebookNode]:
    source = read(lesson.folder / "exercises.py")
    stubs, solved = [], []
    current: Task | None = None
    parts: list[str] = []
    position = 0
    for original in source.cells:
        cell = _plain(original)
        part = role(original)
        if part == "task":
            _complete(current, parts)
            current, parts = task_of(original), []
            position += 1
            heading, _, rest = cell.source.partition("\n")
            cell.source = f"## {lesson.number}.{position} {heading[3:]}\n{rest}{_time_limit(current)}"
        elif part is not None and current is None:
            raise SourceError(f"A cell tagged {part!r} stands before the first task:\n{cell.source[:200]}")
        cell.metadata["course"] = {"exercise": current.names[0] if current and part else "*"}
        if part is None:
            if current is not None and cell.cell_type == "code":
                raise SourceError(f"A code cell of an exercise needs a role ({current.names[0]}):\n{cell.source[:200]}")
            stubs.append(cell)
            solved.append(copy.deepcopy(cell))
            continue
        parts.append(part)
        cell.metadata["course"]["role"] = part
        if part == "answer":
            stub_code, solution_code, _ = split_answer(cell.source)
            stub, solution = copy.deepcopy(cell), cell
            stub.source, solution.source = stub_code.strip("\n"), solution_code.strip("\n")
            stubs.append(stub)
            solved.append(solution)
        elif part in ("explanation", "success"):
            solved.append(cell)
            if part == "success" and current.kind == "capstone":
                stubs += _shown_to_learners(cell, first=parts.count("success") == 1)
        else:
            stubs.append(cell)
            solved.append(copy.deepcopy(cell))
    _complete(current, parts)
    if current is None:
        raise SourceError(f"{lesson.slug}/exercises.py holds no task.")
    header = source.metadata["course"]
    for cells in (stubs, solved):
        read_first = f"The lesson: [{lesson.slug}](../notebooks/{lesson.slug}.ipynb)"
        back = ["", f"Back to [the exercises](../exercises/{lesson.slug}.ipynb)."] if cells is solved else []
        cells[0].source += "\n".join(["", "", read_first, *back, *elsewhere()])
    title, *rest = solved[0].source.split("\n")
    solved[0].source = "\n".join([re.sub(r"\bexercise(s?)$", r"solution\1", title), *rest])
    solved.append(_way(lesson, "solutions"))
    way_on = f"Run the next cell whenever you like. {_next(lesson)}".strip()
    solutions = (
        "<details><summary>Solutions</summary>\n\nAfter two failed checks `hint` opens the solution of that one exercise. "
        f"All of them: [{lesson.slug}](../solutions/{lesson.slug}.ipynb)\n\n</details>"
    )
    for cell, of in (
        (new_markdown_cell(f"## How far you are\n\n{way_on} All lessons: [overview](../{OVERVIEW})."), {}),
        (new_code_cell(f"from course_lib import progress\n\nprogress({lesson.number})"), {}),
        (new_markdown_cell(solutions), {"role": WAY}),
    ):
        cell.metadata["course"] = {"exercise": "-", **of}
        stubs.append(cell)
    return _finished(stubs, header), _finished(solved, header)


def _next(lesson: Lesson) -> str:
    """Where the road goes on after the exercises."""
    following = next((other for other in lessons() if other.number == lesson.number + 1), None)
    ways = []
    if following:
        title = read(following.folder / "lesson.py").metadata["course"]["title"]
        ways.append(f"the next lesson, [{title}](../notebooks/{following.slug}.ipynb)")
    if lesson.has_deeper:
        ways.append(f"[a second reading of this one](../notebooks/{lesson.slug}_deeper.ipynb)")
    return f"Then: {', or '.join(ways)}." if ways else ""


def _way(lesson: Lesson, kind: str) -> nbformat.NotebookNode:
    """The last cell of a notebook: where it came from, and where the road goes on."""
    around = {other.number - lesson.number: other for other in lessons()}

    def link(to: Lesson) -> str:
        title = read(to.folder / "lesson.py").metadata["course"]["title"]
        return f"[{title}](../notebooks/{to.slug}.ipynb)"

    before = around.get(-1) if kind == "notebooks" else lesson
    ways = [f"← {link(before)}"] if before else []
    if lesson.has_exercises:
        ways.append(f"[Exercises](../exercises/{lesson.slug}.ipynb)")
    ways.append(f"[Overview](../{OVERVIEW})")
    if 1 in around:
        ways.append(f"{link(around[1])} →")
    cell = new_markdown_cell(" · ".join(ways))
    cell.metadata["course"] = {"exercise": "*", "role": WAY} if kind == "solutions" else {"role": WAY}
    return cell


def _shown_to_learners(cell, *, first: bool) -> list:
    """A success cell of a capstone, as the stubs show it: it may fail, as long as there is no answer to run."""
    shown = copy.deepcopy(cell)
    shown.metadata["tags"] = [*shown.metadata.get("tags", []), "raises-exception"]
    if not first:
        return [shown]
    note = new_markdown_cell(WORK_OF_YOURS)
    note.metadata["course"] = dict(cell.metadata["course"])
    return [note, shown]


def _time_limit(task: Task) -> str:
    """What a learner must know of the check: it is written from the judge, so that the two cannot differ.

    Raises:
        SourceError: if heading and judge do not agree whether the exercise is core, optional or a capstone.
    """
    try:
        exercise = find_exercise(task.names[0])
    except UnknownExercise:  # an exercise that has no judge yet
        return ""
    if exercise.kind != task.kind:
        raise SourceError(
            f"The heading of {task.names[0]} calls it {task.kind}, and its judge {exercise.kind}: "
            "@judge(…, capstone=True) or optional=True and the heading agree."
        )
    if exercise.capstone:
        return (
            "\n\n*A capstone: the check hands over data that you have not seen, compares what you make of them with the "
            f"referee and the trivial answer, and stops an answer after {exercise.time_limit:g} seconds.*"
        )
    return f"\n\n*The check stops an answer after {exercise.time_limit:g} seconds.*"


def _complete(task: Task | None, parts: list[str]) -> None:
    if task is None:
        return
    for wanted in ("answer", "check", "explanation"):
        if wanted not in parts:
            raise SourceError(f"The exercise {task.names[0]} has no cell tagged {wanted!r}.")
    if parts.index("check") < parts.index("answer"):
        raise SourceError(f"The exercise {task.names[0]} is checked before it is answered.")


def _plain(cell):
    """A copy that carries only what belongs to the course: type, source and tags."""
    # The formatter sets two blank lines before a function; at the start of a cell they would only be a gap.
    source = cell.source.strip("\n")
    made = nbformat.from_dict({"cell_type": cell.cell_type, "source": source, "metadata": {}})
    if cell.cell_type == "code":
        made.outputs, made.execution_count = [], None
    tags = list(cell.metadata.get("tags", []))
    if tags:
        made.metadata["tags"] = tags
    if FOLDED in tags:  # as JupyterLab folds a cell; the web version reads the tag
        made.metadata["jupyter"] = {"source_hidden": True}
    return made


def _finished(cells: list, header: dict) -> nbformat.NotebookNode:
    seen: dict[str, int] = {}
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = f"{digest}-{seen[digest]}"
    notebook = new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": dict(KERNELSPEC),
            "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
            "course": {"title": header["title"], "lesson": header["lesson"]},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def code_hash(notebook: nbformat.NotebookNode) -> str:
    """Hash of the code cells, in order: outputs belong to exactly this code."""
    return hashlib.sha256(
        json.dumps([c.source for c in notebook.cells if c.cell_type == "code"], ensure_ascii=False).encode()
    ).hexdigest()


def essence(notebook: nbformat.NotebookNode) -> dict:
    """What is compared for sync: sources, ids, tags and the kernel's name; not outputs, language_info or widget state."""
    return {
        "kernel": notebook.metadata.get("kernelspec", {}).get("name"),
        "cells": [
            {
                "id": c.get("id"),
                "type": c.cell_type,
                "source": c.source,
                "tags": list(c.metadata.get("tags", [])),
                "folded": bool(c.metadata.get("jupyter", {}).get("source_hidden")),
                "course": dict(c.metadata.get("course", {})),
            }
            for c in notebook.cells
        ],
    }


def differences(kind: str, derived: nbformat.NotebookNode, stored: nbformat.NotebookNode) -> list[str]:
    """What makes a stored notebook stale; an empty list if it is in sync with its source."""
    found = []
    ours, theirs = essence(derived), essence(stored)
    if ours["kernel"] != theirs["kernel"]:
        found.append(f"kernel is {theirs['kernel']!r}, should be {ours['kernel']!r}")
    if len(ours["cells"]) != len(theirs["cells"]):
        found.append(f"{len(theirs['cells'])} cells, should be {len(ours['cells'])}")
    for number, (a, b) in enumerate(zip(ours["cells"], theirs["cells"], strict=False)):
        found += [f"cell {number}: {key} differs" for key in a if a[key] != b[key]]
    if kind in EXECUTED:
        if stored.metadata.get("course", {}).get("code_hash") != code_hash(derived):
            found.append("its outputs were made by other code")
        for number, cell in enumerate(stored.cells):
            if cell.cell_type == "code" and cell.source.strip() and not cell.execution_count:
                found.append(f"cell {number} was not executed")
            if cell.cell_type == "code" and any(o.output_type == "error" for o in cell.outputs):
                found.append(f"cell {number} holds an error")
    else:
        for number, cell in enumerate(stored.cells):
            if cell.cell_type == "code" and (cell.outputs or cell.execution_count):
                found.append(f"cell {number} holds outputs; exercises are kept without")
    return found
