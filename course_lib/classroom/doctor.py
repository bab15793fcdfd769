"""``python -m course_lib doctor``: what could keep the course from running here, each with its fix."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import struct
import sys
import sysconfig
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from course_lib import crashes, runtime
from course_lib.classroom import places, records

MINIMUM_PYTHON, BELOW_PYTHON = (3, 11), (3, 14)
BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
# Where TensorFlow from 2.20 on and LanceDB offer packages for Python 3.11 to 3.13.
PLATFORMS = {
    *(("Linux", processor) for processor in ("x86_64", "amd64", "aarch64", "arm64")),
    ("Darwin", "arm64"),
    ("Windows", "amd64"),
}
SECONDS = 180  # for a first import: a virus scanner, or a network disk, may take most of them
DISK_NEEDED = 1 << 30  # bytes: room for checkpoints, a full data set and the notebooks' outputs


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    good: bool
    found: str
    fix: str = ""


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = MINIMUM_PYTHON <= sys.version_info[:2] < BELOW_PYTHON
    yield Finding("Python", good, version, "install Python 3.11, 3.12 or 3.13 and make the environment anew with it")


def look_at_machine() -> Iterator[Finding]:
    """Whether packages exist for this system, processor and Python."""
    system, processor = platform.system(), platform.machine().lower()
    if system == "Windows":  # of the Python, which may be emulated
        processor = sysconfig.get_platform().removeprefix("win-")
    name = f"{ {'Darwin': 'macOS'}.get(system, system) } on {processor or 'an unknown processor'}"
    if "microsoft" in platform.release().lower():
        name += " (WSL)"
    container = "use a hosted notebook, or a Linux machine on x86-64 or ARM"
    fix = ""
    if struct.calcsize("P") < 8:
        name, fix = f"{name}, a Python of 32 bits", "install a Python of 64 bits: TensorFlow has no packages for 32"
    elif system == "Linux" and "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""):
        name += " with musl"
        fix = "use a Linux with glibc (Debian, Ubuntu, Fedora …): TensorFlow has no packages for musl, such as Alpine's"
    elif system == "Darwin" and processor == "x86_64":
        fix = (
            "on Apple silicon install a Python for arm64 (this one is for Intel); a Mac with an Intel processor cannot run "
            f"the course as it is: TensorFlow ended its packages at 2.16 and LanceDB at 0.25; {container}, or JAX (README, "
            "Which machines)"
        )
    elif system == "Windows" and processor == "arm64":
        fix = f"TensorFlow and LanceDB have no packages for Windows on ARM: work in WSL, or {container}"
    elif (system, processor) not in PLATFORMS:
        fix = f"TensorFlow has no packages for it that we know of: {container}"
    yield Finding("machine", not fix, name if fix else f"{name}: packages exist", fix)


def requirements() -> list[tuple[str, str]]:
    """Name and lower bound of each package that the course needs, from ``requirements.txt``.

    Raises:
        OSError: if the file cannot be read.
        ImportError: if ``packaging`` is not installed.
    """
    from packaging.requirements import Requirement  # here: it is one of the packages that may be missing

    text = (records.course_root() / "requirements.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    wanted = [Requirement(line) for line in lines if line]
    return [(one.name, bound.version) for one in wanted for bound in one.specifier if bound.operator == ">="]


def _packages() -> Iterator[Finding]:
    fix = f"{_quoted(sys.executable)} -m pip install -c constraints.txt -e ."
    try:
        from packaging.version import Version

        wanted = requirements()
    except ImportError:
        yield Finding("packages", False, "packaging is missing", f"in the course's folder: {fix}")
        return
    except OSError as error:
        yield Finding(
            "packages", False, f"requirements.txt cannot be read ({error.strerror})", "clone the repository again"
        )
        return
    wrong = []
    for name, least in wanted:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if Version(version) < Version(least):
            wrong.append(f"{name} {version} is older than {least}")
    yield Finding(
        "packages", not wrong, "; ".join(wrong) or f"all {len(wanted)} present", f"in the course's folder: {fix}"
    )


def _installed(name: str) -> bool:
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False


def _tools() -> Iterator[Finding]:
    """The tools of authors, the extra ``dev``: never an error, as learners need none of them."""
    text = (records.course_root() / "pyproject.toml").read_text(encoding="utf-8")
    wanted = tomllib.loads(text)["project"]["optional-dependencies"]["dev"]
    names = [re.split("[<>=]", tool)[0] for tool in wanted]
    missing = [name for name in names if not _installed(name)]
    found = f"not installed: {', '.join(missing)} (`make test` does it)" if missing else f"all {len(names)} present"
    yield Finding("tools", True, f"for authors only, learners need none; {found}")


def _backend_named() -> tuple[str, str]:
    """The backend that Keras will take, and where that is said.

    Raises:
        OSError, ValueError: if ``keras.json`` cannot be read.
    """
    name, origin = os.environ.get("KERAS_BACKEND"), "the environment variable KERAS_BACKEND"
    if not name:
        config = keras_configuration()
        with contextlib.suppress(FileNotFoundError):
            settings = json.loads(config.read_text(encoding="utf-8"))
            if not isinstance(settings, dict):
                raise ValueError("its settings are no dictionary")
            name, origin = settings.get("backend"), f"backend in {config}"
    return (name, origin) if name else ("tensorflow", "the default")


def keras_configuration() -> Path:
    """Where Keras keeps its settings."""
    return Path(os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")) / "keras.json"


def _backend(work: Path, *, load: bool) -> Iterator[Finding]:
    try:
        name, origin = _backend_named()
    except (OSError, ValueError) as error:
        config = keras_configuration()
        reason = places.why(error) if isinstance(error, OSError) else error
        yield Finding("backend", False, f"{config} cannot be read ({reason})", f"delete {config}")
        return
    if not isinstance(name, str) or name not in BACKENDS:
        found = f"{name!r} ({origin}) is none of {', '.join(BACKENDS)}"
        yield Finding("backend", False, found, f"set {origin} to tensorflow, or remove it")
        return
    if importlib.util.find_spec(BACKENDS[name]) is None:
        yield Finding(
            "backend",
            False,
            f"{name} ({origin}) is not installed",
            f"remove {origin} to use TensorFlow, or install it: {_quoted(sys.executable)} -m pip install {BACKENDS[name]}",
        )
        return
    yield Finding("backend", True, f"{name} ({origin})")
    if load:
        yield from _loads(name, "import keras", {"KERAS_BACKEND": name}, work)


def _lancedb(work: Path) -> Iterator[Finding]:
    if importlib.util.find_spec("lancedb") is not None:  # otherwise the packages say so
        yield from _loads("lancedb", "import lancedb", {}, work)


def _loads(module: str, code: str, environment: dict[str, str], work: Path) -> Iterator[Finding]:
    """Import a package in a process of its own, as it may end the process; and what was noted of kernels that died."""
    attempt = crashes.attempt(code, SECONDS, environment)
    known = {crash.path: crash for crash in [*crashes.found(work), *crashes.found()] if crash.module == module}
    earlier = list(known.values())[-1:]
    if attempt.good:
        again = f"; an earlier start {earlier[0]}" if earlier else ""
        yield Finding("loading", True, f"{module} loads in {attempt.seconds:.0f} s{again}")
        crashes.forget(list(known.values()))
        return
    yield _failed("loading", f"importing {module}", module, attempt)
    for crash in earlier:
        yield Finding("kernel", False, f"the last start {crash}", "as for loading, above")


def _failed(subject: str, what: str, module: str, attempt: crashes.Attempt) -> Finding:
    """What a process that ended badly says of this machine."""
    said = f": {' / '.join(attempt.words)}" if attempt.words else ""
    if sys.prefix != sys.base_prefix:
        anew = f"make the environment anew: delete its folder ({_quoted(sys.prefix)}), then `make lab`"
    else:  # the folder is the system's own, or Conda's
        anew = f"{_quoted(sys.executable)} -m pip install --force-reinstall {module}; or `make lab`, which makes an environment"
    if attempt.missing_instructions:
        fix = crashes.remedy(module, attempt.words)
    elif attempt.status is None:
        fix = "run this once more; if it stays so slow, look at virus scanner, network disk and memory"
    elif any("No usable temporary directory" in line for line in attempt.words):
        fix = "see temporary, above"
    elif attempt.signal == 9:
        fix = "close other programs: the course needs about 2 GB of free memory"
    elif any("DLL load failed" in line for line in attempt.words):
        fix = f"install Microsoft's Visual C++ Redistributable for Visual Studio; if that does not help, {anew}"
    else:
        fix = anew
    if module == "lancedb" and "lesson 08" not in fix:
        fix += " (only the database section of lesson 08 needs it)"
    return Finding(subject, False, f"{what} ended with {attempt.ending}{said}", fix)


def _kernel() -> Iterator[Finding]:
    fix = f"{_quoted(sys.executable)} -m ipykernel install --sys-prefix --name python3"
    try:
        with warnings.catch_warnings(action="ignore"):  # IPython's on a home that cannot be written: see `_home`
            from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        yield Finding("kernel", False, "jupyter_client is missing", "see packages")
        return
    except OSError as error:  # IPython looks for its folders while it is imported
        yield Finding("kernel", False, f"cannot be looked up ({places.why(error)})", "see temporary or home, below")
        return
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    try:
        with warnings.catch_warnings(action="ignore"):
            command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        yield Finding("kernel", False, "no kernel named python3", fix)
        return
    except OSError as error:
        yield Finding("kernel", False, f"cannot be looked up ({places.why(error)})", "see temporary or home, below")
        return
    found = shutil.which(command) or command
    # Links are not followed: the python of an environment is a link to the one that it was made with.
    good = command in ("python", "python3") or os.path.normcase(os.path.abspath(found)) == os.path.normcase(
        os.path.abspath(sys.executable)
    )
    yield Finding("kernel", good, f"python3 runs {command}" if not good else "python3 is this Python", fix)


def _data() -> Iterator[Finding]:
    from course_lib import datasets

    results = list(datasets.verify())
    broken = [message for _, good, message in results if not good]
    yield Finding(
        "data",
        not broken,
        "; ".join(message.splitlines()[0] for message in broken) or f"{len(results)} files have the right SHA-256",
        "git checkout -- course_lib/data",
    )


def _notebooks() -> Iterator[Finding]:
    """Whether the course's own notebooks, of which the lab makes copies, are all there."""
    from course_lib.classroom.exercise import exercises

    root, folders = records.course_root(), ("notebooks", "exercises", "solutions")
    lessons = sorted({e.lesson for e in exercises()})
    missing = [
        f"{folder}/{lesson:02d}"
        for folder in folders
        for lesson in lessons
        if not any((root / folder).glob(f"{lesson:02d}_*.ipynb"))
    ]
    yield Finding(
        "notebooks",
        not missing,
        f"missing in {root}: {', '.join(missing)}" if missing else f"those of {len(lessons)} lessons are there",
        f"in the course's folder: git checkout -- {' '.join(folders)}; or clone the whole repository again",
    )


def _disk(work: Path) -> Iterator[Finding]:
    folder = places.nearest(work)
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Finding("disk", False, f"cannot be measured ({error.strerror})", f"look at {folder}")
        return
    yield Finding("disk", free > DISK_NEEDED, f"{free / 2**30:.1f} GiB free", f"free 1 GiB on the disk of {folder}")


def _writing(work: Path) -> Iterator[Finding]:
    broken = places.broken_link(work)
    if broken:
        yield Finding("writing", False, broken, places.MEND_LINK)
        return
    folder = places.nearest(work)
    if not folder.is_dir():
        yield Finding(
            "writing", False, f"{folder} is a file", "move it away: your copies go into a folder of that name"
        )
        return
    try:
        places.probe(folder)
    except OSError as error:
        mend = "make room there" if places.is_full(error) else f"give yourself the right to write in {folder}"
        yield Finding(
            "writing",
            False,
            f"{folder}: {places.why(error, folder)}",
            f"{mend}, or use another folder: {_quoted(sys.executable)} -m course_lib lab --work FOLDER",
        )
        return
    yield Finding("writing", True, f"{folder} can be written")


def _copies(work: Path) -> Iterator[Finding]:
    """Your copies and records: what in the work folder is not as `lab` and `check` leave it."""
    if not os.path.isdir(work) or not os.access(work, os.R_OK | os.X_OK):  # the latter was said of writing
        return
    for name in ("notebooks", "exercises", "solutions"):
        broken = places.broken_link(work / name)
        if broken:
            yield Finding("copies", False, broken, places.MEND_LINK)
        if (work / name).exists() and not (work / name).is_dir():
            yield Finding("copies", False, f"{work / name} is a file", "move it away, then `make lab`")
    marker = work / runtime.MARKER
    if marker.exists() and not marker.is_file():
        yield Finding("copies", False, f"{marker} is no file", "move it away, then `make lab`")
    elif not marker.exists() and (work / "exercises").is_dir():
        fix = "`make lab` writes it anew; nothing of yours is overwritten"
        yield Finding("copies", False, f"{marker} is missing: what you solve is not kept", fix)
    wrong = records.complaint(work)
    if wrong:
        yield Finding(
            "records",
            False,
            wrong,
            f"close other notebooks and programs that use {work}; move the file away if that does not help",
        )


def _home() -> Iterator[Finding]:
    wanting = places.unwritable()
    if "TMPDIR" in wanting:
        yield Finding(
            "temporary",
            False,
            wanting.pop("TMPDIR")[2],
            "set the variable TMPDIR to a folder that you can write; `python -m course_lib lab` does so itself",
        )
    if not wanting:
        yield Finding("home", True, "Jupyter can write where it keeps its files")
        return
    found = f"{places.complaint(wanting)} `python -m course_lib lab` keeps these files in work/{places.INSIDE}"
    yield Finding(
        "home", True, f"{found}; if you start Jupyter otherwise, set {', '.join(wanting)} to folders that you can write"
    )


def train_one_step() -> None:
    """Train one step and print what happened as JSON: what the process does that ``doctor --deep`` starts."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    before = model.evaluate(x, x, verbose=0)
    model.fit(x, x, batch_size=32, epochs=1, verbose=0)
    after = model.evaluate(x, x, verbose=0)
    try:
        devices = ", ".join(keras.distribution.list_devices()) or "cpu"
    except (RuntimeError, NotImplementedError, AttributeError):
        devices = "not reported by this backend"
    result = {"before": float(before), "after": float(after), "keras": keras.__version__, "devices": devices}
    print("\n" + json.dumps({**result, "backend": keras.backend.backend()}))


def _deep() -> Iterator[Finding]:
    # Keras first: what it writes while it dies is then not set aside.
    code = "import keras; from course_lib.classroom import doctor; doctor.train_one_step()"
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(records.course_root())]))
    attempt = crashes.attempt(code, 2 * SECONDS, {"PYTHONPATH": path})
    if not attempt.good:
        with contextlib.suppress(OSError, ValueError):
            yield _failed("training", "training one step", _backend_named()[0], attempt)
        return
    result = json.loads(attempt.output.splitlines()[-1])
    yield Finding(
        "training",
        result["after"] < result["before"],
        f"one step: {result['before']:.3f} → {result['after']:.3f} on Keras {result['keras']}",
        "report this with the output of `pip freeze`",
    )
    yield Finding("device", True, f"{result['backend']}: {result['devices']}")


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


def examine(work: Path, *, deep: bool = False, show: Callable[[str], None] = print) -> int:
    """Look at everything and print a line for each finding.

    The backend and LanceDB are imported in a process of their own, which takes some seconds.

    Args:
        work: the learner's folder; it need not exist yet.
        deep: also train one step.
        show: where the lines go.

    Returns:
        0 if everything is in order, otherwise 1.
    """
    looks = {
        "machine": look_at_machine,
        "Python": _python,
        "packages": _packages,
        "tools": _tools,
        "kernel": _kernel,
        "data": _data,
        "notebooks": _notebooks,
        "disk": lambda: _disk(work),
        "writing": lambda: _writing(work),
        "copies": lambda: _copies(work),
        "home": _home,
        "backend": lambda: _backend(work, load=not deep),
        "lancedb": lambda: _lancedb(work),
    }
    if deep:
        looks["training"] = _deep
    bad = tell(looks, show)
    show("Everything is in order." if not bad else f"{bad} thing(s) to mend, see the fixes above.")
    return 1 if bad else 0


def tell(looks: Mapping[str, Callable[[], Iterable[Finding]]], show: Callable[[str], None]) -> int:
    """Look, and print a line for each finding and what mends it; returns how many things are to be mended.

    Args:
        looks: by what they look at.
        show: where the lines go.
    """
    bad = 0
    for name, look in looks.items():
        try:
            for finding in look():
                show(f"{'✔' if finding.good else '✘'} {finding.subject:9} {finding.found}")
                if not finding.good:
                    bad += 1
                    show("  fix: " + finding.fix.replace("\n", "\n       "))
        except Exception as error:  # one broken look must not hide the others
            bad += 1
            show(f"✘ {name:9} {type(error).__name__}: {error}")
            old = crashes.lacks_what_numpy_needs(error)
            show(f"  fix: {crashes.OTHER_PROCESSOR if old else 'see packages above'}")
    return bad
