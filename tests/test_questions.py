"""The words of the judges: complete, used, and questions."""

from __future__ import annotations

import ast
import functools
import string
import tomllib
from pathlib import Path

import pytest

from authoring import bank
from authoring.derive import tasks
from authoring.source import lessons
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
def test_hints_follow_known_misconceptions_and_lead_to_sections_that_exist(lesson):
    first = (lesson.folder / "lesson.py").read_text(encoding="utf-8")
    both = first + ((lesson.folder / "deeper.py").read_text(encoding="utf-8") if lesson.has_deeper else "")
    core = {name for task in tasks(lesson) if task.core for name in task.names}
    for name, own in words(lesson).items():
        text = first if name in core else both  # no core exercise needs the second notebook
        known = {key.partition("/")[0] for key in own["questions"]} | {key.partition("/")[0] for key in COMMON}
        seen: list[str] = []
        for hint in own.get("hints", ()):
            assert set(hint["after"]) <= known, (name, set(hint["after"]) - known)
            seen += hint["after"]
        assert len(seen) == len(set(seen)), f"{name}: two hints for one misconception"
        for section in {own["section"], *(hint.get("section", own["section"]) for hint in own.get("hints", ()))}:
            assert f"# ## {section}\n" in text or f"# ### {section}\n" in text, (name, section)


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
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in FOLDER.rglob("*.py"))
    lines += len((FOLDER.parent / "probe.py").read_text(encoding="utf-8").splitlines())
    assert lines <= 7000
