"""Migrations of papers that are there already: what they name survives the way down and up again."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import psycopg

from storefront.core import schema
from storefront.core.database_roles import DatabaseUrls
from tests.migrations import rows
from tests.migrations.conftest import connect


def write_paper(
    owner: psycopg.Connection, order_id: uuid.UUID, kind: str, cause: str, **names: uuid.UUID
) -> uuid.UUID:
    """A document over 119.00 at 19 per cent."""
    amounts = {"net": "100.00", "tax": "19.00", "gross": "119.00"}
    with owner.transaction():
        paper = rows.insert(
            owner,
            "invoices",
            kind=kind,
            cause=cause,
            prefix=kind[:2].upper(),
            issued_on="2026-11-27",
            order_id=order_id,
            country="DE",
            treatment="taxed",
            currency="EUR",
            content={},
            **amounts,
            **names,
        )
        owner.execute(
            "INSERT INTO invoice_taxes (invoice_id, rate, net, tax, gross) VALUES (%s, 19, 100, 19, 119)",
            (paper,),
        )
    return paper


def test_papers_name_after_the_way_down_and_up_what_they_named(
    fresh_database: Callable[[], DatabaseUrls],
) -> None:
    urls = fresh_database()
    schema.upgrade(urls)
    with connect(urls.owner) as owner:
        order = rows.order(owner, subtotal=238, total_amount=238)
        back = rows.insert(
            owner, "returns", order_id=order, number="R1", kind="exchange", price_difference=119
        )
        changed = [rows.order(owner, changes_on_paper=count) for count in (0, 2)]
        refund = rows.insert(owner, "order_refunds", order_id=order, amount=119, tax=19, status="succeeded")
        first = write_paper(owner, order, "invoice", "order")
        write_paper(owner, order, "credit_note", "change", corrects_id=first)
        second = write_paper(owner, order, "invoice", "change", replaces_id=first)
        write_paper(owner, order, "invoice", "exchange", return_id=back)
        write_paper(owner, order, "credit_note", "refund", corrects_id=second, order_refund_id=refund)
        names = "order_refund_id, replaces_id, return_id"
        asked = f"SELECT document_number, {names} FROM invoices ORDER BY kind, number"  # noqa: S608
        named = owner.execute(asked).fetchall()
    schema.downgrade(urls, "43_order_changes")
    schema.upgrade(urls)
    with connect(urls.owner) as owner:
        count = "SELECT changes_on_paper FROM orders WHERE id = ANY(%s) ORDER BY order_number"
        assert owner.execute(count, (changed,)).fetchall() == [(0,), (2,)]
        assert owner.execute(asked).fetchall() == named
        assert {type(one) for row in named for one in row[1:]} == {uuid.UUID, type(None)}
    # Further down the decisions and returns themselves are gone; no paper goes with them, and the way up is open.
    schema.downgrade(urls, "49_invoices")
    schema.upgrade(urls)
    with connect(urls.owner) as owner:
        left = owner.execute(asked).fetchall()
        assert [row[0] for row in left] == [row[0] for row in named]
        assert [row[2] for row in left] == [row[2] for row in named]
        kept = "SELECT count(*) FROM pg_class WHERE relname LIKE 'kept_%'"
        assert owner.execute(kept).fetchone() == (0,)
