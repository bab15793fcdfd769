"""The judges of the linear denoisers: fitted to pairs, and computed from clean data alone."""

from __future__ import annotations

import numpy as np

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import Handle, described, kind

judge = judges_of(4)


def _denoiser(probe, maker, *data) -> Handle:
    """The function that an answer makes of its data, or a FAIL that says what it returned instead."""
    made = probe.call(maker, *data)
    probe.require(kind(made) in ("function", "model", "layer"), "no-function", found=described(made))
    return made


def _denoised(probe, denoise: Handle, x: np.ndarray) -> np.ndarray:
    return probe.shape(probe.call(denoise, x), x.shape).astype(np.float64)


def _alone_and_later(probe, maker, denoise: Handle, x: np.ndarray, before: np.ndarray, *other_data) -> Handle:
    """A sample alone has the same answer, and so have all after a second call of the maker; returns what that made."""
    probe.close(_denoised(probe, denoise, x[:1]), before[:1], "depends-on-the-other-samples", rtol=1e-3, atol=1e-3)
    second = _denoiser(probe, maker, *other_data)
    after, error = probe.attempt(_denoised, probe, denoise, x)
    probe.require(error is None and np.allclose(after, before, rtol=1e-5, atol=1e-6), "shared-between-fits")
    return second


def _least_squares(inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    solution = np.linalg.lstsq(np.column_stack([inputs, np.ones(len(inputs))]), targets, rcond=None)[0]
    return solution[:-1], solution[-1]


@judge("linear_denoiser")
def judge_linear_denoiser(linear_denoiser, probe):
    """Correlated features, a corruption that is biased and not symmetric, and unseen samples of another mean."""
    rng = probe.rng

    def cases():
        for n, m, d in ((60, 9, int(rng.integers(4, 7))), (20, 45, 3)):
            mixing = rng.normal(size=(d, d)) + 2 * np.eye(d)
            clean = rng.normal(size=(n, d)) @ mixing + rng.uniform(1, 3, d)
            noisy = clean @ (np.eye(d) + 0.4 * rng.normal(size=(d, d))) + rng.normal(size=(n, d)) + rng.uniform(2, 4, d)
            x = rng.normal(size=(m, d)) @ mixing + rng.uniform(-4, -1, d)
            x[0] *= 20  # beyond the range of the clean samples, whatever the map
            denoise = _denoiser(probe, linear_denoiser, clean, noisy)
            if probe.attempt(_denoised, probe, denoise, x)[1] is not None:
                error = probe.attempt(_denoised, probe, denoise, noisy)[1]
                probe.require(error is not None, "so-many-samples-only", n=n, m=m)
            got = _denoised(probe, denoise, x)
            weights, offset = _least_squares(noisy, clean)
            true, p, q = x @ weights + offset, noisy.mean(axis=0), clean.mean(axis=0)
            forward, shift = _least_squares(clean, noisy)
            a, b = noisy - p, clean - q
            factors, factor = (a * b).sum(axis=0) / (a * a).sum(axis=0), (a * b).sum() / (a * a).sum()
            around_q = np.linalg.lstsq(noisy - q, b, rcond=None)[0]
            through_zero = np.linalg.lstsq(noisy, clean, rcond=None)[0]
            shrunk = np.linalg.solve(noisy.T @ noisy + np.eye(d), noisy.T @ clean)
            yield (
                got,
                true,
                {
                    "no-offset": [x @ through_zero, x @ weights, (x - p) @ weights, x @ shrunk],
                    "noisy-from-clean": x @ forward + shift,
                    "inverts-the-corruption": (x - shift) @ np.linalg.pinv(forward),
                    "one-mean-for-both": [
                        (x - q) @ around_q + q,
                        *((x - r) @ weights + s for r, s in ((q, q), (p, p), (q, p))),
                    ],
                    "centres-on-what-it-denoises": (x - x.mean(axis=0)) @ weights + q,
                    "one-factor-for-each-feature": [(x - p) * factors + q, x * factors],
                    "one-factor-for-all": (x - p) * factor + q,
                    "moves-the-mean-only": x - p + q,
                    "transposed": [x @ weights.T + offset, (x - p) @ weights.T + q],
                    "transposed/covariance": (x - p) @ np.linalg.solve(a.T @ a, b.T @ a) + q,
                    "copies": x,
                    "mean-only": np.broadcast_to(q, x.shape),
                    "clips": [np.clip(true, 0, 1), np.clip(true, clean.min(), clean.max())],
                    "clips/features": np.clip(true, clean.min(axis=0), clean.max(axis=0)),
                },
            )
            one = rng.normal(size=(n, 1)) + 2
            blurred = 0.5 * one + rng.normal(size=(n, 1))
            line = _alone_and_later(probe, linear_denoiser, denoise, x, got, one, blurred)
            weights, offset = _least_squares(blurred, one)
            got = _denoised(probe, line, x[:, :1])
            probe.close(got, x[:, :1] @ weights + offset, "not-least-squares/one")

    probe.settle_all(cases(), "not-least-squares")


def _wiener(mean, covariance, sigma, x):
    gain = np.linalg.solve(covariance + sigma**2 * np.eye(len(mean)), covariance)
    return (x - mean) @ gain + mean


def _covariances(data: np.ndarray) -> list[np.ndarray]:
    """Divided by n, and by n - 1: both are right."""
    return [np.cov(data.T, bias=bias).reshape(data.shape[1], -1) for bias in (True, False)]


@judge("wiener_filter", optional=True)
def judge_wiener_filter(wiener_filter, probe):
    """Data far from 0 with strong correlations; sigma neither 1 nor near its square."""
    rng = probe.rng

    def cases():
        sigmas = rng.permutation([rng.uniform(0.3, 0.5), rng.uniform(1.7, 2.5)])
        for sigma, (n, m, d) in zip(sigmas.tolist(), ((200, 8, int(rng.integers(4, 7))), (30, 50, 3)), strict=True):
            train = rng.normal(size=(n, d)) @ (rng.normal(size=(d, d)) + np.eye(d)) + rng.uniform(2, 4, d)
            x = train[rng.integers(0, n, m)] + rng.normal(size=(m, d)) + 1.0
            x[0] *= 20  # beyond the range of the training data, whatever the filter keeps
            got = _denoised(probe, denoise := _denoiser(probe, wiener_filter, train, sigma), x)
            right = [_wiener(train.mean(axis=0), c, sigma, x) for c in _covariances(train)]
            true = min(right, key=lambda value, got=got: np.abs(got - value).max())
            yield got, true, _wiener_mistakes(train, sigma, x)
            if np.allclose(got, true, rtol=1e-4, atol=1e-5):
                tiny = 1e-3 * float(np.sqrt(np.linalg.eigvalsh(np.cov(train.T))[0]))  # beside the flattest direction
                sure = _alone_and_later(probe, wiener_filter, denoise, x, got, train, tiny)
                probe.close(_denoised(probe, sure, x), x, "wrong-filter/sure", rtol=1e-3, atol=1e-3)
                _unusual(probe, wiener_filter, train)

    probe.settle_all(cases(), "wrong-filter", rtol=1e-4, atol=1e-5)


def _wiener_mistakes(train: np.ndarray, sigma: float, x: np.ndarray) -> dict[str, list[np.ndarray]]:
    mean, eye, own = train.mean(axis=0), np.eye(x.shape[1]), x.mean(axis=0)
    y, noise, moment = x - mean, sigma**2 * np.eye(x.shape[1]), train.T @ train / len(train)
    scatter = (train - mean).T @ (train - mean)
    found: dict[str, list[np.ndarray]] = {}
    for c in _covariances(train):
        gain, unsure, v = np.linalg.solve(c + noise, c), np.linalg.inv(c + noise), np.diag(c)
        uncentred = np.linalg.solve(moment + noise, moment)
        root = np.linalg.solve(c + sigma * eye, c)
        for name, values in {
            "deviation-for-variance": [y @ root + mean, x @ root],
            "wrong-noise-variance": [y @ np.linalg.solve(c + 2 * noise, c) + mean],
            "wrong-noise-variance/less": [y @ np.linalg.solve(c - noise, c) + mean],
            "not-centred": [x @ gain],
            "not-centred/products": [x @ uncentred, y @ uncentred + mean],
            "forgets-to-add-the-mean": [y @ gain],
            "adds-a-mean-never-subtracted": [x @ gain + mean],
            "keeps-the-noise": [y @ (sigma**2 * unsure) + mean],
            "keeps-the-noise/only": [y @ (sigma**2 * unsure)],
            "inverse-only": [y @ unsure + mean],
            "amplifies": [y @ np.linalg.solve(c, c + noise) + mean],
            "ignores-the-correlations": [y * (v / (v + sigma**2)) + mean],
            "noise-on-every-entry": [y @ np.linalg.solve(c + sigma**2, c) + mean],
            "not-divided-by-n": [y @ np.linalg.solve(scatter + noise, scatter) + mean],
            "entry-by-entry": [y @ (c / (c + noise)) + mean],
            "clips": [np.clip(y @ gain + mean, 0, 1), np.clip(y @ gain + mean, train.min(), train.max())],
            "centres-on-what-it-denoises": [(x - own) @ gain + own, (x - own) @ gain + mean],
        }.items():
            found.setdefault(name, []).extend(values)
    return found


def _unusual(probe, wiener_filter, train: np.ndarray) -> None:
    """Data that the formula covers, but a shortcut may not: a single feature, and one that is always 0."""
    rng, black = probe.rng, train.copy()
    black[:, 1] = 0.0
    few = rng.uniform(1, 3, (int(rng.integers(2, 6)), 1))
    for data, name, told in (
        (few, "several-features-only", "of one feature"),
        (black, "inverts-the-covariance", "with a feature that is always 0"),
    ):
        sigma, x = float(rng.uniform(0.6, 0.9)), data[:2] + rng.normal(size=(2, data.shape[1]))
        got, error = probe.attempt(
            lambda data=data, sigma=sigma, x=x: _denoised(probe, _denoiser(probe, wiener_filter, data, sigma), x)
        )
        probe.require(error is None, name, f"For data {told} your code raised {error}.")
        right = [_wiener(data.mean(axis=0), c, sigma, x) for c in _covariances(data)]
        off = min(np.abs(got - value).max() for value in right)
        probe.require(off < 3e-4, name, f"For data {told} your result is wrong, by up to {off:.3g}.")
