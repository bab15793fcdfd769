"""The explorer of lesson 05: what its page says in numbers, and that map, draws and guesses are those of NumPy and Keras.

What holds for every explorer is in ``test_explorers.py``.
"""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from test_explorers import chromium, need, opened, site  # noqa: F401  (fixtures)

from authoring.web import harness, networks
from authoring.web.explorers import NETWORKS

VIEWS = [(network, place) for network in ("plain", "vae") for place in ("trained", "scaled")]


@pytest.fixture(scope="module")
def data():
    return networks.read_arrays(NETWORKS / "space_data")


@pytest.fixture(scope="module")
def facts():
    return json.loads((NETWORKS / "space_data.json").read_text(encoding="utf-8"))["facts"]


@pytest.fixture(scope="module")
def said():
    return json.loads((networks.RECORDED / "space.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def text():
    return " ".join((harness.EXPLORERS / "space.md").read_text(encoding="utf-8").split())


def codes_on_map(data, facts, network, place):
    scaled = data[f"{network}_codes"] * facts["unit"]
    if place == "scaled":
        return scaled
    return np.array(facts[network]["centre"]) + np.array(facts[network]["spread"]) * scaled


def numbers(shown: str) -> list[float]:
    """The numbers of a pair as the page shows it."""
    return [float(one) for one in shown.replace("−", "-").strip("()").split(",")]


def pixels(tab, picture: str) -> np.ndarray:
    """The grey levels of a picture on the page, (28, 28)."""
    from PIL import Image

    address = tab.locator(f"[data-picture={picture}] canvas").evaluate("e => e.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("L")).astype(int)


def percent(share):
    return f"{100 * share:.0f} %"


# Without a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("network", "place"), VIEWS)
def test_share_of_draws_near_codes_follows_from_what_is_shipped(data, facts, network, place):
    from scipy.spatial import cKDTree

    told = facts[network][place]
    draws = np.random.default_rng(1).standard_normal((20_000, 2))  # others than those that were counted
    distance, nearest = cKDTree(codes_on_map(data, facts, network, place)).query(draws)
    near = distance <= told["reach"]
    assert near.mean() == pytest.approx(told["near"], abs=0.015)  # three standard deviations
    by_kind = np.bincount(data["labels"].astype(int)[nearest[near]], minlength=10) / len(draws)
    np.testing.assert_allclose(by_kind, told["by_kind"], atol=0.015)
    assert told["kinds"] == sum(share >= 0.02 for share in told["by_kind"])


def test_moving_and_scaling_changes_no_order_of_codes(facts, data):
    for network in ("plain", "vae"):
        scaled = codes_on_map(data, facts, network, "scaled")
        np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=0.01)
        np.testing.assert_allclose(scaled.std(axis=0), 1, atol=0.01)


def test_page_text_says_what_was_measured(facts, text):
    plain, vae = facts["plain"], facts["vae"]
    assert plain["trained"]["near"] == 0
    assert (
        f"{percent(vae['trained']['near'])} land where the VAE has codes, and none where the plain network has" in text
    )
    assert f"show {vae['trained']['kinds']} of the ten, more than a third of them bags" in text
    kinds = facts["kinds"]
    assert vae["trained"]["by_kind"][kinds.index("Bag")] > vae["trained"]["near"] / 3
    for outside in ("Trouser", "Sneaker"):
        assert vae["trained"]["by_kind"][kinds.index(outside)] < 0.005
    assert f"{percent(plain['scaled']['near'])} of the draws land where the plain network has codes" in text
    assert f"more than the VAE's {percent(vae['scaled']['near'])}, and both show all ten kinds" in text
    assert plain["scaled"]["kinds"] == vae["scaled"]["kinds"] == 10


def test_page_text_says_how_much_is_chance(facts, text):
    seeds = facts["seeds"]
    plain, vae = seeds["plain"]["trained"]["near"], sorted(seeds["vae"]["trained"]["near"])
    landed = sorted(share for share in plain if share)
    assert len(plain) == 8 and len(landed) == 3
    assert f"0 % five times, and {', '.join(map(percent, landed[:2]))} and {percent(landed[2])} in the others" in text
    assert f"{percent(vae[0])} once and {100 * vae[1]:.0f} to {percent(vae[-1])} seven times" in text
    for network, name in (("plain", "plain network has"), ("vae", "VAE")):
        scaled = seeds[network]["scaled"]["near"]
        assert f"{name} {100 * min(scaled):.0f} to {percent(max(scaled))}" in text
    assert seeds["plain"]["trained"]["near"][0] == facts["plain"]["trained"]["near"]


def test_page_text_says_how_sure_the_guesses_are(facts, data, text):
    encoder = networks.rebuild(NETWORKS / "space_vae_encoder")

    def guess(picture):
        mu, log_var = (part[0].astype(float) for part in networks.answers(encoder, [picture[None].astype(np.float32)]))
        return np.exp(0.5 * log_var), 0.5 * float((mu**2 + np.exp(log_var) - 1 - log_var).sum())

    def short(number):
        return f"{number:.2f}".lstrip("0")

    boot = data["unseen"][facts["unseen_kinds"].index(facts["kinds"].index("Ankle boot"))]
    (one, other), rate = guess(boot)
    assert f"{short(one)} wide one way and {short(other)} the other, and costs {rate:.1f} nats" in text
    (one, other), rate = guess(np.zeros(784))
    assert f"{short(one)} and {short(other)}, and costs {rate:.1f}".replace("costs 0.", "costs .") in text
    sleeve = np.zeros((28, 28))
    sleeve[6:22, 5:9] = 0.9
    drawn, _ = guess(sleeve.ravel())
    assert drawn.max() < min(one, other), "a sleeve makes the guess surer"


# With a browser --------------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_map_and_decoders_are_those_of_numpy_and_keras(opened, said):  # noqa: F811
    tab = opened("space")
    found = tab.evaluate(
        """async (asked) => {
          const at = (file) => new URL(`../explorers/${file}`, document.baseURI);
          const { View } = await import(at("space.js"));
          const { loadArrays } = await import(at("interpreter.js"));
          const { answer } = await import(at("worker.js"));
          const json = await (await fetch(at("networks/space_data.json"))).json();
          const buffer = await (await fetch(at("networks/space_data.bin"))).arrayBuffer();
          const data = { ...loadArrays(json, buffer), facts: json.facts };
          const found = {};
          for (const network of ["plain", "vae"]) for (const place of ["trained", "scaled"]) {
            const view = new View(data, network, place);
            const looks = asked.map((z) => view.look(z));
            const input = Float32Array.from(asked.flatMap((z) => view.toDecoder(z)));
            const [pictures] = await answer([{ network: `space_${network}_decoder`, input }]);
            found[`${network} ${place}`] = {
              distance: looks.map((one) => one.distance),
              near: looks.map((one) => one.near),
              reach: view.reach,
              kinds: looks.map((one) => one.kinds),
              middle_row: asked.map((_, i) => [...pictures.subarray(i * 784 + 14 * 28, i * 784 + 15 * 28)]),
            };
          }
          return found;
        }""",
        said["asked"],
    )
    for view, expected in said["views"].items():
        page = found[view]
        np.testing.assert_allclose(page["distance"], expected["distance"], rtol=0.01, atol=0.003)  # codes are int16
        assert page["near"] == [distance <= page["reach"] for distance in page["distance"]]
        np.testing.assert_allclose(page["middle_row"], expected["middle_row"], atol=networks.FLOAT16_MAY_MOVE)
        for kinds in page["kinds"]:
            shares = [share for _, share in kinds]
            assert sum(shares) == pytest.approx(1) and shares == sorted(shares, reverse=True)


@pytest.mark.browser
def test_guesses_of_unseen_pictures_are_those_of_keras(opened, said):  # noqa: F811
    tab = opened("space")
    for network in ("vae", "plain"):
        tab.check(f"[data-choice=network] input[value={network}]")
        expected = said["guesses"][network]
        for i, (mu, sigma) in enumerate(zip(expected["mu"], expected["sigma"], strict=True)):
            tab.locator(f"[data-choice=unseen] input[value='{i}']").check(force=True)
            tab.wait_for_function(  # two digits are shown, and float16 moves a plain code, which may be 40, a little
                """([mu, off]) => document.querySelector("[data-value=mu]").textContent.replaceAll("−", "-")
                  .match(/-?[\\d.]+/g).every((one, i) => Math.abs(one - mu[i]) < off)""",
                arg=[mu, 0.03 if network == "plain" else 0.01],
            )
            shown = tab.locator("[data-value=sigma]").inner_text()
            if network == "plain":
                assert shown == "none" and tab.locator("[data-button=guess]").is_disabled()
            else:
                assert numbers(shown) == pytest.approx(sigma, abs=0.006)


@pytest.mark.browser
def test_one_thing_changes_between_the_networks(opened):  # noqa: F811
    """The same ten draws, decoded and judged by both; and what the table says is what the draws do."""
    tab = opened("space")
    tab.click("[data-button=draws]")
    strip = "() => [...document.querySelectorAll('.space-strip canvas')].map((c) => c.toDataURL()).join()"
    tab.wait_for_function(
        "() => document.querySelectorAll('.space-strip li.is-near, .space-strip li.is-gap').length === 10"
    )
    drawn, pictures = tab.locator("[data-value=drawn]").inner_text(), tab.evaluate(strip)
    tab.check("[data-choice=network] input[value=plain]")
    tab.wait_for_function(f"before => ({strip})() !== before", arg=pictures)
    assert tab.locator("[data-value=drawn]").inner_text() == drawn
    assert tab.locator(".space-strip li.is-gap").count() == 10, "no draw lands where the plain network has codes"
    assert "0 of 10" in tab.locator("[data-value=tally]").inner_text()
    tab.check("[data-choice=place] input[value=scaled]")
    tab.wait_for_function("() => document.querySelectorAll('.space-strip li.is-near').length > 0")
    assert tab.locator("[data-value=drawn]").inner_text() == drawn


@pytest.mark.browser
def test_ten_draws_are_large_enough_on_a_phone(opened):  # noqa: F811
    tab = opened("space", width=380, height=800)
    sizes = tab.locator(".space-strip canvas").evaluate_all("all => all.map((c) => c.getBoundingClientRect().width)")
    assert len(sizes) == 10 and min(sizes) >= 64
    inside = (
        "all => all.every((c) => c.getBoundingClientRect().right <= c.closest('figure').getBoundingClientRect().right)"
    )
    assert tab.locator(".space-strip li").evaluate_all(inside)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_keys_that_would_scroll_the_page_leave_it_where_it_is(opened):  # noqa: F811
    tab = opened("space", width=380, height=500)
    tab.locator(".explorer-point").first.focus()
    before = tab.evaluate("scrollY")
    assert 0 < before < tab.evaluate("document.documentElement.scrollHeight - innerHeight")
    for key in ("Home", "End", "PageUp", "PageDown"):
        tab.keyboard.press(key)
        tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert tab.evaluate("scrollY") == before, key


@pytest.mark.browser
def test_moving_and_scaling_keeps_the_picture_of_a_placed_point(opened):  # noqa: F811
    tab = opened("space")
    tab.locator(".explorer-point").focus()
    tab.keyboard.press("Shift+ArrowDown")
    tab.locator("[data-value=z]", has_text="2.90, −0.30").wait_for(state="detached")
    code = tab.locator("[data-value=z]").inner_text()
    tab.wait_for_load_state("networkidle")
    before = pixels(tab, "decoded")
    tab.check("[data-choice=place] input[value=scaled]")
    tab.locator(".explorer-live", has_text="moved and scaled").wait_for()
    assert tab.locator("[data-value=z]").inner_text() != code
    assert np.abs(before - pixels(tab, "decoded")).max() <= 2


@pytest.mark.browser
def test_finger_on_the_map_sees_what_is_drawn(opened):  # noqa: F811
    """On a phone map and picture stand in one window; the picture changes while the finger is down."""
    tab = opened("space", width=380, height=700, has_touch=True, is_mobile=True)
    holder, picture = tab.locator("[data-map=codes]"), tab.locator("[data-picture=decoded]")
    holder.evaluate("e => e.scrollIntoView({ block: 'start' })")
    point = tab.locator(".explorer-point").bounding_box()
    x, y = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
    before = pixels(tab, "decoded")
    finger = tab.context.new_cdp_session(tab)

    def touch(kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]})

    touch("touchStart", (x, y))
    touch("touchMove", (x - 60, y + 50))
    tab.locator("[data-value=z]", has_text="2.90").wait_for(state="detached")
    tab.wait_for_load_state("networkidle")
    assert np.abs(before - pixels(tab, "decoded")).max() > 20
    for seen in (holder.bounding_box(), picture.bounding_box()):
        assert seen["y"] >= 0 and seen["y"] + seen["height"] <= 700
    assert tab.locator("[data-value=where]").bounding_box()["y"] < 700
    touch("touchEnd")


@pytest.mark.browser
def test_draws_are_normal(opened):  # noqa: F811
    tab = opened("space")
    draws = np.array(
        tab.evaluate(
            """async () => {
              const { drawNormal } = await import(new URL("../explorers/space.js", document.baseURI));
              return Array.from({ length: 20000 }, () => drawNormal());
            }"""
        )
    )
    np.testing.assert_allclose(draws.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(draws.T), np.eye(2), atol=0.04)
    assert np.mean(np.square(draws).sum(axis=1) < 4) == pytest.approx(1 - np.exp(-2), abs=0.01)  # the outer ring: 86 %


@pytest.mark.browser
def test_sheet_is_painted_with_mouse_and_keys(opened):  # noqa: F811
    tab = opened("space")
    tab.locator("[data-choice=unseen] input[value=empty]").check(force=True)
    sigma = tab.locator("[data-value=sigma]")
    tab.wait_for_function("() => document.querySelector('[data-value=rate]').textContent === '0.3 nats'")
    unsure = numbers(sigma.inner_text())
    sheet = tab.locator("[data-picture=paper] canvas")
    sheet.scroll_into_view_if_needed()

    def light():
        return int((pixels(tab, "paper") > 100).sum())

    assert light() == 0
    box = sheet.bounding_box()
    for across in (0.25, 0.32):
        tab.mouse.move(box["x"] + across * box["width"], box["y"] + 0.2 * box["height"])
        tab.mouse.down()
        tab.mouse.move(box["x"] + across * box["width"], box["y"] + 0.8 * box["height"], steps=8)
        tab.mouse.up()
    tab.locator(".explorer-live", has_text="The guess").wait_for()
    tab.wait_for_function("() => document.querySelector('[data-value=rate]').textContent !== '0.3 nats'")
    painted = light()
    assert painted > 40
    assert max(numbers(sigma.inner_text())) < min(unsure), "the more there is to see, the surer the guess"
    sheet.focus()
    for _ in range(6):
        tab.keyboard.press("Shift+ArrowRight")
    assert light() > painted
    tab.locator(".space-tool input[value=erase]").check()
    sheet.focus()
    lined = light()
    for _ in range(3):
        tab.keyboard.press("Space")
    assert light() < lined
    tab.click("[data-button=restore]")
    assert light() == 0
