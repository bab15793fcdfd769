"""Explorer 3, Take the noise away: its line, its networks and its words against what they stand for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_explorers import chromium, opened, site  # noqa: F401

from authoring.web import networks
from authoring.web.explorers import NETWORKS, noise
from course_lib import datasets, referees

SHOWN_TO = 0.051  # decibels are written with one digit
POINTS_TO = 0.0051  # coordinates with two


@pytest.fixture(scope="module")
def arrays():
    return networks.read_arrays(NETWORKS / "noise_data")


@pytest.fixture(scope="module")
def recorded():
    return json.loads((networks.RECORDED / "noise.json").read_text(encoding="utf-8"))


def test_text_of_the_page_says_what_was_measured():
    noise.check_text()


def test_line_of_the_page_is_the_wiener_filter(arrays):
    clothes = datasets.fashion_mnist()
    test = clothes.flat("test")
    line = noise.BestLine.read(arrays)
    for level in (0.05, 0.2, 0.5):
        noisy = noise.add_noise(test, level)
        exact = referees.wiener_filter(clothes.flat("train"), level)(noisy)
        lost = noise.decibels(test, exact) - noise.decibels(test, line(noisy, level))
        assert -0.01 < lost < noise.MAY_COST, level


def test_networks_are_ahead_of_the_line_at_every_level(arrays):
    test = datasets.fashion_mnist().flat("test")[:500]
    line, denoiser = noise.BestLine.read(arrays), networks.rebuild(NETWORKS / "noise_pictures")
    for level in (0.05, 0.2, 0.5):
        noisy = noise.add_noise(test, level)
        straight = line(noisy, level)
        answer = noise.denoised(denoiser, noisy, straight, level)
        assert noise.decibels(test, answer) > noise.decibels(test, straight) + 0.5, level


def test_denoisers_of_points_lead_the_right_way():
    for name in noise.CURVES:
        found = noise.cosines(networks.rebuild(NETWORKS / f"noise_{name}"), name)
        assert min(found.values()) > 0.9, (name, found)


def test_noise_of_the_page_is_white():
    many = np.array([noise.page_noise(number) for number in range(1, 201)])  # (200, 784)
    assert abs(many.mean()) < 0.01
    assert many.std() == pytest.approx(1, abs=0.01)
    assert np.mean(many**4) == pytest.approx(3, abs=0.1), "a normal distribution"
    for one, other in ((many[:, :-1], many[:, 1:]), (many[:, :-28], many[:, 28:]), (many[:-1], many[1:])):
        assert abs(np.mean(one * other)) < 0.012, "no neighbour, no row and no next noise knows of it"


@pytest.mark.browser
def test_mathematics_of_the_page_is_that_of_python(chromium, site, arrays):  # noqa: F811
    draw = np.random.default_rng(0)
    noisy = draw.uniform(-0.5, 1.5, 784).astype("float32")
    points, level = draw.normal(0, 3, (20, 2)), 0.07  # far from the curve, too
    tab = chromium.new_page()
    tab.goto(f"{site}/lessons/empty.html")
    said = tab.evaluate(
        """async ([noisy, points, level]) => {
          const at = (name) => new URL(`../explorers/${name}`, document.baseURI);
          const page = await import(at("noise.js"));
          const { loadArrays } = await import(at("interpreter.js"));
          const [json, buffer] = await Promise.all([fetch(at("networks/noise_data.json")), fetch(at("networks/noise_data.bin"))]);
          const data = loadArrays(await json.json(), await buffer.arrayBuffer());
          return {
            noise: [1, 2, 9999].map((number) => [...page.whiteNoise(number, 784)]),
            line: [...page.bestLine(Float32Array.from(noisy), 0.3, data)],
            decibels: page.decibels(new Float32Array(784), Float32Array.from(noisy)),
            wave: points.map((point) => page.bestAnswer(point, data.wave.data, level)),
          };
        }""",
        [noisy.tolist(), points.tolist(), level],
    )
    tab.close()
    for number, drawn in zip((1, 2, 9999), said["noise"], strict=True):
        np.testing.assert_allclose(drawn, noise.page_noise(number), atol=1e-6)
    np.testing.assert_allclose(said["line"], noise.BestLine.read(arrays)(noisy[None], 0.3)[0], atol=1e-5)
    assert said["decibels"] == pytest.approx(noise.decibels(np.zeros((1, 784), "float32"), noisy[None]), abs=1e-5)
    np.testing.assert_allclose(said["wave"], noise.best_answer(points, noise.CURVES["wave"], level), atol=1e-5)


GREYS = """(drawn) => {
  const copy = new OffscreenCanvas(28, 28).getContext("2d");
  copy.drawImage(drawn, 0, 0);
  return [...copy.getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
}"""


@pytest.mark.browser
def test_pictures_show_what_keras_said(opened, recorded):  # noqa: F811
    tab = opened("noise")
    for one in recorded["pictures"]:
        tab.locator(f"[data-choice=picture] input[value='{one['picture']}']").check(force=True)
        tab.locator("[data-slider=level]").fill(str(noise.LEVELS.index(one["level"])))
        tab.locator("#noise-number").fill(str(one["noise"]))
        words = f"Noise {one['level']:.2f}", f"network {one['decibels']['network']:.1f} dB"
        tab.locator(".explorer-live", has_text=words[0]).filter(has_text=words[1]).wait_for()
        for name, score in one["decibels"].items():
            assert float(tab.locator(f"[data-value=db-{name}]").inner_text()) == pytest.approx(score, abs=SHOWN_TO)
            row = tab.locator(f"[data-picture={name}] canvas").evaluate(GREYS)[300:400:10]
            np.testing.assert_allclose(np.array(row) / 255, np.clip(one["pixels"][name], 0, 1), atol=1.1 / 255)


def pair(text: str) -> list[float]:
    """The numbers of "(−0.32, 0.42)"."""
    return [float(number.replace("−", "-")) for number in text.strip("()").split(", ")]


@pytest.mark.browser
def test_points_show_what_keras_said(opened, recorded):  # noqa: F811
    tab = opened("noise")
    for one in recorded["points"]:
        tab.locator(f"[data-choice=curve] input[value={one['curve']}]").check()
        tab.locator("[data-slider=sigma]").fill(str(noise.POINT_LEVELS.index(one["level"])))
        point = tab.locator(".explorer-point")
        here = [float(tab.locator(f"mark[data-value={axis}]").inner_text()) for axis in "xy"]
        point.focus()
        for axis, keys in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowDown", "ArrowUp"))):
            steps = round((one["at"][axis] - here[axis]) / 0.05)
            for _ in range(abs(steps)):
                tab.keyboard.press(keys[steps > 0])
        expected = [f"{value:.2f}".replace("-", "−") for value in (one["level"], *one["at"])]
        tab.locator(
            ".explorer-live.is-field",
            has_text=f"Noise {expected[0]}: the best answer sends the point ({expected[1]}, {expected[2]})",
        ).wait_for()
        for who in ("exact", "learned"):
            answer, step, score = (
                pair(tab.locator(f"[data-value={who}-{what}]").inner_text()) for what in ("answer", "step", "score")
            )
            np.testing.assert_allclose(answer, one[who], atol=POINTS_TO)
            np.testing.assert_allclose(step, np.subtract(one[who], one["at"]), atol=POINTS_TO)
            np.testing.assert_allclose(score, np.subtract(one[who], one["at"]) / one["level"] ** 2, atol=POINTS_TO)


@pytest.mark.browser
def test_a_point_on_the_circle_is_sent_inside(opened):  # noqa: F811
    tab = opened("noise")
    tab.locator("[data-slider=sigma]").fill(str(noise.POINT_LEVELS.index(0.6)))
    tab.locator(".explorer-point").focus()
    for key in 2 * ["ArrowRight"] + 24 * ["ArrowDown"]:
        tab.keyboard.press(key)
    radius = referees.ring_radius(0.6)
    tab.locator(".is-field", has_text=f"{radius:.2f} from the centre, it was 1.00").wait_for()


@pytest.mark.browser
def test_fresh_noise_can_be_had_again(opened):  # noqa: F811
    tab = opened("noise")
    seen = "() => document.querySelector('[data-picture=noisy] canvas').toDataURL()"
    first = tab.evaluate(seen)
    tab.locator("[data-button=fresh]").click()
    tab.wait_for_function(f"before => ({seen})() !== before", arg=first)
    assert tab.locator("#noise-number").input_value() == "2"
    tab.locator("#noise-number").fill("1")
    tab.wait_for_function(f"before => ({seen})() === before", arg=first)
