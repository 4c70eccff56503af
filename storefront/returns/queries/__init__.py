"""Reads of returns: what can come back of an order, a person's returns, the staff's list."""

from storefront.returns.queries.lists import StaffReturn, staff_returns
from storefront.returns.queries.returnable import (
    REASONS,
    Replacement,
    ReturnableLine,
    ReturnableOrder,
    returnable,
    staff_returnable,
)
from storefront.returns.queries.views import (
    ReturnedLine,
    ReturnView,
    return_for_mail,
    return_number,
    return_of_payment,
    return_page,
    returns_of,
    staff_return,
)

__all__ = [
    "REASONS",
    "Replacement",
    "ReturnView",
    "ReturnableLine",
    "ReturnableOrder",
    "ReturnedLine",
    "StaffReturn",
    "return_for_mail",
    "return_number",
    "return_of_payment",
    "return_page",
    "returnable",
    "returns_of",
    "staff_return",
    "staff_returnable",
    "staff_returns",
]
