"""A space to sample from: the two networks of lesson 05 with a code of two numbers, for the page.

Both are trained here as the lesson trains them: 784-256-2-256-784, gelu, 4 passes over the 12,000 training clothes,
Adam at .003, the same seed. The plain one copies; the VAE draws its code from the encoder's guess and pays the rate, with
a pixel noise of .2. Each is then looked at twice: with its codes as they come out of training, and moved and scaled to
mean 0 and variance 1, which changes no picture.

"Lands where codes are" is one rule for all four: the nearest training code is no further away than it is for 95 % of the
unseen clothes. So a share of .95 is what real clothes reach.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import keras
import numpy as np
from scipy.spatial import cKDTree

from authoring.web.explorers import NETWORKS as NETWORKS_FOLDER
from authoring.web.explorers import put_pictures
from authoring.web.networks import PICTURE, RECORDED, Probe, export, export_arrays
from course_lib import datasets, metrics, models, training

SEED = 0  # of the lesson
SEEDS = range(8)  # the shares of these say how much of what the page shows is chance
PIXEL_SIGMA = 0.2
USUAL = 0.95  # the share of unseen clothes that lie where codes are
DRAWS = 10_000
ENOUGH = 0.02  # a kind is reached if this share of the draws lands among its codes; so counts the lesson's `kinds_in`
UNIT = 1 / 8192  # codes travel as int16, in this unit, moved and scaled: none of them is beyond ±4
KIND_COLOURS = (  # light enough for a dark ground and dark enough for a light one; names stand beside them on the map
    "#3b82c4", "#c98a00", "#0b9e76", "#c9659b", "#4aa3d6", "#d8641c", "#868b94", "#a0763b", "#8a63c9", "#8f9a1a",
)  # fmt: skip
LONG_NAMES = {"plain": "plain autoencoder", "vae": "variational autoencoder"}
NETWORKS = tuple(LONG_NAMES)
PLACES = ("trained", "scaled")


@dataclass(frozen=True)
class Space:
    """One network and where its codes are.

    Attributes:
        encoder: (n, 784) -> code (n, 2) for the plain one, mu and log_var for the VAE.
        decoder: (n, 2) -> (n, 784) in [0, 1].
        codes: of the training clothes, (12000, 2); for the VAE one draw from each guess.
        unseen: the same of the validation clothes, (2000, 2).
        centre, spread: mean and standard deviation of the codes, (2,); for the VAE over all draws, as
            ``models.standardise_codes`` has them.
    """

    encoder: keras.Model
    decoder: keras.Model
    codes: np.ndarray
    unseen: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    def at(self, place: str) -> tuple[np.ndarray, np.ndarray]:
        """Centre and spread that turn shown codes into those of the decoder: ``centre + spread * shown``."""
        return (np.zeros(2), np.ones(2)) if place == "trained" else (self.centre, self.spread)


def train_plain(clothes, seed: int) -> Space:
    """The lesson's plain autoencoder."""
    train, validation = clothes.flat("train"), clothes.flat("validation")
    training.set_seed(seed)
    encoder, decoder, plain = models.build_autoencoder(784, 256, 2)
    training.fit(plain, train, epochs=4, batch_size=100, learning_rate=3e-3)
    codes, unseen = (encoder.predict(part, batch_size=1000, verbose=0) for part in (train, validation))
    return Space(encoder, decoder, codes, unseen, codes.mean(axis=0), codes.std(axis=0))


def train_vae(clothes, seed: int) -> Space:
    """The lesson's VAE: as large, two outputs of the encoder for one."""
    train, validation = clothes.flat("train"), clothes.flat("validation")
    training.set_seed(seed)
    vae = models.build_vae(784, 256, 2, output_activation="sigmoid", sigma=PIXEL_SIGMA)
    training.fit(vae, train, loss=None, epochs=4, batch_size=100, learning_rate=3e-3)
    random = np.random.default_rng(seed)
    mu, sigma = vae.posterior(train)
    codes = mu + sigma * random.standard_normal(mu.shape)
    unseen_mu, unseen_sigma = vae.posterior(validation)
    unseen = unseen_mu + unseen_sigma * random.standard_normal(unseen_mu.shape)
    spread = np.sqrt(mu.var(axis=0) + np.square(sigma).mean(axis=0))
    return Space(vae.encoder, vae.decoder, codes, unseen, mu.mean(axis=0), spread)


TRAIN = {"plain": train_plain, "vae": train_vae}


# What the page says in numbers -------------------------------------------------------------------------------------


def shown(space: Space, codes: np.ndarray, place: str) -> np.ndarray:
    """Codes of the decoder as the map has them: (n, 2) to (n, 2)."""
    centre, spread = space.at(place)
    return (codes - centre) / spread


def reach(space: Space, place: str) -> float:
    """How far from the nearest training code 95 % of the unseen clothes lie at most."""
    tree = cKDTree(shown(space, space.codes, place))
    return float(np.quantile(tree.query(shown(space, space.unseen, place))[0], USUAL))


def where_draws_land(space: Space, place: str, labels: np.ndarray) -> dict:
    """Of 10,000 codes from N(0, I): the share that lands where codes are, by kind of the nearest code.

    Returns:
        ``{"reach", "near", "by_kind", "kinds", "unseen_kinds"}``: the radius, the share, its ten parts, and how many kinds
        get at least 2 % of the draws, and of the unseen clothes in their place.
    """
    draws = np.random.default_rng(SEED).standard_normal((DRAWS, 2))
    tree, radius = cKDTree(shown(space, space.codes, place)), reach(space, place)

    def landed(codes):
        distance, nearest = tree.query(codes)
        return np.bincount(labels[nearest[distance <= radius]], minlength=10) / len(codes)

    by_kind, unseen = landed(draws), landed(shown(space, space.unseen, place))
    return {
        "reach": round(radius, 5),
        "near": round(float(by_kind.sum()), 4),
        "by_kind": [round(float(share), 4) for share in by_kind],
        "kinds": int((by_kind >= ENOUGH).sum()),
        "unseen_kinds": int((unseen >= ENOUGH).sum()),
    }


def window(space: Space, place: str) -> list[float]:
    """What the map shows, [left, right, bottom, top]: all codes, and the prior out to 2.6."""
    codes = shown(space, space.codes, place)
    low, high = np.minimum(codes.min(axis=0), -2.6), np.maximum(codes.max(axis=0), 2.6)
    middle, half = (low + high) / 2, 0.53 * (high - low)
    if half.max() < 2 * half.min():  # nearly square: one unit for both axes, so that circles are circles
        half[:] = half.max()
    return [round(float(side), 2) for pair in zip(middle - half, middle + half, strict=True) for side in pair]


def names_on_map(space: Space, place: str, labels: np.ndarray) -> list[list[float]]:
    """Where the name of each kind stands: at the median of its codes, pushed up or down where names would overlap."""
    left, right, bottom, top = window(space, place)
    codes = shown(space, space.codes, place)
    spots = np.array([np.median(codes[labels == kind], axis=0) for kind in range(10)])
    spots = (spots - (left, bottom)) / (right - left, top - bottom)  # as shares of the map's sides
    wide, tall = 0.21, 0.05  # what a name needs
    for _ in range(200):
        for one in range(10):
            for other in range(one):
                apart = spots[one] - spots[other]
                if abs(apart[0]) < wide and abs(apart[1]) < tall:
                    push = 0.5 * (tall - abs(apart[1])) * (1 if apart[1] >= 0 else -1)
                    spots[one, 1] += push
                    spots[other, 1] -= push
    spots = np.clip(spots, (0.1, 0.03), (0.9, 0.97)) * (right - left, top - bottom) + (left, bottom)
    return [[round(float(value), 3) for value in spot] for spot in spots]


def guess_of(space: Space, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the code of pictures (n, 784), both (n, 2); a plain code has no width."""
    said = space.encoder.predict(pictures, batch_size=1000, verbose=0)
    if isinstance(said, (list, tuple)):
        return said[0], np.exp(0.5 * said[1])
    return said, np.zeros_like(said)


def choose_unseen(vae: Space, clothes) -> np.ndarray:
    """Twelve of the validation pictures: the first of each kind, the least sure guess, and the worst copy."""
    pictures = clothes.flat("validation")
    mu, sigma = guess_of(vae, pictures)
    error = np.square(pictures - vae.decoder.predict(mu, batch_size=1000, verbose=0)).mean(axis=1)
    first = [int(np.flatnonzero(clothes.validation_labels == kind)[0]) for kind in range(10)]
    others = [int(i) for order in (-sigma.prod(axis=1), -error) for i in np.argsort(order)[:11]]
    least_sure = next(i for i in others[:11] if i not in first)
    worst = next(i for i in others[11:] if i not in [*first, least_sure])
    return np.array([*first, least_sure, worst])


def over_seeds(clothes, spaces: dict[str, Space]) -> dict:
    """For each network and place the shares near codes over several seeds, and the kinds reached; SEED is in ``spaces``."""
    found = {network: {place: {"near": [], "kinds": []} for place in PLACES} for network in NETWORKS}
    for seed in SEEDS:
        for network in NETWORKS:
            space = spaces[network] if seed == SEED else TRAIN[network](clothes, seed)
            for place in PLACES:
                landed = where_draws_land(space, place, clothes.train_labels)
                for name, values in found[network][place].items():
                    values.append(landed[name])
    return found


def facts(spaces: dict[str, Space], clothes, chosen: np.ndarray) -> dict:
    """All that is no array: names, places, and every number that the page's text gives."""
    validation = clothes.flat("validation")
    told = {
        "kinds": list(clothes.class_names),
        "unit": UNIT,
        "colours": list(KIND_COLOURS),
        "usual": USUAL,
        "draws": DRAWS,
        "unseen_kinds": [int(clothes.validation_labels[i]) for i in chosen],
    }
    for network, space in spaces.items():
        mu, sigma = guess_of(space, validation)
        copies = space.decoder.predict(mu, batch_size=1000, verbose=0)
        told[network] = {
            "centre": [round(float(value), 5) for value in space.centre],
            "spread": [round(float(value), 5) for value in space.spread],
            "error": round(float(metrics.mse(validation, copies)), 5),
            "sigma": [round(float(value), 4) for value in np.median(sigma, axis=0)],
            **{
                place: {
                    "window": window(space, place),
                    "names": names_on_map(space, place, clothes.train_labels),
                    **where_draws_land(space, place, clothes.train_labels),
                }
                for place in PLACES
            },
        }
    return told


# The files of the page ---------------------------------------------------------------------------------------------

START = {"network": "vae", "place": "trained", "z": [2.9, -0.3]}  # what the page shows before anything is touched
ASKED = ([2.9, -0.3], [0.4, 0.2], [-1.0, -3.0], [-4.0, -5.0], [1.2, -0.7], [0.0, 0.0])  # codes, in every view


def main() -> None:
    """Train, measure and write everything; some four minutes of one core, most of them for the other seeds."""
    clothes = datasets.fashion_mnist()
    spaces = {network: TRAIN[network](clothes, SEED) for network in NETWORKS}
    chosen = choose_unseen(spaces["vae"], clothes)
    unseen = np.round(255 * clothes.flat("validation")[chosen]).astype(np.uint8)
    told = facts(spaces, clothes, chosen)
    told["start"] = START
    told["seeds"] = over_seeds(clothes, spaces)
    export_arrays(
        NETWORKS_FOLDER / "space_data",
        {
            **{f"{name}_codes": as_integers(space) for name, space in spaces.items()},
            "labels": (clothes.train_labels.astype(np.int8), "int8"),
            "unseen": unseen,
        },
        facts=told,
        text="Codes of the 12,000 training clothes (moved and scaled), their kinds, and twelve clothes that no network saw.",
    )
    probes = {"plain": Probe("uniform", -20, 20), "vae": Probe("normal", 0, 3)}  # about where their codes lie
    for name, space in spaces.items():
        path, of = NETWORKS_FOLDER / f"space_{name}", f"{LONG_NAMES[name]} of lesson 05"
        export(space.encoder, path.with_name(f"{path.name}_encoder"), probes=[PICTURE], text=f"Encoder of the {of}")
        export(
            space.decoder, path.with_name(f"{path.name}_decoder"), probes=[probes[name]], text=f"Decoder of the {of}"
        )
    RECORDED.mkdir(exist_ok=True)
    said = record(spaces, clothes.train_labels, unseen / 255)
    (RECORDED / "space.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    pictures = {f"unseen{i}": picture.reshape(28, 28) for i, picture in enumerate(unseen)}
    put_pictures("space", {**pictures, "empty": np.zeros((28, 28), np.uint8)})


def as_integers(space: Space) -> np.ndarray:
    """Codes moved and scaled, in units of :data:`UNIT`, int16 (n, 2)."""
    return np.round((space.codes - space.centre) / space.spread / UNIT).astype(np.int16)


def record(spaces: dict[str, Space], labels: np.ndarray, unseen: np.ndarray) -> dict:
    """What Keras and NumPy say, for a test to compare the page with.

    Returns:
        For each view ("plain trained", ...) and each of :data:`ASKED`: distance and kind of the nearest code, and the mean
        of the decoded picture and its middle row; for each network the guesses for the twelve unseen pictures.
    """
    said: dict = {"asked": [list(z) for z in ASKED], "views": {}, "guesses": {}}
    for name, space in spaces.items():
        for place in PLACES:
            centre, spread = space.at(place)
            z = np.array(ASKED)
            distance, nearest = cKDTree(shown(space, space.codes, place)).query(z)
            decoded = space.decoder.predict((centre + spread * z).astype(np.float32), verbose=0)
            said["views"][f"{name} {place}"] = {
                "distance": [round(float(d), 5) for d in distance],
                "kind": [int(labels[i]) for i in nearest],
                "middle_row": np.round(decoded.reshape(-1, 28, 28)[:, 14], 5).tolist(),
            }
        mu, sigma = guess_of(space, unseen.astype(np.float32))
        said["guesses"][name] = {"mu": np.round(mu, 5).tolist(), "sigma": np.round(sigma, 5).tolist()}
    return said
