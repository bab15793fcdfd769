"""The reference of the library: every public function and class of ``course_lib``, from its docstring and its source.

Read from the syntax trees, not imported: Keras alone would take ten seconds. A page for each module that notebooks import; packages
show what their ``__init__`` offers. The source of each entry is folded on its page, and left out of the search.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from pathlib import Path

from authoring.derive import kinds_of
from authoring.source import ROOT, Lesson, SourceError, lessons, read
from authoring.web.collect.docstrings import NAMED, TITLES, inline, markdown, sections
from authoring.web.collect.places import in_short, link, page_of

LIBRARY = ROOT / "course_lib"
PAGE = "reference.md"
FOLDER = "reference"
NAMES = "course_lib"  # the page of what notebooks import from course_lib itself
CLASSROOM = "classroom"
NOT_SHOWN = {"judges", "lab_config"}  # rooms whose code would give answers away, or that hold none
INTRODUCTION = """\
All that the notebooks import, with what it takes and returns. The source of each function is folded below its description. `from course_lib import losses` makes `losses.kl_divergence` available; importing is cheap, and the backend is loaded when it is first needed.
"""


@dataclass(frozen=True)
class Entry:
    """A public function or class.

    Attributes:
        name: as it is called.
        node: its syntax tree.
        path: the file that defines it.
        docstring: its docstring, "" if it has none.
    """

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    path: Path
    docstring: str

    @property
    def where(self) -> str:
        """The file and the lines, as ``course_lib/losses.py, lines 18 to 31``."""
        return f"{self.path.relative_to(ROOT).as_posix()}, lines {_first_line(self.node)} to {self.node.end_lineno}"


@dataclass(frozen=True)
class Module:
    """A module or package with what it offers; ``parts`` are the entries by the heading that they stand under, "" for none."""

    name: str
    docstring: str
    parts: tuple[tuple[str, tuple[Entry, ...]], ...]

    @property
    def entries(self) -> list[Entry]:
        """All entries."""
        return [entry for _, entries in self.parts for entry in entries]


@functools.cache
def modules() -> tuple[Module, ...]:
    """All modules of the reference: what notebooks import by name, the taught modules, and the classroom.

    Raises:
        SourceError: if something public has no docstring.
    """
    lazy_names, lazy_modules = _lazy()
    found = [Module(NAMES, _docstring(LIBRARY / "__init__.py"), (("", tuple(_named(lazy_names))),))]
    for name in sorted(lazy_modules):
        path = LIBRARY / f"{name}.py"
        package = LIBRARY / name / "__init__.py"
        entries = _public(path) if path.is_file() else _offered(package)
        found.append(Module(name, _docstring(path if path.is_file() else package), (("", tuple(entries)),)))
    rooms = [path for path in sorted((LIBRARY / CLASSROOM).glob("*.py")) if not path.stem.startswith("_")]
    parts = [(path.stem, tuple(_public(path))) for path in [*rooms, LIBRARY / "runtime.py", LIBRARY / "crashes.py"]]
    found.append(Module(CLASSROOM, CLASSROOM_ABOUT, tuple((room, entries) for room, entries in parts if entries)))
    bare = [f"{module.name}.{entry.name}" for module in found for entry in module.entries if not entry.docstring]
    if bare:
        raise SourceError(f"No docstring: {', '.join(bare)}.")
    return tuple(found)


CLASSROOM_ABOUT = """\
What runs the course and is never taught: checks, hints, claims, records, and the commands of `python -m course_lib`. Learners need none of it; whoever writes a judge needs `probe` and `exercise`.
"""


# ----- reading


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _docstring(path: Path) -> str:
    return ast.get_docstring(_tree(path)) or ""


def _lazy() -> tuple[dict[str, str], set[str]]:
    """What ``course_lib/__init__.py`` loads when it is first asked for: names with their modules, and modules."""
    values = {}
    for node in _tree(LIBRARY / "__init__.py").body:
        if isinstance(node, ast.Assign) and node.targets[0].id in ("_LAZY_NAMES", "_LAZY_MODULES"):
            values[node.targets[0].id] = ast.literal_eval(node.value)
    return values["_LAZY_NAMES"], values["_LAZY_MODULES"]


def _named(names: dict[str, str]) -> list[Entry]:
    found = []
    for name, module in names.items():
        found.append(_defined(LIBRARY / f"{module.replace('.', '/')}.py", name))
    return [entry for entry in found if entry is not None]


def _public(path: Path) -> list[Entry]:
    """The public functions and classes that a module defines, in its order."""
    return [
        Entry(node.name, node, path, ast.get_docstring(node) or "")
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]


def _defined(path: Path, name: str) -> Entry | None:
    return next((entry for entry in _public(path) if entry.name == name), None)


def _offered(package: Path) -> list[Entry]:
    """The functions and classes that a package's ``__init__`` imports for others, in its order; constants are no entries."""
    found = []
    for node in _tree(package).body:
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").strip("."):
            continue
        base = package.parent if node.level else ROOT
        path = base / f"{node.module.replace('.', '/')}.py"
        if path.is_file() and path.is_relative_to(LIBRARY):
            found += [entry for alias in node.names if (entry := _defined(path, alias.name))]
    return found + _public(package)


def _first_line(node) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


# ----- where the lessons use it


@functools.cache
def users() -> dict[str, tuple[tuple[Lesson, str], ...]]:
    """The lessons, with the kind of their notebook, whose code uses a name of the library, such as ``losses.kl_divergence``."""
    found: dict[str, list[tuple[Lesson, str]]] = {}
    for lesson in lessons():
        for kind, file in (("notebooks", "lesson.py"), ("deeper", "deeper.py")):
            if kind not in kinds_of(lesson):
                continue
            code = "\n".join(cell.source for cell in read(lesson.folder / file).cells if cell.cell_type == "code")
            for name in _used(ast.parse(code)):
                found.setdefault(name, []).append((lesson, kind))
    return {name: tuple(of) for name, of in found.items()}


def _used(code: ast.Module) -> set[str]:
    """The names of the library that code uses: ``claim``, ``losses.kl_divergence``."""
    known = {}
    for node in ast.walk(code):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == LIBRARY.name:
            inside = (node.module or "").partition(".")[2]
            for alias in node.names:
                known[alias.asname or alias.name] = f"{inside}.{alias.name}" if inside else alias.name
    parts = [node for node in ast.walk(code) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    before_a_dot = {id(part.value) for part in parts}
    alone = {node.id for node in ast.walk(code) if isinstance(node, ast.Name) and id(node) not in before_a_dot}
    of_modules = {f"{known[part.value.id]}.{part.attr}" for part in parts if part.value.id in known}
    return of_modules | {full for name, full in known.items() if name in alone}


def _used_in(module: Module, entry: Entry) -> list[str]:
    """A line that leads to the lessons that use an entry, to a second notebook only where the first does not use it."""
    places = users().get(entry.name if module.name == NAMES else f"{module.name}.{entry.name}", ())
    first = {lesson.number for lesson, kind in places if kind == "notebooks"}
    places = [(lesson, kind) for lesson, kind in places if kind == "notebooks" or lesson.number not in first]
    if len(first) == len(lessons()):
        return [f"Used in {link('every lesson', 'lessons.md', of=_page(module))}.", ""]
    links = [link(in_short(lesson, kind), page_of(lesson, kind), of=_page(module)) for lesson, kind in places]
    return [f"Used in {', '.join(links)}.", ""] if links else []


# ----- writing


def pages() -> dict[str, str]:
    """The page with all modules, and the page of each."""
    found = {PAGE: _index()}
    for module in modules():
        found[_page(module)] = _text(module)
    return found


def entry_of(name: str) -> str:
    """The page that describes a name such as ``datasets.own_windows``; its heading there is the last part.

    Raises:
        SourceError: if there is no such function or class.
    """
    module, _, function = name.rpartition(".")
    for candidate in modules():
        if candidate.name == (module or NAMES) and any(entry.name == function for entry in candidate.entries):
            return _page(candidate)
    raise SourceError(f"The library offers no {name!r}.")


def _page(module: Module) -> str:
    return f"{FOLDER}/{module.name}.md"


def _index() -> str:
    lines = ["# Library reference", "", INTRODUCTION.strip(), ""]
    lines += ["| Module | What it is | What it offers |", "|---|---|---|"]
    for module in modules():
        first = " ".join(inline(line) for line in module.docstring.strip().split("\n\n")[0].splitlines())
        names = ", ".join(f"`{entry.name}`" for entry in module.entries)
        if module.name == CLASSROOM:
            names = ", ".join(f"`{room}`" for room, _ in module.parts)
        lines.append(f"| {link(f'`{module.name}`', _page(module), of=PAGE)} | {first} | {names} |")
    toctree = ["```{toctree}", ":hidden:", "", *(_page(module).removesuffix(".md") for module in modules()), "```"]
    return "\n".join([*lines, "", *toctree]) + "\n"


def _text(module: Module) -> str:
    lines = [f"# {module.name}", "", markdown(module.docstring)]
    for part, entries in module.parts:
        level = "##"
        if part:
            path = entries[0].path
            lines += ["", f"## {part}", "", markdown(_docstring(path))]
            level = "###"
        for entry in entries:
            lines += ["", *_entry(entry, level, _used_in(module, entry))]
    return "\n".join(lines) + "\n"


def _entry(entry: Entry, level: str, used: list[str]) -> list[str]:
    """The heading, signature, description, lines ``used`` and folded source of an entry; the methods of a class one level below."""
    lines = [
        f"{level} {entry.name}",
        "",
        "```python",
        _signature(entry),
        "```",
        "",
        *_described(entry.docstring),
        *used,
    ]
    if isinstance(entry.node, ast.ClassDef):
        for method in _methods(entry):
            lines += ["", f"{level}# {entry.name}.{method.name}", "", "```python", _signature(method), "```", ""]
            lines += _described(method.docstring)
    untaught = entry.path.is_relative_to(LIBRARY / CLASSROOM)
    return [*lines, "", f"Source: `{entry.where}`." if untaught and level != "##" else _folded_source(entry)]


def _methods(entry: Entry) -> list[Entry]:
    """The public methods and properties of a class that say what they do."""
    return [
        Entry(node.name, node, entry.path, ast.get_docstring(node))
        for node in entry.node.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and ast.get_docstring(node)
    ]


def _described(docstring: str) -> list[str]:
    lines: list[str] = []
    for section in sections(docstring):
        if not section.title:
            lines += [markdown(section.text), ""]
            continue
        lines += [f"**{TITLES[section.title]}**", ""]
        if section.title in NAMED:
            for name, words in section.items:
                head, *more = markdown(words).split("\n")
                lines.append(f"* `{name}`: {head}" if name else f"* {head}")
                lines += [f"  {line}" if line else "" for line in more]
        else:
            lines.append(markdown(section.text))
        lines.append("")
    return lines


# ----- signatures and source


def _signature(entry: Entry) -> str:
    """How an entry is called, one argument a line where it is long."""
    node = entry.node
    if isinstance(node, ast.ClassDef):
        return _call(f"class {entry.name}", _constructor(node), "")
    names = {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
    if names & {"property", "cached_property"}:
        return f"{entry.name}{_returned(node)}"
    arguments = _arguments(node.args)
    if arguments and arguments[0] in ("self", "cls"):
        arguments = arguments[1:]
    return _call(entry.name, arguments, _returned(node))


def _call(name: str, arguments: list[str], returned: str) -> str:
    flat = f"{name}({', '.join(arguments)}){returned}"
    if len(flat) <= 72:
        return flat
    return "\n".join([f"{name}(", *(f"    {argument}," for argument in arguments), f"){returned}"])


def _returned(node) -> str:
    return f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""


def _arguments(arguments: ast.arguments) -> list[str]:
    """The arguments of a function with their annotations and defaults, as they are written."""

    def written(argument: ast.arg, default: ast.expr | None) -> str:
        text = argument.arg
        if argument.annotation is not None:
            text += f": {ast.unparse(argument.annotation)}"
        if default is not None:
            text += f" = {ast.unparse(default)}" if argument.annotation is not None else f"={ast.unparse(default)}"
        return text

    places = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(places) - len(arguments.defaults)) + list(arguments.defaults)
    found = [written(argument, default) for argument, default in zip(places, defaults, strict=True)]
    if arguments.posonlyargs:
        found.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg:
        found.append(f"*{written(arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        found.append("*")
    found += [written(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        found.append(f"**{written(arguments.kwarg, None)}")
    return found


def _constructor(node: ast.ClassDef) -> list[str]:
    """What makes an object of a class: the arguments of ``__init__``, or the fields of a data class or named tuple."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _arguments(part.args)[1:]
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)]
    made = any("dataclass" in ast.unparse(d) for d in node.decorator_list) or any(
        ast.unparse(base) == "NamedTuple" for base in node.bases
    )
    if not made:
        return []
    return [
        f"{part.target.id}: {ast.unparse(part.annotation)}" + (f" = {ast.unparse(part.value)}" if part.value else "")
        for part in fields
        if not part.target.id.startswith("_") and "ClassVar" not in ast.unparse(part.annotation)
    ]


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> range:
    """The numbers of the lines of the docstring of a function or class; none if nothing else stands in it."""
    if ast.get_docstring(node) is None or len(node.body) == 1:
        return range(0)
    return range(node.body[0].lineno, node.body[0].end_lineno + 1)


def _folded_source(entry: Entry) -> str:
    """The source of an entry, folded, as HTML in one line: Markdown leaves it alone, and the search does not read it.

    The docstrings that stand above it already are left out.
    """
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    lines = entry.path.read_text(encoding="utf-8").splitlines()
    methods = _methods(entry) if isinstance(entry.node, ast.ClassDef) else []
    said = {number for part in (entry, *methods) for number in _docstring_lines(part.node)}
    code = "\n".join(
        lines[number - 1] for number in range(_first_line(entry.node), entry.node.end_lineno + 1) if number not in said
    )
    html = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n").replace("\n", "&#10;")
    return (
        f'<details class="source"><summary>Source of <code>{entry.name}</code>: {entry.where}</summary>'
        f'<div class="highlight-python notranslate"><div class="highlight"><pre tabindex="0">{html}</pre></div></div></details>'
    )
