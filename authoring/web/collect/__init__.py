"""Pages of the site that are collected from the sources, never written twice.

``pages()`` gives the text of each by its path below the site's source, without ``.md``. ``NAVIGATION`` lists those that a menu names;
the pages below ``reference/`` hang on ``reference``, those below ``instructors/`` on nothing but links. The first use of a term on
another page is linked by ``authoring.web.collect.glossary.link_terms``.

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

NAVIGATION = tuple(
    part.PAGE.removesuffix(".md")
    for part in (glossary, data_cards, own_data, bugs, side_by_side, reference, instructors, citing)
)


def pages() -> dict[str, str]:
    """The Markdown of every collected page, by its path below the site's source without suffix, such as ``"glossary"``.

    Raises:
        SourceError: if a source lacks what a page needs, or a page names what is no longer there.
    """
    single = {part.PAGE: part.text() for part in (glossary, data_cards, own_data, bugs, side_by_side, citing)}
    found = {**single, **instructors.pages(), **reference.pages()}
    order = [*NAVIGATION, *sorted(path.removesuffix(".md") for path in found)]
    return {path: found[f"{path}.md"] for path in dict.fromkeys(order)}
