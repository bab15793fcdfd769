"""The judges of lesson 03: counting active units, keeping their number small, recovering a dictionary."""

from __future__ import annotations

import math

import numpy as np

from course_lib import metrics, referees
from course_lib.classroom.legacy import judge


def _gradient(function, values: np.ndarray) -> np.ndarray:
    """Gradient of the scalar ``function(weight)`` at ``values``, as one SGD step of size 1 on a weight sees it."""
    import keras
    from keras import ops

    class Holder(keras.layers.Layer):
        def build(self, input_shape):
            self.held = self.add_weight(shape=values.shape, initializer="zeros", name="held")

        def call(self, inputs):
            made = function(self.held + 0.0)  # a tensor: answers may loop over it, or ask for its length
            return ops.cast(made, "float32") + 0.0 * ops.sum(inputs)

        def compute_output_spec(self, inputs):  # the answer is called with numbers only
            return keras.KerasTensor((), "float32")

    holder = Holder()
    model = keras.Sequential([keras.Input((1,)), holder])
    holder.held.assign(values)
    model.compile(keras.optimizers.SGD(1.0), lambda true, made: ops.sum(made), run_eagerly=True, jit_compile=False)
    nothing = np.zeros((1, 1), np.float32)
    model.train_on_batch(nothing, nothing)
    return values - ops.convert_to_numpy(holder.held + 0.0)  # a variable itself would make NumPy warn


def _require_gradient(probe, function, values: np.ndarray, true: np.ndarray, misconception: str, question: str) -> None:
    """The answer's gradient must exist and agree with ``true``."""
    try:
        got = _gradient(function, values)
    except Exception as error:  # the answer gave the right values; what fails here is the way back through it
        told = next(iter(str(error).strip().splitlines()), "no message")
        probe.fail(
            "breaks-the-gradient",
            f"The values are right, but no gradient comes through your function ({type(error).__name__}: {told[:120]}). "
            "Does everything stay a tensor, from the first line to the last?",
        )
    probe.require(
        np.any(got != 0) or not np.any(true != 0),
        "breaks-the-gradient",
        "The values are right, but the gradient is 0 everywhere: nothing would be learned. "
        "Does everything stay a tensor, from the first line to the last?",
    )
    probe.require_close(got, true, misconception, question, rtol=1e-3, atol=1e-5)


def _tensor(values: np.ndarray):
    from keras import ops

    return ops.convert_to_tensor(np.asarray(values, np.float32))


def _counted_codes(rng, threshold: float) -> np.ndarray:
    """Codes of which no two ways to count agree: silent, full and nearly silent samples, values at the threshold."""
    while True:
        n, units = int(rng.integers(6, 9)), int(rng.integers(11, 15))
        codes = rng.uniform(0.3, 2, (n, units)) * rng.choice([-1, 1], (n, units), p=[0.3, 0.7])
        codes[2:] *= rng.random((n - 2, units)) < rng.uniform(0.2, 0.8, (n - 2, 1))
        small = rng.random((n, units)) < 0.15
        codes[small] = rng.uniform(0.05, 0.2, small.sum())  # active only for the threshold 0
        codes.flat[rng.choice(n * units, 4, replace=False)] = 0.25
        codes[0], codes[1], codes[-1] = 0.0, rng.choice([-1, 1], units) * rng.uniform(0.5, 2, units), 0.0
        codes[-1, -1], codes[1, :2] = 1.5, 0.0
        active = np.abs(codes) > threshold
        counts, size = active.sum(axis=1), np.abs(codes)
        ways = [counts.mean(), counts.sum(), active.mean(), active.sum(axis=0).mean(), (codes > threshold).sum() / n]
        ways += [units - counts.mean(), round(counts.mean()), int(counts.mean()), np.median(counts), counts.max(), 0, 1]
        ways += [size.mean(), size.sum() / n, (size * active).sum() / n, active.any(axis=0).sum()]
        if threshold > 0:
            ways += [(codes != 0).sum() / n, (size >= threshold).sum() / n]
        apart = np.abs(np.subtract.outer(ways, ways))
        apart[np.triu_indices(len(ways))] = np.inf
        apart[7, 6] = apart[14, 13] = np.inf  # the same misconception: two roundings, two sums
        if apart.min() > 1e-3:
            return codes


def _scalar(probe, got, question: str) -> float:
    array = probe.array(got)
    probe.require(
        array.ndim == 0,
        "not-a-scalar",
        f"One number was expected; the shape of yours is {array.shape}. {question}",
    )
    return float(array)


@judge(
    "l0",
    title="Active units in a sample",
    section="Counting active units",
    question="Does the count change if all activations are divided by two?",
)
def judge_l0(l0, probe):
    """Both signs, values exactly at the threshold, more units than samples, rows of different counts."""
    rng = probe.rng
    for threshold in (0.25, 0.0):
        codes = _counted_codes(rng, threshold)
        n, units = codes.shape
        active = np.abs(codes) > threshold
        result = probe.array(probe.call(l0, codes, threshold))
        counts = active.sum(axis=1)
        true = counts.mean()
        probe.require(
            result.shape != (n,),
            "one-count-for-each-sample",
            f"You returned {n} counts, one for each sample. Which number describes all samples together?",
        )
        probe.require(
            result.shape != (units,),
            "counts-for-each-unit",
            f"You returned {units} numbers, one for each unit. Over which axis are units counted?",
        )
        got = _scalar(probe, result, "What is averaged, and over what?")
        at_least = (np.abs(codes) >= threshold).sum(axis=1).mean()
        magnitude = np.abs(codes)
        probe.settle(
            got,
            true,
            [
                (active.sum(), "not-averaged", "Would ten times as many samples give ten times as many active units?"),
                (
                    active.mean(),
                    "share-not-count",
                    f"That is a share of the {units} units. How many units is it in a sample?",
                ),
                (
                    active.sum(axis=0).mean(),
                    "counts-for-each-unit",
                    "You count the samples in which a unit is active. What is to be counted, and what averaged over?",
                ),
                (
                    (codes > threshold).sum(axis=1).mean(),
                    "ignores-the-sign",
                    "Some activations are negative and large. Is such a unit active?",
                ),
                (
                    (codes > threshold).mean(),
                    "ignores-the-sign",
                    "Some activations are negative and large. Is such a unit active?",
                ),
                (
                    at_least,
                    "counts-the-threshold-itself",
                    f"There are values of exactly {threshold:g}. Is a value above the threshold if it equals it?",
                ),
                (
                    (codes != 0).sum(axis=1).mean(),
                    "ignores-the-threshold",
                    "You count everything that is not 0. What is the threshold for?",
                ),
                (
                    units - true,
                    "counts-the-silent",
                    "Those are the units that are *not* active. Which ones were asked for?",
                ),
                (
                    magnitude.mean(),
                    "mean-activation",
                    "That is a mean activation. Halve every activation: does the number of active units change?",
                ),
                (
                    magnitude.sum(axis=1).mean(),
                    "mean-activation",
                    "That is a sum of activations. Halve every activation: does the number of active units change?",
                ),
                (
                    codes.sum(axis=1).mean(),
                    "mean-activation",
                    "That is a sum of activations. Halve every activation: does the number of active units change?",
                ),
                (
                    (magnitude * active).sum(axis=1).mean(),
                    "mean-activation",
                    "You add up the activations of the active units. Does a loud unit count more than a quiet one?",
                ),
                (
                    np.sqrt(np.square(codes).sum(axis=1)).mean(),
                    "mean-activation",
                    "That is a Euclidean norm. Halve every activation: does the number of active units change?",
                ),
                (np.median(counts), "median", "That is the median over the samples. Which average is asked for?"),
                (counts.max(), "largest-count", "That is the sample with the most active units. And the others?"),
                (counts[0], "first-sample-only", "That is the first sample. And the others?"),
                (counts[-1], "last-sample-only", "That is the last sample. And the others?"),
                (
                    active.any(axis=0).sum(),
                    "ever-active",
                    "You count the units that are active in some sample. How many are active in one?",
                ),
                (round(true), "rounded", "Why should an average be a whole number?"),
                (int(true), "rounded", "Why should an average be a whole number?"),
            ],
            "wrong-count",
            "Take the absolute value, compare, count within a sample, average over samples: which step is another?",
            rtol=1e-6,
        )
    # What a unit is called must not matter, nor its scale.
    scaled = _scalar(probe, probe.call(l0, codes * 1e-3, 0.25e-3), "What is averaged, and over what?")
    probe.require_close(
        scaled,
        (np.abs(codes) > 0.25).sum(axis=1).mean(),
        "depends-on-the-scale",
        "Codes and threshold were divided by 1000. Should the count change?",
    )


@judge(
    "topk",
    title="The k largest of each row",
    section="Three ways to keep a code sparse",
    question="Which value does a unit have to reach in order to be among the k largest of its row?",
    uses_keras=True,
)
def judge_topk(topk, probe):
    """Rows of different levels, one of them with fewer than k positive values, then the gradient."""
    import keras

    rng = probe.rng
    for shape, k in (((5, 9), 3), ((3, 7), 1), ((2, 6), 6)):
        n, units = shape
        codes = np.stack([rng.permutation(np.linspace(-2, 3, units)) for _ in range(n)])
        codes += rng.uniform(-0.05, 0.05, shape) + rng.uniform(-0.4, 0.4, (n, 1))
        codes[0] = rng.permutation(np.concatenate([[0.7, 0.3][: min(2, k)], -rng.uniform(1, 6, units - min(2, k))]))
        codes[1] += 4  # a loud row
        codes = codes.astype(np.float32)
        result = probe.array(probe.call(topk, _tensor(codes), k))
        probe.require(
            result.shape != (n, k) or k == units,
            "returns-only-the-winners",
            f"You returned shape {result.shape}, the winners without their places. Where in the row were they?",
        )
        got = probe.require_shape(result, shape, "The code keeps its shape; the losers are 0.")
        order = np.argsort(-codes, axis=1)
        rank = np.argsort(order, axis=1)
        loudness = np.argsort(np.argsort(-np.abs(codes), axis=1), axis=1)
        whole = np.argsort(np.argsort(-codes.ravel())).reshape(shape)
        columns = np.argsort(np.argsort(-codes, axis=0), axis=0)
        positive = np.maximum(codes, 0)
        true = np.where(rank < k, positive, 0)
        kth = np.sort(codes, axis=1)[:, ::-1][:, k - 1 : k]
        probe.settle(
            got,
            true,
            [
                (
                    np.where(rank < k, codes, 0),
                    "keeps-negative-winners",
                    "One row has fewer than k positive values, and in your answer a negative one got through. "
                    "What should a unit that is pushed below 0 answer?",
                ),
                (
                    np.where(loudness < k, codes, 0),
                    "by-absolute-value",
                    "You kept the entries of largest absolute value. Is a large negative activation a winner?",
                ),
                (
                    np.where(loudness < k, positive, 0),
                    "by-absolute-value",
                    "You chose by absolute value and then removed what is negative. "
                    "Is a large negative activation a winner?",
                ),
                (
                    np.where(loudness < k, np.abs(codes), 0),
                    "by-absolute-value",
                    "You kept the entries of largest absolute value. Is a large negative activation a winner?",
                ),
                (
                    np.where(rank > units - 1 - k, positive, 0),
                    "the-smallest",
                    "You kept the smallest values of each row. In which order does your sort go?",
                ),
                (
                    np.where(rank > units - 1 - k, codes, 0),
                    "the-smallest",
                    "You kept the smallest values of each row. In which order does your sort go?",
                ),
                *(
                    (
                        np.where(whole < many, kept, 0),
                        "over-the-whole-batch",
                        "Count the entries other than 0 in each row: they differ. Who competes with whom?",
                    )
                    for many in (k, k * n)
                    for kept in (codes, positive)
                ),
                *(
                    (
                        np.where(columns < k, kept, 0),
                        "along-the-batch",
                        "In your answer the samples compete with each other for each unit. Who should compete with whom?",
                    )
                    for kept in (codes, positive)
                ),
                (
                    np.where(rank < k, 1.0, 0),
                    "ones-not-values",
                    "Your answer holds ones: it says who won. How active were the winners?",
                ),
                (
                    np.where(true > 0, 1.0, 0),
                    "ones-not-values",
                    "Your answer holds ones: it says who won. How active were the winners?",
                ),
                *(
                    (
                        np.where(rank < k, np.maximum(codes - bar, 0), 0),
                        "subtracts-the-bar",
                        "The winners came out smaller than they went in. Should passing the bar cost anything?",
                    )
                    for bar in (kth,)
                ),
                (
                    positive,
                    "relu-only",
                    "You let every positive value through. How many may pass in a row?",
                ),
                (
                    np.where(rank < k - 1, positive, 0),
                    "one-too-few",
                    f"One unit too few passes in a full row ({k - 1} for k = {k}). "
                    "Does the unit that is exactly at the bar pass?",
                ),
                (
                    np.where(rank < k + 1, positive, 0),
                    "one-too-many",
                    f"One unit too many passes in a full row ({k + 1} for k = {k}). Where is the bar?",
                ),
                (
                    np.where(rank < k, 0, positive),
                    "removes-the-winners",
                    "You removed the winners and kept the others. Which side of the bar passes?",
                ),
                (
                    -np.sort(-true, axis=1),
                    "winners-moved",
                    "The values are right, their places are not: they were sorted to the front. Which unit was active?",
                ),
            ],
            "wrong-winners",
            "In each row the k largest, if positive, in their places. Which entry of yours is another, and why?",
        )
    close = (1 + 1e-3 * rng.permutation(12).reshape(2, 6)).astype(np.float32)
    probe.require_close(
        probe.call(topk, _tensor(close), 2),
        np.where(np.argsort(np.argsort(-close, axis=1), axis=1) < 2, close, 0),
        "close-values-pass-too",
        "The activations of this row differ by thousandths only, and more than k of them passed. How exact is your bar?",
    )
    n, units, k = 4, 8, 3
    codes = np.stack([rng.permutation(np.linspace(-2, 3, units)) for _ in range(n)]).astype(np.float32)
    codes[0] = rng.permutation(np.concatenate([[0.8], -rng.uniform(0.5, 3, units - 1)]))  # two winners are negative
    weights = rng.uniform(0.5, 2, (n, units)).astype(np.float32)
    winners = np.argsort(np.argsort(-codes, axis=1), axis=1) < k
    _require_gradient(
        probe,
        lambda held: keras.ops.sum(_tensor(weights) * topk(held, k)),
        codes,
        weights * (winners & (codes > 0)),
        "wrong-gradient",
        "The values are right, the gradient is not: it should pass the winners unchanged and stop at the losers. "
        "Which step of yours changes it?",
    )


@judge(
    "kl_sparsity",
    title="KL divergence from a wanted mean activity",
    section="Three ways to keep a code sparse",
    question="Whose mean, over what, is compared with the target?",
    uses_keras=True,
)
def judge_kl_sparsity(kl_sparsity, probe):
    """Units of different mean activity; then a batch that is right on average and in no single entry."""
    rng = probe.rng
    n, units, target = int(rng.integers(5, 8)), int(rng.integers(9, 12)), float(rng.uniform(0.06, 0.2))
    codes = rng.uniform(0.02, 0.98, (n, units)) ** rng.uniform(0.5, 4, (1, units))
    codes = np.clip(codes, 1e-3, 1 - 1e-3).astype(np.float32)
    got = _scalar(
        probe, probe.call(kl_sparsity, _tensor(codes), target), "One penalty for the whole code: over what is summed?"
    )
    z = codes.astype(np.float64)

    def kl(a, b):
        return a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))

    activity = z.mean(axis=0)
    each = kl(target, z)  # of every entry by itself
    of_units = kl(target, activity)
    true = of_units.sum()
    first = target * np.log(target / activity)
    total = z.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_totals = np.nansum(kl(target, np.clip(total, 1e-7, 1 - 1e-7)))
    probe.settle(
        got,
        true,
        [
            (
                of_units.mean(),
                "mean-over-units",
                f"That is the mean over the {units} units. Append a copy of every unit: should the penalty stay the same?",
            ),
            *(
                (
                    wrong,
                    "kl-of-each-activation",
                    "You compare every single activation with the target. A unit that is fully on for a few samples and off "
                    "for the others has the right mean: should it be punished?",
                )
                for wrong in (each.sum(), each.mean(), each.sum(axis=1).mean(), each.sum() / units)
            ),
            *(
                (
                    wrong,
                    "mean-of-each-sample",
                    "You average within a sample, over its units. Is it each sample or each unit that has a target?",
                )
                for wrong in (kl(target, z.mean(axis=1)).sum(), kl(target, z.mean(axis=1)).mean())
            ),
            (
                kl(target, z.mean()),
                "one-mean-for-all",
                "You took one mean over all entries. May one unit be silent because another is loud?",
            ),
            *(
                (
                    wrong,
                    "reversed",
                    "The KL divergence is not symmetric, and yours goes the other way. Which of the two stands before the ratio?",
                )
                for wrong in (kl(activity, target).sum(), kl(activity, target).mean())
            ),
            (-true, "wrong-sign", "Your penalty is negative. Can a KL divergence be?"),
            *(
                (
                    wrong,
                    "half-of-the-formula",
                    "Only the probability of being *on* is compared. What about the probability of being off?",
                )
                for wrong in (first.sum(), first.mean(), -first.sum())
            ),
            (
                (of_units - first).sum(),
                "half-of-the-formula",
                "Only the probability of being *off* is compared. What about the probability of being on?",
            ),
            *(
                (
                    wrong,
                    "no-ratio",
                    "Your penalty is not 0 when every activity equals the target. What belongs into the logarithm?",
                )
                for wrong in (
                    -(target * np.log(activity) + (1 - target) * np.log(1 - activity)).sum(),
                    -(target * np.log(activity) + (1 - target) * np.log(1 - activity)).mean(),
                )
            ),
            (
                true / n,
                "divides-twice",
                f"Your penalty is {n} times too small, and there are {n} samples. How often is the batch size divided by?",
            ),
            (
                true * n,
                "multiplies-by-the-batch",
                f"Your penalty is {n} times too large, and there are {n} samples. Is the mean not taken already?",
            ),
            (true / math.log(2), "bits", "Those are bits. Which logarithm gives nats?"),
            (true / math.log(10), "wrong-logarithm", "Which logarithm gives nats?"),
            (
                of_totals,
                "sums-over-samples",
                "You summed over the samples where a mean was asked for. Can a probability be larger than 1?",
            ),
            (
                np.abs(activity - target).sum(),
                "another-distance",
                "That is a sum of absolute differences. Which formula is asked for?",
            ),
            (
                np.square(activity - target).sum(),
                "another-distance",
                "That is a sum of squared differences. Which formula is asked for?",
            ),
        ],
        "wrong-penalty",
        "First the mean over the samples, then the KL of each unit, then the sum: which step is another?",
    )
    # On average right, in no single entry; and a duplicated batch.
    half = rng.uniform(0.2, 0.8, (4, units)) * target
    balanced = np.concatenate([target + half, target - half]).astype(np.float32)
    got = _scalar(probe, probe.call(kl_sparsity, _tensor(balanced), target), "Over what is summed?")
    probe.require_close(
        got,
        0.0,
        "not-zero-at-the-target",
        "Every unit has exactly the wanted mean activity. How large should the penalty be?",
        atol=1e-4,
    )
    extreme = np.concatenate([codes, rng.uniform(1e-4, 1e-3, (n, 1)), rng.uniform(0.995, 0.999, (n, 1))], axis=1)
    got = _scalar(probe, probe.call(kl_sparsity, _tensor(extreme), target), "Over what is summed?")
    probe.require_close(
        got,
        kl(target, extreme.astype(np.float32).astype(np.float64).mean(axis=0)).sum(),
        "cuts-off-extremes",
        "One unit is active in less than a thousandth, one nearly always. Does your penalty know how far they are off?",
        rtol=1e-3,
    )
    got = _scalar(probe, probe.call(kl_sparsity, _tensor(np.concatenate([codes, codes])), target), "Over what?")
    probe.require_close(
        got, true, "depends-on-the-batch-size", "The batch was appended to itself. Should the penalty change?"
    )
    slope = ((1 - target) / (1 - activity) - target / activity) / n
    _require_gradient(
        probe,
        lambda held: kl_sparsity(held, target),
        codes,
        np.broadcast_to(slope, codes.shape),
        "wrong-gradient",
        "The values are right, the gradient is not. Which step of yours changes it on the way back?",
    )


@judge(
    "l1_penalty",
    title="An L1 penalty, written out",
    section="Three ways to keep a code sparse",
    question="What should happen to the penalty if every sample occurs twice in the batch? And if every unit does?",
    uses_keras=True,
)
def judge_l1_penalty(l1_penalty, probe):
    """Both signs, more units than samples, then the duplicated batch and the duplicated units."""
    rng = probe.rng
    n, units, strength = int(rng.integers(4, 7)), int(rng.integers(8, 12)), float(rng.uniform(0.2, 0.7))
    codes = (rng.uniform(0.3, 2, (n, units)) * rng.choice([-1, 1], (n, units), p=[0.4, 0.6])).astype(np.float32)
    got = _scalar(
        probe, probe.call(l1_penalty, _tensor(codes), strength), "One penalty for the batch: what is averaged over?"
    )
    z = codes.astype(np.float64)
    size, square = np.abs(z), np.square(z)
    true = strength * size.sum() / n
    sized = np.sqrt(square.sum(axis=1))
    probe.settle(
        got,
        true,
        [
            (
                strength * size.sum(),
                "sums-over-the-batch",
                f"Your penalty is {n} times too large, and there are {n} samples. Should a larger batch cost more?",
            ),
            (
                strength * size.mean(),
                "means-over-units",
                f"Your penalty is {units} times too small, and there are {units} units. "
                "Should each unit cost less because others exist?",
            ),
            (
                strength * size.sum() / units,
                "sums-and-means-swapped",
                "You average over the units and sum over the samples. Which is to be summed, which averaged?",
            ),
            *(
                (
                    strength * wrong,
                    "no-absolute-value",
                    "Positive and negative activations cancel in your penalty. Could a very active code be free of charge?",
                )
                for wrong in (z.sum() / n, z.mean(), z.sum(), abs(z.sum()) / n, np.abs(z.sum(axis=1)).mean())
            ),
            *(
                (
                    strength * wrong,
                    "ignores-negative-activations",
                    "Negative activations cost nothing in your penalty. Are these units not active?",
                )
                for wrong in (np.maximum(z, 0).sum() / n, np.maximum(z, 0).mean())
            ),
            *(
                (
                    strength * wrong,
                    "squares",
                    "Your penalty grows four times when the activations double. Which power is L1?",
                )
                for wrong in (square.sum() / n, square.sum(), square.mean(), square.sum() / n / 2)
            ),
            *(
                (
                    strength * wrong,
                    "euclidean-norm",
                    "That is a Euclidean norm. What is added up in an L1 norm?",
                )
                for wrong in (sized.mean(), sized.sum(), math.sqrt(square.sum()))
            ),
            *(
                (
                    wrong,
                    "ignores-the-strength",
                    "Your penalty is the same at every strength. Where does the strength come in?",
                )
                for wrong in (size.sum() / n, size.sum(), size.mean())
            ),
            (
                strength * size.sum() / n**2,
                "divides-twice",
                f"Your penalty is {n} times too small, and there are {n} samples. How often is the batch size divided by?",
            ),
            (
                strength * size.max(axis=1).mean(),
                "largest-only",
                "Only the largest activation of each sample counts in your penalty. And the others?",
            ),
            (
                strength * (z != 0).sum() / n,
                "counts-units",
                "That is a count of active units. Through which of the two, a count or a sum, can a gradient flow?",
            ),
        ],
        "wrong-penalty",
        "Absolute values, summed over the units, averaged over the samples, times the strength: which step is another?",
    )
    for batch, wanted, name, question in (
        (
            np.concatenate([codes, codes]),
            true,
            "depends-on-the-batch-size",
            "The batch was appended to itself. Should the penalty change?",
        ),
        (
            np.concatenate([codes, codes], axis=1),
            2 * true,
            "means-over-units",
            "Every unit was given a copy, so twice as much is active. What should the penalty do?",
        ),
    ):
        got = _scalar(probe, probe.call(l1_penalty, _tensor(batch), strength), "One penalty for the batch.")
        probe.require_close(got, wanted, name, question)
    rectified = codes * (rng.random((n, units)) < 0.5)
    rectified[0], rectified[1, 0], rectified[1, 1] = 0, 0.01, -0.003  # a silent sample, and quiet units
    probe.require_close(
        probe.call(l1_penalty, _tensor(rectified), strength),
        strength * np.abs(rectified.astype(np.float64)).sum() / n,
        "wrong-at-zero",
        "These codes hold exact zeros, quiet units and a sample that is silent altogether, like the codes of a ReLU. "
        "What does a unit cost that answers 0, and which samples count?",
        rtol=1e-5,
    )
    _require_gradient(
        probe,
        lambda held: l1_penalty(held, strength),
        codes,
        strength * np.sign(z) / n,
        "wrong-gradient",
        "The values are right, the gradient is not. Which step of yours changes it on the way back?",
    )
    slope = _gradient(lambda held: l1_penalty(held, strength), rectified)
    probe.require(
        np.isfinite(slope).all(),
        "gradient-not-finite",
        "The penalty is right, but its gradient is NaN or infinite where an activation is exactly 0. "
        "Which step of yours has no derivative there?",
    )


@judge(
    "soft_threshold",
    title="The proximal map of the L1 norm",
    section="What L1 takes from every unit",
    question="Take z = 3 and a = 1. Where is (u - 3)² / 2 + |u| smallest?",
)
def judge_soft_threshold(soft_threshold, probe):
    """Values of both signs on both sides of the amount; the result must beat every other candidate."""
    rng = probe.rng
    for shape, least in (((3, 7), 0.4), ((12,), 0.4), ((2, 3, 4), 1.4)):
        amount = float(rng.uniform(least, least + 0.5))
        codes = rng.uniform(1.3, 3.5, shape) * amount * rng.choice([-1, 1], shape)
        small = rng.permutation(np.arange(codes.size) % 2 == 0).reshape(shape)
        codes = np.where(small, codes * 0.25, codes)
        codes.flat[0], codes.flat[1] = 0.0, 6.0
        result, error = probe.attempt(soft_threshold, codes, amount)
        probe.require(
            error is None,
            "fixed-axes",
            f"An array of shape {shape} made your function raise {type(error).__name__}: {error}. "
            "Does the rule for one number depend on how many axes the array has?",
        )
        size, sign = np.abs(codes), np.sign(codes)
        true = sign * np.maximum(size - amount, 0)
        result = probe.array(result)
        got = probe.require_shape(result, shape, "One result for each entry.")
        hard = np.where(size > amount, codes, 0)
        probe.settle(
            got,
            true,
            [
                (
                    hard,
                    "hard-threshold",
                    f"You return 6 for z = 6. Try u = {6 - amount:.2f} in the objective: is it smaller there?",
                ),
                (
                    np.maximum(codes - amount, 0),
                    "negative-values-lost",
                    "All negative inputs became 0 in your answer. Is 0 the best u for a z far below 0?",
                ),
                (
                    np.maximum(size - amount, 0),
                    "sign-lost",
                    "Your results are all positive. On which side of 0 does the best u for a negative z lie?",
                ),
                (
                    codes - sign * amount,
                    "crosses-zero",
                    "A small positive input became negative. Can it pay to go beyond 0?",
                ),
                (
                    codes - amount,
                    "shifts-everything",
                    "You shifted every value to the left, also the negative ones, away from 0. Which way does |u| pull?",
                ),
                (
                    np.clip(codes, -amount, amount),
                    "clips",
                    "You cut off the large values and kept the small ones. Which of them does the penalty set to 0?",
                ),
                *(
                    (
                        sign * np.maximum(size - factor * amount, 0),
                        "wrong-amount",
                        f"You take away {factor:g} times the amount. What is the derivative of (u - z)² / 2?",
                    )
                    for factor in (0.5, 2)
                ),
                (
                    sign * np.maximum(size - amount**2 / 2, 0),
                    "wrong-amount",
                    "What do you take away from a large value? What is the derivative of (u - z)² / 2?",
                ),
                *(
                    (
                        codes / divisor,
                        "scales",
                        "You scale every value by the same factor, and none becomes 0. Which penalty would do that?",
                    )
                    for divisor in (1 + amount, 1 + 2 * amount, 1 / amount)
                ),
                (
                    codes * (1 - amount),
                    "scales",
                    "You scale every value by the same factor, and none becomes 0. Which penalty would do that?",
                ),
                (
                    np.where(codes > amount, codes - amount, np.where(codes < -amount, codes, 0)),
                    "one-side-only",
                    "The positive values are right, the negative ones are not. What is different below 0?",
                ),
                (
                    np.where(codes > amount, codes - amount, np.where(codes < -amount, codes - amount, 0)),
                    "one-side-only",
                    "The positive values are right, the negative ones moved away from 0. Which way does |u| pull?",
                ),
                (
                    np.where(size > amount, true, codes),
                    "small-values-kept",
                    "The large values are right, the small ones were left as they are. "
                    "Where is the objective smallest for a small z?",
                ),
                (
                    np.where(size > amount, 0, codes),
                    "removes-the-large",
                    "You set the large values to 0 and kept the small ones. Which of them does the penalty remove?",
                ),
                (codes, "unchanged", "You return the input. What does the penalty cost there?"),
                (
                    sign * np.sqrt(np.maximum(size**2 - amount**2, 0)),
                    "another-shrinkage",
                    "Large values lose less than small ones in your answer. How steep is |u| far from 0?",
                ),
            ],
            "not-the-minimum",
            "Some u makes the objective smaller than yours. What are the derivatives to the right and to the left of 0?",
            rtol=1e-5,
        )
    probe.require_close(
        probe.call(soft_threshold, codes, 0.0),
        codes,
        "changes-without-a-penalty",
        "With amount 0 there is no penalty. Which u minimises what is left?",
    )


@judge(
    "unit_norm_atoms",
    title="Atoms of norm 1",
    section="Atoms of length one",
    question="Which axis of (units, d) is an atom?",
)
def judge_unit_norm_atoms(unit_norm_atoms, probe):
    """A square and an oblong kernel, long, short and zero rows."""
    rng = probe.rng
    for shape in ((6, 6), (7, 4)):
        weights = rng.normal(size=shape)
        weights += np.sign(weights) * 0.2
        weights *= rng.permutation(np.geomspace(1e-3, 20, shape[0]))[:, None]
        zero = int(rng.integers(shape[0]))
        weights[zero] = 0
        result = probe.array(probe.call(unit_norm_atoms, weights))
        got = probe.require_shape(result, shape, "Every row is kept, the zero one too.").astype(np.float64)
        norms = np.linalg.norm(weights, axis=1, keepdims=True)
        safe = np.where(norms > 0, norms, 1)
        true = weights / safe
        alive = norms[:, 0] > 0
        column = weights / np.linalg.norm(weights, axis=0, keepdims=True)
        probe.require(
            np.isfinite(got[alive]).all() or (np.isfinite(column).all() and np.allclose(got, column)),
            "not-finite",
            "Your result contains NaN or infinity in a row that is not zero. By what do you divide?",
        )
        probe.require(
            np.isfinite(got).all(),
            "zero-row-not-finite",
            f"Row {zero} is all zeros, and yours contains NaN or infinity there. What is 0/0?",
        )
        total = np.linalg.norm(weights)
        one, largest = np.abs(weights).sum(axis=1, keepdims=True), np.abs(weights).max(axis=1, keepdims=True)
        probe.settle(
            got,
            true,
            [
                (
                    column,
                    "normalises-columns",
                    "Your columns have norm 1, your rows have not. Which of the two is what one unit draws?",
                ),
                (
                    weights / total,
                    "one-norm-for-all",
                    "You divided everything by one number. Do all atoms have the same norm now?",
                ),
                (
                    weights / np.linalg.norm(weights, 2),
                    "one-norm-for-all",
                    "You divided everything by one number. Do all atoms have the same norm now?",
                ),
                (
                    weights / safe**2,
                    "divides-by-the-square",
                    "You divided by the squared norm. How long is a row then that was 2 long?",
                ),
                (
                    weights / np.where(norms > 0, np.sqrt(safe), 1),
                    "square-root-twice",
                    "You divided by the root of the norm. How long is a row then that was 4 long?",
                ),
                (
                    weights / np.where(norms > 0, one, 1),
                    "another-norm",
                    "The absolute values of a row sum to 1. Which norm is the Euclidean one?",
                ),
                (
                    weights / np.where(norms > 0, largest, 1),
                    "another-norm",
                    "The largest entry of a row is 1. Which norm is the Euclidean one?",
                ),
                (
                    weights / np.maximum(norms, 1),
                    "long-rows-only",
                    "The long rows are right, the short ones stayed short. What was asked for?",
                ),
                (
                    weights / np.where(norms < 1, safe, 1),
                    "short-rows-only",
                    "The short rows are right, the long ones stayed long. What was asked for?",
                ),
                (weights, "unchanged", "You return the weights as they are. How long are the rows?"),
                (
                    np.abs(true),
                    "sign-lost",
                    "All entries are positive now. Does a norm change direction?",
                ),
                (
                    weights[alive] @ weights[alive].T if shape[0] == shape[1] else true,
                    "wrong-atoms",
                    "Which direction did your rows have before?",
                ),
            ],
            *_rows(got, true, weights, alive, zero),
            rtol=1e-4,
            atol=1e-9,
        )
    for silent in (0, 2):
        weights = rng.normal(size=(5, 8)) * (rng.random((5, 8)) < 0.6)  # more numbers in a row than rows
        weights[:, 0] = 0
        weights[0] = [0, 1, -1, 2, -2, 0, 0, 0]  # cancels when it is added up
        weights[1:, 1] = rng.uniform(0.5, 1, 4)
        weights[3 : 3 + silent] = 0
        norms = np.linalg.norm(weights, axis=1, keepdims=True)
        probe.require_close(
            probe.call(unit_norm_atoms, weights),
            weights / np.where(norms > 0, norms, 1),
            "misjudges-zero-rows",
            f"{silent} rows of these are zero from end to end; others hold some zeros, or sum to 0. "
            "How do you tell which rows have no length?",
        )


def _rows(got, true, weights, alive, zero) -> tuple[str, str]:
    """Name what is wrong with rows that no simple mistake explains; only read when the answer is wrong."""
    if np.abs(got[zero]).max() > 1e-9:
        return (
            "zero-row-changed",
            f"Row {zero} was all zeros and is not any more. Into which direction should it point?",
        )
    cosines = np.sum(got[alive] * true[alive], axis=1) / np.maximum(np.linalg.norm(got[alive], axis=1), 1e-300)
    if np.allclose(cosines, 1, atol=1e-6):
        short = np.linalg.norm(got[alive], axis=1)
        if (short < 1 - 1e-5).any() and np.allclose(short.max(), 1, atol=1e-2):
            return (
                "adds-to-the-norm",
                f"The directions are right, but one row has only the norm {short.min():.3g}. "
                "Do you add something to the norm, and how large is it beside a short row?",
            )
        return "wrong-length", "The directions are right, the lengths are not. Which norm do you divide by?"
    return "wrong-atoms", "Your rows point elsewhere than the ones you were given. What may a row be multiplied by?"


@judge(
    "recover_dictionary",
    title="Atoms that are known",
    section="Atoms that are known",
    question="How many units are active in each sample of your model, and which of its weights are the atoms?",
    trains=True,
)
def judge_recover_dictionary(recover_dictionary, probe):
    """Samples of atoms that only the judge knows; every shortcut leaves another trace in the rows."""
    from course_lib.datasets import sparse_mixtures

    n, d, units, active = 4000, 32, 96, 3
    truth = sparse_mixtures(n, n_atoms=64, dim=d, n_active=active, seed=int(probe.rng.integers(2**31)))
    data = np.array(truth.samples)
    result = probe.array(probe.call(recover_dictionary, data, units, active))
    probe.require(
        result.shape != (d, units),
        "atoms-as-columns",
        f"You returned shape {result.shape}, with the atoms as columns. Which way round does the task want them?",
    )
    probe.require(
        result.shape not in ((n, units), (n, d)),
        "returns-codes-or-samples",
        f"You returned shape {result.shape}, one row for each sample. Where are the atoms, in the code or in the weights?",
    )
    got = probe.require_shape(result, (units, d), "One row for each unit, one column for each number of a sample.")
    got = got.astype(np.float64)
    probe.require(np.isfinite(got).all(), "diverged", "Your atoms contain NaN or infinity. What happened to the loss?")
    norms = np.linalg.norm(got, axis=1)
    probe.require(norms.max() > 1e-9, "all-zero", "All your atoms are zero. Which weights do you return?")
    found = metrics.atom_matches(got, truth.atoms)
    share = float(np.mean(found > 0.98))
    if share >= 0.8:
        probe.require(
            np.allclose(norms, 1, atol=1e-3),
            "not-unit-norm",
            f"{share:.0%} of the atoms are found, but your rows have norms from {norms.min():.3g} to {norms.max():.3g}. "
            "What was asked for?",
        )
        return
    said = (
        f"{share:.0%} of the 64 atoms are found (|cosine| above 0.98), {found.mean():.2f} is the mean of the cosines."
    )
    unit = got / np.maximum(norms, 1e-12)[:, None]
    samples = data / np.linalg.norm(data, axis=1, keepdims=True)
    probe.require(
        np.median(np.abs(unit @ samples.T).max(axis=1)) < 0.9999,
        "returns-samples",
        f"{said} Your rows are samples. Of how many atoms is a sample made?",
    )
    gram = np.abs(unit @ unit.T) - np.eye(units)
    used = norms > 1e-9
    orthogonal = np.count_nonzero(used) <= d and gram[used][:, used].max(initial=0) < 1e-3
    probe.require(
        not orthogonal,
        "orthogonal-axes",
        f"{said} Your atoms are orthogonal to each other. How many orthogonal directions fit into {d} dimensions?",
    )
    distinct = np.linalg.matrix_rank(unit, tol=1e-3)
    probe.require(
        distinct == d,
        "too-few-directions",
        f"{said} All your atoms lie in {distinct} dimensions of {d}. How wide is your code?",
    )
    chance = metrics.atom_matches(probe.rng.normal(size=(units, d)), truth.atoms)
    probe.require(
        found.mean() > chance.mean() + 0.05,
        "no-better-than-chance",
        f"{said} Random directions reach {chance.mean():.2f}. Has the model been trained, does its code have few active "
        "units, and do you return the weights that *draw*?",
    )
    # How well do the rows explain samples when each may use three of them? True atoms leave nothing over.
    left = data[:500] - referees.orthogonal_matching_pursuit(data[:500], unit + 1e-12, active) @ unit
    error = float(np.mean(left**2) / np.mean(data[:500] ** 2))
    probe.require(
        np.mean(found > 0.9) < 0.8 or share > 0.4,
        "close-is-not-found",
        f"{said} Nearly all are close, above 0.9. An average over samples that share an atom is close to it: "
        "what else is in that average?",
    )
    probe.require(
        error < 0.25,
        "code-not-sparse",
        f"{said} With the best three of your atoms for each sample, {error:.0%} of its variance is left over. "
        "How many units does your model use for one sample, and are your rows those of the decoder?",
    )
    probe.fail(
        "half-way",
        f"{said} The rest stands between two atoms or never fires. Is the loss still falling at the end? "
        "Is the learning rate large enough at the start? Do encoder and decoder start in the same directions?",
    )
