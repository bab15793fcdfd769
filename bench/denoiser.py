"""Time to a given quality: the common denoising recipe against a network that starts from the best linear map.

Task: all 60,000 images of Fashion-MNIST, Gaussian noise of standard deviation 0.2 clipped to [0, 1], PSNR on the 10,000
test images with one noisy copy of each, outputs clipped; where those are not to be had, the images of the course
(``bench.clothes``). Each time runs from the raw bytes to a Keras model that is ready
to use: scaling, noise, linear maps, building, compiling and training are all inside, for every method. The test split is
scored once a run, after the clock has stopped; epochs and learning rates were chosen on validation images of lesson 04.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

import course_lib  # noqa: F401  (before Keras: it keeps TensorFlow's start-up notices away)
from bench import clothes, race
from bench.clothes import Clothes

SIGMA = 0.2


def _floats(raw: np.ndarray) -> np.ndarray:
    return raw[..., None] / np.float32(255)


def _noisy(images: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(images.shape, dtype=np.float32)
    return np.clip(images + np.float32(SIGMA) * noise, 0, 1)


def recipe(raw: np.ndarray, seed: int, steps_per_execution: int = 1):
    """Two strided 3x3 convolutions 16-8 and their transposes, noise drawn once, Adam as it comes, batches of 32, 10 epochs."""
    import keras
    from keras import layers

    images = _floats(raw)
    noisy = _noisy(images, seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile("adam", "mse", steps_per_execution=steps_per_execution)
    model.fit(noisy, images, batch_size=32, epochs=10, verbose=0)
    return model


def from_the_map(raw: np.ndarray, seed: int, epochs: int):
    """The affine map of 12,000 images in closed form, then the network of lesson 04 on the same images."""
    from course_lib import layers, models, referees, training

    images = _floats(raw[:12_000])
    linear = referees.clipped_noise_denoiser(images.reshape(len(images), -1), SIGMA)
    denoiser = models.build_denoiser(linear)
    training.fit_denoiser(
        denoiser, images, layers.AddGaussianNoise(SIGMA, seed=seed), epochs=epochs, learning_rate=2e-3
    )
    return denoiser


def map_alone(raw: np.ndarray, seed: int):
    """The affine map of all images: no training, no network."""
    from course_lib import referees

    linear = referees.clipped_noise_denoiser(_floats(raw).reshape(len(raw), -1), SIGMA)
    return lambda noisy: linear(noisy.reshape(len(noisy), -1)).reshape(noisy.shape)


METHODS: dict[str, Callable[[np.ndarray, int], object]] = {
    "affine map alone, all images": map_alone,
    "common recipe": recipe,
    "network from the map, 12,000 images, 2 epochs": lambda raw, seed: from_the_map(raw, seed, 2),
    "network from the map, 12,000 images, 4 epochs": lambda raw, seed: from_the_map(raw, seed, 4),
}
FAST = "network from the map, 12,000 images, 2 epochs"


def measure(data: Clothes, runs: int = 3) -> list[race.Result]:
    from course_lib.metrics import clip01, psnr

    unseen = _floats(data.unseen)
    noisy = _noisy(unseen, 12345)

    def score(model) -> float:
        answers = model.predict(noisy, verbose=0, batch_size=500) if hasattr(model, "predict") else model(noisy)
        return psnr(unseen, clip01(answers))

    return race.race(METHODS, data.train, score, runs)


def report(results: list[race.Result], data: Clothes) -> bool:
    return race.report(
        results,
        FAST,
        title=f"Time to quality: denoising at sigma {SIGMA}, clipped, {len(data.train):,} images, {data.unseen_name}",
        unit="PSNR / dB",
        digits=2,
        against=lambda decibels, base: f"{decibels - base:+.2f}",
        higher_is_better=True,
        speed_up=data.speed_up,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs, data = parser.parse_args().runs, clothes.load()
    return 0 if report(measure(data, runs), data) else 1


if __name__ == "__main__":
    raise SystemExit(main())
