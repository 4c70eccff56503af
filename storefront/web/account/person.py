"""What people change about themselves: profile, password, and where they are signed in."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts import queries, services
from storefront.accounts.errors import PasswordRefused, WrongPassword
from storefront.core.extensions import limiter
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.limits import attempts
from storefront.http.rendering import fragment_or_redirect, wants_fragment
from storefront.http.visitor import current_visitor
from storefront.http.wording import explain
from storefront.web.account.devices import device_name
from storefront.web.account.forms import PasswordForm, ProfileForm
from storefront.web.account.views import blueprint, signed_in


@blueprint.route("/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """Name, company and phone."""
    person = queries.profile(signed_in().id)
    form = ProfileForm(obj=person)
    if form.validate_on_submit():
        services.update_profile(
            current_visitor().identity,
            first_name=form.first_name.data or "",
            last_name=form.last_name.data or "",
            phone=form.phone.data or "",
            company_name=form.company_name.data or "",
        )
        flash(_("Your profile is saved."), "success")
        return redirect(url_for("account.profile"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("account/profile.html", form=form, profile=person), status


@blueprint.route("/password", methods=["GET", "POST"])
@limiter.limit(attempts, methods=["POST"])
def password() -> ResponseReturnValue:
    """A new password; every other session ends."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            services.change_password(
                current_visitor().identity, form.current_password.data, form.new_password.data
            )
        except WrongPassword as wrong:
            form.current_password.errors = [explain(wrong)]
        except PasswordRefused as refused:
            form.new_password.errors = [explain(refused)]
        else:
            flash(_("Your new password is set. All other sign-ins were ended."), "success")
            return redirect(url_for("account.overview"), 303)
    return render_template("account/password.html", form=form), 422 if form.is_submitted() else 200


@blueprint.get("/sessions")
def sessions() -> ResponseReturnValue:
    """Where the person is signed in."""
    return render_template("account/sessions.html", **_session_context())


@blueprint.post("/sessions/<uuid:session_id>/revoke")
def revoke_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """End one session of the person's own."""
    if session_id == current_visitor().identity.session_id:
        return redirect(url_for("account.sessions"), 303)
    services.revoke_session(current_visitor().identity, session_id)
    return _sessions_changed(_("That browser is signed out."))


@blueprint.post("/sessions/revoke-others")
def revoke_other_sessions() -> ResponseReturnValue:
    """End all sessions but this one."""
    ended = services.end_other_sessions(signed_in().id, keep=current_visitor().identity.session_id)
    return _sessions_changed(
        ngettext("%(num)d other browser is signed out.", "%(num)d other browsers are signed out.", ended)
    )


def _session_context() -> dict[str, object]:
    return {
        "sessions": queries.sessions_of(signed_in().id),
        "current_session_id": current_visitor().identity.session_id,
        "device_name": device_name,
        # The button that was pressed is gone after the swap: the list takes the focus.
        "focus": wants_fragment(),
    }


def _sessions_changed(said: str) -> ResponseReturnValue:
    if not wants_fragment():
        flash(said, "success")
    return fragment_or_redirect(
        "account/_sessions.html", url_for("account.sessions"), announce=said, **_session_context()
    )
