"""The defence that ``--sanitise`` puts before the model: the one place that knows which one it is."""

from __future__ import annotations

from agent.sanitise import sanitise

__all__ = ["as_sent", "sanitised"]


def sanitised(text: str) -> str:
    """What is fed to the model in a text's place."""
    return as_sent(sanitise(text).text)


def as_sent(text: str) -> str:
    """A text without a defence. Lone surrogates, which no JSON may hold, become question marks."""
    return text.encode("utf-8", "replace").decode()
