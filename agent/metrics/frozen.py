"""All metrics as of one moment, and the two text forms of them.

Whoever writes metrics is held up only while values are copied; the text is then made wherever there is time for it. The
lines are those of prometheus_client, byte for byte (tests compare them), but whatever stays the same in a line was made
with its series (`agent.metrics.series`), and a series that has not changed keeps its line from scrape to scrape: most
of 20,000 have not. That takes a small part of prometheus_client's time (docs/performance.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from prometheus_client.utils import floatToGoString

from agent.metrics.catalogue import CATALOGUE, MetricSpec
from agent.metrics.label_text import escape
from agent.metrics.series import Histogram, Number

__all__ = ["FrozenHistogram", "FrozenMetrics", "is_trace_id"]

#: What tracing systems use. Anything else is a payload in disguise, and OpenMetrics allows 128 characters in all.
_TRACE_ID = re.compile(r"[0-9A-Za-z_\-]{1,64}")


def is_trace_id(text: str) -> bool:
    """Whether a text may be exposed as an exemplar's trace id."""
    return _TRACE_ID.fullmatch(text) is not None


class FrozenHistogram(msgspec.Struct, frozen=True, gc=False):
    """A histogram of one label set, and what it had come to."""

    source: Histogram
    counts: list[int]
    total: float
    exemplars: dict[int, tuple[str, float, float]]


class FrozenMetrics:
    """Nobody changes its values: it may be read in any thread.

    Parameters
    ----------
    numbers
        By metric, the accumulators of a counter or gauge, and their values: two lists rather than thousands of pairs,
        each of which the collector of cycles would count and look at.
    histograms
        By metric.
    catalogue
        What there is, in the order of the text.
    """

    __slots__ = ("_catalogue", "_histograms", "_numbers")

    def __init__(
        self,
        numbers: Mapping[str, tuple[Sequence[Number], Sequence[float]]],
        histograms: Mapping[str, Sequence[FrozenHistogram]],
        catalogue: Mapping[str, MetricSpec] = CATALOGUE,
    ) -> None:
        self._catalogue = catalogue
        self._numbers = numbers
        self._histograms = histograms

    @property
    def numbers(self) -> Mapping[str, tuple[Sequence[Number], Sequence[float]]]:
        """As they were given."""
        return self._numbers

    @property
    def histograms(self) -> Mapping[str, Sequence[FrozenHistogram]]:
        """As they were given."""
        return self._histograms

    def beside(self, others: FrozenMetrics) -> FrozenMetrics:
        """These and others, whose names are not ours."""
        return FrozenMetrics(
            {**self._numbers, **others._numbers},
            {**self._histograms, **others._histograms},
            {**self._catalogue, **others._catalogue},
        )

    def text(self, *, openmetrics: bool) -> str:
        """The body of an answer to a scrape: OpenMetrics 1.0 with exemplars, or Prometheus's text format 0.0.4."""
        lines: list[str] = []
        for name, spec in self._catalogue.items():
            lines.append(_head(spec, openmetrics))
            children, values = self._numbers.get(name, ((), ()))
            lines += [
                written[1]
                if (written := child.written) is not None and written[0] == value
                else _line(name, child, value)
                for child, value in zip(children, values, strict=True)
            ]
            edges = spec.edges
            lines += [_histogram(name, edges, row, openmetrics) for row in self._histograms.get(name, ())]
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


def _line(name: str, child: Number, value: float) -> str:
    line = f"{name}{child.label_text} {_number(value)}\n"
    # At once as a pair: whoever makes another text at this moment finds value and line of one scrape.
    child.written = (value, line)
    return line


def _histogram(name: str, edges: Sequence[str], row: FrozenHistogram, openmetrics: bool) -> str:
    source, exemplars = row.source, row.exemplars if openmetrics else {}
    written = source.written.get(openmetrics)
    if written is not None and written[:3] == (row.counts, row.total, exemplars):
        return written[3]
    before, after = source.around_le
    lines: list[str] = []
    seen = 0
    for index, (edge, count) in enumerate(zip(edges, row.counts, strict=True)):
        seen += count
        exemplar = _exemplar(*exemplars[index]) if index in exemplars else ""
        lines.append(f"{name}_bucket{before}{edge}{after} {_number(seen)}{exemplar}\n")
    labels = source.label_text
    lines.append(f"{name}_count{labels} {_number(seen)}\n{name}_sum{labels} {_number(row.total)}\n")
    text = "".join(lines)
    source.written[openmetrics] = (row.counts, row.total, exemplars, text)
    return text


def _exemplar(trace_id: str, value: float, time: float) -> str:
    return f' # {{trace_id="{trace_id}"}} {_number(value)} {time}' if is_trace_id(trace_id) else ""


def _number(value: float) -> str:
    if -1e6 < value < 1e6:
        return repr(float(value))
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]
