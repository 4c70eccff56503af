"""Changes to returns, one module a side: the shopper asks, staff decide, the goods and the money move."""

from storefront.returns.services.card import (
    LAPSED,
    begin_difference,
    follow_difference,
    settle_difference,
    waiting_difference,
)
from storefront.returns.services.charging import have_it_paid_later, pay_later
from storefront.returns.services.deciding import approve_return, close_unreceived, refuse_return
from storefront.returns.services.requesting import (
    AskedReturn,
    ReturnPreview,
    ReturnRequest,
    WantedLine,
    difference_of,
    open_return,
    preview_return,
    request_return,
    withdraw_return,
)
from storefront.returns.services.settling import (
    complete_return,
    receive_return,
    record_difference_paid,
    settle_returns,
    ship_replacement,
)

__all__ = [
    "LAPSED",
    "AskedReturn",
    "ReturnPreview",
    "ReturnRequest",
    "WantedLine",
    "approve_return",
    "begin_difference",
    "close_unreceived",
    "complete_return",
    "difference_of",
    "follow_difference",
    "have_it_paid_later",
    "open_return",
    "pay_later",
    "preview_return",
    "receive_return",
    "record_difference_paid",
    "refuse_return",
    "request_return",
    "settle_difference",
    "settle_returns",
    "ship_replacement",
    "waiting_difference",
    "withdraw_return",
]
