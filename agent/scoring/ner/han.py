"""Names in Han characters: surnames that open them, and what stands around them without being part. Pure.

Source of the surnames: the most frequent ones of the census (Ministry of Public Security, annual reports on names), and
the Hundred Family Surnames without those whose character mostly means something else (和, 成, 时, 国).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent.scoring.ner.words import words

__all__ = ["COMPOUND", "HAN", "SURNAMES", "is_han", "names_in_han"]

HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇"
"""For a class of a regular expression."""

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏"
    "吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱"
    "严覃武戴莫孔向汤温庞樊兰殷施洪翟安颜倪牛季俞鲁葛岳齐梅庄辛管祝左涂谷祁舒耿牟卜詹靳缪苗谈欧柳"
    "骆阮裴尤柯邢霍聂焦翁柴蒲邬娄闵凌虞晏冀穆储池邸芦岑屈鞠瞿阎鲍包匡滕蔺窦戚仇卓蓝甘厉项童伍屠佟"
    "艾褚隋冷宫滑桂饶丛宗臧栗冉房芮雍竺麦"
    "張劉陳楊黃趙吳馬鄭謝許韓馮鄧曾蕭蔣葉蘇魏呂盧鍾譚陸範賈韋鄒閻龍賀顧龔萬錢嚴湯溫龐蘭莊"
)
"""One character each; compound ones but 欧阳, 司马 and 诸葛, which hold one of these, are in `COMPOUND`."""

COMPOUND: Final = ("上官", "皇甫", "慕容", "令狐", "尉迟", "司徒", "公孙", "东方", "夏侯", "独孤", "南宫", "端木")

_HAN_ONE: Final = re.compile(f"[{HAN}]")
_RUN: Final = re.compile(f"[{HAN}]+(?:[·•・][{HAN}]+)*")
_AND: Final = re.compile("[和与及跟]")
_BEFORE: Final = re.compile(
    "^(?:姓名|联系人|收件人|客户|用户|患者|病人|员工|学生|同学|同事|老师|医生|经理|主任|先生|女士|"
    "是|叫|请|找|给|和|与|对|向|跟)"
)
_AFTER: Final = re.compile(
    "(?:先生|女士|小姐|太太|夫人|教授|博士|老师|同学|医生|大夫|护士|律师|法官|经理|总监|主任|主席|"
    "主管|校长|院长|局长|市长|省长|部长|总理|总统|书记|队长|师傅|师父|老板|董事长|总经理|工程师|"
    "秘书|同志|的|说|是|在|和|与|等|们)$"
)
_ROLES: Final = words(
    "先生 女士 小姐 太太 老师 医生 大夫 护士 律师 经理 主任 校长 院长 客服 客户 用户 患者 病人 "
    "家属 员工 学生 同学 同事 朋友 老板 师傅 父亲 母亲 爸爸 妈妈 爷爷 奶奶 哥哥 姐姐 弟弟 妹妹 "
    "儿子 女儿 丈夫 妻子 老公 老婆 孩子 宝宝 亲 亲们 大家 我们 你们 他们 她们 它们 咱们 自己 "
    "别人 某人 本人 有人 谁 博主 网友 粉丝 姓名 匿名 佚名"
)
_LONGEST: Final = 4


def is_han(letter: str) -> bool:
    """Whether it is a Han character; false for the empty string."""
    return _HAN_ONE.match(letter) is not None


def names_in_han(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Names in a span that a model calls a person: two to four characters, more with the dot of transcribed names.

    Yields
    ------
    tuple
        Offsets in `text`, inside of the span.
    """
    for begin, stop in _runs(text, start, end):
        while stop - begin > 2 and (found := _AFTER.search(text, begin, stop)) and found.start() - begin >= 1:
            stop = found.start()
        while stop - begin > 2 and (found := _BEFORE.match(text[begin:stop])) and stop - begin - found.end() >= 2:
            begin += found.end()
        name = text[begin:stop]
        if name in _ROLES or len(name) < 2:
            continue
        if len(name) <= _LONGEST or any(dot in name for dot in "·•・"):
            yield begin, stop


def _runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for run in _RUN.finditer(text, start, end):
        begin, stop = run.span()
        if stop - begin > _LONGEST:
            # Two of them: 和 is a syllable of names too, so that short ones stay whole.
            for joint in _AND.finditer(text, begin + 1, stop - 1):
                yield begin, joint.start()
                begin = joint.end()
        yield begin, stop
