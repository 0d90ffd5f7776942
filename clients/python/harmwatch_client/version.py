"""The version of this distribution, as its pyproject.toml says it."""

__version__ = "0.1.0"
