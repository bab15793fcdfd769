"""Every figure of the course: one look, one caption each, readable without colour and with a screen reader.

Each function draws one figure and **shows** it; none returns anything, so a notebook shows every figure exactly once,
whether or not the call is the last line of a cell. The figure comes with its ``caption`` below it. Caption and a
summary of the plotted numbers become the picture's alternative text.

How a figure is shown depends on where the code runs:

* in a notebook, as an HTML ``<figure>`` with the picture inside (JupyterLab drops the ``alt`` entry of a plain
  ``image/png`` output; it keeps the ``alt`` attribute of an HTML image, also in a notebook that is not trusted yet);
* in a plain script with a window system, in a window that waits to be closed; without one, the caption is printed;
* inside ``with collect() as pictures:``, nothing is shown and the figures are handed to you instead.

Colours are Okabe and Ito's (2008) palette for all kinds of colour vision, and never the only carrier of meaning:
markers, line styles, hatches and direct labels say the same.

================  =========================================================================
showing           where a figure goes: :func:`show`, :func:`collect`, :func:`subplots`
style, kinds      sizes, colours, markers; what a rung of a ladder can be
images            :func:`row`, :func:`grid`, :func:`ladder_images`
ladders           :func:`ladder`
curves            :func:`curve`, :func:`learning_curves`
scatter_maps      :func:`scatter_map`, :func:`maps`
histograms        :func:`histogram`
matrices          :func:`matrix`
diagrams          :func:`diagram`
_arrays, _labels  shared by them: checks of what comes in; text, its width and its colour
================  =========================================================================

The package needs NumPy, Matplotlib and Matplotlib's own Pillow; nothing of the course but :mod:`course_lib.runtime`.
"""

from __future__ import annotations

from .curves import curve, learning_curves
from .diagrams import diagram
from .histograms import histogram
from .images import grid, ladder_images, row
from .kinds import KINDS
from .ladders import ladder
from .matrices import matrix
from .scatter_maps import maps, scatter_map
from .showing import NO_CAPTION, Picture, collect, render_html, show, show_picture, subplots
from .style import COLORS, DPI, WIDTH, use_course_style

__all__ = [
    "COLORS",
    "DPI",
    "KINDS",
    "NO_CAPTION",
    "WIDTH",
    "Picture",
    "collect",
    "curve",
    "diagram",
    "grid",
    "histogram",
    "ladder",
    "ladder_images",
    "learning_curves",
    "maps",
    "matrix",
    "render_html",
    "row",
    "scatter_map",
    "show",
    "show_picture",
    "subplots",
    "use_course_style",
]

use_course_style()
