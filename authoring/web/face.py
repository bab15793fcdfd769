"""The landing page: ``python -m authoring face`` makes what it shows, ``landing`` puts it into ``site/index.md``.

``site/index.md`` is written by hand, with marks where something is collected:

* ``{{claims}}``, ``{{exercises}}``, ``{{wrong_answers}}``: numbers of the course, counted in its source;
* ``<!-- picture -->``: the still of the explorer *A space to sample from*, and that explorer where it is built;
* ``<!-- explorers -->``: links to the explorers that are built;
* ``<!-- lessons -->``: a card for each lesson.

The pictures and the numbers are committed (``site/_static/pictures/``, ``authoring/web/face.json``), so that the site is made
without Keras, which the banks of wrong answers load. Tests compare both with what they are made from.
"""

from __future__ import annotations

import ast
import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from authoring.derive import tasks
from authoring.source import ROOT, Lesson, SourceError, lessons, read
from authoring.web.cards import CARDS, STILL, STILL_CAPTION, CardPicture
from authoring.web.pages import EXPLORERS, raw, seen_from

PICTURES = "site/_static/pictures"
NUMBERS = "authoring/web/face.json"
LIVE = "space"  # the explorer that takes the place of the still
LARGEST = 40_000  # bytes of a picture

_COURSE_ROW = re.compile(r"^\| *(?P<number>\d\d) [^|]*\| *(?P<question>[^|]+\?) *\|", re.MULTILINE)
_PATH = re.compile(r"\*\*(?P<time>[^*:]+):\*\* (?P<what>.+?)(?= \*\*|\n\*\*|\Z)", re.DOTALL)
_EMPHASIS = re.compile(r"\*([^*]+)\*")


@dataclass(frozen=True)
class Card:
    """What the landing page says of a lesson.

    Attributes:
        lesson: the lesson.
        title: from its header.
        question: what it answers, from the table in lesson 00.
        minutes: for the lesson alone, from its header.
        core: minutes for its core exercises.
        deeper: minutes for its second notebook; None where there is none.
    """

    lesson: Lesson
    title: str
    question: str
    minutes: int
    core: int
    deeper: int | None


# ----- collected


def cards(of: list[Lesson] | None = None) -> list[Card]:
    """A card for each lesson, from the headers, the headings of the exercises and the table in lesson 00.

    Raises:
        SourceError: if a lesson has no question or no picture.
    """
    found = of or lessons()
    asked = questions(found)
    made = []
    for lesson in found:
        if lesson.number not in asked:
            raise SourceError(f"{lesson.slug}: the table *The course* in lesson 00 has no question for it.")
        if lesson.slug not in CARDS:
            raise SourceError(f"{lesson.slug}: authoring/web/cards.py has no picture for it.")
        header = read(lesson.folder / "lesson.py").metadata["course"]
        made.append(
            Card(
                lesson,
                header["title"],
                asked[lesson.number],
                int(header["minutes"]),
                sum(task.minutes for task in tasks(lesson) if task.core),
                _deeper_minutes(lesson),
            )
        )
    return made


def questions(of: list[Lesson]) -> dict[int, str]:
    """By a lesson's number: its question in lesson 00's table *The course*. Lesson 00 itself asks its first guess."""
    first = of[0].folder / "lesson.py"
    cells = read(first).cells
    asked = {int(row["number"]): row["question"] for cell in cells for row in _COURSE_ROW.finditer(cell.source)}
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    guesses = [
        node.args[1].value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "guess"
        and isinstance(node.args[1], ast.Constant)
    ]
    return {of[0].number: guesses[0], **asked} if guesses else asked


def paths(of: list[Lesson] | None = None) -> list[tuple[str, str]]:
    """The ways through the course as lesson 00 lists them: how much time, and what to do in it.

    Raises:
        SourceError: if lesson 00 lists none.
    """
    first = (of or lessons())[0]
    for cell in read(first.folder / "lesson.py").cells:
        for paragraph in cell.source.split("\n\n"):
            found = [(way["time"], " ".join(way["what"].split())) for way in _PATH.finditer(paragraph)]
            if len(found) > 1 and paragraph.startswith("**A full day:**"):
                return found
    raise SourceError(f"{first.slug}: no paragraph lists the ways through the course, from `**A full day:**` on.")


def count() -> dict[str, int]:
    """The numbers of the landing page, counted: claims in the notebooks that are read, exercises, and wrong answers in the banks.

    Loads every bank of wrong answers, and with them Keras.
    """
    from authoring import bank
    from authoring.reading import claims

    of = lessons()
    texts = [one.folder / name for one in of for name in ("lesson.py", "deeper.py")]
    cells = [cell for text in texts if text.is_file() for cell in read(text).cells]
    return {
        "claims": sum(claims(cell.source) for cell in cells if cell.cell_type == "code"),
        "exercises": sum(len(tasks(one)) for one in of),
        "wrong_answers": sum(len(bank.wrong_answers(one)) for one in of if one.has_exercises),
    }


def _deeper_minutes(lesson: Lesson) -> int | None:
    return int(read(lesson.folder / "deeper.py").metadata["course"]["minutes"]) if lesson.has_deeper else None


# ----- what is committed


def face(root: Path = ROOT) -> int:
    """Make the pictures and count the numbers; prints what changed, returns 0."""
    from authoring.web.readme_picture import write

    for name, picture in pictures().items():
        _write(root / PICTURES / name, encoded(picture, root), root)
    _write(root / NUMBERS, (json.dumps(count(), indent=2) + "\n").encode(), root)
    for path, content in write(root).items():
        _write(path, content, root)
    return 0


def pictures() -> dict[str, CardPicture]:
    """The pictures of the landing page by the names of their files."""
    return {**{f"{slug}.webp": picture for slug, picture in CARDS.items()}, f"{LIVE}.webp": STILL}


def encoded(picture: CardPicture, root: Path = ROOT) -> bytes:
    """A picture as WebP: exact, or with losses that nobody sees, whichever is smaller.

    Raises:
        SourceError: if it weighs too much for the landing page.
    """
    image = picture.make(root)
    made = []
    for options in ({"lossless": True}, {"quality": 85}):
        buffer = io.BytesIO()
        image.save(buffer, "webp", method=6, **options)
        made.append(buffer.getvalue())
    smaller = min(made, key=len)
    if len(smaller) > LARGEST:
        raise SourceError(
            f"A picture of the landing page weighs {len(smaller)} bytes, more than {LARGEST}: {picture.alt}"
        )
    return smaller


def _write(path: Path, content: bytes, root: Path) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{path.relative_to(root).as_posix()}: {len(content) / 1000:.1f} kB")


# ----- the page


def landing(text: str, root: Path = ROOT, fragment: str | None = None) -> str:
    """The Markdown of the landing page with everything collected in its place.

    Args:
        text: ``site/index.md``.
        root: the checkout.
        fragment: HTML of the explorer that takes the still's place; None if it is not built yet.

    Raises:
        SourceError: if a mark is missing, or one is left that nothing fills.
    """
    numbers = json.loads((root / NUMBERS).read_text(encoding="utf-8"))
    written: dict[str, Callable[[], str]] = {
        **{f"{{{{{name}}}}}": f"{number:,}".__str__ for name, number in numbers.items()},
        "<!-- picture -->": lambda: raw(_picture(root, fragment)),
        "<!-- explorers -->": lambda: raw(_explorers(root)),
        "<!-- lessons -->": lambda: raw(_cards(root)),
    }
    for mark in written:
        if mark not in text:
            raise SourceError(f"site/index.md lacks {mark}, where something is collected (see authoring/web/face.py).")
    for mark in re.findall(r"\{\{\w+\}\}", text):
        if mark not in written:
            raise SourceError(f"site/index.md: nothing fills {mark}; there are {', '.join(written)}.")
    for mark, content in written.items():
        text = text.replace(mark, content())
    return text


def _picture(root: Path, fragment: str | None) -> str:
    """The still; with an explorer, a template of it that takes the still's place where JavaScript runs."""
    still = f"""<div class="front-picture" id="front-picture">
<figure>
{_image(f"{LIVE}.webp", STILL, root, lazy=False)}
<figcaption>{html.escape(STILL_CAPTION)}</figcaption>
</figure>
</div>"""
    if not fragment:
        return still
    return f"""{still}
<template id="front-live">
{seen_from(fragment, "index").strip()}
<p class="front-hint">Drag the point, or move it with the arrow keys: the decoder draws what lies there.</p>
</template>
<script>
  // A page opened from a file cannot run networks: there the still stays.
  if (location.protocol !== "file:") {{
    document.getElementById("front-picture").replaceChildren(document.getElementById("front-live").content);
  }}
</script>"""


def explorer_cards(names: list[str], root: Path = ROOT) -> str:
    """A card for each explorer, for the page that lists them: title, the picture of its lesson, and how its page begins.

    Raises:
        SourceError: if an explorer's page does not begin with its title and a paragraph.
    """
    items = []
    for name in names:
        slug, title = EXPLORERS[name][0], _title_of_explorer(name, root)
        picture = (f"{LIVE}.webp", STILL) if name == LIVE else (f"{slug}.webp", CARDS[slug])
        items.append(f"""<li class="lesson-card">
<h2><a href="{name}.html">{html.escape(title)}</a></h2>
{_image(*picture, root, to_root="../")}
<p class="lesson-question">{html.escape(_beginning_of_explorer(name, root))}</p>
<p class="lesson-more">From <a href="../notebooks/{slug}.html">lesson {slug[:2]}</a></p>
</li>""")
    return raw('<ul class="lesson-cards explorer-cards" role="list">\n' + "\n".join(items) + "\n</ul>")


def _page_of_explorer(name: str, root: Path) -> Path:
    return root / "site" / "explorers" / f"{name}.md"


def _title_of_explorer(name: str, root: Path) -> str:
    title = re.search(r"^# +(.+)$", _page_of_explorer(name, root).read_text(encoding="utf-8"), re.MULTILINE)
    if not title:
        raise SourceError(f"site/explorers/{name}.md has no title.")
    return title[1]


def _beginning_of_explorer(name: str, root: Path) -> str:
    """The first sentences of an explorer's page, up to its first question; two where its first paragraph asks nothing."""
    paragraphs = _page_of_explorer(name, root).read_text(encoding="utf-8").split("\n\n")
    first = next((" ".join(text.split()) for text in paragraphs if text[:1].isalpha()), None)
    if first is None:
        raise SourceError(f"site/explorers/{name}.md does not begin with a paragraph.")
    sentences = re.split(r"(?<=[.?]) ", first.replace("**", ""))
    asked = next((place for place, sentence in enumerate(sentences) if sentence.endswith("?")), 1)
    return " ".join(sentences[: asked + 1])


def _explorers(root: Path) -> str:
    """Links to the explorers whose pages exist, by the titles of these pages; nothing where there is none."""
    there = [name for name in EXPLORERS if _page_of_explorer(name, root).is_file()]
    links = [f'<a href="explorers/{name}.html">{html.escape(_title_of_explorer(name, root))}</a>' for name in there]
    return f'<p class="front-explorers">Play: {" ".join(links)}</p>' if links else "<!-- no explorer is built -->"


def _cards(root: Path) -> str:
    items = [*(_card(card, root) for card in cards()), _paths()]
    return '<ul class="lesson-cards" role="list">\n' + "\n".join(items) + "\n</ul>"


def _paths() -> str:
    """A last card, without a lesson: the ways through the course."""
    said = ((html.escape(time), _EMPHASIS.sub(r"<em>\1</em>", html.escape(what))) for time, what in paths())
    rows = "\n".join(f"<dt>{time}</dt><dd>{what}</dd>" for time, what in said)
    return f"""<li class="lesson-card lesson-paths">
<h3>How far, in which time</h3>
<dl>
{rows}
</dl>
</li>"""


def _card(card: Card, root: Path) -> str:
    slug, number = card.lesson.slug, f"{card.lesson.number:02d}"
    of_lesson = f'<span class="course-unseen"> of lesson {number}</span>'
    more = []
    if card.lesson.has_exercises:
        more.append(f'<a href="exercises/{slug}.html">Exercises{of_lesson}</a>')
    if card.deeper is not None:
        more.append(f'<a href="notebooks/{slug}_deeper.html">Deeper{of_lesson}</a> {card.deeper} min')
    with_core = f" + {card.core} min exercises" if card.core else ""
    return f"""<li class="lesson-card">
<h3><a href="notebooks/{slug}.html"><span class="lesson-number">{number}</span> {html.escape(card.title)}</a></h3>
{_image(f"{slug}.webp", CARDS[slug], root)}
<p class="lesson-question">{html.escape(card.question)}</p>
<p class="lesson-minutes">{card.minutes} min{with_core}</p>
<p class="lesson-more">{" · ".join(more)}</p>
</li>"""


def _image(name: str, picture: CardPicture, root: Path, *, lazy: bool = True, to_root: str = "") -> str:
    """An image with its size, so that nothing jumps when it arrives; ``to_root`` leads from its page to the site's top.

    Raises:
        SourceError: if its file is missing.
    """
    path = root / PICTURES / name
    if not path.is_file():
        raise SourceError(f"{PICTURES}/{name} is missing: run `python -m authoring face`.")
    with Image.open(path) as image:
        width, height = image.size
    kind = ' class="plot"' if picture.plot else ""
    waits = ' loading="lazy" decoding="async"' if lazy else ""
    return (
        f'<img{kind} src="{to_root}_static/pictures/{name}" alt="{html.escape(picture.alt)}" '
        f'width="{width // 2}" height="{height // 2}"{waits}>'
    )
