"""Plain tables for measurements."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    cells = [list(columns), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        left, *right = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  " + "  ".join([left, *right]))
        if number == 0:
            print("  " + "  ".join("-" * w for w in widths))


def save(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows with the same keys as a CSV file, the keys on its first line."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def verdict(seconds: float, bar: float) -> str:
    """``ok`` or ``TOO SLOW`` against a bar in seconds."""
    return "ok" if seconds <= bar else "TOO SLOW"
