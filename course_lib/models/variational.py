"""The variational autoencoder: the model, its builders, and a start as probabilistic PCA."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from course_lib import losses
from course_lib._sizes import positive
from course_lib.layers import Sampling, SharedVector
from course_lib.models._parts import hidden_widths
from course_lib.referees import ProbabilisticPCA


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


def gaussian_head(hidden, latent_dim: int) -> list:
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
    widths = hidden_widths(hidden_units)
    input_dim, latent_dim = positive("input_dim", input_dim), positive("latent_dim", latent_dim)
    image, code = keras.Input((input_dim,), name="image"), keras.Input((latent_dim,), name="code")
    hidden = image
    for width in widths:
        hidden = layers.Dense(width, activation)(hidden)
    encoder = keras.Model(image, gaussian_head(hidden, latent_dim), name="encoder")
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
    input_dim, latent_dim = positive("input_dim", input_dim), positive("latent_dim", latent_dim)
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
    hidden_units = positive("hidden_units", hidden_units)
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
