"""The sandbox: no network, nothing to write to, and of the file system what Python and the course need, without the judges.

A runner starts the nursery in it (:mod:`course_lib.grading.nursery`); a connection to its socket is a room for one submission.
Without a runner that works, nothing is graded.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path

import course_lib
from course_lib.grading.isolation import SCRATCH, Limits

COURSE = Path(course_lib.__file__).resolve().parent
HIDDEN = COURSE / "classroom" / "judges"
INSIDE = "/room"  # where the nursery's socket lies, as it sees it
START = 180.0  # seconds that the nursery gets to load Keras on a busy machine

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
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

    Attributes:
        alone: whether each room has a sandbox of its own, because this system gives the rooms of one no separate namespaces.
    """

    def __init__(self, runner: str = "bwrap", *, keras: bool = True, limits: Limits | None = None):
        if runner not in RUNNERS:
            raise ValueError(f"The sandbox is one of {', '.join(RUNNERS)}; received {runner!r}.")
        self.runner, self.alone = runner, False
        self._keras, self._limits = keras, limits or Limits()
        self._process: subprocess.Popen | None = None
        self._folder: Path | None = None

    def connect(self) -> socket.socket:
        """The judge's end of a new room.

        Raises:
            NoSandbox: if the sandbox cannot be started.
        """
        if self._process is None or self._process.poll() is not None or self.alone:
            self._start()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self._folder / "socket"))
        except OSError:  # it ended a moment ago
            connection.close()
            self._start()
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.connect(str(self._folder / "socket"))
        return connection

    def close(self) -> None:
        """End the sandbox and every room in it."""
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

    def _start(self) -> None:
        self.close()
        self._folder = Path(tempfile.mkdtemp(prefix="bottleneck-"))
        self._folder.chmod(0o777 if os.getuid() == 0 else 0o700)  # inside it is nobody's
        nursery = ["-m", "course_lib.grading.nursery", f"{INSIDE}/socket", "--limits", json.dumps(asdict(self._limits))]
        command = RUNNERS[self.runner](self._folder) + nursery + (["--keras"] if self._keras else [])
        try:
            with tempfile.TemporaryFile() as complaints:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
                )
                said = _first_line(self._process)
                if not said:
                    complaints.seek(0)
                    told = complaints.read()[-2000:].decode(errors="replace").strip()
        except FileNotFoundError:
            self.close()
            raise NoSandbox(f"{self.runner} is not installed. {ADVICE[self.runner]}") from None
        if not said:
            self.close()
            raise NoSandbox(f"{self.runner} did not start:\n{told}\n{ADVICE[self.runner]}")
        self.alone = json.loads(said)["alone"]


def _first_line(process: subprocess.Popen) -> bytes:
    """The first line that a process prints, or nothing if it ends or takes too long."""
    timer = threading.Timer(START, process.kill)
    timer.start()
    try:
        return process.stdout.readline()
    finally:
        timer.cancel()


def _needed() -> list[Path]:
    """Folders outside the system's own that this Python loads from."""
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).parent.parent}
    prefixes |= {Path(sys.executable).resolve().parent.parent}
    return sorted(p for p in prefixes if not any(p.is_relative_to(system) for system in _SYSTEM))


def _bubblewrap(folder: Path) -> list[str]:
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    if os.getuid() == 0:
        command += ["--uid", "65534", "--gid", "65534"]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # first: the course itself may lie in /tmp
    for path in _SYSTEM:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    for path in (*_SETTINGS, *map(str, _needed())):
        command += ["--ro-bind-try", path, path]
    command += ["--ro-bind", str(COURSE), str(COURSE), "--tmpfs", str(HIDDEN)]
    command += ["--remount-ro", "/tmp", "--tmpfs", SCRATCH, "--bind", str(folder), INSIDE, "--chdir", SCRATCH]
    for name, value in {**_ENVIRONMENT, "PYTHONPATH": str(COURSE.parent)}.items():
        command += ["--setenv", name, value]
    return [*command, "--", sys.executable]


def _container(program: str):
    def command(folder: Path) -> list[str]:
        """The same folders in a container of the image ``bottleneck-sandbox``, which holds the course and its libraries."""
        settings = [part for name, value in _ENVIRONMENT.items() for part in ("--env", f"{name}={value}")]
        return [
            *(program, "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL"),
            *("--security-opt=no-new-privileges", "--pids-limit=512", f"--tmpfs={SCRATCH}:size=64m", "--memory=4g"),
            *(f"--user={os.getuid() or 65534}", f"--volume={folder}:{INSIDE}", *settings, IMAGE, "python"),
        ]

    return command


IMAGE = "bottleneck-sandbox"
RUNNERS = {"bwrap": _bubblewrap, "podman": _container("podman"), "docker": _container("docker")}
ADVICE = {
    "bwrap": (
        "Install it with `sudo apt install bubblewrap` (Fedora: `sudo dnf install bubblewrap`). On Ubuntu 24.04 and later a user "
        "may make no namespaces until AppArmor has a profile for it: `python -m course_lib doctor --classroom` prints one."
    ),
    "podman": f"Build the image once: `podman build -t {IMAGE} -f classroom/Containerfile .` in the course's folder.",
    "docker": f"Build the image once: `docker build -t {IMAGE} -f classroom/Containerfile .` in the course's folder.",
}


def working_runner(wanted: str | None = None) -> str:
    """The runner that is wanted, or the first that works; each is tried with a room.

    Raises:
        NoSandbox: if it does not work, or none does, with what each said.
    """
    said = []
    for runner in [wanted] if wanted else RUNNERS:
        try:
            with Sandbox(runner, keras=False) as sandbox, contextlib.closing(sandbox.connect()):
                return runner
        except NoSandbox as error:
            said.append(str(error))
    raise NoSandbox("\n\n".join(said))
