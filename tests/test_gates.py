"""The gates themselves: what `--lesson` keeps, how many seeds are asked for, what a run costs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from authoring import cpu

TESTS = Path(__file__).resolve().parent


def pytest_in(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess:
    """Run pytest in a folder with our conftest.py, which is copied there."""
    shutil.copy(TESTS / "conftest.py", folder)
    path = os.pathsep.join(filter(None, [str(TESTS.parent), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *options],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
    )


def test_a_lesson_keeps_its_library_tests_its_parameters_and_what_is_marked(tmp_path):
    (tmp_path / "test_lesson_05_library.py").write_text("def test_library(): pass\n")
    (tmp_path / "test_lesson_06_library.py").write_text("def test_other_library(): pass\n")
    (tmp_path / "test_all.py").write_text(
        "import types, pytest\n"
        "LESSONS = [types.SimpleNamespace(slug=slug) for slug in ('05_variational', '06_decoder_swapping')]\n"
        "@pytest.mark.parametrize('lesson', LESSONS, ids=lambda x: x.slug)\n"
        "def test_lesson(lesson): pass\n"
        "@pytest.mark.lesson('05')\n"
        "def test_marked(): pass\n"
        "def test_of_no_lesson(): pass\n"
    )
    done = pytest_in(tmp_path, "--collect-only", "--lesson", "05")
    kept = {line.split("::")[1] for line in done.stdout.splitlines() if "::" in line}
    assert kept == {"test_library", "test_lesson[05_variational]", "test_marked"}, done.stdout + done.stderr
    assert "3/6 tests collected (3 deselected)" in done.stdout, done.stdout


def test_seeds_come_from_the_environment_too(tmp_path):
    (tmp_path / "test_seeds.py").write_text("def test(request): print('seeds', request.config.getoption('--seeds'))\n")
    assert "seeds 20" in pytest_in(tmp_path, "-s", SEEDS="20").stdout


BURN = "import time\nwhile time.process_time() < {}: pass\n"


def test_cpu_seconds_of_workers_and_their_children_are_counted_once_by_part(tmp_path):
    (tmp_path / "test_exercises.py").write_text(
        "import subprocess, sys, time\n"
        "def test_here():\n    end = time.process_time() + 0.4\n    while time.process_time() < end: pass\n"
        f"def test_in_a_child():\n    subprocess.run([sys.executable, '-c', {BURN.format(0.4)!r}])\n"
    )
    (tmp_path / "test_metrics.py").write_text("def test(): pass\n")
    (tmp_path / "test_face.py").write_text(
        "import time, pytest\n@pytest.mark.browser\n"
        "def test():\n    end = time.process_time() + 0.4\n    while time.process_time() < end: pass\n"
    )
    log = tmp_path / "deep" / "cpu.jsonl"
    done = pytest_in(tmp_path, "-p", "xdist", "-p", "authoring.cpu", "-n", "2", COURSE_CPU_LOG=str(log))
    assert done.returncode == 0, done.stdout + done.stderr
    processes = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(processes) == 3, "two workers and the one that steers them"
    spent = sum(parts.get("exercises", 0) for parts in processes)
    assert 0.7 <= spent < 1.6, processes  # clock ticks of a hundredth are rounded off
    assert 0.35 <= sum(parts.get("browser", 0) for parts in processes) < 0.9, "a marked test is one of the browser's"
    spent += sum(parts.get("browser", 0) for parts in processes)
    assert [list(parts) for parts in processes].count(["all"]) == 1, "who steers knows the whole, and has no part in it"
    assert sum(parts.get("all", 0) for parts in processes) > 0.3 + spent, "three processes start and end"
    assert "library and classroom" in cpu.report(log)


@pytest.mark.parametrize(
    "path, backend, marked, part",
    [
        ("notebooks/01_anatomy.ipynb", "tensorflow", False, "nbval: notebooks"),
        ("tests/test_exercises.py", "tensorflow", False, "exercises"),
        ("tests/test_exercises.py", "jax", False, "on jax"),
        ("tests/test_browser.py", "tensorflow", True, "browser"),
        ("tests/test_face.py", "tensorflow", True, "browser"),
        ("tests/test_face.py", "tensorflow", False, "web version"),
        ("tests/test_explorer_space.py", "tensorflow", False, "web version"),
        ("tests/test_networks.py", "tensorflow", False, "web version"),
        ("tests/test_gates.py", "tensorflow", False, "lessons and authoring"),
        ("tests/test_lesson_05_library.py", "tensorflow", False, "library and classroom"),
    ],
)
def test_every_test_has_its_part(path, backend, marked, part):
    assert cpu.part_of(Path(path), backend, marked=marked) == part


def test_the_budgets_are_those_that_contributors_are_told():
    root = TESTS.parent
    of_test = re.search(r"^BUDGET := (\d+)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    of_all = re.search(r"^budget=(\d+)$", (root / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    told = " ".join((root / "CONTRIBUTING.md").read_text(encoding="utf-8").split())
    assert f"`make test` may cost {int(of_test[1]):,} CPU seconds" in told
    assert f"which runs everything, {int(of_all[1]):,};" in told


def test_a_run_over_its_budget_is_told_and_is_no_error(tmp_path, capsys):
    from authoring.__main__ import main

    log = tmp_path / "cpu.jsonl"
    log.write_text('{"exercises": 70}\n{"exercises": 30}\n{"all": 103}\n')
    assert main(["cpu", str(log), "--budget", "100"]) == 0
    table = capsys.readouterr().out
    assert "exercises                         100\n" in table and "103 of 100" in table
    assert "OVER BUDGET by 3 CPU seconds" in table
    assert main(["cpu", str(log), "--budget", "103"]) == 0
    assert "OVER" not in capsys.readouterr().out
