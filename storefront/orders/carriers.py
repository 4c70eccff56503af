"""The carriers whose parcels can be followed on their own page."""

from __future__ import annotations

from urllib.parse import quote

TRACKING: dict[str, str] = {
    "DHL": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "DPD": "https://tracking.dpd.de/status/en_US/parcel/{}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={}",
    "GLS": "https://gls-group.eu/track/{}",
    "Hermes": "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation/#{}",
    "Österreichische Post": "https://www.post.at/sv/sendungsdetails?snr={}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "UPS": "https://www.ups.com/track?tracknum={}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
}
"""Each carrier's page for a parcel, as they publish it."""

_BY_NAME = {name.casefold(): address for name, address in TRACKING.items()}


def tracking_link(carrier: str, tracking_number: str) -> str:
    """Where a parcel can be followed; empty for a carrier that we know no page of, or without a number."""
    address = _BY_NAME.get(carrier.strip().casefold())
    return (
        address.format(quote(tracking_number.strip(), safe="")) if address and tracking_number.strip() else ""
    )
