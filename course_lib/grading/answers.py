"""Where a submission's code runs: its cells one after the other, without a Jupyter kernel, then a judge's questions.

Lives in the sandbox. It has no judge, no solution and no other submission to find; what it says is checked by who asked.
"""

from __future__ import annotations
import __future__

import ast
import asyncio
import builtins
import contextlib
import functools
import inspect
import io
import linecache
import operator
import sys
import types
from typing import Any

from course_lib.classroom import errors
from course_lib.classroom.probe import described
from course_lib.grading.notebooks import WITH_A_BODY

MOST_PRINTED = 20_000  # characters that are kept of what a cell prints

_ONLY_FOR_EYES = {
    "matplotlib",
    "config",
    "load_ext",
    "reload_ext",
    "autoreload",
    "pinfo",
    "pinfo2",
    "precision",
    "pylab",
}
_FUTURES = functools.reduce(operator.or_, (getattr(__future__, n).compiler_flag for n in __future__.all_feature_names))


class Printed(io.StringIO):
    """Keeps the beginning of what is printed; the rest is let go."""

    def write(self, text: str) -> int:
        """Take text, as far as there is room."""
        super().write(text[: max(0, MOST_PRINTED - self.tell())])
        return len(text)


class Shell:
    """What ``get_ipython()`` returns: magics do nothing here, and say so once each."""

    def __init__(self, run_code, space: dict):
        self.notes: list[str] = []
        self.kernel = None
        self.user_ns = self.user_global_ns = space
        self._run_code = run_code

    def run_line_magic(self, name: str, line: str, *_, **__) -> Any:
        """``%time f()`` runs its line; every other one does nothing."""
        if name in ("time", "timeit"):
            return self._run_code(line)
        if name not in _ONLY_FOR_EYES:
            self._note(f"%{name} does nothing when graded")

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """The body of ``%%time`` and its like is run; that of another language is not."""
        if name in WITH_A_BODY:
            return self._run_code(cell)
        self._note(f"%%{name}: the cell was left out when graded")

    def system(self, command: str, *_, **__) -> None:
        """``!command`` is not run."""
        self._note("a line with ! was left out when graded")

    def getoutput(self, command: str, *_, **__) -> list:
        """``lines = !command`` gets no lines."""
        self.system(command)
        return []

    def magic(self, text: str) -> Any:
        """As the older form has it, in one text."""
        name, _, line = text.partition(" ")
        return self.run_line_magic(name, line)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


class Submission:
    """One notebook's cells, run in one namespace.

    Attributes:
        answers: the objects that the next check is about.
    """

    def __init__(self):
        import IPython
        from IPython.core.inputtransformer2 import TransformerManager

        self.answers: list = []
        self._main = types.ModuleType("__main__")
        self._space = vars(self._main)
        self._shell = Shell(self._run_part, self._space)
        self._space["get_ipython"] = builtins.get_ipython = IPython.get_ipython = lambda: self._shell
        self._space["display"] = builtins.display = lambda *_, **__: None
        sys.modules["__main__"] = self._main
        self._plain = TransformerManager().transform_cell
        self._number = 0
        self._futures = 0  # what cells imported from __future__, which holds for those after them
        self._loop: asyncio.AbstractEventLoop | None = None

    def run_cell(self, source: str) -> dict:
        """Run one cell: ``{"raised": Raised or None, "printed": text, "notes": what was left out}``."""
        self._number += 1
        printed, problem = Printed(), None
        self._shell.notes.clear()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                self._run(self._plain(source), f"<ipython-input-{self._number}>")
            except BaseException as error:  # exit() and KeyboardInterrupt included: the next cell goes on
                problem = errors.raised(error)
        return {"raised": problem, "printed": printed.getvalue(), "notes": list(self._shell.notes)}

    def _run(self, code: str, filename: str) -> None:
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self._futures
        compiled = compile(code, filename, "exec", flags, dont_inherit=True)
        self._futures |= compiled.co_flags & _FUTURES
        if not compiled.co_flags & inspect.CO_COROUTINE:
            exec(compiled, self._space)
            return
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(eval(compiled, self._space))

    def _run_part(self, code: str) -> None:
        self._run(self._plain(code), f"<ipython-input-{self._number}-part>")

    def choose(self, names: list[str]) -> list[dict]:
        """Which objects the next check is about, by their names, and what can be said of them from here."""
        found = [self._space.get(name, builtins) for name in names]
        self.answers[:] = found
        return [
            {
                "there": answer is not builtins,
                "callable": callable(answer),
                "described": described(answer)[:200] if answer is not builtins else "",
                "from_course": callable(answer) and errors.comes_from_course(answer),
            }
            for answer in found
        ]


def silence_the_course() -> None:
    """``check``, ``hint`` and their like do nothing in a submission: it is judged from outside, afterwards."""
    import course_lib

    commands = types.ModuleType("course_lib.classroom.commands")
    for name in ("check", "hint", "progress"):
        setattr(commands, name, _do_nothing)
        setattr(course_lib, name, _do_nothing)
    course_lib.guess = course_lib.reveal = _do_nothing
    sys.modules[commands.__name__] = commands


def _do_nothing(*_, **__) -> None:
    """Not when graded."""
