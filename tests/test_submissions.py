"""What comes in: folders, downloads of Canvas and Moodle, zips and rosters. Every file is graded or named."""

from __future__ import annotations

import datetime
import json
import os
import struct
import unicodedata
import zipfile
from pathlib import Path

import pytest

from course_lib.grading import submissions as coming_in
from course_lib.grading.submissions import NothingHandedIn, Student, Submission, read_roster, submissions

HANDED_OUT = "02_undercomplete.ipynb"


def notebook(text: str = "x = 1") -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": text}]}).encode()


def folder_of(tmp_path: Path, *names: str) -> Path:
    place = tmp_path / "in"
    for name in names:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook(name))
    return place


def zip_of(path: Path, *names: str, **contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, notebook(name))
        for name, data in contents.items():
            made.writestr(name, data)
    return path


def taken(place: Path, *roster: Student) -> tuple[list[Submission], list[str]]:
    problems: list[str] = []
    return list(submissions(place, problems, roster)), problems


def whose(place: Path, *roster: Student) -> list[tuple[str, str]]:
    return [(found.student, found.file) for found in taken(place, *roster)[0]]


# ----- whose


CANVAS = {
    "chenanna_4711_90210_02_undercomplete.ipynb": ("4711", "chenanna", False),
    "chenanna_LATE_4711_90210_02_undercomplete.ipynb": ("4711", "chenanna", True),
    "chenanna_4711_90210_02_undercomplete-1.ipynb": ("4711", "chenanna", False),
    "müllerjörg_LATE_8_9_02_undercomplete-12.ipynb": ("8", "müllerjörg", True),
    "o_neil12_8_9_02_undercomplete.ipynb": ("8", "o_neil12", False),  # Canvas keeps letters, digits and _
    "anon_Ab3xY_9_02_undercomplete.ipynb": ("anon_Ab3xY", "anon_Ab3xY", False),
    "LATE_anon_Ab3xY_9_02_undercomplete.ipynb": ("anon_Ab3xY", "anon_Ab3xY", True),
}


@pytest.mark.parametrize("name, told", CANVAS.items(), ids=list(CANVAS))
def test_names_as_canvas_gives_them(tmp_path, name, told):
    (found,), problems = taken(folder_of(tmp_path, name))
    assert (found.student, found.name, found.late) == told and problems == []
    assert (found.file, found.lesson) == (HANDED_OUT, 2)


@pytest.mark.parametrize(
    "name",
    [
        "Anna Chen_1234_assignsubmission_file_/02_undercomplete.ipynb",
        "Anna Chen_1234_assignsubmission_file/02_undercomplete.ipynb",
        "Anna Chen_1234_assignsubmission_file_/mine/02_undercomplete.ipynb",
        "Anna Chen_1234_assignsubmission_file_02_undercomplete.ipynb",
    ],
)
def test_names_as_moodle_gives_them(tmp_path, name):
    (found,), problems = taken(folder_of(tmp_path, name))
    assert (found.student, found.name, found.file, found.late) == ("Anna Chen", "Anna Chen", HANDED_OUT, None)
    assert problems == []
    assert whose(zip_of(tmp_path / "moodle.zip", name)) == [("Anna Chen", HANDED_OUT)]


def test_moodles_number_is_another_in_each_assignment_and_the_student_the_same(tmp_path):
    place = folder_of(
        tmp_path,
        "A1/Anna Chen_1234_assignsubmission_file_/02_undercomplete.ipynb",
        "A1/Ben Ito_1235_assignsubmission_file_/02_undercomplete.ipynb",
        "A2/Ben Ito_1301_assignsubmission_file_/05_variational.ipynb",
    )
    found, problems = taken(place, Student("s1", "Anna Chen"), Student("s2", "Ito, Ben"))
    assert [(s.student, s.lesson) for s in found] == [("s1", 2), ("s2", 2), ("s2", 5)], problems


def test_two_students_with_the_same_name_stay_two(tmp_path):
    place = folder_of(
        tmp_path,
        "Li Wei_11_assignsubmission_file_/02_undercomplete.ipynb",
        "Li Wei_12_assignsubmission_file_/02_undercomplete.ipynb",
    )
    found, problems = taken(place)
    assert [s.student for s in found] == ["Li Wei (11)", "Li Wei (12)"]
    assert sum("Several students are called Li Wei" in problem for problem in problems) == 1
    known = [Student("s1", "Li Wei", moodle="12"), Student("s2", "Li Wei", moodle="11")]
    assert [s.student for s in taken(place, *known)[0]] == ["s2", "s1"]
    found, problems = taken(place, Student("s1", "Li Wei"), Student("s2", "Li Wei"))
    assert [s.student for s in found] == ["Li Wei (11)", "Li Wei (12)"]
    assert any("may be any of s1, s2" in problem for problem in problems)
    canvas = folder_of(tmp_path / "c", "weili_1_5_02_undercomplete.ipynb", "weili_2_6_02_undercomplete.ipynb")
    assert [s.student for s in taken(canvas, Student("s1", "Wei Li", canvas="2"), Student("s2", "Wei Li", canvas="1"))[0]] == ["s2", "s1"]  # fmt: skip


@pytest.mark.parametrize(
    "names, students",
    [
        (["anna/02_undercomplete.ipynb", "ben/02_undercomplete.ipynb"], ["anna", "ben"]),
        (["class/anna/02_undercomplete.ipynb", "class/ben/02_undercomplete.ipynb"], ["anna", "ben"]),
        (["a/b/anna/02_undercomplete.ipynb", "a/b/ben/deep/er/02_undercomplete.ipynb"], ["anna", "ben"]),
        (["anna/02_undercomplete.ipynb", "anna/05_variational.ipynb"], ["anna", "anna"]),
        (["anna_02_undercomplete.ipynb", "ben_05_variational.ipynb"], ["anna", "ben"]),
        (["in/chenanna_1_2_02_a.ipynb", "in/itoben_2_3_02_a.ipynb"], ["1", "2"]),
        (["L2/chenanna_1_2_02_a.ipynb", "L5/chenanna_1_7_05_a.ipynb"], ["1", "1"]),
        (["Anna 🦉: χ/02_undercomplete.ipynb", "ben/02_undercomplete.ipynb"], ["Anna 🦉: χ", "ben"]),
        (["anna/02_undercomplete.ipynb/02_undercomplete.ipynb", "ben/02_undercomplete.ipynb"], ["anna", "ben"]),
    ],
)
def test_the_student_is_found_in_the_path(tmp_path, names, students):
    assert [student for student, _ in whose(folder_of(tmp_path, *names))] == students
    assert [student for student, _ in whose(zip_of(tmp_path / "all.zip", *names))] == students


def test_nobody_hands_in_for_somebody_else(tmp_path):
    place = folder_of(
        tmp_path,
        "anna/itoben_2_3_02_undercomplete.ipynb",
        "anna/Ben Ito_9_assignsubmission_file_/02_undercomplete.ipynb",
        "ben/02_undercomplete.ipynb",
    )
    assert [student for student, _ in whose(place)] == ["anna", "anna", "ben"]
    flat = folder_of(tmp_path / "m", "Anna Chen_5_assignsubmission_file_Ben Ito_9_assignsubmission_file_02_a.ipynb")
    assert [student for student, _ in whose(flat)] == ["Anna Chen"]
    canvas = folder_of(tmp_path / "c", "chenanna_5_6_itoben_7_8_02_a.ipynb")
    assert [student for student, _ in whose(canvas)] == ["5"]
    inner = zip_of(tmp_path / "inner.zip", "../ben/02_a.ipynb", "itoben_2_3_02_a.ipynb").read_bytes()
    outer = zip_of(tmp_path / "outer.zip", "itoben_2_4_02_a.ipynb", **{"chenanna_1_9_work.zip": inner})
    assert [student for student, _ in whose(outer)] == ["1", "2"]


@pytest.mark.parametrize("own", ["ben_2_3_02_a.ipynb", "ben/02_a.ipynb", "Ben Ito_9_assignsubmission_file_/02_a.ipynb"])
def test_the_first_to_hand_in_does_not_hand_in_for_somebody_else(tmp_path, own):
    roster = [Student("anna", "Anna Chen"), Student("ben", "Ben Ito", canvas="2")]
    assert {s for s, _ in whose(folder_of(tmp_path, f"anna/{own}", "anna/02_b.ipynb"), *roster)} == {"anna"}
    zipped = tmp_path / "z" / "Anna Chen"
    zipped.mkdir(parents=True)
    zip_of(zipped / "work.zip", own, "02_b.ipynb")
    assert {student for student, _ in whose(zipped.parent, *roster)} == {"anna"}


def test_thousands_of_notebooks_of_one_student_take_nobody_days(tmp_path):
    zip_of(
        folder_of(tmp_path, "ben/02_a.ipynb") / "anna.zip",
        *(f"{n:04d}.ipynb" for n in range(coming_in.MOST_OF_ONE + 7)),
    )
    found, problems = taken(tmp_path / "in")
    assert len(found) == coming_in.MOST_OF_ONE + 1 and found[-1].student == "ben"
    assert any("anna handed in 107 notebooks; the first 100" in problem for problem in problems)


def test_a_name_is_the_same_however_its_letters_are_put_together(tmp_path):
    for form, lesson in (("NFC", "02_a"), ("NFD", "05_b")):
        folder_of(tmp_path, f"{unicodedata.normalize(form, 'José')}/{lesson}.ipynb", "x/02_a.ipynb")
    assert {student for student, _ in whose(tmp_path / "in")} == {unicodedata.normalize("NFC", "José"), "x"}


def test_names_that_are_no_text_can_be_stored(tmp_path):
    place = folder_of(tmp_path, "ben/02_a.ipynb")
    for name in (b"\xff\xfe", b"\xff\xfd"):
        folder = os.fsencode(place) + b"/" + name
        os.mkdir(folder)
        Path(os.fsdecode(folder + b"/02_a.ipynb")).write_bytes(notebook())
    students = [student for student, _ in whose(place)]
    assert len(set(students)) == 3 and all(student.encode("utf-8") for student in students)


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x9b", "\u202e", "\r", "\n"])
def test_no_name_commands_the_terminal_that_shows_it(tmp_path, sign):
    """Students name their files, and what is in a zip of theirs; names that differ stay different."""
    name = f"02_a{sign}[2Jb"
    place = folder_of(tmp_path, f"ada/{name}.ipynb", f"ada/{name}.txt", f"bob{sign}/02_x.ipynb", "bob/02_x.ipynb")
    zip_of(place / "ada" / f"{name}.zip", f"{name}.ipynb", f"../{name}.ipynb", f"{name}.txt")
    found, problems = taken(place, Student("eve", "Eve"))
    assert len({submission.student for submission in found}) == 3 and len(problems) >= 4
    told = [*problems, *(part for one in found for part in (one.student, one.name, one.file))]
    assert all(text.isprintable() for text in told)


def test_a_zip_that_does_not_say_its_encoding_is_read_as_utf_8(tmp_path):
    zip_of(tmp_path / "a.zip", "Jörg/02_a.ipynb", "Ann/02_a.ipynb")
    data = (tmp_path / "a.zip").read_bytes()
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag that says UTF-8 is taken off
        at = data.find(head)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", data, at + place)
            data = data[: at + place] + struct.pack("<H", flags & ~0x800) + data[at + place + 2 :]
            at = data.find(head, at + 4)
    (tmp_path / "b.zip").write_bytes(data)
    assert [student for student, _ in whose(tmp_path / "b.zip")] == ["Ann", "Jörg"]


def test_resubmissions_are_all_taken_with_their_times(tmp_path):
    place = folder_of(tmp_path, "chenanna_1_2_02_a.ipynb", "chenanna_LATE_1_9_02_a-1.ipynb")
    os.utime(place / "chenanna_1_2_02_a.ipynb", (1_700_000_000, 1_700_000_000))
    first, second = taken(place)[0]
    assert (first.student, first.file, first.late) == (second.student, second.file, False) == ("1", "02_a.ipynb", False)
    assert (
        second.late
        and first.sha256 != second.sha256
        and first.when == datetime.datetime.fromtimestamp(1_700_000_000, datetime.UTC)
    )


# ----- everything is graded or named


def test_each_file_that_is_found_is_graded_or_named(tmp_path):
    names = [
        "anna/02_undercomplete.ipynb", "anna/report.pdf", "anna/.ipynb_checkpoints/02_undercomplete-checkpoint.ipynb",
        "anna/photo.png", "anna/05_variational.py", "anna/helpers.py", "ben/02_undercomplete.ipynb.txt", "ben/.DS_Store",
        "ben/02_undercomplete.html", "__MACOSX/ben/._02_undercomplete.ipynb", "ben/02_undercomplete (1).ipynb", "chris/empty.docx",
    ]  # fmt: skip
    place = folder_of(tmp_path, *names)
    zip_of(place / "ben" / "more.zip", "07_a.ipynb", "notes.txt", "__MACOSX/._07_a.ipynb")
    (place / "ben" / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    (place / "anna" / "linked.ipynb").symlink_to(place / "ben" / "02_undercomplete.ipynb.txt")
    (place / "anna" / "linked").symlink_to(place / "ben")
    (place / "anna" / "03_folder.ipynb").mkdir()
    os.mkfifo(place / "anna" / "04_pipe.ipynb")
    found, problems = taken(place)
    text = "\n".join(problems)
    graded = {found.data.decode() for found in found}
    for name in names:
        assert (notebook(name).decode() in graded) != (name in text), name
    for name in ("broken.zip", "linked.ipynb", "anna/linked is a link", "03_folder.ipynb is a folder", "04_pipe.ipynb", "notes.txt", "__MACOSX/._07_a.ipynb"):  # fmt: skip
        assert name in text, (name, text)
    assert len(found) == 5 and ("ben", "07_a.ipynb") in [(s.student, s.file) for s in found]
    assert len(list(coming_in.names(place))) >= len(found)


def test_an_empty_file_is_a_submission(tmp_path):
    (folder_of(tmp_path, "ben/02_a.ipynb") / "ben" / "02_a.ipynb").write_bytes(b"")
    assert [found.data for found in taken(tmp_path / "in")[0]] == [b""]


def test_of_a_large_notebook_the_outputs_are_left_out_and_of_a_larger_one_the_rest(tmp_path):
    place = folder_of(tmp_path, "ben/02_a.ipynb")
    cell = {"cell_type": "code", "source": "x = 1", "outputs": ["o" * (20 << 20)]}
    (place / "ben" / "02_a.ipynb").write_bytes(json.dumps({"cells": [cell]}).encode())
    (place / "ben" / "05_a.ipynb").write_bytes(b" " * (20 << 20))
    zip_of(place / "ben" / "z.zip", **{"07_a.ipynb": (place / "ben" / "02_a.ipynb").read_bytes()})
    slim, cut, zipped = (found.data for found in taken(place)[0])
    assert json.loads(slim)["cells"][0]["source"] == "x = 1" and len(slim) < 1000
    assert len(cut) == coming_in.MOST + 1 and zipped == slim


@pytest.mark.parametrize("kind", ["missing", "empty", "no notebook", "a file"])
def test_where_nothing_is_the_message_says_what_was_expected(tmp_path, kind):
    place = tmp_path / "in"
    if kind == "a file":
        place.write_text("hello")
    elif kind != "missing":
        place.mkdir()
    if kind == "no notebook":
        (place / "report.pdf").write_text("x")
    with pytest.raises(NothingHandedIn) as raised:
        taken(place)
    assert {
        "missing": "no such folder", "empty": "one folder for each student", "no notebook": "report.pdf", "a file": "neither a folder",
    }[kind] in str(raised.value)  # fmt: skip


# ----- zips that are made to harm


def honest_among(tmp_path: Path, name: str, data: bytes | None = None, **options) -> tuple[list[str], str]:
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("anna/02_a.ipynb", notebook())
        made.writestr("zoe/02_a.ipynb", notebook())
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = options.get("mode", 0o644) << 16
        made.writestr(entry, notebook() if data is None else data)
    found, problems = taken(path)
    return [s.student for s in found], "\n".join(problems)


@pytest.mark.parametrize(
    "name", ["../../evil/02_a.ipynb", "/etc/02_a.ipynb", "mia/../../02_a.ipynb", "..\\evil\\02_a.ipynb"]
)
def test_a_path_out_of_the_zip_is_left_out(tmp_path, name):
    students, problems = honest_among(tmp_path, name)
    assert students == ["anna", "zoe"] and "outside of the zip" in problems
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class.zip"]


def test_a_link_in_a_zip_is_left_out(tmp_path):
    students, problems = honest_among(tmp_path, "mia/02_a.ipynb", b"/etc/passwd", mode=0o120777)
    assert students == ["anna", "zoe"] and "is a link" in problems


def test_a_zip_bomb_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(coming_in, "LARGEST", 1 << 20)
    students, problems = honest_among(tmp_path, "mia/02_a.ipynb", b"0" * (2 << 20))
    assert students == ["anna", "zoe"] and "too large when unpacked (2,097,152 bytes)" in problems
    monkeypatch.setattr(coming_in, "MOST_IN_ALL", 3 << 20)
    many = {f"{number:02}/02_a.ipynb": b"0" * (1 << 20) for number in range(9)}
    bomb = zip_of(tmp_path / "bomb.zip", "zz/02_a.ipynb", **many)
    found, problems = taken(bomb)
    assert [s.student for s in found] == ["00", "01", "02"] and len(problems) == 7
    assert bomb.stat().st_size * coming_in.MOST_RATIO < 3 << 20


def test_zips_in_zips_end_at_the_second(tmp_path):
    third = zip_of(tmp_path / "3.zip", "05_c.ipynb").read_bytes()
    second = zip_of(tmp_path / "2.zip", "05_b.ipynb", **{"third.zip": third}).read_bytes()
    students, problems = honest_among(tmp_path, "mia/second.zip", second)
    assert students == ["anna", "mia", "zoe"] and "a zip in a zip in a zip" in problems
    assert (
        honest_among(tmp_path, "mia/second.zip", second[: len(second) // 2])[1].count("no zip file that can be read")
        == 1
    )


@pytest.mark.parametrize("harm", ["encrypted", "damaged", "another method"])
def test_an_entry_that_cannot_be_read_is_named_and_the_others_are_taken(tmp_path, harm):
    path = zip_of(tmp_path / "class.zip", "anna/02_a.ipynb", "mia/02_a.ipynb", "zoe/02_a.ipynb")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as made:
        begins = made.getinfo("mia/02_a.ipynb").header_offset
    listed = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    if harm == "encrypted":
        data[begins + 6] |= 1
        data[listed + 8] |= 1
    elif harm == "another method":
        data[begins + 8] = data[listed + 10] = 99
    else:
        at = begins + 30 + len("mia/02_a.ipynb")
        data[at : at + 12] = b"\xff" * 12
    path.write_bytes(data)
    found, problems = taken(path)
    assert [s.student for s in found] == ["anna", "zoe"]
    assert len(problems) == 1 and "mia/02_a.ipynb" in problems[0], problems


def test_a_hundred_thousand_entries_take_seconds_and_those_beyond_are_told(tmp_path, monkeypatch):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("anna/02_a.ipynb", notebook())
        for number in range(5000):
            made.writestr(f"b/{number:06}.txt", b"")
    found, problems = taken(path)
    assert [s.student for s in found] == ["anna"]
    assert len(problems) == 1 and "and 4950 more" in problems[0] and len(problems[0]) < 5000
    monkeypatch.setattr(coming_in, "MOST_FILES", 100)
    assert "holds 5,001 files; the first 100 were looked at" in taken(path)[1][0]
    place = folder_of(tmp_path, *[f"s{number:03}/02_a.ipynb" for number in range(120)])
    found, problems = taken(place)
    assert len(found) == 100 and "holds more than 100 files" in problems[-1]


# ----- rosters


def roster(tmp_path: Path, text: str | bytes) -> list[Student]:
    path = tmp_path / "students.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_roster(path)


ANNA, BEN = Student("s1", "Anna Chen", "anna@uni.edu"), Student("s2", "Ben Ito", "ben@uni.edu")
PLAIN = "id,name,email\ns1,Anna Chen,anna@uni.edu\ns2,Ben Ito,ben@uni.edu\n"
ROSTERS = {
    "plain": PLAIN,
    "with a mark of order": b"\xef\xbb\xbf" + PLAIN.encode(),
    "semicolons": PLAIN.replace(",", ";"),
    "tabs, UTF-16, as Excel writes Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "lines of Windows, an empty one": PLAIN.replace("\n", "\r\n") + "\r\n,,\r\n",
    "odd headings": PLAIN.replace("id,name,email", '" Student ID ","FULL  NAME",E-Mail'),
    "more columns, another order": "section,email,name,id,x\nA,anna@uni.edu,Anna Chen,s1\nB,ben@uni.edu,Ben Ito,s2,more,and more\n",
    "first and last name, as Moodle's participants": "First name,Surname,ID number,Email address\nAnna,Chen,s1,anna@uni.edu\nBen,Ito,s2,ben@uni.edu\n",
    "empty lines above": "\n\n" + PLAIN,
    "quoted": '"id","name","email"\n"s1","Anna Chen","anna@uni.edu"\n"s2","Ben Ito","ben@uni.edu"\n',
}


@pytest.mark.parametrize("text", ROSTERS.values(), ids=ROSTERS)
def test_a_roster_in_many_forms_is_the_same(tmp_path, text):
    assert roster(tmp_path, text) == [ANNA, BEN]


def test_the_tables_of_canvas_and_moodle_are_rosters(tmp_path):
    canvas = "Student,ID,SIS User ID,SIS Login ID,Section,A1 (5)\n    Points Possible,,,,,10\n\"Chen, Anna\",4711,s1,chen,S,\n\"Student, Test\",99,,abc,S,\n"  # fmt: skip
    assert roster(tmp_path, canvas) == [
        Student("s1", "Chen, Anna", canvas="4711"),
        Student("99", "Student, Test", canvas="99"),
    ]
    place = folder_of(tmp_path, "chenanna_4711_5_02_a.ipynb", "studenttest_99_6_02_a.ipynb")
    assert [student for student, _ in whose(place, *roster(tmp_path, canvas))] == ["s1", "99"]
    worksheet = "Identifier,Full name,Email address,Status,Grade\nParticipant 1234,Anna Chen,anna@uni.edu,Submitted,-\n"
    assert roster(tmp_path, worksheet) == [Student("anna@uni.edu", "Anna Chen", "anna@uni.edu", moodle="1234")]


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "no header"), ("name\nAnna\n", "expected a column named id"), ("a;b\n1;2\n", "found a, b"), ("id,name\n", "no student below"),
        ("id,name\ns1,Anna\ns1,Ben\n", "line 3: the student 's1' stands there twice"), ("id,name\n,Anna\n", "line 2: Anna has nothing"),
        (b"\x00\x01\x02", "expected a column"),
    ],
)  # fmt: skip
def test_a_roster_that_cannot_be_used_is_refused_with_a_reason(tmp_path, text, says):
    with pytest.raises(ValueError, match=r"students\.csv") as raised:
        roster(tmp_path, text)
    assert says in str(raised.value)
    with pytest.raises(ValueError, match="could not be read"):
        read_roster(tmp_path / "nowhere.csv")


def test_columns_of_a_roster_that_are_not_read_are_named_in_one_line(tmp_path):
    def said(header: str, row: str) -> list[str]:
        path, notes = tmp_path / "students.csv", []
        path.write_text(f"{header}\n{row}\n", "utf-8")
        assert [student.key for student in read_roster(path, notes)] == ["s1"]
        return [note.removeprefix(f"{path}: ") for note in notes]

    assert said("ID,nmae, E-Mail", "s1,Anna,a@uni.edu") == ["the columns ID, E-Mail are read; not read: nmae."]
    assert said("id,name,email", "s1,Anna,a@uni.edu") == []
    (note,) = said("id," + ",".join(f"A{n}" for n in range(40)), "s1" + "," * 40)
    assert note.endswith("not read: A0, A1, A2, A3, A4, A5, A6, A7, A8, A9 and 30 more.")


def test_who_is_not_on_the_roster_is_graded_and_named_and_who_handed_in_nothing_too(tmp_path):
    place = folder_of(tmp_path, "anna/02_a.ipynb", "guest/02_a.ipynb", "guest/05_a.ipynb")
    found, problems = taken(place, Student("s1", "Anna Chen", "anna@uni.edu"), BEN)
    assert [(s.student, s.name) for s in found] == [("s1", "Anna Chen"), ("guest", "guest"), ("guest", "guest")]
    assert problems == [
        "guest is not on the roster; graded under guest.",
        "Nothing came from 1 on the roster: Ben Ito.",
    ]


@pytest.mark.parametrize(
    "folder", ["s1", "S1", "anna@uni.edu", "Anna Chen", "Chen, Anna", "anna chen", "Chen Anna", "anna"]
)
def test_a_folder_is_found_on_the_roster_by_what_it_may_be_called(tmp_path, folder):
    found, _ = taken(folder_of(tmp_path, f"{folder}/02_a.ipynb", "x/02_a.ipynb"), ANNA, BEN)
    assert "s1" in [s.student for s in found]


def test_the_name_of_canvas_is_found_on_the_roster(tmp_path):
    place = folder_of(tmp_path, "lopezgarciamaría_7_8_02_a.ipynb", "oneilsean_LATE_9_10_02_a.ipynb")
    known = [Student("s1", "María López García"), Student("s2", "O'Neil, Sean")]
    assert [student for student, _ in whose(place, *known)] == ["s1", "s2"]
    assert whose(place, Student("7", "Somebody"), *known)[0][0] == "7"
