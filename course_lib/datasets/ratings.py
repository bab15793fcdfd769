"""Who gave which film how many stars: MovieLens."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
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
    """Who gave which film how many stars, and when: a long table with one entry a rating, sorted by user, then film.

    All arrays are read-only.

    Attributes:
        name: what the set is called.
        users: int64, shape (ratings,): number of the user, from 0.
        films: int64, shape (ratings,): number of the film, an index into ``titles``.
        stars: float32, shape (ratings,): 0.5 to 5 in steps of 0.5.
        timestamps: int64, shape (ratings,): seconds since 1 January 1970, UTC.
        titles: one text a film, with the year in brackets where it is known, such as "Toy Story (1995)". Articles stand
            at the end, as upstream has them: "Matrix, The (1999)".
        genres: one text a film, such as "Action|Sci-Fi".
        film_ids: int64, shape (films,): MovieLens' own numbers.
        n_users: how many users there are.

    Raises:
        ValueError: if the columns differ in length, or a number of a user or film is out of range.
    """

    name: str
    users: np.ndarray
    films: np.ndarray
    stars: np.ndarray
    timestamps: np.ndarray
    titles: tuple[str, ...]
    genres: tuple[str, ...]
    film_ids: np.ndarray
    n_users: int

    def __post_init__(self) -> None:
        for column in ("users", "films", "stars", "timestamps"):
            values = getattr(self, column)
            if values.shape != self.users.shape or values.ndim != 1:
                raise ValueError(f"{column}: expected shape {self.users.shape}, got {values.shape}")
        for column, count in (("users", self.n_users), ("films", len(self.titles))):
            values = getattr(self, column)
            if len(values) and not (values.min() >= 0 and values.max() < count):
                raise ValueError(
                    f"{column}: expected numbers from 0 to {count - 1}, got {values.min()} to {values.max()}"
                )
        if not len(self.titles) == len(self.genres) == len(self.film_ids):
            raise ValueError(
                f"titles, genres and film_ids: expected one of each a film, got {len(self.titles)}, "
                f"{len(self.genres)} and {len(self.film_ids)}"
            )
        for column in ("users", "films", "stars", "timestamps", "film_ids"):
            object.__setattr__(self, column, _files.read_only(getattr(self, column)))

    def __repr__(self) -> str:
        return (
            f"MovieRatings({self.name!r}: {len(self.stars):,} ratings by {self.n_users:,} users "
            f"of {len(self.titles):,} films)"
        )

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


def movie_ratings(full: bool = False) -> MovieRatings:
    """Who gave which film how many stars: MovieLens latest-small of October 2016.

    100,004 ratings of 9,066 films by 671 users, each of whom rated at least 20 films.

    Args:
        full: give MovieLens 20M instead (20,000,263 ratings of 27,278 films by 138,493 users), from ``ml-20m.zip`` in
            the Keras cache (``$KERAS_HOME`` or ``~/.keras``, folder ``datasets``), else downloaded there (190 MB); checked
            against our SHA-256 of the file. Reading it takes about half a minute. It is not part of the course's files.

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
        n_users=len(user_ids),
    )


def _checked_movie_ratings(folder: Path) -> dict[str, bytes]:
    """The two tables of MovieLens 20M in a folder, as text; BadFile if the archive is absent or wrong."""
    ((name, expected),) = FULL_MOVIE_RATINGS.items()
    content = _downloads.read_pinned(folder / name, expected)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {table: archive.read(f"ml-20m/{table}.csv") for table in ("ratings", "movies")}


def _rows_of(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8"))))[1:]
