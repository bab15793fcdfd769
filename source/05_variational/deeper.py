# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Variational autoencoders, deeper"
#     lesson: 5
#     minutes: 45
#     compute: 40
# ---

# %% [markdown]
# For a second reading of [lesson 05](05_variational.ipynb): how many latents survive, what the best compromise of rate and distortion is, how tight the bound is, what single latents say, and three things that
# are often said of variational autoencoders and do not hold here. Nothing later needs it, except two optional exercises.
#
# More clothes, here or in the lesson: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell that loads them gives 58,000 to train on and 10,000 for the test
# (30 MB, downloaded once). Write `from course_lib import own_data` and `own_data(True)` below it, as the claims were measured on the subset. Training takes about five times as long.

# %%
from course_lib import above, all_of, below, between, claim, close, datasets, guess, losses, metrics, models, plots
from course_lib import referees, reveal, training

import keras
import numpy as np
from keras import ops
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.decomposition import FactorAnalysis
from sklearn.metrics import roc_auc_score

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")  # (n, 784) in [0, 1]
digits = datasets.digits()
digit_train, digit_test = digits.flat("train"), digits.flat("test")
random = np.random.default_rng(SEED)


def draw(decoder, codes):
    """Mean pictures of codes (n, k): (n, 784), clipped."""
    return metrics.clip01(decoder.predict(np.asarray(codes, "float32"), batch_size=5000, verbose=0))


def squares(pictures):
    """Flat pictures as squares: (n, 784) -> (n, 28, 28)."""
    return np.asarray(pictures, "float32").reshape(-1, 28, 28)


# %% [markdown]
# ## Collapse by counting
#
# Fix the noise by hand. A latent along an axis of variance $\lambda$ explains at most $\lambda$. If the decoder calls $\sigma_x^2$ noise and $\lambda$ is smaller,
# using that axis costs more rate than it saves distortion: it **collapses**. At the optimum the rate is $\sum \tfrac 1 2 \ln(\lambda / \sigma_x^2)$ over the axes with
# $\lambda > \sigma_x^2$. Is that what training arrives at? Pictures of 14 × 14, means of 2 × 2 pixels. (The mean divides the large eigenvalues by about four, so a noise of .5 here is like 1 at full size.)

# %%
guess(
    "collapse",
    "Half-size pictures, pixels in [0, 1]. A loss assumes a pixel noise of .5. How many of 48 latents survive?",
    ["at most 2", "about 8", "24 or more"],
)

# %%
small_train = train.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
small_train = small_train - small_train.mean(axis=0)
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
training.fit(SideBySide(linear_vaes), small_train, loss=None, epochs=14, batch_size=100, learning_rate=2e-2)


# %%
def squared_error(terms, noise, pixels):
    """Squared error of a picture, from a distortion in nats: what is left when the constants are taken off."""
    return 2 * noise**2 * float(terms.distortion.mean() - pixels * (np.log(noise) + 0.5 * np.log(2 * np.pi)))


found = []
print("noise   rate: trained, exact    active directions: found, predicted    columns with Var(mu) > .01")
for noise, member in zip(noises, linear_vaes, strict=True):
    means = member.posterior(small_train)[0]  # (12000, 48)
    terms, (exact_rate, _) = member.elbo_terms(small_train), referees.water_filling(small_pca.eigenvalues, noise**2)
    active = int((np.linalg.eigvalsh(np.cov(means.T)) > 0.05).sum())
    columns, predicted = int((means.var(axis=0) > 0.01).sum()), int((small_pca.eigenvalues > noise**2).sum())
    found.append((noise, float(terms.rate.mean()), exact_rate, active, predicted, squared_error(terms, noise, 196)))
    print(f"{noise:5} {terms.rate.mean():14.2f} {exact_rate:7.2f} {active:26} {predicted:10} {columns:29}")

# %% tags=["hide-input"]
quiet = [(rate, exact_rate) for noise, rate, exact_rate, *_ in found if noise < 0.5]
claim(
    "At four values of the noise, .4 to .25, the rate is within 5 % of what the eigenvalues predict",
    between([rate / exact_rate for rate, exact_rate in quiet], 0.95, 1.05, fmt=".3f", name="trained over exact"),
)
claim(
    "At all six, as many directions are active as eigenvalues are above the noise, to 10 % or 2",
    below(
        [abs(active - predicted) for *_, active, predicted, _ in found],
        [int(max(0.1 * predicted, 2)) + 0.5 for *_, predicted, _ in found],
        names=("too many or too few", "allowed"),
    ),
)
at_half = found[1][3]
reveal(
    "collapse",
    {"at most 2": below(at_half, 2.5), "about 8": between(at_half, 2.5, 23.5), "24 or more": above(at_half, 23.5)},
)

# %% [markdown]
# The largest noise is the slowest to learn: an axis barely above it gains next to nothing, so the first two rates are not finished. The
# last column is the usual way to count, and it disagrees: nothing in the loss fixes the axes of directions that are
# nearly alike, so one active direction spreads over several columns, each of which looks a little alive. Eigenvalues of
# $\mathrm{Cov}(\mu)$ do not depend on the axes. (The exercise `active_units` counts columns, as the literature does; now you know when that misleads.) The rule holds for linear VAEs with fixed noise; with *learned* noise all latents stay in use.
#
# ## Start at the exact answer
#
# The network that the rest of this notebook looks at: 28 × 28 pixels, 32 latents, noise learned, started at probabilistic PCA.

# %%
pca = referees.fit_pca(train)
ppca = referees.fit_ppca(pca, 32)
exact = ppca.log_likelihood(validation).mean()
training.set_seed(SEED)
deep = models.warm_start_vae(ppca, 256)
start = deep.elbo_terms(validation).elbo.mean()
training.fit(deep, train, loss=None, epochs=5, batch_size=100, learning_rate=2e-3)
deep_terms = deep.elbo_terms(validation)
print(f"pixel noise {np.sqrt(ppca.noise_variance):.3f} -> {deep.sigma:.3f}, rate {deep_terms.rate.mean():.1f} nats")
claim(
    "Before its first step the network's bound is the exact log-likelihood of probabilistic PCA",
    close(start, exact, 1, unit="nats", fmt=".2f", names=("network", "exact")),
)
claim(
    "After training, its bound is more than 60 nats above the best linear Gaussian model, on unseen pictures",
    above(deep_terms.elbo.mean(), exact, by=60, unit="nats", fmt=".1f", names=("network", "exact")),
)

# %% [markdown]
# ## A noise for each pixel
#
# A fair question: is one noise for all pixels a handicap of the linear rival? The linear model with its own noise for each pixel is called **factor analysis**. The corners of a picture hardly vary; a model that may say so gains
# without end, so neither side may go below a deviation of .02. The network gets the same freedom.


# %%
class OwnNoise(models.VariationalAutoencoder):
    """A VAE that learns the noise of each pixel, at least .02."""

    def __init__(self, encoder, decoder, sigmas):
        super().__init__(encoder, decoder)
        self.log_sigmas = self.add_weight(shape=(784,), initializer="zeros", name="log_sigmas")
        self.log_sigmas.assign(np.log(sigmas))

    def negative_log_likelihood(self, x, decoded):
        sigma = ops.maximum(ops.exp(self.log_sigmas), 0.02)
        return ops.sum(0.5 * ops.square((x - decoded) / sigma) + ops.log(sigma) + 0.5 * np.log(2 * np.pi), axis=1)


factors = FactorAnalysis(32, random_state=0).fit(train.astype("float64"))
factors.noise_variance_ = np.maximum(factors.noise_variance_, 0.02**2)
own_noise = float(factors.score(validation.astype("float64")))  # exact, mean over the pictures
training.set_seed(SEED)
halves = models.warm_start_vae(ppca, 256)
deviations = np.sqrt(np.square(train - pca.keep(32).reconstruct(train)).mean(axis=0))
free = OwnNoise(halves.encoder, halves.decoder, np.maximum(deviations, 0.02))
training.fit(free, train, loss=None, epochs=4, batch_size=100, learning_rate=2e-3)
free_bound = free.elbo_terms(validation).elbo.mean()
claim(
    "With its own noise for each pixel, a linear model is level with the network that has one noise; the network with the same freedom is again more than 60 nats ahead",
    all_of(
        above(
            own_noise,
            deep_terms.elbo.mean(),
            by=-20,
            unit="nats",
            fmt=".0f",
            names=("factor analysis", "network, one noise"),
        ),
        above(free_bound, own_noise, by=60, unit="nats", fmt=".0f", names=("network", "factor analysis")),
    ),
)

# %% [markdown]
# ## What moving and stretching saves
#
# Seen over all pictures, codes follow the **aggregate posterior**. Where its mean is not 0 and its variance not 1, every picture pays for it. How much, a formula says: the KL of a bell with that mean
# and variance. The decoder can undo any stretching, so the distortion stays. A VAE with two latents, as in the lesson:

# %%
training.set_seed(SEED)
small = models.build_vae(784, 256, 2, output_activation="sigmoid", sigma=0.2)
training.fit(small, train, loss=None, epochs=4, batch_size=100, learning_rate=3e-3)
mu, sd = small.posterior(train)
mean, variance = mu.mean(axis=0), mu.var(axis=0) + np.square(sd).mean(axis=0)
mismatch = 0.5 * (mean**2 + variance - 1 - np.log(variance)).sum()
standardised = models.standardise_codes(small, train)
saved = float(small.elbo_terms(train).rate.mean() - standardised.elbo_terms(train).rate.mean())
claim(
    "Moving and stretching the latents to mean 0 and variance 1 lowers the rate by what the formula says",
    close(saved, mismatch, 0.01, unit="nats", fmt=".3f", names=("saved", "predicted")),
)

# %% [markdown]
# ## Can you walk through the code?
#
# "The latent space of a VAE can be interpolated, that of a plain autoencoder cannot." Take 100 pairs of unseen pictures, walk straight from one code to the other, and
# look at the worst place on the way: how far is it from any real picture, compared with the two ends? Two referees without a network walk along: PCA with two numbers, and a cross-fade of the pixels themselves.

# %%
training.set_seed(SEED)
plain_encoder, plain_decoder, plain = models.build_autoencoder(784, 256, 2)
training.fit(plain, train, epochs=4, batch_size=100, learning_rate=3e-3)
order = np.random.default_rng(SEED).permutation(len(validation))[:200]
steps = np.linspace(0, 1, 11)[:, None, None]
flat = pca.keep(2)


def worst_on_the_way(codes, decode):
    """Median over pairs of (largest distance to a real picture inside the path) minus (that at its ends)."""
    ends = codes[order].reshape(2, 100, -1)
    path = decode(((1 - steps) * ends[0] + steps * ends[1]).reshape(11 * 100, -1))
    distance = metrics.nearest_distance(path, train).reshape(11, 100)
    return float(np.median(distance[1:-1].max(axis=0) - np.maximum(distance[0], distance[-1])))


worst = {
    "plain autoencoder": worst_on_the_way(
        plain_encoder.predict(validation, verbose=0), lambda z: draw(plain_decoder, z)
    ),
    "VAE": worst_on_the_way(small.posterior(validation)[0], lambda z: draw(small.decoder, z)),
    "PCA-2": worst_on_the_way(
        (validation - flat.mean) @ flat.components.T, lambda z: metrics.clip01(flat.mean + z @ flat.components)
    ),
    "cross-fade of pixels": worst_on_the_way(validation, lambda z: z),
}
for name, value in worst.items():
    print(f"{name:22} worst place minus ends {value:+.2f}")
claim(
    "A straight line in PCA's two numbers is no worse than the VAE's walk",
    below(worst["PCA-2"], worst["VAE"], by=-0.15, names=("PCA-2", "VAE"), fmt="+.2f"),
)

# %%
walk = np.linspace(0, 1, 9)[:, None]
sneaker, shirt = (int(np.flatnonzero(clothes.validation_labels == kind)[0]) for kind in (7, 6))


def walked(codes, decode):
    """Nine pictures on the straight line between two codes."""
    return squares(decode((1 - walk) * codes[sneaker] + walk * codes[shirt]))


plots.grid(
    [
        walked(plain_encoder.predict(validation, verbose=0), lambda z: draw(plain_decoder, z)),
        walked(small.posterior(validation)[0], lambda z: draw(small.decoder, z)),
        walked((validation - flat.mean) @ flat.components.T, lambda z: metrics.clip01(flat.mean + z @ flat.components)),
        walked(validation, lambda z: z),
    ],
    row_labels=["plain", "VAE", "PCA-2", "cross-fade"],
    caption="From a sneaker to a shirt. The plain row changes from thing to thing, the VAE's passes through fog, as does PCA's.",
)

# %% [markdown]
# By this measure blur is rewarded: a grey average is near everything. PCA with two numbers, the blurriest of all, does as well as the VAE. So the number does not show that a VAE's
# code can be walked through and a plain one not, and the picture does not either.
#
# ## Rate and distortion
#
# Each VAE is a compromise: nats spent on the code against squared error left. For Gaussian data the best compromise was known
# before there were autoencoders: Shannon's rate–distortion function. Its recipe is called **reverse water-filling**. Draw the eigenvalues as a staircase and fill in water up to the level $\sigma_x^2$. What sticks out is sent, and costs
# $\frac 1 2 \ln(\lambda / \sigma_x^2)$ nats; every axis keeps an error of $\min(\lambda, \sigma_x^2)$. One axis with $\lambda = 1$ and a level of $.25$: $.69$ nats, and an error of $.25$, the numbers of the lesson's smallest case. A weight $\beta$ in front of the KL is
# another water level, nothing else.
#
# Linear VAEs should lie on that curve. A nonlinear network can get below it, for clothes are not Gaussian. One more network, with the noise fixed at .5:

# %%
training.set_seed(SEED)
noisy = models.warm_start_vae(referees.fit_ppca(pca, 20, noise_variance=0.5**2), 128, learn_sigma=False)
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

# %% tags=["hide-input"]
figure, axes = plots.subplots(1, 2, height=3.4)
for axis, curve, points, look, name, title in zip(
    axes, curves, (linear_points, network_points), ("D", "o"), ("linear VAEs", "networks"),
    ("14 × 14, training", "28 × 28, unseen"), strict=True,
):  # fmt: skip
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
claim(
    "At equal rate the networks leave less squared error than the best for Gaussian data",
    below(network_points[:, 1], on_the_curve, fmt=".1f", names=("networks", "best for Gaussian data")),
)

# %% [markdown]
# ## How tight is the bound
#
# The network's number is a lower bound; the truth is higher. Draw several codes for each picture, give each the weight
# $w = p(x, z) / q(z \mid x)$, and take the logarithm of the *mean* weight: the **importance-weighted bound**. With one code it is the ELBO.
# The mean of the logarithms of the *same* weights is the ELBO again, so the two can be compared pair by pair.
#
# By hand: two codes with the weights 1 and 3. Mean of the logarithms: $(0 + 1.10)/2 = .55$. Logarithm of the mean: $\ln 2 = .69$. The second is never smaller, as the logarithm bends down (Jensen).
#
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
gained = bound_of_each - elbo_of_each
claim(
    "For every picture the importance-weighted bound is above the ELBO of the same codes, by more than 4 nats on average",
    all_of(
        above(gained.min(), 0, fmt=".1f", names=("smallest gain", "")),
        above(gained.mean(), 4, unit="nats", fmt=".1f", names=("mean gain", "")),
    ),
)

# %% [markdown]
# ## What each latent says
#
# The network started from principal axes, and its latents are still in their order. What one picture's guess looks like:

# %% tags=["hide-input"]
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

# %% tags=["hide-input"]
rows = []
for model in (deep, noisy):
    one_mu, one_sd = (part[index] for part in model.posterior(validation))
    draws = one_mu + one_sd * random.standard_normal((5, len(one_mu)))
    rows.append(squares([validation[index], *draw(model.decoder, [one_mu, *draws])]))
plots.grid(
    rows,
    row_labels=[f"σ = {deep.sigma:.2f}", "σ = 0.50"],
    column_titles=["original", "mean code", *["a draw"] * 5],
    caption="Five draws from the guess at one boot. With little pixel noise all tell the same; with much, the code leaves more open.",
)
kl_of_each = 0.5 * (np.square(mu) + np.square(sd) - 1 - 2 * np.log(sd)).mean(axis=0)  # (32,)
plots.curve(
    np.arange(1, 33),
    {"network": kl_of_each, "probabilistic PCA": 0.5 * np.log(ppca.eigenvalues / ppca.noise_variance)},
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
    caption="Codes of all pictures against the prior: the last latent fits, the first has three humps and short tails.",
)

# %% [markdown]
# A **traversal** changes one latent and keeps the others. Each row below moves one from −3 to 3.

# %%
values = np.linspace(-3, 3, 9)


def traverse(latent, code):
    """Decoded pictures with one latent replaced by each of the values."""
    codes = np.repeat(code[None], len(values), axis=0)
    codes[:, latent] = values
    return squares(draw(deep.decoder, codes))


plots.grid(
    [traverse(latent, mu[index]) for latent in (0, 1, 2, 3, 31)],
    row_labels=[f"latent {latent + 1}" for latent in (0, 1, 2, 3, 31)],
    column_titles=[f"{value:+.1f}" for value in values],
    caption="The first latents change what the picture shows, the last one a detail. None of them is called 'sleeve'.",
)

# %% [markdown]
# ## Whose fault is the gap?
#
# The bound is below $\ln p(x)$ for two reasons. The best *bell* is not yet the posterior, whatever its shape: the **approximation gap**. And the encoder, one network that guesses for all pictures, does not find the best bell:
# the **amortisation gap**. With two latents both can be measured, as all codes of a fine grid can be added up: then $\ln p(x)$ is exact. For the best bell, each of 100 unseen pictures gets four numbers of its own, trained for it alone.


# %%
def exact_log_likelihood(decode, pictures, noise, side=300, reach=5.0):
    """ln p(x) of pictures (n, 784), with two latents: prior times likelihood, added up over a grid of codes."""
    axis = np.linspace(-reach, reach, side)
    parts = []
    for codes in np.split(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2), 10):
        means = decode(codes)
        squared = (pictures**2).sum(axis=1)[:, None] + (means**2).sum(axis=1) - 2 * pictures @ means.T
        log_likelihood = -squared / (2 * noise**2) - 784 * (np.log(noise) + 0.5 * np.log(2 * np.pi))
        parts.append(logsumexp(log_likelihood + norm.logpdf(codes).sum(axis=1), axis=1))
    return logsumexp(parts, axis=0) + 2 * np.log(axis[1] - axis[0])


class OneGuessEach(keras.Model):
    """In place of the encoder a table: the mean and log variance of each picture's own bell."""

    def __init__(self, vae, mu, sd):
        super().__init__()
        self.vae = vae
        vae.trainable = False  # only the table learns
        self.table = keras.layers.Embedding(len(mu), 4)
        self.table.build((None,))
        self.table.set_weights([np.hstack([mu, 2 * np.log(sd)])])  # start at the encoder's guess
        self.built = True

    def call(self, inputs):
        guesses = self.table(inputs["number"])
        mu, log_var = guesses[:, :2], guesses[:, 2:]
        return {"reconstruction": self.vae.decoder(self.vae.sampling([mu, log_var])), "mu": mu, "log_var": log_var}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.vae.compute_loss(x=x["picture"], y_pred=y_pred)


few = validation[:100]
mu, sd = standardised.posterior(few)
own = OneGuessEach(standardised, mu, sd)
number = np.tile(np.arange(100, dtype="int32"), 300)
training.fit(own, {"number": number, "picture": few[number]}, loss=None, epochs=1, batch_size=500, learning_rate=3e-2)


# %%
def mean_bound(mu, sd, draws=100):
    """ELBO of each of the pictures under the bells given, from 100 codes: (n,)."""
    codes = mu + sd * random.standard_normal((draws, *mu.shape))
    means = draw(standardised.decoder, codes.reshape(-1, 2)).reshape(draws, *few.shape)
    squared = np.square(few - means).sum(axis=2).mean(axis=0)
    rate = 0.5 * (np.square(mu) + np.square(sd) - 1 - 2 * np.log(sd)).sum(axis=1)
    return -squared / (2 * 0.2**2) - 784 * (np.log(0.2) + 0.5 * np.log(2 * np.pi)) - rate


table = own.table.get_weights()[0]
nats = {
    "exact": exact_log_likelihood(lambda z: draw(standardised.decoder, z), few, 0.2).mean(),
    "best bell": mean_bound(table[:, :2], np.exp(0.5 * table[:, 2:])).mean(),
    "encoder": mean_bound(mu, sd).mean(),
}
print("; ".join(f"{name} {value:.1f}" for name, value in nats.items()))
claim(
    "Most of the gap is the encoder's: the best bell is nearer to the exact value than to the encoder's bound",
    above(
        nats["best bell"] - nats["encoder"],
        nats["exact"] - nats["best bell"],
        unit="nats",
        fmt=".1f",
        names=("amortisation", "approximation"),
    ),
)

# %% [markdown]
# So a better encoder, or a few steps of training for each picture, would buy more here than a better shape of bell.
#
# ## Waking latents: warm-up and free bits
#
# Latents may also sleep because training went that way: early on the decoder has nothing to say, and the rate is the cheapest thing to save. Two remedies are in use. **KL warm-up** lets the weight of the rate grow from 0 to 1 during
# the first epochs. **Free bits** charge nothing for the first $f$ nats of each latent: its rate is $\max(f, \mathrm{KL})$. The same decoder noise of .5, 32 latents, random weights:


# %%
class Patient(models.VariationalAutoencoder):
    """A VAE with a weight of the rate that can be moved, and a share of each latent's rate that is free."""

    def __init__(self, encoder, decoder, sigma, free_nats):
        super().__init__(encoder, decoder, sigma=sigma)
        self.free_nats = free_nats
        self.weight = self.add_weight(shape=(), initializer="ones", trainable=False, name="weight")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        mu, log_var = y_pred["mu"], y_pred["log_var"]
        each = ops.mean(0.5 * (ops.square(mu) + ops.exp(log_var) - 1 - log_var), axis=0)  # (latents,)
        distortion = ops.mean(self.negative_log_likelihood(x, y_pred["reconstruction"]))
        return distortion + self.weight * ops.sum(ops.maximum(each, self.free_nats))


def train_patiently(warm_up=0, free_nats=0.0):
    """Returns the mean ELBO of unseen pictures, and how many directions of the code are active."""
    training.set_seed(SEED)
    halves = models.build_vae(784, 128, 32)
    patient = Patient(halves.encoder, halves.decoder, 0.5, free_nats)
    ramp = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda e, logs: patient.weight.assign(min(1, (e + 0.1) / warm_up))
    )
    callbacks = [ramp] if warm_up else []
    training.fit(patient, train, loss=None, epochs=5, batch_size=100, learning_rate=2e-3, callbacks=callbacks)
    means = patient.posterior(train)[0]
    return patient.elbo_terms(validation).elbo.mean(), int((np.linalg.eigvalsh(np.cov(means.T)) > 0.05).sum())


waking = {
    "as it is": train_patiently(),
    "KL warm-up over 2 epochs": train_patiently(warm_up=2),
    "half a nat free": train_patiently(free_nats=0.5),
}
for name, (bound, active) in waking.items():
    print(f"{name:26} bound {bound:.1f} nats, {active} active directions")
print(
    f"{'start at the exact answer':26} bound {networks[0.5].elbo.mean():.1f} nats, with 20 latents, the same width and two epochs"
)

# %% tags=["hide-input"]
(asleep, n_asleep), *others = waking.values()
claim("A warm-up wakes latents", above(others[0][1], n_asleep, names=("warm-up", "as it is")))
claim(
    "Neither makes the bound better; starting at the exact answer does",
    all_of(
        below([bound for bound, _ in others], asleep, by=-0.5, fmt=".1f", names=(["warm-up", "free bits"], "as it is")),
        above(networks[0.5].elbo.mean(), asleep, by=1, fmt=".1f", names=("start at the exact answer", "as it is")),
    ),
)

# %% [markdown]
# Awake is not better. Where the noise is fixed, the number of latents that pay for themselves is fixed too, and waking more of them costs rate. Use these remedies when a latent *should* speak and training has not got there, as with decoders
# so strong that they can do without a code (a text model that sees the words before); and look at the bound.
#
# ## No axis has a name
#
# It is often said that the latents of a VAE, or of one with a larger weight on the rate (a β-VAE), stand for one factor of variation each. Locatello and others (2019) proved that no method can bring this about from
# pictures alone. The proof fits here. The prior N(0, I) is round. Turn all codes by any angle, and let the decoder turn them back: the machine draws exactly the same pictures, equally often. Every $p(x)$ is as before. And every
# latent is another.

# %%
turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)  # by 45 degrees
as_it_is = exact_log_likelihood(lambda z: draw(standardised.decoder, z), few, 0.2)
turned = exact_log_likelihood(lambda z: draw(standardised.decoder, z @ turn), few, 0.2)
values = np.linspace(-1.8, 1.8, 9)[:, None]
plots.grid(
    [squares(draw(standardised.decoder, values * axis)) for axis in ([[1, 0]], [[0, 1]], turn[:1], turn[1:])],
    row_labels=["latent 1", "latent 2", "turned: 1", "turned: 2"],
    column_titles=[f"{value:+.1f}" for value in values[:, 0]],
    caption="Two machines that draw the same pictures equally often. Which of them has found the factors of variation?",
)
claim(
    "The turned machine gives every picture the same probability",
    close(turned.mean(), as_it_is.mean(), 0.01, unit="nats", fmt=".3f", names=("turned", "as it is")),
)

# %% [markdown]
# What breaks the tie in practice is the shape of the guess: a bell without correlations prefers axes along which the posterior has none, which are the principal ones near by. So traversals look tidy. Their study of 12,600 models found that what comes out depends
# more on the random seed and on hyperparameters than on the method.
#
# ## The likelihood paradox
#
# A likelihood should know what belongs. Train a VAE on clothes, show it digits: it should find them less likely. For coins as
# pixels they must be black or white; each is thrown, white with the probability of its grey value, as the
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
elbo = {
    name: binary.elbo_terms(coin_flips(x, SEED + 1)).elbo
    for name, x in (("clothes", validation), ("digits", digit_test))
}
chance = {"clothes": entropy(validation), "digits": entropy(digit_test)}
for name in elbo:
    print(
        f"{name:8} ELBO {elbo[name].mean():7.1f} nats, of which {-chance[name].mean():7.1f} are coin flips that no model can foresee"
    )

# %% [markdown]
# Take one digit and one garment at random: how often is the digit the *less* likely one? One half would be no difference, 1 a perfect sign of a digit. (The field calls this number AUC; lesson 07 takes it apart.)

# %%
is_digit = np.r_[np.zeros(len(validation)), np.ones(len(digit_test))]
both, flips = np.concatenate([elbo["clothes"], elbo["digits"]]), np.concatenate([chance["clothes"], chance["digits"]])
error = metrics.mse_per_image(
    np.concatenate([validation, digit_test]), pca.keep(32).reconstruct(np.concatenate([validation, digit_test]))
)
auc = {
    "low ELBO": roc_auc_score(is_digit, -both),
    "low ELBO, chance taken off": roc_auc_score(is_digit, -both - flips),
    "error of PCA-32": roc_auc_score(is_digit, error),
}
for name, value in auc.items():
    print(f"'{name}' is the right sign in {value:.1%} of the pairs")
claim(
    "Without the chance in the pixels the same ELBO tells digits from clothes, and so does the error of PCA",
    above([auc["low ELBO, chance taken off"], auc["error of PCA-32"]], 0.9, fmt=".3f", names=(["ELBO", "PCA"], "")),
)
reveal(
    "paradox",
    {
        "clothes": above(auc["low ELBO"], 0.6, fmt=".3f"),
        "digits": below(auc["low ELBO"], 0.4, fmt=".3f"),
        "no clear difference": between(auc["low ELBO"], 0.4, 0.6, fmt=".3f"),
    },
)

# %% [markdown]
# The paradox is famous (Nalisnick and others 2019) and here it has a plain reason. Clothes are grey: their coin flips cost almost 190 nats that no
# model can avoid. Digits are nearly black and white. A likelihood measures how *simple* a picture is before it measures how well it
# fits. (When we cut the grey values at one half instead of flipping coins, there was no paradox.) Compare a likelihood with what is unavoidable.
#
# ## Published slips
#
# **σ, σ² and log σ² mixed up.** A much-copied example draws $z = \mu + .1\, \exp(s)\,\varepsilon$, with an $\varepsilon$ of standard deviation .1 that its KL does not know of; and that KL takes $s$ for $\log \sigma^2$.
# The loss trains, the pictures look fine. On a linear model one can compute what the best $s$ would be, and what the "bound" then says: choose $s$ for each latent so that the false loss is smallest, and compare with the smallest true one.

# %% tags=["hide-input"]
s = np.linspace(-6, 4, 20001)[:, None]  # candidates
row_lengths = np.maximum(ppca.eigenvalues - ppca.noise_variance, 0)  # squared lengths of the decoder's rows


def cost_of_drawing(deviation):
    """Distortion that drawing with this deviation adds, in nats: (20001, 32)."""
    return 0.5 * row_lengths / ppca.noise_variance * deviation**2


right = (cost_of_drawing(np.exp(s)) + 0.5 * (np.exp(2 * s) - 1 - 2 * s)).min(axis=0).sum()
mixed = (cost_of_drawing(np.exp(s)) + 0.5 * (np.exp(s) - 1 - s)).min(axis=0).sum()
as_published = (cost_of_drawing(0.1 * np.exp(s)) + 0.5 * (np.exp(s) - 1 - s)).min(axis=0).sum()
truth = ppca.log_likelihood(train).mean()
print(f"exact log-likelihood of the training pictures {truth:.1f} nats")
print(
    f"a 'bound' that takes s for log σ²: {truth + right - mixed:.1f}; with ε of .1 as well: {truth + right - as_published:.1f}"
)
claim(
    "The mixed-up losses claim bounds far above the exact log-likelihood, which no bound can be",
    above(
        [right - mixed, right - as_published],
        [10, 30],
        unit="nats",
        fmt=".1f",
        names=(["mixed up", "as published"], ""),
    ),
)

# %% [markdown]
# That is the test for a wrong loss: a bound that beats the truth. Only a referee with an exact likelihood can give it.
#
# **Cross-entropy on grey pixels, called a likelihood.** The loss for coins also runs on grey values. It is no likelihood of anything then, and it has a floor:
# even a perfect reconstruction costs the entropy of the grey values.

# %% tags=["nbval-check-output"]
for name, pictures in (("clothes", train), ("digits", digit_train)):
    nats = entropy(pictures).mean()
    print(f"{name}: a perfect copy costs {nats:.1f} nats a picture, {nats / 784:.4f} a pixel")

# %% [markdown]
# A published digit VAE reports a loss of 146.95 nats: about a third of that is floor. A "loss of .25 a pixel" on clothes is almost perfect.
#
# **Densities have units.** Count pixels in 0..255 instead of [0, 1] and the same model has $784 \ln 255 = 4344$ nats less, because each bell is 255 times as wide and as many times lower. Two papers can only be compared in the same units.
#
# **Reconstructions shown as samples.**

# %%
copies = draw(deep.decoder, deep.posterior(validation[:1000])[0])
samples = metrics.clip01(models.sample_prior(deep.decoder, 1000, 32, random))
linear_samples = metrics.clip01(ppca.sample(1000, random, noise=False))
plots.grid(
    [squares(part[:10]) for part in (validation, copies, samples, linear_samples)],
    row_labels=["unseen", "reconstructed", "sampled", "sampled,\nlinear model"],
    caption="The second row proves that the network copies. Only the third shows what it makes up from N(0, I): no more than a linear model.",
)
far = [float(np.median(metrics.nearest_distance(part, train))) for part in (copies, samples, linear_samples)]
claim(
    "Reconstructions are far nearer to real pictures than samples, which are no nearer than those of the linear model, to 5 %",
    all_of(
        below(far[0], far[1], times=0.8, fmt=".2f", names=("reconstructions", "samples")),
        above(far[1], far[2], times=0.95, fmt=".2f", names=("samples", "samples of the linear model")),
    ),
)

# %% [markdown]
# Its likelihood is far higher than the linear model's, its samples from the prior are not better. Likelihood and looks are different things.
#
# **A rate too high.** The loss holds `exp(log_var)`. One large step, and it overflows; from then on everything is NaN.

# %%
training.set_seed(SEED)
fragile = models.build_vae(784, 256, 16, sigma=0.1)
run = training.fit(fragile, train[:3000], loss=None, epochs=2, batch_size=100, learning_rate=0.1, schedule=None)
print(
    f"learning rate .1 in place of .002: loss after each epoch {', '.join(f'{value:.0f}' for value in run.loss)} nats"
)

# %% [markdown]
# **A loss made beside the model.** Old recipes add a loss to tensors outside of `keras.Model(inputs, outputs)`. In Keras 3 they end with `A KerasTensor cannot be used as input to a TensorFlow function`, or a `NotImplementedError` from `add_loss`:
# tensors have no values there. Write `compute_loss`, as in the lesson's `SmallVAE`, or `self.add_loss` in the `call` of a layer, and `keras.ops` for `tf`.
#
# ## References
#
# * Of the lesson: D. P. Kingma, M. Welling: *Auto-encoding variational Bayes*, ICLR 2014. D. J. Rezende, S. Mohamed, D. Wierstra: *Stochastic backpropagation and approximate inference in deep generative models*, ICML 2014.
#   M. E. Tipping, C. M. Bishop: *Probabilistic principal component analysis*, Journal of the Royal Statistical Society B 61, 1999. O. Rybkin, K. Daniilidis, S. Levine: *Simple and effective VAE training with calibrated decoders*, ICML 2021 (learned σ).
#   A. Géron, *Hands-On Machine Learning*, 3rd ed. 2022; A. Desai and others, *TimeVAE*, 2021.
# * C. E. Shannon: *Coding theorems for a discrete source with a fidelity criterion*, 1959. T. M. Cover, J. A. Thomas: *Elements of information theory*, 2006, section 10.3 (reverse water-filling).
# * J. Lucas, G. Tucker, R. Grosse, M. Norouzi: *Don't blame the ELBO!* (a linear VAE perspective on posterior collapse), NeurIPS 2019.
# * Y. Burda, R. Grosse, R. Salakhutdinov: *Importance weighted autoencoders*, ICLR 2016 (the bound; active units).
# * I. Higgins and others: *β-VAE: learning basic visual concepts with a constrained variational framework*, ICLR 2017. A. Alemi and others: *Fixing a broken ELBO*, ICML 2018 (rate and distortion).
# * C. Cremer, X. Li, D. Duvenaud: *Inference suboptimality in variational autoencoders*, ICML 2018 (the two gaps). S. R. Bowman and others: *Generating sentences from a continuous space*, CoNLL 2016 (KL warm-up). D. P. Kingma and others: *Improving variational inference with inverse autoregressive flow*, NIPS 2016 (free bits).
# * F. Locatello and others: *Challenging common assumptions in the unsupervised learning of disentangled representations*, ICML 2019. M. Rolínek, D. Zietlow, G. Martius: *Variational autoencoders pursue PCA directions (by accident)*, CVPR 2019.
# * E. Nalisnick and others: *Do deep generative models know what they don't know?*, ICLR 2019. J. Serrà and others: *Input complexity and out-of-distribution detection with likelihood-based generative models*, ICLR 2020.
# * The mixed-up draw: F. Chollet, *Building autoencoders in Keras*, Keras blog, 2016, as it stood in 2025; the loss of 146.95: keras.io, *Variational AutoEncoder*.
