"""The judges of lesson 01: sizes, errors, baselines, an autoencoder and its gradients."""

from __future__ import annotations

import math

import numpy as np

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.probe import described, kind

judge = judges_of(1)


@judge("compression_ratio")
def judge_compression_ratio(compression_ratio, probe):
    """Shapes of several axes and different bits on both sides, so that every shortcut gives another number."""

    def cases():
        for *axes, size in ((2, 1, 1), (3, 2, 10), (1, 3, 1)):  # the second has more numbers than int16 can count
            shape = tuple(int(s) * size for s in probe.rng.choice([11, 13, 17, 19, 23], axes[0], replace=False))
            code = tuple(int(s) for s in probe.rng.choice([3, 5, 7], axes[1], replace=False))
            bits, code_bits = (int(b) for b in probe.rng.choice([6, 9, 12, 16, 20], 2, replace=False))
            what = f"An input of shape {shape} with {bits} bits a number, a code of {code} with {code_bits}:"
            got = probe.number(probe.call(compression_ratio, shape, bits, code, code_bits))
            numbers, code_numbers = math.prod(shape), math.prod(code)
            true = numbers * bits / (code_numbers * code_bits)
            parts = [slice(None), slice(0, 1), slice(-1, None), slice(1, None), slice(None, -1)]
            mistakes = {
                "counts-numbers-not-bits": numbers / code_numbers,
                "inverted": 1 / true,
                "forgets-an-axis": [
                    math.prod(shape[a]) * bits / (math.prod(code[b]) * code_bits) for a in parts for b in parts
                ],
                "adds-the-axes": sum(shape) * bits / (sum(code) * code_bits),
                "swaps-the-bits": numbers * code_bits / (code_numbers * bits),
                "forgets-the-brackets": numbers * bits / code_numbers * code_bits,
                "fixed-bits": numbers * 8 / (code_numbers * 32),
                "rounded": [math.ceil(true), true // 1, *(round(true, digits) for digits in (0, 1, 2))],
                "share-saved": 1 - 1 / true,
            }
            yield got, true, mistakes, {"what": what}

    probe.settle_all(cases(), "wrong-formula", rtol=1e-6)


@judge("mse_per_image")
def judge_mse_per_image(mse_per_image, probe):
    """Three, four and two axes, one image alone, and bytes: for them a difference below zero wraps around."""
    rng = probe.rng

    def error_of(x, y):
        """Call an answer with a shape that it may not be prepared for."""
        result, error = probe.attempt(mse_per_image, x, y)
        probe.require(error is None, "fixed-axes/raises", shape=x.shape, error=error)
        return probe.array(result)

    def cases():
        for _ in range(2):
            n, h, w = (int(v) for v in rng.permutation([3, 4, 5, 6])[:3])
            x = rng.uniform(0, 1, (n, h, w))
            y = x + rng.uniform(0.05, 0.3, x.shape) * rng.choice([-1, 1], x.shape) * rng.uniform(0.5, 2, (n, 1, 1))
            wrong = {(): "one-number-for-all", (n, h): "one-axis-only", (n, w): "one-axis-only"}
            wrong[h, w] = "averages-over-the-images"
            got = probe.shape(error_of(x, y), (n,), wrong)
            difference = x - y
            squared = np.sum(difference**2, axis=(1, 2))
            mistakes = {
                "sum-not-mean": squared,
                "divides-by-the-images": squared / n,
                "mixes-the-images": np.mean((difference**2).reshape(-1, n), axis=0),
                "rescales-bytes/floats": [squared / (h * w) / 255**2, squared / (h * w) / 255],
                "takes-the-root": np.sqrt(squared),
                "takes-the-root/mean": np.sqrt(squared / (h * w)),
                "absolute-error": np.mean(np.abs(difference), axis=(1, 2)),
                "squares-the-mean": np.mean(difference, axis=(1, 2)) ** 2,
                "never-squares": [np.mean(sign * difference, axis=(1, 2)) for sign in (1, -1)],
                "variance-of-the-difference": np.var(difference, axis=(1, 2)),
                "cuts-off-fractions": np.mean((x.astype(int) - y.astype(int)) ** 2, axis=(1, 2)),
            }
            yield got, squared / (h * w), mistakes

    probe.settle_all(cases(), "wrong-formula")
    n, h, w, c = (int(v) for v in rng.permutation([3, 4, 5, 6]))
    for shape in ((n, h, w, c), (n, 7 * h), (1, h, w)):
        x, y = rng.uniform(0, 1, (2, *shape))
        got = error_of(x, y)
        probe.require(shape[0] > 1 or got.shape == (1,), "drops-the-image-axis", shape=shape, got=got.shape)
        probe.close(got, np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim))), "fixed-axes", shape=shape)
    dark, bright = rng.integers(0, 60, (n, h, w)).astype(np.uint8), rng.integers(150, 256, (n, h, w)).astype(np.uint8)
    true = np.mean((dark.astype(np.float64) - bright) ** 2, axis=(1, 2))
    for first, second in ((dark, bright), (bright, dark)):
        got = probe.shape(probe.call(mse_per_image, first, second), (n,))
        difference, ends = dark.astype(np.int16) - bright.astype(np.int16), {"a": first[0, 0, 0], "b": second[0, 0, 0]}
        with np.errstate(over="ignore"):
            in_int16 = np.mean(difference**2, axis=(1, 2))
        mistakes = {"rescales-bytes": true / 255**2, "bytes-wrap-around/int16": in_int16}
        mistakes["whole-numbers"] = [np.floor(true), np.round(true)]
        probe.settle(got, true, "bytes-wrap-around", mistakes, rtol=1e-6, **ends)


@judge("psnr")
def judge_psnr(psnr, probe):
    """Images with very different noise: a mean of decibels is far from the decibels of the mean. Then nearly black, nearly equal ones."""
    rng = probe.rng

    def cases():
        for shape, light in (((4, 6, 5), 1), ((5, 21), 1), ((3, 7, 4), 1e-5)):
            x = light * rng.uniform(0.25, 0.7, shape)
            level = rng.permutation(np.geomspace(0.02, 0.2, shape[0])).reshape(-1, *[1] * (len(shape) - 1))
            y = x + light * level * rng.uniform(-1, 1, shape)
            got = probe.shape(probe.call(psnr, x, y), (), {shape[:1]: "one-number-per-image"})
            error, absolute = float(np.mean((x - y) ** 2)), float(np.mean(np.abs(x - y)))
            per_image = np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim)))
            true = -10 * math.log10(error)
            peaks = x.max(), y.max(), np.ptp(x), np.ptp(y), max(x.max(), y.max())
            mistakes = {
                "sign-flipped": -true,
                "natural-logarithm": -10 * math.log(error),
                "twenty-times-the-log-of-a-square": 2 * true,
                "ten-times-the-log-of-a-root": true / 2,
                "peak-of-255": [true + factor * math.log10(255) for factor in (10, 20)],
                "mean-of-decibels": float(np.mean(-10 * np.log10(per_image))),
                "peak-from-the-data": [true + 20 * math.log10(float(peak)) for peak in peaks],
                "signal-instead-of-peak": [true + 10 * math.log10(float(p)) for p in (np.mean(x**2), np.var(x))],
                "bels": true / 10,
                "rounded": [round(true, digits) for digits in (0, 1, 2)],
                "no-logarithm": 1 / error,
                "sum-not-mean": true - 10 * math.log10(x.size),
                "sum-not-mean/image": true - 10 * math.log10(x.size / len(x)),
                "absolute-error": [-factor * math.log10(absolute) for factor in (10, 20)],
                "squares-the-mean": -10 * math.log10(float(np.mean(x - y)) ** 2),
                "no-small-errors": [-10 * math.log10(error + 10**-power) for power in (7, 8, 9, 10, 12)]
                + [min(true, most) for most in (50, 60, 80, 99, 100)],
            }
            yield got, true, mistakes

    probe.settle_all(cases(), "wrong-formula", rtol=1e-5)


@judge("mean_image_baseline")
def judge_mean_image_baseline(mean_image_baseline, probe):
    """Training and test images with different means, more of the one or the other, and a bright outlier: it moves no median."""
    rng = probe.rng
    some, more = sorted(int(v) for v in rng.choice([5, 6, 7, 8, 9], 2, replace=False))

    def cases():
        for shape, (n, m) in (((4, 3), (some, more)), ((10,), (more, some)), ((3, 4, 2), (more, some))):
            train = rng.uniform(0, 0.5, (n, *shape))
            train[rng.integers(n)] += 0.5
            test = rng.uniform(0.3, 1, (m, *shape))
            wrong = {shape: "one-image-only", (1, *shape): "one-image-only", train.shape: "as-many-as-the-training-set"}
            wrong |= dict.fromkeys([(m,), (m, *[1] * len(shape)), (n,), ()], "one-grey-level/shape")
            got = probe.shape(probe.call(mean_image_baseline, train, test), test.shape, wrong)
            mean, mean_of_test = train.mean(axis=0), test.mean(axis=0)
            both = np.concatenate([train, test]).mean(axis=0)
            nearest = [np.argmin([np.sum((image - one) ** 2) for one in train]) for image in test]
            mistakes = {
                "looks-at-the-test-set": [mean_of_test, np.full(shape, test.mean())],
                "looks-at-the-test-set/both": [both, (mean + mean_of_test) / 2],
                "one-grey-level": [np.full(shape, train.mean())],
                "median-not-mean": [np.median(train, axis=0)],
                "first-training-image": [train[0]],
                "some-training-images": [train[:k].mean(axis=0) for k in (m, n // 2)],
            }
            mistakes = {name: [np.broadcast_to(i, test.shape) for i in images] for name, images in mistakes.items()}
            mistakes |= {
                "mean-of-each-image": test.mean(axis=tuple(range(1, test.ndim)), keepdims=True) + np.zeros_like(test),
                "subtracts-the-mean": test - mean,
                "copies-the-test-set": test,
                "looks-for-the-nearest": train[nearest],
            }
            yield got, np.broadcast_to(mean, test.shape), mistakes, {"n": n, "m": m}

    probe.settle_all(cases(), "wrong-image")


@judge("build_autoencoder", uses_keras=True, slow=True)
def judge_build_autoencoder(build_autoencoder, probe):
    """Sizes, then the property that matters: new weights in the autoencoder are new weights in its parts."""
    rng = probe.rng
    for wanted in (
        (int(rng.integers(20, 30)), int(rng.integers(9, 15)), int(rng.integers(2, 6))),
        # Wider than the input, so that no order of sizes can be taken for granted.
        (int(rng.integers(7, 11)), int(rng.integers(15, 20)), int(rng.integers(3, 6))),
    ):
        sizes = f"build_autoencoder{wanted}"
        made = probe.call(build_autoencoder, *wanted)
        probe.require(isinstance(made, tuple | list) and len(made) == 3, "not-three-models")
        strangers = [described(model) for model in made if kind(model) != "model"]
        probe.require(not strangers, "not-three-models/strangers", found=", ".join(strangers))
        models = dict(zip(("encoder", "decoder", "autoencoder"), made, strict=True))
        _check_sizes(probe, sizes, models, wanted)
        _check_layers(probe, sizes, models, wanted)


def _values(probe, models, name: str, x: np.ndarray, training: bool | None = False) -> np.ndarray:
    """What a model returns for a batch."""
    made, error = probe.attempt(probe.predict, models[name], x, training=training)
    probe.require(error is None, "wrong-input-size/raises", name=name, shape=x.shape, error=error)
    return probe.float64(made, f"your {name}")


def _check_sizes(probe, sizes: str, models, wanted: tuple[int, int, int]) -> None:
    input_dim, hidden_units, code_size = wanted
    expected = dict(zip(models, [(input_dim, code_size), (code_size, input_dim), (input_dim, input_dim)], strict=True))
    ends, arrows = {}, {}
    for name, model in models.items():
        about = probe.describe(model)
        known = [
            shapes[0] for shapes in (about.inputs, about.outputs) if shapes and len(shapes) == 1 and len(shapes[0]) == 2
        ]
        ends[name] = (known[0][1], known[1][1]) if len(known) == 2 else None
        arrows[name] = "{} → {}".format(*ends[name]) if ends[name] else "an unknown size"
        batch = known[0][0] if known else None
        probe.require(batch is None, "fixed-batch-size", name=name, batch=batch)
    exchanged = ends != expected and sorted(map(str, ends.values())) == sorted(map(str, expected.values()))
    probe.require(not exchanged, "wrong-order", sizes=sizes, **arrows)
    told = {"sizes": sizes, **arrows, "input_dim": input_dim, "code_size": code_size}
    if ends["encoder"] and ends["encoder"][1] != code_size:
        probe.require(ends["encoder"][1] != hidden_units, "code-has-the-hidden-size", **told)
        probe.fail("wrong-code-size", **told)
    if ends["decoder"] and ends["decoder"][0] != code_size:
        probe.require(ends["decoder"][0] != input_dim, "decoder-starts-at-the-image", **told)
    for name, (enters, leaves) in expected.items():
        right = ends[name] is None or ends[name][0] == enters
        probe.require(
            right, "wrong-input-size", sizes=sizes, name=name, found=arrows[name], enters=enters, leaves=leaves
        )
    for name, (enters, leaves) in expected.items():
        for batch in (3, 1):
            shape = _values(probe, models, name, probe.rng.uniform(0, 1, (batch, enters))).shape
            told = {"sizes": sizes, "name": name, "shape": shape, "given": (batch, enters), "expected": (batch, leaves)}
            probe.require(shape == (batch, leaves), "wrong-output-size", **told)


def _check_layers(probe, sizes: str, models, wanted: tuple[int, int, int]) -> None:
    input_dim, hidden_units, code_size = wanted
    rng = probe.rng
    x, codes = rng.uniform(0, 1, (6, input_dim)), rng.normal(size=(6, code_size))
    before = _values(probe, models, "encoder", x), _values(probe, models, "decoder", codes)
    # What training would do: new weights, here random ones, in the autoencoder alone. Large enough that an output that
    # can leave [0, 1] does so.
    shapes = [w.shape for w in probe.describe(models["autoencoder"]).weights if w.trainable]
    scales = [1.5 / math.sqrt(shape[0]) if len(shape) > 1 else 0.3 for shape in shapes]
    new = [rng.normal(size=shape, scale=scale) for shape, scale in zip(shapes, scales, strict=True)]
    probe.set_weights(models["autoencoder"], new, trainable=True)
    coded, decoded = _values(probe, models, "encoder", x), _values(probe, models, "decoder", codes)
    copied, both = _values(probe, models, "autoencoder", x), _values(probe, models, "decoder", coded)
    if not np.allclose(both, copied, rtol=1e-3, atol=1e-5):
        stuck = [np.allclose(old, new, atol=1e-7) for old, new in zip(before, (coded, decoded), strict=True)]
        probe.require(not all(stuck), "three-separate-models")
        probe.require(not stuck[0], "encoder-has-its-own-layers")
        probe.require(not stuck[1], "decoder-has-its-own-layers")
        probe.fail("parts-do-not-compose", difference=np.abs(both - copied).max())
    for name in ("encoder", "decoder"):
        weights = probe.describe(models[name]).weights
        hidden, kernels = any(hidden_units in w.shape for w in weights), [w for w in weights if len(w.shape) == 2]
        probe.require(hidden, "no-hidden-layer", sizes=sizes, name=name, units=hidden_units)
        probe.require(len(kernels) <= 2, "more-hidden-layers", sizes=sizes, name=name, count=len(kernels))
        probe.require(all(w.trainable for w in kernels), "frozen", name=name)
    low, high = min(copied.min(), decoded.min()), max(copied.max(), decoded.max())
    probe.require(low >= 0 and high <= 1, "output-leaves-the-unit-range", low=low, high=high)
    probe.require(not np.allclose(copied.sum(axis=1), 1, atol=1e-3), "softmax-output")
    _check_company(probe, models, x, codes)
    for name, size in (("encoder", input_dim), ("decoder", code_size)):
        _check_bend(probe, models, name, size)
    _check_pixels(probe, models, codes, input_dim)


def _check_company(probe, models, x, codes) -> None:
    """An image gets the same answer in any company, and twice."""
    for name, batch in (("encoder", x), ("decoder", codes), ("autoencoder", x)):
        # Called without a word about training, as in the lesson: a layer may have it built in.
        together, again = (_values(probe, models, name, batch, training=None) for _ in range(2))
        probe.require(np.allclose(together, again, atol=1e-5), "random-at-prediction", name=name)
        alone = _values(probe, models, name, batch[:1], training=None)
        probe.require(np.allclose(alone[0], together[0], atol=1e-4), "looks-across-the-batch", name=name)


def _check_pixels(probe, models, codes, input_dim: int) -> None:
    """Another weight of one pixel moves no other pixel."""
    before, about = _values(probe, models, "decoder", codes), probe.describe(models["decoder"]).weights
    weights = [w for w, of in zip(probe.weights(models["decoder"]), about, strict=True) if of.trainable]
    own = 6 * (np.arange(input_dim) == 0)
    moved = [w + own if w.shape[-1:] == (input_dim,) else w for w in weights]
    probe.set_weights(models["decoder"], moved, trainable=True)
    apart = np.allclose(_values(probe, models, "decoder", codes)[:, 1:], before[:, 1:], atol=1e-5)
    ends = np.allclose(before.min(axis=1), 0, atol=1e-6) and np.allclose(before.max(axis=1), 1, atol=1e-6)
    probe.require(apart or not ends, "stretches-each-output")
    probe.require(apart, "pixels-depend-on-each-other")


def _check_bend(probe, models, name: str, size: int) -> None:
    """Midway between a - b and a + b an affine map takes the mean of its two values, for all pairs of points."""
    a, b = probe.rng.normal(size=(2, 40, size))
    above, below, middle = (_values(probe, models, name, 0.5 * z) for z in (a + b, a - b, a))
    if not np.ptp(np.concatenate([above, below, middle]), axis=0).any():
        _check_silence(probe, models, name, a, above.shape[1])
        return
    if name == "decoder":  # undo a sigmoid, and leave out what it has flattened
        with np.errstate(divide="ignore"):
            above, below, middle = (np.log(z) - np.log1p(-z) for z in (above, below, middle))
        seen = np.maximum(np.maximum(np.abs(above), np.abs(below)), np.abs(middle)) < 6
    elif min(above.min(), below.min(), middle.min()) >= 0:  # a ReLU on the code: look where it lets pass
        seen = np.minimum(np.minimum(above, below), middle) > 0
    else:
        seen = np.ones_like(above, bool)
    bend = np.abs(above + below - 2 * middle)[seen].max(initial=0)
    largest = np.abs(middle)[seen].max(initial=0)
    probe.require(bend > 1e-3 * largest or largest == 0, "no-nonlinearity", name=name)


def _check_silence(probe, models, name: str, x: np.ndarray, size: int) -> None:
    """A ReLU that let nothing pass lets something pass with the opposite weights; a constant stays one."""
    about = probe.describe(models[name]).weights
    weights = [w for w, of in zip(probe.weights(models[name]), about, strict=True) if of.trainable]
    opposite = [-w if w.shape[-1:] == (size,) else w for w in weights]
    probe.set_weights(models[name], opposite, trainable=True)
    varies = np.ptp(_values(probe, models, name, x), axis=0).any()
    probe.require(varies, "no-nonlinearity/constant", name=name)


@judge("autoencoder_gradients", optional=True)
def judge_autoencoder_gradients(autoencoder_gradients, probe):
    """Against central differences of the loss: the definition of a gradient, not another derivation of it."""
    rng = probe.rng
    names = "w1", "b1", "w2", "b2"
    cases = []
    for n, d, k in (rng.permutation([4, 5, 3]), (6, 3, 2)):
        x = rng.normal(size=(n, d))
        parameters = [rng.normal(size=s, scale=0.6) for s in ((d, k), (k,), (k, d), (d,))]
        made = probe.call(autoencoder_gradients, x, *parameters)
        probe.require(isinstance(made, tuple | list) and len(made) == 4, "not-four-gradients")
        got = [probe.float64(g, f"the gradient for {name}") for g, name in zip(made, names, strict=True)]
        true = _differences(x, parameters)
        _check_gradient_shapes(probe, got, true, n)
        cases.append((x, parameters, got, true))

    def all_close(others) -> bool:
        """Whether gradients made by a rule are those of the answer, on every input tried."""
        return all(
            np.allclose(g, o, rtol=1e-4, atol=1e-6)
            for x, parameters, got, true in cases
            for g, o in zip(got, others(x, parameters, true), strict=True)
        )

    if all_close(lambda x, parameters, true: true):
        return
    for name, factor in (
        ("divides-by-all-numbers", lambda n, d: 1 / d),
        ("missing-factor-two", lambda n, d: 0.5),
        ("divides-twice", lambda n, d: 1 / n),
        ("means-over-the-wrong-axis", lambda n, d: n / d),
        ("means-over-the-wrong-axis", lambda n, d: n / (2 * d)),
        ("sum-over-samples", lambda n, d: n),
        ("sum-over-samples", lambda n, d: n / 2),
        ("divides-by-all-numbers", lambda n, d: 1 / (2 * d)),
        ("wrong-sign", lambda n, d: -1),
    ):
        scaled = all_close(lambda x, _, true, factor=factor: [factor(*x.shape) * g for g in true])
        probe.require(not scaled, name, factor=factor(*cases[0][0].shape))
    for name, rule in _other_rules():
        probe.require(not all_close(rule), name, n=len(cases[0][0]))
    for _, _, got, true in cases:
        for at in (3, 2, 1, 0):
            probe.close(got[at], true[at], "wrong-gradient", name=names[at])


def _differences(x, parameters) -> list[np.ndarray]:
    def loss(w1, b1, w2, b2):
        return np.sum((np.tanh(x @ w1 + b1) @ w2 + b2 - x) ** 2) / len(x)

    def slope(which, at):
        moved = [[p.copy() for p in parameters] for _ in range(2)]
        moved[0][which][at] += 1e-5
        moved[1][which][at] -= 1e-5
        return (loss(*moved[0]) - loss(*moved[1])) / 2e-5

    return [np.reshape([slope(i, at) for at in np.ndindex(p.shape)], p.shape) for i, p in enumerate(parameters)]


def _check_gradient_shapes(probe, got, true, n: int) -> None:
    shapes, wanted = [g.shape for g in got], [g.shape for g in true]
    turned = shapes == [wanted[2], wanted[1], wanted[0], wanted[3]] and np.allclose(got[2].T, true[2], rtol=1e-3)
    probe.require(not turned, "transposed", name="w2", shape=shapes[2], wanted=wanted[2])
    listed = ", ".join(map(str, shapes))
    probe.require(shapes == wanted or sorted(shapes) != sorted(wanted), "wrong-order", shapes=listed)
    for gradient, shape, name in zip(got, wanted, ("w1", "b1", "w2", "b2"), strict=True):
        wrong = {shape[::-1]: "transposed"} if len(shape) > 1 else {(n, *shape): "bias-gradient-not-summed"}
        probe.shape(gradient, shape, wrong, name=name)


def _other_rules():
    """Gradients of a mistake: ``(misconception, rule(x, parameters, true))``."""

    def of(h, y, back, x, slope):
        error = 2 * (y - x) / len(x) * slope
        inner = error @ back * (1 - h**2)
        return [x.T @ inner, inner.sum(axis=0), h.T @ error, error.sum(axis=0)]

    def without_biases(x, parameters, _):
        w1, _, w2, _ = parameters
        h = np.tanh(x @ w1)
        return of(h, h @ w2, w2.T, x, 1)

    def with_tanh(through):
        def rule(x, parameters, _):
            w1, b1, w2, b2 = parameters
            h = np.tanh(x @ w1 + b1)
            y = np.tanh(h @ w2 + b2)
            return of(h, y, w2.T, x, 1 - y**2 if through else 1)

        return rule

    def through_the_encoder(x, parameters, _):
        w1, b1, w2, b2 = parameters
        h = np.tanh(x @ w1 + b1)
        return of(h, h @ w2 + b2, w1, x, 1)

    def with_slope(slope):
        def rule(x, parameters, true):
            w1, b1, w2, b2 = parameters
            h = np.tanh(x @ w1 + b1)
            inner = 2 * (h @ w2 + b2 - x) / len(x) @ w2.T * slope(h)
            return [x.T @ inner, inner.sum(axis=0), *true[2:]]

        return rule

    yield "forgets-the-biases", without_biases
    yield "tanh-on-the-output", with_tanh(False)
    yield "tanh-on-the-output", with_tanh(True)
    yield "goes-back-through-the-encoder", through_the_encoder

    def before_the_tanh(x, parameters, true):
        w1, b1, w2, b2 = parameters
        a = x @ w1 + b1
        inner = 2 * (np.tanh(a) @ w2 + b2 - x) / len(x) @ w2.T * (1 - a**2)
        return [x.T @ inner, inner.sum(axis=0), *true[2:]]

    def codes_without_tanh(x, parameters, true):
        w1, b1, w2, b2 = parameters
        a = x @ w1 + b1
        return [*true[:2], a.T @ (2 * (np.tanh(a) @ w2 + b2 - x) / len(x)), true[3]]

    def without_the_decoder(x, parameters, true):
        w1, b1, w2, b2 = parameters
        h = np.tanh(x @ w1 + b1)
        inner = 2 * (h @ w2 + b2 - x).sum(axis=1, keepdims=True) / len(x) * (1 - h**2)
        return [x.T @ inner, inner.sum(axis=0), *true[2:]]

    yield "forgets-the-decoder", without_the_decoder
    yield "slope-at-the-wrong-place/before", before_the_tanh
    yield "forgets-the-tanh/code", codes_without_tanh
    yield "forgets-the-tanh", with_slope(lambda h: 1)
    yield "slope-at-the-wrong-place", with_slope(lambda h: 1 - np.tanh(h) ** 2)
    yield "slope-of-the-sigmoid", with_slope(lambda h: h * (1 - h))
    yield "slope-of-the-relu", with_slope(lambda h: h > 0)
    yield "slope-of-the-sigmoid", with_slope(lambda h: 1 - h)
    yield "bias-gradient-averaged", lambda x, _, true: [true[0], true[1] / len(x), true[2], true[3] / len(x)]
