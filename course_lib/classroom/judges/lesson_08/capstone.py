"""The judge of the capstone: the item on a bad photograph, found among pictures that are stored in 16 bytes each."""

from __future__ import annotations

import numpy as np

from course_lib import augment, datasets, referees
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(8)
ITEMS, UNSEEN, BYTES = 4000, 2000, 16
LEAD = 0.06  # of the photographs, ahead of PCA's 128 bytes
STILL = {"move": 0, "dim": 0, "uneven": 0, "beside": 0, "noise": 0}
SPOILT = {  # one thing at a time, and what is said of an answer that it costs most
    "moved": ({"move": 3}, "lost-when-moved"),
    "badly lit": ({"dim": 0.5, "uneven": 0.3}, "lost-in-bad-light"),
    "noisy": ({"noise": 0.1}, "lost-in-noise"),
    "with a neighbour": ({"beside": 8}, "lost-beside-a-neighbour"),
}


def _items(clothes: np.ndarray, digits: np.ndarray, count: int, rng) -> np.ndarray:
    """Clothes and digits by halves, each bent a little, half of them mirrored: (count, 28, 28) in [0, 1]."""
    drawn = [part[rng.choice(len(part), count // 2, replace=False)] for part in (clothes, digits)]
    pictures = np.concatenate(drawn)[..., None] / np.float32(255)
    bent = augment.warp(pictures, augment.random_displacement(rng, count, 28, 28, 1.2))[..., 0]
    mirrored = rng.random(count) < 0.5
    bent[mirrored] = bent[mirrored][:, :, ::-1]
    return rng.permutation(bent)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _unit(codes: np.ndarray, mean: np.ndarray) -> np.ndarray:
    codes = codes - mean
    return codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-9)


def _share_first(gallery: np.ndarray, queries: np.ndarray) -> float:
    """Share of the queries whose own row is the nearest."""
    distances = np.square(gallery).sum(axis=1) - 2 * queries @ gallery.T
    return float(np.mean(distances.argmin(axis=1) == np.arange(len(queries))))


def _in_a_byte(codes: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Each number rounded to one of 256 levels between the extremes of its own axis."""
    low, high = seen.min(axis=0), seen.max(axis=0)
    return low + np.round((np.clip(codes, low, high) - low) / (high - low) * 255) / 255 * (high - low)


class _ByPCA:
    """A search by PCA of pictures as ``see`` shows them: fitted on what the answer was given, cosine from the mean of each side."""

    def __init__(self, see, items, photos):
        self.see, self.pca = see, referees.fit_pca(_flat(see(items)), 32)
        self.seen, self.asked = (self.pca.encode(_flat(see(x))) for x in (items, photos))

    def score(self, gallery, queries, k: int, rounded: bool = False) -> float:
        """Share found first with k floats an item, or with k bytes."""
        stored, asked = (self.pca.encode(_flat(self.see(x)))[:, :k] for x in (gallery, queries))
        seen = self.seen[:, :k]
        stored = _in_a_byte(stored, seen) if rounded else stored
        return _share_first(_unit(stored, seen.mean(axis=0)), _unit(asked, self.asked[:, :k].mean(axis=0)))


@judge("small_search", capstone=True)
def judge_small_search(small_search, probe):
    """Unseen items are packed, their order is changed, and photographs are searched for in the bytes."""
    rng, clothes, digits = probe.rng, datasets.fashion_mnist(), datasets.digits()
    items = _items(clothes.train, digits.train, ITEMS, rng)
    photos = augment.snapshots(items, rng)
    unseen = _items(np.concatenate([clothes.validation, clothes.test]), digits.test, UNSEEN, rng)
    queries, order = augment.snapshots(unseen, rng), rng.permutation(UNSEEN)

    both = probe.call(small_search, items, photos)
    pair = isinstance(both, tuple | list) and [kind(f) in ("function", "model", "object") for f in both] == [True] * 2
    probe.require(pair, "no-pair", found=described(both))
    pack, search = both
    packed = probe.shape(probe.call(pack, unseen), (UNSEEN, BYTES), otherwise="not-16-bytes")
    probe.require(packed.dtype == np.uint8, "not-bytes", dtype=packed.dtype)
    few = probe.shape(probe.call(pack, unseen[:5]), (5, BYTES))
    again = probe.shape(probe.call(pack, unseen), packed.shape)  # last, so that an answer's memory holds these
    probe.require(np.mean(again == packed) > 0.9, "random-bytes")
    probe.require(
        np.mean(few == packed[:5]) > 0.5, "scale-of-the-batch"
    )  # last bits of a float may depend on the batch

    def ask(pictures, stored, k=10):
        array = probe.shape(probe.call(search, pictures, stored, k), (len(pictures), k))
        probe.require(array.dtype.kind in "iu", "not-rows", dtype=array.dtype)
        probe.require(array.min() >= 0 and array.max() < len(stored), "no-such-row", last=len(stored) - 1)
        probe.require(all(len(set(row)) == k for row in array.tolist()), "same-row-twice")
        return array.astype(int)

    stored, own = packed[order], np.argsort(order)  # item i now lies in row own[i]
    first = ask(queries, stored)[:, 0]
    mine, unmoved = (float(np.mean(first == where)) for where in (own, np.arange(UNSEEN)))
    probe.require(unmoved < mine + 0.1, "searches-its-memory", unmoved=unmoved, mine=mine)
    some, alone = ask(queries[:200], stored), [ask(queries[i : i + 1], stored)[0] for i in range(3)]
    shared = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(alone, some, strict=False)])
    probe.require(shared > 0.8 and np.mean(some[:, 0] == first[:200]) > 0.95, "batch-of-one/value")
    many = ask(queries[:200], stored, UNSEEN // 2)
    probe.require(np.mean(some[:, :3] == many[:, :3]) > 0.7, "not-sorted", many=UNSEEN // 2)
    ask(queries[:5], stored[:7], 7)  # a small catalogue, all of it
    for count, name in ((1, "looks-bytes-up"), (24, "keeps-the-items")):
        flips = np.argsort(rng.random((UNSEEN, 8 * BYTES)), axis=1) < count
        read = float(np.mean(ask(queries[:1000], stored ^ np.packbits(flips, axis=1), 1)[:, 0] == own[:1000]))
        wanted = read > 0.4 * mine if count == 1 else read < 0.9 * mine
        probe.require(wanted or mine < 0.3, name, mine=mine, read=read)

    plain, middle = (_ByPCA(see, items, photos) for see in (np.asarray, augment.centred))
    lots = rng.standard_normal((784, 8 * BYTES)).astype(np.float32)
    bits = [np.sign((_flat(x) - _flat(y).mean(axis=0)) @ lots) for x, y in ((unseen, items), (queries, photos))]
    rungs = {
        "128 random bits": _share_first(*bits),
        "PCA in 16 bytes": plain.score(unseen, queries, 16, rounded=True),
        "the same of centred pictures": middle.score(unseen, queries, 16, rounded=True),
        "PCA of centred pictures in 128 bytes": middle.score(unseen, queries, 32),
    }
    wanted = rungs["PCA of centred pictures in 128 bytes"] + LEAD
    scores = "; ".join(f"{name} {score:.3f}" for name, score in {**rungs, "wanted": wanted, "yours": mine}.items())
    told = f"Share of {UNSEEN:,} photographs whose item comes first: {scores}."
    if mine >= wanted:
        return told
    _wrong_order(probe, ask, queries, stored, own, float(np.mean(first[:500] == own[:500])), told)
    _wrong_bytes(probe, packed, told)
    known = rng.permutation(ITEMS)[:UNSEEN]
    seen = float(np.mean(ask(photos[known], probe.call(pack, items[known]))[:, 0] == np.arange(UNSEEN)))
    probe.require(seen < mine + 0.25, "learned-by-heart", told, seen=seen, mine=mine)
    _wrong_codes(probe, ask, unseen, stored, own, middle, mine, told)
    probe.fail("behind-the-bar", told)


def _wrong_order(probe, ask, queries, stored, own, mine: float, told: str) -> None:
    """Searches that leave out the first, or have what is wanted at the wrong end."""
    twice = ask(queries[:500], np.concatenate([stored, stored]))[:, 0] % UNSEEN == own[:500]
    doubled = float(np.mean(twice))
    probe.require(doubled < 1.5 * mine + 0.05, "drops-the-nearest", told, doubled=doubled, mine=mine)
    whole = ask(queries[:100], stored, UNSEEN)
    last = np.mean(whole[:, -1] == own[:100])
    probe.require(last < max(0.03, 2 * np.mean(whole[:, 0] == own[:100])), "farthest-first", told)


def _wrong_bytes(probe, packed: np.ndarray, told: str) -> None:
    """How many items have bytes of their own, and how much of each byte is used: the entropy of its values, in bits."""
    different = len(np.unique(packed, axis=0))
    probe.require(different > UNSEEN / 4, "always-the-same-bytes", told, different=different)
    shares = [np.bincount(column, minlength=256) / len(packed) for column in packed.T]
    bits = float(np.mean([-(p[p > 0] * np.log2(p[p > 0])).sum() for p in shares]))
    probe.require(bits > 5.5, "bytes-half-empty", told, bits=bits)


def _wrong_codes(probe, ask, unseen, stored, own, referee: _ByPCA, mine: float, told: str) -> None:
    """Photographs with one fault at a time, beside what PCA of centred pictures in 128 bytes makes of them."""
    itself = float(np.mean(ask(unseen, stored)[:, 0] == own))
    probe.require(itself > 0.1 or mine > 0.05, "photos-in-another-space", told, itself=itself)
    behind = {}
    for fault, (options, name) in SPOILT.items():
        spoilt = augment.snapshots(unseen, probe.rng, **{**STILL, **options})
        share = float(np.mean(ask(spoilt, stored)[:, 0] == own))
        behind[fault] = referee.score(unseen, spoilt, 32) - share, share, name
    best = max(share for _, share, _ in behind.values())
    low, high = (most(lag for lag, *_ in behind.values()) for most in (min, max))
    probe.require(low < 0.2 or high - low > 0.4, "too-little-in-the-bytes", told, best=best)
    worst = max(behind, key=lambda fault: behind[fault][0])
    lag, share, name = behind[worst]
    probe.require(lag < 0.2, name, told, share=share, referee=share + lag)
