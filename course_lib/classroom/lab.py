"""``python -m course_lib lab``: the learner's work folder, and JupyterLab on it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from course_lib import runtime
from course_lib.classroom import explorers, places, records

KINDS = ("notebooks", "exercises", "solutions")
OVERVIEW = "overview.ipynb"
START = "notebooks/00_start_here.ipynb"
WORKSPACES = ".jupyterlab-workspaces"  # hidden in JupyterLab's file browser


class LabError(Exception):
    """Something about the work folder has to be put right first; the message says what and how."""


def default_work_folder() -> Path:
    """``work/`` beside the course, unless the environment variable BOTTLENECK_WORK names another folder."""
    return Path(os.environ.get("BOTTLENECK_WORK") or records.course_root() / "work")


def _digest(original: Path | bytes) -> str:
    return hashlib.sha256(original if isinstance(original, bytes) else original.read_bytes()).hexdigest()


def _manifest(work: Path) -> dict[str, list[str]]:
    marker = work / runtime.MARKER
    try:
        released = json.loads(marker.read_text(encoding="utf-8"))["released"]
        return {str(k): list(v) for k, v in released.items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LabError(
            f"{marker}, which marks the folder of your copies, cannot be read ({places.why(error, marker)}). Move it away."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Without it no copy can be told from a changed one: all are kept, and new versions are put beside them.
        print(f"{marker.name} could not be read; every copy that differs from this release counts as changed by you.")
        return {}


def released_files() -> dict[str, Path | bytes]:
    """What a work folder holds by this release: path inside it → the file, or its content where that is made here.

    Raises:
        LabError: if the notebooks are not there.
    """
    root = records.course_root()
    found = {f"{kind}/{path.name}": path for kind in KINDS for path in sorted((root / kind).glob("[0-9][0-9]_*.ipynb"))}
    if START not in found:
        raise LabError(
            f"The course's notebooks are not beside course_lib: expected {root / START}. "
            "Clone the whole repository and run this command from it."
        )
    if (overview := root / OVERVIEW).is_file():
        found[OVERVIEW] = overview
    return {name: explorers.linked(root, name, path) for name, path in found.items()} | explorers.pages(root)


def fill(work: Path) -> list[str]:
    """Bring a work folder up to this release. Nothing that the learner changed is overwritten.

    A copy that is byte-identical to a version released earlier is refreshed. Any other is kept, and the new version is
    put beside it as ``NAME.new.ipynb`` (an explorer's page as ``NAME.new.html``).

    Args:
        work: the folder; made if it does not exist.

    Returns:
        What a learner should know, a line each.

    Raises:
        LabError: if the folder cannot be written, or is a file.
    """
    files = released_files()
    prepare(work)
    released = _manifest(work)
    notes, unsigned, left = [], [], []
    for name, original in files.items():
        copy = work / name
        digest = _digest(original)
        known = released.setdefault(name, [])
        try:
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                unsigned += _copy(original, copy)
            elif (mine := _digest(copy)) != digest:
                if mine in known:
                    unsigned += _copy(original, copy)
                    notes.append(f"{name}: renewed (you had not changed it).")
                elif digest not in known:
                    beside = _free_name(copy, digest, known)
                    if beside is not None:
                        unsigned += _copy(original, beside)
                        notes.append(f"{name}: your copy is kept; the new version is beside it as {beside.name}.")
        except (FileExistsError, NotADirectoryError):
            raise _in_the_way(copy.parent) from None
        except OSError as error:
            if places.is_full(error):
                raise _no_room(work, error) from None
            left.append(f"{name} ({places.why(error, copy)})")
            continue
        if digest not in known:
            known.append(digest)
    text = json.dumps({"version": 1, "released": released}, indent=1, sort_keys=True) + "\n"
    try:
        records.write_atomically(work / runtime.MARKER, text)
    except OSError as error:
        raise _no_room(work, error) from None
    if left:
        notes.append(
            f"Left as they are: {_some(left)}. Close what holds them open, or give yourself the right to write."
        )
    if unsigned:
        notes.append(f"Some stored outputs look plainer until they are run: {_some(unsigned)} could not be signed.")
    return notes


def prepare(work: Path) -> None:
    """Make the work folder, and see whether it can be written.

    Raises:
        LabError: if it cannot, or is a file.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
        places.probe(work)
    except (FileExistsError, NotADirectoryError):
        raise _in_the_way(work) from None
    except OSError as error:
        raise _no_room(work, error) from None


def _in_the_way(folder: Path) -> LabError:
    """What to say where a folder cannot be, as something else of that name, or above it, is there."""
    broken = places.broken_link(folder)
    if broken:
        return LabError(f"{broken}: {places.MEND_LINK}.")
    there = next((p for p in (folder, *folder.parents) if os.path.lexists(p)), folder)
    return LabError(f"{there} is a file; the course keeps your copies in a folder of that name. Move it away.")


def _no_room(work: Path, error: OSError) -> LabError:
    mend = "Make room" if places.is_full(error) else "Give yourself the right to write there"
    return LabError(
        f"{work} cannot be written ({places.why(error, work)}). {mend}, or choose another folder: "
        "python -m course_lib lab --work FOLDER"
    )


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _free_name(copy: Path, digest: str, known: list[str]) -> Path | None:
    """Where a new version can go without touching anything of the learner's; None if it is there already."""
    for number in range(1, 1000):
        candidate = copy.with_name(f"{copy.stem}.new{'' if number == 1 else number}{copy.suffix}")
        if not candidate.exists():
            return candidate
        there = _digest(candidate)
        if there == digest:
            return None
        if there in known:  # an earlier new version that nobody touched
            return candidate
    raise LabError(f"There are too many new versions beside {copy}: move them away.")


def _copy(original: Path | bytes, target: Path) -> list[str]:
    """Copy a file without ever leaving half of it, and sign a notebook; returns its name and why, where that failed."""
    os.replace(_beside(original, target), target)
    unsigned = records.trust(target) if target.suffix == ".ipynb" else None
    return [f"{target.name} ({unsigned})"] if unsigned else []


def _beside(original: Path | bytes, target: Path) -> Path:
    """A whole copy of a file under a temporary name beside its place, which another lab that starts does not use."""
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        if isinstance(original, bytes):
            temporary.write_bytes(original)
        else:
            shutil.copyfile(original, temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def reset(name: str, work: Path) -> str:
    """Restore one notebook of a work folder, keeping a backup of the learner's.

    Args:
        name: its name, such as ``exercises/01_anatomy``, with or without ``.ipynb``; without the folder only if one
            notebook has that name. A lesson has exercises and solutions of the same name: which is meant must then be said.
        work: the work folder.

    Returns:
        A line that says what happened.

    Raises:
        LabError: if there is no such notebook, or several of that name, or the folder cannot be written: nothing has
            changed then.
    """
    files = {name: original for name, original in released_files().items() if name.endswith(".ipynb")}
    wanted = name.replace("\\", "/").removeprefix("work/").removesuffix(".ipynb")
    matches = [key for key in files if key.removesuffix(".ipynb") == wanted]
    if not matches:
        matches = [key for key in files if key.split("/")[-1].removesuffix(".ipynb") == wanted]
        if len(matches) > 1:
            choices = " or ".join(f"`reset {key.removesuffix('.ipynb')}`" for key in matches)
            raise LabError(f"There are several notebooks of that name: say {choices}.")
    if not matches:
        raise LabError(
            f"There is no notebook {name!r}. There are: {', '.join(k.removesuffix('.ipynb') for k in files)}."
        )
    key = matches[0]
    target = work / key
    message = f"{key} restored."
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = _beside(files[key], target)  # first, so that a full disk changes nothing
        try:
            if target.exists() and (target.is_dir() or _digest(target) != _digest(files[key])):
                backup = target.with_name(f"{target.stem}.backup-{datetime.now():%Y%m%d-%H%M%S-%f}.ipynb")
                os.replace(target, backup)
                message = f"{key} restored; what you had is kept as {backup.name}."
            os.replace(fresh, target)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
    except (FileExistsError, NotADirectoryError):
        raise _in_the_way(target.parent) from None
    except OSError as error:
        mend = "Make room" if places.is_full(error) else "Close what holds it open, or give yourself the right to write"
        raise LabError(f"{target} could not be restored ({places.why(error, target)}). {mend}, and repeat.") from None
    records.trust(target)
    return message


def lab_environment(work: Path) -> dict[str, str]:
    """The environment for JupyterLab: our settings, ``course_lib`` importable by every kernel, and tabs of its own.

    JupyterLab keeps its open tabs in a workspace file, by default one for all of a user's folders: tabs of another
    project would be opened in the course, where those files do not exist, and the course's tabs there.
    """
    env = dict(os.environ)
    root = str(records.course_root())
    config = str(Path(__file__).resolve().parent / "lab_config")
    # JUPYTER_PATH: where JupyterLab finds the extension that opens the explorers.
    for key, value in (("JUPYTER_CONFIG_PATH", config), ("JUPYTER_PATH", config), ("PYTHONPATH", root)):
        env[key] = os.pathsep.join([value, *([env[key]] if env.get(key) else [])])
    env.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # this environment's kernel, not one left in the home folder
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    env.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(work.resolve() / WORKSPACES))
    env.pop("COURSE_HEADLESS", None)
    return env


def lab_command(work: Path, options: list[str]) -> list[str]:
    """The command that starts JupyterLab; the learner's own options come last, so that they win."""
    # In a container the only user is often root, whom Jupyter otherwise refuses; it listens to this machine only.
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={work.resolve()}",
        f"--LabApp.default_url=/lab/tree/{START}",
        *root,
        *options,
    ]


def run(options: list[str], work: Path) -> int:
    """Fill the work folder and start JupyterLab; returns its exit status.

    Raises:
        LabError: if the folder cannot be written.
    """
    prepare(work)
    try:
        elsewhere = places.settle(work)
    except OSError as error:
        raise _no_room(work, error) from None
    for note in filter(None, [elsewhere, *fill(work)]):
        print(note)
    print(f"Your copies are in {work}. Stop JupyterLab with Ctrl-C, pressed twice.", flush=True)
    return serve(lab_command(work, options), lab_environment(work))


def serve(command: list[str], environment: dict[str, str]) -> int:
    """Run a command until it ends by itself; returns its exit status.

    Ctrl-C in the terminal reaches JupyterLab too, which asks back and then closes its kernels: it decides when to end.
    """
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
