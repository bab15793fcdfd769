"""Which picture stands for which lesson on the landing page, and how it is cut out of the lesson's figures.

Each was chosen by looking at it 280 pixels wide: it has to say what the lesson is about before a word is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from authoring.source import ROOT
from authoring.web import pictures as cut
from course_lib.plots.style import COLORS

SIDE = 168  # pixels a side of a picture of 28, three in a row; shown at half of that, so that dense screens get all
GAP = 12
WIDE, HIGH = 3 * SIDE + 2 * GAP, 2 * SIDE + GAP  # of a whole card, two rows of three
PLOT = (576, 384)  # of a card that shows one plot


@dataclass(frozen=True)
class CardPicture:
    """What makes a picture, and what it says to somebody who does not see it.

    Attributes:
        make: draws it, given the folder that holds ``notebooks/``.
        alt: its alternative text.
        plot: whether it is lines on paper, which stay on paper in dark mode, and no photographs.
    """

    make: Callable[[Path], Image.Image]
    alt: str
    plot: bool = False


def _tiles(slug: str, caption: str, root: Path) -> list[list[Image.Image]]:
    return cut.tiles(cut.figure(slug, caption, root))


def _pick(tiles: list[list[Image.Image]], *places: tuple[int, int], side: int = SIDE) -> list[Image.Image]:
    """Pictures of clothes or digits by (row, column), enlarged pixel by pixel."""
    return [cut.sharp(tiles[row][column], side) for row, column in places]


def start_here(root: Path) -> Image.Image:
    """Copy, clean, flag: what goes in above, what comes out below."""
    copied = _tiles("00_start_here", "Ten garments that the network has never seen", root)
    cleaned = _tiles("00_start_here", "The last three rows were made from the second alone", root)
    flagged = _tiles("00_start_here", "The error of each copy", root)
    given, made = (
        _pick(copied, (row, 9)) + _pick(cleaned, (cleaned_row, 0)) + _pick(flagged, (row, 7))
        for row, cleaned_row in ((0, 1), (1, 4))
    )
    return cut.in_rows([given, made], GAP)


def anatomy(root: Path) -> Image.Image:
    """A shoe, the copy, and the code between them as bars."""
    figure = cut.figure("01_anatomy", "A picture, all that the decoder gets to see of it", root)
    ((shoe, copy),) = cut.tiles(figure, alike=True)
    code = cut.of_colour(figure.pixels, COLORS["blue"], margin=8)
    side, gap, low = 224, 8, 72
    return cut.sheet(
        2 * side + gap,
        side + gap + low,
        [
            cut.Placed(cut.sharp(shoe, side), 0, 0),
            cut.Placed(cut.sharp(copy, side), side + gap, 0),
            cut.Placed(code.resize((2 * side + gap, low), Image.Resampling.LANCZOS), 0, side + gap),
        ],
    )


def undercomplete(root: Path) -> Image.Image:
    """Three components, and a boot made of 1, of 8 and of all."""
    components = _tiles("02_undercomplete", "The first eight components", root)
    boots = _tiles("02_undercomplete", "From the mean picture to a boot", root)
    return cut.in_rows([_pick(components, (0, 0), (0, 1), (0, 2)), _pick(boots, (0, 1), (0, 4), (0, 9))], GAP)


def sparse(root: Path) -> Image.Image:
    """Three atoms, each before three pictures in which it is active."""
    atoms = _tiles("03_sparse", "The first I cannot name", root)
    side, gap, behind_atom = 112, 8, 36
    return cut.sheet(
        4 * (side + gap) - gap + behind_atom,
        3 * (side + gap) - gap,
        [
            cut.Placed(*_pick(atoms, (row, column), side=side), column * (side + gap) + behind_atom * bool(column), y)
            for y, row in zip(range(0, 3 * (side + gap), side + gap), (2, 3, 5), strict=True)
            for column in range(4)
        ],
    )


def denoising(root: Path) -> Image.Image:
    """A noisy bag and a clean one; the arrows of a denoiser."""
    (noisy, clean) = _pick(_tiles("04_denoising", "It works: the noise is gone", root), (0, 1), (1, 1))
    arrows = cut.figure("04_denoising", "Half of the denoiser's step", root)
    field = cut.smooth(cut.part(arrows, 0.066, 0.085, 0.448, 0.90), HIGH, HIGH)
    return _two_and_a_square(noisy, clean, field)


def variational(root: Path) -> Image.Image:
    """Every third tile of the map of codes."""
    tiles = cut.cut(cut.largest(cut.figure("05_variational", "Each tile has", root)), 15, 15)
    return cut.in_rows(
        [_pick(tiles, *((row, column) for column in (0, 2, 5, 8, 11, 14)), side=84) for row in (0, 5, 9, 12)], 6
    )


def decoder_swapping(root: Path) -> Image.Image:
    """Three pictures of A above, B in A's pose below."""
    heads = _tiles("06_decoder_swapping", "The course's heads", root)
    return cut.in_rows([[cut.smooth(row[column], SIDE, SIDE) for column in (2, 4, 7)] for row in heads[:2]], GAP)


def anomaly_detection(root: Path) -> Image.Image:
    """A strange heartbeat, its copy, and the error between them."""
    return cut.smooth(cut.part(cut.figure("07_anomaly_detection", "A normal beat", root), 0.565, 0.08, 1, 0.835), *PLOT)


def embeddings(root: Path) -> Image.Image:
    """A query in a ring, and five of its nearest."""
    found = _tiles("08_embeddings", "The seven nearest by centred cosine", root)
    rows = [_pick(found, (0, 0), (0, 1), (0, 2)), _pick(found, (0, 3), (0, 4), (0, 6))]
    return cut.in_rows(rows, GAP, rings={(0, 0): COLORS["vermillion"]})


def generation(root: Path) -> Image.Image:
    """A sample above the nearest training picture; generated days of electricity."""
    sample, nearest = _pick(_tiles("09_generation", "Samples, nearest training pictures", root), (0, 3), (1, 3))
    days = cut.figure("09_generation", "14 days each", root)
    return _two_and_a_square(sample, nearest, cut.smooth(cut.part(days, 0.70, 0.09, 1, 0.86), HIGH, HIGH))


def recommendation(root: Path) -> Image.Image:
    """Who likes which film, and the place that is asked for."""
    return cut.smooth(
        cut.part(cut.figure("10_recommendation", "People are kept out", root), 0.285, 0.02, 0.77, 0.98), *PLOT
    )


def _two_and_a_square(above: Image.Image, below: Image.Image, square: Image.Image) -> Image.Image:
    placed = [cut.Placed(above, 0, 0), cut.Placed(below, 0, SIDE + GAP), cut.Placed(square, SIDE + GAP, 0)]
    return cut.sheet(WIDE, HIGH, placed)


CARDS: dict[str, CardPicture] = {
    "00_start_here": CardPicture(
        start_here,
        "Above, what goes in: a boot, a shirt under heavy noise, a handwritten digit. "
        "Below, what comes out: a blurred boot, a shirt without noise, a smear that is no digit.",
    ),
    "01_anatomy": CardPicture(
        anatomy, "A shoe, beside it its blurred copy, below them the code between the two: 32 bars up and down."
    ),
    "02_undercomplete": CardPicture(
        undercomplete,
        "Three patterns in red and blue, the first components of clothes. Below, a boot made of 1 of them, of 8, and as it is.",
    ),
    "03_sparse": CardPicture(
        sparse, "Three rows: an atom, such as a sole, and three pictures in which it is active, such as three shoes."
    ),
    "04_denoising": CardPicture(
        denoising, "A bag under noise and the cleaned bag; beside them a field of arrows that all lead to a circle."
    ),
    "05_variational": CardPicture(
        variational, "A map of decoded codes: trousers top left pass into sneakers to the right and into shirts below."
    ),
    "06_decoder_swapping": CardPicture(
        decoder_swapping,
        "Above, three drawings of a dark-haired person. Below, a red-haired person, blurred, in the same three poses.",
    ),
    "07_anomaly_detection": CardPicture(
        anomaly_detection,
        "A strange heartbeat as measured, and its copy by a network of normal ones; the area between them is shaded.",
        plot=True,
    ),
    "08_embeddings": CardPicture(
        embeddings, "A sandal in a frame and five pictures found by its code: three sandals and two ankle boots."
    ),
    "09_generation": CardPicture(
        generation,
        "A blurred sandal that a network drew, and below it the nearest real one; beside them fourteen generated days as curves.",
    ),
    "10_recommendation": CardPicture(
        recommendation,
        "A table of people and films, 1 for liked. In the row of a new person one place holds a question mark.",
        plot=True,
    ),
}
"""By the lesson's folder: its picture on the landing page."""


def space_still(root: Path = ROOT) -> Image.Image:
    """The map of codes whole, one place in a ring, and beside it what the network makes of that place, large."""
    whole = cut.largest(cut.figure("05_variational", "Each tile has", root))
    row, column, side = 6, 14, 560
    chosen = cut.cut(whole, 15, 15)[row][column]
    large = cut.sharp(chosen, 28).resize((side, side), Image.Resampling.BICUBIC)
    tile = side / 15
    the_map = whole.resize((side, side), Image.Resampling.LANCZOS)
    spot = the_map.crop(tuple(round(edge * tile) for edge in (column, row, column + 1, row + 1)))
    return cut.sheet(
        2 * side + 24,
        side,
        [
            cut.Placed(the_map, 0, 0),
            cut.Placed(spot, round(column * tile), round(row * tile), COLORS["orange"]),
            cut.Placed(large, side + 24, 0, COLORS["orange"]),
        ],
    )


STILL = CardPicture(
    space_still,
    "Left, a map of 225 tiles, clothes that pass into each other: trousers, shirts, sneakers, boots. One tile is framed; "
    "right, the same tile large: a boot that nobody photographed.",
)
"""What stands on the landing page until the explorer *A space to sample from* has started."""
STILL_CAPTION = "Each tile is two numbers, decoded. Nobody photographed the boot on the right. (Lesson 05)"
