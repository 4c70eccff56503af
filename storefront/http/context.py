"""What every template may rely on: the shop, the visitor, the navigation."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from jinja2 import StrictUndefined

from storefront.catalog import queries as catalog
from storefront.http.address_words import written_address
from storefront.http.assets import asset_url
from storefront.http.formats import (
    as_id,
    format_date,
    format_moment,
    format_money,
    format_number,
    format_rating,
    format_share,
    stars,
)
from storefront.http.invoice_paper import percent
from storefront.http.media import media_url, picture_sources
from storefront.http.order_words import payment_name
from storefront.http.promotion_words import coupon_remark, within_reach
from storefront.http.rendering import wants_fragment
from storefront.http.shop import shop
from storefront.http.table_cells import with_labels
from storefront.http.visitor import Visitor, current_visitor


class LazyNavigation:
    """The category tree, read when the header is rendered: a fragment never asks for it."""

    def __iter__(self) -> Any:
        return iter(catalog.category_tree())


def _common() -> dict[str, Any]:
    visitor: Visitor = current_visitor()
    return {
        "shop": shop(),
        "visitor": visitor,
        "navigation": () if wants_fragment() else LazyNavigation(),
        "current_path": request.path,
    }


def init_app(app: Flask) -> None:
    """Give templates the common context and the house's filters; a misspelt name is an error, not a blank."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=format_money,
        date=format_date,
        moment=format_moment,
        number=format_number,
        rating=format_rating,
        share=format_share,
        stars=stars,
        as_id=as_id,
        address_lines=written_address,
        percent=percent,
        picture_sources=picture_sources,
        coupon_remark=coupon_remark,
        within_reach=within_reach,
        way_to_pay=payment_name,
        with_labels=with_labels,
    )
    app.jinja_env.globals.update(asset_url=asset_url, media_url=media_url)
    app.context_processor(_common)
