"""What random draws look like when they are what they should be: limits that honest draws pass a million times in a row.

The functions look at numbers only. Each returns what it found, as a pair or as a sentence for a message, or nothing.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri


def not_gaussian(numbers: np.ndarray) -> str:
    """What tells numbers from a Gaussian of their own mean and deviation: skewness, fourth moment or tails; else ``""``.

    Args:
        numbers: at least 5,000 of them, drawn independently; of any shape.
    """
    z = (numbers.ravel() - numbers.mean()) / numbers.std()
    n, largest = z.size, float(np.abs(z).max())
    # Of n draws the largest lies between these two, but for one case in a thousand million each.
    low, high = (float(-ndtri(tail / (2 * n))) for tail in (20.7, 1e-9))
    skewness, fourth = round(float(np.mean(z**3)), 4) + 0.0, float(np.mean(z**4))
    near = abs(skewness) < 7 * math.sqrt(6 / n) and abs(fourth - 3) < 7 * math.sqrt(24 / n)
    if near and low < largest < high:
        return ""
    return (
        f"Of {n} numbers the largest is {largest:.1f} standard deviations from the mean, their third moment is {skewness:.2f} "
        f"and their fourth {fourth:.2f} (a Gaussian has 0 and 3)."
    )


def related(rows: np.ndarray) -> tuple[int, int, float] | None:
    """The two most correlated rows of (k, n), and their correlation; None if chance explains it.

    What is too weak to be seen in one pair shows in the mean over neighbours.

    Args:
        rows: at least 2 rows of at least 100 numbers.
    """
    r = np.corrcoef(rows) - np.eye(len(rows))
    i, j = (int(v) for v in np.unravel_index(np.abs(r).argmax(), r.shape))
    chance = 7 / math.sqrt(rows.shape[1])
    if abs(r[i, j]) < chance and abs(np.diag(r, 1).mean()) < chance / math.sqrt(len(rows) - 1):
        return None
    return min(i, j), max(i, j), float(r[i, j])


def same_numbers(rows: np.ndarray, atol: float = 1e-6) -> list[tuple[int, int]]:
    """The pairs of rows of (k, n) that hold the same numbers, perhaps in another order or with other signs.

    The largest thirty of each row are compared: by chance they never agree. Rows of few values, such as -1 and 1, say nothing.
    """
    largest = np.sort(np.abs(rows), axis=1)[:, -30:]
    telling = np.ptp(largest, axis=1) > 100 * atol
    same = [
        (i, i + 1 + np.flatnonzero(np.abs(largest[i + 1 :] - largest[i]).max(axis=1) < atol))
        for i in range(len(rows) - 1)
    ]
    return [(i, int(j)) for i, found in same for j in found if telling[i] and telling[j]]


SIGMAS = 6.5  # a right answer fails a test at this many standard errors once in ten thousand million


def chance(n: int) -> float:
    """How far the mean of n independent numbers of standard deviation 1 may be from its expectation."""
    return SIGMAS / math.sqrt(n)


def wrong_shares(numbers: np.ndarray) -> float | None:
    """How much the share of numbers below some level differs from the standard normal distribution's; None if chance explains it."""
    levels = np.linspace(-2.5, 2.5, 21)
    off = float(np.abs((numbers.ravel()[:, None] < levels).mean(axis=0) - ndtr(levels)).max())
    return None if off < chance(numbers.size) / 2 else off


def depend(draws: np.ndarray) -> bool:
    """Whether draws (n, k) say anything about each other: in one row, in the next ones or half a set later, by value or by size.

    Args:
        draws: rows of numbers of mean 0 and standard deviation 1, normal if they are what they should be.
    """
    n, k = draws.shape
    sizes = (np.abs(draws) - math.sqrt(2 / math.pi)) / math.sqrt(1 - 2 / math.pi)
    for numbers, limit in (draws, chance(1)), (sizes, chance(1) + 1):  # sizes have heavier tails
        for lag in (0, 1, 2, n // 2):
            table = numbers[lag:].T @ numbers[: n - lag] / (n - lag)
            if lag == 0:
                np.fill_diagonal(table, 0)
            together = abs(table.trace()) / math.sqrt(k)  # what is too weak for one column shows in all
            if max(np.abs(table).max(), together) > limit / math.sqrt(n - lag):
                return True
    # Copies, in any order and with any signs.
    return len(np.unique(np.round(np.abs(draws), 9), axis=0)) <= 0.99 * n
