"""One address of every type of page, and the people who may open it: for axe, the HTML validator, and pictures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.shop import Shop

Act = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class PageType:
    """A page by name. ``path`` may name facts of :class:`People`; ``act`` is done there before looking."""

    name: str
    path: str
    who: str = "guest"
    status: int = 200
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Cookies of a guest with a cart, a customer with an order and a talk, a member of staff; and what they have."""

    cookies: dict[str, Any]
    facts: dict[str, str]

    def path(self, page_type: PageType) -> str:
        """The address of a page type in this shop."""
        return page_type.path.format(**self.facts)


def _open_drawer(page: Page) -> None:
    page.get_by_role("link", name=re.compile("Cart")).first.click()
    expect(steps.drawer(page).get_by_role("link", name="To the checkout")).to_be_visible()


def _open_suggestions(page: Page) -> None:
    page.get_by_role("combobox", name="Search the shop").press_sequentially("ten", delay=20)
    expect(page.get_by_role("option").first).to_be_visible()


def _open_menu(page: Page) -> None:
    page.locator("button[popovertarget=menu]").locator("visible=true").first.click()
    expect(page.locator("#menu")).to_be_visible()


def _open_filters(page: Page) -> None:
    for fold in page.locator("details.facet:not([open]) > summary").all():
        if fold.is_visible():
            fold.click()


def _open_folds(page: Page) -> None:
    for fold in page.locator("main details:not([open]) > summary").all():
        fold.click()


def _leave_checkout_empty(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    expect(page.get_by_label("E-mail address")).to_have_attribute("aria-invalid", "true")


def _leave_form_empty(page: Page) -> None:
    page.locator("main form[method=post]").last.evaluate(
        "form => { form.noValidate = true; form.requestSubmit(); }"
    )
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def _open_chat(page: Page) -> None:
    page.get_by_role("link", name="Ask us").or_(page.get_by_role("button", name="Ask us")).first.click()
    expect(page.get_by_role("textbox", name="Your message")).to_be_visible()


GUEST = (
    PageType("home", "/"),
    PageType("department", "/c/tents-and-shelter"),
    PageType("category", "/c/tents"),
    PageType("search", "/search?q=tent", act=_open_filters),
    PageType("search-filtered", "/search?q=tent&option.Colour=Fir&sort=price_up"),
    PageType("search-corrected", "/search?q=tnet"),
    PageType("search-named-filters", "/search?q=tent+under+300"),
    PageType("search-nothing", "/search?q=qqqzzzqqq"),
    PageType("search-filtered-nothing", "/search?q=tent&price_max=1"),
    PageType("suggestions", "/", act=_open_suggestions),
    PageType("menu", "/", act=_open_menu),
    PageType("product", "/p/drift-3-dome-tent"),
    PageType("product-to-choose", "/p/trod-hiking-socks"),
    PageType("product-simple", "/p/long-spork"),
    PageType("product-sold-out", "/p/sideboard-two-burner-stove"),
    PageType("reviews", "/p/drift-3-dome-tent/reviews"),
    PageType("review-asks-to-sign-in", "/p/drift-3-dome-tent/reviews/write"),
    PageType("policy", "/pages/shipping"),
    PageType("imprint", "/pages/imprint"),
    PageType("cart-empty", "/cart"),
    PageType("sign-in", "/account/sign-in"),
    PageType("sign-up", "/account/sign-up"),
    PageType("sign-up-errors", "/account/sign-up", status=422, act=_leave_form_empty),
    PageType("forgot-password", "/account/forgot-password"),
    PageType("check-mail", "/account/check-mail"),
    PageType("confirm-again", "/account/confirm/again"),
    PageType("link-refused", "/account/confirm?token=nonsense", status=410),
    PageType("find-order", "/orders/find"),
    PageType("chat", "/chat"),
    PageType("chat-panel", "/", act=_open_chat),
    PageType("mails", "/dev/mail"),
    PageType("mail", "/dev/mail/{mail}"),
    PageType("not-found", "/nothing/here", status=404),
)
BUYER = (
    PageType("cart", "/cart", "buyer"),
    PageType("drawer", "/", "buyer", act=_open_drawer),
    PageType("checkout", "/checkout", "buyer"),
    PageType("checkout-errors", "/checkout", "buyer", 422, act=_leave_checkout_empty),
)
CUSTOMER = (
    PageType("account", "/account", "customer"),
    PageType("account-orders", "/account/orders", "customer"),
    PageType("account-addresses", "/account/addresses", "customer"),
    PageType("account-address", "/account/addresses/new", "customer"),
    PageType("account-profile", "/account/profile", "customer"),
    PageType("account-password", "/account/password", "customer"),
    PageType("account-sessions", "/account/sessions", "customer"),
    PageType("thanks", "/orders/{order}/thanks", "customer"),
    PageType("order", "/orders/{order}", "customer"),
    PageType("order-cancel", "/orders/{order}/cancel", "customer"),
    PageType("review-write", "/p/drift-3-dome-tent/reviews/write", "customer"),
    PageType("chat-talk", "/chat", "customer"),
    PageType("not-allowed", "/admin/", "customer", 403),
)
STAFF = (
    PageType("admin", "/admin/", "staff"),
    PageType("admin-products", "/admin/products", "staff"),
    PageType("admin-product", "/admin/products/{product}", "staff"),
    PageType("admin-stock", "/admin/stock", "staff"),
    PageType("admin-stock-of", "/admin/stock/{product}", "staff"),
    PageType("admin-orders", "/admin/orders", "staff"),
    PageType("admin-order", "/admin/orders/{order}", "staff"),
    PageType("admin-searches", "/admin/searches", "staff", act=_open_folds),
    PageType("admin-synonyms", "/admin/synonyms", "staff"),
    PageType("admin-synonym-new", "/admin/synonyms/new?typed=headfones", "staff"),
    PageType("admin-promotions", "/admin/promotions", "staff"),
    PageType("admin-promotion-new", "/admin/promotions/new", "staff"),
    PageType("admin-gift-card-new", "/admin/gift-cards/new", "staff"),
    PageType("admin-conversations", "/admin/conversations", "staff"),
    PageType("admin-conversation", "/admin/conversations/{conversation}", "staff"),
)
ALL = (*GUEST, *BUYER, *CUSTOMER, *STAFF)


def make_people(browser: Browser, shop: Shop) -> People:
    """Fill a cart, sign up and order, ask the assistant, sign in as staff: once, for everybody who looks at pages."""

    def person(act: Callable[[Page], None]) -> Any:
        context = browser.new_context(base_url=shop.url)
        context.set_default_timeout(15_000)
        act(context.new_page())
        state = context.storage_state()
        context.close()
        return state

    facts: dict[str, str] = {}
    cookies = {
        "guest": None,
        "buyer": person(_fill_a_cart),
        "customer": person(lambda page: _order_and_talk(page, facts)),
        "staff": person(lambda page: _look_up_ids(page, shop, facts)),
    }
    return People(cookies, facts)


def _fill_a_cart(page: Page) -> None:
    for slug in ("long-spork", "nine-knots"):
        steps.add_simple_product(page, slug)


def _order_and_talk(page: Page, facts: dict[str, str]) -> None:
    email = steps.fresh_email("page-types")
    steps.sign_up(page, email)
    page.goto("/account/addresses/new")
    steps.fill_address(page)
    page.locator("main form[method=post]").last.get_by_role("button").last.click()
    steps.add_simple_product(page, "nine-knots")
    page.goto("/checkout")
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    page.wait_for_url("**/thanks")
    facts["order"] = steps.order_number(page)
    steps.open_mail(page, email, facts["order"])
    facts["mail"] = page.url.rsplit("/", 1)[-1]
    page.goto("/chat")
    page.get_by_role("textbox", name="Your message").fill("A gift for somebody who cooks outside, under 50")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".chat-log .bubble--assistant")).to_have_count(2)


def _look_up_ids(page: Page, shop: Shop, facts: dict[str, str]) -> None:
    steps.sign_in(page, shop.staff.email, shop.staff.password)
    for fact, address in (
        ("product", "/admin/products?q=Long+Spork"),
        ("conversation", "/admin/conversations"),
    ):
        page.goto(address)
        link = page.locator(f"main tbody a[href*='/admin/{fact}s/']").first
        facts[fact] = str(link.get_attribute("href")).split("?")[0].rsplit("/", 1)[-1]
