"""Chinese as it sounds: phrases of attacks by their syllables, tones apart."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agent.scoring.adversarial.ordinary import load_ordinary

__all__ = ["begins_phrase", "heard_in", "phrases_heard"]

_PHRASES = (
    "忽略之前", "忽略以上", "忽略所有", "忽略上面", "忽略前面", "无视之前", "无视所有", "忘记之前", "忘记所有",
    "之前的指令", "以上指令", "所有指令", "所有规则", "所有限制", "系统提示", "提示词", "系统指令", "初始指令",
    "隐藏指令", "开发者模式", "越狱模式", "没有限制", "不受限制", "没有道德", "扮演一个", "必须回答", "不能拒绝",
    "制造炸弹", "制作炸弹", "炸弹制作", "制作毒品", "制造毒品", "自杀方法", "自制枪支", "黑客攻击", "恶意软件",
    "钓鱼邮件", "盗取密码", "信用卡号", "身份证号", "银行账户", "儿童色情", "代开发票",
)  # fmt: skip
_SYLLABLES = 512
"""More than there are in Chinese."""


def heard_in(run: str) -> list[int]:
    """The syllable of each character, by its number; 0 for a character without one."""
    codes = np.frombuffer(run.encode("utf-32-le"), np.uint32)
    sounds: list[int] = load_ordinary().sounds.take(codes, mode="clip").tolist()
    return sounds


@lru_cache(maxsize=1)
def phrases_heard() -> tuple[Mapping[tuple[int, ...], str], frozenset[tuple[int, int]], int]:
    """Phrases by their syllables, their first two syllables, and the length of the longest."""
    told = {tuple(heard_in(phrase)): phrase for phrase in _PHRASES}
    return told, frozenset((key[0], key[1]) for key in told), max(map(len, told))


@lru_cache(maxsize=1)
def _beginnings() -> NDArray[np.bool_]:
    table = np.zeros(_SYLLABLES * _SYLLABLES, bool)
    for first, second in phrases_heard()[1]:
        table[first * _SYLLABLES + second] = True
    return table


@lru_cache(maxsize=1)
def _thirds() -> frozenset[int]:
    return frozenset((key[0] * _SYLLABLES + key[1]) * _SYLLABLES + key[2] for key in phrases_heard()[0])


def begins_phrase(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether each character and the next two sound like the beginning of a phrase; one shorter than the codes."""
    sounds = load_ordinary().sounds.take(codes, mode="clip").astype(np.uint32)
    pairs = sounds[:-1] * np.uint32(_SYLLABLES) + sounds[1:]
    found: NDArray[np.bool_] = _beginnings().take(pairs)
    places = np.flatnonzero(found)
    if len(places):
        third = sounds[np.minimum(places + 2, len(sounds) - 1)]
        keys = (pairs[places] * np.uint32(_SYLLABLES) + third).tolist()
        thirds = _thirds()
        found[places] = [key in thirds for key in keys]
    return found
