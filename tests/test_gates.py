"""The gates themselves: what `--lesson` keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
