"""The little that lesson 08 adds to LanceDB, an embedded vector database: quiet start, tables, and what a search costs.

LanceDB and pyarrow are imported inside the functions, so that the rest of the course does not load them.
"""

from __future__ import annotations

import atexit
import importlib.util
import io
import os
import platform
import re
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import crashes, runtime


class NoDatabase(ImportError):
    """LanceDB is missing, or cannot start on this machine."""


def connect(uri: str | Path, **options: Any) -> Any:
    """A connection to a vector database, without the notices that LanceDB writes by default.

    Args:
        uri: a folder of this computer, or the address of a served database: ``db://…``, ``s3://…``.
        **options: passed on to ``lancedb.connect``, such as ``api_key`` and ``region`` for ``db://…``.

    Raises:
        NoDatabase: if LanceDB is not installed or cannot start here; the message says what to do.
    """
    missing = what_is_missing()
    if missing:
        raise NoDatabase(missing)
    # Every new table is announced as a missing one. Set before LanceDB is first imported, or it has no effect.
    os.environ.setdefault("LANCEDB_LOG", "error")
    import lancedb

    return lancedb.connect(str(uri), **options)


@lru_cache(maxsize=1)
def what_is_missing() -> str:
    """Why LanceDB cannot be used here and what to do, in one line; "" where it can.

    It is imported in a process of its own first, once a session: on a processor without the instructions that it was
    compiled for, the import would end the notebook's kernel without a word.
    """
    if "lancedb" in sys.modules:
        return ""
    pip = "python -m pip install"
    absent = [name for name in ("lancedb", "pyarrow") if importlib.util.find_spec(name) is None]
    if absent:
        return (
            f"LanceDB is not installed ({' and '.join(absent)}): `{pip} {' '.join(absent)}` in the course's environment brings "
            f"it, where there is a package for this machine ({platform.system()}, {platform.machine()})."
        )
    tried = crashes.attempt(f"import sys; sys.path[:] = {sys.path!r}; import lancedb, pyarrow", seconds=120)
    if tried.good:
        return ""
    if tried.signal is not None or tried.missing_instructions:
        return (
            f"LanceDB ended the process that loaded it, with {tried.ending}. {crashes.remedy('lancedb', tried.words)}"
        )
    said = " / ".join(tried.words) or tried.ending
    return (
        f"LanceDB cannot be loaded ({said}): `{pip} --force-reinstall lancedb` in the course's environment may mend it."
    )


def ready() -> bool:
    """Whether LanceDB can be used here; if not, prints what is missing and what to do."""
    missing = what_is_missing()
    if missing:
        print(f"What needs the database is left out, and all else runs. {missing}")
    return not missing


def database_folder(name: str) -> Path:
    """Where a lesson keeps its database: in the learner's work folder, or else in a folder that ends with Python.

    The latter also where the work folder cannot be written; this is printed.

    Args:
        name: of the folder, such as ``"08_embeddings"``.

    Raises:
        ValueError: if ``name`` is not a plain name.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"name must be a plain name such as '08_embeddings', but it is {name!r}")
    work = runtime.work_folder()
    if work is not None:
        folder = work / "databases" / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"0" * 4096)
        except OSError as error:  # read-only, full, or another's
            print(f"{folder} cannot be written ({error.strerror}): the database lies in a temporary folder this time.")
        else:
            return folder
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def png(images: np.ndarray) -> list[bytes]:
    """Each picture as the bytes of a PNG file, without loss.

    Args:
        images: grey pictures, uint8, shape (n, height, width).

    Raises:
        ValueError: if they have another shape or dtype.
    """
    from PIL import Image

    images = np.asarray(images)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"images must be uint8 of shape (n, height, width), but they are {images.dtype} of {images.shape}"
        )
    files = []
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "png", compress_level=1)
        files.append(buffer.getvalue())
    return files


def from_png(files: list[bytes]) -> np.ndarray:
    """Pictures from the bytes of their files: floats in [0, 1], shape (n, height, width)."""
    from PIL import Image

    return np.stack([np.asarray(Image.open(io.BytesIO(file)), np.float32) / 255 for file in files])


def rows(codes: np.ndarray, **columns: Any) -> Any:
    """Rows for ``create_table``: a column ``code`` of float32 vectors, and the columns that you name.

    Args:
        codes: shape (n, d).
        **columns: arrays or lists of n entries: numbers, text or bytes.

    Returns:
        A ``pyarrow.Table``.

    Raises:
        ValueError: if ``codes`` is no matrix, holds NaN or infinity, or a column has another length.
    """
    import pyarrow as pa

    codes = np.ascontiguousarray(codes, np.float32)
    if codes.ndim != 2 or 0 in codes.shape:
        raise ValueError(f"codes must have shape (n, d), none of them zero, but they have {codes.shape}")
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite, but they hold NaN or infinity")
    for name, values in columns.items():
        if len(values) != len(codes):
            raise ValueError(f"{name} must have {len(codes)} entries, one for each code, but it has {len(values)}")
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(codes.ravel()), codes.shape[1])
    return pa.table({**{name: pa.array(values) for name, values in columns.items()}, "code": vectors})


def distance_count(query: Any) -> int:
    """How many distances a search computes, to three digits, from LanceDB's own account of what it did.

    Without an index that is one a row. With one, it is one for each part of the gallery, to rank the parts, and one for
    each row in the parts that are searched.

    Args:
        query: a search for **one** code, such as ``table.search(code).limit(10)``; it is run.

    Raises:
        ValueError: if the account has neither number.
    """
    account = query.analyze_plan()
    scanned = re.findall(r"KNNVectorDistance:.*?output_rows=([\d.]+) ?([KM]?)", account)
    found = scanned or re.findall(r"(?:index_comparisons|partitions_ranked)=([\d.]+) ?([KM]?)", account)
    if not found:
        raise ValueError("this version of LanceDB does not say how many distances it computed")
    return round(sum(float(number) * {"": 1, "K": 1e3, "M": 1e6}[unit] for number, unit in found))
