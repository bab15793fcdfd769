"""Reads pose and expression from a picture of a head, without a network: edges, counted by direction, and kernel ridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.ndimage

from course_lib.referees import KernelRidge, fit_kernel_ridge

__all__ = ["PoseReader", "edge_histograms", "fit_pose_reader"]


def edge_histograms(images: np.ndarray, cell: int = 6, directions: int = 8) -> np.ndarray:
    """How strong the edges of each direction are in each cell of a picture.

    Args:
        images: shape (n, height, width, channels), floats in [0, 1]; sides divisible by ``cell``.
        cell: side of a cell in pixels.
        directions: bins from 0 to 180 degrees; an edge is shared between its two nearest bins.

    Returns:
        Shape (n, cells * directions), float32, roots of the strengths relative to the picture's mean.

    Raises:
        ValueError: if the images have another shape or dtype, or cannot be divided into cells.

    Source: Dalal and Triggs 2005 (histograms of oriented gradients).
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype.kind != "f" or images.shape[1] % cell or images.shape[2] % cell:
        raise ValueError(
            f"images must be floats of shape (n, height, width, channels) with sides divisible by {cell}, but they have "
            f"dtype {images.dtype} and shape {images.shape}"
        )
    grey = images.mean(axis=-1, dtype=np.float32)
    n, height, width = grey.shape
    down, across = np.gradient(grey, axis=1), np.gradient(grey, axis=2)
    strength = np.hypot(down, across)
    place = (np.arctan2(down, across) % np.pi) / np.pi * directions
    lower = np.floor(place).astype(np.int64)
    share = place - lower
    cells = []
    for number in range(directions):
        weight = strength * (
            (lower % directions == number) * (1 - share) + ((lower + 1) % directions == number) * share
        )
        cells.append(weight.reshape(n, height // cell, cell, width // cell, cell).sum(axis=(2, 4)))
    counts = np.stack(cells, axis=-1).reshape(n, -1)
    level = np.sqrt(np.mean(np.square(counts), axis=1, keepdims=True))
    return np.sqrt(counts / (0.05 + level)).astype(np.float32)


@dataclass(frozen=True)
class PoseReader:
    """A fitted reader; :func:`fit_pose_reader` makes one.

    Attributes:
        names: what it reads, one name a column.
        regression: from edge histograms to the parameters.
        smoothing: standard deviation, in pixels, of the blur that every picture gets first.
    """

    names: tuple[str, ...]
    regression: KernelRidge
    smoothing: float

    def read(self, images: np.ndarray) -> np.ndarray:
        """Parameters of pictures (n, height, width, channels), shape (n, k), in the units that it was fitted in."""
        return self.regression.predict(edge_histograms(_smoothed(images, self.smoothing)))


def _smoothed(images: np.ndarray, sigma: float) -> np.ndarray:
    return scipy.ndimage.gaussian_filter(np.asarray(images), (0, sigma, sigma, 0))


def fit_pose_reader(
    images: np.ndarray,
    parameters: np.ndarray,
    names: Sequence[str],
    *,
    smoothing: float = 2.0,
    width: float = 1.0,
    ridge: float = 0.03,
) -> PoseReader:
    """Kernel ridge regression from edge histograms to pose and expression, in closed form.

    Pictures are blurred first, in fitting and in reading: drawn pictures are less sharp than true ones, and a reader that
    lives from the finest edges would read that instead of the pose.

    Args:
        images: true pictures, of both people, shape (n, height, width, channels), floats in [0, 1].
        parameters: shape (n, k).
        names: one name a parameter.
        smoothing: standard deviation of the blur, in pixels.
        width: of the Gaussian kernel, as a multiple of the root of the total variance of the features.
        ridge: penalty; positive.

    Raises:
        ValueError: if the shapes do not fit, or ``width`` or ``ridge`` is not positive, or ``smoothing`` is negative.
    """
    parameters = np.asarray(parameters, np.float32)
    if parameters.shape != (len(images), len(names)):
        raise ValueError(
            f"parameters must have shape {(len(images), len(names))}: a row a picture, a column a name, "
            f"but they have {parameters.shape}"
        )
    features = edge_histograms(_smoothed(images, smoothing))
    return PoseReader(tuple(names), fit_kernel_ridge(features, parameters, width=width, ridge=ridge), float(smoothing))
