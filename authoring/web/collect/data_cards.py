"""The data cards: what each data set is, from ``course_lib/data/README.md``, with the lessons that use it and a picture of it.

The picture of a set is drawn from its own files when the site is built, tiles of samples or lines without labels, and stands in the page
itself; its alternative text says what it shows.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from authoring.source import ROOT, Lesson, SourceError, lessons, read
from authoring.web.collect.places import anchor, in_short, link, page_of
from authoring.web.collect.reference import users

CARDS = ROOT / "course_lib" / "data" / "README.md"
PAGE = "data.md"
INTRODUCTION = """\
The lessons run on data that come with the course, so nothing is downloaded and everybody computes with the same numbers. Each set keeps its own licence. What is known to be wrong with a set stands in its card, too: read it before you conclude anything from one.
"""
NO_SETS = {"How images are stored"}  # sections of the file that describe no set


@dataclass(frozen=True)
class Card:
    """A data set as its card describes it.

    Attributes:
        name: as ``course_lib.datasets`` calls it.
        about: what it is, in Markdown.
        facts: the rows of its first table, such as ``("licence", "MIT …")``.
        size: bytes of its files together.
        more: the rest of the card in Markdown, tables of files and hashes left out.
        used: the notebooks that name it in their header or load it, as pairs of lesson and kind.
    """

    name: str
    about: str
    facts: tuple[tuple[str, str], ...]
    size: int
    more: str
    used: tuple[tuple[Lesson, str], ...]


@functools.cache
def cards() -> tuple[Card, ...]:
    """All cards, those first that the lessons use first.

    Raises:
        SourceError: if a lesson uses a set that has no card, or a card lacks its table, licence or source.
    """
    parts = re.split(r"^## (.+)$", CARDS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    sections = {name: body for name, body in zip(parts[::2], parts[1::2], strict=True) if name not in NO_SETS}
    used: dict[str, list[tuple[Lesson, str]]] = {}
    for lesson in lessons():
        for kind, file in (("notebooks", "lesson.py"), ("deeper", "deeper.py")):
            if (lesson.folder / file).is_file():
                named = read(lesson.folder / file).metadata["course"].get("data", [])
                loaded = [name for name in sections if (lesson, kind) in users().get(f"datasets.{name}", ())]
                for name in dict.fromkeys([*named, *loaded]):
                    used.setdefault(name, []).append((lesson, kind))
    if missing := used.keys() - sections.keys():
        raise SourceError(f"{CARDS.name} has no card for {', '.join(sorted(missing))}, which lessons use.")
    order = [*used, *(name for name in sections if name not in used)]
    return tuple(_card(name, sections[name], tuple(used.get(name, ()))) for name in order)


def _card(name: str, body: str, used: tuple[tuple[Lesson, str], ...]) -> Card:
    about, _, rest = body.strip().partition("\n\n| | |\n|---|---|\n")
    table, _, rest = rest.partition("\n\n")
    facts: list[tuple[str, str]] = []
    for row in table.splitlines():
        what, value = (part.strip() for part in row.strip().strip("|").split("|", 1))
        if what:
            facts.append((what, value))
        else:  # a further line of the row above
            facts[-1] = (facts[-1][0], f"{facts[-1][1]}; {value}")
    for needed in ("shape", "source", "licence"):
        if needed not in dict(facts):
            raise SourceError(f"{CARDS.name}: the card of {name} has no row {needed!r}.")
    files = re.findall(r"^\| `[^`]+` \| ([\d,]+) \| `[0-9a-f]{64}` \|$", rest, flags=re.MULTILINE)
    if not files:
        raise SourceError(f"{CARDS.name}: the card of {name} lists no file with its bytes and SHA-256.")
    blocks = [block for block in re.split(r"\n{2,}", rest) if block.strip()]
    kept = [block for block in blocks if not re.search(r"`[0-9a-f]{64}`", block)]
    size = sum(int(number.replace(",", "")) for number in files)
    return Card(name, about, tuple(facts), size, "\n\n".join(kept), used)


def text() -> str:
    """The page with all cards."""
    lines = ["# Data cards", "", INTRODUCTION.strip(), "", *_licences()]
    for card in cards():
        lines += ["", f"## {card.name}", "", card.about, ""]
        if card.name in DRAWN:
            draw, shows = DRAWN[card.name]
            lines += [draw(shows), ""]
        lines += [
            "| What | In this set |",
            "|---|---|",
            *(f"| {what} | {_shown(value)} |" for what, value in card.facts),
        ]
        lines.append(f"| size | {_bytes(card.size)}, with the course |")
        places = [link(in_short(lesson, kind), page_of(lesson, kind), of=PAGE) for lesson, kind in card.used]
        lines.append(f"| used in | {', '.join(places) or 'no lesson by default'} |")
        lines += ["", card.more]
    return "\n".join(lines).rstrip() + "\n"


def _licences() -> list[str]:
    """All licences in one table, for whoever wants to teach with the sets or to pass on pictures of them."""
    lines = ["| Set | Licence | Used in |", "|---|---|---|"]
    for card in cards():
        licence = next(value for what, value in card.facts if what == "licence")
        # The first words say which it is; the whole stands in the card.
        short = re.split(r"[,;] | \(", licence, maxsplit=1)[0]
        if "no commercial use" in licence:
            short += "; no commercial use without permission"
        places = ", ".join(in_short(lesson, kind) for lesson, kind in card.used) or "no lesson by default"
        lines.append(f"| [{card.name}](#{anchor(card.name)}) | {short} | {places} |")
    return lines


def _shown(value: str) -> str:
    """A cell without the hashes of upstream files, which are for those who rebuild a set, and with its addresses as links."""
    value = re.sub(r",? *(\(SHA-256 `[0-9a-f]{64}`\)|SHA-256 `[0-9a-f]{64}`)", "", value)
    value = re.sub(r"(?<![(<`])https?://[^\s|;]*[^\s|;:,.)]", lambda found: f"<{found[0]}>", value)
    return re.sub(r"> (?=[,.;])", ">", value)


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


# ----- pictures, as HTML in one line: Markdown leaves it alone


def _tiles(images, columns: int, shows: str, *, exact: bool = True) -> str:
    """Images (n, height, width) or (n, height, width, 3), uint8, side by side with a narrow gap."""
    import numpy as np
    from PIL import Image

    gap = 2
    rows = -(-len(images) // columns)
    height, width = images.shape[1:3]
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, *images.shape[3:]), 127, np.uint8)
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        top, left = row * (height + gap), column * (width + gap)
        sheet[top : top + height, left : left + width] = image
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "WEBP", lossless=exact, quality=90, method=6)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'<p><img class="samples" alt="{html.escape(shows)}" width="{sheet.shape[1]}" height="{sheet.shape[0]}" '
        f'src="data:image/webp;base64,{data}"></p>'
    )


def _lines(panels, shows: str, colours=("accent, #0072B2", "network, #D55E00")) -> str:
    """A panel for each list of (series, number of its colour); all series of one panel share its height."""
    width, height, gap = 240, 140, 16
    parts = []
    for number, series in enumerate(panels):
        low = min(min(values) for values, _ in series)
        high = max(max(values) for values, _ in series)
        for values, colour in series:
            points = " ".join(
                f"{number * (width + gap) + 3 + (width - 6) * i / (len(values) - 1):.0f},"
                f"{3 + (height - 6) * (1 - (value - low) / (high - low)):.0f}"
                for i, value in enumerate(values)
            )
            dashes = ' stroke-dasharray="5 3"' if colour else ""  # colour is not the only sign
            parts.append(f'<polyline points="{points}" style="stroke: var(--course-{colours[colour]})"{dashes}/>')
    total = len(panels) * (width + gap) - gap
    return (
        f'<p><svg class="samples" role="img" aria-label="{html.escape(shows)}" viewBox="0 0 {total} {height}" '
        f'width="{total}" height="{height}" fill="none" stroke-width="1.3" style="max-width: 100%">{"".join(parts)}</svg></p>'
    )


def _clothes(shows: str) -> str:
    from course_lib import datasets

    return _tiles(datasets.fashion_mnist().train[:36], 18, shows)


def _digits(shows: str) -> str:
    from course_lib import datasets

    return _tiles(datasets.digits().train[:36], 18, shows)


def _heads(shows: str) -> str:
    import numpy as np

    from course_lib import datasets

    heads = datasets.heads()
    return _tiles(np.concatenate([heads.pictures[who, "validation"][:12] for who in "ab"]), 12, shows, exact=False)


def _electricity(shows: str) -> str:
    from course_lib import datasets

    days = datasets.electricity_days()
    return _lines([[(day, 0 if days.train_working[i] else 1) for i, day in enumerate(days.train[:14])]], shows)


def _heartbeats(shows: str) -> str:
    from course_lib import datasets

    beats = datasets.heartbeats()
    strange = beats.test[beats.test_kinds != 0][:6]
    return _lines([[(beat, 0) for beat in beats.train[:6]], [(beat, 1) for beat in strange]], shows)


def _photographs(shows: str) -> str:
    import numpy as np
    from PIL import Image

    from course_lib import datasets

    both = datasets.photographs()
    small = [np.asarray(Image.fromarray(picture).resize((240, 160))) for picture in both.images]
    return _tiles(np.stack(small), 2, shows, exact=False)


DRAWN: dict[str, tuple[Callable[[str], str], str]] = {
    "fashion_mnist": (_clothes, "Thirty-six small grey pictures of clothes, shoes and bags on black ground."),
    "digits": (_digits, "Thirty-six handwritten digits, white on black."),
    "heads": (_heads, "Twelve drawn heads of a man, and below each a woman with the same pose and the same face."),
    "electricity_days": (
        _electricity,
        "Fourteen days as curves of demand: low at night, high by day, and higher on working days; free days are dashed.",
    ),
    "heartbeats": (
        _heartbeats,
        "Six normal heartbeats, each with one narrow peak; beside them, dashed, six strange ones, whose waves are broad.",
    ),
    "photographs": (_photographs, "A temple with a curved roof, and a red blossom."),
}
