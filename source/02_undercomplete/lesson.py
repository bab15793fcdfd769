# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Undercomplete autoencoders
#     lesson: 2
#     minutes: 50
#     compute: 71
#     summary: "The bottleneck as the constraint; PCA as the exact referee; start from it and learn what it cannot"
#     prerequisites:
#       - "lesson 01"
#       - "principal component analysis, as a word at least"
#     objectives:
#       - Compare the test error of PCA, linear, dense and convolutional autoencoders at equal code size
#       - Show that a linear autoencoder finds the subspace of PCA, and not its axes
#       - Start a network from PCA and measure what that is worth
#       - Detect an overcomplete code, a dead unit and a memorised training set
#     data: [fashion_mnist]
# ---

# %% [markdown]
# In an **undercomplete** autoencoder the code has fewer numbers than the input. The network cannot pass the picture on; it has to
# decide what to keep. This lesson measures what the bottleneck makes it learn, first without any nonlinearity, where the answer is
# known exactly, then with.

# %%
import time

from course_lib import above, all_of, below, between, claim, close, datasets, guess, metrics, models, plots
from course_lib import referees, reveal, training
from course_lib.widgets import explore, slider

import keras
import numpy as np

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]


def error_on(pictures, autoencoder):
    """Mean squared error of a model's reconstructions, clipped to [0, 1] like every answer in this course."""
    copies = autoencoder.predict(pictures, batch_size=1000, verbose=0)
    return metrics.mse(pictures, metrics.clip01(copies.reshape(pictures.shape)))


# %% [markdown]
# More clothes: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell above gives 58,000 to train on, 2,000 for validation and
# 10,000 for the test (30 MB, downloaded once). Write `from course_lib import own_data` and `own_data(True)` below it, as the claims
# were measured on the subset. Training takes about five times as long.
#
# ## Recall
#
# 1. Why is a loss of .0145 no information by itself?
# 2. A code of 32 floats for a picture of 784 bytes: by how much is it smaller?
# 3. Which split may you look at while you choose a learning rate?
#
# <details><summary>Answers</summary>
#
# 1. Nobody knows what a constant answer or a linear map would get. On these clothes the mean picture has .0867, PCA with 32 numbers .0147.
# 2. 6272 bits against 1024: 6.1 times, not 24.5.
# 3. Training and validation. The test split is for the last line of the lesson.
#
# </details>

# %% [markdown]
# ## Is a narrow code enough?
#
# A bottleneck is supposed to force a network to find what pictures have in common. Make it as narrow as can be drawn, two
# numbers, and give the network 50 pictures to learn. Either side of the code has two hidden layers.

# %%
guess(
    "two-numbers",
    "A code of 2 numbers, trained on 50 pictures. How good are its copies of these 50?",
    ["about as bad as PCA with 2 numbers", "about as good as PCA with 8 numbers", "better than PCA with 8 numbers"],
)

# %%
few = train[:50]  # five of each class
_, _, memoriser = models.build_autoencoder(784, (512, 128), 2)
training.fit(memoriser, np.tile(few, (40, 1)), epochs=10, batch_size=20, learning_rate=2e-3)

mean_picture = referees.mean_image(few)
pca_of_few = referees.fit_pca(few, 8)
print("mean squared error on        the 50    unseen pictures")
rows = {
    "mean of the 50": lambda x: np.broadcast_to(mean_picture, x.shape),
    "PCA-2 of the 50": pca_of_few.keep(2).reconstruct,
    "PCA-8 of the 50": pca_of_few.reconstruct,
    "network, code of 2": lambda x: memoriser.predict(x, batch_size=1000, verbose=0),
}
scores = {name: [metrics.mse(x, metrics.clip01(copy(x))) for x in (few, validation)] for name, copy in rows.items()}
for name, (seen, unseen) in scores.items():
    print(f"{name:20} {seen:15.4f} {unseen:15.4f}")

# %%
examples = [few[:5], validation[:5]]
copies = [metrics.clip01(memoriser.predict(x, verbose=0)) for x in examples]
plots.grid(
    [np.concatenate(pair).reshape(-1, 28, 28) for pair in (examples, copies)],
    row_labels=["original", "from 2 numbers"],
    column_titles=["trained on"] * 5 + ["unseen"] * 5,
    caption="Left: pictures it was trained on come back from two numbers, most of them recognisably. Right: unseen ones turn into one of the 50.",
)

# %%
seen, unseen = scores["network, code of 2"]
(pca_2, _), (pca_8, pca_8_unseen) = scores["PCA-2 of the 50"], scores["PCA-8 of the 50"]
claim("Two numbers hold 50 pictures better than PCA-8", below(seen, pca_8, names=("network", "PCA")))
claim("On unseen pictures they are worse than PCA-8", above(unseen, pca_8_unseen, names=("network", "PCA")))
reveal(
    "two-numbers",
    {
        "about as bad as PCA with 2 numbers": close(seen, pca_2, 0.2 * pca_2),
        "about as good as PCA with 8 numbers": close(seen, pca_8, 0.2 * pca_8),
        "better than PCA with 8 numbers": below(seen, pca_8, times=0.8),
    },
)

# %% [markdown]
# Two real numbers are enough to say *which* of 50 pictures is meant; the weights hold the rest. So the width of the code alone does not
# stop a network from memorising. What does is many more pictures than it can learn by heart. Count numbers in the code **and**
# compare training with validation error.

# %% [markdown]
# ## What a linear autoencoder learns
#
# Take all nonlinearity away: $z = W_1 x + b_1$, $\hat x = W_2 z + b_2$, trained on the mean squared error. Among all linear maps
# through $k$ numbers the best one is known since 1936 (Eckart and Young): project on the first $k$ principal components. Training a
# linear autoencoder is a long way to write PCA. Is it really the same?

# %% [markdown]
# ### The principal axes, in three lines
#
# Put the origin at the mean picture. The **first principal axis** is the direction, a vector of 784 numbers with length 1, along which the
# pictures vary most; the second is the best one at right angles to it, and so on. One **singular value decomposition** of the centred pictures
# gives them all: its last factor holds the axes as *rows*, the most important first, and the square of a singular value, divided by the
# number of pictures, is the variance along its axis. A share of that is the variance divided by the sum over all axes.
#
# The **coordinate** of a picture along an axis is the scalar product of the two, counted from the mean; adding up coordinate times axis over the
# first $k$ axes, and the mean again, draws the picture from $k$ numbers. Other routines return the axes as columns, or the smallest first:
# `np.linalg.eigh` does both, `np.linalg.eig` returns them in no order at all.

# %%
some = train[:2000]
_, singular_values, axes = np.linalg.svd(some - some.mean(axis=0), full_matrices=False)
variances = singular_values**2 / len(some)
referee = referees.fit_pca(some)
claim(
    "The three lines give the referee's axes, up to their sign, and its variances",
    np.allclose(np.abs(np.sum(axes[:8] * referee.components[:8], axis=1)), 1, atol=1e-3)
    and np.allclose(variances[:32] / variances.sum(), referee.eigenvalues[:32] / referee.total_variance, rtol=1e-3),
    f"the first axis holds {variances[0] / variances.sum():.0%} of the variance of {len(some)} pictures",
)

# %% [markdown]
# ### Is a linear autoencoder PCA?

# %%
guess(
    "linear-is-pca",
    "A linear autoencoder is trained until its loss is PCA's. What do its weights have in common with PCA's components?",
    ["each row of the decoder is a component", "together they span the same subspace", "nothing"],
)

# %%
pca = referees.fit_pca(train)
share = pca.eigenvalues / pca.total_variance
print("component   share of the variance   its eigenvalue over the next one")
for i in (1, 2, 4, 8, 16, 32):
    print(f"{i:9} {share[i - 1]:16.4f} {pca.eigenvalues[i - 1] / pca.eigenvalues[i]:26.2f}")


# %% [markdown]
# The components lead by less and less. Behind the eighth there is a small gap; the 32nd and the 33rd are twins. Remember this column.
#
# We subtract the mean picture first, as PCA does. (What happens without comes under *What goes wrong*.)

# %%
centre = referees.mean_image(train)


def train_linear(code_size, pictures):
    """A linear autoencoder from random weights: returns it, with the weights of its decoder (code_size, 784)."""
    training.set_seed(SEED)
    encoder, decoder, autoencoder = models.linear_autoencoder(784, code_size)
    training.fit(autoencoder, pictures, epochs=15, batch_size=100, learning_rate=2e-3)
    return encoder, autoencoder, keras.ops.convert_to_numpy(decoder.get_layer("reconstruction").kernel)


def compare_with_pca(code_size, error, weights):
    """Print how far a linear autoencoder is from PCA, in loss and in direction; returns both."""
    referee = pca.keep(code_size)
    ratio = error / metrics.mse(validation, referee.reconstruct(validation))
    angle = float(referees.principal_angles(weights, referee.components)[0])
    print(
        f"code of {code_size:2}: {ratio:.3f} times PCA's error, largest angle between the subspaces {angle:.1f} degrees"
    )
    return ratio, angle


linear_models, ratios, angles = {}, {}, {}
for k in (8, 32):
    linear_models[k] = train_linear(k, train - centre)
    answer = linear_models[k][1].predict(validation - centre, batch_size=1000, verbose=0)
    ratios[k], angles[k] = compare_with_pca(k, metrics.mse(validation - centre, answer), linear_models[k][2])

# %% [markdown]
# Both have PCA's loss, give or take half a percent. With 8 numbers the network also found PCA's subspace. With 32 it did not: the last
# directions carry so nearly the same variance that swapping one for another costs next to nothing. **A loss that matches says nothing about the
# directions, unless the eigenvalues have a gap.**

# %%
weights = linear_models[8][2]  # (8, 784)
rows = weights / np.linalg.norm(weights, axis=1, keepdims=True)
axes = referees.principal_axes_within(weights, train)  # (8, 784), from the span of the decoder alone
components = pca.keep(8).components
as_they_are = np.abs(rows @ components.T).max(axis=1)
turned = np.abs((axes * components).sum(axis=1))
print("|cosine| with the nearest component, decoder row by row:  ", np.round(as_they_are, 2))
print("|cosine| with its own component, after PCA inside the span:", np.round(turned, 3))

# %%


def as_pictures(directions):
    """Directions scaled to [-1, 1] for display: (k, 784) -> (k, 28, 28)."""
    return (directions / np.abs(directions).max(axis=1, keepdims=True)).reshape(-1, 28, 28)


plots.grid(
    [as_pictures(rows), as_pictures(axes), as_pictures(components)],
    row_labels=["decoder's rows", "PCA inside\ntheir span", "components"],
    cmap="RdBu_r",
    value_range=(-1, 1),
    caption="The decoder's rows are mixtures of components; PCA inside their span brings the components out, in order.",
)

# %%
same_span = below(angles[8], 3, unit="degrees", names=("largest angle", ""))
claim("With 8 numbers the linear autoencoder spans PCA's subspace, to 3 degrees", same_span)
claim(
    "With 32 numbers its error is PCA's to 2 %, its subspace more than 10 degrees off",
    all_of(
        below(ratios[32], 1.02, fmt=".3f", names=("error over PCA's", "")),
        above(angles[32], 10, log=True, unit="degrees", names=("largest angle", "")),
    ),
)
best, worst = as_they_are.max(), as_they_are.min()
claim(
    "No row of the decoder is a principal component; PCA inside their span finds all eight",
    all_of(below(best, 0.99, names=("best row", "")), above(turned.min(), 0.99, names=("worst axis", ""))),
)
reveal(
    "linear-is-pca",
    {
        "each row of the decoder is a component": above(worst, 0.99),
        "together they span the same subspace": all_of(same_span, below(worst, 0.99, names=("worst row", ""))),
        "nothing": above(angles[8], 3),
    },
)

# %% [markdown]
# ## The axes of the code
#
# Why are the rows mixtures? Take any invertible matrix $A$, multiply the code by it, and let the decoder undo it:
# $g(A^{-1} A f(x)) = g(f(x))$. The reconstructions do not change, so neither does the loss, and training has no reason to prefer one
# $A$ to another. The axes of a code mean nothing by themselves.
#
# That matters as soon as you *use* the code. Here we search with it: which of the training clothes are nearest to this one? The
# score is **precision@10**, the share of the ten nearest that belong to the same class.

# %%
guess(
    "remix",
    "The code is multiplied by a random invertible matrix, and the decoder by its inverse. What changes?",
    ["reconstructions and neighbours", "neighbours, not reconstructions", "nothing"],
)

# %%
referee = pca.keep(32)
gallery, queries = referee.encode(train), referee.encode(validation)  # (12000, 32), (2000, 32)
random = np.random.default_rng(SEED)
mixing = random.standard_normal((32, 32)).astype("float32") @ np.diag(np.geomspace(0.2, 5, 32).astype("float32"))

remixed = queries @ mixing
back = remixed @ np.linalg.inv(mixing)
difference = float(np.abs(referee.decode(back) - referee.decode(queries)).max())


def precision(gallery, queries):
    """Precision@10 of a search with these codes."""
    return metrics.precision_at_k(gallery, clothes.train_labels, queries, clothes.validation_labels, 10)


def whitened(codes):
    """Codes turned and scaled so that the gallery's covariance is the identity: the same whatever the mixing."""
    values, vectors = np.linalg.eigh(np.cov((gallery @ codes).T))
    return codes @ vectors / np.sqrt(values)


precisions = {
    "as PCA gives it": precision(gallery, queries),
    "remixed": precision(gallery @ mixing, remixed),
    "whitened": precision(gallery @ whitened(np.eye(32)), queries @ whitened(np.eye(32))),
    "remixed, then whitened": precision(gallery @ whitened(mixing), queries @ whitened(mixing)),
}
print(f"largest change of a reconstructed pixel: {difference:.5f}")
for name, value in precisions.items():
    print(f"precision@10, {name:23} {value:.3f}")

# %%
before, after = precisions["as PCA gives it"], precisions["remixed"]
same_pictures = below(difference, 1e-2, names=("change of a pixel", ""))
spoilt = below(after, before, by=0.01, names=("precision after", "before"))
claim("Remixing leaves every reconstruction as it was, and spoils the neighbours", all_of(same_pictures, spoilt))
claim("Whitening undoes any mixing", close(precisions["remixed, then whitened"], precisions["whitened"], 0.003))
reveal(
    "remix",
    {
        "reconstructions and neighbours": all_of(above(difference, 1e-2), spoilt),
        "neighbours, not reconstructions": all_of(same_pictures, spoilt),
        "nothing": all_of(same_pictures, close(after, before, 0.01)),
    },
)

# %% [markdown]
# An autoencoder's code comes with some mixing that the random start chose. Before you measure distances in it, decide what a distance
# should mean. Lesson 08 takes this up.

# %% [markdown]
# ## What depth and convolution buy
#
# Now the nonlinear ones. The table behind this figure holds three trainings for each point and ships with the course
# (`python -m bench.curve_lesson02` makes it again in ten minutes); two of its points are trained here and now, a little more briefly.
#
# * **dense**: a hidden layer of 256 units in each half, as in lesson 01;
# * **convolutional**: two strided convolutions down, and the same up again, with less than a third of the parameters.

# %%
table = np.genfromtxt(
    datasets.DATA_FOLDER / "curve_undercomplete.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
)
code_sizes = np.unique(table["k"])


def recorded(name, field="validation_mse"):
    """Mean over seeds of one model's errors, for each code size."""
    return np.array([table[field][(table["model"] == name) & (table["k"] == k)].mean() for k in code_sizes])


training.set_seed(SEED)
_, _, dense = models.build_autoencoder(784, 256, 64)
dense_run = training.fit(dense, train, epochs=6, batch_size=64, learning_rate=3e-3)
training.set_seed(SEED)
_, _, convolutional = models.build_convolutional_autoencoder((28, 28), (16, 32), 32)
convolutional_run = training.fit(convolutional, train.reshape(-1, 28, 28), epochs=3, batch_size=32, learning_rate=3e-3)
live = {"convolutional": error_on(validation.reshape(-1, 28, 28), convolutional), "dense": error_on(validation, dense)}
pca_curve = {k: metrics.mse(validation, metrics.clip01(pca.keep(k).reconstruct(validation))) for k in code_sizes}
for name, k, run in (("convolutional", 32, convolutional_run), ("dense", 64, dense_run)):
    print(f"{name}, code of {k}: {live[name]:.4f} after {run.seconds:.0f} s; PCA-{k}: {pca_curve[k]:.4f}")

# %%
plots.curve(
    code_sizes,
    {
        "PCA (exact)": list(pca_curve.values()),
        "dense": recorded("dense"),
        "convolutional": recorded("convolutional"),
        "now: convolutional": (np.array([32]), [live["convolutional"]]),
        "now: dense": (np.array([64]), [live["dense"]]),
    },
    xlabel="numbers in the code",
    ylabel="validation MSE per pixel",
    log_x=True,
    log_y=True,
    levels={"mean picture": metrics.mse(validation, np.broadcast_to(centre, validation.shape))},
    caption="Nonlinearity is worth most where the code is narrow. With 64 numbers PCA draws level, with 128 it is far ahead.",
)

# %% [markdown]
# At the left, two numbers of a dense network do better than four of PCA. At the right the lines cross: with 128 numbers a network that was trained for
# ten seconds is far behind an exact answer that took one. That is no law about networks, it is unfinished training, and the next but one section does
# something about it.

# %%
claim(
    "With 32 numbers the convolutional network beats PCA on unseen pictures",
    below(live["convolutional"], pca_curve[32]),
)
claim("With 64 numbers the dense one does not", above(live["dense"], pca_curve[64]))
widest = recorded("dense")[-1], recorded("convolutional")[-1]
claim(
    "Two numbers of the dense network beat four of PCA; 128 of PCA beat 128 of either network",
    all_of(
        below(recorded("dense")[0], pca_curve[4], names=("dense-2", "PCA-4")),
        below(pca_curve[128], widest, names=("PCA-128", ["dense", "convolutional"])),
    ),
)

# %% [markdown]
# ## A map of two numbers
#
# A code of two numbers can be drawn. Each point of this map is a picture that the decoder can make; the labels were not used in
# training, only to name the regions afterwards.

# %%
training.set_seed(SEED)
map_encoder, map_decoder, map_autoencoder = models.build_autoencoder(784, 256, 2)
training.fit(map_autoencoder, train, epochs=4, batch_size=64, learning_rate=3e-3)
places = map_encoder.predict(validation, batch_size=1000, verbose=0)  # (2000, 2)
plots.scatter_map(
    places,
    clothes.validation_labels,
    clothes.class_names,
    clothes.validation,
    caption="Shoes, trousers and tops keep apart; shirts, coats and pullovers share one region, for two numbers cannot tell them apart.",
)

# %% [markdown]
# Move the two numbers and watch the decoder draw. Between two kinds of clothes it draws things that no shop sells; far outside, it makes up
# what it has never been asked. Which places are *meant* is a question for lesson 05.

# %%
low, high = np.quantile(places, [0.02, 0.98], axis=0)
shown = np.random.default_rng(0).choice(len(places), 600, replace=False)


def show_place(first, second):
    """The map with one place marked, as share of its width and height, and what the decoder draws there."""
    place = low + (high - low) * np.array([first, second])
    drawn = metrics.clip01(map_decoder.predict_on_batch(place[None].astype("float32")))
    nearest = np.square(places - place).sum(axis=1).argmin()
    figure, (left, middle, right) = plots.subplots(1, 3, height=3.0, gridspec_kw={"width_ratios": [2, 1, 1]})
    left.scatter(*places[shown].T, s=6, c="0.6")
    left.plot(*place, "X", ms=13, mfc="#D55E00", mec="black")
    left.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="code 1", ylabel="code 2")
    for axis, image, title in ((middle, drawn, "decoded here"), (right, validation[nearest], "nearest real picture")):
        axis.imshow(np.reshape(image, (28, 28)), cmap="gray", vmin=0, vmax=1)
        axis.set(title=title, xticks=[], yticks=[])
    return figure


explore(
    show_place,
    "The decoder draws something everywhere; near real codes it looks like the real picture.",
    first=slider(0.0, 1.0, 0.7, step=0.05, label="code 1"),
    second=slider(0.0, 1.0, 0.4, step=0.05, label="code 2"),
)

# %% [markdown]
# ## Start from the referee
#
# So far every network began with random weights and spent most of its training on rediscovering linear algebra. It need not. Give encoder and
# decoder two paths each: a linear one, set to PCA, and a small nonlinear one whose last layer starts at **zero**. Before the first step
# this network *is* PCA. From there it can only learn what PCA cannot.
#
# One can go a step further without any training. Put 2,048 **random** ReLU features on top of PCA's code, leave them random, and fit only
# their last layer to what PCA has left over. That is linear regression: one system of equations, with a small penalty on large weights (ridge).
#
# We use a code of 64 numbers, where networks had the hardest time above.

# %%
guess(
    "warm-start",
    "Code of 64. Which has the smallest error on unseen pictures?",
    ["PCA", "a dense network, trained for 6 epochs", "PCA plus random features, not trained at all"],
)

# %%
started = time.perf_counter()
referee = referees.fit_pca(train, 64)
seconds = {"PCA": time.perf_counter() - started}
answers = {"PCA": referee.reconstruct}

codes = referee.encode(train)  # (12000, 64)
leftover = train - referee.decode(codes)  # what PCA cannot say, (12000, 784)
features = referees.fit_random_features(codes, leftover, 2048, ridge=0.03, seed=SEED)
answers["PCA + random features"] = lambda x: referee.reconstruct(x) + features.predict(referee.encode(x))
seconds["PCA + random features"] = time.perf_counter() - started


# %%
def train_and_time(name, autoencoder, **recipe):
    """Train one network with a code of 64 and note what it cost."""
    run = training.fit(autoencoder, train, **recipe)
    seconds[name] = run.seconds
    answers[name] = lambda x: autoencoder.predict(x, batch_size=1000, verbose=0)


answers["dense, from scratch"] = lambda x: dense.predict(x, batch_size=1000, verbose=0)  # trained above
seconds["dense, from scratch"] = dense_run.seconds

training.set_seed(SEED)
_, _, from_pca = models.warm_start_autoencoder(referee, 256)
_, _, from_features = models.warm_start_autoencoder(referee, 256, residual=features)
before = error_on(validation, from_pca)
train_and_time("network from PCA", from_pca, epochs=3, batch_size=64, learning_rate=1e-3)
train_and_time("network from PCA + features", from_features, epochs=1, batch_size=128, learning_rate=5e-4)

errors = {name: metrics.mse(validation, metrics.clip01(answer(validation))) for name, answer in answers.items()}
print(f"network from PCA, before its first step: {before:.4f}")
for name, value in errors.items():
    print(f"{name:30} {value:.4f} after {seconds[name]:4.1f} s")

# %%
scratch, from_referee, closed = (
    errors[name] for name in ("dense, from scratch", "network from PCA", "PCA + random features")
)
claim("Before its first step the network from PCA has exactly PCA's error", close(before, errors["PCA"], 1e-5))
claim("From there, three passes get further than six from scratch", below(from_referee, scratch))
claim(
    "Random features on top of PCA, solved in closed form, beat both",
    below(closed, [from_referee, scratch], names=("features", ["from PCA", "from scratch"])),
)
gain = 1 - errors["network from PCA + features"] / closed
claim("Training on from the closed form gains nothing and loses less than 4 %", between(gain, -0.04, 0, fmt=".1%"))
asked = {
    "PCA": errors["PCA"],
    "a dense network, trained for 6 epochs": scratch,
    "PCA plus random features, not trained at all": closed,
}
reveal("warm-start", {a: below(asked[a], [asked[b] for b in asked if b != a]) for a in asked})

# %% [markdown]
# Nobody trained the random features, and the dense network had six passes over the pictures. It spent them on finding what PCA knows. The
# network from PCA started there and got further in three. And at this code size there was little left to learn that a system of equations
# could not find: one more pass of training gains nothing, it even loses about a percent. **Compute what has a closed form; train the rest**, and measure how much rest there is.
#
# It is not always so little. Random features improve the *decoder*; the code is still PCA's. Where the code is narrow, what matters is which
# two numbers are kept, and that takes a nonlinear *encoder*, which has to be trained. The recorded table has all code sizes.

# %%
plots.curve(
    code_sizes,
    {
        name: recorded(key) / recorded("pca")
        for name, key in (
            ("dense, from scratch", "dense"),
            ("from PCA", "warm_start"),
            ("PCA + random features", "random_features"),
        )
    },
    xlabel="numbers in the code",
    ylabel="validation MSE, as share of PCA's",
    log_x=True,
    levels={"PCA": 1.0},
    caption="From scratch wins with a narrow code and loses to PCA itself with a wide one; the closed form is best at 64 and 128.",
)
scratch, closed = recorded("dense"), recorded("random_features")
claim(
    "As trained here, dense wins up to 16 numbers, the closed form from 64; at 32 they are within 6 %",
    all_of(
        below(scratch[:4], closed[:4], fmt=".4f"),
        above(scratch[5:], closed[5:], fmt=".4f"),
        close(scratch[4] / closed[4], 1, 0.06, names=("ratio", "")),
    ),
)

# %% [markdown]
# Every network in the table had about ten seconds, and longer training gets it further: the table compares what a budget buys, not what a
# network can do at best. The thread of this course starts here: in later lessons a denoiser starts from the best linear filter, and a recommender from a linear model.
# `make bench` measures the same on all 60,000 pictures, against the recipe that most tutorials use.
#
# ## What goes wrong
#
# **"It compresses" into a code that is larger than the picture.** Three official examples call a network an autoencoder with a bottleneck whose
# code, all axes multiplied, holds more numbers than its input.

# %%
# NBVAL_CHECK_OUTPUT
published = {
    "Keras blog and keras.io, convolutional denoiser": ((28, 28, 1), (7, 7, 32)),
    "keras.io, time-series anomaly detection": ((288, 1), (72, 16)),
    "this lesson, convolutional": ((28, 28), (32,)),
}
for name, (picture, code) in published.items():
    numbers = [int(np.prod(shape)) for shape in (picture, code)]
    verdict = "a bottleneck" if numbers[1] < numbers[0] else "NO bottleneck"
    print(f"{name}: {numbers[0]} numbers in, {numbers[1]} in the code: {verdict}")

# %% [markdown]
# What does a code without a bottleneck learn? To copy, and copying works for anything. Here is the published convolutional network (its
# layers, no noise), trained for two short passes on clothes. A network that has learned *clothes* should stumble over digits.

# %%
training.set_seed(SEED)
copier = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2, padding="same"),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2, padding="same"),  # the "code": 7 x 7 x 32
        keras.layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
    ]
)
training.fit(copier, train[:3000].reshape(-1, 28, 28, 1), epochs=2, batch_size=64, learning_rate=2e-3)
digits = datasets.digits().flat("test")
on_digits = {
    "1568 numbers, published": error_on(digits.reshape(-1, 28, 28, 1), copier)
    / error_on(validation.reshape(-1, 28, 28, 1), copier),
    "64 numbers, PCA": metrics.mse(digits, metrics.clip01(referee.reconstruct(digits))) / errors["PCA"],
    "64 numbers, network from PCA + features": error_on(digits, from_features) / errors["network from PCA + features"],
}
for name, ratio in on_digits.items():
    print(f"{name}: an unseen digit costs {ratio:.1f} times as much as an unseen piece of clothing")

# %%
published_ratio, *bottleneck_ratios = on_digits.values()
claim(
    "Digits cost the overcomplete network less than twice as much as clothes, a real bottleneck more",
    all_of(below(published_ratio, 2), above(bottleneck_ratios, 2)),
)

# %% [markdown]
# **"The weights are the principal components."** You saw above that they are not: they span the same subspace, if the eigenvalues have a gap.
# The remedy is PCA *inside* the decoder's span. Take an orthonormal basis of its rows (a QR decomposition gives one), write the centred pictures
# in coordinates along that basis, find the principal axes of these coordinates, and carry them back through the basis.
#
# **Forgetting the mean.** The same linear network on pictures that were not centred. The bias could learn the mean; in the same number of steps it
# does not, because the mean picture is by far the largest direction and every step is spent on it.

# %%
_, raw_autoencoder, raw_weights = train_linear(8, train)
raw_ratio, raw_angle = compare_with_pca(
    8, metrics.mse(validation, raw_autoencoder.predict(validation, batch_size=1000, verbose=0)), raw_weights
)
claim(
    "Without centring, the same training leaves the subspace at least three times as far off",
    above(raw_angle, angles[8], times=3, log=True, unit="degrees", names=("raw", "centred")),
)

# %% [markdown]
# ## When it does not train
#
# The recipe of most tutorials has a ReLU on the code. A ReLU unit that is pushed below zero for every picture answers 0, has no gradient, and
# never comes back: it is **dead**. You paid for 64 numbers; how many did you get?

# %%
examples = []
for learning_rate in (1e-3, 1e-2):
    training.set_seed(SEED)
    relu_code = keras.layers.Dense(64, "relu")
    relu_network = keras.Sequential([keras.Input((784,)), relu_code, keras.layers.Dense(784, "sigmoid")])
    training.fit(relu_network, train, epochs=3, batch_size=32, learning_rate=learning_rate, schedule=None)
    active = keras.Model(relu_network.inputs, relu_code.output).predict(validation, batch_size=1000, verbose=0)
    dead = int((active.max(axis=0) == 0).sum())
    examples.append((dead, error_on(validation, relu_network)))
    print(f"learning rate {learning_rate}: {dead} of 64 units never fire, validation error {examples[-1][1]:.4f}")
few_dead, many_dead = examples[0][0], examples[1][0]
claim("Ten times the learning rate kills at least eight more of 64 ReLU units", above(many_dead, few_dead, by=7.5))

# %% [markdown]
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | the loss stops early, the code seems narrower than you made it | `(codes.max(axis=0) == 0).sum()` | dead ReLU units | no activation on the code, or a smaller learning rate |
# | a linear network stays above PCA's loss | `pictures.mean(axis=0)` | pictures not centred, or too few steps | subtract the training mean; train longer |
# | all copies are the mean picture | `codes.std(axis=0)` | the code collapsed to one point | a smaller learning rate; linear output or sigmoid, not ReLU |
# | training error far below validation error | the number of pictures | memorised | more pictures; a narrower code does not help |
# | everything reconstructs well, also noise | numbers in the code, all axes | overcomplete | a real bottleneck, noise (lesson 04) or sparsity (lesson 03) |
#
# ## Results
#
# Now, once, the test pictures. All rungs have a code of 64 numbers.

# %%
test_errors = {name: metrics.mse(test, metrics.clip01(answer(test))) for name, answer in answers.items()}
mean_error = metrics.mse(test, np.broadcast_to(centre, test.shape))
names = [
    "mean picture",
    "PCA",
    "dense, from scratch",
    "network from PCA",
    "PCA + random features",
    "network from PCA + features",
]
values = [mean_error if name == "mean picture" else test_errors[name] for name in names]
kinds = ["trivial", "referee", "network", "network", "referee", "network"]
plots.ladder(
    names,
    [metrics.psnr_from_mse(value) for value in values],
    kinds=kinds,
    metric="PSNR on 2,000 test pictures",
    unit="dB",
    lower_is_better=False,
    annotations=[""]
    + [f"MSE {value:.4f}, {seconds[name]:.0f} s" for name, value in zip(names[1:], values[1:], strict=True)],
    caption="Code of 64. PCA gives nine of the ten decibels above the mean picture; the tenth, too, has a closed form.",
)

# %%
rivals = [test_errors["PCA"], test_errors["dense, from scratch"]]
claim(
    "On test pictures, starting from the referees saves a tenth against PCA and against scratch",
    below(test_errors["network from PCA + features"], rivals, times=0.9, names=("", ["PCA", "from scratch"])),
)

# %% [markdown]
# ## Wrap-up
#
# * An undercomplete code has fewer numbers than the input, *all axes counted*. That alone does not stop memorising; pictures do.
# * A linear autoencoder reaches PCA's loss. It finds PCA's subspace where the eigenvalues have a gap, and its axes never, unless you ask for them.
# * Any invertible mixing of the code gives the same reconstructions. Whiten before you measure distances.
# * Nonlinearity is worth most where the code is narrow, and there it is the encoder that has to be nonlinear.
# * Start from the referee: PCA, then random features in closed form, then training. With 64 numbers the equations did nearly all of it.
#
# | one glance | |
# |---|---|
# | best linear map through $k$ numbers | PCA: $\hat x = \mu + V_k^\top V_k (x - \mu)$, rows of $V_k$ orthonormal |
# | its training error | the sum of the eigenvalues left out, divided by $d$ |
# | linear autoencoder | same span; PCA inside the span gives the axes |
# | remixed code | $z A$ with decoder $A^{-1} W_2$ |
# | warm start | linear path = PCA, last nonlinear layer = 0 |
#
# Next: [the exercises](../exercises/02_undercomplete.ipynb).
#
# ## References
#
# * C. Eckart, G. Young: *The approximation of one matrix by another of lower rank*, Psychometrika 1, 1936.
# * H. Bourlard, Y. Kamp: *Auto-association by multilayer perceptrons and singular value decomposition*, Biological Cybernetics 59, 1988.
# * P. Baldi, K. Hornik: *Neural networks and principal component analysis: learning from examples without local minima*, Neural Networks 2, 1989.
# * E. Plaut: *From principal subspaces to principal components with linear autoencoders*, 2018.
# * D. Kunin, J. Bloom, A. Goeva, C. Seed: *Loss landscapes of regularized linear autoencoders*, ICML 2019.
# * A. Rahimi, B. Recht: *Random features for large-scale kernel machines*, NIPS 2007.
# * H. Zhang, Y. Dauphin, T. Ma: *Fixup initialization: residual learning without normalization*, ICLR 2019 (zero-initialised residual branches).
# * The examples named under *What goes wrong*: F. Chollet, *Building autoencoders in Keras*, Keras blog, 2016; keras.io, *Convolutional autoencoder for image denoising* and *Timeseries anomaly detection using an autoencoder*.
