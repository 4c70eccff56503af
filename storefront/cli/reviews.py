"""``flask reviews``: read what waits for moderation, publish it or turn it down."""

from __future__ import annotations

import uuid

import click
from flask.cli import with_appcontext

from storefront.core.errors import DomainError
from storefront.http.wording import explain
from storefront.reviews.queries import waiting_reviews
from storefront.reviews.services import moderate


@click.group()
def reviews() -> None:
    """Moderate reviews: they show on the product page once they are published."""


@reviews.command("waiting")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 1_000), help="How many at most."
)
@with_appcontext
def waiting(limit: int) -> None:
    """Print the reviews that nobody has judged yet, the oldest first."""
    found = waiting_reviews(limit)
    for one in found:
        bought = ", bought here" if one.is_verified_purchase else ""
        click.echo(f"{one.id}  {one.rating} stars for {one.product}{bought}")
        click.echo("  " + " ".join(f"{one.title}: {one.comment}".split()))
    if not found:
        click.echo("No review is waiting.")


@reviews.command("publish")
@click.argument("review_ids", nargs=-1, required=True, type=click.UUID)
@with_appcontext
def publish(review_ids: tuple[uuid.UUID, ...]) -> None:
    """Show these reviews on their products' pages."""
    _judge(review_ids, "published")


@reviews.command("reject")
@click.argument("review_ids", nargs=-1, required=True, type=click.UUID)
@with_appcontext
def reject(review_ids: tuple[uuid.UUID, ...]) -> None:
    """Turn these reviews down: they stay in the database and show nowhere."""
    _judge(review_ids, "rejected")


def _judge(review_ids: tuple[uuid.UUID, ...], status: str) -> None:
    for review_id in review_ids:
        try:
            moderate(None, review_id, status=status)
        except DomainError as error:
            raise click.ClickException(f"{review_id}: {explain(error)}") from None
        click.echo(f"{review_id}: {status}")
