"""Right answers to the exercises of lesson 03, by other roads than the solutions take."""

import keras
import numpy as np
from keras import layers, ops


def l0(codes, threshold):
    total = 0
    for row in np.asarray(codes).tolist():
        total += len([value for value in row if value > threshold or -value > threshold])
    return total / len(codes)


def topk(codes, k):
    # Ranks by counting: a unit wins if fewer than k units of its row are larger.
    larger = ops.sum(ops.cast(codes[:, None, :] > codes[:, :, None], "int32"), axis=-1)
    wins = ops.cast(ops.logical_and(larger < k, codes > 0), codes.dtype)
    return codes * wins


def kl_sparsity(codes, target):
    n = codes.shape[0]
    mean = ops.matmul(ops.ones((1, n)) / n, codes)[0]
    entropy = -target * np.log(target) - (1 - target) * np.log(1 - target)
    cross = -target * ops.log(mean) - (1 - target) * ops.log1p(-mean)
    return ops.sum(cross - entropy)


def l1_penalty(codes, strength):
    magnitude = ops.maximum(codes, -codes)
    return ops.sum(ops.einsum("nu->n", magnitude) * (strength / codes.shape[0]))


def soft_threshold(codes, amount):
    return codes - np.clip(codes, -amount, amount)


def unit_norm_atoms(decoder_weights):
    rows = []
    for row in decoder_weights:
        length = np.sqrt(row @ row)
        rows.append(row if length == 0 else row / length)
    return rows


def recover_dictionary(data, n_units, n_active):
    # Without a network: orthogonal matching pursuit for the codes, least squares for the atoms, in turn.
    from sklearn.linear_model import orthogonal_mp

    rng = np.random.default_rng(0)
    data = data[:2000].astype(float)
    atoms = data[rng.choice(len(data), n_units, replace=False)]
    for _ in range(15):
        atoms = atoms / np.linalg.norm(atoms, axis=1, keepdims=True)
        codes = orthogonal_mp(atoms.T, data.T, n_nonzero_coefs=n_active).T
        left = np.square(data - codes @ atoms).sum(axis=1)
        atoms = np.linalg.lstsq(codes, data, rcond=None)[0]
        idle = np.flatnonzero((codes != 0).sum(axis=0) < 3)
        atoms[idle] = data[np.argsort(-left)[: len(idle)]]
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


def l0__fraction(codes, threshold):
    from fractions import Fraction

    return Fraction(sum(abs(value) > threshold for row in codes for value in row), len(codes))


def topk__scatter(codes, k):
    values, places = ops.top_k(codes, k)
    rows = ops.repeat(ops.arange(codes.shape[0], dtype="int32"), k)
    indices = ops.stack([rows, ops.reshape(ops.cast(places, "int32"), (-1,))], axis=1)
    return ops.scatter(indices, ops.reshape(ops.relu(values), (-1,)), codes.shape)


def kl_sparsity__unit_by_unit(codes, target):
    total = 0.0
    for unit in range(codes.shape[1]):
        activity = ops.mean(codes[:, unit])
        total = total + target * ops.log(target / activity)
        total = total + (1 - target) * (np.log1p(-target) - ops.log1p(-activity))
    return total


def l1_penalty__sign(codes, strength):
    return strength * ops.mean(ops.sum(codes * ops.sign(codes), axis=1))


def soft_threshold__number_by_number(codes, amount):
    def move(z):
        return z - amount if z > amount else z + amount if z < -amount else 0.0

    return np.vectorize(move, otypes=[float])(codes).tolist()


def unit_norm_atoms__library(decoder_weights):
    from sklearn.preprocessing import normalize

    return normalize(decoder_weights)


def unit_norm_atoms__single_precision(decoder_weights):
    weights = decoder_weights.astype(np.float32)
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    return weights / np.where(norms > 0, norms, 1)


def find_seals(pieces, seen):
    # Without a network: matching pursuit and least squares in turn, both on what is left of each tablet.
    rng, active = np.random.default_rng(0), 3
    x, left = pieces[:12000], seen[:12000].astype("float32")
    atoms = x[rng.choice(len(x), 160, replace=False)]
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    rows = np.arange(len(x))
    for turn in range(10):
        codes, rest = np.zeros((len(x), 160), "float32"), x.copy()
        lengths = np.sqrt(left @ atoms.T**2 + 1e-3)  # of each atom, where the tablet is left
        for step in range(2 * active):
            fits = rest @ atoms.T / lengths
            if step >= active:
                fits[codes == 0] = 0  # amounts once more, for the atoms that are chosen
            best = np.abs(fits).argmax(axis=1)
            amounts = fits[rows, best] / lengths[rows, best]
            codes[rows, best] += amounts
            rest -= amounts[:, None] * atoms[best] * left
        for pixel in range(144):
            here = codes[left[:, pixel] > 0]
            normal = here.T @ here + 0.01 * np.eye(160, dtype="float32")
            atoms[:, pixel] = np.linalg.solve(normal, here.T @ x[left[:, pixel] > 0, pixel])
        idle = (codes != 0).sum(axis=0) < 3
        if turn < 9 and idle.any():
            atoms[idle] = rest[np.argsort(-np.square(rest).sum(axis=1))[: idle.sum()]]
        atoms /= np.maximum(np.linalg.norm(atoms, axis=1, keepdims=True), 1e-9)
    return atoms


def find_seals__the_loss_in_a_layer(pieces, seen):
    from course_lib.layers import TopK

    class WhereSeen(layers.Layer):
        def call(self, inputs):
            piece, left, copy = inputs
            self.add_loss(ops.mean(ops.sum(left * (piece - copy) ** 2, axis=1)))
            return copy

    piece, left = keras.Input((144,)), keras.Input((144,))
    detectors = layers.Dense(150, "relu")
    atoms = layers.Dense(144, use_bias=False, kernel_constraint=keras.constraints.UnitNorm(axis=1))
    model = keras.Model([piece, left], WhereSeen()([piece, left, atoms(TopK(3)(detectors(piece)))]))
    start = pieces[-150:] / np.linalg.norm(pieces[-150:], axis=1, keepdims=True)
    detectors.set_weights([start.T, np.zeros(150)])
    atoms.set_weights([start])
    for rate in (2e-3, 1e-3, 2e-4):
        model.compile(keras.optimizers.Adam(rate), loss=None)
        model.fit([pieces, seen.astype("float32")], batch_size=100, epochs=9, verbose=0)
    return atoms.get_weights()[0]
