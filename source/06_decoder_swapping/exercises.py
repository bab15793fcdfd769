# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Decoder swapping: exercises"
#     lesson: 6
# ---

# %% [markdown]
# # 06 · Decoder swapping: exercises
#
# Seven exercises: wire one encoder to two decoders, swap, measure who the code gives away, carry codes from one person
# to another in closed form, and mark what you made. Then a capstone: a whole swap, of two puppets that you have not met. Replace each line that raises `NotImplementedError` by your answer,
# run the cell, then the check below it. `hint(build_swapper)` asks you a question; call it again for more.

# %%
from course_lib import check, datasets, hint, referees

import keras
import numpy as np
from keras import ops

# %% [markdown] tags=["task"]
# ## build_swapper: one encoder, two decoders ★ · 8 minutes · core
#
# Two sets of pictures, of person A and of person B, are trained together: each through the *same* encoder, each back
# through *its own* decoder. One Keras model with two inputs and two outputs does both in every step.
#
# Write `build_swapper(encoder, decoder_a, decoder_b)`. The three arguments are Keras models: the encoder maps
# pictures to codes, the decoders map codes to pictures, all without the batch axis in their `input_shape[1:]`. Return
# one `keras.Model` that takes the list `[pictures of A, pictures of B]` and gives the list
# `[A's pictures by A's decoder, B's pictures by B's decoder]`. Do not copy layers: training the new model must train
# the three that you were given. Do not compile it, and leave it to the caller whether the model trains.
#
# **Success looks like** a model with as many parameters as the three parts together, not four.


# %% tags=["answer"]
def build_swapper(encoder, decoder_a, decoder_b):
    """One model: [pictures of A, pictures of B] -> [A by decoder_a, B by decoder_b], through one encoder."""
    # SOLUTION BEGIN
    of_a = keras.Input(encoder.input_shape[1:], name="person_a")
    of_b = keras.Input(encoder.input_shape[1:], name="person_b")
    return keras.Model([of_a, of_b], [decoder_a(encoder(of_a)), decoder_b(encoder(of_b))])
    # SOLUTION END
    # STUB: raise NotImplementedError("build_swapper: write your answer here")


# %% tags=["check"]
check(build_swapper)

# %% [markdown] tags=["explanation"]
# Calling the same model object twice uses the same weights twice. The gradient of the sum of both losses reaches the
# encoder from both sides, and each decoder from its own side only. That is all the "training on two people" there is.
#
# A copied encoder (`clone_model`) would train two autoencoders that share nothing; their codes would have no reason
# to agree. And one model needs one optimiser: the first published code compiled two models with a shared optimiser
# object, which Keras 3 refuses.

# %% [markdown] tags=["task"]
# ## swap: the other decoder draws ★ · 6 minutes · core
#
# The swap itself is one line: encode a picture of one person, decode with the decoder of the other.
#
# Write `swap(x, encoder, other_decoder)`. `x` is a float32 NumPy array of pictures, shape (n, …); `encoder` and
# `other_decoder` are Keras models. Return the pictures that the other decoder draws from the codes of `x`, as a NumPy
# array of n pictures, not clipped. Use the models as they are for use, not for training.
#
# **Success looks like** another person with the expression of the first: the decoder says who, the code says how.


# %% tags=["answer"]
def swap(x, encoder, other_decoder):
    """The other person in the pose of x: pictures (n, ...) -> pictures (n, ...)."""
    # SOLUTION BEGIN
    return other_decoder.predict(encoder.predict(x, verbose=0), verbose=0)
    # SOLUTION END
    # STUB: raise NotImplementedError("swap: write your answer here")


# %% tags=["check"]
check(swap)

# %% [markdown] tags=["explanation"]
# With the *own* decoder the same line is a reconstruction. Nothing in training ever asked for the swap: no pair of
# pictures in the same pose was seen. It works as far as the code means the same for both people, and the lesson
# measures how far that is.

# %% [markdown] tags=["task"]
# ## pixel_shuffle: channels become pixels ★★ · 15 minutes · core
#
# A decoder has to make pictures larger. Computing `factor²` times as many channels and laying them out as pixels costs
# no weights and leaves no checkerboard.
#
# Write `pixel_shuffle(x, factor)` with `keras.ops`. `x` is a float32 tensor of shape (n, h, w, c · factor²); the result
# has shape (n, h · factor, w · factor, c). The channels come as `factor²` blocks of c: the block number
# `i * factor + j` holds the c channels of the pixel in row `i`, column `j` of each place's factor × factor tile. So, with
# rows, columns and channels counted from 0,
#
# `result[:, h * factor + i, w * factor + j, k]  ==  x[:, h, w, (i * factor + j) * c + k]`
#
# Inside a model the batch size is not known: work without it. The other sizes may be any, and the gradient has to come
# back through your operations.
#
# One place with four numbers `[[[[1, 2, 3, 4]]]]` and `factor = 2` becomes the picture of one channel
# `[[1, 2], [3, 4]]`.
#
# **Success looks like** a larger picture that holds exactly the numbers of the input.


# %% tags=["answer"]
def pixel_shuffle(x, factor):
    """(n, h, w, c factor**2) -> (n, h factor, w factor, c), a tile of factor x factor pixels for each place."""
    # SOLUTION BEGIN
    height, width, channels = x.shape[1:]
    c = channels // factor**2
    tiles = ops.reshape(x, (-1, height, width, factor, factor, c))  # n, h, w, i, j, k
    in_order = ops.transpose(tiles, (0, 1, 3, 2, 4, 5))  # n, h, i, w, j, k
    return ops.reshape(in_order, (-1, height * factor, width * factor, c))
    # SOLUTION END
    # STUB: raise NotImplementedError("pixel_shuffle: write your answer here")


# %% tags=["check"]
check(pixel_shuffle)

# %% [markdown] tags=["explanation"]
# A reshape never moves a number: it reads the array in its order and cuts it anew. Without the transpose, the first
# row of the result is filled with the tiles of the first places one after another. The two axes of a tile have to
# stand behind the axes that they refine: h before i, w before j.
#
# PyTorch's `pixel_shuffle` orders the channels the other way (c first, then i, j). Both work in training, where the
# next convolution learns whatever order there is; loading weights from one into the other does not.

# %% [markdown] tags=["task"]
# ## warp: bend a picture ★★ · 18 minutes · optional
#
# Decoder swapping is trained on bent pictures with straight targets. Bending means to look up each pixel of the result
# somewhere else in the picture.
#
# Write `warp(images, displacement)`. `images` is a float array of shape (n, h, w, c), `displacement` has shape
# (n, h, w, 2), in pixels: first how far *down* (rows), then how far to the *right* (columns). The output pixel at row
# r and column s takes the value of its own picture at the place (r + down, s + right). Between pixels the value is
# **bilinear**: the mean of the four pixels around the place, each weighted by how near it is, first along one axis,
# then along the other. Outside the picture, the nearest edge pixel is repeated. Returns shape (n, h, w, c). Loops over
# the pictures are allowed, as is SciPy.
#
# For the one-channel picture `[[0, 4], [8, 12]]` and the displacement (0.5, 0) everywhere the result is
# `[[4, 8], [8, 12]]`.
#
# **Success looks like** the picture itself for a displacement of 0, and the content moving *up* for one of (1, 0).


# %% tags=["answer"]
def warp(images, displacement):
    """images (n, h, w, c) looked up at p + displacement (n, h, w, 2), bilinear, edges repeated."""
    # SOLUTION BEGIN
    n, height, width, _ = images.shape
    rows = np.clip(np.arange(height)[:, None] + displacement[..., 0], 0, height - 1)  # (n, h, w)
    columns = np.clip(np.arange(width) + displacement[..., 1], 0, width - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]  # shares of the lower and the right pixel
    picture = np.arange(n)[:, None, None]
    upper = images[picture, top, left] * (1 - across) + images[picture, top, right] * across
    lower = images[picture, bottom, left] * (1 - across) + images[picture, bottom, right] * across
    return upper * (1 - down) + lower * down
    # SOLUTION END
    # STUB: raise NotImplementedError("warp: write your answer here")


# %% tags=["check"]
check(warp)

# %% [markdown] tags=["explanation"]
# Looking values up (backward warping) gives every output pixel exactly one value. Pushing each input pixel to a new
# place (forward warping) leaves holes and collisions, and moves the content the other way. Clipping the *place* to the
# picture repeats its edge; `np.roll` and the modulo wrap around and put the chin above the hair.

# %% [markdown] tags=["task"]
# ## identity_leak: does the code know who it is? ★★ · 18 minutes · core
#
# If a code gives away whose picture it comes from, the decoders can rely on it, and a swapped code is one that the
# other decoder has never met. A classifier on the codes measures that.
#
# Write `identity_leak(codes_a, codes_b, seed)`. `codes_a` is (n, k), `codes_b` (m, k), in general with n ≠ m. Draw half
# of A's codes and half of B's codes **at random**, with `seed`; train a **linear** classifier on them (logistic
# regression or a linear discriminant; scikit-learn is at hand); score the other halves; and return the area under the
# ROC curve (AUC) as a float: the probability that a code of B, not seen in training, gets a higher score than a code
# of A, ties counted half. `sklearn.metrics.roc_auc_score(labels, scores)` computes it. The same seed gives the same
# number. The check calls your function about twenty times.
#
# **Success looks like** about .5 for two samples of the same distribution, also when there are almost as many
# features as samples, and close to 1 for two clouds far apart.


# %% tags=["answer"]
def identity_leak(codes_a, codes_b, seed):
    """AUC of a linear classifier that tells codes_a (n, k) from codes_b (m, k), on held-out halves; .5 = no leak."""
    # SOLUTION BEGIN
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import train_test_split

    codes = np.concatenate([codes_a, codes_b])
    is_b = np.repeat([0, 1], [len(codes_a), len(codes_b)])
    train, test, train_is_b, test_is_b = train_test_split(codes, is_b, test_size=0.5, stratify=is_b, random_state=seed)
    classifier = LogisticRegression(max_iter=1000).fit(train, train_is_b)
    return float(roc_auc_score(test_is_b, classifier.decision_function(test)))
    # SOLUTION END
    # STUB: raise NotImplementedError("identity_leak: write your answer here")


# %% tags=["check"]
check(identity_leak)

# %% [markdown] tags=["explanation"]
# On its own training half a classifier with enough features separates anything, also pure noise: only the held-out
# half says something. The AUC does not move with the numbers of A and B; the accuracy of a constant answer does. And
# without shuffling, a video's first half trains and its second half tests: the classifier then measures how the light
# changed.
#
# What the number does *not* say: .5 means that no **linear** rule was found. Shift one cloud onto the other, and every
# linear probe reads .5 by construction, whatever the codes still give away to a network.

# %% [markdown] tags=["task"]
# ## align_codes: carry a code from A to B ★★ · 20 minutes · core
#
# A decoder expects codes like those that it was trained on. The cheapest way to give it such codes is to move A's
# cloud of codes onto B's. Fit a Gaussian to each cloud: means $\mu_A, \mu_B$ and covariances $\Sigma_A, \Sigma_B$. Of all
# maps that carry the first Gaussian to the second, the **optimal-transport map** moves the points least, in mean
# squared distance. It is affine:
#
# $$ T(z) = \mu_B + M (z - \mu_A), \qquad
# M = \Sigma_A^{-1/2} \left( \Sigma_A^{1/2} \, \Sigma_B \, \Sigma_A^{1/2} \right)^{1/2} \Sigma_A^{-1/2} $$
#
# where $\Sigma^{1/2}$ is the **symmetric** root of a covariance: same eigenvectors, roots of the eigenvalues. ($M$ is
# symmetric, so for codes in rows $(z - \mu_A) M$ is the same.)
#
# Write `align_codes(codes, from_codes, to_codes)`. `from_codes` (n, k) and `to_codes` (m, k) are the two clouds, not
# paired, with more codes than numbers in each; k may be 1; `codes` (p, k) are to be moved, and may be others than `from_codes`.
# Return the moved codes, shape (p, k). `np.linalg.eigh` gives eigenvalues and eigenvectors (as columns) of a symmetric
# matrix. Dividing by n or by n − 1 in the covariance are both accepted.
#
# In one dimension, a cloud with mean 1 and deviation 2, and another with mean 10 and deviation 4, send the code 3 to 14.
#
# **Success looks like** `align_codes(from_codes, from_codes, to_codes)` having the mean and the covariance of
# `to_codes`, and a matrix $M$ that is symmetric.


# %% tags=["answer"]
def align_codes(codes, from_codes, to_codes):
    """codes (p, k) moved by the optimal-transport map between the Gaussians fitted to from_codes and to_codes."""

    # SOLUTION BEGIN
    def power(symmetric, exponent):
        values, vectors = np.linalg.eigh(symmetric)
        return (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T

    from_mean, to_mean = from_codes.mean(axis=0), to_codes.mean(axis=0)
    from_cov, to_cov = (np.atleast_2d(np.cov(cloud, rowvar=False)) for cloud in (from_codes, to_codes))
    root, inverse_root = power(from_cov, 0.5), power(from_cov, -0.5)
    matrix = inverse_root @ power(root @ to_cov @ root, 0.5) @ inverse_root
    return to_mean + (codes - from_mean) @ matrix
    # SOLUTION END
    # STUB: raise NotImplementedError("align_codes: write your answer here")


# %% tags=["check"]
check(align_codes)

# %% [markdown] tags=["explanation"]
# Whitening A's codes and colouring them like B's, $\Sigma_B^{1/2} \Sigma_A^{-1/2}$, reaches the same mean and covariance,
# but with a rotation in it: a code that meant "to the left" may arrive as "mouth open". Among all maps with the right
# covariance the transport map is the one without rotation, and so keeps the meaning of the axes as far as second
# moments can. It knows nothing of pairs: if A's pictures look to the left more often than B's, it "corrects" that too.

# %% [markdown] tags=["task"]
# ## mark, is_marked: a signature that cannot be seen ★★★ · 35 minutes · optional
#
# Whoever makes pictures of people should mark them. Write two functions.
#
# `mark(images, key)`: `images` is a float array of shape (n, 48, 48, 3) in [0, 1], `key` a non-negative integer.
# Returns marked pictures of the same shape, in [0, 1]. The mark must not be seen: at least **40 dB** PSNR against the
# originals, over the whole set. The mark of a picture must not depend on the others in the batch.
#
# `is_marked(images, key)`: returns (n,) booleans: whether each picture carries the mark of this `key`. It gets no
# originals. It finds at least 99 % of the marked pictures, also after **rounding to 8 bits** and with **Gaussian noise
# of standard deviation 0.01** added, and pictures may come back in another order or one by one. It says yes to fewer
# than 1 % of unmarked pictures, and of pictures marked with *another* key.
#
# An idea: a faint pattern of random signs, +a and −a, that follows from the key. Unmarked pictures do not correlate
# with it. Pictures are mostly smooth and the pattern is not, so take away a smoothed copy (`scipy.ndimage`) before you
# correlate; and count in standard deviations of what chance would give: for a detail picture d and a pattern p of signs
# that is $\sum p\,d \,/ \sqrt{\sum d^2}$.
#
# **Success looks like** marked and unmarked pictures that look the same to you, and a histogram of your score with two
# separate hills.


# %% tags=["answer"]
def mark(images, key):
    """images (n, 48, 48, 3) in [0, 1] with an invisible mark that follows from the integer key."""
    # SOLUTION BEGIN
    pattern = np.random.default_rng(key).choice([-1.0, 1.0], size=images.shape[1:])
    return np.clip(images + 0.009 * pattern, 0, 1)
    # SOLUTION END
    # STUB: raise NotImplementedError("mark: write your answer here")


def is_marked(images, key):
    """(n,) booleans: which of the images (n, 48, 48, 3) carry the mark of the key."""
    # SOLUTION BEGIN
    from scipy.ndimage import uniform_filter

    pattern = np.random.default_rng(key).choice([-1.0, 1.0], size=images.shape[1:])
    detail = images - uniform_filter(images, size=(1, 3, 3, 1))
    agreement = (detail * pattern).sum(axis=(1, 2, 3)) / (np.sqrt((detail**2).sum(axis=(1, 2, 3))) + 1e-12)
    return agreement > 5
    # SOLUTION END
    # STUB: raise NotImplementedError("is_marked: write your answer here")


# %% tags=["check"]
check(mark, is_marked)

# %% [markdown] tags=["explanation"]
# An amplitude of a costs −20 log₁₀ a decibels: .01 is 40 dB, .009 is 40.9. Under 6912 numbers a faint agreement adds
# up: the score of a marked picture grows with the *root* of the number of pixels, chance stays at 1.
#
# What it does not survive: moving the picture by one pixel, scaling it, a strong JPEG. Whoever has the detector can try
# until it says no. And whoever has some marked pictures can average their detail, find the pattern without the key, and
# put it on honest pictures: one pattern for all pictures is a weakness (the second notebook measures it, and a remedy).
# A mark helps honest people to say what they made; it does not stop anybody else.

# %% [markdown] tags=["task"]
# ## swapper: a face for a stranger ★★★ · 25 minutes · capstone
#
# Two puppets, pictures of each, no pairs. Let B make every face that A makes: build, train and apply a whole swap.
#
# Write `swapper(a, b)`. `a` and `b` are float32 arrays of shape (800, 24, 24, 3), values in [0, 1]: 800 pictures of puppet A and 800 of
# puppet B, each in poses of its own: turn and nod of the head, mouth, smile, light. Your function trains whatever you like and returns a **function** `swap(x)` (or a Keras model): `x` is (n, 24, 24, 3), *other*
# pictures of A, for any n; it returns B in the same poses, (n, 24, 24, 3), in the same units. The same picture gets the same
# answer, alone or among others.
#
# The check draws two new puppets and compares your answer to 300 unseen pictures of A with the true B (PSNR, answers clipped). **The bar:** 0.5 dB above the best
# of three swaps that train nothing:
#
# 1. PCA and transport, with 64 or 128 numbers, whichever is better;
# 2. of the 800 pictures of B, the nearest to what 1 draws;
# 3. of the 800 pictures of B, the nearest to A's picture minus A's mean face plus B's mean face.
#
# And the mouth lives: how far it is open, read off your pictures, has an $R^2$ of at least .3. On one of the check's draws:
#
# | | swap PSNR | mouth $R^2$ |
# |---|---|---|
# | B's mean face | 19.8 | below 0 |
# | 1, PCA and transport | 26.4 | .79 |
# | 2, the picture of B nearest to 1 | 28.2 | .44 |
# | 3, the picture of B nearest to A with the mean faces exchanged | 27.8 | .53 |
# | **wanted** | 28.7 | .30 |
# | the course's own answer | 29.6 | .83 |
#
# `referees.fit_pca` and `referees.fit_transport` may help. To try things out, `datasets.puppets(np.random.default_rng(1))`
# draws a pair with the truth: `.a`, `.b`, `.unseen_a`, `.unseen_b`.
#
# **Success looks like** B, who was never paired with A, with the mouth open as A has it.


# %% tags=["answer"]
def swapper(a, b):
    """Pictures of A and of B (n, ...), never in pairs -> a trained function: pictures of A -> B in the same poses."""
    # SOLUTION BEGIN
    k, shape, together = 64, a.shape[1:], np.concatenate([a, b])
    pca = referees.fit_pca(together.reshape(len(together), -1), k)
    size = np.sqrt(np.square(pca.encode(together.reshape(len(together), -1))).mean())

    def numbers(x):
        return pca.encode(x.reshape(len(x), -1)) / size

    there = referees.fit_transport(numbers(a), numbers(b), ridge=1e-3)
    back = there.inverse()
    meet = [there.halfway(numbers(a)), back.halfway(numbers(b))]  # here both clouds have one mean and one covariance
    half = (np.eye(k) + there.matrix) / 2

    def plus_a_network(start, z):
        hidden = keras.layers.Dense(256, "gelu")(z)
        return keras.layers.Add()([start, keras.layers.Dense(k, kernel_initializer="zeros")(hidden)])

    def way_on(matrix, mean):
        code, linear = keras.Input((k,)), keras.layers.Dense(k)
        decoder = keras.Model(code, plus_a_network(linear(code), code))
        linear.set_weights([matrix, mean])
        return decoder

    given, of_a, of_b = (keras.Input((k,)) for _ in range(3))
    noisy = keras.layers.GaussianNoise(0.7 * float(np.std(meet)))(given)  # the ghosts of a swap are one more noise
    encoder = keras.Model(given, plus_a_network(noisy, noisy))
    to_a, to_b = way_on(np.linalg.inv(half), there.source), way_on(np.linalg.inv(half) @ there.matrix, there.target)
    both = keras.Model([of_a, of_b], [to_a(encoder(of_a)), to_b(encoder(of_b))])
    rate = keras.optimizers.schedules.CosineDecay(8e-3, 60 * len(a) // 64)
    both.compile(keras.optimizers.Adam(rate), ["mse", "mse"])
    both.fit(meet, [numbers(a), numbers(b)], batch_size=64, epochs=60, verbose=0)

    def swap(x):
        code = encoder.predict(there.halfway(numbers(x)), verbose=0)
        drawn = pca.decode(size * to_b.predict(code, verbose=0)).reshape(-1, *shape)
        return np.clip(drawn, 0, 1)

    return swap
    # SOLUTION END
    # STUB: raise NotImplementedError("swapper: write your answer here")


# %% tags=["check"]
check(swapper)

# %% tags=["success"]
from course_lib import head_pose, metrics, plots

rng = np.random.default_rng(1)
pair = datasets.puppets(rng)
onto_b = swapper(pair.a, pair.b)
flat_a, flat_b, asked = (x.reshape(len(x), -1) for x in (pair.a, pair.b, pair.unseen_a))
pca = referees.fit_pca(np.concatenate([flat_a, flat_b]), 64)
to_b = referees.fit_transport(pca.encode(flat_a), pca.encode(flat_b), ridge=1e-3)
carried = pca.decode(to_b.move(pca.encode(asked)))
distance = np.square(flat_b).sum(axis=1) - 2 * carried @ flat_b.T
made = {
    "B's mean face": np.repeat(pair.b.mean(axis=0, keepdims=True), 300, axis=0),
    "PCA and transport": metrics.clip01(carried).reshape(pair.unseen_b.shape),
    "nearest picture of B": pair.b[distance.argmin(axis=1)],
    "yours": onto_b(pair.unseen_a),
}

# %% tags=["success"]
poses = datasets.puppet_poses(1000, rng)
reader = head_pose.fit_pose_reader(pair.draw("b", poses), poses, datasets.PUPPET_POSE)
mouths = [metrics.r_squared(pair.poses, reader.read(x))[2] for x in (*made.values(), pair.unseen_b)]
plots.ladder(
    list(made),
    [metrics.psnr(pair.unseen_b, x) for x in made.values()],
    kinds=["trivial", "referee", "trivial", "network"],
    metric="swap PSNR, 300 unseen pictures",
    unit="dB",
    lower_is_better=False,
    annotations=[f"mouth R² {r:.2f}" for r in mouths[:-1]],
    caption=f"No pair was seen in training. Read off the true pictures, the mouth has R² {mouths[-1]:.2f}.",
)
shown = slice(0, 10)
plots.grid(
    [pair.unseen_a[shown], *(x[shown] for x in made.values()), pair.unseen_b[shown]],
    row_labels=["A, goes in", *made, "B, the truth"],
    size=0.62,
    caption="Ten unseen faces of A, put on B. The transport has ghosts, the nearest picture another mouth. Does yours keep the mouth, and the smile?",
)

# %% [markdown] tags=["explanation"]
# The solution is the lesson's network on half-size pictures. Both clouds meet half-way; from there each decoder starts as the exact way on, so before its first step the swap *is* PCA and
# transport. Then noise on the encoder's input asks each decoder for a clean picture of its own person. The ghosts of a swapped code are one more noise.
#
# Does A help at all, if only B's decoder is asked? Yes: on three draws, trained on both, the swap is .2 to .8 dB better than with B's half of the network alone. The encoder has
# seen codes of A.
#
# The nearest picture is a strong rival here: 800 pictures of five numbers leave one in nearly the same pose. It errs in what is small, the mouth.
# Without a network the bar can be had, too: kernel ridge from noisy half-way codes of B to clean ones. Or a mean: transport and nearest pictures
# err differently, and the mean of the three swaps that train nothing was .5 to 1.7 dB above the best of them on 12 draws, that of the network on 6 of them 1.0 to 2.3. What cannot be had is any help from
# place: the i-th picture of B has nothing to do with the i-th of A.
