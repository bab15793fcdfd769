"""Time to a given quality: the common denoising recipe against a network that starts from the best linear map.

Task: all 60,000 images of Fashion-MNIST, Gaussian noise of standard deviation 0.2 clipped to [0, 1], PSNR on the 10,000
test images with one noisy copy of each, outputs clipped. Each time runs from the raw bytes to a Keras model that is ready
to use: scaling, noise, linear maps, building, compiling and training are all inside, for every method. The test split is
scored once a run, after the clock has stopped; epochs and learning rates were chosen on validation images of lesson 04.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import course_lib  # noqa: F401  (before Keras: it keeps TensorFlow's start-up notices away)
from bench.table import show

SIGMA = 0.2


@dataclass(frozen=True)
class Result:
    """One method over several runs."""

    name: str
    seconds: list[float]
    decibels: list[float]


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


def measure(runs: int = 3) -> list[Result]:
    """Run every method ``runs`` times, interleaved, so that a busy minute slows all of them."""
    os.environ["COURSE_HEADLESS"] = "1"
    import keras

    from course_lib import datasets, training
    from course_lib.metrics import clip01, psnr

    data = datasets.fashion_mnist(full=True)
    unseen = _floats(data.test)
    noisy = _noisy(unseen, 12345)
    warm_up = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    warm_up.compile("adam", "mse")
    warm_up.fit(np.zeros((64, 4)), np.zeros((64, 4)), verbose=0)  # starting the backend is nobody's merit or fault
    results = {name: Result(name, [], []) for name in METHODS}
    for run in range(runs):
        for name, method in METHODS.items():
            keras.utils.clear_session()
            seed = training.set_seed(run)
            started = time.perf_counter()
            model = method(data.train, seed)
            seconds = time.perf_counter() - started
            answers = model.predict(noisy, verbose=0, batch_size=500) if hasattr(model, "predict") else model(noisy)
            results[name].seconds.append(seconds)
            results[name].decibels.append(psnr(unseen, clip01(answers)))
    return list(results.values())


def report(results: list[Result]) -> bool:
    """Print the table; True if the fast method is at least four times faster and at least as good in every run."""
    base = next(r for r in results if r.name == "common recipe")
    rows = []
    for result in results:
        ratio = statistics.median(b / s for b, s in zip(base.seconds, result.seconds, strict=True))
        rows.append(
            [
                result.name,
                f"{statistics.median(result.seconds):.2f}",
                f"{ratio:.1f}x",
                f"{statistics.median(result.decibels):.2f}",
                f"{statistics.median(result.decibels) - statistics.median(base.decibels):+.2f}",
            ]
        )
    show(
        f"Time to quality: denoising at sigma {SIGMA}, clipped, 10,000 test images, median of {len(base.seconds)} runs",
        ["method", "seconds", "faster", "PSNR / dB", "against recipe"],
        rows,
    )
    fast = next(r for r in results if r.name == FAST)
    faster = statistics.median(b / s for b, s in zip(base.seconds, fast.seconds, strict=True))
    good = all(f >= b for f, b in zip(fast.decibels, base.decibels, strict=True))
    print(
        f"  Required: 4x faster to the same PSNR or a higher one. Measured: {faster:.0f}x, {'higher' if good else 'LOWER'}."
    )
    return faster >= 4 and good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    return 0 if report(measure(parser.parse_args().runs)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
