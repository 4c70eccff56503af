"""Cart, codes, shipping and paying: what was refused, in words."""

from __future__ import annotations

from storefront.cart.errors import (
    ChooseVariant,
    QuantityOutOfRange,
    SavedListFull,
    SignInToShare,
    UnknownProduct,
    WishListFull,
)
from storefront.core.texts import gettext as _
from storefront.http.formats import format_money
from storefront.http.promotion_words import explain_reason
from storefront.http.wording.common import explain
from storefront.payments.errors import (
    AmountTooSmall,
    CaptureInProgress,
    CaptureRefused,
    NothingToCapture,
    PaymentDeclined,
    RefundedMeanwhile,
    RefundFailed,
    RefundTooLarge,
    UnknownPaymentMethod,
)
from storefront.promotions.errors import (
    CouponRefused,
    GiftCardBalanceChanged,
    PromotionChangedMeanwhile,
    PromotionRefused,
    PromotionUsedUp,
    UnknownGiftCard,
)
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.shipping.errors import MethodUnavailable


@explain.register
def _unknown_product(error: UnknownProduct) -> str:
    return _("We do not sell this product (any more). Your cart is as it was.")


@explain.register
def _choose_variant(error: ChooseVariant) -> str:
    return _("“%(name)s” comes in several versions. Please choose one first.", name=error.name)


@explain.register
def _quantity_out_of_range(error: QuantityOutOfRange) -> str:
    if error.quantity > error.maximum:
        return _(
            "One order holds at most %(maximum)s of a product. For more, please write to us.",
            maximum=error.maximum,
        )
    return _("Please choose a quantity from 1 to %(maximum)s.", maximum=error.maximum)


@explain.register
def _method_unavailable(error: MethodUnavailable) -> str:
    return _("We do not ship this way to that address. Please choose another one.")


@explain.register
def _unknown_payment_method(error: UnknownPaymentMethod) -> str:
    return _("You cannot pay this way for this order. Please choose another one.")


@explain.register
def _amount_too_small(error: AmountTooSmall) -> str:
    least = format_money(error.least, error.currency)
    if error.is_on_top:
        return _(
            "This costs %(amount)s more, and a card takes %(least)s or more. Nothing was changed. "
            "Please choose something else, or write to us.",
            amount=format_money(error.amount, error.currency),
            least=least,
        )
    return _("A card takes %(least)s or more. Please choose another way to pay.", least=least)


@explain.register
def _payment_declined(error: PaymentDeclined) -> str:
    return _("The payment was not accepted. Nothing was ordered. Please choose another way to pay.")


@explain.register
def _coupon_refused(error: CouponRefused) -> str:
    if not error.code:
        return _("Please enter a code first.")
    return explain_reason(error.reason, error.code, error.currency)


@explain.register
def _promotion_used_up(error: PromotionUsedUp) -> str:
    if error.code:
        return _(
            "The code “%(code)s” has just been used up. Nothing was ordered. Please look at the new total.",
            code=error.code,
        )
    return _("“%(name)s” has just ended. Nothing was ordered. Please look at the new total.", name=error.name)


@explain.register
def _unknown_gift_card(error: UnknownGiftCard) -> str:
    return _("We know no gift card with this code that can be used. Please check how it is written.")


@explain.register
def _gift_card_balance_changed(error: GiftCardBalanceChanged) -> str:
    return _(
        "The gift card paid %(was)s of this order and now pays %(now)s. Nothing was ordered. Please look at it again.",
        was=format_money(error.was, error.currency),
        now=format_money(error.now, error.currency),
    )


@explain.register
def _promotion_refused(error: PromotionRefused) -> str:
    sentences = {
        ("code", "taken"): _("Another promotion has this code."),
        ("code", "two kinds of codes"): _("Please give one code, or use codes of one use each."),
        ("code", "no single codes"): _("This promotion takes no codes of one use each."),
        ("ends_at", "before its start"): _("The end must be after the start."),
        ("usage_limit", "below its uses"): _("It was used more often than that already."),
        ("count", "range"): _("Please ask for 1 to 10,000 codes."),
        ("amount", "range"): _("Please give an amount of up to 100,000 with at most two decimals."),
        ("lane", "no word"): _("A lane is one word of lower-case letters, digits and hyphens."),
    }
    return sentences.get(
        (error.field, error.reason), _("This does not fit together: %(reason)s.", reason=error.reason)
    )


@explain.register
def _promotion_changed(error: PromotionChangedMeanwhile) -> str:
    return _(
        "Somebody else has changed this promotion meanwhile. Nothing of yours was saved. Please look at it again."
    )


@explain.register
def _payment_provider_failure(error: PaymentProviderFailure) -> str:
    return _(
        "Our payment provider does not answer at the moment. Nothing was charged. "
        "Please try again in a minute, or choose another way to pay."
    )


@explain.register
def _capture_in_progress(error: CaptureInProgress) -> str:
    return _(
        "Another part of this payment is being charged at this moment. Please look at the order again in a minute."
    )


@explain.register
def _capture_refused(error: CaptureRefused) -> str:
    return _("The payment provider did not charge the card (%(reason)s).", reason=error.reason)


@explain.register
def _nothing_to_capture(error: NothingToCapture) -> str:
    if error.in_parts:
        return _(
            "This card does not allow several charges. Nothing was charged. Charge all, or a part and let go of the"
            " rest."
        )
    return _("There is nothing to take for this order, or not as much as that. Please look at it again.")


@explain.register
def _refund_too_large(error: RefundTooLarge) -> str:
    return _(
        "%(left)s of this payment can still go back, so %(wanted)s is too much. Nothing was sent.",
        left=format_money(error.left, error.currency),
        wanted=format_money(error.wanted, error.currency),
    )


@explain.register
def _refunded_meanwhile(error: RefundedMeanwhile) -> str:
    if error.line:
        return _(
            "Somebody else has just given money back for “%(line)s”: %(refunded)s in all. Nothing more was sent. "
            "Please look at the order again.",
            line=error.line,
            refunded=format_money(error.refunded, error.currency),
        )
    return _(
        "Somebody else has just given money back for this order: %(refunded)s in all. Nothing more was sent. "
        "Please look at the order again.",
        refunded=format_money(error.refunded, error.currency),
    )


@explain.register
def _refund_failed(error: RefundFailed) -> str:
    return _("The payment provider did not take this refund. Nothing was sent.")


@explain.register
def _saved_list_full(error: SavedListFull) -> str:
    return _(
        "You have saved %(maximum)s things for later. Please remove one of them first.",
        maximum=error.maximum,
    )


@explain.register
def _wish_list_full(error: WishListFull) -> str:
    return _(
        "Your wish list holds %(maximum)s things. Please take one of them off first.", maximum=error.maximum
    )


@explain.register
def _sign_in_to_share(error: SignInToShare) -> str:
    return _("Please sign in to share your wish list. It comes along.")
