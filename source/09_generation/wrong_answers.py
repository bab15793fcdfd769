"""Wrong answers to the exercises of lesson 09, each with the misconception that its check must name."""

import math
import zlib

import numpy as np
from scipy import linalg
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from authoring.bank import wrong
from course_lib import models, referees, training

# sample_prior


@wrong("uniform-codes")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.uniform(-1, 1, (n, latent_dim)))


@wrong("uniform-codes")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.random((n, latent_dim)))


@wrong("ignores-the-generator")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(np.random.standard_normal((n, latent_dim)))


@wrong("starts-the-generator-anew")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(np.random.default_rng(0).standard_normal((n, latent_dim)))


@wrong("returns-the-codes")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((n, latent_dim))
    decoder(codes)
    return codes


@wrong("never-decodes")
def sample_prior(decoder, n, latent_dim, rng):
    return rng.standard_normal((n, latent_dim))


@wrong("one-code-for-all")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(np.repeat(rng.standard_normal((1, latent_dim)), n, axis=0))


@wrong("one-number-for-all-latents")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(np.repeat(rng.standard_normal((n, 1)), latent_dim, axis=1))


@wrong("all-on-a-sphere")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((n, latent_dim))
    return decoder(codes / np.linalg.norm(codes, axis=1, keepdims=True) * np.sqrt(latent_dim))


@wrong("cuts-off-the-tails")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(np.clip(rng.standard_normal((n, latent_dim)), -2, 2))


@wrong("wrong-spread")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(0.7 * rng.standard_normal((n, latent_dim)))


@wrong("wrong-mean")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.normal(0.5, 1, (n, latent_dim)))


@wrong("codes-in-columns")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.standard_normal((latent_dim, n)))


@wrong("wrong-code-shape")
def sample_prior(decoder, n, latent_dim, rng):
    return np.array([decoder(rng.standard_normal(latent_dim)) for _ in range(n)])


@wrong("changes-the-samples")
def sample_prior(decoder, n, latent_dim, rng):
    return np.clip(decoder(rng.standard_normal((n, latent_dim))), 0, 1)


@wrong("wrong-number")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.standard_normal((10, latent_dim)))


@wrong("decodes-more-than-asked")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.standard_normal((10 * n, latent_dim)))[:n]


@wrong("not-normal")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.laplace(0, np.sqrt(0.5), (n, latent_dim)))


@wrong("not-independent")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal(n * latent_dim + 1)
    return decoder(((codes[1:] + codes[:-1]) / np.sqrt(2)).reshape(n, latent_dim))


@wrong("forces-the-moments")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((n, latent_dim))
    return decoder((codes - codes.mean()) / max(codes.std(), 1e-9))


@wrong("not-independent")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((-(-n // 2), latent_dim))
    return decoder(np.concatenate([codes, -codes])[:n] + 0.0)


@wrong("not-independent")
def sample_prior(decoder, n, latent_dim, rng):
    codes = np.sort(rng.standard_normal((n, latent_dim)), axis=0)
    return decoder(codes * rng.choice([-1, 1], codes.shape))


@wrong("not-independent")
def sample_prior(decoder, n, latent_dim, rng):
    sizes = rng.standard_normal((n, 1))
    return decoder(sizes * rng.choice([-1, 1], (n, latent_dim)))


@wrong("not-independent")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((-(-n // 2), latent_dim))
    return decoder(rng.permutation(np.concatenate([codes, -codes])[:n]))


@wrong("wrong-spread")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.normal(0, 2 / np.sqrt(latent_dim), (n, latent_dim)))


@wrong("cuts-off-the-tails")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(np.clip(rng.standard_normal((n, latent_dim)), -3.25, 3.25))


@wrong("forces-the-moments")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((n, latent_dim))
    return decoder(codes - 0.9999 * codes.mean(axis=0) if n > 1 else codes)


@wrong("wrong-number")
def sample_prior(decoder, n, latent_dim, rng):
    size = min(n, 256)  # what is left after whole batches is forgotten
    return np.concatenate([decoder(rng.standard_normal((size, latent_dim))) for _ in range(n // size)])


@wrong("wrong-shape")
def sample_prior(decoder, n, latent_dim, rng):
    for start in range(0, n, 256):
        samples = decoder(rng.standard_normal((min(256, n - start), latent_dim)))
    return samples


@wrong("wrong-number")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.standard_normal((min(n, 1000), latent_dim)))


@wrong("returns-the-codes")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((n, latent_dim))
    samples = decoder(codes)
    return samples if n < 100 else codes


@wrong("wrong-number")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((n, latent_dim))
    return decoder(codes[(np.abs(codes) < 3.5).all(axis=1)])


@wrong("constant-codes")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.normal(1, 0, (n, latent_dim)))


@wrong("codes-not-finite")
def sample_prior(decoder, n, latent_dim, rng):
    codes = rng.standard_normal((n, latent_dim))
    return decoder(np.where(np.abs(codes) > 3, np.nan, codes))


@wrong("few-values")
def sample_prior(decoder, n, latent_dim, rng):
    return decoder(rng.standard_normal((n, latent_dim)).round(2))


@wrong("starts-the-generator-anew")
def sample_prior(decoder, n, latent_dim, rng):
    own = np.random.default_rng(rng.integers(100))  # one of a hundred sets
    return decoder(own.standard_normal((n, latent_dim)))


# sample_gaussian


@wrong("forces-the-moments")
def sample_gaussian(codes, n, rng):
    centred = (codes - codes.mean(axis=0)) / np.sqrt(len(codes) - 1)
    draws = rng.standard_normal((n, len(codes))) @ centred
    return codes.mean(axis=0) + draws - (draws.mean(axis=0) if n > 1 else 0)


@wrong("ignores-correlations")
def sample_gaussian(codes, n, rng):
    return codes.mean(axis=0) + codes.std(axis=0) * rng.standard_normal((n, codes.shape[1]))


@wrong("draws-from-the-prior")
def sample_gaussian(codes, n, rng):
    return rng.standard_normal((n, codes.shape[1]))


@wrong("only-the-mean")
def sample_gaussian(codes, n, rng):
    return codes.mean(axis=0) + rng.standard_normal((n, codes.shape[1]))


@wrong("forgets-the-mean")
def sample_gaussian(codes, n, rng):
    return rng.multivariate_normal(np.zeros(codes.shape[1]), np.atleast_2d(np.cov(codes.T)), n)


@wrong("copies-the-codes")
def sample_gaussian(codes, n, rng):
    return codes[rng.integers(0, len(codes), n)]


@wrong("variance-for-deviation")
def sample_gaussian(codes, n, rng):
    return rng.normal(codes.mean(axis=0), codes.var(axis=0), (n, codes.shape[1]))


@wrong("covariance-for-its-root")
def sample_gaussian(codes, n, rng):
    return codes.mean(axis=0) + rng.standard_normal((n, codes.shape[1])) @ np.cov(codes.T)


@wrong("transposed-root")
def sample_gaussian(codes, n, rng):
    return codes.mean(axis=0) + rng.standard_normal((n, codes.shape[1])) @ np.linalg.cholesky(np.cov(codes.T))


@wrong("fails-for-one-number")
def sample_gaussian(codes, n, rng):
    return rng.multivariate_normal(codes.mean(axis=0), np.cov(codes.T), n)


@wrong("fails-when-singular")
def sample_gaussian(codes, n, rng):
    root = np.linalg.cholesky(np.atleast_2d(np.cov(codes.T)))
    return codes.mean(axis=0) + rng.standard_normal((n, codes.shape[1])) @ root.T


@wrong("leaves-the-plane")
def sample_gaussian(codes, n, rng):
    k = codes.shape[1]
    root = np.linalg.cholesky(np.atleast_2d(np.cov(codes.T)) + 1e-3 * np.eye(k))
    return codes.mean(axis=0) + rng.standard_normal((n, k)) @ root.T


@wrong("not-centred")
def sample_gaussian(codes, n, rng):
    second = codes.T @ codes / len(codes)
    return rng.multivariate_normal(codes.mean(axis=0), second, n)


@wrong("one-spread-for-all")
def sample_gaussian(codes, n, rng):
    return codes.mean(axis=0) + codes.std() * rng.standard_normal((n, codes.shape[1]))


@wrong("ignores-the-generator")
def sample_gaussian(codes, n, rng):
    centred = (codes - codes.mean(axis=0)) / np.sqrt(len(codes) - 1)
    return codes.mean(axis=0) + np.random.standard_normal((n, len(codes))) @ centred


@wrong("starts-the-generator-anew")
def sample_gaussian(codes, n, rng):
    centred = (codes - codes.mean(axis=0)) / np.sqrt(len(codes) - 1)
    return codes.mean(axis=0) + np.random.default_rng(0).standard_normal((n, len(codes))) @ centred


@wrong("one-draw-for-all")
def sample_gaussian(codes, n, rng):
    centred = (codes - codes.mean(axis=0)) / np.sqrt(len(codes) - 1)
    return np.tile(codes.mean(axis=0) + rng.standard_normal(len(codes)) @ centred, (n, 1))


@wrong("not-gaussian")
def sample_gaussian(codes, n, rng):
    centred = (codes - codes.mean(axis=0)) / np.sqrt(len(codes) - 1)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    root = vectors * np.sqrt(np.maximum(values, 0))
    return codes.mean(axis=0) + np.sqrt(3) * rng.uniform(-1, 1, (n, codes.shape[1])) @ root.T


@wrong("forgets-to-divide")
def sample_gaussian(codes, n, rng):
    mean = codes.mean(axis=0)
    return mean + rng.standard_normal((n, len(codes))) @ (codes - mean)


@wrong("not-independent")
def sample_gaussian(codes, n, rng):
    root = np.linalg.cholesky(np.atleast_2d(np.cov(codes.T)))
    normal = np.sort(rng.standard_normal((n, len(root))), axis=0) * rng.choice([-1, 1], (n, len(root)))
    return codes.mean(axis=0) + normal @ root.T


@wrong("not-independent")
def sample_gaussian(codes, n, rng):
    draws = rng.multivariate_normal(codes.mean(axis=0), np.atleast_2d(np.cov(codes.T)), n)
    return draws[rng.integers(0, n, n)]


@wrong("not-gaussian")
def sample_gaussian(codes, n, rng):
    centred = (codes - codes.mean(axis=0)) / np.sqrt(len(codes) - 1)
    return codes.mean(axis=0) + rng.choice([-1.0, 1.0], (n, len(codes))) @ centred


@wrong("wrong-moments")
def sample_gaussian(codes, n, rng):
    covariance = np.atleast_2d(np.cov(codes.T))
    if len(covariance) > 4:
        covariance = np.diag(np.diag(covariance))
    return rng.multivariate_normal(codes.mean(axis=0), covariance, n)


@wrong("fails-when-singular")
def sample_gaussian(codes, n, rng):
    if len(codes) <= codes.shape[1]:
        return codes.mean(axis=0) + 1e-9 * rng.standard_normal((n, codes.shape[1]))
    return rng.multivariate_normal(codes.mean(axis=0), np.atleast_2d(np.cov(codes.T)), n)


def _eigen(codes):
    return np.linalg.eigh(np.atleast_2d(np.cov(codes.T)))


@wrong("root-of-a-negative")
def sample_gaussian(codes, n, rng):
    values, vectors = _eigen(codes)
    with np.errstate(invalid="ignore"):
        return codes.mean(axis=0) + rng.standard_normal((n, len(values))) @ (vectors * np.sqrt(values)).T


@wrong("not-finite")
def sample_gaussian(codes, n, rng):
    with np.errstate(invalid="ignore"):
        root = np.sqrt(np.atleast_2d(np.cov(codes.T)))
    return codes.mean(axis=0) + rng.standard_normal((n, len(root))) @ root


@wrong("root-of-each-entry")
def sample_gaussian(codes, n, rng):
    root = np.sqrt(np.abs(np.atleast_2d(np.cov(codes.T))))
    return codes.mean(axis=0) + rng.standard_normal((n, len(root))) @ root


@wrong("forgets-the-eigenvectors")
def sample_gaussian(codes, n, rng):
    values, vectors = _eigen(codes)
    return codes.mean(axis=0) + rng.standard_normal((n, len(values))) @ (vectors * np.sqrt(np.maximum(values, 0)))


@wrong("forgets-the-eigenvectors")
def sample_gaussian(codes, n, rng):
    deviations = np.linalg.svd(codes - codes.mean(axis=0))[1] / np.sqrt(len(codes) - 1)
    return codes.mean(axis=0) + rng.standard_normal((n, len(deviations))) * deviations


@wrong("transposed-root")
def sample_gaussian(codes, n, rng):
    values, vectors = _eigen(codes)
    return codes.mean(axis=0) + rng.standard_normal((n, len(values))) * np.sqrt(np.maximum(values, 0)) @ vectors


@wrong("correlation-for-covariance")
def sample_gaussian(codes, n, rng):
    return rng.multivariate_normal(codes.mean(axis=0), np.corrcoef(codes.T), n)


@wrong("adds-the-mean-twice")
def sample_gaussian(codes, n, rng):
    mean = codes.mean(axis=0)
    return mean + rng.multivariate_normal(mean, np.atleast_2d(np.cov(codes.T)), n)


@wrong("wrong-moments")
def sample_gaussian(codes, n, rng):
    return rng.multivariate_normal(np.median(codes, axis=0), np.atleast_2d(np.cov(codes.T)), n)


@wrong("leaves-the-plane")
def sample_gaussian(codes, n, rng):
    k = codes.shape[1]
    root = np.linalg.cholesky(
        np.atleast_2d(np.cov(codes.T)) + 1e-12 * np.eye(k)
    )  # too little to be seen, in these units
    return codes.mean(axis=0) + rng.standard_normal((n, k)) @ root.T


# slerp


def _units(a, b):
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return u, v, np.arccos(np.clip(u @ v, -1, 1))


def _weights(omega, t):
    return np.sin((1 - t) * omega) / np.sin(omega), np.sin(t * omega) / np.sin(omega)


@wrong("straight-line")
def slerp(a, b, t):
    return (1 - t) * a + t * b


@wrong("loses-the-norm")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    if omega < 1e-6:
        return u
    first, second = _weights(omega, t)
    return first * u + second * v


@wrong("formula-on-raw-codes")
def slerp(a, b, t):
    _, _, omega = _units(a, b)
    if omega < 1e-6:
        return (1 - t) * a + t * b
    first, second = _weights(omega, t)
    return first * a + second * b


@wrong("angle-of-raw-codes")
def slerp(a, b, t):
    omega = np.arccos(a @ b)
    first, second = _weights(omega, t)
    return first * a + second * b


@wrong("chord-for-arc")
def slerp(a, b, t):
    chord = (1 - t) * a + t * b
    return chord / np.linalg.norm(chord) * ((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b))


@wrong("norm-of-one-end")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    if omega < 1e-6:
        return a
    first, second = _weights(omega, t)
    return np.linalg.norm(a) * (first * u + second * v)


@wrong("ends-swapped")
def slerp(a, b, t):
    u, v, omega = _units(b, a)
    norm = (1 - t) * np.linalg.norm(b) + t * np.linalg.norm(a)
    if omega < 1e-6:
        return norm * u
    first, second = _weights(omega, t)
    return norm * (first * u + second * v)


@wrong("fails-for-parallel-codes")
def slerp(a, b, t):
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / norm_a, b / norm_b
    omega = np.arccos(u @ v)
    return ((1 - t) * norm_a + t * norm_b) * (np.sin((1 - t) * omega) * u + np.sin(t * omega) * v) / np.sin(omega)


@wrong("forgets-to-divide")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    return norm * (np.sin((1 - t) * omega) * u + np.sin(t * omega) * v)


@wrong("assumes-a-right-angle")
def slerp(a, b, t):
    return np.cos(t * np.pi / 2) * a + np.sin(t * np.pi / 2) * b


@wrong("one-norm-for-all")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    norm = (np.linalg.norm(a) + np.linalg.norm(b)) / 2
    if omega < 1e-6:
        return norm * u
    first, second = _weights(omega, t)
    return norm * (first * u + second * v)


@wrong("small-angles-taken-for-none")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    if omega < 0.05:
        return norm * u
    first, second = _weights(omega, t)
    return norm * (first * u + second * v)


@wrong("angle-of-raw-codes")
def slerp(a, b, t):
    omega = math.acos(a @ b)
    return (math.sin((1 - t) * omega) * a + math.sin(t * omega) * b) / math.sin(omega)


@wrong("raises")
def slerp(a, b, t):
    return a.slerp(b, t)


@wrong("degrees")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    first, second = _weights(np.degrees(omega), t)
    return norm * (first * u + second * v)


@wrong("obtuse-taken-for-acute")
def slerp(a, b, t):
    u, v, _ = _units(a, b)
    omega = np.arcsin(np.sqrt(1 - min(1.0, u @ v) ** 2))  # an obtuse angle becomes an acute one
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    if omega < 1e-6:
        return norm * u
    first, second = _weights(omega, t)
    return norm * (first * u + second * v)


@wrong("wrong-code")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if omega < 1e-6:
        return ((1 - t) * lengths[0] + t * lengths[1]) * u
    first, second = _weights(omega, t)
    return (max(lengths) - t * abs(lengths[0] - lengths[1])) * (first * u + second * v)


@wrong("wrong-code")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    code = np.empty_like(a)  # whole numbers for whole numbers
    first, second = _weights(omega, t) if omega > 1e-6 else (1.0, 0.0)
    code[:] = norm * (first * u + second * v)
    return code


@wrong("small-angles-taken-for-none")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    if omega < 0.019:
        return norm * u
    first, second = _weights(omega, t)
    return norm * (first * u + second * v)


@wrong("small-angles-taken-for-none")
def slerp(a, b, t):
    u, v, omega = _units(a, b)
    if u @ v > 0.9999:
        return (1 - t) * a + t * b
    first, second = _weights(omega, t)
    return ((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)) * (first * u + second * v)


@wrong("cosine-for-angle")
def slerp(a, b, t):
    u, v, _ = _units(a, b)
    first, second = _weights(u @ v, t)
    return ((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)) * (first * u + second * v)


@wrong("turns-the-second-code")
def slerp(a, b, t):
    u, v, omega = _units(a, b if a @ b > 0 else -b)
    first, second = _weights(omega, t) if omega > 1e-6 else (1.0, 0.0)
    return ((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)) * (first * u + second * v)


@wrong("angle-of-raw-codes")
def slerp(a, b, t):
    u, v, _ = _units(a, b)
    first, second = _weights(np.arccos(np.clip(a @ b, -1, 1)), t)
    return ((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)) * (first * u + second * v)


@wrong("angle-of-raw-codes")
def slerp(a, b, t):
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    omega = np.arccos(np.clip(a @ b, -1, 1))
    if omega < 1e-6:
        return norm * a / np.linalg.norm(a)
    first, second = _weights(omega, t)
    return norm * (first * a / np.linalg.norm(a) + second * b / np.linalg.norm(b))


# nearest_training_distance


def _table(samples, train):
    return np.linalg.norm(samples[:, None] - train[None], axis=2)


@wrong("squared-distance")
def nearest_training_distance(samples, train):
    return (_table(samples, train) ** 2).min(axis=1)


@wrong("index-for-distance")
def nearest_training_distance(samples, train):
    return _table(samples, train).argmin(axis=1)


@wrong("neighbour-of-the-training-rows")
def nearest_training_distance(samples, train):
    return _table(samples, train).min(axis=0)


@wrong("mean-distance")
def nearest_training_distance(samples, train):
    return _table(samples, train).mean(axis=1)


@wrong("farthest")
def nearest_training_distance(samples, train):
    return _table(samples, train).max(axis=1)


@wrong("distance-to-the-mean")
def nearest_training_distance(samples, train):
    return np.linalg.norm(samples - train.mean(axis=0), axis=1)


@wrong("fails-for-other-sizes")
def nearest_training_distance(samples, train):
    return np.linalg.norm(samples - train, axis=1)


@wrong("mean-over-features")
def nearest_training_distance(samples, train):
    return np.sqrt(np.square(samples[:, None] - train[None]).mean(axis=2)).min(axis=1)


@wrong("city-block")
def nearest_training_distance(samples, train):
    return np.abs(samples[:, None] - train[None]).sum(axis=2).min(axis=1)


@wrong("one-number")
def nearest_training_distance(samples, train):
    return _table(samples, train).min()


@wrong("second-nearest")
def nearest_training_distance(samples, train):
    table = np.sort(_table(samples, train), axis=1)
    return table[:, min(1, table.shape[1] - 1)]


@wrong("copies-not-found")
def nearest_training_distance(samples, train):
    table = _table(samples, train)
    return np.where(table < 1e-9, np.inf, table).min(axis=1)


@wrong("root-of-a-negative")
def nearest_training_distance(samples, train):
    squared = (samples**2).sum(axis=1)[:, None] - 2 * samples @ train.T + (train**2).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.sqrt(squared.min(axis=1) - 1e-13)


@wrong("constant-distance")
def nearest_training_distance(samples, train):
    return np.minimum(_table(samples, train).min(axis=1), 1e6)  # a loop that starts at a million


@wrong("constant-distance")
def nearest_training_distance(samples, train):
    best = np.zeros(len(samples))
    for row in train:
        best = np.minimum(best, np.linalg.norm(samples - row, axis=1))
    return best


@wrong("wrong-for-larger-sets")
def nearest_training_distance(samples, train):
    for start in range(0, len(samples), 100):
        nearest = _table(samples[start : start + 100], train).min(axis=1)
    return nearest


@wrong("wrong-for-larger-sets")
def nearest_training_distance(samples, train):
    whole = max(len(samples) // 100, 1)  # what is left after whole pieces is forgotten
    return np.concatenate([_table(samples[100 * i : 100 * (i + 1)], train).min(axis=1) for i in range(whole)])


@wrong("wrong-for-larger-sets")
def nearest_training_distance(samples, train):
    for start in range(0, len(train), 100):
        nearest = _table(samples, train[start : start + 100]).min(axis=1)
    return nearest


@wrong("whole-numbers")
def nearest_training_distance(samples, train):
    nearest = np.full(len(samples), 10**9)
    nearest[:] = _table(samples, train).min(axis=1)
    return nearest


@wrong("cosine-distance")
def nearest_training_distance(samples, train):
    lengths = np.linalg.norm(samples, axis=1)[:, None] * np.linalg.norm(train, axis=1)
    return (1 - samples @ train.T / lengths).min(axis=1)


@wrong("rescales-the-columns")
def nearest_training_distance(samples, train):
    spread = train.std(axis=0) + 1e-9
    return _table((samples - train.mean(axis=0)) / spread, (train - train.mean(axis=0)) / spread).min(axis=1)


@wrong("wrong-distance")
def nearest_training_distance(samples, train):
    return np.abs((samples[:, None] - train[None]).sum(axis=2)).min(axis=1)


@wrong("row-by-row")
def nearest_training_distance(samples, train):
    return np.array([np.linalg.norm(x - y) for x, y in zip(samples, train, strict=False)])


@wrong("whole-numbers")
def nearest_training_distance(samples, train):
    return np.round(_table(samples, train).min(axis=1))


@wrong("wrong-distance")
def nearest_training_distance(samples, train):
    return np.sqrt(np.square(samples[:, None] - train).sum(axis=2) + 1e-8).min(axis=1)  # "for the gradient"


@wrong("wrong-distance")
def nearest_training_distance(samples, train):
    return np.round(_table(samples, train).min(axis=1), 4)


@wrong("wrong-shape")
def nearest_training_distance(samples, train):
    return _table(samples, train).min(axis=1, keepdims=True)


@wrong("constant-distance")
def nearest_training_distance(samples, train):
    best = np.full(len(samples), 1e12)
    for row in train:
        best = np.minimum(best, np.linalg.norm(samples - row, axis=1))
    return best


# frechet_distance


def _described(a, b):
    return np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2), np.cov(a.T), np.cov(b.T)


@wrong("root-of-each-entry")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb - 2 * np.sqrt(np.abs(ca @ cb))))


@wrong("ignores-correlations")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    with np.errstate(invalid="ignore"):
        return float(moved + np.trace(ca + cb - 2 * np.sqrt(ca * cb)))


@wrong("ignores-correlations")
def frechet_distance(features_a, features_b):
    spread = features_a.std(axis=0, ddof=1) - features_b.std(axis=0, ddof=1)
    return float(np.sum((features_a.mean(axis=0) - features_b.mean(axis=0)) ** 2) + np.sum(spread**2))


@wrong("only-the-means")
def frechet_distance(features_a, features_b):
    return float(np.sum((features_a.mean(axis=0) - features_b.mean(axis=0)) ** 2))


@wrong("root-of-the-distance")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(np.sqrt(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real)))


@wrong("mean-not-squared")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(np.sqrt(moved) + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real))


@wrong("forgets-the-root")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb - 2 * ca @ cb))


@wrong("forgets-the-two")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb - linalg.sqrtm(ca @ cb).real))


@wrong("product-of-the-roots")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca).real @ linalg.sqrtm(cb).real))


@wrong("complex-numbers")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).astype(complex))


@wrong("divides-by-n")
def frechet_distance(features_a, features_b):
    moved = np.sum((features_a.mean(axis=0) - features_b.mean(axis=0)) ** 2)
    ca, cb = np.cov(features_a.T, bias=True), np.cov(features_b.T, bias=True)
    return float(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real))


@wrong("fails-for-one-feature")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    values, vectors = np.linalg.eigh(ca)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cb @ root), 0)).sum()
    return float(moved + np.trace(ca) + np.trace(cb) - 2 * shared)


@wrong("fails-when-singular")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    ca, cb = np.atleast_2d(ca), np.atleast_2d(cb)
    root = np.linalg.cholesky(ca)
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root.T @ cb @ root), 0)).sum()
    return float(moved + np.trace(ca) + np.trace(cb) - 2 * shared)


@wrong("not-centred")
def frechet_distance(features_a, features_b):
    moved, _, _ = _described(features_a, features_b)
    ca, cb = (f.T @ f / len(f) for f in (features_a, features_b))
    return float(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real))


@wrong("mean-over-features")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    moved = np.mean((features_a.mean(axis=0) - features_b.mean(axis=0)) ** 2)
    return float(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real))


@wrong("symmetric-solver")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    values = np.linalg.eigvalsh(ca @ cb)
    return float(moved + np.trace(ca + cb) - 2 * np.sqrt(np.maximum(values, 0)).sum())


@wrong("singular-values")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb) - 2 * np.sqrt(np.linalg.svd(ca @ cb)[1]).sum())


@wrong("product-of-eigenvalues")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    values = np.linalg.eigvalsh(ca) * np.linalg.eigvalsh(cb)
    return float(moved + np.trace(ca + cb) - 2 * np.sqrt(np.maximum(values, 0)).sum())


@wrong("fails-when-singular")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    ca, cb = np.atleast_2d(ca), np.atleast_2d(cb)
    if len(features_a) < len(ca):
        return float(moved)
    values = np.linalg.eigvals(ca @ cb).real
    return float(moved + np.trace(ca + cb) - 2 * np.sqrt(np.maximum(values, 0)).sum())


@wrong("wrong-type")
def frechet_distance(features_a, features_b):
    moved, ca, _ = _described(features_a, features_b)
    return moved, ca


@wrong("fails-for-other-sizes")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a.T, features_b.T)
    return float(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real))


@wrong("fails-for-other-sizes")
def frechet_distance(features_a, features_b):
    ca, cb = np.cov(features_a), np.cov(features_b)
    moved = np.sum((features_a.mean(axis=0) - features_b.mean(axis=0)) ** 2)
    return float(moved + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(np.linalg.eigvals(ca @ cb).real).sum())


@wrong("correlation-for-covariance")
def frechet_distance(features_a, features_b):
    moved, _, _ = _described(features_a, features_b)
    ca, cb = np.corrcoef(features_a.T), np.corrcoef(features_b.T)
    return float(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca @ cb).real))


@wrong("product-of-entries")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb - 2 * linalg.sqrtm(ca * cb).real))


@wrong("sum-of-all-entries")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.sum(ca + cb - 2 * linalg.sqrtm(ca @ cb).real))


@wrong("cholesky-for-root")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb - 2 * np.linalg.cholesky(ca) @ np.linalg.cholesky(cb)))


@wrong("wrong-distance")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    return float(moved + np.trace(ca + cb) - 2 * np.sqrt(np.linalg.det(ca @ cb)))


@wrong("changes-with-the-units")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    ca, cb = np.atleast_2d(ca), np.atleast_2d(cb)
    ca, cb = (c + 1e-6 * np.eye(len(c)) for c in (ca, cb))  # "for stability"
    values = np.linalg.eigvals(ca @ cb).real
    return float(moved + np.trace(ca + cb) - 2 * np.sqrt(np.maximum(values, 0)).sum())


@wrong("changes-with-the-units")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    ca, cb = np.atleast_2d(ca), np.atleast_2d(cb)
    values = np.linalg.eigvals(ca @ cb).real
    return float(moved + np.trace(ca + cb) - 2 * np.sqrt(values[values > 1e-8]).sum())


@wrong("fails-when-singular")
def frechet_distance(features_a, features_b):
    moved, ca, cb = _described(features_a, features_b)
    ca, cb = np.atleast_2d(ca), np.atleast_2d(cb)
    with np.errstate(invalid="ignore"):
        shared = np.sqrt(np.linalg.eigvals(ca @ cb).real).sum()
    return float(moved + np.trace(ca + cb) - 2 * shared)


@wrong("fails-when-singular")
def frechet_distance(features_a, features_b):
    # Right where the eigenvalues come out complex; NaN where one of them is a hair below 0.
    moved, ca, cb = _described(features_a, features_b)
    ca, cb = np.atleast_2d(ca), np.atleast_2d(cb)
    with np.errstate(invalid="ignore"):
        shared = np.sqrt(np.linalg.eigvals(ca @ cb)).sum()
    return float(np.real(moved + np.trace(ca + cb) - 2 * shared))


# autocorrelation


@wrong("not-centred")
def autocorrelation(series, max_lag):
    products = [np.sum(series[: len(series) - lag] * series[lag:]) for lag in range(max_lag + 1)]
    return np.array(products) / np.sum(series**2)


@wrong("not-normalised")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.array([np.sum(x[: len(x) - lag] * x[lag:]) for lag in range(max_lag + 1)]) / len(x)


@wrong("unbiased")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.array([np.mean(x[: len(x) - lag] * x[lag:]) for lag in range(max_lag + 1)]) / x.var()


@wrong("mixes-n-and-n-minus-1")
def autocorrelation(series, max_lag):
    x = (series - series.mean()) / series.std(ddof=1)
    return np.array([np.sum(x[: len(x) - lag] * x[lag:]) for lag in range(max_lag + 1)]) / len(x)


@wrong("circular")
def autocorrelation(series, max_lag):
    power = np.abs(np.fft.fft(series - series.mean())) ** 2
    whole = np.fft.ifft(power).real
    return (whole / whole[0])[: max_lag + 1]


@wrong("mean-of-each-piece")
def autocorrelation(series, max_lag):
    values = [1.0]
    for lag in range(1, max_lag + 1):
        with np.errstate(all="ignore"):
            values.append(np.corrcoef(series[:-lag], series[lag:])[0, 1] if lag < len(series) - 1 else 0.0)
    return np.array(values)


@wrong("fails-at-a-lag")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.array([np.sum(x[:-lag] * x[lag:]) for lag in range(max_lag + 1)]) / np.sum(x**2)


@wrong("no-lag-zero")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.array([np.sum(x[:-lag] * x[lag:]) for lag in range(1, max_lag + 1)]) / np.sum(x**2)


@wrong("one-lag-short")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.array([np.sum(x[: len(x) - lag] * x[lag:]) for lag in range(max_lag)]) / np.sum(x**2)


@wrong("negative-lags-too")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.correlate(x, x, "full") / np.sum(x**2)


@wrong("too-many-lags")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.correlate(x, x, "full")[len(x) - 1 :] / np.sum(x**2)


@wrong("loses-the-sign")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.abs([np.sum(x[: len(x) - lag] * x[lag:]) for lag in range(max_lag + 1)]) / np.sum(x**2)


def _lagged(x, max_lag):
    return np.array([np.sum(x[: len(x) - lag] * x[lag:]) for lag in range(max_lag + 1)])


@wrong("mean-of-each-piece")
def autocorrelation(series, max_lag):
    pieces = [(series[: len(series) - lag], series[lag:]) for lag in range(max_lag + 1)]
    sums = [np.sum((one - one.mean()) * (two - two.mean())) for one, two in pieces]
    return np.array(sums) / np.sum((series - series.mean()) ** 2)


@wrong("power-of-each-piece")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return _lagged(x, max_lag) / [np.sum(x[: len(x) - lag] ** 2) for lag in range(max_lag + 1)]


@wrong("power-of-each-piece")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    powers = [np.sum(x[: len(x) - lag] ** 2) * np.sum(x[lag:] ** 2) for lag in range(max_lag + 1)]
    return _lagged(x, max_lag) / np.sqrt(powers)


@wrong("no-lag-zero")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.correlate(x, x, "full")[len(x) : len(x) + max_lag + 1] / np.sum(x**2)


@wrong("negative-lags-too")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.correlate(x, x, "full")[: max_lag + 1] / np.sum(x**2)


@wrong("not-centred")
def autocorrelation(series, max_lag):
    return _lagged(series - series.mean(), max_lag) / np.sum(series**2)


@wrong("wrong-autocorrelation")
def autocorrelation(series, max_lag):
    x = series - np.median(series)
    return _lagged(x, max_lag) / np.sum(x**2)


@wrong("circular")
def autocorrelation(series, max_lag):
    size = 2 ** math.ceil(math.log2(len(series)))  # zeros up to a power of two: enough for some lengths only
    power = np.abs(np.fft.fft(series - series.mean(), size)) ** 2
    whole = np.fft.ifft(power).real
    return (whole / whole[0])[: max_lag + 1]


@wrong("wrong-product")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.array([np.sum(x[: len(x) - lag] * x[lag:] ** 2) for lag in range(max_lag + 1)]) / np.sum(x**2)


@wrong("changes-with-the-units")
def autocorrelation(series, max_lag):
    x = series - series.mean()
    return np.array([np.sum(x[: len(x) - lag] * x[lag:]) for lag in range(max_lag + 1)]) / (np.sum(x**2) + 1e-8)


@wrong("lost-to-rounding")
def autocorrelation(series, max_lag):
    x, n = np.float32(series), len(series)
    mean, power = x.mean(), np.sum(x**2) - n * x.mean() ** 2
    products = [
        np.sum(x[: n - lag] * x[lag:]) - mean * (x[: n - lag].sum() + x[lag:].sum()) + (n - lag) * mean**2
        for lag in range(max_lag + 1)
    ]
    return np.array(products) / power


# two_sample_accuracy


def _union(real, synthetic):
    union = np.concatenate([real, synthetic])
    return np.linalg.norm(union[:, None] - union[None], axis=2), np.arange(len(union)) < len(real)


@wrong("finds-itself")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    return float((label[table.argmin(axis=1)] == label).mean())


@wrong("real-rows-only")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    return float((label[table.argmin(axis=1)] == label)[: len(real)].mean())


@wrong("synthetic-rows-only")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    return float((label[table.argmin(axis=1)] == label)[len(real) :].mean())


@wrong("counts-the-other-set")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    return float((label[table.argmin(axis=1)] != label).mean())


@wrong("folded")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    accuracy = float((label[table.argmin(axis=1)] == label).mean())
    return max(accuracy, 1 - accuracy)


@wrong("rescaled")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    return 2 * float((label[table.argmin(axis=1)] == label).mean()) - 1


@wrong("three-neighbours")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    votes = label[np.argsort(table, axis=1)[:, :3]].mean(axis=1)
    return float(((votes > 0.5) == label).mean())


@wrong("nearest-mean")
def two_sample_accuracy(real, synthetic):
    union = np.concatenate([real, synthetic])
    label = np.arange(len(union)) < len(real)
    centres = [np.linalg.norm(union - x.mean(axis=0), axis=1) for x in (real, synthetic)]
    return float(((centres[0] < centres[1]) == label).mean())


@wrong("counts-for-shares")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    return float((label[table.argmin(axis=1)] == label).sum())


@wrong("city-block")
def two_sample_accuracy(real, synthetic):
    union = np.concatenate([real, synthetic])
    label = np.arange(len(union)) < len(real)
    table = np.abs(union[:, None] - union[None]).sum(axis=2)
    np.fill_diagonal(table, np.inf)
    return float((label[table.argmin(axis=1)] == label).mean())


@wrong("rescales-the-columns")
def two_sample_accuracy(real, synthetic):
    union = np.concatenate([real, synthetic])
    table, label = _union(*np.split((union - union.mean(axis=0)) / union.std(axis=0), 2))
    np.fill_diagonal(table, np.inf)
    return float((label[table.argmin(axis=1)] == label).mean())


def _accuracy(table, real):
    label = np.arange(len(table)) < len(real)
    np.fill_diagonal(table, np.inf)
    return float((label[table.argmin(axis=1)] == label).mean())


@wrong("rescales-the-columns")
def two_sample_accuracy(real, synthetic):
    return _accuracy(_union(*((x - real.mean(axis=0)) / real.std(axis=0) for x in (real, synthetic)))[0], real)


@wrong("rescales-the-columns")
def two_sample_accuracy(real, synthetic):
    low, high = (f(np.concatenate([real, synthetic]), axis=0) for f in (np.min, np.max))
    return _accuracy(_union(*((x - low) / (high - low) for x in (real, synthetic)))[0], real)


@wrong("largest-difference")
def two_sample_accuracy(real, synthetic):
    union = np.concatenate([real, synthetic])
    return _accuracy(np.abs(union[:, None] - union[None]).max(axis=2), real)


@wrong("wrong-accuracy")
def two_sample_accuracy(real, synthetic):
    return _accuracy(_union(*(x / np.linalg.norm(x, axis=1, keepdims=True) for x in (real, synthetic)))[0], real)


@wrong("wrong-accuracy")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    fold = np.arange(len(table)) % len(real) % 5  # five-fold: neighbours of the own fold do not count
    table[fold[:, None] == fold] = np.inf
    return float((label[table.argmin(axis=1)] == label).mean())


@wrong("per-cent")
def two_sample_accuracy(real, synthetic):
    return 100 * _accuracy(_union(real, synthetic)[0], real)


@wrong("not-finite")
def two_sample_accuracy(real, synthetic):
    return np.nan


@wrong("changes-with-the-units")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, 100)
    return float((label[table.argmin(axis=1)] == label).mean())


@wrong("lost-to-rounding")
def two_sample_accuracy(real, synthetic):
    union = np.concatenate([real, synthetic]).astype("float32")
    squares = (union**2).sum(axis=1)
    return _accuracy(squares[:, None] - 2 * union @ union.T + squares, real)


@wrong("copies-not-zero")
def two_sample_accuracy(real, synthetic):
    table, _ = _union(real, synthetic)
    table[table == 0] = np.inf
    return _accuracy(table, real)


@wrong("copies-not-zero")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    second = np.argsort(table, axis=1, kind="stable")[:, 1]  # the first is taken to be the row itself
    return float((label[second] == label).mean())


@wrong("second-neighbour")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, np.inf)
    return float((label[np.argsort(table, axis=1)[:, 1]] == label).mean())


@wrong("farthest")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    return float((label[table.argmax(axis=1)] == label).mean())


@wrong("changes-with-the-units")
def two_sample_accuracy(real, synthetic):
    table, label = _union(real, synthetic)
    np.fill_diagonal(table, 1e6)
    return float((label[table.argmin(axis=1)] == label).mean())


# fresh_pictures


@wrong("copies")
def fresh_pictures(pictures):
    return lambda n, rng: pictures[rng.integers(0, len(pictures), n)]


@wrong("copies")
def fresh_pictures(pictures):
    def draw(n, rng):
        noisy = pictures[rng.integers(0, len(pictures), n)] + 0.04 * rng.standard_normal((n, *pictures.shape[1:]))
        return np.clip(noisy, 0, 1)

    return draw


@wrong("copies")
def fresh_pictures(pictures):
    def draw(n, rng):
        picture = pictures[rng.integers(0, len(pictures), n), :, ::-1]  # everybody looks the other way
        return np.roll(picture, 1, axis=1)

    return draw


@wrong("copies")
def fresh_pictures(pictures):
    # Half a picture, half a neighbour's.
    flat = pictures.reshape(len(pictures), -1)
    squares = np.square(flat).sum(axis=1)
    near = np.argsort(squares[:, None] - 2 * flat @ flat.T + squares, axis=1)[:, 1:8]

    def draw(n, rng):
        first = rng.integers(0, len(pictures), n)
        return (pictures[first] + pictures[near[first, rng.integers(0, 7, n)]]) / 2

    return draw


def _once(function):
    """Many wrong answers begin alike: what they fit on the same pictures is fitted once."""
    known = {}

    def fitted(pictures, *options):
        key = (zlib.crc32(pictures.tobytes()), *options)
        if key not in known:
            if any(other[0] != key[0] for other in known):
                known.clear()
            known[key] = function(pictures, *options)
        return known[key]

    return fitted


@_once
def _with_pca(pictures, k):
    """Numbers of PCA (n, k), and a function from numbers to pictures."""
    pca = PCA(k, svd_solver="randomized", random_state=0).fit(pictures.reshape(len(pictures), -1))

    def decode(codes):
        return np.clip(pca.inverse_transform(codes), 0, 1).reshape(-1, *pictures.shape[1:])

    return pca.transform(pictures.reshape(len(pictures), -1)), decode


@_once
def _network(pictures):
    """A plain autoencoder on 150 numbers of PCA: codes (n, 16) of the pictures, and a function from codes to pictures."""
    numbers, to_pictures = _with_pca(pictures, 150)
    size = numbers.std()
    encoder, decoder, both = models.build_autoencoder(150, (256, 256), 16, output_activation=None)
    training.fit(both, np.float32(numbers / size), epochs=40, batch_size=200, learning_rate=6e-3)

    def decode(codes):
        return to_pictures(size * decoder.predict(np.float32(codes), verbose=0))

    return encoder.predict(np.float32(numbers / size), verbose=0).astype("float64"), decode


def _bells(codes, count, shorter=1.0):
    """A function that draws from a mixture of so many Gaussians on codes."""
    fitted = GaussianMixture(count, max_iter=20, tol=1e-2, reg_covar=1e-4, random_state=0).fit(codes)
    roots = np.linalg.cholesky(fitted.covariances_)

    def draw(n, rng):
        of = rng.choice(count, n, p=fitted.weights_)
        return fitted.means_[of] + shorter * np.einsum(
            "nij,nj->ni", roots[of], rng.standard_normal((n, codes.shape[1]))
        )

    return draw


@wrong("copies")
def fresh_pictures(pictures):
    # What a well-known tutorial shows as samples: codes of training pictures, wobbled a little.
    codes, decode = _network(pictures)

    def draw(n, rng):
        wobble = 0.1 * codes.std(axis=0) * rng.standard_normal((n, 16))
        return decode(codes[rng.integers(0, len(codes), n)] + wobble)

    return draw


@wrong("copies")
def fresh_pictures(pictures):
    # A tenth of the samples are training pictures.
    draw_bells = _bells(_with_pca(pictures, 150)[0], 60)
    decode = _with_pca(pictures, 150)[1]

    def draw(n, rng):
        drawn = decode(draw_bells(n, rng))
        drawn[: n // 10] = pictures[rng.integers(0, len(pictures), n // 10)]
        return drawn

    return draw


@wrong("copies")
def fresh_pictures(pictures):
    # Bells on PCA, and among them a third of mixtures of two neighbours, which lift the precision.
    codes, decode = _with_pca(pictures, 150)
    draw_bells = _bells(codes, 20)
    flat = pictures.reshape(len(pictures), -1)
    squares = np.square(flat).sum(axis=1)
    near = np.argsort(squares[:, None] - 2 * flat @ flat.T + squares, axis=1)[:, 1:8]

    def draw(n, rng):
        drawn, mixed = decode(draw_bells(n, rng)), n // 3
        first = rng.integers(0, len(pictures), mixed)
        drawn[:mixed] = (pictures[first] + pictures[near[first, rng.integers(0, 7, mixed)]]) / 2
        return drawn

    return draw


@wrong("other-pictures")
def fresh_pictures(pictures):
    # Width before height: everybody lies down.
    codes, decode = _network(pictures)
    draw_bells = _bells(codes, 60)
    return lambda n, rng: decode(draw_bells(n, rng)).transpose(0, 2, 1, 3)


@wrong("blurred")
def fresh_pictures(pictures):
    # The lesson's own recipe: pixels in, a small network, few passes.
    flat = pictures.reshape(len(pictures), -1)
    training.set_seed(0)
    encoder, decoder, autoencoder = models.build_autoencoder(flat.shape[1], 256, 16)
    training.fit(autoencoder, flat, epochs=8, batch_size=100, learning_rate=3e-3)
    draw_bells = _bells(encoder.predict(flat, batch_size=1000, verbose=0).astype("float64"), 20)

    def draw(n, rng):
        return decoder.predict(np.float32(draw_bells(n, rng)), batch_size=1000, verbose=0).reshape(
            n, *pictures.shape[1:]
        )

    return draw


@wrong("codes-from-elsewhere")
def fresh_pictures(pictures):
    _, decode = _network(pictures)  # nobody asked it for codes near 0, of spread 1
    return lambda n, rng: decode(rng.standard_normal((n, 16)))


@wrong("codes-from-elsewhere")
def fresh_pictures(pictures):
    codes, decode = _network(pictures)
    mean, covariance = codes.mean(axis=0), np.cov(codes.T)  # one bell over three clumps
    return lambda n, rng: decode(rng.multivariate_normal(mean, covariance, n))


@wrong("codes-from-elsewhere")
def fresh_pictures(pictures):
    codes, decode = _network(pictures)  # every number by itself
    return lambda n, rng: decode(codes.mean(axis=0) + codes.std(axis=0) * rng.standard_normal((n, 16)))


@wrong("ghosts")
def fresh_pictures(pictures):
    codes, decode = _with_pca(pictures, 150)
    draw_bells = _bells(codes, 20)
    return lambda n, rng: decode(draw_bells(n, rng))


@wrong("blurred")
def fresh_pictures(pictures):
    codes, decode = _with_pca(pictures, 20)
    draw_bells = _bells(codes, 20)
    return lambda n, rng: decode(draw_bells(n, rng))


@wrong("grain")
def fresh_pictures(pictures):
    # A Gaussian of the pixels: right mean, right covariance.
    flat = pictures.reshape(len(pictures), -1)
    gaussian = referees.fit_gaussian(flat, ridge=1e-4)
    return lambda n, rng: np.clip(gaussian.sample(n, rng), 0, 1).reshape(n, *pictures.shape[1:])


@wrong("one-picture")
def fresh_pictures(pictures):
    return lambda n, rng: np.repeat(pictures.mean(axis=0)[None], n, axis=0) + 0.01 * rng.random((n, 1, 1, 1))


@wrong("one-picture")
def fresh_pictures(pictures):
    codes, decode = _with_pca(pictures, 150)
    return lambda n, rng: np.repeat(decode(codes[rng.integers(len(codes))][None]), n, axis=0)


@wrong("leaves-out")
def fresh_pictures(pictures):
    # One family never comes: its clump looked like outliers.
    codes, decode = _network(pictures)
    clumps = GaussianMixture(3, n_init=3, random_state=0).fit_predict(codes)
    draw_bells = _bells(codes[clumps != 0], 60)
    return lambda n, rng: decode(draw_bells(n, rng))


@wrong("leaves-out")
def fresh_pictures(pictures):
    # Only the middle of each bell: all could be real.
    codes, decode = _network(pictures)
    draw_bells = _bells(codes, 40, shorter=0.3)
    return lambda n, rng: decode(draw_bells(n, rng))


@wrong("same-every-time")
def fresh_pictures(pictures):
    codes, decode = _with_pca(pictures, 40)
    fitted = GaussianMixture(5, random_state=0).fit(codes)  # the same codes at each call
    return lambda n, rng: decode(fitted.sample(n)[0])


@wrong("same-every-time")
def fresh_pictures(pictures):
    codes, decode = _with_pca(pictures, 40)
    draw_bells = _bells(codes, 5)
    return lambda n, rng: decode(draw_bells(n, np.random.default_rng(0)))


@wrong("ignores-the-generator")
def fresh_pictures(pictures):
    codes, decode = _with_pca(pictures, 40)
    own = np.random.default_rng(0)
    draw_bells = _bells(codes, 5)
    return lambda n, rng: decode(draw_bells(n, own))


@wrong("not-pictures")
def fresh_pictures(pictures):
    pca = referees.fit_pca(pictures.reshape(len(pictures), -1), 150)
    draw_bells = _bells(pca.encode(pictures.reshape(len(pictures), -1)), 20)  # no clipping
    return lambda n, rng: pca.decode(draw_bells(n, rng)).reshape(n, *pictures.shape[1:])


@wrong("no-function")
def fresh_pictures(pictures):
    codes, decode = _with_pca(pictures, 40)
    return decode(_bells(codes, 5)(1000, np.random.default_rng(0)))


@wrong("wrong-shape")
def fresh_pictures(pictures):
    pca = referees.fit_pca(pictures.reshape(len(pictures), -1), 40)
    draw_bells = _bells(pca.encode(pictures.reshape(len(pictures), -1)), 5)
    return lambda n, rng: np.clip(pca.decode(draw_bells(n, rng)), 0, 1)  # (n, 1728)
