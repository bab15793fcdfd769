"""Where the code runs is asked in one place, and asking costs nothing."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from course_lib import runtime


@pytest.fixture
def running(monkeypatch):
    """Pretend that IPython is loaded and that this is its shell."""

    def pretend(shell):
        ipython = ModuleType("IPython")
        ipython.get_ipython = lambda: shell
        monkeypatch.setitem(sys.modules, "IPython", ipython)

    return pretend


TERMINAL = SimpleNamespace()
NOTEBOOK = SimpleNamespace(kernel=object())


def test_asking_loads_neither_ipython_nor_anything_heavy():
    code = (
        "import sys; from course_lib import runtime;"
        "answers = runtime.shell(), runtime.in_notebook(), runtime.somebody_is_there();"
        "heavy = {'IPython', 'keras', 'numpy', 'matplotlib'} & set(sys.modules);"
        "sys.exit(0 if answers == (None, False, False) and not heavy else 1)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(("shell", "notebook"), [(None, False), (TERMINAL, False), (NOTEBOOK, True)])
def test_only_a_shell_with_a_kernel_is_a_notebook(shell, notebook, running):
    running(shell)
    assert runtime.shell() is shell and runtime.in_notebook() is notebook


@pytest.mark.parametrize(("value", "headless"), [("1", True), ("0", False), ("", False), (None, False)])
def test_headless_is_one_value_of_one_variable(value, headless, monkeypatch):
    monkeypatch.delenv("COURSE_HEADLESS", raising=False)
    if value is not None:
        monkeypatch.setenv("COURSE_HEADLESS", value)
    assert runtime.headless() is headless


@pytest.mark.parametrize("shell", [None, TERMINAL, NOTEBOOK])
@pytest.mark.parametrize("value", ["0", "1"])
def test_somebody_is_there_only_in_a_notebook_that_is_not_headless(shell, value, running, monkeypatch):
    running(shell)
    monkeypatch.setenv("COURSE_HEADLESS", value)
    assert runtime.somebody_is_there() is (shell is NOTEBOOK and value == "0")
