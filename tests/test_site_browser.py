"""The web version in headless Chromium: every page, light and dark, wide and on a phone. Run by `make test-browser`."""

from __future__ import annotations

from pathlib import Path

import pytest
from explorer_browser import chromium
from made_site import built, formulas, page_names, serve

pytestmark = pytest.mark.browser

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 380, "height": 800}
MINUTE = 60_000  # milliseconds
READY = "document.documentElement.dataset.course === 'ready'"

# What can be scrolled sideways can be reached with the keyboard; the theme sees to it a moment after the page changed.
REACHABLE = """() => [...document.querySelectorAll('pre, div.math, .cell_output > .output, .pst-scrollable-table-container')]
    .every(e => e.tabIndex === 0 || e.scrollWidth <= e.clientWidth + 1 || e.querySelector('a, button, input'))"""

# Axe looks at each element. Ten thousand words of coloured code say no more than one of each colour; so the other ones lose
# their colour, and all formulas but the first three become text. Nothing else is taken away, and what is folded is unfolded.
THIN = """() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    const seen = new Set();
    for (const span of document.querySelectorAll('div.highlight pre span')) {
        const kind = span.className + ' in ' + (span.closest('.cell_output') ? 'output' : 'input');
        if (seen.has(kind)) span.replaceWith(...span.childNodes); else seen.add(kind);
    }
    for (const formula of [...document.querySelectorAll('.katex')].slice(3)) formula.replaceWith('formula');
    const still = document.createElement('style');
    still.textContent = '*, *::before, *::after { transition: none !important; animation: none !important; }';
    document.head.append(still);
}"""
# For contrast, which costs most, two texts of each kind are enough: a kind is all tags, classes and styles above the text.
TWO_OF_A_KIND = """() => {
    const seen = new Map();
    const kind = e => e && e !== document.body ? `${e.tagName} ${e.getAttribute('class')} ${e.getAttribute('style')} ${
        e.tagName === 'TR' ? e.rowIndex % 2 : ''} in ${kind(e.parentElement)}` : '';
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        if (!texts.currentNode.data.trim()) continue;
        const of = kind(texts.currentNode.parentElement);
        seen.set(of, (seen.get(of) ?? 0) + 1);
        if (seen.get(of) > 2) texts.currentNode.data = '';
    }
}"""
MODE = "mode => { document.documentElement.dataset.theme = mode; document.documentElement.dataset.mode = mode; }"
AXE = """async ([colour, others]) => {
    const options = { resultTypes: ['violations'], preload: false }; // its loader of style sheets misreads their addresses
    if (others) options.rules = Object.fromEntries(colour.map(rule => [rule, { enabled: false }]));
    else options.runOnly = { type: 'rule', values: colour };
    const { violations } = await axe.run(document, options);
    return violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
        .map(v => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`);
}"""
OF_COLOUR = ["color-contrast", "link-in-text-block"]


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site():
    """The address of the site, below a path of its own."""
    server, address = serve()
    yield address
    server.shutdown()


@pytest.fixture(scope="module")
def axe() -> str:
    axe = pytest.importorskip("axe_playwright_python", reason="`make test-browser` installs it")
    return (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


class Watch:
    """A tab that notes what goes wrong while pages are open in it."""

    def __init__(self, browser, site: str):
        self.site = site
        self.page = browser.new_page(viewport=WIDE, color_scheme="light")
        self.page.set_default_timeout(MINUTE)
        self.wrong: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._note(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", lambda r: r.status >= 400 and self._note(f"{r.status}: {r.url}"))

    def _note(self, text: str) -> None:
        self.wrong.append(f"{self.page.url.removeprefix(self.site)}: {text}")

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self._note(f"console: {message.text}")

    def _request(self, request) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self._note(f"asks for {request.url}")

    def open(self, name: str):
        self.page.goto(self.site + name)
        self.page.wait_for_function(READY)
        return self.page


@pytest.fixture
def tab(browser, site):
    watch = Watch(browser, site)
    yield watch
    watch.page.close()


FOLDERS = ("notebooks", "exercises", "solutions", "explorers")


def pages_in(folder: str | None) -> list[str]:
    """The pages of a folder; those of all others for None."""
    return [page for page in page_names() if (page.split("/")[0] if page.split("/")[0] in FOLDERS else None) == folder]


def violations(tab: Watch, axe: str) -> list[str]:
    """What axe finds on the open page: all rules, wide and on a phone; those of colour light and dark, too."""
    page = tab.page
    page.evaluate(THIN)
    page.evaluate(axe)
    found = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.wait_for_function(REACHABLE)
        found += [f"{size['width']} pixels: {each}" for each in page.evaluate(AXE, [OF_COLOUR, True])]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{wide} pixels wider than a window of {size['width']}"] if wide > 0 else []
    page.evaluate(TWO_OF_A_KIND)
    for size in (PHONE, WIDE):
        page.set_viewport_size(size)
        for mode in ("light", "dark"):
            page.evaluate(MODE, mode)
            found += [f"{mode}, {size['width']} pixels: {each}" for each in page.evaluate(AXE, [OF_COLOUR, False])]
    return found


@pytest.mark.parametrize("folder", [*FOLDERS, None])
def test_every_page_is_accessible_and_asks_for_nothing_elsewhere(tab, axe, folder):
    found = []
    for name in pages_in(folder):
        page = tab.open(name)
        failed = page.evaluate("[...document.querySelectorAll('.katex-error, .math-failed')].map(e => e.textContent)")
        formulas = page.locator(".math").count()
        assert formulas == page.locator(".math > .katex, .math > .katex-display").count(), name
        found += [f"{name}: formula {text}" for text in failed]
        found += [f"{name}: {each}" for each in violations(tab, axe)]
    assert not tab.wrong + found, "\n".join(tab.wrong + found)


def test_all_formulas_pass_in_strict_mode(tab):
    sources = formulas()
    assert len(sources) > 200
    page = tab.open("notebooks/05_variational.html")
    strict = """all => all.flatMap(([source, displayMode]) => {
        try { katex.renderToString(source, { displayMode, strict: 'error', throwOnError: true }); return []; }
        catch (error) { return [`${source}: ${error.message}`]; } })"""
    assert page.evaluate(strict, sorted(sources)) == []
    assert page.evaluate(strict, [["\\notacommand", False]]) != [], "the setter finds nothing wrong with anything"


def test_a_formula_is_seen_by_the_eye_and_read_by_a_screen_reader(tab):
    page = tab.open("notebooks/05_variational.html")
    formula = page.locator(".math").first
    assert formula.locator(".katex-html").get_attribute("aria-hidden") == "true"
    assert formula.locator(".katex-mathml math annotation").text_content() == formula.get_attribute("data-tex")


FITS = """() => { const all = [...document.querySelectorAll('div.math')];
    return all.map(e => ({ wide: e.scrollWidth - e.clientWidth, hint: e.dataset.hint ?? null, tabs: e.tabIndex,
        rows: +(e.dataset.rows ?? 1), share: +(e.style.getPropertyValue('--course-fit') || 1),
        size: parseFloat(getComputedStyle(e.querySelector('.katex')).fontSize), tex: e.dataset.tex })); }"""


@pytest.mark.parametrize("lesson", ["01_anatomy", "02_undercomplete", "05_variational", "06_decoder_swapping"])
def test_wide_formulas_fit_a_phone_or_say_that_they_scroll(tab, lesson):
    page = tab.open(f"notebooks/{lesson}.html")
    page.evaluate("document.fonts.ready.then(() => undefined)")
    wide = page.evaluate(FITS)
    assert not [one for one in wide if one["wide"] > 0 or one["share"] < 0.9]
    page.set_viewport_size(PHONE)
    page.wait_for_function("[...document.querySelectorAll('div.math')].every(e => e.dataset.fitted == e.clientWidth)")
    page.wait_for_function(REACHABLE)
    assert page.evaluate("getComputedStyle(document.querySelector('span.math')).display") == "inline"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "a formula in a sentence breaks"
    narrow = page.evaluate(FITS)
    assert [one["tex"] for one in narrow] == [one["tex"] for one in wide]
    assert any(one["rows"] > 1 or one["share"] < 1 for one in narrow)
    assert all(one["size"] >= 14 for one in narrow), "letters below 14 pixels"
    assert not [one for one in narrow if one["wide"] > 0], "here every one fits"
    page.set_viewport_size({"width": 170, "height": 800})  # where none of the means is enough
    page.wait_for_function("[...document.querySelectorAll('div.math')].every(e => e.dataset.fitted == e.clientWidth)")
    page.wait_for_function(REACHABLE)
    small = page.evaluate(FITS)
    assert any(one["hint"] for one in small)
    assert all((one["wide"] > 0) == bool(one["hint"]) == (one["tabs"] == 0) for one in small)
    page.set_viewport_size(WIDE)
    page.wait_for_function("[...document.querySelectorAll('div.math')].every(e => e.dataset.fitted == e.clientWidth)")
    assert page.evaluate(FITS) == wide
    assert not tab.wrong


@pytest.mark.parametrize("name", ["famous-bugs", "notebooks/01_anatomy_deeper", "exercises/02_undercomplete"])
def test_long_code_in_a_sentence_does_not_let_a_phones_article_slide(tab, name):
    page = tab.open(f"{name}.html")
    page.set_viewport_size(PHONE)
    assert (
        page.evaluate("(() => { const e = document.querySelector('article'); return e.scrollWidth - e.clientWidth })()")
        <= 2
    )


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_picture_is_enlarged_moved_and_closed_by_key(tab, axe, size):
    page = tab.open("notebooks/05_variational.html")
    page.set_viewport_size(size)
    picture = page.locator(".cell_output figure img").nth(1)
    link = page.locator(".cell_output figure a.course-enlarge").nth(1)
    assert page.locator("a.course-enlarge").count() == page.locator(".cell_output figure img").count()
    names = page.locator("a.course-enlarge").all_inner_texts()
    assert len(set(names)) == len(names), "each is told from the others"
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.course-viewer[open]")
    shown = dialog.locator("img")
    assert shown.get_attribute("alt") == picture.get_attribute("alt")
    width = int(picture.get_attribute("width"))
    assert shown.bounding_box()["width"] >= width - 1, "as large as the lesson has it on a wide screen, or larger"
    page.evaluate(axe)
    assert page.evaluate(AXE, [OF_COLOUR, True]) == [] and page.evaluate(AXE, [OF_COLOUR, False]) == []
    page.keyboard.press("+")
    before = dialog.locator(".course-viewer-place").evaluate("e => [e.scrollLeft, e.scrollWidth - e.clientWidth]")
    assert before[1] > 0
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.course-viewer-place').scrollLeft > before", arg=before[0]
    )
    for _ in range(20):
        page.keyboard.press("-")
    least = page.evaluate("""() => { const e = document.querySelector('.course-viewer-place');
        return [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]; }""")
    assert max(least) <= 1, "all of it is in the window"
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert link.evaluate("e => e === document.activeElement")
    assert not tab.wrong


def test_a_tap_on_a_picture_enlarges_it_and_its_hint_is_seen_on_a_phone(browser, site):
    page = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    page.goto(site + "notebooks/05_variational.html")
    page.wait_for_function(READY)
    assert page.locator("a.course-enlarge").first.evaluate("e => getComputedStyle(e).opacity") == "1"
    page.locator(".cell_output figure img").nth(1).tap()
    assert page.locator("dialog.course-viewer[open] img").is_visible()
    page.get_by_role("button", name="Close", exact=True).tap()
    assert page.locator("dialog.course-viewer[open]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def test_the_link_at_a_lessons_head_leads_the_keyboard_to_its_explorer(tab):
    page = tab.open("notebooks/05_variational.html")
    page.locator("p.course-play a").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('figure.explorer')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('figure.explorer') !== null")


def test_search_shows_formulas_as_they_are_read(tab):
    page = tab.open("search.html")
    said = page.evaluate(
        """sources => sources.map(source => Search.htmlToText(
            `<div role="main"><p>so <span class="math">${source}</span> holds</p></div>`))""",
        ["\\hat{x} = \\mu + z\\,V^\\top", "p(x\\mid{z})", "\\frac{1}{2}\\ln\\sigma^2"],
    )
    assert said == ["so x\u0302 = μ+ z Vᵀ holds", "so p(x | z) holds", "so 1/2 ln σ^2 holds"]
    left = """all => all.flatMap(([source]) => {
        const text = Search.htmlToText(`<div role="main"><span class="math"></span></div>`.replace('></span',
            '>' + source.replaceAll('&', '&amp;').replaceAll('<', '&lt;') + '</span'));
        return /[\\\\{}$]|frac|qquad/.test(text) ? [source + ' -> ' + text] : []; })"""
    assert page.evaluate(left, sorted(formulas())) == []
    assert not tab.wrong


def test_search_finds_a_term_and_no_solution(tab):
    page = tab.open("notebooks/05_variational.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("posterior collapse")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#search-results ul.search li a').length > 0")
    page.wait_for_function("!document.querySelector('#search-progress')?.textContent.includes('...')")
    links = page.locator("#search-results ul.search li > a").evaluate_all("all => all.map(a => a.href)")
    assert any("05_variational" in link for link in links)
    assert not [link for link in links if "/solutions/" in link]
    page.goto(links[0])
    assert "osterior" in page.locator("article").inner_text()
    assert not tab.wrong


def test_the_keyboard_reaches_everything_on_a_lesson(tab):
    page = tab.open("notebooks/04_denoising.html")
    page.set_viewport_size(PHONE)
    page.wait_for_function(REACHABLE)
    page.evaluate("""() => { let n = 0; // what is on the page, and neither folded nor shown under the mouse only
        for (const e of document.querySelectorAll('article :is(a[href], button, summary, input, select, pre, [tabindex="0"])'))
            if (e.type === "radio" && !e.checked) continue; // the Tab key goes to the chosen one of a group, arrows to the others
            else if (e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true })) e.dataset.reached = n++; }""")
    wanted = page.evaluate("document.querySelectorAll('[data-reached]').length")
    assert wanted > 60
    page.locator("article h1").evaluate("e => { e.tabIndex = -1; e.focus(); }")
    reached, unseen = set(), []
    for _ in range(wanted + 20):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const e = document.activeElement, seen = e.type === 'radio' && e.closest('label') || e;
               const s = getComputedStyle(seen), r = seen.getBoundingClientRect(); // a picture to choose shows it on its label
               return [e.dataset.reached, e.outerHTML.slice(0, 90), s.outlineStyle !== 'none' || s.boxShadow !== 'none',
                       r.bottom > 0 && r.top < innerHeight && +s.opacity > 0]; }"""
        )
        if found[0] is None:
            continue
        reached.add(int(found[0]))
        if not (found[2] and found[3]):
            unseen.append(found[1])
    assert reached == set(range(wanted))
    assert not unseen, unseen[:5]


def test_folded_code_opens_by_key_and_scrolls_by_key(tab):
    page = tab.open("notebooks/04_denoising.html")
    page.set_viewport_size(PHONE)
    details = page.locator("details.hide").first
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    code = details.locator("pre")
    page.wait_for_function("e => e.tabIndex === 0", arg=code.element_handle())
    code.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("e => e.scrollLeft > 0", arg=code.element_handle())


def test_a_guess_unfolds_what_happened(tab):
    page = tab.open("notebooks/00_start_here.html")
    for question in page.locator("fieldset.course-guess").all():
        answer = page.locator(f".tag_answers-{question.get_attribute('data-guess')} details.below-input")
        assert not answer.evaluate("e => e.open")
        question.get_by_role("radio").first.focus()
        page.keyboard.press("Space")
        assert answer.evaluate("e => e.open")
        assert "unfolded" in question.get_by_role("status").inner_text()
        assert "The experiment says" in answer.inner_text()


def test_a_lesson_is_printed_to_its_end_with_what_guesses_fold_away(tab):
    page = tab.open("notebooks/00_start_here.html")
    page.emulate_media(media="print")
    cut = """e => { const found = []; for (; e; e = e.parentElement) {
        const style = getComputedStyle(e);
        if (style.overflowY !== 'visible' && e !== document.body && e !== document.documentElement) found.push(e.className);
    } return found; }"""
    assert page.locator("article").first.evaluate(cut) == []
    folded = page.locator("details.below-input").first
    assert folded.evaluate("e => !e.open && e.getBoundingClientRect().height > 200")


def test_the_copy_button_copies_the_code(tab, browser):
    page = tab.open("notebooks/01_anatomy.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = page.locator("div.cell_input div.highlight").first
    block.locator("button.course-copy").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("e => e.textContent === 'Copied'", arg=block.locator("button").element_handle())
    assert page.evaluate("navigator.clipboard.readText()") == block.locator("pre").evaluate("e => e.textContent")


def test_a_copied_passage_has_the_source_of_its_formulas(tab):
    page = tab.open("notebooks/02_undercomplete.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sources = page.evaluate("""() => {
        const passage = [...document.querySelectorAll('article p')].find(p => p.querySelectorAll('.math').length > 2);
        getSelection().selectAllChildren(passage);
        return [...passage.querySelectorAll('.math')].map(e => e.dataset.tex); }""")
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert len(sources) > 2
    assert all(f"${source}$" in copied for source in sources)


def test_without_javascript_all_is_read(browser, site):
    page = browser.new_page(java_script_enabled=False)
    page.goto(site + "notebooks/02_undercomplete.html")
    text = page.locator("article").inner_text()
    assert "\\hat x=\\mu+z\\,V^\\top" in text
    assert "Wrap-up" in text
    page.close()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_page_looks_the_same_before_its_scripts_have_come(browser, site, mode):
    """What is painted first stays where it is, in the colours that it keeps: no flash, no jump."""
    measured = """() => [...document.querySelectorAll('.bd-header, article h1, article h2, article p, article dt, .bd-sidebar-secondary')]
        .slice(0, 40).map(e => { const box = e.getBoundingClientRect(), style = getComputedStyle(e);
            return [e.tagName, Math.round(box.x), Math.round(box.y), Math.round(box.width), style.color,
                    getComputedStyle(document.body).backgroundColor]; })"""
    seen = []
    for without in (True, False):
        page = browser.new_page(viewport=WIDE, color_scheme=mode)
        if without:
            page.route("**/*.js*", lambda route: route.abort())
        page.goto(site + "glossary.html")
        if not without:
            page.wait_for_function(READY)
        seen.append(page.evaluate(measured))
        page.close()
    assert len(seen[0]) > 20 and seen[0] == seen[1]


def test_the_site_opens_from_the_disk(browser):
    page = browser.new_page()
    page.set_default_timeout(MINUTE)
    address = built()[0].resolve().as_uri()
    page.goto(f"{address}/notebooks/05_variational.html")
    page.wait_for_function(READY)
    assert page.locator(".math .katex").count() > 20
    page.goto(f"{address}/search.html?q=posterior+collapse")
    page.wait_for_function("document.querySelectorAll('#search-results ul.search li a').length > 0")
    page.close()
