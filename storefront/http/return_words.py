"""Returns in words: their states and reasons, for pages and letters."""

from __future__ import annotations

from decimal import Decimal

from storefront.core.texts import gettext as _
from storefront.http.formats import format_money
from storefront.http.order_words import payment_name
from storefront.returns.queries import ReturnView


def return_state(kind: str, status: str) -> tuple[str, str]:
    """How far a return is, and ``good``, ``warn``, ``bad`` or ``quiet``."""
    return {
        "requested": (_("Asked for"), "warn"),
        "approved": (_("Approved, waits for the goods"), "good"),
        "received": (_("Received"), "good"),
        "completed": (_("Exchanged") if kind == "exchange" else _("Given back"), "good"),
        "rejected": (_("Refused"), "bad"),
        "cancelled": (_("Withdrawn"), "quiet"),
    }[status]


def reason_words() -> dict[str, str]:
    """Why something comes back, as shoppers choose it."""
    return {
        "too_small": _("Too small"),
        "too_large": _("Too large"),
        "not_as_described": _("Not as described"),
        "damaged": _("Damaged or faulty"),
        "wrong_item": _("Not what I ordered"),
        "changed_mind": _("I changed my mind"),
        "other": _("Something else"),
    }


def settling_words(one: ReturnView, *, to_staff: bool = False) -> str:
    """What happens with the money, in one sentence: to the customer, or about them."""
    if one.is_exchange and not one.price_difference:
        return _("The replacement costs the same: nothing is to be paid.")
    if one.price_difference > 0:
        how = _(
            "The replacement costs %(amount)s more. How it is paid: %(method)s.",
            amount=format_money(one.price_difference, one.currency),
            method=payment_name(one.payment_method),
        )
        if one.awaits_card:
            wanted = (
                _("The replacement is sent when they have paid it.")
                if to_staff
                else _("Please pay it on the page of your order: we send the replacement when it is paid.")
            )
            return f"{how} {wanted}"
        return how
    where = back_to(one.payment_method, to_staff=to_staff)
    if one.is_exchange:
        amount = format_money(Decimal(-one.price_difference), one.currency)
        return _("The replacement costs %(amount)s less: it goes back %(where)s.", amount=amount, where=where)
    if to_staff:
        return _("What was paid goes back %(where)s.", where=where)
    return _("What you paid goes back %(where)s.", where=where)


def back_to(destination: str, *, to_staff: bool = False) -> str:
    """Where money goes, inside a sentence."""
    if destination == "gift_card":
        return _("onto a gift card")
    return _("the way it was paid") if to_staff else _("the way you paid")


def step_words(one: ReturnView, step: str) -> tuple[str, str]:
    """A letter's subject and what it has to say."""
    number = one.number
    words = {
        "requested": (
            _("We have your return %(number)s", number=number),
            _("We look at it and write to you soon. Please keep the goods until then."),
        ),
        "approved": (
            _("Please send your return %(number)s", number=number),
            _("Please pack the goods well, write the number of the return on the parcel and send it to us."),
        ),
        "rejected": (
            _("About your return %(number)s", number=number),
            _("We are sorry: we cannot take this back."),
        ),
        "received": (
            _("Your return %(number)s is here", number=number),
            _("Your replacement leaves us as soon as the difference is paid.")
            if one.awaits_card
            else _("We pack your replacement now.")
            if one.is_exchange
            else _("Your money follows in a moment."),
        ),
        "lapsed": (
            _("Your payment for the exchange %(number)s was not completed", number=number),
            _(
                "It took too long, or was left before its end. Nothing was charged. "
                "Your exchange goes on: we keep your replacement for you until the difference is paid."
            )
            + (" " + _("You may also pay it another way than by card.") if one.later_methods else ""),
        ),
        "completed": (
            _("Your return %(number)s is done", number=number),
            _("Your replacement is on its way.")
            if one.is_exchange
            else _("What was to be given back is given back. A separate mail says how much."),
        ),
        "cancelled": (
            _("Your return %(number)s was closed", number=number),
            _("Nothing comes back, and nothing changes for your order.")
            if not one.is_charged
            else _(
                "The exchange does not take place: you keep your goods. What you have paid on top for the "
                "replacement goes back to you; what you have not paid of it yet you need not pay any more."
            ),
        ),
    }
    return words[step]


def goods_words(one: ReturnView, step: str) -> str:
    """What the goods are called that a letter lists, by whether they come, are here, or never will be."""
    if step in ("rejected", "cancelled"):
        return _("What was to come back")
    is_here = step in ("received", "completed") or (step == "lapsed" and one.status == "received")
    return _("What came back") if is_here else _("What comes back")
