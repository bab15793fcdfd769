"""Judges of lesson 09: generating images and time series."""

from __future__ import annotations

import math

import numpy as np

from course_lib.classroom.legacy import judge

SIGMAS = 6.5  # a right answer fails a test at this many standard errors once in ten thousand million


def _repeats(probe, call) -> None:
    """All chance must come from the generator: the same state gives the same draws, the next state others."""
    first, second, again = (call(np.random.default_rng(seed)) for seed in (41, 42, 41))
    rng = np.random.default_rng(41)
    third, fourth = call(rng), call(rng)
    probe.require(
        not np.array_equal(first, second) and not np.array_equal(third, fourth),
        "starts-the-generator-anew" if np.array_equal(first, again) else "ignores-the-generator",
        "Two calls with different generators, or one after the other, give the same numbers. Who draws them?",
    )
    probe.require(
        np.array_equal(first, again),
        "ignores-the-generator",
        "Two generators in the same state give different results. Do all numbers come from the one you were given?",
    )


def _settle_on_all(probe, got, found, misconception, question, *, rtol=0.0, atol=1e-6) -> None:
    """Accept an answer's numbers for several inputs, or name a mistake: one that explains all of them.

    On a single input, one mistake often finds the number of another. ``found`` holds for each input the true number and
    the mistakes, triples of a number, a misconception and a question, in the same order for all.
    """
    true = [number for number, _ in found]
    wrong = ~np.isclose(got, true, rtol=rtol, atol=atol)
    if not wrong.any():
        return
    first = int(wrong.argmax())
    measured = f"Expected {true[first]:.6g}; yours is {got[first]:.6g}."
    for column in zip(*(mistakes for _, mistakes in found), strict=True):
        explained = np.allclose(got, [number for number, _, _ in column], rtol=rtol, atol=atol)
        probe.require(not explained, column[0][1], f"{measured} {column[0][2]}")
    probe.fail(misconception, f"{measured} {question}")


@judge(
    "sample_prior",
    title="Samples from the prior",
    section="Samples, and pictures that are none",
    question="Which line of your function would need a picture?",
)
def judge_sample_prior(sample_prior, probe):
    """What the decoder is asked to decode, and whether its answers come back."""
    rng = probe.rng
    for n, k in ((7, 3), (5, 5), (1, 4), (6, 1)):
        matrix = rng.normal(size=(k, 2))
        _decoded_codes(probe, sample_prior, n, k, lambda z, matrix=matrix: np.tanh(z @ matrix), rng)
    image_codes = _decoded_codes(probe, sample_prior, 4, 3, lambda z: z[:, :, None] * np.ones(2), rng)
    probe.require(
        np.ptp(image_codes) > 0,
        "constant-codes",
        f"All numbers of your codes are {image_codes[0, 0]:g}. What does each argument of the generator's method mean?",
    )
    _repeats(probe, lambda generator: _decoded_codes(probe, sample_prior, 6, 3, lambda z: 2 * z, generator))
    generator = np.random.default_rng(probe.seed + 1)
    for n, k in ((6000, 4), (3000, 7)):
        _require_standard_normal(probe, _decoded_codes(probe, sample_prior, n, k, lambda z: 2 * z, generator))
    # Many small sets: what is done to the codes of one call shows in their sum and their sizes.
    calls = np.stack([_decoded_codes(probe, sample_prior, 5, 2, lambda z: 2 * z, generator) for _ in range(800)])
    sums = calls.sum(axis=1) / math.sqrt(5)
    probe.require(
        sums.std() > 0.7,
        "forces-the-moments",
        "The codes of one small set always balance each other. Would independent draws agree so well?",
    )
    _require_normal_shares(probe, calls.reshape(-1, 2))


def _decoded_codes(probe, sample_prior, n, k, decode, generator):
    """Codes that the decoder was asked for, all calls together; the answer must be what it made of them."""
    asked = []

    def decoder(codes):
        codes = np.asarray(codes)
        if codes.dtype.kind not in "fiu" or codes.ndim != 2 or codes.shape[1] != k:
            turned = codes.ndim == 2 and codes.shape == (k, n)
            probe.fail(
                "codes-in-columns" if turned else "wrong-code-shape",
                f"The decoder wants codes of shape ({n}, {k}), one a row, and was given shape {codes.shape}. Which axis counts the codes?",
            )
        asked.append(codes.astype(np.float64))
        probe.require(
            np.isfinite(codes).all(), "codes-not-finite", "Some of your codes are not finite. Who drew those?"
        )
        return decode(codes.astype(np.float64))

    samples = probe.array(probe.call(sample_prior, decoder, n, k, generator)).astype(np.float64)
    probe.require(asked, "never-decodes", "The decoder was never asked. What turns a code into a sample?")
    codes = np.concatenate(asked)
    _require_decoded(probe, codes, samples, decode(codes), n)
    return codes


def _require_decoded(probe, codes, samples, true, n) -> None:
    probe.require(
        len(codes) == n or samples.shape[:1] != (n,),
        "decodes-more-than-asked",
        f"{n} samples were asked for, and the decoder got {len(codes)} codes. By what would you choose among them?",
    )
    probe.require(
        not (samples.shape == codes.shape and np.array_equal(samples, codes)),
        "returns-the-codes",
        "You return the codes. What turns them into samples?",
    )
    probe.require(
        len(codes) == n,
        "wrong-number",
        f"{n} samples were asked for, and {len(codes)} codes were decoded. What happened to the others?"
        if 0 < len(codes) < n
        else f"{n} samples were asked for, and {len(codes)} codes were decoded. How many should it be?",
    )
    got = probe.require_shape(samples, true.shape, "One sample a code, as the decoder gives them.")
    probe.require_close(
        got,
        true,
        "changes-the-samples",
        "The decoder's answers do not come back as they are. What happens to them on the way?",
    )


def _require_standard_normal(probe, codes) -> None:
    n, k = codes.shape
    total = codes.size
    probe.require(
        len(np.unique(codes[:, 0])) > n // 2,
        "one-code-for-all",
        "Many of your codes are the same. How many pictures should one code give?",
    )
    probe.require(
        k == 1 or np.abs(codes[:, 0] - codes[:, 1]).max() > 1e-9,
        "one-number-for-all-latents",
        "All numbers of a code are equal. Over how many directions does the prior spread?",
    )
    norms = np.linalg.norm(codes, axis=1)
    probe.require(
        norms.std() > 1e-3 * norms.mean(),
        "all-on-a-sphere",
        f"All your codes have the norm {norms.mean():.3f}. Do draws from the prior?",
    )
    mean, spread = codes.mean(), codes.std()
    kurtosis = float(np.mean((codes - mean) ** 4) / spread**4)
    probe.require(
        abs(kurtosis - 1.8) > 0.15,
        "uniform-codes",
        "Your codes are spread evenly between two ends. Which distribution is the prior?",
    )
    # Before moments and shape: numbers that depend on each other miss those more often than chance allows.
    probe.require(
        codes.std(axis=0).min() < 1e-9 or _sizes_independent((codes - codes.mean(axis=0)) / codes.std(axis=0)),
        "not-independent",
        "Without their signs, your numbers depend on each other. Does a large one say anything about the next, or about its row?",
    )
    probe.require(
        abs(mean) < SIGMAS / math.sqrt(total),
        "wrong-mean",
        f"Your codes have the mean {mean:.3f}. Where is the middle of the prior?",
    )
    largest = np.abs(codes).max()
    tail = largest / spread
    probe.require(
        tail > 3.2,
        "cuts-off-the-tails",
        f"Among {total:,} numbers none is beyond {np.abs(codes).max():.2f}, and a normal distribution would have some. Who removed them?",
    )
    probe.require(
        abs(spread - 1) < SIGMAS / math.sqrt(2 * total),
        "wrong-spread",
        f"Your codes have the standard deviation {spread:.3f}. Which one has the prior?",
    )
    probe.require(
        abs(kurtosis - 3) < SIGMAS * math.sqrt(24 / total),
        "not-normal",
        f"Mean and spread of your codes fit, but not their shape (kurtosis {kurtosis:.2f}). Which distribution is the prior?",
    )
    probe.require(
        np.abs(codes.mean(axis=0)).max() < SIGMAS / math.sqrt(n)
        and np.abs(codes.std(axis=0) - 1).max() < SIGMAS / math.sqrt(2 * n),
        "latents-differ",
        "Your latents do not all have mean 0 and standard deviation 1. Does the prior tell them apart?",
    )
    _require_normal_shares(probe, codes)
    correlation = np.corrcoef(codes.T) - np.eye(k)
    half = n // 2
    along = max(abs((codes[lag:] * codes[:-lag]).mean()) for lag in (1, half))
    probe.require(
        np.abs(correlation).max() < SIGMAS / math.sqrt(n) and along < SIGMAS / math.sqrt(half * k),
        "not-independent",
        "Your numbers depend on each other. What does one number of a code say about the next?",
    )
    probe.require(
        len(np.unique(np.abs(codes), axis=0)) > 0.99 * n,
        "not-independent",
        "Some of your codes are others once more, or others with the signs turned. Are they independent?",
    )
    probe.require(
        np.sum(np.abs(codes) == largest) < 3,
        "cuts-off-the-tails",
        f"{np.sum(np.abs(codes) == largest)} of your numbers are as large as {largest:.2f}, and none is larger. Who put them there?",
    )
    probe.require(
        abs(mean) > 1e-8 and abs(spread - 1) > 1e-8,
        "forces-the-moments",
        "Mean and standard deviation of your codes are exactly 0 and 1. Would independent draws agree so well?",
    )


def _require_normal_shares(probe, codes) -> None:
    """The share of numbers below each of some levels, against the normal distribution's."""
    levels = np.linspace(-2.5, 2.5, 21)
    shares = (codes.ravel()[:, None] < levels).mean(axis=0)
    true = np.array([0.5 * math.erfc(-level / math.sqrt(2)) for level in levels])
    off = np.abs(shares - true).max()
    probe.require(
        off < SIGMAS / 2 / math.sqrt(codes.size),
        "not-normal",
        f"The share of your numbers below some level is off by {off:.3f}. Which distribution is the prior?",
    )


def _sizes_independent(normal) -> bool:
    """Whether the sizes |z| of standard normal numbers (n, k) say nothing about each other, along rows and columns."""
    n = len(normal)
    sizes = (np.abs(normal) - math.sqrt(2 / math.pi)) / math.sqrt(1 - 2 / math.pi)
    across = sizes.T @ sizes / n - np.diag((sizes**2).mean(axis=0))
    if np.abs(across).max() > (SIGMAS + 1) / math.sqrt(n):
        return False
    return all(
        np.abs(sizes[lag:].T @ sizes[:-lag] / (n - lag)).max() < (SIGMAS + 1) / math.sqrt(n - lag)
        for lag in (1, 2, n // 2)
    )


@judge(
    "sample_gaussian",
    title="A Gaussian fitted to the codes",
    section="Four ways to draw a code",
    question="Two numbers of the codes always rise and fall together. Do they in your draws?",
)
def judge_sample_gaussian(sample_gaussian, probe):
    """Moments of many draws against those of the codes, whitened; then single draws, singular and one-dimensional codes."""
    rng = probe.rng
    k = 3
    mixing = np.array([[1.5, 0.0, 0.0], [2.0, 0.8, 0.0], [-0.7, 0.5, 0.4]]) * rng.uniform(0.9, 1.1, (3, 3))
    two_humps = rng.choice([-1.0, 1.0], (60, k)) * rng.uniform(
        0.8, 1.2, (60, k)
    )  # no Gaussian: draws near the codes show
    codes = two_humps @ mixing.T + rng.uniform(2, 4, k) * np.array([1, -1, 1])
    n = 4000
    result = probe.call(sample_gaussian, codes, n, np.random.default_rng(probe.seed))
    _require_gaussian(probe, codes, _draws(probe, result, (n, k)))
    _repeats(probe, lambda g: probe.array(probe.call(sample_gaussian, codes, 5, g)))
    for size in (1, 60):
        _draws(probe, probe.call(sample_gaussian, codes, size, rng), (size, k))
    _check_one_column(probe, sample_gaussian, rng)
    _check_singular(probe, sample_gaussian, rng)


def _draws(probe, result, shape, singular=False) -> np.ndarray:
    draws = probe.require_shape(result, shape, "One draw a row.").astype(np.float64)
    probe.require(
        np.isfinite(draws).all(),
        "root-of-a-negative" if singular else "not-finite",
        "The covariance of these codes is singular, and your draws contain NaN. What can rounding do to an eigenvalue of 0?"
        if singular
        else "Your draws contain NaN or infinity. Of which numbers do you take a root, and by what do you divide?",
    )
    return draws


def _moments(codes):
    return codes.mean(axis=0), np.cov(codes, rowvar=False)


def _fits(moments, n, mean, covariance, slack=0.0) -> bool:
    """Whether ``n`` draws with these moments fit a Gaussian, as far as chance allows; ``slack``: n against n - 1."""
    values = np.linalg.eigvalsh(covariance)
    if values[0] < 1e-12 * values[-1]:
        return False
    unroot = np.linalg.inv(np.linalg.cholesky(covariance))
    step = unroot @ (moments[0] - mean)
    second = unroot @ moments[1] @ unroot.T + np.outer(step, step)
    identity = np.eye(len(mean))
    allowed = SIGMAS * np.sqrt((1 + identity) / n) + slack
    return np.abs(step).max() < SIGMAS / math.sqrt(n) and bool((np.abs(second - identity) < allowed).all())


def _require_gaussian(probe, codes, draws) -> None:
    mean, covariance = _moments(codes)
    moments = _moments(draws)
    k, m = len(mean), len(codes)
    from_codes = {tuple(np.round(row, 9)) for row in codes}
    probe.require(
        sum(tuple(np.round(row, 9)) in from_codes for row in draws[:200]) < 20,
        "copies-the-codes",
        "Some of your draws are the given codes themselves. What would their decoded pictures be?",
    )
    probe.require(
        np.ptp(draws, axis=0).max() > 0, "one-draw-for-all", "All your draws are equal. How many were asked for?"
    )
    identity, spread = np.eye(k), np.sqrt(np.diag(covariance))
    root = np.linalg.cholesky(covariance)
    zero = np.zeros(k)
    second = codes.T @ codes / m
    values, vectors = np.linalg.eigh(covariance)
    ranks = np.argsort(np.argsort(np.diag(moments[1])))  # eigenvalues in the order in which the answer has them
    for centre, shape, name, question in (
        (
            zero,
            identity,
            "draws-from-the-prior",
            "Your draws have mean 0 and covariance 1. What have they learned from the codes?",
        ),
        (mean, identity, "only-the-mean", "Your draws have the codes' mean and a spread of 1. How wide are the codes?"),
        (
            zero,
            covariance,
            "forgets-the-mean",
            "Your draws have the codes' covariance around 0. Where do the codes lie?",
        ),
        (zero, np.diag(np.diag(covariance)), "forgets-the-mean", "Your draws lie around 0. Where do the codes lie?"),
        (
            2 * mean,
            covariance,
            "adds-the-mean-twice",
            "Your draws lie around twice the mean of the codes. Which lines add it?",
        ),
        (
            mean,
            np.diag(np.diag(covariance)),
            "ignores-correlations",
            "The columns of your draws are independent. Are those of the codes?",
        ),
        (
            mean,
            np.diag(np.diag(covariance) ** 2),
            "variance-for-deviation",
            "The spreads of your draws are the codes' variances. By what do you multiply a standard normal number?",
        ),
        (
            mean,
            np.diag(spread),
            "deviation-for-variance",
            "The variances of your draws are the codes' standard deviations. Which of the two does the generator want?",
        ),
        (
            mean,
            covariance @ covariance,
            "covariance-for-its-root",
            "Multiplied by the covariance itself, the draws get its square as covariance. Which matrix gives C?",
        ),
        (
            mean,
            root.T @ root,
            "transposed-root",
            "With the root L, your draws have the covariance LᵀL. Which side does L Lᵀ want for samples in rows?",
        ),
        (
            mean,
            np.diag(values[ranks]),
            "forgets-the-eigenvectors",
            "Your columns are independent, with the eigenvalues of the covariance as variances. What turns them into the directions of the codes?",
        ),
        (
            mean,
            vectors.T * values @ vectors,
            "transposed-root",
            "Your draws are turned the wrong way. Do the rows of eigh's second matrix hold the eigenvectors, or its columns?",
        ),
        (
            mean,
            np.sqrt(np.abs(covariance)) @ np.sqrt(np.abs(covariance)),
            "root-of-each-entry",
            "np.sqrt of a matrix takes the root of each entry. Which product must give the covariance?",
        ),
        (
            mean,
            np.corrcoef(codes.T),
            "correlation-for-covariance",
            "Your draws have the correlations of the codes, and every column has the spread 1. How wide are the codes?",
        ),
        (mean, second, "not-centred", "Your covariance holds the mean as well. What is subtracted before multiplying?"),
        (
            mean,
            np.eye(k) * covariance.trace() / k,
            "one-spread-for-all",
            "All columns of your draws have the same spread. Have the codes?",
        ),
        (
            mean,
            np.eye(k) * codes.var(),
            "one-spread-for-all",
            "All columns of your draws have the same spread. Have the codes?",
        ),
        (
            np.full(k, codes.mean()),
            covariance,
            "one-mean-for-all",
            "All columns of your draws have the same mean. Have the codes?",
        ),
        (
            mean,
            covariance / m,
            "spread-of-the-mean",
            f"Your draws are {math.sqrt(m):.1f} times too narrow. Is the spread of the codes asked for, or that of their mean?",
        ),
        (
            mean,
            covariance * (m - 1),
            "forgets-to-divide",
            "Your draws are far too wide. By how many codes is a covariance divided?",
        ),
    ):
        probe.require(not _fits(moments, len(draws), centre, shape, 0.03), name, question)
    whitened = np.linalg.solve(root, (draws - mean).T)
    errors = np.abs(whitened @ whitened.T / len(draws) - identity).max()
    probe.require(
        _fits(moments, len(draws), mean, covariance, 1.05 / m),
        "wrong-moments",
        f"In units of the codes' own spread, the mean of your draws is off by up to {np.abs(whitened.mean(axis=1)).max():.2f} and their covariance by {errors:.2f}. Which of the two is off?",
    )
    kurtosis = (whitened**4).mean(axis=1) / (whitened**2).mean(axis=1) ** 2
    probe.require(
        np.abs(kurtosis - 3).max() < SIGMAS * math.sqrt(24 / len(draws)),
        "not-gaussian",
        f"Mean and covariance fit, but the shape does not (kurtosis {kurtosis.min():.2f} to {kurtosis.max():.2f}). Which distribution is asked for?",
    )
    half = len(draws) // 2
    along = max(np.abs((whitened[:, lag:] * whitened[:, :-lag]).mean(axis=1)).max() for lag in (1, half))
    probe.require(
        along < SIGMAS / math.sqrt(half)
        and _sizes_independent(whitened.T / whitened.std())
        and len(np.unique(draws, axis=0)) > 0.99 * len(draws),
        "not-independent",
        "Each of your draws says something about another one. Are they independent?",
    )
    exact = np.abs(moments[0] - mean).max() / spread.max()
    probe.require(
        exact > 1e-7,
        "forces-the-moments",
        "The mean of your draws is exactly that of the codes. Would independent draws agree so well?",
    )


def _check_one_column(probe, sample_gaussian, rng) -> None:
    codes = rng.normal(5, 2, (9, 1))
    result, error = probe.attempt(sample_gaussian, codes, 4000, np.random.default_rng(probe.seed + 1))
    asked = "Codes of one number, shape (9, 1). Which shape has their covariance?"
    probe.require(error is None, "fails-for-one-number", f"{asked} (The attempt raised {type(error).__name__}.)")
    array = probe.array(result)
    probe.require(array.shape == (4000, 1), "fails-for-one-number", f"{asked} (Your draws have shape {array.shape}.)")
    array = _draws(probe, array, (4000, 1))
    probe.require(
        abs(array.mean() - codes.mean()) < SIGMAS * codes.std(ddof=1) / math.sqrt(4000)
        and abs(array.std() / codes.std(ddof=1) - 1) < 0.14,
        "wrong-moments",
        f"With one number a code, your draws have the mean {array.mean():.2f} and spread by {array.std():.2f}; the codes {codes.mean():.2f} and {codes.std(ddof=1):.2f}. Which of the two is off?",
    )
    centred = array - array.mean()
    probe.require(
        2.5 < (centred**4).mean() / (centred**2).mean() ** 2 < 4.2,
        "not-gaussian",
        "With one number a code your draws have the right spread and not the right shape. Which distribution is asked for?",
    )


def _check_singular(probe, sample_gaussian, rng) -> None:
    base = rng.normal(1, 2, (12, 1))
    codes = np.concatenate([base, 2 * base, np.full((12, 1), 0.5), rng.normal(size=(12, 1))], axis=1)
    result, error = probe.attempt(sample_gaussian, codes, 300, np.random.default_rng(probe.seed + 2))
    asked = (
        "In these codes one number never varies and another is always twice its neighbour: the covariance is singular."
    )
    probe.require(
        error is None,
        "fails-when-singular",
        f"{asked} Which root of a matrix needs no positive eigenvalues? (The attempt raised {type(error).__name__}.)",
    )
    draws = _draws(probe, result, (300, 4), singular=True)
    probe.require(
        np.abs(draws[:, 2] - 0.5).max() < 1e-4
        and np.abs(draws[:, 1] - 2 * draws[:, 0]).max() < 1e-4
        and 0.6 < draws[:, 0].std() / base.std(ddof=1) < 1.5,
        "leaves-the-plane",
        f"{asked} In your draws it is not. What was added to the covariance?",
    )
    wide = rng.normal(size=(30, 6)) @ (np.eye(6) + np.tril(rng.normal(size=(6, 6)), -1)) + rng.normal(size=6)
    many = _draws(probe, probe.call(sample_gaussian, wide, 2000, rng), (2000, 6))
    probe.require(
        _fits(_moments(many), len(many), *_moments(wide), 1.05 / 30),
        "wrong-moments",
        "With six numbers a code, mean and covariance of your draws are not those of the codes. What is different from three?",
    )
    pair = rng.normal(size=(2, 2)) + 3 * np.eye(2)
    result, error = probe.attempt(sample_gaussian, pair, 3000, rng)
    probe.require(
        error is None, "fails-when-singular", "Two codes have a covariance, too. What does your function make of it?"
    )
    between = (_draws(probe, result, (3000, 2), singular=True) - pair.mean(axis=0)) @ (pair[1] - pair[0])
    between /= np.square(pair[1] - pair[0]).sum()  # deviation 0.71, or 0.5 dividing by m
    probe.require(
        0.45 < between.std() < 0.8,
        "fails-when-singular",
        f"Fitted to two codes, your draws spread by {between.std():.2f} of the way between them. What does np.cov say?",
    )
    probe.require(
        2.5 < (between**4).mean() / (between**2).mean() ** 2 < 4.2,
        "not-gaussian",
        "Fitted to two codes, your draws have the right spread and not the right shape. Which distribution is asked for?",
    )
    few = rng.normal(size=(2, 5))
    result, error = probe.attempt(sample_gaussian, few, 3, rng)
    probe.require(
        error is None,
        "fails-when-singular",
        "Two codes of five numbers have a covariance, too, a singular one. What does your function make of it?",
    )
    _draws(probe, result, (3, 5), singular=True)


@judge(
    "slerp",
    title="Spherical interpolation",
    section="Between two codes",
    question="Which norm has the midpoint between two perpendicular codes of norm 1?",
)
def judge_slerp(slerp, probe):
    """Ends, general codes of unequal norms, right angles, nearly and exactly parallel codes."""
    rng = probe.rng
    for k, (low, high), turned in (
        (2, (2.1, 2.35), False),
        (2, (0.6, 1.0), True),
        (3, (0.6, 1.0), False),
        (7, (2.6, 2.9), True),
        (32, (2.1, 2.35), False),
    ):
        # An angle well away from 0, 90 and 180 degrees and from its own cosine, and a scalar product that is no cosine.
        u, w = rng.normal(size=(2, k))
        u /= np.linalg.norm(u)
        w -= (w @ u) * u
        w /= np.linalg.norm(w)
        angle = float(rng.uniform(low, high))
        a, b = rng.uniform(2, 3) * u, rng.uniform(1.2, 1.6) * (math.cos(angle) * u + math.sin(angle) * w)
        if turned:  # the second code is the longer one
            a, b = b, a
        for t in (float(rng.uniform(0.2, 0.4)), 0.5, float(rng.uniform(0.6, 0.8)), 0.0, 1.0):
            result, error = probe.attempt(slerp, a, b, t)
            probe.require(
                not (isinstance(error, ValueError) and "math domain" in str(error)),
                "angle-of-raw-codes",
                f"For two codes with the scalar product {float(a @ b):.2f} there is no such angle. Of which vectors is the scalar product a cosine?",
            )
            probe.require(
                error is None,
                "raises",
                f"For codes of {k} numbers and t = {t:.2f} it raises {type(error).__name__}: {error}. Which line?",
            )
            got = probe.require_shape(result, (k,), "One code comes back.")
            _check_arc(probe, got.astype(np.float64), a, b, t)
    whole = probe.require_shape(
        probe.call(slerp, np.array([3, 0]), np.array([0, 1]), 0.5), (2,), "One code comes back."
    )
    probe.require_close(
        whole,
        [math.sqrt(2), math.sqrt(2)],
        "wrong-code",
        "The task's own example, codes (3, 0) and (0, 1) of whole numbers, half-way: norm 2, equal components. What happens to fractions, and to a right angle?",
    )
    # Independent codes of one direction: the arc has no length, only the norm changes.
    direction = rng.normal(size=5)
    direction /= np.linalg.norm(direction)
    nearly = direction + 1e-9 * rng.normal(size=5)
    for b in (3 * direction, direction, 2.5 * nearly):
        result, error = probe.attempt(slerp, direction, b, 0.25)
        probe.require(
            error is None,
            "fails-for-parallel-codes",
            "Two codes that point the same way stand at an angle of 0. Which division breaks?",
        )
        probe.require_close(
            result,
            direction * (0.75 + 0.25 * np.linalg.norm(b)),
            "fails-for-parallel-codes",
            "Two codes that point the same way: the direction stays, the norm changes. What does sin ω divide by?",
            atol=1e-5,
        )
    for _ in range(12):  # u @ u is a hair above 1 for some of these
        code = rng.normal(size=9) * 3
        got = probe.array(probe.call(slerp, code, code.copy(), 0.5)).astype(np.float64)
        probe.require_close(
            got,
            code,
            "fails-for-parallel-codes",
            "From a code to itself, everything stays. What does rounding do to the cosine?",
            atol=1e-5,
        )
    one = probe.require_shape(probe.call(slerp, np.array([2.0]), np.array([4.0]), 0.5), (1,), "Codes of one number.")
    probe.require_close(one, [3.0], "fails-for-parallel-codes", "Codes 2 and 4, half-way?")
    # Not so small that a guard like np.isclose(cosine, 1), right to three digits, would be refused.
    for angle in (0.02, 0.005):
        near, far = np.array([1.0, 0.0]), 3 * np.array([math.cos(angle), math.sin(angle)])
        probe.require_close(
            probe.call(slerp, near, far, 0.5),
            [2 * math.cos(angle / 2), 2 * math.sin(angle / 2)],
            "small-angles-taken-for-none",
            f"Codes of norms 1 and 3, at an angle of {math.degrees(angle):.1f} degrees, half-way: they are not parallel. From which angle on do you give up, and for what?",
            atol=2e-5,
            rtol=0,
        )


def _check_arc(probe, got, a, b, t) -> None:
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / norm_a, b / norm_b
    angle = math.acos(float(np.clip(u @ v, -1, 1)))

    def arc(one, two, share, omega=angle):
        return (np.sin((1 - share) * omega) * one + np.sin(share * omega) * two) / np.sin(omega)

    norm = (1 - t) * norm_a + t * norm_b
    true = norm * arc(u, v, t)
    if np.allclose(got, true, rtol=1e-4, atol=1e-5):
        return
    chord = (1 - t) * a + t * b
    unit_chord = (1 - t) * u + t * v
    inside = 0 < t < 1
    raw = float(a @ b)
    with np.errstate(all="ignore"):
        raw_angle = math.acos(np.clip(raw, -1, 1))
        degrees = math.degrees(angle)
        mistakes = [
            (
                chord,
                "straight-line",
                "Your codes lie on the straight line. What is the norm half-way between perpendicular codes?",
            ),
            (
                norm * chord / np.linalg.norm(chord),
                "chord-for-arc",
                "Norm and plane fit; the direction moves along the chord, slow at the ends and fast in the middle. Which share of the *angle* is t?",
            ),
            (
                norm * unit_chord / np.linalg.norm(unit_chord),
                "chord-for-arc",
                "Norm and plane fit; the direction moves along the chord of the unit vectors. Which share of the *angle* is t?",
            ),
            (
                norm * unit_chord,
                "straight-line",
                "You mix the unit vectors on a straight line. What is the norm of their midpoint?",
            ),
            (arc(u, v, t), "loses-the-norm", "Your codes have norm 1. Which norm is asked for?"),
            (norm_a * arc(u, v, t), "norm-of-one-end", "Your codes keep the norm of a. Which one has b?"),
            (norm_b * arc(u, v, t), "norm-of-one-end", "Your codes have the norm of b. Which one has a?"),
            (
                np.sqrt(norm_a * norm_b) * arc(u, v, t),
                "one-norm-for-all",
                "Your norm does not change with t. Which one is asked for?",
            ),
            (
                (norm_a + norm_b) / 2 * arc(u, v, t),
                "one-norm-for-all",
                "Your norm does not change with t. Which one is asked for?",
            ),
            (
                norm_a ** (1 - t) * norm_b**t * arc(u, v, t),
                "geometric-norm",
                "Your norm changes by factors. Which kind of mean is asked for?",
            ),
            (
                arc(a, b, t),
                "formula-on-raw-codes",
                "The formula is for unit vectors; you put the codes in as they are. What is then the norm half-way?",
            ),
            (norm * arc(v, u, t), "ends-swapped", "At t = 0 you should be at a. Where are you?"),
            (
                ((1 - t) * norm_b + t * norm_a) * arc(v, u, t),
                "ends-swapped",
                "At t = 0 you should be at a. Where are you?",
            ),
            (arc(b, a, t), "ends-swapped", "At t = 0 you should be at a. Where are you?"),
            (b + t * (a - b), "ends-swapped", "At t = 0 you should be at a, and on an arc. Where are you?"),
            (
                norm * (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v),
                "forgets-to-divide",
                "The two weights do not add up to a unit vector. What is the sum divided by?",
            ),
            (norm * arc(u, v, t, degrees), "degrees", "Is your angle in degrees? Which unit does sin want?"),
            (
                norm * arc(u, v, t, u @ v),
                "cosine-for-angle",
                "Your angle is the scalar product of the unit vectors. Of what is that product the cosine?",
            ),
            (
                norm * arc(u, -v, t, np.pi - angle),
                "turns-the-second-code",
                "Your arc leads to −b, which is nearer to a. Do b and −b give the same picture?",
            ),
            (
                np.sin((1 - t) * angle) * a + np.sin(t * angle) * b,
                "forgets-to-divide",
                "What is the sum of the two divided by?",
            ),
            (
                np.cos(t * angle) * a + np.sin(t * angle) * b,
                "assumes-a-right-angle",
                "Your weights fit codes at a right angle. What about others?",
            ),
            (
                np.cos(t * np.pi / 2) * a + np.sin(t * np.pi / 2) * b,
                "assumes-a-right-angle",
                "Your weights fit codes at a right angle. What about others?",
            ),
            (
                norm * (np.cos(t * np.pi / 2) * u + np.sin(t * np.pi / 2) * v),
                "assumes-a-right-angle",
                "Your weights fit codes at a right angle. What about others?",
            ),
        ]
        mistakes += [
            (
                value,
                "angle-of-raw-codes",
                "The scalar product is a cosine for unit vectors only. Of which vectors do you take the angle?",
            )
            for value in (norm * arc(u, v, t, raw_angle), arc(a, b, t, raw_angle))
        ]
    if not np.isfinite(got).all():
        probe.fail(
            "angle-of-raw-codes",
            f"For two codes with the scalar product {raw:.2f} you return NaN. Of which vectors is the scalar product a cosine?",
        )
    mistakes = [entry for entry in mistakes if np.isfinite(entry[0]).all()]
    if not inside:
        mistakes = [entry for entry in mistakes if entry[1] in ("ends-swapped", "loses-the-norm")]
    size = np.linalg.norm(got)
    probe.settle(
        got,
        true,
        mistakes,
        "wrong-code",
        f"At t = {t:.2f} the norm fits; the direction is {math.degrees(math.acos(np.clip(got @ u / size, -1, 1))):.1f} degrees away from a, which stands at {math.degrees(angle):.1f} to b. Which share of the angle is asked for?"
        if abs(size - norm) < 1e-4 * norm
        else f"At t = {t:.2f} the norm should be {norm:.4f}; yours is {size:.4f}. What is the norm of the direction you multiply, and by which number?",
        rtol=1e-4,
        atol=1e-5,
    )


@judge(
    "nearest_training_distance",
    title="Distance to the nearest training picture",
    section="Copies",
    question="Whose nearest neighbour is asked for: the sample's or the training row's?",
)
def judge_nearest_training_distance(nearest_training_distance, probe):
    """Sets of several sizes, in several units, copies among them."""
    rng = probe.rng
    for n, m, d in ((9, 6, 4), (3, 8, 5), (5, 5, 2), (1, 3, 4), (4, 1, 3), (3, 6, 1)):
        samples, train = rng.normal(size=(n, d)) + 1.0, 2 * rng.normal(size=(m, d))
        samples[[0, -1]] = train[[-1, 0]] + rng.choice([-0.6, 0.6], (2, d))  # not the same neighbour for all
        result, error = probe.attempt(nearest_training_distance, samples, train)
        probe.require(
            error is None,
            "fails-for-other-sizes",
            f"{n} samples, {m} training rows, {d} numbers each: it raises {type(error).__name__}: {error}. Which shapes do you assume?",
        )
        _check_nearest(probe, probe.array(result), samples, train)
    samples, train = 1e10 * rng.normal(size=(4, 3)), 1e10 * (3 + rng.normal(size=(6, 3)))
    _check_nearest(probe, probe.array(probe.call(nearest_training_distance, samples, train)), samples, train)
    samples, train = rng.normal(size=(2, 250, 3))
    many = probe.call(nearest_training_distance, samples, train)
    question = "Small sets were right, and these have 250 rows each. Does every sample get its turn, and with every training row?"
    probe.require_close(
        probe.require_shape(many, (250,), question, "wrong-for-larger-sets"),
        _distances(samples, train).min(axis=1),
        "wrong-for-larger-sets",
        question,
        atol=1e-3,  # single precision, with the square expanded
    )
    train = rng.uniform(3, 4, (40, 30))
    copies = train[rng.integers(0, 40, 25)]
    got = probe.require_shape(probe.call(nearest_training_distance, copies, train), (25,)).astype(np.float64)
    probe.require(
        np.isfinite(got).all(),
        "root-of-a-negative",
        "For copies of training rows you return NaN. What can rounding do to a squared distance of 0?",
    )
    probe.require(
        got.max() < 0.02,
        "copies-not-found",
        f"A copy of a training row has the distance 0; you find up to {got.max():.2g}. Which rows do you leave out?",
    )


def _distances(rows, others) -> np.ndarray:
    return np.sqrt(np.square(rows[:, None] - others[None]).sum(axis=2))


def _check_nearest(probe, got, samples, train) -> None:
    n, m, d = len(samples), len(train), samples.shape[1]
    differences = samples[:, None] - train[None]
    table = _distances(samples, train)
    true = table.min(axis=1)
    norms = np.outer(np.linalg.norm(samples, axis=1), np.linalg.norm(train, axis=1))
    mistakes = [
        (true**2, "squared-distance", "You return squared distances. In which units are the data?"),
        (table.argmin(axis=1), "index-for-distance", "You return which row is nearest. How far is it?"),
        (table.max(axis=1), "farthest", "You return the distance to the farthest row. Which one is asked for?"),
        (table.mean(axis=1), "mean-distance", "You return the mean distance to all rows. Which row matters?"),
        (true / math.sqrt(d), "mean-over-features", "You divide by the number of features. Is a distance a mean?"),
        (true**2 / d, "mean-over-features", "You return a mean squared difference. Is a distance a mean?"),
        (
            np.abs(differences).sum(axis=2).min(axis=1),
            "city-block",
            "You add up absolute differences. Which distance is asked for?",
        ),
        (
            np.abs(differences).max(axis=2).min(axis=1),
            "largest-difference",
            "You take the largest difference of a feature. Which distance is asked for?",
        ),
        (
            np.sqrt(np.square(differences).min(axis=1).sum(axis=1)),
            "each-feature-its-own-neighbour",
            "Each feature picks a row of its own. Is that a distance to any training row?",
        ),
        (
            np.linalg.norm(samples - train.mean(axis=0), axis=1),
            "distance-to-the-mean",
            "You measure the distance to the mean of the training rows. To which row is it asked for?",
        ),
        (
            np.trunc(true),
            "whole-numbers",
            "Your distances are whole numbers. What does your array make of the digits after the point?",
        ),
        (
            (1 - samples @ train.T / norms).min(axis=1),
            "cosine-distance",
            "You compare the directions of two rows. In which units is the distance asked for?",
        ),
        (true.min(), "one-number", "You return one number. How many samples are there?"),
        (true.mean(), "one-number", "You return one number. How many samples are there?"),
        (table, "all-distances", "You return all distances. Which of a row is asked for?"),
        (
            table.min(axis=0),
            "neighbour-of-the-training-rows",
            "You return one number for each training row. Whose neighbour is asked for?",
        ),
    ]
    if n == m:
        mistakes.append(
            (
                np.linalg.norm(samples - train, axis=1),
                "row-by-row",
                "You compare sample i with training row i only. What about the others?",
            )
        )
    if m > 1:
        mistakes += [
            (
                np.sort(table, axis=1)[:, 1],
                "second-nearest",
                "You skip the nearest row. Are the samples in the training set?",
            ),
            *(
                (
                    _distances(samples / spread, train / spread).min(axis=1),
                    "rescales-the-columns",
                    "You measure after scaling each column. In which units is the distance asked for?",
                )
                for spread in (train.std(axis=0), np.ptp(train, axis=0))
            ),
        ]
    mistakes.append(
        (table[:, 0], "first-row-only", "You measure the distance to the first training row. What about the others?")
    )
    if n > 1 and got.shape == true.shape:
        mistakes.append(
            (
                np.full(n, got[0]),
                "constant-distance",
                f"All your distances are {got[0]:g}. Does a minimum start there, or is it one number for all samples?",
            )
        )
    mistakes = [
        entry
        for entry in mistakes
        if not np.array_equal(np.shape(entry[0]), true.shape) or not np.allclose(entry[0], true)
    ]
    probe.settle(
        got,
        true,
        mistakes,
        "wrong-distance",
        f"Take one sample, and its distances to each of the {m} training rows. Which of them comes back?",
        atol=1e-3,  # single precision, with the square expanded
    )


@judge(
    "frechet_distance",
    title="Fréchet distance",
    section="A distance between two sets of pictures",
    question="Is the root of a matrix the matrix of the roots?",
)
def judge_frechet_distance(frechet_distance, probe):
    """Correlated features whose covariances do not commute; then the same set twice, one feature, few samples."""
    rng = probe.rng
    got, found = [], []
    for n, m, f in ((30, 45, 3), (80, 80, 5), (25, 20, 2)):
        a, b = (rng.normal(size=(size, f)) @ rng.normal(size=(f, f)) + 1.5 * rng.normal(size=f) for size in (n, m))
        result, error = probe.attempt(frechet_distance, a, b)
        probe.require(
            not (isinstance(error, ValueError) and n != m and all(str(size) in str(error) for size in (n, m))),
            "fails-for-other-sizes",
            f"{n} and {m} samples of {f} features: it raises {type(error).__name__}: {error}. One row is a sample: over which axis are the means, and which axis does np.cov take for the variables?",
        )
        if error is not None:
            result = probe.call(frechet_distance, a, b)  # raises once more, now for the learner to see
        got.append(probe.number(result, question="One number for two sets."))
        probe.require(
            not math.isnan(got[-1]),
            "root-of-each-entry",
            "Your answer is NaN. Entries of a matrix may be negative; which root does the formula take?",
        )
        found.append(_distances_of_gaussians(a, b))
    nearly = np.allclose(got, [true for true, _ in found], rtol=1e-3)
    _settle_on_all(
        probe,
        got,
        found,
        "wrong-distance",
        "Nearly. In which precision do you compute, and is anything added to a covariance?"
        if nearly
        else "For one feature it is the squared difference of the means plus that of the standard deviations. Does yours become that?",
        rtol=1e-5,
        atol=1e-8,
    )
    same = rng.normal(size=(40, 4)) @ rng.normal(size=(4, 4)) + 3
    _check_zero(probe, frechet_distance, same, "same-set-not-zero", "The same set twice")
    few = rng.normal(size=(5, 12)) * 2 + 1
    _check_zero(probe, frechet_distance, few, "fails-when-singular", "5 samples of 12 features, the same set twice")
    moved = few + 1.0
    result, error = probe.attempt(frechet_distance, few, moved)
    probe.require(
        error is None,
        "fails-when-singular",
        "Fewer samples than features: the covariance is singular. Which root needs an inverse?",
    )
    probe.require_close(
        probe.number(result),
        12.0,
        "fails-when-singular",
        "Fewer samples than features, moved by 1 in each of 12: only the means differ. What does a singular covariance do to your root?",
        atol=1e-3,
    )
    first, second = (rng.normal(size=(size, 9)) @ rng.normal(size=(9, 9)) for size in (5, 7))
    result, error = probe.attempt(frechet_distance, first, second)
    probe.require(
        error is None,
        "fails-when-singular",
        "Two sets of fewer samples than features: both covariances are singular. Which root needs an inverse?",
    )
    probe.require_close(
        probe.number(result),
        _distance_of_gaussians(first, second),
        "fails-when-singular",
        "Two different sets of fewer samples than features: what does a singular covariance do to your root?",
        rtol=5e-3,
    )
    one, other = rng.normal(size=(20, 1)), 1 + 2 * rng.normal(size=(30, 1))
    result, error = probe.attempt(frechet_distance, one, other)
    probe.require(
        error is None,
        "fails-for-one-feature",
        f"One feature a sample, shape (20, 1): it raises {type(error).__name__}. Which shape has np.cov's answer?",
    )
    array = probe.array(result)
    probe.require(
        array.size == 1,
        "fails-for-one-feature",
        f"One feature a sample: your answer has the shape {array.shape}. Which shape has np.cov's answer?",
    )
    true = (one.mean() - other.mean()) ** 2 + (one.std(ddof=1) - other.std(ddof=1)) ** 2
    probe.require_close(
        np.float64(array.reshape(())),
        true,
        "fails-for-one-feature",
        "With one feature it is (difference of the means)² + (difference of the standard deviations)².",
        rtol=1e-5,
        atol=1e-7,
    )


def _check_zero(probe, frechet_distance, features, misconception, what) -> None:
    result, error = probe.attempt(frechet_distance, features, features.copy())
    probe.require(
        error is None,
        misconception,
        f"{what}: it raises {type(error).__name__}. What is special about this covariance?",
    )
    got = probe.number(result)
    question = "Which term does not cancel? In which precision do you compute?"
    if math.isnan(got):
        question = "What can rounding do to an eigenvalue of 0?"
    probe.require(
        abs(got) < 1e-3, misconception, f"{what}: the distance should be 0, and yours is {got:.4g}. {question}"
    )


def _matrix_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _distance_of_gaussians(a, b) -> float:
    root, other = _matrix_root(np.cov(a.T)), _matrix_root(np.cov(b.T))
    shared = np.linalg.svd(root @ other, compute_uv=False).sum()
    return float(
        np.square(a.mean(axis=0) - b.mean(axis=0)).sum() + np.square(root).sum() + np.square(other).sum() - 2 * shared
    )


def _distances_of_gaussians(a, b):
    """The true squared distance, and what each mistake would find: triples of value, misconception and question."""

    def distance(mean, ca, cb):
        root = _matrix_root(ca)
        return (
            mean + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cb @ root), 0)).sum()
        )

    ca, cb = np.cov(a.T), np.cov(b.T)
    step = a.mean(axis=0) - b.mean(axis=0)
    moved = float(step @ step)
    true = distance(moved, ca, cb)
    shapes = true - moved
    biased_a, biased_b = np.cov(a.T, bias=True), np.cov(b.T, bias=True)
    variances_a, variances_b = np.diag(ca), np.diag(cb)
    product = ca @ cb
    with np.errstate(invalid="ignore"):
        entries = float(np.trace(np.sqrt(np.abs(product)))), float(np.sqrt(np.abs(np.trace(product))))
        diagonal = float(np.nansum(np.sqrt(np.diag(product))))
    root = _matrix_root(ca)
    root_of_product = root @ _matrix_root(root @ cb @ root) @ np.linalg.inv(root)
    factors = np.linalg.cholesky(ca), np.linalg.cholesky(cb)
    roots = float(np.trace(_matrix_root(ca) @ _matrix_root(cb)))
    traces = float(np.trace(ca) + np.trace(cb))
    mistakes = [
        (math.sqrt(true), "root-of-the-distance", "You return the distance. Is it, or its square, asked for?"),
        (moved, "only-the-means", "You compare the means. What if one cloud is wider?"),
        (shapes, "only-the-covariances", "You compare the covariances. What if one cloud lies elsewhere?"),
        (
            math.sqrt(moved) + shapes,
            "mean-not-squared",
            "The distance of the means is not squared. In which units is the trace?",
        ),
        (
            float(np.mean(step**2)) + shapes,
            "mean-over-features",
            "You average the squared difference of the means over the features. Is |…|² a mean?",
        ),
        (
            moved + float(np.square(np.sqrt(variances_a) - np.sqrt(variances_b)).sum()),
            "ignores-correlations",
            "You use the variances alone. What if two features change their correlation?",
        ),
        *(
            (
                moved + traces - 2 * value,
                "root-of-each-entry",
                "np.sqrt of a matrix takes the root of each entry. Which product with itself gives the matrix?",
            )
            for value in (*entries, diagonal)
        ),
        (
            moved + traces - 2 * roots,
            "product-of-the-roots",
            "You multiply the roots of the two matrices. Do they commute?",
        ),
        (
            moved + traces - 2 * float(np.trace(product)),
            "forgets-the-root",
            "You subtract the trace of the product. Which root of it is asked for?",
        ),
        (
            moved + traces - (traces - shapes) / 2,
            "forgets-the-two",
            "The last term is counted once. How often does the formula have it?",
        ),
        (
            moved + traces + (traces - shapes),
            "wrong-sign",
            "All terms are added. Which one makes the distance of equal sets zero?",
        ),
        (moved + traces, "forgets-the-shared-part", "The sum of the two traces is no distance. What is subtracted?"),
        (
            float(np.square(_matrix_root(ca) - _matrix_root(cb)).sum()) + moved,
            "product-of-the-roots",
            "You compare the two roots entry by entry. Do the matrices commute?",
        ),
        (
            float(np.square(ca - cb).sum()) + moved,
            "difference-of-covariances",
            "You compare the covariances entry by entry. In which units is that?",
        ),
        (
            distance(moved, biased_a, biased_b),
            "divides-by-n",
            "Your covariances divide by n. By what does np.cov divide?",
        ),
        (
            moved + float(np.trace(biased_a) + np.trace(biased_b)) - (traces - shapes),
            "divides-by-n",
            "By what are your variances divided?",
        ),
        (
            float(np.square(np.linalg.norm(a.mean(axis=0)) - np.linalg.norm(b.mean(axis=0)))) + shapes,
            "difference-of-norms",
            "You compare the lengths of the two means. What if they point elsewhere?",
        ),
        (
            moved + traces - 2 * float(np.sqrt(np.maximum(np.linalg.eigvalsh(product), 0)).sum()),
            "symmetric-solver",
            "Your eigenvalues are those of a symmetric matrix. Is the product of two symmetric matrices symmetric?",
        ),
        (
            moved + traces - 2 * float(np.sqrt(np.linalg.svd(product, compute_uv=False)).sum()),
            "singular-values",
            "You take the singular values of the product. When are they its eigenvalues?",
        ),
        (
            moved + traces - 2 * float(np.sqrt(np.maximum(np.linalg.eigvalsh(ca) * np.linalg.eigvalsh(cb), 0)).sum()),
            "product-of-eigenvalues",
            "You multiply the eigenvalues of the two matrices in pairs. Which eigenvectors belong to them?",
        ),
        (
            distance(moved, np.corrcoef(a.T), np.corrcoef(b.T)),
            "correlation-for-covariance",
            "You compare correlations: every feature has the spread 1. Which matrix knows how wide a cloud is?",
        ),
        (
            moved + traces - 2 * float(np.sqrt(np.maximum(np.linalg.eigvalsh(ca * cb), 0)).sum()),
            "product-of-entries",
            "You multiply the two matrices entry by entry. Which product does the formula mean?",
        ),
        (
            moved + float((ca + cb - 2 * root_of_product).sum()),
            "sum-of-all-entries",
            "You add up all entries of the matrix. Which of them make the trace?",
        ),
        *(
            (
                moved + traces - 2 * float(np.trace(factors[0] @ other)),
                "cholesky-for-root",
                "A Cholesky factor times itself is not the matrix. Which product with itself gives C?",
            )
            for other in (factors[1], factors[1].T)
        ),
        (true / a.shape[1], "mean-over-features", "You divide by the number of features. Does the formula?"),
        (-true, "wrong-sign", "A squared distance is not negative. Which sign?"),
    ]
    uncentred = a.T @ a / len(a), b.T @ b / len(b)
    mistakes.append(
        (
            distance(moved, *uncentred),
            "not-centred",
            "Your covariances hold the means as well. What is subtracted before multiplying?",
        )
    )
    return true, mistakes


@judge(
    "autocorrelation",
    title="Autocorrelation",
    section="What a day remembers",
    question="Which number stands at lag 0 for every series?",
)
def judge_autocorrelation(autocorrelation, probe):
    """Series that are not centred, of several lengths, up to the largest lag."""
    rng = probe.rng
    for length, lags in ((9, 4), (16, 15), (6, 5), (12, 6)):
        series = np.cumsum(rng.normal(size=length)) + rng.uniform(2, 4)
        result, error = probe.attempt(autocorrelation, series, lags)
        probe.require(
            error is None,
            "fails-at-a-lag",
            f"{length} numbers, lags to {lags}: it raises {type(error).__name__}: {error}. Which lag breaks it?",
        )
        _check_autocorrelation(probe, probe.array(result), series, lags)
    series = rng.normal(size=7)
    got = probe.require_shape(probe.call(autocorrelation, series, 0), (1,), "Only lag 0.")
    probe.require_close(got, [1.0], "lag-zero-not-one", "With itself a series agrees perfectly. Which number is that?")
    whole = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    _check_autocorrelation(probe, probe.array(probe.call(autocorrelation, whole, 3)), whole.astype(float), 3)


def _check_autocorrelation(probe, got, series, lags) -> None:
    length = len(series)

    def lagged(x, y=None):
        y = x if y is None else y
        return np.array([np.sum(x[: length - lag] * y[lag:]) for lag in range(lags + 1)])

    centred = series - series.mean()
    power = np.sum(centred**2)
    true = lagged(centred) / power
    counts = length - np.arange(lags + 1)
    circular = np.array([np.sum(centred * np.roll(centred, -lag)) for lag in range(lags + 1)]) / power
    pieces = [(series[: length - lag], series[lag:]) for lag in range(lags + 1)]
    own_means = np.array([np.sum((one - one.mean()) * (two - two.mean())) for one, two in pieces]) / power
    powers = np.array([(np.sum(centred[: length - lag] ** 2), np.sum(centred[lag:] ** 2)) for lag in range(lags + 1)]).T
    full = np.correlate(centred, centred, "full") / power
    later = np.append(full, 0.0)[length : length + lags + 1]  # from lag 1 on
    pearson = np.full(lags + 1, np.nan)
    for lag in range(min(lags + 1, length - 2)):
        pearson[lag] = np.corrcoef(series[: length - lag], series[lag:])[0, 1]
    mistakes = [
        (
            lagged(series) / np.sum(series**2),
            "not-centred",
            "Add 100 to the series: your values change. What is subtracted first?",
        ),
        (
            lagged(centred) / np.sum(series**2),
            "not-centred",
            "At lag 0 you are below 1. Is the mean subtracted below the line as it is above?",
        ),
        (lagged(series), "not-centred", "What is subtracted first, and by what are the sums divided?"),
        (lagged(centred), "not-normalised", "At lag 0 you have a sum of squares. By what are all values divided?"),
        (lagged(centred) / length, "not-normalised", "At lag 0 you have the variance. By what are all values divided?"),
        (
            lagged(centred) / (length - 1),
            "not-normalised",
            "At lag 0 you have the variance. By what are all values divided?",
        ),
        (lagged(centred) / counts, "not-normalised", "At lag 0 you have the variance. By what are all values divided?"),
        (
            lagged(centred) / counts * length / power,
            "unbiased",
            "You divide each sum by its own number of terms. Which estimate is asked for?",
        ),
        (
            lagged(centred) / power * length / (length - 1),
            "mixes-n-and-n-minus-1",
            "At lag 0 you are a little above 1. Which divisor does np.std use, which np.cov?",
        ),
        (
            lagged(centred) / power * (length - 1) / length,
            "mixes-n-and-n-minus-1",
            "At lag 0 you are a little below 1. Which divisor does np.std use, which np.cov?",
        ),
        (
            circular,
            "circular",
            "Your series closes to a ring: its end is followed by its beginning. Is midnight followed by the morning before?",
        ),
        *(
            (value, "mean-of-each-piece", "You take a mean for each piece. Which mean has the formula?")
            for value in (pearson, own_means)
        ),
        *(
            (
                lagged(centred) / below,
                "power-of-each-piece",
                "You divide each sum by the squares of its own piece. Over which terms is the sum below the line?",
            )
            for below in (*powers, np.sqrt(powers[0] * powers[1]))
        ),
        (true[::-1], "backwards", "Your lags run backwards. Which one is at the front?"),
        (later, "no-lag-zero", "Your first value is that of lag 1. Which lag is at the front?"),
        (full[: lags + 1], "negative-lags-too", "You begin with the most negative lag. Which lag is at the front?"),
        (
            np.abs(true),
            "loses-the-sign",
            "Your values are never negative. What if the evening is low whenever the morning is high?",
        ),
        (true**2, "squared", "You return squares. Which power is asked for?"),
        (lagged(centred, centred**2) / power, "wrong-product", "Which two numbers are multiplied?"),
    ]
    if got.ndim == 1 and got.shape != true.shape:
        for value, name, question in (
            (true[1:], "no-lag-zero", "Lag 0 is missing. How many lags are there from 0 to max_lag?"),
            (true[:-1], "one-lag-short", "The largest lag is missing. How many lags are there from 0 to max_lag?"),
            (full, "negative-lags-too", "You return negative lags as well. Which half is asked for?"),
            (full[length - 1 :], "too-many-lags", "You return all lags. How many are asked for?"),
        ):
            probe.require(got.shape != value.shape or not np.allclose(got, value), name, question)
        if len(got) == lags:
            probe.fail("one-lag-short", f"{lags} values for lags 0 to {lags}. How many should there be?")
    probe.require_shape(got, (lags + 1,), "Lags 0 to max_lag: how many?")
    probe.require(
        np.isfinite(got).all(), "fails-at-a-lag", "Some value is not finite. How many terms has the sum at that lag?"
    )
    mistakes = [entry for entry in mistakes if np.isfinite(entry[0]).all() or entry[1] == "mean-of-each-piece"]
    for value, name, question in mistakes:
        known = np.isfinite(value)
        probe.require(np.allclose(got[known], true[known]) or not np.allclose(got[known], value[known]), name, question)
    probe.require_close(
        got,
        true,
        "wrong-autocorrelation",
        "Which numbers are multiplied at this lag, and by what is their sum divided?",
    )


@judge(
    "two_sample_accuracy",
    title="A two-sample test with nearest neighbours",
    section="Can anybody tell",
    question="Who is the nearest neighbour of a row in a set that contains the row?",
)
def judge_two_sample_accuracy(two_sample_accuracy, probe):
    """Random sets without ties, of several sizes and units; sets far apart, copies, rows far from zero."""
    rng = probe.rng
    for _ in range(50):  # until every mistake has, over all sets together, numbers of its own
        sets = [
            (rng.normal(size=(n, d)), shift + spread * rng.normal(size=(n, d)))
            for n, d, shift, spread in (
                (25, 3, 0.4, 1.2),
                (14, 2, 0.5, 1),
                (9, 1, 0.3, 2),
                (40, 4, 0.3, 1.5),
                (2, 3, 0, 1),
            )
        ]
        # Far apart in a column of small numbers: only who rescales the columns sees it.
        sets.append(rng.normal(size=(2, 30, 2)) * [1.0, 0.01] + [[[0.0, 0.0]], [[0.0, 0.025]]])
        found = [_accuracies(*pair) for pair in sets]
        owners = {tuple(round(true, 9) for true, _ in found): "right"}
        columns = [(tuple(round(e[0], 9) for e in c), c[0][1]) for c in zip(*(m for _, m in found), strict=True)]
        if all(owners.setdefault(values, name) == name for values, name in columns):
            break
    got = [_share(probe, two_sample_accuracy, *pair) for pair in sets]
    _settle_on_all(
        probe,
        got,
        found,
        "wrong-accuracy",
        "Take one row: with which others do you compare it, and by which distance?",
    )
    real = rng.normal(size=(12, 3))
    apart = 1e4 + 0.1 * rng.normal(size=(2, 15, 2)) + [[[0.0]], [[1.5]]]
    for one, other, true, name, question in (
        (
            1e3 * sets[1][0],
            1e3 * sets[1][1],
            found[1][0],
            "changes-with-the-units",
            "The same rows in other units, all numbers a thousand times larger: neighbours stay neighbours. Which number in your function is in fixed units?",
        ),
        (
            real,
            real + 50,
            1.0,
            "far-apart-not-one",
            "Two sets far apart: everybody's neighbour is of their own set. Which share is that?",
        ),
        (
            real,
            real.copy(),
            0.0,
            "copies-not-zero",
            "The second set is a copy of the first: everybody's nearest neighbour is their copy. Which share is of their own set?",
        ),
        (
            *apart,
            1.0,
            "lost-to-rounding",
            "All numbers are near 10,000, and the two sets are 2 apart: everybody's neighbour is of their own set. How many digits has the difference of two large squares left?",
        ),
    ):
        got = _share(probe, two_sample_accuracy, one, other)
        probe.require(abs(got - true) < 1e-6, name, f"{question} Expected {true:.3g}; yours is {got:.3g}.")


def _share(probe, two_sample_accuracy, real, synthetic) -> float:
    share = probe.number(probe.call(two_sample_accuracy, real, synthetic), question="One share for the whole union.")
    probe.require(math.isfinite(share), "not-finite", f"Your share is {share}. What is divided by what?")
    return share


def _accuracies(real, synthetic):
    """The true accuracy, and what each mistake would find: triples of value, misconception and question."""
    n = len(real)
    union = np.concatenate([real, synthetic])
    label = np.arange(2 * n) < n
    table = _distances(union, union)
    farthest = float((label[table.argmax(axis=1)] == label).mean())
    np.fill_diagonal(table, np.inf)
    order = np.argsort(table, axis=1)[:, : min(3, 2 * n - 1)]
    hits = label[order[:, 0]] == label
    true = float(hits.mean())
    votes = label[order].mean(axis=1) > 0.5
    centres = [np.linalg.norm(union - centre, axis=1) for centre in (real.mean(axis=0), synthetic.mean(axis=0))]
    differences = np.abs(union[:, None] - union[None])

    def by(distances):
        np.fill_diagonal(distances, np.inf)
        return float((label[distances.argmin(axis=1)] == label).mean())

    rescaled = "You rescale so that chance is 0. Which share is asked for?"
    counted = "You return a number of rows, or divide by half of them. How many rows has the union?"
    mistakes = [
        (1.0, "finds-itself", "You find accuracy 1 on sets that overlap. Who is at distance 0 of a row?"),
        (1 - true, "counts-the-other-set", "You count neighbours of the other set. Which ones are asked for?"),
        (max(true, 1 - true), "folded", "You never answer less than one half. Is an accuracy of .2 the same as .8?"),
        (100 * true, "per-cent", "You return per cent. Which share is that?"),
        (float(hits.sum()), "counts-for-shares", counted),
        (float(hits.sum()) / n, "counts-for-shares", counted),
        (
            float(hits[:n].mean()),
            "real-rows-only",
            "You ask the real rows only. What if all synthetic ones sit in one place?",
        ),
        (
            float(hits[n:].mean()),
            "synthetic-rows-only",
            "You ask the synthetic rows only. What if they cover a small part of reality?",
        ),
        (2 * true - 1, "rescaled", rescaled),
        (abs(2 * true - 1), "rescaled", rescaled),
        (
            by(differences.sum(axis=2)),
            "city-block",
            "You add up absolute differences. Which distance is asked for?",
        ),
        (
            by(differences.max(axis=2)),
            "largest-difference",
            "You take the largest difference of a column. Which distance is asked for?",
        ),
        *(
            (
                by(_distances(union / spread, union / spread)),
                "rescales-the-columns",
                "You find neighbours after scaling each column. In which units is the distance asked for?",
            )
            for spread in (union.std(axis=0), real.std(axis=0), np.ptp(union, axis=0))
        ),
        (
            float((votes == label).mean()),
            "three-neighbours",
            "You ask more than one neighbour. How many are asked for?",
        ),
        (
            float(((centres[0] < centres[1]) == label).mean()),
            "nearest-mean",
            "You compare with the two means. Whose neighbour is asked for?",
        ),
        (
            float((label[order[:, 1]] == label).mean()),
            "second-neighbour",
            "You take the second of the others. Did you leave the row itself out twice?",
        ),
        (farthest, "farthest", "You ask the farthest row. Who is asked for?"),
    ]
    return true, mistakes
