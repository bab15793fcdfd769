"""Scores: how far a reconstruction is from its original, in squared error, decibels, bits and neighbours.

Images are arrays in [0, 1]. Outputs of a network are clipped with :func:`clip01` before they are scored, everywhere in
the course: a pixel of 1.1 is shown as white, so it is judged as white.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def _number_array(name: str, values: np.ndarray) -> np.ndarray:
    """An array of floats wide enough that differences and their squares neither wrap around nor overflow."""
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, but its dtype is {array.dtype}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}")
    if array.dtype.kind == "f" and array.dtype.itemsize >= 4:
        return array
    return array.astype(np.float32 if array.dtype.itemsize == 1 or array.dtype.kind == "f" else np.float64)


def _pair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kinds = np.asarray(x).dtype.kind, np.asarray(y).dtype.kind
    if set(kinds) & {"i", "u", "b"} and "f" in kinds:
        raise ValueError(
            f"x has dtype {np.asarray(x).dtype} and y {np.asarray(y).dtype}: pixels 0..255 and values in [0, 1] "
            "cannot be compared; divide the integers by 255 first"
        )
    x, y = _number_array("x", x), _number_array("y", y)
    if x.shape != y.shape:
        raise ValueError(f"x and y must have the same shape, but x has {x.shape} and y has {y.shape}")
    return x, y


def clip01(images: np.ndarray) -> np.ndarray:
    """Images with every value below 0 set to 0 and above 1 set to 1; same shape and float dtype.

    Raises:
        ValueError: if ``images`` holds integers (pixels 0..255 would all become 0 or 1).
    """
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise ValueError(
            f"images must be floats in units of [0, 1], but their dtype is {images.dtype}; divide by 255 first"
        )
    return np.clip(images, 0.0, 1.0)


def mse(x: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error over all images and pixels.

    Args:
        x: array of any shape; float, or integer (then the error is in squared grey levels: nothing wraps around).
        y: array of the same shape, and of the same kind: two float or two integer arrays.

    Raises:
        ValueError: if the shapes differ, an array is empty, or only one of the two holds integers.
    """
    x, y = _pair(x, y)
    return float(np.mean(np.square(x - y), dtype=np.float64))


def mse_per_image(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean squared error of each image: shapes (n, ...) and (n, ...) to (n,), float64.

    Raises:
        ValueError: as :func:`mse`, and if the arrays have fewer than two axes.
    """
    x, y = _pair(x, y)
    if x.ndim < 2:
        raise ValueError(f"x must have shape (n, ...) with at least two axes, but its shape is {x.shape}")
    return np.mean(np.square(x - y), axis=tuple(range(1, x.ndim)), dtype=np.float64)


def psnr_from_mse(error: float, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio in decibels, 10 log10(peak² / error); infinite for an error of 0.

    Args:
        error: a mean squared error, not negative, in squared units of ``peak``. Average the errors first and convert
            once: the mean of decibels is another number.
        peak: the largest value a pixel can take.

    Raises:
        ValueError: if ``error`` is negative or not a number, or ``peak`` is not positive.
    """
    error, peak = float(error), float(peak)
    if math.isnan(error) or error < 0:
        raise ValueError(f"error must be a mean squared error, not negative, but it is {error}")
    if not peak > 0:
        raise ValueError(f"peak must be positive, but it is {peak}")
    return math.inf if error == 0 else 10.0 * math.log10(peak * peak / error)


def psnr(x: np.ndarray, y: np.ndarray) -> float:
    """PSNR in decibels from the mean squared error over the whole set, for images in [0, 1] (peak 1).

    Args:
        x: images, any shape, floats in [0, 1].
        y: images of the same shape, floats in [0, 1]; clip a network's output with :func:`clip01`.

    Raises:
        ValueError: if the shapes differ, the dtype is an integer, or values leave [0, 1] by more than 1e-6.
    """
    for name, values in (("x", np.asarray(x)), ("y", np.asarray(y))):
        if values.dtype.kind != "f":
            raise ValueError(f"{name} must be floats in [0, 1], but its dtype is {values.dtype}; divide by 255 first")
        if values.size and not (values.min() >= -1e-6 and values.max() <= 1 + 1e-6):
            raise ValueError(
                f"{name} must lie in [0, 1], but its values run from {values.min():.4g} to {values.max():.4g}; "
                "use clip01 on outputs"
            )
    return psnr_from_mse(mse(x, y))


def code_bits(code_shape: int | Sequence[int], bits_per_number: int = 32) -> int:
    """Bits in one code: how many numbers it has times the bits of each (32 for a float, 8 for a byte).

    Raises:
        ValueError: if a length or ``bits_per_number`` is not a positive integer.
    """
    lengths = (code_shape,) if isinstance(code_shape, (int, np.integer)) else tuple(code_shape)
    for name, numbers in (("code_shape", lengths), ("bits_per_number", (bits_per_number,))):
        if not numbers or any(not isinstance(n, (int, np.integer)) or n <= 0 for n in numbers):
            raise ValueError(
                f"{name} must hold positive integers, but it is {code_shape if numbers is lengths else numbers[0]!r}"
            )
    return math.prod(int(n) for n in lengths) * int(bits_per_number)


def compression_ratio(
    input_shape: int | Sequence[int], code_shape: int | Sequence[int], *, input_bits: int = 8, number_bits: int = 32
) -> float:
    """Bits of one input divided by bits of its code; shapes without the batch axis.

    The defaults are an image of bytes and a code of floats: 784 pixels and 32 numbers give 6.125, not 24.5.

    Raises:
        ValueError: as :func:`code_bits`.
    """
    return code_bits(input_shape, input_bits) / code_bits(code_shape, number_bits)


def explained_variance(x: np.ndarray, y: np.ndarray, mean: np.ndarray | None = None) -> float:
    """Share of the variance of ``x`` that its reconstruction ``y`` keeps: 1 - MSE(x, y) / MSE(x, mean).

    Args:
        x: originals, shape (n, ...).
        y: reconstructions, same shape.
        mean: what counts as knowing nothing, shape (...) of one image: pass the *training* mean to score unseen images;
            by default the mean of ``x`` itself.

    Returns:
        1 for a perfect copy, 0 for the mean, negative for worse than the mean.

    Raises:
        ValueError: if shapes do not fit, or ``x`` does not vary around ``mean``.
    """
    x, y = _pair(x, y)
    mean = x.mean(axis=0, dtype=np.float64) if mean is None else np.asarray(mean)
    if mean.shape != x.shape[1:]:
        raise ValueError(f"mean must have the shape of one image, {x.shape[1:]}, but it has {mean.shape}")
    baseline = float(np.mean(np.square(x - mean.astype(x.dtype)), dtype=np.float64))
    if baseline == 0:
        raise ValueError("x does not differ from mean: there is no variance to explain")
    return 1.0 - mse(x, y) / baseline


def precision_at_k(
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    queries: np.ndarray,
    query_labels: np.ndarray,
    k: int = 10,
) -> float:
    """Share of the k nearest gallery codes (Euclidean distance) that carry the query's label, mean over queries.

    Arguments and errors are those of :func:`precision_of_queries`, which gives the share of each query by itself.
    """
    return float(precision_of_queries(gallery, gallery_labels, queries, query_labels, k).mean())


def precision_of_queries(
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    queries: np.ndarray,
    query_labels: np.ndarray,
    k: int = 10,
) -> np.ndarray:
    """For each query the share of its k nearest gallery codes (Euclidean distance) that carry its label, (m,).

    Args:
        gallery: codes to search, shape (n, d).
        gallery_labels: shape (n,).
        queries: codes to search for, shape (m, d); none of them may be in the gallery, or it finds itself.
        query_labels: shape (m,).
        k: neighbours to look at, 1 to n.

    Raises:
        ValueError: if the shapes do not fit or ``k`` is out of range.
    """
    gallery, queries = np.asarray(gallery), np.asarray(queries)
    gallery_labels, query_labels = np.asarray(gallery_labels), np.asarray(query_labels)
    if gallery.ndim != 2 or queries.ndim != 2 or gallery.shape[1] != queries.shape[1]:
        raise ValueError(
            f"gallery and queries must have shapes (n, d) and (m, d), but they have {gallery.shape} and {queries.shape}"
        )
    for name, labels, codes in (
        ("gallery_labels", gallery_labels, gallery),
        ("query_labels", query_labels, queries),
    ):
        if labels.shape != codes.shape[:1]:
            raise ValueError(f"{name} must have shape {codes.shape[:1]}, one label a code, but it has {labels.shape}")
    if not 1 <= k <= len(gallery):
        raise ValueError(f"k must lie between 1 and the gallery's {len(gallery)} codes, but it is {k}")
    from sklearn.neighbors import NearestNeighbors  # here, because it takes a second to import

    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(gallery.astype(np.float32))
    nearest = search.kneighbors(queries.astype(np.float32), return_distance=False)  # (m, k)
    return (gallery_labels[nearest] == query_labels[:, None]).mean(axis=1)


def importance_weighted_bound(log_weights: np.ndarray) -> np.ndarray:
    """A lower bound of the log likelihood from several samples of the posterior: (n, samples) -> (n,), nats, float64.

    Args:
        log_weights: log p(x, z) - log q(z | x) of each sample z of each picture x.

    Returns:
        The logarithm of the mean weight, computed without overflow. With one sample it is an estimate of the ELBO; it
        rises with the number of samples, in expectation, towards log p(x).

    Raises:
        ValueError: if ``log_weights`` is not a matrix with at least one sample.

    Source: Burda, Grosse and Salakhutdinov 2016, equation 8.
    """
    log_weights = np.asarray(log_weights, np.float64)
    if log_weights.ndim != 2 or log_weights.shape[1] == 0:
        raise ValueError(f"log_weights must have shape (n, samples), but they have {log_weights.shape}")
    largest = log_weights.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(log_weights - largest).mean(axis=1))


def nearest_distance(pictures: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """Euclidean distance of each picture (n, d) to the nearest of a gallery (m, d): shape (n,).

    Raises:
        ValueError: if the arrays are not matrices with as many columns as each other, or one of them is empty.
    """
    from sklearn.metrics import pairwise_distances_argmin_min  # here, because it takes a second to import

    pictures, gallery = np.asarray(pictures), np.asarray(gallery)
    if (
        pictures.ndim != 2
        or gallery.ndim != 2
        or pictures.shape[1] != gallery.shape[1]
        or 0 in (len(pictures), len(gallery))
    ):
        raise ValueError(
            f"pictures and gallery must have shapes (n, d) and (m, d), n and m > 0, but they have {pictures.shape} and {gallery.shape}"
        )
    return pairwise_distances_argmin_min(pictures, gallery)[1].astype(np.float64)


def _codes(name: str, codes: np.ndarray) -> np.ndarray:
    codes = np.asarray(codes)
    if codes.ndim != 2 or 0 in codes.shape or codes.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers in shape (n, units), but it has {codes.shape} of {codes.dtype}")
    return codes


def l0(codes: np.ndarray, threshold: float = 0.0) -> float:
    """Active units in a sample, mean over samples: how many have an absolute value above the threshold.

    Args:
        codes: shape (n, units).
        threshold: 0 for codes with exact zeros (ReLU, top-k). A sigmoid has none, and what counts then is a choice.

    Raises:
        ValueError: if ``codes`` is not a matrix of numbers or ``threshold`` is negative.
    """
    if not threshold >= 0:
        raise ValueError(f"threshold must not be negative, but it is {threshold!r}")
    return float((np.abs(_codes("codes", codes)) > threshold).sum(axis=1).mean())


def firing_rates(codes: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Share of the samples in which each unit is active: (n, units) to (units,). A unit with rate 0 is dead.

    Raises:
        ValueError: as :func:`l0`.
    """
    if not threshold >= 0:
        raise ValueError(f"threshold must not be negative, but it is {threshold!r}")
    return (np.abs(_codes("codes", codes)) > threshold).mean(axis=0)


def active_set_overlap(codes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Jaccard index of the active units of two codes, sample by sample: |both active| / |one of them active|.

    Args:
        codes: shape (n, units), with exact zeros.
        others: same shape.

    Returns:
        Shape (n,): 1 for the same units, 0 for none in common; 1 where neither code has an active unit.

    Raises:
        ValueError: if the shapes differ or are not (n, units).

    Source: Jaccard 1901.
    """
    a, b = _codes("codes", codes) != 0, _codes("others", others) != 0
    if a.shape != b.shape:
        raise ValueError(f"codes and others must have the same shape, but they have {a.shape} and {b.shape}")
    either = (a | b).sum(axis=1)
    return np.where(either > 0, (a & b).sum(axis=1) / np.maximum(either, 1), 1.0)


def atom_matches(atoms: np.ndarray, true_atoms: np.ndarray) -> np.ndarray:
    """For each true atom, the largest |cosine| with a learned one: (units, d) and (m, d) to (m,).

    Rows of zeros match nothing.

    Raises:
        ValueError: if the arguments are not matrices with as many columns as each other.
    """
    atoms, true_atoms = (
        _codes(name, a).astype(np.float64) for name, a in (("atoms", atoms), ("true_atoms", true_atoms))
    )
    if atoms.shape[1] != true_atoms.shape[1]:
        raise ValueError(
            f"atoms and true_atoms must have as many columns, but they have {atoms.shape} and {true_atoms.shape}"
        )
    unit = [a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-12) for a in (atoms, true_atoms)]
    return np.abs(unit[1] @ unit[0].T).max(axis=1)


def identity_leak(codes_a: np.ndarray, codes_b: np.ndarray, seed: int = 0) -> float:
    """How well a linear classifier tells from a code whose picture it is: area under the ROC curve on a held-out half.

    Half of each set, drawn at random, trains a linear discriminant; the other half is scored. 1 means that the code
    always gives the person away, .5 that *this kind of classifier* finds nothing, which is no proof that there is
    nothing to find. The classifier is the measuring instrument here, as the neighbours are in :func:`precision_at_k`, and no
    model of the course: so this is a score.

    Args:
        codes_a: codes of one person, shape (n, k).
        codes_b: codes of the other, shape (m, k).
        seed: of the halves.

    Raises:
        ValueError: if the arguments are not matrices with as many columns as each other and at least four rows.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.metrics import roc_auc_score

    sets = [_codes(name, codes).astype(np.float64) for name, codes in (("codes_a", codes_a), ("codes_b", codes_b))]
    if sets[0].shape[1] != sets[1].shape[1] or min(map(len, sets)) < 4:
        raise ValueError(
            "codes_a and codes_b must have as many columns as each other and at least 4 rows, but they have "
            f"{sets[0].shape} and {sets[1].shape}"
        )
    rng = np.random.default_rng(seed)
    halves: tuple[list, list] = ([], [])
    for label, codes in enumerate(sets):
        order = rng.permutation(len(codes))
        for part, rows in zip(halves, np.array_split(order, 2), strict=True):
            part.append((codes[rows], np.full(len(rows), label)))
    (x, y), (unseen, truth) = (tuple(map(np.concatenate, zip(*half, strict=True))) for half in halves)
    judge = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=1e-3).fit(x, y)
    return float(roc_auc_score(truth, judge.decision_function(unseen)))


def r_squared(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Share of the variance of each column that a prediction explains: (n, k) and (n, k) to (k,).

    1 is a perfect prediction, 0 as good as always answering the mean of ``true``, negative worse than that.

    Raises:
        ValueError: if the shapes differ, are not (n, k), or a column of ``true`` does not vary.
    """
    true, predicted = _codes("true", true).astype(np.float64), _codes("predicted", predicted).astype(np.float64)
    if true.shape != predicted.shape:
        raise ValueError(f"true and predicted must have the same shape, but they have {true.shape}, {predicted.shape}")
    spread = np.square(true - true.mean(axis=0)).sum(axis=0)
    if not (spread > 0).all():
        raise ValueError(f"column {int(np.argmin(spread))} of true does not vary: there is no variance to explain")
    from sklearn import config_context  # here, because it takes a second to import
    from sklearn.metrics import r2_score

    with config_context(
        assume_finite=True
    ):  # a network that diverged has a score of NaN, which is no error of the caller
        return r2_score(true, predicted, multioutput="raw_values")


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Squared Fréchet distance between two sets of features, each described by its mean and covariance.

    |mean_a - mean_b|² + tr(C_a + C_b - 2 (C_a C_b)^½): the squared 2-Wasserstein distance of two Gaussians. The trace of
    the root is computed from the eigenvalues of the symmetric C_a^½ C_b C_a^½, which are those of C_a C_b: nothing
    complex appears, and rounding cannot make the result negative.

    Args:
        features_a: shape (n, f), such as pictures or features of a classifier.
        features_b: shape (m, f).

    Returns:
        The squared distance, at least 0. It falls with the number of samples: compare sets of equal size only.

    Raises:
        ValueError: if the arguments are not matrices with as many columns as each other and at least two rows.

    Source: Dowson and Landau 1982; as a score of generators Heusel and others 2017.
    """
    a, b = _two_sets(features_a, features_b, "features_a", "features_b", 2)
    means = a.mean(axis=0), b.mean(axis=0)
    covariance_a, covariance_b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    values, vectors = np.linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariance_b @ root), 0.0)).sum()
    moved = float(np.square(means[0] - means[1]).sum())
    return max(0.0, moved + float(np.trace(covariance_a) + np.trace(covariance_b) - 2.0 * shared))


def sample_precision_recall(real: np.ndarray, generated: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Share of the samples that look real, and share of reality that the samples reach.

    A ball around each point of a set, out to its k-th nearest neighbour in the set, marks the region that the set
    covers. Precision: share of the generated points inside the region of the real ones. Recall: the other way round.

    Args:
        real: features, shape (n, f).
        generated: features, shape (m, f).
        k: which neighbour sets the radius.

    Returns:
        (precision, recall), each from 0 to 1.

    Raises:
        ValueError: if the arguments are not matrices with as many columns as each other and more than ``k`` rows.

    Source: Kynkäänniemi and others 2019.
    """
    real, generated = _two_sets(real, generated, "real", "generated", k + 1)
    radius_real, radius_generated = (np.partition(_distances(x, x), k, axis=1)[:, k] for x in (real, generated))
    between = _distances(generated, real)  # (m, n)
    precision = (between <= radius_real).any(axis=1).mean()
    recall = (between <= radius_generated[:, None]).any(axis=0).mean()
    return float(precision), float(recall)


def neighbour_shares(samples: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Share of the samples that have their nearest neighbour in each of several blocks of real examples.

    Cut **all** training examples, and fresh ones, into blocks of one size. A generator that has not memorised is as likely to
    be near one block as another: 1 / b in expectation. Copies of training examples leave the fresh blocks empty. Blurred
    samples are nearer to everything, which shifts plain distances and not these shares. But few examples may then be the
    neighbours of many samples, so the shares scatter more than the number of samples suggests: the scatter over the training
    blocks says how much. Two blocks, one of training examples and one of fresh ones, ask the same of a small training set;
    where the training set is larger than its block, they overlook copies of the rest.

    Args:
        samples: shape (m, d).
        blocks: real examples, shape (b, n, d), b >= 2.

    Returns:
        Shares, shape (b,), that add up to 1. Of two examples at exactly the same distance the one in the earlier block counts.

    Raises:
        ValueError: if the arrays have other shapes, or one of them is empty.

    Source: in the spirit of the three-sample test of Meehan, Chaudhuri and Dasgupta 2020.
    """
    from sklearn.metrics import pairwise_distances_argmin  # here, because it takes a second to import

    samples, blocks = np.asarray(samples), np.asarray(blocks)
    if (
        samples.ndim != 2
        or blocks.ndim != 3
        or samples.shape[1] != blocks.shape[2]
        or 0 in samples.shape + blocks.shape
    ):
        raise ValueError(
            f"samples and blocks must have shapes (m, d) and (b, n, d), but they have {samples.shape} and {blocks.shape}"
        )
    if len(blocks) < 2:
        raise ValueError("blocks must hold at least two blocks, or there is nothing to compare")
    nearest = pairwise_distances_argmin(samples, blocks.reshape(-1, blocks.shape[2]))
    return np.bincount(nearest // blocks.shape[1], minlength=len(blocks)) / len(samples)


def autocorrelation(series: np.ndarray, max_lag: int) -> np.ndarray:
    """Autocorrelation of series at lags 0 to ``max_lag``: (t,) to (max_lag + 1,), (n, t) to (n, max_lag + 1).

    Each series is centred on its own mean. The sum of products at each lag is divided by the sum at lag 0, not by its own
    number of terms (the biased estimate): values stay in [-1, 1] and shrink where few pairs are left.

    Raises:
        ValueError: if ``series`` has not one or two axes, ``max_lag`` is not from 0 to t - 1, or a series is constant.

    Source: Box and Jenkins 1970.
    """
    series = np.asarray(series, np.float64)
    if series.ndim not in (1, 2):
        raise ValueError(f"series must have shape (t,) or (n, t), but it has {series.shape}")
    length = series.shape[-1]
    if int(max_lag) != max_lag or not 0 <= max_lag < length:
        raise ValueError(f"max_lag must be a whole number from 0 to {length - 1}, but it is {max_lag!r}")
    centred = series - series.mean(axis=-1, keepdims=True)
    power = np.square(centred).sum(axis=-1)
    if not (power > 0).all():
        raise ValueError("series must vary: a constant one has no autocorrelation")
    products = [(centred[..., : length - lag] * centred[..., lag:]).sum(axis=-1) for lag in range(int(max_lag) + 1)]
    return np.stack(products, axis=-1) / power[..., None]


def power_spectrum(series: np.ndarray) -> np.ndarray:
    """Mean power of series at 0, 1, ... cycles in their length: (n, t) to (t // 2 + 1,), in squared units of the series.

    One-sided: the powers of all frequencies add up to the mean square of the series (Parseval).

    Raises:
        ValueError: if ``series`` is not a matrix with at least one row and two columns.
    """
    series = np.asarray(series, np.float64)
    if series.ndim != 2 or not len(series) or series.shape[1] < 2:
        raise ValueError(f"series must have shape (n, t), n > 0 and t > 1, but it has {series.shape}")
    length = series.shape[1]
    power = np.square(np.abs(np.fft.rfft(series, axis=1))).mean(axis=0) / length**2
    power[1 : (length + 1) // 2] *= 2.0  # the negative frequencies, which a real series shares
    return power


def two_sample_accuracy(real: np.ndarray, synthetic: np.ndarray) -> float:
    """How often the nearest neighbour of a sample, in the union of two sets without itself, is of its own set.

    Near .5: nobody who looks at nearest neighbours can tell the sets apart. Near 1: they lie apart. Near 0: each
    synthetic sample sits on a real one, closer than any two real ones: copies. Ties between sets count half.

    Args:
        real: shape (n, d).
        synthetic: same shape.

    Raises:
        ValueError: if the arguments are not matrices of the same shape with at least two rows.

    Source: Friedman and Rafsky 1979 and Schilling 1986 (nearest neighbours); Lopez-Paz and Oquab 2017 (as a score).
    """
    real, synthetic = _two_sets(real, synthetic, "real", "synthetic", 2)
    if len(real) != len(synthetic):
        raise ValueError(
            f"real and synthetic must have as many rows, or chance is not .5: they have {len(real)}, {len(synthetic)}"
        )
    union, n = np.concatenate([real, synthetic]), len(real)
    distances = _distances(union, union)
    np.fill_diagonal(distances, np.inf)
    to_real, to_synthetic = distances[:, :n].min(axis=1), distances[:, n:].min(axis=1)
    own, other = np.where(np.arange(2 * n) < n, (to_real, to_synthetic), (to_synthetic, to_real))
    return float(np.mean((own < other) + 0.5 * (own == other)))


def _two_sets(a: np.ndarray, b: np.ndarray, name_a: str, name_b: str, rows: int) -> tuple[np.ndarray, np.ndarray]:
    a, b = _codes(name_a, a).astype(np.float64), _codes(name_b, b).astype(np.float64)
    if a.shape[1] != b.shape[1] or min(len(a), len(b)) < rows:
        raise ValueError(
            f"{name_a} and {name_b} must have as many columns as each other and at least {rows} rows, but they have "
            f"{a.shape} and {b.shape}"
        )
    return a, b


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances between the rows of two matrices: (n, d) and (m, d) to (n, m)."""
    squared = np.square(a).sum(axis=1)[:, None] - 2.0 * a @ b.T + np.square(b).sum(axis=1)
    return np.sqrt(np.maximum(squared, 0.0))
