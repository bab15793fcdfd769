"""The course away from its folder: as a wheel, data included, and the files by which other places start it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest

from authoring.web import wheel as wheel_of

ROOT = Path(__file__).resolve().parent.parent
TOUR = ROOT / "notebooks" / "00_start_here.ipynb"

# What somebody does in an empty folder: the notebook's code cells, one after the other, as Jupyter runs them.
PROGRAM = """
import json, sys
import course_lib
print("FOUND", course_lib.__file__)
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1])):
    result = shell.run_cell(cell)
    if not result.success:
        sys.exit(f"does not run: {cell}")
from course_lib import datasets
for name in ("digits", "fashion_mnist", "heads", "heartbeats", "shuttle", "electricity_days", "movie_ratings", "photographs"):
    getattr(datasets, name)()
print("ALL RAN")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return wheel_of.make(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.mark.parametrize("git", ["knows nothing of it", "is not installed"])
def test_the_wheel_of_a_downloaded_archive_holds_what_the_tracked_files_hold(git, tmp_path, monkeypatch):
    """No version control, and what Python leaves there: the same files, none of the leftovers."""
    for path in ("__init__.py", "data/set.csv", "classroom/lab_config/a/b.json"):
        (tmp_path / "course_lib" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "course_lib" / path).write_text("x")
    for path in ("__pycache__/a.pyc", "data/.ipynb_checkpoints/set-checkpoint.csv", ".DS_Store"):
        (tmp_path / "course_lib" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "course_lib" / path).write_text("left")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if git == "is not installed":
        monkeypatch.setenv("PATH", str(tmp_path))
    kept = ["course_lib/__init__.py", "course_lib/classroom/lab_config/a/b.json", "course_lib/data/set.csv"]
    assert wheel_of.contents(tmp_path) == kept


@pytest.mark.parametrize("git", [True, False])
def test_the_course_as_a_zip_is_its_folder_without_leftovers(git, tmp_path, monkeypatch):
    root = tmp_path / "course"
    for path in (
        "README.md",
        "course_lib/__init__.py",
        ".ci/run",
        "build/site/index.html",
        "course_lib/__pycache__/a.pyc",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    if git:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        tracked = ["README.md", "course_lib/__init__.py", ".ci/run"]
        for command in (["init", "-q"], ["add", *tracked], [*identity, "commit", "-qm", "x"]):
            subprocess.run(["git", *command], cwd=root, check=True)
    with zipfile.ZipFile(wheel_of.archive(root, tmp_path)) as made:
        files = {name for name in made.namelist() if not name.endswith("/")}
    assert files == {"bottleneck/README.md", "bottleneck/course_lib/__init__.py", "bottleneck/.ci/run"}


def test_the_wheel_alone_runs_the_tour_and_holds_all_data(wheel, tmp_path):
    """An environment that has the packages and the wheel, and an empty folder that is not the course's."""
    bare, empty = tmp_path / "bare", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    python = bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    outside = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"MPLBACKEND": "agg"}
    subprocess.run([*install, str(wheel)], cwd=empty, env=outside, check=True)
    # The packages are those of this environment. A path in a .pth file is not searched for further .pth files, so the
    # course's own folder, which is installed here as editable, does not come with them.
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (Path(packages.stdout.strip()) / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    cells = [c.source for c in nbformat.read(TOUR, as_version=4).cells if c.cell_type == "code"]
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    done = subprocess.run(
        [python, "-c", PROGRAM, str(tmp_path / "cells.json")], cwd=empty, env=outside, capture_output=True, text=True
    )
    assert done.returncode == 0 and "ALL RAN" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    found = next(line for line in done.stdout.splitlines() if line.startswith("FOUND"))
    assert str(bare) in found, "course_lib came from elsewhere than the wheel"
    assert list(empty.iterdir()) == [], "the course wrote into somebody's folder"


def test_each_notebook_says_what_to_install_where_the_course_is_not():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")) + sorted((ROOT / "exercises").glob("*.ipynb")):
        first = nbformat.read(path, as_version=4).cells[0].source
        assert "%pip install" in first and "bottleneck_course" in first, path.name


def test_copies_are_made_without_opening_anything(tmp_path):
    command = [sys.executable, "-m", "course_lib", "copies", "--work", str(tmp_path / "mine")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine" / "notebooks" / TOUR.name).read_bytes() == TOUR.read_bytes()
    assert str(tmp_path / "mine") in done.stdout


def test_other_places_start_the_course_by_commands_that_exist():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    commands = [container["postCreateCommand"], (ROOT / ".binder" / "postBuild").read_text()]
    for command in commands:
        assert "-m course_lib copies" in command
    assert "make .venv/.installed" in commands[0] and "$(VENV)/.installed:" in (ROOT / "Makefile").read_text()
    assert (ROOT / container["customizations"]["codespaces"]["openFiles"][0].replace("work/", "")).exists()
    for name in ("postBuild", "start"):
        file = ROOT / ".binder" / name
        assert file.stat().st_mode & stat.S_IXUSR, f"{name} cannot be run"
        assert subprocess.run(["bash", "-n", str(file)]).returncode == 0
    assert "==" not in commands[1] and "constraints" not in commands[1], "Binder's own packages stay as they are"
    supported = {"3.11", "3.12", "3.13"}
    assert (ROOT / ".binder" / "runtime.txt").read_text().strip().removeprefix("python-") in supported
    assert container["image"].removeprefix("python:").split("-")[0] in supported
    start = (ROOT / ".binder" / "start").read_text()
    assert (ROOT / "course_lib/classroom/lab_config").is_dir()
    for variable in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"):  # the settings; the extension that opens explorers
        assert f'{variable}="$PWD/course_lib/classroom/lab_config' in start


def test_the_web_version_offers_the_file_that_is_built():
    page = (ROOT / "site" / "elsewhere.md").read_bytes()
    assert page.count(wheel_of.PLACE) == 2  # in the command, whose script makes it an address, and in the link
    assert wheel_of.name(ROOT) in (ROOT / "README.md").read_text(encoding="utf-8"), "README names another version"
