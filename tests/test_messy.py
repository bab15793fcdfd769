"""Notebooks as they come in: whatever was done to one, it is graded as far as it goes, and the rest is named."""

from __future__ import annotations

import hashlib
import json
import tracemalloc

import pytest

from course_lib.classroom import exercise as framework
from course_lib.classroom.exercise import ERROR, FAIL, NOT_ATTEMPTED, PASS
from course_lib.grading import judging, notebooks
from course_lib.grading.judging import Graded, grade
from course_lib.grading.sandbox import Sandbox, working_runner

sandboxed = pytest.mark.sandbox
NAME = "mse_per_image"
RIGHT = "def mse_per_image(x, y):\n    x, y = as_float(x), as_float(y)\n    return ((x - y) ** 2).reshape(len(x), -1).mean(axis=1)"
STUB = 'def mse_per_image(x, y):\n    raise NotImplementedError("mse_per_image: write your answer here")'
HELPER = "def as_float(x):\n    return np.asarray(x, float)"
IMPORTS = "import numpy as np\nfrom course_lib import check, hint"


def code(source, role: str | None = None, **fields) -> dict:
    course = {"course": {"exercise": NAME, "role": role}} if role else {}
    return {
        "cell_type": "code", "id": "a", "execution_count": 1, "metadata": course, "outputs": [], "source": source, **fields,
    }  # fmt: skip


def text(source: str) -> dict:
    return {"cell_type": "markdown", "id": "b", "metadata": {}, "source": source}


def answer(source: str) -> dict:
    return code(source, "answer")


USUAL = [text("# Exercises"), code(IMPORTS), code(HELPER), answer(RIGHT), code("check(mse_per_image)", "check")]


def notebook(cells: list, **fields) -> bytes:
    python = {"kernelspec": {"language": "python", "name": "python3"}}
    return json.dumps(
        {"cells": cells, "metadata": python, "nbformat": 4, "nbformat_minor": 5} | fields, indent=1
    ).encode()


def sources(data: bytes) -> list[str]:
    return [cell.source for cell in notebooks.read(data).cells]


def told(data: bytes) -> str:
    return "\n".join(notebooks.read(data).problems)


# ----- reading alone


def test_an_honest_notebook_is_read_whole_and_nothing_is_said():
    found = notebooks.read(notebook(USUAL))
    assert [cell.role for cell in found.cells] == [None, None, "answer", "check"]
    assert (found.exercises, found.problems, found.whole) == ([NAME], [], True)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_of_a_notebook_that_is_cut_off_every_whole_cell_is_read(share):
    data = notebook([code(f"x = {n}") for n in range(40)])
    found = notebooks.read(data[: int(len(data) * share)])
    assert [cell.source for cell in found.cells] == [f"x = {n}" for n in range(len(found.cells))]
    assert len(found.cells) >= 40 * share - 2 and not found.whole
    assert "damaged" in found.problems[0] and f"{len(found.cells)} whole cells" in found.problems[0]


def test_a_notebook_that_is_cut_in_the_middle_of_a_letter_is_still_utf_8():
    data = json.dumps({"cells": [code("x = 'é'")], "metadata": {"name": "é"}}, ensure_ascii=False).encode()
    cut = data[: data.rindex("é".encode()) + 1]
    assert sources(cut) == ["x = 'é'"] and "Windows" not in told(cut)


def test_cells_after_a_damaged_one_are_read_too():
    data = notebook([code("a = 1"), code("b = 2"), code("c = 3")]).replace(b'"b = 2"', b'"b = 2')
    assert sources(data) == ["a = 1", "c = 3"] and "damaged" in told(data)


def test_commas_too_many_are_overlooked_and_those_in_code_kept():
    data = notebook([code(["x = [1,]\n", "y = {'a': 2,}"])]).replace(b"}\n ]", b"},\n ],").replace(b",]\\n", b",]\\n")
    data = data.replace(b"],,", b"],")
    with pytest.raises(ValueError):
        json.loads(data)
    assert sources(data) == ["x = [1,]\ny = {'a': 2,}"] and "commas too many" in told(data)


CONFLICT = """<<<<<<< HEAD
   "source": "x = 1"
||||||| base
   "source": "x = 0"
=======
   "source": "x = 2"
>>>>>>> theirs
"""


@pytest.mark.parametrize("conflict", [CONFLICT, CONFLICT.replace('||||||| base\n   "source": "x = 0"\n', "")])
def test_of_a_merge_conflict_the_first_side_is_read(conflict):
    data = notebook([code("first"), code("SIDES"), code("last = 1")]).replace(
        b'   "source": "SIDES"\n', conflict.encode()
    )
    assert sources(data) == ["first", "x = 1", "last = 1"]
    assert "conflict marks of git" in told(data)


def test_two_notebooks_in_one_file_are_read_one_after_the_other():
    data = notebook([code("a = 1")]) + b"\n" + notebook([code("b = 2")])
    assert sources(data) == ["a = 1", "b = 2"] and "2 notebooks" in told(data)
    assert sources(notebook([code("a = 1")]) + b"\x00garbage") == ["a = 1"]


@pytest.mark.parametrize(
    "encoding, says", [("utf-8-sig", ""), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("cp1252", "Windows-1252")]
)  # fmt: skip
def test_other_encodings_are_read_and_named(encoding, says):
    document = json.dumps({"cells": [code("größe = 'Ä'")], "metadata": {}}, ensure_ascii=False)
    found = notebooks.read(document.encode(encoding))
    assert [cell.source for cell in found.cells] == ["größe = 'Ä'"]
    assert says in "".join(found.problems) and bool(says) == bool(found.problems)


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "The file is empty."), (b" \n", "The file is empty."), (b"\x00" * 4096, "no cell could be read"),
        (b"%PDF-1.7 \xff\xfe", "no cell could be read"), (b"[1, 2]", "no notebook"), (b'{"a": 1}', "no notebook"),
        (b"null", "no notebook"), (b'{"cells": 3}', "no notebook"), (b"[" * 100_000, "no cell could be read"),
        (b'{"cells": [' * 50_000, "no cell could be read"), (b"<html>not found</html>", "no cell could be read"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_named(data, says):
    found = notebooks.read(data)
    assert found.cells == [] and not found.whole and says in found.problems[-1], found


def test_cells_that_are_none_are_named_and_the_others_read():
    cells = [None, 7, {"source": "x"}, {"cell_type": 3}, {"cell_type": "code", "source": {"a": 1}}, code(["a", 5, "b"])]
    found = notebooks.read(notebook([*cells, code("half = '\ud800'")]))
    assert [cell.source for cell in found.cells] == ["ab", "half = '?'"]
    assert [f"cell {n}" in " ".join(found.problems).lower() for n in range(1, 7)] == [True] * 5 + [False]


def test_notebooks_of_format_3_and_5_are_read():
    cell = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "language": "python", "outputs": [], "prompt_number": 1}
    old = {"worksheets": [{"cells": [cell]}, {"cells": [cell]}, None], "metadata": {"name": ""}, "nbformat": 3}
    assert sources(json.dumps(old).encode()) == ["x = 1\ny = 2"] * 2
    assert sources(notebook(USUAL, nbformat=5)) == sources(notebook(USUAL))
    assert "format 5" in told(notebook(USUAL, nbformat=5))


@pytest.mark.parametrize(
    "metadata",
    [{"kernelspec": {"language": "R", "name": "ir"}}, {"language_info": {"name": "julia"}}, {"kernelspec": {"language": "R"}, "language_info": 3}],
)  # fmt: skip
def test_another_language_is_named_and_the_cells_are_read(metadata):
    data = notebook(USUAL, metadata=metadata)
    assert sources(data) == sources(notebook(USUAL)) and "not to Python" in told(data)


@pytest.mark.parametrize("metadata", [None, [], "x", {"kernelspec": None}, {"language_info": {"name": "ipython"}}])
def test_metadata_of_any_kind_hurt_nothing(metadata):
    found = notebooks.read(notebook(USUAL, metadata=metadata))
    assert len(found.cells) == 4 and not found.problems


def test_a_hundred_megabytes_of_outputs_are_stepped_over():
    noise = json.dumps([{"output_type": "stream", "text": ['"outputs": [', "]\\", "x" * (100 << 20)]}]).encode()
    data = notebook([code("a = 1"), code("b = 2")]).replace(b'"outputs": []', b'"outputs": ' + noise, 1)
    tracemalloc.start()
    try:
        found = notebooks.read(data)
        assert tracemalloc.get_traced_memory()[1] < 150 << 20
    finally:
        tracemalloc.stop()
    assert [cell.source for cell in found.cells] == ["a = 1", "b = 2"] and not found.problems
    cut = data[: len(data) // 2]  # and where the outputs themselves are cut off
    found = notebooks.read(cut)
    assert found.cells == [] and "damaged" in found.problems[0]


def test_what_is_too_long_is_cut_and_named():
    longer = notebooks.read(notebook([code("a = 1"), text("x" * (notebooks.MOST + 10)), code("b = 2")]))
    assert [cell.source for cell in longer.cells] == ["a = 1"] and "16 MB" in longer.problems[0]
    many = notebooks.read(notebook([code("a = 1")] * (notebooks.MOST_CELLS + 1)))
    assert len(many.cells) == notebooks.MOST_CELLS and not many.whole and "first 2000" in many.problems[0]
    much = notebooks.read(notebook([code("a = 1"), code("#" * (notebooks.MOST_CODE + 1)), code("b = 2")]))
    assert [cell.source for cell in much.cells] == ["a = 1", "b = 2"] and "Cell 2 was left out" in much.problems[0]


def test_a_file_made_to_be_searched_for_long_is_not():
    nested = b'{"id": [' * 400 + b"1, " * 2_000_000
    assert notebooks.read(nested).cells == []  # 400 beginnings that each lead through all of it
    values = notebooks.read(b"1 " * 8_000_000)
    assert values.cells == [] and "damaged" in values.problems[0]


@pytest.mark.parametrize("blank", ["\n", " ", "? ", "%  \n"])
def test_no_blanks_make_a_cell_that_is_no_python_long_to_read(blank):
    """Read in the process that grades, where nothing could end it: in the square of its length this takes hours."""
    many = notebooks.MOST_CODE // len(blank) - 10
    assert notebooks.statements(f"no python\n{blank * many}b") == []


def test_lines_that_only_ipython_understands_are_stepped_over():
    assert len(notebooks.statements("if a:\n    %time f()\n\n    a?  \n!ls\n?a\nx = 1\n")) == 4


PERCENT = (
    f"# ---\n# jupyter: x\n# ---\n\n# %% [markdown]\n# Text\n\n# %%\n{IMPORTS}\n\n# %%\n{HELPER}\n\n# %%\n{RIGHT}\n"
)
EXPORTED = f"#!/usr/bin/env python\n# coding: utf-8\n\n# # Exercises\n\n# In[1]:\n\n\n{IMPORTS}\n\n\n# In[ ]:\n\n\n{HELPER}\n{RIGHT}\n"


@pytest.mark.parametrize("script, cells", [(PERCENT, 4), (EXPORTED, 3), (f"{IMPORTS}\n%matplotlib inline\n{RIGHT}", 1)])
def test_a_python_file_is_read_as_one(script, cells):
    assert len(sources(script.encode())) == cells and "a Python file" in told(script.encode())


# ----- through the sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(working_runner(), keras=False) as running:
        yield running


@pytest.fixture
def graded(sandbox):
    def of(cells: list | bytes, *names: str) -> Graded:
        data = cells if isinstance(cells, bytes) else notebook(cells)
        exercises = [framework.find_exercise(name) for name in names or (NAME,)]
        submission = hashlib.sha256(data).hexdigest()
        found = grade(notebooks.read(data), exercises, sandbox, seed=1, submission=submission)
        assert [mark.exercise for mark in found.marks] == [e.name for e in exercises]
        assert not any(mark.fault for mark in found.marks), found
        return found

    return of


def before(*cells: dict) -> list[dict]:
    return [code(IMPORTS), code(HELPER), *cells]


GRADED = {
    "as it should be": (USUAL, PASS, ""),
    "a cell raises before and after it": (
        [code(IMPORTS), code("1 / 0"), code(HELPER), answer(RIGHT), code("open('data.csv')")], PASS, "Code cell 2 raised ZeroDivisionError"),
    "the answer's own cell raises after it": (before(answer(f"{RIGHT}\nmse_per_image(1)")), PASS, "Code cell 3 (mse_per_image) raised"),
    "the answer's own cell raises before it": (before(answer(f"1 / 0\n{RIGHT}")), ERROR, "raised ZeroDivisionError"),
    "its cell is no Python": (before(answer(RIGHT.replace(":\n", "\n"))), ERROR, "raised SyntaxError"),
    "its cell was deleted": ([code(IMPORTS), code(HELPER)], NOT_ATTEMPTED, ""),
    "its function was renamed": (before(answer(RIGHT.replace("mse_per_image", "mse"))), ERROR, ""),
    "it was renamed by a letter, in a cell of one's own": (before(code(RIGHT.replace("mse_per_image", "mse_per_images"))), ERROR, ""),
    "it lost its metadata": (before(code(RIGHT)), PASS, ""),
    "split over two cells": ([code(IMPORTS), answer(RIGHT), answer(HELPER)], PASS, ""),
    "twice, the right one last": (before(answer(STUB), answer(RIGHT)), PASS, "in code cells 3, 4: the one that ran last counts, that of code cell 4"),
    "twice, the right one first": (before(answer(RIGHT), answer(STUB)), NOT_ATTEMPTED, "the one that ran last counts, that of code cell 4"),
    "twice, the last one by assignment": (before(answer(RIGHT), code("mse_per_image = lambda x, y: 0")), FAIL, "that of code cell 4"),
    "its cells in the other order": ([answer(RIGHT), code(HELPER), code(IMPORTS)], PASS, ""),
    "a cell runs before what it needs": (
        [answer(f"{RIGHT}\nprint(mse_per_image(np.zeros((1, 2)), np.zeros((1, 2))))"), code(HELPER), code(IMPORTS)], PASS, "it was run again"),
    "written into the cell of the check": (before(answer(STUB), code(f"{RIGHT}\ncheck(mse_per_image)", "check")), PASS, "code cells 3, 4"),
    "a helper in the cell of the check": ([code(IMPORTS), answer(RIGHT), code("as_float = np.float64\ncheck(mse_per_image)", "check")], PASS, ""),
    "written into the cell that shows it": (before(answer(STUB), code(f"%time\n{RIGHT}", "success")), PASS, "code cells 3, 4"),
    "what shows it is not run": (before(answer(RIGHT), code("while True:\n    pass", "success")), PASS, ""),
    "%%time": ([code(f"%%time\n{IMPORTS}"), code(HELPER), answer(f"%%time\n{RIGHT}")], PASS, ""),
    "magics for the eyes": ([code(f"%matplotlib inline\n%load_ext autoreload\n{IMPORTS}\nnp.mean?\n?np.mean"), code(HELPER), answer(RIGHT)], PASS, ""),
    "!pip": (before(code("!pip install numpy\nlines = !ls\n%pip install scipy"), answer(RIGHT)), PASS, "Code cell 3: a line with ! was left out when graded."),
    "%%bash": (before(code("%%bash\nrm -rf ~"), answer(RIGHT)), PASS, "%%bash: the cell was left out when graded."),
    "written into a file of its own": (before(answer(f"%%writefile answer.py\n{RIGHT}")), NOT_ATTEMPTED, "%%writefile: the cell was left out"),
    "get_ipython of another import": (before(code("from IPython import get_ipython\nget_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().magic('matplotlib inline')"), answer(RIGHT)), PASS, ""),
    "top-level await": (before(code("import asyncio\nawait asyncio.sleep(0)\nvalue = await asyncio.sleep(0, 5)"), answer(RIGHT + " + 0 * value")), PASS, ""),
    "a cell of R": (before(code("x <- c(1, 2)\nlibrary(ggplot2)"), answer(RIGHT)), PASS, "raised NameError"),
    "exit()": (before(code("exit()"), answer(RIGHT), code("import sys\nsys.exit(1)")), PASS, "raised"),
    "a cell ends the process": (before(code("import os\nos._exit(0)"), answer(RIGHT)), PASS, "Code cell 3 was left out."),
    "the answer ends the process": (before(answer(f"{RIGHT}\nimport os\nos._exit(0)")), ERROR, "was left out."),
    "no cell at all": ([], NOT_ATTEMPTED, ""),
    "another kernel": (notebook(USUAL, metadata={"kernelspec": {"language": "R"}}), PASS, "not to Python"),
    "format 3": (json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": c["source"]} for c in USUAL[1:]]}], "nbformat": 3}).encode(), PASS, ""),
    "a Python file": (PERCENT.encode(), PASS, "a Python file"),
    "an exported one": (EXPORTED.encode(), PASS, "a Python file"),
    "cut off after the answer": (notebook(USUAL)[:-250], PASS, "damaged"),
    "cut off before the answer": (notebook(USUAL)[:600], NOT_ATTEMPTED, "damaged"),
    "two notebooks in one file": (notebook(USUAL) + notebook(before(answer(STUB))), NOT_ATTEMPTED, "2 notebooks"),
    "an empty file": (b"", NOT_ATTEMPTED, "The file is empty."),
    "a zero and half a letter": (before(code("x = '\0'"), code("y = '\ud800'"), answer(RIGHT)), PASS, ""),
    "annotations of tomorrow": (before(code("from __future__ import annotations"), answer(RIGHT.replace("(x, y)", "(x: Unknown, y)"))), PASS, ""),
    "annotations of today": (before(answer(RIGHT.replace("(x, y)", "(x: Unknown, y)"))), ERROR, "raised NameError"),
}  # fmt: skip


@sandboxed
@pytest.mark.parametrize("cells, status, says", GRADED.values(), ids=GRADED)
def test_a_notebook_is_graded_as_far_as_it_goes(cells, status, says, graded):
    found = graded(cells)
    (mark,) = found.marks
    assert mark.status == status, found
    assert says in "\n".join(found.problems), found
    assert bool(says) == bool(found.problems), found


@sandboxed
def test_what_is_missing_is_told_so_that_a_student_understands(graded):
    def message(cells) -> str:
        return graded(cells).marks[0].message

    lost = ": its cell is gone, or its function has another name."
    assert message(before(answer("def mse(x, y):\n    return 0"))) == (
        "There is no mse_per_image; its cell defines mse. What does the task call it?"
    )
    assert "defines mse_per_images" in message(before(code("def mse_per_images(x, y):\n    return 0")))
    assert message([]) == f"There is no mse_per_image in the notebook{lost}"
    assert message(b"") == f"There is no mse_per_image in what could be read of the notebook{lost}"
    assert "in line 2, in mse_per_image" not in message(before(answer("def mse_per_image(x, y)\n    return 0")))
    assert "SyntaxError" in message(before(answer("def mse_per_image(x, y)\n    return 0")))


@sandboxed
def test_what_is_told_of_a_notebook_has_bounds(graded):
    """Whatever its names are: it stands in a data base, and on the instructor's page."""
    long = code(f"def {'a' * 50_000}(): pass\nimport os\nos._exit(0)")
    found = graded([*before(answer(RIGHT), long), *[code("1 / 0")] * 150, *[{}] * 150])
    assert found.marks[0].status == PASS
    assert len(found.problems) <= 200 and max(map(len, found.problems)) < 1000


@sandboxed
def test_only_a_cell_as_it_was_handed_out_is_no_lost_one(graded):
    cells = {"stub": before(answer(STUB)), "deleted": before(), "renamed": before(code("def own(x, y):\n    return 0"))}
    marks = {name: graded(given).marks[0] for name, given in cells.items()}
    assert {mark.status for mark in marks.values()} == {NOT_ATTEMPTED}
    assert {name: mark.lost for name, mark in marks.items()} == {"stub": False, "deleted": True, "renamed": True}
    assert not graded(USUAL).marks[0].lost


@sandboxed
def test_a_broken_answer_takes_none_of_its_neighbours_along(graded):
    other = "def psnr(x, y):\n    return 10 * np.log10(1 / ((as_float(x) / 1 - as_float(y)) ** 2).mean())"
    found = graded(
        before(answer("def mse_per_image(x, y)\n    return"), code(other)), NAME, "psnr", "compression_ratio"
    )
    assert [mark.status for mark in found.marks] == [ERROR, PASS, NOT_ATTEMPTED], found


@sandboxed
def test_time_for_cells_is_bounded_over_all_rooms_and_a_cell_that_was_not_reached_says_so(graded, monkeypatch):
    ends_the_room = RIGHT.replace("x, y = as_float", "import os; os._exit(1); x, y = as_float")
    slow = code("import time\ntime.sleep(1.2)")
    other = code("def psnr(x, y):\n    return 10 * np.log10(1 / ((as_float(x) - as_float(y)) ** 2).mean())")
    cells = [*before(slow, answer(ends_the_room), other)]
    assert [mark.status for mark in graded(cells, NAME, "psnr").marks] == [ERROR, PASS]
    monkeypatch.setattr(judging, "ALL_SECONDS", 2.0)  # enough for one room, and not for the second
    first, second = graded(cells, NAME, "psnr").marks
    assert (first.status, second.status) == (ERROR, ERROR)
    assert second.message == "The cell of psnr was not reached: what stands above it had taken too long."
