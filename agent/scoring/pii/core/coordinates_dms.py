"""Positions on the earth written with degree signs and points of the compass."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]

# Degrees with three decimals, or with minutes, or with minutes and seconds.
_ANGLE = r"(?:\.[0-9]{3,12}°|° ?[0-9]{1,2}(?:\.[0-9]{1,6})?['′’] ?(?:[0-9]{1,2}(?:\.[0-9]{1,6})?(?:[\"″”]|'') ?)?)"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if int(match["lat"]) <= 90 and int(match["lon"]) <= 180 else 0.0


RECOGNIZER = Recognizer(
    name="geographic coordinates in degrees",
    type="ADDRESS",
    source="ISO 6709:2022 annex D (human interface: degrees, minutes and seconds with N, S, E, W)",
    pattern=bounded(
        rf"(?<![\w.])(?P<lat>[0-9]{{1,2}}){_ANGLE} ?[NS][,;/ ]{{0,3}}(?P<lon>[0-9]{{1,3}}){_ANGLE} ?[EW](?!\w)"
    ),
    trigger="(?:°|['′’\"″”]|'') {0,2}[NS][,;/ ]{0,3}[0-9]{1,3}[°.]",
    judge=_judge,
    priority=6,
)
