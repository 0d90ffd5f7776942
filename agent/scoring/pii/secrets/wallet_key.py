"""Private keys of wallets of crypto currency, by their check sum."""

from __future__ import annotations

import hashlib
import re

from stdnum.bitcoin import b58decode

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    raw = b58decode(match[0])
    check = hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4]
    return 1.0 if check == raw[-4:] else 0.0


RECOGNIZER = Recognizer(
    name="wallet's key",
    type="SECRET",
    source="en.bitcoin.it/wiki/Wallet_import_format, BIP 32 (serialisation of extended private keys), Base58Check",
    pattern=bounded(
        r"(?<![\w+/])(?:[59][1-9A-HJ-NP-Za-km-z]{50}|[KLc][1-9A-HJ-NP-Za-km-z]{51}|[tvxyz]prv[1-9A-HJ-NP-Za-km-z]{107})(?!\w)"
    ),
    trigger=r"(?:^|[^\w+/])[A-Za-z0-9+/]{50}",
    judge=_judge,
    priority=10,
    lead=51,
)
