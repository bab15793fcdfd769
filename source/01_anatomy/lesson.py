# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Anatomy of an autoencoder
#     lesson: 1
#     minutes: 44
#     compute: 25
#     summary: "Encoder, code, decoder, and what training does to them; errors that mean something; bits, not numbers; what a network of clothes does with digits"
#     prerequisites:
#       - "lesson 00"
#     objectives:
#       - Build an encoder, a decoder and the autoencoder that shares their layers
#       - Compute the gradient of a small autoencoder by hand, and train the large one in plain Keras
#       - Judge a reconstruction error against a trivial baseline and an exact referee, in decibels
#       - Count a code in bits, and compare it with JPEG at equal bytes
#       - Measure what a network does with data it was not trained on, and when it memorises
#     data: [fashion_mnist, digits]
# ---

# %% [markdown]
# In lesson 00 a network copied clothes through 32 numbers. Now you take one apart. What is inside, and what does training do to it? Autoencoders are
# called *lossy*, *data-specific* and *learned*: here each word gets a number.

# %%
import io

from course_lib import above, all_of, below, between, claim, close, guess, reveal
from course_lib import datasets, metrics, models, plots, referees, training
from course_lib.widgets import explore, slider

import keras
import numpy as np
from PIL import Image

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")  # (12000, 784), (2000, 784), float32 in [0, 1]
pictures = validation.reshape(-1, 28, 28)
ten = [int(np.flatnonzero(clothes.validation_labels == label)[3]) for label in range(10)]  # one of each class

# %% [markdown]
# Networks learn from `train`, clothes are judged on `validation`. Their test split stays closed until *Results*.
#
# ## Encoder, bottleneck, decoder
#
# Copying 784 numbers is no art. Copying them from a note of 32 is one: the writer must know what matters, the reader what clothes look like.

# %% tags=["hide-input"]
boxes = {"x": (0, 0, "picture x\n784 pixels"), "f": (1.15, 0, "encoder f"), "z": (2.3, 0, "code z\n32 numbers")}
boxes |= {"g": (3.45, 0, "decoder g"), "y": (4.6, 0, "copy x̂\n784 pixels"), "loss": (2.3, 1.7, "loss\nhow different?")}
plots.diagram(
    boxes,
    [("x", "f", "z", "g", "y"), ("x", "loss"), ("y", "loss")],
    shapes={"f": "narrows", "g": "widens"},
    marked=["z"],
    caption="All that the decoder learns of a picture comes through the code; the loss compares copy and picture.",
)

# %% [markdown]
# In signs: $z=f(x)$, $\hat{x}=g(z)$, and the mean squared error over $n$ pictures of $d$ pixels is
#
# $$\mathrm{MSE}=\frac{1}{nd}\sum_{i=1}^{n}\sum_{j=1}^{d}(x_{ij}-\hat{x}_{ij})^2.$$
#
# In Keras the two halves are models of their own. The third model owns no layers: it *is* the other two, one after the other.

# %%
encoder = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(256, "gelu"),
        keras.layers.Dense(32, name="code"),  # no activation: a code may be any 32 numbers
    ],
    name="encoder",
)
decoder = keras.Sequential(
    [
        keras.Input((32,)),
        keras.layers.Dense(256, "gelu"),
        keras.layers.Dense(784, "sigmoid", name="reconstruction"),  # a pixel lies between 0 and 1
    ],
    name="decoder",
)
image = keras.Input((784,))
autoencoder = keras.Model(image, decoder(encoder(image)), name="autoencoder")

# %% tags=["nbval-check-output"]
codes = encoder.predict(validation[:5], verbose=0)
copies = decoder.predict(codes, verbose=0)
print(f"pictures {validation[:5].shape}, codes {codes.shape}, copies {copies.shape}")
print(f"numbers to learn: {encoder.count_params():,} in the encoder, {decoder.count_params():,} in the decoder")
print(f"and in the autoencoder: {autoencoder.count_params():,}, the same numbers once more")

# %% [markdown]
# The sum fits because the layers are shared: training the autoencoder trains the other two. `Dense(...)` written once more for the decoder
# would make a new layer that no training reaches.
#
# ### The gradient of one unit, by hand
#
# Training nudges every weight against its **gradient**: the rate at which the loss grows with that weight. Keras computes 400,000 of them
# at once; here are two. One number $x=2$, one tanh unit, one output, no biases:
#
# $$a=w_1x,\qquad{h}=\tanh{a},\qquad{y}=w_2h,\qquad{L}=(y-x)^2.$$

# %% tags=["hide-input"]
there = {"x": "x\n2", "a": "a\n1", "h": "h\n.76", "y": "y\n.76", "L": "L\n1.53"}
back = {"x'": "∂L/∂w₁\n−2.08", "a'": "∂L/∂a\n−1.04", "h'": "∂L/∂h\n−2.48", "y'": "∂L/∂y\n−2.48", "L'": "∂L/∂L\n1"}
boxes = {name: (1.6 * i, 0, text) for i, (name, text) in enumerate(there.items())}
boxes |= {name: (1.6 * i, 1, text) for i, (name, text) in enumerate(back.items())}
boxes["v'"] = (3.2, 2, "∂L/∂w₂\n−1.89")
labels = {("x", "a"): "· w₁ = .5", ("a", "h"): "tanh", ("h", "y"): "· w₂ = 1", ("y", "L"): "(y − x)²"}
labels |= {("L'", "y'"): "· 2(y − x)", ("y'", "h'"): "· w₂", ("h'", "a'"): "· (1 − h²)"}
labels |= {("a'", "x'"): "· x", ("y'", "v'"): "· h"}
caption = "Above from the input to the loss; below the same steps backwards, each one factor, to the two gradients."
plots.diagram(boxes, [list(there), list(back)[::-1], ["y'", "v'"]], labels=labels, marked=["x'", "v'"], caption=caption)

# %% [markdown]
# With $w_1=.5$ and $w_2=1$ the output is .76, far below 2. Now walk back from the loss and multiply by one factor a step: the
# **chain rule**. ($\partial{L}/\partial{w}$ reads: the rate at which $L$ grows with $w$, all else fixed.)
#
# * How fast does the loss grow with the output? $2(y-x)=2\cdot(.76-2)=-2.48$.
# * The output with $w_2$? By $h$. So the gradient for $w_2$ is $-2.48\cdot.76=-1.89$ (before rounding).
# * The output with $h$? By $w_2=1$. $h$ with $a$? By the slope of tanh, $1-h^2=.42$. $a$ with $w_1$? By $x=2$. The
#   gradient for $w_1$ is the product: $-2.48\cdot1\cdot.42\cdot2=-2.08$.
#
# $$\frac{\partial{L}}{\partial{w_2}}=2(y-x)\,h,\qquad\frac{\partial{L}}{\partial{w_1}}=2(y-x)\;w_2\,(1-h^2)\;x.$$
#
# Both are negative: more weight, less loss. So raise both, a little, and again:


# %%
def forward(w1, w2, x=2.0):
    """The hidden number, the output and the loss of the autoencoder with one unit."""
    h = np.tanh(w1 * x)
    y = w2 * h
    return h, y, (y - x) ** 2


def gradients(w1, w2, x=2.0):
    """How fast the loss grows with w1 and with w2."""
    h, y, _ = forward(w1, w2, x)
    d_y = 2 * (y - x)
    return d_y * w2 * (1 - h**2) * x, d_y * h


w1, w2 = 0.5, 1.0
for step in range(21):
    if step % 5 == 0:
        print(
            f"step {step:2d}: w1 {w1:.2f}, w2 {w2:.2f}, output {forward(w1, w2)[1]:.2f}, loss {forward(w1, w2)[2]:.4f}"
        )
    slope1, slope2 = gradients(w1, w2)
    w1, w2 = w1 - 0.1 * slope1, w2 - 0.1 * slope2  # 0.1 is the learning rate

# %%
nudge, start = 1e-6, forward(0.5, 1.0)[2]
nudged = [(forward(0.5 + nudge, 1.0)[2] - start) / nudge, (forward(0.5, 1.0 + nudge)[2] - start) / nudge]
slopes = close(gradients(0.5, 1.0), nudged, 0.001, fmt=".2f", names=("by hand", "by nudging"))
claim("The chain rule gives the slopes that nudging each weight shows", slopes)

# %% [markdown]
# The output climbs to 2: that is training. Now $n$ pictures of $d$ pixels, one a row of $X$, with $k$ units and biases:
#
# $$A=XW_1+b_1,\qquad{H}=\tanh{A},\qquad{Y}=HW_2+b_2,\qquad{L}=\frac1n\sum_{i,j}(Y_{ij}-X_{ij})^2.$$
#
# $X$ and $Y$ are $(n,d)$, $A$ and $H$ $(n,k)$, $W_1$ $(d,k)$, $W_2$ $(k,d)$. Call the rate at the output $G=\frac{\partial{L}}{\partial{Y}}=\frac2n(Y-X)$. To the gradient of the
# weight from unit $u$ to pixel $j$, picture $i$ adds $H_{iu}\,G_{ij}$: as above, what enters the weight times the rate behind it. The product $H^\top{G}$
# sums this over the pictures. Unit $u$ reaches every pixel $j$, with weight $W_{2,uj}$: its own rate is the sum $\sum_jG_{ij}W_{2,uj}$, an entry of $GW_2^\top$. Then times the slope of tanh, entry by entry ($\odot$):
#
# $$\frac{\partial{L}}{\partial{W_2}}=H^\top{G},\qquad{D}=\frac{\partial{L}}{\partial{A}}=(G\,W_2^\top)\odot(1-H^2),\qquad\frac{\partial{L}}{\partial{W_1}}=X^\top{D}.$$
#
# A bias is added to every row: its gradient is the sum of each column, of $G$ for $b_2$, of $D$ for $b_1$. (Keras's `"mse"` also divides by $d$.)
#
# ### Start at the mean picture
#
# An untrained decoder answers grey: the sigmoid of 0 is $\frac12$. Suppose a pixel is .2 on average. Which bias, the number added
# before the sigmoid, makes the sigmoid answer .2?
#
# $$\frac{1}{1+e^{-b}}=.2\quad\Longrightarrow\quad{b}=\ln\frac{.2}{1-.2}=-1.39.$$
#
# This is the **logit** of .2. We set each pixel's bias to the logit of its mean. The error at the end is smaller, too (second notebook).


# %%
def start_at_mean(decoder, images):
    """Set the last biases so that the decoder starts near the mean of ``images``, shape (n, 784)."""
    mean = np.clip(images.mean(axis=0), 0.01, 0.99)  # the logit is infinite at 0 and 1
    decoder.get_layer("reconstruction").bias.assign(np.log(mean / (1 - mean)))


def copies_of(images, model):
    """A model's reconstructions, clipped to [0, 1]: (n, 784) -> (n, 784)."""
    return metrics.clip01(model.predict(images, batch_size=1000, verbose=0))


mean_picture = train.mean(axis=0)  # (784,)
mean_answer = np.broadcast_to(mean_picture, validation.shape)  # the same picture 2,000 times
baseline = metrics.mse(validation, mean_answer)
untrained = metrics.mse(validation, copies_of(validation, autoencoder))
start_at_mean(decoder, train)
started = metrics.mse(validation, copies_of(validation, autoencoder))
print(
    f"error untrained: {untrained:.3f}; with the biases set: {started:.3f}; of the mean picture itself: {baseline:.3f}"
)

# %% [markdown]
# Half of the error is gone before any training.
#
# ### Compile and fit, in the open
#
# A **learning-rate schedule** takes large steps first, small ones at the end; ours falls along half a cosine, to 0
# ([second notebook](01_anatomy_deeper.ipynb)).

# %%
training.set_seed(SEED)
steps = 6 * int(np.ceil(len(train) / 64))  # six passes over the pictures, in batches of 64
rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
autoencoder.compile(keras.optimizers.Adam(rate), "mse")
deep_run = autoencoder.fit(
    train, train, batch_size=64, epochs=6, validation_data=(validation, validation), verbose=0
)  # the target is the input
deep_error = metrics.mse(validation, copies_of(validation, autoencoder))
print(f"error on unseen pictures: {deep_error:.4f}; the mean picture, where it started: {baseline:.4f}")

# %% [markdown]
# We call this network *deep*. In lesson 00 the same layers came to .0129: an epoch less, steps of one size, a start at grey. From here on
# `training.fit(model, images, epochs=…, batch_size=…, learning_rate=…)` does the same: target, Adam, squared error and cosine (`schedule=None` keeps the
# rate constant). What came out?

# %% tags=["hide-input"]
shoe = validation[ten[7:8]]
figure, axes = plots.subplots(1, 3, height=2.3, width_ratios=[1, 2.2, 1])
axes[0].imshow(shoe.reshape(28, 28), cmap="gray", vmin=0, vmax=1)
axes[1].bar(range(1, 33), encoder.predict(shoe, verbose=0)[0])
axes[2].imshow(copies_of(shoe, autoencoder).reshape(28, 28), cmap="gray", vmin=0, vmax=1)
for ax, title in zip(axes, ("a shoe", "its code: 32 numbers", "made from the code"), strict=True):
    ax.set(title=title, xticks=[])
    ax.grid(False)
    ax.axis("on" if ax is axes[1] else "off")
plots.show(figure, "A picture, all that the decoder gets to see of it, and what it makes of that.")

# %% [markdown]
# ## How large is an error
#
# Is that error large or small? By hand first. A picture of four pixels, $(0,.5,1,.2)$, and its copy, $(.1,.5,.8,.2)$, differ
# by $(.1,0,.2,0)$; the squares are $(.01,0,.04,0)$, their mean is .0125. Its root, .11, says how far off a typical pixel is.
#
# Errors that differ by factors are easier to read in **decibels** (dB). An error of .01 is 20 dB, .001 is 30 dB, each tenth is 10 more; half the
# error is 3 more. The name is **peak signal-to-noise ratio**: the square of the largest possible pixel, the peak, over the error; its $\log_{10}$; times
# ten. With a peak of 1:
#
# $$\mathrm{PSNR}=10\log_{10}\frac{1^2}{\mathrm{MSE}}=-10\log_{10}\mathrm{MSE}.$$
#
# Our .0125 is 19 dB. For a set of pictures, average the errors first, then convert.
#
# Is 19 dB good? It takes two other numbers to say:
#
# * the trivial baseline, the mean picture: $\bar{x}_j=\frac1n\sum_i{x_{ij}}$ over the *training* pictures, one answer for all. No other
#   constant answer has a smaller squared error there;
# * the referee, the best straight-line answer: of all copies made by one matrix down to 32 numbers and another one up, none is better on the
#   training pictures than PCA with 32 numbers, **PCA-32**. Lesson 02 shows how.

# %%
pca = referees.fit_pca(train, 256)


def pca_copy(images, k):
    """The reconstruction from k principal components, clipped to [0, 1]: (n, 784) -> (n, 784)."""
    return metrics.clip01(pca.keep(k).reconstruct(images))


pca_error = metrics.mse(validation, pca_copy(validation, 32))
for name, error in (("mean picture", baseline), ("PCA-32", pca_error), ("network", deep_error)):
    print(
        f"{name:12s} MSE {error:.4f}, a typical pixel off by {error**0.5:.2f}, PSNR {metrics.psnr_from_mse(error):.1f} dB"
    )

# %% [markdown]
# Now it reads: nearly eight times better than no knowledge, and 1 dB better than linear algebra.
#
# ### Is a small error a similar picture?
#
# Take a checked shirt. Shift it one pixel to the right, or paint its left half its own mean grey.

# %%
guess(
    "shift-or-mask",
    "Which of the two has the larger mean squared error?",
    ["one-pixel shift", "half painted grey", "about the same"],
)


# %%
def shift(images, pixels):
    """Images moved to the right by some pixels; what enters on the left is black. (n, 28, 28) -> (n, 28, 28)."""
    moved = np.zeros_like(images)
    moved[:, :, pixels:] = images[:, :, : 28 - pixels]
    return moved


def paint_half(images):
    """Images whose left half has each image's own mean grey."""
    painted = images.copy()
    painted[:, :, :14] = images.mean(axis=(1, 2))[:, None, None]
    return painted


shirt = pictures[733:734]
shifted, painted = (metrics.mse(shirt, changed) for changed in (shift(shirt, 1), paint_half(shirt)))

# %%
plots.row(
    [shirt[0], shift(shirt, 1)[0], paint_half(shirt)[0]],
    titles=["original", f"shifted: MSE {shifted:.3f}", f"half grey: MSE {painted:.3f}"],
    caption="The shift that you hardly see costs twice as much as the paint that you cannot miss.",
)
options = above(shifted, painted, times=1.2), above(painted, shifted, times=1.2), between(shifted / painted, 0.83, 1.2)
reveal("shift-or-mask", dict(zip(("one-pixel shift", "half painted grey", "about the same"), options, strict=True)))

# %% [markdown]
# Why? Every stripe now lies where the gap was. The MSE compares each pixel with the one at the same place and knows nothing of its
# neighbours.

# %% tags=["hide-input"]


def show_shift(pixels, index):
    image = pictures[index : index + 1]
    versions = {"original": image, f"shifted by {pixels}": shift(image, pixels), "left half grey": paint_half(image)}
    below = [f"MSE {metrics.mse(image, version):.3f}" for version in versions.values()]
    plots.row([version[0] for version in versions.values()], titles=list(versions), below=below, size=1.7)


caption = "For one pixel this plain coat pays less than half of what the checked shirt did. Move the sliders."
controls = {"pixels": slider(0, 6, 1, label="shift in pixels"), "index": slider(0, 1999, ten[4], label="picture")}
explore(show_shift, caption, **controls)

# %% [markdown]
# All 2,000 pictures, beside a blur (each pixel replaced by the mean of the three by three around it):

# %%
framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
blurred = sum(framed[:, i : i + 28, j : j + 28] for i in range(3) for j in range(3)) / np.float32(9)
blur_error = metrics.mse(pictures, blurred)
one_pixel, two_pixels = (metrics.mse(pictures, shift(pictures, pixels)) for pixels in (1, 2))
claim("A blurred picture costs less than half of one shifted by a pixel", below(blur_error, one_pixel, times=0.5))
claim(
    "Shifting by two pixels costs more than painting half grey",
    above(two_pixels, metrics.mse(pictures, paint_half(pictures))),
)

# %% [markdown]
# (Over all pictures one pixel costs less than paint.) So **a network trained with the MSE prefers a blur to a sharp edge in a slightly wrong place.** One pixel shows why. It is black (0) or white (1), half
# and half, and the code does not say which. Answer black: the squared error is 0 or 1, on average $\frac12$. Answer grey, .5: it is $\frac14$, always. Blur
# is what the loss asks for where the code is silent.
#
# ## The recipe everybody starts with
#
# The most copied autoencoder is shallower: one ReLU layer of 32 units as the code, one sigmoid layer back, Adam at a constant rate. How long should it
# train?

# %%
places = ["worse than the mean picture", "between the mean picture and PCA-32", "better than PCA-32"]
guess("shallow", "784 → 32 (ReLU) → 784 (sigmoid), five epochs. Where does it land, on unseen pictures?", places)

# %%
training.set_seed(SEED)
shallow = keras.Sequential(
    [keras.Input((784,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(784, "sigmoid")], name="shallow"
)
shallow_run = training.fit(shallow, train, epochs=16, learning_rate=1e-3, schedule=None, validation_data=validation)
shallow_errors = shallow_run.validation_loss  # one an epoch
for epoch in (5, 10, 16):
    print(f"shallow network after {epoch:2d} epochs: {shallow_errors[epoch - 1]:.4f}; PCA-32: {pca_error:.4f}")

# %% tags=["hide-input"]
plots.learning_curves(
    {"shallow": shallow_errors, "deep": deep_run.history["val_loss"] + [np.nan] * 10},
    names={"shallow": "shallow", "deep": "deep"},
    levels={"mean picture": baseline, "PCA-32": pca_error},
    ylabel="validation MSE per pixel",
    caption="Without the two grey lines every one of these epochs looks like success.",
)
five, sixteen = shallow_errors[4], shallow_errors[15]
options = above(five, baseline), between(five, pca_error, baseline, fmt=".4f"), below(five, pca_error)
reveal("shallow", dict(zip(places, options, strict=True)))

# %%
behind = above(five, pca_error, fmt=".4f", names=("after 5", "PCA-32"))
ahead = below(sixteen, pca_error, fmt=".4f", names=("after 16", "PCA-32"))
claim("The common recipe is behind PCA-32 after five epochs, and ahead after sixteen", all_of(behind, ahead))

# %% [markdown]
# Stopped early it loses, trained longer it wins, and **the loss alone would not have told you which.** Why behind? PCA is solved
# exactly; the network creeps towards its answer in small steps. Why ahead later? Its sigmoid ends at black and white, and was in place while it chose its numbers. PCA's copies are clipped
# there only after PCA has chosen. (The ReLU is no help; the second notebook takes it
# out.)
#
# ## The reconstruction ladder
#
# Ten unseen pictures by ever stronger means, and what each stores for one: the code as 32 numbers of 32 bits.

# %%
answers = {
    "mean picture": (mean_answer, "trivial", 0),
    "PCA-2": (pca_copy(validation, 2), "referee", 2 * 32),
    "PCA-32": (pca_copy(validation, 32), "referee", 32 * 32),
    "shallow": (copies_of(validation, shallow), "network", 32 * 32),
    "deep": (copies_of(validation, autoencoder), "network", 32 * 32),
    "identity": (validation, "limit", 784 * 8),
}

# %%
plots.ladder_images(
    list(answers),
    [answer[ten].reshape(-1, 28, 28) for answer, _, _ in answers.values()],
    [metrics.mse(validation, answer) for answer, _, _ in answers.values()],
    [bits for _, _, bits in answers.values()],
    kinds=[kind for _, kind, _ in answers.values()],
    caption="Two numbers give the outline, 32 the garment; the prints on the shirts are lost on every rung but the last.",
)

# %% [markdown]
# Two numbers say *bright or dark, tall or flat*: the dark shirt comes back as a shoe. Prints and checks cost many bits and, on average,
# little squared error: only the picture itself (*identity*) has them.

# %% [markdown]
# ## Bits, not numbers
#
# How much smaller is the code? "784 numbers became 32, so 24.5 times" compares pixels of 8 bits with floats of 32. The **bits of a code** are its
# numbers times the bits of each, and so are those of a picture:
#
# $$\text{ratio}=\frac{\text{bits of the picture}}{\text{bits of the code}}=\frac{784\cdot8}{32\cdot32}=\frac{6272}{1024}=6.1.$$
#
# A code may be a small picture, too: shape (7, 7, 4) is 196 numbers.
#
# A code need not be stored as floats. Round each number to one of 256 levels, and it takes 8 bits: $6272/(32\cdot8)=24.5$, the naive figure
# again, now earned: both sides have 8 bits a number, which cancel. What does the rounding cost?


# %%
def rounded(codes, training_codes, bits=8):
    """Each number of the codes (n, k) on the nearest of 2**bits levels between its extremes on the training pictures."""
    low, high = training_codes.min(axis=0), training_codes.max(axis=0)
    levels = 2**bits - 1
    steps = np.round((np.clip(codes, low, high) - low) / (high - low) * levels)  # whole numbers from 0 to 255
    return (low + steps / levels * (high - low)).astype("float32")


codes, training_codes = (encoder.predict(images, batch_size=1000, verbose=0) for images in (validation, train))
code_copies = copies_of(rounded(codes, training_codes), decoder)  # from 32 bytes a picture
code_psnr = metrics.psnr(validation, code_copies)
print(f"codes as floats, 128 bytes: {metrics.psnr_from_mse(deep_error):.2f} dB; rounded, 32 bytes: {code_psnr:.2f} dB")

# %% [markdown]
# Next to nothing.
#
# ### Against JPEG, at equal bytes
#
# Are 32 bytes few? A JPEG file of one small picture is mostly header, tables that say how to read the rest. So we also put all 2,000 into one large
# picture, where the header hardly counts.


# %%
def tile(images):
    """2,000 pictures (2000, 28, 28) as one, 40 rows of 50: (1120, 1400)."""
    return np.vstack([np.hstack(images[start : start + 50]) for start in range(0, 2000, 50)])


def untile(picture):
    """Back again: (1120, 1400) -> (2000, 28, 28)."""
    return np.stack([image for row in np.vsplit(picture, 40) for image in np.hsplit(row, 50)])


def jpeg(picture, quality):
    """The size in bytes of a uint8 picture as a JPEG file, and the picture that comes back out."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, optimize=True)
    return len(file.getvalue()), np.asarray(Image.open(file))


alone = np.mean([jpeg(picture, 10)[0] for picture in clothes.validation[:200]])
black = jpeg(np.zeros((28, 28), "uint8"), 10)[0]
print(f"a file for each picture, quality 10: {alone:.0f} bytes; of an all-black one, which says nothing: {black}")

# %%
for quality in range(1, 100):
    size, tiled = jpeg(tile(clothes.validation), quality)
    if size >= 32 * 2000:  # the first quality that gets as many bytes as the code
        break
jpeg_copies = untile(tiled).reshape(-1, 784).astype("float32") / 255
jpeg_psnr = metrics.psnr(validation, jpeg_copies)
print(f"tiled, quality {quality}: {size / 2000:.1f} bytes a picture, {jpeg_psnr:.1f} dB")

# %% tags=["hide-input"]
plots.grid(
    [rows[ten].reshape(-1, 28, 28) for rows in (validation, jpeg_copies, code_copies)],
    row_labels=["original", f"JPEG\n{size / 2000:.1f} bytes", "code\n32 bytes"],
    caption="JPEG even gets a few bytes more, and leaves blocks; the network a blur.",
)
better = above(code_psnr, jpeg_psnr, unit="dB", fmt=".1f", names=("code", "JPEG"))
claim("In 32 bytes a picture the code keeps more than JPEG in at least as many", better)
print(f"the decoder has to come along: {decoder.count_params() * 4 / 1000:.0f} kB, against 64 kB for all 2,000 codes")

# %% [markdown]
# *Lossy* is measured now: a little better than JPEG at a size at which nobody would use JPEG, and with a decoder 13 times as large as all the codes.
#
# ## Data-specific: what it does with other worlds
#
# The network has seen clothes and nothing else. Give it digits, noise, a checkerboard, and clothes turned upside down.

# %%
ratios = ["about the same", "2 to 10 times as large", "100 times as large, or more"]
guess("digits", "How large is the error on handwritten digits, compared with the error on clothes?", ratios)

# %%
digits = datasets.digits()
board = (np.indices((28, 28)).sum(axis=0) % 2).astype("float32")
worlds = {
    "clothes": validation,
    "upside down": pictures[:, ::-1].reshape(-1, 784),
    "digits": digits.flat("test"),
    "noise": np.random.default_rng(SEED).random((1000, 784), dtype="float32"),
    "checkerboard": np.stack([board, 1 - board] * 5).reshape(10, 784),
}
deep_errors = {name: metrics.mse(images, copies_of(images, autoencoder)) for name, images in worlds.items()}
pca_errors = {name: metrics.mse(images, pca_copy(images, 32)) for name, images in worlds.items()}
times = deep_errors["digits"] / deep_errors["clothes"]

# %% tags=["hide-input"]
own_errors = {name: images.var(axis=0).mean() for name, images in worlds.items()}  # (x - mean picture)², averaged
firsts = np.stack([images[4] for images in worlds.values()])
means = np.stack([images.mean(axis=0) for images in worlds.values()])
below_rows = [[f"{error:.3f}" for error in errors.values()] for errors in (deep_errors, pca_errors, own_errors)]
plots.grid(
    [rows.reshape(-1, 28, 28) for rows in (firsts, copies_of(firsts, autoencoder), pca_copy(firsts, 32), means)],
    row_labels=["input", "deep", "PCA-32", "own mean\npicture"],
    column_titles=list(worlds),
    below=[[""] * 5, *below_rows],
    size=1.25,
    caption="MSE over each whole set. Every answer of the two middle rows looks a little like clothes.",
)
reveal("digits", dict(zip(ratios, (below(times, 2), between(times, 2, 10), above(times, 100)), strict=True)))
claim("Digits cost a network of clothes 3 to 5 times as much as clothes do", between(times, 3, 5))

# %% [markdown]
# Read each column against its own mean picture, the trivial answer of that world. Clothes upside down, the same pixels elsewhere, cost more than twice as
# much as upright ones. On digits the network leaves two thirds of the mean picture's error, and PCA-32 no more: the lead on clothes does not carry over. On noise and
# checkerboard both are worse than plain grey, their mean picture: these errors are large mostly because the contrast is.
#
# Is it symmetric? Train the same network, by the same recipe, on digits.

# %%
training.set_seed(SEED)
digit_images = digits.flat("train")  # (4000, 784)
_, digit_decoder, digit_autoencoder = models.build_autoencoder(784, hidden_units=256, code_size=32)  # as above
start_at_mean(digit_decoder, digit_images)
training.fit(digit_autoencoder, digit_images, epochs=6, batch_size=64, learning_rate=3e-3)
for name in ("digits", "clothes"):
    own = metrics.mse(worlds[name], copies_of(worlds[name], digit_autoencoder))
    print(f"on {name}: the network of digits {own:.4f}, the network of clothes {deep_errors[name]:.4f}")

# %% [markdown]
# No: a network of digits has never met a large bright area. On clothes it is eight times worse than on digits, and worse than their mean
# picture (.0866). *Data-specific* means: how a model does elsewhere depends on its own world. And nobody designed anything for digits: new data,
# the same lines, a working autoencoder. That is what *learned* means.
#
# ## Learned: from how many pictures?
#
# Now from 50 pictures, with a code of 16 numbers and 4, 32 or 256 hidden units in each half. (With 4 they are the narrowest place, not the code.)
# PCA-16 gets the same 50. **Overfitting** is a **gap** between the errors on training and on unseen pictures. Does it harm: does the unseen
# error rise? In the textbook's sketch it falls with the size of the network, then bends up again.

# %%
ends = ["the error falls, to below PCA's", "the error falls, but stays above PCA's", "the error rises"]
guess("fifty", "The wider the network, the better it copies its 50 pictures. And pictures that it has not seen?", ends)

# %%
few = train[:50]
many_times = np.tile(few, (10, 1))  # ten copies an epoch: fewer, longer epochs save time
widths, few_errors, unseen_errors = [4, 32, 256], [], []
for width in widths:
    training.set_seed(SEED)
    _, small_decoder, small = models.build_autoencoder(784, hidden_units=width, code_size=16)
    start_at_mean(small_decoder, few)
    training.fit(small, many_times, epochs=30, batch_size=50, learning_rate=3e-3)
    few_errors.append(metrics.mse(few, copies_of(few, small)))
    unseen_errors.append(metrics.mse(validation, copies_of(validation, small)))
few_pca = referees.fit_pca(few, 16)
few_pca_error, unseen_pca_error = (metrics.mse(x, metrics.clip01(few_pca.reconstruct(x))) for x in (few, validation))

# %% tags=["hide-input"]
plots.curve(
    widths,
    {"unseen pictures": unseen_errors, "the 50 pictures": few_errors},
    xlabel="hidden units in each half",
    ylabel="MSE per pixel",
    log_x=True,
    log_y=True,
    levels={"PCA-16, unseen": unseen_pca_error, "PCA-16, the 50": few_pca_error},
    caption="The wide network copies its 50 pictures nearly perfectly, and unseen ones worse than PCA-16 does.",
)
narrow, _, wide = unseen_errors
options = below(wide, unseen_pca_error), between(wide, unseen_pca_error, narrow, fmt=".4f"), above(wide, narrow)
reveal("fifty", dict(zip(ends, options, strict=True)))
claim("The widest network is more than 10 times worse on unseen pictures", above(wide, few_errors[-1], times=10))

# %% [markdown]
# It does not bend up. The gap grows, from a factor of 1.4 to one far above 10: the wide network has memorised its 50. It overfits, and here does no
# harm. (The small one's gap is small because it copies everything badly.) Why does PCA-16 stay ahead? A likely reason: it adds up 16 fixed pictures, and for
# any picture, seen or not, takes the amounts that fit best; the network's encoder has to guess, and has practised on 50. A training error
# says only how well the pictures are remembered. With all 12,000 the deep network's two errors are nearly the same
# (`deep_run.history` has them): more pictures closed the gap.
#
# ## What goes wrong
#
# Mistakes from published tutorials. Two you have met: **counting numbers instead of bits** (24.5 instead of 6.1), and **judging a method that was
# stopped early.**
#
# **A loss with no baseline.** Put a black frame of two pixels around every picture:

# %% tags=["nbval-check-output"]
frame = ((0, 0), (2, 2), (2, 2))
plain_copy = pca_copy(validation, 32).reshape(-1, 28, 28)
padded_error = metrics.mse(np.pad(pictures, frame), np.pad(plain_copy, frame))
print(f"PCA-32 without the frame {pca_error:.4f}, with it {padded_error:.4f}: {1 - padded_error / pca_error:.0%} less")

# %% [markdown]
# No picture improved: black pixels are easy, and they count. The mean picture's error falls by as much: a baseline would have told you.
#
# **Choosing on the pictures that are meant to judge.** Take the best of 100 models on 30 test pictures, and part of its lead is luck with these 30.
# It shrinks on others (measured in the second notebook). Choose on validation pictures.
#
# ## When it does not train
#
# A loss that does not fall, for three reasons: the shallow network, 2,000 pictures, three epochs, one thing wrong.

# %%
print(f"the mean picture has an error of {baseline:.4f}")
failures = [("learning rate 0.1", 0.1, 1), ("learning rate 0.000001", 1e-6, 1), ("pixels from 0 to 255", 1e-3, 255)]
examples = []
for name, learning_rate, scale in failures:
    training.set_seed(SEED)
    broken_code = keras.layers.Dense(32, "relu")
    broken = keras.Sequential([keras.Input((784,)), broken_code, keras.layers.Dense(784, "sigmoid")])
    run = training.fit(broken, scale * train[:2000], epochs=3, learning_rate=learning_rate, schedule=None)
    code = keras.Model(broken.inputs, broken_code.output).predict(scale * validation, batch_size=1000, verbose=0)
    silent = int((code.max(axis=0) == 0).sum())
    examples.append(copies_of(scale * validation[ten], broken).reshape(-1, 28, 28))
    print(f"{name}: loss {', '.join(f'{loss:,.4g}' for loss in run.loss)}; {silent} of 32 code units are always 0")

# %%
plots.grid(
    [pictures[ten], *examples],
    row_labels=["input", *(name.replace("0.000001", "1e-6") for name, _, _ in failures)],
    caption="Three broken trainings: one picture for most, grey haze, and black-and-white masks.",
)

# %% [markdown]
# |you see|look at|likely cause|mend it|
# |---|---|---|---|
# |loss stuck near that of the mean picture, most copies alike|`code.max(axis=0)`: which units are ever active?|units killed by a step that was too large|a smaller learning rate; a code without ReLU|
# |loss starts high and hardly moves|the first losses against the baseline|a learning rate far too small|ten times more, until it breaks, then back|
# |a loss in the thousands|`train.min(), train.max()`|pixels from 0 to 255 against a sigmoid|divide by 255|
# |`nan`|the epoch where it begins|a rate far too large|a smaller rate; start again|
#
# ## Results
#
# Now, once, the 2,000 test pictures.

# %%
test = clothes.flat("test")
rungs = {
    "mean picture": ("trivial", np.broadcast_to(mean_picture, test.shape)),
    "PCA-2": ("referee", pca_copy(test, 2)),
    "PCA-32": ("referee", pca_copy(test, 32)),
    "shallow, 32 numbers": ("network", copies_of(test, shallow)),
    "deep, 32 numbers": ("network", copies_of(test, autoencoder)),
}
results = {name: metrics.mse(test, answer) for name, (_, answer) in rungs.items()}

# %%
plots.ladder(
    list(results),
    list(results.values()),
    kinds=[kind for kind, _ in rungs.values()],
    metric="MSE per pixel on 2,000 test pictures",
    annotations=[f"{metrics.psnr_from_mse(error):.1f} dB" for error in results.values()],
    caption="Most of the way down is linear algebra; the last step is the sigmoid and the hidden layers.",
)
deeper = below(results["deep, 32 numbers"], results["PCA-32"], times=0.85, fmt=".4f", names=("deep", "PCA-32"))
claim("On test pictures the deep autoencoder beats PCA-32 by at least 15 %", deeper)

# %% [markdown]
# ## Wrap-up
#
# * An autoencoder is an encoder, a code and a decoder on shared layers. Training walks every weight against its gradient.
# * An error means something beside two others: the mean picture's and PCA's. The common recipe was behind PCA after five epochs, ahead after sixteen;
#   the deep network beats PCA by a fifth.
# * The MSE prefers blur to displacement.
# * *Lossy*: a little better than JPEG, at 32 bytes against its 36, with a large decoder. *Data-specific*: digits cost it four times as much as clothes.
#   *Learned*: the same lines learn digits; from 50 pictures they learn these 50.
# * Count bits. Choose on validation pictures.
#
# |one glance||
# |---|---|
# |$n$ pictures of $d$ pixels, codes of $k$ numbers|$z=f(x)$, $\hat{x}=g(z)$|
# |three models|`encoder`, `decoder`, `keras.Model(image, decoder(encoder(image)))`|
# |PSNR|$-10\log_{10}\mathrm{MSE}$, in dB|
# |bits|numbers × bits of each, on both sides|
# |logit|$\ln\frac{p}{1-p}$, the bias that makes a sigmoid answer $p$|
#
# Next: [Undercomplete autoencoders](02_undercomplete.ipynb), where PCA is explained, and a network starts from it instead of the mean
# picture.
#
# ## References
#
# * Rumelhart, Hinton, Williams: *Learning representations by back-propagating errors*, Nature 323, 1986.
# * Hinton, Salakhutdinov: *Reducing the dimensionality of data with neural networks*, Science 313, 2006.
# * Wang, Bovik: *Mean squared error: love it or leave it?*, 2009.
# * Xiao, Rasul, Vollgraf: *Fashion-MNIST*, 2017.
#
# More: second notebook.
