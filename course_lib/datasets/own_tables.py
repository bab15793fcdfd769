"""A learner's own table, whatever it comes as: read once, by pandas, so that every message can name row and column.

    >>> table = read_table("ratings.csv")
    >>> table.names
    ('userId', 'movieId', 'rating', 'timestamp')
    >>> who = table.texts(table.position("userId", "user"))

The loaders of own data (``own_windows``, ``own_sensors``, ``own_series``, …) are built on it, and agree in how a column is
named: by its header name, or by its number from 0 as in pandas, negative ones counted from the end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_lib.datasets import _table_cells, _table_files
from course_lib.datasets._files import DataError

HOLES = ("refuse", "leave out", "last")

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Rows of cells with what is needed to speak of them.

    Attributes:
        source: what messages call it: the path of the file as given, "the array", "the DataFrame".
        name: the same in short: the file's name.
        frame: a pandas DataFrame, one column for each of ``names`` in their order and called so, rows counted from 0. Columns
            are numbers (holes NaN) wherever all of their filled cells are some, moments where pandas or Excel had some,
            else text as it stands (holes NaN).
        names: of the columns: the words of the header, or the number of the column where it has none. A name that comes
            twice gets ".1" behind it, as in pandas.
        has_header: whether the columns have names.
        first_unnamed: whether the first column alone has no name, as when pandas writes a table with its index.
        first_counts: whether the first row only counts the columns (0, 1, 2, … or 1, 2, 3, …).
        moments: the index of a DataFrame if it holds moments (a DatetimeIndex), else None.
    """

    source: str
    name: str
    frame: object
    names: tuple[str | int, ...]
    has_header: bool
    first_unnamed: bool = False
    moments: object = None
    _row_of: Callable[[np.ndarray], Sequence] = field(default=lambda rows: rows)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Table({self.source}: {len(self):,} rows of {', '.join(map(str, self.names[:12]))})"

    @property
    def first_counts(self) -> bool:
        """Whether the first row only counts the columns, as names that are numbers do."""
        width = len(self.names)
        if self.has_header or width < 2 or not len(self):
            return False
        first = [self.frame.iloc[0, place] for place in range(min(width, 10_000))]
        numbers = [float(cell) if isinstance(cell, (int, float, np.number)) else None for cell in first]
        return numbers in (list(range(width)), list(range(1, width + 1)))

    # --- speaking of places ---

    def row(self, row: int) -> str:
        """A row by its number in the file (``row 7``), or by its label in the index of a DataFrame."""
        return f"row {self._row_of(np.array([row]))[0]}"

    def rows(self, rows: np.ndarray) -> list[str]:
        """Several rows as ``row`` calls them; ``rows`` are numbers from 0, shape (n,)."""
        return [f"row {number}" for number in self._row_of(np.asarray(rows, np.int64))]

    def where(self, row: int) -> str:
        """The source and a row of it, as messages begin: ``windows.csv, row 7``."""
        return f"{self.source}, {self.row(row)}"

    def called(self, position: int) -> str:
        """A column as a reader finds it: ``column 9``, or ``column 9 ('anomaly')``; counted from 1."""
        name = self.names[position]
        return f"column {position + 1}" + (f" ({name!r})" if isinstance(name, str) else "")

    def typed(self, position: int) -> str:
        """What a reader types to name a column: ``'anomaly'``, or ``8``."""
        return repr(self.names[position])

    # --- columns ---

    def position(self, column: str | int, argument: str) -> int:
        """The place of a column, counted from 0.

        Args:
            column: its name (capitals and outer blanks may differ if only one column fits), or its number from 0; negative
                numbers count from the end. A DataFrame's own names, numbers too, come first.
            argument: the name of the argument that it was given in, for the message.

        Raises:
            DataError: if there is no such column; lists those there are.
        """
        if column in self.names and not isinstance(column, bool):
            return self.names.index(column)
        if isinstance(column, str):
            alike = [
                p
                for p, n in enumerate(self.names)
                if isinstance(n, str) and n.strip(" '\"").lower() == column.strip(" '\"").lower()
            ]
            if len(alike) == 1:
                return alike[0]
        elif isinstance(column, (int, np.integer)) and -len(self.names) <= column < len(self.names):
            return int(column) % len(self.names)
        listed = ", ".join(repr(name) for name in self.names[:20]) + (", …" if len(self.names) > 20 else "")
        kind = (
            f"The columns are {listed}"
            if self.has_header
            else f"Its columns have no names: give a number from 0 to {len(self.names) - 1}"
        )
        raise DataError(f"{self.source}: there is no column {column!r}, which {argument}= asks for. {kind}")

    def positions(self, columns: str | int | Iterable[str | int], argument: str) -> list[int]:
        """The places of several columns, or of one; see ``position``."""
        alone = isinstance(columns, (str, int, np.integer)) or columns is None
        return [self.position(column, argument) for column in ([columns] if alone else columns) if column is not None]

    def column(self, position: int):
        """A column as a pandas Series: numbers, moments, or text; holes are NaN."""
        return self.frame.iloc[:, position]

    def is_text(self, position: int) -> bool:
        """Whether a column has words in it: at least half of its filled cells are no numbers."""
        column = self.column(position)
        if _is_number(column):
            return False
        filled = column.dropna()
        if len(filled) and hasattr(filled.iloc[0], "year"):
            return True
        cells = filled if len(filled) < 10_000 else filled.iloc[:: len(filled) // 10_000]
        return 2 * sum(_table_cells.is_numeric(str(cell)) for cell in cells) <= len(cells)

    def is_date(self, position: int) -> bool:
        """Whether a column holds dates or times of day."""
        column = self.column(position).dropna()
        if _is_number(self.column(position)) or not len(column):
            return False
        return all(hasattr(cell, "year") or _table_cells.is_date(str(cell)) for cell in column.head(50))

    def texts(self, position: int) -> np.ndarray:
        """A column as words, for labels and ids: object array, shape (rows,). Whole numbers are written without a point.

        Raises:
            DataError: if a cell is empty.
        """
        column = self.column(position)
        self.refuse_holes(column.isna().to_numpy()[:, None], [position])
        if _is_number(column) and column.dtype != bool:
            values = column.to_numpy(np.float64) if column.dtype.kind == "f" else column
            if column.dtype.kind == "f" and (values == np.floor(values)).all() and (np.abs(values) < 2**53).all():
                column = column.astype(np.int64)
        return column.astype(str).astype(object).to_numpy()

    def numbers(
        self, positions: Sequence[int], missing: Iterable[float] = (), holes: str = "refuse"
    ) -> tuple[np.ndarray, np.ndarray]:
        """Columns as numbers.

        Args:
            positions: which columns, counted from 0.
            missing: numbers that stand for a missing value, such as -999.
            holes: what to do with missing values: "refuse"; "leave out" the row; take the "last" value above, leaving out the
                rows above the first one.

        Returns:
            values, float64 without NaN, shape (n, len(positions)); and which rows they are, int64, shape (n,), rising.

        Raises:
            DataError: naming row and column, for text, for an infinite number or one too large for float32, and for a
                missing value with ``holes="refuse"``; for another ``holes``; if no row is left.
        """
        if holes not in HOLES:
            raise DataError(f"holes={holes!r}: expected one of {', '.join(map(repr, HOLES))}")
        self._refuse_words(positions)
        if not positions:
            return np.zeros((len(self), 0)), np.arange(len(self))
        values = np.column_stack([self.column(p).to_numpy(np.float64, na_value=np.nan) for p in positions])
        for value in _as_list(missing):
            values[values == value] = np.nan
        with np.errstate(invalid="ignore"):
            wild = np.abs(values) > LARGEST
        for row, place in zip(*np.nonzero(wild), strict=True):
            raise DataError(
                f"{self.where(row)}: expected a finite number in {self.called(positions[place])}, found {values[row, place]:g}. "
                + (
                    f'Leave the row out, or say missing=[float("{values[row, place]:g}")] and holes="leave out"'
                    if np.isinf(values[row, place])
                    else f"Say missing=[{_plain(values[row, place])}] if it stands for a hole"
                )
            )
        empty = np.isnan(values)
        rows = np.arange(len(values))
        if not empty.any():
            return values, rows
        if holes == "refuse":
            self.refuse_holes(empty, positions)
        if holes == "last":
            source = np.maximum.accumulate(np.where(empty, -1, rows[:, None]), axis=0)  # the last row with a value
            values = np.where(source >= 0, np.take_along_axis(values, np.maximum(source, 0), axis=0), np.nan)
        kept = ~np.isnan(values).any(axis=1)
        if not kept.any():
            worst = positions[int(np.isnan(values).mean(axis=0).argmax())]
            raise DataError(
                f"{self.source}: every row has a hole, most of them in {self.called(worst)}. Leave the column out: "
                f"drop=[{self.typed(worst)}]"
            )
        return values[kept], rows[kept]

    def refuse_holes(self, empty: np.ndarray, positions: Sequence[int]) -> None:
        """DataError for the first missing value, if ``empty``, shape (rows, len(positions)), has any."""
        rows = np.flatnonzero(empty.any(axis=1))
        if len(rows):
            place = positions[int(empty[rows[0]].argmax())]
            more = f" ({int(empty.sum()):,} values are missing in {len(rows):,} rows)" if len(rows) > 1 else ""
            raise DataError(
                f"{self.where(rows[0])}: the value in {self.called(place)} is missing{more}. Fill it in, or leave the row out "
                '(holes="leave out", or holes="last" for the value above): no score can be computed from a hole'
            )

    def _refuse_words(self, positions: Sequence[int]) -> None:
        """DataError for the first cell that is neither a number nor empty."""
        found = []
        for position in positions:
            column = self.column(position)
            if _is_number(column):
                continue
            filled = column.notna()
            wrong = filled & ~column.astype(object).map(
                lambda c: _table_cells.is_numeric(str(c)) and not hasattr(c, "year")
            )
            wrong = np.flatnonzero(wrong.to_numpy())
            if len(wrong):
                found.append((int(wrong[0]), position))
        if not found:
            return
        row, position = min(found)
        cell = str(self.column(position).iloc[row])[:40]
        together = [p for r, p in found if r == row]
        hint = ""
        if self.has_header and [str(self.column(p).iloc[row]) for p in together] == [
            str(self.names[p]) for p in together
        ]:
            hint = ". The line of names comes twice: leave this one out"
        elif row == 0 and (len(together) > 1 or len(positions) == 1):
            hint = ". It looks like a row of units or of further names: leave the row out"
        elif _table_cells.is_date(cell):
            hint = (
                f". If the column holds dates or times, say drop=[{self.typed(position)}], or time= where there is one"
            )
        elif _table_cells.almost_a_number(cell):
            hint = f". {_table_cells.almost_a_number(cell)}"
        elif "|" in cell or ";" in cell or "\t" in cell:
            hint = ". Cells are separated by commas, semicolons, tabs, blanks or pipes, by the same in all rows"
        elif not self.is_text(position):
            hint = ". Leave the row out, or empty the cell if the value is missing"
        raise DataError(f"{self.where(row)}: expected a number in {self.called(position)}, found {cell!r}{hint}")

    def times(self, position: int | None) -> tuple[np.ndarray, bool]:
        """A column of moments as numbers.

        Args:
            position: of the column; None for the DatetimeIndex of a DataFrame.

        Returns:
            Shape (rows,), float64: seconds since 1970 and True if the column holds dates, else its numbers and False.

        Raises:
            DataError: naming the row, if a cell is empty or cannot be read as a moment.
        """
        import pandas as pd

        column = pd.Series(self.moments) if position is None else self.column(position)
        if position is not None and _is_number(column):
            numbers = self.numbers([position])[0][:, 0]
            dates = dates_of_digits(numbers)
            return (numbers, False) if dates is None else (dates, True)
        name = "the index" if position is None else self.called(position)
        if position is not None and not hasattr(column.dropna().head(1).squeeze(), "year"):
            column = column.astype(object).map(lambda cell: str(cell).strip("'[] "), na_action="ignore")
        empty = np.flatnonzero(column.isna().to_numpy())
        if len(empty):
            raise DataError(f"{self.where(empty[0])}: the time in {name} is missing. Fill it in, or leave the row out")
        moments = as_moments(column)
        wrong = np.flatnonzero(moments.isna().to_numpy())
        if not len(wrong):
            return seconds(moments), True
        spans = _durations(column)
        if spans is not None:
            return spans, False
        cell = str(column.iloc[wrong[0]])
        if position is not None and cell == str(self.names[position]):
            hint = "The line of names comes twice: leave this one out"
        elif len(wrong) <= 0.1 * len(column) or (position is not None and not self.is_text(position)):
            hint = "Leave the row out, or write its time as in the others"
        else:
            way = "" if position is None else f", or drop=[{self.typed(position)}] if the rows follow each other evenly"
            hint = f"Write the times so (in pandas, to_datetime with format=){way}"
        raise DataError(
            f"{self.where(wrong[0])}: expected a moment in {name}, such as 2024-01-31 12:00:00, found {cell[:40]!r}. {hint}"
        )


def read_table(source, text: tuple = ()) -> Table:
    """A table of one's own.

    Args:
        source: the path of a file: text separated by commas, semicolons, tabs, blanks, pipes or "::" (UTF-8, UTF-16, or what
            Windows writes; packed by gzip too), an Excel workbook (.xlsx, first sheet; needs openpyxl), an array (.npy). Or a
            NumPy array, shape (rows, columns) or (rows,); or a pandas DataFrame or Series.
        text: columns, by name or number, that are to be read as text although they look like numbers (ids such as 0012). For
            files of text only.

    Returns:
        A ``Table``. A first line of names is recognised (a row with a number in it is never one), lines that begin with #
        above it are skipped (names written by ``np.savetxt`` are used), titles above it and empty lines too; a separator at the end of every row
        is ignored. Decimal commas and marks between thousands are read, unless they could mean two things.

    Raises:
        DataError: if the file is missing, no table, empty, or ragged, or if a number can be read in two ways; the message names the
            row by its number in the file, and says what to do.
    """
    import pandas as pd

    if hasattr(source, "to_pandas") and not isinstance(source, (pd.DataFrame, pd.Series)):
        source = source.to_pandas()  # polars, pyarrow
    if isinstance(source, (str, os.PathLike)):
        if not str(source).strip():
            raise DataError("expected the path of a file, found an empty text")
        path = Path(source).expanduser()
        cells = _table_files.read_file(path, tuple(text))
        columns, names, row_of = cells.columns, cells.names, cells.row_of
        return _table(str(path), path.name, columns, names, row_of, cells.named_all_but_first)
    if isinstance(source, pd.Series):
        source = source.to_frame()
    if isinstance(source, pd.DataFrame):
        if isinstance(source.index, pd.MultiIndex):
            raise DataError(
                "the DataFrame: its index has several levels. reset_index() makes columns of them, reset_index(drop=True) leaves "
                "them out"
            )
        named = not all(isinstance(name, (int, np.integer)) for name in source.columns)
        names = [_flat(name) for name in source.columns] if named else None
        index = source.index
        moments = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
        if not isinstance(moments, pd.DatetimeIndex):
            moments = _written_moments(index)
        columns = _table_cells.read_columns(
            [_of_plain_type(source.iloc[:, place].reset_index(drop=True)) for place in range(source.shape[1])],
            "the DataFrame",
        )
        if not len(source) or not columns:
            raise DataError(f"the DataFrame: expected rows of numbers, found shape {source.shape}")
        table = _table("the DataFrame", "a DataFrame", columns, names, lambda rows: list(index[rows]), False, moments)
        if not named and list(source.columns) != list(range(source.shape[1])):  # its own numbers, as after a drop
            object.__setattr__(table, "names", tuple(int(name) for name in source.columns))
            table.frame.columns = list(table.names)
        return table
    if (
        isinstance(source, (list, tuple))
        and source
        and not any(isinstance(part, (str, os.PathLike)) for part in source)
    ):
        try:
            source = np.asarray(source, np.float64)
        except (TypeError, ValueError):
            raise DataError("expected rows of equally many numbers, found a list of something else") from None
    if isinstance(source, np.ndarray):
        frame = _table_files.array_as_frame(source, "the array")
        if not frame.size:
            raise DataError(f"the array: expected rows of numbers, found shape {source.shape}")
        columns = _table_cells.read_columns([frame.iloc[:, place] for place in range(frame.shape[1])], "the array")
        names = [str(name) for name in frame.columns] if source.dtype.names else None
        return _table("the array", "an array", columns, names, lambda rows: rows)
    raise DataError(
        f"expected the path of a file, a NumPy array or a pandas DataFrame, found {type(source).__name__}"
        + _way_to_an_array(source)
    )


def _written_moments(index):
    """An index of dates in words (2024-01-31 12:00), as pandas.read_csv(…, index_col=0) leaves it, as moments; else None."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(index) or not all(_table_cells.is_date(str(cell)) for cell in index[:50]):
        return None
    read = pd.to_datetime(pd.Series(index, dtype=object), errors="coerce", utc=True, format="ISO8601")
    return None if read.isna().any() else pd.DatetimeIndex(read)


def _way_to_an_array(source) -> str:
    """What makes a table of something else, for the end of a message."""
    if isinstance(source, (list, tuple)):
        return " of paths: give one at a time" if source else ""
    if isinstance(source, dict) and "data" in source:
        return ": give its ['data']"
    if isinstance(source, dict):
        return ": give pandas.DataFrame(…) of it"
    if hasattr(source, "toarray"):
        return ": give its .toarray()"
    if hasattr(source, "files") and hasattr(source, "keys"):
        return f" of several arrays: give one, such as [{next(iter(source.keys()), '…')!r}]"
    if hasattr(source, "numpy") or hasattr(source, "__array__"):
        return ": give numpy.asarray(…) of it"
    if hasattr(source, "read"):
        return ": give its path"
    return ""


def _table(source, name, columns, names, row_of, first_unnamed=False, moments=None) -> Table:
    import pandas as pd

    unique: list[str | int] = []
    for place in range(len(columns)):
        word = names[place] if names is not None else None
        word = place if word is None else word.strip()
        count, first = 0, word
        while word in unique:
            count += 1
            word = f"{first}.{count}"
        unique.append(word)
    frame = pd.concat([pd.Series(c).reset_index(drop=True) for c in columns], axis=1, ignore_index=True)
    frame.columns = unique
    return Table(source, name, frame, tuple(unique), names is not None, first_unnamed, moments, row_of)


def dates_of_digits(numbers: np.ndarray) -> np.ndarray | None:
    """Dates that are written as one number (20240131, 2024013112, 202401311200, 20240131120000), as seconds since 1970; else None."""
    import pandas as pd

    if not len(numbers) or (numbers != np.floor(numbers)).any():
        return None
    for form, digits in (("%Y%m%d", 8), ("%Y%m%d%H", 10), ("%Y%m%d%H%M", 12), ("%Y%m%d%H%M%S", 14)):
        if (numbers < 19 * 10.0 ** (digits - 2)).any() or (numbers >= 21 * 10.0 ** (digits - 2)).any():
            continue
        words = pd.Series(numbers.astype(np.int64)).astype(str)
        if digits == 10:  # pandas wants minutes behind hours
            words, form = words + "00", "%Y%m%d%H%M"
        read = pd.to_datetime(words, format=form, errors="coerce", utc=True)
        return None if read.isna().any() else seconds(read)
    return None


_DURATION = re.compile(r"(\d+ days?,? )?\d+:\d\d(:\d\d(\.\d+)?)?")


def _durations(column) -> np.ndarray | None:
    """Times since the begin of a recording (0 days 00:01:00, 25:10:00) in seconds, or None if some cell is none."""
    import pandas as pd

    words = column.astype(str).str.strip()
    if not words.map(lambda word: _DURATION.fullmatch(word) is not None).all():
        return None
    words = words.where(words.str.count(":") == 2, words + ":00")
    read = pd.to_timedelta(words, errors="coerce")
    return None if read.isna().any() else read.dt.total_seconds().to_numpy()


def as_moments(column):
    """A pandas Series of words or moments as moments in UTC, NaT where a cell is none.

    Days come before months where the dates are written with points, or where only so all of them exist, or only so they rise,
    or where both rise and only so they come evenly.
    """
    import warnings

    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.to_datetime(column, utc=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns where it guesses; what comes out is looked at below
        words = column.astype(object)
        iso = pd.to_datetime(words, errors="coerce", utc=True, format="ISO8601")
        if not iso.isna().any():
            return iso
        best = iso
        dots = bool(words.astype(str).str.match(r"\d{1,2}\.\d{1,2}\.").any())
        rising = []
        for form in (None, "mixed"):  # one form for all is read a hundred times as fast
            for day_first in (dots, not dots):
                try:
                    read = pd.to_datetime(words, errors="coerce", utc=True, dayfirst=day_first, format=form)
                except (ValueError, TypeError):
                    continue
                if not read.isna().any() and read.is_monotonic_increasing:
                    rising.append(read)
                elif read.isna().sum() < best.isna().sum():
                    best = read
                if dots and rising:
                    break
            if rising:
                break
    return min(rising, key=_unevenness) if rising else best


def _unevenness(moments) -> float:
    """How much the steps between moments vary, as a share of the mean one."""
    steps = np.diff(seconds(moments))
    steps = steps[steps > 0]
    return float(steps.std() / steps.mean()) if len(steps) else 0.0


def seconds(moments) -> np.ndarray:
    """Moments of pandas (a Series or Index in UTC) as seconds since 1970, float64."""
    import pandas as pd

    whole = pd.DatetimeIndex(moments).tz_convert(None).to_numpy("datetime64[us]")  # nanoseconds end in 2262
    return (whole - np.datetime64(0, "us")) / np.timedelta64(1, "s")


def _is_number(column) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(column)


def _as_list(values) -> list:
    return [values] if isinstance(values, (int, float, np.number)) else list(values)


def _plain(value: float) -> str:
    return f"{value:.0f}" if abs(value) < 1e15 and value == round(value) else f"{value:g}"


def _of_plain_type(column):
    """A column of a DataFrame as numbers, moments or words: spans of time are seconds, periods the moment they begin at."""
    if column.dtype.kind == "m":
        return column.dt.total_seconds()
    if str(column.dtype).startswith("period"):
        return column.dt.to_timestamp()
    if column.dtype.kind == "c":
        raise DataError(
            f"the DataFrame: expected numbers in the column {column.name!r}, found complex ones. Give .real or .abs()"
        )
    return column


def _flat(name) -> str:
    return ".".join(map(str, name)) if isinstance(name, tuple) else str(name)
