"""The judge of the capstone: a denoiser that is told the noise level, on pictures that it has not seen."""

from __future__ import annotations

import numpy as np

from course_lib import datasets, metrics, referees
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(4)
SIDE, TRAIN, UNSEEN = 20, 4000, 600
LEAD = 0.3  # dB ahead of the best affine map, at every level
KEYS = "weak", "middle", "strong"


def _cut(source: np.ndarray, count: int, rng) -> np.ndarray:
    """Squares from anywhere in the pictures (n, 28, 28), turned and mirrored by chance."""
    squares = []
    for which in rng.integers(0, len(source), count):
        top, left = rng.integers(0, 29 - SIDE, 2)
        square = np.rot90(source[which, top : top + SIDE, left : left + SIDE], rng.integers(4))
        squares.append(square[:, ::-1] if rng.random() < 0.5 else square)
    return np.stack(squares) / np.float32(255)


def _pictures(clothes: np.ndarray, digits: np.ndarray, count: int, rng) -> np.ndarray:
    """Clothes and digits by halves, and every second, by chance, as a negative; (count, 20, 20) in [0, 1]."""
    mixed = np.concatenate([_cut(part, count // 2, rng) for part in (clothes, digits)])
    negative = rng.random(count) < 0.5
    mixed[negative] = 1 - mixed[negative]
    return rng.permutation(mixed)


def _psnr(clean: np.ndarray, answer: np.ndarray) -> float:
    return metrics.psnr(clean, metrics.clip01(np.asarray(answer, np.float32)))


@judge("told_denoiser", capstone=True)
def judge_told_denoiser(told_denoiser, probe):
    """Three levels; other pictures than those of the training, at each of them with new noise.

    Whoever leads at all three has passed. Otherwise the reason is looked for: by asking for other levels than the true one,
    and for pictures that the answer knows. Returns the scores of a right answer, as a sentence.
    """
    rng, clothes, digits = probe.rng, datasets.fashion_mnist(), datasets.digits()
    train = _pictures(clothes.train, digits.train, TRAIN, rng)
    clean = _pictures(clothes.validation, digits.test, UNSEEN, rng)
    levels = dict(
        zip(KEYS, (float(rng.uniform(*ends)) for ends in ((0.05, 0.06), (0.13, 0.18), (0.28, 0.3))), strict=True)
    )

    def spoilt(x, sigma):
        return np.clip(x + np.float32(sigma) * rng.standard_normal(x.shape, dtype=np.float32), 0, 1)

    noisy = {key: spoilt(clean, sigma) for key, sigma in levels.items()}
    denoise = probe.call(told_denoiser, train)
    probe.require(kind(denoise) == "function", "no-function", found=described(denoise))

    def ask(x, sigma):
        return probe.finite(probe.shape(probe.call(denoise, x, sigma), x.shape)).astype(np.float32)

    got = {key: ask(noisy[key], levels[key]) for key in rng.permutation(KEYS).tolist()}
    middle = noisy["middle"], levels["middle"]
    again = np.abs(ask(*middle) - got["middle"]).mean()
    probe.require(again < 0.02 * middle[1], "random-at-prediction", off=again)
    probe.batch_of_one(denoise, middle, got["middle"], rtol=0.01, atol=0.01)

    flat = train.reshape(TRAIN, -1)
    maps = {key: referees.clipped_noise_denoiser(flat, sigma) for key, sigma in levels.items()}
    best = {key: _psnr(clean, maps[key](noisy[key].reshape(UNSEEN, -1)).reshape(clean.shape)) for key in KEYS}
    mine = {key: _psnr(clean, got[key]) for key in KEYS}
    nothing = {key: _psnr(clean, noisy[key]) for key in KEYS}
    mean = _psnr(clean, np.broadcast_to(train.mean(axis=0), clean.shape))
    table = _table(levels, {"as they are": nothing, "the best affine map": best, "yours": mine}, mean)
    if all(mine[key] >= best[key] + LEAD for key in KEYS):
        return table
    _fails_everywhere(probe, got)
    if sum(mine[key] < best[key] - 0.5 for key in KEYS) >= 2:  # a misread level costs a decibel and more
        _fails_by_the_level(probe, ask, clean, noisy, levels, mine)
    moved = [float(np.abs(got[key] - noisy[key]).mean()) / levels[key] for key in KEYS]
    probe.require(max(moved) > 0.1, "copies-its-input", table)
    told = [ask(noisy["middle"], levels[key]) for key in ("weak", "strong")]
    probe.require(np.abs(told[0] - told[1]).mean() > 0.01 * levels["middle"], "ignores-the-level", table)
    _is_one_line(probe, ask, *middle, table)
    if mine["strong"] < best["strong"]:
        open_ended = clean + np.float32(levels["strong"]) * rng.standard_normal(clean.shape, dtype=np.float32)
        wiener = referees.wiener_filter(flat, levels["strong"])(open_ended.reshape(UNSEEN, -1)).reshape(clean.shape)
        lead = _psnr(clean, ask(open_ended, levels["strong"])) - _psnr(clean, wiener)
        probe.require(lead < 0.2, "noise-not-clipped", table, lead=lead)
    known = train[:UNSEEN]
    seen = spoilt(known, levels["middle"])
    own = _psnr(known, ask(seen, levels["middle"])) - mine["middle"]
    lines = _psnr(known, maps["middle"](seen.reshape(UNSEEN, -1)).reshape(known.shape)) - best["middle"]
    probe.require(own - lines < 0.3, "learned-by-heart", table, gap=own)
    probe.require(mine["weak"] >= nothing["weak"], "hurts-where-the-noise-is-weak", table)
    behind = [key for key in KEYS if mine[key] < best[key] + LEAD]
    probe.require(behind != ["weak"], "behind-the-affine-map/weak", table)
    probe.require(behind != ["strong"], "behind-the-affine-map/strong", table)
    probe.fail("behind-the-affine-map", table)


def _table(levels: dict, scores: dict, mean: float) -> str:
    """The three rungs at the three levels, as a sentence."""
    at = " / ".join(f"{sigma:.2f}" for sigma in levels.values())
    rows = [f"{name} {' / '.join(f'{score[key]:.2f}' for key in levels)}" for name, score in scores.items()]
    return f"PSNR at noise {at}, in dB: {'; '.join(rows)} (the mean picture {mean:.1f} at each)."


def _fails_everywhere(probe, got: dict) -> None:
    """Answers that have little to do with the pictures: whatever the level."""
    largest = max(float(np.abs(a).max()) for a in got.values())
    probe.require(largest < 5, "answers-in-other-units", largest=largest)
    spread = max(float(np.ptp(a, axis=0).mean()) for a in got.values())
    probe.require(spread > 1e-3, "ignores-the-picture")


def _fails_by_the_level(probe, ask, clean: np.ndarray, noisy: dict, levels: dict, mine: dict) -> None:
    """Told something else than the level, the answer is much better: it takes sigma for something else."""
    for name, other in (
        ("level-in-grey-levels", lambda sigma: 255 * sigma),
        ("variance-for-deviation", lambda sigma: sigma**0.5),
        ("variance-for-deviation/root", lambda sigma: sigma**2),
    ):
        told = {key: other(sigma) for key, sigma in levels.items()}
        better = {}
        for key in levels:
            answer, error = probe.attempt(ask, noisy[key], told[key])
            better[key] = -np.inf if error is not None else _psnr(clean, answer) - mine[key]
        if sum(gain > 1 for gain in better.values()) >= 2:
            key = max(better, key=better.get)
            probe.fail(name, sigma=levels[key], told=told[key], gain=better[key])


def _is_one_line(probe, ask, noisy: np.ndarray, sigma: float, table: str) -> None:
    """The mean of two pictures gets the mean of the two answers, at least where nothing is clipped afterwards."""
    one, other = noisy[:200], noisy[200:400]
    first, between, last = (ask(x, sigma) for x in (one, (one + other) / 2, other))
    inside = np.all([(a > 0.02) & (a < 0.98) for a in (first, between, last)], axis=0)
    if inside.any():
        bent, moved = (float(np.abs(x[inside]).mean()) for x in (first + last - 2 * between, first - last))
        probe.require(bent > 0.02 * moved, "one-affine-map", table)
