"""Telling anomalies from normal samples: how good a score is, where the alarm starts, and which moments it means.

Everywhere a **higher score is more anomalous**, and anomalies are the positive class. NumPy, SciPy and scikit-learn only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats


def _scores(name: str, values: Sequence[float]) -> np.ndarray:
    scores = np.asarray(values)
    if scores.ndim != 1 or not len(scores) or scores.dtype.kind not in "buif":
        raise ValueError(
            f"{name} must be numbers of shape (n,) with n > 0, but it has {scores.shape} of {scores.dtype}"
        )
    if np.isnan(scores).any():
        raise ValueError(f"{name} must be numbers, but {int(np.isnan(scores).sum())} of {len(scores)} are NaN")
    return scores.astype(np.float64)


def _labelled(scores: Sequence[float], is_anomaly: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    scores, labels = _scores("scores", scores), np.asarray(is_anomaly)
    if labels.dtype != bool or labels.shape != scores.shape:
        raise ValueError(
            f"is_anomaly must be bool of shape {scores.shape}, but it is {labels.dtype} of shape {labels.shape}"
        )
    if labels.all() or not labels.any():
        raise ValueError(f"is_anomaly must hold both kinds, but all {len(labels)} samples are {labels[0]}")
    return scores, labels


def area_under_roc(scores: Sequence[float], is_anomaly: Sequence[bool]) -> float:
    """Probability that a random anomaly scores higher than a random normal sample; ties count half.

    Args:
        scores: shape (n,), higher is more anomalous.
        is_anomaly: bool, shape (n,), both kinds present.

    Returns:
        1 for a perfect order, 0.5 for one that knows nothing, 0 for the reverse of a perfect one.

    Raises:
        ValueError: if shapes or types do not fit, a score is NaN or a kind is missing.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982.
    """
    scores, labels = _labelled(scores, is_anomaly)
    from sklearn.metrics import roc_auc_score  # here, because it takes a second to import

    ranks = np.unique(scores, return_inverse=True)[1]  # the area asks for the order only; infinite scores have one too
    return float(roc_auc_score(labels, ranks))


def _weighted_areas(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The area for each row of weights (resamples, n): how often each sample counts.

    All resamples at once: hundreds of calls of scikit-learn's roc_auc_score, which takes weights too, would sort anew in each.
    """
    order = np.argsort(scores, kind="stable")
    _, group = np.unique(scores[order], return_inverse=True)
    firsts = np.flatnonzero(np.diff(group, prepend=-1))
    weights, labels = weights[:, order], labels[order]
    normal, anomalous = weights * ~labels, weights * labels
    if len(firsts) < len(scores):  # ties: the weight of all samples with one score
        normal, anomalous = (np.add.reduceat(kind, firsts, axis=1) for kind in (normal, anomalous))
    below = np.cumsum(normal, axis=1, dtype=np.float64) - normal / 2
    return (anomalous * below).sum(axis=1) / (normal.sum(axis=1) * anomalous.sum(axis=1))


def bootstrap_area(
    scores: Sequence[float],
    is_anomaly: Sequence[bool],
    *,
    minus: Sequence[float] | None = None,
    resamples: int = 400,
    seed: int = 0,
) -> tuple[float, float]:
    """A 95 % interval of the area under the ROC curve over test sets drawn like this one.

    Normal samples and anomalies are drawn anew with replacement, each kind as often as there are of it.

    Args:
        scores: shape (n,).
        is_anomaly: bool, shape (n,).
        minus: another detector's scores of the same samples: the interval is then that of the difference of the two
            areas, with the same samples drawn for both.
        resamples: how many test sets are drawn.
        seed: of the draws.

    Returns:
        The 2.5 % and the 97.5 % quantile. A perfect order in the sample gives the interval (1, 1), which says only
        that no resample of it can look worse.

    Raises:
        ValueError: as :func:`area_under_roc`.

    Source: Efron 1979, the percentile bootstrap.
    """
    scores, labels = _labelled(scores, is_anomaly)
    other = None if minus is None else _labelled(minus, is_anomaly)[0]
    rng = np.random.default_rng(seed)
    areas = []
    for part in np.array_split(np.arange(resamples), max(1, resamples * len(scores) // 1_000_000)):
        weights = np.empty((len(part), len(scores)), np.float32)
        for kind in (labels, ~labels):
            count = int(kind.sum())
            weights[:, kind] = rng.multinomial(count, np.full(count, 1 / count), size=len(part))
        drawn = _weighted_areas(scores, labels, weights)
        areas.append(drawn if other is None else drawn - _weighted_areas(other, labels, weights))
    low, high = np.quantile(np.concatenate(areas), [0.025, 0.975])
    return float(low), float(high)


def alarm_threshold(validation_scores: Sequence[float], false_alarm_rate: float) -> float:
    """The score above which a sample is flagged, from normal validation samples alone.

    Args:
        validation_scores: scores of normal samples that took no part in training, shape (n,).
        false_alarm_rate: the share of new normal samples that may be flagged, between 0 and 1.

    Returns:
        The score on place ⌈(n + 1)(1 - rate)⌉ in rising order, infinity if there is none: with n = 71 normals no rate
        below 1 / 72 can be promised. A new normal sample, exchangeable with these, is flagged with probability at most
        ``false_alarm_rate``.

    Raises:
        ValueError: if there are no scores, or the rate is not strictly between 0 and 1.

    Source: Vovk, Gammerman and Shafer 2005 (split conformal prediction).
    """
    ordered = np.sort(_scores("validation_scores", validation_scores))
    if not 0 < false_alarm_rate < 1:
        raise ValueError(f"false_alarm_rate must lie between 0 and 1, but it is {false_alarm_rate!r}")
    place = math.ceil(round((len(ordered) + 1) * (1 - false_alarm_rate), 9))
    return float(ordered[place - 1]) if place <= len(ordered) else math.inf


def share_interval(count: int, total: int) -> tuple[float, float]:
    """A 95 % interval of a probability of which ``count`` of ``total`` independent trials succeeded.

    Raises:
        ValueError: unless 0 <= count <= total and total > 0.

    Source: Clopper and Pearson 1934; never shorter than it should be.
    """
    if not 0 <= count <= total or total < 1:
        raise ValueError(f"count must lie between 0 and total, and total be positive, but they are {count} and {total}")
    interval = scipy.stats.binomtest(int(count), int(total)).proportion_ci(0.95, method="exact")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True)
class OperatingPoint:
    """What a detector does at one threshold.

    Attributes:
        threshold: samples with a higher score are flagged.
        false_alarms: flagged normal samples.
        normals: all normal samples.
        hits: flagged anomalies.
        anomalies: all anomalies.
    """

    threshold: float
    false_alarms: int
    normals: int
    hits: int
    anomalies: int

    @property
    def false_alarm_rate(self) -> float:
        """Share of the normal samples that are flagged."""
        return self.false_alarms / self.normals

    @property
    def hit_rate(self) -> float:
        """Share of the anomalies that are flagged (recall)."""
        return self.hits / self.anomalies

    @property
    def precision(self) -> float:
        """Share of the alarms that are anomalies; NaN without alarms. It depends on how rare anomalies are."""
        alarms = self.hits + self.false_alarms
        return self.hits / alarms if alarms else math.nan


def operate(threshold: float, scores: Sequence[float], is_anomaly: Sequence[bool]) -> OperatingPoint:
    """Count false alarms and hits of ``scores > threshold``.

    Raises:
        ValueError: as :func:`area_under_roc`, or if the threshold is NaN.
    """
    scores, labels = _labelled(scores, is_anomaly)
    if math.isnan(threshold):
        raise ValueError("threshold must be a number or infinity, but it is NaN")
    flagged = scores > threshold
    return OperatingPoint(
        float(threshold),
        int((flagged & ~labels).sum()),
        int((~labels).sum()),
        int((flagged & labels).sum()),
        int(labels.sum()),
    )


def points_from_windows(
    window_flags: Sequence[bool], starts: Sequence[int], window: int, n_points: int, *, rule: str = "all"
) -> np.ndarray:
    """Which samples of a series are flagged, from the flags of windows that cover them.

    Args:
        window_flags: bool, shape (windows,).
        starts: first sample of each window, shape (windows,).
        window: samples in a window.
        n_points: samples in the series.
        rule: "all": flagged where every covering window is; "any": where one is.

    Returns:
        bool, shape (n_points,); False where no window reaches.

    Raises:
        ValueError: if flags and starts differ in length, a window leaves the series, or there is no such rule.
    """
    flags, starts = np.asarray(window_flags, bool), np.asarray(starts)
    if flags.ndim != 1 or flags.shape != starts.shape:
        raise ValueError(
            f"window_flags and starts must have the same shape (windows,), but they have {flags.shape} and {starts.shape}"
        )
    if rule not in ("all", "any"):
        raise ValueError(f'rule must be "all" or "any", but it is {rule!r}')
    if len(starts) and not (starts.min() >= 0 and starts.max() + window <= n_points):
        raise ValueError(
            f"windows of {window} samples from {starts.min()} to {starts.max()} must lie inside the {n_points} samples"
        )

    def covering(which: np.ndarray) -> np.ndarray:
        change = np.bincount(starts[which], minlength=n_points + 1) - np.bincount(
            starts[which] + window, minlength=n_points + 1
        )
        return np.cumsum(change)[:n_points]

    flagged = covering(flags)
    return flagged > 0 if rule == "any" else (flagged > 0) & (flagged == covering(np.ones(len(flags), bool)))


def sensor_faults(x: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Damage a table of sensors in seven ways, each row in one sensor or in all of them.

    No fault moves a whole row towards the mean: it would look more normal than before.

    Args:
        x: rows in standard deviations of each sensor, shape (n, d).
        random: draws the sensor that is hit in each row, the sign and the noise.

    Returns:
        The damaged copies by the name of the fault, each of shape (n, d) and type float32.
    """
    hit = np.arange(x.shape[1]) == random.integers(0, x.shape[1], (len(x), 1))
    sign = random.choice([-1, 1], (len(x), 1))
    made = {
        "a fifth larger": 1.2 * x,
        "half as large again": 1.5 * x,
        "cables swapped": np.roll(x, 1, axis=1),
        "one sensor flat": np.where(hit, 0.0, x),
        "one sensor upside down": np.where(hit, -x, x),
        "one sensor off": x + sign * hit,
        "noise": x + 0.3 * random.standard_normal(x.shape),
    }
    return {fault: rows.astype("float32") for fault, rows in made.items()}
