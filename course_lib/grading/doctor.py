"""``python -m course_lib doctor --classroom``: whether this machine can grade. It is tried, in real rooms, and what fails is mended.

A runner works if a room in it computes, finds no judge, reaches no network and is ended when it takes too much memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import inspect
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.classroom.doctor import Finding, tell

HERE = Path(__file__).resolve().parent
PROFILE, CONTAINERFILE = HERE / "bwrap.apparmor", HERE / "Containerfile"
PACKAGES = ("sqlalchemy", "jinja2")  # what grading needs beside the course: the extra `classroom`
MEMORY = 256 << 20  # bytes that a room gets here
ROOM_SECONDS = 60.0  # for a cell on a busy machine
DAEMON_SECONDS = 20.0  # for a daemon to say that it is there
HOLD_SECONDS = 10.0  # that processes keep their memory, if nobody ends them
WORKER = 2.0  # GiB of a process that grades and of its sandbox, with Keras in both

# What a container has to be started with, so that bubblewrap works in it. Docker and Podman forbid new namespaces (seccomp,
# AppArmor or SELinux), and cover parts of /proc, over which the kernel lets nobody mount a new one.
NESTING = {
    "docker": "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined",
    "podman": "--security-opt seccomp=unconfined --security-opt label=disable --security-opt unmask=ALL",
}
IMAGES = {
    "sandbox": "{program} build -t {image} -f course_lib/grading/Containerfile .",
    "grader": "{program} build -t bottleneck-grader --target grader -f course_lib/grading/Containerfile .",
}
_INSTALL = {
    "debian": "sudo apt install bubblewrap",
    "ubuntu": "sudo apt install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
    "rhel": "sudo dnf install bubblewrap",
    "suse": "sudo zypper install bubblewrap",
    "arch": "sudo pacman -S bubblewrap",
}
# How bubblewrap says that it may not make its namespaces.
_REFUSALS = (
    "setting up uid map",
    "RTM_NEWADDR",
    "No permissions to creat",
    "Creating new namespace failed",
    "Can't mount proc",
    "Failed to make / slave",
)

# ----- what is asked in a room

_COMPUTES = "import numpy as np\nprint(int((np.arange(10) ** 2).sum()))"
_COMPUTED = "285"
_FINDS_JUDGES = """
import pathlib, course_lib
print(len(list((pathlib.Path(course_lib.__file__).parent / "classroom" / "judges").rglob("*.*"))))
"""
_REACHES = """
import socket
reached = []
for family, address in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_UNIX, {name!r})):
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(5)
        try:
            line.connect(address)
            reached.append(address)
        except OSError:
            pass
print(reached or "nothing")
"""
_TAKES = "block = bytearray({size})\nfor place in range(0, len(block), 4096): block[place] = 1\nprint('taken')"
_TAKES_TOGETHER = """
import os, time
for _ in range({children}):
    if os.fork() == 0:
        block = bytearray({size})
        for place in range(0, len(block), 4096): block[place] = 1
        time.sleep({seconds})
        os._exit(0)
time.sleep({seconds})
print("taken")
"""


@dataclass
class Tried:
    """What came of trying a runner.

    Attributes:
        runner: which.
        findings: what was seen.
        there: whether it made a room.
    """

    runner: str
    findings: list[Finding] = field(default_factory=list)
    there: bool = False

    @property
    def works(self) -> bool:
        """Whether submissions can be graded with it."""
        return self.there and all(finding.good for finding in self.findings)


def examine(*, keras: bool = True, show: Callable[[str], None] = print) -> int:
    """Try each runner, and print a line for each finding and what mends it; at the end a verdict.

    Args:
        keras: also load Keras in a sandbox, as grading does, which takes some seconds.
        show: where the lines go.

    Returns:
        0 if submissions can be graded here, otherwise 1.
    """
    tried: list[Tried] = []

    def look(runner: str) -> Iterator[Finding]:
        one = try_bubblewrap(keras) if runner == "bwrap" else try_container(runner, keras)
        working = next((other.runner for other in tried if other.works), None)
        tried.append(one)
        for finding in one.findings:
            if not finding.good and not one.there and working:
                yield Finding(runner, True, f"{finding.found}; not needed, as {working} works")
            else:
                yield finding

    bad = tell({"packages": _packages, "memory": _memory}, show)
    if platform.system() == "Windows":
        tell({"system": _windows}, show)
        show("Nothing can be graded here: work in WSL, see the fix above.")
        return 1
    from course_lib.grading.sandbox import RUNNERS  # here: it cannot be imported on Windows

    mends = tell({runner: (lambda runner=runner: look(runner)) for runner in RUNNERS}, show)
    working = [one.runner for one in tried if one.works]
    unsafe = [one.runner for one in tried if one.there and not one.works]
    if unsafe and not working:
        show(f"Grade nothing here yet: {', '.join(unsafe)} starts and does not hold, see the fixes above.")
    elif not working:
        show("Nothing can be graded here yet. One sandbox that works is enough: mend the first that you can.")
    elif bad:
        show(f"The sandbox works, with {working[0]}; {bad} other thing(s) to mend, see the fixes above.")
    elif unsafe:
        show(f"Grading works here, with {working[0]}. Use no other: {', '.join(unsafe)} does not hold, see above.")
    elif mends:
        show(f"Grading works here, with {working[0]}; the others are not needed.")
    else:
        show(f"Grading works here, with {working[0]}.")
    return 0 if working and not bad else 1


# ----- the machine


def _packages() -> Iterator[Finding]:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    fix = f"in the course's folder: {_python()} -m pip install -c constraints.txt -e '.[classroom]'"
    found = f"{', '.join(missing)} is missing" if missing else f"all {len(PACKAGES)} present"
    yield Finding("packages", not missing, found, fix)


def _memory() -> Iterator[Finding]:
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        with contextlib.suppress(OSError, StopIteration, ValueError):  # what files are cached in can be had as well
            lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
            free = int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) / 2**20
    except (AttributeError, OSError, ValueError):  # not known on this system
        return
    cores = os.cpu_count() or 1
    workers = int(free // WORKER)
    found = f"{free:.1f} GiB free, {cores} core(s)"
    if 0 < workers < cores:
        found += f": grade with --workers {workers}"
    yield Finding(
        "memory", workers > 0, found, f"close other programs: grading takes about {WORKER:g} GiB for each worker"
    )


def _windows() -> Iterator[Finding]:
    fix = (
        "in WSL, which is Linux: `wsl --install -d Ubuntu` once, then in its shell install the course as on Linux, and\n"
        "sudo apt install bubblewrap\n"
        "python -m course_lib doctor --classroom"
    )
    yield Finding("system", False, "the sandbox needs Linux, and this is Windows", fix)


# ----- bubblewrap


def try_bubblewrap(keras: bool) -> Tried:
    """Try bubblewrap; ``keras`` says whether Keras is loaded in it, too."""
    if platform.system() != "Linux":
        name = {"Darwin": "macOS"}.get(platform.system(), platform.system())
        return Tried(
            "bwrap", [Finding("bwrap", False, f"bubblewrap is for Linux only, and this is {name}", in_a_container())]
        )
    if shutil.which("bwrap") is None:
        return Tried("bwrap", [Finding("bwrap", False, "bubblewrap is not installed", how_to_install())])
    return _try("bwrap", keras, why_refused)


def how_to_install() -> str:
    """The command that installs bubblewrap on this distribution."""
    kinds: list[str] = []
    with contextlib.suppress(OSError):
        told = platform.freedesktop_os_release()
        kinds = [told.get("ID", ""), *told.get("ID_LIKE", "").split()]
    known = next((_INSTALL[kind] for kind in kinds if kind in _INSTALL), None)
    return known or "install the package bubblewrap with your system's own command, such as sudo apt install bubblewrap"


def in_a_container() -> str:
    """How a whole classroom runs in a container, where this system has no bubblewrap."""
    program = next((name for name in ("podman", "docker") if shutil.which(name)), "docker")
    first = "" if shutil.which(program) else "install Docker or Podman and start it; then\n"
    return (
        f"{first}grade in a container that has bubblewrap. In the course's folder, once:\n"
        f"{IMAGES['grader'].format(program=program)}\n"
        "then, in the folder where the submissions lie, every command as\n"
        f'{program} run --rm -it {NESTING[program]} -v "$PWD:/class" bottleneck-grader doctor --classroom\n'
        "and with `grade submissions` or `report` in place of the last two words"
    )


def why_refused(told: str) -> Finding:
    """What keeps bubblewrap from starting, from its own words and from the settings of this kernel.

    Args:
        told: what it said.
    """
    line = next((line for line in told.splitlines() if line.startswith("bwrap:")), "it said nothing")
    line = line.removeprefix("bwrap:").strip()
    if not any(words in told for words in _REFUSALS):
        fix = "run `bwrap --ro-bind / / --unshare-all true` by hand, and report this with what it says"
        return Finding("bwrap", False, f"it does not start: {told.strip()[-400:]}", fix)
    if container := _container_here():
        found = f"this is a container that may make no namespaces ({line})"
        fix = (
            f"grade outside of it, or start it with\ndocker run {NESTING['docker']} …\npodman run {NESTING['podman']} …"
        )
        if container == "kubernetes":
            fix += (
                "\nin Kubernetes: seccompProfile, appArmorProfile Unconfined and procMount Unmasked (hostUsers: false)"
            )
        if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
            fix += f"\nIts host restricts namespaces as well; there\n{_load_profile()}"
        return Finding("bwrap", False, found, fix)
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        found = f"AppArmor lets bubblewrap make no user namespaces, as Ubuntu 24.04 and later do ({line})"
        return Finding("bwrap", False, found, _load_profile())
    for name, wanted in (("kernel/unprivileged_userns_clone", 1), ("user/max_user_namespaces", 15000)):
        if _setting(name) == "0":
            setting = name.replace("/", ".")
            fix = (
                f"sudo sysctl -w {setting}={wanted}\n"
                f"and to keep it: echo {setting}={wanted} | sudo tee /etc/sysctl.d/50-bubblewrap.conf"
            )
            return Finding("bwrap", False, f"the setting {setting} allows no user namespaces ({line})", fix)
    fix = "ask who runs this machine to allow user namespaces for bubblewrap, or use podman or docker"
    return Finding("bwrap", False, f"it may make no namespaces ({line})", fix)


def _load_profile() -> str:
    """What lets bubblewrap make user namespaces. Never a second profile: of two for one program AppArmor applies neither."""
    bwrap = os.path.realpath(shutil.which("bwrap") or "/usr/bin/bwrap")
    for path in _profiles():
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if f" {bwrap} " in path.read_text(encoding="utf-8"):
                return f"load the profile that is there: sudo apparmor_parser -r {path}"
    text = PROFILE.read_text(encoding="utf-8").replace("/usr/bin/bwrap", bwrap)
    shown = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    if bwrap == "/usr/bin/bwrap":
        put = f"sudo cp {_quoted(str(PROFILE))} /etc/apparmor.d/bwrap"
    else:
        put = f"sed 's#/usr/bin/bwrap#{bwrap}#' {_quoted(str(PROFILE))} | sudo tee /etc/apparmor.d/bwrap"
    return f"give it a profile, which is this text in /etc/apparmor.d/bwrap:\n{shown}\nand load it:\n{put} && sudo apparmor_parser -r /etc/apparmor.d/bwrap"


def _profiles() -> list[Path]:
    """The profiles of AppArmor on this machine that may be bubblewrap's."""
    return sorted(Path("/etc/apparmor.d").glob("*bwrap*"))


def _setting(name: str) -> str:
    """A setting of the kernel, or nothing where it knows none of this name."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    return ""


def _container_here() -> str:
    """In what kind of container this process runs, or nothing."""
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "kubernetes"
    for mark, kind in (("/.dockerenv", "docker"), ("/run/.containerenv", "podman")):
        if os.path.exists(mark):
            return kind
    return os.environ.get("container", "")  # noqa: SIM112 (systemd writes it so)


# ----- containers


def try_container(program: str, keras: bool) -> Tried:
    """Try Podman or Docker, if it answers and has the image; ``keras`` says whether Keras is loaded in it, too."""
    from course_lib.grading.sandbox import IMAGE

    build = f"in the course's folder: {IMAGES['sandbox'].format(program=program, image=IMAGE)}"
    if shutil.which(program) is None:
        return Tried(program, [Finding(program, False, "not installed", f"install {program}, then {build}")])
    answer = _said(program, "info")
    if answer is not None:
        start = {
            "docker": "start Docker Desktop, or on Linux: sudo systemctl start docker (and be in the group docker)",
            "podman": "podman machine init && podman machine start (on Linux podman needs no daemon: see what it says)",
        }[program]
        return Tried(program, [Finding(program, False, f"its daemon does not answer ({answer})", start)])
    if _said(program, "image", "inspect", IMAGE) is not None:
        return Tried(program, [Finding(program, False, f"it has no image {IMAGE}", build)])

    def why(told: str) -> Finding:
        if platform.system() != "Linux":
            fix = f"this system shares no sockets with its containers. {in_a_container()}"
        else:
            fix = f"build the image anew, {build}; if that does not help, report this with what it says"
        return Finding(program, False, f"it starts no sandbox: {told.strip()[-400:]}", fix)

    return _try(program, keras, why, anew=build)


def _said(*command: str) -> str | None:
    """None if a command ends well; otherwise the last line that it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=DAEMON_SECONDS)
    except subprocess.TimeoutExpired:
        return f"nothing in {DAEMON_SECONDS:g} s"
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]


# ----- rooms


def _try(runner: str, keras: bool, why: Callable[[str], Finding], anew: str = "") -> Tried:
    """Start a runner's sandbox and ask in its rooms.

    Args:
        runner: which.
        keras: also load Keras in one.
        why: makes a finding of what it said when it did not start.
        anew: what builds its image anew; nothing for a runner without one.
    """
    from course_lib.grading.isolation import Limits
    from course_lib.grading.room import Room
    from course_lib.grading.sandbox import ADVICE, NoSandbox, Sandbox

    tried = Tried(runner)
    try:
        with Sandbox(runner, keras=False, limits=Limits(memory=MEMORY)) as sandbox:
            with contextlib.closing(Room(sandbox)):  # the first starts the sandbox
                tried.there = True
            began = time.monotonic()
            with contextlib.closing(Room(sandbox)) as room:
                said = _said_in(room, _COMPUTES)
                tried.findings.append(_computes(runner, said, time.monotonic() - began, sandbox.alone))
                for look in (_same_course, _no_judge, _no_network):
                    tried.findings.append(look(runner, room, anew))
            tried.findings.append(_ended(runner, sandbox))
        if keras:
            with Sandbox(runner) as sandbox:
                tried.findings.append(_loads_keras(runner, sandbox))
    except (NoSandbox, OSError) as error:
        tried.findings.append(why(str(error).replace(ADVICE[runner], "").strip()))
    return tried


def _said_in(room, code: str) -> str:
    """What a cell prints in a room, or how it failed."""
    from course_lib.grading.room import RoomEnded

    try:
        said = room.run_cell(code, ROOM_SECONDS)
    except RoomEnded as ended:
        return str(ended)
    return said["printed"].strip() if said["raised"] is None else str(said["raised"])


def _computes(runner: str, said: str, seconds: float, alone: bool) -> Finding:
    kind = "a sandbox for each submission: slower, as the libraries load anew" if alone else "one sandbox for all"
    good = said == _COMPUTED
    found = f"a room computes, {seconds:.2f} s ({kind})" if good else f"a room said {said!r} for {_COMPUTED}"
    return Finding(runner, good, found, "report this with what it says")


def fingerprint(course: Path) -> str:
    """SHA-256 of the course's modules, without the judges; runs in a room as well, which has no more than Python."""
    told = hashlib.sha256()
    for path in sorted(course.rglob("*.py")):
        name = path.relative_to(course).as_posix()
        if not name.startswith("classroom/judges/"):
            told.update(name.encode() + path.read_bytes())
    return told.hexdigest()


def _same_course(runner: str, room, anew: str) -> Finding:
    """An image may hold an older course than the one that judges."""
    code = (
        f"from __future__ import annotations\nimport hashlib, pathlib, course_lib\n{inspect.getsource(fingerprint)}\n"
        "print(fingerprint(pathlib.Path(course_lib.__file__).resolve().parent))"
    )
    same = _said_in(room, code) == fingerprint(HERE.parent)
    found = "the course in it is this one" if same else "the course in it is another than the one that judges"
    return Finding(runner, same, found, anew or "report this")


def _no_judge(runner: str, room, anew: str) -> Finding:
    said = _said_in(room, _FINDS_JUDGES)
    found = "no judge is in it" if said == "0" else f"it shows files of the judges ({said})"
    return Finding(runner, said == "0", found, anew or "report this; grade nothing with this runner")


def _no_network(runner: str, room, anew: str) -> Finding:
    """A room looks for two sockets that this process listens on, of which one needs no network but its namespace."""
    name = f"\0bottleneck-{os.urandom(16).hex()}" if sys.platform == "linux" else ""
    with contextlib.ExitStack() as stack:
        internet = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = internet.getsockname()
        with socket.create_connection(address, timeout=5):  # the look is worth nothing if nobody could connect
            internet.accept()[0].close()
        if name:
            local = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            local.bind(name)
            local.listen()
        said = _said_in(room, _REACHES.format(port=address[1], name=name or "/nowhere"))
    found = "the network is refused" if said == "nothing" else f"a room reaches the network ({said})"
    return Finding(runner, said == "nothing", found, "report this; grade nothing with this runner")


def _ended(runner: str, sandbox) -> Finding:
    """Too much memory, in one process and in several."""
    from course_lib.grading.room import Room

    # Together twice what is allowed, each less than that.
    together = _TAKES_TOGETHER.format(children=5, size=2 * MEMORY // 5, seconds=HOLD_SECONDS)
    ways = {"one process": (_TAKES.format(size=4 * MEMORY), True), "several": (together, False)}
    held, other = [], []
    for who, (code, may_be_told) in ways.items():
        with contextlib.closing(Room(sandbox)) as room:
            said = _said_in(room, code)
            if said == "taken":
                held.append(who)
            elif not room.closed and not (may_be_told and said.startswith("MemoryError")):
                other.append(said)
    if held:
        found = f"no memory limit: {' and '.join(held)} took more than a room may have and went on"
        return Finding(runner, False, found, _limit_memory(runner))
    if other:
        return Finding(runner, False, f"a room that took too much memory said {other[0]!r}", "report this")
    return Finding(runner, True, f"who takes more than {MEMORY >> 20} MiB, as this room may, is ended")


def _limit_memory(runner: str) -> str:
    if runner == "bwrap":
        return (
            "the rooms of this sandbox have no namespaces of their own, in which they are watched: let bubblewrap's children make\n"
            f"user namespaces (on Ubuntu with this profile of AppArmor: {PROFILE}), or use podman or docker"
        )
    return (
        f"{runner} sets no limit where the kernel has no memory controller for it: see `{runner} info`; cgroups of version 2 have\n"
        "one (on a Raspberry Pi: cgroup_enable=memory in the kernel's command line)"
    )


def _loads_keras(runner: str, sandbox) -> Finding:
    from course_lib.grading.room import Room

    began = time.monotonic()
    with contextlib.closing(Room(sandbox)) as room:
        said = _said_in(room, "import keras\nprint('keras', keras.__version__)")
    good = said.startswith("keras ")
    found = (
        f"{said.title()} loads in it, in {time.monotonic() - began:.0f} s" if good else f"Keras does not load: {said}"
    )
    fix = f"{_python()} -m course_lib doctor --deep, which says whether Keras works outside of it"
    return Finding(runner, good, found, fix)


def _python() -> str:
    return _quoted(sys.executable)


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
