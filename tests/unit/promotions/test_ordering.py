"""Promotions and gift cards from the cart to the order and back, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.cart import services as carts
from storefront.cart.queries import CartView, reduced_cart
from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.jobs.outbox import drain
from storefront.orders.errors import TotalChanged
from storefront.orders.models import Order, OrderItem
from storefront.orders.queries import order_for_mail
from storefront.orders.services import PlaceOrder, SeenAmount, cancel_order, place_order
from storefront.orders.settling import settle_stranded_orders
from storefront.orders.verification import order_differences
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.queries import payments_of
from storefront.promotions.errors import (
    CouponRefused,
    GiftCardBalanceChanged,
    PromotionChangedMeanwhile,
    PromotionRefused,
    PromotionUsedUp,
    UnknownGiftCard,
)
from storefront.promotions.models import GiftCard, Promotion, PromotionCode, PromotionUse
from storefront.promotions.queries import Customer, gift_card_by_code, reductions_for
from storefront.promotions.reasons import (
    Ended,
    FirstOrderOnly,
    MinimumNotReached,
    NotForYou,
    UnknownCode,
    Unreadable,
    UsedUp,
    UsedUpForYou,
)
from storefront.promotions.services import (
    PromotionEdit,
    add_codes,
    add_to_group,
    issue_gift_card,
    remove_from_group,
    set_active,
    update_promotion,
)
from storefront.promotions.verification import promotion_differences
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from tests.factories.buying import (
    fill_cart,
    make_category,
    make_draft,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
    stock_of,
)
from tests.factories.promotions import balance_of, make_gift_card, make_promotion, uses_of

pytestmark = pytest.mark.usefixtures("app_context")
AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


@pytest.fixture(autouse=True)
def _shipping(app_context: object) -> None:
    make_shipping()


@pytest.fixture
def shopper() -> Identity:
    """Somebody with an account and a kettle for 100.00 in the cart."""
    identity = make_shopper()
    fill_cart(identity, (make_product("Kettle", "100.00", stock=20), 1))
    return identity


def assert_books_balance() -> None:
    session().rollback()
    assert order_differences() == []
    assert promotion_differences() == []


def reason_of(view: CartView) -> object:
    refused = view.reductions.refused_code
    return refused and refused.reason


def test_an_automatic_promotion_reduces_cart_and_order(shopper: Identity) -> None:
    promotion = make_promotion("percent", "15", "Autumn")
    view = reduced_cart(shopper)
    assert (view.goods, [one.name for one in view.reductions.applied]) == (Decimal("85.00"), ["Autumn"])
    placed = place_order(shopper, order_request("85.00", email=""))
    order = session().get_one(Order, placed.order_id)
    assert (order.subtotal, order.discount_amount, order.total_amount) == (100, 15, 85)
    assert session().scalar(sa.select(OrderItem.discount)) == 15
    [kept] = order_for_mail(placed.order_id).reductions
    assert (kept.name, kept.amount) == ("Autumn", Decimal(15))
    assert uses_of(promotion) == (1, 1)
    assert_books_balance()


def test_a_category_means_those_below_it(shopper: Identity) -> None:
    from storefront.catalog.models import Category

    above, below = make_category("Outdoor"), make_category("Stoves")
    with transaction():
        session().execute(sa.update(Category).where(Category.id == below).values(parent_id=above))
    fill_cart(shopper, (make_product("Stove", "40.00", category_id=below), 1))
    make_promotion("percent", "50", conditions={"categories": [str(above)]})
    assert reduced_cart(shopper).reductions.amount == 20


@pytest.mark.parametrize("code", ["Spring", " spring ", "SPRING"])
def test_a_code_is_kept_however_it_is_written(shopper: Identity, code: str) -> None:
    make_promotion("amount", "5", code="SPRING")
    assert carts.enter_coupon(shopper, code).goods == 95
    assert reduced_cart(shopper).coupon == "SPRING"
    carts.remove_coupon(shopper)
    assert reduced_cart(shopper).goods == 100


def test_codes_that_cannot_apply_are_refused_with_the_reason(shopper: Identity) -> None:
    ended = now() - timedelta(days=1)
    make_promotion(code="OVER", starts_at=ended - timedelta(days=1), ends_at=ended)
    make_promotion(code="OFF", is_active=False)
    for code, reason in (("OVER", Ended(ended)), ("OFF", UnknownCode()), ("NONE", UnknownCode())):
        with pytest.raises(CouponRefused) as refusal:
            carts.enter_coupon(shopper, code)
        assert refusal.value.reason == reason
    assert reduced_cart(shopper).coupon == ""


def test_a_code_that_another_cart_would_satisfy_is_kept_with_its_reason(shopper: Identity) -> None:
    make_promotion("amount", "30", code="BIG", conditions={"minimum": "150.00"})
    view = carts.enter_coupon(shopper, "BIG")
    assert reason_of(view) == MinimumNotReached(Decimal("150.00"), Decimal("50.00"))
    fill_cart(shopper, (make_product("Mug", "50.00"), 1))
    assert reduced_cart(shopper).goods == 120


def test_a_guests_code_comes_along_at_sign_in() -> None:
    guest, user = make_guest(), make_shopper()
    make_promotion("amount", "5", code="ALONG")
    card = make_gift_card()
    fill_cart(guest, (make_product(price="50.00"), 1))
    carts.enter_coupon(guest, "ALONG")
    carts.enter_gift_card(guest, card.code)
    assert guest.session_id
    assert user.user_id
    carts.merge_carts(guest.session_id, user.user_id)
    view = reduced_cart(user)
    assert (view.coupon, view.gift_card_id, view.goods) == ("ALONG", card.id, Decimal(45))


def test_groups_first_orders_and_uses_per_customer(shopper: Identity) -> None:
    assert shopper.user_id
    group = add_to_group(None, "Club", shopper.user_id)
    make_promotion("amount", "1", code="CLUB", conditions={"groups": [str(group)]})
    first = make_promotion("amount", "2", code="FIRST", conditions={"first_order": True})
    assert session().get_one(Promotion, first).usage_limit_per_user == 1
    once = make_promotion("amount", "3", code="ONCE", usage_limit_per_user=1, lane="once")
    assert carts.enter_coupon(shopper, "CLUB").goods == 99
    remove_from_group(None, group, shopper.user_id)
    assert reason_of(reduced_cart(shopper)) == NotForYou()
    carts.enter_coupon(shopper, "ONCE")
    place_order(shopper, order_request("97.00", email=""))
    assert uses_of(once) == (1, 1)
    fill_cart(shopper, (make_product("Mug", "50.00"), 1))
    for code, reason in (("ONCE", UsedUpForYou(1)), ("FIRST", FirstOrderOnly())):
        with pytest.raises(CouponRefused) as refusal:
            carts.enter_coupon(shopper, code)
        assert refusal.value.reason == reason


def test_a_guest_is_known_by_their_address(shopper: Identity) -> None:
    make_promotion("amount", "20", "Hello", conditions={"first_order": True})
    kettle = make_product(price="100.00")
    paid = []
    for total, address in (("80.00", "Ida@Example.com"), ("100.00", "ida@example.com")):
        guest = make_guest()
        fill_cart(guest, (kettle, 1))
        placed = place_order(guest, order_request(total, email=address))
        paid += [payment.amount for payment in payments_of(placed.order_id)]
    assert paid == [Decimal("80.00"), Decimal("100.00")]


def test_what_nobody_understands_does_not_apply(shopper: Identity) -> None:
    promotion = make_promotion("amount", "5", code="ODD")
    with transaction():
        changed = sa.update(Promotion).where(Promotion.id == promotion).values(conditions={"weather": "rain"})
        session().execute(changed)
    with pytest.raises(CouponRefused) as refusal:
        carts.enter_coupon(shopper, "ODD")
    assert refusal.value.reason == Unreadable()
    assert reduced_cart(shopper).goods == 100


def test_free_shipping_and_the_limit_of_free_shipping() -> None:
    guest = make_guest()
    fill_cart(guest, (make_product(price="80.00"), 1))
    make_promotion("amount", "10", "Ten off")  # 70.00: below what is sent free of charge
    with pytest.raises(TotalChanged) as refusal:
        place_order(guest, order_request("70.00"))
    assert refusal.value.now == Decimal("74.90")
    free = make_promotion("free_shipping", "0", "Sent free")
    placed = place_order(guest, order_request("70.00"))
    page = order_for_mail(placed.order_id)
    assert (page.shipping, page.discount) == (0, 10)
    assert {one.name: one.shipping for one in page.reductions} == {
        "Ten off": 0,
        "Sent free": Decimal("4.90"),
    }
    assert uses_of(free) == (1, 1)
    assert_books_balance()


def test_a_total_that_changed_names_the_discount(shopper: Identity) -> None:
    promotion = make_promotion("amount", "10", "Ten off")
    seen = (SeenAmount("discount", str(promotion), "Ten off", Decimal(10)),)
    set_active(None, promotion, False)
    with pytest.raises(TotalChanged) as refusal:
        place_order(shopper, order_request("90.00", email="", seen=seen))
    [change] = [one for one in refusal.value.changes if one.what == "discount"]
    assert (change.name, change.was, change.now) == ("Ten off", 10, None)


def test_used_up_between_looking_and_ordering(shopper: Identity) -> None:
    make_promotion("amount", "10", code="LAST", usage_limit=1)
    other = make_shopper()
    kettle = make_product(price="100.00", stock=5)
    fill_cart(other, (kettle, 1))
    carts.enter_coupon(shopper, "LAST")
    carts.enter_coupon(other, "LAST")
    place_order(shopper, order_request("90.00", email=""))
    with pytest.raises((PromotionUsedUp, TotalChanged)):
        place_order(other, order_request("90.00", email=""))
    assert reason_of(reduced_cart(other)) == UsedUp()
    assert stock_of(kettle).reserved == 0
    assert_books_balance()


def test_a_draft_holds_its_use_for_itself_and_lets_go_of_it(shopper: Identity) -> None:
    promotion = make_promotion("amount", "10", code="HELD", usage_limit=1, usage_limit_per_user=1)
    card = make_gift_card("30.00")
    carts.enter_coupon(shopper, "HELD")
    carts.enter_gift_card(shopper, card.code)
    request = order_request("90.00", email="", expected_gift_card=Decimal(30))
    make_draft(shopper, request)
    assert uses_of(promotion) == (1, 1)
    assert balance_of(card)[0] == 0
    assert reduced_cart(shopper).goods == 90, "their own unfinished order does not stand in their way"
    make_draft(shopper, replace(request, idempotency_key=request.idempotency_key + "-2"))
    assert uses_of(promotion) == (1, 1)
    carts.clear(shopper)
    with frozen(now() + timedelta(hours=3)):
        assert settle_stranded_orders() == {"placed": 0, "cancelled": 1}
    assert uses_of(promotion) == (0, 0)
    assert balance_of(card)[0] == 30
    assert_books_balance()


def test_a_crashed_order_with_a_gift_card_is_finished(shopper: Identity) -> None:
    card = make_gift_card("30.00")
    carts.enter_gift_card(shopper, card.code)
    draft = make_draft(shopper, order_request("100.00", email="", expected_gift_card=Decimal(30)))
    with frozen(now() + timedelta(minutes=2)):
        assert settle_stranded_orders() == {"placed": 1, "cancelled": 0}
    assert [one.amount for one in payments_of(draft.id)] == [Decimal("70.00")]
    assert_books_balance()


def test_a_gift_card_pays_a_part_and_gets_it_back(shopper: Identity) -> None:
    card = make_gift_card("30.00")
    carts.enter_gift_card(shopper, card.code.lower())
    placed = place_order(shopper, order_request("100.00", email="", expected_gift_card=Decimal(30)))
    [payment] = payments_of(placed.order_id)
    assert (payment.provider, payment.amount) == ("invoice", Decimal("70.00"))
    assert balance_of(card) == (Decimal(0), [("issued", Decimal(30)), ("spent", Decimal(-30))])
    cancel_order(shopper, placed.number)
    assert balance_of(card)[0] == 30
    assert_books_balance()
    drain()
    kept = stored_mails(mail_folder(current_settings()))
    letters = [mail for mail in kept if placed.number in mail.text]
    confirmed, cancelled = (
        next(mail for mail in letters if word in mail.text) for word in ("start packing", "is cancelled")
    )
    for text in (confirmed.text, confirmed.html):
        assert "-€30.00" in text
        assert "€70.00" in text
    for text in (cancelled.text, cancelled.html):
        assert "€30.00 are on your gift card again." in text


def test_a_gift_card_pays_everything_and_nobody_is_asked_for_more(shopper: Identity) -> None:
    card = make_gift_card("150.00")
    carts.enter_gift_card(shopper, card.code)
    placed = place_order(shopper, order_request("100.00", email="", expected_gift_card=Decimal(100)))
    [payment] = payments_of(placed.order_id)
    assert (payment.provider, payment.amount, payment.status) == ("gift_card", 0, "authorised")
    assert balance_of(card)[0] == 50
    page = order_for_mail(placed.order_id)
    assert (page.gift_card, page.to_pay, page.payment_method) == (100, 0, "gift_card")
    cancel_order(shopper, placed.number)
    assert balance_of(card)[0] == 150
    assert_books_balance()


def test_nobody_chooses_a_gift_card_as_the_way_to_pay(shopper: Identity) -> None:
    with pytest.raises(UnknownPaymentMethod):
        place_order(shopper, order_request("100.00", email="", payment_method="gift_card"))


def test_a_card_that_holds_another_amount_than_was_shown(shopper: Identity) -> None:
    card = make_gift_card("30.00")
    carts.enter_gift_card(shopper, card.code)
    with pytest.raises(GiftCardBalanceChanged) as refusal:
        place_order(shopper, order_request("100.00", email="", expected_gift_card=Decimal(50)))
    assert (refusal.value.was, refusal.value.now) == (50, 30)
    assert balance_of(card)[0] == 30


def test_cards_are_stored_hashed_and_unknown_expired_and_empty_ones_answer_alike(shopper: Identity) -> None:
    card = make_gift_card("30.00")
    stored = session().get_one(GiftCard, card.id)
    assert card.code.replace("-", "") not in (stored.code_hash, stored.code_hint)
    assert gift_card_by_code(card.code)
    expired = issue_gift_card(None, Decimal(10), now() - timedelta(days=1))
    for code in (expired.code, "", "AAAA-BBBB-CCCC-DDDD"):
        with pytest.raises(UnknownGiftCard):
            carts.enter_gift_card(shopper, code)
    for amount in ("0", "-5", "1.001", "100000.01"):
        with pytest.raises(PromotionRefused):
            issue_gift_card(None, Decimal(amount))


def test_a_batch_of_codes_each_used_once_and_given_back(shopper: Identity) -> None:
    batch = make_promotion("amount", "10", has_single_codes=True)
    code, _other = add_codes(None, batch, 2, "Fair 2026")
    assert reduced_cart(shopper).goods == 100, "without a code it does not apply"
    carts.enter_coupon(shopper, code)
    placed = place_order(shopper, order_request("90.00", email=""))
    spent = sa.select(PromotionCode.order_id).where(PromotionCode.code == code)
    assert session().scalar(spent) == placed.order_id
    fill_cart(shopper, (make_product("Mug", "50.00"), 1))
    with pytest.raises(CouponRefused) as refusal:
        carts.enter_coupon(shopper, code)
    assert refusal.value.reason == UsedUp()
    cancel_order(shopper, placed.number)
    assert carts.enter_coupon(shopper, code).goods == 40
    assert_books_balance()


def test_staff_do_not_overwrite_each_other_nor_write_what_cannot_be() -> None:
    edit = PromotionEdit("Ten", "percent", Decimal(10), code="TEN")
    promotion = make_promotion("percent", "10", code="TEN")
    assert update_promotion(None, promotion, 1, replace(edit, value=Decimal(12))) == 2
    with pytest.raises(PromotionChangedMeanwhile):
        update_promotion(None, promotion, 1, edit)
    for wrong in (
        replace(edit, value=Decimal(0)),
        replace(edit, conditions={"weather": "rain"}),
        replace(edit, has_single_codes=True),
        replace(edit, starts_at=now(), ends_at=now() - timedelta(1)),
        replace(edit, lane="two words"),
    ):
        with pytest.raises(PromotionRefused):
            update_promotion(None, promotion, 2, wrong)
    with pytest.raises(PromotionRefused):
        make_promotion(code="ten")


def test_books_that_do_not_agree_are_named(shopper: Identity) -> None:
    make_promotion("amount", "10", "Ten off")
    card = make_gift_card("30.00")
    place_order(shopper, order_request("90.00", email=""))
    with transaction():
        session().execute(sa.update(Promotion).values(used_count=3))
        session().execute(sa.update(GiftCard).where(GiftCard.id == card.id).values(balance=31))
    assert {(one.what, one.stored, one.computed) for one in promotion_differences()} == {
        ("promotion uses", 3, 1),
        ("gift card balance", 31, 30),
    }


def test_a_cart_with_promotions_takes_two_statements(
    shopper: Identity, assert_queries: AssertQueries
) -> None:
    for number in range(5):
        make_promotion("amount", str(number + 1), code=f"CODE{number}")
    make_promotion("percent", "5")
    carts.enter_coupon(shopper, "CODE3")
    with assert_queries(2):
        reduced_cart(shopper)


def test_signing_out_or_in_makes_nobody_another_customer() -> None:
    make_promotion("amount", "5", "Once", lane="once", code="ONCE", usage_limit_per_user=1)
    kettle = make_product("Kettle", "100.00", stock=20)
    ida = make_shopper("ida@example.com")

    def reduced_by(who: Identity, email: str = "") -> dict[str, object]:
        snapshot = reduced_cart(who).snapshot
        found = reductions_for(snapshot, Customer(who.user_id, email), "ONCE")
        reasons = {one.name: one.reason for one in found.refused}
        return {one.name: one.amount for one in found.applied} | reasons

    used = {"First": FirstOrderOnly(), "Once": UsedUpForYou(1)}
    unused = {"First": Decimal("10.00"), "Once": Decimal("5.00")}
    buyers = (
        (ida, "", [(make_guest(), " IDA@example.com"), (ida, "")]),
        (make_guest(), "Per@example.com", [(make_guest(), "per@example.com")]),
    )
    for buyer, email, _same in buyers:
        fill_cart(buyer, (kettle, 1))
        carts.enter_coupon(buyer, "ONCE")
        place_order(buyer, order_request("95.00", email=email))
    # Nobody has used it, so that what is seen of it is their orders.
    make_promotion("percent", "10", "First", conditions={"first_order": True})
    per = make_shopper("PER@example.com")
    same = [one for *_who, those in buyers for one in those] + [(per, "")]
    for who, email in [*same, (make_guest(), "eva@example.com")]:
        fill_cart(who, (kettle, 1))
        assert reduced_by(who, email) == (unused if "eva" in email else used), email
    assert set(session().scalars(sa.select(PromotionUse.email))) == {"ida@example.com", "per@example.com"}


def test_the_limit_per_customer_holds_for_an_address_whoever_writes_the_use(shopper: Identity) -> None:
    limited = make_promotion("amount", "20", code="ONCE", usage_limit_per_user=1)
    carts.enter_coupon(shopper, "ONCE")
    placed = place_order(shopper, order_request("80.00", email=""))
    email = session().scalar(sa.select(PromotionUse.email))
    other = place_order(*another_order())
    row = {"promotion_id": limited, "customer": "somebody", "amount": 1, "email": email}
    with pytest.raises(IntegrityError, match="used up for this customer"), transaction():
        session().execute(sa.insert(PromotionUse).values(order_id=other.order_id, **row))
    assert uses_of(limited) == (1, 1)
    assert placed.order_id != other.order_id


def another_order() -> tuple[Identity, PlaceOrder]:
    guest = make_guest()
    fill_cart(guest, (make_product("Mug", "80.00"), 1))
    return guest, order_request("80.00")
