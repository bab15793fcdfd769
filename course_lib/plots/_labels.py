"""Text in figures: numbers, what a line of text takes in width, colours in which it can be read, logarithmic axes."""

from __future__ import annotations

import numpy as np
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter


def as_text(value: float, pattern: str = ".3g") -> str:
    """The number as a figure prints it: a minus sign instead of a hyphen, ∞ for infinity."""
    return format(float(value), pattern).replace("-", "−") if np.isfinite(value) else ("∞" if value > 0 else str(value))


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Inches of the longest line of ``text``."""
    font = FontProperties(size=size, weight=weight)
    return max(
        (TextPath((0, 0), line, prop=font).get_extents().x1 / 72 for line in text.split("\n") if line.strip()),
        default=0.0,
    )


def legible(color: str) -> tuple[float, float, float]:
    """The colour, darkened until text in it has a contrast of at least 4.5 to white (WCAG 2.2, level AA)."""
    rgb = np.array(to_rgb(color))
    while True:
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        if 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05) >= 4.5:
            return tuple(rgb)
        rgb = rgb * 0.95


def plain_decades(axis: Axis) -> None:
    """Label the decades of a logarithmic axis 0.01, 0.1, 1, 10 … where all fit that way; otherwise all as powers of ten."""
    low, high = axis.get_view_interval()
    if low >= 5e-4 and high < 1e5:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
