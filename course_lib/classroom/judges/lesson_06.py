"""The judges of lesson 06: one encoder, two decoders, and what carries a code from one person to the other."""

from __future__ import annotations

import numpy as np
import scipy.ndimage

from course_lib import augment, metrics
from course_lib.classroom.legacy import judge


def _three_models(keras, rng):
    """Small random models on pictures (4, 4, 3): an encoder to codes (k,), and two different decoders."""
    code = int(rng.integers(3, 7))
    picture, inputs = (4, 4, 3), []

    def decoder(name):
        inputs.append(keras.Input((code,)))
        drawn = keras.layers.Dense(48)(inputs[-1])
        return keras.Model(inputs[-1], keras.layers.Reshape(picture)(drawn), name=name)

    image = keras.Input(picture)
    flat = keras.layers.Flatten()(image)
    encoder = keras.Model(image, keras.layers.Dense(code, "tanh")(flat), name="encoder")
    return encoder, decoder("decoder_a"), decoder("decoder_b")


@judge(
    "build_swapper",
    title="One encoder, two decoders",
    section="The naive pair",
    question="How many encoders does the model for two people have?",
    uses_keras=True,
)
def judge_build_swapper(build_swapper, probe):
    """Small models with random weights: what comes out of which, and whether the weights are the very same."""
    import keras

    encoder, decoder_a, decoder_b = parts = _three_models(keras, probe.rng)
    x_a, x_b = probe.rng.uniform(size=(2, 5, 4, 4, 3)).astype(np.float32)

    def by(decoder, x):
        return keras.ops.convert_to_numpy(decoder(encoder(x)))

    before = [w for part in parts for w in part.get_weights()]
    model, error = probe.attempt(build_swapper, *parts)
    if error is not None:
        probe.require(
            "used" not in str(error) or "times" not in str(error),
            "copied-weights",
            "Two different layers of your model have the same name: one of the parts is in it twice, once as a copy. "
            "Which of the objects that you were given draws on which pictures?",
        )
        model = probe.call(build_swapper, *parts)  # any other exception is the answer's own
    probe.require(
        isinstance(model, keras.Model),
        "not-a-model",
        f"One Keras model was expected; you returned {type(model).__name__}. What ties inputs and outputs together?",
    )
    probe.require(
        model not in parts,
        "one-of-the-parts",
        "You returned one of the three parts. Which model takes two sets of pictures?",
    )
    if not model.built:
        probe.attempt(model, [x_a, x_b])
    functional = getattr(model, "_functional", None) or model
    inputs = getattr(functional, "inputs", None)
    probe.require(
        inputs is None or len(inputs) == 2,
        "one-input",
        f"Your model has {len(inputs or [])} input(s). A's and B's pictures are different pictures: how many inputs does that make?",
    )
    fixed = [tuple(i.shape) for i in inputs or [] if i.shape[0] is not None]
    _, few_error = probe.attempt(model, [x_a[:3], x_b[:3]])
    result, error = probe.attempt(model, [x_a, x_b])
    probe.require(
        not fixed and (error is None) == (few_error is None),
        "fixed-batch-size",
        f"Your model takes batches of one size only{f', {fixed[0][0]}' if fixed else ''}. "
        "How many pictures will a batch have in training, and how many afterwards?",
    )
    probe.require(
        error is None,
        "cannot-be-called",
        f"model([pictures of A, pictures of B]) raised {error!r}. In which form does the task want the inputs?",
    )
    probe.require(
        isinstance(result, list | tuple) and len(result) == 2,
        "not-two-outputs",
        "Two outputs were expected, A's pictures and B's pictures. What does your model return?",
    )
    got = [probe.require_shape(part, x_a.shape, "A picture for each picture.") for part in result]

    def check(got, when):
        true = by(decoder_a, x_a), by(decoder_b, x_b)
        for pair, name, question in (
            (true[::-1], "outputs-exchanged", "The two outputs stand in the other order. Whose comes first?"),
            (
                (by(decoder_b, x_a), by(decoder_a, x_b)),
                "swaps-while-training",
                "Each person's pictures come out of the other one's decoder. "
                "There is no true picture to compare that with: which decoder trains on A's pictures?",
            ),
            (
                (by(decoder_a, x_a), by(decoder_a, x_b)),
                "one-decoder",
                "Both outputs come from A's decoder. Who draws B?",
            ),
            (
                (by(decoder_b, x_a), by(decoder_b, x_b)),
                "one-decoder",
                "Both outputs come from B's decoder. Who draws A?",
            ),
            (
                (by(decoder_a, x_a), by(decoder_b, x_a)),
                "same-pictures-twice",
                "Both outputs are made from A's pictures. What happens to the second input?",
            ),
            (
                (by(decoder_a, x_b), by(decoder_b, x_b)),
                "same-pictures-twice",
                "Both outputs are made from B's pictures. What happens to the first input?",
            ),
            (
                (by(decoder_a, x_b), by(decoder_b, x_a)),
                "inputs-exchanged",
                "A's decoder gets B's pictures. In which order do the inputs come?",
            ),
        ):
            probe.require(not all(np.allclose(a, b, atol=1e-5) for a, b in zip(got, pair, strict=True)), name, question)
        for ours, right, who in zip(got, true, "AB", strict=True):
            probe.require(
                np.allclose(ours, right, atol=1e-4),
                "copied-weights" if when == "later" else "other-outputs",
                (
                    "The weights of the parts were changed, and your model still answers as before"
                    if when == "later"
                    else f"Decoder {who} of the encoder's code gives other pictures than your model"
                )
                + ". Are its layers the very objects that you were given, or new ones?",
            )

    check(got, "now")
    probe.require(
        not getattr(model, "compiled", False),
        "compiled",
        "Your model comes with an optimiser and a loss. Who decides on them, according to the task?",
    )
    # The parts get new weights: a model on the same layers follows.
    for part in parts:
        part.set_weights([probe.rng.normal(0, 0.3, w.shape).astype(np.float32) for w in part.get_weights()])
    result, _ = probe.attempt(model, [x_a, x_b])
    check([probe.array(part) for part in result], "later")
    probe.require(
        len(model.trainable_weights) == len(before),
        "frozen-parts",
        f"Your model trains {len(model.trainable_weights)} arrays of weights, the three parts have {len(before)}. "
        "Which part would not be trained, or trained in addition?",
    )
    # One step on each person's loss alone: it reaches the encoder and that person's decoder.
    for weights, decoder, who in (([1.0, 0.0], decoder_a, "A"), ([0.0, 1.0], decoder_b, "B")):
        reached = (encoder, "the encoder"), (decoder, f"{who}'s decoder")
        start = [part.get_weights() for part, _ in reached]
        model.compile(keras.optimizers.SGD(0.1), loss=["mse", "mse"], loss_weights=weights, run_eagerly=True)
        _, error = probe.attempt(model.train_on_batch, [x_a, x_b], [1 - x_a, 1 - x_b])
        probe.require(
            error is None,
            "cannot-be-trained",
            f"One training step on your model raised {error!r}. Does every step in it belong to Keras?",
        )
        for (part, name), old in zip(reached, start, strict=True):
            probe.require(
                all(not np.array_equal(a, b) for a, b in zip(part.get_weights(), old, strict=True)),
                "no-gradient",
                f"A training step in which only {who}'s loss counts does not move all weights of {name}. "
                "Where does the gradient stop on its way back?",
            )


@judge(
    "swap",
    title="The other decoder draws",
    section="The naive pair",
    question="A code says how; who says who?",
    uses_keras=True,
)
def judge_swap(swap, probe):
    """An encoder whose code has the shape of a picture, so that every order of the two models can be computed."""
    import keras

    rng = probe.rng
    shape = (3, 4, 3)

    def one(name, noise=0.0):
        image = keras.Input(shape)
        inside = keras.layers.GaussianNoise(noise)(image) if noise else image
        drawn = keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(inside)
        model = keras.Model(image, keras.layers.Dense(3)(drawn), name=name)
        model.set_weights([rng.normal(0, 0.7, w.shape).astype(np.float32) for w in model.get_weights()])
        return model

    encoder, decoder = one("encoder", noise=0.5), one("decoder", noise=0.5)
    x = rng.uniform(size=(5, *shape)).astype(np.float32)

    def through(pictures, *models):
        for model in models:
            pictures = keras.ops.convert_to_numpy(model(pictures))
        return pictures

    true = through(x, encoder, decoder)
    made = probe.call(swap, x, encoder, decoder)
    probe.require(
        not isinstance(made, keras.Model),
        "returns-a-model",
        "You returned a model. Which pictures does it draw from x?",
    )
    got = probe.require_shape(made, x.shape, "A picture for each picture.")
    again = probe.array(probe.call(swap, x, encoder, decoder))
    probe.require(
        np.allclose(got, again, atol=1e-5),
        "training-mode",
        "Called twice on the same pictures, your function gives two results. Do the models run as for training?",
    )
    probe.settle(
        got,
        true,
        [
            (through(x, encoder), "returns-the-code", "You return the code. Who draws the picture?"),
            (through(x, decoder), "never-encodes", "The decoder draws from the picture itself. What does it expect?"),
            (through(x, decoder, encoder), "wrong-order", "You decode first and encode then. What is x?"),
            (
                through(x, encoder, decoder, encoder, decoder),
                "encodes-twice",
                "You send the result through both models again. How often is a picture encoded?",
            ),
            (x, "returns-the-input", "You return the pictures as they came. Which models did you use?"),
            (
                (true + x) / 2,
                "blends-pictures",
                "Your result is half swapped, half original. Does the other person show through?",
            ),
            (np.clip(true, 0, 1), "clips", "Your result is clipped to [0, 1]. Did the task ask for that?"),
            (
                through(x - x.mean(axis=0), encoder, decoder),
                "changes-the-pictures",
                "You subtract a mean before encoding. On which pictures was the encoder trained?",
            ),
            (
                np.repeat(true[:1], len(x), axis=0),
                "first-picture-only",
                "All of your pictures are the first one's. What happened to the others?",
            ),
            (true[:, ::-1], "turned-over", "Your pictures stand on their heads. Which axis is which?"),
            (true[:, :, ::-1], "mirrored", "Your pictures are mirrored. Which axis is which?"),
        ],
        "wrong-pictures",
        "Encode, then decode with the other decoder: which step is another?",
    )
    one_picture = probe.call(swap, x[2:3], encoder, decoder)
    probe.require_close(
        one_picture,
        true[2:3],
        "depends-on-the-batch",
        "A picture alone comes out differently than among others. What do the others do to it?",
        atol=1e-4,
    )
    many = rng.normal(0.5, 1, size=(40, *shape)).astype(np.float32)
    result = probe.array(probe.call(swap, many, encoder, decoder))
    probe.require(
        len(result) == len(many) if result.ndim else False,
        "first-batch-only",
        f"{len(many)} pictures go in, and {len(result) if result.ndim else 0} come out. Where do the others stay?",
    )
    probe.settle(
        result,
        through(many, encoder, decoder),
        [
            (
                through(np.clip(many, 0, 1), encoder, decoder),
                "changes-the-pictures",
                "You cut the pictures to [0, 1] before encoding. Did the task ask for that?",
            )
        ],
        "wrong-pictures",
        "With 40 pictures, some numbers outside [0, 1], the result is another. What happens to them on the way?",
        atol=1e-4,
    )


@judge(
    "pixel_shuffle",
    title="Channels become pixels",
    section="The naive pair",
    question="Which numbers stand next to each other in the result, and how far apart are they in the input?",
    uses_keras=True,
)
def judge_pixel_shuffle(pixel_shuffle, probe):
    """Random numbers of odd shapes, two batch sizes, and a model that does not know its batch size."""
    import keras
    from keras import ops

    rng = probe.rng

    def reference(x, factor):
        n, h, w, channels = x.shape
        blocks = x.reshape(n, h, w, factor, factor, channels // factor**2)
        return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(n, h * factor, w * factor, -1)

    for case, (factor, n) in enumerate(((2, 3), (3, 2), (2, 1), (4, 2))):
        h, w = (int(v) for v in rng.permutation([2, 3, 4])[:2])
        c = (2, 3, 1, 2)[case]
        x = rng.normal(size=(n, h, w, c * factor**2)).astype(np.float32)
        result = probe.call(pixel_shuffle, ops.convert_to_tensor(x), factor)
        made = probe.array(result)
        probe.require(
            made.shape != (n, c * factor**2 // factor**2, h * factor, w * factor),
            "channels-first",
            f"Your shape is {made.shape}, with the channels in front. Where does the task have them?",
        )
        got = probe.require_shape(
            made, (n, h * factor, w * factor, c), "How many pixels does one place become, and how many channels stay?"
        )
        true = reference(x, factor)
        split = x.reshape(n, h, w, factor, factor, c)
        channel_major = x.reshape(n, h, w, c, factor, factor)

        def lay(blocks, order, shape=true.shape):
            return blocks.transpose(order).reshape(shape)

        probe.settle(
            got,
            true,
            [
                (
                    x.reshape(true.shape),
                    "reshape-alone",
                    "You cut the numbers anew without moving any: the tiles lie one after another in a row. "
                    "Which axes have to change places before the last reshape?",
                ),
                (
                    lay(split, (0, 1, 4, 2, 3, 5)),
                    "rows-for-columns-in-a-tile",
                    "Within each tile, rows and columns are exchanged. Is the next block the pixel to the right or the one below?",
                ),
                *(
                    (
                        lay(channel_major, order),
                        "channel-order",
                        "Your channels come as c groups of factor² (as in PyTorch). Which index moves fastest in the task?",
                    )
                    for order in ((0, 1, 4, 2, 5, 3), (0, 1, 5, 2, 4, 3))
                ),
                *(
                    (
                        lay(split, order),
                        "small-pictures-side-by-side",
                        "Your result shows small pictures side by side. Does a place become neighbouring pixels, or far ones?",
                    )
                    for order in ((0, 3, 1, 4, 2, 5), (0, 4, 1, 3, 2, 5))
                ),
                (
                    np.repeat(np.repeat(x[..., :c], factor, axis=1), factor, axis=2),
                    "repeats-pixels",
                    "Each of your tiles is one number repeated. Where do the other channels go?",
                ),
                (
                    np.repeat(np.repeat(split.mean(axis=(3, 4)), factor, axis=1), factor, axis=2),
                    "averages-channels",
                    "Each of your tiles is a mean. Is a number lost?",
                ),
            ],
            "wrong-order",
            "Feed it the numbers 0, 1, 2, … and follow the 1: where does it end up?",
        )

    class Layer(keras.layers.Layer):
        def call(self, inputs):
            return pixel_shuffle(inputs, 2)

    def works_inside(batch):
        """Whether a model with the answer in it can be built and used."""
        inputs = keras.Input(batch_shape=(batch, 3, 2, 8))
        try:
            keras.Model(inputs, Layer()(inputs))
        except Exception:
            return False
        return True

    if not works_inside(None):
        if works_inside(4):
            probe.fail(
                "fixed-batch-size",
                "In a model the batch size is None, and your function fails. Which number tells reshape to work a length out?",
            )
        probe.fail(
            "leaves-the-backend",
            "Your function cannot be part of a model. Are all of its operations from keras.ops?",
        )


@judge(
    "warp",
    title="A bent picture",
    section="The levers, one by one",
    question="Does the content move with the displacement, or against it?",
)
def judge_warp(warp, probe):
    """Random pictures that are neither square nor grey, displacements of several pixels, and places outside."""
    rng = probe.rng
    n, h, w, c = 3, 7, 5, 2
    images = rng.uniform(size=(n, h, w, c)).astype(np.float32)
    displacement = rng.uniform(-2.5, 2.5, size=(n, h, w, 2)).astype(np.float32)

    def lookup(pictures=images, shift=displacement, order=1, mode="nearest", each=True):
        rows = np.arange(h)[:, None] + shift[..., 0]
        columns = np.arange(w) + shift[..., 1]
        return np.stack(
            [
                np.stack(
                    [
                        scipy.ndimage.map_coordinates(
                            pictures[i, :, :, k],
                            [rows[i if each else 0], columns[i if each else 0]],
                            order=order,
                            mode=mode,
                        )
                        for k in range(c)
                    ],
                    axis=-1,
                )
                for i in range(len(pictures))
            ]
        )

    true = augment.warp(images, displacement)
    still = probe.call(warp, images, np.zeros_like(displacement))
    got = probe.require_shape(probe.call(warp, images, displacement), images.shape, "A picture for each picture.")
    place = np.stack([np.arange(h)[:, None] + displacement[..., 0], np.arange(w) + displacement[..., 1]], axis=-1)
    inside = (np.clip(place, 0, [h - 1, w - 1]) == place).all(axis=-1)[..., None]
    clipped = np.clip(place, 0, [h - 1, w - 1])
    low, nearest = np.floor(place).astype(int), np.rint(place).astype(int)
    index = np.arange(n)[:, None, None]

    def at(rows, columns):
        return images[index, np.clip(rows, 0, h - 1), np.clip(columns, 0, w - 1)]

    corner = np.floor(clipped).astype(int)
    upper = at(corner[..., 0], corner[..., 1]), at(corner[..., 0], corner[..., 1] + 1)
    lower = at(corner[..., 0] + 1, corner[..., 1]), at(corner[..., 0] + 1, corner[..., 1] + 1)
    down, across = np.moveaxis((clipped - corner)[..., None, :], -1, 0)

    def mix(d, a):
        return (upper[0] * (1 - a) + upper[1] * a) * (1 - d) + (lower[0] * (1 - a) + lower[1] * a) * d

    wrapped_down, wrapped_across = np.moveaxis((place - low)[..., None, :], -1, 0)
    wrapped = (
        images[index, low[..., 0] % h, low[..., 1] % w] * (1 - wrapped_down) * (1 - wrapped_across)
        + images[index, low[..., 0] % h, (low[..., 1] + 1) % w] * (1 - wrapped_down) * wrapped_across
        + images[index, (low[..., 0] + 1) % h, low[..., 1] % w] * wrapped_down * (1 - wrapped_across)
        + images[index, (low[..., 0] + 1) % h, (low[..., 1] + 1) % w] * wrapped_down * wrapped_across
    )
    swapped = displacement[..., ::-1]
    probe.settle(
        got,
        true,
        [
            (
                lookup(shift=-displacement),
                "looks-the-other-way",
                "Your pictures look at p − displacement. At which place does the task look the value up?",
            ),
            (
                lookup(shift=swapped),
                "rows-for-columns",
                "You take the second displacement for the rows. Which comes first, down or right?",
            ),
            (
                lookup(shift=-swapped),
                "rows-for-columns",
                "You take the second displacement for the rows, with the other sign. Which comes first, and which way?",
            ),
            (
                at(nearest[..., 0], nearest[..., 1]),
                "nearest-pixel",
                "You take the nearest pixel. What is the value half-way between two pixels?",
            ),
            (
                at(low[..., 0], low[..., 1]),
                "rounds-down",
                "You round every place down. What is the value half-way between two pixels?",
            ),
            (
                at(place[..., 0].astype(int), place[..., 1].astype(int)),
                "rounds-down",
                "You cut the decimals off. What is the value half-way between two pixels?",
            ),
            (
                mix(1 - down, 1 - across),
                "weights-exchanged",
                "The farther pixel gets the larger weight. How much does a pixel count at a distance of .1?",
            ),
            (mix(down, 0 * across), "one-axis-only", "You interpolate along the rows only. What about the columns?"),
            (mix(0 * down, across), "one-axis-only", "You interpolate along the columns only. What about the rows?"),
            (
                wrapped,
                "wraps-around",
                "What leaves your picture on one side comes in on the other. What is repeated outside?",
            ),
            *(
                (
                    result,
                    "empty-outside",
                    "Outside the picture you give 0. What is repeated there?",
                )
                for result in (lookup(mode="constant"), lookup(mode="grid-constant"), true * inside)
            ),
            (
                np.where(inside, true, images),
                "leaves-the-edge",
                "Where the place lies outside, you leave the pixel as it was. What is repeated there?",
            ),
            *(
                (lookup(mode=mode), "mirrors-the-edge", "Outside you mirror the picture. What is repeated there?")
                for mode in ("reflect", "mirror")
            ),
            *(
                (
                    lookup(order=order),
                    "smoother-than-bilinear",
                    f"You interpolate with splines of order {order} (SciPy's default is 3). Which order is bilinear?",
                )
                for order in (2, 3)
            ),
            (
                lookup(each=False),
                "one-displacement-for-all",
                "You bend every picture like the first. Does each have its own displacement?",
            ),
            (images, "returns-the-input", "You return the pictures as they came. What does the displacement do?"),
            (
                lookup(shift=displacement * [h, w]),
                "scales-the-displacement",
                "You multiply the displacement by the size of the picture. In which unit does it come?",
            ),
            (
                lookup(shift=displacement * [h - 1, w - 1]),
                "scales-the-displacement",
                "You multiply the displacement by the size of the picture. In which unit does it come?",
            ),
            (
                lookup(
                    shift=displacement - np.stack(np.broadcast_arrays(np.arange(h)[:, None], np.arange(w)), axis=-1)
                ),
                "forgets-the-pixel",
                "You look at the displacement itself, not at p + displacement. Where does each pixel start from?",
            ),
        ],
        "wrong-values",
        "Try one pixel by hand: which four pixels surround the place, and what are their weights?",
        atol=1e-5,
    )
    probe.require_close(
        still, images, "moves-without-reason", "With a displacement of 0, what should change?", atol=1e-5
    )
    far = displacement * 20
    probe.require_close(
        probe.call(warp, images[:1], far[:1]),
        augment.warp(images[:1], far[:1]),
        "wrong-far-outside",
        "Places far outside the picture come out wrong. Which pixel is nearest to them?",
        atol=1e-5,
    )
    # One picture of three channels, with any numbers in it, and displacements across the whole of it.
    one = rng.normal(0, 2, size=(1, 18, 13, 3)).astype(np.float32)
    across = rng.uniform(-16, 16, size=(1, 18, 13, 2)).astype(np.float32)
    true = augment.warp(one, across)
    got = probe.require_shape(probe.call(warp, one, across), one.shape, "A picture for each picture.").astype(float)
    probe.require(
        np.allclose(got, true, atol=1e-4) or not np.allclose(got[..., :2], true[..., :2], atol=1e-4),
        "forgets-a-channel",
        "With three channels, the last one is not bent like the others. How many channels can a picture have?",
    )
    probe.settle(
        got,
        true,
        [
            *(
                (
                    np.clip(true, low, 1),
                    "clips-the-values",
                    "The picture holds numbers outside [0, 1], and your result does not. Can a mean of four pixels lie outside of their range?",
                )
                for low in (0, -1)
            ),
            *(
                (
                    augment.warp(one, np.clip(across, -limit, limit)),
                    "limits-the-displacement",
                    "A displacement across the whole picture is cut short. How far may a place lie from its pixel?",
                )
                for limit in range(1, 16)
            ),
        ],
        "wrong-values",
        "One picture alone, of another size and with larger displacements, comes out wrong. What is it that you took for granted?",
        atol=1e-4,
    )


def _clouds(rng, n: int, m: int, k: int, apart: float):
    """Two Gaussian clouds, turned at random, whose means are ``apart`` standard deviations away from each other."""
    direction = rng.normal(size=k)
    direction *= apart / np.linalg.norm(direction)
    centre = rng.normal(size=k)
    return rng.normal(size=(n, k)) + centre, rng.normal(size=(m, k)) + centre + direction


@judge(
    "identity_leak",
    title="Does the code know who it is?",
    section="Why it fails: the code knows who it is",
    question="On which codes may a classifier be judged?",
    time_limit=30,  # some forty small classifiers: a right answer takes a second or two, more on a busy machine
)
def judge_identity_leak(identity_leak, probe):
    """Clouds whose true separability is known; noise with many features; clouds that only a curve separates."""
    from scipy.stats import norm

    rng = probe.rng
    seed = int(rng.integers(1000))

    def leak(a, b, seed=seed):
        result = probe.call(identity_leak, a.astype(np.float32), b.astype(np.float32), seed)
        value = probe.number(result, question="One number for both sets together.")
        probe.require(np.isfinite(value), "not-finite", "Your result is NaN or infinite. What did you divide by?")
        return value

    # Two clouds of unequal size, moderately apart: the area under the curve is known.
    apart = float(rng.uniform(1.6, 2.0))
    got = float(np.mean([leak(*_clouds(rng, 2400, 800, 4, apart), seed=seed + i) for i in range(3)]))
    true = float(norm.cdf(apart / np.sqrt(2)))
    probe.require(
        not abs(got - (1 - true)) < 0.05,
        "upside-down",
        f"Two clouds that can be told apart give {got:.2f}. Does a code of B get the higher score, or a code of A?",
    )
    probe.require(
        0 <= got <= 1,
        "not-a-probability",
        f"Your result is {got:.3g}. Between which numbers does an area under the ROC curve lie?",
    )
    # No difference at all, unequal sizes: .5 on average; what always answers A is right in 4 of 5 cases.
    same = [leak(*_clouds(rng, 240, 60, 4, 0.0), seed=seed + i) for i in range(6)]
    probe.require(
        not min(same) > 0.72 or not abs(np.mean(same) - 0.8) < 0.06,
        "accuracy",
        f"Without any difference, but with four times as many codes of A, you get {np.mean(same):.2f}. "
        "How often is a classifier right that always says A?",
    )
    # Noise with nearly as many features as training codes: only the held-out half knows. The mean of 16 areas has a
    # standard deviation of .02 for a right answer.
    many = [leak(*_clouds(rng, 60, 60, 50, 0.0), seed=seed + i) for i in range(16)]
    probe.require(
        np.mean(many) < 0.6,
        "judged-on-its-training-half",
        f"Two samples of the same noise, 50 features, give {np.mean(many):.2f}. "
        "Did any step before the score see the codes that are judged?",
    )
    probe.require(
        min(same + many) < 0.4999,
        "never-below-half",
        f"Without any difference you never get less than .5 (mean {np.mean(many):.2f}). "
        "Which way does chance fall if there is nothing to find?",
    )
    # Codes of few different values, without any difference: most pairs are ties.
    tied = [leak(*(rng.uniform(size=(2, 300, 2)) < 0.1).astype(float), seed=seed + i) for i in range(4)]
    probe.require(
        abs(np.mean(tied) - 0.5) < 0.12,
        "loses-ties",
        f"Codes that take four values only, alike for A and B, give {np.mean(tied):.2f}. What does a pair of equal scores count?",
    )
    # The identities' directions turn round in the second half of the order (a film): shuffling sees no rule.
    first, second = _clouds(rng, 200, 200, 3, 6.0)
    a, b = np.concatenate([first[:100], second[:100]]), np.concatenate([second[100:], first[100:]])
    turned = float(np.mean([leak(a, b, seed=seed + i) for i in range(4)]))
    probe.require(
        turned > 0.35,
        "does-not-shuffle",
        f"Codes that come in the order of a film give {turned:.2f}: the first half trains, the second is judged. "
        "How does the task choose the halves, A's and B's?",
    )
    halves = {
        round(leak(*_small, seed=s), 6)
        for _small in [_clouds(np.random.default_rng(1), 30, 30, 3, 1.0)]
        for s in range(6)
    }
    probe.require(
        len(halves) > 1,
        "ignores-the-seed",
        "Six seeds give the same number. Which part of your function should depend on the seed?",
    )
    small = _clouds(rng, 30, 30, 3, 1.0)
    probe.require(
        len({leak(*small) for _ in range(4)}) == 1,
        "not-repeatable",
        "The same codes with the same seed give two results. Where does the seed go?",
    )
    # One cloud around the other: no linear rule tells them apart.
    inner, outer = rng.normal(size=(500, 3)), rng.normal(size=(500, 3))
    outer *= (4 + rng.uniform(size=(500, 1))) / np.linalg.norm(outer, axis=1, keepdims=True)
    curved = leak(inner, outer)
    probe.require(
        curved < 0.75,
        "not-linear",
        f"One cloud inside the other gives {curved:.2f}. Which classifiers can draw a closed curve, and which only a straight line?",
    )
    if abs(got - true) > 0.035:
        hard = norm.cdf(apart / 2)
        probe.require(
            not abs(got - hard) < 0.04,
            "hard-decisions",
            f"Expected about {true:.2f}; yours is {got:.2f}. Do you hand roc_auc_score scores, or decisions (0 or 1)?",
        )
        probe.fail(
            "wrong-number",
            f"Two Gaussian clouds {apart:.2f} standard deviations apart have an area of {true:.2f}; yours is {got:.2f}. "
            "What is compared with what?",
        )
    # Clouds that are wide where their means are far apart, and narrow where they are near.
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    wide_a, wide_b = rng.normal(size=(2, 600, 2)) * (0.5, 4.0)
    long = leak(wide_a @ turn, (wide_b + np.array([1.0, 4.0])) @ turn)
    best = float(norm.cdf(np.sqrt(5 / 2)))
    probe.require(
        abs(long - best) < 0.06,
        "ignores-the-spread",
        f"Two long clouds side by side have an area of {best:.2f}; yours is {long:.2f}. "
        "Is the way from mean to mean the best direction if the clouds are not round?",
    )
    far = leak(*_clouds(rng, 100, 80, 3, 9.0))
    probe.require(far > 0.99, "wrong-number", f"Two clouds far apart give {far:.2f}. What should they give?")


@judge(
    "align_codes",
    title="A's code, carried to B",
    section="The swap without a network",
    question="Which properties of B's cloud should the moved codes have?",
)
def judge_align_codes(align_codes, probe):
    """Two clouds of different shape and place, and codes from neither of them."""
    rng = probe.rng
    k, n, m = 3, 400, 300

    def cloud(size):
        axes, _ = np.linalg.qr(rng.normal(size=(k, k)))
        return rng.normal(size=(size, k)) * (0.4, 1.2, 3.0) @ axes.T + 4 * rng.normal(size=k)

    for _ in range(50):  # until the two covariances do not nearly commute, so that wrong roots show
        source, target = cloud(n), cloud(m)
        a, b = np.cov(source.T), np.cov(target.T)
        if np.abs(a @ b - b @ a).max() > 2:
            break
    codes = 2 * rng.normal(size=(7, k)) + source.mean(axis=0) + 1
    result = probe.array(probe.call(align_codes, codes, source, target))
    probe.require(
        result.shape != source.shape,
        "moves-the-cloud",
        f"You returned {n} codes, the whole cloud. Which codes are to be moved?",
    )
    got = probe.require_shape(result, codes.shape, "One moved code for each code.")
    mean_a, mean_b = source.mean(axis=0), target.mean(axis=0)

    def power(matrix, exponent):
        values, vectors = np.linalg.eigh(matrix)
        return (vectors * values**exponent) @ vectors.T

    def plan(a, b):
        return power(a, -0.5) @ power(power(a, 0.5) @ b @ power(a, 0.5), 0.5) @ power(a, -0.5)

    def move(matrix, enter=mean_a, leave=mean_b):
        return leave + (codes - enter) @ matrix

    matrix = plan(a, b)
    true = move(matrix)
    if np.allclose(got, true, rtol=0.01, atol=0.02):
        # The divisor of the covariance is free: n, n - 1, or one of each. Everything else is in the map already.
        one = probe.call(align_codes, codes[:1], source, target)
        probe.require_close(
            one, got[:1], "depends-on-the-batch", "A code alone moves elsewhere. Who is fitted to what?"
        )
        small = probe.call(align_codes, 0.05 * codes, 0.05 * source, 0.05 * target)
        probe.require_close(
            small,
            0.05 * true,
            "depends-on-the-scale",
            "The same codes in a twentieth of their size should move to a twentieth of the result. "
            "Which number in your function has a unit?",
            rtol=0.01,
            atol=0.001,
        )
        line = source[:, :1], target[:, :1]
        moved, error = probe.attempt(align_codes, codes[:, :1], *line)
        probe.require(
            error is None,
            "fails-for-one-number",
            f"With codes of a single number, k = 1, your function raised {error!r}. Which shape has a covariance then?",
        )
        (m_a, m_b), (s_a, s_b) = [part.mean() for part in line], [part.std() for part in line]
        probe.require_close(
            moved,
            m_b + s_b / s_a * (codes[:, :1] - m_a),
            "fails-for-one-number",
            "Codes of a single number, k = 1, as in the task's example. Which shape has a covariance then?",
            rtol=0.01,
            atol=0.02,
        )
        return
    roots = power(a, 0.5), power(b, 0.5)
    chol_a, chol_b = np.linalg.cholesky(a), np.linalg.cholesky(b)
    own_mean, own_cov = codes.mean(axis=0), np.cov(codes.T)
    no_rotation = (
        "right-moments-wrong-map",
        "Your moved codes have the mean and the covariance of the target, but the map has a rotation in it: "
        "M is not symmetric. Which of the many maps moves the points least?",
    )
    probe.settle(
        got,
        true,
        [
            (move(np.eye(k)), "mean-shift-only", "You move the mean and keep the shape. What about the covariance?"),
            (
                move(np.diag(np.sqrt(np.diag(b) / np.diag(a)))),
                "axis-by-axis",
                "You scale each axis by itself. What happens to two axes that vary together?",
            ),
            *(
                ((move(m)), *no_rotation)
                for m in (
                    power(a, -0.5) @ roots[1],
                    roots[1] @ power(a, -0.5),
                    np.linalg.inv(chol_a).T @ chol_b.T,
                    np.linalg.inv(chol_a) @ chol_b,
                )
            ),
            (
                move(matrix, leave=mean_a),
                "forgets-the-target-mean",
                "The moved codes lie around the mean of from_codes. Around which mean should they lie?",
            ),
            (
                move(matrix, leave=0),
                "forgets-the-target-mean",
                "The moved codes lie around 0. Around which mean should they lie?",
            ),
            (
                move(matrix, enter=0),
                "forgets-the-source-mean",
                "You stretch the codes as measured from 0. From where is the first cloud's shape measured?",
            ),
            (
                codes @ matrix,
                "forgets-both-means",
                "The covariance is treated, the means are not. Where do the two clouds lie?",
            ),
            (
                mean_a + (codes - mean_b) @ plan(b, a),
                "wrong-direction",
                "Your map leads from to_codes to from_codes. Which cloud do the codes come from?",
            ),
            (
                mean_b + (codes - mean_a) @ plan(b, a),
                "wrong-direction",
                "Your matrix leads from to_codes to from_codes. Which cloud do the codes come from?",
            ),
            *(
                (
                    mean_b + (codes - own_mean) @ plan(cov, b),
                    "fits-the-codes-themselves",
                    "You fit the first Gaussian to the codes that are to be moved. Would that work for a single code?",
                )
                for cov in (own_cov, a)
            ),
            *(
                (
                    move(m),
                    "a-root-is-missing",
                    "One of the roots in your formula is missing or one too many. Which power of the covariance has the units of the codes?",
                )
                for m in (
                    np.linalg.inv(a) @ b,
                    b @ np.linalg.inv(a),
                    power(a, -0.5) @ (roots[0] @ b @ roots[0]) @ power(a, -0.5),
                    power(roots[0] @ b @ roots[0], 0.5),
                    power(a, 0.5) @ power(roots[0] @ b @ roots[0], 0.5) @ power(a, 0.5),
                    power(a @ b @ a, 0.5),
                    np.linalg.inv(a) @ power(a @ b @ a, 0.5) @ np.linalg.inv(a),
                )
            ),
            *(
                (
                    move(m),
                    "root-of-each-entry",
                    "You took the root of each entry. Is that the matrix whose square is the covariance?",
                )
                for m in _entrywise(a, b)
            ),
            (codes, "returns-the-input", "You return the codes as they came. What moves them?"),
            (
                np.broadcast_to(mean_b, codes.shape),
                "mean-only",
                "Every code ends up at the target's mean. What is left of the differences between them?",
            ),
        ],
        "wrong-map",
        "Move from_codes itself: which of mean, covariance and symmetry of M does not come out?",
        rtol=0.01,
        atol=0.02,
    )


def _entrywise(a, b):
    """What the formula gives with np.sqrt in place of the matrix root, as far as it is finite."""
    with np.errstate(invalid="ignore"):
        root = np.sqrt(np.abs(a))
        candidates = [np.sqrt(np.abs(b)) @ np.linalg.inv(root)]
        inverse = np.linalg.inv(root)
        candidates.append(inverse @ np.sqrt(np.abs(root @ b @ root)) @ inverse)
        candidates.append(np.sqrt(np.abs(b / a)))
    return candidates


def _pictures(rng, n: int) -> np.ndarray:
    """Smooth coloured pictures with edges, (n, 48, 48, 3) in [0, 1]: faces to the eye of a detector."""
    coarse = np.clip(rng.uniform(-0.1, 1.1, size=(n, 6, 6, 3)), 0, 1)
    smooth = scipy.ndimage.zoom(coarse, (1, 8, 8, 1), order=1)
    rows, columns = np.mgrid[:48, :48]
    centre, radius = rng.uniform(16, 32, (n, 2, 1, 1)), rng.uniform(6, 16, (n, 1, 1))
    disc = (rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2 < radius**2
    smooth = np.where(disc[..., None], 0.6 * smooth + 0.4 * rng.uniform(size=(n, 1, 1, 3)), smooth)
    return np.clip(smooth + rng.normal(0, 0.01, smooth.shape), 0, 1).astype(np.float32)


@judge(
    "mark",
    "is_marked",
    title="An invisible signature",
    section="A mark that cannot be seen",
    question="How can thousands of tiny changes, none of which can be seen, be found together?",
)
def judge_mark(mark, is_marked, probe):
    """Smooth pictures, marked and not, rounded, noisy, in another order, alone, and with another key."""
    rng = probe.rng
    pictures = _pictures(rng, 240)
    key, other = (int(v) for v in rng.choice(10_000, 2, replace=False))
    marked = probe.require_shape(probe.call(mark, pictures, key), pictures.shape, "A picture for each picture.")
    marked = marked.astype(np.float64)
    probe.require(np.isfinite(marked).all(), "not-finite", "Your pictures contain NaN or infinity. Where from?")
    probe.require(
        not np.array_equal(marked, pictures),
        "no-mark",
        "Your pictures come back unchanged. What should a detector look for, if it never saw the originals?",
    )
    probe.require(
        marked.min() >= -1e-6 and marked.max() <= 1 + 1e-6,
        "leaves-the-range",
        f"Your pictures run from {marked.min():.3f} to {marked.max():.3f}. Which values can a picture have?",
    )
    loudness = metrics.psnr_from_mse(float(np.mean((marked - pictures) ** 2)))
    probe.require(
        loudness >= 40,
        "visible",
        f"Your mark changes the pictures by {loudness:.1f} dB, 40 were asked for. How large may a change of every number be?",
    )

    def verdicts(images, with_key=key):
        result = probe.array(probe.call(is_marked, np.asarray(images, np.float32), with_key))
        probe.require(
            result.shape == (len(images),),
            "wrong-shape",
            f"Shape ({len(images)},) was expected; yours is {result.shape}. One answer a picture: which axes remain?",
        )
        probe.require(
            result.dtype.kind == "b",
            "not-a-bool",
            f"True or False was expected for each picture; yours has dtype {result.dtype}. Which comparison is missing?",
        )
        return result

    def found(images, with_key=key):
        return float(verdicts(images, with_key).mean())

    false_alarms = found(pictures)
    probe.require(
        false_alarms < 0.99 or found(marked) < 0.99,
        "always-yes",
        "You find a mark in every picture, marked or not. What does the unmarked picture not have?",
    )
    clean = found(marked)
    probe.require(
        clean >= 0.5 or found(marked, other) < 0.5,
        "wrong-key-found",
        "You find the mark of another key instead. What does the mark depend on?",
    )
    again = probe.array(probe.call(mark, pictures, key)).astype(np.float64)
    probe.require(
        np.allclose(again, marked, atol=1e-6),
        "not-repeatable",
        "Marked twice with the same key, the pictures come out differently. From what does the pattern follow?",
    )
    single = probe.array(probe.call(mark, pictures[7:8], key))
    probe.require(
        single.shape == (1, 48, 48, 3) and np.allclose(single[0], marked[7], atol=1e-6),
        "depends-on-the-batch",
        "A picture marked alone gets another mark than among others. What does the pattern depend on?",
    )
    shuffled = rng.permutation(len(marked))
    one_by_one = np.mean([found(marked[i : i + 1]) for i in shuffled[:30]])
    probe.require(
        clean >= 0.99,
        "misses-the-mark",
        f"Of freshly marked pictures you find {clean:.0%}. What does your score give for marked and for unmarked pictures?",
    )
    probe.require(
        found(marked[shuffled]) >= 0.99 and one_by_one >= 0.9,
        "depends-on-the-batch",
        "In another order, or one by one, your marked pictures are not found. What do the other pictures have to do with it?",
    )
    probe.require(
        false_alarms < 0.02,
        "false-alarms",
        f"Of unmarked pictures you flag {false_alarms:.1%}. How far does chance alone carry your score?",
    )
    half = rng.permutation(40)  # the first 20 marked, the last 20 not, in any order
    mixed = np.concatenate([marked[:20], pictures[20:40]])[half]
    probe.require(
        np.mean(verdicts(mixed) == (half < 20)) >= 0.95
        and np.mean([found(pictures[i : i + 1]) for i in half[:20]]) < 0.1,
        "depends-on-the-batch",
        "Marked and unmarked pictures in one batch, or unmarked ones one by one, get wrong answers. "
        "Does each picture get an answer of its own?",
    )
    decoys = _pictures(rng, 8)
    for another in (key, other):
        probe.call(mark, decoys, another)
        seen, error = probe.attempt(is_marked, marked[:40].astype(np.float32), key)
        probe.require(
            error is None and np.mean(probe.array(seen)) >= 0.95,
            "remembers-the-last-call",
            f"After other pictures were marked{' with another key' if another == other else ''}, "
            "the pictures that you marked before are not found any more. "
            "What does your detector know that is neither in the picture nor in the key?",
        )
    rounded = np.round(marked * 255) / 255
    probe.require(
        found(rounded) >= 0.97,
        "lost-in-rounding",
        f"After rounding to 8 bits you find {found(rounded):.0%}. How large is one step of 256 grey levels?",
    )
    noisy = np.clip(marked + rng.normal(0, 0.01, marked.shape), 0, 1)
    probe.require(
        found(noisy) >= 0.97,
        "lost-in-noise",
        f"With noise of standard deviation 0.01 you find {found(noisy):.0%}. Over how many numbers is the mark spread?",
    )
    noisy_alarms = found(np.clip(pictures + rng.normal(0, 0.01, marked.shape), 0, 1))
    probe.require(
        noisy_alarms < 0.02,
        "false-alarms",
        f"Of unmarked pictures with a little noise you flag {noisy_alarms:.1%}. How far does chance alone carry your score?",
    )
    strangers = found(marked, other)
    probe.require(
        strangers < 0.02,
        "wrong-key-found",
        f"Asked for another key, you find it in {strangers:.0%} of the pictures. What does the mark depend on?",
    )
    neighbours = found(probe.array(probe.call(mark, pictures, key + 1)), key)
    probe.require(
        neighbours < 0.02,
        "wrong-key-found",
        f"Marks of the next key count as this one's in {neighbours:.0%} of the pictures. Are two keys' patterns unrelated?",
    )
    few, large = pictures[:10], key + 2**32
    for far in (100, 128, 256, 1000, 1024, 10_000, 2**16):
        confused = found(probe.array(probe.call(mark, few, key + far)), key)
        probe.require(
            confused < 0.2,
            "wrong-key-found",
            f"Marks of the key {key + far} count as those of {key} in {confused:.0%} of the pictures. "
            "How many different patterns can your function make?",
        )
    made, error = probe.attempt(mark, few, large)
    probe.require(
        error is None,
        "refuses-large-keys",
        f"For the key {large} mark raises {error!r}. Which keys does the task allow?",
    )
    probe.require(
        found(probe.array(made), large) >= 0.9 and found(probe.array(made)) < 0.2,
        "refuses-large-keys",
        f"The key {large} is not told apart from {key}, or its mark is not found. How many different keys can your function tell apart?",
    )
