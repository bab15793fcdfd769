"""The judge of lesson 00, whose one exercise shows how checks work."""

from __future__ import annotations

import numpy as np

from course_lib.classroom.legacy import judge


@judge(
    "to_unit_range",
    title="Pixels from 0 to 255, numbers from 0 to 1",
    section="Checks and hints",
    question="What is the largest grey level that eight bits can hold, and which number should it become?",
)
def judge_to_unit_range(to_unit_range, probe):
    """Values first, on images that are neither quite black nor quite white; then the dtype."""
    n = int(probe.rng.integers(3, 6))
    # Each image has a range of its own, and no image reaches 0 or 255: stretching shows.
    darkest = probe.rng.choice(np.arange(10, 60), n, replace=False)
    brightest = probe.rng.choice(np.arange(150, 230), n, replace=False)
    images = np.stack(
        [probe.rng.integers(lo, hi + 1, (28, 28)) for lo, hi in zip(darkest, brightest, strict=True)]
    ).astype(np.uint8)
    images[:, 0, 0], images[:, 0, 1] = darkest, brightest

    result = probe.array(probe.call(to_unit_range, images))
    got = probe.require_shape(
        result, images.shape, "Every pixel becomes one number: why should the shape change?"
    ).astype(np.float64)
    levels = images.astype(np.float64)

    def like(wrong) -> bool:
        return np.allclose(got, wrong, rtol=1e-3, atol=1e-6)

    true = levels / 255
    if not like(true):
        measured = f"Grey level {images[0, 0, 1]} became {got[0, 0, 1]:.6g}."
        probe.require(
            not np.isin(got, (0.0, 1.0)).all(),
            "integer-division",
            f"Every pixel became 0 or 1. {measured} Which fractions can an integer type hold, and does // keep them?",
        )
        lowest, highest = (f(axis=(1, 2), keepdims=True) for f in (levels.min, levels.max))
        probe.require(
            not (like((levels - lowest) / (highest - lowest)) or like(levels / highest)),
            "stretches-each-image",
            f"{measured} Two images whose brightest pixels differ now end at the same brightness. "
            "Should a dark image stay darker than a bright one?",
        )
        probe.require(
            not (like(levels / levels.max()) or like((levels - levels.min()) / (levels.max() - levels.min()))),
            "stretches-the-set",
            f"{measured} Your scale depends on the images that came along. "
            "Does the same grey level get the same number in another set of images?",
        )
        probe.require(
            not like(levels / 256),
            "divides-by-the-number-of-levels",
            f"{measured} There are 256 grey levels. Which of them is white, and what does it become?",
        )
        probe.require(
            not like(levels), "not-scaled", f"{measured} The type may be right: is the range from 0 to 1 as well?"
        )
        probe.require(
            not like(levels / 127.5 - 1),
            "minus-one-to-one",
            f"{measured} Your black is -1. Which number should black become here?",
        )
        probe.require(
            not any(
                like((levels - levels.mean(axis=axis, keepdims=True)) / levels.std(axis=axis, keepdims=True))
                for axis in (None, (1, 2))
            ),
            "standardises",
            f"{measured} Your numbers have mean 0 and spread 1. Which range was asked for?",
        )
        probe.require(not like(1 - true), "inverted", f"{measured} Should a white pixel become 0 or 1?")
    probe.require_close(
        got, true, "wrong-values", "What happens to a pixel of 0, and to one of 255?", rtol=1e-3, atol=1e-6
    )
    probe.require(
        result.dtype == np.float32,
        "wrong-dtype",
        f"The numbers are right, their dtype is {result.dtype}. Networks compute in float32: "
        "where in your line is the dtype decided?",
    )
