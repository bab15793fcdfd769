"""Submissions that attack their grader, and what must come of each. The exercise is always the first of the course, `to_unit_range`.

An attack never passes. Most are told as wrong answers or errors; those that look for something raise what they found.
"""

from __future__ import annotations

from dataclasses import dataclass

HONEST = """
def to_unit_range(x):
    return x / 255
"""


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Attributes:
        name: what it tries.
        code: of its one cell.
        says: a word that the message must hold, where it matters: ``"nothing"`` of those that look for something.
    """

    name: str
    code: str
    says: str = ""


def _looking(code: str) -> str:
    """An answer that collects into ``found`` what it should not reach, and raises it."""
    lines = "\n".join("    " + line for line in code.strip("\n").splitlines())
    return f"def to_unit_range(x):\n    found = []\n{lines}\n    raise RuntimeError(f'found {{found}}' if found else 'nothing')\n"


_TALK = """
import os, socket, struct, json

def channel():
    for fd in range(3, 64):
        try:
            end = socket.socket(fileno=os.dup(fd))
            if end.family == socket.AF_UNIX:
                return end
        except OSError:
            pass

def frame(text, *buffers):
    text = text.encode()
    message = len(text).to_bytes(8, "big") + text + b"".join(buffers)
    return len(message).to_bytes(8, "big") + message
"""


def _forging(message: str) -> str:
    return f"{_TALK}\ndef to_unit_range(x):\n    channel().sendall({message})\n    return x\n"


# ----- values that lie when they are compared

VALUES = [
    Attack(
        "an object that equals everything",
        """
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 1
    shape = property(lambda self: Yes())
    dtype = property(lambda self: Yes())
def to_unit_range(x):
    return Yes()
""",
    ),
    Attack(
        "an array that is near to everything",
        """
import numpy as np
class Near(np.ndarray):
    def __sub__(self, other): return np.zeros(self.shape)
    __rsub__ = __sub__
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return np.zeros(self.shape)
    def __lt__(self, other): return np.ones(self.shape, bool)
def to_unit_range(x):
    return x.view(Near)
""",
    ),
    Attack(
        "a float that is smaller than everything",
        """
class Small(float):
    def __lt__(self, other): return True
    def __le__(self, other): return True
    def __abs__(self): return self
def to_unit_range(x):
    return Small(3)
""",
    ),
    Attack(
        "a value whose class says that it is an array",
        """
import numpy as np
class Fake:
    __class__ = np.ndarray
    shape, dtype, ndim = (1,), np.dtype("float64"), 1
    def __array__(self, *a, **k): return np.zeros(1)
def to_unit_range(x):
    return Fake()
""",
    ),
    Attack(
        "an array that changes each time it is asked",
        """
import numpy as np
class Moody:
    asked = 0
    def __array__(self, *a, **k):
        Moody.asked += 1
        return np.full((2, 2), Moody.asked)
def to_unit_range(x):
    return Moody()
""",
    ),
    Attack(
        "numpy's own comparisons replaced",
        """
import numpy as np, builtins
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
builtins.isinstance = lambda *a: True
builtins.abs = lambda *a: 0
def to_unit_range(x):
    return x
""",
    ),
    Attack(
        "type, len and all replaced",
        """
import builtins
builtins.type = lambda *a: None
builtins.all = builtins.any = lambda *a: True
builtins.len = lambda *a: 1
def to_unit_range(x):
    return x
""",
    ),
    Attack("a list that holds itself", "def to_unit_range(x):\n    a = []\n    a.append(a)\n    return a\n"),
    Attack(
        "a thousand lists in each other",
        "def to_unit_range(x):\n    a = 1\n    for _ in range(100000): a = [a]\n    return a\n",
    ),
]

# ----- the messages between judge and answer

MESSAGES = [
    Attack("a reply that says PASS", _forging("""frame('["reply", {"status": "PASS"}]')""")),
    Attack("an outcome of its own making", _forging("""frame('["outcome", "PASS", null, "right"]')""")),
    Attack("a reply with no structure", _forging("""frame('17')""")),
    Attack("a message of two to the sixtieth bytes", _forging("(2**60).to_bytes(8, 'big') + b'x' * 100")),
    Attack("brackets without end", _forging("frame('[' * 200000)")),
    Attack("a pickle", _forging("b'\\\\x80\\\\x04\\\\x95' + b'cposix\\\\nsystem\\\\n' * 20")),
    Attack(
        "an array of objects",
        _forging("""frame('["reply", {"§": "array", "dtype": "|O", "shape": [4]}]', b'x' * 32)"""),
    ),
    Attack(
        "an array of a negative shape",
        _forging("""frame('["reply", {"§": "array", "dtype": "<f8", "shape": [-1]}]', b'x' * 8)"""),
    ),
    Attack(
        "an array that is larger than the world",
        _forging("""frame('["reply", {"§": "array", "dtype": "<f8", "shape": [1000000000000]}]', b'')"""),
    ),
    Attack("a tag that nobody knows", _forging("""frame('["reply", {"§": "system", "v": ["true"]}]')""")),
    Attack(
        "calls of functions that the judge does not have",
        _forging("""frame('["callback", 99, {"§": "tuple", "v": []}]')"""),
    ),
    Attack(
        "calls without end",
        f'{_TALK}\ndef to_unit_range(x):\n    end = channel()\n    while True: end.sendall(frame(\'["callback", 0, {{"§": "tuple", "v": []}}]\'))\n',
    ),
    Attack(
        "its host replaced",
        """
from course_lib.classroom import host
host.Host._told = lambda self, value: 0.0
host.Host.answer = lambda self, *a: {"value": None, "raised": None, "after": [], "printed": ""}
def to_unit_range(x):
    return x
""",
    ),
    Attack("sixty megabytes as an answer", "import numpy as np\ndef to_unit_range(x):\n    return np.zeros(10**7)\n"),
    Attack(
        "a gigabyte of print", "def to_unit_range(x):\n    for _ in range(10**4): print('x' * 10**5)\n    return x\n"
    ),
]

# ----- looking for what is hidden

SPYING = [
    Attack(
        "the judges' files",
        _looking("""
import course_lib, os
for folder, _, files in os.walk(os.path.dirname(course_lib.__file__)):
    found += [os.path.join(folder, f) for f in files if "judges" in folder or f.startswith("lesson_")]
"""),
        "nothing",
    ),
    Attack(
        "the judges' modules",
        _looking("""
import importlib
for name in ("judges", "judges.lesson_00", "judges.lesson_01.measures"):
    try:
        found.append(importlib.import_module("course_lib.classroom." + name))
    except ImportError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "solutions, sources and other submissions",
        _looking("""
import os
for folder, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(folder, f) not in ("/proc", "/sys", "/usr", "/dev") and f not in ("site-packages", "lib-dynload")]
    found += [os.path.join(folder, f) for f in files if f.endswith((".ipynb", ".db", ".sqlite")) or "wrong_answers" in f]
found = [f for f in found if not f.endswith("overview.ipynb")]
"""),
        "nothing",
    ),
    Attack(
        "the judge's frames",
        _looking("""
import sys, gc
frame = sys._getframe()
while frame:
    found += [n for n in frame.f_locals if n in ("judge", "probe", "exercise", "expected")]
    frame = frame.f_back
found += [type(o).__name__ for o in gc.get_objects() if type(o).__name__ in ("Probe", "Exercise")]
"""),
        "nothing",
    ),
    Attack(
        "the seed of the judge's numbers",
        """
import numpy as np
def to_unit_range(x):
    x = np.asarray(x)
    state = np.random.get_state()[1]
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        for draw in (rng.integers(0, 256, x.shape), rng.random(x.shape)):
            if np.allclose(draw, x): raise RuntimeError("found the seed")
    raise RuntimeError("nothing")
""",
        "nothing",
    ),
    Attack(
        "other processes' environment, memory and files",
        _looking("""
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid() or os.path.realpath("/proc/self") == "/proc/" + pid:
        continue
    for what in ("environ", "mem", "maps"):
        try:
            with open(f"/proc/{pid}/{what}", "rb") as file:
                if file.read(1): found.append((pid, what))
        except OSError:
            pass
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            os.close(os.open(f"/proc/{pid}/fd/{fd}", os.O_RDWR))
            found.append((pid, fd))
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "passwords, keys and hosts",
        _looking("""
for path in ("/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/hostname", "/root/.ssh/id_rsa", "/proc/1/environ"):
    try:
        with open(path) as file:
            if path != "/proc/1/environ": found.append(path)
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "secrets in its environment",
        _looking("""
import os
found = [k for k in os.environ if any(w in k.upper() for w in ("KEY", "TOKEN", "SECRET", "PASS", "SSH", "CI", "COURSE_"))]
"""),
        "nothing",
    ),
]

# ----- reaching out

REACHING = [
    Attack(
        "the network",
        _looking("""
import socket
for address in (("127.0.0.1", 5432), ("10.0.0.1", 80), ("1.1.1.1", 53)):
    try:
        socket.create_connection(address, timeout=1)
        found.append(address)
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "names of hosts",
        _looking("""
import socket
try:
    found.append(socket.gethostbyname("example.org"))
except OSError:
    pass
"""),
        "nothing",
    ),
    Attack(
        "the nursery's socket, for rooms of its own",
        _looking("""
import socket, os
for folder in ("/room", "/tmp", "/scratch", "/run"):
    for path in (os.listdir(folder) if os.path.isdir(folder) else []):
        found.append(path)
"""),
        "nothing",
    ),
    Attack(
        "a place to write beside its own",
        _looking("""
import os, course_lib, sys
for folder in ("/", "/tmp", "/usr", "/etc", "/room", "/dev", "/root", os.path.dirname(course_lib.__file__), sys.prefix):
    try:
        with open(os.path.join(folder, "left"), "w") as file: file.write("x")
        if folder != "/dev" : found.append(folder)
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "signals to everybody",
        """
import os, signal
def to_unit_range(x):
    for pid in range(2, 400):
        if pid != os.getpid():
            try: os.kill(pid, signal.SIGKILL)
            except OSError: pass
    try: os.kill(-1, signal.SIGKILL)
    except OSError: pass
    raise RuntimeError("nothing")
""",
    ),
    Attack(
        "rights of its own",
        _looking("""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for name, call in {
    "user namespace": lambda: libc.unshare(0x10000000),
    "mount": lambda: libc.mount(b"none", b"/scratch", b"tmpfs", 0, None),
    "chroot": lambda: libc.chroot(b"/scratch"),
    "setuid": lambda: libc.setuid(0) if os.getuid() else -1,
    "trace": lambda: libc.ptrace(16, 2, 0, 0),
    "clock": lambda: libc.clock_settime(0, (ctypes.c_long * 2)(1, 1)),
}.items():
    if call() == 0: found.append(name)
"""),
        "nothing",
    ),
    Attack(
        "limits taken away",
        _looking("""
import resource
for what in (resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    try:
        resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        found.append(what)
    except (ValueError, OSError):
        pass
"""),
        "nothing",
    ),
]

# ----- ending, filling, never ending

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
    ),
    Attack(
        "children without end",
        "import os\ndef to_unit_range(x):\n    while True:\n        try: os.fork()\n        except OSError: pass\n",
    ),
    Attack(
        "threads without end",
        "import threading, time\ndef to_unit_range(x):\n    while True:\n        try: threading.Thread(target=time.sleep, args=(60,)).start()\n        except RuntimeError: time.sleep(1)\n",
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
import os, time, atexit
if os.fork() == 0:
    os.setsid()
    time.sleep(10**6)
atexit.register(time.sleep, 10**6)
def to_unit_range(x):
    return x
""",
    ),
    Attack(
        "markup in what it says",
        "def to_unit_range(x):\n    raise ValueError('<script>alert(1)</script><img src=x onerror=alert(1)>')\n",
    ),
]

ATTACKS = [*VALUES, *MESSAGES, *SPYING, *REACHING, *BREAKING]
