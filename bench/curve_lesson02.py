"""Test error against code size, the table behind lesson 02's curve.

``python -m bench.curve_lesson02`` trains every point again (about ten minutes on two CPU cores) and rewrites
``course_lib/data/curve_undercomplete.csv``. Nothing was tuned on the test split: it is scored once, after training.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import keras

from course_lib import datasets, models, referees, training
from course_lib.metrics import clip01, mse

CODE_SIZES = (2, 4, 8, 16, 32, 64, 128)
SEEDS = (0, 1, 2)
PATH = Path(__file__).resolve().parents[1] / "course_lib" / "data" / "curve_undercomplete.csv"


def pca(data, k, seed):
    fitted = referees.fit_pca(data.flat("train"), k)
    return fitted.reconstruct


def random_features(data, k, seed):
    train = data.flat("train")
    fitted = referees.fit_pca(train, k)
    codes = fitted.encode(train)
    residual = referees.fit_random_features(codes, train - fitted.decode(codes), 2048, ridge=0.03, seed=seed)
    return lambda images: fitted.reconstruct(images) + residual.predict(fitted.encode(images))


def dense(data, k, seed):
    _, _, autoencoder = models.build_autoencoder(784, 256, k)
    training.fit(autoencoder, data.flat("train"), epochs=8, batch_size=32, learning_rate=2e-3)
    return lambda images: autoencoder.predict(images, verbose=0, batch_size=1000)


def convolutional(data, k, seed):
    _, _, autoencoder = models.build_convolutional_autoencoder((28, 28), (16, 32), k)
    train = data.flat("train").reshape(-1, 28, 28)
    training.fit(autoencoder, train, epochs=5, batch_size=32, learning_rate=3e-3)
    return lambda images: autoencoder.predict(images.reshape(-1, 28, 28), verbose=0, batch_size=1000).reshape(-1, 784)


def warm_start(data, k, seed):
    train = data.flat("train")
    _, _, autoencoder = models.warm_start_autoencoder(referees.fit_pca(train, k), 256)
    training.fit(autoencoder, train, epochs=4, batch_size=64, learning_rate=1e-3)
    return lambda images: autoencoder.predict(images, verbose=0, batch_size=1000)


MODELS = {
    "pca": pca,
    "random_features": random_features,
    "warm_start": warm_start,
    "dense": dense,
    "convolutional": convolutional,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=PATH)
    output = parser.parse_args().output
    data = datasets.fashion_mnist()
    validation, test = data.flat("validation"), data.flat("test")
    with output.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["model", "k", "seed", "test_mse", "validation_mse", "seconds"])
        for seed in SEEDS:
            for k in CODE_SIZES:
                for name, build in MODELS.items():
                    if name == "pca" and seed != SEEDS[0]:
                        continue  # PCA has no seed
                    keras.utils.clear_session()
                    training.set_seed(seed)
                    started = time.perf_counter()
                    reconstruct = build(data, k, seed)
                    seconds = time.perf_counter() - started
                    errors = [mse(clip01(reconstruct(images)), images) for images in (test, validation)]
                    table.writerow([name, k, seed, *(f"{error:.6f}" for error in errors), f"{seconds:.1f}"])
                    file.flush()
                    print(f"{name:16s} k={k:<4d} seed {seed}  test {errors[0]:.5f}  {seconds:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
