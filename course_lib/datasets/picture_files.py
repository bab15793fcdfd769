"""Picture files as people have them: found in a folder, opened whatever their ending, brought to 8 bits."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.datasets._files import DataError

if TYPE_CHECKING:  # imported only when needed: starting the course must stay quick
    from PIL import Image

# A file with one of these endings was meant as a picture: if it cannot be opened, it counts as unreadable. HEIC, which
# telephones write, cannot be read by Pillow alone. Files with other endings, or none, are tried too.
PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".jfif", ".png", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".gif"),
    *(".pgm", ".ppm", ".pbm", ".pnm", ".jp2", ".heic", ".heif"),
)

SURELY_BYTES = 8.0  # floats with this or a larger one among them are grey values up to 255

# Never tried: EPS would start another program on the file, the others recognise what is no picture of pixels.
NOT_TRIED = {"EPS", "WMF", "MPEG", "GRIB", "BUFR", "HDF5", "FITS", "SPIDER"}


class NoPicture(Exception):
    """A file that gives no picture; its text is the reason, in the words of the printed counts."""


def natural_order(path: Path) -> tuple[list[str | int], str]:
    """A key that sorts frame2 before frame10: text and numbers in turn."""
    parts = re.split(r"([0-9]+)", path.name)
    return [int(part) if index % 2 else part.lower() for index, part in enumerate(parts)], path.name


def contents(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files and the subfolders of a folder, each in natural order; hidden ones are nobody's mistake and left out.

    Raises:
        DataError: if the folder cannot be listed.
    """
    try:
        inside = sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=natural_order)
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be opened: {error.strerror or error}.") from error
    files = [path for path in inside if path.is_file()]
    return files, [path for path in inside if path.is_dir() and not path.name.startswith("__")]  # __MACOSX, of archives


def described(folder: Path) -> str:
    """What lies in a folder, for a message: ``3 files (2 .txt, 1 without ending), subfolders: anna, ben``."""
    files, subfolders = contents(folder)
    endings = Counter(path.suffix.lower() or "without ending" for path in files).most_common()
    kinds = ", ".join(f"{count} {ending}" for ending, count in endings[:5]) + (", …" if len(endings) > 5 else "")
    names = ", ".join(path.name for path in subfolders[:6]) + (", …" if len(subfolders) > 6 else "")
    return f"{len(files)} other files{f' ({kinds})' if files else ''}" + (f"; subfolders: {names}" if names else "")


def is_picture(path: Path) -> bool:
    """Whether a file was meant as a picture, by its ending, or can be opened as one."""
    if path.suffix.lower() in PICTURE_ENDINGS:
        return True
    try:
        with open_picture(path):
            return True
    except NoPicture as reason:
        return str(reason) == "unreadable"


def open_picture(path: Path) -> Image.Image:
    """A file opened by Pillow, its pixels not read yet.

    Raises:
        NoPicture: "not a picture", or "unreadable" if its ending says that it is one.
    """
    from PIL import Image, UnidentifiedImageError

    Image.init()
    formats = [name for name in Image.ID if name not in NOT_TRIED and (name != "TGA" or path.suffix.lower() == ".tga")]
    try:
        with warnings.catch_warnings():  # a camera of 108 million pixels is no attack; twice as many are refused
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=formats)
    except UnidentifiedImageError as error:
        meant = path.suffix.lower() in PICTURE_ENDINGS
        raise NoPicture("unreadable" if meant else "not a picture") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow raises on bad files
        raise NoPicture("unreadable") from error


def read_picture(path: Path, *, background: int | None = None, at_least: int | None = None) -> Image.Image:
    """A picture file, turned as its EXIF data say and brought to 8 bits: mode "L" or "RGB".

    Args:
        path: the file.
        background: grey value, 0 to 255, on which transparent pixels are laid; None leaves the colours that the file
            has under its transparency.
        at_least: JPEG may be read smaller, with no side below this many pixels, which is several times as fast.

    Raises:
        NoPicture: with the reason: "not a picture", "unreadable", "values without a known scale".
    """
    from PIL import Image, ImageOps

    with open_picture(path) as file:
        try:
            if at_least is not None:
                file.draft(None, (at_least, at_least))
            return _eight_bits(ImageOps.exif_transpose(file), background)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise NoPicture("unreadable") from error


def has_more_pages(path: Path) -> bool:
    """Whether a file that was read holds more than the first picture: scanned pages, or an animation."""
    with open_picture(path) as file:
        return file.format in ("TIFF", "GIF") and getattr(file, "is_animated", False)


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Numbers of any type as uint8 of the same shape: whole ones of 16 bits are divided by 257, shares in [0, 1] are multiplied by 255.

    Numbers of 8 bits stay as they are, and so do others that lie between 0 and 255; what lies between 0 and 65,535 is taken
    for 16 bits.

    Raises:
        NoPicture: "values without a known scale", for negative, larger, infinite or missing ones, and for floats whose
            largest lies between 1 and 8: shares that overshoot, or light beyond white, and all black as numbers up to 255.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not (low >= 0 and high <= 65_535):  # also false for NaN
        raise NoPicture("values without a known scale")
    shares = np.issubdtype(values.dtype, np.floating) and high < SURELY_BYTES
    if shares and high > 1:
        raise NoPicture("values without a known scale")
    factor = 255.0 if shares else 1 / 257 if values.dtype == np.uint16 or high > 255 else 1.0
    return np.round(values * factor).astype(np.uint8)


def _eight_bits(picture: Image.Image, background: int | None) -> Image.Image:
    """A picture of any mode as "L" or "RGB"."""
    from PIL import Image

    if picture.mode in ("F", "I") or picture.mode.startswith("I;16"):
        values = np.asarray(picture)
        # Pillow opens 16 bits as "I" in some formats: there whole numbers are of 16 bits, however small the largest.
        return Image.fromarray(to_bytes(values.astype(np.uint16) if _is_sixteen_bits(picture.mode, values) else values))
    if background is not None and picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (background, background, background, 255))
        return Image.alpha_composite(ground, picture).convert("RGB")
    return picture.convert("L" if picture.mode in ("1", "L", "LA", "La") else "RGB")


def _is_sixteen_bits(mode: str, values: np.ndarray) -> bool:
    return mode != "F" and values.min() >= 0 and values.max() <= 65_535
