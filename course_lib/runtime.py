"""Where this code runs: in a notebook, before a reader, or headless. The one place that asks.

A process that never loaded IPython is no notebook: asking costs nothing and imports nothing.
"""

from __future__ import annotations

import os
import sys

HEADLESS_VARIABLE = "COURSE_HEADLESS"


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
