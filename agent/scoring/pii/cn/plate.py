"""Number plates of vehicles."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, Words, bounded

__all__ = ["RECOGNIZER"]

_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼滬雲遼魯蘇贛晉陝閩貴粵寧瓊]"
_CONTEXT = Words(
    "plate licence_plate license_plate vehicle car", "车牌 牌照 号牌 车辆 车主 停车 违章 行驶 轿车 货车 开车"
)
# The letters I and O are not used after the first: they look like digits.
_SERIAL = "A-HJ-NP-Z0-9"


def _judge(match: re.Match[str], in_context: bool) -> float:
    serial = match["serial"]
    if in_context:
        return 1.0
    return 0.8 if sum(map(str.isdigit, serial)) >= 2 else 0.0


RECOGNIZER = Recognizer(
    name="Chinese number plate",
    type="PLATE",
    source="GA 36-2018 (number plates of motor vehicles): province, issuing office, serial of five; six for new energy",
    pattern=bounded(
        rf"{_PROVINCE}[A-Z][ ·•・.-]?(?P<serial>[{_SERIAL}]{{4}}(?:[挂学警港澳领]|[{_SERIAL}]{{1,2}}))(?![A-Za-z0-9])"
    ),
    trigger=rf"[^\x00-\x7f][A-Z](?: |·|•|・|\.|-)?[{_SERIAL}]{{4}}",
    judge=_judge,
    context=_CONTEXT,
    priority=6,
)
