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

from course_lib.datasets._downloads import (
    DOWNLOAD_FOLDER,
)
from course_lib.datasets._files import (
    DATA_FOLDER,
    FILES,
    SPLITS,
    DataError,
    verify,
)
from course_lib.datasets.drawn_heads import (
    HEADS_COUNTS,
    HEADS_KEYS,
    HEADS_PARAMETERS,
    HeadsDataset,
    heads,
)
from course_lib.datasets.ecg import (
    ECG_RATE,
    band_passed,
    heartbeats,
)
from course_lib.datasets.electricity import (
    ELECTRICITY_TABLE,
    ElectricityDays,
    electricity_days,
)
from course_lib.datasets.film_club import (
    FilmClub,
    film_club,
)
from course_lib.datasets.images import (
    FULL_DIGITS,
    FULL_FASHION_MNIST,
    ImageDataset,
    digits,
    fashion_mnist,
)
from course_lib.datasets.machines import (
    MACHINE_KINDS,
    MachineRecording,
    machine_recording,
)
from course_lib.datasets.own_faces import (
    heads_from_folders,
)
from course_lib.datasets.own_long_series import (
    own_series,
)
from course_lib.datasets.own_pictures import (
    own_pictures,
)
from course_lib.datasets.own_ratings import (
    own_ratings,
)
from course_lib.datasets.own_rows import (
    own_sensors,
    own_windows,
)
from course_lib.datasets.own_vectors import (
    VectorDataset,
    own_vectors,
)
from course_lib.datasets.photos import (
    Photographs,
    photographs,
)
from course_lib.datasets.puppets import (
    PUPPET_POSE,
    Puppets,
    PuppetVillage,
    puppet_poses,
    puppet_village,
    puppets,
)
from course_lib.datasets.ratings import (
    FULL_MOVIE_RATINGS,
    MOVIE_RATINGS_TABLE,
    MovieRatings,
    movie_ratings,
)
from course_lib.datasets.seals import (
    BrokenTablets,
    broken_tablets,
)
from course_lib.datasets.synthetic import (
    SparseMixtures,
    ring,
    sparse_mixtures,
)
from course_lib.datasets.windows import (
    Recording,
    WindowDataset,
    shuttle,
)

__all__ = [
    "DATA_FOLDER",
    "DOWNLOAD_FOLDER",
    "ECG_RATE",
    "ELECTRICITY_TABLE",
    "FILES",
    "FULL_DIGITS",
    "FULL_FASHION_MNIST",
    "FULL_MOVIE_RATINGS",
    "HEADS_COUNTS",
    "HEADS_KEYS",
    "HEADS_PARAMETERS",
    "MACHINE_KINDS",
    "MOVIE_RATINGS_TABLE",
    "PUPPET_POSE",
    "SPLITS",
    "BrokenTablets",
    "DataError",
    "ElectricityDays",
    "FilmClub",
    "HeadsDataset",
    "ImageDataset",
    "MachineRecording",
    "MovieRatings",
    "Photographs",
    "PuppetVillage",
    "Puppets",
    "Recording",
    "SparseMixtures",
    "VectorDataset",
    "WindowDataset",
    "band_passed",
    "broken_tablets",
    "digits",
    "electricity_days",
    "fashion_mnist",
    "film_club",
    "heads",
    "heads_from_folders",
    "heartbeats",
    "machine_recording",
    "movie_ratings",
    "own_pictures",
    "own_ratings",
    "own_sensors",
    "own_series",
    "own_vectors",
    "own_windows",
    "photographs",
    "puppet_poses",
    "puppet_village",
    "puppets",
    "ring",
    "shuttle",
    "sparse_mixtures",
    "verify",
]
