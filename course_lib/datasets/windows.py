"""Rows of normal numbers with anomalies among the test rows: the form of the sets, and the readings of a space shuttle."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_lib.datasets import _files
from course_lib.datasets._files import SPLITS


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """One channel of an electrocardiogram, uncut, with the beats that were found in it. Arrays are read-only.

    Attributes:
        signal: millivolts, float32, shape (samples,), filtered to 0.5 to 40 Hz.
        rate: samples a second.
        peaks: where the R waves peak, int64, shape (beats,), rising.
        labels: kind of each beat, int64, shape (beats,), indices into ``kind_names``.
        kind_names: 0 is normal.
        edges: the samples at which validation and test begin.
    """

    signal: np.ndarray
    rate: int
    peaks: np.ndarray
    labels: np.ndarray
    kind_names: tuple[str, ...]
    edges: tuple[int, int]

    def __post_init__(self) -> None:
        for field in ("signal", "peaks", "labels"):
            object.__setattr__(self, field, _files.read_only(getattr(self, field)))

    def __repr__(self) -> str:
        seconds = len(self.signal) / self.rate
        return f"Recording({seconds:.0f} s at {self.rate} Hz, {len(self.peaks)} beats)"


@dataclass(frozen=True, eq=False, repr=False)
class WindowDataset:
    """Rows of numbers, most of them normal: windows of a time series, or the readings of several sensors at one time.

    Training and validation hold normal rows only. All arrays are read-only.

    Attributes:
        name: what the set is called.
        train: normal rows, float32, shape (n, d).
        validation: normal rows for choosing a threshold, shape (n, d).
        test: normal and anomalous rows, shape (n, d); to be touched once, at the end.
        test_kinds: what each test row is, int64, shape (n,), an index into ``kind_names``; 0 is normal.
        kind_names: one name a kind, the first "normal".
        axis: name and unit of the position in a row, such as "time from the R peak (ms)".
        positions: the position of each number of a row on that axis, shape (d,).
        unit: of the numbers.
        recording: the series that the windows were cut from, where there is one.
        columns: what each number of a row is called, where each is in a unit of its own (sensors); empty for windows.
        test_places: where each test row stands in the reader's own table, such as "row 512 (2024-01-16 00:00:00)"; empty for
            the course's sets.
        notes: what happened to the rows on the way, for print: how many were left out and why, gaps, kinds.

    Raises:
        ValueError: if a split is not a float32 matrix with as many columns as ``train``, or the kinds do not fit.
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    test_kinds: np.ndarray
    kind_names: tuple[str, ...]
    axis: str
    positions: np.ndarray
    unit: str
    recording: Recording | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    test_places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for split in SPLITS:
            rows = getattr(self, split)
            if rows.dtype != np.float32 or rows.ndim != 2 or rows.shape[1] != self.train.shape[1]:
                raise ValueError(f"{split}: expected float32 of shape (n, d), got {rows.dtype} of shape {rows.shape}")
            object.__setattr__(self, split, _files.read_only(rows))
        if self.test_kinds.shape != (len(self.test),) or not np.issubdtype(self.test_kinds.dtype, np.integer):
            raise ValueError(
                f"test_kinds: expected integers of shape ({len(self.test)},), "
                f"got {self.test_kinds.dtype} of shape {self.test_kinds.shape}"
            )
        if len(self.test_kinds) and not 0 <= self.test_kinds.min() <= self.test_kinds.max() < len(self.kind_names):
            raise ValueError(f"test_kinds: expected numbers from 0 to {len(self.kind_names) - 1}")
        if np.shape(self.positions) != (self.train.shape[1],):
            raise ValueError(f"positions: expected shape ({self.train.shape[1]},), got {np.shape(self.positions)}")
        if self.columns and len(self.columns) != self.train.shape[1]:
            raise ValueError(f"columns: expected {self.train.shape[1]} names, got {len(self.columns)}")
        if self.test_places and len(self.test_places) != len(self.test):
            raise ValueError(f"test_places: expected {len(self.test)} texts, got {len(self.test_places)}")
        object.__setattr__(self, "test_kinds", _files.read_only(self.test_kinds))
        object.__setattr__(self, "positions", _files.read_only(np.asarray(self.positions, np.float64)))

    def __repr__(self) -> str:
        anomalies = int(self.test_is_anomaly.sum())
        line = (
            f"WindowDataset({self.name!r}: {len(self.train):,} train and {len(self.validation):,} validation rows, all "
            f"normal; test {len(self.test) - anomalies:,} normal and {anomalies:,} anomalous; {self.train.shape[1]} numbers a row)"
        )
        return "\n  ".join([line, *self.notes])

    @property
    def test_is_anomaly(self) -> np.ndarray:
        """Which test rows are no normal ones, bool, shape (n,)."""
        return self.test_kinds > 0

    def scaling(self) -> tuple[np.ndarray, np.ndarray]:
        """What makes the training rows standard: ``(rows - level) / scale`` has mean 0 and deviation 1.

        Windows of one signal share one level and one scale, so that their form stays; of sensors, which have units of
        their own, each has its own. A deviation of 0 is taken for 1.

        Returns:
            level and scale, float32, both of shape () for windows and (d,) for sensors, in the unit of the rows.
        """
        axis = 0 if self.columns else None
        rows = self.train.astype(np.float64)
        level, scale = rows.mean(axis=axis), rows.std(axis=axis)
        flat = scale <= 1e-7 * np.abs(level)  # what rounding to float32 leaves of a constant
        return np.float32(level), np.float32(np.where(flat, 1.0, scale))


def shuttle() -> WindowDataset:
    """Nine readings of a space shuttle's radiator system at 49,097 moments, 7.2 % of them anomalies with true labels.

    The rows are not in time order, so the split is a fixed random one: 60 % of the normal rows train, 20 % validate, the
    rest and all anomalies test.

    The nine readings have six degrees of freedom: up to rounding, reading 7 is reading 3 less 1, reading 8 is 3 less 5,
    and reading 9 is 8 less 7, in anomalies too. UCI's description calls the first reading the time.

    Returns:
        A ``WindowDataset``: 27,351 train, 9,117 validation, 12,629 test rows of 9 numbers, as the sensors gave them.

    Raises:
        DataError: if the embedded file is missing or damaged.

    Source: UCI Statlog (Shuttle), NASA; as reduced to an anomaly detection set by ODDS and shipped by river 0.26;
    CC BY 4.0.
    """
    return _shuttle(_files.DATA_FOLDER)


@lru_cache(maxsize=8)
def _shuttle(folder: Path) -> WindowDataset:
    with np.load(io.BytesIO(_files.read_embedded("shuttle.npz", folder)), allow_pickle=False) as stored:
        rows, normals = stored["readings"].astype(np.float32), int(stored["normals"])
    first, second = int(0.6 * normals), int(0.8 * normals)
    return WindowDataset(
        "shuttle",
        rows[:first],
        rows[first:second],
        rows[second:],
        np.repeat([0, 1], [normals - second, len(rows) - normals]),
        ("normal", "anomaly"),
        "sensor",
        np.arange(1, rows.shape[1] + 1),
        "as the sensors give them",
        columns=tuple(f"reading {number}" for number in range(1, rows.shape[1] + 1)),
    )
