"""Complete sets from a folder of this computer or from the network, checked against what we know of them."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from course_lib.datasets._files import DataError

DOWNLOAD_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"  # the address in keras.datasets


class BadFile(Exception):
    """A file of a complete set is not what its name says."""


class MissingFile(BadFile):
    """A file of a complete set is absent: the normal state before the first download."""


def keras_cache() -> Path:
    """Where Keras keeps data sets; worked out here because importing Keras takes seconds."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets"


def read_pinned(path: Path, expected: str) -> bytes:
    """The bytes of a file whose SHA-256 is known.

    Raises:
        MissingFile: if it is absent.
        BadFile: if it cannot be read, or has another SHA-256 than ``expected``.
    """
    if not path.is_file():
        raise MissingFile(f"{path} is missing")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise BadFile(f"{path} is damaged: SHA-256 {found}, expected {expected}")
    return content


def first_good(
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
        checked: reads and verifies a folder; raises BadFile.
        cache: the folder that a download ends in; tried first.
        others: further folders to try.
        names: the files to download.
        source: the address that they are downloaded from, up to their names.
    """
    for folder in (cache, *others):
        try:
            return checked(folder)
        except MissingFile:
            continue
        except BadFile as problem:
            # Not an error yet, because another source may do; stacklevel 4 is the line that called the loader.
            warnings.warn(f"{problem}. Passing over {folder}.", stacklevel=4)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # Next to its destination, so that os.replace moves within one file system and nobody ever sees half a file.
        with tempfile.TemporaryDirectory(dir=cache, prefix=".download-") as temporary:
            for name in names:
                download(f"{source}{name}", name, Path(temporary))
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


def download(address: str, name: str, folder: Path) -> None:
    """Fetch one file into a folder with Keras' own downloader; tests replace this function."""
    import keras

    keras.utils.get_file(name, origin=address, cache_dir=str(folder), cache_subdir="")
