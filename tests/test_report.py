"""What an instructor sees, and what a student is sent: the report, feedback without leaks, tables for Canvas and Moodle."""

from __future__ import annotations

import csv
import datetime
import functools
import html
import json
import re

import pytest
from explorer_browser import chromium

from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, find_exercise
from course_lib.classroom.run import UNTOUCHED, run_check
from course_lib.grading import demo, report, similarity, stored
from course_lib.grading.gradebook import GradeBook
from course_lib.grading.insight import asked, look, to_talk_about
from course_lib.grading.judging import Graded, Mark
from course_lib.grading.points import Rules, read_rules
from course_lib.grading.submissions import Student, Submission, read_roster, submissions

LESSON, STUDENTS = 1, 24
HOSTILE = Student("=x<b>", "=cmd|' /C calc'!A0 <script>alert(1)</script>", " ＝1+1@example.org")


@functools.cache
def checked(name: str, code: str):
    """What the course's own check says of a cell of the bank."""
    space: dict = {}
    exec("import keras\nimport numpy as np\n" + code, space)
    exercise = find_exercise(name)
    return run_check(*(space[n] for n in exercise.names), name=name, seed=3)


def judged(submission: Submission, verdicts: list[demo.Expected]) -> Graded:
    """Marks with the words of real checks, for a submission whose right verdicts are known."""
    cells = {}
    if all(verdict.status != ERROR for verdict in verdicts):
        try:
            document = json.loads(submission.data)
            answers = [c for c in document["cells"] if c["metadata"].get("course", {}).get("role") == "answer"]
            cells = {c["metadata"]["course"]["exercise"]: "".join(c["source"]) for c in answers}
        except ValueError:
            pass  # the one that is cut off
    marks = []
    for verdict in verdicts:
        said = f"It is {verdict.status}: what went wrong in your own words?"
        if verdict.status in (PASS, FAIL) and verdict.exercise in cells:
            outcome = checked(verdict.exercise, cells[verdict.exercise])
            assert (outcome.status, outcome.misconception or "") == (verdict.status, verdict.misconception), outcome
            said = outcome.message
        marks.append(Mark(verdict.exercise, verdict.status, verdict.misconception or None, said, 3, 0.1))
    return Graded(marks, ["Cell 3 raised NameError: x"] if len(verdicts) and verdicts[0].status == FAIL else [])


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """An invented class, its grade book and its report."""
    place = tmp_path_factory.mktemp("school")
    expected = demo.make(place / "class", students=STUDENTS, seed=2, lessons=[LESSON])
    with GradeBook(f"sqlite:///{place / 'book.db'}") as book:
        book.enrol([*read_roster(place / "class" / "roster.csv"), HOSTILE])
        for submission in submissions(place / "class" / "submissions", []):
            own = [e for e in expected if (e.student, e.file) == (submission.student, submission.file)]
            book.record(submission, LESSON, judged(submission, own), course="0.1")
        stranger = Submission("x9", "Somebody Else", "01_anatomy.ipynb", b"{}")
        book.record(stranger, LESSON, Graded([Mark("psnr", FAIL, "wrong-peak", "Why 255?", 3, 0.1)]), course="0.1")
        rules = read_rules(place / "class" / "grading.toml")
        report.write(book, rules, place / "report")
        insight = look(book.students(), book.entries(), rules)
    return place / "report", insight, rules


def words(path) -> str:
    """What a reader sees of a page."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(text).split())


# ----- what students are sent


def solution_lines() -> set[str]:
    """Lines that only a right answer holds: of all the bank's right answers, without what learners are handed out."""
    lesson = stored.lessons()[LESSON]
    given = {line.strip() for cell in lesson.notebook["cells"] for line in "".join(cell["source"]).splitlines()}
    right = [a.code for answers in lesson.answers.values() for a in answers if a.misconception is None]
    return {line.strip() for code in right for line in code.splitlines() if len(line.strip()) > 16} - given


def leaks(page: str, insight, key: str) -> list[str]:
    """Solutions and other students' data on a page of feedback."""
    others = [row.student for row in insight.rows if row.student.key != key]
    private = [part for s in others for part in (s.name, s.email, s.key) if part]
    return [line for line in solution_lines() if line in page] + [
        part for part in private if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", page)
    ]


def test_feedback_holds_no_solution_and_no_other_student(school):
    folder, insight, _ = school
    assert len(solution_lines()) > 20
    for row in insight.rows:
        page = html.unescape((folder / "feedback" / f"{report.file_name(row.student.key)}.html").read_text("utf-8"))
        assert not leaks(page, insight, row.student.key)
        assert row.student.name in page
        # The search finds what it looks for: a line of a solution, somebody else's name.
        other = next(r.student for r in insight.rows if r.student.key != row.student.key)
        assert leaks(f"{page} {min(solution_lines())} {other.name}.", insight, row.student.key)


def test_feedback_says_each_outcome_and_what_to_reread(school):
    folder, insight, _ = school
    row = next(r for r in insight.rows if {c.entry.mark.status for c in r.outcomes.values()} >= {PASS, FAIL})
    page = words(folder / "feedback" / f"{row.student.key}.html")
    for name, counted in row.outcomes.items():
        assert name in page and " ".join(counted.entry.mark.message.split()) in page
        if counted.entry.mark.status == FAIL:
            assert find_exercise(name).section in page


def test_a_student_who_handed_in_nothing_is_told_so(school):
    folder, insight, _ = school
    absent = next(row for row in insight.rows if not row.outcomes and row.student.key == "s001")
    assert "Nothing was handed in." in words(folder / "feedback" / f"{absent.student.key}.html")


def test_every_student_has_a_page_of_a_name_of_its_own(school):
    folder, insight, _ = school
    assert len(list((folder / "feedback").iterdir())) == len(insight.rows) + len(insight.strangers) == STUDENTS + 2
    keys = ("a/b", "a_b", "a b", "../a", "", report.file_name("a b"), report.file_name("../a"))
    assert len({report.file_name(key) for key in keys}) == 7  # nobody's page lies in the place of another one's
    assert all(re.fullmatch(r"[\w-]*", report.file_name(key)) for key in ("../../etc", "=x<b>", "ünï"))


# ----- what the instructor sees


def test_pages_need_no_network_and_run_nothing(school):
    folder, _, _ = school
    for path in folder.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in page
        assert not re.search(r"<script|<img|<link|@import|url\(|\ssrc=|https?:", page, re.IGNORECASE), path


def test_the_three_to_talk_about_are_what_most_students_have_now(school):
    folder, insight, _ = school
    talk = to_talk_about(insight.misconceptions, 3)
    assert len({one.exercise.name for one in talk}) == len(talk) == 3
    assert [one.now for one in talk] == sorted((one.now for one in talk), reverse=True)
    assert talk[0].now == max(one.now for one in insight.misconceptions if one.counts)
    assert all(one.counts for one in talk)
    page = words(folder / "report.html")
    for one in talk:
        assert " ".join(one.example.split()) in page and one.exercise.section in page
        assert one.name.replace("-", " ") in page


def test_frequencies_are_counted_by_student_and_not_by_hand_in(school):
    _, insight, _ = school
    for one in insight.misconceptions:
        have = [
            row.student.key
            for row in insight.rows
            if (c := row.outcomes.get(one.exercise.name)) and c.entry.mark.misconception == one.name
        ]
        assert one.now == len(have) <= one.students <= len(insight.rows)


def test_each_exercise_counts_every_student_once(school):
    _, insight, _ = school
    assert len(insight.items) == 6
    assert all(sum(item.outcomes.values()) == len(insight.rows) for item in insight.items)


def test_who_is_stuck_and_who_is_missing_stands_there(school):
    folder, insight, _ = school
    page = words(folder / "report.html")
    stuck = [row for row in insight.rows if row.stuck]
    assert stuck, "the invented class has somebody who hands in the same mistake again"
    missing = [row for row in insight.rows if row.missing]
    for row in [*stuck, *missing]:
        assert " ".join(row.student.name.split()) in page
    assert all(counted.tries >= 3 for row in stuck for _, counted in row.stuck)
    (stranger,) = insight.strangers
    assert stranger.student.name == "Somebody Else" and page.index("Not on the roster") < page.index("Somebody Else")
    assert not [row for row in insight.rows if row.student.key == "x9"]
    for file in ("canvas.csv", "moodle.csv", "outcomes.csv"):
        assert "x9" not in (folder / file).read_text("utf-8"), (
            "whoever is not on the roster gets no row on the platform"
        )


@pytest.mark.parametrize(
    "message, question",
    [
        ("Expected 4.29786; yours is 2.14893. Which is averaged?", "Which is averaged?"),
        ("Expected 1 at (0, 2); yours is -3e-07. Why?", "Why?"),
        ("Shape (3,) was expected; yours is (3, 1). Which axis?", "Which axis?"),
        ("Expected 1; yours is 2.", "Expected 1; yours is 2."),
        ("Which one is right? Yours is not.", "Which one is right? Yours is not."),
    ],
)
def test_the_question_for_the_class_is_without_the_numbers_of_one_answer(message, question):
    assert asked(message) == question


def mark(student: str, name: str, status: str):
    from course_lib.grading.gradebook import Entry

    lesson = find_exercise(name).lesson
    return Entry(
        student, lesson, "n.ipynb", student, None, None, "first", Mark(name, status, "m" * (status == FAIL), "?", 1, 1)
    )


def test_only_a_cell_as_it_was_handed_out_is_called_not_attempted(tmp_path):
    names = list(stored.lessons()[LESSON].answers)[:2]
    said = [UNTOUCHED, f"There is no {names[1]} in the notebook: its cell is gone, or its function has another name."]
    marks = [Mark(name, NOT_ATTEMPTED, None, told, 1, 0.1) for name, told in zip(names, said, strict=True)]
    with GradeBook(f"sqlite:///{tmp_path / 'book.db'}") as book:
        book.record(Submission("a", "A", "01_anatomy.ipynb", b"{}"), LESSON, Graded(marks), course="0.1")
        report.write(book, Rules(), tmp_path / "report")
    page = words(tmp_path / "report" / "feedback" / f"{report.file_name('a')}.html")
    assert "not attempted · 0 of 1 point Nothing to check yet" in page
    assert f"not found · 0 of 1 point There is no {names[1]}" in page


def test_items_too_easy_too_hard_and_without_separation_are_named():
    students = [(Student(f"s{n}", f"S {n}"), True) for n in range(20)]
    entries = []
    for n in range(20):
        strong = n < 10
        entries += [
            mark(f"s{n}", "compression_ratio", PASS),
            mark(f"s{n}", "mse_per_image", PASS if n < 3 else FAIL),
            mark(f"s{n}", "psnr", PASS if strong else FAIL),
            mark(f"s{n}", "mean_image_baseline", PASS if strong else FAIL),
            mark(f"s{n}", "build_autoencoder", FAIL if strong else PASS),
        ]
    said = {item.exercise.name: item for item in look(students, entries, Rules()).items}
    assert said["compression_ratio"].said == "too easy?" and said["compression_ratio"].separation is None
    assert said["mse_per_image"].said == "too hard?"
    assert said["psnr"].said == "" and said["psnr"].separation > 0.3
    assert said["build_autoencoder"].said == "does not separate" and said["build_autoencoder"].separation < 0


def test_a_student_who_passes_little_of_what_they_tried_is_behind():
    students = [(Student("a", "A"), True), (Student("b", "B"), True)]
    names = [e for e in stored.lessons()[LESSON].answers][:3]
    entries = [mark("a", name, FAIL) for name in names] + [mark("b", name, NOT_ATTEMPTED) for name in names]
    assert [row.behind for row in look(students, entries, Rules()).rows] == [True, False]


def test_a_typo_in_the_roster_is_gone_once_it_is_mended(tmp_path):
    with GradeBook(f"sqlite:///{tmp_path / 'book.db'}") as book:
        one = Submission("u103", "u103", "01_anatomy.ipynb", b"{}")
        book.enrol([Student("u13", "Cem", canvas="71003")])
        book.record(one, LESSON, Graded([Mark("psnr", PASS, None, "Right.", 3, 0.1)]), course="1")
        insight = look(book.students(), book.entries(), Rules())
        assert [[r.student.key for r in rows] for rows in (insight.rows, insight.strangers)] == [["u13"], ["u103"]]
        book.enrol([Student("u103", "Cem", canvas="71003")])
        insight = look(book.students(), book.entries(), Rules())
        assert ([row.student.key for row in insight.rows], insight.strangers) == (["u103"], [])
        _, _, *rows = csv.reader(report.canvas(insight, Rules()).splitlines())
        assert [row[:3] for row in rows] == [["Cem", "71003", "u103"]]


def test_nobody_is_missed_in_a_lesson_that_is_not_due(tmp_path):
    """Of two lessons the second is not due: who has not handed it in has no zero yet, and who has handed it in has points."""
    students = [(Student(key, key.upper()), True) for key in ("early", "punctual", "absent")]
    entries = [mark("early", "psnr", PASS), mark("punctual", "psnr", PASS), mark("early", "kl_divergence", PASS)]
    rules = Rules(due={1: datetime.datetime(2026, 10, 1), 5: datetime.datetime(2026, 12, 1)})

    def at(month: int):
        insight = look(students, entries, rules, datetime.datetime(2026, month, 2, tzinfo=datetime.UTC))
        _, _, *rows = csv.reader(report.canvas(insight, rules).splitlines())
        return insight, [row[5:] for row in rows]

    insight, rows = at(11)
    assert insight.open == (5,) and rows == [["1", "1"], ["1", ""], ["0", ""]]
    worth = {
        lesson: sum(rules.worth(i.exercise) for i in insight.items if i.exercise.lesson == lesson) for lesson in (1, 5)
    }
    assert [row.possible for row in insight.rows] == [worth[1] + worth[5], worth[1], worth[1]]
    insight, rows = at(12)
    assert insight.open == () and rows == [["1", "1"], ["1", "0"], ["0", "0"]]


def test_the_page_says_what_is_not_due_and_who_tried_nothing(tmp_path):
    with GradeBook(f"sqlite:///{tmp_path / 'book.db'}") as book:
        book.enrol([Student("a", "Ada"), Student("b", "Bea")])
        untouched = Graded([Mark("psnr", NOT_ATTEMPTED, None, "Nothing yet.", 3, 0.1)])
        book.record(Submission("a", "Ada", "01.ipynb", b"{}"), LESSON, untouched, course="1")
        later = datetime.datetime.now() + datetime.timedelta(days=2)
        report.write(book, Rules(lessons=(1, 5), due={5: later}), tmp_path / "report")
    page = words(tmp_path / "report" / "report.html")
    assert "handed in, and nothing tried: Ada" in page and "nothing at all: Bea" in page
    assert "Not due yet: lesson 05." in page and "lesson 05: " not in page
    assert "It is not due yet." in words(tmp_path / "report" / "feedback" / "b.html")


def test_an_empty_class_has_a_report(tmp_path):
    with GradeBook(f"sqlite:///{tmp_path / 'book.db'}") as book:
        report.write(book, Rules(), tmp_path / "report")
    assert "No misconception was seen." in words(tmp_path / "report" / "report.html")


# ----- tables


def table(path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_canvas_reads_its_own_columns_and_the_possible_points(school):
    folder, insight, rules = school
    header, possible, *rows = table(folder / "canvas.csv")
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Bottleneck 01"]
    assert possible[0] == "    Points Possible" and possible[1:5] == [""] * 4
    assert float(possible[5]) == sum(rules.worth(item.exercise) for item in insight.items) > 0
    own = {row[2]: row for row in rows}
    assert own["s002"][1] == "9001" and len(rows) == len(insight.rows)
    assert all(0 <= float(row[5]) <= float(possible[5]) for row in rows)


def test_moodle_finds_students_by_id_number_or_address(school):
    folder, insight, _ = school
    header, *rows = table(folder / "moodle.csv")
    assert header == ["ID number", "Full name", "Email address", "Bottleneck 01"]
    points = {row.student.key: row.points for row in insight.rows}
    assert {row[0].lstrip("'"): float(row[3]) for row in rows} == pytest.approx(points)
    assert next(row for row in rows if row[0] == "s002")[2] == "s002@example.org"


def test_no_cell_starts_as_a_formula_and_no_name_as_a_tag(school):
    folder, _, _ = school
    for path in folder.glob("*.csv"):
        assert not [
            cell
            for row in table(path)
            for cell in filter(None, row)
            if cell[:1] in "\t\r\n" or cell.strip()[:1] in "=+-@＝＋－＠"
        ], path
    for path in folder.rglob("*.html"):
        assert "<script>alert" not in path.read_text(encoding="utf-8")


def test_outcomes_has_a_row_for_each(school):
    folder, insight, _ = school
    assert len(table(folder / "outcomes.csv")) == 1 + sum(len(row.outcomes) for row in insight.rows)


# ----- for JPlag


def test_a_folder_for_jplag_holds_what_students_wrote_and_nothing_that_they_were_given(tmp_path):
    expected = demo.make(tmp_path / "class", students=8, seed=1, lessons=[LESSON])
    found = submissions(tmp_path / "class" / "submissions", [])
    students, files = similarity.write(found, tmp_path / "jplag")
    written = {e.student for e in expected if e.status != NOT_ATTEMPTED}
    folders = {path.name: path for path in (tmp_path / "jplag" / "students").iterdir()}
    assert set(folders) == written and (students, files) == (len(written), len(written))
    base = (tmp_path / "jplag" / "base" / "01_anatomy.py").read_text("utf-8")
    assert "raise NotImplementedError" in base
    for folder in folders.values():
        (path,) = folder.iterdir()
        code = path.read_text("utf-8")
        assert "def " in code and "check(" not in code and "NotImplementedError" not in code


# ----- looked at


AXE = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => `${v.id}: ${v.nodes[0].html.slice(0, 160)}`)"""
UNREACHABLE = """() => [...document.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1
    && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.tabIndex !== 0).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 380])
def test_pages_fit_and_axe_finds_nothing_serious(school, scheme, width):
    from pathlib import Path

    found = pytest.importorskip("axe_playwright_python", reason="`make test-browser` installs it")
    axe = (Path(found.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    folder, insight, _ = school
    busiest = max(insight.rows, key=lambda row: len(row.outcomes))
    with chromium() as browser:
        view = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True, java_script_enabled=True
        )
        for path in (folder / "report.html", folder / "feedback" / f"{busiest.student.key}.html"):
            page = view.new_page()
            page.goto(path.as_uri())
            page.evaluate("() => { for (const d of document.querySelectorAll('details')) d.open = true; }")
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
            assert page.evaluate(UNREACHABLE) == []
            page.add_script_tag(content=axe)
            assert page.evaluate(AXE) == []
            page.close()
