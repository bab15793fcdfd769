"""The explorer of lesson 06: its heads, its networks in eight bits, its page's numbers, and what only it does in a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_explorers import changes, chromium, fragment, middle, opened, site  # noqa: F401

from authoring.web import harness, networks
from authoring.web.explorers import NETWORKS, eight_bits, swap
from course_lib import datasets

RECORDED = json.loads(swap.RECORDED.read_text(encoding="utf-8"))
DIGITS = 1e-4  # the page shows four


def test_heads_come_back_as_they_were_packed():
    random = np.random.default_rng(0)
    shape = (len(swap.MOUTHS), len(swap.TURNS), swap.SIDE, swap.SIDE, 3)
    grids = {who: random.integers(0, 256, shape).astype(np.uint8) for who in "ab"}
    for who, grid in swap.unpack(swap.pack(grids)).items():
        np.testing.assert_array_equal(grid, grids[who])


def test_heads_are_none_of_the_training():
    for who, grid in swap.grids().items():
        train = datasets.heads().images(who, "train").reshape(-1, 3 * swap.SIDE**2)
        for picture in grid.reshape(-1, 3 * swap.SIDE**2)[::7]:
            assert np.square(train - picture).mean(axis=1).min() > 1e-4


def test_heads_are_drawn_by_the_renderer_of_the_training():
    """Same people, same camera, same background: each true picture is nearer to its own person's mean than to the other's."""
    mean = {who: swap.mean_face(who) / 255 for who in "ab"}
    for who, other in ("ab", "ba"):
        own, foreign = (swap.mean_squared(swap.grids()[who], mean[one]) for one in (who, other))
        assert (own < foreign).mean() > 0.95
        corner = datasets.heads().images(who, "train")[:, 0, 0].mean(axis=0)
        assert np.abs(swap.grids()[who][:, len(swap.TURNS) // 2, 0, 0] - corner).max() < 0.1


def test_page_text_says_what_was_measured():
    page = " ".join((harness.EXPLORERS / "swap.md").read_text(encoding="utf-8").split())
    assert len(RECORDED["page"]) >= 7
    for words in RECORDED["page"]:
        assert words in page


def test_first_view_is_small():
    assert len(fragment("swap").encode()) <= 60 * 1024


def test_eight_bits_are_near_and_small(tmp_path, monkeypatch):
    import keras

    from course_lib.layers import PixelShuffle

    monkeypatch.setattr(networks, "RECORDED", tmp_path / "recorded")
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Dense(4 * 4 * 8),
        keras.layers.LeakyReLU(negative_slope=0.1),
        keras.layers.Reshape((4, 4, 8)),
        keras.layers.Conv2D(12, 3, padding="same", activation="relu"),
        PixelShuffle(2),
        keras.layers.Conv2D(2, 3, padding="same", activation="sigmoid"),
    ]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.set_weights([w + 0.1 for w in model.get_weights()])  # biases that matter
    x = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    probe = networks.Probe()
    eight_bits.export(model, tmp_path / "small", probe)
    networks.export(model, tmp_path / "large", probes=[probe])
    said, there = networks.answers(networks.rebuild(tmp_path / "small"), [x])[0], networks.answers(model, [x])[0]
    assert 0 < np.abs(said - there).max() < 0.01 * np.ptp(there)
    assert (tmp_path / "small.bin").stat().st_size < 0.9 * (tmp_path / "large.bin").stat().st_size

    numbers, scale = eight_bits.rounded(np.array([[0.5, 1e-6, 0.0], [-1.0, 2e-6, 0.0]], np.float32))
    assert numbers.tolist() == [[64, 64, 0], [-127, 127, 0]], "each channel has a scale of its own"
    np.testing.assert_allclose(scale, [1, 2e-6, 1])

    a = keras.Input((6,))
    branches = keras.Model(a, keras.layers.Add()([keras.layers.Dense(3)(a), keras.layers.Dense(3)(a)]))
    with pytest.raises(ValueError, match="follow"):
        eight_bits.export(branches, tmp_path / "branches", probe)


def test_decoders_of_the_page_have_eight_bits_where_it_counts():
    for who in "ab":
        description = json.loads((NETWORKS / f"swap_decoder_{who}.json").read_text(encoding="utf-8"))
        kinds = [layer["kernel"]["type"] for layer in description["layers"] if "kernel" in layer]
        assert kinds == ["int8", "int8", "int8", "float16", "float16"]


# With a browser --------------------------------------------------------------------------------------------------------


def put(tab, turn: int, mouth: float, share: int = 0) -> None:
    """Move the sliders to a pose, and wait until the page shows it."""
    places = {"turn": swap.TURNS.index(turn), "mouth": swap.MOUTHS.index(mouth), "share": share}
    for name, place in places.items():
        tab.locator(f"[data-slider={name}]").fill(str(place))
    wanted = {"turn": str(turn), "mouth": f"{mouth:.1f}", "share": f"{share / 100:.2f}"}
    tab.wait_for_function(
        """wanted => Object.entries(wanted).every(
          ([name, value]) => document.querySelector(`mark[data-value=${name}]`).textContent === value)""",
        arg=wanted,
    )


def shown(tab, name: str) -> float:
    return float(tab.locator(f"[data-value={name}]").inner_text())


@pytest.mark.browser
def test_page_shows_what_keras_said(opened):  # noqa: F811
    tab = opened("swap")
    for turn, mouth in ((-30, 0.0), (-24, 0.7), (0, 0.4), (12, 0.6), (30, 0.8)):
        put(tab, turn, mouth)
        at = swap.MOUTHS.index(mouth), swap.TURNS.index(turn)
        for name, errors in RECORDED["errors"].items():
            assert shown(tab, name) == pytest.approx(errors[at[0]][at[1]], abs=DIGITS), (turn, mouth, name)
        decibels = float(tab.locator("[data-value=swapDb]").inner_text().strip("() dB"))
        assert decibels == pytest.approx(-10 * np.log10(RECORDED["errors"]["swap"][at[0]][at[1]]), abs=0.06)
        read = RECORDED["read"]["turn"][at[0]][at[1]], RECORDED["read"]["mouth"][at[0]][at[1]]
        words = "the one in A's pose" if read == (turn, mouth) else f"{round(100 * read[1])}\u00a0%\u00a0open."
        live = tab.locator("figure .explorer-live", has_text=words)
        live.wait_for()


@pytest.mark.browser
def test_mixed_codes_are_those_of_keras(opened):  # noqa: F811
    tab = opened("swap")
    for mix in (RECORDED["mixes"]["first"], RECORDED["mixes"]["turns"]):
        first, other = mix["ends"]
        put(tab, *other)
        tab.locator("[data-button=keep]").click()
        put(tab, *first, share=50)
        assert shown(tab, "swap") == pytest.approx(mix["code"], abs=DIGITS)
        live = tab.locator("figure .explorer-live", has_text=f"{mix['layers']:.4f}")
        live.wait_for()
        assert f"{mix['direct']:.4f}" in live.inner_text()


@pytest.mark.browser
def test_whose_decoder_changes_person_and_truth(opened):  # noqa: F811
    tab = opened("swap")
    canvas = "() => document.querySelector('[data-picture=%s] canvas').toDataURL()"
    same = "() => (" + canvas % "truth" + ")() === (" + canvas % "input" + ")()"
    assert not tab.evaluate(same)
    tab.locator("[data-choice=decoder] input[value=a]").check()
    tab.wait_for_function(same)
    assert tab.evaluate("(" + canvas % "drawn" + ")()") == tab.evaluate("(" + canvas % "own" + ")()")
    assert tab.locator("tr.is-shown").get_attribute("data-row") == "own"
    assert "decoder_a" in tab.locator(".explorer-code").inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("touching", [False, True], ids=["mouse", "finger"])
def test_dragging_the_picture_turns_the_head_and_opens_the_mouth(opened, touching):  # noqa: F811
    options = {"has_touch": True, "is_mobile": True, "width": 380, "height": 800} if touching else {}
    tab = opened("swap", **options)
    put(tab, 0, 0.0)
    holder = tab.locator("[data-picture=input]")
    holder.scroll_into_view_if_needed()
    box = holder.bounding_box()
    x, y = middle(box)
    to = x - 0.3 * box["width"], y + 0.4 * box["height"]
    before = tab.evaluate("() => scrollY")

    def drag():
        if not touching:
            tab.mouse.move(x, y)
            tab.mouse.down()
            tab.mouse.move(*to, steps=5)
            tab.mouse.up()
            return
        finger = tab.context.new_cdp_session(tab)
        for kind, points in (("Start", [(x, y)]), ("Move", [(x - 9, y + 9)]), ("Move", [to]), ("End", [])):
            points = [{"x": px, "y": py} for px, py in points]
            finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    changes(tab, drag)
    turn, mouth = (tab.locator(f"[data-slider={name}]").evaluate("e => e.valueAsNumber") for name in ("turn", "mouth"))
    assert turn == pytest.approx(swap.TURNS.index(0) - 0.3 * 20, abs=1)
    assert mouth == pytest.approx(0.4 * 8, abs=1)
    assert tab.evaluate("() => scrollY") == before, "the page does not scroll under a drag"
