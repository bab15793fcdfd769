"""The code that stands beside each explorer runs as it is written, where its names stand for what they stand for in the
course, and says what the page says. Its lines are read from the live page, in several states.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re

import numpy as np
import pytest
from test_explorer_space import pixels
from test_explorers import EXPLORERS, chromium, need, opened, site  # noqa: F401  (fixtures)

from authoring.source import ROOT
from authoring.web import networks
from authoring.web.explorers import NETWORKS, noise, swap
from course_lib import datasets, metrics, models, referees

DIGITS = 1e-4  # errors are written with four


def from_lesson(notebook: str, name: str, names: dict):
    """A function as a lesson defines it, seeing ``names``."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] != "code" or f"def {name}(" not in text:
            continue
        tree = ast.parse(text)
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        exec(compile(tree, notebook, "exec"), names)
        return names[name]
    raise LookupError(f"{notebook} defines no {name}")


def run(code: str, names: dict) -> tuple[dict, str]:
    """The names after the code has run, and what it printed."""
    names = {"np": np, **names}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "the page", "exec"), names)
    return names, printed.getvalue()


def shown(tab, number: int = 0) -> str:
    return tab.locator("figure .explorer-code code").nth(number).text_content()


def numbers_in(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def value(tab, name: str) -> str:
    return tab.locator(f"figure [data-value='{name}']").first.inner_text()


@pytest.fixture(scope="module")
def clothes():
    return datasets.fashion_mnist()


def test_a_function_that_no_lesson_defines_would_be_told():
    with pytest.raises(LookupError):
        from_lesson("02_undercomplete", "no_such_function", {})


@pytest.mark.browser
def test_every_explorer_is_tried_here():
    assert set(EXPLORERS) == {"numbers", "noise", "space", "swap"}


@pytest.mark.browser
def test_code_of_numbers_runs_and_prints_the_errors_of_the_page(opened, clothes):  # noqa: F811
    import keras

    train, test = clothes.flat("train"), clothes.flat("test")
    lesson = {"np": np, "metrics": metrics, "mean": train.mean(axis=0)}
    lesson["axes"] = np.linalg.svd(train - lesson["mean"], full_matrices=False)[2]
    names = {name: from_lesson("02_undercomplete", name, lesson) for name in ("error_of", "pca_copy")}
    tab = opened("numbers")
    for picture, position, k in (("boot", 2, 8), ("checks", 0, 2), ("bag", 4, 32)):
        tab.locator(f"[data-choice=picture] input[value={picture}]").check(force=True)
        tab.locator("[data-slider=size]").fill(str(position))
        tab.locator("figure .explorer-live", has_text=f"With {k} numbers").wait_for()
        on_squares = networks.rebuild(NETWORKS / f"numbers_{k:02}")
        network = keras.Sequential([keras.Input((784,)), keras.layers.Reshape((28, 28)), on_squares])  # as the lesson's
        _, said = run(shown(tab), names | {"test": test, "networks": {f"convolutional-{k}": network}})
        for name in ("pca", "network"):
            printed = float(re.search(rf"^{name}: (\S+)$", said, re.MULTILINE | re.IGNORECASE)[1])
            assert printed == pytest.approx(numbers_in(value(tab, f"{name}-mse"))[0], abs=DIGITS), (picture, k)


@pytest.mark.browser
def test_code_of_noise_runs_and_takes_noise_away(opened, clothes):  # noqa: F811
    train, test = clothes.flat("train"), clothes.flat("test")
    names = {
        "train": train,
        "test": test,
        "referees": referees,
        "network": networks.rebuild(NETWORKS / "noise_pictures"),
    }
    names["add_noise"] = from_lesson("04_denoising", "add_noise", {"np": np, "SEED": 0})
    tab = opened("noise")
    for picture, level, number in ((110, 0.2, 1), (9, 0.5, 12), (135, 0.05, 3)):
        tab.locator(f"[data-choice=picture] input[value='{picture}']").check(force=True)
        tab.locator("[data-slider=level]").fill(str(noise.LEVELS.index(level)))
        tab.locator("#noise-number").fill(str(number))
        tab.locator("figure mark[data-value=number]", has_text=str(number)).wait_for()
        got, _ = run(shown(tab), names)
        assert got["x"].shape == (1, 784) and (got["x"] == test[picture]).all() and got["sigma"] == level
        scores = [noise.decibels(got["x"], got[name]) for name in ("noisy", "line", "answer")]
        assert scores == sorted(scores) and scores[2] > scores[1] + 0.2, (picture, level, scores)


@pytest.mark.browser
def test_code_of_points_runs_and_gives_the_table_of_the_page(opened):  # noqa: F811
    names = {f"{curve}_network": networks.rebuild(NETWORKS / f"noise_{curve}") for curve in noise.CURVES}
    tab = opened("noise")
    for curve, level, keys in (("circle", 0.3, 0), ("wave", 0.1, 7), ("circle", 1.0, 12)):
        tab.locator(f"[data-choice=curve] input[value={curve}]").check()
        tab.locator("[data-slider=sigma]").fill(str(noise.POINT_LEVELS.index(level)))
        tab.locator(".explorer-point").focus()
        for _ in range(keys):
            tab.keyboard.press("ArrowLeft")
        tab.wait_for_load_state("networkidle")
        got, _ = run(shown(tab, 1), names)
        at = tab.locator(".explorer-point").get_attribute("aria-valuetext")
        np.testing.assert_allclose(got["x"][0], numbers_in(at), atol=0.0051)
        tab.locator("figure .is-field", has_text=f"Noise {level:.2f}: the best answer sends the point (").wait_for()
        np.testing.assert_allclose(got["answer"][0], numbers_in(value(tab, "learned-answer")), atol=0.011)
        np.testing.assert_allclose(got["score"][0], numbers_in(value(tab, "learned-score")), atol=0.011 / level**2)


@pytest.mark.browser
def test_code_of_space_runs_and_gives_what_its_remarks_say(opened, clothes):  # noqa: F811
    facts = json.loads((NETWORKS / "space_data.json").read_text(encoding="utf-8"))["facts"]
    data = networks.read_arrays(NETWORKS / "space_data")
    halves = {name: networks.rebuild(NETWORKS / f"space_{name}") for name in ("vae_encoder", "vae_decoder")}
    names = {
        "vae": models.VariationalAutoencoder(*halves.values(), sigma=0.2),
        "plain_encoder": networks.rebuild(NETWORKS / "space_plain_encoder"),
        "plain_decoder": networks.rebuild(NETWORKS / "space_plain_decoder"),
        "models": models,
        "train": clothes.flat("train"),
        "random": np.random.default_rng(0),
    }
    tab = opened("space")
    for number, (network, place) in enumerate(
        [("vae", "trained"), ("plain", "trained"), ("plain", "scaled"), ("vae", "scaled")]
    ):
        tab.check(f"[data-choice=network] input[value={network}]")
        tab.check(f"[data-choice=place] input[value={place}]")
        tab.locator(f"[data-choice=unseen] input[value='{number}']").check(force=True)
        tab.locator(".explorer-point").focus()
        for _ in range(number):
            tab.keyboard.press("Shift+ArrowLeft")
        tab.locator(
            "figure .space-read .explorer-live", has_text="The guess" if network == "vae" else "The code"
        ).wait_for()
        tab.wait_for_load_state("networkidle")
        centre, spread = (np.array(facts[network][name]) for name in ("centre", "spread"))
        codes = data[f"{network}_codes"] * facts["unit"]
        here = {"centre": centre, "spread": spread, "codes": codes if place == "scaled" else centre + spread * codes}
        here["unseen"] = data["unseen"][[number]].astype(np.float32)
        code = shown(tab)
        got, _ = run(code, names | here)
        remarks = re.findall(r"# (.+)$", code, re.MULTILINE)
        assert got["gap"] == pytest.approx(float(remarks[0]), abs=0.015 if network == "vae" else 0.1), (network, place)
        said = [got["mu"][0], *([got["sigma"][0]] if network == "vae" else [])]
        # Two digits are shown, and 16 bits a weight move a plain code, which may be 40, a little
        np.testing.assert_allclose(numbers_in(remarks[1]), np.ravel(said), atol=0.03, err_msg=f"{network}, {place}")
        assert got["picture"].shape == (28, 28)
        assert np.abs(pixels(tab, "decoded") / 255 - got["picture"]).mean() < 0.03, (network, place)
        tab.click("[data-button=draw]")  # the code then draws its own two numbers
        tab.wait_for_function("() => document.querySelector('figure .explorer-code').textContent.includes('random')")
        got, _ = run(shown(tab), names | here)
        assert got["z"].shape == (1, 2) and got["picture"].shape == (28, 28)


@pytest.mark.browser
def test_code_of_swap_runs_and_makes_the_error_of_the_page(opened):  # noqa: F811
    recorded = json.loads(swap.RECORDED.read_text(encoding="utf-8"))
    names = {"head": swap.head, "encoder": networks.rebuild(NETWORKS / "swap_encoder")}
    names |= {f"decoder_{who}": networks.rebuild(NETWORKS / f"swap_decoder_{who}") for who in "ab"}
    tab = opened("swap")

    def put(turn, mouth, share=0):
        for name, place in (("turn", swap.TURNS.index(turn)), ("mouth", swap.MOUTHS.index(mouth)), ("share", share)):
            tab.locator(f"[data-slider={name}]").fill(str(place))
        tab.wait_for_function(
            """wanted => ["turn", "mouth", "share"].every((name, i) =>
              Number(document.querySelector(`mark[data-value=${name}]`).textContent) === wanted[i])""",
            arg=[turn, mouth, share / 100],
        )

    for turn, mouth, who in ((12, 0.6, "b"), (-30, 0.0, "b"), (0, 0.8, "a")):
        tab.locator(f"[data-choice=decoder] input[value={who}]").check()
        tab.locator("figure mark[data-value=decoder]", has_text=f"decoder_{who}").wait_for()
        put(turn, mouth)
        got, _ = run(shown(tab), names | {"other": swap.head("a", *swap.OTHER)})
        error = float(swap.mean_squared(got["face"], swap.head(who, turn, mouth))[0])
        assert error == pytest.approx(float(value(tab, "own" if who == "a" else "swap")), abs=DIGITS)
    tab.locator("[data-choice=decoder] input[value=b]").check()
    mix = recorded["mixes"]["turns"]
    first, other = mix["ends"]
    put(*other)
    tab.locator("[data-button=keep]").click()
    put(*first, share=50)
    got, _ = run(shown(tab), names | {"other": swap.head("a", *other)})
    middle = (0, 0.0)
    assert float(swap.mean_squared(got["face"], swap.head("b", *middle))[0]) == pytest.approx(mix["code"], abs=DIGITS)
