"""Autoencoders without a constraint on the code: dense, linear, convolutional, and one that starts as PCA."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from course_lib._sizes import positive
from course_lib.layers import PixelShuffle
from course_lib.models._parts import Triple, hidden_widths, join
from course_lib.referees import PCA, RandomFeatureMap


def build_autoencoder(
    input_dim: int,
    hidden_units: int | Sequence[int],
    code_size: int,
    *,
    activation: str = "gelu",
    code_activation: str | None = None,
    output_activation: str | None = "sigmoid",
) -> Triple:
    """A dense autoencoder: hidden layers down to the code, and the same widths up again.

    Args:
        input_dim: numbers in one input.
        hidden_units: width of the hidden layer, or the widths from the input to the code; the decoder mirrors them.
        code_size: numbers in the code.
        activation: of the hidden layers.
        code_activation: of the code; linear by default, so that a code may be any real number and no unit can die.
        output_activation: of the last layer; the sigmoid keeps it in [0, 1], ``None`` is linear.

    Returns:
        Untrained ``encoder`` (n, input_dim) -> (n, code_size), ``decoder`` back, and ``autoencoder``.

    Raises:
        ValueError: if a size is not a positive integer.
    """
    widths = hidden_widths(hidden_units)
    input_dim, code_size = positive("input_dim", input_dim), positive("code_size", code_size)
    image, code = keras.Input((input_dim,), name="image"), keras.Input((code_size,), name="code")
    hidden = image
    for width in widths:
        hidden = layers.Dense(width, activation)(hidden)
    encoder = keras.Model(image, layers.Dense(code_size, code_activation, name="code")(hidden), name="encoder")
    hidden = code
    for width in reversed(widths):
        hidden = layers.Dense(width, activation)(hidden)
    output = layers.Dense(input_dim, output_activation, name="reconstruction")(hidden)
    return join(encoder, keras.Model(code, output, name="decoder"), "autoencoder")


def linear_autoencoder(input_dim: int, code_size: int) -> Triple:
    """One linear layer down to the code and one up: at best as good as PCA (Baldi and Hornik 1989).

    Raises:
        ValueError: if a size is not a positive integer.
    """
    input_dim, code_size = positive("input_dim", input_dim), positive("code_size", code_size)
    image, code = keras.Input((input_dim,), name="image"), keras.Input((code_size,), name="code")
    encoder = keras.Model(image, layers.Dense(code_size, name="code")(image), name="encoder")
    decoder = keras.Model(code, layers.Dense(input_dim, name="reconstruction")(code), name="decoder")
    return join(encoder, decoder, "linear_autoencoder")


def build_convolutional_autoencoder(
    image_shape: Sequence[int], filters: Sequence[int], code_size: int, *, activation: str = "gelu"
) -> Triple:
    """Strided convolutions down to a dense code, and the same sizes up again by pixel shuffling.

    The decoder doubles the resolution by computing four numbers a place and laying them out as two by two pixels (Shi
    and others 2016): as many parameters as a transposed convolution, without its checkerboard, and faster on a CPU.

    Args:
        image_shape: (height, width) or (height, width, channels); height and width divisible by 2 ** len(filters).
        filters: channels after each halving, at least one.
        code_size: numbers in the code.
        activation: of the hidden layers.

    Returns:
        Untrained ``encoder`` (n, *image_shape) -> (n, code_size), ``decoder`` back with outputs in [0, 1] (sigmoid),
        and ``autoencoder``.

    Raises:
        ValueError: if the image cannot be halved that often, or a size is not a positive integer.
    """
    image_shape, code_size = tuple(image_shape), positive("code_size", code_size)
    filters = [positive("filters", width) for width in filters]
    if len(image_shape) not in (2, 3) or not filters or any(side % 2 ** len(filters) for side in image_shape[:2]):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels) with sides divisible by "
            f"{2 ** len(filters)} (one halving for each of the filters {filters}), but it is {image_shape}"
        )
    height, width = image_shape[:2]
    channels = image_shape[2] if len(image_shape) == 3 else 1
    image, code = keras.Input(image_shape, name="image"), keras.Input((code_size,), name="code")

    hidden = layers.Reshape((height, width, channels))(image)
    for width_out in filters:
        hidden = layers.Conv2D(width_out, 3, strides=2, padding="same", activation=activation)(hidden)
    hidden = layers.Flatten()(hidden)
    encoder = keras.Model(image, layers.Dense(code_size, name="code")(hidden), name="encoder")

    rows, columns = height // 2 ** len(filters), width // 2 ** len(filters)
    hidden = layers.Dense(rows * columns * filters[-1], activation)(code)
    hidden = layers.Reshape((rows, columns, filters[-1]))(hidden)
    for width_out in [*reversed(filters[:-1]), None]:
        last = width_out is None
        hidden = layers.Conv2D(4 * (channels if last else width_out), 3, padding="same")(hidden)
        hidden = PixelShuffle(2)(hidden)
        hidden = layers.Activation("sigmoid" if last else activation)(hidden)
    decoder = keras.Model(code, layers.Reshape(image_shape, name="reconstruction")(hidden), name="decoder")
    return join(encoder, decoder, "convolutional_autoencoder")


def warm_start_autoencoder(
    pca: PCA, hidden_units: int = 256, *, residual: RandomFeatureMap | None = None, activation: str = "gelu"
) -> Triple:
    """An autoencoder that starts at its referee: before any training it *is* PCA.

    Encoder and decoder are each a sum of two paths: the PCA map as a linear layer, and a small network with one hidden
    layer whose last layer starts at zero. The first step of training therefore starts from PCA's error, and the hidden
    layers learn only what a linear map cannot do. All weights are trained, also PCA's.

    Args:
        pca: a fitted PCA with d features and k components.
        hidden_units: width of the two nonlinear branches.
        residual: a random-feature map from PCA's codes (k) to what PCA leaves unexplained (d), fitted in closed form by
            :func:`course_lib.referees.fit_random_features`; the decoder's branch then starts there instead of at zero,
            and has that map's width and ReLU.
        activation: of the branches.

    Returns:
        ``encoder`` (n, d) -> (n, k), ``decoder`` back and ``autoencoder``. The output is linear: clip it before
        scoring.

    Raises:
        ValueError: if ``pca`` has no components, ``residual`` does not map k to d, or ``hidden_units`` is not positive.

    Source: zero-initialised residual branches, Zhang, Dauphin and Ma 2019 (Fixup); random features, Rahimi and Recht
    2007.
    """
    k, d = pca.components.shape
    hidden_units = positive("hidden_units", hidden_units)
    if k == 0:
        raise ValueError("pca must have at least one component, but its components have shape (0, d)")
    if residual is not None:
        residual_shape = residual.weights.shape[0], residual.readout.shape[1]
        if residual_shape != (k, d):
            raise ValueError(
                f"residual must map {k} numbers to {d}, but it maps {residual_shape[0]} to {residual_shape[1]}"
            )
    image, code = keras.Input((d,), name="image"), keras.Input((k,), name="code")

    hidden = layers.Dense(hidden_units, activation, name="encoder_hidden")(image)
    correction = layers.Dense(k, kernel_initializer="zeros", name="encoder_correction")(hidden)
    linear = layers.Dense(k, name="pca_encode")
    encoder = keras.Model(image, layers.Add(name="code")([linear(image), correction]), name="encoder")
    linear.set_weights([pca.components.T, -pca.components @ pca.mean])

    width, kind = (hidden_units, activation) if residual is None else (residual.weights.shape[1], "relu")
    branch = layers.Dense(width, kind, name="decoder_hidden")
    readout = layers.Dense(d, kernel_initializer="zeros", name="decoder_correction")
    linear = layers.Dense(d, name="pca_decode")
    output = layers.Add(name="reconstruction")([linear(code), readout(branch(code))])
    decoder = keras.Model(code, output, name="decoder")
    linear.set_weights([pca.components, pca.mean])
    if residual is not None:
        branch.set_weights([residual.weights, residual.bias])
        readout.set_weights([residual.readout, residual.offset])
    return join(encoder, decoder, "warm_start_autoencoder")
