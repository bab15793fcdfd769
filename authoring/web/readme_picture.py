"""README's picture: the course in three panels, each from what the notebooks show and print.

It is drawn twice, for light and for dark pages, on no ground of its own; and once on white below the course's name, for where
somebody shares a link to a page. ``python -m authoring face`` writes all three.
"""

from __future__ import annotations

import io
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from authoring.numbers import printed_lines
from authoring.source import ROOT, SourceError
from authoring.web import pictures as cut
from course_lib.plots.kinds import KINDS
from course_lib.plots.style import COLORS

FILES = {"light": "site/pictures/course-light.webp", "dark": "site/pictures/course-dark.webp"}
SIZE = (12.0, 4.5)  # inches
DPI = 200  # shown at half of it: 1200 × 450 on most screens, sharp on dense ones
PREVIEW = "site/_static/preview.png"  # what others show beside a link: site/_templates/layout.html names it
PREVIEW_SIZE = (1200, 630)  # pixels
PREVIEW_TITLE = "Bottleneck"
PREVIEW_TEXT = "A hands-on course on autoencoders in Keras 3, each network measured against exact mathematics"
LARGEST = 250_000  # bytes
ALT = (
    "Three results of the course. Left: three heads of person A, below them person B in the same poses as a network draws her, "
    "below these the true pictures. Middle: a map of decoded codes, where trousers pass into shirts, sneakers and boots. "
    "Right: bars of the quality of copies through 64 numbers, with the exact answer, PCA, next to the networks, and a "
    "claim that the notebook has checked."
)

RUNG = re.compile(
    r"(?P<name>.+) \((?P<kind>"
    + "|".join(re.escape(kind.label) for kind in KINDS.values())
    + r")\) (?P<value>[-−\d.]+)"
)


@dataclass(frozen=True)
class Look:
    """Colours of one version."""

    ink: str
    muted: str
    colours: dict[str, str]


LOOKS = {
    "light": Look("#1b1f24", "#57606a", {}),
    "dark": Look(
        "#e6e9ee",
        "#a7b0bb",
        {
            COLORS["grey"]: "#a2a9b3",
            COLORS["blue"]: "#56b4e9",
            COLORS["sky"]: "#9ad4f5",
            COLORS["vermillion"]: "#f0803c",
        },
    ),
}


@dataclass(frozen=True)
class Rung:
    """A row of a ladder: what it is, of which kind, and its number."""

    name: str
    kind: str
    value: float


def write(root: Path = ROOT) -> dict[Path, bytes]:
    """All versions of the picture, by the path of their file.

    Raises:
        SourceError: if a figure or a claim that it shows is gone, or if a file gets too large.
    """
    made = {}
    drawings = {name: drawn(mode, root) for mode, name in FILES.items()} | {PREVIEW: preview(root)}
    for name, content in drawings.items():
        if len(content) > LARGEST:
            raise SourceError(f"{name} weighs {len(content)} bytes, more than {LARGEST}.")
        made[root / name] = content
    return made


def drawn(mode: str, root: Path = ROOT) -> bytes:
    """The picture as WebP; ``mode`` is "light" or "dark"."""
    out = io.BytesIO()
    _picture(mode, DPI, root).save(out, "webp", quality=88, method=4)
    return out.getvalue()


def preview(root: Path = ROOT) -> bytes:
    """The light picture on white, the course's name above it, as PNG: programs that show previews read no WebP."""
    wide, high = PREVIEW_SIZE
    margin = 24
    picture = _picture("light", (wide - 2 * margin) / SIZE[0], root)
    dpi = picture.width / SIZE[0]
    with rc_context({"font.family": "DejaVu Sans", "text.color": LOOKS["light"].ink}):
        figure = Figure(figsize=(SIZE[0], (high - picture.height) / dpi), dpi=dpi, facecolor="white", layout="none")
        figure.text(0.03 / SIZE[0], 0.5, PREVIEW_TITLE, fontsize=40, fontweight="bold")
        figure.text(0.06 / SIZE[0], 0.2, PREVIEW_TEXT, fontsize=15, color=LOOKS["light"].muted)
        title = _rendered(figure)
    made = cut.Image.new("RGB", PREVIEW_SIZE, "white")
    made.paste(title, (margin, 0))
    made.paste(picture, (margin, high - picture.height), picture)
    out = io.BytesIO()
    made.quantize(256, dither=cut.Image.Dither.NONE).save(out, "png", optimize=True)
    return out.getvalue()


def _picture(mode: str, dpi: float, root: Path) -> cut.Image.Image:
    look = LOOKS[mode]
    style = {
        "text.color": look.ink,
        "hatch.linewidth": 1.0,
        "font.family": "DejaVu Sans",
        "image.interpolation": "nearest",
    }
    with rc_context(style):
        figure = Figure(figsize=SIZE, dpi=dpi, facecolor="none", layout="none")
        _swap(figure, look, root)
        _space(figure, look, root)
        _ladder(figure, look, root)
        return _rendered(figure)


def _rendered(figure: Figure) -> cut.Image.Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return cut.Image.fromarray(np.asarray(canvas.buffer_rgba()).copy())


def rungs(root: Path = ROOT) -> list[Rung]:
    """The rows of lesson 02's ladder, as its alternative text says them.

    Raises:
        SourceError: if it does not say any.
    """
    alt = cut.figure("02_undercomplete", "PCA gives nine decibels above the mean picture", root).alt
    _, _, said = alt.partition(" is better: ")
    found = [RUNG.fullmatch(one.rstrip(".")) for one in said.split("; ")]
    if not said or not all(found):
        raise SourceError(f"The ladder of lesson 02 does not say its rows as `name (kind) number`: {alt!r}")
    kinds = {kind.label: name for name, kind in KINDS.items()}
    return [Rung(one["name"], kinds[one["kind"]], float(one["value"].replace("−", "-"))) for one in found]


def claim(root: Path = ROOT) -> str:
    """The line of lesson 02 that the picture quotes.

    Raises:
        SourceError: if the notebook does not print it once, with its tick.
    """
    start = "✔ On test pictures, features on top of PCA save a tenth"
    lines = [line for line in printed_lines(root / "notebooks" / "02_undercomplete.ipynb") if line.startswith(start)]
    if len(lines) != 1:
        raise SourceError(f"notebooks/02_undercomplete.ipynb prints {len(lines)} lines that start with {start!r}.")
    return lines[0]


# ----- the panels; all places in inches from the lower left corner


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    return figure.add_axes((left / SIZE[0], bottom / SIZE[1], width / SIZE[0], height / SIZE[1]))


def _words(figure: Figure, left: float, title: str, text: str, look: Look) -> None:
    figure.text(left / SIZE[0], 4.18 / SIZE[1], title, fontsize=15, fontweight="bold", color=look.ink)
    figure.text(left / SIZE[0], 3.87 / SIZE[1], text, fontsize=11.5, color=look.muted)


def _show(ax: Axes, picture: cut.Image.Image) -> None:
    ax.imshow(np.asarray(picture), interpolation="lanczos", aspect="auto")
    ax.set_axis_off()


def _swap(figure: Figure, look: Look, root: Path) -> None:
    heads = cut.tiles(cut.figure("06_decoder_swapping", "The course's heads", root))
    left, side, gap = 1.2, 1.05, 0.07
    _words(figure, 0.06, "A speaks with B's face", "One encoder, two decoders; the truth is known.", look)
    for row, label in enumerate(("A goes in", "B comes out", "B, the truth")):
        bottom = 0.33 + (2 - row) * (side + gap)
        figure.text(
            (left - 0.1) / SIZE[0],
            (bottom + side / 2) / SIZE[1],
            label,
            fontsize=11.5,
            ha="right",
            va="center",
            color=look.ink,
        )
        for place, column in enumerate((2, 4, 7)):
            _show(_axes(figure, left + place * (side + gap), bottom, side, side), heads[row][column])


def _space(figure: Figure, look: Look, root: Path) -> None:
    left, side = 4.74, 3.29
    _words(figure, left, "A code to draw from", "Each tile is two numbers, decoded.", look)
    _show(
        _axes(figure, left, 0.33, side, side),
        cut.largest(cut.figure("05_variational", "Each tile has", root)),
    )


def _ladder(figure: Figure, look: Look, root: Path) -> None:
    left = 8.3
    _words(figure, left, "Networks meet referees", "Copies through 64 numbers: quality in dB.", look)
    ax = _axes(figure, left, 1.14, 3.3, 2.56)
    ax.patch.set_alpha(0)
    rows = rungs(root)
    for place, rung in enumerate(reversed(rows)):
        kind = KINDS[rung.kind]
        colour = look.colours.get(kind.color, kind.color)
        solid = kind.filled and not kind.hatch
        ax.barh(
            place,
            rung.value,
            height=0.4,
            facecolor=colour if solid or not kind.filled else "none",
            edgecolor=colour,
            hatch=kind.hatch,
            linewidth=1.1,
        )
        name = ax.text(0, place + 0.24, rung.name, fontsize=11, va="bottom", color=look.ink)
        ax.annotate(
            kind.label,
            (1, 0),
            xycoords=name,
            xytext=(6, 0),
            textcoords="offset points",
            fontsize=10,
            va="bottom",
            color=look.muted,
        )
        ax.text(
            rung.value + 0.4, place, f"{rung.value:.1f}", fontsize=11, fontweight="bold", va="center", color=look.ink
        )
    ax.set_xlim(0, max(rung.value for rung in rows) * 1.05)
    ax.set_ylim(-0.3, len(rows) - 0.25)
    ax.set_axis_off()
    mark, _, said = claim(root).partition(" ")
    lines = textwrap.wrap(said, 44)
    figure.text(
        left / SIZE[0],
        1.0 / SIZE[1],
        mark,
        fontsize=11,
        va="top",
        color=look.colours.get(COLORS["blue"], COLORS["blue"]),
    )
    figure.text(
        (left + 0.22) / SIZE[0],
        1.0 / SIZE[1],
        "\n".join(lines),
        fontsize=10.5,
        va="top",
        color=look.ink,
        linespacing=1.3,
    )
