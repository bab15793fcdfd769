"""The explorers beside a learner's copies: each a page of one file, and the links to it from the lesson and the overview.

A page holds all that it needs, so it opens from any folder and from any server, whatever its prefix, and asks no other
one. It is made of what the web version has in ``site/explorers``. Where that folder is not, there are no pages, and no links.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

# Where an explorer stands in its lesson: the lesson, and the heading at the end of whose section it is found.
EXPLORERS = {
    "numbers": ("02_undercomplete", "What a nonlinear one adds"),
    "noise": ("04_denoising", "A network that is told the noise level"),
    "space": ("05_variational", "A map of equal tiles"),
    "swap": ("06_decoder_swapping", "One encoder, two decoders"),
}
FOLDER = "explorers"  # in the work folder
HERE = "<!-- the explorer -->"  # the line of an explorer's text that its fragment replaces
PLACE = "https://explorer.invalid/"  # what the page's modules take for their address; no name ends in .invalid
TEMPLATE = "explorer_page.html"

_IMPORT = re.compile(r"""((?:\bfrom|\bimport)\s*\(?\s*["'`])\./""")
_TO_NOTEBOOK = re.compile(r"(\]\(\.\./\w+/\w+\.ipynb)#[^)\s]*\)")
_HEADING = re.compile(r"<h2>(.*?)</h2>")
_OWN_FILES = re.compile(r'^\s*(<link rel="stylesheet"|<script src=)[^\n]*\n?', re.MULTILINE)


def sources(root: Path) -> Path | None:
    """The folder of a checkout that the pages are made of, or None where it is not."""
    folder = root / "site" / "explorers"
    return folder if (folder / "strings.json").is_file() else None


def pages(root: Path) -> dict[str, bytes]:
    """The explorers' pages of a checkout, by their paths in a work folder."""
    folder = sources(root)
    return {f"{FOLDER}/{name}.html": page(name, folder) for name in EXPLORERS} if folder else {}


def page(name: str, folder: Path) -> bytes:
    """An explorer with its explanation, as one HTML file.

    Args:
        name: of the explorer.
        folder: ``site/explorers``.
    """
    import mistune

    def text(path: Path) -> str:
        return path.read_text(encoding="utf-8")

    def packed(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode("ascii")

    others = {f"{other}.js" for other in EXPLORERS if other != name} | {"start.js"}
    modules = {
        f"explorer/{path.name}": "data:text/javascript;base64," + base64.b64encode(_module(text(path))).decode("ascii")
        for path in sorted(folder.glob("*.js"))
        if path.name not in others
    }
    held = {
        path.relative_to(folder).as_posix(): packed(path)
        for path in [folder / "strings.json", *sorted((folder / "networks").glob(f"{name}_*"))]
    }
    styles = [folder.parent / "_static" / "course.css", folder / "explorer.css", folder / f"{name}.css"]
    fragment = _OWN_FILES.sub("", text(folder / f"{name}.html"))
    before, after = _TO_NOTEBOOK.sub(r"\1)", text(folder / f"{name}.md")).split(HERE)
    markdown = mistune.create_markdown(escape=False)
    filled = {
        "TITLE": titles(folder)[name],
        "STYLE": "\n".join(text(style) for style in styles if style.is_file()),
        "MODULES": json.dumps({"imports": modules}),
        "CONTENT": f"{markdown(before)}\n{fragment}\n{_HEADING.sub(_with_anchor, markdown(after))}",
        "HELD": json.dumps(held),
        "PLACE": PLACE,
    }
    template = text(Path(__file__).with_name(TEMPLATE))
    return re.sub(r"@([A-Z]+)@", lambda found: filled[found[1]], template).encode("utf-8")


def _module(code: str) -> bytes:
    """A module whose imports are names of the page's map, as it has no address that they could be relative to."""
    return _IMPORT.sub(r"\1explorer/", code).replace("import.meta.url", json.dumps(PLACE)).encode("utf-8")


def _with_anchor(heading: re.Match) -> str:
    """A heading with the anchor that the web version gives it: small letters, hyphens for spaces."""
    anchor = re.sub(r"[^\w -]", "", heading[1].lower()).replace(" ", "-")
    return f'<h2 id="{anchor}">{heading[1]}</h2>'


def titles(folder: Path) -> dict[str, str]:
    """What the explorers are called, by their names."""
    words = json.loads((folder / "strings.json").read_text(encoding="utf-8"))["en"]
    return {name: words[name]["title"] for name in EXPLORERS}


def linked(root: Path, path: str, notebook: Path) -> Path | bytes:
    """A notebook as it is copied: with a link, if it is the overview or the lesson of an explorer that there is.

    Args:
        root: the checkout.
        path: of the copy, in the work folder.
        notebook: the file of the release.
    """
    folder = sources(root)
    own = {name: heading for name, (lesson, heading) in EXPLORERS.items() if path == f"notebooks/{lesson}.ipynb"}
    if folder is None or not (own or path == "overview.ipynb"):
        return notebook
    made = json.loads(notebook.read_text(encoding="utf-8"))
    if own:
        ((name, heading),) = own.items()
        link = f"[{titles(folder)[name]}](../{FOLDER}/{name}.html)"
        words = f"**Explorer:** {link} opens in your browser, with trained networks that answer as you move."
        _put_behind_section(made["cells"], heading, words)
    else:
        found = [
            f"[{title}]({FOLDER}/{name}.html) (lesson {EXPLORERS[name][0][:2]})"
            for name, title in titles(folder).items()
        ]
        words = f"Explorers, trained networks to play with in your browser: {', '.join(found)}."
        made["cells"].insert(1, _text_cell(words))
    return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _text_cell(words: str) -> dict:
    return {"cell_type": "markdown", "id": "explorer", "metadata": {}, "source": [words]}


def _put_behind_section(cells: list[dict], heading: str, words: str) -> None:
    """Put words behind a section: in a cell of their own, or within the cell in which the next section begins.

    Where there is no such heading, they stand behind all.
    """
    level = 0
    for place, cell in enumerate(cells):
        text = "".join(cell["source"])
        for found in re.finditer(r"^(#+) (.+?) *$", text, re.MULTILINE) if cell["cell_type"] == "markdown" else ():
            if level and len(found[1]) <= level:
                if not found.start():
                    cells.insert(place, _text_cell(words))
                else:
                    text = f"{text[: found.start()]}{words}\n\n{text[found.start() :]}"
                    cell["source"] = text.splitlines(keepends=True)
                return
            if found[2] == heading:
                level = len(found[1])
    cells.append(_text_cell(words))
