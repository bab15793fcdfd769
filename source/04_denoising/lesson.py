# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Denoising autoencoders
#     lesson: 4
#     minutes: 60
#     compute: 70
#     summary: "Start from the best linear filter and beat it; read the score of the data off a denoiser; sample with it"
#     prerequisites:
#       - "lesson 02"
#       - "mean, variance and covariance of random numbers"
#     objectives:
#       - Compare a denoising network with blur, median and the best linear map, in decibels, at every noise level
#       - Start a denoiser from the best linear map and train it on noise that is never the same twice
#       - Compute the score of noisy data from a denoiser, and check it against the exact one
#       - Sample from noise by annealed Langevin dynamics
#       - Detect memorised noise, biased noise and a network that learned to copy
#     data: [fashion_mnist]
# ---

# %% [markdown]
# An autoencoder that may copy has nothing to learn. Lesson 02 narrowed its code. This lesson changes the task: the input is
# **corrupted**, the target is clean. Copying is then a wrong answer, however wide the network is. What it has to learn instead is which
# way leads from a corrupted picture back to where pictures are, and that turns out to be more than a way to remove noise.

# %%
from course_lib import claim, datasets, guess, layers, metrics, models, plots, referees, reveal, training
from course_lib.widgets import explore, slider, stops

import keras
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")  # (n, 784) in [0, 1]
pictures = clothes.images("train")  # (12000, 28, 28, 1)


def add_noise(x, sigma, seed, clip=True):
    """White Gaussian noise of standard deviation sigma, the same for the same seed; clipped to [0, 1] as a camera does."""
    noise = np.random.default_rng([SEED, seed]).standard_normal(x.shape, dtype="float32")
    return np.clip(x + sigma * noise, 0, 1) if clip else x + sigma * noise


def decibels(clean, answer):
    """PSNR of an answer, clipped to [0, 1], over the whole set."""
    return metrics.psnr(clean, metrics.clip01(answer.reshape(clean.shape)))


def ask(model, *inputs):
    """A model's answers for flat pictures (n, 784), flat again."""
    first = inputs[0].reshape(-1, 28, 28, 1)
    return model.predict([first, *inputs[1:]] if inputs[1:] else first, batch_size=500, verbose=0).reshape(-1, 784)


# %% [markdown]
# More clothes: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell above gives 58,000 to train on, 2,000 for validation and
# 10,000 for the test (30 MB, downloaded once). Write `from course_lib import own_data` and `own_data(True)` below it, as the claims
# were measured on the subset. Training takes about five times as long.
#
# ## Recall
#
# 1. A code of two numbers stored 50 pictures. Does a narrow code keep a network from memorising?
# 2. What did a network learn that started at PCA with its last nonlinear layer at zero?
# 3. Why do we score clipped outputs, and against what?
#
# <details><summary>Answers</summary>
#
# 1. No. Two real numbers can say which of 50 pictures is meant. Many more pictures than the network can learn by heart do.
# 2. Only what PCA cannot say: it started with PCA's error, and every step could only be about the rest.
# 3. A pixel below 0 or above 1 is known to be wrong, so every method may clip. Against the clean picture, beside a trivial baseline and a referee.
#
# </details>

# %% [markdown]
# ## Noise, and the price of doing nothing
#
# The noise is Gaussian, independent for each pixel, with standard deviation $\sigma = 0.2$, and the result is clipped to
# $[0, 1]$. Before any network: what do a blur and a median filter make of it? Their widths are chosen on training pictures, by score.

# %%
guess(
    "blur",
    "The best Gaussian blur, against leaving the noisy pictures as they are: what does it gain?",
    ["about 2 dB", "about 5 dB", "nothing, it loses"],
)

# %%
sigma = 0.2
noisy = add_noise(validation, sigma, 1)  # (2000, 784)
chosen_on = train[:1000]
noisy_train = add_noise(chosen_on, sigma, 2)


def blur(x, width):
    """Gaussian blur of flat pictures; width in pixels."""
    return referees.gaussian_blur(x.reshape(-1, 28, 28), width).reshape(-1, 784)


def median(x, size=3):
    """Median filter of flat pictures."""
    return referees.median_filter(x.reshape(-1, 28, 28), size).reshape(-1, 784)


widths = np.arange(0.3, 1.6, 0.1)
best_width = max(widths, key=lambda width: decibels(chosen_on, blur(noisy_train, width)))
scores = {
    "noisy": decibels(validation, noisy),
    "Gaussian blur": decibels(validation, blur(noisy, best_width)),
    "median 3x3": decibels(validation, median(noisy)),
}
for name, value in scores.items():
    print(f"{name:15} {value:.2f} dB")
print(f"best width of the blur: {best_width:.1f} pixels")

# %%
shown = [0, 12, 5, 8, 31]  # five pictures
plots.grid(
    [x[shown].reshape(-1, 28, 28) for x in (validation, noisy, blur(noisy, best_width), median(noisy))],
    row_labels=[
        "clean",
        f"noisy\n{scores['noisy']:.1f} dB",
        f"blur\n{scores['Gaussian blur']:.1f} dB",
        f"median\n{scores['median 3x3']:.1f} dB",
    ],
    caption="Both filters remove noise, and detail with it. By eye the median looks clean; by score the blur is ahead.",
)
reveal("blur", "about 2 dB")

# %% [markdown]
# ## The best linear map
#
# Blur is a linear map that somebody chose. Which linear map is best? If noise is white and *not* clipped, the answer needs the mean $\mu$ and
# the covariance $C$ of clean pictures only; this is the **Wiener filter**:
#
# $$ r(x) = \mu + C \, (C + \sigma^2 I)^{-1} (x - \mu) $$
#
# Our noise is clipped. A map fitted by least squares to pairs (clipped noisy, clean) may be another one. It has a closed form too: mean and variance of a clipped pixel
# are known for every clean value, so the fit needs no noise to be drawn (`referees.clipped_noise_denoiser`).

# %%
guess(
    "wiener",
    "Clipped pictures: how do the Wiener formula and the map fitted for clipped noise compare?",
    ["they are the same", "the fitted one is better by more than 1 dB", "the Wiener formula is better"],
)

# %%
wiener = referees.wiener_filter(train, sigma)
linear = referees.clipped_noise_denoiser(train, sigma)  # exact for all draws of the noise
pairs = referees.fit_affine_denoiser(train, add_noise(train, sigma, 3))  # from one draw
unclipped = add_noise(validation, sigma, 1, clip=False)
scores["Wiener formula"] = decibels(validation, wiener(noisy))
scores["affine map"] = decibels(validation, linear(noisy))
print(f"Wiener filter on noise that is not clipped: {decibels(validation, wiener(unclipped)):.2f} dB")
print(f"Wiener filter on clipped noise:             {scores['Wiener formula']:.2f} dB")
print(f"affine map, one noisy copy of each picture: {decibels(validation, pairs(noisy)):.2f} dB")
print(f"affine map for all noise, closed form:      {scores['affine map']:.2f} dB")

# %%
claim(
    "On clipped noise the affine map for clipped noise beats the Wiener formula by more than 1 dB",
    scores["affine map"] > scores["Wiener formula"] + 1,
    f"{scores['affine map']:.2f} and {scores['Wiener formula']:.2f} dB",
    margin=scores["affine map"] - scores["Wiener formula"] - 1,
)
reveal("wiener", "the fitted one is better by more than 1 dB")

# %% [markdown]
# So the referee of this lesson is the affine map. Whoever compares a network with the Wiener formula on clipped pictures gives it a decibel and a half for
# free. What does the map look at? Each output pixel is a weighted sum of all input pixels; here are the weights of four of them.

# %%
places = [(8, 14), (14, 5), (14, 14), (24, 14)]
filters = np.stack([linear.weights[:, row * 28 + column].reshape(28, 28) for row, column in places])
plots.row(
    np.clip(filters / np.abs(filters).max() / 0.3, -1, 1),  # the pixel's own weight is off the scale
    titles=[f"row {row}, column {column}" for row, column in places],
    cmap="RdBu_r",
    value_range=(-1, 1),
    caption="Weights for one output pixel each: its neighbours along row and column; at the left also a slanted line, where sleeves and soles are.",
)

# %% [markdown]
# ## A network that starts from the linear map
#
# The map treats all pictures alike. A network can look first and smooth where the picture is smooth. As in lesson 02 we do not let it
# rediscover linear algebra: the map's answer is its second input channel, and what the network adds starts at **zero**.

# %%


def start_from(linear, filters=24):
    """noisy (n, 28, 28, 1) -> the linear map's answer plus a learned correction that is zero at first."""
    noisy_picture = keras.Input((28, 28, 1))
    fixed = keras.layers.Dense(784, trainable=False)  # the referee; it stays as it is
    answer = keras.layers.Reshape((28, 28, 1))(fixed(keras.layers.Flatten()(noisy_picture)))
    fixed.set_weights([linear.weights, linear.offset])
    hidden = keras.layers.Concatenate()([noisy_picture, answer])
    hidden = keras.layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu")(hidden)  # 14 x 14
    hidden = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
    hidden = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
    four = keras.layers.Conv2D(4, 3, padding="same", kernel_initializer="zeros", name="correction")(hidden)
    correction = layers.PixelShuffle(2)(four)  # back to 28 x 28
    return keras.Model(noisy_picture, keras.layers.Add()([answer, correction]))


training.set_seed(SEED)
denoiser = start_from(linear)
print(
    f"before training: {decibels(validation, ask(denoiser, noisy)):.2f} dB; the linear map: {scores['affine map']:.2f} dB"
)

# %% [markdown]
# The noise is made by a layer, `layers.AddGaussianNoise`, in front of the network: anew in every step, on in training, off otherwise. The
# target is the clean picture. `training.fit_denoiser` puts the two together. From here on `models.build_denoiser` builds this network for us.

# %%
run = training.fit_denoiser(denoiser, pictures, layers.AddGaussianNoise(sigma), epochs=3, learning_rate=2e-3)
scores["network"] = decibels(validation, ask(denoiser, noisy))
for name, value in scores.items():
    print(f"{name:15} {value:.2f} dB")
print(f"trained for {run.seconds:.0f} s")

# %%
denoised = [noisy, blur(noisy, best_width), linear(noisy), ask(denoiser, noisy), validation]
names = ["noisy", "Gaussian blur", "affine map", "network"]
plots.grid(
    [metrics.clip01(x[shown]).reshape(-1, 28, 28) for x in denoised],
    row_labels=[f"{name}\n{scores[name]:.1f} dB" for name in names] + ["clean"],
    caption="The linear map leaves a veil of noise and ghosts of other clothes; the network clears the background and keeps the edges.",
)
claim(
    "The network beats the best affine map on unseen pictures by more than 1.2 dB",
    scores["network"] > scores["affine map"] + 1.2,
    f"{scores['network']:.2f} and {scores['affine map']:.2f} dB",
    margin=scores["network"] - scores["affine map"] - 1.2,
)

# %% [markdown]
# ## It cannot copy
#
# This network has no bottleneck: nothing in it is narrower than a picture. Without noise it would learn the identity. With noise the
# identity is a wrong answer, and its score is known: it is the first row of the table, "noisy". **The identity is the baseline of
# every denoiser.**
#
# Does noise also improve a *code*? Two autoencoders of the same size, 784-256-32-256-784, one trained plainly, one on noisy input with
# $\sigma$ between 0 and 0.5. Then we ask for the class of *noisy* pictures: five nearest neighbours among the codes of clean training pictures.

# %%
guess(
    "codes",
    "Noise of 0.5 on the query. Which codes still find neighbours of the right class?",
    ["both lose most of it", "the plain code loses half, the denoising one little", "neither loses much"],
)

# %%
training.set_seed(SEED)
plain_encoder, _, plain = models.build_autoencoder(784, 256, 32)
training.fit(plain, train, epochs=2, batch_size=128, learning_rate=4e-3)
training.set_seed(SEED)
robust_encoder, _, robust = models.build_autoencoder(784, 256, 32)
training.fit_denoiser(robust, train, layers.AddGaussianNoise((0.0, 0.5)), epochs=2, batch_size=128, learning_rate=4e-3)

pca = referees.fit_pca(train, 32)
encoders = {
    "plain autoencoder": lambda x: plain_encoder.predict(x, batch_size=1000, verbose=0),
    "denoising autoencoder": lambda x: robust_encoder.predict(x, batch_size=1000, verbose=0),
    "PCA-32": pca.encode,
    "pixels": lambda x: x,
}
levels = (0.0, 0.2, 0.5)
accuracy = np.zeros((len(encoders), len(levels)))
for i, encode in enumerate(encoders.values()):
    neighbours = KNeighborsClassifier(5).fit(encode(train), clothes.train_labels)
    for j, level in enumerate(levels):
        queries = encode(add_noise(validation[:1000], level, 4))
        accuracy[i, j] = neighbours.score(queries, clothes.validation_labels[:1000])
plots.matrix(
    accuracy,
    list(encoders),
    [f"noise {level}" for level in levels],
    row_title="what is compared",
    value_format=".2f",
    caption="5-nearest-neighbour accuracy on 1,000 unseen pictures. With noise 0.5 the plain code breaks down, the denoising code does not; PCA and pixels, untrained, come close to it.",
)

# %%
claim(
    "At noise 0.5 the denoising code is right at least 20 points more often than the plain one",
    accuracy[1, 2] > accuracy[0, 2] + 0.2,
    f"{accuracy[1, 2]:.2f} and {accuracy[0, 2]:.2f}; without noise {accuracy[1, 0]:.2f} and {accuracy[0, 0]:.2f}",
    margin=accuracy[1, 2] - accuracy[0, 2] - 0.2,
)
narrow = decibels(validation, robust.predict(noisy, batch_size=1000, verbose=0))
claim(
    "As a denoiser at 0.2 the network with the narrow code loses to the linear map by more than 2 dB",
    narrow < scores["affine map"] - 2,
    f"{narrow:.2f} and {scores['affine map']:.2f} dB",
    margin=scores["affine map"] - 2 - narrow,
)
reveal("codes", "the plain code loses half, the denoising one little")

# %% [markdown]
# Two results that look like opposites. Training on noise made the *code* robust, which is what denoising autoencoders were invented for
# (Vincent and others 2008). It mended what training had broken: the table's last rows never trained and are nearly as robust. And 32 numbers are too few to draw the picture well, so as a *filter* the narrow network is worse than a matrix. "It removes
# noise because it maps to fewer dimensions" explains neither.

# %% [markdown]
# ## One noise level, or all
#
# The network was trained at $\sigma = 0.2$. What does it do at other levels? Beside it, a network that is trained at all levels from 0 to 0.5 and is
# **told** the level: it starts at linear maps for five levels, blended for the levels between, and its correction is multiplied by $\sigma$.

# %%
guess(
    "other-level",
    "Trained at 0.2, used at 0.4. Does the network still beat the linear map that was made for 0.4?",
    ["yes, clearly", "about equal", "no, it loses"],
)

# %%
maps = {
    level: linear if level == sigma else referees.clipped_noise_denoiser(train, level)
    for level in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
}
training.set_seed(SEED)
level_denoiser = models.build_level_denoiser(
    {level: maps[level] for level in maps if level != 0.4}
)  # 0.4 is in between
all_levels = layers.AddGaussianNoise((0.0, 0.5), with_level=True)
run = training.fit_denoiser(level_denoiser, pictures, all_levels, epochs=1)
print(f"trained for {run.seconds:.0f} s")

# %%


def told(x, level):
    """The answer of the network for all levels."""
    return ask(level_denoiser, x, np.full((len(x), 1), level, "float32"))


levels = np.array(list(maps))
methods = {
    "noisy": lambda x, level: x,
    "blur": lambda x, level: max((blur(x, width) for width in (0.4, 0.6, 0.9, 1.2)), key=lambda y: decibels(unseen, y)),
    "median 3x3": lambda x, level: median(x),
    "Wiener formula": lambda x, level: referees.wiener_filter(train, level)(x),
    "affine map": lambda x, level: maps[level](x),
    "network, 0.2 only": lambda x, level: ask(denoiser, x),
    "network, all levels": told,
}
unseen = validation[:500]
at_levels = {level: add_noise(unseen, level, 5) for level in levels}
curves = {
    name: [decibels(unseen, method(x, level)) for level, x in at_levels.items()] for name, method in methods.items()
}
plots.curve(
    levels,
    curves,
    xlabel="standard deviation of the noise",
    ylabel="PSNR in dB",
    height=4.6,
    caption="Trained at one level, a network wins there and falls below the linear map away from it. Told the level, it is above the map everywhere.",
)

# %%
linear_curve, one_curve, all_curve = (
    np.array(curves[name]) for name in ("affine map", "network, 0.2 only", "network, all levels")
)
claim(
    "Trained at 0.2 and used at 0.4 or at 0.05, the network is worse than the linear map for that level",
    one_curve[4] < linear_curve[4] and one_curve[0] < linear_curve[0],
    f"at 0.4: {one_curve[4]:.2f} and {linear_curve[4]:.2f} dB; at 0.05: {one_curve[0]:.2f} and {linear_curve[0]:.2f} dB",
    margin=min(linear_curve[4] - one_curve[4], linear_curve[0] - one_curve[0]),
)
claim(
    "Trained at all levels and told which, it beats the linear map at every one of them",
    (all_curve > linear_curve).all(),
    ", ".join(f"{level}: +{gain:.2f} dB" for level, gain in zip(levels, all_curve - linear_curve, strict=True)),
    margin=float((all_curve - linear_curve).min()),
)
reveal("other-level", "no, it loses")

# %% [markdown]
# The blur in this figure got its width at each level by looking at the answer, and still stays at the bottom. Move the noise level yourself.

# %%
explored = validation[[0, 12, 5]]
stored = {}


def show_level(level):
    """Three pictures at one noise level, noisy and denoised, with the score on 300 others."""
    if level not in stored:
        ways = {"noisy": lambda x: x, "affine map": maps[level], "network": lambda x: told(x, level)}
        three, many = add_noise(explored, level, 6), add_noise(validation[:300], level, 7)
        stored[level] = {
            name: (metrics.clip01(way(three)), decibels(validation[:300], way(many))) for name, way in ways.items()
        }
    rows = [images.reshape(-1, 28, 28) for images, _ in stored[level].values()]
    labels = [f"{name}\n{score:.1f} dB" for name, (_, score) in stored[level].items()]
    plots.grid([*rows, explored.reshape(-1, 28, 28)], row_labels=[*labels, "clean"], size=1.1)


explore(
    show_level,
    "As the noise grows, both turn to what clothes look like on average; the network later than the linear map.",
    level=stops(list(maps), 0.3, label="noise level"),
)

# %% [markdown]
# ## Four corruptions
#
# "Corrupted" need not mean Gaussian. Four layers, each with a baseline that suits it:
#
# | corruption | baseline |
# |---|---|
# | Gaussian noise, 0.2, clipped | affine map |
# | salt and pepper: a fifth of the pixels black or white | the better of a median filter and the affine map for it |
# | masking: half of the pixels set to 0 | affine map for masks, closed form |
# | a missing block of 8 by 8 pixels | expected pixels of a Gaussian, given the others, and **told where the block is** |
#
# Against each: the network trained on Gaussian noise, which has never seen the other three, and a network that is trained on this one, once through 5,000 pictures. For
# salt and pepper and masks it starts from the affine map for that corruption; for the block from nothing.

# %%
corruptions = {
    "Gaussian": layers.AddGaussianNoise(sigma, seed=SEED + 1),
    "salt and pepper": layers.SaltAndPepper(0.2, seed=SEED + 2),
    "masking": layers.MaskPixels(0.5, seed=SEED + 3),
    "missing block": layers.MissingBlock(8, seed=SEED + 4),
}
clean = clothes.images("validation")[:1000]
marked = np.concatenate([clean, np.ones_like(clean)], axis=-1)  # a second channel that shows where the block was
corrupted = {name: layer.sample(clean) for name, layer in corruptions.items() if name != "missing block"}
with_mark = corruptions["missing block"].sample(marked)
corrupted["missing block"], missing = with_mark[..., :1], with_mark[..., 1].reshape(-1, 784) == 0

starts = {
    "salt and pepper": referees.salt_and_pepper_denoiser(train, 0.2),
    "masking": referees.masked_denoiser(train, 0.5),
}
flat = {name: x.reshape(-1, 784) for name, x in corrupted.items()}
suited = {
    "Gaussian": linear(flat["Gaussian"]),
    "salt and pepper": starts["salt and pepper"](flat["salt and pepper"]),
    "masking": starts["masking"](flat["masking"]),
    "missing block": referees.fill_missing(train, flat["missing block"], missing),
}
for name, answer in (("median filter", median(flat["salt and pepper"])), ("affine map", suited["salt and pepper"])):
    print(f"salt and pepper, {name}: {decibels(clean, answer):.2f} dB")

# %%
own = {"Gaussian": ask(denoiser, flat["Gaussian"])}
for name in ("salt and pepper", "masking", "missing block"):
    training.set_seed(SEED)
    network = models.build_denoiser(starts.get(name))
    training.fit_denoiser(network, pictures[:5000], corruptions[name], epochs=1)
    own[name] = ask(network, flat[name])
table = {
    "leave as it is": flat,
    "baseline that suits it": suited,
    "network for Gaussian noise": {name: ask(denoiser, x) for name, x in flat.items()},
    "network for this corruption": own,
}
gains = np.array([[decibels(clean, row[name]) for name in corruptions] for row in table.values()])
plots.matrix(
    gains,
    list(table),
    list(corruptions),
    value_format=".1f",
    cell=(1.5, 0.5),
    caption="PSNR in dB. Trained for one noise, a network may be worse than nothing at another. The block's baseline knows where it is.",
)

# %%
rows = [[x[k].reshape(28, 28) for x, k in zip(row.values(), shown[:4], strict=True)] for row in table.values()]
plots.grid(
    [*[[metrics.clip01(x) for x in row] for row in rows], validation[shown[:4]].reshape(-1, 28, 28)],
    row_labels=["corrupted", "baseline\nthat suits", "network for\nGaussian", "network for\nthis one", "clean"],
    column_titles=list(corruptions),
    size=1.15,
    caption="Each column is one corruption.",
)
claim(
    "The network for Gaussian noise makes a missing block worse than leaving it",
    gains[2, 3] < gains[0, 3],
    f"{gains[2, 3]:.1f} and {gains[0, 3]:.1f} dB",
    margin=gains[0, 3] - gains[2, 3],
)
claim(
    "Trained on the corruption itself it beats the suited baseline for salt and pepper and for masks, and not for the block",
    gains[3, 1] > gains[1, 1] and gains[3, 2] > gains[1, 2] and gains[3, 3] < gains[1, 3],
    ", ".join(
        f"{name} {ours:.1f} and {theirs:.1f} dB"
        for name, ours, theirs in zip(corruptions, gains[3], gains[1], strict=True)
    ),
    margin=float(min(gains[3, 1] - gains[1, 1], gains[3, 2] - gains[1, 2], gains[1, 3] - gains[3, 3])),
)

# %% [markdown]
# Three things to take away. The median filter of every textbook loses to a matrix that was fitted to the corruption. Which corruption a network should be trained on
# is decided by what it will meet. And the block is a fair defeat of a small network after one epoch: a Gaussian fitted to clothes, told where to look,
# fills it in better in a second.

# %% [markdown]
# ## What a denoiser knows
#
# Go to data that can be drawn: points on a circle in the plane, plus noise of standard deviation $\sigma$. The best denoiser answers
# the mean of all clean points that could be behind $x$, each weighted by its likelihood. **Tweedie's formula** says what its step is worth:
#
# $$ r(x) - x = \sigma^2 \, \nabla_x \log p_\sigma(x) $$
#
# where $p_\sigma$ is the density of noisy data. The gradient of its logarithm is called the **score**. So a denoiser *is* a field of arrows
# that point to where the data are, without anyone ever having computed a density. For the circle the score is known exactly, with Bessel
# functions (`referees.ring_score`), and we can compare arrow by arrow.
#
# Two networks of the same size, each told $\sigma$ and each starting at the best linear answer to its question: one predicts the **clean point**, one the **noise** in
# units of $\sigma$ (the score is then minus its answer divided by $\sigma$).

# %%
guess(
    "target",
    "Clean point or noise: from which prediction does the score come out right at small noise?",
    ["the clean point", "the noise", "no difference: one follows from the other"],
)

# %%
draw = np.random.default_rng(SEED)
count, smallest, largest = 2500 * 512, 0.05, 0.8
points = datasets.ring(count, draw)  # (count, 2)
# Spread over the logarithm, with more at large noise, where the score is short and its direction hard to learn.
share = np.sqrt(draw.uniform(0, 1, (count, 1)))
log_sigma = (np.log(smallest) + share * np.log(largest / smallest)).astype("float32")
noise = draw.standard_normal((count, 2), dtype="float32")
inputs = [points + np.exp(log_sigma) * noise, log_sigma]
networks = {}
for target, answer in (("clean", points), ("noise", noise)):
    training.set_seed(SEED)
    networks[target] = models.build_point_denoiser(target)
    run = training.fit(networks[target], inputs, answer, epochs=1, batch_size=512, learning_rate=5e-3)
    print(f"predicts the {target}: {run.seconds:.0f} s")


# %%
def learned_score(x, level, target="noise"):
    """The score that a trained network implies at points (n, 2)."""
    where = [x.astype("float32"), np.full((len(x), 1), np.log(level), "float32")]
    answer = networks[target].predict_on_batch(where)
    return -answer / level if target == "noise" else (answer - x) / level**2


def cosine(a, b):
    """Cosine of the angle between arrows, row by row."""
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


fresh = np.random.default_rng([SEED, 1])
cosines, errors = {}, {}
for level in (0.05, 0.1, 0.3, 0.6):
    clean_points = datasets.ring(4000, fresh)
    x = clean_points + level * fresh.standard_normal((4000, 2))
    exact = referees.ring_score(x, level)
    for target in networks:
        ours = learned_score(x, level, target)
        cosines[target, level] = cosine(ours, exact).mean()
        errors[target, level] = np.sqrt(np.square(ours - exact).sum() / np.square(exact).sum())
print("noise   mean cosine: clean  noise    relative error: clean  noise")
for level in (0.05, 0.1, 0.3, 0.6):
    a, b = ((values["clean", level], values["noise", level]) for values in (cosines, errors))
    print(f"{level:5} {a[0]:20.3f} {a[1]:6.3f} {b[0]:22.2f} {b[1]:6.2f}")

# %%
axis = np.linspace(-1.7, 1.7, 13)
grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
figure, panels = plots.subplots(1, 3, height=3.4, sharey=True)
circle = np.linspace(0, 2 * np.pi, 200)
for panel, level in zip(panels, (0.1, 0.3, 0.6), strict=True):
    panel.plot(np.cos(circle), np.sin(circle), color="0.8", lw=6, zorder=0)
    for arrows, colour, width in (
        (referees.ring_score(grid, level), plots.COLORS["sky"], 0.016),
        (learned_score(grid, level), plots.COLORS["black"], 0.006),
    ):
        step = arrows * level**2  # the denoiser's step
        panel.quiver(*grid.T, *step.T, color=colour, width=width, angles="xy", scale_units="xy", scale=2.2)
    panel.set(title=f"noise {level}", aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
plots.show(
    figure,
    "Half of the denoiser's step at each place, exact (light, broad) and learned (black, thin), around the circle of clean points (grey).",
)

# %%
claim(
    "The learned field has a mean cosine above 0.95 with the exact score at noisy points, for noise 0.1, 0.3 and 0.6",
    min(cosines["noise", level] for level in (0.1, 0.3, 0.6)) > 0.95,
    ", ".join(f"{cosines['noise', level]:.3f}" for level in (0.1, 0.3, 0.6)),
    margin=min(cosines["noise", level] for level in (0.1, 0.3, 0.6)) - 0.95,
)
print(
    f"error of the score at noise 0.05: {errors['clean', 0.05]:.2f} of its length for the clean point, "
    f"{errors['noise', 0.05]:.2f} for the noise"
)
reveal("target", "the noise")

# %% [markdown]
# On paper one prediction follows from the other. In training they differ by what the loss calls a large error. An error of 0.01 in the clean point looks small, and
# to get the score it is divided by $\sigma^2 = 0.0025$. Predicting the noise gives all levels the same weight. Read the other rows, too: from 0.3 on there is
# little between the two, for there the clean point is the harder part and its loss counts in full. (Why not measure on the circle itself? There the score
# is nearly 0, and the direction of an arrow without length means nothing.)

# %% [markdown]
# ## Does it project onto the manifold?
#
# One reads that a denoiser projects its input onto the manifold of the data, the circle here. Look at the right panel again: on
# the circle the arrows point *inside*. Take a noisy point that happens to lie exactly on the circle. Where does the best denoiser send it?

# %%
guess(
    "ring",
    "Noise 0.6, and a noisy point exactly on the unit circle. At which distance from the centre is the best answer?",
    ["1: it is on the circle already", "about 0.8", "about 0.95"],
)

# %%
query = np.stack([np.cos(circle), np.sin(circle)], axis=1)
exact_radius, learned_radius = {}, {}
for level in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
    exact_radius[level] = referees.ring_radius(level)
    answers = query + level**2 * learned_score(query, level)
    learned_radius[level] = float(np.linalg.norm(answers, axis=1).mean())
    print(f"noise {level}: exact {exact_radius[level]:.3f}, learned {learned_radius[level]:.3f}")

# %%
fine = np.linspace(0.05, 2, 60)
plots.curve(
    fine,
    {
        "best denoiser": np.array([referees.ring_radius(level) for level in fine]),
        "best linear": 0.5 / (0.5 + fine**2),
        "network": (np.array(list(learned_radius)), list(learned_radius.values())),
    },
    xlabel="standard deviation of the noise",
    ylabel="distance from the centre",
    levels={"projection": 1.0},
    caption="A point on the circle is sent inside it, the farther the larger the noise: the mean of points on a circle is no point of the circle.",
)
claim(
    "The best denoiser sends a point of the circle to 0.995, 0.954, 0.792 and 0.446 at noise 0.1, 0.3, 0.6 and 1",
    np.allclose(
        [referees.ring_radius(level) for level in (0.1, 0.3, 0.6, 1.0)], [0.995, 0.954, 0.792, 0.446], atol=6e-4
    ),
    ", ".join(f"{referees.ring_radius(level):.4f}" for level in (0.1, 0.3, 0.6, 1.0)),
)
gap = max(abs(exact_radius[level] - learned_radius[level]) for level in (0.1, 0.3, 0.6))
claim(
    "The network learned the same shrinking, to 0.03",
    gap < 0.03,
    f"largest difference {gap:.3f} at noise 0.1, 0.3 and 0.6",
    margin=0.03 - gap,
)
reveal("ring", "about 0.8")

# %% [markdown]
# What is true: it moves points *towards* the data, in the direction in which noisy data become more likely, and for small noise it comes near. For large noise it
# answers an average of everything that is possible. That is also why denoised pictures look soft at $\sigma = 0.5$: the mean of several shirts is a blurred shirt.

# %% [markdown]
# ## Samples from noise
#
# If one step cannot produce a point of the circle, many small ones can. **Langevin dynamics** takes a small step along the score and adds a little
# noise, again and again; in the long run its points are spread as the density is. **Annealed**: start with pure noise at the largest level, go down
# level by level (Song and Ermon 2019).
#
# $$ x \leftarrow x + \frac{\alpha}{2} \, \text{score}(x, \sigma) + \sqrt{\alpha} \, z, \qquad \alpha \propto \sigma^2, \quad z \text{ standard Gaussian} $$
#
# `models.langevin_path` takes 20 such steps at each of 12 levels. (Writing it is the last exercise.)

# %%
noise_levels = np.geomspace(0.8, 0.05, 12)
path, exact_path = (
    models.langevin_path(score, noise_levels, 2000, rng=np.random.default_rng([SEED, 2]))
    for score in (learned_score, referees.ring_score)
)
one_step = path[0] + 0.8**2 * learned_score(path[0], 0.8)  # denoised at once
distances = {
    "pure noise": path[0],
    "denoised in one step": one_step,
    "Langevin, learned score": path[-1],
    "Langevin, exact score": exact_path[-1],
}
for name, x in distances.items():
    distances[name] = float(np.abs(np.linalg.norm(x, axis=1) - 1).mean())
    print(f"{name:25} mean distance from the circle {distances[name]:.3f}")

# %%


def show_samples(level):
    """The samples after so many noise levels."""
    figure, (left, right) = plots.subplots(1, 2, height=3.6)
    for panel, x, title in ((left, path[level], "learned score"), (right, exact_path[level], "exact score")):
        panel.plot(np.cos(circle), np.sin(circle), color=plots.COLORS["vermillion"], lw=1)
        panel.scatter(*x[:700].T, s=5, c=plots.COLORS["blue"], alpha=0.6, lw=0)
        panel.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", title=title)
    noise_now = "pure noise, level 0.8" if level == 0 else f"after level {noise_levels[level - 1]:.2f}"
    figure.suptitle(noise_now, fontsize=11)
    return figure


explore(
    show_samples,
    "Level by level the cloud of noise condenses on the circle, with the learned score as with the exact one.",
    level=slider(0, len(noise_levels), 8, label="noise levels passed"),
)

# %%
sectors = np.histogram(np.arctan2(*path[-1].T), bins=8, range=(-np.pi, np.pi))[0] / len(path[-1])
claim(
    "Langevin samples lie at least three times as near to the circle as noise that is denoised in one step",
    distances["Langevin, learned score"] < distances["denoised in one step"] / 3,
    f"{distances['Langevin, learned score']:.3f} and {distances['denoised in one step']:.3f}",
    margin=float(np.log(distances["denoised in one step"] / 3 / distances["Langevin, learned score"])),
)
claim(
    "They cover all of the circle: each eighth of it gets between 8 and 17 % of the samples",
    sectors.min() > 0.08 and sectors.max() < 0.17,
    f"from {sectors.min():.3f} to {sectors.max():.3f}",
    margin=float(min(sectors.min() - 0.08, 0.17 - sectors.max())),
)

# %% [markdown]
# This is a generative model: noise in, data out, and the only thing that was trained is a denoiser. Diffusion models are the same idea, with pictures for points
# and a better schedule of levels.

# %% [markdown]
# ## What goes wrong
#
# **The noise is drawn once.** Several published tutorials make one noisy copy of the training set and train on that. Then the noise is a part of the data, and can be
# learned by heart. Here 100 pictures and a dense network, once with one noisy copy, once with fresh noise, the same number of steps.

# %%
few = train[:100]
one_copy = add_noise(few, sigma, 8)
results = {}
for name in ("drawn once", "fresh"):
    training.set_seed(SEED)
    _, _, dense = models.build_autoencoder(784, 256, 128)
    many = np.tile(few, (60, 1))
    if name == "fresh":
        training.fit_denoiser(dense, many, layers.AddGaussianNoise(sigma), epochs=3, batch_size=50, learning_rate=2e-3)
    else:
        training.fit(dense, np.tile(one_copy, (60, 1)), many, epochs=3, batch_size=50, learning_rate=2e-3)
    questions = ((few, one_copy), (few, add_noise(few, sigma, 9)))
    results[name] = [decibels(x, dense.predict(y, batch_size=1000, verbose=0)) for x, y in questions]
    print(
        f"noise {name:10}: {results[name][0]:.1f} dB on that copy, {results[name][1]:.1f} dB with new noise on the same pictures"
    )
gaps = [results[name][0] - results[name][1] for name in ("drawn once", "fresh")]
claim(
    "With noise drawn once the score on the training noise is at least 2 dB too good, with fresh noise less than half a decibel",
    gaps[0] > 2 and abs(gaps[1]) < 0.5,
    f"{gaps[0]:.1f} and {gaps[1]:.1f} dB",
    margin=min(gaps[0] - 2, 0.5 - abs(gaps[1])),
)

# %% [markdown]
# Look at the second column: on new noise the memorising network is worse than the other, too.
#
# **Clipped noise is biased.** Most pixels of these pictures are black, and noise can only make them brighter. The mean of the noise is no longer 0. That is harmless for
# a network that learns from pairs. It is fatal for Tweedie's formula: the score of *any* density has mean 0 over its own data, and a step divided by
# $\sigma^2$ that does not is no score.

# %%
for name, x, best in (("not clipped", unclipped, wiener), ("clipped", noisy, linear)):
    step = best(x) - x
    print(
        f"{name:12} noise: mean {(x - validation).mean():+.3f}; mean of step / variance {step.mean() / sigma**2:+.2f}"
    )
not_a_score = float(step.mean() / sigma**2)
claim(
    "The 'score' of clipped data has a mean below -0.5 in each pixel, where a score has 0",
    not_a_score < -0.5,
    f"{not_a_score:+.2f}; clipping shifts the mean of a pixel by {(noisy - validation).mean():+.3f}",
    margin=-0.5 - not_a_score,
)

# %% [markdown]
# **A blur scored by eye.** "The network does an amazing job", says one tutorial, and shows ten pictures. Here are ten, of which five are the work of a
# network that was trained, and five of a matrix. Which row would you publish?

# %%
chosen = [3, 17, 29, 40, 52]
plots.grid(
    [
        metrics.clip01(x[chosen]).reshape(-1, 28, 28)
        for x in (noisy, robust.predict(noisy, verbose=0, batch_size=1000), linear(noisy))
    ],
    row_labels=["noisy", "row A", "row B"],
    caption=f"Row A, the network with the narrow code: {narrow:.1f} dB. Row B, the affine map: {scores['affine map']:.1f} dB.",
)

# %% [markdown]
# Row A looks tidier, because it draws clean clothes, if not always the right ones. Score it against the clean picture, beside the identity and a linear map.
#
# **"A denoiser projects onto the manifold."** See above: a point on the circle is sent to 0.79 at noise 0.6.
#
# ## When it does not train
#
# A corruption layer is off outside of training. So the validation loss that `fit` prints for such a model is that of *clean* input, and looks wonderful.

# %%
print(f"clean input: {decibels(validation, ask(denoiser, validation)):.1f} dB; noisy input: {scores['network']:.1f} dB")

# %% [markdown]
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | validation far better than training | what the model got as validation input | the corruption layer is off when it is evaluated | make a noisy validation set once, with a fixed seed |
# | the score stays at the linear map's for an epoch | `model.get_layer("correction").kernel` | the correction starts at zero, and the layers below get no gradient until it moves | a few hundred more steps; ReLU left sooner than GELU in our trials |
# | it stays there for good | the learning rate | too large: the ReLUs died while the correction was near zero (seen once at 4e-3) | 2e-3 |
# | the output equals the input | the target | noisy pictures given as target | clean pictures as target |
# | training error falls, new noise does not | noise of two epochs | drawn once | a layer, or `FreshNoise` |
# | outputs are too bright everywhere | `(noisy - clean).mean()` | clipped noise, denoised by a formula for unclipped noise | fit on clipped pairs |
#
# ## Results
#
# Now, once, the test pictures, at $\sigma = 0.2$, clipped.

# %%
test = clothes.flat("test")
noisy_test = add_noise(test, sigma, 10)
rungs = {
    "leave as it is": ("trivial", noisy_test),
    "Gaussian blur": ("trivial", blur(noisy_test, best_width)),
    "median 3x3": ("trivial", median(noisy_test)),
    "Wiener formula": ("referee", wiener(noisy_test)),
    "network, narrow code": ("network", robust.predict(noisy_test, batch_size=1000, verbose=0)),
    "affine map": ("referee", linear(noisy_test)),
    "network, all levels": ("network", told(noisy_test, sigma)),
    "network, from the map": ("network", ask(denoiser, noisy_test)),
}
values = {name: decibels(test, answer) for name, (_, answer) in rungs.items()}
plots.ladder(
    list(values),
    list(values.values()),
    kinds=[kind for kind, _ in rungs.values()],
    metric="PSNR on 2,000 test pictures, noise 0.2, clipped",
    unit="dB",
    lower_is_better=False,
    from_zero=False,
    caption="The referee has most of the gain; the network that starts from it adds more than another decibel.",
)

# %%
claim(
    "On the test pictures the network beats the affine least-squares map by more than 1.2 dB",
    values["network, from the map"] > values["affine map"] + 1.2,
    f"{values['network, from the map']:.2f} and {values['affine map']:.2f} dB",
    margin=values["network, from the map"] - values["affine map"] - 1.2,
)

# %% [markdown]
# ## Wrap-up
#
# * Corrupted input, clean target: the network cannot get away with copying, and needs no bottleneck. The identity is its baseline.
# * For clipped noise the referee is the affine map fitted for clipped noise, not the Wiener formula. Start there.
# * Trained at one level, a denoiser is a specialist. Told the level, one network serves all.
# * Training on noise makes codes robust. A narrow code makes a poor filter.
# * A denoiser's step is the variance times the score (Tweedie): a field of arrows towards the data. It is no projection.
# * With the score at many levels one can sample: the door to diffusion models.
#
# | one glance | |
# |---|---|
# | best denoiser | $r(x) = \mathrm{E}[\text{clean} \mid x]$ |
# | best linear one, unclipped noise | $\mu + C (C + \sigma^2 I)^{-1} (x - \mu)$ |
# | Tweedie | $r(x) = x + \sigma^2 \nabla_x \log p_\sigma(x)$ |
# | noise prediction | score $= -\hat\varepsilon / \sigma$ |
# | Langevin step | $x + \frac{\alpha}{2}\,\text{score} + \sqrt{\alpha}\, z$, with $\alpha \propto \sigma^2$ |
#
# Next: [the exercises](../exercises/04_denoising.ipynb).
#
# ## References
#
# * P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol: *Extracting and composing robust features with denoising autoencoders*, ICML 2008.
# * P. Vincent, H. Larochelle, I. Lajoie, Y. Bengio, P.-A. Manzagol: *Stacked denoising autoencoders*, Journal of Machine Learning Research 11, 2010.
# * P. Vincent: *A connection between score matching and denoising autoencoders*, Neural Computation 23, 2011.
# * G. Alain, Y. Bengio: *What regularized auto-encoders learn from the data-generating distribution*, Journal of Machine Learning Research 15, 2014 (the vector field).
# * B. Efron: *Tweedie's formula and selection bias*, Journal of the American Statistical Association 106, 2011; H. Robbins: *An empirical Bayes approach to statistics*, Berkeley Symposium, 1956.
# * N. Wiener: *Extrapolation, interpolation, and smoothing of stationary time series*, 1949.
# * K. Zhang, W. Zuo, L. Zhang: *FFDNet: toward a fast and flexible solution for CNN-based image denoising*, IEEE Transactions on Image Processing 27, 2018 (half resolution, noise level as input).
# * Y. Song, S. Ermon: *Generative modeling by estimating gradients of the data distribution*, NeurIPS 2019.
# * J. Ho, A. Jain, P. Abbeel: *Denoising diffusion probabilistic models*, NeurIPS 2020 (predicting the noise).
# * T. Karras, M. Aittala, T. Aila, S. Laine: *Elucidating the design space of diffusion-based generative models*, NeurIPS 2022.
# * Tutorials with one noisy copy, named under *What goes wrong*: F. Chollet, *Building autoencoders in Keras*, Keras blog, 2016; TensorFlow, *Intro to autoencoders*; keras.io, *Convolutional autoencoder for image denoising*.
