"""A nonlinear fit in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from course_lib.referees._inputs import data_matrix


@dataclass(frozen=True)
class KernelRidge:
    """A smooth function through examples; :func:`fit_kernel_ridge` makes one.

    Attributes:
        examples: inputs that it was fitted on, shape (n, d).
        weights: shape (n, k).
        mean: of the targets, shape (k,): the answer far away from all examples.
        gamma: 1 / (2 width²) of the Gaussian kernel.
    """

    examples: np.ndarray
    weights: np.ndarray
    mean: np.ndarray
    gamma: float

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs (m, k) of inputs (m, d)."""
        inputs = data_matrix("inputs", inputs, self.examples.shape[1])
        return _gaussian_kernel(inputs, self.examples, self.gamma) @ self.weights + self.mean


def _gaussian_kernel(x: np.ndarray, y: np.ndarray, gamma: float) -> np.ndarray:
    squared = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1) - 2 * x @ y.T
    return np.exp(-gamma * np.maximum(squared, 0))


def fit_kernel_ridge(
    inputs: np.ndarray, targets: np.ndarray, *, width: float = 1.0, ridge: float = 0.03
) -> KernelRidge:
    """Kernel ridge regression with a Gaussian kernel: a nonlinear fit by one system of n equations.

    Args:
        inputs: shape (n, d).
        targets: shape (n, k).
        width: of the kernel, as a multiple of the root of the total variance of the inputs.
        ridge: added to the diagonal of the kernel matrix, whose entries are at most 1; more is smoother.

    Raises:
        ValueError: if the shapes do not fit, ``width`` or ``ridge`` is not positive, or the inputs do not vary.

    Source: Saunders, Gammerman and Vovk 1998.
    """
    inputs, targets = data_matrix("inputs", inputs), data_matrix("targets", targets)
    if len(inputs) != len(targets):
        raise ValueError(f"inputs and targets must have as many rows, but they have {len(inputs)} and {len(targets)}")
    if not width > 0 or not ridge > 0:
        raise ValueError(f"width and ridge must be positive, but they are {width!r} and {ridge!r}")
    variance = float(inputs.var(axis=0).sum())
    if not variance > 0:
        raise ValueError("inputs do not vary: all rows are the same")
    gamma = 1 / (2 * width**2 * variance)
    kernel = _gaussian_kernel(inputs, inputs, gamma)
    kernel[np.diag_indices_from(kernel)] += ridge
    mean = targets.mean(axis=0)
    weights = scipy.linalg.solve(kernel, (targets - mean).astype(kernel.dtype), assume_a="pos", overwrite_a=True)
    return KernelRidge(inputs, weights, mean, gamma)
