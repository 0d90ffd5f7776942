"""Bank accounts of the United States, by their label."""

from __future__ import annotations

import re

from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "account_number account_numbers account_no bank_account checking_account savings_account deposit_account "
    "money_market_account ira_account acct_no acct_number acct account"
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    label = match["label"].lower()
    alone = label in ("account", "acct")
    digits = len(digits_of(match["value"]))
    if alone and not match.string[match.end("label") : match.end("label") + 3].lstrip(" *_`").startswith(
        ("#", ":", "|", "n")
    ):
        return 0.0  # "account 20240101 was closed"
    return 0.8 if 6 <= digits <= 17 else 0.0


RECOGNIZER = labelled(
    "bank account number",
    "BANK_ACCOUNT",
    source="Nacha operating rules (DFI account number, at most 17 characters); needs its label",
    words=_LABELS,
    value=r"[0-9]{4,17}(?:[ -][0-9]{2,6}){0,4}",
    judge=_judge,
    end=r"(?!\w|[.,/-][0-9])",
    priority=6,
)
