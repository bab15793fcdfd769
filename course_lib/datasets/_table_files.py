"""A file with a table in it, read by pandas: what kind of file it is, how it is written, and where its rows stand."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from course_lib.datasets import _table_cells as _cells
from course_lib.datasets._files import DataError

_SAMPLE = 1 << 18  # bytes, enough to see how a file is written

# The first bytes of files that hold no text: what they are, and what to do.
_KINDS = (
    (b"PAR1", "a Parquet file", "Read it with pandas (pandas.read_parquet) and give the DataFrame"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "Save it as .xlsx or as CSV UTF-8"),
    (b"\x89HDF", "an HDF5 file", "Read it with pandas or h5py and give the DataFrame or the array"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it first"),
    (b"BZh", "packed with bzip2", "Unpack it first"),
    (b"\xfd7zXZ", "packed with xz", "Unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first"),
    (b"ARROW1", "an Arrow file", "Read it with pandas (pandas.read_feather) and give the DataFrame"),
    (b"SQLite format 3", "an SQLite database", "Read the table with pandas (pandas.read_sql) and give the DataFrame"),
    (b"MATLAB 5.0 MAT", "a MATLAB file", "Read it with scipy.io.loadmat and give the array"),
    (b"\x80\x05", "a pickle", "Read it with pandas (pandas.read_pickle) and give the DataFrame"),
    (b"\x80\x04", "a pickle", "Read it with pandas (pandas.read_pickle) and give the DataFrame"),
    (b"%PDF", "a PDF", "Give the table itself, as CSV"),
    (b"\x89PNG", "a picture", "Give a table, as CSV"),
    (b"\xff\xd8\xff", "a picture", "Give a table, as CSV"),
    (
        b"version https://git-lfs",
        "only a pointer to a file that Git LFS keeps elsewhere",
        "Fetch the file itself (git lfs pull)",
    ),
    (
        b"/annex/objects",
        "only a pointer to a file that git-annex keeps elsewhere",
        "Fetch the file itself (git annex get)",
    ),
)


@dataclass(frozen=True)
class Cells:
    """The cells of a table as a file has them.

    Attributes:
        columns: pandas Series, one a column, numbers where all of its filled cells are some.
        names: of the columns, None where there is none; or None if the file names no columns.
        row_of: from the numbers of rows, counted from 0, to those of the file, counted from 1.
        named_all_but_first: whether the first column alone has no name, as the index has none that pandas writes.
    """

    columns: list
    names: list[str | None] | None
    row_of: Callable[[np.ndarray], np.ndarray]
    named_all_but_first: bool = False


def read_file(path: Path, text: tuple = ()) -> Cells:
    """The cells of a file: text, packed text (.gz), an Excel workbook (.xlsx) or an array (.npy).

    Args:
        path: of the file.
        text: names or numbers of columns to be read as text.

    Raises:
        DataError: naming the file, and the row where one is at fault.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except FileNotFoundError:
        folder = path.parent.resolve()
        there = f"in the folder {folder}" if folder.is_dir() else f"(the folder {folder} does not exist either)"
        raise DataError(
            f"The file {path} does not exist. It was looked for {there}; give the whole path of your file"
        ) from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder. Give the path of one file in it") from None
    except OSError as error:
        if path.is_dir():  # Windows refuses to open one
            raise DataError(f"{path} is a folder. Give the path of one file in it") from None
        raise DataError(f"The file {path} cannot be read: {error.strerror or error}") from error
    for mark, kind, remedy in _KINDS:
        if start.startswith(mark):
            raise DataError(f"{path} is {kind}. {remedy}")
    if start.startswith(b"PK\x03\x04"):
        return _read_workbook(path)
    if start.startswith(b"\x93NUMPY"):
        return _read_array(path)
    if start.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise DataError(
            f"{path} is a web page. Download the file itself (on GitHub: the button Raw). If Excel shows "
            "a table in it, save it from there as .xlsx"
        )
    if start.lstrip()[:1] in (b"{", b"[") and b'"' in start:
        raise DataError(f"{path} is JSON. Read it with pandas (pandas.read_json) and give the DataFrame")
    return _read_text(path, start.startswith(b"\x1f\x8b"), text)


def names_above(row: list[str]) -> tuple[list[str | None], bool] | None:
    """The names of columns, if a row of cells holds some, and whether the first alone has none.

    A row that holds a number is never one of names, unless all its numbers count the columns (label, 0, 1, 2, …).
    """
    filled = list(row)
    while len(filled) > 1 and not filled[-1]:
        filled.pop()  # a separator at the end of each row
    first_empty = len(filled) > 2 and not filled[0]
    kinds = [
        "empty" if not cell else "hole" if _cells.is_hole(cell) else "number" if _cells.is_numeric(cell) else "text"
        for cell in filled
    ]
    numbers = [_cells.number(cell) for cell, kind in zip(filled, kinds, strict=True) if kind == "number"]
    counted = len(numbers) > 1 and numbers in (list(range(len(numbers))), list(range(1, len(numbers) + 1)))
    if any(_cells.is_date(cell) for cell in filled):
        return None
    named = kinds.count("text")
    if first_empty and (named == len(filled) - 1 or (counted and len(numbers) == len(filled) - 1)):
        return [None, *filled[1:], *[None] * (len(row) - len(filled))], True
    if "hole" in kinds or (numbers and not (counted and named)) or named < max(1, kinds.count("empty")):
        return None
    return [cell or None for cell in row], False


# --- text ---


@dataclass(frozen=True)
class _Form:
    """How a text file is written: its encoding, what separates cells, and the line of its first row, counted from 1."""

    encoding: str
    packed: bool
    separator: str
    first: int = 1
    quotes: bool = (
        True  # whether a quotation mark keeps separators from cutting; False where it is a letter like others
    )
    words_first: bool = False  # whether blanks separate a word from its numbers, as embeddings of words are written

    def cells(self, line: str) -> list[str]:
        """The cells of a line by itself: a quotation mark that is never closed spoils its own row only."""
        line = line.rstrip("\r\n")
        if self.separator == "blanks":
            line, mark = line.replace("\t", " ").strip(), " "
        elif self.separator == "::":
            return [cell.strip() for cell in line.split("::")]
        else:
            mark = self.separator
        if not self.quotes:
            return [cell.strip() for cell in (line.split() if mark == " " else line.split(mark))]
        return [cell.strip() for cell in next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])]


def _lines(path: Path, form: _Form) -> Iterator[tuple[int, str]]:
    """The lines of a file that have anything in them, from the first row of the table on, with their numbers."""
    with (
        gzip.open(path, "rb") if form.packed else path.open("rb") as file,
        io.TextIOWrapper(file, encoding=form.encoding, errors="replace") as lines,
    ):
        for count, line in enumerate(lines, 1):
            if count >= form.first and line.strip():
                yield count, line


class _QuotesAreLetters(Exception):
    """A row has as many cells as the others if its quotation marks are taken for letters."""


def _read_text(path: Path, packed: bool, text: tuple) -> Cells:
    try:
        return _read_lines(path, packed, text, True)
    except _QuotesAreLetters:
        return _read_lines(path, packed, text, False)


def _read_lines(path: Path, packed: bool, text: tuple, quotes: bool) -> Cells:
    import pandas as pd

    form = _Form(_encoding(path, packed), packed, ",", 1, quotes)
    head = list(itertools.islice(_lines(path, form), 60))
    data = [count for count, line in head if line.strip().lower() == "@data"]
    if data:
        raise DataError(
            f"{path} is written in the form of Weka (.arff) or sktime (.ts). Copy the lines below @data (row {data[0]}) into a file of "
            "their own, with commas between all cells"
        )
    separator, names, comment = None, None, None
    while head and (head[0][1].lstrip().startswith("#") and not _cells.is_hole(head[0][1].split(",")[0])):
        comment = head.pop(0)[1]
    if head and head[0][1].strip().strip('"').lower().startswith("sep=") and len(head[0][1].strip().strip('"')) <= 5:
        separator = head.pop(0)[1].rstrip("\r\n").strip(' "')[4:] or None
    if not any(line.strip(" \t,;|\r\n") for _, line in head):
        raise DataError(f"{path}: expected one row of numbers a line, found no rows with anything in them")
    if head[0][1].strip().removesuffix(":").isdecimal() and head[0][1].strip().endswith(":"):
        raise DataError(
            f"{path} is written as the Netflix prize is: the number of a film, a colon, and below it the ratings. Write the film into "
            "each row: in pandas table = read_csv(…, names=['user', 'rating', 'date']), film = "
            "table.user.where(table.user.str.endswith(':')).ffill(), then table.assign(film=film).dropna()"
        )
    words_first = separator is None and _words_first([line for _, line in head[1:]])
    if words_first:
        separator, quotes = "blanks", False
        counts = head[0][1].split()
        if len(counts) == 2 and counts[1].isdecimal() and len(head[1][1].split()) == int(counts[1]) + 1:
            head.pop(0)  # word2vec: how many words, how many numbers
    if separator is None:
        separator = _separator([line for _, line in head])
    form = _Form(form.encoding, packed, separator, head[0][0], quotes, words_first)
    head = _below_titles(head, form)
    form = replace(form, first=head[0][0])
    cells = form.cells(head[0][1])
    above, lonely = (not words_first and names_above(cells)) or (None, False)
    if above is None and comment is not None:  # np.savetxt writes names so
        below = names_above(form.cells(comment.lstrip().lstrip("#")))
        if below is not None and len(below[0]) == len(cells) > 1:
            names, lonely = below
    if above is not None:
        names = above
        if len(head) == 1:
            raise DataError(f"{path}: expected rows of numbers, found only a line of names")
        form = replace(form, first=head[1][0])
        cells = form.cells(head[1][1])
    width = len(cells)
    if names is not None:
        if len(names) == width - 1 and not cells[-1]:
            names = [*names, None]  # a separator at the end of each row, but not of the names
        elif len(names) == width - 1:
            names, lonely = [None, *names], True  # as R writes row names
        while len(names) > width and names[-1] is None:
            names.pop()
        if len(names) != width:
            raise DataError(
                f"{path}, row {form.first}: expected {len(names)} numbers as there are names in row {head[0][0]}, found {width}"
            )
    if len(head) == 1 and width > 1000:
        columns, names, width = _one_long_line(path, form), None, 1
    else:
        columns = _parsed(path, form, width, _text_columns(text, names, width))
    if len(columns) and width > 1 and columns[-1].isna().any():
        _check_widths(path, form, width)  # pandas fills up short rows
        while len(columns) > 1 and columns[-1].isna().all() and (names is None or names[-1] is None):
            columns, names = columns[:-1], names and names[:-1]
        ends = len(columns[0])  # behind a table some programs write rows of separators
        while ends > 1 and columns[-1].isna().iloc[ends - 1] and all(c.isna().iloc[ends - 1] for c in columns):
            ends -= 1
        columns = [column.iloc[:ends] for column in columns]
    if any(_has_marks(column, pd) or _may_be_groups(column) for column in columns):
        rows = len(columns[0])
        columns = _parsed(path, form, width, set(range(width)))[: len(columns)]  # 1.011 may be a thousand here
        columns = [column.iloc[:rows] for column in columns]
    kept_as_text = _text_columns(text, names, len(columns)) | ({0} if words_first else set())
    read = _cells.read_columns([c for p, c in enumerate(columns) if p not in kept_as_text], str(path))
    columns = [columns[p] if p in kept_as_text else read.pop(0) for p in range(len(columns))]
    found: list[np.ndarray] = []

    def row_of(rows: np.ndarray) -> np.ndarray:
        if not found:
            found.append(np.fromiter((count for count, _ in _lines(path, form)), np.int64))
        return found[0][np.minimum(rows, len(found[0]) - 1)]

    return Cells(columns, names, row_of, lonely)


def _text_columns(text: tuple, names: list | None, width: int) -> set[int]:
    """The positions of the columns that are to be read as text."""
    positions = set()
    for column in text:
        if isinstance(column, int):
            positions.add(column % width)
        elif names is not None and column in names:
            positions.add(names.index(column))
    return positions


def _encoding(path: Path, packed: bool) -> str:
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            start = file.read(_SAMPLE)
    except (OSError, EOFError) as error:
        raise DataError(f"{path} cannot be unpacked: {error}. Download it again, or unpack it by hand") from error
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif start.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif start[1:200:2].count(0) > len(start[1:200:2]) / 2:
        encoding = "utf-16-le"
    else:
        encoding = "utf-8"
    if encoding == "utf-8":
        try:
            codecs.getincrementaldecoder("utf-8")().decode(start)
        except UnicodeDecodeError:
            encoding = _one_byte(start)
    sample = start[: len(start) // 2 * 2].decode(encoding, errors="replace")
    strange = [sign for sign in sample[1:] if (ord(sign) < 32 and sign not in "\t\r\n\f\x1a") or sign == "\ufeff"]
    if len(strange) > len(sample) / 1000:
        raise DataError(
            f"{path} cannot be read as text: it holds signs that no table has. Give a CSV file, an Excel workbook (.xlsx), "
            "an array (.npy), or a pandas DataFrame"
        )
    return encoding


def _one_byte(content: bytes) -> str:
    """What Excel on Windows writes, unless a byte means nothing there."""
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _separator(lines: list[str]) -> str:
    """What stands between the cells, judged by the first lines: that which cuts most of them into equally many."""

    def widths(mark: str) -> list[int]:
        return [len(_Form("", False, mark).cells(line)) for line in lines]

    def even(mark: str) -> bool:
        width, often = Counter(widths(mark)).most_common(1)[0]
        return width > 1 and often >= 0.6 * len(lines)

    if even("::"):
        return "::"
    if even(","):  # 1,5 2,5 3,5 has commas too
        pieces = [piece for line in lines[-20:] for piece in line.split()]
        if even("blanks") and all(_cells.is_numeric(p) or _cells.is_hole(p) for p in pieces) and "," in "".join(pieces):
            return "blanks"
    for mark in (";", "\t", ",", "|"):
        if even(mark):
            return mark
    last = lines[-1]
    for mark in ";\t,|":  # ragged in the sample: said later, row by row
        if mark in last:
            return mark
    return (
        "blanks"
        if any(len(line.split()) > 1 and _cells.number(line.split()[0]) is not None for line in lines[-3:])
        else ","
    )


def _words_first(lines: list[str]) -> bool:
    """Whether lines hold a word and then numbers, with single blanks between them."""
    cut = [line.split() for line in lines]
    if not cut or len(cut[0]) < 5 or len({len(row) for row in cut}) > 1:
        return False
    if sum(_cells.number(row[0]) is None for row in cut) < 0.5 * len(cut) or any("\t" in line for line in lines):
        return False
    return all(_cells.number(cell) is not None for row in cut for cell in row[1:])


def _below_titles(head: list[tuple[int, str]], form: _Form) -> list[tuple[int, str]]:
    """The lines from the names of the columns on, without titles above them."""
    if len(form.separator) > 2 or len(head) < 4:  # a title of several words is no line of cells between blanks
        return head
    skipped = _titles_above([form.cells(line) for _, line in head])
    return head[skipped:]


def _titles_above(rows: list[list[str]]) -> int:
    """How many rows above the names of the columns hold only titles: words, in fewer cells than the others."""
    filled = [[cell for cell in row if cell] for row in rows]
    usual = Counter(map(len, filled)).most_common(1)[0][0]
    skipped = 0
    while skipped < len(rows) and len(filled[skipped]) < usual:
        if any(_cells.is_numeric(cell) or _cells.is_date(cell) or _cells.is_hole(cell) for cell in filled[skipped]):
            return 0
        if 2 * len(filled[skipped]) >= usual and not all(rows[skipped][: len(filled[skipped])]):
            return 0  # names, one of which is missing
        skipped += 1
    return skipped if skipped < len(rows) and names_above(filled[skipped]) is not None else 0


def _parsed(path: Path, form: _Form, width: int, text: set[int]) -> list:
    """The columns as pandas reads them; DataError with the row if it does not."""
    import pandas as pd

    separator, names = form.separator, list(range(width))
    if separator == "::":  # as the larger sets of MovieLens; one colon can be read fast, two cannot
        separator, names = ":", list(range(2 * width - 1))
    types = {2 * p if form.separator == "::" else p: "str" for p in text}
    holes = _cells.hole_words()
    if form.words_first:
        types[0], holes = "str", {name: holes for name in names[1:]}  # "null" and "?" are words like others
    try:
        frame = pd.read_csv(
            path,
            sep=r"\s+" if separator == "blanks" else separator,
            header=None,
            names=names,
            index_col=None,
            dtype=types,
            skiprows=form.first - 1,
            encoding=form.encoding,
            compression="gzip" if form.packed else None,
            na_values=holes,
            quoting=csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE,
            keep_default_na=False,
            skipinitialspace=True,
            low_memory=False,
        )
    except UnicodeDecodeError:  # far behind the sample
        if form.encoding == "cp1252":
            return _parsed(path, replace(form, encoding="latin-1"), width, text)
        return _parsed(path, replace(form, encoding="cp1252"), width, text)
    except (pd.errors.ParserError, ValueError, EOFError, OSError, MemoryError) as error:
        if form.separator != "::":
            _check_widths(path, form, width)
        else:
            return _slowly(path, form, width)
        raise DataError(f"{path} cannot be read as a table: {str(error).strip().splitlines()[0]}") from error
    columns = [frame[name] for name in names]
    if form.separator == "::":
        if not all(column.isna().all() for column in columns[1::2]):
            return _slowly(path, form, width)  # a title with a colon in it
        columns = columns[::2]
    if len(columns) > 1 and any(_spoilt_by_quotes(column) for column in columns):
        _check_widths(path, form, width)
    return columns


def _slowly(path: Path, form: _Form, width: int) -> list:
    """The columns of a file that pandas' fast reader cannot cut, as text."""
    import pandas as pd

    _check_widths(path, form, width)
    rows = [form.cells(line) for _, line in _lines(path, form)]
    return [pd.Series(column, dtype="str") for column in zip(*rows, strict=True)]


def _spoilt_by_quotes(column) -> bool:
    """Whether a cell reaches over several lines, as behind a quotation mark that is never closed."""
    if column.dtype != object and str(column.dtype) not in ("str", "string"):
        return False
    return bool(column.str.contains("\n", regex=False).eq(True).any())


def _check_widths(path: Path, form: _Form, width: int) -> None:
    """DataError for the first row that has more or fewer cells than the first one."""
    for count, line in _lines(path, form):
        found = form.cells(line)
        if len(found) != width:
            if form.quotes and form.separator == "\t" and len(line.rstrip("\r\n").split("\t")) == width:
                raise _QuotesAreLetters
            above = (
                f". If the table begins in row {count}, leave the lines above it out"
                if 0 < count - form.first < 60 and len(found) > width
                else ""
            )
            raise DataError(
                f"{path}, row {count}: expected {width} numbers as in row {form.first}, found {len(found)}{above}"
            )


def _one_long_line(path: Path, form: _Form) -> list:
    """A line of very many numbers, as some archives write a series: one column, which pandas would take minutes to turn."""
    import pandas as pd

    return [pd.Series(form.cells(next(_lines(path, form))[1]), dtype="str")]


def _has_marks(column, pd) -> bool:
    if pd.api.types.is_numeric_dtype(column):
        return False
    text = column.dropna().astype(str)
    marked = list(text[text.str.contains(r",|\.\d{3}\.", regex=True)].head(200))
    return bool(marked) and all(_cells.is_numeric(cell) for cell in marked)


def _may_be_groups(column) -> bool:
    return column.dtype.kind == "f" and _cells.may_be_groups(column.to_numpy())


# --- other files ---


def _read_workbook(path: Path) -> Cells:
    """The first sheet of an Excel workbook."""
    import zipfile

    import pandas as pd

    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged: {error}. Download or save it again") from error
    if not any(name.startswith("xl/") for name in inside):
        if any(name.endswith(".npy") for name in inside):
            found = ", ".join(name.removesuffix(".npy") for name in inside[:5])
            raise DataError(
                f"{path} holds several arrays ({found}). Give one of them: np.load({path.name!r})[{found.split(', ')[0]!r}]"
            )
        raise DataError(
            f"{path} is a zip archive ({', '.join(inside[:5])}). Unpack it and give the file that holds the table"
        )
    try:
        sheet = pd.read_excel(path, header=None, na_values=[], keep_default_na=False)
    except ImportError:
        raise DataError(
            f"{path} is an Excel workbook, and the package that reads it is not installed: pip install openpyxl (or save "
            "the sheet as CSV UTF-8)"
        ) from None
    except Exception as error:  # openpyxl raises what it likes
        raise DataError(f"{path} cannot be read as an Excel workbook: {error}. Save the sheet as CSV UTF-8") from error
    sheet = sheet.replace(r"^\s*$", np.nan, regex=True)
    filled = np.flatnonzero(sheet.notna().any(axis=1).to_numpy())
    columns = np.flatnonzero(sheet.notna().any(axis=0).to_numpy())
    if not len(filled):
        raise DataError(
            f"{path}: expected rows of numbers, found no rows with anything in them on the first sheet{_other_sheets(path)}"
        )
    sheet = sheet.iloc[filled, columns]
    top = [["" if pd.isna(cell) else str(cell).strip() for cell in row] for _, row in sheet.head(60).iterrows()]
    titles = _titles_above(top) if len(top) > 3 else 0
    sheet, filled = sheet.iloc[titles:], filled[titles:]
    first = ["" if pd.isna(cell) else str(cell).strip() for cell in sheet.iloc[0]]
    names, lonely = names_above(first) or (None, False)
    if names is not None:
        sheet, filled = sheet.iloc[1:], filled[1:]
        if not len(filled):
            raise DataError(f"{path}: expected rows of numbers, found only a line of names{_other_sheets(path)}")
    series = [sheet.iloc[:, place].reset_index(drop=True).infer_objects() for place in range(sheet.shape[1])]
    return Cells(_cells.read_columns(series, str(path)), names, lambda rows: filled[rows] + 1, lonely)


def _other_sheets(path: Path) -> str:
    """How to give another sheet of a workbook than the first, if there is one."""
    import pandas as pd

    with pd.ExcelFile(path) as book:
        sheets = book.sheet_names
    if len(sheets) < 2:
        return ""
    named = ", ".join(map(repr, sheets[:6]))
    return (
        f". Only the first sheet is read, of {named}: move the one with the table to the front, or save it as CSV UTF-8"
    )


def _read_array(path: Path) -> Cells:
    import pandas as pd

    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        hint = "It holds Python objects: save numbers" if "pickle" in str(error) else "Save it again"
        raise DataError(f"{path} cannot be read as an array: {error}. {hint}") from error
    frame = array_as_frame(array, str(path))
    names = [str(name) for name in frame.columns] if array.dtype.names else None
    series = [pd.Series(frame.iloc[:, place]) for place in range(frame.shape[1])]
    return Cells(_cells.read_columns(series, str(path)), names, lambda rows: rows + 1)


def array_as_frame(array: np.ndarray, source: str):
    """A NumPy array of one or two dimensions as a pandas DataFrame; DataError for others."""
    import pandas as pd

    if np.ma.isMaskedArray(array):
        array = np.ma.filled(array.astype(np.float64), np.nan)
    if array.dtype.names:
        return pd.DataFrame(array)
    if array.ndim not in (1, 2) or array.dtype.kind == "c":
        kind = "complex numbers" if array.dtype.kind == "c" else f"shape {array.shape}"
        way = ""
        if array.ndim == 3 and 1 in array.shape[1:]:
            way = ". Give array.squeeze()"
        elif array.ndim > 2:
            way = ". For one row each give array.reshape(len(array), -1), for one of several signals array[:, :, 0]"
        elif array.dtype.kind == "c":
            way = ". Give their real part, or their size: abs(array)"
        raise DataError(
            f"{source}: expected one row of numbers a line, shape (rows, numbers in a row), found {kind}{way}"
        )
    return pd.DataFrame(array[:, None] if array.ndim == 1 else array)
