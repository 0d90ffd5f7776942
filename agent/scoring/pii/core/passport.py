"""Passports, by their label."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "passport passport_book passport_card passeport reisepass pass_nr passnummer paspoort pasaporte passaporto "
    "passaporte paszport cestovní_pas útlevél pasaport パスポート 여권번호 паспорт 护照 護照"
)
# In Chinese anything may follow the word without a blank: 护照丢失请致电.
_HAN = re.compile("[\u3400-\u9fff]+")
_LINK = re.compile("(?:[号號][码碼]?|[编編][号號]|)[是为為]?")


def _judge(match: re.Match[str], in_context: bool) -> float:
    between = match.string[match.end("label") : match.start("value")]
    if match["label"] in ("护照", "護照") and any(_LINK.fullmatch(word) is None for word in _HAN.findall(between)):
        return 0.0
    return 0.9 if sum(c.isdigit() for c in match["value"]) >= 5 else 0.0


RECOGNIZER = labelled(
    "passport number",
    "NATIONAL_ID",
    source="ICAO Doc 9303 part 4 (document number of at most nine letters and digits; France 12AB34567, Germany "
    "C01X00T47, India A1234567, Italy YA1234567, United Kingdom and United States nine digits); needs its label",
    words=_LABELS,
    value=r"[A-Z]{1,3} ?[0-9]{6,8}|[0-9]{9}|[0-9]{2} ?[A-Z]{2} ?[0-9]{5}|[0-9]{8}|[CFGHJK][0-9A-Z]{8}",
    judge=_judge,
    priority=7,
)
