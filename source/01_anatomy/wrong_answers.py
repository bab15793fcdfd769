"""Wrong answers to the exercises of lesson 01, each with the misconception that its check must name."""

import math

import keras
import numpy as np

from authoring.bank import wrong

# compression_ratio


@wrong("counts-numbers-not-bits")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(input_shape) / math.prod(code_shape)


@wrong("inverted")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(code_shape) * code_bits / (math.prod(input_shape) * input_bits)


@wrong("forgets-an-axis")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return input_shape[0] * input_bits / (code_shape[0] * code_bits)


@wrong("forgets-an-axis")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(input_shape) * input_bits / (code_shape[-1] * code_bits)


@wrong("forgets-an-axis")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(input_shape[1:]) * input_bits / (math.prod(code_shape[1:]) * code_bits)


@wrong("adds-the-axes")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return sum(input_shape) * input_bits / (sum(code_shape) * code_bits)


@wrong("forgets-the-brackets")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(input_shape) * input_bits / math.prod(code_shape) * code_bits


@wrong("swaps-the-bits")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(input_shape) * code_bits / (math.prod(code_shape) * input_bits)


@wrong("fixed-bits")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(input_shape) * 8 / (math.prod(code_shape) * 32)


@wrong("rounded")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.prod(input_shape) * input_bits // (math.prod(code_shape) * code_bits)


@wrong("rounded")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return round(math.prod(input_shape) * input_bits / (math.prod(code_shape) * code_bits), 1)


@wrong("rounded")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return math.ceil(math.prod(input_shape) * input_bits / (math.prod(code_shape) * code_bits))


@wrong("share-saved")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return 1 - math.prod(code_shape) * code_bits / (math.prod(input_shape) * input_bits)


@wrong("wrong-shape")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return np.array(input_shape) * input_bits / (math.prod(code_shape) * code_bits)


@wrong("wrong-formula")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    return 2 ** (input_bits - code_bits) * math.prod(input_shape) / math.prod(code_shape)


@wrong("wrong-formula")
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    numbers = np.prod(input_shape, dtype=np.int16) / np.prod(code_shape, dtype=np.int16)
    return float(numbers * input_bits / code_bits)


# mse_per_image


@wrong("one-number-for-all")
def mse_per_image(x, y):
    return np.mean((x.astype(float) - y) ** 2)


@wrong("one-axis-only")
def mse_per_image(x, y):
    return np.mean((x.astype(float) - y) ** 2, axis=1)


@wrong("one-axis-only")
def mse_per_image(x, y):
    return np.mean((x.astype(float) - y) ** 2, axis=-1)


@wrong("averages-over-the-images")
def mse_per_image(x, y):
    return np.mean((x.astype(float) - y) ** 2, axis=0)


@wrong("wrong-shape")
def mse_per_image(x, y):
    return np.mean((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim)), keepdims=True)


@wrong("sum-not-mean")
def mse_per_image(x, y):
    return np.sum((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim)))


@wrong("divides-by-the-images")
def mse_per_image(x, y):
    return np.sum((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim))) / len(x)


@wrong("takes-the-root")
def mse_per_image(x, y):
    return np.sqrt(np.mean((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim))))


@wrong("takes-the-root")
def mse_per_image(x, y):
    return np.linalg.norm((x.astype(float) - y).reshape(len(x), -1), axis=1)


@wrong("mixes-the-images")
def mse_per_image(x, y):
    return np.mean(((x.astype(float) - y) ** 2).reshape(-1, len(x)), axis=0)


@wrong("absolute-error")
def mse_per_image(x, y):
    return np.mean(np.abs(x.astype(float) - y), axis=tuple(range(1, x.ndim)))


@wrong("squares-the-mean")
def mse_per_image(x, y):
    return np.mean(x.astype(float) - y, axis=tuple(range(1, x.ndim))) ** 2


@wrong("never-squares")
def mse_per_image(x, y):
    return np.mean(x.astype(float) - y, axis=tuple(range(1, x.ndim)))


@wrong("variance-of-the-difference")
def mse_per_image(x, y):
    return np.var(x.astype(float) - y, axis=tuple(range(1, x.ndim)))


@wrong("fixed-axes")
def mse_per_image(x, y):
    return np.mean((x.astype(float) - y) ** 2, axis=(1, 2))


@wrong("fixed-axes")
def mse_per_image(x, y):
    return np.mean((x.reshape(len(x), 28, 28).astype(float) - y) ** 2, axis=(1, 2))


@wrong("fixed-axes")
def mse_per_image(x, y):
    return np.mean(np.mean((x.astype(float) - y) ** 2, axis=-1), axis=-1)


@wrong("fixed-axes")
def mse_per_image(x, y):
    return np.sum((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim))) / (x.shape[1] * x.shape[2])


@wrong("drops-the-image-axis")
def mse_per_image(x, y):
    return np.squeeze(np.mean((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim))))


@wrong("bytes-wrap-around")
def mse_per_image(x, y):
    return np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim)))


@wrong("bytes-wrap-around")
def mse_per_image(x, y):
    return np.mean(np.abs(x - y).astype(float) ** 2, axis=tuple(range(1, x.ndim)))


@wrong("bytes-wrap-around")
def mse_per_image(x, y):
    if x.dtype == np.uint8:
        x, y = x.astype(np.int16), y.astype(np.int16)
    return np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim)))


@wrong("bytes-wrap-around")
def mse_per_image(x, y):
    x, y = np.asarray(x), np.asarray(y)
    small = np.int16 if x.dtype == np.uint8 else x.dtype
    difference = x.astype(small) - y.astype(small)
    with np.errstate(over="ignore"):
        return np.mean((difference * difference).reshape(len(x), -1), axis=1)


@wrong("rescales-bytes")
def mse_per_image(x, y):
    if x.dtype == np.uint8:
        x, y = x / 255, y / 255
    return np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim)))


@wrong("rescales-bytes")
def mse_per_image(x, y):
    return np.mean(((x.astype(float) - y) / 255) ** 2, axis=tuple(range(1, x.ndim)))


@wrong("rescales-bytes")
def mse_per_image(x, y):
    return np.mean((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim))) / 255


@wrong("wrong-formula")
def mse_per_image(x, y):
    return np.median((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim)))


@wrong("cuts-off-fractions")
def mse_per_image(x, y):
    difference = x.astype(int) - y.astype(int)
    return np.mean(difference**2, axis=tuple(range(1, x.ndim)))


@wrong("whole-numbers")
def mse_per_image(x, y):
    errors = np.mean((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim)))
    return errors.astype(int) if x.dtype == np.uint8 else errors


@wrong("whole-numbers")
def mse_per_image(x, y):
    errors = np.mean((x.astype(float) - y) ** 2, axis=tuple(range(1, x.ndim)))
    return np.round(errors) if x.dtype == np.uint8 else errors


# psnr


@wrong("natural-logarithm")
def psnr(x, y):
    return 10 * np.log(1 / np.mean((x - y) ** 2))


@wrong("twenty-times-the-log-of-a-square")
def psnr(x, y):
    return 20 * np.log10(1 / np.mean((x - y) ** 2))


@wrong("ten-times-the-log-of-a-root")
def psnr(x, y):
    return 10 * np.log10(1 / np.sqrt(np.mean((x - y) ** 2)))


@wrong("peak-of-255")
def psnr(x, y):
    return 20 * np.log10(255 / np.sqrt(np.mean((x - y) ** 2)))


@wrong("peak-of-255")
def psnr(x, y):
    return 10 * np.log10(255 / np.mean((x - y) ** 2))


@wrong("peak-from-the-data")
def psnr(x, y):
    return 10 * np.log10(x.max() ** 2 / np.mean((x - y) ** 2))


@wrong("peak-from-the-data")
def psnr(x, y):
    return 10 * np.log10((x.max() - x.min()) ** 2 / np.mean((x - y) ** 2))


@wrong("mean-of-decibels")
def psnr(x, y):
    per_image = np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim)))
    return np.mean(10 * np.log10(1 / per_image))


@wrong("one-number-per-image")
def psnr(x, y):
    return 10 * np.log10(1 / np.mean((x - y) ** 2, axis=tuple(range(1, x.ndim))))


@wrong("sign-flipped")
def psnr(x, y):
    return 10 * np.log10(np.mean((x - y) ** 2))


@wrong("signal-instead-of-peak")
def psnr(x, y):
    return 10 * np.log10(np.mean(x**2) / np.mean((x - y) ** 2))


@wrong("signal-instead-of-peak")
def psnr(x, y):
    return 10 * np.log10(np.var(x) / np.mean((x - y) ** 2))


@wrong("bels")
def psnr(x, y):
    return np.log10(1 / np.mean((x - y) ** 2))


@wrong("rounded")
def psnr(x, y):
    return round(10 * np.log10(1 / np.mean((x - y) ** 2)), 1)


@wrong("no-logarithm")
def psnr(x, y):
    return 1 / np.mean((x - y) ** 2)


@wrong("sum-not-mean")
def psnr(x, y):
    return 10 * np.log10(1 / np.sum((x - y) ** 2))


@wrong("absolute-error")
def psnr(x, y):
    return 20 * np.log10(1 / np.mean(np.abs(x - y)))


@wrong("squares-the-mean")
def psnr(x, y):
    return 10 * np.log10(1 / np.mean(x - y) ** 2)


@wrong("wrong-formula")
def psnr(x, y):
    return 10 * np.log2(1 / np.mean((x - y) ** 2))


@wrong("no-small-errors")
def psnr(x, y):
    return -10 * math.log10(np.mean((x - y) ** 2) + 1e-8)


@wrong("no-small-errors")
def psnr(x, y):
    return -10 * math.log10(np.mean((x - y) ** 2) + 1e-10)


@wrong("no-small-errors")
def psnr(x, y):
    return min(100.0, -10 * math.log10(np.mean((x - y) ** 2)))


# mean_image_baseline


@wrong("looks-at-the-test-set")
def mean_image_baseline(train, test):
    return np.stack([test.mean(axis=0)] * len(test))


@wrong("looks-at-the-test-set")
def mean_image_baseline(train, test):
    return np.stack([np.concatenate([train, test]).mean(axis=0)] * len(test))


@wrong("mean-of-each-image")
def mean_image_baseline(train, test):
    grey = test.mean(axis=tuple(range(1, test.ndim)), keepdims=True)
    return np.broadcast_to(grey, test.shape)


@wrong("one-image-only")
def mean_image_baseline(train, test):
    return train.mean(axis=0)


@wrong("one-image-only")
def mean_image_baseline(train, test):
    return train.mean(axis=0, keepdims=True)


@wrong("as-many-as-the-training-set")
def mean_image_baseline(train, test):
    return np.stack([train.mean(axis=0)] * len(train))


@wrong("one-grey-level")
def mean_image_baseline(train, test):
    return np.full(test.shape, train.mean())


@wrong("one-grey-level")
def mean_image_baseline(train, test):
    return np.full(len(test), train.mean())


@wrong("median-not-mean")
def mean_image_baseline(train, test):
    return np.stack([np.median(train, axis=0)] * len(test))


@wrong("subtracts-the-mean")
def mean_image_baseline(train, test):
    return test - train.mean(axis=0)


@wrong("looks-for-the-nearest")
def mean_image_baseline(train, test):
    distances = ((test[:, None] - train) ** 2).reshape(len(test), len(train), -1).sum(axis=-1)
    return train[distances.argmin(axis=1)]


@wrong("first-training-image")
def mean_image_baseline(train, test):
    return np.stack([train[0]] * len(test))


@wrong("some-training-images")
def mean_image_baseline(train, test):
    return np.broadcast_to(train[: len(test)].mean(axis=0), test.shape)


@wrong("some-training-images")
def mean_image_baseline(train, test):
    return np.repeat(train[: len(train) // 2].mean(axis=0)[None], len(test), axis=0)


@wrong("copies-the-test-set")
def mean_image_baseline(train, test):
    return test.copy()


@wrong("changes-its-input")
def mean_image_baseline(train, test):
    test[:] = train.mean(axis=0)
    return test


@wrong("wrong-image")
def mean_image_baseline(train, test):
    return np.stack([(train.max(axis=0) + train.min(axis=0)) / 2] * len(test))


# build_autoencoder


def _parts(input_dim, hidden_units, code_size, output="sigmoid", hidden="relu"):
    Dense = keras.layers.Dense
    encoder = keras.Sequential([keras.Input((input_dim,)), Dense(hidden_units, hidden), Dense(code_size)])
    decoder = keras.Sequential([keras.Input((code_size,)), Dense(hidden_units, hidden), Dense(input_dim, output)])
    return encoder, decoder


@wrong("decoder-has-its-own-layers")
def build_autoencoder(input_dim, hidden_units, code_size):
    image = keras.Input((input_dim,))
    hidden = keras.layers.Dense(hidden_units, "relu")(image)
    code = keras.layers.Dense(code_size, "relu")(hidden)
    hidden = keras.layers.Dense(hidden_units, "relu")(code)
    output = keras.layers.Dense(input_dim, "sigmoid")(hidden)
    decoder = _parts(input_dim, hidden_units, code_size)[1]
    return keras.Model(image, code), decoder, keras.Model(image, output)


@wrong("encoder-has-its-own-layers")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    image = keras.Input((input_dim,))
    code = keras.layers.Dense(code_size)(keras.layers.Dense(hidden_units, "relu")(image))
    return encoder, decoder, keras.Model(image, decoder(code))


@wrong("three-separate-models")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    autoencoder = keras.Sequential([keras.Input((input_dim,)), *_parts(input_dim, hidden_units, code_size)])
    return encoder, decoder, autoencoder


@wrong("three-separate-models")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    autoencoder = keras.Sequential(
        [keras.Input((input_dim,)), keras.models.clone_model(encoder), keras.models.clone_model(decoder)]
    )
    return encoder, decoder, autoencoder


@wrong("parts-do-not-compose")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    image = keras.Input((input_dim,))
    squeezed = keras.layers.Activation("relu")(encoder(image))
    return encoder, decoder, keras.Model(image, decoder(squeezed))


@wrong("wrong-order")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    return keras.Sequential([keras.Input((input_dim,)), encoder, decoder]), encoder, decoder


@wrong("decoder-starts-at-the-image")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    autoencoder = keras.Sequential([keras.Input((input_dim,)), encoder, decoder])
    return encoder, autoencoder, autoencoder


@wrong("code-has-the-hidden-size")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, code_size, hidden_units)
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("wrong-code-size")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, 32)
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("wrong-output-size")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder = _parts(input_dim, hidden_units, code_size)[0]
    decoder = _parts(784, hidden_units, code_size)[1]
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("wrong-input-size")
def build_autoencoder(input_dim, hidden_units, code_size):
    image = keras.Input((28, 28))
    hidden = keras.layers.Dense(hidden_units, "relu")(keras.layers.Flatten()(image))
    encoder = keras.Model(image, keras.layers.Dense(code_size)(hidden))
    decoder = _parts(input_dim, hidden_units, code_size)[1]
    return encoder, decoder, keras.Model(image, decoder(encoder(image)))


@wrong("wrong-input-size")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder = _parts(784, hidden_units, code_size)[0]
    decoder = _parts(input_dim, hidden_units, code_size)[1]
    return encoder, decoder, keras.Sequential([keras.Input((784,)), encoder, decoder])


@wrong("output-leaves-the-unit-range")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, output=None)
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("output-leaves-the-unit-range")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, output="relu")
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("output-leaves-the-unit-range")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, output="tanh")
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("softmax-output")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, output="softmax")
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("no-hidden-layer")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder = keras.Sequential([keras.Input((input_dim,)), keras.layers.Dense(code_size, "relu")])
    decoder = keras.Sequential([keras.Input((code_size,)), keras.layers.Dense(input_dim, "sigmoid")])
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("no-hidden-layer")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder = _parts(input_dim, hidden_units, code_size)[0]
    decoder = keras.Sequential([keras.Input((code_size,)), keras.layers.Dense(input_dim, "sigmoid")])
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("no-nonlinearity")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, hidden=None)
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("no-nonlinearity")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder = _parts(input_dim, hidden_units, code_size)[0]
    decoder = _parts(input_dim, hidden_units, code_size, hidden=None)[1]
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("no-nonlinearity")
def build_autoencoder(input_dim, hidden_units, code_size):
    # A ReLU on the code does not make the hidden layer any less linear.
    encoder = keras.Sequential(
        [keras.Input((input_dim,)), keras.layers.Dense(hidden_units), keras.layers.Dense(code_size, "relu")]
    )
    decoder = _parts(input_dim, hidden_units, code_size)[1]
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("no-nonlinearity")
def build_autoencoder(input_dim, hidden_units, code_size):
    # Whatever the layers before it say.
    encoder = _parts(input_dim, hidden_units, code_size)[0]
    decoder = keras.Sequential([_parts(input_dim, hidden_units, code_size)[1], keras.layers.Rescaling(0.0)])
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("fixed-batch-size")
def build_autoencoder(input_dim, hidden_units, code_size):
    image = keras.Input(batch_shape=(32, input_dim))
    hidden = keras.layers.Dense(hidden_units, "relu")(image)
    encoder = keras.Model(image, keras.layers.Dense(code_size)(hidden))
    decoder = _parts(input_dim, hidden_units, code_size)[1]
    return encoder, decoder, keras.Model(image, decoder(encoder(image)))


class _Stretch(keras.layers.Layer):
    """From its darkest to its brightest number, over the given axes."""

    def __init__(self, axes):
        super().__init__()
        self.axes = axes

    def call(self, x):
        low, high = (f(x, axis=self.axes, keepdims=True) for f in (keras.ops.min, keras.ops.max))
        return (x - low) / (high - low + 1e-9)


@wrong("stretches-each-output")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, output=None)
    decoder = keras.Sequential([keras.Input((code_size,)), decoder, _Stretch(axes=1)])
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("looks-across-the-batch")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, output=None)
    decoder = keras.Sequential([keras.Input((code_size,)), decoder, _Stretch(axes=None)])
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("random-at-prediction")
def build_autoencoder(input_dim, hidden_units, code_size):
    image = keras.Input((input_dim,))
    hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(hidden_units, "relu")(image), training=True)
    encoder = keras.Model(image, keras.layers.Dense(code_size)(hidden))
    decoder = _parts(input_dim, hidden_units, code_size)[1]
    return encoder, decoder, keras.Model(image, decoder(encoder(image)))


@wrong("not-three-models")
def build_autoencoder(input_dim, hidden_units, code_size):
    return keras.Sequential([keras.Input((input_dim,)), *_parts(input_dim, hidden_units, code_size)])


@wrong("not-three-models")
def build_autoencoder(input_dim, hidden_units, code_size):
    image = keras.Input((input_dim,))
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    code = encoder(image)
    return code, decoder(code), keras.Model(image, decoder(code))


@wrong("pixels-depend-on-each-other")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size, output=None)
    layers = decoder, keras.layers.LayerNormalization(), keras.layers.Activation("sigmoid")
    decoder = keras.Sequential([keras.Input((code_size,)), *layers])
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("pixels-depend-on-each-other")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    decoder = keras.Sequential([keras.Input((code_size,)), decoder, keras.layers.UnitNormalization()])
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("more-hidden-layers")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder = keras.Sequential([keras.Input((input_dim,))])
    for units, activation in ((hidden_units, "relu"), (hidden_units, "relu"), (code_size, None)):
        encoder.add(keras.layers.Dense(units, activation))
    decoder = _parts(input_dim, hidden_units, code_size)[1]
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


@wrong("frozen")
def build_autoencoder(input_dim, hidden_units, code_size):
    encoder, decoder = _parts(input_dim, hidden_units, code_size)
    encoder.trainable = False
    return encoder, decoder, keras.Sequential([keras.Input((input_dim,)), encoder, decoder])


# autoencoder_gradients


def _backward(x, w1, b1, w2, b2, slope=None, scale=None):
    h = np.tanh(x @ w1 + b1)
    d_y = (h @ w2 + b2 - x) * (2 / len(x) if scale is None else scale)
    d_a = d_y @ w2.T * (1 - h**2 if slope is None else slope(h))
    return h, d_y, d_a


def _gradients(x, h, d_y, d_a):
    return x.T @ d_a, d_a.sum(axis=0), h.T @ d_y, d_y.sum(axis=0)


@wrong("divides-by-all-numbers")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, scale=2 / x.size))


@wrong("means-over-the-wrong-axis")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, scale=2 / x.shape[1]))


@wrong("divides-twice")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, scale=2 / len(x) ** 2))


@wrong("missing-factor-two")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, scale=1 / len(x)))


@wrong("sum-over-samples")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, scale=2))


@wrong("wrong-sign")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, scale=-2 / len(x)))


@wrong("forgets-the-tanh")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, slope=lambda h: 1))


@wrong("slope-at-the-wrong-place")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, slope=lambda h: 1 - np.tanh(h) ** 2))


@wrong("slope-at-the-wrong-place")
def autoencoder_gradients(x, w1, b1, w2, b2):
    slope = 1 - (x @ w1 + b1) ** 2
    return _gradients(x, *_backward(x, w1, b1, w2, b2, slope=lambda h: slope))


@wrong("forgets-the-tanh")
def autoencoder_gradients(x, w1, b1, w2, b2):
    _, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return _gradients(x, x @ w1 + b1, d_y, d_a)


@wrong("forgets-the-decoder")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, _ = _backward(x, w1, b1, w2, b2)
    return _gradients(x, h, d_y, d_y.sum(axis=1, keepdims=True) * (1 - h**2))


@wrong("slope-of-the-sigmoid")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, slope=lambda h: h * (1 - h)))


@wrong("slope-of-the-relu")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, b1, w2, b2, slope=lambda h: h > 0))


@wrong("forgets-the-biases")
def autoencoder_gradients(x, w1, b1, w2, b2):
    return _gradients(x, *_backward(x, w1, 0 * b1, w2, 0 * b2))


@wrong("tanh-on-the-output")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h = np.tanh(x @ w1 + b1)
    y = np.tanh(h @ w2 + b2)
    d_y = 2 * (y - x) / len(x) * (1 - y**2)
    return _gradients(x, h, d_y, d_y @ w2.T * (1 - h**2))


@wrong("goes-back-through-the-encoder")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, _ = _backward(x, w1, b1, w2, b2)
    return _gradients(x, h, d_y, d_y @ w1 * (1 - h**2))


@wrong("bias-gradient-not-summed")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return x.T @ d_a, d_a, h.T @ d_y, d_y


@wrong("bias-gradient-averaged")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return x.T @ d_a, d_a.mean(axis=0), h.T @ d_y, d_y.mean(axis=0)


@wrong("transposed")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return d_a.T @ x, d_a.sum(axis=0), d_y.T @ h, d_y.sum(axis=0)


@wrong("transposed")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return x.T @ d_a, d_a.sum(axis=0), d_y.T @ h, d_y.sum(axis=0)


@wrong("wrong-order")
def autoencoder_gradients(x, w1, b1, w2, b2):
    d_w1, d_b1, d_w2, d_b2 = _gradients(x, *_backward(x, w1, b1, w2, b2))
    return d_w2, d_b2, d_w1, d_b1


@wrong("wrong-order")
def autoencoder_gradients(x, w1, b1, w2, b2):
    d_w1, d_b1, d_w2, d_b2 = _gradients(x, *_backward(x, w1, b1, w2, b2))
    return d_w1, d_w2, d_b1, d_b2


@wrong("not-four-gradients")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return x.T @ d_a, h.T @ d_y


@wrong("wrong-shape")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return x.T @ d_a, d_a.sum(axis=0, keepdims=True), h.T @ d_y, d_y.sum(axis=0, keepdims=True)


@wrong("wrong-gradient")
def autoencoder_gradients(x, w1, b1, w2, b2):
    h, d_y, d_a = _backward(x, w1, b1, w2, b2)
    return x.T @ d_a - d_y.T @ h, d_a.sum(axis=0), h.T @ d_y, d_y.sum(axis=0)
