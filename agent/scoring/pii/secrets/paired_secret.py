"""Secrets that stand beside the id of the key pair that they belong to, as consoles show them."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.placeholders import is_placeholder
from agent.scoring.pii.secrets.randomness import LIKELY_RANDOM, is_hexadecimal, randomness

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if is_placeholder(value) or is_hexadecimal(value):
        return 0.0
    return 1.0 if randomness(value) >= LIKELY_RANDOM else 0.0


RECOGNIZER = Recognizer(
    name="secret of a key pair",
    type="SECRET",
    source=(
        "docs.aws.amazon.com/IAM (secret access keys: 40 characters), help.aliyun.com (AccessKey secrets: 30), "
        "cloud.tencent.com (SecretKey: 32)"
    ),
    pattern=bounded(
        r"(?<![\w-])(?:A[KS]IA[A-Z0-9]{16}|LTAI[A-Za-z0-9]{12,24}|AKID[A-Za-z0-9]{32})(?!\w)"
        r"[^A-Za-z0-9]{1,12}(?:[\w .-]{2,32}+[^\w+/]{1,8})?(?P<value>[A-Za-z0-9+/]{30,40}+)(?![\w+/])"
    ),
    trigger=r"\b(?:A[KS]IA[A-Z0-9]{16}|LTAI[A-Za-z0-9]{12}|AKID[A-Za-z0-9]{32})",
    judge=_judge,
    priority=6,
    lead=36,
)
