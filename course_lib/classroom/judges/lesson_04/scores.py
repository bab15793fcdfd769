"""The judges of what a denoiser knows: the score, the radius of a denoised ring, and samples from a score."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.special import i0e, i1e, ive

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.judges.randomness import not_gaussian, related, same_numbers

judge = judges_of(4)


@judge("score_from_denoiser")
def judge_score_from_denoiser(score_from_denoiser, probe):
    """The best denoiser of a Gaussian, whose score is known, at two noise levels; then others, and long arrows.

    Every denoiser here answers row by row: so may whoever asks it.
    """
    rng = probe.rng

    def cases():
        for low, high in ((0.2, 0.5), (1.6, 2.4)):
            n, d, sigma = int(rng.integers(5, 9)), int(rng.integers(2, 4)), float(rng.uniform(low, high))
            mean, spread = rng.uniform(2, 4, d), rng.uniform(0.5, 1.5, d)
            x = rng.uniform(-2.4, 2.4, size=(n, d)) + mean  # no score above 9: clipping has its own question below

            def r(points, mean=mean, keep=spread**2 / (spread**2 + sigma**2)):
                return mean + (points - mean) * keep

            got = probe.shape(probe.call(score_from_denoiser, probe.callback(r), x, sigma), (n, d))
            step, true = r(x) - x, -(x - mean) / (spread**2 + sigma**2)
            length = np.linalg.norm(step, axis=1, keepdims=True)
            yield (
                got,
                true,
                {
                    "wrong-sign": -true,
                    "divides-by-the-deviation": step / sigma,
                    "noise-not-score": -step / sigma,
                    "not-divided": step,
                    "not-divided/noise": -step,
                    "multiplies-by-the-variance": step * sigma**2,
                    "not-the-step": r(x) / sigma**2,
                    "brackets": [r(x) - x / sigma**2, r(x) / sigma**2 - x],
                    "factor-two/half": step / (2 * sigma**2),
                    "factor-two": 2 * step / sigma**2,
                    "unit-arrows": step / length,
                    "unit-arrows/length": step / length**2,
                    "wrong-variance": step / (1 + sigma**2),
                    "denoises-twice": (r(r(x)) - x) / sigma**2,
                    "denoises-twice/place": (r(r(x)) - r(x)) / sigma**2,
                },
                {"sigma": sigma},
            )

    probe.settle_all(cases(), "wrong-score")
    x = rng.choice([-1.0, 1.0], (4, 3)) * rng.uniform(1, 2, (4, 3))
    for points in (x, x[:1], x[:, :1]):
        got = probe.shape(probe.call(score_from_denoiser, probe.callback(np.sin), points, 0.8), points.shape)
        probe.close(got, (np.sin(points) - points) / 0.64, "wrong-score/another")
    shrinks = probe.callback(lambda points: 0.3 * points, changed="changes-the-denoisers-array")
    got, true = probe.shape(probe.call(score_from_denoiser, shrinks, x, 0.05), x.shape), -0.7 * x / 0.05**2
    largest = float(np.abs(got).max())
    probe.require(largest > 0.5 * np.abs(true).min(), "clipped-score", largest=largest)
    probe.close(got, true, "wrong-score/small-sigma")
    got = probe.call(score_from_denoiser, probe.callback(lambda points: 0.3 * points), x, 1e-3)
    probe.close(got, -0.7 * x / 1e-6, "wrong-score/tiny-sigma", rtol=1e-3)


def _ring(sigma: float, power: float = 2.0, scale: float = 1.0) -> float:
    """The mean cosine under the weight exp(scale · cos θ / sigma^power): a ratio of Bessel functions."""
    z = scale / sigma**power
    return float(i1e(z) / i0e(z))


def _ring_by_arc(sigma: float) -> float:
    angles = np.linspace(-np.pi, np.pi, 4000, endpoint=False)
    return float(np.average(np.cos(angles), weights=np.exp(-(angles**2) / (2 * sigma**2))))


def _ring_over_noisy_points(sigma: float) -> float:
    """Mean radius of the denoised points over all noisy ones, by quadrature over the radius of the noisy point."""
    radius = np.linspace(1e-4, 1 + 8 * sigma, 4000)
    z = radius / sigma**2
    density = radius * np.exp(-((radius - 1) ** 2) / (2 * sigma**2)) * ive(0, z)  # Rice's distribution
    return float((density * ive(1, z) / ive(0, z)).sum() / density.sum())


def _both_ends(sigmas: list[float], radii: list[float]) -> list[float]:
    """What sums over both ends of a full turn give, where that angle, 0 or π, counts twice; NaN if it explains nothing."""
    s, r = np.array(sigmas), np.array(radii)
    a, b = i1e(s**-2), i0e(s**-2)  # the means of weight · cosine, and of the weight
    for cosine in (1.0, -1.0):
        e = np.exp((cosine - 1) / s**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            k = e[-1] * (cosine - r[-1]) / (r[-1] * b[-1] - a[-1])  # the number of other angles
            made = (a * k + e * cosine) / (b * k + e)
        if k > 8 and np.all(np.abs(made - r) < 0.05 * np.abs(a / b - r) + 1e-7):
            return made.tolist()
    return [math.nan] * len(sigmas)


@judge("ring_radius", optional=True)
def judge_ring_radius(ring_radius, probe):
    """Noise levels at which every shortcut gives a number of its own, then the ends of the range."""
    rng = probe.rng

    def radius(sigma):
        return probe.number(probe.call(ring_radius, sigma))

    sigmas = [float(rng.uniform(low, high)) for low, high in ((0.3, 0.4), (0.55, 0.8), (1.1, 1.6))]
    radii = [radius(sigma) for sigma in sigmas]
    cases = []
    for sigma, got, twice in zip(sigmas, radii, _both_ends(sigmas, radii), strict=True):
        true, mass = _ring(sigma), float(i1e(sigma**-2))  # of weights that are not divided by their sum
        scales = 2 * math.pi, 1.0, math.sqrt(2 * math.pi) / sigma, 1 / sigma**2
        mistakes = {
            "projects": 1.0,
            "averages-over-noisy-points": _ring_over_noisy_points(sigma),
            "linear-answer": 0.5 / (0.5 + sigma**2),
            "linear-answer/variance-1": 1 / (1 + sigma**2),
            "noise-along-the-circle": math.exp(-(sigma**2) / 2),
            "distance-along-the-arc": _ring_by_arc(sigma),
            "deviation-for-variance": _ring(sigma, 1.0),
            "exponent-off-by-two": [_ring(sigma, 2.0, scale) for scale in (0.5, 2.0)],
            "weights-do-not-sum-to-one": [mass * scale for scale in scales],
            "squared-radius": true**2,
            "distance-moved": 1 - true,
            "whole-circle": 0.0,
            "both-ends-of-a-turn": twice,
        }
        cases.append((got, true, mistakes, {"sigma": sigma}))
    probe.settle_all(cases, "wrong-radius", rtol=0, atol=1e-3)
    edges = np.geomspace(0.03, 3.0, 11)
    levels = [float(np.exp(rng.uniform(*np.log(pair)))) for pair in itertools.pairwise(edges)]
    for sigma, name in (
        (0.03, "wrong-at-the-ends"),
        (3.0, "wrong-at-the-ends/much-noise"),
        (float(rng.uniform(0.047, 0.05)), "wrong-at-some-levels"),
        *((sigma, "wrong-at-some-levels") for sigma in levels),
    ):
        got, true = radius(sigma), _ring(sigma)
        probe.require(math.isfinite(got), "overflows", sigma=sigma)
        probe.require(abs(got - true) < 1e-3, name, sigma=sigma, true=true, got=got)


@judge("annealed_langevin", optional=True)
def judge_annealed_langevin(annealed_langevin, probe):
    """Start, order of the levels, noise and drift are read off scores that are zero or constant."""
    rng = probe.rng
    sigmas = np.array([rng.uniform(2.2, 2.8), rng.uniform(1.1, 1.5), rng.uniform(0.5, 0.8)])
    n, dim, steps, step_size = 3000, 3, int(rng.integers(6, 9)), float(rng.uniform(0.28, 0.42))
    seed = int(rng.integers(1000))

    def sample(score, seed=seed, levels=sigmas, size=step_size):
        def asked(x, sigma):
            x = np.asarray(x, np.float64)
            probe.require(x.ndim == 2 and len(x) == n, "wrong-shape-for-the-score", wanted=(n, dim), shape=x.shape)
            probe.require(np.size(sigma) == 1, "many-levels-at-once", shape=np.shape(sigma))
            return score(x, float(np.ravel(sigma)[0]))

        callback = probe.callback(asked)
        made = probe.call(annealed_langevin, callback, levels, n, dim, steps, size, probe.generator(seed))
        return probe.shape(made, (n, dim)).astype(np.float64), callback.calls

    def still(x, sigma):
        return np.zeros_like(x)

    walked, calls = sample(still)
    _levels_in_order(probe, [float(np.ravel(sigma)[0]) for _, sigma in calls], sigmas, steps)
    probe.finite(walked)
    probe.require(np.array_equal(walked, sample(still)[0]), "ignores-the-generator")
    probe.require(not np.allclose(walked, sample(still, seed=seed + 1)[0]), "ignores-the-generator/seeds")
    places = np.array([*(np.asarray(x, np.float64) for x, _ in calls), walked])
    _start(probe, places[0], float(sigmas[0]), float(sigmas[-1]), step_size)
    _wandering(probe, places, sigmas, steps, step_size)
    # A constant score moves all samples by the same sum of steps; the random numbers are those of the walk above.
    pull = np.array([3.0, -2.0, 1.0])
    drift = (sample(lambda x, sigma: np.broadcast_to(pull, x.shape))[0] - walked).mean(axis=0)
    alphas = step_size * sigmas**2
    true, root = pull * steps * alphas.sum() / 2, pull * steps * np.sqrt(alphas).sum()
    unscaled = [pull * steps * step_size * factor for factor in (3, 1.5, sigmas.sum(), sigmas.sum() / 2)]
    mistakes = {
        "downhill": -true, "drift-not-halved": 2 * true, "drift-too-small": true / 2, "score-not-used/drift": 0 * pull,
        "drift-with-the-root": [root, root / 2], "steps-not-scaled/drift": unscaled,
    }  # fmt: skip
    probe.settle(drift, true, "wrong-drift", mistakes, rtol=2e-3, atol=1e-6)
    # A Gaussian target: the drift has to look at where the samples are now.
    target, _ = sample(lambda x, sigma: -(x - 4.0) / (0.25 + sigma**2), levels=np.geomspace(5, 0.3, 8), size=0.3)
    near = np.abs(target.mean(axis=0) - 4).max() < 0.25 and 0.4 < target.std() < 1.3
    probe.require(near, "misses-the-target", mean=target.mean(), spread=target.std())


def _levels_in_order(probe, asked: list[float], sigmas: np.ndarray, steps: int) -> None:
    probe.require(asked, "score-not-used")
    wanted = [float(s) for s in sigmas for _ in range(steps)]
    if len(asked) == len(wanted):
        if np.allclose(asked, wanted):
            return
        probe.require(not np.allclose(asked, wanted[::-1]), "rising-levels")
        probe.require(not np.allclose(sorted(asked), sorted(wanted)), "cycles-through-the-levels")
    probe.require(len(set(np.round(asked, 9))) > 1, "one-level-only", level=asked[0])
    seen = sum(bool(np.isclose(asked, s).any()) for s in sigmas)
    probe.require(seen == len(sigmas), "skips-a-level", seen=seen, levels=len(sigmas))
    measured = (
        f"{steps} steps at each of {len(sigmas)} levels are {len(wanted)} calls of the score; yours are {len(asked)}."
    )
    probe.fail("wrong-number-of-steps", measured)


def _start(probe, first: np.ndarray, largest: float, smallest: float, step_size: float) -> None:
    spread = {"spread": first.std(), "mean": first.mean(), "largest": largest}
    probe.require(np.ptp(first) > 1e-9, "all-start-at-one-point")
    probe.require(abs(first.std() / smallest - 1) > 0.08, "starts-at-the-smallest-level", **spread)
    probe.require(abs(first.std() - 1) > 0.06, "start-not-scaled", **spread)
    early = abs(first.std() / (largest * math.sqrt(1 + step_size)) - 1) < 0.03
    probe.require(not early, "noise-before-the-score", **spread)
    centred = abs(first.mean()) < 0.1 * largest and abs(first.std() / largest - 1) < 0.06
    probe.require(centred, "wrong-start", **spread)
    told = not_gaussian(first)
    probe.require(not told, "wrong-start/distribution", told)


def _wandering(probe, places: np.ndarray, sigmas: np.ndarray, steps: int, step_size: float) -> None:
    """Without drift each step of (steps, samples, dim) is noise alone: its variance is read off level by level."""
    walk = np.diff(places, axis=0)
    probe.require(np.abs(walk).max() > 1e-9, "no-noise")
    probe.require(np.abs(walk[: steps - 1]).max() > 1e-9, "misses-the-target/same-points")
    still = int((np.abs(walk).max(axis=(1, 2)) < 1e-9).sum())
    probe.require(not still, "steps-without-noise", still=still, all=len(walk))
    at = [steps * level for level in range(1, len(sigmas))]  # the first step of each further level
    kept = [np.corrcoef(places[i - 1].ravel(), places[i].ravel())[0, 1] for i in at]
    probe.require(max(kept) > 0.2, "starts-again-at-each-level", r=max(kept))
    ends = [int((places[-1] == end).sum()) for end in (places[-1].min(), places[-1].max())]
    probe.require(min(ends) < 3, "clips-the-samples", k=sum(ends), low=places[-1].min(), high=places[-1].max())
    shared = walk.std(axis=1).min() < 1e-6 or walk.std(axis=2).mean(axis=1).min() < 1e-6
    probe.require(not shared, "shared-noise")
    flat = np.concatenate([places[:1], walk]).reshape(len(places), -1)
    flat = flat / flat.std(axis=1, keepdims=True)
    if found := related(flat):
        which = "the start" if found[0] == 0 else f"step {found[0]}"
        probe.fail("noise-not-fresh", which=which, step=found[1], r=found[2])
    mean = float(flat[1:].mean())
    probe.require(abs(mean) < 0.03, "noise-with-a-mean", mean=mean)
    probe.require(not same_numbers(flat), "noise-not-fresh/order")
    told = not_gaussian(flat[1:])
    probe.require(not told, "noise-not-gaussian", told)
    half = walk.shape[1] // 2
    halves = np.stack([walk[:, :half].ravel(), walk[:, half : 2 * half].ravel()])
    coordinates = np.moveaxis(walk, 2, 0).reshape(walk.shape[2], -1)
    probe.require(not related(halves) and not related(coordinates), "shared-noise/part")
    alphas, ones = step_size * sigmas**2, np.ones(len(sigmas))
    mistakes = {
        "noise-too-strong": 2 * alphas,
        "noise-too-weak": alphas / 2,
        "noise-too-weak/drift": alphas / 4,
        "steps-not-scaled/square": step_size * alphas,
        "noise-without-the-root": [alphas**2, alphas**2 / 4],
        "noise-not-scaled": [ones, sigmas**2],
        "steps-not-scaled": [step_size * ones, step_size**2 * ones, step_size * sigmas, alphas / sigmas[-1] ** 2],
    }
    probe.settle(walk.reshape(len(sigmas), -1).var(axis=1), alphas, "wrong-noise", mistakes, rtol=0.05)
