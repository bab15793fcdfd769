"""Lesson 07 on the shapes of data that a reader brings, in the forms met in the wild."""

from __future__ import annotations

import made_tables
import pytest

DATA = "beats = datasets.heartbeats()"


@pytest.fixture
def lesson_on(changed_lesson):
    """A function that runs the lesson on other data; returns all that a reader sees printed, captions included."""

    def run(instead, *, whole=False):
        claimed = changed_lesson("07", DATA, f"beats = datasets.{instead}", whole=whole)
        said = changed_lesson.printed
        # Nothing is told that was found on our heartbeats.
        assert not any("mean beat" in text or "T wave" in text for text in claimed)
        assert "numbers are those of your own data" in said and "nan" not in said.lower().split()
        own = said.partition("numbers are those of your own data")[2]
        assert "beat" not in own.replace("Heartbeats", "")
        return said

    return run


def test_the_lesson_runs_on_a_table_of_sensors(lesson_on, tmp_path):
    table = made_tables.skab(tmp_path / "1.csv")
    said = lesson_on(f"own_sensors({str(table)!r}, time='datetime', label='anomaly', drop=['changepoint'])")
    assert "8 numbers a row" in said and "mean row" in said and "of 21 pairs can be told apart" in said
    assert "among the strangest: row " in said and "taken for anomaly" in said
    assert (
        "one sensor off" in said and "cables swapped" in said and "small bump" not in said and "late part" not in said
    )
    assert "false alarms on" in said and "labelled anomalies: " in said


@pytest.mark.weekly
def test_the_lesson_runs_on_a_long_series_that_is_cut(lesson_on, tmp_path):
    series = made_tables.heartbeats_series(tmp_path / "pulse.csv")
    said = lesson_on(f"own_series({str(series)!r}, window=180, time='seconds')", whole=True)
    assert "windows of 180" in said and "small bump" in said and "late part flat" in said
    assert "labelled anomalies: " not in said  # nobody said which windows are strange; the faults decide


@pytest.mark.weekly
def test_the_lesson_runs_on_a_series_with_spans_of_anomalies(lesson_on, tmp_path):
    series = made_tables.nab(tmp_path / "nab.csv", days=40)
    spans = [("2024-01-16", "2024-01-16 23:30"), ("2024-02-05", "2024-02-05 10:00")]
    said = lesson_on(f"own_series({str(series)!r}, window=24, stride=6, time='timestamp', anomalies={spans})")
    assert "anomalous moments" in said


@pytest.mark.weekly
def test_the_lesson_runs_on_windows_with_labels(lesson_on, tmp_path):
    windows = made_tables.ecg5000(tmp_path / "ECG5000_TRAIN.txt")
    said = lesson_on(f"own_windows({str(windows)!r}, label=0, normal=1)")
    assert "140 numbers a row" in said
