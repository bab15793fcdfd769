"""Makes ``build/site-source`` from what is committed, and the web version from it: ``python -m authoring site``.

The source of the site is put together from

* ``site/``: the configuration and the pages written by hand;
* the notebooks, exercises and solutions as they are stored, each through ``pages.page_of``;
* the collected pages: ``authoring.web.collect.pages()`` gives ``{"glossary": "# Glossary …", …}``, paths without suffix;
* the explorers: for each ``site/explorers/NAME.html`` with ``NAME.md`` a page, and the fragment in its lesson. What they load
  lies in ``site/explorers/`` and comes into the folder ``explorers/`` of the site.

Nothing is executed. A file is written only where it changes, so that Sphinx reads again only what has.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from authoring.derive import kinds_of, path_of
from authoring.numbers import lesson_table
from authoring.source import ROOT, SourceError, lessons
from authoring.web import face, pages, wheel

EXTRA = "_extra"  # what goes into the site as it is, beside the pages
EXPLORER_FILES = {".js", ".css", ".json", ".bin", ".png", ".svg", ".webp"}

LESSONS = """# Lessons

Eleven lessons, in order. Each has exercises; most have a second notebook that goes deeper. Minutes include the core
exercises; compute is what the notebook takes from top to bottom on two cores.

"""
EXPLORER_INDEX = """# Explorers

Trained networks that answer in the page, with nothing installed. Each also stands in its lesson.

"""


@dataclass
class Source:
    """The files of the site's source, by their path in it, before they are written."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, path: str, content: str | bytes) -> None:
        """Take a file.

        Raises:
            SourceError: if there is another of this path.
        """
        if path in self.files:
            raise SourceError(f"Two sources make the page {path} of the site.")
        self.files[path] = content.encode("utf-8") if isinstance(content, str) else content

    def write(self, folder: Path) -> bool:
        """Make a folder hold these files and no others; a file that has not changed keeps its time.

        Returns:
            Whether a file of before is gone.
        """
        gone = False
        if folder.is_dir():
            for path in sorted(folder.rglob("*"), reverse=True):
                if path.is_file() and path.relative_to(folder).as_posix() not in self.files:
                    path.unlink()
                    gone = True
                elif path.is_dir() and not any(path.iterdir()):
                    path.rmdir()
        for name, content in self.files.items():
            path = folder / name
            if path.is_file() and path.read_bytes() == content:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return gone


def assemble(root: Path = ROOT) -> Source:
    """The source of the site of a checkout.

    Raises:
        SourceError: if a link leads to no heading, or an explorer has no place.
    """
    made = Source()
    written = _hand_written(root)
    collected = _collected_pages()
    fragments = _explorers(root, made)
    _notebooks(root, made, fragments)
    made.add(
        "lessons.md",
        LESSONS + _lesson_table(root) + "\n" + pages.contents(_lesson_pages(root)),
    )
    made.add(
        "explorers/index.md",
        EXPLORER_INDEX
        + face.explorer_cards(list(fragments), root)
        + "\n\n"
        + pages.contents([f"/explorers/{name}" for name in fragments]),
    )
    own = [f"/{path.removesuffix('.md')}" for path in written if _is_top_page(path) and path != "index.md"]
    others = [f"/{path}" for path in collected if "/" not in path or path.endswith("/index")]
    for path, content in written.items():
        content = content.replace(wheel.PLACE, wheel.name(root).encode())
        if path == "index.md":  # the table of contents of the whole site is written here
            text = face.landing(content.decode("utf-8"), root, fragments.get(face.LIVE))
            text += "\n\n" + pages.contents(["lessons", "explorers/index", *own, *others]) + "\n"
            content = (pages.with_metadata(text, explorer=face.LIVE) if face.LIVE in fragments else text).encode()
        made.add(path, content)
    for path, text in collected.items():
        folder, _, name = path.rpartition("/")
        if name == "index" and "{toctree}" not in text:
            below = [f"/{other}" for other in collected if other.startswith(f"{folder}/") and other != path]
            text += "\n\n" + pages.contents(below) + "\n"
        made.add(f"{path}.md", text)
    return made


def site(root: Path = ROOT, build: Path = ROOT / "build") -> int:
    """Assemble the source and run Sphinx on it, where every warning is an error; returns the exit status.

    Args:
        root: the checkout.
        build: the folder that takes the source (``site-source``), the site (``site``) and Sphinx's notes (``site-trees``).
    """
    from sphinx.cmd.build import main as sphinx

    start = time.perf_counter()
    source, out = build / "site-source", build / "site"
    if assemble(root).write(source):
        shutil.rmtree(out, ignore_errors=True)  # Sphinx leaves pages whose source is gone
    status = sphinx(["-q", "-W", "--keep-going", "-d", str(build / "site-trees"), str(source), str(out)])
    if status == 0:
        wheel.make(root, out)
        wheel.archive(root, out)
        for path in [
            *out.rglob("*.map"),
            *(out / "_static").rglob("*.html"),
        ]:  # what only makers of the theme need; 2 MB
            path.unlink()
        print(f"Made in {time.perf_counter() - start:.0f} s. Open {out / 'index.html'}")
    return status


def _hand_written(root: Path) -> dict[str, bytes]:
    """What lies in ``site/``, without the explorers, by its path."""
    folder = root / "site"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "explorers" not in path.relative_to(folder).parts and "__pycache__" not in path.parts
    }


def _is_top_page(path: str) -> bool:
    return path.endswith(".md") and "/" not in path


def _collected_pages() -> dict[str, str]:
    if importlib.util.find_spec("authoring.web.collect") is None:
        return {}
    from authoring.web import collect

    return collect.pages()


def _explorers(root: Path, made: Source) -> dict[str, str]:
    """Add the explorers' pages and files; returns their fragments, by name."""
    folder = root / "site" / "explorers"
    fragments = {}
    for name in pages.EXPLORERS:
        path = folder / f"{name}.html"
        if path.is_file():
            fragments[name] = path.read_text(encoding="utf-8")
            text = path.with_suffix(".md").read_text(encoding="utf-8")
            made.add(f"explorers/{name}.md", pages.explorer_page(text, fragments[name], name))
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in EXPLORER_FILES:
            made.add(f"{EXTRA}/explorers/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return fragments


def _notebooks(root: Path, made: Source, fragments: dict[str, str]) -> None:
    stored = {
        path_of(lesson, kind, root).relative_to(root).as_posix(): (lesson, kind)
        for lesson in lessons(None, root / "source")
        for kind in kinds_of(lesson)
    }

    @functools.cache
    def read(path: str) -> nbformat.NotebookNode:
        return nbformat.read(root / path, as_version=4)

    @functools.cache
    def headings_of(path: str) -> list[str]:
        if path not in stored:
            raise SourceError(f"A notebook links to {path}, which the course does not have.")
        cells = [cell for cell in read(path).cells if cell.cell_type == "markdown"]
        return [text for cell in cells for _, _, text in pages.headings(cell.source)]

    figures = pages.Figures()
    for path, (lesson, kind) in stored.items():
        page = pages.page_of(read(path), lesson, kind, headings_of=headings_of, figures=figures, fragments=fragments)
        made.add(path, nbformat.writes(page))
    for name, data in figures.files.items():
        made.add(f"{EXTRA}/{pages.FIGURES}/{name}", data)


def _lesson_table(root: Path) -> str:
    """README's table of the lessons with what one does in a lesson below its title: three columns, which a phone has room for."""
    known = {f"{lesson.number:02d}": lesson for lesson in lessons(None, root / "source")}

    def narrow(row: re.Match) -> str:
        lesson, number = known[row["number"]], row["number"]
        more = [f"[Exercises&nbsp;{number}](exercises/{lesson.slug}.ipynb)"] if lesson.has_exercises else []
        more += [f"[Deeper&nbsp;{number}](notebooks/{lesson.slug}_deeper.ipynb)"] if lesson.has_deeper else []
        return f"| {number} **{row['link']}**<br>{row['summary']}<br>{' · '.join(more)} | {row['rest']}"

    head, line, *rows = lesson_table(list(known.values())).splitlines()
    cut = re.compile(r"\| (?P<number>\d\d) (?P<link>\[[^\]]+\]\([^)]+\)) \| (?P<summary>[^|]+) \| (?P<rest>.+)")
    table = [head.replace(" What you do |", ""), line.replace("---|", "", 1), *(cut.sub(narrow, row) for row in rows)]
    return "```{container} lesson-table\n" + "\n".join(table) + "\n```\n"


def _lesson_pages(root: Path) -> list[str]:
    return [f"/notebooks/{lesson.slug}" for lesson in lessons(None, root / "source")]


if __name__ == "__main__":
    sys.exit(site())
