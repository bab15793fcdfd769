"""What lesson 08 adds to the library: the few functions around LanceDB, and maps side by side."""

from __future__ import annotations

import importlib.util
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import augment, crashes, datasets, plots, referees, runtime, vectors


@pytest.fixture
def codes():
    return np.random.default_rng(0).standard_normal((600, 8)).astype("float32")


@pytest.fixture
def table(tmp_path, codes):
    return vectors.connect(tmp_path).create_table("codes", vectors.rows(codes, item=np.arange(600)))


# bad photographs


def test_a_snapshot_without_faults_is_the_picture():
    pictures = np.random.default_rng(0).uniform(size=(5, 9, 7)).astype(np.float32)
    still = augment.snapshots(pictures, np.random.default_rng(1), move=0, dim=0, uneven=0, beside=0, noise=0)
    np.testing.assert_array_equal(still, pictures)
    spoilt = augment.snapshots(pictures, np.random.default_rng(1), beside=3)
    assert spoilt.dtype == np.float32 and spoilt.min() >= 0 and spoilt.max() <= 1
    assert np.abs(spoilt - pictures).mean() > 0.05


def test_a_snapshot_shows_at_one_side_what_another_shows_at_its_other():
    pictures = np.arange(1, 41, dtype=np.float64).reshape(4, 1, 10) / 40
    seen = augment.snapshots(pictures, np.random.default_rng(2), move=0, dim=0, uneven=0, beside=4, noise=0)[:, 0]
    for own, got in zip(pictures[:, 0], seen, strict=True):
        foreign = got[got != own]
        whose = np.round(foreign * 40 - 1).astype(int)
        assert len(foreign) <= 4 and len(set(whose // 10)) <= 1
        at_left = len(foreign) > 0 and got[0] != own[0]
        ends = np.arange(10 - len(foreign), 10) if at_left else np.arange(len(foreign))
        np.testing.assert_array_equal(whose % 10, ends)
    assert np.any(seen != pictures[:, 0])


def test_centring_undoes_a_move_and_needs_no_mass():
    ball = np.exp(-np.square(np.arange(21) - 10.0) / 8)
    middle = np.outer(ball, ball)[None]
    moved = np.roll(middle, (3, -2), axis=(1, 2))
    np.testing.assert_allclose(augment.centred(moved), middle, atol=1e-3)
    half = augment.snapshots(middle, np.random.default_rng(3), move=4, dim=0, uneven=0, beside=0, noise=0)
    assert np.abs(augment.centred(half) - middle).max() < 0.1 < np.abs(half - middle).max()
    black = np.zeros((2, 5, 4))
    np.testing.assert_array_equal(augment.centred(black), black)


@pytest.mark.parametrize("pictures", [np.zeros((4, 4)), np.zeros((1, 4, 4), np.uint8), np.zeros((0, 4, 4))])
def test_bad_photographs_refuse_other_pictures(pictures):
    for change in (augment.centred, lambda x: augment.snapshots(x, np.random.default_rng(0))):
        with pytest.raises(ValueError):
            change(pictures)
    with pytest.raises(ValueError, match="beside"):
        augment.snapshots(np.zeros((1, 4, 4)), np.random.default_rng(0), beside=5)


# the database


def nearest(codes, query, k):
    return np.argsort(np.square(codes - query).sum(axis=1), kind="stable")[:k].tolist()


def test_the_library_does_not_load_the_database():
    code = "import sys, course_lib.vectors, course_lib.datasets; print('lancedb' in sys.modules or 'pyarrow' in sys.modules)"
    root = Path(__file__).resolve().parents[1]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_database_needs_no_classroom():
    code = (
        "import sys, course_lib.vectors; course_lib.vectors.database_folder('x'); "
        "print(*(name.split('.')[1] for name in sys.modules if name.startswith('course_lib.')))"
    )
    root = Path(__file__).resolve().parents[1]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "vectors" in loaded and not loaded & {"records", "checks", "claims", "guesses", "lab", "classroom"}


def test_a_new_table_is_made_in_silence(tmp_path):
    code = (
        "import numpy as np; from course_lib import vectors; d = vectors.connect('db'); "
        "t = d.create_table('x', vectors.rows(np.eye(3)), mode='overwrite'); t.search(np.eye(3)[0]).limit(1).to_arrow()"
    )
    environment = {
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
    }
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout == run.stderr == ""


def test_the_database_finds_what_brute_force_finds_and_survives_reopening(tmp_path, table, codes):
    found = table.search(codes[3] + 0.01).limit(5).to_arrow()
    assert found["item"].to_pylist() == nearest(codes, codes[3] + 0.01, 5)
    again = vectors.connect(tmp_path).open_table("codes")
    assert again.count_rows() == 600
    assert again.search(codes[3] + 0.01).limit(5).to_arrow()["item"].to_pylist() == found["item"].to_pylist()


def test_overwriting_replaces_one_table_and_no_other(tmp_path, codes):
    database = vectors.connect(tmp_path)
    database.create_table("mine", vectors.rows(codes))
    for size in (10, 20):
        database.create_table("lesson", vectors.rows(codes[:size]), mode="overwrite")
    assert database.open_table("mine").count_rows() == 600 and database.open_table("lesson").count_rows() == 20


def test_distances_are_counted_without_and_with_an_index(table, codes):
    from lancedb.index import IvfFlat

    assert vectors.distance_count(table.search(codes[0]).limit(10)) == 600
    table.create_index("code", config=IvfFlat(distance_type="l2", num_partitions=6))
    counts = [vectors.distance_count(table.search(codes[0]).limit(10).nprobes(n)) for n in (1, 3, 6)]
    assert 6 < counts[0] < counts[1] < counts[2] == 606


def test_a_plan_without_counts_is_refused():
    class Query:
        def analyze_plan(self):
            return "nothing of use"

    with pytest.raises(ValueError, match="does not say"):
        vectors.distance_count(Query())


@pytest.mark.parametrize(
    "bad, message",
    [
        ({"codes": np.zeros(4)}, "shape"),
        ({"codes": np.zeros((0, 3))}, "shape"),
        ({"codes": np.full((2, 2), np.nan)}, "finite"),
        ({"codes": np.zeros((3, 2)), "label": [1, 2]}, "label must have 3"),
    ],
)
def test_rows_refuse_what_is_no_table(bad, message):
    with pytest.raises(ValueError, match=message):
        vectors.rows(**bad)


def test_thumbnails_come_back_without_loss():
    images = np.random.default_rng(0).integers(0, 256, (3, 7, 5)).astype(np.uint8)
    back = vectors.from_png(vectors.png(images))
    np.testing.assert_array_equal(np.round(back * 255).astype(np.uint8), images)
    for bad in (images / 255, images[0]):
        with pytest.raises(ValueError, match="uint8"):
            vectors.png(bad)


def test_the_database_lies_in_the_work_folder_or_nowhere_that_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere = vectors.database_folder("08_test")
    assert elsewhere.is_dir() and tmp_path not in elsewhere.parents
    assert Path(__file__).resolve().parents[1] not in elsewhere.resolve().parents
    (tmp_path / runtime.MARKER).write_text("{}")
    inside = vectors.database_folder("08_test")
    assert inside == tmp_path.resolve() / "databases" / "08_test" and inside == vectors.database_folder("08_test")
    with pytest.raises(ValueError, match="plain name"):
        vectors.database_folder("../elsewhere")


def test_a_work_folder_that_cannot_be_written_costs_no_more_than_the_database_s_stay(work, capsys):
    (work / "databases").write_text("a file in its place")
    folder = vectors.database_folder("08_test")
    assert folder.is_dir() and work not in folder.parents
    printed = capsys.readouterr().out
    assert "cannot be written" in printed and str(work / "databases") in printed and printed.count("\n") == 1


def test_maps_draws_every_map_and_one_legend():
    rng = np.random.default_rng(0)
    places = {name: rng.normal(size=(30, 2)) for name in ("a", "b")}
    with plots.collect() as pictures:
        plots.maps(places, np.arange(30) % 3, ["x", "y", "z"], below=["one", "two"], caption="Two maps.")
    (picture,) = pictures
    axes = picture.figure.axes
    assert [ax.get_title(loc="left") for ax in axes[:2]] == ["a", "b"]
    assert [text.get_text() for text in axes[-1].get_legend().get_texts()] == ["x", "y", "z"]
    assert picture.alt.startswith("Two maps. 2 maps of 30 samples")


@pytest.mark.filterwarnings("error")
def test_maps_of_many_classes_tell_the_nine_largest_apart():
    labels = np.concatenate([np.arange(40), np.repeat([3, 7, 8, 20, 21, 22, 30, 31, 39], 4)])
    names = [f"kind number {number} of all that were found" for number in range(40)]
    with plots.collect() as pictures:
        plots.maps({"a": np.random.default_rng(0).normal(size=(len(labels), 2))}, labels, names, columns=2)
    axes = pictures[0].figure.axes
    told = [text.get_text() for text in axes[-1].get_legend().get_texts()]
    assert told[:2] == ["31 others", "kind number 3 of all …"] and len(told) == 10
    assert sum(len(points.get_offsets()) for points in axes[0].collections) == len(labels)
    looks = {
        (tuple(points.get_facecolor()[0]), points.get_paths()[0].vertices.tobytes()) for points in axes[0].collections
    }
    assert len(looks) == 10


@pytest.mark.parametrize(
    "places, labels, message",
    [
        ({}, np.zeros(3, int), "places"),
        ({"a": np.zeros((3, 3))}, np.zeros(3, int), "places"),
        ({"a": np.zeros((3, 2))}, np.zeros(4, int), "places"),
        ({"a": np.zeros((3, 2))}, np.array([0, 1, 2]), "labels"),
    ],
)
def test_maps_refuses_what_does_not_fit(places, labels, message):
    with pytest.raises(ValueError, match=message):
        plots.maps(places, labels, ["x", "y"])


def test_maps_names_its_axes_and_frees_their_scales():
    rng = np.random.default_rng(0)
    places = {"a": rng.normal(size=(30, 2)) * [10, 1]}
    with plots.collect() as pictures:
        plots.maps(
            places, np.arange(30) % 3, ["x", "y", "z"], below=["one"], axis_names=("first", "second"), equal=False
        )
    ax = pictures[0].figure.axes[0]
    assert ax.get_xlabel() == "first\none" and ax.get_ylabel() == "second" and ax.get_aspect() == "auto"


def test_maps_of_any_form_are_drawn_to_one_scale_without_a_warning(caplog):
    rng = np.random.default_rng(0)
    far = np.concatenate([rng.normal(size=(60, 2)), [[400.0, 0.0]] * 3])
    with plots.collect() as pictures:
        plots.maps(
            {"wide": far, "tall": far[:, ::-1], "round": far[:60].repeat(2, axis=0)[:63]},
            np.zeros(63, int),
            ["x"],
            columns=4,
            size=2.4,
        )
        figure = pictures[0].figure
        figure.draw_without_rendering()
    assert not caplog.records
    for ax in figure.axes[:3]:
        box = ax.get_window_extent()
        scale = box.width / np.ptp(ax.get_xlim()), box.height / np.ptp(ax.get_ylim())
        assert scale[0] == pytest.approx(scale[1], rel=0.02)
    low, high = figure.axes[0].get_xlim()
    assert low < -1 and high > 400


def test_reduced_rank_of_data_on_themselves_is_pca():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((400, 12)) @ rng.standard_normal((12, 12))
    encoder, pca = referees.fit_reduced_rank(data, data, 3), referees.fit_pca(data, 3)
    assert referees.principal_angles(encoder.weights.T, pca.components).max() < 1e-4
    codes = encoder(data)
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(np.abs(codes), np.abs(pca.encode(data)), atol=1e-8)


def test_reduced_rank_beats_every_other_map_of_its_rank():
    rng = np.random.default_rng(1)
    targets = rng.standard_normal((500, 6)) @ rng.standard_normal((6, 10))
    inputs = targets @ rng.standard_normal((10, 8)) + rng.standard_normal((500, 8))

    def error(codes):
        design = np.c_[codes, np.ones(len(codes))]
        return float(np.square(targets - design @ np.linalg.lstsq(design, targets, rcond=None)[0]).sum())

    best = error(referees.fit_reduced_rank(inputs, targets, 2)(inputs))
    others = [error(inputs @ rng.standard_normal((8, 2))) for _ in range(50)]
    others.append(error(referees.fit_pca(inputs, 2).encode(inputs)))
    assert best < min(others)


def test_reduced_rank_holds_dead_pixels_and_refuses_nonsense():
    rng = np.random.default_rng(2)
    data = rng.standard_normal((50, 5)).astype("float32")
    data[:, 2] = 0.5
    assert np.isfinite(referees.fit_reduced_rank(data, data, 2)(data)).all()
    assert referees.fit_reduced_rank(data, data, 2, ridge=0.1)(data).dtype == np.float32
    for arguments, message in (
        ((data, data[:9], 2), "pairs"),
        ((data, data, 6), "between 1 and 5"),
        ((data, data, 0), "between 1 and 5"),
    ):
        with pytest.raises(ValueError, match=message):
            referees.fit_reduced_rank(*arguments)
    with pytest.raises(ValueError, match="ridge"):
        referees.fit_reduced_rank(data, data, 2, ridge=-1)


@pytest.mark.backends
def test_the_checkpoint_of_the_maps_gives_four_maps_that_know_clothes():
    import keras

    from bench.maps_lesson08 import knn_accuracy

    model = keras.saving.load_model(datasets.DATA_FOLDER.parent / "checkpoints" / "clothes_maps.keras")
    clothes = datasets.fashion_mnist()
    codes = model(clothes.flat("validation"))
    assert set(codes) == {"autoencoder", "another_seed", "denoising", "variational"}
    log = np.genfromtxt(
        datasets.DATA_FOLDER.parent / "checkpoints" / "clothes_maps.csv",
        delimiter=",",
        names=True,
        dtype=None,
        encoding="utf-8",
    )
    for name, code in codes.items():
        accuracy = knn_accuracy(keras.ops.convert_to_numpy(code), clothes.validation_labels)
        assert accuracy == pytest.approx(log["knn_validation"][log["network"] == name][-1], abs=0.01)


# --- a computer on which LanceDB is missing, broken, or ends the process ---


@pytest.fixture
def fresh(monkeypatch):
    """The question asked anew, as in a session that has not loaded LanceDB."""
    monkeypatch.delitem(sys.modules, "lancedb", raising=False)
    vectors.what_is_missing.cache_clear()
    yield
    vectors.what_is_missing.cache_clear()


def broken(folder, code):
    (folder / "lancedb").mkdir()
    (folder / "lancedb" / "__init__.py").write_text(code, encoding="utf-8")
    return str(folder)


def is_said_in_one_line(capsys, *words):
    assert vectors.ready() is False
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and printed.startswith(
        "What needs the database is left out, and all else runs. LanceDB"
    )
    for word in words:
        assert word in printed
    with pytest.raises(vectors.NoDatabase, match=words[0]):
        vectors.connect("anywhere")


def test_a_missing_database_is_said_in_one_line(fresh, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "lancedb" else find(name, *a))
    is_said_in_one_line(capsys, "is not installed", "pip install lancedb", platform.machine())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", ("an illegal instruction", "pip install|AVX2")),
        ("import os; os.write(2, b'needs AVX2\\n'); os.abort()", ("an abort", "AVX2")),
        ("raise ImportError('DLL load failed')", ("DLL load failed", "--force-reinstall")),
    ],
    ids=["illegal instruction", "abort", "ImportError"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_database_that_cannot_start_does_not_end_the_session(fresh, tmp_path, monkeypatch, capsys, code, words):
    monkeypatch.syspath_prepend(broken(tmp_path, code))
    *plain, either = words
    is_said_in_one_line(capsys, *plain)
    assert any(word in vectors.what_is_missing() for word in either.split("|"))
    assert "lancedb" not in sys.modules


def test_the_database_is_tried_once_a_session(fresh, tmp_path, monkeypatch):
    tries = []

    def attempt(code, seconds):
        tries.append(code)
        return crashes.Attempt(0, "", 0.1)

    monkeypatch.setattr(crashes, "attempt", attempt)
    assert vectors.ready() and vectors.ready() and vectors.what_is_missing() == ""
    assert len(tries) == 1 and "import lancedb, pyarrow" in tries[0]


@pytest.mark.weekly
def test_the_lesson_runs_to_its_end_without_the_database(changed_lesson, tmp_path, monkeypatch):
    broken(tmp_path, "import os; os.abort()")
    line, instead = "import numpy as np", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport numpy as np"
    texts = changed_lesson("08", line, instead, whole=True)
    printed = changed_lesson.printed
    assert printed.count("What needs the database is left out, and all else runs. LanceDB") == 1
    assert not [text for text in texts if "probes find" in text or "database finds" in text]
    assert "clean queries, autoencoder − PCA" in printed
    assert [text for text in texts if text.startswith("On moved ones")]


@pytest.mark.weekly
def test_the_second_notebook_runs_to_its_end_without_the_database(changed_lesson, tmp_path):
    broken(tmp_path, "import os; os.abort()")
    line, instead = "import numpy as np", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport numpy as np"
    texts = changed_lesson("08", line, instead, whole=True, kind="deeper")
    assert changed_lesson.printed.count("What needs the database is left out, and all else runs. LanceDB") == 1
    assert not [text for text in texts if "product quantisation" in text]
    assert [text for text in texts if text.startswith("One byte a number")]
    assert "PCA, one bit, Hamming" in changed_lesson.printed
