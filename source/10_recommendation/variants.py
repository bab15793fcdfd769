"""Right answers to the exercises of lesson 10, by other roads than the solutions take."""

import math

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
