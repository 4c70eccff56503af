"""The account's own pages. Whoever is not signed in meets the sign-in page first, except where ``open_to_guests``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.accounts import queries as accounts
from storefront.accounts.queries import AddressEntry, SignedInUser
from storefront.core.pagination import page_number
from storefront.http.address_words import written_address
from storefront.http.order_state import order_state
from storefront.http.sign_in import ask_to_sign_in
from storefront.http.visitor import current_visitor
from storefront.orders.queries import orders_of

blueprint = Blueprint("account", __name__, url_prefix="/account")
View = TypeVar("View", bound=Callable[..., Any])
_open: set[str] = set()


def open_to_guests(view: View) -> View:
    """Mark a view of this area as one that needs no account."""
    _open.add(f"{blueprint.name}.{view.__name__}")
    return view


@blueprint.before_request
def _only_with_an_account() -> ResponseReturnValue | None:
    if request.endpoint in _open or current_visitor().user is not None:
        return None
    answer: ResponseReturnValue = ask_to_sign_in()
    return answer


@blueprint.after_request
def _keep_to_ourselves(response: Response) -> Response:
    """No copy in a cache, and no address with a mailed secret in another site's logs."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def signed_in() -> SignedInUser:
    """The user of this request; the guard above has made sure that there is one."""
    user = current_visitor().user
    assert user is not None
    return user


def shown(address: AddressEntry) -> dict[str, Any]:
    """The address as pages write it: line by line, as its country's post wants it."""
    return {**asdict(address), "lines": written_address(address)}


@blueprint.get("")
def overview() -> ResponseReturnValue:
    """The account at a glance: the last orders, the default address, the ways on."""
    user = signed_in()
    addresses = accounts.addresses_of(user.id)
    return render_template(
        "account/overview.html",
        orders=orders_of(user.id, 1, 3),
        order_state=order_state,
        address=next((shown(address) for address in addresses if address.is_default_shipping), None),
        profile=accounts.profile(user.id),
    )


@blueprint.get("/orders")
def orders() -> ResponseReturnValue:
    """The person's orders, page by page."""
    page = orders_of(signed_in().id, page_number(request.args.get("page")), 10)
    return render_template(
        "account/orders.html",
        orders=page,
        order_state=order_state,
        page_link=lambda number: url_for("account.orders", page=number),
    )
