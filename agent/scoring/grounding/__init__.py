"""Groundedness: whether answers are supported by the passages that came with them."""

from agent.scoring.grounding.scorer import GroundednessScorer

__all__ = ["GroundednessScorer"]
