"""Placing an order in three steps: PREPARE, PAY, FINALISE.

Locks are always taken in this order: the cart, the order, the products by primary key, then promotions and gift
cards by theirs. PREPARE and FINALISE are one transaction each; between them no transaction is open, because somebody
else is thinking. A process that dies in between leaves a draft with its hold, which ``settling`` brings to an end.
Where nobody has to be asked for the money (on invoice, on delivery), all three are one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.accounts.vat_numbers import normal_vat_number
from storefront.cart import services as carts
from storefront.cart.models import Cart
from storefront.cart.queries import CartView, cart_view
from storefront.cart.services.opening import LockedCart
from storefront.core.clock import now
from storefront.core.db import release, session, transaction
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.core.statements import execute
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.ledger import StockRow
from storefront.orders.concessions import Concessions
from storefront.orders.draft_writing import is_the_same, write_draft
from storefront.orders.drafts import Draft, abandon, drafts_for, head_of, lines_of
from storefront.orders.errors import Change, CheckoutExpired, EmptyCart, ProductNotSold, TotalChanged
from storefront.orders.models import Order
from storefront.orders.requests import PlaceOrder
from storefront.orders.taxing import Charged, charged, taxation_of
from storefront.orders.timeline import announce, record_event
from storefront.payments import services as payments
from storefront.payments.errors import PaymentDeclined
from storefront.payments.methods import Authorisation, NeedsShopper
from storefront.payments.queries import payment_method
from storefront.promotions.queries import Customer, candidates_for
from storefront.shipping.queries import method_for


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The order that now exists. ``was_placed_before`` when this was a repetition of an earlier request.

    With ``needs_shopper`` it is a draft whose goods are held until they have paid in their browser.
    """

    order_id: uuid.UUID
    number: str
    was_placed_before: bool = False
    needs_shopper: bool = False


def place_order(identity: Identity, request: PlaceOrder) -> PlacedOrder:
    """Turn this person's cart into an order that is paid for, or promised to be.

    Sent twice with the same key, at once or later, it leads to the same order. Raises :class:`EmptyCart`,
    :class:`ProductNotSold`, :class:`InsufficientStock`, ``MethodUnavailable``, ``UnknownPaymentMethod``,
    ``VatNumberRefused``, :class:`TotalChanged`, ``PromotionUsedUp``, ``GiftCardBalanceChanged``,
    :class:`PaymentDeclined` and :class:`CheckoutExpired`; after each of them nothing is ordered, nothing is held and
    nothing is charged. After :class:`PaymentProviderFailure` the goods stay held, and the same request may be sent
    again.
    """
    release()
    prepared = prepare(identity, request)
    if isinstance(prepared, PlacedOrder):
        return prepared
    return pay_and_finalise(prepared)


def pay_and_finalise(draft: Draft) -> PlacedOrder:
    """PAY and FINALISE for a draft, whether just prepared or found again later."""
    try:
        answer = payments.authorise(
            draft.id,
            draft.payment_method,
            draft.to_pay,
            draft.currency,
            draft.idempotency_key,
            draft.number,
        )
    except PaymentDeclined:
        abandon(draft.id, "declined")
        raise
    if isinstance(answer, NeedsShopper):
        return _wait_for_shopper(draft, answer)
    return finalise_or_let_go(draft, answer)


def finalise_or_let_go(draft: Draft, authorisation: Authorisation) -> PlacedOrder:
    """FINALISE, or let go of the payment: never neither. Raises what :func:`finalise` raises."""
    try:
        return finalise(draft.id, draft.cart_id, authorisation)
    except (InsufficientStock, CheckoutExpired) as refusal:
        with transaction():
            if not abandon(draft.id, "out_of_stock" if isinstance(refusal, InsufficientStock) else "left"):
                payments.have_let_go(draft.id)
        raise


def _wait_for_shopper(draft: Draft, answer: NeedsShopper) -> PlacedOrder:
    """The payment is begun. Whoever gave the draft up meanwhile may not have known of it."""
    with transaction():
        status = head_of(draft.id, lock=True).status
        payments.record_reference(draft.id, answer.reference)
        if status == "cancelled":
            payments.have_let_go(draft.id)
    if status == "cancelled":
        raise CheckoutExpired
    return PlacedOrder(
        draft.id, draft.number, was_placed_before=status != "draft", needs_shopper=status == "draft"
    )


def prepare(identity: Identity, request: PlaceOrder) -> Draft | PlacedOrder:
    """Step one, one transaction: check everything again under locks, write the draft, hold the stock.

    The order itself, when it was placed before or nobody has to be asked for the money.
    """
    try:
        with transaction():
            return _prepare(identity, request)
    except IntegrityError as error:
        if "uq_orders_idempotency_key" in str(error.orig):  # somebody else's key, at the same instant
            raise CheckoutExpired from None
        raise


def _prepare(identity: Identity, request: PlaceOrder) -> Draft | PlacedOrder:
    cart = carts.lock_open_cart(identity)
    known, earlier = drafts_for(request.idempotency_key, cart.cart_id if cart else None)
    if known is not None:
        return _replayed(identity, known, request)
    if cart is None or not cart.quantities:
        raise EmptyCart
    held: dict[uuid.UUID, int] = {}
    if earlier is not None:
        head_of(earlier.id, lock=True)  # before the products: whoever gives it up locks in that order, too
        held = inventory.held_for(earlier.id)
    stock = inventory.lock_products({*cart.quantities, *held})
    # Whoever comes too late for the last unit leaves at once: many others wait for this lock.
    for product_id, row in stock.items():
        _check_stock(row.name, product_id, cart.quantities, row.available + held.get(product_id, 0))
    view = cart_view(identity)
    for line in view.gone:
        raise ProductNotSold(line.product_id, line.name)
    order, concessions = _charged(identity, view, request)
    totals = order.totals
    if totals.total != request.expected_total:
        raise TotalChanged(
            request.expected_total, totals.total, order.snapshot.currency, _changes(order, request)
        )
    concessions = concessions.with_gift_card(view, totals.total, request.expected_gift_card)
    if earlier is not None:
        concessions.lock(earlier.id)
        abandon(earlier.id, "replaced")
    draft = write_draft(identity, request, cart.cart_id, order.snapshot, totals, concessions)
    concessions.take(draft.id)
    untouched = None if earlier else stock
    promised = payments.authorise_at_once(
        draft.id, draft.payment_method, draft.to_pay, draft.currency, draft.idempotency_key
    )
    if promised is not None:
        return _count(draft, cart, cart.quantities, promised, untouched)
    expires_at = now() + timedelta(minutes=current_settings().reservation_minutes)
    inventory.hold(cart.quantities, order_id=draft.id, expires_at=expires_at, locked=untouched)
    return draft


def _replayed(identity: Identity, known: Draft, request: PlaceOrder) -> Draft | PlacedOrder:
    """The order of a key that was used before, if it is this person's and was not given up.

    An unfinished one goes on only as it was confirmed: whoever has corrected the address since gets a new key.
    """
    if known.status == "cancelled" or not _is_theirs(identity, known):
        raise CheckoutExpired
    if known.status == "draft" and not is_the_same(known.id, request):
        raise CheckoutExpired
    if known.status not in ("draft", "pending"):
        return PlacedOrder(known.id, known.number, was_placed_before=True)
    return known


def _is_theirs(identity: Identity, known: Draft) -> bool:
    if known.id in identity.proved_order_ids:
        return True
    if identity.user_id is not None:
        return known.user_id == identity.user_id
    in_session = sa.and_(Cart.id == known.cart_id, Cart.session_id == identity.session_id)
    return session().scalar(sa.select(Cart.id).where(in_session)) is not None


def _check_stock(
    name: str, product_id: uuid.UUID, quantities: Mapping[uuid.UUID, int], available: int
) -> None:
    wanted = quantities.get(product_id, 0)
    if available < wanted:
        raise InsufficientStock(product_id, name, wanted, available)


def _charged(identity: Identity, view: CartView, request: PlaceOrder) -> tuple[Charged, Concessions]:
    country, region = request.shipping_address.country, request.shipping_address.region
    payment_method(request.payment_method, country)
    vat_number = normal_vat_number(request.vat_number, request.billing_address.country)
    snapshot = view.snapshot
    customer = Customer(identity.user_id, request.email)
    candidates = candidates_for(snapshot, customer, view.coupon, view.cart_id)
    goods = snapshot.subtotal - candidates.at().amount
    option = method_for(request.shipping_method, country, region, goods, snapshot.weight)
    taxing = taxation_of(country, region, vat_number)
    order = charged(taxing, snapshot, option.amount, candidates.at(option.amount))
    return order, Concessions(customer, order.reductions)


def _changes(order: Charged, request: PlaceOrder) -> tuple[Change, ...]:
    """What is another amount than the page showed, line by line."""
    today: dict[tuple[str, str], tuple[str, Decimal]] = {
        ("line", str(line.product_id)): (line.name, line.total) for line in order.snapshot.lines
    }
    totals = order.totals
    today["shipping", ""] = ("", totals.shipping)
    for one in order.reductions.applied:
        if one.amount:
            today["discount", str(one.id)] = (one.name, one.amount)
    if not totals.prices_include_tax:
        today["tax", ""] = ("", totals.tax)
    changes = []
    for seen in request.seen:
        name, amount = today.pop((seen.what, seen.key), (seen.name, None))
        if amount != seen.amount:
            changes.append(Change(seen.what, name, seen.amount, amount))
    if request.seen:
        changes.extend(
            Change("line" if what == "line" else "discount", name, None, amount)
            for (what, _), (name, amount) in today.items()
            if what in ("line", "discount")
        )
    return tuple(changes)


def finalise(order_id: uuid.UUID, cart_id: uuid.UUID | None, authorisation: Authorisation) -> PlacedOrder:
    """Step three, one transaction that can be run again: the order counts, the stock is taken, mail is due.

    Raises :class:`CheckoutExpired` for an order that was given up meanwhile, :class:`InsufficientStock` when
    its hold had expired and somebody else has bought the goods; the caller then lets go of the payment.
    """
    with transaction():
        cart = carts.lock_cart(cart_id) if cart_id else None
        draft = head_of(order_id, lock=True)
        if draft.status == "cancelled" or (cart is None and draft.status == "draft"):
            raise CheckoutExpired
        if draft.status not in ("draft", "pending"):
            return PlacedOrder(draft.id, draft.number, was_placed_before=True)
        return _count(draft, cart, lines_of(order_id), authorisation)


def _count(
    draft: Draft,
    cart: LockedCart | None,
    units: Mapping[uuid.UUID, int],
    authorisation: Authorisation,
    locked: Mapping[uuid.UUID, StockRow] | None = None,
) -> PlacedOrder:
    """The order counts from now on. ``locked`` are products of an order that holds nothing (``inventory.take``)."""
    inventory.take(draft.id, units, locked=locked)
    payment_status = payments.record_authorisation(draft.id, authorisation)
    execute(_PLACED, {"order_id": draft.id, "payment_status": payment_status, "placed_at": now()})
    record_event(draft.id, "placed", from_status=draft.status, to_status="placed", actor="shopper")
    if cart is not None:
        carts.close_cart(cart, units)
    announce(
        "order_placed",
        draft.id,
        user_id=draft.user_id,
        session_id=cart.session_id if cart else None,
        total=str(draft.total),
        currency=draft.currency,
    )
    return PlacedOrder(draft.id, draft.number)


_PLACED = (
    sa.update(Order)
    .where(Order.id == sa.bindparam("order_id", type_=sa.Uuid()))
    .values(
        status="placed", payment_status=sa.bindparam("payment_status"), placed_at=sa.bindparam("placed_at")
    )
)
