"""Rows, grids and ladders of images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ._arrays import as_images, check_length
from ._labels import as_text, legible, text_width
from .kinds import KINDS, check_kinds
from .showing import show
from .style import MUTED, WIDTH


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
    pictures = as_images(images, "images", value_range)
    check_length(titles, "titles", len(pictures), "images")
    check_length(below, "below", len(pictures), "images")
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
    pictures = [as_images(images, f"rows[{i}]", value_range) for i, images in enumerate(rows)]
    if not pictures:
        raise ValueError("rows: expected at least one row of images, received none")
    lengths = [len(images) for images in pictures]
    if len(set(lengths)) > 1:
        raise ValueError(f"rows: expected the same number of images in each row, received {lengths}")
    check_length(row_labels, "row_labels", len(pictures), "rows")
    check_length(column_titles, "column_titles", lengths[0], "columns")
    check_length(below, "below", len(pictures), "rows")
    for i, texts in enumerate(below or []):
        check_length(texts, f"below[{i}]", lengths[0], "images")
    summary = f"{len(pictures)} rows of {lengths[0]} images"
    if row_labels is not None:
        summary += ", from the top: " + "; ".join(label.replace("\n", ", ") for label in row_labels)
    _image_table(pictures, row_labels, column_titles, below, cmap, value_range, size, caption, f"{summary}.")


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
    pictures = [as_images(images, f"rows[{i}]", (0.0, 1.0)) for i, images in enumerate(rows)]
    check_length(pictures, "rows", len(names), "names")
    check_length(mse, "mse", len(names), "names")
    check_length(bits, "bits", len(names), "names")
    check_length(psnr, "psnr", len(names), "names")
    kinds = check_kinds(kinds, len(names))
    lengths = [len(images) for images in pictures]
    if len(set(lengths)) > 1:
        raise ValueError(f"rows: expected the same number of images in each row, received {lengths}")
    if psnr is None:
        psnr = [math.inf if error == 0 else -10 * math.log10(error) for error in mse]
    columns = lengths[0]
    left, right = 0.2 + max(max(text_width(name, 10.5, "bold") for name in names), 1.0), 2.15
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
        figure.text(x, middle - offset, look.label, ha="right", va="center", fontsize=8.5, color=legible(look.color))
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
            color=MUTED,
        )
    table = "; ".join(
        f"{name} ({KINDS[kind].label}): MSE {error:.4f}, PSNR {as_text(decibel, '.1f')} dB, {bit:,.0f} bits per image"
        for name, kind, error, decibel, bit in zip(names, kinds, mse, psnr, bits, strict=True)
    )
    show(figure, caption, summary=f"The same {columns} images in each of {len(names)} rows. {table}.")


def _image_table(pictures, row_labels, column_titles, below, cmap, value_range, size, caption, summary) -> None:
    """Lay images out at exact positions; a layout engine would leave room that nothing fills."""
    columns = len(pictures[0])
    left = 0.02 if row_labels is None else 0.18 + max(text_width(label, 10) for label in row_labels)
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


def _draw_image(ax: Axes, image: np.ndarray, cmap: str, value_range: tuple[float, float]) -> None:
    small = max(image.shape[:2]) < 100
    ax.imshow(
        image, cmap=cmap, vmin=value_range[0], vmax=value_range[1], interpolation="nearest" if small else "antialiased"
    )
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, color="#c8c8c8", linewidth=0.6)
