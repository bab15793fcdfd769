"""What came in: a folder for each student, flat files as Canvas and Moodle deliver them, or a zip of either.

Nothing is unpacked to the disk: a zip's notebooks are read where they are, within limits, and no link is followed.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_lib.grading.notebooks import MOST

MOST_FILES = 100_000  # entries of a folder or a zip that are looked at
MOST_IN_ALL = 4 << 30  # bytes that the notebooks of one zip may have when unpacked
MOST_RATIO = 200  # how many times a zip's entry may grow

_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?$")
_CANVAS = re.compile(r"(?P<name>[^\W_]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<file>\d+)_(?P<title>.+)$")
_VERSION = re.compile(r"-\d+$")  # Canvas's mark of a file that was handed in again
_LESSON = re.compile(r"(?<!\d)(\d{2})_[a-z]")


class NothingHandedIn(ValueError):
    """No submission is where one was looked for; the message says what was expected."""


@dataclass(frozen=True)
class Submission:
    """One notebook of one student.

    Attributes:
        student: the student's key: the identifier of the learning platform, or the folder's name.
        name: the student's name, as far as it is known.
        file: the notebook's name, for the report.
        data: its bytes; at most one more than is ever read of a notebook.
        when: when it was handed in, if that is known.
        late: whether the platform says that it was late; None if it says nothing.
    """

    student: str
    name: str
    file: str
    data: bytes = field(repr=False)
    when: datetime.datetime | None = None
    late: bool | None = None

    @property
    def sha256(self) -> str:
        """What identifies its content."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def lesson(self) -> int | None:
        """Number of the lesson that its file's name begins with, or None."""
        found = _LESSON.search(PurePosixPath(self.file).name)
        return int(found.group(1)) if found else None


@dataclass(frozen=True)
class Student:
    """A line of the roster."""

    key: str
    name: str
    email: str = ""
    canvas: str = ""


def submissions(place: Path, problems: list[str]) -> Iterator[Submission]:
    """All submissions of a folder or a zip, in the order of their names.

    Args:
        place: the folder or the zip.
        problems: gets a sentence for each thing that could not be taken.

    Raises:
        NothingHandedIn: if there is no such place, or nothing in it is a notebook.
    """
    if not place.exists():
        raise NothingHandedIn(f"{place}: no such folder or zip file. Give the place where the submissions lie.")
    if place.is_dir():
        entries = _in_folder(place, problems)
    elif zipfile.is_zipfile(place):
        entries = _in_zip(place, place.name, problems)
    else:
        raise NothingHandedIn(f"{place} is neither a folder nor a zip file.")
    any_found = False
    for path, data, when in entries:
        any_found = True
        yield _submission(path, data, when)
    if not any_found:
        expected = "one folder for each student with notebooks (.ipynb) in it, files as Canvas or Moodle deliver them, or a zip of these"
        raise NothingHandedIn(f"{place} holds no notebook. Expected: {expected}.")


def names(place: Path) -> Iterator[str]:
    """The names of the notebooks of a folder or a zip, without reading them, for a progress bar.

    A zip within counts as one.
    """
    if place.is_dir():
        for _, _, files in os.walk(place, followlinks=False):
            yield from (name for name in files if name.lower().endswith((".ipynb", ".zip")))
    elif place.is_file() and zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as opened:
            yield from (name for name in opened.namelist() if name.lower().endswith((".ipynb", ".zip")))


_Entry = tuple[PurePosixPath, bytes, datetime.datetime | None]


def _in_folder(place: Path, problems: list[str]) -> Iterator[_Entry]:
    seen = 0
    for folder, folders, files in os.walk(place, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        for name in sorted(files):
            path = Path(folder) / name
            seen += 1
            if seen > MOST_FILES:
                problems.append(f"{place} holds more than {MOST_FILES:,} files; those after {path} were left out.")
                return
            if name.startswith(".") or path.suffix.lower() not in (".ipynb", ".zip"):
                continue
            own = PurePosixPath(path.relative_to(place).as_posix())
            try:
                found = path.lstat()
                if not stat.S_ISREG(found.st_mode):
                    problems.append(f"{own} is a link or no plain file: left out.")
                    continue
                if path.suffix.lower() == ".zip":
                    yield from ((own.with_suffix("") / p, data, w) for p, data, w in _in_zip(path, str(own), problems))
                    continue
                with path.open("rb") as file:
                    data = file.read(MOST + 1)
            except OSError as error:
                problems.append(f"{own} could not be read: {error.strerror or error}.")
                continue
            yield own, data, datetime.datetime.fromtimestamp(found.st_mtime, datetime.UTC)


def _in_zip(archive, shown: str, problems: list[str], depth: int = 0) -> Iterator[_Entry]:
    try:
        opened = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        problems.append(f"{shown} is no zip file that can be read: {error}.")
        return
    with opened:
        taken = 0
        entries = sorted(opened.infolist(), key=lambda entry: entry.filename)
        if len(entries) > MOST_FILES:
            problems.append(f"{shown} holds {len(entries):,} files; the first {MOST_FILES:,} were looked at.")
        for entry in entries[:MOST_FILES]:
            path = PurePosixPath(entry.filename.replace("\\", "/"))
            hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
            if entry.is_dir() or (hidden and ".." not in path.parts) or path.suffix.lower() not in (".ipynb", ".zip"):
                continue
            named = f"{entry.filename!r} in {shown}"
            if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(entry.external_attr >> 16):
                problems.append(f"{named} is a link or lies outside of the zip: left out.")
                continue
            most = MOST + 1 if path.suffix.lower() == ".ipynb" else 4 * MOST
            if entry.file_size > MOST_RATIO * max(entry.compress_size, 1024) or taken + entry.file_size > MOST_IN_ALL:
                problems.append(f"{named} would be far larger than the zip ({entry.file_size:,} bytes): left out.")
                continue
            try:
                with opened.open(entry) as file:  # what it says of its size may be a lie: read no more than allowed
                    data = file.read(most)
            except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
                problems.append(f"{named} could not be read: {error}.")
                continue
            taken += len(data)
            when = _time_of(entry)
            if path.suffix.lower() == ".ipynb":
                yield path, data, when
            elif depth == 0:  # a student's own zip within the platform's
                inner = _in_zip(io.BytesIO(data), named, problems, depth=1)
                yield from ((path.with_suffix("") / p, d, w) for p, d, w in inner)
            else:
                problems.append(f"{named} is a zip in a zip in a zip: left out.")


def _time_of(entry: zipfile.ZipInfo) -> datetime.datetime | None:
    try:
        return datetime.datetime(*entry.date_time, tzinfo=datetime.UTC)
    except ValueError:
        return None


def _submission(path: PurePosixPath, data: bytes, when: datetime.datetime | None) -> Submission:
    """Whose it is, by the ways in which platforms name files."""
    for number, part in enumerate(path.parts):
        stem = part.removesuffix(".ipynb")
        if found := _MOODLE.match(stem):
            file = found["file"] or path.parts[-1]
            return Submission(found["id"], found["name"], _with_suffix(file), data, when)
        if found := _CANVAS.match(stem):
            file = _with_suffix(_VERSION.sub("", found["title"])) if number == len(path.parts) - 1 else path.name
            return Submission(found["id"], found["name"], file, data, when, found["late"] is not None)
    student = path.parts[0] if len(path.parts) > 1 else path.stem
    return Submission(student, student, path.name, data, when)


def _with_suffix(file: str) -> str:
    return file if file.endswith(".ipynb") else f"{file}.ipynb"


_COLUMNS = {
    "key": ("id", "student_id", "sis user id", "id number", "username", "login", "student"),
    "name": ("name", "full name", "student name", "fullname"),
    "email": ("email", "email address", "e-mail"),
    "canvas": ("canvas_id", "canvas id", "canvas user id"),
}


def read_roster(path: Path) -> list[Student]:
    """The students of a course, from a table with a header: a column ``id``, and as far as there are ``name`` and ``email``.

    Raises:
        ValueError: if there is no such column, a key stands twice, or the file cannot be read; the message says where.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} could not be read as a table in UTF-8: {error}") from None
    try:
        dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    rows = csv.DictReader(io.StringIO(text), dialect=dialect)
    header = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    chosen = {what: next((header[name] for name in names if name in header), None) for what, names in _COLUMNS.items()}
    if chosen["key"] is None:
        raise ValueError(
            f"{path}: expected a column named id (or {', '.join(_COLUMNS['key'][1:])}); "
            f"found {', '.join(header) or 'no header'}."
        )
    students: dict[str, Student] = {}
    for line, row in enumerate(rows, start=2):
        key = (row[chosen["key"]] or "").strip()
        if not key:
            continue
        if key in students:
            raise ValueError(f"{path}, line {line}: the student {key!r} stands there twice.")
        told = {what: (row[name] or "").strip() if name else "" for what, name in chosen.items()}
        students[key] = Student(key, told["name"] or key, told["email"], told["canvas"])
    return list(students.values())
