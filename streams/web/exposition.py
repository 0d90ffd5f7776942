"""Which form of /metrics a scraper gets, and the making of it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from prometheus_client import exposition as plain
from prometheus_client.openmetrics import exposition as openmetrics

from agent.metrics.frozen import FrozenMetrics

__all__ = ["Scrape", "accepts", "negotiate", "render"]

#: A second of a core for each of them would be too much; 1 is half the time of 3, and 1.2 times the bytes.
_GZIP_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Scrape:
    """How a scraper wants its answer."""

    openmetrics: bool
    gzip: bool

    @property
    def content_type(self) -> str:
        return openmetrics.CONTENT_TYPE_LATEST if self.openmetrics else plain.CONTENT_TYPE_PLAIN_0_0_4


def accepts(header: str) -> dict[str, float]:
    """Quality by name of an ``Accept``-like header: lower-case names without parameters, the best of repeated ones."""
    found: dict[str, float] = {}
    for item in header.split(",")[:64]:
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                try:
                    quality = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        if name:
            found[name.lower()] = max(found.get(name.lower(), 0.0), quality)
    return found


def negotiate(accept: str, accept_encoding: str) -> Scrape:
    """OpenMetrics only when it is named and not liked less than plain text; gzip only when it is named."""
    types = accepts(accept)
    wanted = types.get("application/openmetrics-text", 0.0)
    return Scrape(
        openmetrics=wanted > 0.0 and wanted >= types.get("text/plain", 0.0),
        gzip=accepts(accept_encoding).get("gzip", 0.0) > 0.0,
    )


def render(frozen: FrozenMetrics, scrape: Scrape) -> bytes:
    """The body of an answer; may run in another thread than the metrics' own."""
    body = frozen.text(openmetrics=scrape.openmetrics).encode("utf-8")
    return gzip.compress(body, _GZIP_LEVEL, mtime=0) if scrape.gzip else body
