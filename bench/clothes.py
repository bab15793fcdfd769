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
        speed_up: how many times faster than the recipe the winner of a race has to be on these images; None: not set.
            The recipe takes ten epochs of all images, the winner 12,000 of them: on the embedded set its lead shrinks
            to what one busy second can undo, while that of its score stays.
    """

    train: np.ndarray
    unseen: np.ndarray
    unseen_name: str
    speed_up: float | None


def load(*, held_out: bool = False) -> Clothes:
    """All 60,000 images or, where they are not on this computer and cannot be downloaded, the 12,000 of the course.

    Args:
        held_out: score on training images that are held out, for choosing, and not on the test images.
    """
    data, complete = best_there_is()
    speed_up = 4 if complete else None
    if not held_out:
        return Clothes(data.train, data.test, f"{len(data.test):,} test images", speed_up)
    if complete:  # it has no validation images
        return Clothes(data.train[:50_000], data.train[50_000:], "last 10,000 training images", speed_up)
    return Clothes(data.train, data.validation, f"{len(data.validation):,} validation images", speed_up)


@functools.cache  # a network that is not there is waited for once
def best_there_is() -> tuple[datasets.ImageDataset, bool]:
    """The data set, and whether it is the complete one; prints why not."""
    try:
        return datasets.fashion_mnist(full=True), True
    except datasets.DataError as error:
        data = datasets.fashion_mnist()
        print(
            f"\n{error}\n\nMeasuring on the embedded set instead: {len(data.train):,} train and {len(data.test):,} test "
            "images.\nWhat has to be faster, and by how much, was set for 60,000 images: here times are shown, and not "
            "judged; scores are."
        )
        return data, False
