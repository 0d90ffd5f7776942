"""Personal data and secrets that can be told by their form: the `pii` scorer and its recognisers."""

from __future__ import annotations

from agent.scoring.pii.packs import PACKS
from agent.scoring.pii.scorer import PiiScorer

__all__ = ["PACKS", "PiiScorer"]
