"""What a first reading of a notebook costs: words, code, claims, minutes; and the budgets that a lesson keeps.

Counted on what a reader sees: prose without the references, code that is not folded, and the figures of the stored outputs.
A lesson keeps the budgets once it has a second notebook, ``deeper.py``, for what does not belong into a first reading; one that
has none, as the tour, once its header says ``budgets: true``.
"""

from __future__ import annotations

import ast
import re
import statistics
from dataclasses import dataclass

import nbformat

from authoring.derive import FOLDED, READ, WAY, derive, elsewhere, kinds_of, path_of
from authoring.source import Lesson, lessons, read
from authoring.terms import bold_terms

WORDS_A_MINUTE, CODE_LINES_A_MINUTE = 150, 15
SLACK, LEAST_SLACK = 0.1, 2  # how far the printed minutes may be from the counted ones: a share, and minutes at least

# What a notebook may have at most: of the lessons, of lesson 00, of those that go deeper.
BUDGETS = {
    "notebooks": {
        "words": 2200, "code lines": 260, "lines in a cell": 25, "median lines in a cell": 10, "claims": 9,
        "folded share": 0.25, "bold terms": 14, "minutes": 50, "compute": 40,
    },
    "tour": {"words": 1200, "code lines": 80},
    "deeper": {
        "words": 2500, "code lines": 450, "lines in a cell": 35, "claims": 24, "folded share": 0.35, "compute": 40,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """The counts of one notebook, by the names of ``BUDGETS``, and its figures."""

    counts: dict[str, float]
    figures: int

    def over(self, budget: dict[str, float]) -> list[str]:
        """What is above a budget, as phrases."""
        return [
            f"{_written(self.counts[what])} {what}, at most {_written(most)}"
            for what, most in budget.items()
            if self.counts[what] > most
        ]


def reading(lesson: Lesson, kind: str = "notebooks") -> Reading:
    """Count one notebook of a lesson.

    Args:
        lesson: the lesson.
        kind: "notebooks" or "deeper".
    """
    notebook = derive(lesson)[kind]
    header = read(lesson.folder / ("deeper.py" if kind == "deeper" else "lesson.py")).metadata["course"]
    cells = [c for c in notebook.cells if c.metadata.get("course", {}).get("role") != WAY]
    prose = [c.source for c in cells if c.cell_type == "markdown"]
    code = [c for c in notebook.cells if c.cell_type == "code"]
    seen = [lines_of(c.source) for c in code if FOLDED not in c.metadata.get("tags", [])]
    folded = sum(lines_of(c.source) for c in code) - sum(seen)
    text = "\n\n".join(prose).replace("\n".join(elsewhere()), "")  # not for who reads the lesson in its folder
    count = words(text)
    compute = float(header.get("compute", 0))
    figures = _figures(lesson, kind)
    minutes = count / WORDS_A_MINUTE + sum(seen) / CODE_LINES_A_MINUTE + figures + compute / 60
    return Reading(
        {
            "words": count,
            "code lines": sum(seen),
            "lines in a cell": max(seen, default=0),
            "median lines in a cell": statistics.median(seen) if seen else 0,
            "claims": claims("\n".join(c.source for c in code)),
            "folded share": folded / max(1, folded + sum(seen)),
            "bold terms": len(bold_terms("\n\n".join(prose[1:]))),
            "minutes": minutes,
            "compute": compute,
        },
        figures,
    )


def words(text: str) -> int:
    """Words of prose; a formula or a piece of code is one, links count by their text, references not at all."""
    text = re.split(r"^## References\s*$", text, maxsplit=1, flags=re.MULTILINE)[0]
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`", " sign ", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>", " ", text)
    return len(re.findall(r"[^\W_]+(?:['’.,-][^\W_]+)*", text))


def lines_of(code: str) -> int:
    """Lines of code that are not empty."""
    return sum(bool(line.strip()) for line in code.splitlines())


def claims(code: str) -> int:
    """The claims that code makes; each comparison inside ``all_of`` counts."""
    total = 0
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim":
            inner = node.args[1] if len(node.args) > 1 else None
            together = isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "all_of"
            total += len(inner.args) if together else 1
    return total


def over_budget(lesson: Lesson, *, built: bool = True) -> list[str]:
    """What a lesson that keeps the budgets has too much of, as sentences.

    Args:
        lesson: the lesson.
        built: whether its notebooks were built from this text: without their figures the minutes cannot be counted.
    """
    problems = []
    for kind in kinds_of(lesson) if lesson.keeps_budgets else ():
        if kind not in READ:
            continue
        budget = BUDGETS["tour" if lesson.number == 0 else kind]
        budget = {what: most for what, most in budget.items() if built or what != "minutes"}
        name = "deeper.py" if kind == "deeper" else "lesson.py"
        problems += [f"{lesson.slug}/{name}: {excess}" for excess in reading(lesson, kind).over(budget)]
    return problems


def dishonest_minutes(lesson: Lesson) -> list[str]:
    """Where the minutes that a lesson prints are not those that it takes, as sentences; of lessons that keep the budgets.

    Figures are counted in the stored outputs: what is said holds for the notebooks as they were built last.
    """
    problems = []
    for kind in kinds_of(lesson) if lesson.keeps_budgets else ():
        if kind not in READ:
            continue
        name = "deeper.py" if kind == "deeper" else "lesson.py"
        printed = read(lesson.folder / name).metadata["course"].get("minutes")
        counted = reading(lesson, kind).counts["minutes"]
        if isinstance(printed, int) and abs(printed - counted) > max(LEAST_SLACK, SLACK * counted):
            problems.append(
                f"{lesson.slug}/{name}: the header says {printed} minutes, and a reader needs {counted:.0f} "
                f"(`python -m authoring reading --lesson {lesson.number:02d}`): write `minutes: {counted:.0f}`"
            )
    return problems


def table(which: str | None = None) -> int:
    """Print the counts of every notebook that is read; returns 0."""
    names = list(BUDGETS["notebooks"])
    print(f"{'notebook':32} " + " ".join(f"{name:>{max(7, len(name))}}" for name in names))
    for lesson in lessons(which):
        for kind in kinds_of(lesson):
            if kind in READ:
                counts = reading(lesson, kind).counts
                row = " ".join(f"{_written(counts[name]):>{max(7, len(name))}}" for name in names)
                print(f"{path_of(lesson, kind).stem:32} {row}")
    return 0


def _figures(lesson: Lesson, kind: str) -> int:
    path = path_of(lesson, kind, lesson.folder.parent.parent)  # the notebooks lie beside `source/`
    if not path.is_file():
        return 0
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for c in cells if c.cell_type == "code" for output in c.outputs]
    return sum("<figure" in str(output.get("data", {}).get("text/html", "")) for output in outputs)


def _written(value: float) -> str:
    return f"{value:.0%}" if 0 < value < 1 else f"{value:.0f}"
