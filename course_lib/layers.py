"""Layers that the lessons introduce. They run on every backend of Keras and hold their own seeds."""

from __future__ import annotations

import itertools

import keras
import numpy as np
from keras import ops

from course_lib import losses


@keras.saving.register_keras_serializable(package="bottleneck")
class Sampling(keras.layers.Layer):
    """Draws a code from the posterior: (mu, log_var) -> mu + exp(log_var / 2) * epsilon, epsilon standard normal.

    Written this way the randomness enters from outside, so that gradients reach mu and log_var (the
    reparameterisation trick).

    Args:
        seed: of the noise; None draws one when the layer is made, which ``training.set_seed`` makes repeatable.

    Raises:
        ValueError: if the layer is not called with two tensors of one shape (n, k).

    Source: Kingma and Welling 2014, section 2.4.
    """

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        """Check that two tensors of one shape come in; there is nothing to create."""
        if len(input_shape) != 2 or tuple(input_shape[0]) != tuple(input_shape[1]):
            raise ValueError(f"Sampling expects [mu, log_var], both of shape (n, k), but it received {input_shape}")

    def call(self, inputs):
        """Codes (n, k) from [mu, log_var]; drawn anew at each call, in training and in use alike."""
        mu, log_var = inputs
        epsilon = keras.random.normal(ops.shape(mu), seed=self.seed_generator)
        return mu + ops.exp(0.5 * log_var) * epsilon

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="bottleneck")
class SharedVector(keras.layers.Layer):
    """The same trained numbers for every input: (n, ...) -> (n, units), whatever the input is.

    A linear VAE needs one: the posterior variance of a linear Gaussian model does not depend on the picture.

    Args:
        units: how many numbers.
        initial_value: what each of them starts at.
    """

    def __init__(self, units: int, initial_value: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.initial_value = units, initial_value

    def build(self, input_shape):
        """Create the numbers, shape (units,)."""
        start = keras.initializers.Constant(self.initial_value)
        self.values = self.add_weight(shape=(self.units,), initializer=start, name="values")

    def call(self, inputs):
        """The numbers, once for each sample of the batch."""
        return ops.broadcast_to(self.values, (ops.shape(inputs)[0], self.units))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "initial_value": self.initial_value}


@keras.saving.register_keras_serializable(package="bottleneck")
class TopK(keras.layers.Layer):
    """Keeps the k largest activations of each sample, if they are positive, and sets all others to 0.

    The gradient flows through the winners only. A sample with fewer than k positive activations keeps fewer; activations
    that tie for place k are all kept.

    Args:
        k: how many units may be active in one sample.

    Shapes:
        (..., units) to the same shape.

    Raises:
        ValueError: if ``k`` is not a positive integer, or larger than the number of units the layer meets.

    Source: Makhzani and Frey 2014 (k-sparse autoencoders); Gao and others 2024 (with the ReLU).
    """

    def __init__(self, k: int, **options):
        super().__init__(**options)
        if int(k) != k or k < 1:
            raise ValueError(f"k must be a positive integer, but it is {k!r}")
        self.k = int(k)

    def build(self, input_shape):
        """Refuse more winners than there are units."""
        if input_shape[-1] < self.k:
            raise ValueError(f"k must be at most the number of units, {input_shape[-1]}, but it is {self.k}")
        super().build(input_shape)

    def call(self, inputs):
        """Codes in, codes out."""
        positive = ops.relu(inputs)
        smallest_kept = ops.top_k(positive, self.k, sorted=True)[0][..., -1:]
        return ops.where(positive >= smallest_kept, positive, ops.zeros_like(positive))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"k": self.k}


@keras.saving.register_keras_serializable(package="bottleneck")
class L1Penalty(keras.layers.Layer):
    """Passes codes through and adds ``strength`` times their mean L1 norm to the model's loss.

    Written out instead of ``activity_regularizer``, whose division by the batch size differs between versions of Keras.

    Args:
        strength: factor before the penalty, in units of the loss for one unit of activation; not negative.

    Shapes:
        (n, units) to the same shape.

    Raises:
        ValueError: if ``strength`` is negative.
    """

    def __init__(self, strength: float, **options):
        super().__init__(**options)
        if not strength >= 0:
            raise ValueError(f"strength must not be negative, but it is {strength!r}")
        self.strength = float(strength)

    def call(self, inputs):
        """Codes in, codes out."""
        self.add_loss(losses.l1_penalty(inputs, self.strength))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"strength": self.strength}


@keras.saving.register_keras_serializable(package="bottleneck")
class KLPenalty(keras.layers.Layer):
    """Passes sigmoid codes through and adds ``strength`` times :func:`course_lib.losses.kl_sparsity` to the loss.

    Args:
        target: the mean activity that each unit should have over a batch, between 0 and 1.
        strength: factor before the penalty; not negative.

    Shapes:
        (n, units), values in (0, 1), to the same shape.

    Raises:
        ValueError: if ``target`` does not lie strictly between 0 and 1, or ``strength`` is negative.

    Source: Ng 2011 (CS294A lecture notes, section 3).
    """

    def __init__(self, target: float, strength: float, **options):
        super().__init__(**options)
        if not 0 < target < 1:
            raise ValueError(f"target must lie strictly between 0 and 1, but it is {target!r}")
        if not strength >= 0:
            raise ValueError(f"strength must not be negative, but it is {strength!r}")
        self.target, self.strength = float(target), float(strength)

    def call(self, inputs):
        """Codes in, codes out."""
        self.add_loss(self.strength * losses.kl_sparsity(inputs, self.target))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"target": self.target, "strength": self.strength}


@keras.saving.register_keras_serializable(package="bottleneck")
class PixelShuffle(keras.layers.Layer):
    """Trades channels for resolution: (n, h, w, c factor²) -> (n, h factor, w factor, c), without weights.

    Output pixel (h factor + i, w factor + j) takes its channels from the block of c channels number i factor + j of
    place (h, w), as TensorFlow's depth_to_space does (PyTorch's pixel_shuffle orders the channels otherwise).

    Args:
        factor: how many times as high and wide the picture becomes.

    Raises:
        ValueError: if ``factor`` is not a positive integer, or the channels cannot be divided by its square.

    Source: Shi and others 2016.
    """

    def __init__(self, factor: int = 2, **kwargs):
        super().__init__(**kwargs)
        if int(factor) != factor or factor < 1:
            raise ValueError(f"factor must be a positive integer, but it is {factor!r}")
        self.factor = int(factor)

    def build(self, input_shape):
        """Check the channels; there is nothing to create."""
        if len(input_shape) != 4 or input_shape[-1] % self.factor**2:
            raise ValueError(
                f"PixelShuffle({self.factor}) expects shape (n, h, w, channels) with channels divisible by "
                f"{self.factor**2}, but it received {tuple(input_shape)}"
            )

    def call(self, inputs):
        """The same numbers, laid out as a larger picture with fewer channels."""
        f = self.factor
        height, width, channels = inputs.shape[1:]
        blocks = ops.reshape(inputs, (-1, height, width, f, f, channels // f**2))
        return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (-1, height * f, width * f, channels // f**2))

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        return (n, height * self.factor, width * self.factor, channels // self.factor**2)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Corruption(keras.layers.Layer):
    """Corrupts its input while a model trains and passes it on unchanged otherwise: the base of the layers below.

    What is random is drawn anew in every step from the layer's own ``SeedGenerator``, so that a network never sees the
    same noise twice and has nothing to learn by heart. ``training=True`` switches it on outside of ``fit``.

    Args:
        seed: of the random numbers; None draws one when the layer is made, which ``training.set_seed`` makes
            repeatable.
    """

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def corrupt(self, x):
        """A corrupted version of ``x``, float tensor (n, height, width, channels) or (n, d)."""
        raise NotImplementedError(f"{type(self).__name__} has no method corrupt")

    def call(self, x, training=None):
        """Corrupted in training, unchanged otherwise."""
        return self.corrupt(x) if training else x

    def sample(self, images, batch_size: int = 1000):
        """Corrupted copies of NumPy images in [0, 1], shape (n, ...): what a test set is made of. NumPy, float32."""
        batches = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
        made = [ops.convert_to_numpy(self(ops.convert_to_tensor(b, "float32"), training=True)) for b in batches]
        return np.concatenate(made)

    def compute_output_shape(self, input_shape):
        return input_shape

    def _uniform(self, x, shape=None):
        return keras.random.uniform(ops.shape(x) if shape is None else shape, seed=self.seed_generator)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="bottleneck")
class AddGaussianNoise(Corruption):
    """Adds white Gaussian noise, fresh in every step of training; Keras' own GaussianNoise never clips.

    Args:
        sigma: standard deviation of the noise, in the units of the input; or a pair (low, high), and every sample gets
            a level of its own, drawn uniformly between the two.
        clip: set what leaves [0, 1] to the nearer end, as a camera does.
        with_level: return the pair (noisy, levels) instead of noisy alone, levels of shape (n, 1), for a network that is
            told how noisy its input is.
        seed: of the noise.

    Raises:
        ValueError: if ``sigma`` is negative, or a pair that is not rising.
    """

    def __init__(self, sigma, clip: bool = True, with_level: bool = False, seed: int | None = None, **kwargs):
        super().__init__(seed, **kwargs)
        low, high = (sigma, sigma) if isinstance(sigma, (int, float)) else sigma
        if not 0 <= low <= high:
            raise ValueError(f"sigma must be at least 0, or a rising pair of such numbers, but it is {sigma!r}")
        self.sigma, self.clip, self.with_level = sigma, clip, with_level
        self.low, self.high = float(low), float(high)

    def call(self, x, training=None):
        """Noisy in training, unchanged otherwise; with the levels if asked for."""
        samples = ops.shape(x)[0]
        if not training:
            level = ops.zeros((samples, 1), dtype=x.dtype)
        else:
            level = self.low + (self.high - self.low) * self._uniform(x, (samples, 1))
            shape = (samples,) + (1,) * (len(x.shape) - 1)
            noise = keras.random.normal(ops.shape(x), seed=self.seed_generator)
            x = x + ops.reshape(level, shape) * noise
            x = ops.clip(x, 0.0, 1.0) if self.clip else x
        return (x, level) if self.with_level else x

    def compute_output_shape(self, input_shape):
        return (input_shape, (input_shape[0], 1)) if self.with_level else input_shape

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma, "clip": self.clip, "with_level": self.with_level}


@keras.saving.register_keras_serializable(package="bottleneck")
class SaltAndPepper(Corruption):
    """Replaces a share of the numbers by 0 or 1, half of them each.

    Args:
        share: probability that a number is replaced, in [0, 1].
        seed: of the random numbers.

    Raises:
        ValueError: if ``share`` is outside [0, 1].
    """

    def __init__(self, share: float = 0.2, seed: int | None = None, **kwargs):
        super().__init__(seed, **kwargs)
        self.share = _share(share)

    def corrupt(self, x):
        """Salt where a uniform number is below half the share, pepper where it is above one minus half the share."""
        drawn = self._uniform(x)
        x = ops.where(drawn < self.share / 2, ops.ones_like(x), x)
        return ops.where(drawn > 1 - self.share / 2, ops.zeros_like(x), x)

    def get_config(self):
        return {**super().get_config(), "share": self.share}


@keras.saving.register_keras_serializable(package="bottleneck")
class MaskPixels(Corruption):
    """Sets a share of the numbers to 0, independently of each other; the others stay as they are, unlike in dropout.

    Args:
        share: probability that a number is set to 0, in [0, 1].
        seed: of the random numbers.

    Raises:
        ValueError: if ``share`` is outside [0, 1].

    Source: Vincent and others 2010, section 3.3 (masking noise).
    """

    def __init__(self, share: float = 0.5, seed: int | None = None, **kwargs):
        super().__init__(seed, **kwargs)
        self.share = _share(share)

    def corrupt(self, x):
        """Zero where a uniform number is below the share."""
        return ops.where(self._uniform(x) < self.share, ops.zeros_like(x), x)

    def get_config(self):
        return {**super().get_config(), "share": self.share}


@keras.saving.register_keras_serializable(package="bottleneck")
class MissingBlock(Corruption):
    """Sets one square of each picture to 0, at a place drawn uniformly.

    Args:
        size: side of the square in pixels, at least 1.
        seed: of the places.

    Raises:
        ValueError: if ``size`` is not a positive integer, or larger than the pictures it is given.
    """

    def __init__(self, size: int = 8, seed: int | None = None, **kwargs):
        super().__init__(seed, **kwargs)
        if int(size) != size or size < 1:
            raise ValueError(f"size must be a positive integer, but it is {size!r}")
        self.size = int(size)

    def build(self, input_shape):
        """Check that the pictures are large enough; there is nothing to create."""
        if len(input_shape) != 4 or min(input_shape[1:3]) < self.size:
            raise ValueError(
                f"MissingBlock expects pictures (n, height, width, channels) of at least {self.size} pixels a side, "
                f"but it received {tuple(input_shape)}"
            )

    def corrupt(self, x):
        """Zero inside the square."""
        samples, sides = ops.shape(x)[0], x.shape[1:3]

        def inside(side):  # (n, side) of booleans: which rows, or columns, the square covers
            start = ops.floor(self._uniform(x, (samples, 1)) * (side - self.size + 1))
            place = ops.reshape(ops.arange(side, dtype=x.dtype), (1, side))
            return ops.logical_and(place >= start, place < start + self.size)

        rows, columns = inside(sides[0]), inside(sides[1])
        square = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
        return ops.where(square, ops.zeros_like(x), x)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def _share(share: float) -> float:
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, but it is {share!r}")
    return float(share)


@keras.saving.register_keras_serializable(package="bottleneck")
class LevelBlend(keras.layers.Layer):
    """Several versions of a picture, made for several noise levels, blended for the level in between.

    Called with ``[versions, level]``: versions (n, ..., levels), level (n, 1). Between two neighbouring levels the two
    versions are mixed linearly; beyond the ends the last one is taken.

    Args:
        levels: the noise levels of the versions, rising, at least two.

    Raises:
        ValueError: if the levels are not rising.
    """

    def __init__(self, levels, **kwargs):
        super().__init__(**kwargs)
        self.levels = [float(level) for level in levels]
        if len(self.levels) < 2 or any(b <= a for a, b in itertools.pairwise(self.levels)):
            raise ValueError(f"levels must be at least two rising numbers, but they are {levels!r}")

    def call(self, inputs):
        """The blend, shape (n, ...)."""
        versions, level = inputs
        level = ops.clip(level, self.levels[0], self.levels[-1])  # (n, 1)
        weights = []
        for i, at in enumerate(self.levels):
            below = self.levels[i - 1] if i else at - 1.0
            above = self.levels[i + 1] if i + 1 < len(self.levels) else at + 1.0
            hat = ops.minimum((level - below) / (at - below), (above - level) / (above - at))
            weights.append(ops.maximum(hat, 0.0))
        weights = ops.concatenate(weights, axis=-1)  # (n, levels), rows sum to 1
        for _ in range(len(versions.shape) - 2):
            weights = ops.expand_dims(weights, 1)
        return ops.sum(versions * weights, axis=-1)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0][:-1])

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}


@keras.saving.register_keras_serializable(package="bottleneck")
class LinearStart(keras.layers.Layer):
    """The best linear answer for noisy points, ``[points, log_sigma]`` -> (n, d), if only a variance is known.

    Args:
        target: "clean", the clean point behind a noisy one, x * variance / (variance + sigma²); "noise", its noise in
            units of sigma, x * sigma / (variance + sigma²); or "spread", x divided by its standard deviation, which
            keeps a network's input in range at every level.
        variance: of the clean data along each axis, around 0; 1/2 for the unit circle.

    Raises:
        ValueError: if ``target`` is another word or ``variance`` is not positive.

    Source: the Wiener filter in one dimension; Karras and others 2022, table 1 (the scalings).
    """

    def __init__(self, target: str = "noise", variance: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        if target not in ("clean", "noise", "spread"):
            raise ValueError(f'target must be "clean", "noise" or "spread", but it is {target!r}')
        if not variance > 0:
            raise ValueError(f"variance must be positive, but it is {variance!r}")
        self.target, self.variance = target, float(variance)

    def call(self, inputs):
        """One answer for each point, shape (n, d)."""
        points, log_sigma = inputs
        sigma = ops.exp(log_sigma)
        total = self.variance + ops.square(sigma)
        factor = {"clean": self.variance / total, "noise": sigma / total, "spread": 1 / ops.sqrt(total)}[self.target]
        return points * factor

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {**super().get_config(), "target": self.target, "variance": self.variance}
