"""What the checkout page shows beside the form: the cart, the ways to ship and to pay, the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from storefront.accounts.errors import VatNumberRefused
from storefront.accounts.queries import AddressEntry
from storefront.cart.queries import CartView, cart_view
from storefront.core.identity import Identity
from storefront.core.money import ZERO
from storefront.http.address_form import tidy
from storefront.orders.errors import TotalChanged
from storefront.orders.quoting import Purchase, quote_cart
from storefront.payments.amounts import too_small_for
from storefront.payments.methods import PaymentMethod
from storefront.payments.queries import providers
from storefront.pricing.totals import Totals
from storefront.promotions.queries import Customer, GiftCardState, gift_card_of
from storefront.shipping.queries import ShippingOption, shipping_table
from storefront.web.checkout.forms import CheckoutForm, written_amounts


@dataclass(frozen=True, slots=True)
class Checkout:
    """Everything the page needs. ``option`` is None where nothing can be delivered.

    All amounts are this buyer's: without tax for a company, as ``totals`` say. ``vat_number`` is the one that counts.
    ``gift_card_amount`` is what the gift card pays of the total, ``to_pay`` the rest: too little for those ways to pay
    that are ``too_small``, and not among ``methods``.
    """

    cart: CartView
    form: CheckoutForm
    options: Sequence[ShippingOption]
    option: ShippingOption | None
    methods: list[PaymentMethod]
    method: str
    totals: Totals
    addresses: list[AddressEntry]
    problem: str = ""
    changed: TotalChanged | None = None
    code_problem: str = ""
    code_field: str = ""
    gift_card: GiftCardState | None = None
    gift_card_amount: Decimal = ZERO
    vat_number: str = ""
    too_small: list[PaymentMethod] = field(default_factory=list)

    @property
    def to_pay(self) -> Decimal:
        """What is paid beside the gift card."""
        return self.totals.total - self.gift_card_amount


def summarise(
    identity: Identity,
    form: CheckoutForm,
    addresses: list[AddressEntry],
    *,
    problem: str = "",
    changed: TotalChanged | None = None,
    code_problem: str = "",
    code_field: str = "",
) -> Checkout:
    """Price the cart as it is now for what stands in the form. Four statements, five with a gift card."""
    cart = cart_view(identity)
    table = shipping_table()
    form.shipping.limit_countries(table.countries())
    # Nothing was checked yet: a country of somebody's own making is one that we do not deliver to.
    country, region = tidy(form.shipping.country.data) or "", form.shipping.region.data or ""
    customer = Customer(identity.user_id, tidy(form.fields.email.data) or "" if form.needs_email else "")
    vat_number, method = _vat_number(form), form.fields.shipping_method.data or ""
    order = quote_cart(cart, Purchase(customer, country, region, method, vat_number), table)
    totals, currency = order.totals, order.snapshot.currency
    gift_card = gift_card_of(cart.gift_card_id, cart.cart_id)
    gift_card_amount = gift_card.share_of(totals.total, currency) if gift_card else ZERO
    to_pay = totals.total - gift_card_amount
    methods = providers(country, to_pay or None, currency)
    checkout = Checkout(
        cart=replace(cart, snapshot=order.snapshot, reductions=order.reductions),
        form=form,
        options=order.options,
        option=order.option,
        methods=methods,
        method=_wanted_or_first(methods, form.fields.payment_method.data),
        totals=totals,
        addresses=addresses,
        problem=problem,
        changed=changed,
        code_problem=code_problem,
        code_field=code_field,
        gift_card=gift_card,
        gift_card_amount=gift_card_amount,
        too_small=too_small_for(country, to_pay, currency) if to_pay else [],
        vat_number=vat_number,
    )
    _show(checkout)
    return checkout


def _wanted_or_first(methods: list[PaymentMethod], wanted: str | None) -> str:
    codes = [one.code for one in methods]
    return wanted if wanted in codes else codes[0]


def _show(checkout: Checkout) -> None:
    """Put what was found into the form: it is sent back as what the shopper has seen."""
    fields, cart = checkout.form.fields, checkout.cart
    fields.shipping_method.data = checkout.option.code if checkout.option else ""
    fields.payment_method.data = checkout.method
    fields.expected_total.data = str(checkout.totals.total)
    fields.expected_gift_card.data = str(checkout.gift_card_amount)
    fields.seen.data = written_amounts(cart.snapshot, checkout.totals, cart.reductions)


def _vat_number(form: CheckoutForm) -> str:
    """The number in the form, as far as it is one: until it is, tax is charged as for anybody."""
    try:
        return form.vat_number()
    except VatNumberRefused:
        return ""
