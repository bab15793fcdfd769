"""The words of the judges: complete, used, and questions."""

from __future__ import annotations

import ast
import functools
import re
import string
import tomllib
import types
from pathlib import Path

import pytest

from authoring import bank
from authoring.derive import tasks
from authoring.source import Lesson, lessons, read
from course_lib.classroom import exercise, judges

LESSONS = [lesson for lesson in lessons() if lesson.has_exercises]
FOLDER = Path(judges.__file__).parent
WORDS_FOR_ALL = tomllib.loads((exercise.QUESTIONS / "common.toml").read_text(encoding="utf-8"))
COMMON = WORDS_FOR_ALL["questions"]
# Where a call of a probe names a misconception: the place of the argument, or the name of the keyword.
NAMED_AT = {
    "fail": (0,),
    "require": (1,),
    "close": (2,),
    "finite": (1, "misconception"),
    "number": (2, "misconception"),
    "shape": (2, "mistakes", "otherwise"),
    "settle": (2, 3),
    "settle_all": (1,),
    "repeatable": ("otherwise",),
}


def words(lesson) -> dict:
    return tomllib.loads((exercise.QUESTIONS / f"lesson_{lesson.number:02d}.toml").read_text(encoding="utf-8"))


@functools.cache
def trees(number: int) -> list[ast.Module]:
    """The judges of a lesson, and what they share with others."""
    own = FOLDER / f"lesson_{number:02d}"
    paths = sorted(own.glob("*.py")) if own.is_dir() else [own.with_suffix(".py")]
    paths += [p for p in sorted(FOLDER.glob("*.py")) if not p.stem.startswith(("lesson_", "__"))]
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths]


def constants(node) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def named(node) -> set[str]:
    """The misconceptions that an argument names: a text, one of two, or the keys or values of a table."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.IfExp):
        return named(node.body) | named(node.orelse)
    if isinstance(node, ast.Dict):
        inside = [
            k if isinstance(k, ast.Constant) and isinstance(k.value, str) else v
            for k, v in zip(node.keys, node.values, strict=True)
        ]
        return {name for part in inside if part is not None for name in named(part)}
    return set()


def every_text(lesson) -> list[tuple[str, str, str]]:
    found = []
    for name, own in words(lesson).items():
        found.append((name, "hint", own["hint"]))
        found += [(name, "hint", hint["ask"]) for hint in own.get("hints", ())]
        found += [(name, key, text) for key, text in own["questions"].items()]
    return found


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_every_word_of_a_judge_asks_a_question(lesson):
    bad = [(name, key) for name, key, text in every_text(lesson) if "?" not in text]
    assert not bad
    assert not [text for text in (*COMMON.values(), *(h["ask"] for h in WORDS_FOR_ALL["hints"])) if "?" not in text]
    assert {name for hint in WORDS_FOR_ALL["hints"] for name in hint["after"]} <= set(COMMON)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_the_places_for_numbers_are_well_formed(lesson):
    for _, _, text in every_text(lesson):
        assert all(field is None or field for _, field, _, _ in string.Formatter().parse(text)), text


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_no_question_is_an_orphan(lesson):
    used = {text for tree in trees(lesson.number) for text in constants(tree)} | set(COMMON)
    orphans = [(name, key) for name, own in words(lesson).items() for key in own["questions"] if key not in used]
    assert not orphans, "no judge of the lesson names these"
    assert set(words(lesson)) == {e.name for e in exercise.exercises() if e.lesson == lesson.number}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_every_misconception_that_a_judge_names_has_a_question(lesson):
    known = {key for own in words(lesson).values() for key in own["questions"]} | set(COMMON)
    unknown = set()
    for tree in trees(lesson.number)[: 1 if not (FOLDER / f"lesson_{lesson.number:02d}").is_dir() else None]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NAMED_AT:
                at = NAMED_AT[node.func.attr]
                arguments = [a for i, a in enumerate(node.args) if i in at]
                arguments += [k.value for k in node.keywords if k.arg in at]
                unknown |= {name for argument in arguments for name in named(argument)} - known
    assert not unknown


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_no_question_is_written_twice_within_an_exercise(lesson):
    for name, own in words(lesson).items():
        texts = list(own["questions"].values())
        assert len(texts) == len(set(texts)), name


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_hints_follow_known_misconceptions(lesson):
    for name, own in words(lesson).items():
        known = {key.partition("/")[0] for key in own["questions"]} | {key.partition("/")[0] for key in COMMON}
        seen: list[str] = []
        for hint in own.get("hints", ()):
            assert set(hint["after"]) <= known, (name, set(hint["after"]) - known)
            seen += hint["after"]
        assert len(seen) == len(set(seen)), f"{name}: two hints for one misconception"


def headings(path: Path) -> set[str]:
    """The headings of a lesson's source; none if there is no such file."""
    if not path.is_file():
        return set()
    prose = "\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")
    return set(re.findall(r"^##+ (.+?) *$", prose, re.MULTILINE))


def misled(lesson, words: dict, tasks) -> list[str]:
    """Hints that lead to no heading: of core exercises to one of the lesson, of others to one of its two notebooks."""
    first = headings(lesson.folder / "lesson.py")
    both = first | headings(lesson.folder / "deeper.py")
    found = []
    for task in tasks:
        own = words[task.names[0]]
        for section in dict.fromkeys([own["section"], *(h["section"] for h in own.get("hints", ()) if "section" in h)]):
            if section not in (first if task.core else both):
                where = "only of deeper.py, which no core exercise needs" if section in both else "of neither notebook"
                found.append(f"{task.names[0]}: {section!r} is a heading {where}")
    return found


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_hints_lead_to_sections_that_exist(lesson):
    assert misled(lesson, words(lesson), tasks(lesson)) == []


@pytest.mark.parametrize(
    "kind, section, special, complaint",
    [
        ("core", "First", "Below", ""),
        ("core", "Further", "First", "'Further' is a heading only of deeper.py"),
        ("core", "First", "Further", "'Further' is a heading only of deeper.py"),
        ("core", "Nowhere", "First", "'Nowhere' is a heading of neither notebook"),
        ("optional", "Further", "First", ""),
        ("capstone", "Further", "First", ""),
        ("capstone", "Firs", "First", "'Firs' is a heading of neither notebook"),
        ("optional", "Inside", "First", "'Inside' is a heading of neither notebook"),
    ],
)
def test_a_hint_that_leads_nowhere_is_found(tmp_path, kind, section, special, complaint):
    header = "# ---\n# jupyter:\n#   course:\n#     title: A toy\n#     lesson: 7\n# ---\n"
    lesson = Lesson(tmp_path)
    (tmp_path / "lesson.py").write_text(
        header + "# %% [markdown]\n# ## First\n# Text.\n#\n# ### Below\n\n# %%\n# ## Inside\n", encoding="utf-8"
    )
    (tmp_path / "deeper.py").write_text(header + "# %% [markdown]\n# ## Further\n", encoding="utf-8")
    task = types.SimpleNamespace(names=("f",), core=kind == "core", kind=kind)
    words = {"f": {"section": section, "hints": [{"after": ["x"], "ask": "?"}, {"after": ["y"], "section": special}]}}
    found = misled(lesson, words, [task])
    assert (complaint in found[0] and len(found) == 1) if complaint else found == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_every_misconception_of_the_bank_has_a_question(lesson):
    missing = [
        (wrong.exercise, wrong.misconception)
        for wrong in bank.wrong_answers(lesson)
        if wrong.misconception not in COMMON
        and not {
            key for key in words(lesson)[wrong.exercise]["questions"] if key.partition("/")[0] == wrong.misconception
        }
    ]
    assert not missing


def test_judges_and_shared_probes_stay_within_their_budget():
    texts = [path.read_text(encoding="utf-8") for path in [*FOLDER.rglob("*.py"), FOLDER.parent / "probe.py"]]
    lines, capstones = (
        sum(len(text.splitlines()) for text in texts),
        sum(text.count("capstone=True)") for text in texts),
    )
    assert lines <= 6400 + 170 * capstones, "a capstone draws its data and names some twenty mistakes"
