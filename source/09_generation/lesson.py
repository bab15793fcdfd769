# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Generating images and time series
#     lesson: 9
#     minutes: 75
#     compute: 67
#     summary: "Sample a latent space and tell good samples from copies; days of electricity, where a Gaussian stays ahead of a network that starts from it, and a process where it cannot"
#     prerequisites:
#       - "lesson 05"
#       - "the normal distribution, covariance"
#     objectives:
#       - Sample one decoder in four ways and rank them by a distance between sets of pictures
#       - Measure precision, recall and copying of generated pictures
#       - Generate clothes of a class that was asked for
#       - Compare generated days of electricity demand with real ones in likelihood, memory, spectrum and use
#       - Measure what a network adds to a Gaussian, on real days and on a process with a known answer
#     data: [fashion_mnist, electricity_days]
# ---

# %% [markdown]
# Drawing a code and decoding it takes one line. Knowing whether the result is any good takes this lesson. There is no original to compare a
# sample with, so the mean squared error is out. What can be compared are **sets**: a thousand samples with a thousand photographs.
#
# The questions are the same for pictures and for series. Do the samples look like the data? Do they cover all of it? Are they new? And is a
# closed form already as good?

# %%
from course_lib import (
    below,
    claim,
    datasets,
    finding,
    guess,
    metrics,
    models,
    own_data,
    plots,
    referees,
    reveal,
    training,
)
from course_lib.widgets import choice, explore, slider

import keras
import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import RidgeCV
from sklearn.metrics import pairwise_distances_argmin, roc_auc_score
from sklearn.mixture import GaussianMixture

SEED = training.set_seed(0)
random = np.random.default_rng(SEED)

# %%
clothes = datasets.fashion_mnist()
# The complete set, fetched once: datasets.fashion_mnist(full=True).with_validation(2_000) (0.8 GB more memory, half as much time again).
# Pictures of your own, each subfolder a class: datasets.own_pictures("folder").
own_data(clothes is not datasets.fashion_mnist())

# %%
train, validation, test = (clothes.flat(split) for split in ("train", "validation", "test"))  # (n, 784) in [0, 1]
LATENTS = 16
MANY = min(2000, len(validation))  # samples in a set: as many as there are real pictures to compare with
PASSES = max(4, round(48_000 / len(train)))  # a small set needs more passes for as many steps
classes = range(len(clothes.class_names))
of_clothes = clothes.class_names == datasets.fashion_mnist().class_names
if MANY < 2000:
    print(f"Sets of {MANY} pictures are compared, not of 2,000: the fewer, the more the scores scatter.")


def as_images(pictures):
    """Flat pictures as squares: (n, 784) -> (n, 28, 28)."""
    return np.asarray(pictures).reshape(-1, 28, 28)


def decode(decoder, codes):
    """Mean pictures of codes (n, k), without pixel noise: (n, 784), clipped."""
    return metrics.clip01(decoder.predict(np.asarray(codes, "float32"), batch_size=2000, verbose=0))


# %% [markdown]
# ## Recall
#
# 1. What does the loss of a variational autoencoder consist of, and in which unit?
# 2. Why does a plain decoder make nonsense of codes from $N(0, I)$?
# 3. A model has a higher likelihood. Are its samples better?
#
# <details><summary>Answers</summary>
#
# 1. Distortion, $-\ln p(x|z)$, plus rate, the KL divergence of the posterior from the prior; both in nats for one picture.
# 2. Nothing in its training said where codes should lie. They lie elsewhere, and the decoder was never asked about the rest.
# 3. Not necessarily. In lesson 05 the network gained tens of nats, and its samples looked no better for it.
#
# </details>

# %% [markdown]
# ## Samples, and pictures that are none
#
# We train one variational autoencoder with 16 latents, as in lesson 05: it starts at probabilistic PCA. As there, the latents are then moved and
# stretched to mean 0 and variance 1, so that the prior is as good as it can be without more training.

# %%
ppca = referees.fit_ppca(train, LATENTS)
training.set_seed(SEED)
trained = models.warm_start_vae(ppca, 256)
run = training.fit(trained, train, loss=None, epochs=PASSES, batch_size=100, learning_rate=2e-3)
mu, sd = trained.posterior(train)
variances = mu.var(axis=0) + np.square(sd).mean(axis=0)
vae = models.standardise_codes(trained, train)
print(f"{run.seconds:.0f} s; standard deviation of a pixel around the decoder's answer: {vae.sigma:.3f}")
print(f"variances of the latents before the stretching: {variances.min():.2f} to {variances.max():.2f}, after it all 1")

# %%
guess(
    "which-row",
    f"Both rows below come out of the same decoder. Which one shows {finding('clothes') or 'things'} that nobody photographed?",
    ["row A", "row B", "both"],
)

# %%
row_a = decode(vae.decoder, vae.posterior(validation[:10])[0])
row_b = metrics.clip01(models.sample_prior(vae.decoder, 10, LATENTS, random))
plots.grid(
    [as_images(row_a), as_images(row_b)],
    row_labels=["A", "B"],
    caption="Two rows from one decoder. One row had photographs to look at.",
)
reveal("which-row", "row B")

# %% [markdown]
# Row A looks better, and it is a row of **reconstructions**: each code came from a photograph. Row B came from `rng.standard_normal`, and no
# photograph took part. Whenever you see a generator's pictures, ask where the codes came from. The animation of "generated" digits in a
# well-known tutorial is of kind A.
#
# Both rows show **means**: what the decoder answers, without the pixel noise that a draw from the model would add. Generated pictures are usually
# shown so. Where noise is added below, the name says it.
#
# ## A distance between two sets of pictures
#
# Which numbers would tell A from B? Pixels are a poor space to compare sets in. A classifier's last hidden layer is better: it keeps what
# matters for telling clothes apart. Ours is small, was trained once on the training pictures (`python -m bench.classifier_lesson09`), and ships
# with the course, so that everybody measures with the same ruler.

# %%
folder = datasets.DATA_FOLDER.parent / "checkpoints"
classifier = keras.saving.load_model(folder / "clothes_classifier.keras")
look = keras.Model(classifier.inputs, [classifier.get_layer("features").output, classifier.outputs[0]])


def features_and_classes(pictures):
    """What the classifier sees: 32 features (n, 32) and its decision (n,) for each picture (n, 784)."""
    images = np.asarray(pictures, "float32").reshape(-1, 28, 28, 1)
    features, shares = look.predict(images, batch_size=1000, verbose=0)
    return features, shares.argmax(axis=1) if decide is None else decide(features)


decide = None  # the classifier's own decision
if not of_clothes:
    print(
        "The classifier was trained on clothes. Its features are features of your pictures, too, if not made for them."
    )
    if len(classes) > 1:  # its classes mean nothing here: a linear classifier on its features learns yours
        decide = LinearDiscriminantAnalysis().fit(features_and_classes(train)[0], clothes.train_labels).predict
real_features, decisions = features_and_classes(validation[:MANY])
accuracy = float((decisions == clothes.validation_labels[:MANY]).mean())
if len(classes) > 1:
    print(f"the classifier names {accuracy:.1%} of the validation pictures correctly")

# %% [markdown]
# Describe each set of features by its mean and covariance, that is by a Gaussian. The **Fréchet distance** is the distance between the two
# Gaussians:
#
# $$d^2 = \|\mu_a-\mu_b\|^2 + \operatorname{tr}\big(C_a + C_b - 2\,(C_a C_b)^{1/2}\big)$$
#
# Everybody quotes the square, and so do we: the numbers below are $d^2$. With the features of a large network it is known as FID, the most quoted score of image generators (Heusel and others 2017). That network was
# made for colour photographs; for small grey pictures the features of a small classifier are the better ruler. FID numbers from
# elsewhere therefore do not compare with ours, nor do numbers from another count of pictures.
#
# A distance alone does not say what is wrong. **Precision** is the share of the samples that lie within the region of real pictures, **recall** the share of real
# pictures within the region of the samples (Kynkäänniemi and others 2019). A generator of one perfect shoe has precision 1 and recall near 0.

# %%
board = {}
DIGITS = 1 if of_clothes else 3  # of d²: to other pictures than clothes the features may answer with a tenth as much


def print_scores(name):
    """The line of one set of pictures: d², precision, recall."""
    print(f"{name:36} {board[name][0]:8.{DIGITS}f} {board[name][1]:10.2f} {board[name][2]:8.2f}")


def judge(name, pictures, show=True):
    """Score a set of pictures, such as 2,000, against those of the validation split, and remember the scores."""
    features, _ = features_and_classes(metrics.clip01(pictures))
    board[name] = (
        metrics.frechet_distance(features, real_features),
        *metrics.sample_precision_recall(real_features, features),
    )
    if show:
        print_scores(name)


def add_noise(pictures):
    """What a draw from the model adds to its mean: independent noise in each pixel."""
    return pictures + vae.sigma * random.standard_normal(pictures.shape).astype("float32")


prior_pictures = decode(vae.decoder, random.standard_normal((MANY, LATENTS)))
HEAD = f"{'':36}  d²       precision   recall"
print(HEAD)
judge("real pictures (training)", train[:MANY])
judge("mean picture", np.broadcast_to(train.mean(axis=0), (MANY, 784)).astype("float32"))
judge("Gaussian of the pixels, a full draw", referees.fit_gaussian(train, ridge=1e-4).sample(MANY, random))
judge("probabilistic PCA", ppca.sample(MANY, random, noise=False).astype("float32"))
judge("reconstructions, NOT samples", decode(vae.decoder, vae.posterior(validation[:MANY])[0]))
judge("VAE: prior", prior_pictures)
judge("VAE: prior, with pixel noise", add_noise(prior_pictures))

# %% [markdown]
# The first line is the floor: two sets of real pictures are not at distance 0 either. The middle lines are the closed forms, and they are the
# surprise of this table: sampled from its prior, **the trained network is about as far from real pictures as the Gaussian model that it started from**. And whoever puts the
# reconstructions in the table wins it.

# %%
claim(
    "Sampled from its prior the trained VAE is less than a fifth nearer to real pictures than probabilistic PCA, where it started",
    board["VAE: prior"][0] > 0.8 * board["probabilistic PCA"][0],
    f"d² {board['VAE: prior'][0]:.{DIGITS}f} against {board['probabilistic PCA'][0]:.{DIGITS}f}",
    margin=float(np.log(board["VAE: prior"][0] / board["probabilistic PCA"][0] / 0.8)),
)
claim(
    "Shown as samples, reconstructions would look several times better than what the prior gives",
    board["VAE: prior"][0] > 4 * board["reconstructions, NOT samples"][0],
    f"d² {board['reconstructions, NOT samples'][0]:.{DIGITS}f} against {board['VAE: prior'][0]:.{DIGITS}f}",
    margin=float(np.log(board["VAE: prior"][0] / board["reconstructions, NOT samples"][0] / 4)),
)

# %% [markdown]
# ## Four ways to draw a code
#
# Where is the fault: in the decoder, or in the codes we ask it to decode? Keep the decoder and change the codes. The training pictures' codes are
# known, so we can look where they lie:
#
# 1. **prior**: $N(0, I)$, as the loss promised;
# 2. **Gaussian**: with the mean and covariance of the training codes;
# 3. **mixture**: 20 Gaussians fitted to the training codes;
# 4. **mixes**: a random point on the line between the codes of two training pictures.

# %%
guess(
    "best-sampler",
    "Same decoder, four ways to draw its codes. Whose pictures are nearest to real ones?",
    ["prior", "Gaussian", "mixture", "mixes of two"],
)


# %%
def four_samplers(codes, spread=None):
    """Name -> function of a generator that draws ``MANY`` codes; ``spread``: deviations of the posteriors, if there are any."""
    drawn = codes if spread is None else codes + spread * random.standard_normal(codes.shape)
    gaussian = referees.fit_gaussian(drawn, ridge=1e-6)
    components = min(20, max(1, len(drawn) // 50))
    mixture = GaussianMixture(components, max_iter=30, tol=1e-2, reg_covar=1e-4, random_state=SEED)
    mixture.fit(drawn[:6000].astype("float64"))

    def mixes(rng):
        first, second = codes[rng.integers(0, len(codes), (2, MANY))]
        share = rng.uniform(size=(MANY, 1))
        return share * first + (1 - share) * second

    def from_mixture(rng):
        mixture.set_params(random_state=int(rng.integers(2**31)))  # otherwise the same codes at each call
        return rng.permutation(mixture.sample(MANY)[0])  # they come sorted by component

    return {
        "prior": lambda rng: rng.standard_normal((MANY, codes.shape[1])),
        "Gaussian": lambda rng: gaussian.sample(MANY, rng),
        "mixture": from_mixture,
        "mixes of two": mixes,
    }


codes, spread = vae.posterior(train)  # (n, 16) each
samplers = four_samplers(codes, spread)
drawn = {name: draw(random) for name, draw in samplers.items()}  # codes, (MANY, 16) each
samples = {name: decode(vae.decoder, z) for name, z in drawn.items()}
print(HEAD)
for name, pictures in samples.items():
    judge(f"VAE: {name}", pictures)
judge("VAE: mixture, with pixel noise", add_noise(samples["mixture"]))

# %% [markdown]
# One decoder, and squared distances that differ by a factor of several. To see why, look at the codes along the two directions that separate the classes best
# (**linear discriminant analysis**).

# %%
if len(classes) > 2:
    seen_from = LinearDiscriminantAnalysis(n_components=2).fit(codes, clothes.train_labels).transform
else:  # two axes that separate classes take three classes
    seen_from = referees.fit_pca(codes, 2).encode
flat_codes, flat_labels = seen_from(codes[:2000]), clothes.train_labels[:2000]  # (2000, 2) and (2000,)
axis_name = "discriminant axis" if len(classes) > 2 else "principal axis"
figure, axes = plots.subplots(1, 3, height=3.0, sharex=True, sharey=True)
for axis, name in zip(axes, ("training codes", "prior", "mixture"), strict=True):
    axis.scatter(*flat_codes.T, s=3, color="0.78", linewidths=0)
    if name != "training codes":
        axis.scatter(*seen_from(drawn[name][:500]).T, s=5, color=plots.COLORS["vermillion"], linewidths=0)
    axis.set(title=name, xlabel=f"{axis_name} 1")
for c in (0, 1, 3, 8, 9) if of_clothes else np.unique(flat_labels)[:5]:  # the other clothes lie close to one of these
    middle = np.median(flat_codes[flat_labels == c], axis=0)
    axes[0].text(*middle, clothes.class_names[c].split("/")[0], ha="center", va="center", fontsize=8)
axes[0].set_ylabel(f"{axis_name} 2")
plots.show(
    figure,
    f"Grey: {len(flat_codes):,} training codes. Orange: {min(500, MANY)} codes drawn. "
    + finding("The prior draws many codes where no picture has one, the mixture few."),
)

# %% [markdown]
# Mean 0 and variance 1 the codes do have. They are clumps with gaps in between, and the prior does not know of the gaps. The mixture does.
#
# The mixes are instructive, too: most of them lie between two kinds. Half trouser, half bag.
#
# Does one need a *variational* autoencoder, then? Or a network at all? Fit the same distributions to the codes of a plain one, and to PCA's codes, which a linear decoder
# turns into pictures.

# %%
training.set_seed(SEED)
plain_encoder, plain_decoder, plain = models.build_autoencoder(784, 256, LATENTS)
training.fit(plain, train, epochs=PASSES, batch_size=100, learning_rate=3e-3)
plain_samplers = four_samplers(plain_encoder.predict(train, batch_size=1000, verbose=0))
plain_samples = {name: decode(plain_decoder, draw(random)) for name, draw in plain_samplers.items()}
pca_samplers = four_samplers(ppca.posterior_mean(train))
pca_samples = {name: metrics.clip01(ppca.decode(draw(random))) for name, draw in pca_samplers.items()}
for name in samplers:
    judge(f"plain: {name}", plain_samples[name], show=False)
    judge(f"PCA: {name}", pca_samples[name], show=False)
judge(
    "PCA: reconstructions, NOT samples", metrics.clip01(ppca.decode(ppca.posterior_mean(validation[:MANY]))), show=False
)
plots.matrix(
    np.array([[board[f"{kind}: {name}"][0] for name in samplers] for kind in ("PCA", "plain", "VAE")]),
    ["PCA", "plain", "variational"],
    list(samplers),
    row_title="autoencoder",
    column_title="squared Fréchet distance, lower is better",
    value_format=f".{DIGITS}f",
    log_color=True,
    caption="Columns: where the codes come from. "
    + finding("Each decoder gains most from the mixture; a network's gains more than PCA's."),
)
print(HEAD)
for name in ("PCA: prior", "PCA: mixture", "PCA: reconstructions, NOT samples", "plain: mixture"):
    print_scores(name)
print_scores("VAE: prior")
print_scores("VAE: mixture")

# %%
prior, linear = board["VAE: prior"][0], board["PCA: mixture"][0]
mixed = max(board["VAE: mixture"][0], board["plain: mixture"][0])
claim(
    "PCA with a mixture on its codes has less than half the d² of the VAE with its prior; with the mixture, both networks are nearer still",
    prior > 2 * linear and linear > 1.2 * mixed,
    f"{prior:.{DIGITS}f} VAE with its prior; with a mixture {linear:.{DIGITS}f} PCA, {board['plain: mixture'][0]:.{DIGITS}f} plain, {board['VAE: mixture'][0]:.{DIGITS}f} VAE",
    margin=float(min(np.log(prior / linear / 2), np.log(linear / mixed / 1.2))),
)
distance = {name: board[f"VAE: {name}"][0] for name in samplers}
best = {name: below(distance[name], [distance[other] for other in samplers if other != name]) for name in samplers}
reveal("best-sampler", best)

# %% [markdown]
# In the decoder, or in the codes? Both, and the scores tell them apart. **Precision follows the codes**: from the prior to the mixture it rises from about .6 to about .9, with PCA's linear decoder as with the
# VAE's. **Recall at the mixture is the decoder's**: PCA's pictures reach less than a third of the real ones, the VAE's about half, and the
# reconstructions of either reach no more. What a decoder cannot draw, no code will show. (The prior's own recall flatters it: scattered samples have large regions.)
#
# %% [markdown]
# The same was found at larger scale: a deterministic autoencoder with a mixture of ten Gaussians on its codes often beats the VAE sampled from its prior
# (Ghosh and others 2020), and so does a second VAE trained on the codes (Dai and Wipf 2019).
#
# ## Copies
#
# A generator that stores the training pictures and hands them out would get the best score of all. So look at each sample's **nearest training
# picture** before you believe a score.


# %%
def nearest_pictures(pictures, gallery):
    """The picture of the gallery (m, d) that is nearest to each of the pictures (n, d): (n, d)."""
    return gallery[pairwise_distances_argmin(pictures, gallery)]


pictures = np.concatenate([drawn[:3] for drawn in samples.values()])
neighbours = nearest_pictures(pictures, train)
distances = np.linalg.norm(pictures - neighbours, axis=1)
plots.grid(
    [as_images(pictures), as_images(neighbours)],
    row_labels=["sample", "nearest\ntraining\npicture"],
    column_titles=[title for name in samples for title in ("", name, "")],
    below=[[""] * 12, [f"{value:.1f}" for value in distances]],
    caption="Below each sample the training picture nearest to it, with the Euclidean distance. "
    + finding("Similar, blurred, not the same."),
)
near, usual = (float(np.median(metrics.nearest_distance(x, train))) for x in (samples["mixture"], validation))
print(f"median distance to the nearest training picture: mixture {near:.2f}, unseen photographs {usual:.2f}")

# %% [markdown]
# The samples are *nearer* to the training pictures than unseen photographs are. Is that copying? A blurred picture is near to everything: blur
# removes the grain in which photographs differ. So the plain distance cannot tell.
#
# Ask a fairer question. Cut **all** 12,000 training pictures, and 1,000 fresh ones that the model never saw, into blocks of 1,000. In which block does a sample have
# its nearest neighbour? Without memory each block is as likely as any other: 1 in 13 (in the spirit of Meehan and others 2020). Copies of training pictures leave the fresh
# block empty. Leave out a part of the training pictures, and you would overlook the copies of that part.
#
# How far from 1 in 13 is still nothing? Some pictures are the neighbour of very many blurred samples, and such a picture lies in one of the blocks by chance. The scatter over the twelve training blocks
# shows how far the shares stray, so it is the yardstick for the thirteenth.
#
# To see the test fail we need culprits: training pictures with a little noise, and a network of lesson 02, which knew the 50 pictures of its training
# by heart.

# %%
block = min(1000, len(validation) // 2)  # pictures in a block
used = len(train) // block * block  # all of them, or nearly
blocks = np.concatenate([train[:used], validation[:block]]).reshape(
    -1, block, 784
)  # (13, 1000, 784), the last one is fresh
copied = train[random.integers(0, len(train), MANY)]
noisy_copies = metrics.clip01(copied + 0.1 * random.standard_normal(copied.shape).astype("float32"))
suspects = {
    "fresh photographs": validation[block:],
    "VAE, mixture": samples["mixture"],
    "plain autoencoder, mixture": plain_samples["mixture"],
    "copies with a little noise": noisy_copies,
}
shares = {name: metrics.neighbour_shares(pictures, blocks) for name, pictures in suspects.items()}  # (13,) each


def fresh_deficit(share):
    """How many deviations of the training blocks the fresh block lies below their mean."""
    return float((share[:-1].mean() - share[-1]) / max(share[:-1].std(ddof=1), 1e-9))


print(f"{'nearest neighbour in':28} a training block   the fresh block   deviations below")
for name, share in shares.items():
    print(
        f"{name:28} {share[:-1].mean():6.1%} ± {share[:-1].std(ddof=1):.1%} {share[-1]:16.1%} {fresh_deficit(share):17.1f}"
    )

# %%
few, fresh_few = (
    train[:50],
    train[2000:][:50] if len(train) > 2050 else train[-50:],
)  # this network saw the 50 only, so its other training pictures are fresh
training.set_seed(SEED)
small_encoder, small_decoder, memoriser = models.build_autoencoder(784, (512, 128), 2)
training.fit(memoriser, np.tile(few, (40, 1)), epochs=8, batch_size=20, learning_rate=2e-3)
small_codes = small_encoder.predict(few, verbose=0)
wobble = 0.03 * small_codes.std(axis=0) * random.standard_normal((MANY, 2))
learned_by_heart = decode(small_decoder, small_codes[random.integers(0, 50, MANY)] + wobble)
by_heart = float(metrics.neighbour_shares(learned_by_heart, np.stack([few, fresh_few]))[0])
neighbours = nearest_pictures(learned_by_heart[:10], few)
plots.grid(
    [as_images(learned_by_heart[:10]), as_images(neighbours)],
    row_labels=["sample", "nearest of\nthe 50"],
    caption="The network that saw 50 pictures. " + finding("Most of its samples are these pictures."),
)
print(f"two blocks, the 50 and 50 fresh pictures: {by_heart:.1%} of its samples are nearest to one of the 50")

# %%
honest = max(abs(fresh_deficit(shares[name])) for name in list(suspects)[:3])
caught = fresh_deficit(shares["copies with a little noise"])
claim(
    "The fresh block is within five deviations of the others for both generators, more than seven below for copies; over 80 % of the memoriser's samples are nearest to what it saw",
    honest < 5 and caught > 7 and by_heart > 0.8,
    f"at most {honest:.1f} deviations; copies {caught:.1f}; memoriser {by_heart:.0%}",
    margin=min(1 - honest / 5, caught / 7 - 1, (by_heart - 0.8) / 0.2),
)


# %%
def show_blocks(copies):
    """The shares of the blocks if a part of the VAE's samples is replaced by copies."""
    share = (1 - copies) * shares["VAE, mixture"] + copies * shares["copies with a little noise"]
    mean, deviation, last = share[:-1].mean(), share[:-1].std(ddof=1), len(share)
    figure, axis = plots.subplots(height=2.6)
    axis.axhspan(100 * (mean - 3 * deviation), 100 * (mean + 3 * deviation), color="0.88")
    axis.axhline(100 * mean, color="0.5", linewidth=1)
    axis.bar(np.arange(1, last), 100 * share[:-1], color=plots.COLORS["blue"])
    axis.bar(last, 100 * share[-1], color=plots.COLORS["vermillion"], hatch="//")
    axis.set(
        xlabel=f"block of {block:,} pictures",
        ylabel="share of the samples, %",
        ylim=(0, max(182 / last, 120 * share.max())),
    )
    ticks = range(1, last, 1 + last // 20)
    axis.set_xticks([*ticks, last], [*map(str, ticks), "fresh"])
    plots.show(
        figure,
        f"{copies:.0%} of the samples are copies: the fresh block is {fresh_deficit(share):.1f} deviations below the others.",
    )


explore(show_blocks, copies=slider(0.0, 1.0, 0.3, step=0.05, label="share of copies"))
tried = np.linspace(0, 1, 101)
mixed_shares = [(1 - q) * shares["VAE, mixture"] + q * shares["copies with a little noise"] for q in tried]
noticed = [f"at {q:.0%}" for q, share in zip(tried, mixed_shares, strict=True) if fresh_deficit(share) > 3]
print(
    f"a tenth of copies: {fresh_deficit(mixed_shares[10]):.1f} deviations; three are reached {[*noticed, 'at no share'][0]} of copies"
)

# %% [markdown]
# The grey band is three deviations of the training blocks to either side. Move the slider: a few copies hide in the scatter, and the printed line says how many it takes. That depends on where the fresh block happens to start; a
# tenth of copies lowers it by a tenth, about one deviation. "No copies found" means "not very many".
#
# ## Between two codes
#
# In 16 dimensions nearly all of the prior's mass lies in
# a shell at distance $\sqrt{16} = 4$ from the middle. The straight line between two points of the shell cuts through the inside, where
# few codes lie. **Slerp** follows the arc. Is that better?

# %%
pairs = random.standard_normal((2, MANY, LATENTS))
straight = pairs.mean(axis=0)
along_arc = np.stack([models.slerp(a, b, 0.5) for a, b in zip(*pairs, strict=True)])
norms = {
    "codes from the prior": np.linalg.norm(pairs[0], axis=1),
    "half-way, straight": np.linalg.norm(straight, axis=1),
    "half-way, arc": np.linalg.norm(along_arc, axis=1),
}
plots.histogram(
    norms,
    xlabel="norm of the code, 16 numbers",
    caption="Half-way on the straight line codes lie nearer to the middle than most; half-way on the arc they do not.",
)
counts = [np.histogram(norms[name], np.linspace(0, 8, 33))[0] for name in list(norms)[:2]]
print(f"the straight line's histogram and the prior's share {np.minimum(*counts).sum() / MANY:.0%} of their area")

# %%
of_pictures = codes[random.integers(0, len(codes), (2, MANY))]  # the codes of two training pictures
between = np.stack([models.slerp(a, b, 0.5) for a, b in zip(*of_pictures, strict=True)])
halfway = {
    "draws: straight": straight,
    "draws: straight, times √2": np.sqrt(2) * straight,
    "draws: arc": along_arc,
    "pictures: straight": of_pictures.mean(axis=0),
    "pictures: straight, times √2": np.sqrt(2) * of_pictures.mean(axis=0),
    "pictures: arc": between,
}
print(HEAD)
for name, middle in halfway.items():
    judge(name, decode(vae.decoder, middle))

# %%
line, longer, arc = (board[f"draws: {way}"] for way in ("straight", "straight, times √2", "arc"))
claim(
    "Half-way between draws from the prior, straight pictures are more precise than the arc's and d² is a fifth larger; a factor √2 alone brings d² within a fifth of the arc's",
    line[1] > arc[1] and line[0] > 1.2 * arc[0] and abs(np.log(longer[0] / arc[0])) < np.log(1.2),
    f"precision {line[1]:.2f} against {arc[1]:.2f}, recall {line[2]:.2f} against {arc[2]:.2f}, d² {line[0]:.{DIGITS - 1}f} against {arc[0]:.{DIGITS - 1}f}; times √2 {longer[0]:.{DIGITS - 1}f}",
    margin=float(min(line[1] - arc[1], np.log(line[0] / arc[0] / 1.2), np.log(1.2) - abs(np.log(longer[0] / arc[0])))),
)

# %% [markdown]
# Read all three columns. A straight half-way picture is *more* likely to look real than one from the arc. The set of them loses, because it is shrunk: half-way, the variance of
# the codes is one half, and much of the variety is gone. Multiply the straight codes by √2, and d² and both shares are about the arc's. So the arc does nothing that a factor on the
# spread would not do, and that factor trades variety against safety: generators of photographs use it on purpose (**truncation**, Brock and others 2019).


# %%
def show_way(first, second, share):
    """Both ways between the codes of two validation pictures."""
    a, b = vae.posterior(validation[[first, second]])[0]
    ways = [(1 - share) * a + share * b, models.slerp(a, b, share)]
    shown = [validation[first], *decode(vae.decoder, ways), validation[second]]
    norms = [f"norm {np.linalg.norm(code):.1f}" for code in (a, *ways, b)]
    plots.row(
        as_images(shown),
        titles=["picture A", "straight", "arc", "picture B"],
        below=norms,
        size=1.4,
        caption="A share of the way from A to B. The norm below each picture is that of its code.",
    )


PICTURES = {f"{i}: {clothes.class_names[clothes.validation_labels[i]]}": i for i in range(min(20, len(validation)))}
explore(
    show_way,
    first=choice(PICTURES, 6, label="picture A"),
    second=choice(PICTURES, 10, label="picture B"),
    share=slider(0.0, 1.0, 0.5, step=0.1, label="share of the way"),
)

# %% [markdown]
# Two trousers to begin with: within one class either way gives clothes. Now choose a trouser and a boot. Between classes both ways cross a gap, and
# neither knows of it.
#
# ## Clothes on request
#
# "A sandal, please." Labels make a mixture, too, without a search for its components, and one that takes orders: one Gaussian for each class, on the same codes, and the same decoder. Nothing is trained.

# %%
drawn_codes = codes + spread * random.standard_normal(codes.shape)
of_class = [referees.fit_gaussian(drawn_codes[clothes.train_labels == c], ridge=1e-6) for c in classes]
each = max(4, MANY // len(classes))  # samples of a class
wanted = np.repeat(classes, each)
on_request = decode(vae.decoder, np.concatenate([g.sample(each, random) for g in of_class]))
judge("VAE: Gaussian by class", on_request, show=False)
agreement = float((features_and_classes(on_request)[1] == wanted).mean())
first_of_each = on_request.reshape(len(classes), each, 784)[:10, :4]
plots.grid(
    [as_images(first_of_each[:, i]) for i in range(4)],
    column_titles=[name.split("/")[0] for name in clothes.class_names[:10]],
    caption="Four samples of each class that was asked for.",
)
if len(classes) > 1:
    print(
        f"the classifier sees the class that was asked for in {agreement:.0%} of the samples, in {accuracy:.0%} of photographs"
    )
print(
    f"squared Fréchet distance: one Gaussian {board['VAE: Gaussian'][0]:.{DIGITS}f}, one for each class {board['VAE: Gaussian by class'][0]:.{DIGITS}f}"
)

# %% [markdown]
# ## Days of electricity
#
# Now series. Victoria, Australia, in 2014: the demand for electricity in each half-hour of each day, in gigawatts, and whether it was a working day. We want new
# days, of the kind we ask for.
#
# A day looks much like the day before, so a random split would leak. **Whole weeks** are held out; only a Sunday and a Monday may stand side by side in two splits. And the scale, one mean and one
# standard deviation, comes from the training weeks alone.

# %%
own_data(False)  # electricity is the course's in any case
days = datasets.electricity_days()
centre, scale = float(days.train.mean()), float(days.train.std())


def split_of(name):
    """Days in units of the training deviation (n, 48), and their kind (n,): 0 free, 1 working."""
    return (getattr(days, name) - centre) / scale, getattr(days, f"{name}_working").astype(int)


(train_days, train_kind), (validation_days, validation_kind) = split_of("train"), split_of("validation")
figure, axes = plots.subplots(1, 2, height=2.8, sharey=True)
for axis, kind, title in zip(axes, (1, 0), ("working days", "weekends and holidays"), strict=True):
    chosen = days.train[train_kind == kind]
    axis.plot(days.hours, chosen[::3].T, color="0.75", linewidth=0.6)
    axis.plot(days.hours, chosen.mean(axis=0), color="black", linewidth=2)
    axis.set(title=f"{len(chosen)} {title}", xlabel="hour of the day", xticks=range(0, 25, 6))
axes[0].set_ylabel("demand, GW")
plots.show(
    figure,
    "Every third training day, and the mean. The peaks of the working day, and summer days far above all others.",
)

# %% [markdown]
# The closed form for vectors of 48 numbers with a kind: a Gaussian with the right mean and covariance **for each kind of day**. With
# few free days, their covariance borrows from both kinds together; a table below shows how little it matters how much.
#
# Against it, a **conditional VAE**: encoder and decoder are told the kind as well. As with the clothes, it starts at its referee: probabilistic PCA around the mean of each
# kind. The number of latents and of epochs is chosen on the validation weeks. For comparison, one with random weights at the start, as most tutorials have it.

# %%
guess(
    "days",
    "222 training days of 48 numbers. Which gives unseen days the higher likelihood?",
    ["a Gaussian for each kind of day", "a conditional VAE", "no difference"],
)

# %%
kinds = np.eye(2, dtype="float32")  # one-hot
within = np.cov(
    np.concatenate([train_days[train_kind == k] - train_days[train_kind == k].mean(axis=0) for k in (0, 1)]).T
)
gaussian_by_share = {
    share: [referees.fit_gaussian(train_days[train_kind == k], ridge=1e-4, target=within, share=share) for k in (0, 1)]
    for share in (0.1, 0.3, 0.5, 0.7)
}
gaussians = gaussian_by_share[0.3]
plain_gaussian = referees.fit_gaussian(train_days, ridge=1e-4)


def of_kind(table, kind):
    """From a table (2, n, ...) that holds both kinds, the rows of the kind of each day (n,)."""
    return np.asarray(table)[kind, np.arange(len(kind))]


def bound(model, table, kind, samples=100):
    """Lower bound of the log likelihood of each day (n, 48) under a conditional VAE, in nats: (n,)."""
    return metrics.importance_weighted_bound(model.log_weights([table, kinds[kind]], samples=samples))


for share, pair in gaussian_by_share.items():
    value = of_kind([g.log_likelihood(validation_days) for g in pair], validation_kind).mean()
    print(f"{share:.0%} borrowed: {value:.1f} nats a day on the validation weeks")

# %%
kind_means = np.stack([train_days[train_kind == k].mean(axis=0) for k in (0, 1)])  # (2, 48)
told = [train_days, kinds[train_kind]]
candidates = {}
print("nats a day      validation weeks        its own training days")
print("latents         before     after        before     after        best epoch")
for latents in (8, 24):
    day_ppca = referees.fit_ppca(train_days - kind_means[train_kind], latents)
    training.set_seed(SEED)
    model = models.warm_start_conditional_vae(day_ppca, kind_means, 32)
    best = training.KeepBest(lambda model=model: bound(model, validation_days, validation_kind, 20).mean(), every=10)
    training.fit(model, told, loss=None, epochs=20, batch_size=32, learning_rate=1e-3, callbacks=[best])
    candidates[latents] = best.best, model
    before = [
        day_ppca.log_likelihood(table - kind_means[kind]).mean()
        for table, kind in ((validation_days, validation_kind), (train_days, train_kind))
    ]
    epoch = max(best.scores, key=lambda pair: pair[1])[0]
    own = bound(model, train_days, train_kind).mean()
    print(f"{latents:5} {before[0]:15.1f} {best.best:9.1f} {before[1]:13.1f} {own:9.1f} {epoch:14}")
day_vae = max(candidates.values(), key=lambda pair: pair[0])[1]

training.set_seed(SEED)
random_start = models.build_conditional_vae(48, 2, 64, 8, sigma=0.3, learn_sigma=True)
training.fit(random_start, told, loss=None, epochs=100, batch_size=32, learning_rate=5e-3)
print(
    f"chosen: {day_vae.latent_dim} latents, σ {day_vae.sigma:.3f}; from random weights, 8 latents: σ {random_start.sigma:.3f}"
)


# %%
def gaussian_days(kind, rng):
    """One day from the Gaussian of each kind asked for: (n,) -> (n, 48)."""
    return of_kind([g.sample(len(kind), rng) for g in gaussians], kind)


def vae_days(kind, rng, model=None, noise=True):
    """The same from a conditional VAE: decoded prior codes, and the noise that its likelihood assumes."""
    model = day_vae if model is None else model
    mean = model.generate(rng.standard_normal((len(kind), model.latent_dim)), kinds[kind])
    return mean + noise * model.sigma * rng.standard_normal(mean.shape).astype("float32")


def day_nats(table, kind):
    """Log likelihood of each day under each model, in nats: (n,) each; of the VAEs a lower bound, from 100 weighted codes."""
    deviations = train_days.std(axis=0)
    one_by_one = -0.5 * np.square((table - train_days.mean(axis=0)) / deviations) - np.log(deviations)
    return {
        "each half-hour by itself": one_by_one.sum(axis=1) - 24 * np.log(2 * np.pi),
        "one Gaussian": plain_gaussian.log_likelihood(table),
        "a Gaussian for each kind": of_kind([g.log_likelihood(table) for g in gaussians], kind),
        "conditional VAE": bound(day_vae, table, kind),
        "from random weights, 8 latents": bound(random_start, table, kind),
    }


# %%
nats = {name: float(values.mean()) for name, values in day_nats(validation_days, validation_kind).items()}
for name, value in nats.items():
    print(f"{name:30} {value:7.1f} nats a day, validation weeks")
tighter = bound(day_vae, validation_days, validation_kind, 1000).mean()
print(f"the VAE's is a lower bound; with 1,000 codes a day in place of 100 it is {tighter:.1f}")
reveal("days", "a Gaussian for each kind of day")

# %% [markdown]
# The Gaussian is ahead of the VAE by a few nats. Knowing the kind of day buys less: about a nat or two here, and the test weeks will say how sure that is. The last line is a warning. **From random weights, the same kind of model is tens of nats behind**, and it looks as if
# networks were hopeless here. It never finds the directions that PCA computes, and calls the rest noise, independent from one half-hour to the next. Before you write "the VAE
# loses", start it at its referee.
#
# The table of candidates says why the fair VAE does not win. With 8 latents training lifts seen and unseen days alike: something was missing that a curved map can supply. With 24 it lifts
# the days that it has seen and no others. 222 days are enough for two covariances, and too few to teach more than that.

# %%
both = {"working": np.ones(6, int), "free": np.zeros(6, int)}
figure, axes = plots.subplots(2, 4, height=4.0, sharex=True, sharey=True)
for line, (word, six) in zip(axes, both.items(), strict=True):
    real = validation_days[validation_kind == six[0]]
    shown = {
        "real": real[:: len(real) // 6][:6],
        "Gaussian": gaussian_days(six, random),
        "conditional VAE": vae_days(six, random),
        "from random weights": vae_days(six, random, random_start),
    }
    line[0].set_ylabel(f"{word} days, GW")
    for axis, (title, table) in zip(line, shown.items(), strict=True):
        axis.plot(days.hours, centre + scale * table.T, linewidth=0.8)
        axis.set(title=title if word == "working" else "", xticks=range(0, 25, 6))
figure.supxlabel("hour of the day", fontsize=9)
plots.show(
    figure, "Six days of each kind. Gaussian and VAE are as smooth as real days; from random weights the noise shows."
)
kind_of = LinearDiscriminantAnalysis().fit(train_days, train_kind)
asked = np.resize(validation_kind, 10 * len(validation_kind))
for name, table, kind in (
    ("real, validation weeks", validation_days, validation_kind),
    ("Gaussian", gaussian_days(asked, random), asked),
    ("conditional VAE", vae_days(asked, random), asked),
):
    print(
        f"{name:24} a classifier trained on real days finds the kind of {np.mean(kind_of.predict(table) == kind):.0%}"
    )

# %% [markdown]
# ## What a day remembers
#
# Three views of a set of series, each blind to something. The **autocorrelation**: how much does a half-hour resemble the one $k$ steps
# earlier? The **spectrum**: how much of the variation is slow, how much fast? The **quantiles**: how high are the high values, at each hour? The mean day is
# subtracted before the first two, or it would drown the rest.

# %%
sets = {
    "real, training weeks": (train_days, train_kind),
    "real, validation weeks": (validation_days, validation_kind),
    "Gaussian": (gaussian_days(asked, random), asked),
    "VAE": (vae_days(asked, random), asked),
    "VAE from random weights": (vae_days(asked, random, random_start), asked),
    "the same, without noise": (vae_days(asked, random, random_start, noise=False), asked),
}
spectra = {name: metrics.power_spectrum(table - table.mean(axis=0))[1:] for name, (table, _) in sets.items()}
memory = {
    name: metrics.autocorrelation(table - table.mean(axis=0), 24).mean(axis=0) for name, (table, _) in sets.items()
}
levels = {name: scale * np.quantile(table, [0.05, 0.5, 0.95], axis=0) for name, (table, _) in sets.items()}
print(f"{'against the validation weeks':28} autocorrelation   spectrum     quantiles")
truth = "real, validation weeks"
distances = {}
for name in (name for name in sets if name != truth):
    distances[name] = (
        float(np.abs(memory[name] - memory[truth]).max()),
        float(np.sqrt(np.mean(np.square(np.log10(spectra[name] / spectra[truth]))))),
        float(np.abs(levels[name] - levels[truth]).mean()),
    )
    print("{:28} {:12.3f} {:13.2f} dec {:8.2f} GW".format(name, *distances[name]))

# %%
plots.curve(
    np.arange(1, 25),
    {name: spectrum for name, spectrum in spectra.items() if name != "real, training weeks"},
    xlabel="cycles a day",
    ylabel="power, squared training deviations",
    log_x=True,
    log_y=True,
    height=3.2,
    caption="Fast changes, on the right: the noise of the VAE from random weights adds far too many. Gaussian and VAE run with the real days.",
)

# %%
claim(
    "The spectrum of the days of the VAE from random weights is at least three times as far from real days as the Gaussian's",
    distances["VAE from random weights"][1] > 3 * distances["Gaussian"][1],
    f"{distances['VAE from random weights'][1]:.2f} against {distances['Gaussian'][1]:.2f} decades; VAE from PCA "
    f"{distances['VAE'][1]:.2f}, real against real {distances['real, training weeks'][1]:.2f}",
    margin=float(np.log(distances["VAE from random weights"][1] / distances["Gaussian"][1] / 3)),
)

# %% [markdown]
# The Gaussian's days and those of the VAE that started at PCA are about as far from the validation weeks as other real weeks are, in all three views. From random weights the noise gives the model away in the
# autocorrelation and in the spectrum. Leave it out and both come closer, but then you no longer draw from the model: you show its *means*, and its quantiles are the farthest off.
#
# ## Can anybody tell
#
# Mix real and generated days. For each one find the nearest neighbour among the others: is it of the same sort? In half of the cases, if nobody can
# tell (a **two-sample test**; Friedman and Rafsky 1979, with nearest neighbours Schilling 1986, as a score Lopez-Paz and Oquab 2017). Near 1: far apart. Near 0: copies.
#
# Neighbours look at 48 numbers at once and may overlook what a single number shows. So compute one for each day, its **roughness**, the mean squared second difference, and let it tell real from
# generated days. Its AUC is .5 if it cannot, and 0 or 1 if it always can.
#
# And a test of use, **train on synthetic, test on real** (Esteban, Hyland and Rätsch 2017): predict the evening (18 to 24 h) from the hours before, by ridge regression trained on as many generated
# days as there are real training days, and score it on real ones.


# %%
def accuracy_of(draw, rounds=10):
    """Two-sample accuracy of the validation days against as many generated ones, mean and deviation over rounds."""
    values = [metrics.two_sample_accuracy(validation_days, draw()) for _ in range(rounds)]
    return float(np.mean(values)), float(np.std(values))


def roughness_auc(table):
    """How well the roughness of a day alone tells generated days (n, 48) from those of the validation weeks: AUC."""
    roughness = [np.square(np.diff(part, 2, axis=1)).mean(axis=1) for part in (validation_days, table)]
    return roc_auc_score(np.repeat([0, 1], [len(part) for part in roughness]), np.concatenate(roughness))


def evening_error(draw, rounds=10):
    """Error in GW of evenings predicted for real days after training on as many drawn days: mean and deviation over rounds."""
    errors = []
    for _ in range(rounds):
        table = draw()
        forecaster = RidgeCV(np.geomspace(0.01, 100, 9)).fit(
            table[:, :36], table[:, 36:]
        )  # strength by leaving one out
        miss = forecaster.predict(validation_days[:, :36]) - validation_days[:, 36:]
        errors.append(scale * float(np.sqrt(np.mean(np.square(miss)))))
    return float(np.mean(errors)), float(np.std(errors))


# %%
makers = {
    "Gaussian": gaussian_days,
    "VAE": vae_days,
    "VAE from random weights": lambda kind, rng: vae_days(kind, rng, random_start),
    "the same, without noise": lambda kind, rng: vae_days(kind, rng, random_start, noise=False),
}
told_apart = {
    "real, training weeks": accuracy_of(
        lambda: train_days[random.permutation(len(train_days))[: len(validation_days)]]
    ),
    "copies of the real days": accuracy_of(lambda: validation_days + 1e-3, rounds=1),
}
rough = {"real, training weeks": roughness_auc(train_days)}
use = {"real, training weeks": evening_error(lambda: train_days, rounds=1)}
for name, make in makers.items():
    told_apart[name] = accuracy_of(lambda make=make: make(validation_kind, random))
    rough[name] = roughness_auc(make(asked, random))
    use[name] = evening_error(lambda make=make: make(train_kind, random))
many_days = evening_error(lambda: gaussian_days(np.tile(train_kind, 10), random), rounds=5)
print(f"{'':28} neighbours      roughness   error of the evening, GW")
for name, (mean, deviation) in told_apart.items():
    rest = f"{rough[name]:10.2f} {use[name][0]:14.4f} ± {use[name][1]:.4f}" if name in use else ""
    print(f"{name:28} {mean:.2f} ± {deviation:.2f} {rest}")
print(f"{'Gaussian, 10 times the days':53} {many_days[0]:11.4f} ± {many_days[1]:.4f}")
print("± is the deviation over draws of generated days; the 70 real ones stay the same")

# %%
claim(
    "One number for each day tells nearly all days of the VAE from random weights from real ones; it is near chance for the Gaussian's",
    rough["VAE from random weights"] > 0.95 and abs(rough["Gaussian"] - 0.5) < 0.2,
    f"AUC {rough['VAE from random weights']:.2f} and {rough['Gaussian']:.2f}; VAE from PCA {rough['VAE']:.2f}",
    margin=float(min(rough["VAE from random weights"] - 0.95, 0.2 - abs(rough["Gaussian"] - 0.5))),
)

# %% [markdown]
# Three remarks. Neighbours tell the days of the Gaussian and of both VAEs from real ones, and the noisy ones no better than the rest: a little noise in each of 48 numbers hardly changes who is whose
# neighbour. Roughness sees it on every single day. **A weak test that finds nothing says little**, and the nearest-neighbour test is weak.
#
# A *linear* forecaster needs nothing but means and covariances, so the Gaussian has to do well at that task. With ten times as many days its forecaster is about as good as the one that was trained on real days. And a
# test sees what it looks at. The likelihood looks at everything, and there the order was clear.
#
# ## A process with a known answer
#
# Take a process that no Gaussian describes: each day has **one bump, at a random hour**, and a little noise. Its
# mean is a plateau, its covariance a band. And we know its exact likelihood: on average over days, no model can have more.

# %%
guess(
    "bump",
    "300 days with one bump at a random hour. VAE or Gaussian?",
    ["the Gaussian wins again", "the VAE wins by less than a nat", "the VAE wins by more than 5 nats"],
)

# %%
random = np.random.default_rng([SEED, 1])
process = referees.BumpProcess()
bump_train, bump_validation, bump_test = (process.sample(300, random) for _ in range(3))
bump_gaussian = max(
    (referees.fit_gaussian(bump_train, ridge=ridge) for ridge in (0.0, 1e-4, 3e-4, 1e-3, 3e-3)),
    key=lambda g: g.log_likelihood(bump_validation).mean(),
)
best_gaussian = referees.fit_gaussian(process.sample(50_000, random))
training.set_seed(SEED)
bump_vae = models.build_vae(
    48, (64, 64), 3, sigma=0.3, learn_sigma=True
)  # with 2 numbers a rare day finds no code near it
run = training.fit(bump_vae, bump_train, loss=None, epochs=120, batch_size=30, learning_rate=5e-3)
bump_mixture = max(
    (
        GaussianMixture(30, covariance_type="tied", reg_covar=ridge, random_state=SEED).fit(
            bump_train.astype("float64")
        )
        for ridge in (1e-4, 1e-3, 3e-3)
    ),
    key=lambda mixture: mixture.score(bump_validation),
)
bump_nats = {
    "Gaussian, 300 days": float(bump_gaussian.log_likelihood(bump_test).mean()),
    "Gaussian, 50,000 days": float(best_gaussian.log_likelihood(bump_test).mean()),
    "30 Gaussians, 300 days": float(bump_mixture.score(bump_test)),
    "VAE, 300 days": float(metrics.importance_weighted_bound(bump_vae.log_weights(bump_test, samples=100)).mean()),
    "the process itself": float(process.log_likelihood(bump_test).mean()),
}
for name, value in bump_nats.items():
    print(f"{name:24} {value:6.1f} nats a day")

# %%
bump_mu, bump_sd = bump_vae.posterior(np.concatenate([bump_train] * 10))
drawn_codes = bump_mu + bump_sd * random.standard_normal(bump_mu.shape)  # ten draws for each day, (3000, 3)
code_mixture = GaussianMixture(20, reg_covar=1e-4, random_state=SEED).fit(drawn_codes.astype("float64"))


def bump_days(z):
    """Days of codes (n, 3), with the noise that the likelihood assumes: (n, 48)."""
    mean = bump_vae.decoder.predict(np.asarray(z, "float32"), verbose=0)
    return mean + bump_vae.sigma * random.standard_normal(mean.shape).astype("float32")


bump_samples = {
    "process": bump_test,
    "Gaussian": bump_gaussian.sample(300, random),
    "VAE, prior": bump_days(random.standard_normal((300, 3))),
    "VAE, mixture": bump_days(random.permutation(code_mixture.sample(300)[0])),
}
figure, axes = plots.subplots(1, 4, height=2.5, sharey=True)
for axis, (title, table) in zip(axes, bump_samples.items(), strict=True):
    axis.plot(process.hours, table[:4].T, linewidth=1.2)
    axis.set(title=title, xlabel="hour of the day", xticks=range(0, 25, 6))
plots.show(figure, "Four days each. The Gaussian has the right mean and covariance, and no day with one clear bump.")
bump_told = {
    name: metrics.two_sample_accuracy(process.sample(300, random), table) for name, table in bump_samples.items()
}
print("told apart from the process: " + ", ".join(f"{name} {value:.2f}" for name, value in bump_told.items()))

# %%
claim(
    "On the bump the VAE beats the Gaussian by more than 5 nats a day, even one fitted to 50,000 days",
    bump_nats["VAE, 300 days"] > bump_nats["Gaussian, 50,000 days"] + 5,
    f"{bump_nats['VAE, 300 days']:.1f} against {bump_nats['Gaussian, 50,000 days']:.1f}; the process itself has {bump_nats['the process itself']:.1f}",
    margin=bump_nats["VAE, 300 days"] - bump_nats["Gaussian, 50,000 days"] - 5,
)
claim(
    "A mixture on the codes brings the VAE's bumps nearer to indistinguishable",
    bump_told["VAE, prior"] - bump_told["VAE, mixture"] > 0.1,
    f"told apart in {bump_told['VAE, prior']:.2f} of the cases with the prior, {bump_told['VAE, mixture']:.2f} with the mixture",
    margin=bump_told["VAE, prior"] - bump_told["VAE, mixture"] - 0.1,
)
reveal("bump", "the VAE wins by more than 5 nats")

# %% [markdown]
# With codes from the prior the test tells the VAE's days from real ones: some of its bumps are too low, or there are two. Their codes fell between those of real days, as with the
# clothes. The remedy is the same, too: **draw the codes from the distribution that the training codes have**, for images and for series.
#
# A network is worth its training where the data lie on something **curved**: the bumps of all hours form a curve in 48 dimensions that bends again and again. One number, the hour,
# says where on it a day lies; three latents give the network room to unroll it, where with fewer some days found no code near. The closest rival has no network:
# thirty Gaussians side by side, which cut the curve into short pieces. Electricity days of one kind lie close to a flat cloud, and for flat clouds there is a formula.
#
# ## What goes wrong
#
# **Reconstructions shown as samples**, **memorised pictures**, **a network that never met its referee**: you measured all three above. The fourth is the scale.
#
# **A scaler that has seen the test weeks.** Many recipes scale to [0, 1] by minimum and maximum, of all data together or, worse, of each day by itself.


# %%
def extremes(*parts):
    """Smallest and largest value of several tables of days, in GW."""
    return min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)


scales = {
    "training weeks": extremes(days.train),
    "training and validation weeks": extremes(days.train, days.validation),
}
for name, (low, high) in scales.items():
    print(f"scaled by {name:30} the largest validation value is {(days.validation.max() - low) / (high - low):.2f}")
peaks = days.train.max(axis=1)
print(f"daily peaks run from {peaks.min():.1f} to {peaks.max():.1f} GW; scaled day by day all of them are 1")
leak = scales["training weeks"] != scales["training and validation weeks"]
print(f"the test for a leak: does the scale change when the held-out rows are dropped? {'yes' if leak else 'no'}")

# %% [markdown]
# The leaked scale tells the model how high the highest held-out day will be. A generator with a sigmoid at the end, which cannot leave [0, 1], then reproduces the
# record that it should not know. Scaled day by day, the level of the day is gone for good, and no score on scaled data will say so. The test is one line: fit the scale
# with and without the held-out rows, and compare. The loader published with TimeGAN (`real_data_loading`) scales the whole series before it cuts it into windows: nothing that is held out later can be clean.
#
# ## When it does not train
#
# | you see | look at | likely cause | mend it |
# |---|---|---|---|
# | good reconstructions, poor samples | the codes of real pictures against the prior | gaps that the prior does not know | fit a mixture to the codes |
# | all samples look alike, precision high, recall near 0 | the rate of each latent | codes collapsed, or a prior sampled too narrowly | check the KL, lesson 05; draw with standard deviation 1 |
# | samples suspiciously sharp | `neighbour_shares`, nearest training pictures | memorised | more data, fewer passes |
# | learned noise stays large, likelihood far below the Gaussian's | `vae.sigma` | started too wide, too few steps | start sigma lower; more steps; start from PCA |
# | generated series look like mean curves | whether the noise was added | means taken for samples | draw from $p(x|z)$, not its mean |
# | FID of another paper far from yours | features, picture size, number of samples | other rulers | compare only within one table |
#
# ## Results
#
# Now, once, the test pictures and the test weeks.

# %%
own_data(clothes is not datasets.fashion_mnist())
test_features, _ = features_and_classes(test[:MANY])


def pictures_by_class(rng):
    """As many pictures of each class, such as 200, asked for in turn."""
    return decode(vae.decoder, np.concatenate([g.sample(each, rng) for g in of_class]))


finalists = {
    "mean picture": ("trivial", lambda rng: np.broadcast_to(train.mean(axis=0), (MANY, 784))),
    "PCA, prior": ("referee", lambda rng: ppca.sample(MANY, rng, noise=False)),
    "VAE, prior": ("network", lambda rng: decode(vae.decoder, samplers["prior"](rng))),
    "PCA, mixture": ("referee", lambda rng: ppca.decode(pca_samplers["mixture"](rng))),
    "VAE, Gaussian by class": ("network", pictures_by_class),
    "VAE, mixture": ("network", lambda rng: decode(vae.decoder, samplers["mixture"](rng))),
    "plain autoencoder, mixture": ("network", lambda rng: decode(plain_decoder, plain_samplers["mixture"](rng))),
    "real pictures": ("limit", lambda rng: train[rng.integers(0, len(train), MANY)]),
}
on_test = {}  # three draws of each
for name, (_, draw) in finalists.items():
    sets = [metrics.clip01(draw(random).astype("float32")) for _ in range(1 if name == "mean picture" else 3)]
    on_test[name] = [metrics.frechet_distance(features_and_classes(x)[0], test_features) for x in sets]
plots.ladder(
    list(on_test),
    [float(np.mean(values)) for values in on_test.values()],
    kinds=[kind for kind, _ in finalists.values()],
    metric=f"squared Fréchet distance to {len(test_features):,} test pictures",
    value_format=f".{DIGITS}f",
    intervals=[(min(values), max(values)) for values in on_test.values()],
    caption=finding("Where codes are drawn takes d² most of the way, the network the rest. ")
    + f"Whiskers: range over three draws of {MANY:,}.",
)

# %%
own_data(False)
test_days, test_kind = split_of("test")
test_nats = day_nats(test_days, test_kind)
rng = np.random.default_rng(0)
week = np.unique((days.test_days + 2) // 7, return_inverse=True)[
    1
]  # days of a week resemble each other: draw weeks, not days
rounds = [np.concatenate([np.flatnonzero(week == w) for w in draw]) for draw in rng.integers(0, 11, (1000, 11))]


def interval_over_weeks(values):
    """95 % bootstrap interval of the mean of one number a test day."""
    return tuple(np.quantile([values[chosen].mean() for chosen in rounds], [0.025, 0.975]))


plots.ladder(
    list(test_nats),
    [float(values.mean()) for values in test_nats.values()],
    kinds=["trivial", "referee", "referee", "network", "network"],
    metric="log likelihood of a test day (VAE: lower bound)",
    unit="nats",
    lower_is_better=False,
    intervals=[interval_over_weeks(values) for values in test_nats.values()],
    caption="Electricity, the 73 days of eleven test weeks, with intervals from a bootstrap over weeks.",
)
leads = {name: test_nats["a Gaussian for each kind"] - values for name, values in test_nats.items()}  # (73,) each
for name in ("one Gaussian", "conditional VAE", "from random weights, 8 latents"):
    low, high = interval_over_weeks(leads[name])
    print(
        f"a Gaussian for each kind, minus {name:32} {leads[name].mean():5.1f} nats [{low:.1f}, {high:.1f}], better on {np.mean(leads[name] > 0):.0%} of the days"
    )
fair, warned = leads["conditional VAE"].mean(), leads["from random weights, 8 latents"].mean()
claim(
    "On the test weeks the Gaussian for each kind leads, and without a start at its referee the VAE seems at least five times as far behind as it is",
    fair > 0 and warned > 5 * fair,
    f"{fair:.1f} nats ahead of the VAE that starts at PCA, {warned:.1f} ahead of the one that starts at random",
    margin=float(min(fair, warned / fair / 5 - 1 if fair > 0 else fair)),
)

# %% [markdown]
# The order is that of the validation weeks. What knowing the kind of day buys the Gaussian cannot be told from nothing: its interval holds 0.
#
# ## Wrap-up
#
# * A sample has no original. Judge sets: Fréchet distance, precision, recall; and always against a second set of real data.
# * Draw codes from the distribution that the training codes have. A mixture, or a Gaussian for each class, made the same decoder several times better than its prior, and PCA's, too. The network adds the rest.
# * Ask where each shown picture's code came from. Reconstructions are not samples.
# * Copies: share out the nearest neighbours among blocks of all training data and blocks of fresh data. Distance to training data alone accuses the blurred. A few copies hide in the scatter.
# * Half-way between codes, straight means safer pictures and less variety. The arc, or a factor √2, trades one for the other.
# * For days of electricity a Gaussian for each kind of day stayed ahead of a VAE that starts at its referee, by a few nats; a VAE that starts at random was tens of nats behind. For bumps at random hours the VAE beat every Gaussian. Compute the closed form
#   first, start the network there, then you know which case is yours.
#
# | one glance | |
# |---|---|
# | sampling | $z \sim N(0, I)$, or a mixture on the codes; $x = g(z)$, plus noise for a draw from $p(x\mid z)$ |
# | Fréchet distance | $\lVert\mu_a-\mu_b\rVert^2 + \operatorname{tr}(C_a + C_b - 2 (C_a C_b)^{1/2})$, equal numbers of samples |
# | two-sample test | .5 indistinguishable, 1 far apart, 0 copies |
# | copying test | share of nearest neighbours in a fresh block, against equal blocks of all training data: 1 / blocks; copies 0 |
# | slerp | $(\sin((1-t)\omega)\,u + \sin(t\omega)\,v)/\sin\omega$, norms linear |
# | series | split by whole weeks, scale from training weeks, score autocorrelation, spectrum, quantiles, use |
#
# Next: [the exercises](../exercises/09_generation.ipynb), then [lesson 10](10_recommendation.ipynb), where a code stands for a person's taste.
#
# ## References
#
# * M. Heusel and others: *GANs trained by a two time-scale update rule converge to a local Nash equilibrium*, NIPS 2017 (FID). D. C. Dowson, B. V. Landau: *The Fréchet distance between multivariate normal distributions*, Journal of Multivariate Analysis 12, 1982.
# * T. Kynkäänniemi and others: *Improved precision and recall metric for assessing generative models*, NeurIPS 2019.
# * P. Ghosh and others: *From variational to deterministic autoencoders*, ICLR 2020. B. Dai, D. Wipf: *Diagnosing and enhancing VAE models*, ICLR 2019.
# * C. Meehan, K. Chaudhuri, S. Dasgupta: *A non-parametric test to detect data-copying in generative models*, AISTATS 2020.
# * K. Shoemake: *Animating rotation with quaternion curves*, SIGGRAPH 1985. T. White: *Sampling generative networks*, 2016 (slerp between codes). A. Brock, J. Donahue, K. Simonyan: *Large scale GAN training for high fidelity natural image synthesis*, ICLR 2019 (truncation).
# * J. H. Friedman, L. C. Rafsky: *Multivariate generalizations of the Wald–Wolfowitz and Smirnov two-sample tests*, Annals of Statistics 7, 1979. M. F. Schilling: *Multivariate two-sample tests based on nearest neighbors*, JASA 81, 1986. D. Lopez-Paz, M. Oquab: *Revisiting classifier two-sample tests*, ICLR 2017.
# * C. Esteban, S. L. Hyland, G. Rätsch: *Real-valued (medical) time series generation with recurrent conditional GANs*, 2017, arXiv 1706.02633 (train on synthetic, test on real).
# * K. Sohn, H. Lee, X. Yan: *Learning structured output representation using deep conditional generative models*, NIPS 2015.
# * J. Yoon, D. Jarrett, M. van der Schaar: *Time-series generative adversarial networks*, NeurIPS 2019. A. Desai and others: *TimeVAE: a variational auto-encoder for multivariate time series generation*, 2021.
# * Electricity demand: Australian Energy Market Operator (AEMO), Victoria 2014, by way of R. J. Hyndman's R package *fpp2*.
# * The animation of reconstructions: TensorFlow tutorials, *Convolutional variational autoencoder*.
