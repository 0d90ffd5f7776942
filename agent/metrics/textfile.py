"""Results of a command as a file of metrics, for the textfile collector of Prometheus' node_exporter.

The worker does not expose these: what measures once has no process that could be scraped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from agent.metrics.catalogue_probe import PROBE_METRICS
from agent.metrics.exposition import empty_family

__all__ = ["probe_textfile"]


class _Samples(Collector):
    def __init__(self, samples: Iterable[tuple[str, Mapping[str, str], float]]) -> None:
        self._families = {name: empty_family(spec) for name, spec in PROBE_METRICS.items()}
        for name, labels, value in samples:
            self._families[name].samples.append(Sample(name, _checked(name, labels), value))

    def collect(self) -> Iterable[Metric]:
        return [family for family in self._families.values() if family.samples]


def probe_textfile(samples: Iterable[tuple[str, Mapping[str, str], float]]) -> bytes:
    """Samples (name, labels, value) in Prometheus' text format, families in the catalogue's order.

    Raises
    ------
    KeyError
        For a name that is not in `PROBE_METRICS`.
    ValueError
        For other labels than that metric's.
    """
    registry = CollectorRegistry()
    registry.register(_Samples(samples))
    return generate_latest(registry)


def _checked(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    wanted = PROBE_METRICS[name].labels
    if set(labels) != set(wanted):
        raise ValueError(f"{name} takes the labels {', '.join(wanted)}: this is a bug")
    return {label: labels[label] for label in wanted}
