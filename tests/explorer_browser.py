"""The system's Chromium, for the tests that open explorers; they are skipped where there is none."""

from __future__ import annotations

import contextlib
import os
import shutil

import pytest

SECOND = 1000  # milliseconds
PATIENCE = 60 * SECOND

INSTALL = (
    "This test drives the system's Chromium through Playwright. Install both: `make test-browser` gets Playwright; "
    "Chromium comes with your system (Debian and Ubuntu: `apt-get install chromium`; or set CHROMIUM=/path/to/chromium)."
)


def need(condition, reason: str):
    """Skip on a machine without a browser, but never in continuous integration."""
    if not condition:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{reason}. {INSTALL}")


@contextlib.contextmanager
def chromium():
    """A browser of Playwright's, closed at the end."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    need(found, "No Chromium was found")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        need(False, "Playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()
