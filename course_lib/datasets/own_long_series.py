"""A long series of one's own, cut into windows: split by time first, so that no window reaches over a seam."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from course_lib.datasets import clocks, column_roles
from course_lib.datasets._files import DataError
from course_lib.datasets.own_rows import TRAIN, VALIDATION, kinds_or_normal, told_holes
from course_lib.datasets.own_tables import Table, read_table
from course_lib.datasets.windows import WindowDataset

FEWEST = {"train": 10, "validation": 3, "test": 3}  # windows

_UCR_NAME = re.compile(r"_(\d+)_(\d+)_(\d+)\.\w+$")  # end of training, begin and end of the anomaly


def own_series(
    source,
    *,
    window: int,
    stride: int | None = None,
    value: str | int | None = None,
    time: str | int | None = None,
    label: str | int | None = None,
    normal=None,
    anomalies=None,
    drop: Iterable[str | int] = (),
    keep: Iterable[str | int] | str = (),
    missing: Iterable[float] = (),
    holes: str = "refuse",
) -> WindowDataset:
    """One long series of your own, cut into windows, in the form of ``heartbeats()``.

    The series is split by time first: the first 50 % of its moments train, the next 20 % validate, the rest test. Then each part
    is cut, so that no sample lies in windows of two splits. No window reaches over a gap in the times or over a moment that was
    left out. Windows with an anomalous moment are left out of training and validation, and are anomalies in the test.

    Files of the UCR anomaly archive are known by their names (``…_35000_52000_52620.txt``: training ends after 35,000
    numbers, the anomaly reaches from 52,000 to 52,620): 5/7 of the training part train, 2/7 validate, the rest tests.

    Args:
        source: the path of a file (CSV and its relatives, .xlsx, .npy), one moment a row (or a single row with all of them); a NumPy
            array, shape (moments,) or (moments, columns); or a pandas DataFrame or Series (a DatetimeIndex is the time).
        window: samples in a window, at least 4.
        stride: samples from the begin of a window to that of the next; as long as a window unless told, so that windows do
            not overlap.
        value: the column of the series, by name or by number from 0; not needed if only one is left.
        time: the column of times: dates or numbers, which must not fall. Without it rows follow each other evenly.
        label: the column that says what a moment is.
        normal: the value of it that means normal, or several as a list. Not needed if the column holds True and False, or is
            called anomaly, outlier or fault and holds 0 and 1.
        anomalies: the spans that are anomalous, ``[(begin, end), …]``, both included, or single moments: times as in the column
            of times; numbers are those of rows, from 0, unless the column of times holds numbers itself.
        drop: columns to leave out.
        keep: columns that are measurements although they look like something else; ``"all"`` for all.
        missing: numbers that stand for a missing value, such as ``[-999]``.
        holes: what to do with missing values: "refuse", "leave out" the moment (windows do not reach over it), or take the
            "last" value.

    Returns:
        A ``WindowDataset``; its ``notes``, which print shows, tell of windows, gaps and anomalies.

    Raises:
        DataError: as ``own_windows`` does; also if there are several columns that could be the series, if time falls, or if there
            are too few windows.

    For example::

        own_series("nyc_taxi.csv", window=48, time="timestamp", anomalies=[("2014-11-01 19:00", "2014-11-02 23:30")])
        own_series("valve1/1.csv", window=60, value="Pressure", time="datetime", label="anomaly")
    """
    stride = _lengths(window, stride)
    table = _upright(read_table(source))
    roles = column_roles.assign_roles(
        table, label=label, time=time, drop=drop, keep=keep, columns=None if value is None else [value]
    )
    _refuse_several(table, roles)
    if value is None:
        column_roles.refuse_doubtful_columns(table, roles, missing=missing)
    else:
        column_roles.refuse_sentinels(table, roles, missing=missing)
    clocks.refuse_marks(table, anomalies)
    clock = clocks.clock_of(table, roles.time)
    values, rows = table.numbers(roles.data, missing, holes)
    if values.min() == values.max():
        raise DataError(f"{table.source}: expected a series that varies, found {values.flat[0]:g} at all moments")
    kinds, names = kinds_or_normal(table, roles, normal)
    notes = [*clock.notes(), *told_holes(table, rows, holes)]
    edges = [round(share * len(table)) for share in (TRAIN, VALIDATION)]
    ucr = _ucr(table) if anomalies is None and roles.label is None else None
    if ucr is not None:
        end, begin, stop = ucr
        edges, anomalies = [round(TRAIN / VALIDATION * end), end], [(begin, stop)]
        notes.append(
            f"by the file's name, as in the UCR anomaly archive: the first {end:,} moments are for training, the anomaly reaches from {begin:,} to {stop:,}"
        )
    if anomalies is not None:
        if not clocks.are_spans(anomalies):
            raise DataError("anomalies=: expected spans of time, [(begin, end), …], or single moments in a list")
        inside = clocks.within(table, clock, anomalies)
        names = names if "anomaly" in names else (*names, "anomaly")
        kinds = np.where(inside & (kinds == 0), names.index("anomaly"), kinds)
    if (kinds > 0).any():
        notes.append(f"anomalous moments: {int((kinds > 0).sum()):,} of {len(table):,}")
    elif roles.label is None and anomalies is None:
        notes += _unused(table, roles)
    cut = _cut(rows, edges, clock.gaps, window, stride)
    splits, kept, left_out, places = {}, {}, 0, []
    for name, starts in cut.items():
        within = (
            np.lib.stride_tricks.sliding_window_view(kinds[rows], window)[starts]
            if len(starts)
            else np.zeros((0, window), int)
        )
        kind = _kind_of_windows(within)
        if name != "test":
            left_out += int((kind > 0).sum())
            starts, kind = starts[kind == 0], kind[kind == 0]
        else:
            places = clocks.places(table, clock, rows[starts])
        windows = np.zeros((0, window))
        if len(starts):
            windows = np.lib.stride_tricks.sliding_window_view(values[:, 0], window)[starts]
        splits[name], kept[name] = windows.astype(np.float32), kind
    if left_out:
        notes.append(f"windows of training and validation with anomalous moments, left out: {left_out:,}")
    _refuse_few(table, splits, window, stride, left_out, len(clock.gaps))
    _refuse_flat(table, splits["train"])
    axis, positions = _axis(clock, window)
    if not len(clock.gaps) and clock.told:
        notes.append("gaps in the times: none")
    how = "they do not overlap" if stride >= window else f"a new one begins every {stride} samples"
    return WindowDataset(
        f"your own series ({table.name})",
        splits["train"],
        splits["validation"],
        splits["test"],
        kept["test"],
        names,
        axis,
        positions,
        "your unit" if roles.data[0] not in _named(table) else str(table.names[roles.data[0]]),
        test_places=tuple(f"from {place}" for place in places),
        notes=(
            f"{len(table):,} moments, cut into windows of {window}; {how}, none reaches over a seam or a gap",
            *notes,
        ),
    )


def _lengths(window: int, stride: int | None) -> int:
    for name, number, least in (("window", window, 4), ("stride", stride, 1)):
        if name == "stride" and number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < least:
            raise DataError(f"{name}={number!r}: expected a whole number of samples, at least {least}")
    return int(window if stride is None else stride)


def _upright(table: Table) -> Table:
    """A series that stands in a single row, turned into a column."""
    if len(table) > 1 or len(table.names) < 10 or table.has_header:
        return table
    return (
        read_table(np.array([table.frame.iloc[0]]).astype(np.float64).T)
        if not any(map(table.is_text, range(len(table.names))))
        else table
    )


def _named(table: Table) -> set[int]:
    return {p for p, name in enumerate(table.names) if isinstance(name, str)}


def _refuse_several(table: Table, roles: column_roles.Roles) -> None:
    if len(roles.data) == 1:
        return
    if not roles.data:
        raise DataError(f"{table.source}: no column is left for the series. Take one out of drop=, or say value=")
    data = [p for p in roles.data if not table.is_text(p)]
    if len(data) < 2:
        return  # the other columns are refused one by one, with what they look like
    listed = ", ".join(table.typed(p) for p in data[:20]) + (", …" if len(data) > 20 else "")
    likely = column_roles.likely_series(table, data) or data
    times = [p for p in roles.data if table.is_date(p) or column_roles.is_called_time(table.names[p])]
    times = [p for p in times if table.column(p).nunique() > 1] or times  # not the begin of the query, in each row
    also = f", and the times: time={table.typed(times[0])}" if times and roles.time is None else ""
    raise DataError(
        f"{table.source}: has several columns of numbers: {listed}. Say which one is the series, such as value={table.typed(likely[0])}"
        f"{also}. To take the columns as sensors, moment by moment, use own_sensors"
    )


def _unused(table: Table, roles: column_roles.Roles) -> list[str]:
    """A note on a column that would say which moments are anomalies, and was not named."""
    used = {*roles.data, roles.time}
    found = [p for p in range(len(table.names)) if p not in used and column_roles.is_called_anomaly(table.names[p])]
    return [
        f"{table.called(p)} is not used: label={table.typed(p)} would say which moments are anomalous"
        for p in found[:1]
    ]


def _ucr(table: Table) -> tuple[int, int, int] | None:
    """The three numbers in the name of a file of the UCR anomaly archive, if they fit the series."""
    found = _UCR_NAME.search(table.name)
    if found is None or len(table.names) > 1:
        return None
    end, begin, stop = (int(number) for number in found.groups())
    return (end, begin, stop) if 0 < end < begin <= stop <= len(table) else None


def _cut(rows: np.ndarray, edges: list[int], gaps: np.ndarray, window: int, stride: int) -> dict[str, np.ndarray]:
    """Where windows begin, as places in ``rows``, for each split.

    Args:
        rows: the moments that are left, as numbers of rows, rising.
        edges: the rows at which validation and test begin.
        gaps: the rows behind which time jumps.
        window: samples.
        stride: samples.
    """
    breaks = np.diff(rows) > 1  # a moment was left out
    breaks |= np.isin(rows[:-1], gaps)
    part = np.searchsorted(edges, rows, side="right")  # 0 train, 1 validation, 2 test
    breaks |= np.diff(part) > 0
    begins = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    ends = np.concatenate([begins[1:], [len(rows)]])
    starts: dict[str, list] = {name: [] for name in FEWEST}
    for begin, end in zip(begins, ends, strict=True):
        starts[tuple(FEWEST)[part[begin]]].append(np.arange(begin, end - window + 1, stride))
    return {name: np.concatenate([np.zeros(0, np.int64), *found]).astype(np.int64) for name, found in starts.items()}


def _kind_of_windows(kinds: np.ndarray) -> np.ndarray:
    """The commonest kind of anomaly in each window, 0 where there is none; ``kinds`` has shape (windows, samples)."""
    found = kinds.max(axis=1, initial=0)
    for place in np.flatnonzero(found):
        counts = np.bincount(kinds[place])
        found[place] = 1 + counts[1:].argmax()
    return found.astype(np.int64)


def _refuse_few(table: Table, splits: dict, window: int, stride: int, left_out: int, gaps: int) -> None:
    for name, fewest in FEWEST.items():
        if len(splits[name]) >= fewest:
            continue
        why = [f"{left_out} with anomalous moments are left out"] * bool(left_out) + [
            f"{gaps} gaps cut the series"
        ] * bool(gaps)
        remedy = "a shorter window=" + (f" or a stride= below {stride}, so that windows overlap" if stride > 1 else "")
        raise DataError(
            f"{table.source}: {len(table):,} moments give too few windows of {window} samples for {name}: {len(splits[name])}, expected at least {fewest}"
            f"{' (' + ', '.join(why) + ')' if why else ''}. Say {remedy}"
        )


def _refuse_flat(table: Table, train: np.ndarray) -> None:
    if train.min() == train.max():
        raise DataError(
            f"{table.source}: the first half of the series is {train.flat[0]:g} throughout: there is nothing to learn from it"
        )


def _axis(clock: clocks.Clock, window: int) -> tuple[str, np.ndarray]:
    """Name and positions of the samples of a window: times if they come evenly, else numbers."""
    if not clock.told or clock.uneven > 0.02:
        return "position in the window", np.arange(window)
    if not clock.dates:
        return "time in the window", np.arange(window) * clock.step
    span = clock.step * window
    unit, size = next(((u, s) for u, s in (("days", 86400), ("h", 3600), ("min", 60)) if span >= 3 * s), ("s", 1))
    return f"time in the window ({unit})", np.arange(window) * clock.step / size
