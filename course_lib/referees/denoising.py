"""The best affine denoisers, for every kind of noise in the course, and missing pixels from the others."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.special

from course_lib.referees._inputs import data_matrix, positive
from course_lib.referees.linear import AffineMap


def wiener_filter(clean: np.ndarray, sigma: float) -> AffineMap:
    """The linear map that removes white noise with the least mean squared error, if nothing is clipped.

    Args:
        clean: training data, shape (n, d).
        sigma: standard deviation of the noise, in the units of ``clean``; positive.

    Returns:
        The map x -> mean + (x - mean) (C + sigma² I)⁻¹ C, where C is the covariance of ``clean`` (divided by n).

    Raises:
        ValueError: if ``clean`` is not a matrix or ``sigma`` is not positive.

    Source: Wiener 1949; the derivation is exercise `wiener_filter`.
    """
    clean = data_matrix("clean", clean)
    return _affine(clean, clean, np.full(clean.shape[1], positive("sigma", sigma) ** 2))


def fit_affine_denoiser(clean: np.ndarray, noisy: np.ndarray) -> AffineMap:
    """The affine map from noisy to clean data with the least squared error on the given pairs.

    Args:
        clean: shape (n, d).
        noisy: row i is a corrupted version of row i of ``clean``; shape (n, d). Several draws of the noise for the
            same clean data, stacked, come nearer to the map for all noise.

    Raises:
        ValueError: if the shapes differ, or there are fewer pairs than d + 1.

    Source: linear regression (Gauss 1809).
    """
    clean = data_matrix("clean", clean)
    noisy = data_matrix("noisy", noisy, clean.shape[1])
    if len(clean) != len(noisy):
        raise ValueError(f"clean and noisy must be pairs, but they have {len(clean)} and {len(noisy)} rows")
    if len(clean) <= clean.shape[1]:
        raise ValueError(
            f"at least {clean.shape[1] + 1} pairs are needed for {clean.shape[1]} features, not {len(clean)}"
        )
    return _affine(clean, noisy, np.zeros(clean.shape[1]))


def clipped_noise_denoiser(clean: np.ndarray, sigma: float) -> AffineMap:
    """The best affine map for Gaussian noise that was clipped to [0, 1], over *all* draws of the noise at once.

    Clipping depends on each pixel alone, so mean and variance of a clipped noisy pixel are known for every clean value
    (:func:`clipped_noise_moments`), and with them both covariances that least squares needs. No noise is drawn.

    Args:
        clean: training images as rows, shape (n, d), values in [0, 1].
        sigma: standard deviation of the noise before clipping; positive.

    Raises:
        ValueError: if ``clean`` is not a matrix with values in [0, 1], or ``sigma`` is not positive.

    Source: least squares by the law of total covariance; moments of the censored normal distribution, Greene 2012, 19.3.
    """
    clean = _pixels(clean)
    mean, variance, where = _moments_by_value(clean, positive("sigma", sigma))
    return _affine(clean, np.take(mean.astype(clean.dtype), where), np.take(variance, where).mean(axis=0))


def masked_denoiser(clean: np.ndarray, share: float) -> AffineMap:
    """The best affine map if each pixel was set to 0 with probability ``share``, over all masks at once.

    Args:
        clean: training images as rows, shape (n, d), values in [0, 1].
        share: probability that a pixel is lost, at least 0 and less than 1.

    Raises:
        ValueError: if ``clean`` is not a matrix with values in [0, 1], or ``share`` is out of range.
    """
    clean = _pixels(clean)
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and less than 1, but it is {share!r}")
    variance = share * (1 - share) * np.square(clean.astype(np.float64)).mean(axis=0)
    return _affine(clean, (1 - share) * clean, variance)


def salt_and_pepper_denoiser(clean: np.ndarray, share: float) -> AffineMap:
    """The best affine map if each pixel was replaced with probability ``share``, by 0 or 1, over all draws at once.

    Args:
        clean: training images as rows, shape (n, d), values in [0, 1].
        share: probability that a pixel is replaced, at least 0 and less than 1.

    Raises:
        ValueError: if ``clean`` is not a matrix with values in [0, 1], or ``share`` is out of range.
    """
    clean = _pixels(clean)
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and less than 1, but it is {share!r}")
    expected = (1 - share) * clean.astype(np.float64) + share / 2
    second = (1 - share) * np.square(clean.astype(np.float64)) + share / 2
    return _affine(clean, expected.astype(clean.dtype), (second - np.square(expected)).mean(axis=0))


def clipped_noise_moments(clean: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of clip(clean + sigma * normal, 0, 1), for each clean value; shapes of ``clean``, float64.

    At 0 the mean is sigma / sqrt(2 pi) (while sigma is small): clipped noise is biased, away from the ends.

    Raises:
        ValueError: if ``sigma`` is not positive.

    Source: moments of the censored normal distribution, Greene 2012, section 19.3.
    """
    mean, variance, where = _moments_by_value(np.asarray(clean), positive("sigma", sigma))
    return mean[where], variance[where]


def _moments_by_value(clean: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and variance of the clipped noisy pixel for each clean value, and which value each pixel has."""
    where = np.rint(clean * 255).astype(np.intp)  # images of bytes hold 256 different values: compute each once
    values = np.arange(256) / 255
    of_bytes = where.size >= 256 and where.min() >= 0 and where.max() <= 255
    if not of_bytes or np.abs(np.take(values.astype(clean.dtype), where) - clean).max() > 1e-6:
        values, where = np.unique(clean.astype(np.float64), return_inverse=True)
    low, high = -values / sigma, (1 - values) / sigma
    below, above = scipy.special.ndtr(low), scipy.special.ndtr(-high)
    density_low, density_high = (np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi) for z in (low, high))
    inside = 1 - below - above
    first = values * inside + sigma * (density_low - density_high)
    second = (
        values**2 * inside
        + 2 * values * sigma * (density_low - density_high)
        + sigma**2 * (inside + low * density_low - high * density_high)
    )
    mean = first + above
    variance = np.maximum(second + above - mean**2, 0.0)
    return mean, variance, where.reshape(clean.shape)


def _pixels(clean: np.ndarray) -> np.ndarray:
    clean = data_matrix("clean", clean)
    if clean.min() < 0 or clean.max() > 1:
        raise ValueError(f"clean must hold values in [0, 1], but they run from {clean.min():.3g} to {clean.max():.3g}")
    return clean


def _affine(clean: np.ndarray, expected: np.ndarray, variance: np.ndarray) -> AffineMap:
    """Least squares from noisy to clean, where noisy = expected + independent noise of that variance (d,)."""
    n = len(clean)
    clean_mean, noisy_mean = (a.mean(axis=0, dtype=np.float64) for a in (clean, expected))
    centred = expected - noisy_mean.astype(expected.dtype)
    gram = centred.T @ centred
    cross = gram if expected is clean else centred.T @ (clean - clean_mean.astype(clean.dtype))
    own, cross = gram.astype(np.float64) / n + np.diag(variance), cross.astype(np.float64) / n
    try:
        weights = scipy.linalg.solve(own, cross, assume_a="pos")
    except scipy.linalg.LinAlgError:  # a feature that never varies
        weights = np.linalg.lstsq(own, cross, rcond=None)[0]
    return AffineMap(weights.astype(clean.dtype), (clean_mean - noisy_mean @ weights).astype(clean.dtype))


def fill_missing(train: np.ndarray, images: np.ndarray, missing: np.ndarray, *, ridge: float = 0.01) -> np.ndarray:
    """The expected values of missing pixels, given the others, if images were drawn from a Gaussian.

    Args:
        train: clean training images as rows, shape (n, d): mean and covariance are taken from them.
        images: shape (m, d); what stands at missing pixels is not looked at.
        missing: True where a pixel is missing, shape (m, d). Images with the same pixels missing share one system of
            equations.
        ridge: added to the diagonal of the covariance, in squared units of the data.

    Returns:
        The images with the missing pixels filled in, shape (m, d); the others as they were.

    Raises:
        ValueError: if the shapes do not fit together.

    Source: the conditional mean of a Gaussian, Bishop 2006, equation 2.96.
    """
    train = data_matrix("train", train)
    images = data_matrix("images", images, train.shape[1])
    missing = np.asarray(missing, dtype=bool)
    if missing.shape != images.shape:
        raise ValueError(f"missing must have the shape of images, {images.shape}, but it has {missing.shape}")
    mean = train.mean(axis=0)
    precision = np.linalg.inv(np.cov(train, rowvar=False) + ridge * np.eye(len(mean)))
    filled = images.astype(np.float64)
    patterns, which = np.unique(missing, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if not pattern.any():
            continue
        rows = np.flatnonzero(which.ravel() == number)
        known = (images[rows][:, ~pattern] - mean[~pattern]) @ precision[np.ix_(~pattern, pattern)]
        filled[np.ix_(rows, pattern)] = mean[pattern] - np.linalg.solve(precision[np.ix_(pattern, pattern)], known.T).T
    return filled.astype(images.dtype)
