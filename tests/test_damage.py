"""Awkward disks and damaged work folders: one line each, nothing lost, no traceback."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from pathlib import Path

import filelock
import pytest

from course_lib import below, check, crashes, datasets, guess, hint, progress, reveal, runtime
from course_lib.__main__ import main
from course_lib.classroom import cards, doctor, guesses, lab, places, records

RECORDS = {
    "version": 1,
    "exercises": {"psnr": {"checks": 3, "failures": 2, "last": "FAIL", "last_message": "…", "misconceptions": []}},
    "guesses": {"toy": {"question": "?", "options": ["heads", "tails"], "answer": "heads"}},
}


DAMAGE = {}


def damage(function):
    """Register a way to damage a work folder under its name; it may return how to undo it."""
    DAMAGE[function.__name__.replace("_", " ")] = function
    return function


def refusing(number: int, names: tuple[str, ...], function):
    """The function, which fails for paths that end in one of the names."""

    def refuse(*arguments, **options):
        if any(str(a).endswith(names) for a in arguments if isinstance(a, (str, Path))):
            raise OSError(number, os.strerror(number), str(arguments[0]))
        return function(*arguments, **options)

    return refuse


@damage
def marker_damaged(work, monkeypatch):
    (work / runtime.MARKER).write_bytes(b"\xff{half")


@damage
def marker_a_folder(work, monkeypatch):
    (work / runtime.MARKER).unlink()
    (work / runtime.MARKER).mkdir()


@damage
def progress_cut_short(work, monkeypatch):
    (work / records.FILE).write_text(json.dumps(RECORDS)[:-9], encoding="utf-8")


@damage
def progress_of_another_form(work, monkeypatch):
    changed = {**RECORDS, "exercises": ["psnr"], "guesses": {"toy": "heads"}}
    (work / records.FILE).write_text(json.dumps(changed), encoding="utf-8")


@damage
def progress_with_entries_of_another_form(work, monkeypatch):
    changed = {
        **RECORDS,
        "exercises": {"psnr": {"checks": "three", "failures": "two"}},
        "guesses": {"toy": {"answer": 1}},
    }
    (work / records.FILE).write_text(json.dumps(changed), encoding="utf-8")


@damage
def progress_without_end(work, monkeypatch):
    (work / records.FILE).write_text("[" * 100_000, encoding="utf-8")


@damage
def progress_a_folder(work, monkeypatch):
    (work / records.FILE).unlink()
    (work / records.FILE).mkdir()
    (work / records.FILE / "mine.txt").write_text("mine", encoding="utf-8")


@damage
def progress_unreadable(work, monkeypatch):
    refuse = refusing(errno.EACCES, (records.FILE,), Path.read_text)
    monkeypatch.setattr(Path, "read_text", refuse)


@damage
def lock_a_folder(work, monkeypatch):
    (work / records.LOCK).mkdir()


@damage
def lock_held(work, monkeypatch):
    lock = filelock.FileLock(work / records.LOCK)
    lock.acquire()
    return lock.release


@damage
def lock_refused(work, monkeypatch):
    monkeypatch.setattr(filelock.FileLock, "_acquire", refusing(errno.EROFS, ("",), filelock.FileLock._acquire))


@damage
def disk_full(work, monkeypatch):
    monkeypatch.setattr(tempfile, "mkstemp", refusing(errno.ENOSPC, ("",), tempfile.mkstemp))
    monkeypatch.setattr(shutil, "copyfile", _half_a_copy)
    monkeypatch.setattr(places, "probe", lambda folder: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space", "x")))


def _half_a_copy(source, target):
    Path(target).write_bytes(Path(source).read_bytes()[:100])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source), None, str(target))


@damage
def exercises_a_file(work, monkeypatch):
    shutil.rmtree(work / "exercises")
    (work / "exercises").write_text("mine", encoding="utf-8")


@damage
def solutions_a_file(work, monkeypatch):
    (work / "solutions").write_text("mine", encoding="utf-8")


@damage
def a_notebook_a_folder(work, monkeypatch):
    (work / "exercises" / "01_anatomy.ipynb").unlink()
    (work / "exercises" / "01_anatomy.ipynb").mkdir()
    (work / "exercises" / "01_anatomy.ipynb" / "mine.txt").write_text("mine", encoding="utf-8")


@damage
def current_folder_gone(work, monkeypatch):
    gone = work / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()


def psnr(x, y):
    return 3.0


def _guess(work):
    guess("toy", "Heads or tails?", ["heads", "tails"])


def _reveal(work):
    guesses._questions["toy"] = ["heads", "tails"]
    reveal("toy", {"heads": below(3, 2), "tails": below(2, 3)})


COMMANDS = {
    "check": lambda work: check(psnr),
    "hint": lambda work: [hint(psnr) for _ in range(3)],
    "progress": lambda work: print(str(progress(1)), progress(1)._repr_html_()),
    "guess": _guess,
    "reveal": _reveal,
    "progress command": lambda work: main(["progress", "1", "--work", str(work)]),
    "lab command": lambda work: main(["lab", "--work", str(work)]),
    "reset command": lambda work: main(["reset", "exercises/01_anatomy", "--work", str(work)]),
    "doctor command": lambda work: doctor.examine(work),
}


def kept(work: Path) -> set[bytes]:
    """What is the learner's in a work folder, wherever it lies now; of sound records that there are some."""
    found = {path.read_bytes() for path in work.rglob("*") if path.is_file() and path.name != runtime.MARKER}
    return {b"records" if _sound(content) else content for content in found} - {b""}


def _sound(content: bytes) -> bool:
    try:
        data = json.loads(content)
        return data["guesses"]["toy"]["answer"] == "heads" and data["exercises"]["psnr"]["checks"] >= 3
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


@pytest.fixture
def awkward(work, monkeypatch):
    """A work folder with records and a changed notebook, and a learner before it."""
    (work / records.FILE).write_text(json.dumps(RECORDS), encoding="utf-8")
    (work / "exercises" / "01_anatomy.ipynb").write_text("my answers", encoding="utf-8")
    monkeypatch.chdir(work)
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *widgets: shown.extend(widgets))
    monkeypatch.setattr(cards, "show", lambda card: shown.append(str(card)))
    monkeypatch.setattr(runtime, "headless", lambda: False)
    monkeypatch.setattr(runtime, "somebody_is_there", lambda: True)
    monkeypatch.setattr(lab, "serve", lambda *_: 0)
    monkeypatch.setattr(records, "trust", lambda path: None)
    monkeypatch.setattr(records, "PATIENCE", 0.02)
    monkeypatch.setattr(records, "_unsaved", {})
    monkeypatch.setattr(datasets, "verify", lambda: [])
    monkeypatch.setattr(crashes, "attempt", lambda *_: crashes.Attempt(0, "", 1.0))
    monkeypatch.setattr("course_lib.classroom.commands._hints_given", {})
    return work, shown


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("how", DAMAGE)
def test_no_damage_ends_a_command_or_loses_anything(awkward, monkeypatch, capsys, how, command):
    work, shown = awkward
    with monkeypatch.context() as patch:
        undo = DAMAGE[how](work, patch)
        before = kept(work)
        try:
            COMMANDS[command](work)
        finally:
            if undo:
                undo()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and len(err.splitlines()) <= 1, "a line each"
    assert before <= kept(work)
    assert not list(work.rglob("*.tmp")), "no half files"
    notices = [line for line in out.splitlines() if "could not be" in line]
    assert len(notices) <= (3 if command in ("hint", "progress") else 1), "one line for each time it is asked"
    if command in ("check", "hint"):
        assert any("psnr" in card for card in shown)
    if command == "guess":
        assert len(shown) == 1
    if command == "reveal":
        assert "The experiment says: tails (2 < 3)." in out


@pytest.mark.parametrize("how", ["lock a folder", "lock held", "lock refused", "disk full", "marker damaged"])
def test_what_can_still_be_read_is_used(awkward, monkeypatch, capsys, how):
    work, shown = awkward
    with monkeypatch.context() as patch:
        undo = DAMAGE[how](work, patch)
        reveal_it, hint_it = COMMANDS["reveal"], COMMANDS["hint"]
        reveal_it(work)
        hint_it(work)
        if undo:
            undo()
    assert "You guessed: heads." in capsys.readouterr().out
    assert all("The solution of psnr" in card for card in shown), "two checks have failed"


def test_a_full_disk_is_named_and_reset_changes_nothing(awkward, monkeypatch, capsys):
    work, _ = awkward
    with monkeypatch.context() as patch:
        disk_full(work, patch)
        assert (
            main(["lab", "--work", str(work)]) == 1
            and main(["reset", "exercises/01_anatomy", "--work", str(work)]) == 1
        )
    lab_line, reset_line = capsys.readouterr().err.splitlines()
    for line in (lab_line, reset_line):
        assert f"the disk of {places.disk_of(work)} is full" in line and "ake room" in line
    assert [path.name for path in (work / "exercises").iterdir()] == ["01_anatomy.ipynb"]


@pytest.mark.parametrize(
    ("how", "words"),
    [("exercises a file", "exercises is a file"), ("marker a folder", "cannot be read (Is a directory)")],
)
def test_what_is_in_the_way_of_the_lab_is_named(awkward, monkeypatch, capsys, how, words):
    work, _ = awkward
    DAMAGE[how](work, monkeypatch)
    assert main(["lab", "--work", str(work)]) == 1
    assert words in capsys.readouterr().err


def test_the_disk_fills_up_while_notebooks_are_copied(awkward, monkeypatch, capsys):
    work, _ = awkward
    monkeypatch.setattr(shutil, "copyfile", _half_a_copy)
    with pytest.raises(lab.LabError, match=r"the disk of .* is full: .* Make room"):
        lab.fill(work)
    assert not list(work.rglob("*.tmp"))


def test_the_probe_is_no_empty_file_and_leaves_nothing(tmp_path, monkeypatch):
    sizes = []
    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda self, data: sizes.append(len(data)) or write(self, data))
    places.probe(tmp_path)
    assert sizes[0] >= 4096 and not list(tmp_path.iterdir())


def test_a_notebook_that_cannot_be_renewed_does_not_keep_the_lab_from_starting(awkward, monkeypatch, capsys):
    work, _ = awkward
    lab.fill(work)
    (work / "notebooks" / "01_anatomy.ipynb").unlink()
    refuse = refusing(errno.EACCES, (f"01_anatomy.ipynb.{os.getpid()}.tmp",), shutil.copyfile)
    monkeypatch.setattr(shutil, "copyfile", refuse)
    (note,) = lab.fill(work)
    assert note.startswith("Left as they are: notebooks/01_anatomy.ipynb (Permission denied).")


def test_notebooks_that_cannot_be_signed_cost_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "trust", lambda path: "Read-only file system")
    (note,) = lab.fill(tmp_path / "work")
    assert "00_start_here.ipynb (Read-only file system) and" in note and "could not be signed" in note


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder that cannot be written."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(folder / name))
    probe = places.probe

    def refuse(there):
        if there == folder:
            raise OSError(errno.EROFS, "Read-only file system", str(there))
        probe(there)

    monkeypatch.setattr(places, "probe", refuse)
    return folder


def test_a_home_that_cannot_be_written_is_replaced_before_jupyter_starts(home, tmp_path, monkeypatch, capsys):
    seen = {}
    monkeypatch.setattr(lab, "serve", lambda command, environment: seen.update(environment) or 0)
    work = tmp_path / "work"
    assert main(["lab", "--work", str(work)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert f"cannot write to {home} (Read-only file system). For this course" in first and "Your copies" in second
    for variable in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
        assert Path(seen[variable]).is_dir() and work.resolve() / places.INSIDE in Path(seen[variable]).parents
    assert (Path(seen["JUPYTER_DATA_DIR"]) / "nbsignatures.db").exists(), "signed where JupyterLab looks"


def test_the_doctor_says_that_a_home_cannot_be_written(home, tmp_path, awkward, capsys):
    doctor.examine(tmp_path / "work")
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("✔ home"))
    assert str(home) in line and "JUPYTER_RUNTIME_DIR" in line


def test_without_a_folder_for_temporary_files_the_lab_makes_one(tmp_path, monkeypatch, capsys):
    def none():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setattr(tempfile, "gettempdir", none)
    said = places.settle(tmp_path)
    assert os.environ["TMPDIR"] == str(tmp_path.resolve() / places.INSIDE / "temporary") and "temporary files" in said


def test_a_sound_machine_is_left_as_it_is(tmp_path, monkeypatch):
    before = dict(os.environ)
    assert places.settle(tmp_path) is None and dict(os.environ) == before and not list(tmp_path.iterdir())


def test_the_doctor_names_what_is_damaged_in_a_work_folder(awkward, monkeypatch, capsys):
    work, _ = awkward
    expected = {
        "marker a folder": "is no file",
        "progress cut short": "progress.json is damaged",
        "progress unreadable": "progress.json cannot be read (Permission denied)",
        "lock held": ".progress.lock cannot be locked (another program holds it)",
        "exercises a file": "exercises is a file",
    }
    for how, words in expected.items():
        copy = work.parent / how
        shutil.copytree(work, copy)
        with monkeypatch.context() as patch:
            undo = DAMAGE[how](copy, patch)
            before = kept(copy)
            assert doctor.examine(copy) == 1
            assert kept(copy) == before, "looking changes nothing"
            if undo:
                undo()
        out = capsys.readouterr().out
        assert words in out and "fix: " in out, how


def test_a_link_that_leads_nowhere_is_named_and_left_alone(tmp_path, awkward, capsys):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "gone")
    for work in (link, tmp_path / "other"):
        if work != link:
            work.mkdir()
            (work / "notebooks").symlink_to(tmp_path / "disk" / "gone")
        assert main(["lab", "--work", str(work)]) == 1
        assert main(["reset", "notebooks/01_anatomy", "--work", str(work)]) == 1
        assert capsys.readouterr().err.count("gone, which is not there: connect the disk") == 2
        doctor.examine(work)
        assert "gone, which is not there\n  fix: connect the disk" in capsys.readouterr().out
    assert link.is_symlink() and not link.exists()


def test_a_path_that_no_system_takes_ends_in_one_line(tmp_path, awkward, capsys):
    work = tmp_path / ("x" * 300)
    assert main(["lab", "--work", str(work)]) == 1 and main(["progress", "--work", str(work)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2
    doctor.examine(work)
    assert "Error" not in capsys.readouterr().out
