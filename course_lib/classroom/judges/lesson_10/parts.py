"""The judges of lesson 10: the protocol, the scores, the closed form, the losses and the interval of a recommender."""

from __future__ import annotations

import numpy as np
from scipy import stats

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import float32, kind

judge = judges_of(10)

# --- ndcg_at_k, recall_at_k ---


@judge("ndcg_at_k", "recall_at_k")
def judge_ndcg_at_k(ndcg_at_k, recall_at_k, probe):
    """Users with one, some and all of their unseen items held out; k of 1, of all items, and between."""
    sizes = (20, 40, 8), (4, 9, 9), (12, 7, 1), (1, 8, 3), (7, 7, 5), (3, 1200, 500)
    tables = [(*_ranking_table(probe.rng, *size), size[2]) for size in sizes]

    def cases(answer, name, answers_of):
        for scores, held_out, k in tables:
            got = probe.call(answer, scores, held_out, k)
            bare = "batch-of-one" if len(scores) == 1 else "one-number-for-all-users"
            got = probe.shape(got, (len(scores),), {(): bare}, name=name)
            yield (
                probe.finite(got, "place-zero" if name == "ndcg_at_k" else "not-finite"),
                *answers_of(scores, held_out, k),
            )

    probe.settle_all(cases(ndcg_at_k, "ndcg_at_k", _ndcg_answers), "wrong-ndcg")
    probe.settle_all(cases(recall_at_k, "recall_at_k", _recall_answers), "wrong-recall")


def _ranking_table(rng, users: int, items: int, k: int):
    """Scores with a shown part at minus infinity, and what is held out: one item of the first user, all that is left of the last."""
    scores = rng.permuted(np.tile(np.linspace(-3, 3, items), (users, 1)), axis=1) + rng.normal(0, 0.01, (users, items))
    held_out = np.zeros((users, items), bool)
    for user in range(users):
        n_shown = int(rng.integers(1, max(2, items // 3)))
        order = rng.permutation(items)
        scores[user, order[:n_shown]] = -np.inf
        left = items - n_shown
        if user == 0:  # the only film is neither first nor last
            held_out[user, np.argsort(-scores[user])[min(min(k, left) // 2, left - 1)]] = True
        else:
            n_held = left if user == users - 1 else int(rng.integers(2, left))
            held_out[user, order[n_shown : n_shown + n_held]] = True
    return scores * (1e6 if items == 7 else 1.0), held_out  # no number is as low as what was shown


def _gains(scores, held_out, k):
    """What stands at each place of the right list, and of lists in wrong orders."""
    up, down, over_users = np.argsort(scores, axis=1), np.argsort(-scores, axis=1), np.argsort(-scores, axis=0)
    rough_up, rough_down = np.argpartition(scores, -k, axis=1), np.argpartition(-scores, k - 1, axis=1)
    orders = {
        "sorts-upwards": [up],
        "upside-down": [up[:, -k:]],
        "order-for-ranks": [np.argsort(down, axis=1)],
        "shown-come-back": [np.argsort(-np.where(np.isinf(scores), low, scores), axis=1) for low in (0, -1, -1000)],
        "reverses-users": [up[::-1]],
        "places-not-sorted": [rough_down, rough_up[:, -k:], rough_up[:, ::-1]],
        "sorts-over-users": [np.minimum(over_users, scores.shape[1] - 1)],
    }
    wrong = {n: [np.take_along_axis(held_out, o, axis=1).astype(float) for o in some] for n, some in orders.items()}
    wrong["sorts-over-users"].append(np.take_along_axis(held_out, over_users, axis=0).astype(float))
    return np.take_along_axis(held_out, down, axis=1).astype(float), wrong


def _ndcg_answers(scores, held_out, k):
    """The scores, and what the usual mistakes give."""
    gains, wrong = _gains(scores, held_out, k)
    items, counts = scores.shape[1], held_out.sum(axis=1)
    cut, place = np.minimum(k, counts), np.arange(1.0, items + 1)

    def ndcg(worth, gains=gains, k=k, cut=cut):
        return gains[:, :k] @ worth[:k] / np.cumsum(worth)[cut - 1]

    worth, late, zero = 1 / np.log2(place + 1), 1 / np.log2(place + 2), 1 / np.log2(np.maximum(place, 1.5))
    zero[0] = 1e-12  # the first place is worth nothing
    dcg, best, found = gains[:, :k] @ worth[:k], np.cumsum(worth), gains[:, :k].sum(axis=1).astype(int)
    lengths = max(k - 1, 1), k + 1
    return (
        ndcg(worth),
        {
            "best-of-k-hits": dcg / best[k - 1],
            "best-beyond-k": dcg / best[counts - 1],
            "not-normalised": dcg,
            "best-of-the-hits-found": dcg / best[np.maximum(found, 1) - 1],
            "list-of-another-length": [ndcg(worth, k=n, cut=c) for n in lengths for c in (cut, np.minimum(n, counts))],
            "no-discount": found / cut,
            "divides-by-the-number-of-hits": dcg / cut,
            "ignores-k": [ndcg(worth, k=items), ndcg(worth, k=items, cut=counts)],
            "place-off-by-one": ndcg(late),
            "place-off-by-one/worth": gains[:, :k] @ late[:k] / best[cut - 1],
            "place-off-by-one/nothing": ndcg(zero),
            "place-off-by-one/twice": ndcg(np.minimum(1.0, 1 / np.log2(np.maximum(place, 2)))),  # the older form
            "wrong-discount": ndcg(1 / place),
            "natural-logarithm": gains[:, :k] @ (1 / np.log(place + 1))[:k] / best[cut - 1],
            **{name: [ndcg(worth, some) for some in several] for name, several in wrong.items()},
        },
    )


def _recall_answers(scores, held_out, k):
    """The same for recall."""
    gains, wrong = _gains(scores, held_out, k)
    counts, hits = held_out.sum(axis=1), gains[:, :k].sum(axis=1)
    cut = np.minimum(k, counts)
    return hits / cut, {
        "divides-by-k": hits / k,
        "divides-by-all-held-out": hits / counts,
        "counts-hits": hits,
        "list-of-another-length": [gains[:, :n].sum(axis=1) / cut for n in (k - 1, max(k - 1, 1), k + 1)],
        "ignores-k/recall": gains.sum(axis=1) / cut,
        "any-hit-counts": (hits > 0).astype(float),
        **{name: [some[:, :k].sum(axis=1) / cut for some in several] for name, several in wrong.items()},
    }


# --- split_users ---


@judge("split_users", optional=True)
def judge_split_users(split_users, probe):
    """Several sizes and shares; then draws of few, eight and many users, to see who can get where, and with whom."""
    rng, half = probe.rng, (0.5, 0.25, 0.25)
    shares = (0.5, 0.25, 0.25), (0.8, 0.1, 0.1), (0.1, 0.2, 0.7), (0.6, 0.2, 0.2), (0.8, 0.2, 0.0), (0.6, 0.2, 0.2)
    for n, fractions in zip((40, 101, 30, 7, 50, 1), shares, strict=True):
        once, again = _labels(probe, split_users, n, fractions, [int(rng.integers(2**31))] * 2)
        sizes = np.bincount(once, minlength=3)
        if np.abs(sizes - np.array(fractions) * n).max() >= 2:
            others = _labels(probe, split_users, n, fractions, rng.integers(2**31, size=5))
            kept = all(np.array_equal(np.bincount(other, minlength=3), sizes) for other in others)
            fields = {"n": n, "fractions": fractions, "sizes": sizes.tolist()}
            probe.fail("wrong-sizes" if kept else "share-not-kept", **fields)
        probe.require(np.array_equal(once, again), "ignores-rng")

    # A crowd of 1230 shows blocks, and is cut where blocks of round sizes are not.
    eight = _labels(probe, split_users, 8, half, rng.integers(2**31, size=300))
    crowd = _labels(probe, split_users, 1230, half, rng.integers(2**31, size=32))
    taken = np.array([(eight == part).sum(axis=0) for part in range(3)])
    stuck = (taken == 0) | (taken == len(eight))
    inside = np.array([(crowd == part).reshape(-1, 10, 123) for part in range(3)])  # part, draw, tenth, user
    never, always = (some.all(axis=(1, 3)).any() for some in (~inside, inside))
    changes, expected = _changes(crowd)
    fields = {"draws": len(crowd), "n": crowd.shape[1], "changes": changes, "expected": expected}
    probe.require((crowd != crowd[0]).any(), "not-shuffled")
    probe.require(not stuck.any() or stuck.all() or not never, "partly-shuffled", draws=len(eight))
    probe.require(not always, "partly-shuffled/tenths", **fields)
    probe.require(changes > 0.75 * expected, "not-independent/neighbours", **fields)
    if stuck.any():
        probe.fail("not-shuffled" if stuck.all() else "partly-shuffled", draws=len(eight))
    # Two users show best how ties fall, and many a preference that grows slowly with the number.
    two = _labels(probe, split_users, 2, (0.5, 0.5, 0.0), rng.integers(2**31, size=500))
    each, tenths = "not-equally-likely", "not-equally-likely/tenths"
    for labels, groups, name in ((eight, 8, each), (two, 2, each), (crowd, 10, tenths)):
        draws, n = labels.shape
        for part, called in enumerate(("training", "validation", "test")):
            counts = (labels == part).sum(axis=0).reshape(groups, -1).sum(axis=1)
            fields = {"draws": draws, "n": n, "part": called, "counts": counts.tolist()}
            probe.require(not _uneven(counts, draws * n // groups, n), name, **fields)
    kinds = len(np.unique((eight == 0) @ 2 ** np.arange(8)))  # of 70, or of 56 if three or five are trained on
    probe.require(kinds > 40, "not-independent", draws=len(eight), kinds=kinds)


def _labels(probe, split_users, n: int, fractions, seeds) -> np.ndarray:
    """Which part each user is in, for each seed: (draws, n)."""
    draws = probe.call_each(split_users, [(n, fractions, probe.generator(seed)) for seed in seeds])
    labels = np.zeros((len(draws), n), int)
    for row, parts in zip(labels, draws, strict=True):
        three = isinstance(parts, list | tuple) and len(parts) == 3
        probe.require(three, "wrong-type/parts", found=kind(parts))
        arrays = [probe.array(part) for part in parts]
        for array in arrays:
            numbers = array.ndim == 1 and (array.dtype.kind in "iu" or array.size == 0)
            probe.require(numbers, "wrong-type/part", dtype=array.dtype, shape=array.shape)
        together = np.concatenate([array.astype(int) for array in arrays])
        low, high = together.min(initial=n), together.max(initial=-1)
        probe.require(together.size == 0 or (low >= 0 and high < n), "no-such-user", last=n - 1, low=low, high=high)
        times = np.bincount(together, minlength=n)
        probe.require(times.max() <= 1, "parts-overlap", n=n, twice=together.size - np.count_nonzero(times))
        probe.require(together.size == n, "loses-users", n=n, returned=together.size)
        row[together] = np.repeat(range(3), [array.size for array in arrays])
    return labels


def _uneven(counts: np.ndarray, trials: int, n: int) -> bool:
    """Whether counts differ as those of an even draw do less than once in 10⁹ times (Pearson's chi-squared test).

    Args:
        counts: how often each member, or group of members, was taken.
        trials: how often each could have been.
        n: how many members each draw takes a fixed number of.
    """
    rate = counts.mean() / trials
    if not 0 < rate < 1:
        return False
    chi_squared = np.square(counts - trials * rate).sum() / (trials * rate * (1 - rate)) * (n - 1) / n
    return stats.chi2.sf(chi_squared, len(counts) - 1) < 1e-9


def _changes(labels: np.ndarray) -> tuple[int, float]:
    """How often neighbours in rows of labels differ, and how often they would in a random order of the same labels."""
    n = labels.shape[1]
    counts = np.array([(labels == value).sum(axis=1) for value in np.unique(labels)])
    expected = (n - 1) - (counts * (counts - 1)).sum(axis=0) / n
    return int((labels[:, 1:] != labels[:, :-1]).sum()), float(expected.sum())


# --- fold_in ---


@judge("fold_in")
def judge_fold_in(fold_in, probe):
    """Rows with 2 to many events and shares near both ends; then identical rows, which must be divided differently."""
    rng = probe.rng
    for users, items, share in ((14, 9, 0.75), (6, 20, 0.5), (12, 12, 0.25), (5, 9, 0.05), (5, 9, 0.97), (1, 30, 0.75)):
        events = np.zeros((users, items), bool)
        for user in range(users):
            events[user, rng.choice(items, 2 if user == 1 else int(rng.integers(5, items - 1)), replace=False)] = True
        (shown, again), (held_out, _) = _divided(probe, fold_in, events, share, [int(rng.integers(2**31))] * 2)
        probe.require(not ((shown | held_out) & ~events).any(), "invents-events")
        probe.require(not (shown & held_out).any(), "shows-what-it-asks")
        probe.require(((shown | held_out) == events).all(), "loses-events")
        n_shown, n_held, total = shown.sum(axis=1), held_out.sum(axis=1), events.sum(axis=1)
        target, other = (np.clip(part * total, 1, total - 1) for part in (share, 1 - share))
        swapped = users > 1 and (np.abs(n_shown - other) < 1).all() and (np.abs(n_shown - target) >= 1).any()
        fields = {"share": share, "total": total.tolist(), "shown": n_shown.tolist(), "held": n_held.tolist()}
        probe.require(not swapped, "share-of-the-wrong-part", **fields)
        probe.require(n_held.min() > 0, "nothing-held-out", events=total[n_held.argmin()], **fields)
        probe.require(n_shown.min() > 0, "nothing-shown", events=total[n_shown.argmin()], **fields)
        probe.require((np.abs(n_shown - target) < 1).all(), "share-not-kept", **fields)
        probe.require(np.array_equal(shown, again), "ignores-rng")
    _check_chance(probe, fold_in)


def _check_chance(probe, fold_in) -> None:
    """Many users with the same films: two, which show best how ties fall; six, with 20 ways to show three; and thirty."""
    rng = probe.rng
    two, six, thirty = (np.sort(rng.choice(40, n, replace=False)) for n in (2, 6, 30))
    few, many = np.zeros((160, 40), bool), np.zeros((40, 40), bool)
    few[:80, six], few[80:, two], many[:, thirty] = True, True, True
    seeds = int(rng.integers(2**31)) + np.arange(8)
    of_few, of_many = _divided(probe, fold_in, few, 0.5, seeds)[0], _divided(probe, fold_in, many, 0.75, seeds)[0]
    of_six, of_two, of_thirty = of_few[:, :80, six], of_few[:, 80:, two], of_many[:, :, thirty]
    different = len({draw.tobytes() for draw in of_six})
    kinds_of_one, kinds = (len(np.unique(some @ 2 ** np.arange(6))) for some in (of_six[0], of_six))
    fields = {"users": 80, "kinds_of_one": kinds_of_one, "kinds": kinds}
    probe.require(different > 1, "not-random")
    probe.require(2 * kinds_of_one > kinds, "one-division-for-all-users", **fields)
    probe.require(different == len(seeds), "not-random/two")
    changes, expected = _changes(of_thirty.reshape(-1, 30))
    rows = of_thirty.shape[0] * of_thirty.shape[1]
    fields |= {"changes": changes / rows, "expected": expected / rows}
    probe.require(changes > 0.75 * expected, "neighbours-together", **fields)
    for some, share in ((of_six, 0.5), (of_two, 0.5), (of_thirty, 0.75)):
        rows = some.reshape(-1, some.shape[2])
        counts = rows.sum(axis=0)
        fields |= {"share": share, "rows": len(rows), "n": len(counts), "counts": counts.tolist()}
        probe.require(not _uneven(counts, len(rows), len(counts)), "not-equally-likely", **fields)
    probe.require(kinds_of_one >= 10 and kinds == 20, "one-division-for-all-users/few", **fields)
    alike = (of_six[:, 1:] == of_six[:, :-1]).all(axis=2).mean()  # of 632 pairs one in twenty, give or take 0.9 %
    probe.require(alike < 0.12, "one-division-for-all-users/next", alike=alike)


def _divided(probe, fold_in, events, share, seeds) -> tuple[np.ndarray, np.ndarray]:
    """What is shown and what is held out, for each seed: (draws, users, items) each."""
    pairs = probe.call_each(fold_in, [(events, share, probe.generator(seed)) for seed in seeds])
    for pair in pairs:
        probe.require(isinstance(pair, list | tuple) and len(pair) == 2, "wrong-type/pair", found=kind(pair))
        for part, name in zip(pair, ("shown", "held_out"), strict=True):
            array = probe.shape(part, events.shape, name=name)
            probe.require(array.dtype == bool, "wrong-type/part", name=name, dtype=array.dtype)
    return tuple(np.array([probe.array(pair[part]) for pair in pairs]) for part in (0, 1))


# --- popularity ---


@judge("popularity", optional=True)
def judge_popularity(popularity, probe):
    """More users than items and fewer, as many, more than a byte or two can count, and counts that a share rounds down."""
    rng = probe.rng

    def cases():
        for users, items in ((9, 6), (8, 8), (70_000, 3), (49, 11), (1, 5)):
            train = rng.random((users, items)) < rng.uniform(0.2, 0.9, items)
            empty = items - 1 if users == 9 else int(rng.integers(items))  # once the last one
            train[: 300 if users < 70_000 else None, (empty + 1) % items] = True
            train[int(rng.integers(users)), :] |= rng.random(items) < 0.5
            if users == 49:  # 49 times a 49th is 0.999…
                train[:] = np.arange(49)[:, None] < rng.permutation([1, 2, 4, 8, 16, 27, 32, 48, 40, 27, 0])
                empty = int(np.argmin(train.sum(axis=0)))
            train[:, empty] = False
            true, by_user = np.count_nonzero(train, axis=0).astype(float), train.sum(axis=1).astype(float)
            got = probe.float64(probe.call(popularity, train))
            probe.require(got.ndim == 1, "one-number" if got.ndim == 0 else "wrong-shape", shape=got.shape, items=items)
            lost = len(got) < items and np.array_equal(np.sort(got[got > 0]), np.sort(true[true > 0]))
            probe.require(not lost, "loses-items", returned=got.size, items=items)
            places = [stats.rankdata(s * true, how) for s in (1, -1) for how in ("average", "min", "max", "dense")]
            shares = [true.astype(dtype) / dtype(users) * dtype(users) for dtype in (np.float64, np.float32)]
            mistakes = {
                "ranking-not-counts": [got] if _is_ranking(got, true) else [],
                "ranking-not-counts/place": places,
                "ranking-not-counts/order": [np.sort(true), np.sort(true)[::-1]],
                "counts-for-users": by_user,
                "share-not-count": true / users,
                "share-not-count/events": true / max(true.sum(), 1),
                "any-user": true > 0,
                "negative": -true,
                "truncates-a-share": [np.trunc(share) for share in shares],
                "overflows": [n for b in (2.0**8, 2.0**16) for n in (true % b, (true + b / 2) % b - b / 2)],
            }
            yield got, true, mistakes, {"users": users}

    probe.settle_all(cases(), "wrong-counts", rtol=1e-6)


def _is_ranking(got: np.ndarray, true: np.ndarray) -> bool:
    """Whether these are item numbers by popularity, or each item's place; how ties fall is up to the sort."""
    ranks = got - got.min(initial=np.inf)
    if got.shape != true.shape or not np.array_equal(np.sort(ranks), np.arange(len(true))):
        return False
    steps = [np.diff(true[order]) for order in (ranks.astype(int), np.argsort(ranks))]
    return any((step >= 0).all() or (step <= 0).all() for step in steps)


# --- ease ---


@judge("ease")
def judge_ease(ease, probe):
    """More users than items, fewer, and as many; booleans and floats; weak and strong penalties."""
    rng = probe.rng

    def cases():
        for users, items, strength in ((30, 7, 3.0), (6, 9, 0.8), (8, 8, 10.0), (25, 5, 40.0), (900, 4, 60.0)):
            train = rng.random((users, items)) < rng.uniform(0.25, 0.75, items)
            train[0, : items // 2], train[1, items // 2 :] = True, True
            strength *= float(rng.uniform(0.8, 1.25))
            for given in (train.astype(float), train):
                got = probe.shape(probe.call(ease, given, strength), (items, items)).astype(float)
                probe.require(not np.isinf(got[~np.eye(items, dtype=bool)]).all(), "clears-too-early")
                yield got, *_ease_answers(given, strength, got), {"strength": strength, "users": users, "items": items}

    probe.settle_all(cases(), "wrong-weights", rtol=2e-4, atol=1e-5)


def _ease_answers(train: np.ndarray, strength: float, got: np.ndarray):
    """The weights, each column solved as its own regression, and what the usual mistakes give."""
    x = train.astype(float)
    users, items = x.shape
    gram, identity, hollow = x.T @ x, np.eye(items), 1 - np.eye(items)
    true = np.zeros((items, items))
    for item in range(items):
        others = np.delete(np.arange(items), item)
        ridge = gram[np.ix_(others, others)] + strength * np.eye(items - 1)
        true[others, item] = np.linalg.solve(ridge, gram[others, item])

    def solved(matrix):
        """The closed form for another matrix than XᵀX + λI; where that is singular, any answer agrees with it."""
        if np.linalg.cond(matrix) > 1e10:
            return got
        p = np.linalg.inv(matrix)
        return -p / np.diag(p) * hollow

    def penalty(*factors):
        return [solved(gram + factor * strength * identity) for factor in factors]

    p = np.linalg.inv(gram + strength * identity)
    ridge, scaled, centred = identity - strength * p, p / np.diag(p), x - x.mean(axis=0)
    pseudo = np.linalg.pinv(gram)
    counts = [sign * g / np.diag(g) * hollow for sign in (1, -1) for g in (gram, gram + strength * identity)]
    return true, {
        "no-zero-diagonal": ridge,
        "no-zero-diagonal/one": true + identity,
        "no-zero-diagonal/against": -scaled,
        "zeroed-afterwards": ridge * hollow,
        "wrong-sign": [scaled * hollow, scaled],
        "divides-rows": true.T,
        "not-divided": -p * hollow,
        "counts-pairs": gram * hollow,
        "divides-by-both": -p / np.sqrt(np.outer(np.diag(p), np.diag(p))) * hollow,
        "no-inverse": counts,
        "logical-product": solved((train.T @ train) + strength * identity),
        "overflows": [solved(few + strength * identity) for few in (gram % 256, (gram + 128) % 256 - 128)],
        "centres-the-items": solved(centred.T @ centred + strength * identity),
        "ignores-the-penalty": [*penalty(0), -pseudo / np.diag(pseudo) * hollow],
        "penalty-of-one": penalty(1 / strength),
        "penalty-times-users": penalty(users),
        "penalty-times-users/items": penalty(items),
        "penalty-divided": penalty(1 / users, 1 / items),
        "penalty-halved": penalty(0.5),
        "penalty-doubled": penalty(2),
        "penalty-squared": penalty(strength),
        "penalty-root": penalty(strength**-0.5),
        "penalty-everywhere": solved(gram + strength),
    }


# --- multinomial_nll ---


@judge("multinomial_nll", ops=True)
def judge_multinomial_nll(multinomial_nll, probe):
    """Counts of 0 to 3, a user without events, a batch of one, huge logits, and the gradient."""
    rng = probe.rng

    def cases():
        for users, items in ((5, 7), (3, 11), (9, 5)):
            x = rng.choice([0.0, 0.0, 1.0, 1.0, 3.0], (users, items))
            x[-1, 0], x[1] = 1.0, 0.0
            (logits,) = float32(rng.normal(0, 1.5, (users, items)) + rng.normal(0, 1, (users, 1)))
            got = probe.call(multinomial_nll, x, logits)
            shapes = {(): "one-number-for-the-batch", (items,): "sums-over-users", (users, items): "not-summed"}
            got = probe.shape(got, (users,), shapes)
            empty = x.sum(axis=1) == 0
            probe.require(not np.array_equal(~np.isfinite(got), empty), "user-without-events")
            yield got, *_multinomial_answers(x, logits)

    probe.settle_all(cases(), "wrong-loss", rtol=1e-4, atol=1e-4)
    far = np.array([[500.0, -500.0, 0.0], [-500.0, 0.0, -500.0]])
    liked = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    got = probe.finite(probe.call(multinomial_nll, liked, far), "overflows")
    probe.close(got, np.array([1000.0, 0.0]), "caps-the-cost", rtol=1e-3, atol=1e-2)
    x, logits = float32(rng.integers(0, 3, (3, 5)), rng.normal(0, 1, (3, 5)))
    log_pi = _log_softmax(logits, 1)
    probe.batch_of_one(multinomial_nll, (x, logits), -(x * log_pi).sum(axis=1))
    probe.gradients(multinomial_nll, (x, logits), (None, np.exp(log_pi) * x.sum(axis=1, keepdims=True) - x))
    slope, error = probe.attempt(probe.gradient, multinomial_nll, liked, far, wrt=1)
    right = error is None and np.allclose(slope, [[1, -1, 0], [0, 0, 0]], rtol=1e-3, atol=1e-3)
    probe.require(right, "no-gradient/far")


def _log_softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(axis=axis, keepdims=True))


def _multinomial_answers(x: np.ndarray, logits: np.ndarray):
    log_pi = _log_softmax(logits, 1)
    terms = x * log_pi
    true = -terms.sum(axis=1)
    return true, {
        "wrong-sign": -true,
        "softmax-over-users": -(x * _log_softmax(logits, 0)).sum(axis=1),
        "mean-over-items": -terms.mean(axis=1),
        "softmax-twice": -(x * _log_softmax(np.exp(log_pi), 1)).sum(axis=1),
        "mean-over-events": true / np.maximum(x.sum(axis=1), 1e-7),
        "normalises-the-events": true / np.sqrt(np.maximum(np.square(x).sum(axis=1), 1e-12)),
        "no-normaliser": -(x * logits).sum(axis=1),
        "normalises-once": np.log(np.exp(logits).sum(axis=1)) - (x * logits).sum(axis=1),
        "ignores-the-events": -log_pi.sum(axis=1),
        "ignores-the-counts": -((x > 0) * log_pi).sum(axis=1),
        "items-do-not-compete": (np.logaddexp(0, logits) - x * logits).sum(axis=1),
        "items-do-not-compete/sigmoid": (x * np.logaddexp(0, -logits)).sum(axis=1),
        "no-logarithm": -(x * np.exp(log_pi)).sum(axis=1),
        "bits-not-nats": true / np.log(2),
    }


# --- masked_mse ---


@judge("masked_mse", optional=True, ops=True)
def judge_masked_mse(masked_mse, probe):
    """Few and many ratings and one alone, some of 0 or less, a user with none, and numbers that mean nothing elsewhere."""
    rng = probe.rng
    tables = [_ratings(rng, *size) for size in ((5, 7, 0.4), (9, 5, 0.3), (3, 10, 0.9), (1, 6, 0.5), (4, 3, 0.0))]

    def cases():
        for ratings, predicted, observed in tables:
            got, error = probe.attempt(masked_mse, ratings, predicted, observed)
            if error is not None:
                whole = error.is_a("TypeError", "ValueError", "InvalidArgumentError") and "int" in error.text
                probe.fail(
                    "whole-numbers" if whole else "does-not-run", f"Your function raises {error}".rstrip(".") + "."
                )
            got = probe.shape(got, (), {(len(ratings),): "one-number-a-user"})
            yield probe.finite(got, "user-without-ratings"), *_masked_answers(ratings, predicted, observed)

    probe.settle_all(cases(), "wrong-loss")
    ratings, predicted, observed = tables[0]
    slope = 2 * observed * (predicted - ratings) / observed.sum()
    probe.gradients(masked_mse, (ratings, predicted, observed), (None, slope, None))


def _ratings(rng, users: int, items: int, density: float):
    """Ratings, predictions and mask: a user without ratings, if there are several."""
    observed = (rng.random((users, items)) < density).astype(float)
    observed[0, :2] = 1, 0
    if density and users > 2:
        observed[1], observed[2, 1:3] = 0, 1
    if users == 5:
        observed[3:], observed[4, 1:] = 1, 0  # every item has a rating: NaN can only come from the user without
    ratings = rng.integers(1, 11, (users, items)) / 2
    ratings = np.where((observed == 0) & (rng.random((users, items)) < 0.6), 0, ratings)
    (predicted,) = float32(rng.normal(3, 1.5, (users, items)))
    places = rng.permutation(np.flatnonzero(observed))
    if len(places) > 8:  # ratings may be what a baseline leaves over: 0 or less; and two are predicted exactly
        ratings.flat[places[:3]], ratings.flat[places[3]] = 0, -1.5
        predicted.flat[places[4:6]] = ratings.flat[places[4:6]]
    return ratings, predicted, observed


def _masked_answers(ratings, predicted, observed):
    squares, n = np.square(ratings - predicted), observed.sum()
    errors, users = observed * squares, len(ratings)
    true = errors.sum() / n
    half_masked, empty_as_zero = np.square(ratings - observed * predicted), np.square(observed * ratings - predicted)

    def means(axis):
        """The mean over users or items of their mean error: of those that have ratings; and of all, 0 where there are none."""
        counts = observed.sum(axis=axis)
        each = errors.sum(axis=axis) / np.maximum(counts, 1)
        return [each[counts > 0].mean(), each.mean()]

    guesses = [
        (chosen * squares).sum() / max(counted.sum(), 1)
        for rated in ((ratings > 0).astype(float), (ratings != 0).astype(float))
        for both in (observed * rated,)
        for chosen, counted in ((rated, rated), (both, both), (observed, both), (observed, rated))
    ]
    return true, {
        "counts-one-more": errors.sum() / (n + 1),
        "divides-by-all-places": errors.mean(),
        "unmasked": squares.mean(),
        "unmasked/sum": squares.sum() / n,
        "unmasked/zero": [empty_as_zero.sum() / n, empty_as_zero.mean()],
        "masks-the-prediction-only": half_masked.sum() / n,
        "masks-the-prediction-only/mean": half_masked.mean(),
        "mean-of-means": means(1),
        "mean-of-means/items": means(0),
        "divides-by-users": errors.sum() / users,
        "sum-not-mean": errors.sum(),
        "root": np.sqrt(true),
        "absolute-not-squared": (observed * np.abs(ratings - predicted)).sum() / n,
        "mask-inverted": ((1 - observed) * squares).sum() / max((1 - observed).sum(), 1),
        "perfect-predictions-not-counted": errors.sum() / np.count_nonzero(errors),
        "guesses-the-mask": guesses,
    }


# --- paired_difference ---


@judge("paired_difference")
def judge_paired_difference(paired_difference, probe):
    """Few and many users who differ much from each other and little between methods."""
    rng = probe.rng

    def cases():
        for n in (6, 2, 40, 300):
            b = rng.uniform(0.05, 0.9, n) + rng.normal(0, 0.02, n)
            gain = rng.normal(0.03, 0.045, n) + 0.1 * rng.random(n) ** 3
            gain[: n // 60] = 0  # some of the many users gain nothing
            a = b + gain if (gain.mean() > 0) == (n in (6, 300)) else b - gain  # a is better, worse, worse and better
            got = probe.shape(probe.call(paired_difference, a, b), (3,))
            yield got, *_interval_answers(a, b), {"n": n}

    probe.settle_all(cases(), "wrong-interval", rtol=1e-5)  # of an answer in 32 bits
    b = rng.integers(4, 40, 12) / 64
    got = probe.shape(probe.call(paired_difference, b + 0.25, b), (3,))
    probe.require(np.allclose(got, 0.25), "no-width", got=[round(float(part), 4) for part in got])


def _interval_answers(a: np.ndarray, b: np.ndarray):
    n, d = len(a), a - b
    mean, s, t = d.mean(), d.std(ddof=1), stats.t.ppf(0.975, n - 1)
    se, by_n = s / np.sqrt(n), np.sqrt((n - 1) / n)  # what the deviation loses if it is divided by n
    errors = np.array([a.std(ddof=1), b.std(ddof=1)]) / np.sqrt(n)
    unpaired = np.sqrt(np.square(errors).sum())
    pooled_t, welch_t = stats.t.ppf(0.975, [2 * n - 2, unpaired**4 / (errors**4).sum() * (n - 1)])
    normal, unequal = (1.96, stats.norm.ppf(0.975), 2.0), d[d != 0]

    def around(reach, centre=mean):
        return np.array([centre, centre - reach, centre + reach])

    def of_errors(*factors):
        return [around(factor * se * f) for factor in factors for f in (1.0, by_n)]

    reaches = [q * unpaired for q in (t, pooled_t, welch_t, *normal)]
    reaches += [t * (errors[0] - errors[1]), t * errors.sum()]  # ends of two intervals, subtracted
    return around(t * se), {
        "drops-the-sign": around(t * se, abs(mean)),
        "drops-the-sign/sizes": around(t * np.abs(d).std(ddof=1) / np.sqrt(n), np.abs(d).mean()),
        "wrong-direction": -around(t * se)[[0, 2, 1]],
        "ends-swapped": around(t * se)[[0, 2, 1]],
        "order-of-the-three": [around(t * se)[[1, 0, 2]], around(t * se)[[1, 2, 0]]],
        "not-paired": [around(reach) for reach in reaches],
        "spread-of-users": [around(q * s * f) for q in (t, *normal, 1.0) for f in (1.0, by_n)],
        "spread-of-users/quantiles": np.array([mean, *np.percentile(d, [2.5, 97.5])]),
        "divides-by-n": around(t * se * by_n),
        "divides-by-n/root": around(t * s / n),
        "wrong-root": around(t * s / np.sqrt(n - 1)),
        "drops-the-ties": around(stats.t.ppf(0.975, len(unequal) - 1) * stats.sem(unequal), unequal.mean()),
        "normal-not-t": of_errors(*normal),
        "one-sided": of_errors(stats.t.ppf(0.95, n - 1)),
        "wrong-level": of_errors(stats.t.ppf(0.995, n - 1), stats.norm.ppf(0.995)),
        "wrong-level/each-side": of_errors(stats.t.ppf(0.99, n - 1), stats.norm.ppf(0.99)),
        "wrong-degrees-of-freedom": of_errors(stats.t.ppf(0.975, n), pooled_t),
        "one-standard-error": around(se),
        "variance-for-deviation": around(t * s**2 / np.sqrt(n)),
        "median": around(t * se, np.median(d)),
        "half-width": np.array([mean, t * se, t * se]),
        "half-width/centred": np.array([mean, -t * se, t * se]),
    }
