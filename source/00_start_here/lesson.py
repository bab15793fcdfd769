# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Start here
#     lesson: 0
#     minutes: 10
#     compute: 18
#     summary: "A tour: a first autoencoder in ten lines, how guesses, claims, checks and hints work, three paths through the course"
#     prerequisites:
#       - "Python with NumPy, and a first acquaintance with neural networks"
#     objectives:
#       - Run a cell, make a guess, read a claim, check an answer and ask for a hint
#       - Train a first autoencoder and compare it with an exact answer and a trivial one
#       - Choose your path through the course
#     data: [fashion_mnist, digits, photographs]
# ---

# %% [markdown]
# An **autoencoder** is a network that is trained to copy its input, through a bottleneck too narrow for a plain copy. To get
# through, it has to find out what the data are made of. This course is about what it finds, and about how to tell whether
# what it finds is worth anything.
#
# You work in your own copy: change what you like, nothing can break. Run a cell with **Shift+Enter**, and run the cells in
# order. When you want a fresh copy, `python -m course_lib reset notebooks/00_start_here` restores this one and keeps yours.

# %%
from course_lib import check, claim, guess, hint, progress, reveal, run_check
from course_lib import datasets, metrics, plots, referees, training

import keras
import numpy as np

SEED = training.set_seed(0)

# %% [markdown]
# If this cell fails, run `python -m course_lib doctor` in a terminal. It names what is missing, with the line that mends it.
#
# If it says `No module named 'course_lib'`, this notebook runs with another Python than the course's:
#
# * in **VS Code**: top right, *Select Kernel*, *Python Environments*, `.venv` of the course's folder;
# * in **Colab**: put a cell above with `!git clone ADDRESS bottleneck` (the address of the course's repository) and
#   `%pip install -e bottleneck`, run it, then *Runtime*, *Restart session*, and go on here;
# * in **Binder** the course does not run.
#
# README says more under "Which machines" and "VS Code, Colab, Binder".

# %% [markdown]
# ## The data
#
# All data are on your disk already. The clothes are the course's main images: 28 × 28 grey pixels, ten classes, 12,000 to
# train on, 2,000 to choose with (validation), 2,000 to be judged by (test). A network never sees the last ones before the end.

# %%
# NBVAL_CHECK_OUTPUT
clothes = datasets.fashion_mnist()
digits = datasets.digits()
print(f"clothes: {len(clothes.train):,} train, {len(clothes.validation):,} validation, {len(clothes.test):,} test")
print(f"digits:  {len(digits.train):,} train, {len(digits.test):,} test")
print(
    f"one picture: {clothes.train.shape[1:]}, {clothes.train.dtype}, from {clothes.train.min()} to {clothes.train.max()}"
)

# %%
plots.grid(
    [clothes.train[:10], digits.train[:10]],
    row_labels=["clothes", "digits"],
    column_titles=[clothes.class_names[label] for label in clothes.train_labels[:10]],
    caption="The two worlds of the course: clothes to learn from, digits to be surprised by.",
)

# %%
photographs = datasets.photographs()
plots.row(
    photographs.images,
    titles=[f"{name}: {image.shape}" for name, image in zip(photographs.names, photographs.images, strict=True)],
    caption="Two photographs in colour, for lessons that need more than 28 × 28 pixels.",
)

# %% [markdown]
# ## A first autoencoder
#
# The **encoder** turns the 784 pixels of a picture into 32 numbers, the **code**. The **decoder** turns the code back into
# a picture. Both are trained together, to make the mean squared error between the picture and its copy small. The target is
# the input itself: nobody had to label anything.
#
# How good should we expect it to be? A loss on its own says nothing. Two answers need no training, and every network in this
# course is measured against such a pair:
#
# * the **trivial baseline** answers every picture with the same one, the mean of the training pictures;
# * the **referee** is the best that linear algebra can do with 32 numbers: principal component analysis (**PCA**).

# %%
guess(
    "first-autoencoder",
    "One training of a few seconds. Where does the autoencoder end up, on clothes that it has never seen?",
    ["worse than the mean picture", "between the mean picture and PCA", "better than PCA"],
)

# %%
train, test = clothes.flat("train"), clothes.flat("test")  # (12000, 784) and (2000, 784), in [0, 1]

autoencoder = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(256, "gelu"),
        keras.layers.Dense(32),  # the code: the bottleneck
        keras.layers.Dense(256, "gelu"),
        keras.layers.Dense(784, "sigmoid"),
    ]
)
autoencoder.compile(keras.optimizers.Adam(2e-3), "mse")
autoencoder.fit(train, train, batch_size=64, epochs=5, verbose=0)
copies = autoencoder.predict(test, verbose=0)  # (2000, 784)

# %% [markdown]
# ## Measured against an exact answer
#
# The same 2,000 unseen pictures, the same error, three ways to answer.

# %%
mean_picture = np.broadcast_to(referees.mean_image(train), test.shape)
pca_copies = metrics.clip01(referees.fit_pca(train, 32).reconstruct(test))
mean_error, pca_error, error = (metrics.mse(test, answer) for answer in (mean_picture, pca_copies, copies))

chosen = [int(np.flatnonzero(clothes.test_labels == label)[0]) for label in range(10)]
plots.grid(
    [answer[chosen].reshape(-1, 28, 28) for answer in (test, mean_picture, pca_copies, copies)],
    row_labels=["original", f"mean picture\n{mean_error:.4f}", f"PCA-32\n{pca_error:.4f}", f"autoencoder\n{error:.4f}"],
    caption="Unseen clothes and three answers with their mean squared error: the autoencoder keeps outlines that PCA smears.",
)

# %%
plots.ladder(
    ["mean picture", "PCA, 32 numbers", "autoencoder, 32 numbers"],
    [mean_error, pca_error, error],
    kinds=["trivial", "referee", "network"],
    metric="mean squared error on unseen clothes",
    caption="From the trivial baseline over the exact linear answer to the network: shorter is better.",
)

# %%
claim(
    "The autoencoder beats PCA with as many numbers, on unseen pictures",
    error < pca_error,
    f"{error:.4f} < {pca_error:.4f}, and the mean picture has {mean_error:.4f}",
    margin=pca_error - error,
)
reveal("first-autoencoder", "better than PCA")

# %% [markdown]
# A line with a tick is a **claim**: the notebook computed its numbers just now, and stops if it does not hold. When you
# change a cell and a claim fails, you have found something out.
#
# The gain over PCA is real and smaller than stories about neural networks suggest. Most of the way from the mean picture down
# was linear algebra. You will see in lesson 02 that the network gets further in less time when it *starts* from PCA.

# %% [markdown]
# ## Checks and hints
#
# Exercises ask you to write a function. `check` tries it on inputs of its own and tells you what it found. Here is one to try.
# Grey levels come as integers from 0 to 255, and a network wants float32 numbers from 0 to 1. Run the next three cells as they
# are, then write your answer and run them again.


# %%
def to_unit_range(images):
    """uint8 (n, 28, 28) -> float32 of the same shape, 0 stays 0 and 255 becomes 1."""
    raise NotImplementedError("to_unit_range: write your answer here")


# %%
check(to_unit_range)

# %%
hint(to_unit_range)

# %% [markdown]
# A wrong answer gets a question that points at the likely misconception. These three people are all nearly right.
# `run_check` returns what `check` shows; it is also how the course tests its own checks.

# %%
for wrong_answer in (
    lambda images: images.astype("float32") / 256,
    lambda images: images / 255,
    lambda images: (images / images.max(axis=(1, 2), keepdims=True)).astype("float32"),
):
    outcome = run_check(wrong_answer, name="to_unit_range", seed=1)
    print(f"{outcome.status}: {outcome.message}\n")

# %% [markdown]
# * PASS and FAIL are what they say. **NOT ATTEMPTED** means that the stub is still there. **ERROR** means that your code
#   raised an exception or ran too long; the card shows your own line.
# * `hint` asks a question. Called again, it names the section to reread. After two failed checks it links to the solution
#   of that one exercise.
# * `progress()` shows what you have solved. Only work in your own copies counts.

# %%
progress(0)

# %% [markdown]
# ## What autoencoders are for
#
# | lesson | question | you need |
# |---|---|---|
# | 01 Anatomy of an autoencoder | What is in it, and what does its error mean? | 00 |
# | 02 Undercomplete autoencoders | What does the bottleneck force it to learn? | 01 |
# | 03 Sparse autoencoders | What if the code is large, but few of its units speak at a time? | 02 |
# | 04 Denoising autoencoders | What does a network know that can remove noise? | 02 |
# | 05 Variational autoencoders | How do you make the code a space to sample from? | 02 |
# | 06 Decoder swapping | How does a deepfake work, and how can you tell? | 02 |
# | 07 Anomaly detection | Can you flag what reconstructs badly? | 02 |
# | 08 Dimensionality reduction and search | What is the code good for without the decoder? | 02, 04 |
# | 09 Generating images and time series | Are the samples any good, or copies? | 05 |
# | 10 Recommendation | What will this person like next? | 02 |
#
# Lessons appear in your `notebooks` folder as they are released.
#
# **An afternoon:** 00, 01, 02 and the core exercises. **Two days:** add 04, 05 and one application that you care about.
# **Six weeks:** two lessons a week with all exercises, a discussion after each.

# %% [markdown]
# ## Notation
#
# | sign | meaning |
# |---|---|
# | $x \in [0,1]^{d}$ | an input; a picture has $d = 784$ pixels |
# | $z \in \mathbb{R}^{k}$ | its code, $k$ numbers |
# | $z = f(x)$ | the encoder |
# | $\hat x = g(z)$ | the decoder's answer, the **reconstruction** |
# | $n$ | how many samples |
# | MSE | mean of $(x - \hat x)^2$ over pixels and pictures; outputs are clipped to $[0, 1]$ first |
# | PSNR | $-10 \log_{10} \mathrm{MSE}$ in decibels (dB), for values in $[0, 1]$; higher is better |
# | nats | units of log-likelihood: sums over pixels and code, means over pictures |

# %% [markdown]
# ## Wrap-up
#
# You have trained an autoencoder, measured it against a trivial and an exact answer, and met guesses, claims, checks and
# hints. Next: [Anatomy of an autoencoder](01_anatomy.ipynb), where you take one apart.
#
# ## References
#
# * H. Xiao, K. Rasul, R. Vollgraf: *Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*, 2017.
# * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86, 1998 (the digits).
# * D. E. Rumelhart, G. E. Hinton, R. J. Williams: *Learning internal representations by error propagation*, 1986 (the encoder problem, an autoencoder with a bottleneck).
