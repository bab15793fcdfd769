# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Embeddings: exercises"
#     lesson: 8
# ---

# %% [markdown]
# # 08 · Embeddings: exercises
#
# Six exercises: search with codes, score what was found, compare two embeddings, and make them small. Then a capstone: a
# whole search, for bad photographs, in 16 bytes an item. Replace each line that raises `NotImplementedError` by your
# answer, run the cell, then the check below it. `hint(cosine_topk)` asks you a question; call it again for more.
#
# Samples are rows everywhere. The **gallery** is what is searched, shape (n, d); **queries** are what is searched for,
# shape (m, d). No query is in the gallery.

# %%
from course_lib import augment, check, datasets, hint, models, referees

import keras
import numpy as np

# %% [markdown] tags=["task"]
# ## cosine_topk: the most similar codes ★ · 10 minutes · core
#
# The cosine of two vectors is their inner product divided by both of their lengths. It does not care how long they are.
# (The lesson subtracts the gallery's mean beforehand. Here the codes are taken as they are given.)
#
# Write `cosine_topk(gallery, queries, k)`. `gallery` is (n, d) and `queries` is (m, d), floats, with no row of zeros;
# 1 ≤ `k` ≤ n. It returns an array of integers of shape (m, k): for each query the indices of the `k` rows of the
# gallery with the largest cosine, the most similar first. Of equal rows the one with the smaller index comes first. A
# row may point exactly where a query does: it is a result like any other.
#
# With `gallery = [[9, 0], [1, 1], [0, 3], [1, 1]]` and `queries = [[2, 1.5]]` the cosines are .80, .99, .60 and .99,
# and `k = 3` gives `[[1, 3, 0]]`.
#
# **Success looks like** the same indices after you multiply any row that has no equal, of the gallery or of the queries,
# by 100.


# %% tags=["answer"]
def cosine_topk(gallery, queries, k):
    """Indices (m, k) of the gallery rows (n, d) with the largest cosine to each query (m, d), best first."""
    # SOLUTION BEGIN
    unit_gallery = gallery / np.linalg.norm(gallery, axis=1, keepdims=True)
    unit_queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    similarity = unit_queries @ unit_gallery.T  # (m, n)
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    # SOLUTION END
    # STUB: raise NotImplementedError("cosine_topk: write your answer here")


# %% tags=["check"]
check(cosine_topk)

# %% [markdown] tags=["explanation"]
# Normalise each row, then one matrix product holds all cosines. Leaving the gallery as it is favours long rows; leaving
# the queries as they are changes nothing, for a query's length scales all of its similarities alike.
#
# A **stable** sort keeps equal values in their old order. NumPy's default sort does not promise that, and sorting in
# rising order and turning the result round puts the larger index first. `np.argpartition` finds the best `k` without
# ordering them.
#
# Of unit vectors the squared Euclidean distance is 2 − 2 cos: on normalised codes every database that knows Euclidean
# distance can search by cosine.

# %% [markdown] tags=["task"]
# ## precision_at_k: how much of what was found is right ★ · 5 minutes · core
#
# A search returned `k` items for each query. **Precision@k** is the share of them that carry the query's label, averaged
# over the queries.
#
# Write `precision_at_k(retrieved_labels, query_labels)`. `retrieved_labels` is (m, k): row i holds the labels of the items
# that were found for query i. `query_labels` is (m,). It returns one number from 0 to 1. (`metrics.precision_at_k` of the
# lesson does the search as well; this is its last line.)
#
# `precision_at_k([[7, 7, 2], [5, 7, 7]], [7, 5])`, as arrays, is .5: two of three, and one of three.
#
# **Success looks like** about .1 for labels drawn at random from ten classes.


# %% tags=["answer"]
def precision_at_k(retrieved_labels, query_labels):
    """Mean share of retrieved labels (m, k) that equal their query's label (m,)."""
    # SOLUTION BEGIN
    return float(np.mean(retrieved_labels == query_labels[:, None]))
    # SOLUTION END
    # STUB: raise NotImplementedError("precision_at_k: write your answer here")


# %% tags=["check"]
check(precision_at_k)

# %% [markdown] tags=["explanation"]
# `query_labels[:, None]` has shape (m, 1) and is compared along each row. Without it NumPy compares column j with the
# label of query j. If m and k differ that raises an error. If they happen to be equal it returns a wrong number, without
# a word.
#
# Every query has the same number of results, so the mean over everything is the mean of the queries' means. Whether *any*
# result was right, or most of them were, are other measures, and both look better.

# %% [markdown] tags=["task"]
# ## knn_accuracy: a classifier without training ★★ · 15 minutes · core
#
# How much of the classes is left in an embedding? Let the nearest codes vote.
#
# Write `knn_accuracy(gallery, gallery_labels, queries, query_labels, k)`. `gallery` is (n, d), `queries` is (m, d), the
# labels are any integers ≥ 0, of shape (n,) and (m,), such as 0, 4 and 17; 1 ≤ `k` ≤ n. For each query, its `k` nearest
# gallery rows in Euclidean distance vote with one voice each. The label with the most votes is the answer; if several
# have the most, the smallest of these labels is. It returns the share of queries whose answer is their label.
#
# No query is in the gallery, so no neighbour has to be left out.
#
# A query at 0, with the gallery `[[1], [2], [3], [4]]` and labels `[7, 4, 4, 7]`, is answered by 7 for k = 1, by 4 for
# k = 2 (one voice each), by 4 for k = 3, and by 4 for k = 4.
#
# **Success looks like** 1.0 for well separated classes, and about one in ten for codes that know nothing of ten classes.


# %% tags=["answer"]
def knn_accuracy(gallery, gallery_labels, queries, query_labels, k):
    """Share of queries (m, d) that the majority of their k nearest gallery rows (n, d) labels correctly."""
    # SOLUTION BEGIN
    differences = queries[:, None, :] - gallery[None, :, :]  # (m, n, d)
    nearest = np.argsort(np.square(differences).sum(axis=2), axis=1)[:, :k]
    answers = [np.bincount(votes).argmax() for votes in gallery_labels[nearest]]
    return float(np.mean(answers == query_labels))
    # SOLUTION END
    # STUB: raise NotImplementedError("knn_accuracy: write your answer here")


# %% tags=["check"]
check(knn_accuracy)

# %% [markdown] tags=["explanation"]
# `np.bincount` counts the votes for 0, 1, 2 …, and `argmax` returns the *first* of the largest, the smallest label. The
# mean or the median of the labels is no vote: halfway between trousers (1) and dresses (3) does not lie a pullover (2).
#
# If the queries were searched in their own set, each would find itself at distance 0, and with k = 1 the accuracy would
# be 1 for *any* embedding, also a random one. Some code guards against that by leaving out the first neighbour, always.
# With queries that are not in the gallery this throws away the best one.

# %% [markdown] tags=["task"]
# ## whiten: one matrix for both ★★ · 15 minutes · core
#
# In a raw code a few wide directions decide every distance. **Whitening** moves and mixes codes so that all directions
# count alike: mean 0, covariance the identity matrix.
#
# Write `whiten(gallery, queries)`. `gallery` is (n, d) and `queries` is (m, d), floats, with d ≥ 2; n is well above d, and no direction
# of the gallery is without variance. It returns two arrays, of the same shapes: both are moved by the gallery's mean and
# multiplied by one (d, d) matrix, such that the result of the gallery has the identity as its covariance. Nothing is
# learned from the queries. There are many such matrices, which differ by a rotation; each of them is right. Whether the
# covariance divides by n or by n − 1 is up to you.
#
# **Success looks like** `np.cov(whitened_gallery.T)` being the identity (n / (n − 1) times it, if your covariance divides
# by n), and a single query giving the same answer alone as among others.


# %% tags=["answer"]
def whiten(gallery, queries):
    """Gallery (n, d) and queries (m, d), both by the map that makes the gallery's mean 0 and its covariance I."""
    # SOLUTION BEGIN
    mean = gallery.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(gallery, rowvar=False))  # axes in columns
    matrix = axes / np.sqrt(variances)  # turn to the axes, then divide each coordinate by its deviation
    return (gallery - mean) @ matrix, (queries - mean) @ matrix
    # SOLUTION END
    # STUB: raise NotImplementedError("whiten: write your answer here")


# %% tags=["check"]
check(whiten)

# %% [markdown] tags=["explanation"]
# The eigenvectors turn the codes to uncorrelated coordinates, whose variances are the eigenvalues; dividing by the
# *roots* makes these variances 1. Dividing each raw feature by its deviation also gives variances of 1, and leaves the
# correlations.
#
# Queries get the gallery's mean and matrix. With their own mean and covariance they land in a space of their own, in
# which no distance to the gallery means anything; and a single query has no covariance at all.
#
# Whitening undoes any mixing of a code (lesson 02). It also blows up directions that hold only noise, so it is a choice to
# be measured, not an improvement by itself.

# %% [markdown] tags=["task"]
# ## procrustes_distance: the same map, turned ★★ · 15 minutes · core
#
# Two trainings give two embeddings of the same `n` samples. The axes of a code are arbitrary, so compare the *shapes*: lay one
# on the other as well as possible, and see what is left.
#
# Write `procrustes_distance(a, b)`. Both are (n, k), floats; row i of `a` and of `b` belong to the same sample. Neither has all of
# its rows equal. It
#
# 1. moves each to mean 0 (of every column) and scales it to norm 1 (the root of the sum of *all* squared entries);
# 2. turns `b` by the (k, k) rotation or reflection, and stretches it by the one factor, that bring it nearest to `a`;
# 3. returns the sum of squared differences that remain, a number from 0 to 1.
#
# The singular values of the (k, k) matrix `a.T @ b`, after step 1, are all that is needed: if `s` is their sum, the best
# rotation has the inner product `s` with `a`. Which stretch is the best then, and what does it leave?
#
# **Success looks like** 0 for `b = 3 * a @ rotation + 5`, the same for `procrustes_distance(b, a)`, and nearly 1 for
# unrelated noise.


# %% tags=["answer"]
def procrustes_distance(a, b):
    """Squared residual of the best fit of b (n, k) to a (n, k) by moving, scaling, turning and reflecting; in [0, 1]."""
    # SOLUTION BEGIN
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    s = np.linalg.svd(a.T @ b, compute_uv=False).sum()
    return float(np.clip(1 - s**2, 0, 1))  # |a - s R b|² = 1 - 2 s·s + s², as |a| = |b| = 1
    # SOLUTION END
    # STUB: raise NotImplementedError("procrustes_distance: write your answer here")


# %% tags=["check"]
check(procrustes_distance)

# %% [markdown] tags=["explanation"]
# With factor $t$ the residual is $|a - t\,bR|^2 = 1 - 2ts + t^2$, smallest at $t = s$, where it is $1 - s^2$ (Schönemann 1966;
# `scipy.spatial.procrustes` returns it). Without the stretch it would be $2 - 2s$, which reaches 2.
#
# The sum of the singular values, not the largest of them: every axis of `b` takes part. Comparing column by column finds two
# identical embeddings unlike as soon as one is turned. A distance of 0 says that all *relative* distances agree; it does not
# forgive a shear, which changes neighbours.

# %% [markdown] tags=["task"]
# ## binary_hash, hamming_topk: search in bits ★★ · 20 minutes · optional
#
# A code of 32 floats takes 128 bytes. Keep one **bit** of each number, above or below its threshold, and it takes 4. Codes are then
# compared by their **Hamming distance**, the number of bits that differ.
#
# Write `binary_hash(codes, thresholds)`. `codes` is (n, k), `thresholds` is (k,), floats. Bit j of a sample is 1 where number j is
# above (not equal to) threshold j, however little. It returns the bits packed by eight into bytes: an array of dtype uint8 and shape (n, ⌈k/8⌉), the
# missing bits of the last byte filled with zeros. In which order bits stand in a byte is up to you. `np.packbits` packs.
#
# Write `hamming_topk(gallery_bits, query_bits, k)`, with packed bits of shape (n, bytes) and (m, bytes), dtype uint8, and 1 ≤ `k` ≤
# n. It returns an array of integers of shape (m, k): the indices of the `k` gallery rows with the smallest Hamming distance to each
# query, the nearest first. Rows at the same distance may come in any order. `np.bitwise_xor`, or `^`, marks the bits that differ; `np.bitwise_count`
# or `np.unpackbits` helps to count them.
#
# The codes `[[.2, .9, .1]]` with thresholds `[.1, .5, .5]` have the bits 1, 1, 0: one byte.
#
# **Success looks like** 4 bytes for a code of 32 numbers, and a sample at distance 0 from itself.


# %% tags=["answer"]
def binary_hash(codes, thresholds):
    """Packed bits, uint8 of shape (n, ceil(k / 8)): which numbers of each code (n, k) are above their threshold (k,)."""
    # SOLUTION BEGIN
    return np.packbits(codes > thresholds, axis=1)
    # SOLUTION END
    # STUB: raise NotImplementedError("binary_hash: write your answer here")


def hamming_topk(gallery_bits, query_bits, k):
    """Indices (m, k) of the gallery rows (n, bytes) with the fewest bits different from each query (m, bytes)."""
    # SOLUTION BEGIN
    different = query_bits[:, None, :] ^ gallery_bits[None, :, :]  # (m, n, bytes)
    distances = np.unpackbits(different, axis=2).sum(axis=2, dtype=int)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]
    # SOLUTION END
    # STUB: raise NotImplementedError("hamming_topk: write your answer here")


# %% tags=["check"]
check(binary_hash, hamming_topk)

# %% [markdown] tags=["explanation"]
# A byte holds eight answers of yes or no and is no number here: 127 and 128 are neighbours as numbers and differ in all eight bits. So
# neither differences of bytes nor a count of unequal bytes is the Hamming distance. And a difference of two uint8 wraps around below 0.
#
# `np.packbits` without an axis packs the whole array in one row. Thresholds come from the gallery, once; a query hashed by the
# median of the queries lands on other bits. Medians as thresholds make each bit 1 for half of the gallery: a bit that is nearly
# always 0 tells little.

# %% [markdown] tags=["task"]
# ## small_search: which of 2,000 is it? ★★★ · 40 minutes · capstone
#
# People photograph a thing in haste and ask which of the catalogue's it is. The catalogue is large, so an item may take 16 bytes.
#
# Write `small_search(items, photos)`. Both are float32 arrays of shape (4000, 28, 28), values in [0, 1]: `items` are clothes and digits,
# bent a little and some mirrored; `photos` are bad photographs of them, row i of item i. A photograph is moved by up to 3 pixels, shows a strip of something else at one side, is
# dim, unevenly lit and noisy. (`augment.snapshots(pictures, rng)` takes such photographs, as many as you like.) Your function trains whatever you like and returns a **pair of functions**, `pack` and `search`:
#
# * `pack(pictures)` takes items that nobody has seen, (n, 28, 28), and returns their **bytes**: uint8, shape (n, 16). The same picture gets the
#   same bytes, alone or among others.
# * `search(pictures, packed, k)` takes photographs, (m, 28, 28), and the bytes of a catalogue, (n, 16), in any order. It returns row numbers of
#   `packed`, (m, k), the most similar first, 1 ≤ `k` ≤ n; a photograph finds the same rows alone or among others. The items themselves are gone: all that it
#   knows of them is their bytes. The photographs stay floats.
#
# The check packs 2,000 new items, shuffles their bytes, and asks for 2,000 photographs, one of each. It counts how often the right item comes *first*. **The
# bar:** .06 above what PCA with 32 numbers keeps in *128* bytes (floats, cosine), where all pictures were first moved so that their centre of mass lies in the middle. On one of the check's draws:
#
# | | bytes an item | right item first |
# |---|---|---|
# | 128 random projections, above or below 0 | 16 | .13 |
# | PCA with 16 numbers, each rounded to a byte | 16 | .19 |
# | the same of centred pictures | 16 | .48 |
# | PCA with 32 numbers of centred pictures, floats | 128 | .57 |
# | **wanted** | 16 | .63 |
# | the course's own answer | 16 | .72 |
#
# What should not matter can be taken out by hand (`augment.centred(pictures)` moves pictures to the middle), or be forgotten by a network that has the item as its target. What is left of it sits in some numbers of a code more
# than in others: of which do photograph and item agree? Your `whiten` and the rotation inside your `procrustes_distance` may help, for two clouds that are whitened each, and then turned onto each other.
# To try things out, take pictures of `datasets.fashion_mnist()` and `datasets.digits()` as items.
#
# **Success looks like** the right one of 2,000 items first for about two photographs in three, from an eighth of PCA's bytes.


# %% tags=["answer"]
def small_search(items, photos):
    """Items and a bad photograph of each (n, 28, 28) -> pack(pictures) and search(pictures, packed, k)."""
    # SOLUTION BEGIN
    n, kept = len(items), 32

    def rows(pictures):
        return augment.centred(pictures).reshape(len(pictures), -1)

    x, y = rows(photos), rows(items)
    encoder, _, autoencoder = models.warm_start_autoencoder(referees.fit_pca(y, 64), 256)
    rate = keras.optimizers.schedules.CosineDecay(1.5e-3, 10 * n // 64)
    autoencoder.compile(keras.optimizers.Adam(rate), "mse")
    autoencoder.fit(x, y, batch_size=64, epochs=10, verbose=0)  # the photograph goes in, its item is the target

    def codes(pictures):
        return encoder.predict(rows(pictures), batch_size=500, verbose=0)

    def whitener(z):
        variances, axes = np.linalg.eigh(np.cov(z, rowvar=False))
        return z.mean(axis=0), axes / np.sqrt(variances + 0.05 * variances.mean())

    of_items, of_photos = codes(items), codes(photos)
    (item_mean, from_item), (photo_mean, from_photo) = whitener(of_items), whitener(of_photos)
    both = ((of_items - item_mean) @ from_item).T @ ((of_photos - photo_mean) @ from_photo) / n
    turn, common, turn_too = np.linalg.svd(both)  # turned so that number i of one goes with number i of the other
    from_item = from_item @ turn[:, :kept] * common[:kept]  # and counts by how well the two agree
    from_photo = from_photo @ turn_too[:kept].T * common[:kept]

    def unit(z):
        return z / np.linalg.norm(z, axis=1, keepdims=True)

    step = unit((of_items - item_mean) @ from_item).std(axis=0) / 3  # 16 levels, from -2.5 to 2.5 deviations

    def pack(pictures):
        levels = np.round(unit((codes(pictures) - item_mean) @ from_item) / step + 7.5).clip(0, 15).astype(np.uint8)
        return 16 * levels[:, ::2] + levels[:, 1::2]  # two numbers a byte

    def search(pictures, packed, k):
        levels = np.stack([packed // 16, packed % 16], axis=2).reshape(len(packed), kept)
        queries = (codes(pictures) - photo_mean) @ from_photo  # stays a float
        return np.argsort(-queries @ unit((levels - 7.5) * step).T, axis=1)[:, :k]

    return pack, search
    # SOLUTION END
    # STUB: raise NotImplementedError("small_search: write your answer here")


# %% tags=["check"]
check(small_search)

# %% tags=["success"]
from course_lib import plots

rng = np.random.default_rng(1)
clothes, digits = datasets.fashion_mnist(), datasets.digits()


def mixed(clothes, digits):
    """Clothes and digits in turn, (n, 28, 28), and a bad photograph of each."""
    pictures = np.stack([clothes, digits], axis=1).reshape(-1, 28, 28)
    return pictures, augment.snapshots(pictures, rng)


items, photos = mixed(clothes.images("train")[:2000, ..., 0], digits.images("train")[:2000, ..., 0])
catalogue, asked = mixed(clothes.images("validation")[:1000, ..., 0], digits.images("test")[:1000, ..., 0])
pack, search = small_search(items, photos)
packed = pack(catalogue)
found = {"yours, 16 bytes": search(asked, packed, 5)}

# %% tags=["success"]


def by_pca(prepare, k):
    """The five rows that PCA with k floats finds, by cosine from the mean of items and the mean of photographs."""
    rows = [prepare(x).reshape(len(x), -1) for x in (items, photos, catalogue, asked)]
    codes = [referees.fit_pca(rows[0], k).encode(x) for x in rows]
    stored, given = codes[2] - codes[0].mean(axis=0), codes[3] - codes[1].mean(axis=0)
    return np.argsort(-given @ (stored / np.linalg.norm(stored, axis=1, keepdims=True)).T, axis=1)[:, :5]


found = {
    "PCA, 128 bytes": by_pca(lambda x: x, 32),
    "PCA, centred, 128 bytes": by_pca(augment.centred, 32),
} | found
right = {name: rows[:, 0] == np.arange(len(asked)) for name, rows in found.items()}
names = list(found)
plots.ladder(
    names,
    [100 * right[name].mean() for name in names],
    kinds=["trivial", "referee", "network"],
    metric="photographs whose item comes first of 2,000",
    unit="%",
    lower_is_better=False,
    annotations=[f"{bytes_} bytes an item" for bytes_ in (128, 128, packed.shape[1])],
    caption="The first two are PCA with 32 floats and the cosine; centred pictures were moved to the middle first.",
)
shown = np.arange(20, 30)
plots.grid(
    [asked[shown], *(catalogue[rows[shown, 0]] for rows in found.values()), catalogue[shown]],
    row_labels=["asked for", *names, "the truth"],
    below=[[""] * 10, *(["right" if right[name][i] else "another" for i in shown] for name in names), [""] * 10],
    size=0.62,
    caption="Ten bad photographs, and what comes first of 2,000 items. Where yours is wrong, is it nearly right?",
)

# %% [markdown] tags=["explanation"]
# What each step is worth, in photographs whose item comes first, mean of three draws:
#
# | | right item first |
# |---|---|
# | the solution | .708 |
# | with floats in place of four bits | .714 |
# | every number counts alike | .695 |
# | all codes whitened by the items' axes alone, not turned | .643 |
# | neither whitened nor turned: 32 numbers of the network, cosine, four bits | .567 |
# | not centred | .459 |
# | no network: PCA's 64 numbers in its place | .704 |
# | no network, and not centred | .326 |
#
# Four bits a number cost next to nothing; the bytes are not the difficulty. Pictures in the middle and the question *of which numbers do item and photograph agree?* are worth most. Each cloud is whitened by itself. Then the singular vectors of their product,
# those of `procrustes_distance`, turn one onto the other, and the singular values are correlations: what a photograph keeps of each number. (This is canonical correlation analysis, Hotelling 1936.) Whitening by the items alone makes all numbers equally wide,
# also those that say nothing of a photograph.
#
# And the network? Its target is the item, so its code may forget the fault. Where nobody centres, that is worth thirteen points. After centring it is worth half a point at most, which is hardly more than luck: what is left is nearly linear, and PCA does. So start from the closed form here, and train where you do not
# know what to take out by hand.
#
# What the bytes are read with must be known without the items: the mean, the axes and the steps come from the training. A scale made from what is packed tonight is another one tomorrow. Photographs are dim: measured from their own mean, and by angle, they are not farther from bright items for it.
