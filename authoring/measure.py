"""Measuring lessons: what they cost, and how far their claims are from failing."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import math
import statistics
import tempfile
import time
from pathlib import Path

from nbclient.exceptions import CellExecutionError

from authoring.derive import READ, derive, kinds_of, path_of, tasks
from authoring.execute import execute
from authoring.source import Lesson, lessons
from course_lib.classroom.exercise import CAPSTONE_LIMIT, PASS

OWN_SECONDS = 8.0  # what a capstone's own solution may take, so that a slower machine and a longer answer have room


def _claims(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def _read_ones(which: str | None) -> list[tuple[Lesson, str]]:
    """The notebooks that are read, in order: each lesson, and behind it the one that goes deeper."""
    return [(lesson, kind) for lesson in lessons(which) for kind in kinds_of(lesson) if kind in READ]


def course(which: str | None = None) -> int:
    """Execute every lesson headless and print what it took; returns 1 if one fails."""
    print(f"{'lesson':28} {'seconds':>8} {'peak memory':>12} {'claims held':>12}")
    failed = 0
    total = 0.0
    for lesson, kind in _read_ones(which):
        notebook, path = derive(lesson)[kind], path_of(lesson, kind)
        with tempfile.TemporaryDirectory() as scratch:
            log = Path(scratch) / "claims.jsonl"
            try:
                run = execute(notebook, path.parent, {"COURSE_CLAIMS_LOG": str(log)})
            except CellExecutionError as error:
                failed = 1
                print(f"{path.stem:28} failed\n{error}")
                continue
            claims = [c for c in _claims(log) if "question" not in c]  # the conditions of a reveal may fail
        total += run.seconds
        held = f"{sum(c['held'] for c in claims)}/{len(claims)}"
        print(f"{path.stem:28} {run.seconds:8.1f} {run.peak_memory / 2**20:8.0f} MiB {held:>12}", flush=True)
    print(f"{'in all':28} {total:8.1f}")
    return failed


def capstones(which: str | None = None) -> int:
    """Check the solution of every capstone once and print the seconds; returns 1 if one does not pass.

    The course wants its own solution within ``OWN_SECONDS`` on two cores. More is told and is no failure, as machines differ.
    """
    from authoring import bank
    from course_lib.classroom.run import run_check

    print(f"{'capstone':36} {'seconds':>8} {'CPU':>8}  of {CAPSTONE_LIMIT:g} allowed, {OWN_SECONDS:g} wanted")
    failed = 0
    for lesson in lessons(which):
        for task in (task for task in tasks(lesson) if task.kind == "capstone"):
            with contextlib.redirect_stdout(io.StringIO()):
                solved = bank.solutions(lesson)
            importlib.import_module("keras")  # a learner's kernel has it too before the clock starts
            start, burnt = time.perf_counter(), time.process_time()
            outcome = run_check(*(solved[name] for name in task.names), name=task.names[0], seed=0)
            seconds, burnt = time.perf_counter() - start, time.process_time() - burnt
            remark = "" if seconds <= OWN_SECONDS else "  longer than wanted"
            if outcome.status != PASS:
                failed, remark = 1, f"  {outcome.status}: {outcome.message}"
            print(f"{lesson.slug[:2]} {task.names[0]:33} {seconds:8.1f} {burnt:8.1f}{remark}", flush=True)
    return failed


def calibrate(which: str | None = None, *, seeds: int = 8) -> int:
    """Repeat the claims and reveals of each lesson over seeds and print mean, deviation and margin.

    The margin of a comparison, divided by its standard deviation over seeds, says how far it is from failing; the
    course asks for at least 4. A claim without a margin must hold, with the same numbers, in every run. The conditions
    of a reveal may fail, but each has to do the same in every run, as far from doing the other.

    Returns:
        1 if a claim failed once, a reveal changed its answer, or a margin is below 4 standard deviations.
    """
    bad = False
    for lesson, kind in _read_ones(which):
        path = path_of(lesson, kind)
        runs: list[list[dict]] = []
        seconds: list[float] = []
        for offset in range(seeds):
            notebook = derive(lesson)[kind]
            with tempfile.TemporaryDirectory() as scratch:
                log = Path(scratch) / "claims.jsonl"
                run = execute(
                    notebook,
                    path.parent,
                    {
                        "COURSE_CLAIMS_LOG": str(log),
                        "COURSE_CLAIMS_KEEP_GOING": "1",
                        "COURSE_SEED_OFFSET": str(1000 * offset),
                    },
                )
                runs.append(_claims(log))
                seconds.append(run.seconds)
        print(f"\n{path.stem}: {seeds} seeds, {statistics.mean(seconds):.0f} s each")
        lines, wrong = margins(runs)
        print("\n".join(lines))
        bad |= wrong
    return int(bad)


def margins(runs: list[list[dict]]) -> tuple[list[str], bool]:
    """The table of ``calibrate``: one line for each comparison, those inside ``all_of`` one by one.

    Args:
        runs: for each seed the entries of the claim log, in the order of the notebook.

    Returns:
        The lines, and whether one of them is a reason to say no.

    Raises:
        ValueError: if the runs made different numbers of claims.
    """
    lines = [f"{'held':>7} {'margin':>11} {'deviation':>11} {'margin/dev.':>12}  claim"]
    bad = False
    for same in zip(*runs, strict=True):
        for line, wrong in _lines(same):
            lines.append(line)
            bad |= wrong
    return lines, bad


def _lines(same: tuple[dict, ...]) -> list[tuple[str, bool]]:
    """What the table says of one claim, or of one condition of a reveal, over all seeds."""
    question = same[0].get("question")
    name = same[0]["text"] if question is None else f"reveal {question}: {same[0]['text']}"
    if question is not None and not any(c["held"] for c in same):
        # The answer that it is not: one of its comparisons fails in every run, and the others do not matter.
        return [_line(same, name, fails=True)]
    parts = list(zip(*(c.get("parts") or [c] for c in same), strict=True))
    return [_line(part, name if len(parts) == 1 else f"{name} [{part[0]['numbers']}]") for part in parts]


def _line(same: tuple[dict, ...], name: str, *, fails: bool = False) -> tuple[str, bool]:
    seeds, held = len(same), sum(c["held"] for c in same)
    values = [c["margin"] for c in same]
    if any(m is None for m in values):
        alike = len({c["numbers"] for c in same}) == 1
        verdict = "same numbers" if alike else "numbers vary"
        return f"{held:>4}/{seeds:<2} {'':>11} {'':>11} {verdict:>12}  {name}", held < seeds or not alike
    if not all(map(math.isfinite, values)):  # a NaN in one run: its mean and deviation mean nothing
        return f"{held:>4}/{seeds:<2} {'':>11} {'':>11} {'not finite':>12}  {name}", True
    mean = statistics.mean(values)
    deviation = statistics.stdev(values) if seeds > 1 else 0.0
    ratio = abs(mean) / deviation if deviation > 0 else float("inf")
    ratio = ratio if mean > 0 or fails else -ratio
    wrong = not ratio >= 4 or held != (0 if fails else seeds)
    return f"{held:>4}/{seeds:<2} {mean:11.4g} {deviation:11.2g} {ratio:12.1f}  {name}", wrong
