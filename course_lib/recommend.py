"""Recommending items to people the model has never seen: the protocol, the closed forms and the scores.

A user is a row of a matrix (users, items). Under **strong generalisation** (Liang and others 2018) some users are kept out
of training altogether. Of each of them the model is **shown** a part of the history (the *fold-in*) and scored on how
high it ranks the rest, the **held-out** part. What was shown is never recommended back.

NumPy and SciPy only, so that a referee never depends on the backend it judges.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy import stats

from course_lib import _memory
from course_lib.datasets import MovieRatings

T = TypeVar("T")

FEWEST = 10  # users and films: with fewer there are no five folds to test on, and nothing to rank
BLOCK = 4096  # users that are computed at a time where the whole would take too much memory

# ---------------------------------------------------------------------------------------------------------------------
# The data as vectors
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class LikeMatrix:
    """Who liked what, without the users and films that have too few likes to be scored.

    Attributes:
        liked: bool, shape (users, films).
        stars: float32, shape (users, films): the rating, or the number of plays; NaN where there is none.
        titles: one text a film.
        users: numbers of the users in the ratings, shape (users,).
        films: numbers of the films in the ratings, shape (films,).
        liked_from: the least stars that count as a like.
        unit: of ``stars``.
        counts: whether ``stars`` counts plays, and is no rating.
    """

    liked: np.ndarray
    stars: np.ndarray
    titles: tuple[str, ...]
    users: np.ndarray
    films: np.ndarray
    liked_from: float = 4.0
    unit: str = "stars"
    counts: bool = False

    def __repr__(self) -> str:
        users, films = self.liked.shape
        called = "films" if self.unit == "stars" else "items"
        return (
            f"LikeMatrix({users} users, {films} {called}, {int(self.liked.sum()):,} likes; "
            f"takes {_memory.amount(dense_bytes(users, films))}, and EASE on it needs {_memory.amount(ease_bytes(users, films))})"
        )

    def find(self, text: str, *, otherwise: int | None = None) -> int:
        """Column of the film with the most likes among those with ``text`` in their title, upper and lower case alike.

        Args:
            text: a part of the title.
            otherwise: where no title has it, take the film at this place among the most liked, from 0.

        Raises:
            ValueError: if there is none, and ``otherwise`` is not given.
        """
        by_likes = np.argsort(-self.liked.sum(axis=0), kind="stable")
        hits = [int(column) for column in by_likes if text.lower() in self.titles[column].lower()]
        if not hits and otherwise is None:
            raise ValueError(f"text must be a part of a title, but {text!r} is in none of {len(self.titles)}")
        return hits[0] if hits else int(by_likes[min(otherwise, len(by_likes) - 1)])


def like_matrix(
    ratings: MovieRatings, *, stars: float | None = None, at_least: int = 5, most_liked: int | None = None
) -> LikeMatrix:
    """Binary vectors: 1 for a film that the user gave ``stars`` or more, else 0.

    Args:
        ratings: the long table.
        stars: what counts as a like; by default what the table says (``liked_from``: 4 stars for MovieLens, one play).
        at_least: films need this many likes by anyone; then users this many likes of such films. A film that two people
            liked can neither be learned nor scored.
        most_liked: keep only this many of these films, those with the most likes. What lesson 10 computes grows with
            users x films and films x films.

    Raises:
        ValueError: if fewer than ten users or ten films are left, or nobody has said what counts as a like.
        MemoryError: before anything is computed, if the two tables would not fit into this machine's memory.
    """
    stars = ratings.liked_from if stars is None else stars
    if not len(ratings.stars):
        raise ValueError(f"ratings: {ratings.name} holds none")
    if stars is None:
        middle = np.median(ratings.stars)
        raise ValueError(
            f"stars: what counts as a like is not known. The {ratings.unit} of {ratings.name} go from {ratings.stars.min():g} "
            f"to {ratings.stars.max():g}, half of them are {middle:g} or more: say from which on they mean a like, such as "
            f"stars={middle:g} here, or liked_from={middle:g} where the table is made"
        )
    stars = float(stars)  # a NumPy number would be compared in float64, where 3.6 is more than the 3.6 of the table
    if most_liked is not None and most_liked < 1:
        raise ValueError(f"most_liked must be at least 1, or None for all films, but it is {most_liked!r}")
    users, films = _kept(ratings, ratings.stars >= stars, at_least, most_liked)
    if min(len(users), len(films)) < FEWEST:
        raise ValueError(_too_few(ratings, stars, at_least, len(users), len(films)))
    fit = max(1, (_memory.machine() or 0) // 2 // dense_bytes(len(users), 1))
    _memory.require(
        dense_bytes(len(users), len(films)),
        f"like_matrix with {len(users):,} users and {len(films):,} films",
        f"Raise at_least= (now {at_least}), or keep fewer films: most_liked={fit} takes half of it.",
    )
    row, column = np.full(ratings.n_users, -1), np.full(len(ratings.titles), -1)
    row[users], column[films] = np.arange(len(users)), np.arange(len(films))
    row, column = row[ratings.users], column[ratings.films]
    kept = (row >= 0) & (column >= 0)
    table = np.full((len(users), len(films)), np.nan, np.float32)
    table[row[kept], column[kept]] = ratings.stars[kept]
    return LikeMatrix(
        table >= stars,  # NaN is never a like
        table,
        tuple(ratings.titles[film] for film in films),
        users,
        films,
        stars,
        ratings.unit,
        ratings.counts,
    )


def _kept(ratings: MovieRatings, likes: np.ndarray, at_least: int, most_liked: int | None = None) -> tuple:
    """Numbers of the users and of the films that have likes enough; likes: bool, one a rating."""
    by_film = np.bincount(ratings.films[likes], minlength=len(ratings.titles))
    films = np.flatnonzero(by_film >= at_least)
    if most_liked is not None:
        films = np.sort(films[np.argsort(-by_film[films], kind="stable")[:most_liked]])
    of_these = likes & np.isin(ratings.films, films)
    by_user = np.bincount(ratings.users[of_these], minlength=ratings.n_users)
    return np.flatnonzero(by_user >= at_least), films


def _too_few(ratings: MovieRatings, stars: float, at_least: int, users: int, films: int) -> str:
    """What to say where hardly a user or film has likes enough, with the largest number of likes that leaves some."""
    likes = ratings.stars >= stars
    left = f"no more than {users} users and {films} films" if users and films else "no user and film"
    problem = f"at_least: {left} have {at_least} likes of {stars:g} {ratings.unit} or more"
    low, high = 1, max(at_least, 2)
    while high - low > 1:  # fewer likes asked for, more that is left
        middle = (low + high) // 2
        enough = min(map(len, _kept(ratings, likes, middle))) >= FEWEST
        low, high = (middle, high) if enough else (low, middle)
    users, films = map(len, _kept(ratings, likes, low))
    if low < 2 or min(users, films) < FEWEST:
        return f"{problem}, and no other number leaves {FEWEST} users of {FEWEST} films: this table is too small to learn from"
    return f"{problem}. With at_least={low} there are {users:,} users and {films:,} films"


def dense_bytes(users: int, films: int) -> int:
    """Bytes of a ``LikeMatrix``: a bool and a float32 for each user and film."""
    return 5 * users * films


def ease_bytes(users: int, items: int) -> int:
    """Bytes that ``ease`` takes at its peak, besides its input: the histories and items x items numbers in float64."""
    if users < items:  # the histories, the solution of the same size, users x users; the inverse and its float32 copy
        return 8 * (2 * users * items + 3 * users * users) + 12 * items * items
    return 8 * min(users, BLOCK) * items + 32 * items * items  # the Gram matrix, its inverse, and a copy of each


# ---------------------------------------------------------------------------------------------------------------------
# Who is trained on, what is shown
# ---------------------------------------------------------------------------------------------------------------------


def split_users(n_users: int, fractions: Sequence[float], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Users for training, validation and test: whole users, never parts of one.

    Args:
        n_users: how many users there are.
        fractions: three shares that sum to 1; the first two numbers of users are rounded, the last gets the rest.
        rng: draws who goes where.

    Returns:
        Three arrays of user numbers, disjoint, together all users, each sorted.

    Raises:
        ValueError: if the fractions are not three non-negative shares with sum 1.
    """
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be three shares that sum to 1, but they are {fractions!r}")
    edges = np.rint(np.cumsum(fractions[:2]) * n_users).astype(int)
    return tuple(np.sort(part) for part in np.split(rng.permutation(n_users), edges))


def user_folds(n_users: int, folds: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each user, shape (n_users,), from 0 to ``folds`` - 1, sizes equal up to one.

    Raises:
        ValueError: unless 2 <= folds <= n_users.
    """
    if not 2 <= folds <= n_users:
        raise ValueError(f"folds must lie between 2 and the number of users, {n_users}, but it is {folds}")
    return rng.permutation(np.arange(n_users) % folds)


def fold_in(events: np.ndarray, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Divide each user's history at random into what the model is shown and what it is scored on.

    Args:
        events: bool, shape (users, items), at least two in each row.
        share: of each history that is shown, rounded down; at least one event stays on either side.
        rng: draws which.

    Returns:
        shown and held_out, bool, shape (users, items): disjoint, together the events.

    Raises:
        ValueError: if ``events`` is no boolean matrix with two events a row, or ``share`` is not between 0 and 1.
    """
    events = _boolean("events", events)
    if not 0 < share < 1:
        raise ValueError(f"share must lie strictly between 0 and 1, but it is {share!r}")
    counts = events.sum(axis=1)
    if len(counts) and counts.min() < 2:
        raise ValueError(f"events must hold at least two events a user, but user {counts.argmin()} has {counts.min()}")
    n_shown = np.clip((share * counts).astype(int), 1, counts - 1)
    shown = np.empty(events.shape, bool)
    for start in range(0, len(events), BLOCK):  # a block of users at a time: keys and ranks take 24 bytes a place
        block = slice(start, start + BLOCK)
        keys = np.where(events[block], rng.random(events[block].shape), np.inf)
        order = keys.argsort(axis=1).argsort(axis=1)  # the rank of each event in its row
        shown[block] = order < n_shown[block, None]
    return shown, events & ~shown


# ---------------------------------------------------------------------------------------------------------------------
# Scores: what is recommended, and how good it is
# ---------------------------------------------------------------------------------------------------------------------


def never_seen(scores: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """The scores with minus infinity wherever the user has seen the item: it can then not be recommended back.

    Raises:
        ValueError: if the shapes differ.
    """
    shown = _boolean("shown", shown)
    scores = np.asarray(scores)
    if scores.shape != shown.shape:
        raise ValueError(f"scores must have the shape of shown, {shown.shape}, but they have {scores.shape}")
    return np.where(shown, -np.inf, scores)


def recommend(scores: np.ndarray, shown: np.ndarray, k: int) -> np.ndarray:
    """The k best items of each user among those not shown, best first, ties to the smaller number: (users, k).

    Raises:
        ValueError: if a user has fewer than ``k`` items left.
    """
    masked = never_seen(scores, shown)
    left = int((~np.asarray(shown)).sum(axis=1).min())
    if not 1 <= k <= left:
        raise ValueError(f"k must lie between 1 and the {left} items that every user has left, but it is {k}")
    return np.argsort(-masked, axis=1, kind="stable")[:, :k]


def ndcg_at_k(scores: np.ndarray, held_out: np.ndarray, k: int) -> np.ndarray:
    """Normalised discounted cumulative gain of the first k places, for each user.

    A hit at place r (from 1) counts 1 / log2(r + 1); the sum is divided by that of the best possible ranking, which
    has hits at the first min(k, held-out) places.

    Args:
        scores: shape (users, items), minus infinity for what was shown.
        held_out: bool, same shape, at least one in each row.
        k: places that count.

    Returns:
        Shape (users,), from 0 to 1.

    Raises:
        ValueError: if the shapes differ, a user has nothing held out, or ``k`` is out of range.

    Source: Järvelin and Kekäläinen 2002; with binary relevance as in Liang and others 2018.
    """
    hits = _hits(scores, held_out, k)
    discounts = 1.0 / np.log2(np.arange(hits.shape[1]) + 2.0)
    best = np.cumsum(discounts)[np.minimum(hits.shape[1], np.sum(held_out, axis=1)) - 1]
    return hits @ discounts / best


def recall_at_k(scores: np.ndarray, held_out: np.ndarray, k: int) -> np.ndarray:
    """Hits among the first k places over min(k, held-out), for each user: arguments and errors as for ``ndcg_at_k``."""
    hits = _hits(scores, held_out, k)
    return hits.sum(axis=1) / np.minimum(hits.shape[1], np.sum(held_out, axis=1))


def _hits(scores: np.ndarray, held_out: np.ndarray, k: int) -> np.ndarray:
    scores, held_out = np.asarray(scores), _boolean("held_out", held_out)
    if scores.shape != held_out.shape:
        raise ValueError(f"scores must have the shape of held_out, {held_out.shape}, but they have {scores.shape}")
    if not 1 <= k <= scores.shape[1]:
        raise ValueError(f"k must lie between 1 and the number of items, {scores.shape[1]}, but it is {k}")
    if not held_out.any(axis=1).all():
        raise ValueError("held_out must hold at least one item of each user")
    top = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(held_out, top, axis=1)


@dataclass(frozen=True)
class Difference:
    """A mean difference and its confidence interval.

    Attributes:
        mean: of a - b over users.
        low: lower end of the interval.
        high: upper end.
        standard_error: of the mean.
    """

    mean: float
    low: float
    high: float
    standard_error: float

    def __str__(self) -> str:
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


def paired_difference(a: np.ndarray, b: np.ndarray, *, confidence: float = 0.95) -> Difference:
    """How much better a is than b, user by user: the mean of a - b with a t interval.

    Args:
        a: one score a user, shape (users,).
        b: the same users' scores under the other method.
        confidence: of the interval.

    Raises:
        ValueError: if the shapes differ, there are fewer than two users, or ``confidence`` is not between 0 and 1.

    Source: Student 1908; computed by scipy.stats.ttest_rel.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"a and b must have one shape (users,), at least two users, but have {a.shape} and {b.shape}")
    with warnings.catch_warnings():  # where all users differ by the same number, the interval is that number
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = stats.ttest_rel(a, b).confidence_interval(confidence)
    difference = a - b
    return Difference(float(difference.mean()), float(interval.low), float(interval.high), float(stats.sem(difference)))


# ---------------------------------------------------------------------------------------------------------------------
# Trivial baselines and closed forms
# ---------------------------------------------------------------------------------------------------------------------


def popularity(train: np.ndarray) -> np.ndarray:
    """How many training users have each item: (users, items) -> (items,), float64."""
    return _history("train", train).sum(axis=0, dtype=np.float64)


def item_neighbours(train: np.ndarray, shrink: float = 0.0, k: int | None = None) -> np.ndarray:
    """Similarities of items by the users they share: cosine of the columns, zero diagonal.

    Args:
        train: histories, shape (users, items).
        shrink: added to the denominator, so that pairs seen together once do not count as twins.
        k: neighbours that each item keeps: in each column the k largest similarities (ties to the smaller number), the
            others become 0. Without it all are kept.

    Returns:
        Shape (items, items), float32; ``scores = history @ similarities``.

    Raises:
        ValueError: if ``train`` is no matrix of numbers or ``k`` is not positive.

    Source: Sarwar and others 2001; the k nearest for lists of items: Deshpande and Karypis 2004; shrinkage after Bell
    and Koren 2007.
    """
    if k is not None and k < 1:
        raise ValueError(f"k must be at least 1, or None for all neighbours, but it is {k!r}")
    train = _history("train", train)
    together = train.T @ train
    lengths = np.sqrt(np.diag(together))
    similarity = together / np.maximum(np.outer(lengths, lengths) + shrink, 1e-12)
    np.fill_diagonal(similarity, 0.0)
    if k is not None and k < len(similarity):
        farther = np.argsort(-similarity, axis=0, kind="stable")[k:]
        np.put_along_axis(similarity, farther, 0.0, axis=0)
    return similarity


def ease(train: np.ndarray, strength: float, *, zero_diagonal: bool = True) -> np.ndarray:
    """The linear autoencoder in closed form: weights B that minimise |X - XB|² + strength · |B|².

    With ``zero_diagonal`` no item may predict itself (EASE); without, it is plain ridge regression, which for
    a strength near 0 copies every history: the identity, or, with fewer independent users than items, the projection on
    the users' histories. Both need P = (XᵀX + strength · I)⁻¹, an items x items inverse. By Woodbury's identity
    P = (I - Xᵀ (XXᵀ + strength · I)⁻¹ X) / strength, where only a users x users system is solved; the smaller of the two
    is taken.

    Args:
        train: histories, shape (users, items).
        strength: of the penalty, positive, in squared units of the data.
        zero_diagonal: force the diagonal of B to 0.

    Returns:
        Shape (items, items), float32; ``scores = history @ B``.

    Raises:
        ValueError: if ``train`` is no matrix of numbers or ``strength`` is not positive.
        MemoryError: before it starts, if that takes more memory than this machine has (``ease_bytes``).

    Source: Steck 2019, equation 8: B = I - P / diag(P), column by column; without the constraint B = I - strength · P.
    """
    train = _history("train", train)
    if not strength > 0:
        raise ValueError(f"strength must be positive, but it is {strength!r}")
    users, items = train.shape
    _memory.require(
        ease_bytes(users, items),
        f"EASE of {items:,} items",
        "It grows with items x items: keep fewer, by like_matrix(…, at_least=…) or most_liked=….",
    )
    # Every step works in place: a matrix of 27,000 items is 6 GB.
    if users < items:
        train = train.astype(np.float64)
        inner = train @ train.T + strength * np.eye(users)
        inverse = train.T @ np.linalg.solve(inner, train)
        np.negative(inverse, out=inverse)
        np.einsum("ii->i", inverse)[:] += 1.0
        inverse /= strength
    else:
        together = np.zeros((items, items))
        for start in range(0, users, BLOCK):
            block = train[start : start + BLOCK].astype(np.float64)
            together += block.T @ block
        np.einsum("ii->i", together)[:] += strength
        inverse = np.linalg.inv(together)
        del together
    if zero_diagonal:
        inverse /= -np.diag(inverse)
        np.fill_diagonal(inverse, 0.0)
    else:
        inverse *= -strength
        np.einsum("ii->i", inverse)[:] += 1.0
    return inverse.astype(np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class Factors:
    """What ``als`` has learned: ``k`` numbers an item. Those of a user are computed when asked for.

    Attributes:
        items: shape (items, k), float64, without a unit.
        alpha: a like counts ``1 + alpha`` times as much as an empty place.
        strength: of the penalty on the numbers of items and users.
    """

    items: np.ndarray
    alpha: float
    strength: float

    def users(self, history: np.ndarray) -> np.ndarray:
        """The best numbers of each user, trained on or new, while those of the items stay: (users, items) -> (users, k).

        Raises:
            ValueError: if ``history`` is no matrix of non-negative numbers with a column for each item.
        """
        history = _counts("history", history)
        if history.shape[1] != len(self.items):
            raise ValueError(
                f"history must have a column for each of {len(self.items)} items, but it is {history.shape}"
            )
        return _best_factors(history, self.items, self.alpha, self.strength)

    def scores(self, history: np.ndarray) -> np.ndarray:
        """Scores (users, items), float32: the products of the users' numbers with the items'. Errors as for ``users``."""
        return (self.users(history) @ self.items.T).astype(np.float32)

    def __repr__(self) -> str:
        return f"Factors({self.items.shape[1]} numbers for each of {len(self.items):,} items, alpha {self.alpha:g}, strength {self.strength:g})"


def als(
    train: np.ndarray, k: int, alpha: float, strength: float, rng: np.random.Generator, *, sweeps: int = 5
) -> Factors:
    """Factors of implicit feedback by alternating least squares.

    They make the sum over all places of ``(1 + alpha * x) * (liked - user · item)²``, plus ``strength`` times the sum of
    all squared numbers, small. Here ``x`` is the entry of ``train``, ``liked`` is 1 where it is positive, else 0. While the
    items' numbers stay, each user's are a ridge regression; then the other way round. No step can raise the sum, which may
    have several minima: others follow from another ``rng``.

    Args:
        train: histories, shape (users, items): likes, or numbers of plays; 0 where there is none.
        k: numbers a user and an item.
        alpha: 0 for empty places that count as much as likes.
        strength: of the penalty, positive.
        rng: draws the items' first numbers, normal with deviation .1.
        sweeps: how often all users and then all items are solved for.

    Raises:
        ValueError: if ``train`` is no matrix of non-negative numbers, ``k`` or ``sweeps`` is below 1, ``alpha`` is negative or
            ``strength`` is not positive.

    Source: Hu, Koren and Volinsky 2008, equations 3 to 5; the cost of a user is of order likes · k² + k³.
    """
    train = _counts("train", train)
    for name, value in (("k", k), ("sweeps", sweeps)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, but it is {value!r}")
    if not alpha >= 0:
        raise ValueError(f"alpha must not be negative, but it is {alpha!r}")
    if not strength > 0:
        raise ValueError(f"strength must be positive, but it is {strength!r}")
    items = rng.normal(0, 0.1, (train.shape[1], k))
    for _ in range(sweeps):
        users = _best_factors(train, items, alpha, strength)
        items = _best_factors(train.T, users, alpha, strength)
    return Factors(items, float(alpha), float(strength))


def _best_factors(x: np.ndarray, other: np.ndarray, alpha: float, strength: float) -> np.ndarray:
    """The numbers of each row of x that are best while those of its columns, ``other`` (columns, k), stay: (rows, k)."""
    everywhere = other.T @ other + strength * np.eye(
        other.shape[1]
    )  # what all places weigh; likes add to it, row by row
    best = np.zeros((len(x), other.shape[1]))
    for row, values in enumerate(x):
        liked = np.flatnonzero(values)
        weight = alpha * values[liked].astype(np.float64)
        left = everywhere + (weight[:, None] * other[liked]).T @ other[liked]
        best[row] = np.linalg.solve(left, (1 + weight) @ other[liked])
    return best


def choose(
    train: np.ndarray,
    shown: np.ndarray,
    held_out: np.ndarray,
    options: Sequence[T],
    fit: Callable[[np.ndarray, T], np.ndarray],
    score: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> T:
    """The option under which a linear recommender ranks best for validation users, none of whom is in ``train``.

    Args:
        train: histories of training users, shape (users, items).
        shown: what the validation users are known to like, bool, shape (others, items).
        held_out: what they are scored on, same shape.
        options: to choose from; of equal ones the first.
        fit: (train, option) -> weights (items, items).
        score: (masked scores, held_out) -> one number a user; NDCG@100 by default.
    """
    score = score or (lambda scores, held: ndcg_at_k(scores, held, min(100, held.shape[1])))
    found = []
    for option in options:
        scores = shown.astype(np.float32) @ fit(train, option)
        found.append(score(never_seen(scores, shown), held_out).mean())
    return options[int(np.argmax(found))]


def standardise(scores: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Each user's scores with mean 0 and standard deviation 1 over the items that were not shown.

    Two methods count in different units. Standardised, they can be averaged. What was shown gets 0.

    Raises:
        ValueError: if the shapes differ.
    """
    unseen = ~np.isneginf(never_seen(scores, shown))
    counts = np.maximum(unseen.sum(axis=1, keepdims=True), 1)
    kept = np.where(unseen, scores, 0.0)
    centred = np.where(unseen, kept - kept.sum(axis=1, keepdims=True) / counts, 0.0)
    spread = np.sqrt(np.square(centred).sum(axis=1, keepdims=True) / counts)
    return centred / np.maximum(spread, 1e-12)


def _boolean(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype != bool:
        raise ValueError(f"{name} must be boolean of shape (users, items), but it is {values.dtype} of {values.shape}")
    return values


def _history(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind not in "buif" or 0 in values.shape:
        raise ValueError(
            f"{name} must hold numbers of shape (users, items), but it is {values.dtype} of {values.shape}"
        )
    return values.astype(np.float32) if values.dtype.kind != "f" else values


def _counts(name: str, values: np.ndarray) -> np.ndarray:
    values = _history(name, values)
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(f"{name} must hold no negative number, and no NaN or infinity")
    return values
