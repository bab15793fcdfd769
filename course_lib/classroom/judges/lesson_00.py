"""The judge of lesson 00, whose one exercise shows how checks work."""

from __future__ import annotations

import numpy as np

from course_lib.classroom.exercise import judges_of

judge = judges_of(0)


@judge("to_unit_range")
def judge_to_unit_range(to_unit_range, probe):
    """Values first, on images that are neither quite black nor quite white; sets that tempt to look at the data; the dtype."""
    rng = probe.rng
    n = int(rng.integers(3, 6))
    # Each image has a range of its own, and no image reaches 0 or 255: stretching shows.
    darkest, brightest = (rng.choice(np.arange(*ends), n, replace=False) for ends in ((10, 60), (150, 230)))
    images = np.stack([rng.integers(lo, hi + 1, (28, 28)) for lo, hi in zip(darkest, brightest, strict=True)])
    images[:, 0, 0], images[:, 0, 1] = darkest, brightest
    images = images.astype(np.uint8)
    result = probe.shape(probe.call(to_unit_range, images), images.shape)
    got, levels = result.astype(np.float64), images.astype(np.float64)
    true = levels / 255
    measured = {"level": images[0, 0, 1], "became": got[0, 0, 1]}
    probe.require(not np.isin(got, (0.0, 1.0)).all(), "integer-division", **measured)
    lowest, highest = (f(axis=(1, 2), keepdims=True) for f in (levels.min, levels.max))
    mistakes = {
        "stretches-each-image": [(levels - lowest) / (highest - lowest), levels / highest],
        "stretches-the-set": [levels / levels.max(), (levels - levels.min()) / np.ptp(levels)],
        "divides-by-the-number-of-levels": levels / 256,
        "not-scaled": levels,
        "minus-one-to-one": levels / 127.5 - 1,
        "standardises": [
            (levels - levels.mean(axis, keepdims=True)) / levels.std(axis, keepdims=True) for axis in (None, (1, 2))
        ],
        "inverted": 1 - true,
    }
    probe.settle(got, true, "wrong-values", mistakes, rtol=1e-5, **measured)
    probe.batch_of_one(to_unit_range, (images,), true)
    # The same grey level gets the same number in any company: black sets, nearly black ones, white ones.
    for level in (0, 1, 2, 255):
        alike = np.full((2, 28, 28), level, np.uint8)
        probe.close(probe.call(to_unit_range, alike), alike / 255, "looks-at-the-data", rtol=1e-3, level=level)
    faint = rng.integers(0, 2, (3, 28, 28)).astype(np.uint8)
    probe.close(probe.call(to_unit_range, faint), faint / 255, "looks-at-the-data", rtol=1e-3, level=1)
    probe.require(result.dtype == np.float32, "wrong-dtype", dtype=result.dtype)
