"""Small tables in the forms that are met in the wild, for the tests of own data. Every maker writes a file and returns its path.

Made from described processes (waves with noise and added faults), or from two sets that the course ships: the shuttle's readings
(UCI Statlog Shuttle, CC BY 4.0) and the heartbeats (MIT-BIH record 208, ODC-By 1.0). Nothing is copied from the sets
whose forms are used: NAB, SKAB, the UCR archives, TensorFlow's ecg.csv, Kaggle's heartbeats.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from course_lib import datasets

ECG5000_NAMES = ("1.0000000e+00", "2.0000000e+00", "3.0000000e+00", "4.0000000e+00", "5.0000000e+00")


def beats(rows, kinds, seed=0, length=140):
    """Waves that look like beats with a flat baseline; kind 0 is normal, others have another height and a broad second wave."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, length)
    kinds = np.resize(np.asarray(kinds), rows)
    height = 1 - 0.4 * (kinds > 0)[:, None] + 0.05 * rng.standard_normal((rows, 1))
    at = 0.35 + 0.01 * rng.standard_normal((rows, 1))
    wave = height * np.exp(-(((t - at) / 0.03) ** 2)) + 0.3 * np.exp(
        -(((t - at - 0.3) / (0.06 + 0.04 * kinds[:, None])) ** 2)
    )
    return wave + 0.005 * rng.standard_normal((rows, length)), kinds


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def nab(path, days=20, seed=0):
    """NAB's form: ``timestamp,value``, every half hour; a daily wave, with one day of silence near the end.

    The anomaly reaches from 16 January 2024 00:00 to 16 January 2024 23:30.
    """
    rng = np.random.default_rng(seed)
    at = pd.date_range("2024-01-01", periods=48 * days, freq="30min")
    value = 100 + 40 * np.sin(2 * np.pi * np.arange(len(at)) / 48) + 3 * rng.standard_normal(len(at))
    value[48 * 15 : 48 * 16] = 60 + 3 * rng.standard_normal(48)
    pd.DataFrame({"timestamp": at, "value": value.round(4)}).to_csv(path, index=False, date_format="%Y-%m-%d %H:%M:%S")
    return path


SKAB_SENSORS = (
    "Accelerometer1RMS", "Accelerometer2RMS", "Current", "Pressure", "Temperature", "Thermocouple", "Voltage", "Volume Flow RateRMS",
)  # fmt: skip


def skab(path, rows=600, seed=0):
    """SKAB's form: ``datetime;`` eight sensors of a pump in units of their own, ``anomaly;changepoint``, about a second a row.

    Each sensor is a common slow wave with noise, times its own scale (3e-4 to 11); from row 500 to 559 pressure and flow fall.
    """
    rng = np.random.default_rng(seed)
    steps = np.where(rng.uniform(size=rows) < 0.05, 2, 1)
    at = pd.Timestamp("2020-03-09 10:14:33") + pd.to_timedelta(np.cumsum(steps), unit="s")
    scale = np.array([3e-4, 4e-4, 0.2, 0.25, 0.6, 0.3, 11.0, 0.7])
    level = np.array([0.03, 0.04, 1.3, 0.05, 79.0, 26.0, 230.0, 32.0])
    wave = np.sin(2 * np.pi * np.arange(rows) / 90)[:, None] * rng.uniform(-1, 1, 8)
    values = wave + rng.standard_normal((rows, 8))
    anomaly = np.zeros(rows)
    anomaly[500:560] = 1
    values[500:560, [3, 7]] -= 6
    frame = pd.DataFrame(level + scale * values, columns=SKAB_SENSORS)
    frame.insert(0, "datetime", at)
    frame["anomaly"], frame["changepoint"] = anomaly, np.isin(np.arange(rows), (500, 560)).astype(float)
    frame.to_csv(path, index=False, sep=";")
    return path


def ecg5000(path, rows=200, separator="  ", seed=0, length=140):
    """The form of ECG5000 in the UCR archive: the class (1 to 5, 1 is normal) first, no names; blanks (2015) or tabs (2018)."""
    rng = np.random.default_rng(seed)
    classes = rng.choice([0, 1, 2, 3, 4], size=rows, p=[0.58, 0.35, 0.02, 0.04, 0.01])
    classes[:5] = range(5)  # each occurs
    values, _ = beats(rows, classes, seed, length)
    values = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
    if separator == "\t":
        lines = ["\t".join([str(k + 1), *(f"{v:.6f}" for v in row)]) for k, row in zip(classes, values, strict=True)]
    else:
        lines = [
            separator.join([ECG5000_NAMES[k], *(f"{v: .7e}" for v in row)])
            for k, row in zip(classes, values, strict=True)
        ]
    return write(path, "\n".join(lines) + "\n")


def tensorflow_ecg(path, rows=200, seed=0):
    """The form of TensorFlow's ecg.csv: 140 numbers and the label last, 1.0 normal, no names, separated by commas."""
    rng = np.random.default_rng(seed)
    odd = (rng.uniform(size=rows) < 0.4).astype(int)
    values, _ = beats(rows, odd, seed)
    table = np.column_stack([values, 1.0 - odd])
    return write(path, "\n".join(",".join(f"{v:.7f}" for v in row[:-1]) + f",{row[-1]:.1f}" for row in table) + "\n")


def kaggle_heartbeats(path, rows=120, kinds=(0,), seed=0):
    """Kaggle's form of heartbeats: 187 numbers from 0 to 1, padded with zeros behind the beat, and the class last, all as %.18e."""
    rng = np.random.default_rng(seed)
    values, kinds = beats(rows, kinds, seed, 187)
    values = (values - values.min(axis=1, keepdims=True)) / np.ptp(values, axis=1, keepdims=True)
    values[np.arange(187) >= rng.integers(90, 170, size=(rows, 1))] = 0
    return write(path, "\n".join(",".join(f"{v:.18e}" for v in row) for row in np.column_stack([values, kinds])) + "\n")


def ucr_anomaly(folder, one_line=False, length=4000, train=2000, begin=2800, stop=2860, seed=0):
    """The form of the UCR anomaly archive: one value a line or all in one line; the file's name tells where the anomaly is."""
    rng = np.random.default_rng(seed)
    values = np.sin(2 * np.pi * np.arange(length) / 50) + 0.05 * rng.standard_normal(length)
    values[begin : stop + 1] *= 0.2
    words = [f"{v: .7e}" for v in values]
    return write(
        folder / f"001_UCR_Anomaly_made_{train}_{begin}_{stop}.txt", (" " if one_line else "\n").join(words) + "\n"
    )


def shuttle_table(path, rows=400, separator=","):
    """A table of sensors with time and label, from the readings of the shuttle that the course ships."""
    data = datasets.shuttle()
    odd = data.test[data.test_is_anomaly][: rows // 8]
    readings = np.concatenate([data.train[:rows], odd])
    frame = pd.DataFrame(readings.astype(int), columns=[f"reading {n}" for n in range(1, 10)])
    frame["reading 1"] = frame["reading 1"] / 10.0  # a unit of its own
    frame.insert(0, "time", pd.date_range("2024-03-01 08:00", periods=len(frame), freq="10s"))
    frame["fault"] = [0] * rows + [1] * len(odd)
    frame.to_csv(path, index=False, sep=separator)
    return path


def heartbeats_series(path, seconds=60):
    """A long series with a column of seconds, from the recording of the heartbeats that the course ships; 360 samples a second."""
    recording = datasets.heartbeats().recording
    signal = recording.signal[: seconds * recording.rate]
    frame = pd.DataFrame({"seconds": (np.arange(len(signal)) / recording.rate).round(6), "mV": signal.round(4)})
    frame.to_csv(path, index=False)
    return path
