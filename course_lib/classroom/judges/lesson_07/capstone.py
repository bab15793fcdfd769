"""The judge of the capstone: a detector for a machine that nobody has seen, by its area and by its realised false alarms."""

from __future__ import annotations

import numpy as np
import scipy.stats

from course_lib import datasets, detection, metrics, referees
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(7)
BAR = 2 / 3  # of the best referee's wrong pairs
RATES = (0.05, 0.08), (0.2, 0.3)  # between which the two wanted false-alarm rates are drawn
# Neighbouring moments that tell as much as one. Of 14 machines the nearest neighbour's alarms have 3 to 12, half of them below the second
# number: it bounds too few alarms. Too many are what a leak gives, and bounded as if moments told more.
ALIKE = {"many": 3.5, "few": 5.5}
HELD_OUT = 3  # one row in so many is thought to be held out
REACH = {"from 0 to 1": (0, 1), "of 0 and more": (0, np.inf), "from -1 to 1": (-1, 1)}  # of a sigmoid, a relu, a tanh


def _allowed(rate: float, held_out: int, later: int) -> tuple[float, float]:
    """The share of false alarms that honest order statistics give in 999 of 1,000 recordings.

    A threshold on a place of m independent held-out scores has a true rate of Beta(m + 1 - place, place); then the
    later moments are counted. Neighbours are alike, so there are fewer of both than rows.
    """
    ends = []
    for alike, tail in ((ALIKE["few"], 0.0005), (ALIKE["many"], 0.9995)):
        m, n = int(held_out / alike), int(later / alike)
        above = (m + 1) * rate
        ends.append(float(scipy.stats.betabinom(n, above, m + 1 - above).ppf(tail) / n))
    return ends[0], ends[1]


def _rungs(normal: np.ndarray, later: np.ndarray, faulty: np.ndarray) -> dict[str, float]:
    """Areas of detectors without a network; the components of PCA are chosen with the labels."""
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    known, asked = (((x - mean) / spread).astype(np.float32) for x in (normal, later))
    pca = referees.fit_pca(known)
    parts = np.square(pca.encode(asked))  # what each component explains of the squared distance
    left = [parts[:, k:].sum(axis=1) for k in range(1, parts.shape[1])]

    def area(scores):
        return detection.area_under_roc(scores, faulty)

    return {
        "distance to the mean": area(parts.sum(axis=1)),
        "Mahalanobis": area((parts / pca.eigenvalues).sum(axis=1)),
        "the best PCA": max(map(area, left)),
        "nearest neighbour": area(metrics.nearest_distance(asked, known)),
    }


@judge("watch_machine", capstone=True)
def judge_watch_machine(watch_machine, probe):
    """One machine; thresholds are asked for before any later moment is shown, and no later moment beside its neighbours."""
    data = datasets.machine_recording(np.random.default_rng(probe.rng.integers(2**63)))
    wanted = [float(probe.rng.uniform(*ends)) for ends in RATES]
    order = probe.rng.permutation(len(data.later))
    later, faulty = data.later[order], data.kinds[order] > 0
    detector = probe.call(watch_machine, data.normal)
    pair = isinstance(detector, list | tuple) and len(detector) == 2
    probe.require(pair and kind(detector[0]) in ("function", "model"), "no-detector", found=described(detector))
    score, threshold = detector
    probe.require(kind(threshold) == "function", "one-threshold", found=described(threshold))
    if probe.attempt(threshold, wanted[0])[1] is not None:  # a score that was asked for a threshold?
        probe.require(probe.attempt(score, wanted[0])[1] is not None, "one-threshold/other-order")
    thresholds = [probe.number(probe.call(threshold, rate), "threshold", "threshold-shape") for rate in wanted]
    probe.require(not np.isnan(thresholds).any(), "not-finite")

    def ask(rows):
        mistakes = {rows.shape: "copies-not-scores", (len(rows), 1): "wrong-shape/column"}
        mistakes |= {(len(rows) - lost,): "wrong-shape/windows" for lost in range(1, 201)}
        got = probe.finite(probe.shape(probe.call(score, rows), (len(rows),), mistakes)).astype(np.float64)
        return np.clip(got, -1e100, 1e100)

    some = probe.rng.permutation(len(later))[:300]
    before, scores = ask(later[some]), ask(later)
    probe.require(np.ptp(scores) > 0, "flags-not-scores/one")
    _one_row_at_a_time(probe, score, later, scores, some, before, ask(later[some]))

    rungs = _rungs(data.normal[: -len(data.normal) // HELD_OUT], later, faulty)
    area, best = detection.area_under_roc(scores, faulty), max(rungs.values())
    needed = 1 - BAR * (1 - best)
    calm = scores[~faulty]
    shares = [float((calm > at).mean()) for at in thresholds]
    allowed = [_allowed(rate, len(data.normal) // HELD_OUT, len(calm)) for rate in wanted]
    told = _told(rungs, area, needed, wanted, shares, allowed)
    alarms = all(low <= share <= high for share, (low, high) in zip(shares, allowed, strict=True))
    if area >= needed and alarms:
        return told
    _no_score(probe, scores, area, told)
    if area < needed:
        folded = detection.area_under_roc(np.abs(scores - np.median(calm)), faulty)  # strange at both of its ends?
        _small_area(probe, ask, data, told, folded if folded > max(area + 0.05, 0.6) else None)
    probe.require(not np.isclose(*thresholds, rtol=1e-6, atol=0), "ignores-the-rate", told)
    probe.require(shares[1] < 0.97, "wrong-end/percent", told)
    probe.require(shares[0] < 0.6, "wrong-end", told)
    _wrong_alarms(probe, ask(data.normal), thresholds, wanted, shares, allowed, told)


def _told(rungs, area: float, needed: float, wanted, shares, allowed) -> str:
    """The rungs and the alarms, as two sentences."""
    areas = "; ".join(f"{name} {value:.3f}" for name, value in {**rungs, "yours": area}.items())
    alarms = " and ".join(
        f"{share:.1%} where {rate:.1%} were wanted ({low:.1%} to {high:.1%} pass)"
        for share, rate, (low, high) in zip(shares, wanted, allowed, strict=True)
    )
    return f"Area under the ROC curve: {areas}; wanted at least {needed:.3f}. Of the later normal moments your alarm flags {alarms}."


def _one_row_at_a_time(probe, score, later: np.ndarray, scores: np.ndarray, some, before, again) -> None:
    """The score of a moment is its own: the same before and after it was seen among all, in their company, and alone."""
    scale = float(np.quantile(scores, 0.9) - np.quantile(scores, 0.1)) or 1.0
    off = float(np.abs(again - before).mean()) / scale
    probe.require(off < 0.01, "random-at-prediction", off=off)
    off = float(np.abs(scores[some] - before).mean()) / scale
    probe.require(off < 0.01, "depends-on-the-company", off=off)
    probe.batch_of_one(score, (later,), scores, rtol=0.01, atol=0.01 * scale)


def _no_score(probe, scores: np.ndarray, area: float, told: str) -> None:
    probe.require(len(np.unique(scores)) > 2, "flags-not-scores", told)
    probe.require(area > 0.35, "wrong-sign", told)


def _small_area(probe, ask, data, told: str, folded: float | None) -> None:
    """Which sensors count, with which sign? Can a copy reach them? Are the links between them seen?"""
    rng, calm = probe.rng, np.flatnonzero(data.kinds == 0)
    rows = data.later[rng.permutation(calm)[:400]]
    sensors = rows.shape[1]
    moved = np.repeat(rows[None], sensors, axis=0)
    for sensor in range(sensors):
        moved[sensor, :, sensor] = np.roll(rows[:, sensor], 1)
    own = ask(rows)
    moves = np.abs(ask(moved.reshape(-1, sensors)).reshape(sensors, -1) - own).mean(axis=1)
    silent, counted = int((moves <= 3e-3 * moves.max()).sum()), moves.sum() ** 2 / (np.square(moves).sum() or 1)
    few = min(sensors - silent, round(counted))  # so many sensors that move it alike would have the same spread
    in_units = counted <= sensors / 2 and moves.argmax() in np.argsort(data.normal.std(axis=0))[-2:]
    probe.require(silent < sensors // 4 and not in_units, "raw-units", told, few=few, sensors=sensors)
    probe.require(folded is None, "errors-cancel", told, folded=folded)
    z = (rows - data.normal.mean(axis=0)) / data.normal.std(axis=0)
    alike = [np.corrcoef(own, np.square(z - np.clip(z, *ends)).sum(axis=1))[0, 1] for ends in ((0, 0), *REACH.values())]
    reach = list(REACH)[int(np.argmax(alike[1:]))]
    probe.require(max(alike[1:]) < max(0.97, alike[0]), "out-of-reach", told, reach=reach)
    mixed = np.stack([np.roll(rows[:, sensor], sensor) for sensor in range(sensors)], axis=1)
    seen = detection.area_under_roc(np.concatenate([own, ask(mixed)]), np.repeat([False, True], len(rows)))
    probe.require(seen > 0.65, "ignores-the-links", told, seen=seen)
    probe.fail("behind-the-bar", told)


def _wrong_alarms(probe, known: np.ndarray, thresholds, wanted, shares, allowed, told: str) -> None:
    """Where do the alarms of the recording lie from which the threshold was taken?"""
    which = int(shares[0] <= allowed[0][1])  # the lower rate shows it best
    rate, share = wanted[which], shares[which]
    flagged = known > thresholds[which]
    own = float(flagged.mean())
    probe.require(share > allowed[which][1], "too-few-alarms", told, own=own, rate=rate)
    probe.require(own < 0.95 * rate, "threshold-from-training", told, own=own)
    third = len(flagged) // 3
    ends = [flagged[:third].mean(), flagged[-third:].mean()]
    even = max(ends) < 1.6 * own and own < 1.3 * rate  # rows drawn at random flag no more than the rate
    probe.require(not even, "split-at-random", told, own=own)
    probe.fail("too-many-alarms", told, own=own, share=share)
