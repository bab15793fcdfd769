"""Right answers to the exercises of lesson 04, by other roads than the solutions take."""

import keras
import numpy as np
from scipy.special import i0e, i1e


def add_noise(x, sigma, rng, clip):
    noisy = rng.normal(loc=x, scale=sigma)
    if clip:
        noisy[noisy < 0] = 0.0
        noisy = np.minimum(noisy, 1.0)
    return noisy.astype(np.float32)


class FreshNoise(keras.utils.PyDataset):
    # All noise of an epoch at once, from one generator; batches are slices of it.
    def __init__(self, x, sigma, batch_size, seed, **kwargs):
        super().__init__(**kwargs)
        self.x, self.sigma, self.size = np.array(x, copy=True), sigma, batch_size
        self.generators = np.random.SeedSequence(seed)
        self.on_epoch_end()

    def __len__(self):
        return int(np.ceil(len(self.x) / self.size))

    def __getitem__(self, i):
        part = slice(i * self.size, (i + 1) * self.size)
        return [self.noisy[part], self.x[part]]

    def on_epoch_end(self):
        (child,) = self.generators.spawn(1)
        self.noisy = self.x + np.random.default_rng(child).normal(0, self.sigma, self.x.shape)


def linear_denoiser(clean, noisy):
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(noisy, clean).predict


def wiener_filter(train, sigma):
    # Along the principal axes, one at a time.
    mean = train.mean(axis=0)
    values, axes = np.linalg.eigh((train - mean).T @ (train - mean) / len(train))

    def denoise(x):
        result = []
        for sample in x:
            answer = mean.copy()
            for value, axis in zip(values, axes.T, strict=True):
                answer += value / (value + sigma**2) * ((sample - mean) @ axis) * axis
            result.append(answer)
        return np.array(result)

    return denoise


def build_denoiser():
    # Dense layers and a sigmoid; noise and dropout are active in training only.
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.GaussianNoise(0.1),
            keras.layers.Flatten(),
            keras.layers.Dense(256, activation="tanh"),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(784, activation="sigmoid"),
            keras.layers.Reshape((28, 28, 1)),
        ]
    )
    return model


def build_denoiser__without_biases():
    # Convolutions without biases, and batch normalisation between them.
    noisy = keras.Input((28, 28, 1))
    hidden = noisy
    for _ in range(2):
        hidden = keras.layers.Conv2D(16, 3, padding="same", use_bias=False)(hidden)
        hidden = keras.layers.ReLU()(keras.layers.BatchNormalization()(hidden))
    return keras.Model(noisy, keras.layers.Conv2D(1, 3, padding="same", use_bias=False)(hidden))


class _Denoiser(keras.Model):
    def __init__(self):
        super().__init__()
        self.down = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")
        self.up = keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")
        self.correct = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros")

    def call(self, x):
        return x - self.correct(self.up(self.down(x)))


def build_denoiser__class():
    return _Denoiser()


def build_denoiser__bottleneck():
    layers = [keras.layers.Flatten(), keras.layers.Dense(32, "relu"), keras.layers.Dense(784)]
    return keras.Sequential([keras.Input((28, 28, 1)), *layers, keras.layers.Reshape((28, 28, 1))])


def score_from_denoiser(denoiser, x, sigma):
    variance = float(sigma) * float(sigma)
    return np.stack([(r - q) / variance for r, q in zip(denoiser(x), x, strict=True)])


def score_from_denoiser__row_by_row(denoiser, x, sigma):
    score = np.zeros(x.shape)
    for i in range(len(x)):
        score[i] = (denoiser(x[i : i + 1])[0] - x[i]) / sigma**2
    return score


def ring_radius(sigma):
    return i1e(sigma**-2.0) / i0e(sigma**-2.0)


def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = rng.normal(0.0, sigmas[0], size=(n_samples, dim))
    schedule = np.repeat(np.asarray(sigmas, dtype=float), steps)
    for sigma in schedule:
        noise = rng.normal(size=(dim, n_samples)).T
        drift = score(x, float(sigma))
        x = x + sigma * (0.5 * step_size * sigma * np.asarray(drift) + step_size**0.5 * noise)
    return x


def add_noise__loop_of_lists(x, sigma, rng, clip):
    noisy = [[rng.normal(part, sigma) for part in picture] for picture in x]
    return [np.clip(picture, 0, 1).tolist() if clip else np.array(picture).tolist() for picture in noisy]


class FreshNoise__drawn_in_advance_by_keras(keras.utils.PyDataset):
    # Batch by batch, but all of them when an epoch begins.
    def __init__(self, x, sigma, batch_size, seed):
        super().__init__()
        self.sigma, self.draw = sigma, keras.random.normal
        self.clean = [x[i : i + batch_size] for i in range(0, len(x), batch_size)]
        self.seed = np.random.SeedSequence(seed)
        self.on_epoch_end()

    def __len__(self):
        return len(self.clean)

    def __getitem__(self, i):
        return self.noisy[i], self.clean[i]

    def on_epoch_end(self):
        (epoch,) = self.seed.spawn(1)
        seeds = epoch.generate_state(len(self.clean)).tolist()
        noise = [self.draw(part.shape, seed=seed % 2**31) for part, seed in zip(self.clean, seeds, strict=True)]
        parts = zip(self.clean, noise, strict=True)
        self.noisy = [part + self.sigma * keras.ops.convert_to_numpy(one) for part, one in parts]


def linear_denoiser__a_keras_model(clean, noisy):
    solution = np.linalg.lstsq(np.column_stack([noisy, np.ones(len(noisy))]), clean, rcond=None)[0]
    model = keras.Sequential([keras.Input(noisy.shape[1:]), keras.layers.Dense(noisy.shape[1], dtype="float64")])
    model.set_weights([solution[:-1], solution[-1]])
    return model


def annealed_langevin__mean_and_deviation(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = rng.multivariate_normal(np.zeros(dim), sigmas[0] ** 2 * np.eye(dim), size=n_samples)
    for sigma in np.repeat(sigmas, steps):
        x = rng.normal(x + step_size * sigma**2 / 2 * score(x, np.array([sigma])), sigma * step_size**0.5)
    return x.astype(np.float32)


def _windows(x, reach=3):
    """The neighbourhood of each pixel, (n * side * side, window)."""
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    width = 2 * reach + 1
    views = np.lib.stride_tricks.sliding_window_view(padded, (width, width), axis=(1, 2))
    return views.reshape(x.size, width**2)


def told_denoiser(pictures):
    # No network and no training by steps: an affine map, then random features of each pixel's neighbourhood and one regression.
    flat = pictures.reshape(len(pictures), -1)
    fitted = {}

    def fit(sigma):
        rng = np.random.default_rng(3)
        noisy, also = (
            np.clip(pictures + sigma * rng.standard_normal(pictures.shape), 0, 1).astype("float32") for _ in "ab"
        )
        with_ones = np.column_stack([also.reshape(flat.shape), np.ones(len(flat), "float32")])
        line = np.linalg.solve(
            with_ones.T @ with_ones + 1e-3 * np.eye(with_ones.shape[1], dtype="float32"), with_ones.T @ flat
        )
        directions = 0.4 * rng.standard_normal((98, 400)).astype("float32")
        offsets = rng.uniform(-1, 1, 400).astype("float32")

        def on_the_line(x):
            return (x.reshape(len(x), -1) @ line[:-1] + line[-1]).reshape(x.shape)

        def features(x, start, rows=slice(None)):
            around = np.concatenate([_windows(x)[rows], _windows(start)[rows]], axis=1)
            centre = around[:, [73]]  # the answer of the affine map at the pixel itself
            around -= centre
            bent = np.maximum(around @ directions + offsets, 0)
            return np.concatenate([bent, around, centre, np.ones_like(centre)], axis=1)

        start, some = on_the_line(noisy), rng.choice(noisy.size, 120_000, replace=False)
        inputs = features(noisy, start, some)
        own = inputs.T @ inputs
        own += 1e-3 * np.trace(own) / len(own) * np.eye(len(own), dtype="float32")
        weights = np.linalg.solve(own, inputs.T @ (pictures - start).ravel()[some])
        return on_the_line, features, weights

    def denoise(noisy, sigma):
        if sigma not in fitted:
            fitted[sigma] = fit(sigma)
        on_the_line, features, weights = fitted[sigma]
        start = on_the_line(noisy)
        parts = [(features(noisy[i : i + 100], start[i : i + 100]) @ weights) for i in range(0, len(noisy), 100)]
        return start + np.concatenate(parts).reshape(noisy.shape)

    return denoise


def told_denoiser__affine_maps_inside(pictures):
    # One Keras model: the maps of four levels are layers that do not train, and blended for the levels between.
    from course_lib import layers, models, referees, training

    flat, side = pictures.reshape(len(pictures), -1), pictures.shape[1]
    maps = {sigma: referees.clipped_noise_denoiser(flat, sigma) for sigma in (0.05, 0.1, 0.2, 0.3)}
    model = models.build_level_denoiser(maps, image_shape=(side, side))
    training.fit_denoiser(model, pictures[..., None], layers.AddGaussianNoise((0.03, 0.33), with_level=True), epochs=8)

    def denoise(noisy, sigma):
        level = np.full((len(noisy), 1), sigma, "float32")
        return model.predict([noisy[..., None], level], batch_size=500, verbose=0)[..., 0]

    return denoise
