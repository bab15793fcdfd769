# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Denoising autoencoders
#     lesson: 4
#     minutes: 44
#     compute: 32
#     summary: "Noisy in, clean out: straight lines first, a network on top; read the score off a denoiser, and sample with it"
#     prerequisites:
#       - "lesson 02"
#       - "mean, variance and covariance of random numbers"
#     objectives:
#       - Compare a denoising network with doing nothing, with a blur and with straight-line answers
#       - Compute the best slope for one noisy number by hand, and the best affine map for a picture
#       - Train a network that corrects a formula's answer
#       - Read a score off a denoiser that is told the noise level
#       - Sample new points from pure noise
#     data: [fashion_mnist]
# ---

# %% [markdown]
# An autoencoder with enough room can copy its input and learn nothing. Lesson 02 took the room away. Here the question changes:
# *spoil the picture, and ask for it as it was.* Copying is now wrong, however wide the network.

# %%
from course_lib import above, all_of, below, between, claim, close, guess, reveal
from course_lib import datasets, layers, metrics, models, plots, referees, training
from course_lib.widgets import explore, stops

import keras
import numpy as np
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")  # (12000, 784) and (2000, 784), values in [0, 1]
as_pictures = (-1, 28, 28, 1)
pictures = train.reshape(as_pictures)

# %% [markdown]
# ## Recall
#
# 1. A code of two numbers stored 50 pictures. Does a narrow code prevent memorising?
# 2. What did a network learn that started at PCA with its last layer at zero?
# 3. 21 dB or 24 dB: how do the squared errors compare?
#
# <details><summary>Answers</summary>
#
# 1. No. Two real numbers can say which of 50 pictures is meant. Many pictures prevent it.
# 2. Only what PCA cannot say.
# 3. The second has half of it: 3 dB.
#
# </details>
#
# ## Noisy in, clean out

# %% tags=["hide-input"]
boxes = {"clean": (0, 0.5, "clean\npicture"), "noisy": (1.25, 0, "noisy\npicture"), "network": (2.5, 0, "network")}
boxes |= {"answer": (3.75, 0, "answer"), "loss": (3.75, 1, "squared\nerror")}
ways, words = [("clean", "noisy", "network", "answer", "loss"), ("clean", "loss")], {("clean", "noisy"): "+ noise"}
caption = "A denoising autoencoder: the input is spoiled, the target is not."
plots.diagram(boxes, ways, marked=["network"], labels=words | {("clean", "loss"): "the target"}, caption=caption)

# %% [markdown]
# **White noise** adds to each pixel its own number, drawn from a bell (a normal distribution) of mean 0, independently of all others. The bell's standard deviation
# is the **noise level** $\sigma$: here .2, where a picture runs from 0 to 1. The result is clipped to that range.

# %%
sigma = 0.2


def add_noise(x, sigma, seed, clip=True):
    """White noise of level sigma, the same for the same seed."""
    noise = np.random.default_rng([SEED, seed]).standard_normal(x.shape, dtype="float32")
    return np.clip(x + sigma * noise, 0, 1) if clip else x + sigma * noise


def decibels(clean, answer):
    """PSNR of answers, clipped to [0, 1], over the whole set."""
    return metrics.psnr(clean, metrics.clip01(answer.reshape(clean.shape)))


noisy = add_noise(validation, sigma, 1)

# %% [markdown]
# The noise is a layer in front of the network: new numbers in every step of training, switched off when the model predicts.

# %%
clean = keras.Input((28, 28, 1))
spoiled = layers.AddGaussianNoise(sigma)(clean)  # Keras' own GaussianNoise does the same without clipping
hidden = keras.layers.Conv2D(24, 4, strides=2, padding="same", activation="relu")(spoiled)  # (n, 14, 14, 24)
for _ in range(2):
    hidden = keras.layers.Conv2D(24, 3, padding="same", activation="relu")(hidden)
answer = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same")(hidden)  # a step back up: (n, 28, 28, 1)
ordinary = keras.Model(clean, answer)
ordinary.compile(keras.optimizers.Adam(2e-3), "mse")
ordinary.fit(pictures, pictures, epochs=3, verbose=0)  # input and target are clean: the layer spoils the input
first_answer = ordinary.predict(noisy.reshape(as_pictures), batch_size=500, verbose=0)


# %%
def compare(caption, **rows):
    """The same five pictures in several versions, each with its score on all validation pictures."""
    labels = [name.replace("_", " ") for name in rows]
    labels = [f"{label}\n{decibels(validation, x):.2f} dB" for label, x in zip(labels, rows.values(), strict=True)]
    five = [0, 12, 5, 8, 31]
    images = [metrics.clip01(x.reshape(-1, 28, 28)[five]) for x in (*rows.values(), validation)]
    plots.grid(images, row_labels=[*labels, "clean"], size=1.15, caption=caption)


compare("It works: the noise is gone, and some detail with it.", noisy=noisy, network=first_answer)

# %% [markdown]
# Is that good? **Doing nothing is the baseline of every denoiser:** the noisy picture itself scores 15.95 dB. The network is 6 dB above: it left
# a quarter of the squared error. Nothing in it is narrow: 784 pixels in, $14\cdot14\cdot24=4704$ numbers in the middle.
#
# What does such a network learn? Draw points instead of pictures: clean ones lie on a curve, noise pushes them off. You see where a point landed, not where it came from.
# The answer of smallest squared error is *the average of all it could have been*: all clean points, near ones counting more.


# %%
def best_answer(x, clean, sigma):
    """The mean of the clean points (m, 2), each weighted by how likely it is behind a noisy point of x (n, 2)."""
    distance = np.square(x[:, None] - clean).sum(axis=-1)  # (n, m), squared
    weight = np.exp(-distance / (2 * sigma**2))  # the bell of the noise around each clean point
    return weight @ clean / weight.sum(axis=1, keepdims=True)


# %%
along = np.linspace(-3, 3, 400)
curve = np.stack([along, np.sin(1.6 * along)], axis=1)  # (400, 2): the clean points
chance = np.random.default_rng([SEED, 50])
pushed = curve[chance.integers(0, 400, 90)] + 0.3 * chance.standard_normal((90, 2))
steps = best_answer(pushed, curve, 0.3) - pushed
figure, panel = plots.subplots(height=3.1)
panel.plot(*curve.T, color="0.8", lw=6, zorder=0)
panel.plot(*pushed.T, "o", color=plots.COLORS["vermillion"], ms=4)
panel.quiver(*pushed.T, *steps.T, color=plots.COLORS["blue"], angles="xy", scale_units="xy", scale=1, width=0.004)
panel.set(aspect="equal")
panel.axis("off")
plots.show(figure, "Clean points lie on the grey curve. The best answers (arrows) lead noisy points (dots) back to it.")

# %% [markdown]
# A denoiser learns the way back to the data.
#
# ## The best line, for one number
#
# What is the best *straight-line* answer? Start with one pixel. Over all clothes its clean value has the variance $v=.12$. Noise of level
# .2 has the variance $\sigma^2=.04$. You see the pixel .4 above its mean. How much of the .4 do you believe?
#
# The regression line of clean on noisy has the slope *covariance by variance*. Noise knows nothing of the pixel: the covariance of clean and noisy is that of clean with itself, $v$.
# To the variance of noisy it adds its own: $v+\sigma^2$. The slope is $.12/.16=.75$: believe .3 of the .4. A quarter of the variance you see is noise.
#
# $$r(x)=\mu+\frac{v}{v+\sigma^2}\,(x-\mu)$$
#
# $x$ is the noisy number, $\mu$ the mean, $r(x)$ the answer. With much noise the slope goes to 0: answer the mean. With little it goes to 1: copy. On a real pixel:

# %% tags=["nbval-check-output"]
pixel = train[:, 12 * 28 + 9]  # row 12, column 9
seen = add_noise(pixel, sigma, 2, clip=False)  # not clipped, for now
v = pixel.var()
measured = np.cov(seen, pixel)[0, 1] / seen.var()  # regression slope: covariance by variance
print(f"v = {v:.3f}, v / (v + sigma²) = {v / (v + sigma**2):.2f}; measured slope {measured:.2f}")

# %%
figure, panel = plots.subplots(height=3.0)
panel.plot(seen[:1200], pixel[:1200], ".", ms=3, alpha=0.35, color=plots.COLORS["sky"])
for slope, style, label in ((1, "k:", "copy: slope 1"), (measured, "k-", f"best line: slope {measured:.2f}")):
    panel.plot([-0.4, 1.4], pixel.mean() + slope * (np.array([-0.4, 1.4]) - pixel.mean()), style, label=label)
panel.set(xlabel="noisy pixel", ylabel="clean pixel", ylim=(-0.1, 1.1))
panel.legend()
plots.show(
    figure, "One pixel of 1,200 pictures: the best line is flatter than a copy, for large values are partly noise."
)

# %% [markdown]
# ## The best affine map
#
# Neighbours know something about a pixel, too. Let all 784 noisy pixels vote on each clean one. A matrix and an offset: that is an **affine map**,
# $r(x)=xW+b$ with pictures as rows. The regression is the same. The **covariance** matrix $C$ (entry $i,j$: how pixels $i$ and $j$ vary together)
# takes the place of $v$. White noise adds $\sigma^2$ to each pixel's own variance and nothing elsewhere: $\sigma^2I$. To divide is to multiply by the inverse.
#
# $$r(x)=\mu+(x-\mu)\,(C+\sigma^2I)^{-1}\,C$$
#
# This is the **Wiener filter**. Along a principal axis with eigenvalue $\lambda$ (the variance there; noise has $\sigma^2$ in every direction) it is the one-number case: it keeps the share $\lambda/(\lambda+\sigma^2)$.
# With $\sigma^2=.04$ that is 99 % at $\lambda=4$, half at .04, 9 % at .004. PCA keeps all or nothing of an axis.
#
# But our pictures are *clipped*: on a black pixel noise can only add, so its mean is not 0. Regression does
# not mind. Take covariances and means (the bars) from pairs of noisy and clean pictures:
#
# $$W=\mathrm{Cov}(\text{noisy})^{-1}\,\mathrm{Cov}(\text{noisy},\text{clean}),\qquad b=\overline{\text{clean}}-\overline{\text{noisy}}\;W$$

# %%
guess(
    "wiener",
    "On clipped pictures: the Wiener filter, or the affine map fitted to clipped noise?",
    ["the same, to a tenth of a dB", "the fitted one wins by more than 1 dB", "the Wiener filter wins"],
)

# %%
mean, C = train.mean(axis=0), np.cov(train.T)
wiener_weights = np.linalg.solve(C + sigma**2 * np.eye(784), C)  # (784, 784)


def wiener(x):
    """The best affine map, if nothing were clipped."""
    return (mean + (x - mean) @ wiener_weights).astype("float32")


# Pairs need not be drawn: what clipped noise makes of a clean value on average (a 0 becomes .08), and how widely it is
# spread, can be computed for each value; with that both covariances are those of endless pairs.
affine = referees.clipped_noise_denoiser(train, sigma)
scores = {"noisy": decibels(validation, noisy)}
scores |= {"Wiener": decibels(validation, wiener(noisy)), "affine map": decibels(validation, affine(noisy))}
print(", ".join(f"{name} {score:.2f} dB" for name, score in scores.items()))

# %% tags=["hide-input"]
a, w = scores["affine map"], scores["Wiener"]
answers = {"the same, to a tenth of a dB": close(a, w, 0.1), "the Wiener filter wins": above(w, a, by=0.1)}
fitted = above(a, w, by=1, fmt=".2f", unit="dB", names=("affine map", "Wiener filter"))
reveal("wiener", answers | {"the fitted one wins by more than 1 dB": fitted})

# %% [markdown]
# Clipped noise brightens every black pixel by .08 on average; a filter that expects mean 0 leaves that there. A network compared with it on
# clipped pictures gets a decibel and a half for free.
#
# ## Look first, then choose a map
#
# One matrix treats a boot and a shirt alike. Look first, and it need not. Sort the training pictures into ten groups (k-means: ten means, each picture belongs to the nearest). Fit an affine map to each.
# Whose map answers? The nearest mean's would ignore that some groups are wide and some narrow. So fit to each group's pictures, noisy as they will come in, a bell over 64 PCA coordinates,
# with a covariance matrix instead of a variance. A group is likely if its bell is high at your picture and many pictures belong to it: height times share, in logarithms a sum. The likeliest group's map answers.

# %%
pca = referees.fit_pca(train, 64)  # 64 coordinates: a group is too small for a bell with 784 x 784 covariances
group = KMeans(10, n_init=1, random_state=SEED).fit_predict(pca.encode(train))  # (12000,)
in_view = pca.encode(add_noise(train, sigma, 3))  # what noisy pictures of each group look like
# A group's bell: the normal density with its mean and covariance.
bells = [multivariate_normal(in_view[group == k].mean(axis=0), np.cov(in_view[group == k].T)) for k in range(10)]
maps = [referees.clipped_noise_denoiser(train[group == k], sigma) for k in range(10)]
log_share = np.log(np.bincount(group) / len(group))  # the size of each group


def ten_maps(x):
    """Each picture by the affine map of its most likely group."""
    coordinates, answer = pca.encode(x), np.empty_like(x)
    chosen = np.argmax([bell.logpdf(coordinates) + log_share[k] for k, bell in enumerate(bells)], axis=0)
    for k in np.unique(chosen):
        answer[chosen == k] = maps[k](x[chosen == k])
    return answer


scores["ten maps"] = decibels(validation, ten_maps(noisy))
print(f"one affine map {scores['affine map']:.2f} dB, ten of them {scores['ten maps']:.2f} dB")

# %% tags=["hide-input"]
means = [train[group == k].mean(axis=0).reshape(28, 28) for k in range(10)]
plots.row(means, size=0.72, caption="The mean of each of the ten groups. Nobody told k-means what a boot is.")

# %% tags=["hide-input"]
ten, one = scores["ten maps"], scores["affine map"]
lead = above(ten, one, by=0.5, fmt=".2f", unit="dB", names=("ten", "one"))
claim("Ten affine maps, the likeliest chosen, beat one by more than half a decibel", lead)

# %% [markdown]
# One map is exact, a referee. Ten are a rival: other groups are possible.
#
# ## A network on top
#
# Lesson 02's idea: start from an answer. What that leaves over, clean minus answer, is its **residual**. The network sees the noisy picture
# and the map's answer, and adds a correction. Its last layer starts at zero: before training the network *is* the map.

# %% tags=["hide-input"]
boxes = {"noisy": (0, 0.5, "noisy"), "start": (1.2, 0, "map(s)\n(fixed)"), "conv": (2.5, 1, "convo-\nlutions")}
boxes |= {"last": (3.7, 1, "last layer,\nzero at first"), "sum": (4.9, 0, "add"), "answer": (6.1, 0, "answer")}
ways = [("noisy", "start", "sum", "answer"), ("noisy", "conv", "last", "sum"), ("start", "conv")]
caption = "The upper way is fixed; the lower way learns what is missing, the residual."
plots.diagram(boxes, ways, marked=["last"], labels={("last", "sum"): "correction"}, caption=caption)


# %%
def on_top_of_a_map():
    """(noisy, the map's answer) -> that answer plus a learned correction, which is zero at first."""
    noisy_picture, start = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    hidden = keras.layers.Concatenate()([noisy_picture, start])
    hidden = keras.layers.Conv2D(24, 4, strides=2, padding="same", activation="relu")(hidden)  # (n, 14, 14, 24)
    hidden = keras.layers.Conv2D(24, 3, padding="same", activation="relu")(hidden)
    hidden = keras.layers.Conv2D(24, 3, padding="same", activation="relu")(hidden)
    last = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same", kernel_initializer="zeros", name="correction")
    return keras.Model([noisy_picture, start], keras.layers.Add()([start, last(hidden)]))


copies = np.concatenate([add_noise(train, sigma, seed) for seed in (4, 5, 6)])  # three copies, no noise twice
targets = np.tile(pictures, (3, 1, 1, 1))

# %% [markdown]
# Two starts: one affine map, or ten, which lead by .7 dB. Both train on three noisy copies of each picture; layers and passes are the ordinary network's, but the rate falls (with a constant one it gains .2 dB more: [deeper](04_denoising_deeper.ipynb)).

# %%
guess(
    "start",
    "After training, how far is the network on the ten maps ahead of the one on a single map?",
    ["by .6 dB or more", "by .3 to .6 dB", "by less than .3 dB, if at all"],
)

# %%
networks, start_of = {}, {"on one map": affine, "on ten maps": ten_maps}
for name, start in start_of.items():
    training.set_seed(SEED)
    networks[name] = on_top_of_a_map()
    inputs = [copies.reshape(as_pictures), start(copies).reshape(as_pictures)]
    training.fit(networks[name], inputs, targets, epochs=1, learning_rate=2e-3)


def improved(name, x):
    """What a network makes of noisy pictures (n, 784), on top of its start."""
    inputs = [x.reshape(as_pictures), start_of[name](x).reshape(as_pictures)]
    return networks[name].predict(inputs, batch_size=500, verbose=0).reshape(x.shape)


scores["from nothing"] = decibels(validation, first_answer)  # the ordinary network of the beginning
for name in networks:
    scores[name] = decibels(validation, improved(name, noisy))
for name in ("from nothing", *networks):
    print(f"network {name}: {scores[name]:.2f} dB")

# %% tags=["hide-input"]
gained = scores["on ten maps"] - scores["on one map"]
options = {"by .6 dB or more": above(gained, 0.6), "by .3 to .6 dB": between(gained, 0.3, 0.6)}
hardly = below(gained, 0.3, fmt=".2f", unit="dB", names=("ahead by", ""))
reveal("start", options | {"by less than .3 dB, if at all": hardly})

# %%
compare(
    "The map leaves a veil of noise and ghosts of other clothes, ten maps fewer ghosts; the network clears the background.",
    one_map=affine(noisy),
    ten_maps=ten_maps(noisy),
    network=improved("on one map", noisy),
)

# %% [markdown]
# The head start is gone: convolutions find out for themselves what the choice of a map tells them.
# From either start the network ends some 1.5 dB above one map. *Half of that needs no network:* ten maps and a choice do it.
# The network from nothing ends .2 to .4 dB above the ten (three seeds).
#
# ## What a denoiser knows
#
# A denoiser's step, $r(x)-x$, points to where data are. What is that good for, if nobody wants noise removed? Start at pure noise, follow the arrows, with a little fresh noise in each step, and you arrive at
# something that looks like data: so work diffusion models. How long is an arrow, exactly?
#
# **Smallest case.** Clean numbers come from a bell of mean 0 and variance 1, so noisy ones from a bell of variance $1+\sigma^2$. The logarithm of its density is
# $\ln p_\sigma(x)=-\frac{x^2}{2(1+\sigma^2)}$ plus a constant. Why the logarithm? Its slope is $p'/p$, the *relative* rise: far out, where $p$ and $p'$ are both tiny, it still says which way noisy numbers become more common, and how strongly. This is the **score**:
#
# $$\text{score}(x)=\nabla_x\ln p_\sigma(x)=-\frac{x}{1+\sigma^2}$$
#
# ($\nabla_x$: the slope along each coordinate; for a picture 784 of them, an arrow.) You know the best denoiser: with $v=1$ it is $r(x)=x/(1+\sigma^2)$. Take $x=2$. At
# $\sigma=1$: answer 1, step $-1$, score $-1$. At $\sigma=2$: answer .4, step $-1.6$, score $-.4$. The step is $\sigma^2$ times the score. Always:
#
# $$r(x)=x+\sigma^2\,\nabla_x\ln p_\sigma(x)$$
#
# This is **Tweedie's formula**. The data need not be a bell; the noise must be Gaussian and not clipped, the denoiser the best. Why it holds, in one dimension:
#
# 1. $p$ is a sum of bells, one around each clean $c$: $p=\sum_c e^{-(x-c)^2/2\sigma^2}$, up to a factor.
# 2. Each bell's slope is the bell times $\frac{c-x}{\sigma^2}$: upwards if $c$ lies to the right. So $p'=\sum_c e^{-(x-c)^2/2\sigma^2}\,\frac{c-x}{\sigma^2}$.
# 3. Divide ($x$ and $\sigma^2$ are the same in every term): $\frac{p'}{p}=\frac{r(x)-x}{\sigma^2}$, for $r(x)$ is the mean of all $c$, weighted by their bells, as in `best_answer`.
#
# Solved for the score:
#
# $$\text{score}(x)=\frac{r(x)-x}{\sigma^2}$$

# %% tags=["nbval-check-output"]
draw = np.random.default_rng([SEED, 51])
clean_numbers = draw.standard_normal(2_000_000)
noisy_numbers = clean_numbers + draw.standard_normal(2_000_000)  # sigma = 1
near_two = np.abs(noisy_numbers - 2) < 0.05
print(f"noisy numbers near 2: the clean ones behind them have the mean {clean_numbers[near_two].mean():.1f}")

# %%
line = np.linspace(-4.5, 4.5, 300)
figure, panels = plots.subplots(1, 2, height=2.7)
for panel, level in zip(panels, (0.5, 1.0), strict=True):
    total = 1 + level**2
    density = np.exp(-(line**2) / (2 * total)) / np.sqrt(2 * np.pi * total)
    panel.fill_between(line, density, color=plots.COLORS["sky"], alpha=0.4)
    at, low = np.array([-4, -2.5, -1, 1, 2.5, 4]), np.array([-0.09, -0.06, -0.03, -0.03, -0.06, -0.09])
    panel.quiver(at, low, -at * level**2 / total, 0 * at, angles="xy", scale_units="xy", scale=1, width=0.01)
    panel.plot(at, low, "o", ms=4, color=plots.COLORS["vermillion"])
    panel.set(title=f"noise level {level}", xlabel="noisy number x", ylim=(-0.12, 0.4), yticks=[])
plots.show(figure, "Density of noisy numbers, and the denoiser's steps: uphill, and longer the farther out.")

# %% [markdown]
# So a denoiser *is* a field of arrows up the density, and no density was computed.
#
# ## A network that is told the noise level
#
# The arrows depend on $\sigma$. Our network learned one level. Elsewhere:

# %%
for level in (0.1, 0.2, 0.4):
    affine_here = referees.clipped_noise_denoiser(train, level)
    x = add_noise(validation, level, 7)
    here = decibels(validation, affine_here(x)), decibels(validation, improved("on one map", x))
    print(f"noise {level}: map for this level {here[0]:.2f} dB, network trained at 0.2 {here[1]:.2f} dB")

# %% tags=["hide-input"]
loses = below(here[1], here[0], fmt=".2f", unit="dB", names=("network", "affine map"))
claim("Trained at .2 and used at .4, the network loses to a matrix that was made for .4", loses)

# %% [markdown]
# At .1 it loses, too. The mend: train at all levels and *tell* the network which. Write $x=\text{clean}+\sigma\varepsilon$, with $\varepsilon$ white noise of level 1. Each example gets a level
# of its own. The network gets $x$ *and* $\sigma$, and is asked for $\varepsilon$. Its answer $\hat\varepsilon$ gives the rest:
#
# $$r(x)=x-\sigma\hat\varepsilon,\qquad\text{score}(x)=\frac{r(x)-x}{\sigma^2}=-\frac{\hat\varepsilon}{\sigma}$$
#
# Why $\varepsilon$ and not the clean point? A miss in the clean point is $\sigma$ times the miss in $\varepsilon$. Squared, it would count 400 times less at $\sigma=.05$ than at 1;
# asked for $\varepsilon$, all levels count alike. We try it on points of a circle.

# %% tags=["hide-input"]
boxes = {"clean": (0, 0, "clean"), "x": (1.3, 0, "x = clean\n+ σ ε"), "sigma": (1.3, 1, "σ")}
boxes |= {"network": (2.6, 0.5, "network"), "guess": (3.8, 0.5, "guess\nof ε"), "loss": (5, 0.5, "squared\nerror to ε")}
ways, words = [("clean", "x", "network", "guess", "loss"), ("sigma", "network")], {("sigma", "network"): "told"}
caption = "The level is drawn anew for each example, and told to the network as an input beside the noisy point."
plots.diagram(boxes, ways, marked=["sigma"], labels=words, caption=caption)

# %%
count = 2000 * 256
points = datasets.ring(count, draw)  # (count, 2), on the unit circle
level = np.exp(draw.uniform(np.log(0.05), np.log(1.0), (count, 1))).astype("float32")  # each doubling as often
epsilon = draw.standard_normal((count, 2), dtype="float32")

x_in, sigma_in = keras.Input((2,)), keras.Input((1,))
scaled = x_in / keras.ops.sqrt(0.5 + sigma_in**2)  # the same size at every level: a ring's coordinate has variance 1/2
hidden = keras.layers.Concatenate()([scaled, keras.ops.log(sigma_in)])  # the level is one number beside the point
for _ in range(3):
    hidden = keras.layers.Dense(64, activation="relu")(hidden)
told = keras.Model([x_in, sigma_in], keras.layers.Dense(2)(hidden))
training.fit(told, [points + level * epsilon, level], epsilon, epochs=1, batch_size=256, learning_rate=5e-3)


def learned_score(x, sigma):
    """The score at points (n, 2) of data with noise sigma, as the network has learned it."""
    levels = np.full((len(x), 1), sigma, "float32")
    return -told.predict_on_batch([x.astype("float32"), levels]) / sigma


# %% [markdown]
# Check the arrows: `best_answer` knows the exact ones. (A cosine of 1: the same direction, whatever the lengths.)

# %%
angle = np.linspace(0, 2 * np.pi, 721)[:-1]
circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
cosines = []
for level in (0.1, 0.3, 0.6):
    x = datasets.ring(4000, draw) + level * draw.standard_normal((4000, 2))
    exact, learned = best_answer(x, circle, level) - x, learned_score(x, level)
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(learned, axis=1)
    cosines.append(((exact * learned).sum(axis=1) / lengths).mean())

# %% tags=["hide-input"]
lattice = np.stack(np.meshgrid(*2 * [np.linspace(-1.65, 1.65, 12)]), axis=-1).reshape(-1, 2)


def show_arrows(level):
    """Steps of the exact denoiser and of the network, at a lattice of places, at a level and at twice that level."""
    figure, panels = plots.subplots(1, 2, height=3.7)
    for panel, s in zip(panels, (level, 2 * level), strict=True):
        panel.plot(*circle.T, color="0.82", lw=6, zorder=0)
        exact, learned = best_answer(lattice, circle, s) - lattice, s**2 * learned_score(lattice, s)
        for step, colour, width in ((exact, plots.COLORS["sky"], 0.014), (learned, plots.COLORS["black"], 0.005)):
            panel.quiver(*lattice.T, *step.T, color=colour, width=width, angles="xy", scale_units="xy", scale=2)
        panel.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1], title=f"noise level {s:.1f}")
    return figure


caption = "Half of the denoiser's step: exact (light), learned (black). More noise: it points to the middle."
explore(show_arrows, caption, level=stops([0.1, 0.2, 0.3, 0.5], 0.3, label="noise level on the left"))
right = above(cosines, 0.9, fmt=".3f", names=("cosine", ""))
claim("One network, told the level, points the right way at .1, .3 and .6: mean cosine above .9", right)

# %% [markdown]
# Near the centre, at .3, the learned arrows are too short: hardly a noisy point fell there. Does a denoiser project onto the data?

# %%
guess(
    "ring",
    "Noise .6, and a noisy point exactly on the unit circle. How far from the centre is the best answer?",
    ["1: it is on the circle already", "about .8: inside", "about 1.2: outside"],
)

# %%
on_circle = np.array([[1.0, 0.0]])
radius = np.linalg.norm(best_answer(on_circle, circle, 0.6))
learned = np.linalg.norm(on_circle + 0.6**2 * learned_score(on_circle, 0.6))
print(f"best answer {radius:.3f} from the centre; the network's {learned:.2f}")

# %% tags=["hide-input"]
options = {"1: it is on the circle already": close(radius, 1, 0.02), "about 1.2: outside": close(radius, 1.2, 0.02)}
reveal("ring", options | {"about .8: inside": close(radius, 0.8, 0.02, fmt=".3f")})

# %% [markdown]
# The average of points on a circle lies inside it, as the arrows at .6 showed. How far? Say the clean point is .6 (the noise) along the circle to one side or the other: the mean of the two lies at $\cos.6\approx.83$. The cell averages exactly.
# A denoiser moves *towards* the data and answers an average. So strongly denoised pictures
# look soft: the mean of several shirts is a blurred shirt.
#
# ## Samples from noise
#
# One step gives an average; many small ones can give a sample. A **Langevin step** goes a little along the score and adds a little fresh noise:
#
# $$x\leftarrow x+\frac{\alpha}{2}\,\text{score}(x)+\sqrt{\alpha}\;z$$
#
# $\alpha$ is the size of the step, $z$ white noise of level 1. Without noise all points would run into the nearest peak. With it they wander, most often where data are common.
#
# **Why the root, why the half?** Take the bell of variance 1: its score is $-x$. The first two terms multiply $x$ by $1-\alpha/2$, so its variance by $(1-\alpha/2)^2\approx1-\alpha$. The noise adds the square of
# $\sqrt\alpha$, so $\alpha$. Lost $\alpha$, gained $\alpha$: the variance stays 1. Without the half a share $2\alpha$ is lost, and $2\alpha v=\alpha$ at $v=1/2$.

# %%
for factor in (1.0, 0.5):
    walkers = np.zeros(5000)
    for _ in range(300):
        walkers = walkers + 0.1 * factor * -walkers + np.sqrt(0.1) * draw.standard_normal(5000)  # alpha = .1
    print(f"{factor} times alpha times the score: the walkers end with variance {walkers.var():.2f}; the data have 1")

# %% [markdown]
# (A little above 1: the steps are not tiny.) Now the circle, from pure noise of level .8. Start with the score of a large level: far out, networks of small levels have seen no points. Then lower the level. Steps shrink with it, $\alpha=.3\,\sigma^2$; the
# score grows as $1/\sigma$. So $\alpha\cdot\text{score}$ and $\sqrt\alpha$ are both a fraction of $\sigma$: no move is much wider than the noise. Twelve levels from .8 to .05, twenty steps at each, 500 walkers. (`models.langevin_path` repeats the line above; an exercise writes it.)

# %%
levels = np.repeat(np.geomspace(0.8, 0.05, 12), 20)  # 240 steps
path = models.langevin_path(learned_score, levels, 500, steps=1, step_size=0.3, rng=np.random.default_rng([SEED, 52]))
path = np.stack(path)  # (241, 500, 2): every walker after every step
at_once = path[0] + 0.8**2 * learned_score(path[0], 0.8)  # the same noise, denoised in one step
for name, x in (("pure noise", path[0]), ("denoised in one step", at_once), ("after 240 steps", path[-1])):
    off_circle = np.abs(np.linalg.norm(x, axis=1) - 1).mean()
    print(f"{name}: on average {off_circle:.3f} away from the circle")

# %% tags=["hide-input"]
figure, panels = plots.subplots(1, 3, height=2.7, sharex=True, sharey=True)
walker = path[:, np.argmax(np.linalg.norm(path[0], axis=1) > 1.6)]
for panel, x, title, style in (
    (panels[0], walker, "one walker's path", "-"),
    (panels[1], at_once, "denoised in one step", "."),
    (panels[2], path[-1], "all walkers at the end", "."),
):
    panel.plot(*circle.T, color="0.82", lw=5, zorder=0)
    panel.plot(*x.T, style, ms=3, lw=0.8, color=plots.COLORS["blue"])
    panel.set(aspect="equal", title=title, xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
panels[0].plot(*walker[0], "o", color=plots.COLORS["vermillion"])
panels[0].plot(*walker[-1], "s", color=plots.COLORS["black"])
plots.show(
    figure,
    "One walker, from the dot, in large steps, then small ones, to the square on the circle. One step lands inside.",
)
one_step = np.abs(np.linalg.norm(at_once, axis=1) - 1).mean()
nearer = above(one_step, off_circle, times=3, log=True, fmt=".3f", names=("one step", "240 steps"))
claim("Langevin samples lie at least three times as near to the circle as noise denoised in one step", nearer)

# %% [markdown]
# One step pulls all inside, to the average: no nearer to the circle than the noise. (The last level's noise, .05, is .04 off on average: nearer is hardly possible.) Noise in, data out, and all that was trained is a denoiser.
#
# ## What goes wrong
#
# **The noise is drawn once.** Several tutorials make one noisy copy of the training set: its noise can be
# learned by heart. A hundred pictures, a dense network, the same number of steps:

# %%
few = train[:100]
one_copy = add_noise(few, sigma, 8)
too_good = {}
for name in ("drawn once", "fresh"):
    training.set_seed(SEED)
    _, _, dense = models.build_autoencoder(784, 256, 128)
    copies_of_few = [one_copy if name == "drawn once" else add_noise(few, sigma, 100 + i) for i in range(180)]
    training.fit(
        dense, np.concatenate(copies_of_few), np.tile(few, (180, 1)), epochs=1, batch_size=50, learning_rate=2e-3
    )
    on_copy, on_new = (
        decibels(few, dense.predict(x, batch_size=1000, verbose=0)) for x in (one_copy, add_noise(few, sigma, 9))
    )
    too_good[name] = on_copy - on_new
    print(f"noise {name}: {on_copy:.1f} dB on that copy, {on_new:.1f} dB with new noise on the same pictures")

# %% tags=["hide-input"]
memorised = above(too_good["drawn once"], 2, fmt=".1f", unit="dB", names=("drawn once", ""))
honest = below(abs(too_good["fresh"]), 0.5, fmt=".1f", unit="dB", names=("fresh", ""))
claim(
    "Drawn once, the score on the training noise is 2 dB too good; fresh, within half a decibel",
    all_of(memorised, honest),
)

# %% [markdown]
# On new noise it is worse, too. A layer draws anew in every step; so can a data set, when a batch is asked for.
#
# **Clipped noise and Tweedie.** A true score has mean 0 over its own data, in each pixel: $\int p\cdot\frac{p'}{p}=\int p'=$ end minus start $=0-0$ ($p$ is 0 at both far ends). Divide the step by $\sigma^2$: first the Wiener filter's on data that are not clipped, then the affine map's on clipped ones.

# %%
unclipped = add_noise(validation, sigma, 1, clip=False)
for name, step in (("not clipped", wiener(unclipped) - unclipped), ("clipped", affine(noisy) - noisy)):
    mean_score = step.mean(axis=0) / sigma**2  # (784,), one for each pixel
    low = (mean_score < -0.5).mean()
    print(f"{name}: mean 'score' over all pixels {mean_score.mean():+.2f}; below -.5 in {low:.0%} of the pixels")

# %% tags=["hide-input"]
no_score = below(mean_score.mean(), -0.5, fmt=".2f", names=("mean over pixels", ""))
claim("On average over pixels the 'score' of clipped data is below -.5, where a score has 0", no_score)

# %% [markdown]
# The second is no score: clipping brightens, so the mean step goes down, by some .04 (half of the pixels are black: half of .08), and over $\sigma^2=.04$ that is $-1$. Clipped data are fine for learning from pairs, not for Tweedie's formula.
#
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | validation far better than training | validation input | noise layer off in evaluation: *clean* input | one noisy validation set, fixed seed |
# | score stays at the start's | the layer `correction` | zero at first; layers below get no gradient until it moves | a few hundred more steps; if it stays, a lower rate |
# | output equals input | the target | noisy pictures | clean ones |
# | training error falls, new noise does not | noise of two epochs | drawn once | fresh noise |
#
# ## Results
#
# Now, once, the test pictures.


# %%
def blur(x, width):
    """Gaussian blur of flat pictures; width in pixels."""
    return referees.gaussian_blur(x.reshape(-1, 28, 28), width).reshape(x.shape)


noisy_train = add_noise(train[:1000], sigma, 11)
best_width = max(np.arange(0.3, 1.6, 0.1), key=lambda width: decibels(train[:1000], blur(noisy_train, width)))
test = clothes.flat("test")
noisy_test = add_noise(test, sigma, 10)
first_on_test = ordinary.predict(noisy_test.reshape(as_pictures), batch_size=500, verbose=0)
rungs = [
    ("leave as it is", "trivial", noisy_test),
    ("Gaussian blur", "trivial", blur(noisy_test, best_width)),
    ("Wiener filter", "rival", wiener(noisy_test)),
    ("affine map", "referee", affine(noisy_test)),
    ("ten affine maps", "rival", ten_maps(noisy_test)),
    ("network from nothing", "network", first_on_test),
    ("network on ten maps", "network", improved("on ten maps", noisy_test)),
    ("network on one map", "network", improved("on one map", noisy_test)),
]
names, kinds, answers = zip(*rungs, strict=True)
on_test = [decibels(test, x) for x in answers]

# %%
plots.ladder(
    names,
    on_test,
    kinds=kinds,
    metric="PSNR on 2,000 test pictures, noise 0.2, clipped",
    unit="dB",
    lower_is_better=False,
    from_zero=False,
    caption="Straight lines do most of it. Ten of them, chosen by a look, do half of the rest.",
)

# %% tags=["hide-input"]
lead = above(
    on_test[-1], on_test[names.index("ten affine maps")], by=0.5, fmt=".2f", unit="dB", names=("network", "ten maps")
)
claim("On the test pictures the network beats ten affine maps by more than half a decibel", lead)

# %% [markdown]
# ## Wrap-up
#
# * Spoiled input, clean target: copying is wrong, no bottleneck is needed, doing nothing is the baseline.
# * The best denoiser answers the mean of all clean points behind $x$: an average, no projection.
# * The best straight line for one number has the slope $v/(v+\sigma^2)$; for pictures it is a matrix, $(C+\sigma^2I)^{-1}C$ or, on clipped ones, fitted to pairs.
# * Ten maps, chosen by a look, get half of what a network adds to one.
# * Tweedie: $r(x)=x+\sigma^2\,\text{score}(x)$. Told $\sigma$ and asked for the noise: $\text{score}(x)=-\hat\varepsilon/\sigma$.
# * Langevin steps, $x+\frac{\alpha}{2}\,\text{score}+\sqrt\alpha\,z$, from large levels to small make data of noise: the core of diffusion models.
#
# Next: [the exercises](../exercises/04_denoising.ipynb), and their capstone.
#
# ## References
#
# * Vincent and others 2008: *Extracting and composing robust features with denoising autoencoders*.
# * Alain, Bengio 2014: *What regularized auto-encoders learn from the data-generating distribution* (the arrows).
# * Efron 2011: *Tweedie's formula and selection bias*.
# * Song, Ermon 2019: *Generative modeling by estimating gradients of the data distribution*.
# * Ho, Jain, Abbeel 2020: *Denoising diffusion probabilistic models* (asked for the noise).
# * One noisy copy: Chollet 2016, *Building autoencoders in Keras*; TensorFlow, *Intro to autoencoders*; keras.io, *Convolutional autoencoder for image denoising*.
