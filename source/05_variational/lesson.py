# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Variational autoencoders
#     lesson: 5
#     minutes: 45
#     compute: 35
#     summary: "A code to draw from; how probable a picture is, in nats; a bound against the exact answer; clothes made to order"
#     prerequisites:
#       - "lesson 02"
#       - "lesson 03, for the KL divergence of two coins"
#       - "the normal distribution, logarithms, expectation"
#     objectives:
#       - Explain each term of the loss in nats, with two codes and one pixel
#       - Build a variational autoencoder in Keras and draw new pictures with it
#       - Compare its bound with the exact likelihood of probabilistic PCA
#       - Compute which pixel noise a published loss assumes
#       - Measure what a prior buys, with both sides treated alike
#     data: [fashion_mnist, digits]
# ---

# %% [markdown]
# An autoencoder copies. Can it also invent: draw a boot that nobody photographed? Its decoder makes a picture of any code. Which one? You can look where the codes of real pictures are. Or
# settle it in advance, as the **variational autoencoder** (VAE) does. You will do both, and end with clothes made to order.

# %%
from course_lib import above, below, between, claim, close, datasets, guess, losses, metrics, models, plots
from course_lib import referees, reveal, training
from course_lib.widgets import choice, explore, slider

import keras
import numpy as np
from keras import layers, ops
from scipy.stats import norm

# %%
SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
labels = clothes.train_labels  # 0 to 9: the kind of each training picture
random = np.random.default_rng(SEED)


def draw(decoder, codes):
    """The pictures of codes (n, k), as squares: (n, 28, 28) in [0, 1]."""
    return metrics.clip01(decoder.predict(np.asarray(codes, "float32"), batch_size=5000, verbose=0)).reshape(-1, 28, 28)


# %% [markdown]
# ## Recall
#
# 1. One coin shows heads 9 times in 10, another 5 times in 10. What does their KL divergence measure?
# 2. A loss of .0677 on digits: good or bad?
#
# <details><summary>Answers</summary>
#
# 1. What it costs to take the first coin for the second, on average over its throws (lesson 03).
# 2. You cannot know without a baseline. Keep the number in mind.
#
# </details>
#
# ## Draw a boot that nobody photographed
#
# Take an autoencoder with a code of two numbers, which you can see. Train it, draw two normal numbers, decode. Nothing in its loss says where codes should lie.

# %%
guess(
    "plain-sampling",
    "Two numbers from N(0, 1), decoded by a plain autoencoder, again and again. What comes out?",
    ["nearly all of the ten kinds", "six or seven of them", "half of them at most"],
)

# %%
training.set_seed(SEED)
plain_encoder, plain_decoder, plain = models.build_autoencoder(784, 256, 2)
training.fit(plain, train, epochs=4, batch_size=100, learning_rate=3e-3)

normal_codes = random.standard_normal((1000, 2))
plain_samples = draw(plain_decoder, normal_codes)
plots.row(plain_samples[:10], caption="Ten codes from N(0, 1), decoded by a plain autoencoder: not much of a shop.")

# %% [markdown]
# Look where the codes of real pictures are.

# %% tags=["hide-input"]
plain_codes = plain_encoder.predict(train, batch_size=1000, verbose=0)  # (12000, 2)
centre, spread = plain_codes.mean(axis=0), plain_codes.std(axis=0)
turn = np.linspace(0, 2 * np.pi, 100)
figure, axes = plots.subplots(1, 2, height=3.4)
for axis, codes, title in zip(
    axes, (plain_codes, (plain_codes - centre) / spread), ("as they are", "moved and scaled"), strict=True
):
    for kind in range(10):
        axis.plot(*codes[labels == kind][:150].T, ".", ms=3, alpha=0.6)
    axis.plot(2 * np.cos(turn), 2 * np.sin(turn), color="black", lw=2)
    axis.set(title=title, xlabel="first number of the code", ylabel="second")
plots.show(
    figure,
    "The codes of 1,500 clothes, a colour for each kind; 86 % of our draws lie in the black circle. Left: codes and circle miss each other (an oval, as the axes differ). Right: the codes moved and scaled.",
)

# %% [markdown]
# Our circle (left) misses them. The remedy needs no new network: draw with the centre and spread of the real codes.

# %%
stretched_samples = draw(plain_decoder, centre + spread * normal_codes)
plots.row(
    stretched_samples[:10], caption="The same autoencoder, codes drawn where codes are: clothes, though blurred ones."
)


# %%


def kinds_in(pictures):
    """How many of the ten kinds are the nearest real picture of at least 2 % of these."""
    nearest = [np.argmin(((train - picture.ravel()) ** 2).sum(axis=1)) for picture in pictures[:300]]
    return int((np.bincount(labels[nearest], minlength=10) >= 6).sum())


few, many = kinds_in(plain_samples), kinds_in(stretched_samples)
answers = {
    "nearly all of the ten kinds": above(few, 7.5),
    "six or seven of them": between(few, 5.5, 7.5),
    "half of them at most": below(few, 5.5, unit="kinds", fmt=".1f"),
}
reveal("plain-sampling", answers)
print(f"kinds that at least 2 % of the samples resemble: {few} before, {many} after stretching")

# %% [markdown]
# The circle lay beside the codes: that is all. So a plain autoencoder can invent, if you look afterwards: the rival of this lesson. How *probable* a picture is, how *sure* a code, it cannot say.
# For that, chance must be part of the model.
#
# ## A machine that draws
#
# Now suppose that a machine makes the pictures, by chance:

# %% tags=["hide-input"]
line = {"z": (0, 0, "code z\nfrom N(0, I)"), "g": (1.2, 0, "decoder"), "mean": (2.4, 0, "decoded\npicture"), "noise": (3.6, 0, "add noise\nof size σₓ"), "x": (4.8, 0, "picture x")}  # fmt: skip
caption = "A generative model: draw a code, decode it, add noise to each pixel. No picture goes in. (We shall look at decoded pictures, without the noise.)"
plots.diagram(line, [list(line)], shapes={"g": "widens"}, marked=["z"], caption=caption)

# %% [markdown]
# N(0, I) draws each number of the code from N(0, 1), independently. It is fixed before training: the **prior**. Training shall make our pictures *probable* under this machine.
#
# ### What the error costs
#
# One pixel, $x=.6$. The decoder says $\hat{x}=.7$, the noise has $\sigma_x=.25$. How probable is that? At .6 the bell around .7 has the height
# $e^{-(x-\hat{x})^2/2\sigma_x^2}/(\sigma_x\sqrt{2\pi})=.92/.63=1.47$. Its negative logarithm, $-\ln1.47=-.39$, is the cost, in **nats** (units of the natural logarithm; 1.44 bits).
# For a whole picture $x$, *given* its code $z$ (read the bar so), the costs add up:
#
# $$-\ln{p(x\mid{z})}=\sum_{\text{pixels}}\left[\frac{(x-\hat{x})^2}{2\sigma_x^2}+\ln\sigma_x+\tfrac12\ln2\pi\right]$$
#
# the squared error in units of the noise, plus what the noise itself costs; here $.01/.125+\ln.25+.92=.08-1.39+.92=-.39$. It may be negative: a density can be above 1.
#
# Black-or-white pixels (exercise `bernoulli_nll`), 0 or 1, are coins. Let the decoder give the logit $l$: white has the probability $1/(1+e^{-l})$, and
# $-\ln{p(x\mid{z})}=\sum\left[\ln(1+e^l)-x\,l\right]$. (White has $\frac1{1+e^{-l}}=\frac{e^l}{1+e^l}$, so black $\frac1{1+e^l}$; white costs $l$ less.) For a large positive $l$ the exponential
# overflows; $\ln(1+e^l)=l+\ln(1+e^{-l})$ does not.
#
# ## How probable is a picture?
#
# Add up over *all* codes that the machine may have drawn: $p(x)=\sum_zp(z)\,p(x\mid{z})$, the **evidence** for the model, or its likelihood.
#
# Two codes, *sneaker* and *boot*, equally likely; one pixel, above the ankle, is .6. For a sneaker the decoder says .1, for
# a boot .7; the noise is .25. The heights are .216 and 1.473, so $p=\frac12\cdot.216+\frac12\cdot1.473=.84$, and $\ln{p}=-.17$.
# With 32 numbers, at ten steps each, there are $10^{32}$ codes. So let us try without adding up.
#
# Somebody sees the pixel and says: "a boot, I am 80 % sure". Call it **the encoder's guess**, $q(z\mid{x})$, or $q$. Score it:
#
# * the average logarithm of the heights, weighted by the guess: $.8\ln1.473+.2\ln.216=.00$;
# * less the price of being so sure when the prior said half and half: $\mathrm{KL}(q\,\|\,p)=.8\ln\frac{.8}{.5}+.2\ln\frac{.2}{.5}=.19$.
#
# $.00-.19=-.19$, a little below $-.17$. Why this score, you see below. Now for all guesses:

# %%
pixel, noise = 0.6, 0.25
sneaker, boot = norm.pdf(pixel, 0.1, noise), norm.pdf(pixel, 0.7, noise)  # p(x given z), .22 and 1.47
log_evidence = np.log(0.5 * sneaker + 0.5 * boot)

sure = np.linspace(0.01, 0.99, 99)  # the encoder's guess: how probable is "boot"?
decoded = sure * np.log(boot) + (1 - sure) * np.log(sneaker)
price = sure * np.log(sure / 0.5) + (1 - sure) * np.log((1 - sure) / 0.5)  # KL(q, prior)
bayes = 0.5 * boot / np.exp(log_evidence)  # what Bayes' rule says about "boot"
print(
    f"ln p(x) = {log_evidence:.3f}; the best guess is {sure[np.argmax(decoded - price)]:.2f}, Bayes' rule says {bayes:.3f}"
)

# %%
plots.curve(
    sure,
    {"decoded − price": decoded - price},
    xlabel="the encoder's guess: probability of “boot”",
    ylabel="nats",
    levels={"ln p(x)": float(log_evidence)},
    markers=False,
    height=2.6,
    caption="The score of a guess never passes ln p(x), and touches it where the guess is what Bayes' rule says.",
)

# %% [markdown]
# So the score is a **bound**. What Bayes' rule says about the code once the picture is known, $p(z\mid{x})$, is the **posterior**; the
# guess tries to be it. (Much code, ours too, calls the guess `posterior`.) Why a bound? By Bayes' rule, for every $z$,
#
# $$\ln{p(x)}=\ln{p(x\mid{z})}+\ln{p(z)}-\ln{p(z\mid{x})}$$
#
# $$=\ln{p(x\mid{z})}-\ln\frac{q(z)}{p(z)}+\ln\frac{q(z)}{p(z\mid{x})}\qquad\text{($q$ put in and taken out)}$$
#
# Average over codes drawn from $q$, written $\mathbb{E}_q$. The left side has no $z$ and stays:
#
# $$\ln{p(x)}=\underbrace{\mathbb{E}_q[\ln{p(x\mid{z})}]}_{-\text{distortion}}-\underbrace{\mathrm{KL}(q(z)\,\|\,p(z))}_{\text{rate}}+\underbrace{\mathrm{KL}(q(z)\,\|\,p(z\mid{x}))}_{\text{how wrong the guess is}}$$
#
# A KL is never negative: nothing describes a coin better than its own probabilities. So the first two are at most $\ln{p(x)}$: the *evidence lower bound*, **ELBO**. A VAE makes it large
# (varying the guess until it fits is the *variational* part). Its loss is **distortion** (what the error costs) plus **rate** (what the code costs), in nats a picture.
#
# ## The price of a guess
#
# For real codes the guess is a bell for each number, with a mean $\mu$ and a standard deviation $\sigma$; the prior's has 0 and 1. How
# far apart are two bells? As with coins: the mean, over draws of $q$, of $\ln{q(z)}-\ln{p(z)}$. The $\ln\sqrt{2\pi}$ cancels, and there remains
#
# $$-\ln\sigma-\frac{(z-\mu)^2}{2\sigma^2}+\frac{z^2}2.$$
#
# On average $(z-\mu)^2$ is $\sigma^2$, and $z^2$ is $\mu^2+\sigma^2$. Put in, and add up over the latents (a *latent* is one number of the code):
#
# $$\mathrm{KL}=\sum_{\text{latents}}\tfrac12\left(\mu^2+\sigma^2-1-\ln\sigma^2\right)\text{ nats}$$
#
# A guess one off ($\mu=1$, $\sigma=1$) costs ½. A guess half as wide as the prior ($\mu=0$, $\sigma=\frac12$) costs $\frac12(.25-1+1.39)=.32$.

# %% tags=["hide-input"]
figure, axes = plots.subplots(1, 4, height=2.0)
across = np.linspace(-4, 4, 400)
for axis, (mean, width) in zip(axes, ((0, 1), (1, 1), (0, 0.5), (2, 0.1)), strict=True):
    axis.fill_between(across, norm.pdf(across), color="0.85")
    axis.plot(across, np.minimum(norm.pdf(across, mean, width), 1.2), color=plots.COLORS["vermillion"])
    axis.set(
        title=f"μ = {mean}, σ = {width}\n{0.5 * (mean**2 + width**2 - 1 - 2 * np.log(width)):.2f} nats",
        yticks=[],
        ylim=(0, 1.2),
    )
plots.show(
    figure,
    "Grey: the prior. Orange: a guess (the last is cut off). Saying nothing is free; a narrow guess far out costs most.",
)

# %% [markdown]
# ## A draw that lets gradients through
#
# The distortion is an average over codes drawn from the guess. One draw will do, as training takes many steps. But the gradient has to reach $\mu$ and $\sigma$, and a
# random number has no derivative. So let the chance come in from the side, as $\varepsilon$ from N(0, 1):
#
# $$z=\mu+\sigma\,\varepsilon,\qquad\sigma=\exp\left(\tfrac12\ln\sigma^2\right)$$
#
# With $\mu=5$, $\sigma=2$ and $\varepsilon=1$ the code is 7. Move $\mu$ by .1 and the code moves by .1; move $\sigma$ by .1 and it moves by $.1\,\varepsilon$. These are
# derivatives. This is the **reparameterisation trick**. The encoder answers with $\ln\sigma^2$ (`log_var`; code writes log for ln), which may be any number; $\sigma$ must be positive.


# %%
class DrawCode(layers.Layer):
    """One code from each guess: [mu, log_var] -> z, all of shape (n, k)."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator()  # repeatable chance, on every backend

    def call(self, inputs):
        mu, log_var = inputs
        epsilon = keras.random.normal(ops.shape(mu), seed=self.seed_generator)
        return mu + ops.exp(0.5 * log_var) * epsilon


# %% [markdown]
# ## A VAE in Keras

# %% tags=["hide-input"]
boxes = {
    "x": (0, 0.5, "picture x"), "f": (1.1, 0.5, "encoder"), "mu": (2.2, 0, "μ\n(rate)"), "var": (2.2, 1, "ln σ²\n(rate)"), "e": (3.3, 1.5, "ε from N(0, I)"),
    "z": (3.3, 0.5, "z = μ + σ ε"), "g": (4.4, 0.5, "decoder"), "copy": (5.5, 0.5, "copy x̂\n(distortion)"),
}  # fmt: skip
arrows = [["x", "f", "mu", "z", "g", "copy"], ["f", "var", "z"], ["e", "z"]]
caption = "A variational autoencoder. In brackets what each answer pays: μ and ln σ² the rate, the copy the distortion."
plots.diagram(boxes, arrows, shapes={"f": "narrows", "g": "widens"}, marked=["z"], caption=caption)


# %%
def build_halves(hidden, latents):
    """Encoder (n, 784) -> mu and log_var, both (n, latents); decoder (n, latents) -> (n, 784)."""
    picture, code = keras.Input((784,)), keras.Input((latents,))
    seen = layers.Dense(hidden, "gelu")(picture)
    mu = layers.Dense(latents)(seen)
    log_var = layers.Dense(latents, kernel_initializer="zeros")(seen)  # at first σ = 1, as wide as the prior
    mean_picture = layers.Dense(784, "sigmoid")(layers.Dense(hidden, "gelu")(code))
    return keras.Model(picture, [mu, log_var]), keras.Model(code, mean_picture)


# %%
class SmallVAE(keras.Model):
    def __init__(self, encoder, decoder, pixel_sigma):
        super().__init__()
        self.encoder, self.decoder, self.pixel_sigma = encoder, decoder, pixel_sigma
        self.draw_code = DrawCode()

    def call(self, pictures):
        mu, log_var = self.encoder(pictures)
        return {"copy": self.decoder(self.draw_code([mu, log_var])), "mu": mu, "log_var": log_var}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        distortion = losses.gaussian_nll(x, y_pred["copy"], self.pixel_sigma)  # (n,) nats
        rate = losses.kl_divergence(y_pred["mu"], y_pred["log_var"])  # (n,) nats
        return ops.mean(distortion + rate)


# %%
training.set_seed(SEED)
encoder, decoder = build_halves(256, latents=2)  # as large as the plain one, with two outputs for one
small = SmallVAE(encoder, decoder, pixel_sigma=0.2)
training.fit(small, train, loss=None, epochs=4, batch_size=100, learning_rate=3e-3)
left = metrics.mse(validation, draw(plain_decoder, plain_encoder.predict(validation, verbose=0)).reshape(-1, 784))
print(f"root mean squared error of the plain network: {left**0.5:.2f}")

# %% [markdown]
# What is unusual:
#
# * `call` returns a dictionary, as the loss needs three things.
# * `compute_loss` replaces `loss="mse"`, as our loss is more than a comparison with a target. Keras calls it in every step, with `call`'s answer as `y_pred`.
# * No target is handed over: `x` is compared with itself, and `loss=None` says that the model brings its own loss.
# * `losses.gaussian_nll` and `losses.kl_divergence` are the two formulas above; you write them in the exercises.
# * `pixel_sigma=0.2`: about the plain network's error, above.

# %%
vae = models.VariationalAutoencoder(encoder, decoder, sigma=0.2)  # the same halves, with methods that score
terms = vae.elbo_terms(validation)  # distortion and rate, in nats, one of each for every picture
mu, sigma = vae.posterior(validation)  # the guesses: means and standard deviations (2000, 2)
by_mean, by_draw = draw(decoder, mu), draw(decoder, mu + sigma * random.standard_normal(mu.shape))
print(
    f"distortion {terms.distortion.mean():.0f}, rate {terms.rate.mean():.1f} nats a picture: a bound of {terms.elbo.mean():.0f} nats"
)

# %%
plots.grid(
    [validation[:10].reshape(-1, 28, 28), by_mean[:10], by_draw[:10]],
    row_labels=["unseen", "decoded μ", "decoded draw"],
    caption="Two numbers often keep the kind; the bag becomes a boot. A draw from the guess tells nearly the same as its mean.",
)

# %% [markdown]
# Does any draw from the guess decode to the same picture, as one reads? Each draw pays for the error of its copy, so all should come near the same one. How near?

# %%
apart, error = metrics.mse(by_mean, by_draw), metrics.mse(validation, by_mean.reshape(-1, 784))
claim(
    "Two decodings of one guess differ, by less than 1 % of the error of the copy",
    between(100 * apart / error, 0.05, 1, unit="%", fmt=".2f", name="squared difference over squared error"),
)

# %% [markdown]
# ## A map of equal tiles
#
# Where to look at a code of two numbers? Codes evenly spaced from −4 to 4 show mostly places that the prior never visits. Better cut each axis into $n$
# pieces of the same *probability*. The middle of piece $i$ has the probability $(i+\frac12)/n$ below it, and `norm.ppf` turns that into a number:
# for $n=2$ these are $\pm.67$. First move and scale the codes, as we did the plain ones (`standardise_codes`):

# %%
vae = models.standardise_codes(vae, train)  # to mean 0 and variance 1, undone in the decoder
print(f"rate {terms.rate.mean():.1f} nats before, {vae.elbo_terms(validation).rate.mean():.1f} after")
side = 15
centres = norm.ppf((np.arange(side) + 0.5) / side)
grid_codes = [(first, second) for first in centres[::-1] for second in centres]  # row by row, the first latent falls
tiles = draw(vae.decoder, grid_codes).reshape(side, side, 28, 28)

# %% tags=["hide-input"]
figure, axis = plots.subplots(width=6.2, height=6.2)
axis.imshow(tiles.transpose(0, 2, 1, 3).reshape(side * 28, side * 28), cmap="gray", vmin=0, vmax=1)
ticks = (np.arange(0, side, 2) + 0.5) * 28
axis.set_xticks(ticks, [f"{value:.1f}" for value in centres[::2]])
axis.set_yticks(ticks, [f"{value:.1f}" for value in centres[::-1][::2]])
axis.set(xlabel="second latent", ylabel="first latent")
axis.grid(False)
plots.show(
    figure,
    "Each tile has 1/225 of the prior's probability. Kinds pass into each other. Few clothes lie in the dim places between kinds, none at the blotched boots: the codes have the prior's mean and variance, not its shape.",
)

# %% [markdown]
# Off centre and two to three times too wide, the codes had paid 7 nats too many. Training mends the larger cost first: of the distortion of −192 the constants, 784 · (ln .2 + .92), are −541, so the squared error costs some 350; with four times the epochs the 7 become 3. Moving and scaling is free: the decoder undoes it.
#
# ## Is the bound any good?
#
# Where all is linear, $\ln{p(x)}$ is known. One latent, one pixel: $x=wz+\text{noise}$ is normal with variance $w^2+\sigma_x^2$.
#
# Say the pixel has mean 0 and variance $\lambda=4$, and $\sigma_x^2=1$. The best $w$ gives $x$ the right variance: $w^2=\lambda-\sigma_x^2=3$.
# The posterior is a bell around the regression line of $z$ on $x$, whose slope is covariance over variance, $w/\lambda$ ($x=wz+\text{noise}$ shares $w$ times $z$'s variance 1). Of $z$'s variance 1 the line explains slope² times the variance of $x$: $(w/\lambda)^2\lambda=w^2/\lambda=.75$. So $1-w^2/\lambda=\sigma_x^2/\lambda=.25$ is left.
# For $x=4$: mean $1.73$, which decodes to $3$. With this bell, of mean 1.73 and variance .25, as the guess,
#
# * distortion: $\frac12\left[(4-3)^2+w^2\cdot.25\right]+\ln1+.92=1.79$ (the error of the mean, squared, plus the variance of $wz$),
# * rate: $\frac12(1.73^2+.25-1-\ln.25)=1.82$.
#
# $-1.79-1.82=-3.61$, and $\ln{p(4)}$ of a normal with variance 4 is $-3.61$. No gap: the guess is the posterior.
#
# And for a noise above the variance, say $\sigma_x^2=5$? Then $\lambda-\sigma_x^2$ is negative and the best $w$ is 0: the machine calls the pixel noise, and the
# latent says nothing. It has **collapsed**. The rule: **a latent lives as long as the variance along its axis is above the noise's variance,** $\sigma_x^2$.
#
# With many pixels the same holds along each principal axis, with its eigenvalue as $\lambda$: **probabilistic PCA**. Its likelihood is exact; its best noise variance is what is left, the mean of the eigenvalues not kept. A linear
# VAE should arrive there. 14 × 14 pixels, ten latents:

# %%
half = {
    name: part.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    for name, part in (("train", train), ("validation", validation))
}
referee = referees.fit_ppca(half["train"], 10)

# %%
training.set_seed(SEED)
linear = models.build_linear_vae(196, 10, sigma=0.3, learn_sigma=True)  # no activations; σₓ starts at .3
centred = half["train"] - referee.mean
training.fit(linear, centred, loss=None, epochs=10, batch_size=100, learning_rate=2e-2)
bound = linear.elbo_terms(centred, samples=2).elbo.mean()  # two draws for each picture
exact = referee.log_likelihood(half["train"]).mean()
print(
    f"bound {bound:.2f} nats, exact {exact:.2f}; pixel noise learned {linear.sigma:.4f}, exact {referee.noise_variance**0.5:.4f}"
)

# %% tags=["hide-input"]
claim(
    "The linear VAE's bound comes within a nat of the exact log-likelihood",
    close(bound, exact, 1, unit="nats", fmt=".2f", names=("bound", "exact")),
)

# %% [markdown]
# From random weights to the exact answer: every sum, half and logarithm is right. Run this test on your own: take the activations out.
#
# Now let it bend, from a warm start (lesson 02): a straight path set to probabilistic PCA with 32 latents, a bent one at zero.

# %%
pca = referees.fit_pca(train)
ppca = referees.fit_ppca(pca, 32)
training.set_seed(SEED)
deep = models.warm_start_vae(ppca, 256)  # σₓ is learned as well
start = deep.elbo_terms(validation).elbo.mean()
training.fit(deep, train, loss=None, epochs=5, batch_size=100, learning_rate=2e-3)
deep_terms = deep.elbo_terms(validation)
print(
    f"probabilistic PCA, exact {ppca.log_likelihood(validation).mean():.1f}; the network before its first step {start:.1f}"
)
print(
    f"after training {deep_terms.elbo.mean():.1f} nats on unseen clothes, noise {ppca.noise_variance**0.5:.3f} -> {deep.sigma:.3f}"
)

# %% [markdown]
# Bending earned some 90 nats a picture.
#
# ## Which noise a loss assumes
#
# Most published losses do not mention $\sigma_x$. They add a squared error and a KL with some weights. Put both as *sums*:
#
# $$w_r\sum_{\text{pixels}}(x-\hat{x})^2+w_k\sum_{\text{latents}}\mathrm{KL}$$
#
# and compare with $\frac1{2\sigma_x^2}\sum(x-\hat{x})^2+\mathrm{KL}$, ours without constants. Divide by $w_k$, and read off $\frac{w_r}{w_k}=\frac1{2\sigma_x^2}$, so
#
# $$\sigma_x^2=\frac{w_k}{2\,w_r}.$$
#
# Keras' own guide averages the error over 784 pixels and the KL over 32 latents: $w_r=1/784$, $w_k=1/32$, so $\sigma_x^2=784/64=12.25$ and $\sigma_x=3.5$, for
# pixels between 0 and 1. Count the eigenvalues above 12.25: those latents live.

# %%
digits = datasets.digits()
digit_train, digit_test = digits.flat("train"), digits.flat("test")
digit_pca = referees.fit_pca(digit_train)
published = {  # weight of the summed squared error, weight of the summed KL; * written for other pictures
    "Keras guide, subclassing": (1 / 784, 1 / 32),
    "PyTorch-VAE, CelebA *": (1 / 12288, 0.00025),  # 64 x 64 x 3 numbers
    "Hands-on ML, 3rd ed.": (1 / 784, 1 / 784),
    "timeVAE, one channel *": (6, 1),
}

# %% tags=["nbval-check-output"]
print(f"{'loss':28} {'sigma':>6} {'clothes':>8} {'digits':>7}  (latents that a linear VAE keeps)")
for name, (error_weight, kl_weight) in published.items():
    variance = kl_weight / (2 * error_weight)
    kept = [int((values > variance).sum()) for values in (pca.eigenvalues, digit_pca.eigenvalues)]
    print(f"{name:28} {np.sqrt(variance):6.3f} {kept[0]:8} {kept[1]:7}")

# %% [markdown]
# ## What the prior buys
#
# Back to the rival: sixteen numbers, trained alike, PCA beside them. Codes come from N(0, I), without a look; from *one* bell
# fitted to the training codes; from a bell for *each kind*.
# Who judges? A classifier of real clothes looks at 2,000 samples and 2,000 unseen photographs; the distance between the two sets compares means and covariances of its last
# hidden layer (the *Fréchet distance*, lesson 09).

# %%
guess(
    "prior",
    "A bell for each kind of clothes is fitted to the codes, for all alike. Whose samples come nearest to real clothes?",
    ["the VAE's, at half the distance", "the plain autoencoder's, at half the distance", "these two about alike"],
)

# %%
training.set_seed(SEED)
rival_encoder, rival_decoder, rival = models.build_autoencoder(784, 256, 16)
training.fit(rival, train, epochs=8, batch_size=100, learning_rate=3e-3)
training.set_seed(SEED)
wide = SmallVAE(*build_halves(256, latents=16), pixel_sigma=0.15)  # about the error of 16 numbers
run = training.fit(wide, train, loss=None, epochs=8, batch_size=100, learning_rate=3e-3)


# %%
def bell(codes, n, size=1.0):
    """n codes from the normal distribution with the mean and ``size``² times the covariance of these codes."""
    return random.multivariate_normal(codes.mean(axis=0), size**2 * np.cov(codes.T), n)


def three_ways(codes):
    """2,000 codes each: without a look, from one bell, from a bell for each kind."""
    by_kind = [bell(codes[labels == kind], 200) for kind in range(10)]
    return random.standard_normal((2000, codes.shape[1])), bell(codes, 2000), np.concatenate(by_kind)


# %% [markdown]
# For scale: photographs against photographs are .4 apart; the mean training picture, again and again, 210.

# %%
classifier = keras.saving.load_model(datasets.DATA_FOLDER.parent / "checkpoints" / "clothes_classifier.keras")
eye = keras.Model(classifier.inputs, classifier.get_layer("features").output)


def seen_by_judge(pictures):
    return eye.predict(np.reshape(pictures, (-1, *classifier.inputs[0].shape[1:])), batch_size=2000, verbose=0)


real = seen_by_judge(validation)
wide_mu, wide_log_var = wide.encoder.predict(train, batch_size=1000, verbose=0)
codes_of = {
    "PCA-16": (train - pca.mean) @ pca.components[:16].T / np.sqrt(pca.eigenvalues[:16]),
    "plain autoencoder": rival_encoder.predict(train, batch_size=1000, verbose=0),
    "VAE": wide_mu + np.exp(0.5 * wide_log_var) * random.standard_normal(wide_mu.shape),
}
decode = {
    "PCA-16": lambda z: metrics.clip01(pca.mean + z * np.sqrt(pca.eigenvalues[:16]) @ pca.components[:16]),
    "plain autoencoder": lambda z: draw(rival_decoder, z),
    "VAE": lambda z: draw(wide.decoder, z),
}

# %%
distance = {}
print(f"{'':20} {'N(0, I)':>8} {'one bell':>9} {'a bell for each kind':>21}")
for name, codes in codes_of.items():
    distance[name] = [metrics.frechet_distance(seen_by_judge(decode[name](z)), real) for z in three_ways(codes)]
    print(f"{name:20} {distance[name][0]:8.0f} {distance[name][1]:9.0f} {distance[name][2]:21.1f}")

# %% tags=["hide-input"]
(pca_blind, _, pca_kinds), (plain_blind, _, plain_kinds), (vae_blind, _, vae_kinds) = distance.values()
claim(
    "Without a look at any code, the VAE's samples are far nearer to real clothes than the plain autoencoder's",
    below(vae_blind, plain_blind, times=0.75, fmt=".0f", names=("VAE", "plain")),
)
claim(
    "With a bell for each kind, both are much nearer than PCA",
    below([plain_kinds, vae_kinds], pca_kinds, times=0.75, fmt=".1f", names=(["plain", "VAE"], "PCA-16")),
)
ratio = vae_kinds / plain_kinds
answers = {
    "the VAE's, at half the distance": below(ratio, 0.5),
    "the plain autoencoder's, at half the distance": above(ratio, 2),
    "these two about alike": between(ratio, 0.5, 2, fmt=".2f", name="VAE over plain"),
}
reveal("prior", answers)

# %% [markdown]
# *Without a look* the VAE is at half the plain network's distance: that is what its prior buys. PCA, whose codes have mean 0 and variance 1 anyway, is nearer still.
# But ten kinds are ten clouds: *ten bells* bring both networks many times nearer. There, as with *one bell*, the plain code is a little ahead. What only the VAE says is how probable a picture is, and how sure a code.
#
# ## Clothes made to order

# %%
kinds = {clothes.class_names[kind]: kind for kind in range(10)}


def order(kind, size=0.7, n=12):
    """New pictures of one kind: codes from its bell, drawn a little closer to the centre, decoded."""
    return draw(wide.decoder, bell(codes_of["VAE"][labels == kind], n, size))


plots.grid(
    [order(kind) for kind in range(10)],
    row_labels=list(kinds),
    caption="A hundred and twenty clothes that nobody photographed. Trousers and boots would sell; some bags are pullovers, sandals smear.",
)


# %%
def show_order(kind, size):
    plots.row(
        order(kind, size, 8),
        caption=f"{clothes.class_names[kind]}, {size:g} times as far from the middle of its kind as real ones.",
    )


explore(show_order, kind=choice(kinds, 9, label="kind"), size=slider(0.2, 1.6, 0.7, step=0.1, label="how far"))


# %% [markdown]
# ## What goes wrong
#
# **Means where sums belong.** The guide's loss, $\sigma_x=3.5$. Trained as published (64 hidden units, 32 latents, Adam at .001), on our 4,000 digits.

# %%
guess(
    "guide",
    "This VAE is shown a 3 that it has never seen. What does it answer?",
    ["a blurred 3", "the mean of all digits", "noise"],
)


# %%
class GuideVAE(keras.Model):
    """The published loss: the error averaged over pixels, the KL over latents."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, "relu")
        self.mu, self.log_var = layers.Dense(32), layers.Dense(32)
        self.up, self.out = layers.Dense(64, "relu"), layers.Dense(784, "sigmoid")
        self.draw_code = DrawCode()

    def call(self, pictures):
        hidden = self.hidden(pictures)
        mu, log_var = self.mu(hidden), self.log_var(hidden)
        self.add_loss(-0.5 * ops.mean(log_var - ops.square(mu) - ops.exp(log_var) + 1))
        return self.out(self.up(self.draw_code([mu, log_var])))


# %%
training.set_seed(SEED)
guide = GuideVAE()
training.fit(guide, digit_train, epochs=8, batch_size=64, learning_rate=1e-3, schedule=None)  # and loss="mse"
copies = metrics.clip01(guide.predict(digit_test, batch_size=1000, verbose=0))

# %%
kept_digits = digit_pca.keep(int((digit_pca.eigenvalues > 0.3**2).sum()))
linear_copies = metrics.clip01(kept_digits.reconstruct(digit_test))
plots.grid(
    [part[:8].reshape(-1, 28, 28) for part in (digit_test, copies, linear_copies)],
    row_labels=["unseen digits", "guide's VAE", f"PCA-{len(kept_digits.components)}\n(σ = .3)"],
    caption="The published VAE answers every digit with nearly the same smudge. PCA on the latents that live at σ = .3 keeps them.",
)
mean_digit = np.broadcast_to(referees.mean_image(digit_train), digit_test.shape)
share = metrics.mse(digit_test, copies) / metrics.mse(digit_test, mean_digit)
print(f"error of the mean digit: {metrics.mse(digit_test, mean_digit):.4f}")

# %% tags=["hide-input"]
is_the_mean = between(share, 0.96, 1.04, fmt=".3f", name="its error over that of the mean digit")
claim("The guide's VAE is the mean digit, within 4 %", is_the_mean)
reveal("guide", {"a blurred 3": below(share, 0.96), "the mean of all digits": is_the_mean, "noise": above(share, 1.04)})

# %% [markdown]
# The largest eigenvalue of the digits is 5.2, and the noise has 12.25: by the rule for straight lines all latents collapse, and so they do here. The published run ends at a loss of .0677, KL included: about the error of the mean digit (printed above), with no baseline beside it.
#
# ## When it does not train
#
# |you see|look at|likely cause|mend it|
# |---|---|---|---|
# |NaN after a few steps|the first losses; `log_var`|the learning rate, and `exp`|a smaller one; start `log_var` at 0|
# |all copies are the mean picture|the KL|collapse: means for sums, or σ too large|sums; compute the implied σ; learn σ|
# |good copies, samples are rubbish|mean and variance of the codes|they do not fill the prior|`standardise_codes`; fit bells to them|
# |losses of two notebooks differ by thousands|units, constants|pixels in 0..255, ½ ln 2π dropped, means|nats a picture, pixels in [0, 1], constants|
# |the bound beats the exact likelihood|σ, σ², ln σ²|the wrong one in one of two places|the linear test above|
#
# ## Results
#
# Now, once, the test pictures. Higher is better.

# %%
rungs = {
    "mean of training + noise": referees.fit_ppca(pca, 0).log_likelihood(test),
    "probabilistic PCA, 2 latents": referees.fit_ppca(pca, 2).log_likelihood(test),
    "probabilistic PCA, 32 latents": ppca.log_likelihood(test),
    "VAE, 32 latents": deep.elbo_terms(test).elbo,
}
means = [float(values.mean()) for values in rungs.values()]
plots.ladder(
    list(rungs), means, kinds=["trivial", "referee", "referee", "network"], annotations=["exact", "exact", "exact", "lower bound"],
    metric="log-likelihood of a test picture", unit="nats", lower_is_better=False, value_format=".0f",
    caption="One noise for all pixels. Exact numbers for the linear models, only a lower bound for the network.",
)  # fmt: skip

# %% tags=["hide-input"]
claim(
    "On test pictures the network's bound beats the exact likelihood of the linear model by more than 60 nats",
    above(means[3], means[2], by=60, unit="nats", fmt=".0f", names=("network", "probabilistic PCA")),
)

# %% [markdown]
# ## Wrap-up
#
# * The loss is distortion plus rate, *sums* over pixels and latents. It bounds $-\ln{p(x)}$ from above; the gap is how wrong the guess is.
# * Weights in a loss are a pixel noise. A latent lives as long as its variance is above that noise's.
# * You get samples without a look at any code, a number to compare models by, and codes that know how sure they are. Better pictures than with a plain code you do not get, here.
#
# |one glance||
# |---|---|
# |draw|$z=\mu+\exp(\frac12\ln\sigma^2)\,\varepsilon$|
# |rate|$\sum_{\text{latents}}\frac12(\mu^2+\sigma^2-1-\ln\sigma^2)$|
# |distortion, normal pixels|$\sum_{\text{pixels}}(x-\hat{x})^2/2\sigma_x^2+\ln\sigma_x+\frac12\ln2\pi$|
# |implied noise|$\sigma_x^2=w_k/(2\,w_r)$, weights of sums|
# |tiles of equal probability|`norm.ppf((i + 0.5) / n)`|
#
# Next: [the exercises](../exercises/05_variational.ipynb); its capstone is judged in nats. Then [deeper](05_variational_deeper.ipynb): collapse, tighter bounds, why this likelihood prefers digits.
#
# ## References
#
# * Kingma, Welling: *Auto-encoding variational Bayes*, 2014.
# * Tipping, Bishop: *Probabilistic principal component analysis*, 1999.
# * The table's losses: keras.io, *Making new layers and models via subclassing*; Subramanian, *PyTorch-VAE*; Géron, *Hands-On Machine Learning*, 2022; Desai and others, *TimeVAE*, 2021. More in [deeper](05_variational_deeper.ipynb).
