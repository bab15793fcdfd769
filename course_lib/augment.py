"""Pictures changed on purpose: warped and recoloured copies that a network has to undo. NumPy only."""

from __future__ import annotations

import numpy as np

__all__ = ["jitter_colours", "random_displacement", "warp"]


def _pictures(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(
            f"images must have shape (n, height, width, channels), none of them zero, but they have {images.shape}"
        )
    if images.dtype.kind != "f":
        raise ValueError(f"images must be floats in [0, 1], but their dtype is {images.dtype}; divide by 255 first")
    return images


def warp(images: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """Every output pixel p takes the value of the picture at p + displacement, bilinear, edges repeated.

    Args:
        images: shape (n, height, width, channels), floats.
        displacement: shape (n, height, width, 2), in pixels: how many rows down and how many columns to the right of
            p to look.

    Returns:
        The warped pictures, shape and dtype of ``images``.

    Raises:
        ValueError: if the shapes do not fit, the images are integers, or a displacement is not finite.
    """
    images, displacement = _pictures(images), np.asarray(displacement)
    n, height, width, _ = images.shape
    if displacement.shape != (n, height, width, 2):
        raise ValueError(f"displacement must have shape {(n, height, width, 2)}, but it has {displacement.shape}")
    if not np.isfinite(displacement).all():
        raise ValueError("displacement must be finite, but it holds NaN or infinity")
    rows = np.clip(np.arange(height)[:, None] + displacement[..., 0], 0, height - 1)  # (n, height, width)
    columns = np.clip(np.arange(width) + displacement[..., 1], 0, width - 1)
    top, left = np.floor(rows).astype(np.int64), np.floor(columns).astype(np.int64)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down = (rows - top)[..., None].astype(images.dtype)  # share of the lower row
    across = (columns - left)[..., None].astype(images.dtype)
    index = np.arange(n)[:, None, None]
    upper = images[index, top, left] * (1 - across) + images[index, top, right] * across
    lower = images[index, bottom, left] * (1 - across) + images[index, bottom, right] * across
    return upper * (1 - down) + lower * down


def random_displacement(
    rng: np.random.Generator, n: int, height: int, width: int, strength: float, knots: int = 5
) -> np.ndarray:
    """Smooth random displacements for :func:`warp`: a coarse grid of Gaussian shifts, interpolated in between.

    Args:
        rng: NumPy generator.
        n: how many.
        height: of a picture, in pixels.
        width: of a picture, in pixels.
        strength: standard deviation of the shift at each knot, in pixels; not negative.
        knots: knots along each side, at least 2, the outermost on the edges.

    Returns:
        Shape (n, height, width, 2), float32, in pixels.

    Raises:
        ValueError: if ``strength`` is negative or ``knots`` below 2.

    Source: the random warp of the original faceswap code (2017), which moves the knots of a 5 x 5 grid.
    """
    if not strength >= 0 or int(knots) != knots or knots < 2:
        raise ValueError(f"strength must not be negative and knots at least 2, but they are {strength!r}, {knots!r}")
    coarse = (strength * rng.standard_normal((n, int(knots), int(knots), 2))).astype(np.float32)

    def weights(length: int) -> np.ndarray:
        """Linear interpolation from the knots to the pixels of one side, shape (length, knots)."""
        places = np.linspace(0, knots - 1, length)
        return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(knots))).astype(np.float32)

    return np.einsum("hi,nijc,wj->nhwc", weights(height), coarse, weights(width), optimize=True)


def jitter_colours(images: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Random gain and offset for each channel of each picture, and a random step towards grey; clipped to [0, 1].

    Args:
        images: shape (n, height, width, channels), floats in [0, 1].
        rng: NumPy generator.
        strength: 0 changes nothing; 1 draws gains from .6 to 1.4, offsets from -.15 to .15, and up to all of the way
            to grey.

    Raises:
        ValueError: if the images have another shape or dtype, or ``strength`` lies outside [0, 1].
    """
    images = _pictures(images)
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must lie in [0, 1], but it is {strength!r}")
    n, channels = len(images), images.shape[-1]
    gain = rng.uniform(1 - 0.4 * strength, 1 + 0.4 * strength, (n, 1, 1, channels))
    offset = rng.uniform(-0.15 * strength, 0.15 * strength, (n, 1, 1, channels))
    towards_grey = rng.uniform(0, strength, (n, 1, 1, 1)) if strength else np.zeros((n, 1, 1, 1))
    coloured = images * gain + offset
    coloured += towards_grey * (coloured.mean(axis=-1, keepdims=True) - coloured)
    return np.clip(coloured, 0, 1).astype(images.dtype)
