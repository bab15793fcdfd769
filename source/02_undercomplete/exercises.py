# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Undercomplete autoencoders: exercises"
#     lesson: 2
# ---

# %% [markdown]
# # 02 · Undercomplete autoencoders: exercises
#
# Seven exercises and a capstone: PCA by hand, a linear autoencoder that reaches it, what the numbers of a code mean, and a
# compressor. Replace each line that raises `NotImplementedError` by your answer, run the cell, then the check below it.
# `hint(pca_reconstruct)` asks you a question; call it again for more.
#
# Samples are rows everywhere: `(n, d)` is `n` samples of `d` features, and a code is `x @ encoder_weights`.

# %%
from course_lib import check, datasets, hint, training

import keras
import numpy as np

# %% [markdown] tags=["task"]
# ## pca_reconstruct: the referee by hand ★★ · 15 minutes · core
#
# PCA describes each sample by its coordinates along the `k` orthogonal axes on which the training data vary most,
# measured from the training mean. Its reconstruction is the nearest point of that `k`-dimensional plane.
#
# Write `pca_reconstruct(train, test, k)`. `train` is (n, d), `test` is (m, d), both floats, and 1 ≤ `k` ≤ `d`. It
# returns the reconstructions of the test samples, shape (m, d), in the units of the data, not clipped. Mean and axes
# come from `train` alone. There are more training samples than features. `np.linalg.svd` or `np.linalg.eigh` find the
# axes; mind whether they return them as rows or as columns, and in which order.
#
# Training points on the line `[[0, 1], [2, 1], [4, 1]]` and the test point `[[5, 3]]` with `k = 1` give `[[5, 1]]`:
# the line keeps the first coordinate, the second falls back to the mean.
#
# **Success looks like** the test samples coming back unchanged for `k = d`, and the mean of `train` coming back
# unchanged for every `k`.


# %% tags=["answer"]
def pca_reconstruct(train, test, k):
    """The test samples (m, d) projected on the k principal axes of train (n, d), through the training mean."""
    # SOLUTION BEGIN
    mean = train.mean(axis=0)
    _, _, axes = np.linalg.svd(train - mean, full_matrices=False)  # rows, largest variance first
    axes = axes[:k]  # (k, d)
    codes = (test - mean) @ axes.T  # (m, k)
    return codes @ axes + mean
    # SOLUTION END
    # STUB: raise NotImplementedError("pca_reconstruct: write your answer here")


# %% tags=["check"]
check(pca_reconstruct)

# %% [markdown] tags=["explanation"]
# Three lines are an autoencoder: subtract, multiply by `axes.T` (the encoder), multiply by `axes` and add (the
# decoder). The axes have length 1, so the coordinates need no scaling; multiplying by eigenvalues here breaks the
# reconstruction.
#
# Without centring the first axis points from 0 towards the mean, and one component is spent on it. Centring the test
# samples on *their* mean gives a lower error that no single sample could ever have. `np.linalg.svd` returns the axes
# as **rows** of its third result, largest first; `np.linalg.eigh` returns them as **columns**, smallest first. Mixing
# up the two gives a result of the right shape.

# %% [markdown] tags=["task"]
# ## explained_variance_ratio: what each component is worth ★ · 8 minutes · optional
#
# The variance of the data, summed over all features, is also the sum of the variances along all principal axes. So
# each axis has a share of it.
#
# Write `explained_variance_ratio(train, k)`. `train` is (n, d), floats, in general not centred. It returns an array
# of shape (k,): the shares of the first `k` principal axes, largest first. A share is the variance along this axis
# divided by the total variance of *all* axes, a number from 0 to 1. You may assume `k` ≤ min(n, d).
#
# The points `[[4, 0], [-4, 0], [0, 2], [0, -2]]` have the variances 8 and 2 along the two axes (dividing by n = 4),
# so the shares are `[0.8, 0.2]`. Moved to another place, they keep their shares.
#
# **Success looks like** shares that do not change when you add 100 to every number, and that sum to 1 for `k = d`.


# %% tags=["answer"]
def explained_variance_ratio(train, k):
    """Shares (k,) of the total variance of train (n, d) along its first k principal axes, descending."""
    # SOLUTION BEGIN
    singular_values = np.linalg.svd(train - train.mean(axis=0), compute_uv=False)  # descending
    variances = singular_values**2  # up to the factor 1 / n, which a ratio does not see
    return variances[:k] / variances.sum()
    # SOLUTION END
    # STUB: raise NotImplementedError("explained_variance_ratio: write your answer here")


# %% tags=["check"]
check(explained_variance_ratio)

# %% [markdown] tags=["explanation"]
# The singular values of the centred data are √n times the standard deviations along the axes, so their *squares* go
# into the ratio. Leaving out the square makes the small components look important. The denominator holds all
# components: dividing by those kept makes every choice of `k` explain 100 %.
#
# Of uncentred data the first "component" explains nearly everything, because it points at the mean. Whoever reports
# 97 % after one component has often measured that.

# %% [markdown] tags=["task"]
# ## linear_autoencoder: train your way to PCA ★★ · 20 minutes · core
#
# An autoencoder without activations cannot beat PCA. It should be able to reach it.
#
# Write `linear_autoencoder(train, code_size)`. `train` is a float32 array of shape (n, d). It builds a Keras model
# that maps (n, d) → (n, d) by one Dense layer down to `code_size` numbers and one Dense layer back to `d`, both
# linear, **trains** it on `train` with the mean squared error, and returns the trained model. It takes at most 15
# seconds.
#
# The check calls it with n = 2000 and d = 20 and a code of 2 to 4 numbers. The variances are about 3 to 1.5 along the
# first `code_size` axes and 0.1 along all others, a clear gap. The mean is not 0, and the model gets the data as they
# are. Then, on 1000 unseen samples:
#
# * the mean squared error is at most 2 % above that of PCA with `code_size` components;
# * the plane of all reconstructions, spanned by the rows of the last kernel (code_size, d), is tilted by less than 3°
#   against PCA's.
#
# Batch size, learning rate and number of epochs are yours. With 63 steps an epoch (batch 32), 30 epochs take 2 to 5
# seconds. At Keras' default rate they are not enough: they end 1.5 to 6 % above PCA. Train until the loss no longer moves, or
# start with a higher rate and let it fall.
#
# **Success looks like** a training loss that ends near 0.1 × (20 − code_size) / 20, so 0.085 for a code of 3, and no
# longer moves.


# %% tags=["answer"]
def linear_autoencoder(train, code_size):
    """A trained linear Keras model (n, d) -> (n, d) with a code of code_size numbers."""
    # SOLUTION BEGIN
    epochs, batch_size = 30, 50
    steps = epochs * int(np.ceil(len(train) / batch_size))
    model = keras.Sequential(
        [
            keras.Input((train.shape[1],)),
            keras.layers.Dense(code_size, name="encoder"),
            keras.layers.Dense(train.shape[1], name="decoder"),
        ]
    )
    falling_rate = keras.optimizers.schedules.CosineDecay(0.02, steps)
    model.compile(keras.optimizers.Adam(falling_rate), loss="mse")
    model.fit(train, train, epochs=epochs, batch_size=batch_size, verbose=0)
    return model
    # SOLUTION END
    # STUB: raise NotImplementedError("linear_autoencoder: write your answer here")


# %% tags=["check"]
check(linear_autoencoder)

# %% [markdown] tags=["explanation"]
# No activation anywhere, and biases that can carry the mean: then the best model is PCA, and the loss has no local
# minimum to get stuck in (Baldi and Hornik 1989). What is left is patience. A rate of 0.02 crosses the saddles
# quickly, and the cosine brings it to 0, so that the last steps do not jump around the optimum.
#
# Read the gap to PCA. Far off: an activation was left in, or the bias left out. Off by a few percent: too few steps,
# or a rate that never fell. An error within 2 % with a tilted plane is possible too: the error grows with the
# *square* of the angle, so the last degrees are nearly free. Keras' default rate of 0.001 gets there as well, in
# about 50 epochs of batch 32.
#
# A model whose weights are set to PCA's passes as well. It starts from the referee, and has nothing left to learn.

# %% [markdown] tags=["task"]
# ## remix_code: same pictures, another code ★★ · 12 minutes · core
#
# A linear autoencoder without biases has the codes `x @ encoder_weights`, shape (n, k), and the reconstructions
# `codes @ decoder_weights`, shape (n, d). Multiply all codes by an invertible matrix, and a suitable decoder gives
# the same reconstructions as before.
#
# Write `remix_code(encoder_weights, decoder_weights, mixing)` with arrays of shape (d, k), (k, d) and (k, k);
# `mixing` is invertible, in general neither symmetric nor a rotation. It returns the pair `(new_encoder_weights,
# new_decoder_weights)`, with the old shapes, such that for every `x` (n, d)
#
# * the new codes are the old codes times `mixing`, from the right: (n, k) @ (k, k);
# * the new reconstructions equal the old ones.
#
# With `encoder_weights = [[1], [0]]`, `decoder_weights = [[1, 0]]` and `mixing = [[2]]` the codes double, and the
# pair is `[[2], [0]]`, `[[0.5, 0]]`.
#
# **Success looks like** codes that differ in every column and reconstructions that agree to ten digits.


# %% tags=["answer"]
def remix_code(encoder_weights, decoder_weights, mixing):
    """New (encoder, decoder) weights: codes multiplied by mixing (k, k), the same reconstructions."""
    # SOLUTION BEGIN
    new_encoder = encoder_weights @ mixing
    new_decoder = np.linalg.solve(mixing, decoder_weights)  # the inverse of mixing times the decoder
    return new_encoder, new_decoder
    # SOLUTION END
    # STUB: raise NotImplementedError("remix_code: write your answer here")


# %% tags=["check"]
check(remix_code)

# %% [markdown] tags=["explanation"]
# Brackets may be moved: (x E) M = x (E M), so the new encoder is E M. The new decoder first undoes the mixing, which
# stands directly before it: (x E M) (M⁻¹ D) = x E D. `solve(mixing, decoder)` computes M⁻¹ D without forming the
# inverse.
#
# The transpose works in place of the inverse only for rotations. Swapping the roles (M⁻¹ in the encoder, M in the
# decoder) also keeps the reconstructions, but gives other codes than asked for. The lesson of it: the loss cannot
# tell these autoencoders apart, so nothing that you read off a single code axis is a property of the data. Distances
# between codes change too, and with them the neighbours of each image.

# %% [markdown] tags=["task"]
# ## dead_units: which part of the code is never used ★ · 6 minutes · core
#
# A ReLU unit that outputs 0 for every sample is **dead**: it adds nothing to any reconstruction, and gets no gradient
# that could wake it.
#
# Write `dead_units(codes)`. `codes` are the outputs of ReLU units, shape (n, k), all ≥ 0: one row per sample, one
# column per unit. It returns the indices of the dead units as a one-dimensional array of integers, rising, counted
# from 0; an empty one if no unit is dead. A unit that fires for one single sample, however faintly, is alive.
#
# For `codes = [[0, 0, 3], [0, 1, 3]]` the answer is `[0]`.
#
# **Success looks like** `codes[:, dead_units(codes)]` being all zeros, and every other column having a number above
# 0.


# %% tags=["answer"]
def dead_units(codes):
    """Sorted integer indices of the units that are zero for every sample; codes (n, k) of ReLU units."""
    # SOLUTION BEGIN
    return np.flatnonzero(np.all(codes == 0, axis=0))
    # SOLUTION END
    # STUB: raise NotImplementedError("dead_units: write your answer here")


# %% tags=["check"]
check(dead_units)

# %% [markdown] tags=["explanation"]
# `axis=0` runs over the samples and leaves one truth value for each unit; `flatnonzero` turns truth values into
# indices. A ReLU's zero is an exact zero, so `==` is right here.
#
# A small *mean* is not death: a unit that fires for one image in ten thousand may be the one that knows handbags.
# Zeros for *some* sample are what a ReLU is for. And a unit that always gives 0.75 has no variance, but it is not
# silent. `np.where(mask)` returns a tuple with one array for each axis, hence its `[0]`.

# %% [markdown] tags=["task"]
# ## is_bottleneck: is the code smaller at all ★ · 5 minutes · core
#
# An autoencoder is **undercomplete** if its whole code holds fewer numbers than its input. Published examples have
# a code of shape (7, 7, 32) for a picture of 28×28.
#
# Write `is_bottleneck(input_shape, code_shape)`. Both are tuples of integers, the shape of one input and of one code,
# without the axis that counts the samples, with any number of axes. It returns `True` if the code holds strictly
# fewer numbers than the input, else `False`.
#
# `is_bottleneck((4, 4), (2, 2, 3))` is `True`: 12 numbers against 16.
#
# **Success looks like** `False` for the input (28, 28, 1) with the code (7, 7, 32), which holds 1568 numbers against
# 784, and `False` for (7, 7, 16), which holds exactly 784.


# %% tags=["answer"]
def is_bottleneck(input_shape, code_shape):
    """Whether one code holds strictly fewer numbers than one input."""
    # SOLUTION BEGIN
    return bool(np.prod(code_shape) < np.prod(input_shape))
    # SOLUTION END
    # STUB: raise NotImplementedError("is_bottleneck: write your answer here")


# %% tags=["check"]
check(is_bottleneck)

# %% [markdown] tags=["explanation"]
# Multiply the *whole* shape. A feature map of 7 by 7 looks smaller than a picture of 28 by 28, and with 32 channels
# it holds twice as many numbers. The last axis alone says nothing, nor does the number of axes.
#
# With as many numbers as the input the identity is possible, so equality is no bottleneck. And counting numbers is
# only the first test: bits count too (`compression_ratio`), and a code may be kept from copying by other means, as
# the next lessons show.

# %% [markdown] tags=["task"]
# ## principal_directions: the axes inside the span ★★★ · 30 minutes · optional
#
# A trained linear autoencoder finds the right plane, but the rows of its decoder are any basis of it: crooked, of any
# length, in any order. The principal axes can still be recovered, with the help of the data.
#
# Write `principal_directions(decoder_weights, train)`. `decoder_weights` is (k, d) with linearly independent rows,
# which span the plane, in general not orthogonal. `train` is (n, d), not centred. It returns an array of shape (k, d)
# whose rows
#
# * lie in the plane that the decoder's rows span,
# * have length 1 and are orthogonal to each other,
# * give uncorrelated coordinates: for i ≠ j the coordinates of the training samples along row i and along row j have
#   covariance 0,
# * stand in the order of falling variance of these coordinates.
#
# The sign of each row is free. The plane need not be the best one: the check uses planes that PCA would not choose.
#
# With `decoder_weights = [[1, 0, 0], [1, 1, 0]]` the plane is that of the first two features. Let the features be
# uncorrelated, with variances 1, 4 and 9. Then the answer is `[[0, 1, 0], [1, 0, 0]]`, up to signs.
#
# **Success looks like** the covariance of `train @ directions.T` being diagonal, with falling entries.


# %% tags=["answer"]
def principal_directions(decoder_weights, train):
    """Orthonormal rows (k, d): the principal axes of train (n, d) inside the span of the decoder's rows (k, d)."""
    # SOLUTION BEGIN
    basis, _ = np.linalg.qr(decoder_weights.T)  # (d, k), orthonormal columns of the same span
    coordinates = (train - train.mean(axis=0)) @ basis  # (n, k), lengths and angles as in the data
    _, _, rotation = np.linalg.svd(coordinates, full_matrices=False)  # (k, k), rows by falling variance
    return rotation @ basis.T
    # SOLUTION END
    # STUB: raise NotImplementedError("principal_directions: write your answer here")


# %% tags=["check"]
check(principal_directions)

# %% [markdown] tags=["explanation"]
# First an orthonormal basis of the plane, so that lengths and angles inside it are those of the data. Then PCA of the
# coordinates. Then back to `d` features. Skipping the first step is the subtle error: PCA of the *codes* diagonalises
# their covariance, but the decoder stretches and shears what it decodes, so the decoded axes are not orthogonal.
#
# An SVD of the decoder's weights gives an orthonormal basis too, but of the many that there are it is chosen by the
# weights, and the weights depend on the start of the training. For an exactly converged decoder it finds the
# principal components only by luck. PCA of the data in all of space ignores the decoder, and agrees only if its plane
# is the best one.

# %% [markdown] tags=["task"]
# ## compressor: a picture in sixteen bytes ★★★ · 20 minutes · capstone
#
# A slow connection lets a dozen or two bytes through for each picture. Build what stands at its two ends.
#
# Write `compressor(pictures, size)`. `pictures` is a float32 array of shape (3000, 784), values in [0, 1]: five kinds of clothes and
# three digits that the check chooses, some mirrored, some dimmed. `size` is an even number from 12 to 20. Your function learns from
# `pictures` whatever it likes and returns **two** functions (or Keras models):
#
# * `encode(x)`: *other* pictures of this kind, (n, 784) → codes, (n, `size`), for any n;
# * `decode(codes)`: codes (n, `size`) → pictures (n, 784). It might run in another town: it knows what was learned from
#   `pictures`, and the code.
#
# The same question gets the same answer, and a picture alone the code that it gets among others. On its way each number is **one byte**:
# the check rounds it to one of 256 values, evenly spaced from the smallest to the largest that this number has on `pictures`. Rounding
# costs an ordinary code next to nothing. And the connection is noisy: a number may arrive a few of its 256 steps off.
#
# **The bar:** on 600 unseen pictures, your `size` numbers have a higher PSNR than PCA with *one and a half times as many*, fitted on your
# training pictures: a third of the numbers saved. PCA's are not rounded. On one of the check's draws, with `size` = 16 (copies clipped to [0, 1]):
#
# | | dB |
# |---|---|
# | the mean picture | 12.8 |
# | PCA, 16 numbers | 17.5 |
# | **you need more than:** PCA, 24 numbers | **18.4** |
# | the course's own answer, 16 bytes | 19.3 |
#
# The lesson's `start_as_pca` is one model: give its decoder an `Input` of its own, and you have two. To try things out, take
# `datasets.fashion_mnist().flat("train")[:3000]` as pictures, and others of them to look at.
#
# **Success looks like** well over one decibel more than PCA with as many numbers, on pictures that nobody trained on.


# %% tags=["answer"]
def compressor(pictures, size):
    """Pictures (n, 784) -> two trained functions: encode, to codes (m, size), and decode, back to pictures (m, 784)."""
    # SOLUTION BEGIN
    mean = pictures.mean(axis=0)
    v = np.linalg.svd(pictures - mean, full_matrices=False)[2][:size].T  # (784, size)

    picture, code = keras.Input((784,)), keras.Input((size,))
    down, up = keras.layers.Dense(size), keras.layers.Dense(784)  # the two straight paths
    bent = keras.layers.Dense(256, "gelu")(picture)
    bent = keras.layers.Dense(size, kernel_initializer="zeros")(bent)
    encoder = keras.Model(picture, keras.layers.Add()([down(picture), bent]))
    bent = keras.layers.Dense(256, "gelu")(code)
    bent = keras.layers.Dense(784, kernel_initializer="zeros")(bent)
    decoder = keras.Model(code, keras.layers.Add()([up(code), bent]))
    down.set_weights([v, -mean @ v])
    up.set_weights([v.T, mean])

    both = keras.Model(picture, decoder(encoder(picture)))
    mirrored = pictures.reshape(-1, 28, 28)[:, :, ::-1].reshape(-1, 784)  # a shoe in a mirror is a shoe
    training.fit(both, np.concatenate([pictures, mirrored]), epochs=14, batch_size=64, learning_rate=2e-3)

    def encode(x):
        return encoder.predict(x, batch_size=1000, verbose=0)

    def decode(codes):
        return decoder.predict(codes, batch_size=1000, verbose=0)

    return encode, decode
    # SOLUTION END
    # STUB: raise NotImplementedError("compressor: write your answer here")


# %% tags=["check"]
check(compressor)

# %% tags=["success"]
from course_lib import metrics, plots, referees

training.set_seed(0)
clothes, digits = datasets.fashion_mnist(), datasets.digits()
pictures = np.concatenate([clothes.flat("train")[:2000], digits.flat("train")[:1000]])
unseen = np.concatenate([clothes.flat("validation")[:400], digits.flat("test")[:200]])
encode, decode = compressor(pictures, 16)

numbers = keras.ops.convert_to_numpy  # functions may answer with tensors
codes = numbers(encode(pictures))
low, high = codes.min(axis=0), codes.max(axis=0)
sent = np.round(255 * np.clip((numbers(encode(unseen)) - low) / (high - low), 0, 1)).astype(
    "uint8"
)  # (600, 16): on its way
received = numbers(decode(low + sent / np.float32(255) * (high - low)))
print("all that is sent of the first picture:", sent[0].tobytes().hex(" "))

# %% tags=["success"]
pca = referees.fit_pca(pictures)
copies = {
    "mean picture, 0 numbers": np.broadcast_to(pca.mean, unseen.shape),
    "PCA, 16 numbers": pca.keep(16).reconstruct(unseen),
    "PCA, 24 numbers": pca.keep(24).reconstruct(unseen),
    "compressor, 16 bytes": received,
}
copies = {name: metrics.clip01(copy) for name, copy in copies.items()}
scores = {name: metrics.psnr(unseen, copy) for name, copy in copies.items()}
plots.ladder(
    list(scores), list(scores.values()), kinds=["trivial", "referee", "referee", "network"],
    metric="PSNR on 600 unseen pictures", unit="dB", lower_is_better=False,
    caption="Clothes of ten kinds and digits: sixteen bytes for 784, beside PCA with half as many numbers again.",
)  # fmt: skip

# %% tags=["success"]
_, first = np.unique(clothes.validation_labels[:400], return_index=True)  # the first picture of each kind
shown = [*first, 400, 401, 402]
rows = {"original": unseen} | {name: copies[name] for name in ("PCA, 16 numbers", "compressor, 16 bytes")}
plots.grid(
    [x[shown].reshape(-1, 28, 28) for x in rows.values()],
    row_labels=[name.replace(", ", "\n") for name in rows],
    size=0.72,
    caption="Thirteen unseen pictures. PCA leaves ghosts of other clothes, beside the trousers and in the bag. Look there in the row below, whose map bends.",
)

# %% [markdown] tags=["explanation"]
# Two lines of NumPy find PCA, two linear layers hold it, and two small networks whose last layers start at zero learn what no straight map can do.
# Before the first step this *is* PCA with `size` numbers; every step is a gain on the referee. A shoe in a mirror is a shoe, so each picture is there twice:
# a tenth of a decibel at equal steps, a quarter with 40 % more of them.
#
# From random weights, with a sigmoid, the same number of steps at the same rate ends .3 dB above the bar for 12 numbers and .3 dB below it for 20. A higher rate helps, and with more than
# twice the steps it overtakes the network that began as PCA. A warm start saves time; it does not decide where the road ends.
#
# Another road needs no steps at all: 2,000 random hinges of PCA's code and one equation, half a decibel above the bar in two seconds. They bend the decoder only. Their penalty
# was chosen on pictures kept aside, and that is no formality: 2,800 hinges without a penalty copy the training pictures at 35 dB, and unseen ones worse than the mean
# picture does.
#
# Why the byte? A step of one 256th of the range costs less than .01 dB, and it makes the count honest: a float32 has room for two rounded numbers, so that sixteen
# floats can smuggle PCA with 32. Lesson 01 said it: bits, not numbers. Even a byte has room for two numbers of 16 values each, half a decibel above the bar. That code
# breaks when a number arrives four steps off: three decibels lost, where this one loses a quarter. And a decoder that remembers what was encoded has no bottleneck at all.
