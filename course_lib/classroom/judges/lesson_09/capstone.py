"""The judge of the capstone: pictures of puppets that nobody drew. Could they be real, is every kind among them, are they copies?"""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib import datasets, metrics, referees
from course_lib.classroom.exercise import judges_of
from course_lib.classroom.judges.lesson_09.ruler import SAMPLES, Ruler, fit_pca, flat
from course_lib.classroom.probe import described, kind

judge = judges_of(9)
TRAIN = 2500
PRECISION, RECALL = 0.62, 0.45  # at least
COPIES, OFF = 0.7, 6  # at most: a share, and per cent of the variance


def _drawn(mixture, rng) -> np.ndarray:
    """Codes from a fitted mixture of Gaussians, by Cholesky factors: quicker than its own method."""
    of = rng.choice(len(mixture.weights_), SAMPLES, p=mixture.weights_)
    roots = np.linalg.cholesky(mixture.covariances_)
    return mixture.means_[of] + np.einsum("nij,nj->ni", roots[of], rng.standard_normal((SAMPLES, roots.shape[1])))


def rungs(train: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Sets of pictures that no network made: trivial ones, and those of the closed forms."""
    from sklearn.mixture import GaussianMixture  # here, because it takes a second to import

    pca = fit_pca(train, 150)
    codes = pca.transform(flat(train))
    mixture = GaussianMixture(20, tol=1e-2, reg_covar=1e-4, random_state=int(rng.integers(2**31)))
    made = {
        "the mean picture": np.repeat(flat(train).mean(axis=0)[None], SAMPLES, axis=0),
        "a bell on PCA's codes": pca.inverse_transform(referees.fit_gaussian(codes, ridge=1e-6).sample(SAMPLES, rng)),
        "20 bells on PCA's codes": pca.inverse_transform(_drawn(mixture.fit(codes), rng)),
    }
    return {name: metrics.clip01(x.astype(np.float32)).reshape(SAMPLES, *train.shape[1:]) for name, x in made.items()}


@judge("fresh_pictures", capstone=True)
@threadpool_limits.wrap(limits=1)  # beside a busy process threads of BLAS wait for each other
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
    seen, much_nearer, nearly = ruler.copies(got)
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
    probe.require(much_nearer < 0.04, "copies/among", told, share=much_nearer)  # of right answers at most .002
    if precision >= PRECISION and recall >= RECALL and off <= OFF:
        return told
    probe.require(grain < 1.15, "grain", told, grain=grain)
    probe.require(precision < PRECISION, "leaves-out", told)
    probe.require(off < 50 or precision > 0.02, "other-pictures", told, off=off)
    probe.require(detail > 0.17 and (grain > 0.8 or off > 17), "blurred", told, detail=detail, grain=grain)
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
