"""Placing, repeating, cancelling: one order for one wish, at the price that was shown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from storefront.cart import services as carts
from storefront.cart.queries import cart_view
from storefront.core import outbox
from storefront.core.clock import frozen, now
from storefront.core.db import TransactionOpen, acting_as, session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.queries import movements_of, stock_differences
from storefront.orders import placing
from storefront.orders.errors import (
    Change,
    CheckoutExpired,
    EmptyCart,
    OrderNotCancellable,
    ProductNotSold,
    TotalChanged,
)
from storefront.orders.models import Order
from storefront.orders.queries import find_guest_order, order_for_mail, order_page, orders_of
from storefront.orders.services import PlacedOrder, SeenAmount, cancel_order, place_order
from storefront.orders.settling import settle_stranded_orders
from storefront.orders.verification import order_differences
from storefront.payments import services as payments
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.queries import payments_of
from storefront.shipping.errors import MethodUnavailable
from storefront.shipping.services import save_tax_rate
from tests.factories.buying import (
    Stock,
    change_product,
    fill_cart,
    make_address,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
    stock_of,
)

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def _shipping(app_context: object) -> None:
    make_shipping()


@pytest.fixture(autouse=True)
def _books_balance(app_context: object) -> object:
    yield
    assert stock_differences() == []
    assert order_differences() == []


def proving(guest: Identity, order: PlacedOrder) -> Identity:
    return Identity(guest.user_id, guest.session_id, frozenset({order.order_id}))


def due_kinds() -> list[str]:
    """What is to be done for somebody; what triggers note about pages is not of orders."""
    of_pages = outbox.OutboxEntry.kind == "cache.forget"
    return sorted(session().scalars(sa.select(outbox.OutboxEntry.kind).where(~of_pages)))


def count_orders() -> int:
    return session().scalar(sa.select(sa.func.count()).select_from(Order)) or 0


def test_guests_order_holds_everything_that_was_agreed() -> None:
    guest, kettle = make_guest(), make_product("Kettle", "30.00", stock=5, sku="KET-1")
    fill_cart(guest, (kettle, 2))
    placed = place_order(guest, order_request("64.90", note="Ring twice", payment_method="on_delivery"))
    page = order_page(proving(guest, placed), placed.number)
    assert (page.status, page.payment_status, page.fulfilment_status) == (
        "placed",
        "authorised",
        "unfulfilled",
    )
    assert (page.subtotal, page.shipping, page.total) == (Decimal("60.00"), Decimal("4.90"), Decimal("64.90"))
    assert page.tax == Decimal("9.58") + Decimal("0.78")
    assert (page.email, page.note, page.payment_method) == ("ida@example.com", "Ring twice", "on_delivery")
    assert page.shipping_name == "Standard"
    assert page.shipping_address == make_address()
    line = page.lines[0]
    assert (line.sku, line.name, line.quantity, line.total) == ("KET-1", "Kettle", 2, Decimal("60.00"))
    assert [event.kind for event in page.events] == ["placed"]
    assert page.can_cancel
    assert stock_of(kettle) == Stock(3, 0)
    assert movements_of(kettle)[0].reason == "sale"
    assert cart_view(guest).is_empty
    assert due_kinds() == ["analytics.event", "invoices.issue", "mail.order_placed"]
    payment = payments_of(placed.order_id)[0]
    assert (payment.provider, payment.status, payment.amount) == (
        "on_delivery",
        "authorised",
        Decimal("64.90"),
    )


def test_later_changes_of_the_product_never_reach_the_order() -> None:
    guest, kettle = make_guest(), make_product("Kettle", "80.00")
    fill_cart(guest, (kettle, 1))
    placed = place_order(guest, order_request("80.00"))
    change_product(kettle, name="Samovar", price=Decimal("99.00"))
    page = order_page(proving(guest, placed), placed.number)
    assert (page.lines[0].name, page.lines[0].unit_price, page.total) == (
        "Kettle",
        Decimal("80.00"),
        Decimal("80.00"),
    )


def test_shoppers_order_is_in_their_list_and_nobody_elses() -> None:
    shopper, other = make_shopper("ida@example.com"), make_shopper()
    fill_cart(shopper, (make_product(price="80.00"), 2))
    placed = place_order(shopper, order_request("160.00", email=""))
    assert shopper.user_id is not None
    assert other.user_id is not None
    summary = orders_of(shopper.user_id).items[0]
    assert (summary.number, summary.total, summary.quantity) == (placed.number, Decimal("160.00"), 2)
    assert orders_of(other.user_id).total == 0
    assert order_page(shopper, placed.number).email == "ida@example.com"
    for stranger in (other, make_guest()):
        with pytest.raises(NotFound):
            order_page(stranger, placed.number)
        with pytest.raises(NotFound):
            cancel_order(stranger, placed.number)


def test_restricted_login_reads_its_own_order_and_no_other() -> None:
    guest, other = make_guest(), make_shopper()
    fill_cart(guest, (make_product("Kettle", "80.00"), 1))
    placed = place_order(guest, order_request("80.00"))
    with acting_as(proving(guest, placed)):
        assert order_page(proving(guest, placed), placed.number).lines[0].name == "Kettle"
    with acting_as(other), pytest.raises(NotFound):
        # Even asked with somebody else's proof: the database knows who acts.
        order_page(proving(guest, placed), placed.number)


def test_guest_finds_the_order_by_number_and_email_together() -> None:
    guest = make_guest()
    fill_cart(guest, (make_product(price="80.00"), 1))
    placed = place_order(guest, order_request("80.00"))
    spelled = f"# {placed.number[:4].lower()}-{placed.number[4:]}"
    assert find_guest_order(spelled, " IDA@example.com ") == placed.order_id
    assert find_guest_order(placed.number, "other@example.com") is None
    assert find_guest_order("NOSUCH22", "ida@example.com") is None


def test_same_key_leads_to_the_same_order() -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 1))
    request = order_request("80.00", key="double-click")
    first = place_order(guest, request)
    again = place_order(guest, request)
    assert (again.number, again.was_placed_before) == (first.number, True)
    assert count_orders() == 1
    assert stock_of(kettle) == Stock(4, 0)
    assert due_kinds() == ["analytics.event", "invoices.issue", "mail.order_placed"]


def test_guest_who_signed_in_afterwards_still_gets_their_own_order() -> None:
    guest, shopper = make_guest(), make_shopper()
    fill_cart(guest, (make_product(price="80.00"), 1))
    request = order_request("80.00", key="before-signing-in")
    placed = place_order(guest, request)
    signed_in = Identity(shopper.user_id, shopper.session_id, frozenset({placed.order_id}))
    assert place_order(signed_in, request).number == placed.number
    with pytest.raises(CheckoutExpired):
        place_order(shopper, request)


def test_somebody_elses_key_opens_nothing() -> None:
    guest, thief = make_guest(), make_guest()
    kettle = make_product(price="80.00")
    fill_cart(guest, (kettle, 1))
    fill_cart(thief, (kettle, 1))
    place_order(guest, order_request("80.00", key="mine"))
    with pytest.raises(CheckoutExpired):
        place_order(thief, order_request("80.00", key="mine"))
    assert count_orders() == 1


def test_changed_total_stops_the_order_and_says_what_changed() -> None:
    guest = make_guest()
    kettle, mug, gone = (
        make_product("Kettle", "50.00"),
        make_product("Mug", "10.00"),
        make_product("Lid", "1.00"),
    )
    fill_cart(guest, (kettle, 1), (mug, 2), (gone, 1))
    seen = (
        SeenAmount("line", str(kettle), "Kettle", Decimal("50.00")),
        SeenAmount("line", str(gone), "Lid", Decimal("1.00")),
        SeenAmount("shipping", "", "", Decimal("4.90")),
    )
    carts.remove_line(guest, gone)
    change_product(kettle, price=Decimal("60.00"))
    with pytest.raises(TotalChanged) as refused:
        place_order(guest, order_request("55.90", seen=seen))
    assert (refused.value.was, refused.value.now) == (Decimal("55.90"), Decimal("80.00"))
    assert set(refused.value.changes) == {
        Change("line", "Kettle", Decimal("50.00"), Decimal("60.00")),
        Change("line", "Lid", Decimal("1.00"), None),
        Change("line", "Mug", None, Decimal("20.00")),
        Change("shipping", "", Decimal("4.90"), Decimal("0.00")),
    }
    assert count_orders() == 0
    assert stock_of(kettle) == Stock(10, 0)


def test_tax_on_top_is_part_of_the_expected_total() -> None:
    save_tax_rate("AT", Decimal(20), is_inclusive=False)
    guest = make_guest()
    fill_cart(guest, (make_product(price="100.00"), 1))
    austria = {"shipping_address": make_address("AT"), "shipping_method": "standard-eu"}
    with pytest.raises(TotalChanged):
        place_order(guest, order_request("109.90", **austria))
    placed = place_order(guest, order_request("131.88", **austria))
    page = order_page(proving(guest, placed), placed.number)
    assert (page.tax, page.total, page.prices_include_tax) == (Decimal("21.98"), Decimal("131.88"), False)


def test_what_cannot_be_ordered_is_named_and_nothing_is_held() -> None:
    guest, kettle = make_guest(), make_product("Kettle", "80.00", stock=5)
    with pytest.raises(EmptyCart):
        place_order(guest, order_request("0.00"))
    fill_cart(guest, (kettle, 3))
    with pytest.raises(MethodUnavailable):
        place_order(guest, order_request("240.00", shipping_method="teleport"))
    with pytest.raises(UnknownPaymentMethod):
        place_order(guest, order_request("240.00", payment_method="gold"))
    change_product(kettle, reserved_quantity=3)
    with pytest.raises(InsufficientStock) as refused:
        place_order(guest, order_request("240.00"))
    assert (refused.value.name, refused.value.wanted, refused.value.available) == ("Kettle", 3, 2)
    change_product(kettle, reserved_quantity=0, is_active=False)
    with pytest.raises(ProductNotSold):
        place_order(guest, order_request("240.00"))
    assert count_orders() == 0
    assert cart_view(guest).quantity == 3
    assert stock_of(kettle) == Stock(5, 0)


def test_placing_inside_a_transaction_is_refused() -> None:
    guest = make_guest()
    fill_cart(guest, (make_product(price="80.00"), 1))
    with pytest.raises(TransactionOpen), transaction():
        place_order(guest, order_request("80.00"))
    assert count_orders() == 0


def test_cancelling_puts_the_goods_back_and_closes_the_payment() -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    placed = place_order(guest, order_request("160.00"))
    cancel_order(proving(guest, placed), placed.number, "Changed my mind")
    page = order_page(proving(guest, placed), placed.number)
    assert (page.status, page.payment_status, page.cancel_reason) == (
        "cancelled",
        "cancelled",
        "Changed my mind",
    )
    assert page.events[-1].kind == "cancelled"
    assert stock_of(kettle) == Stock(5, 0)
    assert payments_of(placed.order_id)[0].status == "cancelled"
    assert "mail.order_cancelled" in due_kinds()
    with pytest.raises(OrderNotCancellable) as refused:
        cancel_order(proving(guest, placed), placed.number)
    assert refused.value.status == "cancelled"
    assert stock_of(kettle) == Stock(5, 0)


@pytest.mark.parametrize("status", ["processing", "shipped"])
def test_packed_order_is_not_cancelled(status: str) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    placed = place_order(guest, order_request("160.00"))
    with transaction():
        session().execute(sa.update(Order).values(status=status))
    with pytest.raises(OrderNotCancellable):
        cancel_order(proving(guest, placed), placed.number)
    assert stock_of(kettle) == Stock(3, 0)


class Crash(BaseException):
    """The process dies here."""


def test_crash_after_prepare_is_finished_by_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    _crash_in(monkeypatch, payments, "authorise", guest)
    assert stock_of(kettle) == Stock(5, 2)
    assert settle_stranded_orders() == {"placed": 0, "cancelled": 0}, "it is younger than a minute"
    with frozen(now() + timedelta(minutes=2)):
        assert settle_stranded_orders() == {"placed": 1, "cancelled": 0}
    assert stock_of(kettle) == Stock(3, 0)
    assert cart_view(guest).is_empty
    assert due_kinds() == ["analytics.event", "invoices.issue", "mail.order_placed"]


def test_crash_after_pay_is_finished_by_the_shoppers_own_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    _crash_in(monkeypatch, placing, "finalise", guest)
    placed = place_order(guest, order_request("160.00", key="crashed"))
    assert not placed.was_placed_before
    assert count_orders() == 1
    assert len(payments_of(placed.order_id)) == 1
    assert stock_of(kettle) == Stock(3, 0)


@pytest.mark.parametrize(
    "corrected",
    [
        {"shipping_address": make_address(city="Bremen")},
        {"billing_address": make_address(full_name="Ida Larsen GmbH")},
        {"payment_method": "on_delivery"},
        {"email": "ida.larsen@example.com"},
    ],
)
def test_retry_with_something_corrected_never_goes_on_with_the_old_draft(
    monkeypatch: pytest.MonkeyPatch, corrected: dict[str, object]
) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    _crash_in(monkeypatch, payments, "authorise", guest)
    with pytest.raises(CheckoutExpired):
        place_order(guest, order_request("160.00", key="crashed", **corrected))
    placed = place_order(guest, order_request("160.00", key="afresh", **corrected))
    order = order_for_mail(placed.order_id)
    assert (order.shipping_address, order.billing_address, order.payment_method, order.email) == tuple(
        corrected.get(name, getattr(order_request("160.00"), name))
        for name in ("shipping_address", "billing_address", "payment_method", "email")
    )
    assert stock_of(kettle) == Stock(3, 0)


def test_stranded_order_that_cannot_be_settled_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kettle = make_product(price="80.00", stock=5)
    for key in ("first", "second"):
        guest = make_guest()
        fill_cart(guest, (kettle, 2))
        _crash_in(monkeypatch, payments, "authorise", guest, key)
    broken = sa.update(Order).where(Order.idempotency_key == "first").values(payment_method="withdrawn")
    with transaction() as current:
        current.execute(broken)
    with frozen(now() + timedelta(minutes=2)):
        assert settle_stranded_orders() == {"placed": 1, "cancelled": 0}


def test_crashed_order_is_cancelled_and_released_once_its_hold_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    _crash_in(monkeypatch, placing, "finalise", guest)
    with frozen(now() + timedelta(minutes=16)):
        assert inventory.release_expired() == 2
        assert settle_stranded_orders() == {"placed": 0, "cancelled": 1}
    assert stock_of(kettle) == Stock(5, 0)
    assert cart_view(guest).quantity == 2, "the cart is still the shopper's"
    assert due_kinds() == []
    with pytest.raises(CheckoutExpired):
        place_order(guest, order_request("160.00", key="crashed"))
    assert not place_order(guest, order_request("160.00")).was_placed_before


def test_crashed_order_is_given_up_when_the_shopper_moved_on(monkeypatch: pytest.MonkeyPatch) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    _crash_in(monkeypatch, payments, "authorise", guest)
    carts.set_quantity(guest, kettle, 1)
    with frozen(now() + timedelta(minutes=2)):
        assert settle_stranded_orders() == {"placed": 0, "cancelled": 1}
    assert stock_of(kettle) == Stock(5, 0)


def test_new_attempt_replaces_the_crashed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    guest, kettle = make_guest(), make_product(price="80.00", stock=2)
    fill_cart(guest, (kettle, 2))
    _crash_in(monkeypatch, payments, "authorise", guest)
    placed = place_order(guest, order_request("172.90", key="another", shipping_method="express"))
    assert order_for_mail(placed.order_id).shipping_method == "express"
    statuses = session().scalars(sa.select(Order.status).order_by(Order.created_at)).all()
    assert statuses == ["cancelled", "placed"]
    assert stock_of(kettle) == Stock(0, 0)


def test_what_was_added_after_the_crash_stays_in_the_cart(monkeypatch: pytest.MonkeyPatch) -> None:
    guest, kettle, mug = make_guest(), make_product("Kettle", "80.00"), make_product("Mug")
    fill_cart(guest, (kettle, 2))
    _crash_in(monkeypatch, payments, "authorise", guest)
    fill_cart(guest, (kettle, 1), (mug, 3))
    with frozen(now() + timedelta(minutes=2)):
        assert settle_stranded_orders()["placed"] == 1
    left = {line.name: line.quantity for line in cart_view(guest).snapshot.lines}
    assert left == {"Kettle": 1, "Mug": 3}


def _crash_in(
    monkeypatch: pytest.MonkeyPatch, module: object, step: str, guest: Identity, key: str = "crashed"
) -> None:
    """Place an order that is paid in a way that asks somebody, and let the process die at ``step``."""

    def dies(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(payments, "authorise_at_once", lambda *_: None)
        patched.setattr(module, step, dies)
        with pytest.raises(Crash):
            place_order(guest, order_request("160.00", key=key))
    session().rollback()
