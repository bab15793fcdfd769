"""Sphinx configuration of the web version: the notebooks as they are committed, with their outputs, nothing executed."""

project = "Bottleneck"
author = "The Bottleneck authors"
copyright = "2026, The Bottleneck authors. Text and figures CC BY 4.0, code MIT"

extensions = ["myst_nb"]
html_theme = "furo"
html_title = "Bottleneck: a hands-on course on autoencoders"
exclude_patterns = ["**.ipynb_checkpoints"]

nb_execution_mode = "off"  # `make notebooks` executes; the site only shows
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
# Notebook text is written for JupyterLab as well: a notebook's first cell is its only top heading.
suppress_warnings = ["mystnb.unknown_mime_type", "misc.highlighting_failure"]
