"""Accounts of messengers and social networks that the text names: 微信号, QQ."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

_SERVICE = "微信|威信|薇信|徽信|v信|加v|加薇|加微|我v|➕v|抖音|快手|小红书|陌陌|钉钉"
_SERVICE_LATIN = "wechat|weixin|wx|vx|telegram|whatsapp|skype|line(?= ?id)"
_QQ = "扣扣|企鹅|加q|加我q"
_QQ_LATIN = "qq|q(?=号|號)"
_NUMBER = "号码|账号|帐号|号|號碼|帳號|號|[_ ]?ID|昵称|_?no|_?num|[_ ]?number|[_ ]?account|_?name"
_DIGIT = re.compile("[0-9]")
_SIGNS = re.compile("[0-9_-]+")
_NO_ACCOUNTS = (
    "number account login group payment pay wechat weixin official mini program id work users android iphone mobile "
    "desktop windows version app music channel channels message messages support updates update official business "
    "template download service services sticker stickers browser user name nickname openid unionid bot token api key "
    "link meeting page video order short field required optional type string date time count total client server "
    "web test link url share sdk"
)
_NO_ACCOUNT = frozenset(_NO_ACCOUNTS.split())
# Of markdown, around what stands in bold, as code or in a cell.
_MARKS = "[ *`|]{0,4}"


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match["qq"]:
        # In a table of services, the next cell may say how many use it.
        return 0.0 if _is_weak(match["said"]) and match["qq"].endswith("000") else 0.9
    value, is_weak = match["wechat"], _is_weak(match["sign"])
    has_digits = _DIGIT.search(value) is not None
    # A name of a field, of a product: user_name, iPhone15. After a sign, music2023 is somebody's account.
    words = [word for word in _SIGNS.split(value.lower()) if len(word) > 1]
    if words and (is_weak or not has_digits) and _NO_ACCOUNT.issuperset(words):
        return 0.0
    # A plain word after 微信 may be the next word of a sentence, or cell; after another sign or 号 it is an account.
    return 0.9 if not is_weak or match["number"] or has_digits or "_" in value else 0.0


def _is_weak(sign: str | None) -> bool:
    """Whether nothing but a blank, a mark or the edge of a cell stands between the two."""
    return not (sign or "").strip("|*` ")


def _span(match: re.Match[str]) -> tuple[int, int]:
    return match.span("qq" if match["qq"] else "wechat")


RECOGNIZER = Recognizer(
    name="messenger account",
    type="IM_ACCOUNT",
    source="Tencent: WeChat IDs are 6 to 20 letters, digits, _ and -, a letter first; QQ numbers have 5 to 11 digits",
    pattern=re.compile(
        rf"(?:\b(?:{_SERVICE_LATIN})|{_SERVICE})(?P<number> ?(?:{_NUMBER}))?"
        rf"(?P<sign>{_MARKS}(?:[:=：@|]|是|为|為|叫|改成){{1,2}}{_MARKS}[\"“'@]{{0,2}}| )?"
        r"(?P<wechat>[a-z](?<![a-z0-9_]{2})[a-z0-9_-]{5,19})(?![\w@]|[.-][a-z0-9])"
        rf"|(?:(?<![a-z0-9])(?:{_QQ_LATIN})|{_QQ})(?: ?(?:{_NUMBER}|群))?"
        rf"(?:(?P<said>{_MARKS}(?:[:=：|]|是|为|為){{1,2}}{_MARKS})| )?"
        r"(?P<qq>[1-9](?:[0-9]{4,10}|(?(said)(?: [0-9]){4,10}|(?!))))(?![\w@]|[.-][a-z0-9]| [0-9](?![0-9]))",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        rf"(?:{_SERVICE_LATIN}|{_SERVICE})(?: ?(?:{_NUMBER}))?"
        rf"(?:{_MARKS}(?:[:=@|]|：|是|为|為|叫|改成){{1,2}}{_MARKS}(?:[\"'@]|“){{0,2}}| )?[a-z][a-z0-9_-]{{5}}"
        rf"|(?:{_QQ_LATIN}|{_QQ})(?: ?(?:{_NUMBER}|群))?(?:{_MARKS}(?:[:=|]|：|是|为|為){{1,2}}{_MARKS}| )?"
        r"[1-9](?: ?[0-9]){4}"
    ),
    judge=_judge,
    span=_span,
    priority=5,
)
