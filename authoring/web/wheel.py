"""The course as one file beside its web version, for places where its folder is not."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PLACE = b"@WHEEL@"  # where a page names the file


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


def contents(root: Path) -> list[str]:
    """The files of ``course_lib`` that go into the wheel, by their paths in the checkout: those that git tracks.

    Where git knows nothing of the folder (it was downloaded as an archive, or git is not installed), all that Python and
    its tools have not left there. An archive holds what is tracked, so both are the same until somebody adds a file.
    """
    try:
        listed = subprocess.run(
            ["git", "ls-files", "course_lib"], cwd=root, capture_output=True, text=True, encoding="utf-8"
        )
    except FileNotFoundError:
        return _without_leftovers(root)
    # Also a folder unpacked inside of another repository, which does not track it, lists nothing.
    return listed.stdout.splitlines() if listed.returncode == 0 and listed.stdout else _without_leftovers(root)


def _without_leftovers(root: Path) -> list[str]:
    paths = (path.relative_to(root) for path in sorted((root / "course_lib").rglob("*")) if path.is_file())
    return [
        path.as_posix()
        for path in paths
        if path.suffix != ".pyc" and not any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    ]
