"""Every table with something of a person in it: how its rows are found, what of them is handed out, what stays.

A test walks the database: a table that leads to a person and is neither here nor in :data:`NOBODYS` fails it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from storefront.accounts import models as _accounts
from storefront.analytics import models as _analytics
from storefront.assistant import models as _assistant
from storefront.cart import models as _cart
from storefront.core import external_ids as _external_ids
from storefront.core.clock import now
from storefront.core.db import Base
from storefront.inventory import models as _inventory
from storefront.invoicing import models as _invoicing
from storefront.memberships import models as _memberships
from storefront.orders import models as _orders
from storefront.payments import models as _payments
from storefront.promotions import models as _promotions
from storefront.reminders import models as _reminders
from storefront.returns import models as _returns
from storefront.reviews import models as _reviews
from storefront.search import log_models as _search

# Imported so that their tables are known.
_MODELS = (
    *(_accounts, _analytics, _assistant, _cart, _external_ids, _inventory, _invoicing, _memberships, _orders),
    *(_payments, _promotions, _reminders, _returns, _reviews, _search),
)
Fate = Literal["deleted", "follows", "blanked", "kept"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, or a guest, who is known by their e-mail address alone.

    ``is_proved``: the address is theirs, and so is what was done under it without an account.
    """

    email: str
    user_id: uuid.UUID | None = None
    is_proved: bool = True


@dataclass(frozen=True, slots=True)
class Personal:
    """A table. Its rows are a person's ``by`` a column with their id, ``email`` one with their address, or ``through``
    (own column, the other table's) rows of a table before it.

    ``guest`` is one more way to rows of somebody without an account: the condition for an address.

    ``only`` is a further condition in SQL. ``hidden`` columns are not handed out: secrets, and the staff's own words.
    ``fate`` is what becomes of the rows: those that ``follow`` are deleted by the database with what they are reached
    through, of ``blanked`` ones the columns of ``blanks`` are overwritten. ``why`` some are kept.
    """

    fate: Fate
    by: str = ""
    email: str = ""
    guest: Callable[[str], sa.ColumnElement[bool]] | None = None
    through: tuple[str, str] | None = None
    only: str = ""
    hidden: frozenset[str] = frozenset()
    blanks: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


def _of_order(fate: Fate = "kept", *hidden: str, key: str = "order_id", **values: Any) -> Personal:
    return Personal(fate, through=(key, "orders"), hidden=frozenset(hidden), **values)


def _only_country(column: str) -> sa.ColumnElement[Any]:
    """Of an address what taxes are reckoned by."""
    kept = (
        f"jsonb_strip_nulls(jsonb_build_object('country', {column}->'country', 'region', {column}->'region'))"
    )
    return sa.literal_column(kept)


def _talk_of(address: str) -> sa.ColumnElement[bool]:
    """A guest's talk is theirs whose address they gave; what somebody with an account said stays their own."""
    asked = sa.select(_assistant.Handoff.conversation_id).where(_assistant.Handoff.contact_email == address)
    return sa.and_(_assistant.Conversation.user_id.is_(None), _assistant.Conversation.id.in_(asked))


_BOOKS = "the order's books, without a name"
_SINCE = {"orders": "anonymised_at", "external_ids": "erased_at"}
_LAW = "papers are kept unchanged for as long as tax law demands"
REGISTER: dict[str, Personal] = {
    "users": Personal(
        "deleted",
        by="id",
        hidden=frozenset(("password_hash", "email_verification_token", "password_reset_token")),
    ),
    "user_sessions": Personal("deleted", by="user_id", hidden=frozenset(("session_token_hash", "data"))),
    "refresh_tokens": Personal("deleted", by="user_id", hidden=frozenset(("token_hash",))),
    "api_keys": Personal("deleted", by="user_id", hidden=frozenset(("key_hash",))),
    "api_usage": Personal("deleted", by="user_id"),
    "verification_codes": Personal(
        "deleted", email="subject", through=("session_id", "user_sessions"), hidden=frozenset(("code_hash",))
    ),
    "consents": Personal("deleted", by="user_id"),
    "addresses": Personal("deleted", by="user_id"),
    "customer_group_members": Personal("deleted", by="user_id"),
    "subscriptions": Personal("deleted", by="user_id"),
    "external_ids": Personal(
        "blanked",
        by="user_id",
        hidden=frozenset(("digest",)),
        blanks={
            "user_id": None,
            "digest": "",
            "external_id": sa.literal_column("encode(sha256(convert_to(external_id, 'UTF8')), 'hex')"),
        },
        why="so that an import does not bring them back",
    ),
    "saved_payment_methods": Personal("deleted", by="user_id", hidden=frozenset(("provider_reference",))),
    "payment_customers": Personal("deleted", by="user_id"),
    "reviews": Personal("deleted", by="user_id"),
    "review_votes": Personal("deleted", by="user_id"),
    "carts": Personal("deleted", by="user_id"),
    "cart_items": Personal("deleted", through=("cart_id", "carts")),
    "cart_reminders": Personal("deleted", through=("cart_id", "carts")),
    "saved_for_later": Personal("deleted", by="user_id"),
    "wish_lists": Personal("deleted", by="user_id"),
    "wish_list_items": Personal("deleted", through=("wish_list_id", "wish_lists")),
    "stock_alerts": Personal("deleted", by="user_id", email="email"),
    "conversations": Personal("deleted", by="user_id", guest=_talk_of, hidden=frozenset(("assigned_to",))),
    "messages": Personal("deleted", through=("conversation_id", "conversations")),
    "message_feedback": Personal("deleted", through=("message_id", "messages")),
    "confirmations": Personal(
        "deleted",
        by="user_id",
        through=("conversation_id", "conversations"),
        hidden=frozenset(("arguments_hash",)),
    ),
    "handoffs": Personal(
        "follows",  # a guest's conversation is found by it
        through=("conversation_id", "conversations"),
        hidden=frozenset(("assigned_to",)),
    ),
    "conversations_archive": Personal("deleted", by="user_id"),
    "search_logs": Personal("blanked", by="user_id", blanks={"user_id": None, "session_id": None}),
    "analytics_events": Personal("blanked", by="user_id", blanks={"user_id": None, "session_id": None}),
    "audit_logs": Personal(
        "kept", by="user_id", why="who did what and when; personal fields are never written into it"
    ),
    "orders": Personal(
        "blanked",
        by="user_id",
        email="guest_email",
        hidden=frozenset(("notes", "idempotency_key", "changes_on_paper")),
        blanks={
            "user_id": None,
            "guest_email": None,
            "shipping_address": _only_country("shipping_address"),
            "billing_address": _only_country("billing_address"),
            "customer_note": None,
            "cancel_reason": None,
            "notes": None,
        },
    ),
    "order_items": _of_order(why=_BOOKS),
    "order_events": _of_order(
        "blanked", "data", only="kind <> 'staff_note'", blanks={"note": ""}, why="the order's timeline"
    ),
    "shipments": _of_order("blanked", "request_key", blanks={"tracking_number": None}),
    "order_changes": _of_order(why=_BOOKS),
    "returns": _of_order("blanked", blanks={"note": "", "tracking_number": ""}),
    "return_items": Personal("blanked", through=("return_id", "returns"), blanks={"note": ""}),
    "order_refunds": _of_order("blanked", "actor_id", blanks={"reason": ""}),
    "refund_items": Personal("kept", through=("order_refund_id", "order_refunds"), why=_BOOKS),
    "payments": _of_order("blanked", "raw", "idempotency_key", blanks={"kept_for": None}),
    "captures": _of_order("kept", "idempotency_key", why=_BOOKS),
    "refunds": _of_order("blanked", "raw", "idempotency_key", blanks={"reason": ""}),
    "invoices": _of_order(why=_LAW),
    "invoice_taxes": Personal("kept", through=("invoice_id", "invoices"), why=_LAW),
    "promotion_uses": _of_order(
        "blanked", blanks={"customer": sa.literal_column("order_id::text"), "email": None}
    ),
    "promotion_codes": _of_order(why=_BOOKS),
    "gift_card_entries": _of_order(why=_BOOKS),
    "gift_cards": Personal(
        "kept",
        through=("id", "saved_payment_methods"),
        hidden=frozenset(("code_hash",)),
        why="money that belongs to whoever holds its code",
    ),
    "stock_movements": _of_order("kept", "user_id", "note", why=_BOOKS),
    "stock_reservations": _of_order(why="gone when the goods are sent"),
}
"""In the order in which rows are found: a table stands behind those it is reached through."""

NOBODYS: dict[str, str] = {
    "products": "created_by is staff",
    "synonyms": "created_by is staff",
    "import_runs": "user_id is staff",
    "webhook_endpoints": "created_by is staff",
    "webhook_events": "holds the provider's ids alone",
    "chatbots": "user_id is staff",
    "outbox": "holds ids alone, and what is done is forgotten after two weeks",
}
"""Tables that name somebody who is no shopper, or look as if they did."""


@cache
def table(name: str) -> sa.Table:
    """A table of the register."""
    return Base.metadata.tables[name]


def rows_of(name: str, person: Person) -> sa.ColumnElement[bool]:
    """The condition that a row of the table is this person's."""
    entry, columns = REGISTER[name], table(name).c
    ways: list[sa.ColumnElement[bool]] = []
    if entry.by and person.user_id is not None:
        ways.append(columns[entry.by] == person.user_id)
    if entry.email and person.is_proved:
        ways.append(columns[entry.email] == person.email)
    if entry.guest is not None and person.is_proved:
        ways.append(entry.guest(person.email))
    if entry.through is not None:
        column, other = entry.through
        key = "gift_card_id" if name == "gift_cards" else "id"
        ways.append(columns[column].in_(sa.select(table(other).c[key]).where(rows_of(other, person))))
    if len(ways) > 1 and (entry.through or entry.guest):
        # A way's index each: for an OR with a sub-select the table would be read whole.
        found = (sa.select(columns.id).where(way).correlate(None) for way in ways)
        return columns.id.in_(sa.union_all(*found))
    return sa.or_(sa.false(), *ways)


def blanked(name: str) -> dict[str, Any]:
    """What the columns of a table become that are overwritten, and since when, where it says so."""
    values = dict(REGISTER[name].blanks)
    return values | {_SINCE[name]: now()} if name in _SINCE else values
