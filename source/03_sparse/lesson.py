# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Sparse autoencoders
#     lesson: 3
#     minutes: 41
#     compute: 29
#     summary: "A code with many units of which few are active; atoms, top-k, L1 and KL written out; bits that count which units"
#     prerequisites:
#       - "lesson 02"
#     objectives:
#       - Build a network of which eight units in 512 are active, and read a picture as a sum of atoms
#       - Count active units, find the dead ones and revive them
#       - Compute what an L1 penalty takes from a coefficient, and train with it
#       - Compute the KL divergence of two coins by hand, and train a KL network
#       - Compare sparse codes at equal bits, the choice of units included
#     data: [fashion_mnist]
# ---

# %% [markdown]
# A bottleneck makes the code narrow. A **sparse** code is wide, but for each picture only a few of its numbers differ from 0, and *which* ones depends on the
# picture. So each number can stand for something, a sleeve or a heel, and a picture is described by the few things that are in it.

# %%
from math import comb, log2

from course_lib import above, all_of, below, between, claim, datasets, guess, plots, referees, reveal, training
from course_lib.widgets import explore, slider

import keras
import numpy as np
from keras import ops

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
mean_picture = train.mean(axis=0)
centred, unseen = train - mean_picture, validation - mean_picture  # what the networks of this lesson see


def explained(copies, pictures=validation):
    """Share of the pictures' variance that centred copies keep: 1 is perfect, 0 is the mean picture."""
    copies = np.clip(mean_picture + copies, 0, 1)
    return 1 - np.square(pictures - copies).sum() / np.square(pictures - mean_picture).sum()


# %% [markdown]
# How to take all of Fashion-MNIST: see [deeper](03_sparse_deeper.ipynb).
#
# ## Recall
#
# 1. A code is larger than its input. What may the network do instead of learning clothes?
# 2. A ReLU answers 0 for every sample. Why does it not come back by itself?
# 3. PCA-8 keeps eight numbers of each picture. Which eight?
#
# <details><summary>Answers</summary>
#
# 1. Copy, noise included.
# 2. Its gradient is 0 as well, so nothing changes its weights.
# 3. How far it lies along each of the eight longest directions of the cloud, the same for all.
#
# </details>

# %% [markdown]
# ## Many units, few active
#
# PCA-8 describes trousers and sandals with the same eight directions. But trousers have legs, and sandals have straps. What if each picture chose its own eight
# out of 512?

# %% tags=["hide-input"]
plots.diagram(
    {
        "x": (0, 0, "picture\n784 pixels"), "d": (1, 0, "detectors\n512 answers"), "z": (2, 0, "code: 512\n8 are not 0"),
        "a": (3, 0, "sum of\n8 atoms"), "y": (4, 0, "copy\n784 pixels"),
    },
    [("x", "d", "z", "a", "y")], labels={("d", "z"): "top 8"}, marked=["z"],
    caption="512 numbers, and narrow all the same: only 8 of them are not 0.",
)  # fmt: skip

# %% [markdown]
# A **unit** has two halves. Its detector, in the encoder, says how much of it is in the picture. Its **atom**, in the decoder, is what it draws:
# a copy is a sum of atoms, each times its unit's activation: the detector's answer. All atoms together are a **dictionary**.
#
# Why should few be enough? First a plane. A thousand samples, each an amount of *one* of three atoms, and a little noise.

# %%
three_atoms = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, -1.0]])  # a row each, of length 1

# %% tags=["hide-input"]
random = np.random.default_rng(SEED)
cloud = random.uniform(0.4, 2.4, (1000, 1)) * three_atoms[random.integers(0, 3, 1000)]
cloud += 0.04 * random.standard_normal(cloud.shape)
plane_pca = referees.fit_pca(cloud)
figure, axes = plots.subplots(1, 2, width=6.6, height=3.9, sharex=True, sharey=True)
for axis, title in zip(axes, ("three atoms: one is enough", "PCA: two axes, both needed"), strict=True):
    axis.scatter(*cloud.T, s=4, color="#b0b0b0")
    axis.set(title=title, xlabel="first number", ylabel="second number", aspect="equal", xlim=(-1.1, 2.7))
for number, (atom, spot) in enumerate(zip(three_atoms, [(0.4, -0.4), (-0.55, 0.55), (-0.95, -0.8)], strict=True), 1):
    arrow = {"arrowstyle": "-|>", "lw": 2.5, "color": plots.COLORS["blue"], "shrinkA": 0, "shrinkB": 0}
    axes[0].annotate("", atom, (0, 0), arrowprops=arrow)
    axes[0].text(*spot, f"atom {number}", color=plots.COLORS["blue"], fontweight="bold")
axes[0].plot(1.2, 1.6, "D", color=plots.COLORS["vermillion"], ms=7)
axes[0].text(-0.1, 1.75, "(1.2, 1.6)", color=plots.COLORS["vermillion"], fontweight="bold")
for direction in plane_pca.components:
    axes[1].plot(*(plane_pca.mean + np.outer([-1.2, 1.2], direction)).T, "--", color=plots.COLORS["vermillion"], lw=2.5)
plots.show(
    figure,
    "PCA's first axis follows the longest spread, its second stands across. Three rays, and neither axis lies along one.",
)

# %% [markdown]
# Three atoms in two dimensions: the code is **overcomplete**, it has more numbers than the input (512 for 784 pixels is not). Three directions in a plane cannot all stand at
# right angles, so detectors overhear each other. Take two samples as rows. Each detector looks for its own atom: multiply by it, cut off below 0.

# %% tags=["nbval-check-output"]
samples = np.array([[1.2, 1.6], [0.0, -2.0]])
answers = np.maximum(samples @ three_atoms.T, 0)  # (2 samples, 3 units)
winners = np.where(answers == answers.max(axis=1, keepdims=True), answers, 0)  # the largest of each row
print("answers:       ", *answers, "   drawn:", *(answers @ three_atoms).round(2))
print("winners alone: ", *winners, "   drawn:", *(winners @ three_atoms).round(2))

# %% [markdown]
# The first sample, (1.2, 1.6), is 2 × atom 2. But detector 1, looking for (1, 0), hears 1.2·1 + 1.6·0 = 1.2 of it too, and the sum of both is (2.4, 1.6): wrong. With the winner
# alone the copy is exact. The limit makes the units *decide*, and that works because each sample is made of few atoms.
#
# ## Only the winners pass
#
# Now clothes. In each row the $k$ largest activations pass and all others become 0. That is **top-k**; its heart is three lines.


# %%
class TopK(keras.layers.Layer):
    """Lets the k largest activations of each row pass and sets the others to 0."""

    def __init__(self, k):
        super().__init__()
        self.k = k

    def call(self, activations):  # (n, units), not negative
        largest, _ = ops.top_k(activations, self.k)  # (n, k), from the largest down
        bar = largest[:, -1:]  # (n, 1): what a unit of this row has to reach
        return ops.where(activations >= bar, activations, 0.0)  # in a tie more than k reach it


# %% [markdown]
# The whole network, with $\bar x$ the mean picture, $W$ and $b$ the detectors, and $a_j$ the atom of unit $j$, a row of 784 pixels:
#
# $$z=\mathrm{top}_k\big(\mathrm{relu}((x-\bar{x})W+b)\big),\qquad\hat{x}=\bar{x}+\sum_jz_j\,a_j$$


# %%
def network(inputs, units, sparsity, activation="relu", bias=0.0, unit_norm=True):
    """An encoder, and the autoencoder around it; `sparsity` is a layer between detectors and atoms."""
    picture = keras.Input((inputs,))
    detectors = keras.layers.Dense(units, activation, name="detectors")
    constraint = keras.constraints.UnitNorm(axis=1) if unit_norm else None
    atoms = keras.layers.Dense(inputs, use_bias=False, kernel_constraint=constraint, name="atoms")
    code = sparsity(detectors(picture))
    autoencoder = keras.Model(picture, atoms(code))
    start = ops.convert_to_numpy(keras.random.normal((units, inputs)))
    start /= np.linalg.norm(start, axis=1, keepdims=True)  # random directions of length 1
    atoms.set_weights([start])
    detectors.set_weights([start.T, np.full(units, bias)])  # each unit looks for what it draws
    return keras.Model(picture, code), autoencoder


def summed_squared_error(pictures, copies):
    """(n, d) and (n, d) to (n,): summed over pixels. Keras takes the mean over the batch."""
    return ops.sum(ops.square(pictures - copies), axis=-1)


# %% [markdown]
# New: the decoder has no bias, so a copy is nothing but a sum; atoms keep length 1 (why: below); each detector starts as its atom; the error is *summed* over
# the pixels, not averaged.


# %%
def fit(autoencoder, pictures, epochs, batch_size=128, learning_rate=3e-3):
    """The recipe of this lesson."""
    recipe = {"batch_size": batch_size, "learning_rate": learning_rate, "loss": summed_squared_error}
    training.fit(autoencoder, pictures, epochs=epochs, **recipe)


def encode(encoder, pictures):
    """The codes (n, units) of pictures (n, d)."""
    return encoder.predict(pictures, batch_size=1000, verbose=0)


def atoms_of(autoencoder):
    """What each unit draws: (units, d)."""
    return autoencoder.get_layer("atoms").get_weights()[0]


training.set_seed(SEED)
encoder, autoencoder = network(784, 512, TopK(8))
fit(autoencoder, centred, epochs=4)
codes, atoms = encode(encoder, unseen), atoms_of(autoencoder)
first_try, pca = explained(codes @ atoms), referees.fit_pca(centred)
print("share of the variance of unseen pictures that is kept; 1 is perfect, 0 is the mean picture")
print(f"PCA-8: {explained(pca.keep(8).reconstruct(unseen)):.3f}; 8 of 512 units: {first_try:.3f}")

# %% [markdown]
# One picture: the mean picture plus its eight atoms, loudest first.


# %%
def as_pictures(some):
    """Atoms scaled to [0, 1] for display, grey is 0: (m, 784) -> (m, 28, 28)."""
    return 0.5 + 0.5 * (some / np.abs(some).max(axis=1, keepdims=True)).reshape(-1, 28, 28)


def show_sum(image, active_units):
    """Above, the atoms of one picture; below, what they add up to; at the right, the picture and the sum so far."""
    loudest = np.argsort(-codes[image])[:8]
    sums = np.clip(mean_picture + np.cumsum(codes[image, loudest, None] * atoms[loudest], axis=0), 0, 1)
    now = sums[active_units - 1].copy() if active_units else mean_picture
    parts = as_pictures(atoms[loudest])
    parts[active_units:], sums[active_units:] = 0.9, 0.9  # not used yet
    rows = [[*parts, validation[image].reshape(28, 28)], [*sums.reshape(-1, 28, 28), now.reshape(28, 28)]]
    titles = [f"× {codes[image, u]:.1f}" if i < active_units else "" for i, u in enumerate(loudest)]
    plots.grid(rows, row_labels=["atoms", "sum so far"], column_titles=[*titles, "picture"])


# %%
pullover = int(np.flatnonzero(clothes.validation_labels == 2)[0])
explore(
    show_sum,
    "Each picture is built from its own eight atoms. Bright adds light, dark takes it away.",
    image=slider(0, 99, pullover, label="picture"),
    active_units=slider(0, 8, 8, label="atoms added"),
)

# %% [markdown]
# The pullover is a bright body, minus a hem, plus sleeves. Below, six units, each with unseen pictures in which it is loudest. Labels were never used.

# %%
often = np.argsort(-(codes > 0).sum(axis=0))[[2, 5, 9, 14, 20, 27]]
plots.grid(
    [[*as_pictures(atoms[[u]]), *validation[np.argsort(-codes[:, u])[:7]].reshape(-1, 28, 28)] for u in often],
    row_labels=[f"active in {np.mean(codes[:, u] > 0):.0%}" for u in often],
    column_titles=["atom", *[f"picture {i}" for i in range(1, 8)]],
    caption="The first I cannot name. The others stand for a thing at a place: short sleeves; a sole, where the bag has its edge; straps; a narrow skirt; a missing hem.",
)

# %% [markdown]
# ## Counting active units
#
# How sparse is a code? **L0** is the number of active units in a sample, those whose absolute activation is above a threshold $t$, averaged over the samples:
#
# $$L_0=\frac{1}{n}\sum_i\#\{\,j:|z_{ij}|>t\,\}$$
#
# With exact zeros in the code, $t=0$. The **firing rate** of a unit looks down the columns: the share of samples in which it is active. Two pictures, four units:

# %% tags=["nbval-check-output"]
#                 heel sleeve leg strap
few = np.array([[0.0, 2.0, 0.4, 0.0], [0.0, 1.8, 0.0, 0.0]])  # (2 pictures, 4 units)
print("L0:", (few > 0).sum(axis=1).mean(), " firing rates:", (few > 0).mean(axis=0))
print("halve all activations, double all atoms: L0", (few / 2 > 0).sum(axis=1).mean(), "and the same copies")

# %% [markdown]
# Two units in the first row, one in the second: L0 is 1.5. Heel and strap fire for nobody: each is a **dead unit**. And how *loud* a code is says nothing about how
# sparse it is. For our 512:

# %%
active = encode(encoder, centred) > 0  # on the training pictures
dead_before = int((~active.any(axis=0)).sum())
print(f"L0 {active.sum(axis=1).mean():.2f}; {dead_before} of 512 units never fire")

# %% [markdown]
# Only winners get a gradient: a unit that loses everywhere stays as it is. So let it draw, and look for, what is left over of a badly copied picture. For comparison, a
# twin trains as long without this.


# %%
def revive(encoder, autoencoder, pictures):
    """Give each dead unit the leftover of a picture, likelier the worse its copy; returns how many were dead."""
    detectors, draw = autoencoder.get_layer("detectors"), autoencoder.get_layer("atoms")
    (weights, bias), (atoms,) = detectors.get_weights(), draw.get_weights()
    codes = encode(encoder, pictures)
    dead = np.flatnonzero(~(codes > 0).any(axis=0))
    leftover = pictures - codes @ atoms
    error = np.square(leftover).sum(axis=1).astype("float64")
    chosen = np.random.default_rng(SEED).choice(len(pictures), len(dead), replace=False, p=error / error.sum())
    atoms[dead] = leftover[chosen] / np.sqrt(error[chosen])[:, None]  # length 1
    length = np.linalg.norm(np.delete(weights, dead, axis=1), axis=0).mean()  # of the other detectors
    weights[:, dead], bias[dead] = atoms[dead].T * length, 0
    detectors.set_weights([weights, bias])
    draw.set_weights([atoms])
    return len(dead)


_, twin = network(784, 512, TopK(8))
twin.set_weights(autoencoder.get_weights())
for epochs in (2, 3):
    revive(encoder, autoencoder, centred)
    fit(autoencoder, centred, epochs)
    fit(twin, centred, epochs)
codes, atoms = encode(encoder, unseen), atoms_of(autoencoder)
dead_after = int((~(encode(encoder, centred) > 0).any(axis=0)).sum())
revived, not_revived = explained(codes @ atoms), explained(twin.predict(unseen, batch_size=1000, verbose=0))
print(f"{dead_after} of 512 units never fire; {revived:.3f} of the variance is kept, by the twin {not_revived:.3f}")

# %% tags=["hide-input"]
claim(
    "Reviving leaves less than three quarters as many dead",
    below(dead_after, dead_before, times=0.75, names=("after", "before")),
)
claim(
    "The copies are better than without reviving, at as many epochs",
    above(revived, not_revived, fmt=".3f", names=("revived", "twin")),
)

# %% [markdown]
# ## Atoms that are known
#
# Do atoms mean anything? For clothes nobody knows. So make data of known ones: 64 random atoms in 32 dimensions, each sample a sum of 3 of them in
# amounts from 0.5 to 1.5.

# %%
mixtures = datasets.sparse_mixtures(10_000, n_atoms=64, dim=32, n_active=3, seed=SEED)
guess(
    "known-atoms",
    "64 atoms, but only 32 dimensions. How many can a network find that sees nothing but the sums?",
    ["none", "about half: 32 dimensions hold 32 directions", "nearly all"],
)

# %%
training.set_seed(SEED)
# It is told the true 3. 96 units for 64 atoms: two often settle on one.
mixture_encoder, mixture_network = network(32, 96, TopK(3))
for epochs in (6, 6, 8):
    fit(mixture_network, mixtures.samples, epochs, batch_size=100, learning_rate=5e-3)
    cosines = np.abs(mixtures.atoms @ atoms_of(mixture_network).T)  # (64 true atoms, 96 units); 1 is the same direction
    found = (cosines.max(axis=1) > 0.99).mean()
    n_dead = revive(mixture_encoder, mixture_network, mixtures.samples) if epochs == 6 else 0
    print(f"found {found:.0%} of the 64 atoms; {n_dead} units revived")

# %% tags=["hide-input"]
claim("At least 85 % of the 64 atoms are found (|cosine| above .99)", above(found, 0.85))
reveal(
    "known-atoms",
    {
        "none": below(found, 0.1),
        "about half: 32 dimensions hold 32 directions": between(found, 0.1, 0.85),
        "nearly all": above(found, 0.85),
    },
)

# %% [markdown]
# Nearly all, though the loss mentions no atoms: as with the three rays, only the true ones serve all samples with few units. PCA has 32 components at most. (32 of 96
# units are spare: dead ones are no alarm.) Other methods that find atoms: see [deeper](03_sparse_deeper.ipynb).
#
# ## Count the bits, and which
#
# Eight numbers at 8 bits are 64 bits. But whoever decodes must also know *which* units. Two of four units can be chosen in 6 ways:
# (1,2), (1,3), (1,4), (2,3), (2,4), (3,4). To name one of 6 takes $\log_2{6}=2.6$ bits. In general
# $k$ of $m$ units can be chosen in $\binom{m}{k}$ ways, so
#
# $$\text{bits}=8k+\log_2\binom{m}{k},\qquad\log_2\binom{512}{8}=57.$$
#
# This is the full price, for us and for rivals; a cleverer code would name likely choices in fewer bits. So our code has 64 + 57 = 121 bits, and the fair rival is PCA-16
# with 128: its choice is fixed and costs nothing. A second rival chooses as well: a picture's *own best k* coefficients, 8 of all 784 or 12 of the first 32. Of (5, −1, 3), PCA-2
# keeps (5, −1), the own best 2 are (5, 3).


# %%
def own_best(pictures, k, m):
    """The k largest of each picture's first m PCA coefficients, decoded."""
    coefficients = pca.keep(m).encode(pictures)  # (n, m)
    losers = np.argsort(-np.abs(coefficients), axis=1)[:, k:]
    np.put_along_axis(coefficients, losers, 0, axis=1)
    return pca.keep(m).decode(coefficients)


guess(
    "choose",
    "At about 125 bits: which keeps most of an unseen picture?",
    ["PCA-16", "the own best 8 of 784 PCA coefficients", "8 of 512 learned atoms"],
)

# %%
bits = {"PCA-8": 64, "PCA-16": 128, "own best 8 of 784": 64 + log2(comb(784, 8))}
bits |= {"own best 12 of 32": 96 + log2(comb(32, 12)), "8 of 512 atoms": 64 + log2(comb(512, 8))}
kept = {"PCA-8": explained(own_best(unseen, 8, 8)), "PCA-16": explained(own_best(unseen, 16, 16))}
kept |= {f"own best {k} of {m}": explained(own_best(unseen, k, m)) for k, m in ((8, 784), (12, 32))}
kept["8 of 512 atoms"] = explained(codes @ atoms)
for name, share in kept.items():
    print(f"{name:20} {bits[name]:4.0f} bits keep {share:.3f}")

# %% tags=["hide-input"]
sixteen, own, learned = (kept[name] for name in ("PCA-16", "own best 8 of 784", "8 of 512 atoms"))
claim(
    "At equal bits, choosing 8 of 784 components is worth less than having 16 fixed ones",
    below(own, sixteen, fmt=".3f", names=("own best 8", "PCA-16")),
)
reveal(
    "choose",
    {
        "PCA-16": above(sixteen, max(own, learned)),
        "the own best 8 of 784 PCA coefficients": above(own, max(sixteen, learned)),
        "8 of 512 learned atoms": above(learned, max(sixteen, own)),
    },
)

# %% [markdown]
# At eight *numbers* each choosing wins, .766 against .699. At equal *bits* PCA-16 is ahead of it: of 784 components mostly the first are chosen, so naming them, 126 − 64 = 62 bits, says
# little. Choose from 32 only, and it pays. Learned atoms are chosen from all over the dictionary: their names are worth the 57 bits.
#
# ## A price on activity
#
# Top-k allows eight units, for every picture alike. The older way allows any number and charges for them. The **L1 penalty** is $\lambda$ times the sum of the absolute activations
# of a sample, added to its squared error and averaged over the batch of $n$:
#
# $$\lambda\cdot\frac{1}{n}\sum_i\sum_j|z_{ij}|$$
#
# For our two rows, 2.0 + 0.4 and 1.8, that is $\lambda\cdot(2.4+1.8)/2=2.1\lambda$. What does the price do to *one* activation? Keep all other units fixed, say its best value without a price is 2, and
# λ = 1. Answer $u$ instead. Its atom has length 1, so the copy is $u-2$ off along it, and you pay $(u-2)^2+|u|$, besides an error that no $u$ mends:
#
# |answer $u$|2|1.75|1.5|1.25|1|
# |---|---|---|---|---|---|
# |error $(u-2)^2$|0|.06|.25|.56|1|
# |price|2|1.75|1.5|1.25|1|
# |sum|2|1.81|1.75|1.81|2|
#
# The best answer is 1.5, half of λ less. If the best value is .3, answering .3 costs .3 and answering 0 costs .09, so 0 wins.
#
# ### What L1 takes from every unit
#
# In general, with $v$ for the best value without a price: for $u>0$ the slope of $(u-v)^2+\lambda|u|$ is $2(u-v)+\lambda$, and 0 at $u=v-\lambda/2$. Likewise below 0 (for codes with a sign):
#
# $$u=v-\tfrac{\lambda}{2}\;\text{ if }\;v>\tfrac{\lambda}{2},\qquad u=v+\tfrac{\lambda}{2}\;\text{ if }\;v<-\tfrac{\lambda}{2},\qquad u=0\;\text{ between.}$$
#
# (The exercise minimises half of this: its $z$ is our $v$, its $a$ our $\lambda/2$.)
#
# Small activations become 0, as wanted. But *every* large one pays as well: this is **shrinkage**.

# %%
z = np.linspace(-3, 3, 121)
plots.curve(
    z,
    {"no price": z, "L1, λ = 2": np.sign(z) * np.maximum(np.abs(z) - 1, 0)},
    xlabel="v, the best value without a price",
    ylabel="u, the answer with it",
    markers=False,
    height=2.8,
    caption="Between −1 and 1 the answer is 0. Outside, L1 takes λ/2 = 1, from the largest too.",
)


# %%
class L1Penalty(keras.layers.Layer):
    """Lets a code pass and adds its price to the loss."""

    def __init__(self, strength):
        super().__init__()
        self.strength = strength

    def call(self, code):  # (n, units)
        self.add_loss(self.strength * ops.mean(ops.sum(ops.abs(code), axis=-1)))
        return code


training.set_seed(SEED)
l1_encoder, l1_network = network(784, 512, L1Penalty(1.0))
fit(l1_network, centred, epochs=9)  # as many as the top-k network had
l1_codes = encode(l1_encoder, unseen)
l1_copies = l1_codes @ atoms_of(l1_network)
l1_l0 = (l1_codes > 0).sum(axis=1).mean()
fair = pca.keep(32).reconstruct(unseen)  # keeps about as much and pays no price
lengths = [np.linalg.norm(some, axis=1).mean() for some in (l1_copies, fair, unseen, codes @ atoms)]
length, fair_length = lengths[0] / lengths[2], lengths[1] / lengths[2]
print(f"L0 {l1_l0:.0f}; {explained(l1_copies):.3f} explained; copies {length:.2f} as long as the centred pictures")
print(f"PCA-32: {explained(fair):.3f} explained; copies {fair_length:.2f} as long")
print(f"8 of 512: {revived:.3f} explained; copies {lengths[3] / lengths[2]:.2f} as long")

# %%
shown = [int(np.flatnonzero(clothes.validation_labels == label)[1]) for label in (9, 1, 3, 8)]
pairs = {"picture": unseen[shown], "8 of 512": (codes @ atoms)[shown], "L1": l1_copies[shown]}
plots.grid(
    [(0.5 + 0.9 * p).reshape(-1, 28, 28) for p in pairs.values()],
    row_labels=list(pairs),
    size=0.8,
    caption="Difference from the mean picture, grey is none. L1's copies are paler: see the boot and the bag.",
)

# %% tags=["hide-input"]
claim(
    "At about the same explained share, copies of the L1 network are shorter than those of PCA",
    below(length, fair_length, by=0.05, fmt=".2f", names=("L1", "PCA-32")),
)

# %% [markdown]
# PCA-32 pays no price and is .10 short, by what it cannot say; L1 is .20 short: the other half is shrinkage. λ is a price in units of the *summed* error. With Keras' "mse", a *mean* over 784 pixels, λ = 1 would take 392 from every activation, not ½.
#
# ### Atoms of length one
#
# A price on activations can be evaded. Divide every activation by 10, multiply every atom by 10: $\sum_jz_ja_j$ is the same, at a tenth of the
# price. So each atom is scaled to length 1, after every step; (3, 4) becomes (.6, .8):
#
# $$a_j\leftarrow a_j\,/\,\lVert{a_j}\rVert$$
#
# An atom is a *row* of the decoder's kernel (units, 784), hence `UnitNorm(axis=1)`. The default, axis 0, scales columns, one for each pixel. A row of zeros is left as it is.
#
# ## How different are two coins
#
# The third way fixes how *often* a unit is active. It needs a distance between "how often it should be" and "how often it is".
#
# A coin shows heads with probability ρ; you believe ρ̂. A throw surprises you by −ln of the probability that you gave it: a sure thing by 0, a rare one by much. An expert who knows
# the coin is surprised less on average; the difference is what your belief costs.
#
# By hand, ρ = ½ and ρ̂ = ¼. Heads: you pay −ln ¼, the expert −ln ½, the difference is ln(½/¼) = .69. Tails: ln(½/¾) = −.41, this time you win. Half of the
# throws are heads, so on average ½·.69 − ½·.41 = .14. In general, averaged over what the coin really does:
#
# $$\mathrm{KL}(\rho\,\|\,\hat\rho)=\rho\ln\frac{\rho}{\hat\rho}+(1-\rho)\ln\frac{1-\rho}{1-\hat\rho}$$
#
# This is the **KL divergence** of two coins: heads, then tails, each weighed by the coin that is thrown. It is 0 only if they agree.


# %%
def kl(rho, believed):
    """KL divergence of a coin `rho` from a coin `believed`, natural logarithms."""
    return rho * np.log(rho / believed) + (1 - rho) * np.log((1 - rho) / (1 - believed))


print(f"KL(1/2, 1/4) = {kl(0.5, 0.25):.3f}, the other way round KL(1/4, 1/2) = {kl(0.25, 0.5):.3f}")
believed = np.linspace(0.004, 0.75, 150)
plots.curve(
    believed,
    {"ρ = .05": kl(0.05, believed), "ρ = .2": kl(0.2, believed), "ρ = .5": kl(0.5, believed)},
    xlabel="ρ̂, what is believed or measured",
    ylabel="KL(ρ ‖ ρ̂)",
    markers=False,
    height=3.0,
    caption="0 where ρ̂ = ρ. For ρ = .05 a unit at .2, far too active, costs more than a nearly silent one at .004.",
)

# %% [markdown]
# ### A wanted activity
#
# Now the penalty. Units are sigmoids, between 0 and 1, each a coin: read .3 as "on" three times in ten. The target ρ = .05 is the coin that is thrown, the measured mean the belief (the order matters, as printed); the strength is λ = 3. For unit $j$ take the mean over the batch, $\hat\rho_j$:
#
# $$\hat\rho_j=\frac{1}{n}\sum_iz_{ij},\qquad\lambda\sum_j\mathrm{KL}(\rho\,\|\,\hat\rho_j)=\lambda\sum_j\Big[\rho\ln\frac{\rho}{\hat\rho_j}+(1-\rho)\ln\frac{1-\rho}{1-\hat\rho_j}\Big]$$
#
# First the mean over samples, then KL, then the sum over units. A unit that is fully on for 5 % of the pictures and off for the others has ρ̂ = .05 and pays nothing. An
# untrained sigmoid answers ½ and pays KL(.05 ‖ .5) = .49; so start its bias where it answers .05. And as a sigmoid stays below 1, its atom may have any length: the pullover's × 6.4 needs a long one. That leaves a way out, faint answers and long atoms: watch for it.

# %%
guess(
    "kl-zeros",
    "512 sigmoid units, target .05. How many are above 0 in a trained network, in a picture?",
    ["about 26, a twentieth", "about 100", "all 512"],
)


# %%
class KLPenalty(keras.layers.Layer):
    """Lets a code pass and adds to the loss how far its units' mean activities are from the target."""

    def __init__(self, target, strength):
        super().__init__()
        self.target, self.strength = target, strength

    def call(self, code):  # (n, units), in (0, 1)
        rho, activity = self.target, ops.mean(code, axis=0)  # (units,)
        heads = rho * ops.log(rho / activity)
        tails = (1 - rho) * ops.log((1 - rho) / (1 - activity))
        self.add_loss(self.strength * ops.sum(heads + tails))
        return code


training.set_seed(SEED)
logit = np.log(0.05 / 0.95)  # start at the target, as lesson 01 started at the mean picture
kl_encoder, kl_network = network(784, 512, KLPenalty(0.05, 3.0), "sigmoid", logit, unit_norm=False)
fit(kl_network, centred, epochs=9)
kl_codes = encode(kl_encoder, unseen)
kl_l0 = (kl_codes > 0).sum(axis=1).mean()
cut = np.where(kl_codes > 0.1, kl_codes, 0)  # small ones off
print(f"mean activity {kl_codes.mean():.3f}, above 0: {kl_l0:.0f} units, above .1: {(cut > 0).sum(axis=1).mean():.0f}")
for name, z in (("all units", kl_codes), ("those above .1", cut)):
    print(f"{name} keep {explained(z @ atoms_of(kl_network)):.3f}")

# %%
ranked = {"8 of 512": codes, "L1": l1_codes, "KL": kl_codes}
plots.curve(
    np.arange(1, 513),
    {name: np.sort(z / z.max(axis=1, keepdims=True), axis=1)[:, ::-1].mean(axis=0) for name, z in ranked.items()},
    xlabel="units of a picture, the loudest first",
    ylabel="activation, as share of the loudest",
    log_x=True,
    markers=False,
    height=3.0,
    caption="How many fire, and how loud: eight and no more; with L1 some forty, ever fainter; with KL all 512, most of them far below the loudest (the axis is logarithmic).",
)

# %% tags=["hide-input"]
claim(
    "The KL network is as active as it was told, and no unit is ever at 0",
    all_of(
        between(kl_codes.mean(), 0.045, 0.065, fmt=".3f", name="mean activity"),
        above(kl_l0, 511.5, fmt=".1f", names=("L0", "")),
    ),
)
reveal(
    "kl-zeros",
    {
        "about 26, a twentieth": below(kl_l0, 50),
        "about 100": between(kl_l0, 50, 400),
        "all 512": above(kl_l0, 400),
    },
)

# %% [markdown]
# No sigmoid answers 0. The *mean* is small, as promised, but made of faint answers, and they are used. With them KL keeps the most, .920, but in 512 numbers a picture. The loudest, some 50, keep .838; top-k's eight keep .833.
# Want few units? Ask for few.
#
# ## What goes wrong
#
# **A price on the connections.** `kernel_regularizer=L1(…)` makes *weights* sparse: each detector sees few pixels, and nothing keeps all from answering at once. In the second notebook 454 of 512 units then fire
# in a picture, on average.
#
# ## When it does not train
#
# |you see|look at|likely cause|mend it|
# |---|---|---|---|
# |the error stops early|`(codes.max(axis=0) == 0).sum()`|dead units|revive them halfway|
# |all codes 0, all copies the mean picture|L0|λ too strong: it takes λ/2, more than any activation has|a tenth of λ; is the loss a sum?|
# |L0 is the number of units|`codes.min()`|sigmoid, or no activation: no exact zeros|ReLU or top-k|
# |the price falls, L0 does not|lengths of the atoms|they grow, or are scaled along the wrong axis|`UnitNorm(axis=1)`|
#
# ## On your own data
#
# * $k$: start at 4 and double, until the lead over PCA at equal bits is gone; keep the one with the largest.
# * Units: double them while the lead grows and, after reviving, few are dead.
# * λ: with the summed error start at 1, then go by factors of ten until L0 is near what you want. ρ: the mean activity you want, such as .05, at the smallest λ that holds it. It does not fix how many fire: count them.
#
# ## Results
#
# Now, once, the test pictures. The last rung is new, atoms from the network, the code *searched*: take the atom that fits best, solve for all amounts anew, look at what is left, eight times. That is (*orthogonal*) **matching pursuit**.

# %%
test_codes = encode(encoder, test - mean_picture)
searched = referees.orthogonal_matching_pursuit(test - mean_picture, atoms, 8)
copies = {"mean picture": np.zeros_like(test)}
copies |= {f"PCA-{k}": own_best(test - mean_picture, k, k) for k in (8, 16)}
copies["own best 12 of 32"] = own_best(test - mean_picture, 12, 32)
copies |= {"8 of 512 atoms": test_codes @ atoms, "the atoms, searched": searched @ atoms}
results = {name: explained(copy, test) for name, copy in copies.items()}

# %%
plots.ladder(
    list(results),
    list(results.values()),
    kinds=["trivial", "referee", "referee", "referee", "network", "both"],
    metric="explained share of 2,000 test pictures",
    lower_is_better=False,
    annotations=["0 bits", *(f"{bits[name]:.0f} bits" for name in list(results)[1:-1]), "121 bits"],
    caption="At equal bits learned atoms are ahead of PCA, fixed or choosing. For the network's atoms a search finds better codes.",
)

# %% tags=["hide-input"]
rivals = [name for name in results if "PCA-16" in name or "own best" in name]
claim(
    "On test pictures eight learned atoms keep more than every PCA of about as many bits",
    above(results["8 of 512 atoms"], [results[name] for name in rivals], fmt=".3f", names=("atoms", rivals)),
)

# %% [markdown]
# ## Wrap-up
#
# * A sparse code is wide, with few units active, and each picture chooses its atoms. Count active units and dead ones.
# * Naming the units costs bits. At equal bits learned atoms still beat PCA.
# * Top-k fixes L0. L1 prices activity and shrinks what stays. KL fixes the mean activity and leaves no zeros.
#
# **Where this is used now.** Inside language models, which hold more notions than dimensions, as the plane held three atoms (*superposition*): sparse autoencoders of up to millions of units find directions that can be
# read (Bricken 2023, Gao 2024).
#
# |one glance||
# |---|---|
# |copy|$\hat{x}=\bar{x}+\sum_jz_ja_j$, few $z_j\ne0$, $\lVert{a_j}\rVert=1$|
# |L1|$\lambda\sum_j\lvert{z_j}\rvert$, mean over the batch; takes λ/2 from an active unit, the others fixed|
# |KL|$\lambda\sum_j\mathrm{KL}(\rho\,\Vert\,\hat\rho_j)$, sigmoid units, mean over the batch inside|
# |bits|$8k+\log_2\binom{m}{k}$|
#
# Next: [the exercises](../exercises/03_sparse.ipynb), and their capstone: broken clay.
#
# ## References
#
# * R. Tibshirani: *Regression shrinkage and selection via the lasso*, 1996 (L1).
# * A. Ng: *Sparse autoencoder*, CS294A, 2011 (KL).
# * A. Makhzani, B. Frey: *k-sparse autoencoders*, 2014 (top-k).
# * N. Elhage and others: *Toy models of superposition*, 2022. T. Bricken and others: *Towards monosemanticity*, 2023. L. Gao and others: *Scaling and evaluating sparse autoencoders*, 2024.
