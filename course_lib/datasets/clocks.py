"""The times of a learner's rows: that they do not fall, how even their steps are, where they break off, and spans of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from course_lib.datasets._files import DataError
from course_lib.datasets.own_tables import Table, as_moments, dates_of_digits, seconds


@dataclass(frozen=True, eq=False)
class Clock:
    """When the rows of a table were taken.

    Attributes:
        times: float64, shape (rows,), never falling: seconds since 1970 if ``dates``, else as the column has them; the numbers of
            the rows if no column holds times.
        dates: whether they are dates.
        told: whether a column (or an index) holds times at all.
        step: the usual step between two rows (the median).
        gaps: the rows behind which time jumps, int64, rising.
        repeated: how many rows have the time of the row before.
        uneven: the share of steps, gaps aside, that differ from the usual one by more than a tenth.
    """

    times: np.ndarray
    dates: bool
    told: bool
    step: float
    gaps: np.ndarray
    repeated: int
    uneven: float

    def notes(self) -> list[str]:
        """What is odd about the times, as sentences."""
        found = []
        if len(self.gaps):
            widest = float(np.diff(self.times)[self.gaps].max())
            found.append(
                f"gaps in the times: {len(self.gaps):,} (the usual step is {self.length(self.step)}, the widest gap {self.length(widest)})"
            )
        if self.repeated:
            found.append(f"rows with the time of the row before: {self.repeated:,}")
        if self.uneven > 0.02:
            found.append(
                f"{self.uneven:.0%} of the steps in time differ from the usual one ({self.length(self.step)}) by more than a tenth"
            )
        return found

    def length(self, span: float) -> str:
        """A span of time in words."""
        if not self.dates:
            return f"{span:g}"
        for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
            if span >= 2 * size:
                return f"{span / size:.4g} {unit}"
        return f"{span:.4g} s"

    def shown(self, row: int) -> str:
        """The time of a row in words."""
        if not self.dates:
            return f"{self.times[row]:.16g}"
        return str(np.datetime64(round(self.times[row] * 1000), "ms")).replace("T", " ").removesuffix(".000")


def places(table: Table, clock: Clock, rows: np.ndarray) -> list[str]:
    """Where rows stand, for a reader who looks them up: their number in the table, and their time if it has one."""
    names = table.rows(rows)
    return [f"{name} ({clock.shown(row)})" for name, row in zip(names, rows, strict=True)] if clock.told else names


def clock_of(table: Table, time: int | None) -> Clock:
    """The times of a table's rows.

    Args:
        table: the rows.
        time: the position of the column of times. None: the DatetimeIndex of a DataFrame if it has one, else the rows are counted.

    Raises:
        DataError: if a time is missing or no time, or if it is earlier than that of the row before; names the row.
    """
    if time is None and table.moments is None:
        return Clock(np.arange(len(table), dtype=np.float64), False, False, 1.0, np.zeros(0, np.int64), 0, 0.0)
    times, dates = table.times(time)
    steps = np.diff(times)
    falls = np.flatnonzero(steps < 0)
    name = "the index" if time is None else table.called(time)
    if len(falls):
        row = int(falls[0]) + 1
        sort = "sort_index()" if time is None else f"sort_values({table.typed(time)})"
        more = f", and at {len(falls) - 1:,} more rows" if len(falls) > 1 else ""
        column = table.moments if time is None else table.column(time)
        before, here = (str(np.asarray(column, object)[r]) for r in (row - 1, row))
        raise DataError(
            f"{table.where(row)}: time falls in {name}, from {before} to {here}{more}. {_why_it_falls(table, time, times, dates, row, sort)}"
        )
    forward = steps[steps > 0]
    if not len(forward):
        raise DataError(
            f"{table.source}: all rows have the same time in {name}. Give the column that holds the times: time=, or leave it out: drop="
        )
    step = float(np.median(forward))
    even = np.abs(steps - step) <= 0.1 * step
    limit = 1.5 if even.mean() >= 0.98 else 3.0  # a series with uneven steps breaks off only where several are missing
    gaps = np.flatnonzero(steps > limit * step)
    rest = np.setdiff1d(np.arange(len(steps)), gaps)
    uneven = float((~even[rest] & (steps[rest] > 0)).mean()) if len(rest) else 0.0
    return Clock(times, dates, True, step, gaps, int((steps == 0).sum()), uneven)


def _why_it_falls(table: Table, time: int | None, times: np.ndarray, dates: bool, row: int, sort: str) -> str:
    """What may have happened where time falls, and what to do."""
    fall, step = times[row - 1] - times[row], np.median(np.abs(np.diff(times)))
    drop = "" if time is None else f", or say drop=[{table.typed(time)}] if the rows follow each other evenly"
    if dates and np.isclose(fall, 86400 - step) and np.ptp(times) < 86400:
        return f"These are times of day, and midnight has passed: write the date with them{drop}"
    if dates and np.isclose(fall, 3600 - step):
        return f"If clocks were set back there, write the times with their offset (02:00+01:00) or in UTC{drop}"
    return f"Sort the rows by time (in pandas, {sort}); if several recordings stand below each other, take one"


def are_spans(anomalies: object) -> bool:
    """Whether ``anomalies=`` holds spans of time, and no table."""
    if isinstance(anomalies, (list, tuple)):
        return True
    return (
        isinstance(anomalies, np.ndarray)
        and anomalies.ndim == 2
        and anomalies.shape[1] == 2
        and anomalies.dtype.kind in "MUSO"
    )


def refuse_marks(table: Table, anomalies: object) -> None:
    """DataError if ``anomalies`` says of each row whether it is one, as a column of labels does."""
    if isinstance(anomalies, (str, os.PathLike)) or not hasattr(anomalies, "__len__") or len(anomalies) != len(table):
        return
    marks = np.asarray(anomalies)
    if marks.ndim == 1 and marks.dtype.kind in "biuf" and np.isin(marks, (0, 1)).all():
        raise DataError(
            f"anomalies=: expected spans of time or another table, found a 0 or 1 for each of the {len(table):,} rows. Make a column of them: "
            "in pandas table.assign(anomaly=values), then label='anomaly'"
        )


def within(table: Table, clock: Clock, spans: Iterable) -> np.ndarray:
    """Which rows lie in one of several spans of time, both ends included.

    Args:
        table: the rows.
        clock: their times.
        spans: pairs of times, or single times; where the times are dates, numbers are those of rows, counted from 0. One pair may
            stand alone as a tuple.

    Returns:
        bool, shape (rows,).

    Raises:
        DataError: if a span cannot be read, ends before it begins, or has no row in it.
    """
    if isinstance(spans, tuple) and len(spans) == 2 and not any(isinstance(end, (list, tuple)) for end in spans):
        spans = [spans]
    inside = np.zeros(len(table), bool)
    for span in spans:
        pair = list(span) if isinstance(span, (list, tuple, np.ndarray)) else [span, span]
        if len(pair) != 2:
            raise DataError(f"anomalies=: expected pairs (begin, end), found {span!r}")
        rows = all(isinstance(end, (int, float, np.number)) for end in pair) and (clock.dates or not clock.told)
        written = dates_of_digits(np.array(pair, np.float64)) if rows and clock.dates else None
        if written is not None and written.max() >= clock.times[0]:  # dates in one number, as the column has them
            pair, rows = [np.datetime64(int(end), "s") for end in written], False
        try:
            begin, end = (float(e) for e in pair) if rows or not clock.dates else (_moment(e) for e in pair)
        except (TypeError, ValueError):
            hint = ". Without time= spans are numbers of rows, counted from 0"
            if clock.told:
                hint = f". They go from {clock.shown(0)} to {clock.shown(len(table) - 1)}"
            raise DataError(
                f"anomalies=: expected times such as those of {table.source}, found {span!r}{hint}"
            ) from None
        if not begin <= end:
            raise DataError(f"anomalies=: the span {span!r} ends before it begins")
        at = np.arange(len(table)) if rows else clock.times
        found = (at >= begin) & (at <= end)
        if not found.any():
            runs = f"rows 0 to {len(table) - 1}" if rows else f"{clock.shown(0)} to {clock.shown(len(table) - 1)}"
            raise DataError(f"anomalies=: no row of {table.source} lies in the span {span!r}; it has {runs}")
        inside |= found
    return inside


def _moment(word: object) -> float:
    import pandas as pd

    read = as_moments(pd.Series([word], dtype=object))
    if read.isna().any():
        raise ValueError(word)
    return float(seconds(read)[0])
