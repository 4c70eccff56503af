"""What an application makes once from its settings and keeps: clients of outside services, mostly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import current_app

from storefront.core.settings import Settings, current_settings

T = TypeVar("T")


def once_per_application(name: str, make: Callable[[Settings], T]) -> T:
    """The thing of that name of the running application, made from its settings at the first call."""
    if name not in current_app.extensions:
        current_app.extensions[name] = make(current_settings())
    made: T = current_app.extensions[name]
    return made


def for_this_application(name: str, made: object) -> None:
    """Have ``made`` as the thing of that name from now on."""
    current_app.extensions[name] = made
