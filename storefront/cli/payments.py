"""``flask payments``: what staff do with an order's money while no page does it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click
from flask.cli import AppGroup

from storefront.core.errors import DomainError
from storefront.core.money import round_money
from storefront.http.wording import explain
from storefront.orders import services as orders
from storefront.payments.events import replay_event
from storefront.providers.stripe_client import NAME

payments = AppGroup("payments", help="Take what was authorised, give back, ask the provider.")


def _amount(text: str) -> Decimal:
    """An amount as people type it, to the cent."""
    try:
        amount = Decimal(text)
        if amount > 0 and amount == round_money(amount):
            return amount
    except InvalidOperation:
        pass
    raise click.BadParameter(f"{text} is no amount.")


@payments.command("capture")
@click.argument("number")
@click.argument("amount", type=_amount, required=False)
def capture(number: str, amount: Decimal | None) -> None:
    """Charge what was reserved on the card for order NUMBER: AMOUNT of it, or all."""
    with _worded():
        click.echo(f"Taken: {orders.capture_payment(number, amount)}.")


@payments.command("refund")
@click.argument("number")
@click.argument("amount", type=_amount)
@click.option("--reason", default="", help="For the books.")
def refund(number: str, amount: Decimal, reason: str) -> None:
    """Give AMOUNT of what was paid for order NUMBER back."""
    with _worded():
        orders.refund_payment(number, amount, reason)
        click.echo(f"Given back: {amount}.")


@payments.command("look")
@click.argument("number")
def look(number: str) -> None:
    """Ask the provider how the payment of order NUMBER stands, and act on it."""
    with _worded():
        click.echo(f"The order is {orders.look_again(number)}.")


@payments.command("reconcile")
def reconcile() -> None:
    """Ask about everything undecided, as the schedule does each minute."""
    counts = orders.reconcile_payments()
    click.echo(", ".join(f"{name}: {count}" for name, count in counts.items()))


@payments.command("replay")
@click.argument("event_id")
def replay(event_id: str) -> None:
    """Work on the provider's event EVENT_ID (evt_…) again."""
    with _worded():
        replay_event(NAME, event_id)
        click.echo("It is worked on within seconds.")


class _worded:
    """A refusal as the pages word it, and 1 as the command's answer."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, DomainError):
            raise click.ClickException(explain(error)) from error
