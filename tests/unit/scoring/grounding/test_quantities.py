"""Numbers, dates and days: what is the same however it is written, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.scoring.grounding.claims import Context, find_claims
from agent.scoring.grounding.numerals import chinese_value, english_value
from agent.scoring.grounding.quantities import find_quantities


def unsupported(answer: str, context: str) -> list[str]:
    """The numbers and dates of an answer that the context does not have."""
    claims = find_claims(answer, Context([context]))
    return [answer[c.start : c.end] for c in sorted(claims) if c.kind in ("NUMBER", "DATE") and not c.supported]


def claimed(answer: str) -> int:
    claims = find_claims(answer, Context(["Nothing is said of it here, on Monday."]))
    return sum(claim.kind in ("NUMBER", "DATE") for claim in claims)


SAME = [
    ("1,200 people", "1200 people"),
    ("1.2k people", "1,200 people"),
    ("一千二百人", "1200人"),
    ("1200人", "一千二百人"),
    ("１２００人", "1200人"),
    ("1.2万人", "12,000人"),
    ("一万二", "12000"),
    ("3亿元", "300,000,000 yuan"),
    ("1万2千人", "12000人"),
    ("twenty-five chairs", "25 chairs"),
    ("two hundred and six pages", "206 pages"),
    ("15%", "百分之十五"),
    ("15 percent", "15%"),
    ("90 minutes", "1.5 hours"),
    ("两周", "14天"),
    ("4.8 kilometres", "4800 m"),
    ("$5", "5 dollars"),
    ("$3m", "3 million dollars"),
    ("about 1.8 million", "1,834,212"),
    ("roughly 60", "62"),
    ("8 o'clock", "8:00"),
    ("8 pm", "20:00"),
    ("opens at 8 am", "opens at 8"),
    ("opens at 8", "opens at 8:30 and closes at 8 pm"),
    ("下午三点半", "15:30"),
    ("晚上11点50分", "23:50"),
    ("noon", "12:00"),
    ("March 14, 2026", "14 March 2026"),
    ("2026-03-14", "2026年3月14日"),
    ("二〇二六年三月十四日", "2026-03-14"),
    ("14 March", "14 March 2026"),
    ("3/14/2026", "14/3/2026"),
    ("on Wednesday", "Monday to Friday"),
    ("周三", "周一至周五"),
    ("on Saturday", "at weekends"),
    ("星期天", "每天"),
    ("the 5th floor", "the fifth floor"),
    ("a total of 92 euros", "80 euros and 12 euros"),
    ("活动在3月14日上午9点举行。", "活动时间：2026年3月14日上午9点，地点：礼堂。"),
    ("活动时间：2026年3月14日。", "2026-03-14"),
    ("会议在15:00开始。", "开会时间：下午3点。"),
    ("14 March 2026", "Date:2026-03-14"),
    ("第12条规定员工有年假。", "第12条 员工享有年假。"),
    ("第1234页", "第1234页"),
    ("票價三萬兩千元", "票价32000元"),
    ("32000元", "票價三萬兩千元"),
    ("在星期三下午三點半開始，共90分鐘", "星期三15:30开始，1.5小时"),
    ("2026年3月14號", "2026-03-14"),
    ("0.5 mg", "500 mcg"),
    ("24个月", "两年"),
    ("2年", "24个月"),
    ("five years", "保修5年"),
    ("5年级", "五年级"),
    ("98年创办", "98年创办"),
    ("0.2至0.4克", "200～400毫克"),
    ("0.2 to 0.4 g", "200-400 mg"),
    ("200-400 mg", "200-400 mg"),
    ("成立10年后上市", "1998年成立，2008年上市"),
    ("Two of them cost $60, twice as much.", "One costs $30, and 2 may come."),
    ("31 December 2026", "31.12.2026"),
    ("December 31, 2026", "12-31-2026"),
    ("66.7%", "two thirds"),
    ("66.7%", "三分之二"),
    ("50%", "half of them"),
    ("25%", "a quarter"),
    ("20%", "one fifth, or 1 in 5"),
    ("20%", "打八折"),
    ("15%", "八五折"),
    ("-5°C", "−5 °C"),
    ("负5度", "-5℃"),
    ("5 degrees below zero", "minus 5 degrees"),
    ("零下5度", "气温为-5℃"),
    ("零下五度", "气温为-5℃"),
    ("-5℃", "温度(℃): -5"),
    ("5度", "气温为5℃"),
    ("20 degrees", "20°C"),
    ("20-25°C", "20°C to 25°C"),
    ("-40 to -20°C", "from -40°C to -20°C"),
    ("it fell by 5%", "change: -5%"),
    ("0.5毫克", "500微克"),
    ("250 ms", "0.25 seconds"),
    ("20 sqm", "20 m²"),
    ("20平方米", "20 square metres"),
    ("60公里/小时", "60 km/h"),
    ("1500大卡", "1500千卡"),
    ("June 7, 2024", "June 5-7, 2024"),
    ("June 5, 2024", "5 to 7 June 2024"),
    ("June 5-7, 2024", "2024年6月5日至7日"),
    ("6月7日", "2024年6月5-7日"),
    ("6月5日至7日", "June 5 - 7"),
]

DIFFERENT = [
    ("1,300 people", "1,200 people"),
    ("200 people", "1,200 people"),
    ("two thousand", "1200"),
    ("两千人", "一千二百人"),
    ("25%", "15%"),
    ("40 hours", "40 minutes"),
    ("5 euros", "5 dollars"),
    ("9", "8"),
    ("9 am", "9 pm"),
    ("8:45", "8:30"),
    ("21 March 2026", "14 March 2026"),
    ("14 March 2025", "14 March 2026"),
    ("4月14日", "3月14日"),
    ("on Thursday", "on Monday"),
    ("周六", "周一至周五"),
    ("1913", "1931"),
    ("18", "1834"),
    ("1.9 million", "1,834,212"),
    ("20", "19"),
    ("第15条规定员工有年假。", "第12条 员工享有年假。"),
    ("票價三萬元", "票價三萬兩千元"),
    ("在週四開始", "在週三開始"),
    ("兩噸", "三噸"),
    ("5 mg", "5 mcg"),
    ("36个月", "两年"),
    ("五年", "两年"),
    ("5年", "5个月"),
    ("购买后60天内可以退货", "购买后30天内可以退货，5天内退款"),
    ("购买后35天内可以退货", "购买后30天内可以退货，5天内退款"),
    ("30%", "one third"),
    ("30 December 2026", "31.12.2026"),
    ("5°C", "It was -5°C."),
    ("-5°C", "It was 5°C."),
    ("5度", "气温为零下5度"),
    ("5℃", "气温为-5℃"),
    ("5 degrees", "5 degrees below zero"),
    ("-25°C", "20-25°C"),
    ("5 μg", "5 mg"),
    ("5毫克", "5微克"),
    ("5 nm", "6 nm"),
    ("20平方公里", "20平方米"),
    ("20 square kilometers", "20 square meters"),
    ("60 km/h", "60 mph"),
    ("June 8, 2024", "June 5-7, 2024"),
    ("6月8日", "6月5日至7日"),
    ("6月5日至8日", "6月5日至7日"),
    ("活动时间：2026年3月15日。", "活动时间：2026年3月14日，共15人。"),
    ("12345678901234567", "12345678901234568"),
]


@pytest.mark.parametrize(("answer", "context"), SAME)
def test_the_same_written_otherwise(answer: str, context: str) -> None:
    assert unsupported(answer, context) == []
    assert claimed(answer) > 0


@pytest.mark.parametrize(("answer", "context"), DIFFERENT)
def test_something_else(answer: str, context: str) -> None:
    assert unsupported(answer, context) != []


@pytest.mark.parametrize(
    "answer",
    [
        "1. Flour\n2. Water\n3. Salt",
        "See [1] and [2].",
        "Step 4: wait.",
        "### Day 7",
        "第一步,洗米。",
        "十分感谢,千万别忘了,万一下雨就改天。",
        "四川的三明治",
        "one of the two doors",
        "```\nx = 77\n```",
        "`7 + 5`",
        "https://example.org/77/12",
        "an MP3 file and an A4 sheet",
    ],
)
def test_what_is_counted_or_said_but_not_claimed(answer: str) -> None:
    assert claimed(answer) == 0


@pytest.mark.parametrize(
    ("run", "value"),
    [("十", 10), ("二十三", 23), ("一百零五", 105), ("两千", 2000), ("一千零五", 1005),
     ("三万二千", 32000),
     ("一亿", 10**8), ("一亿零五万", 100_050_000), ("二〇二四", 2024), ("一百五", 150), ("百", 100),
     ("", None), ("一二十", None), ("一" * 40, None)],
)  # fmt: skip
def test_chinese_numerals(run: str, value: int | None) -> None:
    assert chinese_value(run) == value


@pytest.mark.parametrize(
    ("words", "value"),
    [("twelve", 12), ("twenty-one", 21), ("three hundred", 300), ("two thousand and six", 2006), ("a", None),
     ("one million two hundred thousand", 1_200_000), ("dozen", 12), ("one two", None)],
)  # fmt: skip
def test_english_numbers(words: str, value: int | None) -> None:
    assert (english_value(words) if words != "a" else None) == value


@given(st.integers(0, 10**12))
def test_separators_do_not_matter(number: int) -> None:
    assert unsupported(f"{number:,}", f"{number}") == []
    assert unsupported(f"{number}", f"There are {number:,} of them.") == []


@given(st.integers(1, 9999))
def test_chinese_numerals_are_read_as_they_are_written(number: int) -> None:
    digits, written, zero = "零一二三四五六七八九", "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            written += ("零" if zero and written else "") + digits[digit] + name
        zero = digit == 0 if written else False
    assert chinese_value(written) == number


@given(st.text(st.one_of(st.characters(), st.sampled_from("0123456789.,%$年月日一百万k ")), max_size=60))
def test_every_quantity_lies_in_its_text(text: str) -> None:
    for quantity in find_quantities(text):
        assert 0 <= quantity.start < quantity.end <= len(text)
