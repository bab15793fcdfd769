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

    It is made from a copy of the tracked files: what else lies in the checkout cannot slip in, and nothing is left there.

    Raises:
        subprocess.CalledProcessError: if pip fails; it has said why.
    """
    listed = subprocess.run(
        ["git", "ls-files", "course_lib"], cwd=root, capture_output=True, text=True, encoding="utf-8", check=True
    )
    with tempfile.TemporaryDirectory() as copy:
        for path in [*listed.stdout.splitlines(), "pyproject.toml", "requirements.txt", "README.md"]:
            (Path(copy) / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, Path(copy) / path)
        options = ["-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", "wheel", *options, copy], check=True)
    return folder / name(root)
