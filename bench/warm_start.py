"""Time to a given quality: the common recipe against autoencoders that start from the referee.

Task: all 60,000 images of Fashion-MNIST, a code of 64 numbers, mean squared error on the 10,000 test images with outputs
clipped to [0, 1]; where those are not to be had, the images of the course (``bench.clothes``). Each time runs from the
raw bytes to a Keras model that is ready to use: scaling, PCA, building, compiling and training are all inside, for every
method. The test split is scored once a run, after the clock has stopped. The widths, ridges and numbers of images of the
closed form were compared on the last 10,000 images of the training file, fitted on the first 50,000; ``--held-out``
prints the whole table that way.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from bench import clothes, race
from bench.clothes import Clothes

CODE_SIZE = 64


def _floats(raw: np.ndarray) -> np.ndarray:
    return raw.reshape(len(raw), -1) / np.float32(255)


def recipe(raw: np.ndarray, steps_per_execution: int = 1):
    """Dense 64 ReLU, Dense 784 sigmoid, Adam as it comes, batches of 32, 10 epochs: what most tutorials do."""
    import keras
    from keras import layers

    images = _floats(raw)
    model = keras.Sequential(
        [keras.Input((784,)), layers.Dense(CODE_SIZE, activation="relu"), layers.Dense(784, activation="sigmoid")]
    )
    model.compile("adam", "mse", steps_per_execution=steps_per_execution)
    model.fit(images, images, batch_size=32, epochs=10, verbose=0)
    return model


def recipe_without_overhead(raw: np.ndarray):
    """The same recipe with ten steps an execution, which is how the course trains."""
    return recipe(raw, steps_per_execution=10)


def closed_form(raw: np.ndarray, images: int, features: int, ridge: float, seed: int):
    """PCA plus a random hidden layer whose readout is solved by ridge regression: no gradient step."""
    from course_lib import models, referees

    train = _floats(raw[:images])
    pca = referees.fit_pca(train, CODE_SIZE)
    codes = pca.encode(train)
    residual = referees.fit_random_features(codes, train - pca.decode(codes), features, ridge=ridge, seed=seed)
    return models.warm_start_autoencoder(pca, 64, residual=residual)[2]


def warm_start(raw: np.ndarray):
    """The PCA warm start of lesson 02, trained for two epochs."""
    from course_lib import models, referees, training

    train = _floats(raw)
    _, _, autoencoder = models.warm_start_autoencoder(referees.fit_pca(train[::4], CODE_SIZE), 256)
    training.fit(autoencoder, train, epochs=2, batch_size=128, learning_rate=1e-3)
    return autoencoder


METHODS: dict[str, Callable[[np.ndarray, int], object]] = {
    "common recipe": lambda raw, seed: recipe(raw),
    "common recipe, 10 steps a call": lambda raw, seed: recipe_without_overhead(raw),
    "closed form, 12,000 images, 1,024 features": lambda raw, seed: closed_form(raw, 12_000, 1024, 0.03, seed),
    "PCA warm start, 2 epochs": lambda raw, seed: warm_start(raw),
    "closed form, all images, 4,096 features": lambda raw, seed: closed_form(raw, len(raw), 4096, 0.03, seed),
}
FAST = "closed form, 12,000 images, 1,024 features"


def pca_only(raw: np.ndarray):
    """The referee alone, fitted on all images."""
    from course_lib import referees

    return referees.fit_pca(_floats(raw), CODE_SIZE)


def measure(data: Clothes, runs: int = 3) -> list[race.Result]:
    from course_lib.metrics import clip01, mse

    unseen = _floats(data.unseen)

    def score(model) -> float:
        if hasattr(model, "reconstruct"):
            outputs = model.reconstruct(unseen)
        else:
            outputs = model.predict(unseen, verbose=0, batch_size=1000)
        return mse(clip01(outputs), unseen)

    return race.race({"PCA alone": lambda raw, seed: pca_only(raw), **METHODS}, data.train, score, runs)


def report(results: list[race.Result], data: Clothes) -> bool:
    return race.report(
        results,
        FAST,
        title=f"Time to quality: {len(data.train):,} images of Fashion-MNIST, 64 numbers, {data.unseen_name}",
        unit="MSE",
        digits=5,
        against=lambda error, base: f"{error / base:.3f}",
        higher_is_better=False,
        speed_up=data.speed_up,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--held-out", action="store_true", help="score on held-out training images: for choosing")
    arguments = parser.parse_args()
    data = clothes.load(held_out=arguments.held_out)
    return 0 if report(measure(data, arguments.runs), data) else 1


if __name__ == "__main__":
    raise SystemExit(main())
