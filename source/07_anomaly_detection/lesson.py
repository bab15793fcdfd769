# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Anomaly detection
#     lesson: 7
#     minutes: 43
#     compute: 26
#     summary: "One heartbeat, one decision: error as a score, a threshold that keeps its promise, and seven detectors side by side; for your own data too"
#     prerequisites:
#       - "lesson 02"
#       - "lesson 05"
#     objectives:
#       - Score a sample by its reconstruction error, and decide whether to raise an alarm
#       - Choose a threshold from normal samples alone, and say how far the false alarms may stray
#       - Read ROC and precision-recall curves, and choose a threshold by what a miss costs
#       - Choose among seven detectors for your own data, each tuned alike
#     data: [heartbeats]
# ---

# %% [markdown]
# An **anomaly** is a sample unlike the normal ones. Train an autoencoder on normal samples only, and its error can raise an alarm. Nobody must label anomalies, only keep them out of training.
#
# **When it is worth it:** many normal samples of a complicated shape, and somebody who asks *where* a sample is wrong: lay its copy beside it. **When the simple method is enough:**
# often: PCA is fitted in a second, so try it first. *Results* compares seven detectors.

# %%
from course_lib import above, all_of, below, between, claim, datasets, detection, finding, guess, own_data, reveal
from course_lib import models, plots, referees, training
from course_lib.widgets import explore, stops

from functools import partial

import keras
import numpy as np
import scipy.stats
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_curve
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM

SEED = training.set_seed(0)
random = np.random.default_rng(SEED)

# %% [markdown]
# ## Recall
#
# 1. PCA keeps 32 components. Which part of a sample is lost?
# 2. Digits cost a network of clothes 3 to 5 times as much as clothes do (01). Why?
# 3. A published VAE answers every digit with the mean digit (05). What is its error, then?
#
# <details><summary>Answers</summary>
#
# 1. What lies at right angles to all 32.
# 2. It draws them from what it practised: clothes.
# 3. The distance to the mean: below, a detector by itself.
#
# </details>
#
# ## One heartbeat, one decision
#
# Five minutes of an electrocardiogram, one *window* of half a second for each beat. The spike is the *R peak*, the low hump behind it the *T wave*. The first half
# trains, the next fifth validates, the rest is the test set. Two rules made the labels, no doctor: *strange* is an R wave wider than 45 ms, or a T wave below −.12 mV.

# %%
beats = datasets.heartbeats()
# beats = datasets.heartbeats(full=True)
# beats = datasets.own_windows("windows.csv", label="class", normal=1)
# beats = datasets.own_series("series.csv", window=48, time="timestamp", value="value")
# beats = datasets.own_sensors("sensors.csv", time="datetime", label="anomaly")
own_data(beats is not datasets.heartbeats())

# %%
print(beats)
level, scale = beats.scaling()  # two numbers for all windows: shapes stay; a table of sensors has two for each
normal, held_out = ((x - level) / scale for x in (beats.train, beats.validation))  # (194, 180) and (71, 180)
length, in_time = normal.shape[1], not beats.columns  # a table's columns have no order in time
ROW = "beat" if "heartbeats" in beats.name else "row"

unit = beats.unit if in_time else "standard deviations"


def measured(rows):
    return rows * scale + level if in_time else rows  # for figures: back in millivolts


# %% tags=["hide-input"]
if beats.recording is None:  # your own: rows turned upside down stand in for strange ones
    strange = -held_out
else:  # strange beats from before the test set begins
    recording = beats.recording
    early = recording.peaks[(recording.labels > 0) & (recording.peaks < recording.edges[1] - 108)]
    strange = (recording.signal[early[:, None] + np.arange(-72, 108)] - level) / scale
print(f"{len(strange)} strange {ROW}s to look at, none of them from the test set")

# %% [markdown]
# The network: 180 numbers in, a code of four, 180 out. The sigmoid keeps the code between 0 and 1, so that a strange beat cannot send the decoder far from where it was.

# %%
autoencoder = keras.Sequential([
    keras.Input((length,)),
    keras.layers.Dense(64, activation="gelu"),
    keras.layers.Dense(4, activation="sigmoid", name="code"),
    keras.layers.Dense(64, activation="gelu"),
    keras.layers.Dense(length),
])  # fmt: skip
autoencoder.compile(optimizer=keras.optimizers.Adam(2e-3), loss="mse")
autoencoder.fit(normal, normal, epochs=100, batch_size=16, verbose=0)
copies = autoencoder.predict(held_out, verbose=0)

# %%
guess(
    "strange-copy",
    f"The network has seen normal {ROW}s only. You hand it a strange one. What comes back? (Half-way: about as far from the strange one as from a normal one.)",
    ["rather the strange one", "something half-way", "rather a normal one"],
)

# %% tags=["hide-input"]
copies_of_strange = autoencoder.predict(strange, verbose=0)
middle = np.argsort(np.square(strange - copies_of_strange).mean(axis=1))[len(strange) // 2]
typical = np.argsort(np.square(held_out - copies).mean(axis=1))[len(held_out) // 2]
figure, axes = plots.subplots(1, 2, height=3.3, sharey=True)
nearest_normal = normal[NearestNeighbors(n_neighbors=1).fit(normal).kneighbors(copies_of_strange)[1][:, 0]]
axes[1].plot(
    beats.positions, measured(nearest_normal[middle]), color=plots.COLORS["grey"], lw=1, label="nearest normal one"
)
two = {"normal": (held_out, copies, typical), "strange": (strange, copies_of_strange, middle)}
for ax, (name, (rows, copied, i)) in zip(axes, two.items(), strict=True):
    x, copy = measured(rows)[i], measured(copied)[i]
    ax.plot(beats.positions, x, label="as measured")
    ax.plot(beats.positions, copy, "--", label="its copy")
    ax.fill_between(beats.positions, x, copy, color=plots.COLORS["orange"], alpha=0.5, label="error")
    ax.set(xlabel=beats.axis, ylabel=unit, title=name)
    ax.legend(fontsize=8)
plots.show(figure, f"A normal {ROW} and a strange one, each beside its copy. Shaded: the error.")

# %% tags=["hide-input"]
from_input, from_normal = (np.sqrt(np.square(copies_of_strange - x).mean(axis=1)) for x in (strange, nearest_normal))
way = float(np.median(from_input / (from_input + from_normal)))
WAY = (f"way from the strange {ROW}, 0, to the nearest normal one, 1:", "")
reveal("strange-copy", {
    "rather the strange one": below(way, 0.4, fmt=".2f", names=WAY),
    "something half-way": between(way, 0.4, 0.55, fmt=".2f", name=WAY[0]),
    "rather a normal one": above(way, 0.55, fmt=".2f", names=WAY),
})  # fmt: skip

# %% [markdown]
# It draws something like a normal beat, the only kind it practised. How wrong, in one number? By hand, on a beat of three samples: $x=(0,2,1)$, its copy $\hat x=(0,1.8,1.2)$. The differences are 0, .2 and −.2, their squares 0, .04, .04, the mean .027.
# A second beat, $(0,0.5,2)$, comes back as $(0,1.5,1.1)$: the mean of 0, 1 and .81 is .60. That is the stranger one.
#
# $$ \text{score}(x)=\frac1d\sum_{i=1}^{d}(x_i-\hat x_i)^2 $$
#
# The *score* of a sample is the mean squared difference between its $d$ numbers $x_i$ and those of its copy $\hat x_i$: higher is stranger.
#
# To decide, take a **threshold**: a score above it raises an alarm. A first one, in one line: one in twenty *held-out* normal beats lies above. (Training beats are copied too well to say.)


# %%
def by_network(x):
    """The network's score of each row: (n, d) -> (n,)."""
    return np.square(x - autoencoder.predict(x, batch_size=1024, verbose=0)).mean(axis=1)


threshold = np.quantile(by_network(held_out), 0.95)
caught = (by_network(strange) > threshold).mean()  # strange: strange beats from before the test set
two = by_network(held_out)[typical], by_network(strange)[middle]  # of each kind the one with the middle error
print(f"threshold {threshold:.3f}; the two {ROW}s of the figure score {two[0]:.3f} and {two[1]:.3f}")
print(f"an alarm for {caught:.0%} of {len(strange)} strange {ROW}s")

# %% tags=["hide-input"]
plots.histogram(
    {"normal, held out": by_network(held_out), "strange": by_network(strange)},
    xlabel="score (mean squared error; the signal has variance 1)", log_x=True, lines={"threshold": threshold},
    caption=finding("Hardly a strange beat scores below the threshold. ") + "Left of the line: no alarm.",
)  # fmt: skip
claim(
    f"The network raises an alarm for more than 85 % of the strange {ROW}s",
    above(caught, 0.85, fmt=".2f", names=("share", "")),
)

# %% [markdown]
# ## False alarms and the threshold
#
# Two mistakes are possible: a **false alarm**, on a normal sample, and a *miss*. Anomalies are rare and unknown, so choose the threshold by the false alarms.
#
# **The smallest case.** Four held-out normal beats score .5, .9, 1.2 and 2. A fifth normal beat arrives. If all five come from the same source, it is as likely the smallest as the largest: each of the five *slots* between and beside them has chance 1/5.

# %% tags=["hide-input"]
figure, ax = plots.subplots(height=1.5)
ax.plot([0.5, 0.9, 1.2, 2.0], [0] * 4, "o", markersize=9)
for slot, where in enumerate((0.25, 0.7, 1.05, 1.6, 2.3), 1):
    ax.text(where, 0.35, f"slot {slot}\n1/5", ha="center")
ax.grid(visible=False)
ax.vlines([0.5, 0.9, 1.2, 2.0], -0.3, 1.2, linewidth=0.8, alpha=0.4)
ax.set(xlim=(0, 2.6), ylim=(-0.3, 1.2), yticks=[], xlabel="score")
plots.show(figure, "Four scores leave five slots for the next one. It passes the largest, 2, with chance 1/5.")

# %% [markdown]
# Put the threshold on the largest score, 2: a false alarm with chance 1/5. On the second largest, 1.2: with chance 2/5, two slots. On the $k$-th of $n$ sorted scores it is $(n+1-k)/(n+1)$. Why $n+1$ and not $n$? *The one more is the new sample.*
# For a rate of at most $\alpha$ take
#
# $$ k=\lceil(n+1)(1-\alpha)\rceil $$
#
# rounded up, and put the threshold on that place, counted from 1 in rising order; if there is none ($k>n$), the threshold is infinity: nothing can be promised. Here $n=71$, $\alpha=.05$: $72\cdot.95=68.4$, so $k=69$, and the chance is $3/72=4.2\,\%$. (All that is assumed: old and new samples
# are *exchangeable*; shuffled, nobody could tell which is which.)

# %%
n = len(held_out)
ALPHA = max(0.05, 1 / (n + 1))  # with fewer than 19 rows 5 % cannot be promised
k = int(np.ceil(round((n + 1) * (1 - ALPHA), 9)))  # rounded: floats turn 19 into 19.000000000000004
threshold = np.sort(by_network(held_out))[k - 1]  # np.quantile interpolates, and forgets the new one
print(f"place {k} of {n}: threshold {threshold:.3f}, chance of a false alarm {(n + 1 - k) / (n + 1):.1%}")

# %%
guess(
    "one-set",
    "That chance is an average over all validation sets. With the one you have, where may the true rate lie (in 95 of 100 cases)?",
    ["within a point of the average", "from half of it to one and a half times", "from a quarter of it or less to double or more"],
)  # fmt: skip

# %% [markdown]
# Only the order of scores counts, so replace each by the share of all normal beats below it: a tenth of all have a share below .1, a tenth from .1 to .2: evenly spread. Now draw 10,000 validation sets. How much lies above place $k$?

# %%
drawn = np.sort(random.random((10_000, n)), axis=1)  # each row: one validation set you might have had
true_rates = 1 - drawn[:, k - 1]  # what lies above its threshold
law = scipy.stats.beta(n + 1 - k, k)
low, high = law.ppf([0.025, 0.975])
print(f"true rate: mean {true_rates.mean():.1%}, in 95 of 100 sets {low:.1%} to {high:.1%}")
for more in (200, 500, 2000):
    at = int(np.ceil(round((more + 1) * (1 - ALPHA), 9)))
    print(
        f"with {more} held-out rows: "
        + " to ".join(f"{x:.1%}" for x in scipy.stats.beta(more + 1 - at, at).ppf([0.025, 0.975]))
    )

# %% tags=["hide-input"]
share_of_sets, edges = np.histogram(true_rates, 50, density=True)
centres = (edges[1:] + edges[:-1]) / 2
plots.curve(
    centres, {"10,000 sets": share_of_sets, f"Beta({n + 1 - k}, {k})": law.pdf(centres)},
    xlabel="true rate of false alarms of this threshold", ylabel="density", markers=False, height=2.8,
    caption="The same recipe, another validation set, another true rate. You do not see which you drew.",
)  # fmt: skip
mean_rate = law.mean()
reveal("one-set", {
    "within a point of the average": below(high - mean_rate, 0.01),
    "from half of it to one and a half times": all_of(above(high - mean_rate, 0.01), below(high, 2 * mean_rate)),
    "from a quarter of it or less to double or more": all_of(above(high, 2 * mean_rate), below(low, mean_rate / 4)),
})  # fmt: skip
claim(
    f"With {n} held-out {ROW}s the true rate may lie below 1 % or above 9 %",
    all_of(below(low, 0.01, fmt=".3f"), above(high, 0.09, fmt=".3f")),
)

# %% [markdown]
# So wide, since only three slots lie above: from set to set such a count scatters by about its root, $\sqrt3=1.7$.
#
# **By hand.** Two held-out beats, the threshold on the larger score. More than half of all normal beats lie above it only if both fell into the lower half: chance $\tfrac12\cdot\tfrac12=\tfrac14$. So one set in four has a true rate above ½. For every rate such a chance is an area under the smooth curve, the *Beta distribution*:
#
# $$ \text{true rate}\sim\text{Beta}(n+1-k,\;k),\qquad\text{mean}=\frac{n+1-k}{n+1} $$
#
# Its second number is the place of the threshold, its first counts the slots above (by hand: Beta(1, 2)). "At most 5 %" holds *on average over validation sets*; *given yours*, the rate is a draw from this curve.
#
# The count scatters once more. `binom`: $m$ new beats at one fixed rate. `betabinom` first draws the rate from that Beta curve:

# %%
m = int((~beats.test_is_anomaly).sum())  # new normal rows to come
alone = scipy.stats.binom(m, law.mean()).ppf([0.025, 0.975])
with_set = scipy.stats.betabinom(m, n + 1 - k, k).ppf([0.025, 0.975])
for name, ends in {"chance alone": alone, "with that of the one set": with_set}.items():
    print(f"{name:28} expect {ends[0]:.0f} to {ends[1]:.0f} false alarms on {m} new normal rows")

# %% [markdown]
# Neighbouring beats are alike (breathing changes several in a row), so the truth is wider still; [deeper](07_anomaly_detection_deeper.ipynb) counts what 71 such beats are worth.
#
# ## ROC and AUC by counting pairs
#
# A threshold is one decision. How good is the score itself?
#
# **By hand.** Five scores: anomalies 5 and 3, normal samples 4, 2 and 1. Let the threshold fall from above. First 5 is flagged, an anomaly: go *up* by 1/2, the share of anomalies. Then 4, normal: go *right* by 1/3. Then up, right, right. This path is the **ROC curve**:
# upwards the *hit rate* (the share of anomalies found), to the right the rate of false alarms.
#
# The rectangle has $2\cdot3=6$ fields, one for each pair of an anomaly and a normal sample. A field lies under the path exactly if the anomaly of its pair scores higher. Five of six: .83.

# %% tags=["hide-input"]
figure, ax = plots.subplots(height=2.6)
ax.plot([0, 0, 1 / 3, 1 / 3, 1], [0, 0.5, 0.5, 1, 1])
for i, anomaly in enumerate((5, 3)):
    for j, usual in enumerate((4, 2, 1)):
        ax.text(j / 3 + 1 / 6, i / 2 + 1 / 4, f"{anomaly} {'>' if anomaly > usual else '<'} {usual}", ha="center")
ax.fill_between([0, 1 / 3, 1 / 3, 1], [0.5, 0.5, 1, 1], alpha=0.2)
ax.set(xlabel="false-alarm rate", ylabel="hit rate", xticks=[0, 0.33, 0.67, 1], yticks=[0, 0.5, 1])
plots.show(figure, "Each field is a pair. Under the path the anomaly scores higher.")

# %% [markdown]
# The **area under the curve** (AUC) is therefore a probability: draw one anomaly and one normal sample; how often does the anomaly score higher? A tie counts half:
#
# $$ \text{AUC}=\frac1{n_a\,n_b}\sum_{a}\sum_{b}\left([s_a>s_b]+\tfrac12[s_a=s_b]\right) $$
#
# with $n_a$ anomalies $a$, $n_b$ normal samples $b$, and $[\ldots]$ 1 if true, else 0. A coin has .5; 1 is a perfect order.


# %%
def auc(score, usual, odd):
    """How often a row of ``odd`` scores above one of ``usual``."""
    is_odd = np.arange(len(usual) + len(odd)) >= len(usual)
    return detection.area_under_roc(np.append(score(usual), score(odd)), is_odd)


def by_mean(x):
    return np.square(x - normal.mean(axis=0)).mean(axis=1)  # the distance to the mean training row: no network at all


for name, score in {"network": by_network, f"mean {ROW}": by_mean}.items():
    print(f"held-out against strange {ROW}s: AUC of the {name} {auc(score, held_out, strange):.4f}")
if beats.recording is not None:
    claim(
        "On the strange beats the mean beat alone has an AUC above .99",
        above(auc(by_mean, held_out, strange), 0.99, fmt=".4f"),
    )

# %% [markdown]
# A benchmark that the mean solves is *saturated*: it cannot rank detectors.
#
# ### Faults of your own making
#
# So make faults whose truth you know: damage a copy of each held-out beat, and ask for the AUC of damaged against intact.

# %%
position = np.linspace(0, 1, length)
late = position > 0.64  # on the heartbeats: from 120 ms after the R peak, the T wave


def make_faults(x):
    """Seven damaged copies of the rows x (n, d), by name."""
    if not in_time:
        return detection.sensor_faults(x, random)  # a table of sensors: single sensors are hit
    where = random.uniform(0.05, 0.95, (len(x), 1))
    sign = random.choice([-1, 1], (len(x), 1))
    bump = np.exp(-(((position - where) / 0.035) ** 2))
    before = x[:, [np.argmax(late) - 1]]  # the value at which the late part sticks
    made = {
        "a fifth smaller": 0.8 * x,
        "half as large": 0.5 * x,
        "flat line": np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape),
        "late part flat": np.where(late, before, x),
        "late part upside down": np.where(late, 2 * before - x, x),
        "small bump": x + sign * bump,
        "noise": x + 0.3 * random.standard_normal(x.shape),
    }
    return {fault: rows.astype("float32") for fault, rows in made.items()}


# %%
faults = make_faults(held_out)
figure, axes = plots.subplots(2, 4, height=3.4, sharex=True, sharey=True)
for ax, (name, rows) in zip(axes.flat, {"intact": held_out, **faults}.items(), strict=True):
    ax.plot(beats.positions, measured(rows)[typical])
    ax.set_title(name, fontsize=9)
plots.show(figure, f"One held-out {ROW}, and what seven faults make of it.")

# %%
BUMP, rates = list(faults)[5], {}
for name, score in {"network": by_network, f"mean {ROW}": by_mean}.items():
    scores = np.append(score(held_out), score(faults[BUMP]))
    rates[name] = roc_curve(np.arange(2 * n) >= n, scores, drop_intermediate=False)  # false alarms, hits, thresholds
    print(f"{BUMP}: AUC of the {name} {auc(score, held_out, faults[BUMP]):.2f}")
plots.curve(
    None, {name: (alarm, hit) for name, (alarm, hit, _) in rates.items()} | {"coin": (np.array([0, 1]), np.array([0, 1]))},
    xlabel="false-alarm rate", ylabel="hit rate", markers=False,
    caption=f"ROC curves for the fault '{BUMP}'. " + finding("The network's lies above the mean beat's."),
)  # fmt: skip

# %% [markdown]
# ## How many alarms are real, and what a miss costs
#
# **By hand.** Of 1,000 beats 10 are strange ($r=.01$). You find nine of them ($h=.9$), with false alarms on 5 % of the others ($a=.05$): 49.5 more. So 9 of 58.5 alarms are real, 15 %.
#
# $$ \text{precision}=\frac{r\,h}{r\,h+(1-r)\,a},\qquad\text{recall}=h $$
#
# **Precision** is the share of alarms that are real; **recall** is another word for the hit rate. The **precision-recall curve** draws one against the other while the threshold falls. The ROC curve does not know $r$; this one does. (To each count of false alarms we add one, for the new sample: 9 of 71 becomes 10 of 72.)

# %%
guess(
    "real-alarms",
    f"Lower the threshold until the network finds four of five faults '{BUMP}'. If one {ROW} in a hundred is faulty, how many of the alarms are real?",
    ["more than half", "between a fifth and a half", "fewer than a fifth"],
)

# %%
alarm, hit, thresholds = rates["network"]
alarm = (n * alarm + 1) / (n + 1)  # none among 71 does not mean none ever: the slot of the new one


def precision(rarity):
    """Of the alarms at each threshold, the share that is real."""
    return rarity * hit / (rarity * hit + (1 - rarity) * alarm)


plots.curve(
    hit, {f"1 in {round(1 / rarity)}": precision(rarity) for rarity in (0.5, 0.1, 0.01)},
    xlabel="recall", ylabel="precision", markers=False,
    caption="One ROC curve, three precision-recall curves: the rarer the fault, the fewer alarms are real.",
)  # fmt: skip
four_of_five = np.argmax(hit >= 0.8)
real = precision(0.01)[four_of_five]
print(
    f"{hit[four_of_five]:.0%} found, with {alarm[four_of_five]:.1%} false alarms; 1 in 100 faulty: {real:.0%} of the alarms are real"
)
reveal("real-alarms", {
    "more than half": above(real, 0.5, fmt=".2f"),
    "between a fifth and a half": between(real, 0.2, 0.5, fmt=".2f"),
    "fewer than a fifth": below(real, 0.2, fmt=".2f"),
})  # fmt: skip

# %% [markdown]
# Against each faulty beat stand ninety-nine normal ones; false alarms on a seventh of them drown it. A better score would help, moving the threshold hardly: the lowest curve is flat.
#
# The best threshold is the one that *costs* least. By hand, for 1,000 beats with 10 strange ones; a false alarm costs 1 (somebody looks), a miss costs 50:
#
# |threshold|$h$|$a$|misses|false alarms|cost|
# |---|---|---|---|---|---|
# |high|.6|.01|4|9.9|$4\cdot50+9.9=210$|
# |middle|.9|.05|1|49.5|$50+49.5=99.5$|
# |low|.95|.2|.5|198|$25+198=223$|
#
# $$ \text{cost of one sample}=r\,(1-h)\,c_\text{miss}+(1-r)\,a\,c_\text{alarm} $$
#
# That needs anomalies, real or made, their rarity, and two prices; else choose by $\alpha$. Move both sliders.


# %%
def show_cost(rarity, price):
    """The cost of 1,000 rows at each threshold, and the cheapest one."""
    cost = 1000 * (rarity * (1 - hit) * price + (1 - rarity) * alarm)
    best = cost.argmin()
    plots.curve(
        alarm, {"cost": cost}, xlabel="false-alarm rate of the threshold", ylabel="cost of 1,000 rows", markers=False,
        levels={"no alarm at all": 1000 * rarity * price},
        caption=f"Cheapest: threshold {thresholds[best]:.3f}, {alarm[best]:.1%} false alarms, {hit[best]:.0%} found, {precision(rarity)[best]:.0%} of the alarms real.",
    )  # fmt: skip


explore(
    show_cost,
    rarity=stops({"1 in 10": 0.1, "1 in 100": 0.01, "1 in 1000": 0.001}, 0.01, label="how rare faults are"),
    price=stops([10, 50, 200, 1000], 50, label="a miss costs, in false alarms"),
)

# %% [markdown]
# When faults are rare and misses cheap, the best threshold rises (further left here) until no alarm pays.
#
# ## Choosing a detector for your data
#
# Six rivals:
#
# * Distance to the mean $\bar x$ of the training rows: $\lVert x-\bar x\rVert^2$.
# * PCA: the distance to its copy, $\lVert x-\hat x\rVert^2$, $\hat x=\bar x+(x-\bar x)VV^\top$ (lesson 02); engineers call it the **Q statistic**. Its partner **T²** asks how usual the *code* is: each component squared, over its variance, summed. Code (3, 1), variances 9 and 1/4: $3^2/9+1^2/\frac14=5$. To use both, raise the alarm if either passes its own threshold: two chances of a false alarm, each at $\alpha/2$.
# * Nearest neighbours: the mean distance to the $k$ nearest training rows.
# * **Isolation forest**: cut the rows at random, one column at a time; what is soon alone is strange.
# * **Local outlier factor**: how thin the training rows lie around you, compared with around your neighbours.
# * **One-class SVM**: a smooth border around nearly all training rows; how far outside are you?
#
# The network now starts from PCA (lesson 02). Each detector but the mean gets *four settings* (the network three codes, and a start from random weights) and keeps the best by mean AUC over the seven faults.

# %%
few = normal[:: max(1, len(normal) // 2000)]  # beyond some thousand rows neighbours and SVM get slow: a sample


def pca_error(k):
    plane = referees.fit_pca(normal, k)
    return lambda x: np.square(x - plane.reconstruct(x)).mean(axis=1)


def nearest(k):
    index = NearestNeighbors(n_neighbors=k).fit(few)
    return lambda x: index.kneighbors(x)[0].mean(axis=1)


def ready(model):
    """A detector of scikit-learn. Its score_samples is higher for *normal* rows: turn the sign."""
    model.fit(few)
    return lambda x: -model.score_samples(x)


def network(k):
    whole = models.warm_start_autoencoder(referees.fit_pca(normal, k), 64)[2]  # starts as PCA with k components
    whole.compile(optimizer=keras.optimizers.Adam(2e-3), loss="mse")
    whole.fit(normal, normal, epochs=60, batch_size=16, verbose=0)
    return lambda x: np.square(x - whole.predict(x, batch_size=1024, verbose=0)).mean(axis=1)


# %%
guess(
    "network-adds",
    f"On test {ROW}s, damaged anew: how does the tuned network stand beside the rival that was best on held-out {ROW}s? (Ahead: by more than .02 of AUC, chance allowed for.)",
    ["ahead", "not told apart", "behind"],
)

# %%
forest = {"n_estimators": 200, "random_state": SEED}
families = {  # detector -> setting -> what fits it; each list is kept to sizes that the data allow
    f"mean {ROW}": {"-": lambda: by_mean},
    "PCA": {k: partial(pca_error, k) for k in (2, 4, 8, 16) if k < min(few.shape)},
    "nearest neighbours": {k: partial(nearest, k) for k in (1, 3, 5, 10) if k < len(few)},
    "isolation forest": {
        f"{rows:.0%} of rows, {share:.0%} of columns": partial(ready, IsolationForest(max_samples=rows, max_features=share, **forest))
        for rows in (0.3, 1.0) for share in (0.1, 1.0)
    },
    "local outlier factor": {k: partial(ready, LocalOutlierFactor(k, novelty=True)) for k in (5, 10, 20, 40) if k < len(few)},
    "one-class SVM": {g: partial(ready, OneClassSVM(nu=0.05, gamma=g / length)) for g in (4, 16, 64, 256)},  # nu: share of training rows left outside; gamma: how tightly the border fits
    "network": {f"{k} from PCA": partial(network, k) for k in (2, 4, 8) if k < min(few.shape)} | {"4 from chance": lambda: by_network},
}  # fmt: skip

# %%
detector, setting, table = {}, {}, {}
for name, choices in families.items():
    for option, fit in choices.items():
        score = fit()
        row = [auc(score, held_out, x) for x in faults.values()]
        if name not in table or np.mean(row) > np.mean(table[name]):
            detector[name], setting[name], table[name] = score, option, row
    print(f"{name:22} best setting {setting[name]!s:30} mean AUC {np.mean(table[name]):.3f}")

# %%
plots.matrix(
    np.array(list(table.values())).T, list(faults), [name.replace(" ", "\n") for name in table],
    row_title="fault", column_title="detector", value_format=".2f", cell=(1.0, 0.5),
    caption=f"AUC of damaged against intact held-out {ROW}s. Below .50: the damaged one looks more normal. The network is the tuned one now: {setting['network']}.",
)  # fmt: skip

# %% [markdown]
# A beat that is a fifth smaller escapes them all: intact beats differ by as much.
#
# ## From a series to windows
#
# A machine has no R peak: its windows are cut by the clock, and overlap. Neighbours share samples, so split the *series* first, then cut. With $N$ samples and shares $f_1,f_2,f_3$ the segments begin at
#
# $$ e_1=0,\quad e_2=f_1N,\quad e_3=(f_1+f_2)N,\quad e_4=N $$
#
# and in segment $j$ windows of $w$ samples start at $e_j,\;e_j+\text{stride},\;\ldots$, as long as start $+\,w\le e_{j+1}$. With $N=12$, shares ½, ¼, ¼ and $w=3$ at stride 1, no window crosses an edge:
#
# ```text
# sample  0.1.2.3.4.5 | 6.7.8 | 9.10.11
# windows ─────       | ───── | ───────
#           ─────
#             ─────
#               ─────
# ```
#
# Back from windows to moments: sample $i$ lies in $c_i$ windows, of which $g_i$ are flagged. Flag the sample if $g_i=c_i>0$: if *all* windows over it are flagged. With windows of 2 at stride 1 over 5 samples and the flags no, yes, yes, no: only sample 2 lies in flagged windows alone. *Any* flagged window smears the alarm over the samples 1 to 3. Take "any" to learn *whether*, "all" to learn *where*.
#
# ## What goes wrong
#
# **The wrong polarity.** A much-copied tutorial takes *normal* beats for the positives. Ask how well a score of strangeness finds those, and .98 becomes .02. Let strange be positive, and high.
#
# **A low error means easy, not normal.** A PCA wide enough to hold the mean's shape copies half a beat with half the error: *more* normal. (That of the table has four components.) Keep the code narrow, or add T² ([deeper](07_anomaly_detection_deeper.ipynb)).
#
# **Drift**: the source changes with time; old and new samples are not exchangeable. Watch the rate of alarms.
#
# ## When it does not train
#
# |you see|look at|likely cause|mend it|
# |---|---|---|---|
# |one sensor decides every score|`train.std(axis=0)`|raw units|standardise by *training* mean and deviation; long tails: arcsinh, a log that takes negatives|
# |all errors tiny|the width of the code|it copies everything|fewer components, or distances|
# |AUC below .5|anomalies of low score|smaller or smoother than normal; labels turned|fewer components, distances; check the labels|
# |too many false alarms|scores against time|drift|validate on recent normals|
#
# ## Results
#
# Now, once, the test set. First the promise:

# %%
unseen, is_odd = (beats.test - level) / scale, beats.test_is_anomaly
usual = unseen[~is_odd]
false_alarms = int((by_network(usual) > threshold).sum())
print(f"{false_alarms} false alarms on {m} new normal rows, where {law.mean():.1%} are {law.mean() * m:.1f}")
claim(
    "The first network's false alarms are no more than chance and one validation set allow",
    below(false_alarms, with_set[1] + 0.5),
)

# %% [markdown]
# Would other beats give the same order? *Bootstrap*: draw ninety from the ninety, with repeats, 4,000 times (in blocks of ten: neighbours are alike); the AUCs scatter about as much.
#
# A draw of hard beats lowers all detectors, so *differences* scatter less: they may be clear though bars overlap. You look at 21 pairs; if each interval left out 5 %, one would mislead, so each leaves out 5 %/21. *Ahead*: the difference lies beyond .02 in its whole interval. *Not told apart*: neither is ahead.


# %%
def scattered(x, draws=4000, block=10):
    """Mean AUC of each detector on the rows x (n, d), damaged anew; and on each draw of blocks of neighbouring rows."""
    x = x[:: max(1, len(x) // 400)]
    damaged, whole, drawn = make_faults(x), {}, {}
    starts = random.integers(0, len(x), (draws, -(-len(x) // block)))
    rows = (starts[:, :, None] + np.arange(block)).reshape(draws, -1) % len(x)
    weights = np.stack([np.bincount(row, minlength=len(x)) for row in rows]) / rows.shape[1]  # how often a row counts
    for name, score in detector.items():
        intact = score(x)  # pairs: of damaged and intact row, the share of faults in which the damaged scores higher
        pairs = np.mean([np.heaviside(score(y)[:, None] - intact, 0.5) for y in damaged.values()], axis=0)
        whole[name] = float(pairs.mean())
        drawn[name] = np.einsum("bi,ij,bj->b", weights, pairs, weights, optimize=True)
    return whole, drawn, np.array(list(drawn))[np.argmax(list(drawn.values()), axis=0)]


(final, areas, first), (_, _, first_before) = scattered(usual), scattered(held_out)
for name, score in detector.items():
    print(f"{name:22} mean AUC held-out {np.mean(table[name]):.3f}, first in {np.mean(first_before == name):4.0%} of draws; test {final[name]:.3f}, first in {np.mean(first == name):4.0%}")  # fmt: skip
    if is_odd.any():
        print(f"{'':22} labelled anomalies: AUC {auc(score, usual, unseen[is_odd]):.4f}")

# %% tags=["hide-input"]
if beats.test_places:
    scored = detector["nearest neighbours"](unseen)
    for i in np.argsort(-scored)[:5]:
        print(f"among the strangest: {beats.test_places[i]}, taken for {beats.kind_names[beats.test_kinds[i]]}")
in_order = sorted(final, key=final.get)
plots.ladder(
    in_order, [final[name] for name in in_order],
    kinds=[{f"mean {ROW}": "trivial", "PCA": "referee", "network": "network"}.get(name, "rival") for name in in_order],
    metric="mean AUC over seven faults of test rows", lower_is_better=False, from_zero=False, value_format=".3f",
    intervals=[tuple(np.quantile(areas[name], [0.025, 0.975])) for name in in_order],
    caption="With 95 % intervals from blocks of ten neighbours.",
)  # fmt: skip

# %%
comparisons = len(detector) * (len(detector) - 1) // 2


def difference(one, other):
    """Interval of the difference in mean AUC on the same rows, wide enough for all comparisons together."""
    tail = 0.025 / comparisons
    return np.quantile(areas[one] - areas[other], [tail, 1 - tail])


MARGIN = 0.02  # a smaller lead would not change a choice
ahead = [(a, b) for a in final for b in final if difference(a, b)[0] > MARGIN]
print(f"{len(ahead)} of {comparisons} pairs can be told apart by .02, {sum(difference(a, b)[0] > 0 for a in final for b in final)} at all:")  # fmt: skip
for a in final:
    if of_a := [b for b in final if (a, b) in ahead]:
        print(f"  {a} ahead of {', '.join(of_a)}")
rival = max(table, key=lambda name: np.mean(table[name]) * (name != "network"))  # the best one on held-out rows
low, high = difference("network", rival)
reveal("network-adds", {
    "ahead": above(low, MARGIN, fmt=".3f", names=(f"network minus {rival}: at least", "")),
    "not told apart": all_of(below(low, MARGIN, fmt=".3f", names=(f"network minus {rival}: from", "")), above(high, -MARGIN, fmt=".3f", names=("to", ""))),
    "behind": below(high, -MARGIN, fmt=".3f", names=(f"network minus {rival}: at most", "")),
})  # fmt: skip
claim(
    f"On test {ROW}s damaged anew, the nearest neighbours and the network have both a larger mean AUC than the isolation forest",
    above([final["nearest neighbours"], final["network"]], final["isolation forest"], fmt=".3f", names=(["nearest neighbours", "network"], "forest")),
)  # fmt: skip

# %% [markdown]
# All do better on test beats: these are calmer ([deeper](07_anomaly_detection_deeper.ipynb)), so damage stands out. And the order changed: held-out draws put network or SVM first and never PCA, test draws mostly PCA. *Choosing on 71 beats picks for these 71.* The upper five, network among them, are not told apart: take the simplest.
#
# ## On your own data
#
# |your data look like this|start with this|set this|report this|leave the autoencoder when|
# |---|---|---|---|---|
# |a table of sensors (`datasets.own_sensors`)|nearest neighbours; PCA, Q and T²|a unit for each sensor|false alarms with their interval|few sensors, linearly related|
# |aligned windows (`own_windows`)|nearest neighbours, PCA|few components|AUC on faults that you fear|fewer than a few hundred normal windows|
# |a series (`own_series`)|nearest window, PCA-2|split before you cut|alarms an hour; *any* or *all*|no shape repeats|
# |under 100 normal rows|distance to the mean|$\alpha\ge1/(n+1)$|the Beta interval|always|
# |some anomalies in training|mean of 50 neighbours; narrow PCA|look at the strangest training rows|what you removed|nobody can look|
#
# ## Wrap-up
#
# * Score: the error of the copy. Threshold: place $\lceil(n+1)(1-\alpha)\rceil$ of $n$ held-out scores, of rows that chose nothing else.
# * It holds on average; your true rate is a draw from $\text{Beta}(n+1-k,k)$, or wider.
# * AUC counts pairs and ignores rarity; precision and cost do not.
# * Compare on faults that you made, tune rivals alike, give differences an interval.
#
# Next: [the exercises](../exercises/07_anomaly_detection.ipynb) and their capstone, `watch_machine`: a detector for an unseen machine.
#
# ## References
#
# * AUC: H. Mann, D. Whitney, 1947. Threshold: V. Vovk and others: *Algorithmic Learning in a Random World*, 2005. Q: J. E. Jackson, G. Mudholkar, 1979.
# * F. T. Liu and others: *Isolation forest*, 2008. M. Breunig and others: *LOF*, 2000. B. Schölkopf and others, 2001 (one-class SVM).
# * Beats: G. Moody, R. Mark, 2001 (MIT-BIH). Titles: [deeper](07_anomaly_detection_deeper.ipynb).
