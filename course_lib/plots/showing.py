"""A figure on its way to the reader: in a notebook, in a window, as a line of text, or held back."""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from .. import runtime
from .style import DPI, WIDTH

_PIXEL_RATIO = 1.5  # stored with more pixels than shown, so that text stays sharp on a dense screen


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
    elif runtime.in_notebook():
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
