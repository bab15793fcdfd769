"""A learner's own tables: what is read in whatever form it comes, and what is refused with row, column and remedy."""

from __future__ import annotations

import builtins
import gzip
import zipfile

import numpy as np
import pandas as pd
import pytest

from course_lib import datasets
from course_lib.datasets import DataError, own_sensors, own_windows
from course_lib.datasets.own_tables import read_table
from course_lib.datasets.windows import WindowDataset

pytestmark = pytest.mark.lesson("07")

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 8)).round(4)
COUNT = np.arange(60)


def text(rows=X, separator=",", head="", end="", form=lambda value: f"{value:.4f}", newline="\n"):
    return head + newline.join(separator.join(form(value) for value in row) + end for row in rows) + newline


def written(folder, content, encoding="utf-8", name="table.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


# --- findings 1: columns that are no measurements ---

HOLED, HOLED_ROW = X.copy(), X.copy()
HOLED[5, 3], HOLED_ROW[7] = -999, -999

DOUBTFUL = {
    "label last": ((X, COUNT % 2), r"column 9 holds only the values 0 and 1, as labels do: say label=8 \(with normal=0 or normal=1\)"),
    "label first": ((1 + COUNT % 5, X), r"column 1 holds only the values 1, 2, 3, 4 and 5, as labels do: say label=0"),
    "label last, constant": ((X, 0 * COUNT), r"column 9 is 0 in every row.*say label=8"),
    "label first, constant": ((0 * COUNT + 1, X), r"column 1 is 1 in every row.*say label=0"),
    "epoch seconds": ((1_700_000_000 + 60 * COUNT, X), r"column 1 looks like a time.*drop=\[0\]"),
    "epoch milliseconds": ((X, 1_700_000_000_000 + 60 * rng.permutation(60)), r"column 9 looks like a time.*drop=\[8\]"),
    "dates as numbers": ((20240101 + COUNT % 28, X), r"column 1 looks like a time.*drop=\[0\]"),
    "index first": ((COUNT, X), r"the first column only counts the rows \(0, 1, 2, …\).*drop=\[0\].*keep=\[0\]"),
    "index last": ((X, COUNT), r"column 9 only counts the rows.*drop=\[8\]"),
    "index falling": ((60 - COUNT, X), r"the first column only falls.*drop=\[0\]"),
    "index with gaps": ((3 * COUNT, X), r"the first column only rises.*drop=\[0\]"),
    "index shuffled": ((rng.permutation(60), X), r"column 1 holds a different whole number in each row.*drop=\[0\]"),
    "sentinel": ((HOLED,), r"row 6: column 4 holds -999, far outside.*missing=\[-999\]"),
    "sentinels": ((HOLED_ROW,), r"row 8: column 1 holds -999.*missing=\[-999\]"),
}  # fmt: skip


@pytest.mark.parametrize("loader", [own_windows, own_sensors])
@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_column_that_is_no_measurement_is_named_with_what_to_say(case, loader, tmp_path):
    parts, message = DOUBTFUL[case]
    path = written(tmp_path, text(np.column_stack(parts)))
    with pytest.raises(DataError, match=message):
        loader(path)
    kept = loader(path, keep="all")  # the reader vouches for it
    assert kept.train.shape[1] == sum(np.ndim(part) == 1 or part.shape[1] for part in parts)


@pytest.mark.parametrize("case", [case for case in DOUBTFUL if "sentinel" not in case])
def test_what_the_message_says_mends_it(case, tmp_path):
    parts, _ = DOUBTFUL[case]
    path = written(tmp_path, text(np.column_stack(parts)))
    place = 0 if np.ndim(parts[0]) == 1 else 8
    for arguments in ({"drop": [place]}, {"drop": [place - 9]}, {"keep": [place]}):
        data = own_windows(path, **arguments)
        assert data.train.shape[1] == (9 if "keep" in arguments else 8)


@pytest.mark.parametrize("holes", ["leave out", "last"])
def test_a_sentinel_is_a_hole_once_it_is_said(holes, tmp_path):
    path = written(tmp_path, text(HOLED))
    with pytest.raises(DataError, match=r"row 6: the value in column 4 is missing"):
        own_windows(path, missing=[-999])
    data = own_windows(path, missing=[-999], holes=holes)
    assert data.train.min() > -10
    if holes == "last":
        assert data.train[5, 3] == np.float32(X[4, 3]) and np.array_equal(data.train[5, 4:], np.float32(X[5, 4:]))
    else:
        assert np.array_equal(
            data.train[5], np.float32(X[6])
        ) and "rows with missing values, left out: 1 of 60" in repr(data)


def test_data_of_the_course_raise_no_doubt():
    heartbeats, shuttle = datasets.heartbeats(), datasets.shuttle()
    assert own_windows(heartbeats.train).train.shape[1] == 180
    assert own_sensors(shuttle.train).train.shape[1] == 9
    assert own_windows(10 + COUNT[:, None] + np.arange(5.0)).train.shape[1] == 5  # all columns rise


def test_whole_numbers_among_whole_numbers_are_no_label():
    assert own_windows(rng.integers(0, 2, (60, 8))).train.shape[1] == 8
    with pytest.raises(DataError, match="column 9 holds only"):
        own_windows(np.column_stack([rng.integers(0, 900, (60, 8)), COUNT % 3]))


# --- labels ---


def test_labelled_rows_go_to_the_test_under_their_names(tmp_path):
    kinds = np.array(["ok", "broken belt", "ok", "dry", "ok"])[COUNT % 5]
    frame = pd.DataFrame(X).assign(state=kinds)
    data = own_windows(frame, label="state", normal="ok")
    assert data.kind_names == ("normal", "broken belt", "dry")
    assert (len(data.train), len(data.validation), len(data.test)) == (17, 6, 11 + 24)
    wanted = {
        tuple(row): list(data.kind_names).index("normal" if k == "ok" else k)
        for row, k in zip(np.float32(X), kinds, strict=True)
    }
    assert [wanted[tuple(row)] for row in data.test] == data.test_kinds.tolist()
    assert all(wanted[tuple(row)] == 0 for row in np.concatenate([data.train, data.validation]))
    assert "36 normal, 12 broken belt, 12 dry" in repr(data)
    several = own_windows(frame, label="state", normal=["ok", "dry"])
    assert several.kind_names == ("normal", "broken belt") and int(several.test_is_anomaly.sum()) == 12


@pytest.mark.parametrize(
    ("name", "labels", "needed"),
    [
        ("anomaly", COUNT % 2, False),
        ("is_outlier", COUNT % 2 == 0, False),
        ("class", COUNT % 2, True),
        ("fault", COUNT % 3, True),
    ],
)
def test_what_is_normal_must_be_said_unless_the_name_says_it(name, labels, needed):
    frame = pd.DataFrame(X).assign(**{name: labels})
    if needed:
        with pytest.raises(DataError, match=rf"\({name!r}\) holds .*such as normal=0"):
            own_windows(frame, label=name)
    else:
        data = own_windows(frame, label=name)
        assert int(data.test_is_anomaly.sum()) == int(np.sum(labels))
    with pytest.raises(DataError, match=r"normal='7' does not occur"):
        own_windows(frame, label=name, normal=7)


def test_a_label_without_a_single_normal_row_or_with_a_hole_is_named():
    frame = pd.DataFrame(X).assign(anomaly=1)
    with pytest.raises(DataError, match="marks every row"):
        own_windows(frame, label="anomaly")
    frame = pd.DataFrame(X).assign(state=["a", *[None] * 2, *["a"] * 57])
    with pytest.raises(DataError, match=r"row 1: the value in column 9 \('state'\) is missing"):
        own_windows(frame, label="state", normal="a")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label": "kind"}, r"there is no column 'kind', which label= asks for. The columns are 'a', 'b', 'c', 'd'"),
        ({"drop": [9]}, r"there is no column 9, which drop= asks for"),
        ({"drop": ["a"], "keep": ["a"]}, r"column 1 \('a'\) is given as drop= and as keep=. Say one"),
        ({"normal": 1}, r"normal=1 needs label="),
        ({"holes": "fill"}, r"holes='fill': expected one of 'refuse', 'leave out', 'last'"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(DataError, match=message):
        own_windows(pd.DataFrame(X[:, :4], columns=list("abcd")), **arguments)


def test_a_column_without_names_is_asked_for_by_number():
    with pytest.raises(DataError, match="Its columns have no names: give a number from 0 to 7"):
        own_windows(X, drop=["time"])


# --- findings 5: the forms that files come in ---

COMMA = lambda value: f"{value:.4f}".replace(".", ",")  # noqa: E731
THOUSANDS = lambda value: f"{value * 1000:,.2f}".translate(str.maketrans(",.", ".,"))  # noqa: E731
NAMES = ["°C", "b", "c", "d", "e", "f", "g", "h"]
HEAD = ",".join(NAMES) + "\n"

READ = {
    "commas": (text(), "utf-8"),
    "commas and blanks": (text(separator=", "), "utf-8"),
    "semicolons": (text(separator=";"), "utf-8"),
    "tabs": (text(separator="\t"), "utf-8"),
    "a blank": (text(separator=" "), "utf-8"),
    "several blanks": ("\n".join("  ".join(f"{v: .7e}" for v in row) for row in X), "utf-8"),
    "pipes": (text(separator="|"), "utf-8"),
    "names": (text(head=HEAD), "utf-8"),
    "names and blanks": (text(separator=" ", head=HEAD.replace(",", " ")), "utf-8"),
    "BOM": (text(head=HEAD), "utf-8-sig"),
    "UTF-16": (text(head=HEAD, separator="\t").replace("°C,b,c,d,e,f,g,h", "\t".join(NAMES)), "utf-16"),
    "UTF-16 without a mark": (text(head=HEAD), "utf-16-le"),
    "Windows": (text(head=HEAD), "cp1252"),
    "sep=": ("sep=;\n" + text(separator=";"), "utf-8"),
    "sep= in quotes": ('"sep=;"\r\n' + text(separator=";", newline="\r\n"), "utf-8"),
    "a separator behind each row": (text(end=","), "utf-8"),
    "also behind the names": (text(head=HEAD.replace("\n", ",\n"), end=","), "utf-8"),
    "not behind the names": (text(head=HEAD, end=","), "utf-8"),
    "decimal comma": (text(separator=";", form=COMMA), "utf-8"),
    "decimal comma and tabs": (text(separator="\t", form=COMMA), "utf-8"),
    "decimal comma and blanks": (text(separator=" ", form=COMMA), "utf-8"),
    "decimal comma in quotes": (text(form=lambda v: f'"{COMMA(v)}"'), "utf-8"),
    "Unicode minus": (text().replace("-", "\u2212"), "utf-8"),
    "no-break blanks": (text(form=lambda v: f"\u00a0{v:.4f}"), "utf-8"),
    "quoted": (text(form=lambda v: f'"{v:.4f}"', head=HEAD), "utf-8"),
    "CR only": (text(newline="\r"), "utf-8"),
    "CRLF": (text(newline="\r\n"), "utf-8"),
    "empty lines": ("\n\n" + text().replace("\n", "\n\n"), "utf-8"),
    "# above": ("# from the pump\n# in March\n" + text(head=HEAD), "utf-8"),
    "# with names": ("# " + HEAD + text(), "utf-8"),
}


@pytest.mark.parametrize("case", READ)
def test_a_form_is_read(case, tmp_path):
    table = read_table(written(tmp_path, *READ[case]))
    values, rows = table.numbers(range(8))
    assert np.allclose(values, X) and len(rows) == 60
    named = "°C" in READ[case][0]
    assert table.names == (tuple(NAMES) if named else tuple(range(8)))


def test_thousands_with_points_and_decimal_commas_are_read(tmp_path):
    table = read_table(written(tmp_path, text(separator=";", form=THOUSANDS)))
    assert np.allclose(table.numbers(range(8))[0], 1000 * X)
    table = read_table(written(tmp_path, '"1,234.5";2\n"-2,000,111.25";3\n'))
    assert table.numbers([0])[0].ravel().tolist() == [1234.5, -2000111.25]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("1,234;2,345", r"1,234 may be 1.234 or 1234"),
        ("1,5;2.345", r"decimals have a comma \(1,5\), so 2.345 may be 2345 or 2.345"),
        ("1.234,5;2.5", r"a point between thousands in 1.234,5 and a decimal one in 2.5"),
        ("1,5;1,234,567", r"a decimal comma in 1,5 and a comma between thousands in 1,234,567"),
    ],
)
def test_a_number_that_means_two_things_is_refused(cells, message, tmp_path):
    with pytest.raises(DataError, match=message + ".*Write decimals with a point"):
        read_table(written(tmp_path, f"{cells}\n" * 40))


@pytest.mark.parametrize(
    "word",
    [
        *"#N/A #DIV/0! #VALUE! #REF! #NAME? #NUM! #NULL! #WERT! -- <NA> nil . n.a. 1.#QNAN -1.#IND".split(),
        *"NaN nan NA N/A null NULL None - ?".split(),
        *("", '""', "nA", "#n/a"),
    ],
)
def test_a_word_for_a_missing_value_is_a_hole(word, tmp_path):
    rows = text(head=HEAD).splitlines()
    cells = rows[4].split(",")
    path = written(tmp_path, "\n".join([*rows[:4], ",".join([*cells[:3], word, *cells[4:]]), *rows[5:]]))
    with pytest.raises(DataError, match=r"row 5: the value in column 4 \('d'\) is missing"):
        own_windows(path)
    values, kept = read_table(path).numbers(range(8), holes="leave out")
    assert kept.tolist() == [n for n in range(60) if n != 3] and np.allclose(values, np.delete(X, 3, axis=0))


ADVISED = {
    "a row of units": (text(head=HEAD + "K,m,s,V,A,W,J,N\n"), r"row 2: .*row of units or of further names: leave the row out"),
    "the names twice": (text(head=HEAD) + HEAD + text(), r"row 62: .*The line of names comes twice: leave this one out"),
    "dates": (text(form=str, rows=[[f"2024-01-01 00:{n:02d}:00", *X[n]] for n in range(60)]), r"column 1 holds dates or times.*drop=\[0\].*own_series"),
    "another separator in a row": (text().replace(",", "|", 7), r"row 2: expected 1 numbers as in row 1, found 8|row 1"),
    "a web page": ("<!DOCTYPE html><html>", r"is a web page. Download the file itself"),
    "JSON": ('[{"a": 1}]', "is JSON. Read it with pandas"),
    "LFS": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "only a pointer.*git lfs pull"),
    "annex": ("/annex/objects/MD5E-s1\n", "only a pointer.*git annex get"),
    "Parquet": (b"PAR1\x15\x04", "is a Parquet file. Read it with pandas"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"old Excel workbook \(.xls\). Save it as .xlsx or as CSV"),
    "no text": (bytes(range(256)) * 9, "cannot be read as text"),
    "half a gzip": (gzip.compress(text().encode())[:200], "cannot be unpacked"),
    "too few names": ("a,b,c\n" + text(X[:, :6]), r"row 2: expected 3 numbers as there are names in row 1, found 6"),
}  # fmt: skip


@pytest.mark.parametrize("case", ADVISED)
def test_what_is_not_read_is_refused_with_advice(case, tmp_path):
    content, message = ADVISED[case]
    with pytest.raises(DataError, match=message):
        own_windows(written(tmp_path, content))


def test_a_row_of_numbers_is_never_taken_for_names(tmp_path):
    for first in ("  -7.0e-01  -1.2e+00\n", "2024,0.5\n", "1e5;NA\n", "0,5;1,5\n"):
        table = read_table(written(tmp_path, first * 3))
        assert not table.has_header and len(table) == 3, first
    table = read_table(written(tmp_path, "label,0,1,2\n1,0.5,0.6,0.7\n2,0.1,0.2,0.3\n"))
    assert table.names == ("label", "0", "1", "2")


def test_a_missing_file_and_a_folder_are_named_with_the_folder_that_was_searched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=rf"nowhere.csv does not exist. It was looked for in the folder {tmp_path}"):
        own_windows("nowhere.csv")
    with pytest.raises(DataError, match=r"the folder .*gone does not exist either"):
        own_windows("gone/nowhere.csv")
    with pytest.raises(DataError, match=r"is a folder. Give the path of one file in it"):
        own_windows(tmp_path)


def test_arrays_frames_and_other_files_are_sources_too(tmp_path):
    frame = pd.DataFrame(X, columns=NAMES)
    np.save(tmp_path / "x.npy", X)
    frame.to_csv(tmp_path / "x.csv.gz", index=False)
    frame.to_excel(tmp_path / "x.xlsx", index=False)
    for source in (X, frame, X.tolist(), tmp_path / "x.npy", str(tmp_path / "x.csv.gz"), tmp_path / "x.xlsx"):
        data = own_windows(source)
        assert np.array_equal(data.train, np.float32(X[:29]))
    frame.iloc[9, 2] = np.nan
    frame.to_excel(tmp_path / "x.xlsx", index=False)
    with pytest.raises(DataError, match=r"x.xlsx, row 11: the value in column 3 \('c'\) is missing"):
        own_windows(tmp_path / "x.xlsx")
    frame.index = [f"beat {n}" for n in range(60)]
    with pytest.raises(DataError, match=r"the DataFrame, row beat 9: the value in column 3 \('c'\)"):
        own_windows(frame)
    with pytest.raises(DataError, match=r"the array, row 3: the value in column 2 is missing"):
        own_windows(np.where((np.arange(60)[:, None] == 3) & (np.arange(8) == 1), np.nan, X))


def test_excel_without_its_package_names_what_to_install(tmp_path, monkeypatch):
    pd.DataFrame(X).to_excel(tmp_path / "x.xlsx")
    real = builtins.__import__

    def refusing(name, *rest, **more):
        if name.split(".")[0] == "openpyxl":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(DataError, match="pip install openpyxl"):
        own_windows(tmp_path / "x.xlsx")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((2, 3, 4)), "found shape"),
        (np.zeros((0, 4)), "expected rows of numbers"),
        (pd.DataFrame(), "expected rows of numbers"),
        (["a.csv", "b.csv"], "found list of paths: give one at a time"),
        (None, "expected the path of a file, a NumPy array or a pandas DataFrame, found NoneType"),
        (7, "found int"),
        (np.ones((40, 4), complex), "complex numbers"),
        (np.full((40, 4), "x"), r"row 0: expected a number in column 1, found 'x'"),
    ],
)
def test_what_is_no_table_is_named(source, message):
    with pytest.raises(DataError, match=message):
        own_windows(source)


def test_archives_name_what_lies_in_them(tmp_path):
    np.savez(tmp_path / "x.npz", beats=X)
    with pytest.raises(DataError, match=r"several arrays \(beats\). Give one of them: np.load\('x.npz'\)\['beats'\]"):
        own_windows(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("inner.csv", "1,2")
    with pytest.raises(DataError, match=r"zip archive \(inner.csv\). Unpack it"):
        own_windows(tmp_path / "x.zip")


def test_the_row_of_a_message_is_the_line_of_the_file(tmp_path):
    lines = text(head=HEAD).splitlines()
    lines[30] = lines[30].replace(lines[30].split(",")[0], "high", 1)
    path = written(tmp_path, "# above\n\n" + "\n\n".join(lines))
    with pytest.raises(DataError, match=r"table.csv, row 63: expected a number in column 1 \('°C'\), found 'high'"):
        own_windows(path)


def test_a_letter_of_windows_far_behind_the_first_lines_is_read(tmp_path):
    lines = ["place,value", *["Ulm,1.5"] * 60_000, "K\u00f6ln,2.5"]
    table = read_table(written(tmp_path, "\n".join(lines), "cp1252"))
    assert table.texts(0)[-1] == "K\u00f6ln" and len(table) == 60_001


@pytest.mark.parametrize("dtype", ["category", "object", "string", "str"])
def test_labels_of_any_type_of_pandas_are_read(dtype):
    frame = pd.DataFrame(X).convert_dtypes().assign(state=pd.Series(["ok", "worn"] * 30).astype(dtype))
    assert int(own_windows(frame, label="state", normal="ok").test_is_anomaly.sum()) == 30


def test_none_may_be_the_word_for_a_row_without_fault(tmp_path):
    path = tmp_path / "faults.csv"
    pd.DataFrame(X).assign(fault=np.array(["none", "leak"])[(COUNT % 6 == 0).astype(int)]).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"'fault'.* is missing"):
        own_windows(path, label="fault", normal="leak")
    data = own_windows(path, label="fault", normal="none")
    assert data.kind_names == ("normal", "leak") and int(data.test_is_anomaly.sum()) == 10


@pytest.mark.parametrize(
    "times", [pd.to_timedelta(COUNT, unit="s"), pd.period_range("2024", periods=60, freq="min"), 0.5 * COUNT]
)
def test_times_of_any_type_of_pandas_are_read(times):
    data = own_sensors(pd.DataFrame(X, columns=NAMES).assign(at=times), time="at")
    assert data.train.shape == (29, 8)
    with pytest.raises(DataError, match=r"'x'.*complex"):
        own_sensors(pd.DataFrame(X).assign(x=1j))


def test_times_before_and_after_our_centuries_are_read():
    frame = pd.DataFrame({"at": [f"{year:04d}-01-01" for year in range(1, 2401, 40)], "a": X[:, 0], "b": X[:, 1]})
    assert "steps in time" not in repr(own_sensors(frame, time="at"))


@pytest.mark.parametrize("normal", [False, 0, "False", None])
def test_true_and_false_say_what_is_an_anomaly(normal, tmp_path):
    pd.DataFrame(X).assign(anomaly=COUNT % 3 == 0).to_csv(tmp_path / "t.csv", index=False)
    assert int(own_windows(tmp_path / "t.csv", label="anomaly", normal=normal).test_is_anomaly.sum()) == 20


def test_ids_are_words_where_the_reader_asks_for_it(tmp_path):
    path = written(tmp_path, "user,item\n0012,7\n12,8\n")
    table = read_table(path, text=("user",))
    assert table.texts(0).tolist() == ["0012", "12"] and table.texts(1).tolist() == ["7", "8"]
    assert read_table(path).texts(0).tolist() == ["12", "12"]


def test_double_colons_are_read_also_around_a_title_with_a_colon(tmp_path):
    table = read_table(written(tmp_path, "1::1193::5::978300760\n2::661::3.5::978302109\n"))
    assert table.numbers(range(4))[0].tolist() == [[1, 1193, 5, 978300760], [2, 661, 3.5, 978302109]]
    table = read_table(written(tmp_path, "1::Seven: the film (1995)::Crime\n2::Heat::Crime|Drama\n"))
    assert table.texts(1).tolist() == ["Seven: the film (1995)", "Heat"] and table.texts(0).tolist() == ["1", "2"]


def test_a_long_file_is_read_by_pandas_and_not_line_by_line(tmp_path, monkeypatch):
    path = tmp_path / "many.csv"
    pd.DataFrame(rng.integers(0, 99, (200_000, 4)), columns=list("abcd")).to_csv(path, index=False)
    looked_at = []
    real = datasets.own_tables._table_files._Form.cells
    monkeypatch.setattr(
        datasets.own_tables._table_files._Form, "cells", lambda form, line: looked_at.append(1) or real(form, line)
    )
    assert len(read_table(path)) == 200_000 and len(looked_at) < 1000


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_end_in_a_data_error_or_in_data(seed, tmp_path):
    draw = np.random.default_rng(seed)
    content = bytearray(READ[list(READ)[draw.integers(len(READ))]][0].encode("utf-8"))
    for place in draw.integers(0, len(content), 3):
        content[place] = draw.choice([0x22, 0x2C, 0x0A, 0x3B, 0x80, 0x2D, 0x61, 0x20, 0x23])
    try:
        assert isinstance(own_windows(written(tmp_path, bytes(content))), WindowDataset)
    except DataError as error:
        assert "table.csv" in str(error)


# --- findings 5b: ECG5000 by hand ---


def ecg5000_files(counts):
    def rows(kinds):
        return "\n".join(" ".join([f"{kind:.7e}", *(f"{v:.7e}" for v in rng.standard_normal(140))]) for kind in kinds)

    return {name: rows(np.repeat(np.arange(1, 6), numbers)) for name, numbers in counts.items()}


@pytest.fixture
def ecg5000_by_hand(monkeypatch, tmp_path):
    counts = {"ECG5000_TRAIN.txt": (20, 6, 2, 1, 1), "ECG5000_TEST.txt": (30, 9, 3, 2, 1)}
    monkeypatch.setattr(datasets.ecg, "ECG5000_COUNTS", counts)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))

    def no_network(*_):
        raise OSError("no network")

    monkeypatch.setattr(datasets._downloads, "download", no_network)
    cache = tmp_path / "keras" / "datasets"
    cache.mkdir(parents=True)
    return cache, ecg5000_files(counts)


@pytest.mark.parametrize("ending", [".txt", ".tsv"])
@pytest.mark.parametrize("below", ["", "ECG5000"])
def test_unpacked_files_in_the_cache_are_used(ecg5000_by_hand, ending, below):
    cache, files = ecg5000_by_hand
    (cache / below).mkdir(exist_ok=True)
    for name, content in files.items():
        (cache / below / name.replace(".txt", ending)).write_text(
            content.replace(" ", "\t") if ending == ".tsv" else content
        )
    data = datasets.heartbeats(full=True)
    assert (len(data.train), len(data.validation), len(data.test)) == (30, 10, 35)


def test_unpacked_files_are_checked_and_both_wanted(ecg5000_by_hand):
    cache, files = ecg5000_by_hand
    (cache / "ECG5000_TRAIN.txt").write_text(files["ECG5000_TRAIN.txt"])
    with pytest.warns(UserWarning, match="ECG5000_TEST.txt is missing"), pytest.raises(DataError, match="no network"):
        datasets.heartbeats(full=True)
    (cache / "ECG5000_TEST.txt").write_text(files["ECG5000_TRAIN.txt"])
    with (
        pytest.warns(UserWarning, match="ECG5000_TEST.txt holds numbers of shape"),
        pytest.raises(DataError, match="no network"),
    ):
        datasets.heartbeats(full=True)


def test_a_zip_with_a_folder_inside_is_looked_into_and_one_without_the_files_named(ecg5000_by_hand):
    cache, files = ecg5000_by_hand
    with zipfile.ZipFile(cache / "ECG5000.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(f"ECG5000/{name}", content)
    assert len(datasets.heartbeats(full=True).train) == 30
    with zipfile.ZipFile(cache / "ECG5000.zip", "w") as packed:
        packed.writestr("ECG5000_TRAIN.ts", "@data")
    with (
        pytest.warns(UserWarning, match=r"lacks ECG5000_TRAIN.txt and ECG5000_TEST.txt; it holds ECG5000_TRAIN.ts"),
        pytest.raises(DataError),
    ):
        datasets.heartbeats(full=True)
