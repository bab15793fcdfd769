"""The notebooks as a test suite: a planted failure makes it red."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from authoring.derive import COMPARED, KERNELSPEC, path_of
from authoring.slices import reached
from authoring.source import lessons


def compared(source: str, output: str):
    cell = new_code_cell(source, execution_count=1, metadata={"tags": [COMPARED]})
    cell.outputs = [new_output("stream", name="stdout", text=output)]
    return cell


def of_the_course(*, corrupted: bool) -> list:
    """The first compared cell of lesson 10's notebook, with the cells that it needs; with one digit of its output changed."""
    (lesson,) = lessons("10")
    code = [c for c in nbformat.read(path_of(lesson, "notebooks"), as_version=4).cells if c.cell_type == "code"]
    at = next(i for i, c in enumerate(code) if COMPARED in c.metadata.get("tags", []))
    cells = [code[i] for i in reached([c.source for c in code[: at + 1]], at)]
    if corrupted:
        (output,) = cells[-1].outputs
        digit = next(sign for sign in output.text if sign.isdigit())
        output.text = output.text.replace(digit, str((int(digit) + 1) % 10), 1)
    return cells


VERDICT = "from course_lib import check\ncheck(is_bottleneck)"
PLANTED = {
    "claim": [new_code_cell("from course_lib import claim\nclaim('One is two', 1 == 2, '1 and 2')")],
    "exception": [new_code_cell("1 / 0")],
    "check of nothing": [new_code_cell("from course_lib import check\ncheck(lambda: 1)")],
    "stored output": [compared("print(43)", "42\n")],
    "corrupted cell of a lesson": of_the_course(corrupted=True),
    "wrong answer in a solutions notebook": [
        new_code_cell("def is_bottleneck(input_shape, code_shape):\n    return True\n"),
        new_code_cell(VERDICT),
    ],
}
SOUND = {
    "sound": [
        new_code_cell("from course_lib import claim\nclaim('One is one', True, '1')"),
        compared("print(42)", "42\n"),
    ],
    "compared cell of a lesson": of_the_course(corrupted=False),
    "stub in an exercise": [
        new_code_cell("def is_bottleneck(input_shape, code_shape):\n    raise NotImplementedError\n"),
        new_code_cell(VERDICT),
    ],
}


def nbval(folder, notebooks: dict[str, list]) -> tuple[int, dict[str, list[bool]], str]:
    """Run nbval once as `make test` does, on notebooks of these cells.

    Returns:
        pytest's exit status, for each notebook whether each of its cells was green, and what was printed.
    """
    for name, cells in notebooks.items():
        notebook = new_notebook(cells=cells, metadata={"kernelspec": dict(KERNELSPEC)})
        nbformat.write(notebook, folder / f"{name}.ipynb")
    options = ["--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(folder), "--junitxml=found.xml", str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "COURSE_HEADLESS": "1"},
    )
    green: dict[str, list[bool]] = {name: [] for name in notebooks}
    for case in xml.etree.ElementTree.parse(folder / "found.xml").iter("testcase"):
        (name,) = (name for name in notebooks if name in f"{case.get('classname')} {case.get('name')}")
        green[name].append(not {"failure", "error"} & {part.tag for part in case})
    return done.returncode, green, done.stdout


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return nbval(tmp_path_factory.mktemp("planted"), PLANTED)


def test_sound_notebooks_are_green(tmp_path):
    status, green, text = nbval(tmp_path, SOUND)
    assert status == 0 and green == {name: [True] * len(cells) for name, cells in SOUND.items()}, text


@pytest.mark.parametrize("name", PLANTED)
def test_planted_failure_is_red(planted, name):
    status, green, text = planted
    assert status != 0
    assert green[name] == [True] * (len(PLANTED[name]) - 1) + [False], text
