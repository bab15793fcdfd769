"""The gates: derived files in sync, no solution leaked, every lesson in order."""

from __future__ import annotations

import functools
import re

import nbformat
import pytest

from authoring.build import strangers
from authoring.derive import COMPARED, EXECUTED, derive, differences, folder, kinds_of, path_of
from authoring.lint import lint_lesson
from authoring.source import ROOT, SOURCE, lessons, read, role, significant_tokens, split_answer

LESSONS = lessons()
derived = functools.cache(derive)  # when first asked for: a run that needs no lesson derives none
FILES = [pytest.param(lesson, kind, id=f"{kind}-{lesson.slug}") for lesson in LESSONS for kind in kinds_of(lesson)]


@pytest.mark.parametrize("lesson, kind", FILES)
def test_derived_file_is_in_sync_with_its_source(lesson, kind):
    path = path_of(lesson, kind)
    assert path.is_file(), f"{path} is missing: run `make notebooks LESSON={lesson.number:02d}`"
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    found = differences(kind, derived(lesson)[kind], stored)
    assert not found, f"{path} is stale: run `make notebooks LESSON={lesson.number:02d}`. {found[:5]}"


@pytest.mark.parametrize("lesson, kind", FILES)
def test_compared_cells_carry_an_output_and_no_output_is_noise(lesson, kind):
    if kind not in EXECUTED:
        return
    notebook = nbformat.read(path_of(lesson, kind), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if COMPARED in cell.metadata.get("tags", []) or "NBVAL_CHECK_OUTPUT" in cell.source:
            assert cell.execution_count and cell.outputs, f"compared with nothing: {cell.source[:80]}"
        for output in cell.outputs:
            assert output.get("name") != "stderr"
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            said = str(output.get("text", "")) + "".join(map(str, output.get("data", {}).values()))
            warned = re.search(r"\b(Deprecation|Future|User|Runtime)Warning\b", said)
            assert not warned, f"{cell.source[:80]!r} shows {said[max(0, warned.start() - 200) : warned.end() + 200]}"
    assert "widgets" not in notebook.metadata


def leaked_lines(secret: list[str], public: str, exercise: str) -> list[str]:
    """Solution lines of four tokens or more that stand nowhere else, and yet appear in an exercise."""

    def normal(text: str) -> set[str]:
        return {" ".join(significant_tokens(line.strip())) for line in text.splitlines()}

    allowed, shown = normal(public), normal(exercise)
    return [
        line
        for line in secret
        if len(tokens := significant_tokens(line.strip())) >= 4
        and " ".join(tokens) in shown
        and " ".join(tokens) not in allowed
    ]


@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if lesson.has_exercises], ids=lambda x: x.slug)
def test_no_solution_line_leaks_into_the_exercises(lesson):
    secret, public = [], []
    for cell in read(lesson.folder / "exercises.py").cells:
        if role(cell) == "answer":
            stub, _, lines = split_answer(cell.source)
            secret += lines
            public.append(stub)
        elif role(cell) not in ("explanation", "success"):
            public.append(cell.source)
    notebook = nbformat.read(folder("exercises") / f"{lesson.slug}.ipynb", as_version=4)
    exercise = "\n".join(c.source for c in notebook.cells)
    exercise += "\n".join(str(c.get("outputs", "")) for c in notebook.cells)
    assert leaked_lines(secret, "\n".join(public), exercise) == []


def test_leak_test_finds_a_planted_leak_at_any_indentation():
    secret = ["    return -10 * np.log10(error)", "x = 1"]
    assert leaked_lines(secret, "", "def f():\n            return -10*np.log10( error )  # planted") == [secret[0]]
    assert leaked_lines(secret, "return -10 * np.log10(error)", "return -10 * np.log10(error)") == []
    assert leaked_lines(secret, "", "x = 1") == [], "short lines stand anywhere"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda x: x.slug)
def test_lesson_has_everything_that_a_lesson_must_have(lesson):
    assert lint_lesson(lesson) == []


def test_every_derived_file_has_a_source():
    assert strangers(None, SOURCE, ROOT) == []


def test_every_derived_kind_is_compared():
    for lesson in LESSONS:
        assert list(derived(lesson)) == [param.values[1] for param in FILES if param.values[0] == lesson]


def test_lessons_are_numbered_without_gaps():
    assert [lesson.number for lesson in LESSONS] == list(range(len(LESSONS)))


def needed_lessons(text: str) -> set[int]:
    """The lessons that a cell of the tour's table or an entry of a header's `prerequisites` names."""
    return {int(number) for number in re.findall(r"\b\d\d\b", text)}


def unlike_the_headers(tour: str, needs: dict[int, list[str]]) -> list[str]:
    """Where the tour's table "What autoencoders are for" says something else than the lessons' headers.

    Args:
        tour: the text of lesson 00.
        needs: of each lesson the `prerequisites` of its header.
    """
    found = re.search(r"^#+ What autoencoders are for$(.*?)(?=^#+ |\Z)", tour, re.MULTILINE | re.DOTALL)
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in found[1].splitlines() if "|" in line
    ]
    column = next(i for i, name in enumerate(rows[0]) if name.lower() == "you need")
    told = {int(row[0][:2]): needed_lessons(row[column]) for row in rows[1:] if row[0][:2].isdigit()}
    wanted = {
        number: set().union(*(needed_lessons(entry) for entry in entries if "lesson" in entry.lower()), set())
        for number, entries in needs.items()
        if number
    }
    return [
        f"lesson {number:02d}: the tour says {sorted(told.get(number, ()))}, its header {sorted(wanted.get(number, ()))}"
        for number in sorted(told.keys() | wanted.keys())
        if told.get(number) != wanted.get(number)
    ]


def test_the_tour_and_the_headers_agree_on_what_a_lesson_needs():
    if not LESSONS[0].keeps_budgets:
        pytest.skip("lesson 00 is not rewritten yet")
    headers = {lesson.number: read(lesson.folder / "lesson.py") for lesson in LESSONS}
    tour = "\n".join(cell.source for cell in headers[0].cells if cell.cell_type == "markdown")
    needs = {number: notebook.metadata["course"].get("prerequisites", []) for number, notebook in headers.items()}
    assert unlike_the_headers(tour, needs) == []


TOUR = """# ## Before
| 09 | 1 | 2 |
## What autoencoders are for

| lesson | question | you need |
|---|---|---|
| 01 Anatomy | 12 of what? | 00 |
| 02 Undercomplete | Which 32? | 01, and 00 |

## After
| 03 | 1 | 2 |
"""
NEEDS = {0: ["Python 13"], 1: ["lesson 00"], 2: ["lessons 00 and 01", "statistics, 10 lectures"]}


@pytest.mark.parametrize(
    "tour, needs, complaint",
    [
        (TOUR, NEEDS, None),
        (TOUR.replace("| 00 |", "| nothing |"), NEEDS, "lesson 01: the tour says [], its header [0]"),
        (TOUR, NEEDS | {2: ["lesson 01, for its ladder"]}, "lesson 02: the tour says [0, 1], its header [1]"),
        (TOUR, NEEDS | {2: [*NEEDS[2], "Lesson 04 helps"]}, "lesson 02: the tour says [0, 1], its header [0, 1, 4]"),
        (TOUR, NEEDS | {3: ["lesson 02"]}, "lesson 03: the tour says [], its header [2]"),
    ],
)
def test_a_tour_that_says_something_else_is_found(tour, needs, complaint):
    assert unlike_the_headers(tour, needs) == ([complaint] if complaint else [])


@pytest.mark.parametrize("lesson, kind", FILES)
def test_links_between_notebooks_lead_somewhere(lesson, kind):
    notebook = nbformat.read(path_of(lesson, kind), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!https?:|#|mailto:|attachment:)([^)#\s]+)", cell.source):
                assert (folder(kind) / target).exists(), f"dead link {target} in {kind}/{lesson.slug}"
