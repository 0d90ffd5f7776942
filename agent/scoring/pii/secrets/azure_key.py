"""Keys of Azure, which carry the name of their service inside of them, near the end."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.vendor_formats import BEFORE

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="Azure key",
    type="SECRET",
    source="github.com/microsoft/security-utilities (identifiable secrets; client secrets of Entra: Q~)",
    pattern=bounded(
        BEFORE + r"(?<![+/=])(?:[A-Za-z0-9+/]{76}(?:APIM|ACDb|\+(?:ABa|AMC|ASt))[A-Za-z0-9+/]{5}[AQgw]=="
        r"|[A-Za-z0-9+/]{33}(?:AIoT|\+(?:ASb|AEh|ARm))[A-Za-z0-9+/]{5}="
        r"|[A-Za-z0-9+/]{42}(?:AzSe|AzCa|\+ACR)[A-D][A-Za-z0-9+/]{5}"
        r"|[\w-]{44}AzFu[\w-]{5}[AQgw]=="
        r"|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"
        r"|[A-Za-z0-9]{44,60}JQQJ99[A-Za-z0-9]{18,30}(?:==)?"
        r"|[\w~.-]{3}[0-9]Q~[\w~.-]{31,34})(?![\w+/=])"
    ),
    trigger=(
        r"(?:APIM|ACDb|\+(?:ABa|AMC|ASt))[A-Za-z0-9+/]{5}[AQgw]==|(?:AIoT|\+(?:ASb|AEh|ARm))[A-Za-z0-9+/]{5}="
        r"|(?:AzSe|AzCa|\+ACR)[A-D][A-Za-z0-9+/]{5}|AZDO[A-Za-z0-9]{4}|JQQJ99[A-Za-z0-9]{8}|AzFu[\w-]{5}[AQgw]==|[0-9]Q~[\w~.-]{8}"
    ),
    judge=_judge,
    priority=10,
    lead=88,
)
