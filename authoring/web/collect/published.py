"""What the lessons say of published work: slips that they reproduce, and published numbers beside ours.

Each lesson that says such things has a ``published.toml`` beside its ``lesson.py``. It holds no number of ours: a number is written
``<name>`` and taken from what the committed notebook prints, or says, in the section that is named.

    elsewhere = ["A published VAE answers"]  # passages that name a publication, whose entry is another one's or that need none
    no_numbers = "Its numbers come again in 01."  # why a lesson has no published number beside its own

    [slips.means-where-sums-belong]
    title = "Means where sums belong"
    slip = "The error is averaged over the pixels and the KL over the latents."       # one sentence
    named = "keras.io, *Making new layers and models via subclassing*"                # words that stand in the lesson
    source = "keras.io, *Making new …*: `-0.5 * ops.mean(`"                           # the exact place, if they do not name it
    url = "https://keras.io/guides/…"                                                 # where the lesson names it
    in = "notebooks"                                                                  # or "deeper"
    section = "What goes wrong"                                                       # the heading that reproduces it
    lines = ["The guide's VAE is the mean digit, within 4 %: its error over that of the mean digit <share>"]
    cost = "On unseen digits its error is <share> times that of the mean digit."
    exercises = ["kl_divergence: mean-over-latents"]                                  # a misconception of its wrong answers
    tests = ["tests/test_models.py::test_elbo_is_a_bound"]                            # for what no exercise catches
    unguarded = "Fit the scale twice."                                                # or if nothing does, what to do

    [[numbers]]
    measure = "Final loss of the guide's VAE on digits"
    in = "notebooks"
    section = "What goes wrong"
    lines = ["error of the mean digit: <mean>"]
    ours = "<mean>, the error of the mean digit"
    published = ".0677"
    by = "F. Chollet, *Making new layers and models via subclassing*, keras.io, 2023"  # with its year
    setting = "Two passes over 60,000 digits; training loss."                         # data, split, measure, training
    read = "the stored output of the guide's page"                                    # what our knowledge of it rests on
    quote = "The published run ends at a loss of .0677"                               # where the lesson says it, if it does
    remark = "The published loss holds a KL near 0."                                  # what differs here

A line is how one printed line of the section starts, without the tick of a claim, with ``<name>`` for a number to take and ``#``
for any other. ``prose`` is a list of such words from the section's text instead. ``<compute>`` and ``<minutes>`` are those of the
lesson's header. Where no notebook prints what a slip costs, a function of ``authoring/web/costs.py`` measures it under the slip's name.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from authoring.derive import COMPARED, kinds_of, path_of
from authoring.source import ROOT, SOURCE, Lesson, SourceError, lessons, read
from authoring.web import costs
from authoring.web.collect.places import cells_of, heading_of_exercise, headings, title_of

FILE = "published.toml"
QUESTIONS = ROOT / "course_lib" / "classroom" / "judges" / "questions"
NUMBER = r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d*\.?\d+)(?:e[-+]?\d+)?"
SLIP = {"title", "slip", "named", "in", "section"}
NUMBERS = {"measure", "in", "section", "ours", "published", "by", "setting", "read", "remark"}
EVIDENCE = {"lines", "prose"}
YEAR = re.compile(r"\b(?:19|20)\d\d\b")

# A passage that says one of these speaks of published work: an entry has to stand for its section, or ``elsewhere`` to name it.
MENTIONS = re.compile(
    r"\bpublished\b|\btutorials?\b|\bofficial\b|\bkeras\.io\b|\bblog\b|\bmuch-(?:copied|read)\b|\bmost copied\b|\bguide's\b"
    r"|\bwidely (?:read|used)\b|\bwell-known (?:tutorial|program)\b|\bDive into\b|\bold recipes\b|\boriginal code\b|\bmany recipes\b|\bwhat papers\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Place:
    """Where a lesson shows something: the lesson, its notebook (``"notebooks"`` or ``"deeper"``) and the heading."""

    lesson: Lesson
    kind: str
    section: str


@dataclass(frozen=True)
class Slip:
    """A published slip that a lesson reproduces.

    Attributes:
        name: what it is known by, such as ``means-where-sums-belong``.
        title: a few words.
        slip: what was done, in one sentence.
        named: where it was published, in the lesson's words.
        source: the exact place, with what stands there; empty if the lesson's words say it.
        place: the section that reproduces it.
        cost: what it costs, with the numbers of the notebook or of an experiment; empty if the course does not measure it.
        printed: the lines of the notebook that these come from.
        compared: whether the tests compare all these lines with a new run.
        exercises: pairs of an exercise and the misconception that its check names.
        tests: other tests that catch it, as ``file::name``.
        unguarded: what to do instead, if nothing catches it.
        measured: the function of ``authoring/web/costs.py`` that measures the cost; empty if a notebook prints it.
        url: the address of the source, if the lesson names it; else empty.
    """

    name: str
    title: str
    slip: str
    named: str
    source: str
    place: Place
    cost: str
    printed: tuple[str, ...]
    compared: bool
    exercises: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]
    unguarded: str
    measured: str
    url: str = ""

    @property
    def claimed(self) -> bool:
        """Whether a claim, or the answer to a guess, shows it: in the tests the notebook then stops if it no longer holds."""
        return any(line.startswith(("✔ ", "The experiment says: ")) for line in self.printed)


@dataclass(frozen=True)
class Pair:
    """A number of ours beside a published one.

    Attributes:
        measure: what both are.
        place: the section that prints ours.
        ours: our number, in a few words.
        published: the published one.
        by: who published it, where and in which year.
        setting: what it was measured on, and how.
        read: where we read it: what our knowledge of it rests on.
        remark: what differs here.
        url: the address of the source, if the lesson names it; else empty.
    """

    measure: str
    place: Place
    ours: str
    published: str
    by: str
    setting: str
    read: str
    remark: str
    url: str = ""


@functools.cache
def slips(source: Path = SOURCE, root: Path = ROOT) -> tuple[Slip, ...]:
    """All published slips of the course, in the order of the lessons.

    Raises:
        SourceError: if an entry lacks something, or names what is no longer there.
    """
    return tuple(
        _slip(lesson, name, entry, root)
        for lesson in lessons(None, source)
        for name, entry in _file(lesson).get("slips", {}).items()
    )


@functools.cache
def numbers(source: Path = SOURCE, root: Path = ROOT) -> tuple[Pair, ...]:
    """All numbers of ours that have a published one beside them, in the order of the lessons; errors as in ``slips``."""
    return tuple(
        _pair(lesson, entry, root) for lesson in lessons(None, source) for entry in _file(lesson).get("numbers", [])
    )


def without_numbers(source: Path = SOURCE) -> list[tuple[Lesson, str]]:
    """The lessons that set no number beside a published one, each with the reason.

    Raises:
        SourceError: if such a lesson gives no reason, or one with numbers does.
    """
    found = []
    for lesson in lessons(None, source):
        data = _file(lesson)
        if bool(data.get("numbers")) == bool(data.get("no_numbers")):
            raise SourceError(f"{lesson.slug}/{FILE}: a lesson has `numbers`, or says in `no_numbers` why it has none.")
        if data.get("no_numbers"):
            found.append((lesson, data["no_numbers"]))
    return found


def _file(lesson: Lesson) -> dict:
    path = lesson.folder / FILE
    if not path.is_file():
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{lesson.slug}/{FILE}: no TOML ({error}).") from None
    if unknown := data.keys() - {"elsewhere", "no_numbers", "slips", "numbers"}:
        raise SourceError(f"{lesson.slug}/{FILE}: unknown {', '.join(sorted(unknown))}.")
    return data


def _slip(lesson: Lesson, name: str, entry: dict, root: Path) -> Slip:
    where = f"{lesson.slug}/{FILE}: {name}"
    experiment = costs.stored(root).get(name, {})
    _complete(
        where, entry, SLIP, {"source", "url", "cost", "exercises", "tests", "unguarded"}, measured=bool(experiment)
    )
    if not _stands_in(lesson, entry["named"], root):
        raise SourceError(f"{where}: no text of the lesson says {entry['named']!r}.")
    place, values, printed, compared = _evidence(where, lesson, entry, root)
    pairs = []
    for caught in entry.get("exercises", []):
        exercise, _, misconception = caught.partition(": ")
        if misconception not in misconceptions(lesson).get(exercise, ()):
            raise SourceError(f"{where}: no wrong answer to {exercise!r} has the misconception {misconception!r}.")
        pairs.append((exercise, misconception))
    for test in entry.get("tests", []):
        file, _, function = test.partition("::")
        if not (root / file).is_file() or f"def {function}(" not in (root / file).read_text(encoding="utf-8"):
            raise SourceError(f"{where}: there is no test {test}.")
    slip = Slip(
        name,
        entry["title"],
        entry["slip"],
        entry["named"],
        entry.get("source", ""),
        place,
        _filled(where, entry.get("cost", ""), values | experiment),
        printed,
        compared,
        tuple(pairs),
        tuple(entry.get("tests", [])),
        entry.get("unguarded", ""),
        costs.EXPERIMENTS[name].__name__ if experiment else "",
        _address(where, lesson, entry, root),
    )
    if bool(slip.exercises or slip.tests or slip.claimed or slip.compared) == bool(slip.unguarded):
        raise SourceError(
            f"{where}: an exercise, a claim, a compared cell or a test catches it, or `unguarded` says what to do."
        )
    return slip


def _pair(lesson: Lesson, entry: dict, root: Path) -> Pair:
    where = f"{lesson.slug}/{FILE}: {entry.get('measure', 'a number')}"
    _complete(where, entry, NUMBERS, {"quote", "url"})
    quote = entry.get("quote")
    if quote and not _stands_in(lesson, quote, root):
        raise SourceError(f"{where}: no text of the lesson says {quote!r}.")
    if quote and (strange := [n for n in re.findall(NUMBER, entry["published"]) if n not in quote]):
        raise SourceError(f"{where}: the quote holds no {', '.join(strange)}.")
    if not re.search(r"\d", entry["published"]) or not YEAR.search(entry["by"]):
        raise SourceError(f"{where}: a published number needs its number, and its source with the year.")
    place, values, *_ = _evidence(where, lesson, entry, root)
    ours, remark = (_filled(where, entry[field], values) for field in ("ours", "remark"))
    told = (entry[field] for field in ("published", "by", "setting", "read"))
    return Pair(entry["measure"], place, ours, *told, remark, _address(where, lesson, entry, root))


def _address(where: str, lesson: Lesson, entry: dict, root: Path) -> str:
    """The address of a source; one that the lesson does not name is refused: nobody would have read it there."""
    url = entry.get("url", "")
    if url and not (url.startswith("https://") and _stands_in(lesson, url.removeprefix("https://"), root)):
        raise SourceError(f"{where}: no text of the lesson names the address {url!r}.")
    return url


def see(url: str) -> str:
    """A sentence that leads to a source, behind its description; empty where its address is not known."""
    return f" See [{url.removeprefix('https://')}]({url})." if url else ""


def _complete(where: str, entry: dict, needed: set, optional: set, *, measured: bool = False) -> None:
    if missing := needed - entry.keys():
        raise SourceError(f"{where} lacks {', '.join(sorted(missing))}.")
    if unknown := entry.keys() - needed - optional - EVIDENCE:
        raise SourceError(f"{where} has the unknown {', '.join(sorted(unknown))}.")
    if ("cost" in entry or "ours" in entry) and not entry.keys() & EVIDENCE and not measured:
        raise SourceError(f"{where} has neither lines nor prose nor an experiment to take a number from.")


# ----- what the notebooks say


def section_of(cells, heading: str) -> tuple[list[tuple[str, bool]], str] | None:
    """What stands below a heading, up to the next one; None if there is no such heading.

    Returns:
        ``(printed, prose)``: the printed lines, each with whether the tests compare it with a new run; and the text.
    """
    printed: list[tuple[str, bool]] = []
    prose: list[str] = []
    inside = seen = False
    for cell in cells:
        if cell.cell_type == "markdown":
            here = set(headings([cell]))
            for line in cell.source.splitlines():
                match = re.match(r"#{1,6} +(.*?)\s*$", line)
                if match and match[1] in here:
                    inside = match[1] == heading or match[1].startswith(f"{heading} ★")
                    seen |= inside
                elif inside:
                    prose.append(line)
        elif inside:
            text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
            compared = COMPARED in cell.metadata.get("tags", [])
            printed += [(line.rstrip(), compared) for line in text.splitlines() if line.strip()]
    return (printed, "\n".join(prose)) if seen else None


def _evidence(
    where: str, lesson: Lesson, entry: dict, root: Path
) -> tuple[Place, dict[str, str], tuple[str, ...], bool]:
    kind = entry["in"]
    if kind not in kinds_of(lesson):
        raise SourceError(f"{where}: `in` is one of {', '.join(kinds_of(lesson))}, not {kind!r}.")
    cells = cells_of(path_of(lesson, kind, root))
    heading = heading_of_exercise(lesson, entry["section"]) if kind in ("exercises", "solutions") else entry["section"]
    found = section_of(cells, heading)
    if found is None:
        raise SourceError(f"{where}: {path_of(lesson, kind, root).name} has no heading {entry['section']!r}.")
    printed, prose = found
    header = read(lesson.folder / "lesson.py").metadata["course"]
    values: dict[str, str] = {name: str(header.get(name, "")) for name in ("compute", "minutes")}
    lines: list[tuple[str, bool]] = []
    for wanted in entry.get("lines", []):
        pattern = _pattern(wanted)
        hits = [(line, match) for line in printed if (match := pattern.match(_squeezed(line[0].removeprefix("✔ "))))]
        if len(hits) != 1:
            raise SourceError(f"{where}: {len(hits)} printed lines of {entry['section']!r} start with {wanted!r}.")
        lines.append(hits[0][0])
        values |= hits[0][1].groupdict()
    for wanted in entry.get("prose", []):
        match = _pattern(wanted).search(_squeezed(prose))
        if not match:
            raise SourceError(f"{where}: the text of {entry['section']!r} does not say {wanted!r}.")
        values |= match.groupdict()
    compared = bool(lines) and all(line[1] for line in lines)
    return Place(lesson, kind, entry["section"]), values, tuple(line[0] for line in lines), compared


def _pattern(wanted: str) -> re.Pattern:
    parts = re.split(r"<(\w+)>", _squeezed(wanted))
    made = "".join(f"(?P<{p}>{NUMBER})" if i % 2 else re.escape(p).replace(r"\#", NUMBER) for i, p in enumerate(parts))
    return re.compile(made)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _filled(where: str, sentence: str, values: dict[str, str]) -> str:
    unknown = set(re.findall(r"<(\w+)>", sentence)) - values.keys()
    if unknown:
        raise SourceError(f"{where}: no line gives <{'>, <'.join(sorted(unknown))}>.")
    return re.sub(r"<(\w+)>", lambda found: values[found[1]], sentence)


@functools.cache
def _texts(lesson: Lesson, root: Path) -> str:
    """All that a lesson's notebooks say in text cells, solutions included."""
    cells = (cell for kind in kinds_of(lesson) for cell in cells_of(path_of(lesson, kind, root)))
    return _squeezed("\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))


def _stands_in(lesson: Lesson, words: str, root: Path) -> bool:
    return _squeezed(words) in _texts(lesson, root)


@functools.cache
def misconceptions(lesson: Lesson) -> dict[str, dict[str, str]]:
    """What the checks of a lesson can name, if its bank has a wrong answer for it: exercise -> misconception -> the question asked."""
    questions = QUESTIONS / f"lesson_{lesson.number:02d}.toml"
    bank = lesson.folder / "wrong_answers.py"
    if not (questions.is_file() and bank.is_file()):
        return {}
    table = tomllib.loads(questions.read_text(encoding="utf-8"))
    common = tomllib.loads((QUESTIONS / "common.toml").read_text(encoding="utf-8"))
    written = bank.read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {}
    for exercise, entry in table.items():
        for name, question in {**common.get("questions", {}), **entry.get("questions", {})}.items():
            name = name.partition("/")[0]  # "name/case" is another wording of "name"
            if f'"{name}"' in written:
                found.setdefault(exercise, {}).setdefault(name, question)
    return found


# ----- what is missing


def unclaimed(source: Path = SOURCE) -> list[str]:
    """The passages that speak of published work and that no entry stands for, by its section or by its exercise."""
    from authoring.terms import passages

    found = []
    for lesson in lessons(None, source):
        data = _file(lesson)
        entries = [*data.get("slips", {}).values(), *data.get("numbers", [])]
        exercises = {caught.partition(": ")[0] for entry in entries for caught in entry.get("exercises", [])}
        exercises |= {entry["section"] for entry in entries if entry["in"] in ("exercises", "solutions")}
        elsewhere, used = data.get("elsewhere", []), set()
        for kind, file in (("notebooks", "lesson.py"), ("deeper", "deeper.py"), ("exercises", "exercises.py")):
            if not (lesson.folder / file).is_file():
                continue
            sections = {entry["section"] for entry in entries if entry["in"] == kind}
            for passage in passages(lesson.folder / file):
                text = _squeezed(passage.raw)
                used |= {words for words in elsewhere if words in text}
                if not (at := MENTIONS.search(passage.text)) or any(words in text for words in elsewhere):
                    continue
                stands_for = sections if kind != "exercises" else exercises
                names = {passage.section} if kind != "exercises" else set(passage.section.partition(":")[0].split(", "))
                if not names & stands_for:
                    found.append(f"{passage.where}, {passage.place(at.start())}: {passage.quote(*at.span())}")
        found += [f"{lesson.slug}/{FILE}: nothing says {words!r} any more" for words in elsewhere if words not in used]
    return found


def named(place: Place) -> str:
    """A place in words: ``lesson 05, What goes wrong``."""
    return f"lesson {place.lesson.number:02d}{' deeper' if place.kind == 'deeper' else ''}, {place.section}"


def lesson_title(place: Place) -> str:
    """The heading of a lesson's part of a page."""
    return f"Lesson {place.lesson.number:02d}: {title_of(place.lesson)}"
