"""Points drawn by a rule that is known, so that what a model learns can be checked against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.datasets import _files


def ring(n: int, rng: np.random.Generator) -> np.ndarray:
    """Points spread uniformly over the unit circle of the plane: the simplest data that lie on a curve.

    Args:
        n: how many points, at least 1.
        rng: the generator to draw from.

    Returns:
        float32 array of shape (n, 2), every row of length 1.

    Raises:
        ValueError: if ``n`` is not a positive integer.
    """
    if int(n) != n or n < 1:
        raise ValueError(f"n must be a positive integer, but it is {n!r}")
    angles = rng.uniform(0.0, 2 * np.pi, int(n))
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class SparseMixtures:
    """Samples that are sums of a few known atoms, so that a learned dictionary can be checked against the truth.

    Attributes:
        samples: float32, shape (n, dim): ``codes @ atoms``, plus noise if there was any.
        codes: float32, shape (n, n_atoms): how much of each atom is in each sample; not negative, mostly 0.
        atoms: float32, shape (n_atoms, dim), rows of norm 1.
    """

    samples: np.ndarray
    codes: np.ndarray
    atoms: np.ndarray

    def __repr__(self) -> str:
        active = int((self.codes[:1] > 0).sum())
        return f"SparseMixtures({len(self.samples):,} samples of {active} among {len(self.atoms)} atoms in {self.atoms.shape[1]} dimensions)"


def sparse_mixtures(
    n: int = 10_000, *, n_atoms: int = 64, dim: int = 32, n_active: int = 3, noise: float = 0.0, seed: int = 0
) -> SparseMixtures:
    """Draw samples that are each made of ``n_active`` different atoms out of ``n_atoms``, in amounts from 0.5 to 1.5.

    The atoms are independent random directions; there may be more of them than dimensions.

    Args:
        n: how many samples.
        n_atoms: how many atoms there are.
        dim: numbers in a sample.
        n_active: atoms in a sample.
        noise: standard deviation of Gaussian noise added to each number of a sample.
        seed: of atoms, codes and noise.

    Raises:
        ValueError: if a count is not a positive integer, ``n_active`` exceeds ``n_atoms`` or ``noise`` is negative.

    Source: the synthetic test of Aharon, Elad and Bruckstein 2006 (K-SVD), with amounts that are not negative.
    """
    for name, value in (("n", n), ("n_atoms", n_atoms), ("dim", dim), ("n_active", n_active)):
        if int(value) != value or value < 1:
            raise ValueError(f"{name}: expected a positive integer, got {value!r}")
    if n_active > n_atoms:
        raise ValueError(f"n_active: expected at most n_atoms={n_atoms}, got {n_active}")
    if not noise >= 0:
        raise ValueError(f"noise: expected a standard deviation that is not negative, got {noise!r}")
    rng = np.random.default_rng(seed)
    atoms = rng.standard_normal((n_atoms, dim))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    codes = np.zeros((n, n_atoms))
    chosen = rng.random((n, n_atoms)).argpartition(n_active - 1, axis=1)[:, :n_active]
    np.put_along_axis(codes, chosen, rng.uniform(0.5, 1.5, chosen.shape), axis=1)
    samples = codes @ atoms + noise * rng.standard_normal((n, dim))
    return SparseMixtures(*(_files.read_only(array.astype(np.float32)) for array in (samples, codes, atoms)))
