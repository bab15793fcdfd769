"""Block diagrams: what is drawn, what it says without a picture, and what is refused."""

from __future__ import annotations

import pytest

from course_lib import plots

BOXES = {"x": (0, 0, "picture\n784"), "f": (1, 0, "encoder"), "z": (2, 0, "code"), "g": (3, 0, "decoder")}
CHAIN = ("x", "f", "z", "g")


def drawn(*arguments, **options):
    with plots.collect() as pictures:
        plots.diagram(*arguments, **options)
    (picture,) = pictures
    return picture


def test_boxes_arrows_and_words():
    picture = drawn(
        BOXES, [CHAIN], shapes={"f": "narrows", "g": "widens"}, marked=["z"], labels={("x", "f"): "in"}, caption="It."
    )
    (ax,) = picture.figure.axes
    polygons = [patch for patch in ax.patches if hasattr(patch, "get_xy")]
    assert len(polygons) == 4 and len(ax.patches) == 7
    heights = {}
    for name, polygon in zip(BOXES, polygons, strict=True):
        (_, a), (_, b), (_, c), (_, d) = polygon.get_xy()[:4]
        heights[name] = (d - a, c - b)
    assert (
        heights["f"][0] > heights["f"][1] and heights["g"][0] < heights["g"][1] and heights["x"][0] == heights["x"][1]
    )
    widths = [polygon.get_linewidth() for polygon in polygons]
    assert widths[2] == max(widths) and widths.count(max(widths)) == 1
    assert picture.alt == "It. Diagram: picture 784 → (in) encoder → code → decoder."


def test_arrows_end_outside_of_their_boxes():
    boxes = {"a": (0, 0, "a"), "b": (1, 1, "b"), "c": (0, 1, "c")}
    picture = drawn(boxes, [("a", "b"), ("a", "c"), ("b", "c")])
    arrows = [patch for patch in picture.figure.axes[0].patches if not hasattr(patch, "get_xy")]
    for arrow, (start, end) in zip(arrows, [("a", "b"), ("a", "c"), ("b", "c")], strict=True):
        for point, name in zip(arrow._posA_posB, (start, end), strict=True):
            column, row, _ = boxes[name]
            assert abs(point[0] - column) > 0.36 or abs(point[1] - row) > 0.34, (name, point)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chains": [("x", "q")]}, "no box is called 'q'"),
        ({"shapes": {"x": "round"}}, "'x' must be one of 'plain', 'narrows', 'widens'"),
        ({"marked": ["q"]}, "no box is called 'q'"),
        ({"labels": {("x", "g"): "no"}}, "no arrow leads from 'x' to 'g'"),
    ],
)
def test_what_does_not_fit_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        drawn(**({"boxes": BOXES, "chains": [CHAIN]} | options))
