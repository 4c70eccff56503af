"""Domain errors in words: what happened, and what the person can do. One sentence each, blaming nobody.

The page, the staff page and the assistant say the same thing; programs get the error's code and data.
"""

from __future__ import annotations

from functools import singledispatch

from storefront.accounts.errors import (
    AddressBookFull,
    AddressRefused,
    EmailInvalid,
    EmailTaken,
    LinkRefused,
    PasswordRefused,
    SignInRefused,
    UnknownRole,
    VatNumberRefused,
    WrongPassword,
)
from storefront.assistant.errors import AnswerInProgress, ConversationClosed, EmptyMessage, MessageTooLong
from storefront.cart.errors import (
    ChooseVariant,
    QuantityOutOfRange,
    SavedListFull,
    SignInToShare,
    UnknownProduct,
    WishListFull,
)
from storefront.catalog.errors import (
    BackorderLimitTooLow,
    PriceNotBelowFormer,
    ProductChangedMeanwhile,
    SlugTaken,
)
from storefront.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.countries import country_name
from storefront.http.formats import format_date, format_money
from storefront.http.promotion_words import explain_reason
from storefront.inventory.errors import InsufficientStock
from storefront.memberships.errors import (
    AlreadyMember,
    JoiningAlready,
    NoMembership,
    PlanChangedMeanwhile,
    PlanNameTaken,
    PlanNotOffered,
)
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
from storefront.payments.errors import (
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
from storefront.reminders.errors import NothingToWaitFor
from storefront.returns.errors import (
    DifferenceChanged,
    NotReturnable,
    ReturnChangedMeanwhile,
    ReturnRefused,
)
from storefront.reviews.errors import AlreadyReviewed, OwnReview, SignInToReview
from storefront.search.errors import SynonymChangedMeanwhile, SynonymRefused
from storefront.shipping.errors import MethodUnavailable


@singledispatch
def explain(error: DomainError) -> str:
    """The sentence for ``error``. Each domain registers its own below."""
    return _("That did not work. Nothing was changed.")


@explain.register
def _not_found(error: NotFound) -> str:
    return _("We could not find that.")


@explain.register
def _not_allowed(error: NotAllowed) -> str:
    return _(
        "Your account may not do this. It needs the permission “%(permission)s”.",
        permission=f"{error.resource}:{error.action}",
    )


@explain.register
def _invalid_input(error: InvalidInput) -> str:
    return error.reason


@explain.register
def _sign_in_refused(error: SignInRefused) -> str:
    return _(
        "E-mail and password do not match an account, or its address is not confirmed yet. "
        "Please check both, or look for our mail."
    )


@explain.register
def _password_refused(error: PasswordRefused) -> str:
    if error.reason == "too_short":
        return _("Please use at least %(count)s characters.", count=error.minimum)
    if error.reason == "too_long":
        return _("Please use at most %(count)s characters.", count=error.maximum)
    if error.reason == "personal":
        return _(
            "This is too close to your name, your e-mail address or our name. Please choose something else."
        )
    return _("This password is easy to guess. A few unrelated words make a good one.")


@explain.register
def _wrong_password(error: WrongPassword) -> str:
    return _("That is not your current password.")


@explain.register
def _link_refused(error: LinkRefused) -> str:
    return _("This link has been used, has expired, or was replaced by a newer one.")


@explain.register
def _email_invalid(error: EmailInvalid) -> str:
    return _("Please enter an e-mail address like name@example.com.")


@explain.register
def _email_taken(error: EmailTaken) -> str:
    return _("There is an account for %(email)s already.", email=error.email)


@explain.register
def _unknown_role(error: UnknownRole) -> str:
    return _(
        "There is no role “%(role)s”. Known roles: %(known)s.", role=error.role, known=", ".join(error.known)
    )


@explain.register
def _address_refused(error: AddressRefused) -> str:
    return _("Something is missing in this address, or does not fit the country. Please look at it again.")


@explain.register
def _vat_number_refused(error: VatNumberRefused) -> str:
    country = country_name(error.country)
    if error.reason == "country":
        return _(
            "This VAT number is of another country than %(country)s, where the invoice goes.", country=country
        )
    return _("That is not a VAT number of %(country)s. Please look at it again.", country=country)


@explain.register
def _address_book_full(error: AddressBookFull) -> str:
    return _(
        "Your address book holds %(count)s addresses, which is as many as it can. Please delete one first.",
        count=error.maximum,
    )


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
def _method_unavailable(error: MethodUnavailable) -> str:
    return _("We do not ship this way to that address. Please choose another one.")


@explain.register
def _unknown_payment_method(error: UnknownPaymentMethod) -> str:
    return _("You cannot pay this way for this order. Please choose another one.")


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
def _empty_message(error: EmptyMessage) -> str:
    return _("Please write something first.")


@explain.register
def _message_too_long(error: MessageTooLong) -> str:
    return _(
        "Your message has %(characters)s characters; I can read %(maximum)s at once. Please shorten it or send it"
        " in parts.",
        characters=error.characters,
        maximum=error.maximum,
    )


@explain.register
def _answer_in_progress(error: AnswerInProgress) -> str:
    return _("I am still answering your last message. Please wait a moment, or stop it first.")


@explain.register
def _conversation_closed(error: ConversationClosed) -> str:
    return _("This conversation has ended. Please start a new one.")


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


@explain.register
def _payment_provider_failure(error: PaymentProviderFailure) -> str:
    return _(
        "Our payment provider does not answer at the moment. Nothing was charged. "
        "Please try again in a minute, or choose another way to pay."
    )


@explain.register
def _order_not_changeable(error: OrderNotChangeable) -> str:
    return {
        "state": _("The order %(number)s can no longer be changed. Please write to us.", number=error.number),
        "paid": _("The order is paid already, so it cannot be paid in another way. Nothing was changed."),
        "line": _("This does not fit this line of the order. Nothing was changed."),
        "tax": _(
            "This order has prices of its own because of its tax. Please write to us. Nothing was changed."
        ),
        "empty": _("Nothing would be left of the order. Please cancel it instead."),
        "card": _(
            "The card has to pay more for this, which only the shopper can do, on the page of the order."
            " Nothing was changed."
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


@explain.register
def _nothing_to_wait_for(error: NothingToWaitFor) -> str:
    return _("This can be bought right now, or is no longer sold: there is nothing to wait for.")


@explain.register
def _already_member(error: AlreadyMember) -> str:
    return _("You have the membership “%(plan)s” already.", plan=error.plan)


@explain.register
def _joining_already(error: JoiningAlready) -> str:
    return _("Your membership is being arranged. Please look again in a few minutes.")


@explain.register
def _plan_not_offered(error: PlanNotOffered) -> str:
    return _("This membership is not offered at the moment.")


@explain.register
def _no_membership(error: NoMembership) -> str:
    return _("There is no membership to change. Please look at the page again.")


@explain.register
def _plan_name_taken(error: PlanNameTaken) -> str:
    return _("Another plan is called “%(name)s”.", name=error.name)


@explain.register
def _plan_changed_meanwhile(error: PlanChangedMeanwhile) -> str:
    return _("Somebody else has changed this plan meanwhile. Please open it anew.")


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
def _return_changed(error: ReturnChangedMeanwhile) -> str:
    return _(
        "Somebody else has taken a step with the return %(number)s meanwhile. Nothing of yours was done. "
        "Please look at it again.",
        number=error.number,
    )
