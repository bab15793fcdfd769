"""From outcomes to points: what an exercise is worth, what lateness costs, which of several hand-ins counts.

Everything stands in a `grading.toml` that `class new` writes; every key has the default that stands here.
"""

from __future__ import annotations

import datetime
import difflib
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path

from course_lib.classroom.exercise import PASS, Exercise, exercises
from course_lib.grading.gradebook import Entry

KINDS = ("core", "optional", "capstone")
COUNTING = ("best", "last")

_TEMPLATE = """\
# How outcomes become points: `python -m course_lib report --grading grading.toml`. Delete what you leave as it is.

lessons = {lessons}        # numbers of the lessons that count
counts = "best"            # of several hand-ins, the "best" outcome of each exercise counts, or that of the "last" one

[points]                   # for an exercise that passes
core = 1.0
optional = 0.0             # shown in the report, worth nothing
capstone = 2.0

# [exercises]              # one exercise at another worth than its kind
# kl_divergence = 2.0

{due}

[late]
share = 0.5                # of the points that a late pass is worth
grace = 0                  # minutes after the time above that are not late
"""
_NO_TIMES = """\
# Canvas marks what came late, and its mark counts. Elsewhere the time of the file decides: a zip keeps it, a copy may not.
# [due]                    # a hand-in after it is late; local time, or with its zone as in 2026-10-30T23:59:00Z
# "02" = 2026-10-30 23:59:00"""


class GradingRuleError(ValueError):
    """`grading.toml` says something that cannot be meant; the message names the key and what was expected."""


@dataclass(frozen=True)
class Rules:
    """What `grading.toml` says.

    Attributes:
        lessons: numbers of the lessons that count; empty for all.
        counts: ``"best"`` or ``"last"``.
        points: for each kind of exercise.
        exercises: for single exercises.
        due: for each lesson, when it is due.
        late_share: what share of its points a late pass is worth.
        grace: how many minutes after that are not late.
    """

    lessons: tuple[int, ...] = ()
    counts: str = "best"
    points: dict[str, float] = field(default_factory=lambda: {"core": 1.0, "optional": 0.0, "capstone": 2.0})
    exercises: dict[str, float] = field(default_factory=dict)
    due: dict[int, datetime.datetime] = field(default_factory=dict)
    late_share: float = 0.5
    grace: float = 0.0

    def worth(self, exercise: Exercise) -> float:
        """Points for passing an exercise in time."""
        return self.exercises.get(exercise.name, self.points[exercise.kind])

    def counted(self) -> list[Exercise]:
        """The exercises of the lessons that count, in order."""
        return [e for e in exercises() if not self.lessons or e.lesson in self.lessons]

    def is_open(self, lesson: int, now: datetime.datetime) -> bool:
        """Whether a lesson is not due yet."""
        due = self.due.get(lesson)
        return due is not None and now < due.astimezone(datetime.UTC) + datetime.timedelta(minutes=self.grace)

    def is_late(self, entry: Entry) -> bool:
        """Whether a hand-in was late: as the platform says; where it says nothing, by the time of the file and the grace."""
        if entry.late is not None:
            return entry.late
        due = self.due.get(entry.lesson)
        if due is None or entry.handed_in is None:
            return False
        handed_in = entry.handed_in
        if handed_in.tzinfo is None:  # SQLite keeps no zone; times are written in UTC
            handed_in = handed_in.replace(tzinfo=datetime.UTC)
        return handed_in > due.astimezone(datetime.UTC) + datetime.timedelta(minutes=self.grace)


def template(lessons: list[int], due: dict[int, datetime.datetime] | None = None) -> str:
    """The text of a `grading.toml` for some lessons, with the times at which they are due, if these are known."""
    times = [f'"{number:02d}" = {when.isoformat()}' for number, when in (due or {}).items()]
    told = "\n".join(["[due]                      # a hand-in after it is late", *times]) if times else _NO_TIMES
    return _TEMPLATE.format(lessons=lessons, due=told)


def read_rules(path: Path | None) -> Rules:
    """The rules of a file, or the defaults.

    Raises:
        GradingRuleError: if a key is unknown or a value is none that is expected.
    """
    if path is None:
        return Rules()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GradingRuleError(f"{path} could not be read: {error}") from None

    def wrong(key: str, expected: str, received) -> GradingRuleError:
        return GradingRuleError(f"{path}: {key} expects {expected}; received {received!r}.")

    def number(key: str, value, most: float = float("inf")) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not (0 <= value <= most and isfinite(value))
        ):
            raise wrong(key, "a number from 0" + (f" to {most:g}" if most < float("inf") else ""), value)
        return float(value)

    def table(key: str) -> dict:
        value = told.get(key, {})
        if not isinstance(value, dict):
            raise wrong(key, "a table", value)
        return value

    known = {"lessons", "counts", "points", "exercises", "due", "late"}
    if unknown := sorted(set(told) - known):
        meant = "".join(f"; did you mean {key}?" for key in difflib.get_close_matches(unknown[0], known, n=1))
        raise GradingRuleError(
            f"{path}: there is no key {unknown[0]}{meant or '.'} (the keys are {', '.join(sorted(known))})"
        )
    rules = Rules()
    chosen: dict = {}
    have = {exercise.lesson for exercise in exercises()}
    lessons = told.get("lessons", [])
    if not isinstance(lessons, list) or not all(type(n) is int and n in have for n in lessons):
        raise wrong("lessons", f"a list of numbers from {min(have)} to {max(have)}", lessons)
    chosen["lessons"] = tuple(lessons)
    chosen["counts"] = told.get("counts", rules.counts)
    if chosen["counts"] not in COUNTING:
        raise wrong("counts", f"one of {', '.join(COUNTING)}", chosen["counts"])
    if unknown := set(table("points")) - set(KINDS):
        raise wrong("points", f"the keys {', '.join(KINDS)}", sorted(unknown))
    chosen["points"] = rules.points | {kind: number(f"points.{kind}", n) for kind, n in table("points").items()}
    names = {exercise.name for exercise in exercises()}
    if unknown := set(table("exercises")) - names:
        raise wrong("exercises", "names of exercises", sorted(unknown))
    chosen["exercises"] = {name: number(f"exercises.{name}", n) for name, n in table("exercises").items()}
    chosen["due"] = {}
    for key, when in table("due").items():
        if not key.isdigit() or int(key) not in have:
            raise wrong("due", 'numbers of lessons, such as "02"', key)
        if not isinstance(when, datetime.datetime):
            raise wrong(f"due.{key}", "a date and a time, such as 2026-10-30 23:59:00", when)
        chosen["due"][int(key)] = when
    if unknown := set(table("late")) - {"share", "grace"}:
        raise wrong("late", "the keys share and grace", sorted(unknown))
    chosen["late_share"] = number("late.share", table("late").get("share", rules.late_share), 1)
    chosen["grace"] = number("late.grace", table("late").get("grace", rules.grace))
    assert chosen.keys() == {f.name for f in fields(Rules)}
    return Rules(**chosen)


@dataclass(frozen=True)
class Counted:
    """The outcome of an exercise that counts for a student.

    Attributes:
        entry: which one.
        late: whether it was late.
        points: what it is worth.
        tries: how many different hand-ins had an outcome for this exercise.
    """

    entry: Entry
    late: bool
    points: float
    tries: int


def count(entries: Iterable[Entry], rules: Rules) -> dict[str, dict[str, Counted]]:
    """For each student and exercise the outcome that counts.

    Of the gradings of one hand-in the best counts, so that grading again never costs anybody a point; of several hand-ins
    the best or the last, as the rules say.
    """
    wanted = {exercise.name: exercise for exercise in rules.counted()}
    by_student: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        if entry.mark.exercise in wanted:
            by_student[entry.student][entry.mark.exercise].append(entry)
    return {
        student: {name: _that_counts(wanted[name], given, rules) for name, given in own.items()}
        for student, own in by_student.items()
    }


_ORDER = {PASS: 3, "FAIL": 2, "ERROR": 1}


def _that_counts(exercise: Exercise, given: list[Entry], rules: Rules) -> Counted:
    def value(entry: Entry) -> tuple[float, int]:
        return _points(exercise, entry, rules), _ORDER.get(entry.mark.status, 0)

    hand_ins = list(dict.fromkeys(entry.sha256 for entry in given))
    if rules.counts == "last":
        dated = [entry for entry in given if entry.handed_in is not None]
        newest = max(dated, key=lambda entry: entry.handed_in).sha256 if dated else hand_ins[-1]
        given = [entry for entry in given if entry.sha256 == newest]
    best = max(given, key=value)
    return Counted(best, rules.is_late(best), _points(exercise, best, rules), len(hand_ins))


def _points(exercise: Exercise, entry: Entry, rules: Rules) -> float:
    if entry.mark.status != PASS:
        return 0.0
    return rules.worth(exercise) * (rules.late_share if rules.is_late(entry) else 1.0)
