"""Right answers to the exercises of lesson 10, by other roads than the solutions take."""

import math

import keras
import numpy as np
from keras import ops
from scipy import stats


def ndcg_at_k(scores, held_out, k):
    answers = []
    for row, truth in zip(scores, held_out, strict=True):
        ranking = sorted(range(len(row)), key=lambda item: row[item], reverse=True)
        gain = sum(1 / math.log2(place + 2) for place, item in enumerate(ranking[:k]) if truth[item])
        best = sum(1 / math.log2(place + 2) for place in range(min(k, int(truth.sum()))))
        answers.append(gain / best)
    return answers


def recall_at_k(scores, held_out, k):
    order = np.argpartition(-scores, k - 1, axis=1)[:, :k]  # the first k places in any order
    chosen = np.zeros_like(held_out)
    np.put_along_axis(chosen, order, True, axis=1)
    return np.float32((chosen & held_out).sum(1)) / np.fmin(held_out.sum(1), k)


def split_users(n_users, fractions, rng):
    train, validation, _ = fractions
    order = list(range(n_users))
    rng.shuffle(order)
    first, second = math.floor(train * n_users), math.floor((train + validation) * n_users)
    return [np.array(order[:first], int), np.array(order[first:second], int), np.array(order[second:], int)]


def fold_in(events, share, rng):
    # A random key for each event; the smallest keys of a row are shown.
    keys = np.where(events, rng.random(events.shape), 2.0)
    counts = events.sum(1)
    n_shown = np.minimum(np.maximum(np.floor(share * counts).astype(int), 1), counts - 1)
    limit = np.sort(keys, axis=1)[np.arange(len(events)), n_shown]
    shown = keys < limit[:, None]
    return [shown, np.logical_xor(events, shown)]


def popularity(train):
    return np.ones(len(train)) @ train


def ease(train, strength):
    # One ridge regression an item, on all other items.
    x = np.array(train, dtype=np.float64)
    items = x.shape[1]
    weights = np.zeros((items, items))
    for item in range(items):
        others = [i for i in range(items) if i != item]
        tall = np.vstack([x[:, others], math.sqrt(strength) * np.eye(items - 1)])
        target = np.concatenate([x[:, item], np.zeros(items - 1)])
        weights[others, item] = np.linalg.lstsq(tall, target, rcond=None)[0]
    return weights.astype(np.float32)


def multinomial_nll(x, logits):
    return ops.sum(x, axis=1) * ops.logsumexp(logits, axis=1) - ops.einsum("ui,ui->u", x, logits)


def masked_mse(ratings, predicted, observed):
    error = ops.where(observed > 0, predicted - ratings, ops.zeros_like(predicted))
    return ops.sum(error * error) / ops.cast(ops.count_nonzero(observed), "float32")


def paired_difference(a, b):
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    return np.mean(a) - np.mean(b), interval.low, interval.high


def split_users__choice_of_all(n_users, fractions, rng):
    order = rng.choice(n_users, n_users, replace=False)
    n_train = int(np.ceil(fractions[0] * n_users - 1e-9))
    n_test = int(fractions[2] * n_users)
    return order[:n_train], np.sort(order[n_train : n_users - n_test]), order[n_users - n_test :]


def split_users__part_after_part(n_users, fractions, rng):
    left, parts = set(range(n_users)), []
    for fraction in fractions[:2]:
        size = min(round(fraction * n_users), len(left))
        parts.append(rng.choice(sorted(left), size, replace=False))
        left -= set(parts[-1].tolist())
    return *parts, np.array(sorted(left), int)


def fold_in__places_in_a_random_order(events, share, rng):
    keys = np.where(events, rng.random(events.shape), np.inf)
    total = events.sum(axis=1, keepdims=True)
    n_shown = np.clip(np.ceil(share * total), 1, total - 1)
    shown = keys.argsort(axis=1).argsort(axis=1) < n_shown
    return shown, events & ~shown


def fold_in__choice_of_what_is_held_out(events, share, rng):
    held_out = np.zeros(events.shape, bool)
    for user in reversed(range(len(events))):
        (items,) = np.nonzero(events[user])
        n_shown = min(max(int(share * len(items)), 1), len(items) - 1)
        held_out[user, rng.choice(items, len(items) - n_shown, replace=False, shuffle=False)] = True
    return np.greater(events, held_out), held_out


def popularity__rounded_shares(train):
    return np.rint(train.mean(axis=0) * len(train))


def popularity__pairs(train):
    return np.bincount(np.nonzero(train)[1], minlength=train.shape[1])


def multinomial_nll__sum_of_the_others(x, logits):
    # log pi = -log of the sum of exp(other - own), for each pair of items.
    behind = ops.expand_dims(logits, 1) - ops.expand_dims(logits, 2)
    return ops.sum(x * ops.logsumexp(behind, axis=2), axis=1)


def masked_mse__divided_by_a_count(ratings, predicted, observed):
    return ops.divide(ops.sum(observed * ops.square(ratings - predicted)), ops.count_nonzero(observed))


def masked_mse__at_least_one(ratings, predicted, observed):
    errors = (ratings - predicted) * observed
    return ops.vdot(errors, errors) / ops.maximum(ops.sum(observed), 1.0)


def ease__identity_minus(train, strength):
    gram = np.matmul(np.transpose(train), train, dtype="float32")
    p = np.linalg.inv(gram + np.float32(strength) * np.eye(len(gram), dtype="float32"))
    return np.eye(len(p)) - p / np.diag(p)


def multinomial_nll__one_user_at_a_time(x, logits):
    return ops.stack([-ops.sum(x[user] * ops.log_softmax(logits[user])) for user in range(x.shape[0])])


def masked_mse__weighted_average(ratings, predicted, observed):
    return ops.average(ops.square(ratings - predicted), weights=observed)


def paired_difference__covariance(a, b):
    (of_a, both), (_, of_b) = np.cov(a, b)
    mean = np.mean(a) - np.mean(b)
    reach = stats.t(len(a) - 1).isf(0.025) * np.sqrt(max(of_a + of_b - 2 * both, 0.0) / len(a))
    return np.array([mean, mean - reach, mean + reach])


def recommender(likes):
    # NumPy alone: EASE, its penalty chosen on a fifth of the members; the fame of a film breaks ties.
    x = np.array(likes, dtype=np.float64)
    films, rng = x.shape[1], np.random.default_rng(5)

    def weights_for(rows, strength):
        p = np.linalg.inv(rows.T @ rows + strength * np.eye(films))
        return np.eye(films) - p / np.diag(p)[None, :]

    def films_for_weights(b, histories, k):
        seen = np.asarray(histories) > 0
        scores = seen @ b + 1e-6 * x.mean(axis=0)
        return [[f for f in np.argsort(scores[i])[::-1] if not seen[i, f]][:k] for i in range(len(seen))]

    cut = len(x) // 5
    aside = x[:cut] > 0
    known = aside & (rng.random(aside.shape) < 0.5)
    best, chosen = -1.0, None
    for strength in np.geomspace(20, 2000, 7):
        found = films_for_weights(weights_for(x[cut:], strength), known, 20)
        hits = np.mean([(aside & ~known)[i, row] / np.log2(np.arange(2, len(row) + 2)) for i, row in enumerate(found)])
        if hits > best:
            best, chosen = hits, strength
    final = weights_for(x, chosen)
    return lambda histories, k: np.array(films_for_weights(final, histories, k))


def recommender__the_linear_denoiser(likes):
    x = np.asarray(likes, np.float32)
    together = x.T @ x
    weights = np.linalg.solve(together + np.diag(np.diag(together) + 50), together)

    def films_for(histories, k):
        scores = np.where(histories, -1e9, histories.astype(np.float32) @ weights + 1e-5 * x.sum(axis=0))
        first = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, first, axis=1), axis=1)
        return np.take_along_axis(first, order, axis=1).astype(float)  # whole numbers, as floats

    return films_for


class _ThreeNetworks:
    """The mean of three networks that denoise likes, each a softmax over all films."""

    def __init__(self, likes):
        x = np.asarray(likes, "float32")
        self.networks = []
        for width in (80, 100, 120):
            given = keras.Input((x.shape[1],))
            hidden = keras.layers.UnitNormalization()(keras.layers.Dropout(0.6)(given))
            hidden = keras.layers.Dense(width, "tanh")(hidden)
            network = keras.Model(given, keras.layers.Dense(x.shape[1], "softmax")(hidden))
            rate = keras.optimizers.schedules.CosineDecay(5e-3, 10 * len(x) // 32)
            network.compile(keras.optimizers.Adam(rate), lambda y, p: -ops.sum(y * ops.log(p + 1e-9), axis=-1))
            network.fit(x, x, batch_size=32, epochs=10, verbose=0)
            self.networks.append(network)

    def __call__(self, histories, k):
        x = np.asarray(histories, "float32")
        scores = sum(np.log(n.predict(x, verbose=0, batch_size=len(x)) + 1e-9) for n in self.networks)
        return (-(scores - 1e6 * (x > 0))).argsort(axis=1)[:, :k]


def recommender__three_networks_in_a_class(likes):
    return _ThreeNetworks(likes)


def recommender__a_walk_over_people(likes):
    # From a film to somebody who likes it, to another film of theirs: whoever likes few says more (RP3, Paudel and others 2017).
    x = np.asarray(likes, float)
    fame = np.maximum(x.sum(axis=0), 1)
    walk = (x / fame).T @ (x / np.maximum(x.sum(axis=1, keepdims=True), 1)) / np.sqrt(fame)
    walk *= walk >= np.sort(walk, axis=0)[-80]

    def films_for(histories, k):
        scores = np.where(histories, -1.0, np.asarray(histories, float) @ walk + 1e-9 * fame)
        return scores.argsort(axis=1)[:, ::-1][:, :k]

    return films_for
