"""People who talk to the assistant: each sends a message, reads the answer's stream to its end, and sends the next.

Run as a process of its own:

    python benchmarks/harness/talkers.py HOST:PORT PEOPLE SECONDS

Without a worker for the assistant an answer begins after five seconds, so most of the time is waiting on an open
connection. Prints one line of JSON: answers that came, streams that were opened, and what went wrong.
"""

from __future__ import annotations

import http.client
import json
import re
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode

_STREAM = re.compile(r'data-stream="([^"]+)"')


@dataclass(slots=True)
class _Seen:
    answers: int = 0
    streams: int = 0
    errors: int = 0


def _talk(server: str, until: float, seen: _Seen) -> None:
    cookie = token = ""
    while time.monotonic() < until:
        try:
            if not cookie:
                cookie, token = _enter(server)
            cookie, page = _send(server, cookie, token)
            found = _STREAM.search(page)
            if found is None:
                seen.errors += 1
                return
            while time.monotonic() < until:
                seen.streams += 1
                if _read(server, found[1], cookie):
                    seen.answers += 1
                    break
                time.sleep(1.5)
        except (OSError, http.client.HTTPException):
            seen.errors += 1
            time.sleep(0.5)


def _enter(server: str) -> tuple[str, str]:
    """The cookie and the token of somebody new."""
    page, cookie = _ask(server, "GET", "/chat", None, {})
    return cookie, page.partition('name="csrf_token" value="')[2].partition('"')[0]


def _send(server: str, cookie: str, token: str) -> tuple[str, str]:
    """Say something; the cookie from now on, and the page with the answer's address."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true", "Cookie": cookie}
    body = urlencode({"message": "Do you ship to Austria?", "csrf_token": token})
    page, fresh = _ask(server, "POST", "/chat/messages", body, headers)
    return fresh or cookie, page


def _read(server: str, address: str, cookie: str) -> bool:
    """Whether the stream came to the answer's end."""
    stream, _cookie = _ask(server, "GET", address, None, {"Cookie": cookie, "Accept": "text/event-stream"})
    return "event: done" in stream


def _ask(server: str, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[str, str]:
    """The body of the answer and the cookie that comes with it, if any."""
    connection = http.client.HTTPConnection(server, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise http.client.HTTPException(f"{answer.status}: {page[:200]}")
    return page, answer.headers.get("Set-Cookie", "").split(";", 1)[0]


def main(server: str, people: int, seconds: float) -> None:
    """Let them talk, and print what they saw."""
    until = time.monotonic() + seconds
    seen = [_Seen() for _ in range(people)]
    threads = [threading.Thread(target=_talk, args=(server, until, one), daemon=True) for one in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.1, until + 5 - time.monotonic()))
    print(
        json.dumps(
            {name: sum(getattr(one, name) for one in seen) for name in ("answers", "streams", "errors")}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
