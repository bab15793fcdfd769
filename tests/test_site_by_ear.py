"""The web version as a screen reader gets it: Chromium's accessibility tree of a page of each kind. Run by `make test-browser`."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import pytest
from test_site import SAYS_NOTHING
from test_site_browser import browser, site, tab  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser

PAGES = (
    "index.html",
    "lessons.html",
    "notebooks/02_undercomplete.html",
    "notebooks/07_anomaly_detection.html",
    "exercises/02_undercomplete.html",
    "glossary.html",
    "famous-bugs.html",
    "our-numbers.html",
    "instructors/02_undercomplete.html",
    "explorers/index.html",
)
ONCE = ("banner", "main", "contentinfo")


class Tree:
    """Chromium's accessibility tree of the page that is open in a tab."""

    def __init__(self, page):
        session = page.context.new_cdp_session(page)
        self.nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
        session.detach()
        root = next(node for node in self.nodes.values() if not node.get("parentId"))
        self.heard = [node for node in self._below(root) if not node.get("ignored")]

    def _below(self, node: dict):
        yield node
        for child in node.get("childIds", ()):
            if child in self.nodes:
                yield from self._below(self.nodes[child])

    def of(self, *roles: str, below: dict | None = None) -> list[dict]:
        """What has one of these roles, in the order in which it is read."""
        nodes = self.heard if below is None else [n for n in self._below(below) if not n.get("ignored")]
        return [node for node in nodes if role(node) in roles]


def role(node: dict) -> str:
    return node.get("role", {}).get("value", "")


def name(node: dict) -> str:
    return node.get("name", {}).get("value", "").strip()


def said(node: dict, key: str):
    return next((p["value"].get("value") for p in node.get("properties", ()) if p["name"] == key), None)


def faults(page) -> list[str]:
    """What is wrong with a page for who hears it; each fault begins with its kind."""
    # What can be focused, but by no key, is no control: the tree does not tell the two apart.
    page.evaluate("document.querySelectorAll('[tabindex=\"-1\"]').forEach(e => e.removeAttribute('tabindex'))")
    tree = Tree(page)
    return [
        *_of_landmarks(tree),
        *_of_headings(tree),
        *_of_links(tree),
        *_of_controls(tree),
        *_of_tables(tree),
        *_of_formulas(tree, page),
        *_of_code(tree, page),
        *_of_figures(tree),
    ]


def _of_landmarks(tree: Tree):
    for landmark in ONCE:
        if (found := len(tree.of(landmark))) != 1:
            yield f"landmark: {found} times {landmark}"
    for called, times in Counter(map(name, tree.of("navigation"))).items():
        if not called or times > 1:
            yield f"landmark: {times} navigations called {called!r}"


def _of_headings(tree: Tree):
    levels = [said(node, "level") for node in tree.of("heading")]
    if levels.count(1) != 1 or levels[:1] != [1]:
        yield f"heading: the first and only one of level 1 is the title, not {levels}"
    yield from (f"heading: {b} below {a}" for a, b in itertools.pairwise(levels) if b > a + 1)
    yield from ("heading: without words" for node in tree.of("heading") if not name(node))


def _of_links(tree: Tree):
    to = defaultdict(set)
    for node in tree.of("link"):
        if SAYS_NOTHING.fullmatch(name(node)):
            yield f"link: {name(node)!r} says nothing by itself"
        to[name(node)].add(str(said(node, "url")).removesuffix("#"))
    yield from (f"link: {called!r} leads to {sorted(places)}" for called, places in to.items() if len(places) > 1)


def _of_controls(tree: Tree):
    for node in tree.heard:
        if said(node, "focusable") and role(node) != "RootWebArea" and not name(node):
            yield f"control: {role(node)} without a name"
    for called, times in Counter(name(n) for n in tree.of("button") if name(n).startswith("Copy")).items():
        if times > 3:  # a page may show the same line of code again
            yield f"control: {times} buttons called {called!r}"


def _of_tables(tree: Tree):
    yield from ("table: not heard as one" for _ in tree.of("LayoutTable"))
    for table in tree.of("table"):
        heads = tree.of("columnheader", below=table)
        if not heads or not any(map(name, heads)):
            yield "table: no heads of columns"


def _of_formulas(tree: Tree, page):
    shown = page.evaluate("[...document.querySelectorAll('.math')].filter(e => e.checkVisibility()).length")
    if (heard := len(tree.of("MathMLMath"))) != shown:
        yield f"formula: {shown} are seen, {heard} heard as formulas"
    sources = page.evaluate("[...document.querySelectorAll('.math')].map(e => e.dataset.tex ?? e.textContent)")
    texts = {name(node) for node in tree.of("StaticText")}
    yield from (f"formula: its source is read, {source}" for source in sources if "\\" in source and source in texts)
    for letters in page.evaluate("[...document.querySelectorAll('.math .katex-html')].map(e => e.ariaHidden)"):
        if letters != "true":
            yield "formula: read twice"


def _of_code(tree: Tree, page):
    shown = page.evaluate("[...document.querySelectorAll('article pre')].filter(e => e.checkVisibility()).length")
    if (heard := sum(name(node) in ("Code", "Output") for node in tree.of("group"))) < shown:
        yield f"code: {shown} blocks are seen, {heard} announced"


def _of_figures(tree: Tree):
    yield from ("figure: a picture without words" for node in tree.of("image") if not name(node))
    for figure in tree.of("figure"):
        if name(figure):  # an explorer: its live text says again what the last key has changed in its pictures
            continue
        texts = [name(n) for n in tree.of("StaticText", below=figure) if len(name(n)) > 20]
        for picture in tree.of("image", below=figure):
            if any(text in name(picture) for text in texts):
                yield f"figure: caption and picture say the same, {name(picture)[:60]}"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_understood_by_ear(tab, page):  # noqa: F811
    opened = tab.open(page)
    opened.evaluate("document.querySelectorAll('details:not(.solution)').forEach(e => { e.open = true; })")
    assert faults(opened) == []


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        ("landmark", "<main><h1>x</h1></main><nav><a href=a>one</a></nav>"),
        ("landmark", "<main><h1>x</h1></main><main>y</main>"),
        ("heading", "<main><h1>x</h1><h3>y</h3></main>"),
        ("heading", "<main><h1>x</h1><h1>y</h1></main>"),
        ("link", "<main><h1>x</h1><a href=a>02_undercomplete</a></main>"),
        ("link", "<main><h1>x</h1><a href=https://x.test/a>solution</a> <a href=https://x.test/b>solution</a></main>"),
        ("control", "<main><h1>x</h1><div tabindex=0 style='overflow: auto'></div></main>"),
        ("table", "<main><h1>x</h1><table><caption>y</caption><tr><td>a<td>b<tr><td>c<td>d</table></main>"),
        ("formula", "<main><h1>x</h1><p class=math>\\frac12</p></main>"),
        ("code", "<main><h1>x</h1><article><pre>1 + 1</pre></article></main>"),
        ("figure", "<main><h1>x</h1><img src='data:,' width=9 height=9></main>"),
        (
            "figure",
            "<main><h1>x</h1><figure><img src='data:,' alt='Two curves that cross at noon.' width=9 height=9>"
            "<figcaption>Two curves that cross at noon.</figcaption></figure></main>",
        ),
    ],
)
def test_each_kind_of_fault_is_found(browser, fault, body):  # noqa: F811
    page = browser.new_page()
    page.set_content(f"<!doctype html><html lang=en><title>x</title><body>{body}</body></html>")
    assert fault in {found.split(":")[0] for found in faults(page)}
    page.close()


def test_the_first_key_leads_past_the_navigation(tab):  # noqa: F811
    page = tab.open("notebooks/02_undercomplete.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")  # it slides in, and is seen
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
