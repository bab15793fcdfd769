"""What all tests share: the choice of one lesson, and the score of the wrong-answer banks."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # a learner's keras.json must not decide what is tested
os.environ["COURSE_HEADLESS"] = "1"
os.environ.setdefault("COURSE_PATIENCE", "4")  # the other processes of this run need the cores, too

import pytest

import course_lib  # noqa: F401  (before Keras: it keeps TensorFlow's start-up notices away)


def pytest_addoption(parser):
    parser.addoption("--lesson", default=None, metavar="NN", help="only what belongs to this lesson, such as 02")
    parser.addoption(
        "--seeds",
        default=os.environ.get("SEEDS") or None,
        type=int,
        metavar="N",
        help="check each exercise on this many seeds (4; the environment variable SEEDS does the same)",
    )

    parser.addoption(
        "--weekly",
        action="store_true",
        default=os.environ.get("WEEKLY") == "1",
        help="also what is marked weekly (the environment variable WEEKLY=1 does the same)",
    )

    parser.addoption(
        "--turn",
        default=int(os.environ.get("TURN") or f"{datetime.now(UTC):%j}"),
        type=int,
        metavar="N",
        help="on a push each capstone meets one of its wrong answers, number N modulo how many there are, counted from 0; "
        "by default N is the day of the year in UTC (the environment variable TURN does the same)",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "lesson(NN): also belongs to this lesson, for --lesson NN")


def belongs_to(item, lesson: str) -> bool:
    """Whether a test is one of a lesson: by its file's name, by a mark, or because the lesson is its parameter."""
    if re.match(rf"test_lesson_{lesson}(_|$)", item.path.stem):
        return True
    if any(lesson in mark.args for mark in item.iter_markers("lesson")):
        return True
    of = getattr(item, "callspec", None) and item.callspec.params.get("lesson")
    return of is not None and of.slug.startswith(f"{lesson}_")


def pytest_collection_modifyitems(config, items):
    wanted, weekly = config.getoption("--lesson"), config.getoption("--weekly")
    kept, dropped = [], []
    for item in items:
        due = weekly or not any(item.iter_markers("weekly"))
        (kept if due and (not wanted or belongs_to(item, wanted)) else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


# ----- the classroom's sandbox, which not every machine has

REQUIRED = "required"  # value of COURSE_SANDBOX under which a test that needs the sandbox may not be left out


@functools.cache
def sandbox_missing() -> str:
    """Why bubblewrap cannot be used here; empty where it can. Tried, as an installed one may be forbidden."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (sudo apt install bubblewrap)"
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return f"bubblewrap does not work here: {done.stderr.strip()[-200:]}" if done.returncode else ""


def pytest_runtest_setup(item):
    if item.get_closest_marker("sandbox") and sandbox_missing():
        pytest.skip(sandbox_missing())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    needed = os.environ.get("COURSE_SANDBOX") == REQUIRED and item.get_closest_marker("sandbox")
    if needed and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, and COURSE_SANDBOX={REQUIRED} does not allow it: {call.excinfo.value}"
    return report


def tell_of_the_sandbox(terminalreporter) -> None:
    """One line about the tests that were left out for want of a sandbox."""
    left_out = [r for r in terminalreporter.stats.get("skipped", []) if "sandbox" in getattr(r, "keywords", ())]
    if left_out:
        reasons = sorted({r.longrepr[2].removeprefix("Skipped: ") for r in left_out if isinstance(r.longrepr, tuple)})
        terminalreporter.write_line(
            f"{len(left_out)} tests of the classroom were left out: {'; '.join(reasons)}. "
            f"COURSE_SANDBOX={REQUIRED} makes this a failure."
        )


def pytest_terminal_summary(terminalreporter):
    """Print how many wrong answers the checks killed; with xdist the numbers travel as user properties."""
    tell_of_the_sandbox(terminalreporter)
    scores: dict[str, list[int]] = {}
    turn = None
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for key, value in getattr(report, "user_properties", []):
                if key == "killed":
                    lesson, killed, total = value
                    score = scores.setdefault(lesson, [0, 0])
                    score[0] += killed
                    score[1] += total
                elif key == "turn":
                    turn = value
    if scores:
        terminalreporter.section("wrong answers killed by the checks")
        for lesson, (killed, total) in sorted(scores.items()):
            terminalreporter.write_line(f"{lesson:24} {killed}/{total}")
        terminalreporter.write_line(
            f"{'all lessons':24} {sum(s[0] for s in scores.values())}/{sum(s[1] for s in scores.values())}"
        )
    if turn is not None and not terminalreporter.config.getoption("--weekly"):
        terminalreporter.write_line(f"Of each capstone one wrong answer: TURN={turn} takes the same, WEEKLY=1 all.")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A work folder as `python -m course_lib lab` leaves it, with the current directory in it."""
    from course_lib import runtime

    folder = tmp_path / "work"
    (folder / "exercises").mkdir(parents=True)
    (folder / runtime.MARKER).write_text('{"version": 1, "released": {}}', encoding="utf-8")
    monkeypatch.chdir(folder / "exercises")
    return folder


ONE_PASS = """
from course_lib import training
_patient = training.fit
training.fit = lambda *args, **options: _patient(*args, **{**options, "epochs": 1})
"""


@pytest.fixture
def changed_lesson(tmp_path):
    """A function that runs a lesson with one line of code changed, as a learner with data of their own does.

    The trainings are cut to one pass over the data, so claims are logged and not held to; it returns their texts, and
    ``changed_lesson.printed`` has what the reader sees: all lines, and the captions. Only the cells that the change can
    reach are run, and those that these need; with ``whole=True`` all of them. The notebook is the lesson's if it has the
    line, else the second one; ``kind="deeper"`` asks for the second one where both have it.
    """
    import nbformat

    from authoring import execute as executing
    from authoring.derive import READ, derive, folder
    from authoring.slices import reached
    from authoring.source import lessons

    def run(which, line, instead, *, whole=False, kind=None):
        (lesson,) = lessons(which) if isinstance(which, str) else (which,)
        made = derive(lesson)
        for notebook in (made[of] for of in ([kind] if kind else READ) if of in made):
            having = [c for c in notebook.cells if c.cell_type == "code" and line in c.source.splitlines()]
            if having:
                break
        assert len(having) == 1, f"{len(having)} cells of {lesson.slug} have the line {line!r}"
        (cell,) = having
        cell.source = cell.source.replace(line, instead)
        if not whole:
            code = [c for c in notebook.cells if c.cell_type == "code"]
            notebook.cells = [code[i] for i in reached([c.source for c in code], code.index(cell))]
        notebook.cells.insert(1, nbformat.v4.new_code_cell(ONE_PASS))
        log = tmp_path / "claims.jsonl"
        log.write_text("", encoding="utf-8")
        executing.execute(
            notebook, folder("notebooks"), {"COURSE_CLAIMS_LOG": str(log), "COURSE_CLAIMS_KEEP_GOING": "1"}
        )
        outputs = [output for c in notebook.cells for output in c.get("outputs", [])]
        run.printed = "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)
        return [json.loads(entry)["text"] for entry in log.read_text(encoding="utf-8").splitlines()]

    return run
