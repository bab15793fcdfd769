"""What a computation will take, said before it is taken: a kernel that the system ends for its memory tells nothing."""

from __future__ import annotations

import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def machine() -> int | None:
    """Bytes of memory that this process can have at most: the machine's, or a container's limit where that is less.

    None where the system does not say (Windows has no ``os.sysconf``).
    """
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        pages = -1
    known = [amount for amount in (pages, *_limits()) if amount > 0]
    return min(known, default=None)


def _limits() -> list[int]:
    """The limits of the control groups that hold this process: version 2 in any of its folders, version 1 in one."""
    try:
        groups = [line.split(":", 2)[1:] for line in OWN_CGROUP.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        groups = []
    files = [CGROUPS / "memory.max", CGROUPS / "memory" / "memory.limit_in_bytes"]
    for controllers, own in (group for group in groups if len(group) == 2):
        if not controllers:  # version 2
            folder = CGROUPS / own.strip("/")
            files += [parent / "memory.max" for parent in (folder, *folder.parents) if parent.is_relative_to(CGROUPS)]
        elif "memory" in controllers.split(","):
            files.append(CGROUPS / "memory" / own.strip("/") / "memory.limit_in_bytes")
    limits = []
    for file in dict.fromkeys(files):
        try:
            limits.append(int(file.read_text(encoding="utf-8")))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return limits


def amount(size: int) -> str:
    """Bytes in words, such as "1.5 GiB"."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size / 2**10:.0f} KiB"


def require(size: int, what: str, advice: str) -> None:
    """Refuse a computation that needs more memory than there is.

    Args:
        size: bytes that it takes at its peak.
        what: what takes them, such as "EASE of 27,278 items".
        advice: how to need less, as a sentence.

    Raises:
        MemoryError: if the machine has less. Where the system does not say what it has, nothing is raised.
    """
    there = machine()
    if there is not None and size > there:
        raise MemoryError(f"{what}: needs {amount(size)} of memory, and this machine has {amount(there)}. {advice}")
