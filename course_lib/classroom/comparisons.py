"""Comparisons: what a claim or a reveal rests on, with its numbers, its text and its margin.

The margin is positive exactly when the comparison holds, and says how far it is from failing. ``make calibrate``
divides its mean over seeds by its standard deviation. A NaN anywhere makes the margin NaN: nothing holds then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Comparison:
    """The outcome of one comparison, or of several that must hold together (``all_of``).

    Attributes:
        text: the numbers as the reader sees them, such as ``"network 0.0089 < PCA 0.0100"``.
        margin: positive exactly when it holds, in the unit of what is compared (of ``all_of``: as share); NaN if undecided.
        scale: what a share of the margin is taken of, in the same unit; positive.
        values: all numbers that were compared.
        parts: the single comparisons that it consists of; empty if it is a single one.
    """

    text: str
    margin: float
    scale: float
    values: tuple[float, ...]
    parts: tuple[Comparison, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it holds; never with a NaN."""
        return self.margin > 0

    @property
    def undecided(self) -> bool:
        """Whether a NaN leaves it open."""
        return math.isnan(self.margin)

    @property
    def singles(self) -> tuple[Comparison, ...]:
        """The single comparisons: its parts, or itself."""
        return self.parts or (self,)

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        return self.text


def below(a, b, *, times: float = 1.0, by: float = 0.0, log: bool = False, unit="", fmt="", names=()) -> Comparison:
    """``a < times * b - by``; with several numbers on a side, each against its partner or against the one.

    Args:
        a: the smaller side: a number or several, shape ().
        b: the larger side: a number or several, shape () or that of ``a``.
        times: factor on ``b``: ``below(a, b, times=0.9)`` asks for a tenth less.
        by: least distance, in the unit of ``a`` and ``b``.
        log: measure the margin as the logarithm of the ratio, for numbers above 0 whose spread is relative.
        unit: put behind the last number.
        fmt: how the numbers are written, as in ``format(a, fmt)``; by default three significant digits.
        names: how the two sides are called in the text, such as ``("network", "PCA")``; for a side of several
            numbers one name for all, or one for each.

    Returns:
        The comparison. Its margin is ``times * b - by - a``, with several numbers the smallest of these; its scale is
        the size of the bound where the margin is smallest.

    Raises:
        ValueError: if a side is empty or no number, the shapes do not fit, or ``log`` meets ``by`` or a negative number.
    """
    return _ordered("below", a, b, "<", times, by, log, unit, fmt, names)


def above(a, b, *, times: float = 1.0, by: float = 0.0, log: bool = False, unit="", fmt="", names=()) -> Comparison:
    """``a > times * b + by``; the mirror image of ``below``, with the same arguments and errors."""
    return _ordered("above", a, b, ">", times, by, log, unit, fmt, names)


def between(x, low: float, high: float, *, unit="", fmt="", name="") -> Comparison:
    """``low < x < high``, for a number or each of several.

    Args:
        x: a number or several.
        low: lower bound, in the unit of ``x``.
        high: upper bound.
        unit: put behind the last number.
        fmt: how the numbers are written.
        name: how ``x`` is called in the text; for several numbers one name for all, or one for each.

    Returns:
        The comparison. Its margin is the distance to the nearer bound; its scale is half the width.

    Raises:
        ValueError: if ``x`` is empty or no number, or ``low`` is not below ``high``.
    """
    x = _numbers("between", "x", x)
    low, high = float(low), float(high)
    if low >= high:
        raise ValueError(f"between() expects low < high; received {low:g} and {high:g}.")
    margin = float(np.minimum(x - low, high - x).min())
    text = f"{_side(x, name, fmt)} between {_written(low, fmt)} and {_with_unit(_written(high, fmt), unit)}"
    return Comparison(text, margin, _scale((high - low) / 2), (*map(float, x.ravel()), low, high))


def close(a, b, tolerance: float, *, unit="", fmt="", names=()) -> Comparison:
    """``|a - b| < tolerance``, for numbers or each pair of several.

    Args:
        a: a number or several.
        b: a number or several, shape () or that of ``a``.
        tolerance: largest distance, in the unit of ``a`` and ``b``; positive.
        unit: put behind the last number.
        fmt: how the numbers are written.
        names: how the two are called in the text, as in ``below``.

    Returns:
        The comparison. Its margin is ``tolerance - |a - b|``, the smallest of them; its scale is the tolerance.

    Raises:
        ValueError: if a side is empty or no number, the shapes do not fit, or ``tolerance`` is not positive.
    """
    a, b = _sides("close", a, b)
    tolerance = float(tolerance)
    if tolerance <= 0:
        raise ValueError(f"close() expects a positive tolerance; received {tolerance:g}.")
    margin = float((tolerance - np.abs(a - b)).min())
    text = f"{_sentence(a, b, 'and', '', '', fmt, names)}, less than {_with_unit(f'{tolerance:g}', unit)} apart"
    return Comparison(text, margin, tolerance, (*map(float, a.ravel()), *map(float, b.ravel())))


def all_of(*comparisons: Comparison) -> Comparison:
    """Several comparisons that must hold together.

    Their margins can have different units; here each is taken as a share of its scale, and the smallest counts.
    ``make calibrate`` looks at each comparison by itself.

    Raises:
        ValueError: if there is none, or one of the arguments is no comparison.
    """
    wrong = [c for c in comparisons if not isinstance(c, Comparison)]
    if wrong or not comparisons:
        received = type(wrong[0]).__name__ if wrong else "nothing"
        raise ValueError(f"all_of() expects comparisons such as below(a, b); received {received}.")
    parts = tuple(single for c in comparisons for single in c.singles)
    shares = [c.margin / c.scale for c in parts]
    margin = math.nan if any(map(math.isnan, shares)) else min(shares)
    return Comparison(
        "; ".join(c.text for c in parts), margin, 1.0, tuple(value for c in parts for value in c.values), parts
    )


def _ordered(who, a, b, sign, times, by, log, unit, fmt, names) -> Comparison:
    a, b = _sides(who, a, b)
    direction = 1 if sign == "<" else -1
    bound = times * b - direction * by
    shape = np.broadcast(a, bound).shape
    # Two infinities, a NaN, or two zeros under the logarithm leave NaN: undecided, and no reason to warn.
    with np.errstate(invalid="ignore", divide="ignore"):
        if log:
            if by or (np.minimum(a, bound) < 0).any():
                raise ValueError(
                    f"{who}() with log=True expects no `by` and no negative number; received {a}, {b}, {by}."
                )
            margins, scales = direction * (np.log(bound) - np.log(a)), np.ones(shape)
        else:
            margins, scales = direction * (bound - a), np.broadcast_to(np.abs(bound), shape)
    before = "" if times == 1 else f"{times:g} × "
    behind = "" if by == 0 else f" {'−' if (sign == '<') == (by > 0) else '+'} {abs(by):g}"
    text = _with_unit(_sentence(a, b, sign, before, behind, fmt, names), unit)
    at = int(np.argmin(margins))  # a NaN comes first
    values = (*map(float, a.ravel()), *map(float, b.ravel()))
    return Comparison(text, float(np.ravel(margins)[at]), _scale(float(np.ravel(scales)[at])), values)


def _numbers(who: str, what: str, x) -> np.ndarray:
    try:
        numbers = np.asarray(x)
        if numbers.dtype.kind == "O":
            # Such as a list of one-element tensors. NumPy would make NaN of None, float() refuses it.
            numbers = np.array([float(value) for value in numbers.ravel()]).reshape(numbers.shape)
    except (TypeError, ValueError):
        numbers = np.array([])
    if numbers.dtype.kind not in "biuf" or numbers.size == 0:  # bool, integers, floats
        raise ValueError(f"{who}() expects a number, or several, as {what}; received {x!r}.")
    return numbers.astype("float64")


def _sides(who: str, a, b) -> tuple[np.ndarray, np.ndarray]:
    a, b = _numbers(who, "a", a), _numbers(who, "b", b)
    if a.ndim and b.ndim and a.shape != b.shape:
        raise ValueError(f"{who}() expects one number, or as many as on the other side; received {a.shape}, {b.shape}.")
    return a, b


def _scale(scale: float) -> float:
    return scale if math.isfinite(scale) and scale > 0 else 1.0


def _written(value: float, fmt: str) -> str:
    if fmt:
        return format(value, fmt)
    if value.is_integer() or abs(value) >= 100:
        return format(value, ".0f")
    short = format(value, ".3g")  # a bound such as 0.99 is written as it stands in the code, 0.75004 as 0.750
    return short if float(short) == value else format(value, "#.3g")


def _side(numbers: np.ndarray, name: str | Sequence[str], fmt: str) -> str:
    written = [_written(value, fmt) for value in map(float, numbers.ravel())]
    if isinstance(name, str):
        return f"{name} {', '.join(written)}".strip()
    if len(name) != len(written):
        raise ValueError(f"A side of {len(written)} numbers has one name, or {len(written)}; received {list(name)!r}.")
    return ", ".join(f"{n} {w}".strip() for n, w in zip(name, written, strict=True))


def _sentence(a, b, sign, before, behind, fmt, names) -> str:
    names = tuple(names) or ("", "")
    if len(names) != 2:
        raise ValueError(f"Two sides have two names, or none; received {names!r}.")
    if a.size > 1 and b.size > 1 and names == ("", ""):
        pairs = zip(map(float, a.ravel()), map(float, b.ravel()), strict=True)
        return ", ".join(f"{_written(x, fmt)} {sign} {before}{_written(y, fmt)}{behind}" for x, y in pairs)
    right = _side(b, names[1], fmt)
    if (before or behind) and b.size > 1:
        right = f"({right})"
    return f"{_side(a, names[0], fmt)} {sign} {before}{right}{behind}"


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text
