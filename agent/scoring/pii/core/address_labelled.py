"""Addresses of any country that the text calls an address."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled
from agent.scoring.pii.postal_tails import CAPITAL, LETTER, NUMBER

__all__ = ["RECOGNIZER"]

_LABELS = (
    "address addresses located_at lives_at live_at living_at lived_at lived_in lives_in resides_at residing_at "
    "residence moved_to ship_to deliver_to taxi_to adresse anschrift wohnhaft_in dirección domicilio indirizzo "
    "endereço adres adress osoite cím"
)
_NO_PLACE = re.compile(
    r"(?:ip|v[46]|e-?mail|mail|mac|memory|web|website|url|https?|wallet|bitcoin|btc|eth|staking|contract|base|bus|"
    r"hardware|physical|loopback|peer|source|destination|server|site|register|return|virtual)[\W_]{0,2}$",
    re.IGNORECASE,
)
_ABBREVIATED = r"[A-Za-z]{1,4}\."
_NAME = rf"[{CAPITAL}][{LETTER}'’-]{{0,24}}"
_SMALL = "(?:of|the|de|del|della|delle|di|da|do|dos|du|des|la|le|los|las|van|der|den|am|im|an|auf|zu|y|e|u|st|street)"
_TOKEN = rf"(?:{NUMBER}|#[0-9]{{1,5}}|{_ABBREVIATED}|{_NAME}|{_SMALL})(?![\w:@]|[.][\w])"
_NO_NUMBER = re.compile(r"(?:\s*[,\n][^,\n0-9]*)+$")
_BREAK = r"[ ,]{0,2}\n[ >?]{0,6}(?:, {0,1})?"


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if _NO_PLACE.search(match.string[max(0, match.start() - 16) : match.start()]):
        return 0.0
    words = re.findall(rf"[{LETTER}]{{3,}}", value)
    if not words or not any(c.isdigit() for c in value):
        return 0.0
    if match["small"]:
        return 0.7 if ":" in match.string[match.end("label") : match.start("value")] else 0.0
    return 0.8


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Without the towns and countries at the end, which are no address by themselves: what has a number is kept."""
    return match.start("value"), match.start("value") + len(_NO_NUMBER.sub("", match["value"]))


RECOGNIZER = labelled(
    "address called so",
    "ADDRESS",
    source="ISO 19160-4:2023 and UPU S42 (components: thoroughfare, number, unit, town, code, country); needs a label, "
    "and names with capitals or, after a colon, a number first",
    words=_LABELS,
    value=rf"(?-i:{_TOKEN}(?:(?:,? {{1,2}}|{_BREAK}){_TOKEN}){{1,16}}"
    rf"|(?P<small>{NUMBER}(?:,? {{1,2}}(?:{NUMBER}|[a-z\u00df-\u024f'’-]{{1,24}})(?![\w:@]|\.\w)){{2,12}}))",
    judge=_judge,
    # A line with a name may come first.
    gap=r"[\W_]{0,24}(?:(?:is|are|was|here|they|as|follows|at|in|now)[\W_]{1,6}){0,4}(?:[^\n0-9:]{1,40}\n[ >?]{0,8})?"
    r"(?=[^\n]{0,60}[0-9])",
    end=r"(?!\w)",
    priority=5,
    span=_span,
)
