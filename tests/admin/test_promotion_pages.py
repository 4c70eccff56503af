"""Promotions in the staff pages: added, changed, switched, codes made, gift cards issued; refused in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from storefront.analytics.models import AuditLog
from storefront.core.db import session
from storefront.promotions.models import GiftCard, Promotion, PromotionCode
from tests.admin.test_synonym_pages import browser_of
from tests.factories.buying import make_category, make_product
from tests.factories.promotions import make_promotion
from tests.web.paper_browser import PaperBrowser

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


@pytest.fixture
def manager(app: Flask) -> PaperBrowser:
    return browser_of(app, "manager")


def stored(app: Flask) -> Promotion:
    with app.app_context():
        return session().scalars(sa.select(Promotion)).one()


def test_a_promotion_is_added_changed_and_switched_off(app: Flask, manager: PaperBrowser) -> None:
    with app.app_context():
        category = str(make_category())
        product = str(make_product(sku="KET-1"))
    form = manager.form(manager.get("/admin/promotions/new"), "")
    typed = {
        "name": "Autumn",
        "value": "12.5",
        "code": "autumn",
        "minimum": "50",
        "products": "KET-1",
        "categories": category,
        "starts_at": "2026-11-01T08:00",
        "usage_limit": "100",
    }
    listed = manager.follow(manager.client.post("/admin/promotions/new", data=form.values | typed))
    for text in ("Autumn", "AUTUMN", "12.5 %", "0 / 100", "in force"):
        assert text in listed.text
    made = stored(app)
    assert made.conditions == {"minimum": "50.00", "products": [product], "categories": [category]}
    assert made.starts_at
    assert made.starts_at.isoformat() == "2026-11-01T07:00:00+00:00"

    address = f"/admin/promotions/{made.id}"
    values = manager.form(manager.get(address), address).values
    assert (values["products"], values["starts_at"]) == ("KET-1", "2026-11-01T08:00")
    changed = values | {"value": "10"}
    assert manager.client.post(address, data=changed).status_code == 303
    refused = manager.client.post(address, data=changed | {"value": "20"})
    assert refused.status_code == 422
    assert "Somebody else has changed this promotion" in refused.text
    assert stored(app).value == 10
    assert "10 %" in manager.get("/admin/promotions").text

    switch = manager.form(manager.get("/admin/promotions"), f"{address}/state")
    assert manager.submit(switch).status_code == 303
    assert not stored(app).is_active
    with app.app_context():
        trail = sa.select(AuditLog.action).where(AuditLog.resource_type == "promotion")
        assert sorted(session().scalars(trail)) == ["create", "update", "update"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "This field is required"),
        ({"value": "0"}, "This does not fit together"),
        ({"products": "NOPE-1"}, "There is no product NOPE-1."),
        ({"code": "taken"}, "Another promotion has this code."),
        ({"lane": "two words"}, "A lane is one word"),
        (
            {"starts_at": "2026-11-02T08:00", "ends_at": "2026-11-01T08:00"},
            "The end must be after the start.",
        ),
        ({"kind": "buy_x_get_y", "buy": "2"}, "This does not fit together"),
    ],
)
def test_a_mistake_is_said_and_nothing_typed_is_lost(
    app: Flask, manager: PaperBrowser, fields: dict[str, str], sentence: str
) -> None:
    with app.app_context():
        make_promotion(code="TAKEN")
    form = manager.form(manager.get("/admin/promotions/new"), "")
    typed = form.values | {"name": "Autumn", "value": "10"} | fields
    answer = manager.client.post("/admin/promotions/new", data=typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert manager.form(answer, "").values["name"] == typed["name"]


def test_a_batch_of_codes_is_made_and_shown(app: Flask, manager: PaperBrowser) -> None:
    with app.app_context():
        address = f"/admin/promotions/{make_promotion(has_single_codes=True)}"
    form = manager.form(manager.get(address), f"{address}/codes")
    answer = manager.submit(form, count="3", batch="Fair")
    assert answer.status_code == 200
    with app.app_context():
        codes = session().scalars(sa.select(PromotionCode.code)).all()
    assert len(codes) == 3
    assert all(code in answer.text for code in codes)
    assert manager.submit(form, count="20000").status_code == 422
    again = manager.submit(form, count="3", batch="Fair")
    assert all(code in again.text for code in codes)
    fresh = manager.submit(manager.form(answer, f"{address}/codes"), count="2", batch="Fair")
    assert fresh.status_code == 200
    with app.app_context():
        assert session().scalar(sa.select(sa.func.count(PromotionCode.id))) == 5


def code_on(answer: TestResponse) -> str:
    (code,) = re.findall(r"<strong>((?:\w{4}-){3}\w{4})</strong>", answer.text)
    return str(code)


def test_a_gift_card_is_issued_and_its_code_shown_once(app: Flask, manager: PaperBrowser) -> None:
    form = manager.form(manager.get("/admin/gift-cards/new"), "")
    answer = manager.client.post("/admin/gift-cards/new", data=form.values | {"amount": "25"})
    again = manager.client.post("/admin/gift-cards/new", data=form.values | {"amount": "25"})
    assert "it is the same card, issued once" in again.text
    assert code_on(again) == code_on(answer)
    with app.app_context():
        assert session().scalars(sa.select(GiftCard.balance)).all() == [25]
        assert sorted(session().scalars(sa.select(AuditLog.action))) == ["create"]
    other = manager.client.post(
        "/admin/gift-cards/new", data=manager.form(answer, "").values | {"amount": "25"}
    )
    assert code_on(other) != code_on(answer)
    refused = manager.client.post("/admin/gift-cards/new", data=form.values | {"amount": "0"})
    assert refused.status_code == 422


def test_who_may_not_sees_and_changes_nothing(app: Flask) -> None:
    with app.app_context():
        promotion = make_promotion()
    support = browser_of(app, "support")
    assert support.get("/admin/promotions").status_code == 403
    assert support.get(f"/admin/promotions/{promotion}").status_code == 403
    assert support.post(f"/admin/promotions/{promotion}/state", {"active": "0"}).status_code == 403
    assert support.post("/admin/gift-cards/new", {"amount": "25"}).status_code == 403
    assert stored(app).is_active


def test_the_pages_ask_little(app: Flask, manager: PaperBrowser, assert_queries: AssertQueries) -> None:
    with app.app_context():
        promotion = make_promotion()
    with assert_queries(2):
        manager.get("/admin/promotions")
    with assert_queries(6):  # the visitor, the promotion, its uses, and three lists to choose from
        manager.get(f"/admin/promotions/{promotion}")
