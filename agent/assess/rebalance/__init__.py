"""Correction of training data: weights, another sample, or repaired features, with figures before and after.

The table is read as a stream, at least twice: once to survey it, once to write. Memory is bounded whatever its size.
"""

from agent.assess.rebalance.request import METHODS, SAMPLINGS, Request
from agent.assess.rebalance.run import Opened, rebalance, surveyed
from agent.assess.rebalance.survey import Survey

__all__ = ["METHODS", "SAMPLINGS", "Opened", "Request", "Survey", "rebalance", "surveyed"]
