"""Letters to the shop about its stock."""

from __future__ import annotations

import uuid

from storefront.catalog.queries.staff import editable_product
from storefront.core.errors import NotFound
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.http.mail import compose, deliver, mail_url
from storefront.jobs.outbox import handles


@handles("mail.low_stock")
def low_stock(product_id: str) -> None:
    """Tells the shop's own mailbox that few are left; not where more have come since, or the product is gone."""
    try:
        product = editable_product(uuid.UUID(product_id))
    except NotFound:
        return
    if product.stock > product.low_stock_threshold:
        return
    deliver(
        compose(
            "low_stock",
            to=current_settings().shop_email,
            subject=_("Few left: %(name)s", name=product.name),
            product=product,
            link=mail_url("admin.stock_of", product_id=product.id),
        )
    )
