"""What a screen reader is told of each explorer: names, roles, values, texts of pictures, and one sentence after each act.

No screen reader runs here. The tests read what browsers hand to one: the tree of accessible objects, and every change of a
live text while it is polite.
"""

from __future__ import annotations

import pytest
from test_explorers import EXPLORERS, controls, middle, opened, site  # noqa: F401
from test_explorers import chromium as chromium

LISTEN = """() => {
  window.heard = [];
  for (const live of document.querySelectorAll("[aria-live], [role=status], output")) {
    new MutationObserver(() => {
      const polite = live.ariaLive ? live.ariaLive !== "off" : true;
      if (polite && !live.closest("[aria-hidden=true]")) heard.push(live.textContent);
    }).observe(live, { childList: true, characterData: true, subtree: true });
  }
}"""
MOST_WORDS = 45  # of a sentence that is spoken: a quarter of a minute


def tree(tab) -> list[dict]:
    """What the figure hands to a screen reader, in its order: role, name and value of what is not ignored."""
    session = tab.context.new_cdp_session(tab)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def below(node):
        if not node["ignored"]:
            told = {key: node.get(key, {}).get("value", "") for key in ("role", "name", "value")}
            yield told | {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        for child in node.get("childIds", []):
            if child in by_id:
                yield from below(by_id[child])

    figure = next(n for n in nodes if not n["ignored"] and n["role"]["value"] == "figure")
    return list(below(figure))


def roles(tab, role: str) -> list[dict]:
    return [node for node in tree(tab) if node["role"] == role]


def act(tab, one) -> None:
    """Press a key that changes a slider or a point."""
    one.focus()
    at_end = one.evaluate("e => e.valueAsNumber >= Number(e.max)")
    tab.keyboard.press("ArrowLeft" if at_end else "ArrowRight")


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_and_picture_has_a_name_of_its_own(opened, name):  # noqa: F811
    tab = opened(name)
    nodes = tree(tab)
    asked = ("slider", "radio", "button", "spinbutton", "image", "img", "figure", "group", "table", "application")
    for node in nodes:
        if node["role"] in asked:
            assert node["name"].strip(), node
    for slider in controls(tab, ":is([data-slider], .explorer-point)"):
        assert slider.get_attribute("aria-valuetext"), "the number of a place says nothing"
    assert not [node for node in nodes if node["role"] == "status"], "a slider says its value; nothing says it again"
    pictures = [node["name"] for node in nodes if node["role"] in ("image", "img")]
    assert len(pictures) >= 3
    assert not [words for words in pictures if len(words) > 300], "a text that is heard to its end"


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_nothing_is_said_until_the_learner_acts_and_then_once(opened, name):  # noqa: F811
    tab = opened(name, path="?above=1500", live=False)
    tab.evaluate(LISTEN)
    tab.locator("figure.explorer").scroll_into_view_if_needed()
    tab.locator("figure.explorer.is-live").wait_for()
    for count, one in enumerate(controls(tab, ":is([data-slider], .explorer-point)"), 1):
        act(tab, one)
        tab.wait_for_function("count => heard.length >= count", arg=count)
        said = tab.evaluate("() => heard")
        assert len(said) == count, said
        assert 3 < len(said[-1].split()) <= MOST_WORDS, said[-1]
        live = tab.locator("figure .explorer-live").all_text_contents()
        assert said[-1] in live, "what is heard is what is seen"


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_a_drag_is_one_sentence(opened, name):  # noqa: F811
    tab = opened(name)
    tab.evaluate(LISTEN)
    one = controls(tab, ":is([data-slider], .explorer-point)")[0]
    one.scroll_into_view_if_needed()
    box = one.bounding_box()
    x, y = middle(box)
    length = -60
    share = one.evaluate("e => (e.valueAsNumber - e.min) / (e.max - e.min)")  # NaN of a point
    if share == share:
        x = box["x"] + 10 + share * (box["width"] - 20)  # where the thumb is
        length = (1 - share) * (box["width"] - 20)
    tab.mouse.move(x, y)
    tab.mouse.down()
    texts = "() => [...document.querySelectorAll('figure .explorer-live')].map((e) => e.textContent).join()"
    for third in range(3):  # each is seen while the button is down
        before = tab.evaluate(texts)
        for step in range(1, 6):
            tab.mouse.move(x + length * (third + step / 5) / 3, y)
        tab.wait_for_function(f"before => ({texts})() !== before || heard.length", arg=before)
    assert tab.evaluate("() => heard") == []
    tab.mouse.up()
    tab.wait_for_function("() => heard.length > 0")
    assert len(tab.evaluate("() => heard")) == 1


@pytest.mark.browser
def test_map_and_reading_do_not_speak_at_once(opened):  # noqa: F811
    tab = opened("space")
    tab.evaluate(LISTEN)
    reading = tab.locator(".space-read .explorer-live")
    tab.check("[data-choice=network] input[value=plain]")
    tab.wait_for_function("() => heard.length > 0")
    reading.filter(has_text="a plain code cannot say").wait_for()
    assert len(tab.evaluate("() => heard")) == 1, "the switch is heard; the reading follows it silently"
    assert "land where codes are" in tab.evaluate("() => heard")[0]
    tab.locator("[data-choice=unseen] input[value='3']").check(force=True)
    tab.wait_for_function("() => heard.length > 1")
    assert tab.evaluate("() => heard")[1:] == [reading.inner_text()]


@pytest.mark.browser
def test_pictures_say_what_is_seen_now(opened):  # noqa: F811
    """The text of a picture follows the picture."""
    for name, press, pictures in (
        ("numbers", "[data-choice=picture] input[value=bag]", ("original", "pca", "network")),
        ("noise", "[data-choice=picture] input[value='9']", ("noisy", "line", "network", "truth")),
        ("swap", "[data-choice=decoder] input[value=a]", ("drawn", "truth", "difference")),
        ("space", "[data-choice=unseen] input[value='9']", ("paper", "copy")),
    ):
        tab = opened(name)
        said = "() => [...document.querySelectorAll('figure [data-picture] canvas')].map((e) => e.ariaLabel).join()"
        before = tab.evaluate(said)
        labels = {one: tab.locator(f"[data-picture={one}] canvas").get_attribute("aria-label") for one in pictures}
        tab.locator(press).check(force=True)
        tab.wait_for_function(f"before => ({said})() !== before", arg=before)
        tab.wait_for_load_state("networkidle")
        for one, words in labels.items():
            canvas = tab.locator(f"[data-picture={one}] canvas")
            tab.wait_for_function("([e, words]) => e.ariaLabel !== words", arg=[canvas.element_handle(), words])


@pytest.mark.browser
def test_map_of_space_says_which_codes_it_shows(opened):  # noqa: F811
    tab = opened("space")
    name = "() => document.querySelector('[data-map=codes] canvas').ariaLabel"
    assert "VAE, as trained" in tab.evaluate(name) and "86 %" in tab.evaluate(name)
    tab.check("[data-choice=place] input[value=scaled]")
    assert "VAE, moved and scaled" in tab.evaluate(name) and "68 %" in tab.evaluate(name)
    tab.check("[data-choice=shows] input[value=pictures]")
    assert tab.evaluate(name).startswith("What the decoder draws at 14 by 14 places")
