"""Accounts, conversations and memberships: what was refused, in words."""

from __future__ import annotations

from storefront.accounts.errors import (
    AddressBookFull,
    AddressRefused,
    EmailInvalid,
    EmailTaken,
    ErasureRefused,
    LinkRefused,
    PasswordRefused,
    SignInRefused,
    UnknownRole,
    VatNumberRefused,
    WrongPassword,
)
from storefront.assistant.errors import AnswerInProgress, ConversationClosed, EmptyMessage, MessageTooLong
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.countries import country_name
from storefront.http.wording.common import explain
from storefront.memberships.errors import (
    AlreadyMember,
    CardPaysMembership,
    JoiningAlready,
    MembershipEnds,
    NoCardPays,
    NoMembership,
    PlanChangedMeanwhile,
    PlanNameTaken,
    PlanNotOffered,
    PriceSeenOtherwise,
)
from storefront.reminders.errors import NothingToWaitFor


@explain.register
def _sign_in_refused(error: SignInRefused) -> str:
    return _(
        "E-mail and password do not match an account, or its address is not confirmed yet. "
        "Please check both, or look for our mail."
    )


@explain.register
def _erasure_refused(error: ErasureRefused) -> str:
    if error.reason == "staff":
        return _("This is an account of the shop's staff. Its roles have to be taken from it first.")
    return ngettext(
        "The order %(orders)s is not finished yet: something of it is still to be sent, paid or given back. After that"
        " the account can be deleted.",
        "The orders %(orders)s are not finished yet: something of them is still to be sent, paid or given back. After"
        " that the account can be deleted.",
        len(error.orders),
        orders=", ".join(error.orders),
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
def _membership_ends(error: MembershipEnds) -> str:
    return _("Your membership “%(plan)s” ends with what is paid. To change it, stay first.", plan=error.plan)


@explain.register
def _card_pays_membership(error: CardPaysMembership) -> str:
    return _(
        "This card pays your membership “%(plan)s”. Please choose another card for it first, or end it.",
        plan=error.plan,
    )


@explain.register
def _no_card_pays(error: NoCardPays) -> str:
    return _(
        "There is no card any more that could pay your membership “%(plan)s”. Please choose one first.",
        plan=error.plan,
    )


@explain.register
def _price_seen_otherwise(error: PriceSeenOtherwise) -> str:
    return _("The price has changed meanwhile, and nothing was changed for you. Please look at it again.")


@explain.register
def _plan_name_taken(error: PlanNameTaken) -> str:
    return _("Another plan is called “%(name)s”.", name=error.name)


@explain.register
def _plan_changed_meanwhile(error: PlanChangedMeanwhile) -> str:
    return _("Somebody else has changed this plan meanwhile. Please open it anew.")
