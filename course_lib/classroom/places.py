"""Where the course, Jupyter and Python write, whether they can, and what to say and do where they cannot."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

INSIDE = ".jupyter"  # in the work folder: what Jupyter would keep in a home folder that cannot be written
PROBE = 1 << 16  # bytes: a full disk takes an empty file
_FULL = {errno.ENOSPC, errno.EDQUOT}
HELD = "another program holds it"
MEND_LINK = "connect the disk that it lies on, or remove the link"


def disk_of(path: Path) -> Path:
    """The root of the disk, or of the mounted file system, that a path lies on or would lie on."""
    there = nearest(path)
    while not os.path.ismount(there) and there != there.parent:
        there = there.parent
    return there


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    path = path.absolute()
    return next((p for p in (path, *path.parents) if os.path.exists(p)), Path(path.anchor))


def broken_link(path: Path) -> str | None:
    """Which link on the way to a path leads nowhere, such as to a disk that is not connected; None if none does."""
    for link in (path, *path.parents):
        if os.path.islink(link) and not os.path.exists(link):
            return f"{link} is a link to {os.readlink(link)}, which is not there"
    return None


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk, or somebody's share of it, is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def why(error: BaseException, path: Path | None = None) -> str:
    """The cause of a failed read or write in a few words, without the names of temporary files.

    Args:
        error: what was raised.
        path: what was read or written; the disk is named after it.
    """
    if is_full(error) and path is not None:
        disk = disk_of(path)
        try:
            return f"the disk of {disk} is full: {shutil.disk_usage(disk).free / 2**20:.0f} MB are free"
        except OSError:
            return f"the disk of {disk} is full"
    if isinstance(error, TimeoutError):  # filelock.Timeout is one
        return HELD
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}".splitlines()[0]


def probe(folder: Path) -> None:
    """Write some bytes into a folder and remove them.

    Raises:
        OSError: if that fails; nothing is left behind.
    """
    file = folder / f".bottleneck-write-test-{os.getpid()}"
    try:
        file.write_bytes(b"\0" * PROBE)
    finally:
        file.unlink(missing_ok=True)


def _homes() -> Iterator[tuple[str, str, Path]]:
    """Variable, name in our folder, and the folder that Jupyter, IPython and Matplotlib would write to."""
    home = Path(os.path.expanduser("~"))
    try:
        from jupyter_core import paths
    except ImportError:  # the doctor says so among the packages
        return
    yield "JUPYTER_DATA_DIR", "data", Path(paths.jupyter_data_dir())
    yield "JUPYTER_RUNTIME_DIR", "runtime", Path(paths.jupyter_runtime_dir())
    yield "JUPYTER_CONFIG_DIR", "config", Path(paths.jupyter_config_dir())
    yield "IPYTHONDIR", "ipython", Path(os.environ.get("IPYTHONDIR") or home / ".ipython")
    yield "MPLCONFIGDIR", "matplotlib", Path(os.environ.get("MPLCONFIGDIR") or home / ".config" / "matplotlib")


def unwritable() -> dict[str, tuple[str, Path, str]]:
    """Variables whose folder cannot be written: variable → (name in our folder, the folder, why).

    Among them ``TMPDIR``, if there is no folder for temporary files at all.
    """
    found, seen = {}, {}
    for variable, name, folder in _homes():
        there = nearest(folder)
        if there not in seen:
            try:
                probe(there)
                seen[there] = None
            except OSError as error:
                seen[there] = why(error, there)
        if seen[there] is not None:
            found[variable] = (name, folder, seen[there])
    try:
        tempfile.gettempdir()
    except OSError:
        folder = Path(os.environ.get("TMPDIR") or os.environ.get("TEMP") or "/tmp")
        found["TMPDIR"] = ("temporary", folder, "no folder for temporary files can be written")
    return found


def settle(work: Path) -> str | None:
    """Give Jupyter folders inside the work folder instead of those that it cannot write: sets this process's variables.

    Args:
        work: a folder that can be written.

    Returns:
        A line to tell, or None if nothing had to be done.

    Raises:
        OSError: if the folders cannot be made.
    """
    wanting = unwritable()
    for variable, (name, _, _) in wanting.items():
        folder = (work / INSIDE / name).resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ[variable] = str(folder)
    if not wanting:
        return None
    return f"{complaint(wanting)} For this course these files are kept in {work / INSIDE}."


def complaint(wanting: dict[str, tuple[str, Path, str]]) -> str:
    """What ``unwritable`` found, as one sentence."""
    folders = {str(nearest(folder)): reason for _, folder, reason in wanting.values()}
    listed = " and ".join(f"{folder} ({reason})" for folder, reason in folders.items())
    return f"Jupyter and Python cannot write to {listed}."
