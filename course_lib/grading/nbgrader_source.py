"""The exercises as a course of nbgrader: what `nbgrader generate_assignment` takes, worth the points of `grading.toml`.

Each answer's cell becomes a solution cell, with the course's solution where nbgrader cuts it out; each check's cell a locked
one with points. The format is nbgrader's cell metadata, version 3, as of nbgrader 0.9.
"""

from __future__ import annotations

import copy
import difflib
import json
from pathlib import Path

from course_lib.classroom.exercise import find_exercise
from course_lib.grading.handout import ROOT, HandoutError
from course_lib.grading.points import TEMPLATE, Rules

SCHEMA = 3
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = 'raise NotImplementedError("write your answer here")'
CELL_SECONDS = 300  # nbgrader stops a cell after 30 unless told; a capstone trains

_CONFIG = f"""\
# An nbgrader course: run nbgrader in this folder. `nbgrader generate_assignment NAME` makes release/NAME from source/NAME.
c = get_config()
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
c.Execute.timeout = {CELL_SECONDS}
"""

_README = """\
# The exercises, for nbgrader

These are for instructors: `source/` holds the solutions. In this folder, with nbgrader installed:

1. `nbgrader generate_assignment {first}` writes what students get to `release/{first}/`, without solutions.
2. Collect as you are used to. `nbgrader autograde {first}` grades, with the course's own checks in the students' process.
3. `python -m course_lib grade submitted …` grades the same notebooks in a sandbox, where an answer cannot reach its judge, and
   `python -m course_lib report --nbgrader gradebook.db …` writes those marks into nbgrader's grade book. Marks that you
   gave by hand stay.

The points are those of `grading.toml`. After a change there make this folder anew, and release again.
"""


def assignments() -> dict[int, str]:
    """The name that each lesson's exercises have as an assignment and as a notebook of nbgrader.

    Raises:
        HandoutError: if the exercises are not beside the course.
    """
    found = {int(path.name[:2]): path.stem for path in sorted((ROOT / "exercises").glob("[0-9][0-9]_*.ipynb"))}
    if not found:
        raise HandoutError(
            f"The exercises are not beside course_lib: expected {ROOT / 'exercises'}. Run this from the course's folder."
        )
    return found


def grade_cell(exercise: str) -> str:
    """The name that nbgrader has for the cell with the points of an exercise."""
    return exercise


def answer_cell(exercise: str) -> str:
    """The name that nbgrader has for the cell with the answer to an exercise, to which comments belong."""
    return f"{exercise}_answer"


def make(destination: Path, lessons: list[int], rules: Rules | None = None) -> list[Path]:
    """Write an nbgrader course into a new or empty folder.

    Args:
        destination: the folder.
        lessons: numbers of lessons; empty for all that have exercises.
        rules: what exercises are worth; the defaults if not given.

    Returns:
        The files.

    Raises:
        HandoutError: if the folder is not empty, a lesson has no exercises, or exercises and solutions are not beside the course.
    """
    rules, have = rules or Rules(), assignments()
    if unknown := sorted(set(lessons) - set(have)):
        raise HandoutError(f"No exercises in lesson {unknown[0]}; lessons with exercises: {', '.join(map(str, have))}.")
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise HandoutError(f"{destination} is there already, and not empty. Give a new folder; nothing was changed.")
    wanted = sorted(set(lessons)) or sorted(have)
    texts = {}
    for name in (have[lesson] for lesson in wanted):
        pair = [ROOT / folder / f"{name}.ipynb" for folder in ("exercises", "solutions")]
        if missing := [path for path in pair if not path.is_file()]:
            raise HandoutError(f"{missing[0]} is not there; nbgrader's source is made of exercises and solutions.")
        notebook = source(*(json.loads(path.read_text(encoding="utf-8")) for path in pair), rules)
        texts[f"source/{name}/{name}.ipynb"] = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    texts["nbgrader_config.py"] = _CONFIG
    texts["README.md"] = _README.format(first=have[wanted[0]])
    texts["grading.toml"] = TEMPLATE.format(lessons=wanted)
    written = []
    for name, text in texts.items():
        path = destination / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def source(exercises: dict, solutions: dict, rules: Rules) -> dict:
    """A notebook of exercises with the metadata that nbgrader wants, and the solutions between its marks.

    Args:
        exercises: the notebook that learners get, as JSON.
        solutions: the one with solutions.
        rules: what exercises are worth.
    """
    solved = {_course(cell).get("exercise"): _text(cell) for cell in solutions["cells"] if _is(cell, "answer")}
    notebook = copy.deepcopy(exercises)
    for cell in notebook["cells"]:
        name = _course(cell).get("exercise")
        if _is(cell, "answer"):
            _write(cell, with_marks(_text(cell), solved[name]))
            _describe(cell, answer_cell(name), solution=True)
        elif _is(cell, "check"):
            exercise = find_exercise(name)
            _write(cell, check_cell(exercise.names))
            _describe(cell, grade_cell(name), grade=True, locked=True, points=rules.worth(exercise))
    return notebook


def check_cell(names: tuple[str, ...]) -> str:
    """The code of a check's cell: one check, which raises unless it passes."""
    return f"from course_lib.grading.nbgrader_cells import check_for_points\n\ncheck_for_points({', '.join(names)})"


def with_marks(stub: str, solution: str) -> str:
    """A solution in which every line that stands in the place of a stub's is between nbgrader's marks.

    Raises:
        ValueError: if the two differ elsewhere, so that cutting out the solution would not give the exercise.
    """
    stub_lines, lines = stub.split("\n"), solution.split("\n")
    marked = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, stub_lines, lines, autojunk=False).get_opcodes():
        if what == "equal":
            marked += lines[c:d]
            continue
        if b - a != 1 or "raise NotImplementedError(" not in stub_lines[a]:
            raise ValueError(f"Exercise and solution differ beside the answer, at {stub_lines[a:b]}.")
        indent = stub_lines[a][: len(stub_lines[a]) - len(stub_lines[a].lstrip())]
        marked += [indent + BEGIN, *lines[c:d], indent + END]
    return "\n".join(marked)


def _describe(cell: dict, name: str, *, solution=False, grade=False, locked=False, points: float | None = None) -> None:
    told = {
        "schema_version": SCHEMA,
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "cell_type": cell["cell_type"],
    }
    cell["metadata"]["nbgrader"] = told if points is None else told | {"points": points}


def _course(cell: dict) -> dict:
    return cell["metadata"].get("course", {})


def _is(cell: dict, role: str) -> bool:
    return cell["cell_type"] == "code" and _course(cell).get("role") == role


def _text(cell: dict) -> str:
    return "".join(cell["source"])


def _write(cell: dict, text: str) -> None:
    cell["source"] = text.splitlines(keepends=True)
