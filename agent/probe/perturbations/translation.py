"""Key phrases in the other language, English in Chinese text and Chinese in English text, out of a small table."""

from __future__ import annotations

import random
import re

from agent.probe.perturbations.base import Perturbation

__all__ = ["CODE_SWITCH"]

_TABLE = """how to=如何|tell me=告诉我|explain=解释|write=写|make=制作|build=建造|create=创建|steal=偷|kill=杀
hack=入侵|bomb=炸弹|drug=毒品|drugs=毒品|gun=枪|weapon=武器|poison=毒药|attack=攻击|password=密码
passwords=密码|account=账户|bank=银行|money=钱|card=卡|virus=病毒|malware=恶意软件|email=邮件|letter=信
phishing=钓鱼|fake=假|forge=伪造|passport=护照|document=文件|secret=秘密|instructions=指令|rules=规则
system prompt=系统提示词|ignore=忽略|previous=之前的|step=步骤|steps=步骤|guide=指南|plan=计划|house=房子
car=汽车|lock=锁|door=门|neighbour=邻居|neighbor=邻居|person=人|people=人们|child=孩子|woman=女人
man=男人|illegal=非法|dangerous=危险|without=没有|stupid=愚蠢|hate=讨厌|idiot=白痴|ugly=丑|film=电影
movie=电影|good=好|bad=坏|terrible=糟糕|great=很棒|boring=无聊|love=爱|computer=电脑|network=网络
server=服务器"""
_PAIRS = [pair.partition("=") for line in _TABLE.splitlines() for pair in line.split("|")]
_TO_CHINESE = {english: chinese for english, _, chinese in _PAIRS}
_TO_ENGLISH = {chinese: english for english, _, chinese in reversed(_PAIRS)}


def _any_of(words: list[str], frame: str) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(frame.format("|".join(map(re.escape, longest_first))), re.IGNORECASE)


_ENGLISH = _any_of(list(_TO_CHINESE), r"\b(?:{})\b")
_CHINESE = _any_of(list(_TO_ENGLISH), "(?:{})")


def _switched(text: str, rng: random.Random) -> str:
    del rng
    if _CHINESE.search(text):
        return _CHINESE.sub(lambda match: f" {_TO_ENGLISH[match[0]]} ", text)
    return _ENGLISH.sub(lambda match: _TO_CHINESE[match[0].lower()], text)


def _in_chinese(text: str) -> str:
    """Every phrase of the table in Chinese, whichever language it is in."""
    return "".join(_ENGLISH.sub(lambda match: _TO_CHINESE[match[0].lower()], text).split())


CODE_SWITCH = Perturbation(
    "code_switch", "translation", _switched, _in_chinese, languages=frozenset(("en", "zh")),
    also_known_as="garak codeswitch",
)  # fmt: skip
