"""One's own pictures, from a folder or an array, in the form of the clothes: 28 x 28 grey pixels with classes."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.datasets import picture_files
from course_lib.datasets._files import DataError
from course_lib.datasets.images import ImageDataset
from course_lib.datasets.picture_files import NoPicture

if TYPE_CHECKING:  # imported only when needed: starting the course must stay quick
    from PIL import Image

SIDE = 28
MINIMUM_PICTURES = 200
MINIMUM_OF_A_CLASS = 16
ENOUGH = (
    f"At least {MINIMUM_PICTURES} are needed: three quarters of them train, and lesson 08 fits 128 directions to those. "
    "A thousand and more give scores that mean something."
)
NAMES_OF_SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"}
ONE_CLASS = "picture"


def own_pictures(
    source: str | os.PathLike | np.ndarray,
    labels: Sequence | np.ndarray | None = None,
    *,
    fit: str = "crop",
    invert: bool = False,
    background: int | None = None,
    shuffle: bool = False,
) -> ImageDataset:
    """Pictures of your own in the form of ``fashion_mnist()``: grey, 28 x 28 pixels, with classes and three splits.

    ``own_pictures("leaves")`` takes each subfolder of ``leaves`` for a class; without subfolders all pictures are of one class,
    "picture". Any format counts that Pillow reads, whatever the file is called. Pictures are turned as their EXIF data say;
    16-bit and float ones are brought to 8 bits by their full range; colours become grey; of animations and scans the first
    frame or page is taken.

    **Splits.** Within each class the order of the file names (frame2 before frame10) decides: the first 75 % train, the next
    12.5 % validate, the last 12.5 % test. Neighbouring frames of a film are almost the same picture; splits by lot would put
    such twins on both sides and flatter every score. Here only the frames at the two seams have neighbours across. Where the
    order of the names means something else (by date, by shop, by size), and no two pictures are near twins,
    ``shuffle=True`` draws by lot. Within a split the pictures then lie mixed, the classes in turn, as in ``fashion_mnist()``:
    any first part of it resembles the whole.

    What was found, left out and done is printed.

    Args:
        source: the folder; or an array (n, h, w) or (n, h, w, channels) with 1, 3 (RGB) or 4 (RGBA) channels, of uint8, of
            uint16, of bool, or of floats in [0, 1] or [0, 255]. The order of its rows stands for that of the names.
        labels: with an array: what each picture shows, n numbers or words; one class without. A folder has its subfolders.
        fit: "crop" keeps the middle square of each picture, "pad" keeps all of it and fills up what is missing to a square.
            Neither changes its proportions.
        invert: exchange bright and dark. The lessons' pictures are bright on black; say ``True`` for dark on white.
        background: grey value, 0 to 255, behind transparent pixels and of the filling, before the inversion. Unless told the
            one that ends black: 0, or 255 with ``invert``.
        shuffle: draw the splits by lot, the same at every call.

    Returns:
        An ``ImageDataset``, its classes in natural order of their names.

    Raises:
        DataError: if there is no such folder, it holds no pictures, both pictures and subfolders with pictures, or subfolders
            that are splits; if there are fewer than 200 pictures, or fewer than 16 of a class; if an array or its labels have
            another form.
        ValueError: if another argument has no such value.
    """
    if fit not in ("crop", "pad"):
        raise ValueError(f"fit: expected 'crop' (the middle square) or 'pad' (all of it, filled up), got {fit!r}")
    if background is not None and (isinstance(background, bool) or background not in range(256)):
        raise ValueError(f"background: expected a grey value from 0 to 255, got {background!r}")
    ground = background if background is not None else 255 if invert else 0
    notes: Counter[str] = Counter()
    if isinstance(source, (str, os.PathLike)):
        if labels is not None:
            raise DataError(
                "labels= goes with an array. Pictures in a folder are labelled by subfolders: one for each class."
            )
        folder = Path(source).expanduser()
        pictures, numbers, names, rejected = _from_folder(folder, fit, ground, notes)
        where = str(folder)
    else:
        pictures, numbers, names, rejected = _from_array(source, labels, fit, ground, notes)
        where = f"the array of shape {np.shape(source)}"

    flat = pictures.min(axis=(1, 2)) == pictures.max(axis=(1, 2))
    rejected["of one colour"] += int(flat.sum())  # nothing to learn, and no mass to align by
    pictures, numbers = pictures[~flat], numbers[~flat]
    pictures = 255 - pictures if invert else pictures
    reasons = ", ".join(f"{count} {reason}" for reason, count in rejected.items() if count) or "none"
    counts = {name: int((numbers == number).sum()) for number, name in enumerate(names)}
    print(f"{len(pictures):,} pictures in {where}: {_listed(counts)}. Left out: {reasons}.")
    _require_enough(counts, where, reasons)
    _print_notes(pictures, notes, fit, invert, ground)
    parts = _split(numbers, shuffle)
    order = (
        "by lot"
        if shuffle
        else "by the order of the file names"
        if isinstance(source, (str, os.PathLike))
        else "by row"
    )
    print(
        f"Split {order}, within each class: {' / '.join(f'{len(part):,}' for part in parts)} train, validation, test."
    )
    return ImageDataset(
        "your own pictures", *(array for part in parts for array in (pictures[part], numbers[part])), class_names=names
    )


def _from_folder(folder: Path, fit: str, ground: int, notes: Counter) -> tuple:
    """Pictures (n, 28, 28), class numbers (n,), names of the classes, and the counts of files left out by reason."""
    if not folder.exists():
        raise DataError(
            f"The folder {folder} does not exist (looked for in {Path.cwd()}). Give the path of a folder of pictures."
        )
    if not folder.is_dir():
        ending = folder.suffix.lower()
        if ending in (".npy", ".npz"):
            one = "['name of the array in it']" if ending == ".npz" else ""
            mend = f"An array goes in as own_pictures(numpy.load({folder.name!r}){one})."
        elif ending in picture_files.PICTURE_ENDINGS:
            mend = f"Give the folder in which the pictures lie: {folder.parent}."
        else:
            mend = "An archive has to be unpacked first."
        raise DataError(f"{folder} is a file, not a folder. {mend}")
    files, subfolders = picture_files.contents(folder)
    loose = [path for path in files if picture_files.is_picture(path)]
    inside = {path: picture_files.contents(path)[0] for path in subfolders}
    with_pictures = [path for path in subfolders if any(map(picture_files.is_picture, inside[path]))]
    rejected: Counter[str] = Counter()
    if not with_pictures:
        if not loose:
            deeper = [path.name for path in subfolders if picture_files.contents(path)[1]]
            hint = f" Its subfolders hold folders: give one of them, such as {folder / deeper[0]}." if deeper else ""
            raise DataError(
                f"The folder {folder} holds no pictures ({picture_files.described(folder)}).{hint} Pictures lie in the folder "
                "itself, or in one subfolder for each class, in any format that Pillow reads, such as "
                f"{', '.join(picture_files.PICTURE_ENDINGS[:6])}."
            )
        groups = {ONE_CLASS: files}
    else:
        if loose:
            raise DataError(
                f"The folder {folder} holds {len(loose)} pictures itself and more in subfolders "
                f"({', '.join(path.name for path in with_pictures[:6])}). Subfolders are classes: move the pictures "
                "into one, or give a folder that holds pictures only."
            )
        if len(with_pictures) > 1 and all(
            NAMES_OF_SPLITS.intersection(re.split(r"[^a-z]+", path.name.lower())) for path in with_pictures
        ):
            raise DataError(
                f"The subfolders of {folder} ({', '.join(path.name for path in with_pictures)}) are named as splits, not as "
                "classes. Put all pictures into one folder, or one subfolder for each class: the splits are made here."
            )
        groups = {path.name: inside[path] for path in with_pictures}
        rejected["beside the subfolders"] = len(files)
        empty = [path.name for path in subfolders if path not in with_pictures]
        if empty:
            print(f"No class, as no picture lies in it: {', '.join(empty)}.")
        deeper = [f"{path.name}/{below.name}" for path in with_pictures for below in picture_files.contents(path)[1]]
        if deeper:
            print(f"Not looked into, as they lie deeper than a class: {_some(deeper)}.")
    pictures, numbers = [], []
    for number, group in enumerate(groups.values()):
        for path in group:
            try:
                picture = picture_files.read_picture(path, background=ground, at_least=4 * SIDE)
            except NoPicture as reason:
                rejected[str(reason)] += 1
                continue
            pictures.append(_small(picture, fit, ground, notes))
            numbers.append(number)
            notes["more pages"] += picture_files.has_more_pages(path)
    return _stacked(pictures), np.array(numbers, np.int64), tuple(groups), rejected


def _from_array(source, labels, fit: str, ground: int, notes: Counter) -> tuple:
    """The same from an array of pictures."""
    from PIL import Image

    if not isinstance(source, np.ndarray):
        mend = ""
        if hasattr(source, "files"):  # what numpy.load gives for an .npz
            mend = f" Give one of the arrays in it, such as x[{source.files[0]!r}]." if source.files else ""
        elif isinstance(source, (list, tuple)):
            mend = " Pictures of one size become an array by numpy.stack(x)."
        elif hasattr(source, "__array__"):
            mend = " Say numpy.asarray(x)."
        raise DataError(
            f"own_pictures expects the path of a folder, or a NumPy array (n, h, w); got {type(source).__name__}.{mend}"
        )
    shape = source.shape
    if source.ndim == 3 and shape[2] in (3, 4) and shape[1] > shape[2]:
        raise DataError(f"The array has shape {shape}, that of one picture in colour. Expected many: (n, h, w, 3).")
    if source.ndim == 4 and shape[2] in (1, 3, 4) and shape[3] not in (1, 3, 4):
        raise DataError(
            f"The array has shape {shape}: the pictures are counted first here. Say numpy.moveaxis(x, -1, 0)."
        )
    if source.ndim == 4 and shape[1] in (1, 3, 4) and shape[3] not in (1, 3, 4):
        raise DataError(f"The array has shape {shape}: the channels come last here. Say numpy.moveaxis(x, 1, -1).")
    if source.ndim not in (3, 4) or (source.ndim == 4 and shape[3] not in (1, 3, 4)):
        flat = " Flat rows become pictures by x.reshape(-1, height, width)." if source.ndim == 2 else ""
        raise DataError(f"Expected an array of shape (n, h, w) or (n, h, w, 3), got {shape}.{flat}")
    if source.dtype.kind not in "buif":
        raise DataError(f"Expected an array of numbers, got {source.dtype}.")
    try:
        values = picture_files.to_bytes(source)
    except NoPicture:
        raise DataError(
            f"The values of the array run from {source.min():g} to {source.max():g}. Expected uint8, uint16, or floats in "
            "[0, 1] or [0, 255]: scale them first (from [-1, 1] by (x + 1) / 2, what overshoots by x.clip(0, 1)), and leave out "
            "pictures with NaN."
        ) from None
    if source.dtype.kind in "ui" and source.size and source.max() == 1:
        raise DataError(
            "The array holds the whole numbers 0 and 1 only, so that all pictures would be black. If 1 is white, as in masks, "
            "say x.astype(bool)."
        )
    if source.dtype == np.uint16 and source.size and source.max() <= 255:
        raise DataError(
            f"The array is of uint16, and its largest value {source.max()} of 65,535: all pictures would be black. If its "
            "values are of 8 bits, say x.astype('uint8')."
        )
    values = values[..., 0] if values.ndim == 4 and shape[3] == 1 else values
    pictures = []
    for row in values:
        picture = Image.fromarray(row)
        if picture.mode == "RGBA":
            paper = Image.new("RGBA", picture.size, (ground, ground, ground, 255))
            picture = Image.alpha_composite(paper, picture).convert("RGB")
        pictures.append(_small(picture, fit, ground, notes))
    if labels is None:
        return _stacked(pictures), np.zeros(len(pictures), np.int64), (ONE_CLASS,), Counter()
    labels = np.asarray(labels)
    if labels.shape != (len(source),):
        mend = ""
        if labels.ndim == 2 and len(labels) == len(source):
            mend = (
                " Say numpy.ravel(labels)." if labels.shape[1] == 1 else " Of one-hot rows say labels.argmax(axis=1)."
            )
        raise DataError(f"labels: expected one for each of the {len(source)} pictures, got shape {labels.shape}.{mend}")
    import pandas as pd

    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise DataError(
            f"labels: {len(missing)} pictures have none, the first of them row {missing[0]}. Leave these rows out of both, "
            "or give them a word of their own, such as 'unknown'."
        )
    if labels.dtype.kind == "f" and (labels == np.round(labels)).all():
        labels = labels.astype(np.int64)  # 3, not 3.0, as a name
    kinds, numbers = np.unique(labels.astype(str) if labels.dtype == object else labels, return_inverse=True)
    return _stacked(pictures), numbers.astype(np.int64), tuple(map(str, kinds)), Counter()


def _small(picture: Image.Image, fit: str, ground: int, notes: Counter) -> np.ndarray:
    """A picture as uint8 of shape (28, 28)."""
    from PIL import Image

    grey = picture.convert("L")
    width, height = grey.size
    short, long = sorted(grey.size)
    notes["smaller"] += short < SIDE
    notes["not square"] += short != long
    if fit == "crop":
        left, top = (width - short) / 2, (height - short) / 2
        return np.asarray(
            grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=(left, top, left + short, top + short))
        )
    size = max(1, round(SIDE * width / long)), max(1, round(SIDE * height / long))
    square = Image.new("L", (SIDE, SIDE), ground)
    square.paste(grey.resize(size, Image.Resampling.LANCZOS), ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(square)


def _stacked(pictures: list[np.ndarray]) -> np.ndarray:
    return np.stack(pictures) if pictures else np.zeros((0, SIDE, SIDE), np.uint8)


def _require_enough(counts: dict[str, int], where: str, reasons: str) -> None:
    if sum(counts.values()) < MINIMUM_PICTURES:
        raise DataError(f"Found {sum(counts.values())} pictures in {where} (left out: {reasons}). {ENOUGH}")
    few = {name: count for name, count in counts.items() if count < MINIMUM_OF_A_CLASS}
    if few:
        raise DataError(
            f"Too few pictures of {len(few)} of the {len(counts)} classes in {where}: {_listed(few)} (left out: {reasons}). "
            f"At least {MINIMUM_OF_A_CLASS} of each are needed, twelve to train and two each to validate and test: add "
            "pictures, join classes, or move such a class out of the folder."
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def _listed(counts: dict[str, int]) -> str:
    """``cat 40, dog 50``, the first eight."""
    listed = [f"{name} {count:,}" for name, count in list(counts.items())[:8]]
    return ", ".join(listed) + (f" and {len(counts) - 8} more classes" if len(counts) > 8 else "")


def _print_notes(pictures: np.ndarray, notes: Counter, fit: str, invert: bool, ground: int) -> None:
    """Say what was done to the pictures that their owner may not expect."""
    if notes["not square"]:
        done = (
            "the middle square was kept; fit='pad' keeps all"
            if fit == "crop"
            else f"filled up with {'black' if ground == 0 else 'white' if ground == 255 else f'grey {ground}'}; fit='crop' cuts"
        )
        print(f"{notes['not square']:,} were not square: {done}.")
    if notes["more pages"]:
        print(f"{notes['more pages']:,} hold several pages or frames, of which the first was taken.")
    if notes["smaller"]:
        print(f"{notes['smaller']:,} were smaller than {SIDE} pixels and were enlarged.")
    brightest = int((255 - pictures if invert else pictures).max())
    if brightest < 64:
        print(
            f"All are dark: no value is above {brightest} of 255. Cameras of 12 bits write such files of 16, and some sets count "
            "to 16: give the array, times 255 / its largest value, as whole numbers (uint8)."
        )
    edge = np.ones((SIDE, SIDE), bool)
    edge[1:-1, 1:-1] = False
    bright = float((np.median(pictures[:, edge], axis=1) > 127).mean())
    if bright > 0.5:
        mend = "leave out invert=True" if invert else "say invert=True"
        print(
            f"{bright:.0%} have bright borders. The lessons' pictures are bright on black: if yours show dark things on a "
            f"bright ground, {mend}."
        )
    twins = len(pictures) - len(np.unique(pictures.reshape(len(pictures), -1), axis=0))
    if twins:
        print(
            f"{twins:,} are equal to another one, pixel by pixel: in two splits, such twins flatter every score. Leave them out."
        )


def _split(numbers: np.ndarray, shuffle: bool) -> list[np.ndarray]:
    """The row numbers of train, validation and test; in each the classes in turn, within a class drawn by lot."""
    rng = np.random.default_rng(0)
    parts: list[list[tuple[float, int, int]]] = [[], [], []]
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        rows = rng.permutation(rows) if shuffle else rows
        train = round(0.75 * len(rows))
        for part, chosen in zip(parts, np.split(rows, [train, train + (len(rows) - train) // 2]), strict=True):
            places = (np.arange(len(chosen)) + 0.5) / len(chosen)  # a class of half the size comes half as often
            part += [(place, int(number), int(row)) for place, row in zip(places, rng.permutation(chosen), strict=True)]
    return [np.array([row for *_, row in sorted(part)], np.int64) for part in parts]
