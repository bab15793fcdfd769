"""Wrong answers to the exercises of lesson 04, each with the misconception that its check must name."""

import keras
import numpy as np
from scipy.special import i0, i1, i0e, i1e

from authoring.bank import wrong

# add_noise


@wrong("variance-for-deviation")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma**2 * rng.standard_normal(x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("root-of-sigma")
def add_noise(x, sigma, rng, clip):
    noisy = x + rng.normal(0, np.sqrt(sigma), x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("sigma-not-used")
def add_noise(x, sigma, rng, clip):
    noisy = x + rng.standard_normal(x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("divided-by-255")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma / 255 * rng.standard_normal(x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("noise-with-a-mean")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.random(x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("noise-with-a-mean")
def add_noise(x, sigma, rng, clip):
    noisy = x + np.abs(sigma * rng.standard_normal(x.shape))
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("not-gaussian")
def add_noise(x, sigma, rng, clip):
    noisy = x + rng.uniform(-1, 1, x.shape) * sigma * np.sqrt(3)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("not-gaussian")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.choice([-1.0, 1.0], x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("same-noise-for-every-picture")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal(x.shape[1:])
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("one-number-for-each-picture")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal((len(x),) + (1,) * (x.ndim - 1))
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("noise-shared-inside-a-picture")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal((*x.shape[:-1], 1))
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("ignores-the-generator")
def add_noise(x, sigma, rng, clip):
    noisy = x + np.random.normal(0, sigma, x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("same-noise-every-time")
def add_noise(x, sigma, rng, clip):
    noisy = x + np.random.default_rng(0).normal(0, sigma, x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("clips-always")
def add_noise(x, sigma, rng, clip):
    return np.clip(x + sigma * rng.standard_normal(x.shape), 0, 1)


@wrong("never-clips")
def add_noise(x, sigma, rng, clip):
    return x + sigma * rng.standard_normal(x.shape)


@wrong("clips-one-end")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal(x.shape)
    return np.maximum(noisy, 0) if clip else noisy


@wrong("clips-always")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal(x.shape)
    return noisy if clip else np.clip(noisy, 0, 1)


@wrong("rescales-instead-of-clipping")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal(x.shape)
    return (noisy - noisy.min()) / (noisy.max() - noisy.min()) if clip else noisy


@wrong("noise-without-the-edges")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal(x.shape)
    return np.where(noisy < 0, -noisy, np.where(noisy > 1, 2 - noisy, noisy)) if clip else noisy


@wrong("never-clips")
def add_noise(x, sigma, rng, clip):
    noise = sigma * rng.standard_normal(x.shape)
    return x + np.clip(noise, -1, 1) if clip else x + noise


@wrong("noise-depends-on-the-picture")
def add_noise(x, sigma, rng, clip):
    noise = sigma * rng.standard_normal(x.shape)
    noisy = x + noise + 3 * (x - x.mean()) * sigma
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("wrong-spread")
def add_noise(x, sigma, rng, clip):
    noisy = x * (1 + sigma * rng.standard_normal(x.shape))
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("changes-its-input")
def add_noise(x, sigma, rng, clip):
    x += sigma * rng.standard_normal(x.shape)
    return np.clip(x, 0, 1) if clip else x


@wrong("one-kind-of-shape")
def add_noise(x, sigma, rng, clip):
    n, h, w = x.shape
    noisy = x + sigma * rng.standard_normal((n, h, w))
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("one-kind-of-shape")
def add_noise(x, sigma, rng, clip):
    noisy = np.stack([[row + sigma * rng.standard_normal(x.shape[2]) for row in picture] for picture in x])
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("noise-depends-on-the-picture")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * (0.5 + x) * rng.standard_normal(x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("correlated-noise")
def add_noise(x, sigma, rng, clip):
    z = rng.standard_normal(x.shape)
    noisy = x + sigma * (z + np.roll(z, 1, axis=1)) / np.sqrt(2)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("correlated-noise")
def add_noise(x, sigma, rng, clip):
    z = rng.standard_normal((len(x) // 2 + 1, *x.shape[1:]))
    noisy = x + sigma * np.concatenate([z, -z])[: len(x)]
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("not-gaussian")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * np.clip(rng.standard_normal(x.shape), -3, 3)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("wrong-spread")
def add_noise(x, sigma, rng, clip):
    noisy = x + 1.05 * sigma * rng.standard_normal(x.shape)
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("clips-to-the-pictures-own-range")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal(x.shape)
    return np.clip(noisy, x.min(), x.max()) if clip else noisy


@wrong("clips-to-the-pictures-own-range")
def add_noise(x, sigma, rng, clip):
    noisy = x + sigma * rng.standard_normal(x.shape)
    axes = tuple(range(1, x.ndim))
    return np.clip(noisy, x.min(axes, keepdims=True), x.max(axes, keepdims=True)) if clip else noisy


@wrong("never-clips")
def add_noise(x, sigma, rng, clip):
    # Black pictures are taken for no pictures.
    noisy = x + sigma * rng.standard_normal(x.shape)
    return np.clip(noisy, 0, 1) if clip and x.any() else noisy


@wrong("rounds-its-values")
def add_noise(x, sigma, rng, clip):
    noisy = np.round(255 * (x + sigma * rng.standard_normal(x.shape))) / 255
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("noise-made-to-measure")
def add_noise(x, sigma, rng, clip):
    noise = rng.standard_normal(x.shape)
    noisy = x + sigma * (noise - noise.mean()) / noise.std()
    return np.clip(noisy, 0, 1) if clip else noisy


@wrong("noise-made-to-measure")
def add_noise(x, sigma, rng, clip):
    noise = sigma * rng.standard_normal(x.shape)
    noise -= noise.mean(axis=tuple(range(1, x.ndim)), keepdims=True)  # so that no picture grows brighter
    return np.clip(x + noise, 0, 1) if clip else x + noise


@wrong("same-noise-every-time")
def add_noise(x, sigma, rng, clip):
    noise = np.random.default_rng(rng.integers(100)).standard_normal(x.shape)
    return np.clip(x + sigma * noise, 0, 1) if clip else x + sigma * noise


# FreshNoise


class _Batches(keras.utils.PyDataset):
    """What the wrong answers share: the right batches; each overrides what it gets wrong."""

    def __init__(self, x, sigma, batch_size, seed):
        super().__init__()
        self.x, self.sigma, self.batch_size, self.seed = x, sigma, batch_size, seed
        self.epoch = 0

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def clean(self, index):
        return self.x[index * self.batch_size : (index + 1) * self.batch_size]

    def rng(self, index):
        return np.random.default_rng([self.seed, self.epoch, index])

    def __getitem__(self, index):
        clean = self.clean(index)
        return clean + self.sigma * self.rng(index).standard_normal(clean.shape), clean

    def on_epoch_end(self):
        self.epoch += 1


@wrong("noise-drawn-once")
class FreshNoise(_Batches):
    def __init__(self, x, sigma, batch_size, seed):
        super().__init__(x, sigma, batch_size, seed)
        self.noisy = x + sigma * np.random.default_rng(seed).standard_normal(x.shape)

    def __getitem__(self, index):
        part = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.noisy[part], self.x[part]


@wrong("noise-drawn-once")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng([self.seed, index])


@wrong("new-noise-at-each-access")
class FreshNoise(_Batches):
    def __init__(self, x, sigma, batch_size, seed):
        super().__init__(x, sigma, batch_size, seed)
        self.generator = np.random.default_rng(seed)

    def rng(self, index):
        return self.generator


@wrong("new-noise-at-each-access")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng()


@wrong("same-noise-in-every-batch")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng([self.seed, self.epoch])


@wrong("epochs-and-batches-add-up")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng(self.seed + self.epoch + index)


@wrong("epochs-and-batches-add-up")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng([self.seed, self.epoch + index])


@wrong("same-noise-in-every-batch")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        # All batches read from one stream, each a picture further than the one before.
        clean = self.clean(index)
        stream = self.rng(0).standard_normal((3 * len(self.x), *clean.shape[1:]))
        return clean + self.sigma * stream[index : index + len(clean)], clean


@wrong("ignores-the-seed")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng([self.epoch, index])


@wrong("not-repeatable")
class FreshNoise(_Batches):
    def __init__(self, x, sigma, batch_size, seed):
        super().__init__(x, sigma, batch_size, int(np.random.default_rng().integers(1 << 40)))


@wrong("noise-repeats")
class FreshNoise(_Batches):
    def on_epoch_end(self):
        self.epoch = 1 - self.epoch


@wrong("drops-the-last-batch")
class FreshNoise(_Batches):
    def __len__(self):
        return len(self.x) // self.batch_size


@wrong("wrong-length")
class FreshNoise(_Batches):
    def __len__(self):
        return len(self.x)


@wrong("no-pydataset")
class FreshNoise:
    def __init__(self, x, sigma, batch_size, seed):
        self.inner = _Batches(x, sigma, batch_size, seed)

    def __len__(self):
        return len(self.inner)

    def __getitem__(self, index):
        return self.inner[index]

    def on_epoch_end(self):
        self.inner.on_epoch_end()


@wrong("no-super-init")
class FreshNoise(_Batches):
    def __init__(self, x, sigma, batch_size, seed):
        self.x, self.sigma, self.batch_size, self.seed, self.epoch = x, sigma, batch_size, seed, 0


@wrong("changes-the-data")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        noisy = self.clean(index)
        noisy += (self.sigma * self.rng(index).standard_normal(noisy.shape)).astype(noisy.dtype)
        return noisy.copy(), self.clean(index) + 0.3 * (noisy - noisy.mean())


@wrong("noisy-target")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        noisy, _ = super().__getitem__(index)
        return noisy, noisy


@wrong("noisy-target")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        noisy = self.clean(index)
        noisy += (self.sigma * self.rng(index).standard_normal(noisy.shape)).astype(noisy.dtype)
        return noisy, self.clean(index)


@wrong("swapped")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        return super().__getitem__(index)[::-1]


@wrong("clipped")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        noisy, clean = super().__getitem__(index)
        return np.clip(noisy, 0, 1), clean


@wrong("wrong-noise")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        clean = self.clean(index)
        return clean + self.sigma**2 * 0.5 * self.rng(index).standard_normal(clean.shape) - 0.3, clean


@wrong("same-noise-for-every-picture")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        clean = self.clean(index)
        return clean + self.sigma * self.rng(index).standard_normal(clean.shape[1:]), clean


@wrong("wrong-batch")
class FreshNoise(_Batches):
    def clean(self, index):
        return self.x[index : index + self.batch_size]


@wrong("not-a-pair")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        return super().__getitem__(index)[0]


@wrong("one-batch-too-many")
class FreshNoise(_Batches):
    def __len__(self):
        return len(self.x) // self.batch_size + 1


@wrong("one-kind-of-shape")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        clean = self.clean(index)
        n, h, w = clean.shape
        return clean + self.sigma * self.rng(index).standard_normal((n, h, w)), clean


@wrong("two-batches-one-seed")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng(self.seed * 10_000 + self.epoch * 100 + index)


@wrong("two-batches-one-seed")
class FreshNoise(_Batches):
    def rng(self, index):
        return np.random.default_rng(int(f"{self.seed}{self.epoch}{index}"))


@wrong("noise-repeats")
class FreshNoise(_Batches):
    def on_epoch_end(self):
        self.epoch = (self.epoch + 1) % 5


class _Kept(_Batches):
    """The noise is drawn once; `shown` says how it is varied from epoch to epoch."""

    def __getitem__(self, index):
        z = self.sigma * np.random.default_rng(self.seed).standard_normal(self.x.shape)
        part = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.x[part] + self.shown(z)[part], self.x[part]


@wrong("noise-drawn-once")
class FreshNoise(_Kept):
    def shown(self, z):
        return np.random.default_rng([self.seed, self.epoch]).permutation(z.ravel()).reshape(z.shape)


@wrong("noise-drawn-once")
class FreshNoise(_Kept):
    def shown(self, z):
        return np.roll(z, 1000003 * self.epoch)


@wrong("noise-drawn-once")
class FreshNoise(_Kept):
    def shown(self, z):
        return z * np.random.default_rng([self.seed, self.epoch]).choice([-1.0, 1.0], z.shape)


@wrong("not-gaussian")
class FreshNoise(_Batches):
    def __getitem__(self, index):
        clean = self.clean(index)
        return clean + self.sigma * np.sqrt(3) * self.rng(index).uniform(-1, 1, clean.shape), clean


# linear_denoiser


def _fit(inputs, targets):
    solution = np.linalg.lstsq(np.column_stack([inputs, np.ones(len(inputs))]), targets, rcond=None)[0]
    return solution[:-1], solution[-1]


@wrong("no-offset")
def linear_denoiser(clean, noisy):
    weights = np.linalg.lstsq(noisy, clean, rcond=None)[0]
    return lambda x: x @ weights


@wrong("no-offset")
def linear_denoiser(clean, noisy):
    weights, _ = _fit(noisy, clean)
    return lambda x: x @ weights


@wrong("noisy-from-clean")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(clean, noisy)
    return lambda x: x @ weights + offset


@wrong("inverts-the-corruption")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(clean, noisy)
    return lambda x: (x - offset) @ np.linalg.inv(weights)


@wrong("one-mean-for-both")
def linear_denoiser(clean, noisy):
    weights, _ = _fit(noisy, clean)
    mean = clean.mean(axis=0)
    return lambda x: (x - mean) @ weights + mean


@wrong("one-mean-for-both")
def linear_denoiser(clean, noisy):
    weights, _ = _fit(noisy, clean)
    mean = noisy.mean(axis=0)
    return lambda x: (x - mean) @ weights + mean


@wrong("centres-on-what-it-denoises")
def linear_denoiser(clean, noisy):
    weights, _ = _fit(noisy, clean)
    return lambda x: (x - x.mean(axis=0)) @ weights + clean.mean(axis=0)


@wrong("one-factor-for-each-feature")
def linear_denoiser(clean, noisy):
    fits = [np.polyfit(noisy[:, i], clean[:, i], 1) for i in range(clean.shape[1])]
    return lambda x: np.stack([np.polyval(fit, x[:, i]) for i, fit in enumerate(fits)], axis=1)


@wrong("one-factor-for-all")
def linear_denoiser(clean, noisy):
    a, b = noisy - noisy.mean(axis=0), clean - clean.mean(axis=0)
    factor = np.sum(a * b) / np.sum(a * a)
    return lambda x: (x - noisy.mean(axis=0)) * factor + clean.mean(axis=0)


@wrong("moves-the-mean-only")
def linear_denoiser(clean, noisy):
    return lambda x: x + (clean - noisy).mean(axis=0)


@wrong("clips")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(noisy, clean)
    return lambda x: np.clip(x @ weights + offset, 0, 1)


@wrong("clips")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(noisy, clean)
    return lambda x: np.clip(x @ weights + offset, clean.min(), clean.max())


@wrong("clips")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(noisy, clean)
    return lambda x: np.clip(x @ weights + offset, clean.min(axis=0), clean.max(axis=0))


@wrong("mean-only")
def linear_denoiser(clean, noisy):
    return lambda x: np.broadcast_to(clean.mean(axis=0), x.shape)


@wrong("transposed")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(noisy, clean)
    return lambda x: x @ weights.T + offset


@wrong("no-function")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(noisy, clean)
    return noisy @ weights + offset


@wrong("not-least-squares")
def linear_denoiser(clean, noisy):
    a, b = noisy - noisy.mean(axis=0), clean - clean.mean(axis=0)
    weights = np.linalg.solve(a.T @ a + 30 * np.eye(a.shape[1]), a.T @ b)
    return lambda x: (x - noisy.mean(axis=0)) @ weights + clean.mean(axis=0)


@wrong("wrong-shape")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(noisy, clean)
    return lambda x: (x @ weights + offset).mean(axis=0)


@wrong("wrong-shape")
def linear_denoiser(clean, noisy):
    weights, offset = _fit(noisy, clean)
    return lambda x: np.squeeze(x @ weights + offset)


_LAST = {}


@wrong("shared-between-fits")
def linear_denoiser(clean, noisy):
    _LAST["weights"], _LAST["offset"] = _fit(noisy, clean)
    return lambda x: x @ _LAST["weights"] + _LAST["offset"]


@wrong("so-many-samples-only")
def linear_denoiser(clean, noisy):
    ones = np.ones((len(noisy), 1))
    solution = np.linalg.lstsq(np.hstack([noisy, ones]), clean, rcond=None)[0]
    return lambda x: np.hstack([x, ones]) @ solution


@wrong("one-mean-for-both")
def linear_denoiser(clean, noisy):
    mean = clean.mean(axis=0)
    weights = np.linalg.lstsq(noisy - mean, clean - mean, rcond=None)[0]
    return lambda x: (x - mean) @ weights + mean


@wrong("transposed")
def linear_denoiser(clean, noisy):
    p, q, d = noisy.mean(axis=0), clean.mean(axis=0), clean.shape[1]
    together = np.cov(noisy.T, clean.T)
    weights = np.linalg.solve(together[:d, :d], together[d:, :d])
    return lambda x: (x - p) @ weights + q


@wrong("transposed")
def linear_denoiser(clean, noisy):
    p, q = noisy.mean(axis=0), clean.mean(axis=0)
    weights = np.linalg.lstsq(noisy - p, clean - q, rcond=None)[0]
    return lambda x: (x - p) @ weights.T + q


# wiener_filter


def _statistics(train):
    return train.mean(axis=0), np.cov(train, rowvar=False), np.eye(train.shape[1])


@wrong("deviation-for-variance")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma * eye, c)
    return lambda x: (x - mean) @ gain + mean


@wrong("not-centred")
def wiener_filter(train, sigma):
    _, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: x @ gain


@wrong("not-centred")
def wiener_filter(train, sigma):
    moment = train.T @ train / len(train)
    gain = np.linalg.solve(moment + sigma**2 * np.eye(len(moment)), moment)
    return lambda x: x @ gain


@wrong("forgets-to-add-the-mean")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: (x - mean) @ gain


@wrong("adds-a-mean-never-subtracted")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: x @ gain + mean


@wrong("keeps-the-noise")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = sigma**2 * np.linalg.inv(c + sigma**2 * eye)
    return lambda x: (x - mean) @ gain + mean


@wrong("inverse-only")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.inv(c + sigma**2 * eye)
    return lambda x: (x - mean) @ gain + mean


@wrong("amplifies")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.inv(c) @ (c + sigma**2 * eye)
    return lambda x: (x - mean) @ gain + mean


@wrong("ignores-the-correlations")
def wiener_filter(train, sigma):
    mean, variance = train.mean(axis=0), train.var(axis=0)
    return lambda x: (x - mean) * variance / (variance + sigma**2) + mean


@wrong("noise-on-every-entry")
def wiener_filter(train, sigma):
    mean, c, _ = _statistics(train)
    gain = np.linalg.solve(c + sigma**2, c)
    return lambda x: (x - mean) @ gain + mean


@wrong("not-divided-by-n")
def wiener_filter(train, sigma):
    mean, _, eye = _statistics(train)
    scatter = (train - mean).T @ (train - mean)
    gain = np.linalg.solve(scatter + sigma**2 * eye, scatter)
    return lambda x: (x - mean) @ gain + mean


@wrong("entry-by-entry")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    return lambda x: (x - mean) @ (c / (c + sigma**2 * eye)) + mean


@wrong("wrong-noise-variance")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + 2 * sigma**2 * eye, c)
    return lambda x: (x - mean) @ gain + mean


@wrong("centres-on-what-it-denoises")
def wiener_filter(train, sigma):
    _, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: (x - x.mean(axis=0)) @ gain + x.mean(axis=0)


@wrong("centres-on-what-it-denoises")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: (x - x.mean(axis=0)) @ gain + mean


@wrong("clips")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: np.clip((x - mean) @ gain + mean, 0, 1)


@wrong("clips")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: np.clip((x - mean) @ gain + mean, train.min(), train.max())


@wrong("no-function")
def wiener_filter(train, sigma):
    _, c, eye = _statistics(train)
    return np.linalg.solve(c + sigma**2 * eye, c)


@wrong("wrong-filter")
def wiener_filter(train, sigma):
    mean, c, _ = _statistics(train)
    values, axes = np.linalg.eigh(c)
    keep = axes[:, values > sigma**2]
    keep = keep if keep.shape[1] < len(mean) else keep[:, 1:]
    return lambda x: (x - mean) @ keep @ keep.T + mean


@wrong("wrong-shape")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: np.squeeze((x - mean) @ gain + mean)


@wrong("shared-between-fits")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    _LAST["gain"] = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: (x - mean) @ _LAST["gain"] + mean


@wrong("several-features-only")
def wiener_filter(train, sigma):
    mean, c, eye = _statistics(train)
    gain = np.linalg.solve(c + sigma**2 * eye, c)
    return lambda x: (x - mean) @ gain + mean


@wrong("inverts-the-covariance")
def wiener_filter(train, sigma):
    mean, d = train.mean(axis=0), train.shape[1]
    c = np.cov(train, rowvar=False).reshape(d, d)
    gain = np.linalg.inv(np.eye(d) + sigma**2 * np.linalg.inv(c))
    return lambda x: (x - mean) @ gain + mean


@wrong("inverts-the-covariance")
def wiener_filter(train, sigma):
    mean, d = train.mean(axis=0), train.shape[1]
    c = np.cov(train, rowvar=False).reshape(d, d)
    gain = np.linalg.inv(np.eye(d) + sigma**2 * np.linalg.pinv(c))
    return lambda x: (x - mean) @ gain + mean


# build_denoiser


def _network(*middle, shape=(28, 28, 1)):
    return keras.Sequential([keras.Input(shape), *middle])


def _conv(filters, activation="relu", size=3, **options):
    return keras.layers.Conv2D(filters, size, padding="same", activation=activation, **options)


@wrong("linear")
def build_denoiser():
    return _network(_conv(16, None), _conv(1, None))


@wrong("pixel-by-pixel")
def build_denoiser():
    return _network(_conv(32, size=1), _conv(32, size=1), _conv(1, "sigmoid", size=1))


@wrong("wrong-output-shape")
def build_denoiser():
    return _network(keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Conv2D(1, 3, activation="sigmoid"))


@wrong("wrong-output-shape")
def build_denoiser():
    return _network(_conv(16), _conv(16, "sigmoid"))


@wrong("wrong-output-shape")
def build_denoiser():
    return _network(_conv(16, strides=2), _conv(8, strides=2), keras.layers.Conv2DTranspose(1, 3, 2, padding="same"))


@wrong("wrong-output-shape")
def build_denoiser():
    return _network(keras.layers.Flatten(), keras.layers.Dense(64, "relu"), keras.layers.Dense(784, "sigmoid"))


@wrong("output-cannot-be-reached")
def build_denoiser():
    return _network(_conv(16), _conv(1, "relu", bias_initializer=keras.initializers.Constant(0.5)))


@wrong("random-at-prediction")
def build_denoiser():
    class AlwaysNoisy(keras.layers.Layer):
        def call(self, x):
            return x + 0.1 * keras.random.normal(keras.ops.shape(x))

    return _network(AlwaysNoisy(), _conv(16), _conv(1, "sigmoid"))


@wrong("too-large")
def build_denoiser():
    return _network(
        keras.layers.Flatten(),
        keras.layers.Dense(2048, "relu"),
        keras.layers.Dense(784, "sigmoid"),
        keras.layers.Reshape((28, 28, 1)),
    )


@wrong("nothing-to-train")
def build_denoiser():
    return _network(keras.layers.AveragePooling2D(3, 1, padding="same"))


@wrong("no-model")
def build_denoiser():
    return [_conv(16), _conv(1, "sigmoid")]


@wrong("pictures-mix")
def build_denoiser():
    class Centre(keras.layers.Layer):
        def call(self, x):
            return x - keras.ops.mean(x, axis=0, keepdims=True)

    return _network(Centre(), _conv(16), _conv(1, "sigmoid"))


@wrong("wrong-input")
def build_denoiser():
    return _network(_conv(16), _conv(3, "sigmoid"), shape=(28, 28, 3))


@wrong("does-not-learn")
def build_denoiser():
    noisy = keras.Input((28, 28, 1))
    hidden = _conv(16, kernel_initializer="zeros")(noisy)
    correction = _conv(1, None, kernel_initializer="zeros", use_bias=False)(hidden)
    return keras.Model(noisy, keras.layers.Add()([noisy, correction]))


@wrong("ignores-the-input")
def build_denoiser():
    class Forget(keras.layers.Layer):
        def call(self, x):
            return 0.0 * x + 1.0

    return _network(Forget(), _conv(16), _conv(1, "sigmoid"))


@wrong("pixels-lose-their-place")
def build_denoiser():
    return _network(
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(64, "tanh"),
        keras.layers.Dense(784, "sigmoid"),
        keras.layers.Reshape((28, 28, 1)),
        keras.layers.Cropping2D(0),
        _Shifted(),
    )


class _Shifted(keras.layers.Layer):
    """Mirrors what it gets: the answer stands at the wrong place."""

    def call(self, x):
        return keras.ops.flip(x, axis=1)


@wrong("pixels-lose-their-place")
def build_denoiser():
    return _network(_conv(16), _conv(1, "sigmoid"), _Shifted())


@wrong("same-model-every-time")
def build_denoiser():
    if "model" not in _LAST:
        _LAST["model"] = _network(_conv(16), _conv(1, "sigmoid"))
    return _LAST["model"]


@wrong("output-cannot-be-reached")
def build_denoiser():
    return _network(_conv(16), _conv(1, "sigmoid"), keras.layers.Rescaling(0.5))


# A last step without a gradient below 0, wherever it stands.


class _Through(keras.layers.Layer):
    """Passes what it gets through a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


@wrong("output-cannot-be-reached")
def build_denoiser():
    last = keras.layers.Dense(784, "relu"), keras.layers.Reshape((28, 28, 1))
    return _network(keras.layers.Flatten(), keras.layers.Dense(64, "tanh"), *last)


@wrong("output-cannot-be-reached")
def build_denoiser():
    return _network(_conv(16), _conv(1, None), _Through(keras.ops.relu))


@wrong("output-cannot-be-reached")
def build_denoiser():
    return _network(_conv(16), _conv(1), keras.layers.Dropout(0.1))


@wrong("output-cannot-be-reached")
def build_denoiser():
    return _network(keras.layers.ZeroPadding2D(2), _conv(16), _conv(1), keras.layers.Cropping2D(2))


@wrong("output-cannot-be-reached")
def build_denoiser():
    return _network(_network(_conv(16), _conv(1)))


@wrong("output-cannot-be-reached")
def build_denoiser():
    noisy = keras.Input((28, 28, 1))
    correction = _conv(1, None)(_conv(16)(noisy))
    return keras.Model(noisy, keras.ops.clip(noisy + correction, 0, 1))


@wrong("output-cannot-be-reached")
def build_denoiser():
    # It starts black, and stays so.
    return _network(_conv(16), _conv(1, bias_initializer=keras.initializers.Constant(-20.0)))


@wrong("output-cannot-be-reached")
def build_denoiser():
    # It can only make a picture brighter.
    noisy = keras.Input((28, 28, 1))
    return keras.Model(noisy, keras.layers.Add()([noisy, _conv(1)(_conv(16)(noisy))]))


# Training that never ends.


@wrong("training-mode-baked-in")
def build_denoiser():
    noisy = keras.Input((28, 28, 1))
    hidden = keras.layers.Dropout(0.2)(_conv(16)(noisy), training=True)
    return keras.Model(noisy, _conv(1, "sigmoid")(hidden))


@wrong("training-mode-baked-in")
def build_denoiser():
    noisy = keras.Input((28, 28, 1))
    hidden = keras.layers.GaussianNoise(0.1)(noisy, training=True)
    return keras.Model(noisy, _conv(1, "sigmoid")(_conv(16)(hidden)))


@wrong("training-mode-baked-in")
def build_denoiser():
    noisy = keras.Input((28, 28, 1))
    hidden = keras.layers.BatchNormalization()(_conv(16)(noisy), training=True)
    return keras.Model(noisy, _conv(1, "sigmoid")(hidden))


@wrong("rescales-its-output")
def build_denoiser():
    noisy = keras.Input((28, 28, 1))
    hidden = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(noisy)
    made = keras.layers.Conv2D(1, 3, padding="same")(hidden)
    low = keras.ops.min(made, axis=(1, 2, 3), keepdims=True)
    high = keras.ops.max(made, axis=(1, 2, 3), keepdims=True)
    return keras.Model(noisy, (made - low) / (high - low + 1e-7))


@wrong("rescales-its-output")
def build_denoiser():
    noisy = keras.Input((28, 28, 1))
    hidden = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(noisy)
    made = keras.ops.sigmoid(keras.layers.Conv2D(1, 3, padding="same")(hidden))
    return keras.Model(noisy, made / keras.ops.max(made, axis=(1, 2, 3), keepdims=True))


# score_from_denoiser


@wrong("wrong-sign")
def score_from_denoiser(denoiser, x, sigma):
    return (x - denoiser(x)) / sigma**2


@wrong("divides-by-the-deviation")
def score_from_denoiser(denoiser, x, sigma):
    return (denoiser(x) - x) / sigma


@wrong("noise-not-score")
def score_from_denoiser(denoiser, x, sigma):
    return (x - denoiser(x)) / sigma


@wrong("not-divided")
def score_from_denoiser(denoiser, x, sigma):
    return denoiser(x) - x


@wrong("multiplies-by-the-variance")
def score_from_denoiser(denoiser, x, sigma):
    return (denoiser(x) - x) * sigma**2


@wrong("not-the-step")
def score_from_denoiser(denoiser, x, sigma):
    return denoiser(x) / sigma**2


@wrong("brackets")
def score_from_denoiser(denoiser, x, sigma):
    return denoiser(x) - x / sigma**2


@wrong("factor-two")
def score_from_denoiser(denoiser, x, sigma):
    return (denoiser(x) - x) / (2 * sigma**2)


@wrong("unit-arrows")
def score_from_denoiser(denoiser, x, sigma):
    step = denoiser(x) - x
    return step / np.linalg.norm(step, axis=1, keepdims=True)


@wrong("denoises-twice")
def score_from_denoiser(denoiser, x, sigma):
    return (denoiser(denoiser(x)) - x) / sigma**2


@wrong("wrong-shape")
def score_from_denoiser(denoiser, x, sigma):
    return np.linalg.norm(denoiser(x) - x, axis=1) / sigma**2


@wrong("wrong-score")
def score_from_denoiser(denoiser, x, sigma):
    # The score of the noise around the one clean point nearest to the mean of x.
    return (denoiser(x).mean(axis=0) - x) / sigma**2


@wrong("changes-the-denoisers-array")
def score_from_denoiser(denoiser, x, sigma):
    y = denoiser(x)
    y -= x
    return y / sigma**2


@wrong("clipped-score")
def score_from_denoiser(denoiser, x, sigma):
    return np.clip((denoiser(x) - x) / sigma**2, -10, 10)


@wrong("wrong-score")
def score_from_denoiser(denoiser, x, sigma):
    return (denoiser(x) - x) / (sigma**2 + 1e-8)


@wrong("wrong-shape")
def score_from_denoiser(denoiser, x, sigma):
    return np.squeeze(denoiser(x) - x) / sigma**2


# ring_radius


@wrong("projects")
def ring_radius(sigma):
    return 1.0


@wrong("linear-answer")
def ring_radius(sigma):
    return 0.5 / (0.5 + sigma**2)


@wrong("linear-answer")
def ring_radius(sigma):
    return 1 / (1 + sigma**2)


@wrong("noise-along-the-circle")
def ring_radius(sigma):
    return float(np.exp(-(sigma**2) / 2))


@wrong("distance-along-the-arc")
def ring_radius(sigma):
    angles = np.linspace(-np.pi, np.pi, 10_001)
    weights = np.exp(-(angles**2) / (2 * sigma**2))
    return float(weights @ np.cos(angles) / weights.sum())


@wrong("deviation-for-variance")
def ring_radius(sigma):
    return float(i1e(1 / sigma) / i0e(1 / sigma))


@wrong("exponent-off-by-two")
def ring_radius(sigma):
    return float(i1e(0.5 / sigma**2) / i0e(0.5 / sigma**2))


@wrong("exponent-off-by-two")
def ring_radius(sigma):
    return float(i1e(2 / sigma**2) / i0e(2 / sigma**2))


@wrong("weights-do-not-sum-to-one")
def ring_radius(sigma):
    angles = np.linspace(-np.pi, np.pi, 10_000, endpoint=False)
    return float(np.mean(np.exp((np.cos(angles) - 1) / sigma**2) * np.cos(angles)))


@wrong("overflows")
def ring_radius(sigma):
    return float(i1(1 / sigma**2) / i0(1 / sigma**2))


@wrong("wrong-at-the-ends")
def ring_radius(sigma):
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False) + 0.2
    weights = np.exp((np.cos(angles) - 1) / sigma**2)
    return float(weights @ np.cos(angles) / weights.sum())


@wrong("averages-over-noisy-points")
def ring_radius(sigma):
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    argument = np.hypot(1 + sigma * nodes[:, None], sigma * nodes) / sigma**2
    return float(weights @ (i1e(argument) / i0e(argument)) @ weights / weights.sum() ** 2)


@wrong("both-ends-of-a-turn")
def ring_radius(sigma):
    angles = np.linspace(0, 2 * np.pi, 1000)
    weights = np.exp(-(2 - 2 * np.cos(angles)) / (2 * sigma**2))
    return np.sum(weights * np.cos(angles)) / np.sum(weights)


@wrong("both-ends-of-a-turn")
def ring_radius(sigma):
    angles = np.deg2rad(np.arange(361))
    weights = np.exp((np.cos(angles) - 1) / sigma**2)
    return np.average(np.cos(angles), weights=weights)


@wrong("both-ends-of-a-turn")
def ring_radius(sigma):
    # The point opposite is counted twice.
    angles = np.linspace(-np.pi, np.pi, 361)
    weights = np.exp((np.cos(angles) - 1) / sigma**2)
    return np.sum(weights * np.cos(angles)) / np.sum(weights)


@wrong("squared-radius")
def ring_radius(sigma):
    return float((i1e(sigma**-2) / i0e(sigma**-2)) ** 2)


@wrong("distance-moved")
def ring_radius(sigma):
    return float(1 - i1e(sigma**-2) / i0e(sigma**-2))


@wrong("whole-circle")
def ring_radius(sigma):
    return 0.0


@wrong("wrong-radius")
def ring_radius(sigma):
    return float(1 - sigma**2 / 2)


@wrong("wrong-at-some-levels")
def ring_radius(sigma):
    return 1.0 if sigma < 0.1 else float(i1e(sigma**-2) / i0e(sigma**-2))


@wrong("wrong-at-some-levels")
def ring_radius(sigma):
    return 1.0 if sigma < 0.05 else float(i1e(sigma**-2) / i0e(sigma**-2))


# annealed_langevin


def _walk(score, sigmas, n_samples, dim, steps, step_size, rng, *, drift=0.5, noise=1.0, start=None, alpha=None):
    x = (sigmas[0] if start is None else start) * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        a = step_size * sigma**2 if alpha is None else alpha(sigma)
        for _ in range(steps):
            x = x + drift * a * score(x, sigma) + noise * np.sqrt(a) * rng.standard_normal(x.shape)
    return x


@wrong("no-noise")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, noise=0.0)


@wrong("drift-not-halved")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, drift=1.0)


@wrong("downhill")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, drift=-0.5)


@wrong("noise-too-strong")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, noise=np.sqrt(2))


@wrong("noise-too-weak")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, noise=0.5)


@wrong("rising-levels")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas[::-1], n_samples, dim, steps, step_size, rng)


@wrong("cycles-through-the-levels")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for _ in range(steps):
        for sigma in sigmas:
            a = step_size * sigma**2
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * rng.standard_normal(x.shape)
    return x


@wrong("one-level-only")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, [sigmas[-1]] * len(sigmas), n_samples, dim, steps, step_size, rng, start=sigmas[0])


@wrong("wrong-number-of-steps")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, 1, step_size, rng)


@wrong("skips-a-level")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas[1:], n_samples, dim, steps, step_size, rng, start=sigmas[0])


@wrong("start-not-scaled")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, start=1.0)


@wrong("starts-at-the-smallest-level")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, start=sigmas[-1])


@wrong("all-start-at-one-point")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, start=0.0)


@wrong("wrong-start")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, start=sigmas[0] ** 2)


@wrong("steps-not-scaled")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, alpha=lambda sigma: step_size)


@wrong("steps-not-scaled")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, alpha=lambda sigma: step_size * sigma)


@wrong("noise-not-scaled")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        for _ in range(steps):
            x = x + step_size * sigma**2 / 2 * score(x, sigma) + rng.standard_normal(x.shape)
    return x


@wrong("noise-without-the-root")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            x = x + a / 2 * score(x, sigma) + a * rng.standard_normal(x.shape)
    return x


@wrong("shared-noise")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * rng.standard_normal(dim)
    return x


@wrong("noise-not-fresh")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        a, z = step_size * sigma**2, rng.standard_normal(x.shape)
        for _ in range(steps):
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("drift-with-the-root")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            x = x + np.sqrt(a) * (score(x, sigma) / 2 + rng.standard_normal(x.shape))
    return x


@wrong("ignores-the-generator")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, np.random.default_rng())


@wrong("score-not-used")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(lambda x, sigma: 0.0, sigmas, n_samples, dim, steps, step_size, rng)


@wrong("misses-the-target")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    # The score is asked at the start of each level only.
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    start = x
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            x = x + a / 2 * score(start, sigma) + np.sqrt(a) * rng.standard_normal(x.shape)
    return x


@wrong("wrong-shape-for-the-score")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    samples = []
    for _ in range(n_samples):
        samples.append(_walk(score, sigmas, 1, dim, steps, step_size, rng)[0])
    return np.array(samples)


@wrong("steps-without-noise")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    first = rng.standard_normal((n_samples, dim))
    x = sigmas[0] * first
    for sigma in sigmas:
        a = step_size * sigma**2
        for step in range(steps):
            z = rng.standard_normal(x.shape) * (step % 2)
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("noise-not-gaussian")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    first = rng.standard_normal((n_samples, dim))
    x = sigmas[0] * first
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            z = rng.choice([-1.0, 1.0], x.shape)
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("noise-not-gaussian")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    first = rng.standard_normal((n_samples, dim))
    x = sigmas[0] * first
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            z = rng.uniform(-np.sqrt(3), np.sqrt(3), x.shape)
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("noise-not-fresh")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    first = rng.standard_normal((n_samples, dim))
    x = sigmas[0] * first
    for sigma in sigmas:
        a = step_size * sigma**2
        for step in range(steps):
            z = first if step == 0 else rng.standard_normal(x.shape)
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("noise-not-fresh")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    first = rng.standard_normal((n_samples, dim))
    x = sigmas[0] * first
    drawn = rng.standard_normal((steps, n_samples, dim))
    for sigma in sigmas:
        a = step_size * sigma**2
        for step in range(steps):
            z = drawn[step]
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("noise-not-fresh")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    first = rng.standard_normal((n_samples, dim))
    x = sigmas[0] * first
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            z = rng.permutation(first)
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("wrong-shape")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    first = rng.standard_normal((n_samples, 2))
    x = sigmas[0] * first
    for sigma in sigmas:
        a = step_size * sigma**2
        for _ in range(steps):
            z = rng.standard_normal((n_samples, 2))
            x = x + a / 2 * score(x, sigma) + np.sqrt(a) * z
    return x


@wrong("noise-before-the-score")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    x = sigmas[0] * rng.standard_normal((n_samples, dim))
    for sigma in sigmas:
        alpha = step_size * sigma**2
        for _ in range(steps):
            x = x + np.sqrt(alpha) * rng.standard_normal(x.shape)
            x = x + alpha / 2 * score(x, sigma)
    return x


@wrong("starts-again-at-each-level")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    for sigma in sigmas:
        x = sigma * rng.standard_normal((n_samples, dim))
        for _ in range(steps):
            x = x + step_size * sigma**2 / 2 * score(x, sigma)
            x = x + np.sqrt(step_size) * sigma * rng.standard_normal(x.shape)
    return x


@wrong("clips-the-samples")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return np.clip(_walk(score, sigmas, n_samples, dim, steps, step_size, rng), 0, 1)


@wrong("many-levels-at-once")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    def each(x, sigma):
        return score(x, np.full((len(x), 1), sigma))

    return _walk(each, sigmas, n_samples, dim, steps, step_size, rng)


@wrong("steps-not-scaled")
def annealed_langevin(score, sigmas, n_samples, dim, steps, step_size, rng):
    return _walk(score, sigmas, n_samples, dim, steps, step_size, rng, alpha=lambda sigma: (step_size * sigma) ** 2)


# told_denoiser


def _spoilt(pictures, sigma, rng, clip=True):
    noisy = pictures + np.float32(sigma) * rng.standard_normal(pictures.shape, dtype="float32")
    return np.clip(noisy, 0, 1) if clip else noisy


def _line(pictures, sigma, rng, clip=True):
    """The best affine map for a level, from one noisy copy of the pictures."""
    clean, noisy = (x.reshape(len(x), -1) for x in (pictures, _spoilt(pictures, sigma, rng, clip)))
    centre, target = noisy.mean(axis=0), clean.mean(axis=0)
    own = (noisy - centre).T @ (noisy - centre) + len(clean) * 1e-4 * np.eye(clean.shape[1], dtype="float32")
    weights = np.linalg.solve(own, (noisy - centre).T @ (clean - target))
    return lambda x: (target + (x.reshape(len(x), -1) - centre) @ weights).reshape(x.shape)


def _fitted(network, inputs, targets, rate=4e-3, epochs=1):
    steps = epochs * len(targets) // 64
    network.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)), "mse")
    network.fit(inputs, targets, batch_size=64, epochs=epochs, verbose=0)
    return network


def _convolutions(side, channels=2, start_at_zero=True):
    """Pictures and a level -> something of the size of a picture."""
    pictures, level = keras.Input((side, side, channels)), keras.Input((1, 1, 1))
    hidden = keras.layers.Concatenate()([pictures, keras.layers.UpSampling2D(side)(level)])
    hidden = keras.layers.Conv2D(24, 4, strides=2, padding="same", activation="relu")(hidden)
    for _ in range(2):
        hidden = keras.layers.Conv2D(24, 3, padding="same", activation="relu")(hidden)
    first = "zeros" if start_at_zero else "glorot_uniform"
    last = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same", kernel_initializer=first)
    return keras.Model([pictures, level], last(hidden))


def _told(levels, like):
    return np.broadcast_to(np.float32(levels), (len(like),)).reshape(-1, 1, 1, 1).copy()


def _on_a_line(pictures, levels, *, really=lambda sigma: sigma, clip=True):
    """The road of the solution; ``really`` says how much noise is added where a level is told."""
    rng = np.random.default_rng(0)
    seen, told, wanted = [], [], []
    for sigma in levels:
        noisy = _spoilt(pictures, really(sigma), rng, clip)
        start = _line(pictures, really(sigma), rng, clip)(noisy)
        seen.append(np.stack([noisy, start], axis=-1))
        told.append(_told(sigma, pictures))
        wanted.append((pictures - start) / np.float32(really(sigma)))
    network = _convolutions(pictures.shape[1])
    _fitted(network, [np.concatenate(seen), np.concatenate(told)], np.concatenate(wanted)[..., None])

    def denoise(noisy, sigma):
        start = _line(pictures, really(sigma), np.random.default_rng(1), clip)(noisy)
        given = [np.stack([noisy, start], axis=-1), _told(sigma, noisy)]
        return start + really(sigma) * network.predict(given, batch_size=500, verbose=0)[..., 0]

    return denoise


_LEVELS = np.geomspace(0.04, 0.33, 6)


@wrong("ignores-the-level")
def told_denoiser(pictures):
    # One level only, in the middle.
    at_one_level = _on_a_line(pictures, [0.15] * 4)
    return lambda noisy, sigma: at_one_level(noisy, 0.15)


@wrong("ignores-the-level")
def told_denoiser(pictures):
    # All levels, and nobody is told which.
    rng = np.random.default_rng(0)
    clean = np.concatenate([pictures] * 4)
    sigmas = rng.uniform(0.05, 0.3, (len(clean), 1, 1)).astype("float32")
    noisy = np.clip(clean + sigmas * rng.standard_normal(clean.shape, dtype="float32"), 0, 1)
    network = _convolutions(pictures.shape[1], channels=1)
    _fitted(network, [noisy[..., None], _told(0, noisy)], (clean - noisy)[..., None])
    return lambda x, sigma: x + network.predict([x[..., None], _told(0, x)], batch_size=500, verbose=0)[..., 0]


@wrong("level-in-grey-levels")
def told_denoiser(pictures):
    # Levels from 10 to 80 of 255, as tables of photographs have them.
    return _on_a_line(pictures, 255 * _LEVELS, really=lambda sigma: sigma / 255)


@wrong("variance-for-deviation")
def told_denoiser(pictures):
    return _on_a_line(pictures, np.geomspace(0.2, 0.6, 6), really=lambda sigma: sigma**2)


@wrong("variance-for-deviation")
def told_denoiser(pictures):
    return _on_a_line(pictures, _LEVELS**2, really=lambda sigma: sigma**0.5)


@wrong("noise-not-clipped")
def told_denoiser(pictures):
    return _on_a_line(pictures, _LEVELS, clip=False)


@wrong("copies-its-input")
def told_denoiser(pictures):
    # The noisy pictures are input and target.
    rng = np.random.default_rng(0)
    noisy = np.concatenate([_spoilt(pictures, sigma, rng) for sigma in (0.05, 0.1, 0.2, 0.3)])
    told = np.repeat(np.float32([0.05, 0.1, 0.2, 0.3]), len(pictures))
    network = _fitted(
        _convolutions(pictures.shape[1], channels=1), [noisy[..., None], _told(told, noisy)], 0 * noisy[..., None]
    )
    return lambda x, sigma: x + network.predict([x[..., None], _told(sigma, x)], batch_size=500, verbose=0)[..., 0]


@wrong("copies-its-input")
def told_denoiser(pictures):
    # Trained when it is asked, on the noisy pictures that it is asked about.
    def denoise(noisy, sigma):
        flat = noisy.reshape(len(noisy), -1)
        identity = np.linalg.lstsq(flat, flat, rcond=1e-6)[0]
        return (flat @ identity).reshape(noisy.shape)

    return denoise


@wrong("learned-by-heart")
def told_denoiser(pictures):
    # Noise drawn once, many epochs, many weights.
    rng = np.random.default_rng(0)
    few = pictures[:1000].reshape(1000, -1)
    sigmas = np.exp(rng.uniform(np.log(0.05), np.log(0.3), (len(few), 1))).astype("float32")
    noisy = np.clip(few + sigmas * rng.standard_normal(few.shape, dtype="float32"), 0, 1)
    network = keras.Sequential([keras.Input((few.shape[1] + 1,))])
    network.add(keras.layers.Dense(1024, activation="relu"))
    network.add(keras.layers.Dense(few.shape[1]))
    _fitted(network, np.hstack([noisy, sigmas]), few, rate=2e-3, epochs=60)

    def denoise(x, sigma):
        given = np.hstack([x.reshape(len(x), -1), np.full((len(x), 1), sigma, "float32")])
        return network.predict(given, batch_size=500, verbose=0).reshape(x.shape)

    return denoise


@wrong("one-affine-map")
def told_denoiser(pictures):
    return lambda noisy, sigma: _line(pictures, sigma, np.random.default_rng(1))(noisy)


@wrong("one-affine-map")
def told_denoiser(pictures):
    # No number at all beyond the levels that the task promises: nobody may ask there.
    def denoise(noisy, sigma):
        answer = _line(pictures, sigma, np.random.default_rng(1))(noisy)
        return answer if 0.05 <= sigma <= 0.3 else np.full_like(noisy, np.nan)

    return denoise


@wrong("one-affine-map")
def told_denoiser(pictures):
    # The Wiener filter, which knows of no clipping.
    flat = pictures.reshape(len(pictures), -1)
    mean, covariance = flat.mean(axis=0), np.cov(flat.T)

    def denoise(noisy, sigma):
        gain = np.linalg.solve(covariance + sigma**2 * np.eye(len(mean)), covariance)
        return (mean + (noisy.reshape(len(noisy), -1) - mean) @ gain).reshape(noisy.shape)

    return denoise


@wrong("hurts-where-the-noise-is-weak")
def told_denoiser(pictures):
    # Asked for the clean picture itself, through a code of 64 numbers.
    rng = np.random.default_rng(0)
    flat = pictures.reshape(len(pictures), -1)
    clean = np.concatenate([flat] * 4)
    sigmas = rng.uniform(0.05, 0.3, (len(clean), 1)).astype("float32")
    noisy = np.clip(clean + sigmas * rng.standard_normal(clean.shape, dtype="float32"), 0, 1)
    network = keras.Sequential([keras.Input((clean.shape[1] + 1,))])
    for units in (256, 64, 256):
        network.add(keras.layers.Dense(units, activation="relu"))
    network.add(keras.layers.Dense(clean.shape[1]))
    _fitted(network, np.hstack([noisy, sigmas]), clean, rate=2e-3)

    def denoise(x, sigma):
        given = np.hstack([x.reshape(len(x), -1), np.full((len(x), 1), sigma, "float32")])
        return network.predict(given, batch_size=500, verbose=0).reshape(x.shape)

    return denoise


@wrong("behind-the-affine-map")
def told_denoiser(pictures):
    # Convolutions that start at the noisy picture: they see a few pixels far.
    rng = np.random.default_rng(0)
    clean = np.concatenate([pictures] * 4)
    sigmas = np.exp(rng.uniform(np.log(0.05), np.log(0.3), (len(clean), 1, 1))).astype("float32")
    noise = rng.standard_normal(clean.shape, dtype="float32")
    noisy = np.clip(clean + sigmas * noise, 0, 1)
    network = _convolutions(pictures.shape[1], channels=1)
    _fitted(network, [noisy[..., None], _told(sigmas[:, 0, 0], noisy)], ((noisy - clean) / sigmas)[..., None])
    return lambda x, sigma: (
        x - sigma * network.predict([x[..., None], _told(sigma, x)], batch_size=500, verbose=0)[..., 0]
    )


@wrong("random-at-prediction")
def told_denoiser(pictures):
    # The noise layer is still at work when pictures are cleaned.
    network = keras.Sequential([keras.Input(pictures.shape[1:]), keras.layers.GaussianNoise(0.15)])
    line = _line(pictures, 0.15, np.random.default_rng(0))
    return lambda noisy, sigma: line(np.array(network(noisy, training=True)))


@wrong("batch-of-one")
def told_denoiser(pictures):
    # Brightness and contrast of the batch, as if it were the training set.
    line = {}

    def denoise(noisy, sigma):
        map_of_level = line.setdefault(sigma, _line(pictures, sigma, np.random.default_rng(1)))
        answer = map_of_level(noisy)
        return (answer - answer.mean(axis=0)) * 1.02 + pictures.mean(axis=0)

    return denoise


@wrong("answers-in-other-units")
def told_denoiser(pictures):
    return lambda noisy, sigma: 255 * _line(pictures, sigma, np.random.default_rng(1))(noisy)


@wrong("ignores-the-picture")
def told_denoiser(pictures):
    return lambda noisy, sigma: np.broadcast_to(pictures.mean(axis=0), noisy.shape)


@wrong("wrong-shape")
def told_denoiser(pictures):
    return lambda noisy, sigma: _line(pictures, sigma, np.random.default_rng(1))(noisy)[..., None]


@wrong("no-function")
def told_denoiser(pictures):
    # A network that is trained, and nothing that can be asked with a level.
    network = _convolutions(pictures.shape[1], channels=1)
    noisy = _spoilt(pictures, 0.15, np.random.default_rng(0))
    return _fitted(network, [noisy[..., None], _told(0.15, noisy)], pictures[..., None])
