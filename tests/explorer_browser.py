"""The system's Chromium, for the tests that open JupyterLab, the web version or explorers; they are skipped where there is none."""

from __future__ import annotations

import contextlib
import importlib.util
import os

import pytest

from authoring.web import harness

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
    found = harness.find_chromium()
    need(found, "No Chromium was found")
    need(importlib.util.find_spec("playwright"), "Playwright is not installed")
    with harness.browsing(found) as browser:
        yield browser
