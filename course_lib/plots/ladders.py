"""The ladder: trivial baseline, closed-form referee and network on one metric."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ._arrays import as_array, check_length
from ._labels import as_text, plain_decades
from .kinds import KINDS, check_kinds
from .showing import show, subplots
from .style import INK, MUTED


def ladder(
    names: Sequence[str],
    values: Sequence[float],
    *,
    kinds: Sequence[str],
    metric: str,
    unit: str = "",
    lower_is_better: bool = True,
    annotations: Sequence[str] | None = None,
    intervals: Sequence[tuple[float, float] | None] | None = None,
    from_zero: bool = True,
    log_x: bool = False,
    value_format: str | None = None,
    caption: str | None = None,
) -> None:
    """The course's signature figure: trivial baseline, closed-form referee and network on one metric.

    Args:
        names: the rungs from top to bottom, usually from the trivial baseline to the network.
        values: one number a rung, all of the same metric on the same unseen data.
        kinds: for each rung one of ``KINDS``: ``"trivial"``, ``"referee"``, ``"rival"``, ``"network"``, ``"both"`` or
            ``"limit"``.
        metric: what the numbers are, for the axis.
        unit: unit of the numbers, for the axis and the labels.
        lower_is_better: which way is up the ladder.
        annotations: a short remark behind each value; an empty string for none.
        intervals: for each rung (low, high) or None, drawn as a whisker.
        from_zero: draw bars from zero; if not, markers on an axis that fits the values, with a line at zero where they
            lie on both sides of it.
        log_x: markers on a logarithmic axis, for rungs that differ by powers of ten; ``from_zero`` has no meaning then.
        value_format: format of the printed values; without it, as many decimals as show three digits of the smallest.
        caption: what to see.

    Raises:
        ValueError: if the lengths differ, a kind is unknown or a value is not finite (with ``log_x``: not positive).
    """
    numbers = as_array(values, "values", 1, "shape (rungs,)")
    names = list(names)
    check_length(names, "names", len(numbers), "values")
    kinds = check_kinds(kinds, len(names))
    check_length(annotations, "annotations", len(names), "names")
    check_length(intervals, "intervals", len(names), "names")
    if not len(names):
        raise ValueError("names: expected at least one rung, received none")
    if not np.isfinite(numbers).all():
        raise ValueError(f"values: expected finite numbers, received {[float(v) for v in numbers]}")
    if log_x and numbers.min() <= 0:
        raise ValueError(f"values: expected positive numbers for a logarithmic axis, received {float(numbers.min())}")
    from_zero = from_zero and not log_x
    value_format = value_format or _decimals(numbers)
    count = len(names)
    figure, ax = subplots(height=0.46 * count + 0.95)
    y = np.arange(count)[::-1]
    ends = [
        numbers[i] if not intervals or intervals[i] is None else max(numbers[i], intervals[i][1]) for i in range(count)
    ]
    low, high = float(min(numbers)), float(max(ends))
    if intervals:
        low = min([low, *(interval[0] for interval in intervals if interval is not None)])
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or abs(high) or 1.0
    ax.set_xlim(low if from_zero and low == 0 else low - 0.06 * span, high + 0.06 * span)
    if log_x:  # an interval that reaches down to zero is cut off at the left end
        ends_of_all = np.array([value for value in [low, *numbers, high] if value > 0])
        low, high = float(ends_of_all.min()), float(ends_of_all.max())
        ax.set_xscale("log")
        margin = max(1.1, (high / low) ** 0.06)
        ax.set_xlim(low / margin, high * margin)
    stem = ax.get_xlim()[0]
    differences = not from_zero and low < 0 < high
    if differences:  # zero is what they are measured from; labels of negative ones stand on their left
        stem = 0.0
        ax.set_xlim(ax.get_xlim()[0] - 0.18 * span, ax.get_xlim()[1])
        ax.axvline(0, color=INK, lw=1.2, zorder=1)
    for i, (value, kind) in enumerate(zip(numbers, kinds, strict=True)):
        look = KINDS[kind]
        if from_zero:
            ax.barh(
                y[i],
                value,
                height=0.56,
                facecolor=look.color if look.filled and not look.hatch else ("#d9d9d9" if not look.filled else "white"),
                edgecolor=look.color,
                hatch=look.hatch,
                linewidth=1.1,
                zorder=2,
            )
        else:
            ax.plot([stem, value], [y[i]] * 2, color=look.color, lw=1.0, ls=":", zorder=2)
            face = look.color if look.filled else "white"
            ax.plot(value, y[i], look.marker, ms=9, mfc=face, mec=look.color, mew=1.8, zorder=4)
        if intervals and intervals[i] is not None:
            whisker = np.maximum(intervals[i], stem) if log_x else intervals[i]
            ax.plot(whisker, [y[i]] * 2, color=INK, lw=1.3, marker="|", ms=7, zorder=3)
        label = ("0" if value == 0 else as_text(value, value_format)) + (f" {unit}" if unit else "")
        leftward = differences and value < 0
        lowest = value if not intervals or intervals[i] is None else min(value, intervals[i][0])
        value_text = ax.annotate(
            label,
            (lowest if leftward else ends[i], y[i]),
            xytext=(-11 if leftward else 8 if from_zero else 11, 0),
            textcoords="offset points",
            va="center",
            ha="right" if leftward else "left",
            fontweight="bold",
            zorder=5,
        )
        value_text.set_path_effects([patheffects.withStroke(linewidth=3, foreground="white")])
        if annotations and annotations[i]:
            place, beside = ((ends[i], y[i]), "data") if leftward else ((1, 0.5), value_text)
            ax.annotate(
                annotations[i], place, xycoords=beside, xytext=(11 if leftward else 7, 0), textcoords="offset points",
                va="center", color=MUTED, fontsize=9.5,
            )  # fmt: skip
    ax.set_yticks(y, names)
    ax.set_ylim(-0.6, count - 0.4)
    ax.tick_params(axis="y", length=0, labelsize=10.5)
    ax.grid(False, axis="y")
    if log_x:
        plain_decades(ax.xaxis)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(6))
    direction = "← smaller is better" if lower_is_better else "larger is better →"
    ax.set_xlabel(f"{metric}{f' [{unit}]' if unit else ''}   {direction}")
    present = [kind for kind in KINDS if kind in kinds]
    figure.legend(handles=[_kind_handle(kind, from_zero) for kind in present], loc="outside upper left", ncols=4)
    rungs = "; ".join(
        f"{name} ({KINDS[k].label}) {as_text(v, value_format)}"
        for name, k, v in zip(names, kinds, numbers, strict=True)
    )
    show(
        figure,
        caption,
        summary=f"Ladder of {metric}{f' in {unit}' if unit else ''}, {direction.strip('←→ ')}: {rungs}.",
    )


def _decimals(values: np.ndarray) -> str:
    """A fixed-point format that shows three digits of the smallest value other than zero, at most four decimals."""
    sizes = np.abs(values[values != 0])
    return f".{int(np.clip(2 - math.floor(math.log10(sizes.min())), 0, 4))}f" if len(sizes) else ".0f"


def _kind_handle(kind: str, bar: bool) -> object:
    look = KINDS[kind]
    if bar:
        face = look.color if look.filled and not look.hatch else ("#d9d9d9" if not look.filled else "white")
        return Patch(facecolor=face, edgecolor=look.color, hatch=look.hatch, label=look.label)
    face = look.color if look.filled else "white"
    return Line2D([], [], marker=look.marker, ls="", ms=8, mfc=face, mec=look.color, mew=1.8, label=look.label)
