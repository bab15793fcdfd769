"""``python -m course_lib doctor``: what could keep the course from running here, each with its fix."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.classroom import records

MINIMUM_PYTHON, BELOW_PYTHON = (3, 11), (3, 14)
BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
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


def _backend() -> Iterator[Finding]:
    name, origin = os.environ.get("KERAS_BACKEND"), "the environment variable KERAS_BACKEND"
    if not name:
        config = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
        try:
            name, origin = json.loads(config.read_text(encoding="utf-8")).get("backend"), str(config)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, AttributeError) as error:
            yield Finding("backend", False, f"{config} cannot be read ({error})", f"delete {config}")
            return
    if not name:
        name, origin = "tensorflow", "the default"
    if name not in BACKENDS:
        yield Finding("backend", False, f"{name!r} ({origin}) is none", f"set {origin} to tensorflow, or remove it")
        return
    there = importlib.util.find_spec(BACKENDS[name]) is not None
    yield Finding(
        "backend",
        there,
        f"{name} ({origin})" + ("" if there else " is not installed"),
        f"remove {origin} to use TensorFlow, or install it: {_quoted(sys.executable)} -m pip install {BACKENDS[name]}",
    )


def _kernel() -> Iterator[Finding]:
    fix = f"{_quoted(sys.executable)} -m ipykernel install --sys-prefix --name python3"
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        yield Finding("kernel", False, "jupyter_client is missing", "see packages")
        return
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        yield Finding("kernel", False, "no kernel named python3", fix)
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
        "; ".join(broken) or f"{len(results)} files have the right SHA-256",
        "git checkout -- course_lib/data",
    )


def _disk(work: Path) -> Iterator[Finding]:
    folder = next(p for p in (work, *work.resolve().parents) if p.exists())
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Finding("disk", False, f"cannot be measured ({error.strerror})", f"look at {folder}")
        return
    yield Finding("disk", free > DISK_NEEDED, f"{free / 2**30:.1f} GiB free", f"free 1 GiB on the disk of {folder}")


def _writing(work: Path) -> Iterator[Finding]:
    folder = next(p for p in (work, *work.resolve().parents) if p.exists())
    probe = folder / ".bottleneck-write-test"
    try:
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        yield Finding(
            "writing",
            False,
            f"{folder}: {error.strerror}",
            f"give yourself the right to write in {folder}, or use another folder: "
            f"{_quoted(sys.executable)} -m course_lib lab --work FOLDER",
        )
        return
    yield Finding("writing", True, f"{folder} can be written")


def _deep() -> Iterator[Finding]:
    try:
        import keras
        import numpy as np

        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
        before = model.evaluate(x, x, verbose=0)
        model.fit(x, x, batch_size=32, epochs=1, verbose=0)
        after = model.evaluate(x, x, verbose=0)
    except Exception as error:
        yield Finding(
            "training",
            False,
            f"{type(error).__name__}: {error}".splitlines()[0],
            f"make the environment anew: delete its folder ({_quoted(sys.prefix)}), then `make lab`",
        )
        return
    yield Finding(
        "training",
        after < before,
        f"one step: {before:.3f} → {after:.3f} on Keras {keras.__version__}",
        "report this with the output of `pip freeze`",
    )
    try:
        devices = ", ".join(keras.distribution.list_devices()) or "cpu"
    except (RuntimeError, NotImplementedError, AttributeError):
        devices = "not reported by this backend"
    yield Finding("device", True, f"{keras.backend.backend()}: {devices}")


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


def examine(work: Path, *, deep: bool = False, show: Callable[[str], None] = print) -> int:
    """Look at everything and print a line for each finding.

    Args:
        work: the learner's folder; it need not exist yet.
        deep: also load the backend and train one step (some seconds).
        show: where the lines go.

    Returns:
        0 if everything is in order, otherwise 1.
    """
    looks = [_python, _packages, _tools, _backend, _kernel, _data, lambda: _disk(work), lambda: _writing(work)]
    names = ["Python", "packages", "tools", "backend", "kernel", "data", "disk", "writing"]
    if deep:
        looks.append(_deep)
        names.append("training")
    bad = 0
    for name, look in zip(names, looks, strict=True):
        try:
            findings = list(look())
        except Exception as error:  # one broken look must not hide the others
            findings = [Finding(name, False, f"{type(error).__name__}: {error}", "see packages above")]
        for finding in findings:
            show(f"{'✔' if finding.good else '✘'} {finding.subject:9} {finding.found}")
            if not finding.good:
                bad += 1
                show(f"  fix: {finding.fix}")
    show("Everything is in order." if not bad else f"{bad} thing(s) to mend, see the fixes above.")
    return 1 if bad else 0
