"""Seeding and training: one way to call ``fit`` for the whole course."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from tqdm.auto import tqdm

from course_lib import runtime

# One call into the backend runs this many steps. At batch 32 a step of a small dense model takes about a millisecond,
# and starting it from Python takes two more; ten at a time make training two to three times as fast. PyTorch's trainer
# runs them one by one.
STEPS_PER_EXECUTION = 1 if keras.backend.backend() == "torch" else 10


def set_seed(seed: int = 0) -> int:
    """Seed Python, NumPy and Keras, so that a run can be repeated; returns the seed that was set.

    The environment variable ``COURSE_SEED_OFFSET`` is added to ``seed``: running a notebook again with other offsets
    shows which of its results depend on luck.

    Raises:
        ValueError: if the sum is negative or the variable is not an integer.
    """
    offset = os.environ.get("COURSE_SEED_OFFSET") or "0"
    try:
        total = int(seed) + int(offset)
    except ValueError:
        raise ValueError(f"seed ({seed!r}) and COURSE_SEED_OFFSET ({offset!r}) must be integers") from None
    if not 0 <= total < 2**32:
        raise ValueError(f"seed + COURSE_SEED_OFFSET must lie between 0 and 2**32 - 1, but it is {total}")
    keras.utils.set_random_seed(total)
    return total


@dataclass(frozen=True)
class TrainingRun:
    """What :func:`fit` returns.

    Attributes:
        history: one list a quantity, one number an epoch: ``history["loss"]`` is the training loss (running mean over
            the epoch), ``history["val_loss"]`` the validation loss if validation data were given.
        seconds: wall-clock time, compilation included.
    """

    history: Mapping[str, Sequence[float]]
    seconds: float

    @property
    def loss(self) -> list[float]:
        """Training loss after each epoch."""
        return list(self.history["loss"])

    @property
    def validation_loss(self) -> list[float]:
        """Validation loss after each epoch; empty without validation data."""
        return list(self.history.get("val_loss", []))


class _Bar(keras.callbacks.Callback):
    """One progress bar over all epochs, with the latest loss behind it."""

    def __init__(self, steps: int, epochs: int, description: str):
        super().__init__()
        self.bar = tqdm(
            total=steps * epochs,
            desc=description,
            unit="step",
            leave=False,
            mininterval=0.5,
            disable=runtime.headless(),
        )
        self.steps = steps

    def on_epoch_begin(self, epoch, logs=None):
        self.done = epoch * self.steps

    def on_train_batch_end(self, batch, logs=None):
        # With several steps an execution, the last call of an epoch may name a batch that does not exist.
        self.bar.update(self.done + min(batch + 1, self.steps) - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        text = f"loss {logs['loss']:.4f}"
        if "val_loss" in logs:
            text += f", validation {logs['val_loss']:.4f}"
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(self.done + self.steps - self.bar.n)

    def close(self):
        self.bar.close()


def _length(x: Any) -> int:
    """Number of samples of an array, or of a list, tuple or dictionary of arrays."""
    if isinstance(x, Mapping):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        lengths = {len(part) for part in x}
        if len(lengths) != 1:
            raise ValueError(f"x holds arrays of different lengths: {sorted(lengths)}")
        return lengths.pop()
    return len(x)


def fit(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    schedule: str | None = "cosine",
    loss: Any = "mse",
    validation_data: Any = None,
    seed: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    jit_compile: bool | str = "auto",
    description: str | None = None,
) -> TrainingRun:
    """Compile ``model`` with Adam and train it, with one progress bar for all epochs.

    Args:
        model: a Keras model; it is trained in place.
        x: inputs, shape (n, ...), floats; or a list or dictionary of such arrays.
        y: targets; by default ``x`` itself, which is what makes the model an *auto*encoder.
        epochs: passes over ``x``.
        batch_size: samples a step.
        learning_rate: of Adam (Kingma and Ba 2015), at the first step.
        schedule: ``"cosine"`` lowers the rate to 0 along half a cosine (Loshchilov and Hutter 2017), which gets the
            most out of a training of fixed length; ``None`` keeps it constant.
        loss: a Keras loss; ``None`` for a model that computes its own in ``compute_loss`` or ``add_loss`` (``y`` is
            then passed on as it is).
        validation_data: inputs, or a pair of inputs and targets, to be scored after each epoch; never the test split.
        seed: calls :func:`set_seed` first: fixes the order of the batches and noise layers that have no seed of their
            own. The initial weights were drawn when the model was built, so seed before building as well.
        callbacks: further Keras callbacks.
        jit_compile: as in ``model.compile``.
        description: text before the progress bar; by default the model's name.

    Returns:
        A :class:`TrainingRun` with the losses of each epoch and the seconds it took.

    Raises:
        ValueError: if ``epochs``, ``batch_size`` or ``learning_rate`` is not positive, ``x`` is empty or of integers,
            or ``schedule`` is unknown.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size), ("learning_rate", learning_rate)):
        if not value > 0:
            raise ValueError(f"{name} must be positive, but it is {value}")
    if schedule not in ("cosine", None):
        raise ValueError(f'schedule must be "cosine" or None, but it is {schedule!r}')
    samples = _length(x)
    if samples == 0:
        raise ValueError("x holds no samples")
    if isinstance(x, np.ndarray) and y is None and x.dtype.kind != "f":
        raise ValueError(f"x must be floats, but its dtype is {x.dtype}; divide pixels by 255 first")
    started = time.perf_counter()
    if seed is not None:
        set_seed(seed)
    if loss is not None:
        y = x if y is None else y
        if validation_data is not None and not isinstance(validation_data, (tuple, list)):
            validation_data = (validation_data, validation_data)
    steps = -(-samples // batch_size)
    rate = learning_rate
    if schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps * epochs)
    model.compile(
        keras.optimizers.Adam(rate),
        loss,
        steps_per_execution=min(STEPS_PER_EXECUTION, steps),
        jit_compile=jit_compile,
    )
    bar = _Bar(steps, epochs, description or model.name)
    try:
        fitted = model.fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=validation_data,
            validation_batch_size=1000,
            callbacks=[bar, *callbacks],
            verbose=0,
        )
    finally:
        bar.close()
    history = {name: [float(value) for value in values] for name, values in fitted.history.items()}
    return TrainingRun(history, time.perf_counter() - started)


def fit_denoiser(
    denoiser: keras.Model,
    clean: np.ndarray,
    corruption: keras.layers.Layer,
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    **options: Any,
) -> TrainingRun:
    """Train a denoiser on pictures that ``corruption`` corrupts anew in every step; the target is the clean picture.

    Args:
        denoiser: a model from corrupted to clean; it is trained in place.
        clean: clean pictures, shape (n, ...), floats in [0, 1].
        corruption: a layer that is active in training only, such as ``layers.AddGaussianNoise(0.2)``. If it returns
            several tensors, such as noisy pictures and noise levels, the denoiser gets them all.
        epochs: passes over ``clean``.
        batch_size: samples a step.
        learning_rate: of Adam, at the first step.
        **options: passed on to :func:`fit`.

    Returns:
        What :func:`fit` returns. Its validation loss would be that of clean input, for the corruption is then off: score
        denoisers on corrupted pictures of your own.

    Raises:
        ValueError: as :func:`fit`.
    """
    pictures = keras.Input(clean.shape[1:], name="clean")
    trained = keras.Model(pictures, denoiser(corruption(pictures)), name=denoiser.name)
    # TensorFlow's own convolutions are twice as fast on a CPU as those that XLA compiles.
    jit = False if keras.backend.backend() == "tensorflow" else "auto"
    options = {"jit_compile": jit, **options}
    return fit(trained, clean, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, **options)


class KeepBest(keras.callbacks.Callback):
    """Scores the model before and during training and ends with the weights that scored best.

    The start competes, as epoch 0: a model that begins at an exact answer (a warm start) must not end below it only because
    nobody asked.

    Args:
        score: called without arguments, on validation data; higher is better.
        every: epochs between two scores; the start and the last epoch are always scored.

    Attributes:
        scores: one (epoch, score) for each time it was asked, the first of epoch 0.
        best: the highest score.
    """

    def __init__(self, score: Callable[[], float], every: int = 1):
        super().__init__()
        self.score, self.every = score, every
        self.scores: list[tuple[int, float]] = []
        self.best = -np.inf
        self._weights = None

    def on_train_begin(self, logs=None):
        """Ask for the score of the start."""
        self._ask(0)

    def on_epoch_end(self, epoch, logs=None):
        """Ask for the score, and keep the weights if it is the highest so far."""
        if (epoch + 1) % self.every == 0 or epoch + 1 == self.params["epochs"]:
            self._ask(epoch + 1)

    def _ask(self, epoch: int) -> None:
        value = float(self.score())
        self.scores.append((epoch, value))
        if value > self.best:
            self.best, self._weights = value, self.model.get_weights()

    def on_train_end(self, logs=None):
        """Put the best weights back."""
        if self._weights is not None:
            self.model.set_weights(self._weights)
