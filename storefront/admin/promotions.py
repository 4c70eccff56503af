"""Promotions: the list, the form of one, its uses, batches of codes; gift cards are issued beside them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    DecimalField,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.catalog.queries.staff import taxonomy_choices
from storefront.core.errors import DomainError
from storefront.core.ids import new_secret
from storefront.core.money import round_money
from storefront.core.shop_time import shop_time, shop_zone
from storefront.core.texts import gettext as _
from storefront.http.forms import Form
from storefront.http.wording import explain
from storefront.promotions.queries.staff import (
    PromotionDetails,
    customer_groups,
    products_by_sku,
    staff_promotion,
    staff_promotions,
)
from storefront.promotions.services import (
    PromotionEdit,
    add_codes,
    create_promotion,
    issue_gift_card,
    set_active,
    update_promotion,
)

KINDS = (
    ("percent", _l("Per cent off")),
    ("amount", _l("Amount off")),
    ("free_shipping", _l("Free shipping")),
    ("buy_x_get_y", _l("Buy some, get some free")),
)


class PromotionForm(Form):
    """What is given, to whom, when, how often. Times are the shop's."""

    version = HiddenField()
    name = StringField(_l("Name, as shoppers read it"), validators=[InputRequired(), Length(max=100)])
    kind = SelectField(_l("What it gives"), choices=[SelectChoice(*one) for one in KINDS])
    value = DecimalField(
        _l("Per cent or amount"), places=2, default=0, validators=[Optional(), NumberRange(0, 9_999_999)]
    )
    buy = IntegerField(_l("Buy"), validators=[Optional(), NumberRange(1, 99)])
    get = IntegerField(_l("Get free"), validators=[Optional(), NumberRange(1, 99)])
    code = StringField(_l("Code"), validators=[Length(max=60)])
    has_single_codes = BooleanField(_l("By codes of one use each"))
    minimum = DecimalField(_l("From goods of"), places=2, validators=[Optional(), NumberRange(0, 9_999_999)])
    products = StringField(_l("Products, by SKU with commas between"), validators=[Length(max=2_000)])
    categories = SelectMultipleField(_l("Categories, with those below"))
    brands = SelectMultipleField(_l("Brands"))
    groups = SelectMultipleField(_l("Groups of customers"))
    first_order = BooleanField(_l("For a first order only"))
    starts_at = DateTimeLocalField(_l("Begins"), format="%Y-%m-%dT%H:%M", validators=[Optional()])
    ends_at = DateTimeLocalField(_l("Ends on"), format="%Y-%m-%dT%H:%M", validators=[Optional()])
    usage_limit = IntegerField(_l("Uses in all"), validators=[Optional(), NumberRange(1, 2_000_000_000)])
    usage_limit_per_user = IntegerField(
        _l("Uses per customer"), validators=[Optional(), NumberRange(1, 1_000)]
    )
    lane = StringField(_l("Lane"), validators=[Length(max=40)])
    priority = IntegerField(_l("Priority"), default=0, validators=[Optional(), NumberRange(-1_000, 1_000)])
    is_active = BooleanField(_l("In force"), default=True)

    def offer(self) -> None:
        """Fill the choices out of the catalog and the groups. Three statements."""
        categories, brands = taxonomy_choices()
        self.categories.choices = [SelectChoice(str(one.id), one.name) for one in categories]
        self.brands.choices = [SelectChoice(str(one.id), one.name) for one in brands]
        self.groups.choices = [SelectChoice(str(key), name) for key, name in customer_groups()]

    def validate_products(self, field: StringField) -> None:
        """Every SKU must be somebody's."""
        wanted = [sku.strip() for sku in (field.data or "").split(",") if sku.strip()]
        self._products = products_by_sku(wanted)
        missing = [sku for sku in wanted if sku not in self._products]
        if missing:
            raise ValidationError(_("There is no product %(skus)s.", skus=", ".join(missing)))

    def edit(self) -> PromotionEdit:
        """The form as the service takes it. Only after validation."""
        conditions: dict[str, Any] = {
            "minimum": str(round_money(self.minimum.data)) if self.minimum.data else None,
            "products": [str(key) for key in self._products.values()],
            "categories": self.categories.data,
            "brands": self.brands.data,
            "groups": self.groups.data,
            "first_order": bool(self.first_order.data),
        }
        if self.kind.data == "buy_x_get_y":
            conditions |= {"buy": self.buy.data, "get": self.get.data}
        return PromotionEdit(
            name=(self.name.data or "").strip(),
            kind=self.kind.data,
            value=self.value.data or Decimal(0),
            code=self.code.data,
            has_single_codes=bool(self.has_single_codes.data),
            conditions={key: value for key, value in conditions.items() if value},
            starts_at=_moment(self.starts_at.data),
            ends_at=_moment(self.ends_at.data),
            usage_limit=self.usage_limit.data,
            usage_limit_per_user=self.usage_limit_per_user.data,
            lane=self.lane.data or "",
            priority=self.priority.data or 0,
            is_active=bool(self.is_active.data),
        )


@blueprint.get("/promotions")
@requires("promotions", "read")
def promotions() -> ResponseReturnValue:
    """All promotions."""
    return render_template("admin/promotions.html", promotions=staff_promotions(), kinds=dict(KINDS))


@blueprint.route("/promotions/new", methods=["GET", "POST"])
@requires("promotions", "write")
def new_promotion() -> ResponseReturnValue:
    """A new promotion."""
    form = PromotionForm()
    form.offer()
    if form.validate_on_submit() and _saved(form, lambda: create_promotion(actor_id(), form.edit())):
        return _to_the_list(_("Saved."))
    return _page(form, None), _status(form)


@blueprint.route("/promotions/<uuid:promotion_id>", methods=["GET", "POST"])
@requires("promotions", "read")
def promotion(promotion_id: uuid.UUID) -> ResponseReturnValue:
    """A promotion's form and uses; what somebody else saved meanwhile is not overwritten, nothing typed is lost."""
    details = staff_promotion(promotion_id)
    form = _form(details)
    if form.validate_on_submit():
        version = form.version.data or ""
        begun_on = int(version) if version.isdecimal() and len(version) < 10 else 0
        if _saved(form, lambda: update_promotion(actor_id(), promotion_id, begun_on, form.edit())):
            return _to_the_list(_("Saved."))
    return _page(form, details), _status(form)


@blueprint.post("/promotions/<uuid:promotion_id>/state")
@requires("promotions", "write")
def switch_promotion(promotion_id: uuid.UUID) -> ResponseReturnValue:
    """Switch it on or off."""
    is_active = request.form.get("active") == "1"
    set_active(actor_id(), promotion_id, is_active)
    return _to_the_list(_("It is in force.") if is_active else _("It is switched off."))


@blueprint.post("/promotions/<uuid:promotion_id>/codes")
@requires("promotions", "write")
def make_codes(promotion_id: uuid.UUID) -> ResponseReturnValue:
    """Make a batch of codes of one use each, and show them."""
    raw = request.form.get("count", "")
    count = int(raw) if raw.isdecimal() and len(raw) < 7 else 0
    made: list[str] = []
    try:
        batch, key = (request.form.get(name, "").replace("\0", "") for name in ("batch", "request_key"))
        made = add_codes(actor_id(), promotion_id, count, batch, key[:100])
    except DomainError as error:
        flash(explain(error), "error")
    details = staff_promotion(promotion_id)
    form = _form(details, sent=False)
    return _page(form, details, made), 200 if made else 422


class GiftCardForm(Form):
    """How much it is worth. The same key issues one card."""

    request_key = HiddenField(default=new_secret)
    amount = DecimalField(_l("Worth"), places=2, validators=[InputRequired(), NumberRange(0, 100_000)])


@blueprint.route("/gift-cards/new", methods=["GET", "POST"])
@requires("promotions", "write")
def new_gift_card() -> ResponseReturnValue:
    """Issue a gift card; its code is shown on the answer alone, the same one when that is loaded again."""
    form, card = GiftCardForm(), None
    if form.validate_on_submit() and form.amount.data is not None:
        try:
            key = (form.request_key.data or "").replace("\0", "")[:100]
            card = issue_gift_card(actor_id(), form.amount.data, request_key=key)
        except DomainError as error:
            form.amount.errors = [explain(error)]
        else:
            form.request_key.data = new_secret()  # what is issued from this page is another one
    refused = form.is_submitted() and card is None
    return render_template("admin/gift_card.html", form=form, card=card), 422 if refused else 200


_SHARED = (
    *("name", "kind", "value", "code", "has_single_codes", "starts_at", "ends_at", "usage_limit"),
    *("usage_limit_per_user", "lane", "priority", "is_active"),
)


def _form(details: PromotionDetails, *, sent: bool = True) -> PromotionForm:
    """The form over what is stored; ``sent`` False leaves out what another form of the page has sent."""
    one, stored = details.promotion, details.promotion.conditions
    values = {name: getattr(one, name) for name in _SHARED}
    values |= {name: shop_time(at) for name in ("starts_at", "ends_at") if (at := values[name])}
    listed = {name: stored.get(name) or [] for name in ("categories", "brands", "groups")}
    form = PromotionForm(
        **({} if sent else {"formdata": None}),
        **values,
        **listed,
        version=str(one.version),
        minimum=Decimal(stored["minimum"]) if "minimum" in stored else None,
        products=", ".join(details.skus),
        first_order=stored.get("first_order", False),
        buy=stored.get("buy"),
        get=stored.get("get"),
    )
    form.offer()
    return form


def _page(form: PromotionForm, details: PromotionDetails | None, made: Sequence[str] = ()) -> str:
    return render_template(
        "admin/promotion.html", form=form, details=details, made=made, request_key=new_secret()
    )


def _saved(form: PromotionForm, save: Callable[[], object]) -> bool:
    try:
        save()
    except DomainError as error:
        form.form_errors = [explain(error)]
    else:
        return True
    return False


def _moment(typed: datetime | None) -> datetime | None:
    return typed.replace(tzinfo=shop_zone()) if typed else None


def _to_the_list(said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("admin.promotions"), 303)


def _status(form: PromotionForm) -> int:
    return 422 if form.is_submitted() else 200
