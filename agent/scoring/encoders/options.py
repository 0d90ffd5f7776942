"""Options that all encoder scorers share, checked before torch is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from agent.errors import ConfigError

__all__ = ["LONGEST_WINDOW", "PRECISIONS", "EncoderOptions"]

PRECISIONS = ("auto", "float32", "bfloat16", "float16", "int8")
LONGEST_WINDOW = 512
"""Tokens of a window, special ones included, unless an option says otherwise."""


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """How a classifier is run.

    Parameters
    ----------
    device
        A torch device, e.g. ``cpu`` or ``cuda:1``; ``auto`` takes the first GPU when there is one.
    precision
        ``auto``, ``float32``, ``bfloat16``, ``float16`` (GPU) or ``int8`` (CPU); see
        `agent.scoring.encoders.quantize.choose_precision`.
    threads
        Cores of one forward pass on a CPU; 0 takes torch's own number. One is right beside a model server; with more,
        a pass is sooner done and costs more in all.
    max_length
        Tokens of a window, special ones included; as many as the network takes, at most 512, when None.
    overlap
        Tokens that neighbouring windows have in common; an eighth of the window when None.
    max_windows
        Bound on the work that one text can cause, at least 2.
    tokens_per_pass
        Bound on the tokens of one pass through the network; when None 1,024 on a CPU, whose caches hold what such a
        pass needs, and 16,384 on a GPU.

    Raises
    ------
    ConfigError
        When a value is out of range; `scorer` is named.
    """

    scorer: str
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    max_length: int | None = None
    overlap: int | None = None
    max_windows: int = 64
    tokens_per_pass: int | None = None

    def __post_init__(self) -> None:
        def refuse(what: str) -> ConfigError:
            return ConfigError(f"scorer {self.scorer}: {what}")

        if self.precision not in PRECISIONS:
            raise refuse(f"precision must be one of {', '.join(PRECISIONS)}")
        if self.threads < 0:
            raise refuse("threads must be 0 or more")
        if self.max_windows < 2 or (self.tokens_per_pass is not None and self.tokens_per_pass < 1):
            raise refuse("max_windows must be 2 or more, tokens_per_pass 1 or more")
        if self.max_length is not None and self.max_length < 8:
            raise refuse("max_length must be 8 or more")
        if self.overlap is not None and self.overlap < 0:
            raise refuse("overlap must be 0 or more")
