"""Writes of the reminders domain."""

from storefront.reminders.services.alerts import (
    ARRIVED,
    cancel_alert,
    confirm_alert,
    purge_unconfirmed,
    stock_arrived,
    take_alert,
    wait_by_email,
    wait_for,
)
from storefront.reminders.services.carts import remind_of_carts, take_reminder

__all__ = [
    "ARRIVED",
    "cancel_alert",
    "confirm_alert",
    "purge_unconfirmed",
    "remind_of_carts",
    "stock_arrived",
    "take_alert",
    "take_reminder",
    "wait_by_email",
    "wait_for",
]
