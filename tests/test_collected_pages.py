"""The pages of the site that are collected from the sources: nothing is missing, nothing is stale, every link leads somewhere."""

from __future__ import annotations

import ast
import base64
import inspect
import itertools
import posixpath
import re
import shutil
import tomllib
from io import BytesIO

import nbformat
import pytest
import yaml

from authoring.derive import READ, kinds_of, path_of, tasks
from authoring.lint import BANNED
from authoring.source import ROOT, SOURCE, SourceError, lessons, read
from authoring.web import collect
from authoring.web.collect import (
    bugs,
    citing,
    data_cards,
    glossary,
    instructors,
    own_data,
    published,
    reference,
    side_by_side,
)
from authoring.web.collect.docstrings import markdown, sections
from authoring.web.collect.places import anchor, heading_of_exercise, headings


@pytest.fixture(scope="module")
def pages():
    return collect.pages()


def unfenced(text: str) -> str:
    """A page without blocks of code and folded sources; the blocks of the glossary are text."""
    text = re.sub(r"^```\{glossary\}\n(.*?)^```$", r"\1", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r'<details class="source">.*?</details>', "", text)


def plain(text: str) -> str:
    """Words of a page without Markdown's marks: to look for words that a source has."""
    text = re.sub(r"\{term\}`([^`<]*?)(?: <[^`>]*>)?`", r"\1", text)
    return " ".join(re.sub(r"[\\*`_<>]", "", text).split())


# --- all pages ---


def test_the_menu_names_pages_that_there_are(pages):
    assert len(collect.NAVIGATION) == 8 and list(pages)[:8] == list(collect.NAVIGATION)
    below = {path.split("/")[0] for path in pages if "/" in path}
    assert below == {"instructors", "reference"}


def test_each_page_has_one_title_and_headings_in_order(pages):
    for path, text in pages.items():
        levels = [len(found[1]) for found in re.finditer(r"^(#{1,6}) ", unfenced(text), flags=re.MULTILINE)]
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), path


def test_every_link_leads_to_a_page_and_to_a_heading_of_it(pages):
    notebooks = {
        path_of(lesson, kind).relative_to(ROOT).as_posix(): path_of(lesson, kind)
        for lesson in lessons()
        for kind in kinds_of(lesson)
    }
    targets = {f"{path}.md": set(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE)) for path, text in pages.items()}
    targets["lessons.md"] = set()  # made by authoring/web/assemble.py
    written = (ROOT / "site").rglob("*.md")  # by hand
    targets |= {page.relative_to(ROOT / "site").as_posix(): set() for page in written}
    for path, text in pages.items():
        found = re.findall(r"^#{1,6} (.+)$", unfenced(text), flags=re.MULTILINE)
        targets[f"{path}.md"] |= {anchor(heading) for heading in found}
    for name, notebook in notebooks.items():
        shown = [re.sub(r" ★+ · \d+ minutes · \w+$", "", h) for h in headings(nbformat.read(notebook, 4).cells)]
        targets[name] = {anchor(heading) for heading in shown}
    count = 0
    for path, text in pages.items():
        for target, heading in re.findall(r"\]\((?!https?:|data:)([^)#\s]*)(?:#([^)\s]*))?\)", unfenced(text)):
            to = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else f"{path}.md"
            assert to in targets, f"{path} links to {to}"
            assert not heading or heading in targets[to], f"{path} links to {to}#{heading}"
            count += 1
    assert count > 400


def test_anchors_are_those_of_sphinxs_markdown():
    slugify = pytest.importorskip("mdit_py_plugins.anchors.index").slugify
    for lesson in lessons():
        for kind in kinds_of(lesson):
            for heading in headings(nbformat.read(path_of(lesson, kind), 4).cells):
                if not re.search(r"[`$*\[]", heading):  # Sphinx takes the words of those, without the marks
                    assert anchor(heading) == slugify(heading)


def test_what_is_written_by_hand_keeps_the_tone():
    written = [p.INTRODUCTION for p in (glossary, bugs, side_by_side, data_cards, instructors, reference)]
    for lesson in lessons():
        path = lesson.folder / published.FILE
        written += [path.read_text(encoding="utf-8")] if path.is_file() else []
    for text in written:
        assert not BANNED.search(text), BANNED.search(text)
        assert not re.search(r"\w!(\s|$)", text)


# --- glossary ---


def test_every_term_of_the_course_has_its_entry_with_definition_lesson_and_section(pages):
    page = pages["glossary"]
    entries = re.findall(r"^(\S[^\n]*)\n  (\S[^\n]*)$", page, flags=re.MULTILINE)
    found = {name.lower(): body for name, body in entries}
    wanted = 0
    for lesson in lessons():
        table = tomllib.loads((lesson.folder / "terms.toml").read_text(encoding="utf-8"))
        second = table.pop("deeper", {})
        for terms, title in ((table, f"Lesson {lesson.number:02d}"), (second, f"Lesson {lesson.number:02d} deeper")):
            for name, definition in terms.items():
                if isinstance(definition, list):
                    continue
                wanted += 1
                body = found[name.lower()]
                assert plain(definition).rstrip(".").lower() in plain(body).lower(), name
                assert f"[{title}" in body, name
    assert wanted == len(entries) > 150
    assert len(re.findall(r"#[\w-]+\)$", page, re.MULTILINE)) > 150, "the sections that define them are linked"


@pytest.fixture
def one_lesson(tmp_path):
    """A copy of lesson 05's source, to change, and a root with copies of its notebooks."""
    shutil.copytree(SOURCE / "05_variational", tmp_path / "source" / "05_variational")
    for kind in ("notebooks", "exercises", "solutions"):
        (tmp_path / kind).mkdir()
        for path in (ROOT / kind).glob("05_*.ipynb"):
            shutil.copy(path, tmp_path / kind)
    return tmp_path


def changed(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_term_that_is_added_or_redefined_is_on_the_page(one_lesson):
    source = one_lesson / "source"
    terms = source / "05_variational" / "terms.toml"
    changed(
        terms, '"nat" = "the unit of a natural logarithm; 1.44 bits"', '"nat" = "a unit"\n"new thing" = "it is new"'
    )
    page = glossary.text(source)
    assert "nat\n  A unit." in page and "new thing\n  It is new." in page and "1.44" not in page


TEXT = """\
# A page on the posterior

The **rate** is defined here. A posterior, `the posterior`, $posterior$ and [a posterior](x.md) and the posterior again.
"""


def test_the_first_use_of_a_term_is_linked_and_no_other():
    cells = [
        "# The ELBO",
        "## The ELBO\n\nThe *ELBO* and the ELBO.",
        "More ELBO, two posteriors\nand principal\ncomponents.",
    ]
    made = glossary.link_terms(cells, 5)
    assert made[0] == cells[0]
    assert made[1] == "## The ELBO\n\nThe *{term}`ELBO`* and the ELBO."
    assert made[2] == (
        "More ELBO, two {term}`posteriors <posterior>`\nand {term}`principal components <principal component>`."
    )


@pytest.mark.parametrize(
    "text",
    [
        "## Posterior",
        "`posterior`, ``posterior`` and $posterior$ and $$\nposterior\n$$",
        "```\nposterior\n```",
        "[posterior](page.md) ![posterior](x.png) https://example.org/posterior",
        "**posterior** and **the posterior of z**",
        "<details><summary>posterior</summary>\nthe posterior</details>",
        "<!-- posterior -->",
        "{term}`posterior`",
        "## References\n\n* A posterior, 1999.\n\n### More\n\nposterior",
    ],
)
def test_nothing_is_linked_where_a_link_does_not_belong(text):
    assert glossary.link_terms(["Text.", text], 5) == ["Text.", text]


def test_what_a_page_defines_is_not_linked_there_and_everyday_words_only_at_home():
    assert glossary.link_terms(["A **nat** is one. A nat."], 5) == ["A **nat** is one. A nat."]
    assert glossary.link_terms(["The threshold."], 7) == ["The {term}`threshold`."]
    assert (
        glossary.link_terms(["The threshold."], 5) == glossary.link_terms(["The threshold."], "") == ["The threshold."]
    )
    assert glossary.link_terms(["People like a row."], 10) == ["People like a row."]
    assert glossary.link_terms(["a dictionary of Python"], 5) == ["a dictionary of Python"]
    assert "{term}" not in glossary.link_terms(["three ridges and indices"], 10)[0]


def test_links_change_no_word_of_any_notebook_and_name_terms_of_the_glossary():
    names = {term.name for term in glossary.terms()}
    count = 0
    for lesson in lessons():
        for kind in kinds_of(lesson):
            cells = [c.source for c in nbformat.read(path_of(lesson, kind), 4).cells if c.cell_type == "markdown"]
            made = glossary.link_terms(cells, lesson.number)
            linked = []
            for before, after in zip(cells, made, strict=True):
                roles = re.findall(r"\{term\}`([^`<]+?)(?: <([^`>]+)>)?`", after)
                linked += [name or words for words, name in roles]
                assert plain(after) == plain(before)
            assert set(linked) <= names and len(linked) == len(set(linked)), f"{lesson.slug} {kind}"
            count += len(linked)
    assert count > 300


# --- published slips and numbers ---


def raw_entries():
    for lesson in lessons():
        path = lesson.folder / published.FILE
        if path.is_file():
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            for name, entry in data.get("slips", {}).items():
                yield lesson, name, entry
            for entry in data.get("numbers", []):
                yield lesson, entry["measure"], entry


def test_every_passage_on_published_work_has_an_entry():
    assert published.unclaimed() == []


def test_a_new_passage_on_published_work_needs_an_entry(one_lesson):
    folder = one_lesson / "source" / "05_variational"
    changed(folder / "lesson.py", "# ## Recall\n#\n", "# ## Recall\n#\n# A much-copied tutorial forgets the half.\n#\n")
    (found,) = published.unclaimed(one_lesson / "source")
    assert "lesson.py" in found and "“Recall”" in found and "much-copied" in found


def test_every_slip_is_on_the_page_with_its_place_its_cost_and_what_catches_it(pages):
    page = pages["famous-bugs"]
    assert len(published.slips()) >= 29
    for slip in published.slips():
        part = page.partition(f"({slip.name})=\n")[2].partition("\n(")[0]
        assert part.startswith("### ") and slip.named[1:] in part and slip.slip in part
        assert slip.cost and plain(slip.cost) in plain(part)
        assert f"* **Source:** {slip.source}" in part if slip.source else "**Source:**" not in part
        assert not slip.measured or f"Measured by `{slip.measured}`" in part
        for exercise, misconception in slip.exercises:
            assert f"`{misconception}`" in part
            assert f"#{anchor(heading_of_exercise(slip.place.lesson, exercise))})" in part
        for line in slip.printed:
            assert f"\n{line}\n" in part
        assert slip.exercises or slip.claimed or slip.compared or slip.tests or slip.unguarded in part


def test_a_source_whose_address_a_lesson_names_is_linked(pages):
    found = [
        (one, page)
        for of, page in ((published.slips, "famous-bugs"), (published.numbers, "our-numbers"))
        for one in of()
    ]
    linked = [(one.url, page) for one, page in found if one.url]
    assert {page for _, page in linked} == {"famous-bugs", "our-numbers"}
    assert all(f"]({url})." in pages[page] for url, page in linked)


def test_no_number_of_ours_is_typed():
    """A number in a cost, or in a column of ours, that no placeholder fills has to stand in the section itself."""
    for lesson, name, entry in raw_entries():
        typed = re.findall(r"\d[\d.,]*\d|\d", re.sub(r"<\w+>", "", f"{entry.get('cost', '')} {entry.get('ours', '')}"))
        if typed:
            cells = nbformat.read(path_of(lesson, entry["in"]), 4).cells
            printed, prose = published.section_of(cells, entry["section"])
            said = " ".join([prose, *(line for line, _ in printed)])
            assert all(number in said for number in typed), f"{lesson.slug}, {name}: {typed}"


def test_the_numbers_of_the_pages_follow_the_notebook(one_lesson):
    source = one_lesson / "source"
    path = one_lesson / "notebooks" / "05_variational.ipynb"
    changed(path, "error over that of the mean digit 1.011", "error over that of the mean digit 1.026")
    changed(path, "error of the mean digit: 0.0680", "error of the mean digit: 0.0712")
    slip = next(s for s in published.slips(source, one_lesson) if s.name == "means-where-sums-belong")
    assert slip.cost.endswith("its error is 1.026 times the 0.0712 of the mean digit.")
    pair = published.numbers(source, one_lesson)[0]
    assert pair.ours.startswith("0.0712 for the mean digit; the guide's network 1.026 times")


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('named = "keras.io, *Making', 'named = "elsewhere, *Making', "no text of the lesson says"),
        ('section = "What goes wrong"', 'section = "What went wrong"', "has no heading"),
        ("error of the mean digit: <mean>", "error of the mean boot: <mean>", "0 printed lines"),
        ("mean digit <share> between", "mean digit # between", "no line gives <share>"),
        ("mean-over-latents", "mean-over-everything", "no wrong answer to 'kl_divergence' has the misconception"),
        ('exercises = ["kl_divergence: mean', 'exercises = ["entropy: mean', "no wrong answer to 'entropy'"),
        ('title = "Means where sums belong"\n', "", "lacks title"),
        ('in = "notebooks"', 'in = "blackboard"', "`in` is one of"),
        (
            "The published run ends at a loss of .0677, KL",
            "The published run ends at a loss of .0688, KL",
            "no text of",
        ),
        ('published = ".0677"', 'published = ".0588"', "the quote holds no .0588"),
        ('subclassing*, keras.io, 2019, revised 2023"', 'subclassing*, keras.io"', "its source with the year"),
        ('setting = "60,000 digits', 'settings = "60,000 digits', "lacks setting"),
        ('read = "the stored output of the guide', 'seen = "the stored output of the guide', "lacks read"),
        ('measure = "Loss of the guide', 'measured = "Loss of the guide', "lacks measure"),
        ("[slips.means", "[bugs.means", "unknown bugs"),
        ('title = "Means', 'url = "https://keras.io/nowhere"\ntitle = "Means', "names the address"),
        ('measure = "Loss', 'url = "http://keras.io"\nmeasure = "Loss', "names the address"),
    ],
)
def test_an_entry_that_no_longer_fits_is_named(one_lesson, old, new, message):
    changed(one_lesson / "source" / "05_variational" / published.FILE, old, new)
    with pytest.raises(SourceError, match=message):
        published.slips(one_lesson / "source", one_lesson)
        published.numbers(one_lesson / "source", one_lesson)


def test_a_slip_that_nothing_catches_has_to_say_so(one_lesson):
    path = one_lesson / "source" / "05_variational" / published.FILE
    path.write_text(
        '[slips.bare]\ntitle = "T"\nslip = "S."\nnamed = "Old recipes add a loss"\nin = "deeper"\n'
        'section = "Published slips"\n{more}',
        encoding="utf-8",
    )
    changed(path, "{more}", "")
    with pytest.raises(SourceError, match="catches it"):
        published.slips(one_lesson / "source", one_lesson)
    path.write_text(path.read_text(encoding="utf-8") + 'unguarded = "Look."\n', encoding="utf-8")
    published.slips.cache_clear()
    (slip,) = published.slips(one_lesson / "source", one_lesson)
    assert slip.unguarded == "Look." and not slip.claimed


def test_a_test_that_is_named_exists(one_lesson):
    path = one_lesson / "source" / "05_variational" / published.FILE
    changed(
        path, "[slips.unnamed-noise]\n", '[slips.unnamed-noise]\ntests = ["tests/test_metrics.py::test_of_nothing"]\n'
    )
    with pytest.raises(SourceError, match="there is no test"):
        published.slips(one_lesson / "source", one_lesson)


def test_every_published_number_stands_beside_ours_with_its_source(pages):
    page = pages["our-numbers"]
    assert len(published.numbers()) >= 17
    for pair in published.numbers():
        (row,) = [line for line in page.splitlines() if line.startswith("| ") and plain(pair.measure) in plain(line)]
        assert plain(pair.ours) in plain(row) and plain(pair.published) in plain(row), pair.measure
        part = page.partition(f"\n### {pair.measure}\n")[2].partition("\n#")[0]
        for words in (pair.ours, pair.published, pair.by, pair.setting, pair.read, pair.remark):
            assert plain(words) in plain(part), pair.measure
        assert re.search(r"\d", pair.ours) and f"#{anchor(pair.place.section)})" in part


def test_every_lesson_has_a_published_number_or_says_why_not(pages):
    missing = {lesson.number for lesson, _ in published.without_numbers()}
    assert missing | {pair.place.lesson.number for pair in published.numbers()} == {
        lesson.number for lesson in lessons()
    }
    assert missing == {0}
    assert all(f"* Lesson {number:02d}: " in pages["our-numbers"] for number in missing)


def test_a_lesson_without_a_published_number_needs_a_reason_and_one_with_them_none(one_lesson):
    path = one_lesson / "source" / "05_variational" / published.FILE
    path.write_text(
        'no_numbers = "Nobody else has measured it."\n' + path.read_text(encoding="utf-8"), encoding="utf-8"
    )
    with pytest.raises(SourceError, match="or says in `no_numbers`"):
        published.without_numbers(one_lesson / "source")
    path.write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match="or says in `no_numbers`"):
        published.without_numbers(one_lesson / "source")
    path.write_text('no_numbers = "Nobody else has measured it."\n', encoding="utf-8")
    ((lesson, reason),) = published.without_numbers(one_lesson / "source")
    assert lesson.number == 5 and reason == "Nobody else has measured it."


# --- data cards ---


def test_every_data_file_belongs_to_a_card_that_tells_its_size(pages):
    page = pages["data"]
    said = re.findall(r"^\| size \| ([\d.]+ [kM]B), with the course \|$", page, flags=re.MULTILINE)
    assert len(said) == len(data_cards.cards()) >= 8
    for card, size in zip(data_cards.cards(), said, strict=True):
        files = re.findall(
            r"^\| `([^`]+)` \| [\d,]+ \| `[0-9a-f]{64}` \|$",
            re.split(rf"^## {card.name}$", data_cards.CARDS.read_text(encoding="utf-8"), flags=re.MULTILINE)[
                1
            ].partition("\n## ")[0],
            flags=re.MULTILINE,
        )
        real = sum((data_cards.CARDS.parent / name).stat().st_size for name in files)
        number, unit = size.split()
        assert real == pytest.approx(float(number) * {"kB": 1e3, "MB": 1e6}[unit], rel=0.03), card.name


def test_every_card_has_licence_source_split_and_the_lessons_that_use_it(pages):
    page = pages["data"]
    for lesson in lessons():
        for kind in READ:
            if kind not in kinds_of(lesson):
                continue
            file = lesson.folder / ("deeper.py" if kind == "deeper" else "lesson.py")
            for name in read(file).metadata["course"].get("data", []):
                part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
                assert re.search(r"^\| licence \| \S", part, re.MULTILINE), name
                assert re.search(r"^\| source \| \S", part, re.MULTILINE) and re.search(
                    r"^\| shape \| ", part, re.MULTILINE
                )
                words = f"lesson {lesson.number:02d}{' deeper' if kind == 'deeper' else ''}"
                assert f"[{words}]({path_of(lesson, kind).relative_to(ROOT).as_posix()})" in part


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("| licence | MIT", "| licences | MIT", "fashion_mnist has no row 'licence'"),
        ("## heads\n", "## faces\n", "no card for heads"),
        ("| `digits.png` |", "| digits.png |", None),
        ("a19de4452c5481ef1f1f5315b54a3588dedcb24525326c6088841501a4dc7ad3", "…", None),
    ],
)
def test_a_card_that_lacks_something_is_named(monkeypatch, tmp_path, old, new, message):
    path = tmp_path / "README.md"
    shutil.copy(data_cards.CARDS, path)
    changed(path, old, new)
    before = {card.name: card.size for card in data_cards.cards()}
    monkeypatch.setattr(data_cards, "CARDS", path)
    if message:
        with pytest.raises(SourceError, match=message):
            data_cards.cards.__wrapped__()
    else:  # a file that is not listed is missing from the size
        assert {card.name: card.size for card in data_cards.cards.__wrapped__()} != before


def test_the_pictures_of_the_cards_open_and_say_what_they_show(pages):
    from PIL import Image

    page = pages["data"]
    embedded = re.findall(r'<img class="samples" alt="([^"]{20,})" width="(\d+)" height="(\d+)" src="data:([^;]+);base64,([^"]+)">', page)  # fmt: skip
    for _, width, height, form, data in embedded:
        image = Image.open(BytesIO(base64.b64decode(data)))
        image.load()
        assert image.size == (int(width), int(height)) and Image.MIME[image.format] == form
    drawn = re.findall(r'<svg class="samples" role="img" aria-label="[^"]{20,}"', page)
    assert len(embedded) + len(drawn) == len(data_cards.DRAWN) == 6 and len(page) < 200_000
    assert set(data_cards.DRAWN) <= {card.name for card in data_cards.cards()}


# --- instructors ---


def test_the_notes_are_found_from_one_page_only_and_by_no_search(pages):
    notes = [path for path in pages if path.startswith("instructors/")]
    assert len(notes) >= len(lessons())
    for path in notes:
        assert pages[path].startswith("---\norphan: true\nnosearch: true\n---\n\n# ")
        assert "holds answers" in pages[path] or path.endswith("_more")
        assert "<!--" not in pages[path]
    assert "hold answers" in pages["instructors"].partition("##")[0] and not pages["instructors"].startswith("---")
    for path, text in pages.items():
        linked = "instructors/" in unfenced(text)
        assert not linked or path == "instructors", path
    for lesson in lessons():
        assert f"](instructors/{lesson.slug}.md)" in pages["instructors"]


def test_every_paragraph_of_the_notes_is_on_its_page(pages):
    for lesson in lessons():
        text = (lesson.folder / "instructor.md").read_text(encoding="utf-8")
        text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
        page = plain(pages[f"instructors/{lesson.slug}"])
        for paragraph in re.split(r"\n\s*\n", text):
            begins = re.match(r"\*\*([^*\n]+)\*\*", paragraph)  # in bold: the heading of the page's section
            if begins:
                assert f"## {begins[1].removesuffix('.')}\n" in pages[f"instructors/{lesson.slug}"], paragraph
            rest = paragraph[begins.end() :] if begins and begins[1].endswith(".") else paragraph
            assert plain(rest) in page, paragraph


def test_the_overview_has_the_minutes_of_the_headers_and_every_plan(pages):
    page = pages["instructors"]
    for lesson in lessons():
        minutes = read(lesson.folder / "lesson.py").metadata["course"]["minutes"]
        (row,) = [line for line in page.splitlines() if line.startswith(f"| [{lesson.number:02d} ")]
        assert row.split("|")[2].strip() == str(minutes)
        plan = re.search(
            r"\*\*Plan for .*?(?=\n\s*\n)", (lesson.folder / "instructor.md").read_text("utf-8"), re.DOTALL
        )
        assert plain(plan[0]) in plain(page)


def test_notes_without_a_plan_are_named(monkeypatch):
    whole = instructors._source

    def without_plan(lesson, name):
        text = whole(lesson, name)
        return text.replace("**Plan for", "**Idea for") if lesson.number == 3 else text

    monkeypatch.setattr(instructors, "_source", without_plan)
    with pytest.raises(SourceError, match=r"03_sparse/instructor\.md has no paragraph"):
        instructors.overview()


# --- reference ---


def test_everything_that_the_library_offers_is_described(pages):
    """By the names that it lists itself, for the packages that load quickly; by the syntax tree for the others."""
    import course_lib
    from course_lib import datasets, plots, referees

    for package in (datasets, plots, referees):
        short = package.__name__.split(".")[1]
        page = pages[f"reference/{short}"]
        offered = {
            n for n in dir(package) if not n.startswith("_") and inspect.getmodule(getattr(package, n)) is not None
        }
        for name in offered:
            value = getattr(package, name)
            ours = (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__.startswith(
                package.__name__
            )
            if ours:
                assert f"\n## {name}\n" in page, f"{short}.{name}"
    for name in course_lib.__all__:
        known = f"reference/{name}" in pages or f"\n## {name}\n" in pages["reference/course_lib"]
        assert known, name
    count = 0
    for path in sorted((ROOT / "course_lib").rglob("*.py")):
        room = path.relative_to(ROOT / "course_lib").parts
        if "judges" in room or (len(room) > 1 and room[0] != "classroom") or path.stem.startswith("_"):
            continue
        page = pages[f"reference/{room[0].removesuffix('.py') if len(room) == 1 else 'classroom'}"] if path.stem not in (
            "runtime", "crashes") else pages["reference/classroom"]  # fmt: skip
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert re.search(rf"^##+ {node.name}$", page, re.MULTILINE), f"{path.name}: {node.name}"
                count += 1
    assert count > 200


def test_signatures_and_descriptions_are_those_of_the_functions(pages):
    from course_lib import datasets, plots, referees, watermark

    checked = 0
    for package in (datasets, plots, referees, watermark):
        page = pages[f"reference/{package.__name__.split('.')[1]}"]
        for name, function in inspect.getmembers(package, inspect.isfunction):
            if not function.__module__.startswith(package.__name__) or name.startswith("_"):
                continue
            part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
            signature = re.search(r"```python\n(.*?)\n```", part, re.DOTALL)[1]
            tree = ast.parse(f"def {signature}: ...".replace("\n", " ")).body[0]
            arguments = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
            variable = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
            wanted = [p.name for p in inspect.signature(function).parameters.values() if p.kind not in variable]
            assert arguments == wanted, name
            summary = re.sub(r":\w+:(?=`)", "", inspect.getdoc(function).split("\n\n")[0])
            assert plain(summary) in plain(part), name
            lines, first = inspect.getsourcelines(function)
            assert f"lines {first} to {first + len(lines) - 1}</summary>" in part, name
            checked += 1
    assert checked > 70


def test_the_reference_shows_no_judge_and_its_sources_are_one_line_of_html_each(pages):
    for path, text in pages.items():
        if path.startswith("reference/"):
            assert "classroom/judges/" not in text
            for source in re.findall(r"^<details class=\"source\">.*$", text, re.MULTILINE):
                assert source.endswith("</details>") and source.count("<details") == 1
    assert reference.entry_of("datasets.own_ratings") == "reference/datasets.md"
    with pytest.raises(SourceError, match="offers no"):
        reference.entry_of("datasets.own_soup")


def test_what_lessons_use_leads_to_them(pages):
    def used(module: str, name: str) -> str:
        part = pages[f"reference/{module}"].partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        return "\n".join(re.findall(r"^Used in .*$", part, re.MULTILINE))

    assert used("losses", "kl_divergence") == "Used in [lesson 05](../notebooks/05_variational.ipynb)."
    assert used("training", "set_seed") == "Used in [every lesson](../lessons.md)."
    lines = [line for path in pages for line in re.findall(r"^Used in .*$", pages[path], re.MULTILINE)]
    assert len(lines) > 120
    assert not [line for line in lines if "exercises" in line or "solutions" in line], "that would give answers away"


@pytest.mark.parametrize(
    "code, names",
    [
        ("from course_lib import losses\nlosses.kl_divergence(a, b)", {"losses.kl_divergence"}),
        ("from course_lib import plots as p, claim\np.row(x)\nclaim(y)", {"plots.row", "claim"}),
        ("from course_lib.models import VAE\nVAE(2)", {"models.VAE"}),
        ("from course_lib import losses\nother.kl_divergence(a)", set()),
    ],
)
def test_the_names_that_code_uses_are_those_of_the_library(code, names):
    assert reference._used(ast.parse(code)) == names


DOCSTRING = """\
What it does, with ``code`` and *stress*: 2*x*y < 3.

    >>> f(1)
    2

Args:
    x, y: shape (n, k);
        in metres.
    sigma: a deviation: positive.

Returns:
    Shape (n,): the sum.

Raises:
    ValueError: if ``x`` is empty.

Source: somebody 1999, :func:`other`.
"""


def test_docstrings_keep_their_parts():
    parts = sections(DOCSTRING)
    assert [part.title for part in parts] == ["", "Args", "Returns", "Raises", ""]
    assert parts[1].items == (("x, y", "shape (n, k);\nin metres."), ("sigma", "a deviation: positive."))
    assert parts[2].text == "Shape (n,): the sum."
    assert markdown(parts[0].text) == (
        "What it does, with `code` and *stress*: 2\\*x\\*y \\< 3.\n\n```pycon\n>>> f(1)\n2\n```"
    )
    assert markdown(parts[4].text) == "Source: somebody 1999, `other`."


def test_something_public_without_a_docstring_is_named(monkeypatch):
    monkeypatch.setattr(reference.ast, "get_docstring", lambda node: "" if getattr(node, "name", "") == "row" else "x")
    with pytest.raises(SourceError, match=r"No docstring: plots\.row\b"):
        reference.modules.__wrapped__()


# --- how to cite, own data ---


def test_the_citation_is_that_of_the_file(pages):
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    page = pages["cite"]
    for field in ("title", "version", "license", "message"):
        assert str(cited[field]) in page
    assert page.count(cited["authors"][0]["name"]) == 2 and str(cited["date-released"])[:4] in page
    entry = re.search(r"```bibtex\n(@misc\{\w+,.*?\n\})\n```", page, re.DOTALL)[1]
    assert entry.count("{") == entry.count("}")


def test_a_citation_without_a_version_is_refused(monkeypatch):
    cited = citing.citation()
    del cited["version"]
    monkeypatch.setattr(citing.yaml, "safe_load", lambda text: cited)
    with pytest.raises(SourceError, match="lacks version"):
        citing.text()


def test_own_data_has_readmes_loaders_and_the_cards_of_the_last_five_lessons(pages):
    page = pages["own-data"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Your own data")[2].partition("\n## ")[0]
    loaders = re.findall(r"`datasets\.(\w+)\(", readme)
    assert len(loaders) >= 7
    for loader in loaders:
        assert re.search(rf"\[`datasets\.{loader}\([^`]*`\]\(reference/datasets\.md#{loader}\)", page), loader
    shown = [lesson for lesson in lessons() if lesson.number >= 6]
    assert len(shown) == 5
    for lesson in shown:
        source = (lesson.folder / "lesson.py").read_text(encoding="utf-8")
        card = source.partition("# ## On your own data\n")[2].partition("\n# ## ")[0]
        rows = [line.removeprefix("# ") for line in card.splitlines() if line.startswith("# |") and "---" not in line]
        assert len(rows) >= 5
        for row in rows:
            assert plain(row).strip("| ") in plain(page), lesson.slug


def test_a_loader_that_readme_names_and_the_library_lacks_is_named(monkeypatch):
    section = own_data._section_of_readme()
    monkeypatch.setattr(own_data, "_section_of_readme", lambda: section.replace("own_vectors(", "own_arrows("))
    with pytest.raises(SourceError, match="own_arrows"):
        own_data.text()


@pytest.mark.parametrize("lesson", lessons(), ids=str)
def test_a_plan_has_as_many_minutes_as_it_says(lesson):
    notes = (lesson.folder / "instructor.md").read_text(encoding="utf-8")
    (promised, plan), *others = instructors.PLAN.findall(notes)
    minutes = [int(number) for number in re.findall(r"\((\d+)[,)]", plan)]
    assert not others and sum(minutes) == int(re.search(r"\d+", promised)[0]), minutes


def test_a_plan_leaves_its_exercises_the_minutes_that_they_are_printed_with():
    planned = []
    for lesson in lessons():
        minutes = {name: task.minutes for task in tasks(lesson) for name in task.names}
        plan = instructors.PLAN.search((lesson.folder / "instructor.md").read_text(encoding="utf-8"))[2]
        named = re.findall(r"exercises? ((?:`\w+`[, and]*)+(?:a start on `\w+` )?)\((\d+)\)", " ".join(plan.split()))
        for names, given in named:
            whole = re.findall(r"`(\w+)`", names.split("a start on")[0])
            assert whole and sum(minutes[name] for name in whole) <= int(given), (names, given)
            planned.append(lesson)
    assert len(planned) >= 8, "the plans say it in other words by now"


def test_a_set_is_said_to_be_used_wherever_it_is_loaded():
    digits = next(card for card in data_cards.cards() if card.name == "digits")
    assert {(lesson.slug[:2], kind) for lesson, kind in digits.used} >= {
        ("02", "deeper"),
        ("05", "deeper"),
        ("00", "notebooks"),
    }


def test_the_licences_of_all_sets_stand_in_one_table():
    page = data_cards.text().split("\n## ")[0]
    for card in data_cards.cards():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| [{card.name}]")]
        licence = row.split("|")[2].strip()
        assert 2 < len(licence) < 90 and dict(card.facts)["licence"].startswith(licence.split(";")[0]), row
