"""Other words for the same: a small table of synonyms, and words in another order.

The tables are short and of our own making: enough to tell whether a model hangs on single words, not a thesaurus.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from agent.probe.perturbations.base import HAN, LATIN, Perturbation, has_han

__all__ = ["REORDER", "SYNONYM"]

_ENGLISH = """make build create produce|kill murder slay|steal rob pilfer|hack crack|break smash|bomb explosive
drug narcotic|gun firearm pistol|weapon arm|poison toxin venom|attack assault|hurt harm injure|money cash
password passcode|computer machine|virus worm|fake forged counterfeit|lie fib|cheat deceive dupe
hide conceal|buy purchase|sell vend|get obtain acquire|give hand provide|tell inform|show demonstrate
write compose draft|explain describe clarify|steps stages|guide manual handbook|plan scheme plot
secret hidden|illegal unlawful illicit|dangerous hazardous risky|person individual|people folk|child kid
house home dwelling|car vehicle automobile|street road|quick fast rapid|start begin commence
stop halt cease|ignore disregard|instructions directions|rules guidelines|answer reply respond
stupid dumb foolish|hate loathe detest|ugly hideous|bad awful terrible|good great fine|happy glad
sad unhappy|big large huge|small little tiny|film movie|boring dull tedious|funny amusing|like enjoy
love adore|angry furious"""
_CHINESE = """制作 制造 做出|杀死 杀害|偷 窃取|攻击 袭击|炸弹 爆炸物|毒品 违禁药|枪支 火器|武器 军械|毒药 毒物
伤害 损害|金钱 钱财|密码 口令|电脑 计算机|病毒 恶意程序|伪造 仿造|欺骗 蒙骗|隐藏 藏匿|购买 买入|出售 卖出
获得 取得|告诉 告知|展示 演示|编写 撰写|解释 说明|步骤 流程|指南 手册|计划 方案|秘密 机密|非法 违法
危险 凶险|孩子 小孩|房子 住宅|汽车 轿车|开始 着手|停止 中止|忽略 无视|指令 命令|规则 守则|回答 答复
愚蠢 笨|讨厌 厌恶|难看 丑陋|糟糕 差劲|很好 不错|高兴 开心|难过 伤心|电影 影片|无聊 乏味|方法 办法
如何 怎样 怎么"""


def _groups(table: str) -> Sequence[Sequence[str]]:
    return [group.split() for line in table.splitlines() for group in line.split("|")]


_OTHERS: dict[str, Sequence[str]] = {
    word: [other for other in group if other != word]
    for group in (*_groups(_ENGLISH), *_groups(_CHINESE))
    for word in group
}
_HEADS: Mapping[str, str] = {word: group[0] for group in (*_groups(_ENGLISH), *_groups(_CHINESE)) for word in group[1:]}
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_HAN_WORD = re.compile("|".join(sorted((word for word in _OTHERS if HAN.match(word)), key=len, reverse=True)))


def _other_word(word: str, rng: random.Random) -> str:
    others = _OTHERS.get(word.lower())
    if not others:
        return word
    chosen = rng.choice(others)
    return chosen.capitalize() if word[0].isupper() else chosen


def _synonyms(text: str, rng: random.Random) -> str:
    text = _LATIN_WORD.sub(lambda match: _other_word(match[0], rng), text)
    return _HAN_WORD.sub(lambda match: rng.choice(_OTHERS[match[0]]), text)


def _heads(text: str) -> str:
    text = _LATIN_WORD.sub(lambda match: _HEADS.get(match[0].lower(), match[0].lower()), text)
    return _HAN_WORD.sub(lambda match: _HEADS.get(match[0], match[0]), text)


def _reordered(text: str, rng: random.Random) -> str:
    """Each word up to two places from where it was; in Chinese, runs between signs by halves."""
    if has_han(text):
        parts = re.split(r"([，。！？；：,.!?;:\s]+)", text)
        return "".join(part[len(part) // 2 :] + part[: len(part) // 2] if len(part) > 3 else part for part in parts)
    words = text.split(" ")
    places = sorted(range(len(words)), key=lambda place: place + rng.random() * 2.5)
    return " ".join(words[place] for place in places)


SYNONYM = Perturbation(
    "synonym", "word", _synonyms, _heads, languages=frozenset(("en", "zh")), word=_other_word,
    also_known_as="textattack WordSwapEmbedding's part in textbugger",
)  # fmt: skip
REORDER = Perturbation("reorder", "word", _reordered, languages=LATIN | {"zh"})
