"""New codes and new samples: from the prior, between two codes, and by following a score."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import keras
import numpy as np

from course_lib._sizes import positive


def sample_prior(decoder: keras.Model | Callable, n: int, latent_dim: int, rng: np.random.Generator) -> np.ndarray:
    """New pictures: codes from the standard normal prior, decoded. No picture of any data set enters.

    Args:
        decoder: a model or function from codes (n, latent_dim), float32, to pictures.
        n: how many.
        latent_dim: numbers in a code.
        rng: NumPy generator of the codes.

    Returns:
        The decoder's answers, shape (n, ...): mean pictures without pixel noise, or logits if that is what it decodes to.

    Raises:
        ValueError: if ``n`` or ``latent_dim`` is not a positive integer.
    """
    n, latent_dim = positive("n", n), positive("latent_dim", latent_dim)
    codes = rng.standard_normal((n, latent_dim)).astype("float32")
    if isinstance(decoder, keras.Model):
        return decoder.predict(codes, batch_size=1000, verbose=0)
    return keras.ops.convert_to_numpy(decoder(codes))


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """A code between two codes, along the arc and not the chord: (k,), (k,) and a number to (k,).

    The direction turns by the share ``t`` of the angle between them, the norm changes linearly. Half-way along the
    straight line between two independent codes of many numbers the norm is only .71 of theirs, where the prior has
    next to no mass.

    Args:
        a: the code at t = 0, not zero.
        b: the code at t = 1, not zero and not opposite to ``a``.
        t: 0 to 1.

    Raises:
        ValueError: if the shapes differ or are not (k,), a code is zero, or the two are opposite: there is no arc then.

    Source: Shoemake 1985; for latent spaces White 2016.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape (k,), but they have {a.shape} and {b.shape}")
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if min(norms) == 0:
        raise ValueError("a and b must not be zero: a zero has no direction")
    one, other = a / norms[0], b / norms[1]
    angle = 2.0 * np.arctan2(np.linalg.norm(one - other), np.linalg.norm(one + other))  # exact for small angles too
    if math.pi - angle < 1e-7:
        raise ValueError("a and b point in opposite directions: every arc between them is as short as any other")
    norm = (1 - t) * norms[0] + t * norms[1]
    if angle < 1e-7:  # one direction: the arc is the chord
        return norm * one
    return norm * (np.sin((1 - t) * angle) * one + np.sin(t * angle) * other) / np.sin(angle)


def langevin_path(
    score: Callable[[np.ndarray, float], np.ndarray],
    levels: Sequence[float],
    samples: int,
    *,
    dim: int = 2,
    steps: int = 20,
    step_size: float = 0.3,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Annealed Langevin dynamics: from noise at the first level to samples, level by level.

    Args:
        score: function (points (n, dim), noise level) -> gradient of the log density of data with that noise, (n, dim).
        levels: noise levels, falling, all positive.
        samples: how many points.
        dim: numbers in a point.
        steps: steps at each level.
        step_size: the step at a level is this number times the level squared.
        rng: the generator to draw from.

    Returns:
        The points (samples, dim) at the start and after each level: one array more than there are levels.

    Raises:
        ValueError: if the levels are not falling and positive, or a number is not positive.

    Source: Song and Ermon 2019, algorithm 1.
    """
    levels = [float(level) for level in levels]
    if not levels or levels[-1] <= 0 or any(b > a for a, b in itertools.pairwise(levels)):
        raise ValueError(f"levels must be positive and falling, but they are {levels}")
    samples, dim, steps = (positive(n, v) for n, v in (("samples", samples), ("dim", dim), ("steps", steps)))
    if not step_size > 0:
        raise ValueError(f"step_size must be positive, but it is {step_size!r}")
    path = [levels[0] * rng.standard_normal((samples, dim))]
    for level in levels:
        alpha, x = step_size * level**2, path[-1]
        for _ in range(steps):
            x = x + alpha / 2 * score(x, level) + math.sqrt(alpha) * rng.standard_normal(x.shape)
        path.append(x)
    return path
