"""The notebook for the second reading, folded cells, and the budgets of a first one."""

from __future__ import annotations

import nbformat
import pytest

from authoring import build, derive, lint, reading
from authoring.source import Lesson

LESSON = """# ---
# jupyter:
#   course:
#     title: A toy
#     lesson: 7
#     minutes: 10
#     compute: 30
#     objectives:
#       - Compute one thing
# ---

# %% [markdown]
# ## A section
# A **term** is here, and **another one of them**. **Not one.**

# %%
claim("One", below(1, 2))
claim("Two", all_of(below(1, 2), above(3, 2)))

# %% tags=["hide-input"]
x = 1
y = 2
"""
DEEPER = """# ---
# jupyter:
#   course:
#     title: Further experiments
#     lesson: 7
#     minutes: 20
# ---

# %%
print(6 * 7)
"""


@pytest.fixture
def lesson(tmp_path):
    folder = tmp_path / "source" / "07_toy"
    folder.mkdir(parents=True)
    (folder / "lesson.py").write_text(LESSON, encoding="utf-8")
    (folder / "deeper.py").write_text(DEEPER, encoding="utf-8")
    return Lesson(folder)


def test_a_lesson_and_its_second_notebook_name_each_other(lesson, tmp_path):
    made = derive.derive(lesson)
    assert list(made) == derive.kinds_of(lesson) == ["notebooks", "deeper"]
    assert "For a second reading: [Further experiments](07_toy_deeper.ipynb)" in made["notebooks"].cells[0].source
    first = made["deeper"].cells[0].source
    assert first.startswith("# 07 · Further experiments") and "**About 20 minutes**" in first
    assert "[07 · A toy](07_toy.ipynb)" in first
    assert derive.path_of(lesson, "deeper", tmp_path) == tmp_path / "notebooks" / "07_toy_deeper.ipynb"


def test_the_second_notebook_is_built_beside_the_first_and_goes_with_its_source(lesson, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "lint_lesson", lambda lesson, built: [])
    monkeypatch.setattr(build, "execute", lambda notebook, folder: type("Run", (), {"seconds": 1.0})())
    assert build.build("07", source=lesson.folder.parent, root=tmp_path) == 0
    there = tmp_path / "notebooks" / "07_toy_deeper.ipynb"
    assert "print(6 * 7)" in there.read_text(encoding="utf-8")
    (lesson.folder / "deeper.py").unlink()
    assert build.build(None, source=lesson.folder.parent, root=tmp_path) == 0
    assert not there.exists() and (tmp_path / "notebooks" / "07_toy.ipynb").exists()


def test_a_cell_that_only_serves_is_folded_and_compared(lesson):
    made = derive.derive(lesson)["notebooks"]
    assert [bool(c.metadata.get("jupyter", {}).get("source_hidden")) for c in made.cells] == [
        False,
        False,
        False,
        True,
        False,
    ]
    stored = nbformat.from_dict(made)
    stored.cells[3].metadata.pop("jupyter")
    assert any(
        "folded differs" in found
        for found in derive.differences("notebooks", derive.derive(lesson)["notebooks"], stored)
    )


def test_what_a_reader_sees_is_counted(lesson):
    counts = reading.reading(lesson).counts
    assert counts["code lines"] == 2 and counts["folded share"] == 0.5 and counts["claims"] == 3
    assert counts["bold terms"] == 2 and counts["compute"] == 30
    assert counts["minutes"] == pytest.approx(counts["words"] / 150 + 2 / 15 + 0.5)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Two words", 2),
        ("a formula $x + y$ and `code = 1`", 5),
        ("[a link](../somewhere.ipynb) of .25 nats", 5),
        ("before\n\n## References\n\n* not counted at all", 1),
        ("```python\nnot counted\n```\ncounted", 1),
    ],
)
def test_words_are_counted_as_a_reader_does(text, count):
    assert reading.words(text) == count


def test_budgets_bind_a_lesson_with_two_notebooks(lesson, monkeypatch):
    monkeypatch.setitem(reading.BUDGETS, "notebooks", {"claims": 2, "words": 2000})
    monkeypatch.setitem(reading.BUDGETS, "deeper", {"code lines": 0})
    over = ["07_toy/lesson.py: 3 claims, at most 2", "07_toy/deeper.py: 1 code lines, at most 0"]
    assert reading.over_budget(lesson) == over
    assert [problem for problem in lint.lint_lesson(lesson) if "at most" in problem] == over
    (lesson.folder / "deeper.py").unlink()
    assert reading.over_budget(lesson) == []


@pytest.mark.parametrize(
    "printed, counted, honest",
    [(10, 12.0, True), (10, 12.1, False), (10, 7.9, False), (44, 40.0, True), (45, 40.0, False), (36, 40.0, True)],
)
def test_the_printed_minutes_are_those_that_a_reader_needs(lesson, monkeypatch, printed, counted, honest):
    for name, text in (("lesson.py", LESSON.replace("minutes: 10", f"minutes: {printed}")), ("deeper.py", DEEPER)):
        (lesson.folder / name).write_text(text, encoding="utf-8")
    fixed = {"notebooks": counted, "deeper": 20.0}
    monkeypatch.setattr(reading, "reading", lambda lesson, kind: reading.Reading({"minutes": fixed[kind]}, 0))
    said = [] if honest else [f"07_toy/lesson.py: the header says {printed} minutes, and a reader needs {counted:.0f}"]
    assert [problem.partition(" (")[0] for problem in reading.dishonest_minutes(lesson)] == said
    fixed["deeper"] = 30.0
    assert "07_toy/deeper.py: the header says 20 minutes" in reading.dishonest_minutes(lesson)[-1]
    (lesson.folder / "deeper.py").unlink()
    assert reading.dishonest_minutes(lesson) == [], "it keeps no budgets"


def test_figures_of_the_stored_outputs_count_a_minute_each_and_the_build_tells_the_minutes_afterwards(
    lesson, tmp_path, monkeypatch, capsys
):
    def execute(notebook, folder):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = 1
                cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<figure></figure>"})] * 6
        return type("Run", (), {"seconds": 1.0})()

    monkeypatch.setattr(build, "execute", execute)
    monkeypatch.setattr(build, "lint_lesson", lambda lesson, built: reading.dishonest_minutes(lesson) if built else [])
    assert build.build("07", source=lesson.folder.parent, root=tmp_path) == 1, "10 and 20 are printed"
    said = capsys.readouterr().out
    assert "07_toy/lesson.py: the header says 10 minutes, and a reader needs 13" in said
    assert "07_toy/deeper.py: the header says 20 minutes, and a reader needs 6" in said
    assert reading.reading(lesson).figures == 12
    for name, text, minutes in (("lesson.py", LESSON, 13), ("deeper.py", DEEPER, 6)):
        honest = text.replace("minutes: 10", f"minutes: {minutes}").replace("minutes: 20", f"minutes: {minutes}")
        (lesson.folder / name).write_text(honest, encoding="utf-8")
    assert build.build("07", source=lesson.folder.parent, root=tmp_path) == 0
    assert "**About 6 minutes**" in (tmp_path / "notebooks" / "07_toy_deeper.ipynb").read_text(encoding="utf-8")


def test_before_it_is_built_nothing_is_said_of_a_lessons_minutes(lesson, monkeypatch):
    monkeypatch.setitem(reading.BUDGETS, "notebooks", {"minutes": 0})
    (lesson.folder / "lesson.py").write_text(LESSON.replace("minutes: 10", "minutes: 100"), encoding="utf-8")
    assert not [p for p in lint.lint_lesson(lesson, built=False) if "minutes" in p]
    assert len([p for p in lint.lint_lesson(lesson) if "lesson.py" in p and "minutes" in p]) == 2


def test_a_line_of_the_second_notebook_can_be_changed_too(lesson, changed_lesson, monkeypatch):
    from authoring import execute

    ran: list[str] = []
    monkeypatch.setattr(
        execute, "execute", lambda notebook, folder, env: ran.append("\n".join(c.source for c in notebook.cells))
    )
    (lesson.folder / "deeper.py").write_text(DEEPER + "x = 1\n", encoding="utf-8")
    changed_lesson(lesson, "print(6 * 7)", "print(6 * 8)")
    assert "print(6 * 8)" in ran[-1] and "y = 2" not in ran[-1]
    changed_lesson(lesson, "x = 1", "x = 3")
    assert "x = 3" in ran[-1] and "y = 2" in ran[-1], "the lesson's own line comes first"
    changed_lesson(lesson, "x = 1", "x = 3", kind="deeper")
    assert "x = 3" in ran[-1] and "print(6 * 7)" in ran[-1]
    with pytest.raises(AssertionError, match="0 cells of 07_toy have the line 'y = 2'"):
        changed_lesson(lesson, "y = 2", "y = 3", kind="deeper")
    assert len(ran) == 3


def test_the_course_command_runs_both(lesson, monkeypatch, capsys):
    from authoring import measure

    monkeypatch.setattr(measure, "lessons", lambda which: [lesson])
    ran = []
    run = type("Run", (), {"seconds": 1.0, "peak_memory": 1 << 20})()
    monkeypatch.setattr(measure, "execute", lambda notebook, folder, env: ran.append(len(notebook.cells)) or run)
    assert measure.course() == 0
    out = capsys.readouterr().out
    assert len(ran) == 2 and "07_toy " in out and "07_toy_deeper " in out


def test_a_hint_leads_to_the_notebook_that_has_the_section(tmp_path, monkeypatch):
    from course_lib.classroom import cards, records

    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name, heading in (("07_toy", "## First"), ("07_toy_deeper", "## “Second”, further")):
        cell = nbformat.v4.new_markdown_cell(heading)
        (folder / f"{name}.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])), encoding="utf-8")
    monkeypatch.setattr(records, "course_root", lambda: tmp_path)
    exercise = type("Exercise", (), {"lesson": 7})()
    for section, file in (("First", "07_toy"), ("“Second”, further", "07_toy_deeper"), ("Gone", "07_toy")):
        assert f"/{file}.ipynb#{section.replace(' ', '-')}" in cards._section_link(exercise, section)
