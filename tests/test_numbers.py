"""Numbers in README and in the instructors' notes are those of the headers and of the notebooks."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from authoring.numbers import numbers, written
from authoring.source import SourceError


def test_numbers_in_prose_are_those_of_headers_and_notebooks():
    stale = [path.name for path, text in written().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"{stale} hold numbers of an earlier run: run `make numbers`"


LESSON = """\
# ---
# jupyter:
#   course:
#     title: Toy
#     lesson: 7
#     minutes: 10
#     compute: 5
#     summary: "A toy"
#     objectives:
#       - Compute one thing
# ---

# %%
print(1)
"""
NOTES = """# Notes

Words before.

<!-- numbers
On test pictures:
- The network beats
- PCA-8 #
And more:
- PCA #
-->
{made}<!-- /numbers -->

Words after.
"""
MADE = """
On test pictures:

```text
✔ The network beats PCA: 0.5 < 0.7
PCA-8    0.700
```

And more:

```text
PCA      0.9 dB
```

"""


@pytest.fixture
def course(tmp_path):
    """A course of one lesson, with a README and notes whose numbers are not written yet."""
    lesson = tmp_path / "source" / "07_toy"
    lesson.mkdir(parents=True)
    (lesson / "lesson.py").write_text(LESSON, encoding="utf-8")
    (lesson / "instructor.md").write_text(NOTES.format(made="PCA 0.1\n"), encoding="utf-8")
    (tmp_path / "README.md").write_text("Before\n<!-- lessons -->\nold\n<!-- /lessons -->\nAfter\n", encoding="utf-8")
    printed = "✔ The network beats PCA: 0.5 < 0.7\n\nPCA-8    0.700   \nPCA      0.9 dB\nPCA is a word\n"
    cell = new_code_cell("…", outputs=[new_output("stream", name="stdout", text=printed)])
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "notebooks" / "07_toy.ipynb")
    return tmp_path


def test_numbers_are_written_between_the_comments_and_only_there(course, capsys):
    assert numbers(source=course / "source", root=course) == 0
    assert (course / "source" / "07_toy" / "instructor.md").read_text(encoding="utf-8") == NOTES.format(made=MADE)
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("Before\n<!-- lessons -->\n| Lesson |") and readme.endswith("<!-- /lessons -->\nAfter\n")
    assert "| 07 [Toy](notebooks/07_toy.ipynb) | A toy | 10 | 5 s |" in readme
    assert capsys.readouterr().out.count("numbers written") == 3  # of README, the overview and the notes
    numbers(source=course / "source", root=course)
    assert capsys.readouterr().out == "", "written once, nothing changes"


@pytest.mark.parametrize(
    "name, old, new, message",
    [
        ("source/07_toy/instructor.md", "- The network beats", "- The network loses", "0 printed lines"),
        ("source/07_toy/instructor.md", "- PCA #", "- PCA", "3 printed lines"),
        ("source/07_toy/instructor.md", "<!-- /numbers -->", "", "comments are missing"),
        ("README.md", "<!-- /lessons -->", "", "comments are missing"),
        ("source/07_toy/lesson.py", '#     summary: "A toy"\n', "", "lacks `summary`"),
    ],
)
def test_what_cannot_be_written_is_named(course, name, old, new, message):
    path = course / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        numbers(source=course / "source", root=course)
