"""The words of the demo's table, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

__all__ = ["WORDS", "Words"]

Words: TypeAlias = Mapping[str, str]

WORDS: Final[Mapping[Literal["en", "zh"], Words]] = {
    "en": {
        "model": "model",
        "per_second": "events/s",
        "events": "events",
        "verdicts": "verdicts",
        "lag": "lag",
        "dead_letters": "dead letters",
        "false_alarms": "false alarms",
        "findings": "findings",
        "count": "count",
        "fairness": "fairness",
        "incident": "incident",
        "found": "found",
        "after": "after",
        "yes": "yes",
        "no": "no",
        "too_few_events": "too few events to tell; from {} on",
        "bias": "bias",
        "output": "output",
        "privacy": "privacy",
        "adversarial": "adversarial",
        "toxicity_burst": "burst of toxic answers",
        "pii_leak": "leak of personal data",
        "injection_campaign": "injection campaign",
        "disparity": "disparity in decisions",
    },
    "zh": {
        "model": "模型",
        "per_second": "事件/秒",
        "events": "事件",
        "verdicts": "判定",
        "lag": "延迟",
        "dead_letters": "死信",
        "false_alarms": "误报",
        "findings": "发现",
        "count": "数量",
        "fairness": "公平性",
        "incident": "事故",
        "found": "已发现",
        "after": "用时",
        "yes": "是",
        "no": "否",
        "too_few_events": "事件太少，无法判断；至少需要 {} 个",
        "bias": "偏见",
        "output": "输出",
        "privacy": "隐私",
        "adversarial": "对抗",
        "toxicity_burst": "有害回答激增",
        "pii_leak": "个人信息泄露",
        "injection_campaign": "提示注入攻击",
        "disparity": "决策差异",
    },
}
