"""What was ever judged of a model: an empty window cannot tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from agent.windows.base import FinishContext
from agent.windows.bias import BiasAggregator
from agent.windows.engine import WindowEngine
from agent.windows.harm import HarmAggregator

__all__ = ["judged_ever"]


def judged_ever(windows: WindowEngine, models: Collection[str]) -> Mapping[str, set[str]]:
    """Of each of these models the dimensions that were measured since the beginning, restarts included."""
    found: dict[str, set[str]] = defaultdict(set)
    aggregators: tuple[Any, ...] = (HarmAggregator(), BiasAggregator())
    for aggregator in aggregators if models else ():
        for model, state in windows.totals_of(aggregator.name, models.__contains__):
            measured = aggregator.finish(state, FinishContext(model, in_full=False))
            components = (measured.component,) if aggregator.name == "bias" else measured.components
            found[model].update(part.name for part in components if part.value is not None)
    return found
