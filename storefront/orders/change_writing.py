"""Writing a changed order down: its lines, amounts, stock, promotions and gift card, in the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from storefront.core.db import write
from storefront.inventory import services as inventory
from storefront.orders.change_pricing import NewPrice, Repriced
from storefront.orders.change_quotes import Quote
from storefront.orders.changeable import CurrentOrder
from storefront.orders.concessions import Concessions
from storefront.orders.models import Order, OrderItem
from storefront.orders.timeline import announce, record_event
from storefront.promotions import services as promotions


def apply_change(quote: Quote, actor: str) -> None:
    """Write the changed order: lines, amounts, stock, promotions, gift card; its timeline and letter follow.

    The caller has locked the order and sees to its payment. Raises :class:`InsufficientStock` and ``PromotionUsedUp``.
    """
    order, after = quote.before, quote.after
    values: dict[str, Any] = {
        "shipping_address": after.wanted.shipping_address.stored(),
        "shipping_method": after.wanted.shipping_method,
        "payment_method": after.wanted.payment_method,
    }
    if after.price is not None:
        _move_stock(order, after)
        promotions.change_uses(order.id, after.price.customer, after.price.reductions.applied)
        _write_lines(order, after.price)
        values |= _amounts(order, after, after.price)
    write(sa.update(Order).where(Order.id == order.id).values(**values))
    note = f"{order.total} → {after.totals.total} {order.currency}" if quote.difference else ""
    record_event(order.id, "changed", actor=actor, note=note, data={"parts": _parts(quote)})
    announce("order_changed", order.id, user_id=order.user_id, session_id=None)


def _amounts(order: CurrentOrder, after: Repriced, price: NewPrice) -> dict[str, Any]:
    """The order's new amounts; what its gift card pays too much goes back on it."""
    totals = after.totals
    gift_card = min(order.gift_card, totals.total)
    if gift_card < order.gift_card:
        promotions.lower_gift_card_part(order.id, order.gift_card - gift_card)
    return {
        "subtotal": totals.subtotal,
        "discount_amount": totals.discount,
        "shipping_amount": totals.shipping,
        "tax_amount": totals.tax,
        "tax_treatment": totals.treatment,
        "shipping_tax": totals.shipping_tax,
        "shipping_tax_rate": totals.shipping_tax_rate,
        "total_amount": totals.total,
        "prices_include_tax": totals.prices_include_tax,
        "gift_card_amount": gift_card,
        "reductions": Concessions(price.customer, price.reductions).stored(),
    }


def lock_goods(quote: Quote) -> None:
    """Lock all that the change may touch in one order: two that swap variants must not wait for each other."""
    held = inventory.held_for(quote.before.id)
    inventory.lock_products([*held, *quote.before.units, *quote.after.units])


def _parts(quote: Quote) -> list[str]:
    """Which parts of the order are others now, for its timeline."""
    before, wanted = quote.before, quote.after.wanted
    parts = {
        "address": before.shipping_address != wanted.shipping_address,
        "shipping": before.shipping_method != wanted.shipping_method,
        "payment": before.payment_method != wanted.payment_method,
        "lines": before.units != quote.after.units,
    }
    return [name for name, differs in parts.items() if differs]


def _move_stock(order: CurrentOrder, after: Repriced) -> None:
    more, less = stock_difference(order.units, after.units)
    if less:
        inventory.cancel_sale(order.id, less, note="order changed")
    if more:
        inventory.take(order.id, more)


def stock_difference(
    before: Mapping[uuid.UUID, int], after: Mapping[uuid.UUID, int]
) -> tuple[dict[uuid.UUID, int], dict[uuid.UUID, int]]:
    """Which units the change needs more, and which less, by product."""
    steps = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    more = {key: step for key, step in steps.items() if step > 0}
    return more, {key: -step for key, step in steps.items() if step < 0}


def _write_lines(order: CurrentOrder, price: NewPrice) -> None:
    kept = {item_id for item_id, _line, _amounts in price.lines}
    gone = [line.id for line in order.lines if line.id not in kept]
    write(sa.delete(OrderItem).where(OrderItem.id.in_(gone)))
    same = {line.id: line.product_id for line in order.lines}
    for item_id, line, amounts in price.lines:
        values: dict[str, Any] = {
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount": amounts.discount,
            "tax_rate": amounts.tax_rate,
            "tax": amounts.tax,
            "total_price": amounts.total,
        }
        if same[item_id] != line.product_id:
            image = line.image
            values |= {
                "product_id": line.product_id,
                "name": line.name,
                "sku": line.sku,
                "options": dict(line.options),
                "image": image
                and {"key": image.key, "alt": image.alt, "width": image.width, "height": image.height},
            }
        write(sa.update(OrderItem).where(OrderItem.id == item_id).values(**values))
