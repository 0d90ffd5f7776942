"""Prometheus metrics of the pipeline. Names stand in `agent.metrics.catalogue`, and nowhere else."""

from agent.metrics.catalogue import CATALOGUE, MetricSpec
from agent.metrics.label_values import UNKNOWN
from agent.metrics.recorder import Metrics
from agent.metrics.registry import new_registry
from agent.metrics.series import OTHER

__all__ = ["CATALOGUE", "OTHER", "UNKNOWN", "MetricSpec", "Metrics", "new_registry"]
