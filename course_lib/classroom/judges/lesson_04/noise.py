"""The judges of the noise: added to pictures, and drawn anew for every epoch."""

from __future__ import annotations

import math

import numpy as np

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.judges.randomness import not_gaussian, related, same_numbers
from course_lib.classroom.probe import described, kind

judge = judges_of(4)


@judge("add_noise")
def judge_add_noise(add_noise, probe):
    """Reads the noise off grey pictures, then off many of every brightness; then what clipping does."""
    rng = probe.rng
    sigma = float(rng.uniform(0.08, 0.16))
    x = rng.uniform(0.4, 0.6, (60, 12, int(rng.integers(9, 12))))

    def answer(x, seed, clip=False, sigma=sigma):
        got = probe.call(add_noise, x, sigma, probe.generator(seed), clip)
        return probe.shape(got, x.shape).astype(np.float64)

    result = answer(x, 1)
    noise = probe.finite(result) - x
    probe.require(not np.allclose(noise, 0), "no-noise")
    probe.require(np.array_equal(result, answer(x, 1)), "ignores-the-generator")
    probe.require(not np.allclose(result, answer(x, 2)), "same-noise-every-time/seeds")
    one = probe.generator(1)
    calls = (probe.call(add_noise, x[:1], sigma, one, False) for _ in range(80))
    drawn = [probe.shape(got, x[:1].shape).ravel() for got in calls]
    probe.require(not np.allclose(drawn[0], drawn[1]), "same-noise-every-time")
    probe.require(len(np.unique(np.round(drawn, 9), axis=0)) == len(drawn), "same-noise-every-time/few")
    _not_shared(probe, noise)
    _right_size(probe, noise, sigma)
    probe.require((k := len(np.unique(result))) > 0.1 * result.size, "rounds-its-values", k=k, n=result.size)
    sets = [noise, answer(x, 2) - x]  # two, as one may have such a mean by chance
    exact = [[abs(e.mean()), abs(e.std() / sigma - 1), np.abs(e.mean(axis=(1, 2))).max()] for e in sets]
    probe.require(np.max(exact, axis=0).min() > 1e-8, "noise-made-to-measure")
    fainter = float((answer(x, 4, sigma=sigma / 2) - x).std())
    probe.require(abs(fainter - sigma / 2) < 0.05 * sigma, "sigma-not-used/half", got=fainter, sigma=sigma / 2)
    _clipped(probe, answer)
    _drawn_independently(probe, noise, x)
    for shape in ((40, 784), (12, 10, 10, 1), (300, 28, 28)):
        x = rng.uniform(0, 1, shape)
        noise, error = probe.attempt(answer, x, 5)
        probe.require(
            error is None, "one-kind-of-shape", f"For an array of shape {shape} your function raised {error}."
        )
        noise = noise - x
        _drawn_independently(probe, noise, x)
        told = not_gaussian(noise) if noise.size > 5000 else ""
        probe.require(not told, "not-gaussian", told)
        spread = abs(noise.std() / sigma - 1)
        probe.require(spread < 7 / math.sqrt(2 * noise.size), "wrong-spread", got=noise.std(), sigma=sigma)


def _not_shared(probe, noise: np.ndarray) -> None:
    def shared(numbers: np.ndarray, axis: int) -> bool:
        return numbers.shape[axis] > 1 and np.allclose(numbers, numbers.take([0], axis), atol=1e-6)

    flat = noise.reshape(len(noise), -1)
    probe.require(not shared(flat, 0), "same-noise-for-every-picture")
    probe.require(not shared(flat, 1), "one-number-for-each-picture")
    probe.require(not any(shared(noise, axis) for axis in range(1, noise.ndim)), "noise-shared-inside-a-picture")


def _right_size(probe, noise: np.ndarray, sigma: float) -> None:
    mean, spread = float(noise.mean()), float(noise.std())
    probe.require(abs(mean) < 0.12 * sigma, "noise-with-a-mean", mean=mean, sigma=sigma)
    for mistaken, name in (
        (sigma**2, "variance-for-deviation"),
        (math.sqrt(sigma), "root-of-sigma"),
        (1.0, "sigma-not-used"),
        (sigma / 255, "divided-by-255"),
    ):
        probe.require(abs(spread / mistaken - 1) > 0.06, name, got=spread)
    told = not_gaussian(noise)  # before the size: another distribution may have another
    probe.require(not told, "not-gaussian", told)
    probe.require(abs(spread / sigma - 1) < 0.06, "wrong-spread", got=spread, sigma=sigma)


def _drawn_independently(probe, noise: np.ndarray, x: np.ndarray) -> None:
    """No number of the noise has to do with the pixel it is added to, or with the noise of another pixel."""
    for which, told in ((noise, "Your noise"), (noise**2, "The size of your noise")):
        for pixels in (x, np.abs(x - 0.5)):
            r = np.corrcoef(which.ravel(), pixels.ravel())[0, 1]
            measured = f"{told} is related to how bright the pixel is (correlation {r:.2f})."
            probe.require(abs(r) < 6.5 / math.sqrt(x.size), "noise-depends-on-the-picture", measured)
    for axis, what in zip(range(x.ndim), ("pictures", "rows", "columns", "channels"), strict=False):
        parts = np.moveaxis(noise, axis, 0).reshape(x.shape[axis], -1)
        found = related(parts) if len(parts) > 1 and parts.shape[1] >= 100 else None
        if found:
            probe.fail("correlated-noise", what=what, i=found[0], j=found[1], r=found[2])


def _clipped(probe, answer) -> None:
    """Black and white pictures first; then such as do not fill the range, which hedges take for another."""
    rng, shape = probe.rng, (30, 8, 8)
    ends = rng.integers(0, 2, shape).astype(float)
    grey, black = np.full(shape, 0.5), np.zeros(shape)
    for x in (ends, rng.uniform(0, 0.02, shape), black, grey):
        loose, tight = answer(x, 3), answer(x, 3, clip=True)
        seen = {"low": tight.min(), "high": tight.max()}
        if x is not grey:
            probe.require(loose.min() < 0 and (x is not ends or loose.max() > 1), "clips-always")
        below, above = (tight < -1e-9).any(), (tight > 1 + 1e-9).any()
        probe.require(not (x is ends and below != above), "clips-one-end", **seen)
        probe.require(not (below or above), "never-clips", **seen)
        if np.allclose(tight, np.clip(loose, 0, 1), atol=1e-6):
            continue
        stretched = (loose - loose.min()) / np.ptp(loose)
        probe.require(not np.allclose(tight, stretched, atol=1e-6), "rescales-instead-of-clipping")
        own = x is not ends and tight.min() >= x.min() - 1e-6 and tight.max() <= x.max() + 1e-6
        probe.require(not own, "clips-to-the-pictures-own-range", **seen)
        moved = x is ends and (tight - x)[x == 0].min() >= 0 and np.mean(tight == x) < 0.1
        probe.fail("noise-without-the-edges" if moved else "clips-the-wrong-thing")


@judge("FreshNoise", uses_keras=True, slow=True)
def judge_fresh_noise(FreshNoise, probe):
    """Batches out of order, twice, and in a second copy of the data set; then what noise comes back, and when."""
    rng = probe.rng
    n, size = int(rng.integers(21, 26)), int(rng.integers(4, 7))
    n += n % size == 0  # the last batch is always smaller
    sigma, seed = float(rng.uniform(0.1, 0.3)), int(rng.integers(1, 998))
    x = rng.uniform(0, 1, (n, 6, 7)).astype(np.float32)
    batches = -(-n // size)
    data = probe.call(FreshNoise, x, sigma, size, seed)
    probe.require(kind(data) == "dataset", "no-pydataset", found=described(data))
    own = probe.describe(data)
    for method in ("__len__", "__getitem__"):
        probe.require(method in own.own_methods, "missing-method", method=method)
    _length(probe, data, n, size, "drops-the-last-batch" if n % size else "wrong-length")
    probe.require("_workers" in own.attributes, "no-super-init")
    first = {int(i): _noise(probe, data, int(i), x, size, sigma) for i in rng.permutation(batches)}
    for i in reversed(range(batches)):
        probe.require(np.array_equal(_noise(probe, data, i, x, size, sigma), first[i]), "new-noise-at-each-access", i=i)
    history = _History(probe, FreshNoise, sigma)
    history.epochs(seed, 12)
    history.epochs(seed + 1, 2)
    history.explain()
    twin = probe.call(FreshNoise, x, sigma, size, seed)
    for name in ("not-repeatable", "not-repeatable/later"):
        for i in range(batches):
            again = _noise(probe, twin, i, x, size, sigma)
            probe.require(np.array_equal(again, first[i]), name)
        for each in (data, twin):
            probe.send(each, "on_epoch_end")
        first = {i: _noise(probe, data, i, x, size, sigma) for i in range(batches)}
    _one_number_for_three(probe, FreshNoise)


def _length(probe, data, n: int, size: int, otherwise: str = "wrong-length") -> None:
    length, wanted = probe.send(data, "__len__"), -(-n // size)
    if not isinstance(length, int | np.integer):
        probe.fail("wrong-length", f"A number of batches was expected; your __len__ returns {described(length)}.")
    name = {n // size: otherwise, n // size + 1: "one-batch-too-many"}.get(length, "wrong-length")
    probe.require(
        length == wanted, name, f"{n} samples in batches of {size}: {wanted} batches were expected; yours has {length}."
    )


def _noise(probe, data, index: int, x: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """Read one batch, state that it is (noisy, clean), and return its noise."""
    clean = x[index * size : (index + 1) * size].astype(np.float64)
    got = probe.send(data, "__getitem__", index)
    probe.require(isinstance(got, tuple | list) and len(got) == 2, "not-a-pair", index=index)
    noisy, target = (probe.float64(part, f"data[{index}]") for part in got)
    shapes = {"index": index, "wanted": clean.shape, "noisy": noisy.shape, "target": target.shape}
    probe.require(noisy.shape == target.shape == clean.shape, "wrong-batch", **shapes)
    if not np.allclose(target, clean, atol=1e-6):
        probe.require(not np.allclose(noisy, clean, atol=1e-6), "swapped")
        probe.require(not np.allclose(noisy, target, atol=1e-6), "noisy-target")
        probe.require(np.corrcoef(target.ravel(), clean.ravel())[0, 1] < 0.5, "changes-the-data")
        probe.fail("wrong-batch/order", index=index)
    noise = noisy - clean
    probe.require(not np.allclose(noise, 0, atol=1e-9), "no-noise")
    _not_shared(probe, noise)
    probe.require(noisy.min() < 0 or noisy.max() > 1 or noise.size < 200, "clipped")
    chance, mean, spread = 6.5 / math.sqrt(noise.size), noise.mean(), noise.std()
    right = abs(spread / sigma - 1) < max(chance, 0.15) and abs(mean) < chance * sigma
    probe.require(right, "wrong-noise", index=index, mean=mean, got=spread, sigma=sigma)
    return noise


class _History:
    """The noise of flat pictures that fill their batches, over epochs and seeds."""

    def __init__(self, probe, FreshNoise, sigma: float):
        self.probe, self.FreshNoise, self.sigma = probe, FreshNoise, sigma
        self.size, self.batches = 3, int(probe.rng.integers(4, 6))
        self.x = probe.rng.uniform(0, 1, (self.size * self.batches, 784)).astype(np.float32)
        self.noise: list[np.ndarray] = []  # of whole epochs
        self.whose: list[tuple[int, int]] = []  # seed and epoch of each

    def epochs(self, seed: int, count: int) -> None:
        """Read so many epochs of a new data set."""
        probe, x = self.probe, self.x
        data = probe.call(self.FreshNoise, x, self.sigma, self.size, seed)
        _length(probe, data, len(x), self.size)
        _, error = probe.attempt(probe.send, data, "__getitem__", 0)
        probe.require(error is None, "one-kind-of-shape", f"For samples of shape (784,) your data set raised {error}.")
        for epoch in range(count):
            parts = [_noise(probe, data, i, x, self.size, self.sigma) for i in range(self.batches)]
            self.noise.append(np.concatenate(parts))
            self.whose.append((seed, epoch))
            probe.send(data, "on_epoch_end")

    def explain(self) -> None:
        """State that no noise ever comes back, and that it is Gaussian."""
        probe, pictures = self.probe, np.concatenate(self.noise)
        whole = np.array([noise.ravel() for noise in self.noise])
        places = [(*whose, i // self.size) for whose in self.whose for i in range(len(self.x))]
        alike = [(places[i], places[j]) for i, j in same_numbers(pictures)]
        epochs = [((*self.whose[i], 0), (*self.whose[j], 0)) for i, j in same_numbers(whole)]
        for name, pairs, seed, epoch, batch in (  # how far the two of a pair are apart; None: it does not matter
            ("same-noise-in-every-batch", alike, 0, 0, 1),
            ("same-noise-in-every-batch/pictures", alike, 0, 0, 0),
            ("noise-drawn-once", alike, 0, 1, 0),
            ("noise-drawn-once/order", epochs, 0, 1, None),
            ("noise-repeats", alike, 0, None, 0),
            ("noise-repeats", epochs, 0, None, None),
            ("epochs-and-batches-add-up", alike, 0, None, None),
            ("ignores-the-seed", alike, None, 0, 0),
            ("epochs-and-batches-add-up/seeds", alike, None, None, None),
        ):
            for (s, e, b), (t, f, c) in pairs:
                apart = seed in (None, abs(t - s)) and epoch in (None, f - e) and (batch is None or (c != b) == batch)
                probe.require(not apart, name, epoch=f, earlier=e, batch=c, other=b)
        if found := related(whole):
            (_, earlier), (_, epoch) = self.whose[found[0]], self.whose[found[1]]
            probe.fail("noise-drawn-once/order", epoch=epoch, earlier=earlier)
        told = not_gaussian(whole)
        probe.require(not told, "not-gaussian", told)
        spread = float(whole.std())
        probe.require(abs(spread / self.sigma - 1) < 0.03, "wrong-noise/all", got=spread, sigma=self.sigma)


def _one_number_for_three(probe, FreshNoise) -> None:
    """Batches of one sample: many of them, or a dozen epochs, and seeds whose digits invite confusion.

    An answer may draw a whole epoch in advance, batch by batch: so the many batches get two epochs only.
    """
    rows, whose = [], []
    for seed, epochs, batches in ((1, 2, 1100), (2, 12, 13), (3, 2, 13), (21, 2, 13), (1001, 2, 13)):
        data = probe.call(FreshNoise, np.zeros((batches, 40), np.float32), 1.0, 1, seed)
        for epoch in range(epochs):
            if epoch:
                probe.send(data, "on_epoch_end")
            for i in range(13 if epoch else batches):
                rows.append(probe.float64(probe.send(data, "__getitem__", i)[0], f"data[{i}]").ravel())
                whose.append((seed, epoch, i))
    probe.require({len(row) for row in rows} == {40}, "wrong-batch/one")
    order = np.lexsort(np.array(rows).T[:2])
    rows = np.array(rows)[order]
    equal = np.flatnonzero(np.abs(np.diff(rows, axis=0)).max(axis=1) < 1e-6)
    for at in equal[:1]:
        a, b = sorted((whose[order[at]], whose[order[at + 1]]))
        told = "With batches of one sample: seed {}, epoch {}, batch {} has the noise of seed {}, epoch {}, batch {}."
        probe.fail("two-batches-one-seed", told.format(*a, *b))
