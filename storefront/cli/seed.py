"""``flask seed``: the demo shop into an empty database."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn


@click.command("seed")
@click.option("--if-empty", is_flag=True, help="Do nothing when there is any product.")
@with_appcontext
def seed(if_empty: bool) -> None:
    """Fill the shop with the demo: products with pictures, reviews, policies, shipping, taxes."""
    # Loaded here: every other command starts faster without the drawing library.
    from storefront.journeys.demo.seeding import is_empty, seed_demo_shop

    if if_empty and not is_empty():
        return
    tasks: dict[str, TaskID] = {}
    with Progress(TextColumn("  {task.description:<10}"), BarColumn(), console=Console(stderr=True)) as bar:

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done, total=total)

        report = seed_demo_shop(show)
    for refusal in report.refusals:
        click.echo(f"line {refusal.line}: {refusal.sku}: {refusal.reason}", err=True)
    click.echo(f"Demo shop: {report.created} products and variants created, {report.unchanged} already there")
