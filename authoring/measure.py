"""Measuring lessons: what they cost, and how far their claims are from failing."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from nbclient.exceptions import CellExecutionError

from authoring.derive import derive, folder
from authoring.execute import execute
from authoring.source import lessons


def _claims(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def course(which: str | None = None) -> int:
    """Execute every lesson headless and print what it took; returns 1 if one fails."""
    print(f"{'lesson':28} {'seconds':>8} {'peak memory':>12} {'claims held':>12}")
    failed = 0
    total = 0.0
    for lesson in lessons(which):
        notebook = derive(lesson)["notebooks"]
        with tempfile.TemporaryDirectory() as scratch:
            log = Path(scratch) / "claims.jsonl"
            try:
                run = execute(notebook, folder("notebooks"), {"COURSE_CLAIMS_LOG": str(log)})
            except CellExecutionError as error:
                failed = 1
                print(f"{lesson.slug:28} failed\n{error}")
                continue
            claims = _claims(log)
        total += run.seconds
        held = f"{sum(c['held'] for c in claims)}/{len(claims)}"
        print(f"{lesson.slug:28} {run.seconds:8.1f} {run.peak_memory / 2**20:8.0f} MiB {held:>12}", flush=True)
    print(f"{'in all':28} {total:8.1f}")
    return failed


def calibrate(which: str | None = None, *, seeds: int = 8) -> int:
    """Repeat the claims of each lesson over seeds and print mean, deviation and margin.

    The margin of a claim, divided by its standard deviation over seeds, says how far it is from failing; the course
    asks for at least 4. A claim without a margin must hold, with the same numbers, in every run.

    Returns:
        1 if a claim failed once, or its margin is below 4 standard deviations.
    """
    bad = 0
    for lesson in lessons(which):
        runs: list[list[dict]] = []
        seconds: list[float] = []
        for offset in range(seeds):
            notebook = derive(lesson)["notebooks"]
            with tempfile.TemporaryDirectory() as scratch:
                log = Path(scratch) / "claims.jsonl"
                run = execute(
                    notebook,
                    folder("notebooks"),
                    {
                        "COURSE_CLAIMS_LOG": str(log),
                        "COURSE_CLAIMS_KEEP_GOING": "1",
                        "COURSE_SEED_OFFSET": str(1000 * offset),
                    },
                )
                runs.append(_claims(log))
                seconds.append(run.seconds)
        print(f"\n{lesson.slug}: {seeds} seeds, {statistics.mean(seconds):.0f} s each")
        print(f"{'held':>7} {'margin':>11} {'deviation':>11} {'margin/dev.':>12}  claim")
        for same in zip(*runs, strict=True):
            held = sum(c["held"] for c in same)
            margins = [c["margin"] for c in same]
            if any(m is None for m in margins):
                alike = len({c["numbers"] for c in same}) == 1
                verdict = "same numbers" if alike else "numbers vary"
                bad |= held < seeds or not alike
                print(f"{held:>4}/{seeds:<2} {'':>11} {'':>11} {verdict:>12}  {same[0]['text']}")
                continue
            mean = statistics.mean(margins)
            deviation = statistics.stdev(margins) if seeds > 1 else 0.0
            ratio = mean / deviation if deviation > 0 else float("inf")
            bad |= held < seeds or ratio < 4
            print(f"{held:>4}/{seeds:<2} {mean:11.4g} {deviation:11.2g} {ratio:12.1f}  {same[0]['text']}")
    return int(bad)
