"""The judges of lesson 03: counting active units, keeping their number small, recovering dictionaries."""

from __future__ import annotations

import math

import numpy as np

from course_lib import metrics, referees
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import float32
from course_lib.datasets import broken_tablets, sparse_mixtures

judge = judges_of(3)


def _check_gradient(probe, answer, arguments, true, factors=None) -> None:
    """The answer's gradient must exist and agree with ``true``."""
    got, error = probe.attempt(probe.gradient, answer, *arguments, factors=factors)
    probe.require(error is None, "breaks-the-gradient", error=error)
    probe.require(np.any(got != 0) or not np.any(true != 0), "breaks-the-gradient/zero")
    probe.close(got, true, "wrong-gradient", rtol=1e-3, atol=1e-5)


def _counted_codes(rng, threshold: float) -> np.ndarray:
    """Codes of which no two ways to count agree: silent, full and nearly silent samples, values at the threshold."""
    while True:
        n, units = int(rng.integers(6, 9)), int(rng.integers(11, 15))
        codes = rng.uniform(0.3, 2, (n, units)) * rng.choice([-1, 1], (n, units), p=[0.3, 0.7])
        codes[2:] *= rng.random((n - 2, units)) < rng.uniform(0.2, 0.8, (n - 2, 1))
        small = rng.random((n, units)) < 0.15
        codes[small] = rng.uniform(0.05, 0.2, small.sum())  # active only for the threshold 0
        codes.flat[rng.choice(n * units, 4, replace=False)] = 0.25
        codes[0], codes[1], codes[-1] = 0.0, rng.choice([-1, 1], units) * rng.uniform(0.5, 2, units), 0.0
        codes[-1, -1], codes[1, :2] = 1.5, 0.0
        ways = [float(way) for group in _ways_to_count(codes, threshold).values() for way in group]
        true = (np.abs(codes) > threshold).sum(axis=1).mean()
        if min(abs(way - true) for way in ways) > 1e-3:
            return codes


def _ways_to_count(codes, threshold: float) -> dict[str, list]:
    size, active = np.abs(codes), np.abs(codes) > threshold
    counts, n = active.sum(axis=1), len(codes)
    ways = {
        "not-averaged": [active.sum()],
        "share-not-count": [active.mean()],
        "counts-for-each-unit/mean": [active.sum(axis=0).mean()],
        "ignores-the-sign": [(codes > threshold).sum() / n, (codes > threshold).mean()],
        "counts-the-silent": [codes.shape[1] - counts.mean()],
        "mean-activation": [size.mean(), size.sum() / n, codes.sum() / n, codes.mean()],
        "mean-activation/active": [(size * active).sum() / n, np.linalg.norm(codes, axis=1).mean()],
        "median": [np.median(counts)],
        "leaves-silent-samples-out": [counts[counts > 0].mean()],
        "largest-count": [counts.max()],
        "first-sample-only": [counts[0]],
        "last-sample-only": [counts[-1]],
        "ever-active": [active.any(axis=0).sum()],
        "rounded": [round(counts.mean()), int(counts.mean())],
    }
    if threshold > 0:
        ways["ignores-the-threshold"] = [(codes != 0).sum() / n]
        ways["counts-the-threshold-itself"] = [(size >= threshold).sum() / n]
    return ways


@judge("l0")
def judge_l0(l0, probe):
    """Both signs, values exactly at the threshold, more units than samples and fewer, rows of different counts."""
    rng = probe.rng

    def count(codes, threshold):
        n, units = codes.shape
        wrong = {(n,): "one-count-for-each-sample", (units,): "counts-for-each-unit"}
        return probe.shape(probe.call(l0, codes, threshold), (), wrong, otherwise="not-a-scalar")

    def cases():
        for threshold in (0.25, 0.0, 0.25):
            codes = _counted_codes(rng, threshold)
            true = (np.abs(codes) > threshold).sum(axis=1).mean()
            mistakes = _ways_to_count(codes, threshold)
            if threshold == 0:  # nothing lies between 0 and the threshold: such a mistake shows only at the others
                mistakes["ignores-the-threshold"] = [true]
                mistakes["counts-the-threshold-itself"] = [codes.shape[1], true]
            yield count(codes, threshold), true, mistakes, {"units": codes.shape[1]}

    probe.settle_all(cases(), "wrong-count", rtol=1e-6)
    for codes in (_counted_codes(rng, 0.25), rng.choice([-1.5, 0.1, 0.0, 0.7], (40, 3))):
        true = (np.abs(codes) > 0.25).sum(axis=1).mean()
        probe.close(count(codes, 0.25), true, "wrong-count", rtol=1e-6)
        # What a unit is called must not matter, nor its scale.
        probe.close(count(codes * 1e-3, 0.25e-3), true, "depends-on-the-scale")
    faint = rng.permuted(np.tile(np.repeat([0.0, 1e-9, -1e-30, 0.7], [5, 2, 3, 4]), (6, 1)), axis=1)
    probe.close(count(faint, 0.0), 9, "small-is-not-zero")


@judge("topk", ops=True)
def judge_topk(topk, probe):
    """Rows of different levels, one of them with fewer than k positive values, then the gradient."""
    rng = probe.rng

    def cases():
        for shape, k in (((5, 9), 3), ((3, 7), 1), ((2, 6), 6), ((8, 4), 2)):
            n, units = shape
            codes = np.stack([rng.permutation(np.linspace(-2, 3, units)) for _ in range(n)])
            codes += rng.uniform(-0.05, 0.05, shape) + rng.uniform(-0.4, 0.4, (n, 1))
            codes[1] += 4  # a loud row, and a last one with fewer than k positive values
            codes[-1] = rng.permutation(
                np.concatenate([[0.7, 0.3][: min(2, k)], -rng.uniform(1, 6, units - min(2, k))])
            )
            (codes,) = float32(codes)
            made = probe.call(topk, codes, k)
            got = probe.shape(made, shape, {(n, k): "returns-only-the-winners"})
            rank, columns = (np.argsort(np.argsort(-codes, axis=axis), axis=axis) for axis in (1, 0))
            loudness = np.argsort(np.argsort(-np.abs(codes), axis=1), axis=1)
            whole = np.argsort(np.argsort(-codes.ravel())).reshape(shape)
            positive = np.maximum(codes, 0)
            true = np.where(rank < k, positive, 0)
            bars = np.sort(codes, axis=1)[:, ::-1][:, k - 1 : k]

            def kept(chosen, *values):
                return [np.where(chosen, value, 0) for value in values]

            yield (
                got,
                true,
                {
                    "keeps-negative-winners": kept(rank < k, codes),
                    "by-absolute-value": kept(loudness < k, codes, positive, np.abs(codes)),
                    "the-smallest": kept(rank > units - 1 - k, positive, codes),
                    "over-the-whole-batch": kept(whole < k, codes, positive) + kept(whole < k * n, codes, positive),
                    "along-the-batch": kept(columns < k, codes, positive),
                    "ones-not-values": [*kept(rank < k, 1.0), *kept(true > 0, 1.0)],
                    "subtracts-the-bar": kept(rank < k, np.maximum(codes - bars, 0)),
                    "bar-of-the-first-row": kept(codes >= bars[0], codes, positive),
                    "relu-only": positive,
                    "one-too-few": kept(rank < k - 1, positive),
                    "one-too-many": kept(rank < k + 1, positive),
                    "removes-the-winners": kept(rank >= k, positive),
                    "winners-moved": -np.sort(-true, axis=1),
                },
                {"k": k},
            )

    probe.settle_all(cases(), "wrong-winners")
    (close,) = float32(1 + 1e-3 * rng.permutation(12).reshape(2, 6))
    winners = np.argsort(np.argsort(-close, axis=1), axis=1) < 2
    probe.close(probe.call(topk, close, 2), np.where(winners, close, 0), "close-values-pass-too")
    n, units, k = 4, 8, 3
    codes = np.stack([rng.permutation(np.linspace(-2, 3, units)) for _ in range(n)])
    codes[0] = rng.permutation(np.concatenate([[0.8], -rng.uniform(0.5, 3, units - 1)]))  # two winners are negative
    codes, factors = float32(codes, rng.uniform(0.5, 2, (n, units)))
    winners = (np.argsort(np.argsort(-codes, axis=1), axis=1) < k) & (codes > 0)
    probe.batch_of_one(topk, (codes, k), np.where(winners, codes, 0))
    _check_gradient(probe, topk, (codes, k), factors * winners, factors)


def _kl(a, b):
    return a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))


@judge("kl_sparsity", ops=True)
def judge_kl_sparsity(kl_sparsity, probe):
    """Units of different mean activity; then a batch that is right on average and in no single entry."""
    rng = probe.rng

    def penalty(codes, target):
        return probe.shape(probe.call(kl_sparsity, codes, target), (), otherwise="not-a-scalar")

    def drawn(n, units):
        while True:  # until no unit is so quiet or so loud that cutting off extremes shows already
            codes = rng.uniform(0.02, 0.98, (n, units)) ** rng.uniform(0.5, 4, (1, units))
            (codes,) = float32(np.clip(codes, 1e-3, 1 - 1e-3))
            if codes.mean(axis=0).min() > 0.02 and codes.mean(axis=0).max() < 0.98:
                return codes

    def cases():
        for n, units in ((int(rng.integers(5, 8)), int(rng.integers(9, 12))), (13, 4)):
            z, target = drawn(n, units), float(rng.uniform(0.06, 0.2))
            activity, each, of_samples = z.mean(axis=0), _kl(target, z), _kl(target, z.mean(axis=1))
            of_units, first = _kl(target, activity), target * np.log(target / activity)
            entropy = target * np.log(activity) + (1 - target) * np.log(1 - activity)
            true = of_units.sum()
            with np.errstate(invalid="ignore", divide="ignore"):
                of_totals = np.nansum(_kl(target, np.clip(z.sum(axis=0), 1e-7, 1 - 1e-7)))
            yield (
                penalty(z, target),
                true,
                {
                    "mean-over-units": of_units.mean(),
                    "kl-of-each-activation": [each.sum(), each.mean(), each.sum(axis=1).mean(), each.sum() / units],
                    "mean-of-each-sample": [of_samples.sum(), of_samples.mean()],
                    "one-mean-for-all": _kl(target, z.mean()),
                    "reversed": [_kl(activity, target).sum(), _kl(activity, target).mean()],
                    "wrong-sign": -true,
                    "half-of-the-formula": [first.sum(), first.mean(), -first.sum()],
                    "half-of-the-formula/off": (of_units - first).sum(),
                    "no-ratio": [-entropy.sum(), -entropy.mean()],
                    "divides-twice": true / n,
                    "multiplies-by-the-batch": true * n,
                    "bits": true / math.log(2),
                    "wrong-logarithm": true / math.log(10),
                    "sums-over-samples": of_totals,
                    "another-distance": [np.abs(activity - target).sum(), np.square(activity - target).sum()],
                },
                {"n": n, "units": units},
            )

    probe.settle_all(cases(), "wrong-penalty")
    codes, target = drawn(6, 10), float(rng.uniform(0.06, 0.2))
    # On average right, in no single entry; and a duplicated batch.
    half = rng.uniform(0.2, 0.8, (4, 10)) * target
    balanced = np.concatenate([target + half, target - half])
    probe.close(penalty(balanced, target), 0.0, "not-zero-at-the-target", atol=1e-4)
    rare, usual = rng.uniform(1e-4, 1e-3, (6, 1)), rng.uniform(0.995, 0.999, (6, 1))
    (extreme,) = float32(np.concatenate([codes, rare, usual], axis=1))
    probe.close(penalty(extreme, target), _kl(target, extreme.mean(axis=0)).sum(), "cuts-off-extremes", rtol=1e-3)
    (rare,) = float32(rng.uniform(4e-6, 6e-6, (6, 3)))
    probe.close(penalty(rare, target), _kl(target, rare.mean(axis=0)).sum(), "cuts-off-extremes/rare", rtol=5e-3)
    activity = codes.mean(axis=0)
    true = _kl(target, activity).sum()
    probe.close(penalty(np.concatenate([codes, codes]), target), true, "depends-on-the-batch-size")
    slope = ((1 - target) / (1 - activity) - target / activity) / len(codes)
    _check_gradient(probe, kl_sparsity, (codes, target), np.broadcast_to(slope, codes.shape))


@judge("l1_penalty", ops=True)
def judge_l1_penalty(l1_penalty, probe):
    """Both signs, more units than samples and fewer, then the duplicated batch and the duplicated units."""
    rng = probe.rng

    def penalty(codes, strength):
        return probe.shape(probe.call(l1_penalty, codes, strength), (), otherwise="not-a-scalar")

    def drawn(n, units):
        return float32(rng.uniform(0.3, 2, (n, units)) * rng.choice([-1, 1], (n, units), p=[0.4, 0.6]))[0]

    def cases():
        for n, units in ((int(rng.integers(4, 7)), int(rng.integers(8, 12))), (9, 3)):
            z, strength = drawn(n, units), float(rng.uniform(0.2, 0.7))
            size, square, positive = np.abs(z), np.square(z), np.maximum(z, 0)
            length = np.sqrt(square.sum(axis=1))
            sums = [z.sum() / n, z.mean(), z.sum(), abs(z.sum()) / n, np.abs(z.sum(axis=1)).mean()]
            mistakes = {
                "sums-over-the-batch": size.sum(),
                "means-over-units": size.mean(),
                "sums-and-means-swapped": size.sum() / units,
                "no-absolute-value": sums,
                "ignores-negative-activations": [positive.sum() / n, positive.mean()],
                "squares": [square.sum() / n, square.sum(), square.mean(), square.sum() / n / 2],
                "euclidean-norm": [length.mean(), length.sum(), math.sqrt(square.sum())],
                "ignores-the-strength": [value / strength for value in (size.sum() / n, size.sum(), size.mean())],
                "divides-twice": size.sum() / n**2,
                "largest-only": size.max(axis=1).mean(),
                "counts-units": (z != 0).sum() / n,
            }
            mistakes = {name: np.multiply(strength, values).tolist() for name, values in mistakes.items()}
            yield penalty(z, strength), strength * size.sum() / n, mistakes, {"n": n, "units": units}

    probe.settle_all(cases(), "wrong-penalty")
    codes, strength = drawn(5, 9), float(rng.uniform(0.2, 0.7))
    true = strength * np.abs(codes).sum() / len(codes)
    probe.close(penalty(np.concatenate([codes, codes]), strength), true, "depends-on-the-batch-size")
    probe.close(penalty(np.concatenate([codes, codes], axis=1), strength), 2 * true, "means-over-units/copies")
    rectified = codes * (rng.random(codes.shape) < 0.5)
    rectified[0], rectified[1, :3] = 0, [0.01, -0.003, 3e-5]  # a silent sample, and quiet units
    (rectified,) = float32(rectified)
    true = strength * np.abs(rectified).sum() / len(rectified)
    probe.close(penalty(rectified, strength), true, "wrong-at-zero", rtol=1e-5)
    _check_gradient(probe, l1_penalty, (codes, strength), strength * np.sign(codes) / len(codes))
    got = probe.finite(probe.gradient(l1_penalty, rectified, strength), "gradient-not-finite")
    true = strength * np.sign(rectified) / len(codes)
    probe.close(np.where(rectified == 0, 0, got), true, "wrong-gradient/quiet", rtol=1e-2)


@judge("soft_threshold", optional=True)
def judge_soft_threshold(soft_threshold, probe):
    """Values of both signs on both sides of the amount; the result must beat every other candidate."""
    rng = probe.rng

    def cases():
        for shape, least in (((3, 7), 0.4), ((12,), 0.4), ((2, 3, 4), 1.4)):
            amount = float(rng.uniform(least, least + 0.5))
            z = rng.uniform(1.3, 3.5, shape) * amount * rng.choice([-1, 1], shape)
            small = rng.permutation(np.arange(z.size) % 2 == 0).reshape(shape)
            z = np.where(small, z * 0.25, z)
            z.flat[0], z.flat[1], z.flat[2] = 0.0, 6.0, amount  # at the limit nothing is left
            result, error = probe.attempt(soft_threshold, z, amount)
            probe.require(error is None, "fixed-axes", shape=shape, error=error)
            got = probe.shape(result, shape)
            size, sign = np.abs(z), np.sign(z)
            true = sign * np.maximum(size - amount, 0)
            shrunk = [sign * np.maximum(size - less, 0) for less in (amount / 2, 2 * amount, amount**2 / 2)]
            below = [z, z - amount]
            yield (
                got,
                true,
                {
                    "hard-threshold": [np.where(size > amount, z, 0), np.where(size >= amount, z, 0)],
                    "negative-values-lost": np.maximum(z - amount, 0),
                    "sign-lost": np.maximum(size - amount, 0),
                    "crosses-zero": z - sign * amount,
                    "shifts-everything": z - amount,
                    "clips": np.clip(z, -amount, amount),
                    "wrong-amount": shrunk,
                    "scales": [z * f for f in (1 / (1 + amount), 1 / (1 + 2 * amount), amount, 1 - amount)],
                    "one-side-only": [np.where(z > amount, z - amount, np.where(z < -amount, low, 0)) for low in below],
                    "small-values-kept": [np.where(size > amount, true, z), np.where(size >= amount, true, z)],
                    "removes-the-large": [np.where(size > amount, 0, z), np.where(size >= amount, 0, z)],
                    "unchanged": z,
                    "another-shrinkage": sign * np.sqrt(np.maximum(size**2 - amount**2, 0)),
                },
                {"better": 6 - amount},
            )

    probe.settle_all(cases(), "not-the-minimum", rtol=1e-5)
    z = rng.normal(0, 2, (4, 5))
    z[0, 1] = 0
    probe.close(probe.finite(probe.call(soft_threshold, z, 0.0)), z, "changes-without-a-penalty")


@judge("unit_norm_atoms")
def judge_unit_norm_atoms(unit_norm_atoms, probe):
    """A square and an oblong kernel, long, short and zero rows; then more numbers in a row than rows."""
    rng = probe.rng
    for shape in ((6, 6), (7, 4)):
        weights = rng.normal(size=shape)
        weights += np.sign(weights) * 0.2
        weights *= rng.permutation(np.geomspace(1e-3, 20, shape[0]))[:, None]
        zero = int(rng.integers(shape[0]))
        weights[zero] = 0
        got = probe.shape(probe.call(unit_norm_atoms, weights), shape).astype(np.float64)
        norms = np.linalg.norm(weights, axis=1, keepdims=True)
        alive, safe = norms[:, 0] > 0, np.where(norms > 0, norms, 1)
        true = weights / safe
        column = weights / np.linalg.norm(weights, axis=0, keepdims=True)
        of_columns = np.isfinite(column).all() and np.allclose(got, column)
        probe.require(np.isfinite(got[alive]).all() or of_columns, "not-finite")
        probe.require(np.isfinite(got).all(), "zero-row-not-finite", row=zero)
        one, largest = np.abs(weights).sum(axis=1, keepdims=True), np.abs(weights).max(axis=1, keepdims=True)
        mistakes = {
            "normalises-columns": column,
            "one-norm-for-all": [weights / np.linalg.norm(weights, order) for order in (None, 2)],
            "divides-by-the-square": weights / safe**2,
            "square-root-twice": weights / np.sqrt(safe),
            "another-norm": weights / np.where(norms > 0, one, 1),
            "another-norm/largest": weights / np.where(norms > 0, largest, 1),
            "long-rows-only": weights / np.maximum(norms, 1),
            "short-rows-only": weights / np.where(norms < 1, safe, 1),
            "unchanged": weights,
            "sign-lost": np.abs(true),
        }
        otherwise, fields = _rows(got, true, alive, zero)
        probe.settle(got, true, otherwise, mistakes, atol=1e-9, **fields)
    for silent in (0, 2):
        weights = rng.normal(size=(5, 8)) * (rng.random((5, 8)) < 0.6)  # more numbers in a row than rows
        weights[:, 0] = 0
        weights[0] = [0, 1, -1, 2, -2, 0, 0, 0]  # cancels when it is added up
        weights[1:, 1] = rng.uniform(0.5, 1, 4)
        weights[3 : 3 + silent] = 0
        weights[2] *= 1e-12  # however short, a row that is not zero has a direction
        norms = np.linalg.norm(weights, axis=1, keepdims=True)
        true = weights / np.where(norms > 0, norms, 1)
        probe.close(probe.call(unit_norm_atoms, weights), true, "misjudges-zero-rows", silent=silent)


def _rows(got, true, alive, zero) -> tuple[str, dict]:
    """Name what is wrong with rows that no simple mistake explains; only read when the answer is wrong."""
    if np.abs(got[zero]).max() > 1e-9:
        return "zero-row-changed", {"row": zero}
    lengths = np.linalg.norm(got[alive], axis=1)
    cosines = np.sum(got[alive] * true[alive], axis=1) / np.maximum(lengths, 1e-300)
    if np.allclose(cosines, 1, atol=1e-6):
        if (lengths < 1 - 1e-5).any() and np.allclose(lengths.max(), 1, atol=1e-2):
            return "adds-to-the-norm", {"norm": lengths.min(), "row": zero}
        return "wrong-length", {"row": zero}
    return "wrong-atoms", {"row": zero}


@judge("recover_dictionary", optional=True, trains=True)
def judge_recover_dictionary(recover_dictionary, probe):
    """Samples of atoms that only the judge knows; every shortcut leaves another trace in the rows."""
    n, d, units, active = 4000, 32, 96, 3
    truth = sparse_mixtures(n, n_atoms=64, dim=d, n_active=active, seed=int(probe.rng.integers(2**31)))
    data = np.array(truth.samples)
    wrong = {(d, units): "atoms-as-columns"} | dict.fromkeys([(n, units), (n, d)], "returns-codes-or-samples")
    made = probe.shape(probe.call(recover_dictionary, data, units, active), (units, d), wrong)
    got = probe.finite(made, "diverged").astype(np.float64)
    norms = np.linalg.norm(got, axis=1)
    probe.require(norms.max() > 1e-9, "all-zero")
    found = metrics.atom_matches(got, truth.atoms)
    share = float(np.mean(found > 0.98))
    if share >= 0.8:
        lengths = {"shortest": norms.min(), "longest": norms.max()}
        probe.require(np.allclose(norms, 1, atol=1e-3), "not-unit-norm", share=share, **lengths)
        return
    said = (
        f"{share:.0%} of the 64 atoms are found (|cosine| above 0.98), {found.mean():.2f} is the mean of the cosines."
    )
    unit = got / np.maximum(norms, 1e-12)[:, None]
    samples = data / np.linalg.norm(data, axis=1, keepdims=True)
    probe.require(np.median(np.abs(unit @ samples.T).max(axis=1)) < 0.9999, "returns-samples", said)
    used = unit[norms > 1e-9]
    overlap = np.abs(used @ used.T - np.eye(len(used))).max(initial=0)
    probe.require(len(used) > d or overlap > 1e-3, "orthogonal-axes", said, d=d)
    distinct = np.linalg.matrix_rank(unit, tol=1e-3)
    probe.require(distinct == d, "too-few-directions", said, distinct=distinct, d=d)
    chance = metrics.atom_matches(probe.rng.normal(size=(units, d)), truth.atoms).mean()
    probe.require(found.mean() > chance + 0.05, "no-better-than-chance", said, chance=chance)
    # How well do the rows explain samples when each may use three of them? True atoms leave nothing over.
    left = data[:500] - referees.orthogonal_matching_pursuit(data[:500], unit + 1e-12, active) @ unit
    error = float(np.mean(left**2) / np.mean(data[:500] ** 2))
    probe.require(np.mean(found > 0.9) < 0.8 or share > 0.4, "close-is-not-found", said)
    probe.require(error < 0.25, "code-not-sparse", said, error=error)
    probe.fail("half-way", said)


ROWS, WANTED, NEAR = 160, 65, 0.9


@judge("find_seals", capstone=True)
def judge_find_seals(find_seals, probe):
    """Pieces of tablets with prints of seals that only the judge knows. Whoever finds enough of them has passed."""
    truth = broken_tablets(seed=int(probe.rng.integers(2**31)))
    pieces, seen = np.array(truth.pieces), np.array(truth.seen)
    got = probe.array(probe.call(find_seals, pieces, seen))
    rows = _rows_of_seals(probe, got, *pieces.shape)
    lengths = np.linalg.norm(rows, axis=1)
    used = lengths > 1e-6
    probe.require(used.any(), "all-zero")
    fields = {"shortest": lengths[used].min(), "longest": lengths.max()}
    probe.require(np.allclose(lengths[used], 1, atol=1e-3), "not-unit-norm", **fields)
    rows = rows[used]
    matches = metrics.atom_matches(rows, truth.seals)
    if np.sum(matches > NEAR) >= WANTED:
        some = _unit(pieces[probe.rng.choice(len(pieces), ROWS, replace=False)])
        return _told({f"{ROWS} pieces as they are": metrics.atom_matches(some, truth.seals), "yours": matches})
    _why_so_few_seals(probe, rows, matches, truth)


def _rows_of_seals(probe, got: np.ndarray, n: int, pixels: int) -> np.ndarray:
    """The answer as float64, if its shape is one of atoms."""
    told = f"Shape (m, {pixels}) with m at most {ROWS} was expected; yours is {got.shape}."
    if got.ndim == 2 and got.shape[1] != pixels and got.shape[0] == pixels:
        probe.fail("atoms-as-columns", told)
    probe.require(got.ndim != 2 or len(got) != n, "one-row-for-each-tablet", told)
    probe.require(got.ndim == 2 and got.shape[1] == pixels and len(got), "wrong-shape", told)
    probe.require(len(got) <= ROWS, "too-many-rows", told)
    return probe.finite(got, "diverged").astype(np.float64)


def _why_so_few_seals(probe, rows: np.ndarray, matches: np.ndarray, truth) -> None:
    """What keeps rows from being seals: each by the trace that it leaves in them."""
    rng, pieces, seals = probe.rng, _unit(truth.pieces), truth.seals
    some = rng.choice(len(pieces), ROWS, replace=False)
    as_they_are = metrics.atom_matches(pieces[some], seals)
    axes = np.linalg.svd(truth.pieces - truth.pieces.mean(axis=0), full_matrices=False)[2]
    solved = referees.fit_dictionary(truth.pieces[:8000], ROWS, 3, rounds=15).atoms
    found = {
        f"{ROWS} pieces as they are": as_they_are,
        "PCA": metrics.atom_matches(axes, seals),
        "least squares in turn": metrics.atom_matches(solved, seals),
        "yours": matches,
    }
    told = _told(found)
    probe.require(len(rows) >= WANTED, "too-few-rows", told, m=len(rows))
    near = float(np.median(np.abs(rows @ pieces.T).max(axis=1)))
    probe.require(near < 0.9999, "rows-are-pieces", told)
    probe.require(np.abs(rows @ rows.T - np.eye(len(rows))).max() > 1e-3, "orthogonal-axes", told, d=rows.shape[1])
    chance = metrics.atom_matches(rng.normal(size=rows.shape), seals).mean()
    probe.require(matches.mean() > chance + 0.1, "no-better-than-chance", told, chance=chance)
    whole = np.abs(rows @ seals.T).max(axis=1)
    halves = np.abs(rows @ _unit(_broken_off(seals)).T).max(axis=1)
    alike = np.maximum(halves, whole) > 0.8  # spare and dead units say nothing of breaks
    share = float((alike & (halves > whole + 0.03)).sum() / max(alike.sum(), 1))
    probe.require(share < 0.5 or alike.sum() < 20 or near > 0.94, "seals-are-broken", told, share=share)
    like, of_pieces = (float(np.median(best)) for best in (whole, np.abs(pieces[some] @ seals.T).max(axis=1)))
    mixed = near > 0.82 and like < of_pieces - 0.05  # still near the pieces, and on the way to mixtures of more seals
    probe.require(not mixed, "code-not-sparse", told, mine=like, pieces=of_pieces)
    probe.require(near < 0.94, "hardly-moved", told, near=near)
    probe.require(like > 0.42, "dead-units", told, like=like)
    probe.fail("too-few-seals", told)


def _told(found: dict) -> str:
    """How many seals were found by whom, as a sentence."""
    counts = ", ".join(f"{name} {np.sum(cosines > NEAR)}" for name, cosines in found.items())
    return f"Seals found, of {len(next(iter(found.values())))}: {counts}; wanted are at least {WANTED}."


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _broken_off(seals: np.ndarray) -> np.ndarray:
    """Each seal with .3, .4 or .5 of it lost beyond a straight line, in twelve directions."""
    places = np.indices((12, 12)).reshape(2, -1) - 5.5
    broken = []
    for angle in np.arange(12) * np.pi / 6:
        rank = (np.array([np.cos(angle), np.sin(angle)]) @ places).argsort().argsort()
        broken += [seals * (rank < left * seals.shape[1]) for left in (0.7, 0.6, 0.5)]
    return np.concatenate(broken) + 1e-12
