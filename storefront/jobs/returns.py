"""Letters about money and goods that go back, and returns whose process died before their last step."""

from __future__ import annotations

import uuid

from storefront.core.texts import gettext as _
from storefront.core.texts import in_language
from storefront.http.invoice_paper import file_name, paper_of
from storefront.http.mail import compose, deliver, order_url
from storefront.http.order_words import words_for
from storefront.http.paper_words import letter_words
from storefront.http.return_words import goods_words, reason_words, settling_words, step_words
from storefront.invoicing.queries import credit_note_of_refund
from storefront.invoicing.services import issue_what_is_due
from storefront.jobs.celery_app import celery
from storefront.jobs.outbox import handles
from storefront.jobs.upkeep import run
from storefront.orders.queries import order_for_mail
from storefront.orders.queries_for_refunds import order_refund
from storefront.orders.refund_settling import MAIL
from storefront.promotions.services import draw_code
from storefront.providers.mail import Attachment
from storefront.returns.queries import return_for_mail
from storefront.returns.services import LAPSED, settle_returns


@celery.task(name="storefront.jobs.returns.settle_returns")
def settle() -> dict[str, int]:
    """Returns whose money has gone back are done."""
    return run("settle_returns", lambda: {"returns": settle_returns()})


@handles(MAIL)
def order_refunded(order_refund_id: str) -> None:
    """How much goes back, for what, and where, with its credit note.

    A new gift card's code is drawn now: no row ever holds it.
    """
    refund = order_refund(uuid.UUID(order_refund_id))
    issue_what_is_due(
        refund.order_id
    )  # whichever of the two entries comes first, the letter has its credit note
    order = order_for_mail(refund.order_id)
    if not order.email:
        return
    code = draw_code(refund.gift_card_id, refund.id) if refund.gift_card_id else None
    note = credit_note_of_refund(refund.id)
    papers = () if note is None else (Attachment(file_name(note), paper_of(note)),)
    with in_language(order.language):
        words = words_for(order)
        subject = (
            _("Less to pay for your order %(number)s", number=order.number)
            if refund.is_only_waived
            else _("Money back for your order %(number)s", number=order.number)
        )
    deliver(
        compose(
            "order_refunded",
            to=order.email,
            subject=subject,
            language=order.language,
            order=order,
            refund=refund,
            code=code,
            left=words.left_to_pay,
            credited=letter_words([note], order.number)[1] if note is not None else "",
            attachments=papers,
            link=order_url(order.number, is_guest=order.user_id is None),
        )
    )


@handles("mail.return_step")
def return_step(return_id: str, step: str) -> None:
    """A step of a return: asked for, approved, refused, received, done, closed; or its difference was not paid in time.

    Whoever has paid that another way meanwhile, or is about to, need not be told.
    """
    one = return_for_mail(uuid.UUID(return_id))
    is_over = step == LAPSED and (not one.awaits_card or one.payment_id is not None)
    if not one.email or is_over:
        return
    with in_language(one.language):
        subject, text = step_words(one, step)
        reasons, settling, goods = reason_words(), settling_words(one), goods_words(one, step)
    deliver(
        compose(
            "return_step",
            to=one.email,
            subject=subject,
            language=one.language,
            one=one,
            step=step,
            text=text,
            reasons=reasons,
            settling=settling,
            goods=goods,
            link=order_url(one.order_number, is_guest=one.user_id is None),
        )
    )
