"""How sentences are put together from pieces: pools of alternatives whose slots name other pools."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Pieces", "Pools", "fill", "split"]

Pools = Mapping[str, tuple[str, ...]]

_SLOT = re.compile(r"\{([A-Za-z]+)\}")
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Pieces:
    """What one language's texts are made of.

    Attributes
    ----------
    lang, space
        ISO code, and what stands between two sentences.
    shared, attack, harmless
        Pools by name. A slot ``{name}`` is filled from the pools of its own class first, then from the shared ones;
        ``{Name}`` is the same with a capital letter in front.
    """

    lang: str
    space: str
    shared: Pools
    attack: Pools
    harmless: Pools

    def pools(self, label: int) -> Pools:
        """The pools of one class: 1 attacks, 0 harmless."""
        return {**self.shared, **(self.attack if label else self.harmless)}


def split(text: str) -> tuple[str, ...]:
    r"""Alternatives separated by ``|``; line breaks of the source are spaces, ``\n`` is a line break."""
    return tuple(" ".join(part.split()).replace("\\n", "\n") for part in text.split("|"))


def fill(frame: str, pools: Pools, rng: random.Random, fixed: Mapping[str, str] | None = None, depth: int = 0) -> str:
    """`frame` with each slot filled by a random piece; slots named in `fixed` always get the same one."""

    def choose(match: re.Match[str]) -> str:
        name = match.group(1)
        key = name if name in pools else name[0].lower() + name[1:]
        chosen = (fixed or {}).get(key) or rng.choice(pools[key])
        if depth < _MAX_DEPTH:
            chosen = fill(chosen, pools, rng, fixed, depth + 1)
        return chosen if key == name else chosen[:1].upper() + chosen[1:]

    return _SLOT.sub(choose, frame)
