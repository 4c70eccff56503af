"""Stripe to test against: localstripe as a process, behind a small HTTP server of ours on loopback.

The server in front adds what localstripe lacks: it answers a repeated Idempotency-Key as the first time, takes
captures in several parts (``final_capture``), tells how much was received, and fails, hangs or cuts the line when a
test asks for it. It keeps what was asked.

    with StripeServer(folder) as stripe:
        stripe.pay(intent_id)                      # what the shopper's browser does
        stripe.fail_next("/capture", status=500)

For development: ``python -m tests.stripe_server`` (``docs/payments.md``).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr

from tests.servers import reserve_port

SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET = "sk_test_shop", "pk_test_shop", "whsec_shop"
VISA, NEEDS_3D_SECURE, DECLINED = "4242424242424242", "4000002500003155", "4000000000000341"
Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    form: Form
    key: str


@dataclass
class Trouble:
    """What happens to the next requests whose path holds ``path``: an error, silence, or a cut after the deed."""

    path: str
    status: int = 0
    seconds: float = 0.0
    cut: bool = False
    times: int = 1
    method: str = ""


@dataclass
class Memory:
    """What the server in front knows."""

    upstream: int
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    one_capture_only: bool = False
    capturing: threading.Lock = field(default_factory=threading.Lock)
    wishes: dict[str, Form] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    backs: dict[str, str] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    refunds_take_time: bool = False
    troubles: list[Trouble] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    locks: dict[str, threading.Lock] = field(default_factory=dict)

    def trouble_for(self, path: str, method: str = "GET") -> Trouble | None:
        with self.lock:
            for one in self.troubles:
                if one.path in path and one.times > 0 and one.method in ("", method):
                    one.times -= 1
                    return one
        return None


class StripeServer:
    """localstripe and the server in front of it; ``url`` is what STRIPE_API_BASE takes."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder = folder
        self._port = port

    def __enter__(self) -> Self:
        with reserve_port() as reserved:
            upstream = reserved.getsockname()[1]
        program = Path(__file__).with_name("localstripe_process.py")
        self._process = subprocess.Popen(
            [sys.executable, program, self._folder, str(upstream)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.memory = Memory(upstream)
        handler = type("Handler", (_Handler,), {"memory": self.memory})
        self._server = _Server(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._wait(upstream)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def _wait(self, upstream: int) -> None:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=5)
                connection.request("DELETE", "/_config/data")
                connection.getresponse().read()
                connection.close()
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("localstripe did not start")
            time.sleep(0.05)

    def forget(self) -> None:
        """Empty: no payments, nothing asked, no trouble ahead."""
        self.call("DELETE", "/_config/data")
        for kept in (
            self.memory.asked,
            self.memory.answers,
            self.memory.received,
            self.memory.parts,
            self.memory.wishes,
            self.memory.told,
            self.memory.plans,
            self.memory.backs,
            self.memory.refunds,
            self.memory.troubles,
        ):
            kept.clear()
        self.memory.refunds_take_time = False
        self.memory.one_capture_only = False

    def asked_for(self, path: str, method: str = "POST") -> list[Asked]:
        """The requests whose path ends so."""
        return [one for one in self.memory.asked if one.method == method and one.path.endswith(path)]

    def fail_next(self, path: str, *, status: int = 500, times: int = 1, method: str = "") -> None:
        """Answer the next requests to ``path`` with an error, and do nothing."""
        self.memory.troubles.append(Trouble(path, status=status, times=times, method=method))

    def hang_next(self, path: str, seconds: float, times: int = 1) -> None:
        """Do what the next requests ask, and answer so much later."""
        self.memory.troubles.append(Trouble(path, seconds=seconds, times=times))

    def cut_next(self, path: str, times: int = 1, method: str = "") -> None:
        """Do what the next requests ask, and hang up without a word."""
        self.memory.troubles.append(Trouble(path, cut=True, times=times, method=method))

    def call(self, method: str, path: str, **form: str) -> dict[str, Any]:
        """Ask localstripe itself, past the server in front. An error's body is returned as well."""
        connection = http.client.HTTPConnection("127.0.0.1", self.memory.upstream, timeout=10)
        with contextlib.closing(connection):
            headers = {
                "Authorization": f"Bearer {SECRET_KEY}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            connection.request(method, path, urllib.parse.urlencode(form), headers)
            body = connection.getresponse().read()
        return json.loads(body) if body else {}

    def intents(self) -> list[dict[str, Any]]:
        """All payments, the oldest first."""
        return list(self.call("GET", "/v1/payment_intents?limit=1000")["data"])

    def intent(self, intent_id: str) -> dict[str, Any]:
        """One payment as it is."""
        return self.call("GET", f"/v1/payment_intents/{intent_id}")

    def refunds(self, intent_id: str) -> list[dict[str, Any]]:
        """What went back of a payment."""
        return list(self.call("GET", f"/v1/refunds?payment_intent={intent_id}&limit=100")["data"])

    def let_refunds_take_time(self) -> None:
        """From now on a refund is pending until :meth:`end_refunds`, as with some banks."""
        self.memory.refunds_take_time = True

    def end_refunds(self, intent_id: str, status: str = "succeeded") -> None:
        """The bank has decided about all refunds of a payment; it may do so again."""
        for one in self.refunds(intent_id):
            self.memory.refunds[one["id"]] = status

    def pay(self, intent_id: str, card: str = VISA) -> dict[str, Any]:
        """What the shopper's browser does with the card's number, which the shop never sees."""
        number = {f"card[{name}]": value for name, value in _card(card).items()}
        method = self.call("POST", "/v1/payment_methods", type="card", **number)
        self.call("POST", f"/v1/payment_intents/{intent_id}", payment_method=method["id"])
        return self.call("POST", f"/v1/payment_intents/{intent_id}/confirm")

    def add_card(self, customer_id: str, card: str = VISA) -> str:
        """A card of a customer's; returns its id."""
        method = self.call(
            "POST",
            "/v1/payment_methods",
            type="card",
            **{f"card[{name}]": value for name, value in _card(card).items()},
        )
        self.call("POST", f"/v1/payment_methods/{method['id']}/attach", customer=customer_id)
        return str(method["id"])

    def cards(self, customer_id: str) -> list[dict[str, Any]]:
        """A customer's cards."""
        return list(self.call("GET", f"/v1/payment_methods?customer={customer_id}&type=card")["data"])

    def subscriptions(self) -> list[dict[str, Any]]:
        """All subscriptions, ended ones included."""
        return list(self.call("GET", "/v1/subscriptions?status=all&limit=100")["data"])

    def tell_of(self, subscription_id: str, **fields: Any) -> None:
        """What is said of a subscription from now on, as if time had passed there."""
        self.memory.told.setdefault(subscription_id, {}).update(fields)

    def customers(self) -> list[dict[str, Any]]:
        """All customers."""
        return list(self.call("GET", "/v1/customers?limit=100")["data"])

    def set_up(self, setup_id: str, card: str = "") -> dict[str, Any]:
        """What the shopper's browser does with a card that pays nothing yet; at Stripe it is attached by that."""
        setup = self.call("GET", f"/v1/setup_intents/{setup_id}")
        if card:
            number = {f"card[{name}]": value for name, value in _card(card).items()}
            method = self.call("POST", "/v1/payment_methods", type="card", **number)["id"]
            setup = self.call("POST", f"/v1/setup_intents/{setup_id}/confirm", payment_method=method)
        else:
            setup = self.call("POST", f"/v1/setup_intents/{setup_id}/confirm")
        if setup.get("status") == "succeeded":
            self.call(
                "POST", f"/v1/payment_methods/{setup['payment_method']}/attach", customer=setup["customer"]
            )
        return setup

    def authenticate(self, intent_id: str, *, success: bool = True) -> dict[str, Any]:
        """The bank's page: the shopper says yes or no."""
        secret = self.intent(intent_id)["client_secret"]
        path = f"/v1/payment_intents/{intent_id}/_authenticate"
        return self.call("POST", path, client_secret=secret, success=str(success).lower())

    def allow_one_capture_only(self) -> None:
        """From now on no card's bank lets an authorisation be captured in parts."""
        self.memory.one_capture_only = True

    def received(self, intent_id: str) -> int:
        """How much was taken of a payment so far, in cents."""
        return self.received_in(self.memory, intent_id)

    @staticmethod
    def received_in(memory: Memory, intent_id: str) -> int:
        """The same, of what a server in front knows."""
        return memory.received.get(intent_id, memory.parts.get(intent_id, 0))

    def send_webhooks_to(self, url: str) -> None:
        """Tell this address what happens, a second later, as localstripe does."""
        self.call("POST", "/_config/webhooks/shop", url=url, secret=WEBHOOK_SECRET)


def _card(number: str) -> Form:
    return {"number": number, "exp_month": "12", "exp_year": "2035", "cvc": "123"}


def _refusal(code: str) -> tuple[int, bytes]:
    return 400, json.dumps({"error": {"type": "invalid_request_error", "code": code}}).encode()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked is gone, and needs no answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    memory: Memory

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if self.path == "/v3/":
            trouble = self.memory.trouble_for(self.path)
            if trouble is not None:
                self._answer(trouble.status, b"")
                return
            self._answer(200, BROWSER_SCRIPT.read_bytes(), "text/javascript")
            return
        if self.path.startswith("/_bank?"):
            self._bank_page()
            return
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_DELETE(self) -> None:
        self._pass_on()

    def do_OPTIONS(self) -> None:
        self._answer(204, b"")

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _mark, query = self.path.partition("?")
        form = dict(urllib.parse.parse_qsl(body.decode() or query))
        key = self.headers.get("Idempotency-Key") or ""
        self.memory.asked.append(Asked(self.command, path, form, key))
        trouble = self.memory.trouble_for(path, self.command)
        if trouble is not None and trouble.status:
            self._answer(trouble.status, b'{"error": {"type": "api_error", "message": "scripted"}}')
            return
        if path.startswith("/_browser/"):
            status, answer = self._confirm_for_browser(path.rpartition("/")[2], form)
        else:
            status, answer = self._once(key, path, body, form)
        if trouble is not None and trouble.cut:
            self.close_connection = True
            return
        if trouble is not None:
            time.sleep(trouble.seconds)
        with contextlib.suppress(OSError):  # whoever asked has given up
            self._answer(status, answer)

    def _once(self, key: str, path: str, body: bytes, form: Form) -> tuple[int, bytes]:
        if self.command != "POST" or not key:
            return self._ask(path, body, form)
        with self.memory.lock:
            lock = self.memory.locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self.memory.answers:
                self.memory.answers[key] = self._ask(path, body, form)
            return self.memory.answers[key]

    def _ask(self, path: str, body: bytes, form: Form) -> tuple[int, bytes]:
        """As localstripe answers; what it does not know of captures in parts is kept here until the last of them."""
        if self.command != "POST" or not path.startswith("/v1/payment_intents/"):
            return self._upstream(path, body, form)
        intent_id, _mark, deed = path.removeprefix("/v1/payment_intents/").partition("/")
        with self.memory.capturing:
            taken = self.memory.parts.get(intent_id, 0)
            if deed == "capture" and self._status(intent_id) == "canceled":  # localstripe would take it
                return _refusal("payment_intent_unexpected_state")
            if deed == "capture" and form.get("final_capture") == "false":
                return self._take_part(intent_id, taken, int(form["amount_to_capture"]))
            if taken and deed in ("capture", "cancel"):
                form = dict(form) if deed == "capture" else {"amount_to_capture": "0"}
                wanted = form.get("amount_to_capture")
                if wanted is not None:
                    form["amount_to_capture"] = str(taken + int(wanted))
                form.pop("final_capture", None)
                path = f"/v1/payment_intents/{intent_id}/capture"
                body = urllib.parse.urlencode(form).encode()
            return self._upstream(path, body, form)

    def _status(self, intent_id: str) -> str:
        stripe = StripeServer(Path())
        stripe.memory = self.memory
        return str(stripe.intent(intent_id).get("status"))

    def _take_part(self, intent_id: str, taken: int, wanted: int) -> tuple[int, bytes]:
        stripe = StripeServer(Path())
        stripe.memory = self.memory
        intent = stripe.intent(intent_id)
        is_open = intent.get("status") == "requires_capture" and taken + wanted <= intent["amount"]
        if not is_open or self.memory.one_capture_only:
            return _refusal("capture_unsupported")
        self.memory.parts[intent_id] = intent["amount_received"] = taken + wanted
        intent["amount_capturable"] = intent["amount"] - taken - wanted
        return 200, json.dumps(intent).encode()

    def _upstream(self, path: str, body: bytes, form: Form) -> tuple[int, bytes]:
        query = self.path.partition("?")[2]
        kept = [(name, value) for name, value in urllib.parse.parse_qsl(query) if "created" not in name]
        target = f"{path}?{urllib.parse.urlencode(kept)}" if kept else path
        body = self._without_what_it_lacks(path, body)
        if path == "/v1/prices":
            target, body = "/v1/plans", self._as_plan(form)
        elif path == "/v1/subscriptions" and self.command == "POST":
            body = _with_plan(body)
        elif path.startswith("/v1/subscriptions/") and "items[0][price]" in form and self.command == "POST":
            kept = [
                pair for pair in form.items() if pair[0] not in ("proration_behavior", "payment_behavior")
            ]
            body = _with_plan(urllib.parse.urlencode(kept).encode())
            self.memory.plans[path.rsplit("/", 1)[1]] = form.get("metadata[plan]", "")
        elif path == "/v1/invoices/create_preview":
            lacking = "subscription_details[proration_behavior]"
            body = urllib.parse.urlencode(
                [
                    (name.replace("[items][0][price]", "[items][0][plan]"), value)
                    for name, value in form.items()
                    if name != lacking
                ]
            ).encode()
        headers = {
            name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.memory.upstream, timeout=10)
        with contextlib.closing(connection):
            # Nothing is left to change: then it is looked at.
            is_update = path.startswith("/v1/payment_intents/pi_") and path.count("/") == 3
            command = "GET" if is_update and not body else self.command
            connection.request(command, target, body, headers)
            answer = connection.getresponse()
            status, found = answer.status, answer.read()
        if status == 200 and path.startswith("/v1/payment_intents/"):
            intent = json.loads(found)
            self._at_the_bank(intent, form)
            self._keep_card(intent)
            if path.endswith("/capture") and "amount_to_capture" in form:
                self.memory.received[intent["id"]] = int(form["amount_to_capture"])
            if "id" in intent and (received := StripeServer.received_in(self.memory, intent["id"])):
                intent["amount_received"] = received
            found = json.dumps(intent).encode()
        if status == 200 and path == "/v1/refunds":
            found = self._refunds_as_decided(found)
        if status == 200 and path.startswith("/v1/subscriptions") and self.command == "GET":
            found = self._subscriptions_as_told(found)
        return status, found

    def _refunds_as_decided(self, body: bytes) -> bytes:
        """localstripe's refunds have succeeded at once."""
        answer = json.loads(body)
        if self.command == "POST" and self.memory.refunds_take_time:
            self.memory.refunds.setdefault(answer["id"], "pending")
        for one in answer["data"] if answer.get("object") == "list" else [answer]:
            one["status"] = self.memory.refunds.get(one["id"], one["status"])
        return json.dumps(answer).encode()

    def _as_plan(self, form: Form) -> bytes:
        """localstripe knows plans, which are what prices were called before."""
        plan = {
            "amount": form["unit_amount"],
            "currency": form["currency"],
            "interval": form["recurring[interval]"],
            "product[name]": form["product_data[name]"],
        }
        return urllib.parse.urlencode(plan).encode()

    def _subscriptions_as_told(self, body: bytes) -> bytes:
        """localstripe's time stands still: what a test says of a subscription counts."""
        answer = json.loads(body)
        for one in answer["data"] if answer.get("object") == "list" else [answer]:
            if plan := self.memory.plans.get(
                one["id"]
            ):  # localstripe forgets what else was said with a change
                one["metadata"] = {**(one["metadata"] or {}), "plan": plan}
            one.update(self.memory.told.get(one["id"], {}))
            invoice = one.get("latest_invoice")
            if isinstance(invoice, dict):
                invoice["hosted_invoice_url"] = f"http://{self.headers['Host']}/_invoice/{invoice['id']}"
        return json.dumps(answer).encode()

    def _without_what_it_lacks(self, path: str, body: bytes) -> bytes:
        """What localstripe does not know; what it says of payments is remembered here."""
        pairs = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
        lacking = {name: value for name, value in pairs if name in _UNKNOWN_THERE}
        if not lacking:
            return body
        self.memory.wishes.setdefault(path.split("/")[3], {}).update(lacking)
        return urllib.parse.urlencode([pair for pair in pairs if pair[0] not in lacking]).encode()

    def _at_the_bank(self, intent: dict[str, Any], form: Form) -> None:
        """A confirmation by the shop's server leads to a page of the bank's, and from there back."""
        back = form.get("return_url") or self.memory.backs.get(intent.get("id", ""))
        if intent.get("status") == "requires_action" and back:
            self.memory.backs[intent["id"]] = back
            front = f"http://{self.headers['Host']}"
            query = urllib.parse.urlencode({"intent": intent["id"], "back": back})
            intent["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {"url": f"{front}/_bank?{query}"},
            }

    def _keep_card(self, intent: dict[str, Any]) -> None:
        """A card that has paid and is to be kept is attached to the customer, as at Stripe."""
        wanted = bool(self.memory.wishes.get(intent["id"], {}).get("setup_future_usage"))
        if wanted and intent.get("customer") and intent.get("status") in ("succeeded", "requires_capture"):
            self._stripe().call(
                "POST", f"/v1/payment_methods/{intent['payment_method']}/attach", customer=intent["customer"]
            )

    def _stripe(self) -> StripeServer:
        stripe = StripeServer(Path())
        stripe.memory = self.memory
        return stripe

    def _bank_page(self) -> None:
        """Where the shopper says yes or no."""
        asked = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
        if "success" in asked:
            self._stripe().authenticate(asked["intent"], success=asked["success"] == "true")
            self.send_response(303)
            self.send_header("Location", asked["back"])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        links = "".join(
            f'<p><a href="/_bank?{urllib.parse.urlencode({**asked, "success": said})}">{text}</a></p>'
            for said, text in (("true", "Approve"), ("false", "Refuse"))
        )
        page = f'<!doctype html><html lang="en"><title>Bank</title><main><h1>Bank</h1>{links}</main></html>'
        self._answer(200, page.encode(), "text/html")

    def _confirm_for_browser(self, intent_id: str, form: Form) -> tuple[int, bytes]:
        """What Stripe's own script does with what was typed into its frame."""
        stripe = self._stripe()
        if intent_id.startswith("seti_"):
            found = stripe.set_up(intent_id, form.get("number", ""))
        elif "success" in form:
            found = stripe.authenticate(intent_id, success=form["success"] == "true")
        else:
            found = stripe.pay(intent_id, form["number"])
        return 402 if "error" in found else 200, json.dumps(found).encode()

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.send_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.end_headers()
        self.wfile.write(body)


_UNKNOWN_THERE = ("setup_future_usage", "return_url")


def _with_plan(body: bytes) -> bytes:
    """A subscription to a price, in the words of before."""
    return body.replace(b"items%5B0%5D%5Bprice%5D", b"items[0][plan]").replace(
        b"items[0][price]", b"items[0][plan]"
    )


def card_settings(server: StripeServer, **changed: Any) -> dict[str, Any]:
    """Settings of a shop that takes cards by ``server``, with a short patience."""
    return {
        "stripe_secret_key": SecretStr(SECRET_KEY),
        "stripe_publishable_key": PUBLISHABLE_KEY,
        "stripe_webhook_secret": SecretStr(f"whsec_former, {WEBHOOK_SECRET}"),
        "stripe_api_base": server.url,
        "stripe_script_base": server.url,
        "stripe_timeout_seconds": 1.0,
        **changed,
    }


BROWSER_SCRIPT = Path(__file__).with_name("stripe_browser.js")


@contextlib.contextmanager
def stripe_server(port: int = 0) -> Iterator[StripeServer]:
    """A running one, its state in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, StripeServer(Path(folder), port) as running:
        yield running


def main() -> None:
    """Run until interrupted, and say which settings lead here."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8420
    with stripe_server(port) as running:
        settings = {
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": running.url,
            "STRIPE_SCRIPT_BASE": running.url,
        }
        print(" ".join(f"{name}={value}" for name, value in settings.items()), flush=True)  # noqa: T201
        running.send_webhooks_to("http://127.0.0.1:8000/webhooks/stripe")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
