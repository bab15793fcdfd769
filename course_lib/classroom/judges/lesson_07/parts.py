"""The judges of lesson 07: scores, thresholds, splits and what comes out of them."""

from __future__ import annotations

import itertools
import math

import numpy as np

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import AnswerRaised, Failed, described, float32

judge = judges_of(7)

# Half a pair of 300 samples is 2e-5 of the area, and single precision errs by much less.
_AREA = 5e-6


@judge("roc_auc")
def judge_roc_auc(roc_auc, probe):
    """Scores that are all different, then many equal ones; few anomalies and many; then scores of any scale and sign."""
    rng = probe.rng

    def cases():
        # Numbers of samples, of anomalies and of levels (0: all scores differ); whether anomalies lie high or low.
        for n, anomalies, levels, way in (
            (31, 11, 0, 1), (28, 17, 0, 1), (31, 12, 0, -1), (40, 9, 6, 1), (25, 17, 4, 1), (36, 13, 5, -1),
        ):  # fmt: skip
            pairs = anomalies * (n - anomalies)
            while True:
                labels = rng.permutation(n) < anomalies
                if levels:
                    places = rng.integers(0, levels, n) + way * labels * rng.integers(0, 3, n)
                else:
                    places = np.argsort(np.argsort(rng.standard_normal(n) + way * labels))
                scores = places * 0.37 - 2.1
                wins, ties = _pairs(scores, labels)
                # No order within an odd number of ties gives the true area.
                if way * (wins + ties / 2 - 0.5) > 0.05 and (not levels or round(ties * pairs) % 2):
                    break
            got = _area(probe, _asked(probe, roc_auc, scores, labels))
            mistakes = _area_mistakes(scores, labels)
            place = got * pairs  # how many pairs are won if each tie is decided by the places in some list
            in_some_order = wins <= got + 1e-9 <= wins + ties + 2e-9 and abs(place - round(place)) < 1e-3
            yield (
                got,
                wins + ties / 2,
                mistakes | {"ties-in-arbitrary-order": got if in_some_order else math.nan},
                {"positive": anomalies},
            )

    probe.settle_all(cases(), "wrong-area", rtol=0, atol=_AREA)
    # Order is all that counts: scale, sign, one sample of a kind, nearly equal scores, scores that crowd at one end.
    n = int(rng.integers(90, 160))
    one, scores, many = np.arange(n) == rng.integers(n), rng.standard_normal(n), rng.standard_normal(300 - n // 4)
    fine = 1e3 + np.argsort(np.argsort(scores)) * 1e-9
    for told, values, marks in (
        ("The scores differ in the twelfth digit.", fine, scores > 0.5),
        ("There was one anomaly among many normal samples.", scores, one),
        ("There was one normal sample among many anomalies.", scores, ~one),
        ("All scores were negative, and some very large.", -np.exp(3 * scores) * 1e6, one),
        ("The scores differ in the eighteenth decimal place.", scores * 1e-18, scores > 0.5),
        ("All scores were equal.", np.full(n, 0.5), one),  # a number whose mean has no rounding error
        ("The scores were integers.", np.arange(n), rng.permutation(n) < n // 3),
        *(  # drawn three times: where some scores are taken for equal, the area may by chance be the right one
            (f"There were {len(many)} different scores.", values, rng.permutation(len(many)) < len(many) // 2)
            for values in (many, -np.exp(3 * many) * 1e6, np.exp(3 * many))
        ),
    ):
        wins, ties = _pairs(values, marks)
        got = _area(probe, probe.call(roc_auc, values, marks))
        if abs(got - wins - ties / 2) <= _AREA:
            continue
        measured = f"{told} Expected {wins + ties / 2:.6g}; yours is {got:.6g}."
        levels, places = np.unique(values, return_inverse=True)
        if abs(got - _area(probe, probe.call(roc_auc, places, marks))) > _AREA:
            close = told.startswith("The scores differ") and abs(got - 0.5) < 0.01
            probe.fail("not-by-order/close" if close else "not-by-order", measured)
        if ties == 1:
            probe.fail("curve-without-its-ends/equal" if got == 0 else "wrong-area/equal", measured)
        probe.fail("wrong-area/levels", measured, levels=len(levels))


def _asked(probe, roc_auc, scores: np.ndarray, labels: np.ndarray):
    """What the answer returns; scikit-learn's own words for scores in the place of labels are a question on the order."""
    result, error = probe.attempt(roc_auc, scores, labels)
    if error is not None:
        probe.require("continuous format is not supported" not in error.text, "swapped-arguments")
        raise AnswerRaised(error)
    return result


def _pairs(scores: np.ndarray, is_anomaly: np.ndarray) -> tuple[float, float]:
    """Shares of the pairs (anomaly, normal) that the anomaly wins, and that are ties."""
    difference = np.subtract.outer(scores[is_anomaly].astype(np.float64), scores[~is_anomaly].astype(np.float64))
    return float((difference > 0).mean()), float((difference == 0).mean())


def _area_mistakes(scores: np.ndarray, labels: np.ndarray) -> dict:
    wins, ties = _pairs(scores, labels)
    true, losses, n, positive = wins + ties / 2, 1 - wins - ties, len(labels), int(labels.sum())
    negative = n - positive
    flagged, (anomalies, normals) = scores > np.median(scores), (scores[labels], scores[~labels])
    # Equal scores share a rank, but not the middle one.
    ordered = np.sort(scores)
    ranks = [np.searchsorted(ordered, scores, side) + (side == "left") for side in ("left", "right")]
    ranks.append(np.unique(scores, return_inverse=True)[1] + 1)
    levels = np.unique(scores)[::-1, None]
    curves = [[(kind > levels).mean(axis=1) for kind in (anomalies, normals)],
              [(kind >= levels).mean(axis=1) for kind in (anomalies, normals)]]  # fmt: skip
    hits, alarms = curves[1]
    precision = hits * positive / (hits * positive + alarms * negative)
    return {
        "ties-lose": wins,
        "ties-win": wins + ties,
        "drops-the-ties": wins / (1 - ties),
        "normal-is-positive": [losses + ties / 2, losses, losses + ties],
        "never-below-half": max(true, 1 - true),
        "one-anomaly-for-all": [(middle(anomalies) > normals).mean() for middle in (np.mean, np.median)],
        "ignores-the-labels": 0.5,
        "wrong-rank-sum": [true - 1 / negative, true + 1 / negative],
        "integrates-backwards": -true,
        "in-percent": 100 * true,
        "accuracy": (flagged == labels).mean(),
        "difference-of-means": anomalies.mean() - normals.mean(),
        "one-threshold": (flagged[labels].mean() + (~flagged[~labels]).mean()) / 2,
        "wrong-denominator": [true * positive * negative / count for count in (n**2, n * (n - 1), n * (n - 1) / 2)],
        "not-divided": [true * positive * negative, wins * positive * negative],
        "rescaled": 2 * true - 1,
        "shares-the-wrong-rank": [
            (rank[labels].sum() - positive * (positive + 1) / 2) / (positive * negative) for rank in ranks
        ],
        "curve-without-its-ends": [np.trapezoid(hits, alarms) for hits, alarms in curves],
        # By steps; by trapezoids from precision 1 at recall 0, and without that end.
        "precision-and-recall": [
            precision @ np.diff(hits, prepend=0),
            np.trapezoid([1, *precision], [0, *hits]),
            np.trapezoid(precision, hits),
        ],
    }


def _area(probe, result) -> float:
    got = probe.number(result)
    probe.require(math.isfinite(got) and not isinstance(result, bool | np.bool_), "wrong-area/no-number", got=result)
    return got


@judge("choose_threshold")
def judge_choose_threshold(choose_threshold, probe):
    """Skewed scores in random order; places that are whole numbers and such that are not; equal scores; too few."""
    rng = probe.rng
    below = []  # how far a threshold lies below the score that it should be

    def cases():
        # The place before it is rounded is 45, 9.8, 26.6, 21.6, 30.4, 18.9, 12, 1.2, 3: each usual mistake shows in one.
        for n, rate in (
            (59, 0.25), (13, 0.3), (37, 0.3), (23, 0.1), (37, 0.2), (20, 0.1), (15, 0.25), (2, 0.6), (3, 0.25),
        ):  # fmt: skip
            (scores,) = float32(np.exp(rng.standard_normal(n) * 1.2 + rng.uniform(-2, 2)))
            yield case(scores, rate)
        while True:  # ties, negative scores and integers are scores as well
            scores, rate = rng.integers(-7, 1, 31), 0.3125
            if _place(np.unique(scores), rate) > _place(scores, rate) < 0 <= _place(np.abs(scores), rate):
                break
        yield case(scores, rate)

    def case(scores, rate):
        got, true = probe.number(probe.call(choose_threshold, scores, rate)), _place(scores, rate)
        below.append(true - got)
        return got, true, _threshold_mistakes(scores, rate), {"n": len(scores), "rate": f"{rate:g}"}

    probe.settle_all(cases(), "wrong-threshold", rtol=1e-7, atol=1e-10)
    probe.require(max(below) <= 0, "just-below-the-score", gap=max(below))
    for n, rate in ((12, 0.05), (4, 0.125), (1, 0.25), (30, 0.01), (16382, 2**-14)):  # place 16382.00006 of 16382
        told = {"n": n, "rate": f"{rate:g}", "place": math.ceil((n + 1) * (1 - rate) - 1e-9)}
        got, error = probe.attempt(choose_threshold, rng.standard_normal(n), rate)
        probe.require(error is None, "no-infinity/raises", error=error and error.type, **told)
        probe.require(probe.number(got) == math.inf, "no-infinity", **told)


def _place(scores: np.ndarray, rate: float) -> float:
    """The score on place (n + 1)(1 - rate), rounded up, of the list in rising order; the last one if there is none."""
    place = math.ceil((len(scores) + 1) * (1 - rate) - 1e-9)
    return float(np.sort(scores)[min(max(place, 1), len(scores)) - 1])


def _threshold_mistakes(scores: np.ndarray, rate: float) -> dict:
    ordered, n = np.sort(scores), len(scores)
    exact = (n + 1) * (1 - rate)
    place, true = math.ceil(exact - 1e-9), _place(scores, rate)

    def at(position, values=ordered):
        return values[min(max(position, 1), n) - 1]

    between = ("linear", "weibull", "hazen", "median_unbiased", "normal_unbiased", "midpoint")
    mean, several = scores.mean(), np.unique(scores)
    return {
        "infinity-too-early": [true, math.inf],
        "mean-plus-sd": [mean + scores.std(), mean + scores.std(ddof=1), mean + 2 * scores.std()],
        "interpolated-quantile": [np.quantile(scores, 1 - rate, method=method) for method in between],
        "another-quantile": np.quantile(scores, 1 - rate, method="higher"),
        "wrong-end": [np.quantile(scores, rate), at(math.ceil((n + 1) * rate - 1e-9)), at(n + 1 - place)],
        "not-sorted": [at(place, scores), at(place + 1, scores)],
        "largest-score": ordered[-1],
        "one-place-too-high": [at(place + 1), math.inf] if place == n else at(place + 1),
        "rounds-down": at(math.floor(exact + 1e-9)),
        "forgets-the-new-sample": at(math.ceil(n * (1 - rate) - 1e-9)),
        "rounds-to-nearest": at(round(exact)),
        "one-place-too-high/whole": [at(math.floor(exact + 1e-9) + 1), *[math.inf] * (exact + 1e-9 > n)],
        "one-place-too-low": at(place - 1),
        "ignores-the-rate": np.median(scores),
        "not-a-score": 1 - rate,
        "the-place-itself": place,
        "drops-equal-scores": [_place(several, rate), math.inf] if len(several) < n else true,
    }


@judge("split_windows")
def judge_split_windows(split_windows, probe):
    """Windows longer and shorter than their stride, segments that fit exactly, segments too short for a window."""
    rng = probe.rng
    ten = int(rng.integers(6, 10)) * 10
    causes, wrong = None, None  # a cause must explain all cases; without one, the first wrong case is looked at
    for n_points, window, stride, fractions in (
        (ten, 5, 2, (0.5, 0.3, 0.2)),
        (ten + 30, 7, 3, (0.6, 0.2, 0.2)),
        (100, int(rng.integers(5, 9)), 1, (0.7, 0.1, 0.2)),
        (120, 5, int(rng.integers(8, 12)), (0.4, 0.35, 0.25)),
        (60, 10, 5, (0.5, 0.1, 0.4)),  # the middle segment is shorter than a window
        (40, 8, 4, (0.6, 0.2, 0.2)),  # it is exactly one window long
        (150, 4, 10, (0.3, 0.3, 0.4)),  # one stride after the last start lies behind the edge
        (100, 5, 1, (0.29, 0.29, 0.42)),  # 0.29 * 100 and 0.58 * 100 are a little less than 29 and 58
        (100, 6, 1, (0.55, 0.14, 0.31)),  # 0.55 * 100 is a little more than 55
    ):
        told = f"{n_points} samples, windows of {window}, stride {stride}, shares {fractions}"
        try:
            got = _three_lists(probe, probe.call(split_windows, n_points, window, stride, fractions), told)
        except (AnswerRaised, Failed):
            if wrong is None:
                raise
            break  # what the earlier cases showed stands
        edges = [0, *(round(sum(fractions[: j + 1]) * n_points) for j in range(3))]
        true = _starts(edges, window, stride)
        mistakes = _split_mistakes(got, true, edges, window, stride, fractions)
        explained = [name for name, values in mistakes.items() if got in values]
        causes = explained if causes is None else [name for name in causes if name in explained]
        if got != true and wrong is None:
            products = [share * n_points for share in (fractions[0], fractions[1], sum(fractions[:2]))]
            product = next((p for p in products if p != round(p)), products[0])
            fields = {"told": told, "second": fractions[1], "product": product, "whole": round(product)}
            wrong = got, true, window, n_points, fields | {"short": min(np.diff(edges))}
    if wrong is not None:
        if causes:
            probe.fail(causes[0], **wrong[-1])
        _look_at_split(probe, *wrong)


def _look_at_split(probe, got, true, window, n_points, fields) -> None:
    """No known cause: end the check with what is wrong with this split."""
    flat = [start for part in got for start in part]
    probe.require(max(flat, default=0) + window <= n_points, "leaves-the-series", **fields)
    probe.require(min(flat, default=0) >= 0, "wrong-starts/negative", **fields)
    covered = [{sample for start in part for sample in range(start, start + window)} for part in got]
    shared = min(itertools.chain(*(a & b for a, b in itertools.combinations(covered, 2))), default=None)
    if any(a and b and max(a) > min(b) for a, b in itertools.combinations(got, 2)):
        name = "split-at-random" if shared is None else "split-at-random/shared"
        probe.fail(name, shared=shared, **fields)
    probe.require(shared is None, "windows-across-the-edge", shared=shared, **fields)
    where = next(j for j in range(3) if got[j] != true[j])
    fields |= {"split": where + 1, "wanted": len(true[where]), "first": true[where][:3]}
    fewer = len(got[where]) < len(true[where])
    name = "too-few-windows" if fewer else "wrong-starts"
    probe.fail(name, count=len(got[where]), yours=got[where][:3], **fields)


def _starts(edges, window, stride) -> list[list[int]]:
    """The starts between each two edges; edges that are no whole numbers give what rounding down afterwards does."""
    return [np.arange(a, b - window + 1, stride).astype(int).tolist() for a, b in itertools.pairwise(edges)]


def _split_mistakes(got, true, edges, window, stride, fractions) -> dict[str, list]:
    n_points, spans = edges[-1], list(itertools.pairwise(edges))
    first, second = edges[1], edges[2] - edges[1]
    every = list(range(0, n_points - window + 1, stride))
    floats = []
    for whole in (math.floor, math.ceil, float):
        sizes = [whole(share * n_points) for share in fractions]
        sums = [whole(sum(fractions[:j]) * n_points) for j in (1, 2)]
        floats += [
            [0, *itertools.accumulate(sizes)],
            [0, sizes[0], sizes[0] + sizes[1], n_points],
            [0, *sums, n_points],
        ]
    walk, start = [], 0
    for edge in edges[1:]:
        walk.append(list(range(start, edge - window + 1, stride)))
        start = max(walk[-1][-1] + stride if walk[-1] else start, edge)
    cuts = [0, *(round(sum(fractions[: j + 1]) * len(every)) for j in range(3))]
    return {
        "trusts-the-float": [_starts(cut, window, stride) for cut in floats],
        "splits-in-another-order": [list(parts) for parts in itertools.permutations(true)],
        "not-in-rising-order": [got] if [sorted(part) for part in got] == true else [],
        "counts-within-the-segment": [[[s - a for s in part] for part, (a, _) in zip(true, spans, strict=True)]],
        "shares-taken-for-edges": [
            _starts([0, first, second, last], window, stride) for last in (n_points - first - second, n_points)
        ],
        "window-and-stride-swapped": [_starts(edges, stride, window)],
        "one-sample-too-far": [_starts(edges, window - 1, stride)],
        "window-in-a-short-segment": [[part or [a] for part, (a, _) in zip(true, spans, strict=True)]],
        "leaves-the-series": [[list(range(a, b, stride)) for a, b in spans]],
        "ignores-the-stride": [_starts(edges, window, 1)],
        "ignores-the-stride/side-by-side": [_starts(edges, window, window)],
        "drops-the-last-window": [
            _starts(edges, window + 1, stride),
            [[s for s in part if s + stride <= b] for part, (_, b) in zip(true, spans, strict=True)],
        ],
        "one-grid-for-all": [[[s for s in every if a <= s <= b - window] for a, b in spans]],
        "one-grid-for-all/walk": [walk],
        "windows-across-the-edge/list": [
            [every[a:b] for a, b in itertools.pairwise(cuts)],
            [[s for s in every if a <= s < b] for a, b in spans],
            [[a + i * stride for i in range((b - a) // stride)] for a, b in spans],
        ],
    }


def _three_lists(probe, result, told: str) -> list[list[int]]:
    several = isinstance(result, tuple | list) or (isinstance(result, np.ndarray) and result.ndim > 0)
    probe.require(several, "wrong-type/one", found=described(result))
    probe.require(len(result) == 3, "wrong-shape/parts", parts=len(result))
    parts = [probe.array(part, f"your function for split {number}") for number, part in enumerate(result, 1)]
    for part in parts:
        probe.require(part.ndim == 1, "wrong-shape", told=told, shape=part.shape)
        probe.require(part.dtype.kind in "iu" or part.size == 0, "not-integers", told=told, dtype=part.dtype)
    return [[int(start) for start in part] for part in parts]


@judge("mean_beat_score", "pca_score", "knn_score")
def judge_scores(mean_beat_score, pca_score, knn_score, probe):
    """Far from the origin, unequal variances, more and fewer windows than samples and than windows to score."""
    rng = probe.rng
    data = []  # training windows, windows to score, training windows of the same shapes that came before
    for n, m, t in ((int(rng.integers(31, 40)), 7, 6), (9, 11, 14)):
        axes = np.linalg.qr(rng.standard_normal((t, t)))[0] * np.geomspace(3, 0.3, t)
        train = rng.standard_normal((n, t)) @ axes.T + rng.uniform(2, 4, t)
        data.append((train, rng.standard_normal((m, t)) @ axes.T * 1.5 + rng.uniform(1, 5, t), train))
    (wide, few, _), (train, x, _) = data
    data.append((train, x[2:3], train))  # its company must not matter
    data.append((train[:, ::-1] + rng.standard_normal(train.shape), x, train))  # nothing may be left over
    # Axes that are the samples, in rising order of their variances: eigenvalues come in any order.
    rising = rng.standard_normal((20, 5))
    rising = np.linalg.qr(rising - rising.mean(axis=0))[0] * np.geomspace(1, 10, 5) + 2

    def cases(name, function, rows, true_of, mistakes_of):
        for old, new, before, k in rows:
            arguments = (old, new) if k is None else (old, new, k)
            told = {"name": name, "n": len(old), "m": len(new), "t": new.shape[1], "k": k}
            got, error = probe.attempt(function, *arguments)
            if error is not None:
                probe.require(name != "knn_score" or k < len(old), "all-neighbours", f"It raises {error}.", **told)
                raise AnswerRaised(error)
            probe.array(got, name)
            sizes = {(len(old),): "scores-the-training-windows", (): "wrong-shape/one-window"}
            got = probe.shape(got, (len(new),), sizes, **told)
            true = true_of(old, new, k)
            mistakes = mistakes_of(old, new, k, true, got) | {"remembers-the-last-call": true_of(before, new, k)}
            yield got, true, mistakes, told

    rows = [(*row, None) for row in data]
    probe.settle_all(
        cases("mean_beat_score", mean_beat_score, rows, _distance_to_mean, _mean_mistakes), "wrong-distance"
    )
    rows = [(*row, k) for row in data for k in ((1, 3) if row[0] is wide else (2, 8))]
    rows.append((rising, rng.standard_normal((4, 5)) * 2 + 2, rising, 2))
    probe.settle_all(cases("pca_score", pca_score, rows, _residual, _pca_mistakes), "wrong-residual")
    rest = probe.shape(probe.call(pca_score, wide, few, 6), (7,), name="pca_score", m=7)
    probe.close(rest, np.zeros(7), "wrong-residual/nothing-left", atol=1e-3)
    twice, close = np.concatenate([train, train[:1]]), train[:3] + 0.3 * rng.standard_normal((3, train.shape[1]))
    rows = [(*row, k) for row in data for k in (1, 4, len(row[0]))] + [(twice, close, twice, 2)]
    probe.settle_all(
        cases("knn_score", knn_score, rows, _neighbours, _knn_mistakes), "wrong-distance/neighbours", atol=1e-5
    )
    # A training window is normal, and scoring it must find itself.
    many = rng.standard_normal((90, 14)) + rng.uniform(9, 11, 14)
    itself = probe.shape(probe.call(knn_score, many, many, 1), (90,), name="knn_score", m=90)
    apart = np.linalg.norm(many[:, None] - many[None], axis=2)
    found = np.abs(itself) < 0.1 * apart[apart > 0].min()  # wide enough for single precision
    some = found.any() or np.isnan(itself).any()
    probe.require(found.all() or not some, "root-of-a-negative-number", found=found.sum())
    probe.require(found.all(), "skips-the-nearest/itself")


def _distance_to_mean(train, x, k=None) -> np.ndarray:
    return np.square(x - train.mean(axis=0)).sum(axis=1)


def _mean_mistakes(train, x, k, true, got) -> dict:
    mean, both = train.mean(axis=0), np.concatenate([train, x])
    middles = {
        "fits-on-what-it-scores": [x.mean(axis=0), both.mean(axis=0)],
        "one-mean-for-all": [train.mean()],
        "mean-of-each-window": [x.mean(axis=1, keepdims=True)],
        "median": [np.median(train, axis=0)],
        "no-mean": [0],
    }
    return {
        "not-squared": np.sqrt(true),
        "not-squared/absolute": np.abs(x - mean).sum(axis=1),
        "mean-not-sum": true / x.shape[1],
        "standardised": [np.square((x - mean) / train.std(axis=0, ddof=ddof)).sum(axis=1) for ddof in (0, 1)],
        "mean-of-distances": np.square(x[:, None] - train[None]).sum(axis=2).mean(axis=1),
        **{name: [np.square(x - middle).sum(axis=1) for middle in several] for name, several in middles.items()},
    }


def _left(x, axes) -> np.ndarray:
    """Squared length of what the projection on axes (k, t) leaves of x (m, t)."""
    return np.square(x - x @ axes.T @ axes).sum(axis=1)


def _residual(train, x, k, centre=None) -> np.ndarray:
    centre = train.mean(axis=0) if centre is None else centre
    return _left(x - centre, np.linalg.svd(train - centre, full_matrices=False)[2][:k])


def _pca_mistakes(train, x, k, true, got) -> dict:
    (n, t), mean = train.shape, train.mean(axis=0)
    axes, raw = (np.linalg.svd(windows, full_matrices=False)[2] for windows in (train - mean, train))
    best, both, shifted = axes[:k], np.concatenate([train, x]), x - mean
    # With fewer windows than samples the other axes may be any: a mix-up of axes is not asserted from there.
    upright, by_variance = np.linalg.svd(train - mean)[2], np.linalg.eigh(np.cov(train.T))[1]
    lying = (upright[:, :k].T, by_variance[-k:], by_variance[:k], by_variance[::-1][:k])
    unsorted = np.linalg.eig(np.cov(train.T))[1][:, :k].real.T
    return {
        "not-squared": np.sqrt(true),
        "mean-not-sum": true / t,
        "distance-inside-the-plane": np.square(shifted @ best.T).sum(axis=1),
        "not-centred": [_left(x, raw[:k]), _left(shifted, raw[:k])],
        "not-centred/projection": [
            _left(x, best), np.square(x - shifted @ best.T @ best).sum(axis=1),
            np.square(x - x @ best.T @ best - mean).sum(axis=1),
        ],
        "axes-transposed": [_left(shifted, a) for a in lying] if n > t else got,
        "one-mean-for-all": _residual(train, x, k, train.mean()),
        "standardised": got if np.allclose(np.corrcoef(train.T), np.eye(t)) else [
            _residual((train - mean) / spread, shifted / spread, k, 0 * mean)
            for spread in (train.std(axis=0), train.std(axis=0, ddof=1))
        ],  # in their own units uncorrelated samples have no best axes
        "smallest-components": [_left(shifted, axes[-k:]), _left(shifted, unsorted) if n > t else got],
        "fits-on-what-it-scores": [_residual(x, x, k), _residual(both, x, k)],
        "depends-on-the-company": _left(x - x.mean(axis=0), best),
        "one-component-less": _residual(train, x, k - 1),
        "one-component-more": _residual(train, x, k + 1),
        "ignores-k": [_residual(train, x, fixed) for fixed in (1, 2, 3)],
    }  # fmt: skip


def _neighbours(train, x, k) -> np.ndarray:
    return np.sort(np.linalg.norm(x[:, None] - train[None], axis=2), axis=1)[:, :k].mean(axis=1)


def _knn_mistakes(train, x, k, true, got) -> dict:
    distances = np.linalg.norm(x[:, None] - train[None], axis=2)
    blocks, nearest, ordered = (
        np.abs(x[:, None] - train[None]).sum(axis=2),
        distances.argsort(axis=1),
        np.sort(distances),
    )
    middles, t = train[nearest[:, :k]].mean(axis=1), x.shape[1]
    return {
        "squared-distances": [np.square(ordered[:, :k]).mean(axis=1), np.sqrt(np.square(ordered[:, :k]).mean(axis=1))],
        "sum-not-mean": ordered[:, :k].sum(axis=1),
        "k-th-neighbour": ordered[:, k - 1],
        "nearest-only": ordered[:, 0],
        "ignores-k/all": distances.mean(axis=1),
        "one-neighbour-less": ordered[:, : max(k - 1, 1)].mean(axis=1),
        "one-neighbour-more": ordered[:, : k + 1].mean(axis=1),
        "median": np.median(ordered[:, :k], axis=1),
        "the-farthest": ordered[:, -k:].mean(axis=1),
        "skips-the-nearest": ordered[:, 1 : k + 1].mean(axis=1),
        "city-block": [np.take_along_axis(blocks, nearest[:, :k], 1).mean(axis=1), np.sort(blocks)[:, :k].mean(axis=1)],
        "distance-to-their-mean": np.linalg.norm(x - middles, axis=1),
        "mean-not-sum/neighbours": [true / t, true / np.sqrt(t)],
        "not-sorted": distances[:, :k].mean(axis=1),
        "fits-on-what-it-scores": [_neighbours(seen, x, k) for seen in (x, np.concatenate([train, x]))],
        "drops-equal-windows": _neighbours(np.unique(train, axis=0), x, k),
    }


@judge("windows_to_points")
def judge_windows_to_points(windows_to_points, probe):
    """Overlapping, touching and separate windows; uncovered ends; single flags that must vanish, single silences."""
    rng = probe.rng

    def cases():
        sizes = ((5, 2, 20, 3), (3, 1, 24, 2), (4, 4, 6, 2), (2, 5, 6, 4), (7, 3, 8, 1), (1, 1, 9, 0))
        for window, stride, windows, extra in sizes:
            flags = rng.random(windows) < 0.6
            flags[[0, 1, 2, -1]] = True, True, False, True
            yield flags, window, stride, (windows - 1) * stride + window + extra
        window, silent = int(rng.integers(7, 14)), int(rng.integers(12, 18))
        yield np.arange(30) != silent, window, 1, 29 + window  # one silent window among flagged ones
        yield np.arange(140) != 70, 120, 1, 259  # and one among so many that a share of 99 % is reached
        yield np.arange(9) == 4, 4, 1, 12  # one flagged window among silent ones
        yield np.array([True]), 3, 2, 5
        yield np.ones(9, bool), 4, 1, 12

    def settled():
        for flags, window, stride, n_points in cases():
            told = {"told": f"{len(flags)} windows of {window}, stride {stride}, {n_points} samples"}
            got = probe.shape(probe.call(windows_to_points, flags, window, stride, n_points), (n_points,), **told)
            probe.require(got.dtype == bool, "not-bool", dtype=got.dtype, **told)
            true, mistakes = _point_mistakes(flags, window, stride, n_points, got)
            yield got, true, mistakes, told

    probe.settle_all(settled(), "wrong-samples")


def _point_mistakes(flags, window, stride, n_points, got) -> tuple[np.ndarray, dict]:
    def counts(length, step, later=0, longer=0):
        """How many windows cover each sample, how many flagged ones, and whether the last of them is flagged."""
        covered, flagged, last = np.zeros(n_points, int), np.zeros(n_points, int), np.zeros(n_points, bool)
        for i, flag in enumerate(flags):
            inside = slice(i * step + later, max(i * step + length + longer, 0))
            covered[inside] += 1
            flagged[inside] += flag
            last[inside] = flag
        return covered, flagged, last

    def every(*arguments):
        covered, flagged, _ = counts(*arguments)
        return (covered > 0) & (covered == flagged)

    covered, flagged, last = counts(window, stride)
    true, points, starts = every(window, stride), np.arange(n_points), np.flatnonzero(flags) * stride
    shares = (0.5, 0.51, 0.6, 0.66, 0.75, 0.8, 0.9, 0.95, 0.99)
    return true, {
        "any-window": flagged > 0,
        "uncovered-is-flagged": [covered == flagged, np.where(covered > 0, true, got)],
        "majority": [(covered > 0) & (flagged >= share * covered) for share in shares],
        "last-window-decides": last,
        "start-only": np.isin(points, starts),
        "end-only": np.isin(points, starts + window - 1),
        "full-cover-only": [flagged == covered.max(), flagged >= math.ceil(window / stride)],
        "full-cover-only/window": flagged == window,
        "off-by-one/first": every(window, stride, 1),
        "off-by-one/last": every(window, stride, 0, -1),
        "off-by-one/too-far": every(window, stride, 0, 1),
        "ignores-the-stride": [every(window, 1), every(window, window)],
        "window-and-stride-swapped": every(stride, window),
        "flags-nothing": 0 * covered,
        "flags-everything": covered > 0,
        "windows-as-long-as-the-stride": every(stride, stride),
        "inverted": ~true,
    }


@judge("fool", optional=True)
def judge_fool(fool, probe):
    """A linear autoencoder and one with bounded codes; beats of few kinds of variation, with a little noise."""
    rng = probe.rng
    t, n = int(rng.integers(28, 40)), int(rng.integers(40, 60))
    for which in ("the linear autoencoder", "the autoencoder with bounded codes"):
        bounded = which != "the linear autoencoder"
        while True:
            beats, autoencoder, some = _beats(rng, np.linspace(-1, 1, t), n, bounded)
            apart = np.linalg.norm(beats[:, None] - beats[None], axis=2)
            np.fill_diagonal(apart, np.inf)
            needed = 2 * apart.min(axis=1).max()
            allowed = np.quantile(np.mean((autoencoder(beats) - beats) ** 2, axis=1), 0.95)
            some = some[np.mean((autoencoder(some) - some) ** 2, axis=1) < 0.9 * allowed]
            if np.linalg.norm(some[:, None] - beats[None], axis=2).min(axis=1).max(initial=0) > 1.2 * needed:
                break  # a step along one axis is enough, with room to spare: an answer need not be clever
        generator = probe.generator(int(rng.integers(2**32)))
        got, error = probe.attempt(fool, probe.callback(autoencoder), beats, generator)
        if error is not None:
            probe.require(not error.is_a("JudgeSpoke"), "not-a-batch", f"The check's {error.text}.")
            raise AnswerRaised(error)
        beat = probe.shape(got, (t,)).astype(np.float64)
        probe.finite(beat, "wrong-beat")
        error = np.mean((autoencoder(beat[None])[0] - beat) ** 2)
        distance = np.linalg.norm(beats - beat, axis=1).min()
        measured = (
            f"For {which}: its error is {error:.3g} (needed: below {allowed:.3g}), "
            f"its distance to the nearest normal beat {distance:.3g} (needed: above {needed:.3g})."
        )
        probe.require(distance > 1e-6, "a-normal-beat", measured)
        probe.require(distance > needed, "still-close-to-normal", measured)
        probe.require(error < allowed, "linear-only" if bounded else "far-but-reconstructed-badly", measured)


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
