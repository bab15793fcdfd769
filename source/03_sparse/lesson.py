# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Sparse autoencoders
#     lesson: 3
#     minutes: 60
#     compute: 56
#     summary: "A code larger than the input with few units active; find a dictionary whose atoms are known; count units, not loudness"
#     prerequisites:
#       - "lesson 02"
#     objectives:
#       - Count the active units of a code, and tell few active units from small activations
#       - Train a code larger than its input with a top-k layer, and compare it with an L1 and a KL penalty
#       - Find the atoms of data whose dictionary is known, count the dead units and revive them
#       - Compare a sparse network with each picture's own best PCA coefficients and with a fitted dictionary
#       - Measure how a small change of the picture changes which units fire
#     data: [fashion_mnist]
# ---

# %% [markdown]
# A bottleneck keeps a network from copying by making the code narrow. A **sparse** autoencoder does it another way: its code may be larger
# than the input, but for each picture only a few of its units may be active, and *which* ones depends on the picture. So each unit can
# stand for something, a sleeve or a heel, and a picture is described by the few things that are in it.

# %%
import time

from course_lib import claim, datasets, guess, layers, losses, metrics, models, plots, referees, reveal, training
from course_lib.widgets import explore, slider

import keras
import numpy as np
from sklearn.cluster import KMeans

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
mean_picture = referees.mean_image(train)
centred, unseen = train - mean_picture, validation - mean_picture  # what the networks of this lesson see


def explained(pictures, copies):
    """Share of the variance of centred pictures that their copies keep; 1 is perfect, 0 is the mean picture."""
    return metrics.explained_variance(
        pictures + mean_picture, metrics.clip01((copies + mean_picture).astype("float32")), mean_picture
    )


def encode(encoder, pictures):
    """The codes (n, units) of pictures (n, 784)."""
    return encoder.predict(pictures, batch_size=1000, verbose=0)


def atoms_of(decoder):
    """The decoder's rows (units, 784): what each unit adds to a copy."""
    return decoder.get_layer("atoms").get_weights()[0]


# %% [markdown]
# More clothes: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell above gives 58,000 to train on, 2,000 for validation and
# 10,000 for the test (30 MB, downloaded once). Write `from course_lib import own_data` and `own_data(True)` below it, as the claims
# were measured on the subset. Training takes about five times as long.
#
# ## Recall
#
# 1. A network whose code has more numbers than its input: what can it learn without learning anything about clothes?
# 2. What is a dead unit, and why does it not come back by itself?
# 3. A network was started "from PCA". What is its error before the first step, and what is left to learn?
#
# <details><summary>Answers</summary>
#
# 1. To copy. Copying works for everything, digits and noise included.
# 2. A unit that answers 0 for every sample. Where a ReLU answers 0 its gradient is 0 as well, so nothing changes its weights.
# 3. PCA's error. It has to learn only what a linear map cannot do.
#
# </details>

# %% [markdown]
# ## A code larger than the input
#
# Here is the network of this lesson. The encoder is one layer of **detectors**. The decoder is one layer without bias, so a copy is a sum:
#
# $$\hat x = \bar x + \sum_j z_j\, a_j, \qquad z = \mathrm{sparse}(\mathrm{relu}(W x + b)) \ge 0$$
#
# The rows $a_j \in \mathbb{R}^{784}$ of the decoder's weights are called **atoms**, and all of them together a **dictionary**. Each atom is kept at
# length 1. Between the two halves stands a layer that makes the code sparse. `TopK(8)` lets the eight largest activations of each
# picture through and sets all others to 0.


# %%
def network(units, sparsity):
    """An autoencoder with one wide hidden layer; models.build_sparse_autoencoder does the same, and a little more."""
    picture = keras.Input((784,))
    detectors = keras.layers.Dense(units, "relu", name="detectors")
    atoms = keras.layers.Dense(784, use_bias=False, kernel_constraint=keras.constraints.UnitNorm(axis=1), name="atoms")
    code = detectors(picture) if sparsity is None else sparsity(detectors(picture))
    autoencoder = keras.Model(picture, atoms(code))
    start = np.random.default_rng(SEED).standard_normal((units, 784))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    atoms.set_weights([start])
    detectors.set_weights([start.T, np.zeros(units)])  # each unit looks for what it draws
    return keras.Model(picture, code), autoencoder


# %% [markdown]
# We give it 1,024 units for pictures of 784 pixels, and only 500 pictures to learn. Nothing is narrow here.

# %%
guess(
    "wide-code",
    "1,024 units, 500 pictures. What does a limit of 8 active units change?",
    [
        "training error is nearer to validation error, and both are larger",
        "validation error gets smaller",
        "nothing: 1,024 units are 1,024 units",
    ],
)

# %%
few = centred[:500]
few_pca = referees.fit_pca(few)
copies = {
    "mean picture": lambda x: np.zeros_like(x),
    "PCA-8 of the 500": few_pca.keep(8).reconstruct,
    "their own best 8 of PCA": lambda x: few_pca.decode(referees.best_coefficients(few_pca, x, 8)),
}
active = {"mean picture": 0, "PCA-8 of the 500": 8, "their own best 8 of PCA": 8}
for name, sparsity in (("1,024 units", None), ("1,024 units, 8 active", layers.TopK(8))):
    training.set_seed(SEED)
    wide_encoder, wide = network(1024, sparsity)
    training.fit(
        wide, few, epochs=20, batch_size=50, learning_rate=1e-3, loss=losses.summed_squared_error, description=name
    )
    copies[name] = lambda x, model=wide: model.predict(x, batch_size=1000, verbose=0)
    active[name] = metrics.l0(encode(wide_encoder, unseen))

errors = {}
print("mean squared error on         the 500   unseen   ratio   active units")
for name, copy in copies.items():
    errors[name] = [
        metrics.mse(metrics.clip01(x + mean_picture), metrics.clip01((copy(x) + mean_picture).astype("float32")))
        for x in (few, unseen)
    ]
    seen_error, unseen_error = errors[name]
    print(f"{name:25} {seen_error:10.4f} {unseen_error:8.4f} {unseen_error / seen_error:7.2f} {active[name]:12.0f}")

# %%
plain, sparse = (errors[name] for name in ("1,024 units", "1,024 units, 8 active"))
claim(
    "With 8 of 1,024 units active, unseen pictures cost less than twice what the known ones cost; without a limit, more than twice",
    sparse[1] / sparse[0] < 2 < plain[1] / plain[0],
    f"{sparse[1] / sparse[0]:.2f} times, and {plain[1] / plain[0]:.2f} times without",
    margin=min(2 - sparse[1] / sparse[0], plain[1] / plain[0] - 2),
)
claim(
    "The price: on unseen pictures the sparse code is at least twice as bad",
    sparse[1] > 2 * plain[1],
    f"{sparse[1]:.4f} and {plain[1]:.4f}",
    margin=sparse[1] / plain[1] - 2,
)
reveal("wide-code", "training error is nearer to validation error, and both are larger")

# %% [markdown]
# Sparsity keeps training and validation error together. It does not make the validation error small, and here eight of 1,024 units do little
# better than eight principal components. The wide code without a limit copies well because it *can* copy: half of its units are active at a time. What you
# get for the price is a code that can be read. That takes more than 500 pictures, and first of all a way to count.

# %% [markdown]
# ## Three ways to keep a code sparse
#
# * **L1 penalty**: add $\lambda \sum_j |z_j|$, averaged over the batch, to the squared error. Every activation costs, so most stay at exactly 0.
# * **KL penalty**: sigmoid units $z_j \in (0, 1)$, a wanted mean activity $\rho$, and $\sum_j \mathrm{KL}(\rho \,\|\, \hat\rho_j)$ with $\hat\rho_j$ the unit's mean over the batch.
# * **top-k**: no penalty. In each sample the $k$ largest pass.
#
# Here they are on one code, the same numbers three times.

# %%
# NBVAL_CHECK_OUTPUT
code = np.array([[0.1, 2.0, 0.4, 0.0], [0.0, 1.8, 0.3, 0.2]], dtype="float32")  # (2 samples, 4 units)
probability = 1 / (1 + np.exp(-code))
winners = keras.ops.convert_to_numpy(layers.TopK(2)(code))
print("top-2 of each row: ", *winners)
print(f"L1 penalty, strength 0.5: {float(losses.l1_penalty(keras.ops.convert_to_tensor(code), 0.5)):.2f}")
print(f"KL penalty, target 0.05:  {float(losses.kl_sparsity(keras.ops.convert_to_tensor(probability), 0.05)):.2f} nats")

# %% [markdown]
# Look at the sigmoid: a unit that knows nothing answers 0.5, and none ever answers 0. What the KL penalty makes small is the *mean activity*. The
# other two make exact zeros.
#
# ## Counting active units
#
# **L0** is the number of active units in a sample: those whose absolute activation is above a threshold. For codes with exact zeros the
# threshold is 0. For a sigmoid it has to be chosen, and the count depends on it. The **firing rate** of a unit is the share of samples in which it is active; a unit with rate 0
# is dead.
#
# L0 says how many atoms a picture was built from. The mean activation does not, as you will see under *What goes wrong*.

# %% [markdown]
# ## Atoms that are known
#
# Do the atoms of a sparse autoencoder mean anything? For clothes nobody knows the right answer. So we make data for which we do: 64
# random directions in 32 dimensions, and each sample the sum of 3 of them, in amounts from 0.5 to 1.5.

# %%
mixtures = datasets.sparse_mixtures(10_000, n_atoms=64, dim=32, n_active=3, seed=SEED)
print(mixtures)
cosines = np.abs(mixtures.atoms @ mixtures.atoms.T)[np.triu_indices(64, 1)]
print(f"|cosine| of two different atoms: {cosines.mean():.2f} on average, {cosines.max():.2f} at most")
components = referees.fit_pca(mixtures.samples).components
print(
    f"true atoms that a principal component matches: {(metrics.atom_matches(components, mixtures.atoms) > 0.9).sum()} of 64"
)

# %%
guess(
    "known-atoms",
    "64 atoms, but only 32 dimensions. How many can a network find that sees nothing but the sums?",
    ["none: 32 dimensions hold at most 32 directions", "about half", "nearly all"],
)


# %% [markdown]
# The network gets 96 units, more than there are atoms. Twice during the training we count the dead units and give each a new atom: what is left over of a
# sample that the network copies badly. (`models.revive_dead_units`, thirty lines, after Bricken and others 2023.)


# %%
def recover(seed):
    """Train 96 top-3 units on samples of 64 atoms; what was found before and after reviving, and how many were dead."""
    truth = datasets.sparse_mixtures(10_000, n_atoms=64, dim=32, n_active=3, seed=seed)
    training.set_seed(seed)
    encoder, decoder, autoencoder = models.build_sparse_autoencoder(32, 96, layers.TopK(3))
    found, dead, learned, seconds = [], [], [], 0.0
    for epochs in (6, 6, 8):
        if found:
            models.revive_dead_units(encoder, decoder, truth.samples, seed=seed)
        run = training.fit(
            autoencoder,
            truth.samples,
            epochs=epochs,
            batch_size=100,
            learning_rate=5e-3,
            loss=losses.summed_squared_error,
        )
        seconds += run.seconds
        learned.append(atoms_of(decoder))
        found.append(float(np.mean(metrics.atom_matches(learned[-1], truth.atoms) > 0.9)))
        dead.append(int((metrics.firing_rates(encode(encoder, truth.samples)) == 0).sum()))
    atoms = {
        "k-means": KMeans(96, n_init=1, random_state=seed).fit(truth.samples[:4000]).cluster_centers_,
        "least squares and OMP": referees.fit_dictionary(truth.samples[:3000], 96, 3, rounds=25, seed=seed).atoms,
        "network": learned[-1],
    }
    print(
        f"seed {seed}: network found {', then '.join(f'{share:.0%}' for share in found)}; dead {', then '.join(map(str, dead))} of 96; {seconds:.0f} s"
    )
    return found, {name: metrics.atom_matches(a, truth.atoms) for name, a in atoms.items()}, truth.atoms, learned


recovered = [recover(SEED + i) for i in range(3)]

# %% [markdown]
# Two other methods looked at the same samples. **k-means** with 96 means is the trivial baseline: it knows nothing of sums. The **referee** is
# older than the network. It alternates two exact steps: for fixed atoms, choose three for each sample, one after the other, always the one
# that fits what is left best, and solve for the amounts (**orthogonal matching pursuit**, OMP); for fixed codes, solve for the atoms by least squares.

# %%
print("share of the 64 atoms with a |cosine| above     .9     .99   (mean of three seeds)")
found_at = {}
for name in ("k-means", "least squares and OMP", "network"):
    matches = np.stack([by_method[name] for _, by_method, _, _ in recovered])  # (3 seeds, 64 atoms)
    found_at[name] = (matches > 0.9).mean(), (matches > 0.99).mean()
    print(f"{name:42} {found_at[name][0]:7.0%} {found_at[name][1]:7.0%}")

# %%
_, _, true_atoms, learned_atoms = recovered[0]
figure, axes = plots.subplots(1, 2, height=3.6, sharey=True)
for axis, learned, title in zip(axes, learned_atoms[::2], ("before reviving", "at the end"), strict=True):
    table = np.abs(true_atoms @ learned.T)  # (64, 96)
    order = np.argsort([np.argmax(column) if column.max() > 0.9 else 999 for column in table.T], kind="stable")
    picture = axis.imshow(table[:, order], cmap="Greys", vmin=0, vmax=1, aspect="auto")
    axis.set(xlabel="unit, sorted by the atom it matches", title=title)
    axis.grid(False)
axes[0].set_ylabel("true atom")
figure.colorbar(picture, ax=axes, label="|cosine|")
plots.show(
    figure,
    "Dark diagonal: a unit found the atom. Steps to the side: two units share one. At the right, units that match none.",
)

# %%
shares = [found[-1] for found, _, _, _ in recovered]
claim(
    "At least 90 % of the 64 atoms are found (|cosine| above .9), in each of three trainings",
    min(shares) > 0.9,
    ", ".join(f"{share:.0%}" for share in shares),
    margin=min(shares) - 0.9,
)
claim(
    "k-means passes that bar too. Above .99 it finds less than a tenth, network and referee more than 80 %",
    found_at["k-means"][0] > 0.9
    and found_at["k-means"][1] < 0.1
    and min(found_at["network"][1], found_at["least squares and OMP"][1]) > 0.8,
    f"k-means {found_at['k-means'][1]:.0%}, referee {found_at['least squares and OMP'][1]:.0%}, network {found_at['network'][1]:.0%}",
    margin=min(
        found_at["k-means"][0] - 0.9,
        0.1 - found_at["k-means"][1],
        found_at["network"][1] - 0.8,
        found_at["least squares and OMP"][1] - 0.8,
    ),
)
reveal("known-atoms", "nearly all")

# %% [markdown]
# Nearly all, and from sums alone. Sparsity is what makes it possible: a sample lies in one of many three-dimensional corners, and the atoms are their edges.
#
# k-means surprised us. A cluster gathers the samples that share one atom, their mean is this atom plus an average of all others, and that is
# close to the atom. The usual bar of .9 does not tell "close" from "found". Without the baseline we would not have noticed.
#
# The dead units are not an accident. There are 32 more units than atoms, and top-k gives a gradient to winners only: a unit that loses everywhere stays
# as it is. Some died too early, while an atom was still without a unit; reviving them found it. (With exactly 64 units it is harder, for network and referee alike: try it
# in the exercise.)

# %% [markdown]
# ## How much of a picture in a few units
#
# Back to clothes, and to a fair comparison. PCA with 8 components uses the same eight for every picture. A sparse code chooses. So the referee
# must choose as well: take *all* 784 components and keep, for each picture, **its own best 8 coefficients**. The components are orthogonal, so no other eight are better.
#
# A second referee is the dictionary: 512 atoms from alternating least squares on 3,000 pictures, codes by OMP.

# %%
guess(
    "own-coefficients",
    "8 active units. Which keeps more of an unseen picture: a top-8 network with 512 units, or the picture's own best 8 PCA coefficients?",
    ["the network", "the picture's own PCA coefficients", "no difference"],
)

# %%
pca = referees.fit_pca(centred)
started = time.perf_counter()
dictionary = referees.fit_dictionary(centred[:3000], 512, 8, rounds=4, seed=SEED)
print(f"dictionary of 512 atoms, by least squares: {time.perf_counter() - started:.0f} s")


def train_sparse(name, sparsity, epochs, atoms=None, unit_norm=True):
    """512 units on all 12,000 pictures: encoder and decoder."""
    training.set_seed(SEED)
    encoder, decoder, autoencoder = models.build_sparse_autoencoder(
        784, 512, sparsity, atoms=atoms, unit_norm=unit_norm
    )
    run = train_more(autoencoder, epochs, name)
    print(f"{name}: {run.seconds:.0f} s")
    return encoder, decoder, autoencoder


def train_more(autoencoder, epochs, name):
    """The one recipe of this lesson."""
    return training.fit(
        autoencoder, centred, epochs=epochs, batch_size=128, learning_rate=2e-3, loss=losses.summed_squared_error,
        description=name,
    )  # fmt: skip


random_encoder, random_decoder, _ = train_sparse("top-8 from random atoms", layers.TopK(8), 3)

# %% [markdown]
# Start from the referee: 512 units are 256 components and their 256 negatives, because an activation cannot be negative. Halfway the dead units are
# revived.

# %%
both_ways = np.concatenate([pca.components[:256], -pca.components[:256]])  # (512, 784)
top8_encoder, top8_decoder, top8 = train_sparse("top-8 from PCA", layers.TopK(8), 2, both_ways)
n_dead = models.revive_dead_units(top8_encoder, top8_decoder, centred, seed=SEED)
train_more(top8, 2, "top-8, revived")
top32_encoder, top32_decoder, _ = train_sparse("top-32 from PCA", layers.TopK(32), 2, both_ways)

codes = {
    "PCA-8, the same for all": (pca.keep(8).encode(unseen), pca.keep(8).components),
    "its own best 8 of PCA": (referees.best_coefficients(pca, unseen, 8), pca.components),
    "top-8 from random atoms": (encode(random_encoder, unseen), atoms_of(random_decoder)),
    "top-8 from PCA, revived": (encode(top8_encoder, unseen), atoms_of(top8_decoder)),
    "dictionary and OMP, 8": (dictionary.encode(unseen), dictionary.atoms),
    "its own best 32 of PCA": (referees.best_coefficients(pca, unseen, 32), pca.components),
    "top-32 from PCA": (encode(top32_encoder, unseen), atoms_of(top32_decoder)),
}
kept = {name: explained(unseen, z @ atoms) for name, (z, atoms) in codes.items()}
silent = {name: int((metrics.firing_rates(z) == 0).sum()) for name, (z, _) in codes.items()}
for name, share in kept.items():
    census = f", {silent[name]} of 512 units silent" if len(codes[name][1]) == 512 else ""
    print(f"{name:25} {share:.4f} of the variance with {metrics.l0(codes[name][0]):2.0f} active{census}")

# %%
claim(
    "With 8 active units the network keeps more of an unseen picture than the picture's own best 8 PCA coefficients",
    kept["top-8 from PCA, revived"] > kept["its own best 8 of PCA"],
    f"{kept['top-8 from PCA, revived']:.3f} > {kept['its own best 8 of PCA']:.3f}",
    margin=kept["top-8 from PCA, revived"] - kept["its own best 8 of PCA"],
)
claim(
    "The dictionary with matching pursuit keeps more than the network",
    kept["dictionary and OMP, 8"] > kept["top-8 from PCA, revived"],
    f"{kept['dictionary and OMP, 8']:.3f} > {kept['top-8 from PCA, revived']:.3f}",
    margin=kept["dictionary and OMP, 8"] - kept["top-8 from PCA, revived"],
)
claim(
    "With 32 active units, started from PCA, the network is still ahead of the best 32 coefficients, by less than a hundredth",
    0 < kept["top-32 from PCA"] - kept["its own best 32 of PCA"] < 0.01,
    f"{kept['top-32 from PCA']:.4f} and {kept['its own best 32 of PCA']:.4f}",
    margin=min(
        kept["top-32 from PCA"] - kept["its own best 32 of PCA"],
        0.01 - kept["top-32 from PCA"] + kept["its own best 32 of PCA"],
    ),
)
reveal("own-coefficients", "the network")

# %% [markdown]
# So 512 atoms that were learned say more in eight words than 784 principal components do. The dictionary says most. It also has an unfair
# advantage: to encode a picture it *searches*, eight rounds of trying all atoms. The network has one matrix product, and must guess from it who wins.

# %%
started = time.perf_counter()
searched = referees.orthogonal_matching_pursuit(unseen, atoms_of(top8_decoder), 8)
seconds = {"search": time.perf_counter() - started}
started = time.perf_counter()
top8_encoder.predict(unseen, batch_size=2000, verbose=0)
seconds["network"] = time.perf_counter() - started
by_search = explained(unseen, searched @ atoms_of(top8_decoder))
print(f"the network's atoms and its own codes: {kept['top-8 from PCA, revived']:.3f}, {seconds['network']:.2f} s")
print(f"the network's atoms, codes by search:  {by_search:.3f}, {seconds['search']:.2f} s")

# %% [markdown]
# With the same atoms, a search finds better codes than the encoder. This is the **amortisation gap**: what it costs to learn the answers instead of
# working them out.
#
# Now the whole picture. This table ships with the course (`python -m bench.curve_lesson03` makes it again, ten minutes): three trainings for each point.

# %%
table = np.genfromtxt(
    datasets.DATA_FOLDER / "curve_sparse.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
)


def recorded(method):
    """L0 and explained variance of one method, mean over its seeds, by rising L0."""
    rows = table[table["method"] == method]
    points = [
        [rows[field][rows["setting"] == setting].mean() for field in ("l0", "explained")]
        for setting in np.unique(rows["setting"])
    ]
    return tuple(np.array(sorted(points)).T)


curves = {
    "dictionary and OMP": "dictionary",
    "top-k from PCA": "topk_from_pca",
    "own best k of PCA": "pca_best",
    "top-k from random": "topk",
    "PCA-k, the same for all": "pca_fixed",
}
plots.curve(
    None,
    {name: recorded(method) for name, method in curves.items()},
    xlabel="active units of an unseen picture (L0)",
    ylabel="explained variance",
    log_x=True,
    height=4.0,
    caption="Learned atoms are worth most where few units are active. At 32 the network from random atoms has fallen behind each picture's own PCA coefficients.",
)

# %%
topk_curve, from_pca_curve, best_curve = (
    recorded(name)[1] for name in ("topk", "topk_from_pca", "pca_best")
)  # at 4, 8, 16 and 32 active units
claim(
    "From random atoms, the network's lead over each picture's own PCA coefficients is gone at 32; from PCA it is not",
    (topk_curve[:2] > best_curve[:2]).all() and topk_curve[3] < best_curve[3] < from_pca_curve[3],
    f"at 8: {topk_curve[1]:.3f} and {best_curve[1]:.3f}; at 32: {topk_curve[3]:.3f}, {best_curve[3]:.3f} and {from_pca_curve[3]:.3f} from PCA",
)

# %% [markdown]
# Why does the lead shrink? With few words it matters to have the right ones. With many, 784 orthogonal ones serve nearly as well, and for them the
# best code is known exactly. The same table has L1 and KL, at several strengths each.

# %%
own = [(k, explained(unseen, pca.decode(referees.best_coefficients(pca, unseen, k)))) for k in (8, 16, 32, 48, 64, 80)]
plots.curve(
    None,
    {
        "own best k of PCA": tuple(np.array(own).T),
        "L1": recorded("l1"),
        "L1, refitted": recorded("l1_refit"),
        "KL, cut at .1": recorded("kl_thresholded"),
    },
    xlabel="active units of an unseen picture (L0)",
    ylabel="explained variance",
    height=3.6,
    caption="Both penalties stay far below the referee. L1 comes close to it when something is refitted; what that is, is the next section.",
)
everything, cut = recorded("kl_all"), recorded("kl_thresholded")
print(
    f"KL: all {everything[0][-1]:.0f} units are above 0 and explain {everything[1][-1]:.2f}; the {cut[0][-1]:.0f} above .1 alone explain {cut[1][-1]:.2f}"
)

# %% [markdown]
# The KL penalty kept its promise, a small mean activity, and all 512 units are on, a little. Cutting the small ones off costs variance, because they
# were used. If you want few active units, ask for few active units.

# %% [markdown]
# ## What L1 takes from every unit
#
# Why does L1 explain so little, with so many units? Take one coefficient whose best value is $z$. With a
# penalty the network answers the $u$ that minimises $\tfrac12 (u - z)^2 + a |u|$, which is $z$ moved towards 0 by $a$: **soft threshold**.

# %%
z = np.linspace(-3, 3, 121)
plots.curve(
    z,
    {
        "no penalty": z,
        "L1: soft threshold": np.sign(z) * np.maximum(np.abs(z) - 1, 0),
        "a count: hard threshold": np.where(np.abs(z) > 1, z, 0),
    },
    xlabel="best coefficient without a penalty",
    ylabel="coefficient with it",
    height=3.0,
    caption="Both set small coefficients to 0. L1 also takes its toll from every large one.",
)

# %% [markdown]
# That is called **shrinkage**. The cure is old: let L1 choose *which* atoms, then forget the penalty and solve for *how much* of each, by least squares on the
# same atoms.

# %%
l1_encoder, l1_decoder, _ = train_sparse("L1, strength 1, from PCA", layers.L1Penalty(1.0), 2, both_ways)
l1_codes, l1_atoms = encode(l1_encoder, unseen), atoms_of(l1_decoder)
refitted = referees.refit_codes(unseen, l1_codes, l1_atoms)
l1_kept, refit_kept = explained(unseen, l1_codes @ l1_atoms), explained(unseen, refitted @ l1_atoms)
firing = l1_codes > 0
print(f"{metrics.l0(l1_codes):.0f} active units explain {l1_kept:.3f}; the same units, refitted: {refit_kept:.3f}")
print(
    f"length of the copies: {np.linalg.norm(l1_codes @ l1_atoms, axis=1).mean() / np.linalg.norm(unseen, axis=1).mean():.2f} of the original's, "
    f"refitted {np.linalg.norm(refitted @ l1_atoms, axis=1).mean() / np.linalg.norm(unseen, axis=1).mean():.2f}"
)

# %%
claim(
    "Refitting the amounts on the units that L1 chose explains at least five hundredths more",
    refit_kept > l1_kept + 0.05,
    f"{refit_kept:.3f} instead of {l1_kept:.3f}",
    margin=refit_kept - l1_kept - 0.05,
)

# %% [markdown]
# Top-k has no penalty, hence no shrinkage: under *Results* its amounts are refitted as well, and that gains next to nothing. It is one reason why top-k replaced L1 in recent work.

# %% [markdown]
# ## Atoms of length one
#
# Why are the atoms kept at length 1? Because a penalty on activations can be evaded. Make every activation ten times smaller and every atom ten times longer. The
# sum $\sum z_j a_j$ is the same, to the last pixel. The penalty is a tenth.

# %%
smaller = l1_codes / 10
longer = l1_atoms * 10
evaded = {"as trained": (l1_codes, l1_atoms), "evaded": (smaller, longer)}
for name, (z, atoms) in evaded.items():
    print(
        f"{name:10}: penalty {np.abs(z).sum(axis=1).mean():6.2f}, L0 {metrics.l0(z):.1f}, explained {explained(unseen, z @ atoms):.4f}"
    )
free_encoder, free_decoder, _ = train_sparse("L1 without unit norm", layers.L1Penalty(1.0), 2, both_ways, False)
free_codes, free_atoms = encode(free_encoder, unseen), atoms_of(free_decoder)
lengths = np.linalg.norm(free_atoms, axis=1)
print(
    f"trained without the constraint: penalty {np.abs(free_codes).sum(axis=1).mean():.2f}, L0 {metrics.l0(free_codes):.1f}, atoms of length {lengths.mean():.2f} on average"
)

# %%
claim(
    "Without unit norm the atoms grow, the penalty falls, and not fewer units are active",
    lengths.mean() > 1.1
    and np.abs(free_codes).sum() < 0.95 * np.abs(l1_codes).sum()
    and metrics.l0(free_codes) > 0.95 * metrics.l0(l1_codes),
    f"length {lengths.mean():.2f}; penalty {np.abs(free_codes).sum(axis=1).mean():.1f} instead of {np.abs(l1_codes).sum(axis=1).mean():.1f}; "
    f"L0 {metrics.l0(free_codes):.0f} instead of {metrics.l0(l1_codes):.0f}",
    margin=min(
        lengths.mean() - 1.1,
        0.95 - np.abs(free_codes).sum() / np.abs(l1_codes).sum(),
        metrics.l0(free_codes) / metrics.l0(l1_codes) - 0.95,
    ),
)

# %% [markdown]
# It had two passes and was already on its way. So `kernel_constraint=keras.constraints.UnitNorm(axis=1)`: the decoder's kernel is (units, 784), and an atom is a *row*. (The default, axis 0, normalises
# the columns, one for each pixel.)

# %% [markdown]
# ## What the units stand for
#
# Now look at the atoms of the top-8 network, the 30 that fire most often first. Blue takes light away, red adds it.

# %%
top8_codes, top8_atoms = codes["top-8 from PCA, revived"]
rates = metrics.firing_rates(top8_codes)
order = np.argsort(-rates)


def as_pictures(atoms):
    """Atoms scaled to [-1, 1] for display: (m, 784) -> (m, 28, 28)."""
    return (atoms / np.abs(atoms).max(axis=1, keepdims=True)).reshape(-1, 28, 28)


shown = order[:30].reshape(3, 10)
plots.grid(
    [as_pictures(top8_atoms[units]) for units in shown],
    below=[[f"{rates[unit]:.0%}" for unit in units] for units in shown],
    cmap="RdBu_r",
    value_range=(-1, 1),
    caption="Atoms of the units that fire most often, and how often they do: light and dark bodies first, then sleeves, legs, soles.",
)

# %% [markdown]
# And the other way round: which pictures use a unit? For six units, the six unseen pictures in which each is most active.

# %%
picked = order[[2, 5, 9, 14, 20, 27]]
grid_rows, labels = [], []
for unit in picked:
    strongest = np.argsort(-top8_codes[:, unit])[:6]
    grid_rows.append(
        np.concatenate([0.5 + as_pictures(top8_atoms[[unit]]) / 2, validation[strongest].reshape(-1, 28, 28)])
    )
    counts = np.bincount(clothes.validation_labels[top8_codes[:, unit] > 0], minlength=10)
    labels.append(f"{counts.max() / counts.sum():.0%} {clothes.class_names[counts.argmax()]}")
plots.grid(
    grid_rows,
    row_labels=labels,
    column_titles=["atom"] + [f"picture {i}" for i in range(1, 7)],
    caption="Left, the class that a unit fires for most often, and its share. Labels were never used. Some units know a class, some a shape that several classes have.",
)

# %%
fires = top8_codes[:, rates >= 0.01] > 0  # (2000, units that fire for at least 20 of them)


def purity(labels):
    """Share of the most frequent class among the pictures that a unit fires for, mean over units."""
    counts = np.stack([np.bincount(labels[column], minlength=10) for column in fires.T])  # (units, 10)
    return (counts.max(axis=1) / counts.sum(axis=1)).mean()


by_chance = purity(np.random.default_rng(SEED).permutation(clothes.validation_labels))
print(f"{fires.shape[1]} units fire for at least 1 % of the unseen pictures.")
print(
    f"Their most frequent class makes up {purity(clothes.validation_labels):.0%} on average; with shuffled labels {by_chance:.0%}."
)

# %% [markdown]
# A picture is the mean picture plus its eight atoms, each times its activation. Add them up one at a time, the loudest first. Now and then you will
# meet an atom that looks like the leftovers of one picture: a revived unit that kept what it was given.


# %%
def show_sum(image, active_units):
    """Above, the atoms of one picture; below, what they add up to; at the right, the picture and the sum so far."""
    amounts = top8_codes[image]
    loudest = np.argsort(-amounts)[:8]
    sums = metrics.clip01(mean_picture + np.cumsum(amounts[loudest, None] * top8_atoms[loudest], axis=0))  # (8, 784)
    now = sums[active_units - 1].copy() if active_units else mean_picture
    parts = as_pictures(top8_atoms[loudest]) / 2 + 0.5
    parts[active_units:], sums[active_units:] = 0.9, 0.9  # not used yet
    plots.grid(
        [[*parts, validation[image].reshape(28, 28)], [*sums.reshape(-1, 28, 28), now.reshape(28, 28)]],
        row_labels=["atoms", "sum so far"],
        column_titles=[f"× {amounts[unit]:.1f}" if i < active_units else "" for i, unit in enumerate(loudest)]
        + ["the picture"],
        below=[[""] * 9, [""] * 8 + [f"MSE {metrics.mse(now, validation[image]):.4f}"]],
    )


boot = int(np.flatnonzero(clothes.validation_labels == 9)[0])
explore(
    show_sum,
    "Each picture is built from its own eight atoms, the loudest first. Bright adds light, dark takes it away.",
    image=slider(0, 99, boot, label="picture"),
    active_units=slider(0, 8, 8, label="atoms added"),
)

# %% [markdown]
# The same as a still picture: the sum after each atom.

# %%
examples = [int(np.flatnonzero(clothes.validation_labels == label)[1]) for label in (1, 5, 8)]
growing = []
for image in examples:
    loudest = np.argsort(-top8_codes[image])[:8]
    steps = mean_picture + np.cumsum(top8_codes[image, loudest, None] * top8_atoms[loudest], axis=0)
    growing.append(
        metrics.clip01(np.concatenate([mean_picture[None], steps[[0, 1, 2, 3, 5, 7]], validation[[image]]])).reshape(
            -1, 28, 28
        )
    )
plots.grid(
    growing,
    column_titles=["mean", "1 atom", "2", "3", "4", "6", "8 atoms", "original"],
    caption="Trousers are settled by two atoms, the bag by one. A laced sandal is beyond eight: no few atoms stand for it.",
)

# %% [markdown]
# ## A small change of the picture
#
# Which units fire depends on the input: that is the idea. How firmly do they stand? Compare the **active sets** of two pictures by their overlap, the Jaccard index: units
# active in both, divided by units active in one of them. 1 is the same set, and 0 has nothing in common.

# %%
guess(
    "active-sets",
    "Shift a picture by one pixel to the right. What share of its active units stays?",
    ["nearly all", "about half", "nearly none"],
)

# %%
random = np.random.default_rng(SEED)
pictures = validation.reshape(-1, 28, 28)
noise = random.standard_normal(validation.shape).astype("float32")
by_class = np.argsort(clothes.validation_labels, kind="stable")
neighbour = np.empty_like(by_class)
neighbour[by_class] = np.concatenate([np.roll(by_class[start : start + 200], 1) for start in range(0, 2000, 200)])
changed = {
    "a tenth darker": 0.9 * validation,
    "noise of .05": metrics.clip01(validation + 0.05 * noise),
    "noise of .1": metrics.clip01(validation + 0.1 * noise),
    "one pixel to the right": np.roll(pictures, 1, axis=2).reshape(-1, 784),
    "two pixels to the right": np.roll(pictures, 2, axis=2).reshape(-1, 784),
    "another of its class": validation[neighbour],
    "some other picture": np.roll(validation, 1, axis=0),
}
overlaps, referee_overlaps = {}, {}
original_best = referees.best_coefficients(pca, unseen, 8)
print("overlap of the active sets    top-8 network   own best 8 of PCA   change of the picture")
for name, other in changed.items():
    overlaps[name] = float(metrics.active_set_overlap(top8_codes, encode(top8_encoder, other - mean_picture)).mean())
    best = referees.best_coefficients(pca, other - mean_picture, 8)
    referee_overlaps[name] = float(metrics.active_set_overlap(original_best, best).mean())
    distance = np.linalg.norm(other - validation, axis=1).mean() / np.linalg.norm(unseen, axis=1).mean()
    print(f"{name:28} {overlaps[name]:14.2f} {referee_overlaps[name]:19.2f} {distance:21.2f}")

# %%
claim(
    "Under noise of .05 more than 80 % of the active set stays; a shift by one pixel exchanges more than a third; other pictures share less than 15 %",
    overlaps["noise of .05"] > 0.8
    and overlaps["one pixel to the right"] < 0.65
    and overlaps["some other picture"] < 0.15,
    f"{overlaps['noise of .05']:.2f}, {overlaps['one pixel to the right']:.2f} and {overlaps['some other picture']:.2f}",
    margin=min(
        overlaps["noise of .05"] - 0.8,
        0.65 - overlaps["one pixel to the right"],
        0.15 - overlaps["some other picture"],
    ),
)
reveal("active-sets", "about half")

# %% [markdown]
# The last column is the size of the change, as share of the picture's distance from the mean. A shift that you hardly see moves the picture farther than noise that
# you do see, and exchanges half of the units. That is no flaw of the network: the picture's own PCA coefficients change nearly as much. Sparse codes say *where* something is, and a
# pixel to the right is another place. Whoever reads a unit as "sleeve" should read "sleeve, here".

# %% [markdown]
# ## What goes wrong
#
# **"Twice sparser."** A much-read tutorial compares two codes by their mean activation, 7.30 without a penalty and 3.33 with, and calls the second
# twice sparser. Let us make our own code twice sparser.

# %%
halved_encoder, halved_decoder, _ = models.build_sparse_autoencoder(784, 512, layers.TopK(8), unit_norm=False)
halved_encoder.get_layer("detectors").set_weights([w / 2 for w in top8_encoder.get_layer("detectors").get_weights()])
halved_decoder.get_layer("atoms").set_weights([2 * top8_atoms])
halved = encode(halved_encoder, unseen)
largest_change = float(np.abs(halved @ atoms_of(halved_decoder) - top8_codes @ top8_atoms).max())
for name, z in (("as trained", top8_codes), ("detectors / 2, atoms x 2", halved)):
    print(f"{name:25} mean activation {z.mean():.4f}, active units {metrics.l0(z):.2f}")

# %%
claim(
    "Half the mean activation, the same units, the same copies",
    abs(halved.mean() / top8_codes.mean() - 0.5) < 1e-3 and largest_change < 1e-3
    and ((halved > 0) == (top8_codes > 0)).mean() > 0.9999,
    f"mean activation {halved.mean() / top8_codes.mean():.3f} times, largest change of a pixel {largest_change:.0e}",
    margin=1e-3 - largest_change,
)  # fmt: skip

# %% [markdown]
# Mean activation measures loudness. Report L0, and how many units ever fire.
#
# **A strength that means something else tomorrow.** `activity_regularizer=L1(...)` sums over the batch. Keras 2 divided the sum by the batch size, Keras 3.0 to 3.13 did not, and since
# 3.14 it is divided again. The same line was a penalty 32 or 256 times as strong, depending on the version and on the batch. See what yours does, beside the penalty written out.

# %%
regularised = keras.layers.Dense(512, "relu", activity_regularizer=keras.regularizers.L1(1.0))
written_out = {}
for size in (32, 256):
    batch = np.tile(centred[:32], (size // 32, 1))  # the same pictures, once and eight times
    activations = regularised(batch)
    by_keras = float(sum(keras.ops.convert_to_numpy(value) for value in regularised.losses))
    written_out[size] = float(losses.l1_penalty(activations, 1.0))
    print(
        f"batch of {size:3}: activity_regularizer of Keras {keras.__version__} {by_keras:6.1f}, undivided {float(keras.ops.sum(activations)):8.1f}, written out {written_out[size]:6.1f}"
    )
claim(
    "Written out, the penalty is the same at every batch size",
    abs(written_out[256] / written_out[32] - 1) < 1e-4,
    "the batch once, and eight times in a row",
)

# %% [markdown]
# ## When it does not train
#
# **The loss starts in the thousands.** Training pictures seem a natural start for atoms. But they resemble each other, so many detectors fire at once, and their sum is
# many times too large. Before any training:

# %%
starts = {
    "random directions": None,
    "256 components, both ways": both_ways,
    "512 training pictures": centred[:512],
}
for name, atoms in starts.items():
    training.set_seed(SEED)
    _, _, untrained = models.build_sparse_autoencoder(784, 512, layers.TopK(32), atoms=atoms)
    error = np.square(untrained.predict(unseen[:500], verbose=0) - unseen[:500]).sum(axis=1).mean()
    print(
        f"top-32 from {name:26} summed squared error {error:9.1f}; the mean picture has {np.square(unseen[:500]).sum(axis=1).mean():.1f}"
    )

# %% [markdown]
# **Half of the units are dead.** You saw the count after each training above. From random atoms most of the 512 never fire; from PCA and with one revival, far fewer. An L1
# penalty kills hardly any, because it lets every unit try.

# %%
claim(
    "Started from random atoms, more than half of the 512 units are silent on unseen pictures; from PCA and revived, less than 40 %",
    silent["top-8 from random atoms"] > 256 and silent["top-8 from PCA, revived"] < 205,
    f"{silent['top-8 from random atoms']} and {silent['top-8 from PCA, revived']} of 512; {n_dead} were revived; with L1 {int((~firing.any(axis=0)).sum())}",
    margin=min(silent["top-8 from random atoms"] - 256, 205 - silent["top-8 from PCA, revived"]) / 512,
)

# %% [markdown]
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | the loss starts far above the variance of the data | `autoencoder.predict` before training | atoms that resemble each other, encoder = transpose | random or orthogonal atoms, or detectors scaled down |
# | the error stops early | `(codes.max(axis=0) == 0).sum()` | dead units | revive them halfway, start with a larger $k$, a smaller learning rate |
# | all codes 0, all copies the mean picture | `metrics.l0(codes)` | L1 too strong: more than $2 \max_j a_j^\top x$ switches everything off | a tenth of the strength |
# | L0 stays at the number of units | `codes.min()` | sigmoid, or no activation: no exact zeros | ReLU or top-k |
# | penalty falls, L0 does not | norms of the atoms | atoms are not held at length 1, or along the wrong axis | `UnitNorm(axis=1)` |
#
# ## Results
#
# Now, once, the test pictures, with 8 active units each.

# %%
test_centred = test - mean_picture
top8_test = encode(top8_encoder, test_centred)
test_copies = {
    "mean picture": np.zeros_like(test_centred),
    "PCA-8": pca.keep(8).reconstruct(test_centred),
    "own best 8 of PCA": pca.decode(referees.best_coefficients(pca, test_centred, 8)),
    "top-8 from random atoms": encode(random_encoder, test_centred) @ atoms_of(random_decoder),
    "top-8 from PCA, revived": top8_test @ top8_atoms,
    "the same atoms, refitted": referees.refit_codes(test_centred, top8_test, top8_atoms) @ top8_atoms,
    "dictionary and OMP": dictionary.reconstruct(test_centred),
}
results = {name: explained(test_centred, copy) for name, copy in test_copies.items()}
plots.ladder(
    list(results),
    list(results.values()),
    kinds=["trivial", "referee", "referee", "network", "network", "network", "referee"],
    metric="explained variance of 2,000 test pictures",
    lower_is_better=False,
    annotations=[
        "",
        "same 8 for all",
        "each its own 8",
        f"{silent['top-8 from random atoms']} of 512 silent",
        f"{silent['top-8 from PCA, revived']} of 512 silent",
        "least squares on its 8",
        "a search for each picture",
    ],
    caption="Eight active units. Choosing for each picture is worth more than anything else; learned atoms add to it, a search adds more.",
)

# %%
claim(
    "On test pictures the order is: fixed components, own components, network, dictionary",
    results["PCA-8"]
    < results["own best 8 of PCA"]
    < results["top-8 from PCA, revived"]
    < results["dictionary and OMP"],
    " < ".join(
        f"{results[name]:.3f}"
        for name in ("PCA-8", "own best 8 of PCA", "top-8 from PCA, revived", "dictionary and OMP")
    ),
    margin=min(
        np.diff(
            [results[name] for name in ("PCA-8", "own best 8 of PCA", "top-8 from PCA, revived", "dictionary and OMP")]
        )
    ),
)

# %% [markdown]
# ## Wrap-up
#
# * A code may be larger than the input if few of its units are active at a time. That keeps training and validation error together. It does not make them small.
# * Count active units. Mean activation is loudness, and can be halved by a change of units.
# * On data made of known atoms, a top-k network finds nearly all of them, once its dead units are revived. Alternating least squares does the same in less than a second.
# * Learned atoms beat each picture's own best PCA coefficients when few are allowed. The lead shrinks as more are, and is gone at 32 unless the network starts from PCA.
# * L1 chooses atoms and shrinks their amounts; refit them. Without unit-norm atoms it is evaded.
# * Which units fire depends on the picture: hardly on a little noise, strongly on a shift.
#
# | one glance | |
# |---|---|
# | copy | $\hat x = \bar x + \sum_j z_j a_j$, few $z_j \ne 0$, $\lVert a_j \rVert = 1$ |
# | L0 | active units in a sample, mean over samples |
# | top-k | the $k$ largest of each row, if positive |
# | L1 | $\lambda \sum_j \lvert z_j \rvert$, mean over the batch; shrinks by soft threshold |
# | KL | $\sum_j \mathrm{KL}(\rho \,\Vert\, \hat\rho_j)$, sigmoid units; small means, no zeros |
# | referee | own best $k$ of PCA; dictionary by OMP and least squares |
#
# Next: [the exercises](../exercises/03_sparse.ipynb).
#
# ## References
#
# * B. Olshausen, D. Field: *Emergence of simple-cell receptive field properties by learning a sparse code for natural images*, Nature 381, 1996.
# * R. Tibshirani: *Regression shrinkage and selection via the lasso*, Journal of the Royal Statistical Society B 58, 1996 (soft threshold, shrinkage); N. Meinshausen: *Relaxed lasso*, Computational Statistics & Data Analysis 52, 2007 (refitting).
# * Y. Pati, R. Rezaiifar, P. Krishnaprasad: *Orthogonal matching pursuit*, Asilomar 1993; K. Engan, S. Aase, J. Husøy: *Method of optimal directions for frame design*, ICASSP 1999; M. Aharon, M. Elad, A. Bruckstein: *K-SVD*, IEEE Transactions on Signal Processing 54, 2006 (the test with known atoms).
# * A. Ng: *Sparse autoencoder*, CS294A lecture notes, Stanford 2011 (the KL penalty).
# * A. Makhzani, B. Frey: *k-sparse autoencoders*, ICLR 2014.
# * T. Bricken and others: *Towards monosemanticity*, Transformer Circuits 2023 (unit-norm atoms, reviving dead units); L. Gao and others: *Scaling and evaluating sparse autoencoders*, 2024 (top-k with ReLU, tied start).
# * P. Jaccard: *Étude comparative de la distribution florale*, Bulletin de la Société Vaudoise des Sciences Naturelles 37, 1901.
# * The comparison under *What goes wrong*: F. Chollet, *Building autoencoders in Keras*, Keras blog, 2016 (mean activations 7.30 and 3.33). The batch scaling: Keras issue 22018 and pull request 22021.
