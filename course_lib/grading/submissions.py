"""What came in: a folder for each student, flat files as Canvas and Moodle deliver them, or a zip of either.

Nothing is unpacked to the disk: a zip's notebooks are read where they are, within limits, and no link is followed. Every file that
is found becomes a submission or is named in a sentence.

The names are those of the platforms' own code: Canvas, ``lib/content_zipper.rb``, ``lastnamefirstname_LATE_userid_fileid_name``;
Moodle, ``mod/assign/classes/downloader.php``, ``Full Name_number_assignsubmission_file_/name`` or the same without a folder.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from course_lib.grading import signs
from course_lib.grading.notebooks import LARGEST, MOST, without_outputs

MOST_FILES = 100_000  # entries of a folder or a zip that are looked at
MOST_IN_ALL = 4 << 30  # bytes that what is in one zip may have when unpacked …
MOST_RATIO = 50  # … or that many times the zip's own size, if that is more: a large class may send much
MOST_OF_ONE = 100  # notebooks of one student in one run: a zip can hold thousands that take minutes each
MOST_NAMED = 50  # files that are named one by one in a sentence; of more their number is told

# Canvas takes all but letters, digits and _ out of a name, and Moodle the _: so neither a student's name nor the name of their file
# can pass for somebody else's number.
_CANVAS = re.compile(r"(?P<name>\w+?)_(?P<late>LATE_)?(?P<id>\d+)_(?P<file>\d+)_(?P<title>.+)$")
_CANVAS_ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon_(?P<id>[^\W_]+))_(?P<file>\d+)_(?P<title>.+)$")
_MOODLE = re.compile(r"(?P<name>[^_]+)(?:_(?P<id>\d+))?_assignsubmission_(?:file|onlinetext)(?:_(?P<title>.*))?$")
_VERSION = re.compile(r"-\d+$")  # Canvas's mark of a file that was handed in again
_LESSON = re.compile(r"(?<!\d)(\d{2})_[a-z]")
_NOTEBOOK = re.compile(r"\.ipynb(?:\.txt|\.json)?$", re.IGNORECASE)  # browsers add an ending of their own


class NothingHandedIn(ValueError):
    """No submission is where one was looked for; the message says what was expected."""


@dataclass(frozen=True)
class Submission:
    """One notebook of one student.

    Attributes:
        student: the student's key: of the roster, or the identifier of the learning platform, or the folder's name.
        name: the student's name, as far as it is known.
        file: the notebook's name, for the report.
        data: its bytes; of a large one without its outputs, and at most one more than is ever read of a notebook.
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
    """A line of the roster.

    Attributes:
        key: what identifies the student in the grade book.
        name: as it is shown.
        email: address, or nothing.
        canvas: the identifier of Canvas, or nothing.
        moodle: the number that Moodle gives for one assignment, or nothing.
    """

    key: str
    name: str
    email: str = ""
    canvas: str = ""
    moodle: str = ""


def submissions(place: Path, problems: list[str], roster: Iterable[Student] = ()) -> Iterator[Submission]:
    """All submissions of a folder or a zip, in the order of their names.

    Args:
        place: the folder or the zip.
        problems: gets a sentence for each thing that could not be taken, and, with a roster, for whoever is not on it or handed in
            nothing.
        roster: the students of the course; a submission then gets the key that its student has there.

    Raises:
        NothingHandedIn: if there is no such place, or nothing in it is a notebook.
    """
    if not place.exists():
        raise NothingHandedIn(f"{place}: no such folder or zip file. Give the place where the submissions lie.")
    left: list[str] = []
    if place.is_dir():
        entries = _in_folder(place, problems, left)
    elif zipfile.is_zipfile(place):
        entries = _in_zip(place, place.name, problems, left)
    else:
        raise NothingHandedIn(f"{place} is neither a folder nor a zip file.")
    whose = _Whose([PurePosixPath(name) for name in _paths(place)], problems, list(roster))
    taken: Counter[str] = Counter()
    for path, data, when in entries:
        submission = whose.submission(path, data, when)
        taken[submission.student] += 1
        if taken[submission.student] <= MOST_OF_ONE:
            yield submission
    for student, count in taken.items():
        if count > MOST_OF_ONE:
            problems.append(
                f"{student} handed in {count} notebooks; the first {MOST_OF_ONE} by their names were taken."
            )
    if left:
        shown = ", ".join(left[:MOST_NAMED]) + (f" and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else "")
        problems.append(f"Left out, as they are no notebooks: {shown}.")
    whose.say_who_is_missing()
    if not taken:
        expected = "one folder for each student with notebooks (.ipynb) in it, files as Canvas or Moodle deliver them, or a zip of these"
        said = "".join(f"\n{problem}" for problem in problems)
        raise NothingHandedIn(f"{place} holds no notebook. Expected: {expected}.{said}")


def names(place: Path) -> Iterator[str]:
    """The names of the notebooks of a folder or a zip, without reading them, for a progress bar.

    A zip within a zip counts as one.
    """
    for path in _paths(place):
        yield PurePosixPath(path).name


# ----- files


_Entry = tuple[PurePosixPath, bytes, datetime.datetime | None]


def _is_wanted(name: str) -> bool:
    """Whether a file is looked into: a notebook, one that was saved as a script, or a zip."""
    lower = name.lower()
    script = lower.endswith(".py") and _LESSON.search(lower)
    return bool(_NOTEBOOK.search(name) or lower.endswith(".zip") or script)


def _is_hidden(path: PurePosixPath) -> bool:
    """Whether a system or Jupyter put it there: checkpoints, ``.DS_Store``, ``__MACOSX``."""
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in path.parts)


def _leads_out(path: PurePosixPath) -> bool:
    return path.is_absolute() or ".." in path.parts


def _path(name: str) -> PurePosixPath:
    """A path that can be stored and shown: a Mac's é is that of others, and bytes that are no text stay apart."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("utf-8", "backslashreplace")
    return PurePosixPath(signs.spelled(unicodedata.normalize("NFC", name)))


def _without_zip(path: PurePosixPath) -> PurePosixPath:
    return path.with_name(path.name[:-4]) if path.name[:-4].strip(". ") else path


def _paths(place: Path) -> Iterator[str]:
    """What there is to look into, by name alone; also in the zips of a folder."""
    if place.is_dir():
        for folder, folders, files in os.walk(place, followlinks=False):
            folders.sort()
            for name in sorted(files):
                path = Path(folder) / name
                own = _path(path.relative_to(place).as_posix())
                if _is_hidden(own) or not _is_wanted(name):
                    continue
                if name.lower().endswith(".zip") and stat.S_ISREG(path.lstat().st_mode) and zipfile.is_zipfile(path):
                    yield from (str(_without_zip(own) / inner) for inner in _paths(path))
                else:
                    yield str(own)
    elif place.is_file() and zipfile.is_zipfile(place):
        try:
            with zipfile.ZipFile(place) as opened:
                for entry in opened.infolist():
                    path = _path_in_zip(entry)
                    if not (entry.is_dir() or _leads_out(path) or _is_hidden(path)) and _is_wanted(path.name):
                        yield str(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return  # whoever reads it says so


def _in_folder(place: Path, problems: list[str], left: list[str]) -> Iterator[_Entry]:
    seen = 0

    def refused(error: OSError) -> None:
        problems.append(f"The folder {_path(str(error.filename))} could not be opened: {error.strerror}.")

    for folder, folders, files in os.walk(place, followlinks=False, onerror=refused):
        folders.sort()
        own_folder = _path(Path(folder).relative_to(place).as_posix())
        for name in [name for name in folders if os.path.islink(os.path.join(folder, name))]:
            problems.append(f"{own_folder / _path(name)} is a link: left out.")
        if _NOTEBOOK.search(own_folder.name):
            problems.append(f"{own_folder} is a folder, and no notebook; what is in it was looked at.")
        for name in sorted(files):
            path, own = Path(folder) / name, own_folder / _path(name)
            seen += 1
            if seen > MOST_FILES:
                problems.append(
                    f"{place} holds more than {MOST_FILES:,} files; {own} and those after it were left out."
                )
                return
            if _is_hidden(own) or not _is_wanted(name):
                left.append(str(own))
                continue
            try:
                found = path.lstat()
                if not stat.S_ISREG(found.st_mode):
                    problems.append(f"{own} is a link or no plain file: left out.")
                    continue
                if name.lower().endswith(".zip"):
                    inner = _in_zip(path, str(own), problems, left)
                    yield from ((_without_zip(own) / p, data, when) for p, data, when in inner)
                    continue
                with path.open("rb") as file:
                    data = _slim(file.read(LARGEST + 1))
            except OSError as error:
                problems.append(f"{own} could not be read: {error.strerror or error}.")
                continue
            yield own, data, datetime.datetime.fromtimestamp(found.st_mtime, datetime.UTC)


def _slim(data: bytes) -> bytes:
    """A large file without outputs, and never more than shows that it is too long: many wait in memory at a time."""
    return without_outputs(data)[: MOST + 1] if len(data) > MOST else data


def _in_zip(archive, shown: str, problems: list[str], left: list[str], depth: int = 0) -> Iterator[_Entry]:
    try:
        opened = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        problems.append(f"{shown} is no zip file that can be read: {error}.")
        return
    with opened:
        size = os.path.getsize(archive) if isinstance(archive, Path) else len(archive.getbuffer())
        taken, most = 0, max(MOST_IN_ALL, MOST_RATIO * size)
        entries = sorted(opened.infolist(), key=lambda entry: entry.filename)
        if len(entries) > MOST_FILES:
            problems.append(f"{shown} holds {len(entries):,} files; the first {MOST_FILES:,} were looked at.")
        for entry in entries[:MOST_FILES]:
            path = _path_in_zip(entry)
            if entry.is_dir():
                continue
            if _is_hidden(path) or not _is_wanted(path.name):
                left.append(f"{path} in {shown}")
                continue
            named = f"{str(path)!r} in {shown}"
            if _leads_out(path) or stat.S_ISLNK(entry.external_attr >> 16):
                problems.append(f"{named} is a link or lies outside of the zip: left out.")
                continue
            if entry.file_size > LARGEST or taken + entry.file_size > most:
                problems.append(f"{named} is too large when unpacked ({entry.file_size:,} bytes): left out.")
                continue
            try:
                with opened.open(entry) as file:  # what it says of its size may be a lie: read no more than allowed
                    data = file.read(LARGEST + 1)
            except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
                problems.append(f"{named} could not be read: {error}.")
                continue
            except Exception as error:  # zlib's and lzma's own errors
                problems.append(f"{named} is damaged: {error}.")
                continue
            taken += len(data)
            if not path.name.lower().endswith(".zip"):
                yield path, _slim(data), _time_of(entry)
            elif depth == 0:  # a student's own zip within the platform's
                inner = _in_zip(io.BytesIO(data), named, problems, left, depth=1)
                yield from ((_without_zip(path) / p, d, w) for p, d, w in inner)
            else:
                problems.append(f"{named} is a zip in a zip in a zip: left out.")


def _path_in_zip(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = entry.filename
    if not entry.flag_bits & 0x800:  # it does not say that it is UTF-8, and often is
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return _path(name.replace("\\", "/"))


def _time_of(entry: zipfile.ZipInfo) -> datetime.datetime | None:
    try:
        return datetime.datetime(*entry.date_time).astimezone(datetime.UTC)  # a zip's times are local ones
    except (ValueError, OverflowError):
        return None


# ----- whose they are


@dataclass(frozen=True)
class _Told:
    """What a platform's name of a file or folder says."""

    platform: str
    name: str
    number: str
    title: str = ""
    late: bool | None = None


def _told(part: str) -> _Told | None:
    """What a part of a path says, if it is named as Canvas or Moodle do."""
    stem = _NOTEBOOK.sub("", part)
    if found := _MOODLE.match(stem):
        return _Told("Moodle", found["name"], found["id"] or "", found["title"] or "")
    if found := _CANVAS_ANONYMOUS.match(stem) or _CANVAS.match(stem):
        return _Told("Canvas", found["name"], found["id"], found["title"], found["late"] is not None)
    return None


class _Whose:
    """Whose a submission is. Which part of the paths tells that is found once, for all: no student's file can change it.

    Args:
        paths: of all that is looked into.
        problems: gets a sentence for each student who is not on the roster, or cannot be told from another.
        roster: the students; may be empty.
    """

    def __init__(self, paths: list[PurePosixPath], problems: list[str], roster: list[Student]):
        self._problems, self._roster = problems, roster
        self._part = _part_that_tells(paths, roster)
        self._seen: set[str] = set()  # keys
        self._said: set[str] = set()
        numbers = defaultdict(set)
        for path in paths:
            if len(path.parts) > self._part and (told := _told(path.parts[self._part])) and told.platform == "Moodle":
                numbers[told.name].add(told.number)
        self._namesakes = {name for name, own in numbers.items() if len(own) > 1}
        if self._part:
            self._say(f"The students were looked for in {'/'.join(paths[0].parts[: self._part])}.", "where")

    def submission(self, path: PurePosixPath, data: bytes, when: datetime.datetime | None) -> Submission:
        """The submission in a file."""
        number = min(self._part, len(path.parts) - 1)
        part, last = path.parts[number], number == len(path.parts) - 1
        if told := _told(part):
            title = _VERSION.sub("", told.title) if told.platform == "Canvas" else told.title
            file = _with_suffix(title) if last and title else path.name
            found = Submission(self._key(told), told.name, file, data, when, told.late)
        elif last:
            found = Submission(*2 * (self._named_in(path),), path.name, data, when)
        else:
            found = Submission(part, part, path.name, data, when)
        return self._on_roster(found, told)

    def say_who_is_missing(self) -> None:
        """Name those on the roster of whom nothing came."""
        if missing := [student.name for student in self._roster if student.key not in self._seen]:
            self._problems.append(f"Nothing came from {len(missing)} on the roster: {', '.join(missing[:MOST_NAMED])}.")

    def _key(self, told: _Told) -> str:
        if told.platform == "Canvas":
            return told.number if told.number.isdigit() else told.name
        # Moodle's number is another one in each assignment; what stays is the name.
        if told.name not in self._namesakes:
            return told.name
        self._say(
            f"Several students are called {told.name}: they are told apart by Moodle's number, which is another one in each "
            "assignment. A roster with the columns id and identifier says who is who.",
            told.name,
        )
        return f"{told.name} ({told.number})"

    def _named_in(self, path: PurePosixPath) -> str:
        """The student whom a file names that lies in no folder."""
        stem = _NOTEBOOK.sub("", path.name)
        lesson = _LESSON.search(stem)
        name = (stem[: lesson.start()] if lesson else stem).strip(" _-.")
        if not name:
            self._say(f"{path} lies in no student's folder, and names nobody; it was graded under {stem}.", str(path))
        return name or stem

    def _on_roster(self, found: Submission, told: _Told | None) -> Submission:
        if not self._roster:
            return found
        fits = _of(self._roster, found.name, told)
        if len(fits) == 1:
            self._seen.add(fits[0].key)
            return replace(found, student=fits[0].key, name=fits[0].name)
        who = f"{found.name} ({found.student})" if found.student != found.name else found.name
        told_apart = (
            f"{who} may be any of {', '.join(s.key for s in fits)} on the roster"
            if fits
            else f"{who} is not on the roster"
        )
        self._say(f"{told_apart}; graded under {found.student}.", found.student)
        return found

    def _say(self, problem: str, about: str) -> None:
        if about not in self._said:
            self._said.add(about)
            self._problems.append(problem)


def _part_that_tells(paths: list[PurePosixPath], roster: list[Student]) -> int:
    """Which part of the paths names the student: the first, but for folders that only wrap all others.

    Whoever is the first to hand in has a folder that holds all, and no name in it counts if the folder's own is on the roster.

    A folder that holds all wraps if several things lie in it of which one is a folder or bears a platform's name. Several folders wrap
    if each holds nothing but what bears a platform's name: downloads of several assignments.
    """
    if not paths:
        return 0
    common = len(PurePosixPath(os.path.commonpath([path.parent for path in paths])).parts)
    for number in range(common):
        part = paths[0].parts[number]
        if _told(part) or _of(roster, part, None):
            return number
    inner = {path.parts[common] for path in paths}
    if len(inner) > 1 and any(len(path.parts) > common + 1 for path in paths):
        downloads = all(len(path.parts) > common + 1 and _told(path.parts[common + 1]) for path in paths)
        return common + 1 if downloads and not any(map(_told, inner)) else common
    return common if any(map(_told, inner)) else 0


def _of(roster: list[Student], name: str, told: _Told | None) -> list[Student]:
    """The students of a roster whom a name and number may mean; the surest kind of evidence first."""
    plain = _plain(name)
    if told is not None and told.platform == "Canvas":
        ways = [lambda s: s.canvas == told.number, lambda s: s.key == told.number, lambda s: plain in _forms(s.name)]
    elif told is not None:
        ways = [lambda s: s.moodle == told.number != "" and plain in _forms(s.name), lambda s: plain in _forms(s.name)]
    else:
        ways = [
            lambda s: s.key == name,
            lambda s: name.casefold() in (s.key.casefold(), s.email.casefold(), s.email.casefold().partition("@")[0]),
            lambda s: plain in _forms(s.name),
        ]
    return next((fits for way in ways if (fits := [student for student in roster if way(student)])), [])


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def _forms(name: str) -> set[str]:
    """How platforms may write a name: as it is, and with the last name first."""
    last, comma, first = name.partition(",")
    words = name.split()
    turned = {first + last} if comma else {" ".join(words[n:] + words[:n]) for n in range(1, len(words))}
    return {_plain(form) for form in {name, *turned}} - {""}


def _with_suffix(file: str) -> str:
    return file if file.lower().endswith((".ipynb", ".py")) else f"{file}.ipynb"


# ----- roster


_COLUMNS = {
    "key": ("id", "student_id", "student id", "sis user id", "id number", "idnumber", "username", "login", "sis login id"),
    "name": ("name", "full name", "student name", "fullname", "student"),
    "email": ("email", "email address", "e-mail", "e-mail address", "mail"),
    "canvas": ("canvas_id", "canvas id", "canvas user id"),
    "moodle": ("identifier", "moodle", "participant"),
    "first": ("first name", "firstname", "given name"),
    "last": ("last name", "lastname", "surname", "family name"),
}  # fmt: skip
MOST_COLUMNS = 10  # that are not read, named in a sentence: Canvas's table has one for each assignment
_NO_STUDENT = "points possible"  # how Canvas begins the second line of its table


def read_roster(path: Path, notes: list[str] | None = None) -> list[Student]:
    """The students of a course, from a table with a header, as spreadsheets, Canvas and Moodle write it.

    It needs a column ``id``, or of addresses; ``name``, ``email``, ``canvas_id`` and ``identifier`` (Moodle's number in an assignment)
    are taken as far as there are such. Commas, semicolons and tabs part columns.

    Args:
        path: the table.
        notes: gets a sentence that says which columns are read, if there are others.

    Raises:
        ValueError: if there is no such column, a line has nothing in it, a key stands twice, or the file cannot be read; the message
            says where and what was expected.
    """
    try:
        text = _text_of(path.read_bytes())
    except OSError as error:
        raise ValueError(f"The roster {path} could not be read: {error.strerror or error}.") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    parts = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text.lstrip("\r\n ")), delimiter=parts, skipinitialspace=True)
    try:
        header = {" ".join((name or "").strip().lower().split()): name for name in rows.fieldnames or ()}
        lines = list(rows)
    except csv.Error as error:
        raise ValueError(f"The roster {path} is no table that can be read: {error}.") from None
    chosen = {what: next((header[name] for name in names if name in header), None) for what, names in _COLUMNS.items()}
    if "id" in header and "sis user id" in header:  # Canvas's own table: its id is the one in the names of files
        chosen |= {"key": header["sis user id"], "canvas": header["id"]}
    if chosen["key"] is None and chosen["email"] is None:
        raise ValueError(
            f"{path}: expected a column named id (or {', '.join(_COLUMNS['key'][1:])}), or one of addresses named email; "
            f"found {', '.join(filter(None, header)) or 'no header'}."
        )
    if notes is not None and (
        others := [name for told, name in header.items() if told and name not in chosen.values()]
    ):
        notes.append(_note(path, list(dict.fromkeys(name for name in chosen.values() if name)), others))
    students: dict[str, Student] = {}
    for line, row in enumerate(lines, start=2):
        told = {what: (row[name] or "").strip() if name else "" for what, name in chosen.items()}
        name = told["name"] or " ".join(filter(None, (told["first"], told["last"])))
        key = told["key"] or (told["email"] if chosen["key"] is None else "") or told["canvas"]
        if name.lower().startswith(_NO_STUDENT) or not any(told.values()):
            continue
        if not key:
            raise ValueError(
                f"{path}, line {line}: {name or told['email']} has nothing in the column {chosen['key'] or chosen['email']!r}."
            )
        if key in students:
            raise ValueError(f"{path}, line {line}: the student {key!r} stands there twice.")
        moodle = re.sub(r"\D", "", told["moodle"])
        students[key] = Student(key, name or key, told["email"], told["canvas"], moodle)
    if not students:
        raise ValueError(f"{path}: the table has a header, and no student below it.")
    return list(students.values())


def _note(path: Path, read: list[str], others: list[str]) -> str:
    """Which columns of a roster are read: a name that was mistyped is not, and nothing else would show it."""
    shown = ", ".join(name.strip() for name in others[:MOST_COLUMNS])
    more = f" and {len(others) - MOST_COLUMNS} more" if len(others) > MOST_COLUMNS else ""
    return f"{path}: the columns {', '.join(name.strip() for name in read)} are read; not read: {shown}{more}."


def _text_of(data: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return unicodedata.normalize("NFC", data.decode("utf-8-sig"))
    except UnicodeDecodeError:  # as Excel saves a CSV on Windows
        return data.decode("cp1252", errors="replace")
