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
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS
from course_lib.grading.gradebook import GradeBook
from course_lib.grading.insight import MISSING, OUTCOMES, Insight, Row, look
from course_lib.grading.points import Rules

PAGES = Path(__file__).parent / "pages"
TO_TALK_ABOUT = 3
WORDS = {
    PASS: "passed",
    FAIL: "a misconception",
    ERROR: "an error",
    NOT_ATTEMPTED: "not attempted",
    MISSING: "not handed in",
}


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
        loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    common = {
        "insight": insight,
        "rules": rules,
        "words": WORDS,
        "outcomes": OUTCOMES,
        "file_name": file_name,
        "made": made.strftime("%Y-%m-%d %H:%M"),
        "version": course_lib.__version__,
    }
    files = {
        "report.html": templates.get_template("report.html").render(problems=problems, talk=TO_TALK_ABOUT, **common)
    }
    for row in insight.rows:
        own = [(file, said) for student, file, said in problems if student == row.student.key]
        page = templates.get_template("feedback.html").render(row=row, problems=own, **common)
        files[f"feedback/{file_name(row.student.key)}.html"] = page
    files["canvas.csv"] = canvas(insight)
    files["moodle.csv"] = moodle(insight)
    files["outcomes.csv"] = outcomes(insight)
    written = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        written.append(path)
    return written


def file_name(key: str) -> str:
    """A file's name for a student: readable, of safe signs only, and another one for every key."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "_", key)[:40].strip("_")
    return key if readable == key and key else f"{readable}_{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _table(header: list[str], rows: Iterable[list]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([[_no_formula(value) for value in row] for row in rows])
    return text.getvalue()


def _no_formula(value):
    """A spreadsheet must not run what a student calls themself."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _by_lesson(row: Row, insight: Insight) -> list[float]:
    lesson_of = {item.exercise.name: item.exercise.lesson for item in insight.items}
    return [
        round(sum(c.points for name, c in row.outcomes.items() if lesson_of.get(name) == lesson), 2)
        for lesson in insight.lessons
    ]


def _possible_by_lesson(insight: Insight, rules: Rules) -> list[float]:
    return [
        sum(rules.worth(item.exercise) for item in insight.items if item.exercise.lesson == lesson)
        for lesson in insight.lessons
    ]


def canvas(insight: Insight) -> str:
    """A grade book as Canvas imports it: its five columns, then an assignment for each lesson."""
    assignments = [f"Bottleneck {lesson:02d}" for lesson in insight.lessons]
    rows = (
        [row.student.name, row.student.canvas, row.student.key, "", "", *_by_lesson(row, insight)]
        for row in insight.rows
    )
    return _table(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *assignments], rows)


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
