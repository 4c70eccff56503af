"""Cards that people keep for next time. They are the provider's; here is no more than what a person calls them by.

What the provider says is true: :func:`read_cards` makes our rows the same, whoever brought the news. No transaction is
open while it is asked.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.core.db import assert_no_transaction, release, session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.ids import new_id
from storefront.payments.cards import cards_are_configured
from storefront.payments.models import Payment, PaymentCustomer, SavedPaymentMethod
from storefront.payments.queries import PaymentRow
from storefront.providers.payment_provider import CardSetup, NextStep, PaymentProviderFailure, ProviderCard
from storefront.providers.stripe_customers import stripe_customers

FORGET_CUSTOMER = "payments.forget_customer"
"""The outbox entry that a trigger leaves when a person's row at the provider goes."""


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A card that a person can pay with. ``reference`` is the provider's name for it."""

    id: uuid.UUID
    brand: str
    last_four: str
    reference: str


def kept_cards(user_id: uuid.UUID | None) -> list[KeptCard]:
    """The person's cards, the last first; none for a guest, and none where the shop takes no cards."""
    if user_id is None or not cards_are_configured():
        return []
    row = SavedPaymentMethod
    found = session().execute(
        sa.select(row.id, row.brand, row.last_four, row.provider_reference)
        .where(row.user_id == user_id, row.provider_reference.is_not(None))
        .order_by(row.created_at.desc(), row.id)
    )
    return [
        KeptCard(one.id, one.brand or "", one.last_four or "", one.provider_reference or "") for one in found
    ]


def customer_of(user_id: uuid.UUID) -> str | None:
    """Who the person is at the provider; None where the provider does not know them."""
    known = sa.select(PaymentCustomer.reference).where(PaymentCustomer.user_id == user_id)
    return session().scalar(known)


def user_of(customer: str) -> uuid.UUID | None:
    """The person whom the provider calls so."""
    known = sa.select(PaymentCustomer.user_id).where(PaymentCustomer.reference == customer)
    return session().scalar(known)


def introduce(user_id: uuid.UUID, email: str) -> str:
    """Who the person is at the provider, made known there where they are not. Raises ``PaymentProviderFailure``."""
    known = customer_of(user_id)
    if known is not None:
        return known
    release()
    reference = stripe_customers().create_customer(email, str(user_id))
    with transaction():
        write(
            insert(PaymentCustomer)
            .values(user_id=user_id, reference=reference)
            .on_conflict_do_nothing(index_elements=[PaymentCustomer.user_id])
        )
        return customer_of(user_id) or reference


def keep_card(payment: PaymentRow | None, user_id: uuid.UUID, email: str) -> None:
    """Have the card be kept that is about to pay this payment. Raises ``PaymentProviderFailure``, NotFound.

    The caller has made sure that it is this person's to pay.
    """
    customer, reference = introduce(user_id, email), _reference_of(payment)
    release()
    stripe_customers().keep_from(reference, customer)
    _note_wish(payment, user_id)


def keep_no_card(payment: PaymentRow | None) -> None:
    """The shopper has thought better of it, before anything was paid. Raises as :func:`keep_card`."""
    reference = _reference_of(payment)
    release()
    stripe_customers().keep_nothing_from(reference)
    _note_wish(payment, None)


def pay_with_card(payment: PaymentRow | None, user_id: uuid.UUID, card_id: uuid.UUID, back: str) -> NextStep:
    """Pay a payment that was begun with a card this person has kept; ``back`` is the way back from their bank.

    The caller has made sure that it is theirs to pay. Raises :class:`NotFound` for a card that is not theirs and for a
    payment that waits for nobody, ``PaymentProviderFailure`` (``declined`` by the bank).
    """
    card, customer = _own(user_id, card_id), customer_of(user_id)
    if customer is None:
        raise NotFound("card", str(card_id))
    reference = _reference_of(payment)
    release()
    return stripe_customers().pay_with(reference, customer, card.reference, back)


def begin_card(user_id: uuid.UUID, email: str) -> CardSetup:
    """A card is about to be added without a payment. Raises ``PaymentProviderFailure``."""
    customer = introduce(user_id, email)
    release()
    return stripe_customers().begin_setup(customer)


def card_begun(user_id: uuid.UUID, setup_id: str) -> CardSetup:
    """A card that this person has begun to add. Raises :class:`NotFound` for any other, ``PaymentProviderFailure``."""
    customer = customer_of(user_id)
    if customer is None:
        raise NotFound("card", setup_id)
    release()
    try:
        setup = stripe_customers().setup(setup_id)
    except PaymentProviderFailure as failure:
        if failure.code == "unknown":
            raise NotFound("card", setup_id) from None
        raise
    if setup.customer != customer:
        raise NotFound("card", setup_id)
    return setup


def read_cards(user_id: uuid.UUID) -> int:
    """Make the person's cards here what they are at the provider; returns how many there are.

    A card that was left there twice is shown once. The other stays there: a membership may be paid by it. Raises
    ``PaymentProviderFailure``.
    """
    customer = customer_of(user_id)
    if customer is None:
        return 0
    known = {card.reference for card in kept_cards(user_id)}
    release()
    once: dict[str, ProviderCard] = {}
    for card in stripe_customers().cards(customer):
        if card.id in known or card.fingerprint not in once:
            once[card.fingerprint] = card
    with transaction():
        _write_cards(user_id, list(once.values()))
    return len(once)


def remove_card(user_id: uuid.UUID, card_id: uuid.UUID) -> None:
    """Have the provider let go of a card of this person's, however often it was left there, then forget it here.

    Raises :class:`NotFound` for one that is not theirs, and ``PaymentProviderFailure``; the card then stays.
    """
    for reference in same_cards(user_id, card_id):
        stripe_customers().detach(reference)
    with transaction():
        write(sa.delete(SavedPaymentMethod).where(SavedPaymentMethod.id == card_id))


def kept_as(user_id: uuid.UUID, reference: str) -> uuid.UUID | None:
    """The kept card that the provider calls ``reference``, or that is the same one, left there once more.

    Raises ``PaymentProviderFailure``.
    """
    for card in kept_cards(user_id):
        if reference == card.reference or reference in same_cards(user_id, card.id):
            return card.id
    return None


def same_cards(user_id: uuid.UUID, card_id: uuid.UUID) -> list[str]:
    """What the provider calls a card of this person's, however often it was left there.

    Raises :class:`NotFound` for one that is not theirs, and ``PaymentProviderFailure``.
    """
    card, customer = _own(user_id, card_id), customer_of(user_id)
    release()
    there = stripe_customers().cards(customer) if customer else []
    same = {one.fingerprint for one in there if one.id == card.reference}
    return [one.id for one in there if one.fingerprint in same]


def card_reference(user_id: uuid.UUID, card_id: uuid.UUID) -> str:
    """What the provider calls a card of this person's. Raises :class:`NotFound`."""
    return _own(user_id, card_id).reference


def lock_customer(user_id: uuid.UUID) -> bool:
    """Lock who the person is at the provider until the transaction ends; False where nobody is (any more)."""
    owner = sa.select(PaymentCustomer.user_id).where(PaymentCustomer.user_id == user_id).with_for_update()
    return session().scalar(owner) is not None


def forget_customer(reference: str) -> None:
    """Have the provider forget somebody who is gone here. Raises ``PaymentProviderFailure``."""
    assert_no_transaction()
    if cards_are_configured():
        stripe_customers().forget(reference)


def _own(user_id: uuid.UUID, card_id: uuid.UUID) -> KeptCard:
    for card in kept_cards(user_id):
        if card.id == card_id:
            return card
    raise NotFound("card", str(card_id))


def _reference_of(payment: PaymentRow | None) -> str:
    if payment is None or payment.status != "pending" or not payment.provider_reference:
        raise NotFound("payment")
    return payment.provider_reference


def _note_wish(payment: PaymentRow | None, kept_for: uuid.UUID | None) -> None:
    if payment is not None:
        with transaction():
            write(sa.update(Payment).where(Payment.id == payment.id).values(kept_for=kept_for))


def _write_cards(user_id: uuid.UUID, cards: list[ProviderCard]) -> None:
    # One reader at a time: two would each remove what the other has just written.
    if not lock_customer(user_id):
        return  # deleted meanwhile, and with it the cards
    row = SavedPaymentMethod
    there = [card.id for card in cards]
    write(
        sa.delete(row).where(
            row.user_id == user_id, row.provider_reference.is_not(None), row.provider_reference.not_in(there)
        )
    )
    for card in cards:
        write(
            insert(row)
            .values(
                id=new_id(),
                user_id=user_id,
                kind="credit_card",
                brand=card.brand,
                last_four=card.last_four,
                provider_reference=card.id,
            )
            .on_conflict_do_nothing(
                index_elements=[row.provider_reference],
                index_where=sa.text("provider_reference IS NOT NULL"),
            )
        )
