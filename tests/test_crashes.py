"""A package that ends the process while it loads is named, by the doctor and by the next start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

from course_lib import _quiet, crashes
from course_lib.classroom import doctor, records

AVX = "compiled to use AVX instructions, but these are not available"
ABORTS = f"import os\nos.write(2, b'{AVX}\\n')\nos.abort()\n"


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    """A folder of packages that Python finds first, in the processes that the test starts; temporary files beside it."""
    folder = tmp_path / "fakes"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(records.course_root())]))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def put(name, text):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "__init__.py").write_text(text, encoding="utf-8")

    return put


def started(code: str, folder) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_start_that_dies_while_a_package_loads_is_told_by_the_next_one_and_by_the_doctor(work, fakes):
    fakes("keras", "import tensorflow")
    fakes("lancedb", "")
    fakes("tensorflow", ABORTS)
    code = "from course_lib import check; print('here'); import tensorflow"
    first = started(code, work / "exercises")
    assert first.returncode == -6 and AVX not in first.stderr, "the text is set aside, and nobody is left to show it"
    second = started(code, work / "exercises")
    told = [line for line in second.stderr.splitlines() if "The last start died while TensorFlow was loading" in line]
    assert len(told) == 1 and AVX in told[0] and "KERAS_BACKEND" in second.stderr

    (crash, again) = crashes.found(work)
    assert (crash.path.suffix, again.path.suffix) == (crashes.TOLD, crashes.NEW)
    status, text = examined(work)
    assert status == 1 and "ended with an abort (exit status -6): compiled to use AVX" in text
    assert "✘ kernel    the last start died while TensorFlow was loading" in text

    fakes("tensorflow", "")
    third = started(code, work / "exercises")
    assert third.returncode == 0 and "died" in third.stderr, "of the second start nobody has been told yet"
    assert started(code, work / "exercises").stderr == "" and crashes.found(work) == []
    assert not list((work / crashes.FOLDER).iterdir()), "what loads leaves nothing behind"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_package_that_dies_without_a_word_is_told_of_too(work, fakes):
    fakes("lancedb", "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    assert started("import course_lib, lancedb", work).returncode == -4
    assert "died while LanceDB was loading (illegal instruction)." in started("import course_lib", work).stderr


def examined(work) -> tuple[int, str]:
    """What the doctor says of loading, with the other looks as they are."""
    lines = []
    status = doctor.examine(work, show=lines.append)
    return status, "\n".join(lines)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_the_doctor_imports_in_processes_of_their_own_and_survives(tmp_path, fakes, monkeypatch):
    fakes("keras", "import tensorflow")
    fakes("tensorflow", ABORTS)
    fakes("lancedb", "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    monkeypatch.setattr(crashes, "instructions", lambda: {"sse2"})
    status, text = examined(tmp_path / "work")
    assert status == 1 and text.count("✘ loading") == 2
    assert f"importing tensorflow ended with an abort (exit status -6): {AVX}" in text
    assert "importing lancedb ended with an illegal instruction (exit status -4)" in text
    assert "lacks AVX," in text and "lacks AVX2," in text and "Only the database section of lesson 08" in text
    lines = []
    doctor.examine(tmp_path / "work", deep=True, show=lines.append)
    assert any(line.startswith("✘ training  training one step ended with an abort") for line in lines)


def test_a_package_that_loads_again_clears_what_was_noted(work, fakes):
    fakes("keras", "")
    fakes("lancedb", "")
    (work / crashes.FOLDER).mkdir(mode=0o700)
    (work / crashes.FOLDER / "tensorflow-1.txt").write_text(
        "Fatal Python error: Illegal instruction\n", encoding="utf-8"
    )
    status, text = examined(work)
    assert status == 0 and "an earlier start died while TensorFlow was loading (illegal instruction)" in text
    assert crashes.found(work) == []


@pytest.mark.parametrize(
    ("system", "status", "number"),
    [
        ("linux", -4, 4),
        ("linux", 132, 4),
        ("darwin", 134, 6),
        ("linux", -11, 11),
        ("linux", 1, None),
        ("linux", 0, None),
        ("win32", 0xC000001D, 4),
        ("win32", 0xC000001D - (1 << 32), 4),
        ("win32", 3, 6),
        ("win32", 1, None),
    ],
)
def test_exit_statuses_of_every_system_are_understood(monkeypatch, system, status, number):
    monkeypatch.setattr(crashes.sys, "platform", system)
    attempt = crashes.Attempt(status, "", 1.0)
    assert attempt.signal == number and attempt.missing_instructions is (number in (4, 6))


@pytest.mark.parametrize(
    ("system", "known", "words", "expected"),
    [
        ("linux", {"sse2"}, (), "lacks AVX"),
        ("linux", {"sse2", "avx"}, (), "--force-reinstall"),
        ("linux", {"avx"}, ("built for AVX2",), "lacks AVX"),
        ("win32", None, (), "most likely lacks AVX"),
        ("darwin", None, (), "a Python for arm64"),
    ],
)
def test_the_remedy_follows_what_is_known_of_the_processor(monkeypatch, system, known, words, expected):
    monkeypatch.setattr(crashes.sys, "platform", system)
    monkeypatch.setattr(crashes, "instructions", lambda: known)
    assert expected in crashes.remedy("tensorflow", words)


def test_an_import_that_never_ends_is_stopped():
    attempt = crashes.attempt("import time; print('so far', flush=True); time.sleep(60)", 1.0)
    assert attempt.status is None and not attempt.good and "no result after" in attempt.ending


def test_before_a_package_loads_that_this_processor_cannot_run_the_reader_is_warned(monkeypatch, capsys):
    monkeypatch.setattr(crashes, "instructions", lambda: {"sse2", "avx"})
    crashes.warn("tensorflow")
    assert capsys.readouterr().err == ""
    crashes.warn("lancedb")
    assert "If Python dies now, that is why" in capsys.readouterr().err


def test_a_start_that_still_loads_is_left_alone_and_two_do_not_disturb_each_other(work):
    with crashes.watched("tensorflow") as one, crashes.watched("tensorflow") as two:
        os.write(one, b"Fatal Python error: Aborted\n")
        assert one != two and len(list((work / crashes.FOLDER).glob("*.txt"))) == 2
        assert crashes.found(work) == []
    assert not list((work / crashes.FOLDER).iterdir())


def test_a_start_that_was_stopped_from_outside_is_no_crash(work, capsys):
    (work / crashes.FOLDER).mkdir(mode=0o700)
    (work / crashes.FOLDER / "tensorflow-1.txt").write_text("I0000 some notice\n", encoding="utf-8")
    crashes.tell()
    assert capsys.readouterr().err == "" and not list((work / crashes.FOLDER).iterdir())


def loading(body, name=_quiet.NOISY):
    """Run code as a package's is run while it loads: with standard error set aside."""

    class Loader:
        def create_module(self, spec):
            return None

        def exec_module(self, module):
            body()

    module = types.ModuleType(name)
    module.__spec__ = types.SimpleNamespace(loader=None)
    _quiet._Loader(Loader()).exec_module(module)


def test_where_no_file_can_be_made_packages_load_all_the_same(work, monkeypatch, capfd):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    loaded = []
    with monkeypatch.context() as patch:
        for name in ("mkstemp", "TemporaryFile", "gettempdir"):
            patch.setattr(tempfile, name, refuse)
        loading(lambda: loaded.append(os.write(2, b"a notice")))
    assert loaded == [8] and capfd.readouterr().err == "a notice"


def test_without_a_temporary_folder_the_way_out_is_said(work, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(work / "nowhere")])
    loaded = []
    with pytest.raises(FileNotFoundError, match="Set the environment variable TMPDIR"):
        loading(lambda: loaded.append(1))
    loading(lambda: loaded.append(2), "torch")
    assert loaded == [2]


def test_notices_are_quiet_unless_loading_fails(work, capfd):
    loading(lambda: os.write(2, b"a notice"))
    assert capfd.readouterr().err == ""
    loading(lambda: os.write(2, b"a warning"), "torch")
    assert capfd.readouterr().err == "a warning", "only TensorFlow's are known to be none of the learner's business"

    def fail():
        os.write(2, b"the cause")
        raise ImportError("no")

    with pytest.raises(ImportError):
        loading(fail)
    assert capfd.readouterr().err == "the cause"
    assert not list((work / crashes.FOLDER).iterdir())


def test_a_folder_that_somebody_else_prepared_is_not_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "theirs").mkdir()
    with crashes.watched("tensorflow"):
        (mine,) = tmp_path.glob("bottleneck-starts-*")
    mine.rmdir()
    mine.symlink_to(tmp_path / "theirs")
    with crashes.watched("tensorflow") as aside:
        assert aside is not None and not list((tmp_path / "theirs").iterdir())
    assert Path(mine).is_symlink()


WINDOWS_ERROR = """Traceback (most recent call last):
  File "C:/x/pywrap_tensorflow.py", line 73, in <module>
    from tensorflow.python._pywrap_tensorflow_internal import *
ImportError: DLL load failed while importing _pywrap_tensorflow_internal: A routine failed.


Failed to load the native TensorFlow runtime.
See https://www.tensorflow.org/install/errors for some common causes and solutions.
If you need help, create an issue."""


def test_the_error_is_told_although_advice_follows_it(tmp_path, fakes):
    fakes("keras", "import tensorflow")
    fakes("lancedb", "")
    fakes("tensorflow", f"raise ImportError({WINDOWS_ERROR!r})")
    status, text = examined(tmp_path / "work")
    assert status == 1 and "ended with exit status 1: ImportError: DLL load failed while importing" in text
    assert "fix: install Microsoft's Visual C++ Redistributable" in text


def test_a_package_that_ends_the_process_as_if_all_were_well_has_not_loaded(tmp_path, fakes):
    fakes("keras", "import os\nprint('x')\nos._exit(0)")
    fakes("lancedb", "raise SystemExit(0)")
    status, text = examined(tmp_path / "work")
    assert status == 1 and text.count("ended with exit status 0, before it was loaded") == 2
    assert "only the database section of lesson 08" in text


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_last_words_without_an_end_of_line_or_with_signs_that_control_a_terminal_are_kept(work, fakes):
    fakes("tensorflow", "import os\nos.write(2, b'\\x1b[31mno luck')\nos.abort()\n")
    started("import course_lib, tensorflow", work / "exercises")
    (crash,) = crashes.found(work)
    assert crash.words == ("[31mno luck",) and crash.reason == "Aborted"
