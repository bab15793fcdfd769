# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Anatomy, deeper"
#     lesson: 1
#     minutes: 31
#     compute: 28
#     objectives:
#       - What each part of the recipe is worth, and the common recipe run on to 32 epochs
#       - What the mean squared error sees of ten ways to change a picture
#       - How few bits a number of the code needs; JPEG, WebP and PCA at all sizes; what the decoder weighs
#       - "Four worlds, four models: how far is it from one to another?"
#       - How much of a winner's lead is luck
# ---

# %%
import io

from course_lib import above, all_of, below, between, claim, close, guess, reveal
from course_lib import datasets, metrics, models, plots, referees, training
from course_lib.widgets import explore, slider, stops

import keras
import numpy as np
from PIL import Image, features

SEED = training.set_seed(0)
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")
pictures = validation.reshape(-1, 28, 28)
pca = referees.fit_pca(train, 256)


def pca_copy(images, k):
    """The reconstruction from k principal components, clipped to [0, 1]: (n, 784) -> (n, 784)."""
    return metrics.clip01(pca.keep(k).reconstruct(images))


def copies_of(images, model):
    """A model's reconstructions, clipped to [0, 1]: (n, 784) -> (n, 784)."""
    return metrics.clip01(model.predict(images, batch_size=1000, verbose=0))


def start_at_mean(decoder, images):
    """Set the last biases to the logits of the mean picture."""
    mean = np.clip(images.mean(axis=0), 0.01, 0.99)
    decoder.get_layer("reconstruction").bias.assign(np.log(mean / (1 - mean)))


baseline = metrics.mse(validation, np.broadcast_to(train.mean(axis=0), validation.shape))
pca_error = metrics.mse(validation, pca_copy(validation, 32))

# %% [markdown]
# Everything is measured on the validation pictures, except in the last section. For more clothes to train on, both notebooks can take
# `clothes = datasets.fashion_mnist(full=True).with_validation(2_000)` (58,000 pictures, 30 MB, downloaded once), with `from course_lib import own_data` and
# `own_data(True)` below it: the claims were measured on the subset and are then only reported.
#
# ## What is each part of the recipe worth?
#
# The deep network of the lesson has three things that the common recipe lacks: hidden layers, a start at the mean picture, and a learning rate that
# falls. The lesson set the rate to .003. What do the two small things bring, and does the rate matter? With $T$ steps in all,
# the falling rate is
#
# $$\text{rate}(t) = \text{rate}(0) \cdot \tfrac12 \left(1 + \cos \frac{\pi t}{T}\right).$$

# %%
guess(
    "schedule",
    "Six epochs at a rate of .003, constant or falling along half a cosine. What does the falling rate bring?",
    ["10 % less error, or more", "within 6 % of each other", "10 % more error, or more"],
)


# %%
def deep_network(at_mean=True, rate=3e-3, schedule="cosine"):
    """Train the network of the lesson, perhaps with another recipe; returns its three models."""
    training.set_seed(SEED)
    parts = models.build_autoencoder(784, hidden_units=256, code_size=32)
    if at_mean:
        start_at_mean(parts[1], train)
    training.fit(parts[2], train, epochs=6, batch_size=64, learning_rate=rate, schedule=schedule)
    return parts


encoder, decoder, autoencoder = deep_network()
deep_error = metrics.mse(validation, copies_of(validation, autoencoder))
from_grey = metrics.mse(validation, copies_of(validation, deep_network(at_mean=False)[2]))
constant, falling_large, constant_large = (
    metrics.mse(validation, copies_of(validation, deep_network(rate=rate, schedule=schedule)[2]))
    for rate, schedule in ((3e-3, None), (2e-2, "cosine"), (2e-2, None))
)
print(f"as in the lesson {deep_error:.4f}; started from grey {from_grey:.4f}")
print(f"rate .003: falling {deep_error:.4f}, constant {constant:.4f}")
print(f"rate .02:  falling {falling_large:.4f}, constant {constant_large:.4f}")

# %%
ratio = deep_error / constant
reveal(
    "schedule",
    {
        "10 % less error, or more": below(ratio, 0.9),
        "within 6 % of each other": between(ratio, 0.94, 1.06),
        "10 % more error, or more": above(ratio, 1.1),
    },
)
claim(
    "The start at the mean picture saves more than 2 % of the error",
    above(100 * (1 - deep_error / from_grey), 2, unit="%"),
)
claim(
    "At a rate of .02 the falling rate saves a tenth or more",
    below(falling_large, constant_large, times=0.9, fmt=".4f", names=("falling", "constant")),
)

# %% [markdown]
# At a rate that is too large, constant steps jump about the goal to the end; falling ones come to rest. At .003 six epochs are not enough to arrive, so there is
# no jumping to cure. The cosine is an insurance: it costs nothing when the rate was right, and saves a training when it was not. The start at the mean
# costs one line and saves the first steps.
#
# ### The common recipe, run on
#
# The shallow network of the lesson, for 32 epochs of 12,000 pictures: 384,000. The tutorial that made it famous shows it three million (50 epochs of
# 60,000), another well-known one 600,000.

# %%
guess(
    "run-on",
    "784 → 32 (ReLU) → 784 (sigmoid), run on to 32 epochs. Where does it end?",
    ["level with PCA-32", "between PCA-32 and the deep network", "as good as the deep network"],
)

# %%
training.set_seed(SEED)
shallow = keras.Sequential(
    [keras.Input((784,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(784, "sigmoid")], name="shallow"
)
run = training.fit(shallow, train, epochs=32, learning_rate=1e-3, schedule=None, validation_data=validation)
errors = run.validation_loss
for epoch in (5, 8, 10, 16, 24, 32):
    print(f"{epoch:2d} epochs, {epoch * len(train):7,} pictures: {errors[epoch - 1]:.4f}, PCA-32 {pca_error:.4f}")
reveal(
    "run-on",
    {
        "level with PCA-32": between(errors[-1] / pca_error, 0.97, 1.03),
        "between PCA-32 and the deep network": between(errors[-1], 1.03 * deep_error, 0.97 * pca_error, fmt=".4f"),
        "as good as the deep network": below(errors[-1], deep_error, times=1.03),
    },
)
ahead = 1 + next(epoch for epoch, error in enumerate(errors) if error < pca_error)
print(f"ahead of PCA-32 from epoch {ahead} on")
claim("At 32 epochs it is at least 6 % ahead of PCA-32", below(errors[-1], pca_error, times=0.94, fmt=".4f"))

# %% [markdown]
# Its last steps are worth little. What is missing after 32 epochs? And why is it ahead of PCA at all, with no hidden layer? Take out the ReLU, and give
# it the recipe of the deep network.

# %%
training.set_seed(SEED)
sigmoid_layer = keras.layers.Dense(784, "sigmoid", name="reconstruction")
bent = keras.Sequential([keras.Input((784,)), keras.layers.Dense(32), sigmoid_layer], name="no_relu")
start_at_mean(bent, train)
training.fit(bent, train, epochs=16, batch_size=64, learning_rate=3e-3)
bent_error = metrics.mse(validation, copies_of(validation, bent))
claim("With a sigmoid alone a network beats PCA-32 by 8 % or more", below(bent_error, pca_error, times=0.92, fmt=".4f"))
share = (pca_error - bent_error) / (pca_error - deep_error)
print(f"the sigmoid's share of the way from PCA-32 to the deep network: {share:.0%}")

# %% [markdown]
# The sigmoid ends at black and white, and the network is trained with it in place; PCA's sum is clipped after the fit. That is about half of the way from PCA to the deep network; the
# hidden layers are the rest. The ReLU is no help: it forbids codes below zero, and its units can fall silent for good.
#
# ### Shared layers, tested
#
# A decoder with layers of its own looks right and knows nothing. The test takes one line.

# %%
both_ways = decoder.predict(encoder.predict(validation[:100], verbose=0), verbose=0)
whole = autoencoder.predict(validation[:100], verbose=0)
claim("After training, decoder(encoder(x)) is autoencoder(x)", below(np.abs(both_ways - whole).max(), 1e-5))

# %% [markdown]
# ## What the squared error sees
#
# The lesson shifted, painted and blurred. Here are more ways to change all 2,000 pictures, in one unit.

# %%
framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
noise = np.random.default_rng(SEED).normal(size=pictures.shape)


def shift(images, pixels):
    """Images moved to the right; what enters on the left is black."""
    moved = np.zeros_like(images)
    moved[:, :, pixels:] = images[:, :, : 28 - pixels]
    return moved


painted = pictures.copy()
painted[:, :, :14] = pictures.mean(axis=(1, 2))[:, None, None]
changes = {
    "darker by a tenth": 0.9 * pictures,
    "noise of 0.1": metrics.clip01(pictures + 0.1 * noise),
    "blurred": sum(framed[:, i : i + 28, j : j + 28] for i in range(3) for j in range(3)) / np.float32(9),
    "shifted by a pixel": shift(pictures, 1),
    "half grey": painted,
    "shifted by two": shift(pictures, 2),
    "mirrored": pictures[:, :, ::-1],
    "another picture": np.roll(pictures, 1, axis=0),
}
change_errors = {name: metrics.mse(pictures, changed) for name, changed in changes.items()}

# %% tags=["hide-input"]
plots.grid(
    [[changed[733] for changed in list(changes.values())[4 * half : 4 * half + 4]] for half in (0, 1)],
    below=[
        [f"{name}\n{error:.4f}" for name, error in list(change_errors.items())[4 * half : 4 * half + 4]]
        for half in (0, 1)
    ],
    size=1.6,
    caption="Mean over all pictures below each: a mirrored shirt is a shirt, and costs nearly five times a blurred one.",
)

# %%
claim(
    "Being darker by a tenth costs less than a blur, a blur less than half of a shift by one pixel",
    all_of(
        below(change_errors["darker by a tenth"], change_errors["blurred"], names=("darker", "blur")),
        below(change_errors["blurred"], change_errors["shifted by a pixel"], times=0.5, names=("blur", "shift")),
    ),
)
claim(
    "Shifting by two pixels costs more than painting half of a picture grey",
    above(change_errors["shifted by two"], change_errors["half grey"]),
)

# %% [markdown]
# The order of the list is not the order in which you would mind. (The usual answers are losses that compare small windows, such as SSIM, the features
# of another network, or the verdict of a second network trained to tell copies from originals.) That is the case against the squared error; for it speaks that its best answer, the mean, is known in
# closed form, which is why this course can have exact referees.
#
# How many components does *your* picture need?

# %% tags=["hide-input"]


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
# ## How few bits does a number need?
#
# The lesson rounded each number of the code to 256 levels and lost next to nothing. Four levels are two bits. Where does it begin to hurt?

# %%
guess(
    "bits",
    "Half the bytes: 32 numbers of 4 bits, or 16 numbers of 8 bits (by PCA)? Which copy is better?",
    ["32 numbers of 4 bits", "16 numbers of 8 bits", "within 0.1 dB"],
)


# %%
def rounded(codes, training_codes, bits):
    """Each number of the codes (n, k) on the nearest of 2**bits levels between its extremes on the training pictures."""
    low, high = training_codes.min(axis=0), training_codes.max(axis=0)
    levels = 2**bits - 1
    steps = np.round((np.clip(codes, low, high) - low) / (high - low) * levels)
    return (low + steps / levels * (high - low)).astype("float32")


codes, training_codes = (encoder.predict(images, batch_size=1000, verbose=0) for images in (validation, train))
deep_psnr = {
    bits: metrics.psnr(validation, copies_of(rounded(codes, training_codes, bits), decoder))
    for bits in (1, 2, 3, 4, 5, 6, 8)
}
pca_psnr = {}
for k in (8, 16, 32, 64, 100):
    components = pca.keep(k)
    stored = rounded(components.encode(validation), components.encode(train), 8)
    pca_psnr[k] = metrics.psnr(validation, metrics.clip01(components.decode(stored)))
as_floats = metrics.psnr_from_mse(deep_error)
print(f"as floats {as_floats:.2f} dB; " + ", ".join(f"{bits} bits {value:.2f}" for bits, value in deep_psnr.items()))
reveal(
    "bits",
    {
        "32 numbers of 4 bits": above(deep_psnr[4], pca_psnr[16], by=0.1, unit="dB", fmt=".1f"),
        "16 numbers of 8 bits": below(deep_psnr[4], pca_psnr[16], by=0.1, unit="dB", fmt=".1f"),
        "within 0.1 dB": close(deep_psnr[4], pca_psnr[16], 0.1),
    },
)
claim("Eight bits a number cost less than 0.05 dB", close(deep_psnr[8], as_floats, 0.05, unit="dB", fmt=".2f"))

# %% [markdown]
# ### JPEG and WebP, at all sizes
#
# A JPEG file of one small picture is mostly header. All 2,000 in one large picture share one.


# %%
def tile(images):
    """2,000 pictures (2000, 28, 28) as one, 40 rows of 50: (1120, 1400)."""
    return np.vstack([np.hstack(images[start : start + 50]) for start in range(0, 2000, 50)])


def untile(picture):
    """Back again: (1120, 1400) -> (2000, 28, 28)."""
    return np.stack([image for row in np.vsplit(picture, 40) for image in np.hsplit(row, 50)])


def as_file(picture, kind, **options):
    """The size in bytes of a uint8 picture as a file, and the picture that comes back out."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return len(file.getvalue()), np.asarray(Image.open(file).convert("L"))


tiled = tile(clothes.validation)
codecs = {}
for kind, qualities, more in (("JPEG", (1, 4, 6, 10, 15, 20), {"optimize": True}), ("WEBP", (0, 2, 10, 20), {})):
    if features.check("webp") or kind == "JPEG":
        sizes, backs = zip(*(as_file(tiled, kind, quality=quality, **more) for quality in qualities), strict=True)
        decoded = [untile(back).reshape(-1, 784).astype("float32") / 255 for back in backs]
        codecs[kind] = ([size / 2000 for size in sizes], [metrics.psnr(validation, back) for back in decoded])

# %%
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
    above(deep_psnr[8], jpeg_psnr, unit="dB", fmt=".1f", names=("code", "JPEG")),
)
decoder_bytes = decoder.count_params() * 4
png_bytes, _ = as_file(tiled, "PNG", optimize=True)
claim(
    "Its decoder alone takes nine tenths or more of the room of all 2,000 pictures stored without loss, as PNG",
    above(decoder_bytes / 1000, png_bytes / 1000, times=0.9, unit="kB", fmt=".0f", names=("decoder", "PNG")),
)

# %% tags=["nbval-check-output"]
claim(
    "A code of 32 floats is 6.125 times smaller than its picture",
    close(metrics.compression_ratio(784, 32), 6.125, 1e-9),
)
claim(
    "With 8 bits on both sides the bits cancel",
    close(metrics.compression_ratio(784, 32, number_bits=8), 784 / 32, 1e-9),
)

# %% [markdown]
# At 4 bits a number, 16 bytes a picture, the code has lost a third of a decibel; JPEG does not get below 27 bytes at all. WebP, twenty years younger, leaves
# both behind. Learned codecs that are sold do three things more: they round *in training*, so that the network reckons
# with it; they store frequent codes in fewer bits; and they have one decoder for the pictures of the world.
#
# ## Four worlds, four models
#
# The lesson trained the network on digits as well. Here is the full table, with PCA beside it, and two worlds that nobody wears.

# %%
digits = datasets.digits()
board = (np.indices((28, 28)).sum(axis=0) % 2).astype("float32")
worlds = {
    "clothes": validation,
    "digits": digits.flat("test"),
    "noise": np.random.default_rng(SEED).random((1000, 784), dtype="float32"),
    "checkerboard": np.tile(board.reshape(1, 784), (10, 1)),
}
digit_images = digits.flat("train")
training.set_seed(SEED)
_, digit_decoder, digit_autoencoder = models.build_autoencoder(784, hidden_units=256, code_size=32)
start_at_mean(digit_decoder, digit_images)
training.fit(digit_autoencoder, digit_images, epochs=6, batch_size=64, learning_rate=3e-3)
digit_pca = referees.fit_pca(digit_images, 32)
answerers = {
    "network of clothes": lambda x: copies_of(x, autoencoder),
    "network of digits": lambda x: copies_of(x, digit_autoencoder),
    "PCA-32 of clothes": lambda x: pca_copy(x, 32),
    "PCA-32 of digits": lambda x: metrics.clip01(digit_pca.reconstruct(x)),
    "an even grey": lambda x: 0 * x + x.mean(),
}
table = np.array([[metrics.mse(x, answer(x)) for x in worlds.values()] for answer in answerers.values()])

# %%
plots.matrix(
    table,
    list(answerers),
    list(worlds),
    column_title="tested on",
    value_format=".4f",
    caption="MSE: from digits to clothes is much further than from clothes to digits, for the network and for PCA.",
)
claim(
    "From digits to clothes is at least 1.3 times as far as from clothes to digits, for the network and for PCA",
    all_of(
        above(
            table[1, 0] / table[1, 1], table[0, 1] / table[0, 0], times=1.3, names=("network: to clothes", "to digits")
        ),
        above(table[3, 0] / table[3, 1], table[2, 1] / table[2, 0], times=1.3, names=("PCA: to clothes", "to digits")),
    ),
)
claim("On noise the network of clothes does worse than an even grey", above(table[0, 2], table[4, 2]))

# %% [markdown]
# On noise a flat grey wins: the network answers with something like clothes, whose light and dark areas are wrong in more places than a middle grey would be.
#
# ## How much of a winner's lead is luck?
#
# Here are 100 models that differ by luck alone: PCA-16, each fitted to another 50 training pictures. We choose the best on 30 pictures and report its score on the same 30.

# %%
guess(
    "luck",
    "The winner leads the average model on the 30 pictures that chose it. How much of that lead is left on others?",
    ["all of it", "more than half", "less than half"],
)

# %%
random = np.random.default_rng(SEED)
model_errors = []
for _ in range(100):
    some = train[random.choice(len(train), 50, replace=False)]
    centre = some.mean(axis=0)
    axes = np.linalg.svd(some - centre, full_matrices=False)[2][:16]  # the components, (16, 784)
    copies = metrics.clip01((validation - centre) @ axes.T @ axes + centre)
    model_errors.append(metrics.mse_per_image(validation, copies))
model_errors = np.array(model_errors)  # (100 models, 2000 pictures)

promised, kept = [], []
for _ in range(200):  # each time another 30 pictures
    order = random.permutation(2000)
    seen, unseen = model_errors[:, order[:30]], model_errors[:, order[30:]]
    best = seen.mean(axis=1).argmin()
    promised.append(1 - seen[best].mean() / seen.mean())
    kept.append(1 - unseen[best].mean() / unseen.mean())
lead, left = 100 * np.mean(promised), 100 * np.mean(kept)
reveal(
    "luck",
    {
        "all of it": above(left, lead, times=0.9, unit="%", fmt=".1f"),
        "more than half": between(left / lead, 0.5, 0.9),
        "less than half": below(left, lead, times=0.5, unit="%", fmt=".1f", names=("left", "lead")),
    },
)
claim("The winner keeps less than half of its lead", below(left, lead, times=0.5, unit="%", fmt=".1f"))

# %% [markdown]
# The harm shrinks with the number of pictures and grows with the number of choices. Choose on validation data, and the question does not arise.
#
# ## Results
#
# The test pictures, opened for this table alone.

# %%
test = clothes.flat("test")
rungs = {
    "black": ("trivial", 0 * test),
    "mean picture": ("trivial", np.broadcast_to(train.mean(axis=0), test.shape)),
    "PCA-2": ("referee", pca_copy(test, 2)),
    "PCA-8": ("referee", pca_copy(test, 8)),
    "PCA-32": ("referee", pca_copy(test, 32)),
    "shallow, 32 epochs": ("network", copies_of(test, shallow)),
    "deep": ("network", copies_of(test, autoencoder)),
    "PCA-64, twice the numbers": ("referee", pca_copy(test, 64)),
}
results = {name: metrics.mse(test, answer) for name, (_, answer) in rungs.items()}
plots.ladder(
    list(results),
    list(results.values()),
    kinds=[kind for kind, _ in rungs.values()],
    metric="MSE per pixel on 2,000 test pictures",
    annotations=[f"{metrics.psnr_from_mse(error):.1f} dB" for error in results.values()],
    caption="The deep network's 32 numbers are worth about 50 of PCA's.",
)
claim("PCA with twice the numbers beats the deep network", below(results["PCA-64, twice the numbers"], results["deep"]))

# %% [markdown]
# ## References
#
# * G. E. Hinton, R. R. Salakhutdinov: *Reducing the dimensionality of data with neural networks*, Science 313, 2006.
# * P. Baldi, K. Hornik: *Neural networks and principal component analysis: learning from examples without local minima*, Neural Networks 2, 1989.
# * I. Loshchilov, F. Hutter: *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017 (the cosine).
# * Z. Wang, A. C. Bovik: *Mean squared error: love it or leave it?*, IEEE Signal Processing Magazine 26, 2009.
# * Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: *Image quality assessment: from error visibility to structural similarity*, IEEE Transactions on Image
#   Processing 13, 2004 (SSIM).
# * G. K. Wallace: *The JPEG still picture compression standard*, Communications of the ACM 34, 1991.
# * J. Ballé, V. Laparra, E. P. Simoncelli: *End-to-end optimized image compression*, ICLR 2017 (rounding in training).
# * H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*, 2017.
