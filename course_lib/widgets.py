"""Figures that answer to a slider, and stay plain figures where nothing can be moved.

    def show_reconstruction(k, index):
        plots.row([images[index], pca[k].reconstruct(images[index])], titles=["original", f"{k} numbers"])

    explore(
        show_reconstruction,
        caption="More numbers, sharper picture.",
        k=stops([1, 2, 4, 8, 16, 32], 8, label="numbers in the code"),
        index=slider(0, 99, 0, label="image"),
    )

**The contract of** ``draw``: called with one value for each control, it draws exactly one figure, with a function of
:mod:`course_lib.plots` (or it returns a Matplotlib figure). It may be called often and in any order, so it should take
well under a second, change nothing outside itself and depend on nothing but its arguments and finished results.

What :func:`explore` does depends on where it runs:

* in a live notebook: the controls, and below them one picture, first drawn at the default values, which changes when
  a control moves. The picture is an ordinary output: it stays in the saved notebook. An error in ``draw`` is raised in
  the cell, or, after a control was moved, shown in place of the picture;
* in a notebook that runs without a reader (``COURSE_HEADLESS=1``): the picture at the default values and a line that
  says what can be moved. ``draw`` is also called at both ends of every control, so an error there fails the run;
* in a plain script: the picture at the default values.
"""

from __future__ import annotations

import html
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from matplotlib.figure import Figure

from . import plots, runtime

__all__ = ["Choice", "Slider", "Switch", "choice", "explore", "slider", "stops"]


@dataclass(frozen=True)
class Slider:
    """A number between two ends; made by :func:`slider`."""

    minimum: float
    maximum: float
    value: float
    step: float
    label: str | None


@dataclass(frozen=True)
class Choice:
    """One of several values, in a menu or, if ``ordered``, on a slider; made by :func:`choice` and :func:`stops`."""

    options: tuple[tuple[str, Any], ...]
    value: Any
    ordered: bool
    label: str | None


@dataclass(frozen=True)
class Switch:
    """On or off."""

    value: bool
    label: str | None = None


Control = Slider | Choice | Switch


def slider(
    minimum: float, maximum: float, value: float, *, step: float | None = None, label: str | None = None
) -> Slider:
    """A slider over a range: whole numbers if all of its numbers are whole (and Python integers), else decimals.

    Args:
        minimum: its left end.
        maximum: its right end.
        value: where it starts.
        step: distance of two positions; 1 for whole numbers, a hundredth of the range for decimals.
        label: what is moved, with its unit; without it, the argument's name.

    Raises:
        ValueError: unless minimum <= value <= maximum, minimum < maximum and step > 0.
    """
    if not minimum < maximum:
        raise ValueError(f"maximum: expected more than minimum={minimum}, received {maximum}")
    if not minimum <= value <= maximum:
        raise ValueError(f"value: expected a number from {minimum} to {maximum}, received {value}")
    if step is not None and not step > 0:
        raise ValueError(f"step: expected a positive number, received {step}")
    if all(isinstance(number, Integral) for number in (minimum, maximum, value, step or 1)):
        return Slider(int(minimum), int(maximum), int(value), int(step or 1), label)
    step = (maximum - minimum) / 100 if step is None else step
    return Slider(float(minimum), float(maximum), float(value), float(step), label)


def choice(options: Sequence | dict[str, Any], value: Any = None, *, label: str | None = None) -> Choice:
    """A menu.

    Args:
        options: the values to choose from, or name -> value.
        value: the one chosen at first; without it the first.
        label: what is chosen; without it, the argument's name.

    Raises:
        ValueError: if there are no options or ``value`` is none of them.
    """
    return _choice(options, value, False, label)


def stops(values: Sequence | dict[str, Any], value: Any = None, *, label: str | None = None) -> Choice:
    """A slider that stops only at the given values, such as the powers of two. Arguments as for :func:`choice`."""
    return _choice(values, value, True, label)


def _choice(options: Sequence | dict[str, Any], value: Any, ordered: bool, label: str | None) -> Choice:
    if isinstance(options, dict):
        pairs = tuple((str(name), option) for name, option in options.items())
    else:
        pairs = tuple((str(option), option) for option in options)
    if not pairs:
        raise ValueError("options: expected at least one, received none")
    if value is None:
        value = pairs[0][1]
    if not any(option is value or _equal(option, value) for _, option in pairs):
        raise ValueError(f"value: expected one of {[option for _, option in pairs]}, received {value!r}")
    return Choice(pairs, value, ordered, label)


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except ValueError:  # arrays
        return False


def explore(draw: Callable[..., Figure | None], caption: str | None = None, **controls: Control | list | bool) -> None:
    """Show a figure together with controls that change it.

    Args:
        draw: called with one value for each control; draws exactly one figure (see the module's contract).
        caption: one line that states what to see; without it, the caption that ``draw`` gives its figure.
        **controls: argument of ``draw`` -> :func:`slider`, :func:`stops`, :func:`choice` or :class:`Switch`; a plain
            list is a menu, True or False a switch.

    Raises:
        ValueError: if there is no control, a control is of another type, or ``draw`` draws no figure or several.
        Exception: whatever ``draw`` raises.
    """
    _Explorer(draw, caption, controls).show()


class _Explorer:
    """An ``explore`` call: knows its controls, draws at given values, shows itself once."""

    def __init__(self, draw: Callable[..., Figure | None], caption: str | None, controls: dict[str, Any]) -> None:
        if not callable(draw):
            raise ValueError(f"draw: expected a function, received {type(draw).__name__}")
        if not controls:
            raise ValueError("controls: expected at least one, such as k=slider(1, 64, 8), received none")
        self.draw, self.caption = draw, caption
        self.controls = {name: _as_control(name, control) for name, control in controls.items()}
        self.widgets: dict[str, Any] = {}
        self._handle: Any = None

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: control.value for name, control in self.controls.items()}

    def picture(self, values: dict[str, Any]) -> plots.Picture:
        """The figure at ``values``."""
        with plots.collect() as pictures:
            returned = self.draw(**values)
            if isinstance(returned, Figure):
                plots.show(returned)
        if len(pictures) != 1:
            raise ValueError(
                f"draw: expected exactly one figure from {getattr(self.draw, '__name__', 'draw')}, received "
                f"{len(pictures)}; call one function of plots in it, or return a figure"
            )
        (picture,) = pictures
        if self.caption is None:
            return picture
        own = picture.alt if picture.alt != plots.NO_CAPTION else ""
        return plots.Picture(picture.figure, self.caption, f"{self.caption} {own}".strip())

    def show(self) -> None:
        picture = self.picture(self.defaults)
        if runtime.headless():
            self.rehearse()
        if runtime.somebody_is_there():
            self._show_live(picture)
        else:
            plots.show_picture(picture, note=self.note())

    def rehearse(self) -> None:
        """Draw once at each end of each control, the others at their defaults, and throw the figures away."""
        for name, control in self.controls.items():
            for value in _ends(control):
                self.picture(self.defaults | {name: value}).figure.draw_without_rendering()

    def note(self) -> str:
        moves = "; ".join(_describe(name, control) for name, control in self.controls.items())
        return f"Run this cell in JupyterLab to move: {moves}."

    def _show_live(self, picture: plots.Picture) -> None:
        from IPython.display import display
        from ipywidgets import VBox

        self.widgets = {name: _as_widget(name, control) for name, control in self.controls.items()}
        for widget in self.widgets.values():
            widget.observe(self._redraw, names="value")
        display(VBox(list(self.widgets.values())))
        self._handle = display(_bundle(picture), raw=True, display_id=True)

    def _redraw(self, _change: object = None) -> None:
        try:
            bundle = _bundle(self.picture({name: widget.value for name, widget in self.widgets.items()}))
        except Exception as error:  # shown where the learner looks; a widget's callback has no cell to raise in
            frames = error.__traceback__
            while frames.tb_next is not None and frames.tb_frame.f_code.co_filename == __file__:
                frames = frames.tb_next
            report = "".join(traceback.format_exception(type(error), error, frames))
            page = f'<pre role="alert" style="color: #b00020">{html.escape(report)}</pre>'
            bundle = {"text/html": page, "text/plain": report}
        self._handle.update(bundle, raw=True)


def _bundle(picture: plots.Picture) -> dict[str, str]:
    return {"text/html": plots.render_html(picture, small=False), "text/plain": f"[figure] {picture.alt}"}


def _as_control(name: str, control: object) -> Control:
    if isinstance(control, bool):
        return Switch(control)
    if isinstance(control, list):
        return choice(control)
    if isinstance(control, Slider | Choice | Switch):
        return control
    raise ValueError(
        f"controls: expected slider(…), stops(…), choice(…), a list or True/False for {name!r}, "
        f"received {type(control).__name__}"
    )


def _ends(control: Control) -> list[Any]:
    if isinstance(control, Slider):
        return [control.minimum, control.maximum]
    if isinstance(control, Switch):
        return [not control.value]
    return [control.options[0][1], control.options[-1][1]]


def _describe(name: str, control: Control) -> str:
    label = control.label or name
    if isinstance(control, Slider):
        return f"{label} ({control.minimum:g} to {control.maximum:g}, here {control.value:g})"
    if isinstance(control, Switch):
        return f"{label} (here {'on' if control.value else 'off'})"
    here = next(text for text, option in control.options if option is control.value or _equal(option, control.value))
    if control.ordered:
        return f"{label} ({control.options[0][0]} to {control.options[-1][0]}, here {here})"
    return f"{label} (here {here})"


def _as_widget(name: str, control: Control) -> Any:
    import ipywidgets

    common = {
        "description": control.label or name,
        "style": {"description_width": "12em"},
        "layout": {"width": "36em", "max_width": "100%"},
    }
    if isinstance(control, Switch):
        return ipywidgets.Checkbox(value=control.value, **common)
    if isinstance(control, Choice):
        kind = ipywidgets.SelectionSlider if control.ordered else ipywidgets.Dropdown
        return kind(options=control.options, value=control.value, **common)
    whole = isinstance(control.value, int)
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    extra = {} if whole else {"readout_format": ".2f"}
    return kind(value=control.value, min=control.minimum, max=control.maximum, step=control.step, **extra, **common)
