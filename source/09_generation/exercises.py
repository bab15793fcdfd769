# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Generating images and time series: exercises"
#     lesson: 9
# ---

# %% [markdown]
# # 09 · Generating images and time series: exercises
#
# Eight exercises: three ways to draw a code, four ways to find out whether the result is any good, and a generator that has to pass. Replace each line
# that raises `NotImplementedError` by your answer, run the cell, then the check below it. `hint(sample_prior)` asks you a
# question; call it again for more.
#
# Samples are rows everywhere: `(n, d)` is `n` samples of `d` numbers. Where an argument is called `rng`, it is a NumPy
# generator: all chance has to come from it, so that whoever holds it can repeat your result.

# %%
from course_lib import check, datasets, hint, metrics, models, patches, plots, referees, training

import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

# %% [markdown] tags=["task"]
# ## sample_prior: pictures of nothing ★ · 8 minutes · core
#
# A variational autoencoder was trained so that its codes resemble a standard normal distribution. To generate, draw codes
# from that distribution and decode them.
#
# Write `sample_prior(decoder, n, latent_dim, rng)`. `decoder` is a function that takes codes of shape (n, latent_dim),
# one code a row, and returns one sample a row, (n, …). The function decodes `n` codes, no more, in one call or in several, and
# returns the `n` samples as the decoder gives them. Each number of each code is drawn from the normal distribution with mean 0 and standard
# deviation 1, independently of all others, by `rng`.
#
# **Success looks like** `sample_prior(lambda codes: codes.sum(axis=1), 10_000, 16, rng)` having a standard deviation
# near 4, the root of 16.


# %% tags=["answer"]
def sample_prior(decoder, n, latent_dim, rng):
    """n decoded samples (n, ...) of codes from the standard normal distribution."""
    # SOLUTION BEGIN
    return decoder(rng.standard_normal((n, latent_dim)))
    # SOLUTION END
    # STUB: raise NotImplementedError("sample_prior: write your answer here")


# %% tags=["check"]
check(sample_prior)

# %% [markdown] tags=["explanation"]
# One line, and what matters is what does *not* stand in it: no picture. A function that takes pictures, encodes them and
# decodes the codes shows reconstructions, however much noise is added to the codes; a well-known tutorial's "generated"
# digits are of this kind.
#
# Codes from a uniform distribution, from a smaller spread ("truncated"), or one code for all rows give pictures too, often
# prettier ones. They come from another distribution than the one the model was trained to decode, and a score of the
# samples is then a score of that other distribution.

# %% [markdown] tags=["task"]
# ## sample_gaussian: the codes as they are ★ · 10 minutes · core
#
# The codes of real pictures rarely have the prior's mean and covariance, and those of a plain autoencoder have no reason to.
# The simplest repair is to draw from the Gaussian that fits them.
#
# Write `sample_gaussian(codes, n, rng)`. `codes` is (m, k), m ≥ 2 rows. It returns `n` new codes, shape (n, k), drawn
# independently from the Gaussian that has the mean and the covariance of `codes` (divided by m or by m - 1, as you like). It must also work for one number a
# code (k = 1), and where the covariance is singular: a number that never varies keeps its value, and one that is twice
# another stays twice the other.
#
# **Success looks like** `np.cov(sample_gaussian(codes, 100_000, rng).T)` and `np.cov(codes.T)` agreeing to about a
# per cent.


# %% tags=["answer"]
def sample_gaussian(codes, n, rng):
    """n draws (n, k) from the Gaussian with the mean and covariance of codes (m, k)."""
    # SOLUTION BEGIN
    mean = codes.mean(axis=0)
    centred = (codes - mean) / np.sqrt(len(codes) - 1)  # (m, k); centred.T @ centred is the covariance
    return mean + rng.standard_normal((n, len(codes))) @ centred
    # SOLUTION END
    # STUB: raise NotImplementedError("sample_gaussian: write your answer here")


# %% tags=["check"]
check(sample_gaussian)

# %% [markdown] tags=["explanation"]
# Any matrix $R$ with $R^\top R = C$ turns independent normal numbers $\epsilon$ into draws $\epsilon R$ with covariance
# $C$. The centred codes themselves, divided by $\sqrt{m-1}$, are such a matrix, singular or not. A Cholesky factor is
# smaller and faster, and fails where a code has a number that never varies, which codes with an unused latent do.
#
# With the standard deviations alone the samples fill an upright box of an ellipse and ignore that some combinations of
# numbers never occur. Mind the transpose: `np.linalg.cholesky` returns $L$ with $L L^\top = C$, so rows need `@ L.T`.

# %% [markdown] tags=["task"]
# ## slerp: along the arc ★★ · 15 minutes · core
#
# Two independent codes of many standard normal numbers have nearly equal norms and stand nearly at a right angle. Half-way along the
# straight line between them the norm is only 71 % of theirs, where the prior has next to no mass.
#
# Write `slerp(a, b, t)`, spherical linear interpolation. `a` and `b` are codes of shape (k,), neither of them zero, and not opposite to
# each other; `t` is a number from 0 to 1. It returns the code of shape (k,)
#
# * whose **norm** is $(1-t)\,\|a\| + t\,\|b\|$, and
# * whose **direction** lies in the plane of `a` and `b`, turned from `a` towards `b` by the share $t$ of the angle
#   $\omega$ between them. For unit vectors $u$ and $v$ at angle $\omega$ that is
#   $\big(\sin((1-t)\omega)\,u + \sin(t\omega)\,v\big) / \sin\omega$.
#
# If both point the same way, the direction stays as it is.
#
# **Success looks like** `slerp([3, 0], [0, 1], 0.5)` (as arrays) having the norm 2 and equal components.


# %% tags=["answer"]
def slerp(a, b, t):
    """The code (k,) at the share t of the arc from a to b; norms change linearly."""
    # SOLUTION BEGIN
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / norm_a, b / norm_b
    norm = (1 - t) * norm_a + t * norm_b
    angle = np.arccos(np.clip(u @ v, -1.0, 1.0))  # rounding may put u @ v a hair above 1
    if angle < 1e-6:
        return norm * u
    return norm * (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    # SOLUTION END
    # STUB: raise NotImplementedError("slerp: write your answer here")


# %% tags=["check"]
check(slerp)

# %% [markdown] tags=["explanation"]
# The formula is for unit vectors. Put the codes in as they are, and the result is neither here nor there as soon as their norms
# differ; take the angle of codes that were not normalised, and `arccos` gets a number far above 1 and answers NaN. Even of
# unit vectors the product can be 1.0000000000000002, hence the `clip`.
#
# Interpolating on the chord and scaling the result to the right norm passes through the same points at another pace: slow
# at the ends, fast in the middle. For codes at a right angle the difference is at most four degrees.

# %% [markdown] tags=["task"]
# ## nearest_training_distance: how near is the nearest? ★ · 8 minutes · core
#
# The first question about a generated picture is which training picture it resembles, and how closely.
#
# Write `nearest_training_distance(samples, train)`. `samples` is (n, d), `train` is (m, d). It returns, for each sample,
# the Euclidean distance to the training row that is nearest to it, shape (n,), in the units of the data. The largest
# intermediate array you need has n × m numbers; the check uses small sets.
#
# **Success looks like** zeros for samples that are copies of training rows.


# %% tags=["answer"]
def nearest_training_distance(samples, train):
    """Euclidean distance (n,) of each sample (n, d) to the nearest training row (m, d)."""
    # SOLUTION BEGIN
    differences = samples[:, None, :] - train[None, :, :]  # (n, m, d)
    return np.sqrt(np.square(differences).sum(axis=2)).min(axis=1)
    # SOLUTION END
    # STUB: raise NotImplementedError("nearest_training_distance: write your answer here")


# %% tags=["check"]
check(nearest_training_distance)

# %% [markdown] tags=["explanation"]
# The differences of all pairs take n × m × d numbers: fine for a check, 75 GB for 1,000 samples and 12,000 pictures. scikit-learn,
# which the course's `metrics.nearest_distance` asks, expands the square, $\|x\|^2 - 2x^\top y + \|y\|^2$, and works through the
# samples in pieces. That has its price: for a copy, rounding can make the expanded square slightly negative, and its root is NaN. It needs a
# `np.maximum(…, 0)`.
#
# A small distance is no proof of copying. The lesson shows that blurred pictures are nearer to everything.

# %% [markdown] tags=["task"]
# ## frechet_distance: two clouds of features ★★ · 20 minutes · core
#
# Describe each set of features by its mean $\mu$ and covariance $C$, and take the distance of the two Gaussians:
#
# $$d^2 = \|\mu_a-\mu_b\|^2 + \operatorname{tr}\big(C_a + C_b - 2\,(C_a C_b)^{1/2}\big)$$
#
# Write `frechet_distance(features_a, features_b)`. The arguments are (n, f) and (m, f); covariances divide by n − 1 and
# m − 1, as `np.cov` does. It returns $d^2$ as one real number. The root is the *matrix* root. You need only its trace: the
# sum of the square roots of the eigenvalues of $C_a C_b$. These eigenvalues are real and not negative, though that matrix is not
# symmetric; the symmetric $C_a^{1/2} C_b\, C_a^{1/2}$ has the same ones. Fewer samples than features, f = 1, and features in
# any units, such as thousandths, must work as well.
#
# **Success looks like** 0 for the same set twice (up to rounding), and 1 for features in one dimension against the same
# features plus 1.


# %% tags=["answer"]
def frechet_distance(features_a, features_b):
    """Squared Fréchet distance of the Gaussians fitted to two sets of features (n, f) and (m, f): a float."""
    # SOLUTION BEGIN
    covariance_a, covariance_b = (np.atleast_2d(np.cov(f, rowvar=False)) for f in (features_a, features_b))
    moved = np.sum((features_a.mean(axis=0) - features_b.mean(axis=0)) ** 2)
    values, vectors = np.linalg.eigh(covariance_a)
    root_a = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root_a @ covariance_b @ root_a)
    shared = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return float(moved + np.trace(covariance_a) + np.trace(covariance_b) - 2 * shared)
    # SOLUTION END
    # STUB: raise NotImplementedError("frechet_distance: write your answer here")


# %% tags=["check"]
check(frechet_distance)

# %% [markdown] tags=["explanation"]
# `np.sqrt` of a matrix takes the root of each *entry*: another number. `scipy.linalg.sqrtm` takes the matrix root and,
# where a covariance is singular, returns complex numbers with small imaginary parts from rounding; published code keeps
# the real part. The symmetric form avoids both, and costs two eigendecompositions.
#
# The distance is 0 if the two sets have the same mean and covariance, whatever else differs. And it is biased: with fewer samples the
# covariances are noisier and the distance is larger. Compare sets of one size only.

# %% [markdown] tags=["task"]
# ## autocorrelation: how long a series remembers ★★ · 15 minutes · optional
#
# Demand at noon resembles demand half an hour earlier. A generator of series has to get this resemblance right at
# every delay, and the autocorrelation measures it.
#
# Write `autocorrelation(series, max_lag)`. `series` is (t,), not constant, and `max_lag` a whole number from 0 to t − 1. It
# returns an array of shape (max_lag + 1,), for the lags $k = 0, 1, …,$ `max_lag`:
#
# $$r_k = \frac{\sum_{i=1}^{t-k} (x_i - \bar x)(x_{i+k} - \bar x)}{\sum_{i=1}^{t} (x_i - \bar x)^2}$$
#
# with the mean $\bar x$ of the whole series. This is the **biased** estimate: the sum above has $t-k$ terms, and is
# still compared with the one below, which has $t$.
#
# **Success looks like** `autocorrelation([1, -1, 1, -1], 3)` (as an array) giving `[1, -0.75, 0.5, -0.25]`.


# %% tags=["answer"]
def autocorrelation(series, max_lag):
    """Biased autocorrelation (max_lag + 1,) of a series (t,) at lags 0 to max_lag."""
    # SOLUTION BEGIN
    centred = series - np.mean(series)
    power = np.sum(centred**2)
    return np.array([np.sum(centred[: len(centred) - lag] * centred[lag:]) for lag in range(max_lag + 1)]) / power
    # SOLUTION END
    # STUB: raise NotImplementedError("autocorrelation: write your answer here")


# %% tags=["check"]
check(autocorrelation)

# %% [markdown] tags=["explanation"]
# `centred[:-lag]` is the usual trap: for lag 0 it is empty. `np.correlate(centred, centred, "full")` gives all lags at once,
# the negative ones first.
#
# Dividing each sum by its own number of terms is "unbiased" and noisy: at the largest lags a single product decides, and values
# beyond 1 appear. The biased estimate shrinks there, and its spectrum is never negative. A Fourier transform without
# zeros appended computes the *circular* version, in which the evening touches the morning.

# %% [markdown] tags=["task"]
# ## two_sample_accuracy: can anybody tell? ★★★ · 25 minutes · optional
#
# Mix real and synthetic samples, hide the label of one row, and guess it from its nearest neighbour. If the two sets come from one
# distribution, nobody does better than chance.
#
# Write `two_sample_accuracy(real, synthetic)`. Both are (n, d), of the same n ≥ 2. Take the union of 2n rows. For each row find its nearest
# neighbour (Euclidean) among the 2n − 1 *others*, and count whether that neighbour is of the same set. Return the share
# of all 2n rows for which it is, a number from 0 to 1.
#
# Two warnings. The row itself is at distance 0 and does not count. And each row gets its turn as the one left out: real and synthetic
# ones.
#
# **Success looks like** about .5 for two draws from one distribution, 1 for sets far apart, and 0 if `synthetic` is a copy of
# `real`.


# %% tags=["answer"]
def two_sample_accuracy(real, synthetic):
    """Leave-one-out accuracy of the nearest neighbour on the union of two sets (n, d) and (n, d)."""
    # SOLUTION BEGIN
    union = np.concatenate([real, synthetic])
    is_real = np.arange(len(union)) < len(real)
    distances = np.square(union[:, None] - union[None]).sum(axis=-1)  # (2n, 2n)
    np.fill_diagonal(distances, np.inf)  # nobody is their own neighbour
    nearest = distances.argmin(axis=1)
    return float(np.mean(is_real[nearest] == is_real))
    # SOLUTION END
    # STUB: raise NotImplementedError("two_sample_accuracy: write your answer here")


# %% tags=["check"]
check(two_sample_accuracy)

# %% [markdown] tags=["explanation"]
# Without infinity on the diagonal everybody finds themselves and the accuracy is 1. Asking only the real rows, or only the synthetic
# ones, hides one of two failures: a generator that makes one perfect sample over and over fools the first question, one that
# scatters fools the second.
#
# Below .5 is not better than .5. Each copy's nearest neighbour is the real row it was copied from, so the accuracy falls towards
# 0: too good to be true.

# %% [markdown] tags=["task"]
# ## fresh_pictures: neither blurred nor copied ★★★ · 35 minutes · capstone
#
# Build a generator, and have its pictures judged beside fresh ones: could they be real, is every kind among them, and are they copies?
#
# Write `fresh_pictures(pictures)`. The check invents a village of three families of puppets, who resemble each other within a family, and hands
# over 2,500 pictures, each of another puppet: NumPy, float32, shape (2500, 24, 24, 3), values in [0, 1]. It returns a function
# `draw(n, rng)` that makes `n` new pictures, shape (n, 24, 24, 3), values in [0, 1], with all chance from the generator `rng`.
#
# The check draws 1,000, and measures
#
# * **precision** and **recall**, by `metrics.sample_precision_recall(look(fresh), look(yours))` with 1,000 fresh pictures of the same village. `look`
#   are features that nothing was trained for: how strongly 48 small windows, cut out of pictures, are found in each of 16 parts of a picture (`patches.fit_patch_features`);
# * **copies**, by two blocks: the training pictures, and as many fresh ones. Which of the two is nearer to what you drew? A picture that is
#   mirrored or moved by a pixel counts, too, and so does a mixture of two neighbours. Without any copying it is one half;
# * how far **mean and covariance** of the pictures are off (a squared Fréchet distance), in per cent of the variance.
#
# You need a precision of at least **.62**, a recall of at least **.45**, at most **70 %** nearer to training pictures, and mean and covariance off by
# at most **6 %**. On one draw of the check:
#
# | | precision | recall | nearer to training pictures |
# |---|---|---|---|
# | the mean picture, a thousand times | 0 | 0 | |
# | one bell (a Gaussian) on 150 numbers of PCA | .04 | .29 | 52 % |
# | a mixture of 20 bells on them | .41 | .78 | 56 % |
# | training pictures | .95 | .90 | 100 % |
# | mixtures of a training picture and a neighbour | .98 | .68 | 100 % |
# | **you need** | **.62** | **.45** | **at most 70 %** |
# | an autoencoder, and a mixture on its codes | .78 | .62 | 64 % |
# | fresh pictures | .92 | .95 | 50 % |
#
# Use everything that the lesson used: `models.`, `training.fit`, `GaussianMixture`; `PCA(150, svd_solver="randomized", random_state=0)` is quicker than the exact one, and a network that gets its 150 numbers instead of 1,728 pixels learns more in the same time. `practice_village()` gives pictures to train on, and others
# to compare with.
#
# **Success looks like** faces of nobody: run the cells below the check.


# %% tags=["answer"]
def practice_village(n=2500):
    """Pictures of a village to train on, and as many fresh ones, (n, 24, 24, 3) each; the check has another village."""
    rng = np.random.default_rng(9)
    village = datasets.puppet_village(rng)
    return village.draw(n, rng), village.draw(n, rng)


def fresh_pictures(pictures):
    """Pictures (n, 24, 24, 3) -> a function of a number and a generator that draws new ones."""
    # SOLUTION BEGIN
    n, *shape = pictures.shape
    flat = pictures.reshape(n, -1)
    pca = PCA(150, svd_solver="randomized", random_state=0).fit(flat)  # what is lost here, no eye can see
    numbers = pca.transform(flat)
    size = numbers.std()
    numbers = np.float32(numbers / size)

    vae = models.build_vae(150, (256, 256), 16, sigma=0.22)
    training.fit(vae, numbers, loss=None, epochs=30, batch_size=125, learning_rate=5e-3)
    mu, sd = vae.posterior(numbers)
    codes = mu + sd * np.random.default_rng(0).standard_normal(mu.shape)
    density = GaussianMixture(100, max_iter=30, tol=1e-2, reg_covar=1e-4, random_state=0).fit(codes)
    roots = np.linalg.cholesky(density.covariances_)  # (100, 16, 16)

    def draw(n, rng):
        bell = rng.choice(100, n, p=density.weights_)
        steps = np.einsum("nij,nj->ni", roots[bell], rng.standard_normal((n, 16)))
        decoded = vae.decoder.predict(np.float32(density.means_[bell] + steps), verbose=0)
        return metrics.clip01(np.float32(pca.inverse_transform(size * decoded))).reshape(n, *shape)

    return draw
    # SOLUTION END
    # STUB: raise NotImplementedError("fresh_pictures: write your answer here")


# %% tags=["check"]
check(fresh_pictures)

# %% tags=["success"]
pictures, fresh = practice_village()
draw, rng = fresh_pictures(pictures), np.random.default_rng(0)
drawn = draw(1000, rng)
look = patches.fit_patch_features(fresh[1000:], rng)
pca = PCA(150, svd_solver="randomized", random_state=0).fit(pictures.reshape(2500, -1))
mixture = GaussianMixture(20, max_iter=30, tol=1e-2, reg_covar=1e-4, random_state=0)
codes = mixture.fit(pca.transform(pictures.reshape(2500, -1))).sample(1000)[0]
sets = {
    "the mean picture": np.repeat(pictures.mean(axis=0, keepdims=True), 1000, axis=0),
    "PCA, 20 bells": metrics.clip01(np.float32(pca.inverse_transform(rng.permutation(codes)))).reshape(drawn.shape),
    "yours": drawn,
    "fresh pictures": fresh[1000:2000],
}
scores = {name: metrics.sample_precision_recall(look(fresh[:1000]), look(x)) for name, x in sets.items()}
plots.ladder(
    list(scores), [precision for precision, _ in scores.values()], kinds=["trivial", "rival", "network", "limit"],
    metric="precision", unit="share", lower_is_better=False, value_format=".2f",
    annotations=[f"recall {recall:.2f}" for _, recall in scores.values()],
    caption="Which share of the pictures could be real, and which share of the real ones is within their reach?",
)  # fmt: skip

# %% tags=["success"]
flat, shown = pictures.reshape(2500, -1), drawn[:14]
nearest = [pictures[np.square(flat - picture.ravel()).sum(axis=1).argmin()] for picture in shown]
plots.grid(
    [sets["PCA, 20 bells"][:14], shown, nearest],
    row_labels=["PCA, 20 bells", "yours", "nearest\ntraining\npicture"],
    size=0.6,
    caption="Puppets that nobody drew, and below each of yours the training picture nearest to it: relatives, not copies?",
)

# %% [markdown] tags=["explanation"]
# Each piece answers one way to fail. A **decoder that bends** makes of 16 numbers what PCA needs 150 for: between two codes lies a puppet, and not two that shine through each other.
# **Noise on the codes** while it trains (the variational autoencoder's) has it answer for the neighbourhood of a code, not for the code alone. The **mixture** knows where
# codes lie: in three clumps, bent ones. One bell on the same codes has a precision of .2. And each draw starts from a bell, **never from a picture's own code**: that would be a reconstruction, and two blocks find it at once.
#
# Draw the steps a tenth shorter, and precision rises by some .06 while recall falls by .1: truncation again.
#
# Is it the network, or the mixture? A hundred bells on the same 150 numbers of PCA, 25 pictures each, drawn an eighth shorter, do as well without any network: precision .7 to .8, recall .7, and 63 to 66 % of
# their draws are nearer to what they saw. The check's own rival has 20 bells. Bells on few pictures each are a soft form of copying: the more of them, the better the scores, and the nearer the training pictures.
