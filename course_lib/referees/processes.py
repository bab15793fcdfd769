"""Distributions simple enough that score or likelihood is known exactly: the noisy ring and the day with one bump."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.special

from course_lib.referees._inputs import data_matrix, positive


def ring_radius(sigma: float, radius: float | np.ndarray = 1.0) -> float | np.ndarray:
    """Radius to which the best denoiser sends a point, if clean points are uniform on the unit circle of the plane.

    Args:
        sigma: standard deviation of the noise in each of the two directions; positive.
        radius: of the noisy point, at least 0; a number or an array.

    Returns:
        I1(radius / sigma²) / I0(radius / sigma²), in the form of ``radius``: less than 1, whatever the noise.

    Raises:
        ValueError: if ``sigma`` is not positive.

    Source: the mean direction of the von Mises distribution, Mardia and Jupp 2000, equation 3.5.31.
    """
    argument = np.asarray(radius) / positive("sigma", sigma) ** 2
    ratio = scipy.special.ive(1, argument) / scipy.special.ive(0, argument)
    return float(ratio) if ratio.ndim == 0 else ratio


def ring_score(x: np.ndarray, sigma: float) -> np.ndarray:
    """The exact gradient of the log density of a noisy unit circle at points (n, 2), shape (n, 2).

    Raises:
        ValueError: if ``x`` does not have two columns or ``sigma`` is not positive.

    Source: Tweedie's formula with :func:`ring_radius`.
    """
    x = data_matrix("x", x, 2).astype(np.float64)
    radius = np.linalg.norm(x, axis=1, keepdims=True)
    direction = np.divide(x, radius, out=np.zeros_like(x), where=radius > 0)
    return (direction * ring_radius(sigma, radius) - x) / sigma**2


@dataclass(frozen=True)
class BumpProcess:
    """Days with one bump at a random hour: a process whose exact likelihood is known, and that no Gaussian describes.

    x(t) = height exp(-(t - h)² / (2 width²)) + noise, with h uniform between two hours and independent Gaussian noise at
    each of 48 half-hours.

    Attributes:
        height: of the bump.
        width: standard deviation of the bump, in hours.
        noise: standard deviation of the noise.
        first: earliest hour of the bump's centre.
        last: latest hour.
    """

    height: float = 1.0
    width: float = 1.0
    noise: float = 0.05
    first: float = 6.0
    last: float = 20.0

    @property
    def hours(self) -> np.ndarray:
        """0, 0.5, ..., 23.5."""
        return np.arange(48) / 2

    def bump(self, centres: np.ndarray) -> np.ndarray:
        """Days without noise, centres (n,) in hours to (n, 48)."""
        return self.height * np.exp(-0.5 * np.square((self.hours - np.asarray(centres)[:, None]) / self.width))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` days, float32, shape (n, 48)."""
        days = self.bump(rng.uniform(self.first, self.last, n))
        return (days + self.noise * rng.standard_normal(days.shape)).astype(np.float32)

    def log_likelihood(self, x: np.ndarray, steps: int = 1400) -> np.ndarray:
        """Log density of days (n, 48) in nats, exact but for the integral over the hour, taken in ``steps`` steps: (n,)."""
        x = data_matrix("x", x, 48).astype(np.float64)
        centres = self.first + (self.last - self.first) * (np.arange(steps) + 0.5) / steps
        bumps = self.bump(centres)
        squared = np.square(x).sum(axis=1)[:, None] - 2.0 * x @ bumps.T + np.square(bumps).sum(axis=1)
        terms = -0.5 * np.maximum(squared, 0.0) / self.noise**2  # (n, steps)
        largest = terms.max(axis=1, keepdims=True)
        mean = largest[:, 0] + np.log(np.exp(terms - largest).mean(axis=1))
        return mean - 48 * np.log(self.noise * np.sqrt(2 * np.pi))
