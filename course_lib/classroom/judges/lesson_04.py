"""The judges of lesson 04: noise, linear denoisers, a network, and what a denoiser knows about the data."""

from __future__ import annotations

import itertools
import math

import numpy as np

from course_lib.classroom.legacy import judge


@judge(
    "add_noise",
    title="Gaussian noise",
    section="Noise, and the price of doing nothing",
    question="How many random numbers does a batch of 10 pictures of 784 pixels need?",
)
def judge_add_noise(add_noise, probe):
    """Reads the noise off grey pictures, then what clipping does to pictures at the ends of the range."""
    rng = probe.rng
    sigma = float(rng.uniform(0.08, 0.16))
    shape = (40, 9, int(rng.integers(7, 12)))
    x = rng.uniform(0.4, 0.6, shape)

    def answer(x, seed, clip, sigma=sigma):
        return probe.call(add_noise, x, sigma, np.random.default_rng(seed), clip)

    result = probe.array(answer(x, 1, False))
    probe.require(
        result.shape == shape,
        "wrong-shape",
        f"Shape {shape} was expected; yours is {result.shape}. Does every pixel of every picture come back?",
    )
    noise = result.astype(np.float64) - x
    probe.require(
        np.isfinite(noise).all(), "not-finite", "Your result contains NaN or infinity. Which operation makes it?"
    )
    probe.require(
        not np.allclose(noise, 0),
        "no-noise",
        "Your result equals the input. Which line adds the noise?",
    )
    again = probe.array(answer(x, 1, False))
    probe.require(
        np.array_equal(result, again),
        "ignores-the-generator",
        "Two generators with the same seed gave two different results. Where else do random numbers come from?",
    )
    probe.require(
        not np.allclose(result, probe.array(answer(x, 2, False))),
        "same-noise-every-time",
        "Two generators with different seeds gave the same noise. Which generator do you draw from?",
    )
    one = np.random.default_rng(1)
    first, second = (probe.array(probe.call(add_noise, x, sigma, one, False)) for _ in range(2))
    probe.require(
        not np.allclose(first, second),
        "same-noise-every-time",
        "The same generator, asked twice, gave the same noise twice. Do you seed it again, or copy it?",
    )
    probe.require(
        not np.allclose(noise, noise[:1], atol=1e-7),
        "same-noise-for-every-picture",
        "All pictures of the batch got the same noise. Which shape do the random numbers have?",
    )
    flat = noise.reshape(len(noise), -1)
    probe.require(
        not np.allclose(flat, flat[:, :1], atol=1e-7),
        "one-number-for-each-picture",
        "All pixels of a picture got the same number added. Which shape do the random numbers have?",
    )
    for axis in (1, 2):
        probe.require(
            not np.allclose(noise, noise.take([0], axis), atol=1e-7),
            "noise-shared-inside-a-picture",
            "Whole lines of a picture got the same noise. Which shape do the random numbers have?",
        )
    spread = float(noise.std())
    probe.require(
        abs(noise.mean()) < 0.15 * sigma,
        "noise-with-a-mean",
        f"Your noise has the mean {noise.mean():.3f}; sigma is {sigma:.3f}. Around which value is it drawn?",
    )
    for mistaken, name, asked in (
        (
            sigma**2,
            "variance-for-deviation",
            f"Your noise has a standard deviation of {spread:.4f}, which is the square of sigma. Is sigma the variance?",
        ),
        (
            math.sqrt(sigma),
            "root-of-sigma",
            f"Your noise has a standard deviation of {spread:.3f}, the root of sigma. Does NumPy's scale mean a variance?",
        ),
        (
            1.0,
            "sigma-not-used",
            f"Your noise has a standard deviation of {spread:.3f}, whatever sigma is. Where does sigma come in?",
        ),
        (
            sigma / 255,
            "divided-by-255",
            f"Your noise has a standard deviation of {spread:.5f}. In which range are the pixels?",
        ),
    ):
        probe.require(not abs(spread - mistaken) < 0.06 * mistaken, name, asked)
    standard = noise / spread
    ends = float(np.abs(standard).max())
    kurtosis = float(np.mean(standard**4))
    if ends < 2.2 or abs(kurtosis - 3) > 0.75:
        probe.fail(
            "not-gaussian",
            f"Your largest noise is {ends:.1f} standard deviations, with the fourth moment {kurtosis:.1f} (a Gaussian has 3). "
            "Which distribution do you draw from?",
        )
    probe.require(
        abs(spread - sigma) < 0.06 * sigma,
        "wrong-spread",
        f"Your noise has a standard deviation of {spread:.4f} where sigma is {sigma:.4f}. What changes its size?",
    )
    fainter = float((probe.array(answer(x, 4, False, sigma / 2)) - x).std())
    probe.require(
        abs(fainter - sigma / 2) < 0.05 * sigma,
        "sigma-not-used",
        f"With half the sigma your noise has the standard deviation {fainter:.3f} instead of {sigma / 2:.3f}. "
        "Where does sigma come in?",
    )
    correlation = np.corrcoef(noise.ravel(), x.ravel())[0, 1]
    probe.require(
        abs(correlation) < 0.12,
        "noise-depends-on-the-picture",
        f"Your noise and the picture have a correlation of {correlation:.2f}. Is the noise added, or multiplied in?",
    )
    _check_clipping(probe, answer, rng)
    _check_many_numbers(probe, answer, rng, sigma)


def _check_many_numbers(probe, answer, rng, sigma: float) -> None:
    """Pictures without rows and with channels; then so many numbers that small faults of the noise show."""
    for shape in ((40, 784), (12, 10, 10, 1)):
        x = rng.uniform(0, 1, shape)
        made, error = probe.attempt(lambda x=x: answer(x, 5, False))
        probe.require(
            error is None,
            "one-kind-of-shape",
            f"For an array of shape {shape} your function raised {type(error).__name__}: {error} "
            "How many axes may x have, says the task?",
        )
        noise = probe.require_shape(made, shape, "How many axes may x have, says the task?") - x
        _check_independent(probe, noise)
        probe.require(
            abs(noise.std() / sigma - 1) < 0.12,
            "wrong-spread",
            f"For an array of shape {shape} your noise has a standard deviation of {noise.std():.4f} where sigma is "
            f"{sigma:.4f}. What changes its size?",
        )
    x = rng.uniform(0, 1, (300, 28, 28))
    noise = probe.require_shape(answer(x, 6, False), x.shape).astype(np.float64) - x
    pixels, numbers = x.ravel(), (noise / noise.std()).ravel()
    for what in (pixels, np.abs(pixels - 0.5)):
        for which, told in ((numbers, "Your noise"), (numbers**2, "The size of your noise")):
            probe.require(
                abs(np.corrcoef(which, what)[0, 1]) < 0.02,
                "noise-depends-on-the-picture",
                f"{told} is related to how bright the pixel is. Which numbers may the noise of a pixel depend on?",
            )
    _check_independent(probe, noise)
    _check_gaussian(probe, numbers)
    probe.require(
        abs(noise.std() / sigma - 1) < 0.02,
        "wrong-spread",
        f"Over {noise.size} numbers your noise has a standard deviation of {noise.std():.4f} where sigma is {sigma:.4f}. "
        "What changes its size?",
    )


def _check_gaussian(probe, numbers: np.ndarray, misconception: str = "not-gaussian") -> None:
    """Third and fourth moment and the tails of at least 100,000 numbers with the standard deviation 1."""
    skewness, kurtosis, ends = np.mean(numbers**3), np.mean(numbers**4), float(np.abs(numbers).max())
    probe.require(
        abs(skewness) < 0.08 and abs(kurtosis - 3) < 0.15 and 3.6 < ends < 7,
        misconception,
        f"Of {numbers.size} numbers the largest is {ends:.1f} standard deviations from 0, with the fourth moment {kurtosis:.2f} "
        "(a Gaussian has 3). Which distribution do you draw from, and what happens to its tails?",
    )


def _check_independent(probe, noise: np.ndarray, names=("pictures", "rows", "columns", "channels")) -> None:
    """No two pictures, rows or columns have related noise, in the same order, in another or with another sign."""
    sizes = np.sort(np.abs(noise.reshape(len(noise), -1)), axis=1)
    sizes = sizes[np.argsort(sizes.sum(axis=1))]  # pictures of the same numbers are neighbours now
    probe.require(
        np.abs(np.diff(sizes, axis=0)).max(axis=1).min() > 1e-6,
        "correlated-noise",
        "Two pictures have the same noise in another order, or with another sign. How many numbers do you draw?",
    )
    for axis in range(noise.ndim):
        parts = np.moveaxis(noise, axis, 0).reshape(noise.shape[axis], -1)
        if len(parts) < 2 or parts.shape[1] < 100:
            continue
        related = np.corrcoef(parts)
        np.fill_diagonal(related, 0)
        i, j = (int(v) for v in np.unravel_index(np.abs(related).argmax(), related.shape))
        pairs = np.diag(related, 1)  # neighbours: their mean shows what a single pair hides
        typical = float(pairs.mean())
        probe.require(
            abs(related[i, j]) < 7 / math.sqrt(parts.shape[1]) and abs(typical) < 7 / math.sqrt(parts[1:].size),
            "correlated-noise",
            f"The noise of the {names[axis]} {i} and {j} of your result has a correlation of {related[i, j]:.2f}; that of "
            f"neighbours is {typical:.2f} on average. Is each number drawn on its own?",
        )


def _check_clipping(probe, answer, rng) -> None:
    ends = rng.integers(0, 2, (30, 8, 8)).astype(float)  # black and white
    loose = probe.array(answer(ends, 3, False)).astype(np.float64)
    tight = probe.array(answer(ends, 3, True)).astype(np.float64)
    probe.require(
        loose.min() < 0 and loose.max() > 1,
        "clips-always",
        "With clip=False your values stay inside [0, 1], also for black and white pictures. When is clipping asked for?",
    )
    outside = (tight < -1e-9) | (tight > 1 + 1e-9)
    probe.require(
        not (outside.any() and ((tight >= -1e-9).all() or (tight <= 1 + 1e-9).all())),
        "clips-one-end",
        f"With clip=True your values run from {tight.min():.2f} to {tight.max():.2f}. How many ends does the range have?",
    )
    probe.require(
        not outside.any(),
        "never-clips",
        f"With clip=True your values run from {tight.min():.2f} to {tight.max():.2f}. Which range was asked for?",
    )
    inside = np.clip(loose, 0, 1)
    if np.allclose(tight, inside, atol=1e-6):
        return
    stretched = (loose - loose.min()) / (loose.max() - loose.min())
    probe.require(
        not np.allclose(tight, stretched, atol=1e-6),
        "rescales-instead-of-clipping",
        "You stretch the picture so that it fits into [0, 1]. What happens to the pixels that were inside all along?",
    )
    noise = tight - ends
    probe.require(
        not (noise[ends == 0].min() >= 0 and np.mean(tight == ends) < 0.1),
        "noise-without-the-edges",
        "With clip=True hardly a pixel sits at exactly 0 or 1, although half of them are pushed beyond. "
        "Is a value outside set to the end, or moved somewhere else?",
    )
    probe.fail(
        "clips-the-wrong-thing",
        "With the same generator, clip=True should give the clipped version of clip=False; yours is another picture. "
        "What do you clip, and when?",
    )


@judge(
    "FreshNoise",
    title="New noise every epoch",
    section="What goes wrong",
    uses_keras=True,
    question="If two threads ask for batches 3 and 4 in either order, which noise should each get?",
)
def judge_fresh_noise(FreshNoise, probe):
    """Batches out of order, twice, over three epochs and in a second copy of the data set."""
    import keras

    rng = probe.rng
    n, size = int(rng.integers(21, 26)), int(rng.integers(4, 7))
    n += n % size == 0  # the last batch is always smaller
    sigma, seed = float(rng.uniform(0.1, 0.3)), int(rng.integers(0, 1000))
    x = rng.uniform(0, 1, (n, 6, 7)).astype(np.float32)
    batches = -(-n // size)

    def make(seed=seed, sigma=sigma):
        return probe.call(FreshNoise, x, sigma, size, seed)

    data = make()
    probe.require(
        isinstance(data, keras.utils.PyDataset),
        "no-pydataset",
        f"An object that Keras can read batches from was expected; yours is a {type(data).__name__}. "
        "From which class should yours derive?",
    )
    for name in ("__len__", "__getitem__"):
        own = getattr(type(data), name, None)
        probe.require(
            own is not None and own is not getattr(keras.utils.PyDataset, name, None),
            "missing-method",
            f"Your class has no {name} of its own. Which methods does Keras call?",
        )
    length = probe.call(lambda: len(data))
    probe.require(
        length == batches,
        "drops-the-last-batch" if length == n // size else "wrong-length",
        f"{n} samples in batches of {size}: {batches} batches were expected; yours has {length}. "
        "Where do the samples go that do not fill a batch?",
    )
    probe.require(
        hasattr(data, "_workers"),
        "no-super-init",
        "Keras' own part of the object was never set up. What must the __init__ of a derived class call?",
    )

    def batch(data, index):
        return _pair_of(probe, data, index, x[index * size : (index + 1) * size], sigma)

    order = rng.permutation(batches)
    first = {int(i): batch(data, int(i)) for i in order}
    for i in reversed(range(batches)):
        probe.require(
            np.array_equal(batch(data, i), first[i]),
            "new-noise-at-each-access",
            f"Batch {i} was read twice in one epoch, and its noise was another the second time. "
            "What does the noise depend on, besides seed, epoch and batch?",
        )
    _distinct(probe, first, "two batches of one epoch", "same-noise-in-every-batch")
    rows = np.concatenate([first[i].reshape(len(first[i]), -1) for i in sorted(first)])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    alike = rows @ rows.T - 2 * np.eye(len(rows))
    probe.require(
        alike.max() < 0.95,
        "same-noise-in-every-batch",
        f"Pictures {' and '.join(str(int(i)) for i in np.unravel_index(alike.argmax(), alike.shape))} have the same noise. "
        "Do your batches share random numbers?",
    )

    def next_epoch(data):
        probe.call(lambda: (data.on_epoch_end(), True)[1])
        return {i: batch(data, i) for i in range(batches)}

    second = next_epoch(data)
    same = [i for i in range(batches) if np.allclose(first[i], second[i], atol=1e-6)]
    probe.require(
        not same,
        "noise-drawn-once",
        "After on_epoch_end() a batch has the same noise as before. What changes from one epoch to the next?",
    )
    third = next_epoch(data)
    probe.require(
        not any(np.allclose(first[i], third[i], atol=1e-6) for i in first),
        "noise-repeats",
        "The noise of the third epoch is that of the first again. Does your count of the epochs go on?",
    )
    for i in first:
        for name, later in (("the next epoch", second), ("a later epoch", third)):
            for j in later:
                shared = min(len(first[i]), len(later[j]))
                probe.require(
                    not np.allclose(first[i][:shared], later[j][:shared], atol=1e-6),
                    "epochs-and-batches-add-up",
                    f"Batch {j} of {name} has the noise that batch {i} had before. "
                    "Which pairs of epoch and batch give your generator the same seed?",
                )
    twin = make()
    probe.require(
        all(np.array_equal(batch(twin, i), first[i]) for i in range(batches)),
        "not-repeatable",
        "A second data set with the same arguments has other noise. Where do its random numbers come from?",
    )
    probe.require(
        all(np.array_equal(made, second[i]) for i, made in next_epoch(twin).items()),
        "not-repeatable",
        "A second data set with the same arguments has other noise in its second epoch. What else does yours depend on?",
    )
    other = make(seed=seed + 1)
    probe.require(
        not np.allclose(batch(other, 0), first[0], atol=1e-6),
        "ignores-the-seed",
        "Two data sets with different seeds have the same noise. Where does seed come in?",
    )
    for index, epoch in ((0, second), (1, first)):
        probe.require(
            not np.allclose(batch(other, 0)[: len(epoch[index])], epoch[index][: len(batch(other, 0))], atol=1e-6),
            "epochs-and-batches-add-up",
            "Another seed gives the noise that another epoch or batch had with this one. Are the three numbers added?",
        )
    _check_full_batches(probe, FreshNoise, sigma, seed)
    _check_collisions(probe, FreshNoise)


def _check_full_batches(probe, FreshNoise, sigma: float, seed: int) -> None:
    """Flat pictures that fill the batches, over many epochs: length, distribution, and noise that comes back."""
    size, batches, epochs = 3, int(probe.rng.integers(4, 6)), 12
    x = probe.rng.uniform(0, 1, (size * batches, 784)).astype(np.float32)
    data = probe.call(FreshNoise, x, sigma, size, seed)
    length = probe.call(lambda: len(data))
    probe.require(
        length == batches,
        "one-batch-too-many" if length == batches + 1 else "wrong-length",
        f"{len(x)} samples in batches of {size}: {batches} batches were expected; yours has {length}. What is in the last one?",
    )
    _, error = probe.attempt(lambda: data[0])
    probe.require(
        error is None,
        "one-kind-of-shape",
        f"For samples of shape (784,) your data set raised {type(error).__name__}: {error} Which shapes may x have, says the task?",
    )
    noises = []
    for _ in range(epochs):
        parts = [_pair_of(probe, data, i, x[i * size : (i + 1) * size], sigma) for i in range(batches)]
        noises.append(np.concatenate(parts))
        probe.call(lambda: (data.on_epoch_end(), True)[1])
    noises = np.array(noises)  # (epochs, samples, pixels)
    flat = noises.reshape(epochs, -1)
    for a, b in itertools.combinations(range(epochs), 2):
        probe.require(
            not np.allclose(flat[a], flat[b], atol=1e-6),
            "noise-repeats",
            f"Epoch {b} has the noise of epoch {a} again. Does your count of the epochs go on?",
        )
    pictures = np.sort(np.abs(noises[0]), axis=1)
    probe.require(
        all(np.abs(pictures[i + 1 :] - pictures[i]).max(axis=1).min() > 1e-6 for i in range(len(pictures) - 1)),
        "same-noise-in-every-batch",
        "Two pictures of one epoch have the same noise, but for its order or sign. Do they share random numbers?",
    )
    sizes = np.sort(np.abs(flat), axis=1)
    related = np.corrcoef(flat) - np.eye(epochs)
    for a, b in itertools.combinations(range(epochs), 2):
        probe.require(
            not np.allclose(sizes[a], sizes[b], atol=1e-6) and abs(related[a, b]) < 0.1,
            "noise-drawn-once",
            f"The noise of epoch {b} is made of the numbers of epoch {a}, in another order or with another sign. "
            "How often are new numbers drawn?",
        )
    _check_gaussian(probe, (flat / flat.std()).ravel())
    probe.require(
        abs(flat.std() / sigma - 1) < 0.03,
        "wrong-noise",
        f"Over {flat.size} numbers your noise has the standard deviation {flat.std():.4f}; sigma is {sigma:.4f}. "
        "From which distribution is it drawn?",
    )


def _check_collisions(probe, FreshNoise) -> None:
    """Batches of one sample: many of them, a dozen epochs, and seeds whose digits invite confusion."""
    x = np.zeros((1100, 8), np.float32)
    rows, whose = [], []

    def read(data, seed, epoch, count):
        made = probe.call(lambda: [data[i][0] for i in range(count)])
        rows.extend(probe.array(row, "data[i][0]").astype(np.float64).reshape(-1) for row in made)
        whose.extend((seed, epoch, i) for i in range(count))

    for seed, epochs, count in ((1, 12, 1100), (2, 2, 13), (11, 2, 13), (1001, 2, 13)):
        data = probe.call(FreshNoise, x, 1.0, 1, seed)
        for epoch in range(epochs):
            read(data, seed, epoch, count if epoch == 0 else 13)
            probe.call(lambda data=data: (data.on_epoch_end(), True)[1])
    probe.require(
        {len(row) for row in rows} == {8},
        "wrong-batch",
        "With a batch size of 1, a batch of yours does not hold one sample. Where does it start and end?",
    )
    rows = np.array(rows)
    order = np.argsort(rows[:, 0], kind="stable")
    equal = np.abs(np.diff(rows[order], axis=0)).max(axis=1) < 1e-6
    if equal.any():
        at = int(np.argmax(equal))
        a, b = sorted((whose[order[at]], whose[order[at + 1]]))
        probe.fail(
            "two-batches-one-seed",
            f"With batches of one sample: seed {a[0]}, epoch {a[1]}, batch {a[2]} has the noise of seed {b[0]}, epoch {b[1]}, "
            f"batch {b[2]}. Which single number did your generator get from each of the two?",
        )


def _pair_of(probe, data, index: int, clean: np.ndarray, sigma: float) -> np.ndarray:
    """Read one batch, check that it is (noisy, clean), and return its noise."""
    got = probe.call(lambda: data[index])
    probe.require(
        isinstance(got, (tuple, list)) and len(got) == 2,
        "not-a-pair",
        f"data[{index}] is expected to be a pair of input and target. What does yours return?",
    )
    noisy, target = (probe.array(part, f"data[{index}]").astype(np.float64) for part in got)
    probe.require(
        noisy.shape == target.shape == clean.shape,
        "wrong-batch",
        f"Batch {index} should hold pictures of shape {clean.shape}, in both parts; yours have {noisy.shape} and "
        f"{target.shape}. Where does batch {index} start and end?",
    )
    if not np.allclose(target, clean, atol=1e-6):
        probe.require(
            not np.allclose(noisy, clean, atol=1e-6),
            "swapped",
            "The first part of your pair is clean, the second noisy. Which is the network's input?",
        )
        probe.require(
            not np.allclose(noisy, target, atol=1e-6),
            "noisy-target",
            "Input and target of your pair are the same noisy pictures. What should the network learn to give back?",
        )
        probe.require(
            np.corrcoef(target.ravel(), clean.ravel())[0, 1] < 0.5,
            "changes-the-data",
            "The target of your pair is not the clean picture, but near to it. Is a slice of an array a copy, or a view of it?",
        )
        probe.fail(
            "wrong-batch",
            f"The target of batch {index} is not the {index}-th run of the samples, in their order. Which samples belong to it?",
        )
    noise = noisy - clean
    probe.require(
        not np.allclose(noise, 0, atol=1e-9), "no-noise", "Input and target of your pair are equal. Where is the noise?"
    )
    probe.require(
        len(noise) < 2 or not np.allclose(noise, noise[:1], atol=1e-6),
        "same-noise-for-every-picture",
        "All pictures of a batch have the same noise. Which shape do the random numbers have?",
    )
    flat = noise.reshape(len(noise), -1)
    probe.require(
        not np.allclose(flat, flat[:, :1], atol=1e-6),
        "one-number-for-each-picture",
        "All pixels of a picture got the same number added. Which shape do the random numbers have?",
    )
    probe.require(
        noisy.min() < 0 or noisy.max() > 1 or len(noise) < 3,
        "clipped",
        "Your noisy pictures stay inside [0, 1], with all that noise. Was clipping asked for?",
    )
    error = 6 / math.sqrt(2 * noise.size)
    probe.require(
        abs(noise.std() / sigma - 1) < max(error, 0.15) and abs(noise.mean()) < 6 * sigma / math.sqrt(noise.size),
        "wrong-noise",
        f"The noise of batch {index} has the mean {noise.mean():.3f} and the standard deviation {noise.std():.3f}; "
        f"sigma is {sigma:.3f}. From which distribution is it drawn?",
    )
    return noise


def _distinct(probe, noises: dict, what: str, misconception: str) -> None:
    names = sorted(noises)
    for a, b in itertools.pairwise(names):
        shared = min(len(noises[a]), len(noises[b]))
        probe.require(
            not np.allclose(noises[a][:shared], noises[b][:shared], atol=1e-6),
            misconception,
            f"The noise in {what}, {a} and {b}, is the same. What tells one batch from the next?",
        )


def _is_function(probe, made, shape: tuple[int, int], what: str):
    """The function that an answer returned, or a FAIL that says what it returned instead."""
    if callable(made):
        return made
    array = None if not isinstance(made, np.ndarray) else made.shape
    probe.fail(
        "no-function",
        f"A function was expected, one that can be given {what} later; you returned "
        f"{'an array of shape ' + str(array) if array else 'an object of type ' + type(made).__name__}. "
        "What will you do with the noisy samples that come tomorrow?",
    )


def _least_squares(inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    solution = np.linalg.lstsq(np.column_stack([inputs, np.ones(len(inputs))]), targets, rcond=None)[0]
    return solution[:-1], solution[-1]


@judge(
    "linear_denoiser",
    title="The affine least-squares map",
    section="The best linear map",
    question="The noisy pictures have another mean than the clean ones. Which number of the map takes care of that?",
)
def judge_linear_denoiser(linear_denoiser, probe):
    """Correlated features, a corruption that is biased and not symmetric, and unseen samples of another mean."""
    rng = probe.rng
    n, m, d = 60, 9, int(rng.integers(4, 7))
    mixing = rng.normal(size=(d, d)) + 2 * np.eye(d)
    clean = rng.normal(size=(n, d)) @ mixing + rng.uniform(1, 3, d)
    noisy = clean @ (np.eye(d) + 0.4 * rng.normal(size=(d, d))) + rng.normal(size=(n, d)) + rng.uniform(2, 4, d)
    x = rng.normal(size=(m, d)) @ mixing + rng.uniform(-4, -1, d)

    made = probe.call(linear_denoiser, clean, noisy)
    denoise = _is_function(probe, made, (m, d), "noisy samples")
    got = probe.require_shape(
        probe.call(denoise, x),
        (m, d),
        "The function takes (m, d) and returns (m, d), for any m: what does yours return?",
    )
    weights, offset = _least_squares(noisy, clean)
    true = x @ weights + offset
    mean_clean, mean_noisy = clean.mean(axis=0), noisy.mean(axis=0)
    cov = np.cov(np.column_stack([noisy, clean]).T)
    cross, own = cov[:d, d:], cov[:d, :d]
    through_zero = np.linalg.lstsq(noisy, clean, rcond=None)[0]
    forward, forward_offset = _least_squares(clean, noisy)
    factors = np.diag(cross) / np.diag(own)
    total = float(np.sum((noisy - mean_noisy) * (clean - mean_clean)) / np.sum((noisy - mean_noisy) ** 2))
    swapped = x @ forward + forward_offset
    no_offset = (
        "no-offset",
        "Your map sends 0 to 0. Where do the means of the clean and of the noisy samples come in?",
    )
    one_mean = (
        "one-mean-for-both",
        "You use one mean for both sides. The noisy samples lie somewhere else than the clean ones: which mean goes with which?",
    )
    probe.settle(
        got,
        true,
        [
            (x @ through_zero, *no_offset),
            (x @ weights, *no_offset),
            ((x - mean_noisy) @ weights, *no_offset),
            (
                swapped,
                "noisy-from-clean",
                "You fitted the map that makes noisy samples from clean ones. Which side is the input?",
            ),
            (
                (x - forward_offset) @ np.linalg.pinv(forward),
                "inverts-the-corruption",
                "You fitted the corruption and inverted it. What does the inverse do to noise that no map can predict?",
            ),
            ((x - mean_clean) @ weights + mean_clean, *one_mean),
            ((x - mean_noisy) @ weights + mean_noisy, *one_mean),
            ((x - mean_clean) @ weights + mean_noisy, *one_mean),
            (
                (x - x.mean(axis=0)) @ weights + mean_clean,
                "centres-on-what-it-denoises",
                "You centre the samples to be denoised on their own mean. Would you know it if they came one at a time?",
            ),
            (
                x * factors + (mean_clean - mean_noisy * factors),
                "one-factor-for-each-feature",
                "Each output of yours depends on one input only. What do the neighbours know about a noisy feature?",
            ),
            (
                x * factors,
                "one-factor-for-each-feature",
                "Each output of yours depends on one input only. What do the others know?",
            ),
            (
                (x - mean_noisy) * total + mean_clean,
                "one-factor-for-all",
                "You scale all features by the same number. How many numbers has a linear map from d to d?",
            ),
            (
                x - mean_noisy + mean_clean,
                "moves-the-mean-only",
                "You move the mean, and nothing else. What can a matrix do?",
            ),
            (
                x @ weights.T + offset,
                "transposed",
                "Is each sample a row here, or a column? On which side does the matrix go?",
            ),
            (x, "copies", "Your function returns its input. What did it learn from the pairs?"),
            (
                np.broadcast_to(mean_clean, x.shape),
                "mean-only",
                "Your function returns the clean mean for every input. What does the input tell?",
            ),
            (
                np.clip(true, 0, 1),
                "clips",
                "Your result is clipped to [0, 1]. These features are not pixels: who asked for that?",
            ),
            (
                x @ np.linalg.solve(noisy.T @ noisy + np.eye(d), noisy.T @ clean),
                *no_offset,
            ),
        ],
        "not-least-squares",
        "Another affine map has a smaller squared error on the pairs. What do you minimise?",
    )
    single = probe.require_shape(
        probe.call(denoise, x[:1]), (1, d), "One sample is still a row: where did its axis go?"
    )
    probe.require_close(
        single,
        true[:1],
        "depends-on-the-other-samples",
        "One sample alone gets another answer than in company. What does your function compute from its input?",
    )
    # A second map, of one feature: the first must not notice.
    one, blurred = rng.normal(size=(n, 1)) + 2, rng.normal(size=(n, 1))
    blurred += 0.5 * one
    line = _is_function(probe, probe.call(linear_denoiser, one, blurred), (m, 1), "noisy samples")
    _check_still_the_same(probe, denoise, x, got)
    weights, offset = _least_squares(blurred, one)
    probe.require_close(
        probe.require_shape(
            probe.call(line, x[:, :1]), (m, 1), "Samples of one feature are rows of length 1, too: are yours?"
        ),
        x[:, :1] @ weights + offset,
        "not-least-squares",
        "With one feature another line has a smaller squared error on the pairs. What do you minimise?",
    )


def _check_still_the_same(probe, denoise, x, before) -> None:
    after, error = probe.attempt(denoise, x)
    same = error is None and np.shape(after) == np.shape(before) and np.allclose(after, before, rtol=1e-5, atol=1e-6)
    probe.require(
        same,
        "shared-between-fits",
        "After a second call with other data, the function from the first call no longer gives the answer it gave before. "
        "Where does each of the two keep what it learned?",
    )


def _wiener(mean, covariance, sigma, x):
    gain = np.linalg.solve(covariance + sigma**2 * np.eye(len(mean)), covariance)
    return (x - mean) @ gain + mean


@judge(
    "wiener_filter",
    title="The Wiener filter",
    section="The best linear map",
    question="Which entries of the covariance matrix does white noise change, and by how much?",
)
def judge_wiener_filter(wiener_filter, probe):
    """Data far from 0 with strong correlations; sigma neither 1 nor near its square."""
    rng = probe.rng
    n, m, d = 200, 8, int(rng.integers(4, 7))
    train = rng.normal(size=(n, d)) @ (rng.normal(size=(d, d)) + np.eye(d)) + rng.uniform(2, 4, d)
    x = train[:m] + rng.normal(size=(m, d)) + 1.0
    sigma = float(rng.choice([rng.uniform(0.3, 0.5), rng.uniform(1.7, 2.5)]))
    made = probe.call(wiener_filter, train, sigma)
    denoise = _is_function(probe, made, (m, d), "noisy samples")
    got = probe.require_shape(
        probe.call(denoise, x),
        (m, d),
        "The function takes (m, d) and returns (m, d), for any m: what does yours return?",
    ).astype(np.float64)
    mean, eye = train.mean(axis=0), np.eye(d)
    covariances = [np.cov(train.T, bias=bias) for bias in (True, False)]
    trues = [_wiener(mean, covariance, sigma, x) for covariance in covariances]
    if any(np.allclose(got, true, rtol=1e-4, atol=1e-5) for true in trues):
        _wiener_limits(probe, wiener_filter, denoise, train, x, got)
        return
    mistakes = []
    for c in covariances:
        moment = train.T @ train / n
        scatter = (train - mean).T @ (train - mean)
        noise_part = sigma**2 * np.linalg.inv(c + sigma**2 * eye)
        gain = np.linalg.solve(c + sigma**2 * eye, c)
        root = np.linalg.solve(c + sigma * eye, c)
        variances = np.diag(c)
        asked = "Is sigma a variance or a standard deviation, and which of the two has the units of a covariance?"
        mistakes += [
            ((x - mean) @ root + mean, "deviation-for-variance", asked),
            (x @ root, "deviation-for-variance", asked),
            (
                (x - mean) @ np.linalg.solve(c + 2 * sigma**2 * eye, c) + mean,
                "wrong-noise-variance",
                "How much variance does the noise add to each feature?",
            ),
            (
                x @ gain,
                "not-centred",
                "Your filter shrinks towards 0. Where should a sample go of which nothing is known?",
            ),
            (
                (x - mean) @ gain,
                "forgets-to-add-the-mean",
                "Your results lie around 0, the data do not. What was taken away at the start?",
            ),
            (
                x @ gain + mean,
                "adds-a-mean-never-subtracted",
                "You add the mean at the end. Was it taken away at the start?",
            ),
            (
                x @ np.linalg.solve(moment + sigma**2 * eye, moment),
                "not-centred",
                "You use products of data that were not centred. From where is a covariance measured?",
            ),
            (
                (x - mean) @ np.linalg.solve(moment + sigma**2 * eye, moment) + mean,
                "not-centred",
                "You use products of data that were not centred. From where is a covariance measured?",
            ),
            (
                (x - mean) @ noise_part + mean,
                "keeps-the-noise",
                "A large sigma leaves your sample as it is, a small one replaces it by the mean. Which share did you keep?",
            ),
            (
                (x - mean) @ noise_part,
                "keeps-the-noise",
                "Your result is what should be taken away. Which share of the sample is noise?",
            ),
            (
                (x - mean) @ np.linalg.inv(c + sigma**2 * eye) + mean,
                "inverse-only",
                "You divide by the noisy covariance. By what should the result be multiplied, to have the units of the data?",
            ),
            (
                (x - mean) @ (np.linalg.inv(c) @ (c + sigma**2 * eye)) + mean,
                "amplifies",
                "Your samples get farther from the mean. Which of the two covariances stands in the denominator?",
            ),
            (
                (x - mean) * (variances / (variances + sigma**2)) + mean,
                "ignores-the-correlations",
                "Each output depends on one input only. What do correlated features know about each other's noise?",
            ),
            (
                (x - mean) @ np.linalg.solve(c + sigma**2, c) + mean,
                "noise-on-every-entry",
                "You add to every entry of the matrix. Is the noise of two different features correlated?",
            ),
            (
                (x - mean) @ np.linalg.solve(scatter + sigma**2 * eye, scatter) + mean,
                "not-divided-by-n",
                "Twice as many training samples, and your filter trusts its input more. What makes a covariance out of a sum?",
            ),
            (
                (x - mean) @ (c / (c + sigma**2 * eye)) + mean,
                "entry-by-entry",
                "You divide the matrices entry by entry. Is the inverse of a matrix made of the inverses of its entries?",
            ),
            (
                (x - mean) @ np.linalg.solve(c - sigma**2 * eye, c) + mean,
                "wrong-noise-variance",
                "You take the noise away from the covariance. Have noisy data more variance, or less?",
            ),
            (
                np.clip(_wiener(mean, c, sigma, x), 0, 1),
                "clips",
                "Your result is clipped to [0, 1]. Who asked for that?",
            ),
        ]
        own = x.mean(axis=0)
        mistakes.append(
            (
                (x - own) @ gain + own,
                "centres-on-what-it-denoises",
                "You centre the samples on their own mean. Would you know it if they came one at a time?",
            )
        )
    probe.settle(
        got,
        trues[0],
        mistakes,
        "wrong-filter",
        "Along an axis with the variance v, which share of the deviation from the mean should remain?",
        rtol=1e-4,
        atol=1e-5,
    )


def _wiener_limits(probe, wiener_filter, denoise, train, x, got) -> None:
    probe.require_close(
        probe.require_shape(
            probe.call(denoise, x[:1]), (1, x.shape[1]), "One sample is still a row: where did its axis go?"
        ),
        got[:1],
        "depends-on-the-other-samples",
        "One sample alone gets another answer than in company. What does your function compute from its input?",
    )
    sure = _is_function(probe, probe.call(wiener_filter, train, 1e-4), x.shape, "noisy samples")
    probe.require_close(
        probe.call(sure, x),
        x,
        "wrong-filter",
        "With hardly any noise the samples should come back unchanged. What does your filter take away?",
        rtol=1e-3,
        atol=1e-3,
    )
    _check_still_the_same(probe, denoise, x, got)
    black = train.copy()
    black[:, 1] = 0.0
    few = probe.rng.uniform(1, 3, (int(probe.rng.integers(2, 6)), 1))
    for data, name, told, asked in (
        (few, "several-features-only", "of one feature", "Which shape has the covariance of a single feature?"),
        (
            black,
            "inverts-the-covariance",
            "with a feature that is always 0",
            "Which matrix do you invert, and has it an inverse if a pixel is black in every picture?",
        ),
    ):
        _wiener_again(probe, wiener_filter, data, name, told, asked)


def _wiener_again(probe, wiener_filter, data, name: str, told: str, asked: str) -> None:
    """Data that the formula covers, but a shortcut may not."""
    sigma, d = float(probe.rng.uniform(0.6, 0.9)), data.shape[1]
    x = data[:2] + probe.rng.normal(size=(2, d))
    made, error = probe.attempt(wiener_filter, data, sigma)
    if error is None:
        denoise = _is_function(probe, made, x.shape, "noisy samples")
        made, error = probe.attempt(denoise, x)
    probe.require(error is None, name, f"For data {told} your code raised {type(error).__name__}: {error}. {asked}")
    got = probe.require_shape(made, x.shape, f"The data are {told}: do rows stay rows?").astype(np.float64)
    trues = [_wiener(data.mean(axis=0), np.cov(data.T, bias=bias).reshape(d, d), sigma, x) for bias in (True, False)]
    probe.require(
        any(np.allclose(got, true, rtol=1e-4, atol=1e-5) for true in trues),
        name,
        f"For data {told} your result is wrong, by up to {np.abs(got - trues[0]).max():.3g}. {asked}",
    )


@judge(
    "build_denoiser",
    title="A denoising network",
    section="A network that starts from the linear map",
    uses_keras=True,
    question="Which layers keep 28 by 28 pixels 28 by 28, and let a pixel see its neighbours?",
)
def judge_build_denoiser(build_denoiser, probe):
    """Shape, range, neighbours, nonlinearity, repeatability; then whether training reaches the weights."""
    import keras

    model = probe.call(build_denoiser)
    probe.require(
        isinstance(model, keras.Model),
        "no-model",
        f"A Keras model was expected; you returned an object of type {type(model).__name__}. What turns layers into a model?",
    )
    rng = probe.rng

    def answer(x):
        try:
            made = model(x.astype(np.float32), training=False)
        except Exception as error:  # a model that cannot take this input
            said = next((line for line in str(error).splitlines() if line.strip()), "")
            probe.fail(
                "wrong-input",
                f"Your model could not take pictures of shape {x.shape}. Keras said: {type(error).__name__}: {said.strip()}\n"
                "Which input shape did you give it?",
            )
        return probe.array(made, "your model").astype(np.float64)

    x = rng.uniform(0, 1, (3, 28, 28, 1))
    got = answer(x)
    probe.require(
        got.shape == x.shape,
        "wrong-output-shape",
        f"Pictures of shape {x.shape} came back as {got.shape}. Which layer changes the size, and what undoes it?",
    )
    probe.require(np.isfinite(got).all(), "not-finite", "Your model returns NaN or infinity before any training. Why?")
    count = sum(int(np.prod(w.shape)) for w in model.weights)
    probe.require(
        count <= 2_000_000,
        "too-large",
        f"Your model has {count:,} parameters; two million were allowed. Which layer holds most of them?",
    )
    probe.require(
        any(int(np.prod(w.shape)) for w in model.trainable_weights),
        "nothing-to-train",
        "No weight of your model can be trained. What should it learn with?",
    )
    other = probe.call(build_denoiser)
    if other is not model and isinstance(other, keras.Model) and not other.built:
        probe.call(lambda: other(x.astype(np.float32), training=False))
    probe.require(
        other is not model and not {id(w) for w in model.weights} & {id(w) for w in getattr(other, "weights", [])},
        "same-model-every-time",
        "A second call gave a model with the weights of the first. If one of them is trained, what happens to the other?",
    )
    again = answer(x)
    probe.require(
        np.allclose(got, again, atol=1e-5),
        "random-at-prediction",
        "The same picture got two different answers outside of training. Which layer draws random numbers, and when?",
    )
    alone = answer(x[:1])
    probe.require(
        np.allclose(alone[0], got[0], atol=1e-4),
        "pictures-mix",
        "A picture alone gets another answer than in company. Which layer looks across the batch?",
    )
    _check_trained(probe, keras, model, answer, rng)


def _check_trained(probe, keras, model, answer, rng) -> None:
    """Two steps of training; then reach, range and nonlinearity, which a zero-initialised residual shows only now."""
    x = rng.uniform(0, 1, (8, 28, 28, 1))
    target = np.clip(1.0 - x[:, ::-1], 0, 1)  # anything but the input
    before = answer(x)
    model.compile(keras.optimizers.Adam(3e-3), "mse", jit_compile=False, run_eagerly=keras.backend.backend() != "jax")
    try:
        for _ in range(2):
            model.train_on_batch(x.astype(np.float32), target.astype(np.float32))
    except Exception as error:
        said = next((line for line in str(error).splitlines() if line.strip()), "")
        probe.fail(
            "cannot-be-trained",
            f"A step of training raised {type(error).__name__}: {said.strip()}\nWhich layer has no gradient?",
        )
    after = answer(x)
    probe.require(
        np.abs(after - before).max() > 1e-5,
        "does-not-learn",
        "Two steps of training did not change a single answer. Do gradients get from the output to the weights?",
    )
    probe.require(
        np.abs(after - after[:1]).max() > 1e-6 and np.abs(answer(1 - x) - after).max() > 1e-6,
        "ignores-the-input",
        "Your model gives the same answer to different pictures. Where does the input get lost?",
    )
    _check_reach(probe, answer, rng)
    output = model.layers[-1]
    activation = getattr(getattr(output, "activation", None), "__name__", "")
    probe.require(
        activation not in ("relu", "relu6") and type(output).__name__ != "ReLU",
        "output-cannot-be-reached",
        f"Your model ends with {activation or 'a ReLU'}. Does a pixel that starts below 0 get a gradient there?",
    )
    low, high = _range_of(model, answer, x[:2])
    probe.require(
        low < 0.05 and high > 0.95,
        "output-cannot-be-reached",
        f"Whatever the last weights of your model are, its output stays between {low:.2f} and {high:.2f}. "
        "Which values does a picture have, and which step of yours comes last?",
    )
    a, b = rng.uniform(0, 1, (2, 4, 28, 28, 1))
    bend = answer((a + b) / 2) - (answer(a) + answer(b)) / 2
    strong = answer(4 * a - 2) + answer(2 - 4 * a) - 2 * answer(0 * a)
    probe.require(
        max(np.abs(bend).max(), np.abs(strong).max() / 8) > 3e-5 * max(1.0, np.abs(after).max()),
        "linear",
        "The answer to the mean of two pictures is the mean of the two answers, for all pictures: your model is one affine map. "
        "What makes a network more than that?",
    )


def _range_of(model, answer, x) -> tuple[float, float]:
    """The lowest and the highest output that extreme values of single weights, the last ones first, can bring about."""
    low, high = math.inf, -math.inf
    for variable in reversed(model.trainable_weights):
        if low < 0.05 and high > 0.95:
            break
        kept = np.array(variable.numpy() if hasattr(variable, "numpy") else variable)
        for sign in (30.0, -30.0):
            variable.assign(np.full_like(kept, sign) if kept.ndim < 2 else kept * np.float32(sign))
            made = answer(x)
            low, high = min(low, float(made.min())), max(high, float(made.max()))
        variable.assign(kept)
    return low, high


def _check_reach(probe, answer, rng) -> None:
    """Which inputs an output pixel depends on, in the middle and away from it."""
    base = rng.uniform(0.2, 0.8, (1, 28, 28, 1))
    row, column = (int(v) for v in rng.integers(3, 8, 2))  # away from the centre lines
    places = [(row, column), (row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    batch = np.repeat(base, 1 + len(places), axis=0)
    for number, (i, j) in enumerate(places):
        batch[number + 1, i, j, 0] += 0.5 if base[0, i, j, 0] < 0.5 else -0.5
    reply = answer(batch)
    shuffled = rng.permutation(base.reshape(-1)).reshape(base.shape)
    probe.require(
        np.abs(answer(shuffled) - reply[:1]).max() > 1e-5 * max(1.0, np.abs(reply[0]).max()),
        "pixels-lose-their-place",
        "With the pixels of a picture in another order your model gives the same answer. Where do pixels lose their place?",
    )
    moved = np.abs(reply[1:, row, column, 0] - reply[0, row, column, 0])
    changes = np.abs(reply[1] - reply[0])[..., 0]
    probe.require(
        changes.max() > 1e-9 and (moved > 1e-9).any(),
        "pixels-lose-their-place",
        "Changing a pixel does not change the output at its place. Where in your model do pixels lose their place?",
    )
    probe.require(
        (moved[1:] > 1e-9).all(),
        "pixel-by-pixel",
        "An output pixel does not depend on all of its four neighbours. How can a single noisy pixel be told from a bright one?",
    )


@judge(
    "score_from_denoiser",
    title="Tweedie's formula",
    section="What a denoiser knows",
    question="Tweedie's formula gives the denoiser. Which two steps solve it for the gradient?",
)
def judge_score_from_denoiser(score_from_denoiser, probe):
    """The best denoiser of a Gaussian, whose score is known; a shift tells a step from a position."""
    rng = probe.rng
    for sigma in (float(rng.uniform(0.2, 0.5)), float(rng.uniform(1.6, 2.4))):
        n, d = int(rng.integers(5, 9)), int(rng.integers(2, 4))
        mean, spread = rng.uniform(2, 4, d), rng.uniform(0.5, 1.5, d)
        x = rng.uniform(-2.4, 2.4, size=(n, d)) + mean  # no score above 9: clipping has its own question below

        def denoiser(points, mean=mean, spread=spread, sigma=sigma):
            return mean + (np.asarray(points) - mean) * spread**2 / (spread**2 + sigma**2)

        got = probe.require_shape(
            probe.call(score_from_denoiser, denoiser, x, sigma),
            (n, d),
            "One arrow with d numbers for each point: what is summed or dropped?",
        )
        step = denoiser(x) - x
        true = -(x - mean) / (spread**2 + sigma**2)
        length = np.linalg.norm(step, axis=1, keepdims=True)
        probe.settle(
            got,
            true,
            [
                (-true, "wrong-sign", "Where does your arrow point: up the density, towards the data, or down?"),
                (
                    step / sigma,
                    "divides-by-the-deviation",
                    f"With sigma {sigma:.2f} your arrows are {sigma:.2f} times too long. "
                    "Which power of sigma has the units that are left over?",
                ),
                (
                    -step / sigma,
                    "noise-not-score",
                    "That is the expected noise. Which way, and how long, is the gradient?",
                ),
                (
                    step,
                    "not-divided",
                    "That is the denoiser's step. Does its length depend on sigma as a gradient's does?",
                ),
                (
                    -step,
                    "not-divided",
                    "That is the noise the denoiser removes. What is the gradient of the log density?",
                ),
                (
                    step * sigma**2,
                    "multiplies-by-the-variance",
                    "In the formula the gradient is multiplied by the variance. How do you solve for it?",
                ),
                (
                    denoiser(x) / sigma**2,
                    "not-the-step",
                    "Move all data by 100, and your score grows. Which difference is left out?",
                ),
                (
                    (denoiser(x) - x / sigma**2),
                    "brackets",
                    "What is divided: one of the two terms, or their difference?",
                ),
                (
                    (denoiser(x) / sigma**2 - x),
                    "brackets",
                    "What is divided: one of the two terms, or their difference?",
                ),
                (
                    step / (2 * sigma**2),
                    "factor-two",
                    "Your arrows have half of their length. Does the 2 of the Gaussian's exponent survive the derivative?",
                ),
                (2 * step / sigma**2, "factor-two", "Your arrows are twice too long. Where does the 2 come from?"),
                (
                    step / length,
                    "unit-arrows",
                    "All your arrows have length 1. What does the length of a gradient tell?",
                ),
                (
                    step / length**2,
                    "unit-arrows",
                    "You divide by the length of the step. What does sigma have to do with it?",
                ),
                (
                    step / (1 + sigma**2),
                    "wrong-variance",
                    "By which variance is the step divided: that of the noise, or another?",
                ),
                (
                    (denoiser(denoiser(x)) - x) / sigma**2,
                    "denoises-twice",
                    "You apply the denoiser to its own answer. How often does the formula ask it?",
                ),
                (
                    (denoiser(denoiser(x)) - denoiser(x)) / sigma**2,
                    "denoises-twice",
                    "At which point is the score asked for: at x, or at its denoised version?",
                ),
            ],
            "wrong-score",
            "Solve r(x) = x + sigma² · score for the score: which part differs?",
        )
    curved = np.sin  # any denoiser will do
    x = rng.normal(size=(4, 3))
    probe.require_close(
        probe.call(score_from_denoiser, curved, x, 0.8),
        (np.sin(x) - x) / 0.64,
        "wrong-score",
        "For another denoiser your score is not its step over the variance. What did you assume about the data?",
    )
    kept = x + rng.choice([-1.0, 1.0], x.shape) * rng.uniform(
        0.5, 1, x.shape
    )  # an array that the denoiser goes on using
    before, sigma = kept.copy(), 0.05
    got = probe.require_shape(probe.call(score_from_denoiser, lambda points: kept, x, sigma), x.shape)
    true = (before - x) / sigma**2
    probe.require(
        np.array_equal(kept, before),
        "changes-the-denoisers-array",
        "The array that the denoiser returned was changed by your function. Who else might still need it? "
        "(Operations such as y -= x work in place.)",
    )
    probe.require(
        np.abs(got).max() > 0.5 * np.abs(true).min(),
        "clipped-score",
        f"With sigma {sigma} no number of your score is beyond {np.abs(got).max():.1f}. How long may a gradient get?",
    )
    probe.require_close(got, true, "wrong-score", "With a small sigma the arrows are long. What happens to yours?")


def _ring_average(sigma: float, power: float = 2.0, scale: float = 1.0) -> float:
    angles = np.linspace(-np.pi, np.pi, 20_000, endpoint=False)
    weights = np.exp(scale * (np.cos(angles) - 1) / sigma**power)
    return float(weights @ np.cos(angles) / weights.sum())


def _ring_by_arc(sigma: float) -> float:
    angles = np.linspace(-np.pi, np.pi, 4000, endpoint=False)
    weights = np.exp(-(angles**2) / (2 * sigma**2))
    return float(weights @ np.cos(angles) / weights.sum())


def _ring_over_noisy_points(sigma: float) -> float:
    """Mean radius of the denoised points over all noisy ones, by quadrature over the radius of the noisy point."""
    from scipy.special import ive

    radius = np.linspace(1e-4, 1 + 8 * sigma, 4000)
    argument = radius / sigma**2
    density = radius * np.exp(-((radius - 1) ** 2) / (2 * sigma**2)) * ive(0, argument)  # Rice's distribution
    return float((density * ive(1, argument) / ive(0, argument)).sum() / density.sum())


@judge(
    "ring_radius",
    title="The denoised ring",
    section="Does it project onto the manifold?",
    question="Where does the mean of several points of a circle lie?",
)
def judge_ring_radius(ring_radius, probe):
    """Noise levels at which every shortcut gives a number of its own, then the ends of the range."""
    rng = probe.rng
    sigmas = [float(rng.uniform(low, high)) for low, high in ((0.3, 0.4), (0.55, 0.8), (1.1, 1.6))]
    got = np.array(
        [probe.number(probe.call(ring_radius, sigma), question="One radius for one sigma.") for sigma in sigmas]
    )

    def each(radius, *options):
        return np.array([radius(sigma, *options) for sigma in sigmas])

    true = each(_ring_average)
    off_by_two = (
        "exponent-off-by-two",
        "The squared distance is 2 - 2 cos θ, and the exponent divides it by 2 σ². Which 2 is missing or left over?",
    )
    factors = (
        lambda sigma: 1.0,
        lambda sigma: 1 / (2 * math.pi),
        lambda sigma: 1 / (math.sqrt(2 * math.pi) * sigma),
        lambda sigma: 1 / (2 * math.pi * sigma**2),
    )
    probe.settle(
        got,
        true,
        [
            (
                each(lambda sigma: 1.0),
                "projects",
                f"With noise of {sigmas[1]:.2f}, can a point on the circle not come from other places of the circle? "
                "Where is the mean of these places?",
            ),
            (
                each(_ring_over_noisy_points),
                "averages-over-noisy-points",
                "You averaged over noisy points from everywhere. Which one noisy point is asked about?",
            ),
            (
                each(lambda sigma: 0.5 / (0.5 + sigma**2)),
                "linear-answer",
                "That is the best linear answer. Is the mean of the points behind a noisy one a linear function of it?",
            ),
            (
                each(lambda sigma: 1 / (1 + sigma**2)),
                "linear-answer",
                "That would be the answer for Gaussian data with variance 1. Are these data Gaussian?",
            ),
            (
                each(lambda sigma: math.exp(-(sigma**2) / 2)),
                "noise-along-the-circle",
                "That is the mean cosine of a Gaussian angle. Is the noise added to the angle, or to the two coordinates?",
            ),
            (
                each(_ring_by_arc),
                "distance-along-the-arc",
                "You measure the distance along the circle. How far apart are two points of the plane?",
            ),
            (
                each(_ring_average, 1.0),
                "deviation-for-variance",
                "Does the exponent of a Gaussian hold sigma, or its square?",
            ),
            (each(_ring_average, 2.0, 0.5), *off_by_two),
            (each(_ring_average, 2.0, 2.0), *off_by_two),
            *(
                (
                    each(lambda sigma, factor=factor: _unnormalised(sigma, factor(sigma))),
                    "weights-do-not-sum-to-one",
                    "Your weights do not sum to 1. What is a weighted mean divided by?",
                )
                for factor in factors
            ),
            (true**2, "squared-radius", "That is the square of the radius. What is asked for?"),
            (1 - true, "distance-moved", "That is how far the point moves. How far from the origin does it end?"),
            (
                0 * true,
                "whole-circle",
                "You averaged the whole circle. Are all of its points equally likely behind this one?",
            ),
        ],
        "wrong-radius",
        "Weigh each clean point by the likelihood of the noisy one. Which weight, and the mean of what?",
        rtol=0,
        atol=1e-3,
    )
    for sigma, what in (
        (0.03, "With little noise the point should hardly move"),
        (3.0, "With much noise the point goes to the middle"),
    ):
        got = probe.number(probe.call(ring_radius, sigma), question="One radius for one sigma.")
        probe.require(
            math.isfinite(got),
            "overflows",
            f"For sigma {sigma} your result is not finite. How large is exp(1 / sigma²), and what can be divided out first?",
        )
        probe.require(
            abs(got - _ring_average(sigma)) < 1e-3,
            "wrong-at-the-ends",
            f"{what}: {_ring_average(sigma):.4f} was expected for sigma {sigma}; yours is {got:.4f}. "
            "Are there enough angles where the weight is?",
        )
    edges = np.geomspace(0.03, 3.0, 11)
    levels = [float(np.exp(rng.uniform(*np.log(pair)))) for pair in itertools.pairwise(edges)]
    for sigma in (float(rng.uniform(0.047, 0.05)), *levels):
        got = probe.number(probe.call(ring_radius, sigma), question="One radius for one sigma.")
        probe.require(
            abs(got - _ring_average(sigma)) < 1e-3,
            "wrong-at-some-levels",
            f"For sigma {sigma:.4f} a radius of {_ring_average(sigma):.4f} was expected; yours is {got:.4f}. "
            "At other levels you were right: what does your function do differently here?",
        )


def _unnormalised(sigma: float, factor: float) -> float:
    angles = np.linspace(-np.pi, np.pi, 4000, endpoint=False)
    weights = np.exp((np.cos(angles) - 1) / sigma**2)
    return float((weights * np.cos(angles)).mean() * 2 * math.pi * factor)


class _Recorder:
    """A score that remembers how it was called."""

    def __init__(self, score):
        self.score, self.calls, self.places = score, [], []

    def __call__(self, x, sigma):
        x = np.asarray(x, np.float64)
        self.calls.append((float(np.asarray(sigma).reshape(-1)[0]), x.shape))
        self.places.append(x.copy())
        return self.score(x, float(np.asarray(sigma).reshape(-1)[0]))


@judge(
    "annealed_langevin",
    title="Annealed Langevin sampling",
    section="Samples from noise",
    question="If the score is 0 everywhere, how far do the samples wander in one step?",
)
def judge_annealed_langevin(annealed_langevin, probe):
    """Start, order of the levels, noise and drift are read off scores that are zero or constant."""
    rng = probe.rng
    sigmas = np.array([rng.uniform(2.2, 2.8), rng.uniform(1.1, 1.5), rng.uniform(0.5, 0.8)])
    n, dim, steps, step_size = 3000, 3, int(rng.integers(6, 9)), float(rng.uniform(0.25, 0.35))
    seed = int(rng.integers(1000))

    def sample(score, seed=seed, levels=sigmas, size=step_size):
        made = probe.call(annealed_langevin, score, levels, n, dim, steps, size, np.random.default_rng(seed))
        return probe.require_shape(made, (n, dim), "One row for each sample.").astype(np.float64)

    still = _Recorder(lambda x, sigma: np.zeros_like(x))
    walked = sample(still)
    _check_calls(probe, still.calls, sigmas, steps, (n, dim))
    probe.require(np.isfinite(walked).all(), "not-finite", "Your samples contain NaN or infinity. Which step grows?")
    probe.require(
        np.array_equal(walked, sample(lambda x, sigma: np.zeros_like(x))),
        "ignores-the-generator",
        "Two generators with the same seed gave different samples. Where else do random numbers come from?",
    )
    probe.require(
        not np.allclose(walked, sample(lambda x, sigma: np.zeros_like(x), seed=seed + 1)),
        "ignores-the-generator",
        "Two generators with different seeds gave the same samples. Which generator do you draw from?",
    )
    _check_start(probe, still.places[0], float(sigmas[0]), float(sigmas[-1]))
    _check_wandering(probe, [*still.places, walked], sigmas, steps, step_size)
    # A constant score moves all samples by the same sum of steps; the random numbers are those of the walk above.
    pull = np.array([3.0, -2.0, 1.0])
    drift = (sample(lambda x, sigma: np.broadcast_to(pull, x.shape)) - walked).mean(axis=0)
    alphas = step_size * sigmas**2
    true = pull * steps * alphas.sum() / 2
    probe.settle(
        drift,
        true,
        [
            (
                -true,
                "downhill",
                "A score that points right moves your samples to the left. Is a step uphill or downhill?",
            ),
            (
                2 * true,
                "drift-not-halved",
                "Your drift is twice what it should be. Which factor stands before the score?",
            ),
            (
                true / 2,
                "drift-too-small",
                "Your drift is half of what it should be. Which factor stands before the score?",
            ),
            (np.zeros(dim), "score-not-used", "The score does not move your samples. Where does it enter the step?"),
            (
                pull * steps * np.sqrt(alphas).sum(),
                "drift-with-the-root",
                "Your drift grows with the root of the step. Which of the two terms has the root?",
            ),
            (
                pull * steps * np.sqrt(alphas).sum() / 2,
                "drift-with-the-root",
                "Your drift grows with the root of the step. Which of the two terms has the root?",
            ),
            *(
                (
                    pull * steps * step_size * factor,
                    "steps-not-scaled",
                    "Your drift depends on sigma in another way than the step should. With which power of sigma does the step shrink?",
                )
                for factor in (len(sigmas), len(sigmas) / 2, sigmas.sum(), sigmas.sum() / 2)
            ),
        ],
        "wrong-drift",
        "Add up alpha / 2 times the score over all steps and levels: which step of yours differs?",
        rtol=2e-3,
        atol=1e-6,
    )
    # A Gaussian target: the drift has to look at where the samples are now.
    target = sample(lambda x, sigma: -(x - 4.0) / (0.25 + sigma**2), levels=np.geomspace(5, 0.3, 8), size=0.3)
    probe.require(
        np.abs(target.mean(axis=0) - 4).max() < 0.25 and 0.4 < target.std() < 1.3,
        "misses-the-target",
        f"With the score of a Gaussian around 4 your samples end with the mean {target.mean():.2f} and the standard deviation "
        f"{target.std():.2f}. At which points do you ask for the score?",
    )


def _check_calls(probe, calls, sigmas, steps: int, shape) -> None:
    probe.require(bool(calls), "score-not-used", "The score was never asked. Which term of the step needs it?")
    probe.require(
        all(made == shape for _, made in calls),
        "wrong-shape-for-the-score",
        f"The score expects points of shape {shape}; it was given {next((m for _, m in calls if m != shape), None)}. "
        "Do all samples move together?",
    )
    asked = [sigma for sigma, _ in calls]
    wanted = [float(s) for s in sigmas for _ in range(steps)]
    if len(asked) == len(wanted) and np.allclose(asked, wanted):
        return
    probe.require(
        not (len(asked) == len(wanted) and np.allclose(asked, wanted[::-1])),
        "rising-levels",
        "You start at the smallest noise level and go up. Which level was the start drawn from?",
    )
    probe.require(
        not (len(asked) == len(wanted) and np.allclose(sorted(asked), sorted(wanted))),
        "cycles-through-the-levels",
        "You go through all levels again and again. How many steps should one level get before the next?",
    )
    probe.require(
        len(set(np.round(asked, 9))) > 1,
        "one-level-only",
        f"The score was asked at one noise level only, {asked[0]:.2f}. What is annealing?",
    )
    levels = [s for s in sigmas if np.isclose(asked, s).any()]
    probe.require(
        len(levels) == len(sigmas),
        "skips-a-level",
        f"The score was asked at {len(levels)} of {len(sigmas)} noise levels. Which is left out?",
    )
    probe.fail(
        "wrong-number-of-steps",
        f"{steps} steps at each of {len(sigmas)} levels are {len(wanted)} calls of the score; yours are {len(asked)}. "
        "How are the two loops nested?",
    )


def _check_start(probe, first, largest: float, smallest: float) -> None:
    spread = first.std()
    probe.require(
        np.ptp(first) > 1e-9,
        "all-start-at-one-point",
        "All samples start at the same point. From which distribution should they be drawn?",
    )
    probe.require(
        abs(spread / smallest - 1) > 0.08,
        "starts-at-the-smallest-level",
        f"Your samples start with a standard deviation of {spread:.2f}. Which level comes first?",
    )
    probe.require(
        abs(spread - 1) > 0.06 or abs(largest - 1) < 0.06,
        "start-not-scaled",
        f"Your samples start with a standard deviation of {spread:.2f}; the first level is {largest:.2f}. How wide are data "
        "with that much noise?",
    )
    probe.require(
        abs(first.mean()) < 0.15 * largest and abs(spread / largest - 1) < 0.08,
        "wrong-start",
        f"Your samples start with mean {first.mean():.2f} and standard deviation {spread:.2f}; expected were 0 and "
        f"{largest:.2f}. From which distribution are they drawn?",
    )
    standard = (first / spread).ravel()
    probe.require(
        abs(np.mean(standard**4) - 3) < 0.6,
        "wrong-start",
        "Your start has the right width, but it is no Gaussian. Which distribution do you draw from?",
    )


def _splits(walk):
    """Pairs of parts of (steps, samples, dim) that should have nothing to do with each other."""
    half = walk.shape[1] // 2
    yield walk[:, :half], walk[:, half : 2 * half]
    yield walk[:, : 2 * half : 2], walk[:, 1 : 2 * half : 2]
    for i, j in itertools.combinations(range(walk.shape[2]), 2):
        yield walk[..., i], walk[..., j]


def _check_wandering(probe, places, sigmas, steps: int, step_size: float) -> None:
    """Without drift each step is noise alone: its variance is read off level by level."""
    walk = np.diff(np.array(places), axis=0)  # (levels * steps, samples, dim)
    probe.require(
        np.abs(walk).max() > 1e-9,
        "no-noise",
        "With a score of 0 your samples stay where they are. Without noise, where do all of them end?",
    )
    probe.require(
        np.abs(walk[: steps - 1]).max() > 1e-9,
        "misses-the-target",
        "Step after step the score is asked at the same points, although the samples move. Where are they now?",
    )
    still = np.flatnonzero(np.abs(walk).max(axis=(1, 2)) < 1e-9)
    probe.require(
        not len(still),
        "steps-without-noise",
        f"With a score of 0 your samples do not move in {len(still)} of {len(walk)} steps. In which steps is z added?",
    )
    start = places[0]
    probe.require(
        walk.std(axis=1).min() > 1e-6 and walk.std(axis=2).mean(axis=1).min() > 1e-6,
        "shared-noise",
        "All samples, or all coordinates, wander by the same amount. Which shape do the random numbers have?",
    )
    flat = np.concatenate([start[None], walk]).reshape(len(walk) + 1, -1)
    flat = flat / flat.std(axis=1, keepdims=True)
    related = np.corrcoef(flat) - np.eye(len(flat))
    i, j = (int(v) for v in np.unravel_index(np.abs(related).argmax(), related.shape))
    fresh = "noise-not-fresh"
    probe.require(
        abs(related[i, j]) < 0.08,
        fresh,
        f"{'The start' if min(i, j) == 0 else f'Step {min(i, j)}'} and step {max(i, j)} go the same way, or opposite ways "
        f"(correlation {related[i, j]:.2f}). How often is z drawn?",
    )
    probe.require(
        abs(flat[1:].mean()) < 0.05,
        "noise-with-a-mean",
        f"With a score of 0 your samples drift, by {flat[1:].mean():.2f} of the noise in each step. Around which value is z drawn?",
    )
    sizes = np.sort(np.abs(flat), axis=1)
    few_values = np.median(np.diff(sizes, axis=1)) < 1e-9  # such as -1 and 1: then any two steps are reorderings
    probe.require(
        few_values or all(np.abs(sizes[i + 1 :] - sizes[i]).max(axis=1).min() > 1e-6 for i in range(len(sizes) - 1)),
        fresh,
        "Two of your steps use the same random numbers in another order. How often is z drawn?",
    )
    _check_gaussian(probe, (flat[1:] - flat[1:].mean(axis=1, keepdims=True)).ravel(), "noise-not-gaussian")
    halves = [(a.ravel(), b.ravel()) for w in (walk, start[None]) for a, b in _splits(w)]
    probe.require(
        all(abs(np.corrcoef(a, b)[0, 1]) < 10 / math.sqrt(len(a)) for a, b in halves),
        "shared-noise",
        "Some samples, or coordinates, go the way of others, or the opposite one. Which shape do the random numbers have?",
    )
    measured = walk.reshape(len(sigmas), -1).var(axis=1)  # variance of one step, at each level
    alphas = step_size * sigmas**2
    not_scaled = (
        "noise-not-scaled",
        "Your noise does not depend on the step size as it should. Where does alpha come in?",
    )
    root = (
        "noise-without-the-root",
        "Your noise is multiplied by alpha itself, or by a part of it. How does the spread of a random walk grow with the step?",
    )
    constant = (
        "steps-not-scaled",
        "Your steps depend on sigma in another way than they should. With which power of sigma does alpha shrink?",
    )
    probe.settle(
        measured,
        alphas,
        [
            (2 * alphas, "noise-too-strong", "Your noise has twice its variance. Which factor stands under the root?"),
            (alphas / 2, "noise-too-weak", "Your noise has half of its variance. Which factor stands under the root?"),
            (
                alphas / 4,
                "noise-too-weak",
                "Your noise has half of its deviation. Which factor belongs to the drift only?",
            ),
            (alphas**2, *root),
            (alphas**2 / 4, *root),
            (np.ones(len(sigmas)), *not_scaled),
            (sigmas**2, *not_scaled),
            (np.full(len(sigmas), step_size), *constant),
            (np.full(len(sigmas), step_size**2), *constant),
            (step_size * sigmas, *constant),
            (step_size * sigmas**2 / sigmas[-1] ** 2, *constant),
        ],
        "wrong-noise",
        "With a score of 0 the variance should grow by alpha in each step. Which factor stands before z?",
        rtol=0.05,
    )
