"""Rebuild the embedded shuttle readings from river 0.26.1 (UCI Statlog).

python authoring/data/build_shuttle.py [WHEEL | shuttle.csv.gz] [--check]
"""

from __future__ import annotations

import gzip
import hashlib
import io
from pathlib import Path

import numpy as np
import upstream

MEMBER = "river/datasets/shuttle.csv.gz"
MEMBER_SHA256 = "1ed4bfa77233d95bff2c8ab2482725d2d800410daedf5919ad80ec6faf60ff59"
SEED = "bottleneck/shuttle"


def build(given: Path | None) -> dict[str, bytes]:
    (content,) = upstream.wheel_members("river==0.26.1", [MEMBER], given)
    upstream.checked(content, MEMBER_SHA256, MEMBER)
    # Nine sensors, all whole numbers, then 1 for an anomaly.
    table = np.loadtxt(io.BytesIO(gzip.decompress(content)), delimiter=",", skiprows=1)
    assert table.shape == (49_097, 10) and np.array_equal(table, table.astype(np.int16))
    table = table.astype(np.int16)
    # Normal rows in an order that depends on nothing but their number, then the anomalies as they come: the loader
    # takes the first 60 % of the normals for training and the next 20 % for validation.
    normal, anomaly = np.flatnonzero(table[:, 9] == 0), np.flatnonzero(table[:, 9] == 1)
    shuffled = sorted(normal.tolist(), key=lambda row: hashlib.sha256(f"{SEED}:{row}".encode()).digest())
    return {"shuttle.npz": upstream.npz(readings=table[[*shuffled, *anomaly]][:, :9], normals=np.int64(len(normal)))}


if __name__ == "__main__":
    upstream.run(__doc__, build)
