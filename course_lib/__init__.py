"""The library of the Bottleneck course: everything that its notebooks import.

Importing it is cheap: TensorFlow, JAX or PyTorch is loaded only when a name that needs the backend is first used.
"""

from __future__ import annotations

import importlib
import os

from course_lib import _quiet

# TensorFlow writes start-up notices into the notebook unless told otherwise before it is imported; some it writes even then.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_quiet.install()

__version__ = "0.1.0"

_WHERE = {
    "check": "course_lib.checks.framework",
    "hint": "course_lib.checks.framework",
    "run_check": "course_lib.checks.framework",
    "claim": "course_lib.claims",
    "above": "course_lib.comparisons",
    "all_of": "course_lib.comparisons",
    "below": "course_lib.comparisons",
    "between": "course_lib.comparisons",
    "close": "course_lib.comparisons",
    "guess": "course_lib.guesses",
    "reveal": "course_lib.guesses",
    "progress": "course_lib.records",
}
_MODULES = {
    "datasets",
    "detection",
    "layers",
    "losses",
    "metrics",
    "models",
    "plots",
    "recommend",
    "referees",
    "training",
    "vectors",
    "widgets",
}

__all__ = sorted([*_WHERE, *_MODULES])


def __getattr__(name: str):
    """Load a public name when it is first asked for (PEP 562)."""
    if name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f"course_lib.{name}")
    raise AttributeError(f"course_lib has no name {name!r}; it offers: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
