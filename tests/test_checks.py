"""The check framework: outcomes, time limit, messages, records, cards."""

from __future__ import annotations

import functools
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from course_lib import check, hint
from course_lib.classroom import cards, commands, exercise, records
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, Outcome, UnknownExercise, judges_of
from course_lib.classroom.run import run_check

TOY_WORDS = {
    "toy_square": {
        "title": "A square",
        "section": "Squares",
        "hint": "What is 3 times 3?",
        "hints": [{"after": ["wrong-shape"], "ask": "How many squares have three numbers?", "section": "Shapes"}],
        "questions": {
            "doubled": "Is 3 squared 6?",
            "wrong-formula": "What is 3 times 3?",
            "wrong-shape": "One number per entry?",
        },
    },
    "toy_plus": {"title": "Two functions", "section": "Squares", "hint": "?", "questions": {"no-inverse": "Undone?"}},
    "toy_broken": {"title": "t", "section": "s", "hint": "?", "questions": {}},
}


@pytest.fixture(autouse=True)
def toy_exercises(monkeypatch):
    """Two small exercises that exist in these tests only."""
    monkeypatch.setenv("COURSE_PATIENCE", "1")
    exercise.exercises()
    real = exercise._words
    monkeypatch.setattr(exercise, "_words", lambda name: TOY_WORDS if name == "lesson_99" else real(name))
    monkeypatch.setattr(exercise, "_registry", dict(exercise._registry))
    monkeypatch.setattr(commands, "_hints_given", {})
    monkeypatch.setattr(records, "_memory", {})
    judge = judges_of(99)

    @judge("toy_square", time_limit=0.5)
    def judge_square(toy_square, probe):
        x = probe.rng.uniform(1, 2, size=(3,))
        got = probe.shape(probe.call(toy_square, x), (3,))
        probe.settle(got, x**2, "wrong-formula", {"doubled": 2 * x})

    @judge("toy_plus", "toy_minus")
    def judge_both(toy_plus, toy_minus, probe):
        probe.close(probe.call(toy_minus, probe.call(toy_plus, 1.0)), 1.0, "no-inverse")

    return judge


def toy_square(x):
    return x**2


def test_right_answer_passes():
    outcome = run_check(toy_square)
    assert (outcome.status, outcome.misconception, outcome.exercise) == (PASS, None, "toy_square")


def test_wrong_answer_fails_with_its_misconception_and_message():
    outcome = run_check(lambda x: 2 * x, name="toy_square")
    assert (outcome.status, outcome.misconception, outcome.message) == (FAIL, "doubled", "Is 3 squared 6?")


def test_message_says_what_was_expected_and_what_came():
    outcome = run_check(lambda x: x**2 + 1, name="toy_square", seed=3)
    assert outcome.misconception == "wrong-formula"
    assert "Expected" in outcome.message and "yours is" in outcome.message and "index 0" in outcome.message


def test_wrong_shape_fails_and_says_what_was_expected():
    outcome = run_check(lambda x: (x**2).sum(), name="toy_square")
    assert (outcome.status, outcome.misconception) == (FAIL, "wrong-shape")
    assert "(3,)" in outcome.message and "()" in outcome.message and "One number per entry?" in outcome.message


@pytest.mark.parametrize("value", ["four", {"a": 1}, object(), [1, [2, 3]]])
def test_wrong_type_fails_and_says_what_was_expected(value):
    outcome = run_check(lambda x: value, name="toy_square")
    assert (outcome.status, outcome.misconception) == (FAIL, "wrong-type")
    assert "array of numbers" in outcome.message or "An array was expected" in outcome.message


@pytest.mark.parametrize("value", [1j, np.complex128(2), np.ones(3, complex)])
def test_complex_numbers_fail_and_are_called_so(value):
    outcome = run_check(lambda x: value, name="toy_square")
    assert (outcome.status, outcome.misconception) == (FAIL, "complex-numbers") and "complex" in outcome.message


def test_nan_fails():
    assert run_check(lambda x: x * np.nan, name="toy_square").status == FAIL


def test_forgotten_return_fails_with_a_question():
    outcome = run_check(lambda x: None, name="toy_square")
    assert (outcome.status, outcome.misconception) == (FAIL, "returned-nothing")


def test_changing_the_input_fails():
    def toy_square(x):
        x *= x
        return x

    outcome = run_check(toy_square)
    assert (outcome.status, outcome.misconception) == (FAIL, "changes-its-input")


def test_an_error_inside_a_compiled_library_shows_the_learners_own_line():
    def toy_square(x):
        return np.random.default_rng(0).normal(0, -1, 3)  # raised in Cython, in a file that is not here

    outcome = run_check(toy_square)
    assert outcome.status == ERROR and "return np.random.default_rng(0).normal(0, -1, 3)" in outcome.message


def test_raising_answer_is_an_error_with_the_learners_own_line():
    def toy_square(x):
        y = x**2
        return np.linalg.inv(y)  # raises deep inside NumPy

    outcome = run_check(toy_square)
    assert outcome.status == ERROR
    assert "LinAlgError" in outcome.message
    assert "return np.linalg.inv(y)" in outcome.message and "in toy_square" in outcome.message


def test_wrong_number_of_arguments_is_an_error_that_says_so():
    outcome = run_check(lambda: 1, name="toy_square")
    assert outcome.status == ERROR and "could not be called as the task says" in outcome.message


def test_raising_systemexit_is_contained():
    def toy_square(x):
        sys.exit(1)

    assert run_check(toy_square).status == ERROR


@pytest.mark.parametrize("kind", ["plain", "except Exception", "bare except", "bare except in a call", "finally"])
def test_endless_loop_is_stopped_and_its_line_is_shown(kind):
    def helper():
        try:
            raise KeyError
        except:  # noqa: E722
            return 1

    def toy_square(x):
        n = 0
        while kind == "plain":
            n += 1
        while kind == "except Exception":
            try:
                n += 1
            except Exception:
                pass
        while kind == "bare except":
            try:
                n += 1
            except:  # noqa: E722
                pass
        while kind == "bare except in a call":
            try:
                n += helper()
            except:  # noqa: E722
                continue
        while kind == "finally":
            try:
                n += 1
            except BaseException:
                n -= 1
            finally:
                n += 2

    start = time.monotonic()
    outcome = run_check(toy_square)
    assert outcome.status == ERROR
    assert "still running after 0.5 seconds and was stopped" in outcome.message
    assert "could not be stopped" not in outcome.message
    assert "in toy_square" in outcome.message or "in helper" in outcome.message
    assert time.monotonic() - start < 10


def test_on_a_busy_machine_an_answer_gets_a_multiple_of_its_seconds(monkeypatch):
    def toy_square(x):
        time.sleep(0.7)  # longer than its half a second
        return x**2

    assert run_check(toy_square).status == ERROR
    monkeypatch.setenv("COURSE_PATIENCE", "40")
    assert run_check(toy_square).status == PASS
    monkeypatch.setenv("COURSE_PATIENCE", "0.2")
    assert (
        "still running after 0.1 seconds, 0.2 times the 0.5 that your own check gives, and was stopped."
        in run_check(toy_square).message
    )
    monkeypatch.setenv("COURSE_PATIENCE", "long")
    with pytest.raises(ValueError, match=r"COURSE_PATIENCE is 'long'; expected a positive number"):
        run_check(toy_square)


def test_a_learners_own_seconds_are_told_where_an_answer_got_three_times_these(monkeypatch):
    def toy_square(x):
        while True:
            pass

    monkeypatch.setattr("course_lib.classroom.run.patience", lambda: 3.0)
    said = (
        "Your code was still running after 1.5 seconds, three times the 0.5 that your own check gives, and was stopped."
    )
    assert run_check(toy_square).message.startswith(said)


def test_code_that_cannot_be_stopped_is_reported_as_such(monkeypatch):
    monkeypatch.setattr("course_lib.classroom.time_limit.GRACE", 0.2)

    def toy_square(x):
        time.sleep(2)  # one call into C: no exception can land before it returns
        return x

    outcome = run_check(toy_square)
    assert outcome.status == ERROR and "restart the kernel" in outcome.message


def test_right_answer_that_prints_and_warns_passes_and_shows_what_it_printed():
    def toy_square(x):
        print("hello from inside")
        print("to stderr", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return x**2

    outcome = run_check(toy_square)
    assert outcome.status == PASS
    for text in ("hello from inside", "to stderr", "careful"):
        assert text in outcome.printed


def test_printing_does_not_reach_the_notebook_during_the_check(capsys):
    def toy_square(x):
        print("noise")
        return x**2

    run_check(toy_square)
    assert capsys.readouterr().out == ""


def test_stub_is_not_attempted_but_a_librarys_not_implemented_error_is_an_error():
    import asyncio

    def toy_square(x):
        raise NotImplementedError("write your answer here")

    assert run_check(toy_square).status == NOT_ATTEMPTED

    def uses_a_library(x):
        return asyncio.AbstractEventLoop().time()

    assert run_check(uses_a_library, name="toy_square").status == ERROR


def test_object_from_course_lib_is_refused_however_it_is_wrapped():
    from course_lib import metrics

    for answer in (
        metrics.mse,
        functools.partial(metrics.mse),
        functools.wraps(metrics.mse)(lambda *a: metrics.mse(*a)),
    ):
        outcome = run_check(answer, name="toy_square")
        assert (outcome.status, outcome.misconception) == (FAIL, "imported-answer")


def test_unknown_exercise_lists_the_nearest_names():
    def toy_sqare(x):
        return x

    with pytest.raises(UnknownExercise, match="toy_square"):
        run_check(toy_sqare)


def test_an_unknown_name_that_is_like_no_other_lists_three():
    with pytest.raises(UnknownExercise) as error:
        run_check(lambda x: x, name="zzzzzzzz")
    assert str(error.value).split(". ")[1].count(",") == 2


def test_lambda_partial_and_instance_need_a_name_and_work_with_it():
    class Squarer:
        def __call__(self, x):
            return x**2

    for answer in (lambda x: x**2, functools.partial(toy_square), Squarer()):
        with pytest.raises(UnknownExercise, match="name="):
            run_check(answer)
        assert run_check(answer, name="toy_square").status == PASS


def test_text_instead_of_the_function_is_explained():
    with pytest.raises(UnknownExercise, match="quotes"):
        run_check("toy_square")


def test_result_instead_of_the_function_fails_with_a_question():
    outcome = run_check(toy_square(3.0), name="toy_square")
    assert (outcome.status, outcome.misconception) == (FAIL, "wrong-type") and "?" in outcome.message


def test_exercise_of_two_functions():
    def toy_plus(x):
        return x + 1

    assert run_check(toy_plus, lambda x: x - 1).status == PASS
    assert run_check(toy_plus, lambda x: x).misconception == "no-inverse"
    with pytest.raises(TypeError, match="toy_plus, toy_minus"):
        run_check(toy_plus)


def test_two_exercises_cannot_share_a_name(monkeypatch):
    monkeypatch.setattr(exercise, "_words", lambda name: TOY_WORDS)
    with pytest.raises(ValueError, match="taken"):
        judges_of(98)("toy_square")(lambda toy_square, probe: None)


def test_a_judge_without_words_is_refused():
    with pytest.raises(ValueError, match=r"lesson_01\.toml"):
        judges_of(1)("toy_square")


def test_a_judge_that_is_loaded_again_keeps_its_number(toy_exercises):
    before = exercise.find_exercise("toy_plus").number
    toy_exercises("toy_plus", "toy_minus")(lambda *_: None)
    assert exercise.find_exercise("toy_plus").number == before == "99.2"


def test_check_leaves_the_learners_random_numbers_alone():
    np.random.seed(7)
    expected = np.random.default_rng(0), np.random.rand()
    np.random.seed(7)
    run_check(toy_square)
    assert np.random.rand() == expected[1]


def test_fault_in_a_judge_is_not_blamed_on_the_learner(toy_exercises):
    @toy_exercises("toy_broken")
    def judge_broken(answer, probe):
        raise KeyError("the judge's own fault")

    with pytest.raises(KeyError):
        run_check(lambda x: x, name="toy_broken")


def test_judge_modules_do_not_load_keras():
    import subprocess

    code = (
        "import sys; from course_lib.classroom import exercise; exercise.exercises(); sys.exit('keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_failed_check_raises_headless_so_that_test_runs_turn_red():
    with pytest.raises(commands.CheckFailed, match="Is 3 squared 6"):
        check(lambda x: 2 * x, name="toy_square")


@pytest.mark.parametrize("headless", [True, False])
def test_a_test_run_asks_the_same_of_the_same_answer_and_a_learner_is_asked_anew(headless, monkeypatch):
    if not headless:
        monkeypatch.delenv("COURSE_HEADLESS")
    asked = []

    def remembers(x):
        asked.append(x.tobytes())
        return x**2

    for _ in range(2):
        assert run_check(remembers, name="toy_square").status == PASS
    assert (asked[: len(asked) // 2] == asked[len(asked) // 2 :]) is headless


def test_check_prints_a_card_records_and_offers_help_step_by_step(work, capsys, monkeypatch):
    monkeypatch.delenv("COURSE_HEADLESS")

    def toy_square(x):
        return 2 * x

    check(toy_square)
    out = capsys.readouterr().out
    assert out.startswith("✘ FAIL · 99.1") and "Is 3 squared 6?" in out and "hint(toy_square)" in out
    hint(toy_square)
    first = capsys.readouterr().out
    assert "What is 3 times 3?" in first and "Reread" not in first and "solution of" not in first
    assert "Your last check stopped here: Is 3 squared 6?" in first
    hint(toy_square)
    second = capsys.readouterr().out
    assert "Reread the section “Squares”" in second and "The solution of" not in second
    check(toy_square)
    capsys.readouterr()
    hint("toy_square")
    assert "The solution of toy_square" in capsys.readouterr().out
    noted = records.read()["exercises"]["toy_square"]
    assert noted["failures"] == 2 and noted["misconceptions"] == ["doubled"] and not noted["solved"]


def test_card_is_html_in_a_notebook_and_escapes_what_the_answer_said():
    toy = exercise.find_exercise("toy_square")
    card = cards.outcome_card(toy, Outcome(FAIL, "m", "is <b> 1 & 2?", "toy_square", "<script>"), 1)
    html = card._repr_html_()
    assert "is &lt;b&gt; 1 &amp; 2?" in html and "<script>" not in html and "FAIL" in html
    assert "is <b> 1 & 2?" in str(card)


def test_solution_link_in_a_work_folder_shows_that_one_solution_only(work, capsys):
    import nbformat

    name = next(e.name for e in exercise.exercises() if e.lesson == 1)
    others = [e.name for e in exercise.exercises() if e.lesson == 1 and e.name != name]
    for _ in range(2):
        records.record_check(Outcome(FAIL, None, "", name))
    hint(name)
    assert f"../solutions/{name}.ipynb" in capsys.readouterr().out
    notebook = nbformat.read(work / "solutions" / f"{name}.ipynb", as_version=4)
    text = "\n".join(c.source for c in notebook.cells)
    assert f"def {name}" in text
    assert not [other for other in others if f"def {other}" in text]
    (work / "solutions" / f"{name}.ipynb").write_text("my notes", encoding="utf-8")
    hint(name)
    assert (work / "solutions" / f"{name}.ipynb").read_text(encoding="utf-8") == "my notes"


def test_a_check_waits_for_an_import_of_keras_that_an_earlier_answer_left_behind(tmp_path):
    """An answer that imports Keras and runs out of time leaves a thread that is still importing."""
    (tmp_path / "keras.py").write_text(
        "import time\ntime.sleep(1)\n"  # a slow import
        "class utils:\n    seeds = []\n    set_random_seed = seeds.append\n"
    )
    program = (
        "import sys, threading\n"
        "from course_lib.classroom import host\n"
        f"sys.path.insert(0, {str(tmp_path)!r}); sys.modules.pop('keras', None)\n"
        "left_behind = threading.Thread(target=lambda: __import__('keras')); left_behind.start()\n"
        "while 'keras' not in sys.modules: pass\n"
        "host.seed_everything(3)\n"
        "print(sys.modules['keras'].utils.seeds)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[3]", done.stderr


def test_hint_follows_the_property_that_failed_last(capsys, monkeypatch):
    monkeypatch.delenv("COURSE_HEADLESS")
    hint("toy_square")
    assert "What is 3 times 3?" in capsys.readouterr().out
    check(lambda x: x.sum(), name="toy_square")
    capsys.readouterr()
    hint("toy_square")
    told = capsys.readouterr().out
    assert "How many squares have three numbers?" in told and "What is 3 times 3?" not in told
    assert "Reread the section “Shapes”" in told
    check(toy_square)
    capsys.readouterr()
    hint("toy_square")
    assert "What is 3 times 3?" in capsys.readouterr().out


def test_a_missing_package_is_an_error_that_names_it():
    def toy_square(x):
        import a_package_that_nobody_has as package

        return package.square(x)

    outcome = run_check(toy_square)
    assert outcome.status == ERROR and "package" in outcome.message and "a_package_that_nobody_has" in outcome.message


def test_an_error_of_the_backend_is_told_without_its_decoration():
    import keras

    def toy_square(x):
        return keras.ops.matmul(keras.ops.ones((2, 3)), keras.ops.ones((2, 3)))

    message = run_check(toy_square).message
    assert not any(raw in message for raw in ("{{", "[Op:", "\x1b")) and "in toy_square" in message


def test_a_progress_bar_is_not_quoted_in_the_card():
    def toy_square(x):
        print("before")
        for share in (11, 80):
            print(f"\rfunctional: {share}%|## | {share}/100", end="", file=sys.stderr)
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr)
        print("after")
        return x**2

    assert run_check(toy_square).printed.split() == ["before", "after"]
