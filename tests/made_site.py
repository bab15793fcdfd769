"""The web version, built once for a run of the tests in a folder of its own, and what both of its test files ask of it."""

from __future__ import annotations

import atexit
import functools
import html
import http.server
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

PREFIX = "/somewhere/course"  # the site must work below any address


@functools.cache
def built() -> tuple[Path, float]:
    """The folder of the built site, and the CPU seconds that it took."""
    pytest.importorskip("sphinx", reason="`make test-browser` installs what builds the site")
    from authoring.source import ROOT
    from authoring.web.assemble import site

    folder = Path(tempfile.mkdtemp(prefix="site-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    start = sum(os.times()[:4])
    status = site(ROOT, folder)
    assert status == 0, "Sphinx has something to say about the site: see above."
    return folder / "site", sum(os.times()[:4]) - start


@functools.cache
def page_names() -> list[str]:
    """All pages of the site, such as ``notebooks/05_variational.html``."""
    folder = built()[0]
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))


@functools.cache
def soup(page: str):
    """A page, parsed."""
    from bs4 import BeautifulSoup

    return BeautifulSoup((built()[0] / page).read_text(encoding="utf-8"), "html.parser")


@functools.cache
def formulas() -> set[tuple[str, bool]]:
    """The sources of all formulas, and whether each has lines of its own; found without parsing, which costs most."""
    folder = built()[0]
    found = set()
    for page in page_names():
        text = (folder / page).read_text(encoding="utf-8")
        found |= {
            (html.unescape(m[2]), m[1] == "div") for m in re.finditer(r'<(span|div) class="math">([^<]*)</\1>', text)
        }
    return found


class _Handler(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path):
        inside = path.split("?", 1)[0].startswith(f"{PREFIX}/")
        return super().translate_path(path[len(PREFIX) :] if inside else "/no-such-page")

    def log_message(self, *arguments):
        pass


def serve():
    """A static server of the site on this machine: the server, to be shut down, and the address of the site."""
    handler = functools.partial(_Handler, directory=str(built()[0]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}{PREFIX}/"
