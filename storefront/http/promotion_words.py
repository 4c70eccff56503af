"""Why a promotion did not apply, in one sentence with what to do about it."""

from __future__ import annotations

from typing import assert_never

from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.formats import format_date, format_money
from storefront.promotions.evaluation import Reductions, RefusedPromotion
from storefront.promotions.reasons import (
    BetterOneApplies,
    Ended,
    FirstOrderOnly,
    MinimumNotReached,
    NotForYou,
    NothingEligible,
    NotStarted,
    OtherCurrency,
    Reason,
    TooFewUnits,
    UnknownCode,
    Unreadable,
    UsedUp,
    UsedUpForYou,
)

MOST_SAID = 3
"""Of so many promotions that are within reach a page speaks."""


def explain_reason(reason: Reason, code: str, currency: str) -> str:
    """The sentence for the code that was entered. Amounts are in ``currency``."""
    match reason:
        case UnknownCode():
            return _("We do not know the code “%(code)s”. Please check how it is written.", code=code)
        case NotStarted():
            return _(
                "The code “%(code)s” counts from %(date)s on.", code=code, date=format_date(reason.starts_at)
            )
        case Ended():
            return _(
                "The code “%(code)s” counted until %(date)s.", code=code, date=format_date(reason.ended_at)
            )
        case UsedUp():
            return _("The code “%(code)s” has been used up.", code=code)
        case UsedUpForYou():
            return ngettext(
                "The code “%(code)s” counts once per customer, and you have used it.",
                "The code “%(code)s” counts %(num)s times per customer, and you have used it as often.",
                reason.limit,
                code=code,
            )
        case MinimumNotReached() | TooFewUnits():
            return _missing(reason, code, currency)
        case NothingEligible():
            return _("The code “%(code)s” is for other products than those in your cart.", code=code)
        case NotForYou():
            return _(
                "The code “%(code)s” is for a group of customers. If you belong to it, please sign in.",
                code=code,
            )
        case FirstOrderOnly():
            return _("The code “%(code)s” is for a first order, and you have ordered before.", code=code)
        case BetterOneApplies():
            return _(
                "“%(name)s” takes more off than the code “%(code)s”, so it applies instead.",
                name=reason.name,
                code=code,
            )
        case OtherCurrency() | Unreadable():
            return _("The code “%(code)s” does not apply at present.", code=code)
        case _:
            assert_never(reason)


def _missing(reason: MinimumNotReached | TooFewUnits, code: str, currency: str) -> str:
    if isinstance(reason, MinimumNotReached):
        return _(
            "The code “%(code)s” counts from %(minimum)s on. %(missing)s more and it applies.",
            code=code,
            minimum=format_money(reason.minimum, currency),
            missing=format_money(reason.missing, currency),
        )
    return ngettext(
        "The code “%(code)s” needs %(num)s more of the products it is for.",
        "The code “%(code)s” needs %(num)s more of the products it is for.",
        reason.missing,
        code=code,
    )


def coupon_remark(refused: RefusedPromotion | None, currency: str) -> str:
    """Why the cart's code does not apply; empty when it does, or when there is none. For templates."""
    return explain_reason(refused.reason, refused.code, currency) if refused else ""


def within_reach(reductions: Reductions, currency: str) -> list[str]:
    """What automatic promotions would give for a little more: a sentence each, the nearest ones. For templates."""
    return [_said_of(one, currency) for one in reductions.within_reach[:MOST_SAID]]


def _said_of(one: RefusedPromotion, currency: str) -> str:
    match one.reason:
        case MinimumNotReached():
            missing = format_money(one.reason.missing, currency)
            return _("%(missing)s more and you get: %(name)s.", missing=missing, name=one.name)
        case TooFewUnits() if one.reason.product:
            return ngettext(
                "%(num)s more of “%(product)s” and you get: %(name)s.",
                "%(num)s more of “%(product)s” and you get: %(name)s.",
                one.reason.missing,
                product=one.reason.product,
                name=one.name,
            )
        case TooFewUnits():
            return ngettext(
                "%(num)s more of the products it is for and you get: %(name)s.",
                "%(num)s more of the products it is for and you get: %(name)s.",
                one.reason.missing,
                name=one.name,
            )
        case _:
            raise ValueError(one.reason)
