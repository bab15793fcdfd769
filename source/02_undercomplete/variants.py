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
