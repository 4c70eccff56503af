"""The catalog and its stock: what was refused, in words."""

from __future__ import annotations

from storefront.catalog.errors import (
    BackorderLimitTooLow,
    PriceNotBelowFormer,
    ProductChangedMeanwhile,
    SlugTaken,
)
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.wording.common import explain
from storefront.inventory.errors import InsufficientStock
from storefront.reviews.errors import AlreadyReviewed, OwnReview, SignInToReview
from storefront.search.errors import SynonymChangedMeanwhile, SynonymRefused


@explain.register
def _insufficient_stock(error: InsufficientStock) -> str:
    if error.available <= 0:
        return _("“%(name)s” is sold out.", name=error.name)
    return ngettext(
        "Only %(num)s of “%(name)s” is left. You asked for %(wanted)s.",
        "Only %(num)s of “%(name)s” are left. You asked for %(wanted)s.",
        error.available,
        name=error.name,
        wanted=error.wanted,
    )


@explain.register
def _product_changed(error: ProductChangedMeanwhile) -> str:
    return _(
        "Somebody else has saved this product meanwhile. Nothing of yours was saved: open it in a second tab,"
        " compare, and save again from there."
    )


@explain.register
def _slug_taken(error: SlugTaken) -> str:
    return _("Another product already has the address “%(slug)s”.", slug=error.slug)


@explain.register
def _price_not_below_former(error: PriceNotBelowFormer) -> str:
    return _("The price before must be above the price.")


@explain.register
def _backorder_limit_too_low(error: BackorderLimitTooLow) -> str:
    return ngettext(
        "%(num)s unit is sold on back-order already, so the limit cannot be lower.",
        "%(num)s units are sold on back-order already, so the limit cannot be lower.",
        error.waiting,
    )


@explain.register
def _sign_in_to_review(error: SignInToReview) -> str:
    return _("Please sign in first: reviews and votes belong to an account.")


@explain.register
def _already_reviewed(error: AlreadyReviewed) -> str:
    if error.status == "pending":
        return _("You have written about this product already. We are reading it; it appears here soon.")
    return _("You have written about this product already.")


@explain.register
def _own_review(error: OwnReview) -> str:
    return _("This is your own review, so your vote does not count here.")


@explain.register
def _synonym_refused(error: SynonymRefused) -> str:
    match error.reason:
        case "too_few":
            return _("Please give at least two words or phrases that mean the same.")
        case "too_many":
            return _("Please give at most %(count)s words or phrases.", count=error.limit)
        case "too_long":
            return _(
                "“%(word)s” is too long. A word or phrase has at most %(count)s characters.",
                word=error.word[:40] + "…",
                count=error.limit,
            )
        case "taken":
            return _(
                "“%(word)s” already stands with %(others)s. Please change that entry.",
                word=error.word,
                others=", ".join(f"“{other}”" for other in error.others if other != error.word),
            )
        case _:
            return _(
                "“%(word)s” is not a plain word or phrase. Please use letters and digits, without quotes, brackets"
                " or words like “or”.",
                word=error.word,
            )


@explain.register
def _synonym_changed(error: SynonymChangedMeanwhile) -> str:
    return _(
        "Somebody else has changed this entry meanwhile. Nothing of yours was saved. Please look at it again."
    )
