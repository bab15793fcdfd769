"""Every embedded file of ``course_lib/data``: read, and checked against its SHA-256 each time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

DATA_FOLDER = Path(__file__).resolve().parents[1] / "data"

SPLITS = ("train", "validation", "test")

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


class DataError(RuntimeError):
    """A data file is missing, damaged or out of reach; the message names it and says how to get it back."""


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
            size = len(read_embedded(name, folder or DATA_FOLDER))
        except DataError as error:
            results.append((name, False, str(error)))
        else:
            results.append((name, True, f"{size:,} bytes, SHA-256 as expected"))
    return results


def read_embedded(name: str, folder: Path) -> bytes:
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


def read_only(array: np.ndarray) -> np.ndarray:
    """A view of an array that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view
