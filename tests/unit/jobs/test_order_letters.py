"""The letters about an order: itemised, in text and HTML, with a way to the order's page."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.settings import current_settings
from storefront.invoicing.queries import issued_for
from storefront.invoicing.services import issue_what_is_due
from storefront.jobs.orders import issue_missing_invoices
from storefront.jobs.outbox import drain
from storefront.orders.models import Order
from storefront.orders.services import cancel_order, place_order
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import StoredMail, stored_mails
from tests.factories.buying import (
    fill_cart,
    make_address,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
)

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def _shipping(app_context: object) -> None:
    make_shipping()


def letters(to: str) -> list[StoredMail]:
    return [mail for mail in stored_mails(mail_folder(current_settings())) if to in mail.to]


def test_confirmation_lists_what_was_bought_and_where_to_look() -> None:
    guest = make_guest()
    parent = make_product("Boots", stock=0)
    boots = make_product("Boots, 38", "90.00", parent_id=parent, options={"Size": "38"}, sku="BOO-38")
    fill_cart(guest, (boots, 2), (make_product("Mug <1>", "7.50"), 1))
    elsewhere = make_address("AT", full_name="Larsen AB", line1="Ringen 9", city="Wien")
    placed = place_order(
        guest,
        order_request("187.50", email="letters@example.com", billing_address=elsewhere, note="Ring twice"),
    )
    drain()
    (mail,) = letters("letters@example.com")
    assert placed.number in mail.subject
    for text in (mail.text, mail.html):
        for piece in (placed.number, "Boots, 38", "BOO-38", "€180.00", "€187.50", "Ringen 9", "Ring twice"):
            assert piece in text
        assert f"/orders/find?number={placed.number}" in text
    assert "2 x Boots, 38\n" in mail.text
    assert "Mug <1>" in mail.text
    assert "Mug &lt;1&gt;" in mail.html
    assert "On invoice" in mail.text


def test_somebody_with_an_account_is_led_straight_to_the_order_and_told_of_cancelling() -> None:
    shopper = make_shopper("account-letters@example.com")
    fill_cart(shopper, (make_product("Kettle", "80.00"), 1))
    placed = place_order(shopper, order_request("80.00", email=""))
    cancel_order(shopper, placed.number)
    drain()
    first, second = sorted(letters("account-letters@example.com"), key=lambda mail: len(mail.subject))
    assert f"/orders/{placed.number}" in first.text
    assert "There is nothing to pay." in second.text


def test_erased_person_gets_no_letter() -> None:
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle", "80.00"), 1))
    place_order(guest, order_request("80.00", email="erased@example.com"))
    with transaction():
        session().execute(sa.update(Order).values(guest_email=None, anonymised_at=sa.func.now()))
    assert drain() == 3, "there is nobody to write to, and nothing to try again"
    assert letters("erased@example.com") == []


def test_one_order_that_cannot_be_invoiced_holds_up_nobody_elses_papers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    placed = []
    for _ in range(2):
        guest = make_guest()
        fill_cart(guest, (make_product("Mug", "50.10"), 1))
        placed.append(place_order(guest, order_request("55.00")).order_id)

    def issue(order_id: uuid.UUID) -> list[str]:
        if order_id == placed[0]:
            raise RuntimeError("broken")
        return issue_what_is_due(order_id)

    monkeypatch.setattr("storefront.jobs.orders.issue_what_is_due", issue)
    with frozen(now() + timedelta(minutes=10)):
        assert issue_missing_invoices() == {"documents": 1, "failed": 1}
    assert [len(issued_for(order_id)) for order_id in placed] == [0, 1]
