"""How to open every page of the application, and what is no page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, url_for

from storefront.http.signed_links import sign_link
from tests.web.small_town import Town

Arguments = list[dict[str, Any]]


def _plain(_town: Town) -> Arguments:
    return [{}]


def _by_order(town: Town) -> Arguments:
    return [{"number": town.order}]


def _by_product(town: Town) -> Arguments:
    return [{"slug": town.product}]


PAGES: dict[str, Callable[[Town], Arguments]] = {
    "catalog.home": _plain,
    "catalog.category": lambda town: [{"slug": town.category}, {"slug": town.category, "page": 2}],
    "catalog.search": lambda _town: [
        {},
        {"q": "tent"},
        {"q": "tnet"},
        {"q": "ridge peg"},
        {"page": 2, "sort": "name"},
        {"q": "nothingisnamedso"},
        {"q": "tent", "price_max": 1},
        {"option.Colour": "Fir", "sort": "price_up"},
    ],
    "catalog.suggest": _plain,
    "catalog.product": lambda town: [
        {"slug": town.product},
        {"slug": town.product, "option.Colour": "Ember", "option.Size": "3"},
        {"slug": town.product, "option.Colour": "Fir", "option.Size": "3"},
        {"slug": town.sold_out},
    ],
    "catalog.reviews": lambda town: [{"slug": town.product}, {"slug": town.product, "stars": 1}],
    "catalog.write_form": _by_product,
    "reminders.confirm": lambda town: [{"token": sign_link("confirm_alert", town.alert_id)}],
    "reminders.unsubscribe": lambda town: [
        {"kind": "alert", "token": sign_link("stop_alert", town.alert_id)},
        {"kind": "cart", "token": sign_link("stop_cart_reminder", town.customer.id)},
    ],
    "reminders.restore": lambda town: [{"token": sign_link("open_cart", town.left_cart_id)}],
    "cart.page": _plain,
    "cart.drawer": _plain,
    "wishes.page": _plain,
    "wishes.shared": lambda town: [{"token": town.share_token}],
    "checkout.page": _plain,
    "checkout.lookup": _plain,
    "checkout.order": lambda town: [{"number": town.order}, {"number": town.arrived}],
    "checkout.thanks": _by_order,
    "checkout.cancel": _by_order,
    "checkout.change": _by_order,
    "checkout.send_back": lambda town: [{"number": town.arrived}, {"number": town.order}],
    "account.overview": _plain,
    "account.orders": _plain,
    "account.addresses": _plain,
    "account.new_address": _plain,
    "account.edit_address": lambda town: [{"address_id": town.address_id}],
    "account.profile": _plain,
    "account.letters": _plain,
    "account.membership": _plain,
    "account.password": _plain,
    "account.sessions": _plain,
    "account.data": _plain,
    "account.deletion": _plain,
    "account.sign_in": _plain,
    "account.sign_up": _plain,
    "account.check_mail": _plain,
    "account.confirm_email": lambda _town: [{"token": "unknown"}],
    "account.resend_confirmation": _plain,
    "account.forgot_password": _plain,
    "account.reset_password": lambda _town: [{"token": "unknown"}],
    "pages.page": lambda _town: [{"slug": "shipping"}, {"slug": "imprint"}],
    "chat.page": _plain,
    "chat.panel": _plain,
    "dev.mails": _plain,
    "dev.mail": lambda town: [{"name": town.mail}],
    "dev.mail_html": lambda town: [{"name": town.mail}],
    "admin.dashboard": _plain,
    "admin.products": lambda _town: [{}, {"q": "nothingisnamedso"}],
    "admin.product": lambda town: [{"product_id": town.product_id}],
    "admin.stock": _plain,
    "admin.stock_of": lambda town: [{"product_id": town.product_id}],
    "admin.orders": _plain,
    "admin.change_order": _by_order,
    "admin.order": lambda town: [{"number": town.order}, {"number": town.arrived}],
    "admin.refund": lambda town: [{"number": town.arrived}],
    "admin.open_return": lambda town: [{"number": town.arrived}, {"number": town.order}],
    "admin.returns": lambda _town: [{}, {"q": "nothingisnamedso"}],
    "admin.one_return": lambda town: [{"number": town.return_number}],
    "admin.report": _plain,
    "admin.searches": lambda _town: [
        {},
        {"days": 7, "list": "unopened"},
        {"days": 90, "list": "top", "page": 9},
    ],
    "admin.synonyms": lambda _town: [{}, {"q": "nothingisnamedso"}],
    "admin.new_synonym": lambda _town: [{}, {"typed": "headfones"}],
    "admin.synonym": lambda town: [{"synonym_id": town.synonym_id}],
    "admin.plans": _plain,
    "admin.new_plan": _plain,
    "admin.plan": lambda town: [{"plan_id": town.plan_id}],
    "admin.promotions": _plain,
    "admin.new_promotion": _plain,
    "admin.promotion": lambda town: [{"promotion_id": town.promotion_id}],
    "admin.new_gift_card": _plain,
    "admin.conversations": _plain,
    "admin.conversation": lambda town: [{"conversation_id": town.conversation_id}],
}
"""How to open each page, by endpoint: the arguments of one or several addresses."""

NOT_PAGES = {
    "asset": "files, opened as resources of pages",
    "media.picture": "pictures, opened as resources of pages",
    "checkout.pay": "only in a shop that takes cards; tests/web/test_card_pages.py",
    "account.cards": "only in a shop that takes cards; tests/web/test_kept_card_pages.py",
    "account.card_fields": "only in a shop that takes cards; tests/web/test_kept_card_pages.py",
    "account.change_membership": "only for a member; tests/web/test_membership_pages.py",
    "account.confirm_membership_plan": "only for a member; tests/web/test_membership_pages.py",
    "account.card_added": "only in a shop that takes cards; tests/web/test_kept_card_pages.py",
    "checkout.returned": "only in a shop that takes cards; tests/web/test_card_pages.py",
    "checkout.pay_change": "only in a shop that takes cards; tests/web/test_order_changes.py",
    "checkout.change_paid": "only in a shop that takes cards; tests/web/test_order_changes.py",
    "checkout.pay_exchange": "only in a shop that takes cards; tests/web/test_exchange_payments.py",
    "checkout.exchange_paid": "only in a shop that takes cards; tests/web/test_exchange_payments.py",
    "checkout.paper": "a PDF; tests/web/test_tax_and_papers.py",
    "admin.paper": "a PDF; tests/admin/test_tax_report.py",
    "admin.report_csv": "a file; tests/admin/test_tax_report.py",
    "chat.stream": "events; tests/web/test_chat_stream.py",
    "health.live": "for programs",
    "health.ready": "for programs",
    "pages.favicon": "a file's old address",
    "pages.robots": "for programs; tests/web/test_pages.py",
    "pages.sitemap": "for programs; tests/web/test_pages.py",
    "pages.sitemap_part": "for programs; tests/web/test_pages.py",
}


def page_addresses(app: Flask, town: Town) -> list[tuple[str, str]]:
    """Every page as (endpoint, address)."""
    with app.test_request_context():
        return [
            (endpoint, url_for(endpoint, **values))
            for endpoint, arguments in PAGES.items()
            for values in arguments(town)
        ]
