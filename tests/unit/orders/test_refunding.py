"""Money back by line: as much as was paid for the units, where it came from, and never twice."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.db import session, transaction
from storefront.core.errors import NotAllowed, NotFound
from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.jobs.outbox import drain
from storefront.jobs.returns import order_refunded
from storefront.orders.errors import RefundRefused
from storefront.orders.models import Order, OrderRefund, RefundItem
from storefront.orders.queries_for_refunds import RefundView, order_refunds, refundable
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order
from storefront.orders.services import cancel_order
from storefront.payments.errors import RefundedMeanwhile, RefundTooLarge
from storefront.payments.queries import payments_of, refunds_of
from storefront.promotions.errors import UnknownGiftCard
from storefront.promotions.models import GiftCard
from storefront.promotions.queries import gift_card_by_code
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import StoredMail, stored_mails
from storefront.shipping.services import save_tax_rate
from tests.concurrency.threads import at_once
from tests.factories.buying import Stock, make_product, make_shipping, stock_of
from tests.factories.parcels import assert_books_balance
from tests.factories.promotions import balance_of, make_gift_card, make_promotion
from tests.factories.returns import Bought, buy, buy_kettles, staff_id

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def _shipping(app_context: Flask) -> None:
    make_shipping()


def give(bought: Bought, *lines: RefundLine, **values: object) -> RefundView:
    refund_id = refund_order(None, bought.number, RefundRequest(lines=lines, **values))  # type: ignore[arg-type]
    return next(one for one in order_refunds(bought.order_id) if one.id == refund_id)


def refund_letter() -> StoredMail:
    kept = stored_mails(mail_folder(current_settings()))
    return next(mail for mail in kept if mail.subject.startswith("Money back"))


def units(bought: Bought, quantity: int, line: int = 0, **values: object) -> RefundLine:
    return RefundLine(bought.items[line], quantity, **values)  # type: ignore[arg-type]


def test_a_line_gives_back_what_was_paid_for_its_units_with_its_tax() -> None:
    make_promotion("amount", "10.00")
    kettle = make_product("Kettle", "30.00", stock=20)
    bought = buy("80.00", (kettle, 3))
    given = [give(bought, units(bought, 1)) for _ in range(3)]
    assert [(one.amount, one.tax) for one in given] == [
        (Decimal("26.67"), Decimal("4.26")),
        (Decimal("26.66"), Decimal("4.26")),
        (Decimal("26.67"), Decimal("4.25")),
    ]
    assert sum(one.amount for one in given) == Decimal("80.00")
    with pytest.raises(RefundRefused) as refusal:
        give(bought, units(bought, 1))
    assert (refusal.value.reason, refusal.value.left) == ("units", 0)
    assert_books_balance()


def test_shipping_and_a_free_amount_and_what_is_kept() -> None:
    kettle = make_product("Kettle", "30.00", stock=20)
    bought = buy("64.90", (kettle, 2))
    shipping = give(bought, shipping=Decimal("4.90"))
    assert [(part.item_id, part.amount, part.tax) for part in shipping.parts] == [
        (None, Decimal("4.90"), Decimal("0.78"))
    ]
    worn = give(bought, units(bought, 1), adjustment=Decimal("-5.00"))
    assert (worn.amount, worn.tax, worn.adjustment) == (Decimal("25.00"), Decimal("3.99"), Decimal("-5.00"))
    goodwill = give(bought, adjustment=Decimal("35.00"))
    assert goodwill.parts[0].quantity == 0
    left = refundable(bought.number)
    assert (left.at_most, [part.amount for part in left.parts]) == (ZERO, [ZERO, ZERO])
    assert left.refunded == Decimal("64.90")
    tax = session().scalar(
        sa.select(Order.tax_amount - Order.refunded_tax).where(Order.id == bought.order_id)
    )
    assert tax == 0, "who gets everything back gets all of the tax"
    with pytest.raises(RefundTooLarge):
        give(bought, adjustment=Decimal("0.01"))
    assert_books_balance()


def test_tax_on_top_goes_back_too() -> None:
    save_tax_rate("DE", Decimal("7.3"), name="Sales tax", is_inclusive=False)
    kettle = make_product("Kettle", "33.33", stock=20)
    bought = buy("107.29", (kettle, 3))
    given = [give(bought, units(bought, 1)) for _ in range(3)]
    assert [(one.amount, one.tax) for one in given] == [
        (Decimal("35.76"), Decimal("2.43")),
        (Decimal("35.76"), Decimal("2.44")),
        (Decimal("35.77"), Decimal("2.43")),
    ]
    assert sum(one.amount for one in given) == Decimal("107.29")
    assert_books_balance()


def test_what_is_not_paid_yet_is_asked_for_less() -> None:
    bought, _kettle = buy_kettles(paid=False)
    given = give(bought, units(bought, 1))
    assert (given.waived, given.status, refunds_of(bought.order_id)) == (Decimal("30.00"), "succeeded", [])
    assert [(one.amount, one.status) for one in payments_of(bought.order_id)] == [
        (Decimal("60.00"), "authorised")
    ]
    give(bought, units(bought, 2))
    assert [(one.amount, one.status) for one in payments_of(bought.order_id)] == [(ZERO, "cancelled")]
    state = session().scalar(sa.select(Order.payment_status).where(Order.id == bought.order_id))
    assert state == "cancelled", "there is nothing to pay any more"
    drain()
    told = [mail for mail in stored_mails(mail_folder(current_settings())) if "to pay for" in mail.subject]
    assert {mail.subject for mail in told} == {f"Less to pay for your order {bought.number}"}
    for mail in told:
        for text in (mail.text, mail.html):
            assert f"This you need not pay of your order {bought.number} any more:" in text
            assert "goes back" not in text
    assert_books_balance()


def test_units_go_back_on_the_shelf_only_where_somebody_says_so_and_once() -> None:
    bought, kettle = buy_kettles()
    give(bought, units(bought, 1))
    assert stock_of(kettle) == Stock(17, 0)
    give(bought, units(bought, 2, restock=True))
    assert stock_of(kettle) == Stock(19, 0)
    assert_books_balance()


def test_a_gift_cards_part_goes_back_on_the_card() -> None:
    card, kettle = make_gift_card("50.00"), make_product("Kettle", "30.00", stock=20)
    bought = buy("90.00", (kettle, 3), gift_card=card.code, by_card="50.00")
    first = give(bought, units(bought, 1))
    assert (first.by_payment, first.gift_card_amount) == (Decimal("30.00"), ZERO), "the payment first"
    second = give(bought, units(bought, 2))
    assert (second.by_payment, second.gift_card_amount) == (Decimal("10.00"), Decimal("50.00"))
    assert balance_of(card)[0] == Decimal("50.00")
    assert_books_balance()


def test_a_card_that_expired_meanwhile_is_replaced_by_a_new_one() -> None:
    card, kettle = make_gift_card("50.00"), make_product("Kettle", "30.00", stock=20)
    bought = buy("90.00", (kettle, 3), gift_card=card.code, by_card="50.00")
    with transaction():
        session().execute(sa.update(GiftCard).where(GiftCard.id == card.id).values(is_active=False))
    given = give(bought, units(bought, 3))
    assert given.gift_card_id not in (None, card.id)
    drain()
    letter = refund_letter()
    code = next(word for word in letter.text.split() if word.count("-") == 3)
    state = gift_card_by_code(code)
    assert state is not None
    assert state.balance == Decimal("50.00")
    assert_books_balance()


def test_a_new_gift_card_is_mailed_and_only_the_last_letters_code_works(app_context: Flask) -> None:
    bought, _kettle = buy_kettles()
    given = give(bought, units(bought, 1), destination="gift_card", reason="dented")
    assert [(one.amount, one.status) for one in refunds_of(bought.order_id)] == [
        (Decimal("30.00"), "succeeded")
    ]
    drain()
    letter = refund_letter()
    assert letter.subject == f"Money back for your order {bought.number}"
    code = next(word for word in letter.text.split() if word.count("-") == 3)
    state = gift_card_by_code(code)
    assert state is not None
    assert (state.id, state.balance) == (given.gift_card_id, Decimal("30.00"))
    assert code in letter.html
    order_refunded(str(given.id))
    assert gift_card_by_code(code) is None
    assert_books_balance()


def test_an_existing_card_by_its_code_also_an_empty_one() -> None:
    bought, _kettle = buy_kettles()
    card = make_gift_card("1.00")
    give(bought, units(bought, 1), destination="gift_card", gift_card_code=card.code.lower())
    assert balance_of(card)[0] == Decimal("31.00")
    with pytest.raises(UnknownGiftCard):
        give(bought, units(bought, 1), destination="gift_card", gift_card_code="nobody's")
    assert len(order_refunds(bought.order_id)) == 1, "a refusal leaves nothing behind"
    assert_books_balance()


def test_whoever_saw_an_older_page_decides_again() -> None:
    bought, _kettle = buy_kettles()
    give(bought, units(bought, 1, seen=ZERO))
    with pytest.raises(RefundedMeanwhile) as refusal:
        give(bought, units(bought, 1, seen=ZERO))
    assert (refusal.value.line, refusal.value.refunded) == ("Kettle", Decimal("30.00"))
    with pytest.raises(RefundedMeanwhile):
        give(bought, adjustment=Decimal("5.00"), seen=ZERO)
    give(bought, units(bought, 1, seen=Decimal("30.00")))


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (RefundRequest(), RefundRefused),
        (RefundRequest(lines=[RefundLine(uuid.UUID(int=5), 1)]), RefundRefused),
        (RefundRequest(shipping=Decimal("-1")), RefundRefused),
        (RefundRequest(shipping=Decimal("1")), RefundTooLarge),
        (RefundRequest(adjustment=Decimal("90.01")), RefundTooLarge),
        (RefundRequest(adjustment=Decimal("-1")), RefundTooLarge),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    request_: RefundRequest, error: type[Exception]
) -> None:
    bought, _kettle = buy_kettles()
    with pytest.raises(error):
        refund_order(None, bought.number, request_)
    assert order_refunds(bought.order_id) == []
    for quantity in (-1, 4):
        with pytest.raises(RefundRefused):
            give(bought, units(bought, quantity))


def test_permission_and_unknown_orders() -> None:
    bought, _kettle = buy_kettles()
    wanted = RefundRequest(lines=[units(bought, 1)])
    with pytest.raises(NotAllowed):
        refund_order(staff_id("support"), bought.number, wanted)
    with pytest.raises(NotFound):
        refund_order(staff_id(), "NOSUCH", wanted)
    refund_order(staff_id(), bought.number, wanted)


def test_cancelling_after_goodwill_on_another_card_gives_the_rest_back_once() -> None:
    card, kettle = make_gift_card("90.00"), make_product("Kettle", "30.00", stock=20)
    bought, other = buy("90.00", (kettle, 3), gift_card=card.code, by_card="90.00"), make_gift_card("1.00")
    give(bought, units(bought, 1, restock=True), destination="gift_card", gift_card_code=other.code)
    cancel_order(bought.me, bought.number)
    assert balance_of(other)[0] == Decimal("31.00")
    assert balance_of(card)[0] == Decimal("60.00")
    assert stock_of(kettle) == Stock(20, 0), "one was back before"
    assert_books_balance()


def written(refund: dict[str, object], item: dict[str, object]) -> None:
    with transaction():
        session().execute(sa.insert(OrderRefund).values(**refund))
        session().execute(sa.insert(RefundItem).values(**item))


def test_the_database_refuses_what_goes_past_the_service() -> None:
    bought, _kettle = buy_kettles()
    refund_id = uuid.uuid4()
    row = {"id": refund_id, "order_id": bought.order_id, "amount": Decimal(30), "tax": ZERO}
    for item, constraint in (
        ({"quantity": 4, "amount": Decimal(30)}, "refunded_units_within_bought"),
        ({"quantity": 1, "amount": Decimal("200.00")}, "refunded_within_paid"),
        ({"quantity": 1, "amount": Decimal(30), "tax": Decimal("29.00")}, "refunded_tax_within_tax"),
    ):
        values = {"order_refund_id": refund_id, "order_item_id": bought.items[0], "tax": ZERO} | item
        with pytest.raises(sa.exc.IntegrityError, match=constraint):
            written(row, values)
    given = give(bought, units(bought, 1))
    with pytest.raises(sa.exc.DBAPIError), transaction():
        session().execute(
            sa.update(RefundItem).where(RefundItem.order_refund_id == given.id).values(quantity=0)
        )
    late = {"order_refund_id": given.id, "order_item_id": None, "quantity": 0, "amount": ZERO, "tax": ZERO}
    with pytest.raises(sa.exc.IntegrityError, match="is closed"), transaction():
        session().execute(sa.insert(RefundItem).values(**late))


@pytest.mark.concurrency
def test_of_eight_staff_who_refund_the_same_line_one_wins(app_context: Flask) -> None:
    bought, _kettle = buy_kettles()
    wanted = RefundRequest(lines=[units(bought, 1, seen=ZERO)])
    results = at_once(app_context, [partial(refund_order, None, bought.number, wanted)] * 8)
    assert sum(isinstance(one, uuid.UUID) for one in results) == 1, results
    assert sum(isinstance(one, RefundedMeanwhile) for one in results) == 7, results
    assert refundable(bought.number).refunded == Decimal("30.00")
    assert_books_balance()


@pytest.mark.concurrency
def test_different_lines_at_once_all_win(app_context: Flask) -> None:
    products = [make_product(f"Pan {number}", "20.00", stock=5) for number in range(4)]
    bought = buy("80.00", *((product, 1) for product in products))
    wanted = [RefundRequest(lines=[units(bought, 1, line, seen=ZERO, restock=True)]) for line in range(4)]
    results = at_once(app_context, [partial(refund_order, None, bought.number, one) for one in wanted])
    assert all(isinstance(one, uuid.UUID) for one in results), results
    assert refundable(bought.number).refunded == Decimal("80.00")
    assert_books_balance()
