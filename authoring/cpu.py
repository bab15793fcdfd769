"""CPU seconds of the test suite, by part: a pytest plugin (``-p authoring.cpu``), and the table of what it noted.

Seconds on the clock say little on a shared machine; CPU seconds (user and system) are much the same everywhere. Each
process of a run (with xdist, each worker and the one that steers them) adds its lines to the file that the environment
variable ``COURSE_CPU_LOG`` names. A test counts with the processes that it started and waited for, such as the kernels
of nbval. Collecting a file, which imports it, belongs to the file's part. The one that steers notes what the whole run
took, its workers included; what belongs to no file is the start (and the end) of the processes.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

LOG = "COURSE_CPU_LOG"
ALL, START = "all", "start and end"
WEB = ("test_collected_pages", "test_elsewhere", "test_face", "test_networks")  # besides test_site* and test_explorer*


def part_of(path: Path, backend: str = "tensorflow", *, marked: bool = False) -> str:
    """The part of the suite that a test file or a notebook belongs to.

    Args:
        path: the file.
        backend: what Keras runs on.
        marked: whether the test is marked ``browser``, as those of `make test-browser` are; their files have others, too.
    """
    if path.suffix == ".ipynb":
        return f"nbval: {path.parent.name}"
    if backend != "tensorflow":
        return f"on {backend}"
    if marked:
        return "browser"
    if path.stem.startswith(("test_site", "test_explorer")) or path.stem in WEB:
        return "web version"
    if path.stem == "test_exercises":
        return "exercises"
    if path.stem == "test_border":
        return "exercises, behind a process"
    if path.stem in ("test_lessons", "test_authoring", "test_notebook_suite", "test_house", "test_gates"):
        return "lessons and authoring"
    return "library and classroom"


def _now() -> float:
    """CPU seconds of this process since it started, and of its finished children."""
    return sum(os.times()[:4])


class Meter:
    """Counts the CPU seconds of one process and of its finished children, by part."""

    def __init__(self):
        self._open: list[float] = []  # what was counted inside each measurement that has not ended
        self.seconds: dict[str, float] = defaultdict(float)

    def measure(self, path: Path, *, marked: bool = False):
        """A generator that counts what happens between its start and its end; measurements may be nested."""
        before = _now()
        self._open.append(0.0)
        try:
            return (yield)
        finally:
            spent = _now() - before
            part = part_of(path, os.environ.get("KERAS_BACKEND", "tensorflow"), marked=marked)
            self.seconds[part] += spent - self._open.pop()
            if self._open:
                self._open[-1] += spent

    def write(self, log: Path, *, whole: bool) -> None:
        """Add this process to the log; with ``whole`` also what it and its children took in all."""
        parts = dict(self.seconds) | ({ALL: _now()} if whole else {})
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(parts) + "\n")


class _Plugin:
    def __init__(self, log: Path, *, whole: bool):
        self._meter, self._log, self._whole = Meter(), log, whole

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector):
        if isinstance(collector, pytest.File):
            return (yield from self._meter.measure(collector.path))
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        marked = item.get_closest_marker("browser") is not None
        return (yield from self._meter.measure(item.path, marked=marked))

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self):
        self._meter.write(self._log, whole=self._whole)


def pytest_configure(config):
    """Start the meter, if somebody wants to read it."""
    if os.environ.get(LOG):
        worker = hasattr(config, "workerinput")
        config.pluginmanager.register(_Plugin(Path(os.environ[LOG]).absolute(), whole=not worker))


def report(log: Path, budget: float | None = None) -> str:
    """The table of a log: CPU seconds by part, their sum, and how it stands to the budget.

    Args:
        log: what the plugin wrote.
        budget: CPU seconds that the whole may cost; more is said, and is no error, as machines differ.
    """
    total: dict[str, float] = defaultdict(float)
    for line in log.read_text(encoding="utf-8").splitlines():
        for part, seconds in json.loads(line).items():
            total[part] += seconds
    spent = total.pop(ALL, 0.0)
    total[START] = max(0.0, spent - sum(total.values()))
    lines = ["CPU seconds"]
    lines += [f"{part:28} {seconds:8.0f}" for part, seconds in sorted(total.items(), key=lambda x: -x[1])]
    lines.append(f"{'in all':28} {spent:8.0f}" + (f" of {budget:.0f}" if budget else ""))
    if budget and spent > budget:
        lines.append(f"OVER BUDGET by {spent - budget:.0f} CPU seconds: what became slower? (pytest --durations=20)")
    return "\n".join(lines)
