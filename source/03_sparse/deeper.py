# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Sparse autoencoders, second reading
#     lesson: 3
#     minutes: 37
#     compute: 30
#     objectives:
#       - Compare a wide code with and without a limit on 500 pictures, by ratio, by gap and on static
#       - Recover known atoms with three methods, one of which only seems to
#       - Find out what a search gains over an encoder, and what refitting gives back to L1
#       - Measure whether units know classes, and how firmly they stand when the picture moves
#       - Detect a loudness that is sold as sparsity, and a penalty whose strength changed with the version
# ---

# %% [markdown]
# The lesson wrote the layers out; here they come from the library, which checks its inputs and does the same: `layers.TopK`, `layers.L1Penalty`,
# `models.build_sparse_autoencoder`, `models.revive_dead_units`.
#
# More clothes, here or in the lesson: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell that loads them (30 MB, downloaded once). Write
# `from course_lib import own_data` and `own_data(True)` below it: the claims were measured on the subset and are then only reported.

# %%
import time
from math import comb, log2

from course_lib import above, all_of, below, between, claim, close, datasets, guess, layers, losses, metrics
from course_lib import models, plots, referees, reveal, training

import keras
import numpy as np
from sklearn.cluster import KMeans

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
mean_picture = referees.mean_image(train)
centred, unseen = train - mean_picture, validation - mean_picture


def explained(pictures, copies):
    """Share of the variance of centred pictures that their copies keep; 1 is perfect, 0 is the mean picture."""
    copies = metrics.clip01((copies + mean_picture).astype("float32"))
    return metrics.explained_variance(pictures + mean_picture, copies, mean_picture)


def encode(encoder, pictures):
    """The codes (n, units) of pictures (n, 784)."""
    return encoder.predict(pictures, batch_size=1000, verbose=0)


def atoms_of(decoder):
    """The decoder's rows (units, 784): what each unit adds to a copy."""
    return decoder.get_layer("atoms").get_weights()[0]


def fit(autoencoder, pictures, epochs, batch_size=128, learning_rate=2e-3):
    """The recipe of the lesson."""
    return training.fit(
        autoencoder, pictures, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
        loss=losses.summed_squared_error,
    )  # fmt: skip


# %% [markdown]
# ## A code larger than the picture
#
# 1,024 units for 784 pixels, and only 500 pictures to learn from. Nothing is narrow here. What does a limit of eight active units change?

# %%
guess(
    "wide-code",
    "1,024 units, 500 pictures. With a limit of 8 active units, the error on unseen pictures is",
    ["smaller", "larger, and so is its distance from the training error", "larger, but nearer to the training error"],
)

# %%
few = centred[:500]
few_pca = referees.fit_pca(few)
copies = {
    "mean picture": np.zeros_like,
    "PCA-8 of the 500": few_pca.keep(8).reconstruct,
    "own best 8 of their PCA": lambda x: few_pca.decode(referees.best_coefficients(few_pca, x, 8)),
}
for name, sparsity in (("1,024 units", None), ("1,024 units, 8 active", layers.TopK(8))):
    training.set_seed(SEED)
    _, _, wide = models.build_sparse_autoencoder(784, 1024, sparsity)
    fit(wide, few, epochs=20, batch_size=50, learning_rate=1e-3)
    copies[name] = lambda x, model=wide: model.predict(x, batch_size=1000, verbose=0)

static = np.random.default_rng(SEED).random((500, 784), dtype="float32") - mean_picture
errors = {}
print("mean squared error on     the 500   unseen   ratio     gap   share of static kept")
for name, copy in copies.items():
    errors[name] = [metrics.mse(x + mean_picture, metrics.clip01(copy(x) + mean_picture)) for x in (few, unseen)]
    seen_error, unseen_error = errors[name]
    print(
        f"{name:24} {seen_error:8.4f} {unseen_error:8.4f} {unseen_error / seen_error:7.2f} {unseen_error - seen_error:7.4f} {explained(static, copy(static)):16.2f}"
    )

# %% tags=["hide-input"]
(plain_seen, plain), (sparse_seen, sparse) = (errors[name] for name in ("1,024 units", "1,024 units, 8 active"))
claim(
    "The limit more than doubles the error on unseen pictures, and widens its gap to the training error",
    all_of(
        above(sparse, plain, times=2, names=("sparse", "plain")),
        above(sparse - sparse_seen, plain - plain_seen, times=1.1, names=("gap, sparse", "plain")),
    ),
)
claim(
    "As a ratio the two errors are nearer to each other",
    below(sparse / sparse_seen, plain / plain_seen, times=0.7, names=("sparse", "plain")),
)
claim(
    "Each picture's own best 8 of PCA beats the sparse network on unseen pictures",
    below(errors["own best 8 of their PCA"][1], sparse, names=("own best 8", "network")),
)
reveal(
    "wide-code",
    {
        "smaller": below(sparse, plain),
        "larger, and so is its distance from the training error": all_of(
            above(sparse, plain), above(sparse - sparse_seen, plain - plain_seen)
        ),
        "larger, but nearer to the training error": all_of(
            above(sparse, plain), below(sparse - sparse_seen, plain - plain_seen)
        ),
    },
)

# %% [markdown]
# Ratio and gap disagree, and both are true: 1.4 times of much is more than 2.9 times of little. For copying, the limit is a loss, and with 500 pictures the sparse network does not even reach
# their own best 8 of PCA (all components, and for each picture the eight largest coefficients). What the limit buys stands in the last column: the plain code also copies
# static, because it *can* copy. The sparse one has no atoms for it. Good atoms need more than 500 pictures.
#
# ## Rivals for the known atoms
#
# 64 atoms in 32 dimensions, three to a sample. Three methods look at the same sums:
#
# * the network of the lesson, with 96 units and with exactly 64;
# * **k-means**, the trivial baseline: it knows nothing of sums;
# * **alternating least squares**, older than the network. It repeats two steps. For fixed atoms, choose three for each sample by matching pursuit: take the atom
#   that fits best what is left, solve for the amounts, look again. For fixed codes, solve for the atoms.


# %%
def pursue(sample, atoms, k):
    """Orthogonal matching pursuit for one sample (d,): which k atoms, and how much of each."""
    chosen, left = [], sample
    for _ in range(k):
        chosen.append(int(np.abs(atoms @ left).argmax()))
        amounts = np.linalg.lstsq(atoms[chosen].T, sample, rcond=None)[0]
        left = sample - amounts @ atoms[chosen]
    return chosen, amounts


def solve_for_atoms(codes, samples):
    """The other step: the atoms for which codes @ atoms is nearest to the samples, scaled to length 1."""
    atoms = np.linalg.lstsq(codes, samples, rcond=None)[0]
    return atoms / np.maximum(np.linalg.norm(atoms, axis=1, keepdims=True), 1e-12)


square = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, -1.0]])
print("(1.2, 1.6) with one atom:", pursue(np.array([1.2, 1.6]), square, 1))

# %% [markdown]
# `referees.fit_dictionary` repeats the two steps for all samples at once, and replaces atoms that nobody uses.


# %%
def recover(seed, units):
    """Train top-3 units on samples of 64 atoms, reviving twice: shares found at .99 and dead units at each stop, atoms."""
    truth = datasets.sparse_mixtures(10_000, n_atoms=64, dim=32, n_active=3, seed=seed)
    training.set_seed(seed)
    encoder, decoder, autoencoder = models.build_sparse_autoencoder(32, units, layers.TopK(3))
    found, dead = [], []
    for epochs in (6, 6, 8):
        if found:
            models.revive_dead_units(encoder, decoder, truth.samples, seed=seed)
        fit(autoencoder, truth.samples, epochs, batch_size=100, learning_rate=5e-3)
        found.append(np.mean(metrics.atom_matches(atoms_of(decoder), truth.atoms) > 0.99))
        dead.append(int((metrics.firing_rates(encode(encoder, truth.samples)) == 0).sum()))
    print(f"seed {seed}, {units} units: found {', '.join(f'{f:.0%}' for f in found)}; dead {', '.join(map(str, dead))}")
    return truth, atoms_of(decoder)


matches, seconds = {}, []  # for each method: of two seeds
for seed in (SEED + 10, SEED + 11):
    truth, learned = recover(seed, 96)
    _, exactly = recover(seed, 64)
    means = KMeans(96, n_init=1, random_state=seed).fit(truth.samples[:4000]).cluster_centers_
    started = time.perf_counter()
    fitted = {m: referees.fit_dictionary(truth.samples[:3000], m, 3, rounds=25, seed=seed).atoms for m in (96, 64)}
    seconds.append((time.perf_counter() - started) / 2)
    for name, atoms in {
        "k-means, 96 means": means, "least squares, 96": fitted[96], "least squares, 64": fitted[64],
        "network, 96 units": learned, "network, 64 units": exactly,
    }.items():  # fmt: skip
        matches.setdefault(name, []).append(metrics.atom_matches(atoms, truth.atoms))

# %%
print("share of the 64 atoms with a |cosine| above   .9    .99   (mean of two seeds)")
at = {name: [float((np.stack(m) > bar).mean()) for bar in (0.9, 0.99)] for name, m in matches.items()}
for name, (loose, strict) in at.items():
    print(f"{name:40} {loose:8.0%} {strict:6.0%}")
print(f"one fit by least squares: {np.mean(seconds):.1f} s on this machine")

# %% tags=["hide-input"]
table = np.abs(truth.atoms @ learned.T)  # (64, 96)
order = np.argsort([np.argmax(column) if column.max() > 0.9 else 999 for column in table.T], kind="stable")
figure, axis = plots.subplots(width=6.5, height=3.4)
picture = axis.imshow(table[:, order], cmap="Greys", vmin=0, vmax=1, aspect="auto")
axis.set(xlabel="unit, sorted by the atom it matches", ylabel="true atom")
axis.grid(False)
figure.colorbar(picture, ax=axis, label="|cosine|")
plots.show(figure, "Dark: a unit found the atom. At the right, the units that match none.")
claim(
    "With 96 units, network and least squares find at least 85 % of the atoms at .99; k-means finds 90 % at .9 and less than a tenth at .99",
    all_of(
        above([at["network, 96 units"][1], at["least squares, 96"][1]], 0.85, names=(("network", "least squares"), "")),
        above(at["k-means, 96 means"][0], 0.9, names=("k-means at .9", "")),
        below(at["k-means, 96 means"][1], 0.1, names=("at .99", "")),
    ),
)

# %% [markdown]
# k-means nearly fooled us. A cluster gathers the samples that share one atom; their mean is this atom plus an average of all others, which is close to the atom. The usual bar of .9 does not tell
# "close" from "found".
#
# Spare units matter. With exactly 64 it is harder, for the network and for least squares: two units often settle on one atom, a third stands between two, and neither can leave without raising the loss first. Dead units are no accident either:
# 32 of the 96 have nothing to find. Some die too early, while an atom is still without a unit; reviving them found it.
#
# ## How much of a picture in a few units
#
# Back to clothes. Lesson 02 started networks from PCA. An activation cannot be negative, so 512 units are 256 components and their 256 negatives. Halfway the dead units are revived. The rival
# is a dictionary: 512 atoms by least squares on 3,000 pictures, codes by matching pursuit.

# %%
pca = referees.fit_pca(centred)
both_ways = np.concatenate([pca.components[:256], -pca.components[:256]])  # (512, 784)
training.set_seed(SEED)
top8_encoder, top8_decoder, top8 = models.build_sparse_autoencoder(784, 512, layers.TopK(8), atoms=both_ways)
fit(top8, centred, epochs=2)
n_dead = models.revive_dead_units(top8_encoder, top8_decoder, centred, seed=SEED)
fit(top8, centred, epochs=2)
top8_codes, top8_atoms = encode(top8_encoder, unseen), atoms_of(top8_decoder)
dictionary = referees.fit_dictionary(centred[:3000], 512, 8, rounds=4, seed=SEED)

started = time.perf_counter()
searched = referees.orthogonal_matching_pursuit(unseen, top8_atoms, 8)
seconds = {"search": time.perf_counter() - started}
started = time.perf_counter()
encode(top8_encoder, unseen)
seconds["network"] = time.perf_counter() - started
refitted = referees.refit_codes(unseen, top8_codes, top8_atoms)
kept = {
    "PCA-8, the same for all": explained(unseen, pca.keep(8).reconstruct(unseen)),
    "own best 8 of PCA": explained(unseen, pca.decode(referees.best_coefficients(pca, unseen, 8))),
    "network": explained(unseen, top8_codes @ top8_atoms),
    "its atoms, amounts refitted": explained(unseen, refitted @ top8_atoms),
    "its atoms, codes by search": explained(unseen, searched @ top8_atoms),
    "dictionary and search": explained(unseen, dictionary.reconstruct(unseen)),
}
for name, share in kept.items():
    print(f"{name:28} {share:.4f}")


# %%
def rounded(codes):
    """Each number of a code rounded to one of 256 levels, 8 bits; zeros stay zeros."""
    low, step = codes.min(), (codes.max() - codes.min()) / 255
    return np.where(codes == 0, 0, low + step * np.round((codes - low) / step))


own_codes = referees.best_coefficients(pca, unseen, 8)
losses_of_rounding = [
    kept["network"] - explained(unseen, rounded(top8_codes) @ top8_atoms),
    kept["own best 8 of PCA"] - explained(unseen, pca.decode(rounded(own_codes))),
]
print(f"8 bits a number instead of 32 cost at most {max(losses_of_rounding):.5f} of these shares")
print(f"{n_dead} units were revived; 2,000 codes: network {seconds['network']:.2f} s, search {seconds['search']:.2f} s")

# %% tags=["hide-input"]
claim(
    "Eight active units: own best of PCA, network, the network's atoms searched, dictionary, in this order",
    below(
        [kept[name] for name in ("own best 8 of PCA", "network", "its atoms, codes by search")],
        [kept[name] for name in ("network", "its atoms, codes by search", "dictionary and search")],
        fmt=".3f",
    ),
)

# %% [markdown]
# With the same atoms, a search finds better codes than the encoder. This is the **amortisation gap**: what it costs to learn the answers instead of working them out. The advantage of the search
# is not bought with time here, as the seconds show: both are a few matrix products. It is a choice *by trial*: after each atom it looks at what is left. The encoder names all eight at once. The row
# above, best amounts for the eight it named, shows how little of the gap is in the amounts: most of it is in the choice.
#
# Now other numbers of active units. This table ships with the course (`python -m bench.curve_lesson03` makes it again): three trainings for each point.

# %%
table = np.genfromtxt(
    datasets.DATA_FOLDER / "curve_sparse.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
)


def recorded(method):
    """L0 and explained variance of one method, mean over its seeds, by rising L0."""
    rows = table[table["method"] == method]
    of_setting = [rows[rows["setting"] == setting] for setting in np.unique(rows["setting"])]
    return tuple(np.array(sorted([r["l0"].mean(), r["explained"].mean()] for r in of_setting)).T)


curves = {
    "dictionary and search": ("dictionary", 512), "top-k from PCA": ("topk_from_pca", 512),
    "own best k of PCA": ("pca_best", 784), "top-k from random": ("topk", 512), "PCA-k, the same for all": ("pca_fixed", 0),
}  # fmt: skip
plots.curve(
    None,
    {name: recorded(method) for name, (method, _) in curves.items()},
    xlabel="active units of an unseen picture (L0)",
    ylabel="explained share",
    log_x=True,
    height=3.8,
    caption="Learned atoms are worth most where few units are active. At 32, the network from random atoms is behind own PCA coefficients.",
)

# %% [markdown]
# The same points by their bits, eight for a number and $\log_2 \binom{m}{k}$ for the choice. PCA-k has no choice to pay for, and moves to the left.

# %%
by_bits = {}
for name, (method, m) in curves.items():
    k, share = recorded(method)
    choice = [log2(comb(m, round(active))) if m else 0 for active in k]
    by_bits[name.partition(",")[0]] = (8 * k + choice, share)
menu = {
    (k, m): pca.keep(m) for k, m in ((8, 32), (12, 32), (16, 48), (24, 64), (40, 96))
}  # k of the first m components
by_bits["own best k of few"] = (
    np.array([8 * k + log2(comb(m, k)) for k, m in menu]),
    np.array([explained(unseen, p.decode(referees.best_coefficients(p, unseen, k))) for (k, _), p in menu.items()]),
)
for name in ("top-k from PCA", "own best k of few"):
    print(f"{name:18} {by_bits[name][0][-1]:.0f} bits keep {by_bits[name][1][-1]:.3f}")
plots.curve(
    None,
    by_bits,
    xlabel="bits of a picture, the choice included",
    ylabel="explained share",
    height=3.8,
    caption="Paid in bits, choosing among all 784 components gains nothing over fixed ones. Choosing from a short list does.",
)

# %% tags=["hide-input"]
topk_curve, from_pca_curve, best_curve = (recorded(name)[1] for name in ("topk", "topk_from_pca", "pca_best"))
claim(
    "From random atoms, the network's lead over own PCA coefficients is gone at 32 active units; from PCA it is not",
    all_of(
        above(topk_curve[:2], best_curve[:2], fmt=".3f"),
        below([topk_curve[3], best_curve[3]], [best_curve[3], from_pca_curve[3]], fmt=".3f"),
    ),
)
silent = {
    m: table["silent_units"][(table["method"] == m) & (table["setting"] == 8)].mean() for m in ("topk", "topk_from_pca")
}
claim(
    "With 8 active from random atoms more than half of the 512 units are silent; from PCA and revived, less than 40 %",
    all_of(
        above(silent["topk"], 256, names=("silent", "")), below(silent["topk_from_pca"], 205, names=("revived", ""))
    ),
)

# %% [markdown]
# In bits the recorded network's lead over a short list of components is gone above some 250: the last points of the two are printed. The dictionary keeps it.
#
# Why does the lead shrink? With few words it matters to have the right ones. With many, 784 orthogonal ones serve nearly as well, and for them the best code is known exactly.
#
# ## Refitting what L1 has shrunk
#
# L1 chooses atoms and takes its toll from each. The cure is old: let it choose *which*, then forget the penalty and solve for *how much* by least squares on the same atoms.


# %%
def train_l1(unit_norm):
    """L1 of strength 1 from PCA: codes of unseen pictures and atoms."""
    training.set_seed(SEED)
    encoder, decoder, autoencoder = models.build_sparse_autoencoder(
        784, 512, layers.L1Penalty(1.0), atoms=both_ways, unit_norm=unit_norm
    )
    fit(autoencoder, centred, epochs=2)
    return encode(encoder, unseen), atoms_of(decoder)


l1_codes, l1_atoms = train_l1(unit_norm=True)
active = np.flatnonzero(l1_codes[0])  # for one picture it is one line of least squares
amounts = np.linalg.lstsq(l1_atoms[active].T, unseen[0], rcond=None)[0]
print(f"picture 0: {len(active)} active units; sum of amounts {l1_codes[0].sum():.1f}, refitted {amounts.sum():.1f}")
l1_refitted = referees.refit_codes(unseen, l1_codes, l1_atoms)  # for all
l1_kept, refit_kept = explained(unseen, l1_codes @ l1_atoms), explained(unseen, l1_refitted @ l1_atoms)
print(f"{metrics.l0(l1_codes):.0f} active units explain {l1_kept:.3f}; the same units, refitted: {refit_kept:.3f}")
claim(
    "Refitting the amounts on the units that L1 chose explains at least five hundredths more",
    above(refit_kept, l1_kept, by=0.05, fmt=".3f", names=("refitted", "as trained")),
)

# %% [markdown]
# Top-k has no penalty, hence no shrinkage, and refitting gains little, as the row above said. Both penalties at several strengths, from the recorded table:

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
    ylabel="explained share",
    height=3.4,
    caption="Both penalties stay far below the referee. L1 comes close to it when it is refitted.",
)

# %% [markdown]
# ## Without atoms of length one
#
# The lesson said that a price on activations can be evaded by long atoms. Does a training find that out?

# %%
free_codes, free_atoms = train_l1(unit_norm=False)
lengths = np.linalg.norm(free_atoms, axis=1)
price, free_price = (np.abs(z).sum(axis=1).mean() for z in (l1_codes, free_codes))
claim(
    "Without unit norm the atoms grow, the penalty falls, and not fewer units are active",
    all_of(
        above(lengths.mean(), 1.1, fmt=".2f", names=("mean length", "")),
        below(free_price, price, times=0.95, fmt=".1f", names=("penalty", "with unit norm")),
        above(metrics.l0(free_codes), metrics.l0(l1_codes), times=0.95, fmt=".0f", names=("L0", "with unit norm")),
    ),
)

# %% [markdown]
# It had two passes and was already on its way.
#
# ## A price on the connections
#
# "Sparse" is sometimes said of the *weights*: `kernel_regularizer=L1(…)`. Train 512 units with that, without a limit on activations.

# %%
training.set_seed(SEED)
priced_encoder, _, priced = models.build_sparse_autoencoder(784, 512, None)
priced_encoder.get_layer("detectors").kernel.regularizer = keras.regularizers.L1(0.01)  # a price on weights
fit(priced, centred, epochs=3)
small = (np.abs(priced_encoder.get_layer("detectors").get_weights()[0]) < 0.001).mean()
priced_l0 = metrics.l0(encode(priced_encoder, unseen))
print(f"{small:.0%} of the weights are below .001, and {priced_l0:.0f} units fire")
claim(
    "A price on the weights leaves more than three times as many units firing as a price on activations",
    above(priced_l0, metrics.l0(l1_codes), times=3, fmt=".0f", names=("L0", "with L1 on activations")),
)

# %% [markdown]
# Sparse weights make simple detectors, of few pixels each. Nothing keeps them from all answering at once.
#
# ## Do units know classes?
#
# Six units of the top-8 network, and the unseen pictures in which each is loudest. Labels were never used in training.

# %% tags=["hide-input"]
rates = metrics.firing_rates(top8_codes)


def as_pictures(atoms):
    """Atoms scaled to [0, 1] for display: (m, 784) -> (m, 28, 28)."""
    return 0.5 + 0.5 * (atoms / np.abs(atoms).max(axis=1, keepdims=True)).reshape(-1, 28, 28)


grid_rows, labels = [], []
for unit in np.argsort(-rates)[[2, 5, 9, 14, 20, 27]]:
    strongest = np.argsort(-top8_codes[:, unit])[:6]
    grid_rows.append([*as_pictures(top8_atoms[[unit]]), *validation[strongest].reshape(-1, 28, 28)])
    counts = np.bincount(clothes.validation_labels[top8_codes[:, unit] > 0], minlength=10)
    labels.append(f"{counts.max() / counts.sum():.0%} {clothes.class_names[counts.argmax()]}")
plots.grid(
    grid_rows,
    row_labels=labels,
    column_titles=["atom"] + [f"picture {i}" for i in range(1, 7)],
    caption="Left, the class that a unit fires for most often, and its share. Some units know a class, some a shape that several classes have.",
)

# %% [markdown]
# The **purity** of a unit is the share of the most frequent class among the pictures it fires for.

# %%
fires = top8_codes[:, rates >= 0.01] > 0  # (2000, units that fire for at least 20 of them)


def purity(labels):
    """Share of the most frequent class among the pictures that a unit fires for, mean over units."""
    counts = np.stack([np.bincount(labels[column], minlength=10) for column in fires.T])  # (units, 10)
    return (counts.max(axis=1) / counts.sum(axis=1)).mean()


pure = purity(clothes.validation_labels)
by_chance = purity(np.random.default_rng(SEED).permutation(clothes.validation_labels))
print(f"{fires.shape[1]} units fire for at least 1 % of the unseen pictures.")
print(f"Their purity is {pure:.0%} on average; with shuffled labels {by_chance:.0%}.")

# %% [markdown]
# ## A small change of the picture
#
# Which units fire depends on the picture. How firmly do they stand? Compare the active sets of two pictures by their overlap, the **Jaccard index**: units active in both, divided by
# units active in one of them. {sleeve, leg} and {sleeve, heel} share one of three: ⅓.

# %%
guess(
    "active-sets",
    "Shift a picture by one pixel to the right. What share of its active units stays?",
    ["more than 80 %", "30 to 65 %", "less than 15 %"],
)

# %%
random = np.random.default_rng(SEED)
pictures = validation.reshape(-1, 28, 28)
noise = random.standard_normal(validation.shape).astype("float32")
order = np.argsort(clothes.validation_labels, kind="stable")
of_its_class = np.empty_like(validation)
of_its_class[order] = np.roll(validation[order], 1, axis=0)  # the next of its class, but for one in each class
changed = {
    "a tenth darker": 0.9 * validation,
    "noise of .05": metrics.clip01(validation + 0.05 * noise),
    "noise of .1": metrics.clip01(validation + 0.1 * noise),
    "one pixel to the right": np.roll(pictures, 1, axis=2).reshape(-1, 784),
    "two pixels to the right": np.roll(pictures, 2, axis=2).reshape(-1, 784),
    "another of its class": of_its_class,
    "some other picture": np.roll(validation, 1, axis=0),
}
overlaps = {}
original_best = referees.best_coefficients(pca, unseen, 8)
print("overlap of the active sets    top-8 network   own best 8 of PCA   change of the picture")
for name, other in changed.items():
    overlaps[name] = float(metrics.active_set_overlap(top8_codes, encode(top8_encoder, other - mean_picture)).mean())
    best = referees.best_coefficients(pca, other - mean_picture, 8)
    referee_overlap = float(metrics.active_set_overlap(original_best, best).mean())
    distance = np.linalg.norm(other - validation, axis=1).mean() / np.linalg.norm(unseen, axis=1).mean()
    print(f"{name:28} {overlaps[name]:14.2f} {referee_overlap:19.2f} {distance:21.2f}")

# %% tags=["hide-input"]
shift = overlaps["one pixel to the right"]
claim(
    "Under noise of .05 more than 80 % of the active set stays; a shift by one pixel exchanges more than a third; other pictures share less than 15 %",
    all_of(
        above(overlaps["noise of .05"], 0.8, fmt=".2f"),
        below(shift, 0.65, fmt=".2f"),
        below(overlaps["some other picture"], 0.15, fmt=".2f"),
    ),
)
reveal(
    "active-sets",
    {
        "more than 80 %": above(shift, 0.8),
        "30 to 65 %": between(shift, 0.3, 0.65),
        "less than 15 %": below(shift, 0.15),
    },
)

# %% [markdown]
# The last column is the size of the change, as share of the picture's distance from the mean. A shift that you hardly see moves the picture farther than noise that you do see, and exchanges half of
# the units. That is no flaw of the network: the picture's own PCA coefficients change nearly as much. Sparse codes say *where* something is. Whoever reads a unit as "sleeve" should read "sleeve, here".
#
# ## Loudness and strength
#
# **"Twice sparser."** A much-read tutorial compares two codes by their mean activation, 7.30 without a penalty and 3.33 with, and calls the second twice sparser. Let us make our own code twice sparser.

# %%
halved_encoder, halved_decoder, _ = models.build_sparse_autoencoder(784, 512, layers.TopK(8), unit_norm=False)
halved_encoder.get_layer("detectors").set_weights([w / 2 for w in top8_encoder.get_layer("detectors").get_weights()])
halved_decoder.get_layer("atoms").set_weights([2 * top8_atoms])
halved = encode(halved_encoder, unseen)
largest_change = float(np.abs(halved @ atoms_of(halved_decoder) - top8_codes @ top8_atoms).max())
for name, z in (("as trained", top8_codes), ("detectors / 2, atoms x 2", halved)):
    print(f"{name:25} mean activation {z.mean():.4f}, active units {metrics.l0(z):.2f}")
claim(
    "Half the mean activation, the same units, the same copies",
    all_of(
        close(halved.mean() / top8_codes.mean(), 0.5, 1e-3, names=("ratio", "")),
        below(largest_change, 1e-3, fmt=".0e", names=("largest change of a pixel", "")),
    ),
)

# %% [markdown]
# **A strength that means something else tomorrow.** `activity_regularizer=L1(...)` sums over the batch. Keras 2 divided the sum by the batch size, Keras 3.0 to 3.13 did not, and since 3.14 it is divided
# again. The same line was a penalty 32 or 256 times as strong, depending on version and batch. See what yours does, beside the penalty written out.

# %%
regularised = keras.layers.Dense(512, "relu", activity_regularizer=keras.regularizers.L1(1.0))
written_out = {}
for size in (32, 256):
    batch = np.tile(centred[:32], (size // 32, 1))  # the same pictures, once and eight times
    activations = regularised(batch)
    by_keras = float(sum(keras.ops.convert_to_numpy(value) for value in regularised.losses))
    written_out[size] = float(losses.l1_penalty(activations, 1.0))
    print(f"batch of {size:3}: Keras {keras.__version__} {by_keras:6.1f}, written out {written_out[size]:6.1f}")
claim(
    "Written out, the penalty is the same at every batch size",
    close(written_out[256] / written_out[32], 1, 1e-4, fmt=".5f", names=("256 to 32", "")),
)

# %% [markdown]
# **A loss that starts in the thousands.** Training pictures seem a natural start for atoms. But they resemble each other, so many detectors fire at once, and their sum is many times too large. Before any training:

# %%
starts = {"random directions": None, "256 components, both ways": both_ways, "512 training pictures": centred[:512]}
first_error = {}
for name, atoms in starts.items():
    training.set_seed(SEED)
    _, _, untrained = models.build_sparse_autoencoder(784, 512, layers.TopK(32), atoms=atoms)
    first_error[name] = np.square(untrained.predict(unseen[:500], verbose=0) - unseen[:500]).sum(axis=1).mean()
    print(f"top-32 from {name:26} summed squared error {first_error[name]:9.1f}")
print(f"the mean picture has {np.square(unseen[:500]).sum(axis=1).mean():.1f}")

# %% [markdown]
# ## Results
#
# The test pictures, with 8 active units each.

# %%
test_centred = test - mean_picture
test_codes = encode(top8_encoder, test_centred)
test_copies = {
    "mean picture": np.zeros_like(test_centred),
    "PCA-8": pca.keep(8).reconstruct(test_centred),
    "own best 8 of PCA": pca.decode(referees.best_coefficients(pca, test_centred, 8)),
    "network from PCA, revived": test_codes @ top8_atoms,
    "the same units, refitted": referees.refit_codes(test_centred, test_codes, top8_atoms) @ top8_atoms,
    "dictionary and search": dictionary.reconstruct(test_centred),
}
results = {name: explained(test_centred, copy) for name, copy in test_copies.items()}
plots.ladder(
    list(results),
    list(results.values()),
    kinds=["trivial", "referee", "referee", "network", "both", "rival"],
    metric="explained share of 2,000 test pictures",
    lower_is_better=False,
    annotations=["0 bits", "64 bits", "126 bits", "121 bits", "121 bits", "121 bits"],
    caption="Eight active units each. Part of the step from the second rung to the third is paid for in bits.",
)
names = ("PCA-8", "own best 8 of PCA", "network from PCA, revived", "dictionary and search")
claim(
    "On test pictures the order is: fixed components, own components, network, dictionary",
    below([results[n] for n in names[:-1]], [results[n] for n in names[1:]], fmt=".3f"),
)

# %% [markdown]
# ## Wrap-up
#
# * A limit widens the gap between training and validation error and narrows their ratio. What it stops is the copying of what are no clothes.
# * At equal bits learned atoms lead where codes are short. Above some 250 bits a short list of components is level with the recorded networks, not with the dictionary.
# * Known atoms are found by network and least squares alike. A bar of .9 is passed by k-means as well.
# * At equal atoms a search beats the encoder, by choosing better. Refitting repairs L1 and hardly changes top-k.
# * Units know shapes at places. A pixel to the right is another place.
#
# ## References
#
# * Y. Pati, R. Rezaiifar, P. Krishnaprasad: *Orthogonal matching pursuit*, Asilomar 1993; K. Engan, S. Aase, J. Husøy: *Method of optimal directions for frame design*, ICASSP 1999; M. Aharon, M. Elad,
#   A. Bruckstein: *K-SVD*, IEEE Transactions on Signal Processing 54, 2006 (the test with known atoms).
# * N. Meinshausen: *Relaxed lasso*, Computational Statistics & Data Analysis 52, 2007 (refitting).
# * T. Bricken and others: *Towards monosemanticity*, Transformer Circuits 2023 (atoms of length 1, reviving); L. Gao and others: *Scaling and evaluating sparse autoencoders*, 2024 (top-k, tied start);
#   N. Elhage and others: *Toy models of superposition*, Transformer Circuits 2022.
# * Where the lesson's ideas come from: B. Olshausen, D. Field: *Emergence of simple-cell receptive field properties by learning a sparse code for natural images*, Nature 381, 1996 (atoms of pictures);
#   R. Tibshirani: *Regression shrinkage and selection via the lasso*, Journal of the Royal Statistical Society B 58, 1996 (L1); S. Kullback, R. Leibler: *On information and sufficiency*, Annals of
#   Mathematical Statistics 22, 1951, and A. Ng: *Sparse autoencoder*, CS294A lecture notes, Stanford 2011 (KL and its penalty); A. Makhzani, B. Frey: *k-sparse autoencoders*, ICLR 2014 (top-k).
# * Limits that came later: S. Rajamanoharan and others: *Improving dictionary learning with gated sparse autoencoders*, and *Jumping ahead: improving reconstruction fidelity with JumpReLU sparse
#   autoencoders*, both 2024.
# * P. Jaccard: *Étude comparative de la distribution florale*, Bulletin de la Société Vaudoise des Sciences Naturelles 37, 1901.
# * The comparison under *Loudness and strength*: F. Chollet, *Building autoencoders in Keras*, Keras blog, 2016 (mean activations 7.30 and 3.33). The batch scaling: Keras issue 22018 and pull request 22021.
