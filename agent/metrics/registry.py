"""A fresh registry per worker: nothing global, so that two workers in one process (tests, the demo) do not mix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

__all__ = ["new_registry"]


def new_registry() -> CollectorRegistry:
    """An empty registry. Process and platform metrics are not ours to name and stay out."""
    return CollectorRegistry()
