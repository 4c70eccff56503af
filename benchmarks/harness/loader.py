"""A plain loader for machines without ``wrk``: as many threads as connections, one request after the other in each.

    python benchmarks/harness/loader.py HOST:PORT CONNECTIONS SECONDS

Reads the file that ``REQUESTS`` names and prints the same line as ``wrk.lua``. It takes more of the processor than
``wrk`` does, so its figures compare with each other only.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class _Seen:
    milliseconds: list[float] = field(default_factory=list)
    bytes: int = 0
    errors: int = 0


def _requests(path: Path) -> list[tuple[str, str, dict[str, str], str]]:
    read = []
    for line in path.read_text().splitlines():
        method, address, headers, body = line.split("\t")
        read.append((method, address, dict(one.split(": ", 1) for one in headers.split("|") if one), body))
    return read


def _ask(server: str, first: int, step: int, until: float, seen: _Seen) -> None:
    requests = _requests(Path(os.environ["REQUESTS"]))
    connection = http.client.HTTPConnection(server, timeout=30)
    place = first
    while time.monotonic() < until:
        method, address, headers, body = requests[place % len(requests)]
        place += step
        begun = time.perf_counter()
        try:
            connection.request(method, address, body or None, headers)
            answer = connection.getresponse()
            head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
            seen.bytes += len(answer.read()) + head + 19
            seen.errors += answer.status >= 400
        except (OSError, http.client.HTTPException):
            connection.close()
            seen.errors += 1
        seen.milliseconds.append((time.perf_counter() - begun) * 1000)
    connection.close()


def main(server: str, connections: int, seconds: float) -> None:
    """Load the server and print what was seen."""
    begun = time.monotonic()
    seen = [_Seen() for _ in range(connections)]
    threads = [
        threading.Thread(target=_ask, args=(server, place, connections, begun + seconds, one))
        for place, one in enumerate(seen)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = sorted(moment for one in seen for moment in one.milliseconds)
    found = {
        "requests": len(times),
        "seconds": time.monotonic() - begun,
        "bytes": sum(one.bytes for one in seen),
        "errors": sum(one.errors for one in seen),
        **{f"p{part}": times[min(len(times) - 1, len(times) * part // 100)] for part in (50, 95, 99)},
    }
    print("JSON" + json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
