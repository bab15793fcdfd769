"""Submissions that attack their grader, and what must come of each. The exercise is always the first of the course, `to_unit_range`.

An attack never passes. Most are told as wrong answers or errors; those that look for something raise what they found.
``python -m tests.made_hostile`` prints them as a table.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for `python -m`; pytest has it there already

from made_attack import Attack
from made_attacks_on_judges import MESSAGES, VALUES
from made_attacks_on_machines import BREAKING
from made_attacks_on_others import REACHING, SPYING

HONEST = """
def to_unit_range(x):
    return x.astype("float32") / 255
"""


@dataclass(frozen=True)
class Kind:
    """Attacks of one kind, and what stops them."""

    name: str
    stopped_by: str
    attacks: list[Attack]


KINDS = [
    Kind(
        "values that lie when they are compared",
        "the judge is another process; values reach it as copies: plain numbers, text and base arrays",
        VALUES,
    ),
    Kind(
        "forged messages",
        "whatever is said is decoded without trust: bounds on length, parts, axes and time, a shape for each reply; only the judge's process decides",
        MESSAGES,
    ),
    Kind(
        "looking for what is hidden",
        "judges, solutions, submissions and the environment are not in the sandbox; namespaces and refused system calls part it from others",
        SPYING,
    ),
    Kind(
        "reaching out",
        "no network, read-only folders, no capabilities, refused system calls, no path to any socket",
        REACHING,
    ),
    Kind(
        "breaking, filling, never ending",
        "limits of the kernel; a warden that counts processes and memory; time limits; a room that ends is replaced",
        BREAKING,
    ),
]
ATTACKS = [attack for kind in KINDS for attack in kind.attacks]


def table() -> str:
    """All attacks as a table in Markdown."""
    rows = [
        f"| {kind.name} ({len(kind.attacks)}) | {'; '.join(attack.name for attack in kind.attacks)} | {kind.stopped_by} |"
        for kind in KINDS
    ]
    head = [f"{len(ATTACKS)} attacks.", "", "| kind | forms | what stops it |", "|---|---|---|"]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    print(table())
