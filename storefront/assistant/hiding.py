"""What was typed into a talk and is worth money does not stay in it: staff read conversations, too."""

from __future__ import annotations

import re
import uuid

import sqlalchemy as sa

from storefront.assistant.models import Conversation, Message
from storefront.core.db import session, transaction, write

_LOOKED_AT = 20
_FOUR = "[2-9A-HJKMNP-TV-Z]{4}"
_CARD = re.compile(
    rf"(?<![A-Za-z0-9]){_FOUR}(?P<between>[ -]{{0,3}})(?:{_FOUR}(?P=between)){{2}}{_FOUR}(?![A-Za-z0-9])",
    re.I,
)
_MAY_BE_CARD = re.compile("[2-9A-HJKMNP-TV-Z]{15,17}")
_SHOWN = 4


def hint_of(secret: str) -> str:
    """What is shown in the place of a gift card's code."""
    return f"…{''.join(one for one in secret.upper() if one.isalnum())[-_SHOWN:]}"


def may_be_gift_card(code: str) -> bool:
    """Whether what was given as a code is written like a gift card's, one character too few or too many included."""
    return bool(_MAY_BE_CARD.fullmatch("".join(one for one in code.upper() if one.isalnum())))


def gift_cards_in(text: str) -> list[str]:
    """What looks like a gift card's code, four groups of four, and is no four words of a sentence."""
    found = (one.group() for one in _CARD.finditer(text))
    return [one for one in found if "-" in one or one.isupper() or any(sign.isdigit() for sign in one)]


def without_gift_cards(text: str) -> str:
    """The text with no more than the end of each gift card's code."""
    for code in gift_cards_in(text):
        text = text.replace(code, hint_of(code))
    return text


def hide_gift_cards(conversation_id: uuid.UUID, text: str) -> None:
    """Hide what looks like a gift card's code in a message, whatever becomes of it.

    The database is not asked whether it is one: what is hidden tells nobody which codes there are.
    """
    for code in gift_cards_in(text):
        hide_in_conversation(conversation_id, code, hint_of(code))


def hide_in_conversation(conversation_id: uuid.UUID, secret: str, shown: str) -> None:
    """Put ``shown`` in the place of ``secret``, however it was spaced, in the shopper's latest messages and title."""
    characters = [re.escape(one) for one in secret if one.isalnum()]
    if not characters:
        return
    pattern = re.compile(r"[\s-]*".join(characters), re.IGNORECASE)
    latest = (
        sa.select(Message.id, Message.created_at, Message.content)
        .where(Message.conversation_id == conversation_id, Message.role == "user")
        .order_by(Message.created_at.desc())
        .limit(_LOOKED_AT)
    )
    with transaction():
        for message_id, created_at, content in session().execute(latest).all():
            hidden = pattern.sub(lambda _found: shown, content)
            if hidden != content:
                # Its month is named, too: the key of a partitioned table holds it.
                which = sa.and_(Message.id == message_id, Message.created_at == created_at)
                write(sa.update(Message).where(which).values(content=hidden))
        titled = sa.select(Conversation.title).where(Conversation.id == conversation_id)
        title = session().scalar(titled) or ""
        if pattern.search(title):
            without = pattern.sub(lambda _found: shown, title)
            write(sa.update(Conversation).where(Conversation.id == conversation_id).values(title=without))
