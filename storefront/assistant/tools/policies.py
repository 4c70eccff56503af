"""What the shop promises: answers come from its own pages, with the place where it stands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from storefront.assistant.events import Citation
from storefront.assistant.passages import find_passages
from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.assistant.tools.shop import TOOLS

_EXCERPT = 240


@TOOLS.tool("Reading the shop's pages")
def find_policy(
    context: ToolContext,
    question: Annotated[str, Field(max_length=500, description="The question in the shopper's words.")],
) -> Outcome:
    """Search the shop's own pages: shipping, returns, warranty, payment, privacy, contact, about.

    Answer only from the passages found, and name the page.
    """
    passages = find_passages(question)
    data = {
        "passages": [
            {"page": passage.title, "heading": passage.heading, "url": passage.url, "text": passage.content}
            for passage in passages
        ]
    }
    if not passages:
        return Outcome(data, "Nothing about that on our pages", ok=False)
    best = passages[0]
    citation = Citation(_title(best.title, best.heading), best.url, _excerpt(best.content))
    return Outcome(data, f"Found in “{best.title}”", (citation,))


def _title(title: str, heading: str) -> str:
    return title if heading == title else f"{title}: {heading}"


def _excerpt(text: str) -> str:
    plain = " ".join(text.replace("|", " ").replace("*", "").split())
    return plain if len(plain) <= _EXCERPT else f"{plain[:_EXCERPT].rsplit(' ', 1)[0]} …"
