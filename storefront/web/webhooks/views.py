"""News from providers: checked, kept, answered at once. The work is a job's."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request

from storefront.core.settings import current_settings
from storefront.payments.events import keep_event
from storefront.providers.payment_provider import SignatureRefused
from storefront.providers.stripe_client import NAME, read_event

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger(__name__)
_LARGEST_BYTES = 256_000


@blueprint.post("/webhooks/stripe")
def stripe() -> Response:
    """An event of Stripe's. What is not signed by Stripe, or not of now, is refused and not kept."""
    if (request.content_length or 0) > _LARGEST_BYTES:
        return Response(status=413)
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = read_event(request.get_data(), signature, current_settings().webhook_secrets())
    except SignatureRefused as refused:
        log.warning("webhook_refused", provider=NAME, why=str(refused))
        return Response(status=400)
    keep_event(NAME, event)
    return Response(status=200)
