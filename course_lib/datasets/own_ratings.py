"""Ratings, plays or purchases of one's own: any table that says which user had which item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from course_lib.datasets._files import DataError
from course_lib.datasets.own_tables import Table, read_table
from course_lib.datasets.ratings import MovieRatings

REPEATS = ("refuse", "last", "mean", "sum")

# Names under which ratings and numbers of plays are met, in lower case and without marks.
_VALUES = frozenset(
    "rating ratings ratingvalue stars star score scores value grade points overall feedback bookrating plays play playcount count "
    "counts plays listens listencount scrobbles weight hours quantity qty times views clicks frequency".split()
)
_TIMES = frozenset("timestamp time date datetime created createdat ratedat unixreviewtime reviewtime".split())
_USERS = frozenset(
    "user userid users uid customer customerid member memberid reviewer reviewerid visitor visitorid".split()
)
_ITEMS = frozenset(
    "item itemid items movie movieid film filmid artist artistid track trackid song songid book bookid isbn product productid asin "
    "game gameid anime animeid article articleid stockcode business businessid".split()
)
_TITLES = frozenset("title name titles names movietitle booktitle filmtitle artistname productname description".split())


def own_ratings(
    source,
    *,
    user: str | int | None = None,
    item: str | int | None = None,
    value: str | int | None = None,
    plays: str | int | None = None,
    time: str | int | None = None,
    titles=None,
    title_id: str | int | None = None,
    title: str | int | None = None,
    liked_from: float | None = None,
    repeats: str | None = None,
    keep: Iterable[str | int] = (),
    drop: Iterable[str | int] = (),
    missing: Iterable[float] = (),
    holes: str = "refuse",
) -> MovieRatings:
    """Ratings, plays or purchases of your own, one a row, in the form of ``movie_ratings()``.

    ``own_ratings("ratings.csv", user="userId", item="movieId", value="rating", liked_from=4, titles="movies.csv")`` reads
    MovieLens, ``own_ratings("u.data", user=0, item=1, value=2, liked_from=4)`` its oldest form, and
    ``own_ratings("log.csv", user="customer", item="product")`` a log of purchases or plays, one a row.

    Args:
        source: path of a file (text with any usual separator, or .xlsx), a NumPy array, or a pandas DataFrame.
        user: the column of the users, by the name in the header, or by its number from 0; ids of any kind: numbers, words,
            UUIDs. They are numbered from 0 in their own order (numbers by size, words by the alphabet).
        item: the column of the items, likewise.
        value: the column of the ratings, on any scale. Without it and ``plays`` each row is one event, and repeats are counted.
        plays: instead of ``value``: the column that says how often (plays, quantities, hours), positive. Rows of one pair are
            added up.
        time: the column of the times, as numbers or dates. They may fall, and no lesson uses them but for ``repeats="last"``.
        titles: what the items are called: a path or DataFrame with a column of ids and one of titles, or a dict from ids to
            titles. Without it an item is called by its id.
        title_id: the column of the ids in ``titles``; may be left out if it is called as the ``item`` column is.
        title: the column of the titles; may be left out if one alone is called title or name.
        liked_from: the least value that counts as a like. For ratings it can also be said later,
            ``recommend.like_matrix(ratings, stars=…)``; for plays and purchases each pair is a like unless told.
        repeats: of a user and item that come together more than once: "refuse" (ratings, unless told), the "last" one (by
            ``time`` if given, else in the file), their "mean", or their "sum" (plays and purchases, unless told).
        keep: ``[value]`` if zeros or extreme values are ratings like all others, and stand for no hole.
        drop: columns that look like ratings or counts and are to be left out.
        missing: values that stand for "not rated", such as 0, -1 or 99.
        holes: "refuse" rows without a user, item or value, or "leave out".

    Returns:
        A ``MovieRatings``, sorted by user, then item; with ``counts`` if there are no ratings.

    Raises:
        DataError: if a file cannot be read, a column is not named or not there, or looks like something else; for a hole, a
            value that may stand for one, a repeated pair; the message names the row, and the argument that settles it.
    """
    for argument, chosen, allowed in (
        ("holes", holes, ("refuse", "leave out")),
        ("repeats", repeats, (None, *REPEATS)),
    ):
        if chosen not in allowed:
            listed = ", ".join(repr(choice) for choice in allowed if choice is not None)
            raise DataError(f"{argument}={chosen!r}: expected one of {listed} for ratings")
    if value is not None and plays is not None:
        raise DataError("value= is a rating, plays= a number of times: give the one that your column is")
    table = read_table(source, text=tuple(column for column in (user, item) if column is not None))
    for place in {table.position(column, "value") for column in (value, plays) if column is not None}:
        if table.is_text(place):
            filled = table.column(place).dropna()
            if len(filled):
                raise DataError(
                    f"{table.where(int(filled.index[0]))}: expected a number in {table.called(place)}, found {str(filled.iloc[0])[:40]!r}, and "
                    f"words in most rows. Write ratings and plays as numbers (in pandas, table[{table.typed(place)}].map({{…}}))"
                )
    if user is None or item is None:
        raise DataError(_which_is_which(table))
    named = {"user": user, "item": item, "value": value, "plays": plays, "time": time}
    at = {role: table.position(column, role) for role, column in named.items() if column is not None}
    for role, place in at.items():
        same = [other for other, there in at.items() if there == place and other != role]
        if same:
            raise DataError(f"{table.source}: {table.called(place)} cannot be both {role}= and {same[0]}=")
    kept, dropped = set(table.positions(keep, "keep")), set(table.positions(drop, "drop"))
    counts = value is None
    if "value" not in at and "plays" not in at:
        _refuse_overlooked_values(table, set(at.values()) | dropped)

    _refuse_ids_of_another_kind(table, at, kept)
    coded = {role: _coded(table, source, at[role]) for role in ("user", "item")}
    empty = {role: codes < 0 for role, (codes, _) in coded.items()}
    values, of = np.ones(len(table)), at.get("value", at.get("plays"))
    if of is not None:
        found, rows = table.numbers([of], missing, "leave out")
        values = np.full(len(table), np.nan)
        values[rows] = found[:, 0]
        empty["value" if "value" in at else "plays"] = np.isnan(values)
    rows = _without_holes(table, empty, at, holes)
    if of is not None and of not in kept:
        (_refuse_strange_counts if counts else _refuse_strange_ratings)(table, of, values[rows], rows)
    elif counts and of is not None and (values[rows] <= 0).any():
        _refuse_strange_counts(table, of, values[rows], rows)
    users, user_ids = _numbered(table, at["user"], coded["user"][0][rows], coded["user"][1])
    items, item_ids = _numbered(table, at["item"], coded["item"][0][rows], coded["item"][1])
    moments = _seconds(table, at["time"])[rows] if time is not None else None

    repeats = repeats or ("sum" if counts else "refuse")
    events = _Events(rows, users, items, values[rows], moments)
    events = events.each_pair_once(repeats, table, user_ids, item_ids)
    if liked_from is None and counts:
        liked_from = float(events.values.min())
    elif liked_from is not None and not (events.values >= liked_from).any():
        raise DataError(
            f"liked_from={liked_from:g}: nothing is liked, as the largest value is {events.values.max():g}. "
            f"Half of all are {np.median(events.values):g} or more"
        )
    return MovieRatings(
        f"your own {'events' if counts else 'ratings'} ({table.name})",
        events.users,
        events.items,
        events.values.astype(np.float32),
        timestamps=events.times,
        titles=_titles(titles, item_ids, title_id, title, table.names[at["item"]]),
        film_ids=_as_array(item_ids),
        user_ids=_as_array(user_ids),
        n_users=len(user_ids),
        liked_from=liked_from,
        unit="points" if not counts else "events" if of is None else "plays",
        counts=counts,
    )


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"


# --- which column is which ---


def _bare(name) -> str:
    return "".join(sign for sign in str(name).lower() if sign.isalnum())


def _listed(table: Table) -> str:
    """The columns with their first cells, as one types them."""
    shown = []
    for place in range(min(len(table.names), 12)):
        cells = ", ".join(str(cell)[:20] for cell in table.column(place).head(3))
        shown.append(f"{table.typed(place)} ({cells}, …)")
    return "; ".join(shown) + ("; …" if len(table.names) > 12 else "")


def _which_is_which(table: Table) -> str:
    """What to type, with names if the header leaves no doubt."""
    guessed = []
    for role, words in (("user", _USERS), ("item", _ITEMS)):
        fitting = [name for name in table.names if _bare(name) in words]
        guessed.append(f"{role}={fitting[0]!r}" if len(fitting) == 1 else f"{role}=…")
    rated = [name for name in table.names if _bare(name) in _VALUES]
    more = f", value={rated[0]!r} (or plays=, if it counts)" if len(rated) == 1 else ""
    turned = ""
    if len(table.names) >= 20 and not any(map(table.is_text, range(20))):
        turned = (
            ". Does it hold a row for each user and a column for each item? Then give "
            "pandas.DataFrame(matrix).stack().reset_index(name='rating'), with user=0, item=1, value='rating'"
        )
    return (
        f"{table.source}: say which column holds the users and which the items: own_ratings(…, {', '.join(guessed)}{more}). "
        f"Its columns are {_listed(table)}{turned}"
    )


def _refuse_ids_of_another_kind(table: Table, at: dict[str, int], kept: set[int]) -> None:
    """Users and items are no dates and no ratings."""
    for role in ("user", "item"):
        place = at[role]
        name = _bare(table.names[place])
        kind = "times" if table.is_date(place) or name in _TIMES else "ratings or plays" if name in _VALUES else None
        if kind is not None and place not in kept:
            raise DataError(
                f"{table.source}: {table.called(place)} looks like {kind}, and {role}= asks for the column that says which {role} it "
                f"is. Name another, or say keep=[{table.typed(place)}] if it does"
            )


def _refuse_overlooked_values(table: Table, used: set[int]) -> None:
    """Without value= and plays= every row is a like; a column that says otherwise must not be passed over."""
    for place, name in enumerate(table.names):
        column = table.column(place)
        if place in used or column.dtype.kind not in "iuf" or column.nunique() < 2:
            continue
        if _bare(name) in _VALUES or (not table.has_header and column.nunique() <= 20):
            raise DataError(
                f"{table.source}: {table.called(place)} holds numbers from {column.min():g} to {column.max():g}, as ratings or "
                f"plays do: say value={table.typed(place)} if they are ratings, plays={table.typed(place)} if they count, or "
                f"drop=[{table.typed(place)}] if every row is one like"
            )


# --- cells ---


def _coded(table: Table, source, place: int) -> tuple[np.ndarray, np.ndarray]:
    """A column of ids as codes, int64, shape (rows,), -1 for a hole, and the ids that they stand for: object array of words."""
    import pandas as pd

    # A DataFrame's own column: there numbers with 20 digits may be words, which are no numbers to calculate with.
    column = source.iloc[:, place].reset_index(drop=True) if isinstance(source, pd.DataFrame) else table.column(place)
    codes, found = pd.factorize(column)
    found = np.asarray(found)
    whole = found.dtype.kind == "f" and (found == np.floor(found)).all()
    if whole and (np.abs(found) >= 2**53).any():
        raise DataError(
            f"{table.source}: {table.called(place)} holds decimals with more digits than they keep, so that different ids may have "
            "become one. Read the column as text (in pandas, dtype=str)"
        )
    ids = _plain_ids([str(int(one)) if whole else str(one).strip() for one in found.tolist()])
    broken = [k for k, one in enumerate(ids) if re.fullmatch(r"-?\d*\.\d*[1-9]\d*", one)]
    if len(broken) > len(ids) / 4:
        row = int(np.flatnonzero(codes == broken[0])[0])
        raise DataError(
            f"{table.where(row)}: {table.called(place)} holds {ids[broken[0]]}, as ratings or measurements do. Users and items have "
            "whole numbers or words"
        )
    again, different = pd.factorize(np.array([one or None for one in ids], object))  # "12" and "12.0"; blank cells
    return np.append(again, -1)[codes], different


def _without_holes(table: Table, empty: dict[str, np.ndarray], at: dict[str, int], holes: str) -> np.ndarray:
    """The numbers of the rows that have all that they need; DataError if one has not, and nobody said to leave it out."""
    any_empty = np.any(list(empty.values()), axis=0)
    if any_empty.all():
        raise DataError(f"{table.source}: no row has a {', a '.join(empty)} in the columns that you named")
    if any_empty.any() and holes == "refuse":
        row = int(np.flatnonzero(any_empty)[0])
        role = next(role for role, mask in empty.items() if mask[row])
        others = int(any_empty.sum()) - 1
        raise DataError(
            f"{table.where(row)}: the {role} in {table.called(at[role])} is missing{f', and so in {others:,} more rows' if others else ''}. "
            'Leave such rows out with holes="leave out": what was not rated has no row'
        )
    return np.flatnonzero(~any_empty)


def _refuse_strange_ratings(table: Table, place: int, values: np.ndarray, rows: np.ndarray) -> None:
    """DataError if ratings look like times, counts, or hold values that may stand for "not rated"."""
    what, typed = f"{table.source}: {table.called(place)}", table.typed(place)
    different, often = np.unique(values, return_counts=True)
    if len(different) == 1:
        raise DataError(
            f"{what} holds {different[0]:g} in every row, and says nothing of what is liked. Leave value= out: every row is then a like"
        )
    if different[0] > 1e8:
        raise DataError(
            f"{what} holds numbers from {different[0]:.0f} on, as times do: say time={typed}, and value= for the ratings"
        )
    whole = bool((different == np.floor(different)).all())
    for odd, rest, name in (
        (different[0], different[1:], "the smallest"),
        (different[-1], different[:-1], "the largest"),
    ):
        gap, left = abs(odd - (rest[0] if name == "the smallest" else rest[-1])), rest[-1] - rest[0]
        n = int(often[different == odd][0])
        first = table.row(int(rows[np.flatnonzero(values == odd)[0]]))
        ask = f'say missing=[{odd:g}] and holes="leave out" if it stands for "not rated", or keep=[{typed}] if it is a rating like the others'
        alone = name == "the smallest" and odd <= 0 and rest[0] >= 0  # one number at or below zero: 0, or -1
        if alone and (whole or odd == 0):
            raise DataError(
                f"{what} holds {odd:g} in {_rows(n)} (the first: {first}), {'all others are' if rest[0] > 0 else 'others'} {rest[0]:g} or more: {ask}"
            )
        if len(rest) > 2 and n > 1 and gap > 2 * left:
            raise DataError(
                f"{what} holds {odd:g} in {_rows(n)} (the first: {first}), far from the others, {rest[0]:g} to {rest[-1]:g}: {ask}"
            )
    if whole and different[0] >= 0 and different[-1] > 20 and different[-1] > 4 * np.median(values):
        raise DataError(
            f"{what} holds whole numbers up to {different[-1]:.0f}, half of them below {max(np.median(values), 1) + 1:.0f}, as numbers "
            f"of plays do: say plays={typed} instead of value=, or keep=[{typed}] if they are ratings"
        )


def _refuse_strange_counts(table: Table, place: int, values: np.ndarray, rows: np.ndarray) -> None:
    """DataError if numbers of plays are not positive, or look like times."""
    what, typed = f"{table.source}: {table.called(place)}", table.typed(place)
    wrong = np.flatnonzero(values <= 0)
    if len(wrong):
        worst = values[wrong[0]]
        raise DataError(
            f"{table.where(int(rows[wrong[0]]))}: {table.called(place)} holds {worst:g}, and no number of plays is (so {_rows(len(wrong))} in all). "
            + ("A row of 0 plays is no play" if worst == 0 else "Returned goods are no purchases")
            + ": leave such rows out, "
            + (
                f'with missing=[{worst:g}] and holes="leave out" for this value'
                if len(np.unique(values[wrong])) == 1
                else f"in pandas with table[table[{typed}] > 0]"
            )
        )
    if values.min() > 1e8:
        raise DataError(f"{what} holds numbers from {values.min():.0f} on, as times do: say time={typed}")


def _numbered(table: Table, place: int, codes: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Numbers from 0 for the codes that occur, and their ids in the order of these numbers."""
    occurring, codes = np.unique(codes, return_inverse=True)
    ids = ids[occurring].tolist()
    if len(ids) == len(codes) > 20:
        raise DataError(
            f"{table.source}: {table.called(place)} holds something else in each of {len(codes):,} rows, as a row number does, so "
            "no two rows belong together. Name the column that says whose row it is (user=) and of what (item=)"
        )
    numeric = all(one.lstrip("-").isdecimal() for one in ids)
    order = sorted(range(len(ids)), key=(lambda k: (int(ids[k]), ids[k])) if numeric else ids.__getitem__)
    rank = np.empty(len(ids), np.int64)
    rank[order] = np.arange(len(ids))
    return rank[codes], [ids[k] for k in order]


def _plain_ids(ids: list[str]) -> list[str]:
    """Whole numbers without ".0", which pandas writes behind all of a column that has had a hole; 0012 stays apart from 12."""
    whole = re.compile(r"-?\d+(\.0+)?")
    if ids and all(map(whole.fullmatch, ids)):
        return [one.partition(".")[0] for one in ids]
    return ids


def _seconds(table: Table, place: int) -> np.ndarray:
    """Times as seconds since 1970 where they are dates or one of the usual counts since then; else as they are."""
    times, _ = table.times(place)
    size = np.abs(times).max()
    for smallest, per_second in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):  # nano-, micro- and milliseconds
        if size > smallest:
            return times / per_second
    return times


def _as_array(ids: list[str]) -> np.ndarray:
    """Ids as int64 where they are numbers that are written as int64 writes them, else as words."""
    try:
        numbers = np.array(ids, np.int64)
    except (ValueError, OverflowError):
        return np.array(ids, object)
    return numbers if numbers.astype(str).tolist() == ids else np.array(ids, object)


# --- pairs ---


@dataclass(frozen=True)
class _Events:
    """Rows that have a user, an item and a value: one array each, and where they stood."""

    rows: np.ndarray
    users: np.ndarray
    items: np.ndarray
    values: np.ndarray
    times: np.ndarray | None

    def each_pair_once(self, repeats: str, table: Table, user_ids: list[str], item_ids: list[str]) -> _Events:
        """One row for each user and item, sorted by both; DataError if they repeat and nobody said what to do."""
        pair = self.users * len(item_ids) + self.items
        # lexsort: the last key counts first. Within a pair in the order of time, then of the file.
        order = np.lexsort((self.times, pair)) if self.times is not None else np.argsort(pair, kind="stable")
        pair = pair[order]
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        if len(first) < len(pair) and repeats == "refuse":
            again = np.flatnonzero(np.diff(pair) == 0)
            one, other = order[again[0]], order[again[0] + 1]
            raise DataError(
                f"{table.source}, rows {table.row(int(self.rows[one])).removeprefix('row ')} and "
                f"{table.row(int(self.rows[other])).removeprefix('row ')}: user {user_ids[self.users[one]]} and item {item_ids[self.items[one]]} come twice, with {self.values[one]:g} and "
                f'{self.values[other]:g} ({_rows(len(again))} repeat a pair). Say what counts: repeats="last", "mean" or "sum"'
            )
        last = np.append(first[1:], len(pair)) - 1
        values = self.values[order]
        if repeats in ("sum", "mean"):
            values = np.add.reduceat(values, first)
            if repeats == "mean":
                values /= last - first + 1
        else:
            values = values[last]
        taken = order[last]
        times = None if self.times is None else self.times[taken].astype(np.int64)
        return _Events(self.rows[taken], self.users[taken], self.items[taken], values, times)


# --- titles ---


def _titles(titles, ids: list[str], title_id, title, item_name) -> tuple[str, ...]:
    """One text an item, each another."""
    known = _known_titles(titles, title_id, title, item_name)
    if titles is not None and not any(one in known for one in ids):
        raise DataError(
            f"titles=: none of the {len(ids):,} items is in it. Items have ids such as {', '.join(ids[:3])}; there the ids are such as "
            f"{', '.join(list(known)[:3])}"
        )
    names = [known.get(one, one if titles is None else f"item {one}") for one in ids]
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            names[place] = f"{name} [{ids[place]}]"
        seen.add(names[place])
    return tuple(names)


def _known_titles(titles, title_id, title, item_name) -> dict[str, str]:
    if titles is None:
        return {}
    if isinstance(titles, Mapping):
        return {
            str(int(key) if isinstance(key, float) and key.is_integer() else key).strip(): str(text)
            for key, text in titles.items()
        }
    id_column = item_name if title_id is None else title_id
    table = read_table(titles, text=tuple(column for column in (id_column, title) if column is not None))
    if title_id is None and (isinstance(item_name, int) or item_name not in table.names):
        raise DataError(
            f"{table.source}: say which column holds the ids of the items: title_id=…. Its columns are {_listed(table)}"
        )
    fitting = [name for name in table.names if _bare(name) in _TITLES]
    if title is None and len(fitting) != 1:
        raise DataError(f"{table.source}: say which column holds the titles: title=…. Its columns are {_listed(table)}")
    codes, ids = _coded(table, titles, table.position(id_column, "title_id"))
    names = table.column(table.position(fitting[0] if title is None else title, "title"))
    filled = np.flatnonzero((codes >= 0) & names.notna().to_numpy())[::-1]  # of an id that comes twice the first
    return dict(zip(ids[codes[filled]], names.iloc[filled].astype("str"), strict=True))
