"""Event-time windows: panes of mergeable state, and the aggregators that fill them.

A new aggregator is one file with a class after `agent.windows.base.Aggregator`, whose constructor works without
arguments, plus one line here; ``tests/conformance/test_aggregators.py`` runs over every row.
"""

from __future__ import annotations

from typing import Any

from agent.table import named_by

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
    return named_by(AGGREGATORS, name, "aggregator")
