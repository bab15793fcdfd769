"""Lesson 07's library: areas, thresholds and alarms; the shuttle, the heartbeats, and windows of one's own."""

import io
import math
import time
import zipfile

import numpy as np
import pytest

from course_lib import datasets, detection
from course_lib.datasets import DataError, WindowDataset

rng = np.random.default_rng(7)


# --- areas and thresholds ---


def pairwise(scores, labels):
    difference = np.subtract.outer(scores[labels], scores[~labels])
    return (difference > 0).mean() + (difference == 0).mean() / 2


@pytest.mark.parametrize("levels", [3, 50, 10**9])
def test_area_is_the_share_of_pairs_in_order_with_ties_half(levels):
    for n in (2, 7, 200):
        labels = rng.permutation(np.arange(n) < max(1, n // 3))
        scores = rng.integers(0, levels, n).astype(float)
        assert detection.area_under_roc(scores, labels) == pytest.approx(pairwise(scores, labels), abs=1e-12)
        assert detection.area_under_roc(-scores, labels) == pytest.approx(1 - pairwise(scores, labels), abs=1e-12)


def test_area_agrees_with_scikit_learn():
    from sklearn.metrics import roc_auc_score

    labels = rng.random(500) < 0.2
    scores = np.round(rng.standard_normal(500) + labels, 1)
    assert detection.area_under_roc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_area_of_infinite_scores_is_that_of_their_order():
    scores, labels = np.array([-np.inf, 0, np.inf, np.inf, 1]), np.array([False, False, False, True, True])
    assert detection.area_under_roc(scores, labels) == pytest.approx(pairwise(np.array([-9, 0, 9, 9, 1]), labels))


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1, 2], [True, True], "both kinds"),
        ([1, 2], [1, 0], "bool"),
        ([1, 2, 3], [True, False], "shape"),
        ([[1, 2]], [[True, False]], "shape"),
        ([1, math.nan], [True, False], "NaN"),
        ([], [], "n > 0"),
        (["a", "b"], [True, False], "numbers"),
    ],
)
def test_area_refuses_what_has_no_area(scores, labels, message):
    with pytest.raises(ValueError, match=message):
        detection.area_under_roc(scores, np.array(labels))


def test_the_bootstrap_covers_the_true_area_about_as_often_as_it_says():
    inside = 0
    for trial in range(60):
        draw = np.random.default_rng(trial)
        labels = np.arange(120) < 40
        low, high = detection.bootstrap_area(draw.standard_normal(120) + labels, labels, resamples=200, seed=trial)
        assert 0 <= low < high <= 1
        inside += low <= 0.7602 <= high  # the normal distribution function at 1 / sqrt(2)
    assert inside >= 48  # 57 expected; 48 would be less likely than one in a thousand for coverage .92


def test_the_paired_interval_of_a_detector_against_itself_is_zero_and_that_of_a_better_one_above():
    labels = np.arange(300) < 100
    scores = rng.standard_normal(300) + 2.0 * labels
    assert detection.bootstrap_area(scores, labels, minus=scores) == (0.0, 0.0)
    low, high = detection.bootstrap_area(scores, labels, minus=rng.standard_normal(300))
    assert 0.2 < low < high


def test_threshold_is_the_order_statistic_and_infinity_where_there_is_none():
    scores = rng.permutation(np.arange(1, 10))
    assert detection.alarm_threshold(scores, 0.2) == 8
    assert detection.alarm_threshold(scores, 0.1) == 9
    assert detection.alarm_threshold(scores, 0.05) == math.inf
    assert detection.alarm_threshold(np.arange(1, 20), 0.05) == 19  # 20 * 0.95 is 19, whatever floats say
    for rate in (0, 1, -0.1, math.nan):
        with pytest.raises(ValueError, match="false_alarm_rate"):
            detection.alarm_threshold(scores, rate)


def test_the_threshold_keeps_its_promise_on_average():
    for n, rate in ((19, 0.05), (30, 0.2)):
        drawn = np.random.default_rng(1).gamma(0.3, size=(4000, n + 1))
        alarms = np.mean([row[-1] > detection.alarm_threshold(row[:-1], rate) for row in drawn])
        assert alarms < rate + 0.02 and alarms > rate - 0.05


def test_share_interval_is_that_of_clopper_and_pearson():
    assert detection.share_interval(0, 10) == pytest.approx((0, 1 - 0.025**0.1))
    assert detection.share_interval(10, 10) == pytest.approx((0.025**0.1, 1))
    low, high = detection.share_interval(5, 100)
    assert (low, high) == pytest.approx((0.0164, 0.1128), abs=1e-4)
    with pytest.raises(ValueError, match="count"):
        detection.share_interval(3, 2)


def test_an_operating_point_counts_alarms_above_the_threshold_only():
    point = detection.operate(2, [1, 2, 3, 2, 5], np.array([False, False, False, True, True]))
    assert (point.false_alarms, point.normals, point.hits, point.anomalies) == (1, 3, 1, 2)
    assert point.false_alarm_rate == pytest.approx(1 / 3) and point.hit_rate == 0.5 and point.precision == 0.5
    assert math.isnan(detection.operate(math.inf, [1, 2], np.array([True, False])).precision)


def test_points_from_windows_by_both_rules():
    flags, starts = [False, True, True, False], [0, 1, 2, 6]
    every = detection.points_from_windows(flags, starts, 3, 10)
    some = detection.points_from_windows(flags, starts, 3, 10, rule="any")
    assert np.flatnonzero(every).tolist() == [3, 4] and np.flatnonzero(some).tolist() == [1, 2, 3, 4]
    assert every.dtype == bool and not detection.points_from_windows([], np.zeros(0, int), 3, 4).any()
    for bad in (([True], [8], 3, 10), ([True], [-1], 3, 10), ([True, False], [0], 3, 10)):
        with pytest.raises(ValueError):
            detection.points_from_windows(*bad)
    with pytest.raises(ValueError, match="rule"):
        detection.points_from_windows([True], [0], 3, 10, rule="most")


# --- the embedded sets ---


def test_shuttle_is_what_its_card_says():
    data = datasets.shuttle()
    assert (data.train.shape, data.validation.shape, data.test.shape) == ((27351, 9), (9117, 9), (12629, 9))
    assert int(data.test_is_anomaly.sum()) == 3511 and data.train.dtype == np.float32
    rows = np.concatenate([data.train, data.validation, data.test])
    assert np.array_equal(rows, np.round(rows)) and len(np.unique(rows, axis=0)) == 49097
    assert np.abs(data.train.mean(axis=0)[0] - data.validation.mean(axis=0)[0]) < 1  # shuffled


def test_heartbeats_are_what_their_card_says():
    data = datasets.heartbeats()
    assert (data.train.shape, data.validation.shape, data.test.shape) == ((194, 180), (71, 180), (140, 180))
    assert np.bincount(data.test_kinds).tolist() == [90, 13, 37]
    recording = data.recording
    assert recording.signal.shape == (108_000,) and np.bincount(recording.labels).tolist() == [356, 53, 85]
    assert (np.diff(recording.peaks) > 150).all()
    middle = np.concatenate([data.train, data.test])
    assert (np.abs(middle[:, 72] - middle[:, 60:84].max(axis=1)) < 1e-6).all()  # the R peak stands at 0 ms
    assert data.positions[72] == 0 and 0.2 < data.train.std() < 0.5  # millivolts


def test_no_sample_of_the_signal_lies_in_windows_of_two_splits_and_time_is_in_order():
    data = datasets.heartbeats()
    signal, spans = data.recording.signal, []
    views = np.lib.stride_tricks.sliding_window_view(signal, 180)
    for split in (data.train, data.validation, data.test):
        at = [int(np.flatnonzero((views[:, 72] == row[72]) & (views[:, 0] == row[0]))[0]) for row in split[[0, -1]]]
        assert np.array_equal(views[at[1]], split[-1])
        spans.append((at[0], at[1] + 180))
    assert spans[0][1] <= spans[1][0] and spans[1][1] <= spans[2][0]


def test_loading_is_quick_and_arrays_are_read_only():
    datasets.ecg._heartbeats.cache_clear()
    datasets.windows._shuttle.cache_clear()
    began = time.perf_counter()
    for data in (datasets.heartbeats(), datasets.shuttle()):
        for split in (data.train, data.validation, data.test, data.test_kinds):
            with pytest.raises(ValueError, match="read-only"):
                split[0] = 0
    assert time.perf_counter() - began < 2  # 0.05 s on a quiet machine


def test_band_pass_keeps_the_middle_and_removes_drift_and_hum():
    t = np.arange(3600) / datasets.ECG_RATE
    for frequency, kept in ((0.1, 0.0), (10.0, 1.0), (60.0, 0.0)):
        wave = np.sin(2 * np.pi * frequency * t)
        assert datasets.band_passed(wave)[400:-400].std() / wave.std() == pytest.approx(kept, abs=0.05)


def test_a_window_dataset_refuses_parts_that_do_not_fit():
    rows, kinds = np.zeros((3, 4), np.float32), np.zeros(3, int)
    good = {"train": rows, "validation": rows, "test": rows, "test_kinds": kinds, "positions": np.arange(4)}
    rest = {"name": "x", "kind_names": ("normal", "odd"), "axis": "t", "unit": "u"}
    assert "3 train" in repr(WindowDataset(**good, **rest))
    for bad in (
        {"validation": np.zeros((3, 5), np.float32)},
        {"train": rows.astype(float)},
        {"test_kinds": np.zeros(2, int)},
        {"test_kinds": np.full(3, 2)},
        {"positions": np.arange(3)},
    ):
        with pytest.raises(ValueError, match="expected"):
            WindowDataset(**(good | bad), **rest)


# --- ECG5000, never downloaded here ---


def archive(counts):
    def rows(kinds):
        return "\n".join(" ".join([f"{kind:.7e}", *(f"{v:.7e}" for v in rng.standard_normal(140))]) for kind in kinds)

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, numbers in counts.items():
            packed.writestr(name, rows(np.repeat(np.arange(1, 6), numbers)))
    return stream.getvalue()


@pytest.fixture
def small_counts(monkeypatch, tmp_path):
    counts = {"ECG5000_TRAIN.txt": (20, 6, 2, 1, 1), "ECG5000_TEST.txt": (30, 9, 3, 2, 1)}
    monkeypatch.setattr(datasets.ecg, "ECG5000_COUNTS", counts)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return counts


def test_ecg5000_is_downloaded_once_and_split_without_overlap(small_counts, monkeypatch, tmp_path):
    asked = []

    def download(address, name, folder):
        asked.append(address)
        (folder / name).write_bytes(archive(small_counts))

    monkeypatch.setattr(datasets._downloads, "download", download)
    data = datasets.heartbeats(full=True)
    assert asked == ["https://www.timeseriesclassification.com/aeon-toolkit/ECG5000.zip"]
    assert (len(data.train), len(data.validation), len(data.test)) == (30, 10, 35)
    assert int(data.test_is_anomaly.sum()) == 25 and data.train.shape[1] == 140 and data.recording is None
    every = np.concatenate([data.train, data.validation, data.test])
    assert len(np.unique(every, axis=0)) == 75
    again = datasets.heartbeats(full=True)
    assert len(asked) == 1 and np.array_equal(again.test, data.test)


def test_a_wrong_archive_is_named_and_the_way_back_given(small_counts, monkeypatch):
    wrong = small_counts | {"ECG5000_TEST.txt": (29, 10, 3, 2, 1)}
    monkeypatch.setattr(
        datasets._downloads, "download", lambda address, name, folder: (folder / name).write_bytes(archive(wrong))
    )
    with pytest.raises(DataError, match=r"(?s)classes 1 to 5.*Fetch ECG5000.zip.*needs no network"):
        datasets.heartbeats(full=True)


def test_a_damaged_archive_in_the_cache_is_passed_over_with_a_warning(small_counts, monkeypatch, tmp_path):
    cache = tmp_path / "keras" / "datasets"
    cache.mkdir(parents=True)
    (cache / "ECG5000.zip").write_bytes(b"not a zip")
    monkeypatch.setattr(
        datasets._downloads,
        "download",
        lambda address, name, folder: (folder / name).write_bytes(archive(small_counts)),
    )
    with pytest.warns(UserWarning, match=r"ECG5000.zip is damaged") as caught:
        assert len(datasets.heartbeats(full=True).train) == 30
    assert caught[0].filename == __file__  # the warning points at the line that asked for the data


# --- windows of one's own ---


def table(path, rows, separator=",", before=""):
    path.write_text(
        before + "\n".join(separator.join(f"{v:.4f}" for v in row) for row in rows) + "\n", encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("before", ["", "a,b,c,d,e\n", "\ufeff", "\n\n"])
def test_own_windows_are_split_in_the_order_of_the_file(tmp_path, separator, before):
    rows = rng.standard_normal((40, 5)).round(4)
    data = datasets.own_windows(table(tmp_path / "w.csv", rows, separator, before.replace(",", separator)))
    assert (len(data.train), len(data.validation), len(data.test)) == (19, 7, 12)
    for split, where in ((data.train, slice(0, 19)), (data.validation, slice(20, 27)), (data.test, slice(28, 40))):
        assert np.allclose(split, rows[where]) and split.dtype == np.float32
    assert not data.test_is_anomaly.any() and "w.csv" in data.name


def test_known_anomalies_join_the_test_rows(tmp_path):
    rows = rng.standard_normal((40, 5))
    data = datasets.own_windows(table(tmp_path / "w.csv", rows), table(tmp_path / "odd.csv", rows[:3] + 9))
    assert len(data.test) == 15 and data.test_is_anomaly[-3:].all() and data.test_is_anomaly.sum() == 3
    with pytest.raises(DataError, match="expected 5 numbers"):
        datasets.own_windows(tmp_path / "w.csv", table(tmp_path / "narrow.csv", rows[:, :4]))


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (7, "1,2,3,4", r"row 7: expected 5 numbers as in row 1, found 4"),
        (9, "1,2,3,4,5,6", r"row 9: expected 5 numbers as in row 1, found 6"),
        (3, "1,2,high,4,5", r"row 3: expected a number in column 3, found 'high'"),
        (4, "1,2,,4,5", r"row 4: the value in column 3 is missing"),
        (5, "1,2,3,4,", r"row 5: the value in column 5 is missing"),
        (40, "nan,2,3,4,5", r"row 40: the value in column 1 is missing"),
        (6, "1,2,3,4,inf", r"row 6: expected a finite number in column 5"),
        (6, "1,2,3,4,1e60", r"row 6: expected a finite number in column 5"),
        (6, "1_0,2,3,4,5", r"row 6: expected a number in column 1"),
        (6, ",,,,", r"row 6: the value in column 1 is missing"),
        (1, "NA,NA,NA,NA,NA", r"row 1: the value in column 1 is missing"),
        (1, "?,?,?,?,?", r"row 1: the value in column 1 is missing"),
        (1, "0,1,2,3,4", r"row 1: looks like numbers of the columns"),
        (1, "1,2,3,4,5", r"row 1: looks like numbers of the columns"),
        (1, ",t0,t1,t2,t3", r"row 1: the first column has no name.*index=False"),
        (1, ",0,1,2,3", r"row 1: the first column has no name.*index=False"),
        (1, ",0.5,1.5,2.5,3.5", r"row 1: the value in column 1 is missing"),
        (8, '1,"2,3,4,5', r"row 8: expected 5 numbers as in row 1, found 2"),
    ],
)
def test_a_malformed_row_is_named(tmp_path, line, text, message):
    path = table(tmp_path / "w.csv", rng.standard_normal((40, 5)))
    lines = path.read_text().splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=message):
        datasets.own_windows(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no rows"),
        (b"\n \n;;\n", "no rows"),
        (b"a,b,c,d\n", "only a line of names"),
        (b"1,2,2,4\n" * 5, "at least 30 rows, found 5"),
        (b"7,7,7,7\n" * 40, "windows that vary, found 7 in all places"),
        (b"1,7\n" * 40, "at least 4 numbers"),
        (b"1,5;2,5;3,5;4,5\n" * 40, "the same one 40 times"),  # decimal commas are read
        (b"1,234;2,345;3,456;4,567\n" * 40, r"1,234 may be 1.234 or 1234.*Write decimals with a point"),
        (b"\xff\xfe\x00\x01" * 40, "cannot be read as text"),
    ],
)
def test_a_file_without_windows_says_so(tmp_path, content, message):
    path = tmp_path / "w.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        datasets.own_windows(path)


def test_quoted_numbers_and_names_are_read(tmp_path):
    path = tmp_path / "w.csv"
    rows = rng.standard_normal((40, 5)).astype("float32")
    quoted = [",".join(f'"{value}"' for value in row) for row in rows.tolist()]
    path.write_text("\n".join(['"a","b","c, d","e","f"', *quoted]))
    beats = datasets.own_windows(path)
    np.testing.assert_array_equal(beats.train, rows[: len(beats.train)])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere.csv does not exist"):
        datasets.own_windows(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("first", [0, 1, 1000])
@pytest.mark.parametrize("before", ["", "id,a,b,c,d,e\n"])
def test_a_column_that_only_counts_is_refused(tmp_path, first, before):
    rows = np.column_stack([first + np.arange(40), rng.standard_normal((40, 5))])
    with pytest.raises(DataError, match=r"first column only counts the rows \(.*index=False"):
        datasets.own_windows(table(tmp_path / "w.csv", rows, before=before))


def test_windows_that_rise_by_one_in_every_column_are_no_index(tmp_path):
    rows = 10 + np.arange(40)[:, None] + np.arange(5.0)
    assert datasets.own_windows(table(tmp_path / "w.csv", rows)).train.shape == (19, 5)


@pytest.mark.weekly
@pytest.mark.parametrize("with_anomalies", [True, False])
def test_the_lesson_runs_on_windows_of_your_own(with_anomalies, changed_lesson, tmp_path):
    turn, height = rng.uniform(0, 0.1, (60, 1)), rng.uniform(0.8, 1.2, (60, 1))
    rows = height * np.sin(2 * np.pi * (np.linspace(0, 1, 37) + turn)) + 0.05 * rng.standard_normal((60, 37))
    files = [table(tmp_path / "normal.csv", rows), table(tmp_path / "odd.csv", np.sign(rows[:7]))]
    given = ", ".join(repr(str(path)) for path in files[: 1 + with_anomalies])
    line, instead = "beats = datasets.heartbeats()", f"beats = datasets.own_windows({given})"
    made = changed_lesson("07", line, instead, whole=with_anomalies)
    assert ("labelled anomalies: " in changed_lesson.printed) == with_anomalies
    assert not any("mean beat" in text for text in made)  # what is claimed of our heartbeats is not claimed of these


@pytest.mark.weekly
def test_the_lesson_runs_on_short_windows_too_few_for_a_threshold(changed_lesson, tmp_path):
    rows = np.sin(np.linspace(0, 3, 5)) + 0.3 * rng.standard_normal((40, 5))  # 7 rows for validation
    files = ", ".join(
        repr(str(table(tmp_path / name, r))) for name, r in (("normal.csv", rows), ("odd.csv", rows[:9] * 2))
    )
    changed_lesson("07", "beats = datasets.heartbeats()", f"beats = datasets.own_windows({files})")
    text = changed_lesson.printed  # with 7 rows only a rate of one in eight can be promised
    assert "place 7 of 7" in text and "chance of a false alarm 12.5%" in text and "rows, where 12% are" in text
    assert "half as large" in text and "of 21 pairs can be told apart" in text


@pytest.mark.weekly
def test_the_lesson_runs_on_ecg5000(changed_lesson, tmp_path, monkeypatch):
    counts = {"ECG5000_TRAIN.txt": (150, 40, 2, 5, 1), "ECG5000_TEST.txt": (200, 60, 8, 10, 2)}
    made = archive(counts)  # noise of the shape of ECG5000
    cache = tmp_path / "keras" / "datasets"
    cache.mkdir(parents=True)
    (cache / "ECG5000.zip").write_bytes(made)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    texts = changed_lesson(
        "07",
        "beats = datasets.heartbeats()",
        f"datasets.ecg.ECG5000_COUNTS = {counts}\nbeats = datasets.heartbeats(full=True)",
    )
    assert not any("mean beat" in text for text in texts)


def test_faults_of_a_table_hit_one_sensor_of_a_row_or_all():
    x = rng.standard_normal((200, 6))
    faults = detection.sensor_faults(x, np.random.default_rng(0))
    assert len(faults) == 7 and all(rows.shape == x.shape and rows.dtype == "float32" for rows in faults.values())
    for name, rows in faults.items():
        assert (~np.isclose(rows, x, atol=1e-6)).sum(axis=1).max() == (1 if "one sensor" in name else 6), name
    hit = np.isclose(faults["one sensor off"], x, atol=1e-6).argmin(axis=1)
    assert set(hit) == set(range(6))  # every sensor's turn comes
    assert np.allclose(np.abs(faults["one sensor off"] - x).sum(axis=1), 1, atol=1e-5)


# --- machines that nobody has seen ---


@pytest.fixture(scope="module")
def machine():
    return datasets.machine_recording(np.random.default_rng(3), 3000, 6000)


def test_a_machine_repeats_with_its_generator_and_no_two_are_alike(machine):
    again, other = (datasets.machine_recording(np.random.default_rng(seed), 3000, 6000) for seed in (3, 4))
    for part in ("normal", "later", "kinds"):
        assert np.array_equal(getattr(machine, part), getattr(again, part))
        assert not getattr(machine, part).flags.writeable
    assert not np.allclose(machine.normal.std(axis=0), other.normal.std(axis=0), rtol=0.5)
    assert "3,000 normal moments of 12 sensors; later 6,000" in repr(machine)


def test_a_machines_neighbouring_moments_are_alike_and_its_sensors_have_units_of_their_own(machine):
    spread = machine.normal.std(axis=0)
    assert spread.max() / spread.min() > 100
    steps = np.diff(machine.normal, axis=0) / spread
    assert (steps.std(axis=0) < 0.4).all(), "independent rows would give 1.4"


def test_each_fault_lasts_an_episode_and_no_sensor_leaves_its_range(machine):
    kinds, normal = machine.kinds, machine.later[machine.kinds == 0]
    assert 0.35 < (kinds > 0).mean() < 0.65 and not kinds[:60].any()
    assert set(np.unique(kinds)) == set(range(len(datasets.MACHINE_KINDS)))
    assert (np.diff(kinds).nonzero()[0] % 60 == 59).all()
    low, high, spread = normal.min(axis=0), normal.max(axis=0), normal.std(axis=0)
    for kind in range(1, len(datasets.MACHINE_KINDS)):
        rows = machine.later[kinds == kind]
        assert (rows > low - spread).all() and (rows < high + spread).all(), datasets.MACHINE_KINDS[kind]


def test_a_hanging_sensor_shows_one_reading_and_the_others_go_on(machine):
    hangs = datasets.MACHINE_KINDS.index("a sensor that hangs")
    starts = [start for start in range(0, 6000, 60) if machine.kinds[start] == hangs]
    assert starts
    for start in starts:
        still = np.ptp(machine.later[start : start + 60], axis=0) == 0
        assert still.sum() == 1


@pytest.mark.parametrize("wrong", [{"n": 99}, {"n": 100.5}, {"later": 599}])
def test_a_machine_that_is_recorded_too_briefly_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        datasets.machine_recording(np.random.default_rng(0), **wrong)


def test_a_recording_may_end_within_an_episode():
    for seed in range(12):
        machine = datasets.machine_recording(np.random.default_rng(seed), 100, 1210)
        assert machine.later.shape == (1210, 12) and np.isfinite(machine.later).all()
