"""The judges of lesson 09: draws of codes, and the instruments that compare samples with real pictures and series."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.distance import cdist

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.judges.randomness import chance, depend, not_gaussian, wrong_shares
from course_lib.classroom.probe import AnswerRaised

judge = judges_of(9)


def _value(probe, told: str, otherwise: str, answer, *arguments, **fields):
    """What the answer returns where an exception shows the misconception ``otherwise``."""
    result, error = probe.attempt(answer, *arguments)
    probe.require(error is None, otherwise, f"{told}: it raises {error}.", **fields)
    return result


def _repeats(probe, draw) -> None:
    """All chance comes from the generator: the same state gives the same draws, the next state others."""
    first, other, again = (draw(probe.generator(seed)) for seed in (41, 42, 41))
    generator = probe.generator(41)
    third, fourth = draw(generator), draw(generator)
    probe.require(np.array_equal(first, again), "ignores-the-generator")
    probe.require(not np.array_equal(first, other) and not np.array_equal(third, fourth), "starts-the-generator-anew")


# ----- drawing codes


@judge("sample_prior")
def judge_sample_prior(sample_prior, probe):
    """What the decoder is asked to decode, and whether its answers come back."""
    rng, generator = probe.rng, probe.generator(probe.seed)

    def codes(n, k, generator=generator, decode=lambda z: 2 * z):
        return _decoded_codes(probe, sample_prior, n, k, generator, decode)

    for n, k in ((7, 3), (5, 5), (1, 4), (6, 1)):
        matrix = rng.normal(size=(k, 2))
        codes(n, k, decode=lambda z, matrix=matrix: np.tanh(z @ matrix))
    of_images = codes(4, 3, decode=lambda z: z[:, :, None] * np.ones(2))
    probe.require(np.ptp(of_images) > 0, "constant-codes", value=of_images[0, 0])
    _repeats(probe, lambda generator: codes(6, 3, generator))
    for n, k in ((6000, 4), (3000, 7)):
        _require_standard_normal(probe, codes(n, k))
    # Many small sets: what is done to the codes of one call shows in their sum and their sizes.
    calls = np.stack([codes(5, 2) for _ in range(800)])
    few = len(np.unique(calls[:, 0, 0]))
    probe.require(few > 700, "starts-the-generator-anew/few", few=few)
    probe.require(calls.sum(axis=1).std() > 0.7 * math.sqrt(5), "forces-the-moments/small")
    off = wrong_shares(calls)
    probe.require(off is None, "not-normal/shares", off=off)


def _decoded_codes(probe, sample_prior, n, k, generator, decode) -> np.ndarray:
    """Codes that the decoder was asked for, all calls together; the answer must be what it made of them."""
    asked = []

    def decoder(codes):
        codes = np.asarray(codes)
        if codes.dtype.kind not in "fiu" or codes.ndim != 2 or codes.shape[1] != k:
            turned = codes.shape == (k, n)
            probe.fail("codes-in-columns" if turned else "wrong-code-shape", n=n, k=k, shape=codes.shape)
        asked.append(codes.astype(np.float64))
        probe.require(np.isfinite(codes).all(), "codes-not-finite")
        return decode(asked[-1])

    samples = probe.float64(probe.call(sample_prior, probe.callback(decoder), n, k, generator))
    probe.require(asked, "never-decodes")
    codes = np.concatenate(asked)
    decoded = len(codes)
    probe.require(decoded == n or samples.shape[:1] != (n,), "decodes-more-than-asked", n=n, decoded=decoded)
    probe.require(not np.array_equal(samples, codes), "returns-the-codes")
    probe.require(decoded == n, "wrong-number", n=n, decoded=decoded)
    true = decode(codes)
    probe.close(probe.shape(samples, true.shape), true, "changes-the-samples")
    return codes


def _require_standard_normal(probe, codes) -> None:
    n = len(codes)
    mean, spread, norms = codes.mean(), codes.std(), np.linalg.norm(codes, axis=1)
    columns, widths = codes.mean(axis=0), codes.std(axis=0)
    largest = np.abs(codes).max()
    fourth = float(np.mean((codes - mean) ** 4) / spread**4)
    probe.require(len(np.unique(codes, axis=0)) > n // 2, "one-code-for-all")
    probe.require(np.abs(codes[:, 0] - codes[:, 1]).max() > 1e-9, "one-number-for-all-latents")
    few = len(np.unique(codes))
    probe.require(few > 1200, "few-values", total=codes.size, few=few)  # float16 has some 8,000
    probe.require(norms.std() > 1e-3 * norms.mean(), "all-on-a-sphere", norm=norms.mean())
    probe.require(abs(fourth - 1.8) > 0.15, "uniform-codes")
    # Before moments and shape: numbers that depend on each other miss those more often than chance allows.
    probe.require(widths.min() < 1e-9 or not depend((codes - columns) / widths), "not-independent")
    probe.require(abs(mean) < chance(codes.size), "wrong-mean", mean=mean)
    probe.require(largest / spread > 3.2, "cuts-off-the-tails", total=codes.size, largest=largest)
    alike = np.sum(np.abs(codes) == largest)
    probe.require(alike < 3, "cuts-off-the-tails/pile", alike=alike, largest=largest)
    probe.require(abs(spread - 1) < chance(2 * codes.size), "wrong-spread", spread=spread)
    told = not_gaussian(codes) or ("" if abs(fourth - 3) < chance(codes.size) * math.sqrt(24) else "The tails differ.")
    probe.require(not told, "not-normal", told)
    fits = np.abs(columns).max() < chance(n) and np.abs(widths - 1).max() < chance(2 * n)
    probe.require(fits, "latents-differ")
    off = wrong_shares(codes)
    probe.require(off is None, "not-normal/shares", off=off)
    probe.require(abs(mean) > 1e-8 and abs(spread - 1) > 1e-8, "forces-the-moments")


@judge("sample_gaussian")
def judge_sample_gaussian(sample_gaussian, probe):
    """Moments of many draws against those of the codes, whitened; then single draws, singular and one-dimensional codes."""
    rng, generator, k, n = probe.rng, probe.generator(probe.seed), 3, 4000
    mixing = np.array([[1.5, 0.0, 0.0], [2.0, 0.8, 0.0], [-0.7, 0.5, 0.4]]) * rng.uniform(0.9, 1.1, (3, 3))
    humps = rng.choice([-1.0, 1.0], (60, k)) * rng.uniform(0.8, 1.2, (60, k))  # no Gaussian: draws near the codes show
    codes = humps @ mixing.T + rng.uniform(2, 4, k) * np.array([1, -1, 1])
    _require_gaussian(probe, codes, _draws(probe, probe.call(sample_gaussian, codes, n, generator), (n, k)))
    _repeats(probe, lambda generator: probe.array(probe.call(sample_gaussian, codes, 5, generator)))
    for size in (1, 60):
        _draws(probe, probe.call(sample_gaussian, codes, size, generator), (size, k))
    _check_one_column(probe, sample_gaussian, generator)
    _check_singular(probe, sample_gaussian, generator)


def _draws(probe, result, shape, nan="not-finite") -> np.ndarray:
    return probe.finite(probe.shape(result, shape), nan).astype(np.float64)


def _fits(draws, mean, covariance, slack) -> bool:
    """Whether draws (n, k) fit a Gaussian, as far as chance allows; ``slack``: n against n - 1."""
    values = np.linalg.eigvalsh(covariance)
    if values[0] < 1e-12 * values[-1]:
        return False
    unroot = np.linalg.inv(np.linalg.cholesky(covariance))
    step = unroot @ (draws.mean(axis=0) - mean)
    second = unroot @ np.cov(draws.T) @ unroot.T + np.outer(step, step)
    identity = np.eye(len(mean))
    allowed = chance(len(draws)) * np.sqrt(1 + identity) + slack
    return np.abs(step).max() < chance(len(draws)) and bool((np.abs(second - identity) < allowed).all())


def _require_gaussian(probe, codes, draws) -> None:
    mean, covariance = codes.mean(axis=0), np.cov(codes.T)
    m, k = codes.shape
    given = {tuple(row) for row in np.round(codes, 9)}
    probe.require(sum(tuple(row) in given for row in np.round(draws[:200], 9)) < 20, "copies-the-codes")
    probe.require(np.ptp(draws, axis=0).max() > 0, "one-draw-for-all")
    zero, identity, variances = np.zeros(k), np.eye(k), np.diag(covariance)
    root, entries = np.linalg.cholesky(covariance), np.sqrt(np.abs(covariance))
    values, vectors = np.linalg.eigh(covariance)
    ranks = np.argsort(np.argsort(draws.var(axis=0)))  # eigenvalues in the order in which the answer has them
    mistakes = {
        "draws-from-the-prior": [(zero, identity)],
        "only-the-mean": [(mean, identity)],
        "forgets-the-mean": [(zero, covariance), (zero, np.diag(variances))],
        "adds-the-mean-twice": [(2 * mean, covariance)],
        "ignores-correlations": [(mean, np.diag(variances))],
        "variance-for-deviation": [(mean, np.diag(variances**2))],
        "deviation-for-variance": [(mean, np.diag(np.sqrt(variances)))],
        "covariance-for-its-root": [(mean, covariance @ covariance)],
        "transposed-root": [(mean, root.T @ root)],
        "forgets-the-eigenvectors": [(mean, np.diag(values[ranks]))],
        "transposed-root/eigenvectors": [(mean, vectors.T * values @ vectors)],
        "root-of-each-entry": [(mean, entries @ entries)],
        "correlation-for-covariance": [(mean, np.corrcoef(codes.T))],
        "not-centred": [(mean, codes.T @ codes / m)],
        "one-spread-for-all": [(mean, identity * spread) for spread in (variances.mean(), codes.var())],
        "one-mean-for-all": [(np.full(k, codes.mean()), covariance)],
        "spread-of-the-mean": [(mean, covariance / m)],
        "forgets-to-divide": [(mean, covariance * (m - 1))],
    }
    for name, moments in mistakes.items():
        probe.require(not any(_fits(draws, *both, 0.03) for both in moments), name, times=math.sqrt(m))
    whitened = np.linalg.solve(root, (draws - mean).T).T
    errors = np.abs(whitened.mean(axis=0)).max(), np.abs(whitened.T @ whitened / len(draws) - identity).max()
    right = _fits(draws, mean, covariance, 1.05 / m)
    probe.require(right, "wrong-moments", off=errors[0], covariance=errors[1])
    standard = (whitened - whitened.mean(axis=0)) / whitened.std(axis=0)
    fourth = (standard**4).mean(axis=0)
    told = not_gaussian(standard)
    tails = f"Their fourth moments are {fourth.min():.2f} to {fourth.max():.2f} (a Gaussian has 3)."
    near = np.abs(fourth - 3).max() < chance(len(draws)) * math.sqrt(24)
    probe.require(near and not told, "not-gaussian", told or tails)
    probe.require(not depend(whitened / whitened.std(axis=0)), "not-independent")
    exact = np.abs(draws.mean(axis=0) - mean).max() / math.sqrt(variances.max())
    probe.require(exact > 1e-7, "forces-the-moments")


def _fourth(numbers) -> float:
    centred = numbers - numbers.mean()
    return float((centred**4).mean() / (centred**2).mean() ** 2)


def _check_one_column(probe, sample_gaussian, generator) -> None:
    codes = probe.rng.normal(5, 2, (9, 1))
    told, name = "For codes of one number, shape (9, 1)", "fails-for-one-number"
    draws = probe.array(_value(probe, told, name, sample_gaussian, codes, 4000, generator))
    probe.require(draws.shape == (4000, 1), name, f"{told}: your draws have the shape {draws.shape}.")
    draws, mean, spread = _draws(probe, draws, (4000, 1)), codes.mean(), codes.std(ddof=1)
    right = abs(draws.mean() - mean) < chance(4000) * spread and abs(draws.std() / spread - 1) < 0.14
    numbers = {"mean": draws.mean(), "spread": draws.std(), "true_mean": mean, "true_spread": spread}
    probe.require(right, "wrong-moments/one-number", **numbers)
    probe.require(2.5 < _fourth(draws) < 4.2, "not-gaussian/one-number")


def _check_singular(probe, sample_gaussian, generator) -> None:
    rng, nan = probe.rng, "root-of-a-negative"

    def draws(told, otherwise, codes, n):
        result = _value(probe, told, otherwise, sample_gaussian, codes, n, generator)
        return _draws(probe, result, (n, codes.shape[1]), nan)

    base = rng.normal(1, 2, (12, 1))
    codes = np.concatenate([base, 2 * base, np.full((12, 1), 0.5), rng.normal(size=(12, 1))], axis=1)
    for unit in (1, 1e-4):
        got = draws("For these codes", "fails-when-singular", unit * codes, 300) / unit
        kept = np.abs(got[:, 2] - 0.5).max() < 1e-4 and np.abs(got[:, 1] - 2 * got[:, 0]).max() < 1e-4
        probe.require(kept and 0.6 < got[:, 0].std() / base.std(ddof=1) < 1.5, "leaves-the-plane")
    wide = rng.normal(size=(30, 6)) @ (np.eye(6) + np.tril(rng.normal(size=(6, 6)), -1)) + rng.normal(size=6)
    many = _draws(probe, probe.call(sample_gaussian, wide, 2000, generator), (2000, 6))
    probe.require(_fits(many, wide.mean(axis=0), np.cov(wide.T), 1.05 / 30), "wrong-moments/six")
    pair = rng.normal(size=(2, 2)) + 3 * np.eye(2)
    step = pair[1] - pair[0]
    between = draws("For two codes", "fails-when-singular/two", pair, 3000) - pair.mean(axis=0)
    between = between @ step / np.square(step).sum()  # deviation 0.71, or 0.5 dividing by m
    probe.require(0.45 < between.std() < 0.8, "fails-when-singular/spread", spread=between.std())
    probe.require(2.5 < _fourth(between) < 4.2, "not-gaussian/two")
    draws("For two codes of five numbers", "fails-when-singular/few", rng.normal(size=(2, 5)), 3)


@judge("slerp")
def judge_slerp(slerp, probe):
    """General codes of unequal norms, ends, a right angle, nearly and exactly parallel codes, small angles."""
    rng = probe.rng
    probe.settle_all(_arcs(slerp, probe), "wrong-code", atol=1e-5)
    whole = probe.shape(probe.call(slerp, np.array([3, 0]), np.array([0, 1]), 0.5), (2,))
    probe.close(whole, [math.sqrt(2), math.sqrt(2)], "wrong-code/whole-numbers")
    # Codes of one direction: the arc has no length, only the norm changes.
    direction = rng.normal(size=5)
    direction /= np.linalg.norm(direction)
    nearly = direction + 1e-9 * rng.normal(size=5)
    told = "For two codes that point the same way"
    for b in (3 * direction, direction, 2.5 * nearly):
        got = _value(probe, told, "fails-for-parallel-codes", slerp, direction, b, 0.25)
        true = direction * (0.75 + 0.25 * np.linalg.norm(b))
        probe.close(_one_code(probe, got, 5), true, "fails-for-parallel-codes/value", atol=1e-5)
    for _ in range(12):  # u @ u is a hair above 1 for some of these
        code = 3 * rng.normal(size=9)
        got = _value(probe, told, "fails-for-parallel-codes", slerp, code, code.copy(), 0.5)
        probe.close(_one_code(probe, got, 9), code, "fails-for-parallel-codes/equal", atol=1e-5)
    one, error = probe.attempt(slerp, np.array([2.0]), np.array([4.0]), 0.5)
    if error is None:  # SciPy knows no arc in one dimension
        probe.close(_one_code(probe, one, 1), [3.0], "fails-for-parallel-codes/one-number")
    # Not so small that a guard like np.isclose(cosine, 1), right to three digits, would be refused.
    for angle in (0.02, 0.005):
        near, far = np.array([1.0, 0.0]), 3 * np.array([math.cos(angle), math.sin(angle)])
        true = 2 * np.array([math.cos(angle / 2), math.sin(angle / 2)])
        got = probe.call(slerp, near, far, 0.5)
        probe.close(got, true, "small-angles-taken-for-none", atol=2e-5, rtol=0, degrees=math.degrees(angle))


def _one_code(probe, got, k: int) -> np.ndarray:
    """A code (k,); for parallel ones scipy.spatial.geometric_slerp gives it as (1, k)."""
    array = probe.array(got)
    return array[0] if array.shape == (1, k) else probe.shape(array, (k,))


def _arcs(slerp, probe):
    """Angles away from 0, 90 and 180 degrees and from their own cosines, with a scalar product that is no cosine."""
    rng, obtuse, acute, wide = probe.rng, (2.1, 2.35), (0.6, 1.0), (2.6, 2.9)
    for k, limits, turned in ((2, obtuse, 0), (2, acute, 1), (3, acute, 0), (7, wide, 1), (32, obtuse, 0)):
        u, w = rng.normal(size=(2, k))
        u /= np.linalg.norm(u)
        w -= (w @ u) * u
        w /= np.linalg.norm(w)
        angle = float(rng.uniform(*limits))
        a, b = rng.uniform(2, 3) * u, rng.uniform(1.2, 1.6) * (math.cos(angle) * u + math.sin(angle) * w)
        if turned:  # the second code is the longer one
            a, b = b, a
        for t in (float(rng.uniform(0.2, 0.4)), 0.5, float(rng.uniform(0.6, 0.8)), 0.0, 1.0):
            result, error = probe.attempt(slerp, a, b, t)
            nan = error is not None and error.is_a("ValueError") and "math domain" in error.text
            probe.require(not nan, "angle-of-raw-codes/product", product=a @ b)
            probe.require(error is None, "raises", f"For codes of {k} numbers and t = {t:.2f} it raises {error}.")
            got = probe.finite(probe.shape(result, (k,)), "angle-of-raw-codes/product", product=a @ b)
            yield got, *_on_the_arc(a, b, t, angle, got)


def _on_the_arc(a, b, t, angle, got):
    """The true code, what the mistakes give, and the numbers for the messages."""
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / lengths[0], b / lengths[1]

    def arc(one, two, omega=angle):
        return (np.sin((1 - t) * omega) * one + np.sin(t * omega) * two) / np.sin(omega)

    def quarter(one, two, omega):
        return np.cos(t * omega) * one + np.sin(t * omega) * two

    norm, back = (1 - t) * lengths[0] + t * lengths[1], (1 - t) * lengths[1] + t * lengths[0]
    chord, unit_chord, way = (1 - t) * a + t * b, (1 - t) * u + t * v, arc(u, v)
    raw = np.arccos(np.clip(a @ b, -1, 1))
    mistakes = {
        "straight-line": chord,
        "chord-for-arc": norm * chord / np.linalg.norm(chord),
        "chord-for-arc/units": norm * unit_chord / np.linalg.norm(unit_chord),
        "straight-line/units": norm * unit_chord,
        "loses-the-norm": way,
        "norm-of-one-end/a": lengths[0] * way,
        "norm-of-one-end/b": lengths[1] * way,
        "one-norm-for-all": [size * way for size in (math.sqrt(lengths[0] * lengths[1]), sum(lengths) / 2)],
        "geometric-norm": lengths[0] ** (1 - t) * lengths[1] ** t * way,
        "formula-on-raw-codes": arc(a, b),
        "ends-swapped": [norm * arc(v, u), back * arc(v, u), arc(b, a)],
        "ends-swapped/line": b + t * (a - b),
        "forgets-to-divide": [size * np.sin(angle) * arc(u, v) for size in (norm, 1)] + [np.sin(angle) * arc(a, b)],
        "degrees": [norm * arc(u, v, np.degrees(angle)), arc(a, b, np.degrees(angle))],
        "cosine-for-angle": [norm * arc(u, v, u @ v), arc(a, b, u @ v)],
        "turns-the-second-code": norm * (arc(u, -v, np.pi - angle) if u @ v < 0 else way),
        "obtuse-taken-for-acute": norm * arc(u, v, min(angle, np.pi - angle)),
        "assumes-a-right-angle": [
            size * quarter(*both, w) for size, *both in ((1, a, b), (norm, u, v)) for w in (math.pi / 2, angle)
        ],
        "angle-of-raw-codes": [norm * arc(u, v, raw), arc(a, b, raw)] if raw > 0 else [norm * u, norm * v, a, b, chord],
    }
    size = np.linalg.norm(got)
    turned = math.degrees(math.acos(np.clip(got @ u / max(size, 1e-12), -1, 1)))
    told = {"t": t, "norm": norm, "size": size, "turned": turned, "wanted": math.degrees(t * angle)}
    return norm * way, mistakes, told


# ----- judging samples


@judge("nearest_training_distance")
def judge_nearest_training_distance(nearest_training_distance, probe):
    """Sets of several sizes, in several units, copies among them."""
    rng = probe.rng

    def cases():
        for n, m, d in ((9, 6, 4), (3, 8, 5), (5, 5, 2), (1, 3, 4), (4, 1, 3), (3, 6, 1)):
            samples, train = rng.normal(size=(n, d)) + 1.0, 2 * rng.normal(size=(m, d))
            samples[[0, -1]] = train[[-1, 0]] + rng.choice([-0.6, 0.6], (2, d))  # not the same neighbour for all
            told = f"{n} samples, {m} training rows, {d} numbers each"
            got = _value(probe, told, "fails-for-other-sizes", nearest_training_distance, samples, train)
            got = probe.float64(got)
            if got.ndim == 2 and got.shape != (n, m):
                probe.shape(got, (n,))
            yield got, *_nearest(samples, train, got)

    # Single precision, with the square expanded, is good enough.
    probe.settle_all(cases(), "wrong-distance", atol=1e-3)
    samples, train = rng.normal(size=(4, 3)), 3 + rng.normal(size=(6, 3))
    true = cdist(samples, train).min(axis=1)
    got = probe.float64(probe.call(nearest_training_distance, 1e15 * samples, 1e15 * train))
    value = got.flat[0] if got.size else math.nan
    probe.settle(got, 1e15 * true, "wrong-distance/large", _constant(got), value=value)
    small = probe.call(nearest_training_distance, 1e-6 * samples, 1e-6 * train)
    samples, train = rng.normal(size=(250, 3)), rng.normal(size=(230, 3))
    many = probe.shape(probe.call(nearest_training_distance, samples, train), (250,), otherwise="wrong-for-larger-sets")
    probe.close(many, cdist(samples, train).min(axis=1), "wrong-for-larger-sets", atol=1e-3)
    train = rng.uniform(3, 4, (40, 30))
    copies = train[rng.integers(0, 40, 25)]
    got = probe.shape(probe.call(nearest_training_distance, copies, train), (25,))
    probe.finite(got, "root-of-a-negative")
    probe.require(got.max() < 0.02, "copies-not-found", largest=got.max())
    probe.close(small, 1e-6 * true, "wrong-distance/small", atol=0)


def _constant(got) -> dict:
    return {"constant-distance": np.full(got.shape, got.flat[0]) if got.size else got}


def _nearest(samples, train, got):
    """The true distances, and what the mistakes give; where an input says nothing about a mistake: what the answer gave."""
    (n, d), m = samples.shape, len(train)
    table, manhattan, largest, cosine = (
        cdist(samples, train, w) for w in ("euclidean", "cityblock", "chebyshev", "cosine")
    )
    true = table.min(axis=1)
    both = min(n, m)
    mistakes = {
        "squared-distance": true**2,
        "index-for-distance": table.argmin(axis=1),
        "farthest": table.max(axis=1),
        "mean-distance": table.mean(axis=1),
        "mean-over-features": [true / math.sqrt(d), true**2 / d],
        "city-block": manhattan.min(axis=1),
        "largest-difference": largest.min(axis=1),
        "each-feature-its-own-neighbour": np.sqrt(np.square(samples[:, None] - train).min(axis=1).sum(axis=1)),
        "distance-to-the-mean": np.linalg.norm(samples - train.mean(axis=0), axis=1),
        "whole-numbers": [np.trunc(true), np.round(true)],
        "cosine-distance": cosine.min(axis=1),
        "one-number": [true.min(), true.mean()],
        "all-distances": table,
        "neighbour-of-the-training-rows": table.min(axis=0),
        "row-by-row": np.linalg.norm(samples[:both] - train[:both], axis=1),
        "second-nearest": np.sort(table, axis=1)[:, min(1, m - 1)],
        "rescales-the-columns": [
            cdist(samples / spread, train / spread).min(axis=1) if m > 1 else got
            for spread in (train.std(axis=0), train.std(axis=0, ddof=m > 1), np.ptp(train, axis=0))
        ],
        "first-row-only": table[:, 0],
        **_constant(got),
    }
    return true, mistakes, {"m": m, "value": got.flat[0] if got.size else math.nan}


@judge("frechet_distance")
def judge_frechet_distance(frechet_distance, probe):
    """Correlated features whose covariances do not commute; other units; the same set twice, one feature, few samples."""
    rng, cases = probe.rng, []
    for n, m, f in ((30, 45, 3), (80, 80, 5), (25, 20, 2)):
        a, b = (rng.normal(size=(size, f)) @ rng.normal(size=(f, f)) + 1.5 * rng.normal(size=f) for size in (n, m))
        result, error = probe.attempt(frechet_distance, a, b)
        if error is not None:
            mixed = error.is_a("ValueError") and n != m and all(str(size) in error.text for size in (n, m))
            probe.require(
                not mixed, "fails-for-other-sizes", f"{n} and {m} samples of {f} features: it raises {error}."
            )
            raise AnswerRaised(error)
        got = probe.number(result)
        probe.require(not math.isnan(got), "root-of-each-entry/nan")
        cases.append((got, *_gaussians_apart(a, b)))
    nearly = np.allclose([got for got, _, _ in cases], [true for _, true, _ in cases], rtol=1e-3)

    def distance(told, otherwise, *sets):
        return probe.number(_value(probe, told, otherwise, frechet_distance, *sets))

    if nearly:  # where something is added to a nearly singular covariance, it shows above as well
        small = distance("The same features in other units", "changes-with-the-units", a / 1000, b / 1000)
        probe.close(small, cases[-1][1] / 1e6, "changes-with-the-units", rtol=1e-4, atol=0)
    probe.settle_all(cases, "wrong-distance/nearly" if nearly else "wrong-distance", rtol=1e-5, atol=1e-8)
    same = rng.normal(size=(40, 4)) @ rng.normal(size=(4, 4)) + 3
    few = rng.normal(size=(5, 12)) * 2 + 1
    for features, name, nan, told in (
        (same, "same-set-not-zero", "same-set-not-zero/nan", "The same set twice"),
        (few, "fails-when-singular/zero", "fails-when-singular/nan", "5 samples of 12 features, the same set twice"),
    ):
        got = distance(told, name, features, features.copy())
        probe.require(not math.isnan(got), nan)
        probe.require(abs(got) < 1e-3, name, f"{told}: the distance should be 0; yours is {got:.4g}.")
    told = "Fewer samples than features, moved by 1 in each of 12"
    probe.close(distance(told, "fails-when-singular", few, few + 1.0), 12.0, "fails-when-singular/moved", atol=1e-3)
    # Of 9 samples of 9 features one eigenvalue is 0, and comes out below it every other time.
    for sizes in ((5, 7), *[(9, 30)] * 16):
        first, second = (rng.normal(size=(size, 9)) @ rng.normal(size=(9, 9)) for size in sizes)
        true = _apart(first.mean(axis=0) - second.mean(axis=0), np.cov(first.T), np.cov(second.T))
        got = distance("Two sets, one of few samples for its features", "fails-when-singular", first, second)
        probe.close(got, true, "fails-when-singular/two", rtol=5e-3)
    one, other = rng.normal(size=(20, 1)), 1 + 2 * rng.normal(size=(30, 1))
    told, name = "For one feature a sample, shape (20, 1)", "fails-for-one-feature"
    array = probe.array(_value(probe, told, name, frechet_distance, one, other))
    probe.require(array.size == 1, name, f"{told}, your answer has the shape {array.shape}.")
    true = (one.mean() - other.mean()) ** 2 + (one.std(ddof=1) - other.std(ddof=1)) ** 2
    probe.close(array.reshape(()), true, "fails-for-one-feature/value", rtol=1e-5, atol=1e-7)


def _matrix_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _apart(step, ca, cb) -> float:
    shared = np.linalg.svd(_matrix_root(ca) @ _matrix_root(cb), compute_uv=False).sum()
    return float(step @ step + np.trace(ca) + np.trace(cb) - 2 * shared)


def _gaussians_apart(a, b):
    """The true squared distance, and what the mistakes give."""
    ca, cb = np.cov(a.T), np.cov(b.T)
    means = a.mean(axis=0), b.mean(axis=0)
    step = means[0] - means[1]
    moved, true, traces = float(step @ step), _apart(step, ca, cb), float(np.trace(ca) + np.trace(cb))
    shapes, shared = true - moved, (traces - (true - moved)) / 2
    root_a, root_b, product = _matrix_root(ca), _matrix_root(cb), ca @ cb
    root_of_product = root_a @ _matrix_root(root_a @ cb @ root_a) @ np.linalg.inv(root_a)
    lower_a, lower_b = np.linalg.cholesky(ca), np.linalg.cholesky(cb)
    biased = [np.cov(x.T, bias=True) for x in (a, b)]
    solved, eigenvalues = np.linalg.eigvalsh(product), np.linalg.eigvalsh(ca) * np.linalg.eigvalsh(cb)

    def less(*subtracted):
        return [moved + traces - 2 * float(value) for value in subtracted]

    def roots(values):
        return np.sqrt(np.maximum(values, 0)).sum()

    trace, diagonal = np.trace(product), np.diag(product)
    of_entries = np.sqrt(np.abs(diagonal)).sum(), math.sqrt(abs(trace)), np.nansum(np.sqrt(diagonal))
    mistakes = {
        "root-of-the-distance": math.sqrt(true),
        "only-the-means": moved,
        "only-the-covariances": shapes,
        "mean-not-squared": math.sqrt(moved) + shapes,
        "mean-over-features/means": moved / len(step) + shapes,
        "ignores-correlations": less(np.sqrt(np.diag(ca) * np.diag(cb)).sum()),
        "root-of-each-entry": less(*of_entries),
        "product-of-the-roots": less(np.trace(root_a @ root_b)),
        "forgets-the-root": less(trace),
        "forgets-the-two": less(shared / 2),
        "wrong-sign/all-added": less(-shared),
        "forgets-the-shared-part": less(0),
        "difference-of-covariances": float(np.square(ca - cb).sum()) + moved,
        "divides-by-n": _apart(step, *biased),
        "divides-by-n/variances": moved + float(np.trace(sum(biased))) - 2 * shared,
        "difference-of-norms": (np.linalg.norm(means[0]) - np.linalg.norm(means[1])) ** 2 + shapes,
        "symmetric-solver": less(roots(solved)),
        "singular-values": less(roots(np.linalg.svd(product, compute_uv=False))),
        "product-of-eigenvalues": less(roots(eigenvalues)),
        "correlation-for-covariance": _apart(step, np.corrcoef(a.T), np.corrcoef(b.T)),
        "product-of-entries": less(roots(np.linalg.eigvalsh(ca * cb))),
        "sum-of-all-entries": moved + float((ca + cb - 2 * root_of_product).sum()),
        "cholesky-for-root": less(*(np.trace(lower_a @ other) for other in (lower_b, lower_b.T))),
        "mean-over-features": true / len(step),
        "wrong-sign": -true,
        "not-centred": _apart(step, a.T @ a / len(a), b.T @ b / len(b)),
    }
    return true, mistakes


@judge("autocorrelation", optional=True)
def judge_autocorrelation(autocorrelation, probe):
    """Series that are not centred, of several lengths, up to the largest lag; then lag 0 alone, small and large numbers."""
    rng = probe.rng

    def cases():
        for length, lags in ((9, 4), (16, 15), (6, 5), (12, 6), (8, 3)):
            series = np.cumsum(rng.normal(size=length)) + rng.uniform(2, 4)
            if length == 8:
                series = np.array([3, 1, 4, 1, 5, 9, 2, 6])
            told = f"For {length} numbers and lags to {lags}"
            got = probe.float64(_value(probe, told, "fails-at-a-lag", autocorrelation, series, lags))
            true, mistakes = _lagged_products(series.astype(np.float64), lags, got)
            if got.shape not in {np.shape(v) for values in mistakes.values() for v in values} | {true.shape}:
                probe.shape(got, true.shape)
            probe.finite(got, "fails-at-a-lag/value")
            yield got, true, mistakes, {"lags": lags}

    probe.settle_all(cases(), "wrong-autocorrelation")
    alone = probe.shape(probe.call(autocorrelation, rng.normal(size=7), 0), (1,))
    probe.close(alone, [1.0], "lag-zero-not-one")
    series = np.cumsum(rng.normal(size=20))
    true, _ = _lagged_products(series, 9, series)
    for given, name in (1e-6 * series, "changes-with-the-units"), (series + 3000, "lost-to-rounding/far"):
        probe.close(probe.call(autocorrelation, given, 9), true, name, rtol=0, atol=5e-3)  # single precision will do


def _lagged_products(series, lags, got):
    """The true autocorrelations, and what the mistakes give; where a mistake has no number: what the answer gave."""
    length, x = len(series), series - series.mean()

    def lagged(x, y=None):
        return np.array([np.sum(x[: length - lag] * (x if y is None else y)[lag:]) for lag in range(lags + 1)])

    def ring(size):
        return np.fft.ifft(np.abs(np.fft.fft(x, size)) ** 2).real[: lags + 1] / power

    power, squares = np.sum(x**2), np.sum(series**2)
    sums, counts = lagged(x), length - np.arange(lags + 1)
    true = sums / power
    full = np.correlate(x, x, "full") / power
    pieces = [(series[: length - lag], series[lag:]) for lag in range(lags + 1)]
    own_means = np.array([np.sum((one - one.mean()) * (two - two.mean())) for one, two in pieces]) / power
    powers = np.array([(np.sum(x[: length - lag] ** 2), np.sum(x[lag:] ** 2)) for lag in range(lags + 1)]).T
    pearson = np.array(got if got.shape == true.shape else true)
    for lag in range(min(lags + 1, length - 2)):
        pearson[lag] = np.corrcoef(*pieces[lag])[0, 1]
    mistakes = {
        "not-centred": [lagged(series) / squares],
        "not-centred/below": [sums / squares],
        "not-centred/at-all": [lagged(series)],
        "not-normalised": [sums],
        "not-normalised/variance": [sums / length, sums / (length - 1), sums / counts],
        "unbiased": [sums / counts * length / power],
        "mixes-n-and-n-minus-1/above": [true * length / (length - 1)],
        "mixes-n-and-n-minus-1/below": [true * (length - 1) / length],
        "circular": [ring(length), ring(2 ** math.ceil(math.log2(length)))],
        "mean-of-each-piece": [pearson, own_means],
        "power-of-each-piece": [sums / below for below in (*powers, np.sqrt(powers[0] * powers[1]))],
        "backwards": [true[::-1]],
        "no-lag-zero": [np.append(full, 0.0)[length : length + lags + 1], true[1:]],
        "negative-lags-too": [full[: lags + 1], full],
        "too-many-lags": [full[length - 1 :]],
        "one-lag-short": [got if got.shape == (lags,) else true[:-1]],
        "loses-the-sign": [np.abs(true)],
        "squared": [true**2],
        "wrong-product": [lagged(x, x**2) / power],
        "lost-to-rounding": [got if got.shape == true.shape and np.allclose(got, true, rtol=0, atol=1e-3) else true],
    }
    return true, mistakes


@judge("two_sample_accuracy", optional=True, time_limit=30)
def judge_two_sample_accuracy(two_sample_accuracy, probe):
    """Random sets without ties, of several sizes and units; sets far apart, copies, rows far from zero."""
    rng = probe.rng
    sizes = (14, 3, 0.4, 1.2), (10, 2, 0.5, 1), (7, 1, 0.3, 2), (17, 4, 0.3, 1.5), (2, 3, 0, 1)
    for _ in range(50):  # until every mistake has, over all sets together, numbers of its own
        sets = [(rng.normal(size=(n, d)), shift + wide * rng.normal(size=(n, d))) for n, d, shift, wide in sizes]
        # Far apart in a column of small numbers: only who rescales the columns sees it.
        sets.append(rng.normal(size=(2, 15, 2)) * [1.0, 0.01] + [[[0.0, 0.0]], [[0.0, 0.025]]])
        found = [_accuracies(*pair) for pair in sets]
        owners = {tuple(round(true, 9) for true, _ in found): "right"}
        columns = [(name, i) for name, values in found[0][1].items() for i in range(len(values))]
        numbers = {(name, i): tuple(round(m[name][i], 9) for _, m in found) for name, i in columns}
        if all(owners.setdefault(values, name) == name for (name, _), values in numbers.items()):
            break

    def share(real, synthetic):
        got = probe.number(probe.call(two_sample_accuracy, real, synthetic))
        return float(probe.finite(got))

    got = [share(*pair) for pair in sets]
    probe.settle_all(((g, *truth) for g, truth in zip(got, found, strict=True)), "wrong-accuracy", rtol=0)
    real = rng.normal(size=(12, 3))
    apart = 1e4 + 0.1 * rng.normal(size=(2, 12, 2)) + [[[0.0]], [[1.5]]]
    i = min(range(4), key=lambda i: found[i][0])  # far from 1
    small, other = sets[i]
    for one, two, true, name in (
        (1e9 * small, 1e9 * other, found[i][0], "changes-with-the-units"),
        (real, real + 50, 1.0, "far-apart-not-one"),
        (real, real.copy(), 0.0, "copies-not-zero"),
        (*apart, 1.0, "lost-to-rounding"),
    ):
        probe.close(share(one, two), true, name, rtol=0)


def _accuracies(real, synthetic):
    """The true accuracy, and what the mistakes give."""
    n, union = len(real), np.concatenate([real, synthetic])
    label = np.arange(2 * n) < n

    def others(metric="euclidean", scale=1.0):
        table = cdist(union / scale, union / scale, metric)
        np.fill_diagonal(table, np.inf)
        return table

    def by(table):
        return float((label[table.argmin(axis=1)] == label).mean())

    order = np.argsort(others(), axis=1)[:, : min(3, 2 * n - 1)]
    hits = label[order[:, 0]] == label
    true = float(hits.mean())
    votes = label[order].mean(axis=1) > 0.5
    centres = [np.linalg.norm(union - x.mean(axis=0), axis=1) for x in (real, synthetic)]
    mistakes = {
        "finds-itself": [1.0],
        "counts-the-other-set": [1 - true],
        "folded": [max(true, 1 - true)],
        "per-cent": [100 * true],
        "counts-for-shares": [float(hits.sum()), float(hits.sum()) / n],
        "real-rows-only": [float(hits[:n].mean())],
        "synthetic-rows-only": [float(hits[n:].mean())],
        "rescaled": [2 * true - 1, abs(2 * true - 1)],
        "city-block": [by(others("cityblock"))],
        "largest-difference": [by(others("chebyshev"))],
        "rescales-the-columns": [
            by(others(scale=s)) for s in (union.std(axis=0), real.std(axis=0), np.ptp(union, axis=0))
        ],
        "three-neighbours": [float((votes == label).mean())],
        "nearest-mean": [float(((centres[0] < centres[1]) == label).mean())],
        "second-neighbour": [float((label[order[:, 1]] == label).mean())],
        "farthest": [by(-cdist(union, union))],
    }
    return true, mistakes
