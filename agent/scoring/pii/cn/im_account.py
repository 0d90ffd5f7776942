"""Accounts of messengers and social networks that the text names: 微信号, QQ."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

_SERVICE = "微信|威信|薇信|徽信|v信|抖音|快手|小红书|陌陌|钉钉"
_SERVICE_LATIN = "wechat|weixin|wx|vx|telegram|whatsapp|skype|line(?= ?id)"
_NUMBER = "号码|账号|帐号|号|ID|昵称"
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_NO_ACCOUNT = frozenset(
    [
        "number",
        "account",
        "login",
        "group",
        "payment",
        "pay",
        "wechat",
        "weixin",
        "official",
        "mini",
        "program",
        "id",
        "work",
        "users",
        "android",
        "iphone",
        "mobile",
        "desktop",
        "windows",
        "version",
        "app",
        "music",
    ]
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["wechat"] or match["qq"]
    if match["qq"]:
        return 0.9
    if value.lower() in _NO_ACCOUNT:
        return 0.0
    # A plain word after 微信 may be the next word of a sentence; after a sign or 号 it is an account.
    if _WORD.fullmatch(value) and not (match["sign"] or match["number"]):
        return 0.0
    return 0.9


def _span(match: re.Match[str]) -> tuple[int, int]:
    return match.span("qq" if match["qq"] else "wechat")


RECOGNIZER = Recognizer(
    name="messenger account",
    type="IM_ACCOUNT",
    source="Tencent: WeChat IDs are 6 to 20 letters, digits, _ and -, a letter first; QQ numbers have 5 to 11 digits",
    pattern=re.compile(
        rf"(?:\b(?:{_SERVICE_LATIN})|{_SERVICE})(?P<number> ?(?:{_NUMBER}))?"
        r"(?P<sign> {0,2}(?:[:=：@]|是|为|叫|改成){1,2}[ \"“'@]{0,2}| )?"
        r"(?P<wechat>[a-z](?<![a-z0-9_]{2})[a-z0-9_-]{5,19})(?![\w@]|[.-][a-z0-9])"
        rf"|(?:(?<![a-z0-9])qq|扣扣|企鹅)(?: ?(?:{_NUMBER}|群))?(?: {{0,2}}(?:[:=：]|是|为){{1,2}} {{0,2}}| )?"
        r"(?P<qq>[1-9][0-9]{4,10})(?![\w@]|[.-][a-z0-9])",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        rf"(?:{_SERVICE_LATIN}|{_SERVICE})(?: ?(?:{_NUMBER}))?"
        r"(?: {0,2}(?:[:=@]|：|是|为|叫|改成){1,2}(?:[ \"'@]|“){0,2}| )?[a-z][a-z0-9_-]{5}"
        rf"|(?:qq|扣扣|企鹅)(?: ?(?:{_NUMBER}|群))?(?: {{0,2}}(?:[:=]|：|是|为){{1,2}} {{0,2}}| )?[1-9][0-9]{{4}}"
    ),
    judge=_judge,
    span=_span,
    priority=5,
)
