"""Letters about accounts and conversations. Each handler reads today's truth and writes to whoever is still there.

A link's secret is made here, when the letter is written: the outbox never holds one. A letter that is tried again
carries a new secret, and the one before stops working.
"""

from __future__ import annotations

import uuid

from storefront.accounts import queries as accounts
from storefront.accounts import services
from storefront.accounts.queries import Recipient
from storefront.assistant import queries as assistant
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.mail import compose, deliver, mail_url
from storefront.jobs.outbox import handles


@handles("mail.verify_email")
def verify_email(user_id: str) -> None:
    """The link that opens a new account."""
    issued = services.issue_verification(uuid.UUID(user_id))
    if issued is None:
        return
    recipient, link = issued
    with in_language(recipient.language):
        subject = _("Please confirm your e-mail address")
    deliver(
        compose(
            "verify_email",
            to=recipient.email,
            subject=subject,
            language=recipient.language,
            first_name=recipient.first_name,
            link=mail_url("account.confirm_email", token=link.token),
            expires_at=link.expires_at,
        )
    )


@handles("mail.account_exists")
def account_exists(user_id: str) -> None:
    """Somebody signed up with an address that has an account: its owner alone learns so."""
    recipient = accounts.recipient(uuid.UUID(user_id))
    if recipient is not None:
        with in_language(recipient.language):
            subject = _("You already have an account")
        _write("account_exists", recipient, subject)


@handles("mail.reset_password")
def reset_password(user_id: str) -> None:
    """The link to a new password."""
    issued = services.issue_password_reset(uuid.UUID(user_id))
    if issued is None:
        return
    recipient, link = issued
    with in_language(recipient.language):
        subject = _("Choose a new password")
    deliver(
        compose(
            "reset_password",
            to=recipient.email,
            subject=subject,
            language=recipient.language,
            first_name=recipient.first_name,
            link=mail_url("account.reset_password", token=link.token),
        )
    )


@handles("mail.password_changed")
def password_changed(user_id: str) -> None:
    """Tells the owner, in case it was somebody else."""
    recipient = accounts.recipient(uuid.UUID(user_id))
    if recipient is not None:
        with in_language(recipient.language):
            subject = _("Your password was changed")
        _write("password_changed", recipient, subject)


@handles("mail.handoff_requested")
def handoff_requested(conversation_id: str) -> None:
    """Tells the shop's own mailbox that a shopper waits for a person."""
    handoff = assistant.open_handoff(uuid.UUID(conversation_id))
    if handoff is None:
        return
    deliver(
        compose(
            "handoff_requested",
            to=current_settings().shop_email,
            subject=_("A shopper asks for a person"),
            reply_to=handoff.contact_email,
            reason=handoff_reason(handoff.reason),
            summary=handoff.summary,
            requested_at=handoff.requested_at,
            link=mail_url("admin.conversation", conversation_id=handoff.conversation_id),
        )
    )


def handoff_reason(reason: str) -> str:
    """The stored reason in words."""
    return {
        "asked": _("The shopper asked for a person."),
        "not_understood": _("The assistant did not understand."),
        "complaint": _("A complaint."),
        "not_allowed": _("The assistant may not do what was asked."),
    }.get(reason, _("Another reason."))


def _write(template: str, recipient: Recipient, subject: str) -> None:
    deliver(
        compose(
            template,
            to=recipient.email,
            subject=subject,
            language=recipient.language,
            first_name=recipient.first_name,
        )
    )
