"""Vectors of one's own, for lesson 08: features, measurements or embeddings, one a row, with what each row is."""

from __future__ import annotations

import dataclasses
import math
import os
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.datasets import _files
from course_lib.datasets._files import SPLITS, DataError
from course_lib.datasets.column_roles import Roles, assign_roles, refuse_doubtful_columns
from course_lib.datasets.own_tables import Table, read_table

LEAST_ROWS, LEAST_NUMBERS = 100, 4
SCALES = (None, "together", "each")


@dataclass(frozen=True, eq=False, repr=False)
class VectorDataset:
    """Vectors with class labels in three splits; lesson 08 takes it in place of an ``ImageDataset``. Arrays are read-only.

    Attributes:
        name: what the set is called.
        train: vectors as they were given, float32, shape (n, d).
        train_labels: class numbers, int64, shape (n,), indices into ``class_names``.
        validation, validation_labels, test, test_labels: as for train; no row of one split equals one of another.
        class_names: one name a class.
        columns: what the d numbers are called.
        shift: what ``flat`` subtracts from each column, shape (d,).
        unit: what it divides each column by, shape (d,).
        row_names: for each split what its rows are called, or None.
    """

    name: str
    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    columns: tuple[str, ...]
    shift: np.ndarray
    unit: np.ndarray
    row_names: dict[str, Sequence[str]] | None = None

    def __post_init__(self) -> None:
        for field in (*SPLITS, *(f"{split}_labels" for split in SPLITS), "shift", "unit"):
            object.__setattr__(self, field, _files.read_only(getattr(self, field)))

    def __repr__(self) -> str:
        counts = " / ".join(f"{len(getattr(self, split)):,} {split}" for split in SPLITS)
        return f"VectorDataset({self.name!r}: {counts} vectors of {len(self.columns)} numbers, {len(self.class_names)} classes)"

    def flat(self, split: str) -> np.ndarray:
        """The vectors of a split in units that a network takes: a new float32 array, shape (n, d).

        Raises:
            ValueError: if there is no such split.
        """
        if split not in SPLITS:
            raise ValueError(f"split: expected one of {', '.join(map(repr, SPLITS))}, got {split!r}")
        return ((getattr(self, split) - self.shift) / self.unit).astype(np.float32)

    def tiles(self, rows: np.ndarray) -> np.ndarray:
        """Vectors as small pictures: their numbers one after the other in the lines of a square.

        Mid-grey is the mean of a number over the training vectors, black and white are three of its deviations away.

        Args:
            rows: as ``flat`` gives them, shape (n, d).

        Returns:
            Shape (n, side, side), values in [0, 1]; places that are left over are mid-grey.
        """
        train = self.flat("train")
        deviation = train.std(axis=0)
        side = math.ceil(math.sqrt(len(self.columns)))
        squares = np.full((len(rows), side * side), 0.5, np.float32)
        squares[:, : len(self.columns)] += (rows - train.mean(axis=0)) / (6 * np.where(deviation > 0, deviation, 1))
        return squares.clip(0, 1).reshape(-1, side, side)

    def called(self, split: str, items: Iterable[int]) -> list[str]:
        """What is written below some rows of a split: their names, in short lines, or else their kinds."""
        if self.row_names is None:
            return [self.class_names[number] for number in getattr(self, f"{split}_labels")[list(items)]]
        names = [self.row_names[split][item] for item in items]
        return ["\n".join(textwrap.wrap(name, 13, max_lines=3, placeholder=" …")) for name in names]


def own_vectors(
    source: str | os.PathLike | np.ndarray,
    *,
    label: str | int | Sequence | None = None,
    names: str | int | Sequence | None = None,
    cells: int | None = None,
    drop: Iterable[str | int] = (),
    keep: Iterable[str | int] | str = (),
    missing: Iterable[float] = (),
    holes: str = "refuse",
    scale: str | None = None,
    at_most: int = 20_000,
) -> VectorDataset:
    """Vectors of your own for lesson 08: one a row, such as features, measurements, or embeddings of sentences.

    ``own_vectors("vectors.csv", label="kind")``, or ``own_vectors("features.npy", label=np.load("labels.npy"))``.

    **Splits** are drawn by lot, the same at every call, each kind by itself: 75 % train (the gallery), 12.5 % validate (the
    queries), 12.5 % test. The order of the rows has no meaning. Rows that are equal stay on one side, or a query would find
    itself in the gallery. Rows that *nearly* are (several sentences of one text, several shots of one thing) you have to thin.

    **Kinds.** A search is scored by precision@10: the share of what is found that is of the query's kind. So each row needs
    one. Where there is none, ``cells=10`` takes the cells of k-means for kinds. Precision then says how far a code keeps the
    neighbourhoods of the given numbers, and nothing about whether what is found is right.

    A column of whole numbers that look like labels, row numbers or times, and a number in place of a missing value, are
    refused until you say what they are. A column that never changes is not: it takes part in no distance.

    Args:
        source: the path of a table (text, Excel, .npy, embeddings of words as GloVe and word2vec write them), a NumPy array (n, d), or
            a pandas DataFrame.
        label: the column that says what a row is, by name or number; or n labels, in the order of the rows.
        names: the column with a text for each row, shown below it in figures; or n texts.
        cells: without ``label``: how many cells of k-means stand in for kinds.
        drop: columns to leave out.
        keep: columns that look like something else and belong to the vector; ``"all"`` for all.
        missing: numbers that stand for a missing value, such as -999.
        holes: "refuse" rows with a missing value, or "leave out" such rows. (The value above would be that of another thing.)
        scale: "each" number by its own mean and deviation, for columns in different units; "together" by one deviation, as
            is usual for embeddings, whose distances and cosines stay what they are. Unless told together, if no column then
            decides all distances.
        at_most: of more rows so many are drawn by lot.

    Returns:
        A ``VectorDataset``. What was found and done is printed.

    Raises:
        DataError: if the table cannot be read, a column looks like something else, a value is missing, kinds are not given or
            are too many, there are fewer than 100 rows or 4 numbers a row, or the columns need a scale of their own.
        ValueError: if another argument has no such value.
    """
    if scale not in SCALES:
        raise ValueError(f"scale: expected 'together' or 'each', got {scale!r}")
    if isinstance(at_most, bool) or not isinstance(at_most, (int, np.integer)) or at_most < LEAST_ROWS:
        raise ValueError(f"at_most: expected a number of rows, {LEAST_ROWS} or more, got {at_most!r}")
    if label is not None and cells is not None:
        raise ValueError("cells: stands in for label=; say one of the two")
    if holes == "last":
        raise DataError(
            'holes="last": vectors have no order, and the value above belongs to another row. Say "leave out"'
        )
    table = read_table(source)
    in_columns = {"label": label if _is_column(label) else None, "names": names if _is_column(names) else None}
    roles = _roles(table, in_columns["label"], in_columns["names"], drop, keep)
    _refuse_words(table, roles)
    refuse_doubtful_columns(table, roles, missing=missing, offers=("label", "kinds"))
    if label is None and cells is None:
        raise DataError(
            f"{table.source}: nothing says what a row is, and a search is scored by the share of what it finds that is of the "
            "query's kind. Say label= (a column, or a list with the kind of each row), or cells=10 to take the cells of k-means for "
            "kinds: precision then says whether neighbours stay neighbours, not whether they are right"
        )
    if len(roles.data) < LEAST_NUMBERS:
        raise DataError(f"{table.source}: expected at least {LEAST_NUMBERS} numbers in a row, found {len(roles.data)}")
    vectors, rows = table.numbers(roles.data, missing, holes)
    left_out = len(table) - len(rows)
    if len(rows) < LEAST_ROWS:
        without = f" without a hole ({left_out} have one)" if left_out else ""
        raise DataError(f"{table.source}: expected at least {LEAST_ROWS} rows{without}, found {len(rows)}")
    if len(rows) > at_most:
        drawn = np.sort(np.random.default_rng(0).permutation(len(rows))[:at_most])
        vectors, rows = vectors[drawn], rows[drawn]
    if not vectors.std(axis=0).any():
        raise DataError(f"{table.source}: expected rows that differ, found the same numbers in all of them")
    shift, unit = _scale(table, roles, vectors, scale)
    if label is None:
        kinds, class_names = _cells((vectors - shift) / unit, cells)
    else:
        words = _words(table, label, in_columns["label"], "label")
        kinds, class_names = _kinds(table, words[rows])
    texts = None if names is None else _words(table, names, in_columns["names"], "names")[rows]
    parts, copies = _split(vectors, kinds)
    _tell(table, parts, roles, kinds, class_names, left_out, len(rows) < len(table) - left_out, copies, label is None)
    return VectorDataset(
        f"your own vectors ({table.name})",
        *(array for part in parts for array in (vectors[part].astype(np.float32), kinds[part])),
        class_names=class_names,
        columns=tuple(name if isinstance(name, str) else f"number {name}" for name in (table.names[p] for p in roles.data)),
        shift=shift,
        unit=unit,
        row_names=None if texts is None else {s: tuple(texts[part]) for s, part in zip(SPLITS, parts, strict=True)},
    )  # fmt: skip


def _is_column(given) -> bool:
    return isinstance(given, (str, int, np.integer)) and not isinstance(given, bool)


def _roles(table: Table, label, names, drop, keep) -> Roles:
    """The columns' roles; those that never change are kept without a question."""
    dropped = set(table.positions(drop, "drop"))
    if names is not None:
        shown = table.position(names, "names")
        if label is not None and table.position(label, "label") == shown:
            raise DataError(f"{table.source}: {table.called(shown)} is given as label= and as names=. Say one")
        dropped.add(shown)
    roles = assign_roles(table, label=label, drop=[table.names[p] for p in dropped], keep=keep)
    still = {
        p
        for p in roles.data
        if not table.is_text(p) and table.column(p).notna().all() and table.column(p).nunique() == 1
    }
    return dataclasses.replace(roles, kept=roles.kept | still)


def _refuse_words(table: Table, roles: Roles) -> None:
    """DataError for a column of words: of vectors it may be the kind, or a text that names the row."""
    for position in roles.data:
        if position in roles.kept or not table.is_text(position) or table.is_date(position):
            continue
        words = [str(word) for word in table.column(position).dropna().unique()]
        if not words or (position == 0 and table.first_unnamed):
            continue
        if words[0].lstrip().startswith("["):
            raise DataError(
                f"{table.source}: {table.called(position)} holds a whole vector in each cell ({words[0][:30]}…). Give the vectors as an array "
                f"and the rest as lists: own_vectors(numpy.stack(table[{table.typed(position)}]), label=…), of texts "
                f"numpy.stack(table[{table.typed(position)}].map(json.loads))"
            )
        typed, shown = table.typed(position), ", ".join(repr(word[:30]) for word in words[:2])
        likely = f"label={typed}" if len(words) <= len(table) / 4 else f"names={typed}"
        other = f"names={typed}" if likely.startswith("label") else f"label={typed}"
        means = {"label": "is the kind of the row", "names": "is a text to be shown with it"}
        raise DataError(
            f"{table.source}: {table.called(position)} holds words ({shown}, …): say {likely} if it {means[likely[:5]]}, {other} if it "
            f"{means[other[:5]]}, or drop=[{typed}]"
        )


def _words(table: Table, given, column, argument: str) -> np.ndarray:
    """The label or the name of each row of the table, object array of texts, from a column or a sequence."""
    if column is not None:
        return table.texts(table.position(column, argument))
    import pandas as pd

    if not hasattr(given, "__len__") or np.ndim(given) != 1:
        raise DataError(
            f"{argument}=: expected a column of the table, or one entry a row, found {type(given).__name__}"
        )
    if len(given) != len(table):
        raise DataError(
            f"{argument}=: expected an entry for each of the {len(table):,} rows of {table.source}, found {len(given):,}"
        )
    frame = pd.DataFrame({argument: np.asarray(given)})
    return read_table(frame).texts(0)


def _kinds(table: Table, words: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Class numbers, int64, shape (n,), and the classes' names: numbers by size, words by the alphabet."""

    def key(word: str):
        try:
            return False, float(word), word
        except ValueError:
            return True, 0.0, word

    found = sorted(set(words), key=key)
    if len(found) > len(words) / 4:
        raise DataError(
            f"{table.source}: label= holds {len(found):,} different values in {len(words):,} rows. A kind needs several rows, which a "
            "search can find. If they are names of the rows, say names=; if they are measured, round them to a few kinds"
        )
    if len(found) < 2:
        raise DataError(
            f"{table.source}: label= holds {found[0]!r} in every row, so that whatever a search finds is right. Take rows of several "
            "kinds, or say cells=10 in place of label="
        )
    number = {word: at for at, word in enumerate(found)}
    return np.array([number[word] for word in words], np.int64), tuple(found)


def _cells(vectors: np.ndarray, cells: int) -> tuple[np.ndarray, tuple[str, ...]]:
    if isinstance(cells, bool) or not isinstance(cells, (int, np.integer)) or not 2 <= cells <= len(vectors) // 10:
        raise ValueError(f"cells: expected 2 to {len(vectors) // 10}, a tenth of the rows, got {cells!r}")
    from sklearn.cluster import KMeans  # here, because it takes a second to import

    found = KMeans(cells, n_init=4, random_state=0).fit_predict(vectors)
    return found.astype(np.int64), tuple(f"cell {number}" for number in range(1, cells + 1))


def _scale(table: Table, roles: Roles, vectors: np.ndarray, scale: str | None) -> tuple[np.ndarray, np.ndarray]:
    """What is subtracted from each column and what it is divided by, both float64 of shape (d,)."""
    means, deviations = vectors.mean(axis=0), vectors.std(axis=0)
    if scale == "each":
        return means, np.where(deviations > 0, deviations, 1.0)
    together = math.sqrt(np.mean(deviations**2))
    usual, at = float(np.median(deviations[deviations > 0])), int(deviations.argmax())
    ways = 'scale="each" (each number by its own mean and deviation)'
    if scale is None and deviations[at] > 20 * usual:
        raise DataError(
            f"{table.source}: {table.called(roles.data[at])} varies {deviations[at] / usual:,.0f} times as much as the others usually do, and would "
            f'decide every distance alone. If the columns have different units, say {ways}; if not, scale="together"'
        )
    if np.abs(means).max() > 100 * together:
        at = int(np.abs(means).argmax())
        raise DataError(
            f"{table.source}: {table.called(roles.data[at])} is about {means[at]:,.4g} throughout, which is large beside the variation of the "
            f"columns ({together:.2g}): say {ways}"
        )
    return np.zeros(len(means)), np.full(len(means), together)


def _split(vectors: np.ndarray, kinds: np.ndarray) -> tuple[list[np.ndarray], int]:
    """Rows of train, validation and test, each in a drawn order; and how many rows equal an earlier one.

    Equal rows are one thing, with the kind of the first of them.
    """
    first_of: dict[bytes, int] = {}
    thing = np.array([first_of.setdefault(row.tobytes(), at) for at, row in enumerate(vectors.astype(np.float32))])
    random = np.random.default_rng(0)
    things = np.unique(thing)
    things = things[random.permutation(len(things))]
    things = things[np.argsort(kinds[things], kind="stable")]  # kind after kind, each in a drawn order
    side = np.zeros(len(vectors), np.int64)
    side[things[3::8]], side[things[7::8]] = 1, 2  # so that small kinds, too, are spread over all splits
    side = side[thing]
    parts = [np.flatnonzero(side == number) for number in range(3)]
    return [part[random.permutation(len(part))] for part in parts], len(vectors) - len(first_of)


def _tell(table, parts, roles, kinds, class_names, left_out, drawn, copies, by_cells) -> None:
    counts = Counter(kinds.tolist())
    listed = ", ".join(f"{name} {counts[number]:,}" for number, name in enumerate(class_names[:10]))
    print(
        f"{len(kinds):,} vectors of {len(roles.data)} numbers in {table.source}; kinds: {listed}{', …' if len(class_names) > 10 else ''}."
        + (f" Left out: {left_out:,} rows with a hole." if left_out else "")
        + (" They were drawn by lot (at_most)." if drawn else "")
        + (f" {copies:,} rows equal an earlier one; equal rows stay in one split." if copies else "")
    )
    if by_cells:
        print(
            "The kinds are cells of k-means: precision says how far a code keeps the neighbourhoods of the given numbers, and "
            "nothing about whether what is found is right."
        )
    print(f"Split by lot, within each kind: {' / '.join(f'{len(part):,}' for part in parts)} train, validation, test.")
