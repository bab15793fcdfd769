"""The page *How to cite*, from ``CITATION.cff``."""

from __future__ import annotations

import yaml

from authoring.source import ROOT, SourceError
from authoring.web.collect.places import escaped

PAGE = "cite.md"
KEY = "bottleneck"


def text() -> str:
    """The page, with the citation as plain text and as BibTeX.

    Raises:
        SourceError: if CITATION.cff lacks a field that a citation needs.
    """
    cited = citation()
    authors = " and ".join(_name(author) for author in cited["authors"])
    year = str(cited["date-released"])[:4]
    plain = f"{authors} ({year}): {cited['title']}. Version {cited['version']}."
    fields = {
        "author": "{" + authors + "}",  # in braces of its own: a group, no first and last name
        "title": "{" + cited["title"] + "}",
        "year": year,
        "version": str(cited["version"]),
        "note": f"Code {cited['license']}, text and figures CC BY 4.0",
        **({"url": cited["url"]} if cited.get("url") else {}),
    }
    width = max(map(len, fields))
    bibtex = ",\n".join(f"  {name:{width}} = {{{value}}}" for name, value in fields.items())
    return "\n".join(
        [
            "# How to cite",
            "",
            cited["message"],
            "",
            "## As text",
            "",
            escaped(plain),
            "",
            "## As BibTeX",
            "",
            "```bibtex",
            f"@misc{{{KEY}{year},\n{bibtex}\n}}",
            "```",
            "",
            "## What it is about",
            "",
            escaped(" ".join(cited["abstract"].split())),
            "",
            "The data sets have authors of their own: their [cards](data.md) say how to cite them.",
            "",
        ]
    )


def citation() -> dict:
    """What CITATION.cff says, with the fields that are needed."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    needed = {"message", "title", "authors", "version", "date-released", "license", "abstract"}
    if missing := needed - cited.keys():
        raise SourceError(f"CITATION.cff lacks {', '.join(sorted(missing))}.")
    return cited


def _name(author: dict) -> str:
    return author.get("name") or f"{author['given-names']} {author['family-names']}"
