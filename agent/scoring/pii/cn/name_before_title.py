"""Chinese names of persons before what tells that they are: 先生, 的手机号, a number of seven digits and more."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.cn.name_characters import NAME, is_ordinary

__all__ = ["RECOGNIZER"]

_TITLE = (
    "先生|女士|小姐|同学|老师|医生|大夫|护士|教授|博士|经理|律师|法官|师傅|阿姨|叔叔|主任|院长|校长|同志|警官|教练|"
    "店长|老板|您好|你好"
)
_OWN = (
    "身份证|手机|电话|联系方式|联系电话|邮箱|电子邮箱|车牌|微信|住址|地址|家庭住址|银行卡|卡号|账号|账户|护照|病历|"
    "户籍|生日|出生|个人信息|简历|档案|"
    "QQ|住在|家住|本人"
)
# Between the cells of a table, the fields of a line, the words of a form.
_SEPARATOR = "[ \t,，;；|:：、\"'()（）]|</?[a-z]{1,6}>"
_TRIGGER_SEPARATOR = "[ \t,;|:\"'()]|，|；|：|、|（|）|</?[a-z]{1,6}>"
_CONTACT = "Tel|T[:：]|Mobile|Phone|E-?mail|电话|手机|联系电话|联系方式|邮箱|地址|微信"


# The only Chinese characters that a name follows without a sign; after others it is the middle of a word (支付宝).
_LINKS = "是叫找问请让由被对向把跟给和与及到为在即系位名的如说告诉待员者人户方"


def _judge(match: re.Match[str], in_context: bool) -> float:
    before = match.string[match.start() - 1 : match.start()] if match.start() else ""
    if "\u3400" <= before <= "\u9fff" and before not in _LINKS:
        return 0.0
    if match["line"] and match.string[max(0, match.start() - 1) : match.start()] not in ("", "\n"):
        return 0.0
    return 0.0 if is_ordinary(match["value"]) else 0.8


RECOGNIZER = Recognizer(
    name="Chinese name before a title or a number",
    type="NAME",
    source="surnames: Ministry of Public Security, national name reports 2019-2021",
    pattern=bounded(
        rf"(?P<value>{NAME})(?:{_TITLE}|的?(?:{_OWN})|[，, （(](?:男|女)(?:性)?[，, 。)）]"
        rf"|(?<!\w)(?:{_SEPARATOR}){{1,12}}+(?:\+86 ?)?[1-9](?:[ -]?[0-9]){{6,18}}"
        # A signature: the name has a line of its own.
        rf"|(?P<line>\n)(?:[^\n]{{1,20}}\n){{0,2}}(?:{_CONTACT}))"
    ),
    trigger=(
        rf"[\xe4-\xe9][\x80-\xbf]{{2}}(?:{_TITLE}|(?:的)?(?:{_OWN})|(?:，|,| |（|\()(?:男|女)(?:性)?(?:，|,| |。|\)|）)"
        rf"|(?:{_TRIGGER_SEPARATOR}){{1,12}}(?:\+86 ?)?[1-9](?:[ -]?[0-9]){{6}}"
        r"|\n(?:[^\n]{1,60}\n){0,2}(?:Tel|T:|T：|Mobile|Phone|E-?mail|电话|手机|联系电话|联系方式|邮箱|地址|微信))"
    ),
    judge=_judge,
    priority=3,
)
