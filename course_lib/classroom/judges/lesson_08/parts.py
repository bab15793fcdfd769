"""The judges of lesson 08: searching with codes, scoring what was found, comparing embeddings, hashing."""

from __future__ import annotations

import numpy as np

from course_lib.classroom.exercise import judges_of

judge = judges_of(8)


def _indices(probe, got, m: int, k: int, n: int) -> np.ndarray:
    """The answer as integer indices (m, k) into a gallery of n rows, or a FAIL that says what is wrong with them."""
    array = probe.shape(got, (m, k), {(k, m): "transposed"}, m=m, k=k)
    probe.require(array.dtype.kind in "iu", "not-indices", dtype=array.dtype)
    low, high = array.min(), array.max()
    probe.require(low >= 0 and high < n, "out-of-range", last=n - 1, low=low, high=high)
    return array.astype(int)


def _several(values) -> list:
    return values if isinstance(values, list) else [values]


def _distinct(true, mistakes: dict) -> bool:
    """Whether every mistake shows, and no two of different names give the same numbers."""

    def key(value):
        value = np.round(np.asarray(value, np.float64), 9) + 0.0
        return value.shape, value.tobytes()

    whose = {(name.partition("/")[0], key(value)) for name, values in mistakes.items() for value in _several(values)}
    results = [key(true), *(result for _, result in whose)]
    return len(set(results)) == len(results)


def _without_rounding(got):
    """A result without its imaginary part, if that is a rounding error, as `scipy.linalg.sqrtm` and `eig` leave it."""
    is_complex = isinstance(got, np.ndarray | np.generic | complex) and np.iscomplexobj(got)
    return np.real(got) if is_complex and np.allclose(np.imag(got), 0, atol=1e-6) else got


def _unit(x: np.ndarray, axis: int | None = 1) -> np.ndarray:
    return x / np.linalg.norm(x, axis=axis, keepdims=True)


def _best(similarity: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def _negative_distances(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    return -np.square(queries[:, None, :] - gallery[None, :, :]).sum(axis=2)


_LENGTH = 1e-3  # of the shortest rows


@judge("cosine_topk")
def judge_cosine_topk(cosine_topk, probe):
    """Lengths that differ, negative cosines, cosines of 1, k from 1 to n; then many equal rows, whose order is fixed."""
    rng = probe.rng

    def cases():
        for n, m, d, k in ((12, 9, 4, 5), (7, 1, 3, 7), (6, 11, 3, 2), (9, 5, 3, 1), (12, 9, 4, 5)):
            gallery, queries, mistakes = _codes_to_search(rng, n, m, d, k)
            got = _indices(probe, probe.call(cosine_topk, gallery, queries, k), m, k, n)
            cosine = _unit(queries) @ _unit(gallery).T
            true, rows = _best(cosine, k), np.arange(m)[:, None]
            alone = (np.arange(m) % 3 > 0) | (m == 1)  # queries that no gallery row is parallel to
            # These are known by a property: they give whatever the answer gave, where that has the property.
            nearly = np.abs(cosine[rows, got] - cosine[rows, true]).max() < 1e-3
            mistakes["loses-digits"] += [got] if nearly else []
            mistakes["drops-parallel-rows"] = [got] if np.array_equal(got[alone], true[alone]) else []
            mistakes["unordered"] = [got] if np.array_equal(np.sort(got, axis=1), np.sort(true, axis=1)) else []
            yield got, true, mistakes, {"length": _LENGTH}

    probe.settle_all(cases(), "wrong-rows", rtol=0, atol=0)
    gallery, where = rng.normal(size=(40, 5)), rng.permutation(40)
    queries = gallery[where] * rng.uniform(0.2, 5, (40, 1))
    got = _indices(probe, probe.call(cosine_topk, gallery, queries, 2), 40, 2, 40)
    probe.require(np.array_equal(got[:, 0], where), "drops-parallel-rows")
    # A gallery of repeated rows; all lengths are powers of two, so that every way of dividing gives equal numbers.
    kinds = np.concatenate([np.eye(8), [[1.0, -1, 1, 1, 0, 0, 0, 0]]])  # norms 1 and 2
    gallery = kinds[rng.integers(0, len(kinds), 300)]
    queries = np.array([rng.permutation(8) + 1.0, -(rng.permutation(8) + 1.0)])
    queries[:, :4] += np.array([0.25, 0.0, 0.125, 0.0])
    got = _indices(probe, probe.call(cosine_topk, gallery, queries, 100), 2, 100, 300)
    exact = queries @ gallery.T / np.linalg.norm(gallery, axis=1)  # integers and quarters: no rounding
    true, rows = _best(exact, 100), np.arange(2)[:, None]
    probe.require(np.array_equal(exact[rows, got], exact[rows, true]), "wrong-rows/many")
    backwards = 299 - _best(exact[:, ::-1], 300)  # equal rows by falling index
    probe.require(not np.array_equal(got, backwards[:, :100]), "ties-to-the-larger-index")
    probe.require(np.array_equal(got, true), "unstable-sort")


def _codes_to_search(rng, n: int, m: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """Codes whose cosines differ, with lengths that differ by a factor of ten thousand and a common offset; the mistakes.

    Two gallery rows are neighbours, whose cosines differ in the fourth digit; all others differ by more than 2e-3, so
    that float32 and a guard against a division by 0 do no harm. Every third of several queries is parallel to a gallery
    row. Of many rows every mistake shows, also fewer digits and a summand of 1e-4 in the length.
    """
    while True:
        offset = rng.normal(0, 0.5, d)
        gallery, queries = (
            (rng.normal(size=(rows, d)) + offset) * np.exp(rng.uniform(-2.3, 2.3, (rows, 1))) for rows in (n, m)
        )
        where = rng.permutation(n)
        one, other, short = where[0], where[1], where[-2:]
        gallery[one] = _unit(gallery[one], None)
        gallery[other] = rng.uniform(0.5, 2) * (gallery[one] + 1e-4 * rng.normal(size=d))
        if m > 1:
            parallel = queries[::3]
            gallery[where[2 : 2 + len(parallel)]] = parallel * rng.uniform(0.2, 5, (len(parallel), 1))
        gallery[short] = _LENGTH * _unit(gallery[short])
        cosine = _unit(queries) @ _unit(gallery).T
        wide, gaps = (np.diff(np.sort(c, axis=1), axis=1) for c in (np.delete(cosine, other, axis=1), cosine))
        if wide.min() < 2e-3 or gaps.min() < 1e-5:
            continue
        mistakes = _cosine_mistakes(gallery, queries, k)
        if n < 12 or _distinct(_best(cosine, k), mistakes):
            return gallery, queries, mistakes


def _cosine_mistakes(gallery: np.ndarray, queries: np.ndarray, k: int) -> dict:
    def by(asked, searched):
        return _best(asked @ searched.T, k)

    n, centre = len(gallery), gallery.mean(axis=0)
    total, length, largest = (np.linalg.norm(gallery, order, axis=1, keepdims=True) for order in (1, 2, np.inf))
    own = [x - x.mean(axis=1, keepdims=True) for x in (queries, gallery)]
    moved = own, (queries - centre, gallery - centre), (queries - queries.mean(axis=0), gallery - centre)
    cosine = _unit(queries) @ _unit(gallery).T
    order = _best(cosine, n)
    true = order[:, :k]
    return {
        "not-normalised": by(queries, gallery),
        "euclidean": _best(_negative_distances(queries, gallery), k),
        "normalises-one-side": _best(_negative_distances(_unit(queries), gallery), k),
        "adds-to-the-length": [by(queries, gallery / (length + extra)) for extra in (1e-4, 1e-3, 1e-2)],
        "other-norm": by(queries, gallery / total),
        "other-norm/largest": by(queries, gallery / largest),
        "divides-by-the-square": by(queries, gallery / length**2),
        "least-similar": order[:, ::-1][:, :k],
        "worst-first": true[:, ::-1],
        "sorted-by-index": np.sort(true, axis=1),
        "ignores-the-sign": _best(np.abs(cosine), k),
        "centres": [by(_unit(x), _unit(y)) for x, y in moved],
        "normalises-columns": [by(asked, _unit(gallery, 0)) for asked in (queries, _unit(queries, 0))],
        "skips-its-own-index": _best(np.where(np.eye(len(queries), n), -2, cosine), k),
        "drops-the-best": order[:, 1 : k + 1] if k < n else true,
        "ranks-not-indices": np.argsort(order, axis=1)[:, :k],
        "loses-digits": [_best(fewer, k) for fewer in (cosine.astype(np.float16), np.round(cosine, 4))],
    }


@judge("precision_at_k")
def judge_precision_at_k(precision_at_k, probe):
    """As many results as queries, where broadcasting goes wrong silently, and other shapes."""
    # A comparison across queries raises an error unless there are as many results as queries: then these come first.
    _, error = probe.attempt(precision_at_k, np.zeros((41, 7), int), np.zeros(41, int))
    first = [(41, 41), (41, 7)] if error else [(41, 7), (41, 41)]

    def cases():
        for m, k in (*first, (5, 3), (4, 1), (1, 6), (3, 8)):
            retrieved, query_labels, true, mistakes = _search_results(probe.rng, m, k)
            if k == 8:  # a byte cannot tell these labels apart
                retrieved, query_labels = 256 * retrieved, 256 * query_labels
            mistakes["labels-in-a-byte"] = 1.0 if k == 8 else true
            got = probe.call(precision_at_k, retrieved, query_labels)
            axes = {(k,): "one-number-a-place", (m,): "one-number-a-query", (m, k): "comparisons-not-averaged"}
            yield probe.shape(got, (), axes, m=m, k=k), true, mistakes

    probe.settle_all(cases(), "wrong-share", rtol=1e-6)


def _search_results(rng, m: int, k: int) -> tuple[np.ndarray, np.ndarray, float, dict]:
    """Labels (m, k) and (m,) of a search that found little for some queries and much for others, its precision, the mistakes."""
    while True:
        query_labels = rng.integers(0, 15, m)
        query_labels[rng.integers(0, m)] = 0  # a label like any other
        lucky = rng.random((m, k)) < rng.choice([0.03, 0.3, 0.7], (m, 1))
        retrieved = np.where(lucky, query_labels[:, None], rng.integers(0, 15, (m, k)))
        hits = retrieved == query_labels[:, None]
        mistakes = _precision_mistakes(retrieved, query_labels, hits) if hits.any() else {}
        if mistakes and (m < 41 or _distinct(hits.mean(), mistakes)):
            return retrieved, query_labels, hits.mean(), mistakes


def _precision_mistakes(retrieved: np.ndarray, query_labels: np.ndarray, hits: np.ndarray) -> dict:
    m, k = hits.shape
    shares = hits.mean(axis=1)
    votes = np.array([np.bincount(row).argmax() for row in retrieved])
    seen = np.array([len(set(row)) for row in retrieved.tolist()])
    places = np.arange(1, k + 1)
    running = hits.cumsum(axis=1) / places
    early = running.mean(), (running * hits).sum(axis=1) / np.maximum(hits.sum(axis=1), 1), (hits / places).max(axis=1)
    return {
        "any-hit-counts": hits.any(axis=1).mean(),
        "all-must-hit": hits.all(axis=1).mean(),
        "labels-as-a-set": [np.mean(hits.any(axis=1) / k), np.mean(hits.any(axis=1) / seen)],
        "always-ten": hits.sum() / (10 * m),
        "ignores-label-0": (hits & (retrieved != 0)).mean(),
        "leaves-out-queries": shares[shares > 0].mean(),
        "first-only": hits[:, 0].mean(),
        "last-only": hits[:, -1].mean(),
        "majority": (votes == query_labels).mean(),
        "majority/half": [(shares > 0.5).mean(), (shares >= 0.5).mean()],
        "drops-the-first": hits[:, 1:].mean(),
        "drops-the-last": hits[:, :-1].mean(),
        "early-results-count-more": [np.mean(values) for values in early],
        "counts-the-wrong-ones": 1 - hits.mean(),
        "not-a-share": [hits.sum(), hits.sum() / k],
        "not-a-share/mean": hits.sum() / m,
        "median": np.median(shares),
        "percent": 100 * hits.mean(),
        "any-query-label": np.isin(retrieved, query_labels).mean(),
        "compares-across-queries": np.mean(retrieved == query_labels) if k in (1, m) or m == 1 else [],
    }


@judge("knn_accuracy")
def judge_knn_accuracy(knn_accuracy, probe):
    """Overlapping classes with gaps in their labels and many tied votes; then k = 1, one query, k = n, rows far from 0."""

    def measure(given, labels, k):
        got = probe.call(knn_accuracy, *given, labels, k)
        return float(probe.shape(got, (), {labels.shape: "one-number-a-query"}, m=len(labels)))

    def cases():
        for n, m, d, k in ((40, 499, 3, 4), (60, 23, 3, 5), (31, 97, 3, 7)):
            given, label_sets, vote, mistakes = _labelled_codes(probe.rng, n, m, d, k)
            # One share of several hundred queries may be that of a mistake by chance; four more, as if all queries had
            # one label, are not. They are asked for only where the answer is wrong.
            for i, labels in enumerate(label_sets):
                got, true = measure(given, labels, k), _share(vote, labels)
                yield got, true, {name: [_share(a, labels) for a in _several(v)] for name, v in mistakes.items()}
                if i == 0 and np.isclose(got, true, rtol=1e-6, atol=1e-6):
                    break

    probe.settle_all(cases(), "wrong-accuracy", rtol=1e-6)
    for n, m, d, k in ((30, 97, 2, 1), (9, 31, 4, 9), (24, 1, 2, 3)):
        given, label_sets, vote, _ = _labelled_codes(probe.rng, n, m, d, k)
        for labels in label_sets:
            got = measure(given, labels, k)
            probe.close(got, _share(vote, labels), "wrong-accuracy/edge", rtol=1e-6, n=n, m=m, k=k)
    names = np.arange(40) % 4  # four classes near 10,000, far apart in single precision
    far = 1e4 + 2 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[names] + probe.rng.uniform(-0.2, 0.2, (40, 2))
    probe.close(measure((far[:20], names[:20], far[20:]), names[20:], 1), 1.0, "lost-to-rounding")


def _labelled_codes(rng, n: int, m: int, d: int, k: int):
    """Gallery, its labels and queries; five label sets of the queries; the answers (m,), and those of the mistakes."""
    while True:
        # The last label is one more than a multiple of 8: in a set it stands before the second and the third.
        names = np.array([0, *np.sort(rng.choice(np.arange(2, 8), 2, replace=False)), rng.choice([25, 33, 41, 49])])
        middles = rng.normal(0, 1.2, (4, d)) + 3
        gallery_kind, query_kind = rng.integers(0, 4, n), rng.integers(0, 4, m)
        gallery = (middles[gallery_kind] + rng.normal(size=(n, d))) * rng.uniform(0.5, 2.5, d)
        queries = (middles[query_kind] + rng.normal(size=(m, d))) * rng.uniform(0.5, 2.5, d)
        gallery_labels = names[gallery_kind]
        distance = -_negative_distances(queries, gallery)
        order = np.argsort(distance, axis=1)
        vote = _vote(gallery_labels[order[:, :k]])
        fewer = k == n and any((_vote(gallery_labels[some]) == vote).all() for some in (order[:, 1:], order[:, :-1]))
        if fewer or np.diff(np.sort(distance, axis=1), axis=1).min() < 1e-9:  # where k is n, every row has to count
            continue
        mistakes = _knn_mistakes(gallery, gallery_labels, queries, k, order) if k not in (1, n) and m > 1 else {}
        for _ in range(10):  # other labels of the queries, until every mistake shows
            kinds = np.where(rng.random(m) < 0.8, query_kind, rng.integers(0, 4, m))
            label_sets = [names[kinds], *(np.full(m, name) for name in names)]

            def shares(answers, label_sets=label_sets):
                return np.array([_share(answers, labels) for labels in label_sets])

            true = shares(vote)
            wrong = {name: [shares(a) for a in _several(v)] for name, v in mistakes.items()}
            shows = all(abs(one[0] - true[0]) > 1e-5 for values in wrong.values() for one in values)
            if k != 4 or (shows and _distinct(true, wrong)):
                return (gallery, gallery_labels, queries), label_sets, vote, mistakes


def _vote(labels: np.ndarray, smallest: bool = True) -> np.ndarray:
    """Majority of each row of labels (m, k); of several the smallest or the largest."""
    counts = (labels[:, :, None] == np.arange(labels.max() + 1)).sum(axis=1)  # (m, labels)
    return counts.argmax(axis=1) if smallest else counts.shape[1] - 1 - counts[:, ::-1].argmax(axis=1)


def _nearest_vote(labels: np.ndarray) -> np.ndarray:
    """Majority of each row; of several the one whose first voice is the nearest."""
    counts = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)  # (m, k): voices for each one's label
    return labels[np.arange(len(labels)), counts.argmax(axis=1)]


def _share(answers, labels: np.ndarray) -> float:
    """The share of answers (m,) that are right, or what a function of the queries' labels returns."""
    return answers(labels) if callable(answers) else np.mean(answers == labels)


def _knn_mistakes(gallery, gallery_labels, queries, k, order) -> dict:
    """The usual mistakes: the labels that they answer (m,), or what they return, as a function of the queries' labels."""
    m, found = len(queries), gallery_labels[order[:, :k]]

    def by(similarity):
        return _vote(gallery_labels[_best(similarity, k)])

    def hits(true):
        return found == true[:, None]

    vote, names, apart = _vote(found), np.unique(gallery_labels), np.abs(queries[:, None] - gallery[None])
    votes = (found[:, :, None] == names).sum(axis=1)  # (m, labels)
    distances = np.sqrt(-np.take_along_axis(_negative_distances(queries, gallery), order[:, :k], axis=1))
    weighted = [((found[:, :, None] == names) / distances[:, :, None] ** power).sum(axis=1) for power in (1, 2)]
    inside = np.argpartition(-_negative_distances(queries, queries), k - 1, axis=1)[:, :k]
    spreads = gallery.std(axis=0), np.ptp(gallery, axis=0)
    return {
        "ties-to-the-largest": _vote(found, smallest=False),
        "ties-in-set-order": np.array([max(set(row), key=row.count) for row in found.tolist()]),
        "ties-to-the-nearest": _nearest_vote(found),
        "ties-to-the-farthest": _nearest_vote(found[:, ::-1]),
        "any-winner-counts": lambda true: np.mean(hits(true).sum(axis=1) == votes.max(axis=1)),
        # more than one half, or at least one half
        "absolute-majority": [lambda true, half=half: np.mean(hits(true).mean(axis=1) > half) for half in (0.5, 0.49)],
        "any-neighbour-counts": lambda true: np.mean(hits(true).any(axis=1)),
        "votes-for-rows": order[:, :k].min(axis=1),
        "index-not-label/found": np.cumsum(votes > 0, axis=1)[np.arange(m), votes.argmax(axis=1)] - 1,
        "index-not-label": votes.argmax(axis=1),
        "ten-labels-only": names[np.where(names < 10, votes, -1).argmax(axis=1)],
        "ignores-label-0": 1 + (found[:, :, None] == np.arange(1, found.max() + 2)).sum(axis=1).argmax(axis=1),
        "weighs-the-votes": [names[weights.argmax(axis=1)] for weights in weighted],
        "drops-the-nearest": _vote(gallery_labels[order[:, 1 : k + 1]]),
        "skips-its-own-index": by(_negative_distances(queries, gallery) - 1e9 * np.eye(m, len(gallery))),
        "one-too-many": _vote(gallery_labels[order[:, : k + 1]]),
        "one-too-few": [_vote(gallery_labels[order[:, 1:k]]), _vote(gallery_labels[order[:, : k - 1]])],
        "nearest-only": gallery_labels[order[:, 0]],
        "farthest": _vote(gallery_labels[order[:, ::-1][:, :k]]),
        "precision-not-vote": lambda true: np.mean(hits(true)),
        "averages-labels": np.round(found.mean(axis=1)),
        "averages-labels/median": np.median(found, axis=1),
        "cosine": by(_unit(queries) @ _unit(gallery).T),
        "inner-product": by(queries @ gallery.T),
        "sum-of-absolute-differences": by(-apart.sum(axis=2)),
        "largest-absolute-difference": by(-apart.max(axis=2)),
        "standardises": [by(_negative_distances(queries / spread, gallery / spread)) for spread in spreads],
        "finds-itself": lambda true: np.mean(_vote(true[inside]) == true),
        "ignores-the-codes": np.full(m, np.bincount(gallery_labels).argmax()),
        "counts-the-wrong-ones": lambda true: 1 - np.mean(vote == true),
        "not-a-share": lambda true: np.sum(vote == true),
        "percent": lambda true: 100 * np.mean(vote == true),
    }


@judge("whiten")
def judge_whiten(whiten, probe):
    """Correlated codes far from 0, with variances from small to large; one query alone; more queries than gallery rows."""
    rng = probe.rng
    for n, m, d in ((60, 9, 4), (50, 1, 3), (40, 6, 2), (25, 40, 3), (60, 9, 4)):
        turns = [np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(2)]
        mixing, centre = turns[0] * np.geomspace(0.2, 4, d) @ turns[1], rng.uniform(3, 6, d)
        gallery = rng.normal(size=(n, d)) @ mixing + centre
        queries = 1.5 * rng.normal(size=(m, d)) @ mixing + centre + 1
        result, error = probe.attempt(whiten, gallery, queries)
        if error is not None:
            sizes = error.is_a("ValueError") and str(n) in error.text and str(d) in error.text
            probe.require(not sizes, "covariance-of-samples", n=n, d=d)
            result = probe.call(whiten, gallery, queries)  # any other error is the learner's to read
        ours, found = _whitened(probe, result, gallery, queries)
        _judge_white_gallery(probe, gallery, ours, found)
        # The queries must come by the very map that the gallery came by.
        centre, own = gallery.mean(axis=0), queries.mean(axis=0)
        both = np.concatenate([gallery, queries]).mean(axis=0)
        matrix, *_ = np.linalg.lstsq(gallery - centre, ours, rcond=None)
        probe.require(np.allclose((gallery - centre) @ matrix, ours, rtol=1e-3, atol=1e-4), "not-one-matrix")
        mistakes = {
            "own-mean-for-queries": (queries - own) @ matrix,
            "learns-from-queries/mean": (queries - both) @ matrix,
            "queries-not-moved": queries @ matrix,
            "queries-not-mixed": queries - centre,
            "queries-not-mixed/unchanged": queries,
            "transposed-for-queries": (queries - centre) @ matrix.T,
        }
        otherwise = "own-map-for-queries" if m > 1 else "other-map-for-queries"
        probe.settle(found, (queries - centre) @ matrix, otherwise, mistakes, rtol=1e-3, atol=1e-4)
    small, _ = _whitened(probe, probe.call(whiten, gallery / 1000, queries / 1000), gallery, queries)
    spectrum = np.linalg.eigvalsh(np.cov(small.T))
    probe.require(np.abs(spectrum - 1).max() < 0.03, "nearly-white/units", spectrum=spectrum.round(3))


def _whitened(probe, result, gallery: np.ndarray, queries: np.ndarray) -> list[np.ndarray]:
    """The pair that an answer returned, in float64: finite, and so are its squares."""
    probe.require(isinstance(result, tuple | list) and len(result) == 2, "not-a-pair")
    pair = [
        probe.shape(_without_rounding(part), given.shape, rows=rows).astype(np.float64)
        for part, given, rows in zip(result, (gallery, queries), ("gallery", "queries"), strict=True)
    ]
    probe.require(all(np.isfinite(np.square(part)).all() for part in pair), "not-finite")
    return pair


def _judge_white_gallery(probe, gallery: np.ndarray, ours: np.ndarray, found: np.ndarray) -> None:
    n, d = gallery.shape
    covariance, factors = np.cov(ours.T, ddof=0), (1, (n - 1) / n)
    centred = np.abs(ours.mean(axis=0)).max() < 2e-5 * max(np.abs(ours).max(), 1)  # float32 will do
    white = any(np.allclose(covariance, np.eye(d) * factor, rtol=0, atol=1e-4) for factor in factors)
    probe.require(not np.allclose(ours, gallery), "unchanged")
    probe.require(centred or not white, "not-centred")
    if white:
        return
    both = n + len(found)
    together = np.cov(np.concatenate([ours, found]).T)
    own, moved = np.cov(gallery.T, ddof=0), gallery - gallery.mean(axis=0)
    values, lengths = np.linalg.eigvalsh(own), np.linalg.norm(ours, axis=1)
    variances, spectrum = np.diag(covariance), np.linalg.eigvalsh(covariance)
    off, second = np.abs(covariance - np.diag(variances)).max(), ours.T @ ours / n
    even = off < 1e-6 * max(variances.max(), 1e-9) and np.allclose(variances, variances[0], rtol=1e-5)

    def has(eigenvalues, powers=(-2, -1, 1, 2, 3)):
        wanted = np.sort(np.real(eigenvalues))
        return any(np.allclose(spectrum, wanted * f**p, rtol=1e-4) for f in (1, n / (n - 1)) for p in powers)

    gap = min(np.abs(spectrum - factor).max() for factor in factors)
    # A summand that the roots were taken with, if it is the same for all variances (over n or n - 1).
    summands = [values / np.maximum(spectrum, 1e-12) - values * factor for factor in (1, n / (n - 1))]
    factor = np.linalg.cholesky(own)
    seen = {
        "learns-from-queries": any(np.allclose(together, np.eye(d) * f, atol=1e-4) for f in (1, both / (both - 1))),
        "only-centred": np.allclose(ours, moved),
        "all-the-same": not np.ptp(ours, axis=0).any(),
        "rows-of-length-one": np.allclose(lengths, lengths[0], rtol=1e-6),
        "still-correlated": any(np.allclose(variances, f, atol=1e-5) for f in factors),
        "only-turned": has(values),
        "divides-by-the-variance": has(1 / values),
        "multiplies": has(values**2) or has(values**3),
        "not-centred/second": not centred
        and any(np.allclose(second, np.eye(d) * f, atol=1e-5) for f in (*factors, 1 / n)),
        "wrong-scale": even,
        "nearly-white": gap <= 0.02 or any(x[0] > 0 and np.allclose(x, x[0], rtol=0.02) for x in summands),
        "correlations": has(np.linalg.eigvals(np.linalg.solve(np.corrcoef(gallery.T), own)), powers=(1,)),
        "transposed-factor": has(np.linalg.eigvals(np.linalg.solve(factor.T @ factor, own))),
        "not-white": True,
    }
    spectrum = np.array2string(spectrum, precision=3, suppress_small=True)
    probe.fail(next(name for name, holds in seen.items() if holds), scale=variances[0], gap=gap, spectrum=spectrum)


def _inner(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.svd(a.T @ b, compute_uv=False).sum())


def _centred(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=0)


def _placed(x: np.ndarray) -> np.ndarray:
    return _centred(x) / np.linalg.norm(_centred(x))


# What is done instead of step 1.
_SCALINGS = {
    "spectral-norm": [lambda x: _centred(x) / np.linalg.norm(_centred(x), 2)],
    "scales-before-centring": [lambda x: _centred(x) / np.linalg.norm(x)],
    "not-scaled/deviation": [lambda x: _centred(x) / x.std(), lambda x: _centred(x) / _centred(x).std()],
    "not-scaled": [_centred],
    "divides-by-the-square": [lambda x: _centred(x) / np.square(_centred(x)).sum()],
    "not-centred": [lambda x: x / np.linalg.norm(x)],
    "one-mean-for-all-columns": [lambda x: (x - x.mean()) / np.linalg.norm(x - x.mean())],
    "scales-rows": [lambda x: _unit(_centred(x)), lambda x: _unit(_centred(x)) / np.sqrt(len(x))],
    "scales-columns": [
        lambda x: _unit(_centred(x), 0),
        lambda x: _unit(_centred(x), 0) / np.sqrt(x.shape[1]),
        lambda x: _centred(x) / x.std(axis=0),
        lambda x: _centred(x) / x.std(axis=0, ddof=1),
    ],
}


@judge("procrustes_distance")
def judge_procrustes_distance(procrustes_distance, probe):
    """Clouds that are alike up to noise, unlike scales and places, a reflection, one column; then the same cloud."""
    rng = probe.rng

    def measure(a, b):
        result = probe.call(procrustes_distance, a, b)
        got = probe.number(_without_rounding(result))
        probe.require(not np.isnan(got), "root-of-a-negative-number")
        return got, np.iscomplexobj(result)

    def cases():
        for n, k in ((14, 3), (9, 2), (12, 1), (5, 7), (14, 3)):
            a, b = _two_clouds(rng, n, k)
            got, is_complex = measure(a, b)
            yield got, 1 - _inner(_placed(a), _placed(b)) ** 2, _procrustes_mistakes(a, b, is_complex)

    probe.settle_all(cases(), "wrong-distance", rtol=1e-5)
    a = rng.normal(size=(11, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    for same in (turn, turn * [1, 1, -1]):
        for pair in ((a, 4 * a @ same + 2), (4 * a @ same + 2, a)):
            probe.require(abs(measure(*pair)[0]) < 5e-6, "not-zero-for-the-same-map")
    b = rng.normal(size=(11, 3)) + a
    probe.close(measure(a, b)[0], measure(b, a)[0], "not-symmetric", rtol=1e-5)


def _two_clouds(rng, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Clouds (n, k), one the other up to place, size, turn and noise.

    With 14 samples the best turn holds a reflection, and the eigenvalues of the product are complex. With fewer samples
    than axes some singular values are 0, and one of their squares comes out below 0.
    """
    while True:
        a = rng.normal(size=(n, k)) * rng.uniform(0.5, 3, k) + rng.uniform(-4, 4, k)
        turn = np.linalg.qr(rng.normal(size=(k, k)))[0] * rng.choice([-1, 1], k)
        b = rng.uniform(2, 5) * _centred(a) @ turn + rng.normal(size=(n, k)) + rng.uniform(3, 6, k)
        b /= 30
        product = _placed(a).T @ _placed(b)
        unreal = np.linalg.det(product) < 0 and np.iscomplexobj(np.linalg.eigvals(product))
        below = np.linalg.eigvalsh(product.T @ product)[0] < 0
        if (n == 14 and unreal) or (n == 5 and below) or n in (9, 12):
            return a, b


def _procrustes_mistakes(a: np.ndarray, b: np.ndarray, is_complex: bool) -> dict:
    n, k = a.shape
    p, q, moved_a, moved_b = _placed(a), _placed(b), _centred(a), _centred(b)
    raw_a, raw_b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    product = p.T @ q
    u, values, vt = np.linalg.svd(product)
    s, left = values.sum(), 1 - values.sum() ** 2
    trace = [1 - np.trace(product) ** 2]  # of the axes as they stand, or the sum of the eigenvalues
    turned_only = values * np.append(np.ones(k - 1), np.sign(np.linalg.det(u @ vt)))
    rescaled = np.square(moved_a).sum() + np.square(moved_b).sum() - 2 * _inner(moved_a, moved_b)
    instead = {name: [1 - _inner(f(a), f(b)) ** 2 for f in scalings] for name, scalings in _SCALINGS.items()}
    instead["not-scaled"].append(rescaled)
    sheared, back = (x - y @ np.linalg.lstsq(y, x, rcond=None)[0] for x, y in ((p, q), (q, p)))
    return {
        "no-stretch": 2 - 2 * s,
        "no-stretch/power": 1 - s,
        "similarity": [s**2, s],
        "root": np.sqrt(max(left, 0)),
        "largest-singular-value-only": 1 - values[0] ** 2,
        "squares-before-the-sum": 1 - np.square(values).sum(),
        "not-turned": [np.square(p - q).sum(), 1 - np.abs(np.diag(product)).sum() ** 2, *([] if is_complex else trace)],
        "eigenvalues": [1 - np.abs(np.linalg.eigvals(product)).sum() ** 2, *trace],
        "samples-not-axes": 1 - np.linalg.svd(p @ q.T, compute_uv=False).sum() ** 2,
        "scales-one-side": [1 - _inner(moved_a, q) ** 2, 1 - _inner(p, moved_b) ** 2, np.square(moved_a).sum() * left],
        "no-reflection": 1 - turned_only.sum() ** 2,
        "rotation-the-wrong-way": np.square(p - s * q @ (u @ vt)).sum(),
        "shears": [np.square(sheared).sum(), np.square(back).sum()],
        "centres-one-side": [1 - _inner(p, raw_b) ** 2, 1 - _inner(raw_a, q) ** 2],
        "mean-not-sum": left / n,
        "mean-not-sum/entries": left / (n * k),
        **instead,
    }


def _ones(packed: np.ndarray) -> np.ndarray:
    """The number of ones in the last axis of packed bits."""
    return np.bitwise_count(packed).sum(axis=-1, dtype=int)


def _hamming(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances (m, n) of packed rows b (m, bytes) to a (n, bytes)."""
    return _ones(b[:, None, :] ^ a[None, :, :])


@judge("binary_hash", "hamming_topk", optional=True)
def judge_hash(binary_hash, hamming_topk, probe):
    """Codes with values at their thresholds, thresholds that matter, widths that fill no byte; then the search alone."""
    shapes = (10, 6, 13), (5, 1, 8), (4, 7, 3), (3, 4, 300), (10, 6, 13)
    probe.settle_all((_bits_case(binary_hash, probe, *shape) for shape in shapes), "wrong-bits", rtol=0, atol=0)
    searches = (60, 15, 3, 12), (8, 3, 80, 3), (12, 1, 1, 12), (6, 9, 2, 4), (9, 4, 2, 1), (900, 2, 3, 400)
    cases = (_search_case(hamming_topk, probe, *search) for search in searches)
    probe.settle_all(cases, "wrong-rows", rtol=0, atol=0)


def _bits_case(binary_hash, probe, n: int, m: int, k: int) -> tuple:
    """A gallery and queries are hashed, and judged by what does not depend on the order of the bits in a byte.

    That is the distances within the gallery and to the queries, and how many bits are 1 in each row.
    """
    rng = probe.rng
    thresholds = np.zeros(k)
    while abs(thresholds.mean()) < 0.25:  # one threshold for all is another than 0
        thresholds = rng.normal(0, 0.4, k) + rng.choice([-0.3, 1.1], k)
    inputs = []  # each with a mask of what is above its threshold by the least that a float can be
    for rows in (n, m):
        codes, chance = rng.normal(size=(rows, k)), rng.random((rows, k))
        codes = np.where(np.abs(codes - thresholds) < 0.01, codes + 0.02, codes)
        codes = np.where(chance < 0.4, np.where(chance < 0.15, np.nextafter(thresholds, np.inf), thresholds), codes)
        inputs.append((codes, chance < 0.15))
    width = -(-k // 8)
    spare = 8 * width - k

    def seen_in(packed, asked):
        parts = _hamming(packed, packed), _hamming(packed, asked), _ones(packed), _ones(asked)
        return np.concatenate([part.ravel() for part in parts])

    def gives(above, padding=0):
        bits = [np.pad(above(*given), ((0, 0), (0, spare)), constant_values=padding) for given in inputs]
        return seen_in(*(np.packbits(b, axis=1) for b in bits))

    def hashed(x):
        rows = len(x)
        axes = {(rows, k): "not-packed", (-(-rows // 8), k): "packed-across-samples"}
        flat = {(-(-rows * k // 8),): "packed-in-one-row", (rows * width,): "packed-in-one-row"}
        array = probe.shape(probe.call(binary_hash, x, thresholds), (rows, width), {**axes, **flat}, k=k)
        probe.require(array.dtype == np.uint8, "not-bytes", dtype=array.dtype)
        return array

    mistakes = {
        "no-bits": gives(lambda x, _: np.zeros(x.shape, bool)),
        "packs-minus-one/all": [gives(lambda x, _: np.ones(x.shape, bool), padding) for padding in (0, 1)],
        "inverted/below": gives(lambda x, _: x < thresholds),
        "at-the-threshold": gives(lambda x, _: x >= thresholds),
        "packs-minus-one": gives(lambda x, _: x != thresholds),
        "tolerance": gives(lambda x, just_above: (x > thresholds) & ~just_above),
        "ignores-the-thresholds": [gives(lambda x, _: x > 0), gives(lambda x, _: x >= 0)],
        "own-thresholds": [gives(lambda x, _, f=f: x > f(x, axis=0)) for f in (np.median, np.mean)],
        "own-thresholds/row": [gives(lambda x, _, f=f: x > f(x, 1, keepdims=True)) for f in (np.median, np.mean)],
        "one-threshold": [gives(lambda x, _, t=t: x > t) for t in (thresholds.mean(), thresholds[0])],
        "absolute-value": [gives(lambda x, _, t=t: np.abs(x) > t) for t in (thresholds, np.abs(thresholds))],
        "inverted": [gives(lambda x, _: x <= thresholds, padding) for padding in (0, 1)],
        "padded-with-ones": gives(lambda x, _: x > thresholds, padding=1),
    }
    got = seen_in(*(hashed(codes) for codes, _ in inputs))
    mistakes["wrong-bits"] = [got]  # an index into distances and counts would say nothing
    return got, gives(lambda x, _: x > thresholds), mistakes, {"k": k, "spare": spare}


def _search_case(hamming_topk, probe, n: int, m: int, width: int, k: int) -> tuple:
    """Packed rows are searched; a search is judged by the distances that it reaches, in whatever order equal ones come."""
    rows = np.arange(m)[:, None]
    while True:
        gallery, queries = _packed_rows(probe.rng, n, m, width)
        distances = _hamming(gallery, queries)
        order = np.sort(distances, axis=1)
        slips, counting = _hamming_slips(gallery, queries, distances)
        # A slip has to show even in the luckiest order of equal rows: in a wide code if counts are too large.
        must_show = {60: slips, 8: counting}.get(n, {})
        values = [one for several in must_show.values() for one in several]
        luckiest = [distances[rows, np.lexsort((distances, one), axis=1)[:, :k]] for one in values]
        if not any(np.array_equal(one, order[:, :k]) for one in luckiest):
            break
    got = _indices(probe, probe.call(hamming_topk, gallery, queries, k), m, k, n)
    probe.require(all(len(set(row)) == k for row in got.tolist()), "same-row-twice")
    reached, true = distances[rows, got], order[:, :k]
    mistakes = {"not-sorted": [reached] if np.array_equal(np.sort(reached, axis=1), true) else []}
    for name, several in (slips | counting).items():
        sorts = any(np.array_equal(values[rows, got], np.sort(values, axis=1)[:, :k]) for values in several)
        mistakes[name] = [reached] if sorts else []
    mistakes["drops-the-nearest"] = order[:, 1 : k + 1] if k < n else true
    mistakes["wrong-rows"] = [reached]
    query, place = np.unravel_index(np.argmax(reached != true), true.shape)
    told = {"query": query, "place": place, "bits": reached[query, place], "fewest": true[query, place]}
    return reached, true, mistakes, told


def _packed_rows(rng, n: int, m: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    gallery = rng.integers(0, 256, (n, width)).astype(np.uint8)
    queries = gallery[rng.integers(0, n, m)] ^ rng.integers(0, 256, (m, width)).astype(np.uint8)
    if width == 3:  # rows that differ from a query in few bytes and many bits, and the other way round
        some = rng.integers(0, 256, (n, width)) * rng.integers(0, 2, (n, width))
        gallery = queries[rng.integers(0, m, n)] ^ some.astype(np.uint8)
        gallery[: n // 2] = queries[rng.integers(0, m, n // 2)] ^ np.uint8(1)
        gallery[: n // 4, 0] ^= np.uint8(255)
        gallery[n - m :] = queries  # a query's own row, at distance 0
    if width == 80:
        gallery[0] &= rng.integers(0, 256, width).astype(np.uint8)  # query 0 has three ones for each zero
        queries = 255 - gallery[:m]  # row 0 differs from query 0 in all 640 bits: more than a byte counts
        gallery[1:] = queries[0]  # row 2 is query 0, with some 480 ones
        gallery[1, :20] ^= 255  # 160 bits from query 0
        gallery[m:, :44] ^= 255  # 352 bits, and less than 256 common ones
    return gallery, queries


def _hamming_slips(gallery, queries, distances) -> tuple[dict, dict]:
    """What is sorted (m, n) by the usual mistakes; and where the dtype of a count is too small, or has no sign."""
    q, g = np.unpackbits(queries, axis=1), np.unpackbits(gallery, axis=1)
    sums = q.sum(axis=1, dtype=int)[:, None] + g.sum(axis=1, dtype=int)
    products = 2 * (q @ g.T), 2 * (q @ g.T).astype(int)
    apart = queries[:, None].astype(int) - gallery[None].astype(int)
    wrapped, differ = queries[:, None] - gallery[None], queries[:, None] ^ gallery[None]
    as_numbers = np.abs(apart), np.square(apart), wrapped, np.square(wrapped), differ
    slips = {
        "counts-bytes": [(queries[:, None] != gallery[None]).sum(axis=2)],
        "bytes-as-numbers": [values.sum(axis=2, dtype=int) for values in as_numbers],
        "difference-wraps": [(q[:, None] - g[None]).sum(axis=2, dtype=int)],
        "farthest": [-distances],
        "counts-common-ones": [-_ones(queries[:, None] & gallery[None])],
        "drops-the-nearest/equal": [np.where(distances == 0, 10**6, distances)],
        "first-rows": [np.tile(np.arange(len(gallery)), (len(queries), 1))],
    }
    counting = {
        "count-overflows": [distances.astype(np.uint8), *(sums - common for common in products)],
        "count-overflows/signed": [distances.astype(np.int8)],
        "negates-unsigned": [-(q.shape[1] - distances).astype(np.uint64)],
    }
    return slips, counting
