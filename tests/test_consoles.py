"""What the course prints comes out on every console: where signs are unknown, readable ones stand for them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from course_lib import runtime
from course_lib.classroom import lab, records

# A redirect on Windows, and a console where nobody set a language.
CONSOLES = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(params=CONSOLES)
def python(request, tmp_path):
    """A function that runs Python on such a console; packages that are slow to import are left empty."""
    for name in ("keras", "lancedb", "jupyterlab"):
        (tmp_path / "fakes" / name).mkdir(parents=True)
        for file in ("__init__.py", "__main__.py"):
            (tmp_path / "fakes" / name / file).write_text("", encoding="utf-8")
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONIOENCODING", "PYTHONUTF8", "COURSE_HEADLESS")}
    path = os.pathsep.join([str(tmp_path / "fakes"), str(records.course_root())])

    def run(code, *arguments):
        (tmp_path / "code.py").write_text(code, encoding="utf-8")
        return subprocess.run(
            [sys.executable, tmp_path / "code.py", *arguments],
            cwd=records.course_root(),
            capture_output=True,
            env={**variables, "PYTHONPATH": path, "KERAS_BACKEND": "tensorflow", **CONSOLES[request.param]},
        )

    return run


COMMANDS = """
import sys
from course_lib.__main__ import main
from course_lib.classroom import records
records.trust = lambda path: None
for command in ["lab"], ["progress", "1"], ["reset", "exercises/01_anatomy"], ["doctor"]:
    assert main([*command, "--work", sys.argv[1]]) == 0, command
"""


def test_every_command_of_a_learner(python, tmp_path):
    work = tmp_path / "Über Kurs"
    (work / "exercises").mkdir(parents=True)
    (work / runtime.MARKER).write_text('{"version": 1, "released": {}}', encoding="utf-8")
    noted = {"psnr": {"solved": "2026-01-01T00:00:00Z"}, "mse_per_image": {"failures": 2}}
    text = json.dumps({"version": 1, "exercises": noted, "guesses": {}})
    (work / "progress.json").write_text(text, encoding="utf-8")
    (work / "exercises" / "01_anatomy.ipynb").write_text("mine", encoding="utf-8")
    done = python(COMMANDS, work)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    out = done.stdout
    assert b"Your copies are in" in out and (os.fsencode(work) in out or str(work).encode("cp1252") in out)
    assert b"+ solved   psnr" in out and b"x tried    mse_per_image" in out and b"what you had is kept" in out
    assert b"+ machine" in out and b"Everything is in order" in out


LESSON = """
from course_lib import below, check, claim, guess, hint, progress, reveal

def psnr(x, y):
    return 3.0

check(psnr)
hint(psnr)
hint(psnr)
print(progress(1))
claim("σ² → ½", True, "≥ 3 “dB”")
guess("a", "Which…?", ["ja", "nein"])
reveal("a", {"ja": below(1, 2), "nein": below(2, 1)})
"""


def test_what_a_lesson_prints_in_plain_python(python):
    done = python(LESSON)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    out = done.stdout.replace(b"\r", b"")
    assert b"x FAIL" in out and b"+ sigma" in out and b" -> " in out and b"\n  o ja\n" in out


def test_commands_of_authors_and_measurements_prepare_their_output_too(monkeypatch):
    import authoring.__main__
    import bench.__main__

    for module, argv in ((authoring.__main__, ["authoring", "--help"]), (bench.__main__, ["bench", "--help"])):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit):
            module.main()
        print("✔", file=stream, flush=True)
        assert stream.buffer.getvalue().endswith(b"+\n")


@pytest.mark.parametrize(
    ("encoding", "text", "expected"),
    [
        ("ascii", "✔ ✘ ○ · … → σ² ½ ä α̂ ≥ “x” ★ ─┼│ 漢", '+ x o - ... -> sigma^2 1/2 a alpha >= "x" * -+| ?'),
        ("cp1252", "✔ · … → σ² ½ ä “x”", "+ · … -> sigma² ½ ä “x”"),
        ("cp437", "✔ · … → σ² ½ ä", "+ · ... -> σ² ½ ä"),
        ("latin-1", "✔ – ³", "+ - ³"),
        ("gbk", "✔ → σ ä", "+ → σ a"),
        ("shift_jis", "✔ → σ", "+ → σ"),
    ],
)
def test_signs_that_an_encoding_lacks_are_readable(monkeypatch, encoding, text, expected):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    runtime.let_output_survive()
    print(text, end="", file=stream, flush=True)
    assert stream.buffer.getvalue().decode(encoding) == expected


def test_streams_that_can_print_everything_and_those_of_others_are_left_alone(monkeypatch):
    whole = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    theirs = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    monkeypatch.setattr(sys, "stdout", whole)
    monkeypatch.setattr(sys, "stderr", theirs)
    runtime.let_output_survive()
    assert (whole.errors, theirs.errors) == ("strict", "replace")
    for nothing in (None, io.StringIO()):  # pythonw has no streams; a notebook's are of another kind
        monkeypatch.setattr(sys, "stdout", nothing)
        runtime.let_output_survive(ours=True)


def test_the_name_of_a_file_that_no_encoding_explains_is_printed_as_it_is(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    runtime.let_output_survive(ours=True)
    print(os.fsdecode(b"\xfcber.csv") if os.name != "nt" else "\udcfcber.csv", end="", file=stream, flush=True)
    assert stream.buffer.getvalue() == b"\xfcber.csv"


def test_an_error_of_encoding_is_no_unknown_lesson(monkeypatch, capsys):
    from course_lib.__main__ import main

    assert main(["progress", "99"]) == 1 and "one of the lessons" in capsys.readouterr().err

    def broken(*_):
        raise UnicodeEncodeError("charmap", "✔", 0, 1, "character maps to <undefined>")

    monkeypatch.setattr(lab, "reset", broken)
    with pytest.raises(UnicodeEncodeError):
        main(["reset", "exercises/01_anatomy"])


def command(*arguments, out, **environment) -> tuple[int, str]:
    """Exit status of a command of the course, and what it wrote to standard error."""
    variables = {**os.environ, "PYTHONPATH": str(records.course_root()), **environment}
    python = [sys.executable, *(["-S"] if environment.get("WITHOUT_PACKAGES") else []), "-m", "course_lib"]
    done = subprocess.run([*python, *arguments], stdout=out, stderr=subprocess.PIPE, env=variables, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_nobody_takes_ends_a_command_in_one_line(tmp_path, unbuffered):
    arguments = ("progress", "1", "--work", str(tmp_path))
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            status, said = command(*arguments, out=full, PYTHONUNBUFFERED=unbuffered)
        assert status == 1 and said == "standard output: No space left on device\n"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert command(*arguments, out=writer, PYTHONUNBUFFERED=unbuffered) == (0, "")
    finally:
        os.close(writer)


def test_without_its_packages_every_command_says_what_to_install(tmp_path):
    status, said = command("doctor", out=subprocess.DEVNULL, WITHOUT_PACKAGES="1")
    assert status == 1 and len(said.splitlines()) == 1
    assert "No module named 'filelock'" in said and "-m pip install -c constraints.txt -e ." in said


def test_what_is_missing_in_the_course_itself_is_not_put_on_the_machine(monkeypatch):
    from course_lib import __main__

    def broken(_):
        raise ImportError("cannot import name 'x'", name="course_lib.classroom.lab")

    monkeypatch.setattr(__main__, "_run", broken)
    with pytest.raises(ImportError):
        __main__.main([])


def test_ctrl_c_ends_a_command_without_a_traceback(monkeypatch, capsys):
    from course_lib import __main__

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "_run", interrupted)
    assert __main__.main([]) == __main__.INTERRUPTED and capsys.readouterr() == ("", "")
