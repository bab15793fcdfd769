"""Right answers to the exercises of lesson 07, by other roads than the solutions take."""

import bisect
import fractions
import itertools
import math

import keras
import numpy as np
from scipy import stats


def roc_auc(scores, is_anomaly):
    # Under the curve by trapezoids, one corner for each different score.
    corners = [(0.0, 0.0)]
    for threshold in sorted(set(scores.tolist()), reverse=True):
        flagged = scores >= threshold
        corners.append((float(flagged[~is_anomaly].mean()), float(flagged[is_anomaly].mean())))
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(corners))


def choose_threshold(validation_normal_scores, false_alarm_rate):
    # The smallest score that at most a share of the n + 1 places lies above.
    ordered = sorted(float(score) for score in validation_normal_scores)
    allowed = (len(ordered) + 1) * false_alarm_rate + 1e-9
    for place, score in enumerate(ordered, 1):
        if len(ordered) + 1 - place <= allowed:
            return score
    return float("inf")


def split_windows(n_points, window, stride, fractions):
    found = [[], [], []]
    first = 0
    for split, share in zip(found, fractions, strict=True):
        behind = first + int(share * n_points + 0.5)
        start = first
        while start + window <= behind:
            split.append(start)
            start += stride
        first = behind
    return [np.array(split, dtype=np.int32) for split in found]


def mean_beat_score(train_normal, x):
    centre = np.average(train_normal, axis=0)
    return [float((row - centre) @ (row - centre)) for row in x]


def pca_score(train_normal, x, k):
    # Pythagoras: what is left over is the whole minus what the components hold.
    _, vectors = np.linalg.eigh(np.cov(train_normal.T, bias=True))
    centred = x - train_normal.mean(axis=0)
    return np.einsum("ij,ij->i", centred, centred) - np.square(centred @ vectors[:, -k:]).sum(axis=1)


def knn_score(train_normal, x, k):
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(train_normal).query(x, k=[*range(1, k + 1)])
    return distances.mean(axis=1)


def windows_to_points(window_flags, window, stride, n_points):
    silent = [i * stride for i, flag in enumerate(window_flags) if not flag]
    starts = [i * stride for i in range(len(window_flags))]

    def covered(point, where):
        return bisect.bisect_right(where, point) > bisect.bisect_left(where, point - window + 1)

    return np.array([covered(point, starts) and not covered(point, silent) for point in range(n_points)], dtype=bool)


def fool(autoencoder, normal_beats, rng):
    # A walk: away from the normal beats, back onto what the autoencoder draws, and so on while the error allows it.
    def error(beats):
        return np.square(autoencoder(beats) - beats).mean(axis=1)

    allowed = 0.8 * np.quantile(error(normal_beats), 0.95)
    mean = normal_beats.mean(axis=0)
    beats = autoencoder(normal_beats)
    best, farthest = None, -1.0
    for _ in range(40):
        beats = autoencoder(mean + 1.15 * (beats - mean))
        distance = np.sqrt(np.square(beats[:, None] - normal_beats).sum(axis=2)).min(axis=1)
        distance[error(beats) > allowed] = -1
        if distance.max() > farthest:
            best, farthest = beats[distance.argmax()].copy(), distance.max()
    return best


def roc_auc__fraction(scores, is_anomaly):
    pairs = [int(a > b) - int(a < b) for a in scores[is_anomaly] for b in scores[~is_anomaly]]
    return fractions.Fraction(sum(pairs) + len(pairs), 2 * len(pairs))


def choose_threshold__partition(validation_normal_scores, false_alarm_rate):
    place = math.ceil(round((len(validation_normal_scores) + 1) * (1 - false_alarm_rate), 6))
    padded = np.append(validation_normal_scores, np.inf)  # the new sample is on the last place, whatever its score
    return np.partition(padded, place - 1)[place - 1]


def split_windows__ranges(n_points, window, stride, fractions):
    first = round(fractions[0] * n_points)
    second = n_points - round(fractions[2] * n_points)
    return [range(a, b - window + 1, stride) for a, b in ((0, first), (first, second), (second, n_points))]


def windows_to_points__list(window_flags, window, stride, n_points):
    covering = [[] for _ in range(n_points)]
    for number, flag in enumerate(window_flags):
        for sample in range(number * stride, number * stride + window):
            covering[sample].append(bool(flag))
    return [all(flags) if flags else False for flags in covering]


def fool__one_at_a_time(autoencoder, normal_beats, rng):
    # Asks for one beat after another: further and further along one axis, to both sides, while the error allows it.
    def error(beat):
        return np.square(autoencoder([beat])[0] - beat).mean()

    allowed = 0.9 * np.quantile([error(beat) for beat in normal_beats], 0.95)
    mean = normal_beats.mean(axis=0)
    axes = np.linalg.svd(normal_beats - mean, full_matrices=False)[2][:3]
    candidates = [mean + step * axis for axis in axes for step in np.linspace(-40, 40, 161)]
    candidates = [beat for beat in candidates if error(beat) < allowed]
    return max(candidates, key=lambda beat: np.linalg.norm(normal_beats - beat, axis=1).min())


def mean_beat_score__expanded():
    # Squares expanded, with nothing left below 0; axes from any eigenvalues, put in order.
    def mean_beat_score(train_normal, x):
        centre = np.median(train_normal, axis=0)  # any window: the shift cancels
        mean = (train_normal - centre).mean(axis=0)
        return ((x - centre) ** 2).sum(axis=1) - 2 * (x - centre) @ mean + mean @ mean

    def pca_score(train_normal, x, k):
        mean = train_normal.mean(axis=0)
        values, vectors = np.linalg.eig((train_normal - mean).T @ (train_normal - mean))
        axes = np.linalg.qr(vectors[:, np.argsort(-values.real)[:k]].real)[0]
        return np.square((x - mean) @ (np.eye(len(mean)) - axes @ axes.T)).sum(axis=1)

    def knn_score(train_normal, x, k):
        squares = (x**2).sum(axis=1)[:, None] - 2 * x @ train_normal.T + (train_normal**2).sum(axis=1)
        return np.sqrt(np.maximum(np.partition(squares, k - 1, axis=1)[:, :k], 0)).mean(axis=1)

    return mean_beat_score, pca_score, knn_score


def roc_auc__ranks(scores, is_anomaly):
    ranks, positive = stats.rankdata(scores), int(is_anomaly.sum())
    return (ranks[is_anomaly].mean() - (positive + 1) / 2) / (len(scores) - positive)


def choose_threshold__with_infinity(validation_normal_scores, false_alarm_rate):
    n = len(validation_normal_scores)
    place = n + 1 - math.floor((n + 1) * fractions.Fraction(false_alarm_rate).limit_denominator(10**6))
    return np.sort(np.append(validation_normal_scores, np.inf))[place - 1]


def watch_machine(normal):
    # No network and no training: the squared distance to the plane through a moment's thirty nearest known ones.
    known, held_out = normal[:3600], normal[3600:]
    centre, scale = np.median(known, axis=0), known.std(axis=0)
    stored = (known - centre) / scale

    def score(rows):
        scores = []
        for part in np.array_split((rows - centre) / scale, -(-len(rows) // 500)):
            apart = np.square(stored).sum(axis=1) - 2 * part @ stored.T
            near = stored[np.argpartition(apart, 30, axis=1)[:, :30]]
            middle = near.mean(axis=1, keepdims=True)
            axes = np.linalg.svd(near - middle, full_matrices=False)[2][:, :3]
            away = part - middle[:, 0]
            along = np.einsum("nd,nkd->nk", away, axes)
            scores.append(np.square(away).sum(axis=1) - np.square(along).sum(axis=1))
        return np.concatenate(scores)

    calm = score(held_out)
    return score, lambda rate: np.quantile(calm, 1 - rate, method="higher")


def watch_machine__a_keras_model_that_starts_from_pca(normal):
    # The score is a model: units, network and squared error are its layers. The network starts as PCA with four numbers.
    known, held_out = normal[:4200], normal[4200:]
    mean, spread, dense = known.mean(axis=0), known.std(axis=0), keras.layers.Dense
    z = (known - mean) / spread
    axes = np.linalg.svd(z, full_matrices=False)[2][:4]
    given = keras.Input((12,))
    straight, back = dense(4, use_bias=False), dense(12, use_bias=False)
    bend = dense(4, kernel_initializer="zeros")(dense(64, "gelu")(dense(64, "gelu")(given)))
    code = keras.layers.Add()([straight(given), bend])
    bend = dense(12, kernel_initializer="zeros")(dense(64, "gelu")(dense(64, "gelu")(code)))
    network = keras.Model(given, keras.layers.Add()([back(code), bend]))
    straight.set_weights([axes.T])
    back.set_weights([axes])
    network.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 60 * 66)), "mse")
    network.fit(z, z, epochs=60, batch_size=64, verbose=0)
    rows = keras.Input((12,))
    standard = keras.layers.Normalization(mean=mean, variance=spread**2)(rows)
    score = keras.Model(rows, keras.ops.sum((standard - network(standard)) ** 2, axis=-1))
    ordered = sorted(score.predict(held_out, verbose=0).tolist())
    return score, lambda rate: ordered[math.ceil((len(ordered) + 1) * (1 - rate)) - 1]
