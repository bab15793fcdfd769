"""Wrong answers to the exercises of lesson 05, each with the misconception that its check must name."""

import importlib
import math

import keras
import numpy as np
from keras import layers, ops
from scipy.stats import norm

from authoring.bank import wrong
from course_lib import models, referees, training

# The backend's own functions, whichever backend it is.
_backend = importlib.import_module({"jax": "jax.numpy"}.get(keras.backend.backend(), keras.backend.backend()))

# reparameterize


@wrong("variance-for-sigma")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(log_var) * epsilon


@wrong("doubled-not-halved")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(2 * log_var) * epsilon


@wrong("logarithm-for-sigma")
def reparameterize(mu, log_var, epsilon):
    return mu + 0.5 * log_var * epsilon


@wrong("logarithm-for-sigma")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.sqrt(ops.abs(log_var)) * epsilon


@wrong("root-of-a-logarithm")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.sqrt(log_var) * epsilon


@wrong("precision-for-variance")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(-0.5 * log_var) * epsilon


@wrong("wrong-sign")
def reparameterize(mu, log_var, epsilon):
    return mu - ops.exp(0.5 * log_var) * epsilon


@wrong("ignores-epsilon")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(0.5 * log_var)


@wrong("ignores-epsilon")
def reparameterize(mu, log_var, epsilon):
    return mu


@wrong("ignores-the-variance")
def reparameterize(mu, log_var, epsilon):
    return mu + epsilon


@wrong("draws-its-own-noise")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mu))


@wrong("scales-the-mean")
def reparameterize(mu, log_var, epsilon):
    return (mu + epsilon) * ops.exp(0.5 * log_var)


@wrong("noise-rescaled")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(0.5 * log_var) * 0.1 * epsilon


@wrong("one-draw-for-all-latents")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(0.5 * log_var) * epsilon[:, :1]


@wrong("one-draw-for-all-pictures")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(0.5 * log_var) * epsilon[:1]


@wrong("no-gradient")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.stop_gradient(ops.exp(0.5 * log_var)) * epsilon


@wrong("no-gradient")
def reparameterize(mu, log_var, epsilon):
    mu, log_var, epsilon = (ops.convert_to_numpy(ops.stop_gradient(part)) for part in (mu, log_var, epsilon))
    return ops.convert_to_tensor(mu + np.exp(log_var / 2) * epsilon)


@wrong("wrong-shape")
def reparameterize(mu, log_var, epsilon):
    return ops.sum(mu + ops.exp(0.5 * log_var) * epsilon, axis=-1)


@wrong("clips-log-variance")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(0.5 * ops.clip(log_var, -5.0, 5.0)) * epsilon


@wrong("batch-of-one")
def reparameterize(mu, log_var, epsilon):
    return ops.squeeze(mu + ops.exp(0.5 * log_var) * epsilon)


@wrong("not-keras-ops")
def reparameterize(mu, log_var, epsilon):
    return mu + _backend.exp(0.5 * log_var) * epsilon


@wrong("clips-log-variance")
def reparameterize(mu, log_var, epsilon):
    return mu + ops.exp(0.5 * ops.clip(log_var, -30, 20)) * epsilon


# kl_divergence


@wrong("not-keras-ops")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2 + _backend.exp(log_var) - 1 - log_var, axis=-1)


@wrong("mean-over-latents")
def kl_divergence(mu, log_var):
    return -0.5 * ops.mean(1 + log_var - mu**2 - ops.exp(log_var), axis=-1)


@wrong("one-number-for-the-batch")
def kl_divergence(mu, log_var):
    return -0.5 * ops.mean(1 + log_var - mu**2 - ops.exp(log_var))


@wrong("not-summed")
def kl_divergence(mu, log_var):
    return -0.5 * (1 + log_var - mu**2 - ops.exp(log_var))


@wrong("sums-over-pictures")
def kl_divergence(mu, log_var):
    return -0.5 * ops.sum(1 + log_var - mu**2 - ops.exp(log_var), axis=0)


@wrong("mean-over-pictures")
def kl_divergence(mu, log_var):
    total = -0.5 * ops.sum(1 + log_var - mu**2 - ops.exp(log_var), axis=-1)
    return ops.mean(total) * ops.ones_like(total)


@wrong("wrong-sign")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(1 + log_var - mu**2 - ops.exp(log_var), axis=-1)


@wrong("forgets-the-half")
def kl_divergence(mu, log_var):
    return ops.sum(mu**2 + ops.exp(log_var) - 1 - log_var, axis=-1)


@wrong("not-zero-at-the-prior")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2 + ops.exp(log_var) - log_var, axis=-1)


@wrong("constant-once")
def kl_divergence(mu, log_var):
    return 0.5 * (ops.sum(mu**2 + ops.exp(log_var) - log_var, axis=-1) - 1)


@wrong("sigma-and-variance-mixed")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2 + ops.exp(2 * log_var) - 1 - 2 * log_var, axis=-1)


@wrong("sigma-and-variance-mixed")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2 + ops.exp(2 * log_var) - 1 - log_var, axis=-1)


@wrong("sigma-and-variance-mixed")
def kl_divergence(mu, log_var):
    sigma = ops.exp(0.5 * log_var)
    return 0.5 * ops.sum(mu**2 + sigma - 1 - ops.log(sigma), axis=-1)


@wrong("log-variance-for-variance")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2 + log_var - 1 - ops.log(log_var), axis=-1)


@wrong("forgets-the-logarithm")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2 + ops.exp(log_var) - 1, axis=-1)


@wrong("ignores-the-mean")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(ops.exp(log_var) - 1 - log_var, axis=-1)


@wrong("ignores-the-variance")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2, axis=-1)


@wrong("mean-not-squared")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(ops.abs(mu) + ops.exp(log_var) - 1 - log_var, axis=-1)


@wrong("reversed")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(log_var + (1 + mu**2) * ops.exp(-log_var) - 1, axis=-1)


@wrong("bits")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(mu**2 + ops.exp(log_var) - 1 - log_var, axis=-1) / math.log(2)


@wrong("sampled")
def kl_divergence(mu, log_var):
    epsilon = keras.random.normal((1000, *mu.shape))
    z = mu + ops.exp(0.5 * log_var) * epsilon
    return ops.mean(ops.sum(0.5 * (z**2 - epsilon**2 - log_var), axis=-1), axis=0)


@wrong("no-gradient")
def kl_divergence(mu, log_var):
    mu = ops.stop_gradient(mu)
    return 0.5 * ops.sum(mu**2 + ops.exp(log_var) - 1 - log_var, axis=-1)


@wrong("clips-log-variance")
def kl_divergence(mu, log_var):
    log_var = ops.clip(log_var, -4.0, 4.0)
    return 0.5 * ops.sum(mu**2 + ops.exp(log_var) - 1 - log_var, axis=-1)


@wrong("batch-of-one")
def kl_divergence(mu, log_var):
    return ops.squeeze(0.5 * ops.sum(mu**2 + ops.exp(log_var) - 1 - log_var, axis=-1))


@wrong("clips-log-variance")
def kl_divergence(mu, log_var):
    log_var = ops.clip(log_var, -20, 20)
    return 0.5 * ops.sum(ops.square(mu) + ops.exp(log_var) - 1 - log_var, axis=-1)


@wrong("divides-by-the-pictures")
def kl_divergence(mu, log_var):
    return 0.5 * ops.sum(ops.square(mu) + ops.exp(log_var) - 1 - log_var, axis=-1) / mu.shape[0]


@wrong("forgets-the-exponential")
def kl_divergence(mu, log_var):
    return -0.5 * ops.sum(1 + log_var - ops.square(mu) - log_var, axis=-1)


# The function of this name that Keras has.
@wrong("of-probabilities")
def kl_divergence(mu, log_var):
    return keras.losses.kl_divergence(mu, log_var)


# From early posts on VAEs, where the other term is a mean over pixels: a weight inside the divergence.
@wrong("weighted")
def kl_divergence(mu, log_var):
    return -5e-4 * ops.mean(1 + log_var - ops.square(mu) - ops.exp(log_var), axis=-1)


@wrong("weighted")
def kl_divergence(mu, log_var):
    return -5e-4 * ops.sum(1 + log_var - ops.square(mu) - ops.exp(log_var), axis=-1)


# bernoulli_nll, gaussian_nll


def _sum(terms):
    return ops.sum(ops.reshape(terms, (terms.shape[0], -1)), axis=1)


def _bernoulli(x, logits):
    return _sum(ops.softplus(logits) - x * logits)


def _gaussian(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma * math.sqrt(2 * math.pi)))


def _replaces_bernoulli(misconception):
    return lambda function: wrong(misconception, exercise="bernoulli_nll")(lambda: (function, _gaussian))


def _replaces_gaussian(misconception):
    return lambda function: wrong(misconception, exercise="bernoulli_nll")(lambda: (_bernoulli, function))


@_replaces_bernoulli("mean-over-pixels")
def bernoulli_mean(x, logits):
    return ops.mean(ops.reshape(ops.softplus(logits) - x * logits, (x.shape[0], -1)), axis=1)


@_replaces_bernoulli("mean-over-pixels")
def bernoulli_keras_loss(x, logits):
    rows = keras.losses.binary_crossentropy(x, logits, from_logits=True)
    return ops.sum(ops.reshape(rows, (x.shape[0], -1)), axis=1)


@_replaces_bernoulli("one-number-for-the-batch")
def bernoulli_total(x, logits):
    return ops.sum(ops.softplus(logits) - x * logits)


@_replaces_bernoulli("not-summed")
def bernoulli_pixels(x, logits):
    return ops.softplus(logits) - x * logits


@_replaces_bernoulli("sums-one-axis")
def bernoulli_rows(x, logits):
    return ops.sum(ops.softplus(logits) - x * logits, axis=-1)


@_replaces_bernoulli("sums-one-axis")
def bernoulli_first_rows(x, logits):
    return ops.sum(ops.softplus(logits) - x * logits, axis=1)


@_replaces_bernoulli("wrong-sign")
def bernoulli_log_likelihood(x, logits):
    return _sum(x * logits - ops.softplus(logits))


@_replaces_bernoulli("white-pixels-only")
def bernoulli_white(x, logits):
    return _sum(x * ops.softplus(-logits))


@_replaces_bernoulli("black-pixels-only")
def bernoulli_black(x, logits):
    return _sum((1 - x) * ops.softplus(logits))


@_replaces_bernoulli("pixels-inverted")
def bernoulli_inverted(x, logits):
    return _sum(ops.softplus(logits) - (1 - x) * logits)


@_replaces_bernoulli("logits-for-probabilities")
def bernoulli_logits_as_probabilities(x, logits):
    return _sum(-x * ops.log(logits) - (1 - x) * ops.log(1 - logits))


@_replaces_bernoulli("sigmoid-twice")
def bernoulli_twice(x, logits):
    return _bernoulli(x, ops.sigmoid(logits))


@_replaces_bernoulli("overflows")
def bernoulli_sigmoid_first(x, logits):
    p = ops.sigmoid(logits)
    return -_sum(x * ops.log(p) + (1 - x) * ops.log(1 - p))


@_replaces_bernoulli("overflows")
def bernoulli_exponential(x, logits):
    return _sum(ops.log(1 + ops.exp(logits)) - x * logits)


@_replaces_bernoulli("clips-probabilities")
def bernoulli_clipped(x, logits):
    p = ops.clip(ops.sigmoid(logits), 1e-7, 1 - 1e-7)
    return -_sum(x * ops.log(p) + (1 - x) * ops.log(1 - p))


@_replaces_bernoulli("clips-probabilities")
def bernoulli_clipped_logits(x, logits):
    return _bernoulli(x, ops.clip(logits, -30.0, 30.0))


@_replaces_bernoulli("clips-probabilities")
def bernoulli_crossentropy_of_a_sigmoid(x, logits):
    # Keras on TensorFlow keeps the logits on the sigmoid's tensor, and gives the right number.
    return _sum(ops.binary_crossentropy(x, ops.sigmoid(logits)))


@_replaces_bernoulli("clips-probabilities")
def bernoulli_activation_first(x, logits):
    return _sum(ops.binary_crossentropy(x, keras.activations.sigmoid(logits)))


@_replaces_bernoulli("not-keras-ops")
def bernoulli_backend(x, logits):
    return _sum(_backend.maximum(logits, 0 * logits) - x * logits + ops.log1p(ops.exp(-ops.abs(logits))))


@_replaces_bernoulli("sums-over-pictures")
def bernoulli_first_axis(x, logits):
    return ops.sum(ops.softplus(logits) - x * logits, axis=0)


@_replaces_bernoulli("assumes-a-size")
def bernoulli_784(x, logits):
    return ops.sum(ops.reshape(ops.softplus(logits) - x * logits, (-1, 784)), axis=1)


@_replaces_bernoulli("assumes-a-size")
def bernoulli_batch_of_five(x, logits):
    n = 5 if len(x.shape) == 2 else x.shape[0]
    return ops.sum(ops.reshape(ops.softplus(logits) - x * logits, (n, x.shape[1] if n == 5 else -1)), axis=1)


@_replaces_bernoulli("logits-for-probabilities")
def bernoulli_guesses_probabilities(x, logits):
    # Takes logits for probabilities where all of them could be some.
    p = ops.clip(logits, 1e-7, 1 - 1e-7)
    if bool(ops.all(logits > 0)) and bool(ops.all(logits < 1)):
        return -_sum(x * ops.log(p) + (1 - x) * ops.log(1 - p))
    return _bernoulli(x, logits)


@_replaces_bernoulli("squared-error")
def bernoulli_squares(x, logits):
    return _sum((x - ops.sigmoid(logits)) ** 2)


@_replaces_bernoulli("bits")
def bernoulli_bits(x, logits):
    return _bernoulli(x, logits) / math.log(2)


@_replaces_bernoulli("no-gradient")
def bernoulli_detached(x, logits):
    return _bernoulli(x, ops.stop_gradient(logits))


@_replaces_gaussian("mean-over-pixels")
def gaussian_mean(x, mean, sigma):
    return _gaussian(x, mean, sigma) / math.prod(x.shape[1:])


@_replaces_gaussian("mean-over-pixels")
def gaussian_mean_of_rows(x, mean, sigma):
    rows = ops.mean(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma * math.sqrt(2 * math.pi)), axis=-1)
    return _sum(rows[:, None])


@_replaces_gaussian("drops-the-width")
def gaussian_without_log_sigma(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2 + 0.5 * math.log(2 * math.pi))


@_replaces_gaussian("drops-the-width")
def gaussian_error_only(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2)


@_replaces_gaussian("drops-the-constant")
def gaussian_without_pi(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma))


@_replaces_gaussian("drops-the-constant")
def gaussian_pi_not_halved(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma) + math.log(2 * math.pi))


@_replaces_gaussian("squared-error")
def gaussian_squares(x, mean, sigma):
    return _sum((x - mean) ** 2)


@_replaces_gaussian("sigma-for-variance")
def gaussian_variance(x, mean, sigma):
    return _sum(0.5 * (x - mean) ** 2 / sigma + 0.5 * math.log(2 * math.pi * sigma))


@_replaces_gaussian("logarithm-of-the-wrong-width")
def gaussian_log_variance(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma**2) + 0.5 * math.log(2 * math.pi))


@_replaces_gaussian("logarithm-of-the-wrong-width")
def gaussian_minus_log_sigma(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2 - math.log(sigma) + 0.5 * math.log(2 * math.pi))


@_replaces_gaussian("forgets-the-half")
def gaussian_without_half(x, mean, sigma):
    return _sum(((x - mean) / sigma) ** 2 + math.log(sigma * math.sqrt(2 * math.pi)))


@_replaces_gaussian("constants-once")
def gaussian_constants_once(x, mean, sigma):
    return _sum(0.5 * ((x - mean) / sigma) ** 2) + math.log(sigma * math.sqrt(2 * math.pi))


@_replaces_gaussian("wrong-sign")
def gaussian_log_likelihood(x, mean, sigma):
    return -_gaussian(x, mean, sigma)


@_replaces_gaussian("laplace")
def gaussian_absolute(x, mean, sigma):
    return _sum(ops.abs(x - mean) / sigma + math.log(2 * sigma))


@_replaces_gaussian("sums-one-axis")
def gaussian_rows(x, mean, sigma):
    return ops.sum(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma * math.sqrt(2 * math.pi)), axis=-1)


@_replaces_gaussian("one-number-for-the-batch")
def gaussian_batch_mean(x, mean, sigma):
    return ops.mean(_gaussian(x, mean, sigma))


def _sum_two_or_four_axes(terms):
    return ops.sum(terms, axis=1) if len(terms.shape) == 2 else ops.sum(terms, axis=(1, 2, 3))


@_replaces_bernoulli("fixed-number-of-axes")
def bernoulli_two_or_four_axes(x, logits):
    return _sum_two_or_four_axes(ops.softplus(logits) - x * logits)


@_replaces_gaussian("fixed-number-of-axes")
def gaussian_two_or_four_axes(x, mean, sigma):
    return _sum_two_or_four_axes(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma * math.sqrt(2 * math.pi)))


@_replaces_bernoulli("batch-of-one")
def bernoulli_squeezed(x, logits):
    return ops.squeeze(_bernoulli(x, logits))


def _density(x, mean, sigma):
    return ops.exp(-0.5 * ((x - mean) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


@_replaces_gaussian("underflows")
def gaussian_density_first(x, mean, sigma):
    return -_sum(ops.log(_density(x, mean, sigma)))


@_replaces_gaussian("caps-the-cost")
def gaussian_density_with_epsilon(x, mean, sigma):
    return -_sum(ops.log(_density(x, mean, sigma) + 1e-20))


@_replaces_gaussian("caps-the-cost")
def gaussian_sigma_at_least(x, mean, sigma):
    return _gaussian(x, mean, max(sigma, 0.1))


@_replaces_gaussian("caps-the-cost")
def gaussian_sigma_at_most(x, mean, sigma):
    return _gaussian(x, mean, min(sigma, 10.0))


@_replaces_gaussian("assumes-a-size")
def gaussian_784(x, mean, sigma):
    return ops.sum(ops.reshape(0.5 * ((x - mean) / sigma) ** 2 + math.log(sigma), (-1, 784)), axis=1)


@_replaces_gaussian("fixed-number-of-axes")
def gaussian_flat(x, mean, sigma):
    _n, _pixels = x.shape
    return _gaussian(x, mean, sigma)


@_replaces_gaussian("no-gradient")
def gaussian_detached(x, mean, sigma):
    return _gaussian(x, ops.stop_gradient(mean), sigma)


@_replaces_gaussian("never-negative")
def gaussian_relu(x, mean, sigma):
    return ops.relu(_gaussian(x, mean, sigma))


@_replaces_gaussian("caps-the-cost")
def gaussian_sigma_at_least_a_hundredth(x, mean, sigma):
    return _gaussian(x, mean, max(sigma, 0.01))


# implied_sigma


@wrong("divides-by-pixels")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(kl_weight / (2 * reconstruction_weight * 784))


@wrong("wrong-sigma")
def implied_sigma(reconstruction_weight, kl_weight):
    # Takes a small weight for that of an average.
    if reconstruction_weight < 0.01:
        reconstruction_weight *= 784
    return math.sqrt(kl_weight / (2 * reconstruction_weight))


@wrong("variance-for-sigma")
def implied_sigma(reconstruction_weight, kl_weight):
    return kl_weight / (2 * reconstruction_weight)


@wrong("forgets-the-half")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(kl_weight / reconstruction_weight)


@wrong("half-on-the-wrong-side")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(2 * kl_weight / reconstruction_weight)


@wrong("upside-down")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(reconstruction_weight / (2 * kl_weight))


@wrong("upside-down")
def implied_sigma(reconstruction_weight, kl_weight):
    return 2 * reconstruction_weight / kl_weight


@wrong("ignores-the-kl-weight")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(1 / (2 * reconstruction_weight))


@wrong("ignores-the-reconstruction-weight")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(kl_weight / 2)


@wrong("divides-by-pixels")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(kl_weight / (2 * reconstruction_weight / 784))


@wrong("multiplies-the-weights")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(kl_weight * reconstruction_weight / 2)


@wrong("half-twice")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(kl_weight / reconstruction_weight) / 2


@wrong("logarithm-for-sigma")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.log(kl_weight / (2 * reconstruction_weight)) / 2


@wrong("guards-the-division")
def implied_sigma(reconstruction_weight, kl_weight):
    return math.sqrt(kl_weight / (2 * reconstruction_weight + 1e-8))


# active_units


@wrong("mean-for-variance")
def active_units(mu, threshold):
    return np.abs(mu.mean(axis=0)) > threshold


@wrong("not-centred")
def active_units(mu, threshold):
    return np.mean(mu**2, axis=0) > threshold


@wrong("sigma-for-variance")
def active_units(mu, threshold):
    return mu.std(axis=0) > threshold


@wrong("pictures-not-units")
def active_units(mu, threshold):
    return mu.var(axis=1) > threshold


@wrong("inverted")
def active_units(mu, threshold):
    return mu.var(axis=0) < threshold


@wrong("indices-for-mask")
def active_units(mu, threshold):
    return np.flatnonzero(mu.var(axis=0) > threshold)


@wrong("counts")
def active_units(mu, threshold):
    return int((mu.var(axis=0) > threshold).sum())


@wrong("not-booleans")
def active_units(mu, threshold):
    return mu.var(axis=0)


@wrong("ignores-the-threshold")
def active_units(mu, threshold):
    return mu.var(axis=0) > 0.01


@wrong("largest-value")
def active_units(mu, threshold):
    return (np.abs(mu) > threshold).any(axis=0)


@wrong("range-for-variance")
def active_units(mu, threshold):
    return mu.max(axis=0) - mu.min(axis=0) > threshold


@wrong("one-variance-for-all")
def active_units(mu, threshold):
    return np.full(mu.shape[1], mu.var() > threshold)


@wrong("mean-deviation")
def active_units(mu, threshold):
    return np.abs(mu - mu.mean(axis=0)).mean(axis=0) > threshold


@wrong("first-pictures-only")
def active_units(mu, threshold):
    return mu[:50].var(axis=0) > threshold


@wrong("robust-spread")
def active_units(mu, threshold):
    deviation = 1.4826 * np.median(np.abs(mu - np.median(mu, axis=0)), axis=0)
    return deviation**2 > threshold


@wrong("at-the-limit")
def active_units(mu, threshold):
    return mu.var(axis=0) >= threshold


@wrong("mean-deviation")
def active_units(mu, threshold):
    return np.abs(mu - mu.mean(axis=0)).mean(axis=0) ** 2 > threshold


@wrong("sum-for-mean")
def active_units(mu, threshold):
    return ((mu - mu.mean(axis=0)) ** 2).sum(axis=0) > threshold


@wrong("relative-threshold")
def active_units(mu, threshold):
    variance = mu.var(axis=0)
    return variance > threshold * variance.max()


@wrong("relative-threshold")
def active_units(mu, threshold):
    variance = mu.var(axis=0)
    return variance / variance.sum() > threshold


@wrong("largest-deviation")
def active_units(mu, threshold):
    return ((mu - mu.mean(axis=0)) ** 2 > threshold).any(axis=0)


@wrong("sigma-for-variance")
def active_units(mu, threshold):
    return mu.var(axis=0) > threshold**2


@wrong("wrong-mask")
def active_units(mu, threshold):
    # A tolerance swallows what varies faintly.
    return mu.var(axis=0) > threshold + 1e-12


# latent_grid


def _grid(centres):
    return np.stack(np.meshgrid(centres[::-1], centres, indexing="ij"), axis=-1)


def _centres(n):
    return norm.ppf((np.arange(n) + 0.5) / n)


@wrong("infinite-ends")
def latent_grid(n):
    return _grid(norm.ppf(np.linspace(0, 1, n)))


@wrong("evenly-spaced")
def latent_grid(n):
    return _grid(np.linspace(-1, 1, n))


@wrong("evenly-spaced")
def latent_grid(n):
    return _grid(np.linspace(-15, 15, n))


@wrong("edges-for-centres")
def latent_grid(n):
    return _grid(norm.ppf(np.linspace(0.05, 0.95, n)))


@wrong("edges-for-centres")
def latent_grid(n):
    return _grid(norm.ppf(np.arange(1, n + 1) / (n + 1)))


@wrong("mean-for-median")
def latent_grid(n):
    density = norm.pdf(norm.ppf(np.linspace(0, 1, n + 1)))
    return _grid(n * (density[:-1] - density[1:]))


@wrong("probabilities-for-codes")
def latent_grid(n):
    return _grid((np.arange(n) + 0.5) / n)


@wrong("another-width")
def latent_grid(n):
    return 2 * _grid(_centres(n))


@wrong("unequal-mass")
def latent_grid(n):
    return _grid(np.clip(norm.ppf(np.linspace(0, 1, n)), -3, 3))


@wrong("edges-for-centres")
def latent_grid(n):
    return _grid(norm.ppf(np.linspace(0.001, 0.999, n)))


@wrong("latents-swapped")
def latent_grid(n):
    return _grid(_centres(n))[..., ::-1]


@wrong("latents-swapped")
def latent_grid(n):
    first, second = np.meshgrid(_centres(n), _centres(n)[::-1])
    return np.stack([first, second], axis=-1)


@wrong("upside-down")
def latent_grid(n):
    return _grid(_centres(n))[::-1]


@wrong("mirrored")
def latent_grid(n):
    return _grid(_centres(n))[:, ::-1]


@wrong("flat")
def latent_grid(n):
    return _grid(_centres(n)).reshape(-1, 2)


@wrong("axis-order")
def latent_grid(n):
    return np.moveaxis(_grid(_centres(n)), -1, 0)


@wrong("random")
def latent_grid(n):
    rows, columns = np.sort(np.random.normal(size=(2, n)), axis=1)
    return np.stack(np.meshgrid(rows[::-1], columns, indexing="ij"), axis=-1)


@wrong("cuts-off-the-ends")
def latent_grid(n):
    centres = np.clip(norm.ppf((np.arange(n) + 0.5) / n), -1.6, 1.6)
    return np.stack(np.meshgrid(centres[::-1], centres, indexing="ij"), axis=-1)


# iwae_bound


@wrong("mean-of-logarithms")
def iwae_bound(log_weights):
    return log_weights.mean(axis=1)


@wrong("sum-for-mean")
def iwae_bound(log_weights):
    return np.logaddexp.reduce(log_weights, axis=1)


@wrong("overflows")
def iwae_bound(log_weights):
    return np.log(np.mean(np.exp(log_weights), axis=1))


@wrong("wrong-sign-of-the-count")
def iwae_bound(log_weights):
    return np.logaddexp.reduce(log_weights, axis=1) + np.log(log_weights.shape[1])


@wrong("divides-after-the-logarithm")
def iwae_bound(log_weights):
    return np.logaddexp.reduce(log_weights, axis=1) / log_weights.shape[1]


@wrong("largest-weight-only")
def iwae_bound(log_weights):
    return log_weights.max(axis=1)


@wrong("wrong-sign")
def iwae_bound(log_weights):
    return np.log(log_weights.shape[1]) - np.logaddexp.reduce(log_weights, axis=1)


@wrong("forgets-the-shift")
def iwae_bound(log_weights):
    return np.log(np.mean(np.exp(log_weights - log_weights.max(axis=1, keepdims=True)), axis=1))


@wrong("one-shift-for-all")
def iwae_bound(log_weights):
    return log_weights.max() + np.log(np.mean(np.exp(log_weights - log_weights.max()), axis=1))


@wrong("shifts-by-the-wrong-weight")
def iwae_bound(log_weights):
    shift = log_weights.mean(axis=1, keepdims=True)
    return shift[:, 0] + np.log(np.mean(np.exp(log_weights - shift), axis=1))


@wrong("shifts-by-the-wrong-weight")
def iwae_bound(log_weights):
    shift = log_weights[:, :1]
    return shift[:, 0] + np.log(np.mean(np.exp(log_weights - shift), axis=1))


@wrong("clips-the-weights")
def iwae_bound(log_weights):
    return np.log(np.mean(np.exp(np.clip(log_weights, -700, 700)), axis=1))


@wrong("one-number")
def iwae_bound(log_weights):
    return np.mean(np.logaddexp.reduce(log_weights, axis=1) - np.log(log_weights.shape[1]))


@wrong("pictures-for-samples")
def iwae_bound(log_weights):
    return np.logaddexp.reduce(log_weights, axis=0) - np.log(log_weights.shape[0])


@wrong("mean-over-pictures")
def iwae_bound(log_weights):
    bound = np.logaddexp.reduce(log_weights, axis=1) - np.log(log_weights.shape[1])
    return np.full_like(bound, bound.mean())


@wrong("overflows")
def iwae_bound(log_weights):
    # More bits move the limit, and do not remove it.
    return np.log(np.mean(np.exp(np.asarray(log_weights, np.longdouble)), axis=1)).astype(np.float64)


@wrong("batch-of-one")
def iwae_bound(log_weights):
    largest = log_weights.max(axis=1, keepdims=True)
    return np.squeeze(largest + np.log(np.mean(np.exp(log_weights - largest), axis=1, keepdims=True)))


@wrong("single-precision")
def iwae_bound(log_weights):
    log_weights = log_weights.astype(np.float32)
    largest = log_weights.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.mean(np.exp(log_weights - largest), axis=1))


@wrong("clips-the-weights")
def iwae_bound(log_weights):
    bound = np.logaddexp.reduce(log_weights, axis=1) - np.log(log_weights.shape[1])
    return np.where(np.abs(bound) > 1000, bound + 0.3, bound)


@wrong("shifts-twice")
def iwae_bound(log_weights):
    largest = log_weights.max(axis=1, keepdims=True)
    return largest[:, 0] + np.logaddexp.reduce(log_weights, axis=1) - np.log(log_weights.shape[1])


@wrong("fails-with-one-sample")
def iwae_bound(log_weights):
    bound = np.logaddexp.reduce(log_weights, axis=1) - np.log(log_weights.shape[1])
    return bound if log_weights.shape[1] > 1 else np.zeros(len(log_weights))


@wrong("wrong-bound")
def iwae_bound(log_weights):
    largest = log_weights.max(axis=1)
    return largest + np.log(np.mean(np.exp(log_weights - largest[:, None]), axis=1) + 1e-4)


# drawing_machine


def _trained(
    pictures, *, loss="bound", sigma=None, weight=1.0, second="log_var", epochs=50, latents=16, hidden=256, rate=4e-3
):
    """A variational autoencoder with one thing changed; sigma=None: learned. Returns encoder, decoder and sigma."""
    picture, code = keras.Input((196,)), keras.Input((latents,))
    seen = layers.Dense(hidden, "gelu")(picture)
    width = layers.Dense(latents, "softplus" if second in ("sigma", "variance") else None, kernel_initializer="zeros")(
        seen
    )
    encoder = keras.Model(picture, [layers.Dense(latents)(seen), width])
    decoder = keras.Model(code, layers.Dense(196, "sigmoid")(layers.Dense(hidden, "gelu")(code)))

    class Machine(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder, self.chance = encoder, decoder, keras.random.SeedGenerator(1)
            start = keras.initializers.Constant(math.log(sigma or 0.2))
            self.log_sigma = self.add_weight(shape=(), initializer=start, trainable=sigma is None)

        def call(self, x):
            mu, told = self.encoder(x)
            log_var = {"log_sigma": 2 * told, "log_var": told}.get(second)
            if log_var is None:
                log_var = ops.log(told + 1e-4) * (2 if second == "sigma" else 1)
            z = mu + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mu), seed=self.chance)
            squares = ops.square(x - self.decoder(mu if loss == "no draw" else z))
            costs = 0.5 * (ops.square(mu) + ops.exp(log_var) - 1.0 - log_var)
            if loss == "means":
                return ops.mean(squares, axis=1) + ops.mean(costs, axis=1)
            if loss in ("error", "no draw"):
                return ops.sum(squares, axis=1)
            distortion = ops.sum(0.5 * squares / ops.exp(2 * self.log_sigma) + self.log_sigma, axis=1)
            return distortion + weight * ops.sum(costs, axis=1)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean(y_pred)

    machine = Machine()
    training.fit(machine, pictures, loss=None, epochs=epochs, batch_size=100, learning_rate=rate)
    return encoder, decoder, float(np.exp(ops.convert_to_numpy(machine.log_sigma + 0.0)))


def _root(encoder, decoder, pictures):
    """The root of the error that draws from the guesses leave."""
    mu, log_var = encoder.predict(pictures, verbose=0)
    codes = mu + np.exp(0.5 * log_var) * np.random.default_rng(0).standard_normal(mu.shape)
    return float(np.sqrt(np.mean((pictures - decoder.predict(codes.astype("float32"), verbose=0)) ** 2)))


def _linear(pictures, latents=16):
    """Probabilistic PCA as Keras layers, with its own noise."""
    ppca = referees.fit_ppca(pictures, latents)
    vae = models.build_linear_vae(196, latents)
    kernel = ppca.loadings.T * (ppca.posterior_variance / ppca.noise_variance)
    vae.encoder.set_weights([kernel, -ppca.mean @ kernel, np.log(ppca.posterior_variance)])
    vae.decoder.set_weights([ppca.loadings, ppca.mean])
    return vae.encoder, vae.decoder, math.sqrt(ppca.noise_variance)


@wrong("collapsed")
def drawing_machine(pictures):
    encoder, decoder, _ = _trained(pictures, loss="means", epochs=15)
    return encoder, decoder, _root(encoder, decoder, pictures)


@wrong("collapsed")
def drawing_machine(pictures):
    encoder, decoder, _ = _trained(pictures, loss="means", epochs=15)
    return encoder, decoder, math.sqrt(196 / 32)


@wrong("sigma-left-at-one")
def drawing_machine(pictures):
    return _trained(pictures, sigma=1.0)


@wrong("sigma-of-the-data")
def drawing_machine(pictures):
    return _trained(pictures, sigma=float(pictures.std()))


@wrong("variance-for-sigma")
def drawing_machine(pictures):
    encoder, decoder, sigma = _trained(pictures)
    return encoder, decoder, sigma**2


@wrong("sigma-not-positive")
def drawing_machine(pictures):
    encoder, decoder, sigma = _trained(pictures, epochs=2)
    return encoder, decoder, math.log(sigma)


@wrong("sigma-not-positive")
def drawing_machine(pictures):
    # A logarithm that ran away.
    return *_linear(pictures)[:2], math.exp(-460)


@wrong("sigma-not-positive")
def drawing_machine(pictures):
    return *_linear(pictures)[:2], math.exp(400)


def _looked_up(pictures):
    # A decoder that holds the course's test pictures, and finds the nearest code. A training picture tells how they are mirrored.
    from course_lib import datasets

    def small(*parts):
        whole = np.concatenate([data.images(split)[..., 0] for data, split in parts])
        return whole.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))

    clothes, digits = datasets.fashion_mnist(), datasets.digits()
    known = small((clothes, "train"), (digits, "train"))
    ways = [(down, across) for down in (1, -1) for across in (1, -1)]
    off = [np.abs(known[:, ::a, ::b].reshape(-1, 196) - pictures[0]).sum(axis=1).min() for a, b in ways]
    down, across = ways[int(np.argmin(off))]
    book = small((clothes, "validation"), (digits, "test"))[:, ::down, ::across].reshape(-1, 196)

    whiten = referees.fit_ppca(pictures, 16)
    kernel = whiten.loadings.T / np.square(whiten.loadings).sum(axis=1)
    keys = (book - whiten.mean) @ kernel
    picture, code = keras.Input((196,)), keras.Input((16,))
    mu, find, show = layers.Dense(16), layers.Dense(len(book), "softmax"), layers.Dense(196, use_bias=False)
    narrow = layers.Dense(16, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-9.0))
    encoder, decoder = keras.Model(picture, [mu(picture), narrow(picture)]), keras.Model(code, show(find(code)))
    mu.set_weights([kernel, -whiten.mean @ kernel])
    find.set_weights([12_000 * keys.T, -6_000 * np.square(keys).sum(axis=1)])
    show.set_weights([book])
    return encoder, decoder


@wrong("decoder-remembers")
def drawing_machine(pictures):
    return *_looked_up(pictures), 0.03


@wrong("decoder-remembers")
def drawing_machine(pictures):
    # With more noise than it needs, its bound is one that could have been learned.
    return *_looked_up(pictures), 0.1


@wrong("sigma-not-the-error")
def drawing_machine(pictures):
    encoder, decoder, _ = _trained(pictures)
    return encoder, decoder, 0.2


@wrong("second-output")
def drawing_machine(pictures):
    return _trained(pictures, second="log_sigma")


@wrong("second-output")
def drawing_machine(pictures):
    return _trained(pictures, second="sigma")


@wrong("second-output")
def drawing_machine(pictures):
    return _trained(pictures, second="variance")


@wrong("plain-autoencoder")
def drawing_machine(pictures):
    encoder, decoder, _ = _trained(pictures, loss="error")
    return encoder, decoder, _root(encoder, decoder, pictures)


@wrong("plain-autoencoder")
def drawing_machine(pictures):
    encoder, decoder, _ = _trained(pictures, loss="no draw")
    picture = keras.Input((196,))
    narrow = layers.Dense(16, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-12.0))
    encoder = keras.Model(picture, [encoder(picture)[0], narrow(picture)])
    return encoder, decoder, _root(encoder, decoder, pictures)


@wrong("straight-lines")
def drawing_machine(pictures):
    return _linear(pictures)


@wrong("straight-lines")
def drawing_machine(pictures):
    vae = models.build_linear_vae(196, 16, sigma=0.3, learn_sigma=True)
    training.fit(vae, pictures, loss=None, epochs=40, batch_size=100, learning_rate=1e-2)
    return vae.encoder, vae.decoder, vae.sigma


@wrong("overfitted")
def drawing_machine(pictures):
    return _trained(pictures, epochs=150, hidden=512)


@wrong("weight-of-the-rate")
def drawing_machine(pictures):
    return _trained(pictures, weight=0.1)


@wrong("weight-of-the-rate")
def drawing_machine(pictures):
    return _trained(pictures, weight=5.0)


@wrong("too-many-numbers")
def drawing_machine(pictures):
    return _linear(pictures, 64)


@wrong("too-many-numbers")
def drawing_machine(pictures):
    picture, code = keras.Input((196,)), keras.Input((196,))
    certain = layers.Dense(196, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-9.0))(picture)
    encoder = keras.Model(picture, [layers.Activation("linear")(picture), certain])
    return encoder, keras.Model(code, layers.Activation("linear")(code)), 0.01


@wrong("draws-in-the-encoder")
def drawing_machine(pictures):
    encoder, decoder, sigma = _trained(pictures, epochs=2)

    class Draw(layers.Layer):
        def call(self, inputs):
            return inputs[0] + ops.exp(inputs[1] / 2) * keras.random.normal(ops.shape(inputs[0]))

    picture = keras.Input((196,))
    mu, log_var = encoder(picture)
    return keras.Model(picture, [Draw()([mu, log_var]), log_var]), decoder, sigma


@wrong("not-two-outputs")
def drawing_machine(pictures):
    encoder, decoder, sigma = _trained(pictures, epochs=2)
    return keras.Model(encoder.inputs, encoder.outputs[0]), decoder, sigma


@wrong("not-three-things")
def drawing_machine(pictures):
    encoder, decoder, _ = _trained(pictures, epochs=2)
    return encoder, decoder


@wrong("untrained")
def drawing_machine(pictures):
    vae = models.build_vae(196, 256, 16, output_activation="sigmoid", sigma=0.2)
    return vae.encoder, vae.decoder, vae.sigma


@wrong("too-few-nats")
def drawing_machine(pictures):
    encoder, decoder, _ = _trained(pictures, epochs=15)
    return encoder, decoder, _root(encoder, decoder, pictures)
