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


class Progress:
    """Called after each submission of a run; prints to standard error.

    Args:
        total: how many submissions there are, as far as is known; a zip within counts as one, so there may be more.
        stream: where to print.
        clock: the seconds.
    """

    def __init__(self, total: int, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic):
        self._total, self._clock = total, clock
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream is not None and self._stream.isatty()
        self._began = self._shown = clock()
        self._first: float | None = None  # when the first was graded: before that, Keras was loaded
        self._line = ""

    def __call__(self, told: Told) -> None:
        """Show how far it is, unless that was shown a moment ago."""
        now = self._clock()
        if told.graded and self._first is None:
            self._first = now
        self._total = max(self._total, told.looked_at)
        line = f"{told.looked_at} of {self._total} submissions{self._rest(told, now)}"
        if self._live:
            line = f"{self._bar(told.looked_at, len(line))} {line}"
        finished = told.looked_at == self._total
        if finished or now - self._shown >= (LIVE if self._live else QUIET):
            self._show(line, now)

    def end(self) -> None:
        """Leave the bar standing."""
        if self._live and self._line:
            self._print("\n")

    def _rest(self, told: Told, now: float) -> str:
        left = self._total - told.looked_at
        if not told.graded or not left:
            return ""
        if told.graded > 1 and now > self._first:
            each = (now - self._first) / (told.graded - 1)
        else:
            each = (now - self._began) / told.graded
        return f", about {duration(each * left)} to go"

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
