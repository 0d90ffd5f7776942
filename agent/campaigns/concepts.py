"""What attacks say again and again in other words: a small closed lexicon, English and Chinese, of one name each.

Whoever rewrites an attack swaps "ignore the rules above" for "disregard earlier guidelines", or for 无视之前的指令.
Folded to one name, all three share what they are about. It is no lexicon of harm: it only says which words are near
each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["CONCEPTS", "HAN_CONCEPTS", "HAN_PATTERN", "stem"]

_WORDS: Mapping[str, str] = {
    "+ignore": "ignore disregard forget bypass override overrule neglect skip discard dismiss overlook circumvent void",
    "+before": "previous previously prior above earlier former preceding foregoing before past initial original",
    "+rule": "instruction rule guideline directive command policy restriction constraint limit limitation filter order "
    "safeguard guardrail boundary regulation",
    "+reveal": "reveal show print display output tell repeat disclose expose leak share dump recite state divulge",
    "+hidden": "system developer hidden internal secret confidential private backend",
    "+prompt": "prompt message configuration setup context preamble",
    "+role": "pretend act roleplay role imagine play simulate persona character become suppose assume impersonate",
    "+free": "unrestricted uncensored unfiltered unlimited free jailbreak jailbroken dan unbound unlocked unchained",
    "+moral": "moral morality ethic ethical legal",
    "+refuse": "refuse refusal decline reject apologise apologize apology sorry warn warning disclaimer caveat",
    "+answer": "answer respond reply response comply obey follow",
    "+mode": "mode",
    "+machine": "ai assistant model chatbot gpt chatgpt bot machine",
    "+how": "step detail detailed explain describe how guide tutorial walkthrough",
}
_HAN: Mapping[str, str] = {
    "+ignore": "忽略 无视 忘记 忘掉 抛开 不要理会 不用管 别管 放下 跳过 绕过 覆盖 作废 抛弃 丢掉 "
    "不必遵守 不用遵守 不再遵守",
    "+before": "之前 以前 上面 上述 前面 先前 此前 以上 原先 原来 最初 早先",
    "+rule": "指令 指示 规则 规定 准则 限制 约束 要求 命令 守则 政策 规范 原则",
    "+reveal": "告诉 显示 输出 打印 透露 泄露 展示 公开 说出 复述 重复 交代 写出 列出 讲出",
    "+hidden": "系统 内部 隐藏 开发者 秘密 机密 后台 底层",
    "+prompt": "提示词 提示语 提示 设定 配置 上下文",
    "+role": "扮演 假装 假设 角色 想象 模拟 饰演 充当 假定 身份",
    "+free": "无限制 不受限制 没有限制 不受约束 没有约束 自由 越狱 毫无保留 解除 解锁 无拘无束",
    "+moral": "道德 伦理 法律",
    "+refuse": "拒绝 推辞 道歉 警告 免责 拒答 推脱",
    "+answer": "回答 回复 答复 服从 听从 遵循 照做",
    "+mode": "模式",
    "+machine": "助手 模型 人工智能 机器人",
    "+how": "步骤 详细 方法 怎么 如何 教程 讲解 说明",
}


def stem(word: str) -> str:
    """A word without its commonest English endings; crude, since it only has to be the same for the same word."""
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s", "ly"):
        if len(word) > len(ending) + 3 and word.endswith(ending) and not word.endswith("ss"):
            return word[: -len(ending)].removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word


CONCEPTS: Mapping[str, str] = {stem(word): name for name, words in _WORDS.items() for word in words.split()}
"""By `stem`."""

HAN_CONCEPTS: Mapping[str, str] = {word: name for name, words in _HAN.items() for word in words.split()}

HAN_PATTERN = re.compile("|".join(sorted(map(re.escape, HAN_CONCEPTS), key=len, reverse=True)))
"""The longest comes first: 没有限制 is no 限制."""
