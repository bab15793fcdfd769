"""Features of pictures that nothing was trained for: how strongly small windows, cut out of pictures, are found in each part of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course_lib.referees import PCA, fit_pca

SIZE, PLACES = 5, 4  # pixels of a window's side; parts of a picture's side


@dataclass(frozen=True, eq=False, repr=False)
class PatchFeatures:
    """A function from pictures to features; make it with :func:`fit_patch_features`.

    Attributes:
        windows: float32, shape (25 c, w): what each window is multiplied with.
        levels: float32, shape (w,): below this a window counts as not found.
        centre, spread: shape (16 w,): of how strongly each window is found in each part.
        pca: the directions in which these numbers vary most.
    """

    windows: np.ndarray
    levels: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    pca: PCA

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Features (n, k) of pictures (n, h, w, c)."""
        return self.pca.encode((_found(pictures, self.windows, self.levels) - self.centre) / self.spread)


def fit_patch_features(
    pictures: np.ndarray, rng: np.random.Generator, *, windows: int = 48, numbers: int = 200
) -> PatchFeatures:
    """Cut windows out of pictures, and find the directions in which their answers vary.

    A window is a patch of 5 by 5 pixels from anywhere in a picture, whitened, of length 1. It is laid on every place of a picture; how far
    the agreement exceeds .5 is averaged over each of 4 by 4 parts. These numbers, scaled to variance 1, are projected
    onto their first principal axes.

    Args:
        pictures: at least 100, shape (n, h, w, c), values in [0, 1]; h - 4 and w - 4 are multiples of 4.
        rng: chooses the windows.
        windows: how many.
        numbers: of features, fewer than there are pictures.

    Raises:
        ValueError: if the pictures have another shape, or are too few.

    Source: patches as features follow Coates, Lee and Ng 2011.
    """
    pictures = np.asarray(pictures, np.float32)
    if pictures.ndim != 4 or len(pictures) < 100 or any(side < 8 or side % 4 for side in pictures.shape[1:3]):
        raise ValueError(
            f"pictures must have shape (n, h, w, c), n >= 100, h and w multiples of 4, but it is {pictures.shape}"
        )
    if not 1 <= numbers < len(pictures):
        raise ValueError(f"numbers must lie between 1 and {len(pictures) - 1}, but it is {numbers}")
    n, height, width, _ = pictures.shape
    rows, tops, lefts = rng.integers(0, (n, height - SIZE + 1, width - SIZE + 1), (4000, 3)).T
    cut = np.stack([pictures[i, y : y + SIZE, x : x + SIZE] for i, y, x in zip(rows, tops, lefts, strict=True)])
    cut = cut.reshape(len(cut), -1).astype(np.float64)
    mean, (values, vectors) = cut.mean(axis=0), np.linalg.eigh(np.cov(cut.T))
    whiten = (vectors / np.sqrt(np.maximum(values, 0) + 0.002)) @ vectors.T
    chosen = (cut[rng.choice(len(cut), windows, replace=False)] - mean) @ whiten
    kernels = whiten @ (chosen / np.linalg.norm(chosen, axis=1, keepdims=True)).T
    kernels, levels = kernels.astype(np.float32), (mean @ kernels + 0.5).astype(np.float32)
    found = _found(pictures, kernels, levels)
    centre, spread = found.mean(axis=0), found.std(axis=0) + 1e-6
    return PatchFeatures(kernels, levels, centre, spread, fit_pca((found - centre) / spread, numbers))


def _found(pictures: np.ndarray, windows: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """How strongly each window is found in each part: (n, h, w, c) -> (n, 16 w), float64."""
    return np.concatenate(list(_in_batches(np.asarray(pictures, np.float32), windows, levels)))


def _in_batches(pictures: np.ndarray, windows: np.ndarray, levels: np.ndarray, batch: int = 20) -> Iterator:
    for start in range(0, len(pictures), batch):
        cut = np.lib.stride_tricks.sliding_window_view(pictures[start : start + batch], (SIZE, SIZE), axis=(1, 2))
        n, height, width = cut.shape[:3]
        rows = np.moveaxis(cut, 3, -1).reshape(n * height * width, -1)  # pixel by pixel, colours last, as the windows
        found = np.maximum(rows @ windows - levels, 0)
        found = found.reshape(n, PLACES, height // PLACES, PLACES, width // PLACES, -1)
        yield found.mean(axis=(2, 4), dtype=np.float64).reshape(n, -1)
