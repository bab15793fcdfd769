"""The judge of the network: what it does to pictures, before and after two steps of training; not what it is made of."""

from __future__ import annotations

import math

import numpy as np

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(4)


@judge("build_denoiser", uses_keras=True, slow=True)
def judge_build_denoiser(build_denoiser, probe):
    """Shape, size, repeatability; then training, and after it range, reach and nonlinearity.

    A residual that starts at zero shows these only after a step.
    """
    model = probe.call(build_denoiser)
    probe.require(kind(model) == "model", "no-model", found=described(model))
    rng = probe.rng
    x = rng.uniform(0, 1, (3, 28, 28, 1))
    got, error = probe.attempt(probe.predict, model, x)
    if error is not None:  # Keras' own words hold the names it gives to layers
        inputs = ", ".join(map(str, probe.describe(model).inputs or ())) or "another shape"
        probe.fail("wrong-input", inputs=inputs, shape=x.shape, error=error.type)
    probe.finite(probe.shape(got, x.shape, otherwise="wrong-output-shape"))
    weights = probe.describe(model).weights
    count = sum(math.prod(w.shape) for w in weights)
    probe.require(count <= 2_000_000, "too-large", count=count)
    probe.require(any(math.prod(w.shape) for w in weights if w.trainable), "nothing-to-train")
    other = probe.call(build_denoiser)
    if kind(other) == "model":
        probe.predict(other, x)
        shared = {w.key for w in weights} & {w.key for w in probe.describe(other).weights}
        probe.require(other != model and not shared, "same-model-every-time")
    _steady(probe, model, x)
    answers = _trained(probe, model)
    _alive(probe, model)
    ends = [end(answers, axis=(1, 2, 3)) for end in (np.min, np.max)]  # under two sets of weights
    probe.require(min(map(np.ptp, ends)) > 3e-7, "rescales-its-output", low=ends[0][0], high=ends[1][0])
    _range(probe, model, x[:2])
    _reach(probe, model)
    _bends(probe, model)


def _answer(probe, model, x, **options) -> np.ndarray:
    return probe.float64(probe.predict(model, x, **options), "your model")


def _steady(probe, model, x: np.ndarray) -> None:
    """The same answer again, alone, and whether or not somebody says that this is no training."""
    got = _answer(probe, model, x)
    probe.require(np.allclose(got, _answer(probe, model, x), atol=1e-5), "random-at-prediction")
    probe.require(np.allclose(got[:1], _answer(probe, model, x[:1]), atol=1e-4), "pictures-mix")
    for part in (x, x, x[:1]):
        again = _answer(probe, model, part, training=None)
        probe.require(np.allclose(got[: len(part)], again, atol=1e-4), "training-mode-baked-in")


def _trained(probe, model) -> np.ndarray:
    """Two steps: the answers before and after them, in one batch."""
    x = probe.rng.uniform(0, 1, (8, 28, 28, 1))
    before, target = _answer(probe, model, x), 1.0 - x[:, ::-1]  # anything but the input
    _, error = probe.attempt(probe.train_step, model, x, target, optimizer="adam", rate=3e-3, steps=2)
    probe.require(error is None, "cannot-be-trained", f"A step of training raised {error and error.type}.")
    after = _answer(probe, model, x)
    stuck = "output-cannot-be-reached/stuck" if (before <= 0).all() else "does-not-learn"
    probe.require(np.abs(after - before).max() > 1e-5, stuck)
    blind = np.abs(after - after[:1]).max() < 1e-6 or np.abs(_answer(probe, model, 1 - x) - after).max() < 1e-6
    probe.require(not blind, "ignores-the-input")
    return np.concatenate([before, after])


def _alive(probe, model) -> None:
    """Pixels whose answer is 0 or below must still move when a brighter one is asked for.

    They are looked for among pictures of some contrast, and with the last layer's answer turned round. A sigmoid has none; a
    ReLU, wherever it stands, has dead ones. The contrast stays small: with much of it a sigmoid is 0, too.
    """
    x, kept = probe.rng.uniform(0, 1, (8, 28, 28, 1)), probe.weights(model)
    trainable = [(i, len(w.shape)) for i, w in enumerate(probe.describe(model).weights) if w.trainable]
    last = max((i for i, axes in trainable if axes > 1), default=len(kept))
    turned = [-w if i >= last and (i, w.ndim) in trainable else w for i, w in enumerate(kept)]
    for weights in (kept, turned):
        for contrast in (1, -1, 3, -3):
            probe.set_weights(model, weights)
            before = _answer(probe, model, contrast * x)
            low = before <= 0
            if low.mean() >= 0.02:
                probe.train_step(model, contrast * x, np.ones_like(x), optimizer="adam", rate=1e-4)
                unmoved = float((_answer(probe, model, contrast * x) == before)[low].mean())
                probe.require(unmoved < 0.1, "output-cannot-be-reached", share=round(100 * unmoved))
                break
    probe.set_weights(model, kept)


def _range(probe, model, x: np.ndarray) -> None:
    """The lowest and the highest output that extreme values of single weights, the last ones first, can bring about."""
    low, high, kept = math.inf, -math.inf, probe.weights(model)
    trainable = [i for i, w in enumerate(probe.describe(model).weights) if w.trainable]
    for i in reversed(trainable):
        for extreme in (30.0, -30.0):
            changed = np.full_like(kept[i], extreme) if kept[i].ndim < 2 else extreme * kept[i]
            probe.set_weights(model, [*kept[:i], changed, *kept[i + 1 :]])
            made = _answer(probe, model, x)
            low, high = min(low, float(made.min())), max(high, float(made.max()))
        if low < 0.05 and high > 0.95:
            break
    probe.set_weights(model, kept)
    probe.require(low < 0.05 and high > 0.95, "output-cannot-be-reached/range", low=low, high=high)


def _reach(probe, model) -> None:
    """Which inputs an output pixel depends on, away from the centre lines.

    At three places, as the units through which a neighbour works may all be dead at one.
    """
    rng = probe.rng
    base = rng.uniform(0.2, 0.8, (28, 28, 1))
    centres = rng.integers(3, 8, (3, 2))
    steps = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])
    changed = (centres[:, None] + steps).reshape(-1, 2)
    batch = np.repeat(base[None], 2 + len(changed), axis=0)
    for picture, place in zip(batch[2:], map(tuple, changed), strict=True):
        picture[place] += 0.5 if base[place] < 0.5 else -0.5
    batch[1] = rng.permutation(base.ravel()).reshape(base.shape)
    reply = _answer(probe, model, batch)[..., 0]
    probe.require(
        np.abs(reply[1] - reply[0]).max() > 1e-5 * max(1.0, np.abs(reply[0]).max()), "pixels-lose-their-place/order"
    )
    rows, columns = np.repeat(centres, len(steps), axis=0).T
    moved = np.abs(reply[np.arange(2, len(batch)), rows, columns] - reply[0, rows, columns]).reshape(3, -1).max(axis=0)
    probe.require((moved > 1e-9).any(), "pixels-lose-their-place")
    probe.require((moved[1:] > 1e-9).all(), "pixel-by-pixel")


def _bends(probe, model) -> None:
    a, b = probe.rng.uniform(0, 1, (2, 4, 28, 28, 1))
    made = np.split(_answer(probe, model, np.concatenate([(a + b) / 2, a, b, 4 * a - 2, 2 - 4 * a, 0 * a])), 6)
    bend, strong = made[0] - (made[1] + made[2]) / 2, made[3] + made[4] - 2 * made[5]
    size = max(1.0, np.abs(made[1]).max())
    probe.require(max(np.abs(bend).max(), np.abs(strong).max() / 8) > 3e-5 * size, "linear")
