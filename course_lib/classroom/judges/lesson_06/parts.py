"""The judges of lesson 06: one encoder, two decoders, and what carries a code from one person to the other."""

from __future__ import annotations

import math

import numpy as np
import scipy.ndimage
from scipy.special import ndtr

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(6)


def _network(sizes: tuple[int, int], enters, leaves, name: str, noise: float = 0.0):
    """A small Keras model between two shapes: noise while it trains, a layer of tanh, and a linear one."""
    import keras

    inputs = keras.Input(enters)
    inside = keras.layers.GaussianNoise(noise)(inputs) if noise else inputs
    inside = keras.layers.Dense(sizes[0], "tanh")(keras.layers.Flatten()(inside))
    return keras.Model(inputs, keras.layers.Reshape(leaves)(keras.layers.Dense(sizes[1])(inside)), name=name)


def _through(x: np.ndarray, weights, leaves) -> np.ndarray:
    """What such a model makes of a batch, in NumPy: what the judge expects does not hang on any state of Keras."""
    w, b, v, c = weights
    return (np.tanh(x.reshape(len(x), -1) @ w + b) @ v + c).reshape(len(x), *leaves)


def _lent(probe, models) -> tuple[list, list]:
    """The models where the answer lives, with new random weights; and these weights."""
    handles = [probe.lend(model) for model in models]
    return handles, [_reweighted(probe, h, [w.shape for w in m.weights]) for h, m in zip(handles, models, strict=True)]


def _reweighted(probe, handle, shapes) -> list[np.ndarray]:
    new = [
        probe.rng.normal(0, 1.5 / math.sqrt(s[0]) if len(s) > 1 else 0.3, s).astype(np.float32).astype(np.float64)
        for s in map(tuple, shapes)
    ]
    probe.set_weights(handle, new)
    return new


@judge("build_swapper", uses_keras=True, slow=True)
def judge_build_swapper(build_swapper, probe):
    """Small models with random weights: what comes out of which, and whether the weights are the very same."""
    rng, picture = probe.rng, (4, 4, 3)
    k = int(rng.integers(3, 7))
    parts, weights = _lent(
        probe,
        [
            _network((7, k), picture, (k,), "encoder", noise=0.3),
            *(_network((8, 48), (k,), picture, name) for name in ("decoder_a", "decoder_b")),
        ],
    )
    x = rng.uniform(size=(2, 5, *picture)).astype(np.float32)
    pair = list(x)
    model, error = probe.attempt(build_swapper, *parts)
    if error is not None:
        probe.require("used" not in error.text or "times" not in error.text, "copied-weights/names")
        model = probe.call(build_swapper, *parts)  # any other exception is the answer's own
    probe.require(kind(model) == "model", "not-a-model", found=described(model))
    probe.require(model not in parts, "one-of-the-parts")
    made, error = probe.attempt(
        probe.predict, model, pair, training=None
    )  # a model of one's own class is built by a call
    about = probe.describe(model)
    inputs = about.inputs
    probe.require(inputs is None or len(inputs) == 2, "one-input", count=len(inputs or ()))
    fixed = [shape[0] for shape in inputs or () if shape[0] is not None]
    _, few_error = probe.attempt(probe.predict, model, [part[:3] for part in pair], training=None)
    probe.require(not fixed and (error is None) == (few_error is None), "fixed-batch-size")
    probe.require(error is None, "cannot-be-called", error=error)
    probe.require(isinstance(made, list | tuple) and len(made) == 2, "not-two-outputs")
    got = np.stack([probe.shape(part, x[0].shape) for part in made])
    again = probe.predict(model, pair, training=None)
    probe.require(np.allclose(got, [probe.array(part) for part in again], atol=1e-5), "training-mode")

    def drawn(which: str) -> np.ndarray:
        """Two batches, each named by its decoder and its pictures."""
        return np.stack(
            [
                _through(_through(x["ab".index(p)], weights[0], (k,)), weights[1 + "ab".index(d)], picture)
                for d, p in which.split()
            ]
        )

    mistakes = {
        "outputs-exchanged": drawn("bb aa"),
        "swaps-while-training": drawn("ba ab"),
        "one-decoder": drawn("aa ab"),
        "one-decoder/b": drawn("ba bb"),
        "same-pictures-twice": drawn("aa ba"),
        "same-pictures-twice/b": drawn("ab bb"),
        "inputs-exchanged": drawn("ab ba"),
    }
    who = "B" if np.allclose(got[0], drawn("aa bb")[0], atol=1e-4) else "A"
    mistakes["clips"] = np.clip(drawn("aa bb"), 0, 1)
    probe.settle(got, drawn("aa bb"), "other-outputs", mistakes, atol=1e-4, who=who)
    probe.require(not about.compiled, "compiled")
    weights[:] = [_reweighted(probe, part, [w.shape for w in old]) for part, old in zip(parts, weights, strict=True)]
    made = probe.predict(model, pair)  # the parts have new weights: a model on the same layers follows
    probe.settle(np.stack([probe.array(part) for part in made]), drawn("aa bb"), "copied-weights", {}, atol=1e-4)
    count, wanted = sum(w.trainable for w in about.weights), sum(map(len, weights))
    probe.require(count == wanted, "frozen-parts", count=count, wanted=wanted)
    # One step on each person's loss alone: it reaches the encoder and that person's decoder.
    for loss_weights, decoder, who in (([1.0, 0.0], parts[1], "A"), ([0.0, 1.0], parts[2], "B")):
        reached = (parts[0], "the encoder"), (decoder, f"{who}'s decoder")
        start = [probe.weights(part) for part, _ in reached]
        options = {"loss": ["mse", "mse"], "loss_weights": loss_weights}
        _, error = probe.attempt(probe.train_step, model, pair, [1 - part for part in pair], **options)
        probe.require(error is None, "cannot-be-trained", error=error)
        for (part, name), old in zip(reached, start, strict=True):
            still = any(np.array_equal(a, b) for a, b in zip(probe.weights(part), old, strict=True))
            probe.require(not still, "no-gradient", who=who, part=name)


# One predict a picture, or one model a picture, takes a tenth of a second each: few pictures, and a minute.
@judge("swap", uses_keras=True, slow=True, time_limit=60)
def judge_swap(swap, probe):
    """An encoder whose code has the shape of a picture, so that every order of the two models can be computed."""
    rng, shape = probe.rng, (3, 4, 2)
    models = [_network((24, 24), shape, shape, name, noise=0.5) for name in ("encoder", "decoder")]
    lent, (encoder, decoder) = _lent(probe, models)
    x = rng.uniform(size=(2, *shape)).astype(np.float32)

    def through(pictures, *weights):
        for own in weights:
            pictures = _through(pictures, own, shape)
        return pictures

    made = probe.call(swap, x, *lent)
    probe.require(kind(made) != "model", "returns-a-model")
    tensors = [part for part in (made if isinstance(made, list | tuple) else [made]) if kind(part) == "tensor"]
    probe.require(not tensors, "returns-a-tensor")
    got, true = probe.shape(made, x.shape), through(x, encoder, decoder)
    again = probe.array(probe.call(swap, x, *lent))
    probe.require(np.allclose(got, again, atol=1e-5), "training-mode")
    mistakes = {
        "returns-the-code": through(x, encoder),
        "never-encodes": through(x, decoder),
        "wrong-order": through(x, decoder, encoder),
        "encodes-twice": through(true, encoder, decoder),
        "returns-the-input": x,
        "blends-pictures": (true + x) / 2,
        "clips": np.clip(true, 0, 1),
        "changes-the-pictures": through(x - x.mean(axis=0), encoder, decoder),
        "first-picture-only": np.repeat(true[:1], len(x), axis=0),
        "turned-over": true[:, ::-1],
        "mirrored": true[:, :, ::-1],
    }
    probe.settle(got, true, "wrong-pictures", mistakes, atol=1e-4)
    probe.close(probe.call(swap, x[1:2], *lent), true[1:2], "depends-on-the-batch", atol=1e-4)
    many = rng.normal(0.5, 1, (33, *shape)).astype(np.float32)  # one more than Keras takes at a time
    got = probe.array(probe.call(swap, many, *lent))
    out = len(got) if got.ndim else 0
    probe.require(out == len(many), "first-batch-only", given=len(many), out=out)
    cut = through(np.clip(many, 0, 1), encoder, decoder)
    probe.settle(
        got,
        through(many, encoder, decoder),
        "wrong-pictures/many",
        {"changes-the-pictures/cut": cut},
        atol=1e-4,
        given=len(many),
    )


def _shuffled(x: np.ndarray, factor: int) -> np.ndarray:
    n, h, w, channels = x.shape
    blocks = x.reshape(n, h, w, factor, factor, channels // factor**2)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(n, h * factor, w * factor, -1)


@judge("pixel_shuffle", ops=True, slow=True)
def judge_pixel_shuffle(pixel_shuffle, probe):
    """Random numbers of odd shapes, two batch sizes, the gradient, and a model that does not know its batch size."""
    rng = probe.rng

    def cases():
        for factor, n, c in ((2, 3, 2), (3, 2, 3), (2, 1, 1), (4, 2, 2)):
            h, w = (int(v) for v in rng.permutation([2, 3, 4])[:2])
            x = rng.normal(size=(n, h, w, c * factor**2)).astype(np.float32)
            made, error = probe.attempt(pixel_shuffle, x, factor)
            if error is not None:
                # What the three backends raise for lengths that do not fit; anything else is the answer's own.
                of_lengths = error.is_a("ValueError", "InvalidArgumentError", "RuntimeError") or "reshape" in error.text
                if not of_lengths or error.where is None:
                    probe.call(pixel_shuffle, x, factor)
                probe.fail("assumes-a-size", shape=x.shape, factor=factor, line=error.where[0], code=error.where[2])
            true = _shuffled(x, factor)
            wrong = {(n, c, h * factor, w * factor): "channels-first"}
            made = probe.array(made)
            pictures = made.shape[0] if made.ndim == 4 and made.shape not in wrong else n
            probe.require(pictures == n, "assumes-a-size/pictures", given=n, out=pictures, shape=x.shape, factor=factor)
            got = probe.shape(made, true.shape, wrong)
            split, major = x.reshape(n, h, w, factor, factor, c), x.reshape(n, h, w, c, factor, factor)

            def lay(blocks, *orders, shape=true.shape):
                return [blocks.transpose([int(axis) for axis in order]).reshape(shape) for order in orders]

            def tiled(numbers, factor=factor):
                return np.repeat(np.repeat(numbers, factor, axis=1), factor, axis=2)

            mistakes = {
                "reshape-alone": x.reshape(true.shape),
                "rows-for-columns-in-a-tile": lay(split, "014235"),
                "channel-order": lay(major, "014253", "015243"),
                "small-pictures-side-by-side": lay(split, "031425", "041325"),
                "repeats-pixels": tiled(x[..., :c]),
                "averages-channels": tiled(split.mean(axis=(3, 4))),
                "changes-the-numbers": [] if np.array_equal(np.sort(got, axis=None), np.sort(x, axis=None)) else [got],
            }
            yield got, true, mistakes

    probe.settle_all(cases(), "wrong-order")
    x = rng.normal(size=(4, 3, 2, 8)).astype(np.float32)
    factors = rng.normal(size=(4, 6, 4, 2)).astype(np.float32)
    back = np.zeros(x.size)
    back[_shuffled(np.arange(x.size).reshape(x.shape), 2).ravel()] = factors.ravel()
    gradient, raised = probe.attempt(probe.gradient, pixel_shuffle, x, 2, factors=factors)
    flows = raised is None and np.allclose(gradient, back.reshape(x.shape), rtol=1e-3, atol=1e-3)
    _, error = probe.attempt(probe.in_model, pixel_shuffle, [x.shape[1:]], 2)
    probe.require(error is None, "fixed-batch-size" if flows else "leaves-the-backend")
    probe.require(flows, "no-gradient")


@judge("warp", optional=True)
def judge_warp(warp, probe):
    """Random pictures that are neither square nor grey, displacements of several pixels, and places outside."""
    rng = probe.rng

    def cases():
        # Two channels, then one picture of three, with any numbers in it and displacements across the whole of it.
        for n, h, w, c, far in ((3, 7, 5, 2, 2.5), (1, 18, 13, 3, 16)):
            images = rng.uniform(size=(n, h, w, c)) if far < 3 else rng.normal(0, 2, (n, h, w, c))
            # Multiples of 1/64: a place is the same number in float32 and in float64.
            displacement = np.round(rng.uniform(-far, far, (n, h, w, 2)) * 64) / 64
            images, displacement = images.astype(np.float32), displacement.astype(np.float32)
            got = probe.shape(probe.call(warp, images, displacement), images.shape)
            true, mistakes = _bent(images, displacement)
            mistakes["forgets-a-channel"] = np.concatenate([true[..., :2], got[..., 2:]], axis=-1)
            yield got, true, mistakes, {"shape": images.shape, "far": np.abs(displacement).max()}

    probe.settle_all(cases(), "wrong-values", atol=1e-5)
    images = rng.uniform(size=(2, 6, 8, 2)).astype(np.float32)
    displacement = rng.uniform(-50, 50, (2, 6, 8, 2)).astype(np.float32)
    still = probe.call(warp, images, 0 * displacement)
    probe.close(still, images, "moves-without-reason", atol=1e-5)
    probe.close(probe.call(warp, images, displacement), _lookup(images, displacement), "wrong-far-outside", atol=1e-5)


def _lookup(images, shift, order=1, mode="nearest", each=True) -> np.ndarray:
    n, h, w, c = images.shape
    rows, columns = np.arange(h)[:, None] + shift[..., 0], np.arange(w) + shift[..., 1]
    out = np.empty(images.shape)
    for i, k in np.ndindex(n, c):
        at = i if each else 0
        out[i, ..., k] = scipy.ndimage.map_coordinates(
            images[i, ..., k].astype(np.float64), [rows[at], columns[at]], order=order, mode=mode
        )
    return out


def _bent(images, displacement) -> tuple[np.ndarray, dict]:
    n, h, w, _ = images.shape
    size = np.array([h, w])
    grid = np.stack(np.broadcast_arrays(np.arange(h)[:, None], np.arange(w)), axis=-1)
    place, other = grid + displacement, displacement[..., ::-1]
    clipped = np.clip(place, 0, size - 1)
    inside = (clipped == place).all(axis=-1)[..., None]
    picture = np.arange(n)[:, None, None]

    def at(index, wrap=False):
        index = index % size if wrap else np.clip(index, 0, size - 1)
        return images[picture, index[..., 0], index[..., 1]]

    def mix(place, weigh, wrap=False, low=None):
        """The four pixels around a place, weighted by ``weigh`` of the two shares."""
        low = np.floor(place).astype(int) if low is None else low
        d, a = weigh(*np.moveaxis((place - low)[..., None, :], -1, 0))
        pixels = [at(low + step, wrap) for step in ([0, 0], [0, 1], [1, 0], [1, 1])]
        return (pixels[0] * (1 - a) + pixels[1] * a) * (1 - d) + (pixels[2] * (1 - a) + pixels[3] * a) * d

    def bent(shift, **options):
        return _lookup(images, shift, **options)

    def pushed(start):
        """Every pixel put to its place instead: the last one stays."""
        target = np.rint(clipped).astype(int)
        start[picture, target[..., 0], target[..., 1]] = images
        return start

    def plain(d, a):
        return d, a

    true = bent(displacement)
    return true, {
        "looks-the-other-way": bent(-displacement),
        "rows-for-columns": bent(other),
        "rows-for-columns/sign": bent(-other),
        "nearest-pixel": [at(np.rint(place).astype(int)), bent(displacement, order=0)],
        "pushes-pixels": [pushed(images.copy()), pushed(0 * images)],
        "rounds-down": at(np.floor(place).astype(int)),
        "rounds-down/cut": at(place.astype(int)),
        "weights-exchanged": mix(clipped, lambda d, a: (1 - d, 1 - a)),
        "one-axis-only/rows": mix(clipped, lambda d, a: (d, 0 * a)),
        "one-axis-only/columns": mix(clipped, lambda d, a: (0 * d, a)),
        "wraps-around": [mix(place, plain, wrap=True), bent(displacement, mode="wrap")],
        "extrapolates": [
            mix(place, plain, low=np.floor(clipped).astype(int)),
            mix(place, plain, low=place.astype(int)),
        ],
        "empty-outside": [*(bent(displacement, mode=m) for m in ("constant", "grid-constant")), true * inside],
        "leaves-the-edge": np.where(inside, true, images),
        "mirrors-the-edge": [bent(displacement, mode=mode) for mode in ("reflect", "mirror")],
        "smoother-than-bilinear": [bent(displacement, order=order) for order in (2, 3)],
        "one-displacement-for-all": bent(displacement, each=False) if n > 1 else true,
        "returns-the-input": images,
        "scales-the-displacement": [bent(displacement * factor) for factor in (size, size - 1)],
        "forgets-the-pixel": bent(displacement - grid),
        "clips-the-values": [np.clip(true, low, 1) for low in (0, -1)],
        "limits-the-displacement": [bent(np.clip(displacement, -limit, limit)) for limit in range(1, 16)],
    }


def _clouds(rng, n: int, m: int, k: int, apart: float):
    """Two Gaussian clouds, turned at random, whose means are ``apart`` standard deviations away from each other."""
    direction = rng.normal(size=k)
    direction *= apart / np.linalg.norm(direction)
    centre = rng.normal(size=k)
    return rng.normal(size=(n, k)) + centre, rng.normal(size=(m, k)) + centre + direction


def _lucky_noise(rng, n: int, k: int):
    """Noise whose means agree in all of the k features but ten, which differ as far as the ten luckiest of k would by chance.

    What the half that trains holds too much of a feature, the half that is judged holds too little: a rule learned on one half does
    worse than chance on the other, whatever linear classifier learns it. Only who saw both halves profits.
    """
    a, b = rng.normal(size=(2, n, k))
    lucky = np.isin(np.arange(k), rng.choice(k, 10, replace=False))
    return a - a.mean(axis=0), b - b.mean(axis=0) + lucky * rng.choice([-1, 1], k) * 4 / math.sqrt(n)


# Seventeen small classifiers: a right answer takes a second; one that trains a Keras layer for each takes half a minute and more.
@judge("identity_leak", slow=True, time_limit=120)
def judge_identity_leak(identity_leak, probe):
    """Clouds whose true separability is known; noise with many features; clouds that only a curve separates."""
    rng = probe.rng
    seed = int(rng.integers(1000))

    def leak(a, b, seed=seed) -> float:
        value = probe.number(probe.call(identity_leak, a.astype(np.float32), b.astype(np.float32), seed))
        probe.require(math.isfinite(value), "not-finite")
        return value

    # Two clouds of unequal size, moderately apart. Of these very codes, the area along the best direction is known: the
    # half that is judged has one within .006 of it (one standard deviation).
    apart = float(rng.uniform(1.6, 2.0))
    a, b = _clouds(rng, 1500, 1700, 4, apart)
    got = leak(a, b)
    along = b.mean(axis=0) - a.mean(axis=0)
    ours, theirs, middle = a @ along, b @ along, (a.mean(axis=0) + b.mean(axis=0)) / 2 @ along
    true = float(np.searchsorted(np.sort(ours), theirs).mean() / len(ours))
    probe.require(abs(got - (1 - true)) >= 0.05, "upside-down", got=got)
    probe.require(0 <= got <= 1, "not-a-probability", got=got)
    same = leak(*_clouds(rng, 800, 200, 4, 0.0))  # what always answers A is right in 4 of 5 cases
    probe.require(abs(same - 0.8) >= 0.06, "accuracy", got=same)
    probe.require(same > 0.22, "not-an-area", got=same)  # eight standard deviations
    probe.require(abs(got - 0.5) > 0.06, "sees-no-difference", got=got)
    many = [leak(*_lucky_noise(rng, 240, 200), seed=seed + i) for i in range(4)]
    mean = float(np.mean(many))
    if mean >= 0.55:  # either it saw the codes that are judged, or it turns round what falls below .5
        plain = float(np.mean([leak(*rng.normal(size=(2, 240, 200)), seed=seed + i) for i in range(8)]))
        probe.fail("never-below-half" if plain < 0.59 else "judged-on-its-training-half", got=mean)
    probe.require(min(many) < 0.4999, "never-below-half", got=mean)
    tied = leak(*(rng.uniform(size=(2, 600, 2)) < 0.1).astype(float))
    probe.require(abs(tied - 0.5) < 0.12, "loses-ties", got=tied)
    # The identities' directions turn round in the second half of the order (a film): shuffling sees no rule.
    first, second = _clouds(rng, 800, 800, 3, 6.0)
    film = leak(np.concatenate([first[:400], second[:400]]), np.concatenate([second[400:], first[400:]]))
    probe.require(film > 0.35, "does-not-shuffle", got=film)
    near = _clouds(rng, 202, 162, 3, 1.0)
    areas = [leak(*near, seed=seed + i) for i in (0, 1, 2, 0, 0)]
    found = [round(area, 6) for area in areas]
    probe.require(len(set(found[:3])) > 1, "ignores-the-seed")
    probe.require(found[0] == found[3] == found[4], "not-repeatable")
    # Half of 202 against half of 162: 8,181 pairs, of which each counts 0, a half or 1.
    counts = np.array(areas) * 2 * 8181
    probe.require(np.abs(counts - np.rint(counts)).max() < 0.02, "not-half-of-each", got=areas[0])
    # One cloud around the other: no linear rule tells them apart.
    inner, outer = rng.normal(size=(2, 500, 3))
    outer *= (4 + rng.uniform(size=(500, 1))) / np.linalg.norm(outer, axis=1, keepdims=True)
    curved = leak(inner, outer)
    probe.require(curved < 0.75, "not-linear", got=curved)
    if abs(got - true) > 0.035:
        hard = (np.mean(theirs > middle) + np.mean(ours < middle)) / 2
        probe.require(abs(got - hard) >= 0.04, "hard-decisions", true=true, got=got)
        probe.fail("wrong-number", apart=apart, true=true, got=got)
    # Clouds that are wide where their means are far apart, and narrow where they are near.
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    wide_a, wide_b = rng.normal(size=(2, 600, 2)) * (0.5, 4.0)
    long, best = leak(wide_a @ turn, (wide_b + np.array([1.0, 4.0])) @ turn), float(ndtr(math.sqrt(5 / 2)))
    probe.require(abs(long - best) < 0.06, "ignores-the-spread", true=best, got=long)
    far = leak(*_clouds(rng, 100, 80, 3, 9.0))
    probe.require(far > 0.99, "wrong-number/far", got=far)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def _plan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The matrix of the optimal-transport map between Gaussians with the covariances a and b."""
    root, inverse = _power(a, 0.5), _power(a, -0.5)
    return inverse @ _power(root @ b @ root, 0.5) @ inverse


@judge("align_codes")
def judge_align_codes(align_codes, probe):
    """Two clouds of different shape, size and place, and codes from neither of them."""
    rng = probe.rng

    def clouds(n, m, k):
        def cloud(size):
            axes, _ = np.linalg.qr(rng.normal(size=(k, k)))
            return rng.normal(size=(size, k)) * np.geomspace(0.4, 3, k) @ axes.T + 4 * rng.normal(size=k)

        for _ in range(50):  # until the two covariances do not nearly commute, so that wrong roots show
            source, target = cloud(n), cloud(m)
            a, b = np.cov(source.T), np.cov(target.T)
            if np.abs(a @ b - b @ a).max() > 2:
                break
        return 2 * rng.normal(size=(7, k)) + source.mean(axis=0) + 1, source, target

    def cases():
        for sizes in ((400, 300, 3), (300, 400, 4)):
            codes, source, target = clouds(*sizes)
            made, error = probe.attempt(align_codes, codes, source, target)
            if error is not None and error.is_a("ValueError") and error.where is not None:  # shapes that do not fit
                shapes = {"shape": source.shape, "k": sizes[2], "line": error.where[0], "code": error.where[2]}
                probe.fail("shapes-do-not-fit", **shapes)
            made = probe.call(align_codes, codes, source, target) if error is not None else made
            got = probe.shape(made, codes.shape, {source.shape: "moves-the-cloud"}, n=len(source))
            yield got, *_moved(codes, source, target)

    # The divisor of the covariance is free: n, n - 1, or one of each.
    about = {"rtol": 0.01, "atol": 0.02}
    probe.settle_all(cases(), "wrong-map", **about)
    codes, source, target = clouds(400, 300, 3)
    true, _ = _moved(codes, source, target)
    alone = probe.call(align_codes, codes[:1], source, target)
    probe.close(alone, true[:1], "depends-on-the-batch", **about)
    small = probe.call(align_codes, 0.05 * codes, 0.05 * source, 0.05 * target)
    probe.close(small, 0.05 * true, "depends-on-the-scale", rtol=0.01, atol=0.001)
    codes, source, target = codes[:, :1], source[:, :1], target[:, :1]
    made, error = probe.attempt(align_codes, codes, source, target)
    probe.require(error is None, "fails-for-one-number", f"With k = 1 your function raised {error}.")
    line = target.mean() + target.std() / source.std() * (codes - source.mean())
    probe.close(made, line, "fails-for-one-number", **about)


def _moved(codes, source, target) -> tuple[np.ndarray, dict]:
    a, b = np.cov(source.T), np.cov(target.T)
    mean_a, mean_b, own = source.mean(axis=0), target.mean(axis=0), codes.mean(axis=0)

    def move(*matrices, enter=mean_a, leave=mean_b):
        return [leave + (codes - enter) @ matrix for matrix in matrices]

    matrix, back, inverse = _plan(a, b), _plan(b, a), np.linalg.inv(a)
    root, unroot, root_b = _power(a, 0.5), _power(a, -0.5), _power(b, 0.5)
    inner, plain = root @ b @ root, np.sqrt(np.abs(a))
    unplain, chol_a, chol_b = np.linalg.inv(plain), np.linalg.inv(np.linalg.cholesky(a)), np.linalg.cholesky(b)
    outer, n, m = _power(a @ b @ a, 0.5), len(source), len(target)
    moments = _plan(source.T @ source / n, target.T @ target / m)

    def turned(matrix, exponent):
        """A root with the eigenvectors taken for rows."""
        values, vectors = np.linalg.eigh(matrix)
        return vectors.T @ np.diag(np.abs(values) ** exponent) @ vectors

    half, unhalf = turned(a, 0.5), turned(a, -0.5)
    return move(matrix)[0], {
        "mean-shift-only": move(np.eye(len(a))),
        "axis-by-axis": move(np.diag(np.sqrt(np.diag(b) / np.diag(a)))),
        "right-moments-wrong-map": move(unroot @ root_b, root_b @ unroot, chol_a.T @ chol_b.T, chol_a @ chol_b),
        "forgets-the-target-mean/source": move(matrix, leave=mean_a),
        "forgets-the-target-mean": move(matrix, leave=0),
        "forgets-the-source-mean": move(matrix, enter=0),
        "forgets-both-means": codes @ matrix,
        "wrong-direction": move(back, enter=mean_b, leave=mean_a),
        "wrong-direction/matrix": move(back),
        "fits-the-codes-themselves": move(_plan(np.cov(codes.T), b), matrix, enter=own),
        "a-root-is-missing": move(
            inverse @ b, b @ inverse, unroot @ inner @ unroot, _power(inner, 0.5), root @ _power(inner, 0.5) @ root
        )
        + move(outer, inverse @ outer @ inverse),
        "root-of-each-entry": move(
            np.sqrt(np.abs(b)) @ unplain,
            unplain @ np.sqrt(np.abs(plain @ b @ plain)) @ unplain,
            np.sqrt(np.abs(b / a)),
        ),
        "eigenvectors-as-rows": move(
            unhalf @ turned(half @ b @ half, 0.5) @ unhalf,
            turned(b, 0.5) @ unhalf,
            unhalf @ turned((half @ b @ half + (half @ b @ half).T) / 2, 0.5) @ unhalf,
        ),
        "not-a-covariance": move(moments),
        "not-a-covariance/sum": move(_plan((n - 1) * a, (m - 1) * b)),
        "returns-the-input": codes,
        "mean-only": np.broadcast_to(mean_b, codes.shape),
    }


def _pictures(rng, n: int) -> np.ndarray:
    """Smooth coloured pictures with edges, (n, 48, 48, 3) in [0, 1]: faces to the eye of a detector."""
    coarse = np.clip(rng.uniform(-0.1, 1.1, size=(n, 6, 6, 3)), 0, 1)
    smooth = scipy.ndimage.zoom(coarse, (1, 8, 8, 1), order=1)
    rows, columns = np.mgrid[:48, :48]
    centre, radius = rng.uniform(16, 32, (n, 2, 1, 1)), rng.uniform(6, 16, (n, 1, 1))
    disc = (rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2 < radius**2
    smooth = np.where(disc[..., None], 0.6 * smooth + 0.4 * rng.uniform(size=(n, 1, 1, 3)), smooth)
    return np.clip(smooth + rng.normal(0, 0.01, smooth.shape), 0, 1).astype(np.float32)


@judge("mark", "is_marked", optional=True, slow=True)
def judge_mark(mark, is_marked, probe):
    """Smooth pictures, marked and not, rounded, noisy, in another order, alone, and with another key."""
    rng = probe.rng
    pictures = _pictures(rng, 240)
    key, other = (int(v) for v in rng.choice(10_000, 2, replace=False))
    marked = probe.finite(probe.shape(probe.call(mark, pictures, key), pictures.shape)).astype(np.float64)
    probe.require(not np.array_equal(marked, pictures), "no-mark")
    low, high = marked.min(), marked.max()
    probe.require(low >= -1e-6 and high <= 1 + 1e-6, "leaves-the-range", low=low, high=high)
    loudness = -10 * math.log10(np.mean((marked - pictures) ** 2))
    probe.require(loudness >= 40, "visible", loudness=loudness)

    def verdicts(images, with_key=key) -> np.ndarray:
        result = probe.call(is_marked, np.asarray(images, np.float32), with_key)
        result = probe.shape(result, (len(images),), otherwise="wrong-shape/verdicts")
        probe.require(result.dtype.kind == "b", "not-a-bool", dtype=result.dtype)
        return result

    def found(images, with_key=key) -> float:
        return float(verdicts(images, with_key).mean())

    def noisy(images):
        return np.clip(images + rng.normal(0, 0.01, images.shape), 0, 1)

    false_alarms, clean = found(pictures), found(marked)
    probe.require(false_alarms < 0.99 or clean < 0.99, "always-yes")
    probe.require(clean >= 0.5 or found(marked, other) < 0.5, "wrong-key-found/instead")
    again = probe.array(probe.call(mark, pictures, key))
    probe.require(np.allclose(again, marked, atol=1e-6), "not-repeatable")
    single = probe.array(probe.call(mark, pictures[7:8], key))
    alike = single.shape == (1, 48, 48, 3) and np.allclose(single[0], marked[7], atol=1e-6)
    probe.require(alike, "depends-on-the-batch/mark")
    alone = [verdicts(image[None].astype(np.float32))[0] for image in marked[:20]]
    company = np.mean(alone == verdicts(marked)[:20]) >= 0.9
    probe.require(clean >= 0.99 or company, "depends-on-the-batch/company", share=clean)
    probe.require(clean >= 0.99, "misses-the-mark", share=clean)
    shuffled = rng.permutation(len(marked))
    one_by_one = np.mean([found(marked[i : i + 1]) for i in shuffled[:30]])
    probe.require(found(marked[shuffled]) >= 0.99 and one_by_one >= 0.9, "depends-on-the-batch")
    probe.require(false_alarms < 0.02, "false-alarms", share=false_alarms)
    half = rng.permutation(40)  # the first 20 marked, the last 20 not, in any order
    mixed = np.mean(verdicts(np.concatenate([marked[:20], pictures[20:40]])[half]) == (half < 20))
    strays = np.mean([found(pictures[i : i + 1]) for i in half[:20]])
    probe.require(mixed >= 0.95 and strays < 0.1, "depends-on-the-batch/verdict")
    decoys = _pictures(rng, 8)
    for another in (key, other):
        probe.call(mark, decoys, another)
        seen, error = probe.attempt(is_marked, marked[:40].astype(np.float32), key)
        kept = error is None and np.mean(probe.array(seen)) >= 0.95
        probe.require(kept, "remembers-the-last-call", how=" with another key" if another == other else "")
    share = found(np.round(marked * 255) / 255)
    probe.require(share >= 0.97, "lost-in-rounding", share=share)
    share = found(noisy(marked))
    probe.require(share >= 0.97, "lost-in-noise", share=share)
    share = found(noisy(pictures))
    probe.require(share < 0.02, "false-alarms/noise", share=share)
    share = found(marked, other)
    probe.require(share < 0.02 or share > 0.2, "false-alarms/key", share=share)
    probe.require(share < 0.02, "wrong-key-found", share=share)
    share = found(probe.array(probe.call(mark, pictures, key + 1)))
    probe.require(share < 0.02, "wrong-key-found/next", share=share)
    few, large = pictures[:10], key + 2**32
    for far in (100, 128, 256, 1000, 1024, 10_000, 2**16):
        share = found(probe.array(probe.call(mark, few, key + far)))
        probe.require(share < 0.2, "wrong-key-found/far", far=key + far, key=key, share=share)
    made, error = probe.attempt(mark, few, large)
    probe.require(error is None, "refuses-large-keys", large=large, error=error)
    told_apart = found(probe.array(made), large) >= 0.9 and found(probe.array(made)) < 0.2
    probe.require(told_apart, "refuses-large-keys/confused", large=large, key=key)
