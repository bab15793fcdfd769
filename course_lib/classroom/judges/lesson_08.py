"""The judges of lesson 08: searching with codes, scoring what was found, comparing embeddings, hashing."""

from __future__ import annotations

import numpy as np

from course_lib.classroom.legacy import judge


def _indices(probe, got, m: int, k: int, n: int) -> np.ndarray:
    """The answer as integer indices (m, k) into a gallery of n rows, or a FAIL that says what is wrong with them."""
    array = np.asarray(probe.array(got))  # an np.matrix has rows that stay matrices
    probe.require(
        array.shape != (k, m) or k == m,
        "transposed",
        f"Shape {(m, k)} was expected; yours is {array.shape}. Does a row belong to a query?",
    )
    array = probe.require_shape(
        array, (m, k), f"{k} indices for each of {m} queries: what are the rows, and how many stay?"
    )
    probe.require(
        array.dtype.kind in "iu",
        "not-indices",
        f"Integers were expected; the dtype of yours is {array.dtype}. Did you return the similarities instead of where they stand?",
    )
    probe.require(
        array.size == 0 or (array.min() >= 0 and array.max() < n),
        "out-of-range",
        f"The gallery has the rows 0 to {n - 1}; your indices run from {array.min()} to {array.max()}. Which array do they point into?",
    )
    return array.astype(int)


def _without_rounding(got):
    """A result without its imaginary part, if that is a rounding error, as `scipy.linalg.sqrtm` and `eig` leave it."""
    if isinstance(got, np.ndarray | complex) and np.iscomplexobj(got) and np.allclose(np.imag(got), 0, atol=1e-6):
        return np.real(got)
    return got


def _unit(x: np.ndarray, axis: int | None = 1) -> np.ndarray:
    return x / np.linalg.norm(x, axis=axis, keepdims=True)


def _best(similarity: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def _negative_distances(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    return -np.square(queries[:, None, :] - gallery[None, :, :]).sum(axis=2)


_LENGTH = 1e-3  # of the shortest rows


def _codes_to_search(rng, n: int, m: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes whose cosines differ from each other, with lengths that differ by a factor of ten thousand and a common offset.

    Two gallery rows are neighbours, whose cosines differ in the fourth digit; all others differ by more than 2e-3, so
    that float32 and a guard against a division by 0 do no harm. Every third of several queries is parallel to a gallery
    row. Of many rows, fewer digits and a summand of 1e-4 in the length change what is found.
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
        true = _best(cosine, k)
        slips = cosine.astype(np.float16), np.round(cosine, 4), *_guarded(gallery, queries)
        if n < 12 or not any(np.array_equal(_best(slip, k), true) for slip in slips):
            return gallery, queries


def _guarded(gallery: np.ndarray, queries: np.ndarray) -> list[np.ndarray]:
    """Cosines with something added to the lengths, which protects from a division by 0 and changes short rows."""
    lengths = np.linalg.norm(gallery, axis=1)
    return [_unit(queries) @ gallery.T / (lengths + extra) for extra in (1e-4, 1e-3, 1e-2)]


_PARALLEL = (
    "Some gallery rows point exactly where a query does, and for these queries your rows are wrong. "
    "What is that cosine, and what becomes of it in your code?"
)


@judge(
    "cosine_topk",
    title="The most similar codes",
    section="Which distance?",
    question="Multiply one row of the gallery by 100. Which cosines change?",
)
def judge_cosine_topk(cosine_topk, probe):
    """Lengths that differ, negative cosines, cosines of 1, k from 1 to n; then many equal rows, whose order is fixed."""
    rng = probe.rng
    for n, m, d, k in ((12, 9, 4, 5), (7, 1, 3, 7), (9, 5, 2, 1), (12, 9, 4, 5)):
        gallery, queries = _codes_to_search(rng, n, m, d, k)
        result = probe.call(cosine_topk, gallery, queries, k)
        got = _indices(probe, result, m, k, n)
        cosine = _unit(queries) @ _unit(gallery).T
        true = _best(cosine, k)
        centre = gallery.mean(axis=0)
        worst = np.argsort(cosine, axis=1)
        far = "Those are the least similar rows. In which order does your sort go?"
        rows = np.arange(m)[:, None]
        others = np.arange(m) % 3 > 0  # queries that no gallery row is parallel to
        if np.abs(cosine[rows, got] - cosine[rows, true]).max() < 1e-3:
            otherwise = (
                "loses-digits",
                "Two rows of nearly the same cosine have changed places; the others are right. How many digits of a cosine do you keep?",
            )
        elif m > 1 and np.array_equal(got[others], true[others]):
            otherwise = "drops-parallel-rows", _PARALLEL
        elif k < n and np.array_equal(np.sort(got, axis=1), np.sort(true, axis=1)):
            otherwise = "unordered", "These are the right rows, in no order. Which one stands first?"
        else:
            otherwise = (
                "wrong-rows",
                "Take one query and one gallery row by hand: is your number their inner product over both lengths?",
            )
        lengths = (
            "Long rows of the gallery win in your answer. Does the length of a row matter for the angle to the query?"
        )
        probe.settle(
            got,
            true,
            [
                (_best(queries @ gallery.T, k), "not-normalised", lengths),
                (_best(_unit(queries) @ gallery.T, k), "not-normalised", lengths),
                (
                    _best(_negative_distances(queries, gallery), k),
                    "euclidean",
                    "You return the nearest rows in Euclidean distance. Is a row in the same direction, and far away, similar?",
                ),
                (
                    _best(_negative_distances(_unit(queries), gallery), k),
                    "normalises-one-side",
                    "Only the queries have length 1. What of the gallery?",
                ),
                *(
                    (
                        _best(guarded, k),
                        "adds-to-the-length",
                        f"You add something to a length. Some rows have a length of {_LENGTH}: what becomes of their cosine?",
                    )
                    for guarded in _guarded(gallery, queries)
                ),
                (worst[:, :k], "least-similar", far),
                (true[:, ::-1], "worst-first", "These are the right rows. Which of them stands first?"),
                (
                    np.sort(true, axis=1),
                    "sorted-by-index",
                    "These are the right rows, in the order of their indices. Which one stands first?",
                ),
                (
                    _best(np.abs(cosine), k),
                    "ignores-the-sign",
                    "Some cosines are −.9. Is a row in the opposite direction similar?",
                ),
                (
                    _best(np.square(cosine), k),
                    "ignores-the-sign",
                    "Some cosines are −.9. Is a row in the opposite direction similar?",
                ),
                (
                    _best(_unit(queries - centre) @ _unit(gallery - centre).T, k),
                    "centres",
                    "You subtract a mean first. That may be a good idea; is it the cosine of these vectors?",
                ),
                *(
                    (
                        _best(_unit(queries - queries.mean(axis=axis, keepdims=True)) @ _unit(other).T, k),
                        "centres",
                        "You subtract a mean first. That may be a good idea; is it the cosine of these vectors?",
                    )
                    for axis, other in (
                        (1, gallery - gallery.mean(axis=1, keepdims=True)),
                        (0, gallery - centre),
                    )
                    if axis == 1 or m > 1  # a single query is its own mean
                ),
                (
                    _best(_unit(queries, 0) @ _unit(gallery, 0).T, k),
                    "normalises-columns",
                    "You divide each column by its length. Which length belongs to a sample?",
                ),
                (
                    _best(queries @ _unit(gallery, 0).T, k),
                    "normalises-columns",
                    "You divide each column by its length. Which length belongs to a sample?",
                ),
                (
                    np.argsort(-cosine, axis=1)[:, 1 : k + 1] if k < n else true,
                    "drops-the-best",
                    "You leave out the most similar row. Is the query itself in the gallery?",
                ),
                (
                    np.argsort(np.argsort(-cosine, axis=1), axis=1)[:, :k],
                    "ranks-not-indices",
                    "You return the rank of each gallery row. Which row has rank 0?",
                ),
            ],
            *otherwise,
            rtol=0,
            atol=0,
        )
    gallery = rng.normal(size=(40, 5))
    where = rng.permutation(40)
    queries = gallery[where] * rng.uniform(0.2, 5, (40, 1))
    got = _indices(probe, probe.call(cosine_topk, gallery, queries, 2), 40, 2, 40)
    probe.require(np.array_equal(got[:, 0], where), "drops-parallel-rows", _PARALLEL)
    _equal_rows(cosine_topk, probe)


def _equal_rows(cosine_topk, probe) -> None:
    """A gallery of repeated rows; all lengths are powers of two, so that every way of dividing gives equal numbers."""
    rng = probe.rng
    kinds = np.concatenate([np.eye(8), [[1.0, -1, 1, 1, 0, 0, 0, 0]]])  # norms 1 and 2
    which = rng.integers(0, len(kinds), 300)
    gallery = kinds[which]
    queries = np.array([rng.permutation(8)[:] + 1.0, -(rng.permutation(8) + 1.0)])
    queries[:, :4] += np.array([0.25, 0.0, 0.125, 0.0])
    cosine = _unit(queries) @ _unit(gallery).T
    got = _indices(probe, probe.call(cosine_topk, gallery, queries, 100), 2, 100, 300)
    exact = queries @ gallery.T / np.linalg.norm(gallery, axis=1)  # integers and quarters: no rounding
    true = _best(exact, 100)
    if np.array_equal(got, true):
        return
    rows = np.arange(2)[:, None]
    probe.require(
        np.allclose(cosine[rows, got], cosine[rows, true], atol=1e-9),
        "wrong-rows",
        "In a gallery of 300 rows, of which many are equal, better rows were left out or stand later. What is sorted by what?",
    )
    backwards = 299 - _best(exact[:, ::-1], 300)  # equal rows by falling index
    probe.require(
        not np.array_equal(got, backwards[:, :100]),
        "ties-to-the-larger-index",
        "Among equal rows the one with the largest index comes first. Was a rising sort turned round?",
    )
    probe.fail(
        "unstable-sort",
        "Among equal rows the indices stand in no order. What does your sort promise about equal values?",
    )


def _distinct(true: float, mistakes: list[tuple]) -> bool:
    """Whether every mistake shows (in its first number), and no two of different names give the same numbers."""
    values: dict[str, set] = {}
    for value, name, _ in mistakes:
        values.setdefault(name, set()).add(tuple(np.round(np.atleast_1d(value), 9).tolist()))
    together = [value for group in values.values() for value in group]
    return len(set(together)) == len(together) and round(float(true), 9) not in {value[0] for value in together}


@judge(
    "precision_at_k",
    title="Precision at k",
    section="Throw the decoder away",
    question="How many comparisons are made for m queries with k results each?",
)
def judge_precision_at_k(precision_at_k, probe):
    """As many results as queries, where broadcasting goes wrong silently, and other shapes."""
    rng = probe.rng
    # A comparison across queries raises an error unless there are as many results as queries: then these come first.
    _, error = probe.attempt(precision_at_k, np.zeros((41, 7), int), np.zeros(41, int))
    first = [(41, 7), (41, 41)]
    for m, k in (*(reversed(first) if error else first), (5, 3), (4, 1), (1, 6), (5, 3)):
        while True:
            query_labels = rng.integers(0, 15, m)
            query_labels[rng.integers(0, m)] = 0  # a label like any other
            lucky = rng.random((m, k)) < rng.choice([0.03, 0.3, 0.7], (m, 1))
            retrieved = np.where(lucky, query_labels[:, None], rng.integers(0, 15, (m, k)))
            true = (retrieved == query_labels[:, None]).mean()
            mistakes = _precision_mistakes(retrieved, query_labels)
            if m != 41 or _distinct(true, mistakes):
                break
        got = probe.array(probe.call(precision_at_k, retrieved, query_labels))
        probe.require(
            got.shape != (m,) or m == 1,
            "one-number-a-query",
            f"You returned {m} numbers, one for each query. Which one describes the search?",
        )
        probe.require(
            got.shape != (k,) or k == 1,
            "one-number-a-place",
            f"You returned {k} numbers, one for each place in the list of results. Which one describes the search?",
        )
        probe.require(
            got.shape != (m, k) or m * k == 1,
            "comparisons-not-averaged",
            f"You returned the {m} × {k} comparisons. What is their mean?",
        )
        probe.settle(
            probe.number(got, question="One number for the whole search: which axes remain?"),
            true,
            mistakes,
            "wrong-share",
            "Count by hand for one query: how many of its results carry its label, out of how many?",
            rtol=1e-6,
        )


def _precision_mistakes(retrieved: np.ndarray, query_labels: np.ndarray) -> list[tuple[float, str, str]]:
    """What the usual mistakes would return on these labels, with their names and questions."""
    m, k = retrieved.shape
    hits = retrieved == query_labels[:, None]
    shares, true = hits.mean(axis=1), hits.mean()
    votes = np.array([np.bincount(row).argmax() for row in retrieved])
    count = "That is a count. What does it become with twice as many queries?"
    seen = np.array([len(set(row)) for row in retrieved.tolist()])
    once = "You count a label once, however many of the results carry it. How many of the results are right?"
    mistakes = [
        (
            hits.any(axis=1).mean(),
            "any-hit-counts",
            "A query counts as right if any of its results is. How many of its results are right?",
        ),
        (
            hits.all(axis=1).mean(),
            "all-must-hit",
            "A query counts only if all of its results are right. How many of them are?",
        ),
        (
            np.mean(hits.any(axis=1) / k),
            "labels-as-a-set",
            once,
        ),
        (np.mean(hits.any(axis=1) / seen), "labels-as-a-set", once),
        (
            hits.sum() / (10 * m) if k != 10 else true,
            "always-ten",
            "You divide by ten. How many results does a query have here?",
        ),
        (
            (hits & (retrieved != 0)).mean(),
            "ignores-label-0",
            "Right results of label 0 do not count in yours. Is 0 a label, or is it none?",
        ),
        (
            shares[shares > 0].mean() if hits.any() else true,
            "leaves-out-queries",
            "A query that found nothing of its label is left out of your mean. How good was its search?",
        ),
        (hits[:, 0].mean(), "first-only", "That looks at the first result alone. And the others?"),
        (
            (votes == query_labels).mean(),
            "majority",
            "That is the accuracy of a vote. What share of the single results is right?",
        ),
        (
            (shares > 0.5).mean(),
            "majority",
            "You count the queries of which most results are right. What share of the single results is right?",
        ),
        (
            hits[:, 1:].mean() if k > 1 else true,
            "drops-the-first",
            "You leave out the first result. Was it the query itself?",
        ),
        (1 - true, "counts-the-wrong-ones", "That is the share of wrong results. Which share is asked for?"),
        (hits.sum(), "not-a-share", count),
        (hits.sum() / m, "not-a-share", "That is the mean number of right results. What share of the k results is it?"),
        (hits.sum() / k, "not-a-share", count),
        (np.median(shares), "median", "That is the median over the queries. Which average is asked for?"),
        (100 * true, "percent", "Yours is a hundred times as large. Is a share of one half .5 or 50?"),
        (
            np.isin(retrieved, query_labels).mean(),
            "any-query-label",
            "A result counts for you if its label belongs to *some* query. To which one must it belong?",
        ),
    ]
    if m == k:
        mistakes.append(
            (
                (retrieved == query_labels).mean(),
                "compares-across-queries",
                "With as many results as queries, NumPy compared column j with the label of query j. To which query does a column belong?",
            )
        )
    return mistakes


def _vote(labels: np.ndarray, smallest: bool = True) -> np.ndarray:
    """Majority of each row of labels (m, k); of several the smallest or the largest."""
    counts = (labels[:, :, None] == np.arange(labels.max() + 1)).sum(axis=1)  # (m, labels)
    if smallest:
        return counts.argmax(axis=1)
    return counts.shape[1] - 1 - counts[:, ::-1].argmax(axis=1)


def _nearest_vote(labels: np.ndarray) -> np.ndarray:
    """Majority of each row; of several the one whose first voice is the nearest."""
    counts = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)  # (m, k): voices for each one's label
    return labels[np.arange(len(labels)), counts.argmax(axis=1)]


@judge(
    "knn_accuracy",
    title="Nearest neighbours vote",
    section="Five maps of the same clothes",
    question="Two labels have the same number of votes. Which one wins, according to the task?",
)
def judge_knn_accuracy(knn_accuracy, probe):
    """Overlapping classes with gaps in their labels and many tied votes; then k = 1, one query, k = n."""
    rng = probe.rng
    for n, m, d, k in ((40, 499, 3, 4), (30, 97, 2, 1), (9, 31, 4, 9), (24, 1, 2, 3), (31, 97, 3, 7), (30, 97, 2, 1)):
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
            if np.diff(np.sort(distance, axis=1), axis=1).min() < 1e-9:
                continue
            vote = _vote(gallery_labels[order[:, :k]])
            # One share of several hundred queries may be that of a mistake by chance; four more, as if all queries had
            # one label, are not. They are asked for only where the answer is wrong, and a slip is named by the first
            # case alone, in which all of them show.
            constant = [np.full(m, name) for name in names]
            slips = [
                (answers, [_share(answers, labels) for labels in constant], name, question)
                for answers, name, question in (
                    _knn_mistakes(gallery, gallery_labels, queries, k, order) if k == 4 else []
                )
            ]
            for _ in range(10):  # other labels of the queries, until every mistake shows
                query_labels = names[np.where(rng.random(m) < 0.8, query_kind, rng.integers(0, 4, m))]
                true = _share(vote, query_labels)
                mistakes = [
                    ([_share(answers, query_labels), *more], name, question) for answers, more, name, question in slips
                ]
                if _distinct(true, mistakes):
                    break
            else:
                continue
            break

        def measure(labels, given=(gallery, gallery_labels, queries), k=k):
            got = probe.array(probe.call(knn_accuracy, *given, labels, k))
            probe.require(
                got.shape != labels.shape or len(labels) == 1,
                "one-number-a-query",
                f"You returned {len(labels)} values, one for each query. How many of the answers are right?",
            )
            return probe.number(got, question="One number for all queries: which share of them is answered correctly?")

        got = measure(query_labels)
        if np.isclose(got, true, rtol=1e-6, atol=1e-6):
            continue
        ours = [got, *(measure(labels) for labels in constant)]
        for shares, name, question in mistakes:
            probe.require(
                not np.allclose(ours, shares, rtol=1e-6, atol=1e-6),
                name,
                f"Expected {true:.5g}; yours is {got:.5g}. {question}",
            )
        probe.require_close(
            got,
            true,
            "wrong-accuracy",
            "Take one query by hand: which k gallery rows are nearest, how do they vote, and who wins?",
            rtol=1e-6,
        )


def _share(answers, labels: np.ndarray) -> float:
    """The share of answers (m,) that are right, or what a function of the queries' labels returns."""
    return answers(labels) if callable(answers) else np.mean(answers == labels)


def _knn_mistakes(gallery, gallery_labels, queries, k, order):
    """The usual mistakes, with names and questions: the labels that they answer (m,), or a function of the queries' labels."""
    m = len(queries)
    found = gallery_labels[order[:, :k]]

    def by(similarity):
        return _vote(gallery_labels[_best(similarity, k)])

    vote = _vote(found)
    names = np.unique(gallery_labels)
    votes = (found[:, :, None] == names).sum(axis=1)  # (m, labels)
    distances = np.sqrt(-np.take_along_axis(_negative_distances(queries, gallery), order[:, :k], axis=1))
    weighted = [((found[:, :, None] == names) / distances[:, :, None] ** power).sum(axis=1) for power in (1, 2)]
    inside = np.argpartition(-_negative_distances(queries, queries), k - 1, axis=1)[:, :k]
    scaled = [[x / spread for x in (queries, gallery)] for spread in (gallery.std(axis=0), np.ptp(gallery, axis=0))]
    too_few = "One neighbour is missing from the vote. How many does your slice keep?"
    return [
        (
            _vote(found, smallest=False),
            "ties-to-the-largest",
            "Where several labels have the most votes, yours is the largest of them. Which one does the task want?",
        ),
        (
            np.array([max(set(row), key=row.count) for row in found.tolist()]),
            "ties-in-set-order",
            "Where several labels have the most votes, yours is the one that a set happens to name first. Does a set keep its elements in order?",
        ),
        (
            _nearest_vote(found),
            "ties-to-the-nearest",
            "Where several labels have the most votes, yours is the one of the nearest neighbour. Which one does the task want?",
        ),
        (
            _nearest_vote(found[:, ::-1]),
            "ties-to-the-farthest",
            "Where several labels have the most votes, yours is the one of the farthest neighbour. Which one does the task want?",
        ),
        (
            lambda true: np.mean((found == true[:, None]).sum(axis=1) == votes.max(axis=1)),
            "any-winner-counts",
            "Where several labels have the most votes, yours counts as right if the query's is among them. How many answers does a query get?",
        ),
        *(
            (
                answers,
                "absolute-majority",
                "Yours compares the share of the votes with one half. How many votes does a label need to win?",
            )
            for answers in (
                lambda true: np.mean((found == true[:, None]).mean(axis=1) > 0.5),
                lambda true: np.mean((found == true[:, None]).mean(axis=1) >= 0.5),
            )
        ),
        (
            lambda true: np.mean((found == true[:, None]).any(axis=1)),
            "any-neighbour-counts",
            "A query counts as right if any of its neighbours has its label. Who answers if they disagree?",
        ),
        (
            order[:, :k].min(axis=1),
            "votes-for-rows",
            "Your neighbours vote for their own indices in the gallery. Which label does a row have?",
        ),
        (
            np.cumsum(votes > 0, axis=1)[np.arange(m), votes.argmax(axis=1)] - 1,
            "index-not-label",
            "You return where the label stands among the labels that were found. Is the third of them always the label 2?",
        ),
        (
            votes.argmax(axis=1),
            "index-not-label",
            "You return where the label stands among all labels. Is the third label always the label 2?",
        ),
        (
            names[np.where(names < 10, votes, -1).argmax(axis=1)],
            "ten-labels-only",
            "Labels of ten and more never win. How many labels does the task promise?",
        ),
        (
            1 + (found[:, :, None] == np.arange(1, found.max() + 2)).sum(axis=1).argmax(axis=1),
            "ignores-label-0",
            "The label 0 never wins. Is 0 a label, or is it none?",
        ),
        *(
            (
                names[weights.argmax(axis=1)],
                "weighs-the-votes",
                "Near neighbours have more voices than far ones. How many voices does the task give each?",
            )
            for weights in weighted
        ),
        (
            _vote(gallery_labels[order[:, 1 : k + 1]]),
            "drops-the-nearest",
            "You leave out the nearest neighbour. Is the query itself in the gallery?",
        ),
        (
            _vote(gallery_labels[order[:, : k + 1]]),
            "one-too-many",
            "One neighbour too many takes part in the vote. How many does your slice keep?",
        ),
        (_vote(gallery_labels[order[:, 1:k]]), "one-too-few", too_few),
        (_vote(gallery_labels[order[:, : k - 1]]), "one-too-few", too_few),
        (
            gallery_labels[order[:, 0]],
            "nearest-only",
            "Only the nearest neighbour has a voice. What is k for?",
        ),
        (
            _vote(gallery_labels[order[:, ::-1][:, :k]]),
            "farthest",
            "The farthest rows vote. In which order does your sort go?",
        ),
        (
            lambda true: np.mean(found == true[:, None]),
            "precision-not-vote",
            "That is the share of single neighbours with the right label. Who answers if they disagree?",
        ),
        (
            np.round(found.mean(axis=1)),
            "averages-labels",
            "You average the labels. Does a pullover (2) lie halfway between trousers (1) and a dress (3)?",
        ),
        (
            np.median(found, axis=1),
            "averages-labels",
            "You take the median of the labels. Is a label a quantity?",
        ),
        (
            by(_unit(queries) @ _unit(gallery).T),
            "cosine",
            "Your neighbours are those with the largest cosine. Which distance does the task name?",
        ),
        (
            by(queries @ gallery.T),
            "inner-product",
            "Your neighbours are those with the largest inner product. Which distance does the task name?",
        ),
        (
            by(-np.abs(queries[:, None] - gallery[None]).sum(axis=2)),
            "sum-of-absolute-differences",
            "You add up absolute differences. What does the Euclidean distance add up?",
        ),
        (
            by(-np.abs(queries[:, None] - gallery[None]).max(axis=2)),
            "largest-absolute-difference",
            "You compare the largest of the absolute differences. What does the Euclidean distance add up?",
        ),
        *(
            (
                by(_negative_distances(*pair)),
                "standardises",
                "You rescale the features first. Which distance does the task name?",
            )
            for pair in scaled
        ),
        (
            lambda true: np.mean(_vote(true[inside]) == true),
            "finds-itself",
            "Your queries are searched among the queries, and each finds itself. Where should they be searched?",
        ),
        (
            np.full(m, np.bincount(gallery_labels).argmax()),
            "ignores-the-codes",
            "Every query gets the same answer. Do the codes enter?",
        ),
        (
            lambda true: 1 - np.mean(vote == true),
            "counts-the-wrong-ones",
            "That is the share of wrong answers. Which share is asked for?",
        ),
        (
            lambda true: np.sum(vote == true),
            "not-a-share",
            "That is a number of queries. Which share of them is it?",
        ),
        (
            lambda true: 100 * np.mean(vote == true),
            "percent",
            "Yours is a hundred times as large. Is a share of one half .5 or 50?",
        ),
    ]


@judge(
    "whiten",
    title="Whitening",
    section="Which distance?",
    question="After whitening, what is the variance along any direction you choose?",
)
def judge_whiten(whiten, probe):
    """Correlated codes far from 0, with variances from small to large; one query alone; other codes of the same shape."""
    rng = probe.rng
    for n, m, d in ((60, 9, 4), (50, 1, 3), (40, 6, 2), (60, 9, 4)):
        rotation, _ = np.linalg.qr(rng.normal(size=(d, d)))
        spread = np.geomspace(0.2, 4, d)
        mixing = rotation * spread @ np.linalg.qr(rng.normal(size=(d, d)))[0]
        centre = rng.uniform(3, 6, d)
        gallery = rng.normal(size=(n, d)) @ mixing + centre
        queries = 1.5 * rng.normal(size=(m, d)) @ mixing + centre + 1
        result, error = probe.attempt(whiten, gallery, queries)
        if error is not None:
            probe.require(
                not (isinstance(error, ValueError) and str(n) in str(error) and str(d) in str(error)),
                "covariance-of-samples",
                f"A product failed: {error}. For {n} codes of {d} numbers, what shape should the covariance have, and what has yours?",
            )
            result = probe.call(whiten, gallery, queries)  # any other error is the learner's to read
        probe.require(
            isinstance(result, tuple | list) and len(result) == 2,
            "not-a-pair",
            "Two arrays were expected, the gallery and the queries. What does your function return?",
        )
        result = [_without_rounding(x) for x in result]
        ours = probe.require_shape(result[0], (n, d), "The gallery keeps its shape: one row for each code.")
        found = probe.require_shape(result[1], (m, d), "The queries keep their shape: one row for each code.")
        ours, found = ours.astype(np.float64), found.astype(np.float64)
        probe.require(
            np.isfinite(ours).all() and np.isfinite(found).all(),
            "not-finite",
            "Your result contains NaN or infinity. Which root or quotient could that be, and whose covariance is it taken of?",
        )
        _judge_white_gallery(probe, gallery, ours, found)
        _judge_white_queries(probe, gallery, queries, ours, found)


def _judge_white_gallery(probe, gallery: np.ndarray, ours: np.ndarray, found: np.ndarray) -> None:
    n, d = gallery.shape
    mean, covariance = ours.mean(axis=0), np.atleast_2d(np.cov(ours.T, ddof=0))
    probe.require(
        not np.allclose(ours, gallery),
        "unchanged",
        "The gallery comes back as it was. What is its covariance?",
    )
    scale = np.abs(ours).max()
    centred = np.abs(mean).max() < 2e-5 * max(scale, 1)  # float32 will do
    variances = np.diag(covariance)
    white = [np.allclose(covariance, np.eye(d) * factor, rtol=0, atol=1e-4) for factor in (1, (n - 1) / n)]
    probe.require(
        centred or not any(white),
        "not-centred",
        "The covariance is the identity; the mean is not 0. What moves the codes?",
    )
    if any(white):
        return
    together, both = np.cov(np.concatenate([ours, found]).T), n + len(found)
    probe.require(
        not any(np.allclose(together, np.eye(d) * factor, atol=1e-4) for factor in (1, both / (both - 1))),
        "learns-from-queries",
        "Gallery and queries together have the identity as their covariance. What may depend on the queries?",
    )
    centre = gallery.mean(axis=0)
    own = np.atleast_2d(np.cov(gallery.T, ddof=0))
    values = np.linalg.eigvalsh(own)
    probe.require(
        np.allclose(ours, gallery - centre) is False,
        "only-centred",
        "The mean is 0 and the covariance is that of the gallery. What makes it the identity?",
    )
    probe.require(np.ptp(ours, axis=0).any(), "all-the-same", "All your codes are the same. What is their variance?")
    flat = np.linalg.norm(ours, axis=1)
    probe.require(
        not np.allclose(flat, flat[0], rtol=1e-6),
        "rows-of-length-one",
        "Every row has the same length. Should single codes have length 1, or directions variance 1?",
    )
    ones = any(np.allclose(variances, factor, atol=1e-5) for factor in (1, (n - 1) / n))
    probe.require(
        not ones,
        "still-correlated",
        "Each feature has variance 1, and they are still correlated. What is the variance along a diagonal?",
    )
    off = covariance - np.diag(variances)
    uncorrelated = np.abs(off).max(initial=0) < 1e-6 * max(variances.max(), 1e-9)
    spectrum = np.sort(np.linalg.eigvalsh(covariance))

    def has(eigenvalues, powers=(-2, -1, 1, 2, 3)):
        return any(
            np.allclose(spectrum, np.sort(eigenvalues) * factor**power, rtol=1e-4)
            for factor in (1, n / (n - 1))
            for power in powers
        )

    probe.require(
        not has(values),
        "only-turned",
        "Your codes have the variances that they had, in other directions. What has to happen after the turn?",
    )
    probe.require(
        not has(1 / values),
        "divides-by-the-variance",
        "Directions of large variance now have small ones. By what do you divide a coordinate to make its variance 1, by its variance or by its root?",
    )
    probe.require(
        not (has(values**2) or has(values**3)),
        "multiplies",
        "Directions of large variance have become still wider. Do you divide or multiply?",
    )
    second = ours.T @ ours / n
    probe.require(
        not any(np.allclose(second, np.eye(d) * factor, atol=1e-5) for factor in (1, (n - 1) / n, 1 / n)) or centred,
        "not-centred",
        "The mean square matrix is the identity, not the covariance: the mean is not 0. What has to be subtracted, and when?",
    )
    probe.require(
        not (uncorrelated and np.allclose(variances, variances[0], rtol=1e-5)),
        "wrong-scale",
        f"Uncorrelated, with equal variances, but of {variances[0]:.4g}. Which factor is missing?",
    )
    gap = min(np.abs(spectrum - factor).max() for factor in (1, (n - 1) / n))
    # A summand that the roots were taken with, if it is the same for all variances (over n or n - 1).
    summands = [values / np.maximum(spectrum, 1e-12) - values * factor for factor in (1, n / (n - 1))]
    probe.require(
        gap > 0.02 and not any(x[0] > 0 and np.allclose(x, x[0], rtol=0.02) for x in summands),
        "nearly-white",
        f"The covariance of your gallery is nearly the identity, off by {gap:.1g}. "
        "Is something added to the variances, or are digits lost on the way?",
    )
    correlations = np.corrcoef(gallery.T)
    probe.require(
        not has(np.linalg.eigvals(np.linalg.solve(correlations, own)).real, powers=(1,)),
        "correlations",
        "Your matrix would whiten codes whose covariance is the correlation matrix of the gallery. Which variances do such codes have?",
    )
    probe.fail(
        "not-white",
        f"The covariance of your gallery has the eigenvalues {np.array2string(spectrum, precision=3)}. "
        "What are its eigenvectors, rows or columns, and by what is each coordinate divided?",
    )


def _judge_white_queries(probe, gallery, queries, ours, found) -> None:
    """The queries must come by the very map that the gallery came by."""
    m = len(queries)
    centre = gallery.mean(axis=0)
    matrix, *_ = np.linalg.lstsq(gallery - centre, ours, rcond=None)
    probe.require(
        np.allclose((gallery - centre) @ matrix, ours, rtol=1e-3, atol=1e-4),
        "not-one-matrix",
        "No single matrix takes the moved gallery to your result. Is every row treated alike?",
    )
    true = (queries - centre) @ matrix
    own = queries.mean(axis=0)
    both = np.concatenate([gallery, queries]).mean(axis=0)
    probe.settle(
        found,
        true,
        [
            (
                (queries - own) @ matrix,
                "own-mean-for-queries",
                "The queries are moved by their own mean. Where does a single query land then?",
            ),
            (
                (queries - both) @ matrix,
                "learns-from-queries",
                "The mean of gallery and queries together enters. What may depend on the queries?",
            ),
            (queries @ matrix, "queries-not-moved", "The queries are not moved by the gallery's mean. Why not?"),
            (queries - centre, "queries-not-mixed", "The queries are moved only. Which matrix did the gallery get?"),
            (queries, "queries-not-mixed", "The queries come back as they were. Which map did the gallery get?"),
            (
                (queries - centre) @ matrix.T,
                "transposed-for-queries",
                "The queries get the transpose of the gallery's matrix. Which one did the gallery get?",
            ),
        ],
        "own-map-for-queries" if m > 1 else "other-map-for-queries",
        "The queries come by another map than the gallery. Can distances between them mean anything?",
        rtol=1e-3,
        atol=1e-4,
    )


def _inner(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.svd(a.T @ b, compute_uv=False).sum())


def _centred(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=0)


def _placed(x: np.ndarray) -> np.ndarray:
    return _centred(x) / np.linalg.norm(_centred(x))


_DEVIATION = (
    "Dividing by a standard deviation does not give norm 1. How does the sum of all squared entries grow with n and k?"
)
_ROWS = "You scale each row to length 1. How many numbers are divided by one norm?"
_COLUMNS = "You scale each column by itself, which is a shear of the map. How many numbers are divided by one norm?"

# What is done instead of step 1, with its name and question.
_SCALINGS = [
    (
        lambda x: _centred(x) / np.linalg.norm(_centred(x), 2),
        "spectral-norm",
        "After your step 1 the root of the sum of all squared entries is not 1. Which norm did you divide by?",
    ),
    (
        lambda x: _centred(x) / np.linalg.norm(x),
        "scales-before-centring",
        "You scale first and move then. Which norm is left after the move?",
    ),
    (lambda x: _centred(x) / _centred(x).std(), "not-scaled", _DEVIATION),
    (lambda x: _centred(x) / x.std(), "not-scaled", _DEVIATION),
    (_centred, "not-scaled", "Multiply b by 10: your number changes. Which norm should both have?"),
    (
        lambda x: _centred(x) / np.square(_centred(x)).sum(),
        "divides-by-the-square",
        "You divide by the sum of the squares itself. Which norm is left then?",
    ),
    (lambda x: x / np.linalg.norm(x), "not-centred", "Far from 0 all clouds look alike. What is subtracted first?"),
    (
        lambda x: (x - x.mean()) / np.linalg.norm(x - x.mean()),
        "one-mean-for-all-columns",
        "You subtract one number from all columns. Which mean does each column have?",
    ),
    (lambda x: _unit(_centred(x)), "scales-rows", _ROWS),
    (lambda x: _unit(_centred(x)) / np.sqrt(len(x)), "scales-rows", _ROWS),
    (lambda x: _unit(_centred(x), 0), "scales-columns", _COLUMNS),
    (lambda x: _unit(_centred(x), 0) / np.sqrt(x.shape[1]), "scales-columns", _COLUMNS),
    (lambda x: _centred(x) / x.std(axis=0), "scales-columns", _COLUMNS),
    (lambda x: _centred(x) / x.std(axis=0, ddof=1), "scales-columns", _COLUMNS),
]


@judge(
    "procrustes_distance",
    title="Comparing two embeddings",
    section="Train it again",
    question="One of the maps is turned by 90 degrees. Is it another map?",
)
def judge_procrustes_distance(procrustes_distance, probe):
    """Clouds that are alike up to noise, unlike scales and places, a reflection, one column."""
    rng = probe.rng

    def number(result):
        got = probe.number(_without_rounding(result), question="One number for the pair of embeddings.")
        probe.require(
            not np.isnan(got),
            "root-of-a-negative-number",
            "Yours is NaN. Which root is taken of a number just below 0?",
        )
        return got

    for n, k in ((14, 3), (9, 2), (12, 1), (5, 7), (14, 3)):
        while True:
            a = rng.normal(size=(n, k)) * rng.uniform(0.5, 3, k) + rng.uniform(-4, 4, k)
            turn = np.linalg.qr(rng.normal(size=(k, k)))[0] * rng.choice([-1, 1], k)
            b = rng.uniform(2, 5) * _centred(a) @ turn + rng.normal(size=(n, k)) + rng.uniform(3, 6, k)
            b /= 30
            p, q = _placed(a), _placed(b)
            product = p.T @ q
            u, values, vt = np.linalg.svd(product)
            squares, eigenvalues = np.linalg.eigvalsh(product.T @ product), np.linalg.eigvals(product)
            # The first pair has to be reflected, and its eigenvalues to be complex. Of fewer samples than axes some
            # singular values are 0, and one of their squares has to come out below 0.
            if (np.linalg.det(u @ vt) < 0 and np.iscomplexobj(eigenvalues)) if n == 14 else (k < n or squares[0] < 0):
                break
        result = probe.call(procrustes_distance, a, b)
        got = number(result)
        s = float(values.sum())
        signs = np.ones(k)
        signs[-1] = np.sign(np.linalg.det(u @ vt))
        pure = float((values * signs).sum())
        raw_a, raw_b = a / np.linalg.norm(a), b / np.linalg.norm(b)
        moved_a, moved_b = _centred(a), _centred(b)
        wrong_way = np.square(p - s * q @ (u @ vt)).sum()
        turned = "The axes of the two are compared as they stand. Which turn brings b nearest to a?"
        eigen = "You add up eigenvalues of a.T @ b. Are those of a matrix that is not symmetric its singular values?"
        scaled_once = "Only one of the two has norm 1. What of the other?"
        centred_once = "Only one of the two has mean 0. What of the other?"
        rescaled = "Multiply b by 10: your number changes. Which norm should both have?"
        probe.settle(
            got,
            1 - s**2,
            [
                (
                    2 - 2 * s,
                    "no-stretch",
                    "Turned, and not stretched: what is the largest number that can give? The answer should lie between 0 and 1.",
                ),
                (
                    1 - s,
                    "no-stretch",
                    "The residual is a sum of squares. Which power of the inner product does it hold?",
                ),
                (s**2, "similarity", "That grows when the embeddings agree. What is left over?"),
                (s, "similarity", "That grows when the embeddings agree. What is left over?"),
                (
                    np.sqrt(max(1 - s**2, 0)),
                    "root",
                    "That is the root of the residual. Which one is asked for?",
                ),
                (
                    1 - values[0] ** 2,
                    "largest-singular-value-only",
                    "Only the largest singular value enters. Which axes does the rotation turn?",
                ),
                (
                    1 - np.square(values).sum(),
                    "squares-before-the-sum",
                    "You add up squares of the singular values. What is the inner product with the best rotation?",
                ),
                (
                    1 - np.trace(product) ** 2,
                    *(("eigenvalues", eigen) if np.iscomplexobj(result) else ("not-turned", turned)),
                ),
                (np.square(p - q).sum(), "not-turned", turned),
                (1 - np.abs(np.diag(product)).sum() ** 2, "not-turned", turned),
                (1 - np.abs(eigenvalues).sum() ** 2, "eigenvalues", eigen),
                (
                    1 - np.linalg.svd(p @ q.T, compute_uv=False).sum() ** 2,
                    "samples-not-axes",
                    "Your matrix compares samples with samples. Which product is (k, k)?",
                ),
                (1 - _inner(moved_a, q) ** 2, "scales-one-side", scaled_once),
                (1 - _inner(p, moved_b) ** 2, "scales-one-side", scaled_once),
                (np.square(moved_a).sum() * (1 - s**2), "scales-one-side", scaled_once),
                (
                    1 - pure**2,
                    "no-reflection",
                    "You allow rotations only. What does the task allow as well?",
                ),
                (
                    wrong_way,
                    "rotation-the-wrong-way",
                    "The rotation that you apply is the transpose of the best one. Which way does it turn, a to b or b to a?",
                ),
                (1 - _inner(p, raw_b) ** 2, "centres-one-side", centred_once),
                (1 - _inner(raw_a, q) ** 2, "centres-one-side", centred_once),
                (
                    np.square(moved_a).sum() + np.square(moved_b).sum() - 2 * _inner(moved_a, moved_b),
                    "not-scaled",
                    rescaled,
                ),
                (
                    (1 - s**2) / n,
                    "mean-not-sum",
                    "Yours is the n-th part. Is it the sum or the mean of the squared differences?",
                ),
                (
                    (1 - s**2) / (n * k),
                    "mean-not-sum",
                    "Yours is the (n·k)-th part. Is it the sum or the mean of the squared differences?",
                ),
                *((1 - _inner(scale(a), scale(b)) ** 2, name, question) for scale, name, question in _SCALINGS),
            ],
            "wrong-distance",
            "After step 1 both have norm 1. What is |a − t b R|², written with t and s, and where is it smallest?",
            rtol=1e-5,
            atol=1e-6,
        )
    # The same cloud, turned, reflected, moved and stretched: 0, in both directions. A shear: not 0.
    a = rng.normal(size=(11, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    for same in (turn, turn * [1, 1, -1]):
        for pair in ((a, 4 * a @ same + 2), (4 * a @ same + 2, a)):
            probe.require(
                abs(number(probe.call(procrustes_distance, *pair))) < 5e-6,
                "not-zero-for-the-same-map",
                "One map is the other, turned, reflected, moved and stretched. What distance should two such maps have?",
            )
    b = rng.normal(size=(11, 3)) + a
    probe.require_close(
        number(probe.call(procrustes_distance, a, b)),
        number(probe.call(procrustes_distance, b, a)),
        "not-symmetric",
        "The distance from a to b and that from b to a differ. Is each scaled before the fit?",
        rtol=1e-5,
    )


_POPULATION = np.array([bin(byte).count("1") for byte in range(256)])


def _ones(packed: np.ndarray) -> np.ndarray:
    """The number of ones in the last axis of packed bits."""
    return _POPULATION[packed].sum(axis=-1)


def _hamming(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances (m, n) of packed rows b (m, bytes) to a (n, bytes)."""
    return _ones(b[:, None, :] ^ a[None, :, :])


@judge(
    "binary_hash",
    "hamming_topk",
    title="One bit of each number",
    section="Bytes for an item",
    question="How many bits differ between the bytes 127 and 128?",
)
def judge_hash(binary_hash, hamming_topk, probe):
    """Codes with values at their thresholds, thresholds that matter, widths that fill no byte; then the search alone."""
    for n, m, k in ((10, 6, 13), (5, 1, 8), (7, 4, 3), (4, 3, 300), (10, 6, 13)):
        _judge_bits(binary_hash, probe, n, m, k)
    for n, m, width, k in ((60, 15, 3, 12), (8, 3, 80, 3), (12, 1, 1, 12), (9, 4, 2, 1), (900, 2, 3, 400)):
        _judge_hamming(hamming_topk, probe, n, m, width, k)


def _bits_of(probe, binary_hash, codes, thresholds) -> np.ndarray:
    n, k = codes.shape
    array = probe.array(probe.call(binary_hash, codes, thresholds), "binary_hash")
    width = -(-k // 8)
    probe.require(
        array.shape != (n, k) or k == width,
        "not-packed",
        f"You returned one entry for each of {k} bits. How many bits fit in a byte?",
    )
    probe.require(
        array.ndim == 2,
        "packed-in-one-row",
        f"Shape {(n, width)} was expected; yours is {array.shape}. Along which axis are the bits packed?",
    )
    probe.require(
        array.shape != (-(-n // 8), k) or n == -(-n // 8),
        "packed-across-samples",
        f"Shape {(n, width)} was expected; yours is {array.shape}. Do the eight bits of a byte belong to one sample?",
    )
    array = probe.require_shape(array, (n, width), "⌈k/8⌉ bytes for each sample.")
    probe.require(
        array.dtype == np.uint8,
        "not-bytes",
        f"The dtype of your bits is {array.dtype}. How many bytes does one of its numbers take?",
    )
    return array


def _judge_bits(binary_hash, probe, n: int, m: int, k: int) -> None:
    rng = probe.rng
    thresholds = np.zeros(k)
    while abs(thresholds.mean()) < 0.25:  # one threshold for all is another than 0
        thresholds = rng.normal(0, 0.4, k) + rng.choice([-0.3, 1.1], k)
    codes = rng.normal(size=(n, k))
    ties = rng.random((n, k)) < 0.25
    codes[ties] = np.broadcast_to(thresholds, (n, k))[ties]
    just = rng.random((n, k)) < 0.15
    codes[just] = np.broadcast_to(thresholds, (n, k))[just] + 1e-4
    packed = _bits_of(probe, binary_hash, codes, thresholds)
    true = _hamming(np.packbits(codes > thresholds, axis=1), np.packbits(codes > thresholds, axis=1))
    got, ones, wanted = _hamming(packed, packed), _ones(packed), (codes > thresholds).sum(axis=1)
    minus = "What does packbits make of −1?"
    probe.require(
        packed.any() or not true.any(),
        "no-bits",
        "All your bits are 0. What is compared with what?",
    )
    probe.require(
        (ones < k).any() or not true.any(),
        "packs-minus-one",
        f"All your bits are 1. {minus}",
    )

    def distances(bits):
        bits = np.packbits(bits, axis=1)
        return _hamming(bits, bits)

    below = codes < thresholds
    probe.require(
        not (np.array_equal(got, distances(below)) and np.array_equal(ones, below.sum(axis=1)))
        or np.array_equal(ones, wanted),
        "inverted",
        "Your bits are 1 below the threshold. Which of 0 and 1 stands for above?",
    )

    first_four = np.broadcast_to(thresholds, codes.shape)
    probe.settle(
        got,
        true,
        [
            (
                distances(codes >= thresholds),
                "at-the-threshold",
                "Some numbers equal their threshold. Is such a number above it?",
            ),
            (
                distances(codes != thresholds),
                "packs-minus-one",
                f"Your bits are 0 at the threshold, and 1 above it and below. {minus}",
            ),
            (
                distances(codes > 0),
                "ignores-the-thresholds",
                "Your bits ask for the sign. What are the thresholds for?",
            ),
            (
                distances(codes >= 0),
                "ignores-the-thresholds",
                "Your bits ask for the sign. What are the thresholds for?",
            ),
            (
                distances(codes > np.median(codes, axis=0)),
                "own-thresholds",
                "You take the thresholds from the codes that you hash. What happens to a query that is hashed alone?",
            ),
            (
                distances(codes > codes.mean(axis=0)),
                "own-thresholds",
                "You take the thresholds from the codes that you hash. What happens to a query that is hashed alone?",
            ),
            (
                distances(codes > thresholds.mean()),
                "one-threshold",
                "One threshold serves all numbers. How many were given?",
            ),
            (
                distances(codes > first_four[:, :1]),
                "one-threshold",
                "One threshold serves all numbers. How many were given?",
            ),
            (
                distances(np.abs(codes) > thresholds),
                "absolute-value",
                "You compare absolute values. Is a large negative number above its threshold?",
            ),
            (
                distances(np.abs(codes) > np.abs(thresholds)),
                "absolute-value",
                "You compare absolute values. Is a large negative number above its threshold?",
            ),
        ],
        "wrong-bits",
        "The number of bits in which two of your rows differ is another than it should be. Unpack one: which number gave which bit?",
        rtol=0,
        atol=0,
    )
    spare = 8 * packed.shape[1] - k
    probe.require(
        np.array_equal(ones, wanted) or not any(np.array_equal(ones, k - wanted + filled) for filled in (0, spare)),
        "inverted",
        "Your rows differ in the right number of bits, and 0 and 1 have changed places. Which of them stands for above?",
    )
    probe.require(
        not spare or not np.array_equal(ones, wanted + spare),
        "padded-with-ones",
        f"A row of {k} bits fills its last byte with {spare} more. What should those be?",
    )
    probe.require(
        np.array_equal(ones, wanted),
        "wrong-bits",
        "Your rows differ in the right number of bits, and the number of ones in a row is not that of the numbers above "
        "their threshold. Which bits are 1 where they should not be?",
    )
    queries = rng.normal(size=(m, k))
    found = _bits_of(probe, binary_hash, queries, thresholds)
    probe.require(
        np.array_equal(
            _hamming(packed, found),
            _hamming(np.packbits(codes > thresholds, axis=1), np.packbits(queries > thresholds, axis=1)),
        ),
        "own-thresholds",
        "Other codes, the same thresholds: the bits of both no longer fit together. Does anything but codes and thresholds enter?",
    )


def _judge_hamming(hamming_topk, probe, n: int, m: int, width: int, k: int) -> None:
    rng = probe.rng
    while True:
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
        distances = _hamming(gallery, queries)
        true = np.sort(distances, axis=1)[:, :k]
        # A slip is named where it must show: in a wide code if counts are too large, else in the first codes.
        mistakes = {3: _hamming_mistakes, 80: _counting_mistakes}.get(width)
        slips = mistakes(gallery, queries, distances) if mistakes else []
        rows = np.arange(m)[:, None]

        def reached_by(values, k=k, rows=rows, distances=distances):
            """The distances of the first k rows by these values, in the luckiest order of equal ones."""
            return distances[rows, np.lexsort((distances, values), axis=1)[:, :k]]

        if all(not np.array_equal(reached_by(values), true) for values, _, _ in slips):
            break
    got = _indices(probe, probe.call(hamming_topk, gallery, queries, k), m, k, n)
    probe.require(
        all(len(set(row)) == k for row in got.tolist()),
        "same-row-twice",
        "A gallery row stands twice among the results of one query. Which array did you sort?",
    )
    reached = distances[rows, got]
    if np.array_equal(reached, true):
        return
    probe.require(
        not np.array_equal(np.sort(reached, axis=1), true),
        "not-sorted",
        "These are the right rows. Which of them stands first?",
    )
    for values, name, question in slips:  # rows at the same distance may come in any order
        probe.require(not np.array_equal(values[rows, got], np.sort(values, axis=1)[:, :k]), name, question)
    probe.require(
        k == n or not np.array_equal(reached, np.sort(distances, axis=1)[:, 1 : k + 1]),
        "drops-the-nearest",
        "You leave out the nearest row. Is a row at distance 0 not a result?",
    )
    at = tuple(int(i) for i in np.argwhere(reached != true)[0])
    probe.fail(
        "wrong-rows",
        f"Result {at[1]} of query {at[0]} differs from it in {reached[at]} bits; there is a row with {true[at]}. "
        "How do you count the bits that differ?",
    )


def _hamming_mistakes(gallery, queries, distances) -> list[tuple[np.ndarray, str, str]]:
    """What is sorted (m, n) by the usual mistakes, with their names and questions."""
    wide = queries[:, None, :].astype(int) - gallery[None].astype(int)
    wrapped = queries[:, None, :] - gallery[None]
    unpacked = np.unpackbits(queries, axis=1)[:, None] - np.unpackbits(gallery, axis=1)[None]
    as_number = "The bytes enter as numbers. How far apart are 127 and 128, as numbers and in bits?"
    return [
        (
            (queries[:, None] != gallery[None]).sum(axis=2),
            "counts-bytes",
            "You count the *bytes* that differ. In how many bits does such a byte differ?",
        ),
        (np.abs(wide).sum(axis=2), "bytes-as-numbers", as_number),
        (np.square(wide).sum(axis=2), "bytes-as-numbers", as_number),
        (wrapped.sum(axis=2, dtype=int), "bytes-as-numbers", as_number),
        (np.square(wrapped).sum(axis=2, dtype=int), "bytes-as-numbers", as_number),
        ((queries[:, None] ^ gallery[None]).sum(axis=2, dtype=int), "bytes-as-numbers", as_number),
        (unpacked.sum(axis=2, dtype=int), "difference-wraps", "What is 0 − 1 in dtype uint8?"),
        (
            -distances,
            "farthest",
            "Those are the rows with the most bits that differ. In which order does your sort go?",
        ),
        (
            -_ones(queries[:, None] & gallery[None]),
            "counts-common-ones",
            "You count the ones that both have. Do common zeros not count?",
        ),
        (
            np.where(distances == 0, 10**6, distances),
            "drops-the-nearest",
            "You leave out rows that equal the query. Is a row at distance 0 not a result?",
        ),
        (
            np.tile(np.arange(len(gallery)), (len(queries), 1)),
            "first-rows",
            "You return the first rows of the gallery, whatever the query is. What is sorted?",
        ),
    ]


def _counting_mistakes(gallery, queries, distances) -> list[tuple[np.ndarray, str, str]]:
    """What is sorted where the dtype of a count of bits is too small, or has no sign."""
    q, g = np.unpackbits(queries, axis=1), np.unpackbits(gallery, axis=1)
    sums = q.sum(axis=1, dtype=int)[:, None] + g.sum(axis=1, dtype=int)

    def overflows(kind):
        largest = np.iinfo(kind).max
        return f"There are more than {largest} bits to count. Which numbers can one of dtype {np.dtype(kind)} hold?"

    return [
        *((distances.astype(kind), "count-overflows", overflows(kind)) for kind in (np.uint8, np.int8)),
        *(
            (sums - common, "count-overflows", overflows(np.uint8))
            for common in (2 * (q @ g.T), 2 * (q @ g.T).astype(int))
        ),
        (
            -(q.shape[1] - distances).astype(np.uint64),
            "negates-unsigned",
            "What are −0 and −1 in dtype uint64, and which of them is smaller?",
        ),
    ]
