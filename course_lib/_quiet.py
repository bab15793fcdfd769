"""Keeps TensorFlow's start-up notices out of notebooks, and the last words of a package that dies while it loads.

Some libraries inside TensorFlow write to the process's standard error while they are loaded, before any setting can
reach them. A notebook shows that as alarming red text in the learner's first cell. So standard error is set aside into
a file; and because a process that a package ends cannot show it any more, the file has a name, and the next start does.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import logging
import os
import sys
import tempfile

from course_lib import crashes

NOISY = "tensorflow"


class _Loader(importlib.abc.Loader):
    """Loads a module with standard error set aside; the text of a quiet one, or if loading fails, is shown after all."""

    def __init__(self, loader: importlib.abc.Loader):
        self._loader = loader

    def __getattr__(self, name):  # for whoever asks a module's place or source without loading it
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module) -> None:
        module.__spec__.loader = module.__loader__ = self._loader  # nobody else need know of this wrapper
        name = module.__name__
        if name == NOISY:
            _need_temporary_folder()
        try:
            saved = os.dup(2)
        except OSError:  # no standard error to set aside
            self._loader.exec_module(module)
            return
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, saved)
            aside = stack.enter_context(crashes.watched(name))
            if aside is None:  # no file to set it aside to
                self._loader.exec_module(module)
                return
            crashes.warn(name)
            show = True
            try:
                os.dup2(aside, 2)
                self._loader.exec_module(module)
                show = name != NOISY
            finally:
                os.dup2(saved, 2)
                if show:
                    _copy(aside, 2)


def _need_temporary_folder() -> None:
    """TensorFlow asks for one while it loads, and ends in a traceback that does not say how to give it one."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise FileNotFoundError(
            "TensorFlow needs a folder for temporary files, and none can be written. Set the environment variable TMPDIR to a "
            "folder that you can write, and start again."
        ) from None
    except OSError:
        pass  # it may do without


def _copy(source: int, target: int) -> None:
    with contextlib.suppress(OSError):
        os.lseek(source, 0, os.SEEK_SET)
        while text := os.read(source, 1 << 16):
            os.write(target, text)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds these packages as Python does, and puts our loader around theirs."""

    def __init__(self):
        self._asked: set[str] = set()

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in crashes.PACKAGES or fullname in self._asked:
            return None
        self._asked.add(fullname)  # the search below comes by here once more
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._asked.discard(fullname)
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
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
        if sys.argv[:1] != ["-m"]:  # a command, such as the doctor, says it in its own way
            crashes.tell()
