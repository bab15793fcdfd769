"""Vectors of one's own: what is read, what is refused and how it is said, and lesson 08 run on them."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from made_pictures import clothes_in_a_folder, digits_in_folders
from made_vectors import digit_features, features_csv, features_frame, shuttle_frame

from course_lib import datasets
from course_lib.datasets import DataError, own_vectors

pytestmark = pytest.mark.lesson("08")


@pytest.fixture(scope="module")
def features():
    return digit_features(400, 12)


def rows_of(data, split):
    return {row.tobytes() for row in getattr(data, split)}


@pytest.mark.parametrize(
    "written", [{}, {"separator": ";", "decimal": ","}, {"separator": "\t"}], ids=["commas", "German", "tabs"]
)
def test_a_table_is_read_with_kinds_and_names(tmp_path, capsys, written):
    data = own_vectors(features_csv(tmp_path / "v.csv", 400, 12, **written), label="kind", names="title")
    assert (len(data.train), len(data.validation), len(data.test)) == (300, 50, 50)
    assert data.flat("train").shape == (300, 12) and data.flat("train").dtype == np.float32
    assert data.class_names == tuple(sorted(data.class_names)) and "seven" in data.class_names
    assert data.columns[0] == "f0" and len(data.columns) == 12
    for split in datasets.SPLITS:  # a row keeps its own kind and its own name
        for name, number in zip(data.row_names[split], getattr(data, f"{split}_labels"), strict=True):
            assert name.endswith(data.class_names[number])
    assert data.called("test", [0])[0].replace("\n", " ") == data.row_names["test"][0]
    printed = capsys.readouterr().out
    assert "400 vectors of 12 numbers" in printed and "300 / 50 / 50" in printed and "seven 40" in printed


def test_file_array_and_frame_give_the_same(tmp_path, features):
    codes, labels = features
    np.save(tmp_path / "v.npy", codes)
    frame = features_frame(400, 12)
    made = [
        own_vectors(tmp_path / "v.npy", label=labels),
        own_vectors(str(tmp_path / "v.npy"), label=list(labels)),
        own_vectors(codes, label=pd.Series(labels)),
        own_vectors(np.column_stack([codes, labels]), label=-1),
        own_vectors(frame.drop(columns=["title", "kind"]), label=labels),
    ]
    for data in made[1:]:
        np.testing.assert_array_equal(data.flat("validation"), made[0].flat("validation"))
        np.testing.assert_array_equal(data.validation_labels, made[0].validation_labels)
    assert made[0].class_names == tuple("0123456789")
    assert own_vectors(codes, label=labels).called("train", [0]) == [str(made[0].train_labels[0])]


def test_splits_are_drawn_the_same_each_time_and_every_kind_is_in_each(features):
    codes, labels = features
    first, again = own_vectors(codes, label=labels), own_vectors(codes, label=labels)
    np.testing.assert_array_equal(first.train, again.train)
    for split in datasets.SPLITS:
        assert set(getattr(first, f"{split}_labels")) == set(range(10))
    small = own_vectors(codes[:200], label=np.arange(200) // 4)  # fifty kinds of four rows
    assert len(small.validation) == len(small.test) == 25


def test_equal_rows_stay_in_one_split(features, capsys):
    codes, labels = features
    data = own_vectors(np.concatenate([codes, codes[:300]]), label=[*labels, *labels[:300]])
    splits = [rows_of(data, split) for split in datasets.SPLITS]
    assert not splits[0] & splits[1] and not splits[0] & splits[2] and not splits[1] & splits[2]
    assert len(data.train) + len(data.validation) + len(data.test) == 700
    assert "300 rows equal an earlier one" in capsys.readouterr().out


def test_distances_and_cosines_of_embeddings_stay_what_they_are(features):
    codes, labels = features
    data = own_vectors(codes * 0.01, label=labels)
    flat, given = data.flat("train"), data.train
    np.testing.assert_allclose(flat / flat[0, 0], given / given[0, 0], rtol=1e-4)
    assert 0.9 < np.sqrt(np.mean(flat.std(axis=0) ** 2)) < 1.1


def test_columns_in_different_units_are_scaled_each_or_refused(features):
    codes, labels = features
    mixed = codes.copy()
    mixed[:, 3] *= 5000
    with pytest.raises(DataError, match=r'column 4 varies [\d,]+ times .* scale="each" .* scale="together"'):
        own_vectors(mixed, label=labels)
    each = own_vectors(mixed, label=labels, scale="each").flat("train")
    np.testing.assert_allclose(each.std(axis=0), 1, atol=0.15)
    assert own_vectors(mixed, label=labels, scale="together").flat("train")[:, 3].std() > 3
    with pytest.raises(DataError, match=r'column 1 is about 5e\+04 throughout.*scale="each"'):
        own_vectors(codes + np.eye(12)[0] * 5e4, label=labels, scale="together")


def test_a_squared_picture_of_a_vector_is_grey_at_the_mean(features):
    codes, labels = features
    data = own_vectors(codes, label=labels)
    tiles = data.tiles(data.flat("train"))
    assert tiles.shape == (300, 4, 4) and tiles.min() >= 0 and tiles.max() <= 1
    np.testing.assert_allclose(tiles.mean(axis=0), 0.5, atol=0.02)
    row = data.flat("train").mean(axis=0)
    row[0] += 3 * data.flat("train")[:, 0].std()
    assert data.tiles(row[None])[0, 0, 0] == pytest.approx(1.0, abs=1e-4)


def test_without_kinds_cells_stand_in_and_it_is_said_what_precision_means(features, capsys):
    codes, labels = features
    data = own_vectors(codes, cells=5)
    assert data.class_names == ("cell 1", "cell 2", "cell 3", "cell 4", "cell 5")
    assert "nothing about whether what is found is right" in capsys.readouterr().out
    with pytest.raises(DataError, match=r"nothing says what a row is.*label=.*cells=10"):
        own_vectors(codes)
    for bad in (1, 41, 2.5, True):
        with pytest.raises(ValueError, match="cells: expected 2 to 40"):
            own_vectors(codes, cells=bad)
    with pytest.raises(ValueError, match="one of the two"):
        own_vectors(codes, label=labels, cells=3)


def test_of_many_rows_so_many_are_drawn(features, capsys):
    codes, labels = features
    data = own_vectors(codes, label=labels, at_most=160)
    assert len(data.train) + len(data.validation) + len(data.test) == 160
    assert len(set(data.train_labels)) == 10  # by lot, and not the first ones
    assert "drawn by lot (at_most)" in capsys.readouterr().out
    with pytest.raises(ValueError, match="at_most"):
        own_vectors(codes, label=labels, at_most=5)


def test_a_column_that_never_changes_takes_part_in_no_distance(features):
    codes, labels = features
    still = codes.copy()
    still[:, 3] = 0
    assert np.isfinite(own_vectors(still, label=labels).flat("train")).all()
    assert not own_vectors(still, label=labels, scale="each").flat("train")[:, 3].any()


def test_holes_are_refused_or_their_rows_left_out(features, capsys):
    codes, labels = features
    holed = codes.astype(float)
    holed[7, 2] = np.nan
    with pytest.raises(DataError, match="row 7: the value in column 3 is missing"):
        own_vectors(holed, label=labels)
    data = own_vectors(holed, label=labels, holes="leave out")
    assert len(data.train) + len(data.validation) + len(data.test) == 399
    assert "Left out: 1 rows with a hole" in capsys.readouterr().out
    with pytest.raises(DataError, match="vectors have no order"):
        own_vectors(holed, label=labels, holes="last")
    holed[7, 2] = -999
    with pytest.raises(DataError, match=r"row 7: column 3 holds -999.*missing=\[-999\]"):
        own_vectors(holed, label=labels)
    assert own_vectors(holed, label=labels, missing=[-999], holes="leave out").name


N = np.arange(400)


@pytest.mark.parametrize(
    ("added", "message", "kept"),
    [
        (N % 2, r"column 13 holds only the values 0 and 1, as labels do: say label=12, or keep=\[12\]", True),
        (N % 5, r"column 13 holds only the values 0, 1, 2, 3 and 4, as labels do: say label=12", True),
        (N, r"column 13 only counts the rows .*drop=\[12\]", True),
        (400 - N, r"column 13 only falls", True),
        (3 * N, r"column 13 only rises", True),
        (np.random.default_rng(0).permutation(400), r"column 13 holds a different whole number in each row", True),
        (1_700_000_000 + 60 * N, r"column 13 looks like a time .*drop=\[12\]", False),
    ],
    ids=["two kinds", "five kinds", "index", "falling", "with gaps", "shuffled", "epoch seconds"],
)
def test_a_column_that_looks_like_something_else_is_named(features, added, message, kept):
    codes, labels = features
    with pytest.raises(DataError, match=message) as refused:
        own_vectors(np.column_stack([codes, added]), label=labels)
    assert "normal=" not in str(refused.value) and "time=" not in str(refused.value)
    data = own_vectors(np.column_stack([codes, added]), label=labels, drop=[12])
    assert len(data.columns) == 12
    if kept:
        scale = "each"
        assert len(own_vectors(np.column_stack([codes, added]), label=labels, keep=[12], scale=scale).columns) == 13


def test_columns_of_words_are_kinds_or_names():
    frame = features_frame(400, 12)
    with pytest.raises(
        DataError, match=r"\('title'\) holds words .* say names='title' .* label='title' .* drop=\['title'\]"
    ):
        own_vectors(frame)
    with pytest.raises(DataError, match=r"\('kind'\) holds words .* say label='kind'"):
        own_vectors(frame, drop=["title"])
    with pytest.raises(DataError, match=r"label= and as names="):
        own_vectors(frame, label="title", names="title")
    assert own_vectors(frame, label="kind", drop=["title"]).row_names is None
    assert own_vectors(frame, label="Kind", names="title", drop=["title"]).row_names is not None
    assert len(own_vectors(shuttle_frame(600), label="state", scale="each").class_names) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: {"source": x[:50], "label": y[:50]}, "at least 100 rows, found 50"),
        (lambda x, y: {"source": x[:, :3], "label": y}, "at least 4 numbers in a row, found 3"),
        (lambda x, y: {"source": np.ones_like(x), "label": y}, "rows that differ"),
        (lambda x, y: {"source": x, "label": y[:9]}, "an entry for each of the 400 rows of the array, found 9"),
        (lambda x, y: {"source": x, "label": N}, "400 different values in 400 rows.*names="),
        (lambda x, y: {"source": x, "label": 0 * N}, "'0' in every row"),
        (lambda x, y: {"source": x, "label": "kind"}, "there is no column 'kind', which label= asks for"),
        (lambda x, y: {"source": x, "label": 2.5}, "label=: expected a column of the table, or one entry a row"),
        (lambda x, y: {"source": x, "label": [None, *y[1:]]}, "missing"),
        (lambda x, y: {"source": "not_there.csv", "label": "kind"}, "not_there.csv does not exist"),
        (lambda x, y: {"source": x[None], "label": y}, "shape"),
        (lambda x, y: {"source": {"a": 1}, "label": y}, "expected the path of a file"),
    ],
)  # fmt: skip
def test_what_is_no_set_of_vectors_is_refused(features, change, message):
    with pytest.raises(DataError, match=message):
        own_vectors(**change(*features))


def test_a_split_that_is_none_is_named(features):
    codes, labels = features
    with pytest.raises(ValueError, match="split"):
        own_vectors(codes, label=labels).flat("training")
    with pytest.raises(ValueError, match="scale"):
        own_vectors(codes, label=labels, scale="both")


# --- lesson 08 ---

LINE = "clothes = datasets.fashion_mnist()"
TOLD_OF_CLOTHES = (  # what was found on the course's pictures
    "it spoils Euclidean distance",
    "With four probes hardly a neighbour",
    "Chance aside, all lie within",
)


def holds_on_own_data(printed: str) -> None:
    """What must be true of lesson 08 on whatever a reader brings."""
    assert "From here on the numbers are those of your own data." in printed
    assert not [text for text in TOLD_OF_CLOTHES if text in printed]
    assert "The experiment says" not in printed and "Warning" not in printed
    assert "Your data say" in printed or "Your data leave it undecided" in printed


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.weekly)])
def test_lesson_08_runs_on_a_folder_of_pictures(tmp_path, changed_lesson, whole):
    digits_in_folders(tmp_path / "digits", {"1": 100, "3": 100, "7": 100})
    changed_lesson("08", LINE, f"clothes = datasets.own_pictures({str(tmp_path / 'digits')!r})", whole=whole)
    printed = changed_lesson.printed
    holds_on_own_data(printed)
    assert "trained on movement − linear, from moved" in printed
    assert re.search(r"^[✔?] The network that was told leads", printed, re.M)
    assert re.search(r"^[✔?] 1 of 7 probes find", printed, re.M)  # a small gallery has fewer cells


@pytest.mark.weekly
def test_lesson_08_runs_on_pictures_of_one_kind(tmp_path, changed_lesson):
    folder = clothes_in_a_folder(tmp_path / "clothes", 400)
    changed_lesson("08", LINE, f"clothes = datasets.own_pictures({str(folder)!r})")
    assert "All are of one kind" in changed_lesson.printed


@pytest.mark.parametrize("above", ["", "200 20\n"], ids=["GloVe", "word2vec"])
def test_embeddings_of_words_are_read_with_words_of_any_signs(tmp_path, above):
    vectors = np.random.default_rng(0).normal(size=(200, 20)).round(5)
    words = [f"word{n}" for n in range(200)]
    words[:6] = ['"', ",", "null", "?", "#", "1984"]
    rows = zip(words, vectors, strict=True)
    path = tmp_path / "vectors.txt"
    path.write_text(above + "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows), encoding="utf-8")
    with pytest.raises(DataError, match=r"column 1 holds words .*say names=0 if"):
        own_vectors(path)
    data = own_vectors(path, names=0, cells=4)
    found = {name: row for s in datasets.SPLITS for name, row in zip(data.row_names[s], getattr(data, s), strict=True)}
    assert set(found) == set(words)
    assert all(np.allclose(found[word], row) for word, row in zip(words, vectors, strict=True))


def test_a_vector_in_a_cell_is_told_how_to_become_a_row(features):
    vectors = np.asarray(features[0] if isinstance(features, tuple) else features, np.float64)[:, :12]
    for cells, back in ((list(vectors), np.stack), ([json.dumps(row.tolist()) for row in vectors], None)):
        frame = pd.DataFrame({"embedding": cells, "kind": np.arange(len(vectors)) % 3})
        with pytest.raises(DataError, match=r"a whole vector in each cell.*numpy.stack\(table\['embedding'\]"):
            own_vectors(frame, label="kind")
        rows = back(frame["embedding"]) if back else np.stack(frame["embedding"].map(json.loads))
        assert own_vectors(rows, label=list(frame["kind"]), scale="each").train.shape[1] == 12


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("rows", "width", "given"),
    [(600, 40, "label='kind', names='title'"), (200, 9, "label='kind', drop=['title']"), (200, 200, "cells=4, drop=['title', 'kind']")],
)  # fmt: skip
def test_lesson_08_runs_on_vectors(tmp_path, changed_lesson, rows, width, given):
    path = features_csv(tmp_path / "vectors.csv", rows, width)
    changed_lesson("08", LINE, f"clothes = datasets.own_vectors({str(path)!r}, {given})")
    printed = changed_lesson.printed
    holds_on_own_data(printed)
    assert f"{width} given numbers became" in printed and "pixels" not in printed
    assert "Vectors cannot be moved" in printed and "moved queries" not in printed
    assert ("digit" in printed) == ("names" in given)


@pytest.mark.weekly
def test_lesson_08_runs_on_readings_of_a_shuttle(tmp_path, changed_lesson):
    shuttle_frame(1200).to_csv(tmp_path / "shuttle.csv", index=False)
    path = str(tmp_path / "shuttle.csv")
    changed_lesson("08", LINE, f"clothes = datasets.own_vectors({path!r}, label='state', scale='each')")
    holds_on_own_data(changed_lesson.printed)
    assert "9 given numbers" in changed_lesson.printed
