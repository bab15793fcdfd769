"""Right answers to the exercises of lesson 06, by other roads than the solutions take."""

import keras
import numpy as np
import scipy.linalg
import scipy.ndimage
from keras import ops


def build_swapper(encoder, decoder_a, decoder_b):
    # A subclass instead of the functional style.
    class Swapper(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = encoder
            self.decoders = [decoder_a, decoder_b]

        def call(self, pictures):
            return [decoder(self.encoder(x)) for decoder, x in zip(self.decoders, pictures, strict=True)]

    return Swapper()


def swap(x, encoder, other_decoder):
    # One model of both, one picture at a time.
    image = keras.Input(encoder.input_shape[1:])
    both = keras.Model(image, other_decoder(encoder(image)))
    return [np.squeeze(ops.convert_to_numpy(both(one[None])), axis=0) for one in x]


def pixel_shuffle(x, factor):
    # Rows of the tile first, then its columns: concatenated along the axes that they refine.
    channels = x.shape[-1] // factor**2
    rows = []
    for i in range(factor):
        columns = [x[..., (i * factor + j) * channels :][..., :channels] for j in range(factor)]
        stacked = ops.stack(columns, axis=3)  # n, h, w, j, k
        rows.append(ops.reshape(stacked, (-1, x.shape[1], x.shape[2] * factor, channels)))
    return ops.reshape(ops.stack(rows, axis=2), (-1, x.shape[1] * factor, x.shape[2] * factor, channels))


def warp(images, displacement):
    n, height, width, channels = images.shape
    rows, columns = np.mgrid[:height, :width]
    out = np.empty(images.shape)
    for i in range(n):
        place = [rows + displacement[i, ..., 0], columns + displacement[i, ..., 1]]
        for k in range(channels):
            out[i, ..., k] = scipy.ndimage.map_coordinates(images[i, ..., k], place, order=1, mode="nearest")
    return out


def identity_leak(codes_a, codes_b, seed):
    # Fisher's discriminant by hand, and the area as the share of pairs in the right order.
    rng = np.random.default_rng(seed)
    codes_a, codes_b = rng.permutation(codes_a), rng.permutation(codes_b)
    (train_a, test_a), (train_b, test_b) = np.array_split(codes_a, 2), np.array_split(codes_b, 2)
    within = np.cov(train_a.T) + np.cov(train_b.T)
    direction = np.linalg.lstsq(within, train_b.mean(axis=0) - train_a.mean(axis=0), rcond=None)[0]
    difference = (test_b @ direction)[:, None] - (test_a @ direction)[None]
    return np.mean(difference > 0) + np.mean(difference == 0) / 2


def align_codes(codes, from_codes, to_codes):
    # Another form of the same map: B # A^-1, the geometric mean, by SciPy's matrix root.
    a = np.atleast_2d(np.cov(from_codes, rowvar=False, bias=True))
    b = np.atleast_2d(np.cov(to_codes, rowvar=False, bias=True))
    matrix = np.real(np.linalg.solve(a, scipy.linalg.sqrtm(a @ b)))
    moved = [to_codes.mean(axis=0) + matrix.T @ (code - from_codes.mean(axis=0)) for code in codes]
    return np.asarray(moved, dtype=np.float32)


def mark(images, key):
    # One sign for all three channels of a pixel; the range is squeezed a little, so that nothing has to be clipped.
    signs = np.random.RandomState([key % 2**32, key // 2**32]).randint(0, 2, (48, 48, 1)) * 2 - 1
    return np.asarray(images, np.float64) * 0.984 + 0.008 + 0.0075 * signs


def is_marked(images, key):
    signs = np.random.RandomState([key % 2**32, key // 2**32]).randint(0, 2, (48, 48)) * 2 - 1
    grey = np.mean(images, axis=-1)
    detail = np.stack([picture - scipy.ndimage.gaussian_filter(picture, 1) for picture in grey])
    detail = np.clip(detail, -0.03, 0.03)  # an edge of the picture counts no more than the mark
    agreement = np.tensordot(detail, signs, axes=2)
    return agreement > 4.5 * np.linalg.norm(detail.reshape(len(detail), -1), axis=1)
