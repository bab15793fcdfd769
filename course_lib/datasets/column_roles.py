"""What the columns of a learner's table are: measurements, or something that a network must not be fed without a word.

A column that looks like a label, an index, a time, or that holds a number in place of a missing value, stops the loader
with the name of the column and the argument that says what it is. ``keep=`` says that it is a measurement all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.datasets._files import DataError
from course_lib.datasets._table_cells import almost_a_number, is_hole
from course_lib.datasets.own_tables import Table

_LABEL_NAMES = re.compile(
    r"(is|has)?[_ ]?(anomal\w*|outliers?|faults?|faulty|fail(ed|ure)?|label\w*|class(es)?|targets?|attack\w*|change[_ ]?points?|normal|abnormal|kind"
    r"|categor\w*|y|ground[_ ]?truth|split|fold|machine[_ ]status)",
    re.IGNORECASE,
)
_ANOMALY_NAMES = re.compile(
    r"(is|has)?[_ ]?(anomal\w*|outliers?|faults?|faulty|abnormal|attacks?|fail(ed|ure)?)", re.IGNORECASE
)
_GOOD_NAMES = re.compile(
    r"(is|has)?[_ ]?(normal\w*|ok(ay)?|good|valid|health\w*|pass(ed)?|train\w*|in[_ ]?liers?)", re.IGNORECASE
)
_TIME_NAMES = re.compile(
    r"(date|time|timestamp|date[_ ]?time|epoch|unix\w*|seconds?|secs?|minutes|hours|t|elapsed\w*|zeit\w*|datum)([_ ]?[\[(]?[uµmn]?(s|in)[\])]?)?",
    re.IGNORECASE,
)
_INDEX_NAMES = re.compile(
    r"(index|idx|id|row|row[_ ]?(id|number)|nr|no|number|unnamed: ?\d+|level_\d)\.?", re.IGNORECASE
)

# Numbers that stand for a missing value in many programs, besides those of nines only.
_SENTINELS = {-32768.0, 32767.0, 65535.0, -999.25, -99.99, -999.9, -999.99, 1e20, -1e20, 1e30, -1e30, 1e36, -1e36}

_EPOCHS = ((9.4e8, 2.3e9), (9.4e11, 2.3e12), (9.4e14, 2.3e15), (9.4e17, 2.3e18))  # 2000 to 2040, in s, ms, µs, ns


@dataclass(frozen=True)
class Roles:
    """Where the columns of a table belong, counted from 0.

    Attributes:
        data: the measurements.
        label: the column that says what a row is, if any.
        time: the column of moments, if any.
        kept: those of ``data`` that the reader vouches for.
    """

    data: tuple[int, ...]
    label: int | None
    time: int | None
    kept: frozenset[int]


def assign_roles(
    table: Table,
    *,
    label: str | int | None = None,
    time: str | int | None = None,
    drop: Iterable[str | int] = (),
    keep: Iterable[str | int] | str = (),
    columns: Iterable[str | int] | None = None,
) -> Roles:
    """The columns of a table by what the reader says of them; what is not named is a measurement.

    Args:
        table: the rows.
        label: the column that says what a row is.
        time: the column of moments.
        drop: columns to leave out.
        keep: columns that are measurements whatever they look like; ``"all"`` for all.
        columns: the measurements, if not all others.

    Raises:
        DataError: if a column does not exist, or is given two roles.
    """
    taken: dict[int, str] = {}
    for argument, given in (("label", label), ("time", time)):
        if not hasattr(given, "__len__") or isinstance(given, str):
            continue
        if len(given) == len(table):
            raise DataError(
                f"{argument}=: expected the name or the number of a column, found {len(given):,} values. Make a column of them: in pandas "
                f"table.assign({argument}=values), then {argument}={argument!r}"
            )
        join = ". Two columns that make one time are joined first (in pandas, table['a'] + ' ' + table['b'])"
        raise DataError(f"{argument}={given!r}: expected one column{join if argument == 'time' else ''}")
    for argument, given in (("label", label), ("time", time), ("drop", drop)):
        for position in table.positions(given, argument):
            if position in taken:
                raise DataError(
                    f"{table.source}: {table.called(position)} is given as {taken[position]}= and as {argument}=. Say one"
                )
            taken[position] = argument
    everything = isinstance(keep, str) and keep == "all" and "all" not in table.names
    kept = set(range(len(table.names))) - set(taken) if everything else set(table.positions(keep, "keep"))
    for position in kept & set(taken):
        raise DataError(
            f"{table.source}: {table.called(position)} is given as {taken[position]}= and as keep=. Say one"
        )
    data = [p for p in range(len(table.names)) if p not in taken]
    if columns is not None:
        data = [p for p in table.positions(columns, "value")]
        for position in set(data) & set(taken):
            raise DataError(
                f"{table.source}: {table.called(position)} is given as {taken[position]}= and as value=. Say one"
            )
    by = {argument: position for position, argument in taken.items() if argument != "drop"}
    return Roles(tuple(data), by.get("label"), by.get("time"), frozenset(kept))


def refuse_doubtful_columns(
    table: Table,
    roles: Roles,
    *,
    missing: Iterable[float] = (),
    windows: bool = False,
    offers: Sequence[str] = ("label", "time"),
) -> None:
    """Stop at a column that is taken for a measurement and looks like something else.

    Looked for are: names that are numbers, a column without a name, dates, words, times by their size, counts of rows and what
    else only rises or falls, labels (few whole numbers, or the name of one), columns that never change, and numbers in
    place of missing values (-999).

    Args:
        table: the rows.
        roles: of its columns; those of ``roles.kept`` are not looked at.
        missing: numbers that are known to stand for a missing value.
        windows: whether a row is a window of one signal. Then a label is looked for among the first and the last column only,
            and a number that stands far from all others, among all columns together.
        offers: which of the arguments "label" and "time" the loader has, to be named in the message; "kinds" where a label
            needs no ``normal=``.

    Raises:
        DataError: for the first such column, with what it looks like and the arguments that say what it is.
    """
    if table.first_counts and not roles.kept:
        first = ", ".join(f"{cell:g}" for cell in table.frame.iloc[0, :3])
        raise DataError(
            f"{table.where(0)}: looks like numbers of the columns ({first}, …) and not like a row of data. Leave "
            'it out, or give the columns names that are no numbers (keep="all" if they are measurements)'
        )
    said = {argument for argument in ("label", "time") if getattr(roles, argument) is not None}
    offers = tuple(offer for offer in offers if offer not in said)  # what is said already is no way out
    looked_at = [p for p in roles.data if p not in roles.kept]
    if table.first_unnamed and 0 in looked_at:
        moments = ", or say time=0 if it holds the times" if "time" in offers and table.is_date(0) else ""
        raise DataError(
            f"{table.source}, row {_header_row(table)}: the first column has no name, as when a table is written with an index column. Leave it "
            f"out: drop=[0]{moments} (in pandas, to_csv with index=False)"
        )
    for position in looked_at:
        if table.is_text(position):
            raise DataError(_of_words(table, position, offers, looked_at, "time" in said))
    values = _values(table, roles.data, missing)
    places = {position: place for place, position in enumerate(roles.data)}
    facts = [_Facts(values[:, place]) for place in range(values.shape[1])]
    empty = [p for p in looked_at if not len(facts[places[p]].values) and table.column(p).isna().all()]
    if empty:
        raise DataError(_of_empty(table, empty))

    def doubt(position: int) -> str | None:
        place = places[position]
        return (
            _of_time(table, position, facts[place], offers)
            or _of_index(table, position, facts, place, offers)
            or _of_label(table, position, facts, place, windows, offers)
            or _of_constant(table, position, facts, place, windows, offers)
        )

    for position in looked_at:
        message = doubt(position)
        if message:
            others = [p for p in looked_at if p > position and doubt(p)]
            if others:
                doubtful = f"are {len(others)} more columns" if len(others) > 1 else f"is {table.called(others[0])}"
                both = ", ".join(map(table.typed, [position, *others]))
                message += f'. As doubtful {doubtful}: keep=[{both}], or keep="all", if all are measurements'
            raise DataError(f"{table.source}: {message}")
    refuse_sentinels(table, roles, missing=missing, windows=windows)


def kinds_of_rows(table: Table, label: int, normal: object = None) -> tuple[np.ndarray, tuple[str, ...]]:
    """What each row is, from a column of labels.

    Args:
        table: the rows.
        label: the position of the column.
        normal: the value or values of it that mean normal. Not needed where the column holds True and False, or is called
            after anomalies and holds 0 and 1.

    Returns:
        int64, shape (rows,), 0 for normal; and the names of the kinds, "normal" first.

    Raises:
        DataError: if a label is missing, or it is not known which value means normal, or that value does not occur.
    """
    column = table.column(label)
    if isinstance(normal, str) and is_hole(normal):  # "none", of faults: no hole, but a word that is mostly one
        words = column.astype(object).where(column.notna(), normal.strip()).astype(str).to_numpy(object)
    else:
        empty = np.flatnonzero(column.isna().to_numpy())
        if len(empty):
            raise DataError(
                f"{table.where(empty[0])}: the value in {table.called(label)} is missing, and so in {len(empty) - 1:,} more rows. If an empty "
                'cell means normal, say normal=""; if not, leave such rows out (in pandas, dropna)'
            )
        words = table.texts(label)
    found = sorted(set(words), key=lambda word: (_float(word) is None, _float(word) or 0, word))
    if len(found) > 200:
        raise DataError(
            f"{table.source}: {table.called(label)} is given as label=, and holds {len(found):,} different values. A label says which "
            "kind a row is"
        )
    listed = ", ".join(found[:8]) + (", …" if len(found) > 8 else "")
    if normal is None:
        anomaly = is_called_anomaly(table.names[label])
        good = isinstance(table.names[label], str) and _GOOD_NAMES.fullmatch(table.names[label].strip())
        if {w.lower() for w in found} <= {"true", "false"} and (anomaly or (column.dtype == bool and not good)):
            means = {w for w in found if w.lower() == "false"}
        elif anomaly and set(found) <= {"0", "1"}:
            means = {"0"}
        else:
            example = (
                "True" if good and "True" in found else found[0] if _float(found[0]) is not None else repr(found[0])
            )
            raise DataError(
                f"{table.source}: {table.called(label)} holds {listed}. Say which of them means normal, such as normal={example} "
                "(several as a list)"
            )
    else:
        values = normal if isinstance(normal, (list, tuple, set, frozenset, range, np.ndarray)) else [normal]
        means = {_word(value, found) for value in values}
        for word in sorted(means - set(found)):
            raise DataError(
                f"{table.source}: normal={word!r} does not occur in {table.called(label)}, which holds {listed}"
            )
    others = [word for word in found if word not in means]
    if not means & set(found):
        raise DataError(
            f"{table.source}: {table.called(label)} marks every row as an anomaly ({listed}): no row is left to learn from"
        )
    anomalous_only = len(others) == 1 and others[0].lower() in ("1", "true", "-1", "0", "anomaly", "1.0")
    called = table.names[label] if isinstance(table.names[label], str) else "kind"
    others_called = [word if _float(word) is None else f"{called} {word}" for word in others]
    names = ("normal", "anomaly") if anomalous_only else ("normal", *others_called)
    kind = {word: others.index(word) + 1 if word in others else 0 for word in found}
    return np.array([kind[word] for word in words], np.int64), names


def is_called_anomaly(name: object) -> bool:
    """Whether a column is named after anomalies, so that 1 in it means one."""
    return isinstance(name, str) and _ANOMALY_NAMES.fullmatch(name.strip()) is not None


def likely_series(table: Table, positions: Sequence[int]) -> list[int]:
    """Those of several columns of numbers that look like measurements: by their names, and because they do not only rise."""
    values = _values(table, positions, ())
    found = []
    for place, position in enumerate(positions):
        name, facts = table.names[position], _Facts(values[:, place])
        called = isinstance(name, str) and any(
            n.fullmatch(name.strip()) for n in (_TIME_NAMES, _INDEX_NAMES, _LABEL_NAMES)
        )
        if not (called or facts.rises or facts.few_whole(2) or facts.constant):
            found.append(position)
    return found


def is_called_time(name: object) -> bool:
    """Whether a column is named after time."""
    return isinstance(name, str) and _TIME_NAMES.fullmatch(name.strip()) is not None


# --- one kind of doubt each ---


class _Facts:
    """What a column of numbers looks like, holes aside."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values = values[~np.isnan(values)]
        self.different = np.unique(values)
        steps = np.diff(values)
        moving = np.count_nonzero(steps) > 0.5 * max(1, len(steps))
        self.whole = bool(len(values)) and bool((values == np.round(values)).all())
        self.rises = len(values) > 2 and moving and bool((steps >= 0).all())
        self.falls = len(values) > 2 and moving and bool((steps <= 0).all())
        self.counts = len(values) > 2 and bool((steps == 1).all())
        self.constant = len(self.different) < 2

    def few_whole(self, most: int) -> bool:
        return self.whole and 2 <= len(self.different) <= most


def _values(table: Table, positions: Sequence[int], missing: Iterable[float]) -> np.ndarray:
    """Columns as numbers, with holes: what ``Table.numbers`` refuses is refused later, by row."""
    import pandas as pd

    values = np.full((len(table), len(positions)), np.nan)
    known = [missing] if isinstance(missing, (int, float, np.number)) else list(missing)
    for place, position in enumerate(positions):
        column = table.column(position)
        if column.dtype.kind in "fiub" or str(column.dtype)[:3] in ("Int", "UIn", "Flo", "boo"):
            values[:, place] = column.to_numpy(np.float64, na_value=np.nan)
        else:
            values[:, place] = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(np.float64)
    for value in known:
        values[values == value] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values


def _header_row(table: Table) -> int:
    return max(1, int(table.row(0).split()[1]) - 1)


def _say(table: Table, position: int, ways: Sequence[str]) -> str:
    """The ways out, as arguments to type."""
    typed = table.typed(position)
    written = [way.replace("@", typed) for way in ways]
    return "say " + ", or ".join(written)


def _label_ways(table: Table, position: int, offers: Sequence[str], values: Sequence[str]) -> list[str]:
    if "label" not in offers:
        return []
    if "kinds" in offers:  # no value of it means normal
        return ["label=@"]
    examples = " or ".join(f"normal={value}" for value in values[:2])
    return [f"label=@ (with {examples})" if examples else "label=@"]


def _plain(value: float) -> str:
    """A number as it is typed, with all its digits."""
    return f"{value:.0f}" if value == np.round(value) and abs(value) < 1e18 else repr(float(value))


def _of_empty(table: Table, empty: Sequence[int]) -> str:
    which = table.called(empty[0]) + " is empty"
    if len(empty) > 1:
        which = f"{len(empty)} columns are empty, the first is {table.called(empty[0])}"
    return f"{table.source}: {which}: say drop=[{', '.join(map(table.typed, empty))}]"


def _of_words(table: Table, position: int, offers: Sequence[str], looked_at: Sequence[int], timed: bool) -> str:
    column = table.column(position).dropna()
    example = str(column.iloc[0])[:40] if len(column) else ""
    if table.is_date(position):
        ways = ["time=@"] if "time" in offers else []
        cut = "" if "time" in offers else ". A long series with times is cut into windows by own_series"
        if timed:
            cut = ". If it makes one time with the column that time= names, join them first (in pandas, table['a'] + ' ' + table['b'])"
        return f"{table.source}: {table.called(position)} holds dates or times ({example}, …): {_say(table, position, [*ways, 'drop=[@]'])}{cut}"
    if not len(column):
        return _of_empty(table, [p for p in looked_at if table.column(p).isna().all()])
    first = int(np.flatnonzero(table.column(position).notna().to_numpy())[0])
    number = almost_a_number(example)
    kinds = column.nunique()
    label = (
        []
        if number or kinds > 200 or 2 * kinds > len(column)
        else _label_ways(table, position, offers, [repr(example)])
    )
    ways = [*label, "drop=[@]"]
    if number:
        return f"{table.where(first)}: expected a number in {table.called(position)}, found {example!r}. {number}, or {_say(table, position, ways)}"
    return (
        f"{table.where(first)}: expected a number in {table.called(position)}, found {example!r}, and words in most of its rows: "
        f"{_say(table, position, ways)}"
        + (". A measurement needs numbers in place of the words, such as 0 and 1" if kinds == 2 else "")
    )


def _of_time(table: Table, position: int, facts: _Facts, offers: Sequence[str]) -> str | None:
    values = facts.different
    if not len(values):
        return f"{table.called(position)} is empty: {_say(table, position, ['drop=[@]'])}"
    ways = [*(["time=@"] if "time" in offers else []), "drop=[@]", "keep=[@] if it is a measurement"]
    named = is_called_time(table.names[position])
    size = any(low <= values[0] and values[-1] <= high for low, high in _EPOCHS) and len(values) > 1
    days = facts.whole and values[0] >= 19000101 and values[-1] <= 21001231 and len(values) > 1
    days = days and bool(((values // 100 % 100 - 1 < 12) & (values % 100 >= 1) & (values % 100 <= 31)).all())
    if size or days or (named and (facts.rises or facts.falls)):
        why = "its size is that of a time" if size or days else "it is called so, and does not turn"
        return f"{table.called(position)} looks like a time ({_plain(facts.values[0])}, …; {why}): {_say(table, position, ways)}"
    return None


def _of_index(table: Table, position: int, facts: Sequence[_Facts], place: int, offers: Sequence[str]) -> str | None:
    own, others = facts[place], [f for q, f in enumerate(facts) if q != place and not f.constant]
    if len(own.values) < 3 or not others:
        return None
    turning = [f for f in others if not (f.rises or f.falls)]
    ways = [*(["time=@"] if "time" in offers else []), "drop=[@]", "keep=[@] if it is a measurement"]
    first = ", ".join(f"{value:g}" for value in own.values[:3])
    if (own.rises or own.falls) and 2 * len(turning) > len(others):
        which = "the first column" if position == 0 else table.called(position)
        named = (
            f" ({table.names[0]!r})" if position == 0 and table.has_header and isinstance(table.names[0], str) else ""
        )
        if own.counts:
            return (
                f"{which} only counts the rows ({first}, …){named}, and a detector would learn the count. Write the table without it "
                f"(in pandas, to_csv with index=False), or {_say(table, position, ways)}"
            )
        return (
            f"{which} only {'rises' if own.rises else 'falls'} ({first}, …){named} while others do not, as an index or a time does, and a "
            f"detector would learn how late it is: {_say(table, position, ways)}"
        )
    fractional = [f for f in others if not f.whole]
    shuffled = own.whole and len(own.different) == len(own.values) >= 30 and np.ptp(own.values) < 2 * len(own.values)
    named = isinstance(table.names[position], str) and _INDEX_NAMES.fullmatch(table.names[position].strip())
    if (shuffled and 2 * len(fractional) > len(others)) or (
        named and own.whole and len(own.different) == len(own.values)
    ):
        return f"{table.called(position)} holds a different whole number in each row ({first}, …), as row numbers do: {_say(table, position, ways[-2:])}"
    return None


def _of_label(
    table: Table, position: int, facts: Sequence[_Facts], place: int, windows: bool, offers: Sequence[str]
) -> str | None:
    own, others = facts[place], [f for q, f in enumerate(facts) if q != place and not f.constant]
    named = isinstance(table.names[position], str) and _LABEL_NAMES.fullmatch(table.names[position].strip())
    most = 20 if named else 5 if windows else 2
    fractional = sum(not f.whole for f in others)
    if 2 * fractional > len(others):  # whole numbers stand out among others
        most = max(most, min(100, len(own.values) // 5) if windows else 10)
    alike = sum(f.few_whole(most) for f in others)
    edge = not windows or place in (0, len(facts) - 1)
    if not edge or not own.few_whole(most) or (2 * alike > len(others) and not named):
        return None
    shown = [_plain(value) for value in own.different]
    listed = (
        ", ".join(shown[:6]) + ", …"
        if len(shown) > 6
        else " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
    )
    ways = [*_label_ways(table, position, offers, shown), "keep=[@] if it is a measurement", "drop=[@]"]
    return f"{table.called(position)} holds only the values {listed}, as labels do: {_say(table, position, ways)}"


def _of_constant(
    table: Table, position: int, facts: Sequence[_Facts], place: int, windows: bool, offers: Sequence[str]
) -> str | None:
    own = facts[place]
    if not own.constant or all(f.constant for f in facts):
        return None
    if windows and place not in (0, len(facts) - 1):
        return None  # windows that begin at a set level, or are padded
    inner = facts[1] if place == 0 else facts[-2]
    if windows and len(facts) < len(table.names) and inner.constant and set(inner.different) == set(own.different):
        return None  # padding, next to a label that was named
    value, other = _plain(own.values[0]), " or padding" if windows else " or a dead sensor"
    ways = [
        *(_label_ways(table, position, offers, [value]) if own.whole else []),
        "drop=[@]",
        "keep=[@] if it is a measurement",
    ]
    return f"{table.called(position)} is {value} in every row, as a label of one kind{other} is: {_say(table, position, ways)}"


def refuse_sentinels(table: Table, roles: Roles, *, missing: Iterable[float] = (), windows: bool = False) -> None:
    """Stop at a number that stands far outside of the others and is of a kind that programs write for a missing value.

    Args:
        table: the rows.
        roles: of its columns.
        missing: numbers that are known to stand for a missing value.
        windows: whether all columns hold one signal, and are looked at together.

    Raises:
        DataError: naming row, column and number.
    """
    values = _values(table, roles.data, missing)
    places = [place for place, position in enumerate(roles.data) if position not in roles.kept]
    groups = [places] if windows else [[place] for place in places]
    for group in groups:
        part = values[:, group]
        found = _sentinel(part[~np.isnan(part)])
        if found is None:
            continue
        value, low, high = found
        row, place = np.argwhere(part == value)[0]
        position = roles.data[group[place]]
        more = int((part == value).sum())
        times = f" and {more - 1:,} more" if more > 1 else ""
        typed = f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:g}"
        kept = '"all"' if windows else f"[{table.typed(position)}]"
        raise DataError(
            f"{table.where(row)}: {table.called(position)} holds {typed}{times}, far outside of the other values ({low:g} to {high:g}). If it "
            f'stands for a missing value, say missing=[{typed}] and holes="leave out" or "last"; if it was measured, keep={kept}'
        )


def _sentinel(values: np.ndarray) -> tuple[float, float, float] | None:
    """A number far outside of the rest that stands for a hole, with the least and the largest of the rest."""
    different, counts = np.unique(values, return_counts=True)
    for at, inner in ((0, different[1:]), (len(different) - 1, different[:-1])):
        if len(inner) < 2:
            continue
        value, low, high = float(different[at]), float(inner[0]), float(inner[-1])
        gap, spread = min(abs(value - low), abs(value - high)), high - low
        digits = f"{abs(value):.10g}"
        nines = len(digits) > 1 and set(digits) == {"9"}
        known = (nines or value in _SENTINELS) and gap > 2 * spread
        repeated = counts[at] >= 3 and gap > 10 * spread and counts[at] > 2 * counts.mean()
        if known or repeated:
            return value, low, high
    return None


def _word(value: object, found: Sequence[str]) -> str:
    """A value that means normal, as the labels are written."""
    if isinstance(value, (bool, np.bool_)):
        word = str(bool(value))
        return word if word in found else str(int(value))
    if set(found) <= {"True", "False"} and value in (0, 1):
        return str(bool(value))
    if isinstance(value, (int, float, np.number)):
        same = [word for word in found if _float(word) == float(value)]
        return same[0] if same else f"{value:g}"
    return str(value).strip()


def _float(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
