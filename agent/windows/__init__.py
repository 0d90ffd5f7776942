"""Event-time windows: panes of mergeable state, and the aggregators that fill them.

A new aggregator is one file with a class after `agent.windows.base.Aggregator`, whose constructor works without
arguments, plus one line here; ``tests/conformance/test_aggregators.py`` runs over every row.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

from agent.errors import ConfigError

__all__ = ["AGGREGATORS", "aggregator_class"]

AGGREGATORS: dict[str, str] = {
    "harm": "agent.windows.harm:HarmAggregator",
    "bias": "agent.windows.bias:BiasAggregator",
    "identity": "agent.windows.identity:IdentityAggregator",
    "sentiment": "agent.windows.sentiment:SentimentAggregator",
    "drift": "agent.windows.drift:DriftAggregator",
    "campaigns": "agent.windows.campaigns:CampaignsAggregator",
}


def aggregator_class(name: str) -> Any:
    """The class behind a row of `AGGREGATORS`.

    Raises
    ------
    ConfigError
        For a name that is not in the table.
    """
    if name not in AGGREGATORS:
        raise ConfigError(f"no aggregator named {name!r}; there are: {', '.join(sorted(AGGREGATORS))}")
    return resolve_name(AGGREGATORS[name])
