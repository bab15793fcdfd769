"""A nonlinear fit in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_lib.referees._inputs import data_matrix

if TYPE_CHECKING:
    import sklearn.kernel_ridge


@dataclass(frozen=True)
class KernelRidge:
    """A smooth function through examples; :func:`fit_kernel_ridge` makes one.

    Attributes:
        regression: scikit-learn's regression of the targets without their mean.
        mean: of the targets, shape (k,): the answer far away from all examples.
    """

    regression: sklearn.kernel_ridge.KernelRidge
    mean: np.ndarray

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs (m, k) of inputs (m, d)."""
        return self.regression.predict(data_matrix("inputs", inputs, self.regression.n_features_in_)) + self.mean


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

    Source: Saunders, Gammerman and Vovk 1998; computed by scikit-learn, which has neither the mean nor the relative width.
    """
    inputs, targets = data_matrix("inputs", inputs), data_matrix("targets", targets)
    if len(inputs) != len(targets):
        raise ValueError(f"inputs and targets must have as many rows, but they have {len(inputs)} and {len(targets)}")
    if not width > 0 or not ridge > 0:
        raise ValueError(f"width and ridge must be positive, but they are {width!r} and {ridge!r}")
    variance = float(inputs.var(axis=0).sum())
    if not variance > 0:
        raise ValueError("inputs do not vary: all rows are the same")
    from sklearn import kernel_ridge  # here, because it takes a second to import

    mean = targets.mean(axis=0)
    regression = kernel_ridge.KernelRidge(alpha=ridge, kernel="rbf", gamma=1 / (2 * width**2 * variance))
    return KernelRidge(regression.fit(inputs, (targets - mean).astype(inputs.dtype)), mean)
