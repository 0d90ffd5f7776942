"""What all sections of the configuration have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Count", "NamePattern", "Seconds", "Section", "Share"]

Seconds = Annotated[float, Field(gt=0, le=31 * 86400.0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0, le=100_000_000)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

NamePattern = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^*]*\*?$")]
"""A name, or the beginning of one with ``*`` after it."""


class Section(BaseModel):
    """A configuration section: unknown keys are mistakes, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
