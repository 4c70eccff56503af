"""Runs localstripe on loopback, its state in a folder of its own: ``python localstripe_process.py FOLDER PORT``.

A program of its own, never imported: localstripe is GPL. Started by its own command it would listen everywhere and
keep everything in one fixed file, so that two could not run side by side.
"""

from __future__ import annotations

import builtins
import os
import sys
import threading
from pathlib import Path
from typing import Any

from aiohttp import web
from localstripe import resources, server

folder, port = Path(sys.argv[1]), int(sys.argv[2])


def open_here(_path: str, mode: str) -> Any:
    """localstripe opens one file only: its state."""
    return builtins.open(folder / "localstripe.pickle", mode)


def retry_with(cls: Any, id: str, **data: Any) -> Any:
    """At Stripe a payment that was declined is tried again with another card; localstripe would stay at the first."""
    intent = cls._api_retrieve(id)
    if "payment_method" in data and intent.latest_charge and intent.latest_charge.status == "failed":
        intent.latest_charge = None
    return super(resources.PaymentIntent, cls)._api_update(id, **data)


def end_with_whoever_started_this() -> None:
    """Their end of the line closes, however they ended: nobody is left behind."""
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_whoever_started_this, daemon=True).start()
resources.open = open_here
resources.PaymentIntent._api_update = classmethod(retry_with)
# The route keeps the class, and asks it for the method at each request.
web.run_app(server.app, host="127.0.0.1", port=port, print=None)
