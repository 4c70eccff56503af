"""The assistant's Markdown as safe HTML. What a model writes is as untrusted as what a shopper writes."""

from __future__ import annotations

from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from storefront.core.settings import current_settings
from storefront.http.sign_in import own_path

_TAGS = {
    "a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "rel", "target"}, "ol": {"start"}}


def render_answer(text: str) -> Markup:
    """``text`` as HTML without pictures, scripts and headings (a bubble is no place in the page's outline).

    Links lead into this shop, to https elsewhere (in a new tab, unendorsed) or to a mailbox; of any other only
    the words stay.
    """
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.disable("image")
    tokens = parser.parse(text)
    _headings_to_paragraphs(tokens)
    for token in tokens:
        if token.children:
            token.children = _with_safe_links(token.children)
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"https", "mailto"}, link_rel=None
    )
    return Markup(clean)  # cleaned just above


def blocks(text: str) -> list[str]:
    """``text`` cut between its blocks: the pieces that stay as they are while more text arrives at the end."""
    pieces: list[str] = []
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        if not fence and not line.strip():
            if lines:
                pieces.append("\n".join(lines))
            lines = []
            continue
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = "" if mark == fence else fence or mark
        lines.append(line)
    if lines:
        pieces.append("\n".join(lines))
    return pieces


def safe_link(address: str) -> tuple[str, bool] | None:
    """The address to link to and whether it leads elsewhere; None for an address that is not to be linked."""
    if own := own_path(address, ""):
        return own, False
    try:
        parts = urlsplit(address)
        has_user = parts.username is not None
    except ValueError:
        return None
    if f"{parts.scheme}://{parts.netloc}" == current_settings().base_url():
        path = address.removeprefix(current_settings().base_url()) or "/"
        return (own, False) if (own := own_path(path, "")) else None
    if parts.scheme == "mailto" and parts.path:
        return f"mailto:{parts.path}", False
    if parts.scheme == "https" and parts.netloc and not has_user:
        return address, True
    return None


def _headings_to_paragraphs(tokens: list[Token]) -> None:
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.tag = "p"
            inline = tokens[at + 1]
            start, end = Token("strong_open", "strong", 1), Token("strong_close", "strong", -1)
            inline.children = [start, *(inline.children or []), end]
        elif token.type == "heading_close":
            token.tag = "p"


def _with_safe_links(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            link = safe_link(str(token.attrGet("href") or ""))
            open_links.append(link is not None)
            if link is None:
                continue
            address, leads_elsewhere = link
            token.attrs = {"href": address}
            if leads_elsewhere:
                token.attrs |= {"rel": "nofollow noopener noreferrer", "target": "_blank"}
        elif token.type == "link_close" and not open_links.pop():
            continue
        kept.append(token)
    return kept
