"""Speed of the groundedness scorer by length of context, and growth of its time with hostile texts. Prints JSON lines.

Run from the repository's root: ``PYTHONPATH=. python tests/bench/groundedness.py``.
"""

from __future__ import annotations

import json
import time

from agent.events import TextPart
from agent.normalize import normalize
from agent.scoring.base import Batch, Given, ScoringItem
from agent.scoring.grounding import GroundednessScorer

CASES = {
    "en": (
        "Yes! We deliver within 15 miles for a flat fee of $20. Orders over $150 ship free; we open at 8:30 am.",
        "Maple Street Garden Centre. Open Tue-Sat 8:30-18:00. We deliver within 15 miles: $20, over $150 free.",
        " The garden is large and its paths are wide; some 12 people walk there on Mondays.",
    ),
    "zh": (
        "可以的!15公里以内都可以送货,运费是20元,满150元免运费,早上8点半开门。",
        "枫林路花园中心营业时间:周二至周六8:30—18:00。15公里以内送货,运费20元,满150元免运费。",
        "花园很大,小路也很宽,星期一大约有12个人在那里散步。",
    ),
}
WRONG = {"en": (" 15 ", " 55 "), "zh": ("15", "55")}
HOSTILE = (
    "1 ",
    "8 am ",
    "Ab Cd ",
    "不允许携带宠物,",
    "the dog is not allowed in the hall, ",
    '"a b c d" ',
    "王先生",
    "十万",
)


def _microseconds(scorer: GroundednessScorer, answer: str, context: str, repeat: int) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(repeat):
            # A new context each time, as in traffic: what is made of it is shared by the texts of one answer alone.
            item = ScoringItem(TextPart(answer, "assistant"), "output", normalize, Given((context,)))
            scorer.score(Batch([item]))
        best = min(best, (time.process_time() - started) / repeat)
    return round(best * 1e6, 1)


def main() -> None:
    scorer = GroundednessScorer()
    scorer.warm_up()
    for name, (answer, context, more) in CASES.items():
        for chars in (0, 4_000, 40_000):
            longer = context + more * (chars // len(more))
            right = _microseconds(scorer, answer, longer, 50)
            wrong = _microseconds(scorer, answer.replace(*WRONG[name]), longer, 50)
            figures = {"context_chars": len(longer), "microseconds": right, "microseconds_when_wrong": wrong}
            print(json.dumps({"case": name} | figures))
    for unit in HOSTILE:
        half, full = (
            _microseconds(scorer, unit * (n // len(unit)), unit * (n // len(unit)), 1) for n in (20_000, 40_000)
        )
        print(json.dumps({"case": f"hostile {unit!r}", "ratio_at_twice_the_length": round(full / half, 2)}))


if __name__ == "__main__":
    main()
