"""The judges of lesson 07: scores, thresholds, splits and what comes out of them."""

from __future__ import annotations

import itertools
import math

import numpy as np

from course_lib.classroom.legacy import judge


def _pairs(scores: np.ndarray, is_anomaly: np.ndarray) -> tuple[float, float]:
    """Shares of the pairs (anomaly, normal) that the anomaly wins, and that are ties."""
    difference = np.subtract.outer(scores[is_anomaly].astype(np.float64), scores[~is_anomaly].astype(np.float64))
    return float((difference > 0).mean()), float((difference == 0).mean())


# Half a pair of 300 samples is 2e-5 of the area, and single precision errs by much less.
_AREA = 5e-6


def _told_apart(true, mistakes) -> bool:
    """Whether no mistake gives the true result, and no two mistakes of different names give the same."""
    values = [(np.asarray(true, np.float64), "")] + [
        (np.asarray(value, np.float64), name) for value, name, _ in mistakes
    ]
    return not any(
        a.shape == b.shape and (np.abs(a - b) <= 1e-6 + 1e-4 * np.abs(b)).all()
        for i, (a, first) in enumerate(values)
        for b, second in values[:i]
        if first != second
    )


@judge(
    "roc_auc",
    title="Area under the ROC curve",
    section="What a score is worth",
    question="How often does a random anomaly score higher than a random normal sample?",
)
def judge_roc_auc(roc_auc, probe):
    """First no ties, then many; then scores of any scale and sign. The order of the samples must not matter."""
    rng = probe.rng
    asked = "Take all pairs of one anomaly and one normal sample: which pairs count 1, which 1/2, which 0?"
    trials = []
    while len(trials) < 3:  # a mistake gets its name if all three results agree with it
        labels = rng.permutation(31) < 11
        scores = np.argsort(np.argsort(rng.standard_normal(31) + labels)) * 0.37 - 2.1
        true, mistakes = _pairs(scores, labels)[0], _auc_mistakes(scores, labels)
        # The lowest score is an anomaly's: a curve that stops before it has the right area here.
        if labels[scores.argmin()] and true > 0.55 and _told_apart(true, mistakes):
            trials.append((_area(probe, probe.call(roc_auc, scores, labels)), true, mistakes))
    got, true, mistakes = zip(*trials, strict=True)
    for same in zip(*mistakes, strict=True):
        values, names, questions = zip(*same, strict=True)
        probe.require(
            not np.allclose(got, values, rtol=0, atol=_AREA),
            names[0],
            f"Expected {true[0]:.5g}; yours is {got[0]:.5g}. {questions[0]}",
        )
    for area, expected in zip(got, true, strict=True):
        probe.require_close(area, expected, "wrong-area", asked, rtol=0, atol=_AREA)
    for n, anomalies, levels in ((40, 9, 6), (25, 17, 4)):
        pairs = anomalies * (n - anomalies)
        while True:
            labels = rng.permutation(np.arange(n) < anomalies)
            scores = (rng.integers(0, levels, n) + labels * rng.integers(0, 3, n)) * 0.37 - 2.1
            wins, ties = _pairs(scores, labels)
            true, mistakes = wins + ties / 2, _tie_mistakes(scores, labels)
            # With an odd number of ties, no order within them gives the true area.
            if round(ties * pairs) % 2 and true > 0.55 and _told_apart(true, mistakes):
                break
        got = _area(probe, probe.call(roc_auc, scores, labels))
        some_order = wins < got < wins + ties and abs(got * pairs - round(got * pairs)) < 1e-3
        by_place = (
            got if some_order else math.nan,
            "ties-in-arbitrary-order",
            "You rank the samples one by one. Which of two equal scores stands first in your list, and why?",
        )
        probe.settle(got, true, [*mistakes, by_place], "wrong-area", asked, rtol=0, atol=_AREA)
    # Order is all that counts: scale, sign, one sample of a kind, nearly equal scores, scores that crowd at one end.
    n = int(rng.integers(90, 160))
    labels = np.zeros(n, bool)
    labels[int(rng.integers(n))] = True
    scores = rng.standard_normal(n)
    fine = 1e3 + np.argsort(np.argsort(scores)) * 1e-9
    many = rng.standard_normal(int(rng.integers(240, 301)))
    for values, marks, told in (
        (scores, labels, "There was one anomaly among many normal samples."),
        (scores, ~labels, "There was one normal sample among many anomalies."),
        (-np.exp(3 * scores) * 1e6, labels, "All scores were negative, and some very large."),
        (fine, scores > 0.5, "The scores differed in the twelfth digit. Is that a tie?"),
        (np.full(n, 0.3), labels, "All scores were equal. What does such a detector know?"),
        (np.arange(n), rng.permutation(n) < n // 3, "The scores were integers."),
        *(  # drawn three times: where some scores are taken for equal, the area may by chance be the right one
            (values, rng.permutation(len(many)) < len(many) // 2, f"There were {len(many)} different scores.")
            for values in (many, -np.exp(3 * many) * 1e6, np.exp(3 * many))
        ),
    ):
        wins, ties = _pairs(values, marks)
        true = wins + ties / 2
        got = _area(probe, probe.call(roc_auc, values, marks))
        if abs(got - true) <= _AREA:
            continue
        measured = f"Expected {true:.6g}; yours is {got:.6g}. "
        levels, places = np.unique(values, return_inverse=True)
        probe.require(
            abs(got - _area(probe, probe.call(roc_auc, places, marks))) <= _AREA,
            "not-by-order",
            f"{told} {measured}For their places in the list your answer is another. Does it use the order only?",
        )
        probe.require(
            abs(got - (1 - true)) > _AREA or true > 0.5,
            "never-below-half",
            measured + "Can a detector be worse than a coin?",
        )
        probe.require(
            got != 0 or ties < 1,
            "curve-without-its-ends",
            "All scores were equal, and your area is 0. Between which two corners does every ROC curve run?",
        )
        probe.fail("wrong-area", f"{told} {measured}How many of the {len(levels)} levels does your answer tell apart?")


def _auc_mistakes(scores: np.ndarray, labels: np.ndarray) -> list:
    """What goes wrong whether or not scores are equal; for scores that are all different."""
    true, n, positive = _pairs(scores, labels)[0], len(labels), int(labels.sum())
    flagged = scores > np.median(scores)
    return [
        (1 - true, "normal-is-positive", "Turn the scores round. Which kind should have the higher ones?"),
        *(
            (
                (middle(scores[labels]) > scores[~labels]).mean(),
                "one-anomaly-for-all",
                "You compare one typical anomaly with the normal samples. Which pairs does that leave out?",
            )
            for middle in (np.mean, np.median)
        ),
        (0.5, "ignores-the-labels", "Would another choice of the anomalies change your number?"),
        *(
            (
                true + shift / (n - positive),
                "wrong-rank-sum",
                f"If {positive} anomalies have the {positive} lowest scores, which ranks are theirs in your list, "
                "and what is their sum?",
            )
            for shift in (-1, 1)
        ),
        (-true, "integrates-backwards", "An area below 0: in which direction does your false-alarm rate run?"),
        (100 * true, "in-percent", "Between which two numbers does a probability lie?"),
        (
            (flagged == labels).mean(),
            "accuracy",
            "That is a share of right decisions at one threshold. Where does the threshold come from?",
        ),
        (
            scores[labels].mean() - scores[~labels].mean(),
            "difference-of-means",
            "Cube all scores: their order stays. Does your number?",
        ),
        (
            (flagged[labels].mean() + (~flagged[~labels]).mean()) / 2,
            "one-threshold",
            "You compare with one threshold. What would another threshold give?",
        ),
        (
            true * positive * (n - positive) / n**2,
            "wrong-denominator",
            "How many pairs of one anomaly and one normal sample are there?",
        ),
        (true * positive * (n - positive), "not-divided", "You counted the won pairs. Out of how many?"),
        (2 * true - 1, "rescaled", "That number runs from -1 to 1. What is the probability that it belongs to?"),
    ]


def _tie_mistakes(scores: np.ndarray, labels: np.ndarray) -> list:
    """What is right for scores that are all different, and goes wrong for equal ones."""
    wins, ties = _pairs(scores, labels)
    positive, negative = int(labels.sum()), int((~labels).sum())
    # Equal scores share a rank, but not the middle one.
    ordered = np.sort(scores)
    shared = [np.searchsorted(ordered, scores, side) + (side == "left") for side in ("left", "right")]
    shared.append(np.unique(scores, return_inverse=True)[1] + 1)
    levels = np.unique(scores)[::-1, None]
    open_ended = np.trapezoid((scores[labels] > levels).mean(axis=1), (scores[~labels] > levels).mean(axis=1))
    return [
        (wins, "ties-lose", "Two samples with the same score: is that a lost pair, or half of one?"),
        (wins + ties, "ties-win", "Give every sample the same score. Would your area be that of a perfect one?"),
        (wins / (1 - ties), "drops-the-ties", "Tied pairs are pairs too. Are they in your denominator?"),
        *(
            (
                (ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative),
                "shares-the-wrong-rank",
                "Three equal scores stand on the places 4, 5 and 6. Which rank do you give them?",
            )
            for ranks in shared
        ),
        (
            open_ended,
            "curve-without-its-ends",
            "Your curve stops before the lowest threshold. Where does a ROC curve begin, and where does it end?",
        ),
    ]


def _area(probe, result) -> float:
    got = probe.number(result, question="One number for all pairs together?")
    probe.require(
        math.isfinite(got) and not isinstance(result, bool | np.bool_),
        "wrong-area",
        f"A probability was expected; yours is {result!r}. Which count is 0 in your denominator?",
    )
    return got


@judge(
    "choose_threshold",
    title="A threshold from normal scores alone",
    section="From scores to alarms",
    question="Among n + 1 exchangeable scores, how often is the last one among the highest?",
)
def judge_choose_threshold(choose_threshold, probe):
    """Skewed scores in random order; places that are whole numbers and such that are not; too few scores."""
    rng = probe.rng
    # The place before it is rounded is 45, 9.8, 26.6, 21.6, 30.4, 18.9, 12, 1.2, 3. The first needs no rounding; the
    # next four tell four mistakes apart: rounding down, multiplying n instead of n + 1, the next higher of the usual
    # quantile, rounding to the nearest; each has passed the ones before its own. In the last the place asked for is
    # the last of the list.
    cases = ((59, 0.25), (13, 0.3), (37, 0.3), (23, 0.1), (37, 0.2), (20, 0.1), (15, 0.25), (2, 0.6), (3, 0.25))
    for number, (n, rate) in enumerate(cases):
        while True:
            scores = np.exp(rng.standard_normal(n) * 1.2 + rng.uniform(-2, 2))
            there = math.ceil((n + 1) * (1 - rate) - 1e-9) - 1
            ranks = np.argsort(np.argsort(scores))[[there, min(there + 1, n - 1)]]
            usual = {*range(there - 1, there + 2), n - 1, *range(math.ceil((n + 1) * rate - 1e-9) + 1)}
            if np.diff(np.sort(scores)).min() > 1e-3 * scores.std() and (n < 10 or not usual & set(ranks.tolist())):
                break
        got = _threshold(probe, choose_threshold, scores, rate)
        ordered = np.sort(scores)
        exact = (n + 1) * (1 - rate)
        place = math.ceil(exact - 1e-9)
        true = ordered[place - 1]

        def at(position, ordered=ordered, n=n):
            return ordered[min(max(position, 1), n) - 1]

        low = math.ceil((n + 1) * rate - 1e-9)
        probe.require(
            got != math.inf,
            "infinity-too-early",
            f"{n} scores, rate {rate:g}: yours is infinity. Which place is asked for, and how many places are there?",
        )
        probe.settle(
            got,
            true,
            [
                (
                    scores.mean() + scores.std(),
                    "mean-plus-sd",
                    "Which share of these scores lies above that? Is it the rate?",
                ),
                (
                    scores.mean() + scores.std(ddof=1),
                    "mean-plus-sd",
                    "Which share of these scores lies above that? Is it the rate?",
                ),
                (
                    scores.mean() + 2 * scores.std(),
                    "mean-plus-sd",
                    "Which share of these scores lies above that? Is it the rate?",
                ),
                (
                    np.quantile(scores, 1 - rate),
                    "interpolated-quantile",
                    "Your threshold lies between two scores. Which place of the list was asked for?",
                ),
                *(
                    (
                        np.quantile(scores, 1 - rate, method=method) if n > 10 else math.nan,
                        "interpolated-quantile",
                        "Your threshold lies between two scores. Which place of the list was asked for?",
                    )
                    for method in ("weibull", "hazen", "median_unbiased", "normal_unbiased", "midpoint")
                ),
                (
                    np.quantile(scores, 1 - rate, method="higher") if number == 3 else math.nan,
                    "another-quantile",
                    "A ready-made quantile has its own rule for the place. Which place does it take here, and which was asked for?",
                ),
                (
                    np.quantile(scores, rate),
                    "wrong-end",
                    "Most normal scores lie above your threshold. Which share may?",
                ),
                (at(low), "wrong-end", "Most normal scores lie above your threshold. Which share may?"),
                (at(n + 1 - place), "wrong-end", "Most normal scores lie above your threshold. Which share may?"),
                (at(place, scores), "not-sorted", "Is the list of scores in order before you count places?"),
                (at(place + 1, scores), "not-sorted", "Is the list of scores in order before you count places?"),
                (
                    ordered[-1],
                    "largest-score",
                    "Your threshold rests on the one highest score. Which share lies above it?",
                ),
                (
                    at(place + 1),
                    "one-place-too-high",
                    "You are one place too high. Does a list count its places from 0 or from 1, "
                    "and between which places does a ready-made quantile take its share?",
                ),
                (
                    at(math.floor(exact + 1e-9)) if number == 1 else math.nan,
                    "rounds-down",
                    "Rounding down puts the threshold too low. Which rounding keeps the promise?",
                ),
                (
                    at(math.ceil(n * (1 - rate) - 1e-9)) if number == 2 else math.nan,
                    "forgets-the-new-sample",
                    "With n scores there are n + 1 places for a new one. Which of the two numbers do you multiply by?",
                ),
                (
                    at(round(exact)) if number > 3 else math.nan,
                    "rounds-to-nearest",
                    "Which rounding keeps the promise?",
                ),
                (at(place - 1), "one-place-too-low", "You are one place too low. From which number do you count?"),
                (np.median(scores), "ignores-the-rate", "What would another rate change?"),
                (1 - rate, "not-a-score", "Your number does not depend on the scores. In which unit is a threshold?"),
                (place, "the-place-itself", "That is a place in the list. Which score stands there?"),
            ],
            "wrong-threshold",
            "Sort, compute the place, take the score that stands there: which step is another?",
            rtol=1e-7,
            atol=0,
        )
    for n, rate in ((12, 0.05), (4, 0.125), (1, 0.25), (30, 0.01)):
        scores = rng.standard_normal(n)
        got, error = probe.attempt(choose_threshold, scores, rate)
        probe.require(
            error is None,
            "no-infinity",
            f"With {n} scores and a rate of {rate:g} your function raised {type(error).__name__}. "
            "Which threshold keeps the promise if the list has no such place?",
        )
        probe.require(
            probe.number(got) == math.inf,
            "no-infinity",
            f"{n} scores, rate {rate:g}: there is no place {math.ceil((n + 1) * (1 - rate) - 1e-9)}. "
            "Which threshold is then never exceeded by a normal sample?",
        )
    # Ties, negative scores and integers are scores as well.
    while True:
        scores = rng.integers(-4, 3, 31)
        kinds = np.unique(scores)
        once = kinds[math.ceil((len(kinds) + 1) * 0.6875) - 1]
        if once != np.sort(scores)[21] != np.sort(np.abs(scores))[21]:
            break
    got = _threshold(probe, choose_threshold, scores, 0.3125)
    probe.settle(
        got,
        np.sort(scores)[21],
        [(once, "drops-equal-scores", "Several samples had the same score. How many places do they take?")],
        "wrong-threshold",
        "Some scores were equal or negative. Do they count?",
    )


def _threshold(probe, function, scores, rate) -> float:
    result, error = probe.attempt(function, scores, rate)
    if error is not None:
        if isinstance(error, IndexError):
            probe.fail("counts-from-zero", "Your list has no such place. Does it count from 0 or from 1?")
        probe.call(function, scores, rate)  # raises again, and is reported as the answer's own exception
    return probe.number(result, question="One threshold for all scores?")


@judge(
    "split_windows",
    title="Windows of three segments",
    section="From windows to points",
    question="Which samples does the last training window cover, and which the first validation window?",
)
def judge_split_windows(split_windows, probe):
    """Windows longer and shorter than their stride, segments that fit exactly, segments too short for a window."""
    rng = probe.rng
    ten = int(rng.integers(6, 10)) * 10
    cases = [
        (ten, 5, 2, (0.5, 0.3, 0.2)),
        (ten + 30, 7, 3, (0.6, 0.2, 0.2)),
        (100, int(rng.integers(5, 9)), 1, (0.7, 0.1, 0.2)),
        (120, 5, int(rng.integers(8, 12)), (0.4, 0.35, 0.25)),
        (60, 10, 5, (0.5, 0.1, 0.4)),  # the middle segment is shorter than a window
        (40, 8, 4, (0.6, 0.2, 0.2)),  # it is exactly one window long
        (150, 4, 10, (0.3, 0.3, 0.4)),  # one stride after the last start lies behind the edge
        (100, 5, 1, (0.29, 0.29, 0.42)),  # 0.29 * 100 and 0.58 * 100 are a little less than 29 and 58
        (100, 6, 1, (0.55, 0.14, 0.31)),  # 0.55 * 100 is a little more than 55
    ]
    for n_points, window, stride, fractions in cases:
        told = f"{n_points} samples, windows of {window}, stride {stride}, shares {fractions}: "
        result = probe.call(split_windows, n_points, window, stride, fractions)
        got = _three_lists(probe, result, told)
        edges = [0, *(round(sum(fractions[: j + 1]) * n_points) for j in range(3))]
        true = _starts(edges, window, stride)
        if got == true:
            continue
        for whole in (math.floor, math.ceil, float):
            sizes = [whole(share * n_points) for share in fractions]
            sums = [whole(sum(fractions[:j]) * n_points) for j in (1, 2)]
            for cuts in ([0, *itertools.accumulate(sizes)], [0, sizes[0], sizes[0] + sizes[1], n_points],
                         [0, *sums, n_points]):  # fmt: skip
                probe.require(
                    got != _starts(cuts, window, stride),
                    "trusts-the-float",
                    told + f"a computer takes {fractions[0]} * {n_points} for {fractions[0] * n_points!r}, and "
                    f"{fractions[1]} * {n_points} for {fractions[1] * n_points!r}. Which whole numbers do you make of them?",
                )
        if sorted(got) == sorted(true):
            probe.fail("splits-in-another-order", told + "which of the three splits is the latest in time?")
        probe.require(
            [sorted(part) for part in got] != true,
            "not-in-rising-order",
            told + "the right starts, in another order. Which window of a segment comes first?",
        )
        every = list(range(0, n_points - window + 1, stride))
        flat = [start for part in got for start in part]
        relative = [[s - edge for s in part] for part, edge in zip(true, edges[:-1], strict=True)]
        probe.require(
            got != relative,
            "counts-within-the-segment",
            told + "every split starts at 0 in your answer. Counted from where?",
        )
        first, second = (round(share * n_points) for share in fractions[:2])
        for last in (n_points - first - second, n_points):
            probe.require(
                got != _starts([0, first, second, last], window, stride),
                "shares-taken-for-edges",
                told
                + f"the second segment is {fractions[1]:g} of the series. Where does it begin, and where does it end?",
            )
        probe.require(
            got != _starts(edges, stride, window),
            "window-and-stride-swapped",
            told + "which of the two numbers is the length of a window, and which the way to the next?",
        )
        probe.require(
            got != _starts(edges, window - 1, stride),
            "one-sample-too-far",
            told + "the last window of a segment reaches one sample beyond it. Which is the last start that fits?",
        )
        probe.require(
            got != [part or [a] for part, a in zip(true, edges[:-1], strict=True)],
            "window-in-a-short-segment",
            told + f"a segment of {min(np.diff(edges))} samples has a window in yours. Does it fit?",
        )
        probe.require(
            not flat or max(flat) + window <= n_points,
            "leaves-the-series",
            told + "a window of yours ends behind the last sample. Which is the last start that fits?",
        )
        probe.require(min(flat, default=0) >= 0, "wrong-starts", told + "can a window start before the series?")
        if sorted(got, key=lambda part: min(part, default=0)) != got and [sorted(p) for p in got] != got:
            probe.fail("split-at-random", told + "the starts are in no order of time. Who is whose neighbour?")
        covered = [set().union(*(range(s, s + window) for s in part)) if part else set() for part in got]
        shared = (covered[0] & covered[1]) | (covered[1] & covered[2]) | (covered[0] & covered[2])
        in_order = all(part == sorted(part) for part in got)
        if shared and (not in_order or any(a and b and max(a) > min(b) for a, b in itertools.pairwise(got))):
            probe.fail(
                "split-at-random",
                told + f"sample {min(shared)} lies in windows of two splits, and the splits interleave. "
                "Who is whose neighbour in a list of overlapping windows?",
            )
        probe.require(
            not shared,
            "windows-across-the-edge",
            told + f"sample {min(shared) if shared else 0} lies in windows of two splits. "
            "What do you cut first, the series or the list of windows?",
        )
        probe.require(
            got != _starts(edges, window, window),
            "ignores-the-stride",
            told + "your windows stand side by side. How far apart should they start?",
        )
        probe.require(
            got != _starts(edges, window, 1),
            "ignores-the-stride",
            told + "how far apart should two windows start?",
        )
        probe.require(
            got != _starts(edges, window + 1, stride),
            "drops-the-last-window",
            told + "a segment that is exactly one window long has none in yours. Which is the last start that fits?",
        )
        grid = [[s for s in every if a <= s and s + window <= b] for a, b in itertools.pairwise(edges)]
        probe.require(
            got != grid,
            "one-grid-for-all",
            told
            + "your starts are multiples of the stride from sample 0. Where does the first window of a segment start?",
        )
        walk, start = [], 0
        for edge in edges[1:]:
            walk.append(list(range(start, edge - window + 1, stride)))
            start = max(walk[-1][-1] + stride if walk[-1] else start, edge)
        probe.require(
            got != walk,
            "one-grid-for-all",
            told + "a segment of yours begins where the stride from the one before leads. Where does it begin?",
        )
        apart = [[s for s in part if s + stride <= b] for part, b in zip(true, edges[1:], strict=True)]
        probe.require(got != apart, "drops-the-last-window", told + "could one more window fit into a segment?")
        early = [[a + i * stride for i in range((b - a) // stride)] for a, b in itertools.pairwise(edges)]
        probe.require(got != early, "windows-across-the-edge", told + "does every window end inside its segment?")
        where = next(j for j in range(3) if got[j] != true[j])
        probe.fail(
            "too-few-windows" if len(got[where]) < len(true[where]) else "wrong-starts",
            told + f"{len(true[where])} windows were expected in split {where + 1}, starting with {true[where][:3]}; "
            f"yours are {len(got[where])}, starting with {got[where][:3]}. From where to where does this segment reach?",
        )


def _starts(edges, window, stride) -> list[list[int]]:
    """The starts between each two edges; edges that are no whole numbers give what rounding down afterwards does."""
    return [np.arange(a, b - window + 1, stride).astype(int).tolist() for a, b in itertools.pairwise(edges)]


def _three_lists(probe, result, told: str) -> list[list[int]]:
    probe.require(
        isinstance(result, tuple | list) or (isinstance(result, np.ndarray) and result.ndim == 2),
        "wrong-type",
        f"Three arrays were expected; you returned an object of type {type(result).__name__}.",
    )
    probe.require(
        len(result) == 3, "wrong-shape", f"Three arrays were expected, one for each split; yours are {len(result)}."
    )
    parts = []
    for number, part in enumerate(result, 1):
        array = probe.array(part, f"your function for split {number}")
        probe.require(
            array.ndim == 1, "wrong-shape", f"{told}each split is a list of starts; yours has shape {array.shape}."
        )
        probe.require(
            array.dtype.kind in "iu" or array.size == 0,
            "not-integers",
            told + f"your starts have the type {array.dtype}. Can a window start between two samples?",
        )
        parts.append([int(start) for start in array])
    return parts


@judge(
    "mean_beat_score",
    "pca_score",
    "knn_score",
    title="Three detectors without a network",
    section="Heartbeats: everything works",
    question="What do you know about normal windows, and from which windows do you know it?",
)
def judge_scores(mean_beat_score, pca_score, knn_score, probe):
    """Far from the origin, unequal variances, more and fewer windows than samples; each score for single windows too."""
    rng = probe.rng
    for n, m, t in ((int(rng.integers(31, 40)), 7, 6), (9, 5, 14)):
        axes = np.linalg.qr(rng.standard_normal((t, t)))[0] * np.geomspace(3, 0.3, t)
        train = rng.standard_normal((n, t)) @ axes.T + rng.uniform(2, 4, t)
        x = rng.standard_normal((m, t)) @ axes.T * 1.5 + rng.uniform(1, 5, t)
        _judge_mean_beat(probe, mean_beat_score, train, x)
        for k in (1, 3) if t < n else (2, n - 1):
            _judge_pca(probe, pca_score, train, x, k)
        for k in (1, 4, n):
            _judge_knn(probe, knn_score, train, x, k)
        if t < n:  # as many components as there are samples: nothing is left over
            rest = _scores_of(probe, probe.call(pca_score, train, x, t), train, x, "pca_score")
            probe.require(
                np.all(np.abs(rest) < 1e-3),
                "wrong-residual",
                f"pca_score with k = t = {t}: what can {t} components of windows of {t} samples not reconstruct?",
            )
    # Axes that are the samples, in rising order of their variances: eigenvalues come in any order.
    rising = rng.standard_normal((20, 5))
    rising = np.linalg.qr(rising - rising.mean(axis=0))[0] * np.geomspace(1, 10, 5) + 2
    _judge_pca(probe, pca_score, rising, rng.standard_normal((4, 5)) * 2 + 2, 2)
    # A training window is normal, and scoring it must find itself; one window at a time gives the same scores.
    for function, arguments, name in (
        (mean_beat_score, (), "mean_beat_score"),
        (pca_score, (2,), "pca_score"),
        (knn_score, (3,), "knn_score"),
    ):
        together = probe.require_shape(probe.call(function, train, x, *arguments), (m,))
        alone = probe.require_shape(
            probe.call(function, train, x[2:3], *arguments), (1,), f"{name} of one window: one score in an array?"
        )
        probe.require_close(
            alone[0],
            together[2],
            "depends-on-the-company",
            f"{name} gives a window another score when it comes alone. What do you compute from x?",
        )
    # The same shapes again with other windows: nothing may be left over from the calls before.
    other = train[:, ::-1] + rng.standard_normal(train.shape)
    centre = other.mean(axis=0)
    for function, arguments, true in (
        (mean_beat_score, (), np.square(x - centre).sum(axis=1)),
        (pca_score, (2,), _residual(other, x, 2, centre)),
        (knn_score, (1,), np.linalg.norm(x[:, None] - other[None], axis=2).min(axis=1)),
    ):
        probe.require_close(
            probe.require_shape(probe.call(function, other, x, *arguments), (len(x),)),
            true,
            "remembers-the-last-call",
            "The training windows were others than in the call before. Does your function look at the new ones?",
        )
    many = rng.standard_normal((90, 14)) + rng.uniform(9, 11, 14)
    itself = probe.require_shape(probe.call(knn_score, many, many, 1), (90,))
    apart = np.linalg.norm(many[:, None] - many[None], axis=2)
    found = np.abs(itself) < 0.1 * apart[apart > 0].min()  # wide enough for single precision
    probe.require(
        found.all() or not (found.any() or np.isnan(itself).any()),
        "root-of-a-negative-number",
        "knn_score finds some training windows among themselves, and others not. Which of your squared distances may "
        "come out a little below 0, and what is its root?",
    )
    probe.require(
        found.all(),
        "skips-the-nearest",
        "A window that is in the training set has a neighbour at distance 0. Where did it go?",
    )
    twice, close = np.concatenate([train, train[:1]]), train[:3] + 0.3 * rng.standard_normal((3, t))
    probe.require_close(
        probe.require_shape(probe.call(knn_score, twice, close, 2), (3,)),
        np.sort(np.linalg.norm(close[:, None] - twice[None], axis=2), axis=1)[:, :2].mean(axis=1),
        "drops-equal-windows",
        "knn_score: one training window was there twice. How many neighbours is it?",
    )


def _scores_of(probe, result, train, x, name: str) -> np.ndarray:
    probe.require(
        not np.iscomplexobj(result),
        "complex-numbers",
        f"{name}: your scores are complex numbers. Which eigenvalues can a symmetric matrix have, and does your function know that it is one?",
    )
    array = probe.array(result, name)
    n, m = len(train), len(x)
    probe.require(
        array.shape != (n,),
        "scores-the-training-windows",
        f"{name}: train_normal holds {n} windows, x holds {m}, and you return {n} numbers. Which windows are to be scored?",
    )
    probe.require(
        array.shape == (m,),
        "wrong-shape",
        f"{name}: one score for each of the {m} windows was expected; your shape is {array.shape}. Over which axis do you sum?",
    )
    return array


def _judge_mean_beat(probe, function, train, x) -> None:
    got = _scores_of(probe, probe.call(function, train, x), train, x, "mean_beat_score")
    t = x.shape[1]
    mean = train.mean(axis=0)
    true = np.square(x - mean).sum(axis=1)
    both = np.concatenate([train, x]).mean(axis=0)
    probe.settle(
        got,
        true,
        [
            (np.sqrt(true), "not-squared", "mean_beat_score: you took a square root. Which distance was asked for?"),
            (true / t, "mean-not-sum", "mean_beat_score: a mean over the samples. Was a mean asked for, or a sum?"),
            (
                np.abs(x - mean).sum(axis=1),
                "not-squared",
                "mean_beat_score: you add up absolute values. Which distance was asked for?",
            ),
            (
                np.square(x - x.mean(axis=0)).sum(axis=1),
                "fits-on-what-it-scores",
                "mean_beat_score: whose mean do you take, and has it seen the anomalies?",
            ),
            (
                np.square(x - both).sum(axis=1),
                "fits-on-what-it-scores",
                "mean_beat_score: whose mean do you take, and has it seen the anomalies?",
            ),
            (
                np.square(x - train.mean()).sum(axis=1),
                "one-mean-for-all",
                "mean_beat_score: the mean window has as many numbers as a window. Over which axis is your mean?",
            ),
            (
                np.square(x - x.mean(axis=1, keepdims=True)).sum(axis=1),
                "mean-of-each-window",
                "mean_beat_score: you measure how much a window varies in itself. What is normal?",
            ),
            (
                np.square(x - np.median(train, axis=0)).sum(axis=1),
                "median",
                "mean_beat_score: that is the median of the training windows. Which middle was asked for?",
            ),
            (
                np.square(x).sum(axis=1),
                "no-mean",
                "mean_beat_score: is a normal window one of zeros?",
            ),
            *(
                (
                    np.square((x - mean) / train.std(axis=0, ddof=ddof)).sum(axis=1),
                    "standardised",
                    "mean_beat_score: you count in standard deviations of each sample. In which units was it asked for?",
                )
                for ddof in (0, 1)
            ),
            (
                np.square(x[:, None] - train[None]).sum(axis=2).mean(axis=1),
                "mean-of-distances",
                "mean_beat_score: is a mean of squared distances the squared distance to a mean?",
            ),
        ],
        "wrong-distance",
        "mean_beat_score: subtract the mean training window, square, sum over the samples of a window: which step is another?",
    )


def _residual(train, x, k, centre) -> np.ndarray:
    axes = np.linalg.svd(train - centre, full_matrices=False)[2][:k]
    left = (x - centre) - (x - centre) @ axes.T @ axes
    return np.square(left).sum(axis=1)


def _judge_pca(probe, function, train, x, k) -> None:
    got = _scores_of(probe, probe.call(function, train, x, k), train, x, "pca_score")
    t = x.shape[1]
    mean = train.mean(axis=0)
    true = _residual(train, x, k, mean)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2]
    upright, by_variance = np.linalg.svd(train - mean)[2], np.linalg.eigh(np.cov(train.T))[1]
    inside = np.square((x - mean) @ axes[:k].T).sum(axis=1)
    both = np.concatenate([train, x])
    shifted = (x - x.mean(axis=0)) - (x - x.mean(axis=0)) @ axes[:k].T @ axes[:k]
    raw = np.linalg.svd(train, full_matrices=False)[2][:k]
    inner = (x - mean) @ axes[:k].T @ axes[:k]
    any_order = np.linalg.eig(np.cov(train.T))[1][:, :k].real
    last = axes[len(axes) - k :]
    probe.settle(
        got,
        true,
        [
            (np.sqrt(true), "not-squared", "pca_score: you took a square root. Which distance was asked for?"),
            (true / t, "mean-not-sum", "pca_score: a mean over the samples. Was a mean asked for, or a sum?"),
            (
                inside,
                "distance-inside-the-plane",
                "pca_score: you measure what PCA keeps. Which part of a window can it not reconstruct?",
            ),
            *(
                (
                    np.square(left - left @ raw.T @ raw).sum(axis=1),
                    "not-centred",
                    "pca_score: the plane goes through the mean training window. Do your axes know that mean?",
                )
                for left in (x, x - mean)
            ),
            *(
                (
                    np.square((x - mean) - (x - mean) @ lying.T @ lying).sum(axis=1),
                    "axes-transposed",
                    "pca_score: is a component a row or a column of that matrix?",
                )
                for lying in (upright[:, :k].T, by_variance[-k:], by_variance[:k], by_variance[::-1][:k])
            ),
            (
                np.square(x - x @ axes[:k].T @ axes[:k]).sum(axis=1),
                "not-centred",
                "pca_score: the plane goes through the mean training window. Does yours?",
            ),
            (
                np.square(x - inner).sum(axis=1),
                "not-centred",
                "pca_score: your reconstruction is compared with x. What was taken from x before the projection?",
            ),
            (
                np.square(x - x @ axes[:k].T @ axes[:k] - mean).sum(axis=1),
                "not-centred",
                "pca_score: you add the mean at the end. Where did you subtract it?",
            ),
            (
                _residual(train, x, k, train.mean()),
                "one-mean-for-all",
                "pca_score: the mean window has as many numbers as a window. Over which axis is your mean?",
            ),
            *(
                (
                    _residual((train - mean) / spread, (x - mean) / spread, k, 0 * mean),
                    "standardised",
                    "pca_score: you divide each sample by its deviation. In which units was the distance asked for?",
                )
                for spread in (train.std(axis=0), train.std(axis=0, ddof=1))
            ),
            (
                np.square((x - mean) - (x - mean) @ any_order @ any_order.T).sum(axis=1),
                "smallest-components",
                "pca_score: along which directions do normal windows vary most? In which order are yours?",
            ),
            (
                _residual(x, x, k, x.mean(axis=0)),
                "fits-on-what-it-scores",
                "pca_score: on which windows is your PCA fitted? May it have seen anomalies?",
            ),
            (
                _residual(both, x, k, both.mean(axis=0)),
                "fits-on-what-it-scores",
                "pca_score: on which windows is your PCA fitted? May it have seen anomalies?",
            ),
            (
                np.square(shifted).sum(axis=1),
                "depends-on-the-company",
                "pca_score: which mean do you subtract from x?",
            ),
            (
                np.square((x - mean) - (x - mean) @ last.T @ last).sum(axis=1),
                "smallest-components",
                "pca_score: along which directions do normal windows vary most? In which order are yours?",
            ),
            (
                _residual(train, x, k - 1, mean),
                "one-component-less",
                "pca_score: count the components that you keep. Are they k?",
            ),
            (_residual(train, x, k + 1, mean), "one-component-more", "pca_score: are the components that you keep k?"),
            *(
                (
                    _residual(train, x, fixed, mean),
                    "ignores-k",
                    f"pca_score: k was {k}, and you keep {fixed}. Where does your number come from?",
                )
                for fixed in (1, 2, 3)
            ),
        ],
        "wrong-residual",
        "pca_score: subtract the training mean, project on k axes of the training windows, square what is left, sum: "
        "which step is another?",
    )


def _judge_knn(probe, function, train, x, k) -> None:
    n = len(train)
    result, error = probe.attempt(function, train, x, k)
    if error is not None:
        probe.require(
            k < n or not isinstance(error, ValueError | IndexError),
            "all-neighbours",
            f"knn_score raised {type(error).__name__} for k = n = {n}. Are there not n neighbours?",
        )
        probe.call(function, train, x, k)
    got = _scores_of(probe, result, train, x, "knn_score")
    distances = np.linalg.norm(x[:, None] - train[None], axis=2)
    ordered = np.sort(distances, axis=1)
    true = ordered[:, :k].mean(axis=1)
    own = np.sort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)
    mistakes = [
        (
            np.square(ordered[:, :k]).mean(axis=1),
            "squared-distances",
            "knn_score: your distances are squared. Which ones were asked for?",
        ),
        (
            np.sqrt(np.square(ordered[:, :k]).mean(axis=1)),
            "squared-distances",
            "knn_score: you average squares and take the root. What is to be averaged?",
        ),
        (ordered[:, :k].sum(axis=1), "sum-not-mean", "knn_score: does the score double with twice as many neighbours?"),
        (ordered[:, k - 1], "k-th-neighbour", "knn_score: that is the distance to the k-th. And the others?"),
        (ordered[:, 0], "nearest-only", "knn_score: that is the nearest one. And the others?"),
        (
            distances.mean(axis=1),
            "ignores-k",
            "knn_score: that is the mean distance to all training windows. Where is k?",
        ),
        (
            ordered[:, : max(k - 1, 1)].mean(axis=1),
            "one-neighbour-less",
            "knn_score: how many neighbours does your mean run over?",
        ),
        (
            ordered[:, : k + 1].mean(axis=1),
            "one-neighbour-more",
            "knn_score: how many neighbours does your mean run over?",
        ),
        (np.median(ordered[:, :k], axis=1), "median", "knn_score: which average was asked for?"),
        (ordered[:, -k:].mean(axis=1), "the-farthest", "knn_score: in which order do your distances stand?"),
        (
            ordered[:, 1 : k + 1].mean(axis=1),
            "skips-the-nearest",
            "knn_score: you leave out the nearest training window. Is x in the training set?",
        ),
        (
            np.abs(x[:, None] - train[None])
            .sum(axis=2)[np.arange(len(x))[:, None], distances.argsort(axis=1)[:, :k]]
            .mean(axis=1),
            "city-block",
            "knn_score: you add up absolute values. Which distance was asked for?",
        ),
        (
            np.sort(np.abs(x[:, None] - train[None]).sum(axis=2), axis=1)[:, :k].mean(axis=1),
            "city-block",
            "knn_score: you add up absolute values. Which distance was asked for?",
        ),
        (
            np.linalg.norm(x - train[distances.argsort(axis=1)[:, :k]].mean(axis=1).reshape(x.shape), axis=1),
            "distance-to-their-mean",
            "knn_score: you average the neighbours first. Is the mean of distances the distance to a mean?",
        ),
        (true / x.shape[1], "wrong-distance", "knn_score: why divide by the number of samples?"),
        (true / np.sqrt(x.shape[1]), "wrong-distance", "knn_score: why divide by the number of samples?"),
        (distances[:, :k].mean(axis=1), "not-sorted", "knn_score: are these the *nearest* training windows?"),
    ]
    if k <= len(x):
        mistakes.append(
            (
                own[:, :k].mean(axis=1),
                "fits-on-what-it-scores",
                "knn_score: among which windows do you look for neighbours?",
            )
        )
    probe.settle(
        got,
        true,
        mistakes,
        "wrong-distance",
        "knn_score: all distances to the training windows, the k smallest of each row, their mean: which step is another?",
        rtol=1e-4,
        atol=1e-5,
    )


@judge(
    "windows_to_points",
    title="From flagged windows to flagged samples",
    section="From windows to points",
    question="Which windows cover sample number 7, if windows of 3 samples start at every second one?",
)
def judge_windows_to_points(windows_to_points, probe):
    """Overlapping, touching and separate windows; uncovered ends; single flags that must vanish."""
    rng = probe.rng
    for window, stride, windows, extra in (
        (5, 2, 20, 3),
        (3, 1, 24, 2),
        (4, 4, 6, 2),
        (2, 5, 6, 4),
        (7, 3, 8, 1),
        (1, 1, 9, 0),
    ):
        n_points = (windows - 1) * stride + window + extra
        told = f"Windows of {window}, stride {stride}, {n_points} samples: "
        for _ in range(100):
            flags = rng.random(windows) < 0.6
            flags[[0, 1, 2, -1]] = True, True, False, True
            covered, flagged = _counts(flags, window, stride, n_points)
            true, mistakes = (
                (covered > 0) & (covered == flagged),
                _point_mistakes(flags, window, stride, n_points, told),
            )
            if (window, stride) != (5, 2) or _told_apart(true, mistakes):  # the others have no room for all of them
                break
        result = probe.array(probe.call(windows_to_points, flags, window, stride, n_points))
        probe.require(
            result.shape == (n_points,),
            "wrong-shape",
            f"{told}one flag a sample was expected; your shape is {result.shape}.",
        )
        probe.require(
            result.dtype == bool,
            "not-bool",
            f"{told}flags are True or False; yours have the type {result.dtype}. What does a 2 mean?",
        )
        gaps = np.where(covered > 0, true, result), *_uncovered(told)
        probe.settle(
            result,
            true,
            [*mistakes, gaps],
            "wrong-samples",
            told + "count for each sample the windows that cover it, and how many of these are flagged. "
            "When are both equal, and not 0?",
        )
    alone = np.arange(9) == 4
    got = probe.array(probe.call(windows_to_points, alone, 4, 1, 12)).astype(bool)
    probe.require(not got.any(), "any-window", "One window among eight others was flagged. Do its neighbours agree?")
    window, windows = int(rng.integers(7, 14)), 30
    silent = int(rng.integers(12, 18))
    got = probe.array(probe.call(windows_to_points, np.arange(windows) != silent, window, 1, windows + window - 1))
    probe.require(
        not got.astype(bool)[silent : silent + window].any(),
        "majority",
        f"Windows of {window}, stride 1: all windows but one were flagged. May the samples of that one be flagged?",
    )
    single = probe.array(probe.call(windows_to_points, np.array([True]), 3, 2, 5)).astype(bool)
    probe.require(
        np.array_equal(single, np.arange(5) < 3),
        "wrong-samples",
        "One window of 3, flagged, 5 samples: yours are " + str(single.tolist()) + ". Which samples does it cover?",
    )
    everywhere = probe.array(probe.call(windows_to_points, np.ones(9, bool), 4, 1, 12)).astype(bool)
    probe.require(everywhere.all(), "full-cover-only", "All windows were flagged. Which sample is not, and why?")


def _counts(flags, window, stride, n_points, later=0, longer=0) -> tuple[np.ndarray, np.ndarray]:
    """How many windows cover each sample, and how many flagged ones; windows may start or end where they should not."""
    covered, flagged = np.zeros(n_points, int), np.zeros(n_points, int)
    for i, flag in enumerate(flags):
        inside = slice(i * stride + later, max(i * stride + window + longer, 0))
        covered[inside] += 1
        flagged[inside] += flag
    return covered, flagged


def _uncovered(told: str) -> tuple[str, str]:
    return "uncovered-is-flagged", told + "some samples lie in no window. What did anybody find there?"


def _point_mistakes(flags, window, stride, n_points, told) -> list:
    covered, flagged = _counts(flags, window, stride, n_points)
    true = (covered > 0) & (covered == flagged)

    def every(length, step, later=0, longer=0):
        cover, flag = _counts(flags, length, step, n_points, later, longer)
        return (cover > 0) & (cover == flag)

    starts, ends = np.zeros(n_points, bool), np.zeros(n_points, bool)
    starts[np.flatnonzero(flags) * stride] = True
    ends[np.flatnonzero(flags) * stride + window - 1] = True
    last_word = np.zeros(n_points, bool)
    for i, flag in enumerate(flags):
        last_word[i * stride : i * stride + window] = flag
    majority = told + "you let the majority decide. How many windows may disagree?"
    return [
        (
            flagged > 0,
            "any-window",
            told + "one flagged window was enough. What do the others that cover the sample say?",
        ),
        (covered == flagged, *_uncovered(told)),
        ((covered > 0) & (2 * flagged >= covered), "majority", majority),
        ((covered > 0) & (2 * flagged > covered), "majority", majority),
        (
            last_word,
            "last-window-decides",
            told + "a later window overwrites what an earlier one said. Do both count?",
        ),
        (starts, "start-only", told + "only the first sample of a window is flagged. How many does it cover?"),
        (ends, "end-only", told + "only the last sample of a window is flagged. How many does it cover?"),
        (
            flagged == covered.max(),
            "full-cover-only",
            told + "fewer windows reach the ends of the series. Do all of those that do agree there?",
        ),
        (
            every(window, stride, later=1),
            "off-by-one",
            told + "a window seems to miss its first sample. Which samples does window 0 cover?",
        ),
        (
            every(window, stride, longer=-1),
            "off-by-one",
            told + "a window seems to miss its last sample. Does your slice contain its end?",
        ),
        (
            every(window, stride, longer=1),
            "off-by-one",
            told + "a window seems to reach one sample too far. How many does it cover?",
        ),
        (every(window, 1), "ignores-the-stride", told + "where does window number 2 start?"),
        (
            every(stride, window),
            "window-and-stride-swapped",
            told + "which of the two numbers is the length of a window, and which the way to the next?",
        ),
        (
            0 * covered,
            "flags-nothing",
            told + "no sample is flagged in yours. Which line flags one, and does its condition ever hold?",
        ),
        (
            covered > 0,
            "flags-everything",
            told + "each covered sample is flagged in yours. Which line spares one, and does its condition ever hold?",
        ),
        (every(stride, stride), "windows-as-long-as-the-stride", told + "how many samples does a window cover?"),
        (~true, "inverted", told + "what does True stand for?"),
    ]


@judge(
    "fool",
    title="A strange beat that is reconstructed well",
    section="Easier to reconstruct than a normal beat",
    question="Which beats can this autoencoder draw at all, and are all of them normal?",
)
def judge_fool(fool, probe):
    """A linear autoencoder and one with bounded codes; beats of few kinds of variation, with a little noise."""
    rng = probe.rng
    t, n = int(rng.integers(28, 40)), int(rng.integers(40, 60))
    time = np.linspace(-1, 1, t)
    for bounded in (False, True):
        while True:
            beats, autoencoder, some = _beats(rng, time, n, bounded)
            apart = np.linalg.norm(beats[:, None] - beats[None], axis=2)
            np.fill_diagonal(apart, np.inf)
            needed = 2 * apart.min(axis=1).max()
            limit_error = np.quantile(np.mean((autoencoder(beats) - beats) ** 2, axis=1), 0.95)
            some = some[np.mean((autoencoder(some) - some) ** 2, axis=1) < 0.9 * limit_error]
            if np.linalg.norm(some[:, None] - beats[None], axis=2).min(axis=1).max(initial=0) > 1.2 * needed:
                break  # a step along one axis is enough, with room to spare: an answer need not be clever

        kind = "the autoencoder with bounded codes" if bounded else "the linear autoencoder"
        result = probe.array(probe.call(fool, autoencoder, beats, np.random.default_rng(int(rng.integers(2**32)))))
        probe.require(
            result.shape == (t,),
            "wrong-shape",
            f"One beat of shape ({t},) was expected; yours has shape {result.shape}. Did you return several, or a code?",
        )
        beat = result.astype(np.float64)
        probe.require(
            np.isfinite(beat).all(), "wrong-beat", "Your beat holds NaN or infinity. Which step divides by 0?"
        )
        error = np.mean((autoencoder(beat[None])[0] - beat) ** 2)
        distance = np.linalg.norm(beats - beat, axis=1).min()
        measured = (
            f"For {kind}: its error is {error:.3g} (needed: below {limit_error:.3g}), "
            f"its distance to the nearest normal beat {distance:.3g} (needed: above {needed:.3g}). "
        )
        well = error < limit_error
        probe.require(
            distance > 1e-6,
            "a-normal-beat",
            measured + "Your beat is one of the normal ones. Would anybody call it strange?",
        )
        probe.require(
            distance > needed,
            "still-close-to-normal",
            measured + "A beat so close to a normal one fools nobody. In which direction could it go on?",
        )
        probe.require(
            well,
            "linear-only" if bounded else "far-but-reconstructed-badly",
            measured
            + (
                "The linear one was fooled. Where do the codes of this one end?"
                if bounded
                else "Far away is easy. What comes back when the autoencoder's own output is put in again?"
            ),
        )


def _beats(rng, time, n: int, bounded: bool):
    """Normal beats, an autoencoder for them, and beats at steps along its axes."""
    widths = rng.uniform(0.12, 0.3, 3)
    shapes = np.stack([np.exp(-(((time - c) / w) ** 2)) for c, w in zip((-0.5, 0, 0.45), widths, strict=True)])
    axes = np.linalg.qr(shapes.T)[0].T
    axes *= np.sign((shapes * axes).sum(axis=1))[:, None]
    codes = rng.uniform(0.4, 1.6, (n, 3)) * np.array([1.0, 2.0, 1.5])
    beats = codes @ axes + 0.03 * rng.standard_normal((n, len(time))) + rng.uniform(-1, 1)
    mean = beats.mean(axis=0)
    pca = np.linalg.svd(beats - mean, full_matrices=False)[2][:3]
    limit = 10 * ((beats - mean) @ pca.T).std(axis=0)

    def autoencoder(x):
        x = np.asarray(x, np.float64)
        if x.ndim != 2 or x.shape[1] != len(mean):
            raise ValueError(f"autoencoder takes beats of shape (m, {len(mean)}), and got {x.shape}")
        z = (x - mean) @ pca.T
        return (limit * np.tanh(z / limit) if bounded else z) @ pca + mean

    steps = np.linspace(-1, 1, 81)[:, None, None] * np.diag(limit)
    return beats, autoencoder, steps.reshape(-1, 3) @ pca + mean
