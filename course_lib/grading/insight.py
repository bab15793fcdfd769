"""What a class understood: misconceptions by frequency, exercises too easy or too hard, who is stuck, who is missing."""

from __future__ import annotations

import datetime
import re
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
BEHIND, TRIED = 1 / 3, 3  # share of what a student tried, if that was so much at least
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
        counts: whether the exercise is worth points.
    """

    exercise: Exercise
    name: str
    students: int
    now: int
    example: str
    counts: bool = True


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
        points: in all.
        possible: of somebody who passes everything in time, in the lessons that are due or that they handed in.
        outcomes: the counted outcome of each exercise that has one.
        stuck: exercises that they handed in often and never passed, with the outcome that counts.
        behind: whether they passed few of several exercises that they tried.
        missing: numbers of lessons of which nothing came.
    """

    student: Student
    points: float
    possible: float
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
        rows: the class: who is on the roster, or without one everybody.
        strangers: who handed in something and is not on the roster; they count nowhere.
        misconceptions: those that most students have now come first.
        faults: outcomes that could not be judged, through no fault of the student.
        possible: points of somebody who passes everything in time.
        lessons: numbers of the lessons in which anything counts.
        open: those of them that are not due yet.
        answers: how many outcomes were judged, of all hand-ins.
    """

    rows: list[Row]
    items: list[Item]
    misconceptions: list[Misconception]
    faults: list[Entry] = field(default_factory=list)
    possible: float = 0.0
    lessons: tuple[int, ...] = ()
    open: tuple[int, ...] = ()
    answers: int = 0
    strangers: list[Row] = field(default_factory=list)


def look(
    students: list[tuple[Student, bool]],
    entries: Iterable[Entry],
    rules: Rules,
    now: datetime.datetime | None = None,
) -> Insight:
    """Look at a class.

    Args:
        students: everybody in the grade book, and whether the roster has them.
        entries: every outcome.
        rules: which lessons count, and what for.
        now: decides which lessons are due; the present if not given.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    roster = any(enrolled for _, enrolled in students)
    ours = {student.key for student, enrolled in students if enrolled or not roster}
    wanted = {exercise.name: exercise for exercise in rules.counted()}
    every = [entry for entry in entries if entry.mark.exercise in wanted]
    entries = [entry for entry in every if entry.student in ours]
    seen = {entry.lesson for entry in entries or every}
    if not rules.lessons:  # lessons of which nobody has handed in anything are not due yet
        wanted = {name: exercise for name, exercise in wanted.items() if exercise.lesson in seen}
    counted = count(every, rules)
    handed_in = defaultdict(set)
    for entry in every:
        handed_in[entry.student].add(entry.lesson)
    lessons = tuple(sorted({exercise.lesson for exercise in wanted.values()}))
    open_ = tuple(lesson for lesson in lessons if rules.is_open(lesson, now))
    rows, strangers = [], []
    for student, _ in students:
        own = counted.get(student.key, {})
        own = {name: outcome for name, outcome in own.items() if name in wanted}
        missing = tuple(lesson for lesson in lessons if lesson not in handed_in[student.key])
        stuck = ((wanted[n], c) for n, c in own.items() if c.tries >= STUCK and c.entry.mark.status in (FAIL, ERROR))
        row = Row(
            student,
            sum(outcome.points for outcome in own.values()),
            sum(rules.worth(e) for e in wanted.values() if e.lesson not in open_ or e.lesson not in missing),
            own,
            tuple(sorted(stuck, key=lambda pair: (pair[0].lesson, pair[0].position))),
            False,
            missing,
        )
        row = replace(row, behind=row.tried >= TRIED and row.passed < BEHIND * row.tried)
        if student.key in ours:
            rows.append(row)
        elif handed_in[student.key]:
            strangers.append(row)
    items = [_item(exercise, rows) for exercise in wanted.values()]
    possible = sum(rules.worth(exercise) for exercise in wanted.values())
    faults = [entry for entry in every if entry.mark.fault]
    counted = {key: own for key, own in counted.items() if key in ours}
    found = _misconceptions(entries, counted, wanted, rules)
    return Insight(rows, items, found, faults, possible, lessons, open_, len(entries), strangers)


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
    entries: list[Entry], counted: dict[str, dict[str, Counted]], wanted: dict[str, Exercise], rules: Rules
) -> list[Misconception]:
    ever, examples = defaultdict(set), defaultdict(Counter)
    for entry in entries:
        if entry.mark.misconception:
            key = entry.mark.exercise, entry.mark.misconception
            ever[key].add(entry.student)
            examples[key][asked(entry.mark.message)] += 1
    now = Counter(
        (name, outcome.entry.mark.misconception)
        for own in counted.values()
        for name, outcome in own.items()
        if outcome.entry.mark.misconception
    )
    found = [
        Misconception(
            wanted[exercise],
            name,
            len(who),
            now[exercise, name],
            examples[exercise, name].most_common(1)[0][0],
            rules.worth(wanted[exercise]) > 0,
        )
        for (exercise, name), who in ever.items()
        if exercise in wanted
    ]
    return sorted(found, key=lambda m: (-m.now, -m.students, m.exercise.lesson, m.exercise.position, m.name))


_MEASURED = re.compile(r"(?:Expected|Shape) [^\n]*?; yours is [^\n]*?\.\s+(?=\S)")


def asked(message: str) -> str:
    """The question of a check's message, without the numbers of one answer that stand before it."""
    return _MEASURED.sub("", message, count=1) if _MEASURED.match(message) else message


def to_talk_about(misconceptions: list[Misconception], most: int) -> list[Misconception]:
    """The ones that most students have now: of exercises worth points, and of different ones, as long as there are such."""
    have = sorted([one for one in misconceptions if one.now] or misconceptions, key=lambda one: not one.counts)
    first, seen = [], set()
    for one in have:
        if one.exercise.name not in seen:
            first.append(one)
            seen.add(one.exercise.name)
    return [*first, *(one for one in have if one not in first)][:most]
