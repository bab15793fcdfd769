"""System calls that no answer needs, refused by the kernel: a filter of seccomp(2) for a process and all that it starts.

They reach what namespaces do not part (sockets between virtual machines, keyrings), keep memory that belongs to no process
(shared memory of System V, files without a name), look into others, or ask for namespaces of one's own. New processes are
refused too: those that double themselves leave no time to count them. Threads are allowed, and counted.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket

# Numbers of the calls: x86-64, then AArch64. Those above 400 are the same everywhere.
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "personality": (135, 92),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
}
_FORKS = (57, 58)  # fork(2) and vfork(2) of x86-64; AArch64 has neither
_SECCOMP, _CLONE, _CLONE3, _SOCKET = (317, 277), (56, 220), (435, 435), (41, 198)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, and how the kernel names it
_NAMESPACES, _THREAD = 0x7E020000, 0x00010000  # any CLONE_NEW… of clone(2), and CLONE_THREAD
_FAMILIES = (
    socket.AF_UNIX,
    socket.AF_INET,
    socket.AF_INET6,
    16,
)  # 16 is AF_NETLINK; all of them are parted by namespaces
_OTHER_NUMBERS = 0x40000000  # of x32, a second way to every call

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # instructions of the filter's machine
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where they stand in what a filter sees
_SET_FILTER, _ALL_THREADS = 1, 1


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def _filter(column: int, architecture: int) -> list[tuple[int, int, int, int]]:
    """The filter for one kind of machine: instruction, how far to jump if it holds and if not, value."""

    def refuse(number: int = errno.EPERM) -> tuple[int, int, int, int]:
        return (_RETURN, 0, 0, _REFUSE | number)

    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        *((_EQUAL, 1, 0, architecture), refuse()),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if column == 0:
        program += [(_ANY_BIT, 0, 1, _OTHER_NUMBERS), refuse()]
        for number in _FORKS:
            program += [(_EQUAL, 0, 1, number), refuse()]
    for numbers in _REFUSED.values():
        program += [(_EQUAL, 0, 1, numbers[column]), refuse()]
    # Its flags lie in memory, where no filter can look; the C library then takes clone(2).
    program += [(_EQUAL, 0, 1, _CLONE3[column]), refuse(errno.ENOSYS)]
    program += [(_EQUAL, 0, 5, _CLONE[column]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    program += [(_ANY_BIT, 1, 0, _NAMESPACES), (_ANY_BIT, 1, 0, _THREAD), refuse(), (_RETURN, 0, 0, _ALLOW)]
    program += [(_EQUAL, 0, 2 + 2 * len(_FAMILIES), _SOCKET[column]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    for family in _FAMILIES:
        program += [(_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ALLOW)]
    return [*program, refuse(errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]


def refuse() -> None:
    """Refuse these calls from now on, to every thread of this process and to its children. Nothing takes it back.

    On another machine than x86-64 and AArch64, nothing is refused: namespaces and limits have to be enough there.

    Raises:
        OSError: if the kernel has no such filters.
    """
    if platform.machine() not in _MACHINES:
        return
    column, architecture = _MACHINES[platform.machine()]
    instructions = [_Instruction(*parts) for parts in _filter(column, architecture)]
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_SECCOMP[column], _SET_FILTER, _ALL_THREADS, ctypes.byref(program)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"a filter of system calls: {os.strerror(number)}")
