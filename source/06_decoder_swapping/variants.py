"""Right answers to the exercises of lesson 06, by other roads than the solutions take."""

import keras
import numpy as np
import scipy.linalg
import scipy.ndimage
import scipy.sparse.linalg
import scipy.spatial
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


def build_swapper__two_autoencoders(encoder, decoder_a, decoder_b):
    # Each person's own autoencoder first; the pair is made of the two.
    a, b = (keras.Input(encoder.input_shape[1:]) for _ in range(2))
    own = [keras.Sequential([encoder, decoder]) for decoder in (decoder_a, decoder_b)]
    return keras.Model(inputs=[a, b], outputs=[own[0](a), own[1](b)])


def swap(x, encoder, other_decoder):
    # One model of both, one picture at a time.
    image = keras.Input(encoder.input_shape[1:])
    both = keras.Model(image, other_decoder(encoder(image)))
    return [np.squeeze(ops.convert_to_numpy(both(one[None])), axis=0) for one in x]


def swap__one_predict_a_picture(x, encoder, other_decoder):
    drawn = []
    for picture in x:
        code = encoder.predict(picture[None], verbose=0)
        drawn.append(other_decoder.predict(code, verbose=0)[0])
    return np.array(drawn)


def swap__called(x, encoder, other_decoder):
    return ops.convert_to_numpy(other_decoder(encoder(x, training=False), training=False))


def pixel_shuffle(x, factor):
    # Rows of the tile first, then its columns: concatenated along the axes that they refine.
    channels = x.shape[-1] // factor**2
    rows = []
    for i in range(factor):
        columns = [x[..., (i * factor + j) * channels :][..., :channels] for j in range(factor)]
        stacked = ops.stack(columns, axis=3)  # n, h, w, j, k
        rows.append(ops.reshape(stacked, (-1, x.shape[1], x.shape[2] * factor, channels)))
    return ops.reshape(ops.stack(rows, axis=2), (-1, x.shape[1] * factor, x.shape[2] * factor, channels))


def pixel_shuffle__one_gather(x, factor):
    # Where each number comes from, counted out in NumPy; the numbers themselves never leave the backend.
    height, width, channels = x.shape[1:]
    c = channels // factor**2
    rows, columns, k = np.indices((height * factor, width * factor, c))
    source = rows % factor * factor + columns % factor  # number of the block
    place = (rows // factor * width + columns // factor) * channels + source * c + k
    flat = ops.take(ops.reshape(x, (-1, height * width * channels)), place.ravel(), axis=1)
    return ops.reshape(flat, (-1, height * factor, width * factor, c))


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


def identity_leak__one_dense_layer(codes_a, codes_b, seed):
    # Logistic regression as Keras has it: one unit, trained for many epochs.
    from sklearn.metrics import roc_auc_score

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    halves = [np.array_split(rng.permutation(codes), 2) for codes in (codes_a, codes_b)]
    train, test = (np.concatenate([half[part] for half in halves]) for part in (0, 1))
    labels = [np.repeat([0.0, 1.0], [len(half[part]) for half in halves]) for part in (0, 1)]
    mean, spread = train.mean(axis=0), train.std(axis=0) + 1e-6
    unit = keras.Sequential([keras.Input(train.shape[1:]), keras.layers.Dense(1, "sigmoid")])
    unit.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    unit.fit((train - mean) / spread, labels[0], epochs=30, verbose=0)
    return roc_auc_score(labels[1], unit.predict((test - mean) / spread, verbose=0)[:, 0])


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


def identity_leak__by_hand(codes_a, codes_b, seed):
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(seed)
    (a, c), (b, d) = (np.array_split(rng.permutation(codes), 2) for codes in (codes_a, codes_b))
    spread = np.atleast_2d(np.cov(np.concatenate([a - a.mean(axis=0), b - b.mean(axis=0)]).T))
    along = np.linalg.pinv(spread, rcond=1e-6) @ (b.mean(axis=0) - a.mean(axis=0))
    return mannwhitneyu(d @ along, c @ along).statistic / (len(c) * len(d))


def align_codes__row_by_row(codes, from_codes, to_codes):
    from scipy.linalg import inv, sqrtm

    a, b = (np.atleast_2d(np.cov(cloud.T, bias=True)) for cloud in (from_codes, to_codes))
    matrix = inv(a) @ np.real(sqrtm(a @ b))  # the geometric mean of b and the inverse of a
    return [to_codes.mean(axis=0) + matrix @ (code - from_codes.mean(axis=0)) for code in codes]


def swapper(a, b):
    # No network: carried all the way by whitening axes of its own, then kernel ridge from noisy pictures of B to clean ones.
    rng, (n, *shape), k = np.random.default_rng(4), a.shape, 64
    rows = np.concatenate([a, b]).reshape(2 * n, -1).astype("float64")
    centre = rows.mean(axis=0)
    _, _, axes = scipy.sparse.linalg.svds(rows - centre, k, random_state=0)
    of_a, of_b = (x @ axes.T for x in np.split(rows - centre, 2))
    own, wanted = (np.cov(x.T) + 1e-3 * rows.var(axis=0).sum() / k * np.eye(k) for x in (of_a, of_b))
    root = scipy.linalg.sqrtm(own).real
    matrix = np.linalg.solve(root, scipy.linalg.sqrtm(root @ wanted @ root).real) @ np.linalg.inv(root)
    half = (matrix + np.eye(k)) / 2

    def from_b(x):
        return (x - of_b.mean(axis=0)) @ (np.linalg.inv(matrix) @ half)

    clean = np.tile(of_b, (3, 1))
    seen = from_b(clean)
    seen = seen + 0.5 * seen.std() * rng.standard_normal(seen.shape)
    width = 2 * seen.var(axis=0).sum()

    def near(x):
        return np.exp(-scipy.spatial.distance.cdist(x, seen, "sqeuclidean") / width)

    weights = np.linalg.solve(near(seen) + 0.03 * np.eye(len(seen)), clean - of_b.mean(axis=0))

    def swap(x):
        z = (x.reshape(len(x), -1) - centre) @ axes.T
        drawn = near((z - of_a.mean(axis=0)) @ half) @ weights + of_b.mean(axis=0)
        return (drawn @ axes + centre).reshape(-1, *shape)

    return swap


def swapper__a_keras_model(a, b):
    # PCA and transport are the first and the last layer of one model, which is what is returned.
    from course_lib import referees

    k, n, shape = 64, len(a), a.shape[1:]
    rows = np.concatenate([a, b]).reshape(2 * n, -1).astype("float64")
    centre = rows.mean(axis=0)
    _, _, axes = scipy.sparse.linalg.svds(rows - centre, k, random_state=0)
    codes = (rows - centre) @ axes.T
    into, out_of = axes.T / codes.std(), axes * codes.std()
    codes /= codes.std()
    there = referees.fit_transport(codes[:n], codes[n:], ridge=1e-3)
    half = (np.eye(k) + there.matrix) / 2
    meet = [there.halfway(codes[:n]), there.inverse().halfway(codes[n:])]

    def more(z):
        return keras.layers.Dense(k, kernel_initializer="zeros")(keras.layers.Dense(256, "gelu")(z))

    def on(matrix, mean):
        code, way = keras.Input((k,)), keras.layers.Dense(k)
        decoder = keras.Model(code, keras.layers.Add()([way(code), more(code)]))
        way.set_weights([np.linalg.solve(half, matrix), mean])
        return decoder

    given, of_a, of_b = (keras.Input((k,)) for _ in range(3))
    noisy = keras.layers.GaussianNoise(0.7 * float(np.std(meet)))(given)
    encoder = keras.Model(given, keras.layers.Add()([noisy, more(noisy)]))
    to_a, to_b = on(np.eye(k), there.source), on(there.matrix, there.target)
    both = keras.Model([of_a, of_b], [to_a(encoder(of_a)), to_b(encoder(of_b))])
    both.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(8e-3, 60 * n // 64)), ["mse", "mse"])
    both.fit(meet, [codes[:n], codes[n:]], batch_size=64, epochs=60, verbose=0)

    first, last = keras.layers.Dense(k), keras.layers.Dense(len(centre))
    pictures = keras.Input(shape)
    drawn = last(to_b(encoder(first(keras.layers.Flatten()(pictures)))))
    first.set_weights([into @ half, -(centre @ into + there.source) @ half])
    last.set_weights([out_of, centre])
    return keras.Model(pictures, keras.layers.Reshape(shape)(drawn))
