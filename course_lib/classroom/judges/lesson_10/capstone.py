"""The judge of the capstone: recommendations to people of a film club who were not there when it was trained."""

from __future__ import annotations

import numpy as np

from course_lib import datasets, recommend
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(10)
PLACES, FEW, EACH = 20, 5, 4  # of a list; every fourth person is enough to compare lists
WAY = 0.1  # of the way from the neighbours to the taste itself
NEIGHBOURS = [(k, shrink) for k in (20, 40, 80, 160, None) for shrink in (0, 10)]
NEAR, CODE, FAME = "behind-the-bar/near", "behind-the-bar/narrow", "behind-the-bar/famous"


def _try_out() -> np.random.Generator:
    """What draws the club that the task text names."""
    return np.random.default_rng(1)


def _ndcg(lists: np.ndarray, truth: np.ndarray) -> float:
    scores = np.full(truth.shape, -np.inf)
    np.put_along_axis(scores, lists, np.arange(lists.shape[1], 0.0, -1)[None], axis=1)
    return float(recommend.ndcg_at_k(scores, truth, lists.shape[1]).mean())


def _overlap(lists: np.ndarray, others: np.ndarray) -> float:
    """The share of films that two tables of lists have in common, in any order."""
    return float((lists[:, :, None] == others[:, None, :]).any(axis=2).mean())


class _Rungs:
    """What others recommend to the new people; of each kind the one that is best for them."""

    def __init__(self, club):
        self.club, self.train, self.history = club, club.likes.astype(np.float32), club.shown.astype(np.float32)
        self.popular = self.lists(np.tile(recommend.popularity(self.train), (len(self.history), 1)))
        self.neighbours = [recommend.item_neighbours(self.train, s, k) for k, s in NEIGHBOURS]
        ease = [recommend.ease(self.train, strength) for strength in (100.0, 200.0, 400.0)]
        self.popularity, self.taste = _ndcg(self.popular, club.hidden), _ndcg(self.lists(club.taste), club.hidden)
        self.referee, self.ease = (max(map(self.of, weights)) for weights in (self.neighbours, ease))

    def of(self, weights: np.ndarray) -> float:
        """The NDCG of histories times weights (films, films)."""
        return _ndcg(self.lists(self.history @ weights), self.club.hidden)

    def lists(self, scores: np.ndarray) -> np.ndarray:
        return recommend.recommend(scores, self.club.shown, PLACES)

    def off_the_beaten_track(self, lists: np.ndarray) -> float:
        """The share of recommendations that are not among the tenth of all films with the most likes."""
        order = np.argsort(-self.train.sum(axis=0), kind="stable")
        return float(1 - np.isin(lists, order[: len(order) // 10]).mean())

    def suspects(self):
        """Pairs of a name and what somebody recommends to every fourth person who made that mistake."""
        train, ease = self.train.astype(np.float64), recommend.ease
        together, own, spread = train.T @ train, np.maximum(train.sum(axis=0), 1), np.maximum(train.std(axis=0), 1e-6)
        axes = np.linalg.eigh(together)[1]
        weights = {
            "only-popularity": [np.tile(own, (len(own), 1))],
            "only-the-neighbours": [np.cov(train.T) / np.outer(spread, spread), *self.neighbours],
            "counts-not-cosines": [together, together / own[:, None], together / (own + 200)],
            "rare-films-first": [together / own, together / np.outer(own, own)],
            "penalty-too-weak": [ease(train, s, zero_diagonal=z) for s in (1e-6, 1, 10) for z in (True, False)],
            "penalty-too-strong": [ease(train, strength) for strength in (2e3, 5e3, 1e5)],
            "only-a-narrow-code": [axes[:, -n:] @ axes[:, -n:].T for n in (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256)],
        }
        for name, matrix in ((name, matrix) for name, matrices in weights.items() for matrix in matrices):
            yield name, recommend.recommend(self.history[::EACH] @ matrix, self.club.shown[::EACH], PLACES)


@judge("recommender", capstone=True)
def judge_recommender(recommender, probe):
    """A new club; what its new people like is known here only. Films not seen, the best first, ahead of tuned neighbours."""
    if probe.rng.bit_generator.state == _try_out().bit_generator.state:
        probe.rng.random()  # the club of the task text is everybody's
    club = datasets.film_club(probe.rng)
    lists_for = probe.call(recommender, club.likes)
    probe.require(kind(lists_for) == "function", "no-function", found=described(lists_for))

    def ask(shown, k=PLACES):
        return _checked(probe, probe.call(lists_for, shown, k), shown, k)

    got = ask(club.shown)
    _steady(probe, lists_for, ask, club, got)
    stranger, popular = _at_the_edges(probe, lists_for, club)

    rungs = _Rungs(club)
    mine, wanted = _ndcg(got, club.hidden), rungs.referee + WAY * (rungs.taste - rungs.referee)
    told = (
        f"NDCG@{PLACES} of {len(got):,} new people: popularity {rungs.popularity:.3f}, item neighbours {rungs.referee:.3f}, EASE {rungs.ease:.3f}, their taste itself {rungs.taste:.3f}, "
        f"yours {mine:.3f}; wanted at least {wanted:.3f}. Of your recommendations {rungs.off_the_beaten_track(got):.0%} are not among the most liked tenth of all films."
    )
    if mine >= wanted:
        probe.require(stranger > popular / 2, "nothing-liked-yet/list", mine=stranger, popular=popular)
        return told
    hits = np.take_along_axis(club.hidden, got, axis=1).mean() / (club.hidden.sum(1) / (~club.shown).sum(1)).mean()
    probe.require(hits > 0.6, "worst-first", told)  # one: as many as by chance
    _same_for_all(probe, rungs, got, told)
    other = _ndcg(ask((tried := datasets.film_club(_try_out())).shown), tried.hidden)
    probe.require(other < mine + 0.1, "trained-on-other-people", told, other=other, mine=mine)
    probe.require(hits > 1.5, "no-better-than-chance", told)
    nearest, name = max((_overlap(got[::EACH], lists), name) for name, lists in rungs.suspects())
    famous = name == "only-popularity"  # nearly, else it would have been found above
    probe.require(famous or nearest < 0.85, name, told, same=nearest)
    probe.require(mine > rungs.popularity, "behind-popularity", told)
    also = {"only-popularity": FAME, "only-a-narrow-code": CODE, "penalty-too-weak": "behind-the-bar"}.get(name, NEAR)
    sure = nearest > (0.5 if famous else 0.72)
    probe.fail(also if sure else "behind-the-bar", told, same=nearest)


def _checked(probe, got, shown: np.ndarray, k: int, otherwise: str = "wrong-shape") -> np.ndarray:
    """Lists of k different films that were not seen, as integers; a wrong shape is told as ``otherwise``."""
    people, films = shown.shape
    array = probe.shape(got, (people, k), {(people, films): "scores-not-films"}, otherwise=otherwise, k=k)
    whole = array.dtype.kind in "iu" or (array.dtype.kind == "f" and np.array_equal(array, np.round(array)))
    probe.require(whole and np.isfinite(array).all(), "scores-not-films")
    low, high = array.min(), array.max()
    probe.require(low >= 0 and high < films, "no-such-film", low=low, high=high, films=films, last=films - 1)
    lists = array.astype(int)
    twice = (np.diff(np.sort(lists, axis=1), axis=1) == 0).any(axis=1).mean()
    probe.require(twice == 0, "same-film-twice", share=twice)
    marks, chance = np.take_along_axis(shown, lists, axis=1), shown.mean()
    seen, blindly = marks.mean(), all(0.5 < m.mean() / max(chance, 1e-9) < 2 for m in (marks, marks[:, :FEW]))
    probe.require(seen == 0, "seen-before/blindly" if blindly and people > 1 else "seen-before", share=seen)
    return lists


def _steady(probe, lists_for, ask, club, got: np.ndarray) -> None:
    """The same person gets the same list: again, alone, among others; and a short list is the beginning of a long one."""
    again = (ask(club.shown) == got).mean()
    probe.require(again > 0.98, "random-at-prediction", share=1 - again)
    begins = (ask(club.shown, FEW) == got[:, :FEW]).mean() > 0.95
    probe.require(begins, "not-best-first", few=FEW, places=PLACES)
    ones = [club.shown[i : i + 1] for i in range(10)]
    alone, error = probe.attempt(probe.call_each, lists_for, [(one, PLACES) for one in ones])
    probe.require(error is None, "batch-of-one", f"One person alone raises {error}.")
    alone = [_checked(probe, a, one, PLACES, "batch-of-one") for a, one in zip(alone, ones, strict=True)]
    same = float((np.concatenate(alone) == got[: len(alone)]).mean())
    probe.require(same > 0.9, "others-decide", share=1 - same)


def _at_the_edges(probe, lists_for, club) -> tuple[float, float]:
    """Somebody who has liked nothing yet, somebody with twenty films left, and a list of all that is left.

    Returns what the first list is worth to the new people, and what popularity is.
    """
    films = club.likes.shape[1]
    nothing, nearly_all = np.zeros((1, films), bool), np.ones((1, films), bool)
    nearly_all[0, probe.rng.permutation(films)[:PLACES]] = False
    asked = (nearly_all, PLACES), (club.shown[:1], films - int(club.shown[0].sum())), (nothing, PLACES)
    for (shown, k), name in zip(asked, ("few-films-left", "few-films-left/all", "nothing-liked-yet"), strict=True):
        got, error = probe.attempt(lists_for, shown, k)
        probe.require(error is None, name, f"Your function raises {error}." if error is not None else "")
        lists = _checked(probe, got, shown, k, name)
    likes, popular = club.shown | club.hidden, np.argsort(-club.likes.sum(axis=0), kind="stable")[None, :PLACES]
    return tuple(_ndcg(np.repeat(one, len(likes), axis=0), likes) for one in (lists, popular))


def _same_for_all(probe, rungs: _Rungs, got: np.ndarray, told: str) -> None:
    """Of two people's lists, without what either has seen: do they begin alike?"""
    seen, alike = rungs.club.shown, []
    for i in range(0, 200, 2):
        one, other = ([f for f in got[j] if not seen[i : i + 2, f].any()][:3] for j in (i, i + 1))
        alike.append(one == other)
    popular = _overlap(got, rungs.popular)
    probe.require(np.mean(alike) < 0.8, "only-popularity" if popular > 0.5 else "same-list-for-all", told)
