"""Heartbeats, cut from electrocardiograms: the band-pass filter, one of our recordings, and ECG5000."""

from __future__ import annotations

import io
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_lib.datasets import _downloads, _files
from course_lib.datasets._downloads import BadFile, MissingFile
from course_lib.datasets.windows import Recording, WindowDataset

ECG_RATE = 360  # samples a second

ECG_BEFORE, ECG_AFTER = 72, 108  # samples of a window before and after the R peak: 0.2 and 0.3 seconds

ECG_EDGES = (0.5, 0.7)  # of the recording: training before the first, validation up to the second, test behind

ECG_KINDS = ("normal", "fusion-like", "ventricular-type")

ECG5000_FOLDER = "https://www.timeseriesclassification.com/aeon-toolkit/"

ECG5000_ARCHIVE = "ECG5000.zip"

ECG5000_KINDS = ("normal", "R-on-T", "ventricular", "supraventricular", "unclassified")

# How many beats of classes 1 to 5 each file of the archive holds. We could not pin its bytes: the archive is packed anew
# at times, while these counts are published with the set.
ECG5000_COUNTS = {"ECG5000_TRAIN.txt": (292, 177, 10, 19, 2), "ECG5000_TEST.txt": (2627, 1590, 86, 175, 22)}


def heartbeats(full: bool = False) -> WindowDataset:
    """Heartbeats of one person, cut from five minutes of electrocardiogram: normal ones, and two kinds of others.

    A window reaches from 0.2 s before the peak of the R wave to 0.3 s behind it. The splits follow the clock: the first
    half of the recording trains, the next fifth validates, the rest tests; no sample of the signal lies in windows of
    two splits. Anomalous beats before the test period are left out; ``recording`` has them.

    The labels are not a doctor's. They were made by two measurements on the signal, the width of the R wave and the
    sign of the T wave; the data card says how.

    Args:
        full: give ECG5000 instead, 5,000 beats of another person, 140 numbers each, without the signal they were cut
            from. Its rows come in random order: of the normal ones the first 60 % train, the next 20 % validate, the rest and
            all anomalies test. Read from ``ECG5000.zip`` in the Keras cache (``$KERAS_HOME`` or ``~/.keras``, folder
            ``datasets``) or from the unpacked ``ECG5000_TRAIN.txt`` and ``ECG5000_TEST.txt`` beside it, else downloaded there; the size
            and the number of beats of each class are checked.

    Returns:
        A ``WindowDataset`` of rows of 180 numbers in millivolts (ECG5000: 140 numbers, each row with mean 0 and standard
        deviation 1).

    Raises:
        DataError: if the embedded file is missing or damaged; with ``full``, if no source has the right file.

    Source: Moody and Mark 2001, "The impact of the MIT-BIH Arrhythmia Database", record 208, lead MLII; ODC-By 1.0.
    ECG5000: Chen, Hao, Rakthanmanon, Zakaria, Hu and Keogh 2015, from record chf07 of the BIDMC database.
    """
    if full:
        return _full_heartbeats()
    return _heartbeats(_files.DATA_FOLDER)


def band_passed(signal: np.ndarray, low: float = 0.5, high: float = 40.0, order: int = 4) -> np.ndarray:
    """A signal of ``ECG_RATE`` samples a second without slow drift and fast noise, and without delay.

    Args:
        signal: shape (samples,).
        low: Hz, where half of the power is removed.
        high: likewise.
        order: how steeply; of a Butterworth filter.

    Returns:
        float64, same shape. The ends are treated as if the signal began anew: do not use the last half second of either.
    """
    frequency = np.fft.rfftfreq(len(signal), 1 / ECG_RATE)
    with np.errstate(divide="ignore"):
        gain = 1 / (1 + (low / frequency) ** (2 * order)) / (1 + (frequency / high) ** (2 * order))
    return np.fft.irfft(np.fft.rfft(signal) * gain, len(signal))


@lru_cache(maxsize=8)
def _heartbeats(folder: Path) -> WindowDataset:
    with np.load(io.BytesIO(_files.read_embedded("heartbeats.npz", folder)), allow_pickle=False) as stored:
        signal = band_passed(stored["units"] / 200).astype(np.float32)  # steps of 5 microvolts
        peaks, labels = stored["peaks"].astype(np.int64), stored["labels"].astype(np.int64)
    edges = tuple(round(share * len(signal)) for share in ECG_EDGES)
    starts, ends = peaks - ECG_BEFORE, peaks + ECG_AFTER  # a window is signal[start:end]
    rows = np.stack([signal[start:end] for start, end in zip(starts, ends, strict=True)])
    test = starts >= edges[1]
    return WindowDataset(
        "heartbeats",
        rows[(ends <= edges[0]) & (labels == 0)],
        rows[(starts >= edges[0]) & (ends <= edges[1]) & (labels == 0)],
        rows[test],
        labels[test],
        ECG_KINDS,
        "time from the R peak (ms)",
        np.arange(-ECG_BEFORE, ECG_AFTER) / ECG_RATE * 1000,
        "mV",
        Recording(signal, ECG_RATE, peaks, labels, ECG_KINDS, edges),
    )


def _full_heartbeats() -> WindowDataset:
    cache = _downloads.keras_cache()
    return _downloads.first_good("ECG5000", _checked_ecg5000, cache, [], [ECG5000_ARCHIVE], source=ECG5000_FOLDER)[
        "all"
    ]


def _checked_ecg5000(folder: Path) -> dict[str, WindowDataset]:
    """ECG5000 from a folder, its archive or the unpacked files; MissingFile if there is neither, BadFile if not what they should be."""
    archive = folder / ECG5000_ARCHIVE
    unpacked = {name: _unpacked(folder, name) for name in ECG5000_COUNTS}
    there = [path for path in unpacked.values() if path is not None]
    try:
        if archive.is_file():
            return _ecg5000(_from_archive(archive), archive)
        if not there:
            raise MissingFile(f"{archive} is missing")
    except BadFile:
        if len(there) < len(unpacked):
            raise
    for name, path in unpacked.items():
        if path is None:
            raise BadFile(f"{name} is missing in {folder}, beside {there[0].name}: both are needed")
    try:
        return _ecg5000({name: path.read_text(encoding="ascii") for name, path in unpacked.items()}, there[0].parent)
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{there[0]} cannot be read: {error}") from error


def _unpacked(folder: Path, name: str) -> Path | None:
    """A file of the archive that somebody unpacked by hand: there, or in a folder of the set's name; as the 2018 archive has it, too."""
    stem = name.removesuffix(".txt")
    ways = [place / f"{stem}{ending}" for place in (folder, folder / "ECG5000") for ending in (".txt", ".tsv")]
    return next((path for path in ways if path.is_file()), None)


def _from_archive(path: Path) -> dict[str, str]:
    """The texts of the two files in an archive, wherever in it they lie."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = {Path(member).name: member for member in archive.namelist() if not member.startswith("__MACOSX")}
            lacking = [name for name in ECG5000_COUNTS if name not in inside]
            if lacking:
                found = ", ".join(sorted(inside)[:6]) or "nothing"
                raise BadFile(f"{path} lacks {' and '.join(lacking)}; it holds {found}")
            return {name: archive.read(inside[name]).decode("ascii") for name in ECG5000_COUNTS}
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise BadFile(f"{path} is damaged: {error}") from error


def _ecg5000(texts: dict[str, str], source: Path) -> dict[str, WindowDataset]:
    """The set from the texts of its two files; BadFile if one does not hold what the published counts say."""
    tables = []
    try:
        for name, counts in ECG5000_COUNTS.items():
            table = np.loadtxt(io.StringIO(texts[name]), ndmin=2)
            if table.shape != (sum(counts), 141) or not np.isfinite(table).all():
                raise ValueError(f"{name} holds numbers of shape {table.shape}, expected {(sum(counts), 141)}")
            found = tuple(int((table[:, 0] == kind).sum()) for kind in range(1, 6))
            if found != counts:
                raise ValueError(f"{name} has {found} beats of the classes 1 to 5, expected {counts}")
            tables.append(table)
    except ValueError as error:
        raise BadFile(f"{source} is damaged: {error}") from error
    table = np.concatenate(tables)
    rows, kinds = table[:, 1:].astype(np.float32), table[:, 0].astype(np.int64) - 1
    normal = np.flatnonzero(kinds == 0)
    first, second = int(0.6 * len(normal)), int(0.8 * len(normal))
    test = np.sort(np.concatenate([normal[second:], np.flatnonzero(kinds > 0)]))
    return {
        "all": WindowDataset(
            "heartbeats (ECG5000)",
            rows[normal[:first]],
            rows[normal[first:second]],
            rows[test],
            kinds[test],
            ECG5000_KINDS,
            "position in the beat",
            np.arange(rows.shape[1]),
            "standard deviations of the beat",
        )
    }
