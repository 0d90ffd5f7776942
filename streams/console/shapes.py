"""The shape of a sign."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

__all__ = ["Sign", "Tone"]

Tone: TypeAlias = Literal["bad", "warn"]


class Sign(TypedDict, total=False):
    """One state. ``sign`` names it, ``model`` is absent for what concerns the worker; the rest is what it says.

    ``value`` is what was measured, ``limit`` what it is held against; of a share, ``lower`` is the lower bound of its
    interval, ``number`` how many events, ``window`` over which window. Of ``more``, ``detail`` is a kind of sign and
    ``value`` how many of it are left out.
    """

    sign: str
    tone: Tone
    model: str
    detail: str
    value: float
    lower: float
    limit: float
    number: int
    window: str
