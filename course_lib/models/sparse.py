"""An autoencoder of which few units are active at once, and what wakes its dead ones."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from course_lib._sizes import positive
from course_lib.models._parts import Triple, join


def build_sparse_autoencoder(
    input_dim: int,
    units: int,
    sparsity: layers.Layer | None = None,
    *,
    activation: str | None = "relu",
    atoms: np.ndarray | None = None,
    unit_norm: bool = True,
) -> Triple:
    """One hidden layer, as wide as you like, of which few units should be active at once.

    The decoder has no bias: a reconstruction is a sum of **atoms**, the rows of its kernel (units, input_dim), each
    times the activation of its unit. Subtract the training mean from the data before you train it. The encoder starts as
    the decoder's transpose, with bias 0.

    Args:
        input_dim: numbers in one input.
        units: numbers in the code; may be more than ``input_dim``.
        sparsity: a layer between the activation and the decoder, such as ``TopK(8)``, ``L1Penalty(0.1)`` or
            ``KLPenalty(0.05, 1.0)`` of :mod:`course_lib.layers`; its output is the code. None for a plain code.
        activation: of the code: "relu", or "sigmoid" for a KL penalty.
        atoms: where the atoms start, shape (units, input_dim), scaled to norm 1; random directions by default.
        unit_norm: keep the norm of each atom at 1 after every step. Without it, an L1 penalty can be evaded: small
            activations, large atoms.

    Returns:
        Untrained ``encoder`` (n, input_dim) -> (n, units), ``decoder`` back and ``autoencoder``. The output is linear.
        The atoms are ``decoder.get_layer("atoms").kernel``.

    Raises:
        ValueError: if a size is not a positive integer, or ``atoms`` has another shape or a row of zeros.

    Source: Ng 2011; Bricken and others 2023 and Gao and others 2024 for the unit-norm atoms and the tied start.
    """
    input_dim, units = positive("input_dim", input_dim), positive("units", units)
    if atoms is None:
        rng = np.random.default_rng(int(keras.random.randint((), 0, 2**31 - 1)))
        atoms = rng.standard_normal((units, input_dim))
    atoms = np.asarray(atoms, np.float32)
    if atoms.shape != (units, input_dim):
        raise ValueError(f"atoms must have shape {(units, input_dim)}, but they have {atoms.shape}")
    norms = np.linalg.norm(atoms, axis=1, keepdims=True)
    if not (norms > 0).all():
        raise ValueError(f"atoms must have no row of zeros, but {int((norms == 0).sum())} have")
    atoms = atoms / norms
    sample, code = keras.Input((input_dim,), name="image"), keras.Input((units,), name="code")
    detect = layers.Dense(units, activation, name="detectors")
    hidden = detect(sample)
    encoder = keras.Model(sample, hidden if sparsity is None else sparsity(hidden), name="encoder")
    detect.set_weights([atoms.T, np.zeros(units)])
    constraint = keras.constraints.UnitNorm(axis=1) if unit_norm else None  # over the row: one atom
    draw = layers.Dense(input_dim, use_bias=False, kernel_constraint=constraint, name="atoms")
    decoder = keras.Model(code, draw(code), name="decoder")
    draw.set_weights([atoms])
    return join(encoder, decoder, "sparse_autoencoder")


def revive_dead_units(encoder: keras.Model, decoder: keras.Model, samples: np.ndarray, *, seed: int = 0) -> int:
    """Give each unit that never fires a new atom: what is left over of a sample that is reconstructed badly.

    A dead unit gets no gradient, so training cannot bring it back. Call this between two calls of ``fit``. Samples are
    drawn with probability in proportion to their squared error; the new atom is the direction of the residual, and the
    detector looks in the same direction, with the mean norm of the living detectors and bias 0.

    Args:
        encoder: of :func:`build_sparse_autoencoder`; changed in place.
        decoder: its decoder; changed in place.
        samples: training data, shape (n, input_dim).
        seed: of the draw.

    Returns:
        How many units were dead.

    Raises:
        ValueError: if ``samples`` does not fit the encoder or has fewer rows than there are dead units.

    Source: Bricken and others 2023 (neuron resampling), simplified.
    """
    detectors, draw = encoder.get_layer("detectors"), decoder.get_layer("atoms")
    atoms = draw.get_weights()[0]
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 2 or samples.shape[1] != atoms.shape[1]:
        raise ValueError(f"samples must have shape (n, {atoms.shape[1]}), but they have {samples.shape}")
    codes = encoder.predict(samples, batch_size=1000, verbose=0)
    dead = np.flatnonzero((codes != 0).sum(axis=0) == 0)
    if len(dead) == 0:
        return 0
    if len(dead) > len(samples):
        raise ValueError(f"samples must have at least {len(dead)} rows, one for each dead unit, but has {len(samples)}")
    residuals = samples - codes @ atoms
    errors = np.square(residuals).sum(axis=1, dtype=np.float64) + 1e-12
    chosen = np.random.default_rng(seed).choice(len(samples), len(dead), replace=False, p=errors / errors.sum())
    directions = residuals[chosen] / np.sqrt(errors[chosen])[:, None]
    weights, bias = detectors.get_weights()
    alive = np.delete(weights, dead, axis=1)
    weights[:, dead] = directions.T * (np.linalg.norm(alive, axis=0).mean() if alive.size else 1.0)
    bias[dead] = 0.0
    atoms[dead] = directions * (np.linalg.norm(np.delete(atoms, dead, axis=0), axis=1).mean() if alive.size else 1.0)
    detectors.set_weights([weights, bias])
    draw.set_weights([atoms])
    return len(dead)
