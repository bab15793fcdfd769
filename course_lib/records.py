"""What a learner has done: exercises tried and solved, guesses made.

Everything is kept in ``work/progress.json``. Only a kernel that runs inside a work folder (one that
``python -m course_lib lab`` has filled) reads or writes it; anywhere else the records live in memory, so that a
test run never marks anything as solved.
"""

from __future__ import annotations

import html
import json
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import filelock

MARKER = ".bottleneck.json"  # written into a work folder by `python -m course_lib lab`
FILE = "progress.json"

_memory: dict = {}


def course_root() -> Path:
    """The folder that holds ``course_lib``, ``notebooks``, ``exercises`` and ``solutions``."""
    return Path(__file__).resolve().parent.parent


def work_folder(start: Path | None = None) -> Path | None:
    """The work folder that ``start`` (by default the current directory) lies in, or None."""
    folder = (start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / MARKER).is_file():
            return candidate
    return None


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


def record_check(name: str, status: str, misconception: str | None) -> dict:
    """Note one check of one exercise; returns the exercise's record."""
    noted: dict = {}

    def change(data: dict) -> None:
        entry = data["exercises"].setdefault(name, {"checks": 0, "failures": 0, "solved": None, "misconceptions": []})
        if status != "NOT ATTEMPTED":
            entry["checks"] += 1
        if status in ("FAIL", "ERROR"):
            entry["failures"] += 1
        if misconception and misconception not in entry["misconceptions"]:
            entry["misconceptions"].append(misconception)
        if status == "PASS" and not entry["solved"]:
            entry["solved"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        entry["last"] = status
        noted.update(entry)

    update(change)
    return noted


def failures(name: str) -> int:
    """How many checks of an exercise have failed so far."""
    return read()["exercises"].get(name, {}).get("failures", 0)


def record_guess(key: str, question: str, options: list[str], answer: str) -> None:
    """Note a learner's prediction."""
    update(lambda data: data["guesses"].update({key: {"question": question, "options": options, "answer": answer}}))


def guess_of(key: str) -> str | None:
    """The prediction that the learner made, or None."""
    return read()["guesses"].get(key, {}).get("answer")


class Progress:
    """The table of exercises with what has been solved; shows itself in a notebook, prints itself elsewhere."""

    _WORDS: ClassVar = {"solved": "✔ solved", "failed": "✘ tried", "open": "· open"}

    def __init__(self, rows: list[tuple[int, str, str, str, str, int]]):
        self.rows = rows  # lesson, number, name, title, state, checks

    def solved(self) -> int:
        """Number of exercises solved."""
        return sum(row[4] == "solved" for row in self.rows)

    def __str__(self) -> str:
        lines = [f"{self.solved()} of {len(self.rows)} exercises solved"]
        for _, number, name, title, state, checks in self.rows:
            lines.append(f"  {number:5} {self._WORDS[state]:10} {name:26} {title} ({checks} checks)")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{number}</td><td>{self._WORDS[state]}</td><td style='text-align:left'><code>{html.escape(name)}"
            f"</code></td><td style='text-align:left'>{html.escape(title)}</td><td>{checks}</td></tr>"
            for _, number, name, title, state, checks in self.rows
        )
        return (
            f"<table class='bottleneck-progress'><caption>{self.solved()} of {len(self.rows)} exercises solved</caption>"
            "<thead><tr><th>No.</th><th>State</th><th>Exercise</th><th>Title</th><th>Checks</th></tr></thead>"
            f"<tbody>{cells}</tbody></table>"
        )


def progress(lesson: int | None = None) -> Progress:
    """The exercises of the course, or of one lesson, and which of them are solved.

    Args:
        lesson: number of a lesson; None for all.

    Raises:
        ValueError: if no lesson of that number has exercises.
    """
    from course_lib.checks import framework

    exercises = framework.exercises()
    lessons = sorted({e.lesson for e in exercises})
    if lesson is not None and lesson not in lessons:
        raise ValueError(f"progress() expects one of the lessons {lessons}, or nothing for all; received {lesson!r}.")
    noted = read()["exercises"]
    rows = []
    for e in exercises:
        if lesson is not None and e.lesson != lesson:
            continue
        entry = noted.get(e.name, {})
        state = "solved" if entry.get("solved") else "failed" if entry.get("failures") else "open"
        rows.append((e.lesson, e.number, e.name, e.title, state, entry.get("checks", 0)))
    return Progress(rows)
