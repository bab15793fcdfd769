"""The variational autoencoder that is told a condition."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from course_lib._sizes import positive
from course_lib.models._parts import hidden_widths
from course_lib.models.variational import VariationalAutoencoder, gaussian_head
from course_lib.referees import ProbabilisticPCA


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
    widths = hidden_widths(hidden_units)
    input_dim, latent_dim = positive("input_dim", input_dim), positive("latent_dim", latent_dim)
    n_conditions = positive("n_conditions", n_conditions)
    data, code = keras.Input((input_dim,), name="data"), keras.Input((latent_dim,), name="code")
    told, asked = (keras.Input((n_conditions,), name=name) for name in ("told", "asked"))
    hidden = layers.Concatenate()([data, told])
    for width in widths:
        hidden = layers.Dense(width, activation)(hidden)
    encoder = keras.Model([data, told], gaussian_head(hidden, latent_dim), name="encoder")
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
    hidden_units = positive("hidden_units", hidden_units)
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
