"""The rooms of the house: who may import whom, that nothing runs in a circle, and that no room grows too large."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 700  # lines

# What each room may import of course_lib, besides itself. "taught" is every module of the taught library.
MAY_IMPORT = {
    "runtime": set(),
    "crashes": {"runtime"},
    "_quiet": {"crashes"},
    "datasets": set(),
    "metrics": set(),
    "referees": set(),
    "plots": {"runtime"},
    "taught": {"runtime", "crashes", "datasets", "metrics", "referees", "plots", "taught"},
    "judges": {"classroom.exercise", "classroom.probe", "datasets", "metrics", "referees", "taught"},
    "classroom": {"runtime", "crashes", "datasets", "taught"},
    "grading": {"classroom", "runtime", "classroom.judges"},
}
# What a submission's code shares a process or a sandbox with. It knows nothing of marks, and no judge.
WITH_SUBMISSIONS = {
    f"course_lib.grading.{name}" for name in ("nursery", "answers", "notebooks", "isolation", "refusals")
}


def name_of(path: Path, root: Path = ROOT) -> str:
    """``course_lib.plots.images`` for its file, ``course_lib.plots`` for the package's."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def modules() -> dict[str, Path]:
    return {name_of(path): path for path in sorted((ROOT / "course_lib").rglob("*.py"))}


def imports(text: str, module: str, package: bool, known) -> set[str]:
    """The modules of ours that a text imports, anywhere in it, relative imports included."""
    found = set()
    here = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) + 1 - node.level] if node.level else []
            base = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                found.add(f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base)
    return {name for name in found if name in known and name != module}


@functools.cache
def graph() -> dict[str, set[str]]:
    known = modules()
    return {
        module: imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py", known)
        for module, path in known.items()
    }


def room(module: str) -> str:
    """The room that a module stands in."""
    parts = module.split(".")[1:]
    if parts[:1] == ["classroom"]:
        return "judges" if parts[1:2] == ["judges"] else "classroom"
    return parts[0] if parts and parts[0] in MAY_IMPORT else "taught"


def allowed(module: str, imported: str) -> bool:
    here, there = room(module), room(imported)
    short = imported.removeprefix("course_lib.")
    if imported == "course_lib":  # the root: its version, and where it lies
        return True
    return here == there or there in MAY_IMPORT[here] or short in MAY_IMPORT[here]


def test_every_import_goes_in_an_allowed_direction():
    wrong = [
        f"{module} ({room(module)}) imports {other} ({room(other)})"
        for module, others in graph().items()
        if module not in ("course_lib", "course_lib.__main__")
        for other in others
        if not allowed(module, other)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_taught_library_never_imports_the_classroom():
    rooms = "course_lib.classroom", "course_lib.grading"
    taught = {m: o for m, o in graph().items() if not m.startswith(rooms) and m != "course_lib.__main__"}
    assert not {m for m, others in taught.items() for other in others if other.startswith(rooms)}


def reached(start: set[str]) -> set[str]:
    """What some modules import, directly or through others, themselves included."""
    found, left = set(), set(start)
    while left:
        module = left.pop()
        found.add(module)
        left |= graph()[module] - found
    return found


def test_nothing_but_the_command_line_imports_grading():
    importing = {m for m, others in graph().items() if any(o.startswith("course_lib.grading") for o in others)}
    assert {m for m in importing if not m.startswith("course_lib.grading")} == {"course_lib.__main__"}


def test_what_runs_beside_a_submission_knows_no_judge_and_no_mark():
    beside = reached(WITH_SUBMISSIONS)
    grading = {module for module in beside if module.startswith("course_lib.grading.")}
    assert grading == WITH_SUBMISSIONS
    assert not [module for module in beside if room(module) == "judges"]
    assert "course_lib.classroom.host" in beside  # the look sees more than these modules' own lines


def test_no_imports_run_in_a_circle():
    left = {module: {o for o in others if o != "course_lib"} for module, others in graph().items()}
    while True:
        free = {module for module, others in left.items() if not others & set(left)}
        if not free:
            break
        left = {module: others for module, others in left.items() if module not in free}
    assert not left, f"these import each other in a circle, or what does: {sorted(left)}"


def test_nothing_outside_is_imported():
    for module, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
            )
            assert not {name.split(".")[0] for name in names} & {"authoring", "tests", "bench"}, module


def test_nobody_imports_another_modules_privates():
    known, wrong = modules(), []
    for module, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("course_lib")):
                wrong += [
                    f"{module}: {alias.name}"
                    for alias in node.names
                    if alias.name.startswith("_") and not any(name.endswith(f".{alias.name}") for name in known)
                ]
    assert not wrong


def test_no_room_is_too_large():
    sizes = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert not {name: size for name, size in sizes.items() if size > LARGEST}


@pytest.mark.parametrize(
    "line",
    [
        "import course_lib.classroom.records",
        "from course_lib.classroom import records",
        "from course_lib.classroom.records import entry",
        "from ..classroom import records",
        "from ..classroom.records import entry",
        "def f():\n    from ..classroom.records import entry",
    ],
)
def test_an_import_is_found_however_it_is_written(line):
    found = imports(line, "course_lib.datasets.images", False, modules())
    assert found == {"course_lib.classroom.records"} and not allowed("course_lib.datasets.images", *found)


def test_an_import_within_the_package_is_allowed():
    for line in ("from course_lib.datasets import images", "from . import images"):
        (found,) = imports(line, "course_lib.datasets.windows", False, modules())
        assert allowed("course_lib.datasets.windows", found)
