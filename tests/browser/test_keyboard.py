"""An order with the keyboard alone: Tab, Enter, Space and arrows; at each stop the focus is seen."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.watching import Watch

MOST_STOPS = 120
_STOP = """
async () => {
  const stop = document.activeElement;
  if (!stop || stop === document.body) return { name: "", problems: [] };
  const name = `${stop.tagName.toLowerCase()} ${stop.id} ${(stop.innerText || stop.ariaLabel || "").trim()}`;
  const problems = [];
  // What shows the focus may be the element, what it draws after itself, what is beside it, or a frame around it.
  const above = stop.parentElement;
  const around = [stop, above, above.parentElement, stop.closest("label, form"), stop.nextElementSibling];
  const looks = () => around.filter(Boolean).flatMap((one) => [null, "::after", "::before"].map((part) => {
    const style = getComputedStyle(one, part);
    return [style.outline, style.boxShadow, style.borderColor, style.backgroundColor].join();
  })).join("|");
  const settled = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(async () => {
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    done();
  })));
  await settled();
  const place = stop.getClientRects()[0];
  // The middle of what is in sight: the beginning of a large field is enough.
  const [top, bottom] = [Math.max(0, place.top), Math.min(innerHeight, place.bottom)];
  const [x, y] = [place.x + place.width / 2, bottom - top < Math.min(24, place.height) ? -1 : (top + bottom) / 2];
  const hit = document.elementFromPoint(x, y);
  if (!hit) problems.push(`out of sight at ${Math.round(x)}, ${Math.round(y)}`);
  else if (!stop.contains(hit) && !hit.contains(stop) && !stop.closest("label")?.contains(hit))
    problems.push(`covered by ${hit.tagName.toLowerCase()}.${hit.className}`);
  const focused = looks();
  stop.blur();
  await settled();
  if (focused === looks()) problems.push("looks the same without the focus");
  stop.focus({ preventScroll: true });
  return { name, problems };
}
"""


def test_an_order_by_keyboard(page: Page, watch: Watch) -> None:
    email = steps.fresh_email()
    page.goto("/")
    _tab_to(page, page.get_by_label("Search the shop"))
    page.keyboard.type("spork")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("spork")

    _tab_to(page, page.get_by_role("main").get_by_role("link", name="Long Spork", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Long Spork")).to_be_visible()

    _tab_to(page, page.get_by_role("button", name="Add to cart"))
    page.keyboard.press("Space")
    drawer = steps.drawer(page)
    expect(drawer).to_be_visible()
    more = drawer.get_by_role("button", name="One more")
    _tab_to(page, more)
    with page.expect_response(re.compile("/cart/quantity")):  # who leaves before it is kept has one
        page.keyboard.press("Space")
    expect(drawer.get_by_role("spinbutton")).to_have_value("2")
    # The answer is on the page: what had the focus before it was replaced.
    expect(drawer).to_contain_text("€24.00")
    expect(more).to_be_focused()
    _tab_to(page, drawer.get_by_role("link", name="To the checkout"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Checkout")).to_be_visible()

    for label, text in (
        ("E-mail address", email),
        ("Full name", "Ida Larsen"),
        ("Street and number", "Am Hang 3"),
        ("Postal code", "10115"),
        ("City", "Berlin"),
    ):
        _tab_to(page, page.get_by_label(label).first)
        page.keyboard.type(text)
    _tab_to(page, page.get_by_role("radio", name=re.compile("^Standard")))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name=re.compile("Express"))).to_be_checked()
    order = page.get_by_role("button", name="Order and pay €36.90")
    expect(order).to_be_visible()
    _tab_to(page, order)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Thank you for your order")).to_be_visible()
    assert steps.order_number(page)


def test_the_rule_bites(page: Page) -> None:
    page.goto("/")
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("* { outline: none !important; box-shadow: none !important; transition: none !important }");
      document.adoptedStyleSheets = [sheet];
    }""")
    page.locator(".wordmark").first.focus()
    assert _stop(page)["problems"] == ["looks the same without the focus"]


def _tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until ``wanted`` has the focus; every stop on the way shows that it has it."""
    passed: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = _stop(page)
        assert stop["problems"] == [], f"{stop['name']}: {stop['problems']} on {page.url}"
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
        passed.append(stop["name"])
    raise AssertionError(f"Tab does not reach {wanted}: {passed}")


def _stop(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_STOP)
    return found
