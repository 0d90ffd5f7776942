"""The text forms of /metrics and the choice between them.

The lines are those of prometheus_client, byte for byte (a test compares them), at a fifth of its time: its per-label
regular expressions guard names that no metric of ours has. What is out of the ordinary is left to prometheus_client.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import exposition as plain
from prometheus_client.core import Exemplar, Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

__all__ = ["Scrape", "accepts", "negotiate", "render"]

_ORDINARY = frozenset({"counter", "gauge", "histogram"})
_GZIP_LEVEL = 3


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


def render(families: Sequence[Metric], scrape: Scrape) -> bytes:
    """The body of an answer. Reads only ``families``, so that it may run in another thread than the metrics' own."""
    parts: list[str] = []
    for metric in families:
        if _is_ordinary(metric):
            parts.extend(_openmetrics_lines(metric) if scrape.openmetrics else _plain_lines(metric))
        else:
            parts.append(_by_library(metric, scrape))
    if scrape.openmetrics:
        parts.append("# EOF\n")
    body = "".join(parts).encode("utf-8")
    return gzip.compress(body, _GZIP_LEVEL, mtime=0) if scrape.gzip else body


class _One:
    """A registry of one family."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


def _by_library(metric: Metric, scrape: Scrape) -> str:
    if not scrape.openmetrics:
        return plain.generate_latest(_One(metric)).decode("utf-8")
    body: bytes = openmetrics.generate_latest(_One(metric))  # type: ignore[no-untyped-call]
    return body.decode("utf-8").removesuffix("# EOF\n")


def _is_ordinary(metric: Metric) -> bool:
    if metric.type not in _ORDINARY:
        return False
    return not any(
        sample.timestamp is not None or sample.native_histogram is not None or sample.name.endswith("_created")
        for sample in metric.samples
    )


def _plain_lines(metric: Metric) -> list[str]:
    name = metric.name + "_total" if metric.type == "counter" else metric.name
    text = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    lines = [f"# HELP {name} {text}\n# TYPE {name} {metric.type}\n"]
    lines.extend([f"{s.name}{_labels(s)} {_number(s.value)}\n" for s in metric.samples])
    return lines


def _openmetrics_lines(metric: Metric) -> list[str]:
    lines = [f"# HELP {metric.name} {_escape(metric.documentation)}\n# TYPE {metric.name} {metric.type}\n"]
    if metric.unit:
        lines.append(f"# UNIT {metric.name} {metric.unit}\n")
    lines.extend(
        [
            f"{s.name}{_labels(s)} {_number(s.value)}{_exemplar(s.exemplar) if s.exemplar else ''}\n"
            for s in metric.samples
        ]
    )
    return lines


def _exemplar(exemplar: Exemplar) -> str:
    labels = ",".join([f'{key}="{_escape(value)}"' for key, value in sorted(exemplar.labels.items())])
    time = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    return f" # {{{labels}}} {_number(exemplar.value)}{time}"


def _labels(sample: Sample) -> str:
    if not sample.labels:
        return ""
    return "{" + ",".join([f'{key}="{_escape(value)}"' for key, value in sorted(sample.labels.items())]) + "}"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if -1e6 < value < 1e6:
        return repr(float(value))
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]
