"""What a cell of a table says: a hole, a number in one of the ways to write one, a moment, or words."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from course_lib.datasets._files import DataError

# What stands for a missing value, in lower case: of Python, R, SQL, and the errors of Excel in English, German, French.
HOLES = frozenset(
    "|nan|+nan|-nan|na|n/a|n.a.|n. a.|n.d.|nat|null|nil|none|-|--|---|?|.|..|<na>|#n/a|#n/a n/a|#na|#nv|#div/0!|#value!|#wert!"
    "|#valeur!|#ref!|#bezug!|#name?|#num!|#zahl!|#null!|1.#qnan|-1.#qnan|1.#ind|-1.#ind|1.#nan|-1.#nan|missing".split(
        "|"
    )
)

_BLANKS = "\u00a0\u2007\u2009\u202f"  # blanks that do not break a line, as some programs set them between thousands

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
_COMMA = re.compile(r"[+-]?(\d+,\d+|,\d+)([eE][+-]?\d+)?")  # one comma, no point
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")  # 1.011,01
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")  # 1,011.01
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")  # 1,011 and 1.011: about one, or about a thousand

_WITH_UNIT = re.compile(r"[+-]?\d[\d.,]* ?(%|[°µμ]?[A-Za-z][\w/²³°]*)")  # 18.3 kW
_OTHER_GROUPS = re.compile(r"[+-]?(\d{1,3}(['’ ]\d{3})+([.,]\d+)?|\d{1,2}(,\d\d)+,\d{3}(\.\d+)?)")  # 15'000.5, 1,23,456
_COMPLEX = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?[+-][\d.]+(e[+-]?\d+)?[ij]", re.IGNORECASE)

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,4}[./]\d{1,2}[./]\d{1,4}|\d{1,2}:\d{2}(:\d{2})?|\d{1,2}[- ][A-Za-z]{3}")


def is_hole(cell: str) -> bool:
    """Whether a cell is empty or holds one of the usual words for a missing value."""
    return cell.strip().lower() in HOLES


def is_date(cell: str) -> bool:
    """Whether a cell begins as a date or a time of day does."""
    return _DATE.match(cell.strip()) is not None


def number(cell: str) -> float | None:
    """The number in a cell with a decimal point; None for anything else, also for what only Python takes for a number."""
    text = cleaned(cell)
    return float(text) if _PLAIN.fullmatch(text) else None


def is_numeric(cell: str) -> bool:
    """Whether a cell holds a number, whatever marks stand between its digits."""
    text = cleaned(cell)
    return any(form.fullmatch(text) for form in (_PLAIN, _COMMA, _POINT_GROUPS, _COMMA_GROUPS))


def almost_a_number(cell: str) -> str:
    """What keeps a cell from being a number, and how to mend it, as a sentence; empty if it is not meant as one."""
    text = cell.strip()
    if _OTHER_GROUPS.fullmatch(text):
        return "Write numbers with nothing between the thousands"
    if _COMPLEX.fullmatch(text):
        return "It is a complex number: give its real part, or its size"
    if _WITH_UNIT.fullmatch(text):
        return "If it is a number with a unit, write the number alone"
    return ""


def cleaned(cell: str) -> str:
    """A cell without outer blanks, without blanks that do not break, and with a plain minus."""
    text = cell.strip()
    for blank in _BLANKS:
        text = text.replace(blank, "")
    return re.sub("^[\u2212\u2012\u2013](?=[\\d.,])", "-", text)


@lru_cache(maxsize=1)
def hole_words() -> list[str]:
    """The words for a missing value in the capitals in which they are met, for pandas, which minds them."""
    return sorted({form for word in HOLES for form in (word, word.upper(), word.title(), "NaN", "<NA>", "NaT")})


def read_columns(columns: list, source: str) -> list:
    """The columns of a table with numbers wherever all filled cells of a column are some, and text left as it is.

    Decimal commas and marks between thousands are understood if the table as a whole says which is which.

    Args:
        columns: pandas Series, any dtype.
        source: of the table, for messages.

    Returns:
        As many Series: float64 or integers where a column holds numbers, else text with NaN for holes.

    Raises:
        DataError: if a number could be read in two ways.
    """
    import pandas as pd

    columns = [
        column.astype(object).infer_objects() if isinstance(column.dtype, pd.CategoricalDtype) else column
        for column in columns
    ]
    texts = {}  # position of a column of text -> its different cells, cleaned, without holes
    for position, column in enumerate(columns):
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            continue
        if column.dtype == object and column.map(lambda cell: hasattr(cell, "year")).any():
            continue  # moments of an Excel sheet
        mixed = column.dtype == object and not column.map(lambda cell: isinstance(cell, str), na_action="ignore").all()
        texts[position] = column.astype(object).map(str, na_action="ignore") if mixed else column
    found = {}
    for position, column in texts.items():
        different = column.dropna().unique()
        found[position] = {cell: cleaned(cell) for cell in different if not is_hole(cell)}
    numeric = {p for p, cells in found.items() if cells and all(is_numeric(cell) for cell in cells.values())}
    marks = _marks([cell for p in numeric for cell in found[p].values()], source)
    if marks == "point":
        for position in numeric:
            _refuse_groups_among_whole(list(found[position].values()), source)
    result = list(columns)
    for position, column in texts.items():
        cells = found[position]
        if position in numeric or not cells:
            values = {cell: _value(text, marks) for cell, text in cells.items()}
            result[position] = column.astype(object).map(values).astype(np.float64)
        elif any(cell != cell.strip() for cell in cells) or len(cells) < column.nunique():
            result[position] = column.map({cell: cell.strip() for cell in cells})
        else:
            result[position] = column
    return result


def _value(text: str, marks: str) -> float:
    """A cleaned cell as a number, given what the marks of its table mean: "point", "comma" or "comma with points"."""
    if marks == "point":
        return float(text.replace(",", ""))
    if "," in text or marks == "comma with points":
        text = text.replace(".", "").replace(",", ".")
    return float(text)


def _refuse_groups_among_whole(cells: list[str], source: str) -> None:
    """DataError if 950 and 1.020 stand in one column: decimals that are written with three places have them everywhere."""
    either = [cell for cell in cells if "." in cell]
    whole = [c for c in cells if c.lstrip("+-").isdecimal() and len(c.lstrip("+-")) <= 3 and c.strip("+-0")]  # 0: off
    if len(whole) > 1 and len(either) >= 3 and all(_EITHER.fullmatch(cell) for cell in either):
        raise DataError(
            f"{source}: {either[0]} may be {either[0].replace('.', '')} or {float(either[0]):g}, in a column that holds {whole[0]} too. "
            'Give a DataFrame: of thousands pandas.read_csv(…, thousands="."), of decimals without it'
        )


def may_be_groups(values: np.ndarray) -> bool:
    """Whether numbers that were read as decimals may be whole ones with points between thousands: 950 and 1.020."""
    values = np.abs(values[np.isfinite(values)])
    whole = values == np.floor(values)
    parts = values[~whole]
    if not len(parts) or not whole.any() or values[whole].max() >= 1000 or parts.min() < 1 or parts.max() >= 1000:
        return False
    thousandths = parts * 1000
    near = np.round(thousandths)
    return bool((np.abs(thousandths - near) < 1e-6).all()) and bool((near % 10 > 0).mean() > 0.5)


def _marks(cells: list[str], source: str) -> str:
    """What commas and points mean in the numbers of a table; DataError if that is not to be seen."""
    commas = [cell for cell in cells if "," in cell]
    remedy = "Write decimals with a point, and nothing between the thousands"
    if not commas:
        groups = [c for c in cells if _POINT_GROUPS.fullmatch(c) and not _PLAIN.fullmatch(c)]  # 1.234.567
        decimals = [c for c in cells if "." in c and not _POINT_GROUPS.fullmatch(c)]
        if groups and decimals:
            raise DataError(
                f"{source}: has a point between thousands in {groups[0]} and a decimal one in {decimals[0]}. {remedy}"
            )
        return "comma with points" if groups else "point"
    decimal = [
        c
        for c in commas
        if (_COMMA.fullmatch(c) and not _EITHER.fullmatch(c)) or ("." in c and _POINT_GROUPS.fullmatch(c))
    ]
    thousand = [
        c for c in commas if _COMMA_GROUPS.fullmatch(c) and not _EITHER.fullmatch(c) and not _COMMA.fullmatch(c)
    ]
    if decimal and thousand:
        raise DataError(
            f"{source}: has a decimal comma in {decimal[0]} and a comma between thousands in {thousand[0]}. {remedy}"
        )
    if thousand:
        return "point"
    if not decimal:
        raise DataError(
            f"{source}: {commas[0]} may be {commas[0].replace(',', '.')} or {commas[0].replace(',', '')}, and no other number "
            f'of the table decides it. {remedy} (in pandas, read_csv with thousands="," or decimal=",")'
        )
    points = [cell for cell in cells if "." in cell]
    groups = [c for c in points if _POINT_GROUPS.fullmatch(c) and not _EITHER.fullmatch(c)]
    decimals = [c for c in points if not _POINT_GROUPS.fullmatch(c)]
    if groups and decimals:
        raise DataError(
            f"{source}: has a point between thousands in {groups[0]} and a decimal one in {decimals[0]}. {remedy}"
        )
    if points and not groups and not decimals:
        raise DataError(
            f"{source}: decimals have a comma ({decimal[0]}), so {points[0]} may be {points[0].replace('.', '')} or "
            f"{float(points[0]):g}. {remedy}"
        )
    return "comma with points" if groups else "comma"
