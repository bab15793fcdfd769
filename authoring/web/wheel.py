"""The course beside its web version: as a wheel, for places where its folder is not, and as a zip of its folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

PLACE = b"@WHEEL@"  # where a page names the file
ARCHIVE = "bottleneck-course.zip"
LEFT_OUT = ".git", ".venv", "build", "work"  # of a folder that git does not know


def name(root: Path) -> str:
    """The file's name, as pip makes it from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"


def make(root: Path, folder: Path) -> Path:
    """Build the wheel of a checkout into a folder, without a network.

    It is made from a copy of ``contents``: what else lies in the checkout cannot slip in, and nothing is left there.

    Raises:
        subprocess.CalledProcessError: if pip fails; it has said why.
    """
    with tempfile.TemporaryDirectory() as copy:
        for path in [*contents(root), "pyproject.toml", "requirements.txt", "README.md"]:
            (Path(copy) / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, Path(copy) / path)
        options = ["-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", "wheel", *options, copy], check=True)
    return folder / name(root)


def archive(root: Path, folder: Path) -> Path:
    """Write the whole course as a zip: what is committed, or where git knows nothing of the folder, what is no leftover.

    Raises:
        subprocess.CalledProcessError: if git fails; it has said why.
    """
    place = folder / ARCHIVE
    if _tracked(root):
        command = ["git", "archive", "--format=zip", "--prefix=bottleneck/", "-o", str(place.resolve()), "HEAD"]
        subprocess.run(command, cwd=root, check=True)
        return place
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(root.rglob("*")):
            own = path.relative_to(root)
            if path.is_file() and own.parts[0] not in LEFT_OUT and _no_leftover(own):
                made.write(path, Path("bottleneck") / own)
    return place


def contents(root: Path) -> list[str]:
    """The files of ``course_lib`` that go into the wheel, by their paths in the checkout: those that git tracks.

    Where git knows nothing of the folder (it was downloaded as an archive, or git is not installed), all that Python and
    its tools have not left there. An archive holds what is tracked, so both are the same until somebody adds a file.
    """
    # Also a folder unpacked inside of another repository, which does not track it, lists nothing.
    return _tracked(root, "course_lib") or _without_leftovers(root)


def _tracked(root: Path, *below: str) -> list[str]:
    try:
        listed = subprocess.run(["git", "ls-files", *below], cwd=root, capture_output=True, text=True, encoding="utf-8")
    except FileNotFoundError:
        return []
    return listed.stdout.splitlines() if listed.returncode == 0 else []


def _without_leftovers(root: Path) -> list[str]:
    paths = (path.relative_to(root) for path in sorted((root / "course_lib").rglob("*")) if path.is_file())
    return [path.as_posix() for path in paths if _no_leftover(path)]


def _no_leftover(path: Path) -> bool:
    """Whether Python and its tools did not leave it there."""
    parts = path.parts if path.parts[0] == "course_lib" else path.parts[1:]
    return path.suffix != ".pyc" and not any(part.startswith(".") or part == "__pycache__" for part in parts)
