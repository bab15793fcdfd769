"""Where this code runs: in a notebook, before a reader, headless, in a work folder, on a console of few signs.

The one place that asks. A process that never loaded IPython is no notebook: asking costs nothing and imports nothing.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata
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
    try:
        folder = (start or Path.cwd()).resolve()
        for candidate in (folder, *folder.parents):
            if (candidate / MARKER).is_file():
                return candidate
    except (OSError, RuntimeError):  # the folder was deleted under this process, or lies behind a circle of links
        return None
    return None


# Consoles and redirected files know few signs: cp1252, cp437 and cp850 on Windows, ASCII where LC_ALL=C.
_READABLE = "bottleneck-readable"  # the name of our way to encode what a stream's encoding lacks
_INSTEAD = {
    **dict.fromkeys("✔✓", "+"),
    **dict.fromkeys("✘✗×", "x"),
    **dict.fromkeys("○●•◦", "o"),
    **dict.fromkeys("·–—−‑", "-"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚′", "'"),
    **dict.fromkeys("★☆", "*"),
    **{"…": "...", "→": "->", "←": "<-", "↑": "^", "↓": "v", "≤": "<=", "≥": ">=", "≈": "~", "±": "+-", "≠": "!="},
    **{"∞": "inf", "√": "sqrt", "∈": "in", "²": "^2", "³": "^3", "⁻": "^-", "¹": "^1", "°": " deg", "µ": "mu"},
    **dict.fromkeys("─━═╌╍", "-"),
    **dict.fromkeys("│┃║", "|"),
}


def _sign(sign: str) -> str:
    """A sign in ASCII, as a reader would write it by hand; ``?`` where there is no such way."""
    if sign in _INSTEAD:
        return _INSTEAD[sign]
    if "\u2500" <= sign <= "\u257f":  # the corners and crossings of tables
        return "+"
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        return name.split(" LETTER ")[1].split(" WITH ")[0].lower()
    if unicodedata.combining(sign):
        return ""
    parts = unicodedata.normalize("NFKD", sign).replace("\u2044", "/")  # the stroke of ½
    return parts.encode("ascii", "ignore").decode() or "?"


def _readable(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    first = error.object[error.start]
    if "\udc80" <= first <= "\udcff":  # a byte of a file's name that no encoding explains: as it is on the disk
        return bytes([ord(first) - 0xDC00]), error.start + 1
    return _sign(first), error.start + 1


codecs.register_error(_READABLE, _readable)


def let_output_survive(*, ours: bool = False) -> None:
    """From now on nothing that is printed fails for the encoding of standard output: ✔ becomes ``+`` where it is unknown.

    Streams that are no text of this process's own (a notebook's, a test's) are left alone.

    Args:
        ours: whether the process is a command of the course. In others, which only import it, a stream is changed only
            if its encoding lacks signs that the course prints; nothing that could be printed before comes out otherwise.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        fails = stream.errors in ("strict", "surrogateescape")
        if (ours and (fails or stream.errors == "backslashreplace")) or (fails and _lacks_signs(stream.encoding)):
            with contextlib.suppress(ValueError, OSError):  # closed, or detached
                stream.reconfigure(errors=_READABLE)


def _lacks_signs(encoding: str) -> bool:
    try:
        "✔✘○→σ…".encode(encoding)
    except UnicodeEncodeError:
        return True
    except LookupError:
        pass
    return False
