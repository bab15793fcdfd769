"""Explained variance against active units, the table behind lesson 03's curve.

``python -m bench.curve_lesson03`` trains every point again (about ten minutes on two CPU cores) and rewrites
``course_lib/data/curve_sparse.csv``. Only training and validation pictures are used.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import keras
import numpy as np

from course_lib import datasets, layers, losses, models, referees, training
from course_lib.metrics import clip01, explained_variance, firing_rates, l0

UNITS = 512
ACTIVE = (4, 8, 16, 32)
STRENGTHS = (0.5, 1.0, 2.0, 4.0)
TARGETS = (0.01, 0.05)
SEEDS = (0, 1, 2)
KL_THRESHOLD = 0.1  # a sigmoid is never 0: what is below counts as off, and is set to 0 before decoding
PATH = Path(__file__).resolve().parents[1] / "course_lib" / "data" / "curve_sparse.csv"


class Clothes:
    """The pictures, centred on the training mean, and PCA of them."""

    def __init__(self) -> None:
        data = datasets.fashion_mnist()
        self.pictures, self.unseen = data.flat("train"), data.flat("validation")
        self.mean = referees.mean_image(self.pictures)
        self.train, self.validation = self.pictures - self.mean, self.unseen - self.mean
        self.pca = referees.fit_pca(self.train)
        self.both_ways = np.concatenate([self.pca.components[: UNITS // 2], -self.pca.components[: UNITS // 2]])

    def score(self, copies: np.ndarray) -> float:
        """Explained variance of the unseen pictures by their centred copies."""
        return explained_variance(self.unseen, clip01(copies.astype(np.float32) + self.mean), self.mean)


def fixed_support(clothes, k, seed):
    yield clothes.pca.keep(k).encode(clothes.validation), clothes.pca.components[:k]


def best_coefficients(clothes, k, seed):
    # PCA of pictures that are centred already: its own mean is 0 up to rounding
    yield referees.best_coefficients(clothes.pca, clothes.validation, k), clothes.pca.components


def dictionary(clothes, k, seed):
    fitted = referees.fit_dictionary(clothes.train[:3000], UNITS, k, rounds=4, seed=seed)
    yield fitted.encode(clothes.validation), fitted.atoms


def _train(clothes, network, epochs):
    training.fit(
        network, clothes.train, epochs=epochs, batch_size=128, learning_rate=2e-3, loss=losses.summed_squared_error
    )


def _result(clothes, encoder, decoder):
    return encoder.predict(clothes.validation, batch_size=1000, verbose=0), decoder.get_layer("atoms").get_weights()[0]


def topk(clothes, k, seed):
    encoder, decoder, network = models.build_sparse_autoencoder(784, UNITS, layers.TopK(k))
    _train(clothes, network, 4)
    yield _result(clothes, encoder, decoder)


def topk_from_pca(clothes, k, seed):
    encoder, decoder, network = models.build_sparse_autoencoder(784, UNITS, layers.TopK(k), atoms=clothes.both_ways)
    _train(clothes, network, 2)
    models.revive_dead_units(encoder, decoder, clothes.train, seed=seed)
    _train(clothes, network, 2)
    yield _result(clothes, encoder, decoder)


def l1(clothes, strength, seed):
    encoder, decoder, network = models.build_sparse_autoencoder(
        784, UNITS, layers.L1Penalty(strength), atoms=clothes.both_ways
    )
    _train(clothes, network, 4)
    codes, atoms = _result(clothes, encoder, decoder)
    yield codes, atoms
    yield referees.refit_codes(clothes.validation, codes, atoms), atoms


def kl(clothes, target, seed):
    encoder, decoder, network = models.build_sparse_autoencoder(
        784, UNITS, layers.KLPenalty(target, 3.0), activation="sigmoid", unit_norm=False
    )
    weights, bias = encoder.get_layer("detectors").get_weights()
    encoder.get_layer("detectors").set_weights([weights, bias - 3.0])  # start near silence, not at one half
    _train(clothes, network, 4)
    codes, atoms = _result(clothes, encoder, decoder)
    yield codes, atoms
    yield np.where(codes > KL_THRESHOLD, codes, 0.0), atoms


METHODS = {
    "pca_fixed": (fixed_support, ACTIVE, ("pca_fixed",)),
    "pca_best": (best_coefficients, ACTIVE, ("pca_best",)),
    "dictionary": (dictionary, ACTIVE, ("dictionary",)),
    "topk": (topk, ACTIVE, ("topk",)),
    "topk_from_pca": (topk_from_pca, ACTIVE, ("topk_from_pca",)),
    "l1": (l1, STRENGTHS, ("l1", "l1_refit")),
    "kl": (kl, TARGETS, ("kl_all", "kl_thresholded")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=PATH)
    output = parser.parse_args().output
    clothes = Clothes()
    with output.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["method", "setting", "seed", "l0", "explained", "mean_activation", "silent_units", "seconds"])
        for method, (run, settings, names) in METHODS.items():
            for setting in settings:
                for seed in SEEDS[:1] if method.startswith("pca") else SEEDS:
                    keras.utils.clear_session()
                    training.set_seed(seed)
                    started = time.perf_counter()
                    for name, (codes, atoms) in zip(names, run(clothes, setting, seed), strict=True):
                        row = [
                            name,
                            setting,
                            seed,
                            f"{l0(codes):.2f}",
                            f"{clothes.score(codes @ atoms):.5f}",
                            f"{codes.mean():.4f}",
                            int((firing_rates(codes) == 0).sum()),
                            f"{time.perf_counter() - started:.1f}",
                        ]
                        table.writerow(row)
                        print(*row, sep="\t", flush=True)
                    file.flush()


if __name__ == "__main__":
    main()
