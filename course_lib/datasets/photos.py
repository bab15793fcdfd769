"""Two colour photographs, for patches and for comparisons with JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_lib.datasets import _files

PHOTOGRAPH_CREDITS = (
    "china.jpg: danielbuechele, www.flickr.com/photos/danielbuechele/6061409035, CC BY 2.0",
    "flower.jpg: vultilion, www.flickr.com/photos/vultilion/6056698931, CC BY 2.0",
)


@dataclass(frozen=True, eq=False, repr=False)
class Photographs:
    """Colour photographs of one size.

    Attributes:
        names: one name a photograph.
        images: uint8, shape (n, 427, 640, 3), red, green, blue, 0 to 255, read-only.
        credits: one line a photograph to print beside it; the licence (CC BY 2.0) asks for it.
    """

    names: tuple[str, ...]
    images: np.ndarray
    credits: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", _files.read_only(self.images))

    def __repr__(self) -> str:
        count, height, width, _ = self.images.shape
        return f"Photographs({count} of {height} x {width}: {', '.join(self.names)})"


def photographs() -> Photographs:
    """Two photographs, a Chinese temple and a flower, for comparisons with JPEG and for patches.

    They have been through JPEG once (quality 96, no chroma subsampling). Compressed again at exactly that setting they
    hardly change, which flatters JPEG: the data card has the numbers.

    Returns:
        ``Photographs`` with names ("china", "flower") and images of shape (2, 427, 640, 3).

    Raises:
        DataError: if an embedded file is missing or damaged.

    Source: ``sklearn.datasets.load_sample_images``; CC BY 2.0.
    """
    return _photographs(_files.DATA_FOLDER)


@lru_cache(maxsize=8)
def _photographs(folder: Path) -> Photographs:
    from PIL import Image

    names = ("china", "flower")
    # The files are 4:4:4 JPEGs: without chroma upsampling, libjpeg's integer transform leaves nothing to the version.
    images = [
        np.asarray(Image.open(io.BytesIO(_files.read_embedded(f"photograph_{name}.jpg", folder)))) for name in names
    ]
    return Photographs(names, np.stack(images), PHOTOGRAPH_CREDITS)
