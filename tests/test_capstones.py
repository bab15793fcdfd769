"""Capstones: the third kind of exercise, proven on a small one that exists here only."""

from __future__ import annotations

import datetime
import os
import types

import made_capstone
import pytest
import test_exercises
from test_gates import pytest_in

from authoring import derive, lint, measure
from authoring.source import SourceError
from course_lib import progress
from course_lib.classroom import cards, exercise, records
from course_lib.classroom.door import ProcessDoor
from course_lib.classroom.exercise import FAIL, NOT_ATTEMPTED, PASS, Outcome, find_exercise, judges_of
from course_lib.classroom.run import judge_behind, run_check

NAME, NAMES = "toy_denoiser", ("toy_denoiser",)


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """The lesson with the capstone; its judge is registered."""
    exercise.exercises()
    real = exercise._words
    words = f"lesson_{made_capstone.NUMBER}"
    monkeypatch.setattr(exercise, "_words", lambda name: made_capstone.WORDS if name == words else real(name))
    monkeypatch.setattr(exercise, "_registry", dict(exercise._registry))
    monkeypatch.setattr(records, "_memory", {})
    made_capstone.register()
    return made_capstone.write(tmp_path / "source")


def request_for(**options):
    """What a test of the exercises gets from pytest, with these options of the command line."""
    options = {"--seeds": None, "--weekly": False, "--turn": 0, **options}
    return types.SimpleNamespace(config=types.SimpleNamespace(getoption=options.__getitem__))


@pytest.fixture
def judged(monkeypatch):
    """What the tests of the exercises judge: name of the function's module line, and seed; nothing is judged twice."""
    calls, outcomes = [], {}

    def judge(*answers, name, seed):
        calls.append((answers[0].__code__.co_firstlineno, seed))
        key = (answers[0].__code__, seed)
        if key not in outcomes:
            outcomes[key] = run_check(*answers, name=name, seed=seed)
        return outcomes[key]

    monkeypatch.setattr(test_exercises, "judged", judge)
    return calls


def run_tests_of_exercises(lesson, **options) -> dict:
    """The tests that every exercise gets, on the capstone; returns the properties that they record."""
    request, properties = request_for(**options), {}
    seeds = test_exercises.seeds_of(request.config)
    test_exercises.test_right_answers_pass_on_every_seed(lesson, NAMES, seeds, request)
    test_exercises.test_every_wrong_answer_gets_the_message_of_its_own_misconception(
        lesson, NAMES, seeds, properties.__setitem__, request
    )
    return properties


def test_a_push_judges_the_solution_and_the_wrong_answer_whose_turn_it_is(lesson, judged):
    test_exercises.test_stub_is_not_attempted(lesson, NAMES)
    wrong = {}
    for turn in (1, 2, 7):
        judged.clear()
        assert run_tests_of_exercises(lesson, **{"--turn": turn, "--seeds": 20}) == {
            "killed": (lesson.slug, 1, 1),
            "turn": turn,
        }
        assert len(judged) == 2 and {seed for _, seed in judged} == {0}
        wrong[turn] = judged[1]
    assert wrong[2] == wrong[7] != wrong[1], "there are five"


@pytest.mark.weekly
def test_every_week_all_answers_are_judged_on_four_seeds(lesson, judged):
    found = run_tests_of_exercises(lesson, **{"--weekly": True, "--seeds": 20})
    assert found["killed"] == (lesson.slug, 5, 5)
    assert len(judged) == (2 + 5) * 4


def test_without_the_weekly_runs_each_answer_passes_or_fails_once(lesson, judged, monkeypatch):
    monkeypatch.setattr(test_exercises, "how_many_seeds", lambda *_, **__: 1)
    assert run_tests_of_exercises(lesson, **{"--weekly": True})["killed"] == (lesson.slug, 5, 5)
    assert len(judged) == 7


def test_a_wrong_answer_of_another_name_makes_its_day_red(lesson, judged):
    path = lesson.folder / "wrong_answers.py"
    path.write_text(
        path.read_text(encoding="utf-8").replace('@wrong("no-model")', '@wrong("untrained")'), encoding="utf-8"
    )
    run_tests_of_exercises(lesson, **{"--turn": 1})
    with pytest.raises(AssertionError, match="no-model"):
        run_tests_of_exercises(lesson, **{"--turn": 4})


def test_the_turn_is_the_day_of_the_year_or_what_is_asked_for(tmp_path):
    (tmp_path / "test_turn.py").write_text("def test(request): print('turn', request.config.getoption('--turn'))\n")
    before = datetime.datetime.now(datetime.UTC)
    said = pytest_in(tmp_path, "-s", TURN="").stdout
    days = {now.timetuple().tm_yday for now in (before, datetime.datetime.now(datetime.UTC))}
    assert any(f"turn {day}\n" in said for day in days), said
    assert "turn 3\n" in pytest_in(tmp_path, "-s", TURN="3").stdout
    assert "turn 4\n" in pytest_in(tmp_path, "-s", "--turn", "4", TURN="3").stdout


def test_on_other_backends_and_in_another_process_capstones_run_weekly():
    import test_border

    assert exercise.exercises()
    for cases in (test_exercises.BACKEND_CASES, test_border.CASES):
        for case in cases:
            weekly = "weekly" in {mark.name for mark in case.marks}
            assert weekly == find_exercise(case.values[1][0]).capstone


@pytest.mark.weekly
def test_a_capstone_in_another_process_gets_the_same_outcome(lesson, monkeypatch):
    folder = os.path.dirname(made_capstone.__file__)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")])))
    with ProcessDoor("made_capstone:answers_of") as door:
        for kind, status in (("solution", PASS), ("wrong", FAIL)):
            there = judge_behind(door.choose(str(lesson.folder), kind), find_exercise(NAME), seed=3)
            here = run_check(*made_capstone.answers_of(str(lesson.folder), kind), name=NAME, seed=3)
            assert (there.status, there.misconception, there.message) == (
                here.status,
                here.misconception,
                here.message,
            )
            assert there.status == status


def test_its_notebooks_say_what_it_is_and_how_long_it_may_take(lesson):
    made = derive.derive(lesson)
    for kind in ("exercises", "solutions"):
        (task,) = (c.source for c in made[kind].cells if c.source.startswith("## 98.1"))
        assert task.startswith("## 98.1 toy_denoiser: quiet please ★★★ · 30 minutes · capstone")
        assert "that you have not seen" in task and "stops an answer after 30 seconds" in task
    (task,) = derive.tasks(lesson)
    assert (task.kind, task.core, task.stars, task.minutes) == ("capstone", False, 3, 30)


@pytest.mark.parametrize(
    "kinds, sentence",
    [
        (["core", "core", "optional", "capstone"], "6 for its 2 core exercises (4 more for the optional ones, 5 for the capstone)"),
        (["core", "core", "capstone"], "6 for its 2 core exercises (5 more for the capstone)"),
        (["core", "core", "optional"], "6 for its 2 core exercises (4 more for the optional ones)"),
        (["core", "core"], "6 for its 2 core exercises."),
    ],
)  # fmt: skip
def test_the_first_cell_counts_its_minutes_apart(lesson, monkeypatch, kinds, sentence):
    minutes = {"core": 3, "optional": 4, "capstone": 5}
    made = [types.SimpleNamespace(kind=kind, core=kind == "core", minutes=minutes[kind]) for kind in kinds]
    monkeypatch.setattr(derive, "tasks", lambda lesson: made)
    assert sentence in derive.front_matter(lesson)


@pytest.mark.parametrize("kind", ["core", "optional"])
def test_heading_and_judge_must_agree_that_it_is_one(lesson, kind):
    path = lesson.folder / "exercises.py"
    path.write_text(made_capstone.EXERCISES.replace("· capstone", f"· {kind}"), encoding="utf-8")
    with pytest.raises(SourceError, match=f"toy_denoiser calls it {kind}, and its judge capstone"):
        derive.derive(lesson)
    judges_of(made_capstone.NUMBER)(NAME, trains=True, optional=kind == "optional")(lambda *_: None)
    assert derive.derive(lesson)
    path.write_text(made_capstone.EXERCISES, encoding="utf-8")
    with pytest.raises(SourceError, match=f"calls it capstone, and its judge {kind}"):
        derive.derive(lesson)


def test_learners_get_the_pictures_of_the_capstone_to_run_on_their_own_answer(lesson):
    path = lesson.folder / "exercises.py"
    picture = '# %% tags=["success"]\nprint(toy_denoiser)\n\n'
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('# %% [markdown] tags=["explanation"]', picture + '# %% [markdown] tags=["explanation"]'),
        encoding="utf-8",
    )
    made = derive.derive(lesson)
    (shown,) = [c for c in made["exercises"].cells if c.source == "print(toy_denoiser)"]
    (solved,) = [c for c in made["solutions"].cells if c.source == "print(toy_denoiser)"]
    assert shown.metadata["tags"] == ["success", "raises-exception"], "a stub has nothing to show yet"
    assert "raises-exception" not in solved.metadata["tags"]
    assert any(c.source == derive.WORK_OF_YOURS for c in made["exercises"].cells)


def test_every_capstone_has_the_same_limit(lesson):
    found = find_exercise(NAME)
    assert (found.capstone, found.trains, found.uses_keras, found.time_limit) == (True, True, True, 30.0)
    for options in ({"time_limit": 60}, {"slow": True}):
        with pytest.raises(ValueError, match="every capstone has 30 s"):
            judges_of(made_capstone.NUMBER)(NAME, capstone=True, **options)


def other(name: str, kind: str = "capstone") -> str:
    """A second exercise, copied from the capstone."""
    task = made_capstone.EXERCISES[made_capstone.EXERCISES.index("# %% [markdown] tags") :]
    return task.replace(NAME, name).replace("· capstone", f"· {kind}")


@pytest.mark.parametrize(
    "file, change, complaint",
    [
        ("exercises.py", lambda s: s.replace("★★★", "★★"), "has 2 star(s), and a capstone has ★★★"),
        ("exercises.py", lambda s: s.replace("30 minutes", "45 minutes"), "takes longer than its 3 star(s) allow"),
        ("exercises.py", lambda s: s + other("second"), "a lesson has one capstone, as its last exercise"),
        ("exercises.py", lambda s: s + other("second", "core"), "the kinds are capstone, core"),
        ("wrong_answers.py", lambda s: s.replace("@wrong", "# @wrong", 2), "has 3 wrong answers, needs 4"),
        ("variants.py", lambda s: "", "has no independently written variant"),
    ],
    ids=["stars", "minutes", "two", "not last", "wrong answers", "variant"],
)
def test_lint_names_what_a_capstone_lacks(lesson, file, change, complaint):
    assert not [p for p in lint.lint_lesson(lesson) if "exercises.py" in p]
    path = lesson.folder / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert [p for p in lint.lint_lesson(lesson) if complaint in p], lint.lint_lesson(lesson)


def test_a_capstone_of_one_line_needs_four_wrong_answers_too(lesson):
    text = made_capstone.EXERCISES
    begin, end = text.index("    # SOLUTION BEGIN\n") + len("    # SOLUTION BEGIN\n"), text.index("    # SOLUTION END")
    (lesson.folder / "exercises.py").write_text(
        text[:begin] + "    return fitted(noisy)\n" + text[end:], encoding="utf-8"
    )
    path = lesson.folder / "wrong_answers.py"
    path.write_text(path.read_text(encoding="utf-8").replace("@wrong", "# @wrong", 2), encoding="utf-8")
    assert lint.one_line(lesson, NAME)
    assert [p for p in lint.lint_lesson(lesson) if "has 3 wrong answers, needs 4" in p]


def test_cards_hints_and_progress_name_it(lesson):
    found = find_exercise(NAME)
    for card in (
        cards.outcome_card(found, Outcome(FAIL, "untrained", "Which?", NAME), 1),
        cards.hint_card(found, 2, {}),
    ):
        assert "98.1 toy_denoiser · capstone" in str(card) and "98.1 toy_denoiser · capstone" in card._repr_html_()
        assert "hint(toy_denoiser)" in str(card) or "Reread the section “Noise”" in str(card)
    records.record_check(Outcome(PASS, None, "", NAME))
    table = progress(made_capstone.NUMBER)
    assert "Quiet please · capstone" in str(table) and "Quiet please · capstone" in table._repr_html_()
    assert table.solved() == 1
    assert "capstone" not in str(cards.hint_card(find_exercise("psnr"), 1, {}))


def test_the_command_prints_the_seconds_of_the_solution(lesson, monkeypatch, capsys):
    monkeypatch.setattr(measure, "lessons", lambda which: [lesson])
    assert measure.capstones("98") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert "of 30 allowed, 8 wanted" in head
    number, name, seconds, burnt = line.split()
    assert (number, name) == ("98", NAME) and 0 < float(seconds) < 30 and float(burnt) > 0


def test_a_slow_solution_is_told_and_a_wrong_one_is_an_error(lesson, monkeypatch, capsys):
    monkeypatch.setattr(measure, "lessons", lambda which: [lesson])
    monkeypatch.setattr(measure, "OWN_SECONDS", 0.0)
    assert measure.capstones() == 0 and "longer than wanted" in capsys.readouterr().out
    path = lesson.folder / "exercises.py"
    path.write_text(made_capstone.EXERCISES.replace("return model\n", "return clean\n"), encoding="utf-8")
    assert measure.capstones() == 1 and "FAIL: Which object can clean" in capsys.readouterr().out


def test_a_stub_is_not_attempted_and_costs_nothing(lesson):
    outcome = run_check(test_exercises.bank.stubs(lesson)[NAME], seed=0)
    assert outcome.status == NOT_ATTEMPTED
