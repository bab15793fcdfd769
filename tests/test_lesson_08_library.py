"""What lesson 08 adds to the library: the few functions around LanceDB, and maps side by side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import plots, records, vectors


@pytest.fixture
def codes():
    return np.random.default_rng(0).standard_normal((600, 8)).astype("float32")


@pytest.fixture
def table(tmp_path, codes):
    return vectors.connect(tmp_path).create_table("codes", vectors.rows(codes, item=np.arange(600)))


def nearest(codes, query, k):
    return np.argsort(np.square(codes - query).sum(axis=1), kind="stable")[:k].tolist()


def test_the_library_does_not_load_the_database():
    code = "import sys, course_lib.vectors, course_lib.datasets; print('lancedb' in sys.modules or 'pyarrow' in sys.modules)"
    root = Path(__file__).resolve().parents[1]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


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
    (tmp_path / records.MARKER).write_text("{}")
    inside = vectors.database_folder("08_test")
    assert inside == tmp_path.resolve() / "databases" / "08_test" and inside == vectors.database_folder("08_test")
    with pytest.raises(ValueError, match="plain name"):
        vectors.database_folder("../elsewhere")


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
