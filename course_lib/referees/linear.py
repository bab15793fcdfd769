"""Linear maps fitted in closed form: PCA and the subspaces it is compared with, least squares through a bottleneck, and on
top of random features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from course_lib.referees._inputs import data_matrix


@dataclass(frozen=True)
class PCA:
    """Principal components of a training set.

    Attributes:
        mean: the training mean, shape (d,).
        components: orthonormal rows by falling variance, shape (k, d); the entry of largest magnitude is positive.
        eigenvalues: variance of the training data along each component, in squared data units, shape (k,); divided by n.
        total_variance: variance summed over all d directions.
    """

    mean: np.ndarray
    components: np.ndarray
    eigenvalues: np.ndarray
    total_variance: float

    @property
    def explained_variance_ratio(self) -> np.ndarray:
        """Share of the training variance along each component, shape (k,)."""
        return self.eigenvalues / self.total_variance

    def keep(self, k: int) -> PCA:
        """The same PCA with its first k components only: fit once, then compare code sizes.

        Raises:
            ValueError: if ``k`` is not between 0 and the number of components held.
        """
        if not 0 <= k <= len(self.components):
            raise ValueError(f"k must lie between 0 and the {len(self.components)} components held, but it is {k}")
        return PCA(self.mean, self.components[:k], self.eigenvalues[:k], self.total_variance)

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Codes (n, k) of data (n, d): coordinates along the components, measured from the training mean."""
        x = data_matrix("x", x, len(self.mean))
        return (x - self.mean) @ self.components.T

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Data (n, d) of codes (n, k); not clipped."""
        codes = np.asarray(codes)
        if codes.ndim != 2 or codes.shape[1] != len(self.components):
            raise ValueError(f"codes must have shape (n, {len(self.components)}), but they have {codes.shape}")
        return codes @ self.components + self.mean

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """The nearest points of the principal subspace, shape (n, d); not clipped.

        No other affine map through k numbers has a smaller squared error on the training set (Eckart and Young 1936).
        """
        return self.decode(self.encode(x))


def fit_pca(train: np.ndarray, k: int | None = None) -> PCA:
    """Principal components by the eigenvectors of the covariance.

    Args:
        train: data, shape (n, d). float64 data are computed in float64; float32 data have their products summed in
            float32 (exact to about six digits, twice as fast) and their eigenvectors found in float64.
        k: how many components to keep, 0 to d; all by default.

    Returns:
        A :class:`PCA` with arrays in the dtype of ``train`` (float32 for integer data) and float64 eigenvalues.

    Raises:
        ValueError: if ``train`` is not a matrix, or ``k`` is out of range.

    Source: Pearson 1901; Hotelling 1933.
    """
    train = data_matrix("train", train)
    n, d = train.shape
    k = d if k is None else k
    if not 0 <= k <= d:
        raise ValueError(f"k must lie between 0 and the {d} features of train, but it is {k}")
    mean = train.mean(axis=0, dtype=np.float64)
    centred = train - mean.astype(train.dtype)
    if 0 < k <= n // 4 and n < d:
        return _pca_of_few(centred, mean, k)
    covariance = (centred.T @ centred).astype(np.float64) / n  # (d, d)
    if k == 0:
        eigenvalues, vectors = np.zeros(0), np.zeros((d, 0))
    elif k <= d // 4:
        eigenvalues, vectors = scipy.linalg.eigh(covariance, subset_by_index=[d - k, d - 1])
    else:
        eigenvalues, vectors = scipy.linalg.eigh(covariance)
        eigenvalues, vectors = eigenvalues[d - k :], vectors[:, d - k :]
    components = np.ascontiguousarray(vectors[:, ::-1].T)  # rows, largest eigenvalue first
    return PCA(
        mean=mean.astype(train.dtype),
        components=_with_fixed_signs(components).astype(train.dtype),
        eigenvalues=np.maximum(eigenvalues[::-1], 0.0),
        total_variance=float(np.trace(covariance)),
    )


def _with_fixed_signs(components: np.ndarray) -> np.ndarray:
    """Rows whose entry of largest magnitude is positive: an eigenvector's sign is arbitrary."""
    largest = np.abs(components).argmax(axis=1) if len(components) else np.zeros(0, dtype=int)
    return components * np.sign(components[np.arange(len(components)), largest])[:, None]


def _pca_of_few(centred: np.ndarray, mean: np.ndarray, k: int) -> PCA:
    """PCA of fewer samples than features, by the eigenvectors of their (n, n) inner products: the same, sooner."""
    n = len(centred)
    gram = (centred @ centred.T).astype(np.float64) / n
    eigenvalues, vectors = scipy.linalg.eigh(gram, subset_by_index=[n - k, n - 1])
    spanning = vectors[:, ::-1].T @ centred  # (k, d)
    orthonormal, triangle = np.linalg.qr(spanning.T.astype(np.float64))
    components = (orthonormal * np.where(np.diag(triangle) < 0, -1.0, 1.0)).T
    return PCA(
        mean=mean.astype(centred.dtype),
        components=_with_fixed_signs(components).astype(centred.dtype),
        eigenvalues=np.maximum(eigenvalues[::-1], 0.0),
        total_variance=float(np.trace(gram)),
    )


def principal_angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angles in degrees between the spans of the rows of two matrices, largest first.

    Args:
        a: shape (k, d), rows linearly independent, not necessarily orthogonal: a linear decoder's weights, for example.
        b: shape (m, d).

    Returns:
        min(k, m) angles in [0, 90]; all 0 when one span contains the other.

    Raises:
        ValueError: if the arguments are not matrices with as many columns as each other, or a row depends on others.

    Source: Björck and Golub 1973.
    """
    a = data_matrix("a", a).astype(np.float64)
    b = data_matrix("b", b, a.shape[1]).astype(np.float64)
    for name, matrix in (("a", a), ("b", b)):
        if np.linalg.matrix_rank(matrix) < len(matrix):
            raise ValueError(
                f"{name} has {len(matrix)} rows of which only {np.linalg.matrix_rank(matrix)} are independent"
            )
    return np.rad2deg(scipy.linalg.subspace_angles(a.T, b.T))


def principal_axes_within(basis: np.ndarray, train: np.ndarray) -> np.ndarray:
    """The axes along which the data vary most *inside* a given subspace.

    Args:
        basis: rows that span the subspace, shape (k, d), linearly independent: a linear decoder's weights.
        train: data, shape (n, d).

    Returns:
        Orthonormal rows (k, d) in the span of ``basis``, by falling variance of the centred data, largest entry
        positive. When the span is the principal subspace, they are the principal components, which the rows of
        ``basis`` are not.

    Raises:
        ValueError: if the shapes do not fit or the rows are dependent.

    Source: Rayleigh and Ritz (the Ritz vectors of the covariance); compare Plaut 2018.
    """
    train = data_matrix("train", train)
    basis = data_matrix("basis", basis, train.shape[1]).astype(np.float64)
    if np.linalg.matrix_rank(basis) < len(basis):
        raise ValueError(f"basis has {len(basis)} rows of which only {np.linalg.matrix_rank(basis)} are independent")
    orthonormal, _ = np.linalg.qr(basis.T)  # (d, k)
    inside = fit_pca((train - train.mean(axis=0)) @ orthonormal)
    return _with_fixed_signs(inside.components @ orthonormal.T)


@dataclass(frozen=True)
class AffineMap:
    """A linear denoiser: x @ weights + offset.

    Attributes:
        weights: shape (d, d); column j makes output j.
        offset: shape (d,).
    """

    weights: np.ndarray
    offset: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Denoised data (m, d) from noisy ones (m, d); not clipped.

        Raises:
            ValueError: if ``x`` does not have d columns.
        """
        return data_matrix("x", x, len(self.weights)) @ self.weights + self.offset


def fit_reduced_rank(inputs: np.ndarray, targets: np.ndarray, k: int, *, ridge: float = 0.0) -> AffineMap:
    """The encoder of the best linear autoencoder from ``inputs`` to ``targets`` through k numbers.

    Of all affine maps from inputs to targets whose matrix has rank k, one has the least squared error. This is its first
    half: the map from an input to k numbers. Where inputs and targets are the same, it spans PCA's subspace.

    Args:
        inputs: such as corrupted pictures, shape (n, d).
        targets: row i belongs to row i of ``inputs``, shape (n, e).
        k: numbers in a code, 1 to the smaller of d and e.
        ridge: added to the variance of every input, in squared units: more of it for few or nearly dependent inputs.

    Returns:
        An :class:`AffineMap` with weights (d, k): codes with mean zero on ``inputs``, axes in the order of the variance of
        the targets that they explain, falling.

    Raises:
        ValueError: if the shapes do not fit, ``k`` is out of range or ``ridge`` is negative.

    Source: Izenman 1975 (reduced-rank regression): least squares, then PCA of the fitted values.
    """
    inputs = data_matrix("inputs", inputs)
    targets = data_matrix("targets", targets)
    (n, d), e = inputs.shape, targets.shape[1]
    if len(targets) != n:
        raise ValueError(f"inputs and targets must be pairs, but they have {n} and {len(targets)} rows")
    if not 1 <= k <= min(d, e):
        raise ValueError(f"k must lie between 1 and {min(d, e)}, but it is {k}")
    if not ridge >= 0:
        raise ValueError(f"ridge must not be negative, but it is {ridge!r}")
    mean = inputs.mean(axis=0, dtype=np.float64)
    centred = inputs - mean.astype(inputs.dtype)
    own = (centred.T @ centred).astype(np.float64) / n + ridge * np.eye(d)
    cross = (centred.T @ (targets - targets.mean(axis=0, dtype=np.float64).astype(targets.dtype))).astype(
        np.float64
    ) / n
    weights = (
        np.linalg.lstsq(own, cross, rcond=None)[0] if ridge == 0 else scipy.linalg.solve(own, cross, assume_a="pos")
    )
    explained = cross.T @ weights  # (e, e): covariance of the fitted values, and of them with the targets
    _, axes = scipy.linalg.eigh((explained + explained.T) / 2, subset_by_index=[e - k, e - 1])
    encoder = weights @ _with_fixed_signs(axes[:, ::-1].T).T
    return AffineMap(encoder.astype(inputs.dtype), (-mean @ encoder).astype(inputs.dtype))


@dataclass(frozen=True)
class RandomFeatureMap:
    """A network with one hidden layer of which only the last layer was fitted, and that in closed form.

    Attributes:
        weights: random, shape (k, m); columns scaled so that a feature's input has unit spread on the data.
        bias: random thresholds, shape (m,).
        readout: fitted, shape (m, d).
        offset: fitted, shape (d,).
    """

    weights: np.ndarray
    bias: np.ndarray
    readout: np.ndarray
    offset: np.ndarray

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, d) of inputs (n, k): relu(inputs @ weights + bias) @ readout + offset."""
        inputs = data_matrix("inputs", inputs, len(self.weights))
        return np.maximum(inputs @ self.weights + self.bias, 0.0) @ self.readout + self.offset


def fit_random_features(
    inputs: np.ndarray, targets: np.ndarray, features: int = 1024, *, ridge: float = 0.01, seed: int = 0
) -> RandomFeatureMap:
    """The best last layer on top of a random hidden layer of ReLUs, by ridge regression: no gradient step.

    Args:
        inputs: shape (n, k).
        targets: shape (n, d).
        features: width m of the random hidden layer; costs grow as n m² + m³.
        ridge: penalty on the readout, as a multiple of the mean variance of a feature; positive.
        seed: of the random layer.

    Raises:
        ValueError: if the shapes do not fit, or ``features`` or ``ridge`` is not positive.

    Source: Rahimi and Recht 2007 (random features); Hoerl and Kennard 1970 (ridge regression).
    """
    inputs = data_matrix("inputs", inputs)
    targets = data_matrix("targets", targets)
    if len(inputs) != len(targets):
        raise ValueError(f"inputs and targets must have as many rows, but they have {len(inputs)} and {len(targets)}")
    if int(features) != features or features < 1 or not ridge > 0:
        raise ValueError(f"features and ridge must be positive, but they are {features!r} and {ridge!r}")
    rng = np.random.default_rng(seed)
    spread = inputs.std(axis=0)
    directions = (
        rng.standard_normal((inputs.shape[1], int(features))) / np.sqrt(np.where(spread > 0, spread, 1.0))[:, None]
    )
    # Dividing by the root of the spread is half a whitening: directions of large variance still lead, but not alone.
    directions /= np.sqrt(np.square(spread[:, None] * directions).sum(axis=0)) + 1e-12
    weights = directions.astype(inputs.dtype)
    bias = (rng.uniform(-1.0, 1.0, int(features)) - inputs.mean(axis=0) @ directions).astype(inputs.dtype)
    hidden = inputs @ weights
    hidden += bias
    np.maximum(hidden, 0.0, out=hidden)
    centre, target_mean = hidden.mean(axis=0), targets.mean(axis=0)
    hidden -= centre
    gram = hidden.T @ hidden  # (m, m)
    gram[np.diag_indices_from(gram)] += ridge * np.trace(gram) / len(gram)
    readout = scipy.linalg.solve(gram, hidden.T @ targets, assume_a="pos", overwrite_a=True, overwrite_b=True)
    readout = readout.astype(inputs.dtype)
    return RandomFeatureMap(weights, bias, readout, (target_mean - centre @ readout).astype(inputs.dtype))
