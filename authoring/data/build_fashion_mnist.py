"""Rebuild the embedded subset of Fashion-MNIST from Debian's package dataset-fashion-mnist 0.0~git20200523.

python authoring/data/build_fashion_mnist.py [PACKAGE.deb | FOLDER] [--check]
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import upstream

from course_lib import datasets

PACKAGE_SHA256 = "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0"
SEED = "bottleneck/fashion_mnist"
TRAIN, VALIDATION, TEST = 12_000, 2_000, 2_000


def build(given: Path | None) -> dict[str, bytes]:
    names = [f"{name}.gz" for name in datasets.FULL_FASHION_MNIST]
    members = [f"usr/share/datasets/fashion-mnist/{name}" for name in names]
    with tempfile.TemporaryDirectory() as folder:
        contents = upstream.deb_members("dataset-fashion-mnist", members, given, PACKAGE_SHA256)
        for name, content in zip(names, contents, strict=True):
            (Path(folder) / name).write_bytes(content)
        arrays = datasets.images.checked_fashion_mnist(Path(folder))  # by SHA-256, whatever the source
    train, train_labels, test, test_labels = arrays.values()
    learning = upstream.balanced_order(train_labels, f"{SEED}/train")[: TRAIN + VALIDATION]
    testing = upstream.balanced_order(test_labels, f"{SEED}/test")[:TEST]
    images = np.concatenate([train[learning], test[testing]])
    labels = np.concatenate([train_labels[learning], test_labels[testing]])
    return {"fashion_mnist.png": upstream.tall_png(images), "fashion_mnist_labels.npy": upstream.npy(labels)}


if __name__ == "__main__":
    upstream.run(__doc__, build)
