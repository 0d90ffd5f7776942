"""Hashes and pseudonyms that stand in the data already: whether they are what they look like, as far as a key tells."""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.assess.anonymize.cells import Leaf
from agent.assess.anonymize.tally import ColumnTally
from agent.assess.policy import Policy
from agent.assess.protection import Operator, ProtectionKey
from agent.assess.protection.pseudonym import Reversal
from agent.assess.protection.tokens import KEYED
from agent.errors import DataError

__all__ = ["Earlier"]


class Earlier:
    """Looks at tokens before texts are scanned, which leaves them alone.

    A pseudonym that the key does not reverse is somebody else's, or text in that form, such as a secret: it becomes a
    value of its type. That is told only where the policy makes pseudonyms. A hash cannot be verified, since its value
    is not known: it stays, and is counted.

    Parameters
    ----------
    policy, key
        Of the run.
    operator
        Type to operator.
    """

    def __init__(self, policy: Policy, key: ProtectionKey | None, operator: Callable[[str], Operator]) -> None:
        self._reversal = Reversal(key) if key is not None and policy.makes_pseudonyms else None
        self._operator = operator

    def check(self, leaf: Leaf, counts: ColumnTally) -> None:
        """Replace what is no pseudonym of this key in a text, and count what stays unverified."""
        if "[" not in leaf.text or leaf.numeric:
            return

        def checked(match: re.Match[str]) -> str:
            kind, sign, letters = match.groups()
            if sign == "#" or self._reversal is None:
                counts.unverified += 1
                return match[0]
            try:
                self._reversal.reveal(kind, letters)
            except DataError:
                operator = self._operator(kind)
                counts.found[kind] += 1
                counts.done[kind, operator.name] += 1
                return operator.replace(match[0], kind)
            return match[0]

        text = KEYED.sub(checked, leaf.text)
        if text != leaf.text:
            leaf.text = text
            leaf.put(text)
