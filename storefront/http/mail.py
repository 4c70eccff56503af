"""Letters from templates: text and HTML beside each other, links that work outside a request.

``templates/email/<name>.txt`` and ``<name>.html`` extend ``_layout``; the stylesheet ``mail.css`` is written into
the elements when a letter is made, because mail programs throw stylesheets away.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

import css_inline
from flask import current_app

from storefront.core.db import release
from storefront.core.settings import ROOT, current_settings
from storefront.core.texts import in_language
from storefront.providers.mail import Attachment, Mail, mail_backend


def mail_url(endpoint: str, **values: Any) -> str:
    """The absolute address of a page, on the shop's public address. Needs no request."""
    base = urlsplit(current_settings().base_url())
    adapter = current_app.url_map.bind(base.netloc, script_name=base.path or "/", url_scheme=base.scheme)
    return adapter.build(endpoint, values, force_external=True)


def order_url(number: str, *, is_guest: bool) -> str:
    """Where a letter leads to an order. Guests come in by number and e-mail; the link alone opens nothing."""
    return mail_url("checkout.lookup" if is_guest else "checkout.order", number=number)


def compose(
    template: str,
    *,
    to: str,
    subject: str,
    language: str | None = None,
    reply_to: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    **context: Any,
) -> Mail:
    """The letter that ``templates/email/<template>.txt`` and ``.html`` make of ``context``, in ``language``, by
    default the shop's own.

    ``subject`` is taken as it is: word it ``in_language``. Answers go to ``reply_to``, by default to the shop.
    """
    settings = current_settings()
    language = language or settings.languages()[0]
    shared = {
        "shop_name": settings.shop_name,
        "shop_tagline": settings.shop_tagline,
        "shop_email": settings.shop_email,
        "mail_url": mail_url,
        "subject": subject,
        "language": language,
    }
    with in_language(language):
        environment = current_app.jinja_env
        text = environment.get_template(f"email/{template}.txt").render(**shared, **context)
        html = environment.get_template(f"email/{template}.html").render(**shared, **context)
    return Mail(
        to=to,
        subject=subject,
        text=text.strip() + "\n",
        html=_inliner().inline(html),
        sender=settings.mail_from,
        reply_to=reply_to or settings.shop_email,
        attachments=attachments,
    )


def deliver(mail: Mail) -> None:
    """Hand the letter to the backend of the settings, with no transaction open. Raises ``MailRefused``."""
    release()
    mail_backend(current_settings()).send(mail)


@cache
def _inliner() -> css_inline.CSSInliner:
    stylesheet = (ROOT / "templates" / "email" / "mail.css").read_text()
    return css_inline.CSSInliner(extra_css=stylesheet, load_remote_stylesheets=False, keep_at_rules=True)
