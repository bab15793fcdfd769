"""Wrong answers to the exercises of lesson 08, each with the misconception that its check must name."""

import keras
import numpy as np
import scipy.spatial

from authoring.bank import wrong
from course_lib import augment, referees


def _unit(x, axis=1):
    return x / np.linalg.norm(x, axis=axis, keepdims=True)


def _best(similarity, k):
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def _distances(queries, gallery):
    return np.square(queries[:, None] - gallery[None]).sum(axis=2)


# cosine_topk


@wrong("not-normalised")
def cosine_topk(gallery, queries, k):
    return _best(queries @ gallery.T, k)


@wrong("not-normalised")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ gallery.T, k)


@wrong("not-normalised")
def cosine_topk(gallery, queries, k):
    return _best(queries / np.linalg.norm(queries) @ (gallery / np.linalg.norm(gallery)).T, k)


@wrong("euclidean")
def cosine_topk(gallery, queries, k):
    return _best(-_distances(queries, gallery), k)


@wrong("normalises-one-side")
def cosine_topk(gallery, queries, k):
    return _best(-_distances(_unit(queries), gallery), k)


@wrong("least-similar")
def cosine_topk(gallery, queries, k):
    return np.argsort(_unit(queries) @ _unit(gallery).T, axis=1)[:, :k]


@wrong("unordered")
def cosine_topk(gallery, queries, k):
    some = _best(_unit(queries) @ _unit(gallery).T, k)
    return np.concatenate([some[:, 1:-1], some[:, :1], some[:, -1:]], axis=1) if k > 2 else some


@wrong("worst-first")
def cosine_topk(gallery, queries, k):
    return np.argsort(_unit(queries) @ _unit(gallery).T, axis=1)[:, -k:]


@wrong("sorted-by-index")
def cosine_topk(gallery, queries, k):
    return np.sort(_best(_unit(queries) @ _unit(gallery).T, k), axis=1)


@wrong("ignores-the-sign")
def cosine_topk(gallery, queries, k):
    return _best(np.abs(_unit(queries) @ _unit(gallery).T), k)


@wrong("ignores-the-sign")
def cosine_topk(gallery, queries, k):
    inner = queries @ gallery.T
    return _best(inner**2 / np.square(gallery).sum(axis=1), k)


@wrong("centres")
def cosine_topk(gallery, queries, k):
    mean = gallery.mean(axis=0)
    return _best(_unit(queries - mean) @ _unit(gallery - mean).T, k)


@wrong("centres")
def cosine_topk(gallery, queries, k):
    return _best(np.corrcoef(queries, gallery)[: len(queries), len(queries) :], k)


@wrong("normalises-columns")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries, 0) @ _unit(gallery, 0).T, k)


@wrong("drops-the-best")
def cosine_topk(gallery, queries, k):
    return np.argsort(-_unit(queries) @ _unit(gallery).T, axis=1)[:, 1 : k + 1]


@wrong("ranks-not-indices")
def cosine_topk(gallery, queries, k):
    return np.argsort(np.argsort(-_unit(queries) @ _unit(gallery).T, axis=1), axis=1)[:, :k]


@wrong("not-indices")
def cosine_topk(gallery, queries, k):
    return -np.sort(-_unit(queries) @ _unit(gallery).T, axis=1)[:, :k]


@wrong("not-indices")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ _unit(gallery).T, k).astype(float)


@wrong("transposed")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ _unit(gallery).T, k).T


@wrong("ties-to-the-larger-index")
def cosine_topk(gallery, queries, k):
    return np.argsort(_unit(queries) @ _unit(gallery).T, axis=1, kind="stable")[:, ::-1][:, :k]


@wrong("unstable-sort")
def cosine_topk(gallery, queries, k):
    return np.argsort(-_unit(queries) @ _unit(gallery).T, axis=1)[:, :k]


@wrong("unstable-sort")
def cosine_topk(gallery, queries, k):
    similarity = _unit(queries) @ _unit(gallery).T
    some = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(similarity, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


@wrong("wrong-shape")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ _unit(gallery).T, k)[0]


@wrong("wrong-shape")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ _unit(gallery).T, len(gallery))


@wrong("changes-its-input")
def cosine_topk(gallery, queries, k):
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    return _best(queries @ gallery.T, k)


@wrong("drops-parallel-rows")
def cosine_topk(gallery, queries, k):
    similarity = _unit(queries) @ _unit(gallery).T
    similarity[similarity > 0.9999999] = -2  # "that is the query itself"
    return _best(similarity, k)


@wrong("wrong-rows")
def cosine_topk(gallery, queries, k):
    return _best(queries @ (gallery / np.maximum(np.linalg.norm(gallery, axis=1, keepdims=True), 1)).T, k)


@wrong("drops-parallel-rows")
def cosine_topk(gallery, queries, k):
    with np.errstate(invalid="ignore"):
        angles = np.arccos(_unit(queries) @ _unit(gallery).T)  # NaN where rounding makes a cosine exceed 1
    return np.argsort(angles, axis=1, kind="stable")[:, :k]


@wrong("wrong-rows")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ _unit(gallery).T, k).astype(np.uint8)  # 256 becomes 0


@wrong("out-of-range")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ _unit(gallery).T, k).astype(np.int8)


@wrong("unstable-sort")
def cosine_topk(gallery, queries, k):
    similarity = _unit(queries) @ _unit(gallery).T
    return np.array([[list(row).index(value) for value in sorted(row, reverse=True)[:k]] for row in similarity])


@wrong("loses-digits")
def cosine_topk(gallery, queries, k):
    return _best((_unit(queries) @ _unit(gallery).T).astype(np.float16), k)


@wrong("loses-digits")
def cosine_topk(gallery, queries, k):
    return _best(np.round(_unit(queries) @ _unit(gallery).T, 4), k)


@wrong("adds-to-the-length")
def cosine_topk(gallery, queries, k):
    return _best(_unit(queries) @ gallery.T / (np.linalg.norm(gallery, axis=1) + 1e-4), k)


@wrong("adds-to-the-length")
def cosine_topk(gallery, queries, k):
    return _best(queries @ gallery.T / (np.linalg.norm(gallery, axis=1) + 1e-3), k)


@wrong("other-norm")
def cosine_topk(gallery, queries, k):
    return _best(queries @ (gallery / np.abs(gallery).sum(axis=1, keepdims=True)).T, k)


@wrong("other-norm")
def cosine_topk(gallery, queries, k):
    gallery, queries = (x / np.linalg.norm(x, np.inf, axis=1, keepdims=True) for x in (gallery, queries))
    return _best(queries @ gallery.T, k)


@wrong("divides-by-the-square")
def cosine_topk(gallery, queries, k):
    squares = [np.square(x).sum(axis=1, keepdims=True) for x in (queries, gallery)]
    return _best(queries @ gallery.T / (squares[0] @ squares[1].T), k)


@wrong("skips-its-own-index")
def cosine_topk(gallery, queries, k):
    similarity = _unit(queries) @ _unit(gallery).T
    np.fill_diagonal(similarity, -np.inf)
    return _best(similarity, k)


# precision_at_k


@wrong("last-only")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels[:, -1] == query_labels))


@wrong("drops-the-last")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels[:, :-1] == query_labels[:, None]))


@wrong("early-results-count-more")
def precision_at_k(retrieved_labels, query_labels):
    # "Average precision": the precisions at the places of right results, averaged.
    hits = retrieved_labels == query_labels[:, None]
    precisions = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return float(
        np.mean([row[right].mean() if right.any() else 0 for row, right in zip(precisions, hits, strict=True)])
    )


@wrong("early-results-count-more")
def precision_at_k(retrieved_labels, query_labels):
    hits = retrieved_labels == query_labels[:, None]
    return float(np.mean([1 / (1 + row.argmax()) if row.any() else 0 for row in hits]))


@wrong("labels-as-a-set")
def precision_at_k(retrieved_labels, query_labels):
    k = retrieved_labels.shape[1]
    return np.mean([len(set(row) & {q}) / k for row, q in zip(retrieved_labels, query_labels, strict=True)])


@wrong("labels-as-a-set")
def precision_at_k(retrieved_labels, query_labels):
    rows = [set(row) for row in retrieved_labels.tolist()]
    return np.mean([(q in row) / len(row) for row, q in zip(rows, query_labels, strict=True)])


@wrong("always-ten")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.sum(retrieved_labels == query_labels[:, None]) / (10 * len(query_labels)))


@wrong("ignores-label-0")
def precision_at_k(retrieved_labels, query_labels):
    right = np.where(retrieved_labels == query_labels[:, None], retrieved_labels, 0)
    return np.count_nonzero(right) / retrieved_labels.size


@wrong("leaves-out-queries")
def precision_at_k(retrieved_labels, query_labels):
    shares = (retrieved_labels == query_labels[:, None]).mean(axis=1)
    return float(shares[shares > 0].mean())


@wrong("compares-across-queries")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels == query_labels))


@wrong("compares-across-queries")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels == query_labels[None, :]))


@wrong("any-hit-counts")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean((retrieved_labels == query_labels[:, None]).any(axis=1)))


@wrong("all-must-hit")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean((retrieved_labels == query_labels[:, None]).all(axis=1)))


@wrong("first-only")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels[:, 0] == query_labels))


@wrong("majority")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean([np.bincount(row).argmax() for row in retrieved_labels] == query_labels))


@wrong("majority")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean((retrieved_labels == query_labels[:, None]).mean(axis=1) > 0.5))


@wrong("drops-the-first")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels[:, 1:] == query_labels[:, None]))


@wrong("counts-the-wrong-ones")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels != query_labels[:, None]))


@wrong("not-a-share")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.sum(retrieved_labels == query_labels[:, None]) / len(query_labels))


@wrong("not-a-share")
def precision_at_k(retrieved_labels, query_labels):
    return int(np.sum(retrieved_labels == query_labels[:, None]))


@wrong("median")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.median((retrieved_labels == query_labels[:, None]).mean(axis=1)))


@wrong("percent")
def precision_at_k(retrieved_labels, query_labels):
    return 100 * float(np.mean(retrieved_labels == query_labels[:, None]))


@wrong("any-query-label")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.isin(retrieved_labels, query_labels).mean())


@wrong("one-number-a-query")
def precision_at_k(retrieved_labels, query_labels):
    return (retrieved_labels == query_labels[:, None]).mean(axis=1)


@wrong("comparisons-not-averaged")
def precision_at_k(retrieved_labels, query_labels):
    return retrieved_labels == query_labels[:, None]


@wrong("one-number-a-place")
def precision_at_k(retrieved_labels, query_labels):
    return (retrieved_labels == query_labels[:, None]).mean(axis=0)


@wrong("not-a-share")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.sum(retrieved_labels == query_labels[:, None]) / retrieved_labels.shape[1])


@wrong("wrong-share")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(np.abs(retrieved_labels - query_labels[:, None]) <= 1))  # a label is no quantity


@wrong("labels-in-a-byte")
def precision_at_k(retrieved_labels, query_labels):
    return float(np.mean(retrieved_labels.astype(np.uint8) == query_labels.astype(np.uint8)[:, None]))


# knn_accuracy


def _vote(labels):
    return np.array([np.bincount(row).argmax() for row in labels])


def _found(gallery, gallery_labels, queries, start, stop):
    return gallery_labels[np.argsort(_distances(queries, gallery), axis=1)[:, start:stop]]


@wrong("ties-to-the-largest")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k)
    return float(np.mean([99 - np.bincount(99 - row).argmax() for row in found] == query_labels))


@wrong("ties-to-the-nearest")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k).tolist()
    return float(np.mean([max(row, key=row.count) for row in found] == query_labels))


@wrong("drops-the-nearest")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(_found(gallery, gallery_labels, queries, 1, k + 1)) == query_labels))


@wrong("one-too-many")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(_found(gallery, gallery_labels, queries, 0, k + 1)) == query_labels))


@wrong("one-too-few")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(_found(gallery, gallery_labels, queries, 1, max(k, 2))) == query_labels))


@wrong("nearest-only")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(gallery_labels[_distances(queries, gallery).argmin(axis=1)] == query_labels))


@wrong("farthest")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = gallery_labels[np.argsort(-_distances(queries, gallery), axis=1)[:, :k]]
    return float(np.mean(_vote(found) == query_labels))


@wrong("precision-not-vote")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_found(gallery, gallery_labels, queries, 0, k) == query_labels[:, None]))


@wrong("averages-labels")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(np.round(_found(gallery, gallery_labels, queries, 0, k).mean(axis=1)) == query_labels))


@wrong("averages-labels")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(np.median(_found(gallery, gallery_labels, queries, 0, k), axis=1) == query_labels))


@wrong("cosine")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(gallery_labels[_best(_unit(queries) @ _unit(gallery).T, k)]) == query_labels))


@wrong("inner-product")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(gallery_labels[_best(queries @ gallery.T, k)]) == query_labels))


@wrong("sum-of-absolute-differences")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    nearest = np.argsort(scipy.spatial.distance.cdist(queries, gallery, "cityblock"), axis=1)[:, :k]
    return float(np.mean(_vote(gallery_labels[nearest]) == query_labels))


@wrong("finds-itself")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(_found(queries, query_labels, queries, 0, k)) == query_labels))


@wrong("standardises")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    spread = gallery.std(axis=0)
    return float(np.mean(_vote(_found(gallery / spread, gallery_labels, queries / spread, 0, k)) == query_labels))


@wrong("counts-the-wrong-ones")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(_found(gallery, gallery_labels, queries, 0, k)) != query_labels))


@wrong("not-a-share")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return int(np.sum(_vote(_found(gallery, gallery_labels, queries, 0, k)) == query_labels))


@wrong("one-number-a-query")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return _vote(_found(gallery, gallery_labels, queries, 0, k))


def _votes(found, names):
    return (found[:, :, None] == names).sum(axis=1)


@wrong("ties-to-the-farthest")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k)[:, ::-1].tolist()
    return float(np.mean([max(row, key=row.count) for row in found] == query_labels))


@wrong("any-winner-counts")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    counts = [np.bincount(row, minlength=100) for row in _found(gallery, gallery_labels, queries, 0, k)]
    return float(np.mean([c[label] == c.max() for c, label in zip(counts, query_labels, strict=True)]))


@wrong("index-not-label")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    votes = _votes(_found(gallery, gallery_labels, queries, 0, k), np.unique(gallery_labels))
    return float(np.mean(votes.argmax(axis=1) == query_labels))


@wrong("ten-labels-only")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    votes = _votes(_found(gallery, gallery_labels, queries, 0, k), np.arange(10))
    return float(np.mean(votes.argmax(axis=1) == query_labels))


@wrong("ignores-label-0")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    votes = _votes(_found(gallery, gallery_labels, queries, 0, k), np.arange(1, 100))
    return float(np.mean(votes.argmax(axis=1) + 1 == query_labels))


@wrong("weighs-the-votes")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    distances = np.sqrt(_distances(queries, gallery))
    nearest = np.argsort(distances, axis=1)[:, :k]
    weights = 1 / np.take_along_axis(distances, nearest, axis=1)
    pairs = zip(gallery_labels[nearest], weights, strict=True)
    return float(np.mean([np.bincount(row, weight).argmax() for row, weight in pairs] == query_labels))


@wrong("weighs-the-votes")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    distances = _distances(queries, gallery)
    nearest = np.argsort(distances, axis=1)[:, :k]
    pairs = zip(gallery_labels[nearest], 1 / np.take_along_axis(distances, nearest, axis=1), strict=True)
    return float(np.mean([np.bincount(row, weight).argmax() for row, weight in pairs] == query_labels))


@wrong("ties-in-set-order")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k).tolist()
    return float(np.mean([max(set(row), key=row.count) for row in found] == query_labels))


@wrong("one-too-few")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(_found(gallery, gallery_labels, queries, 0, k - 1)) == query_labels))


@wrong("index-not-label")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k)
    return float(np.mean([np.unique(row, return_counts=True)[1].argmax() for row in found] == query_labels))


@wrong("any-neighbour-counts")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k)
    return float((found == query_labels[:, None]).any(axis=1).mean())


@wrong("absolute-majority")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k)
    return float(np.mean((found == query_labels[:, None]).mean(axis=1) >= 0.5))


@wrong("votes-for-rows")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(np.argsort(_distances(queries, gallery), axis=1)[:, :k]) == query_labels))


@wrong("largest-absolute-difference")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    nearest = np.argsort(scipy.spatial.distance.cdist(queries, gallery, "chebyshev"), axis=1)[:, :k]
    return float(np.mean(_vote(gallery_labels[nearest]) == query_labels))


@wrong("standardises")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    low, spread = gallery.min(axis=0), np.ptp(gallery, axis=0)
    found = _found((gallery - low) / spread, gallery_labels, (queries - low) / spread, 0, k)
    return float(np.mean(_vote(found) == query_labels))


@wrong("wrong-accuracy")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    labels = np.unique(gallery_labels)
    middles = np.array([gallery[gallery_labels == label].mean(axis=0) for label in labels])
    return float(np.mean(labels[_distances(queries, middles).argmin(axis=1)] == query_labels))


@wrong("wrong-accuracy")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    found = _found(gallery, gallery_labels, queries, 0, k)
    return float(np.mean(_vote(np.minimum(found, 19)) == query_labels))


@wrong("wrong-accuracy")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    return float(np.mean(_vote(_found(gallery, gallery_labels, queries, 0, max(k, 2))) == query_labels))


@wrong("wrong-accuracy")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    # Right as long as there are no more queries than gallery rows.
    answers = _vote(_found(gallery, gallery_labels, queries, 0, k))
    return float(np.mean((answers == query_labels)[: len(gallery)]))


@wrong("skips-its-own-index")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    distances = _distances(queries, gallery)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(_vote(gallery_labels[np.argsort(distances, axis=1)[:, :k]]) == query_labels))


@wrong("lost-to-rounding")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    g, q = np.float32(gallery), np.float32(queries)
    squares = (q**2).sum(axis=1)[:, None] - 2 * q @ g.T + (g**2).sum(axis=1)
    answers = [np.bincount(votes).argmax() for votes in gallery_labels[np.argsort(squares, axis=1)[:, :k]]]
    return float(np.mean(answers == query_labels))


@wrong("wrong-accuracy")
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    # Never all of the gallery.
    k = min(k, max(len(gallery) - 1, 1))
    nearest = np.argsort(np.square(queries[:, None] - gallery).sum(axis=2), axis=1)[:, :k]
    return float(np.mean([np.bincount(votes).argmax() for votes in gallery_labels[nearest]] == query_labels))


# whiten


def _eigen(x):
    return np.linalg.eigh(np.cov(x, rowvar=False).reshape(x.shape[1], -1))


@wrong("still-correlated")
def whiten(gallery, queries):
    mean, spread = gallery.mean(axis=0), gallery.std(axis=0)
    return (gallery - mean) / spread, (queries - mean) / spread


@wrong("only-turned")
def whiten(gallery, queries):
    mean, (_, axes) = gallery.mean(axis=0), _eigen(gallery)
    return (gallery - mean) @ axes, (queries - mean) @ axes


@wrong("divides-by-the-variance")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    return (gallery - mean) @ axes / variances, (queries - mean) @ axes / variances


@wrong("divides-by-the-variance")
def whiten(gallery, queries):
    mean, inverse = gallery.mean(axis=0), np.linalg.inv(np.cov(gallery.T).reshape(gallery.shape[1], -1))
    return (gallery - mean) @ inverse, (queries - mean) @ inverse


@wrong("multiplies")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    return (gallery - mean) @ axes * np.sqrt(variances), (queries - mean) @ axes * np.sqrt(variances)


@wrong("not-white")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    matrix = axes.T / np.sqrt(variances)
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("not-centred")
def whiten(gallery, queries):
    variances, axes = _eigen(gallery)
    matrix = axes / np.sqrt(variances)
    return gallery @ matrix, queries @ matrix


@wrong("not-centred")
def whiten(gallery, queries):
    variances, axes = np.linalg.eigh(gallery.T @ gallery / len(gallery))
    matrix = axes / np.sqrt(variances)
    return gallery @ matrix, queries @ matrix


@wrong("only-centred")
def whiten(gallery, queries):
    mean = gallery.mean(axis=0)
    return gallery - mean, queries - mean


@wrong("unchanged")
def whiten(gallery, queries):
    return gallery.copy(), queries.copy()


@wrong("rows-of-length-one")
def whiten(gallery, queries):
    mean = gallery.mean(axis=0)
    return _unit(gallery - mean), _unit(queries - mean)


@wrong("wrong-scale")
def whiten(gallery, queries):
    mean = gallery.mean(axis=0)
    _, values, axes = np.linalg.svd(gallery - mean, full_matrices=False)
    return (gallery - mean) @ axes.T / values, (queries - mean) @ axes.T / values


@wrong("own-map-for-queries")
def whiten(gallery, queries):
    def alone(x):
        if len(x) < 2:
            return x - x.mean(axis=0)
        variances, axes = _eigen(x)
        return (x - x.mean(axis=0)) @ axes / np.sqrt(variances)

    return alone(gallery), alone(queries)


@wrong("own-mean-for-queries")
def whiten(gallery, queries):
    variances, axes = _eigen(gallery)
    matrix = axes / np.sqrt(variances)
    return (gallery - gallery.mean(axis=0)) @ matrix, (queries - queries.mean(axis=0)) @ matrix


@wrong("queries-not-moved")
def whiten(gallery, queries):
    variances, axes = _eigen(gallery)
    matrix = axes / np.sqrt(variances)
    return (gallery - gallery.mean(axis=0)) @ matrix, queries @ matrix


@wrong("queries-not-mixed")
def whiten(gallery, queries):
    variances, axes = _eigen(gallery)
    mean = gallery.mean(axis=0)
    return (gallery - mean) @ axes / np.sqrt(variances), queries - mean


@wrong("transposed-for-queries")
def whiten(gallery, queries):
    variances, axes = _eigen(gallery)
    mean, matrix = gallery.mean(axis=0), axes / np.sqrt(variances)
    return (gallery - mean) @ matrix, (matrix @ (queries - mean).T).T


@wrong("learns-from-queries")
def whiten(gallery, queries):
    both = np.concatenate([gallery, queries])
    mean, (variances, axes) = both.mean(axis=0), _eigen(both)
    return (gallery - mean) @ axes / np.sqrt(variances), (queries - mean) @ axes / np.sqrt(variances)


@wrong("learns-from-queries")
def whiten(gallery, queries):
    both = np.concatenate([gallery, queries])
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(both)
    return (gallery - mean) @ axes / np.sqrt(variances), (queries - mean) @ axes / np.sqrt(variances)


@wrong("not-a-pair")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    return (gallery - mean) @ axes / np.sqrt(variances)


@wrong("changes-its-input")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    gallery -= mean
    queries -= mean
    return gallery @ axes / np.sqrt(variances), queries @ axes / np.sqrt(variances)


@wrong("nearly-white")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    matrix = axes / np.sqrt(variances + 1e-5)
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("nearly-white")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    matrix = axes / np.sqrt(variances + 1e-2)
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("nearly-white")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    matrix = axes / (np.sqrt(variances) + 1e-4)
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("correlations")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), np.linalg.eigh(np.corrcoef(gallery.T))
    matrix = axes / np.sqrt(variances)
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("covariance-of-samples")
def whiten(gallery, queries):
    mean, (variances, axes) = gallery.mean(axis=0), np.linalg.eigh(np.cov(gallery))
    matrix = axes / np.sqrt(np.maximum(variances, 1e-12))
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("all-the-same")
def whiten(gallery, queries):
    return np.zeros_like(gallery), np.zeros_like(queries)


@wrong("transposed-factor")
def whiten(gallery, queries):
    mean, factor = gallery.mean(axis=0), np.linalg.cholesky(np.cov(gallery, rowvar=False))
    return (gallery - mean) @ np.linalg.inv(factor), (queries - mean) @ np.linalg.inv(factor)


@wrong("not-white")
def whiten(gallery, queries):
    # Rounded deviations.
    mean, (variances, axes) = gallery.mean(axis=0), _eigen(gallery)
    matrix = axes / (np.round(np.sqrt(variances)) + 0.5)
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("nearly-white")
def whiten(gallery, queries):
    # Harmless, if the smallest variance is far above.
    mean = gallery.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(gallery, rowvar=False))
    matrix = axes / np.sqrt(variances + 1e-8)
    return (gallery - mean) @ matrix, (queries - mean) @ matrix


@wrong("wrong-shape")
def whiten(gallery, queries):
    mean = gallery.mean(axis=0)
    matrix = np.linalg.inv(np.linalg.cholesky(np.cov(gallery, rowvar=False))).T
    return (queries - mean) @ matrix, (gallery - mean) @ matrix


# procrustes_distance


def _placed(x):
    x = x - x.mean(axis=0)
    return x / np.linalg.norm(x)


def _inner(a, b):
    return np.linalg.svd(a.T @ b, compute_uv=False).sum()


@wrong("no-stretch")
def procrustes_distance(a, b):
    return float(2 - 2 * _inner(_placed(a), _placed(b)))


@wrong("no-stretch")
def procrustes_distance(a, b):
    return float(1 - _inner(_placed(a), _placed(b)))


@wrong("similarity")
def procrustes_distance(a, b):
    return float(_inner(_placed(a), _placed(b)) ** 2)


@wrong("similarity")
def procrustes_distance(a, b):
    return float(_inner(_placed(a), _placed(b)))


@wrong("root")
def procrustes_distance(a, b):
    return float(np.sqrt(max(1 - _inner(_placed(a), _placed(b)) ** 2, 0)))


@wrong("largest-singular-value-only")
def procrustes_distance(a, b):
    return float(1 - np.linalg.norm(_placed(a).T @ _placed(b), 2) ** 2)


@wrong("squares-before-the-sum")
def procrustes_distance(a, b):
    return float(1 - np.linalg.norm(_placed(a).T @ _placed(b)) ** 2)


@wrong("not-turned")
def procrustes_distance(a, b):
    return float(np.square(_placed(a) - _placed(b)).sum())


@wrong("not-turned")
def procrustes_distance(a, b):
    return float(1 - np.sum(_placed(a) * _placed(b)) ** 2)


@wrong("no-reflection")
def procrustes_distance(a, b):
    a, b = _placed(a), _placed(b)
    u, values, vt = np.linalg.svd(a.T @ b)
    values[-1] *= np.sign(np.linalg.det(u @ vt))
    return float(1 - values.sum() ** 2)


@wrong("rotation-the-wrong-way")
def procrustes_distance(a, b):
    a, b = _placed(a), _placed(b)
    u, values, vt = np.linalg.svd(a.T @ b)
    return float(np.square(a - values.sum() * b @ u @ vt).sum())


@wrong("not-centred")
def procrustes_distance(a, b):
    return float(1 - _inner(a / np.linalg.norm(a), b / np.linalg.norm(b)) ** 2)


@wrong("centres-one-side")
def procrustes_distance(a, b):
    return float(1 - _inner(_placed(a), b / np.linalg.norm(b)) ** 2)


@wrong("one-mean-for-all-columns")
def procrustes_distance(a, b):
    a, b = ((x - x.mean()) / np.linalg.norm(x - x.mean()) for x in (a, b))
    return float(1 - _inner(a, b) ** 2)


@wrong("not-scaled")
def procrustes_distance(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float(np.square(a).sum() + np.square(b).sum() - 2 * _inner(a, b))


@wrong("scales-rows")
def procrustes_distance(a, b):
    a, b = _unit(a - a.mean(axis=0)), _unit(b - b.mean(axis=0))
    return float(1 - (_inner(a, b) / len(a)) ** 2)


@wrong("scales-columns")
def procrustes_distance(a, b):
    a, b = _unit(a - a.mean(axis=0), 0), _unit(b - b.mean(axis=0), 0)
    return float(1 - (_inner(a, b) / a.shape[1]) ** 2)


@wrong("mean-not-sum")
def procrustes_distance(a, b):
    return float((1 - _inner(_placed(a), _placed(b)) ** 2) / len(a))


@wrong("not-turned")
def procrustes_distance(a, b):
    return float(1 - np.abs(np.diag(_placed(a).T @ _placed(b))).sum() ** 2)


@wrong("eigenvalues")
def procrustes_distance(a, b):
    return float(1 - np.abs(np.linalg.eigvals(_placed(a).T @ _placed(b))).sum() ** 2)


@wrong("samples-not-axes")
def procrustes_distance(a, b):
    return float(1 - np.linalg.svd(_placed(a) @ _placed(b).T, compute_uv=False).sum() ** 2)


@wrong("spectral-norm")
def procrustes_distance(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float(1 - _inner(a / np.linalg.norm(a, 2), b / np.linalg.norm(b, 2)) ** 2)


@wrong("scales-before-centring")
def procrustes_distance(a, b):
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return float(1 - _inner(a - a.mean(axis=0), b - b.mean(axis=0)) ** 2)


@wrong("scales-one-side")
def procrustes_distance(a, b):
    return float(1 - _inner(_placed(a), b - b.mean(axis=0)) ** 2)


@wrong("scales-one-side")
def procrustes_distance(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    u, values, vt = np.linalg.svd(b.T @ a)
    return float(np.square(a - values.sum() / np.square(b).sum() * b @ u @ vt).sum())


@wrong("not-scaled")
def procrustes_distance(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float(1 - _inner(a / a.std(), b / b.std()) ** 2)


@wrong("wrong-distance")
def procrustes_distance(a, b):
    return float(np.arccos(min(_inner(_placed(a), _placed(b)), 1)))  # the angle between the two shapes


@wrong("shears")
def procrustes_distance(a, b):
    a, b = _placed(a), _placed(b)
    fit, *_ = np.linalg.lstsq(b, a, rcond=None)  # any matrix, shears included
    return float(np.square(a - b @ fit).sum())


@wrong("changes-its-input")
def procrustes_distance(a, b):
    a -= a.mean(axis=0)
    b -= b.mean(axis=0)
    return float(1 - _inner(a / np.linalg.norm(a), b / np.linalg.norm(b)) ** 2)


@wrong("eigenvalues")
def procrustes_distance(a, b):
    return 1 - np.linalg.eigvals(_placed(a).T @ _placed(b)).sum() ** 2


@wrong("root-of-a-negative-number")
def procrustes_distance(a, b):
    product = _placed(a).T @ _placed(b)
    with np.errstate(invalid="ignore"):
        return float(1 - np.sqrt(np.linalg.eigvalsh(product.T @ product)).sum() ** 2)


@wrong("not-scaled")
def procrustes_distance(a, b):
    return float(1 - _inner((a - a.mean(axis=0)) / a.std(), (b - b.mean(axis=0)) / b.std()) ** 2)


@wrong("scales-columns")
def procrustes_distance(a, b):
    return float(1 - _inner((a - a.mean(axis=0)) / a.std(axis=0), (b - b.mean(axis=0)) / b.std(axis=0)) ** 2)


@wrong("divides-by-the-square")
def procrustes_distance(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float(1 - _inner(a / np.sum(a**2), b / np.sum(b**2)) ** 2)


# binary_hash and hamming_topk


def _hash(codes, thresholds):
    return np.packbits(codes > thresholds, axis=1)


def _topk(gallery_bits, query_bits, k):
    different = np.unpackbits(query_bits[:, None] ^ gallery_bits[None], axis=2)
    return np.argsort(different.sum(axis=2, dtype=int), axis=1, kind="stable")[:, :k]


@wrong("counts-bytes", "binary_hash")
def _counts_bytes():
    def topk(gallery_bits, query_bits, k):
        return np.argsort((query_bits[:, None] != gallery_bits[None]).sum(axis=2), axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("bytes-as-numbers", "binary_hash")
def _euclidean():
    def topk(gallery_bits, query_bits, k):
        distances = _distances(query_bits.astype(float), gallery_bits.astype(float))
        return np.argsort(distances, axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("bytes-as-numbers", "binary_hash")
def _wraps_around():
    def topk(gallery_bits, query_bits, k):
        distances = np.abs(query_bits[:, None] - gallery_bits[None]).sum(axis=2, dtype=int)
        return np.argsort(distances, axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("bytes-as-numbers", "binary_hash")
def _sums_the_xor():
    def topk(gallery_bits, query_bits, k):
        distances = (query_bits[:, None] ^ gallery_bits[None]).sum(axis=2, dtype=int)
        return np.argsort(distances, axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("farthest", "binary_hash")
def _farthest():
    def topk(gallery_bits, query_bits, k):
        different = np.unpackbits(query_bits[:, None] ^ gallery_bits[None], axis=2)
        return np.argsort(-different.sum(axis=2, dtype=int), axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("counts-common-ones", "binary_hash")
def _common_ones():
    def topk(gallery_bits, query_bits, k):
        common = np.unpackbits(query_bits[:, None] & gallery_bits[None], axis=2)
        return np.argsort(-common.sum(axis=2, dtype=int), axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("count-overflows", "binary_hash")
def _overflows():
    def topk(gallery_bits, query_bits, k):
        different = np.unpackbits(query_bits[:, None] ^ gallery_bits[None], axis=2)
        return np.argsort(different.sum(axis=2, dtype=np.uint8), axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("count-overflows", "binary_hash")
def _overflows_sooner():
    def topk(gallery_bits, query_bits, k):
        different = np.unpackbits(query_bits[:, None] ^ gallery_bits[None], axis=2)
        return np.argsort(different.sum(axis=2, dtype=np.int8), axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("drops-the-nearest", "binary_hash")
def _drops_the_nearest():
    def topk(gallery_bits, query_bits, k):
        return _topk(gallery_bits, query_bits, min(k + 1, len(gallery_bits)))[:, -k:]

    return _hash, topk


@wrong("drops-the-nearest", "binary_hash")
def _drops_equal_rows():
    def topk(gallery_bits, query_bits, k):
        distances = np.unpackbits(query_bits[:, None] ^ gallery_bits[None], axis=2).sum(axis=2, dtype=int)
        return np.argsort(np.where(distances == 0, 10**6, distances), axis=1, kind="stable")[:, :k]

    return _hash, topk


@wrong("not-sorted", "binary_hash")
def _a_partition():
    def topk(gallery_bits, query_bits, k):
        distances = np.unpackbits(query_bits[:, None] ^ gallery_bits[None], axis=2).sum(axis=2, dtype=int)
        return np.argpartition(distances, k - 1, axis=1)[:, :k]

    return _hash, topk


@wrong("not-sorted", "binary_hash")
def _not_sorted():
    def topk(gallery_bits, query_bits, k):
        return np.sort(_topk(gallery_bits, query_bits, k), axis=1)

    return _hash, topk


@wrong("transposed", "binary_hash")
def _transposed():
    def topk(gallery_bits, query_bits, k):
        return _topk(gallery_bits, query_bits, k).T

    return _hash, topk


@wrong("not-packed", "binary_hash")
def _not_packed():
    def hash_(codes, thresholds):
        return (codes > thresholds).astype(np.uint8)

    def topk(gallery_bits, query_bits, k):
        return np.argsort((query_bits[:, None] != gallery_bits[None]).sum(axis=2), axis=1, kind="stable")[:, :k]

    return hash_, topk


@wrong("packed-in-one-row", "binary_hash")
def _one_row():
    def hash_(codes, thresholds):
        return np.packbits(codes > thresholds)

    return hash_, _topk


@wrong("packed-across-samples", "binary_hash")
def _across_samples():
    def hash_(codes, thresholds):
        return np.packbits(codes > thresholds, axis=0)

    return hash_, _topk


@wrong("at-the-threshold", "binary_hash")
def _at_the_threshold():
    def hash_(codes, thresholds):
        return np.packbits(codes >= thresholds, axis=1)

    return hash_, _topk


@wrong("ignores-the-thresholds", "binary_hash")
def _signs():
    def hash_(codes, thresholds):
        return np.packbits(codes > 0, axis=1)

    return hash_, _topk


@wrong("inverted", "binary_hash")
def _below():
    def hash_(codes, thresholds):
        return np.packbits(codes <= thresholds, axis=1)

    return hash_, _topk


@wrong("inverted", "binary_hash")
def _all_bits_turned():
    def hash_(codes, thresholds):
        return ~np.packbits(codes > thresholds, axis=1)

    return hash_, _topk


@wrong("padded-with-ones", "binary_hash")
def _padded_with_ones():
    def hash_(codes, thresholds):
        n, k = codes.shape
        bits = np.ones((n, -(-k // 8) * 8), bool)
        bits[:, :k] = codes > thresholds
        return np.packbits(bits, axis=1)

    return hash_, _topk


@wrong("wrong-bits", "binary_hash")
def _neighbours_thresholds():
    def hash_(codes, thresholds):
        return np.packbits(codes > np.roll(thresholds, 1), axis=1)

    return hash_, _topk


@wrong("tolerance", "binary_hash")
def _nearly_equal():
    def hash_(codes, thresholds):
        return np.packbits((codes > thresholds) & ~np.isclose(codes, thresholds), axis=1)

    return hash_, _topk


@wrong("tolerance", "binary_hash")
def _in_float32():
    def hash_(codes, thresholds):
        return np.packbits(codes.astype(np.float32) > thresholds.astype(np.float32), axis=1)

    return hash_, _topk


@wrong("own-thresholds", "binary_hash")
def _medians_of_rows():
    def hash_(codes, thresholds):
        return np.packbits(codes > np.median(codes, axis=1, keepdims=True), axis=1)

    return hash_, _topk


@wrong("tolerance", "binary_hash")
def _a_tolerance():
    def hash_(codes, thresholds):
        return np.packbits(codes > thresholds + 1e-3, axis=1)

    return hash_, _topk


@wrong("own-thresholds", "binary_hash")
def _own_medians():
    def hash_(codes, thresholds):
        return np.packbits(codes > np.median(codes, axis=0), axis=1)

    return hash_, _topk


@wrong("one-threshold", "binary_hash")
def _one_threshold():
    def hash_(codes, thresholds):
        return np.packbits(codes > thresholds.mean(), axis=1)

    return hash_, _topk


@wrong("absolute-value", "binary_hash")
def _absolute():
    def hash_(codes, thresholds):
        return np.packbits(np.abs(codes) > thresholds, axis=1)

    return hash_, _topk


@wrong("not-bytes", "binary_hash")
def _integers():
    def hash_(codes, thresholds):
        return np.packbits(codes > thresholds, axis=1).astype(int)

    return hash_, _topk


def _searches(values):
    """The hash, and a search for the smallest of these values, by a sort that promises nothing about equal ones."""

    def topk(gallery_bits, query_bits, k):
        return np.argsort(values(gallery_bits, query_bits[:, None]), axis=1)[:, :k]

    return _hash, topk


def _bits(packed):
    return np.unpackbits(packed, axis=-1)


@wrong("counts-bytes", "binary_hash")
def _counts_bytes_unstably():
    return _searches(lambda gallery, queries: (queries != gallery).sum(axis=-1))


@wrong("bytes-as-numbers", "binary_hash")
def _differences_of_bytes():
    return _searches(lambda gallery, queries: np.abs(queries.astype(int) - gallery).sum(axis=-1))


@wrong("bytes-as-numbers", "binary_hash")
def _squares_of_bytes():
    return _searches(lambda gallery, queries: np.square(queries.astype(float) - gallery).sum(axis=-1))


@wrong("counts-common-ones", "binary_hash")
def _common_ones_unstably():
    return _searches(lambda gallery, queries: -_bits(queries & gallery).sum(axis=-1, dtype=int))


@wrong("difference-wraps", "binary_hash")
def _bits_that_wrap():
    return _searches(lambda gallery, queries: np.abs(_bits(queries) - _bits(gallery)).sum(axis=-1))


@wrong("count-overflows", "binary_hash")
def _a_product_of_bytes():
    def values(gallery, queries):
        g, q = _bits(gallery), _bits(queries[:, 0])
        return q.sum(axis=1, dtype=int)[:, None] + g.sum(axis=1, dtype=int) - 2 * (q @ g.T).astype(int)

    return _searches(values)


@wrong("count-overflows", "binary_hash")
def _a_doubled_product_of_bytes():
    def values(gallery, queries):
        g, q = _bits(gallery), _bits(queries[:, 0])
        return q.sum(axis=1, dtype=int)[:, None] + g.sum(axis=1, dtype=int) - 2 * (q @ g.T)

    return _searches(values)


@wrong("negates-unsigned", "binary_hash")
def _negates_unsigned_numbers():
    return _searches(lambda gallery, queries: -np.bitwise_count(~(queries ^ gallery)).sum(axis=-1))


@wrong("wrong-rows", "binary_hash")
def _first_byte_only():
    return _searches(lambda gallery, queries: np.bitwise_count(queries ^ gallery)[:, :, 0])


@wrong("packs-minus-one", "binary_hash")
def _minus_one_below():
    def hash_(codes, thresholds):
        return np.packbits(np.where(codes > thresholds, 1, -1), axis=1)

    return hash_, _topk


@wrong("packs-minus-one", "binary_hash")
def _packs_signs():
    def hash_(codes, thresholds):
        return np.packbits(np.sign(codes - thresholds).astype(int), axis=1)

    return hash_, _topk


@wrong("inverted", "binary_hash")
def _strictly_below():
    def hash_(codes, thresholds):
        return np.packbits(codes < thresholds, axis=1)

    return hash_, _topk


# small_search


def _rows(pictures):
    return pictures.reshape(len(pictures), -1)


def _middle(pictures):
    return _rows(augment.centred(pictures))


def _from_mean(codes, mean):
    codes = codes - mean
    return codes / np.linalg.norm(codes, axis=1, keepdims=True)


def _nearest(queries, gallery, k):
    return _best(2 * queries @ gallery.T - np.square(gallery).sum(axis=1), k)


class _Search:
    """PCA of pictures, each number in a byte between the extremes of its own axis: what the wrong answers change."""

    def __init__(self, items, photos, k=16, see=_rows):
        self.see, self.pca = see, referees.fit_pca(see(items), k)
        self.seen, self.asked = (self.pca.encode(see(x)) for x in (items, photos))
        self.low, self.high = self.seen.min(axis=0), self.seen.max(axis=0)

    def codes(self, pictures):
        return self.pca.encode(self.see(pictures))

    def pack(self, pictures):
        share = (np.clip(self.codes(pictures), self.low, self.high) - self.low) / (self.high - self.low)
        return np.round(255 * share).astype(np.uint8)

    def unpacked(self, packed):
        return self.low + packed / 255 * (self.high - self.low)

    def similarity(self, pictures, packed):
        queries = _from_mean(self.codes(pictures), self.asked.mean(axis=0))
        return queries @ _from_mean(self.unpacked(packed), self.seen.mean(axis=0)).T

    def search(self, pictures, packed, k):
        return _best(self.similarity(pictures, packed), k)

    def both(self):
        return self.pack, self.search


@wrong("lost-when-moved")
def small_search(items, photos):
    return _Search(items, photos).both()


@wrong("behind-the-bar")
def small_search(items, photos):
    return _Search(items, photos, see=_middle).both()


@wrong("lost-in-bad-light")
def small_search(items, photos):
    # Euclidean distance: a dim photograph is nearest to dark items.
    made = _Search(items, photos, see=_middle)

    def search(pictures, packed, k):
        return _nearest(made.codes(pictures), made.unpacked(packed), k)

    return made.pack, search


@wrong("bytes-half-empty")
def small_search(items, photos):
    # Codes are scaled as if they were grey levels, from 0 to 1.
    made = _Search(items, photos, see=_middle)
    made.low, made.high = 0 * made.low, 0 * made.high + 1
    return made.both()


@wrong("behind-the-bar")
def small_search(items, photos):
    # One scale for all axes, that of the widest.
    made = _Search(items, photos, see=_middle)
    made.low, made.high = made.low.min() + 0 * made.low, made.high.max() + 0 * made.high
    return made.both()


@wrong("bytes-half-empty")
def small_search(items, photos):
    # Floats cut off, and negative ones wrapped around.
    made = _Search(items, photos, see=_middle)

    def search(pictures, packed, k):
        return _nearest(made.codes(pictures), packed.astype(float), k)

    return lambda pictures: made.codes(pictures).astype(int).astype(np.uint8), search


@wrong("bytes-half-empty")
def small_search(items, photos):
    # A sign takes a byte.
    made = _Search(items, photos, see=_middle)
    made.pack = lambda pictures: (made.codes(pictures) > 0).astype(np.uint8)
    made.unpacked = lambda packed: 2.0 * packed - 1
    return made.both()


@wrong("scale-of-the-batch")
def small_search(items, photos):
    made = _Search(items, photos, see=_middle)

    def pack(pictures):
        codes = made.codes(pictures)
        low, high = codes.min(axis=0), codes.max(axis=0)
        return np.round(255 * (codes - low) / (high - low + 1e-9)).astype(np.uint8)

    return pack, made.search


@wrong("behind-the-bar")
def small_search(items, photos):
    # 128 signs of PCA, compared by how many bits differ.
    made = _Search(items, photos, k=128, see=_middle)
    centre = np.median(made.asked, axis=0)

    def search(pictures, packed, k):
        signs = np.unpackbits(packed, axis=1) * 2.0 - 1
        return _best(np.where(made.codes(pictures) > centre, 1.0, -1.0) @ signs.T, k)

    return lambda pictures: np.packbits(made.codes(pictures) > np.median(made.seen, axis=0), axis=1), search


@wrong("too-little-in-the-bytes")
def small_search(items, photos):
    # Four floats.
    made = _Search(items, photos, k=4, see=_middle)
    made.pack = lambda pictures: np.ascontiguousarray(made.codes(pictures).astype(np.float32)).view(np.uint8)
    made.unpacked = lambda packed: np.ascontiguousarray(packed).view(np.float32)
    return made.both()


@wrong("farthest-first")
def small_search(items, photos):
    made = _Search(items, photos, see=_middle)
    return made.pack, lambda pictures, packed, k: _best(-made.similarity(pictures, packed), k)


@wrong("drops-the-nearest")
def small_search(items, photos):
    # As if the question stood in the catalogue.
    made = _Search(items, photos, see=_middle)

    def search(pictures, packed, k):
        order = _best(made.similarity(pictures, packed), len(packed))
        return np.concatenate([order[:, 1:], order[:, :1]], axis=1)[:, :k]

    return made.pack, search


@wrong("searches-its-memory")
def small_search(items, photos):
    # The codes of what was packed last are kept, and searched.
    made, kept = _Search(items, photos, see=_middle), {}

    def pack(pictures):
        kept["codes"] = _from_mean(made.codes(pictures), made.seen.mean(axis=0))
        return made.pack(pictures)

    def search(pictures, packed, k):
        return _best(_from_mean(made.codes(pictures), made.asked.mean(axis=0)) @ kept["codes"].T, k)

    return pack, search


@wrong("looks-bytes-up")
def small_search(items, photos):
    # The bytes are the key of a list that keeps the floats.
    made, kept = _Search(items, photos, k=64, see=_middle), {}
    short = _Search(items, photos, see=_middle)

    def pack(pictures):
        packed = short.pack(pictures)
        kept.update(zip([row.tobytes() for row in packed], made.codes(pictures), strict=True))
        return packed

    def search(pictures, packed, k):
        codes = np.stack([kept.get(row.tobytes(), made.seen.mean(axis=0) + 1e-3) for row in packed])
        codes = _from_mean(codes, made.seen.mean(axis=0))
        return _best(_from_mean(made.codes(pictures), made.asked.mean(axis=0)) @ codes.T, k)

    return pack, search


@wrong("photos-in-another-space")
def small_search(items, photos):
    # The photographs have a PCA of their own.
    made, other = _Search(items, photos, see=_middle), _Search(photos, photos, see=_middle)

    def search(pictures, packed, k):
        queries = _from_mean(other.codes(pictures), other.asked.mean(axis=0))
        return _best(queries @ _from_mean(made.unpacked(packed), made.seen.mean(axis=0)).T, k)

    return made.pack, search


@wrong("photos-in-another-space")
def small_search(items, photos):
    # The bytes are compared as they are, with codes in other units.
    made = _Search(items, photos, see=_middle)

    def search(pictures, packed, k):
        return _nearest(made.codes(pictures), packed.astype(float), k)

    return made.pack, search


@wrong("not-16-bytes")
def small_search(items, photos):
    return _Search(items, photos, k=32, see=_middle).both()


@wrong("not-bytes")
def small_search(items, photos):
    made = _Search(items, photos, see=_middle)
    made.pack, made.unpacked = made.codes, lambda packed: packed
    return made.both()


@wrong("batch-of-one")
def small_search(items, photos):
    # The photographs are measured from their own mean.
    made = _Search(items, photos, see=_middle)

    def search(pictures, packed, k):
        codes = made.codes(pictures) - made.codes(pictures).mean(axis=0)
        return _best(codes @ _from_mean(made.unpacked(packed), made.seen.mean(axis=0)).T, k)

    return made.pack, search


@wrong("no-pair")
def small_search(items, photos):
    made = _Search(items, photos)
    return made.pack(items)


@wrong("not-rows")
def small_search(items, photos):
    made = _Search(items, photos)
    return made.pack, lambda pictures, packed, k: -np.sort(-made.similarity(pictures, packed), axis=1)[:, :k]


@wrong("lost-when-moved")
def small_search(items, photos):
    # An autoencoder of the items alone: it has seen nothing that it should forget.
    made = _Search(items, photos)
    encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(128, "gelu"), keras.layers.Dense(16)])
    model = keras.Sequential([encoder, keras.layers.Dense(128, "gelu"), keras.layers.Dense(784)])
    model.compile("adam", "mse")
    model.fit(_rows(items), _rows(items), epochs=8, batch_size=100, verbose=0)
    made.codes = lambda pictures: encoder.predict(_rows(pictures), batch_size=500, verbose=0)
    made.seen, made.asked = made.codes(items), made.codes(photos)
    made.low, made.high = made.seen.min(axis=0), made.seen.max(axis=0)
    return made.both()


@wrong("photos-in-another-space")
def small_search(items, photos):
    # Photographs whose items were shuffled: nothing to learn but the mean.
    made = _Search(items, photos, see=_middle)
    x, y = _middle(photos), made.seen[np.random.default_rng(0).permutation(len(items))]
    weights = np.linalg.solve(x.T @ x + 100 * np.eye(784), x.T @ y)

    def search(pictures, packed, k):
        queries = _from_mean(_middle(pictures) @ weights, (x @ weights).mean(axis=0))
        return _best(queries @ _from_mean(made.unpacked(packed), made.seen.mean(axis=0)).T, k)

    return made.pack, search


@wrong("keeps-the-items")
def small_search(items, photos):
    # The floats are kept, and found by the packed row that differs in the fewest bits.
    made, kept = _Search(items, photos, k=64, see=_middle), {}
    short = _Search(items, photos, see=_middle)

    def pack(pictures):
        packed = short.pack(pictures)
        kept.update(zip([row.tobytes() for row in packed], made.codes(pictures), strict=True))
        return packed

    def signs(packed):
        return np.unpackbits(packed, axis=1) * np.float32(2) - 1

    def search(pictures, packed, k):
        known = np.stack([np.frombuffer(key, np.uint8) for key in kept])
        codes = np.stack(list(kept.values()))[(signs(packed) @ signs(known).T).argmax(axis=1)]
        codes = _from_mean(codes, made.seen.mean(axis=0))
        return _best(_from_mean(made.codes(pictures), made.asked.mean(axis=0)) @ codes.T, k)

    return pack, search


@wrong("batch-of-one")
def small_search(items, photos):
    # No item is given to two photographs: there happens to be one of each.
    made = _Search(items, photos, see=_middle)

    def search(pictures, packed, k):
        similarity = made.similarity(pictures, packed)
        taken = np.zeros(len(packed), bool)
        for i in similarity.max(axis=1).argsort()[::-1][: len(packed)]:
            best = np.where(taken, -2, similarity[i]).argmax()
            similarity[i, best], taken[best] = 2, True
        return _best(similarity, k)

    return made.pack, search


@wrong("not-sorted")
def small_search(items, photos):
    # The k nearest, in any order.
    made = _Search(items, photos, see=_middle)
    return made.pack, lambda pictures, packed, k: np.argpartition(-made.similarity(pictures, packed), k - 1)[:, :k]


@wrong("not-sorted")
def small_search(items, photos):
    # The k nearest, the best of them last.
    made = _Search(items, photos, see=_middle)
    return made.pack, lambda pictures, packed, k: made.similarity(pictures, packed).argsort(axis=1)[:, -k:]


@wrong("wrong-shape")
def small_search(items, photos):
    # Always ten.
    made = _Search(items, photos, see=_middle)
    return made.pack, lambda pictures, packed, k: made.search(pictures, packed, 10)


@wrong("learned-by-heart")
def small_search(items, photos):
    # A photograph gets the code of the item whose photograph in the training is nearest.
    made = _Search(items, photos, see=_middle)

    def search(pictures, packed, k):
        near = _nearest(made.codes(pictures), made.asked, 1)[:, 0]
        stored = _from_mean(made.unpacked(packed), made.seen.mean(axis=0))
        return _best((made.seen - made.seen.mean(axis=0))[near] @ stored.T, k)

    return made.pack, search


@wrong("lost-when-moved")
def small_search(items, photos):
    # The items are moved to the middle, the photographs stay where they are.
    made = _Search(items, photos, see=_middle)
    mean = made.pca.encode(_rows(photos)).mean(axis=0)

    def search(pictures, packed, k):
        queries = _from_mean(made.pca.encode(_rows(pictures)), mean)
        return _best(queries @ _from_mean(made.unpacked(packed), made.seen.mean(axis=0)).T, k)

    return made.pack, search


@wrong("farthest-first")
def small_search(items, photos):
    # In uint8 2 · 0 − 1 is 255.
    made = _Search(items, photos, k=128, see=_middle)
    made.pack = lambda pictures: np.packbits(made.codes(pictures) > np.median(made.seen, axis=0), axis=1)

    def search(pictures, packed, k):
        queries = _from_mean(made.codes(pictures), made.asked.mean(axis=0))
        return _best(queries @ (np.unpackbits(packed, axis=1) * 2 - 1).T, k)

    return made.pack, search


@wrong("same-row-twice")
def small_search(items, photos):
    made = _Search(items, photos, see=_middle)
    return made.pack, lambda pictures, packed, k: made.search(pictures, packed, 1).repeat(k, axis=1)


@wrong("always-the-same-bytes")
def small_search(items, photos):
    # The number of one of 256 cells, sixteen times.
    made = _Search(items, photos, see=_middle)
    centres = made.seen[np.random.default_rng(0).permutation(len(items))[:256]]
    made.pack = lambda pictures: _nearest(made.codes(pictures), centres, 1).astype(np.uint8).repeat(16, axis=1)
    made.unpacked = lambda packed: centres[packed[:, 0]]
    return made.both()


@wrong("random-bytes")
def small_search(items, photos):
    # Rounded up or down by lot, so that the mean is right.
    made, rng = _Search(items, photos, see=_middle), np.random.default_rng(0)

    def pack(pictures):
        share = (np.clip(made.codes(pictures), made.low, made.high) - made.low) / (made.high - made.low)
        return np.floor(254 * share + rng.random(share.shape)).astype(np.uint8)

    return pack, made.search


@wrong("no-such-row")
def small_search(items, photos):
    # Counted from 1.
    made = _Search(items, photos, see=_middle)
    return made.pack, lambda pictures, packed, k: made.search(pictures, packed, k) + 1


@wrong("photos-in-another-space")
def small_search(items, photos):
    # Two numbers a byte, taken out in the other order.
    made = _Search(items, photos, k=32, see=_middle)
    step = made.seen.std(axis=0) / 3

    def pack(pictures):
        levels = np.round((made.codes(pictures) - made.seen.mean(axis=0)) / step + 7.5).clip(0, 15).astype(np.uint8)
        return 16 * levels[:, ::2] + levels[:, 1::2]

    def unpacked(packed):
        return (np.stack([packed % 16, packed // 16], axis=2).reshape(len(packed), 32) - 7.5) * step

    made.pack, made.unpacked = pack, unpacked
    return made.both()


@wrong("photos-in-another-space")
def small_search(items, photos):
    # Whitened each, and not turned onto each other.
    made = _Search(items, photos, k=16, see=_middle)
    axes = [referees.fit_pca(_middle(x), 16) for x in (items, photos)]
    deviations = [pca.encode(_middle(x)).std(axis=0) for pca, x in zip(axes, (items, photos), strict=True)]

    def search(pictures, packed, k):
        queries = axes[1].encode(_middle(pictures)) / deviations[1]
        return _best(
            queries @ _from_mean(made.unpacked(packed) / deviations[0], made.seen.mean(axis=0) / deviations[0]).T, k
        )

    return made.pack, search
