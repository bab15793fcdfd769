# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Anomaly detection: exercises"
#     lesson: 7
# ---

# %% [markdown]
# # 07 · Anomaly detection: exercises
#
# Six exercises: how good a score is, where an alarm starts, how windows are split and read back, three detectors
# without a network, and a beat that fools an autoencoder. Then the capstone: a detector for a machine that you have never seen. Replace each line that raises `NotImplementedError` by your
# answer, run the cell, then the check below it. `hint(roc_auc)` asks you a question; call it again for more.
#
# Everywhere in this lesson a **higher score is more anomalous**, and anomalies are the positive class.

# %%
from course_lib import check, datasets, hint

import math

import keras
import numpy as np

# %% [markdown] tags=["task"]
# ## roc_auc: is the anomaly above the normal ★★ · 15 minutes · core
#
# Draw one anomaly and one normal sample at random. The **area under the ROC curve** is the probability that the anomaly
# has the higher score. If both scores are equal, the pair counts as half a success; scores that differ ever so little
# are not equal.
#
# Write `roc_auc(scores, is_anomaly)`. `scores` is an array of numbers, shape (n,), higher = more anomalous, not sorted;
# `is_anomaly` is an array of bool, shape (n,). Both kinds occur at least once. It returns one Python float, the mean
# over *all* pairs of one anomaly and one normal sample. The check calls it with up to 300 samples.
#
# Scores `[1, 3, 2, 3]` and labels `[False, False, True, True]` make four pairs: 2 against 1 wins, 2 against 3 loses, 3
# against 1 wins, 3 against 3 is a tie. So the answer is 2.5 / 4 = 0.625.
#
# **Success looks like** the same value for the scores, their cubes and their exponentials, and 1 minus that value for
# minus the scores.


# %% tags=["answer"]
def roc_auc(scores, is_anomaly):
    """Probability that a random anomaly scores above a random normal sample, ties half; scores (n,), labels (n,)."""
    # SOLUTION BEGIN
    anomalies, normals = scores[is_anomaly], scores[~is_anomaly]
    wins = (anomalies[:, None] > normals[None, :]).mean()  # every anomaly against every normal sample
    ties = (anomalies[:, None] == normals[None, :]).mean()
    return float(wins + ties / 2)
    # SOLUTION END
    # STUB: raise NotImplementedError("roc_auc: write your answer here")


# %% tags=["check"]
check(roc_auc)

# %% [markdown] tags=["explanation"]
# The area is the statistic of Mann and Whitney: no threshold, no curve, a count of pairs. It depends on the *order* of
# the scores alone, so it cannot tell squared from absolute errors, and says nothing about where to put an alarm.
#
# Ties matter as soon as many scores are equal, as with integer sensors, or with a detector that answers 0 and 1. Counting
# a tie as a win gives a constant score an area of 1. A sorted list and a running sum give the same in n log n; then ties
# need care, because the order within a tie is arbitrary. The usual error is the polarity: in a widely used file of
# heartbeats, 1 stands for *normal*.

# %% [markdown] tags=["task"]
# ## choose_threshold: where the alarm starts ★ · 10 minutes · core
#
# You may raise a false alarm on a share α of the normal samples. Nobody knows the anomalies yet, so only validation
# normals can say where to put the threshold. A sample is flagged if its score is **greater** than the threshold.
#
# Write `choose_threshold(validation_normal_scores, false_alarm_rate)`. The scores are an array of shape (n,), not
# sorted; the rate α lies strictly between 0 and 1. It returns, as a Python float, the score on place
#
# $$ \lceil (n + 1)(1 - \alpha) \rceil $$
#
# of the list in rising order, counted from 1, and infinity if there is no such place. Then a new normal sample,
# exchangeable with the validation ones, is flagged with probability at most α. (The one more in n + 1 is the new
# sample.)
#
# With the nine scores 1, 2, …, 9 and α = 0.2 the place is ⌈10 · 0.8⌉ = 8, so the threshold is 8. With α = 0.05 it would be
# place 10 of 9: infinity. Nine normals cannot vouch for one false alarm in twenty.
#
# **Success looks like** thresholds that rise when α falls, and `inf` for ten scores and α = 0.01.


# %% tags=["answer"]
def choose_threshold(validation_normal_scores, false_alarm_rate):
    """The score above which a sample is flagged, from normal scores (n,) alone; infinity if n is too small."""
    # SOLUTION BEGIN
    ordered = np.sort(validation_normal_scores)
    n = len(ordered)
    place = math.ceil(round((n + 1) * (1 - false_alarm_rate), 9))  # rounding: 10 * (1 - 0.7) is 3.0000000000000004
    return float(ordered[place - 1]) if place <= n else math.inf
    # SOLUTION END
    # STUB: raise NotImplementedError("choose_threshold: write your answer here")


# %% tags=["check"]
check(choose_threshold)

# %% [markdown] tags=["explanation"]
# Put the new score among the n old ones: all n + 1 places are equally likely. It is flagged if it lands above the chosen
# one, which happens in at most a share α of the cases. This argument assumes no distribution, only that the
# new sample comes from where the old ones came from. It is known as split conformal prediction.
#
# The mean plus one standard deviation, used by a widely read tutorial, flags about 16 % of a bell curve, and any
# other share of other curves. The largest validation score rests on one sample. `np.quantile` interpolates between two
# places of n instead of n + 1: a small difference for a thousand scores, no guarantee for thirty.

# %% [markdown] tags=["task"]
# ## split_windows: nobody trains on tomorrow ★★ · 20 minutes · core
#
# A long series is cut into overlapping windows. Neighbours share most of their samples, so windows may not be split
# at random: a validation window would have a near twin in training. First cut the *series* into three segments, then
# cut windows inside each.
#
# Write `split_windows(n_points, window, stride, fractions)`. The series has `n_points` samples, counted from 0; a
# window that starts at s covers s, …, s + window − 1; `fractions` are three shares that sum to 1. The segments, in order
# of time, have `fractions[j] * n_points` samples each (the check uses numbers for which this is a whole number, up to
# rounding of the floats). In each segment the first window starts at the segment's first sample, each next one `stride`
# later, as long as the whole window lies inside the segment.
#
# It returns three one-dimensional arrays of integers, the starts for training, validation and test, each in rising
# order. A segment too short for a window gives an empty array.
#
# `split_windows(20, 4, 2, (0.5, 0.2, 0.3))` gives `[0, 2, 4, 6]`, `[10]` and `[14, 16]`.
#
# **Success looks like** no sample that lies in windows of two splits, and not one window less than possible.


# %% tags=["answer"]
def split_windows(n_points, window, stride, fractions):
    """Starts of training, validation and test windows: three integer arrays, segment by segment in time order."""
    # SOLUTION BEGIN
    edges = np.round(np.cumsum([0, *fractions]) * n_points).astype(int)  # 0, first cut, second cut, n_points
    starts = [np.arange(edges[j], edges[j + 1] - window + 1, stride) for j in range(3)]
    return tuple(starts)
    # SOLUTION END
    # STUB: raise NotImplementedError("split_windows: write your answer here")


# %% tags=["check"]
check(split_windows)

# %% [markdown] tags=["explanation"]
# The last start that fits is `end - window`, and `np.arange` leaves out its end, hence the `+ 1`. Two segments meet at an
# edge without sharing a sample, because no window crosses it.
#
# Cutting windows first and splitting the *list* of windows afterwards, in order or at random, lets windows straddle
# the cut. `validation_split=0.1` in Keras does the former, in a published example with windows that overlap in 287 of 288
# samples: the windows next to the cut are then in both parts, nearly. Shuffled first, all of them are: the validation
# error becomes a training error, and the threshold chosen from it is too low.

# %% [markdown] tags=["task"]
# ## mean_beat_score, pca_score, knn_score: three detectors without a network ★★ · 20 minutes · core
#
# Three answers to "how far is this from normal": from the mean, from a plane, from the nearest examples.
# `train_normal` is (n, t), normal windows; `x` is (m, t), windows to be scored; both floats. All three return an array
# of shape (m,), one score a window of `x`.
#
# * `mean_beat_score(train_normal, x)`: the squared Euclidean distance to the mean training window.
# * `pca_score(train_normal, x, k)`: the squared Euclidean distance to the reconstruction by PCA with `k` components,
#   fitted on `train_normal` (centred on its mean). 1 ≤ k ≤ t and k < n.
# * `knn_score(train_normal, x, k)`: the mean of the Euclidean distances (not squared) to the `k` nearest training
#   windows. 1 ≤ k ≤ n.
#
# With `train_normal = [[0, 0], [2, 0], [4, 0]]` and `x = [[2, 3]]` the mean is (2, 0) and the score 9; the first component
# is the horizontal axis, and `pca_score` with k = 1 is 9 as well; `knn_score` gives 3 for k = 1 and, for k = 2,
# (3 + √13) / 2 ≈ 3.30.
#
# **Success looks like** scores of one window that do not depend on which other windows are in `x`.


# %% tags=["answer"]
def mean_beat_score(train_normal, x):
    """Squared distance of each window of x (m, t) to the mean of train_normal (n, t): shape (m,)."""
    # SOLUTION BEGIN
    return np.sum((x - train_normal.mean(axis=0)) ** 2, axis=1)
    # SOLUTION END
    # STUB: raise NotImplementedError("mean_beat_score: write your answer here")


def pca_score(train_normal, x, k):
    """Squared distance of each window of x (m, t) to its reconstruction from k components of train_normal: (m,)."""
    # SOLUTION BEGIN
    mean = train_normal.mean(axis=0)
    axes = np.linalg.svd(train_normal - mean, full_matrices=False)[2][:k]  # (k, t), rows
    leftover = (x - mean) - (x - mean) @ axes.T @ axes
    return np.sum(leftover**2, axis=1)
    # SOLUTION END
    # STUB: raise NotImplementedError("pca_score: write your answer here")


def knn_score(train_normal, x, k):
    """Mean distance of each window of x (m, t) to its k nearest windows of train_normal (n, t): shape (m,)."""
    # SOLUTION BEGIN
    distances = np.linalg.norm(x[:, None, :] - train_normal[None, :, :], axis=2)  # (m, n)
    return np.sort(distances, axis=1)[:, :k].mean(axis=1)
    # SOLUTION END
    # STUB: raise NotImplementedError("knn_score: write your answer here")


# %% tags=["check"]
check(mean_beat_score, pca_score, knn_score)

# %% [markdown] tags=["explanation"]
# Everything is fitted on normal *training* windows. A mean or a PCA of all the data has seen the anomalies, and learns to
# reconstruct them; a mean of `x` makes the score of a window depend on its company.
#
# The mean beat is PCA with no component, so the two scores are one family: each component that you add forgives one more
# direction. The neighbour score forgives nothing that was not seen. It costs n distances for each window, and a
# single anomaly among the training windows is enough to hide all anomalies of its kind.

# %% [markdown] tags=["task"]
# ## windows_to_points: which moments are strange ★★ · 15 minutes · core
#
# A detector flags windows; the doctor wants to know *when*. A sample lies in several windows. Flag it if **every** window
# that covers it is flagged; a sample that no window covers is not flagged.
#
# Write `windows_to_points(window_flags, window, stride, n_points)`. `window_flags` is an array of bool; window number i
# starts at sample i · stride and covers `window` samples, all of them among the `n_points` of the series. `stride` may be
# larger than `window`. It returns an array of bool, shape (n_points,).
#
# With windows of 3 at stride 1 over 6 samples and the flags `[False, True, True, True]`, the samples 3, 4 and 5 are flagged:
# sample 2 also lies in the first window, which is not.
#
# **Success looks like** one flagged window among overlapping neighbours that are not flagged: no sample is flagged.


# %% tags=["answer"]
def windows_to_points(window_flags, window, stride, n_points):
    """Samples (n_points,) bool of which every covering window is flagged; uncovered ones are False."""
    # SOLUTION BEGIN
    covered = np.zeros(n_points, dtype=int)
    flagged = np.zeros(n_points, dtype=int)
    for number, flag in enumerate(window_flags):
        inside = slice(number * stride, number * stride + window)
        covered[inside] += 1
        flagged[inside] += int(flag)
    return (covered > 0) & (flagged == covered)
    # SOLUTION END
    # STUB: raise NotImplementedError("windows_to_points: write your answer here")


# %% tags=["check"]
check(windows_to_points)

# %% [markdown] tags=["explanation"]
# Counting twice, how many windows cover a sample and how many of them are flagged, needs no case for the ends of the
# series, where fewer windows reach. A slice `a:b` leaves out b, so `start : start + window` holds `window` samples.
#
# A published example states this rule and writes `anomalies[i - window + 1 : i]` for the windows that cover sample i: it
# leaves out window i itself. The rule "any window" is its opposite: it finds more, and smears every alarm over twice the
# length of a window. Which of the two is right depends on what a missed moment costs.

# %% [markdown] tags=["task"]
# ## fool: the strange beat that nobody flags ★★★ · 35 minutes · optional
#
# A low reconstruction error does not mean normal. Find a beat that proves it.
#
# Write `fool(autoencoder, normal_beats, rng)`. `autoencoder` is a function that takes an array (m, t) and returns its
# reconstructions (m, t), also of one single beat (m = 1); you cannot look inside, but you may ask it as often as you
# like. `normal_beats` is (n, t), floats. `rng` is a NumPy generator, for answers that search. It returns one beat, shape (t,), such that
#
# * **it is reconstructed well**: its mean squared error is below the 95 % quantile of the errors of the normal beats;
# * **it is far from normal**: its Euclidean distance to the nearest normal beat is more than twice the largest distance
#   that any normal beat has to its own nearest neighbour among the others.
#
# The check calls it with a linear autoencoder, and with one whose codes are bounded: what lies too far out, that one
# reconstructs badly.
#
# **Success looks like** both numbers printed before you hand the beat in: its error beside the quantile, its distance
# beside twice the largest.


# %% tags=["answer"]
def fool(autoencoder, normal_beats, rng):
    """A beat (t,) far from all normal beats (n, t) that the autoencoder reconstructs better than most of them."""

    # SOLUTION BEGIN
    def errors(beats):
        return np.mean((autoencoder(beats) - beats) ** 2, axis=1)

    # What comes out of an autoencoder is what it can draw: take normal beats apart along that surface, in every
    # direction and by every factor, and pull the candidates back onto it.
    centre = normal_beats.mean(axis=0)
    drawn = autoencoder(normal_beats) - centre  # (n, t)
    mixed = rng.standard_normal((len(drawn), len(drawn))) @ drawn / np.sqrt(len(drawn))
    directions = np.concatenate([drawn, mixed])
    candidates = np.concatenate([centre + factor * directions for factor in (-8, -4, -3, -2, -1, 2, 3, 4, 8)])
    candidates = autoencoder(autoencoder(candidates))
    candidates = candidates[errors(candidates) < 0.9 * np.quantile(errors(normal_beats), 0.95)]
    distances = np.linalg.norm(candidates[:, None] - normal_beats[None], axis=2).min(axis=1)
    return candidates[distances.argmax()]
    # SOLUTION END
    # STUB: raise NotImplementedError("fool: write your answer here")


# %% tags=["check"]
check(fool)

# %% [markdown] tags=["explanation"]
# The error measures the distance to what the autoencoder can *draw*, and that surface reaches further than the data that
# shaped it. A linear autoencoder draws a whole plane: a beat a hundred times too large, or upside down, costs nothing if
# the normal beats vary along that direction. One whose codes are bounded draws a sheet that ends somewhere, but hardly
# ever where the data end.
#
# So combine the score with one that asks how usual the *code* is, such as the distance to the nearest training code. A
# normal beat with a little noise is no answer: it is not far. Random numbers are no answer either: they are far, and
# badly reconstructed, which is what the detector is good at.

# %% [markdown] tags=["task"]
# ## watch_machine: on guard ★★★ · 30 minutes · capstone
#
# A machine arrives with a recording of normal running, and nobody has ever seen it fail. Build, train and apply a detector.
#
# Write `watch_machine(normal)`. `normal` is a float32 array of shape (6000, 12): one row a moment in the order of time, one
# column a sensor, each in a unit of its own. Three hidden quantities (say speed, load and heat) drift slowly and move all sensors along curves; the noise of a sensor lasts a few moments too, so **neighbouring rows
# are alike**. Your function trains whatever you like and returns two functions, `score` and `threshold`:
#
# * `score(rows)`: rows (n, 12) of the same machine, for any n → shape (n,), higher = stranger. A row gets the same score each time, alone or among others.
# * `threshold(rate)`: the wanted share of false alarms, between 0 and 1 → one number. A moment whose score is greater raises an alarm.
#
# The check draws a machine and, after your function has returned, 16,000 later moments of it, about half of them in one of five faults: a sensor hangs at an old reading, follows another state of the machine
# or answers weakly; all sensors shift a little; the noise doubles. **The bar** has two parts:
#
# 1. *Area.* Of all pairs of a faulty and a normal moment you order at most two thirds as many wrongly as the best of four detectors does that are fitted to the first two thirds: distance to the mean, T² of all components (the squared Mahalanobis distance), PCA with the best number of components (chosen with the labels), nearest neighbour.
# 2. *False alarms.* For two rates, one from 5 to 8 % and one from 20 to 30 %, the share of later *normal* moments that raise an alarm lies in the interval that honest thresholds reach in 999 of 1,000 cases, if a third of the
#    recording is held out and three to four neighbouring rows tell as much as one: for 6 % it runs from 3 to 11 %. Too few fail like too many.
#
# On one of the check's draws:
#
# | | area under the ROC curve |
# |---|---|
# | distance to the mean | .478 |
# | T² (Mahalanobis), all components | .628 |
# | PCA, the best number of components | .643 |
# | nearest neighbour | .791 |
# | **wanted** | .860 |
# | the course's own answer | .911 |
#
# Its alarms on normal moments: 6.9 % where 7.9 % were wanted (4.3 to 12.5 pass), 21.1 % where 21.4 % were wanted (15.5 to 28.1 pass).
#
# To try things out, `datasets.machine_recording(np.random.default_rng(1))` draws a machine with `.normal`, `.later` and `.kinds` (0 is normal).
#
# **Success looks like** a score that rises when a fault begins and falls when it ends, and an alarm as rare as you asked for.


# %% tags=["answer"]
def watch_machine(normal):
    """Normal running (n, d), rows in the order of time -> score(rows) -> (m,), and threshold(rate) -> a number."""
    # SOLUTION BEGIN
    cut, width, numbers = int(0.6 * len(normal)), normal.shape[1], 4
    mean, spread = normal[:cut].mean(axis=0), normal[:cut].std(axis=0)

    def standard(rows):
        return ((rows - mean) / spread).astype("float32")

    dense = keras.layers.Dense
    autoencoder = keras.Sequential(
        [
            keras.Input((width,)),
            *(dense(64, "gelu"), dense(64, "gelu"), dense(numbers)),
            *(dense(64, "gelu"), dense(64, "gelu"), dense(width)),
        ]
    )
    epochs, batch = 60, 64
    rate_of_learning = keras.optimizers.schedules.CosineDecay(3e-3, epochs * cut // batch)
    autoencoder.compile(keras.optimizers.Adam(rate_of_learning), "mse")
    train = standard(normal[:cut])
    autoencoder.fit(train, train, epochs=epochs, batch_size=batch, verbose=0)

    def score(rows):
        z = standard(rows)
        return np.square(z - autoencoder.predict(z, batch_size=1000, verbose=0)).sum(axis=1)

    held_out = np.sort(score(normal[cut:]))  # later than all that trained, in one piece

    def threshold(rate):
        place = math.ceil(round((len(held_out) + 1) * (1 - rate), 9))
        return float(held_out[place - 1]) if place <= len(held_out) else math.inf

    return score, threshold
    # SOLUTION END
    # STUB: raise NotImplementedError("watch_machine: write your answer here")


# %% tags=["check"]
check(watch_machine)

# %% tags=["success"]
from course_lib import detection, metrics, plots, referees

data = datasets.machine_recording(np.random.default_rng(1))
score, threshold = watch_machine(data.normal)
scores, faulty, alarm = score(data.later), data.kinds > 0, threshold(0.05)
mean, spread = data.normal[:4000].mean(axis=0), data.normal[:4000].std(axis=0)
known, asked = ((x - mean) / spread for x in (data.normal[:4000], data.later))
pca = referees.fit_pca(known)
squares = np.square(pca.encode(asked))
rungs = {
    "distance to the mean": squares.sum(axis=1),
    "Mahalanobis": (squares / pca.eigenvalues).sum(axis=1),
    "PCA-9": squares[:, 9:].sum(axis=1),
    "nearest neighbour": metrics.nearest_distance(asked, known),
    "yours": scores,
}
areas = {name: detection.area_under_roc(values, faulty) for name, values in rungs.items()}

# %% tags=["success"]
plots.ladder(
    list(areas),
    list(areas.values()),
    kinds=["trivial", "rival", "referee", "rival", "network"],
    metric="area under the ROC curve, 16,000 later moments",
    lower_is_better=False,
    caption=f"Wanted on this machine: {1 - 2 / 3 * (1 - max(list(areas.values())[:-1])):.3f}. No detector has seen a fault.",
)
shown, moments = slice(0, 1500), np.arange(1500)
figure, axes = plots.subplots(2, 1, height=4.6, sharex=True)
for one, name in zip(axes, ("nearest neighbour", "yours"), strict=True):
    at = alarm if name == "yours" else np.quantile(rungs[name][~faulty], 0.95)  # the neighbour's with the labels
    one.semilogy(moments, rungs[name][shown] / at, linewidth=0.8)
    one.axhline(1, color="black", linewidth=0.8, linestyle="--")
    for number in range(1, len(datasets.MACHINE_KINDS)):
        there, across = data.kinds[shown] == number, one.get_xaxis_transform()
        one.fill_between(
            *(moments, 0, 1, there),
            **{"transform": across, "alpha": 0.25, "color": f"C{number}", "linewidth": 0},
            label=datasets.MACHINE_KINDS[number],
        )
    one.set_ylabel(name.replace(" ", "\n"))
axes[1].set_xlabel("later moments; upwards: score as a multiple of its threshold; shaded: a fault is there")
axes[0].legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize="small", frameon=False)
found = {kind: (scores[data.kinds == number] > alarm).mean() for number, kind in enumerate(datasets.MACHINE_KINDS)}
plots.show(
    figure,
    caption="Share of the moments that raise your alarm: "
    + "; ".join(f"{kind} {share:.0%}" for kind, share in found.items())
    + ". Wanted of the normal ones: 5%.",
)

# %% [markdown] tags=["explanation"]
# Three cuts make the answer: units (each sensor in its own deviations, measured on the training rows), time (the last part of the recording places the threshold and trains nothing), and the code (four numbers: three are enough for three hidden
# quantities, but with room for one more the training gets stuck less often). The bend does the rest. Normal moments lie on a curved sheet of three dimensions. PCA needs about nine flat directions to hold it, which leaves three in which a fault can show; the nearest
# neighbour follows every bend, but the next known moment is further away than a small fault is large. A network interpolates the sheet.
#
# The threshold is `choose_threshold`, on scores of rows that are *later* than all that trained. The errors of the training rows are smaller, and a threshold from them gives two to three times the wanted alarms. Rows held out
# at random still give half as many again: their neighbours in time, with nearly the same state and nearly the same noise, were trained on. And neighbours make the rate uncertain. With m independent held-out scores the
# true rate behind the place k is Beta(m + 1 − k, k); here m is the number of rows divided by three to twelve, as the machine is.
#
# It works without a network, too: a plane of three dimensions through the thirty nearest known moments, and the distance to that plane, is nearly as good, as it interpolates the sheet in its own way. It keeps the whole recording for that, and asks it at every moment.
# A start from PCA gains up to another point of area. Codes of three to six numbers differ little, and even one of twelve may pass without a straight path past its bent layers: what was never practised is badly drawn, too.
