"""The exercises and the bank of answers as the package holds them: for hand-outs and invented classes, also without the course's folder.

Read in the trusted process only; the sandbox hides the file with the judges. `python -m authoring build` writes it.
"""

from __future__ import annotations

import functools
import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from course_lib.classroom import judges

PLACE = Path(judges.__file__).parent / "bank.json.gz"


class BankError(RuntimeError):
    """The stored bank is missing or damaged; the message says what to do."""


@dataclass(frozen=True)
class Answer:
    """One answer to one exercise.

    Attributes:
        exercise: its name.
        what: ``"solution"``, ``"variant"`` or another right one; None if it is wrong.
        misconception: the name that a check gives it; None if it is right.
        code: of its cell.
        uses: functions of other exercises of the lesson that it calls.
        defines: what else than its own functions it leaves in the notebook.
    """

    exercise: str
    what: str | None
    misconception: str | None
    code: str
    uses: frozenset[str]
    defines: frozenset[str]


@dataclass(frozen=True)
class StoredLesson:
    """The exercises of one lesson.

    Attributes:
        number: of the lesson.
        slug: such as ``05_variational``.
        notebook: as JSON, as learners get it.
        answers: those of each exercise.
    """

    number: int
    slug: str
    notebook: dict
    answers: dict[str, list[Answer]]


@functools.cache
def lessons() -> dict[int, StoredLesson]:
    """Every lesson that has exercises, by its number.

    Raises:
        BankError: if the file is missing or damaged.
    """
    try:
        said = json.loads(gzip.decompress(PLACE.read_bytes()))["lessons"]
        return {int(number): _lesson(int(number), lesson) for number, lesson in said.items()}
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BankError(
            f"The exercises that the course keeps in {PLACE} could not be read: {error}. Install the course again, or in its "
            "folder run `python -m authoring build`."
        ) from None


def _lesson(number: int, said: dict) -> StoredLesson:
    answers = {
        exercise: [
            Answer(exercise, a["what"], a["misconception"], a["code"], frozenset(a["uses"]), frozenset(a["defines"]))
            for a in given
        ]
        for exercise, given in said["answers"].items()
    }
    return StoredLesson(number, said["slug"], said["notebook"], answers)


def text_of(notebook: dict) -> str:
    """A notebook as the text of its file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
