"""A film club that does not exist: for recommendations to people whose taste is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS, COUNTRIES = 24, 6


@dataclass(frozen=True, eq=False, repr=False)
class FilmClub:
    """Who likes which films. ``shown``, ``hidden`` and ``taste`` are of new people, row by row.

    Attributes:
        likes: bool, shape (people, films): members, to train on.
        shown: bool, shape (new, films): half of what each new person likes.
        hidden: bool, shape (new, films): the other half.
        taste: float32, shape (new, films): what the likes were drawn from, larger for what is liked more. Nobody can know more.
    """

    likes: np.ndarray
    shown: np.ndarray
    hidden: np.ndarray
    taste: np.ndarray

    def __repr__(self) -> str:
        people, films = self.likes.shape
        return f"FilmClub({people:,} members, {films} films, {self.likes.mean():.0%} of all places liked; {len(self.shown):,} new people)"


def film_club(rng: np.random.Generator, people: int = 2000, new: int = 2000, films: int = 400) -> FilmClub:
    """Invent films and people, and draw who likes what.

    Films belong to 24 kinds, some large and some small; within a kind they come in series, of 1 to some thirty parts; each
    is made in one of 6 countries; and their fame falls as a power of their rank. A person cares for 2 to 4 kinds, follows a
    quarter of the series in them, likes some countries better than others, and minds fame more or less. A few like very
    much: the number of likes is log-normal, from 6 to 150 with a median of 25. They are drawn without replacement, each
    with a chance proportional to the exponential of the taste.

    Whoever likes six parts of a series has said one thing, not six: methods that add up similarities count it six times.

    Args:
        rng: the generator to draw from.
        people: members to train on.
        new: further people, not among them.
        films: at least 200.

    Raises:
        ValueError: if a number is not a positive integer, or ``films`` is below 200.
    """
    for name, number, least in (("people", people, 1), ("new", new, 1), ("films", films, 200)):
        if int(number) != number or number < least:
            raise ValueError(f"{name} must be an integer of at least {least}, but it is {number!r}")
    share = rng.dirichlet(np.ones(KINDS)) + 0.3 / KINDS
    kind = rng.choice(KINDS, films, p=share / share.sum())
    series, country = _series(kind, rng), rng.integers(0, COUNTRIES, films)
    fame = -0.9 * np.log(1 + rng.permutation(films))

    total = people + new
    kinds_liked = rng.random((total, KINDS)).argsort(axis=1) < rng.integers(2, 5, (total, 1))
    strength = kinds_liked * rng.uniform(0.5, 1.5, (total, KINDS))
    follows = rng.random((total, series.max() + 1)) < 0.25
    taste = rng.uniform(0.6, 1.2, (total, 1)) * (fame - fame.mean())
    taste += 2 * strength[:, kind] + 2 * rng.normal(size=(total, COUNTRIES))[:, country]
    taste += 4 * kinds_liked[:, kind] * (2.0 * follows[:, series] - 0.5)

    how_many = np.clip(25 * np.exp(0.9 * rng.normal(size=(total, 1))), 6, 150).astype(int)
    likes = _ranks(taste + rng.gumbel(size=taste.shape)) < how_many
    of_new = likes[people:]
    shown = _ranks(rng.random(of_new.shape) + of_new) < (how_many[people:] + 1) // 2
    return FilmClub(likes[:people], shown, of_new & ~shown, taste[people:].astype(np.float32))


def _ranks(values: np.ndarray) -> np.ndarray:
    """The place of each number in its row, 0 for the largest."""
    return (-values).argsort(axis=1).argsort(axis=1)


def _series(kind: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The number of each film's series, which lies within a kind; their lengths are geometric with mean 8."""
    series, count = np.empty(len(kind), int), 0
    for one in range(KINDS):
        films = rng.permutation(np.flatnonzero(kind == one))
        while len(films):
            length = rng.geometric(1 / 8)
            series[films[:length]], count, films = count, count + 1, films[length:]
    return series
