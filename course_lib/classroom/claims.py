"""Claims: what the prose asserts, the notebook computes."""

from __future__ import annotations

import json
import os

from course_lib import runtime
from course_lib.classroom.comparisons import Comparison

LOG_VARIABLE = "COURSE_CLAIMS_LOG"
KEEP_GOING_VARIABLE = "COURSE_CLAIMS_KEEP_GOING"

_own_data = False


class ClaimFailed(AssertionError):
    """A claim of the lesson does not hold in this run."""


def own_data(mine: bool = True) -> None:
    """Say that the notebook runs on the reader's own data from here on.

    The lesson's sentences were found on the course's data. On others ``claim`` and ``reveal`` print the numbers, and
    "undecided" where the sentence does not hold; nothing is raised, and a ``finding`` is left out.

    Args:
        mine: False to go back to the course's data.
    """
    global _own_data
    _own_data = bool(mine)
    if _own_data:
        print(
            "From here on the numbers are those of your own data. What the text between the cells reports was found on "
            "the course's data: where yours decide otherwise, the line below the cell says so."
        )


def finding(text: str) -> str:
    """What was found on the course's data, for a caption or a printed line: on the reader's own it is left out.

    ``caption="Error by width. " + finding("Beyond eight nothing is gained.")``

    Args:
        text: the sentence.

    Returns:
        ``text``, or "" on the reader's own data (``own_data``).
    """
    return "" if _own_data else text


def on_own_data() -> bool:
    """Whether the notebook runs on the reader's own data."""
    return _own_data


def keep_going() -> bool:
    """Whether a sentence that does not hold is only noted, because many seeds are tried (``make calibrate``)."""
    return os.environ.get(KEEP_GOING_VARIABLE) == "1"


def claim(text: str, holds, numbers: str | None = None) -> None:
    """Assert one statement of the lesson and show the numbers that it rests on.

    ``claim("Two numbers hold 50 pictures better than PCA-8", below(seen, pca8_seen))`` prints one line with a tick
    and the numbers.

    Args:
        text: the statement, as a sentence.
        holds: a comparison (``below``, ``above``, ``between``, ``close``, ``all_of``), which has its own numbers and
            margin; or, where nothing is compared, whether the statement holds (bool or NumPy bool scalar).
        numbers: without a comparison: the computed numbers, as the reader should see them; ``make calibrate`` wants the
            same ones with every seed.

    Raises:
        ClaimFailed: if it does not hold. A comparison with NaN, before a reader, and any claim on the reader's own data
            (``own_data``) only print "undecided".
        ValueError: if an argument has the wrong form.
    """
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"claim() expects a sentence as its first argument; received {text!r}.")
    if isinstance(holds, Comparison):
        if numbers is not None:
            raise ValueError(f"A comparison brings its own numbers; claim() received others too: {text}")
        log(text, holds)
        held, numbers, undecided = holds.holds, holds.text, holds.undecided
    else:
        held = _plain(holds, numbers)
        _write({"text": text, "held": held, "numbers": numbers, "margin": None})
        undecided = False
    if not held and (_own_data or (undecided and not runtime.headless())):
        print(f"? {text}: undecided{' on your own data' if _own_data else ''}: {numbers}")
        return
    print(f"{'✔' if held else '✘'} {text}: {numbers}")
    if not held and not keep_going():
        raise ClaimFailed(f"{text}: {numbers}")


def _plain(holds, numbers) -> bool:
    """Check the arguments of a claim without a comparison; returns whether it holds."""
    if not isinstance(numbers, str) or not numbers.strip():
        raise ValueError(
            "claim() expects a comparison such as below(a, b) as its second argument, or the numbers as text in its "
            f"third; received {numbers!r}."
        )
    try:
        held = bool(holds)
    except (TypeError, ValueError):
        held = None
    if held is None or isinstance(holds, str):
        raise ValueError(
            f"claim() expects one truth value as its second argument; received {type(holds).__name__} "
            f"of shape {getattr(holds, 'shape', '?')}. Use .all() or .any() to say which you mean."
        )
    return held


def log(text: str, comparison: Comparison, *, question: str | None = None) -> None:
    """Note a comparison for ``make calibrate``, where a log is asked for (``COURSE_CLAIMS_LOG``).

    Args:
        text: the claim, or the answer whose condition it is.
        comparison: what it rests on; the parts of ``all_of`` are noted one by one.
        question: for the condition of an answer: the key of its question. Such a condition may fail.
    """
    entry = {"text": text, **_numbers_of(comparison), "parts": [_numbers_of(part) for part in comparison.parts]}
    if question is not None:
        entry["question"] = question
    _write(entry)


def _numbers_of(c: Comparison) -> dict:
    return {"held": c.holds, "numbers": c.text, "margin": c.margin, "values": list(c.values)}


def _write(entry: dict) -> None:
    path = os.environ.get(LOG_VARIABLE)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
