"""A runner of the sandbox, tried in real rooms: one computes, looks for judges and for the network; others take too much memory."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from course_lib.classroom.doctor import Finding
from course_lib.grading import isolation
from course_lib.grading.room import Room, RoomEnded
from course_lib.grading.sandbox import ADVICE, COURSE, NoSandbox, Sandbox

HOLD_SECONDS = 10.0  # that processes keep their memory, if nobody ends them
ROOM_SECONDS = 60.0  # for a cell on a busy machine
MEMORY = 256 << 20  # bytes that a room gets here

# ----- what is asked in a room

_COMPUTES = "import numpy as np\nprint(int((np.arange(10) ** 2).sum()))"
_COMPUTED = "285"
_FINDS_JUDGES = """
import pathlib, course_lib
print(len(list((pathlib.Path(course_lib.__file__).parent / "classroom" / "judges").rglob("*.*"))))
"""
_REACHES = """
import socket
reached = []
for family, address in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_UNIX, {name!r})):
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(5)
        try:
            line.connect(address)
            reached.append(address)
        except OSError:
            pass
print(reached or "nothing")
"""
_TAKES = "block = bytearray({size})\nfor place in range(0, len(block), 4096): block[place] = 1\nprint('taken')"
_TAKES_TOGETHER = """
import os, time
try:
    for _ in range({children}):
        if os.fork() == 0:
            block = bytearray({size})
            for place in range(0, len(block), 4096): block[place] = 1
            time.sleep({seconds})
            os._exit(0)
    time.sleep({seconds})
    print("taken")
except OSError:
    print("refused")
"""
_TAKES_SHARED = """
import mmap, time
block = mmap.mmap(-1, {size})
for place in range(0, len(block), 4096): block[place] = 1
time.sleep({seconds})
print("taken")
"""


def look(runner: str, *, keras: bool, anew: str = "") -> Iterator[Finding]:
    """Start a runner's sandbox and ask in its rooms.

    Args:
        runner: which.
        keras: also load Keras in one.
        anew: what builds its image anew; nothing for a runner without one.

    Raises:
        NoSandbox: if it does not start; the message is what it said.
    """
    try:
        with Sandbox(runner, keras=False, limits=isolation.Limits(memory=MEMORY)) as sandbox:
            Room(sandbox).close()  # the first starts the sandbox
            began = time.monotonic()
            with contextlib.closing(Room(sandbox)) as room:
                said = _said_in(room, _COMPUTES)
                yield _computes(runner, said, time.monotonic() - began, sandbox.alone)
                for one in (_same_course, _no_judge, _no_network):
                    yield one(runner, room, anew)
            yield _ended(runner, sandbox)
        if keras:
            with Sandbox(runner) as sandbox:
                yield _loads_keras(runner, sandbox)
    except (NoSandbox, OSError) as error:
        raise NoSandbox(str(error).replace(ADVICE[runner], "").strip()) from error


def _said_in(room, code: str) -> str:
    """What a cell prints in a room, or how it failed."""
    try:
        said = room.run_cell(code, ROOM_SECONDS)
    except RoomEnded as ended:
        return str(ended)
    return said["printed"].strip() if said["raised"] is None else str(said["raised"])


def _computes(runner: str, said: str, seconds: float, alone: bool) -> Finding:
    kind = "a sandbox for each submission: slower, as the libraries load anew" if alone else "one sandbox for all"
    good = said == _COMPUTED
    found = f"a room computes, {seconds:.2f} s ({kind})" if good else f"a room said {said!r} for {_COMPUTED}"
    return Finding(runner, good, found, "report this with what it says")


def fingerprint(course: Path) -> str:
    """SHA-256 of the course's modules, without the judges; runs in a room as well, which has no more than Python."""
    told = hashlib.sha256()
    for path in sorted(course.rglob("*.py")):
        name = path.relative_to(course).as_posix()
        if not name.startswith("classroom/judges/"):
            told.update(name.encode() + path.read_bytes())
    return told.hexdigest()


def _same_course(runner: str, room, anew: str) -> Finding:
    """An image may hold an older course than the one that judges."""
    code = (
        f"from __future__ import annotations\nimport hashlib, pathlib, course_lib\n{inspect.getsource(fingerprint)}\n"
        "print(fingerprint(pathlib.Path(course_lib.__file__).resolve().parent))"
    )
    same = _said_in(room, code) == fingerprint(COURSE)
    found = "the course in it is this one" if same else "the course in it is another than the one that judges"
    return Finding(runner, same, found, anew or "report this")


def _no_judge(runner: str, room, anew: str) -> Finding:
    said = _said_in(room, _FINDS_JUDGES)
    found = "no judge is in it" if said == "0" else f"it shows files of the judges ({said})"
    return Finding(runner, said == "0", found, anew or "report this; grade nothing with this runner")


def _no_network(runner: str, room, anew: str) -> Finding:
    """A room looks for two sockets that this process listens on, of which one needs no network but its namespace."""
    name = f"\0bottleneck-{os.urandom(16).hex()}" if sys.platform == "linux" else ""
    with contextlib.ExitStack() as stack:
        internet = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = internet.getsockname()
        with socket.create_connection(address, timeout=5):  # the look is worth nothing if nobody could connect
            internet.accept()[0].close()
        if name:
            local = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            local.bind(name)
            local.listen()
        said = _said_in(room, _REACHES.format(port=address[1], name=name or "/nowhere"))
    found = "the network is refused" if said == "nothing" else f"a room reaches the network ({said})"
    return Finding(runner, said == "nothing", found, "report this; grade nothing with this runner")


def _ended(runner: str, sandbox) -> Finding:
    """Too much memory: in one process, in several, and of the kind that the kernel's limit for a process leaves out."""
    ways = {
        "one process": (_TAKES.format(size=4 * MEMORY), "MemoryError"),
        # Together twice what is allowed, each less than that. Who may start no process takes nothing in it.
        "several": (_TAKES_TOGETHER.format(children=5, size=2 * MEMORY // 5, seconds=HOLD_SECONDS), "refused"),
        "shared memory": (_TAKES_SHARED.format(size=2 * MEMORY, seconds=HOLD_SECONDS), "MemoryError"),
    }
    held, other = [], []
    for who, (code, also_good) in ways.items():
        with contextlib.closing(Room(sandbox)) as room:
            said = _said_in(room, code)
            if said == "taken":
                held.append(who)
            elif not room.closed and not said.startswith(also_good):
                other.append(said)
    if held:
        found = f"no memory limit: {', '.join(held)} took more than a room may have and went on"
        return Finding(runner, False, found, _limit_memory(runner))
    if other:
        return Finding(runner, False, f"a room that took too much memory said {other[0]!r}", "report this")
    return Finding(runner, True, f"who takes more than {MEMORY >> 20} MiB, as this room may, is ended")


def _limit_memory(runner: str) -> str:
    if runner == "bwrap":
        return (
            "a room is weighed through /proc: look whether it is mounted with hidepid here (`mount | grep proc`); podman and\n"
            "docker set a limit of their own"
        )
    return (
        f"{runner} sets no limit where the kernel has no memory controller for it: see `{runner} info`; cgroups of version 2 have\n"
        "one (on a Raspberry Pi: cgroup_enable=memory in the kernel's command line)"
    )


def _loads_keras(runner: str, sandbox) -> Finding:
    began = time.monotonic()
    with contextlib.closing(Room(sandbox)) as room:
        said = _said_in(room, "import keras\nprint('keras', keras.__version__)")
    good = said.startswith("keras ")
    found = (
        f"{said.title()} loads in it, in {time.monotonic() - began:.0f} s" if good else f"Keras does not load: {said}"
    )
    fix = "`python -m course_lib doctor --deep`, which says whether Keras works outside of it"
    return Finding(runner, good, found, fix)
