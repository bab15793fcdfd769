"""Progress, guesses and claims."""

from __future__ import annotations

import json
import multiprocessing
import os

import numpy as np
import pytest

from course_lib import below, claim, guess, progress, reveal
from course_lib.classroom import records
from course_lib.classroom.claims import ClaimFailed
from course_lib.classroom.exercise import Outcome

TAILS = {"heads": below(3, 2), "tails": below(2, 3)}  # what a toss gave


def note(name, status, misconception=None):
    return records.record_check(Outcome(status, misconception, "told", name))


@pytest.fixture(autouse=True)
def empty_memory(monkeypatch):
    monkeypatch.setattr(records, "_memory", {})
    monkeypatch.setattr(records, "_unsaved", {})


def test_outside_a_work_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    note("psnr", "PASS", None)
    assert list(tmp_path.iterdir()) == []
    assert records.read()["exercises"]["psnr"]["solved"]


def test_in_a_work_folder_progress_is_saved_and_shown(work):
    note("psnr", "FAIL", "natural-logarithm")
    note("psnr", "PASS", None)
    saved = json.loads((work / "progress.json").read_text(encoding="utf-8"))["exercises"]["psnr"]
    assert saved["checks"] == 2 and saved["failures"] == 1 and saved["misconceptions"] == ["natural-logarithm"]
    table = progress()
    assert table.solved() == 1
    assert "✔ solved" in str(table) and "psnr" in table._repr_html_()


def test_our_solutions_solve_nothing_for_the_learner(work, monkeypatch):
    (work / "solutions").mkdir()
    monkeypatch.chdir(work / "solutions")
    note("psnr", "PASS", None)
    assert not (work / "progress.json").exists()
    monkeypatch.chdir(work)
    assert records.read()["exercises"] == {} and progress().solved() == 0


def test_not_attempted_is_no_check(work):
    assert note("psnr", "NOT ATTEMPTED", None)["checks"] == 0


def test_progress_of_one_lesson_and_of_none():
    assert {row[0] for row in progress(1).rows} == {1}
    with pytest.raises(ValueError, match="one of the lessons"):
        progress(99)


def test_unreadable_progress_is_kept_aside_not_lost(work, capsys):
    (work / "progress.json").write_text("{half", encoding="utf-8")
    note("psnr", "PASS", None)
    assert len(list(work.glob("progress.unreadable-*.json"))) == 1
    assert "could not be read" in capsys.readouterr().out
    assert records.read()["exercises"]["psnr"]["solved"]


def _check_many(folder, name):
    os.chdir(folder)
    for _ in range(20):
        note(name, "FAIL", None)


def test_two_notebooks_at_once_lose_nothing(work):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_check_many, args=(str(work), f"exercise_{i}")) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    noted = records.read()["exercises"]
    assert [noted[f"exercise_{i}"]["failures"] for i in range(2)] == [20, 20]


def test_unwritable_work_folder_costs_a_notice_not_the_check(work, monkeypatch, capsys):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(records, "write_atomically", full)
    note("psnr", "PASS", None)
    assert "could not be saved" in capsys.readouterr().out


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "progress.json"
    target.write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
    with pytest.raises(OSError):
        records.write_atomically(target, "new")
    assert target.read_text(encoding="utf-8") == "old" and len(list(tmp_path.iterdir())) == 1


def test_claim_that_holds_prints_a_tick_and_the_numbers(capsys):
    claim("Two is more than one", np.bool_(True), "2 > 1")
    assert capsys.readouterr().out == "✔ Two is more than one: 2 > 1\n"


def test_claim_that_fails_raises_with_the_numbers():
    with pytest.raises(ClaimFailed, match="1 > 2"):
        claim("One is more than two", 1 > 2, "1 > 2")


@pytest.mark.parametrize("holds", [np.array([True, False]), "yes"])
def test_claim_refuses_what_is_no_truth_value(holds):
    with pytest.raises(ValueError, match="truth value"):
        claim("Something", holds, "1")


def test_claims_are_logged_for_calibration_and_can_go_on(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CLAIMS_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("COURSE_CLAIMS_KEEP_GOING", "1")
    claim("No", False, "0")
    entry = json.loads((tmp_path / "log").read_text(encoding="utf-8"))
    assert entry == {"text": "No", "held": False, "numbers": "0", "margin": None}


def test_guess_and_reveal_print_text_headless(capsys):
    guess("toy", "Heads or tails?", ["heads", "tails"])
    reveal("toy", TAILS)
    out = capsys.readouterr().out
    assert "Heads or tails?" in out and "○ heads" in out and "The experiment says: tails (2 < 3)." in out


def test_guess_and_reveal_refuse_nonsense():
    with pytest.raises(ValueError, match="two different options"):
        guess("toy", "Heads?", ["heads", "heads"])
    with pytest.raises(ValueError, match="run the cell with guess"):
        reveal("never-asked", TAILS)
    guess("toy", "Heads or tails?", ["heads", "tails"])
    for conditions in ({**TAILS, "edge": below(1, 2)}, {"tails": below(1, 2)}, "tails"):
        with pytest.raises(ValueError, match="a condition for each of the options"):
            reveal("toy", conditions)


def test_guess_shows_buttons_remembers_the_choice_and_reveal_compares(work, monkeypatch, capsys):
    import ipywidgets

    from course_lib import runtime

    shown = []
    monkeypatch.setattr(runtime, "somebody_is_there", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *widgets: shown.extend(widgets))
    guess("toy", "Heads or tails?", ["heads", "tails"])
    buttons = next(w for w in shown[0].children if isinstance(w, ipywidgets.RadioButtons))
    assert buttons.value is None, "nothing may be chosen beforehand"
    buttons.value = "heads"
    assert records.guess_of("toy") == "heads"
    reveal("toy", TAILS)
    assert "You guessed: heads. What did you overlook?" in capsys.readouterr().out
    guess("toy", "Heads or tails?", ["heads", "tails"])
    assert next(w for w in shown[1].children if isinstance(w, ipywidgets.RadioButtons)).value == "heads"


def test_question_and_answer_are_shown_as_text_not_as_html(work, monkeypatch):
    from course_lib import runtime

    shown = []
    monkeypatch.setattr(runtime, "somebody_is_there", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *widgets: shown.extend(widgets))
    guess("toy", "Is <b>a</b> < b & c?", ["a < b", "<i>b</i> & c"])
    question, buttons, note = shown[0].children
    assert question.value == "<b>Is &lt;b&gt;a&lt;/b&gt; &lt; b &amp; c?</b>"
    buttons.value = "<i>b</i> & c"
    assert note.value == "Your guess: <b>&lt;i&gt;b&lt;/i&gt; &amp; c</b>"
    guess("toy", "Is <b>a</b> < b & c?", ["a < b", "<i>b</i> & c"])
    assert shown[1].children[2].value == note.value


def test_records_that_cannot_be_read_cost_a_notice_not_the_hint(work, monkeypatch, capsys):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_text", refuse)
    assert records.read() == {"version": 1, "exercises": {}, "guesses": {}}
    assert records.entry("psnr") == {} and records.guess_of("toy") is None and progress(1).solved() == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 4 and all("could not be read (Permission denied)" in line and "doctor" in line for line in out)


@pytest.fixture(params=["held", "folder"])
def locked(request, work, monkeypatch):
    """A work folder whose lock another program holds, or in whose place lies a folder; yields how to free it."""
    import filelock

    monkeypatch.setattr(records, "PATIENCE", 0.05)
    lock = work / ".progress.lock"
    if request.param == "folder":
        lock.mkdir()
        yield lock.rmdir
        return
    other = filelock.FileLock(lock)
    other.acquire()
    yield other.release
    other.release()


def test_records_are_read_although_the_lock_cannot_be_had(work, locked, capsys):
    saved = {"version": 1, "exercises": {}, "guesses": {"toy": {"answer": "heads"}}}
    (work / "progress.json").write_text(json.dumps(saved), encoding="utf-8")
    assert records.guess_of("toy") == "heads" and capsys.readouterr().out == ""


def test_what_could_not_be_saved_is_known_and_saved_with_the_next_change(work, locked, capsys):
    assert note("psnr", "FAIL")["failures"] == 1
    assert note("psnr", "FAIL")["failures"] == 2, "after two failures the hint shows the solution, saved or not"
    records.record_guess("toy", "Heads?", ["heads", "tails"], "heads")
    assert records.guess_of("toy") == "heads" and records.entry("psnr")["failures"] == 2
    assert not (work / "progress.json").exists()
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 3 and all(".progress.lock" in line for line in out)
    locked()
    note("mse_per_image", "PASS")
    saved = json.loads((work / "progress.json").read_text(encoding="utf-8"))
    assert saved["exercises"]["psnr"]["failures"] == 2 and saved["guesses"]["toy"]["answer"] == "heads"
    assert saved["exercises"]["mse_per_image"]["solved"] and capsys.readouterr().out == ""
    note("mse_per_image", "PASS")
    assert records.entry("psnr")["failures"] == 2, "no change is made twice"


def test_a_byte_order_mark_of_an_editor_is_no_damage(work, capsys):
    text = json.dumps({"version": 1, "exercises": {"psnr": {"checks": 1}}, "guesses": {}})
    (work / "progress.json").write_text(text, encoding="utf-8-sig")
    assert records.entry("psnr") == {"checks": 1} and capsys.readouterr().out == ""


def test_what_an_editor_removed_from_an_entry_is_as_in_a_new_one(work):
    text = '{"version": 1, "exercises": {"psnr": {"failures": 2, "mine": "kept"}}, "guesses": {"a": {}}}'
    (work / records.FILE).write_text(text, encoding="utf-8")
    entry = note("psnr", "FAIL", "some-slip")
    assert (entry["checks"], entry["failures"], entry["misconceptions"]) == (1, 3, ["some-slip"])
    saved = json.loads((work / records.FILE).read_text(encoding="utf-8"))["exercises"]["psnr"]
    assert saved["mine"] == "kept" and saved["failures"] == 3
