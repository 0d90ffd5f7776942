"""Configuration of trust: whose signatures count, and whether a file needs one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from agent.config_base import Section

__all__ = ["TrustConfig"]


class TrustConfig(Section):
    """Files of models and thresholds: who may have signed them."""

    public_keys: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    require: bool = False
    monotonic: bool = False
    record: Path | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> TrustConfig:
        if self.require and not self.public_keys:
            raise ValueError("require needs public_keys")
        if self.monotonic and not (self.require and self.record):
            raise ValueError("monotonic needs require: true, and record, the file that remembers versions")
        return self
