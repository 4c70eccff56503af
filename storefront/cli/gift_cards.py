"""``flask gift-cards``: issue cards."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

import click
from flask.cli import AppGroup

from storefront.core.clock import now
from storefront.core.errors import DomainError
from storefront.http.formats import format_money
from storefront.http.wording import explain
from storefront.promotions.services import issue_gift_card

gift_cards = AppGroup("gift-cards", help="Gift cards: issue them.")


@gift_cards.command("issue")
@click.argument("amount")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day it expires (UTC).")
def issue(amount: str, expires: datetime | None) -> None:
    """Issue a card worth AMOUNT in the shop's currency and print its code, once."""
    try:
        worth = Decimal(amount)
        if not worth.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise click.BadParameter("an amount like 25 or 25.00") from None
    ends = expires.replace(tzinfo=now().tzinfo) if expires else None
    try:
        card = issue_gift_card(None, worth, ends)
    except DomainError as error:
        raise click.ClickException(explain(error)) from None
    click.echo(f"Code:  {card.code}")
    click.echo(f"Worth: {format_money(card.amount, card.currency)}")
    click.echo("The code is kept nowhere: write it down now.")
