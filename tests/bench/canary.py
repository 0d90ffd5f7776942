"""Cost of the canary scorer: per text, by number of canaries, and its growth with length. Prints JSON lines.

Run from the repository's root: ``PYTHONPATH=. python tests/bench/canary.py``.
"""

from __future__ import annotations

import json
import platform
import secrets
import time
from collections.abc import Sequence

from agent.scoring.canary.finder import CanaryFinder
from agent.scoring.canary.generate import fresh_canaries
from agent.scoring.canary.keys import CanaryKeys
from agent.scoring.canary.registry import Registration, Submitted, register

EN = "Hello there, this is a perfectly ordinary sentence of about a hundred characters, written in English. "
ZH = "今天天气不错，我们去公园玩吧！你说的对，但是这个问题还需要再讨论，记得带上材料。谢谢大家。"
KO = "오늘은 날씨가 좋으니 공원에 놀러 갑시다. 그런데 이 문제는 더 이야기해야 합니다. "
BATCH = 256
MEMBERS = (100, 10_000, 100_000)


def _seconds(finder: CanaryFinder, texts: Sequence[str], repeat: int) -> float:
    """CPU time of one call, the best of five."""
    finder.find(texts)
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(repeat):
            finder.find(texts)
        best = min(best, (time.process_time() - start) / repeat)
    return best


def _registered(count: int, keys: CanaryKeys) -> tuple[list[str], Registration, float]:
    values = [one.value for one in fresh_canaries(count)]
    start = time.process_time()
    found = register([Submitted(line, value) for line, value in enumerate(values, start=1)], keys)
    return values, found, time.process_time() - start


def main() -> None:
    keys = CanaryKeys(secrets.token_bytes(32))
    print(json.dumps({"machine": platform.machine(), "python": platform.python_version()}))
    for count in MEMBERS:
        values, found, seconds = _registered(count, keys)
        start = time.process_time()
        finder = CanaryFinder(found.file.canaries, keys)
        loading = time.process_time() - start
        print(
            json.dumps(
                {
                    "canaries": count,
                    "register_microseconds_each": round(seconds / count * 1e6, 1),
                    "file_bytes_each": round(len(found.file.encode()) / count),
                    "load_seconds": round(loading, 3),
                }
            )
        )
        for name, unit in (("en", EN), ("zh", ZH), ("ko", KO)):
            text = (unit * 20)[:500]
            alone, batch = _seconds(finder, [text], 100), _seconds(finder, [text] * BATCH, 3) / BATCH
            print(
                json.dumps(
                    {
                        "canaries": count, "text": name, "characters": len(text),
                        "microseconds_alone": round(alone * 1e6, 1), f"microseconds_in_{BATCH}": round(batch * 1e6, 1),
                    }
                )
            )  # fmt: skip
    hostile = {
        "plain": EN,
        "digits": "4",
        "a canary": f"{values[0]} ",
        "half a canary": values[0][: len(values[0]) // 2],
    }
    for name, unit in hostile.items():
        half, full = (_seconds(finder, [(unit * size)[:size]], 1) for size in (100_000, 200_000))
        print(
            json.dumps(
                {
                    "case": name, "nanoseconds_per_character": round(full / 200_000 * 1e9, 1),
                    "ratio_at_twice_the_length": round(full / half, 2),
                }
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
