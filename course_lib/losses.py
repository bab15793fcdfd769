"""Losses that the lessons introduce: backend tensors in and out, sums over pixels and latents, means over the batch."""

from __future__ import annotations

import math

from keras import ops


def _sum_over_all_but_the_first(terms):
    """(n, ...) -> (n,)."""
    return ops.sum(ops.reshape(terms, (ops.shape(terms)[0], -1)), axis=1)


def kl_divergence(mu, log_var):
    """KL divergence of the posterior N(mu, exp(log_var)) from the standard normal prior, in nats for each sample.

    Args:
        mu: posterior means, shape (n, k).
        log_var: logarithms of the posterior *variances*, shape (n, k).

    Returns:
        Shape (n,): summed over the k latents, each of which adds (mu² + exp(log_var) - 1 - log_var) / 2.

    Source: Kingma and Welling 2014, appendix B.
    """
    return 0.5 * ops.sum(ops.square(mu) + ops.exp(log_var) - 1.0 - log_var, axis=-1)


def gaussian_nll(x, mean, sigma):
    """Negative log density of pixels around a mean picture, in nats for each sample, all constants included.

    Args:
        x: data, shape (n, ...).
        mean: the decoder's output, same shape.
        sigma: standard deviation of every pixel, one positive number, in the units of ``x``.

    Returns:
        Shape (n,): summed over all axes but the first. A density depends on the units: pixels in 0..255 add ln 255
        for each pixel to what pixels in [0, 1] give.
    """
    squares = _sum_over_all_but_the_first(ops.square(x - mean))
    pixels = math.prod(x.shape[1:])
    return 0.5 * squares / ops.square(sigma) + pixels * (ops.log(sigma) + 0.5 * math.log(2 * math.pi))


def bernoulli_nll(x, logits):
    """Negative log probability of black-and-white pixels, in nats for each sample.

    Args:
        x: pixels, 0 or 1, shape (n, ...). Values between give the cross-entropy, which is no likelihood.
        logits: the decoder's output before the sigmoid, same shape; stable for any size.

    Returns:
        Shape (n,): summed over all axes but the first.
    """
    return _sum_over_all_but_the_first(ops.softplus(logits) - x * logits)


def summed_squared_error(y_true, y_pred):
    """Squared error of each sample, summed over its numbers: (n, ...) and (n, ...) to (n,).

    Keras then takes the mean over the batch, so the loss is in squared units of the data per *sample*, not per pixel.
    """
    squares = ops.square(ops.cast(y_true, y_pred.dtype) - y_pred)
    return ops.sum(ops.reshape(squares, (ops.shape(squares)[0], -1)), axis=-1)


def l1_penalty(codes, strength: float):
    """``strength`` times the L1 norm of a code, mean over the batch.

    Args:
        codes: activations, shape (n, units).
        strength: units of loss for one unit of activation.

    Returns:
        A scalar tensor. It does not change when the batch is duplicated, so it means the same at every batch size.

    Raises:
        ValueError: if ``codes`` does not have two axes.
    """
    _require_matrix("codes", codes)
    return strength * ops.mean(ops.sum(ops.abs(codes), axis=-1))


def kl_sparsity(codes, target: float):
    """Sum over units of KL(target ‖ mean activity), both taken as probabilities that the unit is on.

    Args:
        codes: activations in (0, 1), shape (n, units), usually of a sigmoid.
        target: wanted mean activity of each unit over the batch, strictly between 0 and 1.

    Returns:
        A scalar tensor in nats; 0 when every unit's mean over the batch equals ``target``. Means are kept 1e-6 away
        from 0 and 1, so the penalty stays finite.

    Raises:
        ValueError: if ``codes`` does not have two axes, or ``target`` does not lie strictly between 0 and 1.

    Source: Ng 2011 (CS294A lecture notes, section 3).
    """
    _require_matrix("codes", codes)
    if not 0 < target < 1:
        raise ValueError(f"target must lie strictly between 0 and 1, but it is {target!r}")
    activity = ops.clip(ops.mean(codes, axis=0), 1e-6, 1 - 1e-6)  # (units,)
    on = target * (math.log(target) - ops.log(activity))
    off = (1 - target) * (math.log(1 - target) - ops.log(1 - activity))
    return ops.sum(on + off)


def multinomial_nll(x, logits):
    """Negative log probability of a user's events as draws from one distribution over all items, in nats a user.

    Args:
        x: how often each item was played, 0 or 1 for likes, shape (users, items).
        logits: the decoder's output before the softmax, same shape.

    Returns:
        Shape (users,), up to the constant of the multinomial coefficient. Items compete: a higher logit for one lowers
        the probability of all others, which is what a ranking is.

    Source: Liang, Krishnan, Hoffman and Jebara 2018, equation 2.
    """
    return -ops.sum(ops.cast(x, logits.dtype) * ops.log_softmax(logits, axis=-1), axis=-1)


def masked_mse(ratings, predicted, observed):
    """Mean squared error over the ratings that exist, as a scalar tensor.

    Args:
        ratings: shape (users, items); whatever stands where nothing was observed is not used, but must be finite.
        predicted: same shape.
        observed: 1 or True where there is a rating, else 0, same shape.

    Returns:
        The sum of the squared errors of observed entries over their number; 0 if there is none.

    Source: Sedhain, Menon, Sanner and Xie 2015, equation 2.
    """
    observed = ops.cast(observed, predicted.dtype)
    squares = ops.square(ops.cast(ratings, predicted.dtype) - predicted)
    return ops.sum(observed * squares) / ops.maximum(ops.sum(observed), 1.0)


def _require_matrix(name: str, tensor) -> None:
    if len(tensor.shape) != 2:
        raise ValueError(f"{name} must have shape (n, units), but it has {tuple(tensor.shape)}")
