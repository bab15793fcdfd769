"""Who gave which film how many stars: MovieLens."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.datasets import _downloads, _files

if TYPE_CHECKING:  # imported only when needed: starting the course must stay quick
    from scipy.sparse import csr_matrix

# One rating a row, as stored: numbers of user and film count from 0; half stars from 1 to 10; seconds since 1970 (UTC).
MOVIE_RATINGS_TABLE = np.dtype([("user", "<u2"), ("film", "<u2"), ("half_stars", "u1"), ("timestamp", "<u4")])

# SHA-256 of MovieLens 20M as GroupLens serves it (its own MD5 of the file is cd245b17a1ae2cc31bb14903e1204af3).
FULL_MOVIE_RATINGS = {"ml-20m.zip": "96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3"}

GROUPLENS_FOLDER = "https://files.grouplens.org/datasets/movielens/"


@dataclass(frozen=True, eq=False, repr=False)
class MovieRatings:
    """Who gave which film how many stars, and when: a long table with one entry a rating, each user and film once.

    The course's own table is sorted by user, then film. A "film" may be any item, and its "stars" a rating on any scale
    or a number of plays: ``own_ratings`` makes such a table from a file. All arrays are read-only.

    Attributes:
        name: what the set is called.
        users: int64, shape (ratings,): number of the user, from 0. Here as below, a list will do.
        films: int64, shape (ratings,): number of the film, an index into ``titles``.
        stars: float32, shape (ratings,): in MovieLens 0.5 to 5 in steps of 0.5; with ``counts`` how often it was played.
        timestamps: int64, shape (ratings,): seconds since 1 January 1970, UTC; None where they are not known.
        titles: one text a film, with the year in brackets where it is known, such as "Toy Story (1995)". Articles stand
            at the end, as upstream has them: "Matrix, The (1999)".
        genres: one text a film, such as "Action|Sci-Fi"; empty texts unless given.
        film_ids: shape (films,): the films' own numbers or names in the source; 0, 1, … unless given.
        user_ids: shape (users,): the same for the users.
        n_users: how many users there are.
        liked_from: the least stars that count as a like, or None if nobody has decided.
        unit: of ``stars``, in the plural.
        counts: whether ``stars`` counts how often something was played or bought, and so says nothing of its being liked.

    Raises:
        ValueError: if the columns differ in length, a number of a user or film is no whole number or out of range, a
            rating is missing or not finite, or a user has rated a film twice; the message names the row, from 0.
    """

    name: str
    users: np.ndarray
    films: np.ndarray
    stars: np.ndarray
    _: KW_ONLY
    timestamps: np.ndarray | None = None
    titles: tuple[str, ...]
    genres: tuple[str, ...] | None = None
    film_ids: np.ndarray | None = None
    user_ids: np.ndarray | None = None
    n_users: int
    liked_from: float | None = None
    unit: str = "stars"
    counts: bool = False

    def __post_init__(self) -> None:
        n_films = len(self.titles)
        columns = {
            "users": _whole_numbers("users", self.users),
            "films": _whole_numbers("films", self.films),
            "stars": _finite("stars", self.stars),
        }
        if self.timestamps is not None:
            columns["timestamps"] = _seconds(self.timestamps)
        shape = columns["users"].shape
        for column, values in columns.items():
            if values.shape != shape or values.ndim != 1:
                raise ValueError(f"{column}: expected shape {shape}, got {values.shape}")
        for column, count in (("users", self.n_users), ("films", n_films)):
            _check_range(column, columns[column], count)
        _check_repeats(columns, n_films)
        genres = ("",) * n_films if self.genres is None else tuple(self.genres)
        film_ids = np.arange(n_films) if self.film_ids is None else np.asarray(self.film_ids)
        user_ids = np.arange(self.n_users) if self.user_ids is None else np.asarray(self.user_ids)
        if not n_films == len(genres) == len(film_ids):
            raise ValueError(
                f"titles, genres and film_ids: expected one of each a film, got {n_films}, {len(genres)} and {len(film_ids)}"
            )
        if len(user_ids) != self.n_users:
            raise ValueError(f"user_ids: expected one a user, {self.n_users}, got {len(user_ids)}")
        for field, values in {**columns, "film_ids": film_ids, "user_ids": user_ids}.items():
            object.__setattr__(self, field, _files.read_only(values))
        object.__setattr__(self, "titles", tuple(self.titles))
        object.__setattr__(self, "genres", genres)

    def __repr__(self) -> str:
        of = f"by {self.n_users:,} users of {len(self.titles):,}"
        if self.counts:
            return f"MovieRatings({self.name!r}: {self.stars.sum(dtype=float):,.0f} {self.unit} {of} items)"
        return f"MovieRatings({self.name!r}: {len(self.stars):,} ratings {of} {'films' if self.unit == 'stars' else 'items'})"

    @property
    def matrix(self) -> csr_matrix:
        """The stars as a sparse matrix: float32, shape (users, films); what is not stored was not rated, not 0 stars."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.stars, (self.users, self.films)), shape=(self.n_users, len(self.titles)))

    def find(self, text: str) -> np.ndarray:
        """Numbers of the films with ``text`` in their title, upper and lower case alike, most ratings first.

        Raises:
            ValueError: if there is none.
        """
        hits = np.array([i for i, title in enumerate(self.titles) if text.lower() in title.lower()], np.int64)
        if not len(hits):
            raise ValueError(f"text: expected a part of a film's title, got {text!r}, which is in none of them")
        ratings = np.bincount(self.films, minlength=len(self.titles))[hits]
        return hits[np.argsort(-ratings, kind="stable")]


def _whole_numbers(column: str, values) -> np.ndarray:
    """A column of numbers of users or films as int64, or a ValueError that says how to get them."""
    values = np.asarray(values)
    if values.dtype.kind in "USOT":
        texts = [value for value in values.ravel().tolist() if not isinstance(value, int)]
        if texts:
            raise ValueError(
                f"{column}: expected numbers from 0, got {texts[0]!r}. Number them first: "
                f"ids, {column} = np.unique({column}, return_inverse=True); datasets.own_ratings does it for a whole table"
            )
    elif values.dtype.kind == "f":
        wrong = np.flatnonzero(~(values == np.floor(values)).ravel() | np.isinf(values).ravel())
        if len(wrong):
            raise ValueError(
                f"{column}: expected whole numbers from 0, got {values.flat[wrong[0]]:g} in row {wrong[0]} (counted from 0)"
            )
    elif values.dtype.kind not in "iu":
        raise ValueError(f"{column}: expected whole numbers from 0, got {values.dtype}")
    return values.astype(np.int64)


def _finite(column: str, values) -> np.ndarray:
    """A column of ratings as float32, or a ValueError that names the first row without one."""
    try:
        values = np.asarray(values).astype(np.float32)
    except (TypeError, ValueError):
        raise ValueError(f"{column}: expected numbers, got {np.asarray(values).ravel()[:3].tolist()!r}, …") from None
    wrong = np.flatnonzero(~np.isfinite(values).ravel())
    if len(wrong):
        raise ValueError(
            f"{column}: expected a number in each row, got {values.flat[wrong[0]]} in row {wrong[0]} (counted from 0)"
            f"{f' and {len(wrong) - 1:,} others' if len(wrong) > 1 else ''}. Leave such rows out: what was not rated has no row"
        )
    return values


def _seconds(times) -> np.ndarray:
    """Times as int64 seconds since 1970: numbers are taken as they are."""
    times = np.asarray(times)
    if times.dtype.kind == "M":
        missing = np.isnat(times)
        times = times.astype("datetime64[s]").astype(np.int64)
    elif times.dtype.kind in "iuf":
        missing = ~np.isfinite(times)
    else:
        raise ValueError(f"timestamps: expected seconds since 1970 or datetime64, got {times.dtype}")
    if missing.any():
        row = int(np.flatnonzero(missing.ravel())[0])
        raise ValueError(
            f"timestamps: the one in row {row} (counted from 0) is missing. Leave the row out, or all times: timestamps=None"
        )
    return times.astype(np.int64)


def _check_range(column: str, numbers: np.ndarray, count: int) -> None:
    if len(numbers) and not (numbers.min() >= 0 and numbers.max() < count):
        from_one = numbers.min() >= 1 and numbers.max() == count
        raise ValueError(
            f"{column}: expected numbers from 0 to {count - 1}, got {numbers.min()} to {numbers.max()}"
            + (f". They count from 1: subtract 1 ({column} - 1)" if from_one else "")
        )


def _check_repeats(columns: dict[str, np.ndarray], n_films: int) -> None:
    """Twice the same user and film would be added up in the sparse matrix."""
    place = columns["users"] * n_films + columns["films"]
    if (np.diff(place) > 0).all():  # sorted, as the course's own: nothing to sort
        return
    order = np.argsort(place, kind="stable")
    again = np.flatnonzero(np.diff(place[order]) == 0)
    if len(again):
        first, second = order[again[0]], order[again[0] + 1]
        raise ValueError(
            f"rows {first} and {second} (counted from 0) both hold user {columns['users'][first]} and film "
            f"{columns['films'][first]}, with {columns['stars'][first]:g} and {columns['stars'][second]:g}"
            f"{f'; {len(again) - 1:,} more rows repeat a pair' if len(again) > 1 else ''}. Keep one row of each, or "
            "their mean; datasets.own_ratings does it with repeats="
        )


def movie_ratings(full: bool = False) -> MovieRatings:
    """Who gave which film how many stars: MovieLens latest-small of October 2016.

    100,004 ratings of 9,066 films by 671 users, each of whom rated at least 20 films.

    Args:
        full: give MovieLens 20M instead (20,000,263 ratings of 27,278 films by 138,493 users), from ``ml-20m.zip`` in
            the Keras cache (``$KERAS_HOME`` or ``~/.keras``, folder ``datasets``), else downloaded there (190 MB); checked
            against our SHA-256 of the file. Reading it takes about half a minute and 3 GB of memory. It is not part of
            the course's files. What lesson 10 computes from it is users x films: see ``recommend.like_matrix``.

    Returns:
        A ``MovieRatings``. Sparse matrix: its ``matrix``.

    Raises:
        DataError: if an embedded file is missing or damaged; with ``full``, if no source has the right file.

    Source: Harper and Konstan 2015, "The MovieLens Datasets: History and Context", ACM Transactions on Interactive
    Intelligent Systems 5(4); GroupLens' own licence, no commercial use, in ``LICENSE-movie-ratings.txt``.
    """
    if full:
        return _full_movie_ratings()
    return _movie_ratings(_files.DATA_FOLDER)


@lru_cache(maxsize=8)
def _movie_ratings(folder: Path) -> MovieRatings:
    table = np.load(io.BytesIO(_files.read_embedded("movie_ratings.npy", folder)), allow_pickle=False)
    lines = _rows_of(_files.read_embedded("movie_ratings_films.csv", folder))
    return MovieRatings(
        "movie_ratings",
        users=table["user"].astype(np.int64),
        films=table["film"].astype(np.int64),
        stars=table["half_stars"].astype(np.float32) / 2,
        timestamps=table["timestamp"].astype(np.int64),
        titles=tuple(_film_name(int(film), title, year) for film, title, year, _ in lines),
        genres=tuple(genres for *_, genres in lines),
        film_ids=np.array([int(line[0]) for line in lines]),
        n_users=int(table["user"].max()) + 1,
        liked_from=4.0,
    )


def _film_name(film: int, title: str, year: str) -> str:
    name = title or f"film {film} of MovieLens, title unknown"
    return f"{name} ({year})" if year else name


def _full_movie_ratings() -> MovieRatings:
    tables = _downloads.first_good(
        "MovieLens 20M",
        _checked_movie_ratings,
        _downloads.keras_cache(),
        [],
        list(FULL_MOVIE_RATINGS),
        source=GROUPLENS_FOLDER,
    )
    # ratings.csv: userId,movieId,rating,timestamp; movies.csv: movieId,title with the year,genres
    films = sorted((int(film), title, genres) for film, title, genres in _rows_of(tables["movies"]))
    film_ids = np.array([film for film, _, _ in films])
    columns = [("user", np.int64), ("film", np.int64), ("stars", np.float32), ("timestamp", np.int64)]
    table = np.loadtxt(io.BytesIO(tables["ratings"]), dtype=columns, delimiter=",", skiprows=1, ndmin=1)
    table = table[np.lexsort((table["film"], table["user"]))]
    user_ids, users = np.unique(table["user"], return_inverse=True)
    return MovieRatings(
        "movie_ratings (full)",
        users=users,
        films=np.searchsorted(film_ids, table["film"]),
        stars=table["stars"].copy(),
        timestamps=table["timestamp"].copy(),
        titles=tuple(title for _, title, _ in films),
        genres=tuple(genres for *_, genres in films),
        film_ids=film_ids,
        user_ids=user_ids,
        n_users=len(user_ids),
        liked_from=4.0,
    )


def _checked_movie_ratings(folder: Path) -> dict[str, bytes]:
    """The two tables of MovieLens 20M in a folder, as text; BadFile if the archive is absent or wrong."""
    ((name, expected),) = FULL_MOVIE_RATINGS.items()
    content = _downloads.read_pinned(folder / name, expected)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {table: archive.read(f"ml-20m/{table}.csv") for table in ("ratings", "movies")}


def _rows_of(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8"))))[1:]
