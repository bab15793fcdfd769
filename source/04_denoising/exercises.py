# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Denoising autoencoders: exercises"
#     lesson: 4
# ---

# %% [markdown]
# # 04 · Denoising autoencoders: exercises
#
# Eight exercises and a capstone: make the noise, remove it as well as any linear map can, then read off a denoiser where the data
# are. Replace each line that raises `NotImplementedError` by your answer, run the cell, then the check below it.
# `hint(add_noise)` asks you a question; call it again for more.
#
# Throughout, `sigma` is the standard deviation of the noise, in the units of the data.

# %%
from course_lib import check, datasets, hint, referees

import keras
import numpy as np

# %% [markdown] tags=["task"]
# ## add_noise: corrupt a picture ★ · 8 minutes · core
#
# Write `add_noise(x, sigma, rng, clip)`. `x` is an array of shape (n, …), floats in [0, 1]; `sigma` is a positive
# number; `rng` is a NumPy generator such as `np.random.default_rng(0)`; `clip` is `True` or `False`. It returns a new
# array of the shape of `x`: to every pixel of every picture it adds a number of its own, drawn independently from a
# Gaussian with mean 0 and standard deviation `sigma`. If `clip` is true, values below 0 become 0 and values above 1
# become 1; if not, they stay.
#
# All randomness comes from `rng`: two calls with equally seeded generators give the same picture (but for the clipping, if
# only one of them clips), two calls with the same generator give different ones. The array `x` stays as it is. (The lesson's
# function of this name takes a seed instead, and makes its own generator.)
#
# **Success looks like** `add_noise(np.full((1000, 784), 0.5), 0.2, np.random.default_rng(0), False)` having mean 0.50
# and standard deviation 0.20, and, if a picture is black instead of grey and `clip` is true, a mean of 0.08.


# %% tags=["answer"]
def add_noise(x, sigma, rng, clip):
    """x (n, ...) plus independent Gaussian noise of standard deviation sigma; clipped to [0, 1] if clip."""
    # SOLUTION BEGIN
    noisy = x + sigma * rng.standard_normal(x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy
    # SOLUTION END
    # STUB: raise NotImplementedError("add_noise: write your answer here")


# %% tags=["check"]
check(add_noise)

# %% [markdown] tags=["explanation"]
# `standard_normal` has standard deviation 1, so it is multiplied by `sigma`, not by its square or root. The shape is
# that of `x`, batch included: noise of shape `x.shape[1:]` is the same for every picture, and one number a picture
# changes its brightness only. Uniform numbers from [0, 1) have a mean of 0.5 and brighten everything.
#
# The black picture shows what clipping does: half of the noise is cut off, the other half has the mean
# $\sigma / \sqrt{2 \pi}$. Clipped noise does not have mean 0, and the lesson measures what follows from it.

# %% [markdown] tags=["task"]
# ## FreshNoise: new noise every epoch ★★ · 15 minutes · core
#
# Noise that is drawn once and kept becomes part of the training set, and a network can learn it by heart. Keras draws
# batches from any `keras.utils.PyDataset`: `dataset[i]` is batch number `i`, `len(dataset)` says how many there are,
# and `fit` calls `dataset.on_epoch_end()` after each epoch.
#
# Write the class `FreshNoise(x, sigma, batch_size, seed)`. `x` is (n, …), floats; `sigma` > 0; `batch_size` and
# `seed` are integers. It derives from `keras.utils.PyDataset`, and
#
# * `len(dataset)` is the number of batches that hold every sample once; the last batch may be smaller;
# * `dataset[i]` is a pair `(noisy, clean)` for `i` from 0 to `len(dataset) - 1`. `clean` is the `i`-th run of
#   `batch_size` samples of `x`, in order; `noisy` is it plus independent Gaussian noise, not clipped;
# * the noise of a batch depends on `seed`, on the number of the epoch and on `i`, and on nothing else: `dataset[i]`
#   twice in one epoch, in any order, gives the same; after `on_epoch_end()` it gives other noise; another dataset
#   with the same four arguments repeats all of it;
# * no two batches have the same noise.
#
# `np.random.default_rng` also takes a list of integers as its seed.
#
# **Success looks like** `dataset[0][0]` being the same twice in a row, another after `dataset.on_epoch_end()`, and
# `dataset[0][1]` always the same.


# %% tags=["answer"]
class FreshNoise(keras.utils.PyDataset):
    """Batches (noisy, clean) of x (n, ...), with noise that is fixed by seed, epoch and batch."""

    # SOLUTION BEGIN
    def __init__(self, x, sigma, batch_size, seed):
        super().__init__()
        self.x, self.sigma, self.batch_size, self.seed = x, sigma, batch_size, seed
        self.epoch = 0

    def __len__(self):
        return -(-len(self.x) // self.batch_size)  # divided and rounded up

    def __getitem__(self, index):
        clean = self.x[index * self.batch_size : (index + 1) * self.batch_size]
        rng = np.random.default_rng([self.seed, self.epoch, index])
        return clean + self.sigma * rng.standard_normal(clean.shape, dtype=np.float32), clean

    def on_epoch_end(self):
        self.epoch += 1

    # SOLUTION END
    # STUB: def __init__(self, x, sigma, batch_size, seed):
    # STUB:     raise NotImplementedError("FreshNoise: write your answer here")


# %% tags=["check"]
check(FreshNoise)

# %% [markdown] tags=["explanation"]
# A generator made in `__init__` and used in `__getitem__` gives other noise at each access: then a run cannot be
# repeated, for Keras reads batches ahead, in several threads if told so, and in shuffled order. A generator made from
# three numbers is the same whoever asks first. Adding them up instead of listing them makes batch 1 of epoch 0 equal
# batch 0 of epoch 1.
#
# `noisy = clean; noisy += …` writes into `x` itself: a slice is a view, not a copy. The clean pictures then grow
# noisier with each epoch, and no error is raised.
#
# In the lesson a layer does the same inside the network, on every backend.

# %% [markdown] tags=["task"]
# ## linear_denoiser: the best affine map ★★ · 15 minutes · core
#
# Write `linear_denoiser(clean, noisy)`. Both are (n, d), floats: row `i` of `noisy` is a corrupted version of row `i`
# of `clean`. There are more samples than features. It returns a **function** that takes an array of shape (m, d) and
# returns one of shape (m, d): `x @ weights + offset`, with the matrix (d, d) and the vector (d,) for which the
# squared error on the pairs, summed over samples and features, is smallest. Nothing is clipped.
#
# Pairs with d = 1: clean `[[0], [1], [2]]`, noisy `[[1], [3], [5]]`. The function sends `[[7]]` to `[[3]]`.
#
# **Success looks like** errors on the pairs that have mean 0 for every feature, and no correlation with any feature
# of `noisy`.


# %% tags=["answer"]
def linear_denoiser(clean, noisy):
    """The affine least-squares map from noisy (n, d) to clean (n, d), as a function (m, d) -> (m, d)."""
    # SOLUTION BEGIN
    with_ones = np.column_stack([noisy, np.ones(len(noisy))])  # (n, d + 1)
    solution, *_ = np.linalg.lstsq(with_ones, clean, rcond=None)  # (d + 1, d)
    weights, offset = solution[:-1], solution[-1]
    return lambda x: x @ weights + offset
    # SOLUTION END
    # STUB: raise NotImplementedError("linear_denoiser: write your answer here")


# %% tags=["check"]
check(linear_denoiser)

# %% [markdown] tags=["explanation"]
# The column of ones is the offset. Instead you may subtract means, but there are two of them: the input is centred on
# the mean of `noisy`, and the mean of `clean` is added at the end. With clipped noise they differ.
#
# The inverse of the map that makes noisy from clean is not the answer: it undoes what the corruption did on average,
# and blows up the noise. One factor for each pixel is not it either; a denoiser looks at the neighbours. And a map
# fitted on the rows to be denoised would need their clean versions.

# %% [markdown] tags=["task"]
# ## wiener_filter: the same without noisy pictures ★★ · 15 minutes · optional
#
# If the noise is white, with standard deviation `sigma`, and *not* clipped, the best affine map can be computed
# from clean data alone. For data with the mean $\mu$ and the covariance matrix $C$, and noise that is
# independent of the data, the noisy data have the mean $\mu$ and the covariance $C + \sigma^2 I$, and the
# covariance between clean and noisy is $C$.
#
# Write `wiener_filter(train, sigma)`. `train` is (n, d), clean; there are more samples than features, and d may be 1
# (`np.cov` then gives a number, no matrix). It returns a **function** (m, d) → (m, d): the affine map from noisy to
# clean data with the least mean squared error. Whether you divide by n or n − 1 in the covariance is yours to choose.
#
# For `train = [[1], [3]]` (mean 2, variance 1 if divided by n) and `sigma = 1` the function sends `[[4]]` to `[[3]]`:
# half of the way back to the mean.
#
# **Success looks like** a function that returns its input for a tiny `sigma`, and the training mean for a huge one.


# %% tags=["answer"]
def wiener_filter(train, sigma):
    """The best affine map for white noise of standard deviation sigma, from clean data (n, d); (m, d) -> (m, d)."""
    # SOLUTION BEGIN
    mean = train.mean(axis=0)
    covariance = np.cov(train, rowvar=False).reshape(len(mean), len(mean))
    noisy_covariance = covariance + sigma**2 * np.eye(len(mean))
    gain = np.linalg.solve(noisy_covariance, covariance)  # (d, d); both factors are symmetric
    return lambda x: mean + (x - mean) @ gain
    # SOLUTION END
    # STUB: raise NotImplementedError("wiener_filter: write your answer here")


# %% tags=["check"]
check(wiener_filter)

# %% [markdown] tags=["explanation"]
# Along a principal axis with variance $\lambda$ the filter keeps the share $\lambda / (\lambda + \sigma^2)$: much where
# the data vary more than the noise, little where the noise dominates. It is a soft version of PCA, which keeps some
# axes whole and drops the others.
#
# Units tell `sigma` from `sigma**2`: a covariance has squared units. `covariance + sigma**2` without the identity adds to
# every entry, as if all pixels got the same noise. Without centring the filter shrinks towards 0, a black picture.

# %% [markdown] tags=["task"]
# ## build_denoiser: a network for pictures ★★ · 20 minutes · core
#
# Write `build_denoiser()`. It returns an untrained Keras model that takes noisy pictures (n, 28, 28, 1) and returns
# pictures of the same shape, for any n. Layers, widths and activations are yours. What the check wants:
#
# * one output for each input pixel, at its place, that can take any value between 0 and 1, and learns also where it
#   starts too low: a ReLU as the last step has no gradient there, and is refused;
# * each output pixel can use its neighbours: at least the pixels one step to each side;
# * it is not linear: the linear maps have a closed form;
# * it answers the same question always in the same way, called as `model(x)`, with `training=False` or by `predict`: what
#   is random, such as noise or dropout, is active in training only;
# * pictures do not mix: the answer to one does not depend on the others in the batch;
# * two steps of training move its answer;
# * at most two million parameters.
#
# A residual helps: let the network compute what to add to its input.
#
# **Success looks like** `build_denoiser().output_shape` being `(None, 28, 28, 1)`.


# %% tags=["answer"]
def build_denoiser():
    """An untrained Keras model from noisy pictures (n, 28, 28, 1) to clean ones."""
    # SOLUTION BEGIN
    noisy = keras.Input((28, 28, 1))
    hidden = keras.layers.Conv2D(24, 3, padding="same", activation="relu")(noisy)
    hidden = keras.layers.Conv2D(24, 3, padding="same", activation="relu")(hidden)
    correction = keras.layers.Conv2D(1, 3, padding="same")(hidden)
    return keras.Model(noisy, keras.layers.Add()([noisy, correction]))
    # SOLUTION END
    # STUB: raise NotImplementedError("build_denoiser: write your answer here")


# %% tags=["check"]
check(build_denoiser)

# %% [markdown] tags=["explanation"]
# `padding="same"` keeps 28 by 28. With a residual the untrained network starts near "change nothing", so the first
# steps of training already go to the noise. The output is linear and clipped when it is scored; a sigmoid works too,
# without the residual. A ReLU at the end is a trap: pixels that start below 0 get no gradient.
#
# There is no narrow code here, and none is needed: a denoiser cannot get away with copying, because its
# input is not its target.

# %% [markdown] tags=["task"]
# ## score_from_denoiser: which way are the data ★ · 8 minutes · core
#
# Data with noise of standard deviation $\sigma$ have a density $p_\sigma$, the data's density blurred by the noise. Its
# **score** is the gradient of its logarithm: it points to where noisy data are more common. **Tweedie's formula** says that
# the best denoiser $r$, the one that answers the mean of all clean points that could be behind $x$, knows it:
#
# $$ r(x) = x + \sigma^2 \, \nabla_x \log p_\sigma(x) $$
#
# Write `score_from_denoiser(denoiser, x, sigma)`. `denoiser` is a function (n, d) → (n, d), row by row and for any n: the best
# one for noise of standard deviation `sigma`. It may go on using the array that it returns. `x` is (n, d). Your function
# returns the score at each row of `x`, shape (n, d), in 1 / units of the data.
#
# A denoiser that sends `[[2.0]]` to `[[1.5]]` at `sigma = 0.5` means a score of `[[-2.0]]`.
#
# **Success looks like** arrows that point from noisy points towards the data, and grow as `sigma` falls.


# %% tags=["answer"]
def score_from_denoiser(denoiser, x, sigma):
    """The gradient of the log density of noisy data at x (n, d), from the best denoiser; shape (n, d)."""
    # SOLUTION BEGIN
    return (denoiser(x) - x) / sigma**2
    # SOLUTION END
    # STUB: raise NotImplementedError("score_from_denoiser: write your answer here")


# %% tags=["check"]
check(score_from_denoiser)

# %% [markdown] tags=["explanation"]
# Solve the formula for the gradient. The direction is that of the denoiser's step; the length is the step divided by
# the *variance*. Dividing by `sigma` gives minus the expected noise in units of its deviation, which is what networks of
# diffusion models predict: useful, and off by a factor of `sigma` from the score.
#
# The formula holds for the best denoiser, Gaussian noise, and no clipping. Each of the three matters.

# %% [markdown] tags=["task"]
# ## ring_radius: a denoiser does not project ★★ · 20 minutes · optional
#
# Data are spread uniformly over the unit circle in the plane. Each point gets Gaussian noise of standard deviation
# `sigma` in both directions. The best denoiser answers the mean of all clean points, weighted by how likely each of
# them is behind the noisy one.
#
# Write `ring_radius(sigma)`. The noisy point happens to lie *exactly on the circle*. The function returns the distance
# from the origin of what the best denoiser makes of it, as a float. `sigma` lies between 0.03 and 3; be exact to 0.001.
#
# A clean point at the angle $\theta$ from the noisy one has a distance from it whose square is $2 - 2 \cos\theta$. Sum over
# many angles, or find the integral in a table of Bessel functions (`scipy.special`); mind that $e^{1000}$ is too large
# for a float.
#
# **Success looks like** a radius near 1 for a small `sigma`, and near 0 for a large one.


# %% tags=["answer"]
def ring_radius(sigma):
    """Radius to which the best denoiser sends a point of the unit circle; noise sigma in two dimensions."""
    # SOLUTION BEGIN
    angles = np.linspace(-np.pi, np.pi, 10_000, endpoint=False)
    weights = np.exp((np.cos(angles) - 1) / sigma**2)  # likelihood of the noisy point, 1 at the angle 0
    return float(np.sum(weights * np.cos(angles)) / np.sum(weights))
    # SOLUTION END
    # STUB: raise NotImplementedError("ring_radius: write your answer here")


# %% tags=["check"]
check(ring_radius)

# %% [markdown] tags=["explanation"]
# The likelihood is $\exp(-(2 - 2\cos\theta) / 2\sigma^2)$, and the mean of the clean points lies on the axis towards the
# noisy one, at the weighted mean of $\cos\theta$. In closed form it is $I_1(1/\sigma^2) / I_0(1/\sigma^2)$. It is less than 1
# for every `sigma`: the mean of points on a circle lies inside the circle. A point on the data is moved *off* the data.
#
# The data in the plane are as far as can be from a Gaussian, so the linear answer $\frac{1}{2} / (\frac{1}{2} + \sigma^2)$ is
# another. And averaging over noisy points everywhere asks a different question from this one point.

# %% [markdown] tags=["task"]
# ## annealed_langevin: samples from a score ★★★ · 35 minutes · optional
#
# **Langevin dynamics** walks uphill on the log density and adds noise at each step, enough to sample from the
# density instead of climbing its peaks. **Annealed**, it starts at a large noise level, where the density is wide and
# smooth, and goes down level by level (Song and Ermon 2019).
#
# Write `annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng)`. `score` is a function: `score(x, sigma)` with x of
# shape (n, dim) and one float returns the scores (n, dim). All samples move together: each step calls it once, for all of
# them. `sigmas` are the noise levels, falling. `rng` is a NumPy generator, the only source of randomness.
#
# * Start with `n_samples` points from a Gaussian with mean 0 and standard deviation `sigmas[0]` in each of the `dim` directions.
# * For each level $\sigma$, in the given order, take `steps` steps with $\alpha$ = `step_size` · $\sigma^2$:
#
# $$ x \leftarrow x + \frac{\alpha}{2} \, \text{score}(x, \sigma) + \sqrt{\alpha} \, z $$
#
#   with a fresh $z$ from a standard Gaussian for each number of each sample, in each step.
# * Return the points after the last step, shape (n_samples, dim).
#
# **Success looks like** a cloud that has the data's shape: with the score `-x / (1 + sigma**2)`, levels from 5 to 0.1, 50
# steps each and a `step_size` of 0.1, two thousand samples have a standard deviation near 1, after starting at 5. (A step
# size of 0.1 leaves it a little high: at small levels the steps are too short to forget the levels before.)


# %% tags=["answer"]
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    """Samples (n_samples, dim) by Langevin steps at falling noise levels, from a score(x, sigma)."""
    # SOLUTION BEGIN
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        alpha = step_size * sigma**2
        for _ in range(steps):
            x = x + alpha / 2 * score(x, sigma) + np.sqrt(alpha) * rng.standard_normal(x.shape)
    return x
    # SOLUTION END
    # STUB: raise NotImplementedError("annealed_langevin: write your answer here")


# %% tags=["check"]
check(annealed_langevin)

# %% [markdown] tags=["explanation"]
# Drift grows with the step, noise with its root: that balance makes the density the walk's resting state. Without the noise
# all samples run into the nearest peak; with too much the cloud is wider than the data. The step shrinks with $\sigma^2$ because the
# score grows as its inverse: a step that suits the first level would throw the points across the picture at the last one.
#
# Upwards through the levels everything found at the small ones is lost again. Starting at the large one matters too: at a small level the
# score far from the data is a guess of the network, and steps are too short to get anywhere.
#
# Diffusion models are this, with a network that was trained on images, and a better schedule.

# %% [markdown] tags=["task"]
# ## told_denoiser: any noise, if it is told ★★★ · 40 minutes · capstone
#
# A camera tells how noisy a picture is: the darker the room, the more. Build one denoiser for all of it.
#
# Write `told_denoiser(pictures)`. `pictures` is a float32 array of shape (4000, 20, 20), values in [0, 1], without noise: squares cut
# out of clothes and of digits, turned, mirrored, and half of them negatives. Your function trains whatever you like and returns a
# **function** `denoise(noisy, sigma)`:
#
# * `noisy` is (n, 20, 20), for any n: *other* pictures of this kind plus white noise, clipped to [0, 1];
# * `sigma` is one float: the standard deviation of the noise before clipping, in the units of the pictures, between 0.05 and 0.30;
# * it returns clean pictures, (n, 20, 20), in the same units. The same question gets the same answer, and a picture alone the
#   answer that it gets among others.
#
# The check asks at three levels of its choice, one near each end and one between, on 600 pictures each. **The bar:** at every
# level 0.3 dB above the best affine map for that level, fitted on your training pictures. On one of its draws (PSNR in dB, answers clipped):
#
# | noise | 0.05 | 0.17 | 0.29 |
# |---|---|---|---|
# | the mean picture | 7.5 | 7.5 | 7.5 |
# | the noisy pictures as they are | 27.4 | 17.2 | 13.3 |
# | the best affine map | 28.7 | 20.4 | 17.5 |
# | the course's own answer | 29.7 | 22.0 | 18.7 |
#
# `referees.clipped_noise_denoiser(rows, sigma)` may help; it and the map that it returns take rows, (n, 400). So may your `add_noise`, and
# `build_denoiser` for this size. A network of pictures can be told a number as one more channel, for example, filled with `sigma`. To try things out, take
# `datasets.fashion_mnist().images("train")[:4000, 4:24, 4:24, 0]` as pictures, and others of them to look at.
#
# **Success looks like** 0.3 dB more than the best affine map at each of the three levels, the weakest too, and digits that can be read again at 0.17.


# %% tags=["answer"]
def told_denoiser(pictures):
    """Clean pictures (n, side, side) -> a trained function denoise(noisy, sigma)."""
    # SOLUTION BEGIN
    rng = np.random.default_rng(0)
    n, side, _ = pictures.shape

    def on_top(noisy, sigma):
        """What the network sees: the noisy pictures, the best affine map's answer to them, the level."""
        line = referees.clipped_noise_denoiser(pictures.reshape(n, -1), sigma)
        start = line(noisy.reshape(len(noisy), -1)).reshape(noisy.shape)
        return [noisy[..., None], start[..., None], np.full((len(noisy), 1, 1, 1), sigma, "float32")]

    inputs, targets = [], []
    for sigma in np.geomspace(0.04, 0.33, 8):  # eight levels, each with noise of its own
        noise = rng.standard_normal(pictures.shape, dtype="float32")
        inputs.append(on_top(np.clip(pictures + np.float32(sigma) * noise, 0, 1), sigma))
        targets.append((pictures[..., None] - inputs[-1][1]) / np.float32(sigma))  # of one size at every level

    noisy, start, level = keras.Input((side, side, 1)), keras.Input((side, side, 1)), keras.Input((1, 1, 1))
    hidden = keras.layers.Concatenate()([noisy, start, keras.layers.UpSampling2D(side)(level)])
    hidden = keras.layers.Conv2D(24, 4, strides=2, padding="same", activation="relu")(hidden)
    for _ in range(2):
        hidden = keras.layers.Conv2D(24, 3, padding="same", activation="relu")(hidden)
    residual = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same", kernel_initializer="zeros")(hidden)
    network = keras.Model([noisy, start, level], residual)
    rate = keras.optimizers.schedules.CosineDecay(4e-3, 8 * n // 32)
    network.compile(keras.optimizers.Adam(rate), "mse")
    together = [np.concatenate(part) for part in zip(*inputs, strict=True)]
    network.fit(together, np.concatenate(targets), batch_size=32, epochs=1, verbose=0)

    def denoise(noisy, sigma):
        given = on_top(noisy, sigma)
        return (given[1] + sigma * network.predict(given, batch_size=500, verbose=0))[..., 0]

    return denoise
    # SOLUTION END
    # STUB: raise NotImplementedError("told_denoiser: write your answer here")


# %% tags=["check"]
check(told_denoiser)

# %% tags=["success"]
from course_lib import metrics, plots


def mixed(clothes, digits):
    """The middles of clothes and of digits in turn, (n, 20, 20); of four neighbours two are negatives."""
    pictures = np.stack([clothes, digits], axis=1)[:, :, 4:24, 4:24, 0].reshape(-1, 20, 20)
    negative = np.arange(len(pictures)) % 4 > 1
    return np.where(negative[:, None, None], 1 - pictures, pictures)


clothes, digits = datasets.fashion_mnist(), datasets.digits()
clean = mixed(clothes.images("train")[:2000], digits.images("train")[:2000])
unseen = mixed(clothes.images("validation")[:300], digits.images("test")[:300])
denoise = told_denoiser(clean)

# %% tags=["success"]
rows, labels = [], []
for sigma in (0.05, 0.15, 0.3):
    noisy = np.clip(unseen + sigma * np.random.default_rng(1).standard_normal(unseen.shape), 0, 1).astype("float32")
    line = referees.clipped_noise_denoiser(clean.reshape(len(clean), -1), sigma)
    versions = {"noisy": noisy, "affine map": line(noisy.reshape(600, -1)).reshape(noisy.shape)}
    versions = {name: metrics.clip01(x) for name, x in (versions | {"yours": denoise(noisy, sigma)}).items()}
    scores = {name: f"{name} {metrics.psnr(unseen, x):.1f} dB" for name, x in versions.items()}
    print(f"noise {sigma}: {', '.join(scores.values())}")
    if sigma > 0.1:
        rows += [x[:10] for x in versions.values()]
        labels += [f"{score}, at {sigma}" for score in scores.values()]
caption = (
    "Ten unseen pictures at two of three levels, one function for all. Do grounds and cloth get calm, do edges stay?"
)
plots.grid([*rows, unseen[:10]], row_labels=[*labels, "clean"], size=0.62, caption=caption)

# %% [markdown] tags=["explanation"]
# The best affine map is a closed form at any level, so the network need not learn it: it learns what is left over, starts at zero, and sees the
# map's answer, which gathers the whole picture, where two or three convolutions look a few pixels far. The same convolutions on the noisy picture
# alone, trained as long, end below the map: by a tenth of a decibel at the weak end, by more than one at the strong end.
#
# The target is the rest *divided by the level*. In plain squared error a strong level counts ten times as much as a weak one, and
# pictures that are hardly noisy may come out worse than they went in. And the noise is clipped, so the map is that of clipped noise: trained on what no camera
# sends, a network leaves grey where there was black.
#
# Told the level it knows how much to take away. Trained at 0.15 alone it is ahead of the map there and loses almost 3 dB to it at 0.05. Another road needs no network: 400 random
# features of each pixel's neighbourhood and one regression (lesson 02) are .6, .8 and .4 dB ahead of the map.
