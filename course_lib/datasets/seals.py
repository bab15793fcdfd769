"""Clay tablets with the prints of seals over one another, and a part of each tablet broken off: parts that are known, to be found again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.datasets import _files

SIDE = 12  # pixels
ALIKE = 0.6  # largest |cosine| of two seals: a row that has .9 with one of them has it with no other


@dataclass(frozen=True, eq=False, repr=False)
class BrokenTablets:
    """What is left of tablets, and the seals that were pressed into them.

    Attributes:
        pieces: float32, shape (n, 144): brightness around the grey of flat clay, which is 0; 0 also where nothing is left.
        seen: bool, shape (n, 144): what is left.
        seals: float32, shape (n_seals, 144), rows of length 1, no two of them with a |cosine| above .6.
    """

    pieces: np.ndarray
    seen: np.ndarray
    seals: np.ndarray

    def __repr__(self) -> str:
        lost = 1 - self.seen.mean()
        return (
            f"BrokenTablets({len(self.pieces):,} pieces with prints of {len(self.seals)} seals, {lost:.0%} broken off)"
        )


def broken_tablets(n: int = 16_000, *, n_seals: int = 80, seed: int = 0) -> BrokenTablets:
    """Draw seals and tablets of 12 by 12 pixels, each with two to four of them over one another, and break each tablet.

    A seal is two or three curved ridges, lit from a corner: one flank bright, one dark. Its print adds to the tablet in an
    amount from 0.5 to 1.5; then comes noise of .05, and beyond a straight line, anywhere and in any direction, 25 to 55 % of
    the pixels are lost.

    Args:
        n: how many tablets.
        n_seals: how many seals, 4 to 120.
        seed: of everything.

    Raises:
        ValueError: if ``n`` is not a positive integer, or ``n_seals`` none from 4 to 120.
    """
    if int(n) != n or n < 1:
        raise ValueError(f"n: expected a positive integer, got {n!r}")
    if int(n_seals) != n_seals or not 4 <= n_seals <= 120:
        raise ValueError(f"n_seals: expected an integer from 4 to 120, got {n_seals!r}")
    rng = np.random.default_rng(seed)
    seals: list[np.ndarray] = []
    while len(seals) < n_seals:
        seal = _seal(rng)
        if all(abs(seal @ other) < ALIKE for other in seals):
            seals.append(seal)
    rank = rng.random((n, n_seals)).argsort(axis=1).argsort(axis=1)
    amounts = (rank < rng.integers(2, 5, (n, 1))) * rng.uniform(0.5, 1.5, (n, n_seals))
    tablets = amounts @ np.array(seals) + 0.05 * rng.standard_normal((n, SIDE**2))
    seen = _left_over(n, rng)
    arrays = (tablets * seen).astype(np.float32), seen, np.array(seals, np.float32)
    return BrokenTablets(*(_files.read_only(array) for array in arrays))


def _seal(rng: np.random.Generator) -> np.ndarray:
    """Two or three curved ridges, lit from a corner; (144,), of length 1."""
    rows, columns = np.indices((SIDE, SIDE))
    height = np.zeros((SIDE, SIDE))
    t = np.linspace(0, 1, 24)[:, None]
    for _ in range(rng.integers(2, 4)):
        length = 0.0
        while length < SIDE / 2:
            start, bend, end = rng.uniform(1, SIDE - 2, (3, 2))
            ridge = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
            length = np.linalg.norm(np.diff(ridge, axis=0), axis=1).sum()
        distance = (rows[..., None] - ridge[:, 0]) ** 2 + (columns[..., None] - ridge[:, 1]) ** 2
        height = np.maximum(height, np.exp(-distance.min(axis=-1) / (2 * 0.55**2)))
    around = np.pad(height, 1)
    light = (around[2:, 2:] - around[:-2, :-2]).ravel()
    return light / np.linalg.norm(light)


def _left_over(n: int, rng: np.random.Generator) -> np.ndarray:
    """What a straight break leaves of each tablet, 45 to 75 % of its pixels; (n, 144) of booleans."""
    places = np.indices((SIDE, SIDE)).reshape(2, -1) - (SIDE - 1) / 2
    angles = rng.uniform(0, 2 * np.pi, n)
    order = np.column_stack([np.cos(angles), np.sin(angles)]) @ places
    rank = order.argsort(axis=1).argsort(axis=1)
    return rank < np.round(rng.uniform(0.45, 0.75, (n, 1)) * SIDE**2)
