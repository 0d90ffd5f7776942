"""What one call of `Tap.log` costs the request: CPU of its thread, in microseconds.

``PYTHONPATH=clients/python python -m clients.python.bench.log_cost``. CPU time of the calling thread, so that load on
the machine and the tap's own thread do not count; the best of several rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from harmwatch_client import Limits, Tap

ROUNDS = 7
CALLS = 2000


def cost(work: Callable[[], object]) -> float:
    """Microseconds of CPU of one call."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.thread_time()
        for _ in range(CALLS):
            work()
        best = min(best, (time.thread_time() - begun) / CALLS * 1e6)
    return best


def main() -> None:
    """Print one line for each kind of call."""
    nowhere = "http://127.0.0.1:9"
    roomy = Limits(max_events=10**9, max_bytes=10**11, retry_seconds=3600.0, max_retry_seconds=3600.0)
    tap = Tap(nowhere, source="bench", limits=roomy)
    full = Tap(nowhere, source="bench", limits=Limits(max_events=1, retry_seconds=3600.0, max_retry_seconds=3600.0))
    full.log(model="m", input="q")
    off = Tap.disabled()
    short, long = "Can I have a loan? " * 10, "Yes, of course you can. " * 400
    messages = [{"role": "user", "content": short}, {"role": "assistant", "content": short}] * 10
    rows: dict[str, Callable[[], object]] = {
        "two short texts (390 characters)": lambda: tap.log(model="llama", input=short, output=short),
        "the same in Chinese": lambda: tap.log(model="llama", input="我可以贷款吗" * 30, output="可以" * 90),
        "with attributes and context": lambda: tap.log(
            model="llama", input=short, output=short, attributes={"gender": "female"}, context=[short]
        ),
        "20 messages (3,800 characters)": lambda: tap.log(model="llama", input=messages, output=short),
        "an answer of 9,600 characters": lambda: tap.log(model="llama", input=short, output=long),
        "dropped, since the buffer is full": lambda: full.log(model="llama", input=short, output=long),
        "switched off (Tap.disabled)": lambda: off.log(model="llama", input=short, output=long),
    }
    for name, work in rows.items():
        print(f"{name:40} {cost(work):8.1f} us")
    tap.close(0.01)
    full.close(0.01)


if __name__ == "__main__":
    main()
