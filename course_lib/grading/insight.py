"""What a class understood: misconceptions by frequency, exercises too easy or too hard, who is stuck, who is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, Exercise
from course_lib.grading.gradebook import Entry
from course_lib.grading.points import Counted, Rules, count
from course_lib.grading.submissions import Student

MISSING = "MISSING"  # nothing was handed in for its lesson
OUTCOMES = PASS, FAIL, ERROR, NOT_ATTEMPTED, MISSING
TOO_EASY, TOO_HARD = 0.95, 0.4  # share of those who tried and passed
FEW = 5  # students; of fewer nothing is said about an exercise
STUCK = 3  # hand-ins of an exercise that never passed


@dataclass(frozen=True)
class Misconception:
    """One that students had.

    Attributes:
        exercise: where.
        name: the judge's name of it.
        students: how many ever had it.
        now: how many have it in the outcome that counts.
        example: what the check asked one of them.
    """

    exercise: Exercise
    name: str
    students: int
    now: int
    example: str


@dataclass(frozen=True)
class Item:
    """One exercise and what the class made of it.

    Attributes:
        exercise: the exercise.
        outcomes: how many students have each of ``OUTCOMES``.
        said: that it is too easy or too hard, or nothing.
    """

    exercise: Exercise
    outcomes: dict[str, int]
    said: str = ""


@dataclass(frozen=True)
class Row:
    """One student.

    Attributes:
        student: who.
        enrolled: whether the roster has them.
        points: in all.
        outcomes: the counted outcome of each exercise that has one.
        stuck: names of exercises that they handed in often and never passed.
        missing: numbers of lessons of which nothing came.
    """

    student: Student
    enrolled: bool
    points: float
    outcomes: dict[str, Counted]
    stuck: tuple[str, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True)
class Insight:
    """A class at a glance; see the parts above.

    Attributes:
        possible: points of somebody who passes everything in time.
        lessons: numbers of the lessons in which anything counts.
        answers: how many outcomes were judged, of all hand-ins.
    """

    rows: list[Row]
    items: list[Item]
    misconceptions: list[Misconception]
    faults: list[Entry] = field(default_factory=list)
    possible: float = 0.0
    lessons: tuple[int, ...] = ()
    answers: int = 0


def look(students: list[tuple[Student, bool]], entries: Iterable[Entry], rules: Rules) -> Insight:
    """Look at a class.

    Args:
        students: everybody in the grade book, and whether the roster has them.
        entries: every outcome.
        rules: which lessons count, and what for.
    """
    wanted = {exercise.name: exercise for exercise in rules.counted()}
    entries = [entry for entry in entries if entry.mark.exercise in wanted]
    seen = {entry.lesson for entry in entries}
    if not rules.lessons:  # lessons of which nobody has handed in anything are not due yet
        wanted = {name: exercise for name, exercise in wanted.items() if exercise.lesson in seen}
    counted = count(entries, rules)
    handed_in = defaultdict(set)
    for entry in entries:
        handed_in[entry.student].add(entry.lesson)
    lessons = tuple(sorted({exercise.lesson for exercise in wanted.values()}))
    rows = []
    for student, enrolled in students:
        own = counted.get(student.key, {})
        rows.append(
            Row(
                student,
                enrolled,
                sum(outcome.points for outcome in own.values()),
                own,
                tuple(n for n, c in own.items() if c.tries >= STUCK and c.entry.mark.status in (FAIL, ERROR)),
                tuple(lesson for lesson in lessons if lesson not in handed_in[student.key]),
            )
        )
    items = [_item(exercise, rows) for exercise in wanted.values()]
    possible = sum(rules.worth(exercise) for exercise in wanted.values())
    faults = [entry for entry in entries if entry.mark.fault]
    return Insight(rows, items, _misconceptions(entries, counted, wanted), faults, possible, lessons, len(entries))


def _item(exercise: Exercise, rows: list[Row]) -> Item:
    outcomes = Counter(
        MISSING
        if exercise.lesson in row.missing or exercise.name not in row.outcomes
        else row.outcomes[exercise.name].entry.mark.status
        for row in rows
    )
    tried = outcomes[PASS] + outcomes[FAIL] + outcomes[ERROR]
    share = outcomes[PASS] / tried if tried else 0.0
    said = ""
    if tried >= FEW and share >= TOO_EASY:
        said = "too easy?"
    elif tried >= FEW and share <= TOO_HARD:
        said = "too hard?"
    return Item(exercise, {name: outcomes[name] for name in OUTCOMES}, said)


def _misconceptions(
    entries: list[Entry], counted: dict[str, dict[str, Counted]], wanted: dict[str, Exercise]
) -> list[Misconception]:
    ever, examples = defaultdict(set), {}
    for entry in entries:
        if entry.mark.misconception:
            key = entry.mark.exercise, entry.mark.misconception
            ever[key].add(entry.student)
            examples.setdefault(key, entry.mark.message)
    now = Counter(
        (name, outcome.entry.mark.misconception)
        for own in counted.values()
        for name, outcome in own.items()
        if outcome.entry.mark.misconception
    )
    found = [
        Misconception(wanted[exercise], name, len(who), now[exercise, name], examples[exercise, name])
        for (exercise, name), who in ever.items()
        if exercise in wanted
    ]
    return sorted(found, key=lambda m: (-m.students, -m.now, m.exercise.lesson, m.exercise.position, m.name))
