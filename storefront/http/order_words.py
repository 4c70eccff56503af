"""An order's states, events and payment in words, for its page and its mails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from storefront.core.texts import gettext as _
from storefront.http.address_words import written_address
from storefront.http.formats import format_money
from storefront.http.order_state import order_state
from storefront.orders.giving_back import ANEW, STOPPED
from storefront.orders.queries import OrderLine, OrderPage, Parcel
from storefront.orders.reordering import NotReordered
from storefront.payments.methods import FREE, GIFT_CARD, is_paid_later
from storefront.payments.queries import known_method

_PAID = ("paid", "partially_refunded", "refunded")
_AMOUNT = re.compile(r"\d+\.\d{2}")


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the timeline; what is still to come has no time."""

    label: str
    at: datetime | None
    done: bool


@dataclass(frozen=True, slots=True)
class ParcelWords:
    """A parcel's state in words, and what it holds, a line each."""

    state: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderWords:
    """``state`` with its badge's kind, how it is paid, and the timeline.

    ``parcels`` are in the order of the order's; ``coming`` is what is still to be sent. ``history`` words every event,
    ``notes`` are what each says beside that; ``rest`` is what the part of the total is called that no gift card pays.
    ``left_to_pay`` is a sentence where something was given back of an order that is paid later.
    """

    state: str
    kind: str
    payment: str
    payment_state: str
    steps: tuple[Step, ...]
    shipping_lines: tuple[str, ...]
    billing_lines: tuple[str, ...]
    parcels: tuple[ParcelWords, ...] = ()
    coming: tuple[str, ...] = ()
    fulfilment: str = ""
    history: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rest: str = ""
    left_to_pay: str = ""

    @property
    def steps_as_rows(self) -> list[tuple[str, datetime | None, bool]]:
        """The timeline as its macro takes it."""
        return [(step.label, step.at, step.done) for step in self.steps]


def words_for(order: OrderPage) -> OrderWords:
    """Word ``order`` in the page's language."""
    state, kind = order_state(order)
    left = _left_to_pay(order)
    return OrderWords(
        state,
        kind,
        payment_name(order.payment_method),
        _payment(order, left),
        tuple(_steps(order)),
        written_address(order.shipping_address),
        written_address(order.billing_address),
        tuple(parcel_words(order, parcel) for parcel in order.parcels),
        tuple(_units(line.left, line) for line in order.lines if line.left) if order.parcels else (),
        _fulfilment(order.fulfilment_status, to_send=0 if order.status == "cancelled" else order.to_send),
        tuple(_label(event.kind) or _for_staff(event.kind) for event in order.events),
        tuple(_note(event.note, order.currency) for event in order.events),
        _("Paid: %(method)s", method=payment_name(order.payment_method))
        if order.payment_status in _PAID
        else _("To pay"),
        left,
    )


def _left_to_pay(order: OrderPage) -> str:
    """How much is left to pay of an order that is paid later and of which something was given back; else nothing."""
    if not (is_paid_later(order.payment_method) and order.refunded and order.left_to_pay):
        return ""
    amount = format_money(order.left_to_pay, order.currency)
    if order.only_shipping_left:
        return _("Only the shipping is left to pay: %(amount)s.", amount=amount)
    return _("Left to pay: %(amount)s.", amount=amount)


def _payment(order: OrderPage, left: str) -> str:
    if order.payment_method == FREE.code:
        return payment_state(order.payment_method, order.payment_status)
    if order.status == "cancelled" and order.payment_status in ("paid", "partially_refunded"):
        return _way_back(order)
    # Where no goods come any more, nobody pays at the door.
    method = "invoice" if order.only_shipping_left else order.payment_method
    return f"{left} {payment_state(method, order.payment_status)}".strip()


def _way_back(order: OrderPage) -> str:
    told = [event.kind for event in order.events if event.kind in (STOPPED, ANEW)]
    if told and told[-1] == STOPPED:
        return _(
            "Your bank would not take back what you paid. We are finding another way, and will write to you."
        )
    return _("What you paid is on its way back to you.")


def parcel_words(order: OrderPage, parcel: Parcel) -> ParcelWords:
    """Word one parcel of ``order`` in the page's language."""
    held = tuple(_units(parcel.units[line.id], line) for line in order.lines if line.id in parcel.units)
    return ParcelWords(_parcel_state(parcel.status), held)


def _units(units: int, line: OrderLine) -> str:
    options = [value for value in line.options.values() if value not in line.name]
    return f"{units} × {', '.join([line.name, *options])}"


def _parcel_state(status: str) -> str:
    return {
        "preparing": _("Being prepared"),
        "shipped": _("On its way"),
        "delivered": _("Delivered"),
        "lost": _("Lost"),
    }.get(status, status)


def _fulfilment(status: str, *, to_send: int) -> str:
    return {
        "unfulfilled": _("Nothing sent yet") if to_send else _("Nothing to send"),
        "partial": _("Sent in part"),
        "fulfilled": _("All sent"),
        "returned": _("Returned"),
    }.get(status, status)


def _note(note: str, currency: str) -> str:
    """What a line of the timeline says beside its word; an amount as amounts are written."""
    return format_money(Decimal(note), currency) if _AMOUNT.fullmatch(note) else note


def _for_staff(kind: str) -> str:
    """What only the staff's page tells."""
    return {
        "staff_note": _("Note"),
        "parcel_not_sent": _("A parcel was not sent"),
        "payment_lapsed": _("The card's promise has lapsed"),
        "payment_voided": _("The card was let go of"),
        "change_not_made": _("A change was paid too late"),
        "rest_released": _("The rest was let go of"),
        "difference_promised": _("Difference of the exchange paid another way"),
        "partially_refunded": _("Given back in part"),
        "refunded": _("Given back"),
        "refund_failed": _("Money could not be given back"),
        "giving_back_refused": _("The bank would not take the money back"),
        "giving_back_stopped": _("Giving it back is not tried any more"),
        "giving_back_anew": _("Giving it back was begun anew"),
        "opened_again": _("Open again: money could not be given back"),
    }.get(kind, kind.replace("_", " "))


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
    if status == "cancelled" or method == FREE.code:
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


def cancelled_words(order: OrderPage) -> str:
    """What a cancelled order's shopper is told: where the money is, the card's and the gift card's."""
    said = [_("Your order was cancelled."), words_for(order).payment_state]
    if order.gift_card:
        amount = format_money(order.gift_card, order.currency)
        said.append(_("%(amount)s are on your gift card again.", amount=amount))
    return " ".join(said)


def missing_words(one: NotReordered) -> str:
    """Why a line of an order is not in the cart, or not with all its units."""
    if one.why == "gone":
        return _("“%(name)s” is no longer sold.", name=one.name)
    if one.why == "sold_out":
        return _("“%(name)s” is sold out.", name=one.name)
    if one.why == "fewer":
        return _(
            "Of “%(name)s”, %(added)s of %(wanted)s could be added: no more are there.",
            name=one.name,
            added=one.added,
            wanted=one.wanted,
        )
    return _(
        "Of “%(name)s”, %(added)s of %(wanted)s could be added: one order holds no more.",
        name=one.name,
        added=one.added,
        wanted=one.wanted,
    )


def _steps(order: OrderPage) -> list[Step]:
    done = [Step(label, event.created_at, True) for event in order.events if (label := _label(event.kind))]
    if order.status == "cancelled" or (order.status == "placed" and not order.to_send):
        return done
    coming = []
    if order.status in ("pending", "placed", "processing"):
        coming.append(_("Everything is on its way") if order.parcels else _("On its way"))
    if order.status not in ("delivered", "completed"):
        coming.append(_("Delivered"))
    return [*done, *(Step(label, None, False) for label in coming)]


def _label(kind: str) -> str:
    return {
        "placed": _("Ordered"),
        "processing": _("Being packed"),
        "parcel_sent": _("A parcel is on its way"),
        "shipped": _("On its way"),
        "parcel_delivered": _("A parcel has arrived"),
        "delivered": _("Delivered"),
        "charged": _("Charged for a part"),
        "paid": _("Paid"),
        "changed": _("Changed"),
        "closed": _("The rest will not be sent"),
        "nothing_to_send": _("Closed: nothing will be sent"),
        "cancelled": _("Cancelled"),
        "abandoned": _("Cancelled"),
        "money_back": _("Money given back"),
        "less_to_pay": _("Less to pay"),
        "money_returned": _("Money given back"),
        "given_back_otherwise": _("Money given back another way"),
        "return_requested": _("Return asked for"),
        "return_approved": _("Return approved"),
        "return_rejected": _("Return refused"),
        "return_received": _("Return received"),
        "return_completed": _("Return done"),
        "return_cancelled": _("Return withdrawn"),
        "exchange_requested": _("Exchange asked for"),
        "exchange_approved": _("Exchange approved"),
        "exchange_rejected": _("Exchange refused"),
        "exchange_received": _("Goods of the exchange received"),
        "exchange_completed": _("Exchange done"),
        "exchange_cancelled": _("Exchange withdrawn"),
        "difference_paid": _("Difference of the exchange paid"),
        "difference_lapsed": _("Payment of the exchange's difference not completed"),
        "replacement_shipped": _("Replacement on its way"),
    }.get(kind, "")
