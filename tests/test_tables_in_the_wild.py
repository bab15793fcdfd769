"""Forms of tables that practitioners bring, written from what is known of each: read rightly, or refused with advice that works."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from course_lib.datasets import DataError, own_sensors, own_series, own_windows
from course_lib.datasets.clocks import clock_of
from course_lib.datasets.own_tables import read_table

pytestmark = pytest.mark.lesson("07")

rng = np.random.default_rng(0)
ROWS = 60
A, B = rng.normal(5, 1, ROWS).round(3), rng.normal(3, 1, ROWS).round(3)
TIMES = pd.date_range("2024-01-31 20:00", periods=ROWS, freq="10min")


def written(folder, content, name="table.csv"):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def timed(times, head="time,a,b\n", above=""):
    return above + head + "".join(f"{t},{a},{b}\n" for t, a, b in zip(times, A, B, strict=True))


def seconds_of(path, column="time"):
    table = read_table(path)
    return clock_of(table, table.position(column, "time"))


# --- numbers ---


def test_points_between_thousands_are_read_where_a_number_has_two(tmp_path):
    table = read_table(written(tmp_path, "1.234.567;2\n950;1.020\n" * 30))
    assert table.numbers([0, 1])[0][:2].tolist() == [[1234567, 2], [950, 1020]]


def test_one_point_is_refused_where_a_column_holds_smaller_whole_numbers(tmp_path):
    cells = [f"{n // 1000}.{n % 1000:03d}" if n >= 1000 else str(n) for n in range(951, 951 + 2 * ROWS)]
    path = written(tmp_path, "n;v\n" + "".join(f"{c};{b}\n" for c, b in zip(cells, [*B, *B], strict=True)))
    with pytest.raises(DataError, match=r"1.000 may be 1000 or 1, in a column that holds 951 too.*thousands=\"\.\""):
        read_table(path)
    told = pd.read_csv(path, sep=";", thousands=".").n
    assert told.tolist() == list(range(951, 951 + 2 * ROWS))


@pytest.mark.parametrize("off", ["0", "0.000"])
def test_three_decimals_with_zeros_between_are_decimals(off, tmp_path):
    cells = [off if n % 5 == 0 else f"{a:.3f}" for n, a in enumerate(A)]
    table = read_table(written(tmp_path, "n,v\n" + "".join(f"{c},{b}\n" for c, b in zip(cells, B, strict=True))))
    assert np.allclose(table.numbers([0])[0][1:5, 0], A[1:5])


@pytest.mark.parametrize(
    ("form", "advice"),
    [
        (lambda v: f"{1000 * v:,.1f}".replace(",", "'"), "nothing between the thousands"),
        (lambda v: f"{1000 * v:,.1f}".replace(",", " "), "nothing between the thousands"),
        (lambda v: f'"1,4{v:.0f},000"', "nothing between the thousands"),
        (lambda v: f"{v} kW", "a number with a unit, write the number alone"),
        (lambda v: f"{v}%", "a number with a unit, write the number alone"),
        (lambda v: f"{v}+0.5i", "a complex number"),
    ],
)
def test_what_is_almost_a_number_is_no_label(form, advice, tmp_path):
    path = written(tmp_path, "a,b,c\n" + "".join(f"{form(a)},{b},{a}\n" for a, b in zip(A, B, strict=True)))
    with pytest.raises(DataError, match=rf"column 1 \('a'\).*{advice}") as caught:
        own_sensors(path)
    assert "label=" not in str(caught.value)


def test_categories_of_numbers_are_numbers():
    frame = pd.DataFrame({"a": A, "b": B, "c": pd.Categorical(np.arange(ROWS) % 3)})
    with pytest.raises(DataError, match=r"column 3 \('c'\) holds only the values 0, 1 and 2"):
        own_sensors(frame)
    assert own_sensors(frame, keep=["c"]).train.shape[1] == 3


def test_an_infinite_number_can_be_called_a_hole():
    frame = pd.DataFrame({"a": A, "b": B})
    frame.loc[5, "a"] = -np.inf
    with pytest.raises(DataError, match=r'missing=\[float\("-inf"\)\] and holes="leave out"'):
        own_sensors(frame, holes="leave out")
    data = own_sensors(frame, missing=[float("-inf")], holes="leave out")
    assert "rows with missing values, left out: 1 of 60" in data.notes


# --- times ---


@pytest.mark.parametrize("form", ["%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d%H"])
def test_dates_in_one_number_are_dates(form, tmp_path):
    times = pd.date_range("2024-01-31 20:00", periods=ROWS, freq="h")
    path = written(tmp_path, timed([f"{t:{form}}" for t in times]))
    clock = seconds_of(path)
    assert clock.dates and clock.step == 3600 and not len(clock.gaps)
    spans = [(int(f"{times[50]:{form}}"), int(f"{times[52]:{form}}"))]
    assert own_sensors(path, time="time", anomalies=spans).test_is_anomaly.sum() == 3
    assert own_sensors(path, time="time", anomalies=[(50, 52)]).test_is_anomaly.sum() == 3  # numbers of rows


def test_days_in_one_number_have_no_gap_at_the_end_of_a_month(tmp_path):
    clock = seconds_of(written(tmp_path, timed(f"{t:%Y%m%d}" for t in pd.date_range("2024-01-02", periods=ROWS))))
    assert clock.step == 86400 and not len(clock.gaps)


@pytest.mark.parametrize("seconds", [1.7e9, 1.7e12])
def test_seconds_since_1970_stay_numbers(seconds, tmp_path):
    assert not seconds_of(written(tmp_path, timed(int(seconds) + 3600 * np.arange(ROWS)))).dates


@pytest.mark.parametrize("order", ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"])
@pytest.mark.parametrize(
    "times",
    [
        pd.date_range("2024-02-01", periods=ROWS, freq="2h"),
        pd.date_range("2024-02-01 00:00", periods=11).repeat(6)[:ROWS],
        pd.date_range("2019-01-01", periods=ROWS, freq="MS"),
    ],
    ids=["five days", "eleven days", "months"],
)
def test_of_two_orders_of_day_and_month_the_one_with_even_steps_is_read(order, times, tmp_path):
    clock = seconds_of(written(tmp_path, timed(f"{t:{order} %H:%M}" for t in times)))
    assert np.array_equal(clock.times, times.to_numpy("datetime64[s]").astype(np.int64))


@pytest.mark.parametrize(
    "words",
    [
        [f"{20 + n // 60}:{n % 60:02d}:00" for n in range(0, 10 * ROWS, 10)],
        [str(pd.Timedelta(minutes=n)) for n in range(0, 10 * ROWS, 10)],
    ],
)
def test_times_since_the_begin_of_a_recording_are_read(words, tmp_path):
    clock = seconds_of(written(tmp_path, timed(words)))
    assert not clock.dates and clock.step == 600 and not len(clock.gaps)


@pytest.mark.parametrize(
    ("times", "advice"),
    [
        ([f"{t} CET" for t in TIMES], r"found '2024-01-31 20:00:00 CET'.*drop=\['time'\] if the rows follow each other evenly"),
        ([f"2014-W{n:02d}" for n in range(ROWS)], r"found '2014-W00'.*drop=\['time'\]"),
        ([*TIMES[:-1], "Total"], r"row 61: .*found 'Total'. Leave the row out"),
        ([*TIMES[:30], "time", *TIMES[31:]], r"row 32: .*The line of names comes twice: leave this one out"),
        ([f"{t:%H:%M}" for t in TIMES], r"time falls.*midnight has passed: write the date.*drop=\['time'\]"),
        (
            [f"{t:%Y-%m-%d %H:%M}" for t in pd.date_range("2023-10-29 00:30", periods=ROWS, freq="10min", tz="Europe/Berlin")],
            r"from 2023-10-29 02:50 to 2023-10-29 02:00. If clocks were set back there.*drop=\['time'\]",
        ),
    ],
)  # fmt: skip
def test_times_that_cannot_be_used_are_refused_with_a_way_out(times, advice, tmp_path):
    path = written(tmp_path, timed(times))
    with pytest.raises(DataError, match=advice) as caught:
        own_sensors(path, time="time")
    if "drop=['time']" in str(caught.value):
        own_sensors(path, drop=["time"])


def test_an_index_of_dates_in_words_is_the_time(tmp_path):
    late = TIMES.where(np.arange(ROWS) < 40, TIMES + pd.Timedelta(hours=5))
    frame = pd.read_csv(written(tmp_path, timed(late)), index_col=0)
    assert own_sensors(frame).notes[0] == "gaps in the times: 1 (the usual step is 10 min, the widest gap 5.167 h)"
    frame.index = [f"machine {n}" for n in range(ROWS)]
    assert not any("gaps" in note for note in own_sensors(frame).notes)


def test_date_and_time_in_two_columns_are_to_be_joined(tmp_path):
    path = written(tmp_path, "Date,Time,a,b\n" + timed([f"{t:%Y-%m-%d,%H:%M}" for t in TIMES], head=""))
    with pytest.raises(
        DataError, match=r"column 2 \('Time'\) holds dates or times.*say drop=\['Time'\].*join them first"
    ):
        own_sensors(path, time="Date")
    with pytest.raises(DataError, match=r"time=\['Date', 'Time'\]: expected one column.*joined first"):
        own_sensors(path, time=["Date", "Time"])
    frame = pd.read_csv(path)
    frame = frame.assign(Date=frame["Date"] + " " + frame["Time"]).drop(columns="Time")
    assert not own_sensors(frame, time="Date").notes[0].startswith("gaps")


def test_spans_in_another_form_than_the_times_are_told_how_they_look(tmp_path):
    path = written(tmp_path, timed(1_704_067_200_000 + 600_000 * np.arange(ROWS)))
    with pytest.raises(DataError, match=r"They go from 1704067200000 to 1704102600000"):
        own_sensors(path, time="time", anomalies=[("2024-01-03", "2024-01-04")])


# --- advice ---


def test_what_is_said_already_is_no_advice():
    frame = pd.DataFrame({"a": A, "b": B, "fault": np.arange(ROWS) % 2, "valve": np.arange(ROWS) // 2 % 2})
    with pytest.raises(DataError, match=r"'valve'") as caught:
        own_sensors(frame, label="fault")
    assert "label=" not in str(caught.value)


def test_all_doubtful_columns_are_named_at_once():
    frame = pd.DataFrame({"a": A, "b": B, "c": np.arange(ROWS) % 2, "d": np.arange(ROWS) // 2 % 2, "e": A * B})
    with pytest.raises(DataError, match=r"keep=\['c', 'd'\], or keep=\"all\""):
        own_sensors(frame)
    assert own_sensors(frame, keep=["c", "d"]).train.shape[1] == 5
    frame[["x", "y"]] = np.nan
    with pytest.raises(DataError, match=r"2 columns are empty, the first is column 6 \('x'\): say drop=\['x', 'y'\]"):
        own_sensors(frame)


def test_the_value_that_means_normal_is_given_with_all_its_digits():
    frame = pd.DataFrame({"a": A, "b": B, "bytes": np.where(np.arange(ROWS) % 4, 4000787030016, 12000138625024)})
    with pytest.raises(DataError, match="normal=4000787030016 or"):
        own_sensors(frame)
    assert own_sensors(frame, label="bytes", normal=4000787030016).test_is_anomaly.sum() == 15


def test_words_that_are_other_in_each_row_are_no_label():
    frame = pd.DataFrame({"serial": [f"ZA{n}" for n in range(ROWS)], "a": A, "b": B})
    with pytest.raises(DataError, match=r"say drop=\['serial'\]") as caught:
        own_sensors(frame)
    assert "label=" not in str(caught.value)


@pytest.mark.parametrize("name", ["ok", "is_normal", "Healthy"])
def test_true_in_a_column_of_good_rows_is_no_anomaly(name):
    frame = pd.DataFrame({"a": A, "b": B, name: np.arange(ROWS) % 9 > 0})
    with pytest.raises(
        DataError, match=rf"\('{name}'\) holds False, True. Say which of them means normal, such as normal=True"
    ):
        own_sensors(frame, label=name)
    assert own_sensors(frame, label=name, normal=True).test_is_anomaly.sum() == 7


def test_an_empty_cell_may_mean_normal():
    frame = pd.DataFrame({"a": A, "b": B, "state": np.where(np.arange(ROWS) % 9, None, "leak")})
    with pytest.raises(DataError, match=r"row 1: .* is missing, and so in 52 more rows.*say normal=\"\"") as caught:
        own_sensors(frame, label="state", normal="leak")
    assert "holes=" not in str(caught.value)
    assert own_sensors(frame, label="state", normal="").test_is_anomaly.sum() == 7


@pytest.mark.parametrize("marks", [np.arange(ROWS) > 50, [0] * 51 + [1] * 9, pd.Series(np.arange(ROWS) > 50)])
@pytest.mark.parametrize("argument", ["anomalies", "label"])
@pytest.mark.parametrize(
    "loader",
    [own_sensors, own_windows, lambda table, **k: own_series(table, value="a", window=4, stride=1, **k)],
    ids=["sensors", "windows", "series"],
)
def test_a_mark_for_each_row_is_to_become_a_column(marks, argument, loader):
    frame = pd.DataFrame({"a": A, "b": B, "c": A * B, "d": A - B})
    column = {"anomalies": "anomaly", "label": "label"}[argument]
    with pytest.raises(DataError, match=rf"{argument}=: expected.*table.assign\({column}=values\).*label='{column}'"):
        loader(frame, **{argument: marks})
    data = loader(frame.assign(**{column: marks}), label=column, **({} if column == "anomaly" else {"normal": 0}))
    assert data.test_is_anomaly.sum() >= 9


def test_a_window_longer_than_the_series_is_named():
    with pytest.raises(DataError, match="60 moments give too few windows of 1000 samples"):
        own_series(A, window=1000)


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        (np.zeros((40, 9, 1)), r"array.squeeze\(\)"),
        (np.zeros((40, 9, 3)), r"array.reshape\(len\(array\), -1\)"),
        ({"a": A}, "pandas.DataFrame"),
        ({"data": A}, r"\['data'\]"),
        (io.StringIO("1,2"), "give its path"),
        (pd.DataFrame({"a": A, "b": B}).set_index([np.arange(ROWS) // 30, np.arange(ROWS) % 30]), r"reset_index\(\)"),
    ],
)
def test_what_is_almost_a_table_is_told_how_to_become_one(source, advice):
    with pytest.raises(DataError, match=advice):
        own_windows(source)


# --- files ---


@pytest.mark.parametrize("above", ["Logger XY, export\n", "Logger XY,,\n\n", "Logger XY,,\nin the cellar,,\n"])
def test_titles_above_the_names_are_passed_over(above, tmp_path):
    path = written(tmp_path, timed(TIMES, above=above))
    table = read_table(path)
    assert table.names == ("time", "a", "b") and len(table) == ROWS
    assert table.row(0) == f"row {above.count(chr(10)) + 2}"


def test_names_one_of_which_is_missing_are_no_title(tmp_path):
    table = read_table(written(tmp_path, ",artist,song\n" + "x,Foo,Bar\ny,Foo,Baz\n" * 30))
    assert table.names == (0, "artist", "song") and len(table) == 60


def test_settings_above_the_table_are_to_be_left_out(tmp_path):
    path = written(tmp_path, timed(TIMES, above="Rate,10\nSerial,1234\n"))
    with pytest.raises(
        DataError, match=r"row 3: expected 2 .*If the table begins in row 3, leave the lines above it out"
    ):
        read_table(path)


def test_titles_of_a_sheet_are_passed_over_and_other_sheets_named(tmp_path):
    frame = pd.DataFrame({"time": TIMES, "p": A, "": np.nan, "q": B})
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        frame.to_excel(book, index=False, startrow=3)
        book.sheets["Sheet1"]["A1"] = "Report of plant 3"
    table = read_table(tmp_path / "t.xlsx")
    assert table.names == ("time", "p", "q") and len(table) == ROWS and table.row(0) == "row 5"
    with pd.ExcelWriter(tmp_path / "n.xlsx") as book:
        pd.DataFrame({"Notes": []}).to_excel(book, sheet_name="Info", index=False)
        frame.to_excel(book, sheet_name="Data", index=False)
    with pytest.raises(DataError, match=r"Only the first sheet is read, of 'Info', 'Data': move"):
        read_table(tmp_path / "n.xlsx")


def test_rows_of_separators_behind_the_table_are_none(tmp_path):
    table = read_table(written(tmp_path, "a;b;;\n" + "1,5;2,5;;\n" * ROWS + ";;;\n" * 20))
    assert table.names == ("a", "b") and len(table) == ROWS
    inside = read_table(written(tmp_path, "a,b\n" + "1,2\n" * 30 + ",\n" + "1,2\n" * 30))
    assert len(inside) == 61


def test_a_quotation_mark_is_a_letter_in_a_tab_file_that_has_no_pairs_of_them(tmp_path):
    table = read_table(written(tmp_path, '1\tthe "5\tx\n2\ty\tx\n' * 30))
    assert len(table) == 60 and table.frame.iloc[0, 1] == 'the "5'
    table = read_table(written(tmp_path, '1\t"a\tb"\n2\t"y"\n' * 30))
    assert table.frame.iloc[:2, 1].tolist() == ["a\tb", "y"]


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        (
            "e.arff",
            "@relation e\n@attribute a numeric\n@data\n" + "1,2,3\n" * 40,
            r"Copy the lines below @data \(row 3\)",
        ),
        ("e.ts", "@problemName e\n@data\n" + "1,2,3:1\n" * 40, r"Copy the lines below @data \(row 2\)"),
        ("e.xls", "<html><table><tr><td>1</td></tr></table></html>", "save it from there as .xlsx"),
    ],
)
def test_other_forms_of_text_are_named(name, content, advice, tmp_path):
    with pytest.raises(DataError, match=advice):
        read_table(written(tmp_path, content, name))


def test_physionets_export_is_read_once_its_units_are_left_out(tmp_path):
    rows = "".join(f"'0:{n / 100:06.3f}',{a},{b}\n" for n, (a, b) in enumerate(zip([*A] * 5, [*B] * 5, strict=True)))
    names, units = "'Elapsed time','MLII','V5'\n", "'hh:mm:ss.mmm','mV','mV'\n"
    call = {"window": 10, "value": "MLII", "time": "Elapsed time"}
    with pytest.raises(DataError, match=r"row 2: .*found 'hh:mm:ss.mmm'. Leave the row out"):
        own_series(written(tmp_path, names + units + rows), **call)
    assert own_series(written(tmp_path, names + rows), **call).train.shape == (15, 10)


def test_the_time_that_moves_is_proposed(tmp_path):
    rows = "".join(f"2024-01-01,{t},{a},{b}\n" for t, a, b in zip(TIMES, A, B, strict=True))
    with pytest.raises(DataError, match="the times: time='_time'"):
        own_series(written(tmp_path, "_start,_time,a,b\n" + rows), window=5)
