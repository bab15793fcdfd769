"""Distributions drawn over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from ._arrays import as_array
from ._labels import as_text, plain_decades
from .showing import show, subplots
from .style import CYCLE, HATCHES, INK, LINES


def histogram(
    groups: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    bins: int | Sequence[float] = 40,
    lines: Mapping[str, float] | None = None,
    density: bool = True,
    log_x: bool = False,
    height: float = 3.0,
    caption: str | None = None,
) -> None:
    """Distributions drawn over each other, told apart by hatch and outline as well as by colour.

    Args:
        groups: name -> values, shape (n,).
        xlabel: name and unit of the values.
        bins: number of bins, or their edges.
        lines: name -> position of a vertical line, such as a threshold.
        density: share of the group in each bin instead of counts, so that groups of different size compare.
        log_x: logarithmic bins and axis.
        height: inches.
        caption: what to see.

    Raises:
        ValueError: if a group is empty, or not positive where ``log_x`` needs it.
    """
    samples = {name: as_array(values, f"groups[{name!r}]", 1, "shape (n,)") for name, values in groups.items()}
    if not samples:
        raise ValueError("groups: expected at least one name -> values, received none")
    for name, values in samples.items():
        if not len(values) or (log_x and values.min() <= 0):
            raise ValueError(
                f"groups[{name!r}]: expected at least one value{', all positive' if log_x else ''}, "
                f"received shape {values.shape}{f' with minimum {values.min()}' if len(values) else ''}"
            )
    merged = np.concatenate(list(samples.values()))
    if isinstance(bins, int):
        low, high = float(merged.min()), float(merged.max())
        high = high if high > low else low + 1.0
        edges = np.geomspace(low, high, bins + 1) if log_x else np.linspace(low, high, bins + 1)
    else:
        edges = as_array(bins, "bins", 1, "shape (edges,)")
    figure, ax = subplots(height=height)
    for i, values in enumerate(samples.values()):
        counts, _ = np.histogram(values, edges)
        share = counts / len(values) if density else counts
        color = CYCLE[i % len(CYCLE)]
        ax.stairs(share, edges, fill=True, facecolor=(*to_rgb(color), 0.22), edgecolor=color,
                  hatch=HATCHES[i % len(HATCHES)], lw=0, zorder=2)  # fmt: skip
        ax.stairs(share, edges, color=color, lw=1.8, ls=LINES[i % len(LINES)], zorder=3)
    handles = [
        Patch(facecolor=(*to_rgb(CYCLE[i % len(CYCLE)]), 0.22), edgecolor=CYCLE[i % len(CYCLE)],
              hatch=HATCHES[i % len(HATCHES)], ls=LINES[i % len(LINES)], lw=1.4, label=name)
        for i, name in enumerate(samples)
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=min(4, len(handles)))
    for name, position in (lines or {}).items():
        ax.axvline(position, color=INK, lw=1.4, ls="--", zorder=4)
        ax.annotate(name, (position, 0.98), xycoords=("data", "axes fraction"), xytext=(5, 0), va="top",
                    textcoords="offset points", fontsize=9.5)  # fmt: skip
    if log_x:
        ax.set_xscale("log")
        plain_decades(ax.xaxis)
    ax.set(xlabel=xlabel, ylabel="share of the group in a bin" if density else "count in a bin")
    ax.grid(False, axis="x")
    medians = "; ".join(
        f"{name}: {len(values)} values, median {as_text(np.median(values))}" for name, values in samples.items()
    )
    marks = "".join(f" Line {name} at {as_text(position)}." for name, position in (lines or {}).items())
    show(figure, caption, summary=f"Histogram of {xlabel}. {medians}.{marks}")
