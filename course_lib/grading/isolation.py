"""How a process inside the sandbox is shut off from its neighbours there: namespaces and limits of its own.

Bubblewrap (or a container) keeps everything out that is not the course's. Within it, one process loads Keras once and forks;
what this module adds is that no such child sees, reaches or outlives another. Linux only: the calls are those of unshare(2),
mount(2), capabilities(7) and setrlimit(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
SCRATCH = "/scratch"  # the one folder where a submission may write; the course itself may lie in /tmp

_NEW_MOUNTS, _NEW_NAMES, _NEW_IPC = 0x00020000, 0x04000000, 0x08000000
_NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_PRIVATE, _RECURSIVE, _NO_SUID, _NO_DEVICES = 1 << 18, 1 << 14, 2, 4
_NO_NEW_PRIVILEGES, _DROP_BOUND, _AMBIENT, _CLEAR_AMBIENT = 38, 24, 47, 4
_CAPABILITIES_VERSION_3, _CAPABILITIES = 0x20080522, 41
# Nothing of the neighbours, and no more than a size. /proc stays, as TensorFlow ends a process that has none: it lists the
# sandbox's processes, and the kernel lets nobody read in those of another user namespace.
_EMPTIED = SCRATCH, "/dev/shm"

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """What one submission may take.

    Attributes:
        memory: bytes of memory of all its processes together, beyond what they share with the process that bore them.
        processes: how many processes and threads.
        file: bytes of one file.
        temporary: bytes in its own ``/scratch``.
        open_files: how many files at a time.
    """

    memory: int = 2048 * MIB
    processes: int = 128
    file: int = 16 * MIB
    temporary: int = 64 * MIB
    open_files: int = 64


def _do(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def shut_off() -> None:
    """Give this process new namespaces; the children that it forks from now on live in them.

    Raises:
        OSError: if the system allows none; :mod:`course_lib.grading.sandbox` then gives each submission a sandbox of its own.
    """
    user, group = os.getuid(), os.getgid()
    new = _NEW_USERS | _NEW_MOUNTS | _NEW_IPC | _NEW_PROCESSES | _NEW_NETWORK | _NEW_NAMES
    _do(_libc.unshare(new), "namespaces")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    # Whoever could make further user namespaces could mount file systems without a limit in them.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def settle(limits: Limits, hidden: tuple[str, ...] = ()) -> None:
    """In a child of a process that was shut off: empty folders, no rights, no more than the limits.

    Args:
        limits: what it may take.
        hidden: further folders to empty.
    """
    _do(_libc.mount(b"none", b"/", None, _PRIVATE | _RECURSIVE, None), "mounts of its own")
    options = f"size={limits.temporary},mode=1777".encode()
    for folder in (*_EMPTIED, *hidden):
        if os.path.isdir(folder):
            _do(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", _NO_SUID | _NO_DEVICES, options), f"an empty {folder}")
    give_up_rights()
    bound(limits)


def give_up_rights() -> None:
    """No capability is left in any set, and no program can give one back."""
    _do(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    for capability in range(_CAPABILITIES):
        _libc.prctl(_DROP_BOUND, capability, 0, 0, 0)  # fails for those that this kernel does not know
    _libc.prctl(_AMBIENT, _CLEAR_AMBIENT, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    _do(_libc.capset(ctypes.byref(header), (ctypes.c_uint32 * 6)()), "no capabilities")


def bound(limits: Limits) -> None:
    """Set the limits that the kernel keeps for each process; memory of all together is watched from outside."""
    with contextlib.suppress(OSError):  # if memory runs out after all, this process is the first to go
        Path("/proc/self/oom_score_adj").write_text("1000")
    have = _data_of_this_process()
    for what, most in (
        (resource.RLIMIT_DATA, have + limits.memory),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _data_of_this_process() -> int:
    """Bytes that count against RLIMIT_DATA by now; with /proc hidden already, a generous guess."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    return 4096 * MIB


def watch(child: int, still_wanted, limits: Limits) -> str:
    """Wait for a child to end; kill it when nobody wants it any more or when it takes too much memory.

    Args:
        child: its number, as this process sees it. With it ends everything in its namespace.
        still_wanted: asked several times a second.
        limits: what it may take.

    Returns:
        ``"ended"``, ``"unwanted"`` or ``"memory"``.
    """
    why, wait = "ended", 0.01
    while True:
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            return why
        if why == "ended":
            if not still_wanted():
                why = "unwanted"
            elif _private_memory(child) > limits.memory:
                why = "memory"
            if why != "ended":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        time.sleep(wait)
        wait = min(2 * wait, 0.2)


def _private_memory(ancestor: int) -> int:
    """Bytes that a process and its descendants have for themselves."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
    family, grown = {ancestor}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    total = 0
    for pid in family:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Private_", "Swap:")):
                    total += int(line.split()[1]) * 1024
    return total
