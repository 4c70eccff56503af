"""What the checkout page shows beside the form: the cart, the ways to ship and to pay, the totals."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.accounts.queries import AddressEntry
from storefront.cart.queries import CartView, cart_view
from storefront.core.identity import Identity
from storefront.core.money import ZERO
from storefront.http.address_form import tidy
from storefront.orders.errors import TotalChanged
from storefront.payments.methods import PaymentMethod
from storefront.payments.queries import providers
from storefront.pricing.totals import Totals, price
from storefront.shipping.queries import ShippingOption, shipping_table, tax_rate_for
from storefront.web.checkout.forms import CheckoutForm, written_amounts


@dataclass(frozen=True, slots=True)
class Checkout:
    """Everything the page needs. ``option`` is None where nothing can be delivered."""

    cart: CartView
    form: CheckoutForm
    options: list[ShippingOption]
    option: ShippingOption | None
    methods: list[PaymentMethod]
    method: str
    totals: Totals
    addresses: list[AddressEntry]
    problem: str = ""
    changed: TotalChanged | None = None


def summarise(
    identity: Identity,
    form: CheckoutForm,
    addresses: list[AddressEntry],
    *,
    problem: str = "",
    changed: TotalChanged | None = None,
) -> Checkout:
    """Price the cart as it is now for what stands in the form. Three statements."""
    cart = cart_view(identity)
    table = shipping_table()
    form.shipping.limit_countries(table.countries())
    # Nothing was checked yet: a country of somebody's own making is one that we do not deliver to.
    country, region = tidy(form.shipping.country.data) or "", form.shipping.region.data or ""
    options = table.options(country, region, cart.subtotal, cart.snapshot.weight)
    wanted = form.fields.shipping_method.data
    option = next((one for one in options if one.code == wanted), options[0] if options else None)
    totals = price(cart.snapshot, option.amount if option else ZERO, tax_rate_for(country, region))
    methods = providers(country)
    chosen = form.fields.payment_method.data
    method = chosen if any(one.code == chosen for one in methods) else methods[0].code
    form.fields.shipping_method.data = option.code if option else ""
    form.fields.payment_method.data = method
    form.fields.expected_total.data = str(totals.total)
    form.fields.seen.data = written_amounts(cart.snapshot, totals)
    return Checkout(cart, form, options, option, methods, method, totals, addresses, problem, changed)
