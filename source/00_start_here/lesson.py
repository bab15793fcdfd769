# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Start here
#     lesson: 0
#     minutes: 21
#     compute: 12
#     budgets: true
#     summary: "A tour: a network that copies, one that cleans, one that flags; how guesses, claims, checks and hints work; three paths through the course"
#     prerequisites:
#       - "Python with NumPy, and a first acquaintance with neural networks"
#     objectives:
#       - Train an autoencoder that copies pictures, and one that removes noise
#       - Find what does not belong, with a threshold chosen on validation pictures
#       - Use what the course is run by, guesses, claims, checks and hints
#     data: [fashion_mnist, digits]
# ---

# %% [markdown]
# An **autoencoder** is a network that is trained to copy its input, through a place too narrow for a plain copy. To get through, it has to
# find out what the data are made of. In twenty minutes you train one that copies clothes and one that cleans them of noise, and use the first to flag
# what does not belong among them.
#
# In JupyterLab this is your own copy: change what you like. Run the cells in order with **Shift+Enter**. `python -m course_lib reset notebooks/00_start_here` brings
# a fresh one and keeps yours.

# %%
from course_lib import above, all_of, below, between, claim, guess, progress, reveal, run_check
from course_lib import datasets, metrics, plots, referees, training

import keras
import numpy as np

SEED = training.set_seed(0)

# %% [markdown]
# If this cell fails, run `python -m course_lib doctor` in a terminal, and see *VS Code, Colab, Binder* in README.
#
# ## Copy
#
# All data come with the course. The clothes are grey pictures of 28 × 28 pixels in ten classes: 12,000 to train on, 2,000 to choose with (validation),
# 2,000 to judge by (test), which stay closed until the end.

# %%
clothes = datasets.fashion_mnist()
train, validation = clothes.flat("train"), clothes.flat("validation")  # (12000, 784), (2000, 784), from 0 to 1
ten = [int(np.flatnonzero(clothes.validation_labels == label)[3]) for label in range(10)]  # one of each class

# %% tags=["hide-input"]
plots.row(
    validation[ten].reshape(-1, 28, 28),
    titles=[name.replace("/top", "") for name in clothes.class_names],
    caption="One of each class, from the validation pictures.",
)

# %% [markdown]
# The **encoder** turns the 784 pixels of a picture into 32 numbers, its **code**. The **decoder** turns the code back into a picture, the
# **reconstruction**, or copy. The code is the **bottleneck**.

# %% tags=["hide-input"]
boxes = {"x": (0, 0, "picture\n784 pixels"), "f": (1.15, 0, "encoder"), "z": (2.3, 0, "code\n32 numbers")}
boxes |= {"g": (3.45, 0, "decoder"), "y": (4.6, 0, "copy\n784 pixels")}
plots.diagram(
    boxes,
    [("x", "f", "z", "g", "y")],
    shapes={"f": "narrows", "g": "widens"},
    marked=["z"],
    caption="Whatever the copy shows has been through 32 numbers.",
)

# %% [markdown]
# Ten lines of Keras. The target of `fit` is the input itself: nobody had to label anything.


# %%
def narrow_network(code=32):
    """An untrained network 784 → code → 784."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(256, "gelu"),  # gelu: a smooth ReLU
            keras.layers.Dense(code),  # the bottleneck: so far the encoder, from here the decoder
            keras.layers.Dense(256, "gelu"),
            keras.layers.Dense(784, "sigmoid"),  # a pixel lies between 0 and 1
        ]
    )


copier = narrow_network()
copier.compile(keras.optimizers.Adam(2e-3), "mse")
copier.fit(train, train, batch_size=64, epochs=5, verbose=0)
copies = copier.predict(validation, verbose=0)
print("code of the first:", *keras.Sequential(copier.layers[:2]).predict(validation[ten[:1]], verbose=0)[0].round(1))

# %%
plots.grid(
    [images[ten].reshape(-1, 28, 28) for images in (validation, copies)],
    row_labels=["original", "copy"],
    caption="Ten garments that the network has never seen, each sent through 32 numbers.",
)

# %% [markdown]
# It copies. Well? The **mean squared error** is the mean of (original − copy)² over all pixels and pictures: a pixel of .8 copied as .6 counts .04. On its
# own it says nothing, so every network of this course stands beside two answers that take no gradient steps:
#
# * the **trivial baseline** answers every picture with the mean of the training pictures;
# * the **referee** is the exact answer to a simpler problem. Here: copy by adding only. Each copy is the mean picture plus 32 fixed pictures, each times
#   one number; the 32 numbers are its code. Which 32 pictures leave the smallest error on the training pictures? **PCA** finds them: seen as
#   points with 784 coordinates, pictures are a cloud, and these are its longest directions.
#
# Before an experiment you guess: choose an answer. Nothing is graded.

# %%
places = ["worse than the mean picture", "between the mean picture and PCA", "better than PCA"]
guess("copier", "Where does the copier end up, on clothes that it has never seen?", places)

# %%
mean_answer = np.broadcast_to(train.mean(axis=0), validation.shape)
pca = referees.fit_pca(train, 32)
pca_copies = metrics.clip01(pca.reconstruct(validation))  # clipped to [0, 1]
mean_error, pca_error, error = (metrics.mse(validation, answer) for answer in (mean_answer, pca_copies, copies))

# %% tags=["hide-input"]
plots.grid(
    [answer[ten].reshape(-1, 28, 28) for answer in (validation, mean_answer, pca_copies, copies)],
    row_labels=["original", f"mean picture\n{mean_error:.4f}", f"PCA-32\n{pca_error:.4f}", f"copier\n{error:.4f}"],
    caption="Three answers and their mean squared errors.",
)
options = above(error, mean_error), between(error, pca_error, mean_error), below(error, pca_error, fmt=".4f")
reveal("copier", dict(zip(places, options, strict=True)))
claim("The copier beats PCA with as many numbers", below(error, pca_error, fmt=".4f", names=("copier", "PCA")))

# %% [markdown]
# Two of them, enlarged:

# %% tags=["hide-input"]
closer = [
    (name, answer[ten[i]])
    for i in (5, 7)
    for name, answer in zip(("original", "PCA-32", "copier"), (validation, pca_copies, copies), strict=True)
]
plots.row(
    [image.reshape(28, 28) for _, image in closer],
    titles=[name for name, _ in closer],
    size=1.5,
    caption="PCA leaves a grey cloud around the sandal; the copier's ground is cleaner, its sneaker speckled.",
)

# %% [markdown]
# Why better? A likely reason: PCA may only add; the network may also switch, as a unit can be silent for shoes and speak for shirts. The gain is real and
# not large: most of the way down was linear algebra.
#
# A line with a tick is a **claim**: the notebook computed its numbers now, and stops if it does not hold. When you change a cell and a claim fails, you have
# found something out.
#
# ## Clean
#
# Change one thing: let the network see a noisy picture, and want the clean one. Each pixel gets a random number added, of standard deviation
# .5, half the way from black to white. Only the input of `fit` is new.

# %%
random = np.random.default_rng(SEED)
noisy_train = (train + random.normal(scale=0.5, size=train.shape)).astype("float32")
noisy = (validation + random.normal(scale=0.5, size=validation.shape)).astype("float32")

cleaner = narrow_network()
cleaner.compile(keras.optimizers.Adam(2e-3), "mse")
cleaner.fit(noisy_train, train, batch_size=64, epochs=5, verbose=0)  # before: fit(train, train, …)
cleaned = cleaner.predict(noisy, verbose=0)

# %%
answers = {
    "noisy": noisy,
    "copier": copier.predict(noisy, verbose=0),
    "PCA-32": metrics.clip01(pca.reconstruct(noisy)),
    "cleaner": cleaned,
}
errors = {name: metrics.mse(validation, answer) for name, answer in answers.items()}

# %% tags=["hide-input"]
plots.grid(
    [validation[ten].reshape(-1, 28, 28), *(answer[ten].reshape(-1, 28, 28) for answer in answers.values())],
    row_labels=["original", *(f"{name}\n{error:.4f}" for name, error in errors.items())],
    caption="The last three rows were made from the second alone: in the last the noise is gone, and so is some detail.",
)
better = below(errors["cleaner"], errors["PCA-32"], fmt=".4f", names=("cleaner", "PCA"))
nearer = below(errors["cleaner"], errors["copier"], fmt=".4f", names=("cleaner", "copier"))
claim("The cleaner is nearer to the clean picture than PCA, and than the copier", all_of(better, nearer))

# %% [markdown]
# Through 32 numbers there is no room for most of the noise, so even the copier removes it. But it falls behind PCA, which it beat on clean pictures.
# Neither had seen noise. A likely reason: each of PCA's numbers is a weighted sum of all pixels, where noise largely cancels; the copier's sums go
# on through gelu layers that met clean pictures only. Trained for noise, the same layers lead again. What such a network knows is the subject of
# lesson 04.
#
# ## Flag
#
# The copier has seen clothes only. What it copies badly is perhaps no garment. So we take the error of its copy, and a threshold
# decides. Which? We choose it on validation clothes, so that 5 % of them are above: not on those of training, which it has seen. Then we open the test clothes, and hide digits among them.

# %%
digits = datasets.digits().flat("test")  # (1000, 784)
test = clothes.flat("test")


def copy_error(images):
    """The mean squared error of each copy: (n, 784) -> (n,)."""
    return np.mean((images - copier.predict(images, verbose=0)) ** 2, axis=1)


threshold = np.quantile(copy_error(validation), 0.95)
false_alarms, caught = np.mean(copy_error(test) > threshold), np.mean(copy_error(digits) > threshold)
print(f"flagged: {false_alarms:.1%} of the test clothes, {caught:.1%} of the digits")

# %% tags=["hide-input"]
shown = np.concatenate([test[[0, 7, 14, 21, 28]], digits[[1, 3, 6, 8, 11]]])
shown_copies = copier.predict(shown, verbose=0)
verdicts = [f"{s:.3f}\n{'FLAG' if s > threshold else 'passes'}" for s in copy_error(shown)]
plots.grid(
    [rows.reshape(-1, 28, 28) for rows in (shown, shown_copies, np.abs(shown - shown_copies))],
    row_labels=["picture", "its copy", "difference"],
    below=[[""] * 10, [""] * 10, verdicts],
    caption=f"The error of each copy: above {threshold:.3f} a picture is flagged. Digits come back blurred, some as garments.",
)

# %% tags=["hide-input"]
claim(
    "More than 80 % of the digits are flagged, and 3 to 7 % of the clothes",
    all_of(above(100 * caught, 80, unit="%"), between(100 * false_alarms, 3, 7, unit="%")),
)

# %% [markdown]
# Strangers are caught, and so is a striped pullover: a *false alarm*, one of the 5 % that we allowed. Would something simpler catch the digits as well? And what
# about a garment with a fault, a hole of 7 × 7 pixels?

# %%
shares = ["nearly all", "about half", "hardly any"]
guess("distance", "How many digits are farther from the mean picture than 95 % of the clothes are?", shares)

# %%
from_mean = [np.mean((images - train.mean(axis=0)) ** 2, axis=1) for images in (validation, digits)]
from_pca = [np.mean((images - metrics.clip01(pca.reconstruct(images))) ** 2, axis=1) for images in (validation, digits)]
for name, (at_clothes, at_digits) in (("the distance from the mean picture", from_mean), ("PCA's error", from_pca)):
    print(f"digits flagged by {name}: {np.mean(at_digits > np.quantile(at_clothes, 0.95)):.1%}")
damaged = test.reshape(-1, 28, 28).copy()
damaged[:, 11:18, 11:18] = 0
with_hole = np.mean(copy_error(damaged.reshape(-1, 784)) > threshold)
print(f"clothes flagged by the copier: {false_alarms:.1%} without a hole, {with_hole:.1%} with one")

# %% tags=["hide-input"]
far = 100 * np.mean(from_mean[1] > np.quantile(from_mean[0], 0.95))
among = above(far, 80, unit="%"), between(far, 20, 80, unit="%"), below(far, 20, unit="%")
reveal("distance", dict(zip(shares, among, strict=True)))

# %% [markdown]
# A digit is black but for one stroke: nearer to the mean picture than a bright coat is. PCA flags nearly as many
# as the network. And most holes pass. A hole is 49 of 784 pixels, 1 in 16. Where the copy says .8 and the hole 0, each adds .64, over the picture .64 / 16 = .04: enough. In dark cloth,
# or copied in part, it adds less. Lesson 07 does better, and says how well you may expect to do.
#
# ## Your turn
#
# Copy once more, through two numbers. What is lost? Then change `code` to 8, to 128, and run this cell and the next again. Does the network stay ahead
# of PCA?

# %%
code = 2
mine = narrow_network(code)
mine.compile(keras.optimizers.Adam(2e-3), "mse")
mine.fit(train, train, batch_size=64, epochs=5, verbose=0)
my_copies = mine.predict(validation, verbose=0)

# %% tags=["hide-input"]
mine_and_pca = {
    "yours": my_copies,
    f"PCA-{code}": metrics.clip01(referees.fit_pca(train, code).reconstruct(validation)),
}
plots.grid(
    [validation[ten].reshape(-1, 28, 28), *(answer[ten].reshape(-1, 28, 28) for answer in mine_and_pca.values())],
    row_labels=[
        "original",
        *(f"{name}\n{metrics.mse(validation, answer):.4f}" for name, answer in mine_and_pca.items()),
    ],
    caption=f"Copies from {code} numbers each.",
)

# %% [markdown]
# ## Checks and hints
#
# Exercises ask you to write a function; `check` tries it on inputs of its own and shows a card. For example `to_unit_range`: grey levels
# come as integers from 0 to 255, a network wants float32 numbers from 0 to 1. These three answers are nearly right; each gets a question that points at its
# mistake. (`run_check` returns what `check` shows.)


# %%
wrong_answers = {
    "by 256": lambda images: images.astype("float32") / 256,
    "no float32": lambda images: images / 255,
    "own maximum": lambda images: (images / images.max(axis=(1, 2), keepdims=True)).astype("float32"),
}
for name, wrong_answer in wrong_answers.items():
    outcome = run_check(wrong_answer, name="to_unit_range", seed=1)
    print(f"{name}: {outcome.status}: {outcome.message}\n")

# %% [markdown]
# Your own answer goes into `exercises/00_start_here.ipynb`, three minutes.
#
# * **NOT ATTEMPTED:** the stub is still there. **ERROR:** your code raised an exception or ran too long; the card shows your line.
# * `hint` asks a question. Called again, it names the section to reread. After two failed checks it links to the solution.
# * Folded cells draw figures and check claims; open one with a click. `progress()` shows what you have solved in your own copies.

# %% tags=["hide-input"]
progress(0)

# %% [markdown]
# ## The course
#
# | lesson | question | you need |
# |---|---|---|
# | 01 Anatomy of an autoencoder | What is in it, and what does its error mean? | 00 |
# | 02 Undercomplete autoencoders | What does the bottleneck force it to learn? | 01 |
# | 03 Sparse autoencoders | What if the code is large, but few of its units speak at a time? | 02 |
# | 04 Denoising autoencoders | What does a network know that can remove noise? | 02 |
# | 05 Variational autoencoders | How do you make the code a space to sample from? | 02, 03 |
# | 06 Decoder swapping | How does a deepfake work, and how can you tell? | 02, 04 |
# | 07 Anomaly detection | Can you flag what reconstructs badly? | 02, 05 |
# | 08 Dimensionality reduction and search | What is the code good for without the decoder? | 02 |
# | 09 Generating images and time series | Are the samples any good, or copies? | 05 |
# | 10 Recommendation | What will this person like next? | 02, 04, 05 |
#
# **A full day:** 00, 01, 02 and their core exercises. **Three days:** add 03, 04, 05 and one application. **Six weeks:** two lessons a week with
# all exercises. Each lesson's second notebook, *deeper*, can wait.
#
# ## Wrap-up
#
# Copy, clean, flag: two networks, three uses, each beside something simpler. The course asks of each: why does it work, what is it worth, and when does
# something simpler do? Next: [Anatomy of an autoencoder](01_anatomy.ipynb), where you take one apart, and find out what 32 numbers really cost.
#
# ## References
#
# * H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*, 2017.
# * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86, 1998 (the digits).
# * D. E. Rumelhart, G. E. Hinton, R. J. Williams: *Learning internal representations by error propagation*, 1986 (the encoder problem, an autoencoder with a bottleneck).
