"""Machines that nobody has seen: sensors that follow a few hidden quantities, a normal recording, and later running with faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib.datasets import _files

SENSORS, HIDDEN = 12, 3
MACHINE_KINDS = (
    "normal",
    "a sensor that hangs",
    "a sensor that follows another state",
    "a sensor that answers weakly",
    "a shift of all sensors",
    "heavier noise",
)
EPISODE = 60  # moments that a fault lasts
NOISE = 0.06  # of each sensor, in deviations of what it shows of the hidden quantities
MEMORY = 5.0  # moments in which a sensor's noise forgets
PERIODS = ((40, 60), (80, 130), (160, 260))  # moments in which a hidden quantity comes round, about


@dataclass(frozen=True, eq=False, repr=False)
class MachineRecording:
    """Two recordings of one machine, moment by moment in the order of time. Arrays are read-only.

    Attributes:
        normal: normal running, float32, shape (n, 12): a row a moment, a column a sensor, each in a unit of its own.
        later: a later recording with faults in it, float32, shape (later, 12).
        kinds: what each moment of ``later`` is, int64, shape (later,), an index into ``MACHINE_KINDS``; 0 is normal.
    """

    normal: np.ndarray
    later: np.ndarray
    kinds: np.ndarray

    def __repr__(self) -> str:
        return (
            f"MachineRecording({len(self.normal):,} normal moments of {self.normal.shape[1]} sensors; "
            f"later {len(self.later):,}, {(self.kinds > 0).mean():.0%} of them faulty)"
        )


def machine_recording(rng: np.random.Generator, n: int = 6000, later: int = 16_000) -> MachineRecording:
    """Invent a machine and record it.

    Three hidden quantities drift up and down, each at a pace of its own. Every sensor is a bent function of all three, in a
    unit of its own, with noise that lasts some moments. Later, in about half of the time, one of five faults is there for
    sixty moments. In none of them does a single sensor have to leave its range.

    Args:
        rng: the generator to draw from.
        n: how many normal moments, at least 100.
        later: how many moments of the later recording, at least 600.

    Raises:
        ValueError: if a number is no integer or too small.
    """
    for name, number, least in (("n", n, 100), ("later", later, 600)):
        if int(number) != number or number < least:
            raise ValueError(f"{name} must be an integer of {least} or more, but it is {number!r}")
    shown, pace = _sensors(rng), 1 / np.array([rng.uniform(*ends) for ends in PERIODS])
    unit = 10 ** rng.uniform(-2, 4, SENSORS)
    level = unit * rng.normal(0, 3, SENSORS)

    def run(moments: int) -> tuple[np.ndarray, np.ndarray]:
        """What the sensors would show without noise, and their noise."""
        return shown(_drift(moments, pace, rng)), NOISE * _slow(moments, SENSORS, MEMORY, rng)

    normal = sum(run(n))
    readings, kinds = _with_faults(*run(later + 4 * EPISODE), sum(run(later)), rng)
    in_units = [(level + unit * rows).astype(np.float32) for rows in (normal, readings)]
    return MachineRecording(*(_files.read_only(array) for array in (*in_units, kinds)))


def _sensors(rng: np.random.Generator) -> Callable:
    """A function of the hidden quantities (n, 3), each from -1 to 1: twelve readings (n, 12) of mean 0 and deviation 1."""
    directions = rng.standard_normal((HIDDEN, SENSORS, 2))
    directions *= 2.4 / np.linalg.norm(directions, axis=0)
    bends, amounts = rng.uniform(-3, 3, (SENSORS, 2)), rng.standard_normal((SENSORS, 2))

    def raw(hidden: np.ndarray) -> np.ndarray:
        return (np.tanh(np.einsum("nh,hsb->nsb", hidden, directions) + bends) * amounts).sum(axis=2)

    usual = raw(rng.uniform(-1, 1, (4000, HIDDEN)))
    return lambda hidden: (raw(hidden) - usual.mean(axis=0)) / usual.std(axis=0)


def _slow(n: int, count: int, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of deviation 1 whose correlation falls to 1/e within ``memory`` moments; (n, count)."""
    keep = np.exp(-1 / memory)
    steps = rng.standard_normal((n, count))
    for i in range(1, n):
        steps[i] = keep * steps[i - 1] + np.sqrt(1 - keep**2) * steps[i]
    return steps


def _drift(n: int, pace: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The hidden quantities (n, 3): up and down between -1 and 1, at paces that vary."""
    speed = pace * np.maximum(1 + 0.5 * _slow(n, len(pace), 40.0, rng), 0.1)
    phase = rng.uniform(0, 1, len(pace)) + np.cumsum(speed, axis=0)
    return 4 * np.abs(phase % 1 - 0.5) - 1


def _with_faults(
    shown: np.ndarray, noise: np.ndarray, elsewhere: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Readings with faults in about half of the episodes, and the kind of each moment.

    Args:
        shown: what the sensors would show without noise; four episodes longer than what comes back.
        noise: their noise, as ``shown``.
        elsewhere: readings of the same machine in other states, without the four episodes.
        rng: which fault is where.
    """
    past = 4 * EPISODE
    usual = shown + noise
    readings, kinds = usual[past:].copy(), np.zeros(len(elsewhere), np.int64)
    for start in range(EPISODE, len(kinds), EPISODE):
        kind = int(rng.integers(2 * len(MACHINE_KINDS) - 2))
        sensor, ago = rng.integers(SENSORS), int(rng.integers(EPISODE, past))
        shift = rng.standard_normal(SENSORS)
        end = min(start + EPISODE, len(kinds))
        here, there = slice(start, end), slice(past + start, past + end)
        kinds[here] = kind if kind < len(MACHINE_KINDS) else 0
        if kind == 1:
            readings[here, sensor] = usual[past + start - ago, sensor]
        elif kind == 2:
            readings[here, sensor] = elsewhere[here, sensor]
        elif kind == 3:
            readings[here, sensor] = 0.6 * shown[there, sensor] + noise[there, sensor]
        elif kind == 4:
            readings[here] += 0.5 * shift / np.linalg.norm(shift)
        elif kind == 5:
            readings[here] += noise[there]
    return readings, kinds
