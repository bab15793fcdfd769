"""What published slips cost where no notebook prints it: small experiments on the course's own data.

Each function stands for one slip of a ``published.toml``, and returns the numbers that its ``cost`` names. ``python -m authoring costs``
runs them all (five seconds, no network is trained) and writes ``costs.json``, so that the site is made without running anything; a test
compares the file with a new run.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from authoring.source import ROOT

STORED = "authoring/web/costs.json"


def costs(root: Path = ROOT) -> int:
    """Run every experiment and store its numbers; returns 0."""
    path = root / STORED
    text = json.dumps({name: experiment() for name, experiment in EXPERIMENTS.items()}, indent=2) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"{STORED}: costs written")
    return 0


@functools.cache
def stored(root: Path = ROOT) -> dict[str, dict[str, str]]:
    """The committed numbers: name of a slip -> placeholder of its ``cost`` -> what stands there. Nothing where nothing is stored."""
    path = root / STORED
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


# ----- lesson 07: a slice that ends one window too early


def moments(flags: np.ndarray, window: int, *, last: bool = True) -> np.ndarray:
    """The moments of which every window that covers them is flagged, windows starting at every sample.

    Args:
        flags: bool, shape (n,): window i covers the samples i to i + window - 1.
        window: samples in a window, at most n.
        last: False leaves the last window of each moment out, as the slice ``flags[i - window + 1 : i]`` does.

    Returns:
        bool, shape (n - window + 1,), for the samples window - 1 to n - 1: those that are covered ``window`` times.
    """
    covering = np.lib.stride_tricks.sliding_window_view(flags, window)
    return covering.all(axis=1) if last else covering[:, :-1].all(axis=1)


def stretches(on: np.ndarray) -> int:
    """How many runs of True a bool array of shape (n,) has."""
    return int((np.diff(on.astype(int), prepend=0) == 1).sum())


def window_left_out() -> dict[str, str]:
    """The recording of lesson 07, windows of half a second at every sample, error of PCA with two components, 5 % false alarms."""
    from course_lib import datasets, detection, referees

    window, recording = 180, datasets.heartbeats().recording
    odd = np.zeros(len(recording.signal), bool)
    for peak in recording.peaks[recording.labels > 0]:
        odd[peak - 40 : peak + 110] = True  # QRS complex to end of T wave, as in the lesson
    past, validation, new = np.split(recording.signal, recording.edges)
    cut = [np.lib.stride_tricks.sliding_window_view(part, window) for part in (past, validation, new)]
    whole = [
        ~np.lib.stride_tricks.sliding_window_view(part, window).any(axis=1) for part in np.split(odd, recording.edges)
    ]
    plane = referees.fit_pca(cut[0][whole[0]][::12], 2)

    def error(windows: np.ndarray) -> np.ndarray:
        return np.square(windows - plane.reconstruct(windows)).mean(axis=1)

    flags = error(cut[2]) > detection.alarm_threshold(error(cut[1][whole[1]]), 0.05)
    right, slipped = moments(flags, window), moments(flags, window, last=False)
    return {
        "right": f"{right.sum():,}",
        "slipped": f"{slipped.sum():,}",
        "stretches": str(stretches(slipped)),
        "invented": str(stretches(slipped) - stretches(right)),
    }


# ----- lesson 09: the real part of a complex distance


def real_part_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """The squared Fréchet distance as published programs compute it: the real part of the root of the product of covariances."""
    from scipy import linalg

    covariance_a, covariance_b = (np.cov(features, rowvar=False) for features in (features_a, features_b))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Matrix is singular": that is what this is about
        root = linalg.sqrtm(covariance_a @ covariance_b)
    moved = np.square(features_a.mean(axis=0) - features_b.mean(axis=0)).sum()
    return float(moved + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.trace(root.real))


def complex_root() -> dict[str, str]:
    """A hundred pictures of clothes, whose 784 pixels have a singular covariance, against themselves and against a hundred others."""
    from course_lib import datasets, metrics

    pixels = datasets.fashion_mnist().train[:200].reshape(200, -1) / 255.0
    few, others = pixels[:100], pixels[100:]
    return {
        "itself": f"{real_part_distance(few, few):.5f}",
        "others": f"{real_part_distance(few, others):.3f}",
        "right": f"{metrics.frechet_distance(few, others):.3f}",
    }


# ----- lesson 10: means over what, divided by what


def mean_over_empty_places() -> dict[str, str]:
    """The stars of lesson 10 before any training: everybody's mean is the answer to every place of the table."""
    from course_lib import datasets, recommend

    stars = recommend.like_matrix(
        datasets.movie_ratings(), at_least=10
    ).stars  # (people, films), NaN where no rating is
    squared = np.square(stars - np.nanmean(stars))
    return {"right": f"{np.nanmean(squared):.2f}", "wrong": f"{np.nansum(squared) / squared.size:.3f}"}


def unsaid_denominator() -> dict[str, str]:
    """One list of EASE for the new people of lesson 10, its first ten places, under three denominators of one name."""
    from course_lib import datasets, recommend

    rng = np.random.default_rng(0)
    liked = recommend.like_matrix(datasets.movie_ratings(), at_least=10).liked
    old, new, _ = recommend.split_users(len(liked), (0.8, 0.2, 0.0), rng)
    shown, held_out = (part[new] for part in recommend.fold_in(liked, 0.8, rng))
    scores = recommend.never_seen(shown.astype("float32") @ recommend.ease(liked[old].astype("float32"), 200.0), shown)
    first = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    hits, wanted = np.take_along_axis(held_out, first, axis=1).sum(axis=1), held_out.sum(axis=1)
    return {
        "reachable": f"{(hits / np.minimum(10, wanted)).mean():.3f}",
        "held_out": f"{(hits / wanted).mean():.3f}",
        "places": f"{(hits / 10).mean():.3f}",
    }


EXPERIMENTS: dict[str, Callable[[], dict[str, str]]] = {
    "window-left-out": window_left_out,
    "complex-root": complex_root,
    "mean-over-empty-places": mean_over_empty_places,
    "unsaid-denominator": unsaid_denominator,
}


# ----- a check for lesson 09's scale that has seen the test weeks


def sees_held_out(prepare: Callable[[np.ndarray, int], np.ndarray], series: np.ndarray, cut: int) -> bool:
    """Whether the held-out end of a series reaches what a preparation hands to the model.

    The preparation runs a second time with another held-out end: what it hands over for training must be the same.

    Args:
        prepare: takes the series and the number of its training rows; returns the training rows as the model gets them.
        series: rows in order of time, shape (n, …), without NaN.
        cut: how many rows are for training, from 1 to n - 1.

    Raises:
        ValueError: if nothing is held out.
    """
    if not 1 <= cut < len(series):
        raise ValueError(f"cut: expected 1 to {len(series) - 1} of {len(series)} rows, got {cut}")
    other = series.copy()
    other[cut:] = 10 * np.abs(series).max() - 3 * series[cut:]  # higher than any row for training, and upside down
    return not np.array_equal(prepare(series, cut), prepare(other, cut))
