"""The report of a class as one page that needs no network, a page of feedback for each student, and tables for Canvas and Moodle."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path

import jinja2

import course_lib
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, Exercise
from course_lib.grading import stored
from course_lib.grading.gradebook import GradeBook
from course_lib.grading.insight import MISSING, OUTCOMES, Insight, Misconception, Row, look, to_talk_about
from course_lib.grading.points import Rules

PAGES = Path(__file__).parent / "pages"
TO_TALK_ABOUT = 3
WORDS = {
    PASS: "passed",
    FAIL: "misconception",
    ERROR: "error",
    NOT_ATTEMPTED: "not attempted",
    MISSING: "not handed in",
}
LOOKS = {  # classes of the style sheet
    PASS: "passed",
    FAIL: "misconception",
    ERROR: "error",
    NOT_ATTEMPTED: "not-attempted",
    MISSING: "not-handed-in",
}
MEANING = {
    PASS: "right on inputs that nobody has seen",
    FAIL: "wrong, and the check knows in which way",
    ERROR: "the code stops with an error, or takes too long",
    NOT_ATTEMPTED: "the cell is as it was handed out, or gone",
    MISSING: "no notebook of the lesson came",
}
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")  # as spreadsheets of the West and the East begin one


class ReportError(RuntimeError):
    """The report cannot be written; the message says where and why."""


def write(book: GradeBook, rules: Rules, folder: Path) -> list[Path]:
    """Write everything into a folder; what an earlier report left there is replaced, and nothing else is touched.

    Returns:
        The files.
    """
    insight = look(book.students(), book.entries(), rules)
    problems = book.problems()
    made = datetime.datetime.now().astimezone()
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    common = {
        "insight": insight,
        "rules": rules,
        "titles": _titles(),
        "words": WORDS,
        "looks": LOOKS,
        "meaning": MEANING,
        "outcomes": OUTCOMES,
        "made": made.strftime("%Y-%m-%d %H:%M"),
        "version": course_lib.__version__,
    }
    everybody = [*insight.rows, *insight.strangers]
    names = {row.student.key: row.student.name for row in everybody}
    files = {
        "report.html": templates.get_template("report.html").render(
            talk=to_talk_about(insight.misconceptions, TO_TALK_ABOUT),
            problems=[(names.get(student, student), file, said) for student, file, said in problems],
            faults=[(names.get(entry.student, entry.student), entry) for entry in insight.faults],
            shown_by=_shown_by,
            task_of=_task_of,
            file_name=file_name,
            **common,
        )
    }
    for row in everybody:
        own = list(dict.fromkeys((file, said) for student, file, said in problems if student == row.student.key))
        page = templates.get_template("feedback.html").render(row=row, problems=own, **common)
        files[f"feedback/{file_name(row.student.key)}.html"] = page
    files["canvas.csv"] = canvas(insight, rules)
    files["moodle.csv"] = moodle(insight)
    files["outcomes.csv"] = outcomes(insight)
    written = []
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise ReportError(
                f"{path} cannot be written: {error.strerror or error}. Name another folder with --out; the grade book is unchanged."
            ) from None
        written.append(path)
    return written


def _titles() -> dict[int, str]:
    """The title of each lesson, by its number."""
    return {
        number: re.sub(r": exercises?$", "", lesson.notebook["metadata"]["course"]["title"])
        for number, lesson in stored.lessons().items()
    }


def _shown_by(misconception: Misconception) -> str:
    """The shortest answer of the bank that shows a misconception; empty if the bank has none. For instructors only."""
    lesson = stored.lessons().get(misconception.exercise.lesson)
    answers = lesson.answers.get(misconception.exercise.name, []) if lesson else []
    code = [answer.code for answer in answers if answer.misconception == misconception.name]
    return min(code, key=len, default="")


def _task_of(exercise: Exercise) -> str:
    """What the exercise asks, as its notebook says it, without its heading."""
    lesson = stored.lessons().get(exercise.lesson)
    for cell in lesson.notebook["cells"] if lesson else ():
        course = cell["metadata"].get("course", {})
        if course.get("role") == "task" and course.get("exercise") == exercise.name:
            return "".join(cell["source"]).partition("\n")[2].strip()
    return ""


def file_name(key: str) -> str:
    """A file's name for a student: readable, of safe signs only, and another one for every key."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "_", key)[:40].strip("_")
    # A key with _ gets the sum too: it could be made to end like another one's name.
    return (
        key
        if readable == key != "" and "_" not in key
        else f"{readable}_{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    )


def _table(header: list[str], rows: Iterable[list]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([[_no_formula(value) for value in row] for row in rows])
    return text.getvalue()


def _no_formula(value):
    """A spreadsheet must not run what a student calls themself."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _by_lesson(row: Row, insight: Insight) -> list[str]:
    """Points in each lesson; nothing, which no platform takes for 0, where nothing came and nothing is due yet."""
    return [
        ""
        if lesson in row.missing and lesson in insight.open
        else _number(sum(counted.points for counted in row.outcomes.values() if counted.entry.lesson == lesson))
        for lesson in insight.lessons
    ]


def _number(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")


def canvas(insight: Insight, rules: Rules) -> str:
    """A grade book as Canvas imports it: its five columns, then an assignment for each lesson, and a row of possible points."""
    assignments = [f"Bottleneck {lesson:02d}" for lesson in insight.lessons]
    rows = (
        [row.student.name, row.student.canvas, row.student.key, "", "", *_by_lesson(row, insight)]
        for row in insight.rows
    )
    possible = [
        "    Points Possible",
        *[""] * 4,
        *(
            _number(sum(rules.worth(item.exercise) for item in insight.items if item.exercise.lesson == lesson))
            for lesson in insight.lessons
        ),
    ]
    return _table(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *assignments], [possible, *rows])


def moodle(insight: Insight) -> str:
    """A table as Moodle's grade import reads it, which asks which column identifies the student."""
    items = [f"Bottleneck {lesson:02d}" for lesson in insight.lessons]
    rows = ([row.student.key, row.student.name, row.student.email, *_by_lesson(row, insight)] for row in insight.rows)
    return _table(["ID number", "Full name", "Email address", *items], rows)


def outcomes(insight: Insight) -> str:
    """Every outcome that counts, a row each, for whoever wants to look closer."""
    header = ["student", "lesson", "exercise", "status", "misconception", "late", "points", "tries", "file", "seed"]
    rows = (
        [
            row.student.key,
            counted.entry.lesson,
            name,
            counted.entry.mark.status,
            counted.entry.mark.misconception or "",
            "late" if counted.late else "",
            round(counted.points, 2),
            counted.tries,
            counted.entry.file,
            str(counted.entry.mark.seed),
        ]
        for row in insight.rows
        for name, counted in row.outcomes.items()
    )
    return _table(header, rows)
