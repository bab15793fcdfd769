"""Windows of one's own from a CSV file, read line by line so that a message can name the line."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np

from course_lib.datasets._files import DataError
from course_lib.datasets.windows import WindowDataset


def own_windows(path: str | os.PathLike, anomalies: str | os.PathLike | None = None) -> WindowDataset:
    """Windows of your own, in the form of ``heartbeats()``: a CSV file with one window a row.

    Rows are taken in the order of the file, which should be that of time: the first 50 % train, the next 20 % validate,
    the rest test. Between two splits one row is left out, so that windows that overlap with the next one share no
    sample across the seam; with more overlap, thin the rows first.

    Args:
        path: the normal windows: numbers with a decimal point, separated by commas, semicolons or tabs, as many in each
            row, at least 4; at least 30 rows. A first line of names is skipped, and so are empty lines. No index column.
        anomalies: another such file, with windows that you know to be anomalous; they all become test rows.

    Returns:
        A ``WindowDataset`` in the units of the file, positions counted from 0. Without ``anomalies``, ``test_is_anomaly``
        is False everywhere.

    Raises:
        DataError: if a file is missing or unreadable, has no rows or too few, its first column only counts the rows, or a
            row is ragged, holds text, or lacks a value; the message names the row by its line in the file.
    """
    normal = _read_windows(Path(path).expanduser(), minimum=30)
    odd = np.zeros((0, normal.shape[1]), np.float32)
    if anomalies is not None:
        odd = _read_windows(Path(anomalies).expanduser(), minimum=1)
        if odd.shape[1] != normal.shape[1]:
            raise DataError(
                f"{anomalies}: expected {normal.shape[1]} numbers in a row as in {path}, found {odd.shape[1]} in every row"
            )
    first, second = round(0.5 * len(normal)), round(0.7 * len(normal))
    test = normal[second:]
    return WindowDataset(
        f"your own windows ({Path(path).name})",
        normal[: first - 1],
        normal[first : second - 1],
        np.concatenate([test, odd]),
        np.repeat([0, 1], [len(test), len(odd)]),
        ("normal", "anomaly"),
        "position in the window",
        np.arange(normal.shape[1]),
        "your unit",
    )


def _read_windows(path: Path, minimum: int) -> np.ndarray:
    """The rows of a CSV file, float32, shape (n, d), or a DataError that names the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise DataError(f"The file {path} does not exist. Give the path of a CSV file with one window a row.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The file {path} cannot be read as text: {error}") from error
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not any(line.strip(" \t,;") for _, line in filled):
        raise DataError(f"{path}: expected one window a row, found no rows with anything in them")
    # Where there are semicolons, commas are taken for decimal ones, and complained of.
    separator = next((mark for mark in ";\t" if mark in filled[-1][1]), ",")
    cells = [  # line by line: a quotation mark that is never closed spoils its own row only
        (number, [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True))])
        for number, line in filled
    ]
    start, first = cells[0]
    if _is_header_with_index(first):
        raise DataError(
            f"{path}, row {start}: the first column has no name, as when a table is written with an index column. Leave it "
            "out: a row should hold one window and nothing else (in pandas, to_csv with index=False)"
        )
    if all(_number(cell) is None and not _is_missing(cell) for cell in first):
        del cells[0]  # names of the columns
    elif len(first) > 1 and [_number(cell) for cell in first] in (
        list(range(len(first))),
        list(range(1, len(first) + 1)),
    ):
        raise DataError(
            f"{path}, row {start}: looks like numbers of the columns ({', '.join(first[:3])}, …) and not like a window. Leave "
            "it out, or give the columns names that are no numbers"
        )
    if not cells:
        raise DataError(f"{path}: expected one window a row, found only a line of names")
    width = len(cells[0][1])
    rows = []
    for number, row in cells:
        where = f"{path}, row {number}"
        if len(row) != width:
            raise DataError(f"{where}: expected {width} numbers as in row {cells[0][0]}, found {len(row)}")
        values = [_number(cell) for cell in row]
        for column, (cell, value) in enumerate(zip(row, values, strict=True), 1):
            if _is_missing(cell):
                raise DataError(
                    f"{where}: the value in column {column} is missing. Fill it in, or leave the row out: no score "
                    "can be computed from a hole"
                )
            if value is None:
                comma = " Decimals need a point, not a comma." if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
                raise DataError(f"{where}: expected a number in column {column}, found {cell[:40]!r}.{comma}")
            if not abs(value) <= float(np.finfo(np.float32).max):
                raise DataError(f"{where}: expected a finite number in column {column}, found {cell[:40]!r}")
        rows.append(values)
    if width < 4:
        raise DataError(f"{path}: expected at least 4 numbers in a row, found {width} in row {cells[0][0]}")
    if len(rows) < minimum:
        raise DataError(f"{path}: expected at least {minimum} rows, found {len(rows)}")
    counted = np.diff(np.array(rows, np.float64)[:, :2], axis=0) == 1  # (rows - 1, 2): one more than the row before
    if len(rows) > 2 and counted[:, 0].all() and not counted[:, 1].all():
        raise DataError(
            f"{path}: the first column only counts the rows ({rows[0][0]:g}, {rows[1][0]:g}, {rows[2][0]:g}, …), and a detector "
            "would learn the count. Write the windows without the index (in pandas, to_csv with index=False)"
        )
    windows = np.array(rows, np.float32)
    if minimum > 1 and windows.min() == windows.max():
        raise DataError(f"{path}: expected windows that vary, found {windows.flat[0]:g} in all places")
    return windows


def _is_header_with_index(cells: list[str]) -> bool:
    """Whether a first line names or numbers all columns but the first, as pandas writes a table with its index."""
    if len(cells) < 3 or cells[0]:
        return False
    numbers = [_number(cell) for cell in cells[1:]]
    return all(number is None and not _is_missing(cell) for number, cell in zip(numbers, cells[1:], strict=True)) or (
        numbers == list(range(len(numbers)))
    )


def _is_missing(cell: str) -> bool:
    """Whether a cell is empty or holds one of the usual words for a missing value."""
    return cell.lower() in ("", "nan", "na", "n/a", "null", "none", "-", "?")


def _number(text: str) -> float | None:
    """The number that a cell holds; None for text, also for what only Python takes for a number."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
