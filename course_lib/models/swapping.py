"""One encoder for two people and a decoder for each."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from course_lib._sizes import positive
from course_lib.layers import PixelShuffle
from course_lib.referees import Transport

Swapper = tuple[keras.Model, keras.Model, keras.Model, keras.Model]


def build_swapper(encoder: keras.Model, decoder_a: keras.Model, decoder_b: keras.Model) -> keras.Model:
    """One model for two people: [pictures of A, pictures of B] -> [A by decoder_a, B by decoder_b], through one encoder.

    The model holds the very parts that it is given: training it trains them.

    Raises:
        ValueError: if a decoder does not take what the encoder gives, or does not give what the encoder takes.
    """
    for name, decoder in (("decoder_a", decoder_a), ("decoder_b", decoder_b)):
        if decoder.input_shape != encoder.output_shape:
            raise ValueError(
                f"{name} must take codes of shape {encoder.output_shape}, but it takes {decoder.input_shape}"
            )
    if decoder_a.output_shape != decoder_b.output_shape:
        raise ValueError(
            f"both decoders must give one shape, but they give {decoder_a.output_shape} and {decoder_b.output_shape}"
        )
    of_a = keras.Input(encoder.input_shape[1:], name="person_a")
    of_b = keras.Input(encoder.input_shape[1:], name="person_b")
    return keras.Model([of_a, of_b], [decoder_a(encoder(of_a)), decoder_b(encoder(of_b))], name="swapper")


def dense_swapper(
    input_dim: int, hidden_units: int, code_size: int, *, noise: float = 0.0, activation: str = "gelu"
) -> Swapper:
    """A dense encoder for two people and a dense decoder for each, all from random weights.

    Args:
        input_dim: numbers in one input, such as a picture's coordinates on principal components.
        hidden_units: width of the hidden layer of each part.
        code_size: numbers in the code.
        noise: standard deviation of the Gaussian noise that is added to the input in training.
        activation: of the hidden layers.

    Returns:
        Untrained ``encoder`` (n, input_dim) -> (n, code_size), ``decoder_a`` and ``decoder_b`` back (linear output), and
        the ``swapper`` of :func:`build_swapper`.

    Raises:
        ValueError: if a size is not a positive integer or ``noise`` is negative.
    """
    input_dim, hidden_units = positive("input_dim", input_dim), positive("hidden_units", hidden_units)
    code_size = positive("code_size", code_size)
    if not noise >= 0:
        raise ValueError(f"noise must not be negative, but it is {noise!r}")
    given = keras.Input((input_dim,))
    hidden = layers.GaussianNoise(noise)(given) if noise else given
    hidden = layers.Dense(hidden_units, activation)(hidden)
    encoder = keras.Model(given, layers.Dense(code_size, name="code")(hidden), name="encoder")
    decoders = []
    for name in ("decoder_a", "decoder_b"):
        code = keras.Input((code_size,))
        hidden = layers.Dense(hidden_units, activation)(code)
        decoders.append(keras.Model(code, layers.Dense(input_dim)(hidden), name=name))
    return encoder, *decoders, build_swapper(encoder, *decoders)


def warm_start_swapper(
    transport: Transport,
    *,
    hidden_units: int = 512,
    noise: float = 0.6,
    scale: float = 1.0,
    activation: str = "gelu",
) -> Swapper:
    """A pair of decoders that starts at its referee: before any training the swap *is* the optimal-transport map.

    Codes meet halfway: :func:`halfway` carries both people's codes half of the way that the transport carries A to B,
    and these are the inputs. The encoder is the identity plus a small network, each decoder the exact way back plus
    a small network; the last layers of all three networks start at zero.

    Args:
        transport: from the codes of A to those of B, both of k numbers.
        hidden_units: width of each of the three nonlinear branches.
        noise: standard deviation of the Gaussian noise added to the scaled input in training; without it the encoder has
            no reason to be anything but the identity.
        scale: inputs and targets are divided by it; about the mean spread of a code.
        activation: of the branches.

    Returns:
        ``encoder`` and both decoders on k numbers, and the ``swapper``. Decoders give *scaled* codes: multiply by
        ``scale``.

    Raises:
        ValueError: if ``hidden_units`` or ``scale`` is not positive or ``noise`` is negative.

    Source: zero-initialised residual branches, Zhang, Dauphin and Ma 2019 (Fixup); denoising as a regulariser, Vincent
    and others 2008.
    """
    hidden_units = positive("hidden_units", hidden_units)
    if not scale > 0 or not noise >= 0:
        raise ValueError(f"scale must be positive and noise not negative, but they are {scale!r} and {noise!r}")
    k = len(transport.source)
    given = keras.Input((k,))
    noisy = layers.GaussianNoise(noise)(given) if noise else given
    hidden = layers.Dense(hidden_units, activation)(noisy)
    correction = layers.Dense(k, kernel_initializer="zeros")(hidden)
    encoder = keras.Model(given, layers.Add(name="code")([noisy, correction]), name="encoder")
    half = (np.eye(k) + transport.matrix.astype(np.float64)) / 2
    backs = {
        "decoder_a": (np.linalg.inv(half), transport.source),
        "decoder_b": (np.linalg.inv(half) @ transport.matrix.astype(np.float64), transport.target),
    }
    decoders = []
    for name, (matrix, mean) in backs.items():
        code = keras.Input((k,))
        linear = layers.Dense(k, name="way_back")
        correction = layers.Dense(k, kernel_initializer="zeros")(layers.Dense(hidden_units, activation)(code))
        decoders.append(keras.Model(code, layers.Add()([linear(code), correction]), name=name))
        linear.set_weights([matrix.astype(np.float32), (mean / scale).astype(np.float32)])
    return encoder, *decoders, build_swapper(encoder, *decoders)


def convolutional_swapper(
    image_shape: Sequence[int] = (48, 48, 3), filters: Sequence[int] = (16, 32, 64), code_size: int = 64
) -> Swapper:
    """A shared convolutional encoder and two decoders that enlarge by pixel shuffling: the published network, in small.

    Args:
        image_shape: (height, width, channels); sides divisible by 2 ** len(filters).
        filters: channels after each halving; the decoders mirror them.
        code_size: numbers in the code.

    Returns:
        Untrained ``encoder``, ``decoder_a``, ``decoder_b`` (outputs in [0, 1]) and the ``swapper``.

    Raises:
        ValueError: if the image cannot be halved that often, or a size is not a positive integer.

    Source: after the code of the original faceswap (2017): strided 5 x 5 convolutions with leaky ReLUs, pixel shuffling
    (Shi and others 2016), a sigmoid at the end.
    """
    image_shape, code_size = tuple(image_shape), positive("code_size", code_size)
    filters = [positive("filters", width) for width in filters]
    if len(image_shape) != 3 or not filters or any(side % 2 ** len(filters) for side in image_shape[:2]):
        raise ValueError(
            f"image_shape must be (height, width, channels) with sides divisible by {2 ** len(filters)}, "
            f"but it is {image_shape}"
        )
    image = hidden = keras.Input(image_shape)
    for width in filters:
        hidden = layers.LeakyReLU(0.1)(layers.Conv2D(width, 5, strides=2, padding="same")(hidden))
    rows, columns = (side // 2 ** len(filters) for side in image_shape[:2])
    encoder = keras.Model(image, layers.Dense(code_size, name="code")(layers.Flatten()(hidden)), name="encoder")
    decoders = []
    for name in ("decoder_a", "decoder_b"):
        code = keras.Input((code_size,))
        hidden = layers.LeakyReLU(0.1)(layers.Dense(rows * columns * filters[-1])(code))
        hidden = layers.Reshape((rows, columns, filters[-1]))(hidden)
        for width in reversed(filters):
            hidden = layers.Conv2D(4 * width, 3, padding="same")(hidden)
            hidden = PixelShuffle(2)(layers.LeakyReLU(0.1)(hidden))
        drawn = layers.Conv2D(image_shape[-1], 3, padding="same", activation="sigmoid")(hidden)
        decoders.append(keras.Model(code, drawn, name=name))
    return encoder, *decoders, build_swapper(encoder, *decoders)
