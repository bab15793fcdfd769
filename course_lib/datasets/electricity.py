"""A year of electricity demand, one row a day."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_lib.datasets import _files
from course_lib.datasets._files import SPLITS

ELECTRICITY_TABLE = np.dtype([("demand", "<f4", 48), ("working_day", "u1")])  # one row a day of 2014


@dataclass(frozen=True, eq=False, repr=False)
class ElectricityDays:
    """Days of electricity demand in three splits of whole weeks, Monday to Sunday: neighbouring days share a split, Sundays and
    Mondays at the seam of two weeks excepted. The first and the last week of the year are cut short.

    All arrays are read-only.

    Attributes:
        train: demand in GW, float32, shape (n, 48): 48 half-hours from midnight.
        train_working: bool, shape (n,): whether it was a working day (False: weekend or public holiday).
        train_days: int64, shape (n,): the day of the year 2014, 0 = 1 January.
        validation: as ``train``; and so on.
        validation_working: as ``train_working``.
        validation_days: as ``train_days``.
        test: as ``train``; to be touched once, at the end.
        test_working: as ``train_working``.
        test_days: as ``train_days``.

    Raises:
        ValueError: if a table is not (n, 48) or has not one flag and one date a day.
    """

    train: np.ndarray
    train_working: np.ndarray
    train_days: np.ndarray
    validation: np.ndarray
    validation_working: np.ndarray
    validation_days: np.ndarray
    test: np.ndarray
    test_working: np.ndarray
    test_days: np.ndarray

    def __post_init__(self) -> None:
        for split in SPLITS:
            table = getattr(self, split)
            if table.ndim != 2 or table.shape[1] != 48:
                raise ValueError(f"{split}: expected shape (n, 48), got {table.shape}")
            for field in (f"{split}_working", f"{split}_days"):
                if getattr(self, field).shape != table.shape[:1]:
                    raise ValueError(f"{field}: expected shape {table.shape[:1]}, got {getattr(self, field).shape}")
                object.__setattr__(self, field, _files.read_only(getattr(self, field)))
            object.__setattr__(self, split, _files.read_only(table))

    @property
    def hours(self) -> np.ndarray:
        """Hour at which each of the 48 half-hours begins: 0, 0.5, ..., 23.5."""
        return np.arange(48) / 2

    def __repr__(self) -> str:
        counts = " / ".join(f"{len(getattr(self, split))} {split}" for split in SPLITS)
        return f"ElectricityDays({counts} days of 48 half-hours, GW)"


def electricity_days() -> ElectricityDays:
    """Demand for electricity in Victoria, Australia, on each day of 2014, in GW, by half-hour.

    Weeks run from Monday to Sunday. Of each five weeks in a row, the first, second and fourth are for training, the
    third for the test, the fifth for validation: 222 / 70 / 73 days, spread over all seasons. Single days would
    leak: a day looks much like the day before.

    Returns:
        An ``ElectricityDays``.

    Raises:
        DataError: if the embedded file is missing or damaged.

    Source: Australian Energy Market Operator (AEMO), operational demand, as in the R package fpp2 (Hyndman); AEMO allows
    any use with attribution, see the data card.
    """
    return _electricity_days(_files.DATA_FOLDER)


@lru_cache(maxsize=8)
def _electricity_days(folder: Path) -> ElectricityDays:
    table = np.load(io.BytesIO(_files.read_embedded("electricity_days.npy", folder)), allow_pickle=False)
    days = np.arange(len(table))
    turn = (days + 2) // 7 % 5  # 1 January 2014 was a Wednesday: two days after Monday
    chosen = {"train": np.isin(turn, (0, 1, 3)), "validation": turn == 4, "test": turn == 2}
    columns = np.ascontiguousarray(table["demand"]), table["working_day"].astype(bool), days
    return ElectricityDays(*(column[chosen[split]] for split in SPLITS for column in columns))
