"""Post office boxes."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.postal_tails import TAIL

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="post office box",
    type="ADDRESS",
    source="USPS Publication 28 section 281 (P.O. Box); UPU S42 (delivery service indicator)",
    pattern=re.compile(
        r"(?<!\w)(?:P\.? ?O\.? ?Box|Post(?: Office)? Box|Postfach|Casella Postale|Apartado(?: de Correos)?|Postbus|"
        rf"Boîte Postale|Skrytka Pocztowa) (?:No\.? )?[0-9]{{1,8}}(?:{TAIL})?(?!\w)",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=r"(?:p\.? ?o\.? ?box|post(?: office)? box|postfach|casella postale|apartado(?: de correos)?|postbus|"
    r"boîte postale|skrytka pocztowa) (?:no\.? )?[0-9]",
    judge=_judge,
    priority=5,
)
