"""The pedagogical lint: what every lesson and every exercise must have."""

from __future__ import annotations

import re
import symtable
from collections import Counter

from authoring.derive import COMPARED, FOLDED
from authoring.reading import dishonest_minutes, over_budget
from authoring.source import ROLES, Lesson, SourceError, lessons, read, role, task_of
from authoring.terms import lint_terms

# Objectives start with a verb whose result can be seen. "Understand" and "know" cannot be checked.
VERBS = set(
    "add apply assess audit avoid bound build calculate check choose classify clip combine compare compute construct "
    "count decide decode define demonstrate derive describe design detect diagnose distinguish draw estimate evaluate "
    "explain express find fit generate identify implement interpret judge label list locate mark measure name plot "
    "predict prove quantify rank read recognise recommend reproduce run sample score search show sketch solve split "
    "start state swap test trace train transfer translate tune use verify write".split()
)
SECTIONS = ("What goes wrong", "When it does not train", "Results", "Wrap-up", "References")
SECTIONS_OF_THE_TOUR = ("Wrap-up", "References")
BANNED = re.compile(r"\b(simply|obviously|trivially|of course|just (?:do|use|run|call))\b", re.IGNORECASE)
BACKEND = re.compile(r"^\s*(?:import|from)\s+(?:tensorflow|jax|torch|tf_keras)\b", re.MULTILINE)
LONGEST_CELL = 45  # lines that fit on a screen
NBVAL_COMMENT = re.compile(r"^\s*#\s*(?:NBVAL_\w+|PYTEST_VALIDATE_\w+)", re.MULTILINE)
TAGS = {*ROLES, FOLDED, COMPARED}


def lint_lesson(lesson: Lesson, *, built: bool = True) -> list[str]:
    """Everything that a lesson lacks or breaks, as sentences; an empty list if it is in order.

    Args:
        lesson: the lesson.
        built: whether its notebooks are built; before that nothing is said of its minutes, which count their figures.
    """
    try:
        problems = _lint_text(lesson) + over_budget(lesson, built=built)
        problems += dishonest_minutes(lesson) if built else []
        if lesson.has_deeper:
            problems += _lint_cells(f"{lesson.slug}/deeper.py", read(lesson.folder / "deeper.py"))
        problems += _lint_comments(lesson) + lint_terms(lesson)
        if lesson.has_exercises:
            problems += _lint_exercises(lesson)
        return problems
    except SourceError as error:
        return [str(error)]


def _lint_text(lesson: Lesson) -> list[str]:
    notebook = read(lesson.folder / "lesson.py")
    header = notebook.metadata["course"]
    code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    prose = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    headings = re.findall(r"^(#+) (.+)$", "\n".join(prose), re.MULTILINE)
    problems = []
    where = f"{lesson.slug}/lesson.py"
    if int(header["lesson"]) != lesson.number:
        problems.append(f"{where}: the header says lesson {header['lesson']}, the folder {lesson.number}")
    if not isinstance(header.get("minutes"), int) or header["minutes"] <= 0:
        problems.append(f"{where}: the header gives no minutes")
    objectives = header.get("objectives") or []
    if len(objectives) < 3:
        problems.append(f"{where}: at least three objectives are needed, found {len(objectives)}")
    problems += [
        f"{where}: the objective {o!r} does not start with a verb whose result can be seen"
        for o in objectives
        if o.split()[0].lower() not in VERBS
    ]
    tour = lesson.number == 0
    titles = [title for _, title in headings]
    problems += [f"{where}: no section {s!r}" for s in (SECTIONS_OF_THE_TOUR if tour else SECTIONS) if s not in titles]
    if lesson.number >= 2 and "Recall" not in titles:
        problems.append(f"{where}: no section 'Recall' with questions on earlier lessons")
    if any(len(level) == 1 for level, _ in headings):
        problems.append(f"{where}: the title comes from the header; sections start at ##")
    levels = [2, *(len(level) for level, _ in headings)]
    problems += [
        f"{where}: heading level jumps at {title!r}"
        for (before, (level, title)) in zip(levels, headings, strict=False)
        if len(level) > before + 1
    ]
    guesses = re.findall(r"\bguess\(\s*\"([^\"]+)\"", code)
    reveals = re.findall(r"\breveal\(\s*\"([^\"]+)\"", code)
    if not guesses:
        problems.append(f"{where}: no guess before an experiment")
    if sorted(guesses) != sorted(set(reveals)):
        problems.append(f"{where}: guesses {sorted(guesses)} and reveals {sorted(set(reveals))} do not match")
    claims = len(re.findall(r"^\s*claim\(", code, re.MULTILINE))
    if claims < (1 if tour else 3):
        problems.append(f"{where}: {claims} claims, too few")
    if not tour:
        if "explore(" not in code:
            problems.append(f"{where}: no interactive figure (widgets.explore)")
        if "plots.ladder" not in code:
            problems.append(f"{where}: no ladder figure (plots.ladder)")
        if not (lesson.folder / "instructor.md").is_file():
            problems.append(f"{lesson.slug}: no instructor.md")
    problems += _lint_cells(where, notebook)
    return problems


def _lint_comments(lesson: Lesson) -> list[str]:
    """What the tests need and a reader does not stands in tags: no comment for nbval."""
    if lesson.number <= 6 and not lesson.keeps_budgets:  # these still have the comment until they are rewritten
        return []
    return [
        f"{lesson.slug}/{path.name}: cell {number} has the comment {found[0].strip()!r}, which readers see; "
        f'tag the cell instead: # %% tags=["{COMPARED}"]'
        for path in (lesson.folder / name for name in ("lesson.py", "deeper.py", "exercises.py"))
        if path.is_file()
        for number, cell in enumerate(read(path).cells)
        if cell.cell_type == "code" and (found := NBVAL_COMMENT.search(cell.source))
    ]


def _lint_cells(where: str, notebook) -> list[str]:
    problems = []
    for number, cell in enumerate(notebook.cells):
        problems += [
            f"{where}: cell {number} has the unknown tag {tag!r}; there are {', '.join(sorted(TAGS))}"
            for tag in cell.metadata.get("tags", [])
            if tag not in TAGS
        ]
        if cell.cell_type == "markdown":
            match = BANNED.search(cell.source)
            if match:
                problems.append(f"{where}: cell {number} says {match.group(0)!r}")
            if re.search(r"\w!(\s|$)", re.sub(r"`[^`]*`|\$[^$]*\$|!\[", "", cell.source)):
                problems.append(f"{where}: cell {number} has an exclamation mark")
        elif cell.cell_type == "code":
            if BACKEND.search(cell.source):
                problems.append(f"{where}: cell {number} imports a backend")
            if re.search(r"^\s*from\s+\S+\s+import\s+\*", cell.source, re.MULTILINE):
                problems.append(f"{where}: cell {number} has a star import")
            if cell.source.count("\n") >= LONGEST_CELL:
                problems.append(
                    f"{where}: cell {number} does not fit on a screen ({cell.source.count(chr(10)) + 1} lines)"
                )
    return problems


def _lint_exercises(lesson: Lesson) -> list[str]:
    from authoring import bank

    where = f"{lesson.slug}/exercises.py"
    notebook = read(lesson.folder / "exercises.py")
    problems = _lint_cells(where, notebook)
    wrong = Counter(w.exercise for w in bank.wrong_answers(lesson))
    right = bank.variants(lesson)
    names, kinds = [], []
    for cell in notebook.cells:
        if role(cell) == "check":
            match = re.match(r"check\(([\w, ]+)\)\s*$", cell.source.strip())
            if not match or not names or tuple(match[1].split(", ")) != names[-1]:
                problems.append(f"{where}: after the task {names[-1] if names else '?'} stands {cell.source.strip()!r}")
        if role(cell) != "task":
            continue
        task = task_of(cell)
        names.append(task.names)
        kinds.append(task.kind)
        least = 2 if task.kind != "capstone" and one_line(lesson, task.names[0]) else 4
        if wrong[task.names[0]] < least:
            problems.append(f"{where}: {task.names[0]} has {wrong[task.names[0]]} wrong answers, needs {least}")
        if task.names[0] not in right:
            problems.append(f"{where}: {task.names[0]} has no independently written variant")
        if "**Success looks like**" not in cell.source:
            problems.append(f"{where}: {task.names[0]} does not say what success looks like")
        if task.minutes > {1: 10, 2: 20, 3: 40}[task.stars]:
            problems.append(f"{where}: {task.names[0]} takes longer than its {task.stars} star(s) allow")
        if task.kind == "capstone" and task.stars != 3:
            problems.append(f"{where}: the capstone {task.names[0]} has {task.stars} star(s), and a capstone has ★★★")
    if "capstone" in kinds[:-1]:
        problems.append(f"{where}: a lesson has one capstone, as its last exercise; the kinds are {', '.join(kinds)}")
    known = {name for group in names for name in group}
    problems += [
        f"{where}: cell {number} gives {name} another meaning, and its check, run again, would judge that; use another name"
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and role(cell) != "answer"
        for name in sorted(known & _bound(cell.source))
    ]
    problems += [f"{where}: wrong answers for the unknown exercise {name}" for name in wrong if name not in known]
    return problems


def _bound(source: str) -> set[str]:
    """The names that a cell binds outside of functions and classes."""
    scope = symtable.symtable(source, "cell", "exec")
    return {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def one_line(lesson: Lesson, name: str) -> bool:
    """Whether the solution of an exercise is one statement: then two wrong answers are enough."""
    import ast

    from authoring.source import split_answer

    for cell in read(lesson.folder / "exercises.py").cells:
        if role(cell) != "answer":
            continue
        for node in ast.walk(ast.parse(split_answer(cell.source)[1])):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                body = [n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
                return len(body) == 1
    return False


def lint_all(which: str | None = None) -> list[str]:
    """The lint of one lesson, or of every one, and of the bank that the package holds."""
    from authoring.stored_bank import stale

    return [problem for lesson in lessons(which) for problem in lint_lesson(lesson)] + stale(which)
