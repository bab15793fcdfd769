"""Tables of ratings and plays in the forms in which they are met, for the tests of own data.

The films come from the course's embedded MovieLens ratings (GroupLens' own licence, no commercial use:
``course_lib/data/LICENSE-movie-ratings.txt``); they are written when a test runs, and no copy is kept. The plays and purchases
are drawn from a process that is described here.
"""

from __future__ import annotations

import csv
import uuid
from pathlib import Path

import numpy as np

from course_lib import datasets, recommend


def some_movie_ratings(users: int, films: int):
    """Rows (user, MovieLens' film id, stars, seconds) of the busiest users and the most liked films, and the films' titles."""
    ratings = datasets.movie_ratings()
    data = recommend.like_matrix(ratings, at_least=5)
    most_liked = data.films[np.argsort(-data.liked.sum(axis=0), kind="stable")[:films]]
    busiest = data.users[np.argsort(-data.liked.sum(axis=1), kind="stable")[:users]]
    kept = np.isin(ratings.films, most_liked) & np.isin(ratings.users, busiest)
    rows = [
        (int(user) + 1, int(ratings.film_ids[film]), float(stars), int(seconds))
        for user, film, stars, seconds in zip(
            ratings.users[kept], ratings.films[kept], ratings.stars[kept], ratings.timestamps[kept], strict=True
        )
    ]
    titles = {int(ratings.film_ids[film]): ratings.titles[film] for film in sorted(most_liked)}
    return rows, titles


def movielens(folder: Path, users: int = 60, films: int = 90) -> tuple[Path, Path]:
    """``ratings.csv`` and ``movies.csv`` as MovieLens has had them since 2015."""
    rows, titles = some_movie_ratings(users, films)
    ratings, movies = folder / "ratings.csv", folder / "movies.csv"
    with ratings.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["userId", "movieId", "rating", "timestamp"])
        writer.writerows(rows)
    with movies.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["movieId", "title", "genres"])
        writer.writerows((film, title, "Drama|Comedy") for film, title in titles.items())
    return ratings, movies


def movielens_100k(folder: Path, users: int = 30, films: int = 40) -> tuple[Path, Path]:
    """``u.data`` and ``u.item`` as MovieLens 100K has them: tabs without a header; pipes, Latin-1, whole stars."""
    rows, titles = some_movie_ratings(users, films)
    data, item = folder / "u.data", folder / "u.item"
    data.write_text("".join(f"{u}\t{f}\t{int(np.ceil(s))}\t{t}\n" for u, f, s, t in rows), encoding="utf-8")
    lines = [f"{film}|{title}|01-Jan-1995||http://x/|0|1|0\n" for film, title in titles.items()]
    lines.append("999999|Cité des enfants perdus, La (1995)|01-Jan-1995||http://x/|0|0|1\n")
    item.write_bytes("".join(lines).encode("latin-1"))
    return data, item


def drawn_plays(users: int, artists: int, seed: int = 0) -> list[tuple[str, str, int]]:
    """Who heard which artist how often, from a process with taste in it.

    Artists belong to one of four scenes, and within a scene the r-th is played in proportion to 1/r. A user has a favourite scene,
    from which three of four artists are drawn, 12 to 30 in all, each once; how often an artist is heard is geometric with
    mean 20. Users are UUIDs, artists have names with blanks, commas and an umlaut.
    """
    rng = np.random.default_rng(seed)
    scene = np.arange(artists) % 4
    fame = 1.0 / (1 + np.arange(artists) // 4)
    rows = []
    for _ in range(users):
        who = str(uuid.UUID(bytes=rng.bytes(16)))
        liking = fame * np.where(scene == rng.integers(4), 9.0, 1.0)
        heard = rng.choice(
            artists, size=min(int(rng.integers(12, 31)), artists - 8), replace=False, p=liking / liking.sum()
        )
        rows += [(who, f"Café Überall, no. {artist}", int(rng.geometric(0.05))) for artist in heard]
    return rows


def plays(path: Path, users: int = 80, artists: int = 90) -> Path:
    """Counts of plays as in the Last.fm sets: user, artist, plays; tabs, no header."""
    path.write_text("".join(f"{u}\t{a}\t{n}\n" for u, a, n in drawn_plays(users, artists)), encoding="utf-8")
    return path


def purchases(path: Path, users: int = 40, products: int = 40) -> Path:
    """A shop's log: one purchase a row, dates that fall, the same product bought again; semicolons."""
    rng = np.random.default_rng(1)
    rows = [(u, a, n) for u, a, n in drawn_plays(users, products) for _ in range(1 + n // 40)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["date", "customer", "product", "price"])
        for at in rng.permutation(len(rows)):
            who, what, n = rows[at]
            writer.writerow([f"2024-{1 + n % 12:02}-{1 + at % 28:02} 10:00:00", who, what, f"{1 + n / 10:.2f}"])
    return path
