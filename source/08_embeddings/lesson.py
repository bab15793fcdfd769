# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Embeddings: dimensionality reduction and similarity search"
#     lesson: 8
#     minutes: 65
#     prerequisites:
#       - "lesson 02"
#       - "lesson 04, for what corruption does to a code"
#     objectives:
#       - Search twelve thousand pictures with learned codes and score the result against searching the pixels
#       - Compare five maps of the same pictures by neighbours kept, time, and whether a new picture can be placed
#       - Decide by measurement which distance and how many bytes a search needs
#       - Build a vector database, query and reopen it, and count what its index saves
#       - Test whether two trainings gave the same embedding
#     data: [fashion_mnist]
# ---

# %% [markdown]
# So far the code was the way to a reconstruction. Here it is the result: an **embedding**, a short vector that stands for a picture. You draw maps
# of it and you search with it. The reconstruction loss never asked for either. So every embedding of this lesson stands beside one that
# needed no training: the pixels themselves, PCA, random projections.

# %%
import time

from course_lib import claim, datasets, guess, layers, metrics, models, plots, referees, reveal, training, vectors
from course_lib.widgets import choice, explore, slider

import keras
import numpy as np
from scipy.spatial import procrustes
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
labels, query_labels = clothes.train_labels, clothes.validation_labels
pca = referees.fit_pca(train, 128)

# %% [markdown]
# ## Recall
#
# 1. An invertible mixing of the code leaves every reconstruction as it was. What does it change?
# 2. What does a denoiser see as its input, and what as its target?
# 3. Why does a network in this course start from PCA?
#
# <details><summary>Answers</summary>
#
# 1. Distances, and with them neighbours. Whitening undoes any mixing (lesson 02).
# 2. A corrupted picture, and the clean one. What the corruption changes is what the code can forget (lesson 04).
# 3. It is exact and takes a second. Training is left with what a linear map cannot do.
#
# </details>
#
# ## Throw the decoder away
#
# The network of lesson 02: code of 32 numbers, started at PCA, trained on reconstruction. Then its decoder goes. What is left is a function from a picture
# to 32 numbers.

# %%
training.set_seed(SEED)
encoder, decoder, autoencoder = models.warm_start_autoencoder(pca.keep(32), 256)
run = training.fit(autoencoder, train, epochs=3, batch_size=100, learning_rate=1.5e-3)


def encode(model, pictures):
    """Codes (n, k) of pictures (n, 784)."""
    return keras.ops.convert_to_numpy(model(pictures))


folder = vectors.database_folder("08_embeddings")
encoder.save(folder / "encoder.keras")
kept = keras.saving.load_model(folder / "encoder.keras")
difference = float(np.abs(encode(kept, validation) - encode(encoder, validation)).max())
print(f"trained {models.parameter_count(autoencoder):,} numbers in {run.seconds:.0f} s")
print(f"kept    {models.parameter_count(kept):,} of them: the encoder; largest change of a code {difference:.1g}")

# %% [markdown]
# The **gallery** is the 12,000 training pictures, the **queries** are validation pictures, which are not in it. For each query look up the ten nearest
# gallery codes. **Precision@10** is the share of them that show the same kind of clothes. Labels score the search; no encoder has seen one.

# %%
guess(
    "search",
    "Ten nearest neighbours by Euclidean distance. Which finds more of the right kind: 784 pixels or 32 numbers of the autoencoder?",
    ["pixels, clearly", "the autoencoder, clearly", "about the same"],
)

# %%
random = np.random.default_rng(SEED)
directions = random.standard_normal((784, 32)).astype("float32")
embeddings = {
    "random numbers": lambda x: np.random.default_rng(len(x)).standard_normal((len(x), 32)),
    "random projection": lambda x: x @ directions,
    "pixels": lambda x: x,
    "PCA": pca.keep(32).encode,
    "autoencoder": lambda x: encode(kept, x),
}
gallery = {name: embed(train).astype("float32") for name, embed in embeddings.items()}
queries = {name: embed(validation).astype("float32") for name, embed in embeddings.items()}


def precision(gallery_codes, query_codes):
    """Precision@10 of a search for the validation pictures."""
    return metrics.precision_at_k(gallery_codes, labels, query_codes, query_labels, 10)


euclidean = {name: precision(gallery[name], queries[name]) for name in embeddings}
for name, value in euclidean.items():
    print(f"{name:18} {gallery[name].shape[1]:4} numbers   precision@10 {value:.3f}")

# %%
ahead = euclidean["autoencoder"] - euclidean["pixels"]
claim(
    "In Euclidean distance 32 numbers of the autoencoder find no fewer of the right kind than 784 pixels, and at most 2 points more",
    0 <= ahead < 0.02,
    f"{euclidean['autoencoder']:.3f} and {euclidean['pixels']:.3f}",
    margin=min(ahead, 0.02 - ahead),
)
reveal("search", "about the same")

# %% [markdown]
# Pixels are a strong baseline, and so is PCA. In this distance the network is slightly ahead; whether that is more than luck is measured below. What the 32 numbers buy is **size**: a search reads 32 numbers a picture where
# it read 784.
#
# ## Which distance?
#
# Nearest in what sense? Three habits: **Euclidean** distance; the **cosine** of the angle between two codes, measured here from the gallery's mean (exercise
# `cosine_topk`); Euclidean distance after **whitening**, where every direction counts the same (exercise `whiten`).


# %%
def unit(codes, centre):
    """Codes moved to the gallery's mean and scaled to length 1: Euclidean distance then ranks as the cosine does."""
    moved = codes - centre
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)


def whitener(codes):
    """The map that makes the covariance of these codes the identity."""
    centre = codes.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((codes - centre).T.astype("float64")))
    matrix = (axes / np.sqrt(values)).astype("float32")
    return lambda x: (x - centre) @ matrix


def three_distances(gallery_codes, query_codes):
    """Precision@10 by Euclidean distance, by cosine and after whitening."""
    centre, white = gallery_codes.mean(axis=0), whitener(gallery_codes)
    return [
        precision(gallery_codes, query_codes),
        precision(unit(gallery_codes, centre), unit(query_codes, centre)),
        precision(white(gallery_codes), white(query_codes)),
    ]


compared = {
    f"PCA, {k}": three_distances(pca.keep(k).encode(train), pca.keep(k).encode(validation)) for k in (8, 16, 32, 128)
}
compared["autoencoder, 32"] = three_distances(gallery["autoencoder"], queries["autoencoder"])
centre = train.mean(axis=0)
compared["pixels, 784"] = [euclidean["pixels"], precision(unit(train, centre), unit(validation, centre)), np.nan]
plots.matrix(
    np.array(list(compared.values())),
    list(compared),
    ["Euclidean", "cosine", "whitened"],
    value_format=".3f",
    caption="Precision@10 on validation queries. (Pixels are not whitened: some never vary.) The choice of distance matters, most of all for a wide code.",
)

# %%
claim(
    "Whitening lifts PCA with 16 numbers and spoils PCA with 128",
    compared["PCA, 16"][2] > compared["PCA, 16"][0] + 0.005
    and compared["PCA, 128"][2] < compared["PCA, 128"][0] - 0.02,
    f"{compared['PCA, 16'][0]:.3f} to {compared['PCA, 16'][2]:.3f}; {compared['PCA, 128'][0]:.3f} to {compared['PCA, 128'][2]:.3f}",
)
cosine_gap = abs(compared["autoencoder, 32"][1] - compared["pixels, 784"][1])
claim(
    "By cosine, autoencoder and pixels differ by less than one point",
    cosine_gap < 0.01,
    f"{compared['autoencoder, 32'][1]:.3f} and {compared['pixels, 784'][1]:.3f}",
    margin=0.01 - cosine_gap,
)

# %% [markdown]
# The cosine asks in which direction from the mean a code lies and ignores how far out it is. Here that helps every row. Whitening blows up the last directions of a wide code, which hold little but noise.
# From here on searches use the cosine, where no other distance is named.
#
# ## What should not matter
#
# A **denoising autoencoder** has to give the same clean picture for every corrupted version of it. So its code may forget what the corruption changes. Two of them, both
# from PCA: one sees Gaussian noise (σ = .3), one sees its input *moved* by up to two pixels, with the unmoved picture as its target.

# %%
guess(
    "robust",
    "Queries get the same Gaussian noise. Which search then finds the most of the right kind?",
    ["pixels", "PCA", "autoencoder trained on noise"],
)


# %%
def train_together(models_and_corruptions, **recipe):
    """Train several autoencoders in one loop: they share the batches and nothing else. Returns the run."""
    clean = keras.Input((784,))
    copies = [keras.Sequential([corrupt, model])(clean) for model, corrupt in models_and_corruptions]
    return training.fit(keras.Model(clean, copies), train, [train] * len(copies), **recipe)


def from_pca(seed):
    """An untrained encoder and autoencoder of 32 numbers that start at PCA."""
    training.set_seed(seed)
    new_encoder, _, new_autoencoder = models.warm_start_autoencoder(pca.keep(32), 256)
    return new_encoder, new_autoencoder


move = keras.Sequential(
    [
        keras.layers.Reshape((28, 28, 1)),
        keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant", interpolation="nearest"),
        keras.layers.Reshape((784,)),
    ]
)
noise_encoder, noise_autoencoder = from_pca(SEED)
shift_encoder, shift_autoencoder = from_pca(SEED)
encoder_again, autoencoder_again = from_pca(SEED + 1)  # not a denoiser: for a later section
together = train_together(
    [
        (noise_autoencoder, layers.AddGaussianNoise(0.3)),
        (shift_autoencoder, move),
        (autoencoder_again, keras.layers.Identity()),
    ],
    epochs=3,
    batch_size=100,
    learning_rate=1.5e-3,
)
print(f"three networks in {together.seconds:.0f} s")


# %%
def moved(pictures, rng):
    """Each picture moved by -2 to 2 whole pixels in both directions, black where nothing was: (n, 784)."""
    wide = np.pad(pictures.reshape(-1, 28, 28), ((0, 0), (2, 2), (2, 2)))
    starts = rng.integers(0, 5, (len(pictures), 2))
    return np.stack([p[r : r + 28, c : c + 28] for p, (r, c) in zip(wide, starts, strict=True)]).reshape(-1, 784)


def centred(pictures):
    """Each picture moved by whole pixels so that its centre of mass lies in the middle: no training at all."""
    images, places = pictures.reshape(-1, 28, 28), np.arange(28)
    mass = images.sum(axis=(1, 2))
    rows, columns = (images.sum(axis=axis) @ places / mass for axis in (2, 1))
    shifts = np.round(13.5 - np.stack([rows, columns], axis=1)).astype(int).clip(-8, 8)
    wide = np.pad(images, ((0, 0), (8, 8), (8, 8)))
    return np.stack([p[8 - r : 36 - r, 8 - c : 36 - c] for p, (r, c) in zip(wide, shifts, strict=True)]).reshape(
        -1, 784
    )


# %%
embeddings |= {
    "centred, then PCA": lambda x: centred_pca.encode(centred(x)),
    "denoising (noise)": lambda x: encode(noise_encoder, x),
    "denoising (moved)": lambda x: encode(shift_encoder, x),
}
centred_pca = referees.fit_pca(centred(train), 32)
corrupt = {
    "as they are": lambda x: x,
    "noisy": lambda x: np.clip(x + np.random.default_rng(SEED).normal(0, 0.3, x.shape), 0, 1).astype("float32"),
    "moved": lambda x: moved(x, np.random.default_rng(SEED)),
}


prepared = {}


def ready(name):
    """The gallery of an embedding, made once: its mean, its codes, and these codes at length 1 from the mean."""
    if name not in prepared:
        codes = gallery[name] if name in gallery else embeddings[name](train)
        prepared[name] = codes.mean(axis=0), codes, unit(codes, codes.mean(axis=0))
    return prepared[name]


def by_cosine(name, given, given_labels):
    """Precision@10 by cosine of queries (m, 784) against the gallery of training pictures, as they are."""
    centre, _, unit_codes = ready(name)
    return metrics.precision_at_k(unit_codes, labels, unit(embeddings[name](given), centre), given_labels, 10)


names = ["pixels", "PCA", "centred, then PCA", "autoencoder", "denoising (noise)", "denoising (moved)"]
robustness = {
    name: [by_cosine(name, change(validation), query_labels) for change in corrupt.values()] for name in names
}
plots.matrix(
    np.array(list(robustness.values())),
    names,
    [f"queries {name}" for name in corrupt],
    value_format=".3f",
    cell=(1.7, 0.45),
    caption="Precision@10 by cosine; the gallery is never corrupted. Rows two to six search with 32 numbers.",
)

# %%
gain = robustness["denoising (moved)"][2] - robustness["autoencoder"][2]
claim(
    "Trained on moved pictures, the same network finds at least 3 points more for moved queries",
    gain > 0.03,
    f"{robustness['denoising (moved)'][2]:.3f} against {robustness['autoencoder'][2]:.3f}",
    margin=gain - 0.03,
)
lead = robustness["centred, then PCA"][2] - robustness["denoising (moved)"][2]
price = robustness["PCA"][1] - robustness["centred, then PCA"][1]
claim(
    "Centring every picture before PCA beats that network on moved queries, without any training, and costs noisy ones more than three points",
    lead > 0 and price > 0.03,
    f"{robustness['centred, then PCA'][2]:.3f} against {robustness['denoising (moved)'][2]:.3f}; noisy {robustness['centred, then PCA'][1]:.3f} against {robustness['PCA'][1]:.3f}",
    margin=min(lead, price - 0.03),
)
lost = min(robustness["pixels"][1], robustness["autoencoder"][1]) - robustness["denoising (noise)"][1]
claim(
    "Not even for noisy queries does training on noise gain a point over the same network without it, or over the pixels",
    lost > -0.01,
    f"{robustness['denoising (noise)'][1]:.3f}; without noise {robustness['autoencoder'][1]:.3f}, pixels {robustness['pixels'][1]:.3f}",
    margin=lost + 0.01,
)
reveal("robust", "pixels")

# %% [markdown]
# Training on noise was for nothing: a distance over 784 pixels averages independent noise away by itself. Training on movement was worth a lot, because no
# average removes a shift. And whoever *knows* that position does not matter can take it out beforehand, and does better still, at a price
# for pictures that were well placed, and at a higher one for noisy ones, whose centre of mass is hard to tell. **The corruption says what counts as the same. Choose one that your queries will meet, and that simple means do not remove.**
#
# ## Five maps of the same clothes
#
# An embedding of two numbers can be drawn. Four of the maps are functions: PCA, an autoencoder, a denoising autoencoder and a VAE, all trained on the gallery, draw 1,600 validation
# pictures that they have not seen. **t-SNE** (van der Maaten and Hinton 2008) is not a function. It takes *these* 1,600 pictures and moves points about until neighbours in
# the data are neighbours on the map.

# %%
shown = np.random.default_rng(SEED).permutation(len(validation))[:1600]
pictures, kinds = validation[shown], query_labels[shown]
places, seconds = {}, {}
started = time.perf_counter()
places["PCA"] = referees.fit_pca(train, 2).encode(pictures)
seconds["PCA"] = time.perf_counter() - started


def two_numbers(seed):
    """An untrained encoder and autoencoder of two numbers, from random weights."""
    training.set_seed(seed)
    map_encoder, _, map_autoencoder = models.build_autoencoder(784, 256, 2)
    return map_encoder, map_autoencoder


recipe = {"epochs": 3, "batch_size": 100, "learning_rate": 3e-3}
maps = {"autoencoder": two_numbers(SEED), "denoising": two_numbers(SEED), "another seed": two_numbers(SEED + 1)}
corruptions = [keras.layers.Identity(), layers.AddGaussianNoise(0.3), keras.layers.Identity()]
together = train_together([(m, c) for (_, m), c in zip(maps.values(), corruptions, strict=True)], **recipe)
for name in ("autoencoder", "denoising"):
    places[name], seconds[name] = encode(maps[name][0], pictures), together.seconds / 3

training.set_seed(SEED)
vae = models.build_vae(784, 256, 2, output_activation="sigmoid", sigma=0.25)
vae_run = training.fit(vae, train, loss=None, **recipe)
places["VAE"], seconds["VAE"] = vae.posterior(pictures)[0], vae_run.seconds


# %%
def t_sne(data, **options):
    """t-SNE's map of data (n, d), after PCA to 50 numbers: (n, 2)."""
    reduced = referees.fit_pca(data, min(50, data.shape[1])).encode(data)
    return TSNE(2, max_iter=500, n_jobs=1, **{"init": "pca", "random_state": SEED, **options}).fit_transform(reduced)


started = time.perf_counter()
places["t-SNE"] = t_sne(pictures)
seconds["t-SNE"] = time.perf_counter() - started


def knn_accuracy(codes, k=10):
    """Share of the pictures that their k nearest among the others name correctly."""
    others = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)  # (n, k), never the own row
    return float(np.mean([np.bincount(row).argmax() for row in kinds[others]] == kinds))


scores = {
    name: (knn_accuracy(codes), trustworthiness(pictures, codes, n_neighbors=10)) for name, codes in places.items()
}
new = {name: "no" if name == "t-SNE" else "yes" for name in places}
plots.maps(
    places,
    kinds,
    clothes.class_names,
    below=[f"k-NN {a:.2f}, trust {t:.2f}\n{seconds[n]:.1f} s, new point: {new[n]}" for n, (a, t) in scores.items()],
    caption="The same 1,600 unseen pictures. k-NN: share that their ten nearest among the others name correctly.",
)

# %% [markdown]
# **Trustworthiness** (Venna and Kaski 2001) asks whether neighbours on the map are neighbours in the data: 1 if all are, and less the farther off the intruders come from.
# By both measures t-SNE wins. It also had the easier task: it has seen these very pictures, and it cannot place another one. Ask it for picture 1,601, and it
# has to start again, on a new map; `TSNE` has no method `transform`. (Relatives of it can: parametric t-SNE trains a network to draw the map, which is where we came from.) The times, by the way, do not compare like with like:
# the networks were trained on 12,000 pictures, three of them in one loop whose time is shared out equally.

# %%
networks, trusts = zip(*(scores[name] for name in ("autoencoder", "denoising", "VAE")), strict=True)
trust_ahead = scores["t-SNE"][1] - max(trusts)
claim(
    "With two numbers the networks name more than PCA on average, and t-SNE more, and more trustworthily, than every network",
    np.mean(networks) > scores["PCA"][0] and scores["t-SNE"][0] > max(networks) and trust_ahead > 0,
    f"PCA {scores['PCA'][0]:.2f}, networks {min(networks):.2f} to {max(networks):.2f}, t-SNE {scores['t-SNE'][0]:.2f}",
    margin=min(float(np.mean(networks)) - scores["PCA"][0], scores["t-SNE"][0] - max(networks), 2 * trust_ahead),
)
claim("scikit-learn's t-SNE has no way to place a new point", not hasattr(TSNE(), "transform"), "no method transform")

# %% [markdown]
# ## Train it again
#
# Is a map a property of the data, or of the seed? Two autoencoders above were trained with another seed as well. Lay one map on the other as well as turning, reflecting, moving and stretching
# allow: the squared distance that remains is the **Procrustes distance**, 0 for the same shape, 1 for nothing in common (exercise `procrustes_distance`).

# %%
again = encode(maps["another seed"][0], pictures)
codes_again = encode(encoder_again, validation)
another_start = t_sne(pictures, init="random", random_state=SEED + 1)


def axis_by_axis(a, b):
    """Mean |correlation| of each axis of one embedding with the same axis of the other."""
    return float(np.mean([abs(np.corrcoef(a[:, i], b[:, i])[0, 1]) for i in range(a.shape[1])]))


pairs = {
    "autoencoder of 2, two random starts": (places["autoencoder"], again),
    "t-SNE, from PCA and from a random start": (places["t-SNE"], another_start),
    "autoencoder of 32, from PCA, two seeds": (queries["autoencoder"], codes_again),
}
left_over = {name: procrustes(*pair)[2] for name, pair in pairs.items()}
from_random, _, wide_pair = left_over.values()
for name, (a, b) in pairs.items():
    print(f"{name:41} axis by axis {axis_by_axis(a, b):.2f}, Procrustes distance {left_over[name]:.3f}")

# %%
first, second, _ = procrustes(places["autoencoder"], again)
plots.maps(
    {"first seed": places["autoencoder"], "second seed": again, "second, laid on the first": second},
    kinds,
    clothes.class_names,
    columns=4,
    size=2.3,
    caption=f"Two trainings of the same network. Turned, moved and stretched as well as can be, {from_random:.1%} of the squared distance remain.",
)
claim(
    "From PCA both seeds give one embedding: a Procrustes distance below .01",
    wide_pair < 0.01,
    f"{wide_pair:.4f}",
    margin=0.01 - wide_pair,
)

# %% [markdown]
# From random weights the axes never agree, and whether the *shape* does is luck: change `SEED` and run this again. Sometimes both autoencoders draw one shape, sometimes two, and t-SNE from two starts is no safer. The
# pair that started at PCA (and is wider) agreed axis by axis, with every seed that we tried. That matters in practice: codes from yesterday's encoder and from
# today's may be searched together only if they live in the same space. After a new training from random weights the stored codes have to be made again, or at least to be laid on the new ones.
#
# ## What an axis means
#
# A column of a table has a name. Has an axis of the code? Take five things that anybody can see in a picture, and ask how well *one* axis of the code tells each, and how well *all* 32 together do
# (share of variance explained by a linear fit, on validation pictures). Then turn the code by twenty random rotations, which change no distance and no search.


# %%
def visible(pictures):
    """Five things to see in pictures (n, 784): brightness, width, height, middle row and left-right difference: (n, 5)."""
    images, ink = pictures.reshape(-1, 28, 28), pictures.reshape(-1, 28, 28) > 0.1
    rows = np.arange(28)
    return np.stack(
        [
            images.mean(axis=(1, 2)),
            ink.any(axis=1).sum(axis=1),
            ink.any(axis=2).sum(axis=1),
            images.sum(axis=2) @ rows / images.sum(axis=(1, 2)),
            np.abs(images - images[:, :, ::-1]).mean(axis=(1, 2)),
        ],
        axis=1,
    )


def best_axis(codes):
    """For each visible thing, the largest squared correlation with one axis of the validation codes: (5,)."""
    return np.square(np.corrcoef(codes.T, visible(validation).T)[: codes.shape[1], codes.shape[1] :]).max(axis=0)


def all_axes(codes_train, codes):
    """For each visible thing, R² on validation pictures of a linear fit on all axes of the training codes: (5,)."""
    fit, *_ = np.linalg.lstsq(np.c_[codes_train, np.ones(len(codes_train))], visible(train), rcond=None)
    return metrics.r_squared(visible(validation), np.c_[codes, np.ones(len(codes))] @ fit)


# %%
turns = [np.linalg.qr(random.standard_normal((32, 32)))[0].astype("float32") for _ in range(20)]
own, turn = (gallery["autoencoder"], queries["autoencoder"]), turns[0]
turned = own[0] @ turn, own[1] @ turn
told = {
    "best of PCA's axes": best_axis(queries["PCA"]),
    "best of the network's axes": best_axis(own[1]),
    "best axis, turned (mean of 20)": np.mean([best_axis(own[1] @ t) for t in turns], axis=0),
    "all axes of the network": all_axes(*own),
    "all axes, turned": all_axes(*turned),
}
plots.matrix(
    np.array(list(told.values())),
    list(told),
    ["brightness", "width", "height", "middle row", "asymmetry"],
    value_format=".2f",
    cell=(1.05, 0.42),
    caption="Share of variance told, validation pictures. The code as a whole knows; its own axes tell no more than randomly turned ones.",
)
change = abs(precision(*turned) - euclidean["autoencoder"])
whole, lead_of_axes = (
    np.abs(told["all axes, turned"] - told["all axes of the network"]).max(),
    float((told["best of the network's axes"] - told["best axis, turned (mean of 20)"]).mean()),
)
claim(
    "A turned code searches as before and tells as much; the network's own axes lead randomly turned ones by less than .1",
    change < 0.002 and whole < 0.01 and lead_of_axes < 0.1,
    f"precision changed by {change:.4f}, what all axes tell by {whole:.4f}; single axes: lead {lead_of_axes:+.3f}",
    margin=min((0.002 - change) / 0.002, (0.01 - whole) / 0.01, (0.1 - lead_of_axes) / 0.1),
)

# %% [markdown]
# One axis does tell how bright a picture is: brightness varies most, so any wide axis holds some of it. Beyond that the trained axes are no better than axes drawn by lot. All five things are in the
# code, spread over all of its numbers. So the axes have no direct relation to the inputs, and a name that you find for one is luck. What can be interpreted are *directions fitted to something
# you can name*, as in the last two rows, and neighbours.
#
# ## Bytes for an item
#
# A database of a billion pictures is paid for by the byte. Codes are floats of four bytes. How few will do?
#
# * **one byte a number**: round to 256 levels;
# * **one bit a number**: above or below its median in the gallery, compared by the number of bits that differ, the **Hamming distance** (exercise `binary_hash`);
# * **fewer numbers**: PCA and random projections of 2 to 128 numbers.

# %%
guess(
    "bytes",
    "Pixels take 784 bytes and reach about .78 by cosine. How many bytes does the best code need for .75?",
    ["about 8", "about 32", "about 128"],
)


# %%
def cosine_pair(gallery_codes, query_codes):
    """Precision@10 by cosine from the gallery's mean."""
    middle = gallery_codes.mean(axis=0)
    return precision(unit(gallery_codes, middle), unit(query_codes, middle))


def hash_precision(gallery_codes, query_codes):
    """Precision@10 with one bit a number: Euclidean distance of zeros and ones ranks as the Hamming distance does."""
    thresholds = np.median(gallery_codes, axis=0)
    return precision(gallery_codes > thresholds, query_codes > thresholds)


def in_bytes(codes, low, high):
    """Codes rounded to 256 levels between the ends, and back."""
    step = (high - low) / 255
    return np.clip(np.round((codes - low) / step), 0, 255) * step + low


sizes = [2, 4, 8, 16, 32, 64, 128]
wide = random.standard_normal((784, 128)).astype("float32")
coded, asked = pca.encode(train), pca.encode(validation)
curves = {
    "pixels": (np.array([784]), [robustness["pixels"][0]]),
    "PCA": (4 * np.array(sizes), [cosine_pair(coded[:, :k], asked[:, :k]) for k in sizes]),
    "random projection": (
        4 * np.array(sizes),
        [cosine_pair(train @ wide[:, :k], validation @ wide[:, :k]) for k in sizes],
    ),
    "bits of PCA": (np.array(sizes[2:]) / 8, [hash_precision(coded[:, :k], asked[:, :k]) for k in sizes[2:]]),
}
names = {
    "PCA": "PCA of 32: bits, bytes, floats",
    "autoencoder": "autoencoder, likewise",
    "denoising (moved)": "denoising, moved, likewise",
    "denoising (noise)": "denoising, noise, likewise",
}
for name, title in names.items():
    z, q = ready(name)[1], embeddings[name](validation)
    ends = float(z.min()), float(z.max())
    curves[title] = (
        np.array([4, 32, 128]),
        [hash_precision(z, q), cosine_pair(in_bytes(z, *ends), in_bytes(q, *ends)), cosine_pair(z, q)],
    )

# %% [markdown]
# The database below knows a fourth way, **product quantisation** (Jégou, Douze and Schmid 2011): cut the code into eight pieces and replace each piece by the number, one byte, of the
# nearest of 256 typical pieces. (LanceDB first subtracts the middle of the part of the gallery that a row lies in, see below; it stores that middle once for all rows of the part, and for each row which part it is: five more bits.) It belongs into the same figure, so let us build the database first.
#
# ## A vector database
#
# [LanceDB](https://lancedb.com) is an embedded vector database: a library that keeps tables in a folder, as SQLite does, with vectors among the columns. Into the table go the code of each training
# picture (of length 1, from the gallery's mean, so that Euclidean distance ranks as the cosine), its label and the picture itself as PNG.

# %%
code_mean = gallery["autoencoder"].mean(axis=0)
stored = unit(gallery["autoencoder"], code_mean)  # (12000, 32)
asked_for = unit(queries["autoencoder"], code_mean)  # (2000, 32)

database = vectors.connect(folder)
rows = vectors.rows(
    stored, item=np.arange(len(stored)), label=labels.astype("int16"), thumbnail=vectors.png(clothes.train)
)
table = database.create_table("clothes", rows, mode="overwrite")  # replaces this table, and no other
print(f"{table.count_rows():,} rows with the columns {', '.join(table.schema.names)}")

# %%
nearest = table.search(asked_for[0]).limit(5).to_arrow()
found = vectors.from_png(nearest["thumbnail"].to_pylist())
plots.row(
    [validation[0].reshape(28, 28), *found],
    titles=["query", *(f"distance {d:.2f}" for d in nearest["_distance"].to_pylist())],
    below=[clothes.class_names[query_labels[0]], *(clothes.class_names[i] for i in nearest["label"].to_pylist())],
    size=1.3,
    caption="One search. Code, label and picture come from the database (its distances are squared).",
)
only = table.search(asked_for[0]).where("label = 6", prefilter=True).limit(3).to_arrow()
print("the three nearest shirts:", only["item"].to_pylist(), "labels", only["label"].to_pylist())


# %%
def search_all(given, within=None, **options):
    """Items (m, 10) and labels (m, 10) that a table finds for codes (m, 32); options are methods of the query."""
    query = (within or table).search(given).limit(10).select(["item", "label", "_distance"])
    for method, value in options.items():
        query = getattr(query, method)(value)
    answer = query.to_arrow()
    return answer["item"].to_numpy().reshape(-1, 10), answer["label"].to_numpy().reshape(-1, 10)


exact, exact_labels = search_all(asked_for)
brute_force = np.argsort(np.square(stored).sum(axis=1) - 2 * asked_for @ stored.T, axis=1)[:, :10]
same = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, brute_force, strict=True)])
database_precision = float((exact_labels == query_labels[:, None]).mean())
claim(
    "Without an index the database finds what NumPy finds",
    same > 0.999,
    f"{same:.2%} of the neighbours, precision@10 {database_precision:.3f}",
    margin=same - 0.999,
)

# %% [markdown]
# ## What an index saves
#
# That search computed 12,000 distances for each query. An **index** avoids most of them. *Inverted file* (IVF): k-means cuts the gallery into 32 parts; a query is compared with the 32 middles and then only with
# the rows of the nearest few parts, the **probes**. What lies beyond is missed. **Recall@10** is the share of the true ten nearest that is found.

# %%
guess(
    "index",
    "32 parts, 4 of them searched: about an eighth of the gallery. What share of the true ten nearest is found?",
    ["about an eighth", "about half", "more than nine tenths"],
)

# %%
from lancedb.index import IvfFlat, IvfPq


def recall(items):
    """Share of the exact ten nearest that was found."""
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(items, exact[: len(items)], strict=True)]))


def average_count(**options):
    """Distances computed for a query, mean over fifty."""
    counts = []
    for code in asked_for[:50]:
        query = table.search(code).limit(10)
        for method, value in options.items():
            query = getattr(query, method)(value)
        counts.append(vectors.distance_count(query))
    return float(np.mean(counts))


scanned = average_count()
table.create_index("code", config=IvfFlat(distance_type="l2", num_partitions=32), replace=True)
probes = [1, 2, 4, 8, 16, 32]
flat = {n: (average_count(nprobes=n), *search_all(asked_for, nprobes=n)) for n in probes}
print(f"no index: {scanned:,.0f} distances a query")
for n, (count, items, found_labels) in flat.items():
    right = (found_labels == query_labels[:, None]).mean()
    print(f"{n:2} probes: {count:6,.0f} distances, recall@10 {recall(items):.3f}, precision@10 {right:.3f}")

# %%
plots.curve(
    None,
    {"IVF, 32 parts": (np.array([100 * flat[n][0] / scanned for n in probes]), [recall(flat[n][1]) for n in probes])},
    xlabel="distances computed, % of exact search (1, 2, 4, 8, 16, 32 probes)",
    ylabel="recall@10",
    levels={"exact search": 1.0},
    height=3.0,
    caption="With a few probes hardly a neighbour is missed, for a small part of the work.",
)
four = recall(flat[4][1])
claim(
    "Four of 32 probes find more than 95 % of the true neighbours with less than a quarter of the distances",
    four > 0.95 and flat[4][0] < 0.25 * scanned,
    f"recall {four:.3f}, {flat[4][0]:,.0f} of {scanned:,.0f} distances",
    margin=min(four - 0.95, 0.25 - flat[4][0] / scanned),
)
reveal("index", "more than nine tenths")

# %% [markdown]
# Why count, and not take the time? Because at 12,000 rows of 32 numbers you would see nothing. The distances of one query take a fraction of a millisecond either way, and the rest of the search costs more. The count
# grows with the gallery, the rest does not.

# %%
for name, options in (("4 probes", {"nprobes": 4}), ("32 probes", {"nprobes": 32})):
    started = time.perf_counter()
    for code in asked_for[:100]:
        query = table.search(code).limit(10).select(["item", "_distance"])
        for method, value in options.items():
            query = getattr(query, method)(value)
        query.to_arrow()
    print(f"{name}: {(time.perf_counter() - started) * 10:.1f} ms a query")

# %% [markdown]
# Now product quantisation on top, eight bytes an item and five bits for its part, searched in all parts; beside it the same of PCA's 32 numbers, in a table of its own. And the proof that a database is one: forget it, open the
# folder again, and ask. (The index comes on top of the table. The floats stay in it, and the line "ranked again" reads them; only who throws them away has saved their space.)

# %%
smaller = IvfPq(distance_type="l2", num_partitions=32, num_sub_vectors=8, max_iterations=10, sample_rate=64)
table.create_index("code", config=smaller, replace=True)
del table, database

database = vectors.connect(folder)
table = database.open_table("clothes")
index = table.index_stats(table.list_indices()[0].name)
print(f"reopened: {table.count_rows():,} rows, {index.num_indexed_rows:,} of them indexed, {index.index_type}")
quantised, quantised_labels = search_all(asked_for, nprobes=32)
refined, _ = search_all(asked_for[:500], nprobes=32, refine_factor=5)
pq_precision = float((quantised_labels == query_labels[:, None]).mean())
print(f"8 bytes an item: recall@10 {recall(quantised):.3f}, precision@10 {pq_precision:.3f}")
print(f"50 candidates from the bytes, ranked again by their floats (500 queries): recall@10 {recall(refined):.3f}")
pca_mean = gallery["PCA"].mean(axis=0)
rows = vectors.rows(unit(gallery["PCA"], pca_mean), item=np.arange(len(train)), label=labels.astype("int16"))
of_pca = database.create_table("clothes_pca", rows, mode="overwrite")
of_pca.create_index("code", config=smaller, replace=True)
_, pca_labels = search_all(unit(queries["PCA"], pca_mean), of_pca, nprobes=32)
pq_of_pca = float((pca_labels == query_labels[:, None]).mean())
print(f"8 bytes an item of PCA's 32 numbers: precision@10 {pq_of_pca:.3f}")
curves["autoencoder, product quantisation"] = (np.array([8]), [pq_precision])
curves["PCA of 32, product quantisation"] = (np.array([8]), [pq_of_pca])

# %%
figure, axis = plots.subplots(height=4.2)
looks = dict(zip(curves, ["X", "s--", "D-.", "^:", "<--", "o-", "v-", "P:", "*", "p"], strict=True))
for name, (size, value) in curves.items():
    marker_size = 15 if name == "autoencoder, product quantisation" else 11 if name == "pixels" else 7
    axis.plot(size, value, looks[name], label=name, ms=marker_size, mec="white", mew=0.6, alpha=0.9)
axis.set_xscale("log", base=2)
axis.set_xticks([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 784], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 784])
axis.set(xlabel="bytes an item", ylabel="precision@10", ylim=(0.45, 0.8))
axis.legend(loc="lower right")
plots.show(
    figure,
    "Validation queries, cosine (bits: Hamming). Eight bytes of a quantised code keep nearly all that 784 bytes of pixels know. Three points below .45 are cut off.",
    summary="; ".join(
        f"{n}: " + ", ".join(f"{b:g} bytes {v:.3f}" for b, v in zip(*c, strict=True)) for n, c in curves.items()
    ),
)
bits_at_eight = float(curves["bits of PCA"][1][list(curves["bits of PCA"][0]).index(8)])
claim(
    "Eight bytes of product quantisation reach .75, come within 3 points of the pixels, and beat eight bytes of one-bit PCA by more than 2",
    pq_precision > max(0.75, robustness["pixels"][0] - 0.03) and pq_precision > bits_at_eight + 0.02,
    f"{pq_precision:.3f}; pixels {robustness['pixels'][0]:.3f}; 64 bits of PCA {bits_at_eight:.3f}",
    margin=min(pq_precision - max(0.75, robustness["pixels"][0] - 0.03), pq_precision - bits_at_eight - 0.02),
)
claim(
    "Eight bytes of product quantisation of PCA's 32 numbers come within 2 points of the autoencoder's",
    abs(pq_of_pca - pq_precision) < 0.02,
    f"{pq_of_pca:.3f} and {pq_precision:.3f}",
    margin=0.02 - abs(pq_of_pca - pq_precision),
)
rounding = abs(curves["autoencoder, likewise"][1][1] - curves["autoencoder, likewise"][1][2])
claim(
    "One byte a number in place of four costs the autoencoder less than half a point",
    rounding < 0.005,
    f"{rounding:.4f}",
    margin=0.005 - rounding,
)
reveal("bytes", "about 8")

# %% [markdown]
# Read the figure from the right to the left. Next to nothing is lost from 784 to 128 bytes, nor from 128 to 32. Sixteen bytes of bits or eight of product quantisation are still good; below that every byte counts. At equal rounding the networks lie on PCA's curve, not above it by
# much: most of the saving is PCA's and the quantiser's.
#
# **Served.** The same code reaches a database on another machine; only the address changes:
#
# * `lancedb.connect("s3://bucket/folder")`: files in an object store, searched from here;
# * `lancedb.connect("db://name", api_key=…, region=…)`: LanceDB's own service, or with `host_override="https://…"` a server of yours.
#
# `create_table`, `open_table`, `search(…).limit(10)`, `where` and `create_index` are the same calls. What changes is who may read it: an embedding of a picture is personal data where the picture is.
#
# ## Three failures
#
# A mean precision hides its worst queries. Here are three of those that found nothing of their own kind, from three kinds of clothes.

# %%
hits = (exact_labels == query_labels[:, None]).sum(axis=1)  # of ten
failed = []
for index in np.argsort(hits, kind="stable"):
    if query_labels[index] not in query_labels[failed] and len(failed) < 3:
        failed.append(int(index))
plots.grid(
    [np.concatenate([validation[[q]], train[exact[q][:7]]]).reshape(-1, 28, 28) for q in failed],
    column_titles=["query", *(f"{i}." for i in range(1, 8))],
    below=[[clothes.class_names[i] for i in (query_labels[q], *exact_labels[q][:7])] for q in failed],
    caption="Queries that failed, and their seven nearest. Most of what was found has the same outline, and another name.",
)
print("of their ten nearest, right:", ", ".join(str(hits[q]) for q in failed))
print(f"queries with at least nine of ten right: {np.mean(hits >= 9):.0%}; with at most one: {np.mean(hits <= 1):.0%}")

# %% [markdown]
# The search did what it was asked. It found pictures that *look* alike at 28 × 28 pixels. What a shop files under another name may differ in a few pixels only, and no reconstruction loss makes these few count for more. Look for yourself:

# %%
browsable = ["pixels", "PCA", "autoencoder", "denoising (moved)"]
neighbours = {}
for name in browsable:
    middle, _, unit_codes = ready(name)
    similarity = unit(embeddings[name](validation[:200]), middle) @ unit_codes.T
    neighbours[name] = np.argsort(-similarity, axis=1)[:, :7]


def show_search(query, embedding):
    """One query and what one embedding finds."""
    items = neighbours[embedding][query]
    plots.row(
        np.concatenate([validation[[query]], train[items]]).reshape(-1, 28, 28),
        titles=["query", *(f"{i}." for i in range(1, 8))],
        below=[clothes.class_names[query_labels[query]], *(clothes.class_names[i] for i in labels[items])],
    )


explore(
    show_search,
    "Seven nearest gallery pictures by cosine. Try a query that fails with one embedding, then switch.",
    query=slider(0, 199, 4, label="query"),
    embedding=choice(browsable, "autoencoder", label="embedding"),
)

# %% [markdown]
# ## What goes wrong
#
# **Distances read off t-SNE.** "The two clusters are far apart, so they differ most", "this class is the most varied": neither can be read from the map. Three clouds of 100 points in ten
# dimensions: B lies ten times as far from C as from A, and C is ten times as wide as A.

# %%
toy_random = np.random.default_rng(SEED)
centres = np.zeros((3, 10))
centres[1, 0], centres[2, 0] = 10, 110
widths = np.array([0.3, 0.3, 3.0])
cloud = np.repeat([0, 1, 2], 100)
toy = centres[cloud] + widths[cloud, None] * toy_random.standard_normal((300, 10))


def ratios(points):
    """How many times as far C is from B as A is, and how many times as wide C is as A."""
    middles = np.array([np.median(points[cloud == i], axis=0) for i in range(3)])
    wide = [np.median(np.linalg.norm(points[cloud == i] - middles[i], axis=1)) for i in range(3)]
    apart = [np.linalg.norm(middles[1] - middles[i]) for i in (2, 0)]
    return apart[0] / apart[1], wide[2] / wide[0]


toy_maps = {"PCA": referees.fit_pca(toy, 2).encode(toy), "t-SNE": t_sne(toy)}
toy_ratios = {name: ratios(points) for name, points in {"truth": toy, **toy_maps}.items()}
for name, (distance, width) in toy_ratios.items():
    print(f"{name:6} C is {distance:4.1f} times as far from B as A is, and {width:4.1f} times as wide as A")
plots.maps(
    toy_maps,
    cloud,
    ["A", "B", "C"],
    below=[f"distances 1 : {toy_ratios[n][0]:.1f}, widths 1 : {toy_ratios[n][1]:.1f}" for n in toy_maps],
    caption="The truth is 1 : 10 for both. PCA keeps it. t-SNE draws three clouds of much the same size and distance.",
)
claim(
    "t-SNE draws a tenfold distance, and a tenfold width, as less than fourfold",
    max(toy_ratios["t-SNE"]) < 4 and min(toy_ratios["truth"]) > 9,
    f"{toy_ratios['t-SNE'][0]:.1f} and {toy_ratios['t-SNE'][1]:.1f}",
    margin=4 - max(toy_ratios["t-SNE"]),
)

# %% [markdown]
# t-SNE gives every point about as many neighbours as every other, whatever the scale: that is its aim, and it removes what you wanted to read. (Wattenberg, Viégas and Johnson 2016 show more of this.)
#
# **The query is its own neighbour.** Search a set in itself, and every picture finds itself first, at distance 0. The best embedding in the world then is: random numbers.

# %%
noise_codes = np.random.default_rng(SEED).standard_normal((2000, 32))


def found_in_itself(codes, kinds, k):
    """Precision@k if the queries are searched among themselves, and nobody removes the query."""
    return metrics.precision_at_k(codes, kinds, codes, kinds, k)


honest = metrics.precision_at_k(noise_codes[:1000], query_labels[:1000], noise_codes[1000:], query_labels[1000:], 1)
itself = found_in_itself(noise_codes, query_labels, 1)
print(f"random codes, precision@1:  {itself:.2f} in their own set, {honest:.2f} with gallery and queries apart")
print(f"random codes, precision@10: {found_in_itself(noise_codes, query_labels, 10):.2f} in their own set")
claim(
    "Searched in their own set, random codes are always right at k = 1",
    itself == 1 and honest < 0.2,
    f"{itself:.2f}; apart {honest:.2f}",
    margin=0.2 - honest,
)


# %% [markdown]
# **A low reconstruction error taken for meaning.** The loss is the only number that training shows, so codes are compared by it. Here are all of this lesson's codes of 32 numbers that have a decoder, and the pixels,
# whose error is 0.

# %%
errors = {
    "pixels": 0.0,
    "PCA": metrics.mse(validation, metrics.clip01(pca.keep(32).reconstruct(validation))),
    "autoencoder": metrics.mse(validation, metrics.clip01(encode(autoencoder, validation))),
    "denoising (moved)": metrics.mse(validation, metrics.clip01(encode(shift_autoencoder, validation))),
}
for name, error in errors.items():
    print(
        f"{name:18} error {error:.4f}   precision@10 {robustness[name][0]:.3f}, moved queries {robustness[name][2]:.3f}"
    )
claim(
    "A third more reconstruction error, no worse for clean queries by more than a point, better for moved ones by three",
    errors["denoising (moved)"] > 1.33 * errors["autoencoder"]
    and robustness["denoising (moved)"][0] > robustness["autoencoder"][0] - 0.01
    and gain > 0.03,
    f"error {errors['denoising (moved)']:.4f} against {errors['autoencoder']:.4f}",
    margin=min(
        robustness["denoising (moved)"][0] - robustness["autoencoder"][0] + 0.01,
        errors["denoising (moved)"] - 1.33 * errors["autoencoder"],
    ),
)

# %% [markdown]
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | the loss falls, precision@10 falls with it | the corruption, the code's width | the code spends itself on detail that is not meaning | a corruption that your queries meet; choose by precision on validation queries |
# | precision@10 about one in ten | the order of labels and rows; `codes.std(axis=0)` | gallery shuffled without its labels; a collapsed code | keep labels in the same table as the codes |
# | a query finds nonsense, the gallery is fine | how the query was made | another scaling, mean or encoder than the gallery's | store mean and encoder with the database; never take the query's own mean |
# | precision@10 near 1 at once | whether queries are in the gallery | every query finds itself | search another split, or leave the query's own row out |
# | a database that got worse after a new training | when its codes were made | old and new codes in one table | encode everything again |
#
# The third row is the one that costs days. One line reproduces it: pictures of 0 to 255 for queries, of 0 to 1 for the gallery.

# %%
forgotten = unit(encode(kept, validation * 255), code_mean)
_, forgotten_labels = search_all(forgotten)
scaled_wrong = float((forgotten_labels == query_labels[:, None]).mean())
print(f"queries in 0..255: precision@10 {scaled_wrong:.3f}; in 0..1: {database_precision:.3f}. No error was raised.")

# %% [markdown]
# ## Results
#
# Once, the test pictures: 2,000 queries that no choice above has seen, searched by cosine in the gallery of training pictures. Intervals: 95 %, bootstrap over the queries; gallery and trainings stay as they are.

# %%
test_labels = clothes.test_labels


def hits_of(name, given):
    """Share of right results for each test query, (2000,)."""
    middle, _, unit_codes = ready(name)
    return metrics.precision_of_queries(unit_codes, labels, unit(embeddings[name](given), middle), test_labels, 10)


resampled = np.random.default_rng(SEED).integers(0, len(test), (1000, len(test)))


def interval(values):
    """95 % bootstrap interval of a mean over queries."""
    return tuple(np.quantile(values[resampled].mean(axis=1), [0.025, 0.975]))


rungs = {
    "random numbers": "trivial",
    "random projection": "trivial",
    "pixels": "trivial",
    "PCA": "referee",
    "centred, then PCA": "referee",
    "autoencoder": "network",
    "denoising (noise)": "network",
    "denoising (moved)": "network",
}
test_hits = {name: hits_of(name, test) for name in rungs}
moved_test = moved(test, np.random.default_rng(SEED + 1))
test_moved = {name: hits_of(name, moved_test) for name in rungs}
plots.ladder(
    list(rungs),
    [float(values.mean()) for values in test_hits.values()],
    kinds=list(rungs.values()),
    metric="precision@10, 2,000 test queries",
    lower_is_better=False,
    intervals=[interval(values) for values in test_hits.values()],
    annotations=[f"moved queries {values.mean():.3f}" for values in test_moved.values()],
    value_format=".3f",
    caption="Pixels hold 784 numbers, all others 32. On clean queries five embeddings cannot be told apart by eye; on moved ones they can.",
)

# %%
for name, other in (("autoencoder", "pixels"), ("autoencoder", "PCA"), ("denoising (moved)", "pixels")):
    low, high = interval(test_hits[name] - test_hits[other])
    low_moved, high_moved = interval(test_moved[name] - test_moved[other])
    print(f"{name} − {other}: {low:+.3f} to {high:+.3f}; moved queries {low_moved:+.3f} to {high_moved:+.3f}")
over_pca = test_hits["autoencoder"] - test_hits["PCA"]
on_moved = test_moved["denoising (moved)"] - test_moved["pixels"]
claim(
    "On test queries autoencoder and PCA differ by less than a point; on moved ones the network trained on movement is ahead of the pixels by more than two",
    abs(over_pca.mean()) < 0.01 and on_moved.mean() > 0.02,
    f"{over_pca.mean():+.4f} and {on_moved.mean():+.3f}",
    margin=min(0.01 - abs(over_pca.mean()), on_moved.mean() - 0.02),
)

# %% [markdown]
# ## Wrap-up
#
# * An embedding is an encoder without its decoder. Score it by what it is for, on queries that are not in the gallery, beside pixels and PCA.
# * For clean pictures 32 numbers search about as well as 784 pixels; network and PCA differ by less than a point. The gain is bytes, and eight of them go a long way.
# * The distance is a choice, and often a larger one than the network. Cosine and whitening are measured, not believed.
# * A denoising autoencoder ignores what its corruption changes. Choose the corruption by what should not matter, and compare with removing it beforehand.
# * Two-dimensional networks place new points; t-SNE keeps neighbours better and does not. Do not read distances between its clusters, or their sizes.
# * Axes are arbitrary, and another seed is another space. Start at the referee, or encode everything again.
# * A vector database stores codes with what they stand for. Its index trades distances computed for recall; count both.
#
# | one glance | |
# |---|---|
# | precision@k | share of the k nearest with the query's label, mean over queries |
# | recall@k of an index | share of the exact k nearest that it finds |
# | cosine by Euclidean distance | of unit vectors $\|a - b\|^2 = 2 - 2\cos$ |
# | whitening | $(z - \mu) V \Lambda^{-1/2}$, with $V \Lambda V^\top$ the gallery's covariance |
# | Procrustes distance | $1 - s^2$, $s$ the sum of the singular values of $A^\top B$, both centred and of norm 1 |
# | 32 numbers | 128 bytes as floats, 32 rounded, 8 by product quantisation, 4 as bits |
#
# Next: [the exercises](../exercises/08_embeddings.ipynb). Then [lesson 09](09_generation.ipynb) goes the other way: keep the decoder, and make codes up.
#
# ## References
#
# * P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol: *Extracting and composing robust features with denoising autoencoders*, ICML 2008.
# * R. Salakhutdinov, G. Hinton: *Semantic hashing*, International Journal of Approximate Reasoning 50, 2009 (codes of bits from autoencoders).
# * L. van der Maaten, G. Hinton: *Visualizing data using t-SNE*, Journal of Machine Learning Research 9, 2008.
# * M. Wattenberg, F. Viégas, I. Johnson: *How to use t-SNE effectively*, Distill, 2016.
# * J. Venna, S. Kaski: *Neighborhood preservation in nonlinear projection methods: an experimental study*, ICANN 2001 (trustworthiness).
# * P. Schönemann: *A generalized solution of the orthogonal Procrustes problem*, Psychometrika 31, 1966.
# * H. Jégou, M. Douze, C. Schmid: *Product quantization for nearest neighbor search*, IEEE Transactions on Pattern Analysis and Machine Intelligence 33, 2011.
# * W. Johnson, J. Lindenstrauss: *Extensions of Lipschitz mappings into a Hilbert space*, Contemporary Mathematics 26, 1984 (random projections).
# * LanceDB: documentation at lancedb.com.
