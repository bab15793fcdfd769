# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Recommendation, deeper: copying, company, time, stars"
#     lesson: 10
#     minutes: 41
#     compute: 40
#     objectives:
#       - Show three ways to keep a linear autoencoder from copying, and that they end within .01
#       - Compute what dropping likes at random does on average, without drawing
#       - Measure what a second opinion is worth, and whether it must be a network
#       - Compare one split without pairing with five folds with it
#       - Split by time, and count what is lost
#       - Explain why a good error in stars gives a bad list
#     data: [movie_ratings]
# ---

# %% [markdown]
# The lesson's data and division, rebuilt. This notebook, too, runs on your own table by one cell.

# %%
from course_lib import above, all_of, below, between, claim, close, datasets, finding, guess, reveal
from course_lib import losses, models, own_data, plots, recommend, training

import itertools
import keras
import numpy as np
import scipy.stats
from keras import layers, ops

SEED = training.set_seed(0)
rng = np.random.default_rng(SEED)

# %%
ratings = datasets.movie_ratings()
own_data(ratings is not datasets.movie_ratings())
ours = ratings.unit == "stars"
FILM, FILMS = ("film", "films") if ours else ("item", "items")
data = recommend.like_matrix(ratings, at_least=10)
liked = data.liked  # bool, (people, films)
train_people, new_people, _ = recommend.split_users(len(liked), (0.8, 0.2, 0.0), rng)
shown, held_out = recommend.fold_in(liked, 0.8, rng)
train = liked[train_people].astype("float32")
new_shown, new_held_out = shown[new_people], held_out[new_people]
history = new_shown.astype("float32")
PLACES = min(100, int((~shown).sum(axis=1).min()))
NDCG = f"NDCG@{PLACES}"


def ndcg(scores, shown=new_shown, held_out=new_held_out):
    """One number a person: (people,)."""
    return recommend.ndcg_at_k(recommend.never_seen(scores, shown), held_out, PLACES)


weights = recommend.ease(train, 200.0)
base = {
    "popularity": ndcg(np.tile(recommend.popularity(train), (len(history), 1))).mean(),
    "EASE": ndcg(history @ weights).mean(),
}
print(data, *(f"{name} {value:.3f}" for name, value in base.items()), sep="; ")

# %% [markdown]
# ## The identity trap
#
# How much does EASE's zero diagonal matter? Without it the best weights are
#
# $$ B=(G+\lambda{I})^{-1}G=I-\lambda{P}. $$
#
# (Multiply $(G+\lambda{I})-\lambda{I}=G$ by $P$.) By hand, with the lesson's two films: $P=\frac15\begin{pmatrix}2&-1\\-1&3\end{pmatrix}$, $\lambda=1$, so $B=\begin{pmatrix}.6&.2\\.2&.4\end{pmatrix}$: each film speaks most for itself, and as $\lambda$ falls, $B$ comes nearer to $I$. We call it *full linear*.

# %%
guess(
    "identity",
    "The linear autoencoder without the zero diagonal, at its own best λ. Compared with EASE at its best λ, it is …",
    ["hopeless: it copies", "clearly worse", "about as good"],
)

# %%
strengths = [0.01, 1.0, 10.0, 50.0, 100.0, 200.0, 1000.0]
by_strength, own_weight = {"EASE": [], "full linear": []}, []
for strength in strengths:
    for name, zero_diagonal in (("EASE", True), ("full linear", False)):
        fitted = recommend.ease(train, strength, zero_diagonal=zero_diagonal)
        by_strength[name].append(ndcg(history @ fitted).mean())
    own_weight.append(float(np.diag(fitted).mean()))
plots.curve(
    strengths, by_strength, xlabel="penalty λ", ylabel=f"{NDCG}, {len(history)} new people", log_x=True,
    levels={"popularity": base["popularity"]}, height=3.0,
    caption="With the zero diagonal and without. " + finding("Under a weak penalty both overfit, the one that may copy more. Under a strong one they meet."),
)  # fmt: skip
print(
    f"a {FILM}'s mean weight on itself, full:",
    ", ".join(f"λ {s:g}: {w:.2f}" for s, w in zip(strengths, own_weight, strict=True)),
)
print(f"people over {FILMS}: {len(train) / train.shape[1]:.2f}")

# %% tags=["hide-input"]
best = {name: max(values) for name, values in by_strength.items()}
reveal("identity", {
    "hopeless: it copies": below(best["full linear"], base["popularity"], fmt=".3f", names=("full linear", "popularity")),
    "clearly worse": all_of(
        above(best["full linear"], base["popularity"], fmt=".3f", names=("full linear", "popularity")),
        below(best["full linear"], best["EASE"], by=0.01, fmt=".3f", names=("full linear", "EASE")),
    ),
    "about as good": above(best["full linear"], best["EASE"], by=-0.01, fmt=".3f", names=("full linear", "EASE")),
})  # fmt: skip
claim(
    "With λ = 1 the full linear autoencoder is at least .01 behind EASE",
    below(by_strength["full linear"][1], by_strength["EASE"][1], by=0.01, fmt=".3f", names=("full linear", "EASE")),
)
claim(
    f"With hardly a penalty the mean weight of each {FILM} on itself is people over {FILMS}",
    close(own_weight[0], len(train) / train.shape[1], 0.02, fmt=".2f", names=("weight", f"people over {FILMS}")),
)

# %% [markdown]
# A strong penalty shrinks a film's weight on itself along with all others, and nothing is left to forbid. The zero diagonal makes the choice of λ less delicate. What no version survives is a weak penalty: a thousand weights a film, from fewer people.
# (Moon, Kim and Lee 2023 hold the diagonal below a bound instead of at zero.)
#
# **Why is the own weight not 1 when there is hardly a penalty?** Take two people and three films, rows (1, 1, 0) and (0, 0, 1). Many matrices copy both rows exactly; $I$ is one. The penalty picks the smallest of them:
#
# $$ B=\begin{pmatrix}\frac12&\frac12&0\\\frac12&\frac12&0\\0&0&1\end{pmatrix} $$
#
# It sends any row to the nearest mixture of training rows: a *projection* (lesson 02). A projection on $r$ directions keeps those and deletes the rest; its eigenvalues are $r$ ones and zeros, and their sum is the sum of the diagonal. Here ½ + ½ + 1 = 2, the number of people. So the mean of the diagonal is people over films, as printed.
#
# ## Dropping likes, in closed form
#
# Another way to forbid copying: drop inputs at random. For a linear map nothing need be drawn. Drop with probability $p$ and multiply what stays by $1/(1-p)$, as Keras does. One like, predicted from itself with weight $b$: with probability $p$ the input is gone and the error is 1, else it is $1-b/(1-p)$. On average
#
# $$ p+(1-p)\Big(1-\frac{b}{1-p}\Big)^2=(1-b)^2+\frac{p}{1-p}\,b^2. $$
#
# The error without dropping, plus a penalty. Over all likes (Steck 2020), with $n_i=G_{ii}$ the likes of film $i$,
#
# $$ \mathbb{E}\lVert{X-\tilde{X}B}\rVert^2=\lVert{X-XB}\rVert^2+\frac{p}{1-p}\sum_in_i\sum_jB_{ij}^2. $$
#
# So dropping is ridge with a penalty that grows with a film's likes. And it works against the identity only as far as that penalty is large. Its solution, with the old λ as well:
# $B=\big(G+\frac{p}{1-p}\,\mathrm{diag}(G)+\lambda{I}\big)^{-1}G$.


# %%
def linear_denoiser(train, strength, dropped=0.5):
    """The linear map that restores dropped likes best, averaged over all ways to drop them: (films, films)."""
    together = train.T.astype("float64") @ train
    penalty = dropped / (1 - dropped) * np.diag(together) + strength
    return np.linalg.solve(together + np.diag(penalty), together).astype("float32")


few = train[:250, :300]
restoring, chance = linear_denoiser(few, 50.0), np.random.default_rng(SEED)
drawn = [np.square(few - 2 * few * (chance.random(few.shape) < 0.5) @ restoring).sum() for _ in range(100)]
formula = np.square(few - few @ restoring).sum() + (few.sum(axis=0) * np.square(restoring).sum(axis=1)).sum()
claim(
    "The mean error over a hundred corruptions is that of the formula, to 1 %",
    close(np.mean(drawn) / formula, 1, 0.01, fmt=".4f", names=("ratio", "")),
)
print(f"{NDCG}: linear denoiser {ndcg(history @ linear_denoiser(train, 50.0)).mean():.3f}, EASE {base['EASE']:.3f}")

# %% [markdown]
# ## A narrow code
#
# Lesson 02's linear autoencoder, as a recommender: project the history on $k$ principal directions, here without centring, so that an empty place stays empty. What the projection puts there is the score. Its name is **PureSVD** (Cremonesi 2010).


# %%
def pure_svd(train, k):
    """The projection on the k directions that keep most of the training rows: (films, films)."""
    _, strengths, axes = np.linalg.svd(train, full_matrices=False)
    axes = axes[: min(k, (strengths > 1e-3 * strengths[0]).sum())].T  # (films, k)
    return axes @ axes.T


widths = [k for k in (2, 8, 16, 32, 64, 256) if k <= min(train.shape)]
by_width = [ndcg(history @ pure_svd(train, k)).mean() for k in widths]
middle = int(np.argmax(by_width))
plots.curve(
    widths, {"PureSVD": by_width}, xlabel="numbers in the code, k", ylabel=NDCG, log_x=True, levels=base, height=2.6,
    caption="PureSVD by the width of its code. " + finding("A few dozen numbers are best; with hundreds it copies."),
)  # fmt: skip
claim(
    "The best width is better than the narrowest and the widest by more than .02",
    above(
        by_width[middle],
        max(by_width[0], by_width[-1]),
        by=0.02,
        fmt=".3f",
        names=(f"k = {widths[middle]}", "the better end"),
    ),
)

# %% [markdown]
# ## Fewer people than films (optional)
#
# $P$ is the inverse of a matrix of films × films. With fewer people, a smaller system does. **Woodbury's identity**, for this case, is
#
# $$ (X^\top{X}+\lambda{I})^{-1}=\frac1\lambda\Big(I-X^\top(XX^\top+\lambda{I})^{-1}X\Big). $$
#
# Check it by multiplying the right side with $X^\top{X}+\lambda{I}$; use $X(X^\top{X}+\lambda{I})=(XX^\top+\lambda{I})X$. By hand, one person with two likes, $\lambda=1$: $XX^\top+1=3$, so $P=I-\frac13\begin{pmatrix}1&1\\1&1\end{pmatrix}$. With 27,000 films and 5,000 people the inverse shrinks from 6 GB to .2; $P$ itself still has films × films numbers.

# %%
small = few.astype("float64")
inner = np.linalg.inv(small @ small.T + 200 * np.eye(len(small)))  # people x people
by_woodbury = (np.eye(small.shape[1]) - small.T @ inner @ small) / 200
direct = np.linalg.inv(small.T @ small + 200 * np.eye(small.shape[1]))
claim(
    f"Solved among people or among {FILMS}, the inverse is the same",
    below(np.abs(by_woodbury - direct).max(), 1e-10, names=("largest difference", "")),
)

# %% [markdown]
# ## ALS: factors and weights
#
# ALS has three numbers to choose. What happens if one trusts the default of one's library? (A like counts 1 + α times an empty place. Hu and others use α = 40.) `recommend.als` is the lesson's function.


# %%
def als(train, k, alpha, strength):
    return recommend.als(train, k, alpha, strength, np.random.default_rng(SEED))


factors, alphas = (8, 16, 32), (0, 1, 5, 40)
table = np.array([[ndcg(als(train, k, alpha, 10).scores(history)).mean() for alpha in alphas] for k in factors])
plots.matrix(
    table, [f"{k} factors" for k in factors], [f"α = {alpha}" for alpha in alphas], value_format=".3f", cell=(1.1, 0.42),
    caption=f"{NDCG} of ALS, λ = 10. " + finding("α = 40 is too much here; at α = 0 more factors help."),
)  # fmt: skip
claim(
    "With 32 factors a weight of 5 is better than one of 40",
    above(table[-1, 2], table[-1, 3], fmt=".3f", names=("α = 5", "α = 40")),
)

# %% [markdown]
# Squared error with α = 0 is an ordinary factorisation of the 0s and 1s. A weight of 40 says that an empty place means next to nothing. Yet it means something: most people would not like most films.
#
# ## More methods in five folds
#
# Everybody new once, as in the lesson, with more methods. To keep this short, ALS and the networks have fixed numbers, those that the lesson's folds chose most often; they are flattered by that. Two networks are new here.
# The **variational** one (Mult-VAE, Liang 2018) is lesson 05's, with the multinomial loss; its rate counts only .2, as a ranking is wanted and no likelihood. The other **starts from the referee**: logits = EASE's scores (each person's brought to mean 0 and deviation 1, then halved) + a branch whose last layer starts at zero.


# %%
def denoising_recommender(n_films, hidden_units=200, dropped=0.5):
    likes = keras.Input((n_films,))
    hidden = layers.UnitNormalization()(layers.Dropout(dropped)(likes))
    return keras.Model(likes, layers.Dense(n_films)(layers.Dense(hidden_units, "tanh")(hidden)))


def variational_recommender(n_films, hidden_units=100, latent_dim=32, dropped=0.5):
    likes, code = keras.Input((n_films,)), keras.Input((latent_dim,))
    hidden = layers.UnitNormalization()(layers.Dropout(dropped)(likes))
    hidden = layers.Dense(hidden_units, "tanh")(hidden)
    mu, log_var = layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim, kernel_initializer="zeros")(hidden)
    decoded = layers.Dense(n_films)(layers.Dense(hidden_units, "tanh")(code))
    return models.VariationalAutoencoder(
        keras.Model(likes, [mu, log_var]), keras.Model(code, decoded), likelihood="multinomial", kl_weight=0.2
    )


def recommender_from_ease(weights, hidden_units=100, dropped=0.5, scale=0.5):
    likes = keras.Input((len(weights),))
    fewer = layers.Dropout(dropped)(likes)
    linear = layers.Dense(len(weights), use_bias=False, trainable=False)
    referee = layers.Rescaling(scale)(layers.LayerNormalization(center=False, scale=False)(linear(fewer)))
    linear.set_weights([weights])
    hidden = layers.Dense(hidden_units, "tanh")(layers.UnitNormalization()(fewer))
    return keras.Model(likes, layers.Add()([referee, layers.Dense(len(weights), kernel_initializer="zeros")(hidden)]))


# %% [markdown]
# Why is EASE *halved* in front of the softmax? Before a step is taken, ask which factor gives the training rows the smallest loss.

# %%
for scale in (0.25, 0.5, 1.0, 2.0):
    start = recommender_from_ease(weights, scale=scale)
    print(
        f"factor {scale:<4}: {float(ops.mean(losses.multinomial_nll(new_held_out.astype('float32'), start(history)))):.1f} nats a new person, for the held-out likes"
    )
claim(
    "Before its first step the network from EASE ranks as EASE does",
    close(ndcg(start.predict(history, verbose=0)).mean(), base["EASE"], 0.002, fmt=".4f", names=("network", "EASE")),
)

# %%
RECIPE = {"loss": losses.multinomial_nll, "batch_size": 32, "schedule": None}
PENALTIES, NEIGHBOURS, WIDTHS = (100.0, 200.0, 400.0), (200, 100), (32, 48)
CLOSED_FORMS = {
    "item neighbours": (NEIGHBOURS, lambda train, k: recommend.item_neighbours(train, k=k)),
    "PureSVD": (WIDTHS, pure_svd),
    "full linear": (PENALTIES, lambda train, strength: recommend.ease(train, strength, zero_diagonal=False)),
    "linear denoiser": ((50.0, 200.0), linear_denoiser),
    "EASE": (PENALTIES, recommend.ease),
}
COMPANY = ("item neighbours", "PureSVD", "ALS", "network")


def of_one_fold(test, others, seed):
    """Scores of every method for the people of one fold, none of whom any method was trained on."""
    train, history, found = liked[others].astype("float32"), shown[test].astype("float32"), {}
    aside, inside = np.split(rng.permutation(others), [len(others) // 6])
    for name, (options, fit) in CLOSED_FORMS.items():
        chosen = recommend.choose(liked[inside].astype("float32"), shown[aside], held_out[aside], options, fit)
        weights = fit(train, chosen)  # EASE comes last: the network below starts from it
        found[name] = history @ weights
    found["ALS"] = als(train, 32, 5, 20).scores(history)
    training.set_seed(seed)
    network, variational = denoising_recommender(train.shape[1]), variational_recommender(train.shape[1])
    training.fit(network, train, epochs=20, learning_rate=3e-3, **RECIPE)
    found["network"] = network.predict(history, batch_size=1000, verbose=0)
    training.fit(variational, train, loss=None, epochs=16, batch_size=32, learning_rate=1e-2)
    found["variational network"] = variational.decoder.predict(
        variational.posterior(history)[0], batch_size=1000, verbose=0
    )
    from_ease = recommender_from_ease(weights)
    training.fit(from_ease, train, epochs=12, learning_rate=1e-3, **RECIPE)
    found["network from EASE"] = from_ease.predict(history, batch_size=1000, verbose=0)
    for other in COMPANY:
        found[f"EASE and {other}"] = sum(recommend.standardise(found[name], shown[test]) for name in ("EASE", other))
    return found


# %%
folds = recommend.user_folds(len(liked), 5, rng)
by_person = {}
for fold in range(5):
    test, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
    for name, scores in of_one_fold(test, others, SEED + fold).items():
        by_person.setdefault(name, np.zeros(len(liked)))[test] = ndcg(scores, shown[test], held_out[test])

# %%
looks = [(name, "EASE") for name in by_person if name != "EASE"]
looks += [("EASE and network", f"EASE and {other}") for other in COMPANY[:-1]]
difference = {
    (a, b): recommend.paired_difference(by_person[a], by_person[b], confidence=1 - 0.05 / len(looks)) for a, b in looks
}


def verdict(difference, matters=0.01):
    if -matters < difference.low and difference.high < matters:
        return "level"
    return "ahead" if difference.low > 0 else "behind" if difference.high < 0 else "undecided"


print(
    f"alone, EASE has {by_person['EASE'].mean():.3f}; {len(looks)} looks, intervals that hold for all of them together"
)
for (name, other), found in difference.items():
    print(f"{name:24} {by_person[name].mean():.3f}   minus {other:24} {found}  {verdict(found)}")

# %% tags=["hide-input"]
to_ease = {name: found for (name, other), found in difference.items() if other == "EASE"}
claim("A narrow linear code is behind EASE", below(to_ease["PureSVD"].mean, 0, fmt="+.4f", names=("difference", "")))
claim(
    "Penalty alone and dropped likes lose less than .01 against the zero diagonal",
    above([to_ease["full linear"].mean, to_ease["linear denoiser"].mean], -0.01, fmt="+.4f", names=(["full linear", "linear denoiser"], "")),
)  # fmt: skip
claim(
    "The variational network is behind EASE, even at the upper end of its interval",
    below(to_ease["variational network"].high, 0, fmt="+.4f", names=("upper end", "")),
)
claim(
    "No network by itself is .01 ahead of EASE in the mean, the one that starts there included",
    below([to_ease[name].mean for name in ("network", "variational network", "network from EASE")], 0.01, fmt="+.4f", names=(["network", "variational", "from EASE"], "")),
)  # fmt: skip
claim(
    "The average of EASE and the network is ahead of EASE",
    above(to_ease["EASE and network"].low, 0, fmt="+.4f", names=("lower end", "")),
)

# %% [markdown]
# Read the verdicts with one margin, .01, for all. Without the zero diagonal nothing is lost: a penalty or dropped likes forbid copying as well, if not better. The network that starts from EASE learned to move away from it.
#
# (Other people are set aside to choose λ than in the lesson, so EASE's number is not quite the lesson's.)
#
# **Company.** The last lines ask what the network's company is worth beyond that of others. PureSVD adds nothing to EASE, the neighbours little. ALS, good and of another kind, adds as much as the network: here there is nothing to choose between the two. A second opinion must be good and different. It need not be a network.
#
# **What the intervals do not know.** They say what other *people* would change. Other folds train other models. Divide the same people again, twice, with λ fixed.

# %%
print("linear denoiser minus EASE, in other folds:", end="")
for again in (1, 2):
    others = recommend.user_folds(len(liked), 5, np.random.default_rng(SEED + again))
    gained = []
    for fold in range(5):
        past, now, new = (
            liked[others != fold].astype("float32"),
            shown[others == fold].astype("float32"),
            others == fold,
        )
        pair = [
            ndcg(now @ fit(past, strength), shown[new], held_out[new])
            for fit, strength in ((linear_denoiser, 50.0), (recommend.ease, 200.0))
        ]
        gained.append(pair[0] - pair[1])
    print(f" {np.concatenate(gained).mean():+.4f}", end="\n" if again == 2 else "")

# %% [markdown]
# They move by a few thousandths, as much as separates most of the methods above. One more reason for a margin.
#
# (Wu and others 2016 gave each person a vector of their own in the hidden layer, CDAE. For somebody new there is none, so it cannot stand in this table.)
#
# ## Is it the dropping that helps?

# %%
guess(
    "dropout",
    "Take the dropout out of the network, so that input and target are the same row. On new people, at its best pass, it recommends …",
    ["worse: now it copies", "no worse"],
)


# %%
class Watch(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 3 == 2:
            scores[epoch + 1] = ndcg(self.model.predict(history, batch_size=1000, verbose=0)).mean()


by_pass = {}
for name, dropped in (("half dropped", 0.5), ("nothing dropped", 0.0)):
    training.set_seed(SEED)
    network, scores = denoising_recommender(train.shape[1], dropped=dropped), {}
    training.fit(network, train, epochs=21, learning_rate=3e-3, callbacks=[Watch()], **RECIPE)
    by_pass[name] = scores or {1: ndcg(network.predict(history, verbose=0)).mean()}
plots.curve(
    None, {name: (np.array([*s]), np.array([*s.values()])) for name, s in by_pass.items()},
    xlabel="passes", ylabel=f"{NDCG}, {len(history)} new people", levels={"EASE": base["EASE"]}, height=2.8,
    caption="The network with dropout and without. " + finding("Without it learns faster and gets as far."),
)  # fmt: skip

# %% tags=["hide-input"]
peak = {name: max(s.values()) for name, s in by_pass.items()}
sides = ("nothing dropped", "half dropped")
reveal("dropout", {
    "worse: now it copies": below(peak["nothing dropped"], peak["half dropped"], by=0.02, fmt=".3f", names=sides),
    "no worse": above(peak["nothing dropped"], peak["half dropped"], by=-0.02, fmt=".3f", names=sides),
})  # fmt: skip
claim(
    "At its best pass the network without dropout is as good as the one with it, to .02, or better",
    above(peak["nothing dropped"], peak["half dropped"], by=-0.02, fmt=".3f", names=sides),
)

# %% [markdown]
# Two hundred hidden numbers are obstacle enough. Calling a network *denoising* does not make the noise what it lives on. (Each best pass was picked on the people it is shown for: alike for both.)
#
# ## One split's noise
#
# How would somebody with one split and no pairing see the gain of the average? Take each fold alone, and pretend its two means came from different people.

# %%
mix = by_person["EASE and network"]
print("fold   EASE  average   difference   95 % interval, unpaired   paired")
unpaired = []
for fold in range(5):
    a, b = mix[folds == fold], by_person["EASE"][folds == fold]
    paired = recommend.paired_difference(a, b)
    unpaired.append(1.96 * np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    print(
        f"{fold:4} {b.mean():7.3f} {a.mean():7.3f} {paired.mean:+10.4f} {unpaired[-1]:18.4f} {paired.high - paired.mean:20.4f}"
    )
overall = recommend.paired_difference(mix, by_person["EASE"])
five_folds = overall.high - overall.mean
plots.histogram(
    {"EASE": by_person["EASE"], "average minus EASE": mix - by_person["EASE"]},
    xlabel=f"{NDCG} of a person, or its difference", bins=np.arange(-12, 41) / 40,
    caption="People, and the difference of two methods within each. " + finding("People differ by far more than methods do."),
)  # fmt: skip
claim(
    "One split without pairing has an interval at least ten times as wide as five folds with pairing",
    above(min(unpaired), five_folds, times=10, log=True, names=("one split ±", "five folds ±")),
)

# %% [markdown]
# From fold to fold EASE itself moves by more than anything gains over it. (Five *redrawn* splits are no five folds: they overlap and share people, and make intervals too narrow.)
#
# ## A split by time
#
# All tests so far drew the new people at random. In life the new ones come *later*. Take the people whose ratings all lie before a date as training, and those who came after it as new. As a control, two groups of the same sizes, drawn at random.

# %%
has_times = ratings.timestamps is not None
if has_times:
    seconds = np.asarray(ratings.timestamps)
    came = np.array([seconds[ratings.users == user].min() for user in data.users])
    left = np.array([seconds[ratings.users == user].max() for user in data.users])
    date = np.quantile(came, 0.6)
    before, after = np.flatnonzero(left < date), np.flatnonzero(came >= date)
    print(
        f"{len(before)} people before {np.datetime64(int(date), 's').astype('datetime64[D]')}, {len(after)} after, the others left out"
    )
    drawn = rng.permutation(len(liked))
    groups = {"by time": (before, after), "at random": (drawn[len(after) :][: len(before)], drawn[: len(after)])}

# %%
if has_times:
    by_time, tops = {}, {}
    for split, (old, new) in groups.items():
        past, now = liked[old].astype("float32"), shown[new].astype("float32")
        for name, scores in (
            ("popularity", np.tile(recommend.popularity(past), (len(new), 1))),
            ("item neighbours", now @ recommend.item_neighbours(past, k=100)),
            ("EASE", now @ recommend.ease(past, 200.0)),
        ):
            by_time[name, split] = ndcg(scores, shown[new], held_out[new]).mean()
        tops[split] = [set(np.argsort(-liked[people].sum(axis=0), kind="stable")[:100]) for people in (old, new)]
        unknown = held_out[new][:, past.sum(axis=0) == 0].sum() / held_out[new].sum()
        print(
            f"{split:10}",
            *(f"{name} {by_time[name, split]:.3f}" for name in ("popularity", "item neighbours", "EASE")),
            end="; ",
        )
        print(
            f"{len(tops[split][0] & tops[split][1])} of the 100 most liked in both; {unknown:.0%} of the held-out likes unknown to training"
        )

# %% tags=["hide-input"]
if has_times:
    claim(
        "Split by time EASE loses more than a fifth of its NDCG, and stays ahead of popularity by more than .05",
        all_of(
            below(by_time["EASE", "by time"], by_time["EASE", "at random"], times=0.8, fmt=".3f", names=("by time", "at random")),
            above(by_time["EASE", "by time"], by_time["popularity", "by time"], by=0.05, fmt=".3f", names=("EASE", "popularity")),
        ),
    )  # fmt: skip

# %% [markdown]
# Part of the loss is plain: some of what the new people like did not exist. Films that nobody in training has liked get no score from any method here. The rest is drift: of the hundred bestsellers then and now fewer than half agree. A random split hides both, so it says how methods rank, and not how well you will serve next year.
# (Most people here rated for a day and left. With years of history one would also split *within* a person: the past shown, the last likes asked.)
#
# ## Stars instead of likes
#
# Now the stars themselves: a number where there is a rating, nothing elsewhere. An autoencoder for them, **AutoRec** (Sedhain 2015), needs a loss that looks only at ratings that exist. With $r$ the ratings, $\hat{r}$ the predictions, over the people $u$ of a batch and all films $i$:
#
# $$ \frac{\sum_{u,i}o_{ui}(r_{ui}-\hat{r}_{ui})^2}{\sum_{u,i}o_{ui}},\qquad{o_{ui}=1}\text{ if $u$ has rated $i$, else 0}. $$
#
# Divide by the ratings, not by the places. (*Dive into Deep Learning* multiplies by $o$ and then takes a mean over all places. Right errors, divided by ten times as many or more: the loss is small before training starts, and a weight decay beside it counts as many times as much.)
#
# The baseline: a film's mean plus how far this person lies above the films' means. Both are means with five ratings of 0 difference added, the `+ 5`: somebody with one rating is not yet an enthusiast. The network gets and predicts what the baseline leaves over. On the same leftovers we fit EASE.

# %%
has_stars = not data.counts  # plays and purchases say nothing of how much something was liked
if has_stars:
    guess(
        "stars",
        f"A model predicts held-out ratings of new people well. Recommend the {FILMS} with the highest predicted stars. Compared with popularity, NDCG is …",
        ["higher: it is personal", "about the same", "lower"],
    )
else:
    print("Your data hold no ratings: the cells of this section are skipped.")


# %%
def baseline_stars(stars, known, train):
    """Mean of each film (shrunk) plus the person's own level; known: bool (people, films), what may be looked at."""
    rated = known[train]
    mean = stars[train][rated].mean()
    film = np.where(rated, stars[train] - mean, 0).sum(axis=0) / (rated.sum(axis=0) + 5)
    person = np.where(known, stars - mean - film, 0).sum(axis=1, keepdims=True) / (known.sum(axis=1, keepdims=True) + 5)
    return (mean + film + person).astype("float32")


class AutoRec(keras.Model):
    """Leftovers in, leftovers out; only what was rated counts. Both come as one array (n, 2, films): leftovers, rated."""

    def __init__(self, n_films, hidden_units=64):
        super().__init__()
        decay = keras.regularizers.L2(2e-4)
        self.hidden = layers.Dense(hidden_units, "tanh", kernel_regularizer=decay)
        self.thin = layers.Dropout(0.3)
        self.out = layers.Dense(n_films, kernel_initializer="zeros", kernel_regularizer=decay)

    def call(self, inputs, training=False):
        length = ops.sqrt(1.0 + ops.sum(inputs[:, 1], axis=1, keepdims=True))
        return self.out(self.hidden(self.thin(inputs[:, 0], training=training) / length))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return losses.masked_mse(x[:, 0], y_pred, x[:, 1]) + sum(self.losses)


# %%
if has_stars:
    rated = ~np.isnan(data.stars)
    stars = np.nan_to_num(data.stars)
    rated_shown, rated_held_out = recommend.fold_in(rated, 0.8, rng)
    may_look = rated.copy()
    may_look[new_people] = rated_shown[new_people]
    level = baseline_stars(stars, may_look, train_people)
    leftovers = np.stack([np.where(may_look, stars - level, 0), may_look], axis=1).astype("float32")
    training.set_seed(SEED)
    autorec = AutoRec(stars.shape[1])
    training.fit(autorec, leftovers[train_people], loss=None, epochs=20, batch_size=64, learning_rate=2e-3)
    new = leftovers[new_people]
    predicted = {
        "mean of all ratings": np.full(level[new_people].shape, stars[train_people][rated[train_people]].mean()),
        "means": level[new_people],
        "EASE of the leftovers": level[new_people] + new[:, 0] @ recommend.ease(leftovers[train_people, 0], 100.0),
        "AutoRec": level[new_people] + autorec.predict(new, batch_size=1000, verbose=0),
    }

# %%
if has_stars:
    known, asked, truth = rated_shown[new_people], rated_held_out[new_people], stars[new_people]
    rmse = {name: float(np.sqrt(np.square(answer - truth)[asked].mean())) for name, answer in predicted.items()}
    good = asked & (truth >= data.liked_from)  # held-out films that were liked
    some = good.any(axis=1)
    predicted["popularity"] = np.tile(recommend.popularity(train), (len(known), 1))
    predicted["EASE of the likes"] = (known & (truth >= data.liked_from)).astype("float32") @ weights
    ranking = {name: ndcg(answer[some], known[some], good[some]).mean() for name, answer in predicted.items()}
    for name, value in ranking.items():
        print(f"{name:22} RMSE {format(rmse[name], '.3f') if name in rmse else '    –'}   {NDCG} {value:.3f}")

# %% tags=["hide-input"]
if has_stars:
    claim(
        "AutoRec predicts stars better than the means, and ranks at least .05 worse than popularity",
        all_of(
            below(rmse["AutoRec"], rmse["means"], fmt=".3f", names=("RMSE", "means")),
            below(ranking["AutoRec"], ranking["popularity"], by=0.05, fmt=".3f", names=("NDCG", "popularity")),
        ),
    )
    claim(
        "In closed form the leftovers are predicted no worse, to .01 stars",
        below(rmse["EASE of the leftovers"], rmse["AutoRec"], by=-0.01, fmt=".3f", names=("EASE", "AutoRec")),
    )
    sides = (ranking["AutoRec"], ranking["popularity"])
    reveal("stars", {
        "higher: it is personal": above(*sides, by=0.02, fmt=".3f", names=("predicted stars", "popularity")),
        "about the same": close(*sides, 0.02, fmt=".3f", names=("predicted stars", "popularity")),
        "lower": below(*sides, by=0.02, fmt=".3f", names=("predicted stars", "popularity")),
    })  # fmt: skip

# %% [markdown]
# (RMSE: the root of the mean squared error.) A hundredth or two of a star is gained over the means, and a linear map gains as much. As rankings all of them fail. Which films do predicted stars put first?

# %%
if has_stars:
    times_rated = rated[train_people].sum(axis=0)
    for name in ("AutoRec", "popularity"):
        top = recommend.recommend(predicted[name], known, min(10, PLACES))
        print(f"{name}: the median {FILM} of the first ten has {np.median(times_rated[top]):.0f} training ratings")
    films, lists = np.unique(recommend.recommend(predicted["AutoRec"], known, min(10, PLACES)), return_counts=True)
    for film in films[np.argsort(-lists)][:4]:
        print(f"  often first, {times_rated[film]:3} training ratings: {data.titles[film]}")

# %% [markdown]
# Films that few have rated, and these few with enthusiasm. The error in stars is measured on films that people *chose*. A recommender has to say which those are, and stars say nothing of it: ratings are not missing at random (Marlin 2007). Popularity predicts no stars at all, and is ahead by far. **Choose the loss for the decision that follows:** a multinomial for what
# will be watched, stars for how it will be liked.
#
# ## A network that was stopped early
#
# The lesson says that a network's first lesson is popularity. Stop one after two passes, and compare people's lists.

# %%
training.set_seed(SEED)
early = denoising_recommender(train.shape[1])
run = training.fit(early, train, epochs=2, learning_rate=1e-3, **RECIPE)
length = min(20, PLACES)


def alike(scores):
    """Mean share of the first films that two people have in common."""
    lists = recommend.recommend(scores, new_shown, length)[:100].tolist()
    return float(np.mean([len(set(a) & set(b)) / length for a, b in itertools.combinations(lists, 2)]))


early_scores = early.predict(history, batch_size=1000, verbose=0)
common = {
    "popularity": np.tile(recommend.popularity(train), (len(history), 1)),
    "stopped early": early_scores,
    "EASE": history @ weights,
}
common = {name: alike(scores) for name, scores in common.items()}
print(f"loss {run.loss[0]:.0f}, then {run.loss[-1]:.0f} nats a person; {NDCG} {ndcg(early_scores).mean():.3f}")
print(f"of the first {length} two people share:", ", ".join(f"{name} {value:.0%}" for name, value in common.items()))
bias = early.layers[-1].get_weights()[1]
print(
    f"rank correlation of the output bias with popularity: {scipy.stats.spearmanr(bias, train.sum(axis=0)).statistic:.2f}"
)
claim(
    "Stopped early, the network gives two people lists that are far more alike than EASE's",
    above(common["stopped early"], common["EASE"], by=0.1, fmt=".2f", names=("stopped early", "EASE")),
)

# %% [markdown]
# ## Wrap-up
#
# * Zero diagonal, strong penalty, narrow code, dropped likes: four obstacles to copying. The wide linear maps end within .01 of each other.
# * A second opinion helps if it is good and different. Ask for the control: another partner.
# * One split's noise is larger than most progress. Pair by person.
# * A random split ranks methods; a split by time says what they will be worth.
# * An error in stars is not a ranking.
#
# ## References
#
# * H. Steck: *Embarrassingly shallow autoencoders for sparse data*, WWW 2019 (EASE).
# * H. Steck: *Autoencoders that don't overfit towards the identity*, NeurIPS 2020.
# * J. Moon, H. Kim, J. Lee: *It's enough: relaxing diagonal constraints in linear autoencoders for recommendation*, SIGIR 2023.
# * Y. Hu, Y. Koren, C. Volinsky: *Collaborative filtering for implicit feedback datasets*, ICDM 2008 (ALS).
# * B. Marlin: *Collaborative filtering: a machine learning perspective*, thesis, University of Toronto 2004 (strong generalisation).
# * D. Liang, R. Krishnan, M. Hoffman, T. Jebara: *Variational autoencoders for collaborative filtering*, WWW 2018.
# * S. Sedhain, A. Menon, S. Sanner, L. Xie: *AutoRec: autoencoders meet collaborative filtering*, WWW 2015.
# * Y. Wu, C. DuBois, A. Zheng, M. Ester: *Collaborative denoising auto-encoders for top-N recommender systems*, WSDM 2016.
# * B. Sarwar, G. Karypis, J. Konstan, J. Riedl: *Item-based collaborative filtering recommendation algorithms*, WWW 2001.
# * M. Deshpande, G. Karypis: *Item-based top-N recommendation algorithms*, ACM TOIS 22, 2004.
# * K. Järvelin, J. Kekäläinen: *Cumulated gain-based evaluation of IR techniques*, ACM TOIS 20, 2002.
# * M. Ferrari Dacrema, P. Cremonesi, D. Jannach: *Are we really making much progress?*, RecSys 2019.
# * W. Krichene, S. Rendle: *On sampled metrics for item recommendation*, KDD 2020.
# * P. Cremonesi, Y. Koren, R. Turrin: *Performance of recommender algorithms on top-N recommendation tasks*, RecSys 2010.
# * A. Zhang, Z. Lipton, M. Li, A. Smola: *Dive into Deep Learning*, d2l.ai, section *AutoRec*.
# * B. Marlin, R. Zemel, S. Roweis, M. Slaney: *Collaborative filtering and the missing at random assumption*, UAI 2007.
# * Student: *The probable error of a mean*, Biometrika 6, 1908.
# * F. M. Harper, J. Konstan: *The MovieLens datasets: history and context*, ACM TiiS 5, 2015.
