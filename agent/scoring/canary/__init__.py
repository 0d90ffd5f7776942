"""Memorised-data canaries: values that operators register as keyed hashes, found in texts without being stored."""

from __future__ import annotations

from agent.scoring.canary.scorer import CanaryScorer

__all__ = ["CanaryScorer"]
