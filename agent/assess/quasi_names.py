"""Names of columns that usually hold quasi-identifiers: what somebody may know of a person, and find them by.

Kinds after El Emam, Guide to the De-Identification of Personal Health Information (2013), and GB/T 37964-2019, the
Chinese guide for de-identifying personal information.
"""

from __future__ import annotations

import re

__all__ = ["kind_by_name"]

# English: words that end the name, qualifiers aside. Chinese: anywhere in it.
_KINDS: dict[str, tuple[str, str]] = {
    "age": ("age", "年龄 岁数"),
    "sex": ("sex|gender", "性别"),
    "birth": (
        "dob|yob|birthday|birthdate|birthyear|birth|date of birth|year of birth|birth date|birth day|birth year|"
        "birth month",
        "出生日期 出生年月 出生年份 出生时间 生日",
    ),
    "postcode": ("zip|zipcode|postcode|post code|postal code|postal", "邮编 邮政编码"),
    "place": (
        "city|town|village|county|district|state|province|region|country|municipality|residence|hometown|"
        "place of birth|birthplace|birth place|birth country",
        "城市 省份 地区 区县 籍贯 居住地 户籍 户口 所在地 出生地",
    ),
    "occupation": ("occupation|profession|job|job title|employer|workclass", "职业 岗位 职务 职称 工作单位"),
    "ethnicity": ("race|ethnicity|ethnic group|ethnic", "民族 种族 族裔"),
    "nationality": ("nationality|citizenship", "国籍"),
    "religion": ("religion|faith|denomination", "宗教"),
    "education": ("education|degree|school|university|college", "学历 学位 教育程度 文化程度 毕业院校 学校"),
    "marital status": ("marital|marital status|marriage|married", "婚姻 婚否"),
    "household": ("children|household size|family size|dependents|number of children", "家庭人口 家庭人数 子女"),
    "language": ("mother tongue|native language|first language", "母语"),
    "event date": (
        "admission date|discharge date|date of death|death date|visit date|admitted|discharged",
        "入院日期 出院日期 入院时间 出院时间 死亡日期 就诊日期",
    ),
}
_ENGLISH = {phrase: kind for kind, (phrases, _) in _KINDS.items() for phrase in phrases.split("|")}
_CHINESE = {word: kind for kind, (_, words) in _KINDS.items() for word in words.split()}
_QUALIFIERS = frozenset(["group", "band", "bucket", "range", "bracket", "bin", "code", "num", "years", "category"])
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[a-z]+")


def kind_by_name(column: str) -> str | None:
    """The kind that a column's name stands for (``age`` for ``patientAge``, ``age_group``, ``年龄``); None for others.

    Names that end otherwise are left alone: ``page``, ``agency``, ``city_budget``.
    """
    for word in _CHINESE:
        if word in column:
            return _CHINESE[word]
    words = _WORD.findall(_CAMEL.sub(" ", column).lower())
    while len(words) > 1 and words[-1] in _QUALIFIERS:
        words.pop()
    for length in (3, 2, 1):
        kind = _ENGLISH.get(" ".join(words[-length:])) if len(words) >= length else None
        if kind is not None:
            return kind
    return None
