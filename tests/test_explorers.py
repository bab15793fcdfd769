"""The explorers of the web version: what the page computes against Keras, and what it answers to mouse, finger and keys.

Everything is parametrised over what lies in ``site/explorers``: a new explorer or network is tested without a change here.
The explorers are opened in the system's Chromium; ``make test-browser`` runs this file, ``make test`` its part without one.
"""

from __future__ import annotations

import json
import os
import re

import explorer_browser
import numpy as np
import pytest
from explorer_browser import PATIENCE, SECOND, need

from authoring.web import harness, networks
from authoring.web.explorers import NAMES, NETWORKS, footprint, own_bytes, shared_bytes

# The pictures that stand there before any script: those between the controls come with them.
STILL = "figure :is([data-picture], [data-map]):not(.explorer-controls *)"
LARGEST_EXPLORER, ALL_EXPLORERS = 2e6, 6e6  # bytes

EXPLORERS = [name for name in NAMES if (harness.EXPLORERS / f"{name}.html").is_file()]
STRINGS = json.loads((harness.EXPLORERS / "strings.json").read_text(encoding="utf-8"))


def fragment(name: str) -> str:
    return (harness.EXPLORERS / f"{name}.html").read_text(encoding="utf-8")


# Without a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPLORERS)
def test_english_texts_of_a_fragment_are_those_of_the_strings_file(name):
    found = re.findall(r'data-text="(\w+)\.(\w+)"[^>]*>([^<]*)<', fragment(name))
    assert found, "a fragment's texts carry data-text"
    for section, key, text in found:
        assert text == STRINGS["en"][section][key], f"run: python -m authoring explorers {name} --only-photograph"


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_string_is_used_and_every_used_string_exists(name):
    module = (harness.EXPLORERS / f"{name}.js").read_text(encoding="utf-8")
    known = STRINGS["en"][name]
    named = set(re.findall(rf'data-text="{name}\.(\w+)"', fragment(name)))
    assert named <= set(known)
    unused = [key for key in set(known) - named if not _is_said(key, module)]
    assert not unused, f"strings.json has what {name} never says: {unused}"


def _is_said(key: str, module: str) -> bool:
    """Whether a module names a key, whole ("pcaPicture") or made of two parts (`${name}Picture`, `pca${what}`)."""
    parts = re.fullmatch(r"([a-z]+)([A-Z0-9]\w*)", key)
    named = [rf'["`.]{key}\b'] + ([rf"\}}{parts[2]}`", rf"`{parts[1]}\$\{{"] if parts else [])
    return any(re.search(pattern, module) for pattern in named)


def test_every_language_says_everything():
    for language, sections in STRINGS.items():
        for section, texts in STRINGS["en"].items():
            assert set(sections.get(section, {})) == set(texts), (language, section)
            for key, text in texts.items():
                values = set(re.findall(r"\{\w+\}", text))
                assert set(re.findall(r"\{\w+\}", sections[section][key])) == values, (language, section, key)


def test_explorers_are_small():
    sizes = {name: footprint(name) for name in EXPLORERS}
    assert all(size < LARGEST_EXPLORER for size in sizes.values()), sizes
    assert sum(map(own_bytes, EXPLORERS)) + shared_bytes() < ALL_EXPLORERS, sizes


@pytest.mark.parametrize("name", EXPLORERS)
def test_fragment_stands_alone(name):
    text = fragment(name)
    for address in re.findall(r'(?:src|href)="([^"]*)"', text):
        if not address.startswith(("data:image/", "#")):
            assert (harness.EXPLORERS / address).resolve().exists(), f"{address}: relative to site/explorers, no host"
    assert '<script src="start.js" defer></script>' in text
    for image in re.findall(r"<img[^>]*>", text):
        assert re.search(r'alt="[^"]+"', image), image[:80]
        assert re.search(r'src="data:image/(png|webp);base64,\w', image), f"{image[:80]}: run --only-photograph"
    assert 'aria-live="polite"' in text
    spoken = re.findall(r'class="explorer-live[^"]*"[^>]*>([^<]*)<', text)
    assert spoken and all(len(words) > 20 for words in spoken), "live texts speak before any script"
    assert re.search(r'class="explorer-advice"[^>]* hidden', text)
    assert "<mark data-value=" in text


def test_networks_belong_to_explorers():
    for path in NETWORKS.glob("*"):
        assert path.stem.split("_")[0] in NAMES, f"{path.name}: its name begins with that of its explorer"


# With a browser --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium():
    with explorer_browser.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site():
    with harness.serving() as address:
        yield address


@pytest.fixture
def opened(chromium, site):
    """A function that opens an explorer and returns its page once it is live; all trouble is told at the end."""
    contexts, trouble = [], []

    def open_page(name, *, path="", width=1280, height=900, live=True, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("request", lambda sent: None if sent.url.startswith((site, "data:")) else trouble.append(sent.url))
        tab.on("response", lambda got: trouble.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        tab.goto(f"{site}/lessons/{name}.html{path}")
        if live:
            tab.locator("figure.explorer.is-live").wait_for()
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert not trouble, trouble


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_first_picture_is_there_before_any_script(opened, name):
    tab = opened(name, java_script_enabled=False, live=False)
    for image in tab.locator(f"{STILL} > img").all():
        assert image.is_visible()
        assert image.evaluate("e => e.complete && e.naturalWidth > 0")
    for chart in tab.locator("figure [data-chart]").all():
        assert chart.locator("svg path").count() > 0
    assert tab.locator("figure .explorer-controls").first.is_hidden(), "a control that nothing answers is not shown"


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_first_picture_within_a_second(opened, name):
    """Pictures that are part of the page need no further request; of three tries the quickest counts, as machines are busy."""
    waits = []
    for _ in range(3):
        tab = opened(name, live=False)
        waits.append(
            tab.evaluate(
                """async () => {
                  const all = [...document.querySelectorAll("figure :is([data-picture], [data-map]) > img")];
                  await Promise.all(all.map((one) => one.decode()));
                  await new Promise((painted) => new PerformanceObserver(painted).observe({ type: "paint", buffered: true }));
                  return performance.now();
                }"""
            )
        )
    assert min(waits) < SECOND, waits


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_live_pictures_begin_as_the_still_ones(opened, name):
    tab = opened(name)
    for holder in tab.locator("figure [data-picture].is-drawn").all():
        still, live = holder.evaluate(
            """async (e) => {
              const canvas = e.querySelector("canvas");
              const still = new OffscreenCanvas(canvas.width, canvas.height);
              const image = e.querySelector("img");
              await image.decode();
              still.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
              const pixels = (c) => [...c.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
              return [pixels(still), pixels(canvas)];
            }"""
        )
        assert np.abs(np.subtract(still, live)).max() <= 2, (
            f"run: python -m authoring explorers {name} --only-photograph"
        )
    said = re.findall(r'class="explorer-live[^"]*"[^>]*>([^<]*)<', fragment(name))
    assert tab.locator("figure .explorer-live").evaluate_all("all => all.map((e) => e.innerHTML)") == said


LOOK = """() => [...document.querySelectorAll("figure canvas")].map((c) => c.toDataURL()).join()
  + [...document.querySelectorAll("figure .explorer-chart svg")].map((e) => e.innerHTML).join()"""
TEXT = "() => [...document.querySelectorAll('figure .explorer-live')].map((e) => e.textContent).join()"


def changes(tab, act) -> None:
    """Acting changes what is drawn, and what the live text says."""
    look, words = tab.evaluate(LOOK), tab.evaluate(TEXT)
    act()
    tab.wait_for_function(f"before => ({LOOK})() !== before", arg=look)
    tab.wait_for_function(f"before => ({TEXT})() !== before", arg=words)


def controls(tab, what: str):
    return [one for one in tab.locator(f"figure {what}").all() if one.is_visible()]


def middle(box) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_explorer_answers_keys(opened, name):
    tab = opened(name)
    sliders, points = controls(tab, "[data-slider]"), controls(tab, ".explorer-point")
    assert sliders or points
    for slider in sliders:
        at_end = slider.evaluate("e => e.valueAsNumber >= Number(e.max)")
        slider.focus()
        changes(tab, lambda key="ArrowLeft" if at_end else "ArrowRight": tab.keyboard.press(key))
        assert slider.get_attribute("aria-valuetext")
    for point in points:
        point.focus()
        before = point.get_attribute("aria-valuetext")
        changes(tab, lambda: [tab.keyboard.press("Shift+ArrowLeft") for _ in range(2)])
        assert point.get_attribute("aria-valuetext") != before
    for choice in controls(tab, "[data-choice]"):
        choice.locator("input:checked").focus()
        look = tab.evaluate(LOOK)
        tab.keyboard.press("ArrowDown")
        tab.wait_for_function(f"before => ({LOOK})() !== before", arg=look)


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_explorer_answers_the_mouse(opened, name):
    tab = opened(name)
    for slider in controls(tab, "[data-slider]"):
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        x, y = middle(box)

        def drag(box=box, x=x, y=y):
            tab.mouse.move(x, y)
            tab.mouse.down()
            tab.mouse.move(box["x"] + 0.1 * box["width"], y, steps=4)
            tab.mouse.move(box["x"] + 0.95 * box["width"], y, steps=4)
            tab.mouse.up()

        changes(tab, drag)
    for point in controls(tab, ".explorer-point"):
        point.scroll_into_view_if_needed()
        x, y = middle(point.bounding_box())

        def pull(x=x, y=y):
            tab.mouse.move(x, y)
            tab.mouse.down()
            tab.mouse.move(x + 25, y + 20, steps=4)
            tab.mouse.up()

        changes(tab, pull)
    for choice in controls(tab, "[data-choice]"):
        look = tab.evaluate(LOOK)
        choice.locator("label:not(:has(input:checked))").last.click()
        tab.wait_for_function(f"before => ({LOOK})() !== before", arg=look)


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_explorer_answers_a_finger(opened, name):
    tab = opened(name, width=380, height=800, has_touch=True, is_mobile=True, device_scale_factor=2)
    finger = tab.context.new_cdp_session(tab)

    def touch(kind, x=None, y=None):
        points = [] if x is None else [{"x": x, "y": y}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def stroke(start, end):
        touch("touchStart", *start)
        for share in (0.25, 0.5, 0.75, 1):
            touch("touchMove", *(a + share * (b - a) for a, b in zip(start, end, strict=True)))
        touch("touchEnd")

    for slider in controls(tab, "[data-slider]"):
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        share = slider.evaluate("e => (e.valueAsNumber - e.min) / (e.max - e.min)")
        x = box["x"] + 10 + share * (box["width"] - 20)  # where the thumb is
        y = box["y"] + box["height"] / 2
        to = box["x"] + (0.15 if share > 0.5 else 0.85) * box["width"]
        changes(tab, lambda x=x, y=y, to=to: stroke((x, y), (to, y)))
    for point in controls(tab, ".explorer-point"):
        point.scroll_into_view_if_needed()
        x, y = middle(point.bounding_box())
        changes(tab, lambda x=x, y=y: stroke((x, y), (x - 30, y + 25)))
    for choice in controls(tab, "[data-choice]"):
        look = tab.evaluate(LOOK)
        choice.locator("label:not(:has(input:checked))").first.tap()
        tab.wait_for_function(f"before => ({LOOK})() !== before", arg=look)


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_code_shows_and_marks_what_the_learner_acts_on(opened, name):
    tab = opened(name)
    code = "() => [...document.querySelectorAll('figure .explorer-code')].map((e) => e.innerText).join()"
    before = tab.evaluate(code)
    for one in controls(tab, ":is([data-slider], .explorer-point)"):
        one.focus()
        at_end = one.evaluate("e => e.valueAsNumber >= Number(e.max)")
        tab.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
    tab.wait_for_function(f"before => ({code})() !== before", arg=before)
    tab.locator("figure .explorer-code mark.is-acting").first.wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_code_is_copied_without_marks(opened, name):
    tab = opened(name, permissions=["clipboard-read", "clipboard-write"])
    codes = tab.locator("figure .explorer-code code").all()
    for number, code in enumerate(codes):
        button = f"figure .explorer-copy >> nth={number}"
        tab.locator(button).click()
        tab.locator(button, has_text=STRINGS["en"]["shell"]["copied"]).wait_for()
        copied = tab.evaluate("() => navigator.clipboard.readText()")
        assert copied == code.text_content().strip()
        compile(copied, name, "exec")


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_less_motion_is_respected(opened, name):
    tab = opened(name, reduced_motion="reduce")
    for one in controls(tab, ":is([data-slider], .explorer-point)"):
        one.focus()
        at_end = one.evaluate("e => e.valueAsNumber >= Number(e.max)")
        changes(tab, lambda key="ArrowLeft" if at_end else "ArrowRight": [tab.keyboard.press(key) for _ in range(3)])
        assert tab.evaluate("() => document.getAnimations().length") == 0


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_waits_until_it_comes_near(opened, name):
    tab = opened(name, path="?above=4000", live=False)
    tab.wait_for_function("() => performance.getEntriesByType('resource').some((e) => e.name.includes('shell.js'))")
    tab.wait_for_load_state("networkidle")
    asked = "() => performance.getEntriesByType('resource').filter((e) => e.name.includes('/networks/')).length"
    assert tab.evaluate(asked) == 0
    tab.locator("figure.explorer").scroll_into_view_if_needed()
    tab.locator("figure.explorer.is-live").wait_for()
    assert tab.evaluate(asked) > 0


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_works_without_workers(chromium, site, name):
    tab = chromium.new_page()
    tab.set_default_timeout(PATIENCE)
    tab.add_init_script("delete window.Worker")
    tab.goto(f"{site}/lessons/{name}.html")
    tab.locator("figure.explorer.is-live").wait_for()
    one = controls(tab, ":is([data-slider], .explorer-point)")[0]
    one.focus()
    at_end = one.evaluate("e => e.valueAsNumber >= Number(e.max)")
    changes(tab, lambda: [tab.keyboard.press("ArrowLeft" if at_end else "ArrowRight") for _ in range(3)])
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_page_from_a_file_says_what_to_do(chromium, tmp_path, name):
    page = harness.page(name).replace("../explorers/", harness.EXPLORERS.as_uri() + "/")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    tab = chromium.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    advice = tab.locator("figure .explorer-advice")
    advice.wait_for()
    assert "http.server" in advice.inner_text()
    assert tab.locator("figure .explorer-controls").first.is_hidden()
    assert tab.locator(f"{STILL} > img").first.is_visible()
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_networks_that_do_not_come_are_told(chromium, site, name):
    tab = chromium.new_page()
    tab.set_default_timeout(PATIENCE)
    tab.route("**/networks/**", lambda route: route.abort())
    tab.goto(f"{site}/lessons/{name}.html")
    tab.locator("figure.explorer.is-still").wait_for()
    live = tab.locator("figure .explorer-live", has_text=STRINGS["en"]["shell"]["failed"])
    live.wait_for()
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_paper_shows_what_the_page_shows(opened, name):
    """Pictures and the numbers beside them are of one moment: the stills where nothing has run, then the live ones."""
    tab = opened(name)
    tab.emulate_media(media="print")
    for holder in tab.locator(STILL).all():
        assert holder.locator("canvas").is_visible()
        assert holder.locator("img").is_hidden()
    for control in tab.locator("figure :is(.explorer-controls, .explorer-choice, button)").all():
        assert control.is_hidden(), "paper answers nothing"
    for code in tab.locator("figure .explorer-code").all():
        assert code.evaluate("e => e.scrollWidth <= e.clientWidth"), "all of the code is on the paper"
    unrun = opened(name, java_script_enabled=False, live=False)
    unrun.emulate_media(media="print")
    for image in unrun.locator(f"{STILL} > img").all():
        assert image.is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_switching_the_theme_redraws(opened, name):
    tab = opened(name)
    drawn = """() => [...document.querySelectorAll("figure [data-map] canvas")].map((c) => c.toDataURL()).join()
      + [...document.querySelectorAll("figure [data-chart] path")].map((e) => getComputedStyle(e).stroke).join()
      + getComputedStyle(document.querySelector("figure.explorer")).color"""
    before = tab.evaluate(drawn)
    tab.evaluate("() => (document.documentElement.dataset.theme = 'dark')")
    tab.wait_for_function(f"before => ({drawn})() !== before", arg=before)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("name", EXPLORERS)
def test_accessible_and_within_the_window(opened, name, width, theme):
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        need(False, "axe-playwright-python is not installed")
    tab = opened(name, path=f"?theme={theme}", width=width)
    assert tab.evaluate("() => document.scrollingElement.scrollWidth") <= width
    found = Axe().run(tab, context="figure.explorer").response["violations"]
    assert not [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]
    if os.environ.get("SCREENSHOTS"):
        tab.screenshot(path=f"{os.environ['SCREENSHOTS']}/{name}-{theme}-{width}.png", full_page=True)


# How many numbers? -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_numbers_shows_what_keras_said(opened):
    """All pictures, all sizes: the page's errors are those of the float32 networks and of PCA, to the digits shown."""
    recorded = json.loads((networks.RECORDED / "numbers.json").read_text(encoding="utf-8"))
    tab = opened("numbers")
    slider = tab.locator("[data-slider=size]")
    for number, picture in enumerate(recorded["pictures"]):
        tab.locator("[data-choice=picture] input").nth(number).check(force=True)
        row = f"{picture['row']}:{picture['row'] + 1}"
        tab.wait_for_function("row => document.querySelector('[data-value=row]').textContent === row", arg=row)
        for position in range(len(picture["pca"])):
            slider.fill(str(position))
            for kind in ("pca", "network"):
                shown = tab.locator(f"[data-value={kind}-mse]").inner_text()
                assert float(shown.removeprefix("MSE ")) == pytest.approx(picture[kind][position], abs=1e-4)
                decibels = float(tab.locator(f"[data-value={kind}-db]").inner_text().removesuffix(" dB"))
                assert decibels == pytest.approx(-10 * np.log10(picture[kind][position]), abs=0.06)


@pytest.mark.browser
def test_numbers_counts_what_pca_needs(opened):
    recorded = json.loads((networks.RECORDED / "numbers.json").read_text(encoding="utf-8"))["mean"]
    tab = opened("numbers")
    tab.locator("[data-choice=curve] input[value=all]").check()
    sizes = [2, 4, 8, 16, 32, 64]
    for position, k in enumerate(sizes):
        tab.locator("[data-slider=size]").fill(str(position))
        needed = next(n for n, error in enumerate(recorded["pca"]) if error <= recorded["network"][position])
        assert needed > k, "on average a network needs fewer numbers than PCA"
        tab.locator("figure .explorer-live", has_text=f"PCA needs {needed} numbers for that.").wait_for()
