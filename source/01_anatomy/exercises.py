# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Anatomy of an autoencoder: exercises"
#     lesson: 1
# ---

# %% [markdown]
# # 01 · Anatomy of an autoencoder: exercises
#
# Six exercises: sizes, errors, a baseline, an autoencoder, and its gradients by hand. Replace each line that raises
# `NotImplementedError` by your answer, run the cell, then the check below it. `hint(compression_ratio)` asks you a
# question; call it again for more. The checks draw new inputs each time, so an answer for one set of numbers does not
# pass.
#
# Shapes are written as tuples: `(n, …)` is `n` images of any shape, one after the other along the first axis.

# %%
from course_lib import check, hint

import keras
import numpy as np

# %% [markdown] tags=["task"]
# ## compression_ratio: how much smaller is the code ★ · 6 minutes · core
#
# A code is smaller than its input if it takes fewer **bits**. How many numbers it holds is half of the answer; how
# many bits each number takes is the other half.
#
# Write `compression_ratio(input_shape, input_bits, code_shape, code_bits)`.
#
# * `input_shape` and `code_shape` are tuples of integers: the shape of *one* input and of *one* code, without the
#   axis that counts the images. They can have any number of axes.
# * `input_bits` and `code_bits` are integers: the bits of one number of the input and of one number of the code.
# * It returns a float: bits of the input divided by bits of the code.
#
# A 4×4 picture of 8-bit pixels has 128 bits. A code of two 16-bit numbers has 32. The ratio is 4.0.
#
# **Success looks like** `compression_ratio((28, 28), 8, (32,), 32)` giving 6.125.


# %% tags=["answer"]
def compression_ratio(input_shape, input_bits, code_shape, code_bits):
    """Bits of one input divided by bits of its code; shapes are tuples without the batch axis."""
    # SOLUTION BEGIN
    bits_in_the_input = np.prod(input_shape) * input_bits
    bits_in_the_code = np.prod(code_shape) * code_bits
    return float(bits_in_the_input / bits_in_the_code)
    # SOLUTION END
    # STUB: raise NotImplementedError("compression_ratio: write your answer here")


# %% tags=["check"]
check(compression_ratio)

# %% [markdown] tags=["explanation"]
# An array holds as many numbers as the *product* of its axes says, and each of them takes its bits. Dividing 784 by
# 32 compares 8-bit pixels with 32-bit floats as if they were equal, and turns 6.125 into 24.5. That number stands in
# many tutorials.
#
# Two slips are easy to miss. Taking `shape[0]` works for a code of one axis and fails for a convolutional code. And
# `//` drops what stands behind the point, so that a code of 1.9 times fewer bits seems to save nothing.

# %% [markdown] tags=["task"]
# ## mse_per_image: one error for each image ★ · 8 minutes · core
#
# One number for a whole test set hides which images went wrong. So compute the mean squared error of each image.
#
# Write `mse_per_image(x, y)`. Both arrays have the same shape `(n, …)`: `n` images of any number of axes, such as (n,
# 784), (n, 28, 28) or (n, 32, 32, 3). It returns an array of shape `(n,)`, also for n = 1: for each image the squared
# difference of its pixels, averaged over all axes but the first.
#
# The arrays hold floats, or both hold **uint8** grey levels. The result is in squared units of the input: for uint8
# that is squared grey levels, without a conversion to [0, 1].
#
# Two images of two pixels, `x = [[0, 0], [1, 3]]` and `y = [[0, 2], [1, 3]]`, have the errors `[2, 0]`.
#
# **Success looks like** a black and a white uint8 image of any size having the error 255² = 65025, whichever of them
# is `x`.


# %% tags=["answer"]
def mse_per_image(x, y):
    """Mean squared error of each image: (n, …) and (n, …), float or uint8, to (n,)."""
    # SOLUTION BEGIN
    difference = x.astype(np.float64) - y
    return np.mean(difference**2, axis=tuple(range(1, x.ndim)))
    # SOLUTION END
    # STUB: raise NotImplementedError("mse_per_image: write your answer here")


# %% tags=["check"]
check(mse_per_image)

# %% [markdown] tags=["explanation"]
# `range(1, x.ndim)` names every axis but the first, however many there are. Without `axis` you get one number for all
# images; with `axis=1` you get one for each row of each image.
#
# The conversion is there for bytes. A uint8 holds 0 to 255 and starts again beyond: 20 − 30 is 246, and 200 squared
# is 64. NumPy gives no warning for arrays, and the error looks plausible. Converting *one* of the two before the
# subtraction is enough, because NumPy then computes in the wider type.

# %% [markdown] tags=["task"]
# ## psnr: how loud is the error ★ · 8 minutes · core
#
# The **peak signal-to-noise ratio** puts a mean squared error on the scale of decibels: the square of the largest
# possible pixel value (the **peak**) divided by the mean squared error, its logarithm to base 10, times 10. Larger is
# better, and 10 dB more is a ten times smaller squared error.
#
# Write `psnr(x, y)`. Both arrays have the same shape, `(n, …)`, and hold floats in [0, 1], so the peak is 1 whatever
# the largest pixel happens to be. The mean squared error is taken over the **whole set**, all images and pixels
# together, and converted once. The result is one float, in dB. The check never gives it two equal arrays.
#
# An error of 0.01 in every pixel is a mean squared error of 0.0001, and 40 dB.
#
# **Success looks like** `psnr(x, x + 0.1)` giving 20 dB for any `x`, up to rounding.


# %% tags=["answer"]
def psnr(x, y):
    """PSNR in dB from the mean squared error over the whole set; values in [0, 1], peak 1."""
    # SOLUTION BEGIN
    mean_squared_error = np.mean((x - y) ** 2)
    return float(10 * np.log10(1.0 / mean_squared_error))
    # SOLUTION END
    # STUB: raise NotImplementedError("psnr: write your answer here")


# %% tags=["check"]
check(psnr)

# %% [markdown] tags=["explanation"]
# The peak belongs to the *format*, not to the picture: 1 for floats in [0, 1], 255 for bytes. With 255 on data in [0,
# 1] every result is 48.1 dB too good. With `x.max()` the same error scores worse on a dark image.
#
# `np.log` is the natural logarithm, 2.3 times as large. Ten goes with a squared error and twenty with its root,
# because log u² = 2 log u. And the mean of decibels is not the decibels of the mean: a few nearly perfect images lift
# the mean of their PSNRs without limit. This course always averages errors first.

# %% [markdown] tags=["task"]
# ## mean_image_baseline: what if the model knew nothing ★ · 5 minutes · core
#
# A loss says little until you know what a model without any knowledge of the image would get. The best constant
# answer under squared error is the mean image.
#
# Write `mean_image_baseline(train, test)`. `train` has shape (n, …), `test` has shape (m, …), with images of the same
# shape and float pixels. It returns the predictions for the test images, an array of the shape of `test`: the
# **same** image `m` times, the pixel-by-pixel mean of the set that a model may learn from.
#
# With the training images `[0, 2]` and `[4, 4]` and one test image `[9, 9]` the answer is `[[2, 3]]`.
#
# **Success looks like** `m` equal images that show, on Fashion-MNIST, a blurred shirt with a shadow of trousers and
# shoes.


# %% tags=["answer"]
def mean_image_baseline(train, test):
    """The prediction of a model that only knows the training mean: (n, …) and (m, …) to (m, …)."""
    # SOLUTION BEGIN
    mean_image = train.mean(axis=0)
    return np.stack([mean_image] * len(test))
    # SOLUTION END
    # STUB: raise NotImplementedError("mean_image_baseline: write your answer here")


# %% tags=["check"]
check(mean_image_baseline)

# %% [markdown] tags=["explanation"]
# `axis=0` averages over the images and keeps the pixels. The mean of the *test* images would have a slightly smaller
# error, but it has looked at the answers: a baseline obeys the same rules as the model that it is compared with. A
# mean for each test image (one grey level an image) also looks at the image that it claims to predict: that is a code
# of one number.
#
# Of the test set only its length is used. The median image is the best constant for the *absolute* error.

# %% [markdown] tags=["task"]
# ## build_autoencoder: three models, one set of layers ★★ · 15 minutes · core
#
# Write `build_autoencoder(input_dim, hidden_units, code_size)`. It returns three untrained Keras models in this
# order, `(encoder, decoder, autoencoder)`:
#
# | model | maps | through |
# |---|---|---|
# | encoder | (n, input_dim) → (n, code_size) | a hidden layer of `hidden_units` with a nonlinear activation, then the code |
# | decoder | (n, code_size) → (n, input_dim) | a hidden layer of `hidden_units` with a nonlinear activation, then the output |
# | autoencoder | (n, input_dim) → (n, input_dim) | the encoder, then the decoder |
#
# The three **share their layers**: after training the autoencoder, `decoder(encoder(x))` equals `autoencoder(x)`. All
# sizes are integers. Pixels lie in [0, 1], so the decoder's output has to stay between 0 and 1, each pixel on its
# own. The number of images `n` is not fixed. The code's activation is yours to choose; none is fine.
#
# For `build_autoencoder(784, 128, 32)` the three models map 784 → 32, 32 → 784 and 784 → 784.
#
# **Success looks like** `autoencoder.count_params()` being the sum of `encoder.count_params()` and
# `decoder.count_params()`, 209,968 for the sizes above.


# %% tags=["answer"]
def build_autoencoder(input_dim, hidden_units, code_size):
    """Untrained (encoder, decoder, autoencoder) on arrays of shape (n, input_dim); the three share their layers."""
    # SOLUTION BEGIN
    image = keras.Input((input_dim,))
    hidden = keras.layers.Dense(hidden_units, activation="relu")(image)
    encoder = keras.Model(image, keras.layers.Dense(code_size)(hidden), name="encoder")

    code = keras.Input((code_size,))
    hidden = keras.layers.Dense(hidden_units, activation="relu")(code)
    decoder = keras.Model(code, keras.layers.Dense(input_dim, activation="sigmoid")(hidden), name="decoder")

    autoencoder = keras.Model(image, decoder(encoder(image)), name="autoencoder")
    return encoder, decoder, autoencoder
    # SOLUTION END
    # STUB: raise NotImplementedError("build_autoencoder: write your answer here")


# %% tags=["check"]
check(build_autoencoder)

# %% [markdown] tags=["explanation"]
# A Keras model is a path through layers, and `decoder(encoder(image))` makes a third path through the layers of the
# first two. So nothing is copied, and training one trains all. The usual error is to write `Dense(...)` again for the
# decoder model: each call of `Dense(...)` makes a new layer with weights of its own, and these never see the
# training.
#
# The sigmoid treats each pixel alone. A softmax also stays in [0, 1], but its pixels share a total of 1: no two of
# them can be white. A ReLU has no upper end. Without an activation in the hidden layer, two Dense layers are one
# matrix, and the network is a linear autoencoder with more parameters.

# %% [markdown] tags=["task"]
# ## autoencoder_gradients: backpropagation by hand ★★★ · 35 minutes · optional
#
# Keras computes gradients for you. Once, compute them yourself.
#
# The network has the **code** $h = \tanh(x W_1 + b_1)$, shape (n, k), and the **output** $y = h W_2 + b_2$, shape (n,
# d). It is trained to copy, so its target is $x$ itself:
#
# $$L = \frac{1}{n} \sum_{i=1}^{n} \sum_{j=1}^{d} (y_{ij} - x_{ij})^2$$
#
# Mind the scale: a *mean* over the samples of a *sum* over the features.
#
# Write `autoencoder_gradients(x, w1, b1, w2, b2)` with `x` (n, d), `w1` (d, k), `b1` (k,), `w2` (k, d), `b2` (d,),
# all float64 arrays. It returns four arrays, the gradients of $L$ with respect to `w1`, `b1`, `w2`, `b2`, in this
# order. Each has the shape of its parameter. Use NumPy only.
#
# An example that you can follow by hand: one sample `x = [[1]]`, `w1 = [[0]]`, `b1 = [0]`, `w2 = [[3]]`, `b2 = [0]`.
# Then h = 0, y = 0, L = 1, and the gradients are `[[-6]]`, `[-6]`, `[[0]]`, `[-2]`.
#
# **Success looks like** every entry agreeing with `(L(w + e) - L(w - e)) / (2e)` for `e = 1e-5`, six digits or more.


# %% tags=["answer"]
def autoencoder_gradients(x, w1, b1, w2, b2):
    """Gradients of the loss for (w1, b1, w2, b2): tanh code, linear output, mean over n of the summed squared error."""
    # SOLUTION BEGIN
    h = np.tanh(x @ w1 + b1)  # (n, k)
    y = h @ w2 + b2  # (n, d)

    d_y = 2 * (y - x) / len(x)  # (n, d)
    d_w2 = h.T @ d_y
    d_b2 = d_y.sum(axis=0)

    d_h = d_y @ w2.T  # (n, k)
    d_a = d_h * (1 - h**2)  # before the tanh
    d_w1 = x.T @ d_a
    d_b1 = d_a.sum(axis=0)
    return d_w1, d_b1, d_w2, d_b2
    # SOLUTION END
    # STUB: raise NotImplementedError("autoencoder_gradients: write your answer here")


# %% tags=["check"]
check(autoencoder_gradients)

# %% [markdown] tags=["explanation"]
# Walk from the loss backwards. The square gives 2(y − x), the mean gives 1/n. A matrix product `h @ w2` passes its
# gradient on as `h.T @ d_y` to the weights and `d_y @ w2.T` to the codes: the shapes leave no other way. A bias is
# added to every sample, so its gradient is the sum over the samples. The tanh multiplies by its slope, 1 − tanh² = 1
# − h², taken from the value that you have already.
#
# A missing slope or a missing 2 does not stop training; it only makes it slower or crooked. That is why hand-written
# gradients are compared with central differences, in float64. The target also is `x`, but it does not depend on the
# weights.
