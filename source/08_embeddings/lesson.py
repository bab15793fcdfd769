# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Embeddings: dimensionality reduction and similarity search"
#     lesson: 8
#     minutes: 75
#     compute: 60
#     summary: "Throw the decoder away: search a real vector database by code, count bytes and computations, search yesterday's gallery with today's encoder, read maps with care"
#     prerequisites:
#       - "lesson 02"
#       - "lesson 04, for what corruption does to a code"
#     objectives:
#       - Search twelve thousand pictures with learned codes and score the result against searching the pixels
#       - Decide by measurement which distance, which mean and how many bytes a search needs
#       - Compare five maps of the same pictures by neighbours kept, distances kept, and whether a new picture can be placed
#       - Test whether two trainings gave the same embedding, and search across them
#       - Build a vector database, query and reopen it, and count what its index saves
#     data: [fashion_mnist]
# ---

# %% [markdown]
# So far the code was the way to a reconstruction. Here it is the result: an **embedding**, a short vector that stands for a picture. You draw maps
# of it and you search with it. The reconstruction loss never asked for either. So every embedding of this lesson stands beside one that
# needed no training: the pixels themselves, PCA, random projections.

# %%
import textwrap
import time

from course_lib import above, all_of, below, between, claim, close, finding, guess, own_data, reveal
from course_lib import datasets, layers, metrics, models, plots, referees, training, vectors
from course_lib.widgets import choice, explore, slider

import keras
import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

SEED = training.set_seed(0)

# %% [markdown]
# The pictures are Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): ten kinds of clothes. To run the lesson on data of your own, change the first line of the next cell: pictures, one folder a kind, or a table of
# vectors, one a row, such as features or the embeddings of sentences.

# %%
clothes = datasets.fashion_mnist()
# clothes = datasets.fashion_mnist(full=True).with_validation(2000)  # all 70,000: five times as long
# clothes = datasets.own_pictures("folder")  # each kind in a folder of its own
# clothes = datasets.own_vectors("vectors.csv", label="kind")  # also .npy, an array or a DataFrame
own_data(clothes is not datasets.fashion_mnist())

# %%
print(clothes)
if len(clothes.class_names) == 1:
    print("All are of one kind, so that whatever is found is right: sort them by kind to have a search scored.")
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
labels, query_labels = clothes.train_labels, clothes.validation_labels
pictured = hasattr(clothes, "images")  # vectors of your own cannot be moved, nor looked at
RAW, ITEMS = ("pixels", "pictures") if pictured else ("given numbers", "vectors")
width = train.shape[1]  # numbers a picture, 784
raw_bytes = width if pictured else 4 * width  # a pixel takes one byte, a float four
rounds = min(50, max(1, 12_000 // len(train)))  # few pictures are shown more often
pca = referees.fit_pca(train, min(128, width, len(train) - 1))
components = len(pca.components)
code_size = min(32, components // 8 * 8 or components)  # eights, as a code will be cut in eight


def tiles(rows):
    """Rows (n, d) as something to look at, (n, height, width): pictures, or vectors folded into squares, dark for low."""
    return rows.reshape(-1, *clothes.train.shape[1:]) if pictured else clothes.tiles(rows)


def called(split, items):
    """What stands below some rows of a split: their kinds, or the names that vectors of your own may have."""
    if not pictured:
        return clothes.called(split, items)
    numbers = getattr(clothes, f"{split}_labels")[list(items)]
    return [textwrap.fill(clothes.class_names[number], 13, max_lines=2, placeholder=" …") for number in numbers]


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
encoder, decoder, autoencoder = models.warm_start_autoencoder(pca.keep(code_size), 256)
run = training.fit(autoencoder, train, epochs=3 * rounds, batch_size=100, learning_rate=1.5e-3)


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
    f"Ten nearest neighbours by Euclidean distance. Which finds more of the right kind: {width} {RAW} or {code_size} numbers of the autoencoder? "
    "(Clearly: by more than 2 points.)",
    [f"{RAW}, clearly", "the autoencoder, clearly", "about the same"],
)

# %% [markdown]
# One of the baselines is a **random projection**: 32 weighted sums of the pixels, with weights drawn by lot. Distances survive that roughly (Johnson and Lindenstrauss 1984).

# %%
directions = np.random.default_rng(SEED).standard_normal((width, 128)).astype("float32")
embeddings = {
    "random numbers": lambda x: np.random.default_rng(len(x)).standard_normal((len(x), code_size)),
    "random projection": lambda x: x @ directions[:, :code_size],
    RAW: lambda x: x,
    "PCA": pca.keep(code_size).encode,
    "autoencoder": lambda x: encode(kept, x),
}
gallery = {name: embed(train).astype("float32") for name, embed in embeddings.items()}
queries = {name: embed(validation).astype("float32") for name, embed in embeddings.items()}
hits = {  # for each query the share of right results, (2000,)
    name: metrics.precision_of_queries(gallery[name], labels, queries[name], query_labels, 10) for name in embeddings
}


def interval(values):
    """95 % bootstrap interval of a mean over queries, (2000,)."""
    resampled = np.random.default_rng(SEED).integers(0, len(values), (1000, len(values)))
    return tuple(np.quantile(values[resampled].mean(axis=1), [0.025, 0.975]))


for name, values in hits.items():
    print(f"{name:18} {gallery[name].shape[1]:4} numbers   precision@10 {values.mean():.3f}")
for name in (RAW, "PCA"):
    lead = hits["autoencoder"] - hits[name]
    print("autoencoder − {}: {:+.3f}, interval {:+.3f} to {:+.3f}".format(name, lead.mean(), *interval(lead)))

# %%
euclidean = {name: float(values.mean()) for name, values in hits.items()}
claim(
    f"In Euclidean distance {code_size} numbers of the autoencoder find more of the right kind than {width} {RAW}, and less than 2 points more",
    between(euclidean["autoencoder"] - euclidean[RAW], 0, 0.02, fmt="+.3f", name="lead"),
)
both = {"names": ("autoencoder", RAW), "fmt": ".3f"}
reveal(
    "search",
    {
        f"{RAW}, clearly": below(euclidean["autoencoder"], euclidean[RAW], by=0.02, **both),
        "the autoencoder, clearly": above(euclidean["autoencoder"], euclidean[RAW], by=0.02, **both),
        "about the same": close(euclidean["autoencoder"], euclidean[RAW], 0.02, **both),
    },
)

# %% [markdown]
# Pixels are a strong baseline, and so is PCA. Both were asked the same queries, so the intervals resample the *differences*, query by query (**paired bootstrap**): in this distance the network's lead is more than the luck of the queries, and
# less than a point. What the 32 numbers buy is **size**: a search reads 32 numbers a picture where it read 784.
#
# ## Which distance?
#
# Nearest in what sense? Three habits: **Euclidean** distance; the cosine of the angle between two codes, here the **centred cosine**, which measures them from the gallery's mean; Euclidean distance
# after **whitening**, where every direction counts the same (exercise `whiten`).


# %%
def precision(gallery_codes, query_codes):
    """Precision@10 of a search for the validation pictures."""
    return metrics.precision_at_k(gallery_codes, labels, query_codes, query_labels, 10)


def unit(codes, centre):
    """Codes measured from a centre and scaled to length 1: Euclidean distance then ranks as the cosine does."""
    centred = codes - centre
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)


def centred_cosine(gallery_codes, query_codes):
    """Precision@10 by cosine from the gallery's mean."""
    centre = gallery_codes.mean(axis=0)
    return precision(unit(gallery_codes, centre), unit(query_codes, centre))


def whitener(codes):
    """The map that makes the covariance of these codes the identity."""
    centre = codes.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((codes - centre).T.astype("float64")))
    matrix = (axes / np.sqrt(np.maximum(values, 1e-9 * values.max()))).astype("float32")
    return lambda x: (x - centre) @ matrix


# %%
def three_distances(gallery_codes, query_codes):
    """Precision@10 by Euclidean distance, by centred cosine and after whitening."""
    white = whitener(gallery_codes)
    return [
        precision(gallery_codes, query_codes),
        centred_cosine(gallery_codes, query_codes),
        precision(white(gallery_codes), white(query_codes)),
    ]


coded, asked = pca.encode(train), pca.encode(validation)  # 128 numbers, the first k of them are PCA with k
widths = sorted({min(k, components) for k in (8, 16, 32, 128)})
compared = {f"PCA, {k}": three_distances(coded[:, :k], asked[:, :k]) for k in widths}
compared[f"autoencoder, {code_size}"] = by_network = three_distances(gallery["autoencoder"], queries["autoencoder"])
compared[f"{RAW}, {width}"] = by_raw = [euclidean[RAW], centred_cosine(train, validation), np.nan]
plots.matrix(
    np.array(list(compared.values())),
    list(compared),
    ["Euclidean", "centred cosine", "whitened"],
    value_format=".3f",
    caption=f"Precision@10 on validation queries. ({RAW.capitalize()} are not whitened: some may never vary.) "
    + finding("The choice of distance matters, most of all for a wide code."),
)
from_zero = precision(unit(train, 0.0), unit(validation, 0.0))
print(f"{RAW} by the cosine from zero: {from_zero:.3f}, from the gallery's mean {by_raw[1]:.3f}")
if components > 32:
    alone = centred_cosine(coded[:, 32:], asked[:, 32:])
    print(f"PCA's directions 33 to {components} alone, centred cosine: {alone:.3f}")

# %%
few, many = (compared[f"PCA, {min(k, components)}"] for k in (16, 128))
claim(
    f"Whitening lifts PCA with {min(16, components)} numbers and spoils PCA with {components}",
    all_of(
        above(few[2], few[0], by=0.005, fmt=".3f", names=("whitened", "not")),
        below(many[2], many[0], by=0.02, fmt=".3f", names=("whitened", "not")),
    ),
)
claim(
    f"By centred cosine, autoencoder and {RAW} differ by less than one point",
    close(by_network[1], by_raw[1], 0.01, fmt=".3f", names=("autoencoder", RAW)),
)

# %% [markdown]
# The centred cosine asks in which direction from the mean a code lies and ignores how far out it is. Here that helps every row. Databases, and exercise `cosine_topk`, measure the cosine from zero: subtract the gallery's mean
# yourself, from gallery and queries. Whitening spoils a wide code, and not because its last directions are noise: alone they search well. But each of them says little, and there are 96 of them
# against the first 32: whitened, they have three quarters of every distance.
#
# From here on searches use the centred cosine, where no other distance is named.
#
# ## What should not matter
#
# A **denoising autoencoder** (Vincent and others 2008) has to give the same clean picture for every corrupted version of it. So its code may forget what the corruption changes. Three of them, all
# from PCA: two see Gaussian noise (σ = .3 and σ = .6), one sees its input *moved* by up to two pixels, with the unmoved picture as its target.

# %%
guess(
    "robust",
    "Queries get Gaussian noise of σ = .3. Which search then finds the most of the right kind?",
    [RAW, "PCA", "autoencoder trained on that noise"],
)


# %%
def train_together(models_and_corruptions, **recipe):
    """Train several autoencoders in one loop: they share the batches and nothing else. Returns the run."""
    clean = keras.Input((width,))
    copies = [keras.Sequential([corrupt, model])(clean) for model, corrupt in models_and_corruptions]
    recipe = {"epochs": 3 * rounds, "batch_size": 100, **recipe}
    return training.fit(keras.Model(clean, copies), train, [train] * len(copies), **recipe)


def from_pca(seed):
    """An untrained encoder and autoencoder of 32 numbers that start at PCA."""
    training.set_seed(seed)
    new_encoder, _, new_autoencoder = models.warm_start_autoencoder(pca.keep(code_size), 256)
    return new_encoder, new_autoencoder


move = [
    keras.layers.Reshape((*clothes.train.shape[1:], 1)),
    keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant", interpolation="nearest"),
    keras.layers.Reshape((width,)),
]
corruptions = {
    "denoising (noise .3)": (SEED, layers.AddGaussianNoise(0.3, clip=pictured)),
    "denoising (noise .6)": (SEED, layers.AddGaussianNoise(0.6, clip=pictured)),
    "denoising (moved)": (SEED, keras.Sequential(move if pictured else [])),
    "autoencoder, another seed": (SEED + 1, keras.layers.Identity()),  # not a denoiser: for a later section
}
if not pictured:
    del corruptions["denoising (moved)"]
    print("Vectors cannot be moved or aligned: what the text says of moved pictures is left out from here on.")
trained = {name: from_pca(seed) for name, (seed, _) in corruptions.items()}  # name -> encoder, autoencoder
pairs = [(trained[name][1], corruption) for name, (_, corruption) in corruptions.items()]
together = train_together(pairs, learning_rate=1.5e-3)
print(f"{'four' if pictured else 'three'} networks in {together.seconds:.0f} s")

# %% [markdown]
# Two referees, both without gradient descent. **Aligned, then PCA** moves every picture so that its centre of mass lies in the middle. And the denoiser's own job has a best linear answer: of all maps from moved to unmoved pictures
# through 32 numbers, one has the least squared error (**reduced-rank regression**, Izenman 1975: least squares, then PCA of what it predicts).


# %%
def moved(pictures, rng):
    """Each picture moved by -2 to 2 whole pixels in both directions, black where nothing was: (n, 784)."""
    return cut(tiles(pictures), rng.integers(-2, 3, (len(pictures), 2)))


def cut(images, shifts):
    """Pictures (n, height, width) seen from a frame that is moved by shifts (n, 2), of 8 at most: (n, height * width)."""
    height, breadth = images.shape[1:]
    wide = np.pad(images, ((0, 0), (8, 8), (8, 8)))
    frames = [p[r : r + height, c : c + breadth] for p, (r, c) in zip(wide, 8 + shifts, strict=True)]
    return np.stack(frames).reshape(len(images), -1)


def clipped(rows):
    """Pictures in [0, 1]; vectors as they are."""
    return metrics.clip01(rows) if pictured else rows


def noisy(pictures, sigma, seed):
    """Pictures with Gaussian noise, clipped to [0, 1]: (n, 784)."""
    noise = np.random.default_rng(seed).normal(0, sigma, pictures.shape)
    return clipped(pictures + noise).astype("float32")


def aligned(pictures):
    """Each picture moved by whole pixels so that its centre of mass lies in the middle: no training at all."""
    images = tiles(pictures)
    mass = np.maximum(images.sum(axis=(1, 2)), 1e-9)
    means = [images.sum(axis=axis) @ np.arange(images.shape[3 - axis]) / mass for axis in (2, 1)]  # row, column
    middle = (np.array(images.shape[1:]) - 1) / 2
    return cut(images, -np.round(middle - np.stack(means, axis=1)).astype(int).clip(-8, 8))


# %%
if pictured:
    aligned_pca = referees.fit_pca(aligned(train), code_size)
    random = np.random.default_rng(SEED + 2)
    examples = np.concatenate([moved(train, random) for _ in range(3)])  # three draws of each picture, as in training
    linear_from_moved = referees.fit_reduced_rank(examples, np.concatenate([train] * 3), code_size, ridge=1e-3)
    embeddings |= {
        "aligned, then PCA": lambda x: aligned_pca.encode(aligned(x)),
        "linear, from moved": linear_from_moved,
    }


# %%
def encoder_of(name):
    """The embedding that one of the trained networks gives."""
    return lambda x: encode(trained[name][0], x)


embeddings |= {name: encoder_of(name) for name in trained}
corrupt = {"as they are": lambda x: x, "noisy (.3)": lambda x: noisy(x, 0.3, SEED)}
if pictured:
    corrupt["moved"] = lambda x: moved(x, np.random.default_rng(SEED))
prepared = {}


def ready(name):
    """The gallery of an embedding, made once: its mean, its codes, and these codes at length 1 from the mean."""
    if name not in prepared:
        codes = gallery[name] if name in gallery else embeddings[name](train)
        prepared[name] = codes.mean(axis=0), codes, unit(codes, codes.mean(axis=0))
    return prepared[name]


def by_cosine(name, given, centre=None):
    """Precision@10 for corrupted validation pictures (2000, 784), measured from the gallery's mean or another centre."""
    middle, _, unit_codes = ready(name)
    return precision(unit_codes, unit(embeddings[name](given), middle if centre is None else centre))


def known(*names):
    """Those of the embeddings that these data have."""
    return [name for name in names if name in embeddings]


shown_rows = known(RAW, "PCA", "aligned, then PCA", "linear, from moved", "autoencoder")
shown_rows += known("denoising (noise .3)", "denoising (moved)")
robustness = {name: [by_cosine(name, change(validation)) for change in corrupt.values()] for name in shown_rows}
plots.matrix(
    np.array(list(robustness.values())),
    shown_rows,
    [f"queries {name}" for name in corrupt],
    value_format=".3f",
    cell=(1.7, 0.45),
    caption=f"Precision@10 by centred cosine; the gallery is never corrupted. All rows but the first search with {code_size} numbers.",
)

# %%
if pictured:
    network, plain, linear = (robustness[name] for name in ("denoising (moved)", "autoencoder", "linear, from moved"))
    claim(
        "Trained on moved pictures, the same network finds at least 3 points more for moved queries",
        above(network[2], plain[2], by=0.03, fmt=".3f", names=("trained on movement", "not")),
    )
    claim(
        "The best linear map with the same target gains more than 5 points too; the network loses less on clean and on noisy queries",
        all_of(
            above(linear[2], robustness["PCA"][2], by=0.05, fmt=".3f", names=("moved: linear", "PCA")),
            above(network[0], linear[0], fmt=".3f", names=("clean: network", "linear")),
            above(network[1], linear[1], by=0.02, fmt=".3f", names=("noisy: network", "linear")),
        ),
    )
    claim(
        "Aligning every picture before PCA beats that network on moved queries, without any training, and costs noisy ones more than three points",
        all_of(
            above(robustness["aligned, then PCA"][2], network[2], fmt=".3f", names=("moved: aligned", "network")),
            below(robustness["aligned, then PCA"][1], robustness["PCA"][1], by=0.03, fmt=".3f", names=("noisy: aligned", "PCA")),
        ),
    )  # fmt: skip

# %%
on_noisy = [robustness[name][1] for name in (RAW, "PCA", "autoencoder", "denoising (noise .3)")]
raw_noisy, pca_noisy, plain_noisy, trained_noisy = on_noisy
claim(
    f"At σ = .3, not even for noisy queries does training on noise gain 1.5 points over the same network without it, or over the {RAW}",
    below([trained_noisy] * 2, [plain_noisy, raw_noisy], by=-0.015, fmt=".3f", names=("trained", ("without noise", RAW))),
)  # fmt: skip
reveal(
    "robust",
    {
        RAW: above(raw_noisy, [pca_noisy, trained_noisy], fmt=".3f", names=(RAW, ("PCA", "trained on noise"))),
        "PCA": above(pca_noisy, [raw_noisy, trained_noisy], fmt=".3f", names=("PCA", (RAW, "trained on noise"))),
        "autoencoder trained on that noise": above(
            trained_noisy, [raw_noisy, pca_noisy], fmt=".3f", names=("trained on noise", (RAW, "PCA"))
        ),
    },
)

# %% [markdown]
# Training on movement was worth a lot, because no average removes a shift. But the *target* did most of it, not the network: the best linear map for the same task does no worse on moved queries. What the network adds is that clean and noisy queries
# lose less. And whoever *knows* that position does not matter can take it out beforehand, and does better still, at a price for pictures that were well placed, and at a higher one for noisy ones, whose
# centre of mass is hard to tell.
#
# At σ = .3 training on noise was for nothing: a distance over 784 pixels averages independent noise away by itself. And if there is more of it?

# %%
sigmas = (0.3, 0.6, 1.0)
noisy_training = {sigma: noisy(train[::3], sigma, SEED + 1) for sigma in sigmas}  # a third of the gallery
noisy_queries = {sigma: noisy(validation, sigma, SEED) for sigma in sigmas}
centres_compared = {}
for name in (RAW, "PCA", "autoencoder", "denoising (noise .6)"):
    line = []
    for sigma, given in noisy_queries.items():
        noisy_mean = embeddings[name](noisy_training[sigma]).mean(axis=0)
        line += [by_cosine(name, given), by_cosine(name, given, noisy_mean)]
    centres_compared[name] = line
plots.matrix(
    np.array(list(centres_compared.values())),
    list(centres_compared),
    [f"σ = {sigma:g},\n{centre} mean" for sigma in sigmas for centre in ("gallery's", "noisy")],
    value_format=".3f",
    cell=(1.05, 0.45),
    caption=f"Precision@10 of noisy queries. Left of each pair: queries measured from the gallery's mean; right: from the mean of noisy training {ITEMS}.",
)

# %%
before, after = centres_compared["PCA"][4:]
claim(
    "At σ = 1 one subtraction lifts PCA from under .25 to over .6",
    all_of(below(before, 0.25, fmt=".3f", names=("before", "")), above(after, 0.6, fmt=".3f", names=("after", ""))),
)
(pca_before, pca_after), (net_before, net_after) = (
    centres_compared[name][2:4] for name in ("PCA", "denoising (noise .6)")
)
claim(
    "At σ = .6 the network trained on it leads PCA by more than 3 points, and by less than 2 once both use the noisy mean",
    all_of(
        above(net_before, pca_before, by=0.03, fmt=".3f", names=("network", "PCA")),
        close(net_after, pca_after, 0.02, fmt=".3f", names=("then network", "PCA")),
    ),
)

# %% [markdown]
# The noise is clipped at 0 and 1. On a black background it can only brighten, so its mean is not zero: *every* query is shifted the same way, and a cosine from the gallery's mean sees little but that shift. The mean of *noisy*
# pictures takes it away, in one line of NumPy. A network trained on noise learns part of this correction, and keeps no advantage over PCA once PCA has it too.
#
# So measure queries from the mean of pictures that went through the same corruption: training pictures corrupted alike, or many queries together. Never from the mean of one query: that is the query itself, and nothing is left.
# **The corruption says what counts as the same. Choose one that your queries will meet, and that simple means do not remove.**
#
# ## Five maps of the same clothes
#
# An embedding of two numbers can be drawn. Four of the maps are functions: PCA, an autoencoder, a denoising autoencoder and a VAE, all trained on the gallery, draw 1,600 validation
# pictures that they have not seen. **t-SNE** (van der Maaten and Hinton 2008) is not a function. It takes *these* 1,600 pictures and moves points about until neighbours in
# the data are neighbours on the map.
#
# Two numbers need a long training. The three networks were trained for 40 epochs beforehand (`python -m bench.maps_lesson08`); their encoders and their log come with the course.

# %%
checkpoints = datasets.DATA_FOLDER.parent / "checkpoints"
shown = np.random.default_rng(SEED).permutation(len(validation))[:1600]
pictures, kinds = validation[shown], query_labels[shown]
if clothes is datasets.fashion_mnist():
    log = np.genfromtxt(checkpoints / "clothes_maps.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    for line in log[log["network"] == "autoencoder"]:
        print(f"autoencoder of two numbers, epoch {line['epoch']:2}: its ten nearest name {line['knn_validation']:.0%}")
    stored_model = keras.saving.load_model(checkpoints / "clothes_maps.keras")
    drawn = {name: keras.ops.convert_to_numpy(codes) for name, codes in stored_model(pictures).items()}
    seconds = {name: float(log["seconds"][log["network"] == name][-1]) for name in drawn}
else:
    print("The stored networks belong to the course's 12,000 pictures. Two autoencoders and a denoising one are trained here; the VAE is left out.")  # fmt: skip
    starts = {"autoencoder": 0, "another_seed": 1, "denoising": 0}
    of_two = {}
    for name, offset in starts.items():
        training.set_seed(SEED + offset)
        of_two[name] = models.build_autoencoder(width, 128, 2, output_activation="sigmoid" if pictured else None)
    noises = [layers.AddGaussianNoise(0.3 if name == "denoising" else 0.0, clip=pictured) for name in starts]
    pairs = [(model, noise) for (*_, model), noise in zip(of_two.values(), noises, strict=True)]
    run = train_together(pairs, epochs=min(200, max(8, 480_000 // len(train))), learning_rate=3e-3)
    drawn = {name: encode(encoder, pictures) for name, (encoder, *_) in of_two.items()}
    seconds = dict.fromkeys(of_two, run.seconds / len(of_two))

# %%
places = {}
started = time.perf_counter()
places["PCA"] = referees.fit_pca(train, 2).encode(pictures)
seconds["PCA"] = time.perf_counter() - started
for name, stored_as in (("autoencoder", "autoencoder"), ("denoising", "denoising"), ("VAE", "variational")):
    if stored_as in drawn:
        places[name], seconds[name] = drawn[stored_as], seconds[stored_as]


def t_sne(data, **options):
    """t-SNE's map of data (n, d), after PCA to 50 numbers: (n, 2)."""
    reduced = referees.fit_pca(data, min(50, *data.shape)).encode(data)
    options = {"init": "pca", "random_state": SEED, "perplexity": min(30, (len(data) - 1) / 3), **options}
    return TSNE(2, max_iter=500, n_jobs=1, **options).fit_transform(reduced)


started = time.perf_counter()
places["t-SNE"] = t_sne(pictures)
seconds["t-SNE"] = time.perf_counter() - started

# %% [markdown]
# Three scores. **k-NN**: the share of pictures that the ten nearest among the others name correctly. **Trustworthiness** (Venna and Kaski 2001): are neighbours on the map neighbours in the data? 1 if all are, and less the farther off the
# intruders come from. Both look at neighbours only. The third looks at the whole: the **rank correlation** (Spearman 1904) of the distances between pairs of points on the map with those between the pictures.


# %%
def knn_accuracy(codes, k=10):
    """Share of the pictures that their k nearest among the others name correctly."""
    k = min(
        k, len(codes) - 1, max(1, int(np.median(np.bincount(kinds)[np.unique(kinds)])) - 1)
    )  # as many as a kind has
    others = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)  # (n, k), never the own row
    return float(np.mean([np.bincount(row).argmax() for row in kinds[others]] == kinds))


def map_scores(codes):
    """k-NN accuracy, trustworthiness, and rank correlation of the distances between 500 of the pictures."""
    order = spearmanr(pdist(pictures[:500]), pdist(codes[:500]))[0]
    near = min(10, (len(codes) - 1) // 2)
    return knn_accuracy(codes), trustworthiness(pictures, codes, n_neighbors=near), float(order)


scores = {name: map_scores(codes) for name, codes in places.items()}
new = {name: "no" if name == "t-SNE" else "yes" for name in places}
remarks = [
    f"k-NN {k:.2f}, trust {t:.3f}, order {o:.2f}\n{seconds[n]:.1f} s, new point: {new[n]}"
    for n, (k, t, o) in scores.items()
]
plots.maps(
    {name: referees.fit_pca(codes, 2).encode(codes) for name, codes in places.items()},
    kinds,
    clothes.class_names,
    below=remarks,
    axis_names=("principal axis 1 of the map", "principal axis 2"),
    equal=False,
    caption=f"The same {len(pictures):,} unseen {ITEMS}, each map rotated to its principal axes (which changes no distance), each axis with its own scale (which does). Order: rank correlation of pair distances.",
)
given = min(50, *pictures.shape)
fifty = knn_accuracy(referees.fit_pca(pictures, given).encode(pictures))
print(
    f"without a map: k-NN {knn_accuracy(pictures):.3f} on the {RAW}, {fifty:.3f} on the {given} numbers that t-SNE was given"
)

# %%
of_networks = [scores[name] for name in ("autoencoder", "denoising", "VAE") if name in scores]
networks, trusts, orders = zip(*of_networks, strict=True)
named, trust, order = scores["t-SNE"]
claim(
    "Among the maps every network names more than PCA, and t-SNE names more, and more trustworthily, than every network",
    all_of(
        above(min(networks), scores["PCA"][0], fmt=".2f", names=("networks at least", "PCA")),
        above(named, max(networks), fmt=".2f", names=("t-SNE", "networks at most")),
        above(trust, max(trusts), fmt=".3f", names=("trust: t-SNE", "networks at most")),
    ),
)
claim(
    "No map keeps the order of all distances as well as PCA does",
    above(scores["PCA"][2], max(order, *orders), fmt=".2f", names=("PCA", "the best other")),
)
claim("scikit-learn's t-SNE has no way to place a new point", not hasattr(TSNE(), "transform"), "no method transform")

# %% [markdown]
# As a picture of neighbourhoods t-SNE wins, and it had the easier task: it has seen these very pictures. It still shows less than it was given: the 50 numbers, and the pixels, name more than any map. And it pays with the whole: PCA's plain map keeps the order of all distances
# better than t-SNE and than the networks. A map is for looking. To search, keep the wide code.
#
# scikit-learn's t-SNE cannot place picture 1,601: it has to start again, on a new map. That is a matter of the implementation: openTSNE (Poličar, Stražar and Zupan 2024) places new points on a finished map, and parametric t-SNE (van der Maaten 2009) trains a network to draw it, which is where we
# came from. The times do not compare like with like: the networks' come from the log and are those of training on 12,000 pictures.
#
# ## Train it again
#
# Is an embedding a property of the data, or of the seed? Lay one on the other as well as rotating, reflecting, moving and stretching
# allow: the squared distance that remains is the **Procrustes distance**, 0 for the same shape, 1 for nothing in common (exercise `procrustes_distance`). One more pair is missing: codes of 32 numbers from random weights.

# %%
random_starts, last = [], "sigmoid" if pictured else None
for seed in (SEED, SEED + 1):
    training.set_seed(seed)
    random_starts.append(
        models.build_autoencoder(width, 256, code_size, output_activation=last)
    )  # encoder, decoder, autoencoder
train_together([(model, keras.layers.Identity()) for *_, model in random_starts], learning_rate=3e-3)
from_random = [(encode(first, train), encode(first, validation)) for first, *_ in random_starts]
wide_from_pca = [
    (ready(name)[1], embeddings[name](validation)) for name in ("autoencoder", "autoencoder, another seed")
]


def axis_by_axis(a, b):
    """Mean |correlation| of each axis of one embedding with the same axis of the other."""
    return float(np.mean([abs(np.corrcoef(a[:, i], b[:, i])[0, 1]) for i in range(a.shape[1])]))


of_two_numbers = "2 numbers, from random weights"
of_random, of_pca_start = (f"{code_size} numbers, from {start}" for start in ("random weights", "PCA"))
two_seeds = {
    of_two_numbers: (drawn["autoencoder"], drawn["another_seed"]),
    of_random: (from_random[0][1], from_random[1][1]),
    of_pca_start: (wide_from_pca[0][1], wide_from_pca[1][1]),
}
remaining = {name: procrustes(*pair)[2] for name, pair in two_seeds.items()}
by_axis = {name: axis_by_axis(*pair) for name, pair in two_seeds.items()}
for name in two_seeds:
    print(f"{name:32} axis by axis {by_axis[name]:.2f}, Procrustes distance {remaining[name]:.4f}")

# %%
first, second, _ = procrustes(*two_seeds[of_two_numbers])
frame = referees.fit_pca(first, 2)  # the same rotation for both
plots.maps(
    {"first seed": frame.encode(first), "second seed": drawn["another_seed"], "second, on the first": frame.encode(second)},
    kinds,
    clothes.class_names,
    axis_names=("axis 1", "axis 2"),
    columns=4,
    size=2.4,
    caption=f"Two trainings of one network. Rotated, moved and stretched as well as can be, {remaining[of_two_numbers]:.1%} of the squared distance remain.",
)  # fmt: skip
claim(
    "From PCA both seeds give one embedding: a Procrustes distance below .01",
    below(remaining[of_pca_start], 0.01, names=("distance", "")),
)
claim(
    "From random weights the axes differ, a mean correlation below .5, and the shape is nearly the same, a Procrustes distance below .15",
    all_of(
        below(by_axis[of_random], 0.5, names=("correlation", "")),
        below(remaining[of_random], 0.15, names=("distance", "")),
    ),
)

# %% [markdown]
# Width is not what makes the difference: of the two pairs of 32 numbers the one from PCA agrees axis by axis, the one from random weights does not. What does that mean in practice? Yesterday somebody filled a gallery. Today the network was trained
# again, with another seed, and encodes the queries.

# %%
guess(
    "yesterday",
    "Both networks started from random weights. Yesterday's gallery, today's queries: how much do these find of what yesterday's own queries found?",
    ["about as much", "about two thirds", "less than a third"],
)


# %%
def across(old, new):
    """Precision@10 in the old encoder's gallery: its own queries, the new encoder's, and these rotated."""
    centre, new_centre = old[0].mean(axis=0), new[0].mean(axis=0)
    given = unit(old[0], centre)
    rotation, _ = orthogonal_procrustes(new[0] - new_centre, old[0] - centre)  # fitted on the gallery's pictures
    rotated = (new[1] - new_centre) @ rotation
    return [
        precision(given, unit(codes, middle)) for codes, middle in ((old[1], centre), (new[1], centre), (rotated, 0))
    ]


yesterday = {"both from PCA": across(*wide_from_pca), "both from random weights": across(*from_random)}
plots.matrix(
    np.array(list(yesterday.values())),
    list(yesterday),
    ["yesterday's queries", "today's queries", "today's, rotated"],
    value_format=".3f",
    cell=(1.7, 0.45),
    caption="Precision@10 in yesterday's gallery. "
    + finding("From random weights today's codes find next to nothing, until one rotation is fitted."),
)
own, today, rotated = yesterday["both from random weights"]
claim(
    "From random weights today's queries find less than a quarter in yesterday's gallery, and after one rotation within 4 points of its own",
    all_of(
        below(today, 0.25, fmt=".3f", names=("today's", "")),
        above(rotated, own, by=-0.04, fmt=".3f", names=("rotated", "its own")),
    ),
)
own_from_pca, today_from_pca, _ = yesterday["both from PCA"]
claim(
    "From PCA they find as much within 1.5 points",
    close(own_from_pca, today_from_pca, 0.015, fmt=".3f", names=("own", "today's")),
)
share = today / own if own else np.nan
reveal(
    "yesterday",
    {
        "about as much": above(share, 0.85, fmt=".2f", names=("share", "")),
        "about two thirds": between(share, 1 / 3, 0.85, fmt=".2f", name="share"),
        "less than a third": below(share, 1 / 3, fmt=".2f", names=("share", "")),
    },
)

# %% [markdown]
# Nothing fails: the codes have the right shape, the database answers, and the answers are close to chance. Three ways out. Start at a referee, which fixes the axes. Encode the gallery again. Or keep some pictures, encode them with both networks, and fit one
# orthogonal matrix (**orthogonal Procrustes**, Schönemann 1966).
#
# ## What an axis means
#
# A column of a table has a name. Has an axis of the code? First: does the loss prefer one set of axes? Rotate the code, and rotate back inside the decoder, in the two layers that read the code.

# %%
rotation = np.linalg.qr(np.random.default_rng(SEED).standard_normal((code_size, code_size)))[0].astype("float32")
rotated_decoder = keras.models.clone_model(decoder)
rotated_decoder.set_weights(decoder.get_weights())
for name in ("decoder_hidden", "pca_decode"):
    layer = rotated_decoder.get_layer(name)
    kernel, bias = layer.get_weights()
    layer.set_weights([rotation.T @ kernel, bias])
turned_codes = queries["autoencoder"] @ rotation
change = float(np.abs(encode(rotated_decoder, turned_codes) - encode(decoder, queries["autoencoder"])).max())
search_change = abs(precision(gallery["autoencoder"] @ rotation, turned_codes) - euclidean["autoencoder"])
kept_axes = axis_by_axis(queries["autoencoder"], turned_codes)
claim(
    "Other axes, the same reconstructions, the same search",
    all_of(
        below(change, 1e-3, names=("largest change of a number", "")),
        below(search_change, 0.002, names=("of precision@10", "")),
        below(kept_axes, 0.5, fmt=".2f", names=("correlation of old and new axes", "")),
    ),
)

# %% [markdown]
# So the loss does not choose the axes. Do they mean something all the same? Take five things that anybody can see in a picture. How much of the variance of each does *one* axis of the code explain at best, and how much *all* 32 together
# (R² of a linear fit, on validation pictures)?


# %%
def visible(pictures):
    """Five things to see in pictures (n, 784): brightness, width, height, middle row and left-right difference: (n, 5)."""
    images, ink = tiles(pictures), tiles(pictures) > 0.1
    rows = np.arange(images.shape[1])
    return np.stack(
        [
            images.mean(axis=(1, 2)),
            ink.any(axis=1).sum(axis=1),
            ink.any(axis=2).sum(axis=1),
            images.sum(axis=2) @ rows / np.maximum(images.sum(axis=(1, 2)), 1e-9),
            np.abs(images - images[:, :, ::-1]).mean(axis=(1, 2)),
        ],
        axis=1,
    )


if pictured:
    look, things = visible, ["brightness", "width", "height", "middle row", "asymmetry"]
else:
    widest = np.argsort(-train.std(axis=0))[:5]  # of the given numbers those that vary most
    look, things = lambda rows: rows[:, widest], [clothes.columns[column] for column in widest]
    print(f"In a vector there is nothing to see. In place of the five things stand given numbers: {', '.join(things)}.")
seen = {"train": look(train), "validation": look(validation)}
varies = np.min([values.std(axis=0) for values in seen.values()], axis=0) > 1e-9
if not varies.all():  # such as the width, where the ground is not black
    print("Alike in all of yours, and left out: " + ", ".join(np.array(things)[~varies]) + ".")
    things = [name for name, kept_one in zip(things, varies, strict=True) if kept_one]
    seen = {split: values[:, varies] for split, values in seen.items()}


def each_axis(codes):
    """R² of each axis of validation codes (n, k) with each of the five visible things, by itself: (k, 5)."""
    with np.errstate(divide="ignore", invalid="ignore"):  # an axis that never varies has no R²
        return np.square(np.corrcoef(codes.T, seen["validation"].T)[: codes.shape[1], codes.shape[1] :])


def all_axes(codes_train, codes):
    """R² on validation pictures of a linear fit on all axes of the training codes: (5,)."""
    fit, *_ = np.linalg.lstsq(np.c_[codes_train, np.ones(len(codes_train))], seen["train"], rcond=None)
    error = np.square(seen["validation"] - np.c_[codes, np.ones(len(codes))] @ fit).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - error / seen["validation"].var(axis=0)


# %%
generator = np.random.default_rng(SEED)
squares = generator.standard_normal((20, code_size, code_size))
rotations = [np.linalg.qr(square)[0].astype("float32") for square in squares]
codes_train, codes = gallery["autoencoder"], queries["autoencoder"]
white = whitener(codes_train)
r_squared = {
    "best of PCA's axes": each_axis(queries["PCA"]).max(axis=0),
    "best of the network's axes": each_axis(codes).max(axis=0),
    "best axis, rotated": np.mean([each_axis(codes @ r).max(axis=0) for r in rotations], axis=0),
    "best axis, whitened, rotated": np.mean([each_axis(white(codes) @ r).max(axis=0) for r in rotations], axis=0),
    "all axes": all_axes(codes_train, codes),
    "all axes, whitened, rotated": all_axes(white(codes_train) @ rotation, white(codes) @ rotation),
}
plots.matrix(
    np.array(list(r_squared.values())),
    list(r_squared),
    things,
    value_format=".2f",
    cell=(1.05, 0.42),
    caption="R² on validation queries; rotated: mean of 20 random rotations. "
    + finding("With equal variances single axes say next to nothing, and all together as much as before."),
)
spread = np.linalg.eigvalsh(np.cov(codes_train.T))[::-1]
of_each = each_axis(codes)
brightest = of_each[of_each[:, 0].argmax()]
print(f"two of {code_size} directions hold {spread[:2].sum() / spread.sum():.0%} of the code's variance")
other = min(2, len(things) - 1)
print(f"the axis that says most about {things[0]} also explains {brightest[other]:.0%} of {things[other]}")

# %%
with_pca = axis_by_axis(codes, queries["PCA"])
claim("The network's axes are still PCA's", above(with_pca, 0.9, fmt=".2f", names=("mean |correlation|", "")))
single = (r_squared["best of the network's axes"] - r_squared["best axis, whitened, rotated"]).mean()
claim(
    "Whitened and rotated, single axes explain at least .2 less on average, and all axes together the same",
    all_of(
        above(single, 0.2, fmt=".2f", names=("single axes lose", "")),
        close(r_squared["all axes, whitened, rotated"], r_squared["all axes"], 0.01, fmt=".3f"),
    ),
)

# %% [markdown]
# The network's axes look as telling as PCA's because they *are* PCA's. Rotated, the code seems to keep its telling axes, but only because a few directions hold most of the variance and every rotated axis contains some of them. Take the variances out, which
# a decoder can undo for nothing, and no single axis says much, while all of them together say as much as before.
#
# **Starting at PCA lends the axes PCA's order. Nothing in the loss does.** So: after training, the decoder is dropped and the code is used directly. As with other projections, its axes have no direct relation to the
# inputs: each is a mixture of all pixels, and one axis speaks of several visible things at once. That makes them hard to interpret. What can be interpreted are *directions fitted to something you can name*, as in the last two rows, and neighbours.
#
# ## A vector database
#
# [LanceDB](https://lancedb.com) is an embedded vector database: a library that keeps tables in a folder, as SQLite does, with vectors among the columns. Into the table go the code of each training
# picture (of length 1, from the gallery's mean, so that Euclidean distance ranks as the centred cosine does), its label and the picture itself as PNG. (Where LanceDB cannot start, the next cell but one
# says why, and the cells that need it do nothing.) First without a database: NumPy compares every query with every code.

# %%
code_mean = gallery["autoencoder"].mean(axis=0)
stored = unit(gallery["autoencoder"], code_mean)  # (12000, 32)
asked_for = unit(queries["autoencoder"], code_mean)  # (2000, 32)
exact = np.argsort(np.square(stored).sum(axis=1) - 2 * asked_for @ stored.T, axis=1)[:, :10]
exact_labels = labels[exact]
exact_precision = float((exact_labels == query_labels[:, None]).mean())
print(f"NumPy: precision@10 {exact_precision:.3f}")

# %%
with_database = vectors.ready()
if with_database:
    database = vectors.connect(folder)
    thumbnails = vectors.png(np.round(255 * tiles(train)).astype("uint8"))
    rows = vectors.rows(
        stored, item=np.arange(len(stored)), label=labels.astype("int16"), thumbnail=thumbnails
    )  # fmt: skip
    table = database.create_table("clothes", rows, mode="overwrite")  # replaces this table, and no other
    print(f"{table.count_rows():,} rows with the columns {', '.join(table.schema.names)}")

# %%
if with_database:
    nearest = table.search(asked_for[0]).limit(5).to_arrow()
    found = vectors.from_png(nearest["thumbnail"].to_pylist())
    plots.row(
        [tiles(validation[:1])[0], *found],
        titles=["query", *(f"distance {d:.2f}" for d in nearest["_distance"].to_pylist())],
        below=[*called("validation", [0]), *called("train", nearest["item"].to_pylist())],
        size=1.3,
        caption="One search. Code, label and picture come from the database (its distances are squared).",
    )
    wanted = min(6, len(clothes.class_names) - 1)
    only = table.search(asked_for[0]).where(f"label = {wanted}", prefilter=True).limit(3).to_arrow()
    print(f"the three nearest of the kind {clothes.class_names[wanted]}:", only["item"].to_pylist(), "labels", only["label"].to_pylist())  # fmt: skip


# %%
def search_all(given, within=None, **options):
    """Items (m, 10) and labels (m, 10) that a table finds for codes (m, 32); options are methods of the query."""
    query = (within or table).search(given).limit(10).select(["item", "label", "_distance"])
    for method, value in options.items():
        query = getattr(query, method)(value)
    answer = query.to_arrow()
    of_query = answer["query_index"].to_numpy()
    place = np.arange(len(of_query)) - np.searchsorted(of_query, of_query)  # 0 to 9, the nearest first
    found = np.full((2, len(given), 10), -1)  # small partitions may hold fewer than ten rows
    found[:, of_query, place] = answer["item"].to_numpy(), answer["label"].to_numpy()
    return found


def recall(items):
    """Share of the exact ten nearest that was found."""
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(items, exact[: len(items)], strict=True)]))


if with_database:
    found_items, found_labels = search_all(asked_for)
    database_precision = float((found_labels == query_labels[:, None]).mean())
    print(f"the database: precision@10 {database_precision:.3f}")
    claim(
        "Without an index the database finds what NumPy finds",
        above(recall(found_items), 0.999, fmt=".4f", names=("share of the neighbours", "")),
    )

# %% [markdown]
# ## What an index saves
#
# That search computed 12,000 distances for each query. An **index** avoids most of them. *Inverted file* (IVF): k-means divides the gallery into 32 **partitions**; a query is compared with their 32 **centroids** and then only with
# the rows of the nearest few partitions, the **probes**. What lies beyond is missed. **Recall@10** is the share of the true ten nearest that is found.

# %%
guess(
    "index",
    "One partition in eight is searched: about an eighth of the gallery. What share of the true ten nearest is found?",
    ["about an eighth", "about half", "more than nine tenths"],
)


# %%
def average_count(**options):
    """Distances computed for a query, mean over fifty."""
    counts = []
    for code in asked_for[:50]:
        query = table.search(code).limit(10)
        for method, value in options.items():
            query = getattr(query, method)(value)
        counts.append(vectors.distance_count(query))
    return float(np.mean(counts))


partitions = min(32, max(2, len(train) // 30))  # a small gallery has fewer
probes = [n for n in (1, 2, 4, 8, 16) if n < partitions] + [partitions]
eighth = max(1, partitions // 8)  # 4 of 32
if with_database:
    from lancedb.index import IvfFlat, IvfPq

    scanned = average_count()
    flat_index = IvfFlat(distance_type="l2", num_partitions=partitions)
    table.create_index("code", config=flat_index, replace=True)
    flat = {n: (average_count(nprobes=n), *search_all(asked_for, nprobes=n)) for n in sorted({*probes, eighth})}
    print(f"no index: {scanned:,.0f} distances a query")
    for n, (count, items, found_labels) in flat.items():
        right = (found_labels == query_labels[:, None]).mean()
        print(f"{n:2} probes: {count:6,.0f} distances, recall@10 {recall(items):.3f}, precision@10 {right:.3f}")

# %%
if with_database:
    plots.curve(
        None,
        {"IVF": (np.array([100 * flat[n][0] / scanned for n in flat]), [recall(flat[n][1]) for n in flat])},
        xlabel=f"distances computed, % of exact search ({', '.join(map(str, flat))} probes)",
        ylabel="recall@10",
        levels={"exact search": 1.0},
        height=3.0,
        caption=f"IVF with {partitions} partitions. "
        + finding("With a few probes hardly a neighbour is missed, for a small part of the work."),
    )
    with_few = recall(flat[eighth][1])
    claim(
        f"{eighth} of {partitions} probes find more than 95 % of the true neighbours with less than a quarter of the distances",
        all_of(
            above(with_few, 0.95, fmt=".3f", names=("recall", "")),
            below(flat[eighth][0], scanned, times=0.25, fmt=",.0f", names=("distances", "all")),
        ),
    )
    reveal(
        "index",
        {
            "about an eighth": below(with_few, 0.3, fmt=".3f", names=("recall", "")),
            "about half": between(with_few, 0.3, 0.9, fmt=".3f", name="recall"),
            "more than nine tenths": above(with_few, 0.9, fmt=".3f", names=("recall", "")),
        },
    )

# %% [markdown]
# Why count, and not take the time? Because at 12,000 rows of 32 numbers you would see nothing: the distances are the smallest part of a call to the database. The count grows with the gallery, the rest does not.

# %%
started = time.perf_counter()
for code in asked_for[:100]:
    stored @ code
some = len(asked_for[:100])
print(f"{len(stored):,} inner products in NumPy: {(time.perf_counter() - started) * 1000 / some:.2f} ms a query")
for n in (eighth, partitions) if with_database else ():
    started = time.perf_counter()
    for code in asked_for[:100]:
        table.search(code).limit(10).select(["item", "_distance"]).nprobes(n).to_arrow()
    print(f"the database, {n} probes: {(time.perf_counter() - started) * 1000 / some:.1f} ms a query")

# %% [markdown]
# ## Bytes for an item
#
# A database of a billion pictures is paid for by the byte. Codes are floats of four bytes. How few will do?
#
# * **fewer numbers**: PCA and random projections of 4 to 128 numbers;
# * **fewer bits a number**: 256, 4 or 2 levels in place of a float. Levels are **quantile bins** of the gallery, each stands for the mean of its numbers. The query stays a float;
# * **one bit, both sides**: above or below the median in the gallery, query and item compared by the number of bits that differ, the **Hamming distance** (exercise `binary_hash`; for codes of autoencoders Salakhutdinov and
#   Hinton 2009);
# * **product quantisation** (PQ; Jégou, Douze and Schmid 2011): cut the code into eight **sub-vectors** and replace each by the number, one byte, of the nearest of 256 typical ones, its **codebook**.
#
# A float query against quantised items is an **asymmetric distance**: only the gallery is stored, so only the gallery has to be small.

# %%
guess(
    "bytes",
    f"The {RAW} take {raw_bytes} bytes and reach {robustness[RAW][0]:.2f} by centred cosine. How many bytes does the best code need to come within 3 points of that?",
    ["about 8", "about 32", "about 128"],
)


# %%
def binned(codes, bits):
    """Codes (n, k) with each number replaced by the mean of its quantile bin, 2**bits bins for each of the k numbers."""
    rounded = np.empty_like(codes)
    for i, column in enumerate(codes.T):
        bins = np.searchsorted(np.quantile(column, np.linspace(0, 1, 2**bits + 1)[1:-1]), column)
        rounded[:, i] = (np.bincount(bins, column) / np.maximum(np.bincount(bins), 1))[bins]
    return rounded


def few_bits(gallery_codes, query_codes):
    """Precision@10 by centred cosine with 1, 2 and 8 bits a number of the gallery, and with floats."""
    centre, asked_codes = gallery_codes.mean(axis=0), unit(query_codes, gallery_codes.mean(axis=0))
    quantised = [precision(unit(binned(gallery_codes, bits), centre), asked_codes) for bits in (1, 2, 8)]
    return [*quantised, precision(unit(gallery_codes, centre), asked_codes)]


def hamming(gallery_codes, query_codes):
    """Precision@10 with one bit a number: Euclidean distance of zeros and ones ranks as the Hamming distance does."""
    thresholds = np.median(gallery_codes, axis=0)
    return precision(gallery_codes > thresholds, query_codes > thresholds)


sizes = np.array([k for k in (4, 8, 16, 32, 64, 128) if k <= components])
projected = train @ directions, validation @ directions
bytes_by_bits = [code_size * bits / 8 for bits in (1, 2, 8, 32)]  # of a code: 4, 8, 32, 128
by_bits = f"of {code_size}: 1, 2, 8, 32 bits"
curves = {
    RAW: ([raw_bytes], [robustness[RAW][0]]),
    "PCA, floats": (4 * sizes, [centred_cosine(coded[:, :k], asked[:, :k]) for k in sizes]),
    "random projection, floats": (4 * sizes, [centred_cosine(*(z[:, :k] for z in projected)) for k in sizes]),
    "PCA, one bit, Hamming": (sizes[1:] / 8, [hamming(coded[:, :k], asked[:, :k]) for k in sizes[1:]]),
    f"PCA {by_bits}": (bytes_by_bits, few_bits(gallery["PCA"], queries["PCA"])),
    f"autoencoder {by_bits}": (bytes_by_bits, few_bits(gallery["autoencoder"], queries["autoencoder"])),
}
for name in known("denoising (moved)", "denoising (noise .3)"):
    values = few_bits(ready(name)[1], embeddings[name](validation))
    print(f"{name}: " + ", ".join(f"{b:g} bytes {v:.3f}" for b, v in zip(bytes_by_bits, values, strict=True)))

# %% [markdown]
# Product quantisation is an index of the database, here within the 32 partitions. (In a partition LanceDB quantises what is left after subtracting the centroid. It stores the centroids once. For each row it stores the partition, five bits more.) All partitions are searched, so that nothing but the bytes costs
# neighbours. And the proof that a database is one: forget it, open the folder again, and ask.

# %%
pieces = max(n for n in range(1, 9) if code_size % n == 0)  # sub-vectors: eight, unless the code is very small
quantised = with_database and len(train) >= 256
if with_database and not quantised:
    print(
        f"A codebook of 256 entries needs as many rows, and your gallery has {len(train)}: product quantisation is left out."
    )
if quantised:
    pq = IvfPq(distance_type="l2", num_partitions=partitions, num_sub_vectors=pieces, max_iterations=10, sample_rate=64)
    table.create_index("code", config=pq, replace=True)
    del table, database

    database = vectors.connect(folder)
    table = database.open_table("clothes")
    index = table.index_stats(table.list_indices()[0].name)
    print(f"reopened: {table.count_rows():,} rows, {index.num_indexed_rows:,} of them indexed, {index.index_type}")
    from_bytes, from_bytes_labels = search_all(asked_for, nprobes=partitions)
    refined, _ = search_all(asked_for[:500], nprobes=partitions, refine_factor=5)
    pq_precision = float((from_bytes_labels == query_labels[:, None]).mean())
    print(f"{pieces} bytes an item: recall@10 {recall(from_bytes):.3f}, precision@10 {pq_precision:.3f}")
    print(
        f"50 candidates from the bytes, re-ranked by their floats ({len(refined)} queries): recall@10 {recall(refined):.3f}"
    )

# %%
if quantised:
    pca_mean = gallery["PCA"].mean(axis=0)
    rows = vectors.rows(unit(gallery["PCA"], pca_mean), item=np.arange(len(train)), label=labels.astype("int16"))
    of_pca = database.create_table("clothes_pca", rows, mode="overwrite")
    of_pca.create_index("code", config=pq, replace=True)
    _, pca_labels = search_all(unit(queries["PCA"], pca_mean), of_pca, nprobes=partitions)
    pq_of_pca = float((pca_labels == query_labels[:, None]).mean())
    print(f"{pieces} bytes an item of PCA's {code_size} numbers: precision@10 {pq_of_pca:.3f}")
    curves[f"PCA of {code_size}, PQ"] = [pieces], [pq_of_pca]
    curves[f"autoencoder of {code_size}, PQ"] = [pieces], [pq_precision]

# %%
figure, both = plots.subplots(1, 2, height=4.6, width_ratios=[1, 1.1])
looks = dict(zip(curves, ["X", "s--", "D-.", "^:", "<--", "o-", "p", "*"], strict=False))
reached = [value for _, values in curves.values() for value in values]
low, high = min(reached) - 0.02, max(reached) + 0.005
for name, (size, value) in curves.items():
    for axis in both:
        axis.plot(size, value, looks[name], label=name, ms=13 if "PQ" in name else 7, mec="white", mew=0.6, alpha=0.9)
for axis, lowest, ticks in (
    (both[0], low, [*(t for t in (1, 4, 16, 64, 256) if not 0.6 < t / raw_bytes < 1.6), raw_bytes]),
    (both[1], max(low, high - 0.1), [4, 8, 16, 32, 64, 128]),
):
    axis.set_xscale("log", base=2)
    axis.set_xticks(ticks, ticks)
    axis.set(xlabel="bytes an item", ylim=(lowest, high))
both[0].set(ylabel="precision@10", title="all")
both[1].set(xlim=(3.5, 160), title="4 to 128 bytes, enlarged")
figure.legend(*both[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plots.show(
    figure,
    "Validation queries, centred cosine (or Hamming). "
    + finding("PCA and autoencoder lie side by side; quantising saves far more than leaving numbers out."),
    summary="; ".join(
        f"{n}: " + ", ".join(f"{b:g} bytes {v:.3f}" for b, v in zip(*c, strict=True)) for n, c in curves.items()
    ),
)  # fmt: skip

# %%
bits_of_pca = dict(zip(*curves["PCA, one bit, Hamming"], strict=True))  # bytes -> precision@10
float_query = curves[f"PCA {by_bits}"][1][0]
told = ", ".join(f"{spent:g} bytes {value:.3f}" for spent, value in bits_of_pca.items() if spent >= 4)
print(f"bits of PCA, Hamming: {told or 'too few components for four bytes'}")
print(f"{bytes_by_bits[0]:g} bytes with a float query: {float_query:.3f}")
one_bit, two_bits, rounded, floats = curves[f"autoencoder {by_bits}"][1]
if quantised:
    bits_at_eight, raw_value = bits_of_pca.get(8, np.nan), robustness[RAW][0]  # with too few components none
    claim(
        f"{pieces} bytes of product quantisation reach .75, come within 3 points of the {RAW}, and beat 64 bits of PCA compared by Hamming distance by more than 2",
        all_of(
            above(pq_precision, 0.75, fmt=".3f", names=("PQ", "")),
            above(pq_precision, raw_value, by=-0.03, fmt=".3f", names=("PQ", RAW)),
            above(pq_precision, bits_at_eight, by=0.02, fmt=".3f", names=("PQ", "64 bits of PCA")),
        ),
    )
    claim(
        "As many bytes spent as two bits a number come within 3 points of product quantisation",
        close(two_bits, pq_precision, 0.03, fmt=".3f", names=("two bits", "PQ")),
    )
    claim(
        f"{pieces} bytes of product quantisation of PCA's {code_size} numbers come within 2 points of the autoencoder's",
        close(pq_of_pca, pq_precision, 0.02, fmt=".3f", names=("PCA", "autoencoder")),
    )

# %%
claim(
    "One byte a number in place of four costs the autoencoder less than half a point",
    close(rounded, floats, 0.005, fmt=".4f", names=("one byte", "four")),
)
best = {  # the best value for at most so many bytes
    limit: max([v for sizes_of, values in curves.values() for b, v in zip(sizes_of, values, strict=True) if b <= limit])
    for limit in (8, 32)
}
goal = robustness[RAW][0] - 0.03
reveal(
    "bytes",
    {
        "about 8": above(best[8], goal, fmt=".3f", names=("best at 8 bytes", "goal")),
        "about 32": all_of(
            below(best[8], goal, fmt=".3f", names=("best at 8 bytes", "goal")),
            above(best[32], goal, fmt=".3f", names=("at 32", "goal")),
        ),
        "about 128": below(best[32], goal, fmt=".3f", names=("best at 32 bytes", "goal")),
    },
)

# %% [markdown]
# Read the figure from the right to the left. Next to nothing is lost from 784 to 128 bytes, nor from 128 to 32, and at 8 bytes product quantisation is still within two points. Bits on both sides do not get there with 16 bytes. Part of that is the asymmetric distance: the same bits find more with a
# float query, and two bits a number with a float query come close to product quantisation. Below 8 bytes every byte counts. The autoencoder lies on PCA's curve or slightly above: most of the saving is PCA's and the quantiser's.
#
# Those are the bytes *of an item*. What all items share must be stored too:

# %%
if quantised:
    index_files = [file for file in (folder / "clothes_pca.lance" / "_indices").rglob("*") if file.is_file()]
    print(
        f"files of a PQ index: {sum(f.stat().st_size for f in index_files) / len(train):.1f} bytes an item in all ({pieces} of codes; row numbers, codebook, centroids)"
    )
encoders = {"autoencoder": models.parameter_count(kept), "PCA": (code_size + 1) * width}  # floats of four bytes
for name, numbers in encoders.items():
    size = 4 * numbers
    print(
        f"encoder, {name}: {size:,} bytes, {size / len(train):.1f} for each of {len(train):,} items; under 0.1 from {10 * size:,} items on"
    )

# %% [markdown]
# For this gallery the network's encoder takes more room than the codes. It pays off with millions of items. (The index, too, comes on top of the table. The floats stay in it, and the line "re-ranked" reads them; only who throws them away has saved their space.)
#
# **Served.** The same code reaches a database on another machine; only the address changes:
#
# * `lancedb.connect("s3://bucket/folder")`: files in an object store, searched from here. Credentials come from the environment, or from `storage_options={…}`;
# * `lancedb.connect("db://name", api_key=…, region=…)`: LanceDB's own service, or with `host_override="https://…"` a server of yours.
#
# `create_table`, `open_table`, `search(…).limit(10)`, `where` and `create_index` are the same calls. A server builds an index in the background: wait until `index_stats` counts all rows before you measure. And what changes most is who may read it: an embedding of a
# picture is personal data where the picture is. `source/08_embeddings/README.md`, in the repository of the course, says how to point this lesson at such an address.
#
# ## Three failures
#
# A mean precision hides its worst queries. Here are three of those that found nothing of their own kind, from three kinds of clothes.

# %%
right_of_ten = (exact_labels == query_labels[:, None]).sum(axis=1)
failed = []
for index in np.argsort(right_of_ten, kind="stable"):
    if query_labels[index] not in query_labels[failed] and len(failed) < 3:
        failed.append(int(index))
plots.grid(
    [tiles(np.concatenate([validation[[q]], train[exact[q][:7]]])) for q in failed],
    column_titles=["query", *(f"{i}." for i in range(1, 8))],
    below=[[*called("validation", [q]), *called("train", exact[q][:7])] for q in failed],
    caption="The queries with the fewest right among their ten nearest, of different kinds, and their seven nearest. "
    + finding(
        "The first and the last found their own outline under another name; the one in the middle is an unusual picture."
    ),
)
print("of their ten nearest, right:", ", ".join(str(right_of_ten[q]) for q in failed))
print(
    f"queries with at least nine of ten right: {np.mean(right_of_ten >= 9):.0%}; with at most one: {np.mean(right_of_ten <= 1):.0%}"
)

# %% [markdown]
# The search did what it was asked. It found pictures that *look* alike at 28 × 28 pixels. Two of the failures are a matter of names: what a shop files under another one may differ in a few pixels only, and no reconstruction loss makes these few count
# for more. The third, with something else in the picture, has hardly a neighbour in the gallery. Look for yourself:

# %%
browsable = known(RAW, "PCA", "autoencoder", "denoising (moved)")
neighbours = {}
for name in browsable:
    middle, _, unit_codes = ready(name)
    similarity = unit(embeddings[name](validation[:200]), middle) @ unit_codes.T
    neighbours[name] = np.argsort(-similarity, axis=1)[:, :7]


def show_search(query, embedding):
    """One query and what one embedding finds."""
    items = neighbours[embedding][query]
    plots.row(
        tiles(np.concatenate([validation[[query]], train[items]])),
        titles=["query", *(f"{i}." for i in range(1, 8))],
        below=[*called("validation", [query]), *called("train", items)],
    )


explore(
    show_search,
    "The seven nearest of the gallery by centred cosine. Try a query that fails with one embedding, then switch.",
    query=slider(0, min(199, len(validation) - 1), 4, label="query"),
    embedding=choice(browsable, "autoencoder", label="embedding"),
)

# %% [markdown]
# ## What goes wrong
#
# **Distances read off t-SNE.** "The two clusters are far apart, so they differ most", "this class is the most varied": neither can be read from the map. Three clouds of 100 points in ten
# dimensions: B lies ten times as far from C as from A, and C is ten times as wide as A. t-SNE's knob is the **perplexity**, roughly the number of neighbours that it keeps.

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


toy_maps = {"PCA": referees.fit_pca(toy, 2).encode(toy)}
toy_maps |= {f"t-SNE, perplexity {p}": t_sne(toy, perplexity=p) for p in (10, 30)}
toy_ratios = {name: ratios(points) for name, points in {"truth": toy, **toy_maps}.items()}
for name, (distance, width) in toy_ratios.items():
    print(f"{name:20} C is {distance:4.1f} times as far from B as A is, and {width:4.1f} times as wide as A")
plots.maps(
    toy_maps,
    cloud,
    ["A", "B", "C"],
    below=[f"distances 1 : {toy_ratios[n][0]:.1f}\nwidths 1 : {toy_ratios[n][1]:.1f}" for n in toy_maps],
    columns=4,
    size=2.5,
    caption="The truth is 1 : 10 for both. PCA nearly keeps it. t-SNE draws three clouds of much the same size and distance, with either perplexity.",
)
largest = max(max(toy_ratios[name]) for name in toy_maps if name != "PCA")
claim(
    "t-SNE draws a tenfold distance, and a tenfold width, as less than fourfold",
    largest < 4 and min(toy_ratios["truth"]) > 9,
    f"at most {largest:.1f}",
    margin=4 - largest,
)

# %% [markdown]
# t-SNE gives every point about as many neighbours as every other, whatever the scale: that is its aim, and it removes what you wanted to read. (Wattenberg, Viégas and Johnson 2016 show more of this.)
#
# **The query is its own neighbour.** A common error: search a set in itself, and every picture finds itself first, at distance 0. The best embedding in the world then is: random numbers.

# %%
noise_codes, half = np.random.default_rng(SEED).standard_normal((len(query_labels), 32)), len(query_labels) // 2


def found_in_itself(codes, kinds, k):
    """Precision@k if the queries are searched among themselves, and nobody removes the query."""
    return metrics.precision_at_k(codes, kinds, codes, kinds, k)


honest = metrics.precision_at_k(noise_codes[:half], query_labels[:half], noise_codes[half:], query_labels[half:], 1)
itself = found_in_itself(noise_codes, query_labels, 1)
print(f"random codes, precision@1:  {itself:.2f} in their own set, {honest:.2f} with gallery and queries apart")
print(f"random codes, precision@10: {found_in_itself(noise_codes, query_labels, 10):.2f} in their own set")
claim(
    "Searched in their own set, random codes are always right at k = 1",
    all_of(
        above(itself, 0.999, fmt=".3f", names=("in their own set", "")),
        below(honest, 0.2, fmt=".2f", names=("apart", "")),
    ),
)


# %% [markdown]
# **A low reconstruction error taken for meaning.** Another common error: the loss is the only number that training shows, so codes are compared by it. Here are four of this lesson's codes of 32 numbers, with their decoders, and the pixels,
# whose error is 0.

# %%
errors = {
    RAW: 0.0,
    "PCA": metrics.mse(validation, clipped(pca.keep(code_size).reconstruct(validation))),
    "autoencoder": metrics.mse(validation, clipped(encode(autoencoder, validation))),
}
for name in known("denoising (noise .3)", "denoising (moved)"):
    errors[name] = metrics.mse(validation, clipped(encode(trained[name][1], validation)))
for name, error in errors.items():
    found = ", ".join(f"{how} {value:.3f}" for how, value in zip(corrupt, robustness[name], strict=True))
    print(f"{name:21} error {error:.4f}   precision@10 {found}")
if pictured:
    claim(
        "A third more reconstruction error, no worse for clean queries by more than a point, better for moved ones by three",
        all_of(
            above(errors["denoising (moved)"], errors["autoencoder"], times=1.33, fmt=".4f", names=("error: trained on movement", "not")),
            above(network[0], plain[0], by=-0.01, fmt=".3f", names=("clean: trained on movement", "not")),
            above(network[2], plain[2], by=0.03, fmt=".3f", names=("moved: trained on movement", "not")),
        ),
    )  # fmt: skip

# %% [markdown]
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | the loss falls, precision@10 falls with it | the corruption, the code's width | the code spends itself on detail that is not meaning | a corruption that your queries meet; choose by precision on validation queries |
# | precision@10 about one in ten | the order of labels and rows; `codes.std(axis=0)`; when gallery and queries were encoded | gallery shuffled without its labels; a collapsed code; two trainings from random weights | keep labels in the same table as the codes; encode everything again, or fit a rotation |
# | a query finds nonsense, the gallery is fine | how the query was made; the mean of many queries | another scaling or encoder than the gallery's; a corruption that shifts every query | store mean and encoder with the database; measure corrupted queries from the mean of pictures corrupted alike, never from one query's own |
# | precision@10 near 1 at once | whether queries are in the gallery | every query finds itself | search another split, or leave the query's own row out |
# | a database that got worse after a new training | when its codes were made | old and new codes in one table | encode everything again |
#
# The third row is the one that costs days. One line reproduces it: pictures of 0 to 255 for queries, of 0 to 1 for the gallery.

# %%
scaled_wrong = precision(stored, unit(encode(kept, validation * 255), code_mean))
print(
    f"queries times 255: precision@10 {scaled_wrong:.3f}; as the gallery: {exact_precision:.3f}. No error was raised."
)

# %% [markdown]
# ## Results
#
# Once, the test pictures: 2,000 queries that no choice above has seen, searched by centred cosine in the gallery of training pictures. Intervals: 95 %, bootstrap over the queries; gallery and trainings stay as they are.


# %%
def test_hits_of(name, given):
    """Share of right results for each test query, (2000,)."""
    middle, _, unit_codes = ready(name)
    given_codes = unit(embeddings[name](given), middle)
    return metrics.precision_of_queries(unit_codes, labels, given_codes, clothes.test_labels, 10)


kinds_of_rungs = {
    "random numbers": "trivial",
    "random projection": "trivial",
    RAW: "trivial",
    "PCA": "referee",
    "aligned, then PCA": "referee",
    "linear, from moved": "referee",
    "autoencoder": "network",
    "denoising (noise .3)": "network",
    "denoising (moved)": "network",
}
rungs = {name: kinds_of_rungs[name] for name in known(*kinds_of_rungs)}
given_queries = {"clean": test}
if pictured:
    given_queries["moved"] = moved(test, np.random.default_rng(SEED + 1))
tested = {title: {name: test_hits_of(name, given) for name in rungs} for title, given in given_queries.items()}
print(f"{'precision@10 on test queries':30} {'   '.join(f'{title:^20}' for title in tested)}   bytes")
for name in rungs:
    columns = ["{:.3f} [{:.3f}, {:.3f}]".format(hits[name].mean(), *interval(hits[name])) for hits in tested.values()]
    print(f"{name:30} {'   '.join(columns)}   {raw_bytes if name == RAW else 4 * code_size}")
clean_hits, moved_hits = tested["clean"], tested.get("moved")
plots.ladder(
    list(rungs),
    [float(values.mean()) for values in clean_hits.values()],
    kinds=list(rungs.values()),
    metric=f"precision@10, {len(test):,} test queries",
    lower_is_better=False,
    intervals=[interval(values) for values in clean_hits.values()],
    annotations=[f"moved queries {values.mean():.3f}" for values in moved_hits.values()] if pictured else None,
    value_format=".3f",
    caption=finding("All that is trained or fitted stands close together on clean queries. On moved ones it does not.")
    or "Precision@10 on the test queries.",
)

# %% [markdown]
# From zero the differences that matter cannot be seen. So draw them, paired query by query, with PCA as the line at zero.

# %%
rivals = [name for name in rungs if name not in ("random numbers", "random projection", "PCA")]
for title, values in tested.items():
    plots.ladder(
        rivals,
        [float((values[name] - values["PCA"]).mean()) for name in rivals],
        kinds=[rungs[name] for name in rivals],
        metric=f"precision@10 minus that of PCA, {title} test queries",
        lower_is_better=False,
        intervals=[interval(values[name] - values["PCA"]) for name in rivals],
        from_zero=False,
        value_format="+.3f",
        caption=f"Paired differences, {title} queries. A whisker that crosses the line at zero leaves open which is better.",
    )

# %%
pairs = [("autoencoder", "PCA"), ("autoencoder", RAW)]
if pictured:
    pairs += [("denoising (moved)", RAW), ("aligned, then PCA", "denoising (moved)")]
    pairs += [("denoising (moved)", "linear, from moved")]
for name, other in pairs:
    texts = [
        "{} {:+.3f} to {:+.3f}".format(title, *interval(values[name] - values[other]))
        for title, values in tested.items()
    ]
    print(f"{name} − {other}: {'; '.join(texts)}")
means = {title: {name: float(values.mean()) for name, values in hits.items()} for title, hits in tested.items()}
claim(
    "On clean test queries autoencoder and PCA differ by less than a point",
    close(means["clean"]["autoencoder"], means["clean"]["PCA"], 0.01, fmt=".3f", names=("autoencoder", "PCA")),
)
if pictured:
    when_moved = means["moved"]
    claim(
        "On moved ones the pixels are ahead of the autoencoder, and the network trained on movement is ahead of the pixels by more than two points",
        all_of(
            above(when_moved[RAW], when_moved["autoencoder"], fmt=".3f", names=("pixels", "autoencoder")),
            above(when_moved["denoising (moved)"], when_moved[RAW], by=0.02, fmt=".3f", names=("trained on movement", "pixels")),
        ),
    )  # fmt: skip

# %% [markdown]
# Read the intervals. On clean queries the autoencoder's lead over PCA is small, and not luck; between autoencoder and pixels the sign is open. On moved queries the autoencoder is *behind* the pixels: fewer numbers, and none of them was told that position does not matter. The network that was told leads both, and
# stands behind aligned pictures, where nobody had to be told. Alignment has its price on clean queries. Against the linear map with the same target the network wins on clean queries and loses on moved ones.
#
# ## Wrap-up
#
# * An embedding is an encoder without its decoder. Score it by what it is for, on queries that are not in the gallery, beside pixels and PCA.
# * For clean pictures 32 numbers search about as well as 784 pixels; network and PCA differ by less than a point. The gain is bytes, and eight of them go a long way.
# * The distance is a choice, and so is the mean that a cosine is measured from. Often they matter more than the network. Measure them.
# * A denoising target says what should not matter, and much of what it gives is linear. Compare with the linear map for the same target, with a mean that fits, and with removing the corruption beforehand.
# * Two-dimensional networks place new points, and scikit-learn's t-SNE does not; t-SNE keeps neighbours better, PCA the order of distances. No map names as much as the numbers it was made from. Do not read distances between t-SNE's clusters, or their sizes.
# * The loss does not choose the axes. From PCA they are PCA's, with every seed; from random weights another seed is another space, and yesterday's gallery is lost without a rotation or a new encoding.
# * A vector database stores codes with what they stand for. Its index trades distances computed for recall; count both.
#
# | one glance | |
# |---|---|
# | precision@k | share of the k nearest with the query's label, mean over queries |
# | recall@k of an index | share of the exact k nearest that it finds |
# | cosine by Euclidean distance | of unit vectors $\|a - b\|^2 = 2 - 2\cos$ |
# | whitening | $(z - \mu) V \Lambda^{-1/2}$, with $V \Lambda V^\top$ the gallery's covariance |
# | Procrustes distance | $1 - s^2$, $s$ the sum of the singular values of $A^\top B$, both centred and of norm 1 |
# | rotated code | $z R$ with a decoder that starts with $R^\top$: the same loss |
# | 32 numbers | 128 bytes as floats, 32 rounded, 8 by product quantisation or two bits each, 4 as bits |
#
# Next: [the exercises](../exercises/08_embeddings.ipynb). Then [lesson 09](09_generation.ipynb) goes the other way: keep the decoder, and make codes up.
#
# ## References
#
# * H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*, arXiv:1708.07747, 2017.
# * P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol: *Extracting and composing robust features with denoising autoencoders*, ICML 2008.
# * R. Salakhutdinov, G. Hinton: *Semantic hashing*, International Journal of Approximate Reasoning 50, 2009 (codes of bits from autoencoders).
# * A. Izenman: *Reduced-rank regression for the multivariate linear model*, Journal of Multivariate Analysis 5, 1975.
# * L. van der Maaten, G. Hinton: *Visualizing data using t-SNE*, Journal of Machine Learning Research 9, 2008.
# * L. van der Maaten: *Learning a parametric embedding by preserving local structure*, AISTATS 2009 (parametric t-SNE).
# * P. Poličar, M. Stražar, B. Zupan: *openTSNE: a modular Python library for t-SNE dimensionality reduction and embedding*, Journal of Statistical Software 109, 2024.
# * M. Wattenberg, F. Viégas, I. Johnson: *How to use t-SNE effectively*, Distill, 2016.
# * J. Venna, S. Kaski: *Neighborhood preservation in nonlinear projection methods: an experimental study*, ICANN 2001 (trustworthiness).
# * C. Spearman: *The proof and measurement of association between two things*, American Journal of Psychology 15, 1904.
# * P. Schönemann: *A generalized solution of the orthogonal Procrustes problem*, Psychometrika 31, 1966.
# * H. Jégou, M. Douze, C. Schmid: *Product quantization for nearest neighbor search*, IEEE Transactions on Pattern Analysis and Machine Intelligence 33, 2011 (asymmetric distance: section III).
# * W. Johnson, J. Lindenstrauss: *Extensions of Lipschitz mappings into a Hilbert space*, Contemporary Mathematics 26, 1984 (random projections).
# * LanceDB: documentation at lancedb.com.
