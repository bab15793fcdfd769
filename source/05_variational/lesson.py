# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Variational autoencoders
#     lesson: 5
#     minutes: 70
#     compute: 57
#     summary: "Every term in nats; an evidence bound against the exact likelihood; collapse predicted by counting eigenvalues; a space to sample from"
#     prerequisites:
#       - "lesson 02"
#       - "the normal distribution, logarithms, expectation"
#     objectives:
#       - Derive the loss of a variational autoencoder and state each term in nats for one picture
#       - Measure a linear variational autoencoder against the exact likelihood of probabilistic PCA
#       - Predict from eigenvalues how many latents survive a given noise level
#       - Compute which pixel noise a published loss assumes
#       - Sample pictures from the prior and tell them from reconstructions
#     data: [fashion_mnist, digits]
# ---

# %% [markdown]
# An autoencoder gives each picture a point. A **variational autoencoder** (VAE) gives it a probability distribution, and it knows which codes
# are worth decoding: those of a **prior** that was fixed before training. That makes it a generative model, one that can draw pictures nobody took.
#
# All losses in this lesson have one unit: **nats for one picture**, summed over pixels and latents, averaged over pictures. (A nat is 1.44
# bits.) Only so can they be compared with exact numbers, and for linear models there are exact numbers.

# %%
from course_lib import claim, datasets, guess, losses, metrics, models, plots, referees, reveal, training
from course_lib.widgets import choice, explore, slider

import keras
import numpy as np
from keras import ops
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
random = np.random.default_rng(SEED)


def as_images(pictures):
    """Flat pictures as squares for display, clipped to [0, 1]: (n, 784) -> (n, 28, 28)."""
    return metrics.clip01(np.asarray(pictures, "float32")).reshape(-1, 28, 28)


def decode(decoder, codes):
    """Mean pictures of codes (n, k): (n, 784), clipped."""
    return metrics.clip01(decoder.predict(np.asarray(codes, "float32"), batch_size=5000, verbose=0))


# %% [markdown]
# More clothes: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell above gives 58,000 to train on, 2,000 for validation and
# 10,000 for the test (30 MB, downloaded once). Write `from course_lib import own_data` and `own_data(True)` below it, as the claims
# were measured on the subset. Training takes about five times as long.
#
# ## Recall
#
# 1. Why do the axes of an autoencoder's code mean nothing by themselves?
# 2. What is the best linear map through 32 numbers, and what is its error on the training set?
# 3. A loss of .0677 on digits: good or bad?
#
# <details><summary>Answers</summary>
#
# 1. Any invertible mixing of the code can be undone by the decoder; the loss does not notice (lesson 02).
# 2. PCA with 32 components; the sum of the eigenvalues left out, divided by the number of pixels.
# 3. You cannot know without a baseline. For the mean squared error it is about that of the mean digit: worthless. Keep the number in mind.
#
# </details>

# %% [markdown]
# ## Holes in a plain code
#
# Take the plain autoencoder of lesson 02 with a code of two numbers and use it to invent clothes: draw two numbers, decode. Which two
# numbers? Nothing in its training said where codes should lie.

# %%
guess(
    "plain-sampling",
    "Codes from the standard normal distribution, decoded by a plain autoencoder. What comes out?",
    ["a variety of clothes", "clothes of very few kinds, or none", "pure noise"],
)

# %%
training.set_seed(SEED)
plain_encoder, plain_decoder, plain = models.build_autoencoder(784, 256, 2)
training.fit(plain, train, epochs=4, batch_size=100, learning_rate=3e-3)
plain_codes = plain_encoder.predict(train, batch_size=1000, verbose=0)  # (12000, 2)
normal_codes = random.standard_normal((1000, 2))
plain_samples = decode(plain_decoder, normal_codes)
print(f"standard deviations of the plain codes: {plain_codes.std(axis=0)[0]:.1f} and {plain_codes.std(axis=0)[1]:.1f}")
plots.row(
    as_images(plain_samples[:10]),
    caption="A plain decoder asked for codes from N(0, I): it was never told to expect them.",
)

# %% [markdown]
# The codes cover a plane many times wider than the unit disc, in a shape of their own. To say how badly a distribution of codes fits, cut the
# standard normal distribution into 400 tiles of equal probability. A tile without any training code is a **hole**: the decoder
# would be asked for something that it has never seen. How far decoded samples are from the nearest of 12,000 real pictures is the second measure.

# %%


def share_of_holes(codes, tiles=20):
    """Share of equal-probability tiles of the standard normal plane that hold no code (n, 2)."""
    counts, _, _ = np.histogram2d(*norm.cdf(codes).T, bins=tiles, range=[[0, 1], [0, 1]])
    return float((counts == 0).mean())


def distance_to_real(pictures):
    """Median Euclidean distance to the nearest training picture."""
    return float(np.median(metrics.nearest_distance(pictures, train)))


holes = {"plain": share_of_holes(plain_codes)}
distance = {"plain": distance_to_real(plain_samples), "real": distance_to_real(validation[:1000])}
centre, spread = plain_codes.mean(axis=0), np.linalg.cholesky(np.cov(plain_codes.T))
fitted_samples = decode(plain_decoder, centre + normal_codes @ spread.T)
print(f"plain code: {holes['plain']:.0%} of the tiles are holes")
print(f"distance to the nearest real picture, N(0, I) decoded: {distance['plain']:.2f}")
print(f"codes from a Gaussian fitted to the plain codes:       {distance_to_real(fitted_samples):.2f}")
print(f"unseen real pictures:                                  {distance['real']:.2f}")

# %% [markdown]
# The third line is a referee worth remembering: fit *any* density to the codes afterwards, and a plain autoencoder generates too (lesson 09 does
# it well). Decoded pictures are blurred, which brings them *nearer* to a real one than real pictures are to each other. So distance finds
# nonsense, it does not reward quality.
#
# ## A distribution for each attribute
#
# Now make the distribution part of the model. The encoder answers with a normal distribution for each latent, the **posterior**: a mean $\mu$ and
# the logarithm of a variance, $\log \sigma^2$, each of shape $(n, k)$. A code is drawn from it:
#
# $$z = \mu + \sigma \, \varepsilon, \qquad \varepsilon \sim \mathcal N(0, I), \qquad \sigma = \exp(\tfrac 1 2 \log \sigma^2).$$
#
# The randomness comes in from outside as $\varepsilon$, so $z$ is an ordinary function of $\mu$ and $\sigma$, and gradients pass: the
# **reparameterisation trick**. The layer holds its own `SeedGenerator`, which makes it repeatable on every backend.


# %%
class Draw(keras.layers.Layer):
    """One code from each posterior: [mu, log_var] -> z, all of shape (n, k)."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs):
        mu, log_var = inputs
        epsilon = keras.random.normal(ops.shape(mu), seed=self.seed_generator)
        return mu + ops.exp(0.5 * log_var) * epsilon


# %% [markdown]
# ## The loss, term by term
#
# The model says: draw $z$ from the prior $\mathcal N(0, I)$, decode it, add pixel noise. How probable is a given picture $x$ under it? That takes an
# integral over all codes, which nobody can compute. But for *any* distribution $q(z)$
#
# $$\ln p(x) = \underbrace{\mathbb E_q[\ln p(x \mid z)]}_{-\text{distortion}} - \underbrace{\mathrm{KL}(q(z) \,\|\, p(z))}_{\text{rate}}
# + \underbrace{\mathrm{KL}(q(z) \,\|\, p(z \mid x))}_{\ge 0, \text{ the gap}}.$$
#
# (Write $p(x) = p(x \mid z)\,p(z) / p(z \mid x)$, take logarithms, add and subtract $\ln q(z)$, average over $q$.) The first two terms are the **ELBO**,
# the evidence lower bound. The loss is its negative:
#
# * **distortion**, what the error costs: for pixels with normal noise of standard deviation $\sigma_x$,
#   $\sum_{\text{pixels}} \big[ (x - \hat x)^2 / 2\sigma_x^2 + \ln \sigma_x + \tfrac 1 2 \ln 2\pi \big]$;
# * **rate**, what the code costs: $\sum_{\text{latents}} \tfrac 1 2 (\mu^2 + \sigma^2 - 1 - \ln \sigma^2)$ nats. It is 0 where the posterior is the prior: such
#   a code says nothing.
#
# Pixels that are 0 or 1 have another distortion: each is a coin. If the decoder gives the **logit** $l$, white has the probability
# $1 / (1 + e^{-l})$, and $-\ln p(x \mid z) = \sum_{\text{pixels}} \big[ \ln(1 + e^{l}) - x\, l \big]$. For a large $l$ the exponential overflows; the same
# number is $\max(l, 0) + \ln(1 + e^{-|l|}) - x\, l$, whose exponential is never above 1. Check: $l = 0$ costs $\ln 2$, whatever the pixel.


# %%
class SmallVAE(keras.Model):
    """Encoder, draw, decoder, and the negative ELBO as loss."""

    def __init__(self, encoder, decoder, pixel_sigma):
        super().__init__(name="small_vae")
        self.encoder, self.decoder, self.pixel_sigma = encoder, decoder, pixel_sigma
        self.draw = Draw()

    def call(self, pictures):
        mu, log_var = self.encoder(pictures)
        return {"mean_picture": self.decoder(self.draw([mu, log_var])), "mu": mu, "log_var": log_var}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        distortion = losses.gaussian_nll(x, y_pred["mean_picture"], self.pixel_sigma)  # (n,) nats
        rate = losses.kl_divergence(y_pred["mu"], y_pred["log_var"])  # (n,) nats
        return ops.mean(distortion + rate)


training.set_seed(SEED)
halves = models.build_vae(
    784, 256, 2, output_activation="sigmoid"
)  # as wide as the plain one, with two outputs for one
small = SmallVAE(halves.encoder, halves.decoder, pixel_sigma=0.5)
training.fit(small, train, loss=None, epochs=4, batch_size=100, learning_rate=3e-3)
trained = models.VariationalAutoencoder(small.encoder, small.decoder, sigma=0.5)
terms = trained.elbo_terms(validation)  # exact rate, sampled distortion, one number for each picture
print(
    f"distortion {terms.distortion.mean():.1f} + rate {terms.rate.mean():.2f} = {-terms.elbo.mean():.1f} nats a picture"
)

# %% [markdown]
# `models.VariationalAutoencoder` is the class above with a Bernoulli likelihood for black-and-white pixels, a $\sigma_x$ that may be learned, and methods
# that score. It takes the same two halves.
#
# Did the codes land where the prior is? Seen over all pictures, codes follow the **aggregate posterior**. Its mean should be 0 and its variance 1.

# %%
mu, sd = trained.posterior(train)
aggregate_mean, aggregate_variance = mu.mean(axis=0), mu.var(axis=0) + np.square(sd).mean(axis=0)
mismatch = 0.5 * (aggregate_mean**2 + aggregate_variance - 1 - np.log(aggregate_variance)).sum()
print(f"means {np.round(aggregate_mean, 2)}, variances {np.round(aggregate_variance, 2)}: costs {mismatch:.2f} nats")

vae = models.standardise_codes(trained, train)  # z -> (z - mean) / spread in the encoder, undone in the decoder
before, after = trained.elbo_terms(train), vae.elbo_terms(train)
saved = float(before.rate.mean() - after.rate.mean())
claim(
    "Moving and stretching the latents to mean 0 and variance 1 lowers the rate by what the formula says",
    abs(saved - mismatch) < 0.01,
    f"{saved:.3f} nats saved, {mismatch:.3f} predicted",
    margin=0.01 - abs(saved - mismatch),
)

# %% [markdown]
# They did not, and training hardly minds: a nat among hundreds. The remedy needs no training. The decoder can undo any stretching, so the
# distortion stays, and the best stretching is known. It matters as soon as you sample: codes from the prior then fall where the pictures are.
#
# ## A map of equal tiles
#
# Each tile of this map has the same prior probability; its centre is decoded. `norm.ppf((i + 0.5) / n)` finds the centres.

# %%
side = 15
centres = norm.ppf((np.arange(side) + 0.5) / side)
grid_codes = np.stack(
    np.meshgrid(centres[::-1], centres, indexing="ij"), axis=-1
)  # (15, 15, 2), first latent falls by row
tiles = as_images(decode(vae.decoder, grid_codes.reshape(-1, 2))).reshape(side, side, 28, 28)
figure, axis = plots.subplots(width=6.2, height=6.2)
axis.imshow(tiles.transpose(0, 2, 1, 3).reshape(side * 28, side * 28), cmap="gray", vmin=0, vmax=1)
ticks = (np.arange(0, side, 2) + 0.5) * 28
axis.set_xticks(ticks, [f"{value:.1f}" for value in centres[::2]])
axis.set_yticks(ticks, [f"{value:.1f}" for value in centres[::-1][::2]])
axis.set(xlabel="second latent", ylabel="first latent")
axis.grid(False)
plots.show(
    figure,
    "Every tile has 1/225 of the prior's mass. Neighbouring tiles look alike; kinds of clothes change gradually.",
)

# %%
vae_codes = mu + sd * random.standard_normal(mu.shape)
vae_codes = (vae_codes - aggregate_mean) / np.sqrt(aggregate_variance)
vae_samples = models.sample_prior(vae.decoder, 1000, 2, random)  # nothing goes in but the decoder and random numbers
holes["vae"], distance["vae"] = share_of_holes(vae_codes), distance_to_real(metrics.clip01(vae_samples))
plots.row(
    as_images(vae_samples[:10]), caption="Samples from the prior: blurred, for two numbers say little, but clothes."
)
claim(
    "The prior falls into holes of the plain code, and into holes of the VAE's less often: in less than a third of the tiles",
    holes["vae"] < min(holes["plain"], 1 / 3),
    f"{holes['plain']:.0%} and {holes['vae']:.0%} of the tiles",
    margin=min(holes["plain"] - holes["vae"], 1 - 3 * holes["vae"]),
)
claim(
    "Samples from N(0, I) are nearer to real pictures with the VAE",
    distance["vae"] < distance["plain"],
    f"{distance['vae']:.2f} and {distance['plain']:.2f}; unseen real pictures {distance['real']:.2f}",
    margin=distance["plain"] - distance["vae"],
)
reveal("plain-sampling", "clothes of very few kinds, or none")

# %% [markdown]
# A smooth code can be walked through. Take 200 pairs of unseen pictures, walk straight from one code to the other, and look at the worst place
# on the way: how far is it from any real picture, compared with the two ends?

# %%
order = np.random.default_rng(SEED).permutation(len(validation))[:400]
steps = np.linspace(0, 1, 11)[:, None, None]


def worst_on_the_way(codes, decoder):
    """Median over pairs of (largest distance to a real picture inside the path) minus (that at its ends)."""
    start, stop = codes[order[:200]], codes[order[200:]]
    path = decode(decoder, ((1 - steps) * start + steps * stop).reshape(-1, 2))  # (11 * 200, 784)
    far = metrics.nearest_distance(path, train).reshape(len(steps), 200)
    return float(np.median(far[2:-2].max(axis=0) - far[[0, -1]].max(axis=0))), path.reshape(len(steps), 200, 784)


detour, paths = {}, {}
validation_codes = {
    "plain": plain_encoder.predict(validation, batch_size=1000, verbose=0),
    "vae": vae.posterior(validation)[0],
}
for name, decoder in (("plain", plain_decoder), ("vae", vae.decoder)):
    detour[name], paths[name] = worst_on_the_way(validation_codes[name], decoder)
pair = int(np.argmax(np.linalg.norm(paths["plain"][0] - paths["plain"][-1], axis=1)))
plots.grid(
    [as_images(paths[name][:, pair]) for name in ("plain", "vae")],
    row_labels=["plain", "VAE"],
    caption="From one unseen picture to another, in ten equal steps of the code.",
)
for name, value in detour.items():
    print(
        f"{name:5} code: the worst place on the way, compared with the ends, is farther from real pictures by {value:+.2f}"
    )

# %% [markdown]
# The plain code strayed farther in each of our runs, by a little in some and by more in others: it depends on where training happened to lay the
# classes. The VAE's way was never worse than its ends. Neighbouring codes give similar pictures in both; only the VAE was *trained* for
# it, because each picture had to be recognisable from a cloud of codes.

# %% [markdown]
# ## The exact referee
#
# Is a trained bound any good? Nobody knows, for a network. For a *linear* VAE everybody can know. A linear decoder with normal noise
# is **probabilistic PCA**, its likelihood has a closed form (Tipping and Bishop 1999), and so does the best answer: the decoder's rows
# are principal axes of length $\sqrt{\lambda - \sigma_x^2}$, and $\sigma_x^2$ is the mean of the eigenvalues left out. Even the gap closes:
# the true posterior is normal, with one variance for all pictures, which a linear encoder can represent.
#
# To be quick, we use pictures of 14 × 14: means of 2 × 2 pixels. A density has units. Here they are those of pixels in [0, 1].

# %%
# NBVAL_CHECK_OUTPUT
print(
    f"the same densities for pixels in 0..255 are lower by {14 * 14 * np.log(255):.0f} nats at 14 x 14, {784 * np.log(255):.0f} at 28 x 28"
)


# %%
def half_size(pictures):
    """Means of 2 x 2 pixels: (n, 784) -> (n, 196)."""
    return pictures.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)


small_mean = half_size(train).mean(axis=0)
small_train, small_validation = half_size(train) - small_mean, half_size(validation) - small_mean
referee = referees.fit_ppca(small_train, 10)
training.set_seed(SEED)
linear = models.build_linear_vae(196, 10, sigma=0.3, learn_sigma=True)
linear_run = training.fit(linear, small_train, loss=None, epochs=10, batch_size=100, learning_rate=2e-2)

linear_terms = linear.elbo_terms(small_train, samples=2)
exact = referee.log_likelihood(small_train).mean()
gap = exact - linear_terms.elbo.mean()
for name, ours, true in (
    ("log-likelihood, ELBO", linear_terms.elbo.mean(), exact),
    (
        "the same, unseen pictures",
        linear.elbo_terms(small_validation, samples=2).elbo.mean(),
        referee.log_likelihood(small_validation).mean(),
    ),
    ("rate", linear_terms.rate.mean(), referees.water_filling(referee.eigenvalues, referee.noise_variance)[0]),
    ("pixel noise", linear.sigma, np.sqrt(referee.noise_variance)),
):
    print(f"{name:27} trained {ours:8.3f}   exact {true:8.3f}")
claim(
    "The linear VAE's bound is below the exact log-likelihood, by less than 1 nat a picture",
    0 < gap < 1,
    f"{linear_terms.elbo.mean():.2f} and {exact:.2f} nats, after {linear_run.seconds:.0f} s from random weights",
    margin=min(gap, 1 - gap),
)

# %% [markdown]
# From random weights, with noisy gradients, the network arrives at an answer of linear algebra to within a fraction of a nat. It learned even the noise. So the
# machinery is right: every sum, every half, every logarithm. Run this test on any VAE code you meet.
#
# ## Collapse by counting
#
# Now fix the noise by hand. A latent along an axis of variance $\lambda$ explains at most $\lambda$. If the decoder calls $\sigma_x^2$ noise and $\lambda$ is smaller,
# using that axis costs more rate than it saves distortion, and the best row has length 0. The latent is then ignored by the
# decoder and its posterior is the prior: it has **collapsed**. At the optimum the rate is $\sum \tfrac 1 2 \ln(\lambda / \sigma_x^2)$ over the axes with
# $\lambda > \sigma_x^2$.
#
# (Averaging 2 × 2 pixels divides the large eigenvalues by about four, so a noise of .5 here is like a noise of 1 at full size.)

# %%
guess(
    "collapse",
    "Half-size pictures, pixels in [0, 1]. A loss assumes a pixel noise of .5. How many of 48 latents survive?",
    ["none", "about 8", "about 24", "all 48"],
)

# %%
small_pca = referees.fit_pca(small_train)
noises = (1.75, 0.5, 0.4, 0.35, 0.3, 0.25)


class SideBySide(keras.Model):
    """Several VAEs that train on the same batches and know nothing of each other: one loop instead of six."""

    def __init__(self, members):
        super().__init__(name="side_by_side")
        self.members = members

    def call(self, pictures):
        return [member(pictures) for member in self.members]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return sum(member.compute_loss(x=x, y_pred=answer) for member, answer in zip(self.members, y_pred, strict=True))


training.set_seed(SEED)
linear_vaes = [models.build_linear_vae(196, 48, sigma=noise) for noise in noises]
side_by_side_run = training.fit(
    SideBySide(linear_vaes), small_train, loss=None, epochs=16, batch_size=100, learning_rate=2e-2
)
print(f"six linear VAEs after {side_by_side_run.seconds:.0f} s")


# %%
def squared_error(terms, noise, pixels):
    """Squared error of a picture, from a distortion in nats: what is left when the constants are taken off."""
    return 2 * noise**2 * float(terms.distortion.mean() - pixels * (np.log(noise) + 0.5 * np.log(2 * np.pi)))


found = []
print(
    "pixel noise   rate: trained, exact    latents: eigenvalues of Cov(mu) > .05, predicted, columns with Var(mu) > .01"
)
for noise, member in zip(noises, linear_vaes, strict=True):
    means = member.posterior(small_train)[0]  # (12000, 48)
    terms, (exact_rate, _) = member.elbo_terms(small_train), referees.water_filling(small_pca.eigenvalues, noise**2)
    active = int((np.linalg.eigvalsh(np.cov(means.T)) > 0.05).sum())
    columns, predicted = int((means.var(axis=0) > 0.01).sum()), int((small_pca.eigenvalues > noise**2).sum())
    found.append((noise, float(terms.rate.mean()), exact_rate, active, predicted, squared_error(terms, noise, 196)))
    print(f"{noise:11} {terms.rate.mean():14.2f} {exact_rate:7.2f} {active:40} {predicted:9} {columns:25}")

# %%
deviations = [abs(rate / exact_rate - 1) for noise, rate, exact_rate, *_ in found if noise < 0.5]
slack = [int(max(0.1 * predicted, 2)) + 0.5 - abs(active - predicted) for *_, active, predicted, _ in found]
claim(
    "At four values of the noise, .4 to .25, the rate is within 5 % of what the eigenvalues predict",
    max(deviations) < 0.05,
    ", ".join(f"{deviation:.1%}" for deviation in deviations) + " off",
    margin=0.05 - max(deviations),
)
claim(
    "At all six, as many directions are active as eigenvalues are above the noise, to 10 % or 2",
    min(slack) > 0,
    ", ".join(f"{active} of {predicted}" for *_, active, predicted, _ in found),
    margin=min(slack),
)
reveal("collapse", "about 8")

# %% [markdown]
# The strongest noise is the slowest to learn: an axis barely above it gains next to nothing, so the first two rates are not finished. The
# last column is the usual way to count, and it disagrees. Nothing in the loss fixes the axes of directions that are
# nearly alike, so one active direction spreads over several columns, each of which looks a little alive. Eigenvalues of
# $\mathrm{Cov}(\mu)$ do not depend on the axes. The rule holds for linear VAEs with fixed noise; with *learned* noise all latents stay in use.

# %% [markdown]
# ## Which noise a loss assumes
#
# Most published losses do not mention $\sigma_x$. They add a squared error and a KL with some weights. Compare with
# $\frac{1}{2\sigma_x^2} \sum (x - \hat x)^2 + \mathrm{KL}$ and read it off: $\sigma_x^2 = w_{\mathrm{KL}} / (2\, w_{\text{error}})$, both weights referring to *sums*. Then count
# eigenvalues. (The counts are for the data of this course; the losses marked with * were written for others.)

# %%
# NBVAL_CHECK_OUTPUT
pca = referees.fit_pca(train)
digits = datasets.digits()
digit_train, digit_test = digits.flat("train"), digits.flat("test")
digit_pca = referees.fit_pca(digit_train)
published = {  # weight of the summed squared error, weight of the summed KL
    "Keras guide, subclassing": (1 / 784, 1 / 32),
    "PyTorch-VAE, CelebA *": (1 / 12288, 0.00025),
    "pythae": (1 / 2, 1),
    "Generative Deep Learning, faces *": (2000 / 3072, 1),
    "Hands-on ML, 3rd ed.": (1 / 784, 1 / 784),
    "timeVAE, one channel *": (6, 1),
}
print(f"{'loss':35} {'sigma':>6} {'clothes':>8} {'digits':>7}  (latents that a linear VAE keeps)")
for name, (error_weight, kl_weight) in published.items():
    variance = kl_weight / (2 * error_weight)
    kept = [int((values > variance).sum()) for values in (pca.eigenvalues, digit_pca.eigenvalues)]
    print(f"{name:35} {np.sqrt(variance):6.3f} {kept[0]:8} {kept[1]:7}")

# %% [markdown]
# Pixels lie between 0 and 1, their standard deviation around the mean picture is about .3. A loss with $\sigma_x = 3.5$ declares all of it noise. The first
# line comes back under *What goes wrong*. The best $\sigma_x$ for given data is no matter of taste: learn it, or take the root of the mean squared error.
#
# ## Start from the referee
#
# Now the real thing: 28 × 28 pixels, 32 latents, noise learned, from probabilistic PCA.

# %%
guess(
    "network-gain",
    "Probabilistic PCA with 32 latents has an exact log-likelihood of about 454 nats on unseen clothes. What does the network add?",
    ["nothing: the linear answer is optimal", "10 nats", "about 80 nats or more"],
)

# %%
ppca = referees.fit_ppca(pca, 32)
exact = ppca.log_likelihood(validation).mean()
training.set_seed(SEED)
deep = models.warm_start_vae(ppca, 256)
start = deep.elbo_terms(validation).elbo.mean()
deep_run = training.fit(deep, train, loss=None, epochs=5, batch_size=100, learning_rate=2e-3)
deep_terms = deep.elbo_terms(validation)
print(
    f"exact {exact:.1f}; network before its first step {start:.1f}; after {deep_run.seconds:.0f} s {deep_terms.elbo.mean():.1f} nats"
)
print(f"pixel noise {np.sqrt(ppca.noise_variance):.3f} -> {deep.sigma:.3f}, rate {deep_terms.rate.mean():.1f} nats")
claim(
    "Before its first step the network's bound is the exact log-likelihood of probabilistic PCA, to 1 nat",
    abs(start - exact) < 1,
    f"{start:.2f} and {exact:.2f} nats",
    margin=1 - abs(start - exact),
)
claim(
    "After training, its bound is more than 60 nats above the best linear Gaussian model",
    deep_terms.elbo.mean() > exact + 60,
    f"{deep_terms.elbo.mean():.1f} against {exact:.1f} nats on unseen pictures",
    margin=float(deep_terms.elbo.mean() - exact - 60),
)
reveal("network-gain", "about 80 nats or more")

# %% [markdown]
# ## Rate and distortion
#
# Each VAE is a compromise: nats spent on the code against squared error left. For Gaussian data the best compromise was known
# before there were autoencoders: Shannon's rate–distortion function, computed by **reverse water-filling**. Every axis keeps
# an error of $\min(\lambda, \sigma_x^2)$. That is what the linear VAEs converge to. A weight $\beta$ in front of the KL does nothing new here: it
# is another $\sigma_x$.
#
# A nonlinear network can get below the curve, for clothes are not Gaussian. One more, with the noise fixed at .5, for two passes.

# %%
training.set_seed(SEED)
noisy = models.warm_start_vae(referees.fit_ppca(pca, 20, noise_variance=0.5**2), 256, learn_sigma=False)
training.fit(noisy, train, loss=None, epochs=2, batch_size=100, learning_rate=2e-3)
networks = {0.5: noisy.elbo_terms(validation), deep.sigma: deep_terms}
network_points = np.array(
    [(float(terms.rate.mean()), squared_error(terms, noise, 784)) for noise, terms in networks.items()]
)
linear_points = np.array([(rate, error) for _, rate, _, _, _, error in found[1:]])
curves = [
    np.array([referees.water_filling(values, level**2) for level in np.geomspace(0.06, 2, 100)])
    for values in (small_pca.eigenvalues, pca.eigenvalues)
]  # each (100, 2): rate, squared error

# %%
figure, axes = plots.subplots(1, 2, height=3.4)
for axis, curve, points, look, name, title in zip(
    axes,
    curves,
    (linear_points, network_points),
    ("D", "o"),
    ("linear VAEs", "networks"),
    ("14 × 14, training", "28 × 28, unseen"),
    strict=True,
):
    axis.loglog(*curve.T, color=plots.COLORS["blue"], label="best for Gaussian data")
    axis.loglog(*points.T, look, ms=7, color=plots.COLORS["vermillion"], label=name)
    axis.set(
        xlabel="rate [nats a picture]",
        title=title,
        xlim=(2, 120),
        ylim=(points[:, 1].min() / 2, points[:, 1].max() * 2),
    )
    axis.set_xticks([3, 10, 30, 100], ["3", "10", "30", "100"])
    axis.set_yticks([value for value in (1, 2, 4, 8, 16, 32) if axis.get_ylim()[0] < value < axis.get_ylim()[1]])
    axis.yaxis.set_major_formatter("{x:g}")
    axis.minorticks_off()
    axis.legend()
axes[0].set_ylabel("squared error of a picture")
plots.show(
    figure,
    "Left: linear VAEs lie on the best curve for Gaussian data. Right: networks lie below it, for clothes are not Gaussian.",
)
on_the_curve = [float(np.interp(rate, curves[1][::-1, 0], curves[1][::-1, 1])) for rate, _ in network_points]
gains = 1 - network_points[:, 1] / on_the_curve
claim(
    "At equal rate the networks leave less squared error than the best for Gaussian data",
    gains.min() > 0,
    ", ".join(
        f"{error:.1f} for {best:.1f} at {rate:.0f} nats"
        for (rate, error), best in zip(network_points, on_the_curve, strict=True)
    ),
    margin=float(gains.min()),
)

# %% [markdown]
# ## How tight is the bound
#
# The network's number is a lower bound; the truth is higher. Draw several codes for each picture, give each the weight
# $w = p(x, z) / q(z \mid x)$, and take the logarithm of the *mean* weight: the **importance-weighted bound**. With one code it is the ELBO.
# The mean of the logarithms of the *same* weights is the ELBO again, so the two can be compared pair by pair.
# A log weight of $-800$ has no exponential that a computer could hold. Take the largest log weight of each picture away before the exponential, so that the
# largest weight is 1, and add it again after the logarithm: $\ln \tfrac 1 S \sum_s e^{a_s} = m + \ln \tfrac 1 S \sum_s e^{a_s - m}$, for any $m$.

# %%
log_weights = deep.log_weights(validation[:300], samples=24, seed=SEED)  # (300, 24) nats
counts = [1, 2, 3, 6, 12, 24]
bounds = [
    metrics.importance_weighted_bound(log_weights.reshape(-1, count)).mean() for count in counts
]  # all 7,200 codes each
elbo_of_each, bound_of_each = log_weights.mean(axis=1), metrics.importance_weighted_bound(log_weights)
plots.curve(
    counts,
    {"importance-weighted bound": bounds},
    xlabel="codes for each picture",
    ylabel="nats a picture",
    log_x=True,
    levels={"ELBO": float(elbo_of_each.mean())},
    height=2.8,
    caption="300 unseen pictures. Twenty-four codes find several nats that the ELBO gave away; the truth is higher still.",
)
claim(
    "For every picture the importance-weighted bound is above the ELBO of the same codes, by more than 4 nats on average",
    bool((bound_of_each > elbo_of_each).all()) and (bound_of_each - elbo_of_each).mean() > 4,
    f"{bound_of_each.mean():.1f} and {elbo_of_each.mean():.1f} nats, smallest difference {(bound_of_each - elbo_of_each).min():.1f}",
    margin=float((bound_of_each - elbo_of_each).mean() - 4),
)

# %% [markdown]
# For *every* picture: the logarithm is concave, so the mean of logarithms is never above the logarithm of the mean (Jensen). No luck is involved.
#
# ## What each latent says
#
# The network started from principal axes, and its latents are still in their order. What one picture's posterior looks like:

# %%
index = 3
mu, sd = deep.posterior(validation)  # (2000, 32) each
figure, axis = plots.subplots(height=2.6)
axis.errorbar(np.arange(1, 33), mu[index], yerr=2 * sd[index], fmt="o", ms=4, capsize=2)
axis.fill_between([0, 33], -2, 2, color="0.92", zorder=0)
axis.set(xlabel="latent", ylabel="mean ± 2 sd", xlim=(0.3, 32.7))
plots.show(
    figure,
    "One picture, 32 attributes, each a distribution. The grey band is the prior: where a bar is as long as it, nothing is known.",
)

# %%
rows = []
for model in (deep, noisy):
    one_mu, one_sd = (part[index] for part in model.posterior(validation))
    draws = one_mu + one_sd * random.standard_normal((5, len(one_mu)))
    rows.append(as_images([validation[index], *decode(model.decoder, [one_mu, *draws])]))
plots.grid(
    rows,
    row_labels=[f"σ = {deep.sigma:.2f}", "σ = 0.50"],
    column_titles=["original", "mean code", *["a draw"] * 5],
    caption="Five draws from the posterior of one boot. With little pixel noise all tell the same; with much, the code leaves more open.",
)

# %%
kl_of_each = 0.5 * (np.square(mu) + np.square(sd) - 1 - 2 * np.log(sd)).mean(axis=0)  # (32,)
linear_kl = 0.5 * np.log(ppca.eigenvalues / ppca.noise_variance)
plots.curve(
    np.arange(1, 33),
    {"network": kl_of_each, "probabilistic PCA": linear_kl},
    xlabel="latent",
    ylabel="rate [nats]",
    height=2.8,
    caption="Nats spent on each latent. None has collapsed: the noise is learned. The network says a little more with each.",
)
codes = mu + sd * random.standard_normal(mu.shape)
plots.histogram(
    {"latent 1": codes[:, 0], "latent 32": codes[:, 31], "prior": random.standard_normal(len(codes))},
    xlabel="value of the latent, over 2,000 unseen pictures",
    bins=np.linspace(-4, 4, 41),
    height=2.6,
    caption="Aggregate posterior against prior: the last latent fits, the first has two humps and short tails.",
)

# %% [markdown]
# A **traversal** changes one latent and keeps the others. Each row below moves one from −3 to 3.

# %%
base = mu[index]


def traverse(latent, values, code):
    """Decoded pictures with one latent replaced by each of the values."""
    codes = np.repeat(code[None], len(values), axis=0)
    codes[:, latent] = values
    return as_images(decode(deep.decoder, codes))


values = np.linspace(-3, 3, 9)
plots.grid(
    [traverse(latent, values, base) for latent in (0, 1, 2, 3, 31)],
    row_labels=[f"latent {latent + 1}" for latent in (0, 1, 2, 3, 31)],
    column_titles=[f"{value:+.1f}" for value in values],
    caption="The first latents change what the picture shows, the last one a detail. None of them is called 'sleeve'.",
)

# %%


def show_traversal(picture, latent, value):
    """One unseen picture, its decoded mean code, and the same code with one latent moved."""
    moved = traverse(latent - 1, [value], mu[picture])[0]
    mean = as_images(decode(deep.decoder, mu[picture][None]))[0]
    plots.row(
        [validation[picture].reshape(28, 28), mean, moved],
        titles=["original", "mean code", f"latent {latent} = {value:+.1f}"],
        size=1.8,
        caption=f"Its own value is {mu[picture, latent - 1]:+.2f} ± {sd[picture, latent - 1]:.2f}.",
    )


first = np.sort(np.unique(clothes.validation_labels, return_index=True)[1])  # the first picture of each class
explore(
    show_traversal,
    picture=choice(
        {clothes.class_names[clothes.validation_labels[i]]: int(i) for i in first}, int(first[3]), label="picture"
    ),
    latent=slider(1, 32, 3, label="latent"),
    value=slider(-4.0, 4.0, 2.0, step=0.25, label="its value"),
)

# %% [markdown]
# Do not read too much into a traversal. That latents of a VAE stand for one factor of variation each is often said of $\beta$-VAEs; a study of
# 12,600 trained models found that it depends on the seed more than on the method (Locatello and others 2019).
#
# ## The likelihood paradox
#
# A likelihood should know what belongs. Train a VAE on clothes, show it digits: it should find them less likely. For a Bernoulli
# likelihood pixels must be black or white; each pixel is drawn, white with the probability of its grey value, as the
# likelihood benchmarks do it.

# %%
guess(
    "paradox",
    "A VAE of clothes scores unseen clothes and unseen digits. Which are more likely, according to it?",
    ["clothes", "digits", "no clear difference"],
)


# %%
def coin_flips(pictures, seed):
    """Black and white pictures, each pixel white with the probability of its grey value."""
    return (np.random.default_rng(seed).random(pictures.shape) < pictures).astype("float32")


def entropy(pictures):
    """Nats of chance in the coin flips of each picture (n, 784) -> (n,)."""
    p = np.clip(pictures.astype("float64"), 1e-12, 1 - 1e-12)
    return -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(axis=1)


training.set_seed(SEED)
binary = models.build_vae(784, 256, 16, likelihood="bernoulli")
training.fit(binary, coin_flips(train, SEED), loss=None, epochs=4, batch_size=100, learning_rate=2e-3)
both = np.concatenate([validation, digit_test])
is_digit = np.r_[np.zeros(len(validation)), np.ones(len(digit_test))]
elbo = binary.elbo_terms(coin_flips(both, SEED + 1)).elbo
chance = entropy(both)
error = metrics.mse_per_image(both, pca.keep(32).reconstruct(both))
auc = {
    "low ELBO": roc_auc_score(is_digit, -elbo),
    "low ELBO, chance taken off": roc_auc_score(is_digit, -elbo - chance),
    "error of PCA-32": roc_auc_score(is_digit, error),
}
for name, mask in (("clothes", is_digit == 0), ("digits", is_digit == 1)):
    print(
        f"{name:8} ELBO {elbo[mask].mean():7.1f} nats, of which {-chance[mask].mean():7.1f} are coin flips that no model can foresee"
    )
for name, value in auc.items():
    print(f"AUC of '{name}' as a sign of a digit: {value:.3f}")

# %%
claim(
    "Digits are more likely than clothes, under a VAE that has seen only clothes",
    auc["low ELBO"] < 0.4,
    f"AUC {auc['low ELBO']:.3f}",
    margin=0.4 - auc["low ELBO"],
)
claim(
    "Without the chance in the pixels the same ELBO tells digits from clothes, and so does the error of PCA",
    min(auc["low ELBO, chance taken off"], auc["error of PCA-32"]) > 0.9,
    f"AUC {auc['low ELBO, chance taken off']:.3f} and {auc['error of PCA-32']:.3f}",
    margin=min(auc["low ELBO, chance taken off"], auc["error of PCA-32"]) - 0.9,
)
reveal("paradox", "digits")

# %% [markdown]
# The paradox is famous (Nalisnick and others 2019) and here it has a plain reason. Clothes are grey: their coin flips cost almost 190 nats that no
# model can avoid. Digits are nearly black and white. A likelihood measures how *simple* a picture is before it measures how well it
# fits. (When we cut the grey values at one half instead of flipping coins, there was no paradox.) Compare a likelihood with what is unavoidable.
#
# ## What goes wrong
#
# **The KL is averaged over latents, the error over pixels.** The first line of the table above, from the official guide that shows how to subclass
# layers: mean squared error over 784 pixels, plus the KL *averaged* over 32 latents. $\sigma_x^2 = 12.25$, and the largest eigenvalue of the
# digits is smaller. Prediction: no latent survives, the output is one picture. We train it as published (64 hidden units, Adam at .001) on our 4,000 digits.


# %%
class GuideVAE(keras.Model):
    """The published loss: means where sums belong."""

    def __init__(self):
        super().__init__(name="guide_vae")
        self.hidden, self.mu, self.log_var = (
            keras.layers.Dense(units, act) for units, act in ((64, "relu"), (32, None), (32, None))
        )
        self.up, self.out = keras.layers.Dense(64, "relu"), keras.layers.Dense(784, "sigmoid")
        self.draw = Draw()

    def call(self, pictures):
        hidden = self.hidden(pictures)
        mu, log_var = self.mu(hidden), self.log_var(hidden)
        self.add_loss(-0.5 * ops.mean(log_var - ops.square(mu) - ops.exp(log_var) + 1))
        return self.out(self.up(self.draw([mu, log_var])))


training.set_seed(SEED)
guide = GuideVAE()
training.fit(guide, digit_train, epochs=8, batch_size=64, learning_rate=1e-3, schedule=None)
copies = guide.predict(digit_test, batch_size=1000, verbose=0)
mean_digit = referees.mean_image(digit_train)
guide_error, mean_error = (
    metrics.mse(digit_test, copies),
    metrics.mse(digit_test, np.broadcast_to(mean_digit, digit_test.shape)),
)
kept_digits = digit_pca.keep(int((digit_pca.eigenvalues > 0.3**2).sum()))
plots.grid(
    [as_images(digit_test[:8]), as_images(copies[:8]), as_images(kept_digits.reconstruct(digit_test[:8]))],
    row_labels=["digits", "guide's VAE", f"PCA-{len(kept_digits.components)}\n(σ = .3)"],
    caption="The published VAE answers every digit with the mean digit. With a noise of .3 a linear model keeps the digits.",
)
claim(
    "The guide's VAE is the mean picture, within 4 %, as the eigenvalues predict",
    abs(guide_error / mean_error - 1) < 0.04 and digit_pca.eigenvalues[0] < 12.25,
    f"error {guide_error:.4f}, mean digit {mean_error:.4f}; largest eigenvalue {digit_pca.eigenvalues[0]:.2f} < 12.25",
    margin=0.04 - abs(guide_error / mean_error - 1),
)

# %% [markdown]
# The published run ends at a loss of .0677 and nobody noticed, for there was no baseline beside it.
#
# **σ, σ² and log σ² mixed up.** A much-copied example draws $z = \mu + \exp(s)\,\varepsilon$, so $s$ is $\log \sigma$, and its KL takes $s$ for $\log \sigma^2$.
# The loss trains, the pictures look fine. On a linear model we can compute what the best $s$ would be, and what the "bound" then says.

# %%
grid = np.linspace(-6, 1, 20001)[:, None]  # candidate values of s
row_lengths = np.maximum(ppca.eigenvalues - ppca.noise_variance, 0)  # squared lengths of the decoder's rows
noise_cost = 0.5 * row_lengths / ppca.noise_variance * np.exp(2 * grid)  # distortion that drawing adds, (20001, 32)
right = (noise_cost + 0.5 * (np.exp(2 * grid) - 1 - 2 * grid)).min(axis=0).sum()
mixed = (noise_cost + 0.5 * (np.exp(grid) - 1 - grid)).min(axis=0).sum()
train_exact = ppca.log_likelihood(train).mean()
print(
    f"exact log-likelihood of the training pictures {train_exact:.1f}; the mixed-up 'bound' {train_exact + right - mixed:.1f} nats"
)
claim(
    "The mixed-up loss claims a bound above the exact log-likelihood, which no bound can be",
    mixed < right - 10,
    f"{right - mixed:.1f} nats too good",
)

# %% [markdown]
# That is the test for a wrong loss: a bound that beats the truth. Only a referee with an exact likelihood can give it.
#
# **Cross-entropy on grey pixels, called a likelihood.** The Bernoulli loss also runs on grey values. It is no likelihood of anything then, and it has a floor:
# even a perfect reconstruction costs the entropy of the grey values.

# %%
# NBVAL_CHECK_OUTPUT
for name, pictures in (("clothes", train), ("digits", digit_train)):
    nats = entropy(pictures).mean()
    print(f"{name}: a perfect copy costs {nats:.1f} nats a picture, {nats / 784:.4f} a pixel")

# %% [markdown]
# A published digit VAE reports a loss of 146.95 nats: about a third of that is floor. A "loss of .25 a pixel" on clothes is almost perfect.
#
# **Reconstructions shown as samples.** Decoding the codes of real pictures shows how well the network copies. Sampling starts from the prior, with no picture anywhere.

# %%
copies = decode(deep.decoder, deep.posterior(validation[:10])[0])
samples = models.sample_prior(deep.decoder, 1000, 32, random)
plots.grid(
    [as_images(validation[:10]), as_images(copies), as_images(samples[:10])],
    row_labels=["unseen", "reconstructed", "sampled"],
    caption="The second row proves that the network copies. Only the third shows what it can make up.",
)
far = {
    "reconstructions": distance_to_real(decode(deep.decoder, mu[:1000])),
    "samples of the network": distance_to_real(metrics.clip01(samples)),
    "samples of probabilistic PCA": distance_to_real(metrics.clip01(ppca.sample(1000, random, noise=False))),
}
print("distance to the nearest training picture: " + ", ".join(f"{name} {value:.2f}" for name, value in far.items()))
ratio = far["samples of the network"] / far["samples of probabilistic PCA"]
claim(
    "Reconstructions are far nearer to real pictures than samples, which are no nearer than those of the linear model, to 5 %",
    ratio > 0.95 and far["reconstructions"] < 0.8 * far["samples of the network"],
    ", ".join(f"{value:.2f}" for value in far.values()),
    margin=min(ratio - 0.95, 0.8 - far["reconstructions"] / far["samples of the network"]),
)

# %% [markdown]
# The samples of the network are no better than those of a linear model by this measure, although its likelihood is far higher. Likelihood
# and looks are different things. Lesson 09 takes generation seriously.
#
# ## When it does not train
#
# The loss holds `exp(log_var)`. One large step, and it overflows; from then on everything is NaN.

# %%
for rate in (2e-3, 1e-1):
    training.set_seed(SEED)
    fragile = models.build_vae(784, 256, 16, sigma=0.1)
    run = training.fit(fragile, train[:3000], loss=None, epochs=2, batch_size=100, learning_rate=rate, schedule=None)
    print(f"learning rate {rate}: loss after each epoch {', '.join(f'{value:.0f}' for value in run.loss)} nats")

# %% [markdown]
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | NaN after a few steps | the first losses; `log_var` | a large rate, and `exp` | a smaller rate; start `log_var` at 0 |
# | all reconstructions are the mean picture | the rate: `fit` reports it | collapse: means for sums, or σ too large | sums; compute the implied σ; learn σ |
# | good copies, samples are rubbish | mean and variance of the aggregate posterior | σ too small for the training time, or codes not standardised | `standardise_codes`; a larger σ |
# | losses of two notebooks differ by thousands | units, constants | pixels in 0..255, ½ ln 2π dropped, means | nats a picture, pixels in [0, 1], all constants |
# | the bound beats the exact likelihood | σ, σ², log σ² | the wrong one in one of two places | the linear test above |
# | `A KerasTensor cannot be used as input to a TensorFlow function`; `NotImplementedError` without a word from `add_loss` | where the loss is made | an old recipe: a loss beside `keras.Model(inputs, outputs)`, where tensors have no values yet | `compute_loss`, as in `SmallVAE`, or `self.add_loss` in the `call` of a layer or model; `keras.ops` for `tf` |
#
# ## Results
#
# Now, once, the test pictures. Every rung is a density of the same 784 pixels in [0, 1], with one noise for all pixels.

# %%
rungs = {
    "mean picture + noise": referees.fit_ppca(pca, 0).log_likelihood(test),
    "probabilistic PCA, 2 latents": referees.fit_ppca(pca, 2).log_likelihood(test),
    "probabilistic PCA, 32 latents": ppca.log_likelihood(test),
}
test_weights = deep.log_weights(test, samples=8, seed=SEED)
rungs["VAE, 32 latents: ELBO"] = test_weights.mean(axis=1)
rungs["the same, bound from 8 codes"] = metrics.importance_weighted_bound(test_weights)
values = {name: float(numbers.mean()) for name, numbers in rungs.items()}
plots.ladder(
    list(values),
    list(values.values()),
    kinds=["trivial", "referee", "referee", "network", "network"],
    metric="log-likelihood of a test picture",
    unit="nats",
    lower_is_better=False,
    value_format=".0f",
    annotations=["exact", "exact", "exact", "lower bound", "lower bound"],
    caption="Exact numbers for the linear models, lower bounds for the network, and the network still wins.",
)
difference = rungs["the same, bound from 8 codes"] - rungs["probabilistic PCA, 32 latents"]
claim(
    "On test pictures the network's bound beats the exact likelihood of the linear model by more than 60 nats",
    difference.mean() > 60,
    f"{difference.mean():.0f} nats; it wins on {np.mean(difference > 0):.0%} of the pictures",
    margin=float(difference.mean() - 60),
)

# %% [markdown]
# ## Wrap-up
#
# * A VAE gives each attribute a distribution, and pulls the codes of all pictures towards a prior that you can sample.
# * Its loss is distortion plus rate, in nats a picture: **sums** over pixels and latents. Any weights you choose instead choose a pixel noise for you.
# * A linear VAE is probabilistic PCA. Its exact likelihood checks the code; its eigenvalues predict which latents collapse; its optimum is Shannon's curve.
# * Starting there, a network gained tens of nats. That does not make its samples better, nor its likelihood a detector of strange pictures.
# * Always print the mean picture's error beside your own.
#
# | one glance | |
# |---|---|
# | draw | $z = \mu + \exp(\frac 1 2 \log \sigma^2)\, \varepsilon$ |
# | rate | $\sum_{\text{latents}} \frac 1 2 (\mu^2 + \sigma^2 - 1 - \ln \sigma^2)$ nats |
# | distortion, normal pixels | $\sum_{\text{pixels}} (x - \hat x)^2 / 2 \sigma_x^2 + \ln \sigma_x + \frac 1 2 \ln 2 \pi$ nats |
# | implied noise | $\sigma_x^2 = w_{\mathrm{KL}} / (2\, w_{\text{error}})$, weights of sums |
# | active latents, linear | eigenvalues above $\sigma_x^2$; rate $\sum \frac 1 2 \ln(\lambda / \sigma_x^2)$ |
# | tiles of equal mass | `norm.ppf((i + 0.5) / n)` |
#
# Next: [the exercises](../exercises/05_variational.ipynb).
#
# ## References
#
# * D. P. Kingma, M. Welling: *Auto-encoding variational Bayes*, ICLR 2014. D. J. Rezende, S. Mohamed, D. Wierstra: *Stochastic backpropagation and approximate inference in deep generative models*, ICML 2014.
# * M. E. Tipping, C. M. Bishop: *Probabilistic principal component analysis*, Journal of the Royal Statistical Society B 61, 1999.
# * J. Lucas, G. Tucker, R. Grosse, M. Norouzi: *Don't blame the ELBO!* (a linear VAE perspective on posterior collapse), NeurIPS 2019.
# * Y. Burda, R. Grosse, R. Salakhutdinov: *Importance weighted autoencoders*, ICLR 2016 (the bound; active units).
# * C. E. Shannon: *Coding theorems for a discrete source with a fidelity criterion*, 1959. T. M. Cover, J. A. Thomas: *Elements of information theory*, 2006, section 10.3 (reverse water-filling).
# * I. Higgins and others: *β-VAE: learning basic visual concepts with a constrained variational framework*, ICLR 2017. A. Alemi and others: *Fixing a broken ELBO*, ICML 2018 (rate and distortion).
# * O. Rybkin, K. Daniilidis, S. Levine: *Simple and effective VAE training with calibrated decoders*, ICML 2021 (learned σ).
# * E. Nalisnick and others: *Do deep generative models know what they don't know?*, ICLR 2019. J. Serrà and others: *Input complexity and out-of-distribution detection with likelihood-based generative models*, ICLR 2020.
# * F. Locatello and others: *Challenging common assumptions in the unsupervised learning of disentangled representations*, ICML 2019.
# * The losses of the table: keras.io, *Making new layers and models via subclassing*; A. Subramanian, *PyTorch-VAE*; C. Chadebec and others, *pythae*; D. Foster, *Generative Deep Learning*, 2nd ed. 2023; A. Géron, *Hands-On Machine Learning*, 3rd ed. 2022; A. Desai and others, *TimeVAE*, 2021. The mixed-up draw: F. Chollet, *Building autoencoders in Keras*, Keras blog, 2016; the loss of 146.95: keras.io, *Variational AutoEncoder*.
