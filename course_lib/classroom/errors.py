"""Exceptions in an answer, told so that a learner understands them."""

from __future__ import annotations

import dis
import functools
import inspect
import linecache
import os
import re
import sysconfig
import traceback
from pathlib import Path

import course_lib
from course_lib.classroom.wire import Raised

COURSE = Path(course_lib.__file__).resolve().parent
_LIBRARIES = tuple({sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")})
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|\{\{.*?\}\}|\[Op:[^\]]*\]|^\s*(Node|Detected at node).*$")
_BACKENDS = ("tensorflow", "jax", "jaxlib", "torch", "keras")


def is_own(filename: str) -> bool:
    """Whether a source file is the learner's: neither the course's, nor a library's, nor compiled."""
    # IPython compiles cells under a temporary path or a <name>: both count as the learner's.
    if filename.startswith("<"):
        return filename.startswith(("<ipython", "<string", "<stdin", "<answer"))
    # Compiled libraries name their sources relative to where they were built: such a file is nobody's here.
    if filename.endswith((".pyx", ".pxd", ".pxi")) or not (os.path.isabs(filename) or os.path.exists(filename)):
        return False
    path = Path(filename).resolve()
    return not path.is_relative_to(COURSE) and not str(path).startswith(_LIBRARIES)


def own_frame(frames: list[traceback.FrameSummary]) -> traceback.FrameSummary | None:
    """The innermost line of the learner's own code, outermost frame first."""
    return next((frame for frame in reversed(frames) if is_own(frame.filename)), None)


def comes_from_course(answer) -> bool:
    """Whether a function or class was imported from ``course_lib`` instead of written."""
    answer = _unwrapped(answer)
    module = getattr(answer, "__module__", None) or ""
    if module == "course_lib" or module.startswith("course_lib."):
        return True
    code = getattr(answer, "__code__", None)
    return code is not None and Path(code.co_filename).resolve().is_relative_to(COURSE)


def _unwrapped(answer):
    """The function or class at the core of partials, decorators, bound methods and instances."""
    for _ in range(20):
        if isinstance(answer, functools.partial):
            answer = answer.func
        elif inspect.ismethod(answer):
            answer = answer.__func__
        elif hasattr(answer, "__wrapped__"):
            answer = answer.__wrapped__
        else:
            break
    return answer if inspect.isroutine(answer) or inspect.isclass(answer) else type(answer)


def raised(error: BaseException) -> Raised:
    """An exception as something that can be told elsewhere."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = own_frame(frames)
    where = None
    if frame is not None:
        line = frame.line or linecache.getline(frame.filename, frame.lineno or 0).strip()
        where = (frame.lineno or 0, frame.name, line)
    # A refusal by a function of the judge is a ValueError to the learner, who must not meet names of the course.
    named = type(error) if type(error).__module__ != "course_lib.classroom.host" else inspect.getmro(type(error))[1]
    return Raised(
        named.__name__,
        tuple(kind.__name__ for kind in inspect.getmro(type(error))),
        _text(error),
        where,
        type(error) is NotImplementedError and _raised_by_own_line(error),
    )


def _raised_by_own_line(error: BaseException) -> bool:
    """Whether the last line of the traceback is the learner's and raises by itself.

    Keras cuts its own frames off the end, so a line that only called something may stand there.
    """
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    code = last.tb_frame.f_code
    return is_own(code.co_filename) and code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _text(error: BaseException) -> str:
    """What an exception says: the learner's own words whole, of a backend's the first line that says something."""
    lines = (_DECORATION.sub("", line).strip() for line in str(error).splitlines())
    lines = [line for line in lines if line and not line.startswith("Exception encountered")]
    if type(error).__module__.split(".")[0] in _BACKENDS or len(str(error)) > 600:
        lines = lines[:1]
    return "\n".join(lines)[:600]
