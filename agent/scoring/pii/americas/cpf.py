"""Taxpayers' numbers of Brazil, written as they are printed."""

from __future__ import annotations

import re

from stdnum.br import cpf

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if len(set(match[0])) > 3 and cpf.is_valid(match[0]) else 0.0


RECOGNIZER = Recognizer(
    name="Brazilian CPF",
    type="NATIONAL_ID",
    source="Receita Federal, Instrução Normativa 1548/2015 (nnn.nnn.nnn-nn, two check digits mod 11); python-stdnum",
    pattern=bounded(r"[0-9](?<![\w.,/+-][0-9])[0-9]{2}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?!\w|[./-][0-9])"),
    trigger=r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b",
    judge=_judge,
    priority=8,
    seldom=True,
)
