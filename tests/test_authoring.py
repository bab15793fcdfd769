"""The generator, on small and on hostile lessons."""

from __future__ import annotations

import textwrap

import nbformat
import pytest

from authoring import bank, build, derive, execute, lint, source
from authoring.source import Lesson, SourceError, split_answer

HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: {title}
#     lesson: 7
#     minutes: 10
#     objectives:
#       - Compute one thing
#       - Compare it with another
#       - Predict a third
# ---
"""

LESSON = (
    HEADER.format(title="A toy lesson")
    + """
# %%
from course_lib import below, claim, guess, reveal

guess("toy", "Which?", ["a", "b"])

# %% [markdown]
# ## A section

# %% tags=["nbval-check-output"]
print(6 * 7)
claim("One is one", 1 == 1, "1 == 1")
reveal("toy", {"a": below(1, 2), "b": below(2, 1)})
"""
)

EXERCISES = (
    HEADER.format(title="Toy exercises")
    + '''
# %% [markdown]
# Do these.

# %%
import numpy as np

from course_lib import check, hint

# %% [markdown] tags=["task"]
# ## twice: double a number ★ · 3 minutes · core
#
# **Success looks like** 4 for 2.

# %% tags=["answer"]
def twice(x):
    """Twice x."""
    # SOLUTION BEGIN
    doubled_secret_number = np.add(x, x)
    return doubled_secret_number
    # SOLUTION END
    # STUB: raise NotImplementedError("twice: write your answer here")


# %% tags=["check"]
print("checked")

# %% [markdown] tags=["explanation"]
# Adding a number to itself doubles it.

# %% tags=["success"]
print(twice(2))
'''
)


@pytest.fixture
def lesson(tmp_path):
    folder = tmp_path / "source" / "07_toy"
    folder.mkdir(parents=True)
    (folder / "lesson.py").write_text(LESSON, encoding="utf-8")
    (folder / "exercises.py").write_text(EXERCISES, encoding="utf-8")
    (folder / "variants.py").write_text("def twice(x):\n    return 2 * x\n", encoding="utf-8")
    (folder / "instructor.md").write_text("# Notes\n", encoding="utf-8")
    (folder / "wrong_answers.py").write_text(
        "from authoring.bank import wrong\n"
        + "\n".join(f'@wrong("w{i}")\ndef twice(x):\n    return x + {i}\n' for i in range(4)),
        encoding="utf-8",
    )
    return Lesson(folder)


def test_lesson_gets_a_front_cell_from_its_header(lesson):
    first = derive.derive(lesson)["notebooks"].cells[0].source
    assert first.startswith("# 07 · A toy lesson")
    assert "**About 13 minutes**: 10 for this lesson, 3 for its exercise" in first
    assert "* Compute one thing" in first and "../exercises/07_toy.ipynb" in first


def test_stub_goes_to_learners_and_solution_to_the_solutions(lesson):
    made = derive.derive(lesson)
    exercise = "\n".join(c.source for c in made["exercises"].cells)
    solution = "\n".join(c.source for c in made["solutions"].cells)
    assert "NotImplementedError" in exercise and "doubled_secret_number" not in exercise
    assert "doubled_secret_number" in solution and "NotImplementedError" not in solution
    assert "doubles it" in solution and "doubles it" not in exercise
    assert "print(twice(2))" in solution and "print(twice(2))" not in exercise
    assert "SOLUTION" not in exercise + solution and "STUB" not in exercise + solution
    assert "## 7.1 twice: double a number ★ · 3 minutes · core" in exercise


def test_cell_ids_are_the_same_in_every_build_and_unique(lesson):
    first, second = derive.derive(lesson), derive.derive(lesson)
    for kind in first:
        ids = [c["id"] for c in first[kind].cells]
        assert ids == [c["id"] for c in second[kind].cells]
        assert len(set(ids)) == len(ids)
        nbformat.validate(first[kind])


def test_same_cell_twice_gets_two_ids(tmp_path):
    folder = tmp_path / "08_twins"
    folder.mkdir()
    (folder / "lesson.py").write_text(
        HEADER.format(title="Twins") + "\n# %%\nprint(1)\n\n# %% [markdown]\n# x\n\n# %%\nprint(1)\n", encoding="utf-8"
    )
    ids = [c["id"] for c in derive.derive(Lesson(folder))["notebooks"].cells]
    assert ids[1][:-1] == ids[3][:-1] and ids[1] != ids[3]


def test_kernel_is_python3_and_header_is_no_cell(lesson):
    for notebook in derive.derive(lesson).values():
        assert notebook.metadata.kernelspec.name == "python3"
        assert not [c for c in notebook.cells if "objectives:" in c.source]


@pytest.mark.parametrize("indent", ["", "    ", "        "])
def test_solution_is_cut_at_any_indentation(indent):
    opening = {"": "", "    ": "def f():\n", "        ": "class A:\n    def f(self):\n"}[indent]
    code = opening + textwrap.indent("# SOLUTION BEGIN\nsecret = 1 + 2 + 3\n# SOLUTION END\n# STUB: ...\n", indent)
    stub, solution, lines = split_answer(code)
    assert "secret" not in stub and "secret" in solution and stub.endswith(f"{indent}...")
    assert [line.strip() for line in lines] == ["secret = 1 + 2 + 3"]


def test_several_solutions_in_one_cell():
    stub, solution, _ = split_answer(
        "a = 1\n# SOLUTION BEGIN\nb = 2\n# SOLUTION END\n# STUB: b = ...\nc = 3\n# SOLUTION BEGIN\nd = 4\n# SOLUTION END\n# STUB: d = ...\n"
    )
    assert stub == "a = 1\nb = ...\nc = 3\nd = ..." and solution == "a = 1\nb = 2\nc = 3\nd = 4"


def test_stub_may_be_indented_further_than_its_marker():
    stub, _, _ = split_answer(
        "def f(x):\n    # SOLUTION BEGIN\n    return x\n    # SOLUTION END\n    # STUB: if x:\n    # STUB:     raise NotImplementedError\n"
    )
    assert stub == "def f(x):\n    if x:\n        raise NotImplementedError"


def test_marker_inside_a_string_is_only_text():
    code = 'text = """\n# SOLUTION BEGIN\n"""\n# SOLUTION BEGIN\nanswer = 42\n# SOLUTION END\n# STUB: answer = ...\n'
    stub, solution, lines = split_answer(code)
    assert stub == 'text = """\n# SOLUTION BEGIN\n"""\nanswer = ...'
    assert lines == ["answer = 42"] and "# SOLUTION BEGIN" in solution


@pytest.mark.parametrize(
    "code, message",
    [
        ("# SOLUTION BEGIN\n# SOLUTION BEGIN\nx = 1\n# SOLUTION END\n# STUB: x = ...", "has not ended"),
        ("# SOLUTION BEGIN\nx = 1\n# STUB: x = ...", "inside a solution"),
        ("# SOLUTION BEGIN\nx = 1\n", "without '# SOLUTION END'"),
        ("x = 1\n# SOLUTION END\n# STUB: x = ...", "without '# SOLUTION BEGIN'"),
        ("x = 1\n# STUB: x = ...", "holds no '# SOLUTION BEGIN'"),
        ("# SOLUTION BEGIN\nx = 1\n# SOLUTION END", "holds no '# STUB:'"),
        ("# SOLUTION BEGIN\nx  =  1 # comment\n# SOLUTION END\n# STUB: x = 1", "already is the solution"),
        ("# Solution begin\nx = 1\n# SOLUTION END\n# STUB: x = ...", "Looks like a marker"),
        ("#SOLUTION END\n# SOLUTION BEGIN\nx = 1\n# SOLUTION END\n# STUB: x = ...", "Looks like a marker"),
        ("y = 2  # SOLUTION BEGIN\nx = 1\n# SOLUTION END\n# STUB: x = ...", "line of its own"),
        ("# SOLUTION BEGIN\nx = = 1\n# SOLUTION END\n# STUB: x = ...", "not valid Python"),
        ("# SOLUTION BEGIN\nx = 1\n# SOLUTION END\n# STUB: x = (", "not valid Python"),
    ],
)
def test_hostile_answer_cells_are_refused_by_name(code, message):
    with pytest.raises(SourceError, match=message):
        split_answer(code)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda s: s.replace("## twice: double a number ★ · 3 minutes · core", "## twice"), "task cell starts with"),
        (lambda s: s.replace('tags=["check"]', ""), "needs a role"),
        (lambda s: s.replace('tags=["explanation"]', 'tags=["success"]'), "no cell tagged 'explanation'"),
        (lambda s: s.replace('tags=["check"]', 'tags=["check", "answer"]'), "one role"),
        (lambda s: s.replace('tags=["check"]', 'tags=["checks"]'), "unknown tag"),
        (lambda s: s.replace('tags=["task"]', ""), "before the first task"),
        (lambda s: s.replace("#     title: Toy exercises\n", ""), "lacks `title`"),
    ],
)
def test_hostile_exercise_files_are_refused_by_name(lesson, change, message):
    path = lesson.folder / "exercises.py"
    path.write_text(change(EXERCISES), encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        derive.derive(lesson)


def test_bank_runs_the_very_cells_of_the_source(lesson):
    assert bank.solutions(lesson)["twice"](2) == 4
    with pytest.raises(NotImplementedError):
        bank.stubs(lesson)["twice"](2)
    assert [w.misconception for w in bank.wrong_answers(lesson)] == ["w0", "w1", "w2", "w3"]


def build_here(lesson, **options):
    return build.build("07", source=lesson.folder.parent, root=lesson.folder.parent.parent, **options)


@pytest.fixture
def lenient(monkeypatch):
    """The toy lesson has no ladder and no wrap-up; what is tested here is the build."""
    monkeypatch.setattr(build, "lint_lesson", lambda lesson, built: [])


def test_build_executes_once_then_only_what_changed(lesson, lenient, capsys):
    root = lesson.folder.parent.parent
    assert build_here(lesson) == 0
    assert "executed" in capsys.readouterr().out
    before = {p: p.read_bytes() for p in root.glob("*/*.ipynb")}
    assert len(before) == 3
    assert build_here(lesson) == 0
    out = capsys.readouterr().out
    assert out.count("up to date") == 3 and "executed" not in out
    assert before == {p: p.read_bytes() for p in before}

    path = lesson.folder / "lesson.py"
    path.write_text(LESSON.replace("## A section", "## A better section"), encoding="utf-8")
    assert build_here(lesson) == 0
    assert "text renewed, outputs kept" in capsys.readouterr().out
    stored = nbformat.read(root / "notebooks" / "07_toy.ipynb", as_version=4)
    assert derive.differences("notebooks", derive.derive(lesson)["notebooks"], stored) == []

    path.write_text(LESSON.replace("print(6 * 7)", "# A comment.\nprint(6 * 7)"), encoding="utf-8")
    assert build_here(lesson) == 0
    assert "notebooks/07_toy.ipynb: text renewed, outputs kept" in capsys.readouterr().out
    stored = nbformat.read(root / "notebooks" / "07_toy.ipynb", as_version=4)
    assert derive.differences("notebooks", derive.derive(lesson)["notebooks"], stored) == []
    assert any("42" in str(c.get("outputs", "")) for c in stored.cells)

    path.write_text(LESSON.replace("6 * 7", "6 * 8"), encoding="utf-8")
    assert build_here(lesson) == 0
    assert "notebooks/07_toy.ipynb: executed" in capsys.readouterr().out
    stored = nbformat.read(root / "notebooks" / "07_toy.ipynb", as_version=4)
    assert any("48" in str(c.get("outputs", "")) for c in stored.cells)


@pytest.mark.parametrize(
    "old, new, alike",
    [
        ("x = 1  # one\n\nx", "# two\nx = 1\nx", True),
        ("if x:\n    y = 1\n    z = 2", "if x:\n    y = 1\nz = 2", False),
        ("x = '# one'", "x = '# two'", False),
        ("draw()", "draw();", False),
        ("%time f()", "%time g()", False),
    ],
)
def test_only_comments_and_empty_lines_keep_outputs(old, new, alike):
    assert build._runs_alike(old, new) is alike and build._runs_alike(old, old)


def test_outputs_that_other_code_made_are_not_kept(lesson, lenient, capsys):
    build_here(lesson)
    path = lesson.folder.parent.parent / "notebooks" / "07_toy.ipynb"
    stored = nbformat.read(path, as_version=4)
    stored.metadata.course.update(code_hash="0")
    nbformat.write(stored, path)
    capsys.readouterr()
    assert build_here(lesson) == 0
    assert "notebooks/07_toy.ipynb: executed" in capsys.readouterr().out


def test_the_tag_of_a_compared_cell_reaches_the_notebook_and_the_source_hash_does_not_know_it(lesson):
    made = derive.derive(lesson)["notebooks"]
    assert [c.source.splitlines()[0] for c in made.cells if derive.COMPARED in c.metadata.get("tags", [])] == [
        "print(6 * 7)"
    ]
    (lesson.folder / "lesson.py").write_text(LESSON.replace(' tags=["nbval-check-output"]', ""), encoding="utf-8")
    plain = derive.derive(lesson)["notebooks"]
    assert derive.code_hash(plain) == derive.code_hash(made)
    assert any("tags differs" in found for found in derive.differences("notebooks", made, plain))


COMMENTED = LESSON.replace("print(6 * 7)", "# NBVAL_CHECK_OUTPUT\nprint(6 * 7)")


@pytest.mark.parametrize(
    "number, text, refused",
    [
        ("07", COMMENTED, True),
        ("07", LESSON, False),
        ("03", COMMENTED, False),  # as long as it is as it was
        ("03", COMMENTED.replace("#     minutes", "#     budgets: true\n#     minutes"), True),
    ],
    ids=["a later lesson", "a tag", "an old lesson", "a rewritten one"],
)
def test_comments_for_nbval_are_refused_where_a_lesson_has_been_rewritten(tmp_path, number, text, refused):
    folder = tmp_path / f"{number}_toy"
    folder.mkdir()
    (folder / "lesson.py").write_text(text, encoding="utf-8")
    problems = [problem for problem in lint.lint_lesson(Lesson(folder)) if "NBVAL" in problem]
    assert bool(problems) is refused
    assert all("nbval-check-output" in problem for problem in problems)


def test_a_comment_in_the_second_notebook_is_refused_too(tmp_path):
    folder = tmp_path / "03_toy"
    folder.mkdir()
    (folder / "lesson.py").write_text(LESSON, encoding="utf-8")
    (folder / "deeper.py").write_text(COMMENTED, encoding="utf-8")
    (problem,) = [problem for problem in lint.lint_lesson(Lesson(folder)) if "NBVAL" in problem]
    assert problem.startswith("03_toy/deeper.py")


def test_stale_and_tampered_notebooks_are_found(lesson, lenient):
    root = lesson.folder.parent.parent
    build_here(lesson)
    for kind, made in derive.derive(lesson).items():
        path = root / kind / "07_toy.ipynb"

        def tampered(change, kind=kind, made=made, path=path):
            stored = nbformat.read(path, as_version=4)
            change(stored)
            return derive.differences(kind, made, stored)

        assert tampered(lambda nb: None) == []
        assert tampered(lambda nb: nb.cells[1].update(source="print('planted')"))
        assert tampered(lambda nb: nb.cells.pop())
        assert tampered(lambda nb: nb.cells[0].update(id="another"))
        assert tampered(lambda nb: nb.cells[1].metadata.update(tags=["answer"]))
        assert tampered(lambda nb: nb.metadata.kernelspec.update(name="other"))
        code = next(i for i, c in enumerate(made.cells) if c.cell_type == "code")
        if kind == "exercises":
            assert tampered(lambda nb, i=code: nb.cells[i].update(execution_count=1))
        else:
            assert tampered(lambda nb, i=code: nb.cells[i].update(execution_count=None))
            assert tampered(lambda nb: nb.metadata.course.update(code_hash="0"))


def test_notebook_that_does_not_run_is_not_written(lesson, lenient, capsys):
    (lesson.folder / "lesson.py").write_text(LESSON.replace("1 == 1,", "1 == 2,"), encoding="utf-8")
    assert build_here(lesson) == 1
    assert "One is one" in capsys.readouterr().out
    assert not (lesson.folder.parent.parent / "notebooks" / "07_toy.ipynb").exists()


def test_derived_file_without_source_is_removed(lesson, lenient):
    root = lesson.folder.parent.parent
    stray = root / "notebooks" / "06_gone.ipynb"
    stray.parent.mkdir()
    stray.write_text("{}", encoding="utf-8")
    assert build.build(None, source=root / "source", root=root) == 0
    assert not stray.exists()


def test_outputs_are_cleaned_of_bars_stderr_and_widgets():
    cell = nbformat.v4.new_code_cell("x", metadata={"execution": {"iopub.status.busy": "2026-01-01"}})
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stderr", text=" 10%|█"),
        nbformat.v4.new_output("stream", name="stdout", text="a"),
        nbformat.v4.new_output("stream", name="stdout", text="b"),
        nbformat.v4.new_output(
            "display_data", data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "W"}
        ),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}})
    execute.clean(notebook)
    assert [o.text for o in cell.outputs] == ["ab"]
    assert "widgets" not in notebook.metadata and "execution" not in cell.metadata


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda s: s.replace("Compute one thing", "Understand one thing"), "verb"),
        (lambda s: s.replace("#       - Predict a third\n", ""), "three objectives"),
        (lambda s: s.replace("minutes: 10", "minutes: none"), "no minutes"),
        (lambda s: s.replace('reveal("toy", {"a": below(1, 2), "b": below(2, 1)})', ""), "do not match"),
        (lambda s: s.replace("lesson: 7", "lesson: 8"), "header says lesson 8"),
        (lambda s: s.replace("## A section", "# A section"), "sections start at ##"),
        (lambda s: s.replace("## A section", "#### A section"), "heading level"),
        (lambda s: s + "\n# %%\nimport tensorflow as tf\n", "imports a backend"),
        (lambda s: s + "\n# %%\nfrom numpy import *\n", "star import"),
        (lambda s: s + "\n# %% [markdown]\n# Obviously.\n", "says 'Obviously'"),
        (lambda s: s + "\n# %% [markdown]\n# Well done!\n", "exclamation"),
        (lambda s: s + "\n# %%\n" + "x = 1\n" * 60, "fit on a screen"),
        (lambda s: s.replace("check-output", "check-outputs"), "unknown tag 'nbval-check-outputs'"),
        (lambda s: s, "no section 'Wrap-up'"),
        (lambda s: s, "no section 'Recall'"),
        (lambda s: s, "no interactive figure"),
        (lambda s: s, "no ladder"),
        (lambda s: s, "1 claims, too few"),
    ],
)
def test_lint_names_what_a_lesson_lacks(lesson, change, complaint):
    (lesson.folder / "lesson.py").write_text(change(LESSON), encoding="utf-8")
    assert any(complaint in problem for problem in lint.lint_lesson(lesson)), lint.lint_lesson(lesson)


@pytest.mark.parametrize(
    "file, change, complaint",
    [
        (
            "wrong_answers.py",
            lambda s: s.replace('@wrong("w3")', "").replace("def twice(x):\n    return x + 3", ""),
            "has 3",
        ),
        ("wrong_answers.py", lambda s: s + '\n@wrong("w")\ndef thrice(x):\n    return x\n', "unknown exercise thrice"),
        ("variants.py", lambda s: "", "no independently written variant"),
        ("exercises.py", lambda s: s.replace("**Success looks like**", "Maybe"), "success looks like"),
        ("exercises.py", lambda s: s.replace("3 minutes", "15 minutes"), "longer than its 1 star"),
        ("exercises.py", lambda s: s, "stands 'print"),
        ("exercises.py", lambda s: s + '\n# %% tags=["success"]\ntwice = 3\n', "gives twice another meaning"),
    ],
)
def test_lint_names_what_an_exercise_lacks(lesson, file, change, complaint):
    path = lesson.folder / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert any(complaint in problem for problem in lint.lint_lesson(lesson)), lint.lint_lesson(lesson)


def test_the_lint_command_prints_what_it_finds(lesson, monkeypatch, capsys):
    from authoring.__main__ import main

    monkeypatch.setattr(lint, "lessons", lambda which: [lesson] if which == "07" else [])
    assert main(["lint", "--lesson", "07"]) == 1
    assert "07_toy/lesson.py: no section 'Recall'" in capsys.readouterr().out
    assert main(["lint"]) == 0 and "In order." in capsys.readouterr().out


def test_unknown_lesson_is_named():
    with pytest.raises(SourceError, match="No lesson '77'"):
        source.lessons("77")


# which cells a change can reach


@pytest.mark.parametrize(
    "cells, start, kept",
    [
        (["x = 1", "y = 2", "print(x)", "print(y)"], 0, [0, 2]),
        (["import math", "other = 1", "x = 1", "y = math.cos(x)", "y = 2", "print(y)"], 2, [0, 2, 3]),
        (
            ["table = {}", "table['a'] = 1", "x = 1", "def f(): return table, x", "unrelated = 1", "f()"],
            2,
            [0, 1, 2, 3, 5],
        ),
        (["x = 1", "rows = []", "rows.append(x)", "z = 3", "print(rows)"], 0, [0, 1, 2, 4]),
        (["x = 1", "for name in 'ab':\n    print(name, x)", "for name in 'cd':\n    print(name)"], 0, [0, 1]),
        (["x = 1", "[x for x in range(3)]", "(lambda x: x)(2)", "x = 5", "print(x)"], 0, [0]),
        (["guess('a', '?')", "guess('b', '?')", "x = 1", "reveal('b', x)", "reveal('a', 0)"], 2, [1, 2, 3]),
        (["x = 1", "if x:\n    y = 1", "y = 3", "if False:\n    y = 2", "print(y)"], 0, [0, 1]),
    ],
    ids=[
        "direct",
        "bound anew",
        "through a function",
        "in place",
        "a name of a loop",
        "a name within",
        "a question",
        "maybe bound",
    ],
)
def test_cells_that_a_change_can_reach(cells, start, kept):
    from authoring.slices import reached

    assert reached(cells, start) == kept
