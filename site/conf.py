"""Sphinx configuration of the web version: the notebooks as they are stored, nothing executed, no request to another host."""

from __future__ import annotations

import html

project = "Bottleneck"
author = "The Bottleneck authors"
copyright = "2026, The Bottleneck authors. Text and figures CC BY 4.0, code MIT"
language = "en"

extensions = ["myst_nb"]
exclude_patterns = ["_extra", "**.ipynb_checkpoints"]
templates_path = ["_templates"]

nb_execution_mode = "off"  # `make notebooks` executes; the site only shows
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
suppress_warnings = ["mystnb.unknown_mime_type", "misc.highlighting_failure"]

html_theme = "pydata_sphinx_theme"
html_title = "Bottleneck: a hands-on course on autoencoders"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["course.css", "notebook.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "katex"
html_theme_options = {
    "logo": {"text": "Bottleneck"},
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "collapse_navigation": True,
}


def visit_math(translator, node) -> None:
    """A formula in a line: its source, which course.js sets; without JavaScript the source is read."""
    translator.body.append(f'<span class="math">{html.escape(node.astext())}</span>')
    from docutils.nodes import SkipNode

    raise SkipNode


def visit_math_block(translator, node) -> None:
    """A formula of its own lines."""
    translator.body.append(f'<div class="math">{html.escape(node.astext())}</div>')
    from docutils.nodes import SkipNode

    raise SkipNode


def setup(app) -> None:
    """Tell Sphinx of the formulas."""
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
