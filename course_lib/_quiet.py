"""Keeps TensorFlow's start-up notices out of notebooks.

Some libraries inside TensorFlow write to the process's standard error while they are loaded, before any setting can
reach them. A notebook shows that as alarming red text in the learner's first cell.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import logging
import os
import sys
import tempfile

NOISY = "tensorflow"


class _Loader(importlib.abc.Loader):
    """Loads a module with standard error set aside; if loading fails, the text is shown after all."""

    def __init__(self, loader: importlib.abc.Loader):
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module) -> None:
        module.__spec__.loader = module.__loader__ = self._loader  # nobody else need know of this wrapper
        try:
            saved = os.dup(2)
        except OSError:  # no standard error to silence
            self._loader.exec_module(module)
            return
        with tempfile.TemporaryFile() as aside:
            try:
                os.dup2(aside.fileno(), 2)
                self._loader.exec_module(module)
            except BaseException:
                os.dup2(saved, 2)
                aside.seek(0)
                os.write(2, aside.read())
                raise
            finally:
                os.dup2(saved, 2)
                os.close(saved)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname != NOISY:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def _worth_reading(record: logging.LogRecord) -> bool:
    """Lessons make many small models on purpose; TensorFlow warns that each is compiled anew, which is meant."""
    return "tf.function retracing" not in record.getMessage()


def install() -> None:
    """From now on the first import of TensorFlow is quiet; does nothing if it is loaded already, or twice."""
    logger = logging.getLogger(NOISY)
    if _worth_reading not in logger.filters:
        logger.addFilter(_worth_reading)
    if NOISY not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
