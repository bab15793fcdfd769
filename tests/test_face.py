"""The landing page and README's picture: what they show is what the course holds."""

from __future__ import annotations

import base64
import functools
import html
import io
import json
import re
from itertools import product

import nbformat
import numpy as np
import pytest
from made_site import built
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image, ImageDraw
from test_site_browser import browser  # noqa: F401  (a fixture)

from authoring.numbers import lesson_table
from authoring.source import ROOT, SourceError, lessons
from authoring.web import face, readme_picture
from authoring.web import pictures as cut
from authoring.web.cards import CARDS

INDEX = (ROOT / "site" / "index.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
AGAIN = "run `python -m authoring face`"


@functools.cache
def landing() -> str:
    """The Markdown of the landing page, filled, as long as no explorer is built."""
    return face.landing(INDEX)


# ----- the cards


def test_every_lesson_has_a_card_with_the_minutes_of_the_table_in_readme():
    table = lesson_table(lessons())
    cards = face.cards()
    assert [card.lesson.slug for card in cards] == [lesson.slug for lesson in lessons()] == list(CARDS)
    for card in cards:
        assert f"[{card.title}](notebooks/{card.lesson.slug}.ipynb)" in table
        (row,) = [line for line in table.splitlines() if f"{card.lesson.slug}.ipynb" in line]
        assert f"| {card.minutes + card.core} |" in row
        assert (card.deeper is not None) == card.lesson.has_deeper


def test_every_question_is_one_and_is_the_lessons_own():
    asked = [card.question for card in face.cards()]
    assert all(question.endswith("?") for question in asked)
    assert len(set(asked)) == len(asked)
    tour = (lessons("00")[0].folder / "lesson.py").read_text(encoding="utf-8")
    assert all(question in tour for question in asked)


def test_a_lesson_without_a_question_is_told():
    with pytest.raises(SourceError, match="has no question"):
        face.cards(lessons()[1:])  # without lesson 00, whose table asks the questions


def test_the_ways_through_the_course_are_those_of_lesson_00():
    ways = dict(face.paths())
    assert len(ways) >= 3
    tour = (lessons("00")[0].folder / "lesson.py").read_text(encoding="utf-8").replace("\n# ", " ")
    for time, what in ways.items():
        assert f"**{time}:** {what}" in tour


# ----- the pictures


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures on a grey ground, in steps of 255."""
    both = []
    for picture in (one, other):
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "grey")
        both.append(np.asarray(Image.alpha_composite(ground, picture).convert("RGB"), dtype=float))
    assert both[0].shape == both[1].shape, AGAIN
    return float(np.abs(both[0] - both[1]).mean())


@pytest.mark.parametrize("name", face.pictures())
def test_a_picture_is_what_its_figure_gives_and_is_light(name):
    path, picture = ROOT / face.PICTURES / name, face.pictures()[name]
    assert path.is_file(), AGAIN
    assert path.stat().st_size <= face.LARGEST
    assert difference(Image.open(path), picture.make(ROOT)) < 4, AGAIN


def test_each_picture_says_what_it_shows_and_no_file_is_left_over():
    assert all(len(picture.alt.split()) >= 12 for picture in face.pictures().values())
    assert {path.name for path in (ROOT / face.PICTURES).iterdir()} == set(face.pictures())


@pytest.fixture
def toy(tmp_path):
    """A folder with one notebook, one of whose figures shows two rows of three framed pictures and a bar beside them."""
    sheet = Image.new("RGB", (420, 170), "white")
    draw = ImageDraw.Draw(sheet)
    for row, column in product(range(2), range(3)):
        left, top = 5 + column * 85, 3 + row * 84
        draw.rectangle(
            (left, top, left + 79, top + 79), fill=(10 + 100 * row, 10 + 100 * column, 0), outline="grey", width=2
        )
    draw.rectangle((300, 5, 400, 150), fill="#0072b2")
    buffer = io.BytesIO()
    sheet.save(buffer, "png")
    data = base64.b64encode(buffer.getvalue()).decode()
    outputs = [
        new_output(
            "display_data",
            {"text/html": f'<figure><img src="data:image/png;base64,{data}" alt="{alt}" width="9"></figure>'},
        )
        for alt in ("A sheet &amp; more.", "Twice.", "Twice, too.")
    ]
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=[new_code_cell("", outputs=outputs)]), tmp_path / "notebooks" / "toy.ipynb")
    return tmp_path


def test_a_figure_is_found_by_the_start_of_its_caption(toy):
    assert cut.figure("toy", "A sheet & more", toy).pixels.size == (420, 170)
    for caption in ("Twice", "Never"):
        with pytest.raises(SourceError, match="figures have a caption that starts with"):
            cut.figure("toy", caption, toy)


def test_a_figure_is_taken_apart_into_its_rows(toy):
    figure = cut.figure("toy", "A sheet", toy)
    rows = cut.tiles(figure, alike=True)
    assert [len(row) for row in rows] == [3, 3]
    for (row, pictures), column in product(enumerate(rows), range(3)):
        picture = np.asarray(pictures[column])
        assert (picture == (10 + 100 * row, 10 + 100 * column, 0)).all(), (
            "the frame is cut off, all of the picture kept"
        )
    assert [len(row) for row in cut.tiles(figure)] == [4, 3], "with the bar, which is no picture of that size"
    bar = cut.of_colour(figure.pixels, "#0072b2", margin=0)
    assert bar.size == (101, 146)


def test_a_figure_without_pictures_is_told():
    with pytest.raises(SourceError, match="shows no pictures"):
        cut.tiles(cut.Figure("Words.", Image.new("RGB", (50, 50), "white")))


def test_enlarged_pixels_are_squares():
    tiny = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4) * 10)
    large = np.asarray(cut.sharp(tiny, 12, native=4))
    assert (large == np.kron(np.asarray(tiny), np.ones((3, 3), int))).all()
    with pytest.raises(ValueError, match="multiple of 4"):
        cut.sharp(tiny, 13, native=4)


# ----- the numbers


def test_the_numbers_are_those_of_the_course():
    stored = json.loads((ROOT / face.NUMBERS).read_text(encoding="utf-8"))
    assert stored == face.count(), AGAIN


def test_the_landing_page_says_the_numbers():
    page = landing()
    for name, number in json.loads((ROOT / face.NUMBERS).read_text(encoding="utf-8")).items():
        assert f"{number:,}" in page, name


# ----- the page


def test_every_card_links_to_its_lesson_its_exercises_and_its_second_notebook():
    page = landing()
    for lesson in lessons():
        wanted = [f"notebooks/{lesson.slug}.html"]
        wanted += [f"exercises/{lesson.slug}.html"] if lesson.has_exercises else []
        wanted += [f"notebooks/{lesson.slug}_deeper.html"] if lesson.has_deeper else []
        for address in wanted:
            assert page.count(f'href="{address}"') == 1, address
        assert html.escape(CARDS[lesson.slug].alt) in page
    assert "make lab" in page and "make test" in page


@pytest.mark.parametrize("mark", ["{{claims}}", "<!-- picture -->", "<!-- explorers -->", "<!-- lessons -->"])
def test_a_mark_that_is_missing_is_told(mark):
    with pytest.raises(SourceError, match="lacks"):
        face.landing(INDEX.replace(mark, ""))


def test_a_mark_that_nothing_fills_is_told():
    with pytest.raises(SourceError, match="nothing fills"):
        face.landing(INDEX + "\n{{students}}\n")


def test_the_still_stands_alone_and_the_explorer_waits_in_a_template():
    still = landing()
    assert "<template" not in still and "<script" not in still
    live = face.landing(INDEX, fragment='<figure class="explorer"><img src="first.webp"></figure>')
    assert live.index("front-picture") < live.index("<template") < live.index('src="explorers/first.webp"')
    assert html.escape(face.STILL.alt) in live, "without JavaScript the still stays"


# ----- colours

MODES = {"light": r":root,\s*html\[data-theme=\"light\"\] \{(.*?)\}", "dark": r"^html\[data-theme=\"dark\"\] \{(.*?)\}"}
WORDS = ("ink", "muted", "accent", "network-ink", "focus")
MARKS = ("network", "referee", "trivial")


def colours(mode: str) -> dict[str, str]:
    """The colours that course.css defines for a mode, by their names without ``--course-``."""
    style = (ROOT / "site" / "_static" / "course.css").read_text(encoding="utf-8")
    block = re.search(MODES[mode], style, re.DOTALL | re.MULTILINE)[1]
    return dict(re.findall(r"--course-([\w-]+): (#[0-9a-f]{3,6});", block))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2.2 defines it, from 1 to 21."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = np.array([int(digits[at : at + 2], 16) for at in (0, 2, 4)]) / 255
        return float(
            np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
        )

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
def test_the_colours_have_contrast(mode):
    of = colours(mode)
    for name, least in [(name, 4.5) for name in WORDS] + [(name, 3) for name in MARKS]:
        for ground in ("ground", "panel"):
            assert contrast(of[name], of[ground]) >= least, (name, ground)
    assert contrast(of["accent"], of["accent-ground"]) >= 4.5
    assert contrast(of["on-accent"], of["accent"]) >= 4.5


def test_both_modes_define_the_same_colours():
    assert colours("light").keys() == colours("dark").keys()
    asked = "ink ground panel line accent network referee trivial focus"
    assert colours("light").keys() >= set(asked.split())


# ----- README's picture


def test_readme_shows_the_picture_behind_its_two_commands_and_before_the_lessons():
    found = re.search(
        r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="(?P<dark>[^"]+)">\s*'
        r'<img src="(?P<light>[^"]+)" width="\d+" alt="(?P<alt>[^"]+)">\s*</picture>',
        README,
    )
    assert found, "README shows no picture for light and dark pages"
    assert {mode: found[mode] for mode in readme_picture.FILES} == readme_picture.FILES
    assert html.unescape(found["alt"]) == readme_picture.ALT
    assert README.index("make lab") < README.index("make test") < found.start() < README.index("<!-- lessons -->")


@pytest.mark.parametrize("mode", readme_picture.FILES)
def test_readmes_picture_is_what_the_notebooks_give_and_is_light(mode):
    path = ROOT / readme_picture.FILES[mode]
    assert path.stat().st_size <= readme_picture.LARGEST
    assert difference(Image.open(path), Image.open(io.BytesIO(readme_picture.drawn(mode)))) < 4, AGAIN


def test_the_preview_of_a_link_is_what_the_notebooks_give_and_is_light():
    path = ROOT / readme_picture.PREVIEW
    assert path.stat().st_size <= readme_picture.LARGEST
    shown = Image.open(path)
    assert (shown.format, shown.size) == ("PNG", readme_picture.PREVIEW_SIZE)
    assert difference(shown, Image.open(io.BytesIO(readme_picture.preview()))) < 4, AGAIN


def test_the_ladder_and_the_claim_in_the_picture_are_lesson_02s():
    rungs = readme_picture.rungs()
    assert {"trivial", "referee", "network"} <= {rung.kind for rung in rungs}
    assert [rung.name for rung in rungs if rung.kind == "referee"] == ["PCA"]
    assert all(5 < rung.value < 30 for rung in rungs), "decibels of copies of clothes"
    assert readme_picture.claim().startswith("✔ ")


# ----- in a browser

SCREENS = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 380, "height": 800}}
BOTTOM = """names => Object.fromEntries(names.map(name =>
    [name, Math.max(...[...document.querySelectorAll(name)].map(e => e.getBoundingClientRect().bottom))]))"""
BLOCKS = re.compile(r"^`{10}\{raw\} html\n(.*?)\n`{10}$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def front(browser, request):  # noqa: F811
    """The landing page of the built site on a screen."""
    page = browser.new_page(viewport=SCREENS[request.param])
    page.goto((built()[0] / "index.html").as_uri())
    yield page
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("front", SCREENS, indirect=True)
def test_one_screen_shows_what_the_course_is(front):
    high = front.viewport_size["height"]
    shown = ["h1", ".front-text > p", ".front-command", ".front-picture img"]
    shown += [".front-apart li"] if front.viewport_size["width"] > 1000 else []
    bottoms = front.evaluate(BOTTOM, shown)
    assert all(0 < bottom <= high for bottom in bottoms.values()), bottoms
    assert front.locator(".front-command").count() == 2
    assert front.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out sideways"


@pytest.mark.browser
@pytest.mark.parametrize("front", SCREENS, indirect=True)
def test_a_card_shows_its_picture_and_leads_to_its_lesson_wherever_it_is_touched(front):
    cards = front.locator(".lesson-card:has(img)")
    assert cards.count() == len(lessons())
    for at, lesson in enumerate(lessons()):
        card = cards.nth(at)
        card.scroll_into_view_if_needed()
        picture = card.locator("img")
        front.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=picture.element_handle())
        box = picture.bounding_box()
        under = front.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).closest('a')?.getAttribute('href')",
            [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
        )
        assert under == f"notebooks/{lesson.slug}.html"
        more = card.locator(".lesson-more a").first.bounding_box()
        under = front.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).closest('a')?.getAttribute('href')",
            [more["x"] + more["width"] / 2, more["y"] + more["height"] / 2],
        )
        assert under == f"exercises/{lesson.slug}.html"


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_the_explorer_takes_the_stills_place_where_javascript_runs(browser, scripts):  # noqa: F811
    page = browser.new_context(java_script_enabled=scripts).new_page()
    made = face.landing(INDEX, fragment='<figure class="explorer">Live</figure>')
    page.set_content("\n".join(BLOCKS.findall(made)))
    assert page.locator("#front-picture .explorer").count() == int(scripts)
    assert page.locator(f'#front-picture img[src$="{face.LIVE}.webp"]').count() == int(not scripts)
    page.context.close()
