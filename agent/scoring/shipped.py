"""What scorers with a model of ours have in common: checks and words about thresholds, and the texts of a warm-up."""

from __future__ import annotations

from agent.errors import ConfigError

__all__ = ["WARM_UP_TEXTS", "check_threshold", "threshold_note"]

WARM_UP_TEXTS = ("A first text, so that live traffic does not wait.", "先处理一条中文文本。", "")
"""In both languages, and without a token."""


def check_threshold(slot: str, threshold: float | None) -> None:
    """Raise ConfigError unless `threshold` is None or in (0, 1]."""
    if threshold is not None and not 0.0 < threshold <= 1.0:
        raise ConfigError(f"scorer {slot}: threshold must be more than 0 and at most 1")


def threshold_note(*, shipped: bool, configured: float | None, own: float) -> str:
    """One line for a finding: whose model it was, and where the threshold comes from.

    Parameters
    ----------
    shipped
        Whether the model is the one shipped with harmwatch.
    configured
        The threshold that the configuration sets, if it does.
    own
        The model's.
    """
    kind = "built-in" if shipped else "custom"
    if configured is not None:
        return f"{kind} classifier, threshold {configured:.2f} (set by configuration)"
    return f"{kind} classifier, threshold {own:.2f} (false alarms: see its model card)"
