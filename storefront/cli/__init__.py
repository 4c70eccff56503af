"""The commands of ``flask``: one module per noun, imported when the command is asked for.

A web server or a worker builds the same application and needs none of them.
"""

from __future__ import annotations

from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup

COMMANDS = (
    "catalog",
    "chat",
    "embedder",
    "embeddings",
    "gift-cards",
    "ops",
    "orders",
    "payments",
    "promotions",
    "reviews",
    "search",
    "seed",
    "up",
    "users",
)
"""Each is the attribute of that name, an underscore for a hyphen, in the module of that name."""


class Commands(AppGroup):
    """The application's command group, which imports a command's module at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, for ``flask --help``."""
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            name = cmd_name.replace("-", "_")
            self.add_command(getattr(import_module(f"{__name__}.{name}"), name))
        return super().get_command(ctx, cmd_name)


def init_app(app: Flask) -> None:
    """Give ``app`` the shop's commands, beside those that extensions have added."""
    commands = Commands(name=app.cli.name, commands=app.cli.commands)
    app.cli = commands
