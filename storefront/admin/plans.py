"""Membership plans: what they cost and give, and how many people have them."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.core.errors import DomainError
from storefront.core.money import round_money
from storefront.core.texts import gettext as _
from storefront.http.address_form import tidy
from storefront.http.forms import Form
from storefront.http.wording import explain
from storefront.memberships import queries
from storefront.memberships.queries import Plan
from storefront.memberships.services import PlanEdit, create_plan, publish_plan, update_plan
from storefront.payments.cards import cards_are_configured


class PlanForm(Form):
    """What a membership costs and gives."""

    version = HiddenField()
    name = StringField(
        _l("Name, as shoppers read it"), filters=[tidy], validators=[DataRequired(), Length(max=80)]
    )
    description = TextAreaField(_l("Description"), validators=[Length(max=500)])
    price = DecimalField(_l("Price"), places=2, validators=[InputRequired(), NumberRange(0.01, 100_000)])
    interval = SelectField(
        _l("Paid each"), choices=[SelectChoice("month", _l("month")), SelectChoice("year", _l("year"))]
    )
    free_shipping_over = DecimalField(
        _l("Free shipping from goods of"), places=2, validators=[Optional(), NumberRange(0, 100_000)]
    )
    has_larger_chat_budget = BooleanField(_l("More messages to the assistant"))
    is_active = BooleanField(_l("Can be had"), default=True)

    def edit(self) -> PlanEdit:
        """The form as the service takes it. Only after validation."""
        over = self.free_shipping_over.data
        assert self.price.data is not None
        return PlanEdit(
            name=self.name.data or "",
            description=(self.description.data or "").strip().replace("\0", ""),
            price=round_money(self.price.data),
            interval=self.interval.data,
            free_shipping_over=None if over is None else round_money(over),
            has_larger_chat_budget=bool(self.has_larger_chat_budget.data),
            is_active=bool(self.is_active.data),
        )


@blueprint.get("/plans")
@requires("promotions", "read")
def plans() -> ResponseReturnValue:
    """All plans."""
    return render_template(
        "admin/plans.html", plans=queries.staff_plans(), takes_cards=cards_are_configured()
    )


@blueprint.route("/plans/new", methods=["GET", "POST"])
@requires("promotions", "write")
def new_plan() -> ResponseReturnValue:
    """A new plan."""
    form = PlanForm()
    if form.validate_on_submit():
        try:
            plan_id = create_plan(actor_id(), form.edit())
        except DomainError as error:
            form.form_errors = [explain(error)]
        else:
            return _published(plan_id)
    return render_template("admin/plan.html", form=form, plan=None), 422 if form.is_submitted() else 200


@blueprint.route("/plans/<uuid:plan_id>", methods=["GET", "POST"])
@requires("promotions", "read")
def plan(plan_id: uuid.UUID) -> ResponseReturnValue:
    """A plan's form. What somebody else saved meanwhile is not overwritten."""
    stored = queries.plan(plan_id)
    form = PlanForm(obj=stored)
    if form.validate_on_submit():
        version = form.version.data or ""
        begun_on = int(version) if version.isdecimal() and len(version) < 10 else 0
        try:
            update_plan(actor_id(), plan_id, begun_on, form.edit())
        except DomainError as error:
            form.form_errors = [explain(error)]
        else:
            return _published(plan_id)
    return _shown(form, stored)


@blueprint.post("/plans/<uuid:plan_id>/publication")
@requires("promotions", "write")
def publish(plan_id: uuid.UUID) -> ResponseReturnValue:
    """Try again to have the provider know the plan."""
    return _published(plan_id)


def _shown(form: PlanForm, stored: Plan) -> ResponseReturnValue:
    return render_template("admin/plan.html", form=form, plan=stored), 422 if form.is_submitted() else 200


def _published(plan_id: uuid.UUID) -> ResponseReturnValue:
    """Saved already; what the provider says of it only decides whether it can be had."""
    try:
        publish_plan(plan_id)
    except DomainError as failure:
        flash(_("Saved, but it cannot be had yet: %(why)s", why=explain(failure)), "warning")
    else:
        flash(_("Saved."), "good")
    return redirect(url_for("admin.plans"), 303)
