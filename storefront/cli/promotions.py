"""``flask promotions``: batches of codes, and who is in which group of customers."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from storefront.accounts.emails import normal_email
from storefront.accounts.queries import user_by_email
from storefront.core.errors import DomainError
from storefront.http.wording import explain
from storefront.promotions.queries.staff import staff_promotions
from storefront.promotions.services import add_codes, add_to_group

promotions = AppGroup("promotions", help="Promotions: list them, make codes, put customers into groups.")


@promotions.command("list")
def list_promotions() -> None:
    """Print all promotions: id, state, kind, code, uses, name."""
    for one in staff_promotions():
        state = "on" if one.is_active else "off"
        click.echo(f"{one.id}\t{state}\t{one.kind}\t{one.code or '-'}\t{one.used_count}\t{one.name}")


@promotions.command("codes")
@click.argument("promotion_id", type=click.UUID)
@click.argument("count", type=click.IntRange(1, 10_000))
@click.option("--batch", default="", help="What the batch is called.")
def codes(promotion_id: object, count: int, batch: str) -> None:
    """Make COUNT codes of one use each and print them, one a line."""
    try:
        made = add_codes(None, promotion_id, count, batch)  # type: ignore[arg-type]
    except DomainError as error:
        raise click.ClickException(explain(error)) from None
    click.echo("\n".join(made))


@promotions.command("add-to-group")
@click.argument("group")
@click.argument("email")
def join_group(group: str, email: str) -> None:
    """Put the customer with this e-mail address into GROUP, which is made when it is new; prints the group's id."""
    try:
        user = user_by_email(normal_email(email))
    except DomainError as error:
        raise click.ClickException(explain(error)) from None
    if user is None:
        raise click.ClickException(f"There is no account for {email}.")
    click.echo(str(add_to_group(None, group, user.id)))
