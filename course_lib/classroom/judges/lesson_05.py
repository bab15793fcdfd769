"""The judges of lesson 05: the draw, the two terms of the loss, and the instruments of a variational autoencoder."""

from __future__ import annotations

import math
import re

import numpy as np
from scipy.special import ndtr, ndtri

from course_lib.classroom.exercise import judges_of
from course_lib.classroom.legacy import judge
from course_lib.classroom.probe import float32

exercise = judges_of(5)


def _tensor(values):
    from keras import ops

    return ops.convert_to_tensor(np.asarray(values, np.float32))


def _gradient(loss, start: np.ndarray) -> tuple[np.ndarray | None, str]:
    """Gradient of the sum of ``loss`` at ``start``: what one SGD step of size 1 takes away; or None, and why."""
    import keras

    class Weight(keras.Model):
        def __init__(self):
            super().__init__()
            self.value = self.add_weight(shape=start.shape, initializer="zeros", name="value")
            self.built = True

        def call(self, inputs):
            # A tensor, as in a training step, and not the variable; whatever precision the answer computes in.
            result = loss(keras.ops.convert_to_tensor(self.value) + 0.0)
            return keras.ops.sum(keras.ops.cast(result, "float32")) + 0.0 * keras.ops.sum(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return y_pred

    model = Weight()
    model.value.assign(start.astype(np.float32))
    model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
    try:
        model.train_on_batch(np.zeros((1, 1), np.float32))
    except (
        Exception
    ) as error:  # the function gave numbers before: that it cannot be differentiated is the misconception
        return None, f" ({type(error).__name__}: {_first_line(error)})"
    moved = keras.ops.convert_to_numpy(
        model.value + 0.0
    )  # a variable itself would make NumPy warn in the learner's card
    return start - moved.astype(np.float64), ""


def _first_line(error: Exception) -> str:
    """The first line of an exception that says something: Keras puts one of its own in front, and colours."""
    lines = (re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in str(error).splitlines())
    return next((line for line in lines if line and not line.startswith("Exception encountered")), "")[:200]


def _require_alone(probe, name: str, function, arrays, expected: np.ndarray) -> None:
    """State that a batch of one picture gives the result for that picture, with its first axis."""
    got, error = probe.attempt(function, *arrays)
    shape = None if error is not None else probe.array(got, name).shape
    probe.require(
        shape == expected.shape,
        "batch-of-one",
        f"A batch of one picture: {name} "
        + (f"raises {type(error).__name__}: {_first_line(error)}" if error is not None else f"returns shape {shape}")
        + f", and shape {expected.shape} was expected. What becomes of an axis of length 1?",
    )
    probe.require_close(
        got,
        expected,
        "batch-of-one",
        "A picture alone has another result than among others. Why?",
        rtol=1e-3,
        atol=1e-3,
    )


def _require_gradient(probe, loss, start, true, question: str) -> None:
    got, why = _gradient(loss, start)
    probe.require(
        got is not None and np.isfinite(got).all() and np.allclose(got, true, rtol=1e-3, atol=1e-3),
        "no-gradient",
        "The numbers are right, and their gradient is "
        + (f"missing{why}" if got is None or not got.any() else "wrong")
        + f". {question}",
    )


@exercise("reparameterize", ops=True)
def judge_reparameterize(reparameterize, probe):
    """Three independent arrays of two sizes, so that every wrong scale shows; then the gradients."""
    rng = probe.rng

    def away_from_zero(low, high, shape):
        return rng.choice([-1, 1], shape) * rng.uniform(low, high, shape)

    def cases():
        for n, k in ((4, 3), (9, 6)):
            mu, log_var, epsilon = float32(
                rng.normal(0, 2, (n, k)), away_from_zero(0.5, 2.5, (n, k)), away_from_zero(0.3, 2, (n, k))
            )
            got = probe.repeatable(reparameterize, mu, log_var, epsilon, otherwise="draws-its-own-noise")
            got = probe.shape(got, (n, k))
            nan = np.isnan(got)
            probe.require(not nan.any() or not np.array_equal(nan, log_var < 0), "root-of-a-logarithm")
            sigma = np.exp(0.5 * log_var)
            mistakes = {
                "variance-for-sigma": mu + sigma**2 * epsilon,
                "doubled-not-halved": mu + sigma**4 * epsilon,
                "logarithm-for-sigma": [mu + factor * log_var * epsilon for factor in (1.0, 0.5)],
                "logarithm-for-sigma/root": mu + np.sqrt(np.abs(log_var)) * epsilon,
                "precision-for-variance": mu + epsilon / sigma,
                "wrong-sign": mu - sigma * epsilon,
                "ignores-epsilon": mu + sigma,
                "ignores-epsilon/means": mu,
                "ignores-the-variance": mu + epsilon,
                "scales-the-mean": [(mu + epsilon) * sigma, mu * sigma + epsilon, mu * sigma * epsilon],
                "noise-rescaled": [mu + factor * sigma * epsilon for factor in (0.1, 0.5, 2.0)],
                "one-draw-for-all-latents": mu + sigma * epsilon[:, :1],
                "one-draw-for-all-pictures": mu + sigma * epsilon[:1],
            }
            yield got, mu + sigma * epsilon, mistakes

    probe.settle_all(cases(), "wrong-draw", atol=1e-5)
    far = np.array([[12.0, -12.0, 9.0], [-9.0, 12.0, -12.0]])
    (noise,) = float32(away_from_zero(0.5, 1.5, far.shape))
    got = probe.call(reparameterize, 0 * far, far, noise)
    probe.close(got, np.exp(far / 2) * noise, "clips-log-variance", rtol=1e-3)
    mu, log_var, epsilon = float32(rng.normal(0, 2, (5, 4)), rng.uniform(-2, 2, (5, 4)), rng.normal(0, 1, (5, 4)))
    sigma = np.exp(0.5 * log_var)
    probe.batch_of_one(reparameterize, (mu, log_var, epsilon), mu + sigma * epsilon)
    probe.gradients(reparameterize, (mu, log_var, epsilon), (np.ones_like(mu), 0.5 * sigma * epsilon, None))


@exercise("kl_divergence", ops=True)
def judge_kl_divergence(kl_divergence, probe):
    """Two sizes, wide and narrow posteriors; then the prior itself, and the gradients."""
    rng = probe.rng

    def cases():
        for n, k in ((6, 4), (3, 7)):
            mu, log_var = float32(rng.normal(0, 1.5, (n, k)), rng.uniform(-2.5, 1.5, (n, k)))
            got = probe.repeatable(kl_divergence, mu, log_var, otherwise="sampled")
            got = probe.shape(
                got, (n,), {(n, k): "not-summed", (): "one-number-for-the-batch", (k,): "sums-over-pictures"}
            )
            probe.require(not np.isnan(got).any(), "log-variance-for-variance")
            variance, terms = np.exp(log_var), _kl_terms(mu, log_var)
            total = terms.sum(axis=1)

            def half(values):
                return 0.5 * values.sum(axis=1)

            powers = (2, 2), (2, 1), (1, 2), (0.5, 0.5), (0.5, 1), (1, 0.5)
            mistakes = {
                "mean-over-latents": terms.mean(axis=1),
                "wrong-sign": [-total, -terms.mean(axis=1)],
                "forgets-the-half": 2 * total,
                "not-zero-at-the-prior/half": half(mu**2 + variance - log_var),
                "not-zero-at-the-prior/whole": half(mu**2 + variance + 1 - log_var),
                "constant-once": half(mu**2 + variance - log_var) - 0.5,
                "sigma-and-variance-mixed": [half(mu**2 + np.exp(a * log_var) - 1 - b * log_var) for a, b in powers],
                "forgets-the-logarithm": half(mu**2 + variance - 1),
                "ignores-the-mean": half(variance - 1 - log_var),
                "ignores-the-variance": half(mu**2),
                "mean-not-squared": [half(value + variance - 1 - log_var) for value in (mu, np.abs(mu))],
                "reversed": half(log_var + (1 + mu**2) / variance - 1),
                "bits": total / math.log(2),
                "mean-over-pictures": [np.full(n, value) for value in (total.mean(), terms.mean(), total.sum())],
            }
            yield got, total, mistakes, {"k": k}

    probe.settle_all(cases(), "wrong-formula", rtol=2e-4, atol=1e-4)
    zero = np.zeros((4, 3))
    probe.close(probe.call(kl_divergence, zero, zero), np.zeros(4), "not-zero-at-the-prior", atol=1e-5)
    far = np.array([[-12.0, 0.5], [6.0, 0.5], [-12.0, 6.0]])
    probe.close(
        probe.call(kl_divergence, 0 * far, far), _kl_terms(0 * far, far).sum(axis=1), "clips-log-variance", rtol=1e-3
    )
    mu, log_var = float32(rng.normal(0, 1.5, (5, 4)), rng.uniform(-2.5, 1.5, (5, 4)))
    probe.batch_of_one(kl_divergence, (mu, log_var), _kl_terms(mu, log_var).sum(axis=1))
    probe.gradients(kl_divergence, (mu, log_var), (mu, 0.5 * (np.exp(log_var) - 1)))


def _kl_terms(mu, log_var):
    return 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var)


@judge(
    "bernoulli_nll",
    "gaussian_nll",
    title="The distortion of a picture, in nats",
    section="The loss, term by term",
    uses_keras=True,
    question="The probability of 784 independent pixels is a product. What is its logarithm?",
)
def judge_bernoulli_nll(bernoulli_nll, gaussian_nll, probe):
    """Flat and square pictures, moderate logits first, then extreme ones, then the Gaussian with three widths."""
    for shape in ((5, 7), (3, 4, 6, 2)):
        _check_bernoulli(bernoulli_nll, probe, shape)
    _check_extreme_logits(bernoulli_nll, probe)
    for shape in ((5, 7), (3, 4, 6, 2)):
        for sigma in (float(probe.rng.uniform(0.2, 0.6)), float(probe.rng.uniform(1.6, 3.0))):
            _check_gaussian(gaussian_nll, probe, shape, sigma)
    _check_small_sigma(gaussian_nll, probe)
    for shape in ((4, 3, 5), (2, 3, 2, 2, 3), (1, 4, 3)):
        _check_axes(bernoulli_nll, gaussian_nll, probe, shape)


def _check_small_sigma(gaussian_nll, probe) -> None:
    """Errors of a hundred standard deviations, whose density is 0 in 32 bits."""
    x = np.array([[1.0, 0.0, 0.75], [0.0, 1.0, 1.0]])
    mean = np.array([[0.0, 1.0, 0.75], [1.0, 0.125, 1.0]])
    sigma = 0.01
    true = np.square((x - mean) / sigma).sum(axis=1) / 2 + 3 * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    got = probe.array(probe.call(gaussian_nll, _tensor(x), _tensor(mean), sigma)).astype(np.float64)
    probe.require(
        np.isfinite(got).all(),
        "underflows",
        "Pixels that are wrong by 1, with σ = 0.01: gaussian_nll is not finite. How large is such a density in 32 bits, "
        "and does it have to be computed?",
    )
    probe.require_close(
        got,
        true,
        "caps-the-cost",
        "Pixels that are wrong by 1, with σ = 0.01, cost thousands of nats. At which step is the rest cut off?",
        rtol=1e-3,
    )


def _check_axes(bernoulli_nll, gaussian_nll, probe, shape) -> None:
    """Pictures with other numbers of axes than before, or one picture alone."""
    rng = probe.rng
    axes = tuple(range(1, len(shape)))
    x, other = rng.integers(0, 2, shape).astype(np.float64), rng.normal(0, 1, shape).astype(np.float32)
    bernoulli = (np.logaddexp(0, other) - x * other).sum(axis=axes)
    gaussian = (np.square(x - other) / 2 + 0.5 * math.log(2 * math.pi)).sum(axis=axes)
    for name, function, width, true in (
        ("bernoulli_nll", bernoulli_nll, (), bernoulli),
        ("gaussian_nll", gaussian_nll, (1.0,), gaussian),
    ):
        arguments = (_tensor(x), _tensor(other), *width)
        if shape[0] == 1:
            _require_alone(probe, name, function, arguments, true)
            continue
        got, error = probe.attempt(function, *arguments)
        right = (
            error is None and probe.array(got, name).shape == true.shape and np.allclose(probe.array(got), true, 1e-3)
        )
        probe.require(
            right,
            "fixed-number-of-axes",
            f"Pictures of shape {shape[1:]}, {len(axes)} axes of pixels: {name} "
            + ("gives a wrong result" if error is None else f"raises {type(error).__name__}: {_first_line(error)}")
            + ". For which numbers of axes is it written?",
        )


def _one_each(probe, result: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The result as one number a picture, or what went wrong with the axes."""
    n = shape[0]
    probe.require(
        result.shape != shape,
        "not-summed",
        f"{name} returns one number for each pixel. What does one picture cost in all?",
    )
    probe.require(
        result.ndim != 0,
        "one-number-for-the-batch",
        f"{name} returns one number for the whole batch. Which axis belongs to the pictures?",
    )
    probe.require(
        len(shape) == 2 or result.ndim == 1,
        "sums-one-axis",
        f"For pictures of shape {shape[1:]} {name} returns shape {result.shape}. Which axes are pixels?",
    )
    return probe.require_shape(result, (n,), f"{name}: one number for each picture.").astype(np.float64)


def _check_bernoulli(bernoulli_nll, probe, shape) -> None:
    rng = probe.rng
    axes, n = tuple(range(1, len(shape))), shape[0]
    x = rng.integers(0, 2, shape).astype(np.float64)
    logits = rng.normal(0, 2, shape).astype(np.float32).astype(np.float64)
    result = probe.array(probe.call(bernoulli_nll, _tensor(x), _tensor(logits)))
    got = _one_each(probe, result, shape, "bernoulli_nll")
    per_pixel = np.logaddexp(0, logits) - x * logits
    p = 1 / (1 + np.exp(-logits))
    true, pixels = per_pixel.sum(axis=axes), per_pixel[0].size
    probe.require(
        not np.isnan(got).any(),
        "logits-for-probabilities",
        "bernoulli_nll gives NaN. Do you take the logarithm of a logit, which may be negative?",
    )
    probe.settle(
        got,
        true,
        [
            (
                true / pixels,
                "mean-over-pixels",
                f"Yours is the true number divided by the {pixels} pixels. A product of {pixels} probabilities: what is its logarithm?",
            ),
            *(
                (
                    true / side,
                    "mean-over-pixels",
                    f"Yours is the true number divided by {side}, the length of an axis. Which function averages without being asked?",
                )
                for side in shape[1:]
            ),
            (-true, "wrong-sign", "Your costs are negative. Can the logarithm of a probability be positive?"),
            (
                (-x * np.log(p)).sum(axis=axes),
                "white-pixels-only",
                "A black picture costs you nothing, whatever the decoder says. Which pixels are missing?",
            ),
            (
                (-(1 - x) * np.log(1 - p)).sum(axis=axes),
                "black-pixels-only",
                "A white picture costs you nothing, whatever the decoder says. Which pixels are missing?",
            ),
            (
                (np.logaddexp(0, logits) - (1 - x) * logits).sum(axis=axes),
                "pixels-inverted",
                "A white pixel with a large logit costs you most. Of which pixel value is sigmoid(logit) the probability?",
            ),
            *(
                (
                    value.sum(axis=axes),
                    "sigmoid-twice",
                    "Your answer changes too little with the logits. How many times do they go through a sigmoid?",
                )
                for value in (np.logaddexp(0, p) - x * p,)
            ),
            (
                np.square(x - p).sum(axis=axes),
                "squared-error",
                "You measure a squared distance. What is the probability of a 1, and its logarithm?",
            ),
            (
                np.abs(x - p).sum(axis=axes),
                "squared-error",
                "You measure a distance. What is the probability of a 1, and its logarithm?",
            ),
            (true / math.log(2), "bits", "Those are bits. Which logarithm gives nats?"),
            *(
                (
                    np.full(n, value),
                    "mean-over-pictures",
                    "All pictures get the same number. Which axis belongs to the pictures?",
                )
                for value in (true.mean(), true.sum())
            ),
        ],
        "wrong-bernoulli",
        "A pixel 1 with logit a costs -ln sigmoid(a), a pixel 0 costs -ln(1 - sigmoid(a)). Which of the two differs?",
        rtol=3e-4,
        atol=1e-4,
    )


def _check_extreme_logits(bernoulli_nll, probe) -> None:
    """Logits of +-100, where sigmoid(100) is 1 in float32: values, then gradients."""
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    logits = np.array([[100.0, -100.0], [100.0, -100.0], [-100.0, 3.0], [-2.0, 100.0]])
    true = (np.logaddexp(0, logits) - x * logits).sum(axis=1)
    got = probe.array(probe.call(bernoulli_nll, _tensor(x), _tensor(logits))).astype(np.float64)
    probe.require(
        got.shape == true.shape and np.isfinite(got).all(),
        "overflows",
        "With logits of +-100 bernoulli_nll is not finite. What is ln(1 - sigmoid(100)) in 32 bits, and can it be had without the sigmoid?",
    )
    probe.require_close(
        got,
        true,
        "clips-probabilities",
        "A pixel 0 with a logit of 100 should cost 100 nats. At which step is the rest cut off?",
        rtol=1e-3,
        atol=1e-3,
    )
    got, why = _gradient(lambda a: bernoulli_nll(_tensor(x), a), logits)
    probe.require(
        got is not None and np.isfinite(got).all() and (got.any() or got.size == 0),
        "no-gradient",
        "bernoulli_nll is right, and its gradient with respect to the logits is "
        + (f"missing{why}" if got is None or not got.any() else "not finite")
        + " at +-100. Does every step belong to keras.ops, and can each be differentiated there?",
    )
    p = 1 / (1 + np.exp(-logits))
    probe.require(
        np.allclose(got, p - x, atol=1e-3),
        "clips-probabilities",
        "The gradient of a pixel 0 with a logit of 100 should be 1, or nothing pulls it back. At which step is it lost?",
    )


def _check_gaussian(gaussian_nll, probe, shape, sigma: float) -> None:
    rng = probe.rng
    axes, n = tuple(range(1, len(shape))), shape[0]
    x = rng.uniform(0, 1, shape).astype(np.float32).astype(np.float64)
    mean = rng.uniform(-0.5, 1.5, shape).astype(np.float32).astype(np.float64)
    result = probe.array(probe.call(gaussian_nll, _tensor(x), _tensor(mean), sigma))
    got = _one_each(probe, result, shape, "gaussian_nll")
    squares, pixels = np.square(x - mean).sum(axis=axes), int(np.prod(shape[1:]))
    log_sigma, constant = math.log(sigma), 0.5 * math.log(2 * math.pi)
    error = squares / (2 * sigma**2)
    true = error + pixels * (log_sigma + constant)
    mixed = "Is your third argument σ or σ²?"
    probe.settle(
        got,
        true,
        [
            (
                true / pixels,
                "mean-over-pixels",
                f"Yours is the true number divided by the {pixels} pixels. A product of {pixels} densities: what is its logarithm?",
            ),
            (-true, "wrong-sign", "That is the log-likelihood. What is its negative?"),
            *(
                (
                    value,
                    "drops-the-width",
                    "Your cost has no term with ln σ. Would a decoder that claims σ = 1000 pay nothing for it?",
                )
                for value in (error + pixels * constant, error)
            ),
            (
                error + pixels * log_sigma,
                "drops-the-constant",
                "Yours is too small by 0.919 for each pixel. Which constant of the normal density is missing?",
            ),
            *(
                (
                    value,
                    "squared-error",
                    "You return squared errors, without σ or with its constants. What is the density of a normal number?",
                )
                for value in (squares, squares / 2, squares / pixels, 0.5 * squares + pixels * constant)
            ),
            *(
                (
                    squares / (2 * sigma) + pixels * (factor * log_sigma + constant),
                    "sigma-for-variance",
                    f"You divide the squared error by 2 σ. {mixed}",
                )
                for factor in (0.5, 1.0)
            ),
            *(
                (
                    error + pixels * (factor * log_sigma + constant),
                    "logarithm-of-the-wrong-width",
                    f"The term with ln σ is {factor:g} times what it should be. What is the logarithm of the root of σ²?",
                )
                for factor in (2.0, 0.5, -1.0)
            ),
            (
                2 * error + pixels * (log_sigma + constant),
                "forgets-the-half",
                "The squared error counts twice. What stands before the square in the exponent?",
            ),
            *(
                (
                    error + log_sigma + value,
                    "constants-once",
                    f"The constants count once for each picture. There are {pixels} pixels: how often does each constant occur?",
                )
                for value in (constant, pixels * constant)
            ),
            (
                error + pixels * log_sigma + constant,
                "constants-once",
                f"½ ln(2π) counts once for each picture. There are {pixels} pixels: how often does it occur?",
            ),
            (
                error + pixels * (log_sigma + 2 * constant),
                "drops-the-constant",
                "Your constant is twice too large. Is it ln(2π), or ln of its root?",
            ),
            (
                np.abs(x - mean).sum(axis=axes) / sigma + pixels * math.log(2 * sigma),
                "laplace",
                "You measure absolute differences: that is another density. Which power stands in the normal one?",
            ),
            *(
                (
                    np.full(n, value),
                    "mean-over-pictures",
                    "All pictures get the same number. Which axis belongs to the pictures?",
                )
                for value in (true.mean(), true.sum())
            ),
        ],
        "wrong-gaussian",
        f"The density of one pixel is exp(-(x - mean)² / 2σ²) / (σ √(2π)). Which factor is missing in your logarithm? {mixed}",
        rtol=3e-4,
        atol=1e-3,
    )
    _require_gradient(
        probe,
        lambda m: gaussian_nll(_tensor(x), m, sigma),
        mean,
        (mean - x) / sigma**2,
        "Does every step from mean to the result of gaussian_nll belong to keras.ops?",
    )


@judge(
    "implied_sigma",
    title="The noise that a loss assumes",
    section="Which noise a loss assumes",
    question="With which factor does the squared error stand in the Gaussian NLL, if the KL stands beside it with factor 1?",
)
def judge_implied_sigma(implied_sigma, probe):
    """Random weights over several orders of magnitude."""
    rng = probe.rng
    for _ in range(4):
        r, k = (float(v) for v in np.exp(rng.uniform(-4, 2, 2)))
        if abs(math.log(r / k)) < 0.3 or abs(r - 1) < 0.1 or abs(k - 1) < 0.1:
            r, k = 3.0 * r + 2.0, 0.3 * k
        got = probe.number(
            probe.call(implied_sigma, r, k), question="Does your function return one number for the whole loss?"
        )
        probe.require(
            not math.isnan(got), "not-a-number", "Your result is NaN. Of what do you take a root or a logarithm?"
        )
        probe.settle(
            got,
            math.sqrt(k / (2 * r)),
            [
                (
                    k / (2 * r),
                    "variance-for-sigma",
                    "In which power does the width stand in the loss, and which is asked for?",
                ),
                (
                    math.sqrt(k / r),
                    "forgets-the-half",
                    "For ½ Σ(x - x̂)² + KL you get √2. What stands before the square in the exponent of a normal density?",
                ),
                (
                    math.sqrt(2 * k / r),
                    "half-on-the-wrong-side",
                    "For ½ Σ(x - x̂)² + KL you get 2. On which side of the fraction does the 2 belong?",
                ),
                (
                    math.sqrt(k / (4 * r)),
                    "half-twice",
                    "For ½ Σ(x - x̂)² + KL you get 0.71. How often does the ½ occur?",
                ),
                *(
                    (
                        value,
                        "upside-down",
                        "A larger weight on the reconstruction gives you a larger σ. Does a loss that minds every error assume more noise?",
                    )
                    for value in (math.sqrt(r / (2 * k)), math.sqrt(2 * r / k), math.sqrt(r / k), 2 * r / k, r / k)
                ),
                (
                    math.sqrt(1 / (2 * r)),
                    "ignores-the-kl-weight",
                    "Your σ does not depend on the weight of the KL. What happens to it when both weights are multiplied by 10?",
                ),
                (
                    math.sqrt(k / 2),
                    "ignores-the-reconstruction-weight",
                    "Your σ does not depend on the weight of the squared error. Which of the two terms speaks of σ?",
                ),
                *(
                    (
                        math.sqrt(pixels * k / (2 * r)),
                        "divides-by-pixels",
                        f"There are {pixels} pixels in your formula. In the task's loss both terms are sums: where does an average go?",
                    )
                    for pixels in (784, 196)
                ),
                (
                    math.sqrt(k * r / 2),
                    "multiplies-the-weights",
                    "Both weights times 10, and your σ changes. Does a factor on the whole loss move its minimum?",
                ),
                (
                    0.5 * math.log(k / (2 * r)),
                    "logarithm-for-sigma",
                    "That is ln σ. Which one is asked for?",
                ),
            ],
            "wrong-sigma",
            "Divide the loss by the weight of the KL and compare with Σ(x - x̂)² / (2σ²) + KL. What is 1 / (2σ²)?",
        )


@judge(
    "active_units",
    title="Latents that say something",
    section="Collapse by counting",
    question="A latent whose mean is 5 for every picture: what does it say about any of them?",
)
def judge_active_units(active_units, probe):
    """Columns with exact means and variances, some on each side of the threshold, where every shortcut gives another mask."""
    rng = probe.rng
    # A fifth of large values, a trend over the rows, and two values only: variances that part of the data does not show.
    threshold, n, rows = float(rng.uniform(0.3, 0.6)), 400, np.arange(400)
    tails = np.zeros(n)
    tails[rng.choice(n, n // 5, replace=False)] = math.sqrt(3 * threshold / 0.16)
    early = np.where(rows < 50, rng.choice([-1, 1], n) * math.sqrt(4 * threshold), 0.0)
    trend = np.linspace(-1, 1, n) * math.sqrt(7.5 * threshold)
    two = rng.permutation(np.resize([-1.0, 1.0], n)) * math.sqrt(0.7 * threshold)
    uneven = np.stack([tails, trend, early, two, np.full(n, 5.0)], axis=1)
    uneven_mask = np.array([True, True, False, False, False])
    uneven_got = probe.array(probe.call(active_units, uneven, threshold))
    for share in (10, 20, 25, 30, 50, 64, 100):
        probe.require(
            not np.array_equal(uneven_got, uneven[:share].var(axis=0) > threshold),
            "first-pictures-only",
            f"Your mask fits the first pictures of {n}. How many of them has the variance to count?",
        )
    middle = np.abs(uneven - np.median(uneven, axis=0))
    for spread in (np.median(middle, axis=0), 1.4826 * np.median(middle, axis=0)):
        for value in (spread, spread**2):
            probe.require(
                not np.array_equal(uneven_got, value > threshold),
                "robust-spread",
                "A unit that is silent for most pictures and loud for a few counts as silent. Which measure of spread is asked for?",
            )
    for threshold in (float(rng.uniform(0.02, 0.05)), float(rng.uniform(2.0, 3.0))):
        # Where the range, the standard deviation, the mean deviation, a fixed .01 and the variance draw their lines, as
        # standard deviations: one unit between any two of them, so that no two rules give the same mask.
        root = math.sqrt(threshold)
        lines = np.sort([threshold / 4.6, threshold, 1.25 * threshold, 0.1, root])
        widths = np.array(
            [0.0, 0.0, lines[0] / 2, *np.sqrt(lines[:-1] * lines[1:]), 1.6 * lines[-1], 1.6 * root, 0.5 * root]
        )
        centres = np.array([5.0, 0.0, -3.0, 0.0, 0.0, 0.0, 0.0, 0.0, -4.0, 3.0])
        order = rng.permutation(len(widths))
        widths, centres = widths[order], centres[order]
        n, k = 60, len(widths)
        values = rng.normal(size=(n, k))
        values = (values - values.mean(axis=0)) / values.std(axis=0)
        mu = values * widths + centres
        true = widths**2 > threshold
        result = probe.array(probe.call(active_units, mu, threshold))
        _check_mask(probe, result, mu, true, threshold)
    probe.require(
        np.array_equal(uneven_got, uneven_mask),
        "wrong-mask",
        "Units with a trend over the pictures, or with few large values, are judged wrongly. Over which pictures is the variance taken?",
    )


def _check_mask(probe, result: np.ndarray, mu: np.ndarray, true: np.ndarray, threshold: float) -> None:
    n, k = mu.shape
    indices = np.flatnonzero(true)
    probe.require(
        result.ndim != 0,
        "counts",
        f"You return one number, {result}. Which of the {k} units are active?",
    )
    probe.require(
        result.shape != (n,),
        "pictures-not-units",
        f"You return {n} answers, one for each picture. Which axis of (n, k) counts the units?",
    )
    probe.require(
        not (result.dtype.kind in "iu" and result.shape == indices.shape and np.array_equal(np.sort(result), indices)),
        "indices-for-mask",
        f"You return the numbers of the active units. Can you say yes or no for each of the {k}?",
    )
    got = probe.require_shape(result, (k,), "One truth value for each unit.")
    probe.require(
        got.dtype.kind == "b",
        "not-booleans",
        f"Truth values were expected; yours are of type {got.dtype}, such as {got[0]:.3g}. Which comparison is asked for?",
    )
    mean, spread, variance = mu.mean(axis=0), mu.std(axis=0), mu.var(axis=0)
    said = f"With the threshold {threshold:.3g} you call {int(got.sum())} of {k} units active."
    if np.array_equal(got, true):
        return
    for mask, name, question in (
        (~true, "inverted", "Your mask is the opposite. Which units are meant, those that vary or those that do not?"),
        (
            np.square(mu).mean(axis=0) > threshold,
            "not-centred",
            "A unit that is always 5 is among them. From where is a variance measured?",
        ),
        (
            np.abs(mean) > threshold,
            "mean-for-variance",
            "You look at the mean. Does a constant say anything about a picture?",
        ),
        (mean > threshold, "mean-for-variance", "You look at the mean. Does a constant say anything about a picture?"),
        (
            spread > threshold,
            "sigma-for-variance",
            "A unit with a standard deviation on the other side of the threshold is judged wrongly. Which power is compared?",
        ),
        (
            variance > math.sqrt(threshold),
            "sigma-for-variance",
            "You take a root of the threshold. Which power is compared?",
        ),
        (variance > threshold**2, "sigma-for-variance", "You square the threshold. Which power is compared?"),
        (
            variance > 0,
            "ignores-the-threshold",
            "Your mask does not depend on the threshold. How much variation is enough?",
        ),
        (
            variance > 1e-8,
            "ignores-the-threshold",
            "Your mask does not depend on the threshold. How much variation is enough?",
        ),
        (
            variance > 0.01,
            "ignores-the-threshold",
            "Your mask does not depend on the threshold. How much variation is enough?",
        ),
        (
            np.abs(mu).max(axis=0) > threshold,
            "largest-value",
            "You look at the largest value. What if it is the same for every picture?",
        ),
        (
            (np.abs(mu) > threshold).any(axis=0),
            "largest-value",
            "You ask whether any value is large. What if it is the same for every picture?",
        ),
        (
            (np.abs(mu) > threshold).all(axis=0),
            "largest-value",
            "You ask whether all values are large. What if they are the same for every picture?",
        ),
        (
            np.ptp(mu, axis=0) > threshold,
            "range-for-variance",
            "You compare the range. Which measure of spread is asked for?",
        ),
        (
            np.abs(mu - mean).mean(axis=0) > threshold,
            "mean-deviation",
            "You compare the mean absolute deviation. Which measure of spread is asked for?",
        ),
        (
            np.full(k, mu.var() > threshold),
            "one-variance-for-all",
            "All units get the same answer. Over which axis is the variance taken?",
        ),
        (
            mu.var(axis=0) > mu.var(axis=0).mean(),
            "relative-threshold",
            "You compare with the other units. What if all of them are active?",
        ),
        (
            mu[0] > threshold,
            "first-picture-only",
            "Your mask fits the first picture. What do the others say?",
        ),
    ):
        probe.require(not np.array_equal(got, mask), name, f"{said} {question}")
    probe.fail(
        "wrong-mask", f"{said} {int(true.sum())} have a variance above it. Over which axis do you take the variance?"
    )


@judge(
    "latent_grid",
    title="Tiles of equal prior mass",
    section="A map of equal tiles",
    question="Cut the normal distribution into n slices of equal probability. Which probability lies below the centre of slice i?",
)
def judge_latent_grid(latent_grid, probe):
    """An odd and an even number of tiles; the layout first, then the probabilities below each centre."""
    for n in (int(probe.rng.choice([5, 7])), int(probe.rng.choice([4, 6, 8])), 20, 50):
        result = probe.array(probe.call(latent_grid, n)).astype(np.float64)
        probe.require(
            result.shape not in ((n * n, 2), (2, n * n)),
            "flat",
            f"You return shape {result.shape}. Where does the tile in row 2, column 3 stand?",
        )
        probe.require(
            result.shape not in ((2, n, n), (n, 2, n)),
            "axis-order",
            f"Shape {(n, n, 2)} was expected; yours is {result.shape}. Which axis tells the two latents apart?",
        )
        grid = probe.require_shape(result, (n, n, 2), "Rows, columns, two latents.")
        probe.require(
            np.isfinite(grid).all(),
            "infinite-ends",
            "Your grid holds infinities. Which point has the probability 0 below it?",
        )
        again = probe.array(probe.call(latent_grid, n)).astype(np.float64)
        probe.require(np.array_equal(grid, again), "random", "Two calls give two grids. Is chance asked for here?")
        _check_layout(probe, grid, n)
        _check_centres(probe, grid[0, :, 1], n)
        probe.require_close(
            grid[:, 0, 0],
            grid[0, ::-1, 1],
            "axes-differ",
            "The two latents have different centres. Does the prior treat them differently?",
        )
    probe.require_close(
        probe.call(latent_grid, 1),
        np.zeros((1, 1, 2)),
        "fails-for-one-tile",
        "One tile holds the whole prior. Where is its centre?",
        atol=1e-6,
    )


def _check_layout(probe, grid: np.ndarray, n: int) -> None:
    def along(latent: int, axis: int) -> np.ndarray | None:
        """The values of a latent if it depends on this axis (0 rows, 1 columns) alone."""
        values = grid[:, 0, latent] if axis == 0 else grid[0, :, latent]
        same = values[:, None] if axis == 0 else values[None, :]
        return values if np.allclose(grid[..., latent], same, atol=1e-6) else None

    if along(0, 0) is None or along(1, 1) is None:
        probe.require(
            along(0, 1) is None or along(1, 0) is None,
            "latents-swapped",
            "Your first latent changes along the columns. Which of the two should change from row to row?",
        )
        probe.fail(
            "not-a-grid", "Within a row the first latent should not change, within a column the second. Which one does?"
        )
    rows, columns = np.diff(along(0, 0)), np.diff(along(1, 1))
    probe.require(
        not (rows.size and (rows > 0).all()),
        "upside-down",
        "Your first latent rises from the top row to the bottom row. Where is up in a picture, and where in a plot?",
    )
    probe.require(
        not (columns.size and (columns < 0).all()),
        "mirrored",
        "Your second latent falls from left to right. Which way does the task want it?",
    )
    probe.require(
        (rows < 0).all() and (columns > 0).all(),
        "not-sorted",
        "The values along your axes neither only rise nor only fall. In which order stand the centres?",
    )


def _check_centres(probe, centres: np.ndarray, n: int) -> None:
    p = (np.arange(n) + 0.5) / n
    true = ndtri(p)
    edges = ndtri(np.linspace(0, 1, n + 1))
    density = np.exp(-np.square(edges) / 2) / math.sqrt(2 * math.pi)
    conditional_means = n * (density[:-1] - density[1:])
    below = ndtr(centres)
    steps, shares = np.diff(centres), np.diff(below)
    share = below[-1] - below[0]
    if np.allclose(centres, true, atol=1e-4):
        return
    off = ~np.isclose(centres, true, atol=1e-4)
    probe.require(
        not (
            np.ptp(np.abs(centres[off])) < 1e-6 and np.all(np.abs(centres[off]) < np.abs(true[off])) and not off.all()
        ),
        "cuts-off-the-ends",
        f"With {n} tiles your outermost centres stop at {np.abs(centres[off]).max():.3g}. How far out does the prior reach?",
    )
    probe.require(
        not np.allclose(centres, p, atol=1e-4),
        "probabilities-for-codes",
        "Your centres lie between 0 and 1: they are probabilities. At which points does the distribution reach them?",
    )
    probe.require(
        not np.allclose(steps, steps[0], atol=1e-5),
        "evenly-spaced",
        f"Your centres are evenly spaced, from {centres[0]:.2f} to {centres[-1]:.2f}. Does a tile at the edge hold as much of the prior as one in the middle?",
    )
    probe.require(
        not np.allclose(centres, conditional_means, atol=1e-4),
        "mean-for-median",
        "Your centres are the mean codes of the slices. Does a mean have half of the slice's probability on each side?",
    )
    for factor, said in (
        (2.0, "twice"),
        (0.5, "half of"),
        (math.sqrt(2), "1.41 times"),
        (math.sqrt(0.5), "0.71 times"),
        (3.0, "three times"),
    ):
        probe.require(
            not np.allclose(centres, factor * true, atol=1e-4),
            "another-width",
            f"Your centres are {said} what they should be. Which standard deviation has the prior?",
        )
    probe.require(
        not np.allclose(shares, shares[0], atol=1e-5),
        "edges-for-centres",
        f"Between your first and your last centre lies {share:.0%} of the prior, in equal parts; the centres of {n} equal slices span {1 - 1 / n:.0%}. "
        "How much lies beyond the first centre: half a slice, a whole one, another share?",
    )
    probe.fail(
        "unequal-mass",
        f"The probabilities below your centres are {', '.join(f'{value:.3f}' for value in below[:8])}{', …' if n > 8 else ''}. What should they be for {n} equal slices?",
    )


@judge(
    "iwae_bound",
    title="A tighter bound",
    section="How tight is the bound",
    question="The logarithm of the mean, or the mean of the logarithm?",
)
def judge_iwae_bound(iwae_bound, probe):
    """Moderate weights first, which name the formula; then weights that overflow, with rows far apart."""
    rng = probe.rng
    for n, samples in ((6, 4), (3, 9)):
        log_weights = rng.normal(0, 1.5, (n, samples)) + rng.normal(0, 3, (n, 1))
        result = probe.array(probe.call(iwae_bound, log_weights))
        _check_bound(probe, result, log_weights)
    single = rng.normal(0, 3, (5, 1))
    probe.require_close(
        probe.call(iwae_bound, single),
        single[:, 0],
        "fails-with-one-sample",
        "With one sample the bound is its log weight. What happens to yours?",
    )
    spread = rng.normal(0, 1.5, (4, 5))
    for levels in (
        *(np.full(4, level) for level in (-5000.0, 5000.0, -50_000.0, 50_000.0)),
        np.array([-5000.0, 5000.0, 0.0, -300.0]),
    ):
        got = probe.require_shape(probe.call(iwae_bound, spread + levels[:, None]), (4,))
        true = np.logaddexp.reduce(spread, axis=1) - math.log(5) + levels
        finite = np.isfinite(got)
        together = bool(np.ptp(levels))
        probe.require(
            finite.all() or not together,
            "one-shift-for-all",
            "Log weights of -5000 in one row and +5000 in another give a result that is not finite. Which largest weight belongs to which picture?",
        )
        probe.require(
            finite.all(),
            "overflows",
            f"Log weights around {levels[0]:.0f} give {got[0]}. Which factor can you take out of all weights before the exponential?",
        )
        probe.require_close(
            got,
            true,
            "one-shift-for-all" if together else "clips-the-weights",
            "The same weights at another level should give the same bound, moved by as much. What is lost on the way?",
            atol=1e-3,
        )
    # One weight far below the others: it must count for nothing, and break nothing.
    uneven = np.array([[0.0, -2000.0], [-2000.0, 0.0]])
    probe.require_close(
        probe.call(iwae_bound, uneven),
        np.full(2, -math.log(2)),
        "shifts-by-the-wrong-weight",
        "Log weights of 0 and -2000: the mean weight is one half. Which of the two do you take out?",
    )
    _require_alone(probe, "iwae_bound", iwae_bound, [spread[:1]], np.logaddexp.reduce(spread, axis=1)[:1] - math.log(5))


def _check_bound(probe, result: np.ndarray, log_weights: np.ndarray) -> None:
    n, samples = log_weights.shape
    probe.require(
        result.ndim != 0,
        "one-number",
        "You return one number. Each picture has a likelihood of its own: which axis belongs to the pictures?",
    )
    probe.require(
        result.shape != (samples,),
        "pictures-for-samples",
        f"You return {samples} numbers, one for each sample. Which axis belongs to the pictures?",
    )
    got = probe.require_shape(result, (n,), "One bound for each picture.").astype(np.float64)
    total = np.logaddexp.reduce(log_weights, axis=1)
    true, elbo = total - math.log(samples), log_weights.mean(axis=1)
    probe.settle(
        got,
        true,
        [
            (
                elbo,
                "mean-of-logarithms",
                "You average the logarithms: that is the ELBO. What has to be averaged before the logarithm is taken?",
            ),
            (total, "sum-for-mean", f"Yours is too large by ln {samples}. Is it a sum of weights, or their mean?"),
            (
                total + math.log(samples),
                "wrong-sign-of-the-count",
                f"Yours is too large by twice ln {samples}. Does dividing by {samples} add or subtract its logarithm?",
            ),
            *(
                (
                    value,
                    "divides-after-the-logarithm",
                    f"You divide by {samples} after the logarithm. Where does the 1/S of the formula stand?",
                )
                for value in (total / samples, true / samples)
            ),
            (
                log_weights.max(axis=1),
                "largest-weight-only",
                "You return the largest log weight. What do the other samples add?",
            ),
            (-true, "wrong-sign", "Yours has the opposite sign. Is a bound of ln p(x) asked for, or a loss?"),
            *(
                (
                    true - value,
                    "forgets-the-shift",
                    "Add 10 to all log weights: your bound does not move by 10. What did you take out, and not put back?",
                )
                for value in (log_weights.max(axis=1), log_weights.max())
            ),
            *(
                (
                    true + value,
                    "shifts-twice",
                    "Add 10 to all log weights: your bound moves by 20. How often do you put back what you took out?",
                )
                for value in (log_weights.max(axis=1),)
            ),
            (
                np.exp(true),
                "forgets-the-logarithm",
                "You return the mean weight. Which function of it is asked for?",
            ),
            (
                true / math.log(2),
                "bits",
                "Those are bits. Which logarithm gives nats?",
            ),
            (
                np.median(log_weights, axis=1),
                "median",
                "You take a median. What has to be averaged?",
            ),
            *(
                (
                    np.full(n, value),
                    "mean-over-pictures",
                    "All pictures get the same number. Which axis belongs to the pictures?",
                )
                for value in (true.mean(), np.logaddexp.reduce(log_weights, axis=None) - math.log(log_weights.size))
            ),
        ],
        "wrong-bound",
        "For the log weights 0 and ln 3 the bound is ln 2. Which of exponential, mean and logarithm stands at the wrong place?",
    )
