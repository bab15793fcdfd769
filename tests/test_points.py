"""`grading.toml`: what passes are worth, what lateness costs, which of several hand-ins counts."""

from __future__ import annotations

import datetime

import pytest

from course_lib.classroom.exercise import ERROR, FAIL, PASS, find_exercise
from course_lib.grading.gradebook import Entry
from course_lib.grading.judging import Mark
from course_lib.grading.points import GradingRuleError, Rules, count, read_rules, template

DUE = datetime.datetime(2026, 10, 2, 20, tzinfo=datetime.UTC)
CORE, OPTIONAL, CAPSTONE = "compression_ratio", "autoencoder_gradients", "compressor"


def entry(name: str, status: str, *, hand_in: str = "a", hours: float = -1.0, late=None, run: str = "first") -> Entry:
    lesson = find_exercise(name).lesson
    when = DUE + datetime.timedelta(hours=hours)
    return Entry("s1", lesson, "n.ipynb", hand_in, when, late, run, Mark(name, status, None, "", 1, 0.1))


def counted(*entries: Entry, rules: Rules):
    (own,) = count(entries, rules).values()
    (outcome,) = own.values()
    return outcome


def rules_of(tmp_path, text: str) -> Rules:
    path = tmp_path / "grading.toml"
    path.write_text(text, encoding="utf-8")
    return read_rules(path)


def test_without_a_file_the_defaults_hold():
    rules = read_rules(None)
    assert [rules.worth(find_exercise(name)) for name in (CORE, OPTIONAL, CAPSTONE)] == [1.0, 0.0, 2.0]
    assert rules.counts == "best" and not rules.due


def test_the_template_says_what_holds_without_it(tmp_path):
    path = tmp_path / "grading.toml"
    path.write_text(template([1, 2]), encoding="utf-8")
    assert read_rules(path) == Rules(lessons=(1, 2))
    path.write_text(template([1], {1: DUE}), encoding="utf-8")
    assert read_rules(path) == Rules(lessons=(1,), due={1: DUE})


def test_weights_of_kinds_and_of_single_exercises(tmp_path):
    rules = rules_of(tmp_path, f"[points]\ncore = 3\noptional = 0.5\n[exercises]\n{CAPSTONE} = 7\n")
    assert [rules.worth(find_exercise(name)) for name in (CORE, OPTIONAL, CAPSTONE)] == [3.0, 0.5, 7.0]


@pytest.mark.parametrize(
    "text, key, expected",
    [
        ("counts = 'first'", "counts", "one of best, last"),
        ("lessons = [99]", "lessons", "a list of numbers"),
        ("lessons = '02'", "lessons", "a list of numbers"),
        ("[points]\nbonus = 1", "points", "core, optional, capstone"),
        ("[points]\ncore = -1", "points.core", "a number from 0"),
        ("[points]\ncore = true", "points.core", "a number from 0"),
        ("[points]\ncore = nan", "points.core", "a number from 0"),
        ("[points]\ncore = inf", "points.core", "a number from 0"),
        ("[exercises]\nno_such_thing = 1", "exercises", "names of exercises"),
        ("due = 3", "due", "a table"),
        ("[due]\n99 = 2026-10-30 23:59:00", "due", "numbers of lessons"),
        ("[due]\n02 = 'tomorrow'", "due.02", "a date and a time"),
        ("[due]\n02 = 2026-10-30", "due.02", "a date and a time"),
        ("[late]\nshare = 1.5", "late.share", "a number from 0 to 1"),
        ("[late]\npenalty = 0.5", "late", "the keys share and grace"),
    ],
)
def test_what_cannot_be_meant_is_named_with_what_was_expected(tmp_path, text, key, expected):
    with pytest.raises(GradingRuleError) as caught:
        rules_of(tmp_path, text)
    said = str(caught.value)
    assert f"grading.toml: {key} expects" in said and expected in said, said


@pytest.mark.parametrize("text, meant", [("lesons = [2]", "; did you mean lessons?"), ("zzz = 3", ".")])
def test_a_key_that_there_is_not_is_called_so_and_the_one_that_was_meant_is_named(tmp_path, text, meant):
    known = "counts, due, exercises, late, lessons, points"
    with pytest.raises(GradingRuleError) as caught:
        rules_of(tmp_path, text)
    assert str(caught.value).endswith(f"grading.toml: there is no key {text.split()[0]}{meant} (the keys are {known})")


def test_a_file_that_is_no_toml_or_not_there_is_named(tmp_path):
    for path, text in ((tmp_path / "broken.toml", "lessons = ["), (tmp_path / "missing.toml", None)):
        if text:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(GradingRuleError, match=path.name):
            read_rules(path)


def test_a_late_pass_is_worth_its_share_and_the_grace_is_not_late():
    rules = Rules(due={1: DUE}, late_share=0.25, grace=30)
    on_time, within, late = (counted(entry(CORE, PASS, hours=h), rules=rules) for h in (-1, 0.4, 0.6))
    assert [(c.late, c.points) for c in (on_time, within, late)] == [(False, 1.0), (False, 1.0), (True, 0.25)]


def test_the_platforms_own_mark_of_lateness_counts():
    assert counted(entry(CORE, PASS, late=True), rules=Rules()).points == 0.5
    copied_later = entry(CORE, PASS, hours=100, late=False)
    assert counted(copied_later, rules=Rules(due={1: DUE})).points == 1.0


def test_of_several_hand_ins_the_best_counts_or_the_last():
    tries = [
        entry(CORE, FAIL, hand_in="a", hours=-3),
        entry(CORE, PASS, hand_in="b", hours=-2),
        entry(CORE, ERROR, hand_in="c"),
    ]
    best, last = (counted(*tries, rules=Rules(counts=counts)) for counts in ("best", "last"))
    assert (best.entry.mark.status, best.points, best.tries) == (PASS, 1.0, 3)
    assert (last.entry.mark.status, last.points) == (ERROR, 0.0)


def test_a_pass_in_time_is_better_than_a_late_one_that_came_after_it():
    rules = Rules(due={1: DUE})
    outcome = counted(entry(CORE, PASS, hand_in="a"), entry(CORE, PASS, hand_in="b", hours=5), rules=rules)
    assert outcome.points == 1.0 and not outcome.late


@pytest.mark.parametrize("counts", ["best", "last"])
def test_grading_again_never_costs_a_point(counts):
    entries = [entry(CORE, PASS), entry(CORE, FAIL, run="again")]
    assert counted(*entries, rules=Rules(counts=counts)).points == 1.0
    assert counted(*reversed(entries), rules=Rules(counts=counts)).points == 1.0


def test_an_exercise_of_a_lesson_that_does_not_count_has_no_outcome():
    assert count([entry(CORE, PASS)], Rules(lessons=(2,))) == {}
