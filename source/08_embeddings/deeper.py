# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Embeddings, deeper: noise, maps, yesterday's gallery, bytes"
#     lesson: 8
#     minutes: 49
#     compute: 38
#     objectives:
#       - Tell what a target adds to a search from what the network adds
#       - Compare five maps of the same pictures, and say what cannot be read from them
#       - Search yesterday's gallery with today's encoder, and mend it by one rotation
#       - Test whether a single axis of a code means anything
#       - Choose how many bytes an item needs
# ---

# %% [markdown]
# This notebook stays with the course's clothes, and with the lesson's margin: *level* is less than a point (.01 of precision@10) apart, *ahead* more than one. First the lesson's embeddings, and more networks: trained on noise of two strengths, on movement, and the plain one with another seed. (Noise on the input, the clean picture as target: lesson 04's denoiser.)

# %%
import time

from course_lib import above, all_of, below, between, claim, close, datasets, guess, layers, metrics, models
from course_lib import plots, referees, reveal, training, vectors

import keras
import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784)
labels, query_labels = clothes.train_labels, clothes.validation_labels
pca = referees.fit_pca(train, 128)


# %%
def encode(model, rows):
    return keras.ops.convert_to_numpy(model(rows))


def precision(gallery_codes, query_codes, wanted=query_labels):
    """Precision@10 by Euclidean distance."""
    return metrics.precision_at_k(gallery_codes, labels, query_codes, wanted, 10)


def unit(codes, centre):
    """Codes measured from a centre, each scaled to length 1."""
    centred = codes - centre
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)


def centred_cosine(gallery_codes, query_codes):
    """Precision@10 by the cosine from the gallery's mean."""
    centre = gallery_codes.mean(axis=0)
    return precision(unit(gallery_codes, centre), unit(query_codes, centre))


# %%
move = keras.Sequential([
    keras.layers.Reshape((28, 28, 1)),
    keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant", interpolation="nearest"),
    keras.layers.Reshape((784,)),
])  # fmt: skip
recipes = {  # name -> seed, passes, and what happens to the input
    "autoencoder": (SEED, 3, keras.layers.Identity()),
    "another seed": (SEED + 1, 3, keras.layers.Identity()),
    "trained on noise .3": (SEED, 3, layers.AddGaussianNoise(0.3, clip=True)),
    "trained on noise .6": (SEED, 3, layers.AddGaussianNoise(0.6, clip=True)),
    "trained on movement": (SEED, 9, move),  # as many as in the lesson
}
networks = {}  # name -> encoder, decoder, autoencoder
for name, (seed, passes, corrupt) in recipes.items():
    training.set_seed(seed)
    networks[name] = models.warm_start_autoencoder(pca.keep(32), 256)
    clean = keras.Input((784,))
    whole = keras.Model(clean, networks[name][2](corrupt(clean)))
    training.fit(whole, train, epochs=passes, batch_size=100, learning_rate=1.5e-3, description=name)

# %% [markdown]
# ## Is it the target, or the network?
#
# The lesson's network trained on movement finds over ten points more than PCA for moved queries. Two referees, both without gradient descent; the second is the lesson's:
#
# * **Aligned, then PCA**: move every picture so that its centre of mass lies in the middle.
# * **Linear, from moved**: of all linear maps from moved to unmoved pictures through 32 numbers, the one with the least squared error. Recipe: predict the unmoved picture by least squares, then take PCA of what is predicted (**reduced-rank regression**).


# %%
def cut(rows, shifts):
    """Pictures seen from a frame that is moved by shifts (n, 2), of 8 at most: (n, 784)."""
    wide = np.pad(rows.reshape(-1, 28, 28), ((0, 0), (8, 8), (8, 8)))
    frames = [p[r : r + 28, c : c + 28] for p, (r, c) in zip(wide, 8 + shifts, strict=True)]
    return np.stack(frames).reshape(len(rows), -1)


def moved(rows, seed):
    return cut(rows, np.random.default_rng(seed).integers(-2, 3, (len(rows), 2)))


def noisy(rows, sigma, seed):
    """Gaussian noise, clipped to [0, 1]."""
    return metrics.clip01((rows + np.random.default_rng(seed).normal(0, sigma, rows.shape)).astype("float32"))


def aligned(rows):
    """Each picture moved by whole pixels until its centre of mass lies in the middle."""
    images = rows.reshape(-1, 28, 28)
    mass = np.maximum(images.sum(axis=(1, 2)), 1e-9)
    middles = np.stack([images.sum(axis=axis) @ np.arange(28) / mass for axis in (2, 1)], axis=1)
    return cut(rows, np.round(middles - 13.5).astype(int).clip(-8, 8))


# %%
aligned_pca = referees.fit_pca(aligned(train), 32)
examples = np.concatenate([moved(train, SEED + 2 + i) for i in range(3)])  # three draws of each picture, as in training
embeddings = {
    "pixels": lambda rows: rows,
    "PCA": pca.keep(32).encode,
    "aligned, then PCA": lambda rows: aligned_pca.encode(aligned(rows)),
    "linear, from moved": referees.fit_reduced_rank(examples, np.concatenate([train] * 3), 32, ridge=1e-3),
}
for name, (encoder, *_) in networks.items():
    embeddings[name] = lambda rows, encoder=encoder: encode(encoder, rows)
gallery = {name: embed(train) for name, embed in embeddings.items()}
queries = {name: embed(validation) for name, embed in embeddings.items()}
prepared = {name: unit(codes, codes.mean(axis=0)) for name, codes in gallery.items()}


def by_cosine(name, rows, centre=None):
    """Precision@10 for validation pictures, measured from the gallery's mean or from another centre."""
    centre = gallery[name].mean(axis=0) if centre is None else centre
    return precision(prepared[name], unit(embeddings[name](rows), centre))


# %%
shown = [name for name in embeddings if name not in ("another seed", "trained on noise .6")]
given = {"as they are": validation, "noisy (.3)": noisy(validation, 0.3, SEED), "moved": moved(validation, SEED)}
robust = {name: [by_cosine(name, rows) for rows in given.values()] for name in shown}
plots.matrix(
    np.array(list(robust.values())), shown, [f"queries {kind}" for kind in given], value_format=".3f", cell=(1.7, 0.45),
    caption="Precision@10 by centred cosine; the gallery is never spoilt. All but the pixels search with 32 numbers.",
)  # fmt: skip

# %% tags=["hide-input"]
linear, network = robust["linear, from moved"], robust["trained on movement"]
claim(
    "For moved queries the best linear map with the same target is over three points ahead of PCA",
    above(linear[2], robust["PCA"][2], by=0.03, fmt=".3f", names=("linear", "PCA")),
)
claim(
    "On clean and on moved queries the network is ahead of that map",
    above(network[::2], linear[::2], by=0.01, fmt=".3f", names=("network", "linear")),
)
aligning = robust["aligned, then PCA"]
claim(
    "Aligning trails that network on clean queries, and PCA on noisy ones by two points",
    above([network[0], robust["PCA"][1]], [aligning[0] + 0.01, aligning[1] + 0.02], fmt=".3f",
          names=(["clean: network", "noisy: PCA"], ["aligned + .01", "aligned + .02"])),
)  # fmt: skip

# %% [markdown]
# The *target* did most of it. What the network adds is a few points more, on moved and on clean queries. For noisy ones, of which nobody told it, it pays. And whoever knows that position does not matter can take it out beforehand: PCA then finds about as many of the moved as the network does, at a price for clean pictures, and for noisy ones, whose centre of mass is hard to tell.
#
# ## Noise is a matter of the mean

# %%
guess(
    "robust",
    "Queries get Gaussian noise of σ = .3. Which search then finds the most of the right kind?",
    ["pixels", "PCA", "autoencoder trained on that noise, by more than a point"],
)

# %% tags=["hide-input"]
raw, by_pca, plain, told = (robust[n][1] for n in ("pixels", "PCA", "autoencoder", "trained on noise .3"))
reveal("robust", {
    "pixels": above(raw, [by_pca, told], fmt=".3f", names=("pixels", ("PCA", "trained on noise"))),
    "PCA": above(by_pca, [raw, told], fmt=".3f", names=("PCA", ("pixels", "trained on noise"))),
    "autoencoder trained on that noise, by more than a point": above(told, [raw, by_pca], by=0.01, fmt=".3f", names=("trained on noise", ("pixels", "PCA"))),
})  # fmt: skip
claim(
    "Training on noise gains less than two points for noisy queries, over the plain network and over pixels",
    below([told] * 2, [plain, raw], by=-0.02, fmt=".3f", names=("trained", ("without noise", "pixels"))),
)

# %% [markdown]
# A distance over 784 pixels averages independent noise away by itself. And if there is more of it?

# %%
sigmas, compared = (0.6, 1.0), {}
for name in ("pixels", "PCA", "autoencoder", "trained on noise .6"):
    line = []
    for sigma in sigmas:
        rows = noisy(validation, sigma, SEED)
        noisy_mean = embeddings[name](noisy(train[::6], sigma, SEED + 1)).mean(axis=0)
        line += [by_cosine(name, rows), by_cosine(name, rows, noisy_mean)]
    compared[name] = line
plots.matrix(
    np.array(list(compared.values())), list(compared),
    [f"σ = {sigma:g},\n{centre} mean" for sigma in sigmas for centre in ("gallery's", "noisy")],
    value_format=".3f", cell=(1.25, 0.45),
    caption="Precision@10 of noisy queries. Left of each pair: measured from the gallery's mean; right: from that of noisy training pictures.",
)  # fmt: skip

# %% tags=["hide-input"]
before, after = compared["PCA"][2:]
claim(
    "At σ = 1 one subtraction lifts PCA from under .25 to over .6",
    all_of(below(before, 0.25, fmt=".3f", names=("before", "")), above(after, 0.6, fmt=".3f", names=("after", ""))),
)
(pca_before, pca_after), (net_before, net_after) = (compared[n][:2] for n in ("PCA", "trained on noise .6"))
claim(
    "At σ = .6 the network trained on it is ahead of PCA, and level once both use the noisy mean",
    all_of(
        above(net_before, pca_before, by=0.01, fmt=".3f", names=("network", "PCA")),
        close(net_after, pca_after, 0.01, fmt=".3f", names=("then network", "PCA")),
    ),
)

# %% [markdown]
# By hand: a black pixel with noise of σ = 1 is below 0 half of the time, and is clipped to 0; else it is positive. Its mean is no longer 0 but about .32. *Every* query is shifted the same way, and a cosine from the gallery's mean sees little but that shift. The mean of *noisy* pictures takes it away, in one line of NumPy.
# A network trained on noise learns a part of this correction, and keeps no advantage once PCA has it too.
#
# So measure queries from the mean of pictures that went through the same corruption: training pictures spoilt alike, or many queries together. Never from the mean of one query: that is the query itself, and nothing is left.
#
# ## A low error is no meaning
#
# The loss is the only number that training shows, so codes get compared by it. The pixels' error would be 0.

# %%
errors = {"PCA": metrics.mse(validation, metrics.clip01(pca.keep(32).reconstruct(validation)))}
for name in ("autoencoder", "trained on noise .3", "trained on movement"):
    errors[name] = metrics.mse(validation, metrics.clip01(encode(networks[name][2], validation)))
for name, error in errors.items():
    print(f"{name:20} error {error:.4f}   precision@10 clean {robust[name][0]:.3f}, moved {robust[name][2]:.3f}")
claim(
    "The network's code that searches moved queries best has over a fifth more reconstruction error",
    above(errors["trained on movement"], errors["autoencoder"], times=1.2, fmt=".4f", names=("on movement", "plain")),
)

# %% [markdown]
# ## Five maps of the same clothes
#
# An embedding of two numbers can be drawn. Four of the maps are functions: PCA, an autoencoder, a denoiser and a VAE (lesson 05), trained on the gallery, draw 1,600 validation pictures that they never saw. (40 epochs each, beforehand: `python -m bench.maps_lesson08`.)
# **t-SNE** (van der Maaten and Hinton 2008) is no function. It takes *these* 1,600 pictures, says for each how likely each other one is its neighbour (a bell around it, as wide as it takes to hold about 30: the **perplexity**), and pushes points about on paper until the paper's neighbours agree.
#
# Three scores. *k-NN*: how many pictures the ten nearest others name correctly. **Trustworthiness** (Venna and Kaski 2001): are neighbours on the map neighbours in the data? 1 if all are, less the farther off the intruders come from. Both look at neighbours only. The **rank correlation** (Spearman 1904) looks at the whole: do the distances of pairs
# come in the same order on the map as between the pictures? By hand: three pairs at 1, 2 and 5 in the data, and at 30, 40 and 45 on the map: other numbers, the same order, so 1.

# %%
checkpoint = datasets.DATA_FOLDER.parent / "checkpoints" / "clothes_maps.keras"
some = np.random.default_rng(SEED).permutation(len(validation))[:1600]
pictures, kinds = validation[some], query_labels[some]
stored_maps = {
    name: keras.ops.convert_to_numpy(codes) for name, codes in keras.saving.load_model(checkpoint)(pictures).items()
}


def t_sne(data, **options):
    """t-SNE's map of data (n, d), after PCA to at most 50 numbers: (n, 2)."""
    reduced = referees.fit_pca(data, min(50, *data.shape)).encode(data)
    return TSNE(2, init="pca", random_state=SEED, max_iter=500, n_jobs=1, **options).fit_transform(reduced)


places = {"PCA": referees.fit_pca(train, 2).encode(pictures)}
places |= {
    name: stored_maps[key]
    for name, key in (("autoencoder", "autoencoder"), ("denoiser", "denoising"), ("VAE", "variational"))
}
places["t-SNE"] = t_sne(pictures)


# %%
def knn_accuracy(codes, k=10):
    """Share of the pictures that their k nearest among the others name correctly."""
    others = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)  # never the own row
    return float(np.mean([np.bincount(row).argmax() for row in kinds[others]] == kinds))


scores = {  # k-NN, trustworthiness, order of distances
    name: (
        knn_accuracy(codes),
        trustworthiness(pictures, codes, n_neighbors=10),
        float(spearmanr(pdist(pictures[:500]), pdist(codes[:500]))[0]),
    )
    for name, codes in places.items()
}
plots.maps(
    {name: referees.fit_pca(codes, 2).encode(codes) for name, codes in places.items()},
    kinds, clothes.class_names,
    below=[f"k-NN {k:.2f}, trust {t:.3f}, order {o:.2f}" for k, t, o in scores.values()],
    axis_names=("principal axis 1 of the map", "principal axis 2"), equal=False,
    caption="The same 1,600 unseen pictures, each map turned to its principal axes. Order: rank correlation of pair distances.",
)  # fmt: skip
fifty = referees.fit_pca(pictures, 50).encode(pictures)
print(
    f"without a map: k-NN {knn_accuracy(pictures):.3f} on the pixels, {knn_accuracy(fifty):.3f} on the 50 numbers that t-SNE was given"
)
print("t-SNE places new points:", hasattr(TSNE(), "transform"))

# %% tags=["hide-input"]
named, trusts, orders = zip(*(scores[name] for name in ("autoencoder", "denoiser", "VAE")), strict=True)
claim(
    "Networks' maps name more than PCA's; t-SNE's names most, and is the most trustworthy",
    above([min(named), *scores["t-SNE"][:2]], [scores["PCA"][0], max(named), max(trusts)], fmt=".3f",
          names=(["networks at least", "t-SNE", "trust: t-SNE"], ["PCA", "networks at most", "networks at most"])),
)  # fmt: skip
claim(
    "No map keeps the order of all distances as well as PCA's",
    above(scores["PCA"][2], max(scores["t-SNE"][2], *orders), fmt=".2f", names=("PCA", "the best other")),
)  # fmt: skip

# %% [markdown]
# As a picture of neighbourhoods t-SNE wins, and it had the easier task: it has seen these very pictures. It shows less than it was given, and pays with the whole. To look, a map; to search, the wide code.
#
# scikit-learn's t-SNE cannot place picture 1,601; openTSNE can, and parametric t-SNE trains a network to draw. The map that you will meet most, UMAP (McInnes, Healy and Melville 2018), is a relative: it builds a graph of neighbours and lays it out so that linked points pull and all others push. It is faster on large sets and places new points. What follows holds for it too.
#
# **Distances between clusters.** "These two are far apart, so they differ most", "this class is the most varied": neither can be read from such a map. Three clouds of 100 points in ten dimensions: B lies ten times as far from C as from A, and C is ten times as wide as A.

# %%
toy_random, centres = np.random.default_rng(SEED), np.zeros((3, 10))
centres[1, 0], centres[2, 0] = 10, 110
cloud = np.repeat([0, 1, 2], 100)
toy = centres[cloud] + np.array([0.3, 0.3, 3.0])[cloud, None] * toy_random.standard_normal((300, 10))


def ratios(points):
    """How many times as far C is from B as A is, and how many times as wide C is as A."""
    middles = np.array([np.median(points[cloud == i], axis=0) for i in range(3)])
    wide = [np.median(np.linalg.norm(points[cloud == i] - middles[i], axis=1)) for i in range(3)]
    apart = [np.linalg.norm(middles[1] - middles[i]) for i in (2, 0)]
    return apart[0] / apart[1], wide[2] / wide[0]


toy_maps = {"PCA": referees.fit_pca(toy, 2).encode(toy)}
toy_maps |= {f"t-SNE, perplexity {p}": t_sne(toy, perplexity=p) for p in (10, 30)}
read = {name: ratios(points) for name, points in toy_maps.items()}
plots.maps(
    toy_maps, cloud, ["A", "B", "C"], columns=4, size=2.5,
    below=[f"distances 1 : {distance:.1f}\nwidths 1 : {wide:.1f}" for distance, wide in read.values()],
    caption="The truth is 1 : 10 for both. PCA nearly keeps it. t-SNE draws three clouds of much the same size and distance.",
)  # fmt: skip
largest = max(max(pair) for name, pair in read.items() if name != "PCA")
claim(
    "t-SNE draws a tenfold distance, and a tenfold width, as less than fourfold",
    below(largest, 4, fmt=".1f", names=("at most", "")),
)

# %% [markdown]
# t-SNE gives every point about as many neighbours as every other, whatever the scale: that is its aim, and it removes what you wanted to read.
#
# ## Train it again
#
# Is an embedding a property of the data, or of the seed? The lesson's Procrustes distance tells. Three pairs of trainings: two numbers (the maps' networks), 32 numbers from random weights, 32 from PCA.

# %%
from_random = []
for seed in (SEED, SEED + 1):
    training.set_seed(seed)
    encoder, _, whole = models.build_autoencoder(784, 256, 32, output_activation="sigmoid")
    training.fit(whole, train, epochs=3, batch_size=100, learning_rate=3e-3, description="from random weights")
    from_random.append((encode(encoder, train), encode(encoder, validation)))
from_pca = [(gallery[name], queries[name]) for name in ("autoencoder", "another seed")]


def axis_by_axis(a, b):
    """Mean |correlation| of each axis of one embedding with the same axis of the other."""
    return float(np.mean([abs(np.corrcoef(a[:, i], b[:, i])[0, 1]) for i in range(a.shape[1])]))


pairs = {
    "2 numbers, from random weights": (stored_maps["autoencoder"], stored_maps["another_seed"]),
    "32 numbers, from random weights": (from_random[0][1], from_random[1][1]),
    "32 numbers, from PCA": (from_pca[0][1], from_pca[1][1]),
}
remaining = {name: procrustes(*pair)[2] for name, pair in pairs.items()}
for name, pair in pairs.items():
    print(f"{name:32} axis by axis {axis_by_axis(*pair):.2f}, Procrustes distance {remaining[name]:.4f}")

# %% tags=["hide-input"]
of_two, of_random, of_pca = pairs
first, second, _ = procrustes(*pairs[of_two])
frame = referees.fit_pca(first, 2)  # the same rotation for both
plots.maps(
    {"first seed": frame.encode(first), "second seed": pairs[of_two][1], "second, on the first": frame.encode(second)},
    kinds, clothes.class_names, axis_names=("axis 1", "axis 2"), columns=4, size=2.4,
    caption=f"Two trainings of one network. Turned, moved and stretched as well as can be, {remaining[of_two]:.1%} of the squared distance remain.",
)  # fmt: skip
claim(
    "From PCA both seeds give one embedding: a Procrustes distance below .01",
    below(remaining[of_pca], 0.01, names=("distance", "")),
)
claim(
    "From random weights the axes differ, and the shape is nearly the same",
    below([axis_by_axis(*pairs[of_random]), remaining[of_random]], [0.5, 0.15], fmt=".2f", names=(["axis by axis", "Procrustes distance"], "")),
)  # fmt: skip

# %% [markdown]
# What does that mean in practice? Yesterday somebody filled a gallery. Today the network was trained again, and encodes the queries.

# %%
guess(
    "yesterday",
    "Both networks started from random weights. Yesterday's gallery, today's queries: how much do these find of what yesterday's own queries found?",
    ["about as much", "about two thirds", "less than a third"],
)


# %%
def across(old, new):
    """Precision@10 in the old encoder's gallery: its own queries, the new encoder's, and these turned."""
    centre, new_centre = old[0].mean(axis=0), new[0].mean(axis=0)
    rotation, _ = orthogonal_procrustes(new[0] - new_centre, old[0] - centre)  # fitted on pictures that both encoded
    turned = (new[1] - new_centre) @ rotation
    asked = ((old[1], centre), (new[1], centre), (turned, 0))
    return [precision(unit(old[0], centre), unit(codes, middle)) for codes, middle in asked]


yesterday = {"both from PCA": across(*from_pca), "both from random weights": across(*from_random)}
plots.matrix(
    np.array(list(yesterday.values())), list(yesterday), ["yesterday's queries", "today's queries", "today's, turned"],
    value_format=".3f", cell=(1.7, 0.45),
    caption="Precision@10 in yesterday's gallery. From random weights today's codes find next to nothing, until one rotation is fitted.",
)  # fmt: skip

# %% tags=["hide-input"]
own, today, turned = yesterday["both from random weights"]
claim(
    "Today's queries find under a quarter in yesterday's gallery, and turned nearly what its own find",
    all_of(
        below(today, 0.25, fmt=".3f", names=("today's", "")),
        above(turned, own, by=-0.04, fmt=".3f", names=("turned", "its own")),
    ),
)
claim(
    "From PCA today's queries find what yesterday's do, to within two points",
    close(*yesterday["both from PCA"][:2], 0.02, fmt=".3f", names=("own", "today's")),
)
share = today / own
reveal("yesterday", {
    "about as much": above(share, 0.85, fmt=".2f", names=("share", "")),
    "about two thirds": between(share, 1 / 3, 0.85, fmt=".2f", name="share"),
    "less than a third": below(share, 1 / 3, fmt=".2f", names=("share", "")),
})  # fmt: skip

# %% [markdown]
# Nothing fails: the codes have the right shape, the database answers, and the answers are close to chance. Three ways out. Start at a referee, which fixes the axes. Encode the gallery again. Or keep some pictures, encode them with both networks, and fit one
# rotation: with the singular value decomposition $a^\top b=U\Sigma W^\top$ of the centred codes it is $R=WU^\top$, so that $bR$ lies on $a$ (**orthogonal Procrustes**, Schönemann 1966).
#
# ## What an axis means
#
# A column of a table has a name. Has an axis of a code? Two dimensions first. Let $x$ be brightness, with variance 9, and $y$ something else, with variance 1. Turn the code by 45 degrees: each new axis is $(x\pm y)/\sqrt2$. How much of brightness does *one* of them explain? Its squared correlation with $x$ is $9/(9+1)=.9$. The turned axes still seem to mean brightness.
# But only because $x$ is wide. Divide both by their deviations first: $1/(1+1)=.5$. With 32 such axes it would be one thirty-second.

# %% tags=["hide-input"]
flat_cloud = np.random.default_rng(SEED).standard_normal((400, 2))
figure, both = plots.subplots(1, 2, height=3.1)
for ax, wide, title in zip(both, (3, 1), ("variances 9 and 1: R² .9", "whitened: R² .5"), strict=True):
    spot = ax.scatter(wide * flat_cloud[:, 0], flat_cloud[:, 1], s=8, c=flat_cloud[:, 0], cmap="cividis")
    for sign in (1, -1):
        ax.annotate("", (2.2, 2.2 * sign), (0, 0), arrowprops={"arrowstyle": "->", "lw": 2})
    ax.set(xlabel="x, brightness", ylabel="y", title=title, aspect="equal", xlim=(-9, 9), ylim=(-4, 4))
plots.show(
    figure,
    "Colour: brightness. Along a turned axis (arrows) it still changes where the cloud is wide; in a round one, half as much.",
)

# %% [markdown]
# First: does the loss prefer one set of axes? Turn the code, and turn back inside the decoder. Lesson 02's two-path decoder reads the code in two layers, `pca_decode` (the linear path) and `decoder_hidden` (the small network): both get $R^\top$ in front.

# %%
rotation = np.linalg.qr(np.random.default_rng(SEED).standard_normal((32, 32)))[0].astype("float32")
decoder, codes_train, codes = networks["autoencoder"][1], gallery["autoencoder"], queries["autoencoder"]
turned_decoder = keras.models.clone_model(decoder)
turned_decoder.set_weights(decoder.get_weights())
for name in ("decoder_hidden", "pca_decode"):
    layer = turned_decoder.get_layer(name)
    kernel, bias = layer.get_weights()
    layer.set_weights([rotation.T @ kernel, bias])
pixel_change = float(np.abs(encode(turned_decoder, codes @ rotation) - encode(decoder, codes)).max())
search_change = abs(precision(codes_train @ rotation, codes @ rotation) - precision(codes_train, codes))
claim(
    "Other axes, the same reconstructions, the same search",
    below(
        [pixel_change, search_change, axis_by_axis(codes, codes @ rotation)],
        [1e-3, 0.002, 0.5],
        names=(["change of a pixel", "of precision@10", "correlation with the old axes"], ""),
    ),
)

# %% [markdown]
# So the loss does not choose the axes. Do they mean something all the same? Take five things that anybody can see. How much of the variance of each does *one* axis explain at best, and how much *all* 32 together (R² of a linear fit: 1 minus the share left over)?


# %%
def visible(rows):
    """Brightness, width, height, middle row and left-right difference of pictures (n, 784): (n, 5)."""
    images = rows.reshape(-1, 28, 28)
    ink, mass = images > 0.1, images.sum(axis=(1, 2))
    middle = images.sum(axis=2) @ np.arange(28) / np.maximum(mass, 1e-9)
    asymmetry = np.abs(images - images[:, :, ::-1]).mean(axis=(1, 2))
    return np.stack([mass / 784, ink.any(axis=1).sum(axis=1), ink.any(axis=2).sum(axis=1), middle, asymmetry], axis=1)


things = ["brightness", "width", "height", "middle row", "asymmetry"]
seen_train, seen = visible(train), visible(validation)


def best_axis(codes):
    """R² of the best single axis for each visible thing: (5,)."""
    return np.square(np.corrcoef(codes.T, seen.T)[: codes.shape[1], codes.shape[1] :]).max(axis=0)


def all_axes(codes_train, codes):
    """R² of a linear fit on all axes: (5,)."""
    fit, *_ = np.linalg.lstsq(np.c_[codes_train, np.ones(len(codes_train))], seen_train, rcond=None)
    return 1 - np.square(seen - np.c_[codes, np.ones(len(codes))] @ fit).mean(axis=0) / seen.var(axis=0)


# %%
turns = [np.linalg.qr(s)[0] for s in np.random.default_rng(SEED).standard_normal((20, 32, 32))]
variances, axes = np.linalg.eigh(np.cov(codes_train.T.astype("float64")))
white_train, white = ((c - codes_train.mean(axis=0)) @ (axes / np.sqrt(variances)) for c in (codes_train, codes))
r_squared = {
    "best of PCA's axes": best_axis(queries["PCA"]),
    "best of the network's axes": best_axis(codes),
    "best axis, turned": np.mean([best_axis(codes @ r) for r in turns], axis=0),
    "best axis, whitened, turned": np.mean([best_axis(white @ r) for r in turns], axis=0),
    "all axes": all_axes(codes_train, codes),
    "all axes, whitened, turned": all_axes(white_train @ rotation, white @ rotation),
}
plots.matrix(
    np.array(list(r_squared.values())), list(r_squared), things, value_format=".2f", cell=(1.05, 0.42),
    caption="R² on validation pictures; turned: mean of 20 rotations. With equal variances single axes say next to nothing, all together as much as before.",
)  # fmt: skip
print(f"two of 32 directions hold {variances[-2:].sum() / variances.sum():.0%} of the code's variance")

# %% tags=["hide-input"]
claim(
    "The network's axes are still PCA's",
    above(axis_by_axis(codes, queries["PCA"]), 0.9, fmt=".2f", names=("mean |correlation|", "")),
)
single = (r_squared["best of the network's axes"] - r_squared["best axis, whitened, turned"]).mean()
claim(
    "Whitened and turned, single axes explain at least .2 less, and all axes together the same",
    all_of(
        above(single, 0.2, fmt=".2f", names=("single axes lose", "")),
        close(r_squared["all axes, whitened, turned"], r_squared["all axes"], 0.01, fmt=".3f"),
    ),
)

# %% [markdown]
# The network's axes look telling because they *are* PCA's. **Starting at PCA lends the axes PCA's order. Nothing in the loss does.** What can be interpreted are *directions fitted to something you can name*, as in the last two rows, and neighbours.
#
# ## Bytes for an item
#
# A database of a billion pictures is paid for by the byte. Codes are floats of four bytes. How few will do?
#
# * **Fewer numbers**: PCA, or a **random projection**, weighted sums of the pixels with weights drawn by lot. (With enough of them distances survive roughly: Johnson and Lindenstrauss 1984.)
# * **Fewer bits a number**: 256, 4 or 2 levels in place of a float. This is **quantisation**: each number is replaced by a typical one. Here by *quantile bins*: as many gallery numbers in each bin, and each bin stands for their mean.
# * **One bit, both sides**: above or below the gallery's median, compared by the number of bits that differ, the **Hamming distance** (exercise `binary_hash`).
# * **Product quantisation** (PQ; Jégou, Douze and Schmid 2011): cut the code into *sub-vectors*, and replace each by the number, one byte, of the nearest of 256 typical ones, its **codebook**. By hand: of (.9, .1, −.4, .2) the half (.9, .1) is nearest to entry 7, which is (1, 0); (−.4, .2) to entry 2, (−.5, 0). Stored: 7 and 2.
#   Read back: (1, 0, −.5, 0).
#
# Only the gallery is stored, so the query stays a float: an **asymmetric distance**. From the query to each of the 256 entries it is computed once for each sub-vector; then an item costs two look-ups and an addition.

# %%
guess(
    "bytes",
    "The pixels take 784 bytes. How many bytes does the best code need to come within 3 points of their precision by centred cosine?",
    ["about 8", "about 32", "about 128"],
)


# %%
def binned(codes, bits):
    """Codes (n, k) with each number replaced by the mean of its quantile bin, 2**bits bins a column."""
    rounded = np.empty_like(codes)
    for i, column in enumerate(codes.T):
        bins = np.searchsorted(np.quantile(column, np.linspace(0, 1, 2**bits + 1)[1:-1]), column)
        rounded[:, i] = (np.bincount(bins, column) / np.maximum(np.bincount(bins), 1))[bins]
    return rounded


def few_bits(name):
    """Precision@10 by centred cosine with 1, 2 and 8 bits a number of the gallery, and with floats."""
    centre, asked = gallery[name].mean(axis=0), unit(queries[name], gallery[name].mean(axis=0))
    return [
        *(precision(unit(binned(gallery[name], bits), centre), asked) for bits in (1, 2, 8)),
        precision(prepared[name], asked),
    ]


def hamming(gallery_codes, query_codes):
    """One bit a number: Euclidean distance of zeros and ones ranks as the Hamming distance does."""
    thresholds = np.median(gallery_codes, axis=0)
    return precision(gallery_codes > thresholds, query_codes > thresholds)


coded, asked = pca.encode(train), pca.encode(validation)  # 128 numbers, the first k of them are PCA with k
directions = np.random.default_rng(SEED).standard_normal((784, 128)).astype("float32")
projected = train @ directions, validation @ directions
sizes = np.array([4, 8, 16, 32, 64, 128])
curves = {  # name -> bytes, precision@10
    "pixels": ([784], [robust["pixels"][0]]),
    "PCA, floats": (4 * sizes, [centred_cosine(coded[:, :k], asked[:, :k]) for k in sizes]),
    "random projection, floats": (4 * sizes, [centred_cosine(*(z[:, :k] for z in projected)) for k in sizes]),
    "PCA, one bit, Hamming": (sizes[1:] / 8, [hamming(coded[:, :k], asked[:, :k]) for k in sizes[1:]]),
    "PCA of 32: 1, 2, 8, 32 bits": ([4, 8, 32, 128], few_bits("PCA")),
    "autoencoder of 32: 1, 2, 8, 32 bits": ([4, 8, 32, 128], few_bits("autoencoder")),
}

# %% [markdown]
# Product quantisation is an index of the database, within its 32 cells. (There it quantises what is left of a code after subtracting the cell's centre, and stores the cell too: five bits more.) All cells are searched, so that only the bytes cost neighbours.

# %%
similarity = unit(queries["autoencoder"], gallery["autoencoder"].mean(axis=0)) @ prepared["autoencoder"].T
exact = np.argpartition(-similarity, 10, axis=1)[:, :10]  # the true ten nearest of the autoencoder's codes


def results(query):
    """Rows of the queries, and the items found."""
    answer = query.select(["item", "_distance"]).to_arrow()
    return answer["query_index"].to_numpy(), answer["item"].to_numpy()


def recall(of_query, items):
    """Share of the true ten nearest that was found."""
    return np.isin(exact + len(train) * np.arange(len(exact))[:, None], items + len(train) * of_query).mean()


# %%
by_eight = {}  # name -> precision@10 with eight bytes
if vectors.ready():
    folder = vectors.database_folder("08_embeddings")
    database = vectors.connect(folder)  # before the import below, so that LanceDB starts quietly
    from lancedb.index import IvfPq

    pq = IvfPq(distance_type="l2", num_partitions=32, num_sub_vectors=8, max_iterations=5, sample_rate=64)
    for name in ("PCA", "autoencoder"):
        rows = vectors.rows(prepared[name], item=np.arange(len(train)))
        table = database.create_table(f"bytes_{name}", rows, mode="overwrite")
        table.create_index("code", config=pq, replace=True)
        query = table.search(unit(queries[name], gallery[name].mean(axis=0))).limit(10).nprobes(32)
        of_query, items = results(query)
        by_eight[name] = (labels[items] == query_labels[of_query]).sum() / exact.size
        curves[f"{name} of 32, PQ"] = [8], [by_eight[name]]
        print(f"8 bytes of {name}: precision@10 {by_eight[name]:.3f}")
    refined = recall(*results(query.refine_factor(5)))
    print(f"recall@10 {recall(of_query, items):.3f}; of 50 candidates re-ranked by their floats {refined:.3f}")
    files = [file for file in (folder / "bytes_PCA.lance" / "_indices").rglob("*") if file.is_file()]
    print(f"files of a PQ index: {sum(file.stat().st_size for file in files) / len(train):.1f} bytes an item in all")

# %% tags=["hide-input"]
figure, both = plots.subplots(1, 2, height=4.6, width_ratios=[1, 1.1])
looks = dict(zip(curves, ["X", "s--", "D-.", "^:", "<--", "o-", "p", "*"], strict=False))
reached = [value for _, values in curves.values() for value in values]
low, high = min(reached) - 0.02, max(reached) + 0.005
for name, (size, value) in curves.items():
    for axis in both:
        axis.plot(size, value, looks[name], label=name, ms=13 if "PQ" in name else 7, mec="white", mew=0.6, alpha=0.9)
for axis, lowest, ticks in ((both[0], low, [1, 4, 16, 64, 256, 784]), (both[1], high - 0.1, [4, 8, 16, 32, 64, 128])):
    axis.set_xscale("log", base=2)
    axis.set_xticks(ticks, ticks)
    axis.set(xlabel="bytes an item", ylim=(lowest, high))
both[0].set(ylabel="precision@10", title="all")
both[1].set(xlim=(3.5, 160), title="4 to 128 bytes, enlarged")
figure.legend(*both[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plots.show(
    figure, "Validation queries, centred cosine (or Hamming). PCA and autoencoder lie side by side; quantising saves far more than leaving numbers out.",
    summary="; ".join(f"{n}: " + ", ".join(f"{b:g} bytes {v:.3f}" for b, v in zip(*c, strict=True)) for n, c in curves.items()),
)  # fmt: skip

# %% tags=["hide-input"]
bits_of_pca = dict(zip(*curves["PCA, one bit, Hamming"], strict=True))  # bytes -> precision@10
_, two_bits, rounded, floats = curves["autoencoder of 32: 1, 2, 8, 32 bits"][1]
print("bits of PCA, Hamming: " + ", ".join(f"{b:g} bytes {v:.3f}" for b, v in bits_of_pca.items() if b >= 4))
raw_value = robust["pixels"][0]
if by_eight:
    pq_precision = by_eight["autoencoder"]
    claim(
        "8 bytes by product quantisation: within 3 points of the pixels, two ahead of 64 bits by Hamming",
        above([pq_precision] * 2, [raw_value - 0.03, bits_of_pca[8] + 0.02], fmt=".3f", names=("PQ", ["pixels − .03", "64 bits + .02"])),
    )  # fmt: skip
    claim(
        "As many bytes as two bits a number, or spent on PCA's code, come within 3 points of that",
        close([two_bits, by_eight["PCA"]], [pq_precision] * 2, 0.03, fmt=".3f", names=(["two bits", "PQ of PCA"], "PQ")),
    )  # fmt: skip
claim(
    "One byte a number in place of four costs less than half a point",
    close(rounded, floats, 0.005, fmt=".4f", names=("one byte", "four")),
)
best = {
    limit: max(v for spent, values in curves.values() for b, v in zip(spent, values, strict=True) if b <= limit)
    for limit in (8, 32)
}
goal = raw_value - 0.03
reveal("bytes", {
    "about 8": above(best[8], goal, fmt=".3f", names=("best at 8 bytes", "goal")),
    "about 32": all_of(below(best[8], goal, fmt=".3f", names=("best at 8", "goal")), above(best[32], goal, fmt=".3f", names=("at 32", "goal"))),
    "about 128": below(best[32], goal, fmt=".3f", names=("best at 32 bytes", "goal")),
})  # fmt: skip

# %% [markdown]
# Read the figure from right to left. Next to nothing is lost from 784 to 128 bytes, nor from 128 to 32; at 8 bytes product quantisation is within a point or two. Bits on both sides do not get there with 16. Part of that is the asymmetric distance. Below 8 every byte counts. Most of the saving is PCA's and the quantiser's, not the network's.
#
# Those are the bytes *of an item*. The index also keeps row numbers, codebooks and centres. The floats stay in the table, and the line "re-ranked" reads them: only who throws them away has saved their space. And the encoder, too, takes room:

# %%
for name, numbers in (("autoencoder", models.parameter_count(networks["autoencoder"][0])), ("PCA", 33 * 784)):
    print(f"encoder, {name}: {4 * numbers:,} bytes, {4 * numbers / len(train):.1f} for each of {len(train):,} items")

# %% [markdown]
# **Served.** The same calls reach a database on another machine; only the address in `vectors.connect(…)` changes (`s3://…`, `db://…`): `source/08_embeddings/README.md` says how. What changes most is who may read it: an embedding of a picture is personal data where the picture is.
#
# ## Three failures
#
# A mean precision hides its worst queries. Here are three that found nothing of their kind, from three kinds of clothes.

# %%
ranked = np.take_along_axis(exact, np.argsort(-np.take_along_axis(similarity, exact, axis=1), axis=1), axis=1)
right_of_ten = (labels[ranked] == query_labels[:, None]).sum(axis=1)
failed = []
for index in np.argsort(right_of_ten, kind="stable"):
    if query_labels[index] not in query_labels[failed] and len(failed) < 3:
        failed.append(int(index))
plots.grid(
    [np.concatenate([validation[[q]], train[ranked[q, :7]]]).reshape(-1, 28, 28) for q in failed],
    column_titles=["query", *(f"{i}." for i in range(1, 8))],
    below=[[clothes.class_names[n] for n in (query_labels[q], *labels[ranked[q, :7]])] for q in failed],
    caption="The first and the last found their own outline under another name; the one in the middle is an unusual picture.",
)
print(
    f"queries with at least nine of ten right: {np.mean(right_of_ten >= 9):.0%}; with at most one: {np.mean(right_of_ten <= 1):.0%}"
)

# %% [markdown]
# The search found pictures that *look* alike at 28 × 28 pixels. What a shop files under another name may differ in a few pixels, and no reconstruction loss makes these few count for more: labels would, or pairs.
#
# ## Results
#
# Once, the test pictures: the referees of this notebook beside the lesson's networks. PCA is the line at zero; the intervals redraw the queries.

# %%
rivals = [
    "pixels",
    "aligned, then PCA",
    "linear, from moved",
    "autoencoder",
    "trained on noise .3",
    "trained on movement",
]
for kind, rows in (("clean", test), ("moved", moved(test, SEED + 1))):
    hits = {}
    for name in ("PCA", *rivals):
        asked_codes = unit(embeddings[name](rows), gallery[name].mean(axis=0))
        hits[name] = metrics.precision_of_queries(prepared[name], labels, asked_codes, clothes.test_labels, 10)
    leads = [100 * (hits[name] - hits["PCA"]) for name in rivals]
    drawn = np.random.default_rng(SEED).integers(0, len(test), (1000, len(test)))
    plots.ladder(
        rivals, [lead.mean() for lead in leads],
        kinds=["trivial", "referee", "referee", "network", "network", "network"],
        metric=f"points of precision@10 ahead of PCA, {kind} test queries", lower_is_better=False,
        intervals=[tuple(np.quantile(lead[drawn].mean(axis=1), [0.025, 0.975])) for lead in leads],
        from_zero=False, value_format="+.2f",
        caption=f"Paired differences, {kind} queries (PCA {hits['PCA'].mean():.3f}). A whisker over the line at zero leaves open which is better.",
    )  # fmt: skip

# %% [markdown]
# Twelve comparisons, so do not lean on one that barely clears zero. On clean queries all lie within some two points of PCA. On moved ones whoever was told, or aligned, is far ahead.
#
# ## References
#
# * A. Izenman: *Reduced-rank regression for the multivariate linear model*, Journal of Multivariate Analysis 5, 1975.
# * P. Vincent and others: *Extracting and composing robust features with denoising autoencoders*, ICML 2008.
# * L. van der Maaten, G. Hinton: *Visualizing data using t-SNE*, Journal of Machine Learning Research 9, 2008; L. van der Maaten: *Learning a parametric embedding by preserving local structure*, AISTATS 2009; P. Poličar and others: *openTSNE*, Journal of Statistical Software 109, 2024; M. Wattenberg and others: *How to use t-SNE effectively*, Distill, 2016.
# * L. McInnes, J. Healy, J. Melville: *UMAP: uniform manifold approximation and projection for dimension reduction*, arXiv:1802.03426, 2018.
# * J. Venna, S. Kaski: *Neighborhood preservation in nonlinear projection methods*, ICANN 2001. C. Spearman: *The proof and measurement of association between two things*, 1904.
# * P. Schönemann: *A generalized solution of the orthogonal Procrustes problem*, Psychometrika 31, 1966.
# * H. Jégou, M. Douze, C. Schmid: *Product quantization for nearest neighbor search*, IEEE TPAMI 33, 2011. R. Salakhutdinov, G. Hinton: *Semantic hashing*, 2009. W. Johnson, J. Lindenstrauss: *Extensions of Lipschitz mappings into a Hilbert space*, 1984.
