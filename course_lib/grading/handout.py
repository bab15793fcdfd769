"""What a class is handed out: exercises without solutions, how to install, and the rules of points."""

from __future__ import annotations

import copy
import re
import shutil
from pathlib import Path

from course_lib.grading import stored
from course_lib.grading.points import template

_README = """\
# Autoencoders: exercises of lessons {lessons}

{install}
3. Write each answer into its cell, run it, and run the check below it. `hint(…)` asks you a question.
4. Hand in the notebooks. Keep their names and the names of the functions; you may add cells.

Your answers are checked on numbers that nobody has seen, in an environment without a network. What a check tells you here,
grading tells you, too.

An exercise names its lesson. The lessons lie in the course's folder: {notebooks}. After `make lab` there, you have copies of your own
in its folder `work/notebooks/`, which you can run.
"""
_WITH_WHEEL = """\
1. Install the course, data included, with Python 3.11, 3.12 or 3.13, into an environment of your own. The file lies in this folder:

   ```
   python -m pip install {wheel}
   ```

2. Open a notebook of this folder in JupyterLab: `python -m jupyterlab`."""
_WITH_FOLDER = """\
1. Get the course's folder: your instructor says from where. With Python 3.11, 3.12 or 3.13, in the course's folder:

   ```
   make lab
   ```

   The first time it installs the course, data included. Then it opens JupyterLab in the folder `work`. On Windows, or without make:
   the lines that do the same stand in the README.md of the course's folder.

2. Put this folder into the folder `work`, and open a notebook of it in JupyterLab."""
_LINK_BESIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")  # to what is not handed out: its words stay


class HandoutError(ValueError):
    """The hand-out cannot be made; the message says why and that nothing was overwritten."""


def lessons_of(wanted: list[int]) -> list[int]:
    """The wanted numbers, each once and in order; all lessons that have exercises, if none is wanted.

    Raises:
        HandoutError: if one has none.
    """
    have = sorted(stored.lessons())
    if unknown := sorted(set(wanted) - set(have)):
        shown = ", ".join(f"{number:02d}" for number in have)
        raise HandoutError(f"There is no lesson {unknown[0]:02d} with exercises. There are: {shown}.")
    return sorted(set(wanted)) or have


def new_folder(destination: Path) -> None:
    """Make a folder.

    Raises:
        HandoutError: if there is something already, or it cannot be made.
    """
    try:
        if destination.is_dir() and any(destination.iterdir()):
            raise HandoutError(f"{destination} is not empty. Name a new folder; nothing was changed.")
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HandoutError(f"The folder {destination} cannot be made: {error.strerror or error}.") from None


def make(destination: Path, lessons: list[int], wheel: Path | None = None) -> list[Path]:
    """Write a hand-out into a new or empty folder.

    Args:
        destination: the folder.
        lessons: numbers of lessons; empty for all that have exercises.
        wheel: the course as a file, to be put beside; else the text says how the course's folder lets people in.

    Returns:
        The files.

    Raises:
        HandoutError: if the folder is not empty, a lesson has no exercises, or there is no such wheel.
    """
    lessons = lessons_of(lessons)
    if wheel is not None and not (wheel.is_file() and wheel.suffix == ".whl"):
        raise HandoutError(f"{wheel} is no wheel. `make wheel` in the course's folder makes one and prints its name.")
    new_folder(destination)
    files = {}
    for lesson in (stored.lessons()[number] for number in lessons):
        files[f"{lesson.slug}.ipynb"] = stored.text_of(without_solutions(lesson.notebook))
    shown = ", ".join(f"{lesson:02d}" for lesson in lessons)
    install = _WITH_WHEEL.format(wheel=wheel.name) if wheel else _WITH_FOLDER
    notebooks = ", ".join(f"`notebooks/{Path(name).name}`" for name in files)
    files["README.md"] = _README.format(lessons=shown, install=install, notebooks=notebooks)
    files["grading.toml"] = template(lessons)
    for name, text in files.items():
        (destination / name).write_text(text, encoding="utf-8")
    if wheel:
        shutil.copyfile(wheel, destination / wheel.name)
        files[wheel.name] = ""
    return [destination / name for name in files]


def without_solutions(notebook: dict) -> dict:
    """A notebook without the cell that leads to its solutions, and without links to what is not handed out."""
    made = copy.deepcopy(notebook)
    made["cells"] = [cell for cell in made["cells"] if cell["metadata"].get("course", {}).get("role") != "way"]
    for cell in made["cells"]:
        if cell["cell_type"] == "markdown":
            text = _LINK_BESIDE.sub(r"\1", "".join(cell["source"]))
            cell["source"] = text.splitlines(keepends=True)
    return made
