"""What the letters about payments say: that money is here, or that a payment did not work and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from storefront.core.texts import gettext as _
from storefront.http.formats import format_money
from storefront.http.mail import mail_url
from storefront.orders.queries import OrderPage
from storefront.payments.cards import CARDS


@dataclass(frozen=True, slots=True)
class FailedWords:
    """``way_on`` is where the button leads."""

    what_happened: str
    what_now: str
    button: str
    way_on: str


def received_words(order: OrderPage, amount: str, left: Decimal) -> tuple[str, str]:
    """That ``amount``, as it is written, is here; and what is ``left`` to pay."""
    still = format_money(left, order.currency)
    if order.payment_method == CARDS.code:
        return (
            _(
                "%(amount)s was charged to your card for your order %(number)s.",
                amount=amount,
                number=order.number,
            ),
            _("%(amount)s stays reserved on it, and is charged later.", amount=still)
            if left
            else _("Nothing more is to be paid for it."),
        )
    return (
        _("%(amount)s has arrived for your order %(number)s.", amount=amount, number=order.number),
        _("%(amount)s is still to be paid.", amount=still)
        if left
        else _("Nothing more is to be paid for it."),
    )


def failed_words(order: OrderPage, link: str) -> FailedWords | None:
    """What has become of the payment, with the way to pay otherwise; None where the order needs none any more.

    ``link`` leads to the order.
    """
    if order.status == "cancelled":
        if order.placed_at is not None:
            return None
        return FailedWords(
            _(
                "Your bank did not approve the payment, so your order %(number)s was not placed. Nothing was charged.",
                number=order.number,
            ),
            _("What you had chosen is in your cart. You can order it with another card, or pay another way."),
            _("Choose another way to pay"),
            mail_url("checkout.page"),
        )
    if order.payment_status != "failed":
        return None
    what_happened = _(
        "What was reserved on your card for your order %(number)s is not reserved any more: your bank has let go of "
        "it before we charged it. Nothing was charged.",
        number=order.number,
    )
    if not order.can_change:
        now = _("Please write to us how you would like to pay.")
        return FailedWords(what_happened, now, _("Look at your order"), link)
    return FailedWords(
        what_happened,
        _("Your order waits for you. Please pay it by card once more, or choose another way to pay."),
        _("Choose another way to pay"),
        mail_url("checkout.change", number=order.number) if order.user_id else link,
    )
