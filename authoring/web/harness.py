"""A small static server with one page an explorer, and a browser: what `--photograph` and the tests use. No part of the site.

The page lies under a path of its own, apart from the explorers' files, so that an address that only works in one place
shows at once: ``/any/prefix/lessons/NAME.html`` is the page, ``/any/prefix/explorers/`` the folder ``site/explorers``.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[2]
EXPLORERS = ROOT / "site" / "explorers"
COURSE_CSS = ROOT / "site" / "_static" / "course.css"
PREFIX = "/any/prefix"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<link rel="icon" href="data:,">
<style>{course}</style>
<link rel="stylesheet" href="../explorers/explorer.css">
<style>
body {{ margin: 0; padding: {above}px 1rem 3rem; font-family: system-ui, sans-serif; }}
html[data-theme="light"] body {{ background: #fff; color: #1b2127; }}
html[data-theme="dark"] body {{ background: #121417; color: #e6e9ec; }}
main {{ max-width: 60rem; margin: auto; }}
</style>
</head>
<body><main><h1>{name}</h1>
{fragment}
</main></body></html>
"""


class _Handler(SimpleHTTPRequestHandler):
    """Pages made of fragments, and the files beside them."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".bin": "application/octet-stream",
    }

    def do_GET(self):
        """One page, one file, or 404."""
        address = urlsplit(self.path)
        name = address.path.removeprefix(f"{PREFIX}/lessons/").removesuffix(".html")
        fragment = EXPLORERS / f"{name}.html"
        if address.path.startswith(f"{PREFIX}/lessons/") and fragment.is_file():
            asked = {key: values[-1] for key, values in parse_qs(address.query).items()}
            self.answer(page(name, theme=asked.get("theme", "light"), above=int(asked.get("above", 16))))
        elif address.path == f"{PREFIX}/lessons/empty.html":
            self.answer("<!doctype html><title>empty</title><link rel=icon href='data:,'>")
        elif address.path.startswith(f"{PREFIX}/explorers/"):
            super().do_GET()
        else:
            self.send_error(404)

    def answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(f"{PREFIX}/explorers"))

    def log_message(self, *arguments) -> None:
        pass


def page(name: str, *, theme: str = "light", above: int = 16) -> str:
    """An HTML page with one explorer.

    Args:
        name: of the fragment.
        theme: "light" or "dark".
        above: empty pixels above the page's content, to put the explorer below the window.
    """
    fragment = (EXPLORERS / f"{name}.html").read_text(encoding="utf-8")
    fragment = re.sub(r'((?:src|href)=")(?!data:|#|\w+:|/)', r"\1../explorers/", fragment)
    course = COURSE_CSS.read_text(encoding="utf-8") if COURSE_CSS.is_file() else ""
    return _PAGE.format(name=name, theme=theme, above=above, fragment=fragment, course=course)


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The server's address, such as ``http://127.0.0.1:43211/any/prefix``, while the block runs."""

    def handler(*arguments):
        return _Handler(*arguments, directory=str(EXPLORERS))

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def find_chromium() -> str | None:
    """Where the system's Chromium is: what the variable CHROMIUM says, or the first of :data:`BROWSERS`; None without one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def browsing(program: str) -> Iterator:
    """A browser of Playwright's, which runs ``program``, while the block runs.

    Raises:
        ImportError: if Playwright is not installed.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
