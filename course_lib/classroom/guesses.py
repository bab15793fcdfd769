"""Guesses: the learner commits to a prediction before the experiment runs."""

from __future__ import annotations

import html

from course_lib import runtime
from course_lib.classroom import claims, records
from course_lib.classroom.comparisons import Comparison

_questions: dict[str, list[str]] = {}


class Undecided(AssertionError):
    """Headless: not exactly one answer to a question is what the experiment gave."""


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
    if not runtime.somebody_is_there():
        print(question)
        for option in options:
            print(f"  ○ {option}")
        return

    import ipywidgets
    from IPython.display import display

    def noted(answer: str) -> str:
        return f"Your guess: <b>{html.escape(answer)}</b>"

    earlier = records.guess_of(key)
    # ToggleButtons could not start with nothing chosen and would suggest an answer.
    buttons = ipywidgets.RadioButtons(
        options=options, value=earlier if earlier in options else None, layout={"width": "max-content"}
    )
    note = ipywidgets.HTML("<i>Choose one, then go on.</i>" if earlier is None else noted(earlier))

    def chosen(change) -> None:
        if change["new"] is not None:
            records.record_guess(key, question, options, change["new"])
            note.value = noted(change["new"])

    buttons.observe(chosen, names="value")
    display(ipywidgets.VBox([ipywidgets.HTML(f"<b>{html.escape(question)}</b>"), buttons, note]))


def reveal(key: str, conditions: dict[str, Comparison]) -> None:
    """Show the learner's prediction beside what the experiment gave.

    ``reveal("warm-start", {"PCA": below(pca, network), "the network": below(network, pca)})`` computes the answer: it
    is the option whose condition holds. With a NaN, or where not exactly one holds, the numbers and "undecided" are
    printed.

    Args:
        key: the key given to ``guess``.
        conditions: a comparison for each of its options.

    Raises:
        Undecided: headless only: if not exactly one condition holds, there is no NaN, and the data are not the
            reader's own (``claims.own_data``).
        ValueError: if the question was not asked, an option has no condition, or a condition is no comparison.
    """
    if key not in _questions:
        raise ValueError(f"reveal() knows no question {key!r}: run the cell with guess({key!r}, …) first.")
    _require_conditions(key, conditions)
    holding = [option for option, condition in conditions.items() if condition.holds]
    for option, condition in conditions.items():
        claims.log(option, condition, question=key)
    if len(holding) != 1 or any(c.undecided for c in conditions.values()):
        _undecided(key, conditions, holding)
        return
    (answer,) = holding
    print(
        f"{'Your data say' if claims.on_own_data() else 'The experiment says'}: {answer} ({conditions[answer].text})."
    )
    mine = _prediction(key)
    if mine is not None:
        print(f"You guessed: {mine}. {'Well predicted.' if mine == answer else 'What did you overlook?'}")


def _require_conditions(key: str, conditions: dict) -> None:
    if not isinstance(conditions, dict) or sorted(conditions) != sorted(_questions[key]):
        received = list(conditions) if isinstance(conditions, dict) else repr(conditions)
        raise ValueError(
            f"reveal({key!r}) expects a condition for each of the options {_questions[key]}; received {received}."
        )
    for option, condition in conditions.items():
        if not isinstance(condition, Comparison):
            raise ValueError(
                f"reveal({key!r}) expects comparisons such as below(a, b); received {type(condition).__name__} for {option!r}."
            )


def _undecided(key: str, conditions: dict[str, Comparison], holding: list[str]) -> None:
    numbers = "\n".join(f"  {option}: {condition.text}" for option, condition in conditions.items())
    print(f"{'Your data leave' if claims.on_own_data() else 'The experiment leaves'} it undecided:\n{numbers}")
    mine = _prediction(key)
    if mine is not None:
        print(f"You guessed: {mine}.")
    nan = any(condition.undecided for condition in conditions.values())
    if runtime.headless() and not (nan or claims.on_own_data() or claims.keep_going()):
        which = ", ".join(map(repr, holding)) or "none"
        raise Undecided(f"reveal({key!r}): exactly one answer must hold; those that hold: {which}.\n{numbers}")


def _prediction(key: str) -> str | None:
    return records.guess_of(key) if runtime.somebody_is_there() else None
