"""Sphinx configuration of the web version: the notebooks as they are stored, nothing executed, no request to another host."""

from __future__ import annotations

import html
import os
import re

from docutils.nodes import SkipNode

project = "Bottleneck"
author = "The Bottleneck authors"
copyright = "2026, The Bottleneck authors. Text and figures CC BY 4.0, code MIT"
language = "en"

extensions = ["myst_nb"]
exclude_patterns = ["_extra", "_static", "**.ipynb_checkpoints"]
templates_path = ["_templates"]

nb_execution_mode = "off"  # `make notebooks` executes; the site only shows
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
suppress_warnings = ["mystnb.unknown_mime_type", "misc.highlighting_failure"]

html_theme = "pydata_sphinx_theme"
html_baseurl = os.environ.get("COURSE_SITE", "")  # where the site will be, if that is known: previews of links need it
html_title = "Bottleneck: a hands-on course on autoencoders"
html_short_title = "Bottleneck"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["course.css", "notebook.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_math_renderer = "katex"
# Pages that have none below them: the column would be empty. The instructors' notes are in no menu.
ALONE = ("elsewhere", "jupyterlab", "glossary", "data", "own-data", "famous-bugs", "our-numbers", "instructors", "cite")
html_sidebars = {page: [] for page in ALONE}
PREVIEW = "_static/preview.png"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "Bottleneck"},
    "search_bar_text": "Search the course",
    "secondary_sidebar_items": ["page-toc"],
    "primary_sidebar_end": [],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "collapse_navigation": True,
    "header_links_before_dropdown": 4,
}


def visit_math(translator, node) -> None:
    """A formula in a line: its source, which course.js sets; without JavaScript the source is read."""
    translator.body.append(f'<span class="math">{formula(node)}</span>')
    raise SkipNode


def visit_math_block(translator, node) -> None:
    """A formula of its own lines."""
    translator.body.append(f'<div class="math">{formula(node)}</div>')
    raise SkipNode


def formula(node) -> str:
    """The source of a formula, as HTML."""
    return html.escape(node.astext().strip(), quote=False)


# ----- previous and next: lesson, its exercises, the next lesson

_NOTEBOOK = re.compile(r"(?P<folder>notebooks|exercises|solutions)/(?P<slug>\d\d_\w+?)(?P<deeper>_deeper)?")


def neighbours(page: str, pages: set[str]) -> tuple[str | None, str | None] | None:
    """The pages before and after a page of a lesson, on the way lesson, exercises, next lesson; None for other pages."""
    found = _NOTEBOOK.fullmatch(page)
    if not found:
        return None
    slugs = sorted(p.removeprefix("exercises/") for p in pages if p.startswith("exercises/"))
    slug, folder = found["slug"], found["folder"]
    at = slugs.index(slug)
    lesson, exercises = f"notebooks/{slug}", f"exercises/{slug}"
    following = f"notebooks/{slugs[at + 1]}" if at + 1 < len(slugs) else None
    if folder == "solutions":
        return exercises, following
    if folder == "exercises":
        return lesson, following
    if found["deeper"]:
        return lesson, exercises
    return (f"exercises/{slugs[at - 1]}" if at else "lessons"), exercises


def breakable(page: str) -> str:
    """HTML whose words may go on in the next line behind each underscore: names of functions are long, columns narrow."""
    return re.sub(r">[^<]*_[^<]*<", lambda text: text[0].replace("_", "_<wbr>"), page)


def complete_context(app, pagename, templatename, context, doctree) -> None:
    """What the templates of ``_templates/`` and the theme's ask about a page."""
    body = context.get("body", "")
    # The summary says itself what it does; a second name would hide that from screen readers.
    body = body.replace(' aria-label="Toggle hidden content"', "")
    # The corner of a table is no heading of anything.
    context["body"] = body = body.replace('<th class="head"><p></p></th>', "<td></td>")
    context["body"] = body = re.sub(r"<(h[1-3])>.*?</\1>", lambda heading: breakable(heading[0]), body)
    if "toc" in context:
        context["toc"] = breakable(context["toc"])
    context["has_figures"] = bool(re.search(r"<figure(?! class=\"explorer)", body)) and "cell_output" in body
    context["has_formulas"] = 'class="math"' in body or 'class="math"' in context.get("toc", "")
    base = app.config.html_baseurl
    context["preview"] = f"{base.rstrip('/')}/{PREVIEW}" if base else context["pathto"](PREVIEW, 1)
    around = neighbours(pagename, app.env.found_docs)
    if around:
        for name, page in zip(("prev", "next"), around, strict=True):
            context[name] = page and {
                "link": app.builder.get_relative_uri(pagename, page),
                "title": html.escape(app.env.titles[page].astext(), quote=False),
            }


def setup(app) -> None:
    """Tell Sphinx of the formulas and of what the templates need."""
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.connect("html-page-context", complete_context)
