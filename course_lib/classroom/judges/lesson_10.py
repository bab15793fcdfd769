"""The judges of lesson 10: the protocol, the scores, the closed form, the losses and the interval of a recommender."""

from __future__ import annotations

import numpy as np
from scipy import stats

from course_lib.classroom.judges.lesson_05 import _tensor
from course_lib.classroom.legacy import judge

# --- ndcg_at_k, recall_at_k ---


def _ranking_case(rng, users: int, items: int, k: int):
    """Scores with a shown part at minus infinity, and held-out items: fewer than k for the first user, if possible more for the last."""
    scores = rng.permuted(np.tile(np.linspace(-3, 3, items), (users, 1)), axis=1) + rng.normal(0, 0.01, (users, items))
    held_out = np.zeros((users, items), bool)
    for user in range(users):
        n_shown = int(rng.integers(1, max(2, items // 3)))
        order = rng.permutation(items)
        scores[user, order[:n_shown]] = -np.inf
        left = items - n_shown
        n_held = 1 if user == 0 else left if user == users - 1 else int(rng.integers(2, left))
        held_out[user, order[n_shown : n_shown + n_held]] = True
        if user == 0 and items > 3:  # the only film is neither first nor last
            place = min(k, left) // 2
            best = np.argsort(-scores[user])
            held_out[user] = False
            held_out[user, best[min(place, left - 1)]] = True
    return scores, held_out


def _per_user(probe, got, users: int, name: str) -> np.ndarray:
    array = probe.array(got, name)
    probe.require(
        array.ndim != 0 or (users == 1 and array.shape == (1,)),
        "one-number-for-all-users",
        f"{name} returns one number for all users. Whose interval could you compute from that, and is the mean not taken at the end?",
    )
    return probe.require_shape(array, (users,), f"{name}: one number for each user. Which axis remains?").astype(float)


@judge(
    "ndcg_at_k",
    "recall_at_k",
    title="How good a ranking is",
    section="How good is a ranking",
    question="A user has one film held out, and it comes first. Which score should this be, for k = 1 and for k = 100?",
)
def judge_ndcg_at_k(ndcg_at_k, recall_at_k, probe):
    """Users with one, some and all of their unseen items held out; k of 1, of all items, and between."""
    for users, items, k in ((20, 40, 8), (4, 9, 9), (5, 12, 1), (1, 8, 3), (7, 7, 5), (3, 1200, 500)):
        scores, held_out = _ranking_case(probe.rng, users, items, k)
        order = np.argsort(-scores, axis=1)
        gains = np.take_along_axis(held_out, order, axis=1).astype(float)
        counts = held_out.sum(axis=1)
        cut = np.minimum(k, counts)
        wrong_orders = _wrong_orders(scores, held_out, k)
        _check_ndcg(probe, ndcg_at_k, scores, held_out, k, gains, wrong_orders, counts, cut)
        got = _per_user(probe, probe.call(recall_at_k, scores, held_out, k), users, "recall_at_k")
        hits = gains[:, :k].sum(axis=1)
        probe.settle(
            got,
            hits / cut,
            [
                (
                    hits / k,
                    "divides-by-k",
                    "A user with one film held out, found at the first place, gets a recall of 1/k from you. What is the most that this user can have?",
                ),
                (
                    hits / counts,
                    "divides-by-all-held-out",
                    "A user with more films held out than places gets less than 1 for a perfect list. How many hits fit into k places?",
                ),
                (hits, "counts-hits", "You return the number of hits. What is it divided by?"),
                (
                    gains.sum(axis=1) / cut,
                    "ignores-k",
                    "Your recall counts hits behind the first k places too. Where does the list end?",
                ),
                (
                    (hits > 0).astype(float),
                    "any-hit-counts",
                    "You give 1 as soon as there is one hit. What do the others count?",
                ),
                *((some[:, :k].sum(axis=1) / cut, name, asked) for some, name, asked in wrong_orders),
            ],
            "wrong-recall",
            "Two of three held-out films stand among the first five. What is recall@5, and what recall@1 if one of them stands first?",
        )


def _wrong_orders(scores, held_out, k) -> list[tuple[np.ndarray, str, str]]:
    """What stands at each place of a list in a wrong order, with the misconception that sorts so."""
    up, down = np.argsort(scores, axis=1), np.argsort(-scores, axis=1)
    rough_up, rough_down = np.argpartition(scores, -k, axis=1), np.argpartition(-scores, k - 1, axis=1)
    items_apart = np.argsort(-scores, axis=0)
    unsorted = (
        "places-not-sorted",
        "You have the right k films, and not in their order. What does a partition promise about the films before the k-th?",
    )
    other_axis = (
        "sorts-over-users",
        "Your places depend on who else is in the table. Along which axis do you sort?",
    )
    orders = (
        (up, "sorts-upwards", "Your list starts with the smallest scores. In which direction does argsort sort?"),
        (
            up[:, -k:],
            "upside-down",
            "The best film stands at the last of your k places. Which end of an ascending sort comes first?",
        ),
        (
            np.argsort(down, axis=1),
            "order-for-ranks",
            "You read the numbers of argsort as places. Does argsort say where item i stands, or which item stands at place i?",
        ),
        (
            up[::-1],
            "reverses-users",
            "Each user gets another user's list. What do you turn round, each list or the table?",
        ),
        (rough_down, *unsorted),
        (rough_up[:, -k:], *unsorted),
        (rough_up[:, ::-1], *unsorted),
    )
    return [
        *((np.take_along_axis(held_out, order, axis=1).astype(float), *rest) for order, *rest in orders),
        (np.take_along_axis(held_out, items_apart, axis=0).astype(float), *other_axis),
        (np.take_along_axis(held_out, items_apart, axis=1).astype(float), *other_axis),
    ]


def _check_ndcg(probe, ndcg_at_k, scores, held_out, k, gains, wrong_orders, counts, cut) -> None:
    users, items = scores.shape
    got = _per_user(probe, probe.call(ndcg_at_k, scores, held_out, k), users, "ndcg_at_k")
    worth = 1 / np.log2(np.arange(items) + 2.0)
    dcg = gains[:, :k] @ worth[:k]
    best = np.cumsum(worth)
    late = 1 / np.log2(np.arange(items) + 3.0)
    from_zero = np.concatenate([[0.0], 1 / np.log2(np.arange(2, items + 1))]) if items > 1 else np.zeros(1)
    inverse = 1 / np.arange(1.0, items + 1)
    twice = np.concatenate([[1.0], from_zero[1:]])  # the older form: the first two places are worth 1 each
    probe.require(
        np.isfinite(got).all(),
        "place-zero",
        "You get infinity or NaN. Is the first place number 0 or number 1, and what is the logarithm of 1?",
    )
    probe.settle(
        got,
        dcg / best[cut - 1],
        [
            (
                dcg / best[k - 1],
                "best-of-k-hits",
                "A user with one film held out, found at the first place, gets less than 1. How many hits does this user's best list have?",
            ),
            (
                dcg / best[counts - 1],
                "best-beyond-k",
                "A user with more films held out than places gets less than 1 for a perfect list. How many hits fit into k places?",
            ),
            (
                dcg,
                "not-normalised",
                "Your gains are not divided by those of the best ranking. Which number is a perfect list?",
            ),
            (
                gains[:, :k].sum(axis=1) / cut,
                "no-discount",
                "A hit at the last place counts as much as one at the first. What is a place worth?",
            ),
            (
                dcg / cut,
                "divides-by-the-number-of-hits",
                "You divide by how many hits are possible. Is that the gain of the best ranking, whose places are worth less and less?",
            ),
            (
                gains @ worth / best[counts - 1],
                "ignores-k",
                "Hits behind the first k places count in your score. Where does the list end?",
            ),
            (
                gains @ worth / best[cut - 1],
                "ignores-k",
                "Hits behind the first k places count in your score. Where does the list end?",
            ),
            (
                gains[:, :k] @ late[:k] / np.cumsum(late)[cut - 1],
                "place-off-by-one",
                "A hit at place 2 over one at place 1: which ratio does the formula give, and which do you? From where do you count?",
            ),
            (
                gains[:, :k] @ late[:k] / best[cut - 1],
                "place-off-by-one",
                "A hit at the first place should be worth 1. From where do you count?",
            ),
            (
                gains[:, :k] @ from_zero[:k] / np.maximum(np.cumsum(from_zero)[cut - 1], 1e-12),
                "place-off-by-one",
                "In your score a hit at the first place is worth nothing. What is log2 of 1, and which number does the first place have?",
            ),
            (
                gains[:, :k] @ inverse[:k] / np.cumsum(inverse)[cut - 1],
                "wrong-discount",
                "You discount by the place itself. Which function of the place stands in the formula?",
            ),
            (
                gains[:, :k] @ twice[:k] / np.cumsum(twice)[cut - 1],
                "place-off-by-one",
                "Your first two places are worth the same. What does the formula give for place 2?",
            ),
            *((some[:, :k] @ worth[:k] / best[cut - 1], name, asked) for some, name, asked in wrong_orders),
        ],
        "wrong-ndcg",
        "One film is held out and stands at place 3. How much is that hit worth, and how much would it be worth at best?",
    )


# --- split_users ---


@judge(
    "split_users",
    title="People the model has never seen",
    section="Whom do you test on",
    question="Can one user be in two of your parts?",
)
def judge_split_users(split_users, probe):
    """Several sizes and shares; then many draws of a small split, to see who can get where."""
    rng = probe.rng
    for n, fractions in (
        (40, (0.5, 0.25, 0.25)),
        (101, (0.8, 0.1, 0.1)),
        (30, (0.1, 0.2, 0.7)),
        (7, (0.6, 0.2, 0.2)),
        (50, (0.8, 0.2, 0.0)),
        (1, (0.6, 0.2, 0.2)),
    ):
        seed = int(rng.integers(2**31))
        parts = _parts(probe, split_users, n, fractions, seed)
        together = np.concatenate(parts)
        probe.require(
            len(np.unique(together)) == len(together),
            "parts-overlap",
            f"With {n} users, {len(together) - len(np.unique(together))} of your numbers appear twice. On whom do you then test, if not on people you trained on?",
        )
        probe.require(
            len(together) == 0 or (together.min() >= 0 and together.max() < n),
            "no-such-user",
            f"There are users 0 to {n - 1}, and your numbers go from {together.min()} to {together.max()}. Do you count from 1?",
        )
        probe.require(
            len(together) == n,
            "loses-users",
            f"Of {n} users you return {len(together)}. Where is everybody else, and does rounding each size lose someone?",
        )
        wanted = np.array(fractions) * n
        sizes = np.array([len(part) for part in parts])
        if np.abs(sizes - wanted).max() >= 2:
            measured = f"With {n} users and the shares {fractions} your parts have {sizes.tolist()} users"
            others = [_parts(probe, split_users, n, fractions, int(other)) for other in rng.integers(2**31, size=5)]
            probe.require(
                all([len(part) for part in other] == sizes.tolist() for other in others),
                "share-not-kept",
                f"{measured}, and other numbers in another draw. Is the share kept in every draw, or only on average?",
            )
            probe.fail("wrong-sizes", f"{measured}. Which part gets which share?")
        again = _parts(probe, split_users, n, fractions, seed)
        probe.require(
            all(np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(parts, again, strict=True)),
            "ignores-rng",
            "The same generator, freshly seeded, gives two different splits. Where do your random numbers come from?",
        )
    n_draws = 2500
    draws = [_parts(probe, split_users, 8, (0.5, 0.25, 0.25), int(seed)) for seed in rng.integers(2**31, size=n_draws)]
    counts = np.array([[np.bincount(part, minlength=8) for part in draw] for draw in draws]).sum(axis=0)  # (3, 8)
    probe.require(
        not ((counts == 0) | (counts == n_draws)).all(),
        "not-shuffled",
        "Every draw gives the same split. Are the first users in the file like the last ones?",
    )
    probe.require(
        ((counts > 0) & (counts < n_draws)).all(),
        "partly-shuffled",
        f"Over {n_draws} draws some users never come into one of the parts. Is everybody drawn, or are only some shuffled?",
    )
    probe.require(
        not any(_uneven(part, n_draws) for part in counts),
        "not-equally-likely",
        f"Over {n_draws} draws the eight users came into training {counts[0].tolist()} times and into the test part {counts[2].tolist()} times. Whom does your draw prefer?",
    )
    kinds = len({frozenset(draw[0].tolist()) for draw in draws})
    probe.require(
        kinds > 50,  # of 70, or of 56 if three or five of the eight users are trained on
        "not-independent",
        f"{n_draws} draws of four of eight users gave only {kinds} different choices. Do neighbouring users always go into the same part?",
    )


def _uneven(counts: np.ndarray, n_draws: int) -> bool:
    """Whether the counts differ as much as those of an even draw do less than once in 10⁹ times; each draw takes equally many."""
    rate, n = counts.mean() / n_draws, len(counts)
    chi_squared = np.square(counts - n_draws * rate).sum() / (n_draws * rate * (1 - rate)) * (n - 1) / n
    return stats.chi2.sf(chi_squared, n - 1) < 1e-9


def _parts(probe, split_users, n, fractions, seed) -> list[np.ndarray]:
    parts = probe.call(split_users, n, fractions, np.random.default_rng(seed))
    probe.require(
        isinstance(parts, list | tuple) and len(parts) == 3,
        "wrong-type",
        f"Three arrays were expected; you return {type(parts).__name__}. How many parts are there?",
    )
    arrays = [probe.array(part) for part in parts]
    for array in arrays:
        probe.require(
            array.ndim == 1 and (array.dtype.kind in "iu" or array.size == 0),
            "wrong-type",
            f"Each part should be a one-dimensional array of whole numbers; yours is {array.dtype} of shape {array.shape}. Are these user numbers?",
        )
    return [array.astype(int) for array in arrays]


# --- fold_in ---


@judge(
    "fold_in",
    title="What the model is shown of a new user",
    section="Whom do you test on",
    question="A user has two films and the share is .8. How many are shown?",
)
def judge_fold_in(fold_in, probe):
    """Rows with 2 to many events and shares near both ends; then identical rows, which must be divided differently."""
    rng = probe.rng
    for users, items, share in ((9, 14, 0.75), (6, 20, 0.5), (12, 12, 0.25), (5, 9, 0.05), (5, 9, 0.97), (1, 30, 0.75)):
        events = np.zeros((users, items), bool)
        for user in range(users):
            n = 2 if user == 1 else int(rng.integers(5, items - 1))
            events[user, rng.choice(items, n, replace=False)] = True
        seed = int(rng.integers(2**31))
        shown, held_out = _divided(probe, fold_in, events, share, seed)
        probe.require(
            not (shown & ~events).any() and not (held_out & ~events).any(),
            "invents-events",
            "You show or hold out items that the user never touched. Which items may be divided?",
        )
        probe.require(
            not (shown & held_out).any(),
            "shows-what-it-asks",
            "An item is shown and held out at the same time. What would a model score that recommends what it was shown?",
        )
        probe.require(
            ((shown | held_out) == events).all(),
            "loses-events",
            "Some events are neither shown nor held out. Where did they go?",
        )
        n_shown, n_held, total = shown.sum(axis=1), held_out.sum(axis=1), events.sum(axis=1)
        target = np.clip(share * total, 1, total - 1)
        other = np.clip((1 - share) * total, 1, total - 1)
        probe.require(
            not (users > 1 and (np.abs(n_shown - other) < 1).all() and (np.abs(n_shown - target) >= 1).any()),
            "share-of-the-wrong-part",
            f"With share {share} you hold out {n_held.tolist()} of {total.tolist()} events. Which part does the share belong to?",
        )
        probe.require(
            n_held.min() > 0,
            "nothing-held-out",
            f"A user with {total[n_held.argmin()]} events has none held out at share {share}. What would the score be divided by?",
        )
        probe.require(
            n_shown.min() > 0,
            "nothing-shown",
            f"A user with {total[n_shown.argmin()]} events is shown as an empty row at share {share}. What could be recommended?",
        )
        probe.require(
            (np.abs(n_shown - target) < 1).all(),
            "share-not-kept",
            f"With share {share}, of {total.tolist()} events you show {n_shown.tolist()}. Is the share kept for every user, or only on average?",
        )
        again = _divided(probe, fold_in, events, share, seed)
        probe.require(
            np.array_equal(shown, again[0]),
            "ignores-rng",
            "The same generator, freshly seeded, gives two different divisions. Where do your random numbers come from?",
        )
    _check_chance(probe, fold_in)


def _check_chance(probe, fold_in) -> None:
    """Many users with the same films. A draw that prefers some may do so only at a share other than a half."""
    rng = probe.rng
    draws = {}
    for n, share in ((6, 0.5), (8, 0.75)):
        columns = np.sort(rng.choice(15, n, replace=False))
        events = np.zeros((200, 15), bool)
        events[:, columns] = True
        seeds = np.unique(rng.integers(2**31, size=24))
        draws[share] = [_divided(probe, fold_in, events, share, int(seed))[0][:, columns] for seed in seeds]
    different = len({draw.tobytes() for draw in draws[0.5]})
    kinds_of_one = len(np.unique(draws[0.5][0], axis=0))
    kinds = len(np.unique(np.concatenate(draws[0.5]), axis=0))
    probe.require(
        different > 1,
        "not-random",
        "Generators with different seeds give the same division. Is anything drawn from rng?",
    )
    probe.require(
        2 * kinds_of_one > kinds,
        "one-division-for-all-users",
        f"Of 200 users with the same six films many are shown the same three: {kinds_of_one} choices in one draw, {kinds} in all draws together. Is the draw made once, or for each user?",
    )
    probe.require(
        different == len(draws[0.5]),
        "not-random",
        "Two generators with different seeds give the same division. Is everything drawn from rng?",
    )
    for share, some in draws.items():
        shown = np.concatenate(some)
        probe.require(
            not _uneven(shown.sum(axis=0), len(shown)),
            "not-equally-likely",
            f"At share {share}, of {len(shown)} users with the same {shown.shape[1]} films these were shown {shown.sum(axis=0).tolist()} times. Which events does your draw prefer?",
        )
    probe.require(
        kinds_of_one >= 15 and kinds == 20,
        "one-division-for-all-users",
        f"There are 20 ways to show three of six films; 200 users got only {kinds_of_one} of them. Is each user drawn for alone?",
    )


def _divided(probe, fold_in, events, share, seed) -> tuple[np.ndarray, np.ndarray]:
    pair = probe.call(fold_in, events, share, np.random.default_rng(seed))
    probe.require(
        isinstance(pair, list | tuple) and len(pair) == 2,
        "wrong-type",
        f"A pair (shown, held_out) was expected; you return {type(pair).__name__}. Which two arrays are asked for?",
    )
    arrays = []
    for part, name in zip(pair, ("shown", "held_out"), strict=True):
        array = probe.require_shape(part, events.shape, f"{name} has one truth value for each user and item.")
        probe.require(
            array.dtype == bool,
            "wrong-type",
            f"{name} should be boolean; yours is {array.dtype}. Which two answers can a place give?",
        )
        arrays.append(array)
    return arrays[0], arrays[1]


# --- popularity ---


@judge(
    "popularity",
    title="What everybody likes",
    section="How good is a ranking",
    question="How many numbers do you return: one for each user, or one for each item?",
)
def judge_popularity(popularity, probe):
    """Two shapes, one of them square, with an item that nobody has."""
    for users, items in ((9, 6), (8, 8), (400, 3), (1, 5)):
        train = probe.rng.random((users, items)) < probe.rng.uniform(0.2, 0.9, items)
        empty = items - 1 if users == 9 else int(probe.rng.integers(items))  # once the last one
        train[:300, (empty + 1) % items] = True  # more users than a byte can count, if there are so many
        train[int(probe.rng.integers(users)), :] |= probe.rng.random(items) < 0.5
        train[:, empty] = False
        true = np.array([sum(bool(x) for x in column) for column in train.T], float)
        by_user = train.sum(axis=1).astype(float)
        got = probe.array(probe.call(popularity, train)).astype(float)
        probe.require(
            got.ndim != 0,
            "one-number",
            "You return one number. How many items compete for the first place?",
        )
        ranks = got - got.min(initial=np.inf)
        if got.shape == (items,) and np.array_equal(np.sort(ranks), np.arange(items)) and not np.allclose(got, true):
            # Item numbers by popularity, or each item's place; how ties fall is up to the sort.
            steps = [np.diff(true[order]) for order in (ranks.astype(int), np.argsort(ranks))]
            probe.require(
                not any((step >= 0).all() or (step <= 0).all() for step in steps),
                "ranking-not-counts",
                "You return a ranking, with each number once. How many users have item 0?",
            )
        probe.require(
            not (got.ndim == 1 and len(got) < items and np.array_equal(np.sort(got[got > 0]), np.sort(true[true > 0]))),
            "loses-items",
            f"You return {got.size} numbers for {items} items. Which number belongs to an item that nobody has?",
        )
        mistakes = [
            (
                by_user,
                "counts-for-users",
                "You return how active each user is. Over which axis do you sum?",
            ),
            (train.mean(axis=0), "share-not-count", "You return a share. How many users are that?"),
            (
                true / max(true.sum(), 1),
                "share-not-count",
                "You return a share of all events. How many users are that?",
            ),
            (
                train.any(axis=0),
                "any-user",
                "An item with one user and an item with many get the same number from you. How many users have each?",
            ),
            (
                -true,
                "negative",
                "Your most popular item has the smallest number. Which item would be recommended first?",
            ),
            *(
                (
                    few,
                    "overflows",
                    "With 400 users your counts are too small by 256. Which type of number do you count in?",
                )
                for few in (true % 256, (true + 128) % 256 - 128)
            ),
            *(
                (
                    ordered,
                    "ranking-not-counts",
                    "Your numbers are in an order of their own. Which number belongs to item 0?",
                )
                for ordered in (np.sort(true), np.sort(true)[::-1])
            ),
            *(
                (
                    stats.rankdata(sign * true, method),
                    "ranking-not-counts",
                    "You return each item's place in a ranking. How many users have item 0?",
                )
                for sign in (1, -1)
                for method in ("average", "min", "max", "dense")
            ),
        ]
        probe.settle(
            got,
            true,
            mistakes,
            "wrong-counts",
            "How many users have item 0? Count the column by hand: what do you get?",
        )


# --- ease ---


@judge(
    "ease",
    title="A linear autoencoder that may not copy",
    section="The referee: a linear autoencoder in closed form",
    question="Is the solution without the condition, with its diagonal set to zero afterwards, the best with the condition?",
)
def judge_ease(ease, probe):
    """More users than items, fewer, and as many; booleans and floats; weak and strong penalties."""
    rng = probe.rng
    for users, items, strength in ((30, 7, 3.0), (6, 9, 0.8), (8, 8, 10.0), (25, 5, 40.0), (900, 4, 60.0)):
        train = rng.random((users, items)) < rng.uniform(0.25, 0.75, items)
        train[0, : items // 2], train[1, items // 2 :] = True, True
        strength *= float(rng.uniform(0.8, 1.25))
        true, mistakes = _ease_answers(train.astype(float), strength)
        for given in (train.astype(np.float64), train):
            got = probe.require_shape(
                probe.call(ease, given, strength), (items, items), "One weight from each item to each item."
            ).astype(float)
            probe.require(
                not np.isinf(got[~np.eye(items, dtype=bool)]).all(),
                "clears-too-early",
                "All your weights are infinite. When do you clear the diagonal, before or after you divide by it?",
            )
            if given.dtype == bool:
                logical = (train.T @ train).astype(float)
                wrong = _ease_from(np.linalg.inv(logical + strength * np.eye(items)))
                probe.require(
                    not np.allclose(got, wrong, 1e-3, 1e-4) or np.allclose(got, true, 1e-3, 1e-4),
                    "logical-product",
                    "With booleans your XᵀX holds no number above 1. What does @ do with booleans?",
                )
            probe.settle(
                got,
                true,
                mistakes,
                "wrong-weights",
                "Solve it for one item alone: ridge regression of its column on all other columns. Does your column agree?",
                rtol=1e-3,
                atol=1e-4,
            )


def _ease_from(p: np.ndarray) -> np.ndarray:
    weights = -p / np.diag(p)
    np.fill_diagonal(weights, 0)
    return weights


def _ease_answers(x: np.ndarray, strength: float):
    """The weights, each column solved as its own regression, and what the usual mistakes give."""
    users, items = x.shape
    gram, identity = x.T @ x, np.eye(items)
    true = np.zeros((items, items))
    for item in range(items):
        others = np.delete(np.arange(items), item)
        true[others, item] = np.linalg.solve(
            gram[np.ix_(others, others)] + strength * np.eye(items - 1), gram[others, item]
        )
    p = np.linalg.inv(gram + strength * identity)
    ridge = identity - strength * p
    zeroed = ridge - np.diag(np.diag(ridge))
    scaled = p / np.diag(p)
    hollow = 1 - identity
    centred = x - x.mean(axis=0)
    by = "The condition has to hold while the weights are found. What do the other items take over when an item may not predict itself?"
    mistakes = [
        (
            ridge,
            "no-zero-diagonal",
            "Your diagonal is not zero: each item predicts itself. What does such a model recommend?",
        ),
        (
            zeroed,
            "zeroed-afterwards",
            f"Your weights are those without the condition, with the diagonal cleared afterwards. {by}",
        ),
        (
            true + identity,
            "no-zero-diagonal",
            "Your diagonal is 1: each item predicts itself. What does such a model recommend?",
        ),
        (
            -scaled,
            "no-zero-diagonal",
            "Your diagonal is −1, not 0: an item counts against itself. Which line clears it?",
        ),
        (
            scaled * hollow,
            "wrong-sign",
            "Items that go together get negative weights from you. Which sign stands in the formula?",
        ),
        (
            scaled,
            "wrong-sign",
            "Items that go together get negative weights from you. Which sign stands in the formula?",
        ),
        (
            true.T,
            "divides-rows",
            "Your matrix is the transposed one: row i is divided by P_ii. Which diagonal entry belongs to column j?",
        ),
        (
            -p * hollow,
            "not-divided",
            "You have not divided by the diagonal of P. Which entry belongs to column j?",
        ),
        (
            (gram - np.diag(np.diag(gram))),
            "counts-pairs",
            "You return how often two items are seen together. Where is the inverse?",
        ),
        (
            -p / np.sqrt(np.outer(np.diag(p), np.diag(p))) * hollow,
            "divides-by-both",
            "Your matrix is symmetric. By which one entry of P does the formula divide column j?",
        ),
        (
            _ease_from(np.linalg.inv(centred.T @ centred + strength * identity)),
            "centres-the-items",
            "You subtract each column's mean, or fit an intercept. Where is that in the formula?",
        ),
        *(
            (
                sign * of / np.diag(of) * hollow,
                "no-inverse",
                "You divide how often two items are seen together by how often one is. Which matrix is P?",
            )
            for sign in (1, -1)
            for of in (gram, gram + strength * identity)
        ),
    ]
    for factor, name in (
        (0.0, "ignores-the-penalty"),
        (users, "penalty-times-users"),
        (items, "penalty-times-users"),
        (0.5, "penalty-halved"),
        (2, "penalty-doubled"),
        (strength, "penalty-squared"),
        (strength**-0.5, "penalty-root"),
        (1 / strength, "ignores-the-penalty"),
        (1 / users, "penalty-divided"),
    ):
        inner = gram + factor * strength * identity
        if np.linalg.cond(inner) < 1e10:
            mistakes.append(
                (
                    _ease_from(np.linalg.inv(inner)),
                    name,
                    f"Your answer is right for a penalty of {factor * strength:.3g}, and strength was {strength:.3g}. What is added to the diagonal of XᵀX?",
                )
            )
    for few in (gram % 256, (gram + 128) % 256 - 128):
        inner = few + strength * identity
        if np.linalg.cond(inner) < 1e10:
            mistakes.append(
                (
                    _ease_from(np.linalg.inv(inner)),
                    "overflows",
                    f"With {users} users some counts in your XᵀX are too small by 256. Which type of number do you count in?",
                )
            )
    everywhere = gram + strength
    if np.linalg.cond(everywhere) < 1e10:
        mistakes.append(
            (
                _ease_from(np.linalg.inv(everywhere)),
                "penalty-everywhere",
                "You add the strength to every entry of XᵀX. Which entries does λI have?",
            )
        )
    mistakes.append(
        (
            _ease_from(np.linalg.pinv(gram)),
            "ignores-the-penalty",
            "Your weights do not depend on strength. Where does the penalty enter?",
        )
    )
    return true, mistakes


# --- multinomial_nll ---


@judge(
    "multinomial_nll",
    title="Items that compete",
    section="A network that denoises likes",
    uses_keras=True,
    question="Add 100 to all logits of a user. Does the ranking change, and should the loss?",
)
def judge_multinomial_nll(multinomial_nll, probe):
    """Counts of 0 to 3, a user without events, a batch of one, huge logits, and the gradient."""
    rng = probe.rng
    for users, items in ((5, 7), (3, 11), (6, 6), (1, 8)):
        x = rng.choice([0.0, 0.0, 1.0, 1.0, 3.0], (users, items))
        x[-1, 0] = 1.0
        if users > 2:
            x[1] = 0.0
        logits = rng.normal(0, 1.5, (users, items)).astype(np.float32).astype(float) + rng.normal(0, 1, (users, 1))
        logits = logits.astype(np.float32).astype(float)
        result, error = probe.attempt(multinomial_nll, _tensor(x), _tensor(logits))
        probe.require(
            error is None,
            "does-not-run",
            f"With {users} users and {items} items your function raises {'' if error is None else type(error).__name__ + ': ' + _first_line(error)}. Does every step work on tensors (users, items)?",
        )
        got = probe.array(result).astype(float)
        probe.require(
            got.ndim != 0,
            "one-number-for-the-batch",
            "You return one number for the whole batch. Which axis belongs to the users?",
        )
        probe.require(
            got.shape != (users, items),
            "not-summed",
            "You return one number for each item. What does one user cost in all?",
        )
        empty = x.sum(axis=1) == 0
        probe.require(
            not (empty.any() and np.array_equal(~np.isfinite(got), empty)),
            "user-without-events",
            "A user without events gets NaN. What do you divide by?",
        )
        probe.settle(
            got,
            *_multinomial_answers(x, logits),
            "wrong-loss",
            "Two films liked of three, all logits equal: each has probability 1/3. What do the two likes cost together?",
            rtol=1e-3,
            atol=1e-3,
        )
    far = np.array([[500.0, -500.0, 0.0], [-500.0, 0.0, -500.0]])
    liked = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    got = probe.array(probe.call(multinomial_nll, _tensor(liked), _tensor(far))).astype(float)
    probe.require(
        np.isfinite(got).all(),
        "overflows",
        "Logits of ±500 give infinity or NaN. Which number do you take the exponential or the logarithm of, and is there an operation that does both at once?",
    )
    probe.require_close(
        got,
        np.array([1000.0, 0.0]),
        "caps-the-cost",
        "A liked item whose logit is 1000 behind costs 1000 nats. At which step is the rest cut off?",
        rtol=1e-3,
        atol=1e-2,
    )
    x, logits = rng.integers(0, 3, (3, 5)).astype(float), rng.normal(0, 1, (3, 5))
    pi = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    _require_gradient(
        probe,
        lambda scores: multinomial_nll(_tensor(x), scores),
        logits,
        pi * x.sum(axis=1, keepdims=True) - x,
        "Does every step belong to keras.ops, and do you rely on a function that expects x to sum to 1?",
    )
    _require_gradient(
        probe,
        lambda scores: multinomial_nll(_tensor(liked), scores),
        far,
        np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]),
        "That is for logits of ±500. What is the slope of a logarithm at 0, also where its value is not used?",
    )


def _log_softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(axis=axis, keepdims=True))


def _multinomial_answers(x: np.ndarray, logits: np.ndarray):
    terms = x * _log_softmax(logits, 1)
    true = -terms.sum(axis=1)
    counts = np.maximum(x.sum(axis=1), 1e-7)
    bernoulli = (np.logaddexp(0, logits) - x * logits).sum(axis=1)
    over_users = "The probabilities of one user's items should sum to 1. Over which axis do yours?"
    return true, [
        (
            -true,
            "wrong-sign",
            "Your loss falls when the liked items become less probable. Which sign does a negative logarithm have?",
        ),
        (-(x * _log_softmax(logits, 0)).sum(axis=1), "softmax-over-users", over_users),
        (
            -terms.mean(axis=1),
            "mean-over-items",
            "Append an item that nobody likes and that has no chance. Does the cost of the likes change?",
        ),
        (
            -(x * _log_softmax(np.exp(_log_softmax(logits, 1)), 1)).sum(axis=1),
            "softmax-twice",
            "However far one logit is ahead, its item is at most e times as probable as another for you. What do you give to the softmax?",
        ),
        (
            true / counts,
            "mean-over-events",
            "A user with twice the events costs the same in your loss. Do the events add up, or are they averaged?",
        ),
        (
            true / np.sqrt(np.maximum(np.square(x).sum(axis=1), 1e-12)),
            "normalises-the-events",
            "You scale each user's events first. What does the formula multiply the logarithm by?",
        ),
        (
            -(x * logits).sum(axis=1),
            "no-normaliser",
            "All logits plus 100, and your loss falls by 100 for each event. What keeps the probabilities from growing together?",
        ),
        (
            -_log_softmax(logits, 1).sum(axis=1),
            "ignores-the-events",
            "Your loss does not depend on x. Which items have to be probable?",
        ),
        (
            -((x > 0) * _log_softmax(logits, 1)).sum(axis=1),
            "ignores-the-counts",
            "An item played three times costs as much as one played once. What does x hold?",
        ),
        (
            bernoulli,
            "items-do-not-compete",
            "You ask each item alone whether it was played. In the formula, what happens to the others when one becomes more probable?",
        ),
        (
            (x * np.logaddexp(0, -logits)).sum(axis=1),
            "items-do-not-compete",
            "Your probabilities come from a sigmoid. Do they sum to 1?",
        ),
        (
            -(x * np.exp(_log_softmax(logits, 1))).sum(axis=1),
            "no-logarithm",
            "You sum probabilities. What is the logarithm of a product of probabilities?",
        ),
        (true / np.log(2), "bits-not-nats", "Which logarithm gives nats?"),
        (-terms.sum(axis=0), "sums-over-users", "You return one number for each item. Which axis do you sum over?"),
    ]


# --- masked_mse ---


@judge(
    "masked_mse",
    title="The ratings that exist",
    section="Stars instead of likes",
    uses_keras=True,
    question="A table of a million places holds a thousand ratings. By which number do you divide?",
)
def judge_masked_mse(masked_mse, probe):
    """Few and many ratings, some of 0 or less, a user with none, and numbers that mean nothing where nothing was observed."""
    rng = probe.rng
    for users, items, density in ((5, 7, 0.4), (6, 6, 0.3), (3, 10, 0.9), (1, 6, 0.5)):
        observed = (rng.random((users, items)) < density).astype(float)
        observed[0, :2] = 1, 0
        if users > 2:
            observed[1] = 0
            observed[2, 1:3] = 1
        if users == 5:
            observed[3:], observed[4, 1:] = 1, 0  # every item has a rating: NaN can only come from the user without
        ratings = rng.integers(1, 11, (users, items)) / 2
        ratings = np.where((observed == 0) & (rng.random((users, items)) < 0.6), 0, ratings)
        predicted = rng.normal(3, 1.5, (users, items)).astype(np.float32).astype(float)
        places = rng.permutation(np.flatnonzero(observed))
        if len(places) > 8:  # ratings may be what a baseline leaves over: 0 or less; and two are predicted exactly
            ratings.flat[places[:3]], ratings.flat[places[3]] = 0, -1.5
            predicted.flat[places[4:6]] = ratings.flat[places[4:6]]
        result, error = probe.attempt(masked_mse, _tensor(ratings), _tensor(predicted), _tensor(observed))
        probe.require(
            error is None,
            "does-not-run",
            f"With {users} users and {items} items your function raises {'' if error is None else type(error).__name__ + ': ' + _first_line(error)}. Does every step work on float tensors?",
        )
        got = probe.array(result)
        probe.require(
            got.shape != (users,) or (users == 1 and got.ndim == 0),
            "one-number-a-user",
            "You return one number for each user. Is the mean over all observed entries together?",
        )
        got = probe.number(got, question="One number for the whole table. Which axes remain?")
        squares = np.square(ratings - predicted)
        n = observed.sum()
        true = (observed * squares).sum() / n
        probe.require(
            np.isfinite(got),
            "user-without-ratings",
            "A user has no rating at all, and your loss is NaN. Do you divide by that user's number of ratings?",
        )
        mistakes = [
            (
                (observed * squares).mean(),
                "divides-by-all-places",
                "You divide by all places of the table, most of which are empty. How many errors did you add up?",
            ),
            (squares.mean(), "unmasked", "Places without a rating count in your loss. Which errors are errors?"),
            (squares.sum() / n, "unmasked", "Places without a rating count in your sum. Which errors are errors?"),
            (
                np.square(ratings - observed * predicted).sum() / n,
                "masks-the-prediction-only",
                "Where nothing was observed you compare a rating that means nothing with 0. What has to be masked?",
            ),
            (
                np.square(ratings - observed * predicted).mean(),
                "masks-the-prediction-only",
                "Where nothing was observed you compare a rating that means nothing with 0. What has to be masked, and what counted?",
            ),
            (
                np.square(observed * ratings - predicted).sum() / n,
                "unmasked",
                "You ask for a prediction of 0 where nothing was rated. Is an empty place a rating of 0 stars?",
            ),
            (
                np.square(observed * ratings - predicted).mean(),
                "unmasked",
                "You ask for a prediction of 0 where nothing was rated. Is an empty place a rating of 0 stars?",
            ),
            *(
                (
                    each.mean(),
                    "mean-of-means",
                    f"You take the mean of the {who}s' means: the only rating of one {who} weighs as much as all ratings of another. Over what should the mean be?",
                )
                for axis, who in ((1, "user"), (0, "item"))
                for each in _means(observed * squares, observed, axis)
            ),
            (
                (observed * squares).sum() / users,
                "divides-by-users",
                "You divide by the number of users. How many errors did you add up?",
            ),
            ((observed * squares).sum(), "sum-not-mean", "You return the sum of the errors. How many were they?"),
            (np.sqrt(true), "root", "You took the root. Which of the two is the mean squared error?"),
            (
                (observed * np.abs(ratings - predicted)).sum() / n,
                "absolute-not-squared",
                "Your errors are not squared. Which loss was asked for?",
            ),
            (
                ((1 - observed) * squares).sum() / np.maximum((1 - observed).sum(), 1),
                "mask-inverted",
                "You score the places without a rating. What does a 1 in the mask mean?",
            ),
            (
                (observed * squares).sum() / np.count_nonzero(observed * squares),
                "perfect-predictions-not-counted",
                "You leave out the ratings that were predicted exactly. Which entries are observed?",
            ),
            *(
                (
                    (chosen * squares).sum() / np.maximum(counted.sum(), 1),
                    "guesses-the-mask",
                    "You judge by a number in ratings whether it is a rating, and a rating may be 0 or less. What says which entries count?",
                )
                for rated in (ratings > 0, ratings != 0)
                for chosen, counted in (
                    (rated, rated),
                    (observed * rated, observed * rated),
                    (observed, observed * rated),
                    (observed, rated),
                )
            ),
        ]
        # The acceptance is generous to 32 bits; a name is not: one number can come near another by chance.
        mistakes = [mistake for mistake in mistakes if np.isclose(got, mistake[0], rtol=1e-5, atol=0)]
        probe.settle(
            got,
            true,
            mistakes,
            "wrong-loss",
            "Two ratings are observed, with errors of 1 and 2 stars. What is the mean squared error, however large the table?",
            rtol=1e-3,
            atol=1e-4,
        )
    _require_gradient(
        probe,
        lambda p: masked_mse(_tensor(ratings), p, _tensor(observed)),
        predicted,
        2 * observed * (predicted - ratings) / n,
        "Does every step belong to keras.ops, and does the gradient pass?",
    )


def _means(errors: np.ndarray, observed: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean error of each user or item that has ratings; and of all, 0 where there are none."""
    each = errors.sum(axis=axis) / np.maximum(observed.sum(axis=axis), 1)
    return each[observed.sum(axis=axis) > 0], each


# --- paired_difference ---


@judge(
    "paired_difference",
    title="Is it a difference",
    section="One split's noise",
    question="Every user gains exactly .01. How wide should the interval be, if users are very different from each other?",
)
def judge_paired_difference(paired_difference, probe):
    """Few and many users who differ much from each other and little between methods."""
    rng = probe.rng
    for n in (6, 2, 40, 300):
        b = rng.uniform(0.05, 0.9, n) + rng.normal(0, 0.02, n)
        gain = rng.normal(0.03, 0.045, n) + 0.1 * rng.random(n) ** 3
        better = n in (6, 300)  # a first, then b
        a = b + gain if (gain.mean() > 0) == better else b - gain
        d = a - b
        mean, s = d.mean(), d.std(ddof=1)
        t = stats.t.ppf(0.975, n - 1)
        result = probe.call(paired_difference, a, b)
        if isinstance(result, list | tuple):
            result = [probe.number(part, "each part of your answer") for part in result]
        got = probe.require_shape(result, (3,), "Three numbers: (mean, low, high).").astype(float)

        def around(reach, centre=mean):
            return np.array([centre, centre - reach, centre + reach])

        errors = np.array([a.std(ddof=1), b.std(ddof=1)]) / np.sqrt(n)
        unpaired = np.sqrt(np.square(errors).sum())
        welch = unpaired**4 / (errors**4).sum() * (n - 1)
        pooled_t, welch_t = stats.t.ppf(0.975, [2 * n - 2, welch])
        se = s / np.sqrt(n)
        by_n = np.sqrt((n - 1) / n)  # what the deviation loses if it is divided by n
        normal = (
            "normal-not-t",
            f"With {n} users the factor 1.96 is too small, because the spread is itself estimated. Whose quantile was asked for?",
        )
        unit = "Are you asking where the users lie, or where their mean lies?"
        mistakes = [
            *(
                (
                    around(t * se, abs(mean)),
                    "drops-the-sign",
                    "Method a is worse here, and your mean is positive. Which sign should it have?",
                )
                for _ in range(not better)  # where a is better, b − a would have failed before
            ),
            (
                around(t * np.abs(d).std(ddof=1) / np.sqrt(n), np.abs(d).mean()),
                "drops-the-sign",
                "Your mean is that of the sizes of the differences. What happens to users who lose?",
            ),
            (
                -around(t * se)[[0, 2, 1]],
                "wrong-direction",
                "You compute b − a. When a is better, which sign should the mean have?",
            ),
            (around(t * se)[[0, 2, 1]], "ends-swapped", "Your low is above your high. Which comes first?"),
            (around(t * se)[[1, 0, 2]], "order-of-the-three", "Which of the three numbers comes first?"),
            *(
                (
                    around(reach),
                    "not-paired",
                    "Your interval contains how much users differ from each other. Both methods had the same users: what cancels in a − b?",
                )
                for reach in (
                    *(q * unpaired for q in (t, pooled_t, welch_t, 1.96, stats.norm.ppf(0.975))),
                    t * (errors[0] - errors[1]),  # the ends of two intervals, subtracted
                    t * errors.sum(),
                )
            ),
            *(
                (around(q * s * f), "spread-of-users", f"Your interval does not shrink with more users. {unit}")
                for q in (t, 1.96, stats.norm.ppf(0.975), 1.0)
                for f in (1.0, by_n)
            ),
            (
                np.array([mean, *np.percentile(d, [2.5, 97.5])]),
                "spread-of-users",
                f"Your ends are quantiles of the users' differences. {unit}",
            ),
            (
                around(t * se * by_n),
                "divides-by-n",
                "Your standard deviation divides by n. What is it if there are only two users, and what does the task divide by?",
            ),
            *(
                (around(q * se * f), name, asked)
                for q, name, asked in (
                    *((q, *normal) for q in (1.96, stats.norm.ppf(0.975), 2.0)),
                    (
                        stats.t.ppf(0.95, n - 1),
                        "one-sided",
                        "5 % of the probability lies on each side of your interval. How much does a two-sided one of 95 % leave on each side?",
                    ),
                    (
                        stats.t.ppf(0.975, n),
                        "wrong-degrees-of-freedom",
                        "How many degrees of freedom are left after the mean is estimated?",
                    ),
                )
                for f in (1.0, by_n)
            ),
            (
                around(se),
                "one-standard-error",
                "Your interval is one standard error on each side. How many does 95 % need?",
            ),
            (around(t * s / n), "divides-by-n", "By which power of n does the uncertainty of a mean shrink?"),
            (around(t * s**2 / np.sqrt(n)), "variance-for-deviation", "Is that the variance or its root?"),
            (around(t * se, np.median(d)), "median", "You centre on the median. What was asked for?"),
            (
                np.array([mean, t * se, t * se]),
                "half-width",
                "You return how far the interval reaches. Where does it start, and where does it end?",
            ),
            (
                np.array([mean, -t * se, t * se]),
                "half-width",
                "Your interval is centred on 0. Where should its middle be?",
            ),
        ]
        probe.settle(
            got,
            around(t * se),
            mistakes,
            "wrong-interval",
            "For a = [.5, .7, .9] and b = [.4, .5, .6], what are the three differences, and what is their standard deviation?",
            rtol=1e-5,
            atol=1e-6,  # of an answer in 32 bits
        )
    b = rng.integers(4, 40, 12) / 64
    got = [probe.number(part) for part in probe.call(paired_difference, b + 0.25, b)]
    probe.require(
        np.allclose(got, 0.25),
        "no-width",
        f"Twelve users all gain exactly .25, and your answer is {[round(part, 4) for part in got]}. How wide is the interval if nothing varies, and what does your formula make of a spread of 0?",
    )
