"""Lesson 07 on the shapes of data that a reader brings, in the forms met in the wild."""

from __future__ import annotations

import made_tables
import pytest

DATA = "beats = datasets.heartbeats()"


@pytest.fixture
def lesson_on(changed_lesson, tmp_path):
    """A function that runs the lesson on other data; returns the texts of its claims and what it printed."""

    def run(instead, *, whole=False):
        said = tmp_path / "said.txt"
        record = f"print = functools.partial(print, file=open({str(said)!r}, 'a', buffering=1, encoding='utf-8'))"
        claimed = changed_lesson("07", DATA, f"{record}\nbeats = {instead}", whole=whole)
        return claimed, said.read_text(encoding="utf-8")

    return run


def follows_the_data(claimed, said):
    """What must be so on any data of a reader: nothing is told that was found on our heartbeats."""
    assert not any("mean beat" in text or "T wave" in text for text in claimed)
    assert "numbers are those of your own data" in said
    assert "nan" not in said.lower()


def test_the_lesson_runs_on_a_table_of_sensors(lesson_on, tmp_path):
    table = made_tables.skab(tmp_path / "1.csv")
    claimed, said = lesson_on(
        f"datasets.own_sensors({str(table)!r}, time='datetime', label='anomaly', drop=['changepoint'])"
    )
    follows_the_data(claimed, said)
    assert "8 numbers a row" in said and "mean row" in said and "convolutional" not in said
    assert "one sensor" not in said or "one sensor flat" not in said  # the faults stand in the figure
    assert "pairs of detectors can be told apart" in said and " of 10 pairs" in said


@pytest.mark.weekly
def test_the_lesson_runs_on_a_long_series_that_is_cut(lesson_on, tmp_path):
    series = made_tables.heartbeats_series(tmp_path / "pulse.csv")
    claimed, said = lesson_on(f"datasets.own_series({str(series)!r}, window=180, time='seconds')", whole=True)
    follows_the_data(claimed[:0], said)
    assert "windows of 180" in said and "convolutional" in said


@pytest.mark.weekly
def test_the_lesson_runs_on_a_series_with_spans_of_anomalies(lesson_on, tmp_path):
    series = made_tables.nab(tmp_path / "nab.csv", days=40)
    spans = [("2024-01-16", "2024-01-16 23:30"), ("2024-02-05", "2024-02-05 10:00")]
    claimed, said = lesson_on(
        f"datasets.own_series({str(series)!r}, window=24, stride=6, time='timestamp', anomalies={spans})"
    )
    follows_the_data(claimed, said)


@pytest.mark.weekly
def test_the_lesson_runs_on_windows_with_labels(lesson_on, tmp_path):
    windows = made_tables.ecg5000(tmp_path / "ECG5000_TRAIN.txt")
    claimed, said = lesson_on(f"datasets.own_windows({str(windows)!r}, label=0, normal=1)")
    follows_the_data(claimed, said)
