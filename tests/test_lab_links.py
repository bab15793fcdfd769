"""The road through the copies of a learner: every link leads to a file, and each explorer is a page of one file."""

from __future__ import annotations

import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from explorer_browser import chromium

from authoring.derive import code_hash
from authoring.source import lessons
from authoring.web import pages as site_pages
from course_lib.classroom import explorers, lab, records

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)\s]*)?\)")
LESSONS_OF_EXPLORERS = {lesson: name for name, (lesson, _) in explorers.EXPLORERS.items()}


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """A work folder as `make lab` fills it."""
    folder = tmp_path_factory.mktemp("learner") / "work"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "trust", lambda path: None)
        lab.fill(folder)
    return folder


def texts(notebook: Path) -> list[str]:
    return [c.source for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "markdown"]


def links(notebook: Path) -> set[str]:
    """Where a notebook leads, as paths in its work folder."""
    found = {unquote(link) for text in texts(notebook) for link in LINK.findall(text)}
    root = notebook.parent.parent if notebook.parent.name in lab.KINDS else notebook.parent
    return {Path(os.path.normpath(notebook.parent / link)).relative_to(root).as_posix() for link in found}


def test_every_link_of_every_copy_leads_to_a_file_of_the_work_folder(work):
    notebooks = sorted(work.rglob("*.ipynb"))
    assert len(notebooks) == 44, "eleven lessons, their exercises and solutions, ten second readings, the overview"
    dead = [(path.name, link) for path in notebooks for link in links(path) if not (work / link).is_file()]
    assert dead == []


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.slug)
def test_lesson_exercises_solution_and_next_lesson_lead_to_each_other(work, lesson):
    slug = lesson.slug
    of = {kind: f"{kind}/{slug}.ipynb" for kind in lab.KINDS}
    after = next((f"notebooks/{other.slug}.ipynb" for other in lessons() if other.number == lesson.number + 1), None)
    wanted = {
        of["notebooks"]: {of["exercises"], lab.OVERVIEW, after},
        of["exercises"]: {of["notebooks"], of["solutions"], lab.OVERVIEW, after},
        of["solutions"]: {of["exercises"], of["notebooks"], lab.OVERVIEW, after},
        lab.OVERVIEW: {of["notebooks"], of["exercises"]},
        **({after: {of["notebooks"]}} if after else {}),
    }
    missing = {start: to - {None} - links(work / start) for start, to in wanted.items()}
    assert not any(missing.values()), missing


def test_exercises_show_the_way_to_their_solutions_folded_only(work):
    for path in sorted((work / "exercises").glob("*.ipynb")):
        for text in texts(path):
            unfolded = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
            assert "../solutions/" not in unfolded, path.name


def test_each_explorer_is_offered_by_its_lesson_behind_its_section_and_by_the_overview(work):
    for name, (slug, heading) in explorers.EXPLORERS.items():
        page = f"explorers/{name}.html"
        assert page in links(work / f"notebooks/{slug}.ipynb") and page in links(work / lab.OVERVIEW)
        copy = nbformat.read(work / f"notebooks/{slug}.ipynb", as_version=4)
        nbformat.validate(copy)
        released = nbformat.read(ROOT / "notebooks" / f"{slug}.ipynb", as_version=4)
        assert code_hash(copy) == released.metadata["course"]["code_hash"]

        # Cut at headings, as the web version does it, it is the last that its section says, and all else is as it was.
        cells = site_pages.split_at_headings(copy.cells)
        end = site_pages.end_of_section(cells, heading, slug)
        before, _, words = ("\n\n" + cells[end - 1].source).rpartition("\n\n")
        assert page in words and sum(page in cell.source for cell in cells) == 1
        cells[end - 1].source = before.strip()
        kept = [cell.source for cell in cells if cell.source]
        assert kept == [cell.source for cell in site_pages.split_at_headings(released.cells) if cell.source]


def test_other_copies_are_the_files_of_the_release(work):
    for path in work.rglob("*.ipynb"):
        name = path.relative_to(work).as_posix()
        changed = name == lab.OVERVIEW or (path.parent.name == "notebooks" and path.stem in LESSONS_OF_EXPLORERS)
        assert (path.read_bytes() == (ROOT / name).read_bytes()) == (not changed), name


def test_where_the_explorers_are_not_no_link_promises_one(tmp_path, monkeypatch):
    root = tmp_path / "course"
    for kind in lab.KINDS:
        shutil.copytree(ROOT / kind, root / kind)
    shutil.copyfile(ROOT / lab.OVERVIEW, root / lab.OVERVIEW)
    monkeypatch.setattr(records, "course_root", lambda: root)
    monkeypatch.setattr(records, "trust", lambda path: None)
    work = tmp_path / "work"
    lab.fill(work)
    assert not (work / explorers.FOLDER).exists()
    for path in work.rglob("*.ipynb"):
        assert path.read_bytes() == (root / path.relative_to(work)).read_bytes()
        assert not any(link.startswith("explorers/") for link in links(path))

    # The same copies, when the explorers have come.
    shutil.copytree(ROOT / "site", root / "site")
    notes = lab.fill(work)
    assert len(notes) == 5 and all("renewed" in note for note in notes)
    assert "explorers/swap.html" in links(work / "notebooks" / "06_decoder_swapping.ipynb")


def test_a_page_that_somebody_changed_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "trust", lambda path: None)
    lab.fill(tmp_path)
    page = tmp_path / "explorers" / "noise.html"
    page.write_text("mine", encoding="utf-8")
    release = {**lab.released_files(), "explorers/noise.html": b"newer"}
    monkeypatch.setattr(lab, "released_files", lambda: release)
    (note,) = lab.fill(tmp_path)
    assert page.read_text(encoding="utf-8") == "mine" and "noise.new.html" in note
    assert page.with_name("noise.new.html").read_bytes() == b"newer"


class Addresses(HTMLParser):
    """What a page asks a server for, where its links lead, and its anchors."""

    def __init__(self, page: str):
        super().__init__()
        self.loads, self.leads, self.anchors = [], [], set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            elif name in ("src", "href"):
                (self.leads if tag == "a" else self.loads).append(value)


@pytest.mark.parametrize("name", explorers.EXPLORERS)
def test_the_page_of_an_explorer_holds_all_that_it_needs(work, name):
    page = (work / "explorers" / f"{name}.html").read_text(encoding="utf-8")
    found = Addresses(page)
    assert all(address.startswith("data:") for address in found.loads)
    for to in found.leads:
        assert to[1:] in found.anchors if to[0] == "#" else (work / "explorers" / to).is_file(), to
    assert (
        not re.search(r"@[A-Z]+@", page)
        and explorers.HERE not in page
        and "$" not in re.sub(r"<(script|style|code).*?</\1>", "", page, flags=re.DOTALL)
    )
    modules = json.loads(re.search(r'<script type="importmap">(.*?)</script>', page, re.DOTALL)[1])["imports"]
    assert f"explorer/{name}.js" in modules and "explorer/shell.js" in modules
    held = json.loads(re.search(r'<script type="application/json" id="held">(.*?)</script>', page, re.DOTALL)[1])
    assert "strings.json" in held and f"networks/{name}_data.bin" in held


def test_modules_name_each_other_by_the_pages_map():
    folder = explorers.sources(ROOT)
    for path in folder.glob("*.js"):
        if path.name == "start.js":
            continue
        code = explorers._module(path.read_text(encoding="utf-8")).decode("utf-8")
        code = re.sub(r"^\s*//.*$", "", code, flags=re.MULTILINE)
        assert not re.search(r"""["'`]\.\.?/""", code) and "import.meta" not in code, path.name
        for other in re.findall(r'from "explorer/([^"]+)"', code):
            assert (folder / other).is_file(), f"{path.name} imports {other}"


@pytest.mark.browser
@pytest.mark.parametrize("name", explorers.EXPLORERS)
def test_the_page_of_an_explorer_runs_from_a_file(work, name):
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 380, "height": 800}, color_scheme="dark")
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url) if request.url[:5] != "data:" else None)
        page.goto((work / "explorers" / f"{name}.html").as_uri())
        page.locator("figure.explorer").scroll_into_view_if_needed()
        page.locator("figure.explorer.is-live").wait_for()
        assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
        assert said == [] and len(asked) == 1, (said, asked)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / f"file-{name}.png"), full_page=True)
