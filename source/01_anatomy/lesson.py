# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Anatomy of an autoencoder
#     lesson: 1
#     minutes: 50
#     compute: 48
#     summary: "Encoder, code, decoder; errors that mean something; count bits, not numbers; what a network trained on clothes does with digits"
#     prerequisites:
#       - "lesson 00"
#     objectives:
#       - Build an encoder, a decoder and the autoencoder that shares their layers
#       - Judge a reconstruction error against a trivial baseline and an exact referee
#       - Show what the mean squared error sees and what it does not
#       - Count a code in bits, and compare it with JPEG at equal bytes
#       - Measure what a network does with data it was not trained on, and when it memorises
#     data: [fashion_mnist, digits]
# ---

# %% [markdown]
# An autoencoder has three parts. The **encoder** $f$ turns an input $x \in [0,1]^{784}$ into a **code** $z = f(x)$ of $k$ numbers. The code
# is the **bottleneck**: with $k < 784$, not everything fits through. The **decoder** $g$ turns the code into a **reconstruction**
# $\hat x = g(z) \in [0,1]^{784}$. All are trained at once, to make the difference between $x$ and $\hat x$ small.
#
# Textbooks say that such a network is *learned*, *lossy* and *data-specific*. In this lesson each of the three words becomes a
# measurement. First, though, you need to know what the number means that you are about to make small.

# %%
import io

from course_lib import claim, datasets, guess, metrics, models, plots, referees, reveal, training
from course_lib.widgets import explore, slider, stops

import keras
import numpy as np
from PIL import Image, features

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")  # (12000, 784), (2000, 784), float32 in [0, 1]
pictures = validation.reshape(-1, 28, 28)

# %% [markdown]
# The test split stays closed until the section *Results*. Everything before is measured on the validation pictures, which no
# network is trained on either.
#
# More clothes: `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` in the cell above gives 58,000 to train on, 2,000 for validation and
# 10,000 for the test (30 MB, downloaded once). Write `from course_lib import own_data` and `own_data(True)` below it, as the claims
# were measured on the subset. Training takes about five times as long. The digits further down have all of MNIST behind
# `datasets.digits(full=True)` (11 MB).
#
# ## How large is an error
#
# The **mean squared error** (MSE) is the mean of $(x - \hat x)^2$ over all pixels and pictures. It is what we will train with. Is a small
# error the same as a similar picture?
#
# Take a checked shirt. Shift it one pixel to the right, and you will hardly see it. Paint its left half grey, and you
# certainly will.

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
versions = [shirt, shift(shirt, 1), paint_half(shirt)]
plots.row(
    [version[0] for version in versions],
    titles=["original", "shifted by one pixel", "left half grey"],
    below=["", *(f"MSE {metrics.mse(shirt, version):.3f}" for version in versions[1:])],
    caption="The shift that you hardly see costs twice as much as the paint that you cannot miss.",
)
reveal("shift-or-mask", "one-pixel shift")

# %% [markdown]
# Every stripe of the shirt now lies where the gap was: pixel by pixel, nothing fits. The MSE compares each pixel with the one
# at the same place and knows nothing of its neighbours. Move the sliders: how does a plain shirt differ from a checked one?

# %%


def show_shift(pixels, index):
    image = pictures[index : index + 1]
    versions = [image, shift(image, pixels), paint_half(image)]
    errors = [metrics.mse(image, version) for version in versions]
    plots.row(
        [version[0] for version in versions],
        titles=["original", f"shifted by {pixels}", "left half grey"],
        below=[f"MSE {error:.3f}" for error in errors],
        size=1.7,
    )


explore(
    show_shift,
    "Patterned clothes pay for a shift, plain ones much less; beyond two pixels nearly everything does.",
    pixels=slider(0, 6, 1, label="shift in pixels"),
    index=slider(0, 1999, 733, label="picture"),
)

# %% [markdown]
# One shirt was chosen to make a point. Here are all 2,000 validation pictures, with a blur for comparison: each pixel replaced by
# the mean of the three by three pixels around it.

# %%
# NBVAL_CHECK_OUTPUT
framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
blurred = sum(framed[:, i : i + 28, j : j + 28] for i in range(3) for j in range(3)) / np.float32(9)
shift_errors = {pixels: metrics.mse(pictures, shift(pictures, pixels)) for pixels in (1, 2)}
half_error, blur_error = metrics.mse(pictures, paint_half(pictures)), metrics.mse(pictures, blurred)
print(f"blurred {blur_error:.4f}, shifted by one pixel {shift_errors[1]:.4f}, half grey {half_error:.4f}")
print(f"shifted by two pixels {shift_errors[2]:.4f}")

# %%
claim(
    "Shifting a picture by two pixels costs more than painting half of it grey, on average",
    shift_errors[2] > half_error,
    f"{shift_errors[2]:.4f} > {half_error:.4f}",
)
claim(
    "A blurred picture costs less than half of a picture shifted by a single pixel",
    2 * blur_error < shift_errors[1],
    f"{blur_error:.4f} against {shift_errors[1]:.4f}",
)

# %% [markdown]
# The consequence for everything that follows: **a network trained with the MSE prefers a blur to a sharp edge in a slightly wrong
# place.** Blurry reconstructions are no accident. They are what the loss asks for when the code does not say where the edge is.
#
# ### Two numbers to hold every loss against
#
# A loss of .0145 is no information by itself. You need two more numbers. The **trivial baseline** answers every picture with
# the same one, the training mean. The **referee** is the exact optimum of a simpler family: no linear map through $k$ numbers
# has a smaller training error than principal component analysis with $k$ components, **PCA-k** for short. Neither needs a
# training loop.
#
# Errors that differ by factors are easier to read in **decibels**: $\mathrm{PSNR} = -10 \log_{10} \mathrm{MSE}$ for pixels in
# $[0, 1]$. Ten times less error is 10 dB more, half the error is 3 dB more.

# %%
# NBVAL_CHECK_OUTPUT
mean_picture = referees.mean_image(train)
pca = referees.fit_pca(train, 256)


def pca_copy(images, k):
    """The reconstruction from k principal components, clipped to [0, 1]: (n, 784) -> (n, 784)."""
    return metrics.clip01(pca.keep(k).reconstruct(images))


black = np.zeros_like(validation)
mean_answer = np.broadcast_to(mean_picture, validation.shape)
for name, answer in (("black", black), ("mean picture", mean_answer), ("PCA-32", pca_copy(validation, 32))):
    print(f"{name:12s} MSE {metrics.mse(validation, answer):.4f}, PSNR {metrics.psnr(validation, answer):.1f} dB")

# %% [markdown]
# ## Encoder, bottleneck, decoder
#
# We build the two halves as models of their own, and join them. The third model owns no layers: it *is* the other two, one
# after the other.

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

# %%
# NBVAL_CHECK_OUTPUT
codes = encoder.predict(validation[:5], verbose=0)
for name, array in (
    ("pictures", validation[:5]),
    ("codes", codes),
    ("copies", decoder.predict(codes, verbose=0)),
):
    print(f"{name:8s} {array.shape}")
print(f"numbers to learn: {encoder.count_params():,} in the encoder, {decoder.count_params():,} in the decoder")
print(f"and in the autoencoder: {autoencoder.count_params():,}, the same numbers once more")

# %% [markdown]
# ### Start at the baseline
#
# An untrained decoder answers grey. It can do better than that before the first step: the sigmoid of its last **bias** is what it
# answers when everything else is near zero, so we set this bias to the mean picture. Training then starts at the trivial baseline instead of
# having to find it. On this recipe that is worth a tenth of the final error, and it costs one line.

# %%


def start_at_mean(decoder, images):
    """Set the last bias so that the decoder starts near the mean of ``images``, shape (n, 784)."""
    mean = np.clip(images.mean(axis=0), 0.01, 0.99)  # the inverse of the sigmoid is infinite at 0 and 1
    decoder.get_layer("reconstruction").bias.assign(np.log(mean / (1 - mean)))


def copies_of(images, model):
    """A model's reconstructions, clipped to [0, 1]: (n, 784) -> (n, 784)."""
    return metrics.clip01(model.predict(images, batch_size=1000, verbose=0))


untrained = metrics.mse(validation, copies_of(validation, autoencoder))
start_at_mean(decoder, train)
started = metrics.mse(validation, copies_of(validation, autoencoder))
baseline = metrics.mse(validation, mean_answer)
print(f"untrained: {untrained:.3f}; with the bias set: {started:.3f}; the mean picture: {baseline:.3f}")

# %% [markdown]
# ### The gradient of one unit, by hand
#
# Training nudges every weight **against its gradient**: the rate at which the loss grows with that weight. Keras computes all of them at
# once; one autoencoder is small enough to do it by hand. One number $x = 2$, one tanh unit, one output, no biases:
#
# $$a = w_1 x, \qquad h = \tanh a, \qquad y = w_2 h, \qquad L = (y - x)^2.$$
#
# With $w_1 = 0.5$ and $w_2 = 1$: $a = 1$, $h = 0.76$, $y = 0.76$, far below 2. Now go back from the loss, one factor a step; this is the
# **chain rule**. How fast does the loss grow with the output? $2(y - x) = -2.48$. The output with $w_2$? By $h$, so the gradient for
# $w_2$ is $-2.48 \cdot 0.76 = -1.89$. The output with $h$? By $w_2 = 1$; $h$ with $a$? By the slope of tanh, $1 - h^2 = 0.42$; $a$ with
# $w_1$? By $x = 2$. The gradient for $w_1$ is the product: $-2.48 \cdot 1 \cdot 0.42 \cdot 2 = -2.08$. Both are negative: raise both weights.
#
# With many units the same factors become matrices, and the loss of a batch is the mean over its pictures, so each gradient is as well.

# %%
# NBVAL_CHECK_OUTPUT


def one_unit_loss(w1, w2, x=2.0):
    """The loss of the autoencoder with one unit."""
    return (w2 * np.tanh(w1 * x) - x) ** 2


h = np.tanh(0.5 * 2)
by_hand = np.array([2 * (h - 2) * 1 * (1 - h**2) * 2, 2 * (h - 2) * h])  # for w1, for w2
nudge = 1e-6
nudged = np.array([one_unit_loss(0.5 + nudge, 1.0), one_unit_loss(0.5, 1.0 + nudge)])
measured = (nudged - one_unit_loss(0.5, 1.0)) / nudge
claim(
    "The chain rule gives the slopes that nudging each weight shows",
    np.allclose(by_hand, measured, rtol=1e-4) and np.allclose(by_hand, [-2.08, -1.89], atol=0.005),
    f"by hand {by_hand[0]:.2f} and {by_hand[1]:.2f}, by nudging {measured[0]:.2f} and {measured[1]:.2f}",
)

# %% [markdown]
# ### The recipe everybody starts with
#
# The most copied autoencoder is shallower: one ReLU layer of 32 units as the code, one sigmoid layer back, Adam, batches
# of 32, a few epochs. We train it first.

# %%
guess(
    "shallow",
    "784 → 32 (ReLU) → 784 (sigmoid), five epochs. Where does it land, on pictures it has not seen?",
    ["worse than the mean picture", "between the mean picture and PCA-32", "better than PCA-32"],
)

# %%
training.set_seed(SEED)
shallow = keras.Sequential(
    [keras.Input((784,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(784, "sigmoid")], name="shallow"
)
shallow_run = training.fit(
    shallow, train, epochs=5, batch_size=32, learning_rate=1e-3, schedule=None, validation_data=validation
)
pca_error = metrics.mse(validation, pca_copy(validation, 32))
shallow_error = metrics.mse(validation, copies_of(validation, shallow))
print(f"shallow autoencoder: {shallow_error:.4f} after {shallow_run.seconds:.0f} s; PCA-32: {pca_error:.4f}")
reveal("shallow", "between the mean picture and PCA-32")

# %% [markdown]
# It loses to linear algebra. That is no verdict on autoencoders: after ten epochs this one draws level. It is a verdict on
# publishing a loss without the line beside it.
#
# Now the deeper one: a hidden layer of 256 units in each half, the bias at the mean picture, and a learning rate that falls to zero along a
# cosine.

# %%
training.set_seed(SEED)
deep_run = training.fit(
    autoencoder, train, epochs=6, batch_size=64, learning_rate=3e-3, validation_data=validation, seed=SEED
)
deep_error = metrics.mse(validation, copies_of(validation, autoencoder))
print(f"deep autoencoder: {deep_error:.4f} after {deep_run.seconds:.0f} s; PCA-32: {pca_error:.4f}")

# %%
plots.learning_curves(
    {"shallow": shallow_run.validation_loss + [np.nan], "deep": deep_run.validation_loss},
    names={"shallow": "shallow", "deep": "deep"},
    levels={"mean picture": baseline, "PCA-32": pca_error},
    ylabel="validation MSE per pixel",
    caption="Without the dashed lines both curves would look like success; only one gets below PCA.",
)

# %% [markdown]
# Training changed one set of weights and three models. That is worth a test, because a decoder with layers of its own is the commonest
# bug in this piece of code: it looks right and knows nothing.

# %%
both_ways = decoder.predict(encoder.predict(validation[:100], verbose=0), verbose=0)
claim(
    "After training, decoder(encoder(x)) is autoencoder(x)",
    np.allclose(both_ways, autoencoder.predict(validation[:100], verbose=0), atol=1e-5),
    "equal to 5 digits on 100 pictures",
)

# %% [markdown]
# ## The reconstruction ladder
#
# The same ten pictures, answered by ever stronger means, with what each stores for one picture. The code is counted as the network
# uses it: 32 numbers of 32 bits.

# %%
labels = clothes.validation_labels
ten = [int(np.flatnonzero(labels == label)[3]) for label in range(10)]
answers = {
    "black": (black, "trivial", 0),
    "mean picture": (mean_answer, "trivial", 0),
    "PCA-2": (pca_copy(validation, 2), "referee", metrics.code_bits(2)),
    "PCA-32": (pca_copy(validation, 32), "referee", metrics.code_bits(32)),
    "shallow": (copies_of(validation, shallow), "network", metrics.code_bits(32)),
    "deep": (copies_of(validation, autoencoder), "network", metrics.code_bits(32)),
    "identity": (validation, "limit", metrics.code_bits(784, 8)),
}
plots.ladder_images(
    list(answers),
    [answer[ten].reshape(-1, 28, 28) for answer, _, _ in answers.values()],
    [metrics.mse(validation, answer) for answer, _, _ in answers.values()],
    [bits for _, _, bits in answers.values()],
    kinds=[kind for _, kind, _ in answers.values()],
    caption="Two numbers give the outline, 32 the garment; the prints on the shirts are lost on every rung but the last.",
)

# %% [markdown]
# Read it from top to bottom. Two numbers already say *shoe, trousers or top*. Thirty-two say which kind. What no rung but the last has is
# texture: prints, checks and laces cost many bits and little squared error.
#
# How many numbers does *your* picture need? Move the sliders until you would not mind the difference.

# %%


def show_components(k, index):
    original = validation[index : index + 1]
    copy = pca_copy(original, k)
    plots.row(
        [original.reshape(28, 28), copy.reshape(28, 28)],
        titles=["original", f"{k} components"],
        below=["6,272 bits", f"{metrics.code_bits(k):,} bits, {metrics.psnr(original, copy):.1f} dB"],
        size=2.0,
    )


explore(
    show_components,
    "A plain bag is done with a few components; a checked shirt still lacks its checks at 64.",
    k=stops([1, 2, 4, 8, 16, 32, 64, 128, 256], 32, label="components"),
    index=slider(0, 1999, 733, label="picture"),
)

# %% [markdown]
# ## Data-specific: what it does with other worlds
#
# The network has seen clothes and nothing else. Give it digits, uniform noise, a checkerboard, and clothes turned upside
# down.

# %%
guess(
    "digits",
    "How large is the error on handwritten digits, compared with the error on clothes?",
    ["about the same", "2 to 10 times as large", "100 times as large, or more"],
)

# %%
digits = datasets.digits()
random = np.random.default_rng(SEED)
board = (np.indices((28, 28)).sum(axis=0) % 2).astype("float32")
worlds = {
    "clothes": validation,
    "upside down": pictures[:, ::-1].reshape(-1, 784),
    "digits": digits.flat("test"),
    "noise": random.random((1000, 784), dtype="float32"),
    "checkerboard": np.tile(board.reshape(1, 784), (10, 1)),
}
deep_errors = {name: metrics.mse(images, copies_of(images, autoencoder)) for name, images in worlds.items()}
pca_errors = {name: metrics.mse(images, pca_copy(images, 32)) for name, images in worlds.items()}
grey_errors = {name: metrics.mse(images, 0 * images + images.mean()) for name, images in worlds.items()}

firsts = np.stack([images[4] for images in worlds.values()])
plots.grid(
    [rows.reshape(-1, 28, 28) for rows in (firsts, copies_of(firsts, autoencoder), pca_copy(firsts, 32))],
    row_labels=["input", "deep", "PCA-32"],
    column_titles=list(worlds),
    below=[[""] * 5, *([f"{error:.3f}" for error in errors.values()] for errors in (deep_errors, pca_errors))],
    size=1.25,
    caption="MSE over each whole set: the further from clothes, the larger, and every answer looks a little like clothes.",
)
reveal("digits", "2 to 10 times as large")

# %%
digit_ratio = deep_errors["digits"] / deep_errors["clothes"]
claim(
    "Digits cost a network of clothes between 3 and 5 times as much as clothes do",
    3 < digit_ratio < 5,
    f"{deep_errors['digits']:.4f} / {deep_errors['clothes']:.4f} = {digit_ratio:.1f}",
    margin=min(digit_ratio - 3, 5 - digit_ratio),
)
claim(
    "On noise it does worse than an even grey",
    deep_errors["noise"] > grey_errors["noise"],
    f"{deep_errors['noise']:.3f} > {grey_errors['noise']:.3f}",
    margin=deep_errors["noise"] - grey_errors["noise"],
)

# %% [markdown]
# "Orders of magnitude" is what one often reads. Here it is a factor of four, and PCA shows nearly the same. A digit is made of
# strokes, and a network of sleeves and straps can say a good deal about strokes. Keep that in mind for lesson 07, where large errors are to
# flag what does not belong.
#
# Is it symmetric? Train the same network on digits.

# %%
training.set_seed(SEED)
digit_images = digits.flat("train")  # (4000, 784)
_, digit_decoder, digit_autoencoder = models.build_autoencoder(784, hidden_units=256, code_size=32)
start_at_mean(digit_decoder, digit_images)
training.fit(digit_autoencoder, digit_images, epochs=8, batch_size=32, learning_rate=3e-3, seed=SEED)
digit_pca = referees.fit_pca(digit_images, 32)
table = np.array(
    [
        [deep_errors["clothes"], deep_errors["digits"]],
        [metrics.mse(worlds[name], copies_of(worlds[name], digit_autoencoder)) for name in ("clothes", "digits")],
        [pca_errors["clothes"], pca_errors["digits"]],
        [
            metrics.mse(worlds[name], metrics.clip01(digit_pca.reconstruct(worlds[name])))
            for name in ("clothes", "digits")
        ],
    ]
)
plots.matrix(
    table,
    ["network of clothes", "network of digits", "PCA-32 of clothes", "PCA-32 of digits"],
    ["clothes", "digits"],
    column_title="tested on",
    value_format=".4f",
    caption="MSE: from digits to clothes is much further than from clothes to digits, for the network and for PCA.",
)

# %% [markdown]
# It is not. A network of digits has never met a large bright area, and fails on clothes by a factor of nine. How a model does elsewhere depends on what its
# own world contains, and that is what *data-specific* means.
#
# ## Lossy: the code against JPEG
#
# A code is a compressed picture. Is it a good one? A fair comparison needs three cares.
#
# * **Equal bytes.** A float takes 32 bits, and far fewer do: we round each number of the code to 256, 64 or 16 levels between the smallest and the
#   largest value it takes on the training pictures.
# * **No header.** A JPEG file of one 28 × 28 picture is mostly header, some 330 bytes. We tile all 2,000 pictures into a single one, where the
#   header vanishes.
# * **The decoder.** Whoever wants to see the picture needs it too. We count it at the end.

# %%


def rounded(codes, training_codes, bits):
    """Codes with each number rounded to one of 2**bits levels: (n, k) -> (n, k)."""
    low, high = training_codes.min(axis=0), training_codes.max(axis=0)
    levels = 2**bits - 1
    steps = np.round((np.clip(codes, low, high) - low) / (high - low) * levels)
    return (low + steps / levels * (high - low)).astype("float32")


def as_file(images, format, **options):
    """All images (2000, 28, 28) as one picture of 40 rows in a file, and what comes back out: bytes, (2000, 784)."""
    tiled = images.reshape(40, 50, 28, 28).transpose(0, 2, 1, 3).reshape(1120, 1400)
    file = io.BytesIO()
    Image.fromarray(tiled).save(file, format, **options)
    opened = np.asarray(Image.open(file).convert("L"), dtype="float32") / 255
    return len(file.getvalue()), opened.reshape(40, 28, 50, 28).transpose(0, 2, 1, 3).reshape(-1, 784)


codecs = {}
for name, qualities, more in (("JPEG", (1, 4, 6, 10, 15, 20), {"optimize": True}), ("WEBP", (0, 2, 10, 20), {})):
    if features.check("webp") or name == "JPEG":
        files = [as_file(clothes.validation, name, quality=quality, **more) for quality in qualities]
        codecs[name] = ([size / 2000 for size, _ in files], [metrics.psnr(validation, back) for _, back in files])

# %%
codes, training_codes = (encoder.predict(images, batch_size=1000, verbose=0) for images in (validation, train))
deep_psnr = {
    bits: metrics.psnr(
        validation, metrics.clip01(decoder.predict(rounded(codes, training_codes, bits), batch_size=1000, verbose=0))
    )
    for bits in (4, 6, 8)
}
pca_psnr = {}
for k in (16, 32, 64, 100):
    components = pca.keep(k)
    stored = rounded(components.encode(validation), components.encode(train), 8)
    pca_psnr[k] = metrics.psnr(validation, metrics.clip01(components.decode(stored)))

plots.curve(
    None,
    {
        **codecs,
        "PCA, 8 bits": (list(pca_psnr), list(pca_psnr.values())),
        "deep, 32 numbers": ([32 * bits / 8 for bits in deep_psnr], list(deep_psnr.values())),
    },
    xlabel="bytes per picture, without header and decoder",
    ylabel="PSNR on unseen pictures [dB]",
    caption="At its own size the network beats JPEG by a little; where there is room, the codecs walk away.",
)

# %%
jpeg_psnr = float(np.interp(32, *codecs["JPEG"]))
claim(
    "At 32 bytes a picture, the code of the autoencoder keeps more than JPEG",
    deep_psnr[8] > jpeg_psnr,
    f"{deep_psnr[8]:.1f} dB against {jpeg_psnr:.1f} dB",
    margin=deep_psnr[8] - jpeg_psnr,
)
decoder_bytes = decoder.count_params() * 4
png_bytes, _ = as_file(clothes.validation, "PNG", optimize=True)
claim(
    "Its decoder alone takes nine tenths or more of the room of all 2,000 pictures stored without loss, as PNG",
    decoder_bytes > 0.9 * png_bytes,
    f"{decoder_bytes / 1000:.0f} kB against {png_bytes / 1000:.0f} kB",
)

# %% [markdown]
# Rounding to 8 bits costs nothing that you could see: the 32 bits of a float are mostly waste. So a picture *can* be stored in a
# 24.5th of its bits, if you round, and with a loss that no codec would be sold with. And the decoder, 210 thousand numbers, has
# to come along. WebP, twenty years younger than JPEG, leaves all of them behind.
#
# Nobody uses such a network to save disk space. A codec works for every picture in the world; this one works for pictures
# like those it has seen. What makes the code useful is not its size but its content: what the 32 numbers know about clothes is the
# subject of the rest of the course.
#
# ## Learned: from how many pictures?
#
# Take only the first 50 training pictures, five of each class, and three networks with a code of 16 numbers: 4, 32 and 256 hidden units in each
# half. PCA-16 gets the same 50 pictures.

# %%
guess(
    "fifty",
    "The wider the network, the better it copies its 50 pictures. And pictures that it has not seen?",
    ["the error falls, to below PCA's", "the error falls, but stays above PCA's", "the error rises"],
)

# %%
few = train[:50]
many_times = np.tile(few, (10, 1))  # ten copies an epoch: fewer, longer epochs save time
widths, few_errors, unseen_errors = [4, 32, 256], [], []
for width in widths:
    training.set_seed(SEED)
    _, small_decoder, small_autoencoder = models.build_autoencoder(784, hidden_units=width, code_size=16)
    start_at_mean(small_decoder, few)
    training.fit(small_autoencoder, many_times, epochs=30, batch_size=50, learning_rate=3e-3, seed=SEED)
    few_errors.append(metrics.mse(few, copies_of(few, small_autoencoder)))
    unseen_errors.append(metrics.mse(validation, copies_of(validation, small_autoencoder)))

few_pca = referees.fit_pca(few, 16)
few_pca_error, unseen_pca_error = (metrics.mse(x, metrics.clip01(few_pca.reconstruct(x))) for x in (few, validation))
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
reveal("fifty", "the error falls, but stays above PCA's")

# %%
claim(
    "The widest network has memorised: its error on unseen pictures is more than 10 times that on its own",
    unseen_errors[-1] > 10 * few_errors[-1],
    f"{unseen_errors[-1]:.4f} against {few_errors[-1]:.4f}",
    margin=unseen_errors[-1] / few_errors[-1] - 10,
)
claim(
    "From 50 pictures, PCA copies unseen ones better than any of the three networks",
    unseen_pca_error < min(unseen_errors),
    f"{unseen_pca_error:.4f} < {min(unseen_errors):.4f}",
    margin=min(unseen_errors) - unseen_pca_error,
)

# %% [markdown]
# The textbook picture has a second branch that bends up again: too much capacity, more error. Here it does not bend. What grows is the
# **gap**, from a factor of about 1.4 to one of more than 30. A training error says how well the pictures are remembered, and nothing else.
#
# With all 12,000 pictures the deep network's training and validation errors are nearly the same, as you can check in
# `deep_run.history`. More pictures closed the gap, not a smaller network.
#
# ## What goes wrong
#
# Three mistakes from published tutorials, each with the test that catches it.
#
# **Counting numbers instead of bits.** "784 → 32 compresses 24.5 times" compares 8-bit pixels with 32-bit floats.

# %%
# NBVAL_CHECK_OUTPUT
claim(
    "A code of 32 floats is 6.125 times smaller than a picture of 784 bytes",
    metrics.compression_ratio(784, 32) == 6.125,
    f"{784 * 8} bits / {32 * 32} bits = {784 * 8 / (32 * 32)}",
)

# %% [markdown]
# **A loss with no baseline.** Put a black frame of two pixels around every picture, as tutorials do that want 32 × 32. Nothing was learned, no picture
# improved, and the loss falls by 23 %: black pixels are easy, and they count.

# %%
# NBVAL_CHECK_OUTPUT
frame = ((0, 0), (2, 2), (2, 2))
plain_copy = pca_copy(validation, 32).reshape(-1, 28, 28)
padded_error = metrics.mse(np.pad(pictures, frame), np.pad(plain_copy, frame))
print(
    f"PCA-32 without the frame {pca_error:.4f}, with the frame {padded_error:.4f}: {1 - padded_error / pca_error:.0%} less"
)

# %% [markdown]
# **Choosing on the pictures that are meant to judge.** Here are 100 models that differ by luck alone: PCA-16, each fitted to another 50
# training pictures. We choose the best on 30 test pictures and report its score on the same 30.

# %%
random = np.random.default_rng(SEED)
errors = []
for _ in range(100):
    some = train[random.choice(len(train), 50, replace=False)]
    centre = some.mean(axis=0)
    axes = np.linalg.svd(some - centre, full_matrices=False)[2][:16]  # (16, 784)
    copies = metrics.clip01((validation - centre) @ axes.T @ axes + centre)
    errors.append(metrics.mse_per_image(validation, copies))
errors = np.array(errors)  # (100 models, 2000 pictures)

promised, kept = [], []
for _ in range(200):  # each time another 30 pictures
    order = random.permutation(2000)
    seen, unseen = errors[:, order[:30]], errors[:, order[30:]]
    best = seen.mean(axis=1).argmin()
    promised.append(1 - seen[best].mean() / seen.mean())
    kept.append(1 - unseen[best].mean() / unseen.mean())
claim(
    "The winner's lead over the average model is at least twice as large on the pictures that chose it as on others",
    np.mean(promised) > 2 * np.mean(kept),
    f"{np.mean(promised):.1%} promised, {np.mean(kept):.1%} kept",
    margin=float(np.mean(promised) - 2 * np.mean(kept)),
)

# %% [markdown]
# The harm shrinks with the number of pictures and grows with the number of choices. Choose on validation data, and the question does not
# arise.
#
# ## When it does not train
#
# Three ways to fail that look alike from the outside: a loss that does not fall. Each network is the shallow one on 2,000 pictures, three epochs, with one thing wrong.

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
    caption="Three broken trainings: nearly one picture for all, grey haze, and black-and-white masks.",
)

# %% [markdown]
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | loss stuck near that of the mean picture, all copies alike | `code.max(axis=0)`: which units are ever active? | units killed by a step that was too large | a smaller learning rate; a code without ReLU |
# | loss starts high and hardly moves | the loss of the first epochs against the baseline | the learning rate is far too small | ten times more, until it breaks, then back |
# | a loss in the thousands | `train.min(), train.max()` | pixels from 0 to 255 against a sigmoid | divide by 255 |
# | `nan` | the epoch where it begins | a rate that is far too large, or a logarithm of 0 | a smaller rate; start again, since `nan` weights stay `nan` |
# | a result that you cannot repeat | the numbers beside the cells: do they count up? | cells run out of order, a model trained twice | *Kernel → Restart and run all* |
#
# ## Results
#
# The choices are made. Now, once, the 2,000 test pictures.

# %%
test = clothes.flat("test")
rungs = {
    "black": ("trivial", np.zeros_like(test)),
    "mean picture": ("trivial", np.broadcast_to(mean_picture, test.shape)),
    "PCA-2": ("referee", pca_copy(test, 2)),
    "PCA-32": ("referee", pca_copy(test, 32)),
    "shallow, 32 numbers": ("network", copies_of(test, shallow)),
    "deep, 32 numbers": ("network", copies_of(test, autoencoder)),
    "identity": ("limit", test),
}
results = {name: metrics.mse(test, answer) for name, (_, answer) in rungs.items()}
plots.ladder(
    list(results),
    list(results.values()),
    kinds=[kind for kind, _ in rungs.values()],
    metric="MSE per pixel on 2,000 test pictures",
    annotations=[
        f"{metrics.psnr_from_mse(error):.1f} dB" if error else "6,272 bits a picture" for error in results.values()
    ],
    caption="Most of the way down is linear algebra; the last step needs the hidden layers.",
)

# %%
claim(
    "The shallow recipe of five epochs loses to PCA-32 on test pictures",
    results["shallow, 32 numbers"] > results["PCA-32"],
    f"{results['shallow, 32 numbers']:.4f} > {results['PCA-32']:.4f}",
    margin=results["shallow, 32 numbers"] - results["PCA-32"],
)
claim(
    "The deep autoencoder beats PCA-32 by at least a sixth",
    results["deep, 32 numbers"] < 5 / 6 * results["PCA-32"],
    f"{results['deep, 32 numbers']:.4f} < 5/6 of {results['PCA-32']:.4f}",
    margin=5 / 6 * results["PCA-32"] - results["deep, 32 numbers"],
)

# %% [markdown]
# ## Wrap-up
#
# * An autoencoder is an encoder, a code and a decoder on shared layers, trained to copy.
# * Its error means something beside two others: the mean picture's and PCA's. The common recipe lost to PCA; depth, a
#   start at the mean and a falling learning rate won by a fifth.
# * The MSE prefers blur to displacement. Networks trained with it blur.
# * *Data-specific*: digits cost it four times as much as clothes. *Lossy*: a little better than JPEG at 32 bytes, with a decoder as large as all
#   the pictures. *Learned*: from 50 pictures it learns these 50.
# * Count bits. Choose on validation pictures. Open the test split once.
#
# | one glance | |
# |---|---|
# | encoder, code, decoder | $z = f(x)$, $\hat x = g(z)$ |
# | loss | mean of $(x - \hat x)^2$ |
# | PSNR | $-10 \log_{10}$ MSE, in dB |
# | bits | numbers × bits of each, on both sides |
# | three models | `encoder`, `decoder`, `keras.Model(image, decoder(encoder(image)))` |
#
# Next: [Undercomplete autoencoders](02_undercomplete.ipynb), where the network starts at PCA instead of the mean picture.
#
# ## References
#
# * G. E. Hinton, R. R. Salakhutdinov: *Reducing the dimensionality of data with neural networks*, Science 313, 2006.
# * P. Baldi, K. Hornik: *Neural networks and principal component analysis: learning from examples without local minima*, Neural Networks 2, 1989.
# * Z. Wang, A. C. Bovik: *Mean squared error: love it or leave it?*, IEEE Signal Processing Magazine 26, 2009.
# * G. K. Wallace: *The JPEG still picture compression standard*, Communications of the ACM 34, 1991.
# * H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*, 2017.
