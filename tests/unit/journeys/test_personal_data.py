"""What is known of a person is handed out whole, and gone where no law keeps it: looked for in every table there is."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg.types.json import Jsonb
from sqlalchemy.dialects import postgresql

from storefront.accounts.errors import ErasureRefused, WrongPassword
from storefront.accounts.models import User
from storefront.cart import services as carts
from storefront.core import outbox
from storefront.core.db import release, session, transaction
from storefront.core.identity import Identity
from storefront.invoicing.services import issue_what_is_due
from storefront.journeys.personal_data.erasing import (
    close_account,
    erase,
    is_known,
    person_behind,
    person_of,
)
from storefront.journeys.personal_data.exporting import person_data
from storefront.journeys.personal_data.register import NOBODYS, REGISTER, Person, rows_of, table
from storefront.orders.queries import order_page
from storefront.orders.services import (
    ParcelRequest,
    RefundLine,
    RefundRequest,
    capture_payment,
    mark_delivered,
    place_order,
    refund_order,
    ship_parcel,
)
from storefront.payments.saved_cards import FORGET_CUSTOMER
from tests.factories.accounts import PASSWORD, MadeUser, make_staff, make_user
from tests.factories.buying import fill_cart, make_guest, make_product, make_shipping, order_request
from tests.factories.parcels import assert_books_balance
from tests.factories.promotions import make_gift_card, make_promotion
from tests.migrations import rows

pytestmark = pytest.mark.usefixtures("app_context")
NEEDLE, SECRET, STAFFS = "Needleworth", "Secretneedle", "Staffneedle"
EMAIL = f"ada@{NEEDLE.lower()}.example.com"
SUSPICIOUS = re.compile(
    r"user_id|session_id|customer|e?mail|phone|ip_address|user_agent|actor|visitor|address|author"
)


def test_every_table_that_leads_to_a_person_is_in_the_register() -> None:
    """A new one fails here until somebody has decided what is handed out of it and what becomes of it."""
    partitions = set(session().scalars(sa.text("SELECT inhrelid::regclass::text FROM pg_inherits")))
    inspector = sa.inspect(session().connection())
    forgotten = {}
    for name in set(inspector.get_table_names()) - partitions - set(REGISTER) - set(NOBODYS):
        leads = {key["referred_table"] for key in inspector.get_foreign_keys(name)} & set(REGISTER)
        named = {one["name"] for one in inspector.get_columns(name) if SUSPICIOUS.search(one["name"])}
        if leads or named:
            forgotten[name] = leads | named
    assert forgotten == {}
    for name, entry in REGISTER.items():
        columns = {one["name"] for one in inspector.get_columns(name)}
        assert columns >= entry.hidden | set(entry.blanks), name
        assert entry.fate != "kept" or entry.why, name
        assert entry.through is None or list(REGISTER).index(entry.through[1]) < list(REGISTER).index(name)


def test_whatever_points_at_what_is_erased_is_found_by_an_index() -> None:
    """Otherwise each deletion reads the table that points at it whole."""
    erased = [name for name, entry in REGISTER.items() if entry.fate == "deleted"]
    without = session().scalars(
        sa.text(
            "SELECT k.conrelid::regclass || '.' || a.attname FROM pg_constraint k"
            " JOIN pg_class c ON c.oid = k.conrelid AND NOT c.relispartition"
            " JOIN pg_class target ON target.oid = k.confrelid"
            " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]"
            " WHERE k.contype = 'f' AND target.relname = ANY (:erased) AND NOT EXISTS ("
            "SELECT FROM pg_index x LEFT JOIN pg_attribute named ON named.attrelid = x.indrelid"
            " AND named.attnum = k.conkey[1] WHERE x.indrelid = k.conrelid AND x.indkey[0] = k.conkey[1]"
            " AND (x.indpred IS NULL OR pg_get_expr(x.indpred, x.indrelid)"
            " = '(' || named.attname || ' IS NOT NULL)'))"
        ),
        {"erased": erased},
    )
    assert "; ".join(without) == ""


def test_each_way_to_a_persons_rows_has_an_index() -> None:
    """Where PostgreSQL has one it may read no table whole here; an OR with a sub-select would make it."""
    somebody, whole = Person(EMAIL, uuid.uuid4()), {}
    with transaction():
        session().execute(sa.text("SET LOCAL enable_seqscan = off"))
        for name in REGISTER:
            statement = sa.select(table(name)).where(rows_of(name, somebody))
            asked = statement.compile(
                dialect=postgresql.psycopg.dialect(), compile_kwargs={"literal_binds": True}
            )
            plan = "\n".join(session().connection().exec_driver_sql(f"EXPLAIN {asked}").scalars())
            if "Seq Scan" in plan:
                whole[name] = plan
    assert whole == {}


@dataclass
class Ada:
    """Somebody of whom there is something in every table. ``order`` is finished."""

    person: MadeUser
    order: str
    order_id: uuid.UUID


@pytest.fixture
def ada(app_context: Flask) -> Ada:
    make_shipping()
    person = make_user(
        EMAIL,
        first_name=NEEDLE,
        last_name=NEEDLE,
        phone="0170 555",
        metadata={"n": NEEDLE},
        email_verification_token=SECRET,
    )
    make_promotion("amount", "5", "Autumn", code="AUTUMN")
    gift, kettle = make_gift_card("10.00"), make_product("Kettle", "80.00")
    fill_cart(person.identity, (kettle, 1))
    carts.enter_coupon(person.identity, "AUTUMN")
    carts.enter_gift_card(person.identity, gift.code)
    wanted = order_request("75.00", email="", expected_gift_card=Decimal("10.00"), note=NEEDLE)
    placed = place_order(person.identity, wanted)
    _send_and_take(person, placed.number)
    refund_order(None, placed.number, RefundRequest(adjustment=Decimal("5.00")))
    issue_what_is_due(placed.order_id)
    with transaction():
        _fill(_Rows(person.id, placed.order_id, kettle, gift.id))
        _name_the_order(placed.order_id)
    release()
    return Ada(person, placed.number, placed.order_id)


def _send_and_take(person: MadeUser, number: str) -> None:
    staff = make_staff("admin").id
    (line,) = order_page(person.identity, number).lines
    parcel = ship_parcel(staff, number, ParcelRequest({line.id: 1})).shipment_id
    mark_delivered(staff, number, parcel)
    capture_payment(number)


def _name_the_order(order_id: uuid.UUID) -> None:
    session().execute(
        sa.text(
            "UPDATE orders SET changes_on_paper = 1, notes = :staff, cancel_reason = :name,"
            " shipping_address = shipping_address || jsonb_build_object("
            "'full_name', CAST(:name AS text), 'line1', CAST(:name AS text)) WHERE id = :id"
        ),
        {"staff": STAFFS, "name": NEEDLE, "id": order_id},
    )


class _Rows:
    """Rows of Ada's, by plain SQL. Whatever a person can have written there names her."""

    def __init__(
        self, user_id: uuid.UUID, order_id: uuid.UUID, product_id: uuid.UUID, card_id: uuid.UUID
    ) -> None:
        self.user_id, self.order_id, self.product_id, self.card_id = user_id, order_id, product_id, card_id
        self.connection: Any = session().connection().connection.driver_connection

    def put(self, table: str, **values: Any) -> uuid.UUID:
        return rows.insert(self.connection, table, **values)

    def one(self, statement: str) -> uuid.UUID:
        found: uuid.UUID = self.connection.execute(statement, [self.order_id]).fetchone()[0]
        return found


def _fill(made: _Rows) -> None:
    mine: dict[str, Any] = {"user_id": made.user_id}
    visit = rows.visit(made.connection, **mine, user_agent=NEEDLE, ip_address="10.1.2.3")
    made.put("refresh_tokens", **mine, token_hash=SECRET, family_id=uuid.uuid4(), expires_at="2100-01-01")
    key = made.put("api_keys", **mine, name=NEEDLE, key_prefix="k", key_hash=SECRET)
    made.put("api_usage", **mine, api_key_id=key, endpoint="/x", status_code=200, response_time_ms=1)
    made.put(
        "verification_codes",
        purpose="email_change",
        subject=EMAIL,
        code_hash=SECRET,
        session_id=visit,
        expires_at="2100-01-01",
    )
    made.put("consents", **mine, purpose="cart_reminder", source="account")
    address = {"name": NEEDLE, "line1": NEEDLE, "city": "Town", "postal_code": "1", "country": "DE"}
    made.put("addresses", **mine, **address)
    group = made.put("customer_groups", name="Friends")
    made.connection.execute("INSERT INTO customer_group_members VALUES (%s, %s)", [group, made.user_id])
    made.put("subscriptions", **mine, plan_name="Friends", price_id="price_1", status="active")
    made.put("external_ids", **mine, kind="user", external_id=NEEDLE, digest="")
    made.put("saved_payment_methods", **mine, kind="gift_card", gift_card_id=made.card_id)
    made.connection.execute(
        "INSERT INTO payment_customers (user_id, reference) VALUES (%s, 'cus_1')", [made.user_id]
    )
    review = made.put("reviews", **mine, product_id=made.product_id, rating=5, title=NEEDLE, comment=NEEDLE)
    made.put("review_votes", **mine, review_id=review)
    cart = made.put("carts", **mine)
    made.put("cart_items", cart_id=cart, product_id=made.product_id)
    made.connection.execute("INSERT INTO cart_reminders (cart_id) VALUES (%s)", [cart])
    made.put("saved_for_later", **mine, product_id=made.product_id)
    made.put("wish_list_items", wish_list_id=made.put("wish_lists", **mine), product_id=made.product_id)
    made.put("stock_alerts", **mine, product_id=made.product_id, status="waiting")
    _talk(made, mine)
    made.put(
        "search_logs",
        **mine,
        query="kettle",
        session_id=visit,
        results_count=1,
        search_type="text",
        response_time_ms=1,
    )
    made.put("analytics_events", **mine, event_type="view", session_id=visit)
    made.put("audit_logs", **mine, action="update", resource_type="user", resource_id=str(made.user_id))
    _after_the_order(made)


def _talk(made: _Rows, mine: dict[str, Any]) -> None:
    talk, at = rows.conversation(made.connection, **mine, title=NEEDLE), "2026-11-20T12:00:00Z"
    message = rows.message(made.connection, talk, content=NEEDLE, created_at=at)
    made.put("message_feedback", message_id=message, message_created_at=at, rating="up", comment=NEEDLE)
    approval = {"tool": "cancel", "arguments_hash": SECRET, "call_id": "c", "expires_at": "2100-01-01"}
    made.put("confirmations", **mine, conversation_id=talk, **approval)
    made.put("handoffs", conversation_id=talk, summary=NEEDLE, contact_email=EMAIL)
    as_guest = rows.conversation(made.connection, title=NEEDLE)
    rows.message(made.connection, as_guest, content=NEEDLE, created_at=at)
    made.put("confirmations", conversation_id=as_guest, session_id=rows.visit(made.connection), **approval)
    made.put("handoffs", conversation_id=as_guest, summary=NEEDLE, contact_email=EMAIL.upper())
    document = Jsonb({"said": NEEDLE})
    made.put("conversations_archive", **mine, conversation_id=uuid.uuid4(), document=document)


def _after_the_order(made: _Rows) -> None:
    of_order = {"order_id": made.order_id}
    item = made.one("SELECT id FROM order_items WHERE order_id = %s")
    payment = made.one("SELECT id FROM payments WHERE order_id = %s")
    refund = made.one("SELECT id FROM order_refunds WHERE order_id = %s")
    made.connection.execute("UPDATE order_refunds SET reason = %s WHERE id = %s", [NEEDLE, refund])
    made.put("order_events", **of_order, kind="changed", note=NEEDLE)
    made.put("order_events", **of_order, kind="staff_note", note=STAFFS)
    made.put("shipments", **of_order, tracking_number=NEEDLE, request_key=SECRET)
    made.put("order_changes", **of_order, payment_id=payment, status="ended", expected_total=1)
    returned = made.put(
        "returns",
        **of_order,
        number=f"{made.order_id}-R1",
        note=NEEDLE,
        status="cancelled",
        closed_at="2026-11-20",
    )
    made.put("return_items", return_id=returned, order_item_id=item, quantity=1, note=NEEDLE)
    made.put("captures", **of_order, payment_id=payment, amount=1, status="failed", idempotency_key=SECRET)
    made.put("refunds", **of_order, payment_id=payment, amount=1, status="failed", reason=NEEDLE)
    promotion = made.one("SELECT promotion_id FROM promotion_uses WHERE order_id = %s")
    made.connection.execute(
        "UPDATE promotions SET code = NULL, has_single_codes = true WHERE id = %s", [promotion]
    )
    made.put("promotion_codes", **of_order, promotion_id=promotion, code="ONLYONE")
    made.put("stock_reservations", **of_order, product_id=made.product_id, quantity=1)


def mentions(*texts: str) -> set[str]:
    """The tables that hold one of these texts anywhere."""
    release()
    found = set()
    names = session().scalars(
        sa.text(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
        )
    )
    for name in names.all():
        for text in texts:
            hit = sa.text(f"SELECT true FROM {name} AS one WHERE one::text ILIKE '%' || :text || '%' LIMIT 1")  # noqa: S608
            if session().scalar(hit, {"text": text}):
                found.add(name)
    release()
    return found


def test_all_of_it_is_handed_out_and_no_secret_with_it(ada: Ada) -> None:
    written = json.dumps(person_data(person_behind(ada.person.id)))
    release()
    data = json.loads(written)
    assert set(REGISTER) - set(data) == set(), "in each table there is something of hers"
    assert (SECRET in written, STAFFS in written) == (False, False)
    (order,) = data["orders"]
    assert (order["order_number"], order["total_amount"]) == (ada.order, "75.00")
    assert [one["document_number"] for one in data["invoices"]]
    assert [one["balance"] for one in data["gift_cards"]]
    assert {one["kind"] for one in data["order_events"]} >= {"placed", "changed"}
    other = make_user("bob@example.com")
    theirs = person_data(person_behind(other.id))
    release()
    assert set(theirs) == {"made_at", "about", "users"}


def test_what_no_law_keeps_is_gone_from_every_table(ada: Ada) -> None:
    with transaction():
        session().execute(sa.text("DELETE FROM stock_reservations"))
    before = mentions(NEEDLE, EMAIL)
    assert {"users", "orders", "addresses", "messages", "returns", "order_events"} <= before
    papers = session().scalars(sa.text("SELECT one::text FROM invoices AS one ORDER BY id")).all()
    release()
    close_account(ada.person.identity, PASSWORD)
    assert mentions(NEEDLE, EMAIL, STAFFS) == set()
    assert (
        session().scalars(sa.text("SELECT one::text FROM invoices AS one ORDER BY id")).all() == papers != []
    )
    # The trail and what is still to be done know the id, which names nobody any more.
    assert mentions(str(ada.person.id)) <= {"audit_logs", "outbox"}
    kinds = session().scalars(sa.select(outbox.OutboxEntry.kind)).all()
    assert FORGET_CUSTOMER in kinds, "the provider forgets her, too"
    kept = session().execute(
        sa.text("SELECT total_amount, shipping_address, anonymised_at IS NOT NULL FROM orders")
    )
    assert kept.one() == (Decimal("75.00"), {"country": "DE"}, True)
    release()
    assert_books_balance()


def test_it_takes_the_password_and_finished_orders(ada: Ada) -> None:
    with pytest.raises(WrongPassword):
        close_account(ada.person.identity, "not-hers-at-all")
    fill_cart(ada.person.identity, (make_product("Mug", "80.00"), 1))
    placed = place_order(ada.person.identity, order_request("160.00", email=""))
    with pytest.raises(ErasureRefused) as refusal:
        close_account(ada.person.identity, PASSWORD)
    assert (refusal.value.reason, refusal.value.orders) == ("orders", (placed.number,))
    with pytest.raises(ErasureRefused, match="staff"):
        erase(person_behind(make_staff().id))
    assert session().get(User, ada.person.id) is not None
    release()


@pytest.mark.parametrize("is_drawn", [False, True])
def test_an_invoice_that_the_outbox_has_not_brought_yet_names_its_buyer(is_drawn: bool) -> None:
    """Neither the first one nor what follows a change is drawn up from an order without a name."""
    make_shipping()
    person = make_user(EMAIL)
    fill_cart(person.identity, (make_product("Kettle", "80.00"), 1))
    placed = place_order(person.identity, order_request("80.00", email=""))
    if is_drawn:
        issue_what_is_due(placed.order_id)
    _send_and_take(person, placed.number)
    with transaction():
        changed = "INSERT INTO order_events (order_id, kind, note) VALUES (:id, 'changed', '')"
        session().execute(sa.text(changed), {"id": placed.order_id})
    close_account(person.identity, PASSWORD)
    assert issue_what_is_due(placed.order_id) == []
    (paper,) = session().scalars(sa.text("SELECT content -> 'billing_address' ->> 'full_name' FROM invoices"))
    release()
    assert paper == order_request("80.00").billing_address.full_name


def test_a_guests_talk_is_theirs_whose_address_they_gave_and_no_account_loses_its_own() -> None:
    stranger = make_user("bob@example.com")
    with transaction():
        connection: Any = session().connection().connection.driver_connection
        talks = [rows.conversation(connection), rows.conversation(connection, user_id=stranger.id)]
        for talk in talks:
            rows.insert(connection, "handoffs", conversation_id=talk, contact_email=EMAIL, summary="Help")
    data = person_data(person_of(EMAIL.upper()))
    assert [one["id"] for one in data["conversations"]] == [str(talks[0])]
    assert [one["conversation_id"] for one in data["handoffs"]] == [str(talks[0])]
    erase(person_of(EMAIL))
    left = sa.text(
        "SELECT c.id, h.closed_at FROM conversations c JOIN handoffs h ON h.conversation_id = c.id"
    )
    assert session().execute(left).all() == [(talks[1], None)]
    assert not is_known(EMAIL)
    release()


def _guest_order(email: str) -> None:
    """One that is finished: it was given back."""
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "80.00"), 1))
    placed = place_order(guest, order_request("80.00", email=email))
    line = session().scalar(
        sa.text("SELECT id FROM order_items WHERE order_id = :id"), {"id": placed.order_id}
    )
    refund_order(None, placed.number, RefundRequest(lines=[RefundLine(line, 1)]))


def test_a_guest_is_known_by_their_address_alone() -> None:
    make_shipping()
    for email in (EMAIL, "other@example.com"):
        _guest_order(email)
    assert [one["guest_email"] for one in person_data(person_of(EMAIL.upper()))["orders"]] == [EMAIL]
    erase(person_of(EMAIL))
    release()
    left = set(session().scalars(sa.text("SELECT guest_email::text FROM orders")))
    assert left == {None, "other@example.com"}
    assert mentions(EMAIL) <= {"invoices"}


def test_staff_reach_a_guest_whose_address_has_an_account_that_was_never_confirmed() -> None:
    make_shipping()
    _guest_order(EMAIL)
    make_user(EMAIL, email_verified=False)
    data = person_data(person_of(EMAIL))
    assert ([one["guest_email"] for one in data["orders"]], len(data["users"])) == ([EMAIL], 1)
    release()
    erase(person_of(EMAIL))
    assert mentions(EMAIL) <= {"invoices"}
    assert not is_known(EMAIL)
    release()


def test_an_address_that_was_never_confirmed_opens_no_guests_orders() -> None:
    make_shipping()
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "80.00"), 1))
    place_order(guest, order_request("80.00", email=EMAIL))
    thief = make_user(EMAIL, email_verified=False)
    assert "orders" not in person_data(person_behind(thief.id))
    release()
    erase(person_behind(thief.id))
    assert session().scalar(sa.text("SELECT guest_email::text FROM orders")) == EMAIL
    assert Identity(thief.id).user_id
