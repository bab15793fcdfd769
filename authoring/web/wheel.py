"""The course as one file beside its web version, for places where its folder is not."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

PLACE = b"@WHEEL@"  # where a page names the file


def name(root: Path) -> str:
    """The file's name, as pip makes it from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"


def make(root: Path, folder: Path) -> Path:
    """Build the wheel of a checkout into a folder, without a network.

    Raises:
        subprocess.CalledProcessError: if pip fails; it has said why.
    """
    options = ["-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(root)], check=True)
    return folder / name(root)
