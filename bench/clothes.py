"""Fashion-MNIST for the races: the complete set where it can be had, the embedded one otherwise."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from course_lib import datasets


@dataclass(frozen=True)
class Clothes:
    """What a race trains on and is scored on.

    Attributes:
        train: raw images, uint8, shape (n, 28, 28).
        unseen: as ``train``; scored once a run.
        unseen_name: what ``unseen`` is called in titles.
        complete: whether this is the complete set, for which the bars of the races were set.
    """

    train: np.ndarray
    unseen: np.ndarray
    unseen_name: str
    complete: bool


def load(*, held_out: bool = False) -> Clothes:
    """All 60,000 images or, where they are not on this computer and cannot be downloaded, the 12,000 of the course.

    Args:
        held_out: score on training images that are held out, for choosing, and not on the test images.
    """
    data, complete = _best_there_is()
    if not held_out:
        return Clothes(data.train, data.test, f"{len(data.test):,} test images", complete)
    if complete:  # it has no validation images
        return Clothes(data.train[:50_000], data.train[50_000:], "last 10,000 training images", complete)
    return Clothes(data.train, data.validation, f"{len(data.validation):,} validation images", complete)


@functools.cache  # a network that is not there is waited for once
def _best_there_is() -> tuple[datasets.ImageDataset, bool]:
    try:
        return datasets.fashion_mnist(full=True), True
    except datasets.DataError as error:
        data = datasets.fashion_mnist()
        print(
            f"\n{error}\n\nMeasuring on the embedded set instead: {len(data.train):,} train and {len(data.test):,} test "
            "images.\nThe bars of the races were set for 60,000 images: here the tables are shown, and not judged."
        )
        return data, False
