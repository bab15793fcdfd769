"""The web version without a browser: its parts, and (marked ``browser``, as it needs Sphinx) the pages as they are built."""

from __future__ import annotations

import hashlib
import html
import itertools
import json
import re
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from made_site import built, page_names, soup

from authoring.derive import FOLDED, kinds_of, path_of
from authoring.source import ROOT, SourceError, lessons, read
from authoring.web import pages
from authoring.web.assemble import Source, assemble

SAYS_NOTHING = re.compile(
    r"(?:here|there|this|more|link|click|read|page|\W*)|\d\d_\w+|\w+\.(?:ipynb|html|md)", re.IGNORECASE
)
KATEX = ROOT / "site" / "_static" / "katex"
PNG = (  # 2 x 1 pixels
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4////fwAJ+gP9ZqHJ9gAAAABJRU5ErkJggg=="
)


# ----- the parts


def test_the_formula_setter_is_the_one_that_its_list_names():
    listed = dict(
        reversed(line.split("  ", 1)) for line in (KATEX / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    )
    found = {
        path.relative_to(KATEX).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in KATEX.rglob("*")
        if path.is_file() and path.name not in ("SHA256SUMS", "README.md")
    }
    assert found == listed
    assert "LICENSE" in found
    asked = set(re.findall(r"url\(([^)]+)\)", (KATEX / "katex.min.css").read_text(encoding="utf-8")))
    assert asked == {name for name in found if name.endswith(".woff2")}


@pytest.mark.parametrize(
    ("link", "becomes"),
    [
        ("[x](#What-should-not-matter)", "[x](#what-should-not-matter)"),
        ("[x](08_b.ipynb#Why-%22near%22%3F)", "[x](08_b.ipynb#why-near)"),
        ("[x](../exercises/08.ipynb#Why-near)", None),
        ("[x](https://example.org/a.ipynb#Some-Part)", "[x](https://example.org/a.ipynb#Some-Part)"),
        ("[x](08_b.ipynb)", "[x](08_b.ipynb)"),
        ("[x](#Not-there)", None),
    ],
)
def test_links_in_the_form_of_notebooks_get_the_anchors_of_the_site(link, becomes):
    known = {"notebooks/08_a.ipynb": ["A", "What should not matter"], "notebooks/08_b.ipynb": ['Why "near"?']}
    ask = lambda path: known.get(path, [])  # noqa: E731
    if becomes is None:
        with pytest.raises(SourceError, match="no such heading"):
            pages.with_site_anchors(link, "notebooks/08_a.ipynb", ask)
    else:
        assert pages.with_site_anchors(link, "notebooks/08_a.ipynb", ask) == becomes


def test_cells_are_cut_at_headings_and_not_at_comments_in_code():
    text = "words\n\n## One\n\n```python\n# no heading\n```\n\n### Two\nlast"
    cells = pages.split_at_headings([nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("# ## no\n1")])
    assert [c.source.split("\n")[0] for c in cells] == ["words", "## One", "### Two", "# ## no"]
    assert pages.end_of_section(cells, "One", "here") == 4
    assert pages.end_of_section([*cells, nbformat.v4.new_markdown_cell("## Three")], "One", "here") == 4
    assert pages.end_of_section([*cells[:3], nbformat.v4.new_markdown_cell("### Three")], "Two", "here") == 3
    with pytest.raises(SourceError, match="no heading 'no heading'"):
        pages.end_of_section(cells, "no heading", "here")


def test_pictures_become_files_with_their_size_and_keep_their_text():
    figures = pages.Figures()
    page = figures.moved(f'<img src="data:image/png;base64,{PNG}" alt="a &quot;line&quot;" width="10"><b>x</b>', "../f")
    (name,) = figures.files
    assert page == (
        f'<img src="../f/{name}" alt="a &quot;line&quot;" width="10" height="5" loading="lazy" decoding="async"><b>x</b>'
    )


@pytest.mark.parametrize(
    ("page", "address", "becomes"),
    [
        ("explorers/space", "first.png", "first.png"),
        ("notebooks/05_variational", "first.png", "../explorers/first.png"),
        ("notebooks/05_variational", "../notebooks/02.html#x", "02.html#x"),
        ("notebooks/05_variational", "#here", "#here"),
        ("notebooks/05_variational", "data:image/png;base64,xx", "data:image/png;base64,xx"),
    ],
)
def test_an_explorer_finds_its_files_from_every_page(page, address, becomes):
    assert f'<img src="{becomes}">' in pages.embedded(f'<img src="{address}">', page)


def test_an_explorers_page_says_where_the_explorer_stands():
    text = pages.explorer_page(f"# Title\n\n{pages.HERE}\n\nwords", "<figure></figure>", "space")
    assert text.startswith("---\nexplorer: space\n---\n")
    assert text.index("# Title") < text.index("<figure>") < text.index("words")
    with pytest.raises(SourceError, match="needs one line"):
        pages.explorer_page("# Title", "<figure></figure>", "space")


def test_a_source_holds_its_files_and_no_others(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "page.md").write_text("left over", encoding="utf-8")
    source = Source()
    source.add("new/page.md", "text")
    assert source.write(tmp_path)
    before = (tmp_path / "new" / "page.md").stat().st_mtime_ns
    assert not source.write(tmp_path)
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["new", "new/page.md"]
    assert (tmp_path / "new" / "page.md").stat().st_mtime_ns == before
    with pytest.raises(SourceError, match="Two sources"):
        source.add("new/page.md", "text")


def test_every_exercise_links_to_its_solution_and_shows_nothing_of_it():
    made = assemble(ROOT).files
    for lesson in (lesson for lesson in lessons() if lesson.has_exercises):
        read = {
            kind: nbformat.reads(made[f"{kind}/{lesson.slug}.ipynb"].decode(), as_version=4)
            for kind in ("exercises", "solutions")
        }
        assert read["solutions"].metadata["orphan"] and read["solutions"].metadata["nosearch"]
        names = [
            c.metadata["course"]["exercise"] for c in read["exercises"].cells if "check" in c.metadata.get("tags", ())
        ]
        text = "\n".join(c.source for c in read["exercises"].cells)
        solutions = "\n".join(c.source for c in read["solutions"].cells)
        for name in names:
            assert f"../solutions/{lesson.slug}.html#{pages.solution_anchor(name)}" in text
            assert f"({pages.solution_anchor(name)})=" in solutions
        answers = [c.source for c in read["solutions"].cells if "explanation" in c.metadata.get("tags", ())]
        assert len(answers) >= len(names) > 0
        assert not [answer[:80] for answer in answers if answer in text]


# ----- the pages, as they are built

on_built_pages = pytest.mark.browser


@on_built_pages
def test_the_site_is_built_without_a_warning_and_soon():
    folder, seconds = built()
    assert (folder / "index.html").is_file()
    assert seconds < 60, f"{seconds:.0f} CPU seconds"
    expected = {
        path_of(lesson, kind).relative_to(ROOT).with_suffix(".html").as_posix()
        for lesson in lessons()
        for kind in kinds_of(lesson)
    }
    assert expected <= set(page_names())


def targets(page: str) -> set[str]:
    return {tag["id"] for tag in soup(page).find_all(id=True)} | {
        tag["name"] for tag in soup(page).find_all("a", attrs={"name": True})
    }


@on_built_pages
def test_all_links_lead_somewhere_and_nothing_is_loaded_from_elsewhere():
    folder = built()[0]
    broken, foreign, counted = [], [], 0
    for page in page_names():
        for tag, name in (
            ("a", "href"),
            ("link", "href"),
            ("script", "src"),
            ("img", "src"),
            ("source", "src"),
            ("iframe", "src"),
        ):
            for found in soup(page).find_all(tag, attrs={name: True}):
                address = urlsplit(found[name])
                if address.scheme in ("data", "mailto"):
                    continue
                if address.scheme or address.netloc:
                    if tag != "a":
                        foreign.append((page, found[name]))
                    continue
                counted += 1
                if found[name].startswith("/"):
                    broken.append((page, found[name]))
                    continue
                path = (folder / page).parent / unquote(address.path) if address.path else folder / page
                path = path.resolve()
                if path.is_dir():
                    path = path / "index.html"
                there = path.is_file()
                if there and address.fragment and path.suffix == ".html":
                    there = unquote(address.fragment) in targets(path.relative_to(folder.resolve()).as_posix())
                if not there:
                    broken.append((page, found[name]))
    assert counted > 2000
    assert not broken, broken[:20]
    assert not foreign, foreign[:20]


@on_built_pages
def test_links_make_sense_alone_and_those_that_are_called_alike_lead_to_one_place():
    """A screen reader lists the links of a page without what stands around them."""
    wrong, counted = [], 0
    for page in page_names():
        to = defaultdict(set)
        for link in soup(page).select("article a[href]:not(.headerlink)"):
            to[" ".join(link.get_text(" ").split())].add(link["href"])
        counted += len(to)
        wrong += [(page, called, places) for called, places in to.items() if len(places) > 1]
        wrong += [(page, called) for called in to if SAYS_NOTHING.fullmatch(called)]
    assert counted > 800
    assert not wrong, wrong


@on_built_pages
def test_no_column_of_navigation_is_empty_and_every_long_page_has_one_of_its_own():
    for page in page_names():
        for menu in soup(page).select("nav.bd-links"):
            assert menu.select("li"), (page, "a menu without entries")
        headings = soup(page).select("article h2")
        if len(headings) > 1 and page != "index.html" and not soup(page).select(".explorer-cards"):
            there = {link["href"] for link in soup(page).select("#pst-page-toc-nav a")}
            assert len(there) >= len(headings), page


@on_built_pages
def test_the_caption_of_a_figure_is_heard_once():
    counted = 0
    for page in page_names():
        for figure in soup(page).select("div.cell_output figure:has(img, figcaption)"):
            said = figure.img["alt"]
            for part in figure.figcaption.find_all(string=True) if figure.figcaption else ():
                hidden = part.find_parent(attrs={"aria-hidden": "true"})
                assert bool(hidden) == said.startswith(part), (page, part)
                counted += bool(hidden)
    assert counted > 150


@on_built_pages
def test_style_sheets_load_nothing_from_elsewhere():
    folder = built()[0]
    sheets = list(folder.rglob("*.css"))
    assert len(sheets) > 4
    for sheet in sheets:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for address in re.findall(r"""(?:url\(\s*|@import\s+)["']?([^"')\s]+)""", text):
            assert not re.match(r"(https?:)?//", address), (sheet.name, address)


@on_built_pages
def test_every_picture_says_what_to_see():
    stored = set()
    for lesson in lessons():
        for kind in kinds_of(lesson):
            for cell in nbformat.read(path_of(lesson, kind), as_version=4).cells:
                for output in cell.get("outputs", []):
                    stored |= set(
                        re.findall(r'<img src="data:[^"]+" alt="([^"]*)"', output.get("data", {}).get("text/html", ""))
                    )
    stored = {html.unescape(alt) for alt in stored}
    shown = set()
    for page in page_names():
        for picture in soup(page).find_all("img"):
            alt = picture.get("alt", "").strip()
            assert alt and not alt.startswith(("<Figure", "Figure without")), (page, picture.get("src"))
            if picture.find_parent(class_="cell_output"):
                shown.add(picture["alt"])
                assert picture["src"].startswith(f"../{pages.FIGURES}/"), (page, picture["src"][:80])
                assert picture["loading"] == "lazy" and int(picture["height"]) > 0, (page, picture["src"])
    assert len(stored) > 200
    assert stored == shown


@on_built_pages
def test_headings_are_in_order():
    wrong = []
    for page in page_names():
        levels = [int(tag.name[1]) for tag in soup(page).select("main :is(h1, h2, h3, h4, h5, h6)")]
        everywhere = soup(page).select("h1, [role=heading][aria-level='1']")
        skipped = [(a, b) for a, b in itertools.pairwise(levels) if b > a + 1]
        if len(everywhere) != 1 or levels[0] != 1 or skipped:
            wrong.append((page, levels))
    assert not wrong, wrong


@on_built_pages
def test_code_that_only_serves_is_folded_and_widgets_show_what_they_showed():
    for lesson in lessons():
        for kind in kinds_of(lesson):
            cells = [c for c in nbformat.read(path_of(lesson, kind), as_version=4).cells if c.cell_type == "code"]
            page = soup(path_of(lesson, kind).relative_to(ROOT).with_suffix(".html").as_posix())
            folded = page.select("div.cell details.hide > div.cell_input")
            assert len(folded) == sum(FOLDED in c.metadata.get("tags", ()) for c in cells), lesson.slug
            widgets = sum("Run this cell in JupyterLab to move" in json.dumps(c.get("outputs", [])) for c in cells)
            notes = page.select("figcaption small")
            assert len(notes) == widgets, (lesson.slug, kind)


@on_built_pages
def test_every_question_of_a_lesson_is_a_choice_and_what_happened_is_folded():
    found = 0
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        asked = [question for cell in cells for question in re.findall(r"^\s*guess\(", cell, re.MULTILINE)]
        page = soup(f"notebooks/{path.stem}.html")
        questions = page.select("fieldset.course-guess")
        assert len(questions) == len(asked), path
        for question in questions:
            (answer,) = page.select(f".tag_answers-{question['data-guess']} details.below-input")
            assert "The experiment says" in answer.get_text(), (path, question["data-guess"])
            assert len(question.select("input[type=radio]")) >= 2
        found += len(questions)
    assert found > 20


@on_built_pages
def test_the_way_through_the_course_goes_by_lesson_exercises_next_lesson_and_back():
    way = [
        f"{kind}/{lesson.slug}.html"
        for lesson in lessons()
        for kind in ("notebooks", "exercises")
        if kind == "notebooks" or lesson.has_exercises
    ]

    def leads(page: str, to: str) -> str | None:
        link = soup(page).select_one(f".prev-next-area a.{to}")
        return (
            link and ((built()[0] / page).parent / link["href"]).resolve().relative_to(built()[0].resolve()).as_posix()
        )

    for before, after in itertools.pairwise(way):
        assert leads(before, "right-next") == after
        assert leads(after, "left-prev") == before
    for lesson in lessons():
        if lesson.has_deeper:
            assert leads(f"notebooks/{lesson.slug}_deeper.html", "left-prev") == f"notebooks/{lesson.slug}.html"
        head = soup(f"notebooks/{lesson.slug}.html").select_one("article section").get_text(" ")[:1500]
        assert re.search(r"About \d+ minutes", head)
        assert "run it in JupyterLab" in head and "run it elsewhere" in head
        assert "Opened outside the course's folder" not in head, "what only a file needs"
        cards = {
            link["href"]
            for link in soup(f"notebooks/{lesson.slug}.html").select("article section a[href^='../data.html#']")
        }
        assert len(cards) >= len(read(lesson.folder / "lesson.py").metadata["course"].get("data", ()))


@on_built_pages
def test_a_lesson_with_an_explorer_leads_to_it_from_its_head():
    found = {}
    for page in page_names():
        for figure in soup(page).select("figure.explorer") if page.startswith("notebooks/") else ():
            found[figure["data-explorer"]] = page
            (link,) = soup(page).select(f"p.course-play a[href='#{figure['id']}']")
            assert figure["tabindex"] == "-1" and link.get_text() == figure.figcaption.get_text()
            assert link.find_parent("section") is soup(page).select_one("article section"), "it stands at the head"
    assert found == {name: f"notebooks/{slug}.html" for name, (slug, _) in pages.EXPLORERS.items()}


@on_built_pages
def test_a_link_to_any_page_is_previewed_with_a_picture():
    folder = built()[0]
    for page in page_names():
        (picture,) = soup(page).select("meta[property='og:image']")
        assert ((folder / page).parent / picture["content"]).resolve() == (folder / "_static" / "preview.png").resolve()
        assert soup(page).select("meta[name='twitter:card'][content=summary_large_image]")
        size = [
            int(soup(page).select_one(f"meta[property='og:image:{side}']")["content"]) for side in ("width", "height")
        ]
    data = (folder / "_static" / "preview.png").read_bytes()
    assert [int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")] == size


@on_built_pages
def test_solutions_are_linked_from_their_exercises_only():
    for page in page_names():
        links = [a["href"] for a in soup(page).select("a[href*='solutions/']")]
        if page.startswith("exercises/"):
            assert links and all(
                a.find_parent("details", class_="solution") for a in soup(page).select("a[href*='solutions/']")
            )
        elif not page.startswith("solutions/"):
            assert not links, (page, links)


def words_of(page: str) -> set[str]:
    article = soup(page).select_one("article")
    return set(re.findall(r"\w+", article.get_text(" ").lower())) if article else set()


@on_built_pages
def test_what_stands_in_solutions_only_is_in_no_search():
    from sphinx.search.en import SearchEnglish

    index = (built()[0] / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(index[index.index("(") + 1 : index.rindex(")")])
    terms = index["terms"].keys() | index["titleterms"].keys()
    stem = SearchEnglish({}).stem
    solutions = set().union(*(words_of(page) for page in page_names() if page.startswith("solutions/")))
    exercises = set().union(*(words_of(page) for page in page_names() if page.startswith("exercises/")))
    others = set().union(
        *(words_of(page) for page in page_names() if not page.startswith(("solutions/", "exercises/")))
    )

    def only(these: set[str], those: set[str]) -> set[str]:
        known = {stem(word) for word in those}
        return {word for word in these if word.isalpha() and len(word) > 3 and stem(word) not in known}

    secret = only(solutions, exercises | others)
    assert len(secret) > 50
    assert not {word for word in secret if stem(word) in terms}
    open_ones = only(exercises, solutions | others) | only(exercises, others)  # the same test finds what may be found
    assert len({word for word in open_ones if stem(word) in terms}) > 30
    assert {"posterior", "collaps"} <= terms


@on_built_pages
def test_pages_stay_light(record_property):
    folder = built()[0]
    shared = sum((folder / path).stat().st_size for path in first_files(page_names()[0]))
    weights = {page: (folder / page).stat().st_size for page in page_names()}
    largest = max(weights, key=weights.get)
    # Nobody loads the wheel or the zip who reads: they are for installing.
    everything = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and p.suffix not in (".whl", ".zip"))
    for name, value in (("shared", shared), ("largest", weights[largest]), ("everything", everything)):
        record_property(name, value)
    assert shared < 800_000, "what a page loads beside itself, without formulas"
    assert weights[largest] < 500_000, largest
    assert everything < 40_000_000


def first_files(page: str) -> list[Path]:
    """The files that a page loads with it: style sheets and scripts."""
    at = (built()[0] / page).parent
    found = [tag["href"] for tag in soup(page).select("link[rel=stylesheet]")] + [
        tag["src"] for tag in soup(page).select("script[src]")
    ]
    return [(at / urlsplit(address).path).resolve() for address in found if "katex" not in address]
