"""Lines with their names at their right ends, and learning curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from ._arrays import as_array
from ._labels import as_text, legible, plain_decades, text_width
from .showing import show, subplots
from .style import CYCLE, LINES, MARKERS, MUTED


def curve(
    x: Sequence[float] | None,
    series: Mapping[str, object],
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = False,
    log_y: bool = False,
    bands: Mapping[str, object] | None = None,
    levels: Mapping[str, float] | None = None,
    markers: bool | None = None,
    height: float = 3.5,
    caption: str | None = None,
) -> None:
    """Lines with their names written at their right ends.

    Args:
        x: shape (points,), shared by all series; None if every series brings its own.
        series: name -> shape (points,), or name -> (x, y) for a series with its own x (a single point, say).
        xlabel: name and unit of the horizontal axis.
        ylabel: name and unit of the vertical axis.
        log_x: logarithmic horizontal axis, with a tick at each x if they are few.
        log_y: logarithmic vertical axis.
        bands: name of a series -> its deviation, shape (points,), drawn as a band of ± that much.
        levels: name -> height of a dashed horizontal line, for baselines and limits.
        markers: mark the points; without it, only if they are at most 40.
        height: inches.
        caption: what to see.

    Raises:
        ValueError: if a series does not have one y for each x, or a band names no series.
    """
    if not series:
        raise ValueError("series: expected at least one name -> values, received none")
    lines: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, values in series.items():
        own = isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1
        if not own and x is None:
            raise ValueError(f"x: expected shape (points,), as series {name!r} brings no x of its own, received None")
        xs = as_array(values[0] if own else x, f"series[{name!r}][0]" if own else "x", 1, "shape (points,)")
        ys = as_array(values[1] if own else values, f"series[{name!r}]", 1, f"shape ({len(xs)},)")
        if len(xs) != len(ys):
            raise ValueError(f"series[{name!r}]: expected shape ({len(xs)},) to match x, received shape {ys.shape}")
        lines[name] = (xs, ys)
    for name in bands or {}:
        if name not in lines:
            raise ValueError(f"bands: expected names among {list(lines)}, received {name!r}")
    figure, ax = subplots(height=height)
    _draw_curves(ax, lines, bands, levels, markers, log_x, log_y)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    _label_ends(figure, ax, lines, levels or {})
    ends = "; ".join(
        f"{name} goes from {as_text(ys[0])} at {as_text(xs[0])} to {as_text(ys[-1])} at {as_text(xs[-1])}"
        for name, (xs, ys) in lines.items()
        if len(ys)
    )
    flat = "".join(f" Level {name}: {as_text(value)}." for name, value in (levels or {}).items())
    show(figure, caption, summary=f"{ylabel} against {xlabel}: {ends}.{flat}")


def learning_curves(
    history: object,
    *,
    levels: Mapping[str, float] | None = None,
    ylabel: str = "mean squared error per pixel",
    names: Mapping[str, str] | None = None,
    log_y: bool = True,
    height: float = 3.2,
    caption: str | None = None,
) -> None:
    """Training and validation error by epoch, with the baselines they have to beat as dashed lines.

    Args:
        history: what ``fit`` returns, or its dictionary of name -> values by epoch.
        levels: name -> error of a trivial baseline or referee.
        ylabel: name and unit of what is drawn.
        names: key of the history -> the name to write; without it, every key that ends in ``loss`` is drawn, as
            "training" and "validation" if these are ``loss`` and ``val_loss``.
        log_y: logarithmic vertical axis.
        height: inches.
        caption: what to see.

    Raises:
        ValueError: if ``history`` holds none of the wanted keys.
    """
    records = getattr(history, "history", history)
    if not isinstance(records, Mapping):
        raise ValueError(f"history: expected the result of fit or its dictionary, received {type(history).__name__}")
    if names is None:
        standard = {"loss": "training", "val_loss": "validation"}
        names = {key: standard.get(key, key.replace("_", " ")) for key in records if key.endswith("loss")}
    missing = [key for key in names if key not in records]
    if missing or not names:
        raise ValueError(f"history: expected the keys {list(names) or ['loss']}, received {list(records)}")
    epochs = np.arange(1, len(next(iter(records[key] for key in names))) + 1)
    lines = {name: (epochs, as_array(records[key], f"history[{key!r}]", 1)) for key, name in names.items()}
    figure, ax = subplots(height=height)
    _draw_curves(ax, lines, None, levels, None, False, log_y)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    _label_ends(figure, ax, lines, levels or {})
    ends = "; ".join(
        f"{name} {as_text(ys[0])} after the first epoch, {as_text(ys[np.isfinite(ys)][-1])} at the end"
        for name, (_, ys) in lines.items()
        if np.isfinite(ys).any()
    )
    flat = "".join(f" {name}: {as_text(value)}." for name, value in (levels or {}).items())
    show(figure, caption, summary=f"{ylabel} by epoch: {ends}.{flat}")


def _draw_curves(ax, lines, bands, levels, markers, log_x, log_y) -> None:
    all_x = np.unique(np.concatenate([xs for xs, _ in lines.values()]))
    for i, (name, (xs, ys)) in enumerate(lines.items()):
        color, marker = CYCLE[i % len(CYCLE)], MARKERS[i % len(MARKERS)]
        marked = len(xs) <= 40 if markers is None else markers
        ax.plot(
            xs, ys, color=color, ls=LINES[i % len(LINES)], marker=marker if marked or len(xs) == 1 else "",
            ms=9 if len(xs) == 1 else max(5.5, 8.0 - 1.5 * i),  # an earlier marker shows behind a later one
            mec="white", mew=0.6, zorder=3 + (len(xs) == 1), label=name,
        )  # fmt: skip
        if bands and name in bands:
            spread = as_array(bands[name], f"bands[{name!r}]", 1, f"shape ({len(xs)},)")
            if len(spread) != len(xs):
                raise ValueError(f"bands[{name!r}]: expected shape ({len(xs)},), received shape {spread.shape}")
            ax.fill_between(xs, ys - spread, ys + spread, color=color, alpha=0.18, lw=0, zorder=1)
    if log_x:
        ax.set_xscale("log")
        if len(all_x) <= 10:
            ax.set_xticks(all_x, [f"{value:g}" for value in all_x])
            ax.xaxis.set_minor_formatter(NullFormatter())
            ax.tick_params(axis="x", which="minor", length=0)
        else:
            plain_decades(ax.xaxis)
    if log_y:
        ax.set_yscale("log")
        plain_decades(ax.yaxis)
        low, high = ax.get_ylim()
        if high / low < 150:  # about two decades would leave one or two labelled ticks
            ax.yaxis.set_minor_formatter(
                FuncFormatter(lambda value, _: f"{value:g}" if _leading_digit(value) in (2, 5) else "")
            )
            ax.tick_params(axis="y", which="minor", labelsize=9.5)
    for value in (levels or {}).values():
        ax.axhline(value, color=MUTED, lw=1.1, ls=(0, (4, 3)), zorder=1)


def _leading_digit(value: float) -> int:
    return round(value / 10 ** math.floor(math.log10(value) + 1e-9)) if value > 0 else 0


def _label_ends(figure: Figure, ax: Axes, lines: Mapping, levels: Mapping[str, float]) -> None:
    """Write each name at the right of the axes, at the height of its last point, moved apart where they would touch.

    A line that ends well inside the axes has its name at its last point instead.
    """
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    ends = []
    for i, (name, (xs, ys)) in enumerate(lines.items()):
        finite = np.isfinite(ys)
        if finite.any():
            ends.append((name, float(xs[finite][-1]), float(ys[finite][-1]), CYCLE[i % len(CYCLE)]))
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    outside = []
    for name, x, y, color in ends:
        place = ax.transData.transform((x, y))[0]
        if place > box.x0 + 0.72 * box.width:
            outside.append((name, x, y, color))
            continue
        before = lines[name][1][:-1]
        falling = len(before) and before[-1] > y
        leftwards = len(before) and place - box.x0 > (text_width(name, 9.5, "bold") + 0.1) * figure.dpi
        ax.annotate(
            name, (x, y), xytext=(4 if leftwards else 8, -7 if falling else 7), textcoords="offset points",
            color=legible(color),
            ha="right" if leftwards else "left", va="top" if falling else "bottom", fontweight="bold", fontsize=9.5,
            path_effects=halo, zorder=7,
        )  # fmt: skip
    right = ax.get_xlim()[1]
    outside += [(name, right, value, MUTED) for name, value in levels.items()]
    pixels = np.array([ax.transData.transform((x, y)) for _, x, y, _ in outside]).reshape(-1, 2)
    gap = 13.5 * figure.dpi / 72
    placed = _spread(np.clip(pixels[:, 1], box.y0, box.y1), gap, box.y0, box.y1)
    for (name, x, y, color), wanted, pixel in zip(outside, pixels, placed, strict=True):
        level = color == MUTED
        moved = abs(pixel - wanted[1]) > 0.35 * gap or wanted[0] < box.x0 + 0.98 * box.width
        leader = {"arrowstyle": "-", "color": color, "lw": 0.6, "alpha": 0.6, "shrinkA": 1, "shrinkB": 4}
        ax.annotate(
            name, (x, y), xytext=(1.025, (pixel - box.y0) / box.height), textcoords="axes fraction", va="center",
            color=legible(color), fontweight="normal" if level else "bold", fontsize=9.5, annotation_clip=False,
            arrowprops=leader if moved and not level else None,
        )  # fmt: skip


def _spread(wanted: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Positions in the order of ``wanted``, as close to it as a distance of ``gap`` between neighbours allows."""
    order = np.argsort(wanted, kind="stable")
    position = wanted[order].astype(float)
    for _ in range(200):
        overlap = gap - np.diff(position)
        if (overlap <= 1e-6).all():
            break
        for i in np.flatnonzero(overlap > 0):
            push = (gap - (position[i + 1] - position[i])) / 2
            if push > 0:
                position[i] -= push
                position[i + 1] += push
        position += max(0.0, low - position[0])
        position -= max(0.0, position[-1] - high) if position[-1] - position[0] <= high - low else 0.0
    result = np.empty_like(position)
    result[order] = position
    return result
