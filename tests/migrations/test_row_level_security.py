"""As the shopper's login nobody reaches another person's rows, and nobody without an identity reaches any."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import errors, sql

from tests.migrations import rows
from tests.migrations.conftest import Logins


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one row in every protected table."""

    user_id: uuid.UUID | None
    session_id: uuid.UUID
    order_id: uuid.UUID
    conversation_id: uuid.UUID
    cart_id: uuid.UUID
    message_id: uuid.UUID


PERSONAL = (
    "users",
    "addresses",
    "orders",
    "order_items",
    "order_events",
    "shipments",
    "returns",
    "return_items",
    "carts",
    "cart_items",
    "saved_for_later",
    "wish_lists",
    "wish_list_items",
    "conversations",
    "messages",
    "message_feedback",
    "confirmations",
    "handoffs",
    "consents",
    "stock_alerts",
    "saved_payment_methods",
    "external_ids",
    "gift_cards",
    "payments",
    "refunds",
    "order_refunds",
    "refund_items",
)
OF_ORDERS = {
    *("orders", "order_items", "order_events", "shipments", "returns", "return_items"),
    *("external_ids", "payments", "refunds", "order_refunds", "refund_items"),
}
OF_SESSIONS = {
    "carts",
    "cart_items",
    "saved_for_later",
    "wish_lists",
    "wish_list_items",
    "conversations",
    "messages",
    "message_feedback",
    "confirmations",
    "handoffs",
}


def make_person(app: psycopg.Connection, *, guest: bool = False) -> Person:
    user_id = None if guest else rows.user(app)
    visit = rows.visit(app, user_id=user_id)
    product = rows.product(app, stock_quantity=5)
    order = rows.order(app, user_id=user_id, guest_email="guest@example.com" if guest else None)
    item = rows.order_item(app, order, product_id=product, quantity=1, delivered_quantity=1)
    rows.insert(app, "order_events", order_id=order, kind="placed")
    rows.insert(app, "order_events", order_id=order, kind="staff_note", note="difficult customer")
    rows.insert(app, "shipments", order_id=order)
    returned = rows.insert(app, "returns", order_id=order, number=str(order))
    rows.insert(app, "return_items", return_id=returned, order_item_id=item, quantity=1)
    owner = {"session_id": visit} if guest else {"user_id": user_id}
    cart = rows.insert(app, "carts", **owner)
    rows.insert(app, "cart_items", cart_id=cart, product_id=product)
    rows.insert(app, "saved_for_later", product_id=product, **owner)
    wishes = rows.insert(app, "wish_lists", **owner)
    rows.insert(app, "wish_list_items", wish_list_id=wishes, product_id=product)
    talk = rows.conversation(app, **owner)
    message = rows.message(app, talk, created_at="2026-11-20T12:00:00Z")
    rows.insert(
        app, "message_feedback", message_id=message, message_created_at="2026-11-20T12:00:00Z", rating="up"
    )
    approval = {"tool": "cancel", "arguments_hash": "h", "call_id": "c", "expires_at": "2100-01-01T00:00:00Z"}
    rows.insert(app, "confirmations", conversation_id=talk, **owner, **approval)
    rows.insert(app, "handoffs", conversation_id=talk)
    if user_id:
        address = {"name": "Ada", "line1": "Street 1", "city": "Town", "postal_code": "1", "country": "DE"}
        rows.insert(app, "addresses", user_id=user_id, **address)
        rows.insert(app, "consents", user_id=user_id, purpose="cart_reminder", source="account")
        rows.insert(app, "stock_alerts", user_id=user_id, product_id=product, status="waiting")
        card = rows.insert(app, "gift_cards", code_hash=str(user_id))
        rows.insert(app, "saved_payment_methods", user_id=user_id, kind="gift_card", gift_card_id=card)
    paid = rows.insert(
        app, "payments", order_id=order, provider="gift_card", amount=9, captured_amount=9, status="captured"
    )
    rows.insert(app, "refunds", order_id=order, payment_id=paid, amount=1)
    refund = rows.insert(app, "order_refunds", order_id=order, amount=1, tax=0)
    rows.insert(app, "refund_items", order_refund_id=refund, order_item_id=item, quantity=1, amount=1, tax=0)
    rows.insert(app, "external_ids", kind="order", external_id=f"#{order}", digest="", order_id=order)
    return Person(user_id, visit, order, talk, cart, message)


def seen(connection: psycopg.Connection) -> dict[str, int]:
    """How many rows of each personal table this transaction sees."""
    counts = {}
    for table in PERSONAL:
        found = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()
        assert found is not None
        counts[table] = found[0]
    return counts


def test_each_person_sees_exactly_their_own_rows(logins: Logins) -> None:
    ada, bob, guest = make_person(logins.app), make_person(logins.app), make_person(logins.app, guest=True)
    for person in (ada, bob):
        with logins.acting(person.user_id, person.session_id) as shopper:
            assert seen(shopper) == dict.fromkeys(PERSONAL, 1)
            assert shopper.execute("SELECT id FROM orders").fetchall() == [(person.order_id,)]
            assert shopper.execute("SELECT id FROM carts").fetchall() == [(person.cart_id,)]
            assert shopper.execute("SELECT id FROM messages").fetchall() == [(person.message_id,)]
    with logins.acting(None, guest.session_id) as shopper:
        assert seen(shopper) == {table: int(table in OF_SESSIONS) for table in PERSONAL}
        assert shopper.execute("SELECT id FROM conversations").fetchall() == [(guest.conversation_id,)]
    with logins.acting(None, None, [guest.order_id]) as shopper:
        assert seen(shopper) == {table: int(table in OF_ORDERS) for table in PERSONAL}
    with logins.acting(ada.user_id, None, [guest.order_id]) as shopper:
        found = shopper.execute("SELECT id FROM orders").fetchall()
        assert set(found) == {(ada.order_id,), (guest.order_id,)}


@pytest.mark.parametrize(
    "column",
    [
        "payments.raw",
        "payments.provider_reference",
        "refunds.raw",
        "gift_cards.code_hash",
        "order_refunds.actor_id",
    ],
)
def test_what_providers_said_and_codes_stay_ours(logins: Logins, column: str) -> None:
    ada = make_person(logins.app)
    table, name = column.split(".")
    with pytest.raises(errors.InsufficientPrivilege), logins.acting(ada.user_id) as shopper:
        shopper.execute(sql.SQL("SELECT {} FROM {}").format(sql.Identifier(name), sql.Identifier(table)))


def test_without_an_identity_there_is_nothing(logins: Logins) -> None:
    make_person(logins.app)
    make_person(logins.app, guest=True)
    assert set(seen(logins.shopper).values()) == {0}
    with logins.acting() as shopper:
        assert set(seen(shopper).values()) == {0}


def test_an_identity_ends_with_its_transaction(logins: Logins) -> None:
    ada = make_person(logins.app)
    with logins.acting(ada.user_id) as shopper:
        assert seen(shopper)["users"] == 1
    assert seen(logins.shopper)["users"] == 0


@pytest.mark.parametrize(
    "way_back", ["RESET ROLE", "RESET SESSION AUTHORIZATION", "SET ROLE NONE", "RESET ALL"]
)
def test_no_command_leads_back_to_more_rights(logins: Logins, way_back: str) -> None:
    ada = make_person(logins.app)
    with logins.acting(None, uuid.uuid4()) as shopper:
        shopper.execute(way_back)
        assert set(seen(shopper).values()) == {0}
    owner = logins.owner.info.user
    app = logins.app.info.user
    for role in (owner, app):
        with pytest.raises(errors.InsufficientPrivilege):
            logins.shopper.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    with pytest.raises(errors.InsufficientPrivilege):
        logins.shopper.execute("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
    logins.shopper.execute("SET row_security = off")
    with pytest.raises(errors.InsufficientPrivilege):
        logins.shopper.execute("SELECT FROM orders WHERE id = %s", (ada.order_id,))


def test_nobody_is_a_superuser_or_bypasses_policies(logins: Logins) -> None:
    for login in (logins.owner, logins.app, logins.shopper):
        powers = login.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        assert powers == (False, False, False, False, False)
    members = logins.owner.execute(
        "SELECT count(*) FROM pg_auth_members WHERE member IN (SELECT oid FROM pg_roles WHERE rolname = ANY (%s))",
        ([logins.app.info.user, logins.shopper.info.user],),
    ).fetchone()
    assert members == (0,)


def test_other_peoples_rows_cannot_be_written(logins: Logins) -> None:
    ada, bob = make_person(logins.app), make_person(logins.app)
    with logins.acting(ada.user_id, ada.session_id) as shopper:
        for statement, value in (
            ("UPDATE users SET first_name = 'Eve' WHERE id = %s", bob.user_id),
            ("UPDATE addresses SET city = 'Elsewhere' WHERE user_id = %s", bob.user_id),
            ("DELETE FROM addresses WHERE user_id = %s", bob.user_id),
            ("UPDATE carts SET coupon = 'X' WHERE id = %s", bob.cart_id),
            ("UPDATE cart_items SET quantity = 99 WHERE cart_id = %s", bob.cart_id),
            ("DELETE FROM cart_items WHERE cart_id = %s", bob.cart_id),
            ("UPDATE conversations SET title = 'X' WHERE id = %s", bob.conversation_id),
            ("UPDATE messages SET content = 'X' WHERE conversation_id = %s", bob.conversation_id),
            ("UPDATE handoffs SET closed_at = now() WHERE conversation_id = %s", bob.conversation_id),
        ):
            assert shopper.execute(statement, (value,)).rowcount == 0, statement
    product = rows.product(logins.app)
    for table, values in (
        ("cart_items", {"cart_id": bob.cart_id, "product_id": product}),
        ("messages", {"conversation_id": bob.conversation_id, "role": "user"}),
        ("handoffs", {"conversation_id": bob.conversation_id}),
        ("carts", {"user_id": bob.user_id, "status": "ordered"}),
    ):
        with (
            pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
            logins.acting(ada.user_id, ada.session_id) as shopper,
        ):
            rows.insert(shopper, table, **values)


def test_the_shopper_can_do_what_a_shopper_does(logins: Logins) -> None:
    visit, product = rows.visit(logins.app), rows.product(logins.app, stock_quantity=3)
    with logins.acting(None, visit) as shopper:
        cart = rows.insert(shopper, "carts", session_id=visit)
        line = rows.insert(shopper, "cart_items", cart_id=cart, product_id=product)
        shopper.execute("UPDATE cart_items SET quantity = 2 WHERE id = %s", (line,))
        shopper.execute("SELECT id FROM carts WHERE id = %s FOR UPDATE", (cart,))
        talk = rows.conversation(shopper, session_id=visit)
        answer = rows.message(shopper, talk, role="assistant", status="streaming", content="")
        shopper.execute("UPDATE messages SET content = 'Hi', status = 'complete' WHERE id = %s", (answer,))
        rows.insert(shopper, "handoffs", conversation_id=talk)
        shopper.execute("UPDATE conversations SET status = 'waiting_for_staff' WHERE id = %s", (talk,))
        shopper.execute("INSERT INTO outbox (kind) VALUES ('mail.handoff_requested')")
        shopper.execute("INSERT INTO analytics_events (event_type) VALUES ('cart.add')")
        shopper.execute(
            "INSERT INTO search_logs (query, results_count, search_type, response_time_ms)"
            " VALUES ('tent', 1, 'assistant', 2)"
        )
        for table in ("product_search", "brands", "categories", "training_sources", "training_chunks"):
            shopper.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        assert shopper.execute("SELECT sku FROM search_products('thing')").rowcount == 1
        assert shopper.execute(
            "SELECT stock_quantity FROM products WHERE id = %s", (product,)
        ).fetchone() == (3,)
    assert logins.app.execute("SELECT quantity FROM cart_items").fetchall() == [(2,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password_hash FROM users",
        "SELECT cost FROM products",
        "SELECT notes FROM orders",
        "SELECT model_config FROM chatbots",
        "SELECT FROM user_sessions",
        "SELECT FROM api_keys",
        "SELECT FROM outbox",
        "SELECT FROM analytics_events",
        "SELECT FROM audit_logs",
        "SELECT raw FROM payments",
        "SELECT code_hash FROM gift_cards",
        "SELECT FROM conversations_archive",
        "SELECT FROM chatbot_metrics",
        "SELECT FROM v_active_users",
        "UPDATE users SET roles = '{admin}'",
        "UPDATE users SET email = 'x@example.com'",
        "UPDATE products SET price = 0",
        "UPDATE products SET stock_quantity = 0",
        "UPDATE orders SET status = 'cancelled'",
        "UPDATE carts SET user_id = NULL",
        "UPDATE conversations SET assigned_to = NULL",
        "DELETE FROM messages",
        "DELETE FROM orders",
        "TRUNCATE carts",
        "CREATE TABLE stray (id int)",
        "SELECT refresh_product_search('{}')",
        "SELECT refresh_chatbot_metrics()",
    ],
)
def test_the_shopper_can_do_nothing_else(logins: Logins, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        logins.shopper.execute(statement)


def test_nobody_but_staff_writes_as_staff(logins: Logins) -> None:
    ada = make_person(logins.app)
    with (
        pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
        logins.acting(ada.user_id) as shopper,
    ):
        rows.message(shopper, ada.conversation_id, role="staff")
    rows.message(logins.app, ada.conversation_id, role="staff")
    with logins.acting(ada.user_id) as shopper:
        changed = shopper.execute("UPDATE messages SET content = 'X' WHERE role = 'staff'")
        assert changed.rowcount == 0


def test_the_staffs_notes_stay_with_the_staff(logins: Logins) -> None:
    ada = make_person(logins.app)
    with logins.acting(ada.user_id) as shopper:
        assert shopper.execute("SELECT kind FROM order_events").fetchall() == [("placed",)]


def test_a_sleeping_chatbot_is_not_shown(logins: Logins) -> None:
    rows.insert(logins.app, "chatbots", name="Draft", is_active=False)
    assert logins.shopper.execute("SELECT name FROM chatbots").fetchall() == [("Shop assistant",)]


def test_the_app_and_the_owner_see_everything(logins: Logins) -> None:
    make_person(logins.app)
    make_person(logins.app, guest=True)
    for login in (logins.app, logins.owner):
        counts = seen(login)
        assert (counts["orders"], counts["users"], counts["messages"], counts["order_events"]) == (2, 1, 2, 4)


def test_time_limits_belong_to_the_logins(logins: Logins) -> None:
    def limits(login: psycopg.Connection) -> tuple[str, ...]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        found = [login.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone() for name in names]
        return tuple(value[0] for value in found if value)

    assert limits(logins.app) == ("15s", "5s", "1min")
    assert limits(logins.shopper) == ("10s", "5s", "30s")


def test_the_app_cannot_change_the_schema_or_the_read_model(logins: Logins) -> None:
    product = rows.product(logins.app)
    for statement in (
        "CREATE TABLE stray (id int)",
        "DROP TABLE carts",
        "ALTER TABLE carts DISABLE ROW LEVEL SECURITY",
        "DELETE FROM product_search",
        "UPDATE product_search SET price_min = 0",
        "UPDATE alembic_version SET version_num = 'x'",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            logins.app.execute(statement)
    changed = logins.app.execute("UPDATE product_search SET popularity = 3 WHERE product_id = %s", (product,))
    assert changed.rowcount == 1
