"""The check of a size that a caller gives: units, samples, steps."""

from __future__ import annotations


def positive(name: str, value: int) -> int:
    """The value as an int; ``name`` is what the caller's argument is called.

    Raises:
        ValueError: if the value is not a positive integer.
    """
    if int(value) != value or value < 1:
        raise ValueError(f"{name} must be a positive integer, but it is {value!r}")
    return int(value)
