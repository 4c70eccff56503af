"""The checkout: one page, one form. Choosing a country or a way to ship brings the totals up to date."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from storefront.accounts.queries import CART_REMINDER, AddressEntry, addresses_of
from storefront.accounts.services import give_consent
from storefront.cart import services as carts
from storefront.core.errors import DomainError
from storefront.core.extensions import limiter
from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import language
from storefront.http.errors import form_expired
from storefront.http.formats import format_money
from storefront.http.rendering import trigger, wants_fragment
from storefront.http.visitor import current_visitor, remember_proved_order
from storefront.http.wording import explain
from storefront.orders.errors import CheckoutExpired, EmptyCart, TotalChanged
from storefront.orders.services import PlaceOrder, place_order
from storefront.payments.errors import PaymentDeclined
from storefront.web.checkout.area import blueprint
from storefront.web.checkout.forms import CheckoutForm, read_amounts
from storefront.web.checkout.summary import Checkout, summarise


@blueprint.get("/checkout")
def page() -> ResponseReturnValue:
    """The form, with what the account knows filled in."""
    form = CheckoutForm.empty(_account_email())
    addresses = _address_book()
    default = next(iter(addresses), None)
    if default is not None:
        form.fill(default)
    return _page(summarise(current_visitor().identity, form, addresses))


@blueprint.post("/checkout/update")
def update() -> ResponseReturnValue:
    """Prices and ways to ship for what is chosen now; nothing is checked and nothing is lost."""
    identity = current_visitor().identity
    form = CheckoutForm.sent(request.form, _account_email())
    if "accept" in request.form:
        carts.accept_changes(identity)
    addresses = _address_book()
    _fill_from_book(form, addresses)
    checkout = summarise(identity, form, addresses)
    if not wants_fragment():
        return _page(checkout)
    whole = request.headers.get("HX-Target") == "checkout"
    template = "checkout/_form.html" if whole else "checkout/_options.html"
    page = render_template(template, checkout=checkout, out_of_band=not whole, anew=_anew())
    response = make_response(page)
    total = format_money(checkout.totals.total, checkout.cart.snapshot.currency)
    trigger(response, announce=_("The total is %(total)s.", total=total))
    return response


def _anew() -> str:
    """The address whose country was chosen: its fields are other ones now."""
    trigger_id = request.headers.get("HX-Trigger", "")
    return {"shipping-country": "shipping", "billing-country": "billing"}.get(trigger_id, "")


def _codes() -> str:
    return current_settings().rate_limit_lookup


def _no_code_is_typed() -> bool:
    return not any(request.form.get(name, "").strip() for name in ("coupon", "gift_card"))


@blueprint.post("/checkout/codes")
@limiter.shared_limit(_codes, scope="codes")
def codes() -> ResponseReturnValue:
    """Take or drop a discount code or a gift card. Tries are limited, so that nobody guesses; nothing is lost."""
    return _with_code(CheckoutForm.sent(request.form, _account_email()), request.form.get("act", ""))


def _with_code(form: CheckoutForm, act: str) -> ResponseReturnValue:
    """The page with a code applied or dropped, or why that cannot be."""
    identity, problem = current_visitor().identity, ""
    acts: dict[str, Callable[[], object]] = {
        "coupon": lambda: carts.enter_coupon(identity, form.fields.coupon.data or ""),
        "gift_card": lambda: carts.enter_gift_card(identity, form.fields.gift_card.data or ""),
        "drop_coupon": lambda: carts.remove_coupon(identity),
        "drop_gift_card": lambda: carts.remove_gift_card(identity),
    }
    if act in acts:
        try:
            acts[act]()
        except DomainError as refusal:
            problem = explain(refusal)
        else:
            form.renew_key()
            if act in ("coupon", "gift_card"):
                form.fields[act].data = ""
    code_field = act if problem and act in ("coupon", "gift_card") else ""
    checkout = summarise(identity, form, _address_book(), code_problem=problem, code_field=code_field)
    status = 422 if problem else 200
    if not wants_fragment() or checkout.cart.is_empty:
        return _page(checkout, status)
    response = make_response(
        render_template("checkout/_form.html", checkout=checkout, out_of_band=False, anew=""), status
    )
    to_pay = format_money(checkout.to_pay, checkout.cart.snapshot.currency)
    trigger(response, announce=problem or _("To pay: %(amount)s.", amount=to_pay))
    return response


@blueprint.post("/checkout")
@limiter.shared_limit(_codes, scope="codes", exempt_when=_no_code_is_typed)
def place() -> ResponseReturnValue:
    """Place the order. Sent twice, it leads to the same one. A code that was typed is applied first, and shown."""
    identity = current_visitor().identity
    form = CheckoutForm.sent(request.form, _account_email())
    if identity.user_id is not None and request.form.get("remind"):
        give_consent(identity.user_id, CART_REMINDER, "checkout")
    if form.typed_code():
        return _with_code(form, form.typed_code())
    if not form.is_valid():
        return _page(summarise(identity, form, _address_book()), 422)
    changed: TotalChanged | None = None
    problem = ""
    try:
        placed = place_order(identity, _request(form))
    except TotalChanged as refusal:
        changed = refusal
    except DomainError as refusal:
        if isinstance(refusal, CheckoutExpired | PaymentDeclined):  # what was drawn up is cancelled
            form.renew_key()
        if isinstance(refusal, EmptyCart):
            flash(explain(refusal), "info")
            return redirect(url_for("cart.page"), 303)
        problem = explain(refusal)
    else:
        if identity.user_id is None and not placed.needs_shopper:
            remember_proved_order(placed.order_id)
        if placed.needs_shopper:
            return redirect(url_for("checkout.pay", number=placed.number), 303)
        return redirect(url_for("checkout.thanks", number=placed.number), 303)
    return _page(summarise(identity, form, _address_book(), problem=problem, changed=changed), 409)


@blueprint.errorhandler(CSRFError)
def _expired(error: CSRFError) -> ResponseReturnValue:
    """The page is older than the session, say after a sign-in in another window: what was typed stays.

    The cookie is not sent along from another site's form (SameSite), so that such a form finds no cart to order.
    """
    if request.endpoint != "checkout.place" or current_visitor().cart_quantity == 0:
        return form_expired(error)
    form = CheckoutForm.sent(request.form, _account_email())
    problem = _("This form had expired, so nothing was ordered. Please look at it and place the order again.")
    return _page(summarise(current_visitor().identity, form, _address_book(), problem=problem), 400)


def _page(checkout: Checkout, status: int = 200) -> ResponseReturnValue:
    if checkout.cart.is_empty:
        flash(_("Your cart is empty, so there is nothing to order."), "info")
        return redirect(url_for("cart.page"), 303)
    return render_template("checkout/page.html", checkout=checkout, out_of_band=False, anew=""), status


def _account_email() -> str | None:
    user = current_visitor().user
    return user.email if user else None


def _address_book() -> list[AddressEntry]:
    user_id = current_visitor().identity.user_id
    return addresses_of(user_id) if user_id else []


def _fill_from_book(form: CheckoutForm, addresses: list[AddressEntry]) -> None:
    """Somebody chose an entry of their address book for one of the two addresses."""
    part = request.form.get("fill")
    if part not in ("shipping", "billing"):
        return
    try:
        chosen = uuid.UUID(request.form.get(f"saved-{part}", ""))
    except ValueError:
        return
    for entry in addresses:
        if entry.id == chosen:
            form.fill(entry, billing=part == "billing")


def _request(form: CheckoutForm) -> PlaceOrder:
    fields = form.fields
    return PlaceOrder(
        idempotency_key=fields.idempotency_key.data or "",
        expected_total=form.expected_total(),
        shipping_address=form.shipping_address(),
        billing_address=form.billing_address(),
        shipping_method=(fields.shipping_method.data or "")[:100],
        payment_method=(fields.payment_method.data or "")[:100],
        email=form.email(),
        note=(fields.note.data or "").strip(),
        seen=read_amounts(fields.seen.data),
        expected_gift_card=form.expected_gift_card(),
        vat_number=form.vat_number(),
        language=language(),
    )
