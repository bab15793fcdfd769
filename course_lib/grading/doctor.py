"""``python -m course_lib doctor --classroom``: whether this machine can grade. It is tried, in real rooms, and what fails is mended.

A runner works if a room in it computes, finds no judge, reaches no network and is ended when it takes too much memory.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.classroom.doctor import Finding, tell

HERE = Path(__file__).resolve().parent
PROFILE, CONTAINERFILE = HERE / "bwrap.apparmor", HERE / "Containerfile"
PACKAGES = ("sqlalchemy", "jinja2")  # what grading needs beside the course: the extra `classroom`
DAEMON_SECONDS = 20.0  # for a daemon to say that it is there
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


def _try(runner: str, keras: bool, why: Callable[[str], Finding], anew: str = "") -> Tried:
    """Try a runner in its rooms; ``why`` makes a finding of what it said if it does not start."""
    from course_lib.grading import trials

    tried = Tried(runner)
    try:
        for finding in trials.look(runner, keras=keras, anew=anew):
            tried.findings.append(finding)
            tried.there = True
    except trials.NoSandbox as error:
        tried.findings.append(why(str(error)))
    return tried


def _python() -> str:
    return _quoted(sys.executable)


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
