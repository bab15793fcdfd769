"""Where this code runs: in a notebook, before a reader, headless, in a work folder. The one place that asks.

A process that never loaded IPython is no notebook: asking costs nothing and imports nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HEADLESS_VARIABLE = "COURSE_HEADLESS"
MARKER = ".bottleneck.json"  # written into a work folder by `python -m course_lib lab`


def shell():
    """The running IPython shell, or None."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def in_notebook() -> bool:
    """Whether this code runs in a notebook's kernel, which can show HTML."""
    return getattr(shell(), "kernel", None) is not None


def headless() -> bool:
    """Whether this is a test run or a build (``COURSE_HEADLESS=1``): nothing is shown twice, and a wrong answer is red."""
    return os.environ.get(HEADLESS_VARIABLE) == "1"


def somebody_is_there() -> bool:
    """Whether a reader can click: in a notebook's kernel, and not headless."""
    return in_notebook() and not headless()


def work_folder(start: Path | None = None) -> Path | None:
    """The learner's work folder that ``start`` (by default the current directory) lies in, or None."""
    folder = (start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / MARKER).is_file():
            return candidate
    return None
