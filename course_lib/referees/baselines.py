"""Trivial answers that a model has to beat: the mean, a blur, a median. None of them is the best at anything."""

from __future__ import annotations

import numpy as np
import scipy.ndimage

from course_lib.referees._inputs import positive


def mean_image(train: np.ndarray) -> np.ndarray:
    """The mean of a training set: (n, ...) to (...), float32. What a model that knows nothing should answer.

    Raises:
        ValueError: if ``train`` has fewer than two axes or no images.
    """
    train = np.asarray(train)
    if train.ndim < 2 or len(train) == 0:
        raise ValueError(f"train must have shape (n, ...) with n >= 1, but it has {train.shape}")
    return train.mean(axis=0, dtype=np.float64).astype(np.float32)


def gaussian_blur(images: np.ndarray, width: float) -> np.ndarray:
    """Images (n, height, width, ...) blurred by a Gaussian of the given width in pixels, each by itself.

    Raises:
        ValueError: if ``images`` has fewer than three axes or ``width`` is not positive.
    """
    return scipy.ndimage.gaussian_filter(_picture_stack(images), positive("width", width), axes=(1, 2))


def median_filter(images: np.ndarray, size: int = 3) -> np.ndarray:
    """Images (n, height, width, ...) with each pixel replaced by the median of a square of ``size`` pixels around it.

    Raises:
        ValueError: if ``images`` has fewer than three axes or ``size`` is not a positive integer.
    """
    if int(size) != size or size < 1:
        raise ValueError(f"size must be a positive integer, but it is {size!r}")
    return scipy.ndimage.median_filter(_picture_stack(images), size=int(size), axes=(1, 2))


def _picture_stack(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim < 3:
        raise ValueError(f"images must have shape (n, height, width, ...), but they have {images.shape}")
    return images
