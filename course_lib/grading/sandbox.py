"""The sandbox: no network, nothing to write to, and of the file system what Python and the course need, without the judges.

A runner starts the nursery in it (:mod:`course_lib.grading.nursery`); a connection that is handed to it is a room for one
submission. Without a runner that works, nothing is graded.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import course_lib
from course_lib.grading.isolation import SCRATCH, Limits, own_memory, taken_too_much

COURSE = Path(course_lib.__file__).resolve().parent
JUDGES = Path("classroom") / "judges"
INSIDE = "/room"  # where a container's nursery finds the judge's socket
START = 180.0  # seconds that the nursery gets to load Keras on a busy machine
_LOOK = 0.2  # seconds between two looks at a sandbox that holds one room
_SPARE = 1.25  # from outside it may have so much more than its warden inside allows, who can say why it ended

# What a folder that Python loads from holds of its own, and all that is shown of it: others may keep a class beside it.
_PARTS = ("bin", "lib", "lib32", "lib64", "libexec", "share", "pyvenv.cfg")

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SHARED = ("/usr/lib", "/usr/local/lib")  # where a system's own Python has its packages
_SETTINGS = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime")
_ENVIRONMENT = {
    "HOME": SCRATCH,
    "TMPDIR": SCRATCH,
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": SCRATCH,
    "KERAS_HOME": SCRATCH,
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "CUDA_VISIBLE_DEVICES": "",  # the same outcome on every machine
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Submissions are judged side by side: one core each.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    **dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"),
}


class NoSandbox(RuntimeError):
    """No runner works here; the message says what was tried and what to do."""


class Sandbox:
    """A running sandbox, and the way to make rooms in it. Use as a context manager.

    Args:
        runner: ``"bwrap"``, ``"podman"`` or ``"docker"``.
        keras: whether Keras is loaded before the first room.
        limits: what one submission may take.
        nested: whether rooms of one sandbox may have namespaces of their own, where the system allows it.

    Attributes:
        alone: whether each room has a sandbox of its own, because this system gives the rooms of one no separate namespaces.
    """

    def __init__(self, runner: str = "bwrap", *, keras: bool = True, limits: Limits | None = None, nested: bool = True):
        if runner not in RUNNERS:
            raise ValueError(f"The sandbox is one of {', '.join(RUNNERS)}; received {runner!r}.")
        self.runner, self.alone = runner, False
        self._keras, self._limits, self._nested = keras, limits or Limits(), nested
        self._process: subprocess.Popen | None = None
        self._control: socket.socket | None = None  # connections are handed to the nursery over it
        self._folder: Path | None = None

    def connect(self) -> socket.socket:
        """The judge's end of a new room.

        Raises:
            NoSandbox: if the sandbox cannot be started.
        """
        if self._process is None or self._process.poll() is not None or self.alone:
            self._start()
        try:
            return self._hand_over()
        except OSError:  # it ended a moment ago
            self._start()
            return self._hand_over()

    def close(self) -> None:
        """End the sandbox and every room in it."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _hand_over(self) -> socket.socket:
        ours, its = socket.socketpair()
        with its:
            try:
                socket.send_fds(self._control, [b"r"], [its.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def _start(self) -> None:
        self.close()
        nursery = ["-m", "course_lib.grading.nursery", "--limits", json.dumps(asdict(self._limits))]
        nursery += ["--keras"] if self._keras else []
        start = self._start_bubblewrap if self.runner == "bwrap" else self._start_container
        with tempfile.TemporaryFile() as complaints:
            try:
                said = start(nursery, complaints)
            except FileNotFoundError:
                self.close()
                raise NoSandbox(f"{self.runner} is not installed. {ADVICE[self.runner]}") from None
            if not said:
                complaints.seek(0)
                told = complaints.read()[-2000:].decode(errors="replace").strip()
                self.close()
                raise NoSandbox(f"{self.runner} did not start:\n{told}\n{ADVICE[self.runner]}")
        self.alone = json.loads(said)["alone"]
        if self.alone and self.runner == "bwrap":
            watching = threading.Thread(target=_watch, args=(self._process, self._limits), daemon=True)
            watching.start()

    def _start_bubblewrap(self, nursery: list[str], complaints) -> bytes:
        command = RUNNERS["bwrap"](None)
        if not self._nested:
            command[1:1] = ["--unshare-user", "--disable-userns"]
        self._control, its = socket.socketpair()
        with its:
            # Its own environment, which may hold an instructor's keys, is seen by whoever looks at the first process in it.
            self._process = subprocess.Popen(
                command + nursery, stdin=its, stdout=subprocess.PIPE, stderr=complaints, env={}
            )
        return _first_line(self._process)

    def _start_container(self, nursery: list[str], complaints) -> bytes:
        self._folder = Path(tempfile.mkdtemp(prefix="bottleneck-"))
        command = [*RUNNERS[self.runner](self._folder), *nursery, "--socket", f"{INSIDE}/socket"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(str(self._folder / "socket"))
            if os.getuid() == 0:  # inside it is nobody's
                self._folder.chmod(0o711)
                (self._folder / "socket").chmod(0o666)
            listening.listen(1)
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            )
            said = _first_line(self._process)
            if said:
                listening.settimeout(START)
                self._control, _ = listening.accept()
                self._control.settimeout(None)
        return said


def _watch(process: subprocess.Popen, limits: Limits) -> None:
    """End a sandbox with one room in it that takes too much; from outside, as nothing parts the room from its warden there."""
    before = own_memory()
    most = replace(limits, memory=int(limits.memory * _SPARE), processes=int(limits.processes * _SPARE))
    seen = ""
    while process.poll() is None:
        seen, before_that = taken_too_much(process.pid, most, before), seen
        if seen and before_that:  # its warden, which could have said why, had its time
            process.kill()
        time.sleep(_LOOK)


def _first_line(process: subprocess.Popen) -> bytes:
    """The first line that a process prints, or nothing if it ends or takes too long."""
    timer = threading.Timer(START, process.kill)
    timer.start()
    try:
        return process.stdout.readline()
    finally:
        timer.cancel()


def _needed() -> list[Path]:
    """Files and folders outside the system's own that this Python loads from."""
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).parent.parent}
    prefixes |= {Path(sys.executable).resolve().parent.parent}
    parts = [prefix / part for prefix in sorted(prefixes) for part in _PARTS]
    parts = [part for part in parts if part.exists() and not _is_within(part, _SYSTEM)]
    return parts + [folder for folder in _packages() if not _is_within(folder, (*_SYSTEM, *parts))]


def _packages() -> list[Path]:
    """Folders of packages that this Python was told of, such as those that ``pip install --user`` fills."""
    return [Path(place) for place in sys.path if place.endswith("-packages") and os.path.isdir(place)]


def _is_within(path: Path, places: Iterable[str | Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _hidden(needed: list[Path]) -> list[Path]:
    """Where judges lie: those of this course, and of another one that is installed beside it."""
    places = {COURSE / JUDGES}
    for part in (*needed, *map(Path, _SHARED)):
        places |= {found / JUDGES for found in (*part.glob("python3*/*-packages/course_lib"), part / "course_lib")}
    return sorted(place for place in places if place.is_dir())


@functools.cache
def _sized(program: str) -> list[str]:
    """The words that bound the next folder in memory; bubblewrap has them from 0.7 on."""
    told = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60)
    return ["--size", str(Limits().temporary)] if "--size" in told.stdout + told.stderr else []


def _bubblewrap(_: Path | None = None) -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        raise FileNotFoundError("bwrap")
    command = [program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    command += ["--hostname", "room"]  # and not that of an instructor's machine
    if os.getuid() == 0:
        command += ["--uid", "65534", "--gid", "65534"]
    size = [*_sized(program), "--tmpfs"]
    command += ["--proc", "/proc", "--dev", "/dev", *size, "/dev/shm", "--remount-ro", "/dev"]
    command += [*size, "/tmp"]  # before the others: the course itself may lie in /tmp
    for path in _SYSTEM:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    needed = _needed()
    for path in (*_SETTINGS, *map(str, needed)):
        command += ["--ro-bind-try", path, path]
    command += ["--ro-bind", str(COURSE), str(COURSE)]
    for path in _hidden(needed):
        command += ["--tmpfs", str(path), "--remount-ro", str(path)]
    command += ["--remount-ro", "/tmp", *size, SCRATCH, "--chdir", SCRATCH, "--remount-ro", "/"]
    for name, value in {**_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(map(str, (COURSE.parent, *_packages())))}.items():
        command += ["--setenv", name, value]
    return [*command, "--", sys.executable]


def _container(program: str):
    def command(folder: Path) -> list[str]:
        """The same folders in a container of the image ``bottleneck-sandbox``, which holds the course and its libraries."""
        settings = [part for name, value in _ENVIRONMENT.items() for part in ("--env", f"{name}={value}")]
        # Podman without root gives out other users' numbers inside; the socket's folder is open to this user alone.
        user = ["--userns=keep-id"] if program == "podman" and os.getuid() else []
        return [
            *(program, "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", *user),
            # SELinux would keep the container from the socket; nothing else of this machine is in it.
            *(
                "--security-opt=no-new-privileges",
                "--security-opt=label=disable",
                "--pids-limit=512",
                f"--tmpfs={SCRATCH}:size=64m",
                "--memory=4g",
            ),
            *(f"--user={os.getuid() or 65534}", f"--volume={folder}:{INSIDE}:ro", *settings, IMAGE, "python"),
        ]

    return command


IMAGE = "bottleneck-sandbox"
RUNNERS = {"bwrap": _bubblewrap, "podman": _container("podman"), "docker": _container("docker")}
ADVICE = {
    "bwrap": (
        "Install it with `sudo apt install bubblewrap` (Fedora: `sudo dnf install bubblewrap`). On Ubuntu 24.04 and later a user "
        "may make no namespaces until AppArmor has a profile for it: `python -m course_lib doctor --classroom` prints one."
    ),
    "podman": (
        f"Build the image once: `podman build -t {IMAGE} -f course_lib/grading/Containerfile .` in the course's folder. "
        "`python -m course_lib doctor --classroom` tries it."
    ),
    "docker": (
        f"Build the image once: `docker build -t {IMAGE} -f course_lib/grading/Containerfile .` in the course's folder. "
        "`python -m course_lib doctor --classroom` tries it."
    ),
}


def working_runner(wanted: str | None = None) -> str:
    """The runner that is wanted, or the first that works; each is tried with a room.

    Raises:
        NoSandbox: if it does not work, or none does, with what each said.
    """
    if sys.platform != "linux":
        raise NoSandbox("Grading needs Linux. What to do: python -m course_lib doctor --classroom")
    said = []
    for runner in [wanted] if wanted else RUNNERS:
        try:
            with Sandbox(runner, keras=False) as sandbox, contextlib.closing(sandbox.connect()):
                return runner
        except NoSandbox as error:
            said.append(str(error))
    raise NoSandbox("\n\n".join(said))
