"""What a learner has done: exercises tried and solved, guesses made.

Everything is kept in ``work/progress.json``. Only a kernel that runs inside a work folder (one that
``python -m course_lib lab`` has filled) reads or writes it; anywhere else the records live in memory, so that a
test run never marks anything as solved.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

import course_lib
from course_lib.classroom import places
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, Outcome
from course_lib.runtime import work_folder

FILE, LOCK = "progress.json", ".progress.lock"
SOLUTIONS = "solutions"  # in a work folder
PATIENCE = 10  # seconds that another notebook may take to save its progress

_memory: dict = {}
_unsaved: dict[Path, list[Callable[[dict], None]]] = {}  # changes that a full disk or a held lock kept from being saved


def course_root() -> Path:
    """The folder that holds ``course_lib``, ``notebooks``, ``exercises`` and ``solutions``."""
    return Path(course_lib.__file__).resolve().parent.parent


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, never meets half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def trust(path: Path) -> str | None:
    """Sign a notebook that comes with the course, so that JupyterLab shows its stored outputs as they are.

    Returns:
        None; or why it could not be signed. Untrusted notebooks work too: their stored tables only look plainer until
        they are run.
    """
    try:
        import nbformat
        from jupyter_core.paths import jupyter_data_dir
        from nbformat.sign import NotebookNotary

        # Without data_dir the notary starts a Jupyter application, which sets up logging anew: a guest in this process
        # has no business doing that, and it closes the streams of handlers that others hold. The folder is missing
        # where Jupyter has never run, and the notary does not make it.
        Path(jupyter_data_dir()).mkdir(mode=0o700, parents=True, exist_ok=True)
        NotebookNotary(data_dir=jupyter_data_dir()).sign(nbformat.read(path, as_version=4))
    except Exception as error:
        return places.why(error)
    return None


def _empty() -> dict:
    return {"version": 1, "exercises": {}, "guesses": {}}


# What every note of an exercise may hold, as the functions below rely on it.
_FORMS = {
    "checks": int,
    "failures": int,
    "solved": str | None,
    "misconceptions": list,
    "last": str,
    "last_misconception": str | None,
    "last_message": str,
}


def _parse(text: str) -> dict:
    """The records in a text.

    Raises:
        ValueError: if it is no progress file, or somebody's editor changed the form of an entry.
    """
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("not a progress file") from None
    parts = [data.get(k) for k in ("exercises", "guesses")] if isinstance(data, dict) else [None]
    if not all(isinstance(part, dict) and all(isinstance(e, dict) for e in part.values()) for part in parts):
        raise ValueError("not a progress file")
    exercises, guesses = parts
    notes = [(note, _FORMS) for note in exercises.values()] + [(guess, {"answer": str}) for guess in guesses.values()]
    if not all(isinstance(note[key], form) for note, forms in notes for key, form in forms.items() if key in note):
        raise ValueError("not a progress file")
    return data


def complaint(folder: Path) -> str | None:
    """What is wrong with the records of a work folder, for the doctor; None if nothing. Changes nothing."""
    try:
        _parse((folder / FILE).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        pass
    except ValueError:
        return f"{FILE} is damaged; the next check keeps it under another name and starts a new one"
    except OSError as error:
        return f"{FILE} cannot be read ({places.why(error, folder)})"
    if not (folder / LOCK).exists():
        return None
    try:
        with filelock.FileLock(folder / LOCK, timeout=0.5):
            return None
    except (OSError, NotImplementedError) as error:
        return f"{LOCK} cannot be locked ({places.why(error, folder)})"


def _load(path: Path, *, rescue: bool = True) -> dict:
    """Read the records; damaged ones are kept under another name, with a notice (not if ``rescue`` is off)."""
    try:
        return _parse(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return _empty()
    except (ValueError, OSError) as error:
        # Edited by hand, cut short by a full disk, or a folder: keep what is there for the learner, and start anew.
        if not rescue or not (isinstance(error, ValueError) or path.is_dir()):
            raise
        spare = path.with_name(f"progress.unreadable-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.json")
        os.replace(path, spare)
        print(f"{path.name} could not be read. It was kept as {spare.name}, and a new one was started.")
        return _empty()


@contextlib.contextmanager
def _alone(folder: Path, patience: float) -> Iterator[None]:
    """Hold the lock of the records; ``OSError`` names it if that cannot be."""
    lock = filelock.FileLock(folder / LOCK, timeout=patience)
    try:
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        raise OSError(f"{LOCK}: {places.why(error, folder)}") from None
    try:
        yield
    finally:
        lock.release()


def _notice(what: str, error: Exception, folder: Path) -> None:
    if isinstance(error, ValueError):
        reason = f"{FILE} is damaged"
    else:
        reason = places.why(error, folder) if error.errno else str(error)
    print(f"Your progress could not be {what} ({reason}). `python -m course_lib doctor` tells what to do.")


def _home() -> Path | None:
    """The work folder whose records this kernel keeps; None in its folder of solutions, where it is our answers that pass."""
    folder = work_folder()
    return None if folder and (folder / SOLUTIONS) in (here := Path.cwd().resolve(), *here.parents) else folder


def read() -> dict:
    """The records: ``{"exercises": {name: {...}}, "guesses": {key: {...}}}``.

    Records that cannot be read cost the learner a line of notice, never a hint or a question.
    """
    folder = _home()
    if folder is None:
        return _memory if _memory else _empty()
    try:
        try:
            with _alone(folder, min(3, PATIENCE)):
                data = _load(folder / FILE)
        except OSError:
            # The lock is held or broken, or nothing can be written here. Records are only ever replaced as a whole.
            data = _load(folder / FILE, rescue=False)
    except (OSError, ValueError) as error:
        _notice("read", error, folder)
        data = _empty()
    for change in _unsaved.get(folder, []):
        change(data)
    return data


def update(change: Callable[[dict], None]) -> None:
    """Apply ``change`` to the records and save them, safe against other notebooks doing the same.

    A work folder that cannot be written costs the learner a line of notice, never the result of a check. What could not
    be saved is known until this kernel ends, and saved with the next change.
    """
    global _memory
    folder = _home()
    if folder is None:
        if not _memory:
            _memory = _empty()
        change(_memory)
        return
    changes = [*_unsaved.get(folder, []), change]
    try:
        with _alone(folder, PATIENCE):
            data = _load(folder / FILE)
            for one in changes:
                one(data)
            write_atomically(folder / FILE, json.dumps(data, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        _notice("saved", error, folder)
        _unsaved[folder] = changes
        try:
            data = _load(folder / FILE, rescue=False)
        except (OSError, ValueError):
            data = _empty()
        for one in changes:
            one(data)
    else:
        _unsaved.pop(folder, None)


def record_check(outcome: Outcome) -> dict:
    """Note one check of one exercise; returns the exercise's record."""
    noted: dict = {}

    def change(data: dict) -> None:
        # What an editor removed from an entry is as in a new one.
        new = {"checks": 0, "failures": 0, "solved": None, "misconceptions": []}
        entry = data["exercises"][outcome.exercise] = {**new, **data["exercises"].get(outcome.exercise, {})}
        if outcome.status != NOT_ATTEMPTED:
            entry["checks"] += 1
        if outcome.status in (FAIL, ERROR):
            entry["failures"] += 1
        if outcome.misconception and outcome.misconception not in entry["misconceptions"]:
            entry["misconceptions"].append(outcome.misconception)
        if outcome.status == PASS and not entry["solved"]:
            entry["solved"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        entry["last"] = outcome.status
        entry["last_misconception"] = outcome.misconception
        entry["last_message"] = outcome.message if outcome.status in (FAIL, ERROR) else ""
        noted.update(entry)

    update(change)
    return noted


def entry(name: str) -> dict:
    """What is noted of an exercise; empty before its first check."""
    return read()["exercises"].get(name, {})


def record_guess(key: str, question: str, options: list[str], answer: str) -> None:
    """Note a learner's prediction."""
    update(lambda data: data["guesses"].update({key: {"question": question, "options": options, "answer": answer}}))


def guess_of(key: str) -> str | None:
    """The prediction that the learner made, or None."""
    return read()["guesses"].get(key, {}).get("answer")
