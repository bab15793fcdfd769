"""Wrong answers to the exercises of lesson 07, each with the misconception that its check must name."""

import math

import keras
import numpy as np

from authoring.bank import wrong
import itertools

# roc_auc


def _wins(scores, is_anomaly):
    return scores[is_anomaly][:, None] > scores[~is_anomaly][None]


def _ties(scores, is_anomaly):
    return scores[is_anomaly][:, None] == scores[~is_anomaly][None]


@wrong("normal-is-positive")
def roc_auc(scores, is_anomaly):
    return float(_wins(scores, ~is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)


@wrong("normal-is-positive")
def roc_auc(scores, is_anomaly):
    return float((scores[is_anomaly][:, None] < scores[~is_anomaly][None]).mean())


@wrong("ties-lose")
def roc_auc(scores, is_anomaly):
    return float(_wins(scores, is_anomaly).mean())


@wrong("ties-win")
def roc_auc(scores, is_anomaly):
    return float((scores[is_anomaly][:, None] >= scores[~is_anomaly][None]).mean())


@wrong("drops-the-ties")
def roc_auc(scores, is_anomaly):
    wins, losses = _wins(scores, is_anomaly).sum(), _wins(scores, ~is_anomaly).sum()
    return float(wins / max(wins + losses, 1))


@wrong("ties-in-arbitrary-order")
def roc_auc(scores, is_anomaly):
    ranks = np.argsort(np.argsort(scores, kind="stable"), kind="stable")
    positive = int(is_anomaly.sum())
    return float((ranks[is_anomaly].sum() - positive * (positive - 1) / 2) / (positive * (~is_anomaly).sum()))


@wrong("ties-in-arbitrary-order")
def roc_auc(scores, is_anomaly):
    # Sorted by the default method, which keeps no order within ties.
    ranks = np.argsort(np.argsort(scores))
    positive = int(is_anomaly.sum())
    return float((ranks[is_anomaly].sum() - positive * (positive - 1) / 2) / (positive * (~is_anomaly).sum()))


@wrong("ties-in-arbitrary-order")
def roc_auc(scores, is_anomaly):
    # A running sum, from the lowest score to the highest.
    passed = won = 0
    for number in np.argsort(scores):
        passed += not is_anomaly[number]
        won += passed * bool(is_anomaly[number])
    return float(won / (is_anomaly.sum() * passed))


@wrong("ties-in-arbitrary-order")
def roc_auc(scores, is_anomaly):
    # A curve with one corner a sample.
    labels = is_anomaly[np.argsort(scores)[::-1]]
    return float(
        np.trapezoid(np.r_[0, np.cumsum(labels) / labels.sum()], np.r_[0, np.cumsum(~labels) / (~labels).sum()])
    )


@wrong("accuracy")
def roc_auc(scores, is_anomaly):
    return float(((scores > np.median(scores)) == is_anomaly).mean())


@wrong("one-threshold")
def roc_auc(scores, is_anomaly):
    flagged = scores > np.median(scores)
    return float((flagged[is_anomaly].mean() + (~flagged[~is_anomaly]).mean()) / 2)


@wrong("difference-of-means")
def roc_auc(scores, is_anomaly):
    return float(scores[is_anomaly].mean() - scores[~is_anomaly].mean())


@wrong("not-divided")
def roc_auc(scores, is_anomaly):
    return float(_wins(scores, is_anomaly).sum() + _ties(scores, is_anomaly).sum() / 2)


@wrong("wrong-denominator")
def roc_auc(scores, is_anomaly):
    return float((_wins(scores, is_anomaly).sum() + _ties(scores, is_anomaly).sum() / 2) / len(scores) ** 2)


@wrong("rescaled")
def roc_auc(scores, is_anomaly):
    return float(_wins(scores, is_anomaly).mean() - _wins(scores, ~is_anomaly).mean())


@wrong("not-by-order")
def roc_auc(scores, is_anomaly):
    # Close scores count as ties.
    anomalies, normals = scores[is_anomaly][:, None], scores[~is_anomaly][None]
    ties = np.isclose(anomalies, normals)
    return float(((anomalies > normals) & ~ties).mean() + ties.mean() / 2)


@wrong("not-by-order")
def roc_auc(scores, is_anomaly):
    # Sorts out ties by a rounding that the first inputs survive.
    scores = np.round(scores, 6)
    return float(_wins(scores, is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)


@wrong("wrong-shape")
def roc_auc(scores, is_anomaly):
    return _wins(scores, is_anomaly).mean(axis=1) + _ties(scores, is_anomaly).mean(axis=1) / 2


@wrong("changes-its-input")
def roc_auc(scores, is_anomaly):
    scores -= scores.min()
    return float(_wins(scores, is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)


def _shared_ranks(scores, is_anomaly, rank):
    ranks = np.array([rank(scores, score) for score in scores])
    positive = int(is_anomaly.sum())
    return float((ranks[is_anomaly].sum() - positive * (positive + 1) / 2) / (positive * (~is_anomaly).sum()))


@wrong("shares-the-wrong-rank")
def roc_auc(scores, is_anomaly):
    return _shared_ranks(scores, is_anomaly, lambda all_of_them, score: 1 + (all_of_them < score).sum())


@wrong("shares-the-wrong-rank")
def roc_auc(scores, is_anomaly):
    return _shared_ranks(scores, is_anomaly, lambda all_of_them, score: (all_of_them <= score).sum())


@wrong("shares-the-wrong-rank")
def roc_auc(scores, is_anomaly):
    return _shared_ranks(
        scores, is_anomaly, lambda all_of_them, score: 1 + len(np.unique(all_of_them[all_of_them < score]))
    )


@wrong("never-below-half")
def roc_auc(scores, is_anomaly):
    area = float(_wins(scores, is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)
    return max(area, 1 - area)


def _trapezoids(scores, is_anomaly, thresholds):
    thresholds = np.reshape(thresholds, (-1, 1))
    hits, alarms = (scores[is_anomaly] > thresholds).mean(axis=1), (scores[~is_anomaly] > thresholds).mean(axis=1)
    return float(np.trapezoid(hits, alarms))


@wrong("not-by-order")
def roc_auc(scores, is_anomaly):
    # Thresholds on a grid, and not at the scores.
    return _trapezoids(scores, is_anomaly, [*np.linspace(scores.max(), scores.min(), 1000), -np.inf])


@wrong("not-by-order")
def roc_auc(scores, is_anomaly):
    return _trapezoids(scores, is_anomaly, [*np.linspace(scores.max(), scores.min(), 10_000), -np.inf])


@wrong("wrong-area")
def roc_auc(scores, is_anomaly):
    # Each anomaly against one normal sample.
    anomalies, normals = scores[is_anomaly], scores[~is_anomaly]
    fewer = min(len(anomalies), len(normals))
    return float(np.heaviside(anomalies[:fewer] - normals[:fewer], 0.5).mean())


@wrong("wrong-area")
def roc_auc(scores, is_anomaly):
    # Not more than a hundred of the scores as thresholds.
    levels = np.unique(scores)[::-1]
    return _trapezoids(scores, is_anomaly, [*levels[:: math.ceil(len(levels) / 100)], -np.inf])


def _rank_sum(scores, is_anomaly, lowest):
    below = (scores[:, None] > scores).sum(axis=1) + ((scores[:, None] == scores).sum(axis=1) - 1) / 2
    positive = int(is_anomaly.sum())
    won = (below[is_anomaly] + lowest).sum() - positive * (positive + 1) / 2
    return won / (positive * (~is_anomaly).sum())


@wrong("wrong-rank-sum")
def roc_auc(scores, is_anomaly):
    # Ranks from 0, and the sum of ranks from 1 taken away.
    return float(_rank_sum(scores, is_anomaly, 0))


@wrong("wrong-rank-sum")
def roc_auc(scores, is_anomaly):
    return float(_rank_sum(scores, is_anomaly, 1) + 1 / (~is_anomaly).sum())


@wrong("one-anomaly-for-all")
def roc_auc(scores, is_anomaly):
    return float((scores[is_anomaly].mean() > scores[~is_anomaly]).mean())


@wrong("one-anomaly-for-all")
def roc_auc(scores, is_anomaly):
    return float((np.median(scores[is_anomaly]) > scores[~is_anomaly]).mean())


@wrong("ignores-the-labels")
def roc_auc(scores, is_anomaly):
    return float((scores[:, None] > scores).mean() + (scores[:, None] == scores).mean() / 2)


@wrong("curve-without-its-ends")
def roc_auc(scores, is_anomaly):
    return _trapezoids(scores, is_anomaly, np.unique(scores)[::-1])


@wrong("integrates-backwards")
def roc_auc(scores, is_anomaly):
    return _trapezoids(scores, is_anomaly, [-np.inf, *np.unique(scores)])


@wrong("in-percent")
def roc_auc(scores, is_anomaly):
    return 100 * float(_wins(scores, is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)


@wrong("curve-without-its-ends")
def roc_auc(scores, is_anomaly):
    # Begins with the samples of the highest score.
    levels = np.unique(scores)[::-1, None]
    hits, alarms = (scores[is_anomaly] >= levels).mean(axis=1), (scores[~is_anomaly] >= levels).mean(axis=1)
    return float(np.trapezoid(hits, alarms))


@wrong("not-by-order")
def roc_auc(scores, is_anomaly):
    scores = scores.astype(np.float32)
    return float(_wins(scores, is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)


@wrong("not-by-order")
def roc_auc(scores, is_anomaly):
    # Scores within a tolerance of each other are one level.
    scores = np.sort(scores)[np.searchsorted(np.sort(scores), scores - 1e-6)]
    return float(_wins(scores, is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)


@wrong("wrong-area")
def roc_auc(scores, is_anomaly):
    # Takes a constant score for a perfect one.
    area = float(_wins(scores, is_anomaly).mean() + _ties(scores, is_anomaly).mean() / 2)
    return area if len(np.unique(scores)) > 1 else 1.0


@wrong("wrong-area")
def roc_auc(scores, is_anomaly):
    # The mean over no samples at all.
    found = [(scores[is_anomaly] > score).mean() for score in scores[is_anomaly & ~is_anomaly]]
    return float(np.mean(found))


@wrong("not-by-order")
def roc_auc(scores, is_anomaly):
    # A tolerance that is far below every spacing but those of tiny scores.
    difference = np.subtract.outer(scores[is_anomaly], scores[~is_anomaly])
    return float((difference > 1e-12).mean() + (np.abs(difference) <= 1e-12).mean() / 2)


@wrong("curve-without-its-ends")
def roc_auc(scores, is_anomaly):
    # Standardised first: equal scores have no spread to divide by.
    scaled = (scores - scores.mean()) / scores.std()
    return float(_wins(scaled, is_anomaly).mean() + _ties(scaled, is_anomaly).mean() / 2)


@wrong("precision-and-recall")
def roc_auc(scores, is_anomaly):
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(is_anomaly, scores))


@wrong("precision-and-recall")
def roc_auc(scores, is_anomaly):
    from sklearn.metrics import auc, precision_recall_curve

    precision, recall, _ = precision_recall_curve(is_anomaly, scores)
    return float(auc(recall, precision))


@wrong("swapped-arguments")
def roc_auc(scores, is_anomaly):
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(scores, is_anomaly))


# choose_threshold


@wrong("mean-plus-sd")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return float(validation_normal_scores.mean() + validation_normal_scores.std())


@wrong("mean-plus-sd")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return float(np.mean(validation_normal_scores) + 2 * np.std(validation_normal_scores))


@wrong("interpolated-quantile")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return float(np.quantile(validation_normal_scores, 1 - false_alarm_rate))


@wrong("wrong-end")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return float(np.quantile(validation_normal_scores, false_alarm_rate))


@wrong("wrong-end")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * false_alarm_rate, 9))
    return float(np.sort(validation_normal_scores)[place - 1]) if place <= n else math.inf


@wrong("largest-score")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return float(np.max(validation_normal_scores))


@wrong("one-place-too-high")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    # Counts from 0.
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))
    return float(np.sort(validation_normal_scores)[place]) if place < n else math.inf


@wrong("one-place-too-high")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    # A published recipe: the place as a share of n, of which the quantile makes a share of n - 1.
    n = len(validation_normal_scores)
    share = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9)) / n
    return float(np.quantile(validation_normal_scores, share, method="higher")) if share <= 1 else math.inf


@wrong("rounds-down")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.floor(round((n + 1) * (1 - false_alarm_rate), 9))
    return float(np.sort(validation_normal_scores)[max(place, 1) - 1]) if place <= n else math.inf


@wrong("forgets-the-new-sample")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.ceil(round(n * (1 - false_alarm_rate), 9))
    return float(np.sort(validation_normal_scores)[place - 1])


@wrong("no-infinity")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))
    return float(np.sort(validation_normal_scores)[min(place, n) - 1])


@wrong("no-infinity")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))
    return float(np.sort(validation_normal_scores)[place - 1])


@wrong("not-sorted")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))
    return float(validation_normal_scores[place - 1]) if place <= n else math.inf


@wrong("the-place-itself")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))
    return place if place <= n else math.inf


@wrong("changes-its-input")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    validation_normal_scores.sort()
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))
    return float(validation_normal_scores[place - 1]) if place <= n else math.inf


def _place(n, false_alarm_rate):
    return math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))


def _at_place(scores, false_alarm_rate):
    place = _place(len(scores), false_alarm_rate)
    return float(np.sort(scores)[place - 1]) if place <= len(scores) else math.inf


@wrong("infinity-too-early")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    if len(validation_normal_scores) < 1 / false_alarm_rate:
        return math.inf
    return _at_place(validation_normal_scores, false_alarm_rate)


@wrong("infinity-too-early")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = _place(n, false_alarm_rate)
    return math.inf if place >= n else _at_place(validation_normal_scores, false_alarm_rate)


@wrong("wrong-end")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = _place(n, false_alarm_rate)
    return float(np.sort(validation_normal_scores)[::-1][place - 1]) if place <= n else math.inf


@wrong("another-quantile")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    if _place(len(validation_normal_scores), false_alarm_rate) > len(validation_normal_scores):
        return math.inf
    return float(np.quantile(validation_normal_scores, 1 - false_alarm_rate, method="higher"))


@wrong("interpolated-quantile")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    if _place(len(validation_normal_scores), false_alarm_rate) > len(validation_normal_scores):
        return math.inf
    return float(np.quantile(validation_normal_scores, 1 - false_alarm_rate, method="weibull"))


@wrong("one-place-too-low")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = math.ceil(round(n - (n + 1) * false_alarm_rate, 9))
    return float(np.sort(validation_normal_scores)[max(place, 1) - 1]) if place < n else math.inf


@wrong("rounds-to-nearest")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = round((n + 1) * (1 - false_alarm_rate))
    return float(np.sort(validation_normal_scores)[place - 1]) if place <= n else math.inf


@wrong("one-place-too-high")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    # Rounds down, and takes the number for one that counts from 0.
    n = len(validation_normal_scores)
    place = int(round((n + 1) * (1 - false_alarm_rate), 9))
    return float(np.sort(validation_normal_scores)[place]) if place < n else math.inf


@wrong("no-infinity")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    # The place is rounded to a hundredth before it is rounded up.
    n = len(validation_normal_scores)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 2))
    return float(np.sort(validation_normal_scores)[place - 1]) if place <= n else math.inf


@wrong("wrong-threshold")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    # A score is an error, thinks the learner, and never below 0.
    return max(0.0, _at_place(validation_normal_scores, false_alarm_rate))


@wrong("drops-equal-scores")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return _at_place(np.unique(validation_normal_scores), false_alarm_rate)


@wrong("wrong-threshold")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return _at_place(np.abs(validation_normal_scores), false_alarm_rate)


@wrong("just-below-the-score")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    # "Greater" turned into "at least": the sample on the threshold is flagged.
    return float(np.nextafter(_at_place(validation_normal_scores, false_alarm_rate), -math.inf))


@wrong("just-below-the-score")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return _at_place(validation_normal_scores, false_alarm_rate) - 1e-12


@wrong("ignores-the-rate")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return float(np.median(validation_normal_scores))


@wrong("not-a-score")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    return 1 - false_alarm_rate


@wrong("wrong-shape")
def choose_threshold(validation_normal_scores, false_alarm_rate):
    place = min(_place(len(validation_normal_scores), false_alarm_rate), len(validation_normal_scores))
    return np.sort(validation_normal_scores)[place - 1 : place]


# split_windows


def _cut(n_points, fractions):
    return np.round(np.cumsum([0, *fractions]) * n_points).astype(int)


@wrong("split-at-random")
def split_windows(n_points, window, stride, fractions):
    starts = np.random.permutation(np.arange(0, n_points - window + 1, stride))
    return tuple(np.split(starts, _cut(len(starts), fractions)[1:-1]))


@wrong("split-at-random")
def split_windows(n_points, window, stride, fractions):
    starts = np.random.permutation(np.arange(0, n_points - window + 1, stride))
    return tuple(np.sort(part) for part in np.split(starts, _cut(len(starts), fractions)[1:-1]))


@wrong("windows-across-the-edge")
def split_windows(n_points, window, stride, fractions):
    starts = np.arange(0, n_points - window + 1, stride)
    return tuple(np.split(starts, _cut(len(starts), fractions)[1:-1]))


@wrong("windows-across-the-edge")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    starts = np.arange(0, n_points - window + 1, stride)
    return tuple(starts[(starts >= a) & (starts < b)] for a, b in itertools.pairwise(edges))


@wrong("leaves-the-series")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a, b, stride) for a, b in itertools.pairwise(edges))


@wrong("drops-the-last-window")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a, b - window, stride) for a, b in itertools.pairwise(edges))


@wrong("counts-within-the-segment")
def split_windows(n_points, window, stride, fractions):
    lengths = np.diff(_cut(n_points, fractions))
    return tuple(np.arange(0, length - window + 1, stride) for length in lengths)


@wrong("ignores-the-stride")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a, b - window + 1, window) for a, b in itertools.pairwise(edges))


@wrong("ignores-the-stride")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a, b - window + 1) for a, b in itertools.pairwise(edges))


@wrong("one-grid-for-all")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    starts = np.arange(0, n_points - window + 1, stride)
    return tuple(starts[(starts >= a) & (starts + window <= b)] for a, b in itertools.pairwise(edges))


@wrong("shares-taken-for-edges")
def split_windows(n_points, window, stride, fractions):
    edges = [0, *(round(share * n_points) for share in fractions)]
    return tuple(np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges))


@wrong("shares-taken-for-edges")
def split_windows(n_points, window, stride, fractions):
    edges = [0, *(round(share * n_points) for share in fractions[:2]), n_points]
    return tuple(np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges))


@wrong("one-sample-too-far")
def split_windows(n_points, window, stride, fractions):
    parts = []
    for start, edge in itertools.pairwise(_cut(n_points, fractions)):
        part = []
        while start + window - 1 <= edge:
            part.append(start)
            start += stride
        parts.append(np.array(part, int))
    return tuple(parts)


@wrong("window-in-a-short-segment")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a, max(b - window, a) + 1, stride) for a, b in itertools.pairwise(edges))


@wrong("window-and-stride-swapped")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a, b - stride + 1, window) for a, b in itertools.pairwise(edges))


@wrong("wrong-type")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    names = "training", "validation", "test"
    return {name: np.arange(edges[j], edges[j + 1] - window + 1, stride) for j, name in enumerate(names)}


@wrong("wrong-type")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple((np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges)) for _ in range(3))


@wrong("trusts-the-float")
def split_windows(n_points, window, stride, fractions):
    edges = [0]
    for share in fractions:
        edges.append(edges[-1] + share * n_points)
    return tuple(np.arange(a, b - window + 1, stride).astype(int) for a, b in itertools.pairwise(edges))


@wrong("too-few-windows")
def split_windows(n_points, window, stride, fractions):
    # Leaves a gap of a window before each segment, on top of the cut.
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a + window, b - window + 1, stride) for a, b in itertools.pairwise(edges))


@wrong("not-integers")
def split_windows(n_points, window, stride, fractions):
    edges = np.cumsum([0, *fractions]) * n_points
    return tuple(np.arange(a, b - window + 1e-6, stride) for a, b in itertools.pairwise(edges))


@wrong("wrong-shape")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return np.concatenate([np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges)]).tolist()


@wrong("trusts-the-float")
def split_windows(n_points, window, stride, fractions):
    first, second = int(fractions[0] * n_points), int(fractions[1] * n_points)
    edges = [0, first, first + second, n_points]
    return tuple(np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges))


@wrong("trusts-the-float")
def split_windows(n_points, window, stride, fractions):
    edges = [int(sum(fractions[:j]) * n_points) for j in range(3)] + [n_points]
    return tuple(np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges))


@wrong("trusts-the-float")
def split_windows(n_points, window, stride, fractions):
    edges = [math.ceil(sum(fractions[:j]) * n_points) for j in range(3)] + [n_points]
    return tuple(np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges))


@wrong("splits-in-another-order")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    training, validation, test = (np.arange(a, b - window + 1, stride) for a, b in itertools.pairwise(edges))
    return training, test, validation


@wrong("not-in-rising-order")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.random.permutation(np.arange(a, b - window + 1, stride)) for a, b in itertools.pairwise(edges))


@wrong("one-grid-for-all")
def split_windows(n_points, window, stride, fractions):
    # One walk through the series: after a segment it goes on where the stride leads, if that lies behind the edge.
    start, parts = 0, []
    for edge in _cut(n_points, fractions)[1:]:
        part = []
        while start + window <= edge:
            part.append(start)
            start += stride
        parts.append(np.array(part, int))
        start = max(start, int(edge))
    return tuple(parts)


@wrong("split-at-random")
def split_windows(n_points, window, stride, fractions):
    # One window for each split, the latest first.
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a // 3, n_points - window + 1, n_points)[:1] for a in reversed(edges[:-1]))


@wrong("wrong-starts")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return tuple(np.arange(b - window, a - 1, -stride)[::-1] for a, b in itertools.pairwise(edges))


@wrong("wrong-starts")
def split_windows(n_points, window, stride, fractions):
    # Windows around their starts.
    edges = _cut(n_points, fractions)
    return tuple(np.arange(a, b - window + 1, stride) - window // 2 for a, b in itertools.pairwise(edges))


@wrong("wrong-shape")
def split_windows(n_points, window, stride, fractions):
    edges = _cut(n_points, fractions)
    return [np.arange(a, b - window + 1, stride)[:, None] for a, b in itertools.pairwise(edges)]


# mean_beat_score, pca_score, knn_score


def _mean(train_normal, x):
    return np.sum((x - train_normal.mean(axis=0)) ** 2, axis=1)


def _pca(train_normal, x, k):
    mean = train_normal.mean(axis=0)
    axes = np.linalg.svd(train_normal - mean, full_matrices=False)[2][:k]
    return np.sum(((x - mean) - (x - mean) @ axes.T @ axes) ** 2, axis=1)


def _knn(train_normal, x, k):
    return np.sort(np.linalg.norm(x[:, None] - train_normal[None], axis=2), axis=1)[:, :k].mean(axis=1)


def _three(mean_beat_score=_mean, pca_score=_pca, knn_score=_knn):
    return mean_beat_score, pca_score, knn_score


@wrong("not-squared", "mean_beat_score")
def _root():
    return _three(mean_beat_score=lambda train, x: np.linalg.norm(x - train.mean(axis=0), axis=1))


@wrong("mean-not-sum", "mean_beat_score")
def _mean_of_squares():
    return _three(mean_beat_score=lambda train, x: np.mean((x - train.mean(axis=0)) ** 2, axis=1))


@wrong("fits-on-what-it-scores", "mean_beat_score")
def _mean_of_x():
    return _three(mean_beat_score=lambda train, x: np.sum((x - x.mean(axis=0)) ** 2, axis=1))


@wrong("fits-on-what-it-scores", "mean_beat_score")
def _mean_of_all():
    return _three(mean_beat_score=lambda train, x: np.sum((x - np.concatenate([train, x]).mean(axis=0)) ** 2, axis=1))


@wrong("one-mean-for-all", "mean_beat_score")
def _grand_mean():
    return _three(mean_beat_score=lambda train, x: np.sum((x - train.mean()) ** 2, axis=1))


@wrong("mean-of-each-window", "mean_beat_score")
def _variance_of_a_window():
    return _three(mean_beat_score=lambda train, x: np.sum((x - x.mean(axis=1, keepdims=True)) ** 2, axis=1))


@wrong("wrong-shape", "mean_beat_score")
def _score_of_each_sample():
    return _three(mean_beat_score=lambda train, x: np.sum((x - train.mean(axis=0)) ** 2, axis=0))


@wrong("not-squared", "mean_beat_score")
def _root_of_residual():
    return _three(pca_score=lambda train, x, k: np.sqrt(_pca(train, x, k)))


@wrong("distance-inside-the-plane", "mean_beat_score")
def _inside():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
        return np.sum(((x - mean) @ axes.T) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("not-centred", "mean_beat_score")
def _through_the_origin():
    def pca_score(train, x, k):
        axes = np.linalg.svd(train, full_matrices=False)[2][:k]
        return np.sum((x - x @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("not-centred", "mean_beat_score")
def _axes_centred_x_not():
    def pca_score(train, x, k):
        axes = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)[2][:k]
        return np.sum((x - x @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("not-centred", "mean_beat_score")
def _x_centred_axes_not():
    def pca_score(train, x, k):
        axes = np.linalg.svd(train, full_matrices=False)[2][:k]
        left = x - train.mean(axis=0)
        return np.sum((left - left @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("axes-transposed", "mean_beat_score")
def _columns_of_the_svd():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        axes = np.linalg.svd(train - mean)[2][:, :k].T
        return np.sum(((x - mean) - (x - mean) @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("axes-transposed", "mean_beat_score")
def _rows_of_eigenvectors():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        axes = np.linalg.eigh((train - mean).T @ (train - mean))[1][-k:]
        return np.sum(((x - mean) - (x - mean) @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("scores-the-training-windows", "mean_beat_score")
def _mean_of_x_for_the_training_windows():
    return _three(mean_beat_score=lambda train, x: _mean(x, train))


@wrong("scores-the-training-windows", "mean_beat_score")
def _residuals_of_the_training_windows():
    return _three(pca_score=lambda train, x, k: _pca(x, train, k))


@wrong("scores-the-training-windows", "mean_beat_score")
def _neighbours_of_the_training_windows():
    return _three(knn_score=lambda train, x, k: _knn(x, train, k))


@wrong("fits-on-what-it-scores", "mean_beat_score")
def _pca_of_x():
    return _three(pca_score=lambda train, x, k: _pca(x, x, k))


@wrong("fits-on-what-it-scores", "mean_beat_score")
def _pca_of_all():
    return _three(pca_score=lambda train, x, k: _pca(np.concatenate([train, x]), x, k))


@wrong("smallest-components", "mean_beat_score")
def _ascending():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        axes = np.linalg.eigh((train - mean).T @ (train - mean))[1][:, :k].T
        axes = np.linalg.svd(train - mean, full_matrices=False)[2][-k:] if len(train) < len(mean) else axes
        return np.sum(((x - mean) - (x - mean) @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("squared-distances", "mean_beat_score")
def _squares():
    def knn_score(train, x, k):
        return np.sort(((x[:, None] - train[None]) ** 2).sum(axis=2), axis=1)[:, :k].mean(axis=1)

    return _three(knn_score=knn_score)


@wrong("k-th-neighbour", "mean_beat_score")
def _kth():
    def knn_score(train, x, k):
        return np.sort(np.linalg.norm(x[:, None] - train[None], axis=2), axis=1)[:, k - 1]

    return _three(knn_score=knn_score)


@wrong("sum-not-mean", "mean_beat_score")
def _sum():
    return _three(knn_score=lambda train, x, k: k * _knn(train, x, k))


@wrong("nearest-only", "mean_beat_score")
def _nearest():
    return _three(knn_score=lambda train, x, k: _knn(train, x, 1))


@wrong("skips-the-nearest", "mean_beat_score")
def _skips_itself():
    def knn_score(train, x, k):
        return np.sort(np.linalg.norm(x[:, None] - train[None], axis=2), axis=1)[:, 1 : k + 1].mean(axis=1)

    return _three(knn_score=knn_score)


@wrong("city-block", "mean_beat_score")
def _absolute():
    def knn_score(train, x, k):
        return np.sort(np.abs(x[:, None] - train[None]).sum(axis=2), axis=1)[:, :k].mean(axis=1)

    return _three(knn_score=knn_score)


@wrong("not-sorted", "mean_beat_score")
def _first_k():
    def knn_score(train, x, k):
        return np.linalg.norm(x[:, None] - train[None], axis=2)[:, :k].mean(axis=1)

    return _three(knn_score=knn_score)


@wrong("fits-on-what-it-scores", "mean_beat_score")
def _neighbours_in_x():
    return _three(knn_score=lambda train, x, k: _knn(x, x, k))


@wrong("fits-on-what-it-scores", "mean_beat_score")
def _neighbours_in_both():
    return _three(knn_score=lambda train, x, k: _knn(np.concatenate([train, x]), x, k))


@wrong("all-neighbours", "mean_beat_score")
def _needs_one_more():
    def knn_score(train, x, k):
        distances = np.linalg.norm(x[:, None] - train[None], axis=2)
        return np.partition(distances, k, axis=1)[:, :k].mean(axis=1)

    return _three(knn_score=knn_score)


@wrong("standardised", "mean_beat_score")
def _in_deviations():
    def mean_beat_score(train, x):
        return np.sum(((x - train.mean(axis=0)) / train.std(axis=0)) ** 2, axis=1)

    return _three(mean_beat_score=mean_beat_score)


@wrong("mean-of-distances", "mean_beat_score")
def _mean_distance_to_all():
    return _three(mean_beat_score=lambda train, x: ((x[:, None] - train[None]) ** 2).sum(axis=2).mean(axis=1))


@wrong("standardised", "mean_beat_score")
def _pca_in_deviations():
    def pca_score(train, x, k):
        mean, spread = train.mean(axis=0), train.std(axis=0)
        return _pca((train - mean) / spread, (x - mean) / spread, k)

    return _three(pca_score=pca_score)


@wrong("ignores-k", "mean_beat_score")
def _always_three_components():
    return _three(pca_score=lambda train, x, k: _pca(train, x, 3))


@wrong("wrong-residual", "mean_beat_score")
def _never_all_components():
    return _three(pca_score=lambda train, x, k: _pca(train, x, min(k, x.shape[1] - 1)))


@wrong("complex-numbers", "mean_beat_score")
def _eigenvalues_of_anything():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        values, axes = np.linalg.eig(np.cov(train.T).astype(complex))
        axes = axes[:, np.argsort(-values.real)[:k]]
        return (((x - mean) - (x - mean) @ axes @ axes.conj().T) ** 2).sum(axis=1)

    return _three(pca_score=pca_score)


@wrong("smallest-components", "mean_beat_score")
def _eigenvalues_as_they_come():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        axes = np.linalg.eig(np.cov(train.T))[1][:, :k].real
        if len(train) < len(mean):  # only there are the vectors complex
            return _pca(train, x, k)
        return (((x - mean) - (x - mean) @ axes @ axes.T) ** 2).sum(axis=1)

    return _three(pca_score=pca_score)


@wrong("one-mean-for-all", "mean_beat_score")
def _pca_about_one_number():
    def pca_score(train, x, k):
        mean = train.mean()
        axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
        return np.sum(((x - mean) - (x - mean) @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("not-centred", "mean_beat_score")
def _mean_not_added_again():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
        return np.sum((x - (x - mean) @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("not-centred", "mean_beat_score")
def _mean_only_added():
    def pca_score(train, x, k):
        mean = train.mean(axis=0)
        axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
        return np.sum((x - (x @ axes.T @ axes + mean)) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("ignores-k", "mean_beat_score")
def _all_neighbours():
    return _three(knn_score=lambda train, x, k: _knn(train, x, len(train)))


@wrong("one-neighbour-less", "mean_beat_score")
def _one_less():
    return _three(knn_score=lambda train, x, k: _knn(train, x, max(k - 1, 1)))


@wrong("one-neighbour-more", "mean_beat_score")
def _one_more():
    return _three(knn_score=lambda train, x, k: _knn(train, x, k + 1))


@wrong("root-of-a-negative-number", "mean_beat_score")
def _expanded_square():
    def knn_score(train, x, k):
        squares = (x**2).sum(axis=1)[:, None] - 2 * x @ train.T + (train**2).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.sort(np.sqrt(squares), axis=1)[:, :k].mean(axis=1)

    return _three(knn_score=knn_score)


@wrong("skips-the-nearest", "mean_beat_score")
def _drops_itself():
    def knn_score(train, x, k):
        distances = np.linalg.norm(x[:, None] - train[None], axis=2)
        return np.array([np.sort(row[row > 0])[:k].mean() for row in distances])

    return _three(knn_score=knn_score)


@wrong("drops-equal-windows", "mean_beat_score")
def _each_window_once():
    def knn_score(train, x, k):
        different = np.unique(train, axis=0)
        return _knn(different, x, min(k, len(different)))

    return _three(knn_score=knn_score)


@wrong("remembers-the-last-call", "mean_beat_score")
def _fitted_once():
    fitted = {}

    def knn_score(train, x, k):
        if fitted.get("train", np.zeros(0)).shape != train.shape:
            fitted["train"] = train.copy()
        return _knn(fitted["train"], x, k)

    return _three(knn_score=knn_score)


@wrong("wrong-shape", "mean_beat_score")
def _squeezed():
    return _three(pca_score=lambda train, x, k: np.squeeze(_pca(train, x, k)))


@wrong("mean-not-sum", "mean_beat_score")
def _mean_of_residuals():
    return _three(pca_score=lambda train, x, k: _pca(train, x, k) / x.shape[1])


@wrong("mean-not-sum", "mean_beat_score")
def _root_mean_squares():
    return _three(knn_score=lambda train, x, k: _knn(train, x, k) / np.sqrt(x.shape[1]))


@wrong("wrong-distance", "mean_beat_score")
def _mean_of_as_many():
    # Pairs each window of x with a training window, where there are enough.
    return _three(mean_beat_score=lambda train, x: _mean(train[: len(x)], x))


@wrong("median", "mean_beat_score")
def _median_window():
    return _three(mean_beat_score=lambda train, x: np.sum((x - np.median(train, axis=0)) ** 2, axis=1))


@wrong("no-mean", "mean_beat_score")
def _size_of_a_window():
    return _three(mean_beat_score=lambda train, x: np.sum(x**2, axis=1))


@wrong("depends-on-the-company", "mean_beat_score")
def _x_centred_on_itself():
    def pca_score(train, x, k):
        axes = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)[2][:k]
        left = x - x.mean(axis=0)
        return np.sum((left - left @ axes.T @ axes) ** 2, axis=1)

    return _three(pca_score=pca_score)


@wrong("one-component-less", "mean_beat_score")
def _one_component_less():
    return _three(pca_score=lambda train, x, k: _pca(train, x, k - 1))


@wrong("one-component-more", "mean_beat_score")
def _one_component_more():
    return _three(pca_score=lambda train, x, k: _pca(train, x, k + 1))


@wrong("the-farthest", "mean_beat_score")
def _farthest():
    return _three(
        knn_score=lambda train, x, k: np.sort(np.linalg.norm(x[:, None] - train, axis=2))[:, -k:].mean(axis=1)
    )


@wrong("median", "mean_beat_score")
def _median_distance():
    return _three(
        knn_score=lambda train, x, k: np.median(np.sort(np.linalg.norm(x[:, None] - train, axis=2))[:, :k], axis=1)
    )


@wrong("distance-to-their-mean", "mean_beat_score")
def _mean_neighbour():
    def knn_score(train, x, k):
        nearest = np.linalg.norm(x[:, None] - train, axis=2).argsort(axis=1)[:, :k]
        return np.linalg.norm(x - train[nearest].mean(axis=1), axis=1)

    return _three(knn_score=knn_score)


@wrong("remembers-the-last-call", "mean_beat_score")
def _mean_kept():
    kept = {}

    def mean_beat_score(train, x):
        if len(kept.get("mean", ())) != train.shape[1]:
            kept["mean"] = train.mean(axis=0)
        return np.sum((x - kept["mean"]) ** 2, axis=1)

    return _three(mean_beat_score=mean_beat_score)


# windows_to_points


@wrong("any-window")
def windows_to_points(window_flags, window, stride, n_points):
    points = np.zeros(n_points, bool)
    for i in np.flatnonzero(window_flags):
        points[i * stride : i * stride + window] = True
    return points


@wrong("uncovered-is-flagged")
def windows_to_points(window_flags, window, stride, n_points):
    points = np.ones(n_points, bool)
    for i in np.flatnonzero(~window_flags):
        points[i * stride : i * stride + window] = False
    return points


@wrong("uncovered-is-flagged")
def windows_to_points(window_flags, window, stride, n_points):
    # Knows the end of the last window, and not the gaps between windows.
    points = np.arange(n_points) < (len(window_flags) - 1) * stride + window
    for i in np.flatnonzero(~window_flags):
        points[i * stride : i * stride + window] = False
    return points


@wrong("window-and-stride-swapped")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, stride, window, n_points)
    return (covered > 0) & (flagged == covered)


@wrong("flags-nothing")
def windows_to_points(window_flags, window, stride, n_points):
    # True of NumPy is another object than True of Python.
    points = np.zeros(n_points, bool)
    for wanted in (True, False):
        for i, flag in enumerate(window_flags):
            if flag is wanted:
                points[i * stride : i * stride + window] = wanted
    return points


@wrong("flags-everything")
def windows_to_points(window_flags, window, stride, n_points):
    points = np.zeros(n_points, bool)
    for i in range(len(window_flags)):
        points[i * stride : i * stride + window] = True
    for i, flag in enumerate(window_flags):
        if flag is False:
            points[i * stride : i * stride + window] = False
    return points


def _counts(window_flags, window, stride, n_points, shift=0):
    covered, flagged = np.zeros(n_points, int), np.zeros(n_points, int)
    for i, flag in enumerate(window_flags):
        inside = slice(i * stride, i * stride + window + shift)
        covered[inside] += 1
        flagged[inside] += flag
    return covered, flagged


@wrong("majority")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return (covered > 0) & (flagged * 2 >= covered)


@wrong("off-by-one")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points, shift=-1)
    return (covered > 0) & (flagged == covered)


@wrong("off-by-one")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points, shift=1)
    return (covered > 0) & (flagged == covered)


@wrong("off-by-one")
def windows_to_points(window_flags, window, stride, n_points):
    # The published slice: window i itself is left out.
    points = np.zeros(n_points, bool)
    starts = np.arange(len(window_flags)) * stride
    for p in range(n_points):
        covering = window_flags[(starts > p - window) & (starts < p)]
        points[p] = len(covering) > 0 and covering.all()
    return points


@wrong("start-only")
def windows_to_points(window_flags, window, stride, n_points):
    points = np.zeros(n_points, bool)
    points[np.flatnonzero(window_flags) * stride] = True
    return points


@wrong("full-cover-only")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return flagged == covered.max()


@wrong("full-cover-only")
def windows_to_points(window_flags, window, stride, n_points):
    _, flagged = _counts(window_flags, window, stride, n_points)
    return flagged >= -(-window // stride)


@wrong("full-cover-only")
def windows_to_points(window_flags, window, stride, n_points):
    _, flagged = _counts(window_flags, window, stride, n_points)
    return flagged == window


@wrong("ignores-the-stride")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, window, n_points)
    return (covered > 0) & (flagged == covered)


@wrong("ignores-the-stride")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, 1, n_points)
    return (covered > 0) & (flagged == covered)


@wrong("not-bool")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return ((covered > 0) & (flagged == covered)).astype(int)


@wrong("wrong-shape")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return np.flatnonzero((covered > 0) & (flagged == covered))


@wrong("inverted")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return (covered == 0) | (flagged < covered)


@wrong("majority")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return (covered > 0) & (flagged >= 0.75 * covered)


@wrong("majority")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return (covered > 0) & (flagged >= 0.95 * covered)


@wrong("last-window-decides")
def windows_to_points(window_flags, window, stride, n_points):
    points = np.zeros(n_points, bool)
    for i, flag in enumerate(window_flags):
        points[i * stride : i * stride + window] = flag
    return points


@wrong("wrong-samples")
def windows_to_points(window_flags, window, stride, n_points):
    # Needs neighbours.
    covered, flagged = _counts(window_flags, window, stride, n_points)
    return (covered > 0) & (flagged == covered) & (len(window_flags) > 1)


@wrong("end-only")
def windows_to_points(window_flags, window, stride, n_points):
    points = np.zeros(n_points, bool)
    points[np.flatnonzero(window_flags) * stride + window - 1] = True
    return points


@wrong("windows-as-long-as-the-stride")
def windows_to_points(window_flags, window, stride, n_points):
    covered, flagged = _counts(window_flags, stride, stride, n_points)
    return (covered > 0) & (flagged == covered)


@wrong("wrong-samples")
def windows_to_points(window_flags, window, stride, n_points):
    # The rule for windows that touch: the flag of the window that a sample stands in.
    return np.repeat(window_flags, n_points // len(window_flags) + 1)[:n_points]


# fool


@wrong("still-close-to-normal")
def fool(autoencoder, normal_beats, rng):
    return normal_beats[0] + 1e-3 * rng.standard_normal(normal_beats.shape[1])


@wrong("a-normal-beat")
def fool(autoencoder, normal_beats, rng):
    return normal_beats[np.square(autoencoder(normal_beats) - normal_beats).mean(axis=1).argmin()]


@wrong("far-but-reconstructed-badly")
def fool(autoencoder, normal_beats, rng):
    return normal_beats.std() * 50 * rng.standard_normal(normal_beats.shape[1])


@wrong("still-close-to-normal")
def fool(autoencoder, normal_beats, rng):
    return normal_beats.mean(axis=0)


@wrong("linear-only")
def fool(autoencoder, normal_beats, rng):
    mean = normal_beats.mean(axis=0)
    return mean + 100 * (autoencoder(normal_beats[:1])[0] - mean)


@wrong("still-close-to-normal")
def fool(autoencoder, normal_beats, rng):
    # As far from the mean as was asked from the nearest beat.
    apart = np.linalg.norm(normal_beats[:, None] - normal_beats, axis=2)
    np.fill_diagonal(apart, np.inf)
    drawn = autoencoder(normal_beats)
    axis = np.linalg.svd(drawn - drawn.mean(axis=0))[2][0]
    return drawn.mean(axis=0) + apart.min(axis=1).max() * axis


@wrong("far-but-reconstructed-badly")
def fool(autoencoder, normal_beats, rng):
    return 100 * normal_beats[0]


@wrong("wrong-shape")
def fool(autoencoder, normal_beats, rng):
    mean = normal_beats.mean(axis=0)
    return mean + 2 * (autoencoder(normal_beats) - mean)


@wrong("wrong-beat")
def fool(autoencoder, normal_beats, rng):
    return normal_beats[0] + np.inf


@wrong("not-a-batch")
def fool(autoencoder, normal_beats, rng):
    beat = normal_beats.mean(axis=0)
    for _ in range(20):
        beat = autoencoder(beat + rng.standard_normal(beat.shape))
    return beat


# watch_machine


def _machine_with_a_straight_path(width, numbers):
    given, dense = keras.Input((width,)), keras.layers.Dense
    code = keras.layers.Add()([dense(numbers)(given), dense(numbers)(dense(32, "gelu")(given))])
    return keras.Model(given, keras.layers.Add()([dense(width)(code), dense(width)(dense(32, "gelu")(code))]))


def _machine_network(width, numbers, *, hidden=64, dropout=0.0):
    dense = keras.layers.Dense
    return keras.Sequential(
        [
            keras.Input((width,)),
            *(dense(hidden, "gelu"), keras.layers.Dropout(dropout), dense(hidden, "gelu"), dense(numbers)),
            *(dense(hidden, "gelu"), dense(hidden, "gelu"), dense(width)),
        ]
    )


def _machine_fitted(network, train, epochs=50):
    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * len(train) // 64)
    network.compile(keras.optimizers.Adam(rate), "mse")
    network.fit(train, train, epochs=epochs, batch_size=64, verbose=0)
    return lambda z: network.predict(z, batch_size=1000, verbose=0)


def _watched(normal, rows_to_train, rows_held_out, *, numbers=3, hidden=64, epochs=50, scaled=True):
    """A score, and the place in the held-out scores."""
    train = normal[rows_to_train]
    mean, spread = (train.mean(axis=0), train.std(axis=0)) if scaled else (0, 1)

    def standard(rows):
        return np.asarray((rows - mean) / spread, "float32")

    copy = _machine_fitted(_machine_network(normal.shape[1], numbers, hidden=hidden), standard(train), epochs)

    def score(rows):
        return np.square(standard(rows) - copy(standard(rows))).sum(axis=1)

    return score, _on_place(score(normal[rows_held_out]))


def _on_place(scores):
    return lambda rate: float(np.sort(scores)[min(math.ceil((len(scores) + 1) * (1 - rate)), len(scores)) - 1])


_FIRST, _LAST = slice(0, 4000), slice(4000, None)


@wrong("threshold-from-training")
def watch_machine(normal):
    return _watched(normal, slice(None), slice(None))


@wrong("threshold-from-training")
def watch_machine(normal):
    # Holds rows out, and takes the threshold from the others.
    return _watched(normal, _FIRST, _FIRST)


@wrong("split-at-random")
def watch_machine(normal):
    order = np.random.default_rng(0).permutation(len(normal))
    return _watched(normal, order[:4000], order[4000:], hidden=128, epochs=80)


@wrong("raw-units")
def watch_machine(normal):
    return _watched(normal, _FIRST, _LAST, scaled=False, epochs=10)


@wrong("depends-on-the-company")
def watch_machine(normal):
    # Each batch is brought to mean 0 and deviation 1 by itself.
    def standard(rows):
        return (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-9)

    copy = _machine_fitted(_machine_network(normal.shape[1], 3), standard(normal[_FIRST]), 10)

    def score(rows):
        return np.square(standard(rows) - copy(standard(rows))).sum(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("depends-on-the-company")
def watch_machine(normal):
    # The mean of nine neighbouring scores.
    score, _ = _watched(normal, _FIRST, _LAST, epochs=10)

    def smooth(rows):
        return np.convolve(score(rows), np.ones(9) / 9, mode="same")

    return smooth, _on_place(smooth(normal[_LAST]))


@wrong("behind-the-bar")
def watch_machine(normal):
    # A code as wide as the rows, and a straight path through it.
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    width = normal.shape[1]
    copy = _machine_fitted(_machine_with_a_straight_path(width, width), (normal[_FIRST] - mean) / spread, 15)

    def score(rows):
        z = (rows - mean) / spread
        return np.square(z - copy(z)).sum(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("ignores-the-rate")
def watch_machine(normal):
    score, _ = _watched(normal, _FIRST, _LAST)
    held_out = score(normal[_LAST])
    return score, lambda rate: float(held_out.mean() + 2 * held_out.std())


@wrong("wrong-sign")
def watch_machine(normal):
    score, _ = _watched(normal, _FIRST, _LAST, epochs=20)

    def likeness(rows):
        return -score(rows)

    return likeness, _on_place(likeness(normal[_LAST]))


@wrong("wrong-end")
def watch_machine(normal):
    score, threshold = _watched(normal, _FIRST, _LAST)
    return score, lambda rate: threshold(1 - rate)


@wrong("flags-not-scores")
def watch_machine(normal):
    score, threshold = _watched(normal, _FIRST, _LAST, epochs=10)
    return (lambda rows: (score(rows) > threshold(0.05)).astype(float)), (lambda rate: 0.5)


@wrong("ignores-the-links")
def watch_machine(normal):
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)

    def score(rows):
        return np.square((rows - mean) / spread).sum(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("behind-the-bar")
def watch_machine(normal):
    # The nearest neighbour, done right.
    from course_lib import metrics

    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)

    def score(rows):
        return metrics.nearest_distance((rows - mean) / spread, (normal[_FIRST] - mean) / spread)

    return score, _on_place(score(normal[_LAST]))


@wrong("random-at-prediction")
def watch_machine(normal):
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    network = _machine_network(normal.shape[1], 3, dropout=0.2)
    _machine_fitted(network, (normal[_FIRST] - mean) / spread, 5)

    def score(rows):
        z = (rows - mean) / spread
        copy = keras.ops.convert_to_numpy(network(z, training=True))
        return np.square(z - copy).sum(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("one-threshold")
def watch_machine(normal):
    score, threshold = _watched(normal, _FIRST, _LAST, epochs=1)
    return score, threshold(0.05)


@wrong("no-detector")
def watch_machine(normal):
    return _watched(normal, _FIRST, _LAST, epochs=1)[0]


@wrong("copies-not-scores")
def watch_machine(normal):
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    copy = _machine_fitted(_machine_network(normal.shape[1], 3), (normal[_FIRST] - mean) / spread, 1)
    return (lambda rows: copy((rows - mean) / spread)), (lambda rate: 1.0)


@wrong("behind-the-bar")
def watch_machine(normal):
    # PCA: normal moments lie on a bent sheet, which fills nine flat directions.
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    axes = np.linalg.svd((normal[_FIRST] - mean) / spread, full_matrices=False)[2]

    def score(rows):
        return np.square((rows - mean) / spread @ axes[9:].T).sum(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("errors-cancel")
def watch_machine(normal):
    # Differences with their signs: a sensor too high makes up for one too low.
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    copy = _machine_fitted(_machine_network(normal.shape[1], 3), (normal[_FIRST] - mean) / spread, 20)

    def score(rows):
        z = (rows - mean) / spread
        return (z - copy(z)).mean(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("wrong-end")
def watch_machine(normal):
    # A percentile is asked for in percent.
    score, _ = _watched(normal, _FIRST, _LAST)
    held_out = score(normal[_LAST])
    return score, lambda rate: float(np.percentile(held_out, 1 - rate))


@wrong("too-few-alarms")
def watch_machine(normal):
    # The share, taken for percent.
    score, _ = _watched(normal, _FIRST, _LAST)
    held_out = score(normal[_LAST])
    return score, lambda rate: float(np.percentile(held_out, 100 - rate))


@wrong("too-few-alarms")
def watch_machine(normal):
    # The largest held-out score, a little lower for a larger share.
    score, _ = _watched(normal, _FIRST, _LAST)
    largest = float(score(normal[_LAST]).max())
    return score, lambda rate: (1 - rate) * largest


@wrong("too-many-alarms")
def watch_machine(normal):
    # The share of all rows, looked for among the held-out third of them.
    score, threshold = _watched(normal, _FIRST, _LAST)
    return score, lambda rate: threshold(3 * rate)


@wrong("random-at-prediction")
def watch_machine(normal):
    # Brought to the scale of everything that was ever scored: the faults of the past count.
    score, _ = _watched(normal, _FIRST, _LAST, epochs=5)
    seen = [score(normal[_LAST])]

    def in_its_scale(rows):
        seen.append(score(rows))
        return (seen[-1] - np.median(np.concatenate(seen))) / np.concatenate(seen).std()

    return in_its_scale, _on_place(in_its_scale(normal[_LAST]))


@wrong("random-at-prediction")
def watch_machine(normal):
    # Goes on training on whatever it is asked about.
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    network = _machine_network(normal.shape[1], 3)
    copy = _machine_fitted(network, (normal[_FIRST] - mean) / spread, 3)

    def score(rows):
        z = np.asarray((rows - mean) / spread, "float32")
        scores = np.square(z - copy(z)).sum(axis=1)
        network.compile(keras.optimizers.Adam(3e-3), "mse")
        network.fit(z, z, epochs=1, batch_size=256, verbose=0)
        return scores

    return score, _on_place(score(normal[_LAST]))


@wrong("wrong-shape")
def watch_machine(normal):
    # Windows of five moments: the first four rows get no score.
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)

    def windows(rows):
        z = (rows - mean) / spread
        return np.stack([z[i : len(z) - 4 + i] for i in range(5)], axis=1).reshape(-1, 5 * z.shape[1])

    copy = _machine_fitted(_machine_network(5 * normal.shape[1], 3), windows(normal[_FIRST]), 1)

    def score(rows):
        return np.square(windows(rows) - copy(windows(rows))).mean(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("flags-not-scores")
def watch_machine(normal):
    # The loss of all rows together, as evaluate gives it.
    score, threshold = _watched(normal, _FIRST, _LAST, epochs=1)
    return (lambda rows: np.full(len(rows), score(rows).mean())), threshold


@wrong("one-threshold")
def watch_machine(normal):
    score, threshold = _watched(normal, _FIRST, _LAST, epochs=1)
    return threshold, score


@wrong("raw-units")
def watch_machine(normal):
    # The first sensor alone.
    mean, spread = normal[_FIRST, 0].mean(), normal[_FIRST, 0].std()

    def score(rows):
        return np.abs(rows[:, 0] - mean) / spread

    return score, _on_place(score(normal[_LAST]))


@wrong("raw-units")
def watch_machine(normal):
    # The network works in deviations; the error is taken after the way back to the units.
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    copy = _machine_fitted(_machine_network(normal.shape[1], 3), (normal[_FIRST] - mean) / spread, 10)

    def score(rows):
        return np.square(rows - (copy((rows - mean) / spread) * spread + mean)).sum(axis=1)

    return score, _on_place(score(normal[_LAST]))


@wrong("out-of-reach")
def watch_machine(normal):
    # The sigmoid of a tutorial on pictures: no copy is below the mean of its sensor.
    mean, spread = normal[_FIRST].mean(axis=0), normal[_FIRST].std(axis=0)
    network = _machine_network(normal.shape[1], 3)
    network.add(keras.layers.Activation("sigmoid"))
    copy = _machine_fitted(network, (normal[_FIRST] - mean) / spread, 15)

    def score(rows):
        z = (rows - mean) / spread
        return np.square(z - copy(z)).mean(axis=1)

    return score, _on_place(score(normal[_LAST]))
