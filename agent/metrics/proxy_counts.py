"""What ``harmwatch proxy`` says of itself. Its data plane counts; these are its totals, set as they are told."""

from __future__ import annotations

from collections.abc import Mapping

from agent.metrics.series import Family, Number

__all__ = ["ProxyCounts"]

#: From the start there, as 0: else the first of each would go unseen by ``rate()``.
_DECLARED: Mapping[str, tuple[str, ...]] = {
    "harmwatch_proxy_requests_total": (
        "complete",
        "client_gone",
        "server_broke_off",
        "refused",
        "unreachable",
        "timeout",
    ),
    "harmwatch_proxy_responses_total": ("2xx", "3xx", "4xx", "5xx"),
    "harmwatch_proxy_taps_dropped_total": ("backlog", "process", "sink_full", "too_large", "unreadable"),
    "harmwatch_proxy_not_tapped_total": ("route", "status"),
}


class ProxyCounts:
    """A part of `Metrics`."""

    _numbers: dict[str, Family[Number]]

    def declare_proxy(self, *, kept: tuple[str, ...]) -> None:
        """Expose zeros; ``kept`` names where copies may come to lie."""
        for name, values in _DECLARED.items():
            for value in values:
                self._numbers[name].child((value,))
        for where in kept:
            self._numbers["harmwatch_proxy_taps_kept_total"].child((where,))

    def proxy_total(self, name: str, value: float, *labels: str) -> None:
        """Set one of its totals or gauges; ``name`` without ``harmwatch_proxy_``."""
        self._numbers[f"harmwatch_proxy_{name}"].child(labels).value = float(value)
