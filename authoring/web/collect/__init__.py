"""Pages of the site that are collected from the sources, never written twice.

``pages()`` gives the text of each, ``files()`` the pictures that they show; both by their path below the site's source, to be written
there before Sphinx runs. ``NAVIGATION`` lists those that a menu names; ``instructors/`` and ``reference/`` hang below two of them.
Links to terms from other pages: ``authoring.web.collect.glossary.link_terms``.

Pages are written for MyST with the extension ``dollarmath`` and ``myst_heading_anchors = 3`` or more, and expect the notebooks under
their folders in the repository: ``notebooks/``, ``exercises/``, ``solutions/``.
"""

from __future__ import annotations

from authoring.web.collect import (
    bugs,
    citing,
    data_cards,
    glossary,
    instructors,
    own_data,
    reference,
    side_by_side,
)

NAVIGATION = (
    glossary.PAGE,
    data_cards.PAGE,
    own_data.PAGE,
    bugs.PAGE,
    side_by_side.PAGE,
    reference.PAGE,
    instructors.PAGE,
    citing.PAGE,
)


def pages() -> dict[str, str]:
    """The Markdown of every collected page, by its path below the site's source, such as ``"glossary.md"``.

    Raises:
        SourceError: if a source lacks what a page needs, or a page names what is no longer there.
    """
    single = (glossary, data_cards, own_data, bugs, side_by_side, citing)
    found = {page.PAGE: page.text() for page in single}
    return {**found, **instructors.pages(), **reference.pages()}


def files() -> dict[str, bytes]:
    """The pictures of the collected pages, by their path below the site's source, such as ``"data/digits.png"``."""
    return data_cards.pictures()
