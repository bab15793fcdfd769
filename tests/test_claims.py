"""Comparisons, the claims and reveals that rest on them, and what calibrate makes of their log."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from authoring.measure import margins
from course_lib import above, all_of, below, between, claim, close, guess, reveal
from course_lib.classroom import claims, guesses, records
from course_lib.classroom.claims import ClaimFailed

NAN = float("nan")


@pytest.fixture(autouse=True)
def course_data(monkeypatch):
    """Every test starts on the course's data, without records of others."""
    monkeypatch.setattr(claims, "_own_data", False)
    monkeypatch.setattr(records, "_memory", {})


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The claim log: call it for its entries."""
    path = tmp_path / "log"
    monkeypatch.setenv("COURSE_CLAIMS_LOG", str(path))
    return lambda: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "comparison, text, margin",
    [
        (below(0.00891, 0.01), "0.00891 < 0.01", 0.00109),
        (below(1, 2, names=("network", "PCA")), "network 1 < PCA 2", 1),
        (below(22.13, 23.5, unit="dB", fmt=".1f"), "22.1 < 23.5 dB", 1.37),
        (below(0.6, 0.75, by=0.01), "0.6 < 0.75 − 0.01", 0.14),
        (below(8, [10, 12], times=0.9, names=("ours", ["PCA", "mean"])), "ours 8 < 0.9 × (PCA 10, mean 12)", 1),
        (below([1, 5], [2, 7]), "1 < 2, 5 < 7", 1),
        (above(2, 1), "2 > 1", 1),
        (above(60.47, 10, unit="degrees", names=("angle", "")), "angle 60.5 > 10 degrees", 50.47),
        (above([3, 4], 2), "3, 4 > 2", 1),
        (above(28, 2, by=7.5), "28 > 2 + 7.5", 18.5),
        (above(0.77, 0.78, by=-0.03), "0.77 > 0.78 − 0.03", 0.02),
        (above(2.1, 0.1, times=3, log=True), "2.1 > 3 × 0.1", math.log(7)),
        (between(17.2, 15, 20, unit="dB", name="bound"), "bound 17.2 between 15 and 20 dB", 2.2),
        (close(0.763, 0.762, 0.003), "0.763 and 0.762, less than 0.003 apart", 0.002),
        (close(-0.011, 0, 0.04, fmt=".1%"), "-1.1% and 0.0%, less than 0.04 apart", 0.029),
        (below(0.75004, 0.99996), "0.750 < 1.00", 0.24992),
        (below(119.53, 12000), "120 < 12000", 11880.47),
        (below(3.1416e-6, 0.01), "3.14e-06 < 0.01", 0.0099968584),
    ],
)
def test_a_comparison_carries_its_text_and_its_margin(comparison, text, margin):
    assert comparison.text == text == str(comparison)
    assert comparison.margin == pytest.approx(margin)
    assert comparison.holds and bool(comparison)


@pytest.mark.parametrize(
    "fails",
    [
        below(1, 1),
        below(2, 1),
        below([1, 3], 2),
        below(1, 2, by=1),
        above(1, 1),
        above(1, 2),
        above([3, 1], 2),
        above(0, 1, log=True),
        between(1, 1, 2),
        between(3, 1, 2),
        close(1, 2, 0.5),
        close(1, 1.5, 0.5),
        all_of(below(1, 2), below(2, 1)),
    ],
)
def test_the_margin_is_positive_exactly_when_a_comparison_holds(fails):
    assert not fails.holds and fails.margin <= 0 and not fails.undecided


@pytest.mark.parametrize(
    "open_",
    [
        below(NAN, 1),
        below(1, NAN),
        below([1, NAN], 2),
        below(math.inf, math.inf),
        above([NAN, 3], 2),
        below(0, 0, log=True),
        between(NAN, 0, 1),
        close(1, NAN, 1),
        all_of(below(2, 1), below(NAN, 1)),
    ],
)
def test_with_nan_nothing_holds(open_):
    assert open_.undecided and not open_.holds


def test_all_of_takes_the_smallest_share_and_keeps_its_parts():
    error, angle = below(1.004, 1.02), above(60, 10)
    both = all_of(all_of(error), angle)
    assert both.parts == (error, angle)
    assert both.margin == pytest.approx(0.016 / 1.02)  # and not 50 / 10
    assert both.text == "1.00 < 1.02; 60 > 10"


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: below([], 1), "expects a number"),
        (lambda: below("a", 1), "expects a number"),
        (lambda: below(None, 1), "expects a number"),
        (lambda: below(1j, 1), "expects a number"),
        (lambda: below([1, 2], [1, 2, 3]), "as many as on the other side"),
        (lambda: below(1, 2, names=("one",)), "two names"),
        (lambda: below(1, [2, 3], names=("a", ["b"])), "one name"),
        (lambda: above(1, -2, log=True), "no negative number"),
        (lambda: above(1, 2, log=True, by=1), "no `by`"),
        (lambda: between(1, 3, 2), "low < high"),
        (lambda: close(1, 1, 0), "positive tolerance"),
        (lambda: all_of(), "received nothing"),
        (lambda: all_of(True), "received bool"),
    ],
)
def test_comparisons_refuse_what_cannot_be_compared(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_a_claim_prints_the_numbers_of_its_comparison(capsys):
    claim("The network beats PCA", below(np.float32(0.5), 1, names=("network", "PCA")))
    assert capsys.readouterr().out == "✔ The network beats PCA: network 0.5 < PCA 1\n"


def test_a_claim_that_fails_raises_with_the_numbers():
    with pytest.raises(ClaimFailed, match="2 < 1"):
        claim("Two is less than one", below(2, 1))


def test_a_claim_with_nan_is_red_in_tests_and_undecided_before_a_reader(monkeypatch, capsys):
    with pytest.raises(ClaimFailed):
        claim("Something", below(NAN, 1))
    monkeypatch.delenv("COURSE_HEADLESS")
    capsys.readouterr()
    claim("Something", below(NAN, 1))
    assert capsys.readouterr().out == "? Something: undecided: nan < 1\n"
    with pytest.raises(ClaimFailed):
        claim("Two is less than one", below(2, 1))


def test_on_own_data_a_claim_that_does_not_hold_is_undecided(capsys):
    claims.own_data()
    capsys.readouterr()
    claim("Two is less than one", below(2, 1))
    claim("Not a number", below(NAN, 1))
    claim("Nothing compared", False, "2 < 1")
    claim("One is less than two", below(1, 2))
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "? Two is less than one: undecided on your own data: 2 < 1"
    assert all("undecided" in line for line in out[:3]) and out[3].startswith("✔")
    claims.own_data(False)
    with pytest.raises(ClaimFailed):
        claim("Two is less than one", below(2, 1))


def test_a_comparison_takes_no_other_numbers():
    with pytest.raises(ValueError, match="brings its own"):
        claim("One is less than two", below(1, 2), "1 < 2")
    with pytest.raises(ValueError, match="expects a comparison"):
        claim("One is less than two", True)


def test_the_log_keeps_values_and_parts(log):
    claim("Both", all_of(below(1, 3), above([5, 6], 4)))
    (entry,) = log()
    assert entry["text"] == "Both" and entry["held"] and entry["values"] == [1, 3, 5, 6, 4]
    assert [part["margin"] for part in entry["parts"]] == [2, 1]
    assert "question" not in entry


def _asked():
    guess("toy", "Which is smaller?", ["the network", "PCA"])


def test_reveal_computes_the_answer_and_shows_its_numbers(capsys, log):
    _asked()
    reveal("toy", {"the network": below(1, 2), "PCA": below(2, 1)})
    assert "The experiment says: the network (1 < 2)." in capsys.readouterr().out
    assert [(e["question"], e["text"], e["held"], e["margin"]) for e in log()] == [
        ("toy", "the network", True, 1),
        ("toy", "PCA", False, -1),
    ]


@pytest.mark.parametrize(
    "conditions, which",
    [
        ({"the network": below(1, 1), "PCA": below(1, 1)}, "those that hold: none"),
        ({"the network": below(1, 2), "PCA": above(3, 2)}, "those that hold: 'the network', 'PCA'"),
    ],
)
def test_in_tests_exactly_one_answer_must_hold(conditions, which, monkeypatch, capsys):
    _asked()
    with pytest.raises(guesses.Undecided, match=which):
        reveal("toy", conditions)
    monkeypatch.setenv("COURSE_CLAIMS_KEEP_GOING", "1")
    reveal("toy", conditions)
    monkeypatch.delenv("COURSE_CLAIMS_KEEP_GOING")
    claims.own_data()
    reveal("toy", conditions)
    claims.own_data(False)
    monkeypatch.delenv("COURSE_HEADLESS")
    reveal("toy", conditions)
    assert capsys.readouterr().out.count("undecided") == 4


def test_reveal_with_nan_is_undecided(capsys):
    _asked()
    reveal("toy", {"the network": below(1, 2), "PCA": below(2, NAN)})
    out = capsys.readouterr().out
    assert "undecided" in out and "  the network: 1 < 2" in out and "says" not in out


def test_what_was_found_on_the_courses_data_is_not_told_of_others(capsys):
    assert claims.finding("Wider is better.") == "Wider is better."
    claims.own_data()
    assert claims.finding("Wider is better.") == ""
    assert "numbers are those of your own data" in capsys.readouterr().out
    claims.own_data(False)
    assert capsys.readouterr().out == ""


def test_on_own_data_the_answer_follows_the_data(capsys):
    _asked()
    claims.own_data()
    reveal("toy", {"the network": below(2, 1), "PCA": below(1, 2)})
    assert "Your data say: PCA (1 < 2)." in capsys.readouterr().out
    reveal("toy", {"the network": below(1, 2), "PCA": below(1, 2)})
    assert "Your data leave it undecided:" in capsys.readouterr().out


def test_reveal_refuses_conditions_that_do_not_fit():
    _asked()
    with pytest.raises(ValueError, match="a condition for each"):
        reveal("toy", {"PCA": below(1, 2)})
    with pytest.raises(ValueError, match="expects comparisons"):
        reveal("toy", {"PCA": below(1, 2), "the network": False})


def _entry(margin, *, text="Claim", **more):
    return {"text": text, "held": margin > 0, "numbers": f"{margin:g}", "margin": margin, **more}


def test_calibrate_takes_each_comparison_of_all_of_by_itself():
    runs = [[_entry(0.1, parts=[_entry(1.0 + 0.01 * i), _entry(5.0 + 2 * i)])] for i in range(4)]
    lines, wrong = margins(runs)
    assert len(lines) == 3 and wrong
    assert lines[1].split()[:4] == ["4/4", "1.015", "0.013", "78.6"] and lines[1].endswith("Claim [1]")
    assert lines[2].split()[3] == "3.1"


def test_calibrate_lets_the_conditions_of_a_reveal_fail_if_they_always_do():
    always = [[_entry(1.0 + 0.01 * i, question="q"), _entry(-1.0 - 0.01 * i, text="b", question="q")] for i in range(4)]
    lines, wrong = margins(always)
    assert not wrong and lines[2].endswith("reveal q: b")
    sometimes = [[_entry(1.0 if i else -1.0, question="q")] for i in range(4)]
    assert margins(sometimes)[1]
    barely = [[_entry(-0.1 - 0.1 * i, question="q")] for i in range(4)]
    assert margins(barely)[1]


def test_calibrate_reads_claims_without_comparison_as_before():
    plain = {"text": "Old", "held": True, "numbers": "1 < 2", "margin": None}
    lines, wrong = margins([[plain, _entry(1.0)]] * 3)
    assert not wrong and "same numbers  Old" in lines[1] and "inf  Claim" in lines[2]
    assert margins([[plain], [plain | {"numbers": "1 < 3"}]])[1]
    assert margins([[plain], [plain | {"held": False}]])[1]
    assert margins([[_entry(NAN)], [_entry(NAN)]])[1]
