"""Orders and what comes after them: what was refused, in words."""

from __future__ import annotations

from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.formats import format_date, format_money
from storefront.http.wording.common import explain
from storefront.orders.errors import (
    CheckoutExpired,
    EmptyCart,
    NotShippable,
    OrderNotCancellable,
    OrderNotChangeable,
    ParcelNotCharged,
    ParcelUndecided,
    ProductNotSold,
    RefundRefused,
    ShippedMeanwhile,
    TooManyUnits,
    TotalChanged,
)
from storefront.returns.errors import (
    DifferenceChanged,
    DifferenceUnpaid,
    NotReturnable,
    RefundUnderWay,
    ReturnChangedMeanwhile,
    ReturnRefused,
)


@explain.register
def _empty_cart(error: EmptyCart) -> str:
    return _("Your cart is empty, so there is nothing to order.")


@explain.register
def _product_not_sold(error: ProductNotSold) -> str:
    return _("“%(name)s” is no longer sold. Nothing was ordered.", name=error.name)


@explain.register
def _total_changed(error: TotalChanged) -> str:
    return _(
        "The total has changed from %(was)s to %(now)s. Nothing was ordered. Please look at it again.",
        was=format_money(error.was, error.currency),
        now=format_money(error.now, error.currency),
    )


@explain.register
def _checkout_expired(error: CheckoutExpired) -> str:
    return _("This took too long, so nothing was ordered. Please check everything and place the order again.")


@explain.register
def _order_not_cancellable(error: OrderNotCancellable) -> str:
    if error.status == "cancelled":
        return _("The order %(number)s was cancelled before.", number=error.number)
    return _(
        "The order %(number)s can no longer be cancelled, because it is being packed or paid. "
        "Please write to us.",
        number=error.number,
    )


@explain.register
def _order_not_changeable(error: OrderNotChangeable) -> str:
    return {
        "state": _("The order %(number)s can no longer be changed. Please write to us.", number=error.number),
        "paid": _("The order is paid already, so it cannot be paid in another way. Nothing was changed."),
        "line": _("This does not fit this line of the order. Nothing was changed."),
        "empty": _("Nothing would be left of the order. Please cancel it instead."),
        "card": _(
            "The card has to pay more for this, which only the shopper can do, on the page of the order."
            " Nothing was changed."
        ),
        "free": _(
            "This order costs nothing, and it would with this change. Please place another order for what you want "
            "on top. Nothing was changed."
        ),
    }[error.why]


@explain.register
def _not_shippable(error: NotShippable) -> str:
    return {
        "state": _("In its present state nothing of the order %(number)s can be sent.", number=error.number),
        "payment": _(
            "The payment of the order %(number)s is not there, so nothing was sent. Please look at it first.",
            number=error.number,
        ),
        "nothing_left": _("Please choose at least one unit of this order to send."),
    }[error.why]


@explain.register
def _too_many_units(error: TooManyUnits) -> str:
    if error.waiting and error.wanted <= error.left + error.waiting:
        return ngettext(
            "%(num)s of “%(name)s” has not arrived yet, so %(left)s can be sent now. Nothing was sent.",
            "%(num)s of “%(name)s” have not arrived yet, so %(left)s can be sent now. Nothing was sent.",
            error.waiting,
            name=error.name,
            left=error.left,
        )
    return ngettext(
        "Only %(num)s of “%(name)s” is left to send, not %(wanted)s. Nothing was sent.",
        "Only %(num)s of “%(name)s” are left to send, not %(wanted)s. Nothing was sent.",
        error.left,
        name=error.name,
        wanted=error.wanted,
    )


@explain.register
def _shipped_meanwhile(error: ShippedMeanwhile) -> str:
    return _(
        "Somebody else has just sent a parcel of this order. Nothing more was sent. Please look at what is left."
    )


@explain.register
def _parcel_not_charged(error: ParcelNotCharged) -> str:
    if error.in_parts:
        return _(
            "The card could not be charged for this parcel (%(reason)s), so it was not sent. If the card allows one"
            " charge only, have the whole order charged with this parcel.",
            reason=error.reason,
        )
    return _(
        "The card could not be charged for this parcel (%(reason)s), so it was not sent.", reason=error.reason
    )


@explain.register
def _parcel_undecided(error: ParcelUndecided) -> str:
    return _(
        "The payment provider does not answer, so nobody knows yet whether the card was charged. The parcel waits, and"
        " leaves by itself once that is known. Please do not send it twice."
    )


@explain.register
def _refund_refused(error: RefundRefused) -> str:
    if error.reason == "units":
        return ngettext(
            "Only %(num)s of “%(line)s” can still be given back. Nothing was sent.",
            "Only %(num)s of “%(line)s” can still be given back. Nothing was sent.",
            error.left,
            line=error.line,
        )
    if error.reason == "uncharged":
        return _(
            "The card was charged for %(num)s of “%(line)s” that can be given back: the others were not sent yet."
            " Close or cancel the order instead. Nothing was sent.",
            num=error.left,
            line=error.line,
        )
    if error.reason == "line":
        return _("This order has no such line. Nothing was sent.")
    if error.reason == "currency":
        return _("The shop's gift cards are in another currency. Nothing was sent.")
    if error.reason == "no_address":
        return _("There is no e-mail address to send a gift card's code to. Nothing was sent.")
    return _("Please choose what is to be given back: units, shipping or an amount above zero.")


@explain.register
def _not_returnable(error: NotReturnable) -> str:
    if error.until is not None:
        return _(
            "Returns of the order %(number)s were possible until %(date)s. Please write to us.",
            number=error.number,
            date=format_date(error.until),
        )
    return _("Nothing of the order %(number)s can come back at the moment.", number=error.number)


@explain.register
def _return_refused(error: ReturnRefused) -> str:
    if error.reason == "units":
        return ngettext(
            "Only %(num)s of “%(line)s” can come back.",
            "Only %(num)s of “%(line)s” can come back.",
            error.left,
            line=error.line,
        )
    if error.reason == "reason":
        return _("Please choose why “%(line)s” comes back.", line=error.line)
    if error.reason == "replacement":
        return _("Please choose what you want instead of “%(line)s”, and that is there.", line=error.line)
    if error.reason == "method":
        return _("Please choose how the difference is settled.")
    return _("Please choose what comes back, and how many of it.")


@explain.register
def _difference_changed(error: DifferenceChanged) -> str:
    return _(
        "The difference has changed from %(was)s to %(now)s. Nothing was asked for. Please look at it again.",
        was=format_money(error.was, error.currency),
        now=format_money(error.now, error.currency),
    )


@explain.register
def _refund_under_way(error: RefundUnderWay) -> str:
    return _(
        "A refund of this order is on its way and not decided yet. Please close %(number)s in a few minutes.",
        number=error.number,
    )


@explain.register
def _difference_unpaid(error: DifferenceUnpaid) -> str:
    return _(
        "The card has not paid the %(amount)s for the exchange %(number)s yet. The replacement waits for that.",
        amount=format_money(error.amount, error.currency),
        number=error.number,
    )


@explain.register
def _return_changed(error: ReturnChangedMeanwhile) -> str:
    return _(
        "Somebody else has taken a step with the return %(number)s meanwhile. Nothing of yours was done. "
        "Please look at it again.",
        number=error.number,
    )
