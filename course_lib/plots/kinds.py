"""What a rung of a ladder can be, and how each kind looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ._arrays import check_length
from .style import COLORS


@dataclass(frozen=True)
class Kind:
    """One kind of rung: its name in the legend, and a look that does not rest on its colour alone."""

    label: str
    color: str
    hatch: str
    marker: str
    filled: bool


KINDS: dict[str, Kind] = {
    "trivial": Kind("trivial baseline", COLORS["grey"], "", "s", False),
    "referee": Kind("referee (exact)", COLORS["blue"], "/////", "D", True),
    "rival": Kind("rival without a network", COLORS["sky"], ".....", "^", True),
    "network": Kind("network", COLORS["vermillion"], "", "o", True),
    "both": Kind("referee and network", COLORS["orange"], "xxxxx", "P", True),
    "limit": Kind("limit", COLORS["black"], "", "|", True),
}
"""What a rung of a ladder can be; each kind has its own colour, hatch and marker.

A referee is the exact answer to a stated problem, such as PCA; a rival needs no network either but is no optimum of
anything, such as nearest neighbours.
"""


def check_kinds(kinds: Sequence[str], count: int) -> list[str]:
    """The kinds as a list, if there are ``count`` and each is one of :data:`KINDS`."""
    check_length(kinds, "kinds", count, "names")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"kinds: expected each to be one of {list(KINDS)}, received {unknown[0]!r}")
    return list(kinds)
