# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Embeddings: dimensionality reduction and similarity search"
#     lesson: 8
#     minutes: 46
#     compute: 23
#     summary: "Throw the decoder away: search pictures by their codes, choose a distance by measuring, fill a vector database and count what its index saves"
#     prerequisites:
#       - "lesson 02"
#     objectives:
#       - Search twelve thousand pictures with learned codes and score the result against searching the pixels
#       - Decide by measurement which distance a search needs, and whiten a code
#       - Compare two embeddings whose axes are turned
#       - Build a vector database, query and reopen it, and count what its index saves
#     data: [fashion_mnist]
# ---

# %% [markdown]
# A shirt goes in; out of twelve thousand pictures come those most like it. To compare pictures you need no decoder.
#
# **When it is worth it:** things that no ready-made network knows (spectra, machine parts, your own sensors), without labels, and queries spoilt in a way that you can name. **When the simple method is enough:** often, so begin with it:
# raw rows or PCA's numbers, which take a second and no training.
#
# Hardly any search today runs on reconstruction codes. For photographs, texts or sounds take a network that others trained *to compare*, such as CLIP or sentence-transformers. [What should not matter](#What-should-not-matter) says what that means;
# its vectors come in by `datasets.own_vectors` in the data cell.

# %%
from course_lib import above, all_of, below, between, claim, close, finding, guess, own_data, reveal
from course_lib import datasets, metrics, models, plots, referees, training, vectors
from course_lib.widgets import choice, explore, slider

import keras
import numpy as np

SEED = training.set_seed(0)

# %% [markdown]
# The pictures are lesson 01's ten kinds of clothes. For data of your own change the first line of this cell.

# %%
clothes = datasets.fashion_mnist()
# clothes = datasets.fashion_mnist(full=True).with_validation(2000)  # all 70,000: five times as long
# clothes = datasets.own_pictures("folder")  # each kind in a folder of its own
# clothes = datasets.own_vectors("vectors.csv", label="kind")  # also .npy, an array, a DataFrame; scale="each" for columns in different units
own_data(clothes is not datasets.fashion_mnist())  # the course's set is loaded once and kept: the same object

# %%
print(clothes)
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
labels, query_labels = clothes.train_labels, clothes.validation_labels
pictured = hasattr(clothes, "images")  # vectors of your own can be searched, but not looked at or moved
RAW = "pixels" if pictured else "given numbers"
width = train.shape[1]  # 784
pca = referees.fit_pca(train, min(128, width, len(train) - 1))
components = len(pca.components)
code_size = min(32, components)
rounds = min(150, max(3, 36_000 // len(train)))  # 3 times 12,000 are shown; a smaller set is shown more often

# %% tags=["hide-input"]
if len(clothes.class_names) == 1:
    print("All are of one kind, so that whatever is found is right: sort them by kind to have a search scored.")
if not pictured:
    print("Vectors cannot be moved: what the text says of moved pictures is left out.")

# %% [markdown]
# ## Recall
#
# 1. Codes are multiplied by an invertible matrix, the decoder by its inverse. What changes?
# 2. What is left to learn for a network that starts from PCA?
# 3. An eigenvalue of the covariance is a variance. Of what?
#
# <details><summary>Answers</summary>
#
# 1. No reconstruction; but distances between codes.
# 2. What a linear map cannot do.
# 3. Of the data along one principal component.
#
# </details>
#
# ## A code without its decoder
#
# An autoencoder's decoder draws a picture from nothing but its code. So what shows in the picture must be in the code. Nothing forces pictures that look alike to near codes (answer 1); whether they get them, we measure. If they do, throw the decoder away, and keep a function from pictures to 32 numbers.

# %%
plots.diagram(
    {"x": (0, 0, f"{len(train):,}\nitems"), "q": (0, 1, "query"), "e": (1, 0, "encoder"), "f": (1, 1, "the same\nencoder"),
     "g": (2, 0, f"{len(train):,}\ncodes"), "z": (2, 1, "its code"), "n": (3, 0.5, "which are\nnear?"), "r": (4, 0.5, "the ten\nnearest")},
    [("x", "e", "g", "n"), ("q", "f", "z", "n", "r")],
    shapes={"e": "narrows", "f": "narrows"}, marked=["g", "z"],
    caption="Search by code. The upper row is computed once and stored, the lower one for each query. No decoder.",
)  # fmt: skip

# %% [markdown]
# A vector that stands for a thing, made so that near vectors mean similar things, is its **embedding**. What is searched is the **gallery**, here the training pictures; validation pictures are the *queries*.
#
# The network is lesson 02's with two paths: encoder and decoder are each PCA's matrix plus a small network that starts at zero.

# %%
encoder, decoder, autoencoder = models.warm_start_autoencoder(pca.keep(code_size), 256)
training.fit(autoencoder, train, epochs=rounds, batch_size=100, learning_rate=1.5e-3)
drawn = {"PCA": pca.keep(code_size).reconstruct(validation), "network": autoencoder.predict(validation, verbose=0)}
for name, rows in drawn.items():
    error = np.square(rows.clip(train.min(), train.max()) - validation).mean()  # pixels clipped to [0, 1]
    print(f"{name}: mean squared error {error:.4f} on validation")
del decoder, autoencoder  # from here on nobody can draw


def encode(model, rows):
    return keras.ops.convert_to_numpy(model(rows))  # (n, 784) -> (n, 32)


gallery, queries = encode(encoder, train), encode(encoder, validation)  # (12000, 32) and (2000, 32)
print(f"{width} {RAW} became {gallery.shape[1]} numbers")

# %% [markdown]
# The network has left PCA: a sixth less error. Does its code search better, too?


# %%
def show_found(query, items, caption=None, titles=None, queries=validation):
    """A query, and rows of the gallery."""
    plots.row(
        clothes.tiles(np.concatenate([queries[[query]], train[items]])),
        titles=["query", *(titles or [f"{i}." for i in range(1, len(items) + 1)])],
        below=[*clothes.called("validation", [query]), *clothes.called("train", items)],
        caption=caption,
    )


asked = min(4, len(queries) - 1)
distances = np.linalg.norm(gallery - queries[asked], axis=1)  # (12000,)
show_found(asked, distances.argsort()[:7], "A query and the seven nearest codes of the gallery. No label was used.")

# %% [markdown]
# ## Which distance?
#
# How good is that? First five items on paper, and a query: a shirt at (2, 1).

# %%
points, kinds = np.array([[3, 1], [1, 2], [4, 2], [1, 4], [6, 4]]), np.array([1, 0, 1, 0, 1])  # A to E; 1: shirt
query = np.array([2, 1])


# %% tags=["hide-input"]
def dots(ax, rows, color, mark="o", names=(), beside=(8, 4)):
    """Points (n, 2), and a name beside each."""
    ax.plot(*np.transpose(rows), mark, ms={".": 5, "*": 15, "+": 14}.get(mark, 9), color=plots.COLORS[color])
    for place, name in zip(rows, names, strict=False):
        ax.annotate(name, place, beside, textcoords="offset points")


figure, both = plots.subplots(1, 2, height=2.9, sharey=True)
for ax, title in zip(both, ("Euclidean: the circle holds the nearest three", "cosine: so does the cone"), strict=True):
    dots(ax, points[kinds == 1], "blue", "o", ["A shirt", "C shirt", "E shirt"])
    dots(ax, points[kinds == 0], "vermillion", "s", ["B boot", "D boot"])
    dots(ax, [query], "black", "*")
    ax.set(xlim=(0, 7.6), ylim=(0, 4.9), xlabel="first number", ylabel="second number", title=title, aspect="equal")
angle = np.linspace(0, 2 * np.pi, 100)
both[0].plot(2 + 2.45 * np.cos(angle), 1 + 2.45 * np.sin(angle), "--", color=plots.COLORS["grey"])
both[1].plot([7.6, 0, 7.6], [1.7, 0, 6.5], "--", color=plots.COLORS["grey"])
plots.show(figure, "Star: the query, a shirt. Two ways to be near: by place, and by direction.")

# %% [markdown]
# | | A, shirt | B, boot | C, shirt | D, boot | E, shirt |
# |---|---|---|---|---|---|
# | place | (3, 1) | (1, 2) | (4, 2) | (1, 4) | (6, 4) |
# | squared distance | 1 | 2 | 5 | 10 | 25 |
# | cosine | .990 | .800 | 1 | .651 | .992 |
#
# The three **nearest neighbours** in *Euclidean* distance are A, B, C: two shirts of three. So **precision@3** is 2/3:
#
# $$ \text{precision@}k=\frac1m\sum_{i=1}^m\frac{\text{how many of query }i\text{'s }k\text{ results have its label}}{k} $$
#
# for $m$ queries. Labels score a search; no encoder sees one. You can also let neighbours *vote*: shirt 2, boot 1, so the answer is shirt. The share of queries answered right is the *k-NN accuracy* (an exercise).
#
# By *cosine* only the direction counts:
#
# $$ \cos(a,b)=\frac{a\cdot b}{\|a\|\,\|b\|},\qquad\text{for A: }\frac{2\cdot3+1\cdot1}{\sqrt5\,\sqrt{10}}=\frac7{7.07}=.990 $$
#
# The **cosine distance** is $1-\cos$. Nearest are now C, E, A: precision@3 is 1. E is far out, like a bright picture, in the right direction. Scale all rows to length 1, and Euclidean distance ranks as the cosine does: $\|a-b\|^2=2-2\cos(a,b)$.
# Direction seen from where? From 0 all pictures point much the same way, as no pixel is below 0. From the gallery's mean they point everywhere: this is the *centred cosine*.

# %%
near = np.linalg.norm(points - query, axis=1).argsort()[:3]
print("Euclidean:", near, "precision@3", kinds[near].mean().round(2))
cosine = points @ query / np.linalg.norm(points, axis=1) / np.linalg.norm(query)
near = (-cosine).argsort()[:3]
print("cosine:   ", near, "precision@3", kinds[near].mean().round(2))

# %% [markdown]
# ## Pixels, PCA or the network?
#
# Now 2,000 queries, ten neighbours each. A hundredth of precision is a *point*. From here on *level* means less than a point apart, *ahead* more.

# %%
guess(
    "search",
    f"Ten nearest neighbours by Euclidean distance. Which finds more of the right kind: {width} {RAW} or {code_size} numbers of the autoencoder?",
    [f"{RAW}, by more than a point", "the autoencoder, by more than a point", "level"],
)


# %%
def precision(gallery, queries, query_labels=query_labels):
    """Share of right results among ten, for each query: (m,)."""
    return metrics.precision_of_queries(gallery, labels, queries, query_labels, 10)


def unit(codes, centre):
    """Codes measured from a centre, each scaled to length 1."""
    centred = codes - centre
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)


def by_cosine(gallery, queries, query_labels=query_labels):
    """The same with directions from the gallery's mean."""
    mean = gallery.mean(axis=0)
    return precision(unit(gallery, mean), unit(queries, mean), query_labels)


# %%
embeddings = {  # name -> a function from rows (n, 784) to codes
    "random numbers": lambda rows: np.random.default_rng(len(rows)).standard_normal((len(rows), code_size)),
    RAW: lambda rows: rows,
    "PCA": pca.keep(code_size).encode,
    "autoencoder": lambda rows: encode(encoder, rows),
}
found = {}  # name -> precision of each query by Euclidean distance, and by centred cosine
for name, embed in embeddings.items():
    codes = embed(train), embed(validation)
    found[name] = precision(*codes), by_cosine(*codes)


# %%
def interval(values):
    """95 % interval of a mean over queries: how it varies with other queries, not with another training."""
    drawn = np.random.default_rng(SEED).integers(0, len(values), (1000, len(values)))
    return np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])


def points_ahead(lead):
    """A mean difference, and its interval, in points."""
    mean, low, high = np.round(100 * np.array([lead.mean(), *interval(lead)]), 2) + 0.0  # + 0.0: no −0.00
    return f"{mean:+.2f} points ({low:+.2f} to {high:+.2f})"


# %%
plots.matrix(
    np.array([[values.mean() for values in pair] for pair in found.values()]),
    [f"{name}, {width if name == RAW else code_size}" for name in found],
    ["Euclidean", "centred cosine"],
    value_format=".3f",
    caption="Precision@10 on validation queries; behind each name how many numbers are searched.",
)
print(f"{RAW} by the cosine from 0: {precision(unit(train, 0), unit(validation, 0)).mean():.3f}")
for other in (RAW, "PCA"):
    print(f"autoencoder − {other}, Euclidean: {points_ahead(found['autoencoder'][0] - found[other][0])}")
for name, (euclidean, cosine) in list(found.items())[1:]:
    print(f"{name}, centred cosine − Euclidean: {points_ahead(cosine - euclidean)}")

# %% tags=["hide-input"]
raw, network = (float(found[name][0].mean()) for name in (RAW, "autoencoder"))
both = {"names": ("autoencoder", RAW), "fmt": ".3f"}
reveal("search", {
    f"{RAW}, by more than a point": below(network, raw, by=0.01, **both),
    "the autoencoder, by more than a point": above(network, raw, by=0.01, **both),
    "level": close(network, raw, 0.01, **both),
})  # fmt: skip
claim(f"By centred cosine, too, autoencoder and {RAW} are level", close(*(found[n][1].mean() for n in both["names"]), 0.01, **both))  # fmt: skip

# %% [markdown]
# One in ten is what random numbers find. Pixels are strong: these clothes all lie straight, in the middle. So is PCA. In this training the network leads pixels by distance and trails them by cosine, both by less than our point. A likely reason: it learned to give back pixels, not kinds. What 32 numbers buy is size.
#
# *Which distance, then?* Chance aside, centred cosine leads Euclidean distance by one to two points in every row, and no interval holds 0. So take it, but not for 4 numbers, as the next curves show. Why centred, if from 0 pixels do nearly as well? Shift the five items and the query by (100, 100): from 0 every cosine is above .999, from the mean nothing changes.


# %%
def first_seven(embed, rows):
    """The seven nearest of each query by centred cosine."""
    codes = embed(train)
    mean = codes.mean(axis=0)
    return (-unit(embed(rows), mean) @ unit(codes, mean).T).argsort(axis=1)[:, :7]


nearest = {name: first_seven(embed, validation[:200]) for name, embed in list(embeddings.items())[1:]}
explore(
    lambda query, embedding: show_found(query, nearest[embedding][query]),
    "The seven nearest by centred cosine. Find a query that fails with one embedding, then switch.",
    query=slider(0, min(199, len(validation) - 1), min(188, len(validation) - 1), label="query"),
    embedding=choice(list(nearest), "autoencoder", label="embedding"),
)

# %% [markdown]
# ## Whitening in the plane
#
# A code's first direction may be ten times as wide as its last. Then the first decides every distance. What if all counted alike?

# %% tags=["hide-input"]
axes = np.array([[0.8, 0.6], [-0.6, 0.8]])  # one a row
cloud = np.random.default_rng(1).standard_normal((150, 2)) * [5, 1] @ axes
figure, both = plots.subplots(1, 2, height=3.4)
for ax, move, title in ((both[0], np.eye(2), "as it is"), (both[1], axes.T / [5, 1], "whitened")):
    dots(ax, cloud @ move, "grey", ".")
    for point, color, mark, name in ([0, 0], "black", "*", ""), ([4, 3], "blue", "o", "P"), ([-1.2, 1.6], "vermillion", "s", "N"):  # fmt: skip
        dots(ax, [np.array(point) @ move], color, mark, name)
    ax.set(xlabel="first number", ylabel="second number", title=title, aspect="equal", adjustable="datalim")
plots.show(figure, "A long cloud, its mean (star) and two items. Left N is nearer to the mean; whitened, P is.")

# %% [markdown]
# The cloud's axes are $v_1=(.8,.6)$ and $v_2=(-.6,.8)$, its standard deviations along them 5 and 1. P lies at (4, 3) from the mean. Along the first axis that is $4\cdot.8+3\cdot.6=5$, along the second 0. Divide by 5 and 1: (1, 0).
# N at (−1.2, 1.6) lies 0 along the first and 2 along the second: (0, 2).
#
# **Whitening** is: subtract the mean, turn to the axes, divide by the standard deviations. With the covariance of the gallery $C=V\Lambda V^\top$, its axes the columns of $V$ and the variances along them in the diagonal matrix $\Lambda$,
#
# $$ z_\text{white}=(z-\mu)\,V\Lambda^{-1/2},\qquad\text{for P: }(4,3)\begin{pmatrix}.8&-.6\\.6&.8\end{pmatrix}\begin{pmatrix}1/5&0\\0&1\end{pmatrix}=(1,0). $$
#
# The result has covariance $I$. $\mu$, $V$ and $\Lambda$ are the gallery's, also for queries. PCA's code is turned and centred already, so only the division is left.

# %%
coded, asked_codes = pca.encode(train), pca.encode(validation)  # 128 numbers; the first k of them are PCA with k
deviations = np.maximum(coded.std(axis=0), 1e-4 * coded[:, 0].std())  # so that nothing is divided by 0
widths = sorted({min(k, components) for k in (4, 8, 16, 32, 64, 128)})
lines = {}
for distance, score in (("Euclidean", precision), ("cosine", by_cosine)):
    for name, by in (("as it is", np.ones_like(deviations)), ("whitened", deviations)):
        lines[f"{name}, {distance}"] = [
            score(coded[:, :k] / by[:k], asked_codes[:, :k] / by[:k]).mean() for k in widths
        ]
plots.curve(
    widths, lines, xlabel="numbers of PCA", ylabel="precision@10", log_x=True, height=3.6,
    caption="Whitening, validation queries. " + finding("From 8 numbers on it helps the centred cosine; Euclidean distance only from 8 to 32."),
)  # fmt: skip
embeddings[f"PCA of {components}, whitened"] = lambda rows: pca.encode(rows) / deviations

# %% tags=["hide-input"]
for name, by in (("as it is", np.ones_like(deviations)), ("whitened", deviations)):
    items, length = coded / by, np.linalg.norm(coded / by, axis=1)
    near = np.argpartition(length**2 - 2 * (asked_codes[:500] / by) @ items.T, 10, axis=1)[:, :10]
    print(f"{name}, {components} numbers, Euclidean: {np.mean(length[near] < np.quantile(length, 0.1)):.0%} of the results come from the tenth of the gallery nearest to its mean")  # fmt: skip
(plain, white), (turned, white_turned) = [[lines[f"{n}, {d}"][-1] for n in ("as it is", "whitened")] for d in ("Euclidean", "cosine")]  # fmt: skip
names = ("whitened", "as it is")
claim(f"Whitened, PCA of {widths[-1]} numbers is behind by Euclidean distance, and ahead by centred cosine", all_of(below(white, plain, by=0.01, fmt=".3f", names=names), above(white_turned, turned, by=0.01, fmt=".3f", names=names)))  # fmt: skip

# %% [markdown]
# Why? In 128 equally wide directions most items lie nearly at right angles to a query, so that $\|q-g\|^2\approx\|q\|^2+\|g\|^2$: items of small norm, near the mean, are near to everybody. A tenth of the gallery makes a third of the results, unwhitened 13 %. The cosine sees no length, and even the last directions help.
#
# ## The same map, turned
#
# You train again, on newer pictures. Must the gallery be encoded again? From random weights (ours began as PCA) the axes are others: what was first may be second, or minus the third. Let two trainings give four items these codes:
#
# $$ a:\;(2,0),\,(-2,0),\,(0,1),\,(0,-1)\qquad b:\;(0,1),\,(0,-1),\,(-1,0),\,(1,0) $$

# %% tags=["hide-input"]
a = np.array([[2.0, 0], [-2, 0], [0, 1], [0, -1]]) / np.sqrt(10)
b = np.array([[0.0, 1], [0, -1], [-1, 0], [1, 0]]) / 2
left, size, right = np.linalg.svd(a.T @ b)
laid = size.sum() * b @ (left @ right).T
figure, both = plots.subplots(1, 2, height=2.7, sharey=True)
for ax, other, title in ((both[0], b, "both scaled to norm 1"), (both[1], laid, "b turned and stretched")):
    for rows, color, mark, letter, above_it, beside in ((a, "blue", "o", "a", 9, -26), (other, "vermillion", "s", "b", -20, 12)):  # fmt: skip
        for number, (x, y) in enumerate(rows, 1):
            dots(ax, [(x, y)], color, mark, [f"{letter}{number}"], (-6, above_it) if abs(x) > abs(y) else (beside, -4))
    ax.set(xlim=(-1, 1), ylim=(-0.7, 0.7), xlabel="first number", ylabel="second number", title=title, aspect="equal")
plots.show(figure, f"Items 1 to 4 in both. Right, the squared distances sum to {np.square(a - laid).sum():.2f}.")

# %% [markdown]
# Turn $b$ by a right angle, and each item lies in the direction where $a$ has it, on a circle in place of an ellipse. What remains at best?
#
# 1. Give both mean 0 (they have it) and norm 1: divide by the root of the sum of *all* squares, $\sqrt{10}$ and 2.
# 2. Turn or mirror $b$ by the $R$, $R^\top R=I$, that makes its inner product with $a$ (matching numbers multiplied, all added) largest. With $a^\top b=USV^\top$ it is $R=VU^\top$, and this largest value, $s$, the sum of the singular values.
# 3. Stretch $bR$ by $t$. Both norms are 1, so there remain
#
# $$ \|a-t\,bR\|^2=1-2ts+t^2. $$
#
# The least of it over $t$ (yours to find, in the exercises) is the **Procrustes distance**: 0 for the same shape, 1 for nothing in common, here .10, with
#
# $$ a^\top b=\frac1{6.32}\begin{pmatrix}0&4\\-2&0\end{pmatrix},\quad R=\begin{pmatrix}0&-1\\1&0\end{pmatrix},\quad a^\top bR=\frac1{6.32}\begin{pmatrix}4&0\\0&2\end{pmatrix},\quad s=\frac{4+2}{6.32}=.949. $$
#
# The inner product is the sum of the diagonal: 0 as they are; turned, the singular values 4 and 2 add (the lengths of the first matrix's columns; lesson 02).
#
# Of real trainings from random weights the axes hardly correlate, and .05 remains ([deeper](08_embeddings_deeper.ipynb)): one shape, turned. So never mix their codes (hardly more than chance is right there): encode the gallery again, or encode some items by both, and move, turn and stretch the new codes.
#
# ## What should not matter
#
# A query may lie two pixels off. Reconstruction wants the code to know that; a search does not. So change the target: **in goes a moved picture, out must come the unmoved one** (a *denoising* autoencoder, lesson 04). All versions of one shirt now have one target, and the code may forget the place.


# %%
def moved(rows, seed):
    """Each picture moved by up to two whole pixels both ways, black where nothing was."""
    framed = np.pad(clothes.tiles(rows), ((0, 0), (2, 2), (2, 2)))
    height, breadth = clothes.train.shape[1:]
    places = np.random.default_rng(seed).integers(0, 5, (len(rows), 2))
    cut = [frame[r : r + height, c : c + breadth] for frame, (r, c) in zip(framed, places, strict=True)]
    return np.stack(cut).reshape(rows.shape)


if pictured:
    plots.grid(
        [clothes.tiles(validation[:8]), clothes.tiles(moved(validation[:8], SEED))],
        row_labels=["as they are", "moved"],
        caption="Queries, and the same moved.",
    )

# %% [markdown]
# The same target for a network and for its referee: of all *linear* maps from moved to unmoved pictures through 32 numbers the one with the least squared error. (Least squares, then PCA of what it predicts: [deeper](08_embeddings_deeper.ipynb).)


# %%
def on_validation(name, embed):
    gallery = embed(train)
    clean, spoilt = (by_cosine(gallery, embed(rows)).mean() for rows in (validation, off))
    print(f"{name:29} precision@10 {clean:.3f}, moved queries {spoilt:.3f}")


if pictured:
    off = moved(validation, SEED)
    shown = np.concatenate([moved(train, SEED + 2 + i) for i in range(rounds)])
    targets = np.concatenate([train] * rounds)
    embeddings["linear, from moved"] = referees.fit_reduced_rank(shown, targets, code_size, ridge=1e-3)
    for name, embed in list(embeddings.items())[1:]:
        on_validation(name, embed)
    move = keras.Sequential([
        keras.layers.Reshape((*clothes.train.shape[1:], 1)),
        keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant", interpolation="nearest"),  # two pixels, in training only
        keras.layers.Reshape((width,)),
    ])  # fmt: skip
    steady, _, rebuilt = models.warm_start_autoencoder(pca.keep(code_size), 256)
    clean = keras.Input((width,))
    whole = keras.Model(clean, rebuilt(move(clean)))  # every pass moves the pictures anew
    embeddings["trained on movement"] = lambda rows: encode(steady, rows)
    for passes, so_far in ((rounds, rounds), (2 * rounds, 3 * rounds)):
        training.fit(whole, train, epochs=passes, batch_size=100, learning_rate=1.5e-3)
        on_validation(f"trained on movement, {so_far} passes", embeddings["trained on movement"])

# %% tags=["hide-input"]
if pictured:
    firsts = [first_seven(embeddings[name], off[:200])[:, :3] for name in ("PCA", "trained on movement")]
    less, more = ((labels[items] == query_labels[:200, None]).sum(axis=1) for items in firsts)  # right ones of three
    query = int((more - less).argmax())
    caption = f"The first of {len(more)} moved queries on which the two differ most. Of all, the told network has more right for {(more > less).sum()}, PCA for {(less > more).sum()}."
    show_found(query, np.concatenate([items[query] for items in firsts]), caption, ["PCA"] * 3 + ["told"] * 3, off)

# %% [markdown]
# Moving costs those not told fourteen points or more, the linear map five: the *target* did that. After three passes the network is behind the linear map on moved queries, after nine ahead on moved *and* clean ones. (It saw nine moves of each picture, the map three.) You can also move every picture to the middle beforehand (deeper).
#
# Today's embeddings drop the decoder from training, too. A **contrastive embedding** learns from pairs: two crops of one photograph, a picture and its caption (CLIP), or two sentences that say the same (sentence-transformers) must get near codes, and different things distant ones: in each batch, a picture's own caption shall have the largest cosine of all.
# In the data cell, with lists `texts` and `groups`:
#
# ```python
# from sentence_transformers import SentenceTransformer  # pip install sentence-transformers
#
# sentences = SentenceTransformer("all-MiniLM-L6-v2").encode(texts)
# clothes = datasets.own_vectors(sentences, label=groups, names=texts)
# ```
#
# ## A vector database
#
# A **vector database** stores vectors with what they stand for and answers "which are near?". [LanceDB](https://lancedb.com) is a library that keeps such tables in a folder. Into a row go code, label and picture. The codes get length 1, from the gallery's mean: Euclidean
# distance then ranks as the centred cosine. `search(code)` asks, `where` filters rows (with `prefilter` before the search, or fewer would come back), `limit` is $k$.

# %%
mean = gallery.mean(axis=0)
stored, asked_for = unit(gallery, mean), unit(queries, mean)  # (12000, 32), (2000, 32)
exact = np.argpartition(-asked_for @ stored.T, 10, axis=1)[:, :10]  # the true ten nearest, by NumPy
with_database = vectors.ready()  # where LanceDB cannot start this says why, and the lesson goes on
if with_database:
    folder = vectors.database_folder("08_embeddings")
    encoder.save(folder / "encoder.keras")  # codes without their encoder are worth nothing
    database = vectors.connect(folder)
    pngs = vectors.png(np.round(255 * clothes.tiles(train)).astype("uint8"))
    rows = vectors.rows(stored, item=np.arange(len(stored)), label=labels.astype("int16"), thumbnail=pngs)
    table = database.create_table("clothes", rows, mode="overwrite")
    print(f"{table.count_rows():,} rows with the columns {', '.join(table.schema.names)}")

# %%
if with_database:
    del table, database  # forget all, and open the folder again
    database = vectors.connect(folder)
    table = database.open_table("clothes")
    wanted = int(query_labels[asked])
    answer = table.search(asked_for[asked]).where(f"label != {wanted}", prefilter=True).limit(7).to_arrow()
    titles = [f"distance {np.sqrt(d):.2f}" for d in answer["_distance"].to_pylist()]  # LanceDB squares them
    show_found(asked, answer["item"].to_pylist(), "Reopened, and asked for the nearest of *other* kinds.", titles)

# %% [markdown]
# The nearest of other kinds look like this shirt: a search compares looks. Does the database find what NumPy finds?


# %%
def ask(codes, probes=1):  # probes: explained below
    """The ten nearest of each query: rows of the queries, and the items found."""
    answer = table.search(codes).limit(10).nprobes(probes).select(["item", "_distance"]).to_arrow()
    return answer["query_index"].to_numpy(), answer["item"].to_numpy()


def index_recall(of_query, items):
    """Share of the true ten nearest that was found."""
    found = set(zip(of_query.tolist(), items.tolist(), strict=True))  # pairs of a query and an item
    return np.mean([(query, item) in found for query, true in enumerate(exact.tolist()) for item in true])


if with_database:
    scanned = vectors.distance_count(table.search(asked_for[0]).limit(10))
    claim(
        "The database finds what NumPy finds",
        above(index_recall(*ask(asked_for)), 0.999, fmt=".4f", names=("share of the neighbours", "")),
    )
    print(f"distances computed for a query: {scanned:,}")

# %% [markdown]
# ## What an index saves
#
# Twelve thousand distances for one query: an **index** avoids most. The *inverted file*, **IVF**, cuts the gallery into cells: k-means finds their centres, and each item belongs to the nearest centre. A query is compared with the centres,
# then only with the items of the nearest cells, the *probes*. By hand: twelve items, three cells.

# %%
centres = np.array([[1.0, 1.0], [5.0, 1.0], [3.0, 4.0]])
around = np.array([[0.5, 0.3], [-0.6, 0.2], [0.1, -0.7], [0.9, -0.2]])
items = (centres[:, None] + around).reshape(-1, 2)  # four in each cell, (12, 2)
cell = np.repeat([0, 1, 2], 4)
query = np.array([2.9, 1.3])
true = np.linalg.norm(items - query, axis=1).argsort()[:3]
order = np.linalg.norm(centres - query, axis=1).argsort()  # cells, the nearest first
for probes in (1, 2, 3):
    searched = np.flatnonzero(np.isin(cell, order[:probes]))
    got = searched[np.linalg.norm(items[searched] - query, axis=1).argsort()[:3]]
    print(f"{probes} probes: 3 + {len(searched)} distances, found {np.isin(true, got).sum()} of the 3 nearest")

# %% tags=["hide-input"]
figure, ax = plots.subplots(width=5.2, height=3.3)
for number, color, mark in ((0, "blue", "o"), (1, "vermillion", "s"), (2, "green", "^")):
    dots(ax, items[cell == number], color, mark)
    dots(ax, centres[[number]], color, "+")
ax.plot([0, 3, 3, np.nan, 3, 6], [23 / 6, 11 / 6, -0.5, np.nan, 11 / 6, 23 / 6], "--", color=plots.COLORS["grey"])
dots(ax, [query], "black", "*")
ax.plot(*items[true].T, "o", ms=15, mfc="none", mec=plots.COLORS["black"])
ax.set(xlabel="first number", ylabel="second number", xlim=(-0.3, 6.6), ylim=(-0.3, 4.8), aspect="equal")
plots.show(figure, "Cells and centres (+). Of the three nearest (rings) of the query (star) one lies beyond a border.")

# %% [markdown]
# One probe costs seven distances in place of twelve, and misses the neighbour beyond the border. **Index recall** is the share of the true $k$ nearest that is found.

# %%
cells = min(32, max(2, len(train) // 30))  # a small gallery has fewer
eighth = max(1, cells // 8)  # 4 of 32
guess(
    "index",
    f"{cells} cells, {eighth} probed. What share of the true ten nearest is found?",
    ["about an eighth", "about half", "more than nine tenths"],
)

# %%
indexed = {}  # probes -> mean distances a query, index recall, precision@10
if with_database:
    from lancedb.index import IvfFlat

    table.create_index("code", config=IvfFlat(distance_type="l2", num_partitions=cells), replace=True)
    for probes in sorted({n for n in (1, 2, 4, 8, 16, eighth, cells) if n <= cells}):
        one_by_one = [table.search(code).limit(10).nprobes(probes) for code in asked_for[:50]]
        count = np.mean([vectors.distance_count(query) for query in one_by_one])
        of_query, items = ask(asked_for, probes)
        right = (labels[items] == query_labels[of_query]).sum() / exact.size
        indexed[probes] = count, index_recall(of_query, items), right
        print("{:2} probes: {:6,.0f} distances, recall {:.3f}, precision@10 {:.3f}".format(probes, *indexed[probes]))

# %%
if with_database:
    plots.curve(
        None, {"IVF": ([100 * count / scanned for count, *_ in indexed.values()], [share for _, share, _ in indexed.values()])},
        xlabel=f"distances computed, % of exact search ({', '.join(map(str, indexed))} probes)",
        ylabel="index recall", levels={"exact search": 1.0}, height=2.8,
        caption=f"IVF with {cells} cells. " + finding("With four probes hardly a neighbour is missed, for a seventh of the work."),
    )  # fmt: skip

# %% tags=["hide-input"]
if with_database:
    count, share, _ = indexed[eighth]
    claim(
        f"{eighth} of {cells} probes find over 95 % of the true neighbours with less than a quarter of the distances",
        all_of(above(share, 0.95, fmt=".3f", names=("recall", "")), below(count, scanned, times=0.25, fmt=",.0f", names=("distances", "all"))),
    )  # fmt: skip
    reveal("index", {
        "about an eighth": below(share, 0.3, fmt=".3f", names=("recall", "")),
        "about half": between(share, 0.3, 0.9, fmt=".3f", name="recall"),
        "more than nine tenths": above(share, 0.9, fmt=".3f", names=("recall", "")),
    })  # fmt: skip

# %% [markdown]
# Most neighbours lie in the query's own cell; a likely reason: clothes lie in clumps. Queries fall into the fuller cells: one probe costs more than $32+12{,}000/32=407$ distances. *Precision* loses even less than index recall: what is found instead is nearly as near.
#
# The other common index, **HNSW**, is a graph of links between items; a search walks along them, always nearer. Often fewer distances, more memory.
#
# ## What goes wrong
#
# **The query is its own neighbour.** Search a set in itself: every item finds itself first; random numbers reach a precision@1 of 1.
#
# **Queries from another scale.** The gallery had 0 to 1, the query 0 to 255. The mean is unscaled, so directions change. But large inputs drown the biases, and gelu becomes a kink that passes any factor: over half of the results stay right. Keep encoder and mean together.

# %%
noise, half = embeddings["random numbers"](validation), len(validation) // 2
in_itself = metrics.precision_at_k(noise, query_labels, noise, query_labels, 1)
apart = metrics.precision_at_k(noise[:half], query_labels[:half], noise[half:], query_labels[half:], 1)
print(f"random numbers, precision@1: {in_itself:.2f} in their own set, {apart:.2f} with queries and gallery apart")
scaled = precision(stored, unit(encode(encoder, 255 * validation), mean)).mean()
print(f"queries times 255: precision@10 {scaled:.3f}; as the gallery {found['autoencoder'][1].mean():.3f}")

# %% [markdown]
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | precision good on clean queries, bad on spoilt ones | the target | the code keeps what should not matter | spoil the input as queries will be; choose by validation queries |
# | precision near chance | the order of labels; `codes.std(axis=0)`; which encoder made which codes | labels shuffled; all codes nearly equal; two trainings | labels in the codes' table; encode everything again |
#
# ## Results
#
# Once, the test pictures, by centred cosine.

# %%
given = {"clean": test} | ({"moved": moved(test, SEED + 1)} if pictured else {})
tested = {kind: {} for kind in given}  # kind of queries -> name -> precision of each query
for kind, rows in given.items():
    for name, embed in embeddings.items():
        tested[kind][name] = by_cosine(embed(train), embed(rows), clothes.test_labels)

# %%
rungs = {"random numbers": "trivial", RAW: "trivial", "autoencoder": "network", "trained on movement": "network"}
seen = {"clean": "Chance aside, all lie within four points.", "moved": "The network told of movement leads."}
for kind, values in tested.items():
    plots.ladder(
        list(values), [hits.mean() for hits in values.values()],
        kinds=[rungs.get(name, "referee") for name in values],
        metric=f"precision@10, {kind} test queries", lower_is_better=False, value_format=".3f",
        intervals=[tuple(interval(hits)) for hits in values.values()],
        caption=f"{len(test):,} {kind} test queries. " + finding(seen[kind]),
    )  # fmt: skip
    for name, other in (("autoencoder", RAW), ("autoencoder", "PCA"), ("trained on movement", "linear, from moved")):
        if name in values:
            print(f"{kind} queries, {name} − {other}: {points_ahead(values[name] - values[other])}")

# %% tags=["hide-input"]
at = {kind: {name: float(v.mean()) for name, v in values.items()} for kind, values in tested.items()}
claim("On clean test queries autoencoder and PCA are level", close(at["clean"]["autoencoder"], at["clean"]["PCA"], 0.01, fmt=".3f", names=("autoencoder", "PCA")))  # fmt: skip
if pictured:
    told, network = at["moved"]["linear, from moved"], [at[kind]["trained on movement"] for kind in ("moved", "clean")]
    claim("On moved queries the linear map that was told is over three points ahead of all that were not", above(told, max(v for n, v in at["moved"].items() if n not in ("linear, from moved", "trained on movement")), by=0.03, fmt=".3f", names=("linear map", "the best other")))  # fmt: skip
    claim("The network that was told leads that map, on moved and on clean queries", above(network, [told, at["clean"]["linear, from moved"]], fmt=".3f", names=(["moved: network", "clean: network"], "linear map")))  # fmt: skip

# %% [markdown]
# Six comparisons, each with 95 %: do not trust one that is barely off zero. The plain network is no better than pixels on clean queries and behind them on moved ones. Told what does not matter, it leads. Highest on clean ones is PCA whitened, with four times the numbers.
#
# ## On your own data
#
# | | |
# |---|---|
# | your data look like this | a folder of pictures a kind (`own_pictures`), or one vector a row (`own_vectors`): features, sensors, embeddings by CLIP or sentence-transformers |
# | start with this | photographs, texts, sounds: a pretrained embedding; else PCA of 16 to 128 numbers, as it is and whitened, centred cosine |
# | set this | the distance and the width, by precision@10 on validation queries; `scale="each"` for columns in different units; an index once exact search is too slow |
# | report this | precision@10 with interval, beside random numbers, the raw data and PCA; recall and distances of the index |
# | leave the autoencoder when | PCA is level and you cannot name what should not matter |
#
# ## Wrap-up
#
# * An encoder without its decoder makes embeddings. Score them on queries outside the gallery.
# * Clean pictures: 32 numbers, PCA's or the network's, search as well as 784 pixels.
# * Distance and whitening are choices; measure them together.
# * The target says what should not matter. Ask a linear map first, then train until it is beaten.
# * An index trades distances for recall; count both.
#
# Next: [exercises](../exercises/08_embeddings.ipynb), with the capstone `small_search`: a search in 16 bytes an item. [Deeper](08_embeddings_deeper.ipynb) shows the bytes, five maps, and "yesterday's gallery".
#
# ## References
#
# * H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST*, 2017.
# * A. Radford and others: *Learning transferable visual models from natural language supervision* (CLIP), 2021; N. Reimers, I. Gurevych: *Sentence-BERT*, 2019.
# * Y. Malkov, D. Yashunin: *Efficient and robust approximate nearest neighbor search using hierarchical navigable small world graphs*, 2018.
