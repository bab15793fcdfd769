"""The notebooks as a test suite: a planted failure makes it red."""

from __future__ import annotations

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from authoring.derive import KERNELSPEC


def nbval(tmp_path, *cells) -> subprocess.CompletedProcess:
    """Run nbval as `make test` does, on a notebook of these cells."""
    notebook = new_notebook(cells=list(cells), metadata={"kernelspec": dict(KERNELSPEC)})
    nbformat.write(notebook, tmp_path / "planted.ipynb")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "--nbval-current-env",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--rootdir",
            str(tmp_path),
            str(tmp_path / "planted.ipynb"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "COURSE_HEADLESS": "1"},
    )


def compared(source: str, output: str):
    cell = new_code_cell("# NBVAL_CHECK_OUTPUT\n" + source, execution_count=1)
    cell.outputs = [new_output("stream", name="stdout", text=output)]
    return cell


def test_sound_notebook_is_green(tmp_path):
    done = nbval(
        tmp_path,
        new_code_cell("from course_lib import claim\nclaim('One is one', True, '1')"),
        compared("print(42)", "42\n"),
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "cell",
    [
        new_code_cell("from course_lib import claim\nclaim('One is two', 1 == 2, '1 and 2')"),
        new_code_cell("1 / 0"),
        new_code_cell("from course_lib import check\ncheck(lambda: 1)"),
        compared("print(43)", "42\n"),
    ],
    ids=["claim", "exception", "check of nothing", "stored output"],
)
def test_planted_failure_is_red(tmp_path, cell):
    done = nbval(tmp_path, cell)
    assert done.returncode != 0, done.stdout


def test_wrong_answer_in_a_solutions_notebook_is_red_and_a_stub_in_an_exercise_is_not(tmp_path):
    verdict = new_code_cell("from course_lib import check\ncheck(is_bottleneck)")
    wrong = new_code_cell("def is_bottleneck(input_shape, code_shape):\n    return True\n")
    done = nbval(tmp_path, wrong, verdict)
    assert done.returncode != 0, done.stdout
    stub = new_code_cell("def is_bottleneck(input_shape, code_shape):\n    raise NotImplementedError\n")
    done = nbval(tmp_path, stub, verdict)
    assert done.returncode == 0, done.stdout
