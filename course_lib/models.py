"""The networks that the lessons teach, for the lessons after them to import.

Every autoencoder builder returns ``(encoder, decoder, autoencoder)``: three models on the same layers, so that training one trains
all. The autoencoder is ``decoder(encoder(x))``; after ``keras.saving.load_model`` its halves are found again with
``autoencoder.get_layer("encoder")`` and ``get_layer("decoder")``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from course_lib import losses
from course_lib.layers import LevelBlend, LinearStart, PixelShuffle, Sampling, SharedVector
from course_lib.referees import PCA, AffineMap, ProbabilisticPCA, RandomFeatureMap, Transport

Triple = tuple[keras.Model, keras.Model, keras.Model]


def _positive(name: str, value: int) -> int:
    if int(value) != value or value < 1:
        raise ValueError(f"{name} must be a positive integer, but it is {value!r}")
    return int(value)


def _widths(hidden_units: int | Sequence[int]) -> list[int]:
    widths = list(hidden_units) if isinstance(hidden_units, (list, tuple)) else [hidden_units]
    return [_positive("hidden_units", width) for width in widths]


def _join(encoder: keras.Model, decoder: keras.Model, name: str) -> Triple:
    inputs = keras.Input(encoder.input_shape[1:], name="image")
    return encoder, decoder, keras.Model(inputs, decoder(encoder(inputs)), name=name)


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
    widths = _widths(hidden_units)
    input_dim, code_size = _positive("input_dim", input_dim), _positive("code_size", code_size)
    image, code = keras.Input((input_dim,), name="image"), keras.Input((code_size,), name="code")
    hidden = image
    for width in widths:
        hidden = layers.Dense(width, activation)(hidden)
    encoder = keras.Model(image, layers.Dense(code_size, code_activation, name="code")(hidden), name="encoder")
    hidden = code
    for width in reversed(widths):
        hidden = layers.Dense(width, activation)(hidden)
    output = layers.Dense(input_dim, output_activation, name="reconstruction")(hidden)
    return _join(encoder, keras.Model(code, output, name="decoder"), "autoencoder")


def linear_autoencoder(input_dim: int, code_size: int) -> Triple:
    """One linear layer down to the code and one up: at best as good as PCA (Baldi and Hornik 1989).

    Raises:
        ValueError: if a size is not a positive integer.
    """
    input_dim, code_size = _positive("input_dim", input_dim), _positive("code_size", code_size)
    image, code = keras.Input((input_dim,), name="image"), keras.Input((code_size,), name="code")
    encoder = keras.Model(image, layers.Dense(code_size, name="code")(image), name="encoder")
    decoder = keras.Model(code, layers.Dense(input_dim, name="reconstruction")(code), name="decoder")
    return _join(encoder, decoder, "linear_autoencoder")


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
    image_shape, code_size = tuple(image_shape), _positive("code_size", code_size)
    filters = [_positive("filters", width) for width in filters]
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
        hidden = _pixel_shuffle(hidden, rows, columns, channels if last else width_out)
        rows, columns = 2 * rows, 2 * columns
        hidden = layers.Activation("sigmoid" if last else activation)(hidden)
    decoder = keras.Model(code, layers.Reshape(image_shape, name="reconstruction")(hidden), name="decoder")
    return _join(encoder, decoder, "convolutional_autoencoder")


def _pixel_shuffle(x, rows: int, columns: int, channels: int):
    """(n, rows, columns, 4 channels) to (n, 2 rows, 2 columns, channels), out of layers that can be saved."""
    x = layers.Reshape((rows, columns, 2, 2 * channels))(x)
    x = layers.Permute((1, 3, 2, 4))(x)
    return layers.Reshape((2 * rows, 2 * columns, channels))(x)


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
    hidden_units = _positive("hidden_units", hidden_units)
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
    return _join(encoder, decoder, "warm_start_autoencoder")


def build_sparse_autoencoder(
    input_dim: int,
    units: int,
    sparsity: layers.Layer | None = None,
    *,
    activation: str | None = "relu",
    atoms: np.ndarray | None = None,
    unit_norm: bool = True,
) -> Triple:
    """One hidden layer, as wide as you like, of which few units should be active at once.

    The decoder has no bias: a reconstruction is a sum of **atoms**, the rows of its kernel (units, input_dim), each
    times the activation of its unit. Subtract the training mean from the data before you train it. The encoder starts as
    the decoder's transpose, with bias 0.

    Args:
        input_dim: numbers in one input.
        units: numbers in the code; may be more than ``input_dim``.
        sparsity: a layer between the activation and the decoder, such as ``TopK(8)``, ``L1Penalty(0.1)`` or
            ``KLPenalty(0.05, 1.0)`` of :mod:`course_lib.layers`; its output is the code. None for a plain code.
        activation: of the code: "relu", or "sigmoid" for a KL penalty.
        atoms: where the atoms start, shape (units, input_dim), scaled to norm 1; random directions by default.
        unit_norm: keep the norm of each atom at 1 after every step. Without it, an L1 penalty can be evaded: small
            activations, large atoms.

    Returns:
        Untrained ``encoder`` (n, input_dim) -> (n, units), ``decoder`` back and ``autoencoder``. The output is linear.
        The atoms are ``decoder.get_layer("atoms").kernel``.

    Raises:
        ValueError: if a size is not a positive integer, or ``atoms`` has another shape or a row of zeros.

    Source: Ng 2011; Bricken and others 2023 and Gao and others 2024 for the unit-norm atoms and the tied start.
    """
    input_dim, units = _positive("input_dim", input_dim), _positive("units", units)
    if atoms is None:
        rng = np.random.default_rng(int(keras.random.randint((), 0, 2**31 - 1)))
        atoms = rng.standard_normal((units, input_dim))
    atoms = np.asarray(atoms, np.float32)
    if atoms.shape != (units, input_dim):
        raise ValueError(f"atoms must have shape {(units, input_dim)}, but they have {atoms.shape}")
    norms = np.linalg.norm(atoms, axis=1, keepdims=True)
    if not (norms > 0).all():
        raise ValueError(f"atoms must have no row of zeros, but {int((norms == 0).sum())} have")
    atoms = atoms / norms
    sample, code = keras.Input((input_dim,), name="image"), keras.Input((units,), name="code")
    detect = layers.Dense(units, activation, name="detectors")
    hidden = detect(sample)
    encoder = keras.Model(sample, hidden if sparsity is None else sparsity(hidden), name="encoder")
    detect.set_weights([atoms.T, np.zeros(units)])
    constraint = keras.constraints.UnitNorm(axis=1) if unit_norm else None  # over the row: one atom
    draw = layers.Dense(input_dim, use_bias=False, kernel_constraint=constraint, name="atoms")
    decoder = keras.Model(code, draw(code), name="decoder")
    draw.set_weights([atoms])
    return _join(encoder, decoder, "sparse_autoencoder")


@dataclass(frozen=True)
class ElboTerms:
    """The two terms of the loss of a variational autoencoder, in nats for each picture.

    Attributes:
        distortion: mean over samples of the code of -log p(x | z), shape (n,).
        rate: KL divergence of the posterior from the prior, shape (n,).
    """

    distortion: np.ndarray
    rate: np.ndarray

    @property
    def elbo(self) -> np.ndarray:
        """The evidence lower bound: -(distortion + rate), shape (n,)."""
        return -(self.distortion + self.rate)


@keras.saving.register_keras_serializable(package="bottleneck")
class VariationalAutoencoder(keras.Model):
    """A variational autoencoder with a normal posterior, a standard normal prior and one of three likelihoods.

    Its loss is distortion + kl_weight * rate, in nats for each picture: sums over pixels and latents, mean over the
    batch. Compile it without a loss (``training.fit(..., loss=None)``); ``fit`` reports ``distortion`` and ``rate``.

    Args:
        encoder: a model from pictures (n, ...) to two outputs (n, k): mu and log_var = log σ² of the posterior.
        decoder: a model from codes (n, k) to mean pictures, or to logits for the other two likelihoods.
        likelihood: "gaussian", every pixel with one standard deviation ``sigma``; "bernoulli", for pixels 0 or 1; or
            "multinomial", for how often each of n items was chosen (Liang and others 2018).
        sigma: standard deviation of a pixel in the units of the data; where it starts, if it is learned.
        learn_sigma: whether ``sigma`` is trained like the weights.
        kl_weight: β; 1 for a true bound.
        seed: of the codes drawn while training.

    Raises:
        ValueError: if the two models do not fit together, or an argument is out of range.

    Source: Kingma and Welling 2014; Rezende, Mohamed and Wierstra 2014; β: Higgins and others 2017.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: str = "gaussian",
        sigma: float = 1.0,
        learn_sigma: bool = False,
        kl_weight: float = 1.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if likelihood not in ("gaussian", "bernoulli", "multinomial"):
            raise ValueError(f'likelihood must be "gaussian", "bernoulli" or "multinomial", but it is {likelihood!r}')
        if not sigma > 0 or not kl_weight >= 0:
            raise ValueError(f"sigma must be positive and kl_weight not negative, but they are {sigma} and {kl_weight}")
        outputs = [tuple(output.shape) for output in encoder.outputs]
        if len(outputs) != 2 or outputs[0] != outputs[1] or outputs[0] != tuple(decoder.inputs[0].shape):
            raise ValueError(
                f"encoder must have two outputs (mu and log_var) of the decoder's input shape "
                f"{tuple(decoder.inputs[0].shape)}, but its outputs have the shapes {outputs}"
            )
        self.encoder, self.decoder = encoder, decoder
        self.likelihood, self.kl_weight, self.learn_sigma, self.seed = likelihood, kl_weight, learn_sigma, seed
        self.sampling = Sampling(seed, name="sampling")
        self.log_sigma = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(math.log(sigma)),
            trainable=learn_sigma and likelihood == "gaussian",
            name="log_sigma",
        )
        self.distortion_mean = keras.metrics.Mean(name="distortion")
        self.rate_mean = keras.metrics.Mean(name="rate")

    @property
    def latent_dim(self) -> int:
        """Numbers in a code."""
        return self.decoder.inputs[0].shape[-1]

    @property
    def sigma(self) -> float:
        """Standard deviation of a pixel around the decoder's output, in the units of the data."""
        return float(np.exp(keras.ops.convert_to_numpy(self.log_sigma + 0.0)))

    def build(self, input_shape=None):
        """Encoder and decoder are built already."""
        self.built = True

    def call(self, inputs, training=False):
        """Draw a code for each picture: a dictionary of reconstruction, mu and log_var."""
        mu, log_var = self.encoder(inputs, training=training)
        reconstruction = self.decoder(self.sampling([mu, log_var]), training=training)
        return {"reconstruction": reconstruction, "mu": mu, "log_var": log_var}

    def negative_log_likelihood(self, x, decoded):
        """-log p(x | z) for each picture, in nats: backend tensors (n, ...) and (n, ...) to (n,)."""
        if self.likelihood == "bernoulli":
            return losses.bernoulli_nll(x, decoded)
        if self.likelihood == "multinomial":
            return losses.multinomial_nll(x, decoded)
        return losses.gaussian_nll(x, decoded, ops.exp(self.log_sigma))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Distortion plus kl_weight times rate, mean over the batch."""
        distortion = ops.mean(self.negative_log_likelihood(x, y_pred["reconstruction"]))
        rate = ops.mean(losses.kl_divergence(y_pred["mu"], y_pred["log_var"]))
        self.distortion_mean.update_state(distortion)
        self.rate_mean.update_state(rate)
        return distortion + self.kl_weight * rate

    def posterior(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations (n, k) of the posteriors of pictures (n, ...)."""
        mu, log_var = self.encoder.predict(x, batch_size=1000, verbose=0)
        return mu, np.exp(0.5 * log_var)

    def _decoded(self, x: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """-log p(x | z) as NumPy numbers, (n,)."""
        decoded = ops.convert_to_tensor(self.decoder.predict(codes.astype("float32"), batch_size=5000, verbose=0))
        return ops.convert_to_numpy(self.negative_log_likelihood(ops.convert_to_tensor(x), decoded)).astype(np.float64)

    def elbo_terms(self, x: np.ndarray, *, samples: int = 1, seed: int = 0) -> ElboTerms:
        """Distortion and rate of pictures, in nats each; the rate is exact, the distortion a mean over ``samples`` codes.

        Args:
            x: pictures, float32, shape (n, ...).
            samples: codes drawn from each posterior.
            seed: of these codes; two models with as many latents get the same noise.
        """
        mu, sd = self.posterior(x)
        rng = np.random.default_rng(seed)
        draws = [self._decoded(x, mu + sd * rng.standard_normal(mu.shape)) for _ in range(samples)]
        rate = 0.5 * (np.square(mu) + np.square(sd) - 1.0 - 2.0 * np.log(sd)).sum(axis=1)
        return ElboTerms(np.mean(draws, axis=0), rate.astype(np.float64))

    def log_weights(self, x: np.ndarray, *, samples: int, seed: int = 0) -> np.ndarray:
        """Log weights log p(x, z) - log q(z | x), codes z drawn from the posterior of each picture: (n, samples), nats.

        Their mean over the samples estimates the ELBO; see :func:`course_lib.metrics.importance_weighted_bound`.
        """
        mu, sd = (part.astype(np.float64) for part in self.posterior(x))
        rng = np.random.default_rng(seed)
        weights = np.empty((len(mu), samples))
        together = max(1, 5000 // len(mu))  # decoding several samples in one call is much quicker for small sets
        for start in range(0, samples, together):
            count = min(together, samples - start)
            epsilon = rng.standard_normal((count, *mu.shape))
            codes = mu + sd * epsilon  # (count, n, k)
            prior_over_posterior = 0.5 * (np.square(epsilon) - np.square(codes)).sum(axis=2) + np.log(sd).sum(axis=1)
            repeated = (
                [np.concatenate([part] * count) for part in x] if isinstance(x, list) else np.concatenate([x] * count)
            )
            decoded = self._decoded(repeated, codes.reshape(-1, mu.shape[1])).reshape(count, -1)
            weights[:, start : start + count] = (prior_over_posterior - decoded).T
        return weights

    def get_config(self):
        """The constructor's arguments, for saving; sigma is a weight and saved as one."""
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "likelihood": self.likelihood,
            "learn_sigma": self.learn_sigma,
            "kl_weight": self.kl_weight,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        """Rebuild from :meth:`get_config`."""
        parts = {name: keras.saving.deserialize_keras_object(config.pop(name)) for name in ("encoder", "decoder")}
        return cls(**parts, **config)


def _gaussian_head(hidden, latent_dim: int) -> list:
    """The encoder's two outputs. log_var starts at zero for every input: the posterior starts as wide as the prior."""
    mu = layers.Dense(latent_dim, name="mu")(hidden)
    log_var = layers.Dense(latent_dim, kernel_initializer="zeros", name="log_var")(hidden)
    return [mu, log_var]


def build_vae(
    input_dim: int,
    hidden_units: int | Sequence[int],
    latent_dim: int,
    *,
    activation: str = "gelu",
    output_activation: str | None = None,
    **options,
) -> VariationalAutoencoder:
    """A dense variational autoencoder: hidden layers down to mu and log_var, and the same widths up again.

    Args:
        input_dim: numbers in one picture.
        hidden_units: width of the hidden layer, or the widths from the input to the code; the decoder mirrors them.
        latent_dim: numbers in a code.
        activation: of the hidden layers.
        output_activation: of the decoder; none for logits or an unbounded mean, "sigmoid" keeps a mean in [0, 1].
        **options: ``likelihood``, ``sigma``, ``learn_sigma``, ``kl_weight`` and ``seed`` of
            :class:`VariationalAutoencoder`.

    Raises:
        ValueError: if a size is not a positive integer.
    """
    widths = _widths(hidden_units)
    input_dim, latent_dim = _positive("input_dim", input_dim), _positive("latent_dim", latent_dim)
    image, code = keras.Input((input_dim,), name="image"), keras.Input((latent_dim,), name="code")
    hidden = image
    for width in widths:
        hidden = layers.Dense(width, activation)(hidden)
    encoder = keras.Model(image, _gaussian_head(hidden, latent_dim), name="encoder")
    hidden = code
    for width in reversed(widths):
        hidden = layers.Dense(width, activation)(hidden)
    output = layers.Dense(input_dim, output_activation, name="reconstruction")(hidden)
    return VariationalAutoencoder(encoder, keras.Model(code, output, name="decoder"), name="vae", **options)


def build_linear_vae(input_dim: int, latent_dim: int, **options) -> VariationalAutoencoder:
    """A linear variational autoencoder: linear mean, linear decoder, one posterior variance for each latent.

    At its optimum it is probabilistic PCA, and its bound is tight (Lucas and others 2019).

    Args:
        input_dim: numbers in one picture.
        latent_dim: numbers in a code.
        **options: ``sigma``, ``learn_sigma``, ``kl_weight`` and ``seed`` of :class:`VariationalAutoencoder`.

    Raises:
        ValueError: if a size is not a positive integer.
    """
    input_dim, latent_dim = _positive("input_dim", input_dim), _positive("latent_dim", latent_dim)
    image, code = keras.Input((input_dim,), name="image"), keras.Input((latent_dim,), name="code")
    outputs = [layers.Dense(latent_dim, name="mu")(image), SharedVector(latent_dim, name="log_var")(image)]
    decoder = keras.Model(code, layers.Dense(input_dim, name="reconstruction")(code), name="decoder")
    return VariationalAutoencoder(keras.Model(image, outputs, name="encoder"), decoder, name="linear_vae", **options)


def warm_start_vae(
    ppca: ProbabilisticPCA, hidden_units: int = 256, *, activation: str = "gelu", **options
) -> VariationalAutoencoder:
    """A variational autoencoder that starts at its referee: before any training it *is* probabilistic PCA.

    Posterior mean, posterior log variance and decoder are each a linear path, set to the exact answer, plus a small
    network whose last layer starts at zero. Sigma starts at the referee's too, and is learned. Before the first step
    the bound therefore equals the exact log likelihood of probabilistic PCA.

    Args:
        ppca: fitted, with k latents, all of them in use.
        hidden_units: width of the hidden layers.
        activation: of the hidden layers.
        **options: further arguments of :class:`VariationalAutoencoder`, such as ``learn_sigma=False`` or ``kl_weight``.

    Raises:
        ValueError: if ``ppca`` has no latent, or one that is not used.
    """
    k, d = ppca.loadings.shape
    hidden_units = _positive("hidden_units", hidden_units)
    if k == 0 or not np.square(ppca.loadings).sum(axis=1).min() > 0:
        raise ValueError(f"ppca must have latents, all of them in use, but the lengths of its {k} loadings include 0")
    image, code = keras.Input((d,), name="image"), keras.Input((k,), name="code")
    hidden = layers.Dense(hidden_units, activation, name="encoder_hidden")(image)
    correction = layers.Dense(k, kernel_initializer="zeros", name="mu_correction")(hidden)
    linear_mu = layers.Dense(k, name="ppca_mu")
    log_var = layers.Dense(
        k,
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(0.0),
        name="log_var",
    )
    outputs = [layers.Add(name="mu")([linear_mu(image), correction]), log_var(hidden)]
    encoder = keras.Model(image, outputs, name="encoder")
    gain = ppca.posterior_variance / ppca.noise_variance
    kernel = ppca.loadings.T * gain
    linear_mu.set_weights([kernel, -ppca.mean @ kernel])
    log_var.set_weights([np.zeros((hidden_units, k)), np.log(ppca.posterior_variance)])

    branch = layers.Dense(hidden_units, activation, name="decoder_hidden")(code)
    correction = layers.Dense(d, kernel_initializer="zeros", name="decoder_correction")(branch)
    linear = layers.Dense(d, name="ppca_decode")
    decoder = keras.Model(code, layers.Add(name="reconstruction")([linear(code), correction]), name="decoder")
    linear.set_weights([ppca.loadings, ppca.mean])
    options = {"sigma": math.sqrt(ppca.noise_variance), "learn_sigma": True, **options}
    return VariationalAutoencoder(encoder, decoder, name="warm_start_vae", **options)


def standardise_codes(vae: VariationalAutoencoder, x: np.ndarray) -> VariationalAutoencoder:
    """The same variational autoencoder with codes that have mean 0 and variance 1 over the pictures ``x``.

    Moving and stretching a latent, and undoing it in the decoder, changes no reconstruction. It changes the rate, and
    the best choice is known: the aggregate posterior (the codes of all pictures together) should have the prior's mean
    and variance. The rate falls by KL(N(m, v) || N(0, 1)) for each latent with mean m and variance v before.

    Args:
        vae: trained; it shares its layers with the result and is not changed.
        x: pictures, shape (n, ...): the training set.

    Returns:
        A new model, to be scored and sampled like the old one.
    """
    mu, sd = vae.posterior(x)
    mean = mu.mean(axis=0, dtype=np.float64)
    spread = np.sqrt(mu.var(axis=0, dtype=np.float64) + np.square(sd).mean(axis=0, dtype=np.float64))
    image, code = keras.Input(vae.encoder.inputs[0].shape[1:], name="image"), keras.Input(mean.shape, name="code")
    old_mu, old_log_var = vae.encoder(image)
    new_mu = layers.Rescaling((1.0 / spread).tolist(), (-mean / spread).tolist(), name="standard_mu")(old_mu)
    new_log_var = layers.Rescaling(1.0, (-2.0 * np.log(spread)).tolist(), name="standard_log_var")(old_log_var)
    encoder = keras.Model(image, [new_mu, new_log_var], name="encoder")
    stretched = layers.Rescaling(spread.tolist(), mean.tolist(), name="stretched_code")(code)
    decoder = keras.Model(code, vae.decoder(stretched), name="decoder")
    options = {"likelihood": vae.likelihood, "sigma": vae.sigma, "learn_sigma": vae.learn_sigma}
    return VariationalAutoencoder(encoder, decoder, kl_weight=vae.kl_weight, name=vae.name, **options)


def sample_prior(decoder: keras.Model | Callable, n: int, latent_dim: int, rng: np.random.Generator) -> np.ndarray:
    """New pictures: codes from the standard normal prior, decoded. No picture of any data set enters.

    Args:
        decoder: a model or function from codes (n, latent_dim), float32, to pictures.
        n: how many.
        latent_dim: numbers in a code.
        rng: NumPy generator of the codes.

    Returns:
        The decoder's answers, shape (n, ...): mean pictures without pixel noise, or logits if that is what it decodes to.

    Raises:
        ValueError: if ``n`` or ``latent_dim`` is not a positive integer.
    """
    n, latent_dim = _positive("n", n), _positive("latent_dim", latent_dim)
    codes = rng.standard_normal((n, latent_dim)).astype("float32")
    if isinstance(decoder, keras.Model):
        return decoder.predict(codes, batch_size=1000, verbose=0)
    return keras.ops.convert_to_numpy(decoder(codes))


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """A code between two codes, along the arc and not the chord: (k,), (k,) and a number to (k,).

    The direction turns by the share ``t`` of the angle between them, the norm changes linearly. Half-way along the
    straight line between two independent codes of many numbers the norm is only .71 of theirs, where the prior has
    next to no mass.

    Args:
        a: the code at t = 0, not zero.
        b: the code at t = 1, not zero and not opposite to ``a``.
        t: 0 to 1.

    Raises:
        ValueError: if the shapes differ or are not (k,), a code is zero, or the two are opposite: there is no arc then.

    Source: Shoemake 1985; for latent spaces White 2016.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape (k,), but they have {a.shape} and {b.shape}")
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if min(norms) == 0:
        raise ValueError("a and b must not be zero: a zero has no direction")
    one, other = a / norms[0], b / norms[1]
    angle = 2.0 * np.arctan2(np.linalg.norm(one - other), np.linalg.norm(one + other))  # exact for small angles too
    if math.pi - angle < 1e-7:
        raise ValueError("a and b point in opposite directions: every arc between them is as short as any other")
    norm = (1 - t) * norms[0] + t * norms[1]
    if angle < 1e-7:  # one direction: the arc is the chord
        return norm * one
    return norm * (np.sin((1 - t) * angle) * one + np.sin(t * angle) * other) / np.sin(angle)


@keras.saving.register_keras_serializable(package="bottleneck")
class ConditionalVariationalAutoencoder(VariationalAutoencoder):
    """A variational autoencoder whose encoder and decoder are also told a condition, such as the kind of a day.

    Call and fit it with the pair [data, conditions], shapes (n, d) and (n, c). The prior of the codes does not depend on
    the condition: to generate, draw a code, choose a condition, decode both. It estimates log p(data | condition).

    Args:
        encoder: from [data, conditions] to mu and log_var.
        decoder: from [code, conditions] to the mean of the data.
        **options: of :class:`VariationalAutoencoder`.

    Source: Sohn, Lee and Yan 2015; Kingma and others 2014.
    """

    def call(self, inputs, training=False):
        """Draw a code for each row: a dictionary of reconstruction, mu and log_var."""
        _, conditions = inputs
        mu, log_var = self.encoder(inputs, training=training)
        reconstruction = self.decoder([self.sampling([mu, log_var]), conditions], training=training)
        return {"reconstruction": reconstruction, "mu": mu, "log_var": log_var}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Distortion of the data, not of the conditions, plus kl_weight times rate."""
        return super().compute_loss(x=x[0], y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)

    def _decoded(self, x, codes: np.ndarray) -> np.ndarray:
        data, conditions = x
        decoded = ops.convert_to_tensor(self.generate(codes, conditions))
        return ops.convert_to_numpy(self.negative_log_likelihood(ops.convert_to_tensor(data), decoded)).astype(
            np.float64
        )

    def generate(self, codes: np.ndarray, conditions: np.ndarray) -> np.ndarray:
        """Mean data of codes (n, k) under conditions (n, c): (n, d)."""
        parts = [np.asarray(part, np.float32) for part in (codes, conditions)]
        return self.decoder.predict(parts, batch_size=5000, verbose=0)


def build_conditional_vae(
    input_dim: int,
    n_conditions: int,
    hidden_units: int | Sequence[int],
    latent_dim: int,
    *,
    activation: str = "gelu",
    **options,
) -> ConditionalVariationalAutoencoder:
    """A dense conditional variational autoencoder: the condition is a further input of encoder and decoder.

    Args:
        input_dim: numbers in one row of data.
        n_conditions: numbers that describe its condition, such as a one-hot class.
        hidden_units: width of the hidden layer, or the widths from the input to the code; the decoder mirrors them.
        latent_dim: numbers in a code.
        activation: of the hidden layers.
        **options: ``sigma``, ``learn_sigma``, ``kl_weight`` and ``seed`` of :class:`VariationalAutoencoder`.

    Raises:
        ValueError: if a size is not a positive integer.
    """
    widths = _widths(hidden_units)
    input_dim, latent_dim = _positive("input_dim", input_dim), _positive("latent_dim", latent_dim)
    n_conditions = _positive("n_conditions", n_conditions)
    data, code = keras.Input((input_dim,), name="data"), keras.Input((latent_dim,), name="code")
    told, asked = (keras.Input((n_conditions,), name=name) for name in ("told", "asked"))
    hidden = layers.Concatenate()([data, told])
    for width in widths:
        hidden = layers.Dense(width, activation)(hidden)
    encoder = keras.Model([data, told], _gaussian_head(hidden, latent_dim), name="encoder")
    hidden = layers.Concatenate()([code, asked])
    for width in reversed(widths):
        hidden = layers.Dense(width, activation)(hidden)
    decoder = keras.Model([code, asked], layers.Dense(input_dim, name="reconstruction")(hidden), name="decoder")
    return ConditionalVariationalAutoencoder(encoder, decoder, name="conditional_vae", **options)


def warm_start_conditional_vae(
    ppca: ProbabilisticPCA, means: np.ndarray, hidden_units: int = 64, *, activation: str = "gelu", **options
) -> ConditionalVariationalAutoencoder:
    """A conditional variational autoencoder that starts as probabilistic PCA around the mean of each condition.

    As in :func:`warm_start_vae`, every part is a linear path, set to the exact answer, plus a small network whose last
    layer starts at zero; here both are told the condition. The linear path moves the mean with it, and nothing else.

    Args:
        ppca: fitted to the data minus the mean of their condition; k latents, all of them in use.
        means: mean of the data under each one-hot condition, shape (c, d).
        hidden_units: width of the hidden layers.
        activation: of the hidden layers.
        **options: further arguments of :class:`VariationalAutoencoder`.

    Raises:
        ValueError: if ``means`` has not d columns, or ``ppca`` has no latent, or one that is not used.
    """
    k, d = ppca.loadings.shape
    hidden_units = _positive("hidden_units", hidden_units)
    if k == 0 or not np.square(ppca.loadings).sum(axis=1).min() > 0:
        raise ValueError(f"ppca must have latents, all of them in use, but the lengths of its {k} loadings include 0")
    means = np.asarray(means)
    if means.ndim != 2 or means.shape[1] != d:
        raise ValueError(f"means must have shape (conditions, {d}), but they have {means.shape}")
    data, code = keras.Input((d,), name="data"), keras.Input((k,), name="code")
    told, asked = (keras.Input((len(means),), name=name) for name in ("told", "asked"))
    seen = layers.Concatenate()([data, told])
    hidden = layers.Dense(hidden_units, activation, name="encoder_hidden")(seen)
    linear_mu, log_var = layers.Dense(k, name="ppca_mu"), layers.Dense(k, kernel_initializer="zeros", name="log_var")
    correction = layers.Dense(k, kernel_initializer="zeros", name="mu_correction")(hidden)
    outputs = [layers.Add(name="mu")([linear_mu(seen), correction]), log_var(hidden)]
    encoder = keras.Model([data, told], outputs, name="encoder")
    kernel = ppca.loadings.T * (ppca.posterior_variance / ppca.noise_variance)
    linear_mu.set_weights([np.concatenate([kernel, -(means + ppca.mean) @ kernel]), np.zeros(k)])
    log_var.set_weights([np.zeros((hidden_units, k)), np.log(ppca.posterior_variance)])

    wanted = layers.Concatenate()([code, asked])
    branch = layers.Dense(hidden_units, activation, name="decoder_hidden")(wanted)
    correction = layers.Dense(d, kernel_initializer="zeros", name="decoder_correction")(branch)
    linear = layers.Dense(d, name="ppca_decode")
    output = layers.Add(name="reconstruction")([linear(wanted), correction])
    decoder = keras.Model([code, asked], output, name="decoder")
    linear.set_weights([np.concatenate([ppca.loadings, means + ppca.mean]), np.zeros(d)])
    options = {"sigma": math.sqrt(ppca.noise_variance), "learn_sigma": True, **options}
    return ConditionalVariationalAutoencoder(encoder, decoder, name="warm_start_conditional_vae", **options)


def revive_dead_units(encoder: keras.Model, decoder: keras.Model, samples: np.ndarray, *, seed: int = 0) -> int:
    """Give each unit that never fires a new atom: what is left over of a sample that is reconstructed badly.

    A dead unit gets no gradient, so training cannot bring it back. Call this between two calls of ``fit``. Samples are
    drawn with probability in proportion to their squared error; the new atom is the direction of the residual, and the
    detector looks in the same direction, with the mean norm of the living detectors and bias 0.

    Args:
        encoder: of :func:`build_sparse_autoencoder`; changed in place.
        decoder: its decoder; changed in place.
        samples: training data, shape (n, input_dim).
        seed: of the draw.

    Returns:
        How many units were dead.

    Raises:
        ValueError: if ``samples`` does not fit the encoder or has fewer rows than there are dead units.

    Source: Bricken and others 2023 (neuron resampling), simplified.
    """
    detectors, draw = encoder.get_layer("detectors"), decoder.get_layer("atoms")
    atoms = draw.get_weights()[0]
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 2 or samples.shape[1] != atoms.shape[1]:
        raise ValueError(f"samples must have shape (n, {atoms.shape[1]}), but they have {samples.shape}")
    codes = encoder.predict(samples, batch_size=1000, verbose=0)
    dead = np.flatnonzero((codes != 0).sum(axis=0) == 0)
    if len(dead) == 0:
        return 0
    if len(dead) > len(samples):
        raise ValueError(f"samples must have at least {len(dead)} rows, one for each dead unit, but has {len(samples)}")
    residuals = samples - codes @ atoms
    errors = np.square(residuals).sum(axis=1, dtype=np.float64) + 1e-12
    chosen = np.random.default_rng(seed).choice(len(samples), len(dead), replace=False, p=errors / errors.sum())
    directions = residuals[chosen] / np.sqrt(errors[chosen])[:, None]
    weights, bias = detectors.get_weights()
    alive = np.delete(weights, dead, axis=1)
    weights[:, dead] = directions.T * (np.linalg.norm(alive, axis=0).mean() if alive.size else 1.0)
    bias[dead] = 0.0
    atoms[dead] = directions * (np.linalg.norm(np.delete(atoms, dead, axis=0), axis=1).mean() if alive.size else 1.0)
    detectors.set_weights([weights, bias])
    draw.set_weights([atoms])
    return len(dead)


def parameter_count(model: keras.Model) -> int:
    """Numbers that training can change."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


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
    correction = _correction(channels, height, width, _positive("filters", filters), _positive("depth", depth))
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
    correction = _correction(
        [noisy, start, everywhere], height, width, _positive("filters", filters), _positive("depth", depth)
    )
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


def _correction(channels: list, height: int, width: int, filters: int, depth: int):
    """What to add, at first zero: convolutions at half the resolution, then four numbers a place as two by two pixels."""
    hidden = channels[0] if len(channels) == 1 else layers.Concatenate()(channels)
    hidden = layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu")(hidden)
    for _ in range(depth):
        hidden = layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
    hidden = layers.Conv2D(4, 3, padding="same", kernel_initializer="zeros", name="correction")(hidden)
    return _pixel_shuffle(hidden, height // 2, width // 2, 1)


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
    dim, hidden_units = _positive("dim", dim), _positive("hidden_units", hidden_units)
    point, log_sigma = keras.Input((dim,), name="point"), keras.Input((1,), name="log_sigma")
    hidden = layers.Concatenate()([LinearStart("spread", variance)([point, log_sigma]), log_sigma])
    for _ in range(_positive("depth", depth)):
        hidden = layers.Dense(hidden_units, "relu")(hidden)
    correction = layers.Dense(dim, kernel_initializer="zeros", name="correction")(hidden)
    start = LinearStart(target, variance, name="linear_answer")([point, log_sigma])
    return keras.Model([point, log_sigma], layers.Add(name="answer")([start, correction]), name=f"predicts_{target}")


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


Swapper = tuple[keras.Model, keras.Model, keras.Model, keras.Model]


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
    input_dim, hidden_units = _positive("input_dim", input_dim), _positive("hidden_units", hidden_units)
    code_size = _positive("code_size", code_size)
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
    hidden_units = _positive("hidden_units", hidden_units)
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
    image_shape, code_size = tuple(image_shape), _positive("code_size", code_size)
    filters = [_positive("filters", width) for width in filters]
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


def langevin_path(
    score: Callable[[np.ndarray, float], np.ndarray],
    levels: Sequence[float],
    samples: int,
    *,
    dim: int = 2,
    steps: int = 20,
    step_size: float = 0.3,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Annealed Langevin dynamics: from noise at the first level to samples, level by level.

    Args:
        score: function (points (n, dim), noise level) -> gradient of the log density of data with that noise, (n, dim).
        levels: noise levels, falling, all positive.
        samples: how many points.
        dim: numbers in a point.
        steps: steps at each level.
        step_size: the step at a level is this number times the level squared.
        rng: the generator to draw from.

    Returns:
        The points (samples, dim) at the start and after each level: one array more than there are levels.

    Raises:
        ValueError: if the levels are not falling and positive, or a number is not positive.

    Source: Song and Ermon 2019, algorithm 1.
    """
    levels = [float(level) for level in levels]
    if not levels or levels[-1] <= 0 or any(b > a for a, b in itertools.pairwise(levels)):
        raise ValueError(f"levels must be positive and falling, but they are {levels}")
    samples, dim, steps = (_positive(n, v) for n, v in (("samples", samples), ("dim", dim), ("steps", steps)))
    if not step_size > 0:
        raise ValueError(f"step_size must be positive, but it is {step_size!r}")
    path = [levels[0] * rng.standard_normal((samples, dim))]
    for level in levels:
        alpha, x = step_size * level**2, path[-1]
        for _ in range(steps):
            x = x + alpha / 2 * score(x, level) + math.sqrt(alpha) * rng.standard_normal(x.shape)
        path.append(x)
    return path
