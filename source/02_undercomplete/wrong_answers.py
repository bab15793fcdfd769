"""Wrong answers to the exercises of lesson 02, each with the misconception that its check must name."""

import math

import keras
import numpy as np

from authoring.bank import wrong


def _axes(data):
    return np.linalg.svd(data, full_matrices=False)[2]


# pca_reconstruct


@wrong("never-centred")
def pca_reconstruct(train, test, k):
    rows = _axes(train)[:k]
    return test @ rows.T @ rows


@wrong("never-centred")
def pca_reconstruct(train, test, k):
    rows = _axes(train - train.mean(axis=0))[:k]
    return test @ rows.T @ rows


@wrong("one-mean-for-all-features")
def pca_reconstruct(train, test, k):
    mean = train.mean()
    rows = _axes(train - mean)[:k]
    return (test - mean) @ rows.T @ rows + mean


@wrong("centres-each-sample")
def pca_reconstruct(train, test, k):
    rows = _axes(train - train.mean(axis=1, keepdims=True))[:k]
    mean = test.mean(axis=1, keepdims=True)
    return (test - mean) @ rows.T @ rows + mean


@wrong("centred-too-late")
def pca_reconstruct(train, test, k):
    rows, mean = _axes(train)[:k], train.mean(axis=0)
    return (test - mean) @ rows.T @ rows + mean


@wrong("forgets-to-add-the-mean")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[:k]
    return (test - mean) @ rows.T @ rows


@wrong("adds-a-mean-never-subtracted")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[:k]
    return test @ rows.T @ rows + mean


@wrong("centres-on-the-test-mean")
def pca_reconstruct(train, test, k):
    mean = test.mean(axis=0)
    rows = _axes(train - train.mean(axis=0))[:k]
    return (test - mean) @ rows.T @ rows + mean


@wrong("centres-on-the-test-mean")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[:k]
    return (test - test.mean(axis=0)) @ rows.T @ rows + mean


@wrong("fits-on-the-test-set")
def pca_reconstruct(train, test, k):
    mean = test.mean(axis=0)
    rows = _axes(test - mean)[:k]
    return (test - mean) @ rows.T @ rows + mean


@wrong("fits-on-the-test-set")
def pca_reconstruct(train, test, k):
    both = np.concatenate([train, test])
    mean = both.mean(axis=0)
    rows = _axes(both - mean)[:k]
    return (test - mean) @ rows.T @ rows + mean


@wrong("not-the-largest-variance")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    vectors = np.linalg.eigh(np.cov(train.T))[1][:, :k]
    return (test - mean) @ vectors @ vectors.T + mean


@wrong("rows-for-columns")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    vectors = _axes(train - mean)[:, :k]
    return (test - mean) @ vectors @ vectors.T + mean


@wrong("rows-for-columns")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = np.linalg.eigh(np.cov(train.T))[1][-k:]
    return (test - mean) @ rows.T @ rows + mean


@wrong("scales-the-coordinates")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(train.T))
    values, vectors = values[::-1][:k], vectors[:, ::-1][:, :k]
    return (test - mean) @ vectors / np.sqrt(values) @ vectors.T + mean


@wrong("scales-the-coordinates")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    _, values, rows = np.linalg.svd(train - mean, full_matrices=False)
    return (test - mean) @ rows[:k].T @ np.diag(values[:k]) @ rows[:k] + mean


@wrong("standardises")
def pca_reconstruct(train, test, k):
    mean, spread = train.mean(axis=0), train.std(axis=0)
    rows = _axes((train - mean) / spread)[:k]
    return (test - mean) / spread @ rows.T @ rows * spread + mean


@wrong("skips-the-first-component")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[1 : k + 1]
    return (test - mean) @ rows.T @ rows + mean


@wrong("wrong-number-of-components")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[: k - 1]
    return (test - mean) @ rows.T @ rows + mean


@wrong("returns-the-codes")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    return (test - mean) @ _axes(train - mean)[:k].T


@wrong("reconstructs-the-training-set")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[:k]
    return (train - mean) @ rows.T @ rows + mean


@wrong("clips")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[:k]
    return np.clip((test - mean) @ rows.T @ rows + mean, 0, 1)


@wrong("copies")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)
    return (test - mean) @ rows.T @ rows + mean


@wrong("changes-its-input")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    train -= mean
    test -= mean
    rows = _axes(train)[:k]
    return test @ rows.T @ rows + mean


@wrong("standardises")
def pca_reconstruct(train, test, k):
    mean, axes = train.mean(axis=0), np.linalg.eigh(np.corrcoef(train.T))[1][:, ::-1][:, :k]
    return (test - mean) @ axes @ axes.T + mean


@wrong("wrong-reconstruction")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    rows = _axes(train - mean)[:k]
    return np.clip((test - mean) @ rows.T @ rows + mean, train.min(axis=0) + 2, train.max(axis=0) - 2)


# explained_variance_ratio


@wrong("not-squared")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1]
    return values[:k] / values.sum()


@wrong("not-squared")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1]
    return np.sqrt(values[:k] ** 2 / np.sum(values**2))


@wrong("not-centred")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train)[1] ** 2
    return values[:k] / values.sum()


@wrong("cumulative")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1] ** 2
    return np.cumsum(values)[:k] / values.sum()


@wrong("divides-by-the-kept")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1][:k] ** 2
    return values / values.sum()


@wrong("square-of-the-sum")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1]
    return values[:k] ** 2 / values.sum() ** 2


@wrong("ascending")
def explained_variance_ratio(train, k):
    values = np.linalg.eigvalsh(np.cov(train.T))
    return values[-k:] / values.sum()


@wrong("smallest-first")
def explained_variance_ratio(train, k):
    values = np.linalg.eigvalsh(np.cov(train.T))
    return values[:k] / values.sum()


@wrong("n-and-n-minus-one")
def explained_variance_ratio(train, k):
    return np.linalg.eigvalsh(np.cov(train.T))[::-1][:k] / train.var(axis=0).sum()


@wrong("percent")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1] ** 2
    return 100 * values[:k] / values.sum()


@wrong("variances-not-shares")
def explained_variance_ratio(train, k):
    return np.linalg.eigvalsh(np.cov(train.T))[::-1][:k]


@wrong("variances-of-the-features")
def explained_variance_ratio(train, k):
    variances = np.sort(train.var(axis=0))[::-1]
    return variances[:k] / variances.sum()


@wrong("one-number")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1] ** 2
    return values[:k].sum() / values.sum()


@wrong("ignores-k")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean(axis=0))[1] ** 2
    return values / values.sum()


@wrong("wrong-shares")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(train - train.mean())[1] ** 2
    return values[:k] / values.sum()


@wrong("standardises")
def explained_variance_ratio(train, k):
    values = np.linalg.svd((train - train.mean(axis=0)) / train.std(axis=0))[1] ** 2
    return values[:k] / values.sum()


@wrong("squared-twice")
def explained_variance_ratio(train, k):
    values = np.linalg.svd(np.cov(train.T), compute_uv=False) ** 2
    return values[:k] / values.sum()


# linear_autoencoder: trained no longer than the mistake needs to show


def _trained(train, layers, epochs, rate=0.02, loss="mse", target=None):
    steps = epochs * math.ceil(len(train) / 50)
    model = keras.Sequential([keras.Input((train.shape[1],)), *layers])
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)), loss=loss)
    model.fit(train, train if target is None else target, epochs=epochs, batch_size=50, verbose=0)
    return model


def _at_pca(train, axes, mean_in, mean_out):
    model = keras.Sequential(
        [keras.Input((train.shape[1],)), keras.layers.Dense(len(axes)), keras.layers.Dense(train.shape[1])]
    )
    model.layers[0].set_weights([axes.T, -mean_in @ axes.T])
    model.layers[1].set_weights([axes, mean_out])
    return model


@wrong("nonlinearity-left-in")
def linear_autoencoder(train, code_size):
    return _trained(train, [keras.layers.Dense(code_size, "relu"), keras.layers.Dense(train.shape[1])], 2)


@wrong("nonlinearity-left-in")
def linear_autoencoder(train, code_size):
    return _trained(train, [keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1], "sigmoid")], 2)


@wrong("no-bias")
def linear_autoencoder(train, code_size):
    half = {"use_bias": False}
    layers = [keras.layers.Dense(code_size, **half), keras.layers.Dense(train.shape[1], **half)]
    return _trained(train, layers, 8)


@wrong("no-bias")
def linear_autoencoder(train, code_size):
    layers = [keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1], use_bias=False)]
    return _trained(train, layers, 8)


@wrong("expects-centred-data")
def linear_autoencoder(train, code_size):
    nothing = np.zeros(train.shape[1])
    return _at_pca(train, _axes(train - train.mean(axis=0))[:code_size], nothing, nothing)


@wrong("undertrained")
def linear_autoencoder(train, code_size):
    return _trained(train, [keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])], 6, rate=0.01)


@wrong("hardly-trained")
def linear_autoencoder(train, code_size):
    return keras.Sequential(
        [keras.Input((train.shape[1],)), keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])]
    )


@wrong("hardly-trained")
def linear_autoencoder(train, code_size):
    # Shuffled targets: the model learns the mean and nothing else.
    layers = [keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])]
    return _trained(train, layers, 4, target=np.random.permutation(train))


@wrong("code-too-large")
def linear_autoencoder(train, code_size):
    return _trained(train, [keras.layers.Dense(10), keras.layers.Dense(train.shape[1])], 1)


@wrong("code-too-small")
def linear_autoencoder(train, code_size):
    mean = train.mean(axis=0)
    return _at_pca(train, _axes(train - mean)[: code_size - 1], mean, mean)


@wrong("subspace-tilted")
def linear_autoencoder(train, code_size):
    mean = train.mean(axis=0)
    axes = _axes(train - mean)
    tilt = np.deg2rad(4)
    axes[code_size - 1] = np.cos(tilt) * axes[code_size - 1] + np.sin(tilt) * axes[code_size]
    return _at_pca(train, axes[:code_size], mean, mean)


@wrong("diverged")
def linear_autoencoder(train, code_size):
    layers = [keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])]
    model = keras.Sequential([keras.Input((train.shape[1],)), *layers])
    model.compile(keras.optimizers.SGD(100.0), loss="mse")
    model.fit(train, train, epochs=2, batch_size=50, verbose=0)
    return model


@wrong("not-a-model")
def linear_autoencoder(train, code_size):
    model = keras.Sequential(
        [keras.Input((train.shape[1],)), keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])]
    )
    model.compile("adam", "mse")
    return model.fit(train, train, epochs=1, verbose=0)


@wrong("one-half-only")
def linear_autoencoder(train, code_size):
    model = _trained(train, [keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])], 1)
    return keras.Model(model.inputs, model.layers[0].output)


# remix_code


@wrong("transposed-mixing")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing.T, np.linalg.inv(mixing.T) @ decoder_weights


@wrong("inverts-the-encoder")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ np.linalg.inv(mixing), mixing @ decoder_weights


@wrong("codes-unchanged")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights, np.linalg.inv(mixing) @ decoder_weights


@wrong("decoder-unchanged")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, decoder_weights


@wrong("decoder-not-inverted")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, mixing @ decoder_weights


@wrong("assumes-a-rotation")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, mixing.T @ decoder_weights


@wrong("transposed-inverse")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, (decoder_weights.T @ np.linalg.inv(mixing)).T


@wrong("inverts-each-number")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, (1 / mixing) @ decoder_weights


@wrong("inverts-the-encoder-instead-of-the-mixing")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, np.linalg.pinv(encoder_weights @ mixing)


@wrong("wrong-order")
def remix_code(encoder_weights, decoder_weights, mixing):
    return np.linalg.inv(mixing) @ decoder_weights, encoder_weights @ mixing


@wrong("not-a-pair")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing


@wrong("wrong-codes")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights * np.diag(mixing), decoder_weights / np.diag(mixing)[:, None]


@wrong("reconstructions-change")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, decoder_weights / np.linalg.det(mixing)


@wrong("not-quite-inverted")
def remix_code(encoder_weights, decoder_weights, mixing):
    return encoder_weights @ mixing, np.linalg.pinv(mixing, rcond=1e-2) @ decoder_weights


@wrong("not-quite-inverted")
def remix_code(encoder_weights, decoder_weights, mixing):
    square = mixing.T @ mixing + 1e-8 * np.eye(len(mixing))
    return encoder_weights @ mixing, np.linalg.solve(square, mixing.T @ decoder_weights)


# dead_units


@wrong("small-is-not-zero")
def dead_units(codes):
    return np.flatnonzero(codes.mean(axis=0) < 1e-3)


@wrong("small-is-not-zero")
def dead_units(codes):
    return np.flatnonzero(codes.max(axis=0) < 1e-3)


@wrong("first-sample-only")
def dead_units(codes):
    return np.flatnonzero(codes[0] == 0)


@wrong("last-sample-only")
def dead_units(codes):
    for sample in codes:
        dead = np.flatnonzero(sample == 0)
    return dead


@wrong("zero-for-some-sample")
def dead_units(codes):
    return np.flatnonzero(np.any(codes == 0, axis=0))


@wrong("zero-for-some-sample")
def dead_units(codes):
    return np.flatnonzero(codes.min(axis=0) == 0)


@wrong("mostly-silent")
def dead_units(codes):
    return np.flatnonzero(np.median(codes, axis=0) == 0)


@wrong("active-units")
def dead_units(codes):
    return np.flatnonzero(codes.sum(axis=0))


@wrong("active-units")
def dead_units(codes):
    return np.flatnonzero(codes.all(axis=0))


@wrong("constant-is-not-dead")
def dead_units(codes):
    return np.flatnonzero(codes.std(axis=0) == 0)


@wrong("samples-not-units")
def dead_units(codes):
    return np.flatnonzero(np.all(codes == 0, axis=1))


@wrong("mask-not-indices")
def dead_units(codes):
    return np.all(codes == 0, axis=0)


@wrong("mask-not-indices")
def dead_units(codes):
    return np.all(codes == 0, axis=0).astype(int)


@wrong("count-not-indices")
def dead_units(codes):
    return int(np.all(codes == 0, axis=0).sum())


@wrong("tuple-of-arrays")
def dead_units(codes):
    return np.where(np.all(codes == 0, axis=0))


@wrong("wrong-shape")
def dead_units(codes):
    return np.argwhere(np.all(codes == 0, axis=0))


@wrong("not-integers")
def dead_units(codes):
    return np.flatnonzero(np.all(codes == 0, axis=0)).astype(float)


@wrong("counts-from-one")
def dead_units(codes):
    return 1 + np.flatnonzero(np.all(codes == 0, axis=0))


@wrong("unsorted")
def dead_units(codes):
    return np.flatnonzero(np.all(codes == 0, axis=0))[::-1]


@wrong("wrong-units")
def dead_units(codes):
    return [int(np.argmin(codes.sum(axis=0)))]


@wrong("rare-is-not-dead")
def dead_units(codes):
    return np.flatnonzero(np.mean(codes > 0, axis=0) < 0.01)


@wrong("rare-is-not-dead")
def dead_units(codes):
    return np.flatnonzero(~codes[:100].any(axis=0))


# is_bottleneck


@wrong("last-axis-only")
def is_bottleneck(input_shape, code_shape):
    return code_shape[-1] < input_shape[-1]


@wrong("last-axis-only")
def is_bottleneck(input_shape, code_shape):
    return code_shape[-1] < math.prod(input_shape)


@wrong("first-axis-only")
def is_bottleneck(input_shape, code_shape):
    return code_shape[0] < input_shape[0]


@wrong("equal-counts")
def is_bottleneck(input_shape, code_shape):
    return math.prod(code_shape) <= math.prod(input_shape)


@wrong("inverted")
def is_bottleneck(input_shape, code_shape):
    return math.prod(input_shape) < math.prod(code_shape)


@wrong("adds-the-axes")
def is_bottleneck(input_shape, code_shape):
    return sum(code_shape) < sum(input_shape)


@wrong("counts-axes")
def is_bottleneck(input_shape, code_shape):
    return len(code_shape) < len(input_shape)


@wrong("compares-tuples")
def is_bottleneck(input_shape, code_shape):
    return code_shape < input_shape


@wrong("height-and-width-only")
def is_bottleneck(input_shape, code_shape):
    return math.prod(code_shape[:2]) < math.prod(input_shape[:2])


@wrong("skips-the-first-axis")
def is_bottleneck(input_shape, code_shape):
    return math.prod(code_shape[1:]) < math.prod(input_shape[1:])


@wrong("longest-axis-only")
def is_bottleneck(input_shape, code_shape):
    return max(code_shape) < max(input_shape)


@wrong("ignores-the-input")
def is_bottleneck(input_shape, code_shape):
    return math.prod(code_shape) < 28 * 28


@wrong("axis-by-axis")
def is_bottleneck(input_shape, code_shape):
    return all(code < given for code, given in zip(code_shape, input_shape, strict=False))


@wrong("axis-by-axis")
def is_bottleneck(input_shape, code_shape):
    return any(code < given for code, given in zip(code_shape, input_shape, strict=False))


@wrong("fixed-axes")
def is_bottleneck(input_shape, code_shape):
    return code_shape[0] * code_shape[1] < input_shape[0] * input_shape[1]


@wrong("fixed-axes")
def is_bottleneck(input_shape, code_shape):
    height, width, channels = code_shape
    return height * width * channels < math.prod(input_shape)


@wrong("always-true")
def is_bottleneck(input_shape, code_shape):
    return True


@wrong("not-a-bool")
def is_bottleneck(input_shape, code_shape):
    return math.prod(input_shape) / math.prod(code_shape)


@wrong("wrong-shape")
def is_bottleneck(input_shape, code_shape):
    return np.array(code_shape) < math.prod(input_shape)


@wrong("wrong-comparison")
def is_bottleneck(input_shape, code_shape):
    return 2 * math.prod(code_shape) < math.prod(input_shape)


@wrong("rounds-large-counts")
def is_bottleneck(input_shape, code_shape):
    return sum(math.log(a) for a in code_shape) < sum(math.log(a) for a in input_shape)


@wrong("wrong-comparison")
def is_bottleneck(input_shape, code_shape):
    return bool(np.prod(code_shape, dtype=np.int16) < np.prod(input_shape, dtype=np.int16))


# principal_directions


@wrong("the-decoder-itself")
def principal_directions(decoder_weights, train):
    return decoder_weights / np.linalg.norm(decoder_weights, axis=1, keepdims=True)


@wrong("svd-of-the-decoder")
def principal_directions(decoder_weights, train):
    return _axes(decoder_weights)


@wrong("orthogonalises-only")
def principal_directions(decoder_weights, train):
    return np.linalg.qr(decoder_weights.T)[0].T


@wrong("ignores-the-decoder")
def principal_directions(decoder_weights, train):
    return _axes(train - train.mean(axis=0))[: len(decoder_weights)]


@wrong("not-centred")
def principal_directions(decoder_weights, train):
    basis = np.linalg.qr(decoder_weights.T)[0]
    return _axes(train @ basis) @ basis.T


@wrong("principal-axes-of-the-codes")
def principal_directions(decoder_weights, train):
    codes = (train - train.mean(axis=0)) @ np.linalg.pinv(decoder_weights)
    rows = _axes(codes) @ decoder_weights
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@wrong("principal-axes-of-the-codes")
def principal_directions(decoder_weights, train):
    codes = (train - train.mean(axis=0)) @ decoder_weights.T
    rows = _axes(codes) @ decoder_weights
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@wrong("rising-variance")
def principal_directions(decoder_weights, train):
    basis = np.linalg.qr(decoder_weights.T)[0]
    return np.linalg.eigh(np.cov((train @ basis).T))[1].T @ basis.T


@wrong("axes-as-columns")
def principal_directions(decoder_weights, train):
    basis = np.linalg.qr(decoder_weights.T)[0]
    return basis @ _axes((train - train.mean(axis=0)) @ basis).T


@wrong("not-unit-length")
def principal_directions(decoder_weights, train):
    basis = np.linalg.qr(decoder_weights.T)[0]
    _, values, rows = np.linalg.svd((train - train.mean(axis=0)) @ basis, full_matrices=False)
    return values[:, None] * rows @ basis.T


@wrong("orthogonalises-only")
def principal_directions(decoder_weights, train):
    rows = np.linalg.qr(decoder_weights.T)[0].T
    return rows[np.argsort(-np.var(train @ rows.T, axis=0))]


@wrong("not-the-axes-of-the-data")
def principal_directions(decoder_weights, train):
    # The orthonormal basis that is closest to the decoder's rows.
    values, vectors = np.linalg.eigh(decoder_weights @ decoder_weights.T)
    return vectors / np.sqrt(values) @ vectors.T @ decoder_weights


@wrong("not-sorted")
def principal_directions(decoder_weights, train):
    basis = np.linalg.qr(decoder_weights.T)[0]
    rows = _axes((train - train.mean(axis=0)) @ basis) @ basis.T
    return np.roll(rows, 1, axis=0)


@wrong("outside-the-span")
def principal_directions(decoder_weights, train):
    # Principal axes of the data, each moved halfway to the span.
    rows = _axes(train - train.mean(axis=0))[: len(decoder_weights)]
    rows = rows + rows @ np.linalg.pinv(decoder_weights) @ decoder_weights
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@wrong("not-orthogonal")
def principal_directions(decoder_weights, train):
    # Principal axes of the data, each projected on the span.
    rows = _axes(train - train.mean(axis=0))[: len(decoder_weights)]
    rows = rows @ np.linalg.pinv(decoder_weights) @ decoder_weights
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


# The eigenvectors of np.linalg.eig come in no order at all; on many data sets the largest happens to stand first.
@wrong("not-the-largest-variance")
def pca_reconstruct(train, test, k):
    mean = train.mean(axis=0)
    axes = np.real(np.linalg.eig(np.cov(train.T))[1][:, :k])
    return (test - mean) @ axes @ axes.T + mean


@wrong("not-sorted")
def explained_variance_ratio(train, k):
    values = np.real(np.linalg.eig(np.cov(train.T))[0])
    return values[:k] / values.sum()


# What most people type; with fewer samples than features it gives complex numbers as well.
@wrong("not-the-largest-variance")
def pca_reconstruct(train, test, k):
    _values, axes = np.linalg.eig(np.cov(train.T))
    mean = train.mean(axis=0)
    return (test - mean) @ axes[:, :k] @ axes[:, :k].T + mean


@wrong("not-sorted")
def explained_variance_ratio(train, k):
    values, _axes = np.linalg.eig(np.cov(train.T))
    return values[:k] / values.sum()


@wrong("complex-numbers")
def explained_variance_ratio(train, k):
    values = np.sort(np.linalg.eig(np.cov(train.T))[0])[::-1]
    return values[:k] / values.sum()


@wrong("not-sorted")
def principal_directions(decoder_weights, train):
    basis = np.linalg.qr(decoder_weights.T)[0]
    inside = np.real(np.linalg.eig(np.cov((train @ basis).T))[1])
    return (basis @ inside).T


@wrong("small-is-not-zero")
def dead_units(codes):
    return np.array([j for j in range(codes.shape[1]) if np.allclose(codes[:, j], 0)], int)


@wrong("small-is-not-zero")
def dead_units(codes):
    return np.flatnonzero(np.isclose(codes.mean(axis=0), 0))


@wrong("small-is-not-zero")
def dead_units(codes):
    return np.flatnonzero(codes.max(axis=0) < 1e-12)


@wrong("small-is-not-zero")
def dead_units(codes):
    return np.flatnonzero((np.round(codes, 6) == 0).all(axis=0))


@wrong("rounds-large-counts")
def is_bottleneck(input_shape, code_shape):
    return bool(np.prod(np.array(code_shape, np.float32)) < np.prod(np.array(input_shape, np.float32)))


@wrong("expects-standardised-data")
def linear_autoencoder(train, code_size):
    model = _trained(
        (train - train.mean(axis=0)) / train.std(axis=0),
        [keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])],
        30,
        rate=0.01,
    )
    return model


# Adam at its default rate, and too few passes: the commonest honest first try.
@wrong("undertrained")
def linear_autoencoder(train, code_size):
    model = keras.Sequential(
        [keras.Input((train.shape[1],)), keras.layers.Dense(code_size), keras.layers.Dense(train.shape[1])]
    )
    model.compile("adam", "mse")
    model.fit(train, train, epochs=20, batch_size=32, verbose=0)
    return model
