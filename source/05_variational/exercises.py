# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Variational autoencoders: exercises"
#     lesson: 5
# ---

# %% [markdown]
# # 05 · Variational autoencoders: exercises
#
# Seven exercises: the pieces of the loss, each in nats for one picture, and the instruments that show whether a
# variational autoencoder works. Then a capstone, which puts them together. Replace each line that raises `NotImplementedError` by your answer, run the cell, then
# the check below it. `hint(kl_divergence)` asks you a question; call it again for more.
#
# Where a task says *backend tensors*, use `keras.ops` only: the function then works inside a training step, on
# TensorFlow, JAX and PyTorch alike. Throughout, `log_var` is the logarithm of the **variance** σ².

# %%
from course_lib import check, datasets, hint, models, plots, referees, training

import math

import keras
import numpy as np
from keras import layers, ops
from scipy.stats import norm

# %% [markdown] tags=["task"]
# ## reparameterize: a draw that lets gradients through ★ · 4 minutes · core
#
# The encoder answers with a normal distribution for each latent. A code is drawn from it, and training needs the
# gradient of that draw with respect to the encoder's answers.
#
# Write `reparameterize(mu, log_var, epsilon)`. All three are backend tensors (float32) of shape (n, k): the means, the
# logarithms of the variances, and numbers that somebody has drawn from the standard normal distribution. It returns
# the draws, shape (n, k), from the normal distributions with these means and variances. It draws nothing itself.
#
# For `mu = 5`, `log_var = log 4` and `epsilon = 1` the draw is 7: one standard deviation above the mean.
#
# **Success looks like** `mu` coming back for `epsilon = 0`, and a step of size 2 for each unit of `epsilon` where the
# variance is 4.


# %% tags=["answer"]
def reparameterize(mu, log_var, epsilon):
    """Draws (n, k) from N(mu, exp(log_var)), given standard normal numbers epsilon; backend tensors."""
    # SOLUTION BEGIN
    return mu + ops.exp(0.5 * log_var) * epsilon
    # SOLUTION END
    # STUB: raise NotImplementedError("reparameterize: write your answer here")


# %% tags=["check"]
check(reparameterize)

# %% [markdown] tags=["explanation"]
# A normal number with mean μ and standard deviation σ is μ + σ ε. With log σ² in hand, σ is the exponential of *half*
# of it. `exp(log_var)` is the variance, and scaling by it is the error of the most copied example: for variances near 1
# nothing looks wrong.
#
# Why not draw with `keras.random.normal(mean=mu, stddev=sigma)`? Because the gradient has to pass through the draw.
# Here ε comes from outside, so the code is an ordinary function of μ and log σ², with derivatives 1 and σ ε / 2.

# %% [markdown] tags=["task"]
# ## kl_divergence: what a code costs ★★ · 11 minutes · core
#
# The **rate** of a picture is the Kullback–Leibler divergence of the encoder's guess from the prior, here of the normal
# distribution with means `mu` and variances `exp(log_var)`, independent in each latent, from the standard normal one:
#
# $$\mathrm{KL} = \mathbb{E}_{z \sim q}\left[\ln q(z) - \ln p(z)\right]$$
#
# Write `kl_divergence(mu, log_var)`. Both are backend tensors (float32) of shape (n, k). It returns shape (n,): the
# divergence of each picture in nats. Logarithms of independent variables add up, so it is a sum over the latents.
#
# For one latent with `mu = 1` and `log_var = 0` it is 0.5 nats: the same width, moved by one standard deviation. For
# `mu = 0` and a variance of 4 it is 1.5 − ln 2 = 0.807 nats.
#
# **Success looks like** exactly 0 where the guess equals the prior, positive numbers everywhere else, and twice as
# much when every latent is repeated.


# %% tags=["answer"]
def kl_divergence(mu, log_var):
    """KL of N(mu, exp(log_var)) from N(0, 1), nats for each picture: (n, k), (n, k) -> (n,); backend tensors."""
    # SOLUTION BEGIN
    per_latent = 0.5 * (ops.square(mu) + ops.exp(log_var) - 1.0 - log_var)  # (n, k)
    return ops.sum(per_latent, axis=-1)
    # SOLUTION END
    # STUB: raise NotImplementedError("kl_divergence: write your answer here")


# %% tags=["check"]
check(kl_divergence)

# %% [markdown] tags=["explanation"]
# For one latent, E[ln q] = −½ ln(2πσ²) − ½ and E[ln p] = −½ ln(2π) − ½(μ² + σ²). Their difference is
# ½ (μ² + σ² − 1 − ln σ²), and σ² is `exp(log_var)`.
#
# A mean over the latents divides the rate by k. Then 32 useless latents cost as much as one, and the two terms of the
# loss no longer add up to a bound on anything. Repeat every latent and see whether your number doubles: this test
# catches it whatever the formula looks like.

# %% [markdown] tags=["task"]
# ## bernoulli_nll, gaussian_nll: what the error costs ★★ · 18 minutes · core
#
# The **distortion** of a picture is −ln p(x | z), the negative log-likelihood (NLL) of its pixels given the decoder's
# answer. Pixels are independent given the code, so their logarithms add up.
#
# Write two functions. All arrays are backend tensors (float32) of shape (n, …) with any number of axes after the first;
# both return shape (n,), in nats, with all constants.
#
# * `bernoulli_nll(x, logits)`: `x` holds pixels 0 or 1; the probability of a 1 is sigmoid(logit). Logits of ±100 must
#   give finite numbers and finite gradients.
# * `gaussian_nll(x, mean, sigma)`: each pixel is normal around `mean` with standard deviation `sigma`, one positive
#   number for all pixels, a Python float. ½ ln(2π) belongs to it.
#
# One pixel `x = 1` with logit 0 costs ln 2 = 0.693 nats. One pixel 0.1 away from its mean costs −0.884 nats for
# σ = 0.1: a density may be larger than 1, so its NLL may be negative.
#
# **Success looks like** 100 nats for a black pixel with a logit of 100, and twice the cost for a picture of twice the
# pixels.


# %% tags=["answer"]
def bernoulli_nll(x, logits):
    """-ln p of black-and-white pixels, nats for each picture: (n, ...), (n, ...) -> (n,); backend tensors."""
    # SOLUTION BEGIN
    per_pixel = ops.softplus(logits) - x * logits
    return ops.sum(ops.reshape(per_pixel, (ops.shape(x)[0], -1)), axis=1)
    # SOLUTION END
    # STUB: raise NotImplementedError("bernoulli_nll: write your answer here")


def gaussian_nll(x, mean, sigma):
    """-ln p of pixels around a mean picture, nats for each picture: (n, ...), (n, ...), number -> (n,)."""
    # SOLUTION BEGIN
    per_pixel = 0.5 * ops.square((x - mean) / sigma) + math.log(sigma) + 0.5 * math.log(2 * math.pi)
    return ops.sum(ops.reshape(per_pixel, (ops.shape(x)[0], -1)), axis=1)
    # SOLUTION END
    # STUB: raise NotImplementedError("gaussian_nll: write your answer here")


# %% tags=["check"]
check(bernoulli_nll, gaussian_nll)

# %% [markdown] tags=["explanation"]
# The Bernoulli NLL is −x ln s − (1 − x) ln(1 − s) with s = 1 / (1 + exp(−a)). Insert s: ln(1 + exp(a)) − x a. The first
# term is `softplus`, which is computed without ever forming exp(100). Taking the sigmoid first rounds s to 1, and ln 0
# is infinite; clipping s hides that, and gives 16 nats where 100 are due, with a gradient of 0 where it is needed most.
# `ops.binary_crossentropy(x, ops.sigmoid(a))` clips too. On TensorFlow alone Keras remembers the logits and mends it;
# with `from_logits=True` it is right everywhere.
#
# Dropping ln σ does not move the gradient of the weights while σ is fixed. It does make numbers for different σ
# incomparable, and a *learned* σ would grow without bound. The constant ½ ln(2π) moves no gradient at all; a likelihood
# that is to be compared with an exact one needs it.

# %% [markdown] tags=["task"]
# ## implied_sigma: which noise does this loss assume ★ · 8 minutes · core
#
# Whoever adds a squared error and a KL divergence with some weights has chosen a decoder noise σ, mostly without
# knowing it. Write the loss with sums:
#
# $$\text{loss} = w_r \sum_\text{pixels} (x - \hat x)^2 + w_k \sum_\text{latents} \mathrm{KL}$$
#
# Up to a factor and a constant it equals the loss of a variational autoencoder whose pixels are normal with standard
# deviation σ.
#
# Write `implied_sigma(reconstruction_weight, kl_weight)` with the two positive numbers $w_r$ and $w_k$. It returns σ as
# a Python float, in the units of the pixels. If a loss *averages* over 784 pixels, its $w_r$ is 1/784.
#
# The loss ½ Σ(x − x̂)² + KL belongs to σ = 1.
#
# **Success looks like** 3.5 for the squared error averaged over 784 pixels plus the KL averaged over 32 latents, and
# the same σ when both weights are multiplied by 10.


# %% tags=["answer"]
def implied_sigma(reconstruction_weight, kl_weight):
    """Standard deviation of a pixel for which this loss is that of a VAE, up to a factor and a constant."""
    # SOLUTION BEGIN
    return math.sqrt(kl_weight / (2.0 * reconstruction_weight))
    # SOLUTION END
    # STUB: raise NotImplementedError("implied_sigma: write your answer here")


# %% tags=["check"]
check(implied_sigma)

# %% tags=["success"]
for name, weights in {
    "mean over 784 pixels + mean over 32 latents": (1 / 784, 1 / 32),
    "mean over 784 pixels + KL / 784": (1 / 784, 1 / 784),
    "half the sum + KL": (0.5, 1.0),
}.items():
    print(f"{name}: sigma = {implied_sigma(*weights):.3f}")

# %% [markdown] tags=["explanation"]
# The Gaussian NLL contains Σ(x − x̂)² / (2σ²), and the KL stands beside it with weight 1. Divide the given loss by
# $w_k$, so that the KL has weight 1 as well, and compare: 1 / (2σ²) = $w_r / w_k$.
#
# Only the ratio of the weights counts, because a factor on the whole loss does not move its minimum. σ = 3.5 for pixels
# between 0 and 1 says: every pixel is noise, the picture carries no information. The network believes it and switches
# all latents off.

# %% [markdown] tags=["task"]
# ## active_units: which latents say anything ★ · 8 minutes · optional
#
# A latent has **collapsed** if the encoder's guess is the prior for every picture. Then its mean does not depend on the picture.
#
# Write `active_units(mu, threshold)`. `mu` holds the means of the guesses for many pictures, shape (n, k), NumPy. It returns
# a Boolean array of shape (k,): whether the variance of the latent's mean over the pictures is above `threshold`; a
# variance of 0 is not above 0. Divide by n or by n − 1 as you like.
#
# For `mu = [[1, 0], [1, 2]]` and `threshold = 0.01` the answer is `[False, True]`: the first latent has a mean of 1 for
# every picture, which says nothing about any of them.
#
# **Success looks like** a mask that does not change when you add 5 to a column.


# %% tags=["answer"]
def active_units(mu, threshold):
    """Which latents vary over the data: posterior means (n, k) -> Booleans (k,)."""
    # SOLUTION BEGIN
    return np.var(mu, axis=0) > threshold
    # SOLUTION END
    # STUB: raise NotImplementedError("active_units: write your answer here")


# %% tags=["check"]
check(active_units)

# %% [markdown] tags=["explanation"]
# Active is what *changes* with the picture: a variance over axis 0. A large mean that never changes is a constant, and
# a small one that does change may still carry information.
#
# Burda and others (2016) use the threshold 0.01. Counting columns depends on the axes of the code, though: in a linear
# VAE with equal posterior variances a rotation changes no loss, and it spreads one active direction over many columns.
# The second notebook of the lesson therefore counts eigenvalues of the covariance of μ, which do not move under rotations.

# %% [markdown] tags=["task"]
# ## latent_grid: tiles of equal prior mass ★★ · 11 minutes · core
#
# A map of a two-dimensional latent space decodes one code for each tile. If the codes are evenly spaced, most tiles
# show places where the prior has next to no mass. Better cut the plane so that each tile holds the same share of it.
#
# Write `latent_grid(n)`. Divide the standard normal distribution into `n` intervals of probability 1/n each. The centre of
# an interval is the point that has half of the interval's probability on each side. The grid has a code for each pair of centres.
# It returns an array of shape (n, n, 2) laid out like a picture:
#
# * `grid[i, j, 0]`, the first latent, depends on the row `i` alone and **falls** from the top row to the bottom row;
# * `grid[i, j, 1]`, the second latent, depends on the column `j` alone and rises from left to right.
#
# All numbers are finite. `norm.ppf(p)` gives the point below which the standard normal distribution has probability p.
#
# For `n = 2` the centres are −0.674 and 0.674, and `grid[0, 0]` is `[0.674, −0.674]`.
#
# **Success looks like** exactly 0 in the middle for odd `n`, and corners at about ±1.96 for `n = 20`.


# %% tags=["answer"]
def latent_grid(n):
    """Codes (n, n, 2) at the centres of tiles of equal prior mass; first latent falls by row, second rises by column."""
    # SOLUTION BEGIN
    centres = norm.ppf((np.arange(n) + 0.5) / n)  # (n,), rising
    first, second = np.meshgrid(centres[::-1], centres, indexing="ij")
    return np.stack([first, second], axis=-1)
    # SOLUTION END
    # STUB: raise NotImplementedError("latent_grid: write your answer here")


# %% tags=["check"]
check(latent_grid)

# %% [markdown] tags=["explanation"]
# The interval number i holds the probabilities from i/n to (i + 1)/n. Its centre, in probability, is (i + ½)/n, and
# `ppf` turns it into a point. `norm.ppf(np.linspace(0, 1, n))` has ends at ±∞: a book that uses it decodes infinities
# in 56 of 225 tiles. `linspace(-1, 1)` shows less than half of what the prior produces, `linspace(-15, 15)` almost
# nothing else than what it never produces.

# %% [markdown] tags=["task"]
# ## iwae_bound: a tighter bound from several draws ★★★ · 25 minutes · optional
#
# The likelihood of a picture is an integral over all codes. Draw `samples` codes $z_s$ from the encoder's guess, and the
# mean of the **weights** $w_s = p(x, z_s) / q(z_s | x)$ estimates p(x). Its logarithm is the importance-weighted bound
# (Burda and others, 2016):
#
# $$L = \ln \left( \frac{1}{S} \sum_{s=1}^{S} w_s \right)$$
#
# Write `iwae_bound(log_weights)`. `log_weights` is a NumPy array of shape (n, samples) with ln w. It returns shape
# (n,), in nats. Log weights of −5000 or +5000 are common for pictures, so no weight itself can be computed; the bound is
# still wanted to a millionth of a nat.
#
# For the log weights `[[0, ln 3]]` the bound is ln 2: the mean of the weights 1 and 3.
#
# **Success looks like** the log weight itself for one sample, and a result that moves by c when you add c to all log
# weights.


# %% tags=["answer"]
def iwae_bound(log_weights):
    """The logarithm of the mean weight of each picture: log weights (n, samples) -> nats (n,)."""
    # SOLUTION BEGIN
    largest = log_weights.max(axis=1, keepdims=True)  # (n, 1)
    return largest[:, 0] + np.log(np.mean(np.exp(log_weights - largest), axis=1))
    # SOLUTION END
    # STUB: raise NotImplementedError("iwae_bound: write your answer here")


# %% tags=["check"]
check(iwae_bound)

# %% [markdown] tags=["explanation"]
# Divide all weights by the largest one before the exponential, and add its logarithm afterwards: nothing overflows, and at
# least one term of the mean is 1. `scipy.special.logsumexp(log_weights, axis=1) - np.log(samples)` does the same.
#
# The mean of the *logarithms* is the ELBO. The logarithm is concave, so the logarithm of the mean is never below it, for
# any draws: that is Jensen's inequality. The sum instead of the mean is too large by ln S, and then "improves" with S for no reason.

# %% [markdown] tags=["task"]
# ## drawing_machine: a machine that draws, judged in nats ★★★ · 35 minutes · capstone
#
# Build and train a variational autoencoder, and have it judged on pictures that it never saw: by its bound, beside linear models that
# have twice as many numbers for a picture.
#
# Write `drawing_machine(pictures)`. The check mixes half-size pictures of four kinds of clothes and two digits, perhaps
# mirrored, and hands over 2,400 of them: NumPy, float32, shape (2400, 196), values in [0, 1]. It returns three things:
#
# * `encoder`, a Keras model from pictures (n, 196) to **two** outputs, mu and log_var = log σ², both (n, k), with k at most 16.
#   It draws nothing: the check does;
# * `decoder`, a Keras model from codes (n, k) to mean pictures (n, 196);
# * `sigma`, the standard deviation of a pixel around its mean picture, one positive number.
#
# The check draws four codes from the guess of each of 800 other pictures of the same mixture, and computes the bound: minus
# distortion, minus rate, in nats for a picture, with all constants, mean over pictures. Beside it stand **exact** log-likelihoods: of
# the mean picture plus noise, and of probabilistic PCA with 16 latents, as many as yours, and with 32. Your bound has to be at least
# **16 nats above the one with 32**. On one such draw:
#
# | | nats |
# |---|---|
# | mean picture and noise | −19 |
# | probabilistic PCA, 16 latents | 117 |
# | probabilistic PCA, 32 latents | 140 |
# | **you need** | **156** |
# | a network of one hidden layer on each side | 175 |
#
# Use your own functions from above, all of Keras, `training.fit(…, loss=None)` and everything that the lesson used, `models.` too: you may
# train a `models.VariationalAutoencoder` or a `models.warm_start_vae`. `practice_pictures(n)` gives something to try it on.
# `models.VariationalAutoencoder(encoder, decoder, sigma=sigma).elbo_terms(unseen).elbo.mean()` computes the bound,
# and `referees.fit_ppca(pictures, 32).log_likelihood(unseen).mean()` what is to be beaten.
#
# **Success looks like** a decoder that draws: run the cells below the check, and look at what it makes of codes that no picture has.


# %% tags=["answer"]
def practice_pictures(n):
    """Half-size clothes to try your machine on, (n, 196), n up to 12,000; the check has other pictures."""
    return datasets.fashion_mnist().images("train")[:n].reshape(n, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(n, 196)


def drawing_machine(pictures):
    """Pictures (n, 196) -> encoder to [mu, log_var], decoder of codes, and the noise of a pixel."""
    # SOLUTION BEGIN
    held, kept = pictures[:400], pictures[400:]
    picture, code = keras.Input((196,)), keras.Input((16,))
    seen = layers.Dense(512, "gelu")(picture)
    encoder = keras.Model(picture, [layers.Dense(16)(seen), layers.Dense(16, kernel_initializer="zeros")(seen)])
    decoder = keras.Model(code, layers.Dense(196, "sigmoid")(layers.Dense(512, "gelu")(code)))

    class Machine(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder
            self.log_sigma = self.add_weight(shape=(), initializer=keras.initializers.Constant(math.log(0.2)))
            self.chance = keras.random.SeedGenerator()

        def call(self, x):
            mu, log_var = self.encoder(x)
            z = reparameterize(mu, log_var, keras.random.normal(ops.shape(mu), seed=self.chance))
            error = ops.sum(ops.square(x - self.decoder(z)), axis=1)
            distortion = error / (2 * ops.exp(2 * self.log_sigma)) + 196 * self.log_sigma
            return distortion + kl_divergence(mu, log_var)  # (n,), without the constant 98 ln 2π

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean(y_pred)

    training.fit(Machine(), kept, loss=None, epochs=60, batch_size=100, learning_rate=4e-3)
    mu, log_var = encoder.predict(held, verbose=0)
    codes = mu + np.exp(log_var / 2) * np.random.default_rng(0).standard_normal(mu.shape)
    sigma = np.sqrt(np.mean((held - decoder.predict(codes.astype("float32"), verbose=0)) ** 2))
    return encoder, decoder, float(sigma)
    # SOLUTION END
    # STUB: raise NotImplementedError("drawing_machine: write your answer here")


# %% tags=["check"]
check(drawing_machine)

# %% tags=["success"]
training.set_seed(0)
pictures, unseen = practice_pictures(4000)[:3000], practice_pictures(4000)[3000:]
encoder, decoder, sigma = drawing_machine(pictures)
vae = models.VariationalAutoencoder(encoder, decoder, sigma=sigma)
rungs = {
    "mean picture + noise": referees.fit_ppca(pictures, 0).log_likelihood(unseen),
    "probabilistic PCA, 16 latents": referees.fit_ppca(pictures, 16).log_likelihood(unseen),
    "probabilistic PCA, 32 latents": referees.fit_ppca(pictures, 32).log_likelihood(unseen),
    "drawing machine": vae.elbo_terms(unseen, samples=4).elbo,
}
plots.ladder(
    list(rungs), [float(values.mean()) for values in rungs.values()], kinds=["trivial", "referee", "referee", "network"],
    metric="log-likelihood of an unseen picture", unit="nats", lower_is_better=False, value_format=".0f",
    caption="Clothes of ten kinds, 14 × 14: exact for the linear models, a lower bound for the machine.",
)  # fmt: skip

# %% tags=["success"]
labels, chance = datasets.fashion_mnist().train_labels, np.random.default_rng(0)
mu, _ = encoder.predict(pictures, verbose=0)


def drawn(codes):
    return decoder.predict(np.asarray(codes, "float32"), verbose=0).reshape(-1, 14, 14)


def to_order(kind):
    """Three codes from the bell of one kind's codes, a little closer to its centre than real ones."""
    codes = mu[labels[:3000] == kind]
    return chance.multivariate_normal(codes.mean(axis=0), 0.5 * np.cov(codes.T), 3)


ordered = np.stack([drawn(to_order(kind)) for kind in range(10)], axis=1)  # (3, 10, 14, 14)
photographed = np.stack([unseen[labels[3000:4000] == kind][0] for kind in range(10)]).reshape(-1, 14, 14)
plots.grid(
    [photographed, *ordered, drawn(chance.standard_normal((10, mu.shape[1])))],
    row_labels=["photographed", "drawn to order", "drawn to order", "drawn to order", "from N(0, I)"],
    caption="Forty clothes that nobody photographed: thirty from a bell for each kind, ten without a look at any code.",
)

# %% [markdown] tags=["explanation"]
# The pieces are those of the exercises above; what is new is the noise. σ starts at .2 and is a weight like any other: as the copies get better it
# falls, and the smaller it is the more the next bit of error costs. Left at 1, or at what the pictures vary by, it tells the network that most of the
# picture is noise, and latents fall silent.
#
# The σ that training ends with is the error on the *training* pictures. On others the error is larger. A machine that has learnt by heart pays for every
# pixel with (x − x̂)² / 2σ², and a third too small a σ eats up all that it was ahead. So the last three lines measure σ on 400 pictures that trained nothing,
# from *drawn* codes, as the bound has it.
#
# Why does no trick help? The check draws the codes, so certainty has to be paid for as rate; a wide code is not allowed; and for given models the best σ is
# the root of their error. A plain autoencoder with tiny variances pays ten nats a latent. Probabilistic PCA as two Keras layers is exactly the
# referee. And with the KL at a tenth of its weight you get sharper copies, whose codes cost twice as much.
