"""Terms: bold where they are defined, once, and used nowhere before."""

from __future__ import annotations

import pytest

from authoring import lint, reading, terms
from authoring.source import Lesson, SourceError

HEADER = """# ---
# jupyter:
#   course:
#     title: A toy
#     lesson: {number}
#     minutes: 10
#     budgets: true
#     objectives:
#       - Compute a posterior
# ---

# %% [markdown]
"""
FIRST = """# An **autoencoder** copies its input. The few numbers in its middle are the **code**.
#
# | what | size |
# |---|---|
# | **pixels** | 784 |
# | 02 Many units | Which of them fire? |
#
# **Success looks like** a copy. **Not a term:** this. It is **not** one, and **784** is none, nor is **$x = 1$**.

# %%
guess("copy", "How good is the copy?", ["bad", "good"])
"""
SECOND = """# Each number of the code is a **unit**. Few of the units fire.
#
# ## Dead units
# A **dead unit** never does. In *small* steps,
# lesson 02 goes on.
"""
FIRST_TERMS = '"autoencoder" = "copies"\n"code" = "its middle"\nlabels = ["Success looks like"]\n'
SECOND_TERMS = '"unit" = "one number of a code"\n"dead unit" = "one that never fires"\n'


@pytest.fixture
def write(tmp_path):
    def write(number: int, text: str, words: str | None, deeper: str | None = None) -> Lesson:
        folder = tmp_path / f"{number:02d}_toy"
        folder.mkdir(exist_ok=True)
        (folder / "lesson.py").write_text(HEADER.format(number=number) + text, encoding="utf-8")
        if words is not None:
            (folder / "terms.toml").write_text(words, encoding="utf-8")
        if deeper is not None:
            (folder / "deeper.py").write_text(HEADER.format(number=number) + deeper, encoding="utf-8")
        return Lesson(folder)

    return write


def test_a_course_whose_terms_are_defined_before_they_are_used_is_in_order(write):
    first, second = write(1, FIRST, FIRST_TERMS), write(2, SECOND, SECOND_TERMS)
    assert terms.lint_terms(first) == [] and terms.lint_terms(second) == []


@pytest.mark.parametrize(
    "first, second, complaint",
    [
        (
            FIRST.replace("The few", "Its unit is small. The few"),
            SECOND,
            "02_toy/lesson.py: 'unit' is defined in line 13 and used before, in 01_toy/lesson.py, line 13: "
            "“An **autoencoder** copies its input. Its unit is small. The few numbers in …”",
        ),
        (FIRST.replace("a copy.", "two\n# dead\n# units."), SECOND, "'dead unit' is defined in line 16 (“Dead units”) and used before, in 01_toy/lesson.py, line 21: "),
        (FIRST, "# Some units are dead.\n#\n" + SECOND, "'unit' is defined in line 15 and used before, in line 13: “Some units are dead.”"),
        (FIRST.replace("How good is", "Which unit makes"), SECOND, "01_toy/lesson.py, line 23: “Which unit makes the copy?”"),
        (FIRST.replace('"good"]', '"a unit"]'), SECOND, "01_toy/lesson.py, line 23: “a unit”"),
        (FIRST + 'plots.row(x, caption=f"The {n} units of it")\n', SECOND, "01_toy/lesson.py, line 24: “The units of it”"),
        (FIRST.replace("02 Many", "03 Many"), SECOND, "01_toy/lesson.py, line 18: “| 03 Many units | Which of them fire? |”"),
    ],
    ids=["earlier lesson", "plural over lines", "same lesson", "guess", "option", "caption", "row of another lesson"],
)  # fmt: skip
def test_a_term_that_is_used_before_it_is_defined_is_quoted(write, first, second, complaint):
    write(1, first, FIRST_TERMS)
    (problem,) = terms.lint_terms(write(2, second, SECOND_TERMS))
    assert complaint in problem


@pytest.mark.parametrize(
    "text",
    [
        "# Lesson 02 is about units.",
        "# See [Units and dead units](02_toy.ipynb).",
        "# `unit = 1`, and $unit$.",
        "# ## Units\n# Nothing here.",
        "#\n# | unit | size |\n# |---|---|\n# | 1 | 2 |",
        "#\n# ## References\n#\n# * On units, a paper.",
        "# ```\n# unit\n# ```",
        "# United, a unity, and communities.",
    ],
)
def test_names_of_what_comes_code_headings_and_references_are_no_uses(write, text):
    write(1, FIRST.replace("\n# %%\nguess", f"#\n{text}\n\n# %%\nguess"), FIRST_TERMS)
    assert terms.lint_terms(write(2, SECOND, SECOND_TERMS)) == []


def test_only_everyday_words_may_be_used_before(write):
    write(1, FIRST.replace("The few", "Its unit is small; some are dead units. The few"), FIRST_TERMS)
    (problem,) = terms.lint_terms(write(2, SECOND, SECOND_TERMS + 'everyday = ["units"]\n'))
    assert "'dead unit'" in problem and "everyday" in problem


def test_of_two_terms_at_one_place_the_longer_one_is_meant(write):
    write(1, FIRST.replace("a copy.", "a **code unit**."), FIRST_TERMS + '"code unit" = "a number"\n')
    assert terms.lint_terms(write(2, SECOND, SECOND_TERMS)) == []


@pytest.mark.parametrize(
    "text, words, complaint",
    [
        (SECOND.replace("Few of", "A **ghost** is: few of"), SECOND_TERMS, "line 13: “… the code is a **unit**. A **ghost** is: few of the units fire.” sets 'ghost' in bold"),
        (SECOND.replace("the code", "the **code**"), SECOND_TERMS, "sets 'code' in bold, but lesson 01 defines it"),
        (SECOND.replace("Few of the units", "Few of the **units**"), SECOND_TERMS, "'unit' is bold 2 times, at its definition only it should be: line 13: “… number of the code is a **unit**. Few of the **units** fire.”; line 13: "),
        (SECOND.replace("A **dead unit**", "A dead unit"), SECOND_TERMS, "'dead unit' of terms.toml is never bold"),
        (SECOND.replace("A **dead unit** never does", "**Dead unit:** one that never does"), SECOND_TERMS, "'dead unit' is bold as a label"),
        (SECOND, SECOND_TERMS + '"codes" = "again"\n', "'codes' is defined in lesson 01 already (01_toy/terms.toml)"),
        (SECOND, None, "02_toy: no terms.toml for what lesson.py sets in bold: 'unit', 'dead unit'"),
        (SECOND, SECOND_TERMS + '[deeper]\n"loss" = "a number"\n', "has a table [deeper], and there is no deeper.py"),
    ],
    ids=["unlisted", "taken", "twice", "never", "label", "defined again", "no file", "no deeper"],
)  # fmt: skip
def test_bold_and_terms_toml_agree(write, text, words, complaint):
    write(1, FIRST, FIRST_TERMS)
    found = terms.lint_terms(write(2, text, words))
    assert [problem for problem in found if complaint in problem], found


def test_a_term_that_an_earlier_lesson_defines_is_told_once(write):
    write(1, FIRST, FIRST_TERMS)
    words = SECOND_TERMS.replace('"unit"', '"code"')
    text = SECOND.replace("the code is a **unit**", "the **code** is a unit")
    (problem,) = terms.lint_terms(write(2, text, words))
    assert "02_toy/terms.toml: 'code' is defined in lesson 01 already" in problem


def test_the_second_notebook_has_terms_of_its_own(write):
    write(1, FIRST, FIRST_TERMS)
    words = SECOND_TERMS + '[deeper]\n"ghost gradient" = "what a dead unit gets"\n'
    deeper = "# A **ghost gradient** wakes it. Ghost gradients are cheap.\n"
    assert terms.lint_terms(write(2, SECOND, words, deeper)) == []
    (problem,) = terms.lint_terms(write(2, SECOND, words, deeper.replace("**", "")))
    assert "02_toy/deeper.py: 'ghost gradient' of terms.toml is never bold" in problem
    (problem,) = terms.lint_terms(write(2, SECOND, words.replace("[deeper]\n", ""), deeper))
    assert "'ghost gradient' is bold in deeper.py and not in lesson.py: list it below [deeper]" in problem
    (problem,) = terms.lint_terms(write(2, SECOND, words, "# Ghost gradients.\n#\n" + deeper))
    assert "used before, in line 13" in problem
    used = SECOND.replace("Few of", "It gets ghost gradients. Few of")
    (problem,) = terms.lint_terms(write(2, used, words, deeper))
    assert "02_toy/deeper.py: 'ghost gradient'" in problem and "02_toy/lesson.py, line 13" in problem
    told = SECOND.replace("Few of", "A second reading has ghost gradients. Few of")
    assert terms.lint_terms(write(2, told, words, deeper)) == []


def test_lessons_that_keep_no_budgets_are_left_alone(write):
    lesson = write(2, SECOND, None)
    path = lesson.folder / "lesson.py"
    path.write_text(path.read_text(encoding="utf-8").replace("#     budgets: true\n", ""), encoding="utf-8")
    assert terms.lint_terms(lesson) == []


def test_the_lint_of_a_lesson_looks_at_its_terms(write):
    write(1, FIRST, FIRST_TERMS)
    assert [
        p for p in lint.lint_lesson(write(2, SECOND.replace("**unit**", "unit"), SECOND_TERMS)) if "never bold" in p
    ]


@pytest.mark.parametrize(
    "words, message",
    [
        ('"unit" = ', "no TOML"),
        ('"unit" = 1', "needs a definition of one line"),
        ('"unit" = ""', "needs a definition of one line"),
        ('"unit" = "a"\n"units" = "b"', "'units' and 'unit' are one term"),
        ('everyday = "unit"\n"unit" = "a"', "`everyday` is a list of words"),
        ('everyday = ["code"]\n"unit" = "a"', "everyday names 'code', which is no term of this file"),
        ('"unit" = "a"\n[deeper]\neveryday = ["unit"]', "`everyday` stands above the table"),
    ],
)
def test_a_file_of_another_form_is_refused_by_name(write, words, message):
    lesson = write(2, SECOND, words)
    with pytest.raises(SourceError, match=r"^02_toy/terms\.toml: "):
        terms.terms_of(lesson)
    assert [p for p in lint.lint_lesson(lesson) if message in p]


@pytest.mark.parametrize(
    "one, other",
    [
        ("unit", "Units"),
        ("axis", "axes"),
        ("basis", "bases"),
        ("matrix", "matrices"),
        ("entropy", "entropies"),
        ("bias", "biases"),
        ("loss", "losses"),
        ("top-k", "Top k"),
        ("learning-rate schedule", "learning rate schedules"),
        ("encoder", "encoder's"),
    ],
)
def test_plurals_hyphens_and_capitals_make_no_other_term(one, other):
    assert terms.key_of(one) == terms.key_of(other)


def test_terms_that_only_look_alike_are_different():
    for one, other in (("L0", "L1"), ("prior", "priority"), ("R²", "R"), ("analysis", "analyst"), ("gas", "ga")):
        assert terms.key_of(one) != terms.key_of(other)


@pytest.mark.parametrize(
    "bold, term",
    [
        *[(text, True) for text in ("L0", "R²", "top-k", "KL divergence", "the encoder's guess", "PCA", "t-SNE", "σ")],
        *[(text, False) for text in ("An afternoon:", "Not one.", "Why?", "“Twice.”", "−.115", "2.3 dB", "12,000")],
        *[(text, False) for text in ("Shift+Enter", "x = 1", "$x$", "`x`", "not", "only one", "→")],
        ("the longest directions of the cloud", False),
    ],
)
def test_labels_numbers_formulas_and_stressed_words_are_no_terms(bold, term):
    assert terms.looks_like_a_term(bold) is term
    assert terms.bold_terms(f"Here is **{bold}** in bold.\n| **cell** |") == ([bold.lower()] if term else [])


def test_bold_terms_are_counted_by_the_same_rule(write):
    assert reading.reading(write(1, FIRST, FIRST_TERMS)).counts["bold terms"] == 3, "success looks like it"


@pytest.mark.parametrize("slug", ["00_start_here", "05_variational", "10_recommendation"])
def test_places_are_lines_of_the_file(slug):
    (lesson,) = terms.lessons(slug)
    lines = (lesson.folder / "lesson.py").read_text(encoding="utf-8").splitlines()
    found = [passage for passage in terms.passages(lesson.folder / "lesson.py") if passage.prose]
    assert len(found) > 10
    for passage in found:
        assert lines[passage.line - 1].removeprefix("#").strip() == passage.raw.splitlines()[0].strip()
        assert len(passage.raw) == len(passage.text)
