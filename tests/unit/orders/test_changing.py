"""Changed minds before anything is sent: new amounts, the difference paid or given back, stock that follows."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.core.errors import NotFound
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.queries import stock_differences
from storefront.orders import change_payments
from storefront.orders.change_payments import waiting_payment
from storefront.orders.changeable import current_order
from storefront.orders.errors import NotShippable, OrderNotChangeable, TotalChanged
from storefront.orders.models import Order, OrderChange
from storefront.orders.services import (
    ChangedOrder,
    LineChange,
    ParcelRequest,
    WantedChange,
    bring_up_to_date,
    cancel_order,
    change_for_shopper,
    change_order,
    give_up_changes,
    place_order,
    quote_change,
    refund_payment,
    ship_parcel,
)
from storefront.orders.verification import order_differences
from storefront.payments.errors import RefundFailed, UnknownPaymentMethod
from storefront.payments.queries import PaymentRow, payments_of
from storefront.promotions.services import add_to_group, remove_from_group, set_active
from storefront.shipping.errors import MethodUnavailable
from storefront.shipping.services import MethodDetails, save_method
from tests.factories.accounts import make_staff
from tests.factories.buying import (
    Stock,
    fill_cart,
    make_address,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
    stock_of,
)
from tests.factories.cards import CardOrder, order_by_card, payment_of, work
from tests.factories.parcels import letters, page, paid
from tests.factories.promotions import make_promotion, uses_of
from tests.stripe_server import NEEDS_3D_SECURE, StripeServer

pytestmark = pytest.mark.usefixtures("card_context")


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def on_invoice(*lines: tuple[uuid.UUID, int], total: str) -> CardOrder:
    guest = make_guest()
    fill_cart(guest, *lines)
    placed = place_order(guest, order_request(total))
    return CardOrder(guest, lines[0][0], placed.order_id, placed.number, "")


def by_card(stripe: StripeServer) -> CardOrder:
    """Two at 80.00, paid by card."""
    return paid(stripe, order_by_card())


def as_it_is(order: CardOrder) -> WantedChange:
    release()
    found = current_order(Order.id == order.order_id)
    assert found is not None
    release()
    return WantedChange(found.shipping_address, found.shipping_method, found.payment_method)


def with_quantity(order: CardOrder, quantity: int, product_id: uuid.UUID | None = None) -> WantedChange:
    wanted = as_it_is(order)
    line = page(order).lines[0]
    return replace(wanted, lines={line.id: LineChange(product_id or line.product_id, quantity)})  # type: ignore[arg-type]


def change(order: CardOrder, wanted: WantedChange, total: str) -> ChangedOrder:
    return change_order(order.me, order.number, wanted, Decimal(total))


def paid_by(order: CardOrder) -> list[tuple[Any, ...]]:
    release()
    return [(one.provider, str(one.amount), one.status) for one in payments_of(order.order_id)]


def balanced() -> bool:
    release()
    return order_differences() == [] and stock_differences() == []


def test_another_street_changes_no_amount() -> None:
    order = on_invoice((make_product(price="20.00"), 2), total="44.90")
    wanted = replace(as_it_is(order), shipping_address=make_address(line1="Am Tal 9"))
    quote = quote_change(order.me, order.number, wanted)
    assert (quote.way, quote.difference) == ("none", 0)
    change(order, wanted, "44.90")
    changed = page(order)
    assert changed.shipping_address.line1 == "Am Tal 9"
    assert (changed.total, changed.billing_address.line1) == (Decimal("44.90"), "Am Hang 3")
    assert [(one.kind, one.note) for one in changed.events] == [("placed", ""), ("changed", "")]
    assert letters() == ["mail.order_placed", "mail.order_changed"]
    assert balanced()


def test_another_country_changes_tax_and_shipping_and_what_is_owed() -> None:
    order = on_invoice((make_product(price="20.00"), 2), total="44.90")
    wanted = replace(as_it_is(order), shipping_address=make_address("AT"))
    with pytest.raises(TotalChanged) as refusal:
        change(order, wanted, "44.90")
    assert refusal.value.now == Decimal("49.90")
    assert page(order).shipping_address.country == "DE"
    change(order, wanted, "49.90")
    changed = page(order)
    assert (changed.shipping_method, changed.shipping, changed.tax) == (
        "standard-eu",
        Decimal("9.90"),
        Decimal("8.32"),
    )
    assert paid_by(order) == [("invoice", "49.90", "authorised")]
    assert balanced()
    with pytest.raises(MethodUnavailable):
        quote_change(order.me, order.number, replace(wanted, shipping_address=make_address("FR")))


def test_more_and_fewer_units_and_another_variant_move_the_stock() -> None:
    boots = make_product("Boots", stock=0)
    small = make_product("Boots, 38", "30.00", 5, parent_id=boots, options={"Size": "38"})
    large = make_product("Boots, 44", "35.00", 5, parent_id=boots, options={"Size": "44"}, sku="BOO-44")
    order = on_invoice((small, 2), total="64.90")
    change(order, with_quantity(order, 4), "120.00")
    assert stock_of(small) == Stock(1, 0)
    change(order, with_quantity(order, 1, large), "39.90")
    [line] = page(order).lines
    assert (line.sku, line.options, line.unit_price, line.quantity) == (
        "BOO-44",
        {"Size": "44"},
        Decimal("35.00"),
        1,
    )
    assert (stock_of(small), stock_of(large)) == (Stock(5, 0), Stock(4, 0))
    with pytest.raises(InsufficientStock):
        change(order, with_quantity(order, 6), "210.00")
    assert paid_by(order) == [("invoice", "39.90", "authorised")]
    assert balanced()


def test_a_line_keeps_its_price_and_a_line_may_go() -> None:
    kettle, mug = make_product("Kettle", "20.00"), make_product("Mug", "10.00")
    order = on_invoice((kettle, 1), (mug, 1), total="34.90")
    with transaction():
        session().execute(sa.text("UPDATE products SET price = 99"))
    first, second = page(order).lines
    wanted = replace(as_it_is(order), lines={first.id: LineChange(kettle, 2), second.id: LineChange(mug, 0)})
    change(order, wanted, "44.90")
    assert [line.name for line in page(order).lines] == ["Kettle"]
    assert stock_of(mug) == Stock(10, 0)
    with pytest.raises(OrderNotChangeable) as refusal:
        quote_change(order.me, order.number, with_quantity(order, 0))
    assert refusal.value.why == "empty"
    assert balanced()


def test_a_line_that_a_failed_refund_names_stays(stripe: StripeServer) -> None:
    guest, kettle, mug = make_guest(), make_product("Kettle", "70.00"), make_product("Mug", "10.00")
    fill_cart(guest, (kettle, 1), (mug, 1))
    placed = place_order(guest, order_request("80.00", payment_method="stripe"))
    reference = payment_of(placed.order_id).provider_reference
    assert reference
    order = CardOrder(guest, kettle, placed.order_id, placed.number, reference)
    stripe.pay(reference)
    bring_up_to_date(order.order_id)
    stripe.fail_next("/v1/refunds", status=400)
    with pytest.raises(RefundFailed):
        refund_payment(order.number, Decimal("80.00"))
    second = page(order).lines[1]
    wanted = replace(as_it_is(order), lines={second.id: LineChange(mug, 0)})
    with pytest.raises(OrderNotChangeable) as refusal:
        quote_change(order.me, order.number, wanted)
    assert refusal.value.why == "line", "the form says so, not the confirmation"
    assert len(page(order).lines) == 2
    assert balanced()


def test_a_line_becomes_nothing_but_a_variant_of_its_product() -> None:
    order = on_invoice((make_product(price="20.00"), 1), total="24.90")
    for wanted in (
        with_quantity(order, 1, make_product(price="1.00")),
        with_quantity(order, 1, uuid.uuid4()),
        with_quantity(order, -1),
        with_quantity(order, 100),
        replace(as_it_is(order), lines={uuid.uuid4(): LineChange(order.product_id, 1)}),
    ):
        with pytest.raises(OrderNotChangeable):
            quote_change(order.me, order.number, wanted)


def test_a_promotion_that_is_over_goes_on_counting() -> None:
    promotion = make_promotion("percent", "10", ends_at=now() + timedelta(hours=1), usage_limit=1)
    order = on_invoice((make_product(price="20.00"), 2), total="40.90")
    with frozen(now() + timedelta(hours=2)):
        change(order, with_quantity(order, 3), "58.90")
    assert (page(order).discount, uses_of(promotion)) == (Decimal("6.00"), (1, 1))
    assert balanced()


@pytest.fixture
def privileged() -> CardOrder:
    """Two at 20.00 by a club's member on their first order: a tenth less, and no shipping. Since then all is another.

    They have ordered again, left the club, both promotions are switched off, and shipping costs more.
    """
    me = make_shopper()
    assert me.user_id is not None
    club = add_to_group(None, "Club", me.user_id)
    first = make_promotion("percent", "10", "First", conditions={"first_order": True})
    free = make_promotion("free_shipping", "0", "Club", conditions={"groups": [str(club)]})
    kettle = make_product(price="20.00")
    fill_cart(me, (kettle, 2))
    placed = place_order(me, order_request("36.00", email=""))
    fill_cart(me, (kettle, 1))
    place_order(me, order_request("20.00", email=""))
    remove_from_group(None, club, me.user_id)
    for promotion in (first, free):
        set_active(None, promotion, is_active=False)
        assert uses_of(promotion)[0] > 0
    save_method(MethodDetails("standard", "Standard", price=Decimal("7.90"), countries=["DE"]))
    release()
    return CardOrder(me, kettle, placed.order_id, placed.number, "")


def test_another_street_costs_nobody_their_discount(privileged: CardOrder) -> None:
    before = page(privileged)
    wanted = replace(as_it_is(privileged), shipping_address=make_address(line1="Am Tal 9"))
    change(privileged, replace(wanted, payment_method="on_delivery"), "36.00")
    after = page(privileged)
    assert (after.shipping_address.line1, after.payment_method) == ("Am Tal 9", "on_delivery")
    assert (after.discount, after.shipping, after.tax) == (before.discount, before.shipping, before.tax)
    assert (after.lines, after.reductions) == (before.lines, before.reductions)
    assert {one.name: (one.amount, one.shipping) for one in after.reductions} == {
        "First": (Decimal("4.00"), Decimal("0.00")),
        "Club": (Decimal("0.00"), Decimal("4.90")),
    }
    assert balanced()


def test_what_the_order_was_bought_with_counts_for_other_units(privileged: CardOrder) -> None:
    change(privileged, with_quantity(privileged, 3), "54.00")
    after = page(privileged)
    assert (after.discount, after.shipping) == (Decimal("6.00"), Decimal("0.00"))
    assert {one.name: (one.amount, one.shipping) for one in after.reductions} == {
        "First": (Decimal("6.00"), Decimal("0.00")),
        "Club": (Decimal("0.00"), Decimal("4.90")),
    }
    change(privileged, with_quantity(privileged, 1), "18.00")
    assert balanced()


def test_shipping_keeps_its_price_unless_the_goods_make_it_another_one() -> None:
    order = on_invoice((make_product(price="20.00"), 2), total="44.90")
    free = {"free_over": Decimal(75)}
    save_method(MethodDetails("standard", "Standard", price=Decimal("7.90"), countries=["DE"], **free))  # type: ignore[arg-type]
    change(order, with_quantity(order, 3), "64.90")
    change(order, with_quantity(order, 4), "80.00")
    change(order, with_quantity(order, 1), "27.90")
    save_method(MethodDetails("standard", "Standard", countries=["DE"], is_active=False))
    change(order, with_quantity(order, 2), "47.90")
    assert page(order).shipping_method == "standard"
    assert balanced()


def test_a_promotion_that_began_later_is_not_of_its_day() -> None:
    order = on_invoice((make_product(price="20.00"), 2), total="44.90")
    make_promotion("percent", "10", starts_at=now())
    change(order, with_quantity(order, 3), "64.90")
    assert balanced()


def test_of_what_is_gone_the_address_may_still_change() -> None:
    order = on_invoice((make_product(price="20.00"), 2), total="44.90")
    with transaction():
        session().execute(sa.text("UPDATE order_items SET product_id = NULL"))
    change(order, replace(as_it_is(order), shipping_address=make_address(line1="Am Tal 9")), "44.90")
    assert page(order).shipping_address.line1 == "Am Tal 9"


def test_a_companys_order_changes_at_its_own_prices() -> None:
    boots = make_product("Boots", stock=0)
    small = make_product("Boots, 38", "29.99", 5, parent_id=boots, options={"Size": "38"})
    large = make_product("Boots, 44", "35.99", 5, parent_id=boots, options={"Size": "44"})
    make_promotion("amount", "10", "Ten off", conditions={"minimum": "50.00"})
    guest = make_guest()
    fill_cart(guest, (small, 2))
    # 2 × 25.20, 8.40 and 4.12 are the shop's prices less 19 per cent; the tax of all comes on top.
    placed = place_order(guest, order_request("54.88", vat_number="DE136695976"))
    order = CardOrder(guest, small, placed.order_id, placed.number, "")
    assert page(order).can_change
    change(order, replace(as_it_is(order), shipping_address=make_address(line1="Am Tal 9")), "54.88")
    with transaction():
        session().execute(sa.text("UPDATE products SET price = 99 WHERE name = 'Boots, 38'"))
    change(order, with_quantity(order, 3), "79.97")  # sent free from 75.00 on
    assert (page(order).lines[0].unit_price, page(order).discount) == (Decimal("25.20"), Decimal("8.40"))
    change(order, with_quantity(order, 1, large), "40.89")
    assert (page(order).lines[0].unit_price, page(order).discount) == (Decimal("30.24"), Decimal("0.00"))
    wanted = replace(as_it_is(order), shipping_address=make_address("AT"))
    change(order, wanted, "45.89")
    assert (page(order).tax_treatment, page(order).prices_include_tax) == ("taxed", False)
    assert balanced()


def test_an_order_under_reverse_charge_keeps_its_treatment() -> None:
    guest = make_guest()
    kettle = make_product(price="20.00")
    fill_cart(guest, (kettle, 2))
    billing = {"shipping_address": make_address("AT"), "billing_address": make_address("AT")}
    request = order_request("41.59", vat_number="ATU13585627", shipping_method="standard-eu", **billing)
    placed = place_order(guest, request)
    order = CardOrder(guest, kettle, placed.order_id, placed.number, "")
    change(order, with_quantity(order, 3), "58.26")
    assert (page(order).tax_treatment, page(order).lines[0].unit_price) == (
        "reverse_charge",
        Decimal("16.67"),
    )
    change_for_shopper(
        make_staff("support").id,
        order.number,
        replace(as_it_is(order), shipping_address=make_address("DE")),
        Decimal("64.91"),
    )
    assert page(order).tax_treatment == "taxed"
    assert balanced()


def test_another_way_to_pay_later() -> None:
    order = on_invoice((make_product(price="80.00"), 1), total="80.00")
    change(order, replace(as_it_is(order), payment_method="on_delivery"), "80.00")
    assert paid_by(order) == [("invoice", "80.00", "cancelled"), ("on_delivery", "80.00", "authorised")]
    assert page(order).payment_method == "on_delivery"
    with pytest.raises(UnknownPaymentMethod):
        change(order, replace(as_it_is(order), payment_method="gold"), "80.00")


def test_less_of_what_a_card_has_paid_goes_back(stripe: StripeServer) -> None:
    card = by_card(stripe)
    change(card, with_quantity(card, 1), "80.00")
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [8000]
    bring_up_to_date(card.order_id)
    assert page(card).payment_status == "partially_refunded"
    cancel_order(card.me, card.number)
    work()
    assert sum(one["amount"] for one in stripe.refunds(card.intent_id)) == 16000
    assert page(card).payment_status == "refunded"
    assert balanced()


def test_more_is_paid_by_a_second_payment_with_3d_secure(stripe: StripeServer) -> None:
    card = by_card(stripe)
    wanted = with_quantity(card, 3)
    quote = quote_change(card.me, card.number, wanted)
    assert (quote.way, quote.amount) == ("pay", Decimal("80.00"))
    assert change(card, wanted, "240.00").needs_shopper
    assert (page(card).total, stock_of(card.product_id)) == (Decimal("160.00"), Stock(3, 1))
    second = waiting_payment(card.me, card.number)
    assert second is not None
    assert second.provider_reference
    stripe.pay(second.provider_reference, NEEDS_3D_SECURE)
    bring_up_to_date(card.order_id)
    assert page(card).total == Decimal("160.00")
    stripe.authenticate(second.provider_reference)
    bring_up_to_date(card.order_id)
    bring_up_to_date(card.order_id)
    assert (page(card).total, stock_of(card.product_id)) == (Decimal("240.00"), Stock(2, 0))
    assert paid_by(card) == [("stripe", "160.00", "captured"), ("stripe", "80.00", "captured")]
    refund_payment(card.number, Decimal("100.00"))
    assert [one["amount"] for one in stripe.refunds(second.provider_reference)] == [8000]
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [2000]
    cancel_order(card.me, card.number)
    work()
    assert page(card).payment_status == "refunded"
    assert sum(one["amount"] for one in stripe.refunds(card.intent_id)) == 16000
    assert letters().count("mail.order_changed") == 1
    assert balanced()


@pytest.mark.usefixtures("manual")
def test_a_promise_for_more_takes_the_place_of_the_first(stripe: StripeServer) -> None:
    card = by_card(stripe)
    change(card, with_quantity(card, 1), "80.00")
    assert paid_by(card) == [("stripe", "80.00", "authorised")]
    change(card, with_quantity(card, 3), "240.00")
    second = waiting_payment(card.me, card.number)
    assert second is not None
    assert second.provider_reference
    assert second.amount == Decimal("240.00")
    stripe.pay(second.provider_reference)
    bring_up_to_date(card.order_id)
    work()
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert paid_by(card) == [("stripe", "80.00", "cancelled"), ("stripe", "240.00", "authorised")]
    [line] = page(card).lines
    ship_parcel(make_staff("support").id, card.number, ParcelRequest({line.id: 3}))
    assert stripe.received(second.provider_reference) == 24000
    assert page(card).payment_status == "paid"
    assert balanced()


@pytest.mark.usefixtures("manual")
def test_less_of_a_promise_is_charged_when_it_is_sent(stripe: StripeServer) -> None:
    card = by_card(stripe)
    change(card, with_quantity(card, 1), "80.00")
    [line] = page(card).lines
    ship_parcel(make_staff("support").id, card.number, ParcelRequest({line.id: 1}))
    assert stripe.received(card.intent_id) == 8000
    assert page(card).payment_status == "paid"


@pytest.mark.usefixtures("manual")
def test_from_card_to_invoice_and_back(stripe: StripeServer) -> None:
    card = by_card(stripe)
    change(card, replace(as_it_is(card), payment_method="invoice"), "160.00")
    work()
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert paid_by(card) == [("stripe", "160.00", "cancelled"), ("invoice", "160.00", "authorised")]
    change(card, replace(as_it_is(card), payment_method="stripe"), "160.00")
    second = waiting_payment(card.me, card.number)
    assert second is not None
    assert second.provider_reference
    stripe.pay(second.provider_reference)
    bring_up_to_date(card.order_id)
    assert paid_by(card)[1:] == [("invoice", "160.00", "cancelled"), ("stripe", "160.00", "authorised")]
    assert (page(card).payment_method, page(card).payment_status) == ("stripe", "authorised")


def test_what_is_paid_is_not_paid_in_another_way(stripe: StripeServer) -> None:
    card = by_card(stripe)
    with pytest.raises(OrderNotChangeable) as refusal:
        change(card, replace(as_it_is(card), payment_method="invoice"), "160.00")
    assert refusal.value.why == "paid"


def test_nobody_pays_and_the_change_ends(stripe: StripeServer) -> None:
    card = by_card(stripe)
    change(card, with_quantity(card, 3), "240.00")
    second = waiting_payment(card.me, card.number)
    assert second is not None
    with frozen(now() + timedelta(minutes=20)):
        assert give_up_changes() == {"changed": 0, "ended": 1}
        assert give_up_changes() == {"changed": 0, "ended": 0}
    assert stripe.intent(second.provider_reference or "")["status"] == "canceled"
    assert (page(card).total, stock_of(card.product_id)) == (Decimal("160.00"), Stock(3, 0))
    work()
    with transaction():
        assert session().scalars(sa.select(OrderChange.wanted)).all() == [{}]
    assert waiting_payment(card.me, card.number) is None


@pytest.mark.usefixtures("manual")
def test_a_promise_that_came_after_the_job_had_asked_makes_the_change(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = by_card(stripe)
    change(card, with_quantity(card, 3), "240.00")
    second = waiting_payment(card.me, card.number)
    assert second is not None
    assert second.provider_reference
    ask = change_payments.settle_change

    def paid_a_moment_later(payment: PaymentRow) -> str:
        monkeypatch.setattr(change_payments, "settle_change", ask)
        outcome = ask(payment)
        stripe.pay(second.provider_reference or "")
        assert ask(payment) == "changed"
        return outcome

    monkeypatch.setattr(change_payments, "settle_change", paid_a_moment_later)
    with frozen(now() + timedelta(minutes=20)):
        assert give_up_changes() == {"changed": 1, "ended": 0}
    work()
    assert stripe.intent(second.provider_reference)["status"] == "requires_capture"
    assert page(card).total == Decimal("240.00")
    assert balanced()


@pytest.mark.parametrize("meanwhile", ["cancelled", "sent", "sold"])
def test_paid_after_it_was_too_late_goes_back(stripe: StripeServer, meanwhile: str) -> None:
    card = by_card(stripe)
    change(card, with_quantity(card, 3), "240.00")
    second = waiting_payment(card.me, card.number)
    assert second is not None
    assert second.provider_reference
    stripe.pay(second.provider_reference)
    if meanwhile == "cancelled":
        cancel_order(card.me, card.number)
    elif meanwhile == "sent":
        [line] = page(card).lines
        ship_parcel(make_staff("support").id, card.number, ParcelRequest({line.id: 1}))
    else:
        with transaction():
            session().execute(sa.text("DELETE FROM stock_reservations"))
            session().execute(sa.text("UPDATE products SET reserved_quantity = 0"))
        on_invoice((card.product_id, 3), total="240.00")
    bring_up_to_date(card.order_id)
    work()
    assert [one["amount"] for one in stripe.refunds(second.provider_reference)] == [8000]
    assert page(card).total == Decimal("160.00")
    assert sum(one["amount"] for one in stripe.refunds(card.intent_id)) == (
        16000 if meanwhile == "cancelled" else 0
    )
    assert balanced()


def test_once_something_was_sent_nothing_is_changed(stripe: StripeServer) -> None:
    order = on_invoice((make_product(price="20.00"), 2), total="44.90")
    [line] = page(order).lines
    wanted = with_quantity(order, 1)
    ship_parcel(make_staff("support").id, order.number, ParcelRequest({line.id: 1}))
    assert not page(order).can_change
    with pytest.raises(OrderNotChangeable):
        change(order, wanted, "24.90")
    with pytest.raises(NotFound):
        change_order(make_guest(), order.number, wanted, Decimal("24.90"))


def test_staff_change_what_no_card_has_to_pay(stripe: StripeServer) -> None:
    card, staff = by_card(stripe), make_staff("support").id
    with pytest.raises(OrderNotChangeable) as refusal:
        change_for_shopper(staff, card.number, with_quantity(card, 3), Decimal("240.00"))
    assert refusal.value.why == "card"
    change_for_shopper(staff, card.number, with_quantity(card, 1), Decimal("80.00"))
    assert page(card).events[-1].actor == f"staff:{staff}" or page(card).events[-1].kind != "changed"
    assert page(card).total == Decimal("80.00")


def test_the_same_change_twice_is_made_once() -> None:
    order = on_invoice((make_product(price="20.00"), 1), total="24.90")
    wanted = replace(as_it_is(order), shipping_address=make_address(line1="Am Tal 9"))
    change(order, wanted, "24.90")
    change(order, wanted, "24.90")
    assert letters().count("mail.order_changed") == 1


def test_a_back_order_grows_and_shrinks_with_the_order() -> None:
    kettle = make_product("Kettle", "80.00", 1, backorder_limit=5)
    order = on_invoice((kettle, 2), total="160.00")
    change(order, with_quantity(order, 4), "320.00")
    assert stock_of(kettle) == Stock(0, 3)
    change(order, with_quantity(order, 2), "160.00")
    assert stock_of(kettle) == Stock(0, 1)
    assert balanced()
    with pytest.raises(NotShippable):
        ship_parcel(make_staff("support").id, order.number, ParcelRequest({}))
