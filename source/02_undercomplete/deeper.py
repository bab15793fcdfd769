# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Undercomplete autoencoders, deeper"
#     lesson: 2
#     minutes: 34
#     compute: 32
#     objectives:
#       - Show that two numbers are enough to learn 50 pictures by heart
#       - Predict from the eigenvalues whether a linear autoencoder finds PCA's subspace
#       - Measure what the axes of a code do to a search, and undo it
#       - Tie the decoder to the encoder, and see what that does to the code
#       - Compare from scratch, from PCA and closed form at all code sizes
#       - Detect a network that copies anything
# ---

# %% [markdown]
# Everything here rests on the lesson: PCA as $\hat x = \mu + (x - \mu) V V^\top$, the angle between subspaces, dense networks, and the network that starts as
# PCA. The sections do not need each other.
#
# More clothes, here or in the lesson: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell that loads them gives 58,000 to train on, 2,000 for
# validation and 10,000 for the test (30 MB, downloaded once). Write `from course_lib import own_data` and `own_data(True)` below it, as the claims were measured on
# the subset. Training takes about five times as long.

# %%
from course_lib import above, all_of, below, between, claim, close, datasets, guess, metrics, models, plots
from course_lib import referees, reveal, training
from course_lib.widgets import explore, slider

import keras
import numpy as np

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")  # (n, 784) in [0, 1]
pca = referees.fit_pca(train)  # the lesson's three lines, by the covariance
mean = pca.mean


def copies_of(pictures, autoencoder):
    """A model's reconstructions, clipped to [0, 1] like every answer in this course; (n, 784)."""
    copies = autoencoder.predict(pictures, batch_size=1000, verbose=0)
    return metrics.clip01(copies.reshape(len(pictures), -1))


def error_on(pictures, autoencoder):
    return metrics.mse(pictures.reshape(len(pictures), -1), copies_of(pictures, autoencoder))


# %% [markdown]
# ## Two numbers, fifty pictures
#
# A bottleneck is supposed to force a network to find what pictures have in common. Make it as narrow as can be drawn, two
# numbers, and give the network 50 pictures to learn, with two hidden layers on either side of the code.

# %%
guess(
    "two-numbers",
    "A code of 2 numbers, trained on 50 pictures. How good are its copies of these 50?",
    ["about as bad as PCA with 2 numbers", "about as good as PCA with 8 numbers", "better than PCA with 8 numbers"],
)

# %%
few = train[:50]  # five of each class
training.set_seed(SEED)
_, _, memoriser = models.build_autoencoder(784, (512, 128), 2)
training.fit(memoriser, np.tile(few, (40, 1)), epochs=10, batch_size=20, learning_rate=2e-3)

pca_of_few = referees.fit_pca(few, 8)
rows = {
    "mean of the 50": lambda x: np.broadcast_to(pca_of_few.mean, x.shape),
    "PCA-2 of the 50": pca_of_few.keep(2).reconstruct,
    "PCA-8 of the 50": pca_of_few.reconstruct,
    "network, code of 2": lambda x: copies_of(x, memoriser),
}
scores = {name: [metrics.mse(x, metrics.clip01(copy(x))) for x in (few, validation)] for name, copy in rows.items()}
print("mean squared error on        the 50    unseen pictures")
for name, (seen, unseen) in scores.items():
    print(f"{name:20} {seen:15.4f} {unseen:15.4f}")

# %%
examples = [few[:5], validation[:5]]
made = [copies_of(x, memoriser) for x in examples]
plots.grid(
    [np.concatenate(pair).reshape(-1, 28, 28) for pair in (examples, made)],
    row_labels=["original", "from 2 numbers"],
    column_titles=["trained on"] * 5 + ["unseen"] * 5,
    caption="Left: pictures it was trained on come back from two numbers, most of them recognisably. Right: unseen ones turn into one of the 50.",
)

# %% tags=["hide-input"]
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
# Two real numbers are enough to say *which* of 50 pictures is meant; the weights hold the rest. So the width of the code alone does not stop a network from
# learning by heart. The gap between seen and unseen needs no network at all. Here it is for PCA, computed exactly:
# fitted on 1,000 pictures and on 12,000.

# %%
sizes = [1, 2, 4, 8, 16, 32, 64, 128]
gaps = {}
for count in (1000, 12_000):
    fitted = referees.fit_pca(train[:count])
    gaps[count] = [
        metrics.mse(validation, fitted.keep(k).reconstruct(validation))
        - metrics.mse(train[:count], fitted.keep(k).reconstruct(train[:count]))
        for k in sizes
    ]
plots.curve(
    sizes,
    {f"PCA of {count:,} pictures": values for count, values in gaps.items()},
    xlabel="numbers in the code",
    ylabel="validation MSE − training MSE",
    log_x=True,
    levels={"no gap": 0.0},
    caption="The gap grows with the code, from nothing, and shrinks with the number of pictures. Limited capacity is what keeps it small.",
)

# %%
training.set_seed(SEED)
_, _, large = models.build_autoencoder(784, 256, 128)
training.fit(large, train, epochs=4, batch_size=64, learning_rate=3e-3)
gap = error_on(validation, large) - error_on(train, large)
print(f"the lesson's largest network with all 12,000 pictures: gap {gap:.4f}")

# %% tags=["hide-input"]
claim(
    "PCA's gap grows with the code and is smaller with more pictures",
    all_of(
        above(gaps[1000][-1], gaps[1000][3], times=2, fmt=".4f", names=("128 numbers", "8 numbers")),
        below(gaps[12_000][-1], gaps[1000][-1], times=0.5, fmt=".4f", names=("12,000 pictures", "1,000")),
    ),
)
claim("With 12,000 pictures the largest network has a gap below .001", below(gap, 0.001, fmt=".4f", names=("gap", "")))

# %% [markdown]
# The lesson's largest network had a gap of about .005 with 1,000 pictures. (Below zero in the figure: these validation pictures are a little easier than the training pictures.)
#
# ## Gaps between eigenvalues pin the subspace
#
# In the plane, a turned arrow cost little where the two eigenvalues were alike. The same decides whether a linear autoencoder finds PCA's subspace. Look at each
# eigenvalue over the next one.

# %%
share = pca.explained_variance_ratio
print("component   share of the variance   its eigenvalue over the next one")
for i in (1, 2, 4, 8, 16, 32):
    print(f"{i:9} {share[i - 1]:16.4f} {pca.eigenvalues[i - 1] / pca.eigenvalues[i]:26.2f}")

# %% [markdown]
# The components lead by less and less. Behind the eighth there is a small gap; the 32nd and the 33rd are twins.

# %%


def train_linear(code_size, pictures, centre):
    """A linear autoencoder: its validation error over PCA's, its decoder's rows, and their largest angle to PCA in degrees."""
    training.set_seed(SEED)
    _, decoder, autoencoder = models.linear_autoencoder(784, code_size)
    training.fit(autoencoder, pictures, epochs=15, batch_size=100, learning_rate=2e-3)
    rows = keras.ops.convert_to_numpy(decoder.get_layer("reconstruction").kernel)
    answer = autoencoder.predict(validation - centre, batch_size=1000, verbose=0) + centre
    referee = pca.keep(code_size)
    ratio = metrics.mse(validation, answer) / metrics.mse(validation, referee.reconstruct(validation))
    angle = float(referees.principal_angles(rows, referee.components)[0])
    print(f"code of {code_size:2}: {ratio:.3f} times PCA's error, largest angle {angle:.1f} degrees")
    return ratio, rows, angle


ratio_8, rows_8, angle_8 = train_linear(8, train - mean, mean)
ratio_32, rows_32, angle_32 = train_linear(32, train - mean, mean)

# %% [markdown]
# Both have PCA's loss, give or take half a percent. With 32 numbers the network has another subspace: the last directions carry so nearly the same variance that swapping
# one for another costs next to nothing. **A loss that matches says nothing about the directions, unless the eigenvalues have a gap.**
#
# The rows are mixtures. To get the components out of the span, do PCA inside it.

# %%
basis, _ = np.linalg.qr(rows_8.T.astype("float64"))  # (784, 8), orthonormal columns
inside = (train - mean) @ basis  # (12000, 8), coordinates with the lengths and angles of the data
_, _, rotation = np.linalg.svd(inside, full_matrices=False)
found = rotation @ basis.T  # (8, 784), the axes carried back

components = pca.keep(8).components
unit = rows_8 / np.linalg.norm(rows_8, axis=1, keepdims=True)
as_they_are = np.abs(unit @ components.T).max(axis=1)
turned = np.abs((found * components).sum(axis=1))
print("|cosine| with the nearest component, row by row:         ", np.round(as_they_are, 2))
print("|cosine| with its own component, after PCA inside:       ", np.round(turned, 3))


# %%
def as_pictures(directions):
    return (directions / np.abs(directions).max(axis=1, keepdims=True)).reshape(-1, 28, 28)


plots.grid(
    [as_pictures(unit), as_pictures(found), as_pictures(components)],
    row_labels=["decoder's rows", "PCA inside\ntheir span", "components"],
    cmap="RdBu_r",
    value_range=(-1, 1),
    caption="PCA inside the span brings the components out, in order; a sign may differ.",
)

# %% tags=["hide-input"]
claim(
    "With 32 numbers the error is PCA's to 2 %, the subspace more than 5 degrees off",
    all_of(
        below(ratio_32, 1.02, fmt=".3f", names=("error over PCA's", "")),
        above(angle_32, 5, log=True, unit="degrees", names=("largest angle", "")),
    ),
)
claim(
    "The rows are no principal components; PCA inside their span finds all eight",
    all_of(below(as_they_are.mean(), 0.9, names=("mean row", "")), above(turned.min(), 0.99, names=("worst axis", ""))),
)

# %% [markdown]
# ### Without subtracting the mean
#
# The same linear network on pictures that were not centred. The bias could learn the mean; in the same number of steps it
# does not, because the mean picture is by far the largest direction and every step is spent on it.

# %%
raw_ratio, _, raw_angle = train_linear(8, train, 0.0)
claim(
    "Without centring, the same training leaves the subspace at least three times as far off",
    above(raw_angle, angle_8, times=3, log=True, unit="degrees", names=("raw", "centred")),
)

# %% [markdown]
# ## The axes of the code, in a search
#
# The lesson multiplied a code by an invertible matrix and let the decoder undo it. Copies stayed, neighbours changed. How much worse is a search with such a
# code? Take a piece of clothing, and look for the ten nearest codes among the training pictures. The share that belongs to the same class, averaged over the 2,000 validation
# pictures, is called precision@10 (lesson 08 has more on it). PCA's own code has about three quarters; chance has a tenth.

# %%
guess(
    "remix",
    "The code is multiplied by a random invertible matrix, and the decoder by its inverse. What changes?",
    ["reconstructions and neighbours", "neighbours, not reconstructions", "nothing"],
)

# %% [markdown]
# And is there a distance that no mixing can spoil? *Whitening* turns and scales codes until all directions have variance 1 and none goes with another: the cloud
# becomes round. Whatever the mixing was, the round cloud is the same up to a rotation, and a rotation changes no distance.

# %%


def whitening_of(codes):
    """A matrix that makes the covariance of these codes the identity; codes (n, k) -> (k, k)."""
    values, vectors = np.linalg.eigh(np.cov(codes.T))
    return vectors / np.sqrt(values)  # each column a direction, divided by the spread along it


def precision(gallery, queries):
    """Share of the ten nearest gallery codes with the query's class."""
    return metrics.precision_at_k(gallery, clothes.train_labels, queries, clothes.validation_labels, 10)


referee = pca.keep(32)
gallery, queries = referee.encode(train), referee.encode(validation)  # (12000, 32), (2000, 32)
random = np.random.default_rng(SEED)
mixing = random.standard_normal((32, 32)).astype("float32") @ np.diag(np.geomspace(0.2, 5, 32).astype("float32"))
back = (queries @ mixing) @ np.linalg.inv(mixing)
difference = float(np.abs(referee.decode(back) - referee.decode(queries)).max())

precisions = {}
for name, matrix in (("as PCA gives it", np.eye(32, dtype="float32")), ("remixed", mixing)):
    a, b = gallery @ matrix, queries @ matrix
    white = whitening_of(a)
    precisions[name] = precision(a, b)
    precisions[f"{name}, then whitened"] = precision(a @ white, b @ white)
print(f"largest change of a reconstructed pixel: {difference:.5f}")
for name, value in precisions.items():
    print(f"precision@10, {name:31} {value:.3f}")

# %% tags=["hide-input"]
before, after = precisions["as PCA gives it"], precisions["remixed"]
same_pictures = below(difference, 1e-2, names=("change of a pixel", ""))
spoilt = below(after, before, by=0.01, names=("precision after", "before"))
claim("Remixing leaves every reconstruction as it was, and spoils the neighbours", all_of(same_pictures, spoilt))
whitened = [precisions[f"{name}, then whitened"] for name in ("remixed", "as PCA gives it")]
claim("Whitening undoes any mixing", close(*whitened, 0.003))
reveal(
    "remix",
    {
        "reconstructions and neighbours": all_of(above(difference, 1e-2), spoilt),
        "neighbours, not reconstructions": all_of(same_pictures, spoilt),
        "nothing": all_of(same_pictures, close(after, before, 0.01)),
    },
)

# %% [markdown]
# An autoencoder's code comes with some mixing that the random start chose. Whitening removes it; whether a round cloud is the right one to search in is another question,
# and lesson 08's.
#
# ## One matrix, used twice
#
# PCA needs one matrix: $V$ on the way down, $V^\top$ on the way up. An autoencoder has two. With **tied weights** it has one as well: the decoder is the encoder's matrix, transposed. That saves half of
# the weights. What does it cost, and what does it do to the mixing?
#
# *By hand.* One arrow $w$, of length $L$. A picture that lies one step along it has the code $L$; the copy is $L$ times $w$, which is $L^2$ steps. Two matrices can undo each other: $2w$ down, $\frac{1}{2} w$ up, or
# any such pair. One cannot, and only $L = 1$ copies. Now many arrows, the columns of $W$:
#
# $$ \hat x = f(x W + b)\, W^\top + c $$
#
# Without a bend $f$ the picture is multiplied by $W W^\top$. Whatever this does to a direction of the span, other than leave it alone, is error. It leaves all of them alone if the columns of $W$ have length 1 and right angles,
# which is to say $W^\top W = I$.


# %%
@keras.saving.register_keras_serializable(package="bottleneck")
class Tied(keras.layers.Layer):
    """x (n, d) -> f(x W + b) W' + c: encoder and decoder share one matrix."""

    def __init__(self, units, activation="linear", **options):
        super().__init__(**options)
        self.units, self.bend = units, keras.activations.get(activation)

    def build(self, shape):
        self.w = self.add_weight((shape[-1], self.units), "glorot_uniform", name="w")
        self.b = self.add_weight((self.units,), "zeros", name="b")
        self.c = self.add_weight((shape[-1],), "zeros", name="c")

    def call(self, x):
        return self.bend(x @ self.w + self.b) @ keras.ops.transpose(self.w) + self.c


# %%
guess(
    "tied",
    "A tied linear network is trained to copy, code of 8. Nobody asks for right angles. The largest entry of W'W - I?",
    ["about 1: the start was random", "about .1", "below .01"],
)

# %%
training.set_seed(SEED)
tied = keras.Sequential([keras.Input((784,)), Tied(8)])
training.fit(tied, train - mean, epochs=15, batch_size=100, learning_rate=2e-3)
tied_rows = keras.ops.convert_to_numpy(tied.layers[0].w).T  # (8, 784)
products = {"tied": tied_rows @ tied_rows.T, "two matrices": rows_8 @ rows_8.T}  # (8, 8), lengths and angles
off = {name: np.abs(product - np.eye(8)).max() for name, product in products.items()}
tied_angle = float(referees.principal_angles(tied_rows, pca.keep(8).components)[0])
print(f"tied: largest angle to PCA {tied_angle:.1f} degrees, largest entry of W'W - I {off['tied']:.4f}")
print(f"two matrices, above: decoder's largest entry {off['two matrices']:.2f}")

# %% tags=["hide-input"]
figure, panels = plots.subplots(1, 2, height=2.6)
for panel, (name, product) in zip(panels, products.items(), strict=True):
    panel.imshow(product, cmap="RdBu_r", vmin=-1, vmax=1)
    panel.set(title=name, xticks=[], yticks=[])
plots.show(
    figure,
    "Products of the decoder's eight rows with each other. Tied: length 1 (diagonal), right angles (white). With two matrices: mixtures.",
)
reveal(
    "tied",
    {
        "about 1: the start was random": above(off["tied"], 0.3),
        "about .1": between(off["tied"], 0.01, 0.3),
        "below .01": below(off["tied"], 0.01, log=True, fmt=".4f", names=("largest entry", "")),
    },
)
claim(
    "Tied, it ends in PCA's subspace with right angles, to a degree and to a tenth of what two matrices leave",
    all_of(
        below(tied_angle, 1, log=True, unit="degrees", names=("angle", "")),
        below(off["tied"], off["two matrices"], times=0.1, log=True, fmt=".4f", names=("tied", "two matrices")),
    ),
)

# %% [markdown]
# So a tied linear code is PCA's but for a rotation, and a rotation changes no distance: a search with it is a search with PCA's. (Baldi and Hornik, 1989, show that the loss of a linear network
# has no valley but PCA's.) With a bend there is no such theorem. Hidden layers of 64 and of 256 units, four passes:

# %%
by_width = {}
for units in (64, 256):
    for name in ("tied", "two matrices"):
        training.set_seed(SEED)
        two = [keras.layers.Dense(units, activation="relu"), keras.layers.Dense(784)]
        network = keras.Sequential([keras.Input((784,)), *([Tied(units, "relu")] if name == "tied" else two)])
        training.fit(network, train - mean, epochs=4, batch_size=64, learning_rate=2e-3)
        copies = metrics.clip01(network.predict(validation - mean, batch_size=1000, verbose=0) + mean)
        by_width[name, units] = metrics.mse(validation, copies)
        print(f"{units:3} units, {name:12} {network.count_params():7,} weights, error {by_width[name, units]:.4f}")
exact = metrics.mse(validation, metrics.clip01(referees.fit_pca(train, 256).reconstruct(validation)))
print(f"PCA with 256 numbers: {exact:.4f}")

# %% tags=["hide-input"]
claim(
    "With 256 units and half of the weights, tied has less error after four passes",
    below(by_width["tied", 256], by_width["two matrices", 256], times=0.95, fmt=".4f", names=("tied", "two matrices")),
)

# %% [markdown]
# At 64 units the two are level, to three percent, and at 256 they are level after twelve passes (.0036 each, in a trial). What half of the weights costs is nothing; what it saves is training. PCA with as many numbers is ahead of all of them.
# *When to tie:* when weights are many and pictures or passes few, and when distances between codes shall mean something. Most large networks do not tie; sparse ones (lesson 03) often start so.
#
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

# %% tags=["hide-input"]
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
# ## All code sizes
#
# The table was recorded with three trainings a point and about ten seconds each (`python -m bench.curve_lesson02` makes it again in ten minutes). Here every error is
# divided by PCA's at the same code size: below 1 is better than PCA.

# %%
path = datasets.DATA_FOLDER / "curve_undercomplete.csv"
table = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")
code_sizes = np.unique(table["k"])


def recorded(name):
    """Mean over seeds of one model's validation errors, for each code size."""
    return np.array([table["validation_mse"][(table["model"] == name) & (table["k"] == k)].mean() for k in code_sizes])


shares = {
    "dense, from scratch": "dense",
    "convolutional": "convolutional",
    "network from PCA": "warm_start",
    "PCA + random features": "random_features",
}
plots.curve(
    code_sizes,
    {name: recorded(key) / recorded("pca") for name, key in shares.items()},
    xlabel="numbers in the code",
    ylabel="validation MSE, as share of PCA's",
    log_x=True,
    levels={"PCA": 1.0},
    caption="From scratch wins with a narrow code and loses to PCA itself with a wide one; the closed form is best at 64 and 128.",
)

# %% tags=["hide-input"]
scratch, closed = recorded("dense"), recorded("random_features")
claim(
    "As trained here, dense wins up to 16 numbers, the closed form from 64; at 32 they are within 6 %",
    all_of(
        below(scratch[:4], closed[:4], fmt=".4f"),
        above(scratch[5:], closed[5:], fmt=".4f"),
        close(scratch[4] / closed[4], 1, 0.06, names=("ratio", "")),
    ),
)
widest = recorded("dense")[-1], recorded("convolutional")[-1]
claim(
    "128 numbers of PCA beat 128 of either network",
    below(recorded("pca")[-1], widest, names=("PCA-128", ["dense", "convolutional"])),
)
claim(
    "After ten seconds dense-64 is just below PCA-64, which it was not after six passes",
    between(recorded("dense")[5] / recorded("pca")[5], 0.97, 1, fmt=".3f", name="dense over PCA"),
)

# %% [markdown]
# Random features improve the *decoder*; the code is still PCA's. Where the code is narrow, what matters is which two numbers are kept, and that takes a nonlinear *encoder*, which has
# to be trained. Longer training gets every network further: the table compares what a budget buys, not what a network can do at best. `make bench` measures the same on all
# 60,000 pictures.
#
# ### Train on from the closed form
#
# At 64 numbers, is anything left to learn behind the random features? A network can start there too: its decoder's second path begins as the random features
# with their fitted weights, and then every weight is trained, for one pass.

# %%
referee = pca.keep(64)
codes = referee.encode(train)
features = referees.fit_random_features(codes, train - referee.decode(codes), 2048, ridge=0.03, seed=SEED)
training.set_seed(SEED)
_, _, from_features = models.warm_start_autoencoder(referee, 256, residual=features)
closed = error_on(validation, from_features)
training.fit(from_features, train, epochs=1, batch_size=128, learning_rate=5e-4)
trained = error_on(validation, from_features)
gain = 1 - trained / closed
print(f"closed form {closed:.4f}, after one more pass {trained:.4f}: {gain:+.1%}")

# %% tags=["hide-input"]
claim("One more pass gains nothing and loses less than 4 %", between(gain, -0.04, 0, fmt=".1%", name="gain"))

# %% [markdown]
# The equation had found what a pass of gradient steps can find, and the steps begin by disturbing it. Whether many more passes gain something is another budget, and another question.
#
# ## A network that copies anything
#
# The lesson counted published "codes" of 1,568 numbers for pictures of 784. What does such a network learn? To copy, and copying works for anything. Here is the published
# convolutional network (its layers, no noise), trained for two short passes on clothes. A network that has learned *clothes* should stumble over digits.

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
run = training.fit(copier, train[:3000].reshape(-1, 28, 28, 1), epochs=2, batch_size=64, learning_rate=2e-3)

# %%
digits = datasets.digits().flat("test")
as_maps = [x.reshape(-1, 28, 28, 1) for x in (digits, validation)]
on_digits = {
    "1568 numbers, published": error_on(as_maps[0], copier) / error_on(as_maps[1], copier),
    "64 numbers, PCA": metrics.mse(digits, metrics.clip01(referee.reconstruct(digits)))
    / metrics.mse(validation, metrics.clip01(referee.reconstruct(validation))),
    "64 numbers, network from the closed form": error_on(digits, from_features) / trained,
}
for name, ratio in on_digits.items():
    print(f"{name}: an unseen digit costs {ratio:.1f} times as much as an unseen piece of clothing")

# %% tags=["hide-input"]
plots.grid(
    [digits[:8].reshape(-1, 28, 28), copies_of(as_maps[0][:8], copier).reshape(-1, 28, 28), copies_of(digits[:8], from_features).reshape(-1, 28, 28)],
    row_labels=["original", "1568 numbers,\npublished", "64 numbers,\nnetwork"],
    caption="Trained on clothes alone: what has no bottleneck copies digits as well, what has one draws them from pieces of clothing.",
)  # fmt: skip
published_ratio, *bottleneck_ratios = on_digits.values()
claim(
    "Digits cost the network without a bottleneck less than twice as much as clothes, those with one more",
    all_of(below(published_ratio, 2), above(bottleneck_ratios, 2)),
)

# %% [markdown]
# A denoiser needs no bottleneck (lesson 04), but keras.io first trains this network from clean to clean.
#
# ## Wrap-up
#
# * Two numbers can name 50 pictures, if the weights are many. More pictures close the gap.
# * A linear autoencoder finds PCA's subspace where the eigenvalues have a gap, its axes never, unless you do PCA inside the span.
# * A search depends on the mixing of the code; whitened codes do not. Tied weights leave a rotation only.
# * From scratch, from PCA, closed form: which is best depends on the width of the code.
# * A code as large as the input lets anything through.
#
# ## References
#
# * P. Baldi, K. Hornik: *Neural networks and principal component analysis: learning from examples without local minima*, Neural Networks 2, 1989.
# * E. Plaut: *From principal subspaces to principal components with linear autoencoders*, 2018.
# * D. Kunin, J. Bloom, A. Goeva, C. Seed: *Loss landscapes of regularized linear autoencoders*, ICML 2019.
# * Å. Björck, G. Golub: *Numerical methods for computing angles between linear subspaces*, Mathematics of Computation 27, 1973.
#
# What the lesson rests on, in full:
#
# * K. Pearson: *On lines and planes of closest fit to systems of points in space*, Philosophical Magazine 2, 1901.
# * C. Eckart, G. Young: *The approximation of one matrix by another of lower rank*, Psychometrika 1, 1936.
# * H. Bourlard, Y. Kamp: *Auto-association by multilayer perceptrons and singular value decomposition*, Biological Cybernetics 59, 1988.
# * P. Baldi, K. Hornik: *Neural networks and principal component analysis: learning from examples without local minima*, Neural Networks 2, 1989.
# * A. Hoerl, R. Kennard: *Ridge regression: biased estimation for nonorthogonal problems*, Technometrics 12, 1970.
# * A. Rahimi, B. Recht: *Random features for large-scale kernel machines*, NIPS 2007.
# * H. Zhang, Y. Dauphin, T. Ma: *Fixup initialization: residual learning without normalization*, ICLR 2019 (residual branches that start at zero).
# * F. Chollet: *Building autoencoders in Keras*, Keras blog, 2016; keras.io: *Convolutional autoencoder for image denoising* and *Timeseries anomaly detection using an autoencoder*.
