import re

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from course_lib import plots, widgets
from course_lib.widgets import Switch, choice, explore, slider, stops

IMAGES = np.linspace(0, 1, 4 * 64).reshape(4, 8, 8)


@pytest.fixture
def calls(monkeypatch):
    """A draw function that notes the values it was called with."""
    monkeypatch.setenv("COURSE_HEADLESS", "1")
    seen = []

    def draw(**values):
        seen.append(values)
        plots.row(IMAGES, caption="from draw")

    draw.seen = seen
    return draw


def test_headless_draws_at_the_defaults_and_at_both_ends_of_every_control(calls, capsys):
    explore(calls, "Look.", k=slider(1, 9, 4), name=choice(["a", "b", "c"], "b"), on=True)
    assert calls.seen == [
        {"k": 4, "name": "b", "on": True},
        {"k": 1, "name": "b", "on": True},
        {"k": 9, "name": "b", "on": True},
        {"k": 4, "name": "a", "on": True},
        {"k": 4, "name": "c", "on": True},
        {"k": 4, "name": "b", "on": False},
    ]
    assert capsys.readouterr().out.count("[figure]") == 1  # the others are thrown away


def test_an_error_at_the_end_of_a_slider_fails_the_headless_run(monkeypatch):
    monkeypatch.setenv("COURSE_HEADLESS", "1")

    def draw(k):
        plots.row(IMAGES[: 4 // k])  # fails at 0

    with pytest.raises(ZeroDivisionError):
        explore(draw, k=slider(0, 2, 1))


def test_an_error_that_only_rendering_shows_fails_the_headless_run(monkeypatch):
    monkeypatch.setenv("COURSE_HEADLESS", "1")

    def draw(k):
        plots.row(IMAGES, titles=["$x$" if k < 5 else r"$\nonsense{$"] * 4)

    with pytest.raises(ValueError, match="nonsense"):
        explore(draw, k=slider(0, 5, 1))


def test_a_script_draws_once(monkeypatch, capsys):
    monkeypatch.delenv("COURSE_HEADLESS", raising=False)
    drawn = []
    explore(lambda k: (drawn.append(k), plots.row(IMAGES))[1], k=slider(0, 5, 2))
    assert drawn == [2] and capsys.readouterr().out.startswith("[figure]")


def test_draw_may_return_a_figure(calls):
    def draw(k):
        figure, ax = plots.subplots()
        ax.plot([0, k])
        return figure

    with plots.collect() as pictures:
        explore(draw, "A line.", k=slider(0.0, 1.0, 0.5))
    assert [picture.alt for picture in pictures] == ["A line."]


def test_the_caption_of_explore_replaces_that_of_draw(calls):
    with plots.collect() as pictures:
        explore(calls, "Outer.", k=slider(0, 1, 0))
        explore(calls, k=slider(0, 1, 0))
    assert [picture.caption for picture in pictures] == ["Outer.", "from draw"]
    assert pictures[0].alt == "Outer. from draw 4 images side by side."


def test_a_slider_is_whole_only_if_all_its_numbers_are():
    assert slider(np.int64(1), 9, 3).step == 1 and isinstance(slider(np.int64(1), 9, 3).minimum, int)
    assert slider(0, 1.0, 0).step == 0.01 and isinstance(slider(0, 1.0, 0).value, float)
    assert isinstance(slider(0, 1, 0, step=0.5).value, float)


def test_every_control_becomes_a_widget_with_its_label_and_value():
    cases = [
        (slider(1, 9, 4, label="numbers"), "IntSlider", 4),
        (slider(0.0, 1.0, 0.25), "FloatSlider", 0.25),
        (stops([1, 2, 4], 2), "SelectionSlider", 2),
        (choice({"shirt": 6, "bag": 8}, 8), "Dropdown", 8),
        (Switch(True), "Checkbox", True),
    ]
    for control, name, value in cases:
        widget = widgets._as_widget("k", control)
        assert type(widget).__name__ == name and widget.value == value
        assert widget.description == (control.label or "k")


BAD_INPUT = {
    "no controls": (lambda draw: explore(draw), "controls: expected at least one"),
    "tuple": (lambda draw: explore(draw, k=(1, 9)), "controls: expected slider.*for 'k', received tuple"),
    "not a function": (lambda draw: explore(3, k=slider(0, 1, 0)), "draw: expected a function, received int"),
    "value outside": (lambda draw: slider(0, 5, 6), "value: expected a number from 0 to 5, received 6"),
    "ends swapped": (lambda draw: slider(5, 0, 2), "maximum: expected more than minimum=5, received 0"),
    "step": (lambda draw: slider(0, 5, 2, step=0), "step: expected a positive number"),
    "no options": (lambda draw: choice([]), "options: expected at least one"),
    "unknown option": (lambda draw: stops([1, 2], 3), r"value: expected one of \[1, 2\], received 3"),
    "no figure": (lambda draw: explore(lambda k: None, k=slider(0, 1, 0)), "draw: expected exactly one figure.*received 0"),
    "two figures": (lambda draw: explore(lambda k: (draw(), draw())[0], k=slider(0, 1, 0)), "received 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_named(name, calls):
    call, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message):
        call(calls)


SETUP = """
import numpy as np
from course_lib import plots, widgets
from course_lib.widgets import slider, explore

def draw(k):
    if k == 3:
        raise RuntimeError("three is broken")
    plots.row(np.ones((k, 8, 8)), caption=f"{k} squares")
"""


def executed(*cells, headless=None, monkeypatch):
    if headless is None:
        monkeypatch.delenv("COURSE_HEADLESS", raising=False)
    else:
        monkeypatch.setenv("COURSE_HEADLESS", headless)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False)
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_live_notebook_shows_controls_and_one_picture_that_follows_them(monkeypatch):
    first, shown, *_ = executed(
        SETUP,
        "explorer = widgets._Explorer(draw, None, {'k': slider(1, 5, 2)})\nexplorer.show()",
        "explorer.widgets['k'].value = 4",
        monkeypatch=monkeypatch,
    )
    assert first == [] and len(shown) == 2
    assert "application/vnd.jupyter.widget-view+json" in shown[0].data
    assert "4 squares" in shown[1].data["text/html"] and "2 squares" not in shown[1].data["text/html"]
    assert shown[1].data["text/html"].count("<img") == 1


def test_a_live_error_is_shown_in_place_of_the_picture_and_goes_away_again(monkeypatch):
    move = "explorer.widgets['k'].value = {}"
    start = "explorer = widgets._Explorer(draw, None, {'k': slider(1, 5, 2)})\nexplorer.show()"
    _, shown, _ = executed(SETUP, start, move.format(3), monkeypatch=monkeypatch)
    assert "widgets.py" not in shown[1].data["text/html"]  # only the learner's own lines
    assert "RuntimeError: three is broken" in shown[1].data["text/html"] and "<img" not in shown[1].data["text/html"]
    _, shown, _ = executed(SETUP, start, move.format(3) + "\n" + move.format(5), monkeypatch=monkeypatch)
    assert "5 squares" in shown[1].data["text/html"]


def test_a_headless_notebook_holds_one_plain_figure_and_no_widget(monkeypatch):
    _, shown = executed(SETUP, "explore(draw, k=slider(1, 2, 2))", headless="1", monkeypatch=monkeypatch)
    assert len(shown) == 1 and set(shown[0].data) == {"text/html", "text/plain"}
    assert re.search(
        r"2 squares<br><small>Run this cell in JupyterLab to move: k \(1 to 2, here 2\)", shown[0].data["text/html"]
    )
