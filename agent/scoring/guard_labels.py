"""Which labels of a guard checkpoint mean an attack, by what they are called. Pure.

Names in use, looked up in November 2026: ``LABEL_0``, ``LABEL_1`` (Llama Prompt Guard 2), ``BENIGN``, ``INJECTION``,
``JAILBREAK`` (Prompt Guard 1), ``SAFE``, ``INJECTION`` (ProtectAI), ``LEGIT``, ``INJECTION`` (deepset), ``benign``,
``injection`` (PIGuard), ``benign``, ``jailbreak`` (Qualifire), ``safe``, ``prompt_injection`` (Acuvity).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["attack_labels"]

_BENIGN = frozenset({"benign", "safe", "legit", "legitimate", "normal", "clean", "ok", "harmless", "none", "no_attack",
                     "no_injection", "not_injection", "non_injection", "not_jailbreak", "negative"})  # fmt: skip
_ATTACK = frozenset({"injection", "prompt_injection", "indirect_injection", "direct_injection", "jailbreak",
                     "jailbreaking", "malicious", "attack", "adversarial", "unsafe", "prompt_attack", "extraction",
                     "prompt_leak", "positive"})  # fmt: skip
_NUMBERED = re.compile(r"label_([0-9]+)")
_SEPARATORS = re.compile(r"[\W_]+")


def attack_labels(names: Sequence[str]) -> tuple[int, ...] | None:
    """Places of the labels that mean an attack.

    Of two labels without names the second does, as with everybody who publishes such a model.

    Parameters
    ----------
    names
        The checkpoint's labels, by place.

    Returns
    -------
    tuple of int or None
        Rising; None when it cannot be told: a label is neither known as an attack nor as harmless.
    """
    folded = [_SEPARATORS.sub("_", name.strip().lower()).strip("_") for name in names]
    if len(folded) == 2:
        if all(map(_NUMBERED.fullmatch, folded)):
            return (1,)
        harmless = [place for place, name in enumerate(folded) if name in _BENIGN]
        if len(harmless) == 1:
            return (1 - harmless[0],)
    if any(name not in _BENIGN and name not in _ATTACK for name in folded):
        return None
    found = tuple(place for place, name in enumerate(folded) if name in _ATTACK)
    return found or None
