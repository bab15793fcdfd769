"""Rows of one's own, normal ones and anomalies: windows of one signal, and moments of several sensors."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from course_lib.datasets import clocks, column_roles
from course_lib.datasets._files import DataError
from course_lib.datasets.own_tables import Table, read_table
from course_lib.datasets.windows import WindowDataset

TRAIN, VALIDATION = 0.5, 0.7  # of the normal rows: training before the first, validation up to the second, test behind

FEWEST = 30  # normal rows


def own_windows(
    source,
    anomalies=None,
    *,
    label: str | int | None = None,
    normal=None,
    drop: Iterable[str | int] = (),
    keep: Iterable[str | int] | str = (),
    missing: Iterable[float] = (),
    holes: str = "refuse",
) -> WindowDataset:
    """Windows of your own, in the form of ``heartbeats()``: a table with one window of one signal a row.

    Normal rows are taken in the order of the table, which should be that of time: the first 50 % train, the next 20 % validate,
    the rest test. Between two splits one row is left out, so that windows that overlap with the next one share no
    sample across the seam; with more overlap, thin the rows first. Rows of other kinds all become test rows, in their
    order. ``print`` of the result says how many rows went where.

    Args:
        source: the path of a file (CSV and its relatives, .xlsx, .npy), a NumPy array, shape (rows, numbers), or a pandas
            DataFrame: as many numbers in each row, at least 4; at least 30 normal rows. A first line of names is skipped, and
            so are empty lines. No index column and no label column, unless ``drop`` or ``label`` names it.
        anomalies: another such table, with windows that you know to be anomalous; they all become test rows.
        label: the column that says what a row is, by name or by number from 0 (-1 is the last).
        normal: the value of it that means normal, or several as a list. Not needed if the column holds True and False, or is
            called anomaly, outlier or fault and holds 0 and 1.
        drop: columns to leave out.
        keep: columns that are measurements although they look like something else; ``"all"`` for all.
        missing: numbers that stand for a missing value, such as ``[-999]``.
        holes: what to do with missing values: "refuse", "leave out" the row, or take the "last" value above in the column.

    Returns:
        A ``WindowDataset`` in the units of the table, positions counted from 0. Without ``anomalies`` and ``label``,
        ``test_is_anomaly`` is False everywhere.

    Raises:
        DataError: if a file is missing, unreadable or no table, has no rows or too few, or if a row is ragged, holds text, or lacks
            a value (the message names the row by its line in the file); if a column looks like a label, an index, a time, or
            holds a number like -999; if the columns look like sensors in several units.

    For example::

        own_windows("ECG5000_TRAIN.txt", label=0, normal=1)  # UCR: the class first, separated by blanks or tabs
        own_windows("ecg.csv", label=-1, normal=1)           # the label last
        own_windows("normal.csv", "abnormal.csv", drop=[-1])
    """
    table = read_table(source)
    roles = column_roles.assign_roles(table, label=label, drop=drop, keep=keep)
    _refuse_small(table, len(roles.data), 4, FEWEST)
    column_roles.refuse_doubtful_columns(table, roles, missing=missing, windows=True, offers=("label",))
    clocks.refuse_marks(table, anomalies)
    values, rows = table.numbers(roles.data, missing, holes)
    _refuse_still(table, values)
    if not (isinstance(keep, str) and keep == "all"):
        _refuse_units(table, roles, values)
    kinds, names = kinds_or_normal(table, roles, normal)
    return _dataset(
        f"your own windows ({table.name})",
        table,
        values,
        kinds[rows],
        names,
        _odd_rows(table, roles, anomalies, missing, holes, windows=True),
        told_holes(table, rows, holes),
        places=table.rows(rows),
        axis="position in the window",
        positions=np.arange(len(roles.data)),
        unit="your unit",
    )


def own_sensors(
    source,
    *,
    time: str | int | None = None,
    label: str | int | None = None,
    normal=None,
    anomalies=None,
    drop: Iterable[str | int] = (),
    keep: Iterable[str | int] | str = (),
    missing: Iterable[float] = (),
    holes: str = "refuse",
) -> WindowDataset:
    """Readings of your own sensors, in the form of ``shuttle()``: a table with one moment a row, each column in its own unit.

    Normal rows are taken in the order of the table: the first 50 % train, the next 20 % validate, the rest test; one row is left
    out at each seam. Rows of other kinds all become test rows, in their order. ``scaling()`` of the result is by column.

    Args:
        source: the path of a file (CSV and its relatives, .xlsx, .npy), a NumPy array, shape (moments, sensors), or a pandas
            DataFrame (a DatetimeIndex is taken for the time): at least 2 sensors, at least 30 normal rows.
        time: the column of times, by name or by number from 0: dates or numbers, which must not fall.
        label: the column that says what a row is.
        normal: the value of it that means normal, or several as a list. Not needed if the column holds True and False, or is
            called anomaly, outlier or fault and holds 0 and 1.
        anomalies: another such table, with moments that you know to be anomalous; or the spans of time in which rows are
            anomalous, ``[(begin, end), …]``, both included: times as in the column, or numbers of rows from 0 if there is none.
        drop: columns to leave out, such as a second label.
        keep: columns that are measurements although they look like something else, such as a valve that is 0 or 1; ``"all"``
            for all.
        missing: numbers that stand for a missing value, such as ``[-999]``.
        holes: what to do with missing values: "refuse", "leave out" the row, or take the "last" value of the sensor.

    Returns:
        A ``WindowDataset`` with ``columns``, in the units of the table; its ``notes``, which print shows, tell of gaps.

    Raises:
        DataError: as ``own_windows`` does; also if time falls, or a sensor never changes.

    For example::

        own_sensors("valve1/1.csv", time="datetime", label="anomaly", drop=["changepoint"])
    """
    table = read_table(source)
    roles = column_roles.assign_roles(table, label=label, time=time, drop=drop, keep=keep)
    _refuse_small(table, len(roles.data), 2, FEWEST)
    column_roles.refuse_doubtful_columns(table, roles, missing=missing)
    clocks.refuse_marks(table, anomalies)
    clock = clocks.clock_of(table, roles.time)
    values, rows = table.numbers(roles.data, missing, holes)
    _refuse_still(table, values)
    kinds, names = kinds_or_normal(table, roles, normal)
    odd = None
    if clocks.are_spans(anomalies):
        inside = clocks.within(table, clock, anomalies)
        names = names if "anomaly" in names else (*names, "anomaly")
        kinds = np.where(inside & (kinds == 0), names.index("anomaly"), kinds)
    else:
        odd = _odd_rows(table, roles, anomalies, missing, holes, windows=False)
    notes = [*clock.notes(), *told_holes(table, rows, holes)]
    return _dataset(
        f"your own sensors ({table.name})",
        table,
        values,
        kinds[rows],
        names,
        odd,
        notes,
        places=clocks.places(table, clock, rows),
        axis="sensor",
        positions=np.arange(1, len(roles.data) + 1),
        unit="each sensor in its own",
        columns=tuple(n if isinstance(n := table.names[p], str) else f"column {p + 1}" for p in roles.data),
    )


def kinds_or_normal(table: Table, roles: column_roles.Roles, normal) -> tuple[np.ndarray, tuple[str, ...]]:
    """The kind of each row from its label, 0 without one, and the names of the kinds."""
    if roles.label is not None:
        return column_roles.kinds_of_rows(table, roles.label, normal)
    if normal is not None:
        raise DataError(f"{table.source}: normal={normal!r} needs label=, the column that says what a row is")
    return np.zeros(len(table), np.int64), ("normal", "anomaly")


# --- what both need ---


def _dataset(
    name, table, values, kinds, names, odd, notes, *, places, axis, positions, unit, columns=()
) -> WindowDataset:
    """Normal rows in their order into three splits, one left out at each seam; rows of other kinds to the test rows."""
    normal = np.flatnonzero(kinds == 0)
    if len(normal) < FEWEST:
        of = f" of {len(kinds)}" if len(kinds) > len(normal) else ""
        raise DataError(f"{table.source}: expected at least {FEWEST} normal rows, found {len(normal)}{of}")
    first, second = round(TRAIN * len(normal)), round(VALIDATION * len(normal))
    test = np.sort(np.concatenate([normal[second:], np.flatnonzero(kinds > 0)]))
    values = values.astype(np.float32)
    test_rows, test_kinds, test_places = values[test], kinds[test], [places[row] for row in test]
    if odd is not None:
        odd, odd_places = odd
        test_places += odd_places
        names = names if "anomaly" in names else (*names, "anomaly")
        test_rows = np.concatenate([test_rows, odd])
        test_kinds = np.concatenate([test_kinds, np.full(len(odd), names.index("anomaly"))])
    if len(names) > 2 or (kinds > 0).any():
        counts = np.bincount(kinds, minlength=len(names))
        listed = ", ".join(f"{count:,} {kind}" for count, kind in zip(counts, names, strict=True) if count)
        notes = [*notes, f"rows of the table: {listed}"]
    return WindowDataset(
        name,
        values[normal[: first - 1]],
        values[normal[first : second - 1]],
        test_rows,
        test_kinds.astype(np.int64),
        names,
        axis,
        positions,
        unit,
        columns=columns,
        test_places=tuple(test_places),
        notes=tuple([*notes, "one normal row is left out at each of the two seams between the splits"]),
    )


def _refuse_small(table: Table, width: int, narrowest: int, fewest: int) -> None:
    if width < narrowest:
        other = ". One long series is cut into windows by own_series" if width == 1 or len(table.names) <= 2 else ""
        raise DataError(
            f"{table.source}: expected at least {narrowest} numbers in a row, found {width} in {table.row(0)}{other}"
        )
    if len(table) < fewest:
        if len(table) > 1 and width > 100 * len(table):
            turned = " Do the windows stand in columns? Then turn the table"
            raise DataError(
                f"{table.source}: expected at least {fewest} rows, found {len(table)} of {width} numbers.{turned}"
            )
        raise DataError(f"{table.source}: expected at least {fewest} rows, found {len(table)}")


def _refuse_still(table: Table, values: np.ndarray) -> None:
    if values.min() == values.max():
        raise DataError(f"{table.source}: expected windows that vary, found {values.flat[0]:g} in all places")
    if (values == values[0]).all():
        raise DataError(f"{table.source}: expected rows that differ, found the same one {len(values)} times")


def _refuse_units(table: Table, roles: column_roles.Roles, values: np.ndarray) -> None:
    """DataError if columns jump between scales as sensors do. Deviations of one signal may differ too (a flat baseline before
    a beat, padding behind it), but go from one to the other in steps, or at one edge.
    """
    deviation = values.std(axis=0)
    deviation = deviation[deviation > 0]
    if len(deviation) < 2 or deviation.max() < 100 * deviation.min():
        return
    jumps = np.abs(np.diff(np.log10(deviation))) > np.log10(5)
    stems = {re.sub(r"[\W\d_]+", "", str(table.names[p])) for p in roles.data}
    if jumps.sum() >= (1 if len(stems) > len(roles.data) / 2 else max(2, 0.15 * len(jumps))):
        least, most = (roles.data[int(place)] for place in (values.std(axis=0).argmin(), values.std(axis=0).argmax()))
        raise DataError(
            f"{table.source}: looks like a table of sensors in several units, and not like windows of one signal: {table.called(most)} has a "
            f"standard deviation of {deviation.max():.3g}, {table.called(least)} one of {deviation.min():.3g}. Read it with own_sensors, or say "
            'keep="all" if the rows are windows'
        )


def _odd_rows(
    table: Table, roles: column_roles.Roles, anomalies, missing, holes: str, windows: bool
) -> tuple[np.ndarray, list[str]] | None:
    """The rows of a table of anomalies, float32, with the columns of the table of normal rows, and where they stand."""
    if anomalies is None:
        return None
    odd = read_table(anomalies)
    if len(odd.names) == len(table.names):
        data = roles.data
        if table.has_header and odd.has_header and odd.names != table.names:
            if sorted(map(str, odd.names)) != sorted(map(str, table.names)):
                raise DataError(
                    f"{odd.source}: expected the columns of {table.source}, found others: {', '.join(map(str, odd.names[:8]))}"
                )
            data = tuple(odd.names.index(table.names[p]) for p in roles.data)  # in another order
    elif len(odd.names) == len(roles.data):
        data = tuple(range(len(odd.names)))
    else:
        raise DataError(
            f"{odd.source}: expected {len(roles.data)} numbers in a row as in {table.source}, found {len(odd.names)} in every row"
        )
    own = column_roles.Roles(data, None, None, roles.kept)
    column_roles.refuse_sentinels(odd, own, missing=missing, windows=windows)
    values, rows = odd.numbers(data, missing, holes)
    return values.astype(np.float32), [f"{place} of {odd.name}" for place in odd.rows(rows)]


def told_holes(table: Table, rows: np.ndarray, holes: str) -> list[str]:
    """A note on rows left out for missing values."""
    lost = len(table) - len(rows)
    if not lost:
        return []
    why = "above the first value of a column" if holes == "last" else "with missing values"
    return [f"rows {why}, left out: {lost:,} of {len(table):,}"]
