"""Pictures changed on purpose: warped, recoloured and badly taken copies that a network has to undo. NumPy only."""

from __future__ import annotations

import numpy as np

__all__ = ["centred", "jitter_colours", "random_displacement", "snapshots", "warp"]


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


def _grey(pictures: np.ndarray) -> np.ndarray:
    pictures = np.asarray(pictures)
    if pictures.ndim != 3 or 0 in pictures.shape:
        raise ValueError(
            f"pictures must be grey, of shape (n, height, width), none of them zero, but they have {pictures.shape}"
        )
    return _pictures(pictures[..., None])[..., 0]


def _seen_from(pictures: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Grey pictures (n, height, width) from a frame that is moved by offsets (n, 2), in pixels; beyond the edge is black."""
    n, height, width = pictures.shape
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    displacement = np.broadcast_to(np.asarray(offsets, pictures.dtype)[:, None, None], (n, height + 2, width + 2, 2))
    return warp(framed[..., None], displacement)[:, 1:-1, 1:-1, 0]


def snapshots(
    pictures: np.ndarray,
    rng: np.random.Generator,
    *,
    move: float = 3.0,
    dim: float = 0.5,
    uneven: float = 0.3,
    beside: int = 8,
    noise: float = 0.1,
) -> np.ndarray:
    """A hasty photograph of each picture: moved, with a strip of another one at its side, badly lit, and noisy.

    Args:
        pictures: grey, shape (n, height, width), floats in [0, 1], on black.
        rng: NumPy generator.
        move: the frame is off by up to so many pixels, down and across.
        dim: up to this share of the light is missing.
        uneven: how much brighter or darker than in the middle it is at the edges, in a direction drawn by lot.
        beside: at the left or right edge up to so many columns show another of the photographs.
        noise: standard deviation of the noise, which is clipped to [0, 1].

    Returns:
        Shape and dtype of ``pictures``; row i shows picture i.

    Raises:
        ValueError: if the pictures have another shape, are integers, or ``beside`` is wider than they are.
    """
    pictures = _grey(pictures)
    n, height, width = pictures.shape
    if not 0 <= beside <= width:
        raise ValueError(f"beside must lie between 0 and the width of {width}, but it is {beside!r}")
    seen = _seen_from(pictures, rng.uniform(-move, move, (n, 2)))
    columns, wide, left = np.arange(width), rng.integers(0, beside + 1, (n, 1)), rng.random((n, 1)) < 0.5
    covered = np.where(left, columns < wide, columns >= width - wide)  # (n, width)
    from_other = np.where(left, columns - wide, columns + wide) % width
    other = np.take_along_axis(seen[rng.permutation(n)], from_other[:, None, :], axis=2)
    seen = np.where(covered[:, None, :], other, seen)
    down, across = (np.linspace(-1, 1, length) for length in (height, width))
    angle = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    light = rng.uniform(1 - dim, 1, (n, 1, 1))
    light = light * (1 + uneven * (np.cos(angle) * down[:, None] + np.sin(angle) * across))
    noisy = seen * light + noise * rng.standard_normal(seen.shape)
    return np.clip(noisy, 0, 1).astype(pictures.dtype)


def centred(pictures: np.ndarray, dark: float = 0.15) -> np.ndarray:
    """Each picture moved so that the centre of mass of what is bright lies in the middle. Nothing is trained.

    Args:
        pictures: grey, shape (n, height, width), floats in [0, 1], on black.
        dark: what is darker has no mass, such as noise.

    Returns:
        Shape and dtype of ``pictures``; a picture without mass stays as it is.

    Raises:
        ValueError: if the pictures have another shape or are integers.
    """
    pictures = _grey(pictures)
    mass = np.maximum(pictures - dark, 0)
    total = np.maximum(mass.sum(axis=(1, 2)), 1e-6)
    down, across = (np.arange(length) - (length - 1) / 2 for length in pictures.shape[1:])
    return _seen_from(pictures, np.stack([mass.sum(axis=2) @ down, mass.sum(axis=1) @ across], axis=1) / total[:, None])
