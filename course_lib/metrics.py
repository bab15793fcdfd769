"""Scores: how far a reconstruction is from its original, in squared error, decibels, bits and neighbours.

Images are arrays in [0, 1]. Outputs of a network are clipped with :func:`clip01` before they are scored, everywhere in
the course: a pixel of 1.1 is shown as white, so it is judged as white.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def _number_array(name: str, values: np.ndarray) -> np.ndarray:
    """An array of floats wide enough that differences and their squares neither wrap around nor overflow."""
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, but its dtype is {array.dtype}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}")
    if array.dtype.kind == "f" and array.dtype.itemsize >= 4:
        return array
    return array.astype(np.float32 if array.dtype.itemsize == 1 or array.dtype.kind == "f" else np.float64)


def _pair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kinds = np.asarray(x).dtype.kind, np.asarray(y).dtype.kind
    if set(kinds) & {"i", "u", "b"} and "f" in kinds:
        raise ValueError(
            f"x has dtype {np.asarray(x).dtype} and y {np.asarray(y).dtype}: pixels 0..255 and values in [0, 1] "
            "cannot be compared; divide the integers by 255 first"
        )
    x, y = _number_array("x", x), _number_array("y", y)
    if x.shape != y.shape:
        raise ValueError(f"x and y must have the same shape, but x has {x.shape} and y has {y.shape}")
    return x, y


def clip01(images: np.ndarray) -> np.ndarray:
    """Images with every value below 0 set to 0 and above 1 set to 1; same shape and float dtype.

    Raises:
        ValueError: if ``images`` holds integers (pixels 0..255 would all become 0 or 1).
    """
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise ValueError(
            f"images must be floats in units of [0, 1], but their dtype is {images.dtype}; divide by 255 first"
        )
    return np.clip(images, 0.0, 1.0)


def mse(x: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error over all images and pixels.

    Args:
        x: array of any shape; float, or integer (then the error is in squared grey levels: nothing wraps around).
        y: array of the same shape, and of the same kind: two float or two integer arrays.

    Raises:
        ValueError: if the shapes differ, an array is empty, or only one of the two holds integers.
    """
    x, y = _pair(x, y)
    return float(np.mean(np.square(x - y), dtype=np.float64))


def mse_per_image(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean squared error of each image: shapes (n, ...) and (n, ...) to (n,), float64.

    Raises:
        ValueError: as :func:`mse`, and if the arrays have fewer than two axes.
    """
    x, y = _pair(x, y)
    if x.ndim < 2:
        raise ValueError(f"x must have shape (n, ...) with at least two axes, but its shape is {x.shape}")
    return np.mean(np.square(x - y), axis=tuple(range(1, x.ndim)), dtype=np.float64)


def psnr_from_mse(error: float, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio in decibels, 10 log10(peak² / error); infinite for an error of 0.

    Args:
        error: a mean squared error, not negative, in squared units of ``peak``. Average the errors first and convert
            once: the mean of decibels is another number.
        peak: the largest value a pixel can take.

    Raises:
        ValueError: if ``error`` is negative or not a number, or ``peak`` is not positive.
    """
    error, peak = float(error), float(peak)
    if math.isnan(error) or error < 0:
        raise ValueError(f"error must be a mean squared error, not negative, but it is {error}")
    if not peak > 0:
        raise ValueError(f"peak must be positive, but it is {peak}")
    return math.inf if error == 0 else 10.0 * math.log10(peak * peak / error)


def psnr(x: np.ndarray, y: np.ndarray) -> float:
    """PSNR in decibels from the mean squared error over the whole set, for images in [0, 1] (peak 1).

    Args:
        x: images, any shape, floats in [0, 1].
        y: images of the same shape, floats in [0, 1]; clip a network's output with :func:`clip01`.

    Raises:
        ValueError: if the shapes differ, the dtype is an integer, or values leave [0, 1] by more than 1e-6.
    """
    for name, values in (("x", np.asarray(x)), ("y", np.asarray(y))):
        if values.dtype.kind != "f":
            raise ValueError(f"{name} must be floats in [0, 1], but its dtype is {values.dtype}; divide by 255 first")
        if values.size and not (values.min() >= -1e-6 and values.max() <= 1 + 1e-6):
            raise ValueError(
                f"{name} must lie in [0, 1], but its values run from {values.min():.4g} to {values.max():.4g}; "
                "use clip01 on outputs"
            )
    return psnr_from_mse(mse(x, y))


def code_bits(code_shape: int | Sequence[int], bits_per_number: int = 32) -> int:
    """Bits in one code: how many numbers it has times the bits of each (32 for a float, 8 for a byte).

    Raises:
        ValueError: if a length or ``bits_per_number`` is not a positive integer.
    """
    lengths = (code_shape,) if isinstance(code_shape, (int, np.integer)) else tuple(code_shape)
    for name, numbers in (("code_shape", lengths), ("bits_per_number", (bits_per_number,))):
        if not numbers or any(not isinstance(n, (int, np.integer)) or n <= 0 for n in numbers):
            raise ValueError(
                f"{name} must hold positive integers, but it is {code_shape if numbers is lengths else numbers[0]!r}"
            )
    return math.prod(int(n) for n in lengths) * int(bits_per_number)


def compression_ratio(
    input_shape: int | Sequence[int], code_shape: int | Sequence[int], *, input_bits: int = 8, number_bits: int = 32
) -> float:
    """Bits of one input divided by bits of its code; shapes without the batch axis.

    The defaults are an image of bytes and a code of floats: 784 pixels and 32 numbers give 6.125, not 24.5.

    Raises:
        ValueError: as :func:`code_bits`.
    """
    return code_bits(input_shape, input_bits) / code_bits(code_shape, number_bits)


def explained_variance(x: np.ndarray, y: np.ndarray, mean: np.ndarray | None = None) -> float:
    """Share of the variance of ``x`` that its reconstruction ``y`` keeps: 1 - MSE(x, y) / MSE(x, mean).

    Args:
        x: originals, shape (n, ...).
        y: reconstructions, same shape.
        mean: what counts as knowing nothing, shape (...) of one image: pass the *training* mean to score unseen images;
            by default the mean of ``x`` itself.

    Returns:
        1 for a perfect copy, 0 for the mean, negative for worse than the mean.

    Raises:
        ValueError: if shapes do not fit, or ``x`` does not vary around ``mean``.
    """
    x, y = _pair(x, y)
    mean = x.mean(axis=0, dtype=np.float64) if mean is None else np.asarray(mean)
    if mean.shape != x.shape[1:]:
        raise ValueError(f"mean must have the shape of one image, {x.shape[1:]}, but it has {mean.shape}")
    baseline = float(np.mean(np.square(x - mean.astype(x.dtype)), dtype=np.float64))
    if baseline == 0:
        raise ValueError("x does not differ from mean: there is no variance to explain")
    return 1.0 - mse(x, y) / baseline


def precision_at_k(
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    queries: np.ndarray,
    query_labels: np.ndarray,
    k: int = 10,
) -> float:
    """Share of the k nearest gallery codes (Euclidean distance) that carry the query's label, mean over queries.

    Args:
        gallery: codes to search, shape (n, d).
        gallery_labels: shape (n,).
        queries: codes to search for, shape (m, d); none of them may be in the gallery, or it finds itself.
        query_labels: shape (m,).
        k: neighbours to look at, 1 to n.

    Raises:
        ValueError: if the shapes do not fit or ``k`` is out of range.
    """
    gallery, queries = np.asarray(gallery), np.asarray(queries)
    gallery_labels, query_labels = np.asarray(gallery_labels), np.asarray(query_labels)
    if gallery.ndim != 2 or queries.ndim != 2 or gallery.shape[1] != queries.shape[1]:
        raise ValueError(
            f"gallery and queries must have shapes (n, d) and (m, d), but they have {gallery.shape} and {queries.shape}"
        )
    for name, labels, codes in (
        ("gallery_labels", gallery_labels, gallery),
        ("query_labels", query_labels, queries),
    ):
        if labels.shape != codes.shape[:1]:
            raise ValueError(f"{name} must have shape {codes.shape[:1]}, one label a code, but it has {labels.shape}")
    if not 1 <= k <= len(gallery):
        raise ValueError(f"k must lie between 1 and the gallery's {len(gallery)} codes, but it is {k}")
    gallery, queries = gallery.astype(np.float32), queries.astype(np.float32)
    squared_norms = np.square(gallery).sum(axis=1)
    hits = 0
    for start in range(0, len(queries), 1000):  # a thousand queries at a time: the distance table stays small
        distances = squared_norms - 2.0 * queries[start : start + 1000] @ gallery.T  # (1000, n), up to a constant a row
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
        hits += int((gallery_labels[nearest] == query_labels[start : start + 1000, None]).sum())
    return hits / (k * len(queries))
