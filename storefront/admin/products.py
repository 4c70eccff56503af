"""Products: the list and the edit form."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.catalog.errors import BackorderLimitTooLow, PriceNotBelowFormer, SlugTaken
from storefront.catalog.queries.staff import (
    EditableProduct,
    editable_product,
    staff_products,
    taxonomy_choices,
    variants_of,
)
from storefront.catalog.services import ProductEdit, update_product
from storefront.core.errors import DomainError
from storefront.core.pagination import page_number
from storefront.core.texts import gettext as _
from storefront.http.forms import Form
from storefront.http.wording import explain
from storefront.search.queries import clean_text


class ProductForm(Form):
    """What staff may change about a product."""

    version = HiddenField(validators=[InputRequired()])
    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=255)])
    slug = StringField(
        _l("Address"),
        validators=[
            InputRequired(),
            Length(max=255),
            Regexp(
                r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
                message=_l("Lower-case letters, digits and single hyphens only."),
            ),
        ],
    )
    short_description = StringField(_l("Short description"), validators=[Length(max=500)])
    description = TextAreaField(_l("Description"), validators=[Length(max=20_000)], render_kw={"rows": 10})
    price = DecimalField(_l("Price"), places=2, validators=[InputRequired(), NumberRange(0, 9_999_999)])
    compare_at_price = DecimalField(
        _l("Price before"), places=2, validators=[Optional(), NumberRange(0, 9_999_999)]
    )
    category_id = SelectField(_l("Category"), validate_choice=True)
    brand_id = SelectField(_l("Brand"), validate_choice=True)
    tags = StringField(_l("Tags, with commas between"), validators=[Length(max=1_000)])
    low_stock_threshold = IntegerField(
        _l("Low stock from"), validators=[InputRequired(), NumberRange(0, 100_000)]
    )
    backorder_limit = IntegerField(
        _l("Sold on back-order"), validators=[InputRequired(), NumberRange(0, 100_000)]
    )
    is_active = BooleanField(_l("Shown in the shop"))
    is_featured = BooleanField(_l("Featured on the home page"))

    def edit(self) -> ProductEdit:
        """The form as the service takes it. Only after validation."""
        assert self.price.data is not None
        return ProductEdit(
            name=(self.name.data or "").strip(),
            slug=self.slug.data or "",
            short_description=(self.short_description.data or "").strip() or None,
            description=(self.description.data or "").replace("\r\n", "\n").strip() or None,
            price=self.price.data,
            compare_at_price=self.compare_at_price.data,
            category_id=uuid.UUID(self.category_id.data) if self.category_id.data else None,
            brand_id=uuid.UUID(self.brand_id.data) if self.brand_id.data else None,
            tags=[tag.strip() for tag in (self.tags.data or "").split(",") if tag.strip()],
            low_stock_threshold=self.low_stock_threshold.data or 0,
            backorder_limit=self.backorder_limit.data or 0,
            is_active=bool(self.is_active.data),
            is_featured=bool(self.is_featured.data),
        )


@blueprint.get("/products")
@requires("products", "read")
def products() -> ResponseReturnValue:
    """All products and variants."""
    text, state = clean_text(request.args.get("q")), request.args.get("state", "all")
    page = staff_products(text, state, page_number(request.args.get("page")))
    return render_template("admin/products.html", page=page, text=text, state=state)


@blueprint.get("/products/<uuid:product_id>")
@requires("products", "read")
def product(product_id: uuid.UUID) -> ResponseReturnValue:
    """The edit form."""
    stored = editable_product(product_id)
    return _page(stored, _form(stored))


@blueprint.post("/products/<uuid:product_id>")
@requires("products", "write")
def save_product(product_id: uuid.UUID) -> ResponseReturnValue:
    """Save the form; what somebody else saved meanwhile is not overwritten, and nothing typed is lost."""
    stored = editable_product(product_id)
    form = _form(stored)
    if not form.validate():
        return _page(stored, form), 422
    try:
        update_product(actor_id(), product_id, int(form.version.data or 0), form.edit())
    except SlugTaken as error:
        form.slug.errors = [explain(error)]
    except PriceNotBelowFormer as error:
        form.compare_at_price.errors = [explain(error)]
    except BackorderLimitTooLow as error:
        form.backorder_limit.errors = [explain(error)]
    except DomainError as error:
        form.form_errors = [explain(error)]
    else:
        flash(_("Saved."), "good")
        return redirect(url_for("admin.product", product_id=product_id), 303)
    return _page(stored, form), 409


def _form(stored: EditableProduct) -> ProductForm:
    form = ProductForm(obj=stored)
    categories, brands = taxonomy_choices()
    form.category_id.choices = [("", "—"), *((str(one.id), one.name) for one in categories)]
    form.brand_id.choices = [("", "—"), *((str(one.id), one.name) for one in brands)]
    if not form.is_submitted():
        form.category_id.data = str(stored.category_id or "")
        form.brand_id.data = str(stored.brand_id or "")
        form.tags.data = ", ".join(stored.tags)
    return form


def _page(stored: EditableProduct, form: ProductForm) -> str:
    return render_template("admin/product.html", product=stored, form=form, variants=variants_of(stored.id))
