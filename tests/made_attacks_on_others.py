"""Attacks that look for what is hidden, or reach out of the sandbox."""

from __future__ import annotations

from made_attack import Attack, looking

# ----- looking for what is hidden

SPYING = [
    Attack(
        "the judges' files",
        looking("""
import course_lib, os
for folder, _, files in os.walk(os.path.dirname(course_lib.__file__)):
    found += [os.path.join(folder, f) for f in files if "judges" in folder or f.startswith("lesson_")]
"""),
        "nothing",
    ),
    Attack(
        "the judges' modules",
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
for path in ("/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/hostname", "/root" + "/.ssh/id_rsa", "/proc/1/environ"):
    try:
        with open(path) as file:
            if file.read(1): found.append(path)
    except OSError:
        pass
import os
if os.uname().nodename != "room": found.append(os.uname().nodename)
"""),
        "nothing",
    ),
    Attack(
        "secrets in its environment",
        looking("""
import os
found = [k for k in os.environ if any(w in k.upper() for w in ("KEY", "TOKEN", "SECRET", "PASS", "SSH", "CI", "COURSE_"))]
"""),
        "nothing",
    ),
    Attack(
        "other processes' memory by system calls",
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
import socket, os
for folder in ("/room", "/tmp", "/scratch", "/run"):
    for path in (os.listdir(folder) if os.path.isdir(folder) else []):
        found.append(path)
"""),
        "nothing",
    ),
    Attack(
        "a place to write beside its own",
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
        looking("""
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
