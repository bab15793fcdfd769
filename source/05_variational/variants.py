"""Right answers to the exercises of lesson 05, by other roads than the solutions take."""

import keras
import numpy as np
from keras import layers, losses, ops
from scipy import special, stats


def reparameterize(mu, log_var, epsilon):
    return ops.add(ops.multiply(ops.sqrt(ops.exp(log_var)), epsilon), mu)


def kl_divergence(mu, log_var):
    # One latent at a time, from the general formula for two normal distributions.
    total = 0.0
    for latent in range(mu.shape[-1]):
        mean, sigma = mu[:, latent], ops.exp(log_var[:, latent] / 2)
        total = total + ops.log(1.0 / sigma) + (sigma**2 + mean**2) / 2 - 0.5
    return total


def bernoulli_nll(x, logits):
    # The sign of the logit says which of the two logarithms is the large one.
    per_pixel = ops.maximum(logits, 0.0) - logits * x + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(per_pixel, axis=tuple(range(1, len(x.shape))))


def gaussian_nll(x, mean, sigma):
    standard = (x - mean) / sigma
    densities = -(standard**2) / 2 - np.log(sigma * np.sqrt(2 * np.pi))
    while len(densities.shape) > 1:
        densities = ops.sum(densities, axis=-1)
    return -densities


def bernoulli_nll__keras_loss():
    def from_logits(x, logits):
        per_pixel = losses.binary_crossentropy(x[..., None], logits[..., None], from_logits=True)
        return ops.sum(per_pixel, axis=tuple(range(1, len(x.shape))))

    return from_logits, gaussian_nll


def bernoulli_nll__one_picture_at_a_time():
    def one_by_one(x, logits):
        signed = (1 - 2 * x) * logits
        return ops.stack([ops.sum(ops.softplus(signed[i])) for i in range(len(signed))])

    return one_by_one, gaussian_nll


def implied_sigma(reconstruction_weight, kl_weight):
    # The loss divided by kl_weight is precision / 2 * squared error + KL.
    precision = 2 * reconstruction_weight / kl_weight
    return float(np.float64(precision) ** -0.5)


def active_units(mu, threshold):
    return [bool(((column - column.mean()) ** 2).sum() / (len(column) - 1) > threshold) for column in mu.T]


def implied_sigma__logarithms(reconstruction_weight, kl_weight):
    return np.float32(np.exp(0.5 * (np.log(kl_weight) - np.log(2 * reconstruction_weight))))


def active_units__diagonal_of_the_covariance(mu, threshold):
    return np.diag(np.cov(mu, rowvar=False)) > threshold


def active_units__moments(mu, threshold):
    return np.mean(mu**2, axis=0) - np.mean(mu, axis=0) ** 2 > threshold


def latent_grid(n):
    grid = np.empty((n, n, 2))
    for i in range(n):
        for j in range(n):
            grid[i, j] = stats.norm.isf((2 * i + 1) / (2 * n)), special.ndtri((2 * j + 1) / (2 * n))
    return grid.tolist()


def iwae_bound(log_weights):
    return special.logsumexp(log_weights, axis=1) - np.log(log_weights.shape[1])


def iwae_bound__one_weight_after_another(log_weights):
    bound = log_weights[:, 0]
    for column in log_weights.T[1:]:
        bound = np.logaddexp(bound, column)
    return bound - np.log(log_weights.shape[1])


def _error_of_draws(encoder, decoder, pictures):
    mu, log_var = encoder.predict(pictures, verbose=0)
    codes = mu + np.exp(0.5 * log_var) * np.random.default_rng(5).standard_normal(mu.shape)
    return float(np.sqrt(np.mean(np.square(pictures - decoder.predict(codes.astype("float32"), verbose=0)))))


def drawing_machine(pictures):
    # No weight for sigma: put the best one into the loss, and d/2 ln(mean squared error) is left of the distortion.
    picture, code = keras.Input((196,)), keras.Input((16,))
    seen = layers.Dense(320, "silu")(picture)
    mu, log_var = layers.Dense(16)(seen), layers.Dense(16, kernel_initializer="zeros")(seen)
    encoder = keras.Model(picture, [mu, log_var])
    decoder = keras.Model(code, layers.Dense(196, "sigmoid")(layers.Dense(320, "silu")(code)))

    class Loss(layers.Layer):
        def call(self, inputs):
            x, mu, log_var, copy = inputs
            rate = ops.mean(ops.sum(ops.square(mu) + ops.exp(log_var) - 1.0 - log_var, axis=1)) / 2.0
            self.add_loss(rate + 98.0 * ops.log(ops.mean(ops.square(x - copy))))
            return copy

    noise = layers.GaussianNoise(1.0)(ops.zeros_like(mu), training=True)
    copy = decoder(mu + ops.exp(log_var / 2) * noise)
    whole = keras.Model(picture, Loss()((picture, mu, log_var, copy)))
    steps = 70 * (len(pictures) - 300) // 100
    whole.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, steps)), loss=None)
    whole.fit(pictures[300:], batch_size=100, epochs=70, verbose=0)
    return encoder, decoder, _error_of_draws(encoder, decoder, pictures[:300])
