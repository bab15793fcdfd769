"""The look of the figures: sizes, colours, markers, line styles and hatches.

The sequences that tell series apart go together: the n-th series has the n-th colour, marker, line style and hatch.
"""

from __future__ import annotations

import matplotlib as mpl
from cycler import cycler

WIDTH = 8.4
"""Width of a full figure in inches; at 110 dots per inch it fills a notebook cell."""

DPI = 110
"""Dots of the screen to an inch of a figure."""

COLORS = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "grey": "#767676",
}
"""Okabe and Ito's palette by name, and a grey that is still legible on white."""

INK = "#222222"
MUTED = "#5f5f5f"
CYCLE = [COLORS[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky", "black", "grey")]
CYCLE += ["#8C510A", "#5E3C99"]  # for ten classes; the markers differ as well
MARKERS = ["o", "s", "D", "^", "v", "P", "X", "*", "<", ">"]
LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)), (0, (3, 1))]
HATCHES = ["", "////", "....", "\\\\\\\\", "xxxx", "----", "oo", "||||"]


def use_course_style() -> None:
    """Give every Matplotlib figure of this session the course's look. Called when :mod:`course_lib.plots` is imported."""
    mpl.rcParams.update(
        {
            "figure.dpi": DPI,
            "figure.figsize": (WIDTH, 3.4),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "axes.titlesize": 10.5,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "axes.labelcolor": INK,
            "axes.edgecolor": "#8a8a8a",
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=CYCLE),
            "grid.color": "#e4e4e4",
            "grid.linewidth": 0.7,
            "text.color": INK,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "lines.linewidth": 1.8,
            "lines.markersize": 5.5,
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "hatch.linewidth": 1.0,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
        }
    )
