"""The judges of lesson 01: sizes, errors, baselines, an autoencoder and its gradients."""

from __future__ import annotations

import math
import re

import numpy as np

from course_lib.classroom.legacy import judge


@judge(
    "compression_ratio",
    title="Compression, counted in bits",
    section="What goes wrong",
    question="How many bits does one uint8 pixel take? And one float32 number of the code?",
)
def judge_compression_ratio(compression_ratio, probe):
    """Shapes of several axes and different bits on both sides, so that every shortcut gives another number."""
    for axes in ((2, 1), (3, 2), (1, 3)):
        input_shape = tuple(int(s) for s in probe.rng.choice([11, 13, 17, 19, 23], axes[0], replace=False))
        code_shape = tuple(int(s) for s in probe.rng.choice([3, 5, 7], axes[1], replace=False))
        input_bits, code_bits = (int(b) for b in probe.rng.choice([6, 9, 12, 16, 20], 2, replace=False))
        numbers, code_numbers = math.prod(input_shape), math.prod(code_shape)
        got = probe.number(
            probe.call(compression_ratio, input_shape, input_bits, code_shape, code_bits),
            question="One ratio for the whole input: did every axis go into the product?",
        )
        true = numbers * input_bits / (code_numbers * code_bits)
        where = (
            f"An input of shape {input_shape} with {input_bits} bits a number, a code of {code_shape} with {code_bits}:"
        )
        parts = [slice(None), slice(0, 1), slice(-1, None), slice(1, None), slice(None, -1)]
        total = sum(input_shape) * input_bits / (sum(code_shape) * code_bits)
        forgets = (
            "forgets-an-axis",
            f"{where} how many numbers does an array hold, if you know the length of each of its axes?",
        )
        probe.settle(
            got,
            true,
            [
                (
                    numbers / code_numbers,
                    "counts-numbers-not-bits",
                    f"{where} you have counted numbers. How many bits does each of them take?",
                ),
                (
                    code_numbers * code_bits / (numbers * input_bits),
                    "inverted",
                    f"{where} which of the two goes on top, if a smaller code should give a larger ratio?",
                ),
                *(
                    (math.prod(input_shape[a]) * input_bits / (math.prod(code_shape[b]) * code_bits), *forgets)
                    for a in parts
                    for b in parts
                ),
                (total, "adds-the-axes", f"{where} does a picture of 28 by 28 pixels have 56 pixels?"),
                (
                    numbers * code_bits / (code_numbers * input_bits),
                    "swaps-the-bits",
                    f"{where} which of the two bit widths belongs to the input?",
                ),
                (
                    numbers * 8 / (code_numbers * 32),
                    "fixed-bits",
                    f"{where} do your bits come from the arguments, or are they always 8 and 32?",
                ),
                (math.ceil(true), "rounded", f"{where} who asked for round numbers?"),
                (true // 1, "rounded", f"{where} what does // do to the part behind the point?"),
                *((round(true, digits), "rounded", f"{where} who asked for round numbers?") for digits in (0, 1, 2)),
                (
                    1 - 1 / true,
                    "share-saved",
                    f"{where} you give the share of the bits that is saved. What is input bits over code bits?",
                ),
            ],
            "wrong-formula",
            f"{where} how many bits in the input, how many in the code?",
            rtol=1e-6,
        )


@judge(
    "mse_per_image",
    title="One error for each image",
    section="How large is an error",
    question="Your arrays have one axis for the images. Which axes have to disappear?",
)
def judge_mse_per_image(mse_per_image, probe):
    """Three, four and two axes, one image alone, and bytes: for them a difference below zero wraps around."""
    rng = probe.rng
    n, h, w, c = (int(v) for v in rng.permutation([3, 4, 5, 6]))
    x = rng.uniform(0, 1, (n, h, w))
    y = x + rng.uniform(0.05, 0.3, (n, h, w)) * rng.choice([-1, 1], (n, h, w)) * rng.uniform(0.5, 2, (n, 1, 1))
    difference = x - y
    result = probe.array(_called(probe, mse_per_image, x, y, (n, h, w)))
    probe.require(
        result.shape != (),
        "one-number-for-all",
        f"You returned one number for {n} images. One number per image: which axis remains?",
    )
    probe.require(
        result.shape not in ((n, h), (n, w)),
        "one-axis-only",
        f"For images of shape ({n}, {h}, {w}) you returned {result.shape}. An image has two axes here: did both go?",
    )
    probe.require(
        result.shape != (h, w),
        "averages-over-the-images",
        f"You returned shape {result.shape}, one number per pixel. Which axis counts the images, and should it remain?",
    )
    got = probe.require_shape(result, (n,), "One number per image: which axes remain?")
    squared = np.sum(difference**2, axis=(1, 2))
    probe.settle(
        got,
        squared / (h * w),
        [
            (squared, "sum-not-mean", "Would an image twice as large have twice the error?"),
            (squared / n, "divides-by-the-images", "You divide by the number of images. Over what is the mean taken?"),
            (
                np.mean((difference**2).reshape(-1, n), axis=0),
                "mixes-the-images",
                "Your reshape puts pixels of different images together. Which axis has to stay the first?",
            ),
            (
                np.sqrt(squared),
                "takes-the-root",
                "That is the length of the difference. Which two steps lead from it to a mean squared error?",
            ),
            (
                np.sqrt(squared / (h * w)),
                "takes-the-root",
                "That is the root of the mean squared error. What are the units of a squared error?",
            ),
            (
                np.mean(np.abs(difference), axis=(1, 2)),
                "absolute-error",
                "Should an error of 0.2 in one pixel count as much as 0.1 in two, or more?",
            ),
            (
                np.mean(difference, axis=(1, 2)) ** 2,
                "squares-the-mean",
                "Errors of +0.1 and -0.1 cancel in yours. What comes first, the square or the mean?",
            ),
            (
                np.mean(difference, axis=(1, 2)),
                "never-squares",
                "Errors of +0.1 and -0.1 cancel in yours. Which step should prevent that?",
            ),
            (
                np.var(difference, axis=(1, 2)),
                "variance-of-the-difference",
                "An image that is too bright by 0.1 everywhere has the error 0 in yours. What does a variance take away?",
            ),
        ],
        "wrong-formula",
        "Difference, square, mean over one image: which step is another?",
    )

    colour, other = rng.uniform(0, 1, (2, n, h, w, c))
    got = probe.array(_called(probe, mse_per_image, colour, other, (n, h, w, c)))
    probe.require(
        got.shape == (n,),
        "fixed-axes",
        f"Shape ({n},) was expected for colour images of shape {colour.shape}; yours is {got.shape}. "
        "How can you name all axes but the first, however many there are?",
    )
    probe.require_close(
        got,
        np.mean((colour - other) ** 2, axis=(1, 2, 3)),
        "fixed-axes",
        f"These were colour images of shape {colour.shape}. How many numbers does one of them hold?",
    )
    for shape in ((n, 7 * h), (1, h, w)):
        x, y = rng.uniform(0, 1, (2, *shape))
        got = probe.array(_called(probe, mse_per_image, x, y, shape))
        probe.require(
            shape[0] > 1 or got.shape == (1,),
            "drops-the-image-axis",
            f"For a single image, shape {shape}, you returned shape {got.shape}. Is one image still a set of images?",
        )
        true = np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim)))
        probe.require_close(
            got,
            true,
            "fixed-axes",
            f"The images came as shape {shape}. Does your function assume how many axes there are?",
        )

    dark, bright = rng.integers(0, 60, (n, h, w)).astype(np.uint8), rng.integers(150, 256, (n, h, w)).astype(np.uint8)
    true = np.mean((dark.astype(np.float64) - bright) ** 2, axis=(1, 2))
    for first, second in ((dark, bright), (bright, dark)):
        got = probe.require_shape(
            probe.call(mse_per_image, first, second), (n,), "One number per image, for bytes as well."
        )
        probe.settle(
            got,
            true,
            [
                (
                    true / 255**2,
                    "rescales-bytes",
                    "These images came as bytes, and your error is in units of [0, 1]. "
                    "Was a conversion of units part of the task?",
                )
            ],
            "bytes-wrap-around",
            f"This was an image of uint8. In uint8, what is {first[0, 0, 0]} - {second[0, 0, 0]}, and what is 200 squared?",
            rtol=1e-3,
        )


def _called(probe, answer, x, y, shape):
    """Call an answer with a shape that it may not be prepared for."""
    result, error = probe.attempt(answer, x, y)
    probe.require(
        error is None,
        "fixed-axes",
        f"Images of shape {shape} made your function raise {type(error).__name__}: {error}. "
        "Does it assume how many axes or pixels an image has?",
    )
    return result


@judge(
    "psnr",
    title="Peak signal-to-noise ratio",
    section="How large is an error",
    question="What mean squared error does 20 dB stand for, if the peak is 1? And 30 dB?",
)
def judge_psnr(psnr, probe):
    """Images with very different noise: a mean of decibels is then far from the decibels of the mean."""
    rng = probe.rng
    for shape in ((4, 6, 5), (5, 21)):
        x = rng.uniform(0.25, 0.7, shape)
        level = rng.permutation(np.geomspace(0.02, 0.2, shape[0])).reshape(-1, *[1] * (len(shape) - 1))
        y = x + level * rng.uniform(-1, 1, shape)
        result = probe.array(probe.call(psnr, x, y))
        probe.require(
            result.shape != shape[:1],
            "one-number-per-image",
            f"You returned {shape[0]} numbers. The task asks for one number for the whole set: what is averaged first?",
        )
        got = probe.number(result, question="One number for the whole set: which axes remain?")
        error = float(np.mean((x - y) ** 2))
        per_image = np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim)))
        true = -10 * math.log10(error)
        absolute = float(np.mean(np.abs(x - y)))
        probe.settle(
            got,
            true,
            [
                (-true, "sign-flipped", "A smaller error should give more decibels. Does it, in yours?"),
                (
                    -10 * math.log(error),
                    "natural-logarithm",
                    "Decibels count powers of ten. To which base is your logarithm?",
                ),
                (
                    -20 * math.log10(error),
                    "twenty-times-the-log-of-a-square",
                    "Ten times the logarithm goes with a squared error, twenty times with its root. Which one do you have?",
                ),
                (
                    -5 * math.log10(error),
                    "ten-times-the-log-of-a-root",
                    "Ten times the logarithm goes with a squared error, twenty times with its root. Which one do you have?",
                ),
                (
                    true + 20 * math.log10(255),
                    "peak-of-255",
                    "Your result is 48.1 dB too good. What is the largest value that these pixels can take?",
                ),
                (
                    true + 10 * math.log10(255),
                    "peak-of-255",
                    "Your result is 24.1 dB too good. What is the largest value that these pixels can take?",
                ),
                (
                    float(np.mean(-10 * np.log10(per_image))),
                    "mean-of-decibels",
                    "You have averaged decibels. Is the mean of logarithms the logarithm of the mean?",
                ),
                *(
                    (
                        true + 20 * math.log10(float(peak)),
                        "peak-from-the-data",
                        "Your peak depends on the images that came along. What could a pixel be at most?",
                    )
                    for peak in (x.max(), y.max(), np.ptp(x), np.ptp(y), max(x.max(), y.max()))
                ),
                (
                    true + 10 * math.log10(float(np.mean(x**2))),
                    "signal-instead-of-peak",
                    "You divide the mean square of the image by the error. What does the P in PSNR stand for?",
                ),
                (
                    true + 10 * math.log10(float(np.var(x))),
                    "signal-instead-of-peak",
                    "You divide the variance of the image by the error. What does the P in PSNR stand for?",
                ),
                (true / 10, "bels", "That is in bels. How many decibels are in one bel?"),
                *((round(true, digits), "rounded", "Who asked for round numbers?") for digits in (0, 1, 2)),
                (1 / error, "no-logarithm", "That is a ratio, not decibels. Which function is still missing?"),
                (
                    true - 10 * math.log10(x.size / 1),
                    "sum-not-mean",
                    "Would a set twice as large have a lower PSNR? Over what is the squared error averaged?",
                ),
                (
                    true - 10 * math.log10(x.size / len(x)),
                    "sum-not-mean",
                    "Would a larger image have a lower PSNR? Over what is the squared error averaged?",
                ),
                *(
                    (
                        -factor * math.log10(absolute),
                        "absolute-error",
                        "Your error is an absolute one. Of which error does PSNR take the logarithm?",
                    )
                    for factor in (10, 20)
                ),
                (
                    -10 * math.log10(float(np.mean(x - y)) ** 2),
                    "squares-the-mean",
                    "Errors of +0.1 and -0.1 cancel in yours. What comes first, the square or the mean?",
                ),
            ],
            "wrong-formula",
            "Mean squared error, peak squared over it, logarithm to base ten, times ten: which step is another?",
            rtol=1e-5,
        )


@judge(
    "mean_image_baseline",
    title="The answer of a model that knows nothing",
    section="How large is an error",
    question="Which of the two sets may a model look at before it is tested?",
)
def judge_mean_image_baseline(mean_image_baseline, probe):
    """Training and test images with different means, and one bright outlier: it moves the mean, not the median."""
    rng = probe.rng
    n, m = (int(v) for v in rng.choice([5, 6, 7, 8, 9], 2, replace=False))
    for image_shape in ((4, 3), (10,), (3, 4, 2)):
        train = rng.uniform(0, 0.5, (n, *image_shape))
        train[rng.integers(n)] += 0.5
        test = rng.uniform(0.3, 1, (m, *image_shape))
        result = probe.array(probe.call(mean_image_baseline, train, test))
        probe.require(
            result.shape not in (image_shape, (1, *image_shape)),
            "one-image-only",
            f"You returned one image, shape {result.shape}. The test set has {m} images: how many predictions does it need?",
        )
        probe.require(
            result.shape != train.shape,
            "as-many-as-the-training-set",
            f"You returned {n} images, one for each training image. For which images is a prediction asked?",
        )
        probe.require(
            result.shape not in ((m,), (m, *[1] * len(image_shape)), (n,), ()),
            "one-grey-level",
            f"You returned shape {result.shape}: a grey level instead of an image. Over which axis is a *mean image* taken?",
        )
        got = probe.require_shape(result, test.shape, "One predicted image for each test image.")

        def repeated(image, like=test):
            return np.broadcast_to(image, like.shape)

        axes = tuple(range(1, train.ndim))
        probe.settle(
            got,
            repeated(train.mean(axis=0)),
            [
                (
                    repeated(test.mean(axis=0)),
                    "looks-at-the-test-set",
                    "You predict the mean of the test images. Would you know them in advance?",
                ),
                (
                    repeated(np.concatenate([train, test]).mean(axis=0)),
                    "looks-at-the-test-set",
                    "The test images are part of your mean. Would you know them in advance?",
                ),
                (
                    repeated((train.mean(axis=0) + test.mean(axis=0)) / 2),
                    "looks-at-the-test-set",
                    "The test images are part of your mean. Would you know them in advance?",
                ),
                (
                    repeated(test.mean(axis=axes, keepdims=True)),
                    "mean-of-each-image",
                    "Your prediction differs from one test image to the next. "
                    "May a model that knows nothing look at the image that it predicts?",
                ),
                (
                    repeated(train.mean()),
                    "one-grey-level",
                    "Every pixel of yours has the same value. Over which axis is a *mean image* taken?",
                ),
                (
                    repeated(test.mean()),
                    "looks-at-the-test-set",
                    "You predict the mean of the test images. Would you know them in advance?",
                ),
                (
                    repeated(np.median(train, axis=0)),
                    "median-not-mean",
                    "That is the median image, which has the smallest absolute error. Which one has the smallest squared error?",
                ),
                (
                    test - train.mean(axis=0),
                    "subtracts-the-mean",
                    "You subtract the mean from the test images. Is that the prediction, or what it gets wrong?",
                ),
                (
                    test,
                    "copies-the-test-set",
                    "You return the test images. Would a model that never saw them know each pixel?",
                ),
                (
                    train[[np.argmin([np.sum((image - one) ** 2) for one in train]) for image in test]],
                    "looks-for-the-nearest",
                    "Your prediction is the training image nearest to each test image. "
                    "May a model that knows nothing look at the image that it predicts?",
                ),
                (
                    repeated(train[0]),
                    "first-training-image",
                    "You predict the first training image. What do the others say?",
                ),
            ],
            "wrong-image",
            "Average the training images pixel by pixel: what is the value of this pixel?",
        )


@judge(
    "build_autoencoder",
    title="Encoder, decoder, autoencoder",
    section="Encoder, bottleneck, decoder",
    uses_keras=True,
    question="If you train the autoencoder, how does the decoder come to know?",
)
def judge_build_autoencoder(build_autoencoder, probe):
    """Sizes, then the property that matters: new weights in the autoencoder are new weights in its parts."""
    import keras

    rng = probe.rng
    for input_dim, hidden_units, code_size in (
        (int(rng.integers(20, 30)), int(rng.integers(9, 15)), int(rng.integers(2, 6))),
        # Wider than the input, so that no order of sizes can be taken for granted.
        (int(rng.integers(7, 11)), int(rng.integers(15, 20)), int(rng.integers(3, 6))),
    ):
        sizes = f"build_autoencoder({input_dim}, {hidden_units}, {code_size})"
        made = probe.call(build_autoencoder, input_dim, hidden_units, code_size)
        probe.require(
            isinstance(made, (tuple, list)) and len(made) == 3,
            "not-three-models",
            "Three models were expected: the encoder, the decoder and the autoencoder. What does your function return?",
        )
        strangers = [type(model).__name__ for model in made if not isinstance(model, keras.Model)]
        probe.require(
            not strangers,
            "not-three-models",
            f"Three Keras models were expected; among yours is an object of type {', '.join(strangers)}. "
            "Which function turns an input and an output into a model?",
        )
        _check_sizes(probe, sizes, made, (input_dim, hidden_units, code_size))
        _check_layers(probe, sizes, made, (input_dim, hidden_units, code_size))


def _values(probe, model, name: str, x: np.ndarray) -> np.ndarray:
    """What a model returns for a batch, as float64."""
    try:
        made = model(x.astype(np.float32), training=False)
    except Exception as error:
        lines = [re.sub(r"\x1b\[\d+m", "", line).strip() for line in str(error).splitlines()]
        said = next((line for line in lines if line and not line.startswith("Exception encountered")), "")
        probe.fail(
            "wrong-input-size",
            f"Your {name} could not take an array of shape {x.shape}. Keras said: {type(error).__name__}: {said}\n"
            "Which input does each of the three models get?",
        )
    return probe.array(made, f"your {name}").astype(np.float64)


def _ends(model) -> tuple[int | None, int | None] | None:
    """Numbers at the input and the output of a model, if it knows them before its first batch."""
    try:
        (_, enters), (_, leaves) = model.input_shape, model.output_shape
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return None
    return enters, leaves


def _check_sizes(probe, sizes: str, made, wanted: tuple[int, int, int]) -> None:
    input_dim, hidden_units, code_size = wanted
    names = ("encoder", "decoder", "autoencoder")
    expected = [(input_dim, code_size), (code_size, input_dim), (input_dim, input_dim)]
    ends = [_ends(model) for model in made]
    probe.require(
        ends == expected or sorted(map(str, ends)) != sorted(map(str, expected)),
        "wrong-order",
        f"After {sizes} your first model maps {_arrow(ends[0])}, the second {_arrow(ends[1])}, the third {_arrow(ends[2])}. "
        "In which order does the task want them?",
    )
    for model, name in zip(made, names, strict=True):
        shape = getattr(model, "input_shape", None) if _ends(model) else None
        probe.require(
            shape is None or shape[0] is None,
            "fixed-batch-size",
            f"Your {name} only takes {shape[0] if shape else 0} images at a time. "
            "Does a layer need to know how many images will come?",
        )
    encoder_ends, decoder_ends = ends[0], ends[1]
    if encoder_ends is not None and encoder_ends[1] != code_size:
        probe.require(
            encoder_ends[1] != hidden_units,
            "code-has-the-hidden-size",
            f"{sizes}: your encoder maps {_arrow(encoder_ends)}. Which of the three sizes is the code's, "
            "and which layer is the last of the encoder?",
        )
        probe.fail(
            "wrong-code-size",
            f"{sizes}: your encoder maps {_arrow(encoder_ends)}; {input_dim} → {code_size} was expected. "
            "Which argument decides how long the code is?",
        )
    if decoder_ends is not None and decoder_ends[0] != code_size:
        probe.require(
            decoder_ends[0] != input_dim,
            "decoder-starts-at-the-image",
            f"{sizes}: your decoder maps {_arrow(decoder_ends)}. Does it get an image, or a code?",
        )
    for found, name, (enters, leaves) in zip(ends, names, expected, strict=True):
        probe.require(
            found is None or found[0] == enters,
            "wrong-input-size",
            f"{sizes}: your {name} maps {_arrow(found)}; {enters} → {leaves} was expected. "
            "Which argument decides how long its input is?",
        )
    for model, name, (enters, leaves) in zip(made, names, expected, strict=True):
        for batch in (3, 1):
            shape = _values(probe, model, name, probe.rng.uniform(0, 1, (batch, enters))).shape
            probe.require(
                shape == (batch, leaves),
                "wrong-output-size",
                f"{sizes}: your {name} made shape {shape} of an array of shape ({batch}, {enters}); "
                f"({batch}, {leaves}) was expected. Which layer decides the last number?",
            )


def _arrow(ends) -> str:
    return f"{ends[0]} → {ends[1]}" if ends else "an unknown size"


def _check_layers(probe, sizes: str, made, wanted: tuple[int, int, int]) -> None:
    input_dim, hidden_units, code_size = wanted
    encoder, decoder, autoencoder = made
    rng = probe.rng
    x, codes = rng.uniform(0, 1, (6, input_dim)), rng.normal(size=(6, code_size))
    before = _values(probe, encoder, "encoder", x), _values(probe, decoder, "decoder", codes)
    # What training would do: new weights, here random ones, in the autoencoder alone. Large enough that an output that
    # can leave [0, 1] does so.
    for weight in autoencoder.trainable_weights:
        shape = tuple(weight.shape)
        scale = 1.5 / math.sqrt(shape[0]) if len(shape) > 1 else 0.3
        weight.assign(rng.normal(size=shape, scale=scale).astype(np.float32))
    coded, decoded = _values(probe, encoder, "encoder", x), _values(probe, decoder, "decoder", codes)
    copied = _values(probe, autoencoder, "autoencoder", x)
    both = _values(probe, decoder, "decoder", coded)
    if not np.allclose(both, copied, rtol=1e-3, atol=1e-5):
        stuck = [
            name
            for old, new, name in ((before[0], coded, "encoder"), (before[1], decoded, "decoder"))
            if np.allclose(old, new, atol=1e-7)
        ]
        probe.require(
            len(stuck) != 2,
            "three-separate-models",
            "The autoencoder got new weights; your encoder and your decoder still give their old outputs. "
            "Which layer objects do the three models have in common?",
        )
        for name in stuck:
            probe.fail(
                f"{name}-has-its-own-layers",
                f"The autoencoder got new weights, and your {name} still gives its old output. "
                "Is it made of the same layer objects, or of new ones?",
            )
        probe.fail(
            "parts-do-not-compose",
            f"After new weights, decoder(encoder(x)) and autoencoder(x) differ by {np.abs(both - copied).max():.2g}. "
            "Does the autoencoder run through exactly the layers of the other two?",
        )
    for model, name in ((encoder, "encoder"), (decoder, "decoder")):
        probe.require(
            any(hidden_units in tuple(w.shape) for w in model.weights),
            "no-hidden-layer",
            f"{sizes}: no layer of your {name} has {hidden_units} units. Where is the hidden layer?",
        )
    low, high = min(copied.min(), decoded.min()), max(copied.max(), decoded.max())
    probe.require(
        low >= 0 and high <= 1,
        "output-leaves-the-unit-range",
        f"With other weights your decoder's output ran from {low:.3g} to {high:.3g}. "
        "Pixels lie in [0, 1]: which activation can only give numbers between 0 and 1?",
    )
    probe.require(
        not np.allclose(copied.sum(axis=1), 1, atol=1e-3),
        "softmax-output",
        "The pixels of each of your reconstructions sum to 1. Do the pixels of an image compete for one unit of brightness?",
    )
    # Midway between a - b and a + b an affine map takes the mean of its two values, for all pairs of points.
    for model, name, size in ((encoder, "encoder", input_dim), (decoder, "decoder", code_size)):
        a, b = rng.normal(size=(2, 40, size))
        above, below, middle = (_values(probe, model, name, 0.5 * z) for z in (a + b, a - b, a))
        if name == "decoder":  # undo a sigmoid, and leave out what it has flattened
            with np.errstate(divide="ignore"):
                above, below, middle = (np.log(z) - np.log1p(-z) for z in (above, below, middle))
            seen = np.maximum(np.maximum(np.abs(above), np.abs(below)), np.abs(middle)) < 6
            above, below, middle = above[seen], below[seen], middle[seen]
        elif min(above.min(), below.min(), middle.min()) >= 0:  # a ReLU on the code: look where it lets pass
            seen = np.minimum(np.minimum(above, below), middle) > 0
            above, below, middle = above[seen], below[seen], middle[seen]
        bend = np.abs(above + below - 2 * middle).max(initial=0)
        largest = np.abs(middle).max(initial=0)
        probe.require(
            bend > 1e-3 * largest or largest == 0,
            "no-nonlinearity",
            f"Up to its last activation your {name} is an affine map: twice the step in its input makes twice the step in "
            "its output. What does the hidden layer add then, and what does it need?",
        )


@judge(
    "autoencoder_gradients",
    title="Backpropagation through a bottleneck, by hand",
    section="When it does not train",
    question="Which of the four gradients needs the fewest steps back from the loss? Start there.",
)
def judge_autoencoder_gradients(autoencoder_gradients, probe):
    """Against central differences of the loss: the definition of a gradient, not another derivation of it."""
    rng = probe.rng
    n, d, k = (int(v) for v in rng.permutation([4, 5, 3]))
    x = rng.normal(size=(n, d))
    parameters = [rng.normal(size=s, scale=0.6) for s in ((d, k), (k,), (k, d), (d,))]
    names = ("w1", "b1", "w2", "b2")

    def loss(w1, b1, w2, b2):
        return np.sum((np.tanh(x @ w1 + b1) @ w2 + b2 - x) ** 2) / n

    true = []
    for parameter in parameters:
        gradient = np.empty_like(parameter)
        for at in np.ndindex(parameter.shape):
            old = parameter[at]
            parameter[at] = old + 1e-5
            above = loss(*parameters)
            parameter[at] = old - 1e-5
            gradient[at] = (above - loss(*parameters)) / 2e-5
            parameter[at] = old
        true.append(gradient)

    made = probe.call(autoencoder_gradients, x, *parameters)
    probe.require(
        isinstance(made, (tuple, list)) and len(made) == 4,
        "not-four-gradients",
        "Four arrays were expected, the gradients for w1, b1, w2, b2. What does your function return?",
    )
    got = [probe.array(g, f"the gradient for {name}").astype(np.float64) for g, name in zip(made, names, strict=True)]
    shapes, wanted = [g.shape for g in got], [p.shape for p in parameters]
    probe.require(
        shapes != [wanted[2], wanted[1], wanted[0], wanted[3]] or not np.allclose(got[2].T, true[2], rtol=1e-3),
        "transposed",
        f"Your gradient for w2 has shape {shapes[2]}, and w2 has {wanted[2]}. Which factor of the product comes first, "
        "so that gradient and parameter have one shape?",
    )
    probe.require(
        shapes == wanted or sorted(shapes) != sorted(wanted),
        "wrong-order",
        f"The four shapes are right, their order is not: {', '.join(map(str, shapes))}. For which parameter is each?",
    )
    for gradient, shape, name in zip(got, wanted, names, strict=True):
        if len(shape) == 1:
            probe.require(
                gradient.shape != (n, *shape),
                "bias-gradient-not-summed",
                f"Your gradient for {name} has shape {gradient.shape}, one row per sample, and {name} has {shape}. "
                "All samples share this bias: what happens to their contributions?",
            )
        else:
            probe.require(
                gradient.shape != shape[::-1],
                "transposed",
                f"Your gradient for {name} has shape {gradient.shape}, and {name} has {shape}. Which factor of the product "
                "comes first, so that gradient and parameter have one shape?",
            )
        probe.require_shape(
            gradient, shape, f"Which shape must a gradient for {name} have, if {name} is to be moved against it?"
        )

    def all_close(others) -> bool:
        return all(np.allclose(g, o, rtol=1e-4, atol=1e-6) for g, o in zip(got, others, strict=True))

    if all_close(true):
        return
    for factor, name, question in (
        (
            1 / d,
            "divides-by-all-numbers",
            "The loss sums over the features and averages over the samples: by what is it divided?",
        ),
        (0.5, "missing-factor-two", "What is the derivative of the square of u?"),
        (1 / n, "divides-twice", "The loss is a mean over the samples. How often do you divide by their number?"),
        (
            n / d,
            "means-over-the-wrong-axis",
            "The loss sums over one axis and averages over the other. Which is which?",
        ),
        (
            n / (2 * d),
            "means-over-the-wrong-axis",
            "The loss sums over one axis and averages over the other. Which is which?",
        ),
        (n, "sum-over-samples", "The loss is a mean over the samples. Where does that division go?"),
        (
            n / 2,
            "sum-over-samples",
            "The loss is a mean over the samples. And what is the derivative of the square of u?",
        ),
        (1 / (2 * d), "divides-by-all-numbers", "The loss sums over the features: by what is it divided?"),
        (-1, "wrong-sign", "If the output grows above its target, does the loss rise or fall?"),
    ):
        probe.require(
            not all_close([factor * g for g in true]),
            name,
            f"All four gradients are {factor:.4g} times what they should be. {question}",
        )

    w1, b1, w2, b2 = parameters
    code = np.tanh(x @ w1 + b1)
    backward = 2 * (code @ w2 + b2 - x) / n
    for h, y, back, name, question in (
        (np.tanh(x @ w1), np.tanh(x @ w1) @ w2, w2.T, "forgets-the-biases", "Where do b1 and b2 enter the network?"),
        (code, np.tanh(code @ w2 + b2), w2.T, "tanh-on-the-output", "Which activation has the output of this network?"),
        (
            code,
            code @ w2 + b2,
            w1,
            "goes-back-through-the-encoder",
            "From the output back to the code: through which weights did the code get there?",
        ),
    ):
        for outer in (1, 1 - y**2):
            error = 2 * (y - x) / n * outer
            inner = error @ back * (1 - h**2)
            explained = [x.T @ inner, inner.sum(axis=0), h.T @ error, error.sum(axis=0)]
            probe.require(not all_close(explained), name, f"Your gradients belong to another network. {question}")
    for slope, name, question in (
        (1, "forgets-the-tanh", "Between w1 and the loss stands a tanh: which factor does the chain rule ask for?"),
        (
            1 - np.tanh(code) ** 2,
            "slope-at-the-wrong-place",
            "You take the slope of tanh at the code. The code already is tanh of something: what is its slope there?",
        ),
        (code * (1 - code), "slope-of-the-sigmoid", "h (1 - h) is the slope of a sigmoid. What is the slope of tanh?"),
        (code > 0, "slope-of-the-relu", "A slope of 0 or 1 belongs to a ReLU. What is the slope of tanh?"),
        (1 - code, "slope-of-the-sigmoid", "What is the derivative of tanh, in terms of its own value h?"),
    ):
        inner = backward @ w2.T * slope
        probe.require(
            not all_close([x.T @ inner, inner.sum(axis=0), *true[2:]]),
            name,
            f"The decoder's two gradients are right, the encoder's are not. {question}",
        )
    probe.require(
        not all_close([true[0], true[1] / n, true[2], true[3] / n]),
        "bias-gradient-averaged",
        f"The gradients of the weights are right, those of the biases are {n} times too small. "
        "The mean over the samples is in the loss already: is it taken twice?",
    )
    for at, name in ((3, "b2"), (2, "w2"), (1, "b1"), (0, "w1")):
        probe.require_close(
            got[at],
            true[at],
            "wrong-gradient",
            f"This is the gradient for {name}; what comes after it in the network is right. "
            f"Nudge one entry of {name}: which numbers change on the way to the loss?",
        )
