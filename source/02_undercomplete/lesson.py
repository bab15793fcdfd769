# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Undercomplete autoencoders
#     lesson: 2
#     minutes: 46
#     compute: 30
#     summary: "PCA from five points; what a nonlinear code adds to it; start from it and learn what it cannot"
#     prerequisites:
#       - "lesson 01"
#       - "mean, variance, products of matrices"
#     objectives:
#       - Compute PCA by hand and by three lines of NumPy, and its error from the eigenvalues
#       - Compare a trained linear autoencoder with PCA
#       - Compare PCA, dense and convolutional autoencoders at equal code size
#       - Start a network from PCA and measure what that is worth
#       - Detect a code that is no bottleneck, a dead unit and a network too large for its pictures
#     data: [fashion_mnist]
# ---

# %% [markdown]
# Pictures of clothes have structure: one sleeve resembles the other, corners are black. An autoencoder is **undercomplete** if its code has fewer numbers than its input. It must use
# the structure.
#
# These points lie near a curve, so one number a point says nearly all.

# %% tags=["hide-input"]
from course_lib import plots
import numpy as np

t = np.linspace(-1.15, 1.15, 400)
curve = np.stack([t, t**2], 1)
points = curve[20:-20:18] + np.random.default_rng(0).normal(0, 0.05, (20, 2))
best = np.linalg.svd(points - points.mean(axis=0))[2][0]  # the direction of the best line: PCA
paths = {"the best straight line": points.mean(axis=0) + t[:, None] * best, "a curve": curve}
figure, panels = plots.subplots(1, 2, height=3.0, sharey=True)
for ax, (name, path) in zip(panels, paths.items(), strict=True):
    nearest = path[np.square(points[:, None] - path).sum(axis=2).argmin(axis=1)]
    ax.plot(*path.T, color=plots.COLORS["blue"])
    ax.plot(*np.stack([points, nearest], 1).T, "--", color=plots.COLORS["grey"], lw=1)
    ax.plot(*points.T, "o", color=plots.COLORS["vermillion"], ms=5)
    distance = np.square(points - nearest).sum(axis=1).mean()
    ax.set(title=f"{name}\nmean squared distance {distance:.4f}", aspect="equal")
plots.show(figure, "One number a point: where on the line, or where on the curve. The dashes are what is lost.")

# %% [markdown]
# The best straight answer, a matrix and an offset, is called PCA. You will compute it by hand. A network can bend its line: what is that worth?

# %%
from course_lib import above, all_of, below, claim, close, datasets, guess, metrics, plots, reveal, training
from course_lib.widgets import explore, slider, stops

import keras
import numpy as np
from keras import layers

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]


def error_of(pictures, copies):
    """Mean squared error of reconstructions, clipped to [0, 1]."""
    return metrics.mse(pictures, metrics.clip01(copies.reshape(pictures.shape)))


# %% [markdown]
# ## Recall
#
# 1. Why is a loss of .0120 no information by itself?
# 2. A code of 32 floats for a picture of 784 bytes: by how much is it smaller?
# 3. Which split may you look at while you choose a learning rate?
#
# <details><summary>Answers</summary>
#
# 1. It needs a comparison: on test pictures the mean picture has .0867, PCA with 32 numbers .0147.
# 2. 6272 bits against 1024: 6.1 times, not 24.5.
# 3. Training and validation. The test split is for the end.
#
# </details>

# %% [markdown]
# ## PCA, from five points
#
# Five pictures of two pixels, brightness 0 to 10, one a row. You may send *one* number for each. Which?

# %%
five = np.array([[1, 2], [3, 4], [6, 6], [7, 5], [8, 8]])

# %% tags=["hide-input"]
arrow = np.array([0.8, 0.6])
on_line = 5 + (five - 5) @ arrow[:, None] * arrow
figure, ax = plots.subplots(width=5.6, height=4.0)
ax.axline((5, 5), slope=0.75, color=plots.COLORS["sky"], lw=1)
ax.plot(*np.stack([five, on_line], 1).T, "--", color=plots.COLORS["grey"])
ax.plot(*five.T, "o", color=plots.COLORS["vermillion"], ms=8)
ax.plot(*on_line.T, "o", mfc="white", mec=plots.COLORS["blue"], ms=7)
ax.plot(5, 5, "+", color="black", ms=16, mew=2)
ax.annotate("", 5 + arrow, (5, 5), arrowprops={"arrowstyle": "-|>", "lw": 2.5, "color": plots.COLORS["blue"]})
ax.text(5.2, 4.3, "mean (5, 5), arrow (0.8, 0.6)", va="center", fontsize=9)
ax.set(xlabel="first pixel", ylabel="second pixel", xlim=(0, 10), ylim=(0.8, 9.2), aspect="equal")
plots.show(figure, "The points lie along a slope. Send how many arrows from the mean; the dashed pieces are lost.")

# %% [markdown]
# Take the arrow $v=(0.8,0.6)$, of length 1, as $0.8^2+0.6^2=1$. Now the point (8, 8):
#
# * Subtract the mean: (3, 3). Data from which the mean was subtracted are **mean-centred**.
# * How far along the arrow is that? $3\cdot0.8+3\cdot0.6=4.2$. Send 4.2.
# * The receiver knows mean and arrow and answers "mean plus 4.2 arrows": $(5,5)+4.2\cdot(0.8,0.6)=(8.36,7.52)$.
# * It is off by $(-0.36,0.48)$, the dashed piece, of length 0.6.
#
# Try (7, 5): send 1.6, lose 1.2.
#
# Why this arrow? A point's distance from the mean, its way along the arrow and its dashed piece form a right-angled triangle:
# distance² = along² + dashed². The distances are given, so the shortest dashed pieces belong to the arrow along which the points
# *spread most*: the first **principal component**, or principal axis. The second spreads most of those at right angles to it, and so on.
#
# The variance along a component is its **eigenvalue** $\lambda$. Along the arrow the five go −5, −2.2, 1.4, 1.6, 4.2: mean square 10.4. Across it, along (−0.6, 0.8), they go
# 0, .4, .2, −1.2, .6: mean square 0.4. What you do not send is what you lose: 0.4 of 10.4 + 0.4.
#
# ### PCA in three lines
#
# Put $k$ components in the columns of a matrix $V$:
#
# $$z=(x-\mu)\,V\qquad\qquad\hat x=\mu+z\,V^\top=\mu+(x-\mu)\,VV^\top$$
#
# $x$ and the mean $\mu$ are rows of $d$ numbers. The minus centres. $V$, shape $(d,k)$, takes a scalar product with each component: the code $z$, $k$
# numbers. $V^\top$ lays that much of each out again. The plus puts the mean back. No other straight map through $k$ numbers has a
# smaller squared error on training data (Eckart and Young, 1936).
#
# The singular value decomposition (SVD) finds all components.

# %% tags=["nbval-check-output"]
mean = five.mean(axis=0)
# full_matrices=False: no more axes than are needed. The first of the three results, _, is not used.
_, singular, axes = np.linalg.svd(five - mean, full_matrices=False)  # the components are the rows of axes
codes = (five - mean) @ axes[:1].T  # (5, 1)

copies = mean + codes @ axes[:1]  # (5, 2)
print("variance along each component:", np.round(singular**2 / len(five), 2))
print("the copy of (8, 8):", np.round(copies[-1], 2))

# %% [markdown]
# * `axes` is $V^\top$: components as *rows*, the largest variance first, so `axes[:k]` keeps $k$.
# * A *singular value* is the length of a column of codes: $\sqrt{25+4.84+1.96+2.56+17.64}=\sqrt{52}$. Its square over $n$ is the eigenvalue, $52/5=10.4$.
# * Eigenvalue of what? Of the covariance matrix, with all points as rows of $X$. It multiplies the arrow by 10.4:
#
# $$\tfrac1n(X-\mu)^\top(X-\mu)=\begin{pmatrix}6.8&4.8\\4.8&4.0\end{pmatrix}\qquad\qquad(0.8,\ 0.6)\begin{pmatrix}6.8&4.8\\4.8&4.0\end{pmatrix}=(8.32,\ 6.24)=10.4\cdot(0.8,\ 0.6)$$
#
# * An eigenvalue divided by the sum of all is its **share of the variance**.
# * A component may come out pointing backwards; its code then changes sign, the copy does not.
#
# Mean and components come from the training data.
#
# ### Components of clothes are pictures
#
# An arrow of 784 numbers is a picture.

# %%
mean = train.mean(axis=0)  # (784,)
_, singular, axes = np.linalg.svd(train - mean, full_matrices=False)  # axes (784, 784)
eigenvalues = singular**2 / len(train)


def pca_copy(pictures, k):
    """Mean + (x - mean) V V^T with k components, clipped to [0, 1]; (n, 784) -> (n, 784)."""
    v = axes[:k].T  # (784, k)
    return metrics.clip01(mean + (pictures - mean) @ v @ v.T)


def as_pictures(directions):
    """Directions scaled to [-1, 1] for display: (k, 784) -> (k, 28, 28)."""
    return (directions / np.abs(directions).max(axis=1, keepdims=True)).reshape(-1, 28, 28)


plots.row(
    as_pictures(axes[:8]),
    titles=[f"{share:.0%}" for share in eigenvalues[:8] / eigenvalues.sum()],
    cmap="RdBu_r",
    value_range=(-1, 1),
    caption="The first eight components and their shares of the variance. A positive code adds light where it is red, and takes it where it is blue.",
)

# %% [markdown]
# Add them to the mean, and a boot appears.

# %%
boot = validation[18:19]
steps = [0, 1, 2, 4, 8, 16, 32, 64, 128]
plots.row(
    [pca_copy(boot, k).reshape(28, 28) for k in steps] + [boot.reshape(28, 28)],
    titles=[f"k = {k}" for k in steps] + ["original"],
    caption="From the mean picture to a boot: two blobs at 2 numbers, a boot from 4 on, its edges last.",
)

# %%


def show_copy(k, index):
    picture = validation[index : index + 1]
    copy = pca_copy(picture, k)
    shown = [x.reshape(28, 28) for x in (picture, copy, np.abs(picture - copy))]
    plots.row(shown, titles=["original", f"PCA-{k}", "what is lost"], size=1.8)


explore(
    show_copy,
    "Plain shapes need few components. Small patterns come back last: here stripes and checks.",
    k=stops([0, 1, 2, 4, 8, 16, 32, 64, 128, 256], 16, label="components"),
    index=slider(0, 1999, 100, label="picture"),
)

# %% [markdown]
# Does the rule of the five points hold? Training error per pixel should be the sum of the eigenvalues left out, over 784.

# %%
v = axes[:32].T
measured = metrics.mse(train, mean + (train - mean) @ v @ v.T)
left_out = eigenvalues[32:].sum() / 784
print(f"32 components: error {measured:.5f}, eigenvalues left out / 784 = {left_out:.5f}")

# %% tags=["hide-input"]
same = close(measured, left_out, 1e-5, fmt=".5f", names=("measured", "from eigenvalues"))
claim("PCA's training error is the sum of the eigenvalues left out, per pixel", same)

# %% [markdown]
# ## Span, and the angle between subspaces
#
# When do two sets of arrows give the same copies?
#
# The places that multiples and sums of some arrows reach are their **span**: a flat piece of space through the origin, here the mean. Such a piece, a line or a plane, is a **subspace**.
# PCA's copies depend on the span alone: the nearest place in a plane is the same however you describe it.
#
# Two lines enclose an angle. For larger subspaces ask each direction of one how far the nearest direction of the other is; the largest answer is
# the **angle between subspaces**. At 0° they are the same.

# %% tags=["hide-input"]
figure, (left, right) = plots.subplots(1, 2, height=2.6)
for vector, color in (((1.6, 1.2), "sky"), ((0.8, 0.6), "blue")):
    left.annotate("", vector, (0, 0), arrowprops={"arrowstyle": "-|>", "lw": 3, "color": plots.COLORS[color]})
left.axline((0, 0), slope=0.75, ls=":", color="black")
right.axline((0, 0), slope=0.75, color=plots.COLORS["blue"])
right.axline((0, 0), slope=np.tan(np.arctan(0.75) + np.pi / 6), ls="--", color=plots.COLORS["blue"])
arc = np.arctan(0.75) + np.linspace(0, np.pi / 6, 30)
right.plot(0.9 * np.cos(arc), 0.9 * np.sin(arc), color="black", lw=1)
right.text(0.75, 0.95, "30°")
for ax, title in ((left, "two arrows, one span"), (right, "angle between two lines")):
    ax.set(title=title, xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
plots.show(figure, "Left: equal span, equal copies. Right: the angle says how far two spans are apart.")

# %% [markdown]
# How much does a wrong arrow hurt? Turn that of the five points by an angle $\theta$. A point $a$ along the old one and $c$ across it now loses
# $c\cos\theta-a\sin\theta$. Squared, that has the mixed term $-2ac\sin\theta\cos\theta$, whose mean is 0: over the five $ac$ sums to $-0.88+0.28-1.92+2.52=0$. There remain the variances:
#
# $$\text{error}=\lambda_1\sin^2\theta+\lambda_2\cos^2\theta$$
#
# With 10.4 and 0.4, ten degrees raise it from .40 to .70.

# %%
degrees = np.arange(-90, 91)
sine, cosine = np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))
plots.curve(
    degrees,
    {f"λ = {a} and {b}": a * sine**2 + b * cosine**2 for a, b in ((10.4, 0.4), (5.5, 5.3))},
    xlabel="arrow turned by, degrees",
    ylabel="mean squared distance",
    height=2.4,
    caption="A loss pins a direction down only where the eigenvalues differ.",
)

# %% [markdown]
# ## What a linear autoencoder learns
#
# A **linear autoencoder** is a network without activations: $z=xW_1+b_1$ and $\hat x=zW_2+b_2$. It is
# straight, so it cannot beat PCA. Does training find PCA?

# %%
RELATIONS = ["each row is a component", "they span the same subspace, as other arrows", "nothing"]
guess("linear-is-pca", "Trained to PCA's loss: how are its decoder's rows related to the components?", RELATIONS)

# %%
training.set_seed(SEED)
encoder, decoder = layers.Dense(8), layers.Dense(784)
linear = keras.Sequential([keras.Input((784,)), encoder, decoder])
run = training.fit(linear, train - mean, epochs=15, batch_size=100, learning_rate=2e-3)

# %% [markdown]
# Centred pictures spare the biases many steps. `training.fit` lets the rate fall to zero: the last steps do not jump.
#
# To compare spans, take an orthonormal basis of each: arrows of length 1 at right angles (QR makes one from the decoder's rows). Write all scalar products between the two as a table $T$.
# The floor, $(1,0,0)$ and $(0,1,0)$, and a wall, $(1,0,0)$ and $(0,0,1)$, have $T=\begin{pmatrix}1&0\\0&0\end{pmatrix}$: the line that they share casts its whole length on the other span, 1, and the floor's other arrow no
# shadow, 0. Any bases can be turned until each arrow casts its shadow on one partner only. The SVD does it: the singular values of $T$ are the shadows' lengths, cosines of angles, here 0° and 90°. The smallest
# belongs to the largest angle.

# %%
rows = keras.ops.convert_to_numpy(decoder.kernel)  # W2, (8, 784)
basis, _ = np.linalg.qr(rows.T)  # (784, 8), orthonormal columns with the span of the rows
cosine = np.linalg.svd(basis.T @ axes[:8].T, compute_uv=False).min()
angle = np.rad2deg(np.arccos(min(1.0, cosine)))

v = axes[:8].T
copies = linear.predict(validation - mean, batch_size=1000, verbose=0)
ratio = metrics.mse(validation - mean, copies) / metrics.mse(validation - mean, (validation - mean) @ v @ v.T)
alone = np.abs(rows @ v).max(axis=1) / np.linalg.norm(rows, axis=1)  # |cosine| with the nearest component
print(f"error {ratio:.3f} times PCA's, largest angle between the subspaces {angle:.1f}°")
print("|cosine| of each row with the nearest component:", np.round(alone, 2))
print("eigenvalues 8, 9, 32 and 33:", np.round(eigenvalues[[7, 8, 31, 32]], 3))

# %%
plots.grid(
    [as_pictures(rows), as_pictures(axes[:8])],
    row_labels=["decoder's rows", "components"],
    cmap="RdBu_r",
    value_range=(-1, 1),
    caption="The decoder's rows are mixtures of the components: other arrows, the same span, the same copies.",
)

# %% tags=["hide-input"]
same_span = below(angle, 3, unit="degrees", names=("largest angle", ""))
mixed = below(alone.mean(), 0.9, names=("mean |cosine| of the rows", ""))
claim("A linear autoencoder has PCA's error to 2 %", below(ratio, 1.02, fmt=".3f", names=("error over PCA's", "")))
options = [above(alone.min(), 0.99), all_of(same_span, mixed), above(angle, 3)]
reveal("linear-is-pca", dict(zip(RELATIONS, options, strict=True)))

# %% [markdown]
# Copies depend on the span, so the loss prefers no set of arrows. The 8th and the 9th eigenvalue differ
# enough to pin the span. The 32nd and the 33rd do not: there, training ends in another subspace, with PCA's error ([deeper](02_undercomplete_deeper.ipynb)).
#
# ### Another basis, the same pictures
#
# Multiply a code of one number by 4 and divide the decoder's weights by 4: the copy is as before. For $k$ numbers the 4 becomes an invertible
# matrix $M$, shape $(k,k)$:
#
# $$z'=zM=x\,(W_1M)\qquad\qquad\hat x=z'\,(M^{-1}W_2)=z\,MM^{-1}\,W_2=zW_2$$
#
# The new encoder is $W_1M$, the new decoder $M^{-1}W_2$.

# %%
codes = (validation - mean) @ axes[:32].T  # (2000, 32)
mixing = np.random.default_rng(SEED).standard_normal((32, 32))
mixed_codes = codes @ mixing
change = np.abs(mixed_codes @ np.linalg.inv(mixing) @ axes[:32] - codes @ axes[:32]).max()


def nearest(codes):
    """For each of the first 500 codes, the number of the nearest other one among them."""
    squared = np.square(codes[:500, None] - codes[:500]).sum(axis=2)  # (500, 500)
    return squared.argsort(axis=1)[:, 1]  # the nearest of all is the code itself


moved = np.mean(nearest(codes) != nearest(mixed_codes))
print(f"largest change of a pixel {change:.6f}; another nearest neighbour for {moved:.0%} of the pictures")

# %% [markdown]
# Copies stay, neighbours change. **The axes of a trained linear code mean nothing by themselves, and neither do its distances.** PCA's own code is the exception: its axes
# are orthonormal, so its distances are those of the copies.
#
# ## What a nonlinear one adds
#
# Now bend the line: one hidden layer on each side of the code, as in lesson 01, and a small convolutional network. `Conv2D` with `strides=2` halves height and width, its transpose
# doubles them; the same 3×3 weights serve every place, so they are few.

# %%


def dense(code_size, hidden=256):
    """784 -> hidden -> code -> hidden -> 784, with a smooth ReLU (gelu) in the hidden layers."""
    training.set_seed(SEED)
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(hidden, "gelu"),
            layers.Dense(code_size),  # the code: no activation, any number may pass
            layers.Dense(hidden, "gelu"),
            layers.Dense(784, "sigmoid"),
        ]
    )


# %%
def convolutional(code_size):
    """28 x 28 -> 14 x 14 x 16 -> 7 x 7 x 32 -> code, and the same sizes back."""
    training.set_seed(SEED)
    down = {"strides": 2, "padding": "same", "activation": "gelu"}
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(16, 3, **down),
            layers.Conv2D(32, 3, **down),
            layers.Flatten(),
            layers.Dense(code_size),
            layers.Dense(7 * 7 * 32, "gelu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(16, 3, **down),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
            layers.Flatten(),
        ]
    )


# %%
networks = {"dense-2": dense(2), "dense-8": dense(8), "convolutional-8": convolutional(8), "dense-64": dense(64)}
copies = {f"PCA-{k}": pca_copy(validation, k) for k in (2, 8, 16, 64)}
for name, network in networks.items():
    if name == "convolutional-8":  # on a CPU, compiled convolutions are slower
        training.fit(network, train, epochs=3, batch_size=32, learning_rate=5e-3, jit_compile=False)
    else:
        training.fit(network, train, epochs=6, batch_size=64, learning_rate=3e-3)
    copies[name] = network.predict(validation, batch_size=1000, verbose=0)
errors = {name: error_of(validation, copy) for name, copy in copies.items()}
for name, error in errors.items():
    print(f"{name:15} error {error:.4f}", f"{networks[name].count_params():,} weights" if name in networks else "")

# %%
shown = [3, 8, 18, 1, 0, 26, 5, 12]
rungs = ["PCA-2", "dense-2", "PCA-8", "dense-8", "convolutional-8", "PCA-64", "dense-64"]
rows = [validation[shown], *(metrics.clip01(copies[name][shown]) for name in rungs)]
plots.grid(
    [row.reshape(-1, 28, 28) for row in rows],
    row_labels=["original", *(f"{name}\n{errors[name]:.4f}" for name in rungs)],
    size=0.8,
    caption="PCA-2 draws ghosts; dense-2 draws clothes, but a shoe and a shirt for the bags, and repeats its dark dots and grey shadow: near codes, same flaws. PCA-64 has the smaller error, dense-64 the cleaner ground.",
)

# %% [markdown]
# Two straight directions reach little; two bent ones can follow the cloud from shoes to shirts. The convolutional network bends nearly as well with under a tenth of the weights.
# At 64 PCA is ahead: the network learns even the straight part step by step, and six passes are too few. The next curve was recorded with longer training.

# %%
path = datasets.DATA_FOLDER / "curve_undercomplete.csv"  # by python -m bench.curve_lesson02
table = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")
curves = {}  # the mean of three trainings a point
for name in ("PCA", "dense", "convolutional"):
    rows = table[table["model"] == name.lower()]
    curves[name] = [rows["validation_mse"][rows["k"] == k].mean() for k in np.unique(rows["k"])]
plots.curve(
    np.unique(table["k"]),
    curves,
    xlabel="numbers in the code",
    ylabel="validation MSE per pixel",
    log_x=True,
    log_y=True,
    caption="A bend is worth most at 4 and 8 numbers: PCA's error is 1.6 times the networks' or more. At 64 all are within 5 %, at 128 PCA is ahead.",
)

# %% tags=["hide-input"]
narrow = below(errors["dense-8"], errors["PCA-16"], names=("dense-8", "PCA-16"))
claim("Eight numbers of the dense network beat sixteen of PCA", narrow)

# %% [markdown]
# PCA's lead at 128 is unfinished training: a better start ends it ([deeper](02_undercomplete_deeper.ipynb)).
#
# ## Does a narrow code overfit?
#
# A sentence to test: undercomplete autoencoders overfit *because* they can hold so little. (Overfitting: a gap between the errors on seen and unseen pictures.)

# %%
SIZES = ["hidden 16, code 8", "hidden 256, code 8", "hidden 256, code 128"]
guess("capacity", "Trained on 1,000 pictures: where is validation error minus training error largest?", SIZES)

# %%
few = train[:1000]
gaps = {}
for hidden, code_size in ((16, 8), (256, 8), (256, 128)):
    network = dense(code_size, hidden)
    training.fit(network, few, epochs=40, batch_size=50, learning_rate=3e-3)
    seen, unseen = (error_of(x, network.predict(x, batch_size=1000, verbose=0)) for x in (few, validation))
    gaps[f"hidden {hidden}, code {code_size}"] = unseen - seen
    print(f"hidden {hidden:3}, code {code_size:3}: seen {seen:.4f}, unseen {unseen:.4f}, gap {unseen - seen:.4f}")

# %% tags=["hide-input"]
smaller = below(gaps[SIZES[0]], gaps[SIZES[2]], times=0.7, fmt=".4f", names=("smallest", "largest"))
claim("The smallest network's gap is at least 30 % smaller than the largest's", smaller)
reveal("capacity", {a: above(gaps[a], [gaps[b] for b in gaps if b != a]) for a in gaps})
# recorded by python -m bench.gap_lesson02
table = np.genfromtxt(datasets.DATA_FOLDER / "gap_undercomplete.csv", delimiter=",", names=True)
table = table[np.lexsort((table["k"], table["hidden"]))].reshape(4, 4, -1)  # hidden, code, seed
plots.curve(
    table["k"][0, :, 0],
    {f"hidden {of[0, 0]['hidden']:.0f}": (of["validation_mse"] - of["train_mse"]).mean(axis=1) for of in table},
    xlabel="numbers in the code",
    ylabel="validation − training MSE",
    log_x=True,
    caption="Means of three trainings, which differ by up to .003 at 2 numbers, else .0008. From 8 numbers on, wider layers open the gap; with 256 and 1024 so does a wider code.",
)

# %% [markdown]
# The sentence is wrong from 8 numbers on: narrower layers have the *smaller* gap, and a larger error. More weights have more room to learn the 1,000 by heart; where layers are wide, a wider code
# adds room. At 2 numbers there is no such order; even there, large layers
# learn 50 pictures by heart ([deeper](02_undercomplete_deeper.ipynb)). More pictures close the gap.
#
# ## Start from the referee
#
# The dense network of 64 spent six passes on what three lines of NumPy know. Two other ways:
#
# **First way: begin as PCA.** Encoder and decoder get two paths each, whose results are added. One is a linear layer, set to PCA. The other is a small network
# that can bend; the weights of its *last* layer are zero. Then all weights are trained.

# %% tags=["hide-input"]
plots.diagram(
    {
        "x": (0, 0.5, "picture\n784"), "e": (1.1, 0, "linear,\nset to PCA"), "eh": (1.1, 1, "Dense 256\n→ Dense 64\n(starts at 0)"),
        "z": (2.2, 0.5, "sum: code\n64"), "d": (3.3, 0, "linear,\nset to PCA"), "dh": (3.3, 1, "Dense 256\n→ Dense 784\n(starts at 0)"),
        "y": (4.4, 0.5, "sum: copy\n784"),
    },
    [("x", "e", "z", "d", "y"), ("x", "eh", "z", "dh", "y")],
    marked=["z"],
    caption="Above what PCA knows, below what is learned on top. While the lower path answers 0, the network is PCA.",
)  # fmt: skip

# %% [markdown]
# At first the lower paths add 0, so $\hat x=\mu+(x-\mu)VV^\top+0$. The zeros do not stay:
#
# * In the decoder a last weight's gradient is hidden unit times error $e$, and neither is 0: this path moves first.
# * To the encoder the error comes back through the decoder (lesson 01). Its lower path is still 0. Its upper one brings $eV=0$: what PCA loses stands at right angles to every component,
#   for (8, 8) $(-.36,.48)\cdot(.8,.6)=0$. Once the decoder has moved, the encoder follows.
#
# Beginning with the exact answer to a simpler problem is a **warm start**.

# %%
v = axes[:64].T  # (784, 64)


def start_as_pca(hidden=256):
    """An autoencoder that is PCA-64 until it is trained."""
    training.set_seed(SEED)
    picture = keras.Input((784,))
    down, up = layers.Dense(64), layers.Dense(784)  # the two linear paths
    bent = layers.Dense(hidden, "gelu")(picture)
    code = layers.Add()([down(picture), layers.Dense(64, kernel_initializer="zeros")(bent)])
    bent = layers.Dense(hidden, "gelu")(code)
    copy = layers.Add()([up(code), layers.Dense(784, kernel_initializer="zeros")(bent)])
    down.set_weights([v, -mean @ v])  # x V - mean V
    up.set_weights([v.T, mean])  # z V^T + mean
    return keras.Model(picture, copy)


from_pca = start_as_pca()
before = error_of(validation, from_pca.predict(validation, batch_size=1000, verbose=0))
training.fit(from_pca, train, epochs=3, batch_size=64)
answers = {
    "PCA": lambda x: pca_copy(x, 64),
    "dense, from scratch": lambda x: networks["dense-64"].predict(x, batch_size=1000, verbose=0),
    "network from PCA": lambda x: from_pca.predict(x, batch_size=1000, verbose=0),
}

# %% [markdown]
# **Second way: no gradient step.** Keep PCA's code $z$ and its copy; predict from $z$ what the copy lacks. A ReLU unit is a hinge: $\max(0,az+b)$ is flat up to some place, then rises. A weighted sum of enough hinges is nearly any curve. (In 64 dimensions: a fold along a plane.)
# Draw $a$ and $b$ *at random and leave them*: **random features**. With many, some bend near every place that matters. Only the weights of the sum remain: linear regression, one equation.
#
# One hinge, on two pictures, with the values $h=(1,2)$, and the targets $e=(2,4)$. Least squares: $w=h\cdot e/h\cdot h=10/5=2$. A penalty on $w^2$ is called **ridge**; it keeps weights small.
# With a penalty of 5, $(2-w)^2+(4-2w)^2+5w^2$ has slope 0 at $w=10/(5+5)=1$.
# With all hinges as columns of $H$, one picture a row, and what PCA lost as rows of $E$, $h\cdot h$ becomes $H^\top H$, $h\cdot e$ becomes $H^\top E$, the 5 becomes $\alpha I$, and the weights are
#
# $$W=(H^\top H+\alpha I)^{-1}\,H^\top E$$
#
# The penalty $\alpha$, 100 below, was chosen on the validation pictures.

# %%
place = np.linspace(-2, 2, 200)[:, None]
target = np.sin(3 * place) + 0.5 * place
figure, panels = plots.subplots(1, 3, height=2.2, sharey=True)
for ax, count in zip(panels, (3, 10, 100), strict=True):
    draw = np.random.default_rng(5)
    hinges = np.maximum(place * draw.choice([-1, 1], count) + draw.uniform(-2, 2, count), 0)
    fitted = hinges @ np.linalg.solve(hinges.T @ hinges + 1e-3 * np.eye(count), hinges.T @ target)
    ax.plot(place, target, color=plots.COLORS["grey"], lw=3)
    ax.plot(place, fitted, "--", color=plots.COLORS["vermillion"], lw=2)
    ax.set(title=f"{count} random hinges", xlabel="z")
plots.show(figure, "Grey: a curve. Dashed: the best sum of some random hinges. There need only be enough of them.")

# %% [markdown]
# The network from PCA has 256 bent units in each half and three passes to move them. The regression has 2,048 hinges where they fell, with the best weights.

# %%
WAYS = ["PCA", "dense, six passes", "a network that starts as PCA", "PCA and random hinges, no gradient step"]
guess("warm-start", "Code of 64. Which has the smallest error on unseen pictures?", WAYS)

# %%
codes = (train - mean) @ v  # (12000, 64)
lost = train - mean - codes @ v.T  # what PCA cannot say, (12000, 784)
random = np.random.default_rng(SEED)  # a sum of 64 terms grows as √64 = 8: over codes.std() · 8, z · slope is about 1
slopes = (random.standard_normal((64, 2048)) / codes.std() / 8).astype("float32")
offsets = random.uniform(-1, 1, 2048).astype("float32")
hinges = np.maximum(codes @ slopes + offsets, 0)  # (12000, 2048)
weights = np.linalg.solve(hinges.T @ hinges + 100 * np.eye(2048, dtype="float32"), hinges.T @ lost)


def with_features(pictures):
    """PCA-64, plus what the random features of its code say about the rest."""
    codes = (pictures - mean) @ v
    return mean + codes @ v.T + np.maximum(codes @ slopes + offsets, 0) @ weights


answers["PCA + random features"] = with_features
for name, answer in answers.items():
    errors[name] = error_of(validation, answer(validation))
    print(f"{name:22} {errors[name]:.4f}")
print(f"weights of the features, fitted by one equation: {weights.size:,}")

# %% tags=["hide-input"]
pca, scratch, warm, closed = found = [errors[name] for name in answers]
claim("Before its first step the network from PCA has PCA's error", close(before, pca, 1e-5, fmt=".5f"))
order = below([closed, warm], [warm, scratch], fmt=".4f")
claim("Random features beat the network from PCA, which beats the one from scratch", order)
best = {way: below(found[i], [*found[:i], *found[i + 1 :]]) for i, way in enumerate(WAYS)}
reveal("warm-start", best)

# %% [markdown]
# The number of hinges decides. With 256 for each 2048 in that cell, the network wins; an equation can afford many. **Compute what has a closed form, train the rest.**
# Random features bend the *decoder* only. With a code of two, which two are kept matters most, and takes a trained, bent *encoder*
# ([deeper](02_undercomplete_deeper.ipynb)).
#
# ## What goes wrong
#
# **A code that is larger than the picture.** Three official examples have a "code" with more numbers than the input. Multiply *all* axes: only with *fewer*
# numbers is it a bottleneck.

# %% tags=["nbval-check-output"]
published = {
    "Keras blog and keras.io, convolutional denoiser": ((28, 28, 1), (7, 7, 32)),
    "keras.io, time-series anomaly detection": ((288, 1), (72, 16)),
}
for name, (picture, code) in published.items():
    print(f"{name}: {np.prod(picture)} numbers in, {np.prod(code)} in the code")

# %% [markdown]
# With as many numbers as the input a network can copy anything ([deeper](02_undercomplete_deeper.ipynb)). A denoiser needs no bottleneck (lesson 04).
#
# **Taking the weights for components.** They share the span only. For components, do PCA *inside* it:
#
# 1. Take an orthonormal basis of the decoder's rows (QR).
# 2. Write the centred pictures in coordinates along it.
# 3. Find the principal axes of these coordinates.
# 4. Carry them back through the basis.
#
# **Forgetting the mean.** The first axis then nearly points at the mean.

# %% tags=["nbval-check-output"]
raw_axes = np.linalg.svd(five, full_matrices=False)[2]
raw_copies = five @ raw_axes[:1].T @ raw_axes[:1]
print("first axis of the five points, not centred:", np.abs(np.round(raw_axes[0], 2)))
print("squared error a point:", np.round(np.square(five - raw_copies).sum(axis=1).mean(), 2), "instead of 0.4")

# %% [markdown]
# ## When it does not train
#
# Many tutorials put a ReLU on the code. Take one unit, $\max(0,xw+b)$. If a large step pushes $b$ to −10 and $xw$ never exceeds 3, it answers 0 for *every*
# picture. There the ReLU is flat, its gradient 0, and no step brings it back. Such a unit is called dead. Of 64, how many?

# %%
dead = {}
for rate in (1e-3, 1e-2):
    training.set_seed(SEED)
    code = layers.Dense(64, "relu")
    network = keras.Sequential([keras.Input((784,)), code, layers.Dense(784, "sigmoid")])
    training.fit(network, few, epochs=20, batch_size=32, learning_rate=rate, schedule=None)  # constant rate
    fired = keras.Model(network.inputs, code.output).predict(validation, batch_size=1000, verbose=0)  # (2000, 64)
    dead[rate] = int((fired.max(axis=0) == 0).sum())
    print(f"learning rate {rate}: {dead[rate]} of 64 units never fire")

# %% tags=["hide-input"]
claim("Ten times the learning rate kills at least four more of 64 units", above(dead[1e-2], dead[1e-3], by=3))

# %% [markdown]
# |you see|look at|likely cause|mend it|
# |---|---|---|---|
# |the loss stops falling early|`(codes.max(axis=0) == 0).sum()`|dead ReLU units|no activation on the code, smaller rate|
# |a linear network stays above PCA's loss|`pictures.mean(axis=0)`, the last losses|not centred; rate never falls; too few steps|subtract the training mean; let the rate fall|
# |all copies are the mean picture|`codes.std(axis=0)`|the code is constant|smaller rate; linear or sigmoid output|
# |training error far below validation error|number of pictures, hidden widths|memorised|more pictures, narrower layers|
# |everything is copied well, also noise|numbers in the code, all axes|no bottleneck|a real one, noise (04) or sparsity (03)|
#
# ## Results
#
# Now, once, the test pictures, with a code of 64. "Rival": fitted without training, but with random parts.

# %%
test_errors = {"mean picture": error_of(test, np.broadcast_to(mean, test.shape))}
test_errors |= {name: error_of(test, answer(test)) for name, answer in answers.items()}
plots.ladder(
    list(test_errors),
    [metrics.psnr_from_mse(error) for error in test_errors.values()],
    kinds=["trivial", "referee", "network", "both", "rival"],
    metric="PSNR on 2,000 test pictures",
    unit="dB",
    lower_is_better=False,
    annotations=[f"MSE {error:.4f}" for error in test_errors.values()],
    caption="PCA gives nine decibels above the mean picture; random features and a solved equation nearly one more.",
)

# %% tags=["hide-input"]
rivals = [test_errors["PCA"], test_errors["dense, from scratch"]]
saved = below(test_errors["PCA + random features"], rivals, times=0.9, fmt=".4f", names=("", ["PCA", "from scratch"]))
claim("On test pictures, features on top of PCA save a tenth against PCA and against scratch", saved)

# %% [markdown]
# ## Wrap-up
#
# * What the bottleneck forces a network to keep: the directions (with bends, the curves) along which pictures vary most.
# * PCA is the best straight answer: $\hat x=\mu+(x-\mu)VV^\top$. Its training error per pixel is the sum of the eigenvalues left out, divided by $d$.
# * A linear autoencoder reaches PCA's loss and, where the eigenvalues differ, its span, with other arrows.
# * A bend is worth most for a narrow code.
# * From 8 numbers on, narrow hidden layers limit overfitting, and cost error.
# * Start from the referee.
#
# Next: [the exercises](../exercises/02_undercomplete.ipynb) and their capstone, a compressor.
#
# ## References
#
# * C. Eckart, G. Young: *The approximation of one matrix by another of lower rank*, 1936.
# * P. Baldi, K. Hornik: *Neural networks and principal component analysis*, 1989.
# * A. Rahimi, B. Recht: *Random features for large-scale kernel machines*, 2007.
# * F. Chollet: *Building autoencoders in Keras*, 2016. keras.io: *Convolutional autoencoder for image denoising*; *Timeseries anomaly detection using an autoencoder*.
# * More in [deeper](02_undercomplete_deeper.ipynb).
