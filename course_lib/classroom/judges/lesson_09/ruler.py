"""What the judge of the capstone measures pictures with: windows, numbers of PCA, and neighbours in two blocks."""

from __future__ import annotations

import numpy as np

from course_lib import metrics, patches

SAMPLES = 1000
COARSE = 60  # numbers of PCA that say nothing of a face's details


def flat(x: np.ndarray) -> np.ndarray:
    """Pictures (n, height, width, …) as rows (n, pixels)."""
    return x.reshape(len(x), -1)


def _moved(x: np.ndarray):
    """Pictures as they are and mirrored, each also moved by a pixel in eight directions."""
    steps = [(down, right) for down in (0, -1, 1) for right in (0, -1, 1)]
    yield from (np.roll(picture, step, (1, 2)) for picture in (x, x[:, :, ::-1]) for step in steps)


def fit_pca(x: np.ndarray, k: int):
    """scikit-learn's, for it is quick where a hundred of many components are wanted."""
    from sklearn.decomposition import PCA  # here, because it takes a second to import

    return PCA(k, svd_solver="randomized", iterated_power=2, random_state=0).fit(flat(x))


def _to_segments(codes: np.ndarray, block: np.ndarray, k: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """How far codes (n, d) are from the nearest row of a block, and from the nearest line between two of their k nearest rows."""
    from sklearn.neighbors import NearestNeighbors  # here, because it takes a second to import

    distances, rows = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(block).kneighbors(codes)
    steps = block[rows] - codes[:, None]
    products = steps @ steps.transpose(0, 2, 1)  # (n, k, k)
    squares = np.einsum("nii->ni", products)[:, :, None]
    along = squares - products
    length = np.maximum(along + along.transpose(0, 2, 1), 1e-9)
    share = np.clip(along / length, 0, 1)
    left = (squares - 2 * share * along + share**2 * length).reshape(len(codes), -1).min(axis=1)
    return distances[:, 0], np.sqrt(np.maximum(left, 0))


class Ruler:
    """What the check knows: as many fresh pictures as the answer had, and how to compare."""

    def __init__(self, train: np.ndarray, fresh: np.ndarray, rng: np.random.Generator):
        self.fresh = fresh
        self.look = patches.fit_patch_features(fresh[SAMPLES:], rng)
        self.real = self.look(fresh[:SAMPLES])
        self.pca = fit_pca(np.concatenate([train[:SAMPLES], fresh[:SAMPLES]]), 100)
        axes = self.pca.components_.reshape(-1, *train.shape[1:])
        # A moved picture on an axis is the picture on the axis moved back, and the moves back are the moves.
        self.axes = np.concatenate([flat(moved) for moved in _moved(axes)])
        self.blocks = [self._codes(x, moved=True) for x in (train, fresh)]
        self.usual = float(np.median(metrics.nearest_distance(self.blocks[1][:SAMPLES], self.blocks[0][: len(train)])))

    def _codes(self, x: np.ndarray, moved: bool = False) -> np.ndarray:
        """Numbers of PCA (n, 100); ``moved``: first of the pictures as they are, then of all that are moved."""
        k = len(self.pca.components_)
        codes = (flat(x) @ (self.axes if moved else self.axes[:k]).T).reshape(len(x), -1, k)
        return (codes - self.pca.components_ @ self.pca.mean_).transpose(1, 0, 2).reshape(-1, k)

    def precision_recall(self, x: np.ndarray) -> tuple[float, float]:
        """Of samples beside fresh pictures."""
        return metrics.sample_precision_recall(self.real, self.look(x))

    def copies(self, x: np.ndarray) -> tuple[float, float, float]:
        """Three shares of samples: nearer to training pictures, or to mixtures of two, than to fresh ones; less than half as far; nearly one."""
        (nearest, seen), (_, fresh) = (_to_segments(self._codes(x), block) for block in self.blocks)
        shares = seen < fresh, seen < 0.5 * fresh, nearest < 0.25 * self.usual
        return tuple(float(share.mean()) for share in shares)

    def grain(self, x: np.ndarray) -> float:
        """How much neighbouring pixels differ, in units of fresh pictures."""
        return float(np.abs(np.diff(x, axis=2)).mean() / np.abs(np.diff(self.fresh, axis=2)).mean())

    def detail(self, x: np.ndarray) -> float:
        """How much of a picture is in the finer directions of PCA, in units of fresh pictures."""
        ours, theirs = (np.linalg.norm(codes[:, COARSE:]) for codes in (self._codes(x), self.blocks[1][: len(x)]))
        return float(ours / theirs) ** 2

    def off(self, x: np.ndarray) -> float:
        """How far mean and covariance of the pictures are off, in per cent of their variance."""
        theirs = self.blocks[1][: len(self.fresh)].astype(np.float64)
        return 100 * metrics.frechet_distance(self._codes(x), theirs) / float(theirs.var(axis=0).sum())
