"""Wrong answers to the exercises of lesson 03, each with the misconception that its check must name."""

import keras
import numpy as np
from keras import ops

from authoring.bank import wrong

# l0


@wrong("mean-activation")
def l0(codes, threshold):
    return np.abs(codes).mean()


@wrong("mean-activation")
def l0(codes, threshold):
    size = np.abs(codes)
    return np.where(size > threshold, size, 0).sum(axis=1).mean()


@wrong("mean-activation")
def l0(codes, threshold):
    return np.linalg.norm(codes, axis=1).mean()


@wrong("share-not-count")
def l0(codes, threshold):
    return (np.abs(codes) > threshold).mean()


@wrong("not-averaged")
def l0(codes, threshold):
    return float(np.count_nonzero(np.abs(codes) > threshold))


@wrong("ignores-the-sign")
def l0(codes, threshold):
    return (codes > threshold).sum(axis=1).mean()


@wrong("counts-the-threshold-itself")
def l0(codes, threshold):
    return (np.abs(codes) >= threshold).sum(axis=1).mean()


@wrong("ignores-the-threshold")
def l0(codes, threshold):
    return np.count_nonzero(codes, axis=1).mean()


@wrong("one-count-for-each-sample")
def l0(codes, threshold):
    return (np.abs(codes) > threshold).sum(axis=1)


@wrong("counts-for-each-unit")
def l0(codes, threshold):
    return (np.abs(codes) > threshold).sum(axis=0).mean()


@wrong("counts-for-each-unit")
def l0(codes, threshold):
    return (np.abs(codes) > threshold).sum(axis=0)


@wrong("counts-the-silent")
def l0(codes, threshold):
    return (np.abs(codes) <= threshold).sum(axis=1).mean()


@wrong("rounded")
def l0(codes, threshold):
    return int((np.abs(codes) > threshold).sum() / len(codes))


@wrong("ever-active")
def l0(codes, threshold):
    return int((np.abs(codes) > threshold).any(axis=0).sum())


@wrong("depends-on-the-scale")
def l0(codes, threshold):
    codes = np.where(np.abs(codes) < 1e-2, 0, codes)  # "numerical noise"
    return (np.abs(codes) > threshold).sum(axis=1).mean()


@wrong("small-is-not-zero")
def l0(codes, threshold):
    return (np.abs(codes) > threshold + 1e-8).sum(axis=1).mean()


@wrong("small-is-not-zero")
def l0(codes, threshold):
    left = np.maximum(np.abs(codes) - threshold, 0)
    return np.mean(np.sum(left > 1e-7, axis=1))


@wrong("leaves-silent-samples-out")
def l0(codes, threshold):
    counts = (np.abs(codes) > threshold).sum(axis=1)
    return counts[counts > 0].mean() if counts.any() else 0.0


# topk


def _bar(codes, k):
    return ops.top_k(codes, k)[0][:, -1:]


@wrong("keeps-negative-winners")
def topk(codes, k):
    return ops.where(codes >= _bar(codes, k), codes, 0.0)


@wrong("by-absolute-value")
def topk(codes, k):
    size = ops.abs(codes)
    return ops.where(size >= _bar(size, k), codes, 0.0)


@wrong("by-absolute-value")
def topk(codes, k):
    size = ops.abs(codes)
    return ops.relu(ops.where(size >= _bar(size, k), codes, 0.0))


@wrong("over-the-whole-batch")
def topk(codes, k):
    bar = ops.top_k(ops.reshape(codes, (-1,)), k)[0][-1]
    return ops.where(codes >= bar, ops.relu(codes), 0.0)


@wrong("over-the-whole-batch")
def topk(codes, k):
    bar = ops.top_k(ops.reshape(codes, (-1,)), k * codes.shape[0])[0][-1]
    return ops.where(codes >= bar, ops.relu(codes), 0.0)


@wrong("along-the-batch")
def topk(codes, k):
    flipped = ops.transpose(codes)
    k = min(k, flipped.shape[1])
    return ops.transpose(ops.where(flipped >= _bar(flipped, k), ops.relu(flipped), 0.0))


@wrong("ones-not-values")
def topk(codes, k):
    return ops.cast(ops.logical_and(codes >= _bar(codes, k), codes > 0), "float32")


@wrong("relu-only")
def topk(codes, k):
    return ops.relu(codes)


@wrong("one-too-few")
def topk(codes, k):
    return ops.where(codes > _bar(codes, k), ops.relu(codes), 0.0)


@wrong("subtracts-the-bar")
def topk(codes, k):
    return ops.relu(codes - _bar(codes, k))


@wrong("the-smallest")
def topk(codes, k):
    bar = ops.sort(codes, axis=-1)[:, k - 1 : k]
    return ops.where(codes <= bar, ops.relu(codes), 0.0)


@wrong("returns-only-the-winners")
def topk(codes, k):
    return ops.relu(ops.top_k(codes, k)[0])


@wrong("removes-the-winners")
def topk(codes, k):
    return ops.where(codes >= _bar(codes, k), 0.0, ops.relu(codes))


@wrong("winners-moved")
def topk(codes, k):
    winners = ops.relu(ops.top_k(codes, k)[0])
    return ops.pad(winners, [[0, 0], [0, codes.shape[1] - k]])


@wrong("breaks-the-gradient")
def topk(codes, k):
    values = ops.convert_to_numpy(codes).copy()
    bar = np.sort(values, axis=1)[:, -k][:, None]
    return ops.convert_to_tensor(np.where(values >= bar, np.maximum(values, 0), 0).astype("float32"))


@wrong("breaks-the-gradient")
def topk(codes, k):
    return ops.stop_gradient(ops.where(codes >= _bar(codes, k), ops.relu(codes), 0.0))


@wrong("wrong-gradient")
def topk(codes, k):
    # The right values forwards, all gradients backwards: a "straight-through" top-k.
    sparse = ops.where(codes >= _bar(codes, k), ops.relu(codes), 0.0)
    return codes + ops.stop_gradient(sparse - codes)


# kl_sparsity


def _kl(target, activity):
    return target * ops.log(target / activity) + (1 - target) * ops.log((1 - target) / (1 - activity))


@wrong("mean-over-units")
def kl_sparsity(codes, target):
    return ops.mean(_kl(target, ops.mean(codes, axis=0)))


@wrong("kl-of-each-activation")
def kl_sparsity(codes, target):
    return ops.mean(ops.sum(_kl(target, codes), axis=1))


@wrong("kl-of-each-activation")
def kl_sparsity(codes, target):
    return ops.sum(_kl(target, codes))


@wrong("mean-of-each-sample")
def kl_sparsity(codes, target):
    return ops.sum(_kl(target, ops.mean(codes, axis=1)))


@wrong("one-mean-for-all")
def kl_sparsity(codes, target):
    return _kl(target, ops.mean(codes))


@wrong("reversed")
def kl_sparsity(codes, target):
    activity = ops.mean(codes, axis=0)
    return ops.sum(_kl(activity, target))


@wrong("wrong-sign")
def kl_sparsity(codes, target):
    activity = ops.mean(codes, axis=0)
    return ops.sum(target * ops.log(activity / target) + (1 - target) * ops.log((1 - activity) / (1 - target)))


@wrong("half-of-the-formula")
def kl_sparsity(codes, target):
    return ops.sum(target * ops.log(target / ops.mean(codes, axis=0)))


@wrong("half-of-the-formula")
def kl_sparsity(codes, target):
    return keras.losses.KLDivergence(reduction="sum")(
        ops.ones((1, codes.shape[1])) * target, ops.mean(codes, axis=0, keepdims=True)
    )


@wrong("no-ratio")
def kl_sparsity(codes, target):
    activity = ops.mean(codes, axis=0)
    return ops.sum(-target * ops.log(activity) - (1 - target) * ops.log(1 - activity))


@wrong("divides-twice")
def kl_sparsity(codes, target):
    return ops.sum(_kl(target, ops.mean(codes, axis=0))) / codes.shape[0]


@wrong("bits")
def kl_sparsity(codes, target):
    return ops.sum(_kl(target, ops.mean(codes, axis=0))) / float(np.log(2))


@wrong("not-a-scalar")
def kl_sparsity(codes, target):
    return _kl(target, ops.mean(codes, axis=0))


@wrong("another-distance")
def kl_sparsity(codes, target):
    return ops.sum(ops.square(ops.mean(codes, axis=0) - target))


@wrong("breaks-the-gradient")
def kl_sparsity(codes, target):
    activity = ops.convert_to_numpy(codes).mean(axis=0)
    return ops.convert_to_tensor(
        float(np.sum(target * np.log(target / activity) + (1 - target) * np.log((1 - target) / (1 - activity))))
    )


@wrong("cuts-off-extremes")
def kl_sparsity(codes, target):
    activity = ops.clip(ops.mean(codes, axis=0), 1e-5, 1 - 1e-5)
    return ops.sum(target * ops.log(target / activity) + (1 - target) * ops.log((1 - target) / (1 - activity)))


# l1_penalty


@wrong("means-over-units")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.abs(codes))


@wrong("sums-over-the-batch")
def l1_penalty(codes, strength):
    return strength * ops.sum(ops.abs(codes))


@wrong("sums-and-means-swapped")
def l1_penalty(codes, strength):
    return strength * ops.sum(ops.mean(ops.abs(codes), axis=1))


@wrong("no-absolute-value")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sum(codes, axis=-1))


@wrong("ignores-negative-activations")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sum(ops.relu(codes), axis=-1))


@wrong("squares")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sum(ops.square(codes), axis=-1))


@wrong("euclidean-norm")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sqrt(ops.sum(ops.square(codes), axis=-1)))


@wrong("ignores-the-strength")
def l1_penalty(codes, strength):
    return ops.mean(ops.sum(ops.abs(codes), axis=-1))


@wrong("divides-twice")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sum(ops.abs(codes), axis=-1)) / codes.shape[0]


@wrong("largest-only")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.max(ops.abs(codes), axis=-1))


@wrong("counts-units")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sum(ops.cast(ops.abs(codes) > 0, "float32"), axis=-1))


@wrong("not-a-scalar")
def l1_penalty(codes, strength):
    return strength * ops.sum(ops.abs(codes), axis=-1)


@wrong("breaks-the-gradient")
def l1_penalty(codes, strength):
    return strength * float(np.abs(ops.convert_to_numpy(codes)).sum(axis=1).mean())


@wrong("wrong-gradient")
def l1_penalty(codes, strength):
    size = ops.abs(codes)
    smooth = ops.where(size < 1e-3, 1e3 * ops.square(codes), size)
    return strength * ops.mean(ops.sum(smooth, axis=-1))


# soft_threshold


@wrong("hard-threshold")
def soft_threshold(codes, amount):
    return np.where(np.abs(codes) > amount, codes, 0.0)


@wrong("negative-values-lost")
def soft_threshold(codes, amount):
    return np.maximum(codes - amount, 0)


@wrong("sign-lost")
def soft_threshold(codes, amount):
    return np.maximum(np.abs(codes) - amount, 0)


@wrong("crosses-zero")
def soft_threshold(codes, amount):
    return codes - amount * np.sign(codes)


@wrong("shifts-everything")
def soft_threshold(codes, amount):
    return codes - amount


@wrong("clips")
def soft_threshold(codes, amount):
    return np.clip(codes, -amount, amount)


@wrong("wrong-amount")
def soft_threshold(codes, amount):
    return np.sign(codes) * np.maximum(np.abs(codes) - amount / 2, 0)


@wrong("wrong-amount")
def soft_threshold(codes, amount):
    return np.sign(codes) * np.maximum(np.abs(codes) - 2 * amount, 0)


@wrong("scales")
def soft_threshold(codes, amount):
    return codes / (1 + amount)


@wrong("scales")
def soft_threshold(codes, amount):
    return codes * (1 - amount)


@wrong("one-side-only")
def soft_threshold(codes, amount):
    return np.where(codes > amount, codes - amount, np.where(codes < -amount, codes - amount, 0.0))


@wrong("small-values-kept")
def soft_threshold(codes, amount):
    return np.where(np.abs(codes) > amount, codes - np.sign(codes) * amount, codes)


@wrong("removes-the-large")
def soft_threshold(codes, amount):
    return np.where(np.abs(codes) > amount, 0.0, codes)


@wrong("changes-its-input")
def soft_threshold(codes, amount):
    codes[np.abs(codes) < amount] = 0
    codes[codes > 0] -= amount
    codes[codes < 0] += amount
    return codes


@wrong("not-finite")
def soft_threshold(codes, amount):
    with np.errstate(divide="ignore", invalid="ignore"):
        return codes * np.maximum(0, 1 - amount / np.abs(codes))


# unit_norm_atoms


@wrong("normalises-columns")
def unit_norm_atoms(decoder_weights):
    return decoder_weights / np.linalg.norm(decoder_weights, axis=0)


@wrong("zero-row-not-finite")
def unit_norm_atoms(decoder_weights):
    return decoder_weights / np.linalg.norm(decoder_weights, axis=1, keepdims=True)


@wrong("adds-to-the-norm")
def unit_norm_atoms(decoder_weights):
    return decoder_weights / (np.linalg.norm(decoder_weights, axis=1, keepdims=True) + 1e-4)


@wrong("adds-to-the-norm")
def unit_norm_atoms(decoder_weights):
    return decoder_weights / np.maximum(np.linalg.norm(decoder_weights, axis=1, keepdims=True), 0.01)


@wrong("one-norm-for-all")
def unit_norm_atoms(decoder_weights):
    return decoder_weights / np.linalg.norm(decoder_weights)


@wrong("divides-by-the-square")
def unit_norm_atoms(decoder_weights):
    squares = np.square(decoder_weights).sum(axis=1, keepdims=True)
    return decoder_weights / np.where(squares > 0, squares, 1)


@wrong("another-norm")
def unit_norm_atoms(decoder_weights):
    sizes = np.abs(decoder_weights).sum(axis=1, keepdims=True)
    return decoder_weights / np.where(sizes > 0, sizes, 1)


@wrong("another-norm")
def unit_norm_atoms(decoder_weights):
    sizes = np.abs(decoder_weights).max(axis=1, keepdims=True)
    return decoder_weights / np.where(sizes > 0, sizes, 1)


@wrong("long-rows-only")
def unit_norm_atoms(decoder_weights):
    return decoder_weights / np.maximum(np.linalg.norm(decoder_weights, axis=1, keepdims=True), 1)


@wrong("zero-row-changed")
def unit_norm_atoms(decoder_weights):
    norms = np.linalg.norm(decoder_weights, axis=1, keepdims=True)
    d = decoder_weights.shape[1]
    return np.where(norms > 0, decoder_weights / np.where(norms > 0, norms, 1), 1 / np.sqrt(d))


@wrong("sign-lost")
def unit_norm_atoms(decoder_weights):
    norms = np.linalg.norm(decoder_weights, axis=1, keepdims=True)
    return np.abs(decoder_weights) / np.where(norms > 0, norms, 1)


@wrong("wrong-shape")
def unit_norm_atoms(decoder_weights):
    norms = np.linalg.norm(decoder_weights, axis=1)
    return decoder_weights[norms > 0] / norms[norms > 0, None]


# recover_dictionary


def _train(data, hidden, epochs=3):
    atoms = keras.layers.Dense(data.shape[1], use_bias=False)
    model = keras.Sequential([keras.Input((data.shape[1],)), *hidden, atoms])
    model.compile(keras.optimizers.Adam(3e-3), loss="mse")
    model.fit(data, data, epochs=epochs, batch_size=100, verbose=0)
    return atoms.get_weights()[0]


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@wrong("returns-samples")
def recover_dictionary(data, n_units, n_active):
    return _unit(data[:n_units])


@wrong("orthogonal-axes")
def recover_dictionary(data, n_units, n_active):
    rows = np.linalg.svd(data - data.mean(axis=0), full_matrices=False)[2]
    return np.concatenate([rows, np.zeros((n_units - len(rows), data.shape[1]))])


@wrong("close-is-not-found")
def recover_dictionary(data, n_units, n_active):
    from sklearn.cluster import KMeans

    return _unit(KMeans(n_units, n_init=1, max_iter=20, random_state=0).fit(data).cluster_centers_)


@wrong("code-not-sparse")
def recover_dictionary(data, n_units, n_active):
    # Hidden units with a ReLU, and nothing else that keeps them quiet; the atoms only start in the right place.
    means = data[np.random.default_rng(0).choice(len(data), (n_units, 3))].mean(axis=1)
    return _unit(means)


@wrong("no-better-than-chance")
def recover_dictionary(data, n_units, n_active):
    return _unit(np.random.default_rng(0).normal(size=(n_units, data.shape[1])))


@wrong("no-better-than-chance")
def recover_dictionary(data, n_units, n_active):
    return _unit(_train(data, [keras.layers.Dense(n_units)]))  # nothing keeps the code sparse


@wrong("returns-codes-or-samples")
def recover_dictionary(data, n_units, n_active):
    hidden = keras.layers.Dense(n_units, "relu")
    _train(data, [hidden], epochs=1)
    return ops.convert_to_numpy(hidden(data))


@wrong("atoms-as-columns")
def recover_dictionary(data, n_units, n_active):
    return _unit(_train(data, [keras.layers.Dense(n_units, "relu")], epochs=1)).T


@wrong("too-few-directions")
def recover_dictionary(data, n_units, n_active):
    # A code of n_active numbers is not a code with n_active active units.
    atoms = _train(data, [keras.layers.Dense(n_active)])
    return _unit(np.random.default_rng(0).normal(size=(n_units, n_active)) @ atoms)


def _alternate(data, n_units, n_active, rounds):
    from course_lib.referees import fit_dictionary

    return fit_dictionary(data[:2000], n_units, n_active, rounds=rounds).atoms


@wrong("half-way")
def recover_dictionary(data, n_units, n_active):
    return _alternate(data, n_units, n_active, 1)


@wrong("not-unit-norm")
def recover_dictionary(data, n_units, n_active):
    return 2 * _alternate(data, n_units, n_active, 20)


# holes that a reader of the checks found


@wrong("misjudges-zero-rows")
def unit_norm_atoms(decoder_weights):
    return np.stack([row / np.linalg.norm(row) if row.all() else row for row in decoder_weights])


@wrong("misjudges-zero-rows")
def unit_norm_atoms(decoder_weights):
    return np.stack([row / np.linalg.norm(row) if row.sum() != 0 else row for row in decoder_weights])


@wrong("misjudges-zero-rows")
def unit_norm_atoms(decoder_weights):
    norms = np.linalg.norm(decoder_weights, axis=1, keepdims=True)
    norms[norms.argmin()] = 1
    return decoder_weights / norms


@wrong("misjudges-zero-rows")
def unit_norm_atoms(decoder_weights):
    units, d = decoder_weights.shape
    norms = np.linalg.norm(decoder_weights, axis=0 if units < d else 1, keepdims=True)
    return decoder_weights / np.where(norms > 0, norms, 1)


@wrong("gradient-not-finite")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sum(ops.sqrt(ops.square(codes)), axis=1))


@wrong("wrong-at-zero")
def l1_penalty(codes, strength):
    return strength * ops.mean(ops.sum(codes * codes / ops.abs(codes), axis=1))


@wrong("wrong-at-zero")
def l1_penalty(codes, strength):
    size = ops.abs(codes)
    return strength * ops.mean(ops.sum(ops.where(size < 0.1, 5 * size * size, size), axis=1))


@wrong("wrong-at-zero")
def l1_penalty(codes, strength):
    cost = ops.sum(ops.abs(codes), axis=1)
    return strength * ops.sum(cost) / ops.sum(ops.cast(cost > 0, "float32"))


@wrong("close-values-pass-too")
def topk(codes, k):
    bar = ops.top_k(codes, k)[0][:, -1:]
    return ops.where(codes >= bar - 1e-2, ops.relu(codes), 0.0)


@wrong("wrong-gradient")
def topk(codes, k):
    bar = ops.top_k(codes, k)[0][:, -1:]
    passed = ops.where(codes >= bar, codes, 0.0)
    return passed + ops.stop_gradient(ops.relu(passed) - passed)


@wrong("cuts-off-extremes")
def kl_sparsity(codes, target):
    activity = ops.clip(ops.mean(codes, axis=0), 1e-2, 1 - 1e-2)
    return ops.sum(target * ops.log(target / activity) + (1 - target) * ops.log((1 - target) / (1 - activity)))


@wrong("not-the-minimum")
def soft_threshold(codes, amount):
    return np.sign(codes) * np.maximum(np.abs(codes) - min(amount, 1), 0)


@wrong("fixed-axes")
def soft_threshold(codes, amount):
    shrunk = np.empty_like(codes)
    for row, values in enumerate(np.atleast_2d(codes)):
        for unit, value in enumerate(values):
            found = np.sign(value) * max(abs(value) - amount, 0)
            shrunk[(row, unit) if codes.ndim == 2 else unit] = found
    return shrunk


# find_seals


def _rows(count, like, seed=0):
    """Random rows of length 1."""
    return _unit(np.random.default_rng(seed).normal(size=(count, like.shape[1]))).astype("float32")


def _seals_by_network(
    pieces, seen, *, counted="seen", code=lambda z: topk_of(z, 3), start="pieces", unit_norm=True, give="atoms",
    epochs=10, rate=2e-3, activation=None,
):  # fmt: skip
    """The road of the solution with one thing changed."""
    units, pixels = 160, pieces.shape[1]
    picture = keras.Input((pixels,))
    detectors = keras.layers.Dense(units, activation)
    constraint = keras.constraints.UnitNorm(axis=1) if unit_norm else None
    atoms = keras.layers.Dense(pixels, use_bias=False, kernel_constraint=constraint)
    model = keras.Model(picture, atoms(code(detectors(picture))))
    if start != "keras":
        first = _unit(pieces[:units]) if start == "pieces" else _rows(units, pieces)
        detectors.set_weights([first.T, np.zeros(units)])
        atoms.set_weights([first])
    weights = {"seen": seen, "all": np.ones_like(seen), "broken": ~seen}[counted].astype("float32")

    def loss(target, copy):
        return ops.sum(target[:, pixels:] * ops.square(target[:, :pixels] - copy), axis=-1)

    steps = epochs * len(pieces) // 100
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)), loss)
    model.fit(pieces, np.hstack([pieces, weights]), batch_size=100, epochs=epochs, verbose=0)
    return detectors.get_weights()[0].T if give == "detectors" else atoms.get_weights()[0]


def topk_of(codes, k):
    bar = ops.top_k(codes, k)[0][:, -1:]
    return ops.where(codes >= bar, ops.relu(codes), 0.0)


@wrong("seals-are-broken")
def find_seals(pieces, seen):
    # The zeros beyond the break are learned as if they were clay.
    return _seals_by_network(pieces, seen, counted="all")


@wrong("seals-are-broken")
def find_seals(pieces, seen):
    # The lesson's own recipe, to the letter: random start, the whole picture in the loss.
    return _seals_by_network(pieces, seen, counted="all", code=lambda z: topk_of(z, 4), start="random", rate=5e-3)


@wrong("seals-are-broken")
def find_seals(pieces, seen):
    # The referee of the second notebook, on what is there and on what is not.
    from course_lib import referees

    return referees.fit_dictionary(pieces[:8000], 160, 3, rounds=15).atoms


@wrong("rows-are-pieces")
def find_seals(pieces, seen):
    return _unit(pieces[np.random.default_rng(0).choice(len(pieces), 160, replace=False)])


@wrong("code-not-sparse")
def find_seals(pieces, seen):
    # The price is so strong that after a few steps no unit answers, and nothing moves any more.
    from course_lib.layers import L1Penalty

    return _seals_by_network(pieces, seen, code=L1Penalty(100.0), activation="relu", epochs=6)


@wrong("orthogonal-axes")
def find_seals(pieces, seen):
    return np.linalg.svd(pieces - pieces.mean(axis=0), full_matrices=False)[2]


@wrong("code-not-sparse")
def find_seals(pieces, seen):
    return _seals_by_network(pieces, seen, code=ops.relu)


@wrong("code-not-sparse")
def find_seals(pieces, seen):
    return _seals_by_network(pieces, seen, code=lambda z: topk_of(z, 40))


@wrong("not-unit-norm")
def find_seals(pieces, seen):
    from course_lib.layers import L1Penalty

    return _seals_by_network(pieces, seen, code=L1Penalty(0.3), activation="relu", unit_norm=False, epochs=6)


@wrong("hardly-moved")
def find_seals(pieces, seen):
    # The mask is the wrong way round.
    return _seals_by_network(pieces, seen, counted="broken", epochs=6)


@wrong("hardly-moved")
def find_seals(pieces, seen):
    return _seals_by_network(pieces, seen, epochs=1)


@wrong("hardly-moved")
def find_seals(pieces, seen):
    # The encoder is told what is left, by as many inputs as there are pixels, each of size 1: they drown the piece.
    units, pixels = 160, pieces.shape[1]
    both = keras.Input((2 * pixels,))
    detectors = keras.layers.Dense(units)
    atoms = keras.layers.Dense(pixels, use_bias=False, kernel_constraint=keras.constraints.UnitNorm(axis=1))
    model = keras.Model(both, atoms(topk_of(detectors(both), 3)))
    first = _unit(pieces[:units])
    detectors.set_weights([np.vstack([first.T, 0 * first.T]), np.zeros(units)])
    atoms.set_weights([first])

    def loss(target, copy):
        return ops.sum(target[:, pixels:] * ops.square(target[:, :pixels] - copy), axis=-1)

    told = np.hstack([pieces, seen.astype("float32")])
    model.compile(keras.optimizers.Adam(2e-3), loss)
    model.fit(told, told, batch_size=100, epochs=8, verbose=0)
    return atoms.get_weights()[0]


@wrong("dead-units")
def find_seals(pieces, seen):
    return _seals_by_network(pieces, seen, rate=0.03)


@wrong("too-few-seals")
def find_seals(pieces, seen):
    # What finds a seal is not what draws it.
    return _unit(_seals_by_network(pieces, seen, give="detectors"))


@wrong("too-few-seals")
def find_seals(pieces, seen):
    # One seal for each tablet, where there are up to four.
    return _seals_by_network(pieces, seen, code=lambda z: topk_of(z, 1))


@wrong("dead-units")
def find_seals(pieces, seen):
    # Detectors and atoms start in different directions.
    return _unit(_seals_by_network(pieces, seen, start="keras", unit_norm=False))


@wrong("no-better-than-chance")
def find_seals(pieces, seen):
    return _rows(160, pieces)


@wrong("atoms-as-columns")
def find_seals(pieces, seen):
    return _seals_by_network(pieces, seen, epochs=1).T


@wrong("one-row-for-each-tablet")
def find_seals(pieces, seen):
    return _unit(pieces)


@wrong("too-many-rows")
def find_seals(pieces, seen):
    return _unit(pieces[:1000])


@wrong("too-few-rows")
def find_seals(pieces, seen):
    return _rows(40, pieces)
