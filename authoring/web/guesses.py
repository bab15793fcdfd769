"""Guesses on the web: the question as a choice that can be made, and what happened behind a fold that the choice opens."""

from __future__ import annotations

import html
import re

import nbformat

_ASKS = re.compile(r"^guess\(\s*\"([\w-]+)\"", re.MULTILINE)
_TELLS = re.compile(r"^reveal\(\s*\"([\w-]+)\"", re.MULTILINE)
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
        if found := _ASKS.search(cell.source):
            asked.add(found[1])
            cell.outputs = [_as_choice(found[1], output) for output in cell.outputs]
        elif (found := _TELLS.search(cell.source)) and found[1] in asked:
            tags = cell.metadata.setdefault("tags", [])
            tags += ["hide-output", f"answers-{found[1]}"]
            cell.metadata["mystnb"] = {
                f"code_prompt_{name}": PROMPT.format(verb=verb) for name, verb in (("show", "Show"), ("hide", "Hide"))
            }


def _as_choice(key: str, output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    question, *options = "".join(output.get("text", "")).rstrip("\n").split("\n")
    if not options or not all(option.startswith(OPTION) for option in options):
        return output
    choices = "".join(
        f'<label><input type="radio" name="guess-{key}"> {html.escape(option.removeprefix(OPTION))}</label>'
        for option in options
    )
    text = (
        f'<fieldset class="course-guess" data-guess="{key}"><legend>{html.escape(question)}</legend>{choices}'
        '<p class="course-guess-note" role="status">Choose one, then read on. Nothing is stored.</p></fieldset>'
    )
    return nbformat.v4.new_output("display_data", {"text/html": text, "text/plain": question})
