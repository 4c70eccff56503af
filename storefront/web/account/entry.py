"""The ways in: signing up, confirming the address, signing in and out, choosing a new password."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts import queries, services
from storefront.accounts.errors import LinkRefused, PasswordRefused, SignInRefused, WrongPassword
from storefront.core.extensions import limiter
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import language
from storefront.http.limits import attempts, letters, tries_per_account
from storefront.http.sign_in import own_path, sign_in_as
from storefront.http.sign_in import sign_in as sign_in_visitor
from storefront.http.visitor import current_visitor, end_session
from storefront.http.wording import explain
from storefront.web.account.forms import ConfirmForm, EmailForm, ResetForm, SignInForm, SignUpForm
from storefront.web.account.views import blueprint, open_to_guests

MAILED_TO = "mailed_to"


def _after_sign_in() -> str:
    return own_path(request.values.get("next"), url_for("account.overview"))


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
@tries_per_account
@open_to_guests
def sign_in() -> ResponseReturnValue:
    """E-mail and password."""
    if request.method == "GET" and current_visitor().user is not None:
        return redirect(_after_sign_in(), 303)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            sign_in_visitor(form.email.data, form.password.data)
        except SignInRefused as refused:
            form.form_errors.append(explain(refused))
        else:
            return redirect(_after_sign_in(), 303)
    status = 422 if form.is_submitted() else 200
    return render_template(
        "account/sign_in.html", form=form, next=own_path(request.values.get("next"), "")
    ), status


@blueprint.post("/sign-out")
@open_to_guests
def sign_out() -> ResponseReturnValue:
    """The session ends, here and in the database."""
    end_session()
    flash(_("You are signed out."), "success")
    return redirect(url_for("catalog.home"), 303)


@blueprint.route("/sign-up", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
@letters
@open_to_guests
def sign_up() -> ResponseReturnValue:
    """A new account. The answer is the same whether the address has one or not."""
    if request.method == "GET" and current_visitor().user is not None:
        return redirect(url_for("account.overview"), 303)
    form = SignUpForm()
    if form.validate_on_submit():
        try:
            services.register(
                form.email.data,
                form.password.data,
                first_name=form.first_name.data or "",
                last_name=form.last_name.data or "",
                language=language(),
            )
        except PasswordRefused as refused:
            form.password.errors = [explain(refused)]
        else:
            return _mailed(form.email.data)
    return render_template("account/sign_up.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/confirm/again", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
@letters
@open_to_guests
def resend_confirmation() -> ResponseReturnValue:
    """Send the confirmation link once more. Says the same for every address."""
    form = EmailForm(request.form or None, email=session.get(MAILED_TO))
    if form.validate_on_submit():
        services.request_verification(form.email.data)
        return _mailed(form.email.data)
    return render_template("account/resend.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/forgot-password", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
@letters
@open_to_guests
def forgot_password() -> ResponseReturnValue:
    """Send a link for a new password. Says the same for every address."""
    user = current_visitor().user
    form = EmailForm(request.form or None, email=user.email if user else session.get(MAILED_TO))
    if form.validate_on_submit():
        services.request_password_reset(form.email.data)
        return _mailed(form.email.data)
    return render_template("account/forgot_password.html", form=form), 422 if form.is_submitted() else 200


def _mailed(address: str) -> ResponseReturnValue:
    session[MAILED_TO] = address
    return redirect(url_for("account.check_mail"), 303)


@blueprint.get("/check-mail")
@open_to_guests
def check_mail() -> ResponseReturnValue:
    """Look into your mailbox: the same page after a sign-up and after asking for a link."""
    settings = current_settings()
    shown_here = settings.environment != "production" and settings.mail_backend == "folder"
    return render_template("account/check_mail.html", address=session.get(MAILED_TO), shown_here=shown_here)


@blueprint.route("/confirm", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
@open_to_guests
def confirm_email() -> ResponseReturnValue:
    """The mailed link. Looking changes nothing (mail scanners look); the password confirms and signs in."""
    form = ConfirmForm(request.form or None, token=request.args.get("token"))
    address = queries.email_of_verification(form.token.data or "")
    if address is None:
        return _link_refused(LinkRefused("verify_email"))
    if form.validate_on_submit():
        try:
            user_id = services.verify_email(form.token.data, form.password.data)
        except WrongPassword:
            form.password.errors = [_("That is not the password you chose when you signed up.")]
        except LinkRefused as refused:
            return _link_refused(refused)
        else:
            sign_in_as(user_id)
            flash(_("Your address is confirmed. Welcome!"), "success")
            return redirect(url_for("account.overview"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("account/confirm_email.html", form=form, address=address), status


@blueprint.route("/reset-password", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
@open_to_guests
def reset_password() -> ResponseReturnValue:
    """The mailed link to a new password; ends every session and begins one here."""
    form = ResetForm(request.form or None, token=request.args.get("token"))
    address = queries.email_of_password_reset(form.token.data or "")
    if address is None:
        return _link_refused(LinkRefused("reset_password"))
    if form.validate_on_submit():
        try:
            user_id = services.reset_password(form.token.data, form.new_password.data)
        except PasswordRefused as refused:
            form.new_password.errors = [explain(refused)]
        except LinkRefused as refused:
            return _link_refused(refused)
        else:
            sign_in_as(user_id)
            flash(_("Your new password is set. All other sign-ins were ended."), "success")
            return redirect(url_for("account.overview"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("account/reset_password.html", form=form, address=address), status


def _link_refused(error: LinkRefused) -> ResponseReturnValue:
    return render_template("account/link_refused.html", message=explain(error), purpose=error.purpose), 410
