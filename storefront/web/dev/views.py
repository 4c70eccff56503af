"""``/dev/mail``: the letters that the folder backend kept. Never part of a production shop."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template
from flask.typing import ResponseReturnValue

from storefront.core.settings import current_settings
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import StoredMail, stored_mail, stored_mails

blueprint = Blueprint("dev", __name__, url_prefix="/dev")

# The letter's own styles, and nothing else: no script, no foreign picture, no form. Links open a new window.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
    "form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@blueprint.after_request
def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/mail")
def mails() -> ResponseReturnValue:
    """The last letters, the newest first."""
    return render_template("dev/mails.html", mails=stored_mails(mail_folder(current_settings())))


@blueprint.get("/mail/<name>")
def mail(name: str) -> ResponseReturnValue:
    """One letter: its head, its HTML in a frame, its text."""
    return render_template("dev/mail.html", mail=_letter(name))


@blueprint.get("/mail/<name>/html")
def mail_html(name: str) -> ResponseReturnValue:
    """The letter's HTML part, for the frame."""
    html = _letter(name).html.replace("<head>", '<head><base target="_blank">', 1)
    response = make_response(html)
    response.headers["Content-Security-Policy"] = _LETTER_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _letter(name: str) -> StoredMail:
    return stored_mail(mail_folder(current_settings()), name) or abort(404)
