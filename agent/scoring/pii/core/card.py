"""Payment cards, Chinese bank cards among them."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import digits_of, luhn
from agent.scoring.pii.context_words import CARD_CONTEXT, NUMBER_DENIAL

__all__ = ["RECOGNIZER"]

_ISSUERS = (
    ("4", (13, 16, 19)),  # Visa
    ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
    ("3[47]", (15,)),  # American Express
    ("36|3[89]|30[0-5]|3095", (14, 16, 19)),  # Diners Club
    ("6011|64[4-9]|65", (16, 17, 18, 19)),  # Discover
    ("35(?:2[89]|[3-8])", (16, 17, 18, 19)),  # JCB
    ("1800|2131", (15,)),  # JCB, the oldest
    ("62|81", (16, 17, 18, 19)),  # China UnionPay
    ("220[0-4]", (16, 17, 18, 19)),  # Mir
)


_ISSUED = re.compile(
    "|".join(f"(?={'|'.join(f'[0-9]{{{length}}}$' for length in lengths)})(?:{prefix})" for prefix, lengths in _ISSUERS)
)


# Between groups of digits that may as well be of anything else.
_UNUSUAL = frozenset((".", "_", "\t", "  "))


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Without the last group when only the first sixteen digits check: that group is a security code."""
    if match["tail"] and not luhn(digits_of(match[0])):
        return match.start(), match.start("tail")
    return match.span()


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match["tail"]:
        start, end = _span(match)
        digits = digits_of(match.string[start:end])
    else:
        digits = digits_of(match[0])
    if not luhn(digits) or len(set(digits)) == 1:
        return 0.0
    if not in_context and match["s"] in _UNUSUAL:
        return 0.0
    if _ISSUED.match(digits):
        return 1.0 if in_context else 0.8
    return 0.9 if in_context and digits[0] in "23456789" else 0.0


RECOGNIZER = Recognizer(
    name="payment card number",
    type="CARD",
    source="ISO/IEC 7812-1:2017 (length, issuer identification, Luhn check digit in annex B); the networks' published "
    "ranges; JR/T 0008-2000 for Chinese bank cards",
    pattern=bounded(
        r"[1-9](?<![\w+][1-9])(?<![0-9][.,-][1-9])(?:[0-9]{11,18}+"
        r"|[0-9]{3}(?P<s>  |[ ._\t-])[0-9]{4}(?P=s)[0-9]{4}(?P=s)[0-9]{4}(?P<tail>(?P=s)[0-9]{3})?"
        r"|(?<=3)[0-9]{3}(?P<t>[ -])[0-9]{6}(?P=t)[0-9]{4,5}"
        r"|(?<=6)[0-9]{5} [0-9]{10,13})(?!\w|[.,-][0-9])"
    ),
    trigger=(
        r"\b[1-9](?:[0-9]{11,18}|[0-9]{3}(?:[ ._\t-]|  )[0-9]{4}(?:[ ._\t-]|  )[0-9]{4}(?:[ ._\t-]|  )[0-9]{4}"
        r"|[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}|[0-9]{5} [0-9]{10,13})\b"
    ),
    starts=True,
    judge=_judge,
    span=_span,
    context=CARD_CONTEXT,
    denial=NUMBER_DENIAL,
    priority=7,
)
