"""What every referee asks of its arguments before it computes."""

from __future__ import annotations

import numpy as np


def data_matrix(name: str, values: np.ndarray, columns: int | None = None) -> np.ndarray:
    """``values`` as a float32 or float64 matrix of shape (n, columns), or a ValueError that names it."""
    matrix = np.asarray(values)
    if matrix.ndim != 2 or 0 in matrix.shape or (columns is not None and matrix.shape[1] != columns):
        expected = "(n, d)" if columns is None else f"(n, {columns})"
        hint = "; flatten images with reshape(len(images), -1)" if matrix.ndim > 2 else ""
        raise ValueError(f"{name} must have shape {expected}, none of them zero, but it has {matrix.shape}{hint}")
    if matrix.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, but its dtype is {matrix.dtype}")
    return matrix if matrix.dtype in (np.float32, np.float64) else matrix.astype(np.float32)


def positive(name: str, value: float) -> float:
    """``value`` as a float, or a ValueError that names it."""
    if not value > 0:
        raise ValueError(f"{name} must be positive, but it is {value!r}")
    return float(value)
