"""Campaigns: attacks that are seen over many events, where one event alone says little.

A new detector is one file with a class after `agent.campaigns.base.Detector`, whose constructor takes keywords alone,
plus one line here, and one name in `agent.scores.CampaignKind`. `tests/unit/campaigns/test_detectors.py` runs over
every row.
"""

from __future__ import annotations

from typing import Any

from agent.table import named_by

__all__ = ["DETECTORS", "detector_class"]

#: In the order in which they are asked: what says more precisely what an attack belongs to comes first.
DETECTORS: dict[str, str] = {
    "near_duplicates": "agent.campaigns.near_duplicates:NearDuplicates",
    "burst": "agent.campaigns.burst:Bursts",
    "drift": "agent.campaigns.drift:AttackDrift",
    "sweep": "agent.campaigns.sweep:Sweeps",
    "out_of_range": "agent.campaigns.out_of_range:OutOfRange",
    "boundary": "agent.campaigns.boundary:Boundaries",
}


def detector_class(name: str) -> Any:
    """The class behind a row of `DETECTORS`.

    Raises
    ------
    ConfigError
        For a name that is not in the table.
    """
    return named_by(DETECTORS, name, "detector of campaigns")
