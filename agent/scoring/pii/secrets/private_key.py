"""Private keys in PEM armour."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="private key",
    type="SECRET",
    source="RFC 7468 (PEM), RFC 4880 section 6.2 (OpenPGP armour), OpenSSH's PROTOCOL.key",
    # The body ends at the next run of hyphens, so no character is read for two keys. Without an end line only what
    # looks like the key's own lines is taken: prose after a lone header is not part of it.
    pattern=bounded(
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[^-]|-(?!----)){0,16384}+-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"|(?:(?:\\[rn]|\s){1,4}[A-Za-z0-9+/=]{16,8192}+)?(?:(?:\\[rn]|\s){1,4}[A-Za-z0-9+/=]{16,128}+){0,256}+)"
        # What is left of it where a log is cut into lines.
        r"|-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    ),
    trigger="-----(?:BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY",
    judge=_judge,
    priority=11,
    lead=62,
)
