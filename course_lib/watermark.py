"""An invisible mark: a faint random pattern that only the holder of the key can find. NumPy and SciPy only.

It shows what such a mark can do and where it ends (lesson 06 measures both). It is no protection against somebody who
wants to remove it, or to forge it: all pictures carry one pattern, which the average of some marked ones gives away
without the key. And it is no substitute for saying openly that a picture is made up.
"""

from __future__ import annotations

import numpy as np
import scipy.ndimage

__all__ = ["AMPLITUDE", "THRESHOLD", "is_marked", "mark", "score"]

AMPLITUDE = 0.009
"""How far the mark moves a value of the picture, of 1: 40.9 dB, hardly more than two of 255 grey levels."""

THRESHOLD = 5.0
"""Standard deviations by which a picture must agree with the pattern to count as marked."""


def _pattern(shape: tuple[int, ...], key: int) -> np.ndarray:
    """Signs (+1 or -1), one for each number of a picture, that follow from the key."""
    return np.random.default_rng(key).choice(np.array([-1.0, 1.0], np.float32), size=shape)


def _pictures(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape or images.dtype.kind != "f":
        raise ValueError(
            "images must be floats in [0, 1] of shape (n, height, width, channels), none of them zero, but they have "
            f"dtype {images.dtype} and shape {images.shape}"
        )
    return images


def mark(images: np.ndarray, key: int) -> np.ndarray:
    """The pictures with the key's pattern added, clipped to [0, 1].

    Args:
        images: shape (n, height, width, channels), floats in [0, 1].
        key: a non-negative integer.

    Raises:
        ValueError: if the images have another shape or dtype, or the key is negative.

    Source: spread-spectrum watermarking, Cox, Kilian, Leighton and Shamoon 1997.
    """
    images = _pictures(images)
    return np.clip(images + AMPLITUDE * _pattern(images.shape[1:], key), 0, 1).astype(images.dtype)


def score(images: np.ndarray, key: int) -> np.ndarray:
    """How well each picture agrees with the key's pattern, in standard deviations of what chance gives; shape (n,).

    A smoothed copy is taken away first: the mark lives from pixel to pixel, the picture mostly does not.

    Raises:
        ValueError: as :func:`mark`.
    """
    images = _pictures(images)
    detail = images - scipy.ndimage.uniform_filter(images, size=(1, 3, 3, 1), mode="nearest")
    agreement = np.einsum("nhwc,hwc->n", detail, _pattern(images.shape[1:], key))
    return agreement / (np.sqrt(np.square(detail).sum(axis=(1, 2, 3))) + 1e-12)


def is_marked(images: np.ndarray, key: int) -> np.ndarray:
    """Whether each picture carries the key's mark; shape (n,), bool.

    Raises:
        ValueError: as :func:`mark`.
    """
    return score(images, key) > THRESHOLD
