import base64
import io
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

import matplotlib
import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient
from PIL import Image

from course_lib import plots

RNG = np.random.default_rng(0)
GREY = RNG.random((5, 28, 28))
MODULES = sorted(Path(plots.__file__).parent.glob("*.py"))


def drawn(function, *args, **options):
    """The one picture that a call draws, rendered once so that errors at drawing time show."""
    with plots.collect() as pictures:
        assert function(*args, **options) is None
    assert len(pictures) == 1
    pictures[0].figure.draw_without_rendering()
    return pictures[0]


LADDER = {"kinds": ["trivial", "referee", "network"], "metric": "MSE"}

EVERY_FIGURE = {
    "row": lambda **o: plots.row(GREY, **o),
    "row_titles": lambda **o: plots.row(GREY, titles=list("abcde"), below=["MSE 1\nx"] * 5, **o),
    "grid": lambda **o: plots.grid([GREY, GREY], ["original", "PCA\nMSE 0.1"], list("abcde"), **o),
    "ladder": lambda **o: plots.ladder(["mean", "PCA", "net"], [0.09, 0.015, 0.011], **LADDER, **o),
    "ladder_dots": lambda **o: plots.ladder(
        ["mean", "PCA", "net"],
        [0.9, 0.99, 0.999],
        from_zero=False,
        lower_is_better=False,
        intervals=[(0.8, 0.95), None, (0.998, 1)],
        annotations=["", "exact", ""],
        **LADDER,
        **o,
    ),
    "ladder_images": lambda **o: plots.ladder_images(
        ["mean image", "identity"], [GREY, GREY], [0.09, 0.0], [0, 6272], kinds=["trivial", "limit"], **o
    ),
    "curve": lambda **o: plots.curve(
        [1, 2, 4],
        {"PCA": [0.3, 0.2, 0.1], "net": [0.2, 0.15, 0.1], "warm": ([2], [0.1])},
        xlabel="k",
        ylabel="MSE",
        log_x=True,
        log_y=True,
        bands={"net": [0.01] * 3},
        levels={"mean image": 0.4},
        **o,
    ),
    "learning_curves": lambda **o: plots.learning_curves(
        {"loss": [0.3, 0.2], "val_loss": [0.3, 0.25], "accuracy": [0, 1]}, levels={"PCA-32": 0.1}, **o
    ),
    "scatter_map": lambda **o: plots.scatter_map(RNG.normal(size=(50, 2)), np.arange(50) % 2, ["bag", "boot"], **o),
    "scatter_thumbnails": lambda **o: plots.scatter_map(GREY.mean(axis=2)[:, :2], thumbnails=GREY, **o),
    "histogram": lambda **o: plots.histogram(
        {"a": RNG.random(100), "b": RNG.random(9)}, xlabel="error", lines={"t": 0.5}, **o
    ),
    "histogram_log": lambda **o: plots.histogram({"a": RNG.random(100) + 0.1}, xlabel="error", log_x=True, **o),
    "matrix": lambda **o: plots.matrix([[1, 2], [3, 4]], ["a", "b"], ["c", "d"], row_title="trained on", **o),
}


@pytest.mark.parametrize("name", EVERY_FIGURE)
def test_every_figure_fits_the_page_and_carries_its_caption_and_more_as_alternative_text(name):
    picture = drawn(EVERY_FIGURE[name], caption="What to see.")
    assert isinstance(picture.figure, Figure)
    assert picture.figure.get_size_inches()[0] <= plots.WIDTH + 1e-9
    assert picture.caption == "What to see."
    assert picture.alt.startswith("What to see. ") and len(picture.alt) > 25


@pytest.mark.parametrize("name", EVERY_FIGURE)
def test_alternative_text_does_not_need_a_caption(name):
    assert len(drawn(EVERY_FIGURE[name]).alt) > 12


@pytest.mark.parametrize("name", EVERY_FIGURE)
def test_no_text_is_cut_off_at_the_edge_of_the_figure(name):
    figure = drawn(EVERY_FIGURE[name]).figure
    width, height = figure.get_size_inches()
    box = figure.get_tightbbox()
    assert box.x0 > -0.03 and box.y0 > -0.03 and box.x1 < width + 0.03 and box.y1 < height + 0.03


def test_rendered_html_holds_a_picture_with_alt_text_and_an_escaped_caption():
    picture = drawn(plots.row, GREY, caption='error < 3 & "small"')
    page = plots.render_html(picture, note="a note")
    assert page.count("<img") == 1 and "error &lt; 3 &amp; " in page and "<small>a note</small>" in page
    assert re.search(r'alt="error &lt; 3 &amp; &quot;small&quot; 5 images', page)
    data = base64.b64decode(re.search(r"base64,([^\"]+)\"", page)[1])
    pixels = Image.open(io.BytesIO(data))
    shown = int(re.search(r'width="(\d+)"', page)[1])
    assert abs(pixels.width / shown - 1.5) < 0.01  # sharp on a dense screen
    assert shown <= 930


def test_small_pictures_keep_their_colours():
    picture = drawn(plots.ladder, ["a", "b", "c"], [1.0, 0.5, 0.25], **LADDER)

    def pixels(small):
        data = re.search(r"base64,([^\"]+)\"", plots.render_html(picture, small=small))[1]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)

    assert np.abs(pixels(True) - pixels(False)).max() < 24


def test_uint8_and_float_images_look_the_same():
    bytes_ = (GREY * 255).round().astype(np.uint8)
    a, b = drawn(plots.row, bytes_), drawn(plots.row, bytes_ / 255.0)
    for one, other in zip(a.figure.axes, b.figure.axes, strict=True):
        np.testing.assert_allclose(one.images[0].get_array(), other.images[0].get_array())


def test_images_may_have_channels_and_lie_outside_the_range():
    figure = drawn(plots.row, [GREY[0] * 4 - 1, RNG.random((20, 30, 3)), GREY[1][..., None]]).figure
    first = figure.axes[0].images[0].get_array()
    assert first.min() == 0 and first.max() == 1
    assert [ax.images[0].get_array().ndim for ax in figure.axes] == [2, 3, 2]


def test_all_grey_images_share_one_scale():
    faint = drawn(plots.row, [GREY[0] * 0.1]).figure.axes[0].images[0]
    assert faint.get_clim() == (0.0, 1.0)


def test_ladder_tells_kinds_apart_without_colour():
    figure = drawn(EVERY_FIGURE["ladder"]).figure
    bars = figure.axes[0].patches
    looks = {(bar.get_hatch(), bar.get_facecolor()[:3]) for bar in bars}
    assert len(looks) == 3
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {
        "trivial baseline",
        "referee (exact)",
        "network",
    }


def test_every_kind_of_rung_has_a_look_of_its_own():
    for look in ("label", "color", "marker"):
        assert len({getattr(kind, look) for kind in plots.KINDS.values()}) == len(plots.KINDS)
    bars = [(kind.hatch, kind.filled, kind.color) for kind in plots.KINDS.values()]
    assert len({bar[:2] for bar in bars}) >= len(bars) - 1  # a limit is black, all others are not


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1.0, 1000.0], ["1", "10", "100", "1000"]),
        ([1e-6, 1.0], [r"$\mathdefault{10^{-6}}$", r"$\mathdefault{10^{0}}$"]),
    ],
)
def test_decades_are_labelled_one_way_on_one_axis(values, labels):
    x = np.geomspace(*values, 30)
    (axes,) = drawn(plots.curve, x, {"a": x}, xlabel="x", ylabel="y", log_x=True, log_y=True).figure.axes
    for axis in (axes.xaxis, axes.yaxis):
        written = [label.get_text() for label in axis.get_ticklabels(which="major")]
        assert set(labels) <= set(written)


def test_ladder_of_differences_measures_from_a_line_at_zero():
    picture = drawn(
        plots.ladder,
        ["worse", "better"],
        [-0.4, 0.2],
        kinds=["network", "network"],
        metric="minus EASE",
        from_zero=False,
        intervals=[(-0.5, -0.3), (0.1, 0.3)],
        annotations=["a remark", ""],
    )
    (axes,) = picture.figure.axes
    lines = [line.get_xdata() for line in axes.lines]
    assert [0, 0] in [list(map(float, x)) for x in lines]  # the line at zero
    assert [0.0, -0.4] in [list(map(float, x)) for x in lines] and [0.0, 0.2] in [list(map(float, x)) for x in lines]
    worse, better = (next(t for t in axes.texts if t.get_text() == label) for label in ("−0.400", "0.200"))
    assert worse.xy[0] == -0.5 and worse.get_ha() == "right" and better.xy[0] == 0.3 and better.get_ha() == "left"


def test_a_logarithmic_ladder_shows_small_rungs_and_refuses_what_has_no_logarithm():
    given = {"intervals": [(5.0, 9.0), None, (0.0, 0.2)], "log_x": True, **LADDER}
    (axes,) = drawn(plots.ladder, ["a", "b", "c"], [7.0, 0.5, 0.1], **given).figure.axes
    assert axes.get_xscale() == "log" and not axes.patches  # markers: a bar needs a zero to start from
    left, right = axes.get_xlim()
    assert 0 < left < 0.1 and right > 9
    whiskers = [line for line in axes.lines if line.get_marker() == "|"]
    assert sorted(min(line.get_xdata()) for line in whiskers) == pytest.approx([left, 5.0])
    with pytest.raises(ValueError, match="logarithmic"):
        plots.ladder(["a", "b", "c"], [7.0, 0.5, 0.0], log_x=True, **LADDER)


def test_ladder_prints_the_values_with_enough_digits_and_the_direction():
    picture = drawn(EVERY_FIGURE["ladder"])
    texts = {text.get_text() for text in picture.figure.axes[0].texts}
    assert {"0.0900", "0.0150", "0.0110"} <= texts
    assert "smaller is better" in picture.figure.axes[0].get_xlabel()
    assert "PCA (referee (exact)) 0.0150" in picture.alt


def test_ladder_images_computes_psnr_from_the_error():
    texts = {text.get_text() for text in drawn(EVERY_FIGURE["ladder_images"]).figure.texts}
    assert {"0.0900", "10.5", "∞", "6,272"} <= texts


def test_curve_names_do_not_overlap_even_where_lines_meet():
    figure = drawn(
        plots.curve, [1, 2], {f"series {i}": [1, 1 + i * 1e-3] for i in range(6)}, xlabel="x", ylabel="y"
    ).figure
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    boxes = sorted((t.get_window_extent(renderer) for t in figure.axes[0].texts), key=lambda box: box.y0)
    # without the arrow that leads to the point, names keep a line's height apart
    middles = [t.get_position()[1] for t in figure.axes[0].texts]
    height = figure.axes[0].get_window_extent().height
    assert len(boxes) == 6 and min(np.diff(sorted(middles))) * height > 12


def test_curve_tells_series_apart_without_colour():
    lines = drawn(EVERY_FIGURE["curve"]).figure.axes[0].lines[:3]
    assert len({line.get_marker() for line in lines}) == 3 and len({line.get_linestyle() for line in lines}) == 3


def test_learning_curves_take_what_fit_returns():
    history = SimpleNamespace(history={"loss": [1.0, 0.5], "val_loss": [1.0, 0.6]})
    assert "validation 1 after the first epoch, 0.6 at the end" in drawn(plots.learning_curves, history).alt


def test_thumbnails_do_not_cover_each_other():
    points = RNG.normal(size=(400, 2))
    figure = drawn(plots.scatter_map, points, thumbnails=RNG.random((400, 8, 8)), n_thumbnails=30).figure
    boxes = [a for a in figure.axes[0].artists if type(a).__name__ == "AnnotationBbox"]
    assert 10 < len(boxes) <= 30
    pixels = figure.axes[0].transData.transform([box.xy for box in boxes])
    apart = np.abs(pixels[:, None] - pixels[None]).max(axis=2) + 1e9 * np.eye(len(boxes))
    assert apart.min() > 0.32 * figure.dpi


BAD_INPUT = {
    "flat pixels": (
        lambda: plots.row(np.zeros((5, 784))),
        r"images: .*\(n, height, width\).*received shape \(5, 784\)",
    ),
    "no images": (lambda: plots.row([]), "images: expected at least one"),
    "four channels deep": (lambda: plots.row(np.zeros((2, 3, 4, 7))), r"images\[0\]: .*received shape \(3, 4, 7\)"),
    "text": (lambda: plots.row([np.array([["a"]])]), r"images\[0\]: .*received dtype"),
    "too few titles": (lambda: plots.row(GREY, titles=["a"]), "titles: expected 5 entries.*received 1"),
    "ragged grid": (lambda: plots.grid([GREY, GREY[:2]]), r"rows: .*received \[5, 2\]"),
    "no rows": (lambda: plots.grid([]), "rows: expected at least one"),
    "too few labels": (lambda: plots.grid([GREY], ["a", "b"]), "row_labels: expected 1 entries.*received 2"),
    "unknown kind": (lambda: plots.ladder(["a"], [1], kinds=["best"], metric="m"), "kinds: .*received 'best'"),
    "kinds missing": (lambda: plots.ladder(["a", "b"], [1, 2], kinds=["network"], metric="m"), "kinds: expected 2"),
    "nan on a ladder": (lambda: plots.ladder(["a"], [np.nan], kinds=["network"], metric="m"), "values: .*finite"),
    "empty ladder": (lambda: plots.ladder([], [], kinds=[], metric="m"), "names: expected at least one"),
    "rows and names": (
        lambda: plots.ladder_images(["a", "b"], [GREY], [1, 2], [1, 2], kinds=["network"] * 2),
        "rows: expected 2 entries",
    ),
    "curve lengths": (
        lambda: plots.curve([1, 2], {"a": [1, 2, 3]}, xlabel="x", ylabel="y"),
        r"series\['a'\]: expected shape \(2,\).*received shape \(3,\)",
    ),
    "curve without x": (lambda: plots.curve(None, {"a": [1]}, xlabel="x", ylabel="y"), "x: expected shape"),
    "curve empty": (lambda: plots.curve([1], {}, xlabel="x", ylabel="y"), "series: expected at least one"),
    "stray band": (lambda: plots.curve([1], {"a": [1]}, xlabel="x", ylabel="y", bands={"b": [1]}), "bands: .*'b'"),
    "history keys": (lambda: plots.learning_curves({"accuracy": [1]}), "history: expected the keys"),
    "history type": (lambda: plots.learning_curves([1, 2]), "history: .*received list"),
    "3-D codes": (lambda: plots.scatter_map(np.zeros((4, 3))), r"codes: expected shape \(n, 2\).*\(4, 3\)"),
    "labels": (lambda: plots.scatter_map(np.zeros((4, 2)), [1, 2]), r"labels: expected shape \(4,\).*\(2,\)"),
    "class names": (lambda: plots.scatter_map(np.zeros((2, 2)), [0, 3], ["a"]), "class_names: .*up to 3.*received 1"),
    "log of zero": (lambda: plots.histogram({"a": [0.0, 1]}, xlabel="x", log_x=True), r"groups\['a'\]: .*positive"),
    "empty group": (lambda: plots.histogram({"a": []}, xlabel="x"), r"groups\['a'\]: .*received shape \(0,\)"),
    "matrix": (lambda: plots.matrix([1, 2], ["a"], ["b"]), r"values: expected shape \(rows, columns\).*\(2,\)"),
    "no figure": (lambda: plots.show("figure"), "figure: expected a matplotlib Figure, received str"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_named_with_what_came_and_what_was_expected(name):
    call, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_in_a_script_without_a_window_system_the_text_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "agg")
    plots.row(GREY, caption="Five noises.")
    assert capsys.readouterr().out == "[figure] Five noises. 5 images side by side.\n"


def test_in_a_script_with_a_window_system_one_window_is_shown_and_closed(monkeypatch):
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "TkAgg")
    monkeypatch.setattr(plt, "show", lambda: shown.append(len(plt.get_fignums())))
    plots.row(GREY)
    assert shown == [1] and not plt.get_fignums()


def test_the_palette_is_distinct_for_colour_blind_readers():
    # Viénot, Brettel & Mollon 1999: what a reader without red (protan) or green (deutan) cones sees, in linear RGB.
    protan = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
    deutan = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    main = [matplotlib.colors.to_rgb(kind.color) for kind in plots.KINDS.values()]
    for seen_by in (np.eye(3), protan, deutan):
        seen = np.clip((np.array(main) ** 2.2) @ seen_by.T, 0, 1) ** (1 / 2.2)
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + 9 * np.eye(len(main))
        assert apart.min() > 0.15


def executed(*cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.fixture(scope="module")
def notebook_outputs():
    return executed(
        "import numpy as np\nfrom course_lib import plots\nimages = np.zeros((3, 8, 8))",
        "plots.row(images, caption='last line')",
        "plots.row(images, caption='not the last line')\n1 + 1;",
        "import matplotlib.pyplot as plt\nfigure, ax = plt.subplots()\nax.plot([1, 2])\nplots.show(figure, 'own')",
        "try:\n    plots.row(np.zeros((3, 8)))\nexcept ValueError:\n    pass",
    )


def test_a_notebook_shows_each_figure_exactly_once(notebook_outputs):
    counts = [[output.output_type for output in outputs] for outputs in notebook_outputs]
    assert counts == [[], ["display_data"], ["display_data"], ["display_data"], []]


def test_a_notebook_figure_has_alt_text_in_html_and_plain_text(notebook_outputs):
    data = notebook_outputs[1][0].data
    assert data["text/plain"] == "[figure] last line 3 images side by side."
    assert 'alt="last line 3 images side by side."' in data["text/html"]
    assert "<figcaption>last line</figcaption>" in data["text/html"]


def test_plots_imports_nothing_of_the_course_but_where_it_runs():
    for path in MODULES:
        source = path.read_text(encoding="utf-8")
        own = re.findall(r"^\s*((?:from|import)\s+(?:course_lib|\.\.).*)$", source, re.MULTILINE)
        assert set(own) <= {"from .. import runtime"}, path.name
        assert "keras" not in source, path.name


def test_no_module_of_plots_needs_what_is_private_to_another():
    for path in MODULES:
        names = re.findall(r"^\s*from \.\w* import (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert not [name for line in names for name in line.split(", ") if name.startswith("_")], path.name


def test_every_figure_is_a_name_of_plots_and_no_module_hides_one():
    # `from course_lib.plots import show` would give a module if one had that name
    assert not {path.stem for path in MODULES} & set(plots.__all__)
    for name in plots.__all__:
        assert not isinstance(getattr(plots, name), ModuleType), name


def test_names_in_colour_are_legible_on_white():
    def contrast(color):
        rgb = np.array(matplotlib.colors.to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)

    names = [f"series {i}" for i in range(10)]
    figure = drawn(
        plots.curve, [1, 2], {name: [1, 2] for name in names}, xlabel="x", ylabel="y", levels={"level": 1}
    ).figure
    texts = [*figure.axes[0].texts, *drawn(EVERY_FIGURE["ladder_images"]).figure.texts]
    texts += drawn(EVERY_FIGURE["scatter_map"]).figure.axes[0].texts
    assert len(texts) > 15 and all(contrast(text.get_color()) >= 4.5 for text in texts)
