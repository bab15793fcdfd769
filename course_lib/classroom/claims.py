"""Claims: what the prose asserts, the notebook computes."""

from __future__ import annotations

import json
import math
import os

LOG_VARIABLE = "COURSE_CLAIMS_LOG"
KEEP_GOING_VARIABLE = "COURSE_CLAIMS_KEEP_GOING"


class ClaimFailed(AssertionError):
    """A claim of the lesson does not hold in this run."""


def claim(text: str, holds, numbers: str, *, margin: float | None = None) -> None:
    """Assert one statement of the lesson and show the numbers that it rests on.

    Args:
        text: the statement, as a sentence.
        holds: whether it holds (bool or NumPy bool scalar).
        numbers: the computed numbers, as the reader should see them.
        margin: for a claim that depends on training, how far the numbers are from the point where it would
            fail: positive exactly when it holds. ``make calibrate`` measures its spread over seeds.
            Leave it out for claims that are the same in every run.

    Raises:
        ClaimFailed: if it does not hold.
        ValueError: if an argument has the wrong form, or ``margin`` contradicts ``holds``.
    """
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"claim() expects a sentence as its first argument; received {text!r}.")
    if not isinstance(numbers, str) or not numbers.strip():
        raise ValueError(f"claim() expects the numbers as text in its third argument; received {numbers!r}.")
    try:
        held = bool(holds)
    except (TypeError, ValueError):
        held = None
    if held is None or isinstance(holds, str):
        raise ValueError(
            f"claim() expects one truth value as its second argument; received {type(holds).__name__} "
            f"of shape {getattr(holds, 'shape', '?')}. Use .all() or .any() to say which you mean."
        )
    if margin is not None:
        margin = float(margin)
        if math.isnan(margin):
            held = False  # a comparison with NaN never holds, whichever way it was written
        elif (margin > 0) != held:
            raise ValueError(
                f"The margin of a claim is positive exactly when the claim holds; received margin {margin:g} for a "
                f"claim that {'holds' if held else 'does not hold'}: {text}"
            )
    _log({"text": text, "held": held, "numbers": numbers, "margin": margin})
    print(f"{'✔' if held else '✘'} {text}: {numbers}")
    if not held and os.environ.get(KEEP_GOING_VARIABLE) != "1":
        raise ClaimFailed(f"{text}: {numbers}")


def _log(entry: dict) -> None:
    path = os.environ.get(LOG_VARIABLE)
    if path:
        with open(path, "a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")
