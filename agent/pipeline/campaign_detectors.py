"""Puts the watch for campaigns together from the configuration."""

from __future__ import annotations

import secrets
from typing import Any

from agent.campaigns import DETECTORS, detector_class
from agent.campaigns.base import Detector
from agent.campaigns.out_of_range import Range
from agent.clock import Clock
from agent.config import CoreConfig
from agent.drift.reference import NumberReference
from agent.drift.reference_file import References
from agent.metrics import Metrics
from agent.pipeline.campaign_watch import CampaignWatch
from agent.pipeline.rulebook import Rulebook
from agent.windows.engine import WindowEngine

__all__ = ["build_campaigns"]


def build_campaigns(
    config: CoreConfig,
    rules: Rulebook,
    references: References | None,
    *,
    windows: WindowEngine,
    metrics: Metrics,
    clock: Clock,
) -> CampaignWatch | None:
    """The watch, with the detectors that are wanted; None when campaigns are off."""
    if not config.campaigns.enabled:
        return None
    # Without a configured key campaigns are recognised within this process, and by nobody else.
    hash_key = config.evidence.hash_key
    key = (hash_key.get_secret_value().encode() if hash_key else b"") or secrets.token_bytes(32)
    return CampaignWatch(
        [_detector(kind, config, key, references) for kind in DETECTORS if kind in config.campaigns.kinds],
        key=key,
        quiet_seconds=config.campaigns.quiet_seconds,
        rules=rules,
        windows=windows,
        metrics=metrics,
        clock=clock,
    )


def _detector(kind: str, config: CoreConfig, key: bytes, references: References | None) -> Detector:
    section = config.campaigns
    options: dict[str, Any] = {"window_seconds": section.window_seconds}
    if kind != "sweep":
        options["min_events"] = section.min_events
    if kind == "near_duplicates":
        options |= {"key": key, "similarity": section.similarity, "max_clusters": section.max_clusters}
    if kind in ("burst", "drift", "out_of_range", "boundary"):
        options["ert_hours"] = section.ert_hours
    if kind in ("burst", "boundary"):
        options["max_tenants"] = section.max_tenants
    if kind == "boundary":
        options["threshold"] = lambda model: config.bias.score_thresholds.get(model, 0.5)
    if kind == "out_of_range" and references is not None:
        options["known"] = lambda model, feature: _range(references, model, feature)
    made: Detector = detector_class(kind)(**options)
    return made


def _range(references: References, model: str, feature: str) -> Range | None:
    """The outer cut points of a feature's reference: about one value in 256 lies beyond each."""
    found = references.find(model, f"input.features.{feature}")
    if not isinstance(found, NumberReference) or len(found.edges) < 2:
        return None
    return found.edges[0], found.edges[-1]
