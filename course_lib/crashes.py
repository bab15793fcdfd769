"""Packages that end the whole process while they load, and why they did.

TensorFlow, JAX and LanceDB are built for processors with AVX; on others, or where a package is broken, their import ends
in an illegal instruction or an abort, and no `except` is reached. Two ways to a word of explanation: `attempt` runs
Python in a process of its own and tells how it ended; `watched` keeps what was said while a package loads in a file,
which is still there when a kernel has died.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib import runtime

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# What each package is called, and what its builds for x86 need of the processor.
PACKAGES = {
    "tensorflow": ("TensorFlow", "avx"),
    "jax": ("JAX", "avx"),
    "torch": ("PyTorch", None),
    "lancedb": ("LanceDB", "avx2"),
}
OTHER_PROCESSOR = (
    "Use a newer machine or a hosted notebook, or let the virtual machine pass its host's processor through."
)
LAST_WORDS = 3  # lines
FOLDER = ".starts"  # inside a work folder, hidden in JupyterLab's file browser
NEW, TOLD = ".txt", ".told"  # the endings of a note, before and after it was told of
_ERROR = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit)\b:")  # how the last line of a traceback begins
_DONE = "bottleneck: done"
_FATAL = re.compile(r"(?:Fatal Python error|Windows fatal exception): (.+)$", re.MULTILINE)
_WINDOWS = {0xC000001D: 4, 0xC0000005: 11, 0xC0000409: 6, 3: 6}  # exit statuses, as the signals of other systems
_SIGNALS = {
    4: "an illegal instruction",
    6: "an abort",
    7: "a bus error",
    8: "an arithmetic error",
    9: "being killed from outside, mostly because memory ran out",
    11: "an access to memory that is not its own",
}


# --- a process of its own ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """How a process ended that tried something."""

    status: int | None  # None: it was stopped, as it took too long
    output: str
    seconds: float
    words: tuple[str, ...] = ()  # the last lines of its standard error
    done: bool = True  # whether its code was run to the last line

    @property
    def good(self) -> bool:
        """Whether it came to its end: a package may also end the process, and claim success."""
        return self.status == 0 and self.done

    @property
    def signal(self) -> int | None:
        """The signal that ended it, whichever way the system or a shell between reports that; or None."""
        if self.status is None or self.status == 0:
            return None
        if sys.platform == "win32":
            return _WINDOWS.get(self.status & 0xFFFFFFFF)
        number = -self.status if self.status < 0 else self.status - 128
        return number if 0 < number < 32 else None

    @property
    def ending(self) -> str:
        """How it ended, to be said after "it ended with"."""
        if self.status is None:
            return f"no result after {self.seconds:.0f} s"
        if self.status == 0 and not self.done:
            return "exit status 0, before it was loaded"
        if self.signal is None:
            return f"exit status {self.status}"
        return f"{_SIGNALS.get(self.signal, f'signal {self.signal}')} (exit status {self.status})"

    @property
    def missing_instructions(self) -> bool:
        """Whether it ended as processes do whose processor lacks what their code uses."""
        return self.signal in (4, 6) or any("AVX" in line for line in self.words)


def attempt(code: str, seconds: float, environment: dict[str, str] | None = None) -> Attempt:
    """Run Python code in a process of its own.

    Args:
        code: what it runs.
        seconds: after which it is stopped.
        environment: variables to add.
    """
    import subprocess  # here: every start of the course passes this module

    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        try:  # files, no pipes: a grandchild that lives on would keep a pipe open
            output, errors = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        except OSError:  # no folder for temporary files
            output, errors = subprocess.PIPE, subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", f"{code}\nprint({_DONE!r})"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUTF8": "1", **(environment or {})},
        )
        try:
            texts = process.communicate(timeout=seconds)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            texts = process.communicate()
            status = None
        if texts[1] is None:
            for file in (output, errors):
                file.seek(0)
            texts = (output.read(), errors.read())
    out, err = (text.decode("utf-8", "replace") for text in texts)
    before, done, _ = out.rpartition(_DONE)
    return Attempt(status, before if done else out, time.perf_counter() - start, _last_words(err), bool(done))


def _last_words(text: str) -> tuple[str, ...]:
    """The last lines; of a traceback the line that names the error, and the last ones behind it."""
    lines = (
        "".join(c if c.isprintable() else " " for c in line).strip() for line in _FATAL.split(text)[0].splitlines()
    )
    kept = [line for line in lines if line]
    errors = [number for number, line in enumerate(kept) if _ERROR.match(line)]
    if errors and errors[-1] >= len(kept) - 12:
        kept = [kept[errors[-1]], *kept[errors[-1] + 1 :][1 - LAST_WORDS :]]
    return tuple(line[:300] for line in kept[-LAST_WORDS:])


# --- the processor -----------------------------------------------------------------------------------------------


def instructions() -> set[str] | None:
    """The instruction sets of this processor in lower case, such as ``avx2``; None where the system does not tell."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            flags = next((line for line in file if line.startswith("flags")), None)
    except OSError:
        return None
    return set(flags.partition(":")[2].split()) if flags else None


def lacking(module: str) -> str | None:
    """The instruction set that a package's builds need and this processor is known to lack, or None."""
    wanted = PACKAGES[module][1]
    known = instructions() if wanted else None
    return wanted.upper() if known is not None and wanted not in known else None


def lacks_what_numpy_needs(error: BaseException) -> bool:
    """Whether NumPy, which looks at the processor by itself, refused to be imported on it."""
    return isinstance(error, RuntimeError) and "NumPy was built with baseline optimizations" in str(error)


def remedy(module: str, words: tuple[str, ...] = ()) -> str:
    """What to do where a package ended the process with an illegal instruction or an abort, in two or three sentences.

    Args:
        module: the package.
        words: its last words, which know better than this system what it needs.
    """
    name, wanted = PACKAGES.get(module, (module, None))
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    known = instructions()
    again = f"{python} -m pip install --force-reinstall --no-deps {module}"
    said = any("AVX" in line for line in words)
    if wanted is None or (known is not None and wanted in known and not said):
        usual = f"Mostly it is a processor without {wanted.upper()}, but this one has it: " if wanted else ""
        return f"{usual}{'the' if usual else 'The'} package is damaged, or does not fit the system. Install it again: {again}"
    if sys.platform == "darwin":
        return (
            f"{name} needs {wanted.upper()}, which programs for Intel lack on Apple silicon: install a Python for arm64, "
            "delete the environment, and make it anew with that Python."
        )
    certain = "lacks" if known is not None or said else "most likely lacks"
    text = (
        f"This processor (or the one that the virtual machine shows) {certain} {wanted.upper()}, for which {name} is "
        f"built. {OTHER_PROCESSOR}"
    )
    if module == "lancedb":
        return f"{text} Only the database section of lesson 08 needs {name}."
    other = "torch" if module == "jax" else "torch (or jax)"
    return f"{text} Or try another backend: {python} -m pip install {other}, and set KERAS_BACKEND to its name."


# --- a kernel that dies ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crash:
    """A start that died while a package loaded."""

    path: Path
    module: str
    reason: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        name = PACKAGES.get(self.module, (self.module,))[0]
        said = f" Its last words: {' / '.join(self.words)}" if self.words else ""
        return f"died while {name} was loading ({self.reason[:1].lower()}{self.reason[1:]}).{said}"


def _folders(work: Path | None = None) -> list[Path]:
    """Where starts are noted, best first: in the work folder, and in a folder of one's own for temporary files."""
    work = work or runtime.work_folder()
    places = [work / FOLDER] if work is not None else []
    with contextlib.suppress(OSError):  # no folder for temporary files
        user = os.getuid() if hasattr(os, "getuid") else "user"
        places.append(Path(tempfile.gettempdir()) / f"bottleneck-starts-{user}")
    return places


def _ours(place: Path) -> bool:
    """Whether a folder is there that nobody else can have prepared for us: the temporary folder belongs to all."""
    try:
        state = place.lstat()
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or state.st_uid == os.getuid()
    return mine and not place.is_symlink() and place.is_dir()


@contextlib.contextmanager
def watched(module: str) -> Iterator[int | None]:
    """Note what is written to standard error while a package loads, so that it is known if the process dies of it.

    Yields:
        A file descriptor to set standard error aside to; None where no file can be had.
    """
    kept, file = _new_file(module)
    if file is None:
        yield None
        return
    # Python's own word on a signal goes where standard error points: the file. Whoever has turned it on keeps theirs.
    told = not faulthandler.is_enabled()
    if told:
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            faulthandler.enable(file=file, all_threads=False)
    try:
        yield file.fileno()
    finally:
        if told:
            faulthandler.disable()
        file.close()
        if kept is not None:
            for path in (kept, kept.with_name(module + TOLD)):  # it can load here, whatever happened before
                with contextlib.suppress(OSError):
                    path.unlink()


def _new_file(module: str):
    """A file with a name that another process finds; without one where that cannot be; (None, None) where none can."""
    for place in _folders():
        try:
            place.mkdir(mode=0o700, exist_ok=True)
            if not _ours(place):
                continue
            handle, name = tempfile.mkstemp(prefix=f"{module}-", suffix=NEW, dir=place)
        except OSError:
            continue
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return Path(name), os.fdopen(handle, "r+b", buffering=0)
    try:
        return None, tempfile.TemporaryFile(buffering=0)
    except OSError:
        return None, None


def _in_use(path: Path) -> bool:
    """Whether the process that loads is still alive: it holds a lock, or on Windows the file itself."""
    try:
        if fcntl is None:
            os.replace(path, path.with_suffix(".old"))
            os.replace(path.with_suffix(".old"), path)
            return False
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except OSError:
        return True


def found(work: Path | None = None) -> list[Crash]:
    """The starts that died while a package loaded that has not loaded since, oldest first. Never raises.

    Files of processes that were stopped from outside while they loaded, such as by a restart of the kernel, are removed.
    """
    crashes = []
    for place in filter(_ours, _folders(work)):
        with contextlib.suppress(OSError):
            files = [path for path in place.iterdir() if path.suffix in (NEW, TOLD)]
            for path in sorted(files, key=lambda p: (p.suffix == NEW, p.stat().st_mtime)):
                if path.suffix == NEW and _in_use(path):
                    continue
                text = path.read_bytes()[-20_000:].decode("utf-8", "replace")
                fatal = _FATAL.search(text)
                if fatal or "AVX" in text:
                    reason = fatal[1].strip() if fatal else "a missing instruction set"
                    crashes.append(Crash(path, re.split("[-.]", path.name)[0], reason, _last_words(text)))
                else:
                    path.unlink()
    return crashes


def forget(crashes: list[Crash]) -> None:
    """Remove the notes of these starts."""
    for crash in crashes:
        with contextlib.suppress(OSError):
            crash.path.unlink()


def tell() -> None:
    """Say once, on standard error, that the last start died while a package loaded, and what to do."""
    new = [crash for crash in found() if crash.path.suffix == NEW]
    if not new:
        return
    last = new[-1]
    _say(f"The last start {last}\nWhat to do: {remedy(last.module, last.words)}")
    for crash in new:  # the doctor still finds it
        with contextlib.suppress(OSError):
            os.replace(crash.path, crash.path.with_name(crash.module + TOLD))


def warn(module: str) -> None:
    """Say on standard error, before a package loads, that this processor lacks what it needs: the process may die."""
    wanted = lacking(module)
    if wanted:
        _say(f"{PACKAGES[module][0]} is loading. If Python dies now, that is why: {remedy(module)}")


def _say(text: str) -> None:
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr)
        sys.stderr.flush()
    if runtime.in_notebook():
        time.sleep(0.2)  # until the text has left the kernel, which may have only moments to live
