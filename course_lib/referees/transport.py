"""The map that moves one cloud of points to another the shortest way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from course_lib.referees._inputs import data_matrix


@dataclass(frozen=True)
class Transport:
    """An affine map from one cloud of points to another.

    Attributes:
        source: mean of the cloud it starts from, shape (k,).
        target: mean of the cloud it leads to, shape (k,).
        matrix: symmetric and positive, shape (k, k): stretches along orthogonal directions, no rotation.
        distance: Wasserstein-2 distance of the two Gaussians, in the units of the points: the root of the mean squared
            way that a point is moved.
    """

    source: np.ndarray
    target: np.ndarray
    matrix: np.ndarray
    distance: float

    def move(self, points: np.ndarray) -> np.ndarray:
        """Points (n, k) carried over: target + (points - source) @ matrix."""
        points = data_matrix("points", points, len(self.source))
        return self.target + (points - self.source) @ self.matrix

    def halfway(self, points: np.ndarray) -> np.ndarray:
        """Points (n, k) carried half of the way, measured from the mean half-way: where both clouds meet.

        The inverse's ``halfway`` brings the points of the other cloud to the same place.
        """
        points = data_matrix("points", points, len(self.source))
        return (points - self.source) @ ((np.eye(len(self.source), dtype=self.matrix.dtype) + self.matrix) / 2)

    def inverse(self) -> Transport:
        """The way back, which is the optimal-transport map from the target to the source."""
        matrix = np.linalg.inv(self.matrix.astype(np.float64)).astype(self.matrix.dtype)
        return Transport(self.target, self.source, (matrix + matrix.T) / 2, self.distance)


def fit_transport(source: np.ndarray, target: np.ndarray, *, ridge: float = 1e-6) -> Transport:
    """The optimal-transport map between the Gaussians fitted to two clouds of points.

    Of all maps that give the moved points the mean and the covariance of the target, it moves them the least (in mean
    squared distance). With A and B the two covariances its matrix is A^-1/2 (A^1/2 B A^1/2)^1/2 A^-1/2.

    Args:
        source: points, shape (n, k); no pairing with ``target`` is needed.
        target: points, shape (m, k).
        ridge: added to the diagonal of both covariances, as a multiple of the mean variance of both; keeps directions
            without variance from being divided by 0.

    Returns:
        A :class:`Transport`, with arrays in the dtype of ``source``.

    Raises:
        ValueError: if the arguments are not matrices with as many columns as each other, or ``ridge`` is negative.

    Source: Dowson and Landau 1982; Peyré and Cuturi 2019, remark 2.31.
    """
    source = data_matrix("source", source)
    target = data_matrix("target", target, source.shape[1])
    if not ridge >= 0:
        raise ValueError(f"ridge must not be negative, but it is {ridge!r}")
    k = source.shape[1]
    means = [points.mean(axis=0, dtype=np.float64) for points in (source, target)]
    a, b = (
        (points - mean).T @ (points - mean) / len(points)
        for points, mean in zip((source.astype(np.float64), target.astype(np.float64)), means, strict=True)
    )
    amount = ridge * (np.trace(a) + np.trace(b)) / (2 * k)
    a, b = a + amount * np.eye(k), b + amount * np.eye(k)
    values, vectors = scipy.linalg.eigh(a)
    root = np.sqrt(np.maximum(values, 0))
    a_root = (vectors * root) @ vectors.T
    a_inverse_root = (vectors / np.where(root > 0, root, np.inf)) @ vectors.T
    inner, turned = scipy.linalg.eigh(a_root @ b @ a_root)
    middle = np.sqrt(np.maximum(inner, 0))
    matrix = a_inverse_root @ (turned * middle) @ turned.T @ a_inverse_root
    squared = np.square(means[0] - means[1]).sum() + np.trace(a) + np.trace(b) - 2 * middle.sum()
    return Transport(
        means[0].astype(source.dtype),
        means[1].astype(source.dtype),
        ((matrix + matrix.T) / 2).astype(source.dtype),
        float(np.sqrt(max(squared, 0.0))),
    )
