"""What must never happen does not, whoever writes."""

from __future__ import annotations

import threading
import uuid

import psycopg
import pytest
from psycopg import errors

from storefront.orders.models.states import FULFILMENT_TRANSITIONS, ORDER_TRANSITIONS, PAYMENT_TRANSITIONS
from storefront.returns.models import CLOSED, RETURN_TRANSITIONS
from tests.migrations import rows
from tests.migrations.conftest import Logins


def one(connection: psycopg.Connection, statement: str, *values: object) -> tuple[object, ...]:
    found = connection.execute(statement, values).fetchone()
    assert found is not None
    return found


def test_updated_at_is_true_whatever_the_writer_says(logins: Logins) -> None:
    brand = rows.insert(logins.app, "brands", name="Ash", slug="ash", updated_at="2001-01-01T00:00:00Z")
    logins.app.execute("UPDATE brands SET name = 'Oak', updated_at = '1999-01-01' WHERE id = %s", (brand,))
    (recent,) = one(
        logins.app, "SELECT updated_at > now() - interval '1 minute' FROM brands WHERE id = %s", brand
    )
    assert recent is True


def test_soft_delete_frees_the_unique_values_and_names_only_its_own_tables(logins: Logins) -> None:
    first = rows.user(logins.app, email="Ada@Example.com", username="ada")
    with pytest.raises(errors.UniqueViolation):
        rows.user(logins.app, email="ada@example.COM")
    assert one(logins.app, "SELECT soft_delete('users', %s)", first) == (True,)
    assert one(logins.app, "SELECT soft_delete('users', %s)", first) == (False,)
    rows.user(logins.app, email="ada@example.com", username="ADA")
    with pytest.raises(errors.InvalidParameterValue):
        logins.app.execute("SELECT soft_delete('orders', %s)", (first,))
    with pytest.raises(errors.InvalidParameterValue):
        logins.app.execute("SELECT soft_delete('users; DROP TABLE users', %s)", (first,))


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "two words@example.com", "a@b@example.com"])
def test_an_email_address_looks_like_one(logins: Logins, email: str) -> None:
    with pytest.raises(errors.CheckViolation, match="ck_users_email_format"):
        rows.user(logins.app, email=email)


def test_a_category_cannot_lie_under_itself(logins: Logins) -> None:
    top = rows.category(logins.app)
    middle = rows.category(logins.app, parent_id=top)
    leaf = rows.category(logins.app, parent_id=middle)
    with pytest.raises(errors.CheckViolation) as caught:
        logins.app.execute("UPDATE categories SET parent_id = %s WHERE id = %s", (leaf, top))
    assert caught.value.diag.constraint_name == "tr_categories_no_cycle"
    with pytest.raises(errors.CheckViolation):
        logins.app.execute("UPDATE categories SET parent_id = id WHERE id = %s", (top,))
    logins.app.execute("UPDATE categories SET parent_id = %s WHERE id = %s", (top, leaf))


@pytest.mark.concurrency
def test_two_moves_at_once_close_no_circle(logins: Logins) -> None:
    first, second = rows.category(logins.app), rows.category(logins.app)
    outcome: list[str] = []

    def move_second_under_first() -> None:
        try:
            logins.owner.execute("UPDATE categories SET parent_id = %s WHERE id = %s", (first, second))
            outcome.append("moved")
        except errors.CheckViolation:
            outcome.append("refused")

    with logins.app.transaction():
        logins.app.execute("UPDATE categories SET parent_id = %s WHERE id = %s", (second, first))
        rival = threading.Thread(target=move_second_under_first)
        rival.start()
        rival.join(timeout=0.5)
        assert outcome == [], "the rival must wait for our move"
    rival.join(timeout=5)
    assert outcome == ["refused"]


def test_variants_have_one_level_and_their_own_options(logins: Logins) -> None:
    parent = rows.product(logins.app)
    small = rows.product(logins.app, parent_id=parent, options={"Size": "S"})
    with pytest.raises(errors.CheckViolation) as caught:
        rows.product(logins.app, parent_id=small, options={"Colour": "Red"})
    assert caught.value.diag.constraint_name == "tr_products_variant_levels"
    other = rows.product(logins.app)
    with pytest.raises(errors.CheckViolation):
        logins.app.execute(
            'UPDATE products SET parent_id = %s, options = \'{"Size": "S"}\' WHERE id = %s', (other, parent)
        )
    with pytest.raises(errors.UniqueViolation, match="uq_products_options_in_parent"):
        rows.product(logins.app, parent_id=parent, options={"Size": "S"})
    with pytest.raises(errors.CheckViolation, match="options_belong_to_variants"):
        rows.product(logins.app, parent_id=parent)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"price": "-0.01"}, "price_not_negative"),
        ({"compare_at_price": "10.00"}, "compare_at_above_price"),
        ({"stock_quantity": -1, "backorder_limit": 5}, "stock_not_negative"),
        ({"reserved_quantity": -1}, "reserved_not_negative"),
        ({"stock_quantity": 2, "reserved_quantity": 4, "backorder_limit": 1}, "reserved_within_stock"),
        ({"currency": "eur"}, "currency_is_iso"),
    ],
)
def test_price_and_stock_stay_possible(logins: Logins, values: dict[str, object], constraint: str) -> None:
    with pytest.raises(errors.CheckViolation, match=f"ck_products_{constraint}"):
        rows.product(logins.app, **values)


def test_backorders_may_be_reserved_to_their_limit(logins: Logins) -> None:
    assert rows.product(logins.app, stock_quantity=2, reserved_quantity=3, backorder_limit=1)


def test_an_edit_raises_the_version_and_a_sale_does_not(logins: Logins) -> None:
    product = rows.product(logins.app, stock_quantity=5)

    def change(assignments: str) -> object:
        statement = f"UPDATE products SET {assignments} WHERE id = %s RETURNING version"  # noqa: S608
        return one(logins.app, statement, product)[0]

    assert change("stock_quantity = stock_quantity - 1, reserved_quantity = 1") == 1
    assert change("price = 12") == 2
    assert change("price = 12") == 2, "nothing changed"
    assert change("name = 'Other', version = version + 1") == 3, "the writer raised it"


def test_a_sale_is_a_heap_only_update(logins: Logins) -> None:
    product = rows.product(logins.app, stock_quantity=5)
    indexed = logins.app.execute(
        "SELECT DISTINCT a.attname FROM pg_index x JOIN pg_attribute a"
        " ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey) WHERE x.indrelid = 'products'::regclass"
    ).fetchall()
    assert not {"stock_quantity", "reserved_quantity", "updated_at", "version"} & {
        name for (name,) in indexed
    }
    before = one(logins.app, "SELECT ctid::text FROM products WHERE id = %s", product)[0]
    logins.app.execute(
        "UPDATE products SET stock_quantity = 4, reserved_quantity = 1 WHERE id = %s", (product,)
    )
    after = one(logins.app, "SELECT ctid::text FROM products WHERE id = %s", product)[0]
    assert before != after
    assert str(before).split(",")[0] == str(after).split(",")[0], "the new version left its page"


@pytest.mark.parametrize("table", ["stock_movements", "order_events", "gift_card_entries", "audit_logs"])
def test_ledgers_are_append_only_for_everybody(logins: Logins, table: str) -> None:
    order, product = rows.order(logins.app), rows.product(logins.app)
    values: dict[str, dict[str, object]] = {
        "stock_movements": {"product_id": product, "delta": 5, "reason": "adjustment"},
        "order_events": {"order_id": order, "kind": "placed"},
        "gift_card_entries": {
            "gift_card_id": rows.insert(logins.app, "gift_cards", code_hash="x"),
            "delta": 5,
            "reason": "issued",
        },
        "audit_logs": {"action": "update", "resource_type": "product", "resource_id": str(product)},
    }
    entry = rows.insert(logins.app, table, **values[table])
    for statement in (f"UPDATE {table} SET id = id WHERE id = %s", f"DELETE FROM {table} WHERE id = %s"):  # noqa: S608
        with pytest.raises(errors.InsufficientPrivilege):
            logins.app.execute(statement, (entry,))
        with pytest.raises(errors.RestrictViolation, match="append only"):
            logins.owner.execute(statement, (entry,))
    assert one(logins.app, f"SELECT count(*) FROM {table} WHERE id = %s", entry) == (1,)  # noqa: S608


def test_of_a_timeline_the_words_may_go_and_nothing_else(logins: Logins) -> None:
    order = rows.order(logins.app)
    event = rows.insert(logins.app, "order_events", order_id=order, kind="placed", note="for Ada")
    for change in ("note = 'for Bob'", "note = '', kind = 'paid'"):
        with pytest.raises(psycopg.Error):
            logins.owner.execute(f"UPDATE order_events SET {change} WHERE id = %s", (event,))  # noqa: S608
    logins.app.execute("UPDATE order_events SET note = '' WHERE id = %s", (event,))
    assert one(logins.app, "SELECT kind, note FROM order_events WHERE id = %s", event) == ("placed", "")


def test_the_state_machine_is_the_one_that_services_know(logins: Logins) -> None:
    for kind, transitions in (
        ("status", ORDER_TRANSITIONS),
        ("payment_status", PAYMENT_TRANSITIONS),
        ("fulfilment_status", FULFILMENT_TRANSITIONS),
    ):
        for old, following in transitions.items():
            allowed = logins.app.execute(
                "SELECT state FROM unnest(%s::text[]) AS state WHERE order_may_become(%s, %s, state)",
                (list(transitions), kind, old),
            )
            assert {state for (state,) in allowed} == {old, *following}, (kind, old)


def test_an_order_changes_only_along_the_state_machine(logins: Logins) -> None:
    order = rows.order(logins.app)
    with pytest.raises(errors.CheckViolation) as caught:
        logins.app.execute("UPDATE orders SET status = 'draft' WHERE id = %s", (order,))
    assert caught.value.diag.constraint_name == "tr_orders_status"
    logins.app.execute(
        "UPDATE orders SET status = 'shipped', fulfilment_status = 'fulfilled' WHERE id = %s", (order,)
    )
    with pytest.raises(errors.CheckViolation, match="cannot go from shipped to cancelled"):
        logins.app.execute(
            "UPDATE orders SET status = 'cancelled', cancelled_at = now() WHERE id = %s", (order,)
        )
    with pytest.raises(errors.CheckViolation) as caught:
        logins.app.execute("UPDATE orders SET payment_status = 'refunded' WHERE id = %s", (order,))
    assert caught.value.diag.constraint_name == "tr_orders_payment_status"


@pytest.mark.parametrize(
    ("included", "total", "fits"),
    [(True, "17.00", True), (True, "18.50", False), (False, "18.50", True), (False, "17.00", False)],
)
def test_a_total_adds_up_with_tax_inside_or_on_top(
    logins: Logins, included: bool, total: str, fits: bool
) -> None:
    amounts = {
        "subtotal": "15.00",
        "discount_amount": "2.00",
        "shipping_amount": "4.00",
        "tax_amount": "1.50",
    }
    if fits:
        assert rows.order(logins.app, **amounts, prices_include_tax=included, total_amount=total)
    else:
        with pytest.raises(errors.CheckViolation, match="ck_orders_total_adds_up"):
            rows.order(logins.app, **amounts, prices_include_tax=included, total_amount=total)


def test_a_cart_has_one_draft_and_a_key_one_order(logins: Logins) -> None:
    cart = rows.insert(logins.app, "carts", session_id=rows.visit(logins.app))
    draft = {"status": "draft", "placed_at": None, "cart_id": cart}
    first = rows.order(logins.app, **draft, idempotency_key="once")
    with pytest.raises(errors.UniqueViolation, match="uq_orders_draft_of_cart"):
        rows.order(logins.app, **draft)
    logins.app.execute("UPDATE orders SET status = 'placed', placed_at = now() WHERE id = %s", (first,))
    rows.order(logins.app, **draft)
    with pytest.raises(errors.UniqueViolation, match="uq_orders_idempotency_key"):
        rows.order(logins.app, idempotency_key="once")


def test_a_cart_has_one_owner_one_open_state_and_lines_in_range(logins: Logins) -> None:
    visit, user = rows.visit(logins.app), rows.user(logins.app)
    with pytest.raises(errors.CheckViolation, match="ck_carts_one_owner"):
        rows.insert(logins.app, "carts", session_id=visit, user_id=user)
    cart = rows.insert(logins.app, "carts", session_id=visit)
    with pytest.raises(errors.UniqueViolation, match="uq_carts_open_of_session"):
        rows.insert(logins.app, "carts", session_id=visit)
    product = rows.product(logins.app)
    for quantity in (0, 100):
        with pytest.raises(errors.CheckViolation, match="quantity_in_range"):
            rows.insert(logins.app, "cart_items", cart_id=cart, product_id=product, quantity=quantity)
    rows.insert(logins.app, "cart_items", cart_id=cart, product_id=product, quantity=99)
    with pytest.raises(errors.UniqueViolation):
        rows.insert(logins.app, "cart_items", cart_id=cart, product_id=product, quantity=1)


def test_refunds_never_exceed_what_was_captured(logins: Logins) -> None:
    order = rows.order(logins.app)
    payment = rows.insert(
        logins.app,
        "payments",
        order_id=order,
        provider="invoice",
        amount=10,
        captured_amount=10,
        status="captured",
    )
    fixed = {"payment_id": payment, "order_id": order}
    first = rows.insert(logins.app, "refunds", amount=6, **fixed)
    with pytest.raises(errors.CheckViolation, match="refunded_within_captured"):
        rows.insert(logins.app, "refunds", amount="4.01", **fixed)
    logins.app.execute("UPDATE refunds SET status = 'failed' WHERE id = %s", (first,))
    rows.insert(logins.app, "refunds", amount=10, status="succeeded", **fixed)
    assert one(logins.app, "SELECT refunded_amount FROM payments WHERE id = %s", payment) == (10,)


@pytest.mark.concurrency
def test_two_refunds_at_once_do_not_promise_the_same_money(logins: Logins) -> None:
    order = rows.order(logins.app)
    payment = rows.insert(
        logins.app,
        "payments",
        order_id=order,
        provider="invoice",
        amount=10,
        captured_amount=10,
        status="captured",
    )
    outcome: list[str] = []

    def refund() -> None:
        try:
            rows.insert(logins.owner, "refunds", payment_id=payment, order_id=order, amount=7)
            outcome.append("given")
        except errors.CheckViolation:
            outcome.append("refused")

    with logins.app.transaction():
        rows.insert(logins.app, "refunds", payment_id=payment, order_id=order, amount=7)
        rival = threading.Thread(target=refund)
        rival.start()
        rival.join(timeout=0.5)
        assert outcome == []
    rival.join(timeout=5)
    assert outcome == ["refused"]


def test_never_more_comes_back_than_was_delivered(logins: Logins) -> None:
    order = rows.order(logins.app)
    item = rows.order_item(logins.app, order, quantity=3, delivered_quantity=2)
    first = rows.insert(logins.app, "returns", order_id=order, number="R1")
    rows.insert(logins.app, "return_items", return_id=first, order_item_id=item, quantity=2)
    second = rows.insert(logins.app, "returns", order_id=order, number="R2")
    with pytest.raises(errors.CheckViolation, match="returned_within_delivered"):
        rows.insert(logins.app, "return_items", return_id=second, order_item_id=item, quantity=1)
    logins.app.execute("UPDATE returns SET status = 'rejected', closed_at = now() WHERE id = %s", (first,))
    assert one(logins.app, "SELECT returned_quantity FROM order_items WHERE id = %s", item) == (0,)
    rows.insert(logins.app, "return_items", return_id=second, order_item_id=item, quantity=1)
    with pytest.raises(errors.CheckViolation, match="cannot go from rejected to approved"):
        logins.app.execute("UPDATE returns SET status = 'approved', closed_at = NULL WHERE id = %s", (first,))


def test_a_return_changes_only_along_the_state_machine(logins: Logins) -> None:
    order = rows.order(logins.app)
    for before in RETURN_TRANSITIONS:
        for after in RETURN_TRANSITIONS:
            if before == after:
                continue
            closed = "2026-11-20T12:00:00Z" if before in CLOSED else None
            number = f"{before}-{after}"
            back = rows.insert(
                logins.app, "returns", order_id=order, number=number, status=before, closed_at=closed
            )
            change = (after, after in CLOSED, back)
            statement = (
                "UPDATE returns SET status = %s, closed_at = CASE WHEN %s THEN now() END WHERE id = %s"
            )
            if after in RETURN_TRANSITIONS[before]:
                logins.app.execute(statement, change)
            else:
                with pytest.raises(errors.CheckViolation, match="cannot go from"):
                    logins.app.execute(statement, change)


def test_a_promotion_is_used_no_more_often_than_it_may(logins: Logins) -> None:
    promotion = rows.insert(
        logins.app,
        "promotions",
        name="Ten",
        code="TEN",
        kind="percent",
        value=10,
        usage_limit=2,
        usage_limit_per_user=1,
    )

    def use(customer: str) -> uuid.UUID:
        return rows.insert(
            logins.app,
            "promotion_uses",
            promotion_id=promotion,
            order_id=rows.order(logins.app),
            customer=customer,
            amount=1,
        )

    use("a@example.com")
    with pytest.raises(errors.CheckViolation, match="used up for this customer"):
        use("A@example.com")
    second = use("b@example.com")
    with pytest.raises(errors.CheckViolation, match="used_within_limit"):
        use("c@example.com")
    logins.app.execute("DELETE FROM promotion_uses WHERE id = %s", (second,))
    use("c@example.com")


def test_a_gift_card_is_never_overdrawn(logins: Logins) -> None:
    card = rows.insert(logins.app, "gift_cards", code_hash="h")
    rows.insert(logins.app, "gift_card_entries", gift_card_id=card, delta=20, reason="issued")
    rows.insert(logins.app, "gift_card_entries", gift_card_id=card, delta="-19.99", reason="spent")
    with pytest.raises(errors.CheckViolation, match="balance_not_negative"):
        rows.insert(logins.app, "gift_card_entries", gift_card_id=card, delta="-0.02", reason="spent")
    assert str(one(logins.app, "SELECT balance FROM gift_cards WHERE id = %s", card)[0]) == "0.01"


def test_helpful_votes_are_counted_once_each(logins: Logins) -> None:
    author, reader = rows.user(logins.app), rows.user(logins.app)
    review = rows.insert(logins.app, "reviews", product_id=rows.product(logins.app), user_id=author, rating=5)
    vote = rows.insert(logins.app, "review_votes", review_id=review, user_id=reader)
    with pytest.raises(errors.UniqueViolation):
        rows.insert(logins.app, "review_votes", review_id=review, user_id=reader)
    assert one(logins.app, "SELECT helpful_count FROM reviews WHERE id = %s", review) == (1,)
    logins.app.execute("DELETE FROM review_votes WHERE id = %s", (vote,))
    assert one(logins.app, "SELECT helpful_count FROM reviews WHERE id = %s", review) == (0,)


def test_a_person_has_one_default_address_of_each_kind(logins: Logins) -> None:
    fixed = {
        "user_id": rows.user(logins.app),
        "name": "Ada",
        "line1": "Street 1",
        "city": "Town",
        "postal_code": "1",
        "country": "DE",
    }
    rows.insert(logins.app, "addresses", is_default_shipping=True, **fixed)
    rows.insert(logins.app, "addresses", is_default_billing=True, **fixed)
    with pytest.raises(errors.UniqueViolation, match="uq_addresses_default_shipping"):
        rows.insert(logins.app, "addresses", is_default_shipping=True, **fixed)


def test_one_chatbot_is_the_default_and_names_are_unique_per_owner(logins: Logins) -> None:
    with pytest.raises(errors.UniqueViolation, match="uq_chatbots_default"):
        rows.insert(logins.app, "chatbots", name="Second", is_default=True)
    with pytest.raises(errors.UniqueViolation, match="uq_chatbots_user_id_name"):
        rows.insert(logins.app, "chatbots", name="Shop assistant")


def test_a_new_message_moves_its_conversation_to_the_top(logins: Logins) -> None:
    talk = rows.conversation(logins.app, session_id=rows.visit(logins.app), updated_at="2020-01-01T00:00:00Z")
    rows.message(logins.app, talk)
    (moved,) = one(
        logins.app, "SELECT updated_at > now() - interval '1 minute' FROM conversations WHERE id = %s", talk
    )
    assert moved is True


def test_every_staff_role_has_permissions_and_only_known_ones(logins: Logins) -> None:
    held = logins.app.execute(
        "SELECT role, array_agg(resource || ':' || action) FROM role_permissions"
        " JOIN permissions ON permissions.id = permission_id GROUP BY role"
    )
    roles = {role: set(permissions) for role, permissions in held}
    assert set(roles) == {"admin", "manager", "support", "catalog_editor"}
    (everything,) = one(logins.app, "SELECT array_agg(resource || ':' || action) FROM permissions")
    assert isinstance(everything, list)
    assert roles["admin"] == set(everything)
    assert "settings:write" not in roles["manager"]
    assert "orders:refund" not in roles["support"]
    assert "orders:read" not in roles["catalog_editor"]


def test_the_metrics_view_counts_sessions_messages_and_tokens(logins: Logins) -> None:
    visit = rows.visit(logins.app)
    for messages in (1, 2):
        talk = rows.conversation(logins.app, session_id=visit)
        for _ in range(messages):
            rows.message(logins.app, talk, role="assistant", tokens_in=3, tokens_out=5, cost="0.000125")
    logins.app.execute("SELECT refresh_chatbot_metrics()")
    figures = one(
        logins.app, "SELECT sessions, messages, tokens_in, tokens_out, cost::text FROM chatbot_metrics"
    )
    assert figures == (2, 3, 9, 15, "0.000375")


def test_views_show_live_sessions_and_published_ratings(logins: Logins) -> None:
    ada = rows.user(logins.app)
    rows.user(logins.app, is_active=False)
    rows.visit(logins.app, user_id=ada)
    rows.visit(logins.app, user_id=ada, expires_at="2020-01-01T00:00:00Z")
    shown = logins.app.execute("SELECT id, active_sessions FROM v_active_users").fetchall()
    assert shown == [(ada, 1)]
    product = rows.product(logins.app)
    rows.insert(logins.app, "reviews", product_id=product, user_id=ada, rating=4, status="published")
    rows.insert(logins.app, "reviews", product_id=product, user_id=rows.user(logins.app), rating=1)
    summary = one(
        logins.app, "SELECT average_rating::text, review_count FROM v_product_summary WHERE id = %s", product
    )
    assert summary == ("4.00", 1)
