"""A small shop in which every page has something to show, and the people who open it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from flask import Flask

from storefront.accounts import services as accounts
from storefront.accounts.services import AddressInput
from storefront.assistant import services as assistant
from storefront.assistant.engines.builtin import BuiltinEngine
from storefront.cart import services as carts
from storefront.cart.queries import cart_view
from storefront.core import clock
from storefront.core.db import session
from storefront.core.identity import ANONYMOUS, Identity
from storefront.core.settings import current_settings
from storefront.jobs.outbox import drain
from storefront.memberships.services import PlanEdit, create_plan
from storefront.orders.services import (
    RefundLine,
    RefundRequest,
    capture_payment,
    place_order,
    refund_order,
)
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from storefront.providers.object_storage import storage
from storefront.reminders.models import StockAlert
from storefront.reminders.services import wait_by_email
from storefront.returns.queries import returnable
from storefront.returns.services import ReturnRequest, WantedLine, request_return
from storefront.search.services import (
    SynonymEdit,
    create_synonym,
    log_search,
    refresh_words,
    write_log,
)
from tests.factories.accounts import MadeUser, make_staff, make_user, sign_in
from tests.factories.assistant import answer, make_policy, workshop
from tests.factories.buying import (
    fill_cart,
    make_shipping,
    make_shopper,
    order_request,
    shopper_with_token,
)
from tests.factories.catalog import (
    Made,
    make_brand,
    make_category,
    make_picture,
    make_product,
    make_review,
    make_variants,
)
from tests.factories.promotions import make_promotion
from tests.factories.returns import deliver
from tests.web.paper_browser import PaperBrowser

# The smallest WebP picture: one pixel.
_PIXEL = bytes.fromhex(
    "52494646240000005745425056503820180000003001009d012a0100010002003425a400037000fefb940000"
)
PICTURE = make_picture()
POLICIES = (
    "about",
    "accessibility",
    "contact",
    "imprint",
    "payment",
    "privacy",
    "returns",
    "shipping",
    "warranty",
)
_POLICY = (
    "We do what is right.\n\n## How long\n\nThirty days.\n\n## How\n\nWrite to us.\n\n## Where\n\nAt home.\n"
)


@dataclass(frozen=True, slots=True)
class Town:
    """What is there, as parts of addresses."""

    category: str
    product: str
    sold_out: str
    product_id: uuid.UUID
    sold_out_id: uuid.UUID
    review_id: uuid.UUID
    order: str
    arrived: str
    return_number: str
    address_id: uuid.UUID
    conversation_id: uuid.UUID
    answer_id: uuid.UUID
    synonym_id: uuid.UUID
    promotion_id: uuid.UUID
    plan_id: uuid.UUID
    mail: str
    letter: bytes
    share_token: str
    alert_id: uuid.UUID
    left_cart_id: uuid.UUID
    customer: MadeUser
    buyer_token: str
    staff: MadeUser


def build_town() -> Town:
    """Build it. Every kind of page has a picture, a price reduced, a review, a line, a letter."""
    for size in ("small", "medium", "large"):
        storage().put(f"{PICTURE['key']}-{size}.webp", _PIXEL, "image/webp")
    for slug in POLICIES:
        make_policy(slug.capitalize(), slug, _POLICY)
    make_shipping()
    tent, kettle, sold_out, category = _products()
    customer = make_user("customer@example.com", first_name="Ida", last_name="Larsen")
    review_id = make_review(tent, 4, pros=["dry"], cons=["heavy"], helpful_count=2)
    make_review(tent, 5)
    order = _orders(customer.identity, kettle)
    arrived, return_number = _arrived(customer.identity, kettle)
    address_id = accounts.add_address(
        customer.identity, AddressInput("Ida Larsen", "Am Hang 3", "10115", "Berlin", "DE")
    )
    made = answer(customer.identity, "a kettle under 50", workshop(BuiltinEngine()))
    staff = make_staff()
    buyer, buyer_token = shopper_with_token("buyer@example.com")
    fill_cart(buyer, (kettle.id, 2))
    carts.save_for_later(buyer, kettle.id)
    refresh_words()
    for text, found in (("ridge tent", 1), ("headfones", 0)):
        log_search(ANONYMOUS, text, results_count=found, search_type="text", milliseconds=12)
    write_log()
    drain()
    for wished in (tent.id, kettle.id, sold_out.id):
        carts.wish(customer.identity, wished)
    fill_cart(buyer, (kettle.id, 1))
    letters = mail_folder(current_settings())
    (newest, *_others) = stored_mails(letters)
    return Town(
        category=category.slug,
        product=tent.slug,
        sold_out=sold_out.slug,
        product_id=tent.id,
        sold_out_id=sold_out.id,
        review_id=review_id,
        order=order,
        arrived=arrived,
        return_number=return_number,
        address_id=address_id,
        conversation_id=assistant.open_conversation(customer.identity),
        answer_id=made.exchange.answer_id,
        synonym_id=create_synonym(None, SynonymEdit(["beaker", "mug"])),
        promotion_id=make_promotion(has_single_codes=True),
        plan_id=create_plan(staff.id, PlanEdit("Friends", "Closer.", Decimal(5), "month", Decimal(20), True)),
        mail=newest.name,
        letter=(letters / f"{newest.name}.eml").read_bytes(),
        share_token=carts.share(customer.identity),
        alert_id=_alert(sold_out.id),
        left_cart_id=_left_cart(kettle.id),
        customer=customer,
        buyer_token=buyer_token,
        staff=staff,
    )


def _products() -> tuple[Made, Made, Made, Made]:
    brand = make_brand()
    outdoors = make_category(
        "Outdoors",
        extra={
            "hero": {"title": "Outside", "text": "Go.", "action": "Look", "category": "outdoors"},
            "story": {"title": "Rain", "text": "It stops.", "category": "outdoors"},
        },
    )
    tents = make_category("Tents", outdoors, description="Dry nights.")
    tent = make_product(
        "Ridge tent",
        "120.00",
        0,
        category=tents,
        brand=brand,
        images=[PICTURE, make_picture(alt="The tent from behind")],
        description="A tent.\n\nIt stands.",
        specifications={f"Fact {number}": str(number) for number in range(20)},
        tags=["light"],
        is_featured=True,
    )
    make_variants(
        tent,
        [
            {"Colour": "Fir", "Size": "2"},
            {"Colour": "Ember", "Size": "2"},
            {"Colour": "Ember", "Size": "3"},
        ],
        stock=3,
        images=[PICTURE],
        price="120.00",
    )
    kettle = make_product(
        "Copper kettle",
        "39.00",
        20,
        category=outdoors,
        brand=brand,
        compare_at_price=49,
        images=[PICTURE],
        is_featured=True,
        published_at=clock.now() - timedelta(days=1),
    )
    sold_out = make_product("Tin mug", "9.00", 0, category=outdoors, images=[])
    for number in range(30):
        make_product(f"Peg {number}", "1.50", 5, category=tents, images=[PICTURE])
    return tent, kettle, sold_out, tents


def _orders(customer: Identity, kettle: Made) -> str:
    fill_cart(customer, (kettle.id, 1))
    return place_order(customer, order_request("43.90", note="Ring twice.")).number


def _arrived(customer: Identity, kettle: Made) -> tuple[str, str]:
    """An order that has arrived, with a return that waits for somebody, and money given back for one unit."""
    fill_cart(customer, (kettle.id, 3))
    placed = place_order(customer, order_request("117.00"))
    capture_payment(placed.number)
    deliver(placed.order_id)
    line = returnable(customer, placed.number).lines[0]
    wanted = ReturnRequest("return", [WantedLine(line.id, 1, "damaged")])
    refund_order(None, placed.number, RefundRequest(lines=[RefundLine(line.id, 1)], reason="dented"))
    return placed.number, request_return(customer, placed.number, wanted).number


def _alert(product_id: uuid.UUID) -> uuid.UUID:
    wait_by_email("guest@example.com", product_id, "en")
    return session().scalars(sa.select(StockAlert.id)).one()


def _left_cart(product_id: uuid.UUID) -> uuid.UUID:
    owner = make_shopper("owner@example.com")
    fill_cart(owner, (product_id, 2))
    cart_id = cart_view(owner).cart_id
    assert cart_id is not None
    return cart_id


def browser_of(app: Flask, town: Town, who: str) -> PaperBrowser:
    """A browser of the guest, the buyer with a cart, the customer or the staff."""
    browser = PaperBrowser(app, town.buyer_token if who == "buyer" else None)
    if who in ("customer", "staff"):
        sign_in(browser.client, town.customer if who == "customer" else town.staff)
    return browser
