"""Pages with the provider's own card fields: what they may load, and nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response

from storefront.core.settings import current_settings
from storefront.http.csp import allow

STRIPE_FRAMES = ("https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com")


def with_provider(response: Response) -> Response:
    """Let this one page load the provider's script and frames."""
    settings = current_settings()
    parts = urlsplit(settings.stripe_script_base)
    script = f"{parts.scheme}://{parts.netloc}"
    own = script == "https://js.stripe.com"
    return allow(
        response,
        {
            "script-src": ("https://js.stripe.com", "https://*.js.stripe.com") if own else (script,),
            "frame-src": STRIPE_FRAMES if own else (script,),
            "connect-src": ("https://api.stripe.com",) if own else (script,),
        },
    )


def provider_script() -> str:
    """The address of the provider's script."""
    return f"{current_settings().stripe_script_base}/v3/"
