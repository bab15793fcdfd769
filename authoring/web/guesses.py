"""Guesses on the web: the question as a choice that can be made, and what happened behind a fold that the choice opens."""

from __future__ import annotations

import html
import itertools
import re

import nbformat

_ASKS = re.compile(r"^\s*guess\(\s*\"([\w-]+)\"", re.MULTILINE)
_TELLS = re.compile(r"^\s*reveal\(\s*\"([\w-]+)\"", re.MULTILINE)
OPTION = "  ○ "  # how `guess` prints an answer where nobody can click
PROMPT = "{verb} the {{type}}"


def make_choosable(made: nbformat.NotebookNode) -> None:
    """Turn each printed question of a page into a choice, and fold the outputs of the cell that answers it.

    Without scripts the choice is for the reader's own sake, and the fold opens like any other.

    Args:
        made: the page's notebook, changed in place.
    """
    asked = set()
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        if keys := _ASKS.findall(cell.source):
            asked.update(keys)
            cell.outputs = [part for output in cell.outputs for part in _with_choices(keys, output)]
        elif keys := asked.intersection(_TELLS.findall(cell.source)):
            cell.metadata.setdefault("tags", []).extend(["hide-output", *(f"answers-{key}" for key in sorted(keys))])
            cell.metadata["mystnb"] = {
                f"code_prompt_{name}": PROMPT.format(verb=verb) for name, verb in (("show", "Show"), ("hide", "Hide"))
            }


def _with_choices(keys: list[str], output: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The output with a choice in the place of each printed question and its answers."""
    if output.output_type != "stream":
        return [output]
    parts, keys = [], iter(keys)
    for is_option, lines in itertools.groupby(output.text.splitlines(), lambda line: line.startswith(OPTION)):
        lines = list(lines)
        if is_option:
            question = parts.pop()
            parts.append(_choice(next(keys), question, [line.removeprefix(OPTION) for line in lines]))
        else:
            parts += lines
    made: list[nbformat.NotebookNode] = []
    for is_text, group in itertools.groupby(parts, lambda part: isinstance(part, str)):
        group = list(group)
        made += [nbformat.v4.new_output("stream", text="\n".join(group) + "\n")] if is_text else group
    return made


def _choice(key: str, question: str, options: list[str]) -> nbformat.NotebookNode:
    choices = "".join(
        f'<label><input type="radio" name="guess-{key}"> {html.escape(option)}</label>' for option in options
    )
    text = (
        f'<fieldset class="course-guess" data-guess="{key}"><legend>{html.escape(question)}</legend>{choices}'
        '<p class="course-guess-note" role="status">Choose one, then read on. Nothing is stored.</p></fieldset>'
    )
    return nbformat.v4.new_output("display_data", {"text/html": text, "text/plain": question})
