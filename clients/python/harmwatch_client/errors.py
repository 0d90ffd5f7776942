"""The one error of this package: a configuration that cannot work, told where a server starts, never in a request."""

from __future__ import annotations

__all__ = ["ConfigurationError"]


class ConfigurationError(ValueError):
    """What is wrong with an argument of a `Tap`, and how to mend it, in one line. Holds no secret."""
