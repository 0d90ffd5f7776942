"""Speed of the pii scorer, and growth of its time with the length of hostile texts. Prints JSON lines.

Run from the repository's root: ``PYTHONPATH=. python tests/bench/pii.py``.
"""

from __future__ import annotations

import json
import time

from agent.scoring.pii import PiiScorer

PLAIN = {
    "plain_en": "Hello there, this is a perfectly ordinary sentence of about a hundred characters, in English.",
    "plain_zh": "今天天气不错，我们去公园玩吧！你说的对，但是这个问题还需要再讨论，记得带上材料。谢谢大家。",
    "numbers": "In 2024 the price rose to 35.20 per unit, from 12:30 to 14:45, see section 3.2 of the report.",
    "dense": "Mail anna.lee@example.org or call +44 20 7946 0958; card 4111 1111 1111 1111, host 10.22.33.44, thanks.",
}
HOSTILE = (
    "a@a.a",
    "1",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "://a:",
    "4111 ",
    "password=",
    "1.1.1.1 ",
    "eyJ",
    "a:",
)


def _seconds(scorer: PiiScorer, text: str, repeat: int) -> float:
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(repeat):
            scorer.score_text(text)
        best = min(best, (time.process_time() - start) / repeat)
    return best


def main() -> None:
    scorer = PiiScorer()
    for name, text in PLAIN.items():
        print(json.dumps({"case": name, "microseconds": round(_seconds(scorer, text, 2000) * 1e6, 2)}))
    for unit in HOSTILE:
        half, full = (_seconds(scorer, unit * (size // len(unit)), 1) for size in (100_000, 200_000))
        print(json.dumps({"case": f"hostile {unit!r}", "ratio_at_twice_the_length": round(full / half, 2)}))


if __name__ == "__main__":
    main()
