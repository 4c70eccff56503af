"""Memberships against localstripe: joining once, what it gives, news in any order, the end."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from storefront.accounts.models import Subscription, User
from storefront.cart.queries import cart_view
from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.core.errors import NotAllowed, NotFound
from storefront.core.identity import Identity
from storefront.core.settings import Settings
from storefront.jobs.outbox import drain
from storefront.memberships.errors import (
    AlreadyMember,
    CardPaysMembership,
    JoiningAlready,
    MembershipEnds,
    NoCardPays,
    NoMembership,
    PlanChangedMeanwhile,
    PlanNameTaken,
    PlanNotOffered,
    PriceSeenOtherwise,
)
from storefront.memberships.queries import Membership, Plan, membership_of, offered_plans, plan, staff_plans
from storefront.memberships.services import (
    SeenQuote,
    change_card,
    change_plan,
    create_plan,
    follow,
    following,
    join,
    paying_card,
    payment_page,
    publish_plan,
    quote_change,
    reconcile_memberships,
    remove_card,
    resume,
    stop_at_period_end,
    update_plan,
    withdraw,
)
from storefront.orders.models import Order
from storefront.orders.services import place_order
from storefront.payments.events import keep_event
from storefront.payments.saved_cards import customer_of, kept_cards
from storefront.promotions.queries import Customer, reductions_for
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from storefront.providers.payment_provider import PaymentProviderFailure, ProviderEvent, ProviderSubscription
from storefront.providers.stripe_subscriptions import StripeSubscriptions
from tests.factories.accounts import make_staff
from tests.factories.buying import fill_cart, make_product, make_shipping, make_shopper, order_request
from tests.factories.cards import work
from tests.factories.memberships import Payer, keep_card, make_member, make_payer, make_plan, plan_edit
from tests.stripe_server import DECLINED, NEEDS_3D_SECURE, StripeServer

OTHER = "5555555555554444"

pytestmark = pytest.mark.usefixtures("card_context")


def tier(user_id: uuid.UUID) -> str:
    release()
    return session().scalars(sa.select(User.subscription_tier).where(User.id == user_id)).one()


def standing(user_id: uuid.UUID) -> Membership:
    release()
    found = membership_of(user_id)
    assert found is not None
    return found


def ships_free(identity: Identity) -> list[str]:
    """What frees this person's shipping, by name; their cart is worth 25.00."""
    release()
    if cart_view(identity).is_empty:
        fill_cart(identity, (make_product(price="25.00"), 1))
    reductions = reductions_for(cart_view(identity).snapshot, Customer(identity.user_id))
    return [one.name for one in reductions.applied if one.frees_shipping]


def letters(settings: Settings) -> list[str]:
    drain()
    return [mail.subject for mail in reversed(stored_mails(mail_folder(settings)))]


def test_who_joins_gets_what_the_plan_gives(stripe: StripeServer, settings: Settings) -> None:
    plan_id = make_plan()
    payer = make_payer(stripe)
    assert (tier(payer.user_id), ships_free(payer.identity)) == ("standard", [])
    joined = join(payer.user_id, plan_id, payer.card_id)
    assert (joined.status, joined.plan_name, joined.ends_with_period) == ("active", "Friends", False)
    assert joined.period_end is not None
    assert timedelta(days=27) < joined.period_end - now() < timedelta(days=32)
    assert (tier(payer.user_id), ships_free(payer.identity)) == ("member", ["Friends: free shipping"])
    (told,) = stripe.subscriptions()
    assert (told["id"], told["customer"]) == (joined.reference, customer_of(payer.user_id))
    assert [one.members for one in staff_plans()] == [1]
    assert letters(settings) == ["Welcome: your membership “Friends”"]


def test_an_order_of_a_member_ships_free_from_the_amount_on(stripe: StripeServer) -> None:
    make_shipping()
    payer, _reference = make_member(stripe, make_plan())
    fill_cart(payer.identity, (make_product(price="19.00"), 1))
    assert place_order(payer.identity, order_request("23.90", email="")).number
    fill_cart(payer.identity, (make_product(price="20.00"), 1))
    placed = place_order(payer.identity, order_request("20.00", email=""))
    stored = sa.select(Order.shipping_amount, Order.reductions).where(Order.id == placed.order_id)
    shipping, reductions = session().execute(stored).one()
    assert shipping == Decimal("0.00")
    assert [one["name"] for one in reductions] == ["Friends: free shipping"]


def test_nobody_joins_twice(stripe: StripeServer) -> None:
    plan_id = make_plan()
    payer, _reference = make_member(stripe, plan_id)
    with pytest.raises(AlreadyMember):
        join(payer.user_id, plan_id, payer.card_id)
    assert len(stripe.subscriptions()) == 1


def test_a_membership_that_begins_in_another_tab_is_not_begun_twice(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id = make_plan()
    payer = make_payer(stripe)

    def meanwhile(user_id: uuid.UUID) -> str | None:
        monkeypatch.undo()
        join(user_id, plan_id, payer.card_id)
        return customer_of(user_id)

    monkeypatch.setattr("storefront.memberships.services.joining.customer_of", meanwhile)
    with pytest.raises(AlreadyMember):
        join(payer.user_id, plan_id, payer.card_id)
    assert len(stripe.subscriptions()) == 1
    assert standing(payer.user_id).status == "active"


def test_an_answer_that_never_came_is_heard_at_the_next_click(stripe: StripeServer) -> None:
    plan_id = make_plan()
    payer = make_payer(stripe)
    stripe.cut_next("/v1/subscriptions", times=3, method="POST")
    with pytest.raises(PaymentProviderFailure):
        join(payer.user_id, plan_id, payer.card_id)
    release()
    assert tier(payer.user_id) == "standard"
    with pytest.raises(AlreadyMember):
        join(payer.user_id, plan_id, payer.card_id)
    assert tier(payer.user_id) == "member"
    assert len(stripe.subscriptions()) == 1


def test_a_second_click_waits_for_the_first(stripe: StripeServer) -> None:
    plan_id = make_plan()
    payer = make_payer(stripe)
    stripe.fail_next("/v1/customers", status=500, times=3)
    with pytest.raises(PaymentProviderFailure):
        join(payer.user_id, plan_id, payer.card_id)
    release()
    with pytest.raises(JoiningAlready):
        join(payer.user_id, plan_id, payer.card_id)
    assert stripe.subscriptions() == []
    with frozen(now() + timedelta(minutes=11)):
        assert join(payer.user_id, plan_id, payer.card_id).status == "active"


@pytest.mark.parametrize("card", [DECLINED, NEEDS_3D_SECURE])
def test_what_the_bank_does_not_approve_gives_nothing_yet(stripe: StripeServer, card: str) -> None:
    plan_id = make_plan()
    payer = make_payer(stripe, card)
    joined = join(payer.user_id, plan_id, payer.card_id)
    assert (joined.status, joined.is_running) == ("incomplete", False)
    assert (tier(payer.user_id), ships_free(payer.identity)) == ("standard", [])
    with pytest.raises(AlreadyMember):
        join(payer.user_id, plan_id, payer.card_id)
    release()
    withdraw(payer.user_id)
    assert membership_of(payer.user_id) is None
    assert [one["status"] for one in stripe.subscriptions()] == ["canceled"]


def test_the_bank_is_heard_on_the_providers_page(stripe: StripeServer) -> None:
    plan_id = make_plan()
    payer = make_payer(stripe, NEEDS_3D_SECURE)
    joined = join(payer.user_id, plan_id, payer.card_id)
    (intent,) = stripe.intents()
    stripe.authenticate(intent["id"])
    news(payer.user_id, "invoice.paid")
    assert standing(payer.user_id).status == "active"
    assert tier(payer.user_id) == "member"
    assert standing(payer.user_id).reference == joined.reference
    assert payment_page(payer.user_id) == ""


def news(user_id: uuid.UUID, kind: str) -> None:
    """The provider tells that something has happened, and the worker works."""
    release()
    customer = customer_of(user_id)
    assert customer
    keep_event("stripe", ProviderEvent(f"evt_{uuid.uuid4().hex}", kind, "", "", customer))
    work()


def test_renewal_failed_payment_and_end_come_by_news_in_any_order(
    stripe: StripeServer, settings: Settings
) -> None:
    payer, reference = make_member(stripe, make_plan())
    in_two_months = int(time.time()) + 61 * 86_400
    stripe.tell_of(reference, current_period_end=in_two_months)
    news(payer.user_id, "invoice.paid")
    assert standing(payer.user_id).period_end == session().scalar(
        sa.select(sa.func.to_timestamp(in_two_months))
    )
    stripe.tell_of(reference, status="past_due")
    for kind in ("invoice.payment_failed", "customer.subscription.updated", "invoice.payment_failed"):
        news(payer.user_id, kind)
    assert standing(payer.user_id).status == "past_due"
    assert (tier(payer.user_id), ships_free(payer.identity)) == ("member", ["Friends: free shipping"])
    stripe.tell_of(reference, status="active")
    news(payer.user_id, "invoice.paid")
    stripe.tell_of(reference, status="canceled")
    news(payer.user_id, "customer.subscription.deleted")
    news(payer.user_id, "invoice.payment_failed")  # late
    assert membership_of(payer.user_id) is None
    assert (tier(payer.user_id), ships_free(payer.identity)) == ("standard", [])
    assert letters(settings) == [
        "Welcome: your membership “Friends”",
        "Your membership “Friends” could not be paid",
        "Your membership “Friends” has ended",
    ]


def test_it_ends_with_what_is_paid_or_goes_on_after_all(stripe: StripeServer) -> None:
    payer, _reference = make_member(stripe, make_plan())
    stop_at_period_end(payer.user_id)
    assert standing(payer.user_id).ends_with_period
    assert tier(payer.user_id) == "member"
    assert stripe.subscriptions()[0]["cancel_at_period_end"]
    resume(payer.user_id)
    assert not standing(payer.user_id).ends_with_period
    with pytest.raises(NoMembership):
        withdraw(payer.user_id)


def test_strangers_have_nothing_to_end(stripe: StripeServer) -> None:
    plan_id = make_plan()
    payer = make_payer(stripe)
    stranger = make_shopper().user_id
    assert stranger
    for act in (stop_at_period_end, resume, withdraw, payment_page):
        with pytest.raises(NoMembership):
            act(stranger)
    with pytest.raises(NotFound):
        join(stranger, plan_id, payer.card_id)


def test_what_nobody_told_is_asked(stripe: StripeServer) -> None:
    payer, reference = make_member(stripe, make_plan())
    assert reconcile_memberships() == {"memberships": 0, "failed": 0}
    stripe.tell_of(reference, status="canceled")
    with frozen(now() + timedelta(days=40)):
        assert reconcile_memberships() == {"memberships": 1, "failed": 0}
    assert tier(payer.user_id) == "standard"


def test_a_deleted_account_is_not_charged_any_more(stripe: StripeServer) -> None:
    payer, _reference = make_member(stripe, make_plan())
    customer = customer_of(payer.user_id)
    with transaction() as current:
        current.execute(sa.update(User).where(User.id == payer.user_id).values(deleted_at=sa.func.now()))
    work()
    # Stripe ends a deleted customer's subscriptions by itself.
    assert customer not in [one["id"] for one in stripe.customers()]


def test_a_plan_is_offered_once_the_provider_knows_it(stripe: StripeServer) -> None:
    staff = make_staff().id
    plan_id = create_plan(staff, plan_edit())
    release()
    payer = make_payer(stripe)
    with pytest.raises(PlanNotOffered):
        join(payer.user_id, plan_id, payer.card_id)
    assert offered_plans() == []
    publish_plan(plan_id)
    publish_plan(plan_id)
    assert len(stripe.asked_for("/v1/prices")) == 1
    release()
    first = plan(plan_id)
    assert [one.id for one in offered_plans()] == [plan_id]
    update_plan(staff, plan_id, 1, plan_edit(price=Decimal("6.00")))
    assert offered_plans() == []
    release()
    publish_plan(plan_id)
    assert plan(plan_id).price_id not in (None, first.price_id)
    with pytest.raises(PlanChangedMeanwhile):
        update_plan(staff, plan_id, 1, plan_edit())
    with pytest.raises(PlanNameTaken):
        create_plan(staff, plan_edit())
    update_plan(staff, plan_id, 2, plan_edit(price=Decimal("6.00"), is_active=False))
    release()
    with pytest.raises(PlanNotOffered):
        join(payer.user_id, plan_id, payer.card_id)


def test_members_follow_what_staff_change_about_the_benefit(stripe: StripeServer) -> None:
    plan_id = make_plan()
    payer, _reference = make_member(stripe, plan_id)
    staff = make_staff().id
    assert ships_free(payer.identity) == ["Friends: free shipping"]
    update_plan(staff, plan_id, 1, plan_edit(free_shipping_over=Decimal("30.00")))
    assert ships_free(payer.identity) == []
    update_plan(staff, plan_id, 2, plan_edit(free_shipping_over=Decimal(0)))
    assert ships_free(payer.identity) == ["Friends: free shipping"]
    update_plan(staff, plan_id, 3, plan_edit(free_shipping_over=None))
    assert ships_free(payer.identity) == []


def test_only_staff_make_plans() -> None:
    customer = make_shopper().user_id
    assert customer
    with pytest.raises(NotAllowed):
        create_plan(customer, plan_edit())


def test_somebody_elses_subscription_of_the_same_account_is_left_alone(stripe: StripeServer) -> None:
    payer, reference = make_member(stripe, make_plan())
    stripe.tell_of(reference, metadata={"attempt": "another shop's"})
    follow(payer.user_id)
    assert standing(payer.user_id).reference == reference
    assert session().scalar(sa.select(sa.func.count()).select_from(Subscription)) == 1


def test_another_card_pays_from_now_on_and_the_former_may_go(stripe: StripeServer) -> None:
    payer, _reference = make_member(stripe, make_plan())
    with pytest.raises(CardPaysMembership) as refusal:
        remove_card(payer.user_id, payer.card_id)
    assert refusal.value.plan == "Friends"
    assert stripe.asked_for("/detach") == []
    release()
    keep_card(stripe, payer.user_id, OTHER)
    other = next(one.id for one in kept_cards(payer.user_id) if one.id != payer.card_id)
    assert paying_card(payer.user_id) == payer.card_id
    change_card(payer.user_id, other)
    assert paying_card(payer.user_id) == other
    remove_card(payer.user_id, payer.card_id)
    assert [one.id for one in kept_cards(payer.user_id)] == [other]
    stranger, _reference = make_member(stripe, make_plan(name="Others"))
    release()
    with pytest.raises(NotFound):
        change_card(stranger.user_id, other)


def test_without_its_card_a_membership_that_ends_does_not_go_on(stripe: StripeServer) -> None:
    payer, _reference = make_member(stripe, make_plan())
    stop_at_period_end(payer.user_id)
    release()
    remove_card(payer.user_id, payer.card_id)
    release()
    with pytest.raises(NoCardPays):
        resume(payer.user_id)
    assert standing(payer.user_id).ends_with_period
    keep_card(stripe, payer.user_id)
    change_card(payer.user_id, kept_cards(payer.user_id)[0].id)
    release()
    resume(payer.user_id)
    assert not standing(payer.user_id).ends_with_period


def test_another_plan_gives_what_it_gives_at_the_price_that_was_seen(stripe: StripeServer) -> None:
    payer, reference = make_member(stripe, make_plan())
    other = plan(make_plan(name="Family", price=Decimal("8.00"), free_shipping_over=None))
    assert other.price_id
    release()
    with pytest.raises(PriceSeenOtherwise):
        change_plan(payer.user_id, other.id, replace(seen(payer, other), price_id="price_of_yesterday"))
    stripe.fail_next(f"/v1/subscriptions/{reference}", status=402, method="POST")
    with pytest.raises(PaymentProviderFailure):
        change_plan(payer.user_id, other.id, seen(payer, other))
    assert standing(payer.user_id).plan_name == "Friends"
    release()
    quoted = seen(payer, other)
    change_plan(payer.user_id, other.id, quoted)
    changed = standing(payer.user_id)
    assert (changed.plan_id, changed.plan_name, changed.reference) == (other.id, "Family", reference)
    assert (tier(payer.user_id), ships_free(payer.identity)) == ("member", [])
    _declined, asked = [one for one in stripe.asked_for(reference) if one.form.get("proration_behavior")]
    assert (asked.form["proration_behavior"], asked.form["payment_behavior"]) == (
        "always_invoice",
        "error_if_incomplete",
    )
    first = plan(make_plan(name="Friends again"))
    stop_at_period_end(payer.user_id)
    with pytest.raises(MembershipEnds):
        change_plan(payer.user_id, first.id, replace(quoted, price_id=first.price_id or ""))


def test_a_change_that_was_made_stands_though_it_could_not_be_looked_at(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    payer, _reference = make_member(stripe, make_plan())
    other = plan(make_plan(name="Family", price=Decimal("8.00"), free_shipping_over=None))
    release()
    quoted = seen(payer, other)

    def unreachable(_self: StripeSubscriptions, _customer: str) -> list[ProviderSubscription]:
        raise PaymentProviderFailure("unreachable", "nobody answers")

    with monkeypatch.context() as for_a_while:
        for_a_while.setattr(StripeSubscriptions, "subscriptions_of", unreachable)
        change_plan(payer.user_id, other.id, quoted)
    assert standing(payer.user_id).plan_name == "Friends"
    release()
    follow(payer.user_id)
    assert standing(payer.user_id).plan_name == "Family"


def seen(payer: Payer, other: Plan) -> SeenQuote:
    """What the page says of a change to this plan."""
    quote = quote_change(payer.user_id, other.id)
    release()
    return SeenQuote(quote.price_id, quote.due, quote.at)


def test_what_was_read_before_somebody_wrote_is_read_again(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    payer, reference = make_member(stripe, make_plan())
    ask = StripeSubscriptions.subscriptions_of

    def slowly(self: StripeSubscriptions, customer: str) -> list[ProviderSubscription]:
        read = ask(self, customer)
        monkeypatch.undo()
        stripe.tell_of(reference, status="canceled")
        follow(payer.user_id)
        return read

    monkeypatch.setattr(StripeSubscriptions, "subscriptions_of", slowly)
    follow(payer.user_id)
    assert membership_of(payer.user_id) is None
    assert tier(payer.user_id) == "standard"


def test_one_that_fails_keeps_nobody_waiting(stripe: StripeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_id = make_plan()
    members = [make_member(stripe, plan_id) for _ in range(2)]
    for _payer, reference in members:
        stripe.tell_of(reference, status="canceled")
    monkeypatch.setattr(following, "_BATCH", 1)
    with frozen(now() + timedelta(days=40)):
        stripe.fail_next("/v1/subscriptions", times=3)
        assert reconcile_memberships() == {"memberships": 0, "failed": 1}
        assert reconcile_memberships() == {"memberships": 1, "failed": 0}
    assert [membership_of(payer.user_id) is None for payer, _reference in members] == [False, True]
