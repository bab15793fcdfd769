"""How a process inside the sandbox is shut off from its neighbours there: namespaces and limits of its own.

Bubblewrap (or a container) keeps everything out that is not the course's. Within it, one process loads Keras once and forks;
what this module adds is that no such child sees, reaches or outlives another. Linux only: the calls are those of unshare(2),
mount(2), capabilities(7), setrlimit(2) and proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading import refusals

if sys.platform == "linux":  # elsewhere a report can still be made, and a hand-out
    import resource

MIB = 1 << 20
SCRATCH = "/scratch"  # the one folder where a submission may write; the course itself may lie in /tmp

_NEW_MOUNTS, _NEW_NAMES, _NEW_IPC = 0x00020000, 0x04000000, 0x08000000
_NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_PRIVATE, _RECURSIVE, _NO_SUID, _NO_DEVICES, _NO_PROGRAMS = 1 << 18, 1 << 14, 2, 4, 8
_READ_ONLY, _AGAIN, _THIS_PLACE = 1, 32, 4096
_DIE_WITH_PARENT, _DUMPABLE, _NO_NEW_PRIVILEGES, _DROP_BOUND, _AMBIENT, _CLEAR_AMBIENT = 1, 4, 38, 24, 47, 4
_CAPABILITIES_VERSION_3, _CAPABILITIES = 0x20080522, 41
# Nothing of the neighbours, and no more than a size. /proc stays, as TensorFlow ends a process that has none: it lists the
# sandbox's processes, and the kernel lets nobody read in those of another user namespace. Nothing can be written there.
_EMPTIED = SCRATCH, "/dev/shm", "/dev/pts"
_MOST_FILES = 20_000  # in a folder of its own: an empty file takes no room in it, and a kilobyte of the kernel's
_LOOK, _WEIGH = 0.05, 0.2  # seconds between two looks at the number of processes, and at their memory

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Limits:
    """What one submission may take.

    Attributes:
        memory: bytes of memory of all its processes together, beyond what they share with the process that bore them.
        processes: how many threads, and processes on machines where the kernel does not refuse them.
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
    options = f"size={limits.temporary},nr_inodes={_MOST_FILES},mode=1777".encode()
    for folder in (*_EMPTIED, *hidden):
        if os.path.isdir(folder):
            _do(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", _NO_SUID | _NO_DEVICES, options), f"an empty {folder}")
    bound(limits)
    as_it_is = _AGAIN | _THIS_PLACE | _NO_SUID | _NO_DEVICES | _NO_PROGRAMS
    _do(_libc.mount(b"none", b"/proc", None, as_it_is | _READ_ONLY, None), "a /proc that cannot be written to")
    give_up_rights()


def give_up_rights() -> None:
    """No capability is left in any set, no program can give one back, and what no answer needs is refused."""
    _do(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    for capability in range(_CAPABILITIES):
        _libc.prctl(_DROP_BOUND, capability, 0, 0, 0)  # fails for those that this kernel does not know
    _libc.prctl(_AMBIENT, _CLEAR_AMBIENT, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    _do(_libc.capset(ctypes.byref(header), (ctypes.c_uint32 * 6)()), "no capabilities")
    refusals.refuse()
    _do(_libc.prctl(_DUMPABLE, 1, 0, 0, 0), "memory that the warden can look at")
    _do(_libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0), "an end with the warden")


def bound(limits: Limits) -> None:
    """Set the limits that the kernel keeps for each process; what all take together is watched from outside."""
    with contextlib.suppress(OSError):  # if memory runs out after all, this process is the first to go
        Path("/proc/self/oom_score_adj").write_text("1000")
    have = _data_of_this_process()
    for what, most in (
        (resource.RLIMIT_DATA, have + limits.memory),
        *([(resource.RLIMIT_NPROC, limits.processes)] if _is_counted_alone() else []),
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


def _is_counted_alone() -> bool:
    """Whether the kernel counts this namespace's processes and not all of the user's, a desktop's included."""
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2] if part.isdigit())
    with contextlib.suppress(OSError):
        return release >= (5, 14) and Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]
    return False


def hide_memory() -> None:
    """Let no process of the same user read or write this one's memory."""
    _do(_libc.prctl(_DUMPABLE, 0, 0, 0, 0), "memory that nobody reads")


def watch(child: int, still_wanted: Callable[[], bool], limits: Limits) -> str:
    """Wait for a child to end; kill it when nobody wants it any more or when it takes too much.

    Args:
        child: its number, as this process sees it. With it ends everything in its namespace.
        still_wanted: asked several times a second.
        limits: what it may take.

    Returns:
        ``"ended"``, ``"unwanted"``, ``"memory"`` or ``"processes"``.
    """
    why, wait, next_weighing = "ended", 0.01, 0.0
    shared = own_memory()
    while True:
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            return why
        if why == "ended":
            weigh = time.monotonic() >= next_weighing
            why = "unwanted" if not still_wanted() else taken_too_much(child, limits, shared, weigh=weigh) or why
            if weigh:
                next_weighing = time.monotonic() + _WEIGH
            if why != "ended":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        time.sleep(wait)
        wait = min(2 * wait, _LOOK)


def taken_too_much(ancestor: int, limits: Limits, shared: int, *, weigh: bool = True) -> str:
    """What a process and its descendants take too much of: ``"memory"``, ``"processes"`` or ``""``.

    Args:
        ancestor: the number of the process.
        limits: what they may take.
        shared: bytes that they may have in common with the process that bore them.
        weigh: whether to look at memory too, which costs milliseconds.
    """
    threads = _family(ancestor)
    if sum(threads.values()) > limits.processes:
        return "processes"
    return "memory" if weigh and _memory(threads, shared) > limits.memory else ""


def _family(ancestor: int) -> dict[int, int]:
    """How many threads a process and each of its descendants have, by their numbers."""
    parents, threads = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = Path(f"/proc/{entry}/stat").read_text(errors="replace").rpartition(")")[2].split()
                parents[int(entry)], threads[int(entry)] = int(fields[1]), int(fields[17])
    family, grown = {ancestor}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return {pid: threads.get(pid, 0) for pid in family}


def _memory(family: dict[int, int], shared: int) -> int:
    """Bytes that processes have for themselves, or share with each other and with nobody else.

    What two of them share is nobody's own: so their parts of all that is shared are counted too, as far as they are more
    than what they have from the process that bore them.
    """
    own = parts = 0
    for pid in family:
        try:
            sizes = _sizes(f"/proc/{pid}/smaps_rollup")
        except PermissionError:  # a process may forbid to be looked into; what it has is told all the same
            sizes = _sizes_from_outside(pid)
        except OSError:  # it has ended, or this kernel does not tell
            sizes = _sizes_from_outside(pid, shared)
        own += sum(size for name, size in sizes.items() if name.startswith("Private_") or name == "Swap")
        parts += sum(sizes.get(name, 0) for name in ("Pss_Anon", "Pss_Shmem", "SwapPss"))
    return max(own, parts - shared)


def _sizes_from_outside(pid: int, shared: int = 0) -> dict[str, int]:
    with contextlib.suppress(OSError):
        sizes = _sizes(f"/proc/{pid}/status")
        whole = sum(sizes.get(name, 0) for name in ("RssAnon", "RssShmem", "VmSwap"))
        return {"Private_Dirty": max(0, whole - shared), "Pss_Anon": whole}
    return {}


def own_memory(pid: int | str = "self") -> int:
    """Bytes that are a process's own, and no file's."""
    with contextlib.suppress(OSError):
        return _sizes(f"/proc/{pid}/status").get("RssAnon", 0)
    return 0


def _sizes(path: str) -> dict[str, int]:
    """The lines ``Name: 12 kB`` of a file, in bytes."""
    sizes = {}
    for line in Path(path).read_text(errors="replace").splitlines():
        name, _, rest = line.partition(":")
        if rest.endswith(" kB"):
            sizes[name] = int(rest.split()[0]) * 1024
    return sizes
