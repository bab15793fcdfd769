"""The judge of the capstone: puppet B with the face that A makes, of pictures that nobody has seen."""

from __future__ import annotations

import numpy as np

from course_lib import datasets, metrics, referees
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(6)
LEAD = 0.5  # dB ahead of the best swap that needs no training
WIDTHS = 64, 128  # numbers of PCA, for the transport
OPEN = 0.3  # of how far the mouth is open, R² at least


def _try_out() -> np.random.Generator:
    """What draws the pair that the task text names."""
    return np.random.default_rng(1)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _psnr(true: np.ndarray, answer: np.ndarray) -> float:
    return metrics.psnr(true, metrics.clip01(np.asarray(answer, np.float32).reshape(true.shape)))


def _mean_face(pair) -> float:
    return _psnr(pair.unseen_b, np.broadcast_to(pair.b.mean(axis=0), pair.unseen_b.shape))


def _nearest(x: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """For each picture the nearest of the gallery."""
    x, rows = _flat(x), _flat(gallery)
    return gallery[(np.square(rows).sum(axis=1) - 2 * x @ rows.T).argmin(axis=1)]


def _carried(pair, k: int) -> np.ndarray:
    """PCA to k numbers, A's cloud of them carried onto B's, and back to pictures."""
    pca = referees.fit_pca(_flat(np.concatenate([pair.a, pair.b])), k)
    to_b = referees.fit_transport(pca.encode(_flat(pair.a)), pca.encode(_flat(pair.b)), ridge=1e-3)
    return metrics.clip01(pca.decode(to_b.move(pca.encode(_flat(pair.unseen_a))))).reshape(pair.unseen_a.shape)


def _rungs(pair) -> dict[str, np.ndarray]:
    """Swaps without training, of the unseen pictures of A."""
    carried = max((_carried(pair, k) for k in WIDTHS), key=lambda made: _psnr(pair.unseen_b, made))
    exchanged = pair.unseen_a - pair.a.mean(axis=0) + pair.b.mean(axis=0)
    return {
        "B's mean face": np.broadcast_to(pair.b.mean(axis=0), pair.unseen_b.shape),
        "the picture of B nearest to A with the mean faces exchanged": _nearest(exchanged, pair.b),
        "PCA and transport": carried,
        "the one nearest to the transport": _nearest(carried, pair.b),
    }


class _Reader:
    """Reads turn, nod, mouth, smile and light off pictures of B: PCA and kernel ridge, on pictures drawn for it."""

    def __init__(self, pair, rng):
        poses = datasets.puppet_poses(800, rng)
        drawn = _flat(pair.draw("b", poses))
        self.poses, self.pca = pair.poses, referees.fit_pca(drawn, 50)
        self.regression = referees.fit_kernel_ridge(self.pca.encode(drawn), poses, ridge=0.003)

    def r_squared(self, pictures: np.ndarray) -> dict[str, float]:
        read = self.regression.predict(self.pca.encode(_flat(metrics.clip01(pictures))))
        return dict(zip(datasets.PUPPET_POSE, metrics.r_squared(self.poses, read).tolist(), strict=True))


@judge("swapper", capstone=True)
def judge_swapper(swapper, probe):
    """Two new puppets; the true B in A's pose is known here only. Ahead of every swap without training, and with a mouth that moves."""
    rng = probe.rng
    if rng.bit_generator.state == _try_out().bit_generator.state:
        rng.random()  # the pair of the task text is everybody's
    pair = datasets.puppets(rng)
    swap = probe.call(swapper, pair.a, pair.b)
    probe.require(kind(swap) in ("function", "model"), "no-function", found=described(swap))

    def ask(x):
        return probe.finite(probe.shape(probe.call(swap, x), x.shape)).astype(np.float32)

    got = ask(pair.unseen_a)
    again = float(np.abs(ask(pair.unseen_a) - got).mean())
    probe.require(again < 0.002, "random-at-prediction", off=again)
    probe.batch_of_one(swap, (pair.unseen_a,), got, rtol=0.01, atol=0.01)
    largest = float(np.abs(got).max())
    probe.require(largest < 5, "answers-in-other-units", largest=largest)

    rungs = {name: _psnr(pair.unseen_b, made) for name, made in _rungs(pair).items()}
    mine, wanted = _psnr(pair.unseen_b, got), max(rungs.values()) + LEAD
    reader = _Reader(pair, rng)
    read = reader.r_squared(got)
    scores = "; ".join(f"{name} {score:.1f}" for name, score in {**rungs, "yours": mine}.items())
    told = f"Swap PSNR in dB: {scores}; wanted at least {wanted:.1f}. Your mouths say how far A's is open with R² {read['mouth_open']:.2f}; wanted at least {OPEN}."
    if mine >= wanted and read["mouth_open"] >= OPEN:
        return told
    _other_pair(probe, ask, mine, told)
    _wrong_person(probe, ask, pair, got, mine, told)
    _wrong_road(probe, ask, pair, got, told)
    for carried in (_carried(pair, k) for k in WIDTHS):
        same, ahead = _psnr(carried, got), mine - _psnr(pair.unseen_b, carried)
        probe.require(same < mine + 5 or not -0.4 < ahead < 0.8, "only-the-transport", told, same=same)
    probe.require(not _is_one_line(ask, pair.unseen_a), "one-affine-map", told)
    moves = read["turn"] > 0.6 and read["nod"] > 0.5
    missed = (wanted - mine) / (wanted - _mean_face(pair))  # of the way from the mean face to the bar
    probe.require(not moves or (OPEN - read["mouth_open"]) / OPEN <= 2 * max(missed, 0), "mouth-lost", told)
    probe.fail("behind-the-bar", told)


def _other_pair(probe, ask, mine: float, told: str) -> None:
    """The pair of the task text is swapped much better than the one that was given."""
    tried = datasets.puppets(_try_out())
    other = _psnr(tried.unseen_b, ask(tried.unseen_a))
    probe.require(other < max(mine, _mean_face(tried)) + 3, "trained-on-other-puppets", told, other=other, mine=mine)


def _wrong_person(probe, ask, pair, got: np.ndarray, mine: float, told: str) -> None:
    """Answers that show A, or always the same, or are for B's pictures."""
    moved = float(np.abs(got - pair.unseen_a).mean())
    probe.require(moved > 1e-3, "returns-its-input", told)
    spread = float(got.std(axis=0).mean() / pair.unseen_b.std(axis=0).mean())
    probe.require(spread > 0.05, "ignores-the-picture", told)
    _paired_by_place(probe, ask, pair, told)
    of_b = ask(pair.unseen_b)
    turned = _psnr(pair.unseen_a, of_b)
    probe.require(turned < mine + 3, "other-direction", told, turned=turned)
    still = _psnr(pair.unseen_a, got)
    probe.require(still < mine + 3, "still-a", told, still=still)
    copies = _flat(got - _nearest(got, pair.b))
    probe.require(np.abs(copies).max(axis=1).mean() > 1e-3, "copies-pictures-of-b", told)
    own, mean = _psnr(pair.unseen_b, of_b), _mean_face(pair)
    probe.require(own < max(mine + 2, mean + 3), "codes-not-moved", told, own=own, mine=mine)


def _paired_by_place(probe, ask, pair, told: str) -> None:
    """On the pictures of the training: is the answer to the first picture of A nearer to the first of B than to others?"""
    answers, true = (_flat(x - x.mean(axis=0)) for x in (ask(pair.a), pair.b))
    agreement = (answers * true).sum(axis=1)
    chance = [(answers * np.roll(true, by, axis=0)).sum(axis=1).mean() for by in range(1, 200)]
    odd = (agreement.mean() - np.mean(chance)) / max(np.std(chance), 1e-9)
    probe.require(odd < 8, "paired-by-place", told, odd=odd)


def _wrong_road(probe, ask, pair, got: np.ndarray, told: str) -> None:
    """Is every pixel of the answer made of the same pixel of the question alone?"""
    half = pair.unseen_a.shape[1] // 2
    mixed = np.concatenate([pair.unseen_a[:, :half], np.roll(pair.unseen_a, 1, axis=0)[:, half:]], axis=1)
    apart = np.abs(ask(mixed)[:, :half] - got[:, :half]).mean()
    probe.require(apart > 1e-4, "pixel-by-pixel", told)


def _is_one_line(ask, x: np.ndarray) -> bool:
    """Whether the mean of two pictures gets the mean of the two answers, where nothing is clipped."""
    one, other = x[:100], x[100:200]
    first, between, last = (ask(part) for part in (one, (one + other) / 2, other))
    inside = np.all([(part > 0.02) & (part < 0.98) for part in (first, between, last)], axis=0)
    bent, moved = (float(np.abs(part[inside]).mean()) for part in (first + last - 2 * between, first - last))
    return bent < 0.003 * moved
