"""How far a run is and how long it will take: a bar on a terminal, now and then a line where there is none."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

from course_lib.grading.running import Told

WIDEST = 40  # signs of the bar
LIVE, QUIET = 0.2, 30.0  # seconds between two drawings on a terminal, and between two lines elsewhere
SURE = 0.05  # share of the submissions that has to be graded before the rest time is told …
ROUNDS = 2  # … and how many for each worker


class Progress:
    """Called after each submission of a run; prints to standard error. A context manager, which leaves the bar standing.

    Args:
        total: how many submissions there are, as far as is known; a zip within counts as one, so there may be more.
        stream: where to print.
        clock: the seconds.
        workers: how many submissions are judged at a time.
    """

    def __init__(
        self,
        total: int,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        workers: int = 1,
    ):
        self._total, self._workers, self._clock = total, workers, clock
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream is not None and self._stream.isatty()
        self._shown = clock()
        # When each worker could have graded one, and how many were: before that, Keras was loaded.
        self._since: tuple[float, int] | None = None
        self._line = ""

    def __call__(self, told: Told) -> None:
        """Show how far it is, unless that was shown a moment ago."""
        now = self._clock()
        if told.graded >= self._workers and self._since is None:
            self._since = now, told.graded
        self._total = max(self._total, told.looked_at)
        line = f"{told.looked_at} of {self._total} submissions{self._rest(told, now)}"
        if self._live:
            line = f"{self._bar(told.looked_at, len(line))} {line}"
        finished = told.looked_at == self._total
        if finished or now - self._shown >= (LIVE if self._live else QUIET):
            self._show(line, now)

    def end(self) -> None:
        """Leave the bar standing; what is printed next has a line of its own."""
        if self._live and self._line:
            self._print("\n")
        self._line = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        self.end()

    def _rest(self, told: Told, now: float) -> str:
        left = self._total - told.looked_at
        enough = max(ROUNDS * self._workers, SURE * (told.graded + left))
        if not left or self._since is None or told.graded < enough:
            return ""
        since, before = self._since
        if told.graded == before or now <= since:
            return ""
        return f", about {duration((now - since) / (told.graded - before) * left)} to go"

    def _bar(self, done: int, beside: int) -> str:
        width = min(WIDEST, shutil.get_terminal_size().columns - beside - 4)
        if width < 5:
            return ""
        full = round(width * done / self._total) if self._total else width
        return f"[{'#' * full}{'-' * (width - full)}]"

    def _show(self, line: str, now: float) -> None:
        if line == self._line:
            return
        over = " " * (len(self._line) - len(line)) if self._live else ""
        self._print(f"\r{line}{over}" if self._live else f"{line}\n")
        self._line, self._shown = line, now

    def _print(self, text: str) -> None:
        if self._stream is not None:
            print(text, end="", file=self._stream, flush=True)


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``40 s``, ``3 min``, ``2 h 5 min``."""
    if seconds < 59.5:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
