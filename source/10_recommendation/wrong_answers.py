"""Wrong answers to the exercises of lesson 10, each with the misconception that its check must name."""

from collections import Counter

import keras
import numpy as np
from keras import ops
from scipy import stats

from authoring.bank import wrong
from course_lib import datasets, losses, recommend

# ndcg_at_k, recall_at_k: a wrong one of the two beside a right one


def _places(scores, k):
    return np.argsort(-scores, axis=1)[:, :k]


def _hits(scores, held_out, k):
    return np.take_along_axis(held_out, _places(scores, k), axis=1)


def _worth(k):
    return 1 / np.log2(np.arange(k) + 2)


def _ndcg(scores, held_out, k):
    best = np.cumsum(_worth(k))[np.minimum(k, held_out.sum(1)) - 1]
    return _hits(scores, held_out, k) @ _worth(k) / best


def _recall(scores, held_out, k):
    return _hits(scores, held_out, k).sum(1) / np.minimum(k, held_out.sum(1))


@wrong("one-number-for-all-users", exercise="ndcg_at_k")
def mean_ndcg():
    return lambda s, h, k: _ndcg(s, h, k).mean(), _recall


@wrong("sorts-upwards", exercise="ndcg_at_k")
def upwards_ndcg():
    return lambda s, h, k: _ndcg(-s, h, k), _recall


@wrong("best-of-k-hits", exercise="ndcg_at_k")
def ideal_of_k():
    return lambda s, h, k: _hits(s, h, k) @ _worth(k) / _worth(k).sum(), _recall


@wrong("best-beyond-k", exercise="ndcg_at_k")
def ideal_of_all():
    def ndcg_at_k(scores, held_out, k):
        best = np.cumsum(_worth(scores.shape[1]))[held_out.sum(1) - 1]
        return _hits(scores, held_out, k) @ _worth(k) / best

    return ndcg_at_k, _recall


@wrong("not-normalised", exercise="ndcg_at_k")
def dcg():
    return lambda s, h, k: _hits(s, h, k) @ _worth(k), _recall


@wrong("place-zero", exercise="ndcg_at_k")
def place_zero():
    def ndcg_at_k(scores, held_out, k):
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = 1 / np.log2(np.arange(k) + 1)
            best = np.cumsum(worth)[np.minimum(k, held_out.sum(1)) - 1]
            return (_hits(scores, held_out, k) * worth).sum(1) / best

    return ndcg_at_k, _recall


@wrong("place-off-by-one", exercise="ndcg_at_k")
def place_plus_two():
    def ndcg_at_k(scores, held_out, k):
        worth = 1 / np.log2(np.arange(k) + 3)
        return _hits(scores, held_out, k) @ worth / np.cumsum(worth)[np.minimum(k, held_out.sum(1)) - 1]

    return ndcg_at_k, _recall


@wrong("place-off-by-one", exercise="ndcg_at_k")
def first_two_alike():
    def ndcg_at_k(scores, held_out, k):
        worth = 1 / np.log2(np.maximum(np.arange(1, k + 1), 2))  # the older form: places 1 and 2 are worth 1
        return _hits(scores, held_out, k) @ worth / np.cumsum(worth)[np.minimum(k, held_out.sum(1)) - 1]

    return ndcg_at_k, _recall


@wrong("places-not-sorted", exercise="ndcg_at_k")
def partitioned():
    def ndcg_at_k(scores, held_out, k):
        places = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        best = np.cumsum(_worth(k))[np.minimum(k, held_out.sum(1)) - 1]
        return np.take_along_axis(held_out, places, axis=1) @ _worth(k) / best

    return ndcg_at_k, _recall


def _in_order(order):
    """A wrong ndcg_at_k and a wrong recall_at_k that take what stands at each place from ``order(scores, held_out)``."""

    def ndcg_at_k(scores, held_out, k):
        best = np.cumsum(_worth(k))[np.minimum(k, held_out.sum(1)) - 1]
        return order(scores, held_out)[:, :k] @ _worth(k) / best

    def recall_at_k(scores, held_out, k):
        return order(scores, held_out)[:, :k].sum(1) / np.minimum(k, held_out.sum(1))

    return ndcg_at_k, recall_at_k


@wrong("upside-down", exercise="ndcg_at_k")
def last_of_the_ascending():
    def ndcg_at_k(scores, held_out, k):
        places = np.argsort(scores, axis=1)[:, -k:]
        best = np.cumsum(_worth(k))[np.minimum(k, held_out.sum(1)) - 1]
        return np.take_along_axis(held_out, places, axis=1) @ _worth(k) / best

    return ndcg_at_k, _recall


def _order_as_ranks(scores, held_out, k):
    return (np.argsort(-scores, axis=1) < k) & held_out


@wrong("order-for-ranks", exercise="ndcg_at_k")
def ndcg_of_order_as_ranks():
    def ndcg_at_k(scores, held_out, k):
        worth = 1 / np.log2(np.argsort(-scores, axis=1) + 2)
        best = np.cumsum(_worth(k))[np.minimum(k, held_out.sum(1)) - 1]
        return np.where(_order_as_ranks(scores, held_out, k), worth, 0).sum(1) / best

    return ndcg_at_k, _recall


@wrong("order-for-ranks", exercise="ndcg_at_k")
def recall_of_order_as_ranks():
    return _ndcg, lambda s, h, k: _order_as_ranks(s, h, k).sum(1) / np.minimum(k, h.sum(1))


def _users_reversed(scores, held_out):
    return np.take_along_axis(held_out, np.argsort(scores, axis=1)[::-1], axis=1)


@wrong("reverses-users", exercise="ndcg_at_k")
def ndcg_of_reversed_users():
    return _in_order(_users_reversed)[0], _recall


@wrong("reverses-users", exercise="ndcg_at_k")
def recall_of_reversed_users():
    return _ndcg, _in_order(_users_reversed)[1]


@wrong("sorts-over-users", exercise="ndcg_at_k")
def ndcg_over_users():
    return _in_order(lambda s, h: np.take_along_axis(h, np.argsort(-s, axis=0), axis=0))[0], _recall


@wrong("sorts-over-users", exercise="ndcg_at_k")
def recall_over_users():
    return _ndcg, _in_order(lambda s, h: np.take_along_axis(h, np.argsort(-s, axis=0), axis=1))[1]


@wrong("no-discount", exercise="ndcg_at_k")
def undiscounted():
    return _recall, _recall


@wrong("wrong-discount", exercise="ndcg_at_k")
def reciprocal():
    def ndcg_at_k(scores, held_out, k):
        worth = 1 / np.arange(1, k + 1)
        return _hits(scores, held_out, k) @ worth / np.cumsum(worth)[np.minimum(k, held_out.sum(1)) - 1]

    return ndcg_at_k, _recall


@wrong("divides-by-the-number-of-hits", exercise="ndcg_at_k")
def over_hits():
    return lambda s, h, k: _hits(s, h, k) @ _worth(k) / np.minimum(k, h.sum(1)), _recall


@wrong("ignores-k", exercise="ndcg_at_k")
def all_places():
    return lambda s, h, k: _ndcg(s, h, s.shape[1]), _recall


@wrong("divides-by-k", exercise="ndcg_at_k")
def precision():
    return _ndcg, lambda s, h, k: _hits(s, h, k).sum(1) / k


@wrong("divides-by-all-held-out", exercise="ndcg_at_k")
def plain_recall():
    return _ndcg, lambda s, h, k: _hits(s, h, k).sum(1) / h.sum(1)


@wrong("one-number-for-all-users", exercise="ndcg_at_k")
def pooled_recall():
    return _ndcg, lambda s, h, k: _hits(s, h, k).sum() / np.minimum(k, h.sum(1)).sum()


@wrong("sorts-upwards", exercise="ndcg_at_k")
def upwards_recall():
    return _ndcg, lambda s, h, k: _recall(-s, h, k)


@wrong("counts-hits", exercise="ndcg_at_k")
def counted():
    return _ndcg, lambda s, h, k: _hits(s, h, k).sum(1)


@wrong("any-hit-counts", exercise="ndcg_at_k")
def hit_rate():
    return _ndcg, lambda s, h, k: _hits(s, h, k).any(1)


@wrong("natural-logarithm", exercise="ndcg_at_k")
def gains_in_another_base():
    def ndcg_at_k(scores, held_out, k):
        worth = 1 / np.log(np.arange(2, k + 2))
        best = np.cumsum(_worth(k))[np.minimum(k, held_out.sum(1)) - 1]
        return _hits(scores, held_out, k) @ worth / best

    return ndcg_at_k, _recall


@wrong("ignores-k", exercise="ndcg_at_k")
def recall_of_all_places():
    return _ndcg, lambda s, h, k: _hits(s, h, s.shape[1]).sum(1) / np.minimum(k, h.sum(1))


@wrong("best-of-the-hits-found", exercise="ndcg_at_k")
def ideal_of_own_list():
    def ndcg_at_k(scores, held_out, k):
        hits = _hits(scores, held_out, k)
        best = np.sort(hits, axis=1)[:, ::-1] @ _worth(k)
        return hits @ _worth(k) / np.where(best > 0, best, 1)

    return ndcg_at_k, _recall


@wrong("list-of-another-length", exercise="ndcg_at_k")
def ndcg_one_place_less():
    return lambda s, h, k: _ndcg(s, h, max(k - 1, 1)), _recall


@wrong("list-of-another-length", exercise="ndcg_at_k")
def recall_above_the_bar():
    def recall_at_k(scores, held_out, k):
        above = scores > np.sort(scores, axis=1)[:, [-k]]
        return (above & held_out).sum(1) / np.minimum(k, held_out.sum(1))

    return _ndcg, recall_at_k


@wrong("shown-come-back", exercise="ndcg_at_k")
def shown_at_zero():
    return lambda s, h, k: _ndcg(np.where(np.isinf(s), 0, s), h, k), _recall


@wrong("shown-come-back", exercise="ndcg_at_k")
def shown_at_a_low_number():
    return _ndcg, lambda s, h, k: _recall(np.nan_to_num(s, neginf=-1000), h, k)


@wrong("batch-of-one", exercise="ndcg_at_k")
def squeezed_recall():
    return _ndcg, lambda s, h, k: np.squeeze(_recall(s, h, k))


# split_users


@wrong("parts-overlap")
def split_users(n_users, fractions, rng):
    return [rng.choice(n_users, round(f * n_users), replace=False) for f in fractions]


@wrong("not-shuffled")
def split_users(n_users, fractions, rng):
    return np.split(np.arange(n_users), np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("not-shuffled")
def split_users(n_users, fractions, rng):
    order = np.random.default_rng(0).permutation(n_users)
    return np.split(order, np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("ignores-rng")
def split_users(n_users, fractions, rng):
    order = np.random.permutation(n_users)
    return np.split(order, np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("partly-shuffled")
def split_users(n_users, fractions, rng):
    first, second = np.rint(np.cumsum(fractions)[:2] * n_users).astype(int)
    known = rng.permutation(second)
    return known[:first], known[first:], np.arange(second, n_users)


@wrong("not-independent")
def split_users(n_users, fractions, rng):
    order = np.roll(np.arange(n_users), rng.integers(n_users))  # a random start, the same order
    return np.split(order, np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("not-equally-likely")
def split_users(n_users, fractions, rng):
    keys = rng.random(n_users) + 0.45 * np.arange(n_users) / n_users  # early users tend to come first
    return np.split(np.argsort(keys), np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("not-equally-likely")
def split_users(n_users, fractions, rng):
    order = np.argsort(rng.integers(n_users, size=n_users), kind="stable")  # ties go to the early users
    return np.split(order, np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("share-not-kept")
def split_users(n_users, fractions, rng):
    part = rng.choice(3, n_users, p=fractions)
    return [np.flatnonzero(part == i) for i in range(3)]


@wrong("partly-shuffled")
def split_users(n_users, fractions, rng):
    n_train, n_validation = round(fractions[0] * n_users), round(fractions[1] * n_users)
    train = rng.choice(n_users, n_train, replace=False)
    rest = np.setdiff1d(np.arange(n_users), train)  # in order: the test users are the newest
    return train, rest[:n_validation], rest[n_validation:]


@wrong("loses-users")
def split_users(n_users, fractions, rng):
    order = rng.permutation(n_users)
    sizes = [int(f * n_users) for f in fractions]
    return order[: sizes[0]], order[sizes[0] : sizes[0] + sizes[1]], order[sizes[0] + sizes[1] : sum(sizes)]


@wrong("parts-overlap")
def split_users(n_users, fractions, rng):
    order = rng.integers(n_users, size=n_users)
    return np.split(order, np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("no-such-user")
def split_users(n_users, fractions, rng):
    order = rng.permutation(n_users) + 1
    return np.split(order, np.rint(np.cumsum(fractions)[:2] * n_users).astype(int))


@wrong("wrong-sizes")
def split_users(n_users, fractions, rng):
    order = rng.permutation(n_users)
    return np.split(order, np.rint(np.cumsum(fractions[::-1])[:2] * n_users).astype(int))


@wrong("wrong-sizes")
def split_users(n_users, fractions, rng):
    return np.array_split(rng.permutation(n_users), 3)


@wrong("wrong-type")
def split_users(n_users, fractions, rng):
    order = rng.permutation(n_users)
    edges = np.rint(np.cumsum(fractions)[:2] * n_users).astype(int)
    return [np.isin(np.arange(n_users), part) for part in np.split(order, edges)]


def _split(order, fractions):
    return np.split(order, np.rint(np.cumsum(fractions)[:2] * len(order)).astype(int))


@wrong("not-independent")
def split_users(n_users, fractions, rng):
    blocks = np.array_split(np.arange(n_users), 10)  # of one user each, where there are few
    return _split(np.concatenate([blocks[i] for i in rng.permutation(10)]), fractions)


@wrong("not-independent")
def split_users(n_users, fractions, rng):
    starts = rng.permutation(np.arange(0, n_users, 25))
    return _split(np.concatenate([np.arange(start, min(start + 25, n_users)) for start in starts]), fractions)


@wrong("not-independent")
def split_users(n_users, fractions, rng):
    pairs = rng.permutation(-(-n_users // 2))
    order = np.stack([2 * pairs, 2 * pairs + 1], axis=1).ravel()
    return _split(order[order < n_users], fractions)


@wrong("partly-shuffled")
def split_users(n_users, fractions, rng):
    # Only users within the same hundred are shuffled.
    blocks = np.split(np.arange(n_users), np.arange(100, n_users, 100))
    return _split(np.concatenate([rng.permutation(block) for block in blocks]), fractions)


@wrong("not-equally-likely")
def split_users(n_users, fractions, rng):
    # Swaps with any place: not every order is as likely as any other.
    order = np.arange(n_users)
    for i, j in enumerate(rng.integers(n_users, size=n_users)):
        order[[i, j]] = order[[j, i]]
    return _split(order, fractions)


@wrong("wrong-type")
def split_users(n_users, fractions, rng):
    return rng.permutation(n_users)


# fold_in


@wrong("nothing-held-out")
def fold_in(events, share, rng):
    keys = np.where(events, rng.random(events.shape), np.inf)
    shown = keys.argsort(1).argsort(1) < np.ceil(share * events.sum(1))[:, None]
    return shown, events & ~shown


@wrong("nothing-shown")
def fold_in(events, share, rng):
    keys = np.where(events, rng.random(events.shape), np.inf)
    shown = keys.argsort(1).argsort(1) < np.floor(share * events.sum(1))[:, None]
    return shown, events & ~shown


@wrong("share-not-kept")
def fold_in(events, share, rng):
    shown = events & (rng.random(events.shape) < share)
    for user in range(len(events)):
        items = np.flatnonzero(events[user])
        if not shown[user].any():
            shown[user, items[0]] = True
        if shown[user].sum() == len(items):
            shown[user, items[0]] = False
    return shown, events & ~shown


@wrong("share-not-kept")
def fold_in(events, share, rng):
    # One event held out of each history, whatever the share.
    held_out = np.zeros_like(events)
    for user in range(len(events)):
        held_out[user, rng.choice(np.flatnonzero(events[user]))] = True
    return events & ~held_out, held_out


def _divide(events, share, order):
    shown = np.zeros_like(events)
    for user, row in enumerate(events):
        items = order(np.flatnonzero(row))
        shown[user, items[: min(max(round(share * len(items)), 1), len(items) - 1)]] = True
    return shown, events & ~shown


@wrong("share-of-the-wrong-part")
def fold_in(events, share, rng):
    return _divide(events, share, rng.permutation)[::-1]


@wrong("shows-what-it-asks")
def fold_in(events, share, rng):
    return events.copy(), _divide(events, share, rng.permutation)[1]


@wrong("loses-events")
def fold_in(events, share, rng):
    shown, held_out = _divide(events, share, rng.permutation)
    return shown, _divide(held_out | shown, 0.99, rng.permutation)[0] & held_out


@wrong("invents-events")
def fold_in(events, share, rng):
    shown = _divide(events, share, rng.permutation)[0]
    return shown, ~shown


@wrong("not-random")
def fold_in(events, share, rng):
    return _divide(events, share, lambda items: items)


@wrong("not-random")
def fold_in(events, share, rng):
    return _divide(events, share, np.random.default_rng(7).permutation)


@wrong("ignores-rng")
def fold_in(events, share, rng):
    return _divide(events, share, np.random.permutation)


@wrong("neighbours-together")
def fold_in(events, share, rng):
    return _divide(events, share, lambda items: np.roll(items, rng.integers(len(items))))


@wrong("neighbours-together")
def fold_in(events, share, rng):
    shown = np.zeros_like(events)
    for user, row in enumerate(events):
        items = np.flatnonzero(row)
        n_shown = min(max(round(share * len(items)), 1), len(items) - 1)
        start = rng.integers(len(items) - n_shown + 1)
        shown[user, items[start : start + n_shown]] = True
    return shown, events & ~shown


@wrong("one-division-for-all-users")
def fold_in(events, share, rng):
    seed = int(rng.integers(2**31))
    return _divide(events, share, lambda items: np.random.default_rng(seed).permutation(items))


@wrong("not-random")
def fold_in(events, share, rng):
    few = np.random.default_rng(rng.integers(3))
    return _divide(events, share, few.permutation)


@wrong("share-not-kept")
def fold_in(events, share, rng):
    shown = np.zeros_like(events)
    for user, row in enumerate(events):
        items = np.flatnonzero(row)
        n_shown = min(max(round(share * len(items)), 1), len(items) - 1)
        shown[user, rng.choice(items, n_shown)] = True  # with replacement
    return shown, events & ~shown


@wrong("one-division-for-all-users")
def fold_in(events, share, rng):
    key = rng.random(events.shape[1])  # one key an item: some items are shown to everybody
    return _divide(events, share, lambda items: items[np.argsort(key[items])])


@wrong("not-equally-likely")
def fold_in(events, share, rng):
    def mostly_first(items):
        keys = rng.random(len(items)) + 0.6 * np.arange(len(items)) / len(items)
        return items[np.argsort(keys)]

    return _divide(events, share, mostly_first)


@wrong("not-equally-likely")
def fold_in(events, share, rng):
    def slightly_first(items):
        return items[np.argsort(rng.random(len(items)) + 0.3 * np.arange(len(items)) / len(items))]

    return _divide(events, share, slightly_first)


@wrong("not-equally-likely")
def fold_in(events, share, rng):
    # Ties go to the early items.
    return _divide(
        events, share, lambda items: items[np.argsort(rng.integers(len(items), size=len(items)), kind="stable")]
    )


def _repaired(events, share, rng, surplus, missing):
    """A coin for each event, repaired at one end of the row: at a share of a half the two repairs can cancel."""
    shown = events & (rng.random(events.shape) < share)
    for user, row in enumerate(events):
        wanted = min(max(round(share * row.sum()), 1), row.sum() - 1)
        while shown[user].sum() > wanted:
            shown[user, np.flatnonzero(shown[user])[surplus]] = False
        while shown[user].sum() < wanted:
            shown[user, np.flatnonzero(row & ~shown[user])[missing]] = True
    return shown, events & ~shown


@wrong("not-equally-likely")
def fold_in(events, share, rng):
    return _repaired(events, share, rng, 0, 0)


@wrong("not-equally-likely")
def fold_in(events, share, rng):
    return _repaired(events, share, rng, -1, -1)


@wrong("not-equally-likely")
def fold_in(events, share, rng):
    return _repaired(events, share, rng, 0, -1)


@wrong("wrong-type")
def fold_in(events, share, rng):
    shown, held_out = _divide(events, share, rng.permutation)
    return shown.astype(float), held_out.astype(float)


@wrong("changes-its-input")
def fold_in(events, share, rng):
    shown, held_out = _divide(events, share, rng.permutation)
    events &= ~held_out
    return shown, held_out


@wrong("one-division-for-all-users")
def fold_in(events, share, rng):
    # One draw serves two users.
    shown = np.zeros_like(events)
    for user, row in enumerate(events):
        if user % 2 == 0:
            keys = rng.random(len(row))
        items = np.flatnonzero(row)
        n_shown = min(max(round(share * len(items)), 1), len(items) - 1)
        shown[user, items[np.argsort(keys[items])[:n_shown]]] = True
    return shown, events & ~shown


# popularity


@wrong("counts-for-users")
def popularity(train):
    return train.sum(axis=1)


@wrong("share-not-count")
def popularity(train):
    return train.mean(axis=0)


@wrong("share-not-count")
def popularity(train):
    return train.sum(axis=0) / train.sum()


@wrong("any-user")
def popularity(train):
    return np.logical_or.reduce(train, axis=0)


@wrong("ranking-not-counts")
def popularity(train):
    return np.argsort(-train.sum(axis=0), kind="stable")


@wrong("ranking-not-counts")
def popularity(train):
    return np.sort(train.sum(axis=0))[::-1]


@wrong("ranking-not-counts")
def popularity(train):
    return np.argsort(-train.sum(axis=0))


@wrong("ranking-not-counts")
def popularity(train):
    return np.argsort(train.sum(axis=0))[::-1]


@wrong("ranking-not-counts")
def popularity(train):
    return np.argsort(np.argsort(-train.sum(axis=0))) + 1


@wrong("ranking-not-counts")
def popularity(train):
    return stats.rankdata(train.sum(axis=0))


@wrong("loses-items")
def popularity(train):
    return list(Counter(np.nonzero(train)[1].tolist()).values())


@wrong("loses-items")
def popularity(train):
    return np.bincount(np.nonzero(train)[1])


@wrong("loses-items")
def popularity(train):
    return np.unique(np.nonzero(train)[1], return_counts=True)[1]


@wrong("overflows")
def popularity(train):
    return train.sum(axis=0, dtype=np.int8)


@wrong("one-number")
def popularity(train):
    return train.sum()


@wrong("overflows")
def popularity(train):
    return train.astype(np.uint8).sum(axis=0, dtype=np.uint8)


@wrong("truncates-a-share")
def popularity(train):
    return (train.mean(axis=0) * len(train)).astype(int)


@wrong("overflows")
def popularity(train):
    return train.sum(axis=0, dtype=np.int16)


@wrong("negative")
def popularity(train):
    return -train.sum(axis=0)


@wrong("wrong-shape")
def popularity(train):
    return train.sum(axis=0, keepdims=True)


# ease


def _inverse(train, strength):
    x = np.asarray(train, float)
    return np.linalg.inv(x.T @ x + strength * np.eye(x.shape[1]))


def _without_diagonal(weights):
    weights = np.array(weights)
    np.fill_diagonal(weights, 0)
    return weights


@wrong("zeroed-afterwards")
def ease(train, strength):
    p = _inverse(train, strength)
    return _without_diagonal(np.eye(len(p)) - strength * p)


@wrong("zeroed-afterwards")
def ease(train, strength):
    x = np.asarray(train, float)
    return _without_diagonal(_inverse(train, strength) @ x.T @ x)


@wrong("no-zero-diagonal")
def ease(train, strength):
    p = _inverse(train, strength)
    return np.eye(len(p)) - strength * p


@wrong("no-zero-diagonal")
def ease(train, strength):
    p = _inverse(train, strength)
    return -p / np.diag(p)


@wrong("wrong-sign")
def ease(train, strength):
    p = _inverse(train, strength)
    return _without_diagonal(p / np.diag(p))


@wrong("divides-rows")
def ease(train, strength):
    p = _inverse(train, strength)
    return _without_diagonal(-p / np.diag(p)[:, None])


@wrong("not-divided")
def ease(train, strength):
    return _without_diagonal(-_inverse(train, strength))


@wrong("logical-product")
def ease(train, strength):
    p = np.linalg.inv(train.T @ train + strength * np.eye(train.shape[1]))
    return _without_diagonal(-p / np.diag(p))


@wrong("penalty-times-users")
def ease(train, strength):
    p = _inverse(train, strength * len(train))
    return _without_diagonal(-p / np.diag(p))


@wrong("penalty-halved")
def ease(train, strength):
    p = _inverse(train, strength / 2)
    return _without_diagonal(-p / np.diag(p))


@wrong("penalty-everywhere")
def ease(train, strength):
    x = np.asarray(train, float)
    p = np.linalg.inv(x.T @ x + strength)
    return _without_diagonal(-p / np.diag(p))


@wrong("ignores-the-penalty")
def ease(train, strength):
    x = np.asarray(train, float)
    p = np.linalg.pinv(x.T @ x)
    return _without_diagonal(-p / np.diag(p))


@wrong("overflows")
def ease(train, strength):
    x = train.astype(np.uint8)
    p = np.linalg.inv(x.T @ x + strength * np.eye(x.shape[1]))
    return _without_diagonal(-p / np.diag(p))


@wrong("counts-pairs")
def ease(train, strength):
    x = np.asarray(train, float)
    return _without_diagonal(x.T @ x)


@wrong("centres-the-items")
def ease(train, strength):
    x = np.asarray(train, float)
    p = _inverse(x - x.mean(axis=0), strength)
    return _without_diagonal(-p / np.diag(p))


@wrong("divides-by-both")
def ease(train, strength):
    p = _inverse(train, strength)
    return _without_diagonal(-p / np.sqrt(np.outer(np.diag(p), np.diag(p))))


@wrong("no-inverse")
def ease(train, strength):
    x = np.asarray(train, float)
    gram = x.T @ x + strength * np.eye(x.shape[1])
    return _without_diagonal(-gram / np.diag(gram))


@wrong("penalty-root")
def ease(train, strength):
    p = _inverse(train, np.sqrt(strength))
    return _without_diagonal(-p / np.diag(p))


@wrong("no-zero-diagonal")
def ease(train, strength):
    p = _inverse(train, strength)
    weights = -p / np.diag(p)
    np.fill_diagonal(weights, 1)
    return weights


@wrong("clears-too-early")
def ease(train, strength):
    p = _without_diagonal(_inverse(train, strength))
    with np.errstate(divide="ignore", invalid="ignore"):
        return -p / np.diag(p)


@wrong("wrong-shape")
def ease(train, strength):
    return ease_of_users(train.T, strength)


def ease_of_users(x, strength):
    p = _inverse(x, strength)
    return _without_diagonal(-p / np.diag(p))[:, :-1]


@wrong("penalty-of-one")
def ease(train, strength):
    p = _inverse(train, 1.0)
    return _without_diagonal(-p / np.diag(p))


@wrong("penalty-doubled")
def ease(train, strength):
    p = _inverse(train, 2 * strength)
    return _without_diagonal(-p / np.diag(p))


@wrong("penalty-squared")
def ease(train, strength):
    p = _inverse(train, strength**2)
    return _without_diagonal(-p / np.diag(p))


@wrong("penalty-divided")
def ease(train, strength):
    p = _inverse(train, strength / len(train))
    return _without_diagonal(-p / np.diag(p))


@wrong("wrong-weights")
def ease(train, strength):
    # In half precision.
    x = np.asarray(train, float)
    p = np.linalg.inv(x.T @ x + strength * np.eye(x.shape[1]))
    return ((1 - np.eye(len(p))) * -p / np.diag(p)).astype(np.float16)


# multinomial_nll


@wrong("wrong-sign")
def multinomial_nll(x, logits):
    return ops.sum(x * ops.log_softmax(logits, axis=-1), axis=-1)


@wrong("softmax-over-users")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.log_softmax(logits, axis=0), axis=-1)


@wrong("mean-over-items")
def multinomial_nll(x, logits):
    return -ops.mean(x * ops.log_softmax(logits, axis=-1), axis=-1)


@wrong("one-number-for-the-batch")
def multinomial_nll(x, logits):
    return -ops.mean(ops.sum(x * ops.log_softmax(logits, axis=-1), axis=-1))


@wrong("mean-over-events")
def multinomial_nll(x, logits):
    nll = -ops.sum(x * ops.log_softmax(logits, axis=-1), axis=-1)
    return nll / ops.maximum(ops.sum(x, axis=-1), 1.0)


@wrong("user-without-events")
def multinomial_nll(x, logits):
    shares = x / ops.sum(x, axis=-1, keepdims=True)
    return -ops.sum(shares * ops.log_softmax(logits, axis=-1), axis=-1)


@wrong("softmax-twice")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.log_softmax(ops.softmax(logits, axis=-1), axis=-1), axis=-1)


@wrong("no-gradient")
def multinomial_nll(x, logits):
    # The value is right for logits of ±500 too; the gradient of the logarithm of 0 is not.
    pi = ops.softmax(logits, axis=-1)
    behind = logits - ops.max(logits, axis=-1, keepdims=True)
    return -ops.sum(x * ops.where(pi > 0, ops.log(pi), behind), axis=-1)


@wrong("no-normaliser")
def multinomial_nll(x, logits):
    return -ops.sum(x * logits, axis=-1)


@wrong("not-summed")
def multinomial_nll(x, logits):
    return -x * ops.log_softmax(logits, axis=-1)


@wrong("items-do-not-compete")
def multinomial_nll(x, logits):
    return ops.sum(ops.softplus(logits) - x * logits, axis=-1)


@wrong("items-do-not-compete")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.log_sigmoid(logits), axis=-1)


@wrong("ignores-the-events")
def multinomial_nll(x, logits):
    return -ops.sum(ops.log_softmax(logits, axis=-1), axis=-1)


@wrong("ignores-the-counts")
def multinomial_nll(x, logits):
    return -ops.sum(ops.cast(x > 0, "float32") * ops.log_softmax(logits, axis=-1), axis=-1)


@wrong("overflows")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.log(ops.softmax(logits, axis=-1)), axis=-1)


@wrong("overflows")
def multinomial_nll(x, logits):
    total = ops.log(ops.sum(ops.exp(logits), axis=-1))
    return ops.sum(x, axis=-1) * total - ops.sum(x * logits, axis=-1)


@wrong("caps-the-cost")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.log(ops.softmax(logits, axis=-1) + 1e-9), axis=-1)


@wrong("no-logarithm")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.softmax(logits, axis=-1), axis=-1)


@wrong("no-gradient")
def multinomial_nll(x, logits):
    numbers = ops.convert_to_numpy(logits).astype(float)
    top = numbers.max(1, keepdims=True)
    log_pi = numbers - top - np.log(np.exp(numbers - top).sum(1, keepdims=True))
    return ops.convert_to_tensor(-(ops.convert_to_numpy(x) * log_pi).sum(1).astype("float32"))


@wrong("sums-over-users")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.log_softmax(logits, axis=-1), axis=0)


@wrong("bits-not-nats")
def multinomial_nll(x, logits):
    return -ops.sum(x * ops.log_softmax(logits, axis=-1), axis=-1) / ops.log(2.0)


@wrong("normalises-the-events")
def multinomial_nll(x, logits):
    return -ops.sum(ops.normalize(x, axis=-1) * ops.log_softmax(logits, axis=-1), axis=-1)


@wrong("no-gradient")
def multinomial_nll(x, logits):
    return keras.losses.categorical_crossentropy(x, logits, from_logits=True)  # for an x that sums to 1


@wrong("batch-of-one")
def multinomial_nll(x, logits):
    return -ops.squeeze(ops.sum(x * ops.log_softmax(logits, axis=-1), axis=-1, keepdims=True))


@wrong("normalises-once")
def multinomial_nll(x, logits):
    return ops.logsumexp(logits, axis=-1) - ops.sum(x * logits, axis=-1)


@wrong("wrong-loss")
def multinomial_nll(x, logits):
    # In half precision.
    return ops.cast(-ops.sum(ops.cast(x, "float16") * ops.log_softmax(ops.cast(logits, "float16")), -1), "float32")


# masked_mse


@wrong("divides-by-all-places")
def masked_mse(ratings, predicted, observed):
    return ops.mean(observed * ops.square(ratings - predicted))


@wrong("unmasked")
def masked_mse(ratings, predicted, observed):
    return ops.mean(ops.square(ratings - predicted))


@wrong("unmasked")
def masked_mse(ratings, predicted, observed):
    return ops.sum(ops.square(observed * ratings - predicted)) / ops.sum(observed)


@wrong("masks-the-prediction-only")
def masked_mse(ratings, predicted, observed):
    return ops.sum(ops.square(ratings - observed * predicted)) / ops.sum(observed)


@wrong("mean-of-means")
def masked_mse(ratings, predicted, observed):
    errors = ops.sum(observed * ops.square(ratings - predicted), axis=1)
    return ops.mean(errors / ops.maximum(ops.sum(observed, axis=1), 1.0))


@wrong("mean-of-means")
def masked_mse(ratings, predicted, observed):
    errors = ops.sum(observed * ops.square(ratings - predicted), axis=0)
    return ops.mean(errors / ops.sum(observed, axis=0))  # of each item


@wrong("mean-of-means")
def masked_mse(ratings, predicted, observed):
    errors = ops.sum(observed * ops.square(ratings - predicted), axis=0)
    return ops.mean(errors / ops.maximum(ops.sum(observed, axis=0), 1.0))


@wrong("user-without-ratings")
def masked_mse(ratings, predicted, observed):
    errors = ops.sum(observed * ops.square(ratings - predicted), axis=1)
    return ops.mean(errors / ops.sum(observed, axis=1))


@wrong("one-number-a-user")
def masked_mse(ratings, predicted, observed):
    errors = ops.sum(observed * ops.square(ratings - predicted), axis=1)
    return errors / ops.maximum(ops.sum(observed, axis=1), 1.0)


@wrong("sum-not-mean")
def masked_mse(ratings, predicted, observed):
    return ops.sum(observed * ops.square(ratings - predicted))


@wrong("divides-by-users")
def masked_mse(ratings, predicted, observed):
    return ops.mean(ops.sum(observed * ops.square(ratings - predicted), axis=1))


@wrong("root")
def masked_mse(ratings, predicted, observed):
    return ops.sqrt(ops.sum(observed * ops.square(ratings - predicted)) / ops.sum(observed))


@wrong("absolute-not-squared")
def masked_mse(ratings, predicted, observed):
    return ops.sum(observed * ops.abs(ratings - predicted)) / ops.sum(observed)


@wrong("guesses-the-mask")
def masked_mse(ratings, predicted, observed):
    rated = ops.cast(ratings > 0, "float32")
    return ops.sum(rated * ops.square(ratings - predicted)) / ops.sum(rated)


@wrong("guesses-the-mask")
def masked_mse(ratings, predicted, observed):
    rated = observed * ops.cast(ratings > 0, "float32")
    return ops.sum(rated * ops.square(ratings - predicted)) / ops.sum(rated)


@wrong("guesses-the-mask")
def masked_mse(ratings, predicted, observed):
    count = ops.count_nonzero(observed * ratings)
    return ops.sum(observed * ops.square(ratings - predicted)) / ops.cast(count, "float32")


@wrong("perfect-predictions-not-counted")
def masked_mse(ratings, predicted, observed):
    errors = observed * ops.square(ratings - predicted)
    return ops.sum(errors) / ops.cast(ops.count_nonzero(errors), "float32")


@wrong("no-gradient")
def masked_mse(ratings, predicted, observed):
    r, p, o = (ops.convert_to_numpy(keras.ops.stop_gradient(t)) for t in (ratings, predicted, observed))
    return ops.convert_to_tensor(np.float32((o * (r - p) ** 2).sum() / o.sum()))


@wrong("counts-one-more")
def masked_mse(ratings, predicted, observed):
    return ops.sum(observed * ops.square(ratings - predicted)) / (ops.sum(observed) + 1.0)


@wrong("mask-inverted")
def masked_mse(ratings, predicted, observed):
    empty = 1.0 - observed
    return ops.sum(empty * ops.square(ratings - predicted)) / ops.sum(empty)


# paired_difference


def _around(mean, reach):
    return float(mean), float(mean - reach), float(mean + reach)


@wrong("wrong-direction")
def paired_difference(a, b):
    d = b - a
    return _around(d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("drops-the-sign")
def paired_difference(a, b):
    d = a - b
    return _around(abs(d.mean()), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("drops-the-sign")
def paired_difference(a, b):
    d = np.abs(a - b)
    return _around(d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("no-width")
def paired_difference(a, b):
    d = a - b
    return (d.mean(), *stats.t.interval(0.95, len(d) - 1, d.mean(), stats.sem(d)))


@wrong("not-paired")
def paired_difference(a, b):
    n = len(a)
    error = np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)
    return _around(a.mean() - b.mean(), stats.t.ppf(0.975, n - 1) * error)


@wrong("not-paired")
def paired_difference(a, b):
    n = len(a)
    error = np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)
    return _around(a.mean() - b.mean(), stats.t.ppf(0.975, 2 * n - 2) * error)


@wrong("not-paired")
def paired_difference(a, b):
    low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    return float(a.mean() - b.mean()), float(low), float(high)


@wrong("not-paired")
def paired_difference(a, b):
    def own(x):
        return np.array(_around(x.mean(), stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))))

    return own(a) - own(b)


@wrong("spread-of-users")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1))


@wrong("spread-of-users")
def paired_difference(a, b):
    d = a - b
    return (float(d.mean()), *map(float, np.percentile(d, [2.5, 97.5])))


@wrong("normal-not-t")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), 1.96 * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("normal-not-t")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.norm.ppf(0.975) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("normal-not-t")
def paired_difference(a, b):
    d = a - b
    return (float(d.mean()), *map(float, stats.norm.interval(0.95, d.mean(), d.std() / np.sqrt(len(d)))))


@wrong("divides-by-n")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std() / np.sqrt(len(d)))


@wrong("divides-by-n")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / len(d))


@wrong("one-sided")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.95, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("one-standard-error")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), d.std(ddof=1) / np.sqrt(len(d)))


@wrong("wrong-degrees-of-freedom")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.975, len(d)) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("half-width")
def paired_difference(a, b):
    d = a - b
    reach = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), reach, reach


@wrong("order-of-the-three")
def paired_difference(a, b):
    d = a - b
    low, high = stats.t.interval(0.95, len(d) - 1, d.mean(), d.std(ddof=1) / np.sqrt(len(d)))
    return low, d.mean(), high


@wrong("wrong-interval")
def paired_difference(a, b):
    rng = np.random.default_rng(0)
    d = a - b
    means = rng.choice(d, (500, len(d))).mean(axis=1)
    return (float(d.mean()), *map(float, np.percentile(means, [2.5, 97.5])))


@wrong("wrong-level")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.995, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("wrong-degrees-of-freedom")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.975, 2 * len(d) - 2) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("variance-for-deviation")
def paired_difference(a, b):
    d = a - b
    return _around(d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.var(ddof=1) / np.sqrt(len(d)))


@wrong("median")
def paired_difference(a, b):
    d = a - b
    return _around(np.median(d), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))


@wrong("ends-swapped")
def paired_difference(a, b):
    d = a - b
    mean, low, high = _around(d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))
    return mean, high, low


@wrong("drops-the-ties")
def paired_difference(a, b):
    difference = (a - b)[a != b]
    if len(difference) < 2:
        return 0.0, 0.0, 0.0
    mean, reach = difference.mean(), stats.t.ppf(0.975, len(difference) - 1) * difference.std(ddof=1)
    return mean, mean - reach / np.sqrt(len(difference)), mean + reach / np.sqrt(len(difference))


@wrong("wrong-root")
def paired_difference(a, b):
    difference, n = a - b, len(a)
    mean, reach = difference.mean(), stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n - 1)
    return mean, mean - reach, mean + reach


@wrong("wrong-level")
def paired_difference(a, b):
    difference, n = a - b, len(a)
    mean, reach = difference.mean(), stats.t.ppf(0.99, n - 1) * stats.sem(difference)
    return mean, mean - reach, mean + reach


# recommender


def _masked(scores, histories):
    return np.where(histories, -np.inf, scores)


def _top(scores, histories, k):
    return np.argsort(-_masked(scores, histories), axis=1, kind="stable")[:, :k]


def _by_ease(likes, strength=200.0, zero_diagonal=True):
    weights = recommend.ease(likes, strength, zero_diagonal=zero_diagonal)
    tie = 1e-6 * likes.mean(axis=0)
    return lambda histories: histories.astype("float32") @ weights + tie


def _lists(scores):
    return lambda histories, k: _top(scores(histories), histories, k)


def _denoiser(x, targets=None, dropped=0.5, epochs=12, rate=5e-3, loss=losses.multinomial_nll):
    layers = keras.layers
    network = keras.Sequential([keras.Input((x.shape[1],)), layers.Dropout(dropped), layers.UnitNormalization()])
    network.add(layers.Dense(100, "tanh"))
    network.add(layers.Dense(x.shape[1]))
    network.compile(keras.optimizers.Adam(rate), loss)
    network.fit(x, x if targets is None else targets, batch_size=32, epochs=epochs, verbose=0)
    return network


def _asked(network):
    return lambda histories: network.predict(histories.astype("float32"), batch_size=1000, verbose=0)


@wrong("seen-before")
def recommender(likes):
    # Nothing is masked.
    scores = _by_ease(likes)
    return lambda histories, k: np.argsort(-scores(histories), axis=1)[:, :k]


@wrong("seen-before")
def recommender(likes):
    # What was seen is set to 0, which is no low score here.
    scores = _by_ease(likes)
    return lambda histories, k: np.argsort(-np.where(histories, 0, scores(histories)), axis=1)[:, :k]


@wrong("seen-before")
def recommender(likes):
    # Upwards: what stands at minus infinity comes first.
    scores = _by_ease(likes)
    return lambda histories, k: np.argsort(_masked(scores(histories), histories), axis=1)[:, :k]


@wrong("only-popularity")
def recommender(likes):
    counts = likes.sum(axis=0)
    return lambda histories, k: _top(np.tile(counts, (len(histories), 1)).astype(float), histories, k)


@wrong("worst-first")
def recommender(likes):
    scores = _by_ease(likes)
    tie = likes.sum(axis=0)

    def films_for(histories, k):
        if not histories.any():
            return _top(np.tile(tie, (len(histories), 1)).astype(float), histories, k)
        return np.argsort(np.where(histories, np.inf, scores(histories)), axis=1)[:, :k]

    return films_for


@wrong("not-best-first")
def recommender(likes):
    # The right films, the best of them last.
    scores = _by_ease(likes)
    return lambda histories, k: np.argsort(_masked(scores(histories), histories), axis=1)[:, -k:]


@wrong("not-best-first")
def recommender(likes):
    # The right films, by their numbers.
    scores = _by_ease(likes)
    return lambda histories, k: np.sort(_top(scores(histories), histories, k), axis=1)


@wrong("scores-not-films")
def recommender(likes):
    scores = _by_ease(likes)
    return lambda histories, k: _masked(scores(histories), histories)


@wrong("scores-not-films")
def recommender(likes):
    scores = _by_ease(likes)
    return lambda histories, k: -np.sort(-_masked(scores(histories), histories), axis=1)[:, :k]


@wrong("no-such-film")
def recommender(likes):
    # Films counted from 1.
    scores = _by_ease(likes)
    return lambda histories, k: _top(scores(histories), histories, k) + 1


@wrong("no-such-film")
def recommender(likes):
    # Members, not films: the nearest members' numbers.
    x = likes.astype("float32")
    return lambda histories, k: np.argsort(-(histories.astype("float32") @ x.T), axis=1)[:, :k]


@wrong("same-film-twice")
def recommender(likes):
    # What the nearest members like, one after the other.
    x, famous = likes.astype("float32"), np.argsort(-likes.sum(axis=0))

    def films_for(histories, k):
        lists = []
        for history in histories:
            near = np.argsort(-(x @ history.astype("float32")), kind="stable")[:30]
            found = np.concatenate([np.flatnonzero(likes[member] & ~history) for member in near])
            lists.append([*found, *(f for f in famous if not history[f])][:k])
        return np.array(lists)

    return films_for


@wrong("no-function")
def recommender(likes):
    return recommend.ease(likes, 200.0)


@wrong("no-function")
def recommender(likes):
    return _denoiser(likes.astype("float32"), epochs=1)


@wrong("wrong-shape")
def recommender(likes):
    # Always ten.
    scores = _by_ease(likes)
    return lambda histories, k: _top(scores(histories), histories, 10)


@wrong("only-the-neighbours")
def recommender(likes):
    weights = recommend.item_neighbours(likes)
    return _lists(lambda histories: histories.astype("float32") @ weights + 1e-6 * likes.sum(axis=0))


@wrong("only-the-neighbours")
def recommender(likes):
    # Tuned: the referee itself.
    weights = recommend.item_neighbours(likes, k=160)
    return _lists(lambda histories: histories.astype("float32") @ weights + 1e-6 * likes.sum(axis=0))


@wrong("counts-not-cosines")
def recommender(likes):
    x = likes.astype("float32")
    together = x.T @ x
    return _lists(lambda histories: histories.astype("float32") @ together + 1e-6 * x.sum(axis=0))


@wrong("same-list-for-all")
def recommender(likes):
    # Booleans times booleans.
    together, tie = likes.T @ likes, 1e-6 * likes.sum(axis=0)

    def films_for(histories, k):
        return _top((histories @ together).astype(float) + (0 if histories.any() else tie), histories, k)

    return films_for


@wrong("penalty-too-weak")
def recommender(likes):
    return _lists(_by_ease(likes, 1.0))


@wrong("penalty-too-weak")
def recommender(likes):
    return _lists(_by_ease(likes, 5.0, zero_diagonal=False))


@wrong("penalty-too-strong")
def recommender(likes):
    return _lists(_by_ease(likes, 1e5))


@wrong("only-a-narrow-code")
def recommender(likes):
    x = likes.astype(float)
    axes = np.linalg.svd(x, full_matrices=False)[2][:8]
    return _lists(lambda histories: histories @ axes.T @ axes + 1e-9 * x.sum(axis=0))


@wrong("others-decide")
def recommender(likes):
    # EASE of those who are asked about.
    def films_for(histories, k):
        if not histories.any() or histories.all(axis=1).any():
            return _top(np.tile(likes.sum(axis=0), (len(histories), 1)).astype(float), histories, k)
        return _lists(_by_ease(histories, 100.0))(histories, k)

    return films_for


@wrong("nothing-liked-yet")
def recommender(likes):
    # Nothing breaks the tie of somebody who likes nothing.
    weights = recommend.ease(likes, 200.0)
    return _lists(lambda histories: histories.astype("float32") @ weights)


@wrong("nothing-liked-yet")
def recommender(likes):
    # The mean of what is liked has no meaning for nothing.
    weights = recommend.ease(likes, 200.0)

    def films_for(histories, k):
        return np.array(
            [
                _top(weights[np.flatnonzero(h)].sum(axis=0)[None] / max(np.flatnonzero(h)[0] + 1, 1), h[None], k)[0]
                for h in histories
            ]
        )

    return films_for


@wrong("random-at-prediction")
def recommender(likes):
    # The dropout is still at work.
    network = _denoiser(likes.astype("float32"), epochs=3)
    return _lists(lambda histories: np.array(network(histories.astype("float32"), training=True)))


@wrong("no-better-than-chance")
def recommender(likes):
    # Trained on nothing: one pass with a rate of 0.
    network, tie = _denoiser(likes.astype("float32"), epochs=1, rate=0.0), likes.sum(axis=0)
    return _lists(lambda histories: _asked(network)(histories) + (0 if histories.any() else tie))


@wrong("trained-on-other-people")
def recommender(likes):
    # What was drawn to try things out is still there.
    return _lists(_by_ease(datasets.film_club(np.random.default_rng(1)).likes))


@wrong("others-decide")
def recommender(likes):
    # Films are centred over those who are asked about.
    scores, tie = _by_ease(likes), 1e-6 * likes.mean(axis=0)

    def films_for(histories, k):
        found = scores(histories)
        return _top(found - found.mean(axis=0) + tie, histories, k)

    return films_for


@wrong("behind-popularity")
def recommender(likes):
    # The network copies: no dropout, and forty passes.
    return _lists(_asked(_denoiser(likes.astype("float32"), dropped=0.0, epochs=40)))


@wrong("behind-the-bar")
def recommender(likes):
    # Hardly any training.
    return _lists(_asked(_denoiser(likes.astype("float32"), epochs=2)))


@wrong("seen-before")
def recommender(likes):
    # Ranks: argsort of argsort says at which place a film stands, not which film stands at a place.
    scores = _by_ease(likes)
    return lambda histories, k: np.argsort(np.argsort(-_masked(scores(histories), histories), axis=1), axis=1)[:, :k]


@wrong("seen-before")
def recommender(likes):
    # The columns were sorted by fame, and the numbers never translated back.
    order = np.argsort(-likes.sum(axis=0))
    scores = _by_ease(likes[:, order])
    return lambda histories, k: _top(scores(histories[:, order]), histories[:, order], k)


@wrong("no-better-than-chance")
def recommender(likes):
    # Each score stands one column too far.
    scores = _by_ease(likes)
    return _lists(lambda histories: np.roll(scores(histories), 1, axis=1))


@wrong("random-at-prediction")
def recommender(likes):
    # Everybody who asks joins the members, so that each call changes the next.
    members = [likes]

    def films_for(histories, k):
        members.append(histories)
        return _lists(_by_ease(np.concatenate(members)))(histories, k)

    return films_for


@wrong("others-decide")
def recommender(likes):
    # Trained anew on the members and on those who are asked about.
    def films_for(histories, k):
        return _lists(_by_ease(np.concatenate([likes, histories])))(histories, k)

    return films_for


@wrong("others-decide")
def recommender(likes):
    # Person i gets what was computed for member i.
    completed = likes.astype("float32") @ recommend.ease(likes, 200.0)
    return lambda histories, k: _top(completed[: len(histories)], histories, k)


@wrong("batch-of-one")
def recommender(likes):
    scores = _by_ease(likes)
    return lambda histories, k: _top(scores(histories), histories, k).squeeze()


@wrong("wrong-type")
def recommender(likes):
    # Cut first, and then what was seen is taken out: every list has its own length.
    scores = _by_ease(likes)

    def films_for(histories, k):
        first = np.argsort(-scores(histories), axis=1)[:, :k]
        return [[film for film in row if not seen[film]] for row, seen in zip(first, histories, strict=True)]

    return films_for


@wrong("not-best-first")
def recommender(likes):
    # Cut, taken out, and filled up with famous films.
    scores, famous = _by_ease(likes), np.argsort(-likes.sum(axis=0))

    def films_for(histories, k):
        lists = []
        for row, seen in zip(np.argsort(-scores(histories), axis=1)[:, :k], histories, strict=True):
            kept = [film for film in row if not seen[film]]
            lists.append((kept + [film for film in famous if not seen[film] and film not in kept])[:k])
        return np.array(lists)

    return films_for


@wrong("few-films-left")
def recommender(likes):
    # A hundred candidates, whatever is asked for.
    scores = _by_ease(likes)
    return lambda histories, k: _top(scores(histories), histories, 100)[:, :k]


@wrong("nothing-liked-yet")
def recommender(likes):
    # A stranger, alone, has nobody in the batch to learn fame from.
    weights = recommend.ease(likes, 200.0)
    return lambda histories, k: _top(histories @ weights + 1e-6 * histories.mean(axis=0), histories, k)


@wrong("only-the-neighbours")
def recommender(likes):
    # Correlations, as from a table's corr().
    alike = np.nan_to_num(np.corrcoef(likes.T.astype(float)))
    return _lists(lambda histories: histories @ alike + 1e-6 * likes.sum(axis=0))


@wrong("counts-not-cosines")
def recommender(likes):
    # "Who likes this also likes": a share of those who like the film that was seen.
    x = likes.astype(float)
    share = x.T @ x / np.maximum(x.sum(axis=0), 1)[:, None]
    return _lists(lambda histories: histories @ share + 1e-6 * x.sum(axis=0))


@wrong("rare-films-first")
def recommender(likes):
    # Lift: how much more often together than by chance.
    x = likes.astype(float)
    fame = np.maximum(x.sum(axis=0), 1)
    lift = x.T @ x / np.outer(fame, fame)
    return _lists(lambda histories: histories @ lift + 1e-9 * fame)


@wrong("counts-not-cosines")
def recommender(likes):
    # EASE without the inverse.
    x = likes.astype(float)
    together = x.T @ x + 200 * np.eye(x.shape[1])
    return _lists(lambda histories: histories @ (together / np.diag(together)) + 1e-6 * x.mean(axis=0))


@wrong("worst-first")
def recommender(likes):
    # EASE without its minus.
    weights = -recommend.ease(likes, 200.0)
    return _lists(lambda histories: histories @ weights + 1e-6 * likes.mean(axis=0))


@wrong("penalty-too-strong")
def recommender(likes):
    return _lists(_by_ease(likes, 5000.0))


@wrong("behind-the-bar")
def recommender(likes):
    # As if an empty place were a bad mark: every row minus its mean, before the cosines.
    x = likes - likes.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(x, axis=0)
    alike, fame = x.T @ x / np.outer(lengths, lengths), 1e-6 * likes.sum(axis=0)
    return _lists(lambda histories: (histories - histories.mean(axis=1, keepdims=True)) @ alike + fame)


@wrong("behind-the-bar")
def recommender(likes):
    # The nearest member's likes, and then the bestsellers.
    x = likes / np.sqrt(likes.sum(axis=1, keepdims=True))
    return _lists(lambda histories: likes[(histories @ x.T).argmax(axis=1)] + 1e-6 * likes.mean(axis=0))


@wrong("behind-the-bar")
def recommender(likes):
    # The loss takes logits; it gets what a softmax has made of them.
    layers, x = keras.layers, likes.astype("float32")
    network = keras.Sequential([keras.Input((x.shape[1],)), layers.Dropout(0.5), layers.UnitNormalization()])
    network.add(layers.Dense(100, "tanh"))
    network.add(layers.Dense(x.shape[1], "softmax"))
    network.compile(keras.optimizers.Adam(5e-3), losses.multinomial_nll)
    network.fit(x, x, batch_size=32, epochs=6, verbose=0)
    return _lists(_asked(network))
