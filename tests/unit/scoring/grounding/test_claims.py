"""Names, quotations and negations; and that nothing takes more than linear time."""

from __future__ import annotations

import pytest

from agent.scoring.grounding.claims import Claim, Context, find_claims
from tests.growth import growth


def claims_of(answer: str, *context: str) -> list[Claim]:
    return sorted(find_claims(answer, Context(context)))


def lacking(answer: str, context: str, kind: str) -> list[str]:
    return [answer[c.start : c.end] for c in claims_of(answer, context) if c.kind == kind and not c.supported]


ENGLISH = (
    "The bakery course at Riverside College is led by Helen Okafor. The World Health Organization wrote the leaflet."
)
CHINESE = "烘焙课由王小明老师在滨河大学讲授,推荐阅读《春天的菜园》,软件用的是Krita。"


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("The course is led by Helen Okafor.", []),
        ("Ms. Okafor leads it at Riverside College.", []),
        ("It is led by Martin Lindqvist.", ["Martin Lindqvist"]),
        ("Ask at Dunmore Station.", ["Dunmore Station"]),
        ("The WHO wrote it.", []),
        ("Bakers love it. Everyone may come.", []),
        ("**Course Details And Prices**\nHelen Okafor leads it.", []),
        ("- Flour\n- Water", []),
        ("It is in the Leaflet.", []),
        ("It is led by Helen. Visitors are welcome.", []),
        ("The course is at Riverside. Lunch is free.", []),
        ("It is led by Dr. Lindqvist.", ["Lindqvist"]),
        ("It is led by Martin. Visitors are welcome.", ["Martin"]),
    ],
)
def test_english_names(answer: str, names: list[str]) -> None:
    assert lacking(answer, ENGLISH, "NAME") == names


@pytest.mark.parametrize(
    ("answer", "context"),
    [
        ("Ask Maria González at the desk.", "The desk of the library is led by Maria Gonzalez."),
        ("Ask Maria Gonzalez at the desk.", "The desk of the library is led by Maria González."),
        ("Please ask HR for more leave.", "Contact Human Resources for any kind of leave."),
        ("It was made in the United States.", "All of the parts were made in the U.S. of old steel."),
        ("In the end the European Union passed it.", "It was the EU that passed it in the end."),
    ],
)
def test_the_same_name_written_otherwise(answer: str, context: str) -> None:
    assert lacking(answer, context, "NAME") == []


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("由王小明老师讲授。", []),
        ("王老师在滨河大学教课。", []),
        ("由陈丽华老师讲授。", ["陈丽华老师"]),
        ("课程在东湖理工大学。", ["东湖理工大学"]),
        ("推荐《春天的菜园》。", []),
        ("推荐《秋天的果园》。", ["《秋天的果园》"]),
        ("软件是krita。", []),
        ("软件是Blender。", ["Blender"]),
        ("这家公司在城市里,附近有超市。", []),
    ],
)
def test_chinese_names(answer: str, names: list[str]) -> None:
    assert lacking(answer, CHINESE, "NAME") == names


def test_names_are_not_looked_for_in_another_script() -> None:
    assert lacking("由陈丽华老师讲授。", "The course is led by Chen Lihua on Mondays.", "NAME") == []


CHINESE_PASSAGE = "公司成立于1998年，总部位于深圳市南山区，由张伟创办，员工约3000人。"


@pytest.mark.parametrize("question", ["", "Who founded the company, and where is it now?"])
def test_an_english_answer_from_chinese_passages_has_its_numbers_alone_to_be_found(question: str) -> None:
    answer = 'Zhang Wei of Nanshan founded it in 1998 and said "we were a very small team".'
    assert {claim.kind for claim in claims_of(answer, CHINESE_PASSAGE, question)} == {"NUMBER"}


def test_a_chinese_answer_from_english_passages_quotes_in_translation() -> None:
    context = "The director said that quality comes before everything else."
    assert claims_of("主任说“质量高于一切其他的东西”。", context) == []


@pytest.mark.parametrize(
    ("answer", "context", "numbers"),
    [
        ("The rate is 35%.", "rate: 0.35", []),
        ("The rate is 35%.", "rate: 0.3521", []),
        ("The rate is 0.35.", "The rate is 35%.", []),
        ("占比为百分之三十五。", "占比: 0.35", []),
        ("The rate is 36%.", "rate: 0.35", ["36%"]),
        ("The rate is 0.36.", "The rate is 35%.", ["0.36"]),
        ("The rate is 350%.", "rate: 0.35", ["350%"]),
        ("It is 35.", "The rate is 0.35.", ["35"]),
    ],
)
def test_a_share_is_the_same_in_per_cent(answer: str, context: str, numbers: list[str]) -> None:
    assert lacking(answer, context, "NUMBER") == numbers


@pytest.mark.parametrize(
    ("answer", "quotes"),
    [
        ('It says "please keep the gate closed".', []),
        ("It says “Please, keep the GATE closed!”", []),
        ('It says "visitors will be fined".', ['"visitors will be fined"']),
        ('A so-called "gate" of 3" by 4" is there.', []),
    ],
)
def test_quotations(answer: str, quotes: list[str]) -> None:
    assert lacking(answer, "The notice: Please keep the gate closed.", "QUOTE") == quotes


@pytest.mark.parametrize(
    ("answer", "context", "contrary"),
    [
        ("Dogs are allowed in the swimming hall.", "Dogs are not allowed in the swimming hall.", True),
        ("Dogs aren't allowed in the swimming hall.", "Dogs are not allowed in the swimming hall.", False),
        ("The sauna is closed to guests.", "The sauna is open to guests.", True),
        ("The sauna is not closed to guests.", "The sauna is open to guests.", False),
        ("The hall is open on Monday.", "The hall is open on Monday but the hall is not open on Sunday.", False),
        ("Is the sauna not open to guests?", "The sauna is open to guests.", False),
        ("游泳馆内允许携带宠物。", "游泳馆内不允许携带宠物。", True),
        ("游泳馆内不允许携带宠物。", "游泳馆内不允许携带宠物。", False),
        ("這種藥沒有嚴重副作用。", "這種藥有嚴重副作用。", True),
        ("這種藥沒有嚴重副作用。", "这种药没有严重副作用。", False),
        ("展覽館內禁止攜帶寵物。", "展覽館內允許攜帶寵物。", True),
        ("游泳馆内禁止携带宠物。", "游泳馆内不允许携带宠物。", False),
        ("这张票不可以在两周内退换。", "这张票可以在两周内退换。", True),
        ("非常欢迎大家参加活动。", "欢迎大家参加活动。", False),
        ("The warranty does not cover water damage.", "The warranty doesn't cover water damage.", False),
        ("The warranty doesn’t cover water damage.", "The warranty does not cover water damage.", False),
        ("The clinic isn't open on Sunday morning.", "The clinic is open on Sunday morning.", True),
        ("You can't return the opened box.", "You can return the opened box.", True),
        ("The blood test was negative for the virus.", "The blood test was positive for the virus.", True),
        ("检测结果为阴性的患者需要隔离。", "检测结果为阳性的患者需要隔离。", True),
        ("今年的总销量增长了百分之五。", "今年的总销量下降了百分之五。", True),
        ("今年的总销量增加了百分之五。", "今年的总销量上升了百分之五。", False),
        ("存款利率下调了两个基点。", "存款利率上调了两个基点。", True),
        ("公司去年盈利五个亿元。", "公司去年亏损五个亿元。", True),
        ("严禁在木材仓库内吸烟。", "允许在木材仓库内吸烟。", True),
        ("不得在木材仓库内吸烟。", "严禁在木材仓库内吸烟。", False),
    ],
)
def test_negations(answer: str, context: str, contrary: bool) -> None:
    assert bool(lacking(answer, context, "NEGATION")) is contrary


UNITS = [
    "1 ", "1,", "1.", "1:30 ", "8 am ", "may 1, 2020 ", "1/1/2020 ", "1年1月", "一", "十万", "三点",
    "周一至", "one ",
    "one hundred ", "Ab Cd ", "A ", "Anna-", "A1", "王先生", "北京大学", "《", "《a》", '"a b c d" ', '"', "不是",
    "不允许携带宠物,", "the dog is not allowed in the hall, ", "`", "```",
    "http://a.b/", "# 1\n", "$", "百分之五", "İ", "\ud800", "５", "monday-friday ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    def find(scale: int) -> None:
        answer, context = (unit * 8_000)[: 2_000 * scale], "The clinic opens at 8. 诊所八点开门。" * (300 * scale)
        for claim in claims_of(answer, context, unit * 300 * scale):
            assert 0 <= claim.start < claim.end <= len(answer)

    # Eight times the length, eight times the time; a square is far beyond, a pattern that backtracks never ends.
    # The shorter is long enough that all kinds of facts are looked for in both.
    assert growth(lambda: find(4), lambda: find(32), 24) < 24


def test_numbers_beyond_all_amounts_do_not_overflow() -> None:
    huge = "The clinic is open. 一" + "亿" * 22 + "。 " + "9" * 400 + " and 8" + "0" * 300
    for answer in ("The total is 3.5.", f"It is {'9' * 400}.", "一" + "亿" * 22):
        find_claims(answer, Context([huge]))
