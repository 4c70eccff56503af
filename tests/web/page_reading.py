"""What a page is made of, read as a browser reads it, and what is wrong with that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

WITHOUT_TOKEN = {"/cart/lines", "/wish-list/items", "/alerts", "/language"}
"""Its form is on pages kept for all guests; see docs/decisions/page-cache.md."""
_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "form", "list")


@dataclass
class ReadForm:
    """A form: its method and the names of its fields."""

    method: str
    action: str
    fields: set[str] = field(default_factory=set)


@dataclass
class ReadPage:
    """The parts of a page that the rules below are about."""

    language: str = ""
    title: str = ""
    headings: int = 0
    mains: int = 0
    ids: Counter[str] = field(default_factory=Counter)
    references: set[str] = field(default_factory=set)
    forms: list[ReadForm] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    without_alternative: list[str] = field(default_factory=list)

    def problems(self) -> Iterator[str]:
        """What no page may be."""
        if not self.language:
            yield "the page says no language"
        if not self.title.strip(" ·\n"):
            yield "the page has no title"
        if self.headings != 1:
            yield f"{self.headings} headings of the first level"
        if self.mains != 1:
            yield f"{self.mains} main landmarks"
        yield from (f"two elements with the id {name}" for name, count in self.ids.items() if count > 1)
        yield from (f"nothing has the id {name}" for name in sorted(self.references - set(self.ids)))
        for form in self.forms:
            needs_token = form.method == "post" and form.action not in WITHOUT_TOKEN
            if needs_token and "csrf_token" not in form.fields:
                yield f"the form to {form.action} has no csrf_token"
        yield from (f"a picture without alt: {source}" for source in self.without_alternative)
        for link in self.links:
            if link.startswith("#") and link not in ("#", "#top") and link[1:] not in self.ids:
                yield f"a link to {link}, which is not there"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = ReadPage()
        self._in_title = False
        self._in_svg = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        page = self.page
        if found.get("id"):
            page.ids[found["id"]] += 1
        for name in _REFERENCES:
            page.references |= set(found.get(name, "").split())
        match tag:
            case "html":
                page.language = found.get("lang", "")
            case "title":
                self._in_title = self._in_svg == 0
            case "svg":
                self._in_svg += 1
            case "h1":
                page.headings += 1
            case "main":
                page.mains += 1
            case "form":
                page.forms.append(ReadForm(found.get("method", "get").lower(), found.get("action", "")))
            case "input" | "select" | "textarea" | "button" if page.forms and found.get("name"):
                page.forms[-1].fields.add(found["name"])
            case "a" if found.get("href"):
                page.links.add(found["href"])
            case "img":
                if "alt" not in found:
                    page.without_alternative.append(found.get("src", ""))
                candidates = [one.split() for one in found.get("srcset", "").split(",")]
                sources = [found.get("src", ""), *(one[0] for one in candidates if one)]
                page.resources |= {one for one in sources if one}
            case "script" | "iframe" if found.get("src"):
                page.resources.add(found["src"])
            case "link" if found.get("rel") in ("stylesheet", "icon", "preload"):
                page.resources.add(found["href"])
            case "use":
                page.resources.add(found["href"].partition("#")[0])

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag == "svg":
            self._in_svg -= 1

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.page.title += data


def read_page(html: str) -> ReadPage:
    """Read a whole page."""
    reader = _Reader()
    reader.feed(html)
    return reader.page
