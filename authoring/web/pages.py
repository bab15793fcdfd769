"""What a notebook becomes on its way to the web version: the same cells, with links, anchors and pictures that a page needs.

Nothing here runs a cell or writes into the notebooks of the repository: each function takes a notebook as it is stored and
returns, or changes, a copy that lies below ``build/``.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import itertools
import posixpath
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

import nbformat
from nbformat.v4 import new_markdown_cell

from authoring.derive import OVERVIEW, WAY, elsewhere
from authoring.source import Lesson, SourceError, read
from authoring.web.collect.glossary import link_terms
from authoring.web.guesses import make_choosable
from course_lib.classroom.explorers import EXPLORERS, HERE

PLAY = "play"  # the anchor of the explorer in a lesson
FIGURES = "_figures"  # the folder of the site that takes the pictures out of the notebooks

_HEADING = re.compile(r"^(#{1,6}) +(.+?) *#* *$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"(\]\()([^()\s]*)(#[^()\s]*)(\))")
_TASK = re.compile(r"^(?P<title>## .+?) (?P<stars>★{1,3}) · (?P<rest>\d+ minutes · \w+)$", re.MULTILINE)
_PICTURE = re.compile(r'<img src="data:image/png;base64,(?P<data>[^"]+)" alt="(?P<alt>[^"]*)" width="(?P<width>\d+)">')
_CAPTION = re.compile(
    r'(?P<before>alt="(?P<alt>[^"]*)"[^>]*><figcaption>)(?P<caption>.+?)(?P<after><br>|</figcaption>)'
)
_DATA = re.compile(r"^\*\*Data:\*\* (?P<names>.+), all on your disk already\.$", re.MULTILINE)
_TO_LESSON = re.compile(r"^The lesson: \[\w+\]\(\.\./notebooks/\w+\.ipynb\)\n*", re.MULTILINE)
_ALL_SOLUTIONS = re.compile(r"<details><summary>Solutions</summary>\n\n.*\[\w+\](?P<to>\(\.\./solutions/\w+\.ipynb\))")
_TO_PRACTICE = re.compile(r"^Exercises: \[\w+\](?=\(\.\./exercises/)", re.MULTILINE)
_ADDRESS = re.compile(r"""(?P<before>\s(?:src|href|poster)\s*=\s*)(?P<quote>["'])(?P<to>[^"']*)(?P=quote)""")
_EXPLORER_TITLE = re.compile(r'<figcaption class="explorer-title"[^>]*>([^<]+)</figcaption>')
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|/|#|$)", re.IGNORECASE)


# ----- headings and anchors


def headings(text: str) -> Iterator[tuple[int, int, str]]:
    """The headings of Markdown: number of the line, level, text. Lines inside fences are code."""
    fence = ""
    for number, line in enumerate(text.splitlines()):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (found := _HEADING.match(line)):
            yield number, len(found[1]), found[2]


def anchor(heading: str) -> str:
    """The anchor that the site gives a heading: small letters, hyphens for spaces, no other punctuation."""
    kept = re.sub(r"[^\w\u4e00-\u9fff\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def with_site_anchors(text: str, where: str, headings_of: Callable[[str], list[str]]) -> str:
    """Markdown whose links to headings have the site's anchors instead of JupyterLab's.

    Args:
        text: Markdown of one cell.
        where: path of its notebook, such as ``notebooks/08_embeddings.ipynb``.
        headings_of: gives the headings of a notebook, by its path.

    Raises:
        SourceError: if a link names a heading that its notebook does not have.
    """

    def mended(found: re.Match) -> str:
        before, path, wanted, after = found.groups()
        if _ELSEWHERE.match(path) and path:
            return found[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(where), path)) if path else where
        if not target.endswith(".ipynb"):
            return found[0]
        name = _bare(unquote(wanted[1:]))
        for heading in headings_of(target):
            if _bare(heading) == name:
                return f"{before}{path}#{anchor(heading)}{after}"
        raise SourceError(f"{where} links to {path or 'itself'}{wanted}, and {target} has no such heading.")

    return _LINK.sub(mended, text)


def _bare(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading).lower()


def split_at_headings(cells: list) -> list:
    """The cells, with a Markdown cell that holds several headings cut before each of them."""
    made = []
    for cell in cells:
        lines = cell.source.splitlines()
        starts = [number for number, _, _ in headings(cell.source)] if cell.cell_type == "markdown" else []
        cuts = [0, *(number for number in starts if number), len(lines)]
        if len(cuts) == 2:
            made.append(cell)
            continue
        for start, end in itertools.pairwise(cuts):
            piece = copy.deepcopy(cell)
            piece.source = "\n".join(lines[start:end]).strip("\n")
            piece["id"] = f"{cell.get('id', '')}-{start}"
            made.append(piece)
    return made


def end_of_section(cells: list, heading: str, where: str) -> int:
    """The place in ``cells``, cut at headings, behind the last cell of a section.

    Raises:
        SourceError: if there is no such heading.
    """
    level = 0
    for place, cell in enumerate(cells):
        for _, this_level, text in headings(cell.source) if cell.cell_type == "markdown" else ():
            if level and this_level <= level:
                return place
            if text == heading:
                level = this_level
    if not level:
        raise SourceError(f"{where} has no heading {heading!r}, behind whose section an explorer should stand.")
    return len(cells)


# ----- pictures


@dataclass
class Figures:
    """Pictures taken out of notebooks, by the name of their file: they load when the reader comes near them."""

    files: dict[str, bytes] = field(default_factory=dict)

    def moved(self, page: str, folder: str) -> str:
        """HTML whose embedded PNG pictures are files, with their size, so that nothing jumps when they arrive.

        Args:
            page: HTML of one output.
            folder: address of the pictures' folder from the page, such as ``../_figures``.
        """

        def mended(found: re.Match) -> str:
            data = base64.b64decode(found["data"])
            name = f"{hashlib.sha256(data).hexdigest()[:16]}.png"
            self.files[name] = data
            wide, high = struct.unpack(">II", data[16:24])  # the first chunk of a PNG: its size in pixels
            width = int(found["width"])
            height = round(high * width / wide)
            return (
                f'<img src="{folder}/{name}" alt="{found["alt"]}" width="{width}" height="{height}" '
                'loading="lazy" decoding="async">'
            )

        return _CAPTION.sub(_heard_once, _PICTURE.sub(mended, page))


def _heard_once(found: re.Match) -> str:
    """The caption of a figure, for the eye alone where the text of its picture says the same, and mostly more."""
    caption = found["caption"]
    if html.unescape(found["alt"]).startswith(html.unescape(caption)):
        caption = f'<span aria-hidden="true">{caption}</span>'
    return f"{found['before']}{caption}{found['after']}"


# ----- explorers


def embedded(fragment: str, page: str) -> str:
    """An explorer's fragment as Markdown of a page, its addresses as ``seen_from`` writes them."""
    return raw(seen_from(fragment, page))


def seen_from(fragment: str, page: str) -> str:
    """An explorer's fragment whose addresses, relative to ``explorers/``, are those from a page.

    Args:
        fragment: HTML, as in ``site/explorers/NAME.html``.
        page: path of the page, such as ``notebooks/05_variational``.
    """
    here = posixpath.dirname(page) or "."

    def mended(found: re.Match) -> str:
        to = found["to"]
        if not _ELSEWHERE.match(to):
            to = posixpath.relpath(posixpath.join("explorers", to), here)
        return f"{found['before']}{found['quote']}{to}{found['quote']}"

    return _ADDRESS.sub(mended, fragment)


def explorer_page(text: str, fragment: str, name: str) -> str:
    """The page of an explorer: its Markdown, with the fragment in place of the line ``HERE``.

    Raises:
        SourceError: if the Markdown lacks the line.
    """
    if text.count(HERE) != 1:
        raise SourceError(f"site/explorers/{name}.md needs one line {HERE}, which the explorer replaces.")
    return with_metadata(text.replace(HERE, embedded(fragment, f"explorers/{name}")), explorer=name)


def raw(page: str) -> str:
    """HTML as Markdown that the site passes on as it is."""
    return f"``````````{{raw}} html\n{page.strip()}\n``````````"


def with_metadata(text: str, **metadata: str) -> str:
    """Markdown with entries added to its front matter."""
    lines = "".join(f"{name}: {value}\n" for name, value in metadata.items())
    if text.startswith("---\n"):
        return f"---\n{lines}{text[4:]}"
    return f"---\n{lines}---\n\n{text}"


# ----- notebooks

TO_JUPYTERLAB = "Read it here, [run it in JupyterLab](../jupyterlab.md), or [run it elsewhere](../elsewhere.md)."
ALL_SOLUTIONS = '<details class="solution"><summary>All solutions of this lesson</summary>\n\n'
TO_CHECK = (
    "The lesson: [{title}](../notebooks/{slug}.ipynb). Here you read the tasks; "
    "[in JupyterLab](../jupyterlab.md) you write your answers and have them checked."
)


def page_of(
    notebook: nbformat.NotebookNode,
    lesson: Lesson,
    kind: str,
    *,
    headings_of: Callable[[str], list[str]],
    figures: Figures,
    fragments: dict[str, str],
) -> nbformat.NotebookNode:
    """The notebook of a page of the site.

    Args:
        notebook: as it is stored.
        lesson: the lesson that it belongs to.
        kind: "notebooks", "deeper", "exercises" or "solutions".
        headings_of: gives the headings of a notebook, by its path.
        figures: takes the pictures out of it.
        fragments: the explorers' HTML, by their names.
    """
    made = copy.deepcopy(notebook)
    # Each page leads to the ones before and behind it at its foot, and to all lessons in its frame.
    made.cells = [cell for cell in made.cells if cell.metadata.get("course", {}).get("role") != WAY]
    for cell in made.cells:
        cell.source = cell.source.replace(f"(../{OVERVIEW})", "(../lessons.md)")
    folder = "notebooks" if kind == "deeper" else kind
    page = f"{folder}/{lesson.slug}{'_deeper' if kind == 'deeper' else ''}"
    title = headings_of(f"notebooks/{lesson.slug}.ipynb")[0]
    made.cells[0].source = _first_for_the_web(made.cells[0].source, title)
    for cell in made.cells:
        cell.source = _ALL_SOLUTIONS.sub(rf"{ALL_SOLUTIONS}[{title}: solutions]\g<to>", cell.source)
    texts = [cell for cell in made.cells if cell.cell_type == "markdown"]
    for cell, linked in zip(texts, link_terms([cell.source for cell in texts], lesson.number), strict=True):
        cell.source = linked
    made.cells = split_at_headings(made.cells)
    make_choosable(made)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = with_site_anchors(cell.source, f"{page}.ipynb", headings_of)
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output["data"]["text/html"] = figures.moved(output["data"]["text/html"], f"../{FIGURES}")
    if kind == "notebooks":
        made.metadata["description"] = read(lesson.folder / "lesson.py").metadata["course"]["summary"]
        _embed_explorers(made, lesson, page, fragments)
        _add_contents(made, lesson)
    elif kind == "exercises":
        _shorten_headings(made)
        _link_solutions(made, lesson)
    elif kind == "solutions":
        _mark_solutions(made, lesson)
        _shorten_headings(made)
    if kind != "solutions":
        last = TO_CHECK if kind == "exercises" else TO_JUPYTERLAB
        made.cells[0].source += "\n\n" + last.format(title=title, slug=lesson.slug)
    return made


def _first_for_the_web(text: str, title: str) -> str:
    """The first cell of a notebook without what only its file needs, and with names where it has those of files.

    Args:
        text: the cell, as it is stored.
        title: that of the lesson.

    Raises:
        SourceError: if the cell does not say what to do outside of the course's folder, which a page says in other words.
    """
    said = "\n".join(elsewhere())
    if said not in text:
        raise SourceError(f"{title}: the first cell is not the one that authoring/derive.py writes.")
    text = _TO_LESSON.sub("", text.replace(said, ""))
    text = _TO_PRACTICE.sub(f"Exercises: [{title}: exercises]", text)
    return _DATA.sub(_to_cards, text).rstrip()


def _to_cards(found: re.Match) -> str:
    names = re.sub(r"`(\w+)`", r"[`\1`](../data.md#\1)", found["names"])
    return f"**Data:** {names}, shipped with the course."


def _embed_explorers(made: nbformat.NotebookNode, lesson: Lesson, page: str, fragments: dict[str, str]) -> None:
    for name, (slug, heading) in EXPLORERS.items():
        if slug == lesson.slug and name in fragments:
            place = end_of_section(made.cells, heading, page)
            # A figure that can be focused: who jumps to it goes on from there with the Tab key.
            reached = fragments[name].replace("<figure ", f'<figure id="{PLAY}" tabindex="-1" ', 1)
            made.cells.insert(place, new_markdown_cell(embedded(reached, page)))
            made.metadata["explorer"] = name
            title, first, *rest = made.cells[0].source.split("\n\n")
            link = raw(_to_explorer(fragments[name], lesson))
            made.cells[0].source = "\n\n".join([title, first, link, *rest])


def _to_explorer(fragment: str, lesson: Lesson) -> str:
    """A link from below the minutes at the head of a lesson to the explorer in it, by its title.

    Raises:
        SourceError: if the fragment has none.
    """
    title = _EXPLORER_TITLE.search(fragment)
    if not title:
        raise SourceError(f'The explorer of {lesson.slug} has no title: <figcaption class="explorer-title" …>.')
    return f'<p class="course-play">Play with it: <a href="#{PLAY}">{title[1]}</a></p>'


def _add_contents(made: nbformat.NotebookNode, lesson: Lesson) -> None:
    """What stands below a lesson in the navigation: its exercises and the second reading."""
    below = [f"Exercises </exercises/{lesson.slug}>"] if lesson.has_exercises else []
    below += [f"Deeper </notebooks/{lesson.slug}_deeper>"] if lesson.has_deeper else []
    made.cells.append(new_markdown_cell(contents(below)))


def contents(pages: list[str]) -> str:
    """A table of contents that only the navigation shows."""
    return "\n".join(["```{toctree}", ":hidden:", "", *pages, "```"])


def _shorten_headings(made: nbformat.NotebookNode) -> None:
    """Below the heading of an exercise, not in it, stand its stars, minutes and kind: the page's contents stay short."""
    for cell in made.cells:
        if cell.metadata.get("course", {}).get("role") == "task":
            cell.source = _TASK.sub(_kind_below, cell.source, count=1)


def _kind_below(found: re.Match) -> str:
    stars = found["stars"]
    described = f'<span role="img" aria-label="Difficulty {len(stars)} of 3">{stars}</span>'
    return f'{found["title"]}\n\n{raw(f"""<p class="exercise-kind">{described} · {found["rest"]}</p>""")}'


def _link_solutions(made: nbformat.NotebookNode, lesson: Lesson) -> None:
    """Behind each check a folded link to the solution: its text is on another page, so that no search shows it."""
    cells = []
    for cell in made.cells:
        cells.append(cell)
        course = cell.metadata.get("course", {})
        if course.get("role") == "check":
            name = course["exercise"]
            address = f"../solutions/{lesson.slug}.html#{solution_anchor(name)}"
            link = f'<a href="{address}">Our solution of <code>{html.escape(name)}</code></a>'
            cells.append(
                new_markdown_cell(raw(f'<details class="solution"><summary>Solution</summary><p>{link}</p></details>'))
            )
    made.cells = cells


def solution_anchor(exercise: str) -> str:
    """The anchor of an exercise on the page of solutions; only letters that Sphinx leaves as they are."""
    return f"solution-{exercise.lower().replace('_', '-')}"


def _mark_solutions(made: nbformat.NotebookNode, lesson: Lesson) -> None:
    """Solutions are found from their exercise only: in no navigation and in no search."""
    made.metadata["orphan"] = True
    made.metadata["nosearch"] = True
    for cell in made.cells:
        course = cell.metadata.get("course", {})
        if course.get("role") == "task":
            cell.source = f"({solution_anchor(course['exercise'])})=\n{cell.source}"
