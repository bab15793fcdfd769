"""The terms of the course: bold where they are defined, once, and not used before.

Each lesson that keeps the budgets has a ``terms.toml`` beside its ``lesson.py``::

    everyday = ["code"]            # terms whose word is also used in its everyday sense: earlier uses are not looked for
    labels = ["VS Code"]           # what stands in bold and is no term

    "code" = "the few numbers that an encoder makes of an input"
    "principal component" = "a direction along which the cloud of pictures is long"

    [deeper]                       # terms that deeper.py defines
    "matching pursuit" = "choosing atoms one by one, each for what is left over"

Read is what a reader reads, in the order of the lessons: prose, and the texts of guesses, claims and captions; no headings,
formulas, code, references or heads of tables. A sentence may name a later lesson's term if it names that lesson
("lesson 05", or a row of a table that starts with 05), and one of ``deeper.py`` if it says "deeper" or "second reading".
"""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from authoring.source import Lesson, SourceError, lessons, read

FILE = "terms.toml"
LONGEST_TERM = 5  # words; what is longer in bold is a sentence
EMPHASIS = set(
    "a all always an and any anything as before both each equal equally every everything exactly first four half in less "
    "more most must never no none not nothing of one only or same second should some ten that the then this three twice two "
    "which without your".split()
)
_BOLD = re.compile(r"\*\*(?=\S)((?:(?!\*\*).)+?)(?<=\S)\*\*", re.DOTALL)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BETWEEN = re.compile(r"[\s()|*_–-]*")  # what may stand between the words of one term
_FORMULA_OR_CODE = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|``[^`]+``|`[^`]+`", re.DOTALL)
_RULE = re.compile(r"[|:\s]*-[|:\s-]*")  # the line under the head of a table
_LINK = re.compile(r"(?<=\[)([^\]\[]*)\]\(([^)]*)\)")
_SENTENCE_ENDS = re.compile(r"(?<=[.?!:])[\s*_”)]+(?=\S)")
_IRREGULAR = {
    "axes": "axis", "bases": "basis", "matrices": "matrix", "indices": "index", "analyses": "analysis",
    "hypotheses": "hypothesis", "criteria": "criterion", "minima": "minimum", "maxima": "maximum", "biases": "bias",
    "lenses": "lens", "bias": "bias", "lens": "lens", "gas": "gas", "canvas": "canvas", "series": "series",
}  # fmt: skip


# ----- text as it is read


@dataclass(frozen=True)
class Passage:
    """A paragraph, an item of a list, a row of a table, or a text that code shows.

    Attributes:
        raw: the text.
        text: the same, of the same length, with formulas, code and addresses blanked.
        where: the file, as ``05_variational/lesson.py``.
        line: the line of the file on which it starts.
        section: the heading it stands under.
        prose: whether it may define a term: no row of a table, and no text of code.
    """

    raw: str
    text: str
    where: str
    line: int
    section: str
    prose: bool

    def place(self, at: int) -> str:
        """Where an offset stands, for a message."""
        line = f"line {self.line + self.raw[:at].count(chr(10))}"
        return f"{line} (“{self.section}”)" if self.section else line

    def quote(self, start: int, end: int) -> str:
        """The words around a place."""
        words = [(found.start(), found.end()) for found in re.finditer(r"\S+", self.raw)]
        inside = [i for i, (a, b) in enumerate(words) if a < end and b > start]
        first, last = max(0, inside[0] - 6), min(len(words) - 1, inside[-1] + 6)
        text = " ".join(self.raw[words[first][0] : words[last][1]].split())
        return f"“{'… ' if first else ''}{text}{' …' if last < len(words) - 1 else ''}”"

    def sentence(self, at: int) -> tuple[int, int]:
        """The bounds of the sentence around an offset; a row of a table is one."""
        if self.raw.lstrip().startswith("|"):
            return 0, len(self.text)
        ends = [0, *(found.end() for found in _SENTENCE_ENDS.finditer(self.text)), len(self.text)]
        return max(e for e in ends if e <= at), min((e for e in ends if e > at), default=len(self.text))


def passages(path: Path) -> list[Passage]:
    """What a reader reads of a lesson's source, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    where, section, cursor = f"{path.parent.name}/{path.name}", "", 0
    found: list[Passage] = []
    for cell in read(path).cells:
        source = cell.source.splitlines()
        skipped, first = next(((i, s.strip()) for i, s in enumerate(source) if s.strip()), (0, ""))
        if not first:
            continue
        # Where the cell stands in the file: at its first line, behind the cells before it.
        candidates = (i for i in range(cursor, len(lines)) if first in (lines[i].strip(), lines[i][1:].strip()))
        start = next(candidates, cursor) - skipped + 1
        cursor = start - 1 + len(source)
        if cell.cell_type == "code":
            pieces = [(number - 1, text, section, False) for number, text in _shown(cell.source)]
        else:
            pieces = list(_pieces(source, section))
            section = pieces[-1][2] if pieces else section
        found += [Passage(raw, _blanked(raw), where, start + at, of, prose) for at, raw, of, prose in pieces if raw]
    return found


def _pieces(source: list[str], section: str) -> Iterator[tuple[int, str, str, bool]]:
    """The pieces of a cell of text: number of the first line, text, section, and whether it is no row of a table.

    A heading gives an empty piece, of the section that it begins.
    """
    block: list[tuple[int, str]] = []
    fenced = False

    def closed(prose: bool = True) -> Iterator[tuple[int, str, str, bool]]:
        if block:
            yield block[0][0], "\n".join(line for _, line in block), section, prose
            block.clear()

    for number, line in enumerate(source):
        bare = line.strip()
        below = source[number + 1].strip() if number + 1 < len(source) else ""
        heading = re.match(r"#+ +(.*)", bare)
        row = bare.startswith("|")
        starts_anew = not bare or heading or row or bare.startswith("```") or re.match(r"([*+-]|\d+\.) ", bare)
        if starts_anew:
            yield from closed()
        if bare.startswith("```"):
            fenced = not fenced
        elif fenced or not bare:
            continue
        elif heading:
            section = heading[1]
            yield number, "", section, True
        elif section == "References" or (row and (_RULE.fullmatch(bare) or _RULE.fullmatch(below))):
            continue
        else:
            block.append((number, line))
            if row:
                yield from closed(prose=False)
    yield from closed()


def _shown(code: str) -> Iterator[tuple[int, str]]:
    """The texts of a cell that a reader is meant to read, each with its line: of guesses, claims, findings and captions."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a line of IPython's own
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = getattr(call.func, "id", "")
        texts: list[ast.expr] = [k.value for k in call.keywords if k.arg == "caption"]
        if name in ("claim", "finding"):
            texts += call.args[:1]
        elif name == "guess":
            texts += call.args[1:2]
            texts += getattr(call.args[2], "elts", []) if len(call.args) > 2 else []
        for node in texts:
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(p.value if isinstance(p, ast.Constant) and isinstance(p.value, str) else " " for p in parts)
            if text.strip():
                yield node.lineno, text


def _blanked(text: str) -> str:
    """The text with formulas, code and addresses as blanks: places stay where they are. Links to notebooks go as a whole."""

    def blank(found: re.Match) -> str:
        return re.sub(r"[^\n]", " ", found[0])

    def link(found: re.Match) -> str:
        text = re.sub(r"[^\n]", " ", found[1]) if ".ipynb" in found[2] else found[1]
        return text + re.sub(r"[^\n]", " ", found[0][len(found[1]) :])

    text = _FORMULA_OR_CODE.sub(blank, text)
    text = _LINK.sub(link, text)
    return re.sub(r"<!--.*?-->|<[^<>\n]+>|https?://\S+", blank, text, flags=re.DOTALL)


# ----- words and terms


def key_of(term: str) -> tuple[str, ...]:
    """A term as it is compared: its words in small letters, the last one in the singular; hyphens are spaces."""
    words = [_bare(word[0]) for word in _WORD.finditer(term)]
    return (*words[:-1], _singular(words[-1])) if words else ()


def _bare(word: str) -> str:
    return re.sub(r"['’]s$", "", word.lower())


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word


def _is_label(bold: str) -> bool:
    return bold.rstrip(" \"'”’").endswith((".", ":", "?", "!", ",", ";", "…"))


def looks_like_a_term(bold: str) -> bool:
    """Whether something in bold can be the definition of a term.

    No label, which ends with its full stop, colon or question mark inside the bold; no number, formula or key to press; no
    stressed word such as "not" or "one"; no sentence.
    """
    words = [_bare(word[0]) for word in _WORD.finditer(bold)]
    return not (
        _is_label(bold)
        or re.match(r"[\d.,+−±<>≤≥-]", bold.strip())
        or re.search(r"[$`=+]", bold)
        or not any(c.isalpha() for c in bold)
        or len(words) > LONGEST_TERM
        or all(word in EMPHASIS for word in words)
    )


def bold_terms(text: str) -> list[str]:
    """The different terms that stand in bold in Markdown, in order, in small letters; rows of tables define none."""
    text = "\n".join("" if line.lstrip().startswith("|") else line for line in text.splitlines())
    blanked = _blanked(text)
    found = (" ".join(text[m.start(1) : m.end(1)].split()) for m in _BOLD.finditer(blanked) if "\n\n" not in m[1])
    return list(dict.fromkeys(bold.lower() for bold in found if looks_like_a_term(bold)))


@dataclass(frozen=True)
class Terms:
    """What a ``terms.toml`` says; keys as by ``key_of``, with the term as it is written there."""

    lesson: dict[tuple[str, ...], str] = field(default_factory=dict)
    deeper: dict[tuple[str, ...], str] = field(default_factory=dict)
    everyday: frozenset = frozenset()
    labels: frozenset = frozenset()


def terms_of(lesson: Lesson) -> Terms | None:
    """The terms that a lesson defines; None if it has no ``terms.toml``.

    Raises:
        SourceError: if the file has not the form above.
    """
    path = lesson.folder / FILE
    if not path.is_file():
        return None
    where = f"{lesson.slug}/{FILE}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{where}: no TOML ({error}).") from None
    lists = {}
    for name in ("everyday", "labels"):
        lists[name] = data.pop(name, [])
        if not isinstance(lists[name], list) or not all(isinstance(word, str) for word in lists[name]):
            raise SourceError(f'{where}: `{name}` is a list of words, such as {name} = ["code"].')
    tables = []
    deeper = data.pop("deeper", {})
    for name, table in (("", data), ("[deeper] ", deeper if isinstance(deeper, dict) else {"deeper": deeper})):
        keys: dict[tuple[str, ...], str] = {}
        for term, definition in table.items():
            if term in lists and name:
                raise SourceError(f"{where}: `{term}` stands above the table [deeper], not in it.")
            if not isinstance(definition, str) or not definition.strip() or "\n" in definition:
                raise SourceError(f"{where}: {name}{term!r} needs a definition of one line; it has {definition!r}.")
            if key_of(term) in keys:
                raise SourceError(f"{where}: {name}{term!r} and {keys[key_of(term)]!r} are one term.")
            keys[key_of(term)] = term
        tables.append(keys)
    everyday, labels = (frozenset(map(key_of, lists[name])) for name in ("everyday", "labels"))
    for word in lists["everyday"]:
        if not any(key_of(word) in keys for keys in tables):
            raise SourceError(f"{where}: everyday names {word!r}, which is no term of this file.")
    return Terms(*tables, everyday, labels)


def uses(passage: Passage, vocabulary: Iterable[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """The terms that a passage names, each with its place: of several at one place the longest."""
    words = [(_bare(found[0]), found.start(), found.end()) for found in _WORD.finditer(passage.text)]
    longest_first = sorted(vocabulary, key=len, reverse=True)
    at = 0
    while at < len(words):
        for key in longest_first:
            these = words[at : at + len(key)]
            if (
                len(these) == len(key)
                and all(these[i][0] == key[i] for i in range(len(key) - 1))
                and _singular(these[-1][0]) == key[-1]
                and all(_BETWEEN.fullmatch(passage.text, a[2], b[1]) for a, b in itertools.pairwise(these))
            ):
                yield key, these[0][1], these[-1][2]
                at += len(key)
                break
        else:
            at += 1


# ----- the lint


def lint_terms(lesson: Lesson) -> list[str]:
    """What is wrong with the terms of a lesson that keeps the budgets, as sentences that quote the place."""
    if not lesson.keeps_budgets:
        return []
    own = terms_of(lesson)
    text = passages(lesson.folder / "lesson.py")
    if own is None:
        bold = [f"{text[i].raw[a:b]!r}" for i, a, b, _ in _bold_places(text, Terms())]
        return [f"{lesson.slug}: no {FILE} for what lesson.py sets in bold: {', '.join(bold)}"] if bold else []
    before = [
        (other, terms)
        for other in lessons(None, lesson.folder.parent)
        if other.number < lesson.number and (terms := terms_of(other)) is not None
    ]
    problems = [
        f"{lesson.slug}/{FILE}: {term!r} is defined in lesson {other.number:02d} already ({other.slug}/{FILE})"
        for key, term in own.lesson.items()
        for other, terms in before
        if key in terms.lesson
    ]
    taken = {key: other for other, terms in before for key in terms.lesson if key not in own.lesson}
    for i, start, end, key in _bold_places(text, own):
        if key not in own.lesson:
            what = f"{lesson.slug}/lesson.py, {text[i].place(start)}: {text[i].quote(start, end)} sets {text[i].raw[start:end]!r} in bold, "
            if key in taken:
                problems.append(
                    what + f"but lesson {taken[key].number:02d} defines it: plain, or in *italics* with a reminder"
                )
            else:
                problems.append(
                    what + f"which is for terms that the lesson defines: add it to {FILE}, or write *italics* "
                    f"(or, if it is a label, list it under labels there)"
                )
    vocabulary = {*own.lesson, *own.deeper, *(key for _, terms in before for key in (*terms.lesson, *terms.deeper))}
    texts = [passages(other.folder / "lesson.py") for other, _ in before]
    for key, term in own.lesson.items():
        problems += _defined_once(lesson, "lesson.py", text, own, key, term)
    new = {key: term for key, term in own.lesson.items() if not any(key in terms.lesson for _, terms in before)}
    problems += _used_before(lesson, own, new, texts, text, vocabulary, deeper=False)
    if own.deeper:
        if not lesson.has_deeper:
            return [*problems, f"{lesson.slug}/{FILE}: has a table [deeper], and there is no deeper.py"]
        second = passages(lesson.folder / "deeper.py")
        for key, term in own.deeper.items():
            problems += _defined_once(lesson, "deeper.py", second, own, key, term)
        problems += _used_before(lesson, own, own.deeper, [*texts, text], second, vocabulary, deeper=True)
    return problems


def _bold_places(text: list[Passage], own: Terms) -> Iterator[tuple[int, int, int, tuple[str, ...]]]:
    """Where terms stand in bold: the passage, start and end of the bold words, and their key."""
    known = own.lesson.keys() | own.deeper.keys()
    for i, passage in enumerate(text):
        for found in _BOLD.finditer(passage.text) if passage.prose else ():
            start, end = found.span(1)
            raw, key = passage.raw[start:end], key_of(passage.raw[start:end])
            if key in own.labels:
                continue
            if looks_like_a_term(raw) or (key in known and not _is_label(raw)):
                yield i, start, end, key


def _defined_once(lesson: Lesson, file: str, text: list[Passage], own: Terms, key, term: str) -> list[str]:
    places = [(text[i], start, end) for i, start, end, found in _bold_places(text, own) if found == key]
    if len(places) == 1:
        return []
    if places:
        quotes = "; ".join(f"{p.place(start)}: {p.quote(start, end)}" for p, start, end in places)
        return [
            f"{lesson.slug}/{file}: {term!r} is bold {len(places)} times, at its definition only it should be: {quotes}"
        ]
    labels = [
        (passage, found.start(1), found.end(1))
        for passage in text
        for found in _BOLD.finditer(passage.text)
        if key_of(passage.raw[found.start(1) : found.end(1)]) == key
    ]
    if labels:
        passage, start, end = labels[0]
        why = (
            "in a table or a text of code"
            if not passage.prose
            else "as a label: its full stop or colon belongs behind the **"
        )
        return [f"{lesson.slug}/{file}: {term!r} is bold {why}, at {passage.place(start)}: {passage.quote(start, end)}"]
    other, its_table = ("deeper.py", "below [deeper]") if file == "lesson.py" else ("lesson.py", "above [deeper]")
    path = lesson.folder / other
    if path.is_file() and any(found == key for *_, found in _bold_places(passages(path), own)):
        return [f"{lesson.slug}/{FILE}: {term!r} is bold in {other} and not in {file}: list it {its_table}"]
    return [f"{lesson.slug}/{file}: {term!r} of {FILE} is never bold: set it in bold where it is defined"]


def _used_before(lesson: Lesson, own: Terms, terms, earlier, text, vocabulary, *, deeper: bool) -> list[str]:
    """Uses of a lesson's terms before the bold place: in earlier texts, then in this one up to it."""
    places: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for i, start, end, key in _bold_places(text, own):
        places.setdefault(key, (i, start, end))
    problems = []
    reported = set()
    for these in [*earlier, text]:
        here = these is text
        for i, passage in enumerate(these):
            for key, start, end in uses(passage, vocabulary):
                if key not in terms or key in own.everyday or key not in places or (key, passage.where) in reported:
                    continue
                at, bold_start, _ = places[key]
                a, b = passage.sentence(start)
                if here:
                    if i > at or (i == at and (start >= bold_start or a <= bold_start < b)):
                        continue
                elif _announced(passage.raw[a:b], lesson, deeper):
                    continue
                reported.add((key, passage.where))
                bold = text[at]
                other = passage.where != bold.where
                problems.append(
                    f"{bold.where}: {terms[key]!r} is defined in {bold.place(bold_start)} and used before, in "
                    f"{passage.where + ', ' if other else ''}{passage.place(start)}: {passage.quote(start, end)}; "
                    f"use other words there, define it first, or list it under everyday in {FILE}"
                )
    return problems


def _announced(sentence: str, lesson: Lesson, deeper: bool) -> bool:
    """Whether a sentence says where its term will be defined."""
    if deeper and re.search(r"deeper|second reading", sentence, re.IGNORECASE):
        return True
    return bool(re.search(rf"\b{lesson.number:02d}\b|\b[Ll]essons? {lesson.number}\b", sentence))
