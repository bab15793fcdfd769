"""Right answers to the exercises of lesson 01, by other roads than the solutions take."""

import math

import keras
import numpy as np


def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    ratio = input_bits / code_bits
    for axis in input_shape:
        ratio *= axis
    for axis in code_shape:
        ratio /= axis
    return ratio


def mse_per_image(x, y):
    errors = []
    for one, other in zip(x, y, strict=True):
        a, b = one.ravel().astype(float), other.ravel().astype(float)
        errors.append((np.dot(a, a) - 2 * np.dot(a, b) + np.dot(b, b)) / a.size)
    return errors


def psnr(x, y):
    root = np.linalg.norm(np.ravel(x) - np.ravel(y)) / math.sqrt(np.size(x))
    print("root mean squared error", root)
    return np.float32(-20 * math.log10(root))


def mean_image_baseline(train, test):
    total = np.zeros(train.shape[1:])
    for image in train:
        total += image
    return np.broadcast_to(total / len(train), test.shape)


def build_autoencoder(input_dim, hidden_units, code_size):
    # One chain of layers; the three models are cut out of it.
    encoder = keras.Sequential([keras.layers.Dense(hidden_units, "gelu"), keras.layers.Dense(code_size, "relu")])
    decoder = keras.Sequential(
        [keras.layers.Dense(hidden_units, "tanh"), keras.layers.Dense(input_dim, "hard_sigmoid")]
    )
    autoencoder = keras.Sequential([keras.Input((input_dim,)), *encoder.layers, *decoder.layers])
    return encoder, decoder, autoencoder


def autoencoder_gradients(x, w1, b1, w2, b2):
    # Sample by sample, with the biases as one more row of each matrix.
    first, second = np.vstack([w1, b1]), np.vstack([w2, b2])
    d_first, d_second = np.zeros_like(first), np.zeros_like(second)
    for sample in x:
        extended = np.append(sample, 1.0)
        before = extended @ first
        code = np.append(np.tanh(before), 1.0)
        error = code @ second - sample
        d_second += np.outer(code, error)
        d_first += np.outer(extended, (w2 @ error) / np.cosh(before) ** 2)
    d_first, d_second = d_first * 2 / len(x), d_second * 2 / len(x)
    return [d_first[:-1], d_first[-1], d_second[:-1], d_second[-1]]


def compression_ratio__fraction(input_shape, input_bits, code_shape, code_bits):
    from fractions import Fraction

    return Fraction(math.prod(input_shape) * input_bits, math.prod(code_shape) * code_bits)


def mse_per_image__row_by_row(x, y):
    return [float(np.mean(np.square(a.astype(float) - b.astype(float)))) for a, b in zip(x, y, strict=True)]


def psnr__norm(x, y):
    return 10 * math.log10(x.size) - 20 * math.log10(np.linalg.norm((x - y).ravel()))


def build_autoencoder__cut_off_at_both_ends(input_dim, hidden_units, code_size):
    def between_0_and_1(x):
        return keras.ops.clip(x, 0.0, 1.0)

    image, code = keras.Input((input_dim,)), keras.Input((code_size,))
    encoder = keras.Model(image, keras.layers.Dense(code_size)(keras.layers.Dense(hidden_units, "relu")(image)))
    output = keras.layers.Dense(input_dim, between_0_and_1)(keras.layers.Dense(hidden_units, "relu")(code))
    decoder = keras.Model(code, output)
    return encoder, decoder, keras.Model(image, decoder(encoder(image)))
