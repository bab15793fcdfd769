"""Attacks that end, fill or never end."""

from __future__ import annotations

from made_attack import TALK, Attack

BREAKING = [
    Attack("exit with nought", "import os\ndef to_unit_range(x):\n    os._exit(0)\n"),
    Attack("exit in its cell", "import os\nos._exit(0)\ndef to_unit_range(x):\n    return x / 255\n"),
    Attack("SystemExit", "import sys\ndef to_unit_range(x):\n    sys.exit(0)\n"),
    Attack("KeyboardInterrupt", "def to_unit_range(x):\n    raise KeyboardInterrupt\n"),
    Attack(
        "an exception that will not be told",
        """
class Rude(Exception):
    def __str__(self): raise self
    __repr__ = __str__
def to_unit_range(x):
    raise Rude
""",
    ),
    Attack("an exception of ten megabytes", "def to_unit_range(x):\n    raise ValueError('x' * 10**7)\n"),
    Attack("a fault of the machine", "import ctypes\ndef to_unit_range(x):\n    ctypes.string_at(0)\n"),
    Attack("recursion", "def to_unit_range(x):\n    return to_unit_range(x)\n"),
    Attack("all the memory", "def to_unit_range(x):\n    a = []\n    while True: a.append(bytearray(10**8))\n"),
    Attack(
        "memory by children",
        """
import os, time
def to_unit_range(x):
    for _ in range(20):
        if os.fork() == 0:
            a = bytearray(b"x") * (3 * 10**8)
            time.sleep(60)
            os._exit(0)
    time.sleep(60)
""",
        "PermissionError",
    ),
    # Few: where the wall is broken, its test should not cost the machine.
    Attack(
        "children of children",
        """
import os, time
def to_unit_range(x):
    born = 0
    for _ in range(7):
        try: born += os.fork() == 0
        except OSError: pass
    if born: time.sleep(5)
    raise RuntimeError("found children" if born else "nothing")
""",
        "nothing",
    ),
    Attack(
        "children by system calls",
        """
import ctypes, os, platform, subprocess, sys
def to_unit_range(x):
    libc, found = ctypes.CDLL(None, use_errno=True), []
    for number in {"x86_64": (57, 58, 56, 435)}.get(platform.machine(), (220, 435)):
        pid = libc.syscall(number, 17, 0, 0, 0, 0)
        if pid == 0: os._exit(0)
        if pid > 0: found.append(number)
    for start in (lambda: subprocess.run(["/bin/true"]), lambda: os.posix_spawn("/bin/true", ["true"], {}), lambda: os.forkpty()):
        try: found.append(start())
        except OSError: pass
    raise RuntimeError(f"found {found}" if found else "nothing")
""",
        "nothing",
    ),
    Attack(
        "threads without end",
        "import threading, time\nthreading.stack_size(2**16)\ndef to_unit_range(x):\n    while True:\n        try: threading.Thread(target=time.sleep, args=(60,)).start()\n        except RuntimeError: time.sleep(1)\n",
    ),
    Attack(
        "a full disk",
        "def to_unit_range(x):\n    for n in range(10**4):\n        with open(f'/scratch/{n}', 'wb') as file: file.write(b'x' * 10**7)\n",
    ),
    Attack("a loop without end", "def to_unit_range(x):\n    while True: pass\n"),
    Attack(
        "a loop that swallows its end",
        "def to_unit_range(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass\n",
    ),
    Attack(
        "sleep, with every signal ignored",
        "import signal, time\ndef to_unit_range(x):\n    for s in range(1, 32):\n        try: signal.signal(s, signal.SIG_IGN)\n        except (OSError, ValueError): pass\n    time.sleep(10**6)\n",
    ),
    Attack(
        "something that is left behind",
        """
import time, atexit, threading
threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start()
atexit.register(time.sleep, 10**6)
def to_unit_range(x):
    return x
""",
    ),
    Attack(
        "markup in what it says",
        "def to_unit_range(x):\n    raise ValueError('<script>alert(1)</script><img src=x onerror=alert(1)>')\n",
    ),
    Attack(
        "words that no database takes",
        "def to_unit_range(x):\n    raise ValueError('\\ud800 \\x00 \\x1b[2J \\x9b2J \\x07')\n",
    ),
    Attack(
        "words that turn the line around",
        "def to_unit_range(x):\n    raise ValueError('wrong \\u202e thgir \\u2066 \\u2028 PASS')\n",
    ),
    Attack(
        "a thread that goes on talking",
        f"""
{TALK}
import threading
def talk():
    while True: channel().sendall(frame('["reply", true]'))
def to_unit_range(x):
    threading.Thread(target=talk, daemon=True).start()
    return x
""",
    ),
    Attack(
        "threads that outlive the answer's process, and hold its socket",
        """
import os, threading, time
def to_unit_range(x):
    for _ in range(5): threading.Thread(target=time.sleep, args=(10**6,)).start()
    os.close(0), os.dup2(3, 0)
    exit()
""",
    ),
    Attack(
        "memory that belongs to no process",
        """
import mmap
def to_unit_range(x):
    a = mmap.mmap(-1, 2 * 10**9)
    for n in range(2 * 10**9 // 2**20): a[n * 2**20 : (n + 1) * 2**20] = bytes([n % 255 + 1]) * 2**20
    return x
""",
        "more memory",
    ),
    Attack(
        "memory that may not be looked at",
        """
import ctypes, mmap
def to_unit_range(x):
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    a = mmap.mmap(-1, 2 * 10**9)
    for n in range(2 * 10**9 // 2**20): a[n * 2**20 : (n + 1) * 2**20] = bytes([n % 255 + 1]) * 2**20
    return x
""",
        "more memory",
    ),
    Attack(
        "shared memory filled",
        "def to_unit_range(x):\n    for n in range(10**4):\n        with open(f'/dev/shm/{n}', 'wb') as file: file.write(b'x' * 10**7)\n",
        "OSError",
    ),
    Attack(
        "files without number",
        "def to_unit_range(x):\n    for n in range(10**6): open(f'/scratch/{n}', 'w').close()\n    return x\n",
    ),
    Attack(
        "a gigabyte beside the answer",
        "import os\ndef to_unit_range(x):\n    for fd in (0, 1, 2):\n        for _ in range(100):\n            try: os.write(fd, b'x' * 10**7)\n            except OSError: pass\n    return x\n",
    ),
]
