"""Personal data and secrets that can be told by their form: the `pii` scorer and its recognisers."""

from __future__ import annotations

from agent.scoring.pii.scorer import RECOGNIZERS, PiiScorer

__all__ = ["RECOGNIZERS", "PiiScorer"]
