"""Sparse codes without a network: the best few coefficients, greedy pursuit, and dictionaries fitted by least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from course_lib.referees._inputs import data_matrix
from course_lib.referees.linear import PCA


def best_coefficients(pca: PCA, x: np.ndarray, k: int) -> np.ndarray:
    """Codes that keep, for each sample, its own k principal coefficients of largest magnitude; the others are 0.

    PCA with k components keeps the *same* k coefficients for all samples. Here each sample chooses: the components are
    orthonormal, so no other k of them give it a smaller error.

    Args:
        pca: a fitted PCA with m components.
        x: data, shape (n, d).
        k: coefficients to keep for each sample, 0 to m.

    Returns:
        Codes (n, m) with at most k entries other than 0 in a row; ``pca.decode`` turns them into reconstructions.

    Raises:
        ValueError: if ``x`` does not fit ``pca`` or ``k`` is out of range.
    """
    codes = pca.encode(x)
    if not 0 <= k <= codes.shape[1]:
        raise ValueError(f"k must lie between 0 and the {codes.shape[1]} components held, but it is {k}")
    kept = np.argpartition(-np.abs(codes), min(k, codes.shape[1] - 1), axis=1)[:, :k]
    sparse = np.zeros_like(codes)
    np.put_along_axis(sparse, kept, np.take_along_axis(codes, kept, axis=1), axis=1)
    return sparse


def orthogonal_matching_pursuit(x: np.ndarray, atoms: np.ndarray, k: int) -> np.ndarray:
    """Sparse codes by greedy choice: k times the atom that fits the residual best, each time with a fresh least-squares fit.

    Args:
        x: data, shape (n, d).
        atoms: rows of norm 1, shape (m, d).
        k: atoms for each sample, at most min(m, d).

    Returns:
        Codes (n, m), float64, of any sign, at most k entries other than 0 in a row.

    Raises:
        ValueError: if the shapes do not fit, an atom's norm is not 1, or ``k`` is out of range.

    scikit-learn's counterpart is :func:`sklearn.linear_model.orthogonal_mp_gram`; the answers agree to rounding. It works
    through the samples one by one; this solves the small systems of a thousand samples in one call, in half the time, and a
    lesson that fits dictionaries calls it for every round.

    Source: Pati, Rezaiifar and Krishnaprasad 1993; in the batch form of Rubinstein, Zibulevsky and Elad 2008.
    """
    x = data_matrix("x", x).astype(np.float64)
    atoms = data_matrix("atoms", atoms, x.shape[1]).astype(np.float64)
    if not np.allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-3):
        raise ValueError("atoms must be rows of norm 1; divide each by its norm")
    if int(k) != k or not 1 <= k <= min(atoms.shape):
        raise ValueError(f"k must lie between 1 and {min(atoms.shape)}, but it is {k!r}")
    gram = atoms @ atoms.T
    codes = np.zeros((len(x), len(atoms)))
    for start in range(0, len(x), 1000):  # a thousand samples at a time: their small systems fit into memory
        fits = x[start : start + 1000] @ atoms.T  # (b, m), inner products of samples and atoms
        rows = np.arange(len(fits))
        chosen = np.zeros((len(fits), 0), dtype=int)
        left = fits
        for _ in range(int(k)):
            score = np.abs(left)
            np.put_along_axis(score, chosen, -1.0, axis=1)
            chosen = np.concatenate([chosen, score.argmax(axis=1)[:, None]], axis=1)
            systems = gram[chosen[:, :, None], chosen[:, None, :]] + 1e-10 * np.eye(chosen.shape[1])
            solved = np.linalg.solve(systems, np.take_along_axis(fits, chosen, axis=1)[..., None])[..., 0]
            part = np.zeros_like(fits)
            part[rows[:, None], chosen] = solved
            left = fits - part @ gram
        codes[start : start + 1000] = part
    return codes


def refit_codes(x: np.ndarray, codes: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """The best coefficients on a given support: for each sample, least squares on the atoms whose code is not 0.

    The cure for shrinkage: an L1 penalty chooses the atoms, then this chooses how much of each.

    Args:
        x: data, shape (n, d).
        codes: shape (n, m); only where they are 0 matters.
        atoms: shape (m, d).

    Returns:
        Codes (n, m), float64, with the zeros of ``codes``. They may be negative.

    Raises:
        ValueError: if the shapes do not fit.

    Source: Efron and others 2004 ("LARS-OLS hybrid"); Meinshausen 2007 (relaxed lasso).
    """
    x = data_matrix("x", x).astype(np.float64)
    atoms = data_matrix("atoms", atoms, x.shape[1]).astype(np.float64)
    codes = data_matrix("codes", codes, len(atoms))
    if len(codes) != len(x):
        raise ValueError(f"x and codes must have as many rows, but they have {len(x)} and {len(codes)}")
    gram, fits = atoms @ atoms.T, x @ atoms.T
    refitted = np.zeros(codes.shape)
    active = codes != 0
    widest = int(active.sum(axis=1).max())
    if widest == 0:
        return refitted
    order = np.argsort(~active, axis=1, kind="stable")[:, :widest]  # the active atoms of each sample first
    for start in range(0, len(x), 200):
        rows = np.arange(start, min(start + 200, len(x)))[:, None]
        chosen = order[start : start + 200]
        used = active[rows, chosen]
        systems = gram[chosen[:, :, None], chosen[:, None, :]] * (used[:, :, None] & used[:, None, :])
        systems += np.eye(widest) * np.where(used, 1e-8, 1.0)[:, None, :]
        solved = np.linalg.solve(systems, (fits[rows, chosen] * used)[..., None])[..., 0]
        refitted[rows, chosen] = solved * used
    return refitted


@dataclass(frozen=True)
class Dictionary:
    """Atoms that are added up, a few at a time.

    Attributes:
        atoms: rows of norm 1, shape (m, d).
        k: atoms for each sample.
        errors: mean squared error per number on the training data after each round, without clipping.
    """

    atoms: np.ndarray
    k: int
    errors: tuple[float, ...]

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Codes (n, m) of data (n, d) by orthogonal matching pursuit, at most k entries other than 0 in a row."""
        return orthogonal_matching_pursuit(x, self.atoms, self.k)

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Data (n, d) from their codes; not clipped."""
        return self.encode(x) @ self.atoms


def fit_dictionary(data: np.ndarray, n_atoms: int, k: int, *, rounds: int = 20, seed: int = 0) -> Dictionary:
    """Learn atoms by alternating: sparse codes for fixed atoms, then the best atoms for fixed codes, both without gradients.

    Codes come from orthogonal matching pursuit, atoms from least squares ("method of optimal directions"). Atoms that
    fewer than three samples use are replaced by the samples that are reconstructed worst. The answer is a local
    optimum: more atoms than the truth has make it easier to find all of them.

    Args:
        data: shape (n, d); subtract the mean first if it is not close to 0.
        n_atoms: atoms to learn, at most n.
        k: atoms for each sample.
        rounds: alternations.
        seed: of the samples that the atoms start from.

    Raises:
        ValueError: if ``data`` is not a matrix, or ``n_atoms``, ``k`` or ``rounds`` is out of range.

    scikit-learn's counterpart is :class:`sklearn.decomposition.DictionaryLearning`. While it learns, its codes come from an
    L1 penalty, which sets no number of atoms for a sample; a lesson on k active units needs exactly that number, and this
    takes a third of the time.

    Source: Engan, Aase and Husøy 1999 (MOD); Aharon, Elad and Bruckstein 2006 for the replacement of unused atoms.
    """
    data = data_matrix("data", data).astype(np.float64)
    if int(n_atoms) != n_atoms or not 1 <= n_atoms <= len(data):
        raise ValueError(f"n_atoms must lie between 1 and the {len(data)} samples, but it is {n_atoms!r}")
    if int(rounds) != rounds or rounds < 1:
        raise ValueError(f"rounds must be a positive integer, but it is {rounds!r}")
    rng = np.random.default_rng(seed)
    norms = np.linalg.norm(data, axis=1)
    usable = np.flatnonzero(norms > 1e-6 * norms.max())
    if len(usable) < n_atoms:
        raise ValueError(f"data must have at least n_atoms={n_atoms} rows other than 0, but it has {len(usable)}")
    atoms = _unit_rows(data[rng.choice(usable, int(n_atoms), replace=False)])
    errors = []
    for step in range(int(rounds)):
        codes = orthogonal_matching_pursuit(data, atoms, k)
        gram = codes.T @ codes
        gram[np.diag_indices_from(gram)] += 1e-8 * np.trace(gram) / len(gram)
        atoms = scipy.linalg.solve(gram, codes.T @ data, assume_a="pos")
        residual = np.square(data - codes @ atoms).sum(axis=1)
        errors.append(float(residual.mean() / data.shape[1]))
        unused = np.flatnonzero((codes != 0).sum(axis=0) < 3)
        if len(unused) and step < rounds - 1:
            atoms[unused] = data[usable[np.argsort(-residual[usable])[: len(unused)]]]
        atoms = _unit_rows(atoms)
    return Dictionary(atoms, int(k), tuple(errors))


def _unit_rows(matrix: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.where(norms > 0, matrix / np.maximum(norms, 1e-300), np.eye(1, matrix.shape[1]))
