"""Models whose likelihood is exact: probabilistic PCA, the multivariate normal, and the rate that Gaussian data need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.referees._inputs import data_matrix
from course_lib.referees.linear import PCA, fit_pca


@dataclass(frozen=True)
class ProbabilisticPCA:
    """A linear Gaussian model of pictures: x = mean + z @ loadings + noise, z and noise normal. Its likelihood is exact.

    Attributes:
        mean: shape (d,).
        loadings: the linear decoder, shape (k, d); rows orthogonal, largest first. A row of zeros is an unused latent.
        noise_variance: σ² of each pixel around the decoder's output.
        eigenvalues: variance of the training data along each row, shape (k,).
    """

    mean: np.ndarray
    loadings: np.ndarray
    noise_variance: float
    eigenvalues: np.ndarray

    @property
    def posterior_variance(self) -> np.ndarray:
        """Variance of each latent given any picture, shape (k,): σ² / λ, and 1 for an unused latent."""
        return self.noise_variance / (np.square(self.loadings).sum(axis=1) + self.noise_variance)

    def posterior_mean(self, x: np.ndarray) -> np.ndarray:
        """Means (n, k) of the latents given pictures (n, d): what the encoder of a linear VAE should answer."""
        x = data_matrix("x", x, len(self.mean))
        return (x - self.mean) @ self.loadings.T * (self.posterior_variance / self.noise_variance)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Mean pictures (n, d) of codes (n, k)."""
        codes = np.asarray(codes)
        if codes.ndim != 2 or codes.shape[1] != len(self.loadings):
            raise ValueError(f"codes must have shape (n, {len(self.loadings)}), but they have {codes.shape}")
        return codes @ self.loadings + self.mean

    def log_likelihood(self, x: np.ndarray) -> np.ndarray:
        """Exact log density of each picture, in nats: (n, d) -> (n,), float64. It depends on the units of ``x``."""
        x = data_matrix("x", x, len(self.mean)).astype(np.float64)
        centred = x - self.mean
        scales = np.square(self.loadings.astype(np.float64)).sum(axis=1)  # λ - σ² of the used latents
        along = centred @ self.loadings.T.astype(np.float64)  # coordinates times the length of the row
        variances = scales + self.noise_variance
        squares = np.square(centred).sum(axis=1) - np.square(along) @ (1.0 / variances)  # Woodbury
        log_determinant = np.log(variances).sum() + (len(self.mean) - len(scales)) * np.log(self.noise_variance)
        return -0.5 * (len(self.mean) * np.log(2 * np.pi) + log_determinant + squares / self.noise_variance)

    def sample(self, n: int, rng: np.random.Generator, *, noise: bool = True) -> np.ndarray:
        """N pictures (n, d) from the model: codes from the prior, decoded, with the pixel noise unless told not to."""
        pictures = self.decode(rng.standard_normal((n, len(self.loadings))))
        if noise:
            pictures = pictures + np.sqrt(self.noise_variance) * rng.standard_normal(pictures.shape)
        return pictures


def fit_ppca(train: np.ndarray | PCA, k: int, *, noise_variance: float | None = None) -> ProbabilisticPCA:
    """Probabilistic PCA by maximum likelihood, in closed form.

    Args:
        train: data, shape (n, d), or a PCA of them that holds all d components.
        k: latents, 0 to d - 1; with 0 the model is the mean picture plus noise.
        noise_variance: σ², fixed, positive; by default the best one, the mean of the d - k eigenvalues left out.

    Returns:
        A :class:`ProbabilisticPCA` whose rows have the squared lengths λ - σ², or 0 where λ <= σ².

    Raises:
        ValueError: if ``k`` or ``noise_variance`` is out of range, or the data have no variance outside of k components.

    Source: Tipping and Bishop 1999, equations 3.7 and 3.8.
    """
    pca = train if isinstance(train, PCA) else fit_pca(train)
    d = len(pca.mean)
    if len(pca.components) != d:
        raise ValueError(f"the PCA must hold all {d} components, but it holds {len(pca.components)}")
    if not 0 <= k < d:
        raise ValueError(f"k must lie between 0 and {d - 1}, one less than the features, but it is {k}")
    if noise_variance is None:
        noise_variance = float(pca.eigenvalues[k:].mean())
        if not noise_variance > 0:
            raise ValueError(f"the data have no variance outside of the first {k} components: choose a smaller k")
    if not noise_variance > 0:
        raise ValueError(f"noise_variance must be positive, but it is {noise_variance}")
    lengths = np.sqrt(np.maximum(pca.eigenvalues[:k] - noise_variance, 0.0))
    loadings = (lengths[:, None] * pca.components[:k]).astype(pca.mean.dtype)
    return ProbabilisticPCA(pca.mean, loadings, float(noise_variance), pca.eigenvalues[:k])


def water_filling(eigenvalues: np.ndarray, level: float) -> tuple[float, float]:
    """Rate and distortion of the best description of Gaussian data at one level of noise.

    Args:
        eigenvalues: variances λ along the principal axes, not negative, shape (d,).
        level: the noise variance σ² that each axis is allowed, positive.

    Returns:
        The rate, sum of ln(λ / σ²) / 2 over the axes with λ > σ², in nats; and the distortion, the expected squared
        error summed over the axes: σ² on those, λ on all others. A linear VAE with this σ² has both at its optimum.

    Raises:
        ValueError: if the eigenvalues are not a vector of numbers >= 0, or ``level`` is not positive.

    Source: Shannon 1959; Cover and Thomas 2006, section 10.3.3 (reverse water-filling).
    """
    eigenvalues = np.asarray(eigenvalues, np.float64)
    if eigenvalues.ndim != 1 or (eigenvalues < 0).any():
        raise ValueError(
            f"eigenvalues must be a vector of numbers >= 0, but they have shape {eigenvalues.shape}"
            + (f" and a minimum of {eigenvalues.min():.3g}" if eigenvalues.size else "")
        )
    if not level > 0:
        raise ValueError(f"level must be positive, but it is {level}")
    used = eigenvalues[eigenvalues > level]
    return 0.5 * float(np.log(used / level).sum()), float(np.minimum(eigenvalues, level).sum())


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A multivariate normal distribution; made by :func:`fit_gaussian`.

    Attributes:
        mean: shape (d,).
        covariance: shape (d, d), positive definite.
    """

    mean: np.ndarray
    covariance: np.ndarray

    def log_likelihood(self, x: np.ndarray) -> np.ndarray:
        """Log density of each row of ``x`` (n, d), in nats: (n,)."""
        x = data_matrix("x", x, len(self.mean))
        root = np.linalg.cholesky(self.covariance)
        white = np.linalg.solve(root, (x - self.mean).T)
        volume = np.log(np.diag(root)).sum() + 0.5 * len(self.mean) * np.log(2 * np.pi)
        return -0.5 * np.square(white).sum(axis=0) - volume

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` new rows, float32, shape (n, d)."""
        root = np.linalg.cholesky(self.covariance)
        return (self.mean + rng.standard_normal((n, len(self.mean))) @ root.T).astype(np.float32)


def fit_gaussian(
    train: np.ndarray, *, ridge: float = 0.0, target: np.ndarray | None = None, share: float = 0.0
) -> Gaussian:
    """The Gaussian with the mean and covariance of the data: the referee of everything that generates vectors.

    Args:
        train: shape (n, d).
        ridge: added to each variance, in squared units of the data; needed where n is not well above d.
        target: another covariance (d, d) towards which the data's is moved, such as that of a larger, related set.
        share: how far, from 0 to 1.

    Raises:
        ValueError: if ``train`` is no matrix with two rows, an argument is out of range, or the covariance is singular.
    """
    train = data_matrix("train", train).astype(np.float64)
    if len(train) < 2:
        raise ValueError(f"train must have at least two rows, but its shape is {train.shape}")
    if not ridge >= 0 or not 0 <= share <= 1:
        raise ValueError(f"ridge must not be negative and share lie in [0, 1], but they are {ridge} and {share}")
    if (target is None) != (share == 0):
        raise ValueError("target and share belong together: give both or neither")
    covariance = np.atleast_2d(np.cov(train, rowvar=False))
    if target is not None:
        covariance = (1 - share) * covariance + share * np.asarray(target, np.float64)
    covariance = covariance + ridge * np.eye(train.shape[1])
    try:
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"the covariance of {train.shape[0]} rows in {train.shape[1]} dimensions is singular: give a ridge"
        ) from None
    return Gaussian(train.mean(axis=0), covariance)
