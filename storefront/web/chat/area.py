"""The blueprint, and what its limits count."""

from __future__ import annotations

from flask import Blueprint
from flask_limiter.util import get_remote_address

from storefront.core.settings import current_settings
from storefront.http.visitor import current_visitor

blueprint = Blueprint("chat", __name__, url_prefix="/chat")


def message_limit() -> str:
    """How many messages one visitor may send: ``RATE_LIMIT_CHAT``, for members ``RATE_LIMIT_CHAT_MEMBER``."""
    user, settings = current_visitor().user, current_settings()
    is_member = user is not None and user.tier == "member"
    return settings.rate_limit_chat_member if is_member else settings.rate_limit_chat


def address_limit() -> str:
    """How many messages may come from one network address: a guest gets a fresh session for the asking."""
    return current_settings().rate_limit_chat_address


def sender() -> str:
    """Who sends: the account, the guest's session, or the network address of somebody without either."""
    identity = current_visitor().identity
    if identity.user_id or identity.session_id:
        return f"visitor:{identity.user_id or identity.session_id}"
    return f"address:{get_remote_address()}"
