"""The answers of a class as folders that JPlag compares: one for each student, plain Python, without what the course gave.

Nothing is compared here. JPlag (https://github.com/jplag/JPlag) does that, and its results need a human's eye: short answers to
one task look alike without anybody having copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from course_lib.grading import notebooks, stored
from course_lib.grading.handout import new_folder
from course_lib.grading.report import file_name
from course_lib.grading.running import lesson_of
from course_lib.grading.submissions import Submission


def write(found: Iterable[Submission], destination: Path) -> tuple[int, int]:
    """Write a new or empty folder: ``students/``, which JPlag is given, and ``base/``, the code that everybody was given.

    Of several hand-ins of a lesson the last one is taken. An answer that nobody touched is left out.

    Args:
        found: the submissions.
        destination: the folder.

    Returns:
        How many students have a folder, and how many files there are in these.

    Raises:
        HandoutError: if the folder is not empty.
    """
    new_folder(destination)
    newest: dict[tuple[str, str], Submission] = {}
    for submission in found:
        lesson = _lesson(submission)
        if lesson is None:
            continue
        key = submission.student, lesson.slug
        if key not in newest or _time(newest[key]) <= _time(submission):
            newest[key] = submission
    students, files = set(), 0
    for (student, slug), submission in sorted(newest.items()):
        code = _answers(submission)
        if not code:
            continue
        path = destination / "students" / file_name(student) / f"{slug}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8", errors="replace")
        students.add(student)
        files += 1
    for slug in sorted({slug for _, slug in newest}):
        lesson = next(lesson for lesson in stored.lessons().values() if lesson.slug == slug)
        path = destination / "base" / f"{slug}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n\n".join(_code_of(lesson.notebook)) + "\n", encoding="utf-8")
    return len(students), files


def _time(submission: Submission) -> float:
    return submission.when.timestamp() if submission.when else 0.0


def _lesson(submission: Submission) -> stored.StoredLesson | None:
    return stored.lessons().get(lesson_of(submission))


def _code_of(notebook: dict) -> list[str]:
    return ["".join(cell["source"]).strip() for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _answers(submission: Submission) -> str:
    """The code that the student wrote: every code cell that is none of the course's as it was given."""
    given = set(_code_of(_lesson(submission).notebook))
    cells = (cell.source.strip() for cell in notebooks.read(submission.data).cells)
    own = ["\n".join(map(_as_python, cell.splitlines())) for cell in cells if cell and cell not in given]
    return "\n\n\n".join(own) + "\n" if own else ""


def _as_python(line: str) -> str:
    """A line without what only IPython understands."""
    return f"# {line}" if line.lstrip().startswith(("%", "!")) else line
