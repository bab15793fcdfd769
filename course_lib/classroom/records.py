"""What a learner has done: exercises tried and solved, guesses made.

Everything is kept in ``work/progress.json``. Only a kernel that runs inside a work folder (one that
``python -m course_lib lab`` has filled) reads or writes it; anywhere else the records live in memory, so that a
test run never marks anything as solved.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import filelock

import course_lib
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS, Outcome
from course_lib.runtime import work_folder

FILE = "progress.json"

_memory: dict = {}


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


def trust(path: Path) -> None:
    """Sign a notebook that comes with the course, so that JupyterLab shows its stored outputs as they are."""
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
        # Untrusted notebooks work too: their stored tables only look plainer until they are run.
        print(f"{path.name} could not be signed ({error}).")


def _empty() -> dict:
    return {"version": 1, "exercises": {}, "guesses": {}}


def _load(path: Path) -> dict:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or not all(isinstance(data.get(k), dict) for k in ("exercises", "guesses")):
            raise ValueError("not a progress file")
        return data
    except FileNotFoundError:
        return _empty()
    except ValueError:
        # Edited by hand or cut short by a full disk: keep what is there for the learner, and start anew.
        spare = path.with_name(f"progress.unreadable-{datetime.now(UTC):%Y%m%d-%H%M%S}.json")
        os.replace(path, spare)
        print(f"{path.name} could not be read. It was kept as {spare.name}, and a new one was started.")
        return _empty()


def read() -> dict:
    """The records: ``{"exercises": {name: {...}}, "guesses": {key: {...}}}``.

    Records that cannot be read cost the learner a line of notice, never a hint or a question.
    """
    folder = work_folder()
    if folder is None:
        return _memory if _memory else _empty()
    try:
        with filelock.FileLock(folder / ".progress.lock", timeout=10):
            return _load(folder / FILE)
    except (OSError, filelock.Timeout) as error:
        print(f"Your progress could not be read ({error}). `python -m course_lib doctor` tells what to do.")
        return _empty()


def update(change: Callable[[dict], None]) -> None:
    """Apply ``change`` to the records and save them, safe against other notebooks doing the same.

    A work folder that cannot be written costs the learner a line of notice, never the result of a check.
    """
    global _memory
    folder = work_folder()
    if folder is None:
        if not _memory:
            _memory = _empty()
        change(_memory)
        return
    try:
        with filelock.FileLock(folder / ".progress.lock", timeout=10):
            data = _load(folder / FILE)
            change(data)
            write_atomically(folder / FILE, json.dumps(data, indent=1, sort_keys=True) + "\n")
    except (OSError, filelock.Timeout) as error:
        print(f"Your progress could not be saved ({error}). `python -m course_lib doctor` tells what to do.")


def record_check(outcome: Outcome) -> dict:
    """Note one check of one exercise; returns the exercise's record."""
    noted: dict = {}

    def change(data: dict) -> None:
        entry = data["exercises"].setdefault(
            outcome.exercise, {"checks": 0, "failures": 0, "solved": None, "misconceptions": []}
        )
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
