"""How long a learner waits: importing the course, loading data, one check."""

from __future__ import annotations

import contextlib
import io
import statistics
import subprocess
import sys
import time

from bench.table import show, verdict

IMPORT_BAR, LOADING_BAR, CHECK_BAR = 0.3, 0.5, 2.0  # seconds

_IMPORT = """
import sys, time
started = time.perf_counter()
import course_lib
seconds = time.perf_counter() - started
assert not {"tensorflow", "jax", "torch"} & set(sys.modules), "importing course_lib loaded a backend"
print(seconds)
"""

_LOAD = """
import time
from course_lib import datasets
started = time.perf_counter()
datasets.%s()
print(time.perf_counter() - started)
"""


def _fresh(code: str, runs: int) -> float:
    """Median of what ``code`` prints, each time in a process of its own, so that nothing is cached in memory."""
    command = [sys.executable, "-c", code]
    return statistics.median(
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)
    )


def loaders() -> list[str]:
    """The names of all data sets: every function of ``datasets.__all__`` that takes the argument ``full``, or none."""
    import inspect

    from course_lib import datasets

    names = []
    for name in datasets.__all__:
        function = getattr(datasets, name)
        if inspect.isclass(function) or not callable(function) or name == "verify":
            continue
        if all(p.default is not p.empty for p in inspect.signature(function).parameters.values()):
            names.append(name)
    return names


def check_seconds() -> list[tuple[str, float, float]]:
    """Name, seconds and bar of each exercise's check on its own solution."""
    from authoring import bank, source
    from authoring.measure import OWN_SECONDS
    from course_lib.classroom.exercise import exercises
    from course_lib.classroom.run import run_check

    solutions = {}
    for lesson in source.lessons():
        if lesson.has_exercises:
            with contextlib.redirect_stdout(io.StringIO()):  # the cards of its own check cells
                solutions.update(bank.solutions(lesson))
    rows = []
    for exercise in exercises():
        answers = [solutions[name] for name in exercise.names if name in solutions]
        if len(answers) != len(exercise.names):
            continue
        bar = OWN_SECONDS if exercise.capstone else 15.0 if exercise.trains else CHECK_BAR
        seconds = []
        for seed in range(4):  # the first also loads what the judge needs
            started = time.perf_counter()
            outcome = run_check(*answers, name=exercise.name, seed=seed)
            if outcome.status != "PASS":
                raise RuntimeError(
                    f"{exercise.name}: the course's own solution gives {outcome.status}: {outcome.message}"
                )
            seconds.append(time.perf_counter() - started)
            if exercise.trains:
                break
        rows.append((exercise.name, statistics.median(seconds[1:] or seconds), bar))
    return rows


def report(runs: int = 5) -> bool:
    """Print the three tables; True if every bar is met."""
    seconds = _fresh(_IMPORT, runs)
    met = seconds <= IMPORT_BAR
    rows = [["import course_lib", f"{seconds:.3f}", f"{IMPORT_BAR}", verdict(seconds, IMPORT_BAR)]]
    for name in loaders():
        seconds = _fresh(_LOAD % name, runs)
        met &= seconds <= LOADING_BAR
        rows.append([f"datasets.{name}()", f"{seconds:.3f}", f"{LOADING_BAR}", verdict(seconds, LOADING_BAR)])
    show(f"Waiting, each in a fresh process, median of {runs}", ["what", "seconds", "bar", ""], rows)
    rows = []
    for name, seconds, bar in sorted(check_seconds(), key=lambda row: -row[1]):
        met &= seconds <= bar
        rows.append([name, f"{seconds:.3f}", f"{bar}", verdict(seconds, bar)])
    show("Checks, on the course's own solutions, slowest first", ["exercise", "seconds", "bar", ""], rows)
    return met


if __name__ == "__main__":
    raise SystemExit(0 if report() else 1)
