"""Pictures cut out of the figures that the notebooks store.

A figure of the course is a PNG inside the HTML of an output, with its caption and its alternative text. Here such figures are
found by how their caption starts, taken apart into the pictures that they show, and laid out anew, small, for the site.
Nothing is drawn that no notebook shows.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image, ImageColor
from scipy import ndimage

from authoring.source import ROOT, SourceError

FIGURE = re.compile(r'<img src="data:image/png;base64,(?P<data>[^"]+)" alt="(?P<alt>[^"]*)"', re.DOTALL)
WHITE = 250  # from here on a pixel counts as paper
FRAME = 2  # pixels of the grey line around each picture in a figure
LEAST = 60  # a tile has at least so many pixels in each direction; letters and marks have fewer


@dataclass(frozen=True)
class Figure:
    """A figure as a notebook stores it: its alternative text, which begins with its caption, and its pixels (RGB)."""

    alt: str
    pixels: Image.Image


@functools.cache
def figures(notebook: Path) -> tuple[Figure, ...]:
    """All figures in the stored outputs of a notebook, in order."""
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    found = (FIGURE.search(output.get("data", {}).get("text/html", "")) for output in outputs)
    return tuple(
        Figure(
            html.unescape(one["alt"]),
            Image.open(io.BytesIO(base64.b64decode(one["data"]))).convert("RGB"),
        )
        for one in found
        if one
    )


def figure(slug: str, caption: str, root: Path = ROOT) -> Figure:
    """The one figure of a notebook whose caption starts with ``caption``.

    Args:
        slug: name of the notebook, such as ``"05_variational"``.
        caption: how the caption starts.
        root: the folder that holds ``notebooks/``.

    Raises:
        SourceError: if no figure of the notebook starts like that, or several do.
    """
    found = [one for one in figures(root / "notebooks" / f"{slug}.ipynb") if one.alt.startswith(caption)]
    if len(found) != 1:
        raise SourceError(
            f"notebooks/{slug}.ipynb: {len(found)} figures have a caption that starts with {caption!r}; "
            "a picture of the site is made from one (see authoring/web/cards.py)."
        )
    return found[0]


def tiles(of: Figure, *, alike: bool = False) -> list[list[Image.Image]]:
    """The pictures that a figure shows in a grid, row by row, without the grey line around each.

    Args:
        of: the figure.
        alike: take only those of the most frequent size, and leave out what else the figure shows, such as bars.

    Raises:
        SourceError: if the figure shows no pictures in rows.
    """
    boxes = [box for box in _islands(of) if min(box[2] - box[0], box[3] - box[1]) >= LEAST]
    if alike and boxes:
        sizes = [(box[2] - box[0], box[3] - box[1]) for box in boxes]
        common = max(sizes, key=sizes.count)
        boxes = [box for box, size in zip(boxes, sizes, strict=True) if size == common]
    rows: list[list[tuple[int, int, int, int]]] = []
    for box in sorted(boxes, key=lambda b: (b[1], b[0])):
        if rows and abs(rows[-1][0][1] - box[1]) < LEAST // 2:
            rows[-1].append(box)
        else:
            rows.append([box])
    if not rows:
        raise SourceError(f"This figure shows no pictures in rows: {of.alt[:80]!r}")
    inner = (FRAME, FRAME, -FRAME, -FRAME)
    return [
        [of.pixels.crop(tuple(edge + shift for edge, shift in zip(box, inner, strict=True))) for box in sorted(row)]
        for row in rows
    ]


def largest(of: Figure) -> Image.Image:
    """The largest picture that a figure shows, without ticks, labels and axes."""
    box = max(_islands(of), key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    inner = solid(of.pixels.crop(box))
    return inner.crop((FRAME, FRAME, inner.width - FRAME, inner.height - FRAME))


def part(of: Figure, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """A part of a figure; all edges as shares of its width and height."""
    width, height = of.pixels.size
    return of.pixels.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))


def solid(picture: Image.Image) -> Image.Image:
    """The picture without the rows and columns at its edges that are mostly paper, such as the ticks of an axis."""
    ink = (np.asarray(picture) < WHITE).any(axis=-1)
    columns, rows = (np.flatnonzero(ink.mean(axis=axis) > 0.5) for axis in (0, 1))
    return picture.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def of_colour(picture: Image.Image, colour: str, margin: int) -> Image.Image:
    """The part of a picture that holds all of a colour, with ``margin`` pixels around it.

    Raises:
        ValueError: if no pixel has that colour.
    """
    away = np.abs(np.asarray(picture, dtype=int) - np.array(ImageColor.getrgb(colour))).sum(axis=-1)
    y, x = np.nonzero(away < 40)
    if not len(x):
        raise ValueError(f"colour: expected one that the picture shows, received {colour!r}")
    return picture.crop((x.min() - margin, y.min() - margin, x.max() + 1 + margin, y.max() + 1 + margin))


def cut(picture: Image.Image, rows: int, columns: int) -> list[list[Image.Image]]:
    """A picture of tiles without gaps, cut into them."""
    wide, high = picture.width / columns, picture.height / rows
    return [
        [
            picture.crop((round(c * wide), round(r * high), round((c + 1) * wide), round((r + 1) * high)))
            for c in range(columns)
        ]
        for r in range(rows)
    ]


def sharp(tile: Image.Image, side: int, native: int = 28) -> Image.Image:
    """A picture of ``native`` pixels a side, enlarged so that each pixel is a square; ``side`` is a multiple of ``native``.

    Raises:
        ValueError: if ``side`` is no multiple of ``native``.
    """
    if side % native:
        raise ValueError(f"side: expected a multiple of {native}, received {side}")
    return tile.resize((native, native), Image.Resampling.NEAREST).resize((side, side), Image.Resampling.NEAREST)


def smooth(picture: Image.Image, width: int, height: int) -> Image.Image:
    """A picture scaled to fit into ``width`` times ``height`` with its proportions kept, on white if something is left over."""
    scale = min(width / picture.width, height / picture.height)
    scaled = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    ground = Image.new("RGB", (width, height), "white")
    ground.paste(scaled, ((width - scaled.width) // 2, (height - scaled.height) // 2))
    return ground


@dataclass(frozen=True)
class Placed:
    """A picture and the place of its upper left corner on the sheet, in pixels."""

    picture: Image.Image
    left: int
    top: int
    ring: str | None = None
    """Colour of a line around it, or none."""


RING = 6  # pixels of such a line


def sheet(width: int, height: int, placed: list[Placed]) -> Image.Image:
    """Pictures on a transparent sheet (RGBA), so that the ground of the page shows between them."""
    made = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    for one in placed:
        if one.ring:
            line = Image.new("RGBA", one.picture.size, one.ring)
            made.paste(line, (one.left, one.top))
            inner = one.picture.crop((RING, RING, one.picture.width - RING, one.picture.height - RING))
            made.paste(inner, (one.left + RING, one.top + RING))
        else:
            made.paste(one.picture, (one.left, one.top))
    return made


def in_rows(rows: list[list[Image.Image]], gap: int, rings: dict[tuple[int, int], str] | None = None) -> Image.Image:
    """Pictures of one size in rows, ``gap`` pixels apart; ``rings`` names a colour for a line around some (row, column)."""
    width, height = rows[0][0].size
    columns = max(map(len, rows))
    placed = [
        Placed(picture, column * (width + gap), row * (height + gap), (rings or {}).get((row, column)))
        for row, pictures in enumerate(rows)
        for column, picture in enumerate(pictures)
    ]
    return sheet(columns * (width + gap) - gap, len(rows) * (height + gap) - gap, placed)


def _islands(of: Figure) -> list[tuple[int, int, int, int]]:
    """The boxes (left, top, right, bottom) around what stands apart on the figure's paper."""
    ink = (np.asarray(of.pixels) < WHITE).any(axis=-1)
    labels, _ = ndimage.label(ink, structure=np.ones((3, 3)))
    return [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labels)]
