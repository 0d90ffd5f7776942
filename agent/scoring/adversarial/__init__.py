"""Adversarial input: a classifier, signals of the text, and what is hidden in it."""

from agent.scoring.adversarial.scorer import AdversarialScorer

__all__ = ["AdversarialScorer"]
