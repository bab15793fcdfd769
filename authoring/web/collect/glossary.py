"""The glossary: every term of the course, from the ``terms.toml`` of the lessons, and links to it from the pages.

``text()`` is the page. ``link_terms(cells, lesson)`` is for the transform of the notebooks: it gives the first use of each term on a
page a link to its entry.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from authoring.source import SOURCE, Lesson, lessons
from authoring.terms import Passage, bold_terms, key_of, passages, terms_of, uses
from authoring.web.collect.places import escaped, link, page_of

PAGE = "glossary.md"
INTRODUCTION = """\
The terms of the course with the meaning they have in it, each with the section that defines it. On the other pages the first use of a term leads here.
"""

# Words that the pages also use in another sense, or as verbs: a link from these would as often be wrong.
NEVER_LINKED = {"claim", "code", "drift", "index", "key", "leak", "like", "mark", "probe", "row", "score", "span"}
# Those that mean something else in other lessons (a dictionary of Python, the shrinkage of a covariance), beside the ``everyday`` ones.
LINKED_AT_HOME = {"dictionary", "gap", "shrinkage", "swap", "truncation"}
OTHER_SENSE = {"indices", "ridges"}  # the word itself, as it stands

# What a link to the glossary never goes into, whole: blocks and spans of code, blocks of HTML, formulas, comments and tags, pictures and links,
# addresses, roles of MyST, bold text.
_LEFT_ALONE = re.compile(
    r"^(?P<fence>```+|~~~+|:::+).*?^(?P=fence)[ \t]*$"
    r"|^ {0,3}</?[a-zA-Z][^\n]*(?:\n(?![ \t]*\n)[^\n]*)*"
    r"|^ {0,3}#{1,6} .*?$"
    r"|\$\$.*?\$\$|\$[^$\n]+\$"
    r"|(?:\{[\w:-]+\})?(?P<ticks>`+)[^`].*?(?<!`)(?P=ticks)(?!`)"
    r"|<!--.*?-->|<(?P<tag>a|code|pre|summary|figure|math)\b.*?</(?P=tag)>|<[^<>\n]+>"
    r"|!?\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])|https?://\S+"
    r"|\*\*(?=\S).+?(?<=\S)\*\*",
    re.DOTALL | re.MULTILINE,
)
# Where a new passage begins: an empty line, an item of a list, a row of a table.
_BREAK = re.compile(r"\n(?=[ \t]*\n|[ \t]*(?:[*+-]|\d+\.) |[ \t]*\|)")
_REFERENCES = re.compile(r"^#{2,} +References[ \t]*$.*?(?=^#{1,2} |\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Term:
    """A term with its definition.

    Attributes:
        name: the term as it is written in the middle of a sentence, such as ``Wiener filter``.
        key: as ``authoring.terms.key_of`` compares it.
        definition: one or more sentences.
        lesson: the lesson that defines it.
        kind: ``"notebooks"``, or ``"deeper"`` if the second notebook does.
        section: the heading under which it is defined.
        everyday: whether the word has an everyday sense beside.
    """

    name: str
    key: tuple[str, ...]
    definition: str
    lesson: Lesson
    kind: str
    section: str
    everyday: bool


@functools.cache
def terms(source=SOURCE) -> tuple[Term, ...]:
    """All terms of the course, in the order of the lessons.

    Raises:
        SourceError: if a ``terms.toml`` has not its form.
    """
    import tomllib

    found: list[Term] = []
    for lesson in lessons(None, source):
        own = terms_of(lesson)
        if own is None:
            continue
        table = tomllib.loads((lesson.folder / "terms.toml").read_text(encoding="utf-8"))
        for kind, file, names, definitions in (
            ("notebooks", "lesson.py", own.lesson, table),
            ("deeper", "deeper.py", own.deeper, table.get("deeper", {})),
        ):
            places = _defined_at(lesson.folder / file) if names else {}
            for key, name in names.items():
                bold, begins, section = places.get(key, (name, False, ""))
                definition = _sentence(definitions[name])
                found.append(
                    Term(_cased(name, bold, begins), key, definition, lesson, kind, section, key in own.everyday)
                )
    return tuple(found)


def _defined_at(path) -> dict[tuple[str, ...], tuple[str, bool, str]]:
    """For each key in bold in a lesson's source: its words there, whether they begin a sentence, and the heading above."""
    found: dict[tuple[str, ...], tuple[str, bool, str]] = {}
    for passage in passages(path):
        for bold in re.finditer(r"\*\*(?=\S)((?:(?!\*\*).)+?)(?<=\S)\*\*", passage.text, re.DOTALL):
            words = passage.raw[bold.start(1) : bold.end(1)]
            begins = not passage.text[passage.sentence(bold.start(1))[0] : bold.start()].strip(" *_")
            found.setdefault(key_of(words), (words, begins, passage.section))
    return found


def _cased(name: str, bold: str, begins: bool) -> str:
    """A term's words, each in the letters that it has in the text; where it begins a sentence, its capital says nothing."""
    words = re.findall(r"[^\W_]+", bold)
    if begins and words and words[0][1:].islower():
        words = words[1:]
    shown = {word.lower(): word for word in words}
    return re.sub(r"[^\W_]+", lambda word: shown.get(word[0].lower(), word[0]), name)


def _sentence(definition: str) -> str:
    """A definition that begins with a capital, if it begins with a word, and ends with a full stop."""
    text = definition.strip()
    first = re.match(r"[a-z]+(?=[\s,;:])", text)
    text = text[0].upper() + text[1:] if first else text
    return text if text.endswith((".", "?", "!")) else f"{text}."


def text(source=SOURCE) -> str:
    """The page with all terms, by the alphabet. A term that two lessons define has both definitions."""
    entries: dict[tuple[str, ...], list[Term]] = {}
    for term in terms(source):
        entries.setdefault(term.key, []).append(term)
    letters: dict[str, list[list[Term]]] = {}
    for group in sorted(entries.values(), key=lambda group: group[0].name.lower()):
        letters.setdefault(group[0].name[0].upper(), []).append(group)
    parts = ["# Glossary", "", INTRODUCTION.strip()]
    for letter, groups in letters.items():
        parts += ["", f"## {letter}", "", "```{glossary}"]
        for group in groups:
            parts.append(group[0].name)
            for number, term in enumerate(group):
                which = f"Lesson {term.lesson.number:02d}{' deeper' if term.kind == 'deeper' else ''}"
                words = ", ".join(filter(None, [which, term.section]))
                where = link(escaped(words), page_of(term.lesson, term.kind), term.section or None, of=PAGE)
                left = _linkable({term.key}, term.lesson.number, source)
                definition = _with_links(escaped(term.definition), left, [t.key for t in terms(source)])
                parts += [*([""] if number else []), f"  {definition} {where}"]
            parts.append("")
        parts += ["```"]
    return "\n".join(parts) + "\n"


# ----- links from the pages


def link_terms(cells: list[str], lesson: int | str, source=SOURCE) -> list[str]:
    """Give the first use of each term on a page a link to the glossary.

    Nothing is linked in headings, links, code, formulas, bold text and references, nor what the page itself defines in bold, nor in a
    first cell that is the head of the page. A term whose word also has an everyday sense is linked only on pages of the lesson that
    defines it; a few such words never are.

    Args:
        cells: the Markdown of all text cells of a notebook, in order.
        lesson: number of the lesson that the page belongs to, such as 5; "" for a page of no lesson.
        source: where the lessons' source lies.

    Returns:
        As many texts. A link is the role ``{term}`words as they stand <term>```, so Sphinx complains if there is no such entry.
    """
    bold = {key_of(term) for cell in cells for block in re.split(r"\n[ \t]*\n", cell) for term in bold_terms(block)}
    left = _linkable(bold, int(lesson) if str(lesson).strip() else None, source)
    vocabulary = [term.key for term in terms(source)]
    head = 1 if cells and cells[0].lstrip().startswith("# ") else 0
    return [*cells[:head], *(_with_links(cell, left, vocabulary) for cell in cells[head:])]


def _linkable(without: set, lesson: int | None, source) -> dict[tuple[str, ...], Term]:
    """The terms that may be linked on a page of a lesson, by their keys."""
    return {
        term.key: term
        for term in terms(source)
        if term.key not in without
        and term.name not in NEVER_LINKED
        and (term.lesson.number == lesson or not (term.everyday or term.name in LINKED_AT_HOME))
    }


def _with_links(markdown: str, left: dict[tuple[str, ...], Term], vocabulary: list[tuple[str, ...]]) -> str:
    """The text with a link at the first use of each term that is left; those are taken out of ``left``."""
    blank = _blanked(markdown)
    edits: list[tuple[int, int, str]] = []
    start = 0
    for end in [*(found.start() for found in _BREAK.finditer(blank)), len(blank)]:
        passage = Passage(markdown[start:end], blank[start:end], "", 0, "", True)
        for key, a, b in uses(passage, _possible(passage.text, vocabulary)):
            words = " ".join(markdown[start + a : start + b].split())
            if words.lower() not in OTHER_SENSE and (term := left.pop(key, None)) is not None:
                edits.append((start + a, start + b, _role(words, term.name)))
        start = end
    for a, b, role in reversed(edits):
        markdown = markdown[:a] + role + markdown[b:]
    return markdown


def _possible(text_: str, vocabulary: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The keys whose first and last word a text has: looking for all of them at each word would take seconds a notebook."""
    words = [_forms(word) for word in set(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text_))]
    as_they_stand, singular = {word for word, _ in words}, {word for _, word in words}
    return [key for key in vocabulary if key[-1] in singular and (len(key) == 1 or key[0] in as_they_stand)]


@functools.cache
def _forms(word: str) -> tuple[str, str]:
    """A word as the first one of a key, and as its last one."""
    return key_of(f"{word} end")[0], key_of(word)[-1]


def _role(words: str, name: str) -> str:
    words = re.sub(r"[*_\\]", "", words)
    return f"{{term}}`{words}`" if words == name else f"{{term}}`{words} <{name}>`"


def _blanked(markdown: str) -> str:
    """The text, of the same length, with blanks for all that no link may go into."""

    def blank(found: re.Match) -> str:
        return re.sub(r"[^\n]", "\0", found[0])

    return _LEFT_ALONE.sub(blank, _REFERENCES.sub(blank, markdown))
