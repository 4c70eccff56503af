"""What buying needs: products with stock, shoppers with a session, shipping and tax, filled carts.

Everything is committed; call it with an application context pushed.
"""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from storefront.accounts.models import User, UserSession
from storefront.cart import services as carts
from storefront.catalog.models import Category, Product
from storefront.core import clock
from storefront.core.db import session, transaction
from storefront.core.identity import Identity
from storefront.core.ids import digest, new_id, new_secret
from storefront.inventory.services import adjust_stock
from storefront.orders.drafts import Draft
from storefront.orders.placing import prepare
from storefront.orders.services import PlaceOrder, PostalAddress, SeenAmount
from storefront.payments import services as payments
from storefront.shipping.services import MethodDetails, save_method, save_tax_rate

_numbers = itertools.count(1)


def make_category(name: str = "Tents") -> uuid.UUID:
    """A category; returns its id."""
    category_id = new_id()
    with transaction():
        session().add(Category(id=category_id, name=name, slug=f"{name.lower()}-{next(_numbers)}"))
    return category_id


def make_product(
    name: str = "Kettle",
    price: str = "20.00",
    stock: int = 10,
    *,
    parent_id: uuid.UUID | None = None,
    options: dict[str, str] | None = None,
    **values: Any,
) -> uuid.UUID:
    """A product on sale with ``stock`` units in the ledger; a variant with ``parent_id`` and ``options``."""
    number = next(_numbers)
    product_id: uuid.UUID = values.pop("id", None) or new_id()
    fields: dict[str, Any] = {
        "sku": f"SKU-{number}",
        "slug": f"product-{number}",
        "price": Decimal(price),
        "weight": Decimal("0.5"),
        "published_at": clock.now(),
        **values,
    }
    with transaction():
        session().add(Product(id=product_id, name=name, parent_id=parent_id, options=options or {}, **fields))
        session().flush()
        if stock:
            adjust_stock(product_id, stock, "import")
    session().expunge_all()
    return product_id


def change_product(product_id: uuid.UUID, **values: Any) -> None:
    """Change columns of a product, as staff or an import would."""
    with transaction():
        product = session().get_one(Product, product_id)
        for name, value in values.items():
            setattr(product, name, value)
    session().expunge_all()


@dataclass(frozen=True, slots=True)
class Stock:
    """What a product's row says."""

    stock: int
    reserved: int


def stock_of(product_id: uuid.UUID) -> Stock:
    """The product's stock now."""
    session().expire_all()
    product = session().get_one(Product, product_id)
    found = Stock(product.stock_quantity, product.reserved_quantity)
    session().rollback()
    return found


def make_guest() -> Identity:
    """Somebody with a session and no account."""
    return guest_with_token()[0]


def guest_with_token() -> tuple[Identity, str]:
    """A guest and the secret of their session, for a cookie."""
    return _start_session(None)


def make_shopper(email: str | None = None, **values: Any) -> Identity:
    """Somebody with an account who is signed in."""
    user_id = new_id()
    with transaction():
        session().add(
            User(
                id=user_id,
                email=email or f"shopper-{next(_numbers)}@example.com",
                email_verified=True,
                **values,
            )
        )
    return _start_session(user_id)[0]


def shopper_with_token(email: str | None = None) -> tuple[Identity, str]:
    """A signed-in shopper and the secret of their session, for a cookie."""
    identity = make_shopper(email)
    return _start_session(identity.user_id)


def _start_session(user_id: uuid.UUID | None) -> tuple[Identity, str]:
    session_id, token = new_id(), new_secret()
    with transaction():
        session().add(
            UserSession(
                id=session_id,
                session_token_hash=digest(token),
                user_id=user_id,
                data={},
                expires_at=clock.now() + timedelta(days=30),
            )
        )
    return Identity(user_id, session_id), token


def make_shipping() -> None:
    """Standard to Germany (4.90, free from 75), express there (12.90), Austria 9.90; 19 and 20 per cent included."""
    save_method(
        MethodDetails("standard", "Standard", price=Decimal("4.90"), countries=["DE"], free_over=Decimal(75))
    )
    save_method(MethodDetails("express", "Express", price=Decimal("12.90"), countries=["DE"], sort_order=2))
    save_method(
        MethodDetails("standard-eu", "Standard", price=Decimal("9.90"), countries=["AT"], sort_order=3)
    )
    save_tax_rate("DE", Decimal(19), name="VAT")
    save_tax_rate("AT", Decimal(20), name="VAT")


def make_address(country: str = "DE", **values: str) -> PostalAddress:
    """A complete address."""
    fields = {
        "full_name": "Ida Larsen",
        "line1": "Am Hang 3",
        "postal_code": "10115" if country == "DE" else "1010",
        "city": "Berlin",
        "country": country,
    }
    return PostalAddress(**fields | values)


def make_draft(identity: Identity, request: PlaceOrder) -> Draft:
    """The order of ``request`` as it stands while somebody is asked for the money."""
    with patch.object(payments, "authorise_at_once", return_value=None):
        draft = prepare(identity, request)
    assert isinstance(draft, Draft)
    return draft


def order_request(total: str, key: str | None = None, **values: Any) -> PlaceOrder:
    """A guest's request to place an order for ``total``, shipped to Germany by standard, on invoice."""
    fields: dict[str, Any] = {
        "idempotency_key": key or new_secret(),
        "expected_total": Decimal(total),
        "shipping_address": make_address(),
        "billing_address": make_address(),
        "shipping_method": "standard",
        "payment_method": "invoice",
        "email": "ida@example.com",
    }
    return PlaceOrder(**fields | values)


def fill_cart(identity: Identity, *lines: tuple[uuid.UUID, int]) -> None:
    """Put products into somebody's cart."""
    for product_id, quantity in lines:
        carts.add_line(identity, product_id, quantity)


__all__ = [
    "SeenAmount",
    "Stock",
    "change_product",
    "fill_cart",
    "guest_with_token",
    "make_address",
    "make_category",
    "make_guest",
    "make_product",
    "make_shipping",
    "make_shopper",
    "order_request",
    "shopper_with_token",
    "stock_of",
]
