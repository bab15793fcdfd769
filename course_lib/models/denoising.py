"""Denoisers of pictures and of points; each starts at the best linear answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
from keras import layers

from course_lib._sizes import positive
from course_lib.layers import LevelBlend, LinearStart, PixelShuffle
from course_lib.referees import AffineMap


def build_denoiser(
    linear: AffineMap | None = None,
    *,
    image_shape: tuple[int, int] = (28, 28),
    filters: int = 24,
    depth: int = 2,
) -> keras.Model:
    """A convolutional denoiser that starts at its referee: before any training it *is* the linear map.

    The linear map's answer stands beside the noisy picture as a second input channel; convolutions at half the
    resolution compute what to add to it, and the last of them starts at zero. Four numbers a place are laid out as two by
    two pixels at the end. The linear map itself stays as it is.

    Args:
        linear: the best affine map for height * width pixels; without one, the network starts at its noisy input.
        image_shape: height and width, both even.
        filters: channels of the hidden layers.
        depth: 3x3 convolutions between the first, which halves the resolution, and the last.

    Returns:
        An untrained model (n, height, width, 1) -> (n, height, width, 1). The output is linear: clip it before scoring.

    Raises:
        ValueError: if a side is odd, ``linear`` has another number of pixels, or a size is not a positive integer.

    Source: sub-pixel denoising as in FFDNet (Zhang, Zuo and Zhang 2018); zero-initialised residual, Zhang, Dauphin and
    Ma 2019 (Fixup).
    """
    height, width = _even_sides(image_shape)
    noisy = keras.Input((height, width, 1), name="noisy")
    channels, start = [noisy], noisy
    if linear is not None:
        start = _linear_picture(noisy, linear, height, width, "linear")
        channels.append(start)
    correction = _correction(channels, positive("filters", filters), positive("depth", depth))
    return keras.Model(noisy, layers.Add(name="denoised")([start, correction]), name="denoiser")


def build_level_denoiser(
    linear: Mapping[float, AffineMap],
    *,
    image_shape: tuple[int, int] = (28, 28),
    filters: int = 24,
    depth: int = 2,
) -> keras.Model:
    """One denoiser for all noise levels, which is told the level: (noisy, sigma) -> clean.

    It starts at the linear maps of a few levels, blended linearly for the levels in between, the untouched picture
    being the map of level 0. The correction is multiplied by sigma, so that hardly noisy pictures are hardly changed.

    Args:
        linear: noise level -> best affine map at that level; one level at least, all positive.
        image_shape: height and width, both even.
        filters: channels of the hidden layers.
        depth: as in :func:`build_denoiser`.

    Returns:
        An untrained model ``[(n, height, width, 1), (n, 1)]`` -> (n, height, width, 1), output linear.

    Raises:
        ValueError: if a side is odd, a map has another number of pixels, or a level is not positive.

    Source: a noise level as input, FFDNet (Zhang, Zuo and Zhang 2018); scaling by the level, Karras and others 2022.
    """
    height, width = _even_sides(image_shape)
    levels = sorted(float(level) for level in linear)
    if not levels or levels[0] <= 0:
        raise ValueError(f"linear must map positive noise levels to affine maps, but its levels are {levels}")
    noisy, level = keras.Input((height, width, 1), name="noisy"), keras.Input((1,), name="sigma")
    versions = [noisy]
    for number, sigma in enumerate(levels):
        versions.append(_linear_picture(noisy, linear[sigma], height, width, f"linear_{number}"))
    stack = layers.Reshape((height, width, 1, len(versions)))(layers.Concatenate()(versions))
    start = LevelBlend([0.0, *levels], name="blend")([stack, level])
    everywhere = layers.UpSampling2D((height, width))(layers.Reshape((1, 1, 1))(level))  # sigma as a third channel
    correction = _correction([noisy, start, everywhere], positive("filters", filters), positive("depth", depth))
    scaled = layers.Multiply()([correction, everywhere])
    return keras.Model([noisy, level], layers.Add(name="denoised")([start, scaled]), name="level_denoiser")


def _even_sides(image_shape: Sequence[int]) -> tuple[int, int]:
    sides = tuple(image_shape)
    if len(sides) != 2 or any(int(side) != side or side < 2 or side % 2 for side in sides):
        raise ValueError(f"image_shape must be two even numbers, height and width, but it is {image_shape!r}")
    return sides


def _linear_picture(noisy, linear: AffineMap, height: int, width: int, name: str):
    """The answer of a fixed affine map as a picture."""
    pixels = height * width
    if linear.weights.shape != (pixels, pixels):
        raise ValueError(f"linear must map {pixels} pixels to {pixels}, but its weights have {linear.weights.shape}")
    dense = layers.Dense(pixels, trainable=False, name=name)
    picture = layers.Reshape((height, width, 1))(dense(layers.Reshape((pixels,))(noisy)))
    dense.set_weights([linear.weights, linear.offset])
    return picture


def _correction(channels: list, filters: int, depth: int):
    """What to add, at first zero: convolutions at half the resolution, then four numbers a place as two by two pixels."""
    hidden = channels[0] if len(channels) == 1 else layers.Concatenate()(channels)
    hidden = layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu")(hidden)
    for _ in range(depth):
        hidden = layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
    hidden = layers.Conv2D(4, 3, padding="same", kernel_initializer="zeros", name="correction")(hidden)
    return PixelShuffle(2)(hidden)


def build_point_denoiser(
    target: str = "noise", *, dim: int = 2, hidden_units: int = 96, depth: int = 3, variance: float = 0.5
) -> keras.Model:
    """A dense network for noisy points and the logarithm of their noise level; before training it is the linear answer.

    For data of mean 0 and the same variance along each axis the best linear guess of the clean point behind x is
    x * variance / (variance + sigma²), that of the noise x * sigma / (variance + sigma²). The network adds to it.

    Args:
        target: what it is going to be trained to predict: "noise", in units of sigma (the score is then -answer /
            sigma), or "clean", the clean point.
        dim: numbers in a point.
        hidden_units: width of the hidden ReLU layers.
        depth: number of hidden layers.
        variance: of the clean data along each axis; 1/2 for the unit circle.

    Returns:
        An untrained model ``[(n, dim), (n, 1)]`` -> (n, dim).

    Raises:
        ValueError: if ``target`` is another word or a size is not a positive integer.

    Source: predicting the noise, Ho, Jain and Abbeel 2020 (DDPM); scaling the input, Karras and others 2022.
    """
    if target not in ("clean", "noise"):
        raise ValueError(f'target must be "clean" or "noise", but it is {target!r}')
    dim, hidden_units = positive("dim", dim), positive("hidden_units", hidden_units)
    point, log_sigma = keras.Input((dim,), name="point"), keras.Input((1,), name="log_sigma")
    hidden = layers.Concatenate()([LinearStart("spread", variance)([point, log_sigma]), log_sigma])
    for _ in range(positive("depth", depth)):
        hidden = layers.Dense(hidden_units, "relu")(hidden)
    correction = layers.Dense(dim, kernel_initializer="zeros", name="correction")(hidden)
    start = LinearStart(target, variance, name="linear_answer")([point, log_sigma])
    return keras.Model([point, log_sigma], layers.Add(name="answer")([start, correction]), name=f"predicts_{target}")
