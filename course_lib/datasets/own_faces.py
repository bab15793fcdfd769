"""Faces found and cut from two folders of one's own pictures, in the form of the drawn heads."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.datasets import picture_files
from course_lib.datasets._files import SPLITS, DataError
from course_lib.datasets.drawn_heads import HEADS_SHAPE, PEOPLE, HeadsDataset
from course_lib.datasets.picture_files import NoPicture

if TYPE_CHECKING:  # imported only when needed: starting the course must stay quick
    from PIL import Image
    from skimage.feature import Cascade

MINIMUM_FACES = 50

REASONS = ("not a picture", "unreadable", "values without a known scale", "no face", "several faces")

SEARCHED = 640  # the longer side, in pixels, of the picture that is searched: finer gives the detector nothing

# From the found box to the square that heads() shows; measured on heads in 20 poses.
SQUARE_SIDE, SQUARE_DROP = 1.30, 0.09  # in widths of the box: side, and centre below the centre of the box


def heads_from_folders(a: str | os.PathLike, b: str | os.PathLike) -> HeadsDataset:
    """Faces cut from two folders of your own pictures, in the form of ``heads()``. Ask the people first.

    Use only pictures of people who know what you do with them and agreed to it. Nothing leaves this computer.

    Each picture is turned as its EXIF data say and searched with the frontal-face cascade that comes with scikit-image.
    A picture counts if it holds exactly one face; smaller faces, less than half as wide, are taken for
    passers-by. The square around the face is cut like the heads of ``heads()``, eyes a third from the top, and reduced to
    48 x 48 pixels. Any format counts that Pillow reads, whatever the file is called; 16-bit and float pictures are brought to
    8 bits by their full range. Faces turned far aside are not found. Alignment is by the found box, not by the eyes: a tilted
    head stays tilted.

    The splits follow the order of the file names (frame2 before frame10): the first 80 % of the faces train, the next 10 %
    validate, the last 10 % test. Neighbouring frames of a film are almost the same picture; a random split would
    put such twins on both sides and flatter every score. Here only the frames at the two seams have neighbours across.
    With several scenes a person, name the files so that the last scene comes last.

    Args:
        a: folder with pictures of the first person, at least 50 usable ones; some hundred are better.
        b: folder with pictures of the second person.

    Returns:
        A ``HeadsDataset`` without parameters and without pairs; ``rejected`` counts the files of each person that gave no
        face: "not a picture", "unreadable", "values without a known scale" (floats below 0 or beyond 16 bits), "no face",
        "several faces". The same counts are printed.

    Raises:
        ValueError: if both folders are the same.
        DataError: if a folder is missing or holds no pictures, or fewer than 50 faces are found for a person.

    Source: the detector is Liao et al. 2007, "Learning multi-scale block local binary patterns for face recognition", as
    trained for OpenCV.
    """
    for person, source in zip(PEOPLE, (a, b), strict=True):
        if not isinstance(source, (str, os.PathLike)):
            raise DataError(
                f"Person {person}: expected the path of a folder of pictures, got {type(source).__name__}. Faces are cut from "
                "picture files; save arrays as files first."
            )
    folders = dict(zip(PEOPLE, (Path(a).expanduser(), Path(b).expanduser()), strict=True))
    if folders["a"].resolve() == folders["b"].resolve():
        raise ValueError(f"b: expected the folder of another person, got that of a: {folders['b']}")
    for person, folder in folders.items():
        if folder.is_file():
            raise DataError(
                f"Person {person}: {folder} is a file, not a folder. An archive has to be unpacked first; of pictures give the "
                "folder in which they lie."
            )
        if not folder.is_dir():
            raise DataError(f"The folder for person {person} does not exist: {folder}. Give the path of a folder.")
    pictures, rejected = {}, {}
    for person, folder in folders.items():
        faces, rejected[person] = _faces_in(folder)
        reasons = ", ".join(f"{count} {reason}" for reason, count in rejected[person].items() if count) or "none"
        print(f"Person {person}: {len(faces)} faces in {folder}. Files without one: {reasons}.")
        if len(faces) < MINIMUM_FACES:
            raise DataError(
                f"Person {person}: expected at least {MINIMUM_FACES} faces in {folder}, found {len(faces)}. "
                f"Files without one: {reasons}. What helps: more pictures, one person in each, looking "
                "roughly towards the camera, the face at least an eighth of the picture's shorter side, JPEG or PNG (not HEIC)."
            )
        parts = np.split(faces, [round(0.8 * len(faces)), round(0.9 * len(faces))])
        pictures |= {(person, split): part for split, part in zip(SPLITS, parts, strict=True)}
    return HeadsDataset("your own pictures", pictures, {}, (), (), False, rejected)


def _faces_in(folder: Path) -> tuple[np.ndarray, dict[str, int]]:
    """All single faces in the pictures of a folder, uint8, shape (n, 48, 48, 3), and how many files gave none, and why.

    Raises:
        DataError: if the folder holds no pictures.
    """
    from skimage import data
    from skimage.feature import Cascade

    files, subfolders = picture_files.contents(folder)
    if not any(map(picture_files.is_picture, files)):
        advice = "Pictures lie in the folder itself, in any format that Pillow reads, such as "
        advice += f"{', '.join(picture_files.PICTURE_ENDINGS[:6])}."
        if subfolders:
            advice += f" Give the folder of one person, such as {subfolders[0]}."
        raise DataError(f"The folder {folder} holds no pictures ({picture_files.described(folder)}). {advice}")
    detector = Cascade(data.lbp_frontal_face_cascade_filename())
    rejected = Counter(dict.fromkeys(REASONS, 0))
    faces = []
    for path in files:
        try:
            picture = picture_files.read_picture(path).convert("RGB")
        except NoPicture as reason:
            rejected[str(reason)] += 1
            continue
        found = _face_boxes(picture, detector)
        if len(found) == 1:
            faces.append(_cut_face(picture, found[0]))
        else:
            rejected["several faces" if found else "no face"] += 1
    return np.stack(faces) if faces else np.zeros((0, *HEADS_SHAPE), np.uint8), dict(rejected)


def _face_boxes(picture: Image.Image, detector: Cascade) -> list[tuple[float, float, float]]:
    """The faces in a picture: (column and row of the centre, width) in its pixels, widest first.

    Boxes whose centres lie inside a wider one are the same face again; those less than half as wide as the widest
    are left out.
    """
    reduction = min(1.0, SEARCHED / max(picture.size))
    width, height = (max(1, round(side * reduction)) for side in picture.size)
    shortest = max(24, min(width, height) // 8)  # the detector was trained on 24 x 24 pixels
    if min(width, height) < shortest:
        return []
    hits = detector.detect_multi_scale(
        img=np.asarray(picture.resize((width, height))),
        scale_factor=1.15,
        step_ratio=1.5,
        min_size=(shortest, shortest),
        max_size=(height, width),
    )
    boxes: list[tuple[float, float, float]] = []
    for hit in sorted(hits, key=lambda hit: -hit["width"]):
        side = hit["width"] / reduction
        column, row = hit["c"] / reduction + side / 2, hit["r"] / reduction + side / 2
        inside = any(max(abs(column - c), abs(row - r)) < w / 2 for c, r, w in boxes)
        if not inside and (not boxes or side >= boxes[0][2] / 2):
            boxes.append((column, row, side))
    return boxes


def _cut_face(picture: Image.Image, box: tuple[float, float, float]) -> np.ndarray:
    """The square around a face as uint8, shape (48, 48, 3); beyond the border its last pixels are repeated."""
    from PIL import Image

    column, row, width = box
    half = max(1, round(SQUARE_SIDE * width / 2))
    left, top = round(column) - half, round(row + SQUARE_DROP * width) - half
    rows = np.clip(np.arange(top, top + 2 * half), 0, picture.height - 1)
    columns = np.clip(np.arange(left, left + 2 * half), 0, picture.width - 1)
    square = Image.fromarray(np.asarray(picture)[rows[:, None], columns])
    return np.asarray(square.resize(HEADS_SHAPE[:2], Image.Resampling.LANCZOS))
