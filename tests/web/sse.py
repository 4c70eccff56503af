"""Reading server-sent events as the HTML standard says, for tests."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

# The form's token is masked anew in each response, and says nothing about the answer.
_CSRF = re.compile(r'(?<=name="csrf_token" )value="[^"]*"')


@dataclass(frozen=True)
class Sent:
    """One event as a browser would dispatch it, with the forms' tokens taken out."""

    event: str
    data: str
    id: str


def events(text: str) -> list[Sent]:
    """All events of a whole stream."""
    return list(dispatched(text.splitlines(keepends=True)))


def dispatched(lines: Iterable[str]) -> Iterator[Sent]:
    """Events as their blank lines come; comments and ``retry`` dispatch nothing."""
    event, data, last_id = "message", list[str](), ""
    for raw in lines:
        line = raw.rstrip("\r\n")
        if not line:
            if data:
                yield Sent(event, _CSRF.sub('value=""', "\n".join(data)), last_id)
            event, data = "message", []
            continue
        name, _colon, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                event = value
            case "data":
                data.append(value)
            case "id":
                last_id = value


class Stream:
    """An open connection to a stream, read event by event."""

    def __init__(self, url: str, cookie: str, last_event_id: str = "") -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        headers = {"Cookie": cookie, "Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        self._connection.request("GET", parts.path, headers=headers)
        self.response = self._connection.getresponse()
        self._events = dispatched(line.decode() for line in self.response)

    def take(self, count: int) -> list[Sent]:
        """The next ``count`` events; waits for them."""
        return [next(self._events) for _ in range(count)]

    def rest(self) -> list[Sent]:
        """All events until the stream ends."""
        return list(self._events)

    def close(self) -> None:
        """Drop the connection as a browser does that is closed."""
        self.response.close()
        self._connection.close()
