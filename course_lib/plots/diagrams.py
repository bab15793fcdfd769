"""Block diagrams: what goes where, as boxes and arrows."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon

from .showing import show
from .style import COLORS, INK, MUTED, WIDTH

SHAPES = ("plain", "narrows", "widens")
_HALF_WIDTH, _HALF_HEIGHT, _SLOPE = 0.36, 0.34, 0.45  # of a box, in columns and rows; what a slanting side loses of it


def diagram(
    boxes: Mapping[str, tuple[float, float, str]],
    chains: Sequence[Sequence[str]],
    *,
    shapes: Mapping[str, str] | None = None,
    marked: Collection[str] = (),
    labels: Mapping[tuple[str, str], str] | None = None,
    row_height: float = 1.05,
    caption: str | None = None,
) -> None:
    """Boxes on a grid, with arrows between them.

    Args:
        boxes: for each name its column and row (row 0 is the top one; halves are allowed) and its text.
        chains: names that follow each other; an arrow leads from each to the next. A chain of two is one arrow.
        shapes: for a name "narrows" (as an encoder) or "widens" (as a decoder); others are plain.
        marked: names of the boxes that the diagram is about, such as the code; drawn with a thick, coloured border.
        labels: for a pair of names the text beside the arrow between them.
        row_height: inches.
        caption: what to see.

    Raises:
        ValueError: if a chain, shape, mark or label names a box that is not there, or a shape is unknown.
    """
    shapes, labels = dict(shapes or {}), dict(labels or {})
    arrows = [pair for chain in chains for pair in itertools.pairwise(chain)]
    named = [*itertools.chain(*chains), *shapes, *marked, *itertools.chain(*labels)]
    for name in named:
        if name not in boxes:
            raise ValueError(f"diagram: no box is called {name!r}; there are {', '.join(map(repr, boxes))}")
    for name, shape in shapes.items():
        if shape not in SHAPES:
            raise ValueError(f"shapes: {name!r} must be one of {', '.join(map(repr, SHAPES))}, received {shape!r}")
    for pair in labels:
        if pair not in arrows:
            raise ValueError(f"labels: no arrow leads from {pair[0]!r} to {pair[1]!r}")
    columns = [column for column, _, _ in boxes.values()]
    rows = [row for _, row, _ in boxes.values()]
    left, right, top, bottom = min(columns) - 0.5, max(columns) + 0.5, min(rows) - 0.5, max(rows) + 0.5
    size = (min(WIDTH, 1.5 * (right - left)), row_height * (bottom - top))
    figure = Figure(figsize=size, layout="constrained")
    ax = figure.subplots()
    for name, (column, row, text) in boxes.items():
        _draw_box(ax, column, row, text, shapes.get(name, "plain"), name in marked)
    for start, end in arrows:
        _draw_arrow(ax, boxes[start][:2], boxes[end][:2], labels.get((start, end), ""))
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.axis("off")
    show(figure, caption, summary=_in_words(boxes, chains, labels))


def _draw_box(ax, column: float, row: float, text: str, shape: str, marked: bool) -> None:
    before, behind = _HALF_HEIGHT, _HALF_HEIGHT
    if shape == "narrows":
        behind *= 1 - _SLOPE
    elif shape == "widens":
        before *= 1 - _SLOPE
    corners = [
        (column - _HALF_WIDTH, row - before), (column + _HALF_WIDTH, row - behind),
        (column + _HALF_WIDTH, row + behind), (column - _HALF_WIDTH, row + before),
    ]  # fmt: skip
    edge, width = (COLORS["vermillion"], 2.4) if marked else (MUTED, 1.1)
    face = "#eef4f9" if shape != "plain" else "white"
    ax.add_patch(Polygon(corners, closed=True, facecolor=face, edgecolor=edge, linewidth=width, zorder=2))
    ax.text(column, row, text, ha="center", va="center", fontsize=9.5, color=INK, zorder=3)


def _draw_arrow(ax, start: tuple[float, float], end: tuple[float, float], label: str) -> None:
    (x0, y0), (x1, y1) = start, end
    if abs(x1 - x0) >= 0.5:  # from side to side
        toward = 1 if x1 > x0 else -1
        a, b = (x0 + toward * (_HALF_WIDTH + 0.02), y0), (x1 - toward * (_HALF_WIDTH + 0.02), y1)
    else:  # up or down
        toward = 1 if y1 > y0 else -1
        a, b = (x0, y0 + toward * (_HALF_HEIGHT + 0.03)), (x1, y1 - toward * (_HALF_HEIGHT + 0.03))
    ax.add_patch(FancyArrowPatch(a, b, arrowstyle="-|>", mutation_scale=11, linewidth=1.3, color=INK, zorder=1))
    if label:
        level = abs(b[1] - a[1]) < 0.05
        ax.text(
            (a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - (0.09 if level else 0), label, ha="center", va="bottom" if level else "center",
            fontsize=9, color=MUTED, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5}, zorder=3,
        )  # fmt: skip


def _in_words(boxes, chains, labels) -> str:
    """The diagram for those who cannot see it: each chain from its first box to its last."""

    def step(start: str, end: str) -> str:
        label = labels.get((start, end), "")
        return f" → ({label}) " if label else " → "

    told = []
    for chain in chains:
        words = [" ".join(boxes[name][2].split()) for name in chain]
        steps = [step(a, b) for a, b in itertools.pairwise(chain)]
        told.append("".join(itertools.chain.from_iterable(itertools.zip_longest(words, steps, fillvalue=""))))
    return f"Diagram: {'; '.join(told)}."
