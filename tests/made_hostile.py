"""Submissions that attack their grader, and what must come of each. The exercise is always the first of the course, `to_unit_range`.

An attack never passes. Most are told as wrong answers or errors; those that look for something raise what they found.
``python -m tests.made_hostile`` prints them as a table.
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
    Attack(
        "an array that lies about its bytes",
        """
import numpy as np
class Short(np.ndarray):
    nbytes = itemsize = property(lambda self: 1)
    def tobytes(self, *a): return b""
    def __len__(self): return 10**9
    def astype(self, *a, **k): return np.asarray(self) / 255
    __array_priority__ = 10**9
def to_unit_range(x):
    return np.asarray(x).view(Short)
""",
    ),
    Attack(
        "a description of memory that is not its own",
        """
class Beyond:
    __array_interface__ = {"shape": (10**6,), "typestr": "<f8", "data": (4096, False), "version": 3}
def to_unit_range(x):
    return Beyond()
""",
    ),
    Attack(
        "a text that equals everything, and hashes like it",
        """
class Word(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return hash("PASS")
    def __array__(self, *a, **k): raise KeyboardInterrupt
def to_unit_range(x):
    return Word("PASS")
""",
    ),
    Attack(
        "a class that is an instance of all",
        """
class Any(type):
    def __instancecheck__(self, other): return True
    def __subclasscheck__(self, other): return True
    def __eq__(self, other): return True
    def __hash__(self): return 0
class to_unit_range(metaclass=Any):
    def __init__(self, x): self.x = x
    def __getattr__(self, name): return to_unit_range(name)
    def __float__(self): return 1.0
""",
    ),
    Attack("nothing but NaN", "import numpy as np\ndef to_unit_range(x):\n    return np.full(np.shape(x), np.nan)\n"),
    Attack("a number of four thousand digits", "def to_unit_range(x):\n    return 10**4000\n"),
    Attack(
        "an array that is empty along a long axis",
        "import numpy as np\ndef to_unit_range(x):\n    return np.zeros((0, 10**15))\n",
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
    Attack(
        "a frame that is longer than its message",
        _forging("(20).to_bytes(8, 'big') + (2**40).to_bytes(8, 'big') + b'x' * 12"),
    ),
    Attack("a frame that is shorter than itself", _forging("(3).to_bytes(8, 'big') + b'xxx'")),
    Attack(
        "two replies to one question",
        _forging(
            """2 * frame('["reply", {"§": "dict", "v": [["value", 1.0], ["raised", null], ["after", []], ["printed", ""]]}]')"""
        ),
    ),
    Attack(
        "a hundred replies before the first question",
        f"""
{_TALK}
channel().sendall(100 * frame('["reply", {{"§": "dict", "v": [["value", true], ["raised", null], ["after", []], ["printed", ""]]}}]'))
def to_unit_range(x):
    return x
""",
    ),
    Attack(
        "a message that comes byte after byte",
        f"""
{_TALK}
import time
def to_unit_range(x):
    end = channel()
    end.sendall((10**6).to_bytes(8, "big"))
    while True:
        end.sendall(b"x")
        time.sleep(0.02)
""",
    ),
    Attack(
        "a shape of a million large axes",
        _forging(
            """frame('["reply", {"§": "array", "dtype": "<f8", "shape": [' + ", ".join(["9" * 18] * 10**6) + ']}]')"""
        ),
    ),
    Attack(
        "a dictionary whose keys have one hash",
        _forging(
            """frame('["reply", {"§": "dict", "v": [' + ", ".join(f"[{n * (2**61 - 1)}, 0]" for n in range(10**5)) + ']}]')"""
        ),
    ),
    Attack("ten million empty lists", _forging("""frame('["reply", [' + "[]," * 10**7 + '0]]')""")),
    Attack(
        "more arrays afterwards than were given",
        _forging(
            """frame('["reply", {"§": "dict", "v": [["value", 1.0], ["raised", null], ["after", [' + ", ".join(['{"§": "array", "dtype": "|u1", "shape": [0]}'] * 9) + ']], ["printed", ""]]}]')"""
        ),
    ),
    Attack(
        "an exception of its own making",
        _forging(
            """frame('["reply", {"§": "dict", "v": [["value", null], ["raised", {"§": "raised", "v": ["' + "E" * 10**6 + '", {"§": "tuple", "v": ["PASS"]}, "' + "x" * 10**6 + '", null, false]}], ["after", []], ["printed", ""]]}]')"""
        ),
    ),
    Attack("the warden's words", _forging("""frame('["ended", "memory"]')"""), "more memory"),
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
            if file.read(1): found.append(path)
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
    Attack(
        "other processes' memory by system calls",
        _looking("""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)
part = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
for pid in range(1, 40):
    if pid != os.getpid():
        if libc.process_vm_readv(pid, part, 1, part, 1, 0) >= 0: found.append(("memory", pid))
        if libc.ptrace(16, pid, 0, 0) == 0: found.append(("trace", pid))
"""),
        "nothing",
    ),
    Attack(
        "the expected array among all objects",
        _looking("""
import gc, inspect, numpy as np
wanted = np.asarray(x) / 255
for thing in gc.get_objects():
    for value in (thing if isinstance(thing, (list, tuple)) else thing.values() if isinstance(thing, dict) else ()):
        if type(value) is np.ndarray and value is not wanted and value.shape == wanted.shape and value.size > 1 and value.dtype.kind == "f":
            if np.allclose(value, wanted): found.append("an array")
found += [frame.function for frame in inspect.stack() if "judge" in frame.function or "judges" in frame.filename]
"""),
        "nothing",
    ),
    Attack(
        "a trace of every line that runs",
        """
import sys, threading
seen = []
def look(frame, event, value):
    seen.extend(n for n in frame.f_locals if n in ("judge", "probe", "expected", "exercise"))
    return look
sys.settrace(look), threading.settrace(look), sys.setprofile(look)
def to_unit_range(x):
    raise RuntimeError(f"found {seen}" if seen else "nothing")
""",
        "nothing",
    ),
    Attack(
        "the seed from the time of day",
        """
import time, os, numpy as np
def to_unit_range(x):
    x, now = np.asarray(x), time.time()
    for seed in [*range(int(now) - 500, int(now) + 5), *range(int(now * 1000) - 500, int(now * 1000)), os.getpid(), os.getppid()]:
        rng = np.random.default_rng(seed)
        for draw in (rng.integers(0, 256, x.shape), rng.random(x.shape), 255 * rng.random(x.shape)):
            if np.allclose(draw, x): raise RuntimeError("found the seed")
    raise RuntimeError("nothing")
""",
        "nothing",
    ),
    Attack(
        "descriptors that were left open",
        _looking("""
import os
links = {}
for fd in os.listdir("/proc/self/fd"):
    try: links[int(fd)] = os.readlink(f"/proc/self/fd/{fd}")
    except OSError: pass
found = [link for link in links.values() if not link.startswith(("/dev/null", "/dev/urandom", "socket:", "anon_inode:", "/proc/"))]
if sum(link.startswith("socket:") for link in links.values()) > 1: found.append("sockets")
"""),
        "nothing",
    ),
    Attack(
        "keys in the kernel's keyrings",
        _looking("""
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
add, keyctl = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
if libc.syscall(add, b"user", b"left", b"here", 4, -3) >= 0: found.append("a key was left")
for ring in (-1, -2, -3, -4, -5):
    if libc.syscall(keyctl, 0, ring, 0) >= 0: found.append(ring)
"""),
        "nothing",
    ),
    Attack(
        "shared memory, semaphores and queues of others",
        _looking("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.shmget(0, 4096, 0o1666) >= 0: found.append("memory")
if libc.semget(0, 1, 0o1666) >= 0: found.append("semaphores")
if libc.msgget(0, 0o1666) >= 0: found.append("a queue")
if libc.syscall({"x86_64": 319}.get(__import__("platform").machine(), 279), b"x", 0) >= 0: found.append("a file without a name")
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
        found.append(folder)
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
    Attack(
        "sockets that no network namespace parts",
        _looking("""
import socket
for family in (40, 38, 17, 31, 29, 42):
    try:
        socket.socket(family, socket.SOCK_STREAM if family == 40 else socket.SOCK_RAW if family in (17, 29, 31) else socket.SOCK_SEQPACKET)
        found.append(family)
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "sockets without a path",
        _looking("""
import socket
with open("/proc/net/unix") as file:
    found = [line.split()[7] for line in file.readlines()[1:] if len(line.split()) > 7]
for name in found:
    socket.socket(socket.AF_UNIX).connect(name.replace("@", chr(0)))
"""),
        "nothing",
    ),
    Attack(
        "links out of its own folder",
        _looking("""
import os, course_lib, sys
for n, target in enumerate(("/", os.path.dirname(course_lib.__file__), sys.prefix, "/proc/1/root", "/proc/1/cwd", "/proc/self/root")):
    os.symlink(target, f"/scratch/link{n}")
    for name in ("left", "__init__.py", "wire.py"):
        try:
            with open(f"/scratch/link{n}/{name}", "ab") as file: file.write(b"x")
            found.append((target, name))
        except OSError:
            pass
    try:
        if any(f.endswith((".ipynb", ".db")) for f in os.listdir(f"/scratch/link{n}")): found.append(target)
    except OSError:
        pass
try:
    os.link(course_lib.__file__, "/scratch/hard")
    found.append("a hard link")
except OSError:
    pass
"""),
        "nothing",
    ),
    Attack(
        "a higher priority, and that of others",
        _looking("""
import os
for name, call in {
    "nice": lambda: os.nice(-5),
    "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "cores of others": lambda: [os.sched_setaffinity(pid, {0}) for pid in range(2, 400) if pid != os.getpid()],
    "priority of others": lambda: [os.setpriority(os.PRIO_PROCESS, pid, 19) for pid in range(2, 400) if pid != os.getpid()],
}.items():
    try:
        call()
        found.append(name)
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "switches in /proc",
        _looking("""
import glob, os
for path in [*glob.glob("/proc/[0-9]*/oom_score_adj"), *glob.glob("/proc/[0-9]*/clear_refs"), "/proc/self/oom_score_adj", "/proc/self/setgroups", "/proc/self/uid_map",
             "/proc/sys/kernel/hostname", "/proc/sys/kernel/shmmax", "/proc/sys/user/max_user_namespaces", "/proc/sysrq-trigger"]:
    try:
        with open(path, "w") as file: file.write("1")
        found.append(path)
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "namespaces by the back door",
        _looking("""
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
clone = {"x86_64": 56}.get(platform.machine(), 220)
for new in (0x10000000, 0x20000000, 0x40000000, 0x00020000):
    pid = libc.syscall(clone, new | 17, 0, 0, 0, 0)
    if pid == 0: os._exit(0)
    if pid > 0: found.append(hex(new))
    try:
        libc.setns(os.open("/proc/1/ns/net", os.O_RDONLY), 0) == 0 and found.append("setns")
    except OSError:
        pass
"""),
        "nothing",
    ),
    Attack(
        "random numbers, time and libraries replaced",
        """
import random, sys, time, types
import numpy as np
np.random.default_rng = lambda *a: types.SimpleNamespace(random=lambda *a: 0.0, integers=lambda *a, **k: 0, normal=lambda *a, **k: 0.0)
np.random.seed = random.seed = np.random.set_state = random.setstate = lambda *a: None
time.time = time.monotonic = time.perf_counter = lambda: 0.0
sys.modules["keras"] = sys.modules["course_lib.referees"] = types.ModuleType("nothing")
np.asarray = np.array = lambda x, *a, **k: x
def to_unit_range(x):
    return x
""",
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
    Attack(
        "words that no database takes",
        "def to_unit_range(x):\n    raise ValueError('\\ud800 \\x00 \\x1b[2J \\x9b2J \\x07')\n",
    ),
    Attack(
        "a thread that goes on talking",
        f"""
{_TALK}
import threading
def talk():
    while True: channel().sendall(frame('["reply", true]'))
def to_unit_range(x):
    threading.Thread(target=talk, daemon=True).start()
    return x
""",
    ),
    Attack(
        "orphans that hold the socket",
        """
import os, time
def to_unit_range(x):
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(10**6)
            os._exit(0)
    os._exit(0)
""",
    ),
    Attack(
        "memory that two processes share",
        """
import mmap, os, time
def to_unit_range(x):
    a = mmap.mmap(-1, 2 * 10**9)
    os.fork()
    for n in range(2 * 10**9 // 2**20): a[n * 2**20 : (n + 1) * 2**20] = bytes([n % 255 + 1]) * 2**20
    time.sleep(60)
""",
        "more memory",
    ),
    Attack(
        "memory that may not be looked at",
        """
import ctypes, os, time
def to_unit_range(x):
    for _ in range(8):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
            a = bytearray(b"x") * (2 * 10**8)
            time.sleep(60)
            os._exit(0)
    time.sleep(60)
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


@dataclass(frozen=True)
class Kind:
    """Attacks of one kind, and what stops them."""

    name: str
    stopped_by: str
    attacks: list[Attack]


KINDS = [
    Kind(
        "values that lie when they are compared",
        "the judge is another process; values reach it as copies: plain numbers, text and base arrays",
        VALUES,
    ),
    Kind(
        "forged messages",
        "whatever is said is decoded without trust: bounds on length, parts, axes and time, a shape for each reply; only the judge's process decides",
        MESSAGES,
    ),
    Kind(
        "looking for what is hidden",
        "judges, solutions, submissions and the environment are not in the sandbox; namespaces and refused system calls part it from others",
        SPYING,
    ),
    Kind(
        "reaching out",
        "no network, read-only folders, no capabilities, refused system calls, no path to any socket",
        REACHING,
    ),
    Kind(
        "breaking, filling, never ending",
        "limits of the kernel; a warden that counts processes and memory; time limits; a room that ends is replaced",
        BREAKING,
    ),
]
ATTACKS = [attack for kind in KINDS for attack in kind.attacks]


def table() -> str:
    """All attacks as a table in Markdown."""
    rows = [
        f"| {kind.name} ({len(kind.attacks)}) | {'; '.join(attack.name for attack in kind.attacks)} | {kind.stopped_by} |"
        for kind in KINDS
    ]
    head = [f"{len(ATTACKS)} attacks.", "", "| kind | forms | what stops it |", "|---|---|---|"]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    print(table())
