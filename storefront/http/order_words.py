"""An order's states, events and payment in words, for its page and its mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storefront.core.texts import gettext as _
from storefront.http.address_words import written_address
from storefront.http.order_state import order_state
from storefront.orders.queries import OrderPage
from storefront.payments.methods import GIFT_CARD
from storefront.payments.queries import known_method


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the timeline; what is still to come has no time."""

    label: str
    at: datetime | None
    done: bool


@dataclass(frozen=True, slots=True)
class OrderWords:
    """``state`` with its badge's kind, how it is paid, and the timeline."""

    state: str
    kind: str
    payment: str
    payment_state: str
    steps: tuple[Step, ...]
    shipping_lines: tuple[str, ...]
    billing_lines: tuple[str, ...]

    @property
    def steps_as_rows(self) -> list[tuple[str, datetime | None, bool]]:
        """The timeline as its macro takes it."""
        return [(step.label, step.at, step.done) for step in self.steps]


def words_for(order: OrderPage) -> OrderWords:
    """Word ``order`` in the page's language."""
    state, kind = order_state(order)
    return OrderWords(
        state,
        kind,
        payment_name(order.payment_method),
        _("What you paid is on its way back to you.")
        if order.status == "cancelled" and order.payment_status == "paid"
        else payment_state(order.payment_method, order.payment_status),
        tuple(_steps(order)),
        written_address(order.shipping_address),
        written_address(order.billing_address),
    )


def payment_name(code: str) -> str:
    """A way to pay as shoppers choose it; the code itself for one that nobody knows any more."""
    method = known_method(code)
    if method is not None:
        return _(method.label)
    return {  # orders out of other shops' books
        "credit_card": _("Credit card"),
        "paypal": _("PayPal"),
        "gift_card": _("Gift card"),
        "elsewhere": _("In another shop"),
    }.get(code, code)


def payment_state(method: str, status: str) -> str:
    """What there is to pay, or that it was."""
    if status == "cancelled":
        return _("There is nothing to pay.")
    if status in ("paid", "partially_refunded", "refunded"):
        return {
            "paid": _("Paid."),
            "partially_refunded": _("Paid, and given back in part."),
            "refunded": _("Given back."),
        }[status]
    if status == "failed":
        return _("The payment did not work.")
    if method == GIFT_CARD.code:
        return _("Your gift card has paid it.")
    if method == "invoice":
        return _("Please pay within 14 days after you get the invoice.")
    if method == "on_delivery":
        return _("You pay when the parcel arrives.")
    if method == "stripe" and status == "authorised":
        return _("The amount is reserved on your card, and charged when the parcel leaves.")
    return _("Not paid yet.")


def _steps(order: OrderPage) -> list[Step]:
    done = [Step(label, event.created_at, True) for event in order.events if (label := _label(event.kind))]
    if order.status == "cancelled":
        return done
    coming = []
    if order.status in ("pending", "placed", "processing"):
        coming.append(_("On its way"))
    if order.status not in ("delivered", "completed"):
        coming.append(_("Delivered"))
    return [*done, *(Step(label, None, False) for label in coming)]


def _label(kind: str) -> str:
    return {
        "placed": _("Ordered"),
        "processing": _("Being packed"),
        "shipped": _("On its way"),
        "delivered": _("Delivered"),
        "paid": _("Paid"),
        "cancelled": _("Cancelled"),
        "abandoned": _("Cancelled"),
        "money_back": _("Money given back"),
        "return_requested": _("Return asked for"),
        "return_approved": _("Return approved"),
        "return_rejected": _("Return refused"),
        "return_received": _("Return received"),
        "return_completed": _("Return done"),
        "return_cancelled": _("Return withdrawn"),
        "replacement_shipped": _("Replacement on its way"),
    }.get(kind, "")
