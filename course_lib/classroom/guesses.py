"""Guesses: the learner commits to a prediction before the experiment runs."""

from __future__ import annotations

import os

from course_lib.classroom import records

_questions: dict[str, list[str]] = {}


def headless() -> bool:
    """True where nobody is there to click: test runs, the build, plain Python."""
    if os.environ.get("COURSE_HEADLESS") == "1":
        return True
    try:
        from IPython import get_ipython
    except ImportError:
        return True
    shell = get_ipython()
    return shell is None or not hasattr(shell, "kernel")


def guess(key: str, question: str, options: list[str]) -> None:
    """Ask for a prediction. In JupyterLab the learner clicks one; elsewhere the question is printed.

    Args:
        key: name of the question, unique in the lesson, such as ``"shift-or-mask"``.
        question: the question, in words.
        options: at least two different answers.

    Raises:
        ValueError: if there are fewer than two options, or two are the same.
    """
    options = list(options)
    if len(options) < 2 or len(set(options)) < len(options):
        raise ValueError(f"guess() expects at least two different options; received {options!r}.")
    _questions[key] = options
    if headless():
        print(question)
        for option in options:
            print(f"  ○ {option}")
        return

    import ipywidgets
    from IPython.display import display

    earlier = records.guess_of(key)
    # ToggleButtons could not start with nothing chosen and would suggest an answer.
    buttons = ipywidgets.RadioButtons(
        options=options, value=earlier if earlier in options else None, layout={"width": "max-content"}
    )
    note = ipywidgets.HTML("<i>Choose one, then go on.</i>" if earlier is None else f"Your guess: <b>{earlier}</b>")

    def chosen(change) -> None:
        if change["new"] is not None:
            records.record_guess(key, question, options, change["new"])
            note.value = f"Your guess: <b>{change['new']}</b>"

    buttons.observe(chosen, names="value")
    display(ipywidgets.VBox([ipywidgets.HTML(f"<b>{question}</b>"), buttons, note]))


def reveal(key: str, answer: str) -> None:
    """Show the learner's prediction beside what the experiment gave.

    Args:
        key: the key given to ``guess``.
        answer: the option that turned out right, computed where possible.

    Raises:
        ValueError: if the question was not asked, or ``answer`` is none of its options.
    """
    if key not in _questions:
        raise ValueError(f"reveal() knows no question {key!r}: run the cell with guess({key!r}, …) first.")
    if answer not in _questions[key]:
        raise ValueError(f"reveal({key!r}) expects one of the options {_questions[key]}; received {answer!r}.")
    mine = None if headless() else records.guess_of(key)
    print(f"The experiment says: {answer}.")
    if mine is not None:
        print(f"You guessed: {mine}. {'Well predicted.' if mine == answer else 'What did you overlook?'}")
