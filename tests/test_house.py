"""What holds for the repository as a whole."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = {"tensorflow", "jax", "torch", "flax", "tf_keras"}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = done.stdout.split("\n") if done.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*.*")]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_no_backend_is_imported_in_course_code():
    guilty = {
        str(path.relative_to(ROOT)): imported(path) & BACKENDS
        for folder in ("course_lib", "source", "bench", "authoring")
        for path in (ROOT / folder).rglob("*.py")
        if imported(path) & BACKENDS
    }
    assert guilty == {}


def test_backend_import_would_be_found(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def f():\n    from tensorflow.keras import layers\n", encoding="utf-8")
    assert imported(path) & BACKENDS


def test_importing_the_library_loads_neither_backend_nor_plots():
    heavy = "{'keras', 'tensorflow', 'matplotlib', 'sklearn', 'scipy', 'IPython'}"
    code = (
        f"import sys, course_lib; from course_lib import check, hint, claim; sys.exit(len({heavy} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_unknown_name_says_what_there_is():
    import course_lib

    with pytest.raises(AttributeError, match="check"):
        _ = course_lib.nothing_of_that_name
    assert "claim" in dir(course_lib)


def test_requirements_have_lower_bounds_and_the_tested_set_satisfies_them():
    from importlib.metadata import version

    from packaging.version import Version

    from course_lib.classroom.doctor import requirements

    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.strip() and line[0] != "#"]
    bounds = dict(requirements())
    assert len(bounds) == len(lines), "every requirement has a lower bound"
    for wanted in ("tensorflow", "keras", "jupyterlab", "matplotlib", "nbval", "pytest"):
        assert wanted in bounds
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (own,) = [tool for tool in extra["dev"] if ">=" not in tool]  # what instructors have; authors test it
    of_instructors = [tool for name in re.search(r"\[(.+)\]", own)[1].split(",") for tool in extra[name]]
    tools = dict(re.sub(r"\[\w+\]", "", tool).split(">=") for tool in extra["dev"] + of_instructors if tool != own)
    assert not tools.keys() & bounds.keys(), "learners need no tools of authors"
    bounds |= tools
    pinned = {
        name.lower().replace("_", "-"): v
        for name, v in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    }
    for name, least in bounds.items():
        assert Version(pinned[name]) >= Version(least), name
        assert version(name)


def test_the_tested_set_can_be_installed_on_the_oldest_python():
    """A pin that wants a newer 3.11 than the first one says so in a marker: pip installs all of the set, or nothing."""
    from importlib.metadata import distributions

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name

    needs = {canonicalize_name(d.metadata["Name"]): d.metadata.get("Requires-Python") or "" for d in distributions()}
    oldest = {"python_version": "3.11", "python_full_version": "3.11.0"}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    there = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(oldest)]
    asked = [pin for pin in there if canonicalize_name(pin.name) in needs]
    assert len(asked) > 100 and len(pins) - len(there) <= 3
    guilty = [f"{pin}: {needs[canonicalize_name(pin.name)]}" for pin in asked
              if "3.11.0" not in SpecifierSet(needs[canonicalize_name(pin.name)])]  # fmt: skip
    assert guilty == []


def test_package_holds_every_module_and_data_file_of_the_library():
    """What setuptools would pack, by the patterns of pyproject.toml alone; asked in a process of its own, offline."""
    program = (
        "from setuptools.dist import Distribution; d = Distribution({'script_name': 'setup.py'}); d.parse_config_files();"
        "d.include_package_data = False; build = d.get_command_obj('build_py'); build.build_lib = '.';"
        "build.ensure_finalized(); import json; print(json.dumps(build.get_outputs(include_bytecode=0)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    packed = {(ROOT / name).resolve() for name in json.loads(done.stdout.splitlines()[-1])}
    wanted = {path.resolve() for path in tracked() if path.is_relative_to(ROOT / "course_lib")}
    assert wanted - packed == set(), "not in the wheel: see [tool.setuptools] in pyproject.toml"
    assert all(path.is_relative_to(ROOT / "course_lib") for path in packed), "nothing else is packed"


def test_nothing_speaks_of_the_machine_it_was_made_on():
    # written in pieces, so that this file does not find itself
    forbidden = re.compile(r"/wo" r"rk/main|/ro" r"ot/|pythonho" r"sted\.org|/tm" r"p/exp|bash_jo" r"bs")
    guilty = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if match := forbidden.search(text):
            guilty.append(f"{path.relative_to(ROOT)}: {match.group(0)}")
    assert guilty == []


def test_readme_leads_with_the_two_commands_and_lists_every_lesson():
    from authoring.source import lessons, read

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.index("make lab") < text.index("make test") < text.index("| Lesson")
    for lesson in lessons():
        title = read(lesson.folder / "lesson.py").metadata["course"]["title"]
        assert f"[{title}](notebooks/{lesson.slug}.ipynb)" in text, f"README does not list {lesson.slug}"


def test_every_file_of_the_house_is_there():
    for name in (
        "README.md requirements.txt constraints.txt pyproject.toml Makefile LICENSE CITATION.cff CONTRIBUTING.md "
        "CHANGELOG.md notebooks course_lib exercises solutions tests source authoring bench .ci/run "
        ".github/workflows/test.yml .github/workflows/weekly.yml course_lib/data/README.md"
    ).split():
        assert (ROOT / name).exists(), name


def test_links_in_the_documents_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "course_lib/data/README.md"):
        path = ROOT / name
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"dead link {target} in {name}"


def test_start_up_notices_of_tensorflow_stay_out_of_notebooks():
    code = "import course_lib, keras; keras.ops.ones(1)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def test_error_while_loading_the_backend_is_not_swallowed(tmp_path):
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import os\nos.write(2, b'told by a library')\nraise ImportError('broken installation')\n", encoding="utf-8"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import course_lib, tensorflow"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0 and "broken installation" in done.stderr and "told by a library" in done.stderr
