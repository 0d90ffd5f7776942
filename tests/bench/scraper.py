"""Scrapes a worker at a fixed pace, from a process that does nothing else, and prints each one's seconds as JSON.

python -m tests.bench.scraper PORT openmetrics|plain COUNT EVERY_SECONDS
"""

from __future__ import annotations

import gzip
import http.client
import json
import sys
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = ["FORMS", "Answer", "Scraper", "main"]

#: What Prometheus sends, and what curl does.
FORMS: Final = {
    "openmetrics": {
        "Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        "Accept-Encoding": "gzip",
    },
    "plain": {"Accept": "*/*"},
}


class Answer(NamedTuple):
    """One scrape: seconds from the request to the last byte, the bytes on the wire, the text."""

    seconds: float
    wire_bytes: int
    text: bytes


class Scraper:
    """One connection that is kept, as Prometheus does."""

    def __init__(self, port: int, headers: dict[str, str] = FORMS["openmetrics"]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30.0)
        self._headers = headers

    def ask(self, path: str = "/metrics") -> Answer:
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        packed = answer.headers.get("Content-Encoding") == "gzip"
        return Answer(seconds, len(body), gzip.decompress(body) if packed else body)

    def close(self) -> None:
        self._connection.close()


def main(arguments: Sequence[str]) -> int:
    """Print the seconds of each."""
    port, form, count, every = arguments
    scraper = Scraper(int(port), FORMS[form])
    seconds = []
    due = time.perf_counter()
    for _ in range(int(count)):
        time.sleep(max(0.0, due - time.perf_counter()))
        seconds.append(scraper.ask().seconds)
        due = max(due + float(every), time.perf_counter())
    scraper.close()
    print(json.dumps(seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
