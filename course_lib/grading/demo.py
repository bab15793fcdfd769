"""An invented class whose right verdicts are known: to see grading and its report before there is a student.

Its notebooks are the exercises of the course, filled with answers of the bank. Nobody in it exists. A student has an
ability, an exercise a difficulty, and a logistic curve says how likely a right answer is (Rasch 1960); which misconception
a wrong answer shows is drawn from few favourites of the class and of a study group, as in a real one.
"""

from __future__ import annotations

import copy
import csv
import datetime
import io
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, exercises, find_exercise
from course_lib.grading import handout, points, stored

LESSONS = 1, 2, 3  # of a class for which no lessons are named: graded in minutes
FEWEST, MOST = 5, 40_000  # students
FIRST_DUE = datetime.datetime(2026, 10, 2, 20, tzinfo=datetime.UTC)  # then a lesson a week

FIRST_NAMES = (
    "Alba Bram Cleo Dario Edda Femi Gita Hugo Ines Jaro Kaia Levi Mina Noor Odin Pia Quim Rhea Sami Tara Ugo Vera Wim Xenia "
    "Yara Zeno Amir Bela Ciro Dana Elif Finn Gala Hana Iker Juno Kofi Lena Milo Nadia"
).split()
LAST_NAMES = (
    "Ashdown Birk Calloway Dorn Elmet Farrow Gild Harrow Ister Jessel Kestrel Lorne Marrow Nettle Orrin Pell Quill Rusk Sorrel "
    "Thane Umber Vale Wick Yarrow Zell Alder Brook Copse Dell Fenn Glade Heath Inlet Knoll Lark Moor Nook Ozier Pike Reed"
).split()
INITIALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

DIFFICULTY = {"core": -0.7, "optional": 0.3, "capstone": 0.8}
STEEPNESS = 1.6  # of the curve from ability to a right answer
LEARNT = 0.7  # ability that a student gains between two hand-ins
GROUP = 5  # students who learn together


@dataclass(frozen=True)
class Expected:
    """The right verdict of one exercise in one file.

    Attributes:
        student: the student's key.
        file: the notebook's name.
        lesson: number of the lesson.
        exercise: its name.
        status: as a check says it.
        misconception: its name; empty if there is none.
        late: whether the file was handed in late.
    """

    student: str
    file: str
    lesson: int
    exercise: str
    status: str
    misconception: str
    late: bool


@dataclass(frozen=True)
class _Person:
    number: int
    key: str
    name: str
    ability: float


@dataclass(frozen=True)
class _Given:
    """What a student writes into one answer's cell, and what must come of it."""

    code: str | None
    status: str
    misconception: str = ""
    answer: stored.Answer | None = None


EMPTY = _Given(None, NOT_ATTEMPTED)


def make(destination: Path, *, students: int = 30, seed: int = 0, lessons: list[int] | None = None) -> list[Expected]:
    """Write an invented class into a new or empty folder.

    In it: ``submissions/``, a folder for each student; ``roster.csv``; ``grading.toml`` with the days on which lessons were
    due; and ``expected.csv``, the right verdict of each exercise in each file. One student hands in nothing, one file is
    cut off, some are empty, some late, and some students hand in again.

    Args:
        destination: the folder.
        students: how many.
        seed: of everything that is drawn; the same seed makes the same files.
        lessons: numbers of lessons; those of ``LESSONS`` if None or empty.

    Returns:
        The right verdicts.

    Raises:
        HandoutError: if the folder is not empty, a lesson has no exercises, or the number of students is none.
    """
    if not FEWEST <= students <= MOST:
        raise handout.HandoutError(f"An invented class has {FEWEST} to {MOST:,} students; received {students}.")
    if seed < 0:
        raise handout.HandoutError(f"A seed is 0 or a positive number; received {seed}.")
    chosen = handout.lessons_of(lessons or list(LESSONS))
    handout.new_folder(destination)
    people = _people(students, seed)
    due = {number: FIRST_DUE + datetime.timedelta(weeks=week) for week, number in enumerate(chosen)}
    _write_table(
        destination / "roster.csv",
        ["id", "name", "email", "canvas_id"],
        [[p.key, p.name, f"{p.key}@example.org", 9000 + p.number] for p in people],
    )
    expected = []
    for week, number in enumerate(chosen):
        lesson = _LessonOfAClass(stored.lessons()[number], seed)
        for person in people[1:]:  # the first one hands in nothing
            for file, notebook, when, verdicts in _hand_ins(lesson, person, week, len(people), due[number], seed):
                path = destination / "submissions" / person.key / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(notebook, encoding="utf-8")
                os.utime(path, (when.timestamp(), when.timestamp()))
                late = when > due[number]
                expected += [
                    Expected(person.key, file, number, name, given.status, given.misconception, late)
                    for name, given in verdicts.items()
                ]
    _write_table(
        destination / "expected.csv",
        list(Expected.__annotations__),
        [[*list(vars(row).values())[:-1], "late" if row.late else ""] for row in expected],
    )
    (destination / "grading.toml").write_text(points.template(chosen, due), encoding="utf-8")
    return expected


def read_expected(place: Path) -> list[Expected]:
    """The right verdicts that :func:`make` wrote into ``expected.csv``."""
    with place.open(encoding="utf-8", newline="") as file:
        return [
            Expected(**{**row, "lesson": int(row["lesson"]), "late": row["late"] == "late"})
            for row in csv.DictReader(file)
        ]


def _drawn(seed: int, *what) -> np.random.Generator:
    """Chance of its own for each thing: a further student or lesson changes nothing that was there."""
    return np.random.default_rng([seed, *(zlib.crc32(str(part).encode()) for part in what)])


def _people(students: int, seed: int) -> list[_Person]:
    pairs = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    order = _drawn(seed, "names").permutation(len(pairs))
    people = []
    for number in range(students):
        name, again = pairs[order[number % len(pairs)]], number // len(pairs)
        if again:
            first, last = name.split()
            name = f"{first} {INITIALS[again - 1]}. {last}"
        key = f"s{number + 1:03d}"
        people.append(_Person(number, key, name, float(_drawn(seed, "ability", key).normal())))
    return people


class _LessonOfAClass:
    """A lesson as one class meets it: how hard each exercise is, and which misconceptions are its favourites."""

    def __init__(self, lesson: stored.StoredLesson, seed: int):
        self.stored, self.seed = lesson, seed
        self.exercises = [e for e in exercises() if e.lesson == lesson.number]
        self.names = {name: exercise.name for exercise in self.exercises for name in exercise.names}
        self.difficulty = {
            e.name: DIFFICULTY[e.kind] + float(_drawn(seed, "difficulty", e.name).normal(0, 0.7))
            for e in self.exercises
        }

    def misconception(self, exercise: str, group: int, rng: np.random.Generator) -> str:
        """Which misconception a wrong answer shows: half the time that of the study group."""
        known = sorted({a.misconception for a in self.stored.answers[exercise] if a.misconception})
        ranked = _drawn(self.seed, "favourites", exercise).permutation(known)
        weights = np.arange(1, len(known) + 1) ** -2.0
        of_group = _drawn(self.seed, "group", exercise, group)
        source = of_group if rng.random() < 0.5 else rng
        return str(source.choice(ranked, p=weights / weights.sum()))

    def fits(self, answer: stored.Answer, given: dict[str, _Given]) -> bool:
        """Whether an answer means in this notebook what it means alone.

        What it calls must be right, and what else it defines must be nobody else's.
        """
        right = {name for name, exercise in self.names.items() if given.get(exercise, EMPTY).status == PASS}
        taken = {name for other in given.values() if other.answer for name in other.answer.defines}
        return answer.uses <= right and not answer.defines & (taken | self.names.keys())


def _answer(lesson: _LessonOfAClass, exercise, person: _Person, ability: float, given: dict, rng) -> _Given:
    """What a student writes for one exercise."""
    chance = 1 / (1 + np.exp(-STEEPNESS * (ability - lesson.difficulty[exercise.name])))
    right = rng.random() < chance
    if rng.random() < (0.35 if exercise.kind == "core" else 0.7) * (1 - chance):
        return EMPTY
    bank = lesson.stored.answers[exercise.name]
    wanted = None if right else lesson.misconception(exercise.name, person.number // GROUP, rng)
    fitting = [a for a in bank if a.misconception == wanted and lesson.fits(a, given)]
    if not fitting:
        return EMPTY
    answer = fitting[rng.integers(len(fitting))]
    if right:
        return _Given(answer.code, PASS, answer=answer)
    if rng.random() < 0.06:  # an answer that is no Python
        return _Given(_misspelt(answer.code), ERROR)
    return _Given(answer.code, FAIL, wanted, answer)


def _misspelt(code: str) -> str:
    head, found, tail = code.rpartition("return ")
    return f"{head}retrun {tail}" if found else f"{code}\nretrun None"


def _hand_ins(lesson: _LessonOfAClass, person: _Person, week: int, students: int, due: datetime.datetime, seed: int):
    """The files of one student for one lesson: name, text, time and what each exercise must become."""
    rng = _drawn(seed, "work", person.key, lesson.stored.number)
    if rng.random() < 0.02 + 0.06 * (person.ability < -0.5):
        return
    stubborn = person.number == 1 + (7 * week + 4) % (students - 1)
    empty = person.number == 1 + (7 * week + 2) % (students - 1)
    broken = week == 0 and person.number == 1
    late = rng.random() < 0.12
    when = due + datetime.timedelta(hours=float(rng.uniform(1, 40) if late else -rng.uniform(8, 90)))
    given: dict[str, _Given] = {}
    for number in range(1, 4):
        ability = person.ability + LEARNT * (number - 1)
        # What passed stays, and a stubborn student hands in the same mistakes again.
        given = {name: one for name, one in given.items() if one.status == PASS or (stubborn and one.status == FAIL)}
        for exercise in lesson.exercises:
            if exercise.name not in given:
                given[exercise.name] = EMPTY if empty else _answer(lesson, exercise, person, ability, given, rng)
        given = {exercise.name: given[exercise.name] for exercise in lesson.exercises}
        notebook = _filled(lesson.stored.notebook, given)
        notebook["metadata"]["invented"] = {"student": person.key, "hand_in": number}  # no two files are the same
        text = stored.text_of(notebook)
        if broken:
            text, given = _cut_off(text, notebook, given)
        file = f"{lesson.stored.slug}{f'-{number}' if number > 1 else ''}.ipynb"
        yield file, text, when, dict(given)
        unfinished = any(one.status != PASS for one in given.values())
        if empty or broken or not (unfinished and (stubborn or rng.random() < 0.2)):
            return
        when += datetime.timedelta(hours=float(rng.uniform(0.5, 3)))


def _filled(notebook: dict, given: dict[str, _Given]) -> dict:
    """The notebook with answers in their cells."""
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        course = cell["metadata"].get("course", {})
        if course.get("role") == "answer" and (code := given[course["exercise"]].code) is not None:
            cell["source"] = code.splitlines(keepends=True)
    return made


def _cut_off(text: str, notebook: dict, given: dict[str, _Given]) -> tuple[str, dict[str, _Given]]:
    """A file that ends in the middle, and what is left to judge: the answers before."""
    answers = [cell for cell in notebook["cells"] if cell["metadata"].get("course", {}).get("role") == "answer"]
    lost = answers[len(answers) // 2]
    names = list(given)
    whole = names[: names.index(find_exercise(lost["metadata"]["course"]["exercise"]).name)]
    kept = {name: given[name] if name in whole else EMPTY for name in names}
    place = text.index(f'"id": "{lost["id"]}"')
    return text[: place + 20], kept


def _write_table(place: Path, header: list[str], rows: list[list]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    place.write_text(text.getvalue(), encoding="utf-8")
