"""What the title of a column says of values that have no form of their own: names of persons, postal addresses.

A name is told from other words by a model of the language, or by its heading; most tables have headings.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agent.scores import TextSpan

__all__ = ["BY_TITLE", "titled_span", "type_by_title"]

BY_TITLE = "its title"
"""Explanation of a span that was found by `titled_span`."""

# Before "name" they say whose.
_PERSONS = re.compile(
    "first|last|given|family|middle|maiden|full|birth|legal|preferred|patient|customer|client|employee|student|person|"
    "personal|contact|user|holder|owner|author|doctor|physician|nurse|applicant|borrower|debtor|parent|child|guardian|"
    "member|guest|passenger|recipient|sender|payee|payer|teacher|driver|tenant|spouse|partner|mother|father|resident|"
    "citizen|candidate|respondent|complainant|defendant|plaintiff|victim|witness|beneficiary|insured|subscriber"
)
_NAMES = re.compile("surname|forename|firstname|lastname|fullname|givenname|familyname|middlename|nickname")
_CHINESE_NAMES = re.compile(
    "姓名|^名字$|^姓$|^名$|曾用名|(?:联系|收件|收货|寄件|收款|付款|持卡|投保|被保险|受益|申请|借款|担保|监护|负责|经办|法定代表)人$"
)
_PLACES = re.compile("home|street|postal|mailing|billing|shipping|residential|delivery|permanent|current|work")
_CHINESE_ADDRESSES = re.compile("(?<!网络)(?<!邮件)(?<!邮箱)(?<![IPipMACmac])(?:地址|住址|住所)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile("[a-z]+")
_DIGIT = re.compile("[0-9]")
_LETTER = re.compile(r"[^\W\d_]")
# What stands where there is no value. Na, Nan and Null are names too; None, N/A and NULL in a column hardly ever.
_PLACEHOLDER = re.compile(
    "(?i:n/a|none|null|nil|unknown|unnamed|anonymous|missing|not (?:available|applicable|known|given|provided))|NA|NaN|"
    "无|無|没有|未知|未填写?|未提供|未登记|不详|不明|暂无|匿名|空"
)
_LONGEST = {"NAME": 60, "ADDRESS": 200}
_MOST_WORDS = 7


@lru_cache(maxsize=4096)
def type_by_title(title: str) -> str | None:
    """``NAME`` or ``ADDRESS`` when the title of a column or a field says that its values are such; None for others.

    ``name``, ``patientName`` and ``联系人姓名`` are; ``file_name``, ``company name`` and ``IP地址`` are not.
    """
    if _CHINESE_NAMES.search(title):
        return "NAME"
    if _CHINESE_ADDRESSES.search(title):
        return "ADDRESS"
    words = _WORD.findall(_CAMEL.sub(" ", title).lower())
    if not words:
        return None
    before = words[-2] if len(words) > 1 else ""
    if _NAMES.fullmatch(words[-1]) or (words[-1] == "name" and (not before or _PERSONS.fullmatch(before))):
        return "NAME"
    if words == ["street"] or (words[-1] in ("address", "addr") and (not before or _PLACES.fullmatch(before))):
        return "ADDRESS"
    return None


def titled_span(text: str, title: str) -> TextSpan | None:
    """The whole text as one value, when its title says that it is one and nothing in it speaks against that."""
    kind = type_by_title(title)
    if kind is None or len(text) > _LONGEST[kind] or not _LETTER.search(text):
        return None
    value = text.strip()
    if _PLACEHOLDER.fullmatch(value.strip("()[]<>（）【】-.。 ")):
        return None
    if kind == "NAME" and (_DIGIT.search(value) or len(value.split()) > _MOST_WORDS):
        return None
    start = text.index(value)
    return TextSpan(start, start + len(value), f"pii.{kind.lower()}", kind, 1.0, BY_TITLE)
