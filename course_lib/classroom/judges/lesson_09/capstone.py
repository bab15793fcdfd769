"""The judge of the capstone: pictures of puppets that nobody drew. Could they be real, is every kind among them, are they copies?"""

from __future__ import annotations

import numpy as np

from course_lib import datasets, metrics, patches, referees
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(9)
TRAIN, SAMPLES = 2500, 1000
COARSE = 60  # numbers of PCA that say nothing of a face's details
PRECISION, RECALL = 0.62, 0.45  # at least
COPIES, OFF = 0.7, 6  # at most: a share, and per cent of the variance


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _moved(x: np.ndarray):
    """Pictures as they are and mirrored, each also moved by a pixel in eight directions."""
    steps = [(down, right) for down in (0, -1, 1) for right in (0, -1, 1)]
    yield from (np.roll(picture, step, (1, 2)) for picture in (x, x[:, :, ::-1]) for step in steps)


def _fit_pca(x: np.ndarray, k: int):
    """scikit-learn's, for it is quick where a hundred of many components are wanted."""
    from sklearn.decomposition import PCA  # here, because it takes a second to import

    return PCA(k, svd_solver="randomized", iterated_power=2, random_state=0).fit(_flat(x))


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
        self.pca = _fit_pca(np.concatenate([train[:SAMPLES], fresh[:SAMPLES]]), 100)
        axes = self.pca.components_.reshape(-1, *train.shape[1:])
        # A moved picture on an axis is the picture on the axis moved back, and the moves back are the moves.
        self.axes = np.concatenate([_flat(moved) for moved in _moved(axes)])
        self.blocks = [self._codes(x, moved=True) for x in (train, fresh)]
        self.usual = float(np.median(metrics.nearest_distance(self.blocks[1][:SAMPLES], self.blocks[0][:TRAIN])))

    def _codes(self, x: np.ndarray, moved: bool = False) -> np.ndarray:
        """Numbers of PCA (n, 100); ``moved``: first of the pictures as they are, then of all that are moved."""
        k = len(self.pca.components_)
        codes = (_flat(x) @ (self.axes if moved else self.axes[:k]).T).reshape(len(x), -1, k)
        return (codes - self.pca.components_ @ self.pca.mean_).transpose(1, 0, 2).reshape(-1, k)

    def precision_recall(self, x: np.ndarray) -> tuple[float, float]:
        """Of samples beside fresh pictures."""
        return metrics.sample_precision_recall(self.real, self.look(x))

    def copies(self, x: np.ndarray) -> tuple[float, float]:
        """The share of samples nearer to training pictures, or to mixtures of two, than to fresh ones; the share that nearly are one."""
        (nearest, seen), (_, fresh) = (_to_segments(self._codes(x), block) for block in self.blocks)
        return float((seen < fresh).mean()), float((nearest < 0.25 * self.usual).mean())

    def grain(self, x: np.ndarray) -> float:
        """How much neighbouring pixels differ, in units of fresh pictures."""
        return float(np.abs(np.diff(x, axis=2)).mean() / np.abs(np.diff(self.fresh, axis=2)).mean())

    def detail(self, x: np.ndarray) -> float:
        """How much of a picture is in the finer directions of PCA, in units of fresh pictures."""
        ours, theirs = (np.linalg.norm(codes[:, COARSE:]) for codes in (self._codes(x), self.blocks[1][: len(x)]))
        return float(ours / theirs) ** 2

    def off(self, x: np.ndarray) -> float:
        """How far mean and covariance of the pictures are off, in per cent of their variance."""
        theirs = self.blocks[1][:TRAIN].astype(np.float64)
        return 100 * metrics.frechet_distance(self._codes(x), theirs) / float(theirs.var(axis=0).sum())


def _drawn(mixture, rng) -> np.ndarray:
    """Codes from a fitted mixture of Gaussians, by Cholesky factors: quicker than its own method."""
    of = rng.choice(len(mixture.weights_), SAMPLES, p=mixture.weights_)
    roots = np.linalg.cholesky(mixture.covariances_)
    return mixture.means_[of] + np.einsum("nij,nj->ni", roots[of], rng.standard_normal((SAMPLES, roots.shape[1])))


def rungs(train: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Sets of pictures that no network made: trivial ones, and those of the closed forms."""
    from sklearn.mixture import GaussianMixture  # here, because it takes a second to import

    pca = _fit_pca(train, 150)
    codes = pca.transform(_flat(train))
    mixture = GaussianMixture(20, tol=1e-2, reg_covar=1e-4, random_state=int(rng.integers(2**31)))
    made = {
        "the mean picture": np.repeat(_flat(train).mean(axis=0)[None], SAMPLES, axis=0),
        "a bell on PCA's codes": pca.inverse_transform(referees.fit_gaussian(codes, ridge=1e-6).sample(SAMPLES, rng)),
        "20 bells on PCA's codes": pca.inverse_transform(_drawn(mixture.fit(codes), rng)),
    }
    return {name: metrics.clip01(x.astype(np.float32)).reshape(SAMPLES, *train.shape[1:]) for name, x in made.items()}


@judge("fresh_pictures", capstone=True)
def judge_fresh_pictures(fresh_pictures, probe):
    """A village that the check invents. A thousand draws beside fresh pictures: precision, recall, and nearest neighbours in two blocks."""
    rng = probe.rng
    rng.random()  # datasets.puppet_village(np.random.default_rng(seed)) is everybody's
    village = datasets.puppet_village(rng)
    train = village.draw(TRAIN, rng)
    draw = probe.call(fresh_pictures, train)
    probe.require(kind(draw) in ("function", "object"), "no-function", found=described(draw))

    def ask(n, generator):
        got = probe.finite(probe.shape(probe.call(draw, n, generator), (n, *train.shape[1:])))
        low, high = float(got.min()), float(got.max())
        probe.require(low > -1e-3 and high < 1 + 1e-3, "not-pictures", low=low, high=high)
        return np.clip(got, 0, 1).astype(np.float32)

    _repeats(probe, ask)
    got = ask(SAMPLES, probe.generator(probe.seed + 1000))
    fresh = village.draw(TRAIN, rng)
    ruler = Ruler(train, fresh, rng)
    spread = float(got.std(axis=0).mean() / fresh.std(axis=0).mean())
    probe.require(spread > 0.1, "one-picture", spread=spread)
    seen, nearly = ruler.copies(got)
    sets = {**rungs(train, rng), "yours": got, "fresh pictures": fresh[SAMPLES : 2 * SAMPLES]}
    scores = {name: ruler.precision_recall(x) for name, x in sets.items()}
    (precision, recall), off = scores["yours"], ruler.off(got)
    told = "; ".join(f"{name} {p:.2f} / {r:.2f}" for name, (p, r) in scores.items())
    told = (
        f"Precision / recall: {told}; wanted at least {PRECISION} / {RECALL}. Of yours {seen:.0%} are nearer to training pictures "
        f"than to fresh ones; wanted at most {COPIES:.0%}. Their mean and covariance are off by {off:.1f} % of the variance; wanted at most {OFF} %."
    )
    probe.require(nearly < 0.5, "copies", told, nearly=nearly)
    grain, detail = ruler.grain(got), ruler.detail(got)
    if seen > COPIES:
        probe.fail("copies/noisy" if grain > 1.15 else "copies/near", told, grain=grain)
    probe.require(nearly < 0.04, "copies/some", told, nearly=nearly)
    if precision >= PRECISION and recall >= RECALL and off <= OFF:
        return told
    probe.require(grain < 1.15, "grain", told, grain=grain)
    probe.require(precision < PRECISION, "leaves-out", told)
    probe.require(detail > 0.1 and (grain > 0.8 or off > 25), "blurred", told, detail=detail, grain=grain)
    probe.require(off < 4.5, "codes-from-elsewhere", told)
    probe.require(detail > 0.45, "blurred", told, detail=detail, grain=grain)
    probe.require(precision > PRECISION - 0.05, "ghosts", told)
    probe.fail("behind-the-bar", told)


def _repeats(probe, ask) -> None:
    """All chance comes from the generator: the same state gives the same pictures, the next state others."""
    first, other, again = (ask(12, probe.generator(seed)) for seed in (41, 42, 41))
    generator = probe.generator(43)
    third, fourth, _ = (ask(n, generator) for n in (12, 12, 1))
    for one, two in ((first, other), (third, fourth)):
        probe.require(np.abs(one - two).max() > 1e-3, "same-every-time")
    probe.require(np.abs(first - again).max() < 0.02, "ignores-the-generator")
