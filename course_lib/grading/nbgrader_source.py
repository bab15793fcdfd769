"""The exercises as a course of nbgrader: what `nbgrader generate_assignment` takes, worth the points of `grading.toml`.

Each answer's cell becomes a solution cell, with the course's solution where nbgrader cuts it out; each check's cell a locked
one with points. The format is nbgrader's cell metadata, version 3, as of nbgrader 0.9.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from course_lib.classroom.exercise import find_exercise
from course_lib.grading import stored
from course_lib.grading.handout import lessons_of, new_folder, without_solutions
from course_lib.grading.points import Rules, template

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
   `python -m course_lib report --grading grading.toml --nbgrader gradebook.db …` writes those marks into nbgrader's grade book. Marks that you
   gave by hand stay.

The points are those of `grading.toml`. After a change there make this folder anew, and release again.
"""


def assignment(lesson: int) -> str:
    """The name that a lesson's exercises have as an assignment of nbgrader, and as its one notebook."""
    return stored.lessons()[lesson].slug


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
        HandoutError: if the folder is not empty, or a lesson has no exercises.
    """
    rules, wanted = rules or Rules(), lessons_of(lessons)
    new_folder(destination)
    texts = {}
    for lesson in (stored.lessons()[number] for number in wanted):
        texts[f"source/{lesson.slug}/{lesson.slug}.ipynb"] = stored.text_of(source(lesson, rules))
    texts["nbgrader_config.py"] = _CONFIG
    texts["README.md"] = _README.format(first=assignment(wanted[0]))
    texts["grading.toml"] = template(wanted)
    written = []
    for name, text in texts.items():
        path = destination / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def source(lesson: stored.StoredLesson, rules: Rules) -> dict:
    """The notebook of a lesson's exercises with the metadata that nbgrader wants, and the solutions between its marks.

    Args:
        lesson: its exercises and their answers.
        rules: what exercises are worth.
    """
    notebook = without_solutions(lesson.notebook)
    for cell in notebook["cells"]:
        name = _course(cell).get("exercise")
        if _is(cell, "answer"):
            solution = next(answer.code for answer in lesson.answers[name] if answer.what == "solution")
            _write(cell, with_marks("".join(cell["source"]), solution))
            _describe(cell, answer_cell(name), solution=True)
        elif _is(cell, "check"):
            exercise = find_exercise(name)
            _write(cell, check_cell(exercise.names))
            _describe(cell, grade_cell(name), grade=True, locked=True, points=rules.worth(exercise))
    return notebook


def check_cell(names: tuple[str, ...]) -> str:
    """The code of a check's cell: one check, which raises unless it passes.

    It names the exercise: a right answer may be a lambda, or a function of another name that was given this one.
    """
    asked = f"check_for_points({', '.join(names)}, name={names[0]!r})"
    return f"from course_lib.grading.nbgrader_cells import check_for_points\n\n{asked}"


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


def _write(cell: dict, text: str) -> None:
    cell["source"] = text.splitlines(keepends=True)
