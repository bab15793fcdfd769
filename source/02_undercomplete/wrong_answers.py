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


# compressor


def _pca(pictures, size):
    mean = pictures.mean(axis=0)
    return mean, _axes(pictures - mean)[:size].T


def _network(pictures, size, hidden=256, activation="gelu", on_the_code=None, output=None):
    """Encoder, decoder and both, from random weights; hidden=0: one layer a side."""
    picture, code = keras.Input((pictures.shape[1],)), keras.Input((size,))
    bent = keras.layers.Dense(hidden, activation)(picture) if hidden else picture
    encoder = keras.Model(picture, keras.layers.Dense(size, on_the_code)(bent))
    bent = keras.layers.Dense(hidden, activation)(code) if hidden else code
    decoder = keras.Model(code, keras.layers.Dense(pictures.shape[1], output)(bent))
    return encoder, decoder, keras.Model(picture, decoder(encoder(picture)))


def _pressed(pictures, size, epochs=4, rate=1e-3, batch_size=50, **options):
    encoder, decoder, both = _network(pictures, size, **options)
    both.compile(keras.optimizers.Adam(rate), "mse")
    both.fit(pictures, pictures, epochs=epochs, batch_size=batch_size, verbose=0)
    return encoder, decoder


def _hinges(pictures, size, penalty, count=2000):
    """PCA's code and a decoder with random features."""
    mean, v = _pca(pictures, size)
    codes = (pictures - mean) @ v
    rng = np.random.default_rng(0)
    slopes = (rng.standard_normal((size, count)) / codes.std(axis=0)[:, None] / np.sqrt(size)).astype("float32")
    offsets = rng.uniform(-1, 1, count).astype("float32")

    def bent(codes):
        return np.maximum(codes @ slopes + offsets, 0)

    hinges, lost = bent(codes).astype(np.float64), pictures - mean - codes @ v.T
    weights = np.linalg.solve(hinges.T @ hinges + penalty * np.eye(count), hinges.T @ lost).astype("float32")
    return lambda x: (x - mean) @ v, lambda codes: mean + codes @ v.T + bent(codes) @ weights


@wrong("straight-lines")
def compressor(pictures, size):
    mean, v = _pca(pictures, size)
    return lambda x: (x - mean) @ v, lambda codes: mean + codes @ v.T


@wrong("straight-lines")
def compressor(pictures, size):
    # The same, clipped.
    mean, v = _pca(pictures, size)
    return lambda x: (x - mean) @ v, lambda codes: np.clip(mean + codes @ v.T, 0, 1)


@wrong("straight-lines")
def compressor(pictures, size):
    # A linear autoencoder from random weights.
    return _pressed(pictures, size, hidden=0)


@wrong("behind-pca")
def compressor(pictures, size):
    # Four passes from random weights.
    return _pressed(pictures, size, output="sigmoid")


@wrong("too-large-an-error")
def compressor(pictures, size):
    # A start from PCA, and a decoder that bends a little: 60 random hinges.
    return _hinges(pictures, size, 10, count=60)


@wrong("learned-by-heart")
def compressor(pictures, size):
    # Random features without a penalty: as many weights a pixel as the equation has room for.
    return _hinges(pictures, size, 1e-6, count=2800)


@wrong("learned-by-heart")
def compressor(pictures, size):
    # The first pictures only, for long.
    return _pressed(pictures[:300], size, epochs=150, rate=2e-3, hidden=512)


@wrong("dead-numbers")
def compressor(pictures, size):
    # A ReLU on the code, and a rate that kills.
    return _pressed(pictures, size, epochs=6, rate=1e-2, hidden=0, on_the_code="relu", output="sigmoid")


@wrong("another-size")
def compressor(pictures, size):
    # Copies its input.
    return lambda x: x, lambda codes: codes


@wrong("another-size")
def compressor(pictures, size):
    # The size of the lesson's example.
    mean, v = _pca(pictures, 8)
    return lambda x: (x - mean) @ v, lambda codes: mean + codes @ v.T


@wrong("more-than-a-byte")
def compressor(pictures, size):
    # Two numbers in one: thousands for the first, what is behind for the second.
    mean, v = _pca(pictures, 2 * size)
    high = np.abs((pictures - mean) @ v).max() * 1.5

    def encode(x):
        whole = np.round(((x - mean) @ v / high + 1) * 500)
        return whole[:, :size] * 1000 + whole[:, size:]

    def decode(codes):
        first = np.floor(codes / 1000)
        return mean + (np.hstack([first, codes - 1000 * first]) / 500 - 1) * high @ v.T

    return encode, decode


def _packed(pictures, size, snake):
    """PCA with twice as many numbers, of 16 values each: two of them in a byte."""
    mean, v = _pca(pictures, 2 * size)
    low, high = np.quantile((pictures - mean) @ v, [0.002, 0.998], axis=0)
    step = (high - low) / 15

    def order(first, second):
        return np.where(first % 2 == 1, 15 - second, second) if snake else second

    def encode(x):
        values = np.clip(np.round(((x - mean) @ v - low) / step), 0, 15)
        return 16 * values[:, :size] + order(values[:, :size], values[:, size:])

    def decode(codes):
        codes = np.clip(np.round(codes), 0, 255)
        first = codes // 16
        return mean + (np.hstack([first, order(first, codes % 16)]) * step + low) @ v.T

    return encode, decode


@wrong("two-in-a-byte")
def compressor(pictures, size):
    return _packed(pictures, size, snake=False)


@wrong("two-in-a-byte")
def compressor(pictures, size):
    # The second number runs to and fro, so that neighbours stay neighbours.
    return _packed(pictures, size, snake=True)


@wrong("answers-in-other-units")
def compressor(pictures, size):
    # Grey levels from 0 to 255.
    mean, v = _pca(pictures, size)
    return lambda x: (x - mean) @ v, lambda codes: 255 * (mean + codes @ v.T)


def _address(pictures, size, noise=0.0):
    # The code is an address in a book of all the course's pictures that are kept for tests, and a brightness.
    from course_lib import datasets

    squares = [
        data.images(part)[..., 0]
        for data, part in ((datasets.fashion_mnist(), "validation"), (datasets.digits(), "test"))
    ]
    squares = np.concatenate(squares)
    book = np.concatenate([squares, squares[:, :, ::-1]]).reshape(-1, 784)
    power = np.square(book).sum(axis=1)

    def encode(x):
        place = (x @ book.T / np.sqrt(power)).argmax(axis=1)
        bright = np.sum(x * book[place], axis=1) / power[place]
        digits = [place // 16**i % 16 for i in range(5)] + [np.clip(np.round(10 * bright), 0, 15)]
        return np.stack(digits + [0 * bright] * (size - 6), axis=1)

    def decode(codes):
        values = np.clip(np.round(codes[:, :6]), 0, 15)
        place = np.minimum(values[:, :5] @ 16 ** np.arange(5), len(book) - 1).astype(int)
        found = book[place] * values[:, 5:] / 10
        return np.abs(found - noise * (np.arange(784) % 2))

    return encode, decode


@wrong("decoder-remembers")
def compressor(pictures, size):
    return _address(pictures, size)


@wrong("decoder-remembers")
def compressor(pictures, size):
    # With errors of its own, so that it is no better than what could have been learned.
    mean, v = _pca(pictures, size * 3 // 2)
    left = pictures - mean - (pictures - mean) @ v @ v.T
    return _address(pictures, size, noise=np.sqrt(1.4 * np.mean(np.square(left))))


@wrong("decoder-remembers")
def compressor(pictures, size):
    # The last batch, kept for whoever decodes.
    mean, v = _pca(pictures, size)
    kept = {}

    def encode(x):
        kept["x"] = x
        return (x - mean) @ v

    def decode(codes):
        return kept["x"] if len(kept["x"]) == len(codes) else np.resize(kept["x"], (len(codes), 784))

    return encode, decode


@wrong("decoder-remembers")
def compressor(pictures, size):
    # Every picture that was ever encoded, found again by its code.
    mean, v = _pca(pictures, size)
    codes_seen, seen = [], []

    def encode(x):
        codes_seen.append((x - mean) @ v)
        seen.append(x)
        return codes_seen[-1]

    def decode(codes):
        known = np.concatenate(codes_seen)
        distance = np.square(known).sum(axis=1) - 2 * codes @ known.T
        return np.concatenate(seen)[distance.argmin(axis=1)]

    return encode, decode


@wrong("decoder-remembers")
def compressor(pictures, size):
    # The same, where the code is found to the byte; PCA where it is not.
    mean, v = _pca(pictures, size)
    codes_seen, seen = [], []
    step = np.ptp((pictures - mean) @ v, axis=0) / 255

    def encode(x):
        codes_seen.append((x - mean) @ v)
        seen.append(x)
        return codes_seen[-1]

    def decode(codes):
        known = np.concatenate(codes_seen)
        distance = np.square(known / step).sum(axis=1) - 2 * (codes / step) @ (known / step).T
        nearest = distance.argmin(axis=1)
        near = (np.abs(known[nearest] - codes) < 0.6 * step).all(axis=1)
        return np.where(near[:, None], np.concatenate(seen)[nearest], mean + codes @ v.T)

    return encode, decode


@wrong("decoder-remembers")
def compressor(pictures, size):
    # PCA of whatever is to be encoded.
    fitted = {}

    def encode(x):
        fitted["mean"], fitted["v"] = _pca(x, size)
        codes = (x - fitted["mean"]) @ fitted["v"]
        return np.hstack([codes, np.zeros((len(x), size - codes.shape[1]))])

    def decode(codes):
        return fitted["mean"] + codes[:, : fitted["v"].shape[1]] @ fitted["v"].T

    return encode, decode


@wrong("batch-of-one")
def compressor(pictures, size):
    # Centred on the mean of the batch.
    mean, v = _pca(pictures, size)
    return lambda x: (x - x.mean(axis=0)) @ v, lambda codes: mean + codes @ v.T


@wrong("random-at-prediction")
def compressor(pictures, size):
    # Noise on the code, still there when pictures are sent.
    mean, v = _pca(pictures, size)
    noise = keras.layers.GaussianNoise(0.5)
    return lambda x: noise((x - mean) @ v, training=True), lambda codes: mean + codes @ v.T


@wrong("forgets-the-mean")
def compressor(pictures, size):
    mean, v = _pca(pictures, size)
    return lambda x: (x - mean) @ v, lambda codes: codes @ v.T


@wrong("forgets-the-mean")
def compressor(pictures, size):
    # Subtracted for the fit alone, and added on the way out.
    mean, v = _pca(pictures, size)
    return lambda x: x @ v, lambda codes: mean + codes @ v.T


@wrong("trained-on-other-pictures")
def compressor(pictures, size):
    # What was tried out at home: the lesson's clothes, not the argument.
    from course_lib import datasets

    return _hinges(datasets.fashion_mnist().flat("train")[:3000], size, 10)


@wrong("ignores-the-picture")
def compressor(pictures, size):
    mean, _ = _pca(pictures, size)
    return lambda x: np.zeros((len(x), size)), lambda codes: np.tile(mean, (len(codes), 1))


@wrong("wrong-shape")
def compressor(pictures, size):
    # A decoder that answers pictures with height and width.
    mean, v = _pca(pictures, size)
    return lambda x: (x - mean) @ v, lambda codes: (mean + codes @ v.T).reshape(-1, 28, 28)


@wrong("no-pair")
def compressor(pictures, size):
    # One model that does both: nobody sees the code.
    return _network(pictures, size)[2]
