"""Right answers to the exercises of lesson 09, by other roads than the solutions take."""

import math
from fractions import Fraction

import numpy as np
from scipy import linalg, spatial, stats
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors


def sample_prior(decoder, n, latent_dim, rng):
    # One code at a time, in single precision, as a decoder of Keras would want it.
    samples = []
    for _ in range(n):
        code = rng.normal(size=latent_dim).astype("float32")
        samples.append(np.asarray(decoder(code[None]))[0])
    return samples


def sample_gaussian(codes, n, rng):
    covariance = np.cov(codes.T).reshape(codes.shape[1], codes.shape[1])
    return rng.multivariate_normal(codes.mean(axis=0), covariance, size=n, method="svd")


def slerp(a, b, t):
    # A rotation in the plane of a and of the part of b that is perpendicular to a.
    lengths = math.hypot(*a), math.hypot(*b)
    u = np.array(a) / lengths[0]
    rest = np.array(b) / lengths[1] - u
    rest = rest - (rest @ u) * u
    size = math.hypot(*rest)
    length = lengths[0] + t * (lengths[1] - lengths[0])
    if size < 1e-12:
        return length * u
    angle = math.atan2(size, float(np.dot(u, b)) / lengths[1])
    return [length * (math.cos(t * angle) * x + math.sin(t * angle) * y / size) for x, y in zip(u, rest, strict=True)]


def nearest_training_distance(samples, train):
    distances, _ = spatial.cKDTree(train).query(samples)
    return distances


def frechet_distance(features_a, features_b):
    ca, cb = (np.cov(np.transpose(f)).reshape(f.shape[1], f.shape[1]) for f in (features_a, features_b))
    eigenvalues = linalg.eigvals(ca @ cb)  # real and not negative, but for rounding
    shared = np.sqrt(np.clip(eigenvalues.real, 0, None)).sum()
    step = np.linalg.norm(np.mean(features_a, axis=0) - np.mean(features_b, axis=0))
    return step**2 + (np.diag(ca) + np.diag(cb)).sum() - 2 * shared


def autocorrelation(series, max_lag):
    centred = np.asarray(series, float) - np.mean(series)
    full = np.correlate(centred, centred, mode="full")
    return (full / full.max())[len(centred) - 1 :][: max_lag + 1].tolist()


def two_sample_accuracy(real, synthetic):
    hits = 0
    for own, other in ((real, synthetic), (synthetic, real)):
        for i, row in enumerate(own):
            rest = np.delete(own, i, axis=0)
            nearest_own = min(math.dist(row, x) for x in rest)
            nearest_other = min(math.dist(row, x) for x in other)
            hits += nearest_own < nearest_other
    return hits / (len(real) + len(synthetic))


def sample_prior__in_batches(decoder, n, latent_dim, rng):
    return np.concatenate([decoder(rng.normal(size=(min(64, n - i), latent_dim))) for i in range(0, n, 64)])


def sample_gaussian__eigenvectors(codes, n, rng):
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes.T, bias=True)))
    deviations = np.sqrt(np.clip(values, 0, None))
    return codes.mean(axis=0) + (rng.standard_normal((n, len(values))) * deviations) @ vectors.T


def slerp__library(a, b, t):
    norms = np.linalg.norm(a), np.linalg.norm(b)
    return ((1 - t) * norms[0] + t * norms[1]) * spatial.geometric_slerp(a / norms[0], b / norms[1], t)


def nearest_training_distance__library(samples, train):
    return NearestNeighbors(n_neighbors=1).fit(train).kneighbors(samples)[0][:, 0]


def frechet_distance__matrix_root(features_a, features_b):
    ca, cb = (np.atleast_2d(np.cov(f, rowvar=False)) for f in (features_a, features_b))
    step = features_a.mean(axis=0) - features_b.mean(axis=0)
    return step @ step + np.trace(ca + cb - 2 * np.real(linalg.sqrtm(ca @ cb)))


def autocorrelation__spectrum(series, max_lag):
    x = np.asarray(series, float) - np.mean(series)
    whole = np.fft.irfft(np.abs(np.fft.rfft(x, 2 * len(x))) ** 2, 2 * len(x))
    return whole[: max_lag + 1] / whole[0]


def two_sample_accuracy__leave_one_out(real, synthetic):
    union, label = np.concatenate([real, synthetic]), np.repeat([0, 1], len(real))
    return cross_val_score(KNeighborsClassifier(1), union, label, cv=LeaveOneOut()).mean()


def sample_prior__half_precision(decoder, n, latent_dim, rng):
    return decoder(rng.standard_normal((n, latent_dim)).astype(np.float16))


def sample_gaussian__seeded_by_the_generator(codes, n, rng):
    gaussian = stats.multivariate_normal(codes.mean(axis=0), np.atleast_2d(np.cov(codes.T)), allow_singular=True)
    return gaussian.rvs(n, random_state=rng).reshape(n, codes.shape[1])


def nearest_training_distance__single_precision(samples, train):
    x, y = np.float32(samples), np.float32(train)
    squares = np.sum(x**2, axis=1)[:, None] - 2 * x @ y.T + np.sum(y**2, axis=1)
    return np.sqrt(np.maximum(squares, 0).min(axis=1))


def frechet_distance__of_complex_numbers(features_a, features_b):
    ca, cb = (np.atleast_2d(np.cov(f, rowvar=False)) for f in (features_a, features_b))
    step = features_a.mean(axis=0) - features_b.mean(axis=0)
    shared = np.sqrt(np.linalg.eigvals(ca @ cb).astype(complex)).sum().real
    return np.float32(step @ step + np.trace(ca + cb) - 2 * shared)


def autocorrelation__fractions(series, max_lag):
    # Exact, in single precision's numbers.
    x = [Fraction(float(number)) for number in np.float32(series)]
    x = [number - sum(x) / len(x) for number in x]
    sums = [sum(one * two for one, two in zip(x, x[lag:])) for lag in range(max_lag + 1)]  # noqa: B905
    return [float(total / sums[0]) for total in sums]


def fresh_pictures(pictures):
    # No network: a hundred bells on the numbers of PCA, and draws that stay a little nearer to the middle.
    import sklearn.decomposition
    import sklearn.mixture

    n, *shape = pictures.shape
    rows, k = pictures.reshape(n, -1), 150
    pca = sklearn.decomposition.PCA(k, svd_solver="randomized", random_state=2)
    codes = pca.fit_transform(rows).astype("float64")
    bells = sklearn.mixture.GaussianMixture(100, max_iter=15, tol=1e-2, reg_covar=1e-4, random_state=1).fit(codes)
    roots = np.stack([vectors * np.sqrt(values) for values, vectors in map(np.linalg.eigh, bells.covariances_)])

    def draw(n, rng):
        which = rng.choice(100, n, p=bells.weights_)
        steps = [roots[i] @ rng.standard_normal(k) for i in which]
        drawn = pca.inverse_transform(bells.means_[which] + 0.87 * np.array(steps))
        return np.clip(drawn, 0, 1).reshape(n, *shape)

    return draw


def fresh_pictures__a_plain_autoencoder(pictures):
    # Noise on the codes in place of a variational bound; the mixture draws by its own method, its chance from the generator.
    import keras
    import scipy.sparse.linalg
    from keras import layers
    from sklearn.mixture import GaussianMixture

    n, *shape = pictures.shape
    rows = pictures.reshape(n, -1)
    centre = rows.mean(axis=0)
    axes = scipy.sparse.linalg.svds(rows - centre, k=150, random_state=0)[2].T
    numbers = (rows - centre) @ axes
    size = numbers.std()
    numbers = np.float32(numbers / size)
    given, code = keras.Input((150,)), keras.Input((16,))
    hidden = layers.Dense(256, "gelu")(layers.Dense(256, "gelu")(given))
    encoder = keras.Model(given, layers.BatchNormalization(center=False, scale=False)(layers.Dense(16)(hidden)))
    hidden = layers.Dense(256, "gelu")(layers.Dense(256, "gelu")(layers.GaussianNoise(0.1)(code)))
    decoder = keras.Model(code, layers.Dense(150)(hidden))
    both = keras.Model(given, decoder(encoder(given)))
    rate = keras.optimizers.schedules.CosineDecay(6e-3, 40 * -(-n // 200))
    both.compile(keras.optimizers.Adam(rate), "mse")
    both.fit(numbers, numbers, batch_size=200, epochs=40, verbose=0)
    codes = encoder.predict(numbers, verbose=0).astype("float64")
    density = GaussianMixture(80, max_iter=50, tol=1e-3, reg_covar=1e-4, random_state=0).fit(codes)

    def draw(n, rng):
        density.set_params(random_state=int(rng.integers(2**31)))
        drawn = np.float32(rng.permutation(density.sample(n)[0]))
        return np.clip(size * decoder.predict(drawn, verbose=0) @ axes.T + centre, 0, 1).reshape(n, *shape)

    return draw
