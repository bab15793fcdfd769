"""A time limit for code that cannot be trusted to end."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable

GRACE = 5.0  # seconds that a stopped answer gets to come to its end


def patience() -> float:
    """How many times its limit an answer gets: the environment variable COURSE_PATIENCE, 1 if there is none.

    The limits are meant for a machine that does nothing else. A run of all tests keeps every core busy, and so waits longer.

    Raises:
        ValueError: if it is no positive number.
    """
    given = os.environ.get("COURSE_PATIENCE", "1")
    try:
        times = float(given)
    except ValueError:
        times = 0.0
    if not times > 0:
        raise ValueError(f"COURSE_PATIENCE is {given!r}; expected a positive number, such as 4 (or unset it).")
    return times


class TimeLimit(BaseException):
    """The time is up.

    Attributes:
        stack: where the code was at that moment, outermost frame first.
        stopped: whether it could be stopped.
    """

    def __init__(self, stack: list[traceback.FrameSummary] | None = None, stopped: bool = True):
        super().__init__("time limit")
        self.stack = stack or []
        self.stopped = stopped


def run_with_time_limit(work: Callable[[], None], seconds: float) -> None:
    """Run ``work`` in a thread of its own and wait for it.

    Raises:
        TimeLimit: if it takes longer than ``seconds``.
        BaseException: whatever ``work`` raises.
    """
    raised: list[BaseException] = []
    state = _State()

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)
        while True:
            # One more TimeLimit may be under way: it is swallowed here, not in the interpreter's own thread code.
            try:
                state.finished = True
                while state.stopping and not state.acknowledged:
                    time.sleep(0.001)
                return
            except TimeLimit:
                continue

    thread = threading.Thread(target=guarded, daemon=True, name="answer")
    thread.start()
    try:
        thread.join(seconds)
        if not thread.is_alive():
            if raised:
                raise raised[0]
            return
        frame = sys._current_frames().get(thread.ident)
        stack = list(traceback.extract_stack(frame)) if frame else []
        del frame
    except KeyboardInterrupt:
        # The learner pressed "interrupt the kernel": stop the answer as well.
        _stop(thread, state)
        raise
    raise TimeLimit(stack, stopped=_stop(thread, state))


class _State:
    """What the two threads tell each other.

    Plain attributes, no locks and no events: an exception that lands while a lock is being taken leaves it locked for ever.
    """

    finished = stopping = acknowledged = False


def _stop(thread: threading.Thread, state: _State) -> bool:
    """Raise TimeLimit inside a thread until its work has ended, or the grace period is over.

    A loop such as ``while True: try: … except: pass`` swallows the exception if it lands inside the ``try``. So it is
    raised over and over, with a short switch interval that lets it land at any point, also inside the handler.
    """
    state.stopping = True
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        until = time.monotonic() + GRACE
        while not state.finished and time.monotonic() < until:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeLimit))
            # Now and then a longer pause: code that cleans up after itself needs a moment without interruption.
            time.sleep(0.0 if time.monotonic() % 0.01 < 0.008 else 0.001)
    finally:
        sys.setswitchinterval(interval)
        state.acknowledged = True
    return state.finished
