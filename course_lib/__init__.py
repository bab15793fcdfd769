"""The library of the Bottleneck course: everything that its notebooks import.

Importing it is cheap: TensorFlow, JAX or PyTorch is loaded only when a name that needs the backend is first used.
"""

from __future__ import annotations

import importlib
import os

from course_lib import _quiet, runtime

# TensorFlow writes start-up notices into the notebook unless told otherwise before it is imported; some it writes even then.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_quiet.install()
runtime.let_output_survive()

__version__ = "0.1.0"

# Where a public name lives that is loaded when it is first asked for.
_LAZY_NAMES = {
    "check": "classroom.commands",
    "hint": "classroom.commands",
    "progress": "classroom.commands",
    "run_check": "classroom.run",
    "claim": "classroom.claims",
    "own_data": "classroom.claims",
    "finding": "classroom.claims",
    "above": "classroom.comparisons",
    "all_of": "classroom.comparisons",
    "below": "classroom.comparisons",
    "between": "classroom.comparisons",
    "close": "classroom.comparisons",
    "guess": "classroom.guesses",
    "reveal": "classroom.guesses",
}
_LAZY_MODULES = {
    "augment",
    "datasets",
    "detection",
    "head_pose",
    "layers",
    "losses",
    "metrics",
    "models",
    "patches",
    "plots",
    "recommend",
    "referees",
    "sampling",
    "training",
    "vectors",
    "watermark",
    "widgets",
}

__all__ = sorted([*_LAZY_NAMES, *_LAZY_MODULES])


def __getattr__(name: str):
    """Load a public name when it is first asked for (PEP 562)."""
    if name in _LAZY_NAMES:
        value = getattr(importlib.import_module(f"course_lib.{_LAZY_NAMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _LAZY_MODULES:
        return importlib.import_module(f"course_lib.{name}")
    raise AttributeError(f"course_lib has no name {name!r}; it offers: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
