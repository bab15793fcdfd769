"""Windows, sensors and long series of a reader's own, in the forms met in the wild."""

from __future__ import annotations

import io
import re

import made_tables as made
import numpy as np
import pandas as pd
import pytest

from course_lib import datasets
from course_lib.datasets import DataError, column_roles, own_sensors, own_series, own_windows
from course_lib.datasets.own_tables import read_table
from course_lib.datasets.windows import WindowDataset

pytestmark = pytest.mark.lesson("07")

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 8)).round(4)
NAMES = ["°C", *"bcdefgh"]


# --- the forms of windows met in the wild ---


@pytest.mark.parametrize("separator", ["  ", "\t"])
def test_the_form_of_ecg5000_is_read_with_its_label(separator, tmp_path):
    path = made.ecg5000(tmp_path / "ECG5000_TRAIN.txt", separator=separator)
    with pytest.raises(DataError, match=r"column 1 holds only the values 1, 2, 3, 4 and 5, as labels do: say label=0"):
        own_windows(path)
    data = own_windows(path, label=0, normal=1)
    assert data.train.shape[1] == 140 and data.kind_names == ("normal", "kind 2", "kind 3", "kind 4", "kind 5")
    assert len(data.train) + len(data.validation) + len(data.test) == 198


def test_the_form_of_tensorflows_ecg_is_read_with_its_label(tmp_path):
    path = made.tensorflow_ecg(tmp_path / "ecg.csv")
    with pytest.raises(
        DataError, match=r"column 141 holds only the values 0 and 1.*say label=140 \(with normal=0 or normal=1\)"
    ):
        own_windows(path)
    data = own_windows(path, label=-1, normal=1)
    assert (
        data.train.shape[1] == 140
        and data.kind_names == ("normal", "anomaly")
        and 60 < data.test_is_anomaly.sum() < 100
    )
    assert (
        data.train.max(axis=1).mean() > data.test[data.test_is_anomaly].max(axis=1).mean() + 0.2
    )  # the low ones are odd


def test_kaggles_form_is_read_with_its_constant_label(tmp_path):
    normal, odd = (
        made.kaggle_heartbeats(tmp_path / "normal.csv"),
        made.kaggle_heartbeats(tmp_path / "odd.csv", 60, (1,), 1),
    )
    with pytest.raises(
        DataError, match=r"column 188 is 0 in every row, as a label of one kind or padding is: say label=187"
    ):
        own_windows(normal, odd)
    for arguments in ({"label": -1, "normal": 0}, {"drop": [-1]}):
        data = own_windows(normal, odd, **arguments)
        assert data.train.shape == (59, 187) and int(data.test_is_anomaly.sum()) == 60 and data.test[:, -1].max() == 0


def test_anomalies_in_another_order_of_columns_are_put_right(tmp_path):
    frame = pd.DataFrame(X, columns=NAMES)
    data = own_windows(frame, frame[NAMES[::-1]] + 5)
    assert np.allclose(data.test[-60:], X + 5)
    with pytest.raises(DataError, match="expected the columns of the DataFrame, found others"):
        own_windows(frame, frame.rename(columns={"b": "z"}))


# --- findings 8: sensors, each in a unit of its own ---


def test_sensors_in_several_units_are_no_windows(tmp_path):
    path = made.skab(tmp_path / "1.csv")
    rest = ["datetime", "anomaly", "changepoint"]
    with pytest.raises(DataError, match=r"sensors in several units.*'Voltage'.*own_sensors"):
        own_windows(path, drop=rest)
    assert own_windows(path, drop=rest, keep="all").train.shape[1] == 8


def test_windows_with_a_flat_baseline_or_padding_are_no_sensors(tmp_path):
    wave, _ = made.beats(60, [0])
    flat = np.where(np.arange(140) < 30, 1e-4 * rng.standard_normal((60, 140)), wave)  # deviations from 1e-4 to 0.1
    assert flat.std(axis=0).max() > 100 * flat.std(axis=0).min()
    assert own_windows(flat).train.shape[1] == 140


def test_the_form_of_skab_is_read_one_question_after_the_other(tmp_path):
    path = made.skab(tmp_path / "1.csv")
    arguments = {}
    for message, answer in (
        (r"'datetime'\) holds dates.*say time='datetime'", {"time": "datetime"}),
        (r"'anomaly'\) holds only the values 0 and 1.*label='anomaly'", {"label": "anomaly"}),
        (r"'changepoint'\) holds only.*drop=\['changepoint'\]", {"drop": ["changepoint"]}),
    ):
        with pytest.raises(DataError, match=message):
            own_sensors(path, **arguments)
        arguments |= answer
    data = own_sensors(path, **arguments)
    assert data.columns == made.SKAB_SENSORS and int(data.test_is_anomaly.sum()) == 60
    assert "steps in time differ" in repr(data)


def test_sensors_are_scaled_each_by_itself_and_windows_together(tmp_path):
    data = own_sensors(made.shuttle_table(tmp_path / "s.csv"), time="time", label="fault")
    level, scale = data.scaling()
    assert level.shape == scale.shape == (9,) and scale.dtype == np.float32
    standard = (data.train - level) / scale
    assert np.allclose(standard.mean(axis=0), 0, atol=1e-3) and np.allclose(standard.std(axis=0), 1, atol=1e-3)
    assert datasets.shuttle().scaling()[0].shape == (9,)
    beats = datasets.heartbeats()
    level, scale = beats.scaling()
    assert level.shape == () and np.isclose(scale, beats.train.std()) and beats.columns == ()


def test_a_sensor_that_never_changes_is_refused_and_scaled_by_one_if_kept():
    frame = pd.DataFrame(X, columns=NAMES).assign(dead=7.3)
    with pytest.raises(DataError, match=r"column 9 \('dead'\) is 7.3 in every row.*drop=\['dead'\].*keep=\['dead'\]"):
        own_sensors(frame)
    data = own_sensors(frame, keep=["dead"])
    assert data.scaling()[1][8] == 1 and np.isfinite((data.train - data.scaling()[0]) / data.scaling()[1]).all()


def test_spans_of_time_and_tables_are_anomalies_of_sensors(tmp_path):
    path = made.shuttle_table(tmp_path / "s.csv")
    data = own_sensors(path, time="time", drop=["fault"], anomalies=[("2024-03-01 09:06:40", "2024-03-01 10:00")])
    assert int(data.test_is_anomaly.sum()) == 50
    by_rows = own_sensors(path, drop=["time", "fault"], anomalies=[(400, 449)])
    assert np.array_equal(by_rows.test_kinds, data.test_kinds)
    normal = datasets.shuttle().train[:100]
    assert int(own_sensors(normal, anomalies=normal[:7] * 2).test_is_anomaly.sum()) == 7


@pytest.mark.parametrize("loader", [own_sensors, lambda table, **k: own_series(table, value="°C", window=4, **k)])
def test_time_that_falls_is_named_with_row_and_remedy(loader, tmp_path):
    at = pd.date_range("2024-01-01", periods=60, freq="min").to_numpy().copy()
    at[[20, 21]] = at[[21, 20]]
    frame = pd.DataFrame(X, columns=NAMES)
    frame.insert(0, "at", at)
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(
        DataError,
        match=r"row 23: time falls in column 1 \('at'\), from 2024-01-01 00:21:00 to 2024-01-01 00:20:00.*Sort the rows",
    ):
        loader(tmp_path / "t.csv", time="at")
    with pytest.raises(DataError, match="time falls in the index"):
        loader(frame.set_index("at"))
    frame["at"] = "2024-13-45"
    with pytest.raises(DataError, match=r"row 0: expected a moment in column 1 \('at'\)"):
        loader(frame, time="at")


def test_gaps_and_repeated_times_are_told():
    at = np.cumsum(np.r_[0, np.ones(59)])
    at[30:] += 10
    at[40] = at[39]
    data = own_sensors(pd.DataFrame(X, columns=NAMES).assign(t=at), time="t")
    assert "gaps in the times: 1 (the usual step is 1, the widest gap 11)" in repr(data)
    assert "rows with the time of the row before: 1" in repr(data)


# --- a long series ---


def test_the_form_of_nab_is_cut_and_its_labels_used(tmp_path):
    path = made.nab(tmp_path / "taxi.csv")
    with pytest.raises(DataError, match=r"'timestamp'\) holds dates or times.*time='timestamp'"):
        own_series(path, window=12)
    with pytest.raises(DataError, match="cut into windows by own_series"):
        own_windows(path)
    data = own_series(
        path, window=12, time="timestamp", anomalies=[("2024-01-16 00:00:00", "2024-01-16 23:30:00.000000")]
    )
    assert (len(data.train), len(data.validation), len(data.test)) == (40, 16, 24)
    assert np.flatnonzero(data.test_kinds).tolist() == [4, 5, 6, 7] and data.unit == "value"
    assert data.axis == "time in the window (h)" and data.positions[1] == 0.5
    value = pd.read_csv(path)["value"].to_numpy(np.float32)
    assert np.array_equal(data.train.ravel(), value[:480]) and np.array_equal(data.test.ravel(), value[672:])
    german = pd.read_csv(path, parse_dates=["timestamp"])
    german["timestamp"] = german["timestamp"].dt.strftime("%d.%m.%Y %H:%M")
    german.to_csv(tmp_path / "de.csv", index=False, sep=";", decimal=",")
    again = own_series(tmp_path / "de.csv", window=12, time="timestamp", anomalies=["16.01.2024 10:00"])
    assert np.array_equal(again.train, data.train) and int(again.test_is_anomaly.sum()) == 1


def test_no_window_reaches_over_a_seam_a_gap_or_a_hole(tmp_path):
    series = np.arange(400.0) + 0.5 * np.sin(np.arange(400))
    frame = pd.DataFrame({"v": series}, index=pd.date_range("2024-01-01", periods=400, freq="s"))
    frame.iloc[50, 0] = np.nan
    frame = frame.drop(frame.index[[100, 101, 330]])
    data = own_series(frame, window=8, stride=3, holes="leave out")
    begins = {}
    for name in ("train", "validation", "test"):
        rows = np.round(getattr(data, name)).astype(int)
        assert (np.ptp(rows, axis=1) <= 8).all()
        for start in rows[:, 0]:
            assert not {50, 100, 101, 330} & set(range(start, start + 8))
        begins[name] = rows
    assert begins["train"].max() < begins["validation"].min() and begins["validation"].max() < begins["test"].min()
    assert "gaps in the times: 2 (" in repr(data) and "rows with missing values, left out: 1 of 397" in repr(data)
    assert begins["train"][1, 0] - begins["train"][0, 0] == 3


@pytest.mark.parametrize("one_line", [False, True])
def test_the_form_of_the_ucr_anomaly_archive_is_known_by_its_name(one_line, tmp_path):
    data = own_series(made.ucr_anomaly(tmp_path, one_line), window=50)
    assert (len(data.train), len(data.validation), len(data.test)) == (28, 11, 40)
    assert np.flatnonzero(data.test_kinds).tolist() == [16, 17]  # 2000 + 16 * 50 is 2800
    assert (
        "as in the UCR anomaly archive: the first 2,000 moments are for training, the anomaly reaches from 2,800 to 2,860"
        in repr(data)
    )


def test_the_labels_of_skab_become_those_of_windows(tmp_path):
    path = made.skab(tmp_path / "1.csv")
    with pytest.raises(
        DataError,
        match=r"several columns of numbers: 'Accelerometer1RMS', .*value='Accelerometer1RMS', and the times: time='datetime'",
    ):
        own_series(path, window=20)
    data = own_series(path, window=20, value="Pressure", time="datetime", label="anomaly")
    assert np.flatnonzero(data.test_kinds).tolist() == [4, 5, 6] and data.unit == "Pressure"  # row 500 is 420 + 4 * 20
    unused = own_series(path, window=20, value="Pressure", time="datetime")
    assert "column 10 ('anomaly') is not used: label='anomaly' would say" in repr(unused)


def test_anomalous_windows_are_left_out_of_training():
    data = own_series(X.ravel(), window=8, anomalies=[(10, 12), (250, 250), (400, 410)])
    assert (len(data.train), len(data.validation)) == (29, 11) and int(data.test_is_anomaly.sum()) == 2
    assert "windows of training and validation with anomalous moments, left out: 2" in repr(data)


def test_a_series_with_seconds_and_a_bare_one(tmp_path):
    path = made.heartbeats_series(tmp_path / "ecg.csv")
    with pytest.raises(DataError, match=r"value='mV', and the times: time='seconds'"):
        own_series(path, window=180)
    data = own_series(path, window=180, time="seconds")
    assert (
        data.train.shape == (60, 180)
        and data.axis == "time in the window"
        and np.isclose(data.positions[36], 0.1, atol=1e-4)
    )
    bare = own_series(datasets.heartbeats().recording.signal[:21600], window=180)
    assert np.allclose(bare.train, data.train, atol=1e-4)
    assert np.array_equal(own_series(X.ravel()[None, :], window=8).train, own_series(X.ravel(), window=8).train)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"window": 200},
            r"480 moments give too few windows of 200 samples for train: 1, expected at least 10. Say a shorter window=",
        ),
        ({"window": 3}, r"window=3: expected a whole number of samples, at least 4"),
        ({"window": 8.5}, r"window=8.5: expected a whole number"),
        ({"window": 8, "stride": 0}, r"stride=0: expected a whole number of samples, at least 1"),
        (
            {"window": 8, "anomalies": [(500, 600)]},
            r"no row of the array lies in the span \(500, 600\); it has rows 0 to 479",
        ),
        ({"window": 8, "anomalies": [(9, 3)]}, r"the span \(9, 3\) ends before it begins"),
        ({"window": 8, "anomalies": [("2024-01-01", "2024-01-02")]}, r"Without time= spans are numbers of rows"),
        ({"window": 8, "anomalies": [(1, 2, 3)]}, r"expected pairs \(begin, end\)"),
        ({"window": 8, "anomalies": "labels.csv"}, r"expected spans of time"),
    ],
)
def test_what_does_not_fit_a_series_is_named(arguments, message):
    with pytest.raises(DataError, match=message):
        own_series(X.ravel(), **arguments)


def test_a_series_that_never_changes_is_refused():
    with pytest.raises(DataError, match="found 7 at all moments"):
        own_series(np.full(500, 7.0), window=8)


def test_a_window_dataset_refuses_names_that_do_not_fit():
    data = datasets.shuttle()
    parts = {
        k: getattr(data, k)
        for k in ("name", "train", "validation", "test", "test_kinds", "kind_names", "axis", "positions", "unit")
    }
    with pytest.raises(ValueError, match="columns: expected 9 names"):
        WindowDataset(**parts, columns=("a",))


def test_roles_are_found_by_name_whatever_the_capitals():
    table = read_table(pd.DataFrame(X[:, :3], columns=["Time ", "a", "A"]))
    assert table.position("time", "time") == 0 and table.position("a", "drop") == 1 and table.position(-1, "drop") == 2
    assert column_roles.assign_roles(table, time="time").data == (1, 2)
    assert io.StringIO(repr(table)).read().startswith("Table(the DataFrame: 60 rows of")


def test_each_test_row_can_be_found_again(tmp_path):
    path = made.skab(tmp_path / "1.csv")
    data = datasets.own_sensors(path, time="datetime", label="anomaly", drop=["changepoint"])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(data.test_places) == len(data.test)
    for place, row in zip(data.test_places[::40], data.test[::40], strict=True):
        number, time = re.fullmatch(r"row (\d+) \((.*)\)", place).groups()
        cells = lines[int(number) - 1].split(";")
        assert cells[0].startswith(time) and np.allclose(np.array(cells[1:9], np.float64), row, rtol=1e-4)
    series = datasets.own_series(made.nab(tmp_path / "nab.csv"), window=24, time="timestamp")
    assert series.test_places[0].startswith("from row ") and series.test_places[0].endswith(" 00:00:00)")
    rows = np.random.default_rng(0).standard_normal((60, 8))
    both = datasets.own_windows(rows, rows[:3] + 5)
    assert both.test_places[0] == "row 42" and both.test_places[-1] == "row 2 of an array"
