"""Wrong answers to the exercises of lesson 06, each with the misconception that its check must name."""

import keras
import numpy as np
import scipy.ndimage
from keras import ops

from authoring.bank import wrong
from course_lib import datasets, referees

# build_swapper


def _two_inputs(encoder):
    return keras.Input(encoder.input_shape[1:]), keras.Input(encoder.input_shape[1:])


@wrong("swaps-while-training")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [decoder_b(encoder(a)), decoder_a(encoder(b))])


@wrong("one-decoder")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [decoder_a(encoder(a)), decoder_a(encoder(b))])


@wrong("outputs-exchanged")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [decoder_b(encoder(b)), decoder_a(encoder(a))])


@wrong("inputs-exchanged")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model([b, a], [decoder_a(encoder(a)), decoder_b(encoder(b))])


@wrong("same-pictures-twice")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    code = encoder(a)
    return keras.Model([a, b], [decoder_a(code), decoder_b(code)])


@wrong("one-input")
def build_swapper(encoder, decoder_a, decoder_b):
    image = keras.Input(encoder.input_shape[1:])
    code = encoder(image)
    return keras.Model(image, [decoder_a(code), decoder_b(code)])


class _Pair(keras.Model):
    """Two autoencoders side by side, whatever they are made of."""

    def __init__(self, *parts):
        super().__init__()
        self.parts = list(parts)

    def call(self, pictures):
        encoder_a, decoder_a, encoder_b, decoder_b = self.parts
        return [decoder_a(encoder_a(pictures[0])), decoder_b(encoder_b(pictures[1]))]


def _copy(part):
    copy = keras.models.clone_model(part)
    copy.set_weights(part.get_weights())
    return copy


@wrong("other-outputs")
def build_swapper(encoder, decoder_a, decoder_b):
    # A second encoder for B: same shape, other weights.
    return _Pair(encoder, decoder_a, keras.models.clone_model(encoder), decoder_b)


@wrong("copied-weights")
def build_swapper(encoder, decoder_a, decoder_b):
    copy = _copy(encoder)
    return _Pair(copy, _copy(decoder_a), copy, _copy(decoder_b))


@wrong("copied-weights")
def build_swapper(encoder, decoder_a, decoder_b):
    return _Pair(encoder, decoder_a, _copy(encoder), decoder_b)


@wrong("not-a-model")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model(a, decoder_a(encoder(a))), keras.Model(b, decoder_b(encoder(b)))


@wrong("not-two-outputs")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], keras.layers.Concatenate(axis=0)([decoder_a(encoder(a)), decoder_b(encoder(b))]))


@wrong("frozen-parts")
def build_swapper(encoder, decoder_a, decoder_b):
    encoder.trainable = False
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [decoder_a(encoder(a)), decoder_b(encoder(b))])


@wrong("copied-weights")
def build_swapper(encoder, decoder_a, decoder_b):
    # In the functional style Keras refuses two layers of one name.
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [decoder_a(encoder(a)), decoder_b(_copy(encoder)(b))])


@wrong("no-gradient")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [decoder_a(encoder(a)), decoder_b(ops.stop_gradient(encoder(b)))])


@wrong("compiled")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    model = keras.Model([a, b], [decoder_a(encoder(a)), decoder_b(encoder(b))])
    model.compile("adam", "mae")
    return model


@wrong("fixed-batch-size")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = (keras.Input(batch_shape=(5, *encoder.input_shape[1:])) for _ in range(2))
    return keras.Model([a, b], [decoder_a(encoder(a)), decoder_b(encoder(b))])


@wrong("training-mode")
def build_swapper(encoder, decoder_a, decoder_b):
    # The mode of training is built in, for good.
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [decoder_a(encoder(a, training=True)), decoder_b(encoder(b, training=True))])


@wrong("clips")
def build_swapper(encoder, decoder_a, decoder_b):
    a, b = _two_inputs(encoder)
    return keras.Model([a, b], [ops.clip(decoder_a(encoder(a)), 0, 1), ops.clip(decoder_b(encoder(b)), 0, 1)])


# swap


def _predict(model, x):
    return model.predict(x, verbose=0)


@wrong("returns-the-code")
def swap(x, encoder, other_decoder):
    return _predict(encoder, x)


@wrong("never-encodes")
def swap(x, encoder, other_decoder):
    return _predict(other_decoder, x)


@wrong("wrong-order")
def swap(x, encoder, other_decoder):
    return _predict(encoder, _predict(other_decoder, x))


@wrong("encodes-twice")
def swap(x, encoder, other_decoder):
    once = _predict(other_decoder, _predict(encoder, x))
    return _predict(other_decoder, _predict(encoder, once))


@wrong("training-mode")
def swap(x, encoder, other_decoder):
    return ops.convert_to_numpy(other_decoder(encoder(x, training=True), training=True))


@wrong("blends-pictures")
def swap(x, encoder, other_decoder):
    return (x + _predict(other_decoder, _predict(encoder, x))) / 2


@wrong("clips")
def swap(x, encoder, other_decoder):
    return np.clip(_predict(other_decoder, _predict(encoder, x)), 0, 1)


@wrong("returns-a-model")
def swap(x, encoder, other_decoder):
    return keras.Sequential([encoder, other_decoder])


@wrong("training-mode")
def swap(x, encoder, other_decoder):
    return ops.convert_to_numpy(other_decoder(encoder(x), training=True))


@wrong("first-batch-only")
def swap(x, encoder, other_decoder):
    return _predict(other_decoder, _predict(encoder, x[:32]))


@wrong("changes-the-pictures")
def swap(x, encoder, other_decoder):
    return _predict(other_decoder, _predict(encoder, np.clip(x, 0, 1)))


@wrong("returns-a-tensor")
def swap(x, encoder, other_decoder):
    return other_decoder(encoder(x))


@wrong("returns-a-tensor")
def swap(x, encoder, other_decoder):
    return [other_decoder(encoder(picture[None]))[0] for picture in x]


# pixel_shuffle


@wrong("reshape-alone")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    return ops.reshape(x, (-1, h * factor, w * factor, channels // factor**2))


@wrong("channel-order")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    c = channels // factor**2
    split = ops.transpose(ops.reshape(x, (-1, h, w, c, factor, factor)), (0, 1, 4, 2, 5, 3))
    return ops.reshape(split, (-1, h * factor, w * factor, c))


@wrong("rows-for-columns-in-a-tile")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    c = channels // factor**2
    split = ops.transpose(ops.reshape(x, (-1, h, w, factor, factor, c)), (0, 1, 4, 2, 3, 5))
    return ops.reshape(split, (-1, h * factor, w * factor, c))


@wrong("small-pictures-side-by-side")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    c = channels // factor**2
    split = ops.transpose(ops.reshape(x, (-1, h, w, factor, factor, c)), (0, 3, 1, 4, 2, 5))
    return ops.reshape(split, (-1, h * factor, w * factor, c))


@wrong("repeats-pixels")
def pixel_shuffle(x, factor):
    c = x.shape[-1] // factor**2
    return ops.repeat(ops.repeat(x[..., :c], factor, axis=1), factor, axis=2)


@wrong("averages-channels")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    mean = ops.mean(ops.reshape(x, (-1, h, w, factor**2, channels // factor**2)), axis=3)
    return ops.repeat(ops.repeat(mean, factor, axis=1), factor, axis=2)


@wrong("fixed-batch-size")
def pixel_shuffle(x, factor):
    n, h, w, channels = x.shape
    c = channels // factor**2
    split = ops.transpose(ops.reshape(x, (n, h, w, factor, factor, c)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(split, (n, h * factor, w * factor, c))


@wrong("leaves-the-backend")
def pixel_shuffle(x, factor):
    x = np.asarray(ops.convert_to_numpy(x))
    _, h, w, channels = x.shape
    c = channels // factor**2
    split = x.reshape(-1, h, w, factor, factor, c).transpose(0, 1, 3, 2, 4, 5)
    return ops.convert_to_tensor(split.reshape(-1, h * factor, w * factor, c))


@wrong("wrong-shape")
def pixel_shuffle(x, factor):
    # Forgets that the number of channels falls by factor squared, not by factor.
    _, h, w, channels = x.shape
    return ops.reshape(x, (-1, h * factor, w, channels // factor))


@wrong("wrong-order")
def pixel_shuffle(x, factor):
    # Doubles again and again: the blocks of a factor of 4 are not the blocks of blocks of 2.
    step = 2 if factor % 2 == 0 else factor
    while factor > 1:
        _, h, w, channels = x.shape
        c = channels // step**2
        split = ops.transpose(ops.reshape(x, (-1, h, w, step, step, c)), (0, 1, 3, 2, 4, 5))
        x = ops.reshape(split, (-1, h * step, w * step, c))
        factor //= step
    return x


@wrong("assumes-a-size")
def pixel_shuffle(x, factor):
    # The lesson's decoder: 6 x 6 places, and three channels in the end.
    split = ops.transpose(ops.reshape(x, (-1, 6, 6, factor, factor, 3)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(split, (-1, 6 * factor, 6 * factor, 3))


@wrong("assumes-a-size")
def pixel_shuffle(x, factor):
    # Square pictures only.
    _, h, _, channels = x.shape
    c = channels // factor**2
    split = ops.transpose(ops.reshape(x, (-1, h, h, factor, factor, c)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(split, (-1, h * factor, h * factor, c))


@wrong("no-gradient")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    c = channels // factor**2
    split = ops.reshape(ops.stop_gradient(x), (-1, h, w, factor, factor, c))
    return ops.reshape(ops.transpose(split, (0, 1, 3, 2, 4, 5)), (-1, h * factor, w * factor, c))


@wrong("channels-first")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    c = channels // factor**2
    split = ops.transpose(ops.reshape(x, (-1, h, w, factor, factor, c)), (0, 5, 1, 3, 2, 4))
    return ops.reshape(split, (-1, c, h * factor, w * factor))


@wrong("changes-the-numbers")
def pixel_shuffle(x, factor):
    _, h, w, channels = x.shape
    tiles = ops.reshape(ops.clip(x, 0, 1), (-1, h, w, factor, factor, channels // factor**2))
    return ops.reshape(ops.transpose(tiles, (0, 1, 3, 2, 4, 5)), (-1, h * factor, w * factor, channels // factor**2))


# warp


def _lookup(images, displacement, order=1, mode="nearest"):
    n, h, w, c = images.shape
    rows, columns = np.mgrid[:h, :w]
    out = np.empty(images.shape)
    for i in range(n):
        place = [rows + displacement[i, ..., 0], columns + displacement[i, ..., 1]]
        for k in range(c):
            out[i, ..., k] = scipy.ndimage.map_coordinates(images[i, ..., k], place, order=order, mode=mode)
    return out


@wrong("looks-the-other-way")
def warp(images, displacement):
    return _lookup(images, -displacement)


@wrong("rows-for-columns")
def warp(images, displacement):
    return _lookup(images, displacement[..., ::-1])


@wrong("nearest-pixel")
def warp(images, displacement):
    n, h, w, _ = images.shape
    rows = np.clip(np.rint(np.arange(h)[:, None] + displacement[..., 0]), 0, h - 1).astype(int)
    columns = np.clip(np.rint(np.arange(w) + displacement[..., 1]), 0, w - 1).astype(int)
    return images[np.arange(n)[:, None, None], rows, columns]


@wrong("rounds-down")
def warp(images, displacement):
    n, h, w, _ = images.shape
    rows = np.clip(np.floor(np.arange(h)[:, None] + displacement[..., 0]), 0, h - 1).astype(int)
    columns = np.clip(np.floor(np.arange(w) + displacement[..., 1]), 0, w - 1).astype(int)
    return images[np.arange(n)[:, None, None], rows, columns]


@wrong("wraps-around")
def warp(images, displacement):
    return _lookup(images, displacement, mode="grid-wrap")


@wrong("empty-outside")
def warp(images, displacement):
    return _lookup(images, displacement, mode="constant")


@wrong("mirrors-the-edge")
def warp(images, displacement):
    return _lookup(images, displacement, mode="reflect")


@wrong("smoother-than-bilinear")
def warp(images, displacement):
    return _lookup(images, displacement, order=3)


@wrong("one-displacement-for-all")
def warp(images, displacement):
    return _lookup(images, np.repeat(displacement[:1], len(images), axis=0))


@wrong("scales-the-displacement")
def warp(images, displacement):
    return _lookup(images, displacement * np.array(images.shape[1:3]))


@wrong("weights-exchanged")
def warp(images, displacement):
    n, h, w, _ = images.shape
    rows = np.clip(np.arange(h)[:, None] + displacement[..., 0], 0, h - 1)
    columns = np.clip(np.arange(w) + displacement[..., 1], 0, w - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, h - 1), np.minimum(left + 1, w - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    i = np.arange(n)[:, None, None]
    upper = images[i, top, left] * across + images[i, top, right] * (1 - across)
    lower = images[i, bottom, left] * across + images[i, bottom, right] * (1 - across)
    return upper * down + lower * (1 - down)


@wrong("limits-the-displacement")
def warp(images, displacement):
    return _lookup(images, np.clip(displacement, -7, 7))


@wrong("clips-the-values")
def warp(images, displacement):
    return np.clip(_lookup(images, displacement), 0, 1)


@wrong("forgets-a-channel")
def warp(images, displacement):
    return np.concatenate([_lookup(images[..., :2], displacement), images[..., 2:]], axis=-1)


@wrong("one-axis-only")
def warp(images, displacement):
    return _lookup(images, np.stack([displacement[..., 0], np.floor(displacement[..., 1])], axis=-1))


@wrong("leaves-the-edge")
def warp(images, displacement):
    place = np.moveaxis(np.mgrid[: images.shape[1], : images.shape[2]], 0, -1) + displacement
    inside = (place >= 0).all(axis=-1) & (place <= np.array(images.shape[1:3]) - 1).all(axis=-1)
    return np.where(inside[..., None], _lookup(images, displacement), images)


@wrong("forgets-the-pixel")
def warp(images, displacement):
    return _lookup(images, displacement - np.moveaxis(np.mgrid[: images.shape[1], : images.shape[2]], 0, -1))


@wrong("wrong-values")
def warp(images, displacement):
    # In bytes: all is well to the eye.
    return _lookup(np.round(images * 255), displacement).round() / 255


@wrong("nearest-pixel")
def warp(images, displacement):
    n, h, w, c = images.shape
    rows, columns = np.mgrid[:h, :w]
    out = np.empty(images.shape)
    for i, k in np.ndindex(n, c):
        place = [rows + displacement[i, ..., 0], columns + displacement[i, ..., 1]]
        out[i, ..., k] = scipy.ndimage.map_coordinates(images[i, ..., k], place, order=0, mode="nearest")
    return out


@wrong("pushes-pixels")
def warp(images, displacement):
    n, h, w, _ = images.shape
    out = np.zeros(images.shape)
    for i, r, s in np.ndindex(n, h, w):
        row, column = np.rint([r, s] + displacement[i, r, s]).astype(int)
        out[i, min(max(row, 0), h - 1), min(max(column, 0), w - 1)] = images[i, r, s]
    return out


@wrong("extrapolates")
def warp(images, displacement):
    n, h, w, _ = images.shape
    rows, columns = np.arange(h)[:, None] + displacement[..., 0], np.arange(w) + displacement[..., 1]
    top, left = np.clip(np.floor(rows).astype(int), 0, h - 1), np.clip(np.floor(columns).astype(int), 0, w - 1)
    bottom, right, picture = np.minimum(top + 1, h - 1), np.minimum(left + 1, w - 1), np.arange(n)[:, None, None]
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    upper = images[picture, top, left] * (1 - across) + images[picture, top, right] * across
    lower = images[picture, bottom, left] * (1 - across) + images[picture, bottom, right] * across
    return upper * (1 - down) + lower * down


# identity_leak


def _halves(codes_a, codes_b, seed):
    rng = np.random.default_rng(seed)
    train, test = [], []
    for label, codes in enumerate((codes_a, codes_b)):
        order = rng.permutation(len(codes))
        half = len(codes) // 2
        train.append((codes[order[:half]], np.full(half, label)))
        test.append((codes[order[half:]], np.full(len(codes) - half, label)))
    return [tuple(map(np.concatenate, zip(*part, strict=True))) for part in (train, test)]


def _fit(x, y):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000).fit(x, y)


def _auc(labels, scores):
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))


@wrong("judged-on-its-training-half")
def identity_leak(codes_a, codes_b, seed):
    (x, y), _ = _halves(codes_a, codes_b, seed)
    return _auc(y, _fit(x, y).decision_function(x))


@wrong("judged-on-its-training-half")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    everything = _fit(np.concatenate([x, unseen]), np.concatenate([y, truth]))
    return _auc(truth, everything.decision_function(unseen))


@wrong("accuracy")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    return float(_fit(x, y).score(unseen, truth))


@wrong("upside-down")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    return _auc(truth, -_fit(x, y).decision_function(unseen))


@wrong("never-below-half")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    area = _auc(truth, _fit(x, y).decision_function(unseen))
    return max(area, 1 - area)


@wrong("hard-decisions")
def identity_leak(codes_a, codes_b, seed):
    from sklearn.linear_model import LogisticRegression

    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    return _auc(truth, LogisticRegression(class_weight="balanced").fit(x, y).predict(unseen))


@wrong("does-not-shuffle")
def identity_leak(codes_a, codes_b, seed):
    half_a, half_b = len(codes_a) // 2, len(codes_b) // 2
    x = np.concatenate([codes_a[:half_a], codes_b[:half_b]])
    unseen = np.concatenate([codes_a[half_a:], codes_b[half_b:]])
    y, truth = np.repeat([0, 1], [half_a, half_b]), np.repeat([0, 1], [len(codes_a) - half_a, len(codes_b) - half_b])
    return _auc(truth, _fit(x, y).decision_function(unseen))


@wrong("ignores-the-seed")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, 0)
    return _auc(truth, _fit(x, y).decision_function(unseen))


@wrong("not-repeatable")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, None)
    return _auc(truth, _fit(x, y).decision_function(unseen))


@wrong("not-linear")
def identity_leak(codes_a, codes_b, seed):
    from sklearn.svm import SVC

    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    return _auc(truth, SVC(gamma="scale").fit(x, y).decision_function(unseen))


@wrong("judged-on-its-training-half")
def identity_leak(codes_a, codes_b, seed):
    # Trained on one half, judged on both.
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    scores = _fit(x, y).decision_function(np.concatenate([x, unseen]))
    return _auc(np.concatenate([y, truth]), scores)


@wrong("judged-on-its-training-half")
def identity_leak(codes_a, codes_b, seed):
    # The ten features that differ most are chosen before anything is held out.
    difference = np.abs(codes_a.mean(axis=0) - codes_b.mean(axis=0))
    best = np.argsort(difference)[-10:]
    (x, y), (unseen, truth) = _halves(codes_a[:, best], codes_b[:, best], seed)
    return _auc(truth, _fit(x, y).decision_function(unseen))


@wrong("does-not-shuffle")
def identity_leak(codes_a, codes_b, seed):
    codes_a = np.random.default_rng(seed).permutation(codes_a)  # and codes_b?
    half_a, half_b = len(codes_a) // 2, len(codes_b) // 2
    x, unseen = (
        np.concatenate(p) for p in ((codes_a[:half_a], codes_b[:half_b]), (codes_a[half_a:], codes_b[half_b:]))
    )
    y, truth = np.repeat([0, 1], [half_a, half_b]), np.repeat([0, 1], [len(codes_a) - half_a, len(codes_b) - half_b])
    return _auc(truth, _fit(x, y).decision_function(unseen))


@wrong("loses-ties")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    scores = _fit(x, y).decision_function(unseen)
    return float(np.mean(scores[truth == 1][:, None] > scores[truth == 0][None]))


@wrong("never-below-half")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    return max(0.5, _auc(truth, _fit(x, y).decision_function(unseen)))


@wrong("ignores-the-spread")
def identity_leak(codes_a, codes_b, seed):
    (x, y), (unseen, truth) = _halves(codes_a, codes_b, seed)
    return _auc(truth, unseen @ (x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0)))


def _split_leak(codes_a, codes_b, seed, split):
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    x, y = np.concatenate([codes_a, codes_b]), np.repeat([0, 1], [len(codes_a), len(codes_b)])
    train, test = split(y, np.random.default_rng(seed))
    fitted = LogisticRegression(max_iter=1000).fit(x[train], y[train])
    return float(roc_auc_score(y[test], fitted.decision_function(x[test])))


def _half_of_each(y, rng):
    order = [rng.permutation(np.flatnonzero(y == k)) for k in (0, 1)]
    return np.concatenate([o[: len(o) // 2] for o in order]), np.concatenate([o[len(o) // 2 :] for o in order])


@wrong("not-half-of-each")
def identity_leak(codes_a, codes_b, seed):
    return _split_leak(codes_a, codes_b, seed, lambda y, rng: np.array_split(rng.permutation(len(y)), 2))


@wrong("not-half-of-each")
def identity_leak(codes_a, codes_b, seed):
    return _split_leak(codes_a, codes_b, seed, lambda y, rng: np.split(rng.permutation(len(y)), [len(y) * 4 // 5]))


@wrong("not-half-of-each")
def identity_leak(codes_a, codes_b, seed):
    n = min(len(codes_a), len(codes_b))  # as many of the one as of the other
    return _split_leak(codes_a[:n], codes_b[:n], seed, _half_of_each)


@wrong("sees-no-difference")
def identity_leak(codes_a, codes_b, seed):
    a, b = ((codes - codes.mean(axis=0)) / codes.std(axis=0) for codes in (codes_a, codes_b))
    return _split_leak(a, b, seed, _half_of_each)


@wrong("not-an-area")
def identity_leak(codes_a, codes_b, seed):
    return 2 * _split_leak(codes_a, codes_b, seed, _half_of_each) - 1  # the Gini coefficient


# align_codes


def _power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def _plan(a, b):
    return _power(a, -0.5) @ _power(_power(a, 0.5) @ b @ _power(a, 0.5), 0.5) @ _power(a, -0.5)


@wrong("mean-shift-only")
def align_codes(codes, from_codes, to_codes):
    return codes - from_codes.mean(axis=0) + to_codes.mean(axis=0)


@wrong("axis-by-axis")
def align_codes(codes, from_codes, to_codes):
    scaled = (codes - from_codes.mean(axis=0)) / from_codes.std(axis=0, ddof=1)
    return scaled * to_codes.std(axis=0, ddof=1) + to_codes.mean(axis=0)


@wrong("right-moments-wrong-map")
def align_codes(codes, from_codes, to_codes):
    white = (codes - from_codes.mean(axis=0)) @ _power(np.cov(from_codes.T), -0.5)
    return white @ _power(np.cov(to_codes.T), 0.5) + to_codes.mean(axis=0)


@wrong("right-moments-wrong-map")
def align_codes(codes, from_codes, to_codes):
    a, b = np.linalg.cholesky(np.cov(from_codes.T)), np.linalg.cholesky(np.cov(to_codes.T))
    return (codes - from_codes.mean(axis=0)) @ np.linalg.inv(a).T @ b.T + to_codes.mean(axis=0)


@wrong("forgets-the-target-mean")
def align_codes(codes, from_codes, to_codes):
    mean = from_codes.mean(axis=0)
    return mean + (codes - mean) @ _plan(np.cov(from_codes.T), np.cov(to_codes.T))


@wrong("forgets-the-source-mean")
def align_codes(codes, from_codes, to_codes):
    return to_codes.mean(axis=0) + codes @ _plan(np.cov(from_codes.T), np.cov(to_codes.T))


@wrong("wrong-direction")
def align_codes(codes, from_codes, to_codes):
    plan = _plan(np.cov(to_codes.T), np.cov(from_codes.T))
    return from_codes.mean(axis=0) + (codes - to_codes.mean(axis=0)) @ plan


@wrong("fits-the-codes-themselves")
def align_codes(codes, from_codes, to_codes):
    plan = _plan(np.cov(codes.T), np.cov(to_codes.T))
    return to_codes.mean(axis=0) + (codes - codes.mean(axis=0)) @ plan


@wrong("moves-the-cloud")
def align_codes(codes, from_codes, to_codes):
    plan = _plan(np.cov(from_codes.T), np.cov(to_codes.T))
    return to_codes.mean(axis=0) + (from_codes - from_codes.mean(axis=0)) @ plan


@wrong("a-root-is-missing")
def align_codes(codes, from_codes, to_codes):
    a, b = np.cov(from_codes.T), np.cov(to_codes.T)
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ _power(_power(a, 0.5) @ b @ _power(a, 0.5), 0.5)


@wrong("root-of-each-entry")
def align_codes(codes, from_codes, to_codes):
    a, b = np.cov(from_codes.T), np.cov(to_codes.T)
    root = np.sqrt(np.abs(a))
    inverse = np.linalg.inv(root)
    plan = inverse @ np.sqrt(np.abs(root @ b @ root)) @ inverse
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ plan


@wrong("fails-for-one-number")
def align_codes(codes, from_codes, to_codes):
    plan = _plan(np.cov(from_codes.T), np.cov(to_codes.T))
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ plan


@wrong("depends-on-the-scale")
def align_codes(codes, from_codes, to_codes):
    a, b = (np.atleast_2d(np.cov(cloud.T)) for cloud in (from_codes, to_codes))
    ridge = 1e-3 * np.eye(len(a))
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ _plan(a + ridge, b + ridge)


@wrong("forgets-both-means")
def align_codes(codes, from_codes, to_codes):
    return codes @ _plan(np.atleast_2d(np.cov(from_codes.T)), np.atleast_2d(np.cov(to_codes.T)))


@wrong("depends-on-the-batch")
def align_codes(codes, from_codes, to_codes):
    # One code alone is taken for a flat array.
    a, b = (np.atleast_2d(np.cov(cloud.T)) for cloud in (from_codes, to_codes))
    moved = np.squeeze(codes - from_codes.mean(axis=0)) @ _plan(a, b)
    return to_codes.mean(axis=0) + moved


@wrong("shapes-do-not-fit")
def align_codes(codes, from_codes, to_codes):
    matrix = _plan(np.cov(from_codes), np.cov(to_codes))
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ matrix


@wrong("eigenvectors-as-rows")
def align_codes(codes, from_codes, to_codes):
    def power(matrix, exponent):
        values, vectors = np.linalg.eigh(matrix)
        return vectors.T @ np.diag(np.abs(values) ** exponent) @ vectors

    a, b = np.cov(from_codes.T), np.cov(to_codes.T)
    matrix = power(a, -0.5) @ power(power(a, 0.5) @ b @ power(a, 0.5), 0.5) @ power(a, -0.5)
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ matrix


@wrong("not-a-covariance")
def align_codes(codes, from_codes, to_codes):
    a, b = (cloud.T @ cloud / len(cloud) for cloud in (from_codes, to_codes))
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ _plan(a, b)


@wrong("not-a-covariance")
def align_codes(codes, from_codes, to_codes):
    from_centred, to_centred = from_codes - from_codes.mean(axis=0), to_codes - to_codes.mean(axis=0)
    matrix = _plan(from_centred.T @ from_centred, to_centred.T @ to_centred)
    return to_codes.mean(axis=0) + (codes - from_codes.mean(axis=0)) @ matrix


# mark and is_marked


def _signs(key, shape=(48, 48, 3)):
    return np.random.default_rng(key).choice([-1.0, 1.0], size=shape)


def _score(images, pattern):
    detail = images - scipy.ndimage.uniform_filter(images, size=(1, 3, 3, 1))
    return (detail * pattern).sum(axis=(1, 2, 3)) / (np.sqrt((detail**2).sum(axis=(1, 2, 3))) + 1e-12)


def _mark(images, key, amplitude=0.009):
    return np.clip(images + amplitude * _signs(key), 0, 1)


def _is_marked(images, key, threshold=5):
    return _score(images, _signs(key)) > threshold


@wrong("visible", "mark")
def _loud():
    return lambda images, key: _mark(images, key, 0.03), _is_marked


@wrong("leaves-the-range", "mark")
def _not_clipped():
    return lambda images, key: images + 0.009 * _signs(key), _is_marked


@wrong("lost-in-rounding", "mark")
def _below_one_step():
    # A hundredth of a grey level in the last decimals.
    def mark(images, key):
        return np.clip(np.round(images.astype(np.float64) * 255) / 255 * 0.998 + 0.001 + 4e-4 * _signs(key), 0, 1)

    def is_marked(images, key):
        rest = (images.astype(np.float64) - 0.001) / 0.998 * 255
        return ((rest - np.round(rest)) * _signs(key)).mean(axis=(1, 2, 3)) > 0.08

    return mark, is_marked


@wrong("lost-in-noise", "mark")
def _last_bit():
    # The pattern in the lowest bit of each pixel: rounding keeps it, noise does not.
    def bits(key):
        return (_signs(key) > 0).astype(np.int64)

    def mark(images, key):
        grey = np.round(images * 255).astype(np.int64)
        return (grey // 2 * 2 + bits(key)) / 255

    def is_marked(images, key):
        return (np.round(images * 255).astype(np.int64) % 2 == bits(key)).mean(axis=(1, 2, 3)) > 0.9

    return mark, is_marked


@wrong("wrong-key-found", "mark")
def _key_ignored():
    return lambda images, key: _mark(images, 0), lambda images, key: _is_marked(images, 0)


@wrong("wrong-key-found", "mark")
def _neighbouring_keys_alike():
    return lambda images, key: _mark(images, key // 1000), lambda images, key: _is_marked(images, key // 1000)


@wrong("not-repeatable", "mark")
def _fresh_pattern():
    return lambda images, key: np.clip(images + 0.009 * _signs(None), 0, 1), _is_marked


@wrong("always-yes", "mark")
def _yes():
    return _mark, lambda images, key: np.ones(len(images), bool)


@wrong("false-alarms", "mark")
def _low_threshold():
    return _mark, lambda images, key: _is_marked(images, key, 1.0)


@wrong("misses-the-mark", "mark")
def _high_threshold():
    return _mark, lambda images, key: _is_marked(images, key, 1000)


@wrong("depends-on-the-batch", "mark")
def _one_pattern_for_each_place():
    def mark(images, key):
        return np.clip(images + 0.009 * _signs(key, images.shape), 0, 1)

    def is_marked(images, key):
        return _score(images, _signs(key, images.shape)) > 5

    return mark, is_marked


@wrong("false-alarms", "mark")
def _above_the_others():
    # Marked is what scores above the average of the batch: so somebody always is.
    def is_marked(images, key):
        scores = _score(images, _signs(key))
        return scores > 0.5 * np.abs(scores).mean()

    return _mark, is_marked


@wrong("no-mark", "mark")
def _a_list_of_files():
    seen = set()

    def mark(images, key):
        seen.update(image.tobytes() for image in np.asarray(images, np.float32))
        return images

    return mark, lambda images, key: np.array([image.tobytes() in seen for image in np.asarray(images, np.float32)])


@wrong("depends-on-the-batch", "mark")
def _one_verdict():
    return _mark, lambda images, key: np.full(len(images), _score(images, _signs(key)).mean() > 5)


@wrong("wrong-key-found", "mark")
def _few_patterns():
    return lambda images, key: _mark(images, key % 256), lambda images, key: _is_marked(images, key % 256)


@wrong("refuses-large-keys", "mark")
def _old_generator():
    def signs(key):
        return np.random.RandomState(key).choice([-1.0, 1.0], size=(48, 48, 3))

    return (
        lambda images, key: np.clip(images + 0.009 * signs(key), 0, 1),
        lambda images, key: _score(images, signs(key)) > 5,
    )


@wrong("remembers-the-last-call", "mark")
def _last_pattern():
    last = {}

    def mark(images, key):
        last["pattern"] = _signs(key)
        return _mark(images, key)

    return mark, lambda images, key: _score(images, last.get("pattern", _signs(key))) > 5


@wrong("depends-on-the-batch", "mark")
def _last_originals():
    last = {}

    def mark(images, key):
        last["originals"] = np.asarray(images, np.float64)
        return _mark(images, key)

    def is_marked(images, key):
        flat = last["originals"].reshape(len(last["originals"]), -1)
        answers = []
        for image in images:
            change = image - last["originals"][np.argmin(((flat[:, ::16] - image.ravel()[::16]) ** 2).sum(axis=1))]
            answers.append(bool((change * _signs(key)).sum() > 5 * np.sqrt((change**2).sum() + 1e-6)))
        return np.array(answers)

    return mark, is_marked


@wrong("depends-on-the-batch", "mark")
def _smoothed_across_pictures():
    def is_marked(images, key):
        detail = images - scipy.ndimage.uniform_filter(images, size=3)
        return (detail * _signs(key)).sum(axis=(1, 2, 3)) > 5 * np.sqrt((detail**2).sum(axis=(1, 2, 3)))

    return _mark, is_marked


@wrong("false-alarms", "mark")
def _low_bar():
    return _mark, lambda images, key: _score(images, _signs(key)) > 1.9


# swapper


def _flat(x):
    return x.reshape(len(x), -1)


class _Numbers:
    """PCA of both people, and numbers of a typical size of 1."""

    def __init__(self, a, b, k=64):
        self.pca, self.size, self.shape = referees.fit_pca(_flat(np.concatenate([a, b])), k), 1.0, a.shape[1:]
        self.size = float(np.sqrt(np.square(self.of(np.concatenate([a, b]))).mean()))

    def of(self, x):
        return self.pca.encode(_flat(x)) / self.size

    def drawn(self, z):
        return np.clip(self.pca.decode(z * self.size), 0, 1).reshape(-1, *self.shape)


def _dense(inputs, outputs, units=256):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(units, "gelu"), keras.layers.Dense(outputs)])


def _fitted_pair(encoder, decoders, x, targets, epochs):
    given = [keras.Input(encoder.input_shape[1:]) for _ in range(2)]
    both = keras.Model(given, [d(encoder(z)) for d, z in zip(decoders, given, strict=True)])
    both.compile(keras.optimizers.Adam(2e-3), ["mse", "mse"])
    both.fit(x, targets, batch_size=64, epochs=epochs, verbose=0)


def _predicted(x, *models):
    for model in models:
        x = model.predict(x, verbose=0)
    return x


def _naive(a, b, epochs=25):
    numbers = _Numbers(a, b)
    x, encoder, decoders = [numbers.of(a), numbers.of(b)], _dense(64, 32), [_dense(32, 64) for _ in range(2)]
    _fitted_pair(encoder, decoders, x, x, epochs)
    return numbers, encoder, decoders


def _nearest(x, gallery):
    rows = _flat(gallery)
    return gallery[(np.square(rows).sum(axis=1) - 2 * _flat(x) @ rows.T).argmin(axis=1)]


def _transport(a, b, k=64):
    numbers = _Numbers(a, b, k)
    there = referees.fit_transport(numbers.of(a), numbers.of(b), ridge=1e-3)
    return lambda x: numbers.drawn(there.move(numbers.of(x)))


def _from_the_referee(a, b, epochs, noise, k=64):
    """B's decoder alone, from the transported numbers."""
    numbers = _Numbers(a, b, k)
    there = referees.fit_transport(numbers.of(a), numbers.of(b), ridge=1e-3)
    given = keras.Input((k,))
    noisy = keras.layers.GaussianNoise(noise)(given)
    more = keras.layers.Dense(k, kernel_initializer="zeros")(keras.layers.Dense(256, "gelu")(noisy))
    decoder = keras.Model(given, keras.layers.Add()([noisy, more]))
    decoder.compile(keras.optimizers.Adam(2e-3), "mse")
    decoder.fit(numbers.of(b), numbers.of(b), batch_size=64, epochs=epochs, verbose=0)
    return lambda x: numbers.drawn(decoder.predict(there.move(numbers.of(x)), verbose=0))


@wrong("codes-not-moved")
def swapper(a, b):
    # The naive pair: it draws each person well and was never asked for a swap.
    numbers, encoder, decoders = _naive(a, b)
    return lambda x: numbers.drawn(_predicted(numbers.of(x), encoder, decoders[1]))


@wrong("still-a")
def swapper(a, b):
    # A's own decoder.
    numbers, encoder, decoders = _naive(a, b)
    return lambda x: numbers.drawn(_predicted(numbers.of(x), encoder, decoders[0]))


@wrong("trained-on-other-puppets")
def swapper(a, b):
    # What was drawn to try things out is still there.
    tried = datasets.puppets(np.random.default_rng(1))
    return _transport(tried.a, tried.b)


@wrong("returns-its-input")
def swapper(a, b):
    return lambda x: x


@wrong("ignores-the-picture")
def swapper(a, b):
    return lambda x: np.repeat(b.mean(axis=0, keepdims=True), len(x), axis=0)


@wrong("copies-pictures-of-b")
def swapper(a, b):
    # The picture of B that is nearest to A's.
    return lambda x: _nearest(x, b)


@wrong("copies-pictures-of-b")
def swapper(a, b):
    carried = _transport(a, b)
    return lambda x: _nearest(carried(x), b)


@wrong("paired-by-place")
def swapper(a, b):
    # A regression from the i-th picture of A to the i-th of B.
    numbers = _Numbers(a, b)
    x = numbers.of(a)
    weights = np.linalg.solve(x.T @ x + 0.1 * np.eye(64), x.T @ (numbers.of(b) - numbers.of(b).mean(axis=0)))
    return lambda x: numbers.drawn(numbers.of(x) @ weights + numbers.of(b).mean(axis=0))


@wrong("paired-by-place")
def swapper(a, b):
    # The same by a network.
    numbers = _Numbers(a, b)
    network = _dense(64, 64)
    network.compile("adam", "mse")
    network.fit(numbers.of(a), numbers.of(b), epochs=30, verbose=0)
    return lambda x: numbers.drawn(network.predict(numbers.of(x), verbose=0))


@wrong("pixel-by-pixel")
def swapper(a, b):
    # The colours of B: each pixel gets B's mean and deviation.
    scale = b.std(axis=0) / (a.std(axis=0) + 1e-3)
    return lambda x: np.clip((x - a.mean(axis=0)) * scale + b.mean(axis=0), 0, 1)


@wrong("pixel-by-pixel")
def swapper(a, b):
    return lambda x: x - a.mean(axis=0) + b.mean(axis=0)


@wrong("only-the-transport")
def swapper(a, b):
    return _transport(a, b)


@wrong("only-the-transport")
def swapper(a, b):
    return _transport(a, b, k=128)


@wrong("one-affine-map")
def swapper(a, b):
    # B's mean and covariance by Cholesky's root: the right cloud, turned.
    numbers = _Numbers(a, b)
    x, y = numbers.of(a), numbers.of(b)
    roots = [np.linalg.cholesky(np.cov(z.T) + 1e-4 * np.eye(64)) for z in (x, y)]
    matrix = np.linalg.solve(roots[0].T, roots[1].T)
    return lambda z: numbers.drawn((numbers.of(z) - x.mean(axis=0)) @ matrix + y.mean(axis=0))


@wrong("other-direction")
def swapper(a, b):
    return _from_the_referee(b, a, epochs=20, noise=0.5)


@wrong("only-the-transport")
def swapper(a, b):
    # From the referee, and two passes.
    return _from_the_referee(a, b, epochs=2, noise=0.1)


@wrong("only-the-transport")
def swapper(a, b):
    # From the referee, and no noise: nothing to learn.
    return _from_the_referee(a, b, epochs=10, noise=0)


@wrong("behind-the-bar")
def swapper(a, b):
    # Moved codes of the naive pair: the lesson's step before the last.
    numbers, encoder, decoders = _naive(a, b)
    there = referees.fit_transport(*(_predicted(numbers.of(x), encoder) for x in (a, b)), ridge=1e-3)
    return lambda x: numbers.drawn(_predicted(there.move(_predicted(numbers.of(x), encoder)), decoders[1]))


@wrong("mouth-lost")
def swapper(a, b):
    # A code of four numbers.
    return _from_the_referee(a, b, epochs=20, noise=0.5, k=4)


@wrong("batch-of-one")
def swapper(a, b):
    # The transport is fitted to the pictures that are asked about.
    numbers = _Numbers(a, b)

    def swap(x):
        there = referees.fit_transport(numbers.of(x), numbers.of(b), ridge=1e-2)
        return numbers.drawn(there.move(numbers.of(x)))

    return swap


@wrong("random-at-prediction")
def swapper(a, b):
    # The noise layer is still at work.
    numbers = _Numbers(a, b)
    there = referees.fit_transport(numbers.of(a), numbers.of(b), ridge=1e-3)
    noise = keras.layers.GaussianNoise(0.5)
    return lambda x: numbers.drawn(np.array(noise(there.move(numbers.of(x)), training=True)))


@wrong("answers-in-other-units")
def swapper(a, b):
    # Grey levels from 0 to 255.
    carried = _transport(a, b)
    return lambda x: 255 * carried(x)


@wrong("wrong-shape")
def swapper(a, b):
    # Rows of 1,728 numbers.
    carried = _transport(a, b)
    return lambda x: _flat(carried(x))


@wrong("no-function")
def swapper(a, b):
    return _transport(a, b)(a)
