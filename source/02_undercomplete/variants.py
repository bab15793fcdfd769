"""Right answers to the exercises of lesson 02, by other roads than the solutions take."""

import keras
import numpy as np


def pca_reconstruct(train, test, k):
    mean = np.mean(train, axis=0)
    _, vectors = np.linalg.eigh(np.cov(train, rowvar=False))  # columns, smallest first
    projection = np.zeros((train.shape[1],) * 2)
    for number in range(1, k + 1):
        projection += np.outer(vectors[:, -number], vectors[:, -number])
    return [mean + projection @ (sample - mean) for sample in test]


def explained_variance_ratio(train, k):
    covariance = np.cov(train.T)
    return (np.sort(np.linalg.eigvalsh(covariance))[::-1] / np.trace(covariance))[:k].astype(np.float32)


def linear_autoencoder(train, code_size):
    # Starts at the referee: PCA's weights in two Dense layers; then a few small steps that change next to nothing.
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:code_size]
    sample = keras.Input((len(mean),))
    encoder, decoder = keras.layers.Dense(code_size), keras.layers.Dense(len(mean))
    model = keras.Model(sample, decoder(encoder(sample)))
    encoder.set_weights([axes.T, -mean @ axes.T])
    decoder.set_weights([axes, mean])
    model.compile(keras.optimizers.SGD(1e-3), loss="mse")
    model.fit(train, train, epochs=1, batch_size=200, verbose=2)
    return model


def remix_code(encoder_weights, decoder_weights, mixing):
    # Least squares on random samples instead of algebra.
    x = np.random.normal(size=(50, len(encoder_weights)))
    codes = x @ encoder_weights @ mixing
    new_encoder = np.linalg.lstsq(x, codes, rcond=None)[0]
    new_decoder = np.linalg.lstsq(codes, x @ encoder_weights @ decoder_weights, rcond=None)[0]
    return [new_encoder, new_decoder]


def dead_units(codes):
    return [unit for unit, column in enumerate(codes.T) if not column.any()]


def is_bottleneck(input_shape, code_shape):
    return np.zeros(code_shape).size < np.zeros(input_shape).size


def principal_directions(decoder_weights, train):
    # PCA in all of space, of data that have been projected on the plane before.
    onto_the_plane = np.linalg.pinv(decoder_weights) @ decoder_weights
    covariance = onto_the_plane @ np.cov(train.T) @ onto_the_plane
    _, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return -vectors[:, ::-1][:, : len(decoder_weights)].T


def remix_code__pseudoinverse(encoder_weights, decoder_weights, mixing):
    new_encoder = encoder_weights @ mixing
    return new_encoder, np.linalg.pinv(new_encoder) @ (encoder_weights @ decoder_weights)


def explained_variance_ratio__gram_matrix(train, k):
    centred = train - train.mean(axis=0)
    values = np.linalg.eigvalsh(centred @ centred.T)[::-1]
    return [float(value / values.sum()) for value in values[:k]]


def dead_units__as_bytes(codes):
    return np.flatnonzero(np.count_nonzero(codes, axis=0) == 0).astype(np.uint8)


def compressor(pictures, size):
    # No network and no step of training: PCA's code, random hinges of it, and one equation for what PCA has lost.
    squares = pictures.reshape(-1, 28, 28)
    pictures = np.stack([squares, squares[:, :, ::-1]], axis=1).reshape(-1, 784)  # each with its mirror image
    mean, n = pictures.mean(axis=0), len(pictures)
    _, vectors = np.linalg.eigh(np.cov(pictures.T))
    v = vectors[:, ::-1][:, :size].astype("float32")
    codes = (pictures - mean) @ v
    lost = pictures - mean - codes @ v.T
    rng = np.random.default_rng(7)
    slopes = (rng.standard_normal((size, 2000)) / codes.std(axis=0)[:, None] / np.sqrt(size)).astype("float32")
    offsets = rng.uniform(-1, 1, 2000).astype("float32")
    hinges = np.maximum(codes @ slopes + offsets, 0)
    kept, held = slice(n // 6, None), slice(n // 6)
    errors = {}
    for penalty in (3, 10, 30):  # chosen on pictures that the equation did not see
        square = hinges[kept].T @ hinges[kept] + np.float32(penalty) * np.eye(2000, dtype="float32")
        weights = np.linalg.solve(square, hinges[kept].T @ lost[kept])
        errors[np.square(hinges[held] @ weights - lost[held]).mean()] = weights
    weights = errors[min(errors)]

    def decode(codes):
        return mean + codes @ v.T + np.maximum(codes @ slopes + offsets, 0) @ weights

    return lambda x: (x - mean) @ v, decode


def compressor__two_keras_models(pictures, size):
    # Nothing is known before: a network of two hidden layers a side, from random weights, on pictures and their mirror images.
    from course_lib import training

    picture, code = keras.Input((784,)), keras.Input((size,))
    x = keras.layers.Dense(300, "gelu")(picture)
    encoder = keras.Model(picture, keras.layers.Dense(size)(x))
    x = keras.layers.Dense(300, "gelu")(code)
    decoder = keras.Model(code, keras.layers.Dense(784, "sigmoid")(x))
    mirrored = pictures.reshape(-1, 28, 28)[:, :, ::-1].reshape(-1, 784)
    both = keras.Model(picture, decoder(encoder(picture)))
    training.fit(both, np.concatenate([pictures, mirrored]), epochs=24, batch_size=64, learning_rate=4e-3)
    return encoder, decoder
