"""Hostile submissions: none gains a point, reads, reaches or ends anything, and an honest one beside them gets its mark."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_attack import Attack
from made_hostile import ATTACKS, HONEST, KINDS, table

from course_lib.classroom import exercise as framework
from course_lib.classroom.exercise import PASS
from course_lib.classroom.time_limit import patience
from course_lib.grading import isolation, sandbox
from course_lib.grading.judging import Mark, grade
from course_lib.grading.notebooks import Cell, HandedIn
from course_lib.grading.room import Room, RoomEnded
from course_lib.grading.sandbox import NoSandbox, Sandbox, working_runner

NAME = "to_unit_range"
SECONDS = 2.0  # for an attack's answer, whatever else runs here: many never end,
ENOUGH = 40.0  # but not those that are to say something
LIMITS = isolation.Limits(memory=512 * isolation.MIB)  # so that it costs little to reach them
ROOT = Path(__file__).resolve().parent.parent

# Where each room has a sandbox of its own, those whom another wall holds back there.
ALONE = (
    "passwords, keys and hosts",
    "other processes' environment, memory and files",
    "a place to write beside its own",
    "rights of its own",
    "signals to everybody",
    "memory that belongs to no process",
    "memory that may not be looked at",
    "children by system calls",
    "shared memory filled",
)
AS_NOBODY = ("the judges' files", "passwords, keys and hosts", "rights of its own", "memory that may not be looked at")


@pytest.fixture(scope="module")
def running():
    with Sandbox("bwrap", keras=False, limits=LIMITS) as made:
        yield made


@pytest.fixture(scope="module")
def bystander(running):
    """A room of somebody else, in which a submission waits while the attacks run."""
    room = Room(running)
    room.run_cell("answer = 'untouched'")
    yield room
    room.close()


def judged(running: Sandbox, code: str, seconds: float = ENOUGH) -> Mark:
    exercise = dataclasses.replace(framework.find_exercise(NAME), time_limit=seconds / patience())
    handed_in = HandedIn([Cell(code, NAME, "answer")])
    (mark,) = grade(handed_in, [exercise], running, seed=7, submission=hashlib.sha256(code.encode()).hexdigest()).marks
    return mark


def gained(attack: Attack, running: Sandbox) -> str:
    """What an attack gains; nothing, as it should be, is an empty text."""
    mark = judged(running, attack.code, ENOUGH if attack.says else SECONDS)
    if mark.status == PASS:
        return "it passed"
    if attack.says not in mark.message:
        return f"it was told {mark.message!r}"
    if mark.fault:
        return f"the judge failed: {mark.fault}"
    if len(mark.message) > 4000 or not mark.message.replace("\n", "").replace("\t", "").isprintable():
        return f"its message is none for a report: {mark.message[:200]!r}"
    return ""


def named(names: tuple[str, ...]) -> list[Attack]:
    return [next(attack for attack in ATTACKS if attack.name == name) for name in names]


def ids(attack: Attack) -> str:
    return attack.name.replace(" ", "-")


@pytest.mark.sandbox
@pytest.mark.parametrize("attack", ATTACKS, ids=ids)
def test_an_attack_gains_nothing(attack, running, bystander):
    assert gained(attack, running) == ""
    assert bystander.run_cell("print(answer)")["printed"] == "untouched\n"


@pytest.mark.sandbox
@pytest.mark.parametrize("attack", named(ALONE), ids=ids)
def test_an_attack_gains_nothing_where_rooms_have_no_namespaces(attack):
    with Sandbox("bwrap", keras=False, limits=LIMITS, nested=False) as alone:
        assert gained(attack, alone) == ""
        assert alone.alone


@pytest.mark.sandbox
def test_an_honest_answer_passes_among_them(running):
    assert judged(running, HONEST).status == PASS


@pytest.mark.sandbox
def test_what_an_attack_leaves_is_met_by_nobody(running):
    leaving = "for folder in ('/scratch', '/dev/shm'):\n    open(folder + '/left', 'w').write('x')\n"
    judged(running, leaving + "def to_unit_range(x):\n    return x\n")
    looking = (
        "import os\ndef to_unit_range(x):\n    raise RuntimeError(os.listdir('/scratch') + os.listdir('/dev/shm'))\n"
    )
    assert "RuntimeError: []" in judged(running, looking).message


@pytest.mark.sandbox
@pytest.mark.parametrize("nested", [True, False], ids=["nested", "alone"])
def test_a_room_with_too_many_threads_is_ended(nested):
    """As root the kernel limits nobody; the warden counts. As another user a room cannot have so many in the first place."""
    limits = dataclasses.replace(LIMITS, processes=20)
    start = "import threading\nthreading.stack_size(2**16)\nfor _ in range(60): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    with Sandbox("bwrap", keras=False, limits=limits, nested=nested) as running:
        room = Room(running)
        try:
            raised = room.run_cell(start + "threading.Event().wait(60)")["raised"]
            assert raised.is_a("RuntimeError") and "start new thread" in raised.text
        except RoomEnded as ended:
            assert str(ended) == "It started more threads than a submission may have."
        finally:
            room.close()


@pytest.mark.sandbox
def test_a_stopped_warden_watches_no_more_and_its_room_is_ended_from_outside():
    """Where nothing parts a room from its warden, the room can stop it."""
    code = "import mmap, os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\na = mmap.mmap(-1, 2 * 10**9)\n"
    code += "for n in range(1900): a[n * 2**20 : (n + 1) * 2**20] = bytes([n % 255 + 1]) * 2**20\nimport time\ntime.sleep(60)"
    with Sandbox("bwrap", keras=False, limits=LIMITS, nested=False) as alone:
        room = Room(alone)
        with pytest.raises(RoomEnded, match="ended before it had answered"):
            room.run_cell(code, seconds=50)


def test_what_two_processes_share_is_counted():
    """Each has it in common with the other, so that neither has anything for itself."""
    script = (
        "import mmap, os, time\nfrom course_lib.grading import isolation\nfirst = os.fork()\n"
        "if first == 0:\n    a = mmap.mmap(-1, 100 << 20)\n    other = os.fork()\n    for n in range(100): a[n << 20 : n + 1 << 20] = b'x' * (1 << 20)\n"
        "    print(other, flush=True) if other else None\n    time.sleep(60)\n    os._exit(0)\n"
        "while not (told := isolation.taken_too_much(first, isolation.Limits(memory=50 << 20), isolation.own_memory())): time.sleep(0.05)\n"
        "more = isolation.taken_too_much(first, isolation.Limits(processes=1), 0)\n"
        "enough = isolation.taken_too_much(first, isolation.Limits(memory=150 << 20, processes=2), isolation.own_memory())\n"
        "print(told, more, enough or 'fits', flush=True)\nos.killpg(0, 9)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=_environment(), timeout=60, start_new_session=True
    )
    assert done.stdout.splitlines()[-1] == "memory processes fits", done.stderr


@pytest.mark.sandbox
def test_with_the_judge_ends_the_sandbox(running):
    """Whatever a room does, it does not outlive the process that asks."""
    script = (
        "from course_lib.grading.sandbox import Sandbox\nfrom course_lib.grading.room import Room\n"
        "running = Sandbox('bwrap', keras=False)\nroom = Room(running)\nroom.run_cell('1')\n"
        "print(running._process.pid, flush=True)\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=_environment())
    pid = int(told.stdout)
    deadline = time.monotonic() + 30
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{pid}")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "HOME": "/nonexistent"}


def judge_as_an_ordinary_user() -> None:
    """Print what a few attacks gain and whether an honest answer passes, with and without nested namespaces."""
    told = {"user": os.getuid()}
    for nested in (True, False):
        with Sandbox("bwrap", keras=False, limits=LIMITS, nested=nested) as running:
            told[f"honest {nested}"] = judged(running, HONEST).status
            for attack in named(AS_NOBODY if nested else AS_NOBODY[1:]):
                told[f"{attack.name} {nested}"] = gained(attack, running)
    print(json.dumps(told))


def _barrier(path: Path) -> Path | None:
    """The outermost folder on the way to a path into which no other user may go."""
    return next((place for place in (*reversed(path.parents), path) if place.stat().st_mode & 0o005 != 0o005), None)


def _as_nobody(command: list[str], folder: Path) -> list[str]:
    """The command for an ordinary user, who meets what it needs where it lies, and nothing else in root's own folders."""
    needed = [Path(sys.prefix), Path(sys.base_prefix), ROOT]
    shut = {path: folder / str(n) for n, path in enumerate(dict.fromkeys(needed)) if _barrier(path)}
    steps = [f"mkdir {copy} && mount --bind {path} {copy}" for path, copy in shut.items()]
    steps += [f"mount -t tmpfs -o mode=755 none {barrier}" for barrier in dict.fromkeys(map(_barrier, shut))]
    steps += [f"mkdir -p {path} && mount --bind {copy} {path}" for path, copy in shut.items()]
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", *command]
    return ["unshare", "--mount", "sh", "-c", " && ".join([*steps, shlex.join(drop)])]


# Elsewhere all tests of this file run as an ordinary user anyway, or root itself may not.
if os.getuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0:

    @pytest.mark.sandbox
    def test_an_ordinary_user_is_as_safe(tmp_path):
        ask = [sys.executable, "-c", "import test_hostile\ntest_hostile.judge_as_an_ordinary_user()"]
        command = _as_nobody(ask, tmp_path)
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=_environment())
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        assert told.pop("user") == 65534
        assert {told.pop("honest True"), told.pop("honest False")} == {PASS}
        assert not any(told.values()), told


# ----- without a sandbox


def test_without_a_sandbox_nothing_is_graded(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoSandbox, match="bwrap is not installed"):
        working_runner()


def test_of_a_folder_that_python_loads_from_nothing_else_is_shown(monkeypatch, tmp_path):
    """A virtual environment made in the folder of a class must not show the class."""
    for name in ("bin", "lib", "submissions", "pyvenv.cfg", "gradebook.db"):
        (tmp_path / name).mkdir()
    judges = tmp_path / "lib" / "python3.12" / "site-packages" / "course_lib" / "classroom" / "judges"
    judges.mkdir(parents=True)
    of_the_system = tmp_path / "usr" / "lib" / "python3" / "dist-packages" / "course_lib" / "classroom" / "judges"
    of_the_system.mkdir(parents=True)
    monkeypatch.setattr(sandbox, "_SHARED", (str(tmp_path / "usr" / "lib"),))
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho no option for sizes\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    command = sandbox.RUNNERS["bwrap"](None)
    shown = {command[i + 1] for i, word in enumerate(command) if word.startswith(("--ro-bind", "--bind"))}
    assert {path for path in shown if path.startswith(str(tmp_path))} == {
        str(tmp_path / name) for name in ("bin", "lib", "pyvenv.cfg")
    }
    hidden = {command[i + 1] for i, word in enumerate(command) if word == "--tmpfs"}
    assert {str(judges), str(of_the_system), str(sandbox.COURSE / sandbox.JUDGES)} <= hidden
    assert "--bind" not in command and "/" not in shown and "--size" not in command  # an old one has no such option


def test_every_attack_stands_in_the_table():
    told = table()
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 75
    assert all(attack.name in told for attack in ATTACKS) and all(kind.stopped_by in told for kind in KINDS)
