# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Generating images and time series
#     lesson: 9
#     minutes: 46
#     compute: 24
#     summary: "Draw codes where codes are; tell good samples from copies; days of electricity and a process of known likelihood: what a network adds to the closed form"
#     prerequisites:
#       - "lesson 05"
#       - "the normal distribution, covariance"
#     objectives:
#       - Fit a density to the codes of a trained autoencoder, and draw new pictures from it
#       - Distinguish samples from copies of the training pictures
#       - Measure generated pictures by Fréchet distance, precision and recall, beside a floor
#       - Compare a network with the exact answer from which it starts, on days of electricity
#       - Measure what a network adds to tuned mixtures where the data are bent
#     data: [fashion_mnist, electricity_days]
# ---

# %% [markdown]
# A generated boot has no original beside which its error could be measured. How good is it? And is it new?
#
# **When an autoencoder is worth it:** the data are bent (shapes that change, bumps that move). For series try a mixture first.
# **When the simple method is enough:** a Gaussian, or several on PCA's codes, for all that is nearly flat.
# **When neither is:** photographs in colour. They take a diffusion model, and graphics cards.

# %%
from course_lib import above, all_of, below, between, claim, datasets, finding, guess, metrics, models
from course_lib import own_data, plots, referees, reveal, sampling, training
from course_lib.widgets import choice, explore, slider

import keras
import numpy as np
from matplotlib.patches import Circle
from scipy.spatial.distance import cdist
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import pairwise_distances_argmin
from sklearn.mixture import GaussianMixture

SEED = training.set_seed(0)
random = np.random.default_rng(SEED)

# %%
clothes = datasets.fashion_mnist()
# Pictures of your own, each subfolder a class: datasets.own_pictures("folder").
# own_data(True): on your data our conclusions are only reported, not asserted. finding(...): text for our data alone.
own_data(clothes is not datasets.fashion_mnist())

of_clothes = clothes.class_names == datasets.fashion_mnist().class_names

# %%
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
LATENTS, DECIMALS = 16, 1 if of_clothes else 3
MANY = min(2000, len(validation))  # samples in a set: as many as there are real pictures to compare with
PASSES = max(4, round(48_000 / len(train)))  # a small set needs more passes for as many steps


def squares(pictures):
    return np.reshape(pictures, (-1, 28, 28))


def decode(decoder, codes):
    """Pictures (n, 784) of codes (n, k), without pixel noise."""
    return metrics.clip01(decoder.predict(np.asarray(codes, "float32"), batch_size=2000, verbose=0))


# %% [markdown]
# ## Recall
#
# 1. What does a plain decoder make of codes from $N(0,I)$, and why?
# 2. A VAE's codes are pulled towards $N(0,I)$. Do they fill it?
#
# <details><summary>Answers</summary>
#
# 1. Mostly nonsense: nothing in training said where codes should lie.
# 2. No: on lesson 05's map few clothes lay between the kinds.
#
# </details>
#
# ## Samples, and pictures that are none
#
# A variational autoencoder with 16 latents, as in lesson 05: it starts at probabilistic PCA. After training its latents are moved and stretched to mean 0 and variance 1.

# %%
ppca = referees.fit_ppca(train, LATENTS)
training.set_seed(SEED)
vae = models.warm_start_vae(ppca, 256)
training.fit(vae, train, loss=None, epochs=PASSES, batch_size=100, learning_rate=2e-3)
vae = models.standardise_codes(vae, train)

# %%
row_a = decode(vae.decoder, vae.posterior(validation[:10])[0])
row_b = decode(vae.decoder, random.standard_normal((10, LATENTS)))
plots.grid([squares(row_a), squares(row_b)], row_labels=["A", "B"], caption="Two rows from one decoder.")

# %%
guess("which-row", "Both rows come out of the same decoder. For one of them it was given the codes of ten photographs. Which?", ["row A", "row B", "it cannot be told"])  # fmt: skip

# %%
far_a, far_b = (float(np.square(row - validation[:10]).mean()) for row in (row_a, row_b))
reveal("which-row", {
    "row A": above(far_b, far_a, times=2, fmt=".3f", names=("error against these ten: B", "A")),
    "row B": above(far_a, far_b, times=2), "it cannot be told": between(far_b / far_a, 0.5, 2),
})  # fmt: skip

# %% [markdown]
# Row A shows *reconstructions*: its codes came from photographs. Row B nobody photographed: each number of a code was drawn from $N(0,1)$, independently, and decoded: $z\sim{N(0,I)}$, $x=g(z)$, with $g$ the decoder. Of every
# shown picture, ask where the code came from.
#
# ## A density on codes
#
# Row B has ghosts: smeared, or two garments in one. Is the decoder bad, or the codes we ask it for? The codes of the training pictures are known. Fit a distribution to them, a **density on codes**, and draw from it.

# %% tags=["hide-input"]
rng, three = np.random.default_rng(1), np.array([[0, 0], [2, 2], [4, 1]])
ring = np.stack([trig(np.linspace(0, 2 * np.pi, 80)) for trig in (np.cos, np.sin)], axis=1)
clumps = [np.array(middle) + 0.5 * rng.standard_normal((60, 2)) for middle in ((0, 0), (5, 0), (2.5, 4))]
figure, axes = plots.subplots(1, 3, height=2.6)
for axis, bells, title in zip(axes, ([three], [np.concatenate(clumps)], clumps), ("three codes", "one bell", "three bells"), strict=True):  # fmt: skip
    for part in bells:
        middle, root = part.mean(axis=0), np.linalg.cholesky(np.cov(part.T)).T
        new = np.array([[4, 2.37]]) if bells[0] is three else middle + rng.standard_normal((30 // len(bells), 2)) @ root
        axis.plot(*part.T, "C0.", *(middle + ring @ root).T, "k", *(middle + 2 * ring @ root).T, "k", *new.T, "C1x", lw=1, ms=5)  # fmt: skip
    axis.set(title=title, xlabel="first number of the code")
plots.show(figure, "Dots: codes. Ovals: one and two deviations of a bell. Crosses: draws. One bell over three clumps draws between them.")  # fmt: skip

# %% [markdown]
# By hand, on the left: three codes of two numbers, $(0,0)$, $(2,2)$, $(4,1)$. Their mean is $\mu=(2,1)$, the deviations are $(-2,-1)$, $(0,1)$, $(2,0)$. The sums of products, divided by $n-1=2$, give the covariance $C=\begin{pmatrix}4&1\\1&1\end{pmatrix}$.
# To draw a fourth code, draw a row $\varepsilon$ of independent numbers from $N(0,1)$, say $(1,1)$, and give it this covariance:
#
# $$z=\mu+\varepsilon\,R,\qquad{R}^\top{R}=C$$
#
# Here $R=\begin{pmatrix}2&.5\\0&.87\end{pmatrix}$ will do: $R^\top{R}$ has $2\cdot2=4$, $2\cdot.5=1$ and $.5^2+.87^2=1$. So $z=(2,1)+(2,\,.5+.87)=(4,\,2.37)$. Why? The covariance of $\varepsilon{R}$ is $R^\top{I}R=C$. `np.linalg.cholesky(C).T` is this $R$; `rng.multivariate_normal` does all of it.
#
# One bell over several clumps is highest where no code is. A **mixture** has several bells, each with a share $\pi_j$:
#
# $$p(z)=\sum_j\pi_j\,N(z;\mu_j,C_j)$$
#
# with $N(z;\mu_j,C_j)$ the height of bell $j$ at $z$. Draw: choose a bell, $j$ with chance $\pi_j$; draw from it. Fit: divide every code among the bells, in proportion to $\pi_jN(z;\mu_j,C_j)$; give each bell the mean, covariance and size of what it got; repeat.
#
# ## Four ways to draw a code
#
# Keep the decoder, change the codes: from the *prior*; from one *Gaussian* fitted to the training codes; from a mixture of 20; or as *mixes*: a random point between the codes of two training pictures.

# %%
mu, spread = vae.posterior(train)  # mean and deviation of the encoder's guess, (n, 16) each
codes = mu + spread * random.standard_normal(mu.shape)  # what the decoder was trained on


def fit_mixture(codes):
    bells = min(20, max(1, len(codes) // 50))
    mixture = GaussianMixture(bells, max_iter=30, tol=1e-2, reg_covar=1e-4, random_state=SEED)
    return mixture.fit(codes[:6000].astype("float64"))


mixture = fit_mixture(codes)


def from_mixture(mixture):
    mixture.set_params(random_state=int(random.integers(2**31)))  # otherwise the same codes at each call
    return random.permutation(mixture.sample(MANY)[0])  # they come sorted by bell


first, second = mu[random.integers(0, len(mu), (2, MANY))]
share = random.uniform(size=(MANY, 1))
drawn = {
    "prior": random.standard_normal((MANY, LATENTS)),
    "Gaussian": random.multivariate_normal(codes.mean(axis=0), np.cov(codes.T), MANY),
    "mixture": from_mixture(mixture),
    "mixes of two": share * first + (1 - share) * second,
}
samples = {name: decode(vae.decoder, z) for name, z in drawn.items()}

# %%
guess("best-sampler", "Same decoder, four ways to draw its codes. Whose pictures are nearest to real ones?", list(drawn))  # fmt: skip

# %%
plots.grid(
    [squares(pictures[:12]) for pictures in samples.values()],
    row_labels=list(samples),
    caption="Twelve samples each. " + finding("In the third row most could be worn."),
)

# %% tags=["hide-input"]
labels = clothes.train_labels
axes_of = LinearDiscriminantAnalysis(n_components=2).fit(mu, labels).transform if len(clothes.class_names) > 2 else referees.fit_pca(mu, 2).encode  # fmt: skip
flat = axes_of(mu[:2000])
figure, axes = plots.subplots(1, 3, height=3.0, sharex=True, sharey=True)
for axis, name in zip(axes, ("training codes", "prior", "mixture"), strict=True):
    axis.scatter(*flat.T, s=3, color="0.78", linewidths=0)
    if name in drawn:
        axis.scatter(*axes_of(drawn[name][:500]).T, s=5, color=plots.COLORS["vermillion"], linewidths=0)
    axis.set(title=name, xlabel="first direction", ylabel="second" if axis is axes[0] else "")
for c in (0, 1, 3, 8, 9) if of_clothes else np.unique(labels[:2000])[:5]:
    axes[0].text(*np.median(flat[labels[:2000] == c], axis=0), clothes.class_names[c].split("/")[0][:20], ha="center", fontsize=8)  # fmt: skip
plots.show(figure, "Grey: training codes, in the two directions that separate the classes best. Orange: codes drawn. " + finding("The prior draws many codes where no picture has one, the mixture few."))  # fmt: skip

# %% [markdown]
# The codes lie in clumps. The prior draws between them, and so do *mixes* of two kinds.
#
# ## A distance between two sets of pictures
#
# How good is a row? Compare *sets*: 2,000 samples with 2,000 photographs. First in one dimension. Two real shoes are 1 and 5 long: mean 3, deviation 2. Two generated ones, 3 and 5: mean 4, deviation 1. Carry one set onto the other, the
# shortest way: 1 to 3, 5 to 5. The mean squared way is $(4+0)/2=2$. With bells, place by place:

# %% tags=["hide-input"]
figure, axis = plots.subplots(height=2.6)
out = np.linspace(-3, 3, 200)  # deviations from the mean
for mean, deviation, side, color, name in ((3, 2, 1, "blue", "real"), (4, 1, -1, "vermillion", "generated")):
    axis.fill_between(mean + deviation * out, side * 0.4, side * (0.4 + np.exp(-0.5 * out**2) / deviation), color=plots.COLORS[color], alpha=0.5)  # fmt: skip
    axis.text(mean, side * (0.4 + 0.35 / deviation), name, ha="center", va="center", fontsize=9)
for e in (-2, -1, 0, 1, 2):
    axis.annotate("", (4 + e, -0.4), (3 + 2 * e, 0.4), arrowprops={"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0})
    axis.text(3.65 + 1.5 * e, 0.1, f"{1 - e:+d}" if e != 1 else "0", va="center", fontsize=9)
axis.set(xlabel="length", xticks=range(-3, 10), yticks=[])
plots.show(figure, "Each place of one bell goes to the place of the other that is as many deviations e out: e = −2, −1, 0, 1, 2. Numbers: the way.")  # fmt: skip

# %% [markdown]
# A place $e$ deviations out goes from $3+2e$ to $4+e$: by $1-e$. Squared, $1-2e+e^2$. Over the bell $e$ averages 0 and $e^2$ 1: the mixed term drops out, two squares are left:
#
# $$d^2=(\mu_1-\mu_2)^2+(\sigma_1-\sigma_2)^2=1+1=2.$$
#
# Written out, $(\sigma_1-\sigma_2)^2=\sigma_1^2+\sigma_2^2-2\sqrt{\sigma_1^2\sigma_2^2}$: two variances and a root. With many numbers, variances become covariances, and the root that of a matrix.
#
# The **root of a matrix** times itself gives the matrix: $\begin{pmatrix}2&1\\1&2\end{pmatrix}\begin{pmatrix}2&1\\1&2\end{pmatrix}=\begin{pmatrix}5&4\\4&5\end{pmatrix}$. The eigenvalues 9 and 1 become their roots, 3 and 1; its trace (the sum of the diagonal) is their sum, 4.
# The **Fréchet distance**, squared as everybody quotes it, is
#
# $$d^2=\|\mu_a-\mu_b\|^2+\operatorname{tr}\left(C_a+C_b-2\,(C_aC_b)^{1/2}\right)$$
#
# The trace of the root is the sum of the roots of the eigenvalues of $C_aC_b$. With equal means, $C_a=\operatorname{diag}(4,1)$ and $C_b=I$: $5+2-2(2+1)=1$.
#
# Pixels are a poor ruler: move a shoe by one, and every edge differs. Better are 32 *features*, the last hidden layer of a small classifier of clothes. (FID: $d^2$ with a large network for colour photographs; not comparable.) The first line below is the floor: two sets of photographs are not at 0.

# %%
classifier = keras.saving.load_model(datasets.DATA_FOLDER.parent / "checkpoints" / "clothes_classifier.keras")
eye = keras.Model(classifier.inputs, classifier.get_layer("features").output)  # it knows the training pictures


def look(pictures):
    """What the classifier sees in pictures (n, 784): features (n, 32)."""
    return eye.predict(metrics.clip01(pictures).reshape(-1, 28, 28, 1), batch_size=1000, verbose=0)


real = look(validation[:MANY])

# %%
pca_codes = ppca.posterior_mean(train)
pca_mixture = fit_mixture(pca_codes)
training.set_seed(SEED)  # a plain autoencoder, as many hidden units and passes
plain_encoder, plain_decoder, plain = models.build_autoencoder(784, 256, LATENTS)
training.fit(plain, train, epochs=PASSES, batch_size=100, learning_rate=3e-3)
plain_mixture = fit_mixture(plain_encoder.predict(train, batch_size=1000, verbose=0))
sets = {
    "real pictures (training)": train[:MANY],
    "mean picture": np.broadcast_to(train.mean(axis=0), (MANY, 784)),
    "PCA: prior": ppca.sample(MANY, random, noise=False),
    "PCA: mixture": ppca.decode(from_mixture(pca_mixture)),
    **{f"VAE: {name}": pictures for name, pictures in samples.items()},
    "plain autoencoder: mixture": decode(plain_decoder, from_mixture(plain_mixture)),
    "PCA: reconstructions, NOT samples": ppca.decode(ppca.posterior_mean(validation[:MANY])),
    "VAE: reconstructions, NOT samples": decode(vae.decoder, vae.posterior(validation[:MANY])[0]),
}
seen = {name: look(pictures.astype("float32")) for name, pictures in sets.items()}
d2 = {name: metrics.frechet_distance(features, real) for name, features in seen.items()}
for name, value in d2.items():
    print(f"{name:36} {value:8.{DECIMALS}f}")

# %% tags=["hide-input"]
ways, fmt = {name: d2[f"VAE: {name}"] for name in drawn}, f".{DECIMALS}f"
reveal("best-sampler", {name: below(ways[name], [ways[o] for o in ways if o != name], fmt=fmt, names=(name, [o for o in ways if o != name])) for name in ways})  # fmt: skip
claim(
    "With a mixture PCA has less than half the d² of the VAE with its prior; the VAE with a mixture is nearer still", all_of(below(d2["PCA: mixture"], d2["VAE: prior"], times=0.5, fmt=fmt, names=("PCA, mixture", "VAE, prior")),
           below(d2["VAE: mixture"], d2["PCA: mixture"], times=0.8, fmt=fmt, names=("VAE, mixture", "PCA, mixture"))))  # fmt: skip

# %% [markdown]
# With its prior the trained network is no nearer than PCA, where it started. Nor does one Gaussian help: stretched, the codes already have mean 0 and variance 1. What is left is clumps: the mixture makes both several times better, and the VAE then has .5 to .6 of PCA's $d^2$. The plain autoencoder is level after these four passes; after eight for both it is *nearer*, in four seeds ([deeper](09_generation_deeper.ipynb)). For samples alone take the plain one. The VAE is here for its likelihood, which the days will need. (Reconstructions show what the decoder alone costs: 7.3 of the VAE's 10.8.)
#
# ## Precision and recall of samples
#
# What is wrong, $d^2$ does not say. Around each real picture draw a circle that reaches to its nearest real neighbour (in use: to the third). All circles together are the **region** of the real pictures. **Precision of samples** is the share of samples within it; **recall of samples**
# the share of real pictures within the region of the samples.


# %%
def precision_recall(real, samples, k=3):
    """Shares of points (n, f) within the circles around the points of the other set."""

    def radius(points):
        return np.partition(cdist(points, points), k, axis=1)[:, k]  # number 0 is the point itself

    apart = cdist(samples, real)  # (samples, real)
    precision = (apart <= radius(real)).any(axis=1).mean()
    recall = (apart <= radius(samples)[:, None]).any(axis=0).mean()
    return float(precision), float(recall)


# %% tags=["hide-input"]
points = np.array([[0, 0], [1, 0.2], [2, 0], [3, 0.3], [1.5, 1.2], [2.6, 1.3]])
made = {
    "nearly right": [[0.4, 0.3], [1.7, 0.4], [2.4, 0.8], [3.9, 2.2]],
    "one shoe": [[1.5, 1.1], [1.56, 1.16], [1.46, 1.18], [1.53, 1.04]],
    "scattered": [[-0.9, 1.6], [3.9, -0.7], [-0.9, -1.1], [3.8, 2.4]],
}
figure, axes = plots.subplots(2, 3, height=4.4, sharex=True, sharey=True)
for (title, cloud), column in zip(made.items(), axes.T, strict=True):
    for axis, centres, name, share in zip(column, (points, cloud), ("precision", "recall"), precision_recall(points, np.array(cloud), k=1), strict=True):  # fmt: skip
        for centre, others in zip(centres, cdist(centres, centres), strict=True):
            axis.add_patch(Circle(centre, np.sort(others)[1], alpha=0.15, lw=0))
        axis.plot(*points.T, "ko", *np.transpose(cloud), "C1x", ms=5)
        axis.set(xlim=(-2.6, 5.6), ylim=(-2.2, 3.6), aspect="equal", title=f"{title}: {name} {share:.2f}")
plots.show(figure, "Dots: real. Crosses: samples. Above the region of the real ones, below that of the samples. Scattered samples have large circles and reach everything.")  # fmt: skip


# %%
for name, features in seen.items():
    precision, recall = precision_recall(real, features)
    print(f"{name:36} precision {precision:.2f}, recall {recall:.2f}")

# %% [markdown]
# First line: the mark. Precision follows the codes: the mixture lifts it from .6 to .9, with either decoder. With the mixture PCA's pictures reach three real ones in ten, the plain autoencoder's four, the VAE's more than half. (The prior's recall flatters it: large circles. Precision above the mark may be blur.) *Mixes* have less of both.
#
# ## Copies
#
# A generator that hands out its training pictures would win both tables. So look at each sample $x$ and the nearest training picture, at the distance $\min_i\|x-t_i\|$ in pixels (two different shoes may share features):

# %%
shown = samples["mixture"][:12]
plots.grid(
    [squares(shown), squares(train[pairwise_distances_argmin(shown, train)])],
    row_labels=["sample", "nearest in\ntraining"],
    below=[[""] * 12, [f"{d:.1f}" for d in metrics.nearest_distance(shown, train)]],
    caption="Samples, nearest training pictures, distances. " + finding("Similar, blurred, not the same."),
)
near, usual = (np.median(metrics.nearest_distance(x, train)) for x in (samples["mixture"], validation))
print(f"median distance to the nearest training picture: samples {near:.2f}, unseen photographs {usual:.2f}")

# %% [markdown]
# The samples are *nearer* than unseen photographs. Copied? No: a blurred picture lacks the grain in which photographs differ.
#
# A fairer question: take two blocks of one size, all that the generator was trained on, and as many *fresh* pictures. In which is a sample's nearest neighbour? Blur brings it nearer to both.
#
# By hand, on a line: trained on 1, 4, 7; fresh are 2, 5, 8. The samples 1.3, 2.9, 4.6, 6.1 have their neighbours at 1, 2, 5, 7: two of four are fresh, which is fair. Those of 1.1, 3.9, 4.2, 7.2 are 1, 4, 4, 7: none is fresh. Copies.
#
# A smaller fresh block has a smaller fair share: 1,000 beside 12,000 make 1 in 13. Divide by it: *1 is fair, 0 is copied*.


# %%
def freshness(samples, trained_on, fresh):
    """Share of the samples (n, d) whose neighbour is fresh, over its fair share: about 1, or 0 for copies."""
    both = np.concatenate([trained_on, fresh])
    is_fresh = pairwise_distances_argmin(samples, both) >= len(trained_on)
    return float(is_fresh.mean() / (len(fresh) / len(both)))


# %% [markdown]
# Now a culprit: a network shown only 50 pictures, often. Its density has a narrow bell (3 % of the spread) on each of their codes. Does the test notice?

# %%
fifty, others = train[:50], train[-50:]
training.set_seed(SEED)
its_encoder, its_decoder, memoriser = models.build_autoencoder(784, (512, 128), 4)
training.fit(memoriser, np.tile(fifty, (40, 1)), epochs=8, batch_size=20, learning_rate=2e-3)
its_codes = its_encoder.predict(fifty, verbose=0)
wobble = 0.03 * its_codes.std(axis=0) * random.standard_normal((MANY, 4))
by_heart = decode(its_decoder, its_codes[random.integers(0, 50, MANY)] + wobble)
plots.grid(
    [squares(by_heart[:12]), squares(fifty[pairwise_distances_argmin(by_heart[:12], fifty)])],
    row_labels=["sample", "nearest of\nthe 50"],
    caption="The network that saw 50 pictures. " + finding("Its samples are these pictures."),
)

# %%
fresh, unseen = np.array_split(validation, 2)
fair = {
    "unseen photographs": freshness(unseen, train, fresh),
    "VAE, mixture": freshness(samples["mixture"], train, fresh),
    "the network of 50": freshness(by_heart, fifty, others),
}
for name, value in fair.items():
    print(f"{name:20} {value:.2f} (1 is fair, 0 is copied)")
claim(
    "The mixture's samples are about as fresh as a fair generator's; those of the network of 50 are copies",
    all_of(between(fair["VAE, mixture"], 0.5, 1.5, fmt=".2f", name="mixture"), below(fair["the network of 50"], 0.4, fmt=".2f", names=("50", ""))),
)  # fmt: skip

# %% [markdown]
# Is .83 fair? Of 2,000 samples 154 should have fresh neighbours, $\pm\sqrt{154}=12$ by counting alone: ± .08. Some photographs are the nearest of many samples, so it is ± .13 ([deeper](09_generation_deeper.ipynb)). So .83 is about one deviation below fair; .5 would be more than three.
#
# ## Between two codes
#
# Independent codes of many numbers are about equally long, and at right angles. Half-way on the straight line between two a code has 71 % ($\sqrt{.5}$) of their length, less than the decoder met. **Slerp** keeps the length, on an arc: norm and direction run evenly from $a$ to $b$. With $u=a/\|a\|$, $v=b/\|b\|$ and the angle $\omega$ between them,
#
# $$\operatorname{slerp}(a,b,t)=\left[(1-t)\|a\|+t\|b\|\right]\,\frac{\sin((1-t)\,\omega)\,u+\sin(t\,\omega)\,v}{\sin\omega}$$
#
# By hand: $a=(3,0)$, $b=(0,3)$, half-way. $\omega=90°$, and $\sin45°=.71$ of each: $(2.12,\,2.12)$, norm 3. The straight way gives $(1.5,\,1.5)$, norm 2.12. Neither avoids the gaps: half-way stands a ghost. Straight pictures are safer and less varied than the arc's ([deeper](09_generation_deeper.ipynb)).


# %%
def show_way(first, second, share):
    """Both ways between the codes of two validation pictures."""
    a, b = vae.posterior(validation[[first, second]])[0]
    ways = [(1 - share) * a + share * b, sampling.slerp(a, b, share)]
    shown = [validation[first], *decode(vae.decoder, ways), validation[second]]
    plots.row(squares(shown), titles=["picture A", "straight", "arc", "picture B"], size=1.4, caption="On the way from A to B.")  # fmt: skip


PICTURES = {f"{i}: {clothes.class_names[clothes.validation_labels[i]]}": i for i in range(min(20, len(validation)))}
explore(
    show_way,
    first=choice(PICTURES, 6, label="picture A"),
    second=choice(PICTURES, 3, label="picture B"),
    share=slider(0.0, 1.0, 0.5, step=0.1, label="share of the way"),
)

# %% [markdown]
# ## Days of electricity
#
# Now series: the demand in Victoria, Australia, in each half-hour of 2014, and whether it was a working day. Neighbouring days are alike, so whole weeks are held out, and the scale comes from the training weeks alone.

# %%
days = datasets.electricity_days()
# Days of your own, one a row: datasets.own_windows("days.csv"); a long series: datasets.own_series("load.csv", window=48).
ours = days is datasets.electricity_days()
own_data(not ours)

# %%
centre, scale = float(days.train.mean()), float(days.train.std())


def split_of(name):
    """Days in training deviations (n, d), and their kind (n,): 0 free, 1 working. Days of your own are of one kind."""
    rows = (getattr(days, name) - centre) / scale
    if ours:
        return rows, getattr(days, f"{name}_working").astype(int)
    rows = rows[days.test_kinds == 0] if name == "test" else rows
    return rows, np.zeros(len(rows), int)


(train_days, kind), (validation_days, validation_kind) = split_of("train"), split_of("validation")
kinds = np.eye(1 + kind.max(), dtype="float32")  # one-hot
means = np.stack([train_days[kind == k].mean(axis=0) for k in range(len(kinds))])  # (2, 48)

# %% [markdown]
# The closed form is a Gaussian *for each kind of day*. 72 free days are few for a covariance of 48×48 numbers, so each goes 30 % of the way to that of all days (shrinkage; [deeper](09_generation_deeper.ipynb)).
#
# Against it, a **conditional VAE**: encoder and decoder get the kind as a second input. It starts at probabilistic PCA around the mean of each kind. On the validation weeks we keep the best epoch, *the start included*.

# %%
guess(
    "days",
    f"{len(train_days)} training days of {train_days.shape[1]} numbers. Which gives unseen days the higher likelihood?",
    ["a Gaussian for each kind of day", "a conditional VAE", "no difference"],
)

# %% [markdown]
# How probable is a day? Recall lesson 05's pixel: sneaker and boot equally likely, heights .216 and 1.473; the encoder's guess $q$ said .2 and .8. A code drawn from $q$ has the weight $w=p(x,z)/q(z|x)$: the sneaker $.5\cdot.216/.2=.54$, the boot $.5\cdot1.473/.8=.92$. Their mean under
# $q$ is $.2\cdot.54+.8\cdot.92=.84$, that is $p(x)$. The mean of $\ln{w}$ is the ELBO: $.2\ln.54+.8\ln.92=-.19$, below $\ln.84=-.17$. We take the logarithm of the mean of 100 drawn weights: on average between the two. If $q$ is the posterior, as at the start, every $w$ is $p(x)$, and one draw is exact.

# %%
pooled = np.cov((train_days - means[kind]).T)
gaussians = [referees.fit_gaussian(train_days[kind == k], ridge=1e-4, target=pooled, share=0.3) for k in range(len(kinds))]  # ridge: added to variances  # fmt: skip
latents = min(24, train_days.shape[1] // 2, len(train_days) // 4)
start = referees.fit_ppca(train_days - means[kind], latents)
training.set_seed(SEED)
day_vae = models.warm_start_conditional_vae(start, means, 32)  # 32 hidden units


def of_kind(table, kind):
    """From a table (kinds, n, ...), the row of the kind of each day (n,)."""
    return np.asarray(table)[kind, np.arange(len(kind))]


def nats(table, kind, samples=100):
    """Log likelihood of each day (n, d), in nats; of the VAE a lower bound."""
    return {
        "a Gaussian for each kind": of_kind([g.log_likelihood(table) for g in gaussians], kind),
        f"probabilistic PCA, {latents} latents": start.log_likelihood(table - means[kind]),
        "conditional VAE": metrics.importance_weighted_bound(day_vae.log_weights([table, kinds[kind]], samples=samples)),
    }  # fmt: skip


# %%
keep = training.KeepBest(lambda: nats(validation_days, validation_kind, 20)["conditional VAE"].mean(), every=5)
training.fit(day_vae, [train_days, kinds[kind]], loss=None, epochs=20, batch_size=32, learning_rate=1e-3, callbacks=[keep])  # fmt: skip
print("validation nats, epoch by epoch (0 exact, then bounds):", *(f"{e}: {value:.1f}" for e, value in keep.scores))
on_validation = {name: float(values.mean()) for name, values in nats(validation_days, validation_kind).items()}
for name, value in on_validation.items():
    print(f"{name:32} {value:6.1f} nats a day")

# %% tags=["hide-input"]
gaussian, _, network = on_validation.values()
reveal("days", {
    "a Gaussian for each kind of day": above(gaussian, network, by=1, unit="nats", fmt=".1f", names=("Gaussian", "VAE")),
    "a conditional VAE": above(network, gaussian, by=1), "no difference": between(gaussian - network, -1, 1),
})  # fmt: skip
claim(
    "On the validation weeks the Gaussian is ahead by more than a nat; 20 epochs lift the network by less than a nat over its own start, if at all",
    all_of(above(gaussian, network, by=1, unit="nats", fmt=".1f", names=("Gaussian", "VAE, as kept")),
           below(keep.scores[-1][1], keep.scores[0][1], by=-1, unit="nats", fmt=".1f", names=("epoch 20", "start"))),
)  # fmt: skip

# %% [markdown]
# Epoch 0 is kept. The rise after epoch 5 makes good what the first steps spoiled. Here training learns nothing about other days: the network *is* probabilistic PCA.
#
# Why is the Gaussian ahead? Of 48 directions the network has 24 in its latents, and gives to the rest noise of one size; the Gaussian gives each its own. (A covariance for each kind is worth half a nat: [deeper](09_generation_deeper.ipynb).)

# %% tags=["hide-input"]
some, asked = validation_days[::5][:14], kinds[validation_kind[::5][:14]]
mean_days = day_vae.generate(random.standard_normal((len(some), latents)), asked)
of_gaussian = of_kind([g.sample(len(some), random) for g in gaussians], asked.argmax(axis=1))
shown = {"real": some, "Gaussian": of_gaussian, "conditional VAE": mean_days + day_vae.sigma * random.standard_normal(some.shape)}  # fmt: skip
figure, axes = plots.subplots(1, 3, height=2.6, sharey=True)
for axis, (title, table) in zip(axes, shown.items(), strict=True):
    axis.plot(days.hours if ours else days.positions, (centre + scale * table).T, lw=0.8)
    axis.set(title=title, xlabel="hour of the day" if ours else days.axis, ylabel="demand, GW" if title == "real" and ours else "")  # fmt: skip
plots.show(figure, f"{len(some)} days each, of the same kinds. " + finding("At a first look they are alike: two nats are little to the eye."))  # fmt: skip

# %% [markdown]
# ## A process with a known answer
#
# Where could a network win? Where the data are bent. Let each day have **one bump, at a random hour**, and a little noise.

# %%
own_data(False)  # this process is the course's
process = referees.BumpProcess()
chance = np.random.default_rng([SEED, 1])
bump_train, bump_validation, bump_new = (process.sample(300, chance).astype("float64") for _ in range(3))
plots.curve(process.hours, {f"day {i}": bump_new[i] for i in range(4)}, xlabel="hour of the day", ylabel="value", markers=False, height=2.2, caption="Four days of the process.")  # fmt: skip

# %% [markdown]
# One number, the hour, makes a day: without noise the days lie on a curve through 48 dimensions. The mean of two has two half bumps, and no day has: the curve bends. The exact likelihood averages over the hours.
#
# The rivals: a Gaussian, even from 50,000 days; and mixtures of short straight pieces: round (*spherical*), upright (*diag*), all of one shape (*tied*), each its own (*full*); number and smallest variance chosen on validation days. The VAE's settings were chosen by hand: read a small lead with care. It starts at random.

# %%
guess("bump", "300 days with one bump at a random hour. Which gives new days the higher likelihood? (3 nats make a day 20 times as probable.)", ["the best mixture", "the VAE", "they are within 3 nats"])  # fmt: skip

# %%
PIECES = {"spherical": (30, 45, 60, 75), "diag": (20, 30, 45, 60), "tied": (20, 30, 45, 60), "full": (8, 12, 16, 20)}
tried = [
    GaussianMixture(n, covariance_type=shape, reg_covar=least, n_init=5, random_state=SEED).fit(bump_train)
    for shape, counts in PIECES.items()
    for n in counts
    for least in (3e-4, 1e-3, 2e-3)
]
chosen = {shape: max((m for m in tried if m.covariance_type == shape), key=lambda m: m.score(bump_validation)) for shape in PIECES}  # fmt: skip

# %%
training.set_seed(SEED)
bump_vae = models.build_vae(48, (64, 64), 3, sigma=0.3, learn_sigma=True)
training.fit(bump_vae, bump_train.astype("float32"), loss=None, epochs=120, batch_size=30, learning_rate=5e-3)
bump_nats = {  # each (300,)
    "Gaussian, 50,000 days": referees.fit_gaussian(process.sample(50_000, chance)).log_likelihood(bump_new),
    **{f"{m.n_components} pieces, {shape}": m.score_samples(bump_new) for shape, m in chosen.items()},
    "VAE (bound)": metrics.importance_weighted_bound(bump_vae.log_weights(bump_new.astype("float32"), samples=100)),
    "the process itself": process.log_likelihood(bump_new),
}
for name, values in bump_nats.items():
    print(f"{name:24} {values.mean():6.1f} nats a new day")

# %% tags=["hide-input"]
gauss, *_, network, _ = bump_nats.values()
best = max(chosen.values(), key=lambda m: m.score(bump_validation))
over = [float((x - gauss).mean()) for x in (network, best.score_samples(bump_new))]
lead = network - best.score_samples(bump_new)  # (300,)
ahead = float(lead.mean())
reveal("bump", {"the best mixture": below(ahead, -3), "the VAE": above(ahead, 3), "they are within 3 nats": between(ahead, -3, 3, unit="nats", fmt=".1f", name="VAE minus mixture")})  # fmt: skip
print(f"best mixture on the validation days: {best.n_components} {best.covariance_type} pieces; the VAE is ahead of it by {lead.mean():.1f} ± {1.96 * lead.std() / len(lead) ** 0.5:.1f} nats (95 %, over days)")  # fmt: skip
claim("The VAE is more than 5 nats ahead of the Gaussian of 50,000 days, and so is the best mixture fitted to 300", above(over, 5, unit="nats", fmt=".1f", names=(["VAE", "mixture"], "")))  # fmt: skip
four = {"best mixture": best.sample(4)[0], "Gaussian": referees.fit_gaussian(bump_train, ridge=1e-3).sample(4, random), "VAE": bump_vae.decoder.predict(random.standard_normal((4, 3)), verbose=0) + bump_vae.sigma * random.standard_normal((4, 48))}  # fmt: skip
figure, axes = plots.subplots(1, 3, height=2.2, sharey=True)
for axis, (title, table) in zip(axes, four.items(), strict=True):
    axis.plot(process.hours, table.T, lw=1.2)
    axis.set(title=title, xlabel="hour of the day")
plots.show(figure, "Four days each. The Gaussian has the right mean and covariance, and no day with one bump. The VAE's codes came from the prior, as its likelihood assumes: some days have a low bump, or two.")  # fmt: skip

# %% [markdown]
# No Gaussian can follow a bend; many short pieces can, and then the network leads by a nat or so. It is still 5 nats below the process. Fit closed form *and* mixture first.
#
# ## Larger relatives
#
# * **VQ-VAE**: the encoder gives a grid of vectors, each replaced by the nearest of some 500 learned ones. The code is a grid of whole numbers; its density predicts each from those before.
# * **Diffusion model**: a network that takes out noise of a given level, applied tens of times, from pure noise to a picture.
# * **Latent diffusion**: an autoencoder turns 512×512×3 numbers into 64×64×4; a diffusion model is the density on these.
# * **Sequence autoencoder**: reads and writes series of any length, step by step.
#
# ## What goes wrong
#
# Reconstructions or copies shown as samples; training kept though the start was better; a scale that saw the test weeks ([deeper](09_generation_deeper.ipynb)).
#
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | all samples alike, recall near 0 | rate of each latent | collapse, or codes drawn too narrow | lesson 05; deviation 1 |
# | samples suspiciously sharp | `freshness` | known by heart | more data, fewer passes |
# | nearly flat data, and tens of nats below the Gaussian ([deeper](09_generation_deeper.ipynb)) | `vae.sigma` | random start | start at probabilistic PCA |
#
# ## Results
#
# Now, once, the test data.

# %%
own_data(clothes is not datasets.fashion_mnist())
real_test = look(test[:MANY])
finalists = {
    "mean picture": ("trivial", lambda: sets["mean picture"]),
    "PCA, prior": ("referee", lambda: ppca.sample(MANY, random, noise=False)),
    "VAE, prior": ("network", lambda: decode(vae.decoder, random.standard_normal((MANY, LATENTS)))),
    "PCA, mixture": ("rival", lambda: ppca.decode(from_mixture(pca_mixture))),
    "plain, mixture": ("network", lambda: decode(plain_decoder, from_mixture(plain_mixture))),
    "VAE, mixture": ("network", lambda: decode(vae.decoder, from_mixture(mixture))),
    "real pictures": ("limit", lambda: train[random.integers(0, len(train), MANY)]),
}
thrice = [[metrics.frechet_distance(look(draw().astype("float32")), real_test) for _ in range(3)] for _, draw in finalists.values()]  # fmt: skip
plots.ladder(
    list(finalists),
    np.mean(thrice, axis=1).tolist(),
    kinds=[of for of, _ in finalists.values()],
    metric=f"squared Fréchet distance to {len(real_test):,} test pictures",
    value_format=f".{DECIMALS}f",
    intervals=[(min(values), max(values)) for values in thrice],
    caption=finding("The draw of codes takes d² most of the way, the network half the rest. ") + "Three draws each.",
)

# %%
own_data(not ours)
test_days, test_kind = split_of("test")
on_test = nats(test_days, test_kind)
week = (days.test_days + 2) // 7 if ours else np.arange(len(test_days))  # days of a week are alike: draw weeks
members = [np.flatnonzero(week == w) for w in np.unique(week)]
rounds = [np.concatenate([members[i] for i in random.integers(0, len(members), len(members))]) for _ in range(1000)]
plots.ladder(
    list(on_test),
    [float(values.mean()) for values in on_test.values()],
    kinds=["referee", "referee", "network"],
    metric="log likelihood of a test day",
    unit="nats",
    lower_is_better=False,
    intervals=[np.quantile([values[chosen].mean() for chosen in rounds], [0.025, 0.975]) for values in on_test.values()],
    caption="With 95 % intervals over weeks. A hard week is hard for all: compare week by week, below. Zero nats means nothing: read differences. " + finding("The network was kept at its start: the two are one."),
)  # fmt: skip
ahead = on_test["a Gaussian for each kind"] - on_test["conditional VAE"]
low, high = np.quantile([ahead[chosen].mean() for chosen in rounds], [0.025, 0.975])
print(f"Gaussian for each kind minus conditional VAE: {ahead.mean():.1f} nats a day [{low:.1f}, {high:.1f}]")

# %% [markdown]
# ## On your own data
#
# | | pictures | series |
# |---|---|---|
# | your data look like this | a folder, 200 pictures or more, small and alike in crop: `datasets.own_pictures` | days, beats, cycles of one length: `datasets.own_windows`; one long series: `datasets.own_series(…, window=48)` |
# | start with this | a mixture on PCA's codes | a Gaussian; where it looks wrong, a mixture |
# | set this | latents 16, one bell per 50 pictures, at most 20; then a plain autoencoder | kinds, if any, in `split_of`; split by weeks; the scale from training alone |
# | report this | $d^2$ beside its floor (the eye stays the classifier of clothes: a rough one), precision, recall, freshness | nats beside the Gaussian's, intervals over weeks |
# | leave the autoencoder when | you need photographs in colour: fine-tune a diffusion model | the VAE stays at its start |
#
# ## Wrap-up
#
# * Draw codes from the distribution that they have: $z=\mu+\varepsilon{R}$.
# * Judge sets, beside another real one: $d^2=\|\mu_a-\mu_b\|^2+\operatorname{tr}(C_a+C_b-2(C_aC_b)^{1/2})$, precision, recall.
# * Copies: neighbours in all training pictures, and in fresh ones.
# * Compute the closed form, start the network there, let the start compete.
#
# Next: [the exercises](../exercises/09_generation.ipynb). Their capstone, `fresh_pictures`, wants samples that are neither blurred nor copied. Then [deeper](09_generation_deeper.ipynb).
#
# ## References
#
# * Fréchet distance: Dowson, Landau, 1982; FID: Heusel and others, 2017. Precision and recall: Kynkäänniemi and others, 2019. Copies: Meehan and others, 2020. More, and titles, in [deeper](09_generation_deeper.ipynb).
# * Electricity: Australian Energy Market Operator (AEMO), Victoria 2014, as in R. J. Hyndman's *fpp2*.
