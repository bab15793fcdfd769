"""Two-dimensional codes as maps: one alone with names or thumbnails, or several side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from ._arrays import as_array, as_image, check_length
from ._labels import as_text, legible
from .showing import show, subplots
from .style import CYCLE, MARKERS

MOST_TOLD = len(CYCLE)  # classes that can be told apart, by colour and marker


def scatter_map(
    codes: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
    thumbnails: np.ndarray | None = None,
    *,
    axis_names: tuple[str, str] = ("code 1", "code 2"),
    n_thumbnails: int = 40,
    equal: bool = False,
    height: float = 5.2,
    caption: str | None = None,
) -> None:
    """A two-dimensional code as a map: one marker a sample, class names in the middle of their classes.

    Args:
        codes: shape (n, 2).
        labels: integers, shape (n,).
        class_names: name of each label.
        thumbnails: images of the samples, shape (n, height, width[, channels]); some, well apart, are laid on the map.
        axis_names: names of the two axes.
        n_thumbnails: at most so many.
        equal: the same scale on both axes.
        height: inches.
        caption: what to see.

    Raises:
        ValueError: if the shapes do not fit together.
    """
    points = as_array(codes, "codes", 2, "shape (n, 2)")
    if points.shape[1] != 2 or not len(points):
        raise ValueError(f"codes: expected shape (n, 2) with n of at least 1, received shape {points.shape}")
    check_length(thumbnails, "thumbnails", len(points), "codes")
    groups = np.zeros(len(points), int) if labels is None else np.asarray(labels)
    if groups.shape != (len(points),):
        raise ValueError(f"labels: expected shape ({len(points)},), received shape {groups.shape}")
    values = np.unique(groups)
    if class_names is not None and labels is not None and (values.min() < 0 or values.max() >= len(class_names)):
        raise ValueError(
            f"class_names: expected a name for each label up to {int(values.max())}, received {len(class_names)} names"
        )
    figure, ax = subplots(height=height)
    size = float(np.clip(24000 / len(points), 9, 40))
    spots = []
    for i, value in enumerate(values):
        inside = points[groups == value]
        name = "" if labels is None else str(class_names[value]) if class_names is not None else str(value)
        ax.scatter(
            *inside.T, s=size, marker=MARKERS[i % len(MARKERS)], color=CYCLE[i % len(CYCLE)],
            alpha=0.35 if thumbnails is not None else 0.6, linewidths=0, label=name or None, zorder=2,
        )  # fmt: skip
        spots.append((name, np.median(inside, axis=0), CYCLE[i % len(CYCLE)]))
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    margin = 0.08 * np.where(high > low, high - low, 1.0)
    ax.set_xlim(low[0] - margin[0], high[0] + margin[0])
    ax.set_ylim(low[1] - margin[1], high[1] + margin[1])
    if equal:
        ax.set_aspect("equal", adjustable="datalim")
    ax.set(xlabel=axis_names[0], ylabel=axis_names[1])
    if labels is not None:
        handles, _ = ax.get_legend_handles_labels()
        legend = figure.legend(handles=handles, loc="outside right upper", markerscale=math.sqrt(40 / size))
        for handle in legend.legend_handles:
            handle.set_alpha(1)
    figure.draw_without_rendering()
    if thumbnails is not None:
        _lay_thumbnails(ax, points, thumbnails, n_thumbnails)
    elif labels is not None:
        _lay_names(figure, ax, spots)
    seen = f" of {len(values)} classes" if labels is not None else ""
    middles = "; ".join(f"{name} around ({as_text(spot[0])}, {as_text(spot[1])})" for name, spot, _ in spots if name)
    show(figure, caption, summary=f"Map of {len(points)} points{seen}{': ' + middles if middles else ''}.")


def _lay_names(figure: Figure, ax: Axes, spots: list) -> None:
    """Class names at class medians, moved apart vertically where they would touch."""
    pixels = np.array([ax.transData.transform(spot) for _, spot, _ in spots])
    placed = pixels.copy()
    for _ in range(60):
        for i in range(len(spots)):
            for j in range(i):
                wide = 3.6 * (len(spots[i][0]) + len(spots[j][0])) * figure.dpi / 72
                dx, dy = abs(placed[i, 0] - placed[j, 0]), placed[i, 1] - placed[j, 1]
                need = 15 * figure.dpi / 72 - abs(dy)
                if dx < wide and need > 0:
                    way = 1 if dy >= 0 else -1
                    placed[i, 1] += way * need / 2
                    placed[j, 1] -= way * need / 2
    for (name, _, color), pixel in zip(spots, placed, strict=True):
        x, y = ax.transData.inverted().transform(pixel)
        text = ax.text(
            x, y, name, ha="center", va="center", fontsize=10, fontweight="bold", color=legible(color), zorder=6
        )
        text.set_path_effects([patheffects.withStroke(linewidth=3.5, foreground="white")])


def _lay_thumbnails(ax: Axes, points: np.ndarray, thumbnails: np.ndarray, count: int) -> None:
    """Lay up to ``count`` thumbnails on the map, none over another: always the point farthest from those chosen."""
    side = 0.32 * ax.figure.dpi
    everywhere, box = ax.transData.transform(points), ax.get_window_extent()
    corner = np.array([[box.x0, box.y0], [box.x1, box.y1]])
    inside = np.flatnonzero(((everywhere > corner[0] + side / 2) & (everywhere < corner[1] - side / 2)).all(axis=1))
    if not len(inside):
        return
    pixels = everywhere[inside]
    chosen = [int(np.argmin(np.linalg.norm(pixels - pixels.mean(axis=0), axis=1)))]
    distance = np.abs(pixels - pixels[chosen[0]]).max(axis=1)
    while len(chosen) < count and distance.max() > 1.08 * side:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.abs(pixels - pixels[chosen[-1]]).max(axis=1))
    for index in inside[chosen]:
        image = as_image(thumbnails[index], f"thumbnails[{index}]", (0.0, 1.0))
        zoom = 0.32 * 72 / max(image.shape[:2])
        tile = OffsetImage(image, zoom=zoom, cmap="gray", clim=(0, 1), interpolation="nearest")
        frame = {"edgecolor": "#888888", "linewidth": 0.5}
        ax.add_artist(AnnotationBbox(tile, points[index], pad=0.05, bboxprops=frame, zorder=5))


def maps(
    places: Mapping[str, np.ndarray],
    labels: np.ndarray,
    class_names: Sequence[str],
    *,
    below: Sequence[str] | None = None,
    axis_names: tuple[str, str] = ("", ""),
    equal: bool = True,
    columns: int = 3,
    size: float = 2.75,
    caption: str | None = None,
) -> None:
    """Several two-dimensional maps of the same samples, side by side, with one legend for all.

    Of more than ten classes the nine largest have a colour, and the others are grey.

    Args:
        places: name of a map -> its points, shape (n, 2); the same samples in the same order in each.
        labels: integers, shape (n,), indices into ``class_names``.
        class_names: name of each label.
        below: a remark under each map.
        axis_names: what the horizontal and the vertical axis of every map are.
        equal: one scale for both axes of a map; without it each axis fills its side, and distances cannot be read.
        columns: maps in a row; the legend takes the place of one more.
        size: inches of a map.
        caption: what to see.

    Raises:
        ValueError: if the shapes do not fit together.
    """
    if not places:
        raise ValueError("places: expected at least one name -> points, received none")
    groups = np.asarray(labels)
    if groups.ndim != 1 or groups.dtype.kind not in "iu" or not 0 <= groups.min() <= groups.max() < len(class_names):
        raise ValueError(f"labels: expected integers from 0 to {len(class_names) - 1}, shape (n,), received {groups!r}")
    points = {name: as_array(p, f"places[{name!r}]", 2, f"shape ({len(groups)}, 2)") for name, p in places.items()}
    for name, array in points.items():
        if array.shape != (len(groups), 2):
            raise ValueError(f"places[{name!r}]: expected shape ({len(groups)}, 2), received shape {array.shape}")
    check_length(below, "below", len(points), "places")
    classes, sizes = np.unique(groups, return_counts=True)
    told = (
        classes if len(classes) <= MOST_TOLD else np.sort(classes[np.argsort(-sizes, kind="stable")[: MOST_TOLD - 1]])
    )
    looks = {value: value if len(class_names) <= MOST_TOLD else place for place, value in enumerate(told)}
    count = -(-(len(points) + 1) // columns)
    figure, axes = subplots(count, columns, height=size * count, squeeze=False)
    for i, (ax, (name, array)) in enumerate(zip(axes.flat, points.items(), strict=False)):
        area = float(np.clip(9000 / len(groups), 4, 30))
        if len(told) < len(classes):
            others = array[~np.isin(groups, told)]
            ax.scatter(*others.T, s=area, linewidths=0, color="0.75", label=f"{len(classes) - len(told)} others")
        for value, look in looks.items():
            ax.scatter(
                *array[groups == value].T, s=area, linewidths=0, alpha=0.7, marker=MARKERS[look % len(MARKERS)],
                color=CYCLE[look % len(CYCLE)], label=textwrap.shorten(str(class_names[value]), 26, placeholder=" …"),
            )  # fmt: skip
        low, high = np.percentile(array, [0.5, 99.5], axis=0)
        margin = 0.06 * np.where(high > low, high - low, 1.0)
        # auto: one scale for both axes widens one of them, which Matplotlib would warn of if it were fixed.
        ax.set_xlim(low[0] - margin[0], high[0] + margin[0], auto=equal)
        ax.set_ylim(low[1] - margin[1], high[1] + margin[1], auto=equal)
        if equal:
            ax.set_aspect("equal", adjustable="datalim")  # distances are what a map is read for
        ax.set(
            title=name, xlabel="\n".join(filter(None, (axis_names[0], below[i] if below else ""))), xticks=[], yticks=[]
        )
        ax.set_ylabel(axis_names[1])
    handles, names = axes.flat[0].get_legend_handles_labels()
    for ax in axes.flat[len(points) :]:
        ax.axis("off")
    legend = axes.flat[-1].legend(handles, names, loc="center left", markerscale=2.2)
    for handle in legend.legend_handles:
        handle.set_alpha(1)
    remarks = "; ".join(f"{name}{f' ({below[i]})' if below else ''}" for i, name in enumerate(points))
    show(figure, caption, summary=f"{len(points)} maps of {len(groups)} samples: {remarks}.")
