"""Signs that command a terminal or turn the text around them: what students write and name is never shown with them."""

from __future__ import annotations

import re

_MOVING = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"  # a terminal's cursor, or worse; not tab and new line
_TURNING = r"\u202a-\u202e\u2066-\u2069"  # what stands behind them is read from the other end
_SIGNS = re.compile(f"[{_MOVING}{_TURNING}]")
_IN_NAMES = re.compile(f"[\t\n{_MOVING}{_TURNING}]")


def without(text: str) -> str:
    """A text with a mark in the place of each of them."""
    return _SIGNS.sub("\N{REPLACEMENT CHARACTER}", text)


def spelled(name: str) -> str:
    """A name of one line with their numbers in their place: names that differ stay different."""
    return _IN_NAMES.sub(lambda sign: sign[0].encode("unicode_escape").decode(), name)
