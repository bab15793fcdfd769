"""What a class understood: misconceptions by frequency, exercises too easy or too hard, who is stuck, who is missing."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, Exercise
from course_lib.grading.gradebook import Entry
from course_lib.grading.points import Counted, Rules, count
from course_lib.grading.submissions import Student

MISSING = "MISSING"  # nothing was handed in for its lesson
OUTCOMES = PASS, FAIL, ERROR, NOT_ATTEMPTED, MISSING
TOO_EASY, TOO_HARD = 0.95, 0.4  # share of those who tried and passed
FEW = 5  # students; of fewer nothing is said about an exercise
ENOUGH = 15  # students; of fewer it is not said whether an exercise separates
SEPARATES = 0.1  # correlation with the rest of the lesson that a useful exercise passes
BEHIND = 1 / 3  # share of what a student tried
STUCK = 3  # hand-ins of an exercise that never passed


@dataclass(frozen=True)
class Misconception:
    """One that students had.

    Attributes:
        exercise: where.
        name: the judge's name of it.
        students: how many ever had it.
        now: how many have it in the outcome that counts.
        example: what the check asked most of them.
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
        said: that it is too easy or too hard, or does not separate; or nothing.
        separation: how passing it goes with passing the lesson's other exercises, the item-rest correlation, -1 to 1;
            None where too few tried it, or all fared alike.
    """

    exercise: Exercise
    outcomes: dict[str, int]
    said: str = ""
    separation: float | None = None

    @property
    def tried(self) -> int:
        """How many students wrote an answer."""
        return sum(self.outcomes[name] for name in (PASS, FAIL, ERROR))


@dataclass(frozen=True)
class Row:
    """One student.

    Attributes:
        student: who.
        enrolled: whether the roster has them.
        points: in all.
        outcomes: the counted outcome of each exercise that has one.
        stuck: exercises that they handed in often and never passed, with the outcome that counts.
        behind: whether they passed few of several exercises that they tried.
        missing: numbers of lessons of which nothing came.
    """

    student: Student
    enrolled: bool
    points: float
    outcomes: dict[str, Counted]
    stuck: tuple[tuple[Exercise, Counted], ...]
    behind: bool
    missing: tuple[int, ...]

    @property
    def passed(self) -> int:
        """How many exercises they passed."""
        return sum(counted.entry.mark.status == PASS for counted in self.outcomes.values())

    @property
    def tried(self) -> int:
        """How many exercises they wrote an answer for."""
        return sum(counted.entry.mark.status != NOT_ATTEMPTED for counted in self.outcomes.values())


@dataclass(frozen=True)
class Insight:
    """A class at a glance; see the parts above.

    Attributes:
        misconceptions: those that most students have now come first.
        faults: outcomes that could not be judged, through no fault of the student.
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
        stuck = ((wanted[n], c) for n, c in own.items() if c.tries >= STUCK and c.entry.mark.status in (FAIL, ERROR))
        row = Row(
            student,
            enrolled,
            sum(outcome.points for outcome in own.values()),
            own,
            tuple(sorted(stuck, key=lambda pair: (pair[0].lesson, pair[0].position))),
            False,
            tuple(lesson for lesson in lessons if lesson not in handed_in[student.key]),
        )
        rows.append(replace(row, behind=row.tried >= FEW and row.passed < BEHIND * row.tried))
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
    item = Item(exercise, {name: outcomes[name] for name in OUTCOMES}, separation=_separation(exercise, rows))
    share = outcomes[PASS] / item.tried if item.tried else 0.0
    said = ""
    if item.tried >= FEW and share >= TOO_EASY:
        said = "too easy?"
    elif item.tried >= FEW and share <= TOO_HARD:
        said = "too hard?"
    elif item.separation is not None and item.separation < SEPARATES:
        said = "does not separate"
    return replace(item, said=said)


def _separation(exercise: Exercise, rows: list[Row]) -> float | None:
    """The correlation of passing an exercise with the share that one passes of its lesson's other ones, over those who tried it."""
    passed, rest = [], []
    for row in rows:
        own = row.outcomes.get(exercise.name)
        others = [
            counted.entry.mark.status == PASS
            for name, counted in row.outcomes.items()
            if name != exercise.name and counted.entry.lesson == exercise.lesson
        ]
        if own is not None and own.entry.mark.status != NOT_ATTEMPTED and others:
            passed.append(own.entry.mark.status == PASS)
            rest.append(sum(others) / len(others))
    if len(passed) < ENOUGH or len(set(passed)) == 1 or len(set(rest)) == 1:
        return None
    return statistics.correlation(list(map(float, passed)), rest)


def _misconceptions(
    entries: list[Entry], counted: dict[str, dict[str, Counted]], wanted: dict[str, Exercise]
) -> list[Misconception]:
    ever, examples = defaultdict(set), defaultdict(Counter)
    for entry in entries:
        if entry.mark.misconception:
            key = entry.mark.exercise, entry.mark.misconception
            ever[key].add(entry.student)
            examples[key][entry.mark.message] += 1
    now = Counter(
        (name, outcome.entry.mark.misconception)
        for own in counted.values()
        for name, outcome in own.items()
        if outcome.entry.mark.misconception
    )
    found = [
        Misconception(
            wanted[exercise], name, len(who), now[exercise, name], examples[exercise, name].most_common(1)[0][0]
        )
        for (exercise, name), who in ever.items()
        if exercise in wanted
    ]
    return sorted(found, key=lambda m: (-m.now, -m.students, m.exercise.lesson, m.exercise.position, m.name))


def to_talk_about(misconceptions: list[Misconception], most: int) -> list[Misconception]:
    """The ones that most students have now, of different exercises as long as there are such."""
    have = [one for one in misconceptions if one.now] or misconceptions
    first, seen = [], set()
    for one in have:
        if one.exercise.name not in seen:
            first.append(one)
            seen.add(one.exercise.name)
    return [*first, *(one for one in have if one not in first)][:most]
