"""Every figure of the course: one look, one caption each, readable without colour and with a screen reader.

Each function draws one figure and **shows** it; none returns anything, so a notebook shows every figure exactly once,
whether or not the call is the last line of a cell. The figure comes with its ``caption`` below it. Caption and a
summary of the plotted numbers become the picture's alternative text.

How a figure is shown depends on where the code runs:

* in a notebook, as an HTML ``<figure>`` with the picture inside (JupyterLab drops the ``alt`` entry of a plain
  ``image/png`` output; it keeps the ``alt`` attribute of an HTML image, also in a notebook that is not trusted yet);
* in a plain script with a window system, in a window that waits to be closed; without one, the caption is printed;
* inside ``with collect() as pictures:``, nothing is shown and the figures are handed to you instead.

Colours are Okabe and Ito's (2008) palette for all kinds of colour vision, and never the only carrier of meaning:
markers, line styles, hatches and direct labels say the same.

This module needs NumPy, Matplotlib and Matplotlib's own Pillow; nothing of the course.
"""

from __future__ import annotations

import base64
import html
import io
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from PIL import Image

__all__ = [
    "COLORS",
    "KINDS",
    "NO_CAPTION",
    "WIDTH",
    "Picture",
    "collect",
    "curve",
    "grid",
    "histogram",
    "in_notebook",
    "ladder",
    "ladder_images",
    "learning_curves",
    "maps",
    "matrix",
    "render_html",
    "row",
    "scatter_map",
    "show",
    "show_picture",
    "subplots",
    "use_course_style",
]

WIDTH = 8.4
"""Width of a full figure in inches; at 110 dots per inch it fills a notebook cell."""

DPI = 110
_PIXEL_RATIO = 1.5  # stored with more pixels than shown, so that text stays sharp on a dense screen

COLORS = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "grey": "#767676",
}
"""Okabe and Ito's palette by name, and a grey that is still legible on white."""

_INK = "#222222"
_MUTED = "#5f5f5f"
_CYCLE = [COLORS[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky", "black", "grey")]
_CYCLE += ["#8C510A", "#5E3C99"]  # for ten classes; the markers differ as well
_MARKERS = ["o", "s", "D", "^", "v", "P", "X", "*", "<", ">"]
_LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)), (0, (3, 1))]
_HATCHES = ["", "////", "....", "\\\\\\\\", "xxxx", "----", "oo", "||||"]


def _legible(color: str) -> tuple[float, float, float]:
    """The colour, darkened until text in it has a contrast of at least 4.5 to white (WCAG 2.2, level AA)."""
    rgb = np.array(mpl.colors.to_rgb(color))
    while True:
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        if 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05) >= 4.5:
            return tuple(rgb)
        rgb = rgb * 0.95


@dataclass(frozen=True)
class _Kind:
    label: str
    color: str
    hatch: str
    marker: str
    filled: bool


KINDS: dict[str, _Kind] = {
    "trivial": _Kind("trivial baseline", COLORS["grey"], "", "s", False),
    "referee": _Kind("referee (exact)", COLORS["blue"], "/////", "D", True),
    "rival": _Kind("rival without a network", COLORS["sky"], ".....", "^", True),
    "network": _Kind("network", COLORS["vermillion"], "", "o", True),
    "both": _Kind("referee and network", COLORS["orange"], "xxxxx", "P", True),
    "limit": _Kind("limit", COLORS["black"], "", "|", True),
}
"""What a rung of a ladder can be; each kind has its own colour, hatch and marker.

A referee is the exact answer to a stated problem, such as PCA; a rival needs no network either but is no optimum of
anything, such as nearest neighbours.
"""


def use_course_style() -> None:
    """Give every Matplotlib figure of this session the course's look. Called when this module is imported."""
    mpl.rcParams.update(
        {
            "figure.dpi": DPI,
            "figure.figsize": (WIDTH, 3.4),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "axes.titlesize": 10.5,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "axes.labelcolor": _INK,
            "axes.edgecolor": "#8a8a8a",
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=_CYCLE),
            "grid.color": "#e4e4e4",
            "grid.linewidth": 0.7,
            "text.color": _INK,
            "xtick.color": _MUTED,
            "ytick.color": _MUTED,
            "xtick.labelcolor": _INK,
            "ytick.labelcolor": _INK,
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "lines.linewidth": 1.8,
            "lines.markersize": 5.5,
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "hatch.linewidth": 1.0,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
        }
    )


use_course_style()


# ---------------------------------------------------------------------------------------------------------------------
# Showing
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """A finished figure with its caption and its alternative text."""

    figure: Figure
    caption: str | None
    alt: str


NO_CAPTION = "Figure without a caption."
_collected: ContextVar[list[Picture] | None] = ContextVar("collected figures", default=None)


@contextmanager
def collect() -> Iterator[list[Picture]]:
    """Hold back the figures drawn inside the ``with`` block and hand them over as a list of :class:`Picture`."""
    pictures: list[Picture] = []
    token = _collected.set(pictures)
    try:
        yield pictures
    finally:
        _collected.reset(token)


def show(figure: Figure, caption: str | None = None, *, summary: str = "") -> None:
    """Show a figure of your own the way the course shows its figures.

    Args:
        figure: any Matplotlib figure, from :func:`subplots` or from ``pyplot``.
        caption: one line that states what to see; printed below the figure and used as alternative text.
        summary: more alternative text, such as the plotted numbers; not printed.

    Raises:
        ValueError: if ``figure`` is not a Matplotlib figure.
    """
    if not isinstance(figure, Figure):
        raise ValueError(f"figure: expected a matplotlib Figure, received {type(figure).__name__}")
    if "matplotlib.pyplot" in sys.modules:  # else the notebook would show a pyplot figure a second time
        sys.modules["matplotlib.pyplot"].close(figure)
    alt = " ".join(part.strip() for part in (caption, summary) if part) or NO_CAPTION
    show_picture(Picture(figure, caption, alt))


def show_picture(picture: Picture, *, note: str | None = None) -> None:
    """Show a picture that :func:`collect` held back; ``note`` is added to its caption in small print."""
    collected = _collected.get()
    if collected is not None:
        collected.append(picture)
    elif in_notebook():
        from IPython.display import display

        display({"text/html": render_html(picture, note=note), "text/plain": f"[figure] {picture.alt}"}, raw=True)
    else:
        _show_in_script(picture)


def render_html(picture: Picture, *, note: str | None = None, small: bool = True) -> str:
    """The picture as one self-contained HTML ``<figure>``.

    Args:
        picture: what :func:`collect` hands over.
        note: added to the caption in small print.
        small: spend a moment on making the file small; a figure that changes under a slider need not.
    """
    data = base64.b64encode(_png(picture.figure, small)).decode("ascii")
    width = round(picture.figure.get_size_inches()[0] * DPI)
    image = f'<img src="data:image/png;base64,{data}" alt="{html.escape(picture.alt, quote=True)}" width="{width}">'
    lines = [html.escape(picture.caption)] if picture.caption else []
    if note:
        lines.append(f"<small>{html.escape(note)}</small>")
    caption = f"<figcaption>{'<br>'.join(lines)}</figcaption>" if lines else ""
    return f'<figure style="margin: 0.3em 0 0.8em 0">{image}{caption}</figure>'


def _png(figure: Figure, small: bool) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI * _PIXEL_RATIO, pil_kwargs={"compress_level": 1})
    if small:
        pixels = Image.open(buffer).convert("RGB")
        photographs = any(image.get_array().ndim == 3 for ax in figure.axes for image in ax.images)
        if not photographs:  # 256 colours are plenty for lines and grey images, and make a third of the bytes
            pixels = pixels.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        buffer = io.BytesIO()
        pixels.save(buffer, format="png", compress_level=9)
    return buffer.getvalue()


def subplots(
    rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float = 3.2, **options
) -> tuple[Figure, np.ndarray | Axes]:
    """An empty figure in the course's look, for :func:`show`; like ``pyplot.subplots`` but never shown by itself.

    Args:
        rows: rows of axes.
        columns: columns of axes.
        width: inches.
        height: inches.
        **options: passed on to ``Figure.subplots``, such as ``sharex`` or ``width_ratios``.

    Returns:
        The figure, and its axes: one, or an array of them.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def in_notebook() -> bool:
    """Whether this code runs in a notebook's kernel, which can show HTML."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def _show_in_script(picture: Picture) -> None:
    """Show the figure in a window when there is a window system; print its text otherwise."""
    import matplotlib.pyplot as plt
    from matplotlib.backends import BackendFilter, backend_registry

    interactive = {name.lower() for name in backend_registry.list_builtin(BackendFilter.INTERACTIVE)}
    if mpl.get_backend().lower() not in interactive:
        print(f"[figure] {picture.alt}")
        return
    buffer = io.BytesIO()
    picture.figure.savefig(buffer, format="png", dpi=DPI)
    buffer.seek(0)
    pixels = plt.imread(buffer)
    window = plt.figure(figsize=(pixels.shape[1] / DPI, pixels.shape[0] / DPI), dpi=DPI, layout="none")
    window.figimage(pixels)
    plt.show()
    plt.close(window)


# ---------------------------------------------------------------------------------------------------------------------
# Checking what comes in
# ---------------------------------------------------------------------------------------------------------------------


def _as_array(values: object, argument: str, ndim: int | None = None, expected: str = "") -> np.ndarray:
    """A float64 array; backend tensors are welcome, anything ragged or of another rank is named and refused."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{argument}: expected numbers {expected}, received {type(values).__name__}") from error
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{argument}: expected {expected or f'{ndim} dimensions'}, received shape {array.shape}")
    return array


def _as_image(image: object, argument: str, value_range: tuple[float, float]) -> np.ndarray:
    """One picture as (height, width) or (height, width, 3) floats within ``value_range``."""
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[-1] not in (3, 4)) or 0 in array.shape:
        raise ValueError(
            f"{argument}: expected one image of shape (height, width), (height, width, 1) or (height, width, 3), "
            f"received shape {array.shape}"
        )
    if array.dtype == np.uint8:
        return array / 255.0
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{argument}: expected uint8 or floats in {list(value_range)}, received dtype {array.dtype}")
    low, high = value_range
    return np.clip(array.astype(float), low, high)


def _as_images(images: object, argument: str, value_range: tuple[float, float]) -> list[np.ndarray]:
    shape = getattr(images, "shape", None)
    if shape is not None and len(shape) == 2:
        raise ValueError(
            f"{argument}: expected several images, shape (n, height, width) or (n, height, width, channels), received "
            f"shape {tuple(shape)}; for one image write [image], for flat pixels reshape them to (n, height, width)"
        )
    pictures = [_as_image(image, f"{argument}[{i}]", value_range) for i, image in enumerate(images)]
    if not pictures:
        raise ValueError(f"{argument}: expected at least one image, received none")
    return pictures


def _check_length(values: Sequence | None, argument: str, count: int, of: str) -> None:
    if values is not None and len(values) != count:
        raise ValueError(f"{argument}: expected {count} entries, one for each of {of}, received {len(values)}")


def _text(value: float, pattern: str = ".3g") -> str:
    return format(float(value), pattern).replace("-", "−") if np.isfinite(value) else ("∞" if value > 0 else str(value))


# ---------------------------------------------------------------------------------------------------------------------
# Images
# ---------------------------------------------------------------------------------------------------------------------


def row(
    images: Sequence,
    titles: Sequence[str] | None = None,
    caption: str | None = None,
    *,
    below: Sequence[str] | None = None,
    cmap: str = "gray",
    value_range: tuple[float, float] = (0.0, 1.0),
    size: float | None = None,
) -> None:
    """Show images side by side.

    Args:
        images: (n, height, width), (n, height, width, 1 or 3) or a list of such images; uint8, or floats in
            ``value_range`` (what lies outside is shown as the nearest end).
        titles: one line above each image.
        caption: what to see.
        below: text below each image, such as its error.
        cmap: Matplotlib colour map of grey images; ``"RdBu_r"`` with ``value_range=(-1, 1)`` suits differences.
        value_range: the values shown as the two ends of the colour map.
        size: inches of one image; without it the row fills the page.

    Raises:
        ValueError: if ``images`` is not a series of images, or ``titles`` or ``below`` has another length.
    """
    pictures = _as_images(images, "images", value_range)
    _check_length(titles, "titles", len(pictures), "images")
    _check_length(below, "below", len(pictures), "images")
    words = [
        ", ".join(filter(None, pair))
        for pair in zip(titles or [""] * len(pictures), below or [""] * len(pictures), strict=True)
    ]
    named = "; ".join(word.replace("\n", " ") for word in words if word)
    summary = f"{len(pictures)} images side by side{': ' + named if named else ''}"
    _image_table(
        [pictures],
        None,
        titles,
        [below] if below is not None else None,
        cmap,
        value_range,
        size,
        caption,
        f"{summary}.",
    )


def grid(
    rows: Sequence[Sequence],
    row_labels: Sequence[str] | None = None,
    column_titles: Sequence[str] | None = None,
    caption: str | None = None,
    *,
    below: Sequence[Sequence[str]] | None = None,
    cmap: str = "gray",
    value_range: tuple[float, float] = (0.0, 1.0),
    size: float | None = None,
) -> None:
    """Show rows of images with a label at each row, such as original / PCA / autoencoder.

    Args:
        rows: each row as :func:`row` takes it; all of one length.
        row_labels: text at the left of each row; may have several lines.
        column_titles: one line above each column.
        caption: what to see.
        below: for each row, one text below each image.
        cmap: colour map of grey images.
        value_range: the values shown as the two ends of the colour map.
        size: inches of one image; without it the grid fills the page.

    Raises:
        ValueError: if a row is not a series of images, rows differ in length, or labels do not match.
    """
    pictures = [_as_images(images, f"rows[{i}]", value_range) for i, images in enumerate(rows)]
    if not pictures:
        raise ValueError("rows: expected at least one row of images, received none")
    lengths = [len(images) for images in pictures]
    if len(set(lengths)) > 1:
        raise ValueError(f"rows: expected the same number of images in each row, received {lengths}")
    _check_length(row_labels, "row_labels", len(pictures), "rows")
    _check_length(column_titles, "column_titles", lengths[0], "columns")
    _check_length(below, "below", len(pictures), "rows")
    for i, texts in enumerate(below or []):
        _check_length(texts, f"below[{i}]", lengths[0], "images")
    summary = f"{len(pictures)} rows of {lengths[0]} images"
    if row_labels is not None:
        summary += ", from the top: " + "; ".join(label.replace("\n", ", ") for label in row_labels)
    _image_table(pictures, row_labels, column_titles, below, cmap, value_range, size, caption, f"{summary}.")


def _image_table(pictures, row_labels, column_titles, below, cmap, value_range, size, caption, summary) -> None:
    """Lay images out at exact positions; a layout engine would leave room that nothing fills."""
    columns = len(pictures[0])
    left = 0.02 if row_labels is None else 0.18 + max(_text_width(label, 10) for label in row_labels)
    shapes = [image.shape for images in pictures for image in images]
    aspect = max(shape[0] / shape[1] for shape in shapes)  # height for one unit of width
    widest = 2.1 if max(max(shape[:2]) for shape in shapes) < 100 else 4.2
    cell = size if size is not None else min((WIDTH - left) / columns, widest)
    font = 10 if cell > 0.95 else 9
    above = 0.0 if column_titles is None else 0.07 + 0.165 * max(title.count("\n") + 1 for title in column_titles)
    under = [0.0] * len(pictures)
    if below is not None:
        lines = [max(text.count("\n") + 1 if text else 0 for text in texts) for texts in below]
        under = [0.09 + 0.165 * count if count else 0.0 for count in lines]
    gap = 0.06
    steps = [cell * aspect + room + gap for room in under]
    width, height = left + cell * columns, above + sum(steps) - gap + 0.03
    figure = Figure(figsize=(width, height), layout="none")
    for i, images in enumerate(pictures):
        top = height - above - sum(steps[:i])
        for j, image in enumerate(images):
            tall = (cell - gap) * image.shape[0] / image.shape[1]
            x, y = left + j * cell, top - (cell * aspect + tall) / 2 + gap / 4
            _draw_image(
                figure.add_axes((x / width, y / height, (cell - gap) / width, tall / height)), image, cmap, value_range
            )
            middle = (x + (cell - gap) / 2) / width
            if i == 0 and column_titles is not None:
                figure.text(middle, 1 - 0.03 / height, column_titles[j], ha="center", va="top", fontsize=font)
            if below is not None and below[i][j]:
                figure.text(
                    middle,
                    (top - cell * aspect - 0.02) / height,
                    below[i][j],
                    ha="center",
                    va="top",
                    fontsize=font - 0.5,
                )
        if row_labels is not None:
            figure.text(
                (left - 0.1) / width,
                (top - cell * aspect / 2) / height,
                row_labels[i],
                ha="right",
                va="center",
                fontsize=10,
            )
    show(figure, caption, summary=summary)


def _text_width(text: str, size: float, weight: str = "normal") -> float:
    """Inches of the longest line of ``text``."""
    font = mpl.font_manager.FontProperties(size=size, weight=weight)
    return max(
        (TextPath((0, 0), line, prop=font).get_extents().x1 / 72 for line in text.split("\n") if line.strip()),
        default=0.0,
    )


def _draw_image(ax: Axes, image: np.ndarray, cmap: str, value_range: tuple[float, float]) -> None:
    small = max(image.shape[:2]) < 100
    ax.imshow(
        image, cmap=cmap, vmin=value_range[0], vmax=value_range[1], interpolation="nearest" if small else "antialiased"
    )
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, color="#c8c8c8", linewidth=0.6)


# ---------------------------------------------------------------------------------------------------------------------
# Ladders
# ---------------------------------------------------------------------------------------------------------------------


def _check_kinds(kinds: Sequence[str], count: int) -> list[str]:
    _check_length(kinds, "kinds", count, "names")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"kinds: expected each to be one of {list(KINDS)}, received {unknown[0]!r}")
    return list(kinds)


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
    numbers = _as_array(values, "values", 1, "shape (rungs,)")
    names = list(names)
    _check_length(names, "names", len(numbers), "values")
    kinds = _check_kinds(kinds, len(names))
    _check_length(annotations, "annotations", len(names), "names")
    _check_length(intervals, "intervals", len(names), "names")
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
        ax.axvline(0, color=_INK, lw=1.2, zorder=1)
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
            ax.plot(whisker, [y[i]] * 2, color=_INK, lw=1.3, marker="|", ms=7, zorder=3)
        label = ("0" if value == 0 else _text(value, value_format)) + (f" {unit}" if unit else "")
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
                va="center", color=_MUTED, fontsize=9.5,
            )  # fmt: skip
    ax.set_yticks(y, names)
    ax.set_ylim(-0.6, count - 0.4)
    ax.tick_params(axis="y", length=0, labelsize=10.5)
    ax.grid(False, axis="y")
    if log_x:
        _plain_decades(ax.xaxis)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(6))
    direction = "← smaller is better" if lower_is_better else "larger is better →"
    ax.set_xlabel(f"{metric}{f' [{unit}]' if unit else ''}   {direction}")
    present = [kind for kind in KINDS if kind in kinds]
    figure.legend(handles=[_kind_handle(kind, from_zero) for kind in present], loc="outside upper left", ncols=4)
    rungs = "; ".join(
        f"{name} ({KINDS[k].label}) {_text(v, value_format)}" for name, k, v in zip(names, kinds, numbers, strict=True)
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
    return mpl.lines.Line2D(
        [], [], marker=look.marker, ls="", ms=8, mfc=face, mec=look.color, mew=1.8, label=look.label
    )


def ladder_images(
    names: Sequence[str],
    rows: Sequence[Sequence],
    mse: Sequence[float],
    bits: Sequence[float],
    *,
    kinds: Sequence[str],
    psnr: Sequence[float] | None = None,
    caption: str | None = None,
) -> None:
    """The reconstruction ladder: the same images under decoders of growing power, with what each costs and achieves.

    Args:
        names: one name a row, weakest reconstruction first.
        rows: for each name the same images as it reconstructs them, as :func:`row` takes them.
        mse: mean squared error of each over the whole unseen set, pixels in [0, 1].
        bits: bits stored for one image.
        kinds: for each row one of ``KINDS``, as for :func:`ladder`; shown as text.
        psnr: decibels; computed from ``mse`` if not given.
        caption: what to see.

    Raises:
        ValueError: if a row is not a series of images, or lengths differ.
    """
    names = list(names)
    pictures = [_as_images(images, f"rows[{i}]", (0.0, 1.0)) for i, images in enumerate(rows)]
    _check_length(pictures, "rows", len(names), "names")
    _check_length(mse, "mse", len(names), "names")
    _check_length(bits, "bits", len(names), "names")
    _check_length(psnr, "psnr", len(names), "names")
    kinds = _check_kinds(kinds, len(names))
    lengths = [len(images) for images in pictures]
    if len(set(lengths)) > 1:
        raise ValueError(f"rows: expected the same number of images in each row, received {lengths}")
    if psnr is None:
        psnr = [math.inf if error == 0 else -10 * math.log10(error) for error in mse]
    columns = lengths[0]
    left, right = 0.2 + max(max(_text_width(name, 10.5, "bold") for name in names), 1.0), 2.15
    cell = min((WIDTH - left - right) / columns, 0.85)
    width, header = left + right + cell * columns, 0.3
    height = cell * len(names) * 1.04 + header
    figure = Figure(figsize=(width, height), layout="none")
    for i, images in enumerate(pictures):
        bottom = (height - header - cell * 1.04 * (i + 1)) / height
        for j, image in enumerate(images):
            ax = figure.add_axes([(left + j * cell) / width, bottom, cell * 0.96 / width, cell * 0.96 / height])
            _draw_image(ax, image, "gray", (0.0, 1.0))
        middle = bottom + cell * 0.48 / height
        look = KINDS[kinds[i]]
        x = (left - 0.12) / width
        offset = 0.085 / height
        figure.text(x, middle + offset, names[i], ha="right", va="center", fontsize=10.5, fontweight="bold")
        figure.text(x, middle - offset, look.label, ha="right", va="center", fontsize=8.5, color=_legible(look.color))
        numbers = [
            "0" if mse[i] == 0 else f"{mse[i]:.4f}",
            "∞" if math.isinf(psnr[i]) else f"{psnr[i]:.1f}",
            f"{bits[i]:,.0f}",
        ]
        for position, number in zip((0.72, 1.28, 2.05), numbers, strict=True):
            figure.text((width - right + position) / width, middle, number, ha="right", va="center", fontsize=10)
    for position, title in zip((0.72, 1.28, 2.05), ("MSE", "PSNR\n[dB]", "bits per\nimage"), strict=True):
        figure.text(
            (width - right + position) / width,
            1 - 0.03 / height,
            title,
            ha="right",
            va="top",
            fontsize=8.5,
            color=_MUTED,
        )
    table = "; ".join(
        f"{name} ({KINDS[kind].label}): MSE {error:.4f}, PSNR {_text(decibel, '.1f')} dB, {bit:,.0f} bits per image"
        for name, kind, error, decibel, bit in zip(names, kinds, mse, psnr, bits, strict=True)
    )
    show(figure, caption, summary=f"The same {columns} images in each of {len(names)} rows. {table}.")


# ---------------------------------------------------------------------------------------------------------------------
# Curves
# ---------------------------------------------------------------------------------------------------------------------


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
        xs = _as_array(values[0] if own else x, f"series[{name!r}][0]" if own else "x", 1, "shape (points,)")
        ys = _as_array(values[1] if own else values, f"series[{name!r}]", 1, f"shape ({len(xs)},)")
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
        f"{name} goes from {_text(ys[0])} at {_text(xs[0])} to {_text(ys[-1])} at {_text(xs[-1])}"
        for name, (xs, ys) in lines.items()
        if len(ys)
    )
    flat = "".join(f" Level {name}: {_text(value)}." for name, value in (levels or {}).items())
    show(figure, caption, summary=f"{ylabel} against {xlabel}: {ends}.{flat}")


def _draw_curves(ax, lines, bands, levels, markers, log_x, log_y) -> None:
    all_x = np.unique(np.concatenate([xs for xs, _ in lines.values()]))
    for i, (name, (xs, ys)) in enumerate(lines.items()):
        color, marker = _CYCLE[i % len(_CYCLE)], _MARKERS[i % len(_MARKERS)]
        marked = len(xs) <= 40 if markers is None else markers
        ax.plot(
            xs, ys, color=color, ls=_LINES[i % len(_LINES)], marker=marker if marked or len(xs) == 1 else "",
            ms=9 if len(xs) == 1 else max(5.5, 8.0 - 1.5 * i),  # an earlier marker shows behind a later one
            mec="white", mew=0.6, zorder=3 + (len(xs) == 1), label=name,
        )  # fmt: skip
        if bands and name in bands:
            spread = _as_array(bands[name], f"bands[{name!r}]", 1, f"shape ({len(xs)},)")
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
            _plain_decades(ax.xaxis)
    if log_y:
        ax.set_yscale("log")
        _plain_decades(ax.yaxis)
        low, high = ax.get_ylim()
        if high / low < 150:  # about two decades would leave one or two labelled ticks
            ax.yaxis.set_minor_formatter(
                FuncFormatter(lambda value, _: f"{value:g}" if _leading_digit(value) in (2, 5) else "")
            )
            ax.tick_params(axis="y", which="minor", labelsize=9.5)
    for value in (levels or {}).values():
        ax.axhline(value, color=_MUTED, lw=1.1, ls=(0, (4, 3)), zorder=1)


def _plain_decades(axis: mpl.axis.Axis) -> None:
    """Label the decades of a logarithmic axis 0.01, 0.1, 1, 10 … where all fit that way; otherwise all as powers of ten."""
    low, high = axis.get_view_interval()
    if low >= 5e-4 and high < 1e5:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


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
            ends.append((name, float(xs[finite][-1]), float(ys[finite][-1]), _CYCLE[i % len(_CYCLE)]))
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    outside = []
    for name, x, y, color in ends:
        place = ax.transData.transform((x, y))[0]
        if place > box.x0 + 0.72 * box.width:
            outside.append((name, x, y, color))
            continue
        before = lines[name][1][:-1]
        falling = len(before) and before[-1] > y
        leftwards = len(before) and place - box.x0 > (_text_width(name, 9.5, "bold") + 0.1) * figure.dpi
        ax.annotate(
            name, (x, y), xytext=(4 if leftwards else 8, -7 if falling else 7), textcoords="offset points",
            color=_legible(color),
            ha="right" if leftwards else "left", va="top" if falling else "bottom", fontweight="bold", fontsize=9.5,
            path_effects=halo, zorder=7,
        )  # fmt: skip
    right = ax.get_xlim()[1]
    outside += [(name, right, value, _MUTED) for name, value in levels.items()]
    pixels = np.array([ax.transData.transform((x, y)) for _, x, y, _ in outside]).reshape(-1, 2)
    gap = 13.5 * figure.dpi / 72
    placed = _spread(np.clip(pixels[:, 1], box.y0, box.y1), gap, box.y0, box.y1)
    for (name, x, y, color), wanted, pixel in zip(outside, pixels, placed, strict=True):
        level = color == _MUTED
        moved = abs(pixel - wanted[1]) > 0.35 * gap or wanted[0] < box.x0 + 0.98 * box.width
        leader = {"arrowstyle": "-", "color": color, "lw": 0.6, "alpha": 0.6, "shrinkA": 1, "shrinkB": 4}
        ax.annotate(
            name, (x, y), xytext=(1.025, (pixel - box.y0) / box.height), textcoords="axes fraction", va="center",
            color=_legible(color), fontweight="normal" if level else "bold", fontsize=9.5, annotation_clip=False,
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
    lines = {name: (epochs, _as_array(records[key], f"history[{key!r}]", 1)) for key, name in names.items()}
    figure, ax = subplots(height=height)
    _draw_curves(ax, lines, None, levels, None, False, log_y)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    _label_ends(figure, ax, lines, levels or {})
    ends = "; ".join(
        f"{name} {_text(ys[0])} after the first epoch, {_text(ys[np.isfinite(ys)][-1])} at the end"
        for name, (_, ys) in lines.items()
        if np.isfinite(ys).any()
    )
    flat = "".join(f" {name}: {_text(value)}." for name, value in (levels or {}).items())
    show(figure, caption, summary=f"{ylabel} by epoch: {ends}.{flat}")


# ---------------------------------------------------------------------------------------------------------------------
# Maps, histograms, tables
# ---------------------------------------------------------------------------------------------------------------------


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
    points = _as_array(codes, "codes", 2, "shape (n, 2)")
    if points.shape[1] != 2 or not len(points):
        raise ValueError(f"codes: expected shape (n, 2) with n of at least 1, received shape {points.shape}")
    _check_length(thumbnails, "thumbnails", len(points), "codes")
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
            *inside.T, s=size, marker=_MARKERS[i % len(_MARKERS)], color=_CYCLE[i % len(_CYCLE)],
            alpha=0.35 if thumbnails is not None else 0.6, linewidths=0, label=name or None, zorder=2,
        )  # fmt: skip
        spots.append((name, np.median(inside, axis=0), _CYCLE[i % len(_CYCLE)]))
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
    middles = "; ".join(f"{name} around ({_text(spot[0])}, {_text(spot[1])})" for name, spot, _ in spots if name)
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
            x, y, name, ha="center", va="center", fontsize=10, fontweight="bold", color=_legible(color), zorder=6
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
        image = _as_image(thumbnails[index], f"thumbnails[{index}]", (0.0, 1.0))
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
    points = {name: _as_array(p, f"places[{name!r}]", 2, f"shape ({len(groups)}, 2)") for name, p in places.items()}
    for name, array in points.items():
        if array.shape != (len(groups), 2):
            raise ValueError(f"places[{name!r}]: expected shape ({len(groups)}, 2), received shape {array.shape}")
    _check_length(below, "below", len(points), "places")
    count = -(-(len(points) + 1) // columns)
    figure, axes = subplots(count, columns, height=size * count, squeeze=False)
    for i, (ax, (name, array)) in enumerate(zip(axes.flat, points.items(), strict=False)):
        for value in np.unique(groups):
            ax.scatter(
                *array[groups == value].T, s=float(np.clip(9000 / len(groups), 4, 30)), linewidths=0, alpha=0.7,
                marker=_MARKERS[value % len(_MARKERS)], color=_CYCLE[value % len(_CYCLE)], label=class_names[value],
            )  # fmt: skip
        low, high = np.percentile(array, [0.5, 99.5], axis=0)
        margin = 0.06 * np.where(high > low, high - low, 1.0)
        ax.set(xlim=(low[0] - margin[0], high[0] + margin[0]), ylim=(low[1] - margin[1], high[1] + margin[1]))
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
    samples = {name: _as_array(values, f"groups[{name!r}]", 1, "shape (n,)") for name, values in groups.items()}
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
        edges = _as_array(bins, "bins", 1, "shape (edges,)")
    figure, ax = subplots(height=height)
    for i, values in enumerate(samples.values()):
        counts, _ = np.histogram(values, edges)
        share = counts / len(values) if density else counts
        color = _CYCLE[i % len(_CYCLE)]
        ax.stairs(share, edges, fill=True, facecolor=(*mpl.colors.to_rgb(color), 0.22), edgecolor=color,
                  hatch=_HATCHES[i % len(_HATCHES)], lw=0, zorder=2)  # fmt: skip
        ax.stairs(share, edges, color=color, lw=1.8, ls=_LINES[i % len(_LINES)], zorder=3)
    handles = [
        Patch(facecolor=(*mpl.colors.to_rgb(_CYCLE[i % len(_CYCLE)]), 0.22), edgecolor=_CYCLE[i % len(_CYCLE)],
              hatch=_HATCHES[i % len(_HATCHES)], ls=_LINES[i % len(_LINES)], lw=1.4, label=name)
        for i, name in enumerate(samples)
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=min(4, len(handles)))
    for name, position in (lines or {}).items():
        ax.axvline(position, color=_INK, lw=1.4, ls="--", zorder=4)
        ax.annotate(name, (position, 0.98), xycoords=("data", "axes fraction"), xytext=(5, 0), va="top",
                    textcoords="offset points", fontsize=9.5)  # fmt: skip
    if log_x:
        ax.set_xscale("log")
        _plain_decades(ax.xaxis)
    ax.set(xlabel=xlabel, ylabel="share of the group in a bin" if density else "count in a bin")
    ax.grid(False, axis="x")
    medians = "; ".join(
        f"{name}: {len(values)} values, median {_text(np.median(values))}" for name, values in samples.items()
    )
    marks = "".join(f" Line {name} at {_text(position)}." for name, position in (lines or {}).items())
    show(figure, caption, summary=f"Histogram of {xlabel}. {medians}.{marks}")


def matrix(
    values: np.ndarray,
    row_names: Sequence[str],
    column_names: Sequence[str],
    *,
    row_title: str = "",
    column_title: str = "",
    value_format: str = ".3g",
    log_color: bool = False,
    cell: tuple[float, float] = (1.25, 0.5),
    caption: str | None = None,
) -> None:
    """A table of numbers with shaded cells, such as trained-on against tested-on.

    Args:
        values: shape (rows, columns); nan for a cell that has no number, drawn as a dash.
        row_names: one name a row.
        column_names: one name a column.
        row_title: what the rows are.
        column_title: what the columns are.
        value_format: format of the printed numbers.
        log_color: shade by the logarithm.
        cell: width and height of a cell in inches.
        caption: what to see.

    Raises:
        ValueError: if the shapes do not fit together.
    """
    table = _as_array(values, "values", 2, "shape (rows, columns)")
    _check_length(row_names, "row_names", table.shape[0], "rows")
    _check_length(column_names, "column_names", table.shape[1], "columns")
    shade = np.log(np.maximum(table, 1e-300)) if log_color else table
    texts = [["–" if np.isnan(value) else _text(value, value_format) for value in line] for line in table]
    label_width = 0.085 * max(map(len, row_names)) + (0.6 if row_title else 0.3)
    size = (cell[0] * table.shape[1] + label_width, cell[1] * table.shape[0] + (0.75 if column_title else 0.45))
    figure = Figure(figsize=(min(size[0], WIDTH), size[1]), layout="constrained")
    ax = figure.subplots()
    finite = shade[np.isfinite(shade)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    ax.imshow(shade, cmap="Blues", vmin=low, vmax=high + 0.9 * ((high - low) or 1.0), aspect="auto")
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            ax.text(j, i, texts[i][j], ha="center", va="center", fontsize=10)
    ax.set_xticks(range(table.shape[1]), column_names)
    ax.set_yticks(range(table.shape[0]), row_names)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set_xlabel(column_title, fontweight="bold")
    ax.set_ylabel(row_title, fontweight="bold")
    ax.tick_params(length=0)
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xticks(np.arange(table.shape[1] - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(table.shape[0] - 1) + 0.5, minor=True)
    ax.grid(True, which="minor", color="white", linewidth=3)
    ax.tick_params(which="minor", length=0)
    cells = "; ".join(
        f"{row_name}, {column_name}: {texts[i][j]}"
        for i, row_name in enumerate(row_names)
        for j, column_name in enumerate(column_names)
    )
    show(figure, caption, summary=f"Table. {cells}.")
