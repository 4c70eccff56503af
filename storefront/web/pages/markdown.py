"""Markdown of staff and seeds as safe HTML, with headings that can be linked to."""

from __future__ import annotations

from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from storefront.core.slugs import slugify

_ALLOWED_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ALLOWED_ATTRIBUTES = {
    "a": {"href", "title"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align", "scope"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}


@dataclass(frozen=True, slots=True)
class Section:
    """A second-level heading of a document, for its table of contents."""

    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered document and its sections."""

    html: Markup
    sections: tuple[Section, ...]


def render_markdown(text: str) -> Document:
    """``text`` as HTML without scripts, styles or pictures.

    A heading's id is the slug of its text, the same that citations point to; a title written as a first-level
    heading becomes a second-level one, because the page has its own.
    """
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    sections = _name_headings(tokens)
    rendered = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        rendered,
        tags=_ALLOWED_TAGS,
        attributes=_ALLOWED_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )
    # Cleaned just above: what is left is safe to show as it is.
    return Document(Markup(clean), tuple(sections))


def _name_headings(tokens: list[Token]) -> list[Section]:
    sections: list[Section] = []
    seen: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type not in ("heading_open", "heading_close"):
            continue
        if token.tag == "h1":
            token.tag = "h2"
        if token.type == "heading_close":
            continue
        title = tokens[at + 1].content
        anchor = slugify(title) or "section"
        seen[anchor] = seen.get(anchor, 0) + 1
        if seen[anchor] > 1:
            anchor = f"{anchor}-{seen[anchor]}"
        token.attrSet("id", anchor)
        if token.tag == "h2":
            sections.append(Section(title, anchor))
    return sections
