"""What a class is handed out: exercises without solutions, how to install, and the rules of points."""

from __future__ import annotations

import shutil
from pathlib import Path

import course_lib
from course_lib.classroom.exercise import exercises
from course_lib.grading.points import TEMPLATE

ROOT = Path(course_lib.__file__).resolve().parent.parent

_README = """\
# Autoencoders: exercises of lessons {lessons}

1. Install the course, data included, with Python 3.11, 3.12 or 3.13, into an environment of your own:

   ```
   python -m pip install {wheel}
   ```

2. Open a notebook of this folder in JupyterLab: `jupyter lab`.
3. Write each answer into its cell, run it, and run the check below it. `hint(…)` asks you a question.
4. Hand in the notebooks. Keep their names and the names of the functions; you may add cells.

Your answers are checked on numbers that nobody has seen, in an environment without a network. What a check tells you here,
grading tells you, too.
"""


class HandoutError(ValueError):
    """The hand-out cannot be made; the message says why and that nothing was overwritten."""


def make(destination: Path, lessons: list[int], wheel: Path | None = None) -> list[Path]:
    """Write a hand-out into a new or empty folder.

    Args:
        destination: the folder.
        lessons: numbers of lessons; empty for all that have exercises.
        wheel: the course as a file, to be put beside; else the text names the package.

    Returns:
        The files.

    Raises:
        HandoutError: if the folder is not empty, or a lesson has no exercises.
    """
    have = sorted({exercise.lesson for exercise in exercises()})
    if unknown := sorted(set(lessons) - set(have)):
        raise HandoutError(f"No exercises in lesson {unknown[0]}; lessons with exercises: {', '.join(map(str, have))}.")
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise HandoutError(f"{destination} is there already, and not empty. Give a new folder; nothing was changed.")
    lessons = sorted(set(lessons)) or have
    found = {path: int(path.name[:2]) for path in sorted((ROOT / "exercises").glob("[0-9][0-9]_*.ipynb"))}
    if not found:
        raise HandoutError(
            f"The exercises are not beside course_lib: expected {ROOT / 'exercises'}. Run this from the course's folder."
        )
    destination.mkdir(parents=True, exist_ok=True)
    written = []
    for path in (path for path, lesson in found.items() if lesson in lessons):
        written.append(Path(shutil.copyfile(path, destination / path.name)))
    name = wheel.name if wheel else "bottleneck-course"
    if wheel:
        written.append(Path(shutil.copyfile(wheel, destination / wheel.name)))
    shown = ", ".join(f"{lesson:02d}" for lesson in lessons)
    for file, text in {
        "README.md": _README.format(lessons=shown, wheel=name),
        "grading.toml": TEMPLATE.format(lessons=lessons),
    }.items():
        (destination / file).write_text(text, encoding="utf-8")
        written.append(destination / file)
    return written
