"""Orders paid by card: honoured or given back, never neither. Against a real server, over real HTTP."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from storefront.assistant.services import open_conversation
from storefront.assistant.tools import TOOLS
from storefront.assistant.tools.registry import ToolContext
from storefront.core import outbox
from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction, write
from storefront.http.wording import explain
from storefront.inventory import services as inventory
from storefront.orders import paying
from storefront.orders.errors import CheckoutExpired, OrderNotCancellable
from storefront.orders.models import Order
from storefront.orders.services import (
    bring_up_to_date,
    cancel_order,
    capture_payment,
    place_order,
    reconcile_payments,
    refund_payment,
)
from storefront.orders.settling import settle_stranded_orders
from storefront.payments.errors import (
    NothingToCapture,
    PaymentDeclined,
    RefundedMeanwhile,
    RefundFailed,
    RefundTooLarge,
)
from storefront.payments.models import Payment, Refund
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.providers.stripe_client import StripePayments
from tests.factories.buying import (
    Stock,
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    order_request,
    stock_of,
)
from tests.factories.cards import CardOrder, order_by_card, payment_of, state_of, work
from tests.factories.parcels import letters, paid
from tests.stripe_server import DECLINED, NEEDS_3D_SECURE, SECRET_KEY, StripeServer

pytestmark = pytest.mark.usefixtures("card_context")
LATER = timedelta(minutes=20)


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def returned() -> list[tuple[Decimal, str]]:
    """What the letters say that goes back."""
    told = outbox.OutboxEntry.kind == "mail.payment_returned"
    with transaction():
        payloads = session().scalars(sa.select(outbox.OutboxEntry.payload).where(told)).all()
    return [(Decimal(one["amount"]), one["currency"]) for one in payloads]


def sell_out(order: CardOrder) -> None:
    """The hold is over, and somebody else buys all there is."""
    with frozen(now() + LATER):
        inventory.release_expired()
    with transaction():
        inventory.adjust_stock(order.product_id, -5, "adjustment")


def test_the_button_begins_one_payment_under_the_orders_key(stripe: StripeServer) -> None:
    card = order_by_card()
    begun = stripe.asked_for("/v1/payment_intents")
    assert len(begun) == 1
    assert begun[0].form["amount"] == "16000"
    assert begun[0].form["currency"] == "eur"
    assert begun[0].form["metadata[order_id]"] == str(card.order_id)
    assert begun[0].form["metadata[order_number]"] == card.number
    assert begun[0].key == payment_of(card.order_id).idempotency_key
    assert state_of(card.order_id) == ("draft", "pending", "pending")
    assert stock_of(card.product_id) == Stock(5, 2)
    assert letters() == []


def test_pressed_twice_it_is_the_same_payment(stripe: StripeServer) -> None:
    guest, kettle = make_guest(), make_product(price="80.00")
    fill_cart(guest, (kettle, 2))
    request = order_request("160.00", payment_method="stripe")
    assert place_order(guest, request).order_id == place_order(guest, request).order_id
    assert len(stripe.intents()) == 1


def test_paid_and_asked_twice_it_is_placed_once(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    assert bring_up_to_date(card.order_id) == "placed"
    assert state_of(card.order_id) == ("placed", "paid", "captured")
    assert stock_of(card.product_id) == Stock(3, 0)
    assert letters() == ["mail.order_placed"]


def test_3d_secure_is_waited_for(stripe: StripeServer) -> None:
    card = order_by_card()
    assert stripe.pay(card.intent_id, NEEDS_3D_SECURE)["status"] == "requires_action"
    assert bring_up_to_date(card.order_id) == "waiting"
    stripe.authenticate(card.intent_id)
    assert bring_up_to_date(card.order_id) == "placed"


def test_a_declined_card_leaves_the_order_open_for_another(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id, DECLINED)
    assert bring_up_to_date(card.order_id) == "declined"
    assert state_of(card.order_id) == ("draft", "pending", "pending")
    stripe.pay(card.intent_id)
    assert bring_up_to_date(card.order_id) == "placed"


def test_a_failed_3d_secure_is_a_decline(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id, NEEDS_3D_SECURE)
    stripe.authenticate(card.intent_id, success=False)
    assert bring_up_to_date(card.order_id) == "declined"


def test_an_amount_the_provider_refuses_is_a_decline(stripe: StripeServer) -> None:
    guest, kettle = make_guest(), make_product(price="80.00")
    fill_cart(guest, (kettle, 2))
    stripe.fail_next("/v1/payment_intents", status=400)
    with pytest.raises(PaymentDeclined):
        place_order(guest, order_request("160.00", payment_method="stripe"))
    assert stock_of(kettle) == Stock(10, 0)


def test_the_line_is_cut_after_the_payment_was_begun_and_the_client_asks_again(stripe: StripeServer) -> None:
    stripe.cut_next("/v1/payment_intents")
    order_by_card()
    assert len(stripe.asked_for("/v1/payment_intents")) == 2
    assert len(stripe.intents()) == 1


def test_no_answer_keeps_the_goods_and_the_same_button_works_later(stripe: StripeServer) -> None:
    guest, kettle = make_guest(), make_product(price="80.00")
    fill_cart(guest, (kettle, 2))
    request = order_request("160.00", payment_method="stripe")
    stripe.fail_next("/v1/payment_intents", times=3)
    with pytest.raises(PaymentProviderFailure) as failure:
        place_order(guest, request)
    assert failure.value.is_undecided
    assert stock_of(kettle) == Stock(10, 2)
    assert place_order(guest, request).needs_shopper


def test_paid_after_the_hold_was_over_it_is_honoured_while_there_is_stock(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    with frozen(now() + LATER):
        inventory.release_expired()
        assert settle_stranded_orders() == {"placed": 1, "cancelled": 0}
    assert state_of(card.order_id) == ("placed", "paid", "captured")


def test_paid_after_the_goods_were_sold_the_money_goes_back(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    sell_out(card)
    assert bring_up_to_date(card.order_id) == "cancelled"
    work()
    assert state_of(card.order_id) == ("cancelled", "cancelled", "refunded")
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [16000]
    assert letters() == ["mail.payment_returned"]
    assert work() == 0


@pytest.mark.usefixtures("manual")
def test_authorised_after_the_goods_were_sold_the_card_is_let_go_of(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    sell_out(card)
    assert bring_up_to_date(card.order_id) == "cancelled"
    work()
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert state_of(card.order_id) == ("cancelled", "cancelled", "cancelled")
    assert letters() == ["mail.payment_returned"]


def test_nobody_paid_it_is_cancelled_and_voided_at_once(stripe: StripeServer) -> None:
    card = order_by_card()
    with frozen(now() + LATER):
        assert settle_stranded_orders() == {"placed": 0, "cancelled": 1}
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert "error" in stripe.pay(card.intent_id)
    assert state_of(card.order_id) == ("cancelled", "cancelled", "cancelled")
    work()
    assert letters() == []


@pytest.mark.usefixtures("manual")
def test_a_promise_that_came_after_the_job_had_asked_is_not_voided(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = order_by_card()
    ask = bring_up_to_date

    def paid_a_moment_later(order_id: uuid.UUID) -> str:
        monkeypatch.setattr(paying, "bring_up_to_date", ask)
        outcome = ask(order_id)
        stripe.pay(card.intent_id)
        assert ask(order_id) == "placed"
        return outcome

    monkeypatch.setattr(paying, "bring_up_to_date", paid_a_moment_later)
    with frozen(now() + LATER):
        assert settle_stranded_orders() == {"placed": 1, "cancelled": 0}
    work()
    assert stripe.intent(card.intent_id)["status"] == "requires_capture"
    assert state_of(card.order_id) == ("placed", "authorised", "authorised")


@pytest.mark.usefixtures("manual")
def test_a_promise_that_came_after_the_draft_was_given_up_goes_back(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = order_by_card()
    abandon = paying.abandon

    def paid_a_moment_later(order_id: uuid.UUID, reason: str) -> bool:
        is_given_up = abandon(order_id, reason)
        stripe.pay(card.intent_id)
        return is_given_up

    monkeypatch.setattr(paying, "abandon", paid_a_moment_later)
    with frozen(now() + LATER):
        assert settle_stranded_orders() == {"placed": 0, "cancelled": 1}
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert state_of(card.order_id) == ("cancelled", "cancelled", "cancelled")
    work()
    assert letters() == ["mail.payment_returned"]


def test_while_the_provider_is_away_a_draft_is_not_given_up(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    stripe.fail_next("/v1/payment_intents", times=3)
    with frozen(now() + LATER):
        assert settle_stranded_orders() == {"placed": 0, "cancelled": 0}
        assert state_of(card.order_id)[0] == "draft"
        assert settle_stranded_orders() == {"placed": 1, "cancelled": 0}


@pytest.mark.parametrize(
    ("changed", "held"),
    [
        ({"currency": "usd"}, ("USD", 16000)),
        ({"amount": "100"}, ("EUR", 100)),
        ({"amount": "99900"}, ("EUR", 99900)),
    ],
    ids=["another currency", "too little", "too much"],
)
def test_what_was_changed_at_the_provider_buys_nothing_and_goes_back(
    stripe: StripeServer, changed: dict[str, str], held: tuple[str, int]
) -> None:
    card = order_by_card()
    stripe.call("POST", f"/v1/payment_intents/{card.intent_id}", **changed)
    stripe.pay(card.intent_id)
    assert bring_up_to_date(card.order_id) == "cancelled"
    work()
    assert state_of(card.order_id) == ("cancelled", "cancelled", "refunded")
    payment = payment_of(card.order_id)
    assert (payment.currency, payment.captured * 100, payment.left) == (*held, 0)
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [held[1]]
    assert stock_of(card.product_id) == Stock(5, 0)
    assert letters() == ["mail.payment_returned"]
    assert returned() == [(payment.captured, held[0])]
    assert work() == 0


@pytest.mark.usefixtures("manual")
def test_what_was_promised_in_another_currency_is_let_go_of(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.call("POST", f"/v1/payment_intents/{card.intent_id}", currency="usd")
    stripe.pay(card.intent_id)
    assert bring_up_to_date(card.order_id) == "cancelled"
    work()
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert state_of(card.order_id) == ("cancelled", "cancelled", "cancelled")
    assert returned() == [(Decimal("160.00"), "USD")]


@pytest.mark.usefixtures("manual")
def test_captured_in_part_before_we_knew_only_that_part_is_here(stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    # As somebody does at the provider, in its own pages.
    StripePayments(SECRET_KEY, stripe.url, 2).capture(card.intent_id, Decimal("90.00"), "EUR", "by hand")
    assert bring_up_to_date(card.order_id) == "placed"
    assert state_of(card.order_id) == ("placed", "paid", "captured")
    assert payment_of(card.order_id).captured == Decimal("90.00")


def test_the_payment_of_a_replaced_draft_goes_back(stripe: StripeServer) -> None:
    card = order_by_card()
    again = place_order(card.guest, order_request("160.00", payment_method="stripe"))
    assert again.order_id != card.order_id
    stripe.pay(card.intent_id)  # in the other window
    work()
    assert state_of(card.order_id) == ("cancelled", "cancelled", "refunded")
    assert state_of(again.order_id)[0] == "draft"


def test_a_payment_whose_answer_never_came_is_found_by_its_order(stripe: StripeServer) -> None:
    card = order_by_card()
    with transaction():
        write(sa.update(Payment).values(provider_reference=None))
    stripe.pay(card.intent_id)
    with frozen(now() + timedelta(minutes=6)):
        assert reconcile_payments() == {"payments": 1, "captures": 0, "refunds": 0, "failed": 0}
        assert reconcile_payments() == {"payments": 0, "captures": 0, "refunds": 0, "failed": 0}
    assert state_of(card.order_id) == ("placed", "paid", "captured")
    assert payment_of(card.order_id).provider_reference == card.intent_id


@pytest.mark.usefixtures("manual")
def test_a_promise_that_lapsed_at_the_provider_is_noticed(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    assert state_of(card.order_id) == ("placed", "authorised", "authorised")
    StripePayments(SECRET_KEY, stripe.url, 2).cancel(card.intent_id)
    with frozen(now() + timedelta(hours=7)):
        reconcile_payments()
    assert state_of(card.order_id) == ("placed", "failed", "cancelled")


@pytest.mark.usefixtures("manual")
def test_the_assistant_calls_what_a_card_has_promised_nothing_left_to_pay(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    context = ToolContext(card.me, open_conversation(card.me), "EUR", explain)

    def told() -> tuple[str, str]:
        release()
        facts = TOOLS.call("order_status", {"number": card.number}, context).data
        return facts["promised_by_card"], facts["left_to_pay"]

    assert told() == ("160.00 EUR", "0.00 EUR")
    capture_payment(card.number)
    assert told() == ("0.00 EUR", "0.00 EUR")


@pytest.mark.usefixtures("manual")
def test_part_of_it_is_captured_and_the_rest_let_go_of(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    with pytest.raises(NothingToCapture):
        capture_payment(card.number, Decimal("160.01"))
    assert capture_payment(card.number, Decimal("90.00")) == Decimal("90.00")
    assert state_of(card.order_id) == ("placed", "paid", "captured")
    assert payment_of(card.order_id).captured == Decimal("90.00")
    with pytest.raises(NothingToCapture):
        capture_payment(card.number)
    bring_up_to_date(card.order_id)
    assert payment_of(card.order_id).refunded == 0, "what was let go of was never ours"
    with pytest.raises(RefundTooLarge) as refusal:
        refund_payment(card.number, Decimal("90.01"))
    assert refusal.value.left == Decimal("90.00")


@pytest.mark.usefixtures("manual")
def test_what_goes_back_at_the_provider_counts_also_when_as_much_was_let_go_of(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    capture_payment(card.number, Decimal("80.00"))
    bring_up_to_date(card.order_id)
    assert payment_of(card.order_id).refunded == 0
    stripe.call("POST", "/v1/refunds", payment_intent=card.intent_id, amount="8000")
    for _ in range(2):
        bring_up_to_date(card.order_id)
    assert payment_of(card.order_id).refunded == Decimal("80.00")
    assert state_of(card.order_id) == ("placed", "refunded", "refunded")


@pytest.mark.usefixtures("manual")
def test_captured_at_the_provider_it_is_paid_here(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    stripe.call("POST", f"/v1/payment_intents/{card.intent_id}/capture")
    bring_up_to_date(card.order_id)
    assert state_of(card.order_id) == ("placed", "paid", "captured")


@pytest.mark.usefixtures("manual")
def test_a_capture_without_an_answer_is_found_out(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    stripe.cut_next("/capture", times=3)
    with pytest.raises(PaymentProviderFailure):
        capture_payment(card.number)
    assert state_of(card.order_id)[1] == "authorised"
    with frozen(now() + timedelta(hours=7)):
        reconcile_payments()
    assert state_of(card.order_id) == ("placed", "paid", "captured")


def test_money_goes_back_in_parts_and_never_more_than_came(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    refund_payment(card.number, Decimal("60.00"), "one was dented")
    assert state_of(card.order_id) == ("placed", "partially_refunded", "partially_refunded")
    with pytest.raises(RefundTooLarge):
        refund_payment(card.number, Decimal("100.01"))
    refund_payment(card.number, Decimal("100.00"))
    assert state_of(card.order_id) == ("placed", "refunded", "refunded")
    assert sorted(one["amount"] for one in stripe.refunds(card.intent_id)) == [6000, 10000]
    keys = [one.key for one in stripe.asked_for("/v1/refunds")]
    assert len(set(keys)) == 2


def test_the_second_of_two_who_saw_the_same_page_is_refused(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    refund_payment(card.number, Decimal("20.00"), seen=Decimal(0))
    with pytest.raises(RefundedMeanwhile):
        refund_payment(card.number, Decimal("20.00"), seen=Decimal(0))
    assert len(stripe.refunds(card.intent_id)) == 1


def test_a_refund_without_an_answer_stays_promised_and_is_found_out(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    stripe.cut_next("/v1/refunds", times=3)
    with pytest.raises(PaymentProviderFailure):
        refund_payment(card.number, Decimal("60.00"))
    assert payment_of(card.order_id).left == Decimal("100.00")
    assert session().scalar(sa.select(Refund.status)) == "pending"
    release()
    with frozen(now() + timedelta(minutes=6)):
        assert reconcile_payments()["refunds"] == 1
    assert session().scalar(sa.select(Refund.status)) == "succeeded"
    release()
    assert len(stripe.refunds(card.intent_id)) == 1
    assert state_of(card.order_id)[1] == "partially_refunded"


def test_a_refund_that_never_arrived_is_sent_again(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    stripe.fail_next("/v1/refunds", times=3)
    with pytest.raises(PaymentProviderFailure):
        refund_payment(card.number, Decimal("60.00"))
    with frozen(now() + timedelta(minutes=6)):
        assert reconcile_payments() == {"payments": 0, "captures": 0, "refunds": 1, "failed": 0}
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [6000]


def test_a_refund_the_provider_refuses_is_not_counted(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    stripe.fail_next("/v1/refunds", status=400)
    with pytest.raises(RefundFailed):
        refund_payment(card.number, Decimal("60.00"))
    assert payment_of(card.order_id).left == Decimal("160.00")
    assert state_of(card.order_id) == ("placed", "paid", "captured")


def test_what_was_given_back_at_the_provider_counts_here(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    stripe.call("POST", "/v1/refunds", payment_intent=card.intent_id, amount="1000")
    for _ in range(2):
        bring_up_to_date(card.order_id)
    assert payment_of(card.order_id).refunded == Decimal("10.00")
    assert state_of(card.order_id) == ("placed", "partially_refunded", "partially_refunded")


@pytest.mark.usefixtures("manual")
def test_cancelling_lets_go_of_a_promise(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    cancel_order(card.me, card.number)
    assert stripe.intent(card.intent_id)["status"] == "requires_capture", "nobody is asked in the transaction"
    work()
    assert stripe.intent(card.intent_id)["status"] == "canceled"
    assert state_of(card.order_id) == ("cancelled", "cancelled", "cancelled")
    with pytest.raises(NothingToCapture):
        capture_payment(card.number)


def test_cancelling_gives_back_what_was_taken(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    refund_payment(card.number, Decimal("10.00"))
    cancel_order(card.me, card.number)
    with pytest.raises(OrderNotCancellable):
        cancel_order(card.me, card.number)
    work()
    assert state_of(card.order_id) == ("cancelled", "refunded", "refunded")
    assert sorted(one["amount"] for one in stripe.refunds(card.intent_id)) == [1000, 15000]
    card = paid(stripe, order_by_card())
    cancel_order(card.me, card.number)
    assert state_of(card.order_id) == ("cancelled", "paid", "captured")
    work()
    assert state_of(card.order_id) == ("cancelled", "refunded", "refunded")
    assert stock_of(card.product_id) == Stock(5, 0)
    expected = ["mail.order_placed", "mail.order_refunded", "mail.order_cancelled"]
    assert letters() == [*expected, "mail.order_placed", "mail.order_cancelled"]


def test_giving_back_is_tried_until_it_works(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    cancel_order(card.me, card.number)
    stripe.cut_next("/v1/refunds", times=3)
    assert work() == 0
    assert state_of(card.order_id)[1] == "paid"
    with frozen(now() + timedelta(minutes=1)):
        assert work() == 1
    assert state_of(card.order_id) == ("cancelled", "refunded", "refunded")
    assert len(stripe.refunds(card.intent_id)) == 1


def test_a_draft_given_up_while_the_payment_was_begun(stripe: StripeServer, card_context: object) -> None:
    from storefront.orders import placing
    from storefront.orders.drafts import abandon

    guest, kettle = make_guest(), make_product(price="80.00")
    fill_cart(guest, (kettle, 2))
    draft = placing.prepare(guest, order_request("160.00", payment_method="stripe"))
    abandon(draft.id, "replaced")
    work()
    with pytest.raises(CheckoutExpired):
        placing.pay_and_finalise(draft)
    work()
    assert [one["status"] for one in stripe.intents()] == ["canceled"]
    assert session().scalar(sa.select(Order.status)) == "cancelled"
