"""All metrics as of one moment, and the two text forms of them.

Whoever writes metrics is held up only while values are copied; the text is then made wherever there is time for it. The
lines are those of prometheus_client, byte for byte (tests compare them), but whatever stays the same in a line was made
with its series (`agent.metrics.series`), which takes a small part of prometheus_client's time (docs/performance.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from prometheus_client.utils import floatToGoString

from agent.metrics.catalogue import CATALOGUE, MetricSpec
from agent.metrics.label_text import escape

__all__ = ["FrozenHistogram", "FrozenMetrics", "is_trace_id"]

#: What tracing systems use. Anything else is a payload in disguise, and OpenMetrics allows 128 characters in all.
_TRACE_ID = re.compile(r"[0-9A-Za-z_\-]{1,64}")


def is_trace_id(text: str) -> bool:
    """Whether a text may be exposed as an exemplar's trace id."""
    return _TRACE_ID.fullmatch(text) is not None


class FrozenHistogram(msgspec.Struct, frozen=True, gc=False):
    """A histogram of one label set; the fields are those of `agent.metrics.series.Histogram`."""

    label_text: str
    around_le: tuple[str, str]
    counts: Sequence[int]
    total: float
    exemplars: dict[int, tuple[str, float, float]]


class FrozenMetrics:
    """Nobody writes to it: it may be read in any thread.

    Parameters
    ----------
    numbers
        By metric, the label sets of a counter or gauge as text, and their values: two lists rather than thousands of
        pairs, each of which the collector of cycles would count and look at.
    histograms
        By metric.
    """

    __slots__ = ("_histograms", "_numbers")

    def __init__(
        self,
        numbers: Mapping[str, tuple[Sequence[str], Sequence[float]]],
        histograms: Mapping[str, Sequence[FrozenHistogram]],
    ) -> None:
        self._numbers = numbers
        self._histograms = histograms

    def text(self, *, openmetrics: bool) -> str:
        """The body of an answer to a scrape: OpenMetrics 1.0 with exemplars, or Prometheus's text format 0.0.4."""
        lines: list[str] = []
        for name, spec in CATALOGUE.items():
            lines.append(_head(spec, openmetrics))
            labels, values = self._numbers.get(name, ((), ()))
            lines += [f"{name}{text} {_number(value)}\n" for text, value in zip(labels, values, strict=True)]
            edges = spec.edges
            for child in self._histograms.get(name, ()):
                lines += _histogram(name, edges, child, openmetrics)
        if openmetrics:
            lines.append("# EOF\n")
        return "".join(lines)


def _head(spec: MetricSpec, openmetrics: bool) -> str:
    name, text = spec.name, spec.help
    if not openmetrics:
        text = text.replace("\\", r"\\").replace("\n", r"\n")
        return f"# HELP {name} {text}\n# TYPE {name} {spec.kind}\n"
    name = name.removesuffix("_total") if spec.kind == "counter" else name
    unit = f"# UNIT {name} {spec.unit}\n" if spec.unit else ""
    return f"# HELP {name} {escape(text)}\n# TYPE {name} {spec.kind}\n{unit}"


def _histogram(name: str, edges: Sequence[str], row: FrozenHistogram, openmetrics: bool) -> list[str]:
    before, after = row.around_le
    exemplars = row.exemplars if openmetrics else {}
    lines: list[str] = []
    seen = 0
    for index, (edge, count) in enumerate(zip(edges, row.counts, strict=True)):
        seen += count
        exemplar = _exemplar(*exemplars[index]) if index in exemplars else ""
        lines.append(f"{name}_bucket{before}{edge}{after} {_number(seen)}{exemplar}\n")
    lines.append(f"{name}_count{row.label_text} {_number(seen)}\n{name}_sum{row.label_text} {_number(row.total)}\n")
    return lines


def _exemplar(trace_id: str, value: float, time: float) -> str:
    return f' # {{trace_id="{trace_id}"}} {_number(value)} {time}' if is_trace_id(trace_id) else ""


def _number(value: float) -> str:
    if -1e6 < value < 1e6:
        return repr(float(value))
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]
