"""The section ``cascade`` of a scorer: a cheap scorer screens, the slot's own sees what is suspicious and a sample."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from agent.config_base import Section, with_inline_options

__all__ = ["CascadeConfig", "DoubtfulConfig", "ScreenConfig"]


class ScreenConfig(Section):
    """What screens: a kind, with its options beside it. A bare name is a kind without options."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _inline_options(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"kind": data}
        return with_inline_options(data, cls.model_fields)


class DoubtfulConfig(Section):
    """Texts below the cascade's own threshold to which the screen gives at least ``threshold``: a larger share of them
    is seen than of the rest.
    """

    threshold: Annotated[float, Field(gt=0, lt=1)]
    share: Annotated[float, Field(ge=0.001, le=1)]


class CascadeConfig(Section):
    """Texts to which the screen gives at least ``threshold`` are suspicious: the slot's own scorer sees them all, and
    of the others a random share of the calls, ``audit_share``. Without an audit nobody would know what is missed.
    Where not even all suspicious texts can be seen, a higher threshold leaves some of them ``doubtful``.
    """

    screen: ScreenConfig
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.3
    audit_share: Annotated[float, Field(ge=0.001, le=1)] = 0.05
    doubtful: DoubtfulConfig | None = None

    @model_validator(mode="after")
    def _in_order(self) -> CascadeConfig:
        if self.doubtful is not None and self.doubtful.threshold >= self.threshold:
            raise ValueError("doubtful.threshold must be below threshold: from there on everything is seen")
        if self.doubtful is not None and self.doubtful.share < self.audit_share:
            raise ValueError("doubtful.share must be no less than audit_share, which is of what looks harmless")
        return self
