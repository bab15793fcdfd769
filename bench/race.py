"""Races to a given quality: several methods, each from raw bytes to a model that answers, in one run of the program."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.table import show

BASE = "common recipe"


@dataclass(frozen=True)
class Result:
    """One method over several runs."""

    name: str
    seconds: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


def race(
    methods: Mapping[str, Callable[[np.ndarray, int], Any]], raw: np.ndarray, score: Callable[[Any], float], runs: int
) -> list[Result]:
    """Run every method ``runs`` times, interleaved, so that a busy minute slows all of them.

    Args:
        methods: from the method's name to a function of the raw training images and a seed that returns a model.
        raw: what each method starts from; turning it into numbers between 0 and 1 is a part of its time.
        score: the model's score on unseen images; called once a run, after the clock has stopped.
        runs: how often each method runs.
    """
    os.environ["COURSE_HEADLESS"] = "1"
    import keras

    from course_lib import training

    warm_up = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    warm_up.compile("adam", "mse")
    warm_up.fit(np.zeros((64, 4)), np.zeros((64, 4)), verbose=0)  # starting the backend is nobody's merit or fault
    results = {name: Result(name) for name in methods}
    for run in range(runs):
        for name, method in methods.items():
            keras.utils.clear_session()
            seed = training.set_seed(run)
            started = time.perf_counter()
            model = method(raw, seed)
            results[name].seconds.append(time.perf_counter() - started)
            results[name].scores.append(score(model))
    return list(results.values())


def report(
    results: list[Result],
    fast: str,
    *,
    title: str,
    unit: str,
    digits: int,
    against: Callable[[float, float], str],
    higher_is_better: bool,
    speed_up: float | None = 4,
) -> bool:
    """Print the table; True if ``fast`` is faster than the recipe by the factor required, and as good in every run.

    Args:
        results: what :func:`race` returned; one of them is called like ``BASE``.
        fast: the method that has to win.
        title: what is raced for; the number of runs is added.
        unit: heading of the score.
        digits: decimals of the score.
        against: (method's score, recipe's score) to the text of the last column.
        higher_is_better: of the score.
        speed_up: how many times faster it has to be; None: its time is shown and not judged.
    """
    base, winner = (next(r for r in results if r.name == name) for name in (BASE, fast))

    def faster(result: Result) -> float:
        return statistics.median(b / s for b, s in zip(base.seconds, result.seconds, strict=True))

    rows = [
        [
            result.name,
            f"{statistics.median(result.seconds):.2f}",
            f"{faster(result):.1f}x",
            f"{statistics.median(result.scores):.{digits}f}",
            against(statistics.median(result.scores), statistics.median(base.scores)),
        ]
        for result in results
    ]
    show(f"{title}, median of {len(base.seconds)} runs", ["method", "seconds", "faster", unit, "against recipe"], rows)
    good = all(f >= b if higher_is_better else f <= b for f, b in zip(winner.scores, base.scores, strict=True))
    required = f"{speed_up:g}x faster, and in" if speed_up else "in"
    print(
        f"  Required: {required} every run at least as good. "
        f"Measured: {faster(winner):.0f}x, {'as good' if good else 'WORSE'}."
    )
    return faster(winner) >= (speed_up or 0) and good
