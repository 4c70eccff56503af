"""``flask users``: staff accounts and people's data from the command line."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from storefront.accounts import queries, services
from storefront.accounts.emails import normal_email
from storefront.core.errors import DomainError, NotFound
from storefront.http.wording import explain
from storefront.journeys.personal_data.erasing import erase, is_known, person_of
from storefront.journeys.personal_data.exporting import person_data

users = AppGroup("users", help="Accounts: make staff, list people, hand out or erase what is known of one.")


@users.command("create-staff")
@click.argument("email")
@click.option("--role", default="admin", show_default=True, help="admin, manager, support or catalog_editor.")
@click.option("--first-name", default=None)
@click.option("--last-name", default=None)
def create_staff(email: str, role: str, first_name: str | None, last_name: str | None) -> None:
    """Make a staff account and print its password, once."""
    try:
        _, password = services.create_staff(
            normal_email(email), role=role, first_name=first_name, last_name=last_name
        )
    except DomainError as error:
        raise click.ClickException(explain(error)) from None
    click.echo(f"E-mail:   {normal_email(email)}")
    click.echo(f"Password: {password}")
    click.echo("The password is kept nowhere: write it down now.")


@users.command("export")
@click.argument("email")
def export_person(email: str) -> None:
    """Print all that the shop knows of a person, guests too, as JSON.

    Make sure first that the address is theirs who ask: an account that was never confirmed is handed out with it.
    """
    try:
        click.echo(json.dumps(person_data(person_of(email)), indent=2, ensure_ascii=False))
    except NotFound:
        raise click.ClickException("Nobody with this address is known.") from None


@users.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_person(email: str, yes: bool) -> None:
    """Erase a person, guests too: all that no law keeps is gone, and what stays names nobody.

    Make sure first that the address is theirs who ask: an account that was never confirmed goes with it.
    """
    try:
        person = person_of(email)
        if not yes:
            click.confirm(f"Erase {person.email} for good?", abort=True)
        erase(person)
    except NotFound:
        raise click.ClickException("Nobody with this address is known.") from None
    except DomainError as error:
        raise click.ClickException(explain(error)) from None
    if is_known(email):
        raise click.ClickException("Something came under this address meanwhile: erase it once more.")
    click.echo("Erased. Orders stay in the books without a name, invoices as they were issued.")


@users.command("list")
@click.option("--staff", is_flag=True, help="Only people with a role beyond customer.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
def list_users(staff: bool, limit: int) -> None:
    """Print accounts, the newest first: e-mail, roles, state, last sign-in."""
    for account in queries.accounts(staff_only=staff, limit=limit):
        state = "blocked" if not account.is_active else "open" if account.email_verified else "not confirmed"
        last = f"{account.last_login_at:%Y-%m-%d %H:%M}" if account.last_login_at else "never signed in"
        click.echo(f"{account.email}\t{','.join(account.roles)}\t{state}\t{last}")
